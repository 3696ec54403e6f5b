"""What the client answers when asked what a verb would do."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..units import Amount, Ratio
from .pool import Hop, PoolKey

__all__ = ["LiquidityQuote", "Quote", "Route"]


@dataclass(frozen=True, slots=True)
class LiquidityQuote:
    """What a deposit would take and mint, or what shares would free, at this moment."""

    key: PoolKey
    shares: Amount
    amount_a: Amount
    amount_b: Amount


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
