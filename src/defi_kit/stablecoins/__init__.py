"""Stablecoins: a dollar backed by cash, and the swap between two dollars at par."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import FiatDollar
    from .fiat import Fiat, Role
    from .peg import Peg, PegSide
    from .peg_client import PegSwap, PegSwapped, PegTerms, StockMoved

__all__ = [
    "Fiat",
    "FiatDollar",
    "Peg",
    "PegSide",
    "PegSwap",
    "PegSwapped",
    "PegTerms",
    "Role",
    "StockMoved",
]

_HOMES = {
    "Fiat": "fiat",
    "FiatDollar": "client",
    "Peg": "peg",
    "PegSide": "peg",
    "PegSwap": "peg_client",
    "PegSwapped": "peg_client",
    "PegTerms": "peg_client",
    "Role": "fiat",
    "StockMoved": "peg_client",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: a twin must not pay for a chain.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
