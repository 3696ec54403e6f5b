"""Positions: fees are what trades leave, loss is what the formula says."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.dex.pool import Pool
from defi_kit.dex.position import Position
from defi_kit.errors import ParameterError, Reverted
from dex.strategies import FEES, magnitudes

Sale = tuple[bool, int]


def opened(reserve0: int, reserve1: int, fee: int) -> tuple[Pool, Position]:
    """A pool and the position of whoever made its first deposit."""
    pool, *joined = Pool(fee=fee).add_liquidity(reserve0, reserve1)
    return pool, Position().joined(pool, *joined)


def traded(pool: Pool, sales: list[Sale]) -> Pool:
    """After the sales, thousandths of what the pool holds of either token."""
    for zero_for_one, thousandths in sales:
        amount = (pool.reserve0 if zero_for_one else pool.reserve1) * thousandths // 1_000
        try:
            pool = pool.swap_exact_in(amount, zero_for_one).pool
        except Reverted:
            continue
    return pool


reserves = magnitudes(10**6, 10**30)
sales = st.lists(st.tuples(st.booleans(), st.integers(1, 3_000)), max_size=8)
fees = st.sampled_from(FEES)


@given(reserves, reserves, sales)
def test_without_a_fee_nothing_is_earned_but_roundings(
    reserve0: int, reserve1: int, trades: list[Sale]
) -> None:
    pool, position = opened(reserve0, reserve1, 0)
    growth = Fraction(0)
    for trade in trades:
        pool = traded(pool, [trade])
        # Less than a unit is not paid out; liquidity grows by half its part of that reserve.
        growth += Fraction(1, min(pool.reserve0, pool.reserve1))
    now = position.performance(pool)
    assert now.fees0 <= 1 + now.amount0 * growth
    assert now.fees1 <= 1 + now.amount1 * growth


@given(reserves, reserves, fees, sales)
def test_fees_are_the_growth_of_liquidity_per_share(
    reserve0: int, reserve1: int, fee: int, trades: list[Sale]
) -> None:
    """fees0 / amount0 = 1 - sqrt(k at entry / k now), as nobody joined or left in between."""
    start, position = opened(reserve0, reserve1, fee)
    pool = traded(start, trades)
    now = position.performance(pool)
    scale = 10**40
    before = isqrt(start.reserve0 * start.reserve1 * scale**2)
    after = isqrt(pool.reserve0 * pool.reserve1 * scale**2)
    for amount, earned in ((now.amount0, now.fees0), (now.amount1, now.fees1)):
        exact = Fraction(amount * (after - before), after)
        assert exact - 3 <= earned <= exact + 1
    assert now.fees0 >= 0
    assert (now.amount0, now.amount1) == pool.remove_liquidity(position.shares)[1:]


@given(reserves, reserves, fees, sales)
def test_value_fees_loss_and_gain_add_up(
    reserve0: int, reserve1: int, fee: int, trades: list[Sale]
) -> None:
    start, position = opened(reserve0, reserve1, fee)
    pool = traded(start, trades)
    now = position.performance(pool)
    assert now.gain == now.fees - now.impermanent_loss == now.value - now.held
    # At the pool's own price the principal is worth no more than what was paid in.
    slack = 2 * (1 + Fraction(pool.reserve1, pool.reserve0))
    assert now.impermanent_loss >= -slack
    assert position.performance(pool, 0, 0).value == 0


@pytest.mark.parametrize("factor", [2, 4, 9, Fraction(1, 4)])
def test_impermanent_loss_is_as_published(factor: Fraction | int) -> None:
    """1 - 2 sqrt(r) / (1 + r) once the price is r times what it was: 5.72 % at 2, 20 % at 4."""
    start, position = opened(10**24, 10**24, 0)
    root = isqrt(int(factor * 10**48))
    pool = Pool(10**48 // root, root, start.supply, 0)
    loss = position.performance(pool).impermanent_loss_ratio
    expected = 1 - Fraction(2 * root, 10**24) / (1 + factor)
    assert abs(loss - expected) < Fraction(1, 10**18)
    if factor == 2:
        assert round(float(loss), 4) == 0.0572
    if factor == 4:
        assert round(float(loss), 4) == 0.2


@given(reserves, reserves, fees, sales, magnitudes(1, 10**30), magnitudes(1, 10**30))
def test_who_joins_late_earns_nothing_of_before(
    reserve0: int, reserve1: int, fee: int, trades: list[Sale], max0: int, max1: int
) -> None:
    pool = traded(opened(reserve0, reserve1, fee)[0], trades)
    try:
        pool, shares, *paid = pool.add_liquidity(max0, max1)
    except Reverted:
        return
    now = Position().joined(pool, shares, *paid).performance(pool)
    assert (now.fees0, now.fees1) == (0, 0)
    given_ = Position().received(pool, shares)
    assert 0 <= given_.paid0 - now.amount0 <= 1
    assert 0 <= given_.paid1 - now.amount1 <= 1


@given(reserves, reserves, fees, sales, st.integers(1, 999))
def test_part_of_a_position_takes_its_part_of_cost_and_fees(
    reserve0: int, reserve1: int, fee: int, trades: list[Sale], thousandths: int
) -> None:
    start, position = opened(reserve0, reserve1, fee)
    pool = traded(start, trades)
    shares = position.shares * thousandths // 1_000
    rest = position.left(shares)
    whole, part = position.performance(pool), rest.performance(pool)
    assert abs(part.fees0 * position.shares - whole.fees0 * rest.shares) <= 3 * position.shares
    assert 0 <= rest.paid0 * position.shares - position.paid0 * rest.shares < position.shares
    assert rest.left(rest.shares) == Position()


def test_what_a_position_cannot_do_is_refused() -> None:
    pool, position = opened(10**18, 10**18, 3_000)
    with pytest.raises(reverts.SharesExceedBalance):
        position.left(position.shares + 1)
    with pytest.raises(reverts.NoLiquidity):
        position.performance(Pool())
    with pytest.raises(reverts.NoLiquidity):
        position.joined(Pool(), 1, 1, 1)
    with pytest.raises(ParameterError):
        position.performance(pool, -1)
