"""Stablecoins: a dollar backed by cash, and the swap between two dollars at par."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .algo import Algo, AlgoDesign, Prices
    from .algo_client import AlgoController, AlgoMinted, AlgoQuote, AlgoRedeemed
    from .authorization import (
        Authorization,
        Cancellation,
        SignedAuthorization,
        SignedCancellation,
    )
    from .bank import Bank, FractionalBank, HonestBank, Payment, SlowBank
    from .bankrun import BankRun, BankRunDay, bank_run
    from .client import Attested, FiatDollar, Requested, SignedStatement
    from .fiat import Fiat, Minter, Role
    from .issuer_client import Issuer, IssuerReport, Processed
    from .peg import Peg, PegSide
    from .peg_client import PegSwap, PegSwapped, PegTerms, StockMoved
    from .redemptions import Redemption, Redemptions, RedemptionStatus
    from .reserves import Reserves, Statement

__all__ = [
    "Algo",
    "AlgoController",
    "AlgoDesign",
    "AlgoMinted",
    "AlgoQuote",
    "AlgoRedeemed",
    "Attested",
    "Authorization",
    "Bank",
    "BankRun",
    "BankRunDay",
    "Cancellation",
    "Fiat",
    "FiatDollar",
    "FractionalBank",
    "HonestBank",
    "Issuer",
    "IssuerReport",
    "Minter",
    "Payment",
    "Peg",
    "PegSide",
    "PegSwap",
    "PegSwapped",
    "PegTerms",
    "Prices",
    "Processed",
    "Redemption",
    "RedemptionStatus",
    "Redemptions",
    "Requested",
    "Reserves",
    "Role",
    "SignedAuthorization",
    "SignedCancellation",
    "SignedStatement",
    "SlowBank",
    "Statement",
    "StockMoved",
    "bank_run",
]

_HOMES = {
    "Algo": "algo",
    "AlgoController": "algo_client",
    "AlgoDesign": "algo",
    "AlgoMinted": "algo_client",
    "AlgoQuote": "algo_client",
    "AlgoRedeemed": "algo_client",
    "Attested": "client",
    "Authorization": "authorization",
    "Bank": "bank",
    "BankRun": "bankrun",
    "BankRunDay": "bankrun",
    "Cancellation": "authorization",
    "Fiat": "fiat",
    "FiatDollar": "client",
    "FractionalBank": "bank",
    "HonestBank": "bank",
    "Issuer": "issuer_client",
    "IssuerReport": "issuer_client",
    "Minter": "fiat",
    "Payment": "bank",
    "Peg": "peg",
    "PegSide": "peg",
    "PegSwap": "peg_client",
    "PegSwapped": "peg_client",
    "PegTerms": "peg_client",
    "Prices": "algo",
    "Processed": "issuer_client",
    "Redemption": "redemptions",
    "RedemptionStatus": "redemptions",
    "Redemptions": "redemptions",
    "Requested": "client",
    "Reserves": "reserves",
    "Role": "fiat",
    "SignedAuthorization": "authorization",
    "SignedCancellation": "authorization",
    "SignedStatement": "client",
    "SlowBank": "bank",
    "Statement": "reserves",
    "StockMoved": "peg_client",
    "bank_run": "bankrun",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: a twin must not pay for a chain.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
