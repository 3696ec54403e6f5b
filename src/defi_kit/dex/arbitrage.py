"""Trades that profit from prices which disagree, in exact integers: with a market, or in a circle.

A price is a fraction: `numerator` raw units of token1 for `denominator` raw units of token0. A pool
with a fee has no reason to move while the market stays within its fee band,

    marginal * (1 - fee) <= market <= marginal / (1 - fee),      marginal = reserve1 / reserve0,

because the next unit sold to it would fetch less than it costs. Outside the band the profit of
selling x is largest where the curve's slope, fee included, equals the market's price:

    (reserve_in + (1 - fee) x)^2 = (1 - fee) * reserve_in * reserve_out / price_in,

with `price_in` in units of what comes out per unit of what goes in. That x is a square root away on
the constant product; on any other curve it is found by halving, for the slope only falls. So is the
best sale around a circle of pools, back to the token it began with: where the slopes multiply to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from ..errors import DefiKitError, ParameterError
from ..reverts import ReserveOverflow, ZeroAmount
from ..units import MAX_UINT256
from .checks import check_integer
from .constant_product import ConstantProduct
from .pool import PIPS, Hop, Pool, PoolKey
from .routes import Pools, cost_of, path_keys, yield_of

__all__ = [
    "Arbitrage",
    "Circle",
    "Trade",
    "amount_to_price",
    "best_circle",
    "circle_arbitrage",
    "optimal_arbitrage",
]


@dataclass(frozen=True, slots=True)
class Trade:
    """A sale to a pool."""

    zero_for_one: bool
    """Whether token0 is sold; else token1."""

    amount_in: int
    """[raw units of the token sold]"""

    amount_out: int
    """[raw units of the token bought]"""


@dataclass(frozen=True, slots=True)
class Arbitrage:
    """A trade with the pool, and what is left of it after the opposite trade at the market."""

    trade: Trade

    profit: int
    """Rounded down, above zero. [raw units of token1]"""


@dataclass(frozen=True, slots=True)
class Circle:
    """A sale through pools that ends in the token it began with, and what it brings."""

    path: tuple[Hop, ...]

    amount_in: int
    """[raw units of the token]"""

    amount_out: int
    """More than `amount_in`."""

    @property
    def profit(self) -> int:
        """[raw units of the token]"""
        return self.amount_out - self.amount_in


def amount_to_price(pool: Pool, numerator: int, denominator: int) -> Trade | None:
    """The sale after which the market's price is at the edge of the pool's fee band.

    None where it is inside the band already, or so near its edge that no raw unit would move.
    With a fee of zero the pool ends at the market's price. Pays no raw unit more than needed for
    what it buys. ReserveOverflow where the price is out of the pool's reach, ParameterError for a
    price that is not above zero.

    >>> pool = Pool(10**18, 2_000 * 10**6, supply=10**12, fee=3_000)
    >>> trade = amount_to_price(pool, 1_500 * 10**6, 10**18)
    >>> trade.zero_for_one, trade.amount_in
    (True, 153427468391224171)
    """
    for part in (numerator, denominator):
        check_integer(part, f"price {numerator}/{denominator}:", 1, MAX_UINT256)
    # Selling token0 fetches token1; selling token1 fetches token0 at the inverse price.
    for zero_for_one, price, per in (
        (True, numerator, denominator),
        (False, denominator, numerator),
    ):
        trade = _sale(pool, zero_for_one, price, per)
        if trade is not None:
            return trade
    return None


def _sale(pool: Pool, zero_for_one: bool, price: int, per: int) -> Trade | None:
    """The sale up to where one more unit fetches `price / per`, or None if there is none."""
    if isinstance(pool.curve, ConstantProduct):
        amount = _root(pool, zero_for_one, price, per)
    else:
        amount = _searched(pool, zero_for_one, Fraction(price, per))
    if amount <= 0:
        return None
    try:
        bought = pool.amount_out(amount, zero_for_one)
    except ZeroAmount:
        return None
    # The least that buys as much: what rounding would have given away.
    return Trade(zero_for_one, pool.amount_in(bought, zero_for_one), bought)


def _root(pool: Pool, zero_for_one: bool, price: int, per: int) -> int:
    """The equation above, both sides times PIPS squared."""
    reserve_in, reserve_out = pool.reserve0, pool.reserve1
    if not zero_for_one:
        reserve_in, reserve_out = reserve_out, reserve_in
    kept = PIPS - pool.fee
    target = isqrt(kept * PIPS * reserve_in * reserve_out * per // price)
    return (target - reserve_in * PIPS) // kept


def _searched(pool: Pool, zero_for_one: bool, price: Fraction) -> int:
    """On any curve: the marginal price falls with the amount, so halving finds the place."""
    place = 0 if zero_for_one else 1
    reserve, limit = (pool.reserve0, pool.reserve1)[place], pool.curve.limits[place]
    room = limit - reserve
    if pool.marginal(room, zero_for_one) >= price:
        raise ReserveOverflow(reserve, room + 1, limit)
    return _last(lambda amount: pool.marginal(amount, zero_for_one) >= price, room)


def _last(holds: Callable[[int], bool], limit: int) -> int:
    """The largest amount up to `limit` for which what holds for less still holds; 0 if none."""
    low, high = 0, limit + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def optimal_arbitrage(pool: Pool, numerator: int, denominator: int) -> Arbitrage | None:
    """The trade that earns the most against a market which takes any amount at that price.

    None where no trade earns a whole raw unit of token1. Earns at most one raw unit of the token
    bought and one of the token sold less than the best of all trades: what rounding can cost.
    """
    trade = amount_to_price(pool, numerator, denominator)
    if trade is None:
        return None
    if trade.zero_for_one:
        profit = (trade.amount_out * denominator - trade.amount_in * numerator) // denominator
    else:
        profit = (trade.amount_out * numerator - trade.amount_in * denominator) // denominator
    return Arbitrage(trade, profit) if profit > 0 else None


# --- in a circle ----------------------------------------------------------------------------------


def circle_arbitrage(pools: Pools, token: str, path: Sequence[Hop]) -> Circle | None:
    """The sale of `token` along a path back to it that earns the most; None where none earns.

    Two pools of one pair are the shortest circle. RepeatedPool when a pool comes twice,
    ParameterError when the path ends elsewhere; UnknownPool, EmptyPath, NoLiquidity.

    >>> low, high = (PoolKey("0x" + "0" * 39 + "a", "0x" + "0" * 39 + "b", fee) for fee in (5, 9))
    >>> pools = {low: Pool(10**9, 10**9, 10**9, 5), high: Pool(10**9, 11 * 10**8, 10**9, 9)}
    >>> path = [high.hop(low.token0), low.hop(low.token1)]
    >>> circle_arbitrage(pools, low.token0, path).profit
    1134101
    """
    if path and path[-1].token_out != token:
        raise ParameterError(f"the path ends at {path[-1].token_out}, not at {token}")
    cost_of(pools, token, path, 1)
    keys = path_keys(token, path)
    first = pools[keys[0]]
    place = 0 if token == keys[0].token0 else 1
    room = first.curve.limits[place] - (first.reserve0, first.reserve1)[place]
    amount = _last(lambda amount: _slope(pools, token, keys, amount) >= 1, room)
    try:
        out = yield_of(pools, token, amount, path)
    except DefiKitError:  # so little that some pool would pay nothing for it
        return None
    paid = cost_of(pools, token, path, out)
    return Circle(tuple(path), paid, out) if out > paid else None


def _slope(pools: Pools, token: str, keys: Sequence[PoolKey], amount: int) -> Fraction:
    """What one more unit fetches at the end, rounding apart; 0 when `amount` does not fit."""
    slope = Fraction(1)
    for key in keys:
        pool, zero_for_one = pools[key], token == key.token0
        try:
            out = pool.amount_out(amount, zero_for_one)
        except ZeroAmount:
            out = 0
        except ReserveOverflow:
            return Fraction(0)
        slope *= pool.marginal(amount, zero_for_one)
        token, amount = key.other(token), out
    return slope


def best_circle(pools: Pools, token: str, max_hops: int = 3) -> Circle | None:
    """The circle of at most `max_hops` pools from `token` back to it that earns the most.

    Every one that visits no other token and no pool twice is tried. None where none earns.
    """
    found = (
        circle_arbitrage(pools, token, path)
        for path in _circles([key for key, pool in pools.items() if pool.supply], token, max_hops)
    )
    return max((one for one in found if one), key=lambda circle: circle.profit, default=None)


def _circles(keys: Sequence[PoolKey], token: str, max_hops: int) -> Iterator[tuple[Hop, ...]]:
    def onward(
        at: str, lane: tuple[PoolKey, ...], path: tuple[Hop, ...]
    ) -> Iterator[tuple[Hop, ...]]:
        for key in keys:
            if at not in key.tokens or key in lane:
                continue
            hop = key.hop(at)
            if hop.token_out == token:
                if path:
                    yield (*path, hop)
            elif len(path) + 2 <= max_hops and hop.token_out not in {one.token_out for one in path}:
                yield from onward(hop.token_out, (*lane, key), (*path, hop))

    return onward(token, (), ())
