"""The trade that brings a pool's price to the market's, in exact integers.

A price is a fraction: `numerator` raw units of token1 for `denominator` raw units of token0. A pool
with a fee has no reason to move while the market stays within its fee band,

    marginal * (1 - fee) <= market <= marginal / (1 - fee),      marginal = reserve1 / reserve0,

because the next unit sold to it would fetch less than it costs. Outside the band the profit of
selling x is largest where the curve's slope, fee included, equals the market's price:

    (reserve_in + (1 - fee) x)^2 = (1 - fee) * reserve_in * reserve_out / price_in,

with `price_in` in units of what comes out per unit of what goes in. That x is a square root away.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from ..errors import ParameterError
from ..reverts import ZeroAmount
from .pool import PIPS, ConstantProductPool

__all__ = ["Arbitrage", "Trade", "amount_to_price", "optimal_arbitrage"]


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


def amount_to_price(pool: ConstantProductPool, numerator: int, denominator: int) -> Trade | None:
    """The sale after which the market's price is at the edge of the pool's fee band.

    None where it is inside the band already, or so near its edge that no raw unit would move.
    With a fee of zero the pool ends at the market's price. Pays no raw unit more than needed for
    what it buys. ReserveOverflow where the price is out of the pool's reach, ParameterError for a
    price that is not above zero.

    >>> pool = ConstantProductPool(10**18, 2_000 * 10**6, supply=10**12, fee=3_000)
    >>> trade = amount_to_price(pool, 1_500 * 10**6, 10**18)
    >>> trade.zero_for_one, trade.amount_in
    (True, 153427468391224171)
    """
    if numerator <= 0 or denominator <= 0:
        raise ParameterError(f"price {numerator}/{denominator} is not above zero")
    # Selling token0 fetches token1; selling token1 fetches token0 at the inverse price.
    for zero_for_one, price, per in (
        (True, numerator, denominator),
        (False, denominator, numerator),
    ):
        trade = _sale(pool, zero_for_one, price, per)
        if trade is not None:
            return trade
    return None


def _sale(pool: ConstantProductPool, zero_for_one: bool, price: int, per: int) -> Trade | None:
    """The sale up to where one more unit fetches `price / per`, or None if there is none."""
    reserve_in, reserve_out = pool.reserve0, pool.reserve1
    if not zero_for_one:
        reserve_in, reserve_out = reserve_out, reserve_in
    kept = PIPS - pool.fee
    # Both sides of the equation above times PIPS squared.
    target = isqrt(kept * PIPS * reserve_in * reserve_out * per // price)
    amount = (target - reserve_in * PIPS) // kept
    if amount <= 0:
        return None
    try:
        bought = pool.amount_out(amount, zero_for_one)
    except ZeroAmount:
        return None
    # The least that buys as much: what rounding would have given away.
    paid = -(-bought * reserve_in * PIPS // ((reserve_out - bought) * kept))
    return Trade(zero_for_one, paid, bought)


def optimal_arbitrage(
    pool: ConstantProductPool, numerator: int, denominator: int
) -> Arbitrage | None:
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
