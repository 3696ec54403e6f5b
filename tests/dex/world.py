"""An Exchange with five tokens and three people, every step of it checked.

`World` sends a verb to the contract, says what the numbered invariants of contracts/dex/README.md
forbid (`Violation`), and, where it has a twin, that contract and twin agree to the last unit. The
state machine drives it at random; the seeded faults drive it with a twin switched off, so that what
catches them is an invariant and not a comparison. Pools are of either curve, the token of 18
decimals is wrapped ether, and a tenth of every fee is the protocol's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from defi_kit import bindings
from defi_kit.bindings.exchange import Hop as HopStruct
from defi_kit.bindings.exchange import PoolKey as KeyStruct
from defi_kit.bindings.trading_actor import Call
from defi_kit.chain import Account, Chain, Transaction
from defi_kit.chain.hashing import address_of, keccak
from defi_kit.dex.constant_product import ConstantProduct
from defi_kit.dex.curves import curve_of
from defi_kit.dex.exchange import NOBODY, ExchangeState
from defi_kit.dex.pool import LOCKED_SHARES, Hop, Pool, PoolKey
from defi_kit.dex.routes import ETHER
from defi_kit.dex.stable_swap import StableSwap
from defi_kit.errors import Reverted
from defi_kit.reverts import InsufficientAllowance, LoanRefused, Locked

DECIMALS = (0, 6, 8, 18, 24)
FEES = (0, 1, 3_000, 100_000)
AMPLIFICATIONS = (1, 100, 1_000_000)
SHARE = 100_000
"""The protocol's part of a fee. [pips of the fee]"""
NEVER = 2**256 - 1
PLENTY = 2**115
"""What everybody owns of every token: more than a pool can hold."""
MOODS = ("pays", "pays", "gives", "enters", "keeps", "refuses")
"""What the actor does when it is called back: pay, donate and pay, call a verb or a view of the
Exchange, take its allowance back, answer a loan wrongly."""
GIFT = 7
LOCKED = keccak(b"Locked()")[:4]


class Violation(AssertionError):
    """What must always hold did not."""

    def __init__(self, number: str, message: str) -> None:
        super().__init__(f"{number}: {message}")
        self.number = number


@dataclass(frozen=True)
class Books:
    """What the contract and the tokens say at one moment."""

    pools: dict[PoolKey, Pool]
    held: dict[str, int]
    shares: dict[tuple[str, int], int]
    fees: dict[str, int]


@dataclass
class World:
    chain: Chain
    exchange: bindings.Exchange
    tokens: list[bindings.MockToken]
    people: list[Account]
    twin: ExchangeState | None
    weth: str
    recipient: Account
    actor: bindings.TradingActor
    keys: list[PoolKey] = field(default_factory=list)
    books: Books = field(default_factory=lambda: Books({}, {}, {}, {}))
    watched: frozenset[str] = frozenset(f"X{number}" for number in range(1, 14))
    """Which invariants raise. The seeded faults look at one at a time."""

    @classmethod
    def build(cls, chain: Chain, bytecode: bytes | None = None) -> World:
        """A new Exchange (of other bytecode, if given) and five funded tokens, ascending."""
        deployer = chain.account("deployer")
        weth = bindings.WrappedEther.deploy(chain, sender=deployer)
        terms = (weth, SHARE, deployer)
        if bytecode is None:
            exchange = bindings.Exchange.deploy(chain, *terms, sender=deployer)
        else:
            words = (int(address_of(weth), 16), SHARE, int(deployer.address, 16))
            code = bytecode + b"".join(word.to_bytes(32, "big") for word in words)
            created = chain.transact(None, code, sender=deployer).contract_address
            assert created is not None
            exchange = bindings.Exchange(chain, created)
        made = [
            bindings.MockToken(chain, weth)
            if decimals == 18
            else bindings.MockToken(
                chain,
                bindings.ReentrantToken.deploy(chain, f"T{decimals}", decimals, sender=deployer),
            )
            for decimals in DECIMALS
        ]
        tokens = sorted(made, key=lambda token: int(token.address, 16))
        people = [chain.account(name) for name in ("alice", "bob", "mallory")]
        for person in people:
            chain.set_balance(person, 2 * PLENTY)
            for token in tokens:
                if token.address == weth.address:
                    weth.deposit(value=PLENTY, sender=person)
                else:
                    token.mint(person, PLENTY, sender=deployer)
                token.approve(exchange, NEVER, sender=person)
        actor = bindings.TradingActor.deploy(chain, sender=deployer)
        for token in tokens:
            token.transfer(actor, PLENTY // 2, sender=people[0])
            approve = token.build("approve", exchange, NEVER)
            actor.perform(token, approve.data, sender=deployer)
        twin = None
        if bytecode is None:
            twin = ExchangeState(exchange.address, weth=weth.address, protocol_share=SHARE)
        world = cls(chain, exchange, tokens, people, twin, weth.address, deployer, actor)
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

    def key(self, token_a: str, token_b: str, fee: int, amplification: int = 0) -> PoolKey:
        """The key of a pool on StableSwap, or without amplification on the constant product."""
        key = PoolKey.of(token_a, token_b, fee)
        if not amplification:
            return key
        digits = [bindings.MockToken(self.chain, token).decimals() for token in key.tokens]
        return replace(key, curve=StableSwap(amplification, *digits).word)

    # --- reading ----------------------------------------------------------------------------------

    def pool(self, key: PoolKey) -> Pool:
        raw = self.exchange.pool(key.id)
        return Pool(
            raw.reserve0,
            raw.reserve1,
            raw.supply,
            key.fee,
            raw.updated_at,
            raw.cumulative_log_price,
            key.id,
            curve_of(key.curve),
            SHARE,
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
            {
                token.address: owed
                for token in self.tokens
                if (owed := self.exchange.protocol_fees(token))
            },
        )

    # --- verbs ------------------------------------------------------------------------------------

    def create(self, key: PoolKey) -> None:
        def after() -> None:
            self.keys.append(key)

        decimals = [bindings.MockToken(self.chain, token).decimals() for token in key.tokens]
        self._verb(
            lambda: self.exchange.create_pool(struct(key), sender=self.people[0]),
            lambda twin, now: (twin.create_pool(key, now=now, decimals=decimals), None),
            after=after,
        )

    def add(
        self,
        who: Account,
        key: PoolKey,
        max0: int,
        max1: int,
        minimum: int = 0,
        value: int = 0,
    ) -> None:
        """Joins; with some `value`, the side of wrapped ether is paid of it."""
        self._verb(
            lambda: self.exchange.add_liquidity(
                struct(key), max0, max1, minimum, who, NEVER, sender=who, value=value
            ),
            lambda twin, now: twin.add_liquidity(
                key, max0, max1, minimum, to=who.address, now=now, value=value
            ),
        )

    def add_one_sided(
        self, who: Account, key: PoolKey, token_in: str, amount: int, minimum: int = 0
    ) -> int:
        """Joins with one token (zero for ether), and returns what was paid."""
        value = amount if token_in == ETHER else 0
        quoted = self._answer(
            lambda: self.exchange.quote_add_liquidity_one_sided(struct(key), token_in, amount)[1]
        )
        owned = self.owned(who, token_in)
        sent = self._verb(
            lambda: self.exchange.add_liquidity_one_sided(
                struct(key), token_in, amount, minimum, who, NEVER, sender=who, value=value
            ),
            lambda twin, now: twin.add_liquidity_one_sided(
                key, token_in, amount, minimum, to=who.address, now=now, value=value
            ),
            traded=True,
        )
        if not sent:
            return 0
        paid = owned - self.owned(who, token_in)
        self.insist(quoted == paid, "X7", f"quote {quoted}, execution {paid}")
        self.insist(paid <= amount, "X6", f"paid {paid} of at most {amount}")
        return paid

    def remove(self, who: Account, key: PoolKey, shares: int, min0: int = 0, min1: int = 0) -> None:
        self._verb(
            lambda: self.exchange.remove_liquidity(
                struct(key), shares, min0, min1, who, NEVER, sender=who
            ),
            lambda twin, now: twin.remove_liquidity(
                key, shares, min0, min1, sender=who.address, to=who.address, now=now
            ),
        )

    def remove_one_sided(
        self, who: Account, key: PoolKey, shares: int, token_out: str, minimum: int = 0
    ) -> int:
        """Leaves for one token (zero for ether), and returns what arrived."""
        quoted = self._answer(
            lambda: self.exchange.quote_remove_liquidity_one_sided(struct(key), shares, token_out)
        )
        owned = self.owned(who, token_out)
        sent = self._verb(
            lambda: self.exchange.remove_liquidity_one_sided(
                struct(key), shares, token_out, minimum, who, NEVER, sender=who
            ),
            lambda twin, now: twin.remove_liquidity_one_sided(
                key, shares, token_out, minimum, sender=who.address, to=who.address, now=now
            ),
        )
        if not sent:
            return 0
        arrived = self.owned(who, token_out) - owned
        self.insist(quoted == arrived, "X7", f"quote {quoted}, execution {arrived}")
        return arrived

    def swap(
        self, who: Account, token_in: str, amount: int, path: Sequence[Hop], minimum: int = 0
    ) -> int:
        """Sells, and returns what arrived; 0 when the Exchange refused."""
        hops = structs(path)
        value = amount if token_in == ETHER else 0
        quoted = self._answer(lambda: self.exchange.quote_exact_in(token_in, amount, hops))
        token_out = path[-1].token_out if path else token_in
        owned = self.owned(who, token_out)
        sent = self._verb(
            lambda: self.exchange.swap_exact_in(
                token_in, amount, hops, minimum, who, NEVER, sender=who, value=value
            ),
            lambda twin, now: twin.swap_exact_in(
                token_in, amount, path, minimum, to=who.address, now=now, value=value
            ),
            traded=True,
        )
        if not sent:
            return 0
        arrived = self.owned(who, token_out) - owned + (amount if token_out == token_in else 0)
        self.insist(quoted == arrived, "X7", f"quote {quoted}, execution {arrived}")
        return arrived

    def buy(
        self, who: Account, token_in: str, path: Sequence[Hop], amount: int, maximum: int = NEVER
    ) -> int:
        """Buys, and returns what it cost; 0 when the Exchange refused."""
        hops = structs(path)
        quoted = self._answer(lambda: self.exchange.quote_exact_out(token_in, hops, amount))
        value = (quoted or 0) + 7 if token_in == ETHER else 0
        token_out = path[-1].token_out
        owned, before = self.owned(who, token_in), self.owned(who, token_out)
        sent = self._verb(
            lambda: self.exchange.swap_exact_out(
                token_in, maximum, hops, amount, who, NEVER, sender=who, value=value
            ),
            lambda twin, now: twin.swap_exact_out(
                token_in, maximum, path, amount, to=who.address, now=now, value=value
            ),
            traded=True,
        )
        if not sent:
            return 0
        paid, arrived = owned - self.owned(who, token_in), self.owned(who, token_out) - before
        if token_out == token_in:
            paid, arrived = paid + amount, arrived + (quoted or 0)
        self.insist(quoted == paid, "X7", f"quote {quoted}, execution {paid}")
        self.insist(arrived == amount, "X7", f"wanted {amount}, got {arrived}")
        return paid

    def owned(self, who: Account | bindings.TradingActor, token: str) -> int:
        if token == ETHER:
            return self.chain.balance(who)
        return bindings.MockToken(self.chain, token).balance_of(who)

    def collect(self, token: str) -> None:
        self._verb(
            lambda: self.exchange.collect(token, sender=self.people[0]),
            lambda twin, now: twin.collect(token),
        )

    def collected(self, token: bindings.MockToken) -> int:
        """What the protocol's recipient has of a token."""
        return token.balance_of(self.recipient)

    def increase(self, key: PoolKey, count: int) -> None:
        self._verb(
            lambda: self.exchange.increase_observations(key.id, count, sender=self.people[0]),
            lambda twin, now: (twin.increase_observations(key, count), None),
        )

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

    # --- adversaries ------------------------------------------------------------------------------

    def flash_sell(
        self, who: Account, token_in: str, amount: int, path: Sequence[Hop], mood: str
    ) -> None:
        """The actor sells, gets the proceeds, does as its mood is, and pays or not."""
        terms = (token_in, amount, structs(path), 0, self.actor, NEVER, b"")
        self._flash(
            who,
            self.exchange.build("flash_swap_exact_in", *terms),
            lambda twin, now: twin.flash_swap_exact_in(
                token_in, amount, path, to=self.actor.address, now=now
            ),
            token_in,
            mood,
            lambda: amount if path[-1].token_out != token_in else 0,
        )

    def flash_buy(
        self, who: Account, token_in: str, path: Sequence[Hop], amount: int, mood: str
    ) -> None:
        """The same for an exact purchase."""
        hops = structs(path)
        terms = (token_in, PLENTY // 16, hops, amount, self.actor, NEVER, b"")
        quoted = self._answer(lambda: self.exchange.quote_exact_out(token_in, hops, amount))
        self._flash(
            who,
            self.exchange.build("flash_swap_exact_out", *terms),
            lambda twin, now: twin.flash_swap_exact_out(
                token_in, PLENTY // 16, path, amount, to=self.actor.address, now=now
            ),
            token_in,
            mood,
            lambda: (quoted or 0) if path[-1].token_out != token_in else 0,
        )

    def flash_borrow(self, who: Account, token: str, amount: int, mood: str) -> None:
        """The actor has the tokens for a while."""
        self._flash(
            who,
            self.exchange.build("flash_loan", self.actor, token, amount, b""),
            lambda twin, now: (twin.flash_loan(token, amount), None),
            token,
            mood,
            lambda: 0,
            refusal=LoanRefused(self.actor.address),
        )

    def _flash(
        self,
        who: Account,
        asked: Transaction,
        step: Callable[[ExchangeState, int], Any],
        token: str,
        mood: str,
        due: Callable[[], int],
        refusal: Reverted | None = None,
    ) -> None:
        """X13: nobody gets in meanwhile, and at the end `due` has been paid in `token`."""
        refusals = {"enters": Locked(), "keeps": InsufficientAllowance(), "refuses": refusal}
        wrong, gift = refusals.get(mood), GIFT if mood == "gives" else 0
        build = bindings.MockToken(self.chain, token).build
        plans = {
            "gives": build("transfer", self.exchange, GIFT),
            "enters": self.intrusion(asked.data),
            "keeps": build("approve", self.exchange, 0),
            "refuses": self.actor.build("set_refusing", True),
        }
        calls = [Call(plan.to or NOBODY, plan.data) for plan in (plans.get(mood),) if plan]

        def answered(twin: ExchangeState, now: int) -> Any:
            after = step(twin, now)[0]
            if wrong is not None:
                raise wrong
            return (after.donate(token, gift) if gift else after, None)

        owned = self.owned(self.actor, token)
        sent = self._verb(
            lambda: self.actor.carry_out(calls, asked.to or NOBODY, asked.data, sender=who),
            answered,
            traded=True,
        )
        if not sent:
            return
        self.insist(wrong is None, "X13", f"the actor {mood}, and was served")
        left, most = self.owned(self.actor, token), owned - due() - gift
        self.insist(left <= most, "X13", f"the actor should have {most}, has {left}")
        if mood == "refuses":
            self.actor.set_refusing(False, sender=who)

    @contextmanager
    def hooked(self, token: str, seed: bytes) -> Iterator[None]:
        """X13: inside, the token calls the Exchange in its next transfer, and is refused."""
        if token == self.weth:  # the only one without a hook
            yield
            return
        hook, somebody = bindings.ReentrantToken(self.chain, token), self.people[0]
        calls, call = hook.calls(), self.intrusion(seed)
        hook.arm(call.to or NOBODY, call.data, sender=somebody)
        yield
        if hook.calls() > calls:
            told = hook.last_result()
            self.insist(told == LOCKED, "X13", f"called in the middle: {told.hex()}")
        hook.arm(NOBODY, b"", sender=somebody)

    def intrusion(self, seed: bytes) -> Transaction:
        """A verb or a view of the Exchange that shows a price."""
        build, who = self.exchange.build, self.people[0]
        key = self.keys[sum(seed) % len(self.keys)]
        token, named, hops = key.token0, struct(key), structs([key.hop(key.token0)])
        listed = [named]
        doors = (
            build("pool", key.id),
            build("total_supply", key.id),
            build("observe", named, 0),
            build("cumulative_log_price", named),
            build("quote_exact_in", token, 1_000, hops),
            build("quote_exact_out", token, hops, 1_000),
            build("quote_add_liquidity", named, 1_000, 1_000),
            build("quote_remove_liquidity", named, 1_000),
            build("swap_exact_in", token, 1_000, hops, 0, who, NEVER),
            build("swap_exact_out", token, NEVER, hops, 1_000, who, NEVER),
            build("flash_swap_exact_in", token, 1_000, hops, 0, who, NEVER, b""),
            build("flash_loan", self.actor, token, 1, b""),
            build("add_liquidity", named, 1_000, 1_000, 0, who, NEVER),
            build("remove_liquidity", named, 1, 0, 0, who, NEVER),
            build("skim", token, listed, who),
            build("collect", token),
            build("increase_observations", key.id, 9),
            build("create_pool", named),
        )
        return doors[sum(seed) // 7 % len(doors)]

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
        assert _told(said) == _told(refusal), f"twin {said!r}, contract {refusal!r}"

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
            booked = after.fees.get(token, 0) + sum(
                pool.reserve0 if token == key.token0 else pool.reserve1
                for key, pool in after.pools.items()
                if token in key.tokens
            )
            self.insist(held >= booked, "X3", f"holds {held} of {token}, owes {booked}")
        ether = self.chain.balance(self.exchange.address)
        self.insist(not ether, "X3", f"keeps {ether} wei")
        for key, pool in after.pools.items():
            total = sum(count for (_, id_), count in after.shares.items() if id_ == key.id)
            locked = after.shares.get((NOBODY, key.id), 0)
            self.insist(total == pool.supply, "X4", f"shares sum to {total}, supply {pool.supply}")
            self.insist(not pool.supply or locked == LOCKED_SHARES, "X4", f"locked {locked}")
        if self.twin is not None:
            self._compare(self.twin, after)

    def _check_pool(self, before: Pool, after: Pool, traded: bool) -> None:
        if traded:
            moved = (before.reserve0, before.reserve1) != (after.reserve0, after.reserve1)
            self.insist(rises(before, after), "X1", f"fell from {before} to {after}")
            if moved and before.fee:
                self.insist(
                    rises(before, after, strictly=True), "X1", f"{after} as before, in spite of fee"
                )
        if before.supply:
            least, most = bounds(before)[0], bounds(after)[1]
            self.insist(
                most * before.supply >= least * after.supply,
                "X2",
                f"liquidity per share fell: {before} to {after}",
            )
            early = before.cumulative_log_price
            due = before.cumulative_log_price_at(after.updated_at)
            found = after.cumulative_log_price
            self.insist(found >= early, "X10", f"accumulator fell from {early} to {found}")
            self.insist(found == due, "X10", f"accumulator {found}, due {due}")

    def _compare(self, twin: ExchangeState, books: Books) -> None:
        assert dict(twin.pools) == books.pools
        assert dict(twin.shares) == books.shares
        assert dict(twin.protocol_fees) == books.fees
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
            owned = [self.owned(who, token) for token in key.tokens]
            minted = self._minted(who, key, lambda: self.add(who, key, max0, max1))
            if minted:
                self.remove(who, key, minted)
                now = [self.owned(who, token) for token in key.tokens]
                gains = [late - early for early, late in zip(owned, now, strict=True)]
                self.insist(max(gains) <= 0, "X6", f"gained {gains}")

    def probe_one_sided(self, who: Account, key: PoolKey, token_in: str, amount: int) -> None:
        """X6: joining with one token is no cheaper than the sale it is, and neither is leaving."""
        other = key.other(token_in)
        for token_out in key.tokens:
            with self.rewound():
                paid = 0

                def join() -> None:
                    nonlocal paid
                    paid = self.add_one_sided(who, key, token_in, amount)

                minted = self._minted(who, key, join)
                out = self.remove_one_sided(who, key, minted, token_out) if minted else 0
            if not out:
                continue
            if token_out == token_in:
                self.insist(out <= paid, "X6", f"{paid} in, {out} out")
            else:
                with self.rewound():
                    sold = self.swap(who, token_in, paid, [Hop(other, key.fee, key.curve)])
                self.insist(not sold or out <= sold, "X6", f"in and out {out}, a sale {sold}")

    def _minted(self, who: Account, key: PoolKey, join: Callable[[], None]) -> int:
        held = self.books.shares.get((who.address, key.id), 0)
        join()
        return self.books.shares.get((who.address, key.id), 0) - held

    def probe_backwards(self, who: Account, token_in: str, amount: int, key: PoolKey) -> None:
        """X7: what a sale fetches can be bought for no more than was sold."""
        path = [key.hop(token_in)]
        with self.rewound():
            out = self.swap(who, token_in, amount, path)
        if out:
            with self.rewound():
                paid = self.buy(who, token_in, path, out)
            self.insist(0 < paid <= amount, "X7", f"{out} for {amount}, bought for {paid}")
            with self.rewound():
                less = self.swap(who, token_in, paid - 1, path) if paid > 1 else 0
            self.insist(less < out, "X7", f"{out} costs {paid}, but {paid - 1} buys {less}")

    def probe_record(self, key: PoolKey, ages: Sequence[int]) -> None:
        """X10: what is on record is what was; twin and contract find the same, or neither does."""
        for age in ages:
            told: tuple[Any, ...]
            try:
                told = tuple(self.exchange.observe(struct(key), age))
            except Reverted as error:
                told = _told(error)
            if self.twin is not None:
                try:
                    said = tuple(self.twin.observe(key, age, now=self.chain.timestamp))
                except Reverted as error:
                    said = _told(error)
                assert told == said, f"contract {told}, twin {said}"

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
        price = pool.marginal(0, token_in == key.token0) if pool.supply else Fraction(0)
        # StableSwap's invariant is rounded up, and a price follows from it: a unit's worth of play.
        play = 0 if isinstance(pool.curve, ConstantProduct) else 1
        fetched = []
        for amount in sorted((less, more)):
            with self.rewound():
                fetched.append(self.swap(who, token_in, amount, path))
            limit = f"{amount} fetched {fetched[-1]} from {pool}"
            self.insist(fetched[-1] <= amount * price + play, "X9", limit)
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


def bounds(pool: Pool) -> tuple[int, int]:
    """What the pool's liquidity is at least and at most, far finer than a unit."""
    least = pool.curve.liquidity(pool.reserve0 << 96, pool.reserve1 << 96)
    return least, least + 1


def rises(before: Pool, after: Pool, *, strictly: bool = False) -> bool:
    """Whether the curve's invariant does not fall; without rounding on the constant product."""
    if isinstance(before.curve, ConstantProduct):
        least, found = before.reserve0 * before.reserve1, after.reserve0 * after.reserve1
        return found > least or (found == least and not strictly)
    (least, _), (found, most) = bounds(before), bounds(after)
    return found > least or (most > least and not strictly)


def _told(refusal: Reverted | None) -> tuple[Any, ...]:
    """A refusal's name and numbers, to compare the twin's with the contract's."""
    return () if refusal is None else (refusal.signature, *refusal.args)


def struct(key: PoolKey) -> KeyStruct:
    return KeyStruct(key.token0, key.token1, key.fee, key.curve)


def structs(path: Sequence[Hop]) -> list[HopStruct]:
    return [HopStruct(*hop) for hop in path]
