"""SECURITY.md names tests that exist, and leaves no attack out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import _compiler

TESTS = _compiler.ROOT / "tests"
TEXT = (_compiler.ROOT / "SECURITY.md").read_text(encoding="utf-8")

_NAMED = re.compile(r"`((?:[a-z]+/)?test_\w+\.py)(?:::(test_\w+))?`")


def named() -> set[tuple[Path, str | None]]:
    """Files below `tests/`, by themselves or with a test; without a folder they are attacks."""
    found = set()
    for file, test in _NAMED.findall(TEXT):
        found.add((TESTS / (file if "/" in file else f"attacks/{file}"), test or None))
    return found


def listed(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return {name for name in names if name.startswith("test_")}


def test_every_test_that_is_named_exists() -> None:
    missing = {
        f"{file.relative_to(TESTS)}::{test or ''}"
        for file, test in named()
        if not file.exists() or (test is not None and test not in listed(file))
    }
    assert not missing


def test_every_attack_is_named() -> None:
    """By itself: a file alone tells a reader of no attack."""
    attacks = {
        (file, test) for file in (TESTS / "attacks").glob("test_*.py") for test in listed(file)
    }
    left_out = {f"{file.name}::{test}" for file, test in attacks - named()}
    assert not left_out


def test_every_invariant_is_named() -> None:
    """Ranges such as L1-L3 count as what they span."""
    promised = TEXT.partition("## Promises")[2].partition("## Attacks")[0]
    spans = re.findall(r"\b([XLOSK])(\d+)(?:-\1(\d+))?", promised)
    held = {
        f"{letter}{number}"
        for letter, first, last in spans
        for number in range(int(first), int(last or first) + 1)
    }
    rooms = [
        _compiler.ROOT / "contracts" / name for name in ("dex", "lending", "oracles", "stablecoins")
    ]
    stated = {
        name
        for room in rooms
        for name in re.findall(
            r"(?:\*\*|^\| )([XLOSK]\d+)(?:\*\*| \|)", (room / "README.md").read_text(), re.MULTILINE
        )
    }
    assert stated, "no invariants were read from the rooms' READMEs"
    assert held == stated
