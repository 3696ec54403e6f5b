"""Property tests for exchanges: ours, exactly, and anybody's pool of two tokens. Nothing here needs
Hypothesis."""

from __future__ import annotations

from .adapters import ExchangePair, UniswapV2Pair
from .market import Door, PairAdapter, PairMarket
from .pair_trial import PairTrial
from .trial import ExchangeTrial
from .world import World

__all__ = [
    "Door",
    "ExchangePair",
    "ExchangeTrial",
    "PairAdapter",
    "PairMarket",
    "PairTrial",
    "UniswapV2Pair",
    "World",
]
