"""Uniswap V3, through its SwapRouter and its position manager."""

from __future__ import annotations

from typing import Final

from ...chain import Account, Chain, Transaction
from ...chain.hashing import ZERO_ADDRESS
from ...testing.deployed import Deployed
from ...testing.packages import prebuilt
from ..exchanges import DEADLINE, FEE, LEAST, ExchangeSystem, Tokens
from .base import Peer

__all__ = ["UNISWAP_V3"]

TICKS: Final = (-887_220, 887_220)
"""All prices that a pool of this fee can have: its ticks are 60 apart."""
PRICE_ONE: Final = 2**96
"""The root of the price, in 96 binary digits after the point."""
ALL: Final = 2**128 - 1

_CONTRACTS: Final = "@uniswap/v3-{}/artifacts/contracts/{}.sol/{}.json"


class UniswapV3(ExchangeSystem):
    """Factory, router and position manager. A provider has one position a pool, over all prices."""

    def __init__(self, chain: Chain, _: Tokens) -> None:
        def deploy(package: str, name: str, types: str = "()", *args: object) -> Deployed:
            return Deployed.create(
                chain, prebuilt(_CONTRACTS.format(package, name, name)), types, *args
            )

        factory = deploy("core", "UniswapV3Factory")
        # No ether is traded and no position is drawn.
        self._router = deploy("periphery", "SwapRouter", "(address,address)", factory, ZERO_ADDRESS)
        self._positions = deploy(
            "periphery",
            "NonfungiblePositionManager",
            "(address,address,address)",
            *(factory, ZERO_ADDRESS, ZERO_ADDRESS),
        )
        self.spenders = (self._router.address, self._positions.address)
        self._ids: dict[str, int] = {}

    def create_pool(self, pair: Tokens) -> Transaction:
        return self._positions.tx(
            "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
            *(pair[0], pair[1], FEE, PRICE_ONE),
        )

    def add_liquidity(self, pair: Tokens, amount: int, who: Account) -> Transaction:
        limits = (amount, amount, LEAST, LEAST)
        name = pair[0].address + pair[1].address
        if name in self._ids:
            return self._positions.tx(
                "increaseLiquidity((uint256,uint256,uint256,uint256,uint256,uint256))",
                (self._ids[name], *limits, DEADLINE),
                sender=who,
            )
        self._ids[name] = len(self._ids) + 1  # the contract counts alike
        return self._positions.tx(
            "mint((address,address,uint24,int24,int24,"
            "uint256,uint256,uint256,uint256,address,uint256))",
            (pair[0], pair[1], FEE, *TICKS, *limits, who, DEADLINE),
            sender=who,
        )

    def remove_liquidity(self, pair: Tokens, who: Account, to: Account) -> Transaction:
        position = self._ids[pair[0].address + pair[1].address]
        liquidity: int = self._positions.views(
            "positions(uint256)(uint96,address,address,address,uint24,int24,int24,uint128,"
            "uint256,uint256,uint128,uint128)",
            position,
        )[7]
        decrease = self._positions.data(
            "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))",
            (position, liquidity // 10, LEAST, LEAST, DEADLINE),
        )
        collect = self._positions.data(
            "collect((uint256,address,uint128,uint128))", (position, to, ALL, ALL)
        )
        return self._positions.tx("multicall(bytes[])", [decrease, collect], sender=who)

    def swap(self, path: Tokens, amount: int, who: Account, to: Account) -> Transaction:
        if len(path) == 2:
            return self._router.tx(
                "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))",
                (path[0], path[1], FEE, to, DEADLINE, amount, LEAST, 0),
                sender=who,
            )
        fee = FEE.to_bytes(3)
        packed = fee.join(bytes.fromhex(token.address[2:]) for token in path)
        return self._router.tx(
            "exactInput((bytes,address,uint256,uint256,uint256))",
            (packed, to, DEADLINE, amount, LEAST),
            sender=who,
        )


UNISWAP_V3: Final = Peer(
    name="Uniswap V3",
    note="@uniswap/v3-core 1.0.1 and v3-periphery 1.4.4 (SwapRouter, NonfungiblePositionManager), "
    "bytecode as published; one position over all prices; a removal is decreaseLiquidity and "
    "collect in one multicall",
    exchange=UniswapV3,
)
