"""What a check raises when something that must always hold does not."""

from __future__ import annotations

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


def hold(invariant: str, holds: bool, reason: str) -> None:
    """Raises Violation unless it holds."""
    if not holds:
        raise Violation(invariant, reason)
