"""What a check raises when something that must always hold does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

__all__ = ["Violation", "hold"]

_BARE: Final = re.compile(r"(?<![\w.])\d{5,}(?!\w)")
"""A long number as Python prints it: one that nobody has put into units."""


class Violation(AssertionError):
    """An invariant was violated.

    Attributes:
        invariant: its number in the room's README, such as "L6".
        reason: what was seen, in human units; what has none, such as shares, with commas.
    """

    def __init__(self, invariant: str, reason: str) -> None:
        reason = _BARE.sub(lambda number: f"{int(number[0]):,}", reason)
        super().__init__(f"{invariant}: {reason}")
        self.invariant = invariant
        self.reason = reason


def hold(invariant: str, holds: bool, reason: str | Callable[[], str]) -> None:
    """Raises Violation unless it holds; the reason is told, or worked out, only then."""
    if not holds:
        raise Violation(invariant, reason if isinstance(reason, str) else reason())
