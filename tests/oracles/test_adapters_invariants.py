"""O4-O6 over any life of a vault, the contracts and their twins in lockstep."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from defi_kit.units import WAD
from oracles.adapter_world import DEVIATION, World, make

_chain: list[Chain] = []
parts = st.integers(0, 3_000) | st.integers(0, 10**6)


def shared_chain() -> Chain:
    """One chain for all examples; each works on a snapshot of its own."""
    if not _chain:
        _chain.append(Chain.embedded())
    return _chain[0]


class AdapterMachine(RuleBasedStateMachine):
    """Donors, debtors, depositors, feeds that jump and go dark, and a clock."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(shared_chain().snapshot())

    def teardown(self) -> None:
        self.stack.close()

    @initialize(
        decimals=st.tuples(st.sampled_from([0, 6, 8, 18, 24]), st.sampled_from([0, 6, 18, 24])),
        deposit=st.integers(1, 10**6) | st.integers(1, 10**30),
    )
    def begin(self, decimals: tuple[int, int], deposit: int) -> None:
        if decimals[0] - decimals[1] > 18:  # the asset's own price would have no digits left
            decimals = (18, 6)
        self.world = make(shared_chain(), decimals=decimals, deposit=deposit)

    @rule(part=parts)
    def donate(self, part: int) -> None:
        self.world.donate(1 + self.world.vault.total_supply() * part // 1_000)

    @rule(part=st.integers(0, 1_000))
    def lose(self, part: int) -> None:
        held = self.world.asset.balance_of(self.world.vault)
        self.world.lose(held * part // 1_000)

    @rule(part=parts)
    def deposit(self, part: int) -> None:
        held = self.world.asset.balance_of(self.world.vault)
        if held < 2**200:
            self.world.deposit(1 + held * part // 1_000)

    @rule(cents=st.integers(1, 10_000))
    def reprice(self, cents: int) -> None:
        self.world.feed.set_price(f"{cents // 100}.{cents % 100:02d}")

    @rule(off=st.booleans())
    def switch_the_feed(self, off: bool) -> None:
        self.world.feed.set_reverting(off)

    @rule(off=st.integers(-2, 2), down=st.booleans())
    def disagree_at_the_edge(self, off: int, down: bool) -> None:
        price = self.world.check()
        if isinstance(price, int):
            edge = price * WAD // (WAD + DEVIATION) if down else price + price * DEVIATION // WAD
            self.world.other.set_price(max(0, edge + off))

    @rule(off=st.booleans())
    def switch_the_other(self, off: bool) -> None:
        self.world.other.set_reverting(off)

    @rule()
    def agree(self) -> None:
        self.world.agree()

    @rule(seconds=st.integers(1, 10**6) | st.integers(1, 10**9))
    def wait(self, seconds: int) -> None:
        self.world.chain.advance(seconds)

    @invariant()
    def o4_to_o6_hold_and_the_twins_are_the_contracts(self) -> None:
        if not hasattr(self, "world"):
            return
        price, world = self.world.check(), self.world
        shares, guarded = world.shares.model, world.guarded.model
        try:
            asset_price = world.asset_oracle.raw_price()
        except Reverted:
            return
        assert agree(
            price,
            lambda: shares.price(world.shares.raw_worth(), asset_price, now=world.chain.timestamp),
        )
        if isinstance(price, int) and not world.other.reverting():
            told = answer_of(world.guarded.raw_price)
            assert agree(told, lambda: guarded.price(price, world.other.answer()))


def answer_of(ask: Callable[[], int]) -> int | Reverted:
    """What it answers, or its refusal."""
    try:
        return ask()
    except Reverted as refusal:
        return refusal


def agree(ours: int | Reverted, twins: Callable[[], int]) -> bool:
    """The same price, or the same refusal with equal arguments."""
    theirs = answer_of(twins)
    if isinstance(ours, int) or isinstance(theirs, int):
        return ours == theirs
    return type(ours) is type(theirs) and ours.arguments == theirs.arguments


TestAdapterMachine = AdapterMachine.TestCase
TestAdapterMachine.settings = settings(max_examples=20, stateful_step_count=20)
