"""Twin of TwapOracle: the geometric mean of a pool's price over time, in integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..math import exp2
from ..reverts import (
    InvalidWindow,
    PriceTooSmall,
    QuietPool,
    TooLittleLiquidity,
    WindowTooLong,
)
from .feed import PRICE_SCALE

__all__ = ["Reading", "TwapPrice"]

ZERO_LOG: Final = 128 << 64
"""Stands for the logarithm of one. [Q64]"""


@dataclass(frozen=True, slots=True)
class Reading:
    """A pool's logarithm of the price, summed over all seconds up to a moment."""

    cumulative: int
    """128 + log2(reserve1 / reserve0), times seconds. [Q64]"""
    at: int
    """[unix seconds]"""


@dataclass(frozen=True, slots=True)
class TwapPrice:
    """A pool, the window over which its price is averaged, and what of it is trusted.

    Raises InvalidWindow where one of the terms is zero.

    >>> oracle = TwapPrice(7, False, window=600, max_age=300, min_liquidity=1)
    >>> level = 130 << 64  # token0 is worth four of token1
    >>> past, present = Reading(0, 1_000), Reading(level * 600, 1_600)
    >>> oracle.price(past, present, updated_at=1_500, liquidity=5) == 4 * 10**36
    True
    """

    pool_id: int
    inverse: bool
    """False: the price of token0 in token1; True: of token1 in token0."""
    window: int
    """The mean is over at least this time. [seconds]"""
    max_age: int
    """The pool changed no longer ago, and the mean begins no further before the window."""
    min_liquidity: int
    """[liquidity shares]"""

    def __post_init__(self) -> None:
        if not (self.window and self.max_age and self.min_liquidity):
            raise InvalidWindow(self.window, self.max_age, self.min_liquidity)

    def price(self, past: Reading, present: Reading, *, updated_at: int, liquidity: int) -> int:
        """The price [1e36] from the readings of the window's start and of now.

        `updated_at` is the pool's latest change [unix seconds], `liquidity` its shares.
        TooLittleLiquidity, QuietPool, WindowTooLong, PriceTooSmall.
        """
        now, wanted = present.at, present.at - self.window
        if liquidity < self.min_liquidity:
            raise TooLittleLiquidity(self.pool_id, liquidity, self.min_liquidity)
        if now - updated_at > self.max_age:
            raise QuietPool(self.pool_id, updated_at, self.max_age, now)
        if wanted - past.at > self.max_age:
            raise WindowTooLong(self.pool_id, past.at, self.max_age, wanted)
        mean = (present.cumulative - past.cumulative) // (now - past.at)
        price = power(2 * ZERO_LOG - mean if self.inverse else mean)
        if not price:
            raise PriceTooSmall(self.pool_id, mean)
        return price


def power(x: int) -> int:
    """2**(x - 128) as a price, rounded down; x from 0 to below 256. [Q64 to 1e36]

    >>> power(ZERO_LOG) == PRICE_SCALE
    True
    """
    return PRICE_SCALE * exp2(x % (1 << 64)) >> (255 - (x >> 64))
