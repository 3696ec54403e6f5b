"""What every lending pool lives through, and ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from .. import bindings
from ..chain import Account, Chain, Transaction
from ..lending import CollateralParameters, KinkedRate, LendingPool
from ..tokens import Token
from ..units import MAX_UINT256
from .meter import Meter
from .report import Measured, When

__all__ = [
    "BORROW_LTV",
    "LIQUIDATION_LTV",
    "LendingSystem",
    "LendingTokens",
    "OurLendingPool",
    "lending_gas",
]

BORROW_LTV: Final = 7_500
"""Where a system has one of its own. [bps]"""
LIQUIDATION_LTV: Final = 8_000
"""Of the collateral, in every system. [bps]"""
PRICE: Final = 2_000
"""Opening price of the collateral. [whole assets per whole collateral]"""
CRASHED_PRICE: Final = 1_850
"""At which an account with FULL_DEBT for POSTED of collateral is just unhealthy."""

WHOLE: Final = 10**18
"""Both tokens have 18 decimals."""
POSTED: Final = 10 * WHOLE
FULL_DEBT: Final = 14_900 * WHOLE


@dataclass(frozen=True, slots=True)
class LendingTokens:
    """What is lent and what is posted for it."""

    asset: bindings.StandardToken
    collateral: bindings.StandardToken


class LendingSystem(Protocol):
    """A lending pool: which transactions its users send. Amounts are raw."""

    spender: str
    """Who needs the users' allowance."""

    def set_price(self, price: int) -> None:
        """Makes one whole collateral worth this many whole assets, at once."""
        ...

    def supply(self, amount: int, who: Account) -> Transaction:
        """Lends `amount` of the asset."""
        ...

    def withdraw(self, amount: int, who: Account, to: Account) -> Transaction:
        """Takes `amount` of the asset out."""
        ...

    def supply_collateral(self, amount: int, who: Account) -> Transaction:
        """Posts collateral."""
        ...

    def withdraw_collateral(self, amount: int, who: Account, to: Account) -> Transaction:
        """Takes collateral back."""
        ...

    def borrow(self, amount: int, who: Account) -> Transaction:
        """Borrows `amount` of the asset."""
        ...

    def repay(self, amount: int, who: Account) -> Transaction:
        """Repays `amount` of the asset."""
        ...

    def liquidate(self, victim: Account, amount: int, who: Account) -> Transaction:
        """Repays `amount` of the victim's debt for collateral."""
        ...


def lending_gas(meter: Meter, system: LendingSystem, tokens: LendingTokens) -> Measured:
    """Lives through the life of a lending pool; the gas of each verb."""
    names = ("old lender", "old borrower", "lender", "borrower", "one victim", "other victim")
    people = [meter.chain.account(name) for name in (*names, "liquidator")]
    for token in (tokens.asset, tokens.collateral):
        for who in people:
            token.approve(system.spender, MAX_UINT256, sender=who)
    old_lender, old_borrower, lender, borrower, *victims, liquidator = people
    for who in (old_lender, lender, liquidator):
        tokens.asset.mint(who, 10_000_000 * WHOLE)
    for who in (old_borrower, borrower, *victims):
        tokens.collateral.mint(who, 10_000 * WHOLE)
    system.set_price(PRICE)

    # A pool in use: half of it is lent.
    meter.gas(system.supply(1_000_000 * WHOLE, old_lender))
    meter.gas(system.supply_collateral(1_000 * WHOLE, old_borrower))
    meter.gas(system.borrow(500_000 * WHOLE, old_borrower))
    meter.gas(system.repay(100 * WHOLE, old_borrower))
    meter.gas(system.withdraw(100 * WHOLE, old_lender, old_lender))

    gas: dict[tuple[str, When], int] = {}
    gas |= _lenders_gas(meter, system, lender)
    gas |= _borrowers_gas(meter, system, borrower)
    for victim in victims:
        meter.gas(system.supply_collateral(POSTED, victim))
        meter.gas(system.borrow(FULL_DEBT, victim))
    system.set_price(CRASHED_PRICE)
    # The first leaves the liquidator with collateral, which it had none of.
    for when, victim in zip(_FIRST_THEN_STEADY, victims, strict=True):
        gas["liquidate", when] = meter.gas(system.liquidate(victim, 1_000 * WHOLE, liquidator))
    return gas


_FIRST_THEN_STEADY: tuple[When, When] = ("first", "steady")


def _lenders_gas(meter: Meter, system: LendingSystem, lender: Account) -> Measured:
    supply = system.supply(1_000 * WHOLE, lender)
    return {
        ("supply", "first"): meter.gas(supply),
        ("supply", "steady"): meter.steady(supply),
        ("withdraw", "first"): meter.gas(system.withdraw(100 * WHOLE, lender, meter.newcomer())),
        ("withdraw", "steady"): meter.steady(system.withdraw(100 * WHOLE, lender, lender)),
    }


def _borrowers_gas(meter: Meter, system: LendingSystem, borrower: Account) -> Measured:
    post = system.supply_collateral(10 * POSTED, borrower)
    borrow = system.borrow(1_000 * WHOLE, borrower)
    to_newcomer = system.withdraw_collateral(WHOLE, borrower, meter.newcomer())
    return {
        ("supply_collateral", "first"): meter.gas(post),
        ("supply_collateral", "steady"): meter.steady(post),
        ("borrow", "first"): meter.gas(borrow),
        ("borrow", "steady"): meter.steady(borrow),
        ("withdraw_collateral", "first"): meter.gas(to_newcomer),
        ("withdraw_collateral", "steady"): meter.steady(
            system.withdraw_collateral(WHOLE, borrower, borrower)
        ),
        ("repay", "steady"): meter.steady(system.repay(100 * WHOLE, borrower)),
    }


class OurLendingPool(LendingSystem):
    """The kit's LendingPool, with one collateral."""

    def __init__(self, chain: Chain, tokens: LendingTokens) -> None:
        self._collateral = tokens.collateral.address
        self._oracle = bindings.MockOracle.deploy(chain, PRICE * 10**36)
        accepted = CollateralParameters(
            token=Token(chain, self._collateral),
            oracle=self._oracle,
            borrow_ltv="75%",
            liquidation_ltv="80%",
            max_bonus="5%",
        )
        rate = KinkedRate.annual("0%", "4%", "75%", kink="90%")
        asset = Token(chain, tokens.asset.address)
        self._pool = LendingPool.deploy(chain, asset, [accepted], rate).contract
        self.spender = self._pool.address

    def set_price(self, price: int) -> None:
        self._oracle.set_price(price * 10**36)

    def supply(self, amount: int, who: Account) -> Transaction:
        return self._pool.build("deposit", amount, who, sender=who)

    def withdraw(self, amount: int, who: Account, to: Account) -> Transaction:
        return self._pool.build("withdraw", amount, to, who, sender=who)

    def supply_collateral(self, amount: int, who: Account) -> Transaction:
        return self._pool.build("supply_collateral", self._collateral, amount, who, sender=who)

    def withdraw_collateral(self, amount: int, who: Account, to: Account) -> Transaction:
        return self._pool.build(
            "withdraw_collateral", self._collateral, amount, to, who, sender=who
        )

    def borrow(self, amount: int, who: Account) -> Transaction:
        return self._pool.build("borrow", amount, who, who, sender=who)

    def repay(self, amount: int, who: Account) -> Transaction:
        return self._pool.build("repay", amount, who, sender=who)

    def liquidate(self, victim: Account, amount: int, who: Account) -> Transaction:
        return self._pool.build(
            "liquidate", victim, self._collateral, amount, MAX_UINT256, WHOLE // 10, sender=who
        )
