"""What a lending pool's verbs return."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..chain import Receipt
from ..units import Amount, Ratio

__all__ = [
    "AuthorizationChanged",
    "Borrowed",
    "CollateralSupplied",
    "CollateralWithdrawn",
    "FlashLoaned",
    "Liquidated",
    "Repaid",
    "Supplied",
    "Withdrawn",
]


@dataclass(frozen=True, slots=True)
class Supplied:
    """A lender paid assets in and got shares."""

    account: str
    assets: Amount
    shares: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A lender gave shares up and got assets."""

    account: str
    to: str
    assets: Amount
    shares: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class CollateralSupplied:
    """Collateral was posted for an account."""

    account: str
    amount: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class CollateralWithdrawn:
    """An account took collateral back."""

    account: str
    to: str
    amount: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Borrowed:
    """An account took on debt."""

    account: str
    to: str
    amount: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Repaid:
    """Debt of an account was paid back."""

    account: str
    amount: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Liquidated:
    """A liquidator repaid debt of an account and got collateral for it."""

    account: str
    liquidator: str
    repaid: Amount
    seized: Amount
    bonus: Ratio
    """On top of what was repaid."""
    bad_debt: Amount
    """Written off, because nothing but dust was left to collect."""
    from_reserve: Amount
    """Part of the bad debt that the reserve bore; lenders bore the rest."""
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class FlashLoaned:
    """A contract had tokens of the pool for the length of one call."""

    receiver: str
    initiator: str
    """Who sent the call."""
    amount: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuthorizationChanged:
    """An operator may act for an account from now on, or no longer."""

    owner: str
    operator: str
    authorized: bool
    receipt: Receipt = field(repr=False)
