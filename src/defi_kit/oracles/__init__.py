"""Oracles: one question, one answer or a refusal."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import FeedOracle, GuardedOracle, TwapOracle, VaultOracle
    from .feed import PRICE_SCALE, FeedPrice, Leg, Round, human_price
    from .feed_client import Reported, ScriptedFeed, SignedFeed
    from .guarded import GuardedPrice
    from .scripted import Script
    from .signed import Report, ReportTerms, SignedRounds
    from .twap import Reading, TwapPrice
    from .vault import VaultPrice

__all__ = [
    "PRICE_SCALE",
    "FeedOracle",
    "FeedPrice",
    "GuardedOracle",
    "GuardedPrice",
    "Leg",
    "Reading",
    "Report",
    "ReportTerms",
    "Reported",
    "Round",
    "Script",
    "ScriptedFeed",
    "SignedFeed",
    "SignedRounds",
    "TwapOracle",
    "TwapPrice",
    "VaultOracle",
    "VaultPrice",
    "human_price",
]

_NAMES = {
    "client": ("FeedOracle", "GuardedOracle", "TwapOracle", "VaultOracle"),
    "feed": ("PRICE_SCALE", "FeedPrice", "Leg", "Round", "human_price"),
    "feed_client": ("Reported", "ScriptedFeed", "SignedFeed"),
    "guarded": ("GuardedPrice",),
    "scripted": ("Script",),
    "signed": ("Report", "ReportTerms", "SignedRounds"),
    "twap": ("Reading", "TwapPrice"),
    "vault": ("VaultPrice",),
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    # Imported when first used: a twin must not pay for a chain.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
