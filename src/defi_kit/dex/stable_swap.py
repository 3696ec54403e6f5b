"""The StableSwap curve of two assets in exact integers: the twin of `contracts/dex/StableSwap.sol`.

With reserves x and y in one common unit, amplification A and a = 2A, the invariant D is the root of

    4xy * (a(x + y) - (a - 1)D) = D^3

(Egorov: StableSwap, 2019, for n = 2 and in the convention of Curve's pools, `Ann` = a). The left
side falls and the right one grows with D, so there is one root D*, at most x + y. Two integers are
all a pool needs, and both are defined exactly, not as the place where an iteration stops:

    invariant(x, y)  the smallest integer D that is at least D*(x, y)
    reserve(x, D)    the smallest integer y with D*(x, y) >= D

So a trade which leaves the other reserve at `reserve(x + paid, invariant(x, y))` never lowers D*,
and no smaller reserve would do. Reserves are brought to one unit by whole powers of ten, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import asinh, isqrt, sinh, sqrt
from typing import Final, Self

from ..math import log2
from .checks import check_integer
from .constant_product import MAX_RESERVE, PIPS

__all__ = ["MAX_AMPLIFICATION", "MAX_DECIMALS", "StableSwap"]

MAX_AMPLIFICATION: Final = 1_000_000
"""The highest amplification, in Curve's convention."""
MAX_DECIMALS: Final = 24
"""The most decimals a token of such a pool may have."""
TOO_MUCH: Final = 2**256 - 1
"""What a purchase costs that no pool could be paid for."""


@dataclass(frozen=True, slots=True)
class StableSwap:
    """One curve: how flat it is, and the decimals of the two tokens. ParameterError."""

    amplification: int
    """A in Curve's convention, 1 to 1,000,000: the higher, the flatter."""

    decimals0: int
    """Of token0, 0 to 24."""

    decimals1: int

    scale0: int = field(init=False, repr=False, compare=False)
    """Common units in one raw unit of token0; 1 for the token of more decimals."""

    scale1: int = field(init=False, repr=False, compare=False)

    limits: tuple[int, int] = field(init=False, repr=False, compare=False)
    """The most a pool can hold of either token: 112 bits in common units. [raw units]"""

    def __post_init__(self) -> None:
        hint = "stable pools use 50 to 2,000"
        check_integer(self.amplification, "amplification", 1, MAX_AMPLIFICATION, hint=hint)
        check_integer(self.decimals0, "decimals", 0, MAX_DECIMALS)
        check_integer(self.decimals1, "decimals", 0, MAX_DECIMALS)
        most = max(self.decimals0, self.decimals1)
        object.__setattr__(self, "scale0", 10 ** (most - self.decimals0))
        object.__setattr__(self, "scale1", 10 ** (most - self.decimals1))
        object.__setattr__(self, "limits", (MAX_RESERVE // self.scale0, MAX_RESERVE // self.scale1))

    @property
    def word(self) -> int:
        """The `curve` of a pool's key."""
        return self.amplification << 16 | self.decimals0 << 8 | self.decimals1

    @classmethod
    def parse(cls, word: int) -> Self:
        """The curve that a key's `curve` names. ParameterError."""
        return cls(word >> 16, word >> 8 & 0xFF, word & 0xFF)

    # --- the invariant, in common units -----------------------------------------------------------

    def invariant(self, x: int, y: int) -> int:
        """The smallest integer that is at least D*(x, y); both reserves are above zero.

        >>> StableSwap(100, 18, 18).invariant(10**6, 10**6)
        2000000
        """
        return _least_invariant(2 * self.amplification, x + y, x * y)

    def invariant_down(self, x: int, y: int) -> int:
        """The largest integer that is at most D*(x, y)."""
        d = self.invariant(x, y)
        return d if self.holds(x, y, d) else d - 1

    def holds(self, x: int, y: int, d: int) -> bool:
        """Whether D*(x, y) >= d."""
        a, four = 2 * self.amplification, 4 * x * y
        return d * (d * d + (a - 1) * four) <= a * (x + y) * four

    def reserve(self, x: int, d: int) -> int:
        """The smallest integer y with D*(x, y) >= d, in closed form; both arguments above zero.

        y is a root of a quadratic with x given, and an integer is at least a root exactly when its
        square is at least the integer above what is under it.
        """
        a = 2 * self.amplification
        b = a * x - (a - 1) * d
        under = b * b - (-a * d * d * d // x)
        return -((b - isqrt(under - 1) - 1) // (2 * a))

    def price(self, x: int, y: int, d: int) -> Fraction:
        """-dy/dx along the curve: what the next bit of x fetches, without fee and rounding."""
        a = 2 * self.amplification
        k = a * (x + y) - (a - 1) * d
        return Fraction(y * (a * x + k), x * (a * y + k))

    # --- trades, in raw units ---------------------------------------------------------------------

    def amount_out(
        self, amount_in: int, reserve_in: int, reserve_out: int, fee: int, zero_for_one: bool
    ) -> int:
        """What selling `amount_in` fetches, rounded down; less than `reserve_out`."""
        into, out = self._scales(zero_for_one)
        x, y = reserve_in * into, reserve_out * out
        paid = amount_in * into * (PIPS - fee) // PIPS
        # Below zero when so little comes in that rounding D up weighs more.
        left = self.reserve(x + paid, _least_invariant(2 * self.amplification, x + y, x * y))
        return (y - left) // out if y > left else 0

    def amount_in(
        self, amount_out: int, reserve_in: int, reserve_out: int, fee: int, zero_for_one: bool
    ) -> int:
        """The least sale that fetches `amount_out`, which is less than `reserve_out`.

        2**256 - 1 when no pool could hold so much.
        """
        into, out = self._scales(zero_for_one)
        x, y = reserve_in * into, reserve_out * out
        needed = self.reserve(y - amount_out * out, self.invariant(x, y))
        if needed > MAX_RESERVE:
            return TOO_MUCH
        return -(-(needed - x) * PIPS // ((PIPS - fee) * into))

    def marginal(
        self, amount_in: int, reserve_in: int, reserve_out: int, fee: int, zero_for_one: bool
    ) -> Fraction:
        """What one more unit fetches after `amount_in`, fee taken, without rounding the price."""
        into, out = self._scales(zero_for_one)
        x, y = reserve_in * into, reserve_out * out
        d = self.invariant(x, y)
        if amount_in:
            x += amount_in * into * (PIPS - fee) // PIPS
            y = self.reserve(x, d)
        return self.price(x, y, d) * Fraction((PIPS - fee) * into, PIPS * out)

    def liquidity(self, reserve0: int, reserve1: int) -> int:
        """What a first deposit's shares count: D in common units, rounded down."""
        if not reserve0 or not reserve1:
            return 0
        return self.invariant_down(reserve0 * self.scale0, reserve1 * self.scale1)

    def log_price(self, reserve0: int, reserve1: int) -> int:
        """128 + log2 of the marginal price of token0 in token1, both in raw units. [Q64]"""
        x, y = reserve0 * self.scale0, reserve1 * self.scale1
        a = 2 * self.amplification
        total = x + y
        k = a * total - (a - 1) * _least_invariant(a, total, x * y)
        return log2((reserve1 * (a * x + k) << 143) // (reserve0 * (a * y + k))) - (15 << 64)

    def _scales(self, zero_for_one: bool) -> tuple[int, int]:
        return (self.scale0, self.scale1) if zero_for_one else (self.scale1, self.scale0)


@lru_cache(maxsize=16)
def _least_invariant(a: int, total: int, product: int) -> int:
    """The smallest integer that is at least D* of two reserves with this sum and this product.

    Remembered, because a trade and the price before it, or many quotes, are of the same reserves.
    """
    # D^3 + linear * D = constant, both coefficients times 4xy.
    linear = 4 * (a - 1) * product
    constant = 4 * a * total * product
    # A good guess is the real root in floats. How good does not matter: on a convex function
    # Newton's first step leads above the root from anywhere, and the others down to it.
    root = sqrt(linear / 3)
    d = int(2 * root * sinh(asinh(1.5 * constant / linear / root) / 3))
    while True:
        square = d * d
        d = -(-(2 * d * square + constant) // (3 * square + linear))
        below = d - 1
        if below * (below * below + linear) < constant:
            return d
        d = below  # not below the root either, and from an integer above it no step leads up
