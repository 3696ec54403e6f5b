"""Uniswap V4: its PoolManager, compiled from source, under a minimal router of our own."""

from __future__ import annotations

from typing import Any, Final

from ...chain import Account, Chain, Transaction
from ...chain.hashing import ZERO_ADDRESS
from ...testing.deployed import Deployed
from ...testing.packages import Compilation
from ..exchanges import DEADLINE, FEE, LEAST, ExchangeSystem, Tokens
from .base import Peer

__all__ = ["UNISWAP_V4"]

TICK_SPACING: Final = 60
"""Usual for this fee."""
PRICE_ONE: Final = 2**96
"""The root of the price, in 96 binary digits after the point."""

# As in the package's foundry.toml.
_COMPILATION: Final = Compilation(
    solc="0.8.26",
    contracts={
        "PoolManager": "@uniswap/v4-core/src/PoolManager.sol",
        "MinimalRouter": "MinimalRouter.sol",
    },
    settings={
        "viaIR": True,
        "evmVersion": "cancun",
        "optimizer": {"enabled": True, "runs": 44_444_444},
        "metadata": {"bytecodeHash": "none"},
    },
    remappings=("solmate/=@uniswap/v4-core/lib/solmate/",),
)

_KEY: Final = "(address,address,uint24,int24,address)"


class UniswapV4(ExchangeSystem):
    """The manager and the router. A provider has one position a pool, over all prices."""

    def __init__(self, chain: Chain, _: Tokens) -> None:
        codes = _COMPILATION.run()
        self._manager = Deployed.create(
            chain, codes["PoolManager"].linked(), "(address)", chain.default_sender
        )
        self._router = Deployed.create(
            chain, codes["MinimalRouter"].linked(), "(address)", self._manager
        )
        self.spenders = (self._router.address,)
        self._liquidity: dict[str, int] = {}

    def create_pool(self, pair: Tokens) -> Transaction:
        return self._manager.tx(f"initialize({_KEY},uint160)", self._key(pair), PRICE_ONE)

    def add_liquidity(self, pair: Tokens, amount: int, who: Account) -> Transaction:
        # At a price near one, liquidity over all prices is the amount of either token, nearly.
        liquidity = amount * 99 // 100
        name = pair[0].address + pair[1].address
        self._liquidity[name] = self._liquidity.get(name, 0) + liquidity
        return self._change(pair, liquidity, amount, who, who)

    def remove_liquidity(self, pair: Tokens, who: Account, to: Account) -> Transaction:
        name = pair[0].address + pair[1].address
        liquidity = self._liquidity[name] // 10
        self._liquidity[name] -= liquidity
        return self._change(pair, -liquidity, LEAST, who, to)

    def swap(self, path: Tokens, amount: int, who: Account, to: Account) -> Transaction:
        hops = [(token, FEE, TICK_SPACING) for token in path[1:]]
        return self._router.tx(
            "sell(address,uint256,(address,uint24,int24)[],uint256,address,uint256)",
            *(path[0], amount, hops, LEAST, to, DEADLINE),
            sender=who,
        )

    def _change(
        self, pair: Tokens, liquidity: int, limit: int, who: Account, to: Account
    ) -> Transaction:
        return self._router.tx(
            f"change({_KEY},int256,uint256,uint256,address,uint256)",
            *(self._key(pair), liquidity, limit, limit, to, DEADLINE),
            sender=who,
        )

    @staticmethod
    def _key(pair: Tokens) -> tuple[Any, ...]:
        return (pair[0], pair[1], FEE, TICK_SPACING, ZERO_ADDRESS)


UNISWAP_V4: Final = Peer(
    name="Uniswap V4",
    note="@uniswap/v4-core 1.0.2, compiled from source as its authors do (solc 0.8.26 via IR, "
    "44,444,444 runs, cancun), under a minimal router of our own; no hooks, so no price oracle is "
    "written; one position over all prices",
    exchange=UniswapV4,
)
