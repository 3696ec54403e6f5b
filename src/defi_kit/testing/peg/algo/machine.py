"""The Hypothesis machine of algorithmic dollars. Needs Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from ....errors import Reverted
from ....units import WAD
from ...machine import VARIANTS, once
from ...trial import Trial
from ..machine import PegMachine
from .trial import AlgoTrial
from .world import DESIGN, ORACLES, PEOPLE, AlgoWorld

__all__ = ["AlgoMachine"]

WHO = st.sampled_from(PEOPLE)
DOLLARS = st.integers(1, 200_000 * WAD) | st.integers(0, 1_000) | st.sampled_from([2**112, 2**255])
"""Base units: whole loads, dust, and what fits nowhere."""


class AlgoMachine(PegMachine):
    """Holders, a clock, a giver, and four oracles that jump, say zero and fail: S5.

    `make` gives an `AlgoWorld`, on the chain that it is called with.
    """

    trial_class: ClassVar[type[Trial]] = AlgoTrial
    trial: AlgoTrial
    make: ClassVar[Callable[..., Any]] = AlgoWorld.deploy
    variants: ClassVar[Sequence[Mapping[str, Any]]] = (
        {},
        {"decimals": 18, "virtual_liquidity": 0},
        {"decimals": 0, "max_share_growth": 0, "ratio": 0, "min_ratio": 0, "breaker_delay": 0},
        {"decimals": 24, "ratio": WAD, "max_ratio": WAD, "virtual_liquidity": 1_000 * WAD},
        {"step_period": 0, "breaker_cover": 0, "mint_spread": 0, "redeem_spread": 0},
        {"breaker_cover": 2**64 - 1, "epoch_length": 60, "redeem_spread": 900_000},
    )

    @initialize(variant=VARIANTS, first=st.integers(1, 40_000))
    def begin(self, variant: int, first: int) -> None:
        """Somebody has minted dollars."""
        self.start(variant)
        self.trial.mint("alice", first * WAD)

    def held(self, who: str, part: int, parts: int) -> int:
        """A part of somebody's dollars. [base units]"""
        return self.trial.world.holdings(who)[0] * part // parts

    # --- holders ----------------------------------------------------------------------------------

    @rule(who=WHO, dollars=DOLLARS)
    def mint(self, who: str, dollars: int) -> None:
        self.trial.mint(who, dollars)

    @rule(who=WHO, dollars=DOLLARS)
    def redeem(self, who: str, dollars: int) -> None:
        self.trial.redeem(who, dollars)

    @rule(who=WHO, part=st.integers(1, 8))
    def redeem_a_part(self, who: str, part: int) -> None:
        self.trial.redeem(who, self.held(who, part, 8))

    @rule(who=WHO)
    def step_ratio(self, who: str) -> None:
        self.trial.step_ratio(who)

    @rule(who=WHO)
    def alarm(self, who: str) -> None:
        self.trial.alarm(who)

    @rule(who=WHO)
    def end(self, who: str) -> None:
        self.trial.end(who)

    @rule(who=WHO, lacks=st.sampled_from(("nothing", "alarm", "time", "danger")))
    def a_bad_day(self, who: str, lacks: str) -> None:
        """The share falls to nothing. It may end if the alarm was raised, the delay is over, and
        the share has not come back."""
        self.trial.say("share", 1)
        if lacks != "alarm":
            self.trial.alarm(who)
        if lacks != "time":
            self.trial.wait(2 * DESIGN.breaker_delay)
        if lacks == "danger":
            self.trial.mend()
        self.trial.end(who)
        self.trial.claim("alice", self.held("alice", 1, 3))

    @rule(who=WHO, oracle=st.sampled_from(ORACLES), price=st.sampled_from([None, 0]))
    def a_silent_oracle(self, who: str, oracle: str, price: int | None) -> None:
        """It is time for an alarm where no price can be told."""
        self.trial.say(oracle, price)
        self.trial.alarm(who)
        self.trial.mend()

    @rule(who=WHO, percent=st.sampled_from([80, 120]))
    def off_the_peg(self, who: str, percent: int) -> None:
        """The dollar is, for half a day: the ratio goes all the way that it may."""
        self.trial.reprice("dollar", percent)
        for _ in range(12):
            self.trial.wait(DESIGN.step_period)
            self.trial.step_ratio(who)

    @rule(percent=st.sampled_from([1, 2, 5, 20, 50, 100]), part=st.integers(1, 8))
    def a_run(self, percent: int, part: int) -> None:
        """The share falls, and whoever has dollars redeems some, and some more."""
        self.trial.crash(percent)
        for who in PEOPLE * 4:
            if self.held(who, 1, 1):
                self.trial.redeem(who, self.held(who, part, 8))

    @rule(who=WHO, part=st.integers(0, 4))
    def claim(self, who: str, part: int) -> None:
        self.trial.claim(who, self.held(who, part, 4))

    # --- the world around, and adversaries --------------------------------------------------------

    @rule(who=WHO, to=WHO, part=st.integers(1, 8))
    @once
    def for_another(self, who: str, to: str, part: int) -> None:
        payer = next((name for name in (who, *PEOPLE) if self.held(name, 1, 1)), who)
        to = to if to != payer else next(name for name in PEOPLE if name != payer)
        self.trial.for_another(payer, to, self.held(payer, part, 8))

    @rule(who=WHO, dollars=st.integers(1_000, 5_000 * WAD))
    @once
    def taxed(self, who: str, dollars: int) -> None:
        self.trial.taxed(who, dollars)

    @rule(who=WHO, percent=st.sampled_from([1, 2, 5]), part=st.integers(35, 49))
    @once
    def to_the_cap(self, who: str, percent: int, part: int) -> None:
        """Redeems three times for a part of all shares that an epoch may have."""
        world, growth = self.trial.world, self.trial.world.design.max_share_growth
        who = next((name for name in (who, *PEOPLE) if self.held(name, 1, 1)), who)
        self.trial.crash(percent)
        small = self.held(who, 1, 10_000)
        try:
            shares = world.controller.quote_redeem(small)[1]
        except Reverted:
            return
        if growth and shares:
            cap = world.controller.state().shares * growth // 10**6
            for _ in range(3):
                self.trial.redeem(
                    who, min(small * cap * part // (shares * 100), self.held(who, 1, 1))
                )

    @rule(who=WHO, dollars=st.integers(1, 5_000 * WAD))
    def go_around(self, who: str, dollars: int) -> None:
        self.trial.go_around(who, dollars)

    @rule(who=WHO, dollars=st.integers(1, 5_000 * WAD), percent=st.sampled_from([10, 90, 110, 900]))
    def sandwich(self, who: str, dollars: int, percent: int) -> None:
        self.trial.sandwich(who, dollars, percent)

    @rule(
        oracle=st.sampled_from(ORACLES),
        percent=st.sampled_from([1, 50, 90, 99, 100, 100, 101, 200, 10_000]),
    )
    def reprice(self, oracle: str, percent: int) -> None:
        self.trial.reprice(oracle, percent)

    @rule(oracle=st.sampled_from(ORACLES), price=st.sampled_from([None, None, 0, 1]))
    def break_an_oracle(self, oracle: str, price: int | None) -> None:
        self.trial.say(oracle, price)

    @rule()
    def mend(self) -> None:
        self.trial.mend()

    @rule(seconds=st.integers(1, 10**7) | st.integers(1, 10_000))
    def wait(self, seconds: int) -> None:
        self.trial.wait(seconds)

    @rule(collateral=st.integers(1, 10**12))
    def give(self, collateral: int) -> None:
        self.trial.give(collateral)
