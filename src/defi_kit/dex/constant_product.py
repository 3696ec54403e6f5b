"""The curve `x * y = k` in exact integers: the twin of `contracts/dex/ConstantProduct.sol`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Final

from ..math import log2

__all__ = ["MAX_RESERVE", "PIPS", "ConstantProduct"]

PIPS: Final = 1_000_000
"""Scale of fees: 1e6 is 100 %."""
MAX_RESERVE: Final = 2**112 - 1
"""The most a pool holds of one token. [raw units]"""


@dataclass(frozen=True, slots=True)
class ConstantProduct:
    """The curve `reserve0 * reserve1 = k`, with the fee taken from the amount paid in."""

    @property
    def word(self) -> int:
        """The `curve` of a pool's key."""
        return 0

    @property
    def limits(self) -> tuple[int, int]:
        """The most a pool can hold of either token. [raw units]"""
        return MAX_RESERVE, MAX_RESERVE

    def amount_out(
        self, amount_in: int, reserve_in: int, reserve_out: int, fee: int, zero_for_one: bool
    ) -> int:
        """What selling `amount_in` fetches, rounded down; less than `reserve_out`."""
        paid = amount_in * (PIPS - fee)
        return paid * reserve_out // (reserve_in * PIPS + paid)

    def amount_in(
        self, amount_out: int, reserve_in: int, reserve_out: int, fee: int, zero_for_one: bool
    ) -> int:
        """The least sale that fetches `amount_out`, which is less than `reserve_out`."""
        left = (PIPS - fee) * (reserve_out - amount_out)
        return -(-amount_out * reserve_in * PIPS // left)

    def marginal(
        self, amount_in: int, reserve_in: int, reserve_out: int, fee: int, zero_for_one: bool
    ) -> Fraction:
        """What one more unit fetches after `amount_in`, fee taken, without rounding."""
        paid = reserve_in * PIPS + amount_in * (PIPS - fee)
        return Fraction((PIPS - fee) * PIPS * reserve_in * reserve_out, paid * paid)

    def liquidity(self, reserve0: int, reserve1: int) -> int:
        """What a first deposit's shares count: the root of the product, rounded down."""
        return isqrt(reserve0 * reserve1)

    def log_price(self, reserve0: int, reserve1: int) -> int:
        """128 + log2(reserve1 / reserve0). [Q64]"""
        return log2((reserve1 << 143) // reserve0) - (15 << 64)
