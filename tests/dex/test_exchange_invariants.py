"""X1 to X13 at every step of random lives of an Exchange, twin and contract in lockstep.

Tokens have 0, 6, 8, 18 and 24 decimals, and all five meet each other, on either curve. The people
join and leave with both tokens or one, pay and are paid in ether, donate, skim, drain pools to a
few units, hand shares around and put several trades into one block. A contract borrows and swaps
in a flash, and tokens call back into whatever verb moves them.
"""

from __future__ import annotations

import os
from itertools import combinations, pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from defi_kit.chain import Account, Chain
from defi_kit.dex.pool import MAX_RESERVE, Hop, PoolKey
from defi_kit.dex.routes import ETHER
from dex.strategies import magnitudes
from dex.world import AMPLIFICATIONS, DECIMALS, FEES, MOODS, PLENTY, World

PEOPLE = st.integers(0, 2)
SEEDS = st.integers(0, 2**16)
AMOUNTS = magnitudes(0, MAX_RESERVE + 2)
PARTS = st.one_of(st.just(0), magnitudes(1, 3_000_000))
"""Of what a pool has, in millionths; 0 lets an absolute amount stand."""
CURVES = st.sampled_from([0, 0, *AMPLIFICATIONS])
PAIRS = st.sampled_from(list(combinations(range(len(DECIMALS)), 2)))


class ExchangeMachine(RuleBasedStateMachine):
    """Whatever people may do to an Exchange, in any order."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self._snapshot: Any = _world().rewound()
        self._snapshot.__enter__()
        self.world = _world()

    def teardown(self) -> None:
        self._snapshot.__exit__(None, None, None)

    # --- choosing ---------------------------------------------------------------------------------

    def person(self, number: int) -> Account:
        return self.world.people[number]

    def key(self, seed: int) -> PoolKey:
        return self.world.keys[seed % len(self.world.keys)]

    def funded(self, seed: int) -> PoolKey | None:
        keys = [key for key, pool in self.world.books.pools.items() if pool.supply]
        return keys[seed % len(keys)] if keys else None

    def sized(self, token: str, key: PoolKey, amount: int, part: int) -> int:
        """`amount`, or a part of what the pool has of the token."""
        pool = self.world.books.pools[key]
        reserve = pool.reserve0 if token == key.token0 else pool.reserve1
        return min(reserve * part // 1_000_000, PLENTY // 8) if part else amount

    def path(self, seed: int, steps: list[int]) -> tuple[str, list[Hop]]:
        """A walk through funded pools from one of the first one's tokens."""
        key = self.funded(seed)
        assert key is not None
        start = token = key.tokens[seed % 2]
        path = []
        for step in steps:
            path.append(key.hop(token))
            token = key.other(token)
            onward = [
                found
                for found, pool in self.world.books.pools.items()
                if pool.supply and token in found.tokens
            ]
            key = onward[step % len(onward)]
        return start, path

    def named(self, token: str, seed: int) -> str:
        """Wrapped ether's address, or every other time zero, which names ether."""
        return ETHER if token == self.world.weth and seed % 2 else token

    def any_funded(self) -> bool:
        return any(pool.supply for pool in self.world.books.pools.values())

    # --- what people do ---------------------------------------------------------------------------

    @initialize(
        pair=PAIRS, fee=st.sampled_from(FEES), curve=CURVES, thousandths=magnitudes(1, 10**12)
    )
    def begins_with_one_pool(
        self, pair: tuple[int, int], fee: int, curve: int, thousandths: int
    ) -> None:
        self.creates(pair, fee, curve)
        unit0, unit1 = (10 ** DECIMALS[index] for index in pair)
        self.world.add(
            self.person(0),
            self.key(0),
            thousandths * unit0 // 1000 + 1_001,
            thousandths * unit1 // 1000 + 1_001,
        )

    @rule(pair=PAIRS, fee=st.sampled_from(FEES), curve=CURVES)
    def creates(self, pair: tuple[int, int], fee: int, curve: int) -> None:
        tokens = (self.world.tokens[place].address for place in pair)
        self.world.create(self.world.key(*tokens, fee, curve))

    @rule(pair=PAIRS, word=st.integers(0, 2**36))
    def creates_on_a_curve_that_may_not_be(self, pair: tuple[int, int], word: int) -> None:
        tokens = (self.world.tokens[place].address for place in pair)
        self.world.create(PoolKey.of(*tokens, 3_000, word))

    @rule(
        who=PEOPLE,
        seed=SEEDS,
        amounts=st.tuples(AMOUNTS, AMOUNTS),
        part=PARTS,
        minimum=st.sampled_from([0, 0, 5000]),
    )
    def adds(self, who: int, seed: int, amounts: tuple[int, int], part: int, minimum: int) -> None:
        key = self.key(seed)
        max0, max1 = (
            self.sized(token, key, amount, part)
            for token, amount in zip(key.tokens, amounts, strict=True)
        )
        self.world.add(self.person(who), key, max0, max1, minimum)

    @rule(who=PEOPLE, seed=SEEDS, parts=st.tuples(PARTS, PARTS), value=magnitudes(1, 2**100))
    def adds_with_ether(self, who: int, seed: int, parts: tuple[int, int], value: int) -> None:
        key = self.key(seed)
        maxima = (
            self.sized(token, key, value, part)
            for token, part in zip(key.tokens, parts, strict=True)
        )
        self.world.add(self.person(who), key, *maxima, value=value)

    @rule(who=PEOPLE, seed=SEEDS, amount=AMOUNTS, part=PARTS)
    def adds_one_token(self, who: int, seed: int, amount: int, part: int) -> None:
        key = self.key(seed)
        token = key.tokens[seed % 2]
        amount = min(self.sized(token, key, amount, part), PLENTY // 8)
        self.world.add_one_sided(self.person(who), key, self.named(token, part), amount)

    @rule(who=PEOPLE, seed=SEEDS, part=st.integers(0, 1_001))
    def removes_one_token(self, who: int, seed: int, part: int) -> None:
        person, key = self.person(who), self.key(seed)
        owned = self.world.books.shares.get((person.address, key.id), 0)
        token = self.named(key.tokens[seed % 2], part)
        shares = owned * part // 1_000 + (part > 1_000)
        self.world.remove_one_sided(person, key, shares, token)

    @rule(who=PEOPLE, seed=SEEDS, part=st.integers(0, 1_001))
    def removes(self, who: int, seed: int, part: int) -> None:
        """A part of one's shares in thousandths; 1,001 is more than one has."""
        person, key = self.person(who), self.key(seed)
        owned = self.world.books.shares.get((person.address, key.id), 0)
        self.world.remove(person, key, owned * part // 1_000 + (part > 1_000))

    @rule(seed=SEEDS)
    def everybody_leaves(self, seed: int) -> None:
        key = self.key(seed)
        for person in self.world.people:
            owned = self.world.books.shares.get((person.address, key.id), 0)
            if owned:
                self.world.remove(person, key, owned)

    @precondition(any_funded)
    @rule(
        who=PEOPLE,
        seed=SEEDS,
        amount=AMOUNTS,
        part=PARTS,
        steps=st.lists(SEEDS, min_size=1, max_size=4),
        minimum=st.sampled_from([0, 0, 0, 10**9]),
    )
    def swaps(
        self, who: int, seed: int, amount: int, part: int, steps: list[int], minimum: int
    ) -> None:
        start, path = self.path(seed, steps)
        amount = min(self.sized(start, path[0].key(start), amount, part), PLENTY // 8)
        path[-1] = path[-1]._replace(token_out=self.named(path[-1].token_out, part))
        start = self.named(start, seed // 2)
        self.world.swap(self.person(who), start, amount, path, minimum)

    @precondition(any_funded)
    @rule(
        who=PEOPLE,
        seed=SEEDS,
        amount=AMOUNTS,
        part=PARTS,
        steps=st.lists(SEEDS, min_size=1, max_size=3),
        maximum=st.sampled_from([PLENTY // 8, PLENTY // 8, 10**9]),
    )
    def buys(
        self, who: int, seed: int, amount: int, part: int, steps: list[int], maximum: int
    ) -> None:
        start, path = self.path(seed, steps)
        end = path[-2].token_out if len(path) > 1 else start
        amount = self.sized(path[-1].token_out, path[-1].key(end), amount, part)
        path[-1] = path[-1]._replace(token_out=self.named(path[-1].token_out, part))
        start = self.named(start, seed // 2)
        self.world.buy(self.person(who), start, path, amount, maximum)

    @precondition(any_funded)
    @rule(
        seed=SEEDS,
        amount=AMOUNTS,
        part=PARTS,
        steps=st.lists(SEEDS, min_size=1, max_size=3),
        mood=st.sampled_from(MOODS),
        exact=st.booleans(),
    )
    def swaps_in_a_flash(
        self, seed: int, amount: int, part: int, steps: list[int], mood: str, exact: bool
    ) -> None:
        start, path = self.path(seed, steps)
        end = path[-2].token_out if exact and len(path) > 1 else start
        hop = path[-1] if exact else path[0]
        token = hop.token_out if exact else start
        amount = min(self.sized(token, hop.key(end), amount, part), PLENTY // 64)
        path[-1] = path[-1]._replace(token_out=self.named(path[-1].token_out, part))
        if exact:
            self.world.flash_buy(self.person(0), start, path, amount, mood)
        else:
            self.world.flash_sell(self.person(0), start, amount, path, mood)

    @rule(who=PEOPLE, seed=SEEDS, part=st.integers(0, 1_001), mood=st.sampled_from(MOODS))
    def borrows_in_a_flash(self, who: int, seed: int, part: int, mood: str) -> None:
        """A part of all there is in thousandths; 1,001 is more than there is."""
        token = self.world.tokens[seed % 5].address
        held = self.world.books.held[token]
        amount = held * part // 1_000 + (part > 1_000)
        self.world.flash_borrow(self.person(who), token, amount, mood)

    @precondition(any_funded)
    @rule(who=PEOPLE, seed=SEEDS, part=PARTS, data=st.binary(min_size=1, max_size=3))
    def tokens_call_back(self, who: int, seed: int, part: int, data: bytes) -> None:
        """In the middle of a sale, a deposit and a withdrawal of the two tokens of a pool."""
        key, person = self.funded(seed), self.person(who)
        assert key is not None
        token = key.tokens[seed % 2]
        amount = min(self.sized(token, key, 10**6, part), PLENTY // 8)
        owned = self.world.books.shares.get((person.address, key.id), 0)
        with self.world.hooked(key.tokens[seed // 2 % 2], data):
            if seed % 3 == 0:
                self.world.swap(person, token, amount, [key.hop(token)])
            elif seed % 3 == 1:
                self.world.add_one_sided(person, key, token, amount)
            else:
                self.world.remove(person, key, owned // 2)

    @rule(token=st.integers(0, 4))
    def collects(self, token: int) -> None:
        self.world.collect(self.world.tokens[token].address)

    @rule(
        seed=SEEDS,
        count=st.sampled_from([0, 1, 2, 3, 7, 2**16]),
        ages=st.lists(magnitudes(1, 10**9), max_size=3),
    )
    def pays_for_records(self, seed: int, count: int, ages: list[int]) -> None:
        key = self.key(seed)
        self.world.increase(key, count)
        self.world.probe_record(key, [0, *ages])

    @rule(who=PEOPLE, token=st.integers(0, 4), amount=magnitudes(1, 2**90))
    def donates(self, who: int, token: int, amount: int) -> None:
        self.world.donate(self.person(who), self.world.tokens[token], amount)

    @rule(who=PEOPLE, token=st.integers(0, 4), wrongly=st.integers(0, 5))
    def skims(self, who: int, token: int, wrongly: int) -> None:
        """Mostly with the list that the contract wants; else with every pool, or reversed."""
        assert self.world.twin is not None
        addresses = [token.address for token in self.world.tokens]
        held, booked = self.world.twin.held, self.world.twin.booked
        donated = [address for address in addresses if held.get(address, 0) > booked(address)]
        address = donated[token % len(donated)] if donated else addresses[token]
        keys = self.world.twin.funded_pools(address)
        if wrongly == 0:
            keys = list(self.world.keys)
        elif wrongly == 1:
            keys = keys[::-1]
        elif wrongly == 2:
            keys = keys[:-1]
        self.world.skim(self.person(who), address, keys)

    @rule(who=PEOPLE, to=PEOPLE, seed=SEEDS, part=st.integers(0, 1_000))
    def gives_shares(self, who: int, to: int, seed: int, part: int) -> None:
        key = self.key(seed)
        owned = self.world.books.shares.get((self.person(who).address, key.id), 0)
        self.world.give(self.person(who), self.person(to), key, owned * part // 1_000)

    @rule(seconds=magnitudes(1, 10**8))
    def time_passes(self, seconds: int) -> None:
        self.world.chain.advance(seconds)

    # --- what they might do -----------------------------------------------------------------------

    @precondition(any_funded)
    @rule(
        who=PEOPLE, seed=SEEDS, amounts=st.tuples(AMOUNTS, AMOUNTS), parts=st.tuples(PARTS, PARTS)
    )
    def trades_are_fair(
        self, who: int, seed: int, amounts: tuple[int, int], parts: tuple[int, int]
    ) -> None:
        key, person = self.funded(seed), self.person(who)
        assert key is not None
        token = key.tokens[seed % 2]
        less, more = (
            self.sized(token, key, amount, part)
            for amount, part in zip(amounts, parts, strict=True)
        )
        self.world.probe_round_trip(person, token, more, key)
        self.world.probe_split(person, token, [less, more], key)
        self.world.probe_more_is_more(person, token, less, more, key)
        self.world.probe_block(person, token, [less, more], key)
        self.world.probe_backwards(person, token, more, key)

    @precondition(any_funded)
    @rule(who=PEOPLE, seed=SEEDS, amounts=st.tuples(AMOUNTS, AMOUNTS), part=PARTS)
    def liquidity_is_fair(self, who: int, seed: int, amounts: tuple[int, int], part: int) -> None:
        key = self.funded(seed)
        assert key is not None
        max0, max1 = (
            self.sized(token, key, amount, part)
            for token, amount in zip(key.tokens, amounts, strict=True)
        )
        self.world.probe_in_and_out(self.person(who), key, max0, max1)
        self.world.probe_one_sided(self.person(who), key, key.tokens[seed % 2], max0)

    @invariant()
    def nothing_is_created_or_lost(self) -> None:
        """Every token is with the people, their contract, or the Exchange."""
        world = self.world
        for token in world.tokens:
            paid = world.collected(token)  # the protocol's
            owned = sum(token.balance_of(person) for person in (*world.people, world.actor))
            total = owned + paid + world.books.held[token.address]
            if token.address == world.weth:
                assert total == token.total_supply()
            else:
                assert total == PLENTY * len(world.people)


_WORLDS: list[World] = []


def _world() -> World:
    """One world for all examples: each starts from it and is undone. Built when first needed."""
    if not _WORLDS:
        _WORLDS.append(World.build(Chain.embedded()))
    return _WORLDS[0]


# Each example is a life of at most 40 steps; EXCHANGE_STEPS says how many there are in all.
LIFE = 40
ExchangeMachine.TestCase.settings = settings(
    max_examples=-(-int(os.environ.get("EXCHANGE_STEPS", "2000")) // LIFE),
    stateful_step_count=LIFE,
)
TestExchange = ExchangeMachine.TestCase


def test_five_tokens_cover_every_pair_of_decimals() -> None:
    """X12: the machine's tokens are one of each, so its pools meet every pair."""
    world = _world()
    assert sorted(token.decimals() for token in world.tokens) == sorted(DECIMALS)
    addresses = [int(token.address, 16) for token in world.tokens]
    assert all(early < late for early, late in pairwise(addresses))
