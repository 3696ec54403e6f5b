"""Stablecoins: a dollar backed by cash, and the swap between two dollars at par."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .authorization import (
        Authorization,
        Cancellation,
        SignedAuthorization,
        SignedCancellation,
    )
    from .client import Attested, FiatDollar, Requested, SignedStatement
    from .fiat import Fiat, Minter, Role
    from .peg import Peg, PegSide
    from .peg_client import PegSwap, PegSwapped, PegTerms, StockMoved
    from .redemptions import Redemption, Redemptions, RedemptionStatus
    from .reserves import Reserves, Statement

__all__ = [
    "Attested",
    "Authorization",
    "Cancellation",
    "Fiat",
    "FiatDollar",
    "Minter",
    "Peg",
    "PegSide",
    "PegSwap",
    "PegSwapped",
    "PegTerms",
    "Redemption",
    "RedemptionStatus",
    "Redemptions",
    "Requested",
    "Reserves",
    "Role",
    "SignedAuthorization",
    "SignedCancellation",
    "SignedStatement",
    "Statement",
    "StockMoved",
]

_HOMES = {
    "Attested": "client",
    "Authorization": "authorization",
    "Cancellation": "authorization",
    "Fiat": "fiat",
    "FiatDollar": "client",
    "Minter": "fiat",
    "Peg": "peg",
    "PegSide": "peg",
    "PegSwap": "peg_client",
    "PegSwapped": "peg_client",
    "PegTerms": "peg_client",
    "Redemption": "redemptions",
    "RedemptionStatus": "redemptions",
    "Redemptions": "redemptions",
    "Requested": "client",
    "Reserves": "reserves",
    "Role": "fiat",
    "SignedAuthorization": "authorization",
    "SignedCancellation": "authorization",
    "SignedStatement": "client",
    "Statement": "reserves",
    "StockMoved": "peg_client",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: a twin must not pay for a chain.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
