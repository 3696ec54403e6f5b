"""What the client answers when asked what a verb would do."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ..errors import ParameterError
from ..units import Amount, Number, Ratio, Unit
from .pool import Hop, Pool, PoolKey
from .position import Performance, Position

__all__ = [
    "Holding",
    "LiquidityQuote",
    "OneSidedQuote",
    "PurchaseQuote",
    "Quote",
    "Route",
    "WithdrawalQuote",
]


@dataclass(frozen=True, slots=True)
class LiquidityQuote:
    """What a deposit would take and mint at this moment. `a` and `b` are in the order asked."""

    key: PoolKey
    shares: Amount
    """What execution would mint now, to the last one."""

    amount_a: Amount
    amount_b: Amount
    minimum: Amount
    """The fewest shares to accept: `shares` less the slippage, rounded up."""

    slippage: Ratio

    @property
    def price_impact(self) -> Ratio:
        """Nothing: both come in at the pool's ratio, so its price stays."""
        return Ratio(0)


@dataclass(frozen=True, slots=True)
class WithdrawalQuote:
    """What shares would free at this moment. `a` and `b` are in the order asked."""

    key: PoolKey
    shares: Amount
    amount_a: Amount
    """What execution would pay out now, to the last unit; `amount_b` likewise."""

    amount_b: Amount
    minimum_a: Amount
    """The least to accept: `amount_a` less the slippage, rounded up; `minimum_b` likewise."""

    minimum_b: Amount
    slippage: Ratio

    @property
    def price_impact(self) -> Ratio:
        """Nothing: both go out at the pool's ratio, so its price stays."""
        return Ratio(0)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a sale would yield at this moment."""

    sell: Amount
    buy: Amount
    """What execution would pay out now, to the last unit."""

    minimum: Amount
    """The least to accept: `buy` less the slippage, rounded up."""

    slippage: Ratio
    path: tuple[Hop, ...]
    price_impact: Ratio
    """How much less this is than at the price of a tiny sale, fees apart: the size's own cost."""

    fee: Ratio
    """What the pools' fees take along the path."""

    @property
    def price(self) -> Decimal:
        """Bought per sold, in human units."""
        return self.buy.decimal / self.sell.decimal


@dataclass(frozen=True, slots=True)
class PurchaseQuote:
    """What a purchase would cost at this moment."""

    buy: Amount
    sell: Amount
    """What execution would ask for now, to the last unit."""

    maximum: Amount
    """The most to pay: `sell` and the slippage, rounded up."""

    slippage: Ratio
    path: tuple[Hop, ...]
    price_impact: Ratio
    """How much of the cost is more than the price of a tiny sale would ask, fees apart."""

    fee: Ratio
    """What the pools' fees take along the path."""

    @property
    def price(self) -> Decimal:
        """Bought per sold, in human units."""
        return self.buy.decimal / self.sell.decimal


@dataclass(frozen=True, slots=True)
class OneSidedQuote:
    """What a deposit or a withdrawal of one token would mint or free at this moment."""

    key: PoolKey
    shares: Amount
    amount: Amount
    """What would be paid, or paid out."""

    minimum: Amount
    """The fewest shares, or the least of the token, to accept."""

    slippage: Ratio
    price_impact: Ratio
    """How much less comes out than goes in, at the pool's price: the fee and the cost of size."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a sale in parts would yield at this moment, the parts sold one after the other."""

    sell: Amount
    buy: Amount
    """What executing all parts in order would pay out now, to the last unit."""

    minimum: Amount
    """The least that comes out when every part is done: the sum of the parts' minima."""

    slippage: Ratio
    parts: tuple[Quote, ...]
    """In order of execution; each part's figures are those after the parts before it."""

    single: Amount
    """What the best single path would pay out."""

    price_impact: Ratio
    """How much less this is than at the prices of tiny sales along the paths, fees apart."""

    fee: Ratio
    """What the pools' fees take, weighted by what is sold, rounded up."""

    @property
    def price(self) -> Decimal:
        """Bought per sold, in human units."""
        return self.buy.decimal / self.sell.decimal

    @property
    def gain(self) -> Amount:
        """What splitting adds to the best single path."""
        return self.buy - self.single


@dataclass(frozen=True, slots=True)
class Holding:
    """Somebody's shares of a pool, what they cost and what has become of it."""

    key: PoolKey
    shares: Amount
    amount0: Amount
    """What the shares free now, token0; `amount1` likewise."""
    amount1: Amount
    fees0: Amount
    """The part of it that fees have earned, rounded down."""
    fees1: Amount
    paid0: Amount
    """What the shares cost."""
    paid1: Amount
    position: Position
    """The same in base units."""
    pool: Pool
    """The pool as it was seen."""

    def performance(self, price0: Number | None = None, price1: Number = 1) -> Performance:
        """Values at these prices of whole tokens, in any one money: `performance("0.9995", 1_500)`.

        Without prices, in base units of token1 at the pool's own price. ParameterError for floats
        and for prices below zero.
        """
        if price0 is None:
            return self.position.performance(self.pool, None, price1=_fraction(price1))
        return self.position.performance(
            self.pool, _raw(price0, self.amount0.unit), _raw(price1, self.amount1.unit)
        )


def _raw(price: Number, unit: Unit) -> Fraction:
    """The price of one raw unit."""
    return _fraction(price) / Fraction(10**unit.decimals)


def _fraction(price: Number) -> Fraction:
    if isinstance(price, float):
        raise ParameterError(f"price {price!r} is a float", hint=f'write it as text, "{price!r}"')
    return Fraction(price)
