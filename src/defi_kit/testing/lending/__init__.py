"""Property tests for lending markets, ours and anybody's. Nothing here needs Hypothesis."""

from __future__ import annotations

from ..doors import Door
from .adapter import Adapter
from .market import Collateral, FlashLender, LendingMarket, Position, Terms, View
from .trial import LendingTrial

__all__ = [
    "Adapter",
    "Collateral",
    "Door",
    "FlashLender",
    "LendingMarket",
    "LendingTrial",
    "Position",
    "Terms",
    "View",
]
