"""The Hypothesis machine of anybody's dollar. Needs Hypothesis."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from ...machine import VARIANTS, once
from ...strategies import leaps, magnitudes, people
from ...trial import Trial
from ..machine import PegMachine
from .trial import DollarTrial

__all__ = ["DollarMachine"]

SOMEBODY = people(DollarTrial.PEOPLE)
AMOUNTS = magnitudes(0, 10**30)
PARTS = st.sampled_from((1_000, 500, 1, 333, 999, 1_001))
"""Of what one has, in thousandths; the last is more than that."""
FACTORS = st.one_of(
    st.sampled_from((1_000_000, 999_999, 989_999, 1_010_000, 500_000, 2_000_000)),
    magnitudes(1_000, 100_000_000),
)
"""Of a price at first, in millionths."""
ASSETS = st.integers(0, 7)


def has_assets(machine: DollarMachine) -> bool:
    """It is minted for something that is on the chain."""
    return bool(machine.trial.market.asset_decimals)


class DollarMachine(PegMachine):
    """Whatever people may do with a dollar, in any order.

    `make` gives the dollar: a `DollarMarket` on the chain it is called with. Subclass it to add
    rules, and `DollarTrial` to add verbs and invariants.
    """

    trial_class: ClassVar[type[Trial]] = DollarTrial
    trial: DollarTrial

    @initialize(variant=VARIANTS, opening=st.sampled_from(("used", "new", "tiny")))
    def begin(self, variant: int, opening: str) -> None:
        """Nothing is out yet, or a unit, or what two people have minted."""
        self.start(variant)
        self.opening = self.trial.seen.prices
        unit = 10**self.trial.market.decimals
        if opening == "used":
            self.trial.mint("alice", 1_000 * unit)
            self.trial.mint("bob", 300 * unit)
        elif opening == "tiny":
            self.trial.mint("alice", 1)

    def close(self) -> None:
        """What could be done at the end of every life."""
        self.trial.run("bob")
        self.trial.around("mallory", 7 * 10**self.trial.market.decimals)
        holder = self.holder("alice")
        other = next(name for name in self.trial.PEOPLE if name != holder)
        self.trial.impersonate(other, holder)
        self.trial.for_another(holder, other)
        self.trial.usurp(other)
        if self.trial.market.stoppable:
            self.stopped(other, holder, other)

    def number(self, number: int) -> int:
        """One of the assets."""
        return number % len(self.trial.market.asset_decimals)

    def price(self, number: int, factor: int) -> int:
        """Of an asset, as a part of its first price. [1e36]"""
        first = self.opening[number] or 0
        return max(int(first * factor * 10**30), 1)

    def holder(self, who: str) -> str:
        """This one, or another who has dollars, if anybody has."""
        balances = self.trial.seen.balances
        return next((name for name in (who, *self.trial.PEOPLE) if balances[name]), who)

    def part(self, who: str, part: int) -> int:
        """Of what somebody has."""
        balance: int = self.trial.seen.balances[who]
        return balance * part // 1_000 + (part > 1_000)

    def sized(self, amount: int) -> int:
        """Of a magnitude that fits the dollar's decimals: up to ten million of them."""
        return amount % int(10 ** (self.trial.market.decimals + 7))

    # --- what people do ---------------------------------------------------------------------------

    @rule(who=SOMEBODY, amount=AMOUNTS)
    def mint(self, who: str, amount: int) -> None:
        self.trial.mint(who, self.sized(amount))

    @rule(who=SOMEBODY, beyond=st.sampled_from((0, 1, -1, 10**9)))
    def mint_to_the_limit(self, who: str, beyond: int) -> None:
        if 0 < self.trial.seen.room < 2**200:
            self.trial.mint(who, max(self.trial.seen.room + beyond, 0))

    @rule(who=SOMEBODY, part=PARTS)
    def redeem(self, who: str, part: int) -> None:
        who = self.holder(who)
        self.trial.redeem(who, self.part(who, part))

    @rule(who=SOMEBODY, amount=AMOUNTS)
    def redeem_some(self, who: str, amount: int) -> None:
        who = self.holder(who)
        self.trial.redeem(who, min(amount, self.trial.seen.balances[who]))

    @rule(who=SOMEBODY, to=SOMEBODY, part=PARTS)
    def transfer(self, who: str, to: str, part: int) -> None:
        who = self.holder(who)
        self.trial.transfer(who, to, self.part(who, part))

    @rule(who=SOMEBODY, owner=SOMEBODY, to=SOMEBODY, allowed=PARTS, part=PARTS)
    def transfer_from(self, who: str, owner: str, to: str, allowed: int, part: int) -> None:
        """Allowed now, or left from before."""
        owner = self.holder(owner)
        if allowed != 1_000:
            self.trial.approve(owner, who, self.part(owner, allowed))
        self.trial.transfer_from(who, owner, to, self.part(owner, part))

    @precondition(lambda self: self.trial.steps and self.trial.steps[-1].verb != "wait")
    @rule(seconds=leaps())
    def wait(self, seconds: int) -> None:
        self.trial.wait(seconds)

    # --- adversaries ------------------------------------------------------------------------------

    @precondition(has_assets)
    @rule(number=ASSETS, factor=FACTORS)
    def jump(self, number: int, factor: int) -> None:
        number = self.number(number)
        self.trial.set_price(number, self.price(number, factor))

    @precondition(has_assets)
    @rule(number=ASSETS, who=SOMEBODY, amount=AMOUNTS)
    def blackout(self, number: int, who: str, amount: int) -> None:
        """An oracle refuses, somebody tries to mint, and it answers again."""
        number = self.number(number)
        self.trial.set_price(number, None)
        self.trial.mint(who, self.sized(amount))
        self.trial.redeem(who, self.part(who, 500))
        self.trial.set_price(number, self.price(number, 1_000_000))

    @precondition(has_assets)
    @rule(who=SOMEBODY, number=ASSETS, amount=magnitudes(1, 2**90))
    def donate(self, who: str, number: int, amount: int) -> None:
        number = self.number(number)
        self.trial.donate(who, number, min(amount, self.trial.seen.wallets[who][number]))

    @precondition(lambda self: self.trial.market.stoppable)
    @rule(who=SOMEBODY, owner=SOMEBODY, to=SOMEBODY)
    def stopped(self, who: str, owner: str, to: str) -> None:
        """All is tried while it is stopped."""
        self.trial.approve(owner, who, 5)
        self.trial.stop(True)
        self.trial.transfer(owner, to, 3)
        self.trial.transfer_from(who, owner, to, 2)
        self.trial.mint(who, 10**12)
        self.trial.redeem(owner, self.part(owner, 500))
        self.trial.stop(False)

    @precondition(has_assets)
    @rule(who=SOMEBODY, victim=SOMEBODY, number=ASSETS, factor=FACTORS, amount=AMOUNTS)
    def sandwich(self, who: str, victim: str, number: int, factor: int, amount: int) -> None:
        number = self.number(number)
        self.trial.sandwich(who, victim, number, self.price(number, factor), self.sized(amount))

    @precondition(lambda self: self.trial.market.freezable)
    @rule(who=SOMEBODY, other=SOMEBODY, part=PARTS)
    @once
    def frozen(self, who: str, other: str, part: int) -> None:
        """Everything is tried with one who is frozen."""
        other = next(name for name in (other, *self.trial.PEOPLE) if name != who)
        amount = max(self.part(other, part), 1)
        self.trial.mint(who, 10**12)
        self.trial.approve(who, other, 10)
        self.trial.approve(other, who, 10)
        self.trial.freeze(who, True)
        self.trial.transfer(who, other, 1)
        self.trial.transfer(other, who, amount)
        self.trial.transfer_from(other, who, other, 2)
        self.trial.transfer_from(who, other, who, 2)
        self.trial.mint(who, 10**12)
        self.trial.redeem(who, self.part(who, 500))
        self.trial.freeze(who, False)

    @rule(who=SOMEBODY)
    @once
    def usurp(self, who: str) -> None:
        self.trial.usurp(who)

    @rule(who=SOMEBODY, to=SOMEBODY)
    @once
    def for_another(self, who: str, to: str) -> None:
        who = self.holder(who)
        self.trial.for_another(who, next(name for name in (to, *self.trial.PEOPLE) if name != who))

    @rule(who=SOMEBODY, victim=SOMEBODY)
    def impersonate(self, who: str, victim: str) -> None:
        self.trial.impersonate(who, victim)

    # --- what they might do -----------------------------------------------------------------------

    @rule(who=SOMEBODY, amount=AMOUNTS)
    def around(self, who: str, amount: int) -> None:
        self.trial.around(who, self.sized(amount))

    @rule(first=SOMEBODY)
    def run(self, first: str) -> None:
        self.trial.run(first)
