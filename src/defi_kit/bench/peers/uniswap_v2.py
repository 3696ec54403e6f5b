"""Uniswap V2, through its Router02."""

from __future__ import annotations

from typing import Final

from ...chain import Account, Chain, Transaction
from ...chain.hashing import ZERO_ADDRESS
from ...testing.deployed import Deployed
from ...testing.packages import prebuilt
from ..exchanges import DEADLINE, LEAST, ExchangeSystem, Tokens
from .base import Peer

__all__ = ["UNISWAP_V2"]


class UniswapV2(ExchangeSystem):
    """Factory and router. No ether is traded, so no wrapped ether is deployed."""

    def __init__(self, chain: Chain, _: Tokens) -> None:
        factory = prebuilt("@uniswap/v2-core/build/UniswapV2Factory.json")
        router = prebuilt("@uniswap/v2-periphery/build/UniswapV2Router02.json")
        deployer = chain.default_sender
        self._factory = Deployed.create(chain, factory, "(address)", deployer)
        self._router = Deployed.create(
            chain, router, "(address,address)", self._factory, ZERO_ADDRESS
        )
        self.spenders = (self._router.address,)
        self._chain = chain

    def create_pool(self, pair: Tokens) -> Transaction:
        return self._factory.tx("createPair(address,address)", pair[0], pair[1])

    def add_liquidity(self, pair: Tokens, amount: int, who: Account) -> Transaction:
        return self._router.tx(
            "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
            *(pair[0], pair[1], amount, amount, LEAST, LEAST, who, DEADLINE),
            sender=who,
        )

    def remove_liquidity(self, pair: Tokens, who: Account, to: Account) -> Transaction:
        share = self._shares_of(pair)
        balance = share.view("balanceOf(address)(uint256)", who)
        # As our users: they give the contract no allowance for what is already in it; here the
        # router needs one, given once and for ever.
        share.send("approve(address,uint256)", self._router, 2**256 - 1, sender=who)
        return self._router.tx(
            "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)",
            *(pair[0], pair[1], balance // 10, LEAST, LEAST, to, DEADLINE),
            sender=who,
        )

    def swap(self, path: Tokens, amount: int, who: Account, to: Account) -> Transaction:
        return self._router.tx(
            "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
            *(amount, LEAST, list(path), to, DEADLINE),
            sender=who,
        )

    def _shares_of(self, pair: Tokens) -> Deployed:
        address = self._factory.view("getPair(address,address)(address)", pair[0], pair[1])
        return Deployed(self._chain, address)


UNISWAP_V2: Final = Peer(
    name="Uniswap V2",
    note="@uniswap/v2-core 1.0.1 and v2-periphery 1.1.0-beta.0 (Router02), bytecode as published",
    exchange=UniswapV2,
)
