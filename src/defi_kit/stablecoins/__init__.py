"""Stablecoins: a dollar backed by cash."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import FiatDollar
    from .fiat import Fiat, Role

__all__ = ["Fiat", "FiatDollar", "Role"]

_HOMES = {"FiatDollar": "client", "Fiat": "fiat", "Role": "fiat"}


def __getattr__(name: str) -> Any:
    # Imported when first used: a twin must not pay for a chain.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
