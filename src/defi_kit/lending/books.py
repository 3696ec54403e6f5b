"""What the lending pool's twin keeps: terms, books, accounts, what a liquidation comes to.

Frozen integers, named as in `contracts/lending/ILendingPool.sol`; what they may be is checked where
they are made, by the contract's own rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..errors import ParameterError
from ..units import BPS
from .interest import grow, index_at, to_assets_down
from .rates import RateModel, utilisation

__all__ = [
    "Account",
    "Appraisal",
    "Authorizations",
    "Collateral",
    "Liquidation",
    "Market",
    "Parameters",
]

MAX_ASSETS: Final = (2**104 - 1) // 2
"""Most that a deposit may bring the pool's assets to. [asset]"""
MAX_OWNED: Final = MAX_ASSETS // 2 * 3
"""Cash and debts at which interest stops. [asset]"""
MAX_RESERVE: Final = 2**88 - 1
DUST_DIVISOR: Final = 100
"""Collateral worth up to this part of the minimum debt is dust."""
MAX_COLLATERALS: Final = 16


@dataclass(frozen=True, slots=True)
class Collateral:
    """What a collateral is taken on. 0 < borrow_ltv < liquidation_ltv,
    (1 + max_bonus) * liquidation_ltv <= full_bonus_health < 1. Ratios in bps.
    """

    token: str
    borrow_ltv: int
    """Part of its value that may be borrowed. [bps]"""
    liquidation_ltv: int
    """Part of its value that counts for health. [bps]"""
    max_bonus: int
    """Most a liquidator earns on top of what is repaid. [bps]"""
    full_bonus_health: int
    """Health at and below which the bonus is `max_bonus`. [bps]"""
    cap: int = 2**120 - 1
    """Nobody may add to it while the pool would hold more, gifts included. [collateral]"""
    oracle: str = ""
    """Named in errors."""

    def __post_init__(self) -> None:
        ordered = 0 < self.borrow_ltv < self.liquidation_ltv and self.full_bonus_health < BPS
        room = (BPS + self.max_bonus) * self.liquidation_ltv <= self.full_bonus_health * BPS
        if not (ordered and room and self.max_bonus >= 0):
            raise ParameterError(
                f"{self.token}: borrow LTV {self.borrow_ltv}, liquidation LTV "
                f"{self.liquidation_ltv}, bonus {self.max_bonus}, full bonus at health "
                f"{self.full_bonus_health} bps do not leave each other room",
                hint="0 < borrow < liquidation, (1 + bonus) * liquidation <= full bonus health < 1",
            )
        if not 0 < self.cap < 2**120:
            raise ParameterError(f"{self.token}: the cap {self.cap} is not from 1 to 2**120 - 1")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a pool is deployed with."""

    collaterals: tuple[Collateral, ...]
    rate: RateModel
    minimum_debt: int
    """Smallest debt an account may choose to have, at least 100. [asset]"""
    target_health: int = 10_500
    """Health that a partial liquidation leads back to, above 1, at most 2. [bps]"""
    reserve_factor: int = 1_000
    """Part of the interest that goes to the first-loss reserve. [bps]"""
    numbers: Mapping[str, int] = field(init=False, repr=False, compare=False)
    """Token → position in `collaterals`."""

    def __post_init__(self) -> None:
        numbers = {collateral.token: place for place, collateral in enumerate(self.collaterals)}
        object.__setattr__(self, "numbers", numbers)
        if not 0 < len(self.collaterals) <= MAX_COLLATERALS or len(numbers) < len(self.collaterals):
            raise ParameterError("a pool has 1 to 16 collaterals, each listed once")
        if not DUST_DIVISOR <= self.minimum_debt <= MAX_ASSETS:
            raise ParameterError(f"the minimum debt {self.minimum_debt} is below 100 or too large")
        if not BPS < self.target_health <= 2 * BPS:
            raise ParameterError(f"the target health {self.target_health} bps is not in (1, 2]")
        if not 0 <= self.reserve_factor < BPS:
            raise ParameterError(f"the reserve factor {self.reserve_factor} bps is not below 1")


@dataclass(frozen=True, slots=True)
class Market:
    """The pool's books as last written; interest since `accrued_at` is not in them yet."""

    debt_shares: int
    reserve: int
    """Part of the assets that belongs to no lender and bears losses first. [asset]"""
    rate: int
    """On the curve, at the utilisation the last verb left; times exp(drift). [wad per second]"""
    index: int
    """[1e27 asset per debt share]"""
    cash: int
    """Held and not lent. [asset]"""
    accrued_at: int
    """[unix seconds]"""
    drift: int = 0
    """Of the rate's curve, where it moves: see `AdaptiveRate`. [ray]"""

    @property
    def debt(self) -> int:
        """What all accounts owe, rounded down. [asset]"""
        return to_assets_down(self.debt_shares, self.index)

    @property
    def total_assets(self) -> int:
        """What the lenders own. [asset]"""
        return self.cash + self.debt - self.reserve

    @property
    def utilisation(self) -> int:
        """Part of the assets that is lent. [wad]"""
        return utilisation(self.debt, self.cash)

    def accrue(self, now: int, model: RateModel, reserve_factor: int) -> Market:
        """The books with interest up to `now`."""
        elapsed = now - self.accrued_at
        if elapsed == 0:
            return self
        if elapsed < 0:
            raise ParameterError(f"{now} lies before the last accrual, {self.accrued_at}")
        shares = self.debt_shares
        exponent, drift = model.exponent(self.rate, self.drift, elapsed)
        if shares == 0:
            return Market(0, self.reserve, self.rate, self.index, self.cash, now, drift)
        index = grow(self.index, exponent)
        if to_assets_down(shares, index) + self.cash > MAX_OWNED:  # all it could ever take back
            index = max(index_at(shares, max(MAX_OWNED - self.cash, 0)), self.index)
        before = to_assets_down(shares, self.index) * reserve_factor // BPS
        grown = to_assets_down(shares, index) * reserve_factor // BPS
        reserve = min(self.reserve + grown - before, MAX_RESERVE)
        return Market(shares, reserve, self.rate, index, self.cash, now, drift)


@dataclass(frozen=True, slots=True)
class Account:
    """What one account has and owes."""

    collateral: tuple[int, ...]
    """In the order of the parameters. [collateral]"""
    debt_shares: int = 0
    shares: int = 0
    """Of the pool's assets, as a lender."""


@dataclass(frozen=True, slots=True)
class Authorizations:
    """Whom one account lets act for it as a borrower."""

    operators: frozenset[str] = frozenset()
    nonce: int = 0
    """That the next signed authorisation must have; moves with every authorisation."""


@dataclass(frozen=True, slots=True)
class Liquidation:
    """What a liquidation does."""

    health: int
    """Of the account before, below 1. [wad]"""
    bonus: int
    """On top of what is repaid. [wad]"""
    repaid: int
    """Paid by the liquidator. [asset]"""
    seized: int
    """Paid to the liquidator. [collateral]"""
    collateral_left: int
    """That the account keeps of it. [collateral]"""
    debt_shares: int
    """Cancelled, those of the bad debt included."""
    debt_left: int
    """Owed afterwards; 0 when it was written off. [asset]"""
    bad_debt: int
    """Written off. [asset]"""
    from_reserve: int
    """Part of `bad_debt` that the reserve bore; the rest fell on the lenders. [asset]"""


@dataclass(frozen=True, slots=True)
class Appraisal:
    """All collateral of one account, appraised."""

    value: int
    """[asset]"""
    borrowing: int
    """Sum of value * borrow_ltv. [asset * bps]"""
    liquidation: int
    """Sum of value * liquidation_ltv. [asset * bps]"""
