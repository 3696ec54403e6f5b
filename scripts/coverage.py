"""Which lines and branches of our contracts the tests reach: `make coverage`.

    python scripts/coverage.py [--build-only] [--snapshot] [PYTEST ARGUMENTS]

Compiles the contracts with probes (kept in `.cache/coverage`), runs the tests of the rooms with
them, and writes `.cache/coverage/report/` (index.html, lcov.info, summary.json). `--snapshot` also
writes `snapshots/coverage.json`, and fails where the goals are missed, or where something is not
reached for which `contracts/COVERAGE.md` has no reason.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import _compiler
from defi_kit.testing.coverage import Build, instrument

FOLDER = _compiler.ROOT / ".cache" / "coverage"
BUILD = FOLDER / "build.json"
REPORT = FOLDER / "report"
SNAPSHOT = _compiler.ROOT / "snapshots" / "coverage.json"
ANSWERS = _compiler.ROOT / "contracts" / "COVERAGE.md"

TESTS = ("attacks", "dex", "keeper", "lending", "math", "oracles", "stablecoins", "tokens")
"""The rooms, and the attacks on them."""

OMITTED = "contracts/testing/"
"""Mocks and harnesses: probes in them would only count themselves."""

GOALS = {"lines": 98, "branches": 95}
"""Of all contracts together, reasons or not; and what is missing must have a reason. [percent]"""

Snapshot = Mapping[str, Mapping[str, Any]]
"""File → `lines` and `branches`, each as [reached, of]; what is `missing`; `source`, its digest."""

_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_CODE = re.compile(r"^(?:abstract )?(?:contract|library) ", re.MULTILINE)
_SECTION = re.compile(r"^## `([^`]+)`")
_ENTRY = re.compile(r"^- ((?:\S+ )?never \w+ at `[^`]*`): \S")


def build() -> Build:
    """Our contracts with probes."""
    sources = {name: {"content": _compiler.read(name)} for name in _compiler.own_sources()}
    request = {
        "language": "Solidity",
        "sources": sources,
        "settings": _compiler.settings({}),
    }
    return instrument(request, _compiler.standard, FOLDER / "probed")


def digest(source: str) -> str:
    """Of a source without its comments and white space: those reach nothing."""
    bare = "".join(_COMMENT.sub(r"\1", source).split())
    return hashlib.sha256(bare.encode()).hexdigest()[:16]


def snapshot(summary: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is kept of a report: tallies, and what is missing by its text, for lines move."""
    return {
        path: {
            "lines": tallies["lines"],
            "branches": tallies["branches"],
            "missing": _by_text(tallies["missing"], _compiler.read(path).splitlines()),
            "source": digest(_compiler.read(path)),
        }
        for path, tallies in sorted(summary.items())
    }


def _by_text(missing: list[str], lines: list[str]) -> list[str]:
    """`line 7: if never true` → "if never true at `if (shares == 0) return 0;`"."""
    found = []
    for entry in missing:
        line, _, note = entry.removeprefix("line ").partition(": ")
        found.append(f"{note} at `{lines[int(line) - 1].strip()}`")
    return found


def stale(kept: Snapshot) -> list[str]:
    """Sources that are not what was measured: changed, new, or gone."""
    own = {name: _compiler.read(name) for name in _compiler.own_sources()}
    measured = {name for name, text in own.items() if _CODE.search(text)}
    measured = {name for name in measured if not name.startswith(OMITTED)}
    changed = {name for name in measured & set(kept) if digest(own[name]) != kept[name]["source"]}
    return sorted(changed | (measured ^ set(kept)))


def problems(kept: Snapshot, answers: str) -> Iterator[str]:
    """Goals that are missed, what is not reached and has no reason, and reasons for nothing."""
    for what, goal in GOALS.items():
        reached, of = (sum(entry[what][part] for entry in kept.values()) for part in (0, 1))
        if 100 * reached < goal * of:
            yield f"{reached} of {of} {what} are reached, less than {goal} %"
    missing = {(path, note) for path, entry in kept.items() for note in entry["missing"]}
    known = answered(answers)
    for path, note in sorted(missing - known):
        yield f"{path}: {note}: test it, or say in {ANSWERS.name} why not"
    for path, note in sorted(known - missing):
        yield f"{ANSWERS.name} has a reason for {path}: {note}, which is reached, or gone"


def answered(text: str) -> set[tuple[str, str]]:
    """File and note of every entry; each has its reason beside it."""
    found = set()
    path = ""
    for line in text.splitlines():
        if section := _SECTION.match(line):
            path = section[1]
        elif path and line.startswith("- "):
            entry = _ENTRY.match(line)
            if entry is None:
                raise ValueError(f"{ANSWERS.name}: {line!r} is no entry with a reason")
            found.add((path, entry[1]))
    return found


def main(arguments: list[str]) -> int:
    build().save(BUILD)
    if arguments == ["--build-only"]:
        return 0
    import pytest

    keep = "--snapshot" in arguments
    passed_on = [argument for argument in arguments if argument != "--snapshot"]
    tests = [str(_compiler.ROOT / "tests" / name) for name in TESTS]
    options = ["-q", "--defi-coverage", str(BUILD), "--defi-coverage-to", str(REPORT)]
    options += ["--defi-coverage-omit", OMITTED, "-p", "defi_kit.testing.coverage.plugin"]
    # Nothing is seen of contracts with a seeded fault, nor of those on a node; probes cost gas.
    options += ["--ignore-glob", "*_faults.py", "-m", "not chain and not gas"]
    named = any((_compiler.ROOT / argument.partition("::")[0]).exists() for argument in passed_on)
    code = int(pytest.main([*options, *passed_on, *([] if named else tests)]))
    return code or (_keep() if keep else 0)


def _keep() -> int:
    """Writes the snapshot; 1 where it falls short."""
    kept = snapshot(json.loads((REPORT / "summary.json").read_text(encoding="utf-8")))
    SNAPSHOT.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    found = list(problems(kept, ANSWERS.read_text(encoding="utf-8")))
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
