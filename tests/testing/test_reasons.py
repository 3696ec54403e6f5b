"""Every reason of a violation is told in whole tokens: no raw amount is left in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from defi_kit.chain import Account, Chain
from defi_kit.errors import RevertString
from defi_kit.stablecoins import Fiat
from defi_kit.testing import LendingTrial, Step, Violation
from defi_kit.testing.exchange import ExchangePair, PairTrial
from defi_kit.testing.peg.algo.world import AlgoWorld
from defi_kit.testing.peg.dollar import DollarTrial
from defi_kit.testing.peg.fiat.moves import check_moves
from defi_kit.testing.peg.swap.world import SwapWorld
from defi_kit.testing.words import apart, lasting, refusal_told, spelled, symbols_of
from testing.broken.my_dollar import MyDollar
from testing.broken.my_market import MyMarket

UNIT = 10**18
RAW = re.compile(r"(?<![\w.])\d{10,}|(?<![\w.,])\d+(?:,\d{3}){3,}")
"""Ten digits and more before a point: with these few tokens that is raw."""
UNITLESS = re.compile(r"[\d,]+ shares")


@contextmanager
def reason(match: str) -> Iterator[None]:
    """A violation whose reason has that in it, and no raw amount."""
    with pytest.raises(Violation, match=match) as caught:
        yield
    assert not RAW.search(UNITLESS.sub("", caught.value.reason)), caught.value.reason


# --- anybody's pool of two tokens -----------------------------------------------------------------


@pytest.fixture
def pair(chain: Chain) -> PairTrial:
    """A thousand of each."""
    trial = PairTrial(ExchangePair(chain))
    amounts = [1_000 * 10**decimals for decimals in trial.market.decimals]
    trial.add("alice", amounts[0], amounts[1])
    return trial


SWAP = Step("swap", ("bob", 0, 10**6))
LESS: dict[str, tuple[Step, Callable[[Any], dict[str, Any]], str]] = {
    "X1": (
        SWAP,
        lambda seen: {"reserves": (seen.reserves[0] // 2, seen.reserves[1])},
        r"liquidity fell by 0\.293 of itself: 1,000 T.* became 500 T",
    ),
    "X2": (
        Step("remove", ("alice", 1)),
        lambda seen: {"reserves": (seen.reserves[0], seen.reserves[1] // 2)},
        r"liquidity per share fell by 0\.293 of itself: 1,000 T.* in .* shares became",
    ),
    "X3": (SWAP, lambda seen: {"held": (0, 0)}, r"holds 0 T\d+ and 0 T\d+, books 1,000 T"),
    "X4": (SWAP, lambda seen: {"supply": 1}, "people have .* shares of 1"),
    "strangers": (
        SWAP,
        lambda seen: {"wallets": {**seen.wallets, "alice": (10**6, 10**6)}},
        r"alice had .* shares, has [\d.]+ T\d+ and [\d.]+ T\d+ and .* shares",
    ),
    "money": (SWAP, lambda seen: {"held": (0, seen.held[1])}, r"there were .* T\d+, now"),
}


@pytest.mark.parametrize("invariant", LESS)
def test_a_pools_reasons_are_in_whole_tokens(pair: PairTrial, invariant: str) -> None:
    done, change, told = LESS[invariant]
    plenty = dict.fromkeys(pair.seen.wallets, (10**9, 10**9))
    before = replace(pair.seen, wallets=plenty)
    with reason(told):
        pair.invariants[invariant](pair, before, done, replace(before, **change(before)))


def test_a_fee_that_is_not_kept_is_told_in_percent(pair: PairTrial) -> None:
    first, second = pair.seen.reserves
    fetched = 10**6 * second // (first + 10**6)
    after = replace(pair.seen, reserves=(first + 10**6, second - fetched))
    with reason("a fee of 0.3 % was not kept"):
        pair.invariants["X1"](pair, pair.seen, SWAP, after)


def test_what_others_lose_is_told_with_its_unit(chain: Chain) -> None:
    class Mixed(ExchangePair):
        def deliveries(self, who: Account, to: Account) -> Any:
            return super().deliveries(who, who)

    trial = PairTrial(Mixed(chain))
    trial.add("alice", 10**9, 10**9)
    with reason(r"swap for bob: what alice has moved by -?[\d.]+ T\d+ and -?[\d.]+ T\d+ and"):
        trial.for_another("alice", "bob")


# --- anybody's dollar -----------------------------------------------------------------------------


@pytest.fixture
def dollar(chain: Chain) -> DollarTrial:
    """A hundred of them."""
    trial = DollarTrial(MyDollar(chain))
    trial.mint("alice", 100 * UNIT)
    return trial


MINT = Step("mint", ("alice", UNIT))
WRONG: dict[str, tuple[str, Step, Callable[[Any], dict[str, Any]], str]] = {
    "balance": (
        "S1",
        Step("transfer", ("alice", "bob", UNIT)),
        lambda seen: {},
        "alice's dollars moved by 0 dollars, not by -1 dollar$",
    ),
    "supply": ("S1", MINT, lambda seen: {"supply": 101 * UNIT}, "the supply moved by 1 dollar,"),
    "allowance": (
        "S2",
        MINT,
        lambda seen: {"allowances": {**seen.allowances, ("alice", "bob"): UNIT}},
        "alice lets bob move 1 dollar, not 0 dollars",
    ),
    "spent": (
        "S2",
        Step("transfer_from", ("bob", "alice", "bob", UNIT)),
        lambda seen: {},
        "bob moves 1 dollar of alice's, who allows 0 dollars",
    ),
    "held": ("S4", MINT, lambda seen: {"held": (0,)}, r"holds 0 BTC, books 0\.05 BTC"),
    "cover": (
        "S4",
        MINT,
        lambda seen: {"worth": seen.worth - 1},
        r"behind a dollar, 0\.0{17}\d dollars less in all than what is due",
    ),
    "made": (
        "S5",
        MINT,
        lambda seen: {"balances": {**seen.balances, "alice": 101 * UNIT}},
        "alice makes 1 dollar",
    ),
    "strangers": (
        "strangers",
        MINT,
        lambda seen: {"wallets": {**seen.wallets, "bob": (1,)}},
        r"bob had 10 BTC, has 0\.00000001 BTC",
    ),
    "money": ("money", MINT, lambda seen: {"held": (0,)}, r"there were 30\.05 BTC, now 30 BTC"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_dollars_reasons_are_in_whole_dollars(dollar: DollarTrial, case: str) -> None:
    invariant, done, change, told = WRONG[case]
    before = replace(dollar.seen, wallets=dict.fromkeys(dollar.seen.wallets, (10**9,)))
    with reason(told):
        dollar.invariants[invariant](dollar, before, done, replace(before, **change(before)))


class Short(MyDollar):
    """Promises a unit and a half more than it pays, as who rounds twice does."""

    def promised(self, amount: int) -> Fraction:
        return self.worth(self.quote(amount)) + self.worth((1,)) * 3 / 2

    def redeem(self, who: Account, amount: int) -> None:
        self.contract.redeem(amount, who, sender=who)


def test_a_dollar_may_round_as_often_as_it_says(chain: Chain) -> None:
    trial = DollarTrial(Short(chain))
    trial.mint("alice", 100 * UNIT)
    assert trial.redeem("alice", UNIT).refused is None
    trial.market.rounding = 1
    with reason("1 dollar redeemed for .* BTC, worth 0.00001 dollars less than what is due"):
        trial.redeem("alice", UNIT)


def test_a_quote_that_is_not_paid_is_told_in_whole_assets(chain: Chain) -> None:
    class Generous(MyDollar):
        def redeem(self, who: Account, amount: int) -> None:
            super().redeem(who, amount)
            self.assets[0].mint(who, 1)

    trial = DollarTrial(Generous(chain))
    trial.mint("alice", 100 * UNIT)
    with reason(r"quoted 0\.004995 BTC, paid 0\.00499501 BTC"):
        trial.redeem("alice", 10 * UNIT)


# --- lending --------------------------------------------------------------------------------------


def test_a_loan_below_the_minimum_and_a_cap_are_told_in_whole_tokens(chain: Chain) -> None:
    market = MyMarket(chain)
    first = replace(market.terms.collaterals[0], cap=10**18)
    market.terms = replace(market.terms, minimum_debt=10**12, collaterals=(first,))
    trial = LendingTrial(market)
    seen = trial.seen
    owing = replace(seen.positions["alice"], debt=10**11)
    after = replace(seen, positions={**seen.positions, "alice": owing})
    with reason("borrow left a debt of 100,000 .*, less than the minimum of 1,000,000 "):
        trial.invariants["L4"](trial, seen, Step("borrow", ("alice", 10**11)), after)
    after = replace(seen, view=replace(seen.view, collateral=(2 * 10**18,)))
    with reason("2 .* is held, with a cap of 1 "):
        done = Step("supply_collateral", ("alice", 0, 0))
        trial.invariants["L13"](trial, seen, done, after)


# --- our own pegs ---------------------------------------------------------------------------------


def test_a_peg_swaps_reasons_are_in_whole_tokens(chain: Chain) -> None:
    world = SwapWorld.deploy(chain, mode="both")
    world.stock("fund", 1, 500 * UNIT)
    held = list(world.owed)
    world.owed[1] += Fraction(1, 2)
    with reason(r"0 BACK issued, -0\.5 COIN behind it"):
        world.check()
    world.owed = held
    world.twin = replace(world.twin, funded_dollars=1)
    with reason("twin: the contract's funded_dollars is"):
        try:
            world.check()
        except Violation as violation:  # a twin's state has no units, but commas
            raise Violation(violation.invariant, re.sub(r",\d{3}", "", violation.reason)) from None


def test_an_algorithmic_dollars_reasons_are_in_whole_tokens(chain: Chain) -> None:
    world = AlgoWorld.deploy(chain, mode="twin")
    world.mint(10 * UNIT)
    world.held += 10**world.design.decimals
    with reason(r"books say [\d.]+ CASH, paid in [\d.]+ CASH"):
        world.check()
    state = world.controller.state()
    with reason("leans by .* ALGO, should between"):
        world._leaned(state, replace(state, imbalance=state.imbalance + 5 * UNIT), 0)
    with reason("10,000 SHARE minted in an epoch, with a cap of"):
        world._count(100 * UNIT, 10_000 * UNIT)


def test_moved_dollars_are_told_in_whole_dollars() -> None:
    before = Fiat.born("0x9", "0x1")
    after = replace(before, balances={"0x2": 15 * 10**5}, allowances={("0x1", "0x2"): 10**12})
    with reason(r"mint: the balance of 0x2 should be 1 USD, is 1\.5 USD"):
        check_moves(before, after, "mint", "0x1", ("0x2", 10**6))
    with reason("pause: the allowance of 0x1 to 0x2 should be 1,000,000 USD, is 0 USD"):
        check_moves(after, replace(after, allowances={}), "pause", "0x1", ())


# --- words ----------------------------------------------------------------------------------------


def test_numbers_that_nobody_put_into_units_have_commas() -> None:
    found = Violation(
        "twin", "is Peg(held=1000000000000, at='0x1234567890123'), not 0.1234567890123"
    )
    assert (
        found.reason == "is Peg(held=1,000,000,000,000, at='0x1234567890123'), not 0.1234567890123"
    )


def test_a_plain_strings_refusal_says_it() -> None:
    assert refusal_told(RevertString("too late")) == '"too late"'
    assert refusal_told(RevertString("")) == "RevertString"


def test_time_and_answers() -> None:
    assert (lasting(3_600), lasting(0), lasting(90_061)) == ("1 hour", "no time", "1 day 1 hour")
    assert spelled(b"\x01") == "0x01"
    assert spelled(bytes(31) + b"\x07" + bytes(32)) == "7, 0"


def test_tokens_that_have_one_name_are_told_by_number(chain: Chain) -> None:
    assert ExchangePair(chain, decimals=(6, 6)).symbols == ("of token 0", "of token 1")
    assert symbols_of((), "asset") == ()


def test_states_are_compared_field_by_field(dollar: DollarTrial) -> None:
    assert apart(dollar.seen, replace(dollar.seen, room=5)).endswith("not 5")
