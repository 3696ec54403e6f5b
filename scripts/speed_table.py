"""Writes README's table of speed from `snapshots/speed.json`; `make bench` measures both anew."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from _compiler import ROOT
from defi_kit.bench.speed import SPEED_GOALS

README: Final = ROOT / "README.md"
SNAPSHOT: Final = ROOT / "snapshots" / "speed.json"
SECTION: Final = re.compile(r"(?<=<!-- speed -->\n).*?(?=<!-- /speed -->)", re.DOTALL)

LINES: Final = {
    "embedded_tx_vs_web3_anvil": (
        "transactions on the embedded chain, to those on Anvil through web3.py",
        " x",
    ),
    "embedded_tx_vs_raw_pyrevm": (
        "a token's transfer or a binding's swap, the worse, to prepared calldata on raw pyrevm",
        " x",
    ),
    "anvil_views_vs_web3": ("views of Anvil, to those through web3.py", " x"),
    "machine_rules_embedded_vs_anvil": (
        "rules of the lending machine on the embedded chain, to Anvil",
        " x",
    ),
    "machine_rules_per_s": ("the same, with every invariant after every rule", " a second"),
    "twin_swaps_vs_curvesim": (
        "swaps in the stable pool's twin, to curvesim's, neither with a record of prices",
        " x",
    ),
    "sweep_two_processes_vs_one": ("a sweep of economies on two processes, to one", " x"),
    "cold_deploy_s": ("the whole economy deployed by a fresh interpreter", " s"),
    "import_s": ("`import defi_kit`", " s"),
    "base_install_mb": ("base install with all that it needs", " MB"),
}
"""Figure → what it is, and its unit; in the order of the table."""


def main() -> int:
    text = README.read_text(encoding="utf-8")
    fresh = SECTION.sub(lambda _: table(json.loads(SNAPSHOT.read_text(encoding="utf-8"))), text)
    README.write_text(fresh, encoding="utf-8")
    return 0


def table(report: Mapping[str, Any]) -> str:
    """The lines between README's two marks."""
    load = "" if report["load"] is None else f"; load {report['load']:.1f} when it began"
    found = {**report, **report["ratios"]}
    rows = [
        f"| {what} | {_shown(found[name], unit)} | {_goal(name, unit)} |"
        for name, (what, unit) in LINES.items()
    ]
    return "\n".join(
        [f"{report['machine']}{load}:", "", "| | | goal |", "|---|--:|--:|", *rows, ""]
    )


def _shown(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{_two_digits(value)}{unit}"


def _goal(name: str, unit: str) -> str:
    if name not in SPEED_GOALS:
        return ""
    relation, goal = SPEED_GOALS[name]
    return f"{'≥' if relation == '>=' else '≤'} {goal:g}{unit}"


def _two_digits(value: float) -> str:
    return f"{float(f'{value:.2g}'):,g}"


if __name__ == "__main__":
    raise SystemExit(main())
