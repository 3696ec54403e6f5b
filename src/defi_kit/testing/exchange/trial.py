"""An Exchange driven verb by verb, every step checked.

People, tokens ("WETH", "T6", … and "ETH") and moods go by name, pools by the number in which they
were made, and a path through several pools is "0>2>1". Amounts are raw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from ...chain import Account
from ...dex.pool import Pool, PoolKey
from ...dex.routes import ETHER
from ...errors import Reverted
from ...reverts import Locked
from ..explored import Explored
from ..recipe import Recipe
from ..trial import Invariant, Literal_, Step, Trial, step
from ..violations import hold
from ..words import grouped, lasting, percent
from . import experiments, terms
from .invariants import INVARIANTS
from .world import NEVER, PLENTY, SHARE, World, struct, structs

__all__ = ["ExchangeTrial"]

_WORDS: Final[Mapping[str, Callable[[int], str]]] = {
    "fee": percent,
    "amplification": lambda word: f"StableSwap of {word:,}" if word else "constant product",
    "seconds": lasting,
    "age": lasting,
}
"""How arguments are told that are no amounts."""


class ExchangeTrial(Trial):
    """Everything that people may do to an Exchange, with X1 to X13 looked at after each."""

    KIND = "exchange"
    SUBJECT = "world"
    invariants: ClassVar[Mapping[str, Invariant]] = INVARIANTS

    def __init__(
        self,
        world: World,
        *,
        recipe: Recipe | None = None,
        explored: Explored | None = None,
        prepared: bool = False,
    ) -> None:
        self.world = world
        super().__init__(world, recipe=recipe, explored=explored, prepared=prepared)

    # --- looking ----------------------------------------------------------------------------------

    def look(self) -> Any:
        """The books."""
        return self.world.read()

    def insist(self, holds: bool, number: str, reason: str | Callable[[], str]) -> None:
        """Raises Violation unless it holds, or nobody promised it; the reason is told, or worked
        out, only then."""
        if number not in self.exempt:
            hold(number, holds, reason)

    def person(self, name: str) -> Account:
        """One of the three people."""
        return self.world.people[name]

    def key(self, pool: int) -> PoolKey:
        """What makes the pool of this number the pool it is."""
        return self.world.keys[pool]

    def pool(self, pool: int) -> Pool:
        """As it was seen last."""
        found: Pool = self.seen.pools[self.key(pool)]
        return found

    def shares(self, who: str, pool: int) -> int:
        """As they were seen last."""
        held: int = self.seen.shares.get((self.person(who).address, self.key(pool).id), 0)
        return held

    def funded(self) -> list[int]:
        """Numbers of pools that have something in them."""
        return [place for place, key in enumerate(self.world.keys) if self.seen.pools[key].supply]

    def attempt(self, verb: str, *given: Any) -> Any:
        """A verb in the middle of an experiment: checked like any, not recorded. What came of it;
        raises its refusal."""
        outcome = getattr(type(self), verb).__wrapped__(self, *given)
        before, self.seen = self.seen, self.look()
        self.judge(before, Step(verb, given, None, outcome), self.seen)
        return outcome

    # --- pools ------------------------------------------------------------------------------------

    @step("somebody makes a pool of {token} and {other}, fee {fee}, {amplification}")
    def create(self, token: str, other: str, fee: int, amplification: int) -> None:
        """A pool on StableSwap, or without amplification on the constant product."""
        world = self.world
        addresses = world.address(token), world.address(other)
        self._create(world.key(*addresses, fee, amplification))

    @step("somebody makes a pool of {token} and {other} on a curve that may not be, {word}")
    def create_on(self, token: str, other: str, word: int) -> None:
        """A pool whose curve is any word."""
        world = self.world
        self._create(PoolKey.of(world.address(token), world.address(other), 3_000, word))

    def _create(self, key: PoolKey) -> None:
        world, decimals = self.world, self.world.decimals(key)
        world.do(
            lambda: world.exchange.create_pool(struct(key), sender=self.person("alice")),
            lambda twin, now: (twin.create_pool(key, now=now, decimals=decimals),),
        )
        world.keys.append(key)

    @step(
        "{who} joins pool {pool} with at most {amount0} and {amount1}[, for {least} shares]"
        "[, with {value} wei]"
    )
    def add(
        self, who: str, pool: int, amount0: int, amount1: int, least: int = 0, value: int = 0
    ) -> tuple[int, ...]:
        """Joins; with some `value`, the side of wrapped ether is paid of it. What was paid."""
        key, sender, exchange = self.key(pool), self.person(who), self.world.exchange
        paid = self._paid(
            sender,
            key.tokens,
            lambda: exchange.add_liquidity(
                struct(key), amount0, amount1, least, sender, NEVER, sender=sender, value=value
            ),
            lambda twin, now: twin.add_liquidity(
                key, amount0, amount1, least, to=sender.address, now=now, value=value
            ),
            lambda done: (done.amount0, done.amount1),
        )
        for token, cost, most in zip(key.tokens, paid, (amount0, amount1), strict=True):
            told = self.world.symbol(token)
            beyond = f"paid {self.sum_of(told, cost)} of at most {self.sum_of(told, most)}"
            self.insist(cost <= most, "X7", beyond)
        return paid

    @step("{who} joins pool {pool} with {amount} {token} alone")
    def add_one(self, who: str, pool: int, token: str, amount: int) -> int:
        """Joins with one token. What was paid of it."""
        key, sender, exchange = self.key(pool), self.person(who), self.world.exchange
        named = self.world.address(token)
        value = amount if named == ETHER else 0
        quoted = self.world.ask(
            lambda: exchange.quote_add_liquidity_one_sided(struct(key), named, amount)[1],
            lambda twin: amount,
        )
        (paid,) = self._paid(
            sender,
            (named,),
            lambda: exchange.add_liquidity_one_sided(
                struct(key), named, amount, 0, sender, NEVER, sender=sender, value=value
            ),
            lambda twin, now: twin.add_liquidity_one_sided(
                key, named, amount, 0, to=sender.address, now=now, value=value
            ),
            lambda done: (done.amount_in,),
        )
        if self.world.mode != "twin":
            self._as_quoted(token, quoted, paid)
        if paid > amount:
            told = f"paid {self.sum_of(token, paid)} of at most {self.sum_of(token, amount)}"
            self.insist(False, "X6", told)
        return paid

    @step("{who} leaves pool {pool} with {shares} shares")
    def remove(self, who: str, pool: int, shares: int) -> tuple[int, ...]:
        """Leaves. What arrived, less nothing."""
        key, sender, exchange = self.key(pool), self.person(who), self.world.exchange
        paid = self._paid(
            sender,
            key.tokens,
            lambda: exchange.remove_liquidity(
                struct(key), shares, 0, 0, sender, NEVER, sender=sender
            ),
            lambda twin, now: twin.remove_liquidity(
                key, shares, 0, 0, sender=sender.address, to=sender.address, now=now
            ),
            lambda done: (-done.amount0, -done.amount1),
        )
        return tuple(-amount for amount in paid)

    @step("{who} leaves pool {pool} with {shares} shares, for {token} alone")
    def remove_one(self, who: str, pool: int, shares: int, token: str) -> int:
        """Leaves for one token. What arrived."""
        key, sender, exchange = self.key(pool), self.person(who), self.world.exchange
        named = self.world.address(token)
        quoted = self.world.ask(
            lambda: exchange.quote_remove_liquidity_one_sided(struct(key), shares, named),
            lambda twin: 0,
        )
        (paid,) = self._paid(
            sender,
            (named,),
            lambda: exchange.remove_liquidity_one_sided(
                struct(key), shares, named, 0, sender, NEVER, sender=sender
            ),
            lambda twin, now: twin.remove_liquidity_one_sided(
                key, shares, named, 0, sender=sender.address, to=sender.address, now=now
            ),
            lambda done: (-done.amount_out,),
        )
        if self.world.mode != "twin":
            self._as_quoted(token, quoted, -paid)
        return -paid

    # --- trades -----------------------------------------------------------------------------------

    @step("{who} sells {amount} {token} through {pools} for {out}[, at least {least}]")
    def swap(self, who: str, token: str, amount: int, pools: str, out: str, least: int = 0) -> int:
        """Sells. What arrived."""
        sender, exchange = self.person(who), self.world.exchange
        start, path = self.world.path(token, pools, out)
        hops, end = structs(path), path[-1].token_out
        quoted = self._proceeds(start, path, amount)
        value = amount if start == ETHER else 0
        (paid,) = self._paid(
            sender,
            (end,),
            lambda: exchange.swap_exact_in(
                start, amount, hops, least, sender, NEVER, sender=sender, value=value
            ),
            lambda twin, now: twin.swap_exact_in(
                start, amount, path, least, to=sender.address, now=now, value=value
            ),
            lambda done: (-done.amount_out + (amount if end == start else 0),),
        )
        arrived = (amount if end == start else 0) - paid
        self._as_quoted(out, quoted, arrived)
        if len(path) == 1:
            self._cut(self.key(int(pools)), start, amount)
        if arrived < least:
            told = f"at least {self.sum_of(out, least)} asked for, {self.sum_of(out, arrived)} came"
            self.insist(False, "X7", told)
        return arrived

    @step("{who} buys {amount} {out} through {pools} for {token}[, at most {most}]")
    def buy(
        self, who: str, token: str, pools: str, out: str, amount: int, most: int = NEVER
    ) -> int:
        """Buys. What it cost."""
        sender, exchange = self.person(who), self.world.exchange
        start, path = self.world.path(token, pools, out)
        hops, end = structs(path), path[-1].token_out
        quoted = self._cost(start, path, amount)
        value = (quoted or 0) + 7 if start == ETHER else 0
        moved = self._paid(
            sender,
            (start, end),
            lambda: exchange.swap_exact_out(
                start, most, hops, amount, sender, NEVER, sender=sender, value=value
            ),
            lambda twin, now: twin.swap_exact_out(
                start, most, path, amount, to=sender.address, now=now, value=value
            ),
            lambda done: (
                (done.amount_in, -amount) if end != start else (done.amount_in - amount,) * 2
            ),
        )
        paid, arrived = moved[0], -moved[1]
        if end == start:
            paid, arrived = paid + amount, arrived + (quoted or 0)
        self._as_quoted(token, quoted, paid)
        if arrived != amount:
            told = f"wanted {self.sum_of(out, amount)}, got {self.sum_of(out, arrived)}"
            self.insist(False, "X7", told)
        return paid

    def _cut(self, key: PoolKey, start: str, amount: int) -> None:
        """X3: of the fee on `amount` the protocol gets no more than its share."""
        world = self.world
        if world.mode == "twin":
            return
        token = world.weth if start == ETHER else start
        cut = world.exchange.protocol_fees(token) - self.seen.fees.get(token, 0)
        most = amount * key.fee * SHARE // 10**12
        told = partial(self.sum_of, world.symbol(token))
        self.insist(
            cut <= most,
            "X3",
            lambda: f"the protocol takes {told(cut)}, its share is {told(most)}",
        )

    def _proceeds(self, start: str, path: Sequence[Any], amount: int) -> int | None:
        return self.world.ask(
            lambda: self.world.exchange.quote_exact_in(start, amount, structs(path)),
            lambda twin: twin.quote_exact_in(start, amount, path),
        )

    def _cost(self, start: str, path: Sequence[Any], amount: int) -> int | None:
        return self.world.ask(
            lambda: self.world.exchange.quote_exact_out(start, structs(path), amount),
            lambda twin: twin.quote_exact_out(start, path, amount),
        )

    def _paid(
        self,
        who: Account,
        tokens: Sequence[str],
        send: Callable[[], Any],
        take: Callable[..., Any],
        told: Callable[[Any], tuple[int, ...]],
    ) -> tuple[int, ...]:
        """Does it. What `who` has less of each token: by the tokens, or as the twin told."""
        if self.world.mode == "twin":
            return told(self.world.do(send, take))
        owned = [self.world.owned(who, token) for token in tokens]
        self.world.do(send, take)
        return tuple(
            early - self.world.owned(who, token) for early, token in zip(owned, tokens, strict=True)
        )

    # --- the rest of what people do ---------------------------------------------------------------

    @step("somebody sends the protocol its {token}")
    def collect(self, token: str) -> None:
        """The protocol's share of the fees in a token: all of it."""
        world, named = self.world, self.world.address(token)
        owed, had = self.seen.fees.get(named, 0), world.owned(world.recipient, named)
        world.do(
            lambda: world.exchange.collect(named, sender=self.person("alice")),
            lambda twin, now: twin.collect(named),
        )
        if world.mode != "twin":
            got = world.owned(world.recipient, named) - had
            told = f"{self.sum_of(token, owed)} collected, {self.sum_of(token, got)} arrived"
            self.insist(got == owed, "money", told)

    @step("somebody pays for {count} more records of pool {pool}")
    def increase(self, pool: int, count: int) -> None:
        """Room for observations."""
        world, key = self.world, self.key(pool)
        world.do(
            lambda: world.exchange.increase_observations(
                key.id, count, sender=self.person("alice")
            ),
            lambda twin, now: (twin.increase_observations(key, count),),
        )

    @step("{who} gives the Exchange {amount} {token} for nothing")
    def donate(self, who: str, token: str, amount: int) -> None:
        """A plain transfer."""
        world, given = self.world, self.world.tokens[token]
        world.do(
            lambda: given.transfer(world.exchange, amount, sender=self.person(who)),
            lambda twin, now: (twin.donate(given.address, amount),),
        )

    @step("{who} takes what was given of {token}, listing pools {pools}")
    def skim(self, who: str, token: str, pools: str) -> None:
        """What lies there beyond the books; `pools` are numbers, "0>2"."""
        world, taker, named = self.world, self.person(who), self.world.address(token)
        keys = [self.key(int(number)) for number in pools.split(">") if number]
        world.do(
            lambda: world.exchange.skim(named, [struct(key) for key in keys], taker, sender=taker),
            lambda twin, now: twin.skim(named, keys, to=taker.address),
        )

    @step("{who} gives {to} {shares} shares of pool {pool}")
    def give(self, who: str, to: str, pool: int, shares: int) -> None:
        """Moves shares."""
        world, key = self.world, self.key(pool)
        giver, taker = self.person(who), self.person(to)
        world.do(
            lambda: world.exchange.transfer(taker, key.id, shares, sender=giver),
            lambda twin, now: (twin.transfer_shares(giver.address, taker.address, key.id, shares),),
        )

    @step("{seconds} pass")
    def wait(self, seconds: int) -> None:
        """The clock leaps."""
        self.chain.advance(seconds)

    # --- adversaries ------------------------------------------------------------------------------

    @step("a contract sells {amount} {token} through {pools} for {out} in a flash, and {mood}")
    def flash_sell(self, token: str, amount: int, pools: str, out: str, mood: str) -> None:
        """The actor gets the proceeds, does as its mood is, and pays or not."""
        start, path = self.world.path(token, pools, out)
        actor = self.world.actor
        terms = (start, amount, structs(path), 0, actor, NEVER, b"")
        got = self._proceeds(start, path, amount) or 0
        less, wrong = self.world.flash(
            self.person("alice"),
            self.world.exchange.build("flash_swap_exact_in", *terms),
            lambda twin, now: twin.flash_swap_exact_in(
                start, amount, path, to=actor.address, now=now
            ),
            start,
            mood,
        )
        # Pools at different prices may give more than they take, all the way round.
        self._due(token, less, amount - (got if path[-1].token_out == start else 0), wrong, mood)

    @step("a contract buys {amount} {out} through {pools} for {token} in a flash, and {mood}")
    def flash_buy(self, token: str, pools: str, out: str, amount: int, mood: str) -> None:
        """The same for an exact purchase."""
        start, path = self.world.path(token, pools, out)
        actor, most = self.world.actor, PLENTY // 16
        terms = (start, most, structs(path), amount, actor, NEVER, b"")
        quoted = self._cost(start, path, amount) or 0
        less, wrong = self.world.flash(
            self.person("alice"),
            self.world.exchange.build("flash_swap_exact_out", *terms),
            lambda twin, now: twin.flash_swap_exact_out(
                start, most, path, amount, to=actor.address, now=now
            ),
            start,
            mood,
        )
        self._due(token, less, quoted - (amount if path[-1].token_out == start else 0), wrong, mood)

    @step("a contract borrows {amount} {token} for the length of a call, and {mood}")
    def flash_borrow(self, token: str, amount: int, mood: str) -> None:
        """A flash loan."""
        named, actor = self.world.address(token), self.world.actor
        try:
            less, wrong = self.world.flash(
                self.person("alice"),
                self.world.exchange.build("flash_loan", actor, named, amount, b""),
                lambda twin, now: (twin.flash_loan(named, amount),),
                named,
                mood,
                loan=True,
            )
        except Reverted as refusal:
            due = mood in ("pays", "gives") and 0 < amount <= self.seen.held[named]
            self.insist(not due, "X13", f"a loan that would be paid back is refused: {refusal}")
            raise
        self._due(token, less, 0, wrong, mood)

    def _due(self, token: str, less: int, due: int, wrong: bool, mood: str) -> None:
        """X13: at the end `due` has been paid, and who did wrong was refused."""
        self.note("flash swaps and loans")
        self.insist(not wrong, "X13", f"the contract {mood}, and was served")
        if self.world.mode != "twin":
            told = f"should have paid {self.sum_of(token, due)}, paid {self.sum_of(token, less)}"
            self.insist(less >= due, "X13", f"the contract {told}")

    @step("{who} does {deed} with {amount} {token} in pool {pool}, and {hook} calls back")
    def call_back(
        self, who: str, deed: str, pool: int, token: str, amount: int, hook: str, door: int
    ) -> None:
        """X13: a token of the pool calls the Exchange in the middle of a "swap", an "add_one" or a
        "remove", and gets nowhere."""
        key, out = self.key(pool), self.key(pool).other(self.world.address(token))
        cls = type(self)
        with self.world.hooked(hook, door) as answers:
            if deed == "swap":
                other = self.world.symbol(out)
                cls.swap.__wrapped__(self, who, token, amount, str(pool), other)  # type: ignore[attr-defined]
            elif deed == "add_one":
                cls.add_one.__wrapped__(self, who, pool, token, amount)  # type: ignore[attr-defined]
            else:
                cls.remove.__wrapped__(self, who, pool, amount)  # type: ignore[attr-defined]
        for answer in answers:
            self.note("callbacks")
            locked = answer == Locked.SELECTOR
            self.insist(locked, "X13", f"called in the middle of {key.id:#x}: 0x{answer.hex()}")

    # --- experiments: done, looked at, undone -----------------------------------------------------

    @step("what if {who} sells {amount} {token} in pool {pool} and all of it back?", undone=True)
    def round_trip(self, who: str, pool: int, token: str, amount: int) -> None:
        """X5."""
        experiments.round_trip(self, who, pool, token, amount)

    @step("what if {who} joins pool {pool} with {amount0}, {amount1} and leaves?", undone=True)
    def in_and_out(self, who: str, pool: int, amount0: int, amount1: int) -> None:
        """X6."""
        experiments.in_and_out(self, who, pool, amount0, amount1)

    @step(
        "what if {who} joins pool {pool} with {amount} {token} and leaves with either?", undone=True
    )
    def one_sided(self, who: str, pool: int, token: str, amount: int) -> None:
        """X6."""
        experiments.one_sided(self, who, pool, token, amount)

    @step("what if {who} buys what {amount} {token} fetch in pool {pool}?", undone=True)
    def backwards(self, who: str, pool: int, token: str, amount: int) -> None:
        """X7."""
        experiments.backwards(self, who, pool, token, amount)

    @step("what if {who} sells {less} and {more} {token} in pool {pool}, or both?", undone=True)
    def split(self, who: str, pool: int, token: str, less: int, more: int) -> None:
        """X8."""
        experiments.split(self, who, pool, token, less, more)

    @step("what if {who} sells {less} {token} in pool {pool}, or {more}?", undone=True)
    def more_is_more(self, who: str, pool: int, token: str, less: int, more: int) -> None:
        """X9."""
        experiments.more_is_more(self, who, pool, token, less, more)

    @step("what if {who} sells {less} and {more} {token} in pool {pool} at once?", undone=True)
    def one_block(self, who: str, pool: int, token: str, less: int, more: int) -> None:
        """X10."""
        experiments.one_block(self, who, pool, token, less, more)

    @step("what was the price of pool {pool} {age} ago?", undone=True)
    def record(self, pool: int, age: int) -> None:
        """X10: contract and twin remember the same."""
        experiments.record(self, pool, age)

    @step(
        "what if {who} sells {attack} {token} before and after {victim} sells {amount} in pool "
        "{pool}?",
        undone=True,
    )
    def sandwich(
        self, who: str, victim: str, pool: int, token: str, amount: int, attack: int
    ) -> None:
        """X5 and X7: who names the least it accepts loses nothing to it."""
        experiments.sandwich(self, who, victim, pool, token, amount, attack)

    @step("what if somebody trades {amount} of a token that turns {kind}?", undone=True)
    def hostile(self, kind: str, amount: int) -> None:
        """X3: "fee", "false", "blocked" or "rebasing" upwards."""
        experiments.hostile(self, kind, amount)

    @step("what if {who} does for {to} what {amount} {token} can do in pool {pool}?", undone=True)
    def for_another(self, who: str, to: str, pool: int, token: str, amount: int) -> None:
        """X7: at the terms that were quoted, and beyond them."""
        terms.for_another(self, who, to, pool, token, amount)

    @step("what if {who} does what nobody may, to pool {pool}?", undone=True)
    def forbidden(self, who: str, pool: int) -> None:
        """X3, X4: all of it is refused."""
        terms.forbidden(self, who, pool)

    # --- telling ----------------------------------------------------------------------------------

    def words(self, name: str, value: Literal_, given: Mapping[str, Literal_]) -> str:
        """Amounts with their token's decimals."""
        if not isinstance(value, int):
            return f"pool {value}" if name == "pools" else str(value)
        if value == NEVER:
            return "whatever it costs"
        if name in _WORDS:
            return _WORDS[name](value)
        symbol = self._measured(name, given)
        if symbol is None:
            return f"{value:,}"
        told = self.sum_of(symbol, value)
        named = name in ("amount0", "amount1", "least", "most")
        return told if named else told.removesuffix(f" {symbol}")

    def sum_of(self, symbol: str, raw: int) -> str:
        """So much of the token of that symbol."""
        decimals = 18 if symbol in ("ETH", "WETH") else int(symbol[1:])
        return f"{grouped(raw, decimals)} {symbol}"

    def pool_told(self, key: PoolKey, pool: Pool) -> str:
        """What a pool holds, and in how many shares, for a reason."""
        first, second = (
            self.sum_of(self.world.symbol(token), raw)
            for token, raw in zip(key.tokens, (pool.reserve0, pool.reserve1), strict=True)
        )
        return f"{first} and {second} in {pool.supply:,} shares"

    def _as_quoted(self, symbol: str, quoted: int | None, found: int) -> None:
        """X7: execution is what was quoted."""
        if quoted != found:
            promise = "no quote" if quoted is None else f"quote {self.sum_of(symbol, quoted)}"
            self.insist(False, "X7", f"{promise}, execution {self.sum_of(symbol, found)}")

    def _measured(self, name: str, given: Mapping[str, Literal_]) -> str | None:
        """The token in which an argument counts."""
        if name in ("amount0", "amount1"):
            pool = given["pool"]
            if isinstance(pool, int) and pool < len(self.world.keys):
                return self.world.symbol(self.key(pool).tokens[name == "amount1"])
        elif name in ("amount", "attack", "less", "more", "most") or "out" in given:
            bought = "most" in given or "shares" in given
            wanted = "out" if name == "least" or (name == "amount" and bought) else "token"
            symbol = given.get(wanted)
            return symbol if isinstance(symbol, str) else None
        return None
