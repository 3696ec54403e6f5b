"""The pure twins of ScriptedFeed and FeedOracle."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.oracles import PRICE_SCALE, FeedPrice, Leg, Round, Script, human_price

FEED = "0x0000000000000000000000000000000000FEED00"
WIDE = Leg(FEED, 8, 3_600, 0, 10**20)

few = st.integers(0, 24)


def leg(decimals: int, low: int = 0, high: int = 2**127 - 1) -> Leg:
    return Leg(FEED, decimals, 3_600, low, high)


def answered(answer: int, updated_at: int = 1_000, round_id: int = 1) -> Round:
    return Round(round_id, answer, updated_at, updated_at, round_id)


@given(st.integers(1, 10**30), few, few, few)
def test_one_leg_is_the_exact_price_rounded_down(
    answer: int, feed: int, base: int, quote: int
) -> None:
    try:
        oracle = FeedPrice(leg(feed, 0, 10**31), None, base, quote)
    except (reverts.BoundsTooWide, reverts.FullMulDivFailed):
        return
    exact = Fraction(answer, 10**feed) * 10**quote / 10**base * PRICE_SCALE
    if exact:
        assert oracle.price(answered(answer), now=1_000) == exact // 1


@given(st.integers(2, 10**14), st.integers(2, 10**14), few, few, few, few)
def test_two_legs_are_the_exact_quotient_rounded_down(
    first: int, second: int, bf: int, qf: int, base: int, quote: int
) -> None:
    try:
        oracle = FeedPrice(leg(bf, 1, 10**15), leg(qf, 1, 10**15), base, quote)
    except (reverts.BoundsTooWide, reverts.FullMulDivFailed):
        return
    exact = Fraction(first, 10**bf) / Fraction(second, 10**qf) * 10**quote / 10**base * PRICE_SCALE
    price = oracle.price(answered(first), answered(second), now=1_000)
    assert price == exact // 1
    assert price > 0


@given(st.integers(0, 2**256 - 1), few, few)
def test_a_price_is_shown_exactly(price: int, base: int, quote: int) -> None:
    shown = human_price(price, base, quote)
    assert Fraction(shown) == Fraction(price, PRICE_SCALE) * Fraction(10) ** (base - quote)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (answered(0), reverts.NonPositivePrice),
        (answered(-1), reverts.NonPositivePrice),
        (answered(10**20), reverts.PriceOutOfBounds),
        (answered(5, updated_at=1_001), reverts.FuturePrice),
        (answered(5, updated_at=1_000 - 3_601), reverts.StalePrice),
        (Round(7, 5, 1_000, 1_000, 6), reverts.CarriedOverPrice),
    ],
)
def test_an_untrustworthy_answer_is_refused(bad: Round, error: type[Exception]) -> None:
    with pytest.raises(error):
        WIDE.trusted(bad, now=1_000)


def test_a_trustworthy_answer_is_taken_to_its_last_second() -> None:
    assert WIDE.trusted(answered(5, updated_at=1_000 - 3_600), now=1_000) == 5
    assert WIDE.trusted(answered(10**20 - 1), now=1_000) == 10**20 - 1


def test_a_round_not_answered_yet_is_refused_whatever_its_age_may_be() -> None:
    patient = Leg(FEED, 8, 2**32 - 1, 0, 10**20)
    assert patient.trusted(answered(5, updated_at=1), now=1_000) == 5
    with pytest.raises(reverts.StalePrice):
        patient.trusted(answered(5, updated_at=0), now=1_000)


def test_impossible_oracles_are_not_made() -> None:
    with pytest.raises(reverts.InvalidLeg):
        Leg(FEED, 8, 0, 0, 10)
    with pytest.raises(reverts.InvalidLeg):
        Leg(FEED, 8, 1, 5, 6)
    with pytest.raises(reverts.TooManyDecimals):
        leg(25)
    with pytest.raises(reverts.TooManyDecimals):
        FeedPrice(WIDE, None, 25, 6)
    with pytest.raises(reverts.BoundsTooWide):
        FeedPrice(leg(24), None, 24, 0)
    with pytest.raises(reverts.FullMulDivFailed):
        FeedPrice(leg(0), leg(24), 0, 24)
    with pytest.raises(TypeError):
        FeedPrice(WIDE, WIDE, 18, 6).price(answered(5), now=1_000)


def test_a_script_is_live_only_in_its_newest_answer() -> None:
    script = Script().set_answer(5, now=100).set_answer(6, now=200)
    assert script.latest(now=900).updated_at == 900
    assert script.round(1, now=900).updated_at == 100
    pinned = script.set_round(7, 1, 2, 0)
    assert pinned.latest(now=900) == Round(3, 7, 1, 2, 0)
    with pytest.raises(reverts.NoSuchRound):
        pinned.round(4, now=900)
    with pytest.raises(reverts.NoSuchRound):
        Script().latest(now=1)
    with pytest.raises(reverts.FeedOff):
        pinned.set_reverting(True).latest(now=900)
    assert pinned.set_reverting(True).set_reverting(False) == pinned
