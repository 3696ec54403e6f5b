"""Which lines and branches of our contracts the tests reach: `make coverage`.

    python scripts/coverage.py [--build-only] [PYTEST ARGUMENTS]

Compiles the contracts with probes (kept in `.cache/coverage`), runs the tests of the rooms with
them, and writes `.cache/coverage/report/` (index.html, lcov.info, summary.json).
"""

from __future__ import annotations

import sys

import _compiler
from defi_kit.testing.coverage import Build, instrument

FOLDER = _compiler.ROOT / ".cache" / "coverage"
BUILD = FOLDER / "build.json"
REPORT = FOLDER / "report"

TESTS = ("attacks", "dex", "keeper", "lending", "math", "oracles", "stablecoins", "tokens")
"""The rooms, and the attacks on them."""

OMITTED = "contracts/testing/"
"""Mocks and harnesses: probes in them would only count themselves."""


def build() -> Build:
    """Our contracts with probes."""
    sources = {name: {"content": _compiler.read(name)} for name in _compiler.own_sources()}
    request = {
        "language": "Solidity",
        "sources": sources,
        "settings": _compiler.settings({}),
    }
    return instrument(request, _compiler.standard, FOLDER / "probed")


def main(arguments: list[str]) -> int:
    build().save(BUILD)
    if arguments == ["--build-only"]:
        return 0
    import pytest

    tests = [str(_compiler.ROOT / "tests" / name) for name in TESTS]
    options = ["-q", "--defi-coverage", str(BUILD), "--defi-coverage-to", str(REPORT)]
    options += ["--defi-coverage-omit", OMITTED, "-p", "defi_kit.testing.coverage.plugin"]
    # Nothing is seen of contracts with a seeded fault, nor of those on a node.
    options += ["--ignore-glob", "*_faults.py", "-m", "not chain"]
    named = any((_compiler.ROOT / argument.partition("::")[0]).exists() for argument in arguments)
    return int(pytest.main([*options, *arguments, *([] if named else tests)]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
