"""X1 to X10 and X12 at every step of random lives of an Exchange, twin and contract in lockstep.

Tokens have 0, 6, 8, 18 and 24 decimals, and all five meet each other. The people donate, skim,
drain pools to a few units, hand shares around and put several trades into one block.
"""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from defi_kit.chain import Account, Chain
from defi_kit.dex.pool import MAX_RESERVE, Hop, PoolKey
from dex.strategies import magnitudes
from dex.world import DECIMALS, FEES, PLENTY, World

PEOPLE = st.integers(0, 2)
SEEDS = st.integers(0, 2**16)
AMOUNTS = magnitudes(0, MAX_RESERVE + 2)
PARTS = st.one_of(st.just(0), magnitudes(1, 3_000_000))
"""Of what a pool has, in millionths; 0 lets an absolute amount stand."""
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

    def any_funded(self) -> bool:
        return any(pool.supply for pool in self.world.books.pools.values())

    # --- what people do ---------------------------------------------------------------------------

    @initialize(pair=PAIRS, fee=st.sampled_from(FEES), thousandths=magnitudes(1, 10**12))
    def begins_with_one_pool(self, pair: tuple[int, int], fee: int, thousandths: int) -> None:
        self.creates(pair, fee)
        unit0, unit1 = (10 ** DECIMALS[index] for index in pair)
        self.world.add(
            self.person(0),
            self.key(0),
            thousandths * unit0 // 1000 + 1_001,
            thousandths * unit1 // 1000 + 1_001,
        )

    @rule(pair=PAIRS, fee=st.sampled_from(FEES))
    def creates(self, pair: tuple[int, int], fee: int) -> None:
        tokens = self.world.tokens
        self.world.create(PoolKey(tokens[pair[0]].address, tokens[pair[1]].address, fee))

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
        amount = self.sized(start, path[0].key(start), amount, part)
        self.world.swap(self.person(who), start, amount, path, minimum)

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

    @invariant()
    def nothing_is_created_or_lost(self) -> None:
        """Every token is with the people or with the Exchange."""
        for token in self.world.tokens:
            owned = sum(token.balance_of(person) for person in self.world.people)
            held = self.world.books.held[token.address]
            assert owned + held == PLENTY * len(self.world.people)


_WORLDS: list[World] = []


def _world() -> World:
    """One world for all examples: each starts from it and is undone. Built when first needed."""
    if not _WORLDS:
        _WORLDS.append(World.build(Chain.embedded()))
    return _WORLDS[0]


ExchangeMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestExchange = ExchangeMachine.TestCase


def test_five_tokens_cover_every_pair_of_decimals() -> None:
    """X12: the machine's tokens are one of each, so its pools meet every pair."""
    world = _world()
    assert sorted(token.decimals() for token in world.tokens) == sorted(DECIMALS)
    addresses = [int(token.address, 16) for token in world.tokens]
    assert all(early < late for early, late in pairwise(addresses))
