"""The Hypothesis machine of anybody's pool of two tokens. Needs Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from ..machine import VARIANTS, TrialMachine, once
from ..strategies import leaps, magnitudes, people
from ..trial import Trial
from .adapters import ExchangePair
from .pair_trial import PEOPLE, PairTrial

__all__ = ["PairMachine"]

SOMEBODY = people(PEOPLE)
SIDES = st.sampled_from((0, 1))
AMOUNTS = magnitudes(0, 2**100)
PARTS = st.one_of(magnitudes(1, 2_000_000), st.just(0))
"""Of what the pool has, in millionths; 0 lets an absolute amount stand."""
SIZES = st.tuples(PARTS, AMOUNTS)


def funded(machine: PairMachine) -> bool:
    """There is something in the pool."""
    return bool(machine.trial.seen.supply)


class PairMachine(TrialMachine):
    """Whatever people may do to a pool of two tokens, in any order.

    `make` gives the pool: a `PairMarket` on the chain it is called with, ours unless you set it.
    Subclass it to add rules,
    and `PairTrial` to add verbs and invariants.
    """

    trial_class: ClassVar[type[Trial]] = PairTrial
    make: ClassVar[Callable[..., Any]] = ExchangePair
    trial: PairTrial

    @initialize(variant=VARIANTS, opening=st.sampled_from(("even", "steep", "tiny", "empty")))
    def begin(self, variant: int, opening: str) -> None:
        """An empty pool, one of a few units, or one of tokens that are worth the same, or not."""
        self.start(variant)
        if opening == "tiny":
            self.trial.add("alice", 20_011, 3_001)
        elif opening != "empty":
            units = [10**decimals for decimals in self.trial.market.decimals]
            dear = 1_000 if opening == "steep" else 1
            self.trial.add("alice", 1_000_000 * units[0], 1_000_000 // dear * units[1])

    def close(self) -> None:
        """What could be done at the end of every life."""
        self.trial.inflate("mallory", "bob", 1_001, 10**12, 15 * 10**11)
        half = max(1, self.trial.seen.reserves[0] // 2)
        self.trial.in_and_out("bob", half, self.trial.seen.reserves[1])
        self.trial.round_trip("bob", 0, half)

    def doors(self, who: str) -> int:
        """How many there are."""
        return len(self.trial.market.doors(self.trial.person(who)))

    def sized(self, side: int, size: tuple[int, int]) -> int:
        """A part of what the pool has of that side, or an amount."""
        part, amount = size
        reserve: int = self.trial.seen.reserves[side]
        return min(reserve * part // 1_000_000 if part else amount, 2**105)

    # --- what people do ---------------------------------------------------------------------------

    @rule(who=SOMEBODY, first=SIZES, second=SIZES)
    def add(self, who: str, first: tuple[int, int], second: tuple[int, int]) -> None:
        self.trial.add(who, self.sized(0, first), self.sized(1, second))

    @precondition(lambda self: any(self.trial.seen.shares.values()))
    @rule(who=SOMEBODY, part=st.sampled_from((1, 7, 77, 333, 500, 1_000, 1_000, 1_001)))
    def remove(self, who: str, part: int) -> None:
        """A part of one's shares in thousandths; 1,001 is more than one has."""
        holders = [name for name in (who, *PEOPLE) if self.trial.seen.shares[name]]
        holder = holders[0] if holders else who
        shares = self.trial.seen.shares[holder] * part // 1_000 + (part > 1_000)
        self.trial.remove(holder, shares)

    @precondition(funded)
    @rule(who=SOMEBODY, side=SIDES, size=SIZES, least=st.sampled_from((0, 0, 0, 10**9)))
    def swap(self, who: str, side: int, size: tuple[int, int], least: int) -> None:
        self.trial.swap(who, side, self.sized(side, size), least)

    @precondition(lambda self: self.trial.steps and self.trial.steps[-1].verb != "wait")
    @rule(seconds=leaps())
    def wait(self, seconds: int) -> None:
        self.trial.wait(seconds)

    # --- adversaries ------------------------------------------------------------------------------

    @rule(who=SOMEBODY, side=SIDES, amount=magnitudes(1, 2**90))
    def donate(self, who: str, side: int, amount: int) -> None:
        self.trial.donate(who, side, amount)

    @precondition(funded)
    @rule(who=SOMEBODY, victim=SOMEBODY, side=SIDES, size=SIZES, attack=SIZES)
    def sandwich(
        self, who: str, victim: str, side: int, size: tuple[int, int], attack: tuple[int, int]
    ) -> None:
        self.trial.sandwich(who, victim, side, self.sized(side, size), self.sized(side, attack))

    @precondition(lambda self: not funded(self))
    @rule(
        grain=st.sampled_from((1, 2, 1_001, 10**4)),
        gift=magnitudes(1, 2**80),
        amount=magnitudes(1, 2**90),
    )
    def inflate(self, grain: int, gift: int, amount: int) -> None:
        self.trial.inflate("mallory", "bob", grain, gift, amount)

    @rule(who=SOMEBODY, to=SOMEBODY)
    @once
    def for_another(self, who: str, to: str) -> None:
        self.trial.for_another(who, next(name for name in (to, *PEOPLE) if name != who))

    @rule(who=SOMEBODY, victim=SOMEBODY)
    @once
    def impersonate(self, who: str, victim: str) -> None:
        self.trial.impersonate(who, next(name for name in (victim, *PEOPLE) if name != who))

    @precondition(lambda self: funded(self) and self.doors(PEOPLE[0]))
    @rule(who=SOMEBODY, side=SIDES, part=magnitudes(1_000, 500_000))
    @once
    def call_back(self, who: str, side: int, part: int) -> None:
        """Through every door, in the middle of everything."""
        holders = [name for name in (who, *PEOPLE) if self.trial.seen.shares[name]]
        sold = max(self.sized(side, (part, 0)), 1)
        for door in range(self.doors(who)):
            self.trial.enter(who, door)
            for hook in (0, 1):
                self.trial.call_back(who, "swap", side, sold, hook, door)
                self.trial.call_back(who, "add", side, sold, hook, door)
                for holder in holders[:1]:
                    shares = self.trial.seen.shares[holder] // 2
                    self.trial.call_back(holder, "remove", side, shares, hook, door)

    # --- what they might do -----------------------------------------------------------------------

    @precondition(funded)
    @rule(who=SOMEBODY, side=SIDES, less=SIZES, more=SIZES)
    def trades_are_fair(
        self, who: str, side: int, less: tuple[int, int], more: tuple[int, int]
    ) -> None:
        small, large = self.sized(side, less), self.sized(side, more)
        self.trial.round_trip(who, side, large)
        self.trial.split(who, side, small, large)

    @rule(who=SOMEBODY, first=SIZES, second=SIZES)
    def in_and_out(self, who: str, first: tuple[int, int], second: tuple[int, int]) -> None:
        self.trial.in_and_out(who, self.sized(0, first), self.sized(1, second))
