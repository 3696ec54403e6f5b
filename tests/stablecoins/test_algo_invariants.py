"""S5 over any sequence of verbs, prices, failures, leaps and gifts, contract and twin alike."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from defi_kit.chain import Chain
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.errors import Reverted
from defi_kit.stablecoins import Algo
from defi_kit.units import WAD
from stablecoins.algo_world import DESIGN, ORACLES, PEOPLE, World, without

people = st.sampled_from(PEOPLE)
dollars = st.integers(1, 200_000 * WAD) | st.integers(0, 1_000) | st.sampled_from([2**112, 2**255])
designs = st.sampled_from(
    [
        DESIGN,
        without(DESIGN, decimals=18, virtual_liquidity=0),
        without(DESIGN, decimals=0, max_share_growth=0, ratio=0, min_ratio=0, breaker_delay=0),
        without(DESIGN, decimals=24, ratio=WAD, max_ratio=WAD, virtual_liquidity=1_000 * WAD),
        without(DESIGN, step_period=0, breaker_cover=0, mint_spread=0, redeem_spread=0),
        without(DESIGN, breaker_cover=2**64 - 1, epoch_length=60, redeem_spread=900_000),
    ]
)

_chain: list[Chain] = []


def shared_chain() -> Chain:
    """One chain for all examples; each works on a snapshot of its own."""
    if not _chain:
        _chain.append(Chain.embedded())
    return _chain[0]


class AlgoMachine(RuleBasedStateMachine):
    """Holders, a clock, a giver, and four oracles that jump, say zero and fail."""

    @initialize(design=designs, first=st.integers(1, 40_000))
    def begin(self, design: Any, first: int) -> None:
        self.stack = ExitStack()
        chain = shared_chain()
        self.stack.enter_context(chain.snapshot())
        self.world = World.build(chain, design)
        self.twin: Algo = self.world.twin
        self.mint(first * WAD, "alice")

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def both(self, verb: str, *args: Any, ours: Any, **named: Any) -> None:
        """The twin's verb, whose outcome must be the contract's."""
        try:
            after = getattr(self.twin, verb)(*args, **named)
        except Reverted as refusal:
            assert isinstance(ours, Reverted), f"the twin refuses: {refusal}"
            assert ours.name == refusal.name
            # The twin knows no addresses: which oracle's price came to zero it cannot say.
            if refusal.arguments != {"oracle": ZERO_ADDRESS}:
                assert ours.arguments == refusal.arguments
            return
        if isinstance(ours, Reverted) and ours.name == "InsufficientBalance":
            return  # the twin knows supplies, not who holds them
        assert not isinstance(ours, Reverted), f"the contract refuses: {ours}"
        self.twin, returned = after if isinstance(after, tuple) else (after, None)
        assert returned == ours

    def priced(self, verb: str, *args: Any, who: str) -> None:
        """The same verb on both, at the prices and the time of the transaction."""
        prices, ours = self.world.twin_prices(), getattr(self.world, verb)(*args, who)
        now = self.world.chain.timestamp + isinstance(ours, Reverted)
        self.both(verb, *args, prices, ours=ours, now=now)

    # --- rules ------------------------------------------------------------------------------------

    @rule(amount=dollars, who=people)
    def mint(self, amount: int, who: str) -> None:
        self.priced("mint", amount, who=who)

    @rule(amount=dollars, who=people)
    def redeem(self, amount: int, who: str) -> None:
        self.priced("redeem", amount, who=who)

    @rule(part=st.integers(1, 8), who=people)
    def redeem_a_part(self, part: int, who: str) -> None:
        self.priced("redeem", self.world.holdings(who)[0] * part // 8, who=who)

    @rule(who=people)
    def step_ratio(self, who: str) -> None:
        self.priced("step_ratio", who=who)

    @rule(who=people)
    def alarm(self, who: str) -> None:
        self.priced("alarm", who=who)

    @rule(who=people)
    def end(self, who: str) -> None:
        self.priced("end", who=who)

    @rule(who=people)
    def a_bad_day(self, who: str) -> None:
        """The share falls to nothing, the alarm is raised, and after the delay it may end."""
        self.world.crash(1)
        self.alarm(who)
        self.wait(2 * DESIGN.breaker_delay)
        self.end(who)

    @rule(part=st.integers(0, 4), who=people)
    def claim(self, part: int, who: str) -> None:
        amount = self.world.holdings(who)[0] * part // 4
        self.both("claim", amount, ours=self.world.claim(amount, who))

    @rule(amount=st.integers(1, 5_000 * WAD), who=people)
    def go_around(self, amount: int, who: str) -> None:
        self.world.loop(amount, who)

    @rule(
        name=st.sampled_from(ORACLES),
        percent=st.sampled_from([1, 50, 90, 99, 100, 100, 101, 200, 10_000]),
    )
    def reprice(self, name: str, percent: int) -> None:
        self.world.rescale(name, percent)

    @rule(name=st.sampled_from(ORACLES), price=st.sampled_from([None, None, 0, 1]))
    def break_an_oracle(self, name: str, price: int | None) -> None:
        self.world.say(name, price)

    @rule()
    def mend_all(self) -> None:
        for name in ORACLES:
            self.world.rescale(name, 100)

    @rule(seconds=st.integers(1, 10**7) | st.integers(1, 10_000))
    def wait(self, seconds: int) -> None:
        self.world.chain.advance(seconds)

    @rule(amount=st.integers(1, 10**12))
    def give(self, amount: int) -> None:
        self.world.give(amount)

    @invariant()
    def s5_holds_and_the_twin_is_the_contract(self) -> None:
        if hasattr(self, "world"):
            assert self.world.check() == self.twin


TestAlgoMachine = AlgoMachine.TestCase
TestAlgoMachine.settings = settings(max_examples=40, stateful_step_count=30)
