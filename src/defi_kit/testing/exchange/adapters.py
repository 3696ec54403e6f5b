"""Pools of two tokens as `PairMarket`s: one of our Exchange, and one of the real Uniswap V2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import bindings
from ...chain import Account, Chain
from ...chain.hashing import ZERO_ADDRESS, HasAddress
from ...dex.pool import PoolKey
from ...dex.stable_swap import StableSwap
from ..deployed import Deployed
from ..packages import prebuilt
from .market import PairAdapter
from .world import NEVER, deployed, struct, structs

__all__ = ["ExchangePair", "UniswapV2Pair"]


def _tokens(chain: Chain, decimals: tuple[int, int]) -> list[bindings.MockToken]:
    made = [bindings.MockToken.deploy(chain, f"T{digits}", digits) for digits in decimals]
    return sorted(made, key=lambda token: int(token.address, 16))


class ExchangePair(PairAdapter):
    """A pool of our Exchange, on the constant product or, with an amplification, on StableSwap."""

    def __init__(
        self,
        chain: Chain,
        decimals: tuple[int, int] = (6, 18),
        fee: int = 3_000,
        amplification: int = 0,
        bytecode: str = "",
    ) -> None:
        """`bytecode`, in hexadecimal, is that of a fork whose constructor takes the same."""
        self.exchange = deployed(chain, ZERO_ADDRESS, 0, ZERO_ADDRESS, bytecode)
        first, second = _tokens(chain, decimals)
        super().__init__(chain, (first, second), self.exchange)
        self.fee = fee
        curve = StableSwap(amplification, *self.decimals) if amplification else None
        self.key = PoolKey(first.address, second.address, fee, curve.word if curve else 0)
        self._curve = curve
        self.exchange.create_pool(struct(self.key))

    def add(self, who: Account, amount0: int, amount1: int) -> None:
        """Joins, for whatever shares there are."""
        key = struct(self.key)
        self.exchange.add_liquidity(key, amount0, amount1, 0, who, NEVER, sender=who)

    def remove(self, who: Account, shares: int) -> None:
        """Leaves with both tokens."""
        self.exchange.remove_liquidity(struct(self.key), shares, 0, 0, who, NEVER, sender=who)

    def swap(self, who: Account, side: int, amount: int, least: int) -> None:
        """Sells."""
        token = self.key.tokens[side]
        path = structs([self.key.hop(token)])
        self.exchange.swap_exact_in(token, amount, path, least, who, NEVER, sender=who)

    def quote(self, side: int, amount: int) -> int:
        """What it would fetch."""
        token = self.key.tokens[side]
        return self.exchange.quote_exact_in(token, amount, structs([self.key.hop(token)]))

    def reserves(self) -> tuple[int, int]:
        """By the books."""
        pool = self.exchange.pool(self.key.id)
        return pool.reserve0, pool.reserve1

    def supply(self) -> int:
        """With the locked ones."""
        return self.exchange.total_supply(self.key.id)

    def shares(self, who: Account) -> int:
        """An ERC-6909 balance."""
        return self.exchange.balance_of(who, self.key.id)

    def liquidity(self, reserve0: int, reserve1: int) -> int:
        """D on StableSwap."""
        if self._curve is None:
            return super().liquidity(reserve0, reserve1)
        return self._curve.liquidity(reserve0 << 96, reserve1 << 96)


class UniswapV2Pair(PairAdapter):
    """A pool of the real Uniswap V2, bytecode as published, through its Router02.

    It needs the packages in the repository's `tools/peers`; see `defi_kit.testing.packages`.
    """

    fee = 3_000
    exempt: Mapping[str, str] = dict.fromkeys(
        ("X5", "X6", "X8"),
        "what was given to the pair is nobody's until the next swap, mint or burn: these read "
        "balances, and then it moves the price or is paid out",
    )

    def __init__(self, chain: Chain, decimals: tuple[int, int] = (6, 18)) -> None:
        self.factory = Deployed.create(
            chain,
            prebuilt("@uniswap/v2-core/build/UniswapV2Factory.json"),
            "(address)",
            chain.default_sender,
        )
        self.router = Deployed.create(
            chain,
            prebuilt("@uniswap/v2-periphery/build/UniswapV2Router02.json"),
            "(address,address)",
            self.factory,
            ZERO_ADDRESS,
        )
        first, second = _tokens(chain, decimals)
        self.factory.send("createPair(address,address)", first, second)
        address = self.factory.view("getPair(address,address)(address)", first, second)
        self.pair = Deployed(chain, address)
        super().__init__(chain, (first, second), self.router, self.pair)

    def fund(self, who: Account) -> None:
        """The router may take the shares too."""
        super().fund(who)
        self.pair.send("approve(address,uint256)", self.router, NEVER, sender=who)

    def add(self, who: Account, amount0: int, amount1: int) -> None:
        """In the pool's own proportion, as the router finds it."""
        self._route(
            "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
            *(*self.tokens, amount0, amount1, 0, 0, who, NEVER),
            sender=who,
        )

    def remove(self, who: Account, shares: int) -> None:
        """Leaves with both tokens."""
        self._route(
            "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)",
            *(*self.tokens, shares, 0, 0, who, NEVER),
            sender=who,
        )

    def swap(self, who: Account, side: int, amount: int, least: int) -> None:
        """Sells."""
        self._route(
            "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
            *(amount, least, self._path(side), who, NEVER),
            sender=who,
        )

    def quote(self, side: int, amount: int) -> int:
        """What it would fetch."""
        view = "getAmountsOut(uint256,address[])(uint256[])"
        amounts: list[int] = self.router.view(view, amount, self._path(side))
        return amounts[-1]

    def reserves(self) -> tuple[int, int]:
        """As of the last change; what was given since is not in them."""
        reserve0, reserve1, _ = self.pair.views("getReserves()(uint112,uint112,uint32)")
        return reserve0, reserve1

    def supply(self) -> int:
        """With the locked ones."""
        return int(self.pair.view("totalSupply()(uint256)"))

    def shares(self, who: Account) -> int:
        """An ERC-20 balance."""
        return int(self.pair.view("balanceOf(address)(uint256)", who))

    def _path(self, side: int) -> list[HasAddress]:
        return [self.tokens[side], self.tokens[1 - side]]

    def _route(self, signature: str, *given: Any, sender: Account) -> None:
        self.router.send(signature, *given, sender=sender)
