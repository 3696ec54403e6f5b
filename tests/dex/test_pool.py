"""One pool in integers: published cases, refusals, and what holds for any pool (X1 to X10)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.dex.exchange import ExchangeState
from defi_kit.dex.pool import (
    LOCKED_SHARES,
    MAX_RESERVE,
    PIPS,
    Hop,
    Pool,
    PoolKey,
)
from defi_kit.dex.position import Position
from defi_kit.errors import AmountError, ParameterError, Reverted
from dex.strategies import magnitudes, pools

WAY = st.booleans()
ONE = 10**18


def k(pool: Pool) -> int:
    return pool.reserve0 * pool.reserve1


def sold(pool: Pool, amount: int, zero_for_one: bool) -> int:
    """What a sale fetches; nothing where the pool refuses it."""
    try:
        return pool.amount_out(amount, zero_for_one)
    except Reverted:
        return 0


# --- published cases (Uniswap V2, fee 0.3 %) ------------------------------------------------------


@pytest.mark.parametrize(
    ("amount_in", "reserve_in", "reserve_out", "expected"),
    [
        (1, 5, 10, 1662497915624478906),
        (1, 10, 5, 453305446940074565),
        (2, 5, 10, 2851015155847869602),
        (2, 10, 5, 831248957812239453),
        (1, 10, 10, 906610893880149131),
        (1, 100, 100, 987158034397061298),
        (1, 1000, 1000, 996006981039903216),
    ],
)
def test_swap_fetches_what_uniswap_v2_publishes(
    amount_in: int, reserve_in: int, reserve_out: int, expected: int
) -> None:
    pool = Pool(reserve_in * ONE, reserve_out * ONE, supply=ONE)
    assert pool.amount_out(amount_in * ONE, zero_for_one=True) == expected
    mirrored = Pool(reserve_out * ONE, reserve_in * ONE, supply=ONE)
    assert mirrored.amount_out(amount_in * ONE, zero_for_one=False) == expected


def test_first_deposit_mints_what_uniswap_v2_publishes() -> None:
    pool, shares, amount0, amount1 = Pool().add_liquidity(ONE, 4 * ONE)
    assert (shares, amount0, amount1) == (2 * ONE - 1000, ONE, 4 * ONE)
    assert pool.supply == 2 * ONE


def test_first_withdrawal_frees_what_uniswap_v2_publishes() -> None:
    pool, shares, *_ = Pool().add_liquidity(3 * ONE, 3 * ONE)
    after, amount0, amount1 = pool.remove_liquidity(shares)
    assert (amount0, amount1) == (3 * ONE - 1000, 3 * ONE - 1000)
    assert (after.supply, after.reserve0, after.reserve1) == (1000, 1000, 1000)


# --- refusals beside successes --------------------------------------------------------------------


def test_first_deposit_needs_more_than_the_locked_shares() -> None:
    with pytest.raises(reverts.FirstDepositTooSmall) as refusal:
        Pool().add_liquidity(1000, 1000)
    assert (refusal.value.shares, refusal.value.locked_shares) == (1000, 1000)
    assert Pool().add_liquidity(1001, 1001).shares == 1


def test_an_empty_pool_neither_trades_nor_frees() -> None:
    with pytest.raises(reverts.NoLiquidity):
        Pool(id=7).swap_exact_in(1, True)
    with pytest.raises(reverts.NoLiquidity):
        Pool(id=7).remove_liquidity(1)
    with pytest.raises(reverts.NoLiquidity):
        Pool(id=7).cumulative_log_price_at(1)


def test_a_trade_of_nothing_or_for_nothing_is_refused() -> None:
    pool = Pool(10**6, 10**3, supply=31_622)
    with pytest.raises(reverts.ZeroAmount):
        pool.swap_exact_in(0, True)
    with pytest.raises(reverts.ZeroAmount):
        pool.swap_exact_in(1_000, True)  # worth one unit before the fee, less than one after it
    assert pool.swap_exact_in(1_005, True).amount_out == 1


def test_a_trade_below_its_minimum_is_refused() -> None:
    pool = Pool(5 * ONE, 10 * ONE, supply=ONE)
    out = pool.amount_out(ONE, True)
    with pytest.raises(reverts.TooLittleOut) as refusal:
        pool.swap_exact_in(ONE, True, min_amount_out=out + 1)
    assert (refusal.value.amount_out, refusal.value.min_amount_out) == (out, out + 1)
    assert pool.swap_exact_in(ONE, True, min_amount_out=out).amount_out == out


def test_a_reserve_holds_112_bits_and_not_one_unit_more() -> None:
    pool = Pool(MAX_RESERVE - 10, MAX_RESERVE, supply=MAX_RESERVE - 5)
    assert pool.swap_exact_in(10, True).pool.reserve0 == MAX_RESERVE
    with pytest.raises(reverts.ReserveOverflow) as refusal:
        pool.swap_exact_in(11, True)
    assert refusal.value.args == (MAX_RESERVE - 10, 11, MAX_RESERVE)
    with pytest.raises(reverts.ReserveOverflow):
        pool.add_liquidity(11, 11)


def test_a_deposit_below_its_minimum_is_refused() -> None:
    pool = Pool(ONE, ONE, supply=ONE)
    with pytest.raises(reverts.TooFewShares):
        pool.add_liquidity(5, 5, min_shares=6)
    assert pool.add_liquidity(5, 5, min_shares=5).shares == 5
    with pytest.raises(reverts.ZeroAmount):
        pool.add_liquidity(0, 5)


def test_the_locked_shares_never_leave() -> None:
    pool, shares, *_ = Pool().add_liquidity(ONE, ONE)
    with pytest.raises(reverts.SharesExceedBalance):
        pool.remove_liquidity(shares + 1)
    assert pool.remove_liquidity(shares).pool.supply == LOCKED_SHARES
    with pytest.raises(reverts.ZeroAmount):
        pool.remove_liquidity(0)


def test_a_fee_above_a_tenth_is_no_pool() -> None:
    assert Pool(fee=100_000).fee == 100_000
    with pytest.raises(ParameterError):
        Pool(fee=100_001)


# --- keys -----------------------------------------------------------------------------------------

LOW, HIGH = "0x" + "11" * 20, "0x" + "22" * 20


def test_a_key_is_the_same_in_either_order() -> None:
    assert PoolKey.of(HIGH, LOW, 3_000) == PoolKey(LOW, HIGH, 3_000)
    assert PoolKey.of(LOW, HIGH, 3_000).id != PoolKey.of(LOW, HIGH, 500).id


def test_a_hop_and_its_key_lead_to_each_other() -> None:
    key = PoolKey(LOW, HIGH, 500)
    assert key.hop(LOW) == Hop(HIGH, 500)
    assert key.hop(HIGH).key(HIGH) == key
    with pytest.raises(ParameterError):
        key.other("0x" + "33" * 20)


# --- any pool -------------------------------------------------------------------------------------


@given(pools(), magnitudes(), WAY)
def test_x1_the_product_never_falls_and_rises_with_a_fee(
    pool: Pool, amount: int, way: bool
) -> None:
    assume(sold(pool, amount, way))
    after = pool.swap_exact_in(amount, way).pool
    assert k(after) > k(pool) if pool.fee else k(after) >= k(pool)
    assert min(after.reserve0, after.reserve1) > 0


@given(pools(), st.tuples(magnitudes(), magnitudes()))
def test_x2_a_deposit_never_lowers_what_a_share_is_worth(
    pool: Pool, maxima: tuple[int, int]
) -> None:
    try:
        after, shares, amount0, amount1 = pool.add_liquidity(*maxima)
    except Reverted:
        return
    assert amount0 <= maxima[0]
    assert amount1 <= maxima[1]
    assert after.supply == pool.supply + shares
    assert after.reserve0 * pool.supply >= pool.reserve0 * after.supply
    assert after.reserve1 * pool.supply >= pool.reserve1 * after.supply
    assert after.supply <= isqrt(k(after))  # so that shares always fit in 112 bits


@given(pools(), st.fractions(0, 1))
def test_x2_a_withdrawal_never_lowers_what_a_share_is_worth(pool: Pool, part: Fraction) -> None:
    try:
        after, *_ = pool.remove_liquidity(int((pool.supply - LOCKED_SHARES) * part))
    except Reverted:
        return
    assert after.reserve0 * pool.supply >= pool.reserve0 * after.supply
    assert after.reserve1 * pool.supply >= pool.reserve1 * after.supply
    assert min(after.reserve0, after.reserve1) > 0


@given(pools(), magnitudes(), WAY)
def test_x5_there_and_back_returns_no_more(pool: Pool, amount: int, way: bool) -> None:
    assume(sold(pool, amount, way))
    after, there = pool.swap_exact_in(amount, way)
    assert sold(after, there, not way) <= amount


@given(pools(), st.tuples(magnitudes(), magnitudes()))
def test_x6_joining_and_leaving_returns_no_more(pool: Pool, maxima: tuple[int, int]) -> None:
    try:
        after, shares, paid0, paid1 = pool.add_liquidity(*maxima)
        _, freed0, freed1 = after.remove_liquidity(shares)
    except Reverted:
        return
    assert freed0 <= paid0
    assert freed1 <= paid1


@given(pools(), magnitudes(), magnitudes(), WAY)
def test_x8_parts_never_fetch_more_than_the_whole(
    pool: Pool, first: int, second: int, way: bool
) -> None:
    whole = sold(pool, first + second, way)
    assume(whole and sold(pool, first, way))
    after, early = pool.swap_exact_in(first, way)
    assert early + sold(after, second, way) <= whole


@given(pools(), magnitudes(), magnitudes(), WAY)
def test_x9_more_in_fetches_no_less_and_nothing_beats_the_marginal_price(
    pool: Pool, first: int, second: int, way: bool
) -> None:
    less, more = sorted((first, second))
    assume(sold(pool, more, way))
    assert sold(pool, less, way) <= sold(pool, more, way)
    into, out = (pool.reserve0, pool.reserve1)[:: 1 if way else -1]
    for amount in (less, more):
        assert sold(pool, amount, way) * into * PIPS <= amount * (PIPS - pool.fee) * out


@given(pools(), magnitudes(), WAY, st.integers(1, 10**9))
def test_x10_the_account_of_time_is_closed_at_the_price_before(
    pool: Pool, amount: int, way: bool, elapsed: int
) -> None:
    assume(sold(pool, amount, way))
    now = pool.updated_at + elapsed
    due = pool.cumulative_log_price_at(now)
    after = pool.swap_exact_in(amount, way, now=now).pool
    assert after.cumulative_log_price == due > pool.cumulative_log_price
    assert after.updated_at == now
    in_block = after.swap_exact_in(amount, way, now=now).pool if sold(after, amount, way) else after
    assert in_block.cumulative_log_price == due


@given(pools())
def test_the_logarithm_of_the_price_is_that_of_the_reserves(pool: Pool) -> None:
    exact = Fraction(pool.reserve1, pool.reserve0)
    found = pool.log_price / 2**64 - 128
    assert abs(2.0 ** (found - _log2(exact)) - 1) < 1e-6


def _log2(ratio: Fraction) -> float:
    from math import log2

    return log2(ratio.numerator) - log2(ratio.denominator)


def test_a_verb_leaves_the_state_it_was_called_on() -> None:
    pool = Pool(ONE, ONE, supply=ONE)
    pool.swap_exact_in(10**9, True)
    pool.add_liquidity(10**9, 10**9)
    assert pool == Pool(ONE, ONE, supply=ONE)


FULL = Pool(5 * 10**18, 10 * 10**18, supply=7 * 10**18)


@pytest.mark.parametrize("amount", [1.5, 1.5e9, True, -1, "5", None])
@pytest.mark.parametrize(
    "verb",
    [
        lambda amount: FULL.swap_exact_in(amount, True),
        lambda amount: FULL.swap_exact_out(amount, True),
        lambda amount: FULL.add_liquidity(amount, 10**9),
        lambda amount: FULL.add_liquidity(10**9, amount),
        lambda amount: FULL.add_liquidity_one_sided(amount, True),
        lambda amount: FULL.remove_liquidity(amount),
        lambda amount: FULL.remove_liquidity_one_sided(amount, True),
        lambda amount: Position().joined(FULL, amount, 1, 1),
        lambda amount: Position().joined(FULL, 1, amount, 1),
        lambda amount: Position().left(amount),
        lambda amount: ExchangeState().transfer_shares("a", "b", 1, amount),
    ],
)
def test_an_amount_is_an_integer_and_not_negative(
    verb: Callable[[Any], object], amount: object
) -> None:
    with pytest.raises(AmountError):
        verb(amount)


@pytest.mark.parametrize("fee", [0.3, "3000", True, -1, 100_001])
def test_a_fee_is_a_whole_number_of_pips(fee: Any) -> None:
    with pytest.raises(ParameterError, match="fee"):
        Pool(fee=fee)
