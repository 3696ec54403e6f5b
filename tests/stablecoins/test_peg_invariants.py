"""S4 over any sequence of swaps, stock, gifts and prices, contract and twin in lockstep."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from defi_kit.stablecoins import Peg
from stablecoins.peg_world import TREASURY, Terms, World, who_is

decimals = st.sampled_from([0, 2, 6, 8, 18, 24])
fees = st.sampled_from([0, 1, 500, 100_000])
sides = st.integers(0, 1)
people = st.sampled_from(("alice", "bob", TREASURY))
edges = st.sampled_from([0, 1, 2**128 - 1, 2**128, 2**256 - 1])

_chain: list[Chain] = []


def shared_chain() -> Chain:
    """One chain for all examples; each works on a snapshot of its own."""
    if not _chain:
        _chain.append(Chain.embedded())
    return _chain[0]


class PegMachine(RuleBasedStateMachine):
    """Swappers both ways, a treasury, a giver, and oracles that jump and fail."""

    @initialize(
        both=st.tuples(decimals, decimals),
        fees=st.tuples(fees, fees),
        guarded=st.tuples(st.booleans(), st.booleans()),
        stock=st.tuples(st.integers(0, 400), st.integers(1, 400)),
    )
    def begin(
        self,
        both: tuple[int, int],
        fees: tuple[int, int],
        guarded: tuple[bool, bool],
        stock: tuple[int, int],
    ) -> None:
        self.stack = ExitStack()
        chain = shared_chain()
        self.stack.enter_context(chain.snapshot())
        self.world = World.build(chain, Terms(both, fees, guarded=guarded))
        self.twin: Peg = self.world.start
        for side in (0, 1):
            self.stock("fund", side, stock[side] * 10 ** both[side], TREASURY)

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def token(self, side: int) -> str:
        return (self.twin.backing, self.twin.dollar)[side].token

    def both(self, verb: str, *args: Any, ours: Any) -> None:
        """The twin's verb, whose outcome must be the contract's."""
        try:
            after = getattr(self.twin, verb)(*args)
        except Reverted as refusal:
            assert isinstance(ours, Reverted), f"the twin refuses: {refusal}"
            assert (ours.name, ours.arguments) == (refusal.name, refusal.arguments)
            return
        assert not isinstance(ours, Reverted), f"the contract refuses: {ours}"
        self.twin, returned = after if isinstance(after, tuple) else (after, None)
        assert returned == ours

    def swap(self, side: int, amount: int, who: str) -> None:
        verb, price = ("swap_in", "swap_out")[side], self.world.prices[side]
        self.both(verb, amount, price, ours=self.world.swap_(side, amount, who))

    def stock(self, verb: str, side: int, amount: int, who: str) -> None:
        ours = self.world.stock(verb, side, amount, who)
        self.both(verb, who_is(self.world, who), self.token(side), amount, ours=ours)

    # --- rules ------------------------------------------------------------------------------------

    @rule(side=sides, parts=st.integers(1, 1_500), grains=st.integers(0, 9), who=people)
    def swap_some(self, side: int, parts: int, grains: int, who: str) -> None:
        unit = 10 ** self.world.decimals(side)
        self.swap(side, parts * unit + grains, who)

    @rule(side=sides, amount=st.integers(0, 10_000) | edges, who=people)
    def swap_dust(self, side: int, amount: int, who: str) -> None:
        self.swap(side, amount, who)

    @rule(side=sides, amount=st.integers(1, 10**9))
    def go_around(self, side: int, amount: int) -> None:
        self.world.loop(side, amount)

    @rule(side=sides, parts=st.integers(0, 600), who=st.sampled_from((TREASURY, TREASURY, "bob")))
    def fund(self, side: int, parts: int, who: str) -> None:
        self.stock("fund", side, parts * 10 ** self.world.decimals(side) // 3, who)

    @rule(side=sides, parts=st.integers(0, 600), who=st.sampled_from((TREASURY, TREASURY, "bob")))
    def unfund(self, side: int, parts: int, who: str) -> None:
        self.stock("unfund", side, parts * 10 ** self.world.decimals(side) // 3, who)

    @rule(side=sides)
    def unfund_all(self, side: int) -> None:
        self.stock("unfund", side, self.twin.funded(self.token(side)), TREASURY)

    @rule(side=sides)
    def collect(self, side: int) -> None:
        self.both("collect", self.token(side), ours=self.world.collect(side))

    @rule(side=sides, amount=st.integers(1, 10**9))
    def give(self, side: int, amount: int) -> None:
        self.world.give(side, amount)
        self.both("give", self.token(side), amount, ours=None)

    @rule(side=sides, percent=st.sampled_from([0, 1, 50, 98, 99, 100, 100, 101, 5_000, None]))
    def reprice(self, side: int, percent: int | None) -> None:
        self.world.say(side, None if percent is None else self.world.par(side) * percent // 100)

    @rule(seconds=st.integers(1, 10**8))
    def wait(self, seconds: int) -> None:
        self.world.chain.advance(seconds)

    @invariant()
    def s4_holds_and_the_twin_is_the_contract(self) -> None:
        if hasattr(self, "world"):
            self.twin.check()
            assert self.world.check() == self.twin


TestPegMachine = PegMachine.TestCase
TestPegMachine.settings = settings(max_examples=30, stateful_step_count=30)
