"""The arbitrageur's trade: to the edge of the fee band, and the best there is."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit.dex.arbitrage import Trade, amount_to_price, best_circle, optimal_arbitrage
from defi_kit.dex.curves import curve_of
from defi_kit.dex.pool import PIPS, Pool, PoolKey
from defi_kit.dex.routes import yield_of
from defi_kit.dex.stable_swap import StableSwap
from defi_kit.errors import ParameterError, Reverted
from dex.strategies import FEES, magnitudes

FINE = magnitudes(10**12, 2**90)
"""Reserves in which one raw unit is far below any fee."""
MOVES = st.fractions(Fraction(1, 50), 50)


def marginal(pool: Pool) -> Fraction:
    return Fraction(pool.reserve1, pool.reserve0)


def profit(pool: Pool, trade: Trade, price: Fraction) -> Fraction:
    """In raw units of token1, when the other leg happens at `price`."""
    if trade.zero_for_one:
        return trade.amount_out - trade.amount_in * price
    return trade.amount_out * price - trade.amount_in


@given(FINE, FINE, st.sampled_from(FEES), MOVES)
def test_the_trade_ends_at_the_edge_of_the_fee_band(
    reserve0: int, reserve1: int, fee: int, move: Fraction
) -> None:
    pool = Pool(reserve0, reserve1, 10**6, fee)
    target = marginal(pool) * move
    kept = Fraction(PIPS - fee, PIPS)
    trade = amount_to_price(pool, target.numerator, target.denominator)
    if trade is None:
        assert kept * (1 - Fraction(1, 10**5)) <= move <= (1 + Fraction(1, 10**5)) / kept
        return
    assert trade.zero_for_one == (move < 1)
    after = pool.swap_exact_in(trade.amount_in, trade.zero_for_one).pool
    edge = target / kept if trade.zero_for_one else target * kept
    # The edge is where one more unit neither wins nor loses; the fee itself moves the pool too.
    reached = _slope(pool, trade)
    assert abs(reached / edge - 1) < Fraction(1, 10**5)
    assert amount_to_price(after, target.numerator, target.denominator) is None or (
        _small(after, target)
    )


def _slope(pool: Pool, trade: Trade) -> Fraction:
    """Marginal price on the curve at the end of the trade, in token1 per token0, before the fee."""
    into, out = (pool.reserve0, pool.reserve1)[:: 1 if trade.zero_for_one else -1]
    paid = into + Fraction(trade.amount_in * (PIPS - pool.fee), PIPS)
    price = Fraction(into * out) / paid**2
    return price if trade.zero_for_one else 1 / price


def _small(pool: Pool, target: Fraction) -> bool:
    """A second trade is only what rounding left over."""
    trade = amount_to_price(pool, target.numerator, target.denominator)
    assert trade is not None
    reserve = pool.reserve0 if trade.zero_for_one else pool.reserve1
    return trade.amount_in * 10**5 < reserve


@given(FINE, FINE, st.sampled_from(FEES), MOVES, st.fractions(0, 3))
def test_no_other_trade_earns_more(
    reserve0: int, reserve1: int, fee: int, move: Fraction, share: Fraction
) -> None:
    pool = Pool(reserve0, reserve1, 10**6, fee)
    price = marginal(pool) * move
    best = amount_to_price(pool, price.numerator, price.denominator)
    most = profit(pool, best, price) if best else Fraction(0)
    size = best.amount_in if best else min(reserve0, reserve1)
    for way in (True, False):
        amount = int(size * share)
        try:
            other = Trade(way, amount, pool.amount_out(amount, way))
        except Reverted:
            continue
        assert profit(pool, other, price) <= most + _slack(price)


def _slack(price: Fraction) -> Fraction:
    """One raw unit of either token: what rounding can cost. [raw units of token1]"""
    return 1 + price


@pytest.mark.parametrize("fee", [0, 3_000, 100_000])
@pytest.mark.parametrize(
    ("reserve0", "reserve1"), [(50, 60), (7, 300), (300, 7), (1, 40), (90, 90)]
)
def test_in_small_pools_it_is_the_best_of_all_trades(
    reserve0: int, reserve1: int, fee: int
) -> None:
    pool = Pool(reserve0, reserve1, 10, fee)
    for numerator in (1, 2, 5, 11, 40):
        for denominator in (1, 3, 17):
            price = Fraction(numerator, denominator)
            every = [
                Trade(way, amount, out)
                for way in (True, False)
                for amount in range(1, 700)
                if (out := _sold(pool, amount, way))
            ]
            best = max((profit(pool, trade, price) for trade in every), default=Fraction(0))
            found = optimal_arbitrage(pool, numerator, denominator)
            earned = profit(pool, found.trade, price) if found else Fraction(0)
            assert earned >= max(Fraction(0), best) - _slack(price)
            if found:
                assert found.trade in every
                assert found.profit == earned // 1 > 0


def _sold(pool: Pool, amount: int, way: bool) -> int:
    try:
        return pool.amount_out(amount, way)
    except Reverted:
        return 0


@given(FINE, FINE, st.sampled_from(FEES), MOVES)
def test_it_pays_no_more_than_what_it_buys_costs(
    reserve0: int, reserve1: int, fee: int, move: Fraction
) -> None:
    pool = Pool(reserve0, reserve1, 10**6, fee)
    price = marginal(pool) * move
    trade = amount_to_price(pool, price.numerator, price.denominator)
    if trade is not None:
        assert pool.amount_out(trade.amount_in, trade.zero_for_one) == trade.amount_out
        assert _sold(pool, trade.amount_in - 1, trade.zero_for_one) < trade.amount_out


def test_inside_the_band_there_is_nothing_to_do() -> None:
    pool = Pool(10**18, 10**18, 10**18, 3_000)
    assert amount_to_price(pool, 1_002, 1_000) is None
    assert optimal_arbitrage(pool, 1_002, 1_000) is None
    assert amount_to_price(pool, 1_004, 1_000) is not None


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 1), (1, 0), (-1, 1)])
def test_a_price_that_is_none_is_refused(numerator: int, denominator: int) -> None:
    with pytest.raises(ParameterError):
        amount_to_price(Pool(10, 10, 10), numerator, denominator)


# --- other curves, and circles --------------------------------------------------------------------


@given(
    st.sampled_from([1, 100, 2_000]),
    magnitudes(10**12, 2**80),
    st.fractions(Fraction(1, 20), 20),
    st.sampled_from(FEES),
    MOVES,
    st.fractions(0, 3),
)
def test_on_a_stable_pool_no_other_trade_earns_more(
    amplification: int, reserve: int, skew: Fraction, fee: int, move: Fraction, share: Fraction
) -> None:
    curve = StableSwap(amplification, 18, 18)
    pool = Pool(reserve, int(reserve * skew), 10**6, fee, curve=curve)
    price = pool.marginal(0, True) * PIPS / (PIPS - fee) * move
    best = amount_to_price(pool, price.numerator, price.denominator)
    most = profit(pool, best, price) if best else Fraction(0)
    size = best.amount_in if best else reserve // 10
    for way in (True, False):
        amount = int(size * share)
        out = _sold(pool, amount, way)
        if out:
            assert profit(pool, Trade(way, amount, out), price) <= most + 3 * _slack(price)


@given(
    st.tuples(FINE, FINE, FINE),
    st.fractions(Fraction(1, 3), 3),
    st.sampled_from([0, 100]),
    st.fractions(0, 3),
)
def test_the_best_circle_earns_most(
    reserves: tuple[int, int, int], move: Fraction, amplification: int, share: Fraction
) -> None:
    tokens = ["0x" + "0" * 39 + digit for digit in "123"]
    curve = StableSwap(amplification, 18, 18).word if amplification else 0
    keys = [PoolKey(tokens[0], tokens[1], 500, curve), PoolKey(tokens[0], tokens[1], 3_000)]
    pools = {
        keys[0]: Pool(reserves[0], reserves[0], 10**3, 500, curve=curve_of(curve)),
        keys[1]: Pool(reserves[1], int(reserves[1] * move) + 1, 10**3, 3_000),
    }
    found = best_circle(pools, tokens[0])
    most = found.profit if found else 0
    for path in (keys, keys[::-1]):
        hops = [path[0].hop(tokens[0]), path[1].hop(tokens[1])]
        amount = int((found.amount_in if found else reserves[2]) * share)
        try:
            assert yield_of(pools, tokens[0], amount, hops) - amount <= most + 10
        except Reverted:
            continue
    if found:
        assert yield_of(pools, tokens[0], found.amount_in, found.path) == found.amount_out
        assert found.profit > 0


@pytest.mark.parametrize("words", [(0, 0), (20, 0), (20, 200)])
@pytest.mark.parametrize(("reserves0", "reserves1"), [((90, 60), (70, 200)), ((300, 40), (25, 90))])
def test_in_small_pools_no_sale_round_a_circle_earns_more(
    words: tuple[int, int], reserves0: tuple[int, int], reserves1: tuple[int, int]
) -> None:
    """Every amount is tried; rounding can cost a unit in each pool."""
    tokens = ["0x" + "0" * 39 + digit for digit in "12"]
    pools = {}
    for fee, amplification, reserves in zip((0, 500), words, (reserves0, reserves1), strict=True):
        word = StableSwap(amplification, 6, 6).word if amplification else 0
        key = PoolKey(tokens[0], tokens[1], fee, word)
        pools[key] = Pool(*reserves, 10, fee, curve=curve_of(word))
    found = best_circle(pools, tokens[0])
    earned = found.profit if found else 0
    first, second = pools
    for ways in ((first, second), (second, first)):
        hops = [ways[0].hop(tokens[0]), ways[1].hop(tokens[1])]
        for amount in range(1, 600):
            try:
                assert yield_of(pools, tokens[0], amount, hops) - amount <= earned + 2
            except Reverted:
                continue
