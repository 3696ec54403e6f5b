"""Morpho Blue, compiled from source, with a rate model of our own in place of its adaptive one."""

from __future__ import annotations

from typing import Any, Final

from ... import bindings
from ...chain import Account, Chain, Transaction
from ..lending import LIQUIDATION_LTV, PRICE, LendingSystem, LendingTokens
from ..packages import Compilation
from .base import Deployed, Peer

__all__ = ["MORPHO_BLUE"]

_SETTINGS: Final = {
    "viaIR": True,
    "evmVersion": "paris",
    "optimizer": {"enabled": True, "runs": 999_999},
    "metadata": {"bytecodeHash": "none"},
}
_COMPILATION: Final = Compilation(
    solc="0.8.19",
    contracts={
        "Morpho": "@morpho-org/morpho-blue/src/Morpho.sol",
        "MinimalIrm": "MinimalIrm.sol",
    },
    settings=_SETTINGS,
)

_MARKET: Final = "(address,address,address,address,uint256)"


class MorphoBlue(LendingSystem):
    """One market, with the oracle that our pool has in its benchmark."""

    def __init__(self, chain: Chain, tokens: LendingTokens) -> None:
        codes = _COMPILATION.run()
        self._morpho = Deployed.create(
            chain, codes["Morpho"].linked(), "(address)", chain.default_sender
        )
        irm = Deployed.create(chain, codes["MinimalIrm"].linked(), "(address)", self._morpho)
        self._oracle = bindings.MockOracle.deploy(chain, PRICE * 10**36)
        lltv = LIQUIDATION_LTV * 10**14
        self._market = (tokens.asset, tokens.collateral, self._oracle, irm, lltv)
        self._morpho.send("enableIrm(address)", irm)
        self._morpho.send("enableLltv(uint256)", lltv)
        self._morpho.send(f"createMarket({_MARKET})", self._market)
        self.spender = self._morpho.address

    def set_price(self, price: int) -> None:
        self._oracle.set_price(price * 10**36)

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
        return self._morpho.tx(f"{verb}({_MARKET},{types})", self._market, *args, sender=who)


MORPHO_BLUE: Final = Peer(
    name="Morpho Blue",
    note="@morpho-org/morpho-blue 1.0.0, compiled from source as its authors do (solc 0.8.19 via "
    "IR, 999,999 runs, paris). No registry carries its adaptive rate model: one of our own stands "
    "in for it, which reads, moves, stores and tells one number a market but spares itself the "
    "exponential; fee zero, as markets have it",
    lending=MorphoBlue,
)
