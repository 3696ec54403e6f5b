"""The pure twins of GuardedOracle and VaultOracle."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.oracles import GuardedPrice, VaultPrice
from defi_kit.oracles.vault import MAX_GROWTH, check_start, sample_of
from defi_kit.units import WAD

prices = st.integers(1, 10**6) | st.integers(1, 2**255)


@given(prices, prices, st.integers(1, WAD - 1))
def test_two_prices_agree_within_a_part_of_the_lower(one: int, two: int, deviation: int) -> None:
    guarded = GuardedPrice("0xA", "0xB", deviation)
    if abs(one - two) <= Fraction(deviation, WAD) * min(one, two):
        assert guarded.price(one, two) == one
        assert guarded.price(two, one) == two
    else:
        with pytest.raises(reverts.PricesDisagree) as refusal:
            guarded.price(one, two)
        assert (refusal.value.price, refusal.value.guard_price) == (one, two)


def test_an_impossible_guard_is_not_made() -> None:
    with pytest.raises(reverts.SameOracle):
        GuardedPrice("0xA", "0xA", 1)
    for deviation in (0, WAD):
        with pytest.raises(reverts.InvalidDeviation):
            GuardedPrice("0xA", "0xB", deviation)
    for pair in ((0, 1), (1, 0), (0, 0)):
        with pytest.raises(reverts.ZeroPrice):
            GuardedPrice("0xA", "0xB", 1).price(*pair)


@given(
    st.integers(1, 2**128 - 1),
    st.integers(0, MAX_GROWTH),
    st.integers(0, 10**11),
    st.integers(0, 10**11),
)
def test_a_cap_never_falls_and_grows_on_a_line(
    start: int, growth: int, early: int, later: int
) -> None:
    oracle = VaultPrice("0xA", 10**18, start, 7, growth)
    assert oracle.cap(7) == start
    exact = start * (1 + Fraction(growth * early, WAD))
    assert exact - 1 < oracle.cap(7 + early) <= exact
    assert oracle.cap(7 + early) <= oracle.cap(7 + early + later)


@given(st.integers(0, 10**24), st.integers(0, 10**24), st.integers(0, 10**9))
def test_more_assets_are_never_worth_less(one: int, two: int, elapsed: int) -> None:
    oracle = VaultPrice("0xA", 10**18, 10**18, 0, 10**9)

    def price(assets: int) -> int:
        return oracle.price(assets, 10**36, now=elapsed) if assets else 0

    assert price(min(one, two)) <= price(max(one, two)) <= oracle.cap(elapsed) * 10**18


def test_a_sample_tells_eighteen_digits() -> None:
    for share, asset in ((18, 18), (6, 6), (12, 6), (30, 24), (6, 0)):
        assert sample_of(share, asset) == 10 ** (share + max(0, 18 - asset))
    for share, asset in ((31, 18), (18, 25)):
        with pytest.raises(reverts.TooManyDecimals):
            sample_of(share, asset)


def test_an_impossible_start_is_refused() -> None:
    check_start(5, 5, MAX_GROWTH)
    with pytest.raises(reverts.GrowthTooFast):
        check_start(5, 5, MAX_GROWTH + 1)
    for assets in (0, 6):
        with pytest.raises(reverts.StartOutOfBounds):
            check_start(assets, 5, 0)


def test_worthless_shares_and_prices_beyond_256_bits_are_refused() -> None:
    oracle = VaultPrice("0xA", 10**18, 2**127, 0, 0)
    with pytest.raises(reverts.WorthlessShares):
        oracle.price(0, 10**36, now=0)
    with pytest.raises(reverts.FullMulDivFailed):
        oracle.price(2**127, 2**200, now=0)
