"""Aave v3: the pool behind its proxy, two reserves, no rewards, no protocol fee on liquidations."""

from __future__ import annotations

from typing import Any, Final

from ...chain import Account, Chain, Transaction
from ...testing.lending.aave import DOLLAR, VARIABLE, AaveCollateral, AaveV3
from ..lending import BORROW_LTV, LIQUIDATION_LTV, PRICE, LendingSystem, LendingTokens
from .base import Peer

__all__ = ["AAVE_V3"]

LIQUIDATION_BONUS: Final = 500
"""What a liquidator gets beyond what it repays. [bps]"""


class AaveSystem(LendingSystem):
    """A market with the asset, which can be borrowed, and the collateral, which cannot."""

    def __init__(self, chain: Chain, tokens: LendingTokens) -> None:
        self._asset, self._collateral = tokens.asset, tokens.collateral
        accepted = AaveCollateral(
            token=tokens.collateral,
            price=PRICE * DOLLAR,
            borrow_ltv=BORROW_LTV,
            liquidation_ltv=LIQUIDATION_LTV,
            bonus=LIQUIDATION_BONUS,
        )
        self._aave = AaveV3(chain, tokens.asset, [accepted])
        self._pool = self._aave.pool
        self.spender = self._pool.address

    def set_price(self, price: int) -> None:
        self._aave.sources[1].send("setAnswer(int256)", price * DOLLAR)

    def supply(self, amount: int, who: Account) -> Transaction:
        return self._supply(self._asset, amount, who)

    def withdraw(self, amount: int, who: Account, to: Account) -> Transaction:
        return self._withdraw(self._asset, amount, who, to)

    def supply_collateral(self, amount: int, who: Account) -> Transaction:
        return self._supply(self._collateral, amount, who)

    def withdraw_collateral(self, amount: int, who: Account, to: Account) -> Transaction:
        return self._withdraw(self._collateral, amount, who, to)

    def borrow(self, amount: int, who: Account) -> Transaction:
        return self._pool.tx(
            "borrow(address,uint256,uint256,uint16,address)",
            *(self._asset, amount, VARIABLE, 0, who),
            sender=who,
        )

    def repay(self, amount: int, who: Account) -> Transaction:
        return self._pool.tx(
            "repay(address,uint256,uint256,address)",
            *(self._asset, amount, VARIABLE, who),
            sender=who,
        )

    def liquidate(self, victim: Account, amount: int, who: Account) -> Transaction:
        return self._pool.tx(
            "liquidationCall(address,address,address,uint256,bool)",
            *(self._collateral, self._asset, victim, amount, False),
            sender=who,
        )

    def _supply(self, token: Any, amount: int, who: Account) -> Transaction:
        return self._pool.tx(
            "supply(address,uint256,address,uint16)", token, amount, who, 0, sender=who
        )

    def _withdraw(self, token: Any, amount: int, who: Account, to: Account) -> Transaction:
        return self._pool.tx("withdraw(address,uint256,address)", token, amount, to, sender=who)


AAVE_V3: Final = Peer(
    name="Aave v3",
    note="@aave-dao/aave-v3-origin 3.6.0, compiled from source as its authors do (solc 0.8.27, 200 "
    "runs, shanghai); no rewards and no protocol fee on liquidations, which cost more where they "
    "are on",
    lending=AaveSystem,
)
