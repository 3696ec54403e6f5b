"""The machine for anybody's dollar: ours, the smallest that is right, and wrong ones.

With HYPOTHESIS_PROFILE=deep every wrong dollar is tried; else some.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from defi_kit.chain import Account, Chain
from defi_kit.errors import NotSupported
from defi_kit.testing import Violation
from defi_kit.testing.explored import Explored
from defi_kit.testing.fuzz import Campaign, fuzz
from defi_kit.testing.peg.dollar import (
    AlgoDollar,
    CashDollar,
    DollarMarket,
    DollarTrial,
    PegSwapDollar,
)
from defi_kit.testing.peg.dollar.invariants import DOLLAR_INVARIANTS
from defi_kit.testing.peg.dollar.machine import DollarMachine
from testing.broken import hunt
from testing.broken.dollar_faults import DOLLAR
from testing.broken.my_dollar import MyDollar

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
CASES = list(DOLLAR) if DEEP else list(DOLLAR)[::2]
SECONDS = 60
"""Of one core; nearly all are found within one."""
UNIT = 10**18


class SimpleMachine(DollarMachine):
    make = MyDollar
    folder = None


class SwapDollarMachine(DollarMachine):
    make = PegSwapDollar
    variants = ({}, {"decimals": (18, 6)}, {"decimals": (0, 24), "tolerance": 0})
    folder = None


class CashDollarMachine(DollarMachine):
    make = CashDollar
    folder = None


class AlgoDollarMachine(DollarMachine):
    make = AlgoDollar
    variants = ({"design": "frax"}, {"design": "guarded"}, {"design": "terra"})
    folder = None


KINDS = (SimpleMachine, SwapDollarMachine, AlgoDollarMachine, CashDollarMachine)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dollar_keeps_what_it_promises(kind: type[DollarMachine]) -> None:
    class Machine(kind):  # type: ignore[misc, valid-type]
        explored = Explored()

    lives = settings(
        max_examples=400 if DEEP else 25,
        stateful_step_count=25,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(1)(Machine), settings=lives)
    assert Machine.explored.done["mint"]
    assert Machine.explored.done["redeem"]


@pytest.mark.parametrize("fault", CASES)
def test_a_dollar_that_is_wrong_is_found_out(fault: str) -> None:
    found, _ = hunt.find_in_dollar(SECONDS, fault=fault)
    assert found


def test_there_are_mistakes_enough() -> None:
    assert len(DOLLAR) >= 20


def test_an_adapter_is_a_market(chain: Chain) -> None:
    for market in (MyDollar(chain), PegSwapDollar(chain), AlgoDollar(chain), CashDollar(chain)):
        assert isinstance(market, DollarMarket)


def test_a_machine_without_a_test(capsys: pytest.CaptureFixture[str]) -> None:
    target = "testing.broken.my_dollar:MyDollar"
    report = fuzz(Campaign(kind="peg", target=target, steps=200, folder=None))
    assert report.found is None
    assert report.explored.steps >= 200
    assert not report.exempt


def test_the_story_counts_in_whole_dollars(chain: Chain) -> None:
    trial = DollarTrial(MyDollar(chain))
    trial.mint("alice", 100 * UNIT)
    trial.set_price(0, 1_000 * 10**46)
    trial.approve("alice", "bob", 2**256 - 1)
    trial.donate("bob", 0, 10**8)
    trial.sandwich("bob", "alice", 0, 1_500 * 10**46, 5 * UNIT)
    trial.stop(True)
    trial.redeem("alice", 40 * UNIT)
    assert trial.story().splitlines() == [
        "1. alice mints 100 dollars",
        "2. the price of BTC is 1,000 dollars",
        "3. alice lets bob move everything",
        "4. bob gives 1 BTC for nothing",
        "5. what if bob mints 5 dollars, and the price of BTC is 1,500 dollars just while "
        "alice mints and redeems as much?",
        "6. it is stopped: True",
        "7. alice redeems 40 dollars: refused, Stopped",
    ]


def test_a_dollar_that_nobody_can_stop(chain: Chain) -> None:
    with pytest.raises(NotSupported, match="nobody"):
        PegSwapDollar(chain).stop(True)


# --- each invariant sees what it is for ----------------------------------------------------------


class Lying(MyDollar):
    """Says something else than what is, as told."""

    lies: Mapping[str, Any] = {}

    def quote(self, amount: int) -> tuple[int, ...]:
        return tuple(paid + self.lies.get("quote", 0) for paid in super().quote(amount))

    def held(self) -> tuple[int, ...]:
        return tuple(held + self.lies.get("held", 0) for held in super().held())

    def promised(self, amount: int) -> Fraction:
        promised: Fraction = self.lies.get("promised") or super().promised(amount)
        return promised


@pytest.mark.parametrize(
    ("lies", "invariant"),
    [({"quote": 1}, "quote"), ({"held": -1}, "S4"), ({"promised": Fraction(10**20)}, "S4")],
)
def test_what_it_says_is_held_against_it(
    chain: Chain, lies: Mapping[str, Any], invariant: str
) -> None:
    market = Lying(chain)
    trial = DollarTrial(market)
    trial.mint("alice", 10 * UNIT)
    market.lies = lies
    with pytest.raises(Violation) as caught:
        trial.redeem("alice", UNIT)
    assert caught.value.invariant == invariant
    assert invariant in {*DOLLAR_INVARIANTS, "quote"}


def test_a_refused_redemption_that_is_due(chain: Chain) -> None:
    class Stuck(MyDollar):
        def redeem(self, who: Any, amount: int) -> None:
            self.contract.redeem(2**200, who, sender=who)

    trial = DollarTrial(Stuck(chain))
    trial.mint("alice", 10 * UNIT)
    with pytest.raises(Violation, match="S4: a redemption"):
        trial.redeem("alice", UNIT)


# --- an adapter in the working folder ------------------------------------------------------------

LOOSE = """
from defi_kit.testing.peg import PegSwapDollar


class Loose(PegSwapDollar):
    exempt = {"S4": "it is loose", "S5": "it is loose", "quote": "nobody asked"}

    def mint(self, who, amount):
        super().mint(who, amount)
        self.dollar.mint(self.chain.account("nobody"), 1)
"""


def test_an_adapter_in_the_working_folder_is_found_by_fuzz_and_by_the_saved_script(
    tmp_path: Path,
) -> None:
    (tmp_path / "loose.py").write_text(LOOSE)
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=plain, capture_output=True, text=True)

    fuzzed = python("-m", "defi_kit", "fuzz", "peg", "--target", "loose:Loose")
    assert fuzzed.returncode == 1, fuzzed.stdout + fuzzed.stderr
    assert "not promised: S4, S5: it is loose" in fuzzed.stdout
    assert "not promised: quote: nobody asked" in fuzzed.stdout
    again = python(str(next((tmp_path / ".defi_kit").glob("*.py"))))
    assert "Violation: S1" in again.stderr


def test_what_is_frozen_stays_and_officers_are_nobody_else(chain: Chain) -> None:
    class Thawed(CashDollar):
        def freeze(self, who: Account, frozen: bool) -> None:
            """Forgets to."""

        def reserved(self, who: Account) -> Any:
            return (("approve", lambda: self.approve(who, who, 1)),)

    for kind, wrong in ((CashDollar, False), (Thawed, True)):
        trial = DollarTrial(kind(chain))
        trial.mint("alice", 10**6)
        trial.freeze("alice", True)
        with pytest.raises(Violation, match="S2: alice is frozen") if wrong else nullcontext():
            assert trial.transfer("alice", "bob", 1).refused
        with pytest.raises(Violation, match="S2: bob can approve") if wrong else nullcontext():
            trial.usurp("bob")
    with pytest.raises(NotSupported, match="nobody can freeze"):
        MyDollar(chain).freeze(chain.account("alice"), True)
