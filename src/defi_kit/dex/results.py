"""What the client's verbs return: what happened, in human amounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ..chain import Receipt
from ..units import Amount
from .pool import Hop, PoolKey

__all__ = [
    "Collected",
    "FlashLoaned",
    "LiquidityAdded",
    "LiquidityRemoved",
    "Observed",
    "OneSidedAdded",
    "OneSidedRemoved",
    "PoolCreated",
    "Routed",
    "SharesMoved",
    "Skimmed",
    "Swapped",
]


@dataclass(frozen=True, slots=True)
class PoolCreated:
    """A pool was opened; it has no liquidity yet."""

    key: PoolKey
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class LiquidityAdded:
    """Both amounts went in, the shares came out. `a` and `b` are in the order of the call."""

    key: PoolKey
    shares: Amount
    amount_a: Amount
    amount_b: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class LiquidityRemoved:
    """The shares are gone, both amounts came out. `a` and `b` are in the order of the call."""

    key: PoolKey
    shares: Amount
    amount_a: Amount
    amount_b: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class SharesMoved:
    """Liquidity shares changed hands."""

    sender: str
    to: str
    shares: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Swapped:
    """A sale that happened."""

    sold: Amount
    bought: Amount
    to: str
    path: tuple[Hop, ...]
    receipt: Receipt = field(repr=False)

    @property
    def price(self) -> Decimal:
        """Bought per sold, in human units."""
        return self.bought.decimal / self.sold.decimal


@dataclass(frozen=True, slots=True)
class Routed:
    """A sale in parts that happened."""

    sold: Amount
    bought: Amount
    to: str
    parts: tuple[Swapped, ...]

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """One of each part, in order."""
        return tuple(part.receipt for part in self.parts)


@dataclass(frozen=True, slots=True)
class Skimmed:
    """Tokens that belonged to nobody went to somebody."""

    amount: Amount
    to: str
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class OneSidedAdded:
    """One token went in, the shares came out."""

    key: PoolKey
    shares: Amount
    paid: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class OneSidedRemoved:
    """The shares are gone, one token came out."""

    key: PoolKey
    shares: Amount
    freed: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class FlashLoaned:
    """A contract had tokens of the Exchange for the length of one call."""

    receiver: str
    amount: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Collected:
    """The protocol's part of the fees went to its recipient."""

    amount: Amount
    to: str
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Observed:
    """A reading of a pool's accumulated price, and when it was true."""

    cumulative: int
    """128 + log2 of the price of token0 in token1 (raw units), summed over seconds. [Q64]"""
    at: int
    """[unix seconds]"""
