"""The Hypothesis machine of peg swaps. Needs Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from ...machine import VARIANTS, once
from ...trial import Trial
from ..machine import PegMachine
from .trial import SwapTrial
from .world import TREASURY, SwapWorld

__all__ = ["SwapMachine"]

SIDES = st.integers(0, 1)
WHO = st.sampled_from(("alice", "bob", TREASURY))
TREASURER = st.sampled_from((TREASURY, TREASURY, "bob"))
EDGES = st.sampled_from([0, 1, 2**128 - 1, 2**128, 2**256 - 1])


class SwapMachine(PegMachine):
    """Swappers both ways, a treasury, a giver, and oracles that jump and fail: S4.

    `make` gives a `SwapWorld`, on the chain that it is called with.
    """

    trial_class: ClassVar[type[Trial]] = SwapTrial
    trial: SwapTrial
    make: ClassVar[Callable[..., Any]] = SwapWorld.deploy
    variants: ClassVar[Sequence[Mapping[str, Any]]] = (
        {},
        {"decimals": (18, 6), "fees": (0, 0)},
        {"decimals": (6, 6), "fees": (1, 100_000), "guarded": (True, False)},
        {"decimals": (0, 24), "fees": (500, 1), "guarded": (False, True)},
        {"decimals": (24, 2), "fees": (100_000, 0)},
        {"decimals": (8, 18), "fees": (0, 500), "guarded": (False, False)},
        {"decimals": (2, 0), "fees": (1, 1)},
        {"decimals": (24, 24), "fees": (500, 500), "guarded": (True, False)},
    )

    @initialize(variant=VARIANTS, stock=st.tuples(st.integers(0, 400), st.integers(1, 400)))
    def begin(self, variant: int, stock: tuple[int, int]) -> None:
        """The treasury has paid something in."""
        self.start(variant)
        for side in (0, 1):
            self.trial.fund(TREASURY, side, self.whole(side, stock[side]))
        for side in (0, 1):
            self.trial.pay_another("alice", "bob", side, self.whole(side, 1))

    def whole(self, side: int, tokens: int) -> int:
        """Whole tokens. [raw]"""
        unit: int = 10 ** self.trial.world.decimals(side)
        return tokens * unit

    # --- people -----------------------------------------------------------------------------------

    @rule(who=WHO, side=SIDES, parts=st.integers(1, 1_500), grains=st.integers(0, 9))
    def swap_some(self, who: str, side: int, parts: int, grains: int) -> None:
        self.trial.swap(who, side, self.whole(side, parts) + grains)

    @rule(who=WHO, side=SIDES, amount=st.integers(0, 10_000) | EDGES)
    def swap_dust(self, who: str, side: int, amount: int) -> None:
        self.trial.swap(who, side, amount)

    @rule(who=TREASURER, side=SIDES, parts=st.integers(0, 600))
    def fund(self, who: str, side: int, parts: int) -> None:
        self.trial.fund(who, side, self.whole(side, parts) // 3)

    @rule(who=TREASURER, side=SIDES, parts=st.integers(0, 600))
    def unfund(self, who: str, side: int, parts: int) -> None:
        self.trial.unfund(who, side, self.whole(side, parts) // 3)

    @rule(side=SIDES)
    def unfund_all(self, side: int) -> None:
        world = self.trial.world
        self.trial.unfund(TREASURY, side, int(world.owed[side] * 10 ** world.decimals(side)))

    @rule(side=SIDES)
    def collect(self, side: int) -> None:
        self.trial.collect("bob", side)

    # --- the world around, and adversaries --------------------------------------------------------

    @rule(who=WHO, side=SIDES, amount=st.integers(1, 10**9))
    def go_around(self, who: str, side: int, amount: int) -> None:
        self.trial.go_around(who, side, amount)

    @rule(who=WHO, side=SIDES, parts=st.integers(2, 20))
    @once
    def taxed(self, who: str, side: int, parts: int) -> None:
        self.trial.taxed(who, side, self.whole(side, parts))

    @rule(who=WHO, to=WHO, side=SIDES, amount=st.integers(1, 10**9))
    def pay_another(self, who: str, to: str, side: int, amount: int) -> None:
        if who != to:
            self.trial.pay_another(who, to, side, amount)

    @rule(side=SIDES, amount=st.integers(1, 10**9))
    def give(self, side: int, amount: int) -> None:
        self.trial.give(side, amount)

    @rule(side=SIDES, percent=st.sampled_from([0, 1, 50, 98, 99, 100, 100, 101, 5_000, None]))
    def reprice(self, side: int, percent: int | None) -> None:
        self.trial.reprice(side, percent)

    @rule(side=SIDES, percent=st.sampled_from([50, 98, 99]), parts=st.integers(1, 20))
    def a_bad_day(self, side: int, percent: int, parts: int) -> None:
        """One of the two loses its peg, and people try to change either; then it is back."""
        self.trial.reprice(side, percent)
        for sold in (0, 1):
            self.trial.swap("alice", sold, self.whole(sold, parts))
        self.trial.reprice(side, 100)

    @rule(seconds=st.integers(1, 10**8))
    def wait(self, seconds: int) -> None:
        self.trial.wait(seconds)
