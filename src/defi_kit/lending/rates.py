"""What borrowing costs. Twin of `contracts/lending/KinkedRate.sol`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from ..errors import ParameterError
from ..units import WAD, Number, Rate, Ratio

__all__ = ["KinkedRate", "utilisation"]

MAX_RATE: Final = 2**40 - 1
"""Highest rate a pool can store, 3,467 % a year. [wad per second]"""


@dataclass(frozen=True, slots=True)
class KinkedRate:
    """A borrow rate that rises with utilisation along two lines that meet at the kink.

    >>> curve = KinkedRate.annual("0%", "4%", "75%", kink="90%")
    >>> str(Rate(curve.rate(9 * 10**17)))[:4]
    '3.99'
    """

    at_zero: int
    """Rate when nothing is lent. [wad per second]"""
    at_kink: int
    """Rate at the kink. [wad per second]"""
    at_full: int
    """Rate when everything is lent. [wad per second]"""
    kink: int
    """Utilisation at which the slope changes, strictly between 0 and 1. [wad]"""

    def __post_init__(self) -> None:
        if not 0 <= self.at_zero <= self.at_kink <= self.at_full <= MAX_RATE:
            raise ParameterError(
                f"the rates {self.at_zero}, {self.at_kink}, {self.at_full} fall somewhere or pass "
                f"{MAX_RATE}",
                hint="give them in ascending order, at most 3,467 % a year",
            )
        if not 0 < self.kink < WAD:
            raise ParameterError(f"the kink {Ratio(self.kink)} is not between 0 and 100%")

    @classmethod
    def annual(
        cls,
        at_zero: Number | Ratio,
        at_kink: Number | Ratio,
        at_full: Number | Ratio,
        *,
        kink: Number | Ratio,
    ) -> Self:
        """From simple yearly rates, `"4%"`, and the kink's utilisation, `"90%"`."""
        return cls(
            Rate.annual(at_zero).per_second_wad,
            Rate.annual(at_kink).per_second_wad,
            Rate.annual(at_full).per_second_wad,
            Ratio.parse(kink).wad,
        )

    def rate(self, utilisation: int) -> int:
        """The rate at `utilisation` from 0 to 1 [wad], rounded down. [wad per second]"""
        kink = self.kink
        if utilisation <= kink:
            return self.at_zero + (self.at_kink - self.at_zero) * utilisation // kink
        rise = self.at_full - self.at_kink
        return self.at_kink + rise * (utilisation - kink) // (WAD - kink)


def utilisation(debt: int, cash: int) -> int:
    """Part of the pool's assets that is lent, rounded down. [wad]"""
    return debt * WAD // (debt + cash) if debt else 0
