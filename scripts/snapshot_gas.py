"""Measures the gas of every verb on Anvil and writes it to `snapshots/`, where a change shows.

    python scripts/snapshot_gas.py          (`make snapshots`)

How it is measured: see `defi_kit.bench`. Peers are measured by `make bench-gas`.
"""

from __future__ import annotations

import json
from pathlib import Path

from defi_kit.bench import Report, measure

FOLDER = Path(__file__).resolve().parent.parent / "snapshots"

Snapshots = dict[str, dict[str, dict[str, int]]]
"""Room → verb → when → gas."""


def main() -> None:
    report = measure()
    for room, verbs in snapshots(report).items():
        _tell(room, verbs, _read(room))
        text = json.dumps(verbs, indent=2, sort_keys=True) + "\n"
        (FOLDER / f"{room}.json").write_text(text, encoding="utf-8")
    missed = report.missed()
    for goal, over in missed:
        print(f"over its goal by {over:,}: {goal.room} {goal.verb}")
    print(f"{report.node}, {report.hardfork}; {len(missed)} goals missed; written to snapshots/")


def snapshots(report: Report) -> Snapshots:
    """The report's own gas, as it is kept in the files."""
    found: Snapshots = {}
    for row in report.rows:
        found.setdefault(row.room, {}).setdefault(row.verb, {})[row.when] = row.ours
    return found


def _read(room: str) -> dict[str, dict[str, int]]:
    file = FOLDER / f"{room}.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def _tell(room: str, verbs: dict[str, dict[str, int]], before: dict[str, dict[str, int]]) -> None:
    for verb, gas in verbs.items():
        for when, amount in gas.items():
            old = before.get(verb, {}).get(when, amount)
            change = f"{amount - old:+,}" if amount != old else ""
            print(f"{room:12} {verb:22} {when:7} {amount:>9,} {change:>9}")


if __name__ == "__main__":
    main()
