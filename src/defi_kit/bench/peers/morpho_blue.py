"""Morpho Blue, compiled from source, with a rate model of our own in place of its adaptive one."""

from __future__ import annotations

from typing import Any, Final

from ...chain import Account, Chain, Transaction
from ...testing.lending.morpho import MorphoBlue
from ..lending import LIQUIDATION_LTV, PRICE, LendingSystem, LendingTokens
from .base import Peer

__all__ = ["MORPHO_BLUE"]


class MorphoBlueSystem(LendingSystem):
    """One market, with the oracle that our pool has in its benchmark."""

    def __init__(self, chain: Chain, tokens: LendingTokens) -> None:
        self._morpho = MorphoBlue(
            chain,
            tokens.asset,
            tokens.collateral,
            price=PRICE * 10**36,
            liquidation_ltv=LIQUIDATION_LTV * 10**14,
        )
        self.spender = self._morpho.core.address

    def set_price(self, price: int) -> None:
        self._morpho.oracle.set_price(price * 10**36)

    def supply(self, amount: int, who: Account) -> Transaction:
        return self._tx("supply", "uint256,uint256,address,bytes", amount, 0, who, b"", who=who)

    def withdraw(self, amount: int, who: Account, to: Account) -> Transaction:
        return self._tx("withdraw", "uint256,uint256,address,address", amount, 0, who, to, who=who)

    def supply_collateral(self, amount: int, who: Account) -> Transaction:
        return self._tx("supplyCollateral", "uint256,address,bytes", amount, who, b"", who=who)

    def withdraw_collateral(self, amount: int, who: Account, to: Account) -> Transaction:
        return self._tx("withdrawCollateral", "uint256,address,address", amount, who, to, who=who)

    def borrow(self, amount: int, who: Account) -> Transaction:
        return self._tx("borrow", "uint256,uint256,address,address", amount, 0, who, who, who=who)

    def repay(self, amount: int, who: Account) -> Transaction:
        return self._tx("repay", "uint256,uint256,address,bytes", amount, 0, who, b"", who=who)

    def liquidate(self, victim: Account, amount: int, who: Account) -> Transaction:
        # Either shares to repay or collateral to seize: shares, a million times the assets at
        # first, and interest has hardly moved that.
        return self._tx(
            "liquidate", "address,uint256,uint256,bytes", victim, 0, amount * 10**6, b"", who=who
        )

    def _tx(self, verb: str, types: str, *args: Any, who: Account) -> Transaction:
        signature = self._morpho.signature(verb, types)
        return self._morpho.core.tx(signature, self._morpho.market, *args, sender=who)


MORPHO_BLUE: Final = Peer(
    name="Morpho Blue",
    note="@morpho-org/morpho-blue 1.0.0, compiled from source as its authors do (solc 0.8.19 via "
    "IR, 999,999 runs, paris). No registry carries its adaptive rate model: one of our own stands "
    "in for it, which reads, moves, stores and tells one number a market but spares itself the "
    "exponential; fee zero, as markets have it",
    lending=MorphoBlueSystem,
)
