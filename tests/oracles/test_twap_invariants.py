"""O10-O11 over any history of a pool, the oracle and its twin in lockstep."""

from __future__ import annotations

from contextlib import ExitStack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from defi_kit.oracles import Reading
from oracles.twap_world import KEY, LEVEL, POOL, TERMS, World, make

levels = st.integers(LEVEL - (4 << 64), LEVEL + (4 << 64)) | st.integers(16 << 64, 240 << 64)

_chain: list[Chain] = []


def shared_chain() -> Chain:
    """One chain for all examples; each works on a snapshot of its own."""
    if not _chain:
        _chain.append(Chain.embedded())
    return _chain[0]


class TwapMachine(RuleBasedStateMachine):
    """Traders, a pool that forgets, liquidity that flees, and a clock."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(shared_chain().snapshot())

    def teardown(self) -> None:
        self.stack.close()

    @initialize(inverse=st.booleans(), level=levels)
    def begin(self, inverse: bool, level: int) -> None:
        self.world = make(shared_chain(), inverse=inverse, log_price=level)

    @rule(level=levels, record=st.booleans())
    def trade(self, level: int, record: bool) -> None:
        self.world.move(level, record=record)

    @rule(supply=st.sampled_from([0, 999, 1_000, 2**128 - 1]))
    def join_or_leave(self, supply: int) -> None:
        self.world.history.set_supply(supply)

    @rule(seconds=st.integers(1, TERMS.window) | st.integers(1, 2 * TERMS.max_age))
    def wait(self, seconds: int) -> None:
        self.world.chain.advance(seconds)

    @rule(off=st.integers(-2, 1), edge=st.sampled_from(["young", "quiet"]))
    def wait_to_an_edge(self, off: int, edge: str) -> None:
        since = self.world.changes[-1][0]
        moment = since + {"young": TERMS.window, "quiet": TERMS.max_age}[edge] + off
        self.world.chain.advance(max(1, moment - self.world.chain.timestamp))

    @precondition(lambda self: hasattr(self, "world") and self.world.start() is not None)
    @invariant()
    def o10_and_o11_hold_and_the_twin_is_the_contract(self) -> None:
        world = self.world
        ours = world.check()
        model, history = world.oracle.model, world.history
        _, _, updated_at, _, liquidity = history.pool(POOL)
        past = Reading(*history.observe(KEY, model.window))
        present = Reading(*history.observe(KEY, 0))
        try:
            twins: int | Reverted = model.price(
                past, present, updated_at=updated_at, liquidity=liquidity
            )
        except Reverted as refusal:
            twins = refusal
        if isinstance(twins, Reverted):
            assert isinstance(ours, type(twins))
            assert ours.arguments == twins.arguments
        else:
            assert ours == twins

    @invariant()
    def a_young_pool_is_refused(self) -> None:
        if hasattr(self, "world") and self.world.start() is None:
            assert isinstance(self.world.check(), Reverted)


TestTwapMachine = TwapMachine.TestCase
TestTwapMachine.settings = settings(max_examples=25, stateful_step_count=25)
