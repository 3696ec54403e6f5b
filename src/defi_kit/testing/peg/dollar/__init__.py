"""Property tests for anybody's dollar, through an adapter. Nothing here needs Hypothesis."""

from __future__ import annotations

from .adapters import AlgoDollar, CashDollar, PegSwapDollar
from .market import DollarAdapter, DollarMarket
from .trial import DollarTrial

__all__ = [
    "AlgoDollar",
    "CashDollar",
    "DollarAdapter",
    "DollarMarket",
    "DollarTrial",
    "PegSwapDollar",
]
