"""Tokens: amounts of them, their books, and their clients."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import (
        Approved,
        Burned,
        FaucetToken,
        Minted,
        Token,
        Transferred,
        WrappedEther,
    )
    from .ledger import Ledger
    from .permit import Permit, PermitMessage

__all__ = [
    "Approved",
    "Burned",
    "FaucetToken",
    "Ledger",
    "Minted",
    "Permit",
    "PermitMessage",
    "Token",
    "Transferred",
    "WrappedEther",
]

_HOMES = {"Ledger": "ledger", "Permit": "permit", "PermitMessage": "permit"}


def __getattr__(name: str) -> Any:
    # Imported when first used: a twin must not pay for a chain.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES.get(name, 'client')}", __name__), name)
    globals()[name] = value
    return value
