"""What a check raises when something that must always hold does not."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Violation", "hold"]


class Violation(AssertionError):
    """An invariant was violated.

    Attributes:
        invariant: its number in the room's README, such as "L6".
        reason: what was seen, in human units.
    """

    def __init__(self, invariant: str, reason: str) -> None:
        super().__init__(f"{invariant}: {reason}")
        self.invariant = invariant
        self.reason = reason


def hold(invariant: str, holds: bool, reason: str | Callable[[], str]) -> None:
    """Raises Violation unless it holds; the reason is told, or worked out, only then."""
    if not holds:
        raise Violation(invariant, reason if isinstance(reason, str) else reason())
