"""Twin of GuardedOracle: the price of one source, as long as another agrees, in integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..reverts import InvalidDeviation, PricesDisagree, SameOracle, ZeroPrice
from ..units import WAD

__all__ = ["GuardedPrice"]

_MOST: Final = WAD - 1


@dataclass(frozen=True, slots=True)
class GuardedPrice:
    """Two oracles, by address, and how far their prices may lie apart.

    Raises SameOracle, and InvalidDeviation for a deviation of nothing, or of 100 % or more.

    >>> GuardedPrice("0xA", "0xB", 10**16).price(100, 101)
    100
    """

    primary: str
    """Whose price is answered."""
    guard: str
    """Who must agree with it."""
    max_deviation: int
    """As a part of the lower price. [wad]"""

    def __post_init__(self) -> None:
        if self.primary == self.guard:
            raise SameOracle(self.guard)
        if not 1 <= self.max_deviation <= _MOST:
            raise InvalidDeviation(self.max_deviation)

    def price(self, primary: int, guard: int) -> int:
        """The first of the two prices [1e36]. ZeroPrice, PricesDisagree."""
        for oracle, answer in ((self.primary, primary), (self.guard, guard)):
            if not answer:
                raise ZeroPrice(oracle)
        if abs(primary - guard) * WAD > min(primary, guard) * self.max_deviation:
            raise PricesDisagree(primary, guard, self.max_deviation)
        return primary
