"""What the client answers when asked what a verb would do."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..units import Amount, Ratio
from .pool import Hop, PoolKey

__all__ = ["LiquidityQuote", "Quote"]


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
