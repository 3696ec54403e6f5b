"""Oracles: one question, one answer or a refusal."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import FeedOracle, ScriptedFeed
    from .feed import PRICE_SCALE, FeedPrice, Leg, Round, human_price
    from .scripted import Script

__all__ = [
    "PRICE_SCALE",
    "FeedOracle",
    "FeedPrice",
    "Leg",
    "Round",
    "Script",
    "ScriptedFeed",
    "human_price",
]

_HOMES = {"FeedOracle": "client", "ScriptedFeed": "client", "Script": "scripted"}


def __getattr__(name: str) -> Any:
    # Imported when first used: a twin must not pay for a chain.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES.get(name, 'feed')}", __name__), name)
    globals()[name] = value
    return value
