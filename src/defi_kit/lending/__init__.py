"""Lending: a pool of one asset against several collaterals, as a client and as a twin."""

from __future__ import annotations

from .authorization import Authorization, SignedAuthorization
from .client import LendingPool
from .deploy import CollateralParameters, constructor_arguments
from .history import Entry
from .pool import Account, Collateral, Liquidation, Market, Parameters, Pool, Prices
from .rates import AdaptiveRate, KinkedRate, RateModel
from .results import (
    AuthorizationChanged,
    Borrowed,
    CollateralSupplied,
    CollateralWithdrawn,
    FlashLoaned,
    Liquidated,
    Repaid,
    Supplied,
    Withdrawn,
)
from .views import LiquidationPreview, MarketView, Position

__all__ = [
    "Account",
    "AdaptiveRate",
    "Authorization",
    "AuthorizationChanged",
    "Borrowed",
    "Collateral",
    "CollateralParameters",
    "CollateralSupplied",
    "CollateralWithdrawn",
    "Entry",
    "FlashLoaned",
    "KinkedRate",
    "LendingPool",
    "Liquidated",
    "Liquidation",
    "LiquidationPreview",
    "Market",
    "MarketView",
    "Parameters",
    "Pool",
    "Position",
    "Prices",
    "RateModel",
    "Repaid",
    "SignedAuthorization",
    "Supplied",
    "Withdrawn",
    "constructor_arguments",
]
