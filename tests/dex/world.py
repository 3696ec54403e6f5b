"""An Exchange with five tokens and three people, every step of it checked.

`World` sends a verb to the contract, says what the numbered invariants of contracts/dex/README.md
forbid (`Violation`), and, where it has a twin, that contract and twin agree to the last unit. The
state machine drives it at random; the seeded faults drive it with a twin switched off, so that what
catches them is an invariant and not a comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from defi_kit import bindings
from defi_kit.bindings.exchange import Hop as HopStruct
from defi_kit.bindings.exchange import PoolKey as KeyStruct
from defi_kit.chain import Account, Chain
from defi_kit.dex.exchange import NOBODY, ExchangeState
from defi_kit.dex.pool import LOCKED_SHARES, ConstantProductPool, Hop, PoolKey
from defi_kit.errors import Reverted

DECIMALS = (0, 6, 8, 18, 24)
FEES = (0, 1, 3_000, 100_000)
NEVER = 2**256 - 1
PLENTY = 2**115
"""What everybody owns of every token: more than a pool can hold."""


class Violation(AssertionError):
    """What must always hold did not."""

    def __init__(self, number: str, message: str) -> None:
        super().__init__(f"{number}: {message}")
        self.number = number


@dataclass(frozen=True)
class Books:
    """What the contract and the tokens say at one moment."""

    pools: dict[PoolKey, ConstantProductPool]
    held: dict[str, int]
    shares: dict[tuple[str, int], int]


@dataclass
class World:
    chain: Chain
    exchange: bindings.Exchange
    tokens: list[bindings.MockToken]
    people: list[Account]
    twin: ExchangeState | None
    keys: list[PoolKey] = field(default_factory=list)
    books: Books = field(default_factory=lambda: Books({}, {}, {}))
    watched: frozenset[str] = frozenset(f"X{number}" for number in range(1, 13))
    """Which invariants raise. The seeded faults look at one at a time."""

    @classmethod
    def build(cls, chain: Chain, bytecode: bytes | None = None) -> World:
        """A new Exchange (of other bytecode, if given) and five funded tokens, ascending."""
        deployer = chain.account("deployer")
        if bytecode is None:
            exchange = bindings.Exchange.deploy(chain, NOBODY, 0, NOBODY, sender=deployer)
        else:
            created = chain.transact(None, bytecode + bytes(96), sender=deployer).contract_address
            assert created is not None
            exchange = bindings.Exchange(chain, created)
        made = [
            bindings.MockToken.deploy(chain, f"T{decimals}", decimals, sender=deployer)
            for decimals in DECIMALS
        ]
        tokens = sorted(made, key=lambda token: int(token.address, 16))
        people = [chain.account(name) for name in ("alice", "bob", "mallory")]
        for person in people:
            for token in tokens:
                token.mint(person, PLENTY, sender=deployer)
                token.approve(exchange, NEVER, sender=person)
        twin = ExchangeState(exchange.address) if bytecode is None else None
        world = cls(chain, exchange, tokens, people, twin)
        world.books = world.read()
        return world

    @contextmanager
    def rewound(self) -> Iterator[None]:
        """Undoes at the end what happened inside, here and on the chain."""
        twin, keys, books = self.twin, list(self.keys), self.books
        try:
            with self.chain.snapshot():
                yield
        finally:
            self.twin, self.keys, self.books = twin, keys, books

    # --- reading ----------------------------------------------------------------------------------

    def pool(self, key: PoolKey) -> ConstantProductPool:
        raw = self.exchange.pool(key.id)
        return ConstantProductPool(
            raw.reserve0,
            raw.reserve1,
            raw.supply,
            key.fee,
            raw.updated_at,
            raw.cumulative_log_price,
            key.id,
        )

    def read(self) -> Books:
        owners = [NOBODY, *(person.address for person in self.people)]
        balance = self.exchange.balance_of
        return Books(
            {key: self.pool(key) for key in self.keys},
            {token.address: token.balance_of(self.exchange) for token in self.tokens},
            {
                (owner, key.id): count
                for key in self.keys
                for owner in owners
                if (count := balance(owner, key.id))
            },
        )

    # --- verbs ------------------------------------------------------------------------------------

    def create(self, key: PoolKey) -> None:
        def after() -> None:
            self.keys.append(key)

        self._verb(
            lambda: self.exchange.create_pool(struct(key), sender=self.people[0]),
            lambda twin, now: (twin.create_pool(key, now=now), None),
            after=after,
        )

    def add(self, who: Account, key: PoolKey, max0: int, max1: int, minimum: int = 0) -> None:
        self._verb(
            lambda: self.exchange.add_liquidity(
                struct(key), max0, max1, minimum, who, NEVER, sender=who
            ),
            lambda twin, now: twin.add_liquidity(key, max0, max1, minimum, to=who.address, now=now),
        )

    def remove(self, who: Account, key: PoolKey, shares: int, min0: int = 0, min1: int = 0) -> None:
        self._verb(
            lambda: self.exchange.remove_liquidity(
                struct(key), shares, min0, min1, who, NEVER, sender=who
            ),
            lambda twin, now: twin.remove_liquidity(
                key, shares, min0, min1, sender=who.address, to=who.address, now=now
            ),
        )

    def swap(
        self, who: Account, token_in: str, amount: int, path: Sequence[Hop], minimum: int = 0
    ) -> int:
        """Sells, and returns what arrived; 0 when the Exchange refused."""
        hops = structs(path)
        quoted = self._answer(lambda: self.exchange.quote_exact_in(token_in, amount, hops))
        token_out = bindings.MockToken(self.chain, path[-1].token_out if path else token_in)
        owned = token_out.balance_of(who)
        sent = self._verb(
            lambda: self.exchange.swap_exact_in(
                token_in, amount, hops, minimum, who, NEVER, sender=who
            ),
            lambda twin, now: twin.swap_exact_in(
                token_in, amount, path, minimum, to=who.address, now=now
            ),
            traded=True,
        )
        if not sent:
            return 0
        arrived = token_out.balance_of(who) - owned
        if token_out.address == token_in:
            arrived += amount
        self.insist(quoted == arrived, "X7", f"quote {quoted}, execution {arrived}")
        return arrived

    def donate(self, who: Account, token: bindings.MockToken, amount: int) -> None:
        self._verb(
            lambda: token.transfer(self.exchange, amount, sender=who),
            lambda twin, now: (twin.donate(token.address, amount), None),
        )

    def skim(self, who: Account, token: str, keys: Sequence[PoolKey]) -> None:
        self._verb(
            lambda: self.exchange.skim(token, [struct(key) for key in keys], who, sender=who),
            lambda twin, now: twin.skim(token, keys, to=who.address),
        )

    def give(self, who: Account, to: Account, key: PoolKey, shares: int) -> None:
        """Moves shares that `who` has."""
        self._verb(
            lambda: self.exchange.transfer(to, key.id, shares, sender=who),
            lambda twin, now: (
                twin.transfer_shares(who.address, to.address, key.id, shares),
                None,
            ),
        )

    def _verb(
        self,
        send: Callable[[], Any],
        step: Callable[[ExchangeState, int], Any],
        *,
        after: Callable[[], None] | None = None,
        traded: bool = False,
    ) -> bool:
        """Sends to the contract, steps the twin, checks everything. False: both refused alike."""
        refusal: Reverted | None = None
        try:
            send()
        except Reverted as error:
            refusal = error
        now = self.chain.timestamp if refusal is None else self.chain.timestamp + 1
        if self.twin is not None:
            self._step(step, now, refusal)
        if refusal is None and after is not None:
            after()
        self.check(traded=traded and refusal is None)
        return refusal is None

    def _step(
        self, step: Callable[[ExchangeState, int], Any], now: int, refusal: Reverted | None
    ) -> None:
        assert self.twin is not None
        said: Reverted | None = None
        try:
            self.twin = step(self.twin, now)[0]
        except Reverted as error:
            said = error
        assert _told(said) == _told(refusal)

    @staticmethod
    def _answer(ask: Callable[[], int]) -> int | None:
        try:
            return ask()
        except Reverted:
            return None

    def insist(self, condition: bool, number: str, message: str) -> None:
        if not condition and number in self.watched:
            raise Violation(number, message)

    # --- what always holds ------------------------------------------------------------------------

    def check(self, *, traded: bool = False) -> None:
        """The invariants that can be seen from one step to the next."""
        before, after = self.books, self.read()
        self.books = after
        for key, pool in after.pools.items():
            if key in before.pools:
                self._check_pool(before.pools[key], pool, traded)
        for token, held in after.held.items():
            booked = sum(
                pool.reserve0 if token == key.token0 else pool.reserve1
                for key, pool in after.pools.items()
                if token in key.tokens
            )
            self.insist(held >= booked, "X3", f"holds {held} of {token}, owes {booked}")
        for key, pool in after.pools.items():
            total = sum(count for (_, id_), count in after.shares.items() if id_ == key.id)
            locked = after.shares.get((NOBODY, key.id), 0)
            self.insist(total == pool.supply, "X4", f"shares sum to {total}, supply {pool.supply}")
            self.insist(not pool.supply or locked == LOCKED_SHARES, "X4", f"locked {locked}")
        if self.twin is not None:
            self._compare(self.twin, after)

    def _check_pool(
        self, before: ConstantProductPool, after: ConstantProductPool, traded: bool
    ) -> None:
        k_before, k_after = before.reserve0 * before.reserve1, after.reserve0 * after.reserve1
        if traded:
            moved = (before.reserve0, before.reserve1) != (after.reserve0, after.reserve1)
            self.insist(k_after >= k_before, "X1", f"k fell from {k_before} to {k_after}")
            if moved and before.fee:
                self.insist(k_after > k_before, "X1", f"k stayed {k_before} in spite of the fee")
        if before.supply:
            self.insist(
                k_after * before.supply**2 >= k_before * after.supply**2,
                "X2",
                f"k per share fell: {before} to {after}",
            )
            early = before.cumulative_log_price
            due = before.cumulative_log_price_at(after.updated_at)
            found = after.cumulative_log_price
            self.insist(found >= early, "X10", f"accumulator fell from {early} to {found}")
            self.insist(found == due, "X10", f"accumulator {found}, due {due}")

    def _compare(self, twin: ExchangeState, books: Books) -> None:
        assert dict(twin.pools) == books.pools
        assert dict(twin.shares) == books.shares
        for token, held in books.held.items():
            assert twin.held.get(token, 0) == held

    # --- what would hold --------------------------------------------------------------------------

    def probe_round_trip(self, who: Account, token_in: str, amount: int, key: PoolKey) -> None:
        """X5: A to B to A returns no more than went in."""
        with self.rewound():
            there = self.swap(who, token_in, amount, [key.hop(token_in)])
            if there:
                back = self.swap(who, key.other(token_in), there, [key.hop(key.other(token_in))])
                self.insist(back <= amount, "X5", f"{amount} in, {there}, {back} back")

    def probe_in_and_out(self, who: Account, key: PoolKey, max0: int, max1: int) -> None:
        """X6: liquidity that joins and leaves takes no more than it brought."""
        with self.rewound():
            owned = self._owned(who, key)
            held = self.books.shares.get((who.address, key.id), 0)
            self.add(who, key, max0, max1)
            minted = self.books.shares.get((who.address, key.id), 0) - held
            if minted:
                self.remove(who, key, minted)
                now = self._owned(who, key)
                gains = [late - early for early, late in zip(owned, now, strict=True)]
                self.insist(max(gains) <= 0, "X6", f"gained {gains}")

    def probe_split(self, who: Account, token_in: str, parts: Sequence[int], key: PoolKey) -> None:
        """X8: parts of a trade never fetch more than the whole."""
        path = [key.hop(token_in)]
        with self.rewound():
            whole = self.swap(who, token_in, sum(parts), path)
        with self.rewound():
            split = sum(self.swap(who, token_in, part, path) for part in parts)
        if whole:
            self.insist(split <= whole, "X8", f"whole {whole}, in parts {split}")

    def probe_more_is_more(
        self, who: Account, token_in: str, less: int, more: int, key: PoolKey
    ) -> None:
        """X9: more in never fetches less, and nothing beats the marginal price."""
        path = [key.hop(token_in)]
        pool = self.books.pools[key]
        reserves = (pool.reserve0, pool.reserve1)
        into, out = reserves if token_in == key.token0 else reserves[::-1]
        fetched = []
        for amount in sorted((less, more)):
            with self.rewound():
                fetched.append(self.swap(who, token_in, amount, path))
            kept = amount * (1_000_000 - key.fee)
            limit = f"{amount} fetched {fetched[-1]} from {into}/{out}"
            self.insist(fetched[-1] * into * 1_000_000 <= kept * out, "X9", limit)
        self.insist(not fetched[1] or fetched[0] <= fetched[1], "X9", f"{less}, {more}: {fetched}")

    def probe_block(
        self, who: Account, token_in: str, amounts: Sequence[int], key: PoolKey
    ) -> None:
        """X10: the first change in a block closes the account; nothing after it moves it."""
        with self.rewound():
            before = self.books.pools[key]
            build = self.exchange.build
            hops = structs([key.hop(token_in)])
            try:
                self.chain.batch(
                    build("swap_exact_in", token_in, amount, hops, 0, who, NEVER, sender=who)
                    for amount in amounts
                )
            except Reverted:
                return
            due = before.cumulative_log_price_at(self.chain.timestamp)
            found = self.pool(key).cumulative_log_price
            self.insist(found == due, "X10", f"accumulator {found}, due {due}")

    def _owned(self, who: Account, key: PoolKey) -> list[int]:
        return [bindings.MockToken(self.chain, token).balance_of(who) for token in key.tokens]


def _told(refusal: Reverted | None) -> tuple[Any, ...]:
    """A refusal's name and numbers, to compare the twin's with the contract's."""
    return () if refusal is None else (refusal.signature, *refusal.args)


def struct(key: PoolKey) -> KeyStruct:
    return KeyStruct(key.token0, key.token1, key.fee, key.curve)


def structs(path: Sequence[Hop]) -> list[HopStruct]:
    return [HopStruct(*hop) for hop in path]
