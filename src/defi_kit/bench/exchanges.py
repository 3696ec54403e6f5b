"""What every exchange lives through, and ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from typing import Final, Protocol

from .. import bindings
from ..bindings import exchange as abi
from ..chain import Account, Chain, Transaction
from ..units import MAX_UINT256
from .meter import Meter
from .report import Measured, When

__all__ = [
    "DEADLINE",
    "FEE",
    "LEAST",
    "ExchangeSystem",
    "OurExchange",
    "Tokens",
    "deploy_tokens",
    "exchange_gas",
]

Tokens = Sequence[bindings.StandardToken]
"""In ascending order of their addresses, so that every exchange has them the same way round."""

FEE: Final = 3_000
"""Of every pool. [pips: 1e6 = 100 %]"""
DEADLINE: Final = 2**32 - 1
"""Of every transaction that takes one. [unix seconds]"""
LEAST: Final = 10**17
"""Least that every verb accepts, so that nobody's call data is cheaper for zeros. [raw]"""

DEPTH: Final = 10**24
"""First deposit of each token. [raw]"""
DEPOSIT: Final = 10**21
"""Later deposits of each token, at most. [raw]"""
STABLE: Final = 100 << 16 | 18 << 8 | 18
"""Our curve for tokens worth the same: an amplification of 100, 18 decimals each."""
NOBODY: Final = "0x" + "0" * 40
"""Gets no share of the fees."""
SALE: Final = 10**18
"""What is sold. A millionth of the pool: no exchange crosses a tick. [raw]"""


class ExchangeSystem(Protocol):
    """An exchange: which transactions its users send. Nothing here sends any.

    A pool's two tokens come in ascending order; its fee is FEE; a deposit is over all prices.
    """

    spenders: tuple[str, ...]
    """Who needs the users' allowance."""

    def create_pool(self, pair: Tokens) -> Transaction:
        """A new pool, at a price of one where that has to be said."""
        ...

    def add_liquidity(self, pair: Tokens, amount: int, who: Account) -> Transaction:
        """At most `amount` of both tokens."""
        ...

    def remove_liquidity(self, pair: Tokens, who: Account, to: Account) -> Transaction:
        """A tenth of what `who` has in the pool; `to` gets the tokens."""
        ...

    def swap(self, path: Tokens, amount: int, who: Account, to: Account) -> Transaction:
        """Sells exactly `amount` of the first token for the last, through a pool a step."""
        ...

    def stable(self) -> ExchangeSystem | None:
        """The same exchange, but its pools are for tokens worth the same; None without such."""
        return None


def deploy_tokens(chain: Chain, symbols: Iterable[str] = "ABC") -> Tokens:
    """A token of each name; in ascending order of their addresses."""
    made = [bindings.StandardToken.deploy(chain, symbol, 18) for symbol in symbols]
    return sorted(made, key=lambda token: int(token.address, 16))


def exchange_gas(meter: Meter, system: ExchangeSystem, tokens: Tokens) -> Measured:
    """Lives through the life of an exchange; the gas of each verb."""
    provider, trader = (meter.chain.account(name) for name in ("provider", "trader"))
    for token in tokens:
        for who in (provider, trader):
            token.mint(who, 10 * DEPTH)
            for spender in system.spenders:
                token.approve(spender, MAX_UINT256, sender=who)
    pair, other = tokens[:2], tokens[1:3]
    gas: dict[tuple[str, When], int] = {}

    gas["create_pool", "first"] = meter.gas(system.create_pool(pair))
    gas["create_pool", "steady"] = meter.gas(system.create_pool(other))
    gas["add_liquidity", "first"] = meter.gas(system.add_liquidity(pair, DEPTH, provider))
    meter.gas(system.add_liquidity(other, DEPTH, provider))

    one_hop = system.swap(pair, SALE, trader, trader)
    first = system.swap(pair, SALE, trader, meter.newcomer())
    gas["swap_1_hop", "first"] = meter.gas(first)
    gas["swap_1_hop", "steady"] = meter.steady(one_hop)
    gas["swap_1_hop_same_block", "steady"] = meter.second_in_block(one_hop)
    # The second pool trades for the first time, the first one has traded before.
    first = system.swap(tokens[:3], SALE, trader, meter.newcomer())
    gas["swap_2_hops", "first"] = meter.gas(first)
    gas["swap_2_hops", "steady"] = meter.steady(system.swap(tokens[:3], SALE, trader, trader))

    for _ in range(2):
        gas["add_liquidity", "steady"] = meter.gas(system.add_liquidity(pair, DEPOSIT, provider))
    first = system.remove_liquidity(pair, provider, meter.newcomer())
    gas["remove_liquidity", "first"] = meter.gas(first)
    for _ in range(2):
        again = system.remove_liquidity(pair, provider, provider)
        gas["remove_liquidity", "steady"] = meter.gas(again)

    if (stable := system.stable()) is not None:
        meter.gas(stable.create_pool(pair))
        meter.gas(stable.add_liquidity(pair, DEPTH, provider))
        meter.gas(stable.swap(pair, SALE, trader, trader))  # out of balance, as pools are
        first = stable.swap(pair, SALE, trader, meter.newcomer())
        gas["swap_stable", "first"] = meter.gas(first)
        gas["swap_stable", "steady"] = meter.steady(stable.swap(pair, SALE, trader, trader))
    return gas


class OurExchange(ExchangeSystem):
    """The kit's Exchange."""

    def __init__(self, chain: Chain) -> None:
        weth = bindings.WrappedEther.deploy(chain)
        self._exchange = bindings.Exchange.deploy(chain, weth, 0, NOBODY)
        self.spenders = (self._exchange.address,)
        self._curve = 0

    def create_pool(self, pair: Tokens) -> Transaction:
        return self._exchange.build("create_pool", self._key(pair))

    def add_liquidity(self, pair: Tokens, amount: int, who: Account) -> Transaction:
        return self._exchange.build(
            "add_liquidity", self._key(pair), amount, amount, LEAST, who, DEADLINE, sender=who
        )

    def remove_liquidity(self, pair: Tokens, who: Account, to: Account) -> Transaction:
        key = self._key(pair)
        shares = self._exchange.balance_of(who, self._exchange.pool_id(key)) // 10
        return self._exchange.build(
            "remove_liquidity", key, shares, LEAST, LEAST, to, DEADLINE, sender=who
        )

    def swap(self, path: Tokens, amount: int, who: Account, to: Account) -> Transaction:
        hops = [abi.Hop(token.address, FEE, self._curve) for token in path[1:]]
        return self._exchange.build(
            "swap_exact_in", path[0], amount, hops, LEAST, to, DEADLINE, sender=who
        )

    def stable(self) -> ExchangeSystem:
        other = copy(self)
        other._curve = STABLE
        return other

    def _key(self, pair: Tokens) -> abi.PoolKey:
        return abi.PoolKey(pair[0].address, pair[1].address, FEE, self._curve)
