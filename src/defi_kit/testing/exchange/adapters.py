"""Pools of two tokens as `PairMarket`s: one of our Exchange, and one of the real Uniswap V2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ... import bindings
from ...chain import Account, Chain
from ...chain.hashing import ZERO_ADDRESS, HasAddress
from ...dex.pool import PoolKey
from ...dex.stable_swap import StableSwap
from ..deployed import Deployed
from ..packages import prebuilt
from .market import Calls, Door, PairAdapter
from .world import NEVER, deployed, struct, structs

__all__ = ["ExchangePair", "UniswapV2Pair"]


def _tokens(chain: Chain, decimals: tuple[int, int]) -> list[bindings.ReentrantToken]:
    made = [bindings.ReentrantToken.deploy(chain, f"T{digits}", digits) for digits in decimals]
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

    def deliveries(self, who: Account, to: Account) -> Calls:
        """Parts of the pool, and half of one's shares."""
        key = struct(self.key)
        sold, other = (amount // 100 + 2_000 for amount in self.reserves())
        hops, shares = structs([self.key.hop(self.key.token0)]), self.shares(who) // 2
        dex, token0 = self.exchange, self.key.token0
        return (
            ("swap", lambda: dex.swap_exact_in(token0, sold, hops, 0, to, NEVER, sender=who)),
            ("add", lambda: dex.add_liquidity(key, sold, other, 0, to, NEVER, sender=who)),
            ("remove", lambda: dex.remove_liquidity(key, shares, 0, 0, to, NEVER, sender=who)),
        )

    def impersonations(self, who: Account, victim: Account) -> Calls:
        """What ERC-6909 has."""
        take = self.exchange.transfer_from
        return (("transfer_from", lambda: take(victim, who, self.key.id, 1, sender=who)),)

    def doors(self, who: Account) -> Sequence[Door]:
        """What others may value shares and tokens by, and a verb."""
        build, key = self.exchange.build, struct(self.key)
        hops = structs([self.key.hop(self.key.token0)])
        asked = (
            build("quote_remove_liquidity", key, 10**6),
            build("quote_exact_in", self.key.token0, 10**6, hops),
            build("skim", self.key.token0, [key], who),
        )
        names = ("quote_remove_liquidity", "quote_exact_in", "skim")
        to = self.exchange.address
        return [
            Door(name, to, one.data, name != "skim") for name, one in zip(names, asked, strict=True)
        ]

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

    def deliveries(self, who: Account, to: Account) -> Calls:
        """Parts of the pool, and half of one's shares."""
        first, second = (amount // 100 + 2_000 for amount in self.reserves())
        route, shares = partial(self._route, sender=who), self.shares(who) // 2
        swap = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
        join = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
        leave = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)"
        pair = self.tokens
        return (
            ("swap", lambda: route(swap, first, 0, self._path(0), to, NEVER)),
            ("add", lambda: route(join, *pair, first, second, 0, 0, to, NEVER)),
            ("remove", lambda: route(leave, *pair, shares, 0, 0, to, NEVER)),
        )

    def impersonations(self, who: Account, victim: Account) -> Calls:
        """What ERC-20 has."""
        take = "transferFrom(address,address,uint256)"
        return (("transferFrom", lambda: self.pair.send(take, victim, who, 1, sender=who)),)

    def doors(self, who: Account) -> Sequence[Door]:
        """What others may value shares and tokens by, and what anybody may call."""
        views, verbs = ("getReserves()", "totalSupply()"), ("sync()", "skim(address)")
        doors = [Door(name, self.pair.address, self.pair.data(name), True) for name in views]
        for name, given in zip(verbs, ((), (who,)), strict=True):
            doors.append(Door(name, self.pair.address, self.pair.data(name, *given), False))
        return doors

    def _path(self, side: int) -> list[HasAddress]:
        return [self.tokens[side], self.tokens[1 - side]]

    def _route(self, signature: str, *given: Any, sender: Account) -> None:
        self.router.send(signature, *given, sender=sender)
