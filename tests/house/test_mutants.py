"""The mutator: what it changes, what it leaves alone, and that a mutant is caught."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import Counter

import pytest

import _compiler
import mutants
from mutation.compiling import Bench, _solc
from mutation.operators import Mutant, function_names, mutants_of
from mutation.targets import STAGES, TARGETS

SOURCE = """// A price → an amount
pragma solidity ^0.8.27;

contract Till {
    error TooMuch(uint256 asked, uint256 most);
    event Paid(uint256 amount);

    uint256 public total;
    uint256 root = 0x16a09e667f3bcc908;
    bool locked;

    modifier lock() {
        require(!locked);
        locked = true;
        _;
        locked = false;
    }

    function pay(uint256 amount, uint256 most) external lock {
        require(amount <= most, TooMuch(amount - 0, most));
        if (amount == 0 || most == 7) revert TooMuch(1, 2);
        total += feeUp(amount, most);
        emit Paid(amount + 2);
    }

    function feeUp(uint256 amount, uint256 part) internal pure returns (uint256) {
        return (amount * 3) / part; // → rounded down, as it happens
    }

    function feeDown(uint256 amount, uint256 part) internal pure returns (uint256) {
        assembly {
            amount := add(amount, 1)
        }
        return amount % part;
    }
}
"""


ROOT = "0x16a09e667f3bcc908"


@pytest.fixture(scope="module")
def found() -> list[Mutant]:
    output = _solc({"contracts/Till.sol": SOURCE}, {"*": {"": ["ast"]}})
    tree = output["sources"]["contracts/Till.sol"]["ast"]
    return mutants_of("contracts/Till.sol", SOURCE, tree, function_names([tree]))


def _changes(found: list[Mutant], operator: str) -> set[tuple[str, str]]:
    raw = SOURCE.encode()
    return {
        (raw[one.start : one.end].decode(), one.text) for one in found if one.operator == operator
    }


@pytest.mark.parametrize(
    ("operator", "changes"),
    [
        ("arithmetic", {("+", "-"), ("*", "/"), ("/", "*"), ("%", "*")}),
        ("boundary", {("<=", "<")}),
        ("equality", {("==", "!=")}),
        ("logic", {("||", "&&")}),
        ("modifier", {("lock", "")}),
        ("opposite", {("feeUp", "feeDown")}),
        ("argument", {("amount, most", "most, amount")}),
        ("rounding", {("(amount * 3) / part", "(((amount * 3) + (part - 1)) / part)")}),
        (
            "check",
            {
                ("require(!locked);", "{}"),
                ("require(amount <= most, TooMuch(amount - 0, most));", "{}"),
                ("revert TooMuch(1, 2);", "{}"),
            },
        ),
        (
            "statement",
            {
                ("locked = true;", "{}"),
                ("locked = false;", "{}"),
                ("total += feeUp(amount, most);", "{}"),
                ("emit Paid(amount + 2);", "{}"),
            },
        ),
        (
            "condition",
            {
                ("!", ""),
                ("amount <= most", "!(amount <= most)"),
                ("amount == 0 || most == 7", "!(amount == 0 || most == 7)"),
            },
        ),
        (
            "constant",
            {("true", "false"), ("false", "true"), ("0", "(0 + 1)")}
            | {(n, f"({n} {sign} 1)") for n in "37" for sign in "+-"}
            | {(n, "0") for n in ("3", "7", ROOT)}
            | {(ROOT, f"({ROOT} {sign} ({ROOT} >> 20))") for sign in "+-"},
        ),
    ],
)
def test_an_operator_makes_exactly_these_changes(
    found: list[Mutant], operator: str, changes: set[tuple[str, str]]
) -> None:
    """Nothing in events, errors' arguments and assembly; accents and arrows shift nothing."""
    assert _changes(found, operator) == changes


def test_a_mutant_says_where_it_is_and_what_its_lines_become(found: list[Mutant]) -> None:
    mutant = next(one for one in found if one.operator == "rounding")
    assert (mutant.source, mutant.function) == ("contracts/Till.sol", "feeUp")
    assert mutant.before == "return (amount * 3) / part; // → rounded down, as it happens"
    assert mutant.after.startswith("return (((amount * 3) + (part - 1)) / part);")
    assert mutant.after in " ".join(mutant.applied(SOURCE).split())


def test_a_key_outlives_changes_elsewhere_and_tells_all_mutants_apart(found: list[Mutant]) -> None:
    moved = SOURCE.replace("uint256 public total;", "uint256 public total;\n\n    uint8 more;")
    output = _solc({"contracts/Till.sol": moved}, {"*": {"": ["ast"]}})
    tree = output["sources"]["contracts/Till.sol"]["ast"]
    again = mutants_of("contracts/Till.sol", moved, tree, function_names([tree]))
    assert [one.key for one in again] == [one.key for one in found]
    assert len({one.key for one in found}) == len(found)


def test_draws_take_turns_and_repeat(found: list[Mutant]) -> None:
    order = mutants.drawn(found, seed=5)
    assert order == mutants.drawn(found, seed=5) != mutants.drawn(found, seed=6)
    assert sorted(order, key=found.index) == found
    cells = len({one.operator for one in found})
    assert Counter(one.operator for one in order[:cells]).most_common(1)[0][1] == 1


def test_a_mutant_that_does_not_compile_is_set_aside_and_the_others_are_not() -> None:
    """The compiler refuses a whole request for one wrong file."""
    bench = Bench("WrappedEther", "contracts/tokens/WrappedEther.sol")
    source = bench.sources[bench.root]
    at = source.encode().index(b"contract WrappedEther")
    here = (bench.root, "statement", "", at, at)
    wrong, same = (Mutant(*here, text, "", text) for text in ("contract {", "// nothing\n"))
    codes = bench.bytecode([wrong, same])
    assert codes == {wrong: b"", same: bench.original}


@pytest.mark.slow
def test_a_sample_is_caught() -> None:
    """Of the two contracts that compile fastest; `make mutants` tries more of all."""
    script = _compiler.ROOT / "scripts" / "mutants.py"
    options = ["--only=PegSwap", "--only=AlgoController", "--per-contract=4", "--operator=equality"]
    command = [
        sys.executable,
        script,
        *options,
        "--jobs=1",
    ]  # it forks, and this process has threads
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("drill") > 4


def test_unknown_names_are_told_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["--only", "Bank"]) == 2
    assert "there are AlgoController, Exchange, FeedOracle, FiatDollar" in capsys.readouterr().out


def test_what_is_listed_as_equivalent_is_still_in_the_source() -> None:
    entries = tomllib.loads(mutants.EQUIVALENT.read_text(encoding="utf-8")).get("mutant", [])
    for entry in entries:
        source = " ".join(_compiler.read(entry["source"]).split())
        assert entry["before"] in source, entry
        assert len(entry["reason"]) > 20, entry
    assert len(mutants.equivalents()) == len(entries), "one is listed twice"


def test_the_last_full_run_reached_the_goal() -> None:
    file = _compiler.ROOT / "snapshots" / "mutants.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert kept.keys() == TARGETS.keys()
    assert sum(entry["mutants"] for entry in kept.values()) >= 300
    assert [name for name, entry in kept.items() if entry["score"] < mutants.GOAL] == []


def test_every_target_names_tests_that_exist() -> None:
    for target in TARGETS.values():
        for stage in STAGES:
            for test in target.stage(stage):
                assert (_compiler.ROOT / test.partition("::")[0]).exists(), test
