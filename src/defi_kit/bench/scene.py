"""The standard economy, and what the benchmarks do to it over and over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import deploy
from ..chain import Chain, Receipt, Transaction
from ..chain.hashing import address_of
from ..dex.pool import Pool
from ..dex.stable_swap import StableSwap
from ..units import MAX_UINT256
from .exchanges import DEPTH, SALE, OurExchange, deploy_tokens
from .stopwatch import Task

__all__ = ["Scene"]


class Scene:
    """The standard economy on a chain, and what is done to it over and over."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.kit = deploy(chain)
        self.alice, self.bob = self.kit.actors("alice", "bob")
        self.kit.provide(self.kit.usd("100_000_000"), self.alice)
        self._one_dollar = self.kit.usd(1)
        self._tokens = deploy_tokens(chain, "AB")
        self._exchange = OurExchange(chain)
        self._open_pool()
        self._stable = self._recorded = _stable_pool(chain.timestamp)
        self._lending = self.kit.lending.state([self.alice])
        self._now = chain.timestamp

    def _open_pool(self) -> None:
        for token in self._tokens:
            token.mint(self.alice, 10 * DEPTH)
            for spender in self._exchange.spenders:
                token.approve(spender, MAX_UINT256, sender=self.alice)
        self._send(self._exchange.create_pool(self._tokens))
        self._send(self._exchange.add_liquidity(self._tokens, DEPTH, self.alice))

    def _send(self, transaction: Transaction) -> None:
        self.chain.transact(transaction.to, transaction.data, sender=transaction.sender)

    def transfer(self) -> None:
        """A dollar, through the token's client."""
        self.kit.usd.transfer(self.bob, self._one_dollar, sender=self.alice)

    def swap(self) -> None:
        """One transaction, through the binding: no quote, no approval."""
        self._send(self._exchange.swap(self._tokens, SALE, self.alice, self.alice))

    def view(self) -> None:
        """A balance, through the token's client."""
        self.kit.usd.balance(self.alice)

    def swap_verb(self) -> None:
        """The client's verb: finds the path, quotes, approves, sells."""
        self.kit.exchange.swap(self._one_dollar, self.kit.weth, sender=self.alice)

    def supply_verb(self) -> None:
        """The client's verb: approves, lends."""
        self.kit.lending.supply(self._one_dollar, sender=self.alice)

    def twin_swap(self) -> None:
        """In a stable pool, there and back; all in one block, so no price goes on record."""
        self._now += 1
        self._stable, _ = self._stable.swap_exact_in(SALE, bool(self._now & 1))

    def twin_recorded_swap(self) -> None:
        """The same, each in a block of its own: the price before it goes on record."""
        self._now += 1
        self._recorded, _ = self._recorded.swap_exact_in(SALE, bool(self._now & 1), now=self._now)

    def twin_supply(self) -> None:
        """A dollar."""
        self._now += 1
        self._lending, _ = self._lending.deposit(10**6, self.alice.address, now=self._now)

    def raw(self, task: Task) -> Task:
        """The transaction that the task sends, prepared, straight to the EVM of the chain."""
        sent: list[tuple[str, str, bytes]] = []
        before = self.chain.transact

        def note(to: Any, data: bytes = b"", *, sender: Any = None, **others: Any) -> Receipt:
            sent.append((address_of(sender), address_of(to), data))
            return before(to, data, sender=sender, **others)

        with _patched(self.chain, "transact", note):
            task()
        ((sender, to, data),) = sent
        chain: Any = self.chain

        def call() -> None:
            evm = chain._evm
            evm.reset_transient_storage()
            evm.message_call(sender, to, data)

        return call


def _stable_pool(now: int) -> Pool:
    """The twin of a pool as curvesim's in `rivals.py`: 4 basis points, 18 decimals, A of 100."""
    return (
        Pool(fee=400, updated_at=now, curve=StableSwap(100, 18, 18))
        .add_liquidity(DEPTH, DEPTH)
        .pool
    )


@contextmanager
def _patched(owner: Any, name: str, value: object) -> Iterator[None]:
    """Inside, the owner has another value by this name."""
    before = vars(owner).get(name, owner)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is owner:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
