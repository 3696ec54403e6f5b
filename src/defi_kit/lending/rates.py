"""What borrowing costs. Twin of `contracts/lending/KinkedRate.sol` and `AdaptiveRate.sol`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final, Self

from ..errors import ParameterError
from ..units import WAD, Number, Rate, Ratio, check_uint256
from .interest import RAY, exp_down

__all__ = ["AdaptiveRate", "KinkedRate", "RateModel", "utilisation"]

MAX_RATE: Final = 2**40 - 1
"""Highest rate a pool can store, 3,467 % a year. [wad per second]"""

MAX_SPEED: Final = 2**48 - 1
"""About 8,900 a year. [wad per second]"""
MAX_DRIFT: Final = 10 * RAY
ERROR_UNITS: Final = 10**6
"""Errors are counted in millionths, rounded down."""
YEAR: Final = 31_536_000
"""[seconds]"""


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

    @property
    def curve(self) -> KinkedRate:
        """Itself: what every rate model has."""
        return self

    def exponent(self, rate: int, drift: int, elapsed: int) -> tuple[int, int]:
        """Interest of `elapsed` seconds at `rate` on the curve [ray], and the drift after them."""
        return rate * elapsed * 10**9, drift

    def in_force(self, rate: int, drift: int) -> int:
        """What borrowers pay while the curve says `rate`. [wad per second]"""
        return rate


@dataclass(frozen=True, slots=True)
class AdaptiveRate:
    """A kinked curve whose rates drift towards the utilisation at its kink: up while more is lent,
    down while less. All rates are times exp(drift).

    >>> model = AdaptiveRate.annual("4%", target="90%", lowest="0.1%", highest="200%")
    >>> exponent, drift = model.exponent(model.curve.at_full, 0, 86_400)
    >>> str(Rate(model.in_force(model.curve.at_kink, drift)))[:5]
    '4.587'
    """

    curve: KinkedRate
    """The rates at a drift of 0. Its kink is the target; it rises on both sides of it."""
    speed: int
    """That the drift moves with while all or nothing is lent. [wad per second]"""
    fall: int
    """Most that the drift falls below 0, at most 10. [ray]"""
    rise: int
    """Most that the drift rises above 0, at most 10. [ray]"""

    def __post_init__(self) -> None:
        if not (0 <= self.fall <= MAX_DRIFT and 0 <= self.rise <= MAX_DRIFT):
            raise ParameterError(
                f"the rates may fall by exp(-{self.fall / RAY}) and rise by exp({self.rise / RAY})",
                hint="at most by exp(10), 22,026-fold, each way",
            )
        if not 0 < self.speed <= MAX_SPEED:
            raise ParameterError(
                f"the speed {self.speed} is not from 1 to {MAX_SPEED}",
                hint="a curve that stays is a KinkedRate; 50 a year is usual",
            )
        if not self.curve.at_zero < self.curve.at_kink < self.curve.at_full:
            raise ParameterError("an adapting curve must rise on both sides of its kink")

    @classmethod
    def annual(
        cls,
        at_target: Number | Ratio,
        *,
        target: Number | Ratio,
        lowest: Number | Ratio,
        highest: Number | Ratio,
        steepness: int = 4,
        speed: int = 50,
    ) -> Self:
        """From the yearly rate at the target utilisation to begin with, the lowest and the highest
        that it may drift to, how often that rate all lent costs (and nothing lent a part of), and
        how fast its logarithm moves while all is lent [per year]. Both are whole numbers from 1."""
        for name, value in (("steepness", steepness), ("speed", speed)):
            if check_uint256(value, name) == 0:
                raise ParameterError(f"a {name} of 0", hint="a curve that stays is a KinkedRate")
        centre, low, high = (Rate.annual(r).per_second_wad for r in (at_target, lowest, highest))
        if not 0 < low <= centre <= high:
            raise ParameterError(
                f"{lowest}, {at_target} and {highest} are not in ascending order above zero"
            )
        curve = KinkedRate(centre // steepness, centre, centre * steepness, Ratio.parse(target).wad)
        fall, rise = _logarithm(centre, low), _logarithm(high, centre)
        return cls(curve, speed * WAD // YEAR, fall, rise)

    @property
    def at_zero(self) -> int:
        """Rate when nothing is lent, at a drift of 0. [wad per second]"""
        return self.curve.at_zero

    def rate(self, utilisation: int) -> int:
        """The curve's rate at `utilisation` [wad], at a drift of 0. [wad per second]"""
        return self.curve.rate(utilisation)

    def exponent(self, rate: int, drift: int, elapsed: int) -> tuple[int, int]:
        """Interest of `elapsed` seconds at `rate` on the curve [ray], and the drift after them."""
        pace = self._pace_down(rate)
        bound = -self.fall if rate < self.curve.at_kink else self.rise
        path = pace * elapsed
        moved = min(path, abs(bound - drift))
        after = drift + moved if bound > drift else drift - moved
        factor = exp(after)
        if pace == 0:
            total = factor * elapsed
        else:
            total = (abs(exp(drift) - factor) * RAY + factor * (path - moved)) // pace
        return rate * total // WAD, after

    def in_force(self, rate: int, drift: int) -> int:
        """What borrowers pay while the curve says `rate`. [wad per second]"""
        return rate * exp(drift) // RAY

    def _pace_down(self, rate: int) -> int:
        """How fast the drift moves at `rate` on the curve. [ray per second]"""
        curve = self.curve
        if rate < curve.at_kink:
            part = (curve.at_kink - rate) * ERROR_UNITS // (curve.at_kink - curve.at_zero)
        else:
            part = (rate - curve.at_kink) * ERROR_UNITS // (curve.at_full - curve.at_kink)
        return part * self.speed * 10**9 // ERROR_UNITS


RateModel = KinkedRate | AdaptiveRate
"""What a pool's rate follows: both have `curve`, `rate`, `exponent` and `in_force`."""


def exp(drift: int) -> int:
    """e^drift for drifts from -10 to 10. [ray]"""
    return RAY * RAY // exp_down(-drift) if drift < 0 else exp_down(drift)


def _logarithm(high: int, low: int) -> int:
    """ln(high / low). [ray]"""
    with localcontext() as context:
        context.prec = 50
        return int((Decimal(high) / Decimal(low)).ln() * RAY)


def utilisation(debt: int, cash: int) -> int:
    """Part of the pool's assets that is lent, rounded down. [wad]"""
    return debt * WAD // (debt + cash) if debt else 0
