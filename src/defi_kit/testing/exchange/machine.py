"""The Hypothesis machine of the Exchange: every verb and every adversary. Needs Hypothesis.

The people join and leave with both tokens or one, pay and are paid in ether, donate, skim, drain
pools to a few units, hand shares around and put several trades into one block. A contract borrows
and swaps in a flash, and tokens call back into whatever verb moves them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from ...dex.pool import MAX_RESERVE
from ..machine import VARIANTS, TrialMachine, once
from ..strategies import magnitudes, people
from ..trial import Trial
from .experiments import HOSTILE
from .trial import ExchangeTrial
from .world import DOORS, MOODS, PEOPLE, PLENTY, World

__all__ = ["ExchangeMachine"]

FEES = (0, 1, 3_000, 100_000)
AMPLIFICATIONS = (1, 100, 1_000_000)
SYMBOLS = ("T0", "T6", "T8", "WETH", "T24")
ONES = {"T0": 1, "T6": 10**6, "T8": 10**8, "WETH": 10**18, "T24": 10**24}
"""A whole token of each. [raw]"""

MOST_POOLS = 6

SOMEBODY = people(PEOPLE)
SEEDS = st.integers(0, 2**16)
AMOUNTS = magnitudes(0, MAX_RESERVE + 2)
PARTS = st.one_of(st.just(0), magnitudes(1, 3_000_000))
"""Of what a pool has, in millionths; 0 lets an absolute amount stand."""
CURVES = st.sampled_from([0, 0, *AMPLIFICATIONS])
PAIRS = st.sampled_from(list(combinations(SYMBOLS, 2)))
TOKENS = st.sampled_from(SYMBOLS)
WALKS = st.lists(SEEDS, min_size=1, max_size=4)
BOTH = st.tuples(AMOUNTS, AMOUNTS)


def any_funded(machine: ExchangeMachine) -> bool:
    """Some pool has something in it."""
    return bool(machine.trial.funded())


def few_pools(machine: ExchangeMachine) -> bool:
    """Room for one more: every pool is looked at after every step."""
    return len(machine.trial.world.keys) < MOST_POOLS


class ExchangeMachine(TrialMachine):
    """Whatever people may do to an Exchange, in any order. Subclass it to add rules, and
    `ExchangeTrial` to add verbs and invariants."""

    trial_class: ClassVar[type[Trial]] = ExchangeTrial
    make: ClassVar[Callable[..., Any]] = World.build
    variants: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    trial: ExchangeTrial

    # --- choosing ---------------------------------------------------------------------------------

    def some(self, seed: int) -> int:
        """The number of a pool."""
        return seed % len(self.trial.world.keys)

    def full(self, seed: int) -> int:
        """The number of a pool that has something in it."""
        funded = self.trial.funded()
        return funded[seed % len(funded)]

    def tokens(self, pool: int) -> tuple[str, str]:
        """Symbols of a pool's two tokens."""
        world = self.trial.world
        first, second = map(world.symbol, self.trial.key(pool).tokens)
        return first, second

    def holder(self, who: str, pool: int) -> str:
        """Somebody who has shares of the pool, if anybody has."""
        others = (who, *PEOPLE)
        return next((name for name in others if self.trial.shares(name, pool)), who)

    def there(self, token: str, wanted: Callable[[str], int]) -> str:
        """The token, or the next one of which there is something."""
        place = SYMBOLS.index(token)
        world = self.trial.world
        around = (*SYMBOLS[place:], *SYMBOLS[:place])
        return next((name for name in around if wanted(world.address(name)) > 0), token)

    def surplus(self, token: str) -> int:
        """What was given of a token, by its address, and not taken yet."""
        books = self.trial.seen
        booked = books.fees.get(token, 0)
        for key, pool in books.pools.items():
            if token in key.tokens:
                booked += pool.reserve0 if token == key.token0 else pool.reserve1
        given: int = books.held[token] - booked
        return given

    def sized(self, token: str, pool: int, amount: int, part: int) -> int:
        """`amount`, or a part of what the pool has of the token."""
        state = self.trial.pool(pool)
        reserve = state.reserve0 if token == self.tokens(pool)[0] else state.reserve1
        return min(reserve * part // 1_000_000, PLENTY // 8) if part else amount

    def path(self, seed: int, steps: Sequence[int]) -> tuple[str, list[int], str]:
        """A walk through funded pools: its first token, the pools, its last token."""
        trial = self.trial
        pool = self.full(seed)
        start = token = self.tokens(pool)[seed % 2]
        pools = []
        for step in steps:
            pools.append(pool)
            first, second = self.tokens(pool)
            token = second if token == first else first
            onward = [number for number in trial.funded() if token in self.tokens(number)]
            pool = onward[step % len(onward)]
        return start, pools, token

    def unrepeated(self, seed: int, steps: Sequence[int]) -> int:
        """How far the walk goes before it comes to a pool again, which no purchase may: or further,
        every eighth time."""
        pools = self.path(seed, steps)[1]
        count = next((n for n, pool in enumerate(pools) if pool in pools[:n]), len(pools))
        return count if seed % 8 else len(pools)

    @staticmethod
    def named(token: str, seed: int) -> str:
        """Wrapped ether by its name, or every other time as ether."""
        return "ETH" if token == "WETH" and seed % 2 else token

    @staticmethod
    def joined(pools: Sequence[int]) -> str:
        """As a trial takes them."""
        return ">".join(map(str, pools))

    # --- pools ------------------------------------------------------------------------------------

    @initialize(
        variant=VARIANTS,
        pair=PAIRS,
        fee=st.sampled_from(FEES),
        curve=CURVES,
        thousandths=magnitudes(1, 10**12),
    )
    def begin(
        self, variant: int, pair: tuple[str, str], fee: int, curve: int, thousandths: int
    ) -> None:
        """An Exchange with one pool."""
        self.start(variant)
        self.trial.create(*pair, fee, curve)
        amounts = (thousandths * ONES[token] // 1_000 + 1_001 for token in self.tokens(0))
        self.trial.add("alice", 0, *amounts)
        if thousandths % 2 == 0:
            self.drama(next(other for other in FEES if other != fee))

    def drama(self, fee: int) -> None:
        """A smaller pool beside the first, trades, fees collected twice, and a pool that is listed
        twice to take what is in the other."""
        trial, (first, second) = self.trial, self.tokens(0)
        state = trial.pool(0)
        trial.create(first, second, fee, 0)
        if len(trial.world.keys) < 2:
            return
        trial.add("bob", 1, state.reserve0 // 10 + 1_001, state.reserve1 // 10 + 1_001)
        for pool in (0, 1):
            trial.swap("mallory", first, trial.pool(pool).reserve0 // 10 + 1, str(pool), second)
            trial.swap("mallory", second, trial.pool(pool).reserve1 // 10 + 1, str(pool), first)
        trial.donate("alice", first, 11)
        for listed in ("0>1", "1>0"):  # by the pools' ids, and wrongly
            trial.skim("bob", first, listed)
        for token in (first, first, second):
            trial.collect(token)
        for listed in ("1>1", "0>0"):
            trial.skim("mallory", first, listed)
        trial.for_another("bob", "mallory", 1, first, trial.pool(1).reserve0 // 7 + 1_001)

    @precondition(few_pools)
    @rule(pair=PAIRS, fee=st.sampled_from(FEES), curve=CURVES)
    def create(self, pair: tuple[str, str], fee: int, curve: int) -> None:
        self.trial.create(*pair, fee, curve)

    @precondition(few_pools)
    @rule(pair=PAIRS, word=st.integers(0, 2**36))
    def create_on(self, pair: tuple[str, str], word: int) -> None:
        self.trial.create_on(*pair, word)

    @rule(who=SOMEBODY, seed=SEEDS)
    def overfill(self, who: str, seed: int) -> None:
        """Fills a pool nearly to the top, and then asks it for what it has no room for."""
        pool = self.some(seed)
        state, tokens = self.trial.pool(pool), self.tokens(pool)
        limits = state.curve.limits
        self.trial.add(who, pool, limits[0] * 9 // 10, limits[1] * 9 // 10)
        state = self.trial.pool(pool)
        self.trial.add(who, pool, limits[0] - state.reserve0, MAX_RESERVE)
        self.trial.buy(who, tokens[1], str(pool), tokens[0], state.reserve0 // 2)

    @rule(who=SOMEBODY, seed=SEEDS, amounts=BOTH, part=PARTS, least=st.sampled_from([0, 0, 5_000]))
    def add(self, who: str, seed: int, amounts: tuple[int, int], part: int, least: int) -> None:
        pool = self.some(seed)
        amount0, amount1 = (
            self.sized(token, pool, amount, part)
            for token, amount in zip(self.tokens(pool), amounts, strict=True)
        )
        self.trial.add(who, pool, amount0, amount1, least)

    @rule(who=SOMEBODY, seed=SEEDS, parts=st.tuples(PARTS, PARTS), value=magnitudes(1, 2**100))
    def add_with_ether(self, who: str, seed: int, parts: tuple[int, int], value: int) -> None:
        pool = self.some(seed)
        amount0, amount1 = (
            self.sized(token, pool, value, part)
            for token, part in zip(self.tokens(pool), parts, strict=True)
        )
        self.trial.add(who, pool, amount0, amount1, 0, value)

    @rule(who=SOMEBODY, seed=SEEDS, amount=AMOUNTS, part=PARTS)
    def add_one(self, who: str, seed: int, amount: int, part: int) -> None:
        pool = self.some(seed)
        token = self.tokens(pool)[seed % 2]
        sized = min(self.sized(token, pool, amount, part), PLENTY // 8)
        self.trial.add_one(who, pool, self.named(token, part), sized)

    @rule(who=SOMEBODY, seed=SEEDS, part=st.integers(0, 1_001))
    def remove(self, who: str, seed: int, part: int) -> None:
        """A part of one's shares in thousandths; 1,001 is more than one has."""
        pool = self.some(seed)
        who = self.holder(who, pool)
        self.trial.remove(who, pool, self.trial.shares(who, pool) * part // 1_000 + (part > 1_000))

    @rule(who=SOMEBODY, seed=SEEDS, part=st.integers(0, 1_001))
    def remove_one(self, who: str, seed: int, part: int) -> None:
        pool = self.some(seed)
        who = self.holder(who, pool)
        shares = self.trial.shares(who, pool) * part // 1_000 + (part > 1_000)
        self.trial.remove_one(who, pool, shares, self.named(self.tokens(pool)[seed % 2], part))

    @rule(seed=SEEDS)
    def everybody_leaves(self, seed: int) -> None:
        pool = self.some(seed)
        for who in PEOPLE:
            if shares := self.trial.shares(who, pool):
                self.trial.remove(who, pool, shares)

    # --- trades -----------------------------------------------------------------------------------

    @precondition(any_funded)
    @rule(who=SOMEBODY, seed=SEEDS, part=magnitudes(1, 2_000_000))
    def sell(self, who: str, seed: int, part: int) -> None:
        """In one pool, a part of what it has."""
        pool = self.full(seed)
        first, second = self.tokens(pool)
        token, out = (first, second) if seed % 2 else (second, first)
        amount = max(self.sized(token, pool, 0, part), 1)
        self.trial.swap(who, self.named(token, seed // 2), amount, str(pool), out)

    @precondition(any_funded)
    @rule(
        who=SOMEBODY,
        seed=SEEDS,
        amount=AMOUNTS,
        part=PARTS,
        steps=WALKS,
        least=st.sampled_from([0, 0, 0, 10**9]),
    )
    def swap(
        self, who: str, seed: int, amount: int, part: int, steps: list[int], least: int
    ) -> None:
        start, pools, end = self.path(seed, steps)
        sized = min(self.sized(start, pools[0], amount, part), PLENTY // 8)
        start, end = self.named(start, seed // 2), self.named(end, part)
        self.trial.swap(who, start, sized, self.joined(pools), end, least)

    @precondition(any_funded)
    @rule(
        who=SOMEBODY,
        seed=SEEDS,
        amount=AMOUNTS,
        part=PARTS,
        steps=st.lists(SEEDS, min_size=1, max_size=3),
        most=st.sampled_from([PLENTY // 8, PLENTY // 8, 10**9]),
    )
    def buy(self, who: str, seed: int, amount: int, part: int, steps: list[int], most: int) -> None:
        start, pools, end = self.path(seed, steps[: self.unrepeated(seed, steps)])
        sized = self.sized(end, pools[-1], amount, part)
        start, end = self.named(start, seed // 2), self.named(end, part)
        self.trial.buy(who, start, self.joined(pools), end, sized, most)

    # --- adversaries ------------------------------------------------------------------------------

    @precondition(any_funded)
    @rule(
        seed=SEEDS,
        amount=AMOUNTS,
        part=PARTS,
        steps=st.lists(SEEDS, min_size=1, max_size=3),
        mood=st.sampled_from(MOODS),
        exact=st.booleans(),
    )
    def swap_in_a_flash(
        self, seed: int, amount: int, part: int, steps: list[int], mood: str, exact: bool
    ) -> None:
        start, pools, end = self.path(
            seed, steps[: self.unrepeated(seed, steps) if exact else None]
        )
        token, pool = (end, pools[-1]) if exact else (start, pools[0])
        sized = min(self.sized(token, pool, amount, part), PLENTY // 64)
        end = self.named(end, part)
        if exact:
            self.trial.flash_buy(start, self.joined(pools), end, sized, mood)
        else:
            self.trial.flash_sell(start, sized, self.joined(pools), end, mood)

    @rule(token=TOKENS, part=st.integers(0, 1_001), mood=st.sampled_from(MOODS))
    def flash_borrow(self, token: str, part: int, mood: str) -> None:
        """A part of all there is in thousandths; 1,001 is more than there is."""
        token = self.there(token, lambda address: self.trial.seen.held[address])
        held = self.trial.seen.held[self.trial.world.address(token)]
        self.trial.flash_borrow(token, held * part // 1_000 + (part > 1_000), mood)

    @precondition(any_funded)
    @rule(who=SOMEBODY, seed=SEEDS, part=PARTS, door=st.integers(0, 7 * DOORS - 1))
    def call_back(self, who: str, seed: int, part: int, door: int) -> None:
        """In the middle of a sale, a deposit and a withdrawal of the two tokens of a pool."""
        pool = self.full(seed)
        tokens, deed = self.tokens(pool), ("swap", "add_one", "remove")[seed % 3]
        token = tokens[seed % 2]
        amount = min(self.sized(token, pool, 10**6, part), PLENTY // 8)
        if deed == "remove":
            amount = self.trial.shares(who, pool) // 2
        self.trial.call_back(who, deed, pool, token, amount, tokens[seed // 2 % 2], door)

    @precondition(any_funded)
    @rule(seed=SEEDS, deeds=st.permutations(range(3)))
    @once
    def every_door(self, seed: int, deeds: list[int]) -> None:
        """Everything is called in the middle of something that moves both tokens of a pool."""
        pool = self.full(seed)
        for door in range(DOORS):
            first, second = self.tokens(pool)
            deed = ("swap", "add_one", "remove")[deeds[door % 3]]
            amount = max(self.sized(first, pool, 0, 10_000), 1)
            who = self.holder("alice", pool) if deed == "remove" else "alice"
            if deed == "remove":
                amount = self.trial.shares(who, pool) // 3
            hook = second if first == "WETH" else first
            self.trial.call_back(who, deed, pool, first, amount, hook, 7 * door + pool)

    @precondition(any_funded)
    @rule(seed=SEEDS)
    @once
    def every_mood(self, seed: int) -> None:
        """A contract pays, gives, enters, takes its allowance back and answers wrongly."""
        pool = self.full(seed)
        first, second = self.tokens(pool)
        for mood in sorted(set(MOODS)):
            held = self.trial.seen.held[self.trial.world.address(first)]
            self.trial.flash_borrow(first, held // 2, mood)
            amount = max(self.sized(first, pool, 0, 10_000), 1)
            self.trial.flash_sell(first, amount, str(pool), second, mood)
            amount = max(self.sized(second, pool, 0, 10_000), 1)
            self.trial.flash_buy(first, str(pool), second, amount, mood)

    @rule(amount=magnitudes(1_001, 2**80))
    @once
    def every_hostile_token(self, amount: int) -> None:
        for kind in sorted(HOSTILE):
            self.trial.hostile(kind, amount)

    @precondition(any_funded)
    @rule(who=SOMEBODY, to=SOMEBODY, seed=SEEDS, amount=AMOUNTS, part=PARTS)
    @once
    def for_another(self, who: str, to: str, seed: int, amount: int, part: int) -> None:
        pool = self.full(seed)
        who, token = self.holder(who, pool), self.tokens(pool)[seed % 2]
        to = next(name for name in (to, *PEOPLE) if name != who)
        self.trial.for_another(who, to, pool, token, self.sized(token, pool, amount, part))

    @precondition(any_funded)
    @rule(who=SOMEBODY, seed=SEEDS)
    @once
    def forbidden(self, who: str, seed: int) -> None:
        self.trial.forbidden(who, self.full(seed))

    @rule(who=SOMEBODY, token=TOKENS, amount=magnitudes(1, 2**90))
    def donate(self, who: str, token: str, amount: int) -> None:
        self.trial.donate(who, token, amount)

    @precondition(any_funded)
    @rule(
        who=SOMEBODY,
        victim=SOMEBODY,
        seed=SEEDS,
        parts=st.tuples(magnitudes(1, 10**6), magnitudes(1, 3_000_000)),
    )
    def sandwich(self, who: str, victim: str, seed: int, parts: tuple[int, int]) -> None:
        pool = self.full(seed)
        token = self.tokens(pool)[seed % 2]
        amount, attack = (self.sized(token, pool, 0, part) for part in parts)
        self.trial.sandwich(who, victim, pool, token, amount, attack)

    @rule(kind=st.sampled_from(sorted(HOSTILE)), amount=magnitudes(1_001, 2**80))
    def hostile(self, kind: str, amount: int) -> None:
        self.trial.hostile(kind, amount)

    # --- the rest of what people do ---------------------------------------------------------------

    @precondition(lambda self: bool(self.trial.seen.fees))
    @rule(token=TOKENS)
    def collect(self, token: str) -> None:
        self.trial.collect(self.there(token, lambda address: self.trial.seen.fees.get(address, 0)))

    @rule(
        seed=SEEDS,
        count=st.sampled_from([0, 1, 2, 3, 7, 2**16]),
        ages=st.lists(magnitudes(1, 10**9), max_size=3),
    )
    def increase(self, seed: int, count: int, ages: list[int]) -> None:
        pool = self.some(seed)
        self.trial.increase(pool, count)
        for age in (0, *ages):
            self.trial.record(pool, age)

    @rule(who=SOMEBODY, token=TOKENS, wrongly=st.integers(0, 5))
    def skim(self, who: str, token: str, wrongly: int) -> None:
        """Mostly with the list that the contract wants; else with every pool, or reversed."""
        world = self.trial.world
        token = self.there(token, self.surplus)
        address = world.address(token)
        numbers = [
            number for number in self.trial.funded() if address in self.trial.key(number).tokens
        ]
        numbers.sort(key=lambda number: self.trial.key(number).id)
        if wrongly == 0:
            numbers = list(range(len(world.keys)))
        elif wrongly == 1:
            numbers = numbers[::-1]
        elif wrongly == 2:
            numbers = numbers[:-1]
        self.trial.skim(who, token, self.joined(numbers))

    @rule(who=SOMEBODY, to=SOMEBODY, seed=SEEDS, part=st.integers(0, 1_000))
    def give(self, who: str, to: str, seed: int, part: int) -> None:
        pool = self.some(seed)
        self.trial.give(who, to, pool, self.trial.shares(who, pool) * part // 1_000)

    @precondition(lambda self: self.trial.steps[-1].verb != "wait")
    @rule(seconds=magnitudes(1, 10**8))
    def wait(self, seconds: int) -> None:
        self.trial.wait(seconds)

    # --- what they might do -----------------------------------------------------------------------

    @precondition(any_funded)
    @rule(who=SOMEBODY, seed=SEEDS, amounts=BOTH, parts=st.tuples(PARTS, PARTS))
    def trades_are_fair(
        self, who: str, seed: int, amounts: tuple[int, int], parts: tuple[int, int]
    ) -> None:
        pool = self.full(seed)
        token = self.tokens(pool)[seed % 2]
        less, more = (
            self.sized(token, pool, amount, part)
            for amount, part in zip(amounts, parts, strict=True)
        )
        self.trial.round_trip(who, pool, token, more)
        self.trial.split(who, pool, token, less, more)
        self.trial.more_is_more(who, pool, token, less, more)
        self.trial.one_block(who, pool, token, less, more)
        self.trial.backwards(who, pool, token, more)

    @precondition(any_funded)
    @rule(who=SOMEBODY, seed=SEEDS, amounts=BOTH, part=PARTS)
    def liquidity_is_fair(self, who: str, seed: int, amounts: tuple[int, int], part: int) -> None:
        pool = self.full(seed)
        tokens = self.tokens(pool)
        sized = [
            self.sized(token, pool, amount, part)
            for token, amount in zip(tokens, amounts, strict=True)
        ]
        self.trial.in_and_out(who, pool, *sized)
        self.trial.one_sided(who, pool, tokens[seed % 2], sized[0])
