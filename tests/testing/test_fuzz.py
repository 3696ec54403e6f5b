"""`defi-kit fuzz`: nothing found on a sound pool, a short story on a broken one, and it replays."""

from __future__ import annotations

import json
import pydoc
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import settings

import defi_kit.testing
from defi_kit.artifacts import load
from defi_kit.chain import Chain
from defi_kit.cli import main
from defi_kit.errors import ConnectionFailed, InputError
from defi_kit.testing import LendingMachine, PegMachine, PoolMachine, PoolMarket, TrialMachine
from defi_kit.testing.exchange import ExchangePair
from defi_kit.testing.fuzz import TARGETS, Campaign, fuzz
from defi_kit.testing.recipe import Recipe
from defi_kit.testing.shrinking import _Search
from faults import faulty_bytecode

GENEROUS = {
    "any": (
        "uint256 shares = assets.toSharesUp(m.index);",
        "uint256 shares = assets.toSharesUp(m.index) / 2;",
    )
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pool where half of a loan is owed."""
    code = faulty_bytecode("contracts/lending/LendingPool.sol", GENEROUS)["any"]
    file = tmp_path_factory.mktemp("fork") / "Fork.json"
    file.write_text(json.dumps({"bytecode": "0x" + code.hex()}))
    return file


def _run(*arguments: str) -> tuple[int, str, str]:
    # Before click 8.2 both streams are one unless asked otherwise.
    apart = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
    done = CliRunner(**apart).invoke(main, ["fuzz", *arguments], env={"COLUMNS": "100"})
    return done.exit_code, done.stdout, done.stderr


def test_a_sound_pool_passes(tmp_path: Path) -> None:
    code, out, _ = _run("lending", "--steps", "120", "--out", str(tmp_path))
    assert code == 0
    assert "nothing found" in out
    assert "supply_collateral" in out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", ["chain", "both"])
def test_a_broken_fork_is_found_told_and_replayed(broken: Path, tmp_path: Path, mode: str) -> None:
    where = "--bytecode", str(broken), "--mode", mode, "--out", str(tmp_path)
    code, out, _ = _run("lending", *where, "--json")
    found = json.loads(out)["violation"]
    assert code == 1
    assert (found["invariant"] == "twin") == (mode == "both")
    assert found["reproduced"] is True
    assert len(found["story"]) <= 4
    file = Path(found["file"])
    code, out, _ = _run("--replay", str(file))
    assert code == 1
    assert found["story"][-1] in out
    script = subprocess.run(
        [sys.executable, file.with_suffix(".py")], capture_output=True, text=True, check=False
    )
    assert f"Violation: {found['invariant']}" in script.stderr


def test_what_is_mended_is_violated_no_more(broken: Path, tmp_path: Path) -> None:
    fork = tmp_path / "Fork.hex"
    fork.write_text(json.loads(broken.read_text())["bytecode"])
    campaign = Campaign(kind="lending", bytecode=str(fork), mode="chain", folder=tmp_path)
    report = fuzz(campaign)
    fork.write_text(load("LendingPool").bytecode.hex())
    code, out, _ = _run("--replay", str(report.file))
    assert code == 0
    assert "nothing is violated any more" in " ".join(out.split())


def test_the_same_seed_takes_the_same_steps() -> None:
    first, same, other = (
        fuzz(Campaign(kind="peg", target="ours", steps=300, seed=seed)) for seed in (7, 7, 8)
    )
    assert first.explored == same.explored
    assert first.explored != other.explored


def test_an_adapter_of_ones_own_is_driven() -> None:
    target = "testing.test_lending_machine:Generous.deploy"
    report = fuzz(Campaign(kind="lending", target=target, steps=2_000, folder=None))
    assert report.found is not None
    assert report.found.invariant in ("L8", "L15", "L16")
    assert "Generous.deploy(chain)" in report.found.script


@pytest.mark.slow
def test_workers_share_the_steps() -> None:
    report = fuzz(Campaign(kind="lending", steps=100, mode="chain"), workers=2)
    assert [one.campaign.seed for one in report.others] == [1, 2]
    assert report.explored.steps == sum(one.explored.steps for one in report.others) >= 100


def test_without_time_nothing_is_tried() -> None:
    code, out, _ = _run("lending", "--time-limit", "0")
    assert code == 2
    assert "nothing was tried" in out
    assert "nothing found" not in out


@pytest.mark.chain
def test_a_node_is_left_as_it_was_found() -> None:
    campaign = Campaign(kind="exchange", target=f"{__name__}:Waited", steps=1)
    with Chain.anvil() as chain:
        chain.mine()
        block = chain.block_number, chain.timestamp
        assert fuzz(replace(campaign, chain=chain.url)).explored.steps
        assert (chain.block_number, chain.timestamp) == block
        chain.mine()
        assert chain.timestamp - block[1] < 86_400  # the clock has not leaped either


class Waited(ExchangePair):
    """A year after it was made."""

    def __init__(self, chain: Chain) -> None:
        super().__init__(chain)
        chain.advance(31_536_000)


@pytest.mark.chain
def test_what_is_found_on_a_node_is_made_short_in_this_process(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: Counter[str] = Counter()
    try_ = _Search.try_

    def counted(search: _Search, steps: Any) -> bool:
        engines[search._machine.subject(search._variant).chain.engine] += 1
        return try_(search, steps)

    monkeypatch.setattr(_Search, "try_", counted)
    campaign = Campaign(
        kind="lending", bytecode=str(broken), mode="chain", chain="anvil", folder=None
    )
    report = fuzz(campaign)
    assert report.found is not None
    assert report.reproduced
    assert report.found.engine == "anvil"
    assert engines["anvil"] == 1 < engines["embedded"]
    assert len(report.found.steps) <= 4
    assert 0 < report.shortening < report.seconds


def test_time_is_up() -> None:
    report = fuzz(Campaign(kind="lending", steps=10**9, time_limit=0.5))
    assert report.seconds >= 0.5  # and it came back, with much left to do
    assert report.explored.steps < 10**9
    assert report.found is None


MISTAKEN = """
from dataclasses import replace

from defi_kit.bindings import MockToken
from defi_kit.errors import ConnectionFailed
from defi_kit.testing import DollarAdapter, PairAdapter, PoolMarket


class Blind(PoolMarket):
    def view(self, people):
        return None


class Forgetful(PoolMarket):
    def borrow(self, who, assets):
        raise KeyError(who.name)


class Cut(PoolMarket):
    def borrow(self, who, assets):
        raise ConnectionFailed("nothing listens")


class Bare:
    def __init__(self, chain):
        for name in set(dir(PoolMarket)) - {"supply_collateral", "view"}:
            setattr(type(self), name, lambda self, *given: None) if name[0] != "_" else None
        self.chain, self.terms, self.address = chain, None, None


class Narrow(PoolMarket):
    def borrow(self, who):
        pass


class Lending(PoolMarket):
    def flash_loan(self, who):
        pass


class Cropped(PoolMarket):
    def view(self, people):
        view = super().view(people)
        first, one = next(iter(view.positions.items()))
        return replace(view, positions={**view.positions, first: replace(one, collateral=(0,))})


class Pair(PairAdapter):
    def __init__(self, chain):
        tokens = [MockToken.deploy(chain, symbol, 6) for symbol in ("A", "B")]
        super().__init__(chain, tokens, tokens[0])


class Dollar(DollarAdapter):
    def __init__(self, chain):
        token = MockToken.deploy(chain, "A", 6)
        super().__init__(chain, token, [token])
"""


@pytest.fixture
def mistaken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with adapters that are wrong."""
    (tmp_path / "mistaken.py").write_text(MISTAKEN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mistaken", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "target", "told"),
    [
        ("lending", "json:dumps", "json:dumps cannot be made: TypeError"),
        ("lending", "os:getcwd", "os:getcwd cannot be made: TypeError"),
        ("lending", "mistaken:Blind.deploy", "cannot be looked at: AttributeError"),
        ("lending", "mistaken:Nobody", "nothing to make it with"),
        ("lending", "mistaken:Bare", "Bare lacks supply_collateral, view"),
        ("lending", "mistaken:Narrow.deploy", "Narrow.borrow cannot be called with (who, assets)"),
        ("lending", "mistaken:Lending.deploy", "flash_loan cannot be called with (who, assets, re"),
        ("lending", "mistaken:Cropped.deploy", "Position.collateral of alice has 1 entries, not 2"),
        ("exchange", "mistaken:Pair", "Pair lacks add, quote, remove, reserves, shares, supply, s"),
        ("peg", "mistaken:Dollar", "Dollar lacks mint, prices, quote, redeem, set_price"),
    ],
)
def test_an_adapter_that_is_none_is_wrong_usage(
    mistaken: Path, kind: str, target: str, told: str
) -> None:
    code, out, err = _run(kind, "--target", target, "--json")
    answer = json.loads(out)
    assert code == 2
    assert told in answer["message"]
    assert f"error: {answer['message']}\n  hint: {answer['hint']}\n" in err
    hints = "module:name", "`python -m pydoc defi_kit.testing.", "an entry for each"
    assert answer["hint"].startswith(hints) or hints[1] in answer["hint"]


@pytest.mark.parametrize("name", ["LendingMarket", "PairMarket", "DollarMarket"])
def test_python_lists_what_an_adapter_has_to_have(name: str) -> None:
    assert pydoc.locate(f"defi_kit.testing.{name}") is getattr(defi_kit.testing, name)


def test_an_adapter_that_cannot_be_imported_is_wrong_usage(mistaken: Path) -> None:
    (mistaken / "halves.py").write_text("market = undefined\n")
    code, _, err = _run("lending", "--target", "halves:market")
    assert code == 2
    assert f"NameError: name 'undefined' is not defined, at {mistaken / 'halves.py'}:1" in err


def test_what_an_adapter_raises_later_is_found_and_replayed(mistaken: Path) -> None:
    folder = mistaken / "found"
    where = "--target", "mistaken:Forgetful.deploy", "--out", str(folder)
    code, out, _ = _run("lending", *where)
    assert code == 1
    line = MISTAKEN.splitlines().index("        raise KeyError(who.name)") + 1
    assert f"the adapter raised KeyError: 'alice', at {mistaken / 'mistaken.py'}:{line}" in out
    code, out, _ = _run("--replay", str(folder / "lending-KeyError.json"), "--json")
    assert code == 1
    assert json.loads(out)["violation"]["invariant"] == "KeyError"


def test_a_saved_finding_finds_its_adapter(mistaken: Path, tmp_path_factory: Any) -> None:
    """From any folder; and where the whole project went elsewhere."""
    run = "import sys; from defi_kit.cli import main; main(sys.argv[1:])"
    fuzz(
        Campaign(kind="lending", target="mistaken:Forgetful.deploy", folder=mistaken / ".defi_kit")
    )
    moved = tmp_path_factory.mktemp("moved") / "project"
    for project in (mistaken, moved):
        file = project / ".defi_kit" / "lending-KeyError.json"
        if project is moved:
            mistaken.rename(moved)
        done = subprocess.run(
            [sys.executable, "-c", run, "fuzz", "--replay", file],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path_factory.getbasetemp(),
        )
        assert done.returncode == 1, done.stderr
        assert f"the adapter raised KeyError: 'alice', at {project / 'mistaken.py'}" in done.stdout


def test_a_connection_that_breaks_is_no_finding(mistaken: Path) -> None:
    target = "mistaken:Cut.deploy"
    with pytest.raises(ConnectionFailed, match="nothing listens"):
        fuzz(Campaign(kind="lending", target=target, folder=mistaken / "found"))
    assert not (mistaken / "found").exists()


@pytest.mark.parametrize("form", ["artifact", "hexadecimal"])
def test_a_fork_of_the_exchange_is_read_from_a_file(tmp_path: Path, form: str) -> None:
    fork, code = tmp_path / "fork", "0x" + load("Exchange").bytecode.hex()
    fork.write_text(json.dumps({"bytecode": {"object": code}}) if form == "artifact" else code)
    code_, out, _ = _run("exchange", "--bytecode", str(fork), "--mode", "chain", "--steps", "20")
    assert code_ == 0, out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "lending, exchange or peg"),
        (("exchange", "--replay", "lending-L10.json"), "its file tells: leave out exchange"),
        (("--replay", "lending-L10.json", "--steps", "5"), "its file tells: leave out --steps"),
        (("lending", "--chain", "http://127.0.0.1:1"), "http://127.0.0.1:1"),
        (("lending", "--target", "nobody"), "no target 'nobody'"),
        (("lending", "--target", "no.where:Nobody"), "nothing to make it with"),
        (("lending", "--target", "morpho", "--mode", "both"), "has no mode"),
        (("lending", "--bytecode", "nowhere.json"), "no bytecode in 'nowhere.json'"),
        (("exchange", "--bytecode", "nowhere.json"), "no bytecode in 'nowhere.json'"),
        (("--replay", "nowhere.json"), "not a saved counter-example"),
        (("lending", "--workers", "2", "--chain", "http://127.0.0.1:1"), "a chain each"),
        (("lending", "--steps", "0"), "0 is not in the range"),
    ],
)
def test_wrong_usage_is_refused(arguments: tuple[str, ...], told: str) -> None:
    code, _, err = _run(*arguments)
    assert code == 2
    assert told in err


class Short(LendingMachine):
    """Of our own pool, since it names none."""

    variants = ({"mode": "chain"},)
    folder = None


def test_a_machine_that_names_no_market_lives_on_ours() -> None:
    assert LendingMachine.make == PoolMarket.deploy
    Short.TestCase.settings = settings(max_examples=1, stateful_step_count=2, deadline=None)
    Short.TestCase("runTest").debug()


class Unmade(PoolMachine):
    """Of nothing."""

    make = None


class Ruleless(PegMachine):
    """Of no kind."""

    make = PoolMarket.deploy


@pytest.mark.parametrize(
    ("machine", "told"),
    [
        (Unmade, "Unmade has nothing to drive: set its attribute `make`"),
        (Ruleless, "subclass AlgoMachine, DollarMachine, FiatMachine or SwapMachine"),
    ],
)
def test_a_machine_says_what_it_lacks(machine: type[TrialMachine], told: str) -> None:
    with pytest.raises(InputError) as refused:
        machine.TestCase("runTest").debug()
    assert told in f"{refused.value.message} {refused.value.hint}"


def test_every_target_of_ours_exists() -> None:
    for kind, targets in TARGETS.items():
        for target in targets.values():
            assert isinstance(Recipe(target.machine).function(), type), kind
    with pytest.raises(InputError, match="nothing to fuzz"):
        fuzz(Campaign(kind="weather"))
