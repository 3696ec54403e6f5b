"""What anybody may call of a subject, also in the middle of something else."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Door"]


@dataclass(frozen=True, slots=True)
class Door:
    """What anybody may call, and a token that is moved and calls back."""

    name: str
    to: str
    """Which contract it calls."""
    data: bytes
    shows: bool
    """Whether it changes nothing, and answers with a price or with what shares are worth."""
