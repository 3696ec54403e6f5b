"""The Hypothesis machine of lending markets: ours, and anybody's. Needs Hypothesis.

People lend, borrow, liquidate one another, give for nothing and try what is not theirs; prices
jump, oracles die, the clock leaps. Amounts are parts of what is there or allowed, or tiny, or
absurd.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from ...units import MAX_UINT256, WAD
from ..machine import VARIANTS, TrialMachine, once
from ..trial import Trial
from .invariants import PRICE_SCALE, value
from .market import Position
from .pool.market import PoolMarket
from .trial import LendingTrial

__all__ = ["GRAINS", "LEAPS", "MOVES", "PARTS", "LendingMachine"]

PEOPLE = st.sampled_from(LendingTrial.PEOPLE)
NUMBERS = st.integers(0, 2)
VERBS = st.sampled_from(
    ("borrow", "repay", "supply", "supply_collateral", "withdraw", "withdraw_collateral")
)
PARTS = st.sampled_from((1, 10, 100, 500, 900, 990, 999, 1_000, 1_001, 1_500))
"""Thousandths of what is there or allowed; above 1,000 to be refused."""
GRAINS = st.sampled_from((0, 0, 0, 0, 1, 2, 3, 1_000, MAX_UINT256))
"""Absolute amounts, in base units; 0 lets the part decide."""
LEAPS = st.one_of(
    st.integers(1, 3_600),
    st.integers(1, 86_400 * 30),
    st.sampled_from((1, 86_400, 31_536_000)),
)
"""Seconds."""
MOVES = st.sampled_from(
    (1, 10, 300, 500, 600, 700, 750, 790, 800, 850, 900, 1_000, 1_000, 1_000, 1_200, 2_000)
)
"""The new price, in thousandths of the opening price."""


class LendingMachine(TrialMachine):
    """Whatever people, prices and time may do to a lending market, in any order.

    `make` gives the market: a `LendingMarket` on the chain it is called with, ours unless you set
    it. Subclass it to add
    rules, and `LendingTrial` to add verbs and invariants.
    """

    trial_class: ClassVar[type[Trial]] = LendingTrial
    make: ClassVar[Callable[..., Any]] = PoolMarket.deploy
    trial: LendingTrial

    @initialize(variant=VARIANTS, opening=st.sampled_from(("drama", "loans", "lent", "empty")))
    def begin(self, variant: int, opening: str) -> None:
        """An empty market, one that somebody lends to, one with loans, or one that has seen it all.

        The last comes first: what a life of all that is ordinary shows is found at once.
        """
        self.start(variant)
        if opening == "drama":
            self.drama()
            return
        if opening != "empty":
            self.trial.supply("carol", 1_000_000 * self.unit)
        if opening == "loans":
            for name in ("alice", "bob"):
                self.trial.supply_collateral(name, 0, self.posted(0, 20_000))
                self.trial.borrow(name, self.loan(name, 900))

    def drama(self) -> None:
        """Loans in parts and up to the limit, interest, repayments, and a fall in three acts."""
        trial, numbers = self.trial, range(len(self.trial.terms.collaterals))
        trial.supply("carol", 1_000_000 * self.unit)
        for name in ("alice", "bob"):
            for number in numbers:
                trial.supply_collateral(name, number, self.posted(number, 20_000))
        self.beyond_cap("keeper", 0)
        least = trial.terms.minimum_debt
        if least:
            trial.borrow("alice", least // 2)
        for thousandths in (300, 500, 1_010):
            trial.borrow("alice", self.loan("alice", thousandths))
        trial.borrow("bob", self.loan("bob", 980))
        trial.wait(86_400 * 30)
        trial.withdraw_collateral("bob", 0, self.free("bob", 0, 1_010))
        if least:
            trial.repay("alice", trial.position("alice").debt - least // 2)
        trial.repay("alice", trial.position("alice").debt // 2)
        trial.borrow("bob", self.loan("bob", 1_010))
        for thousandths in (1_010, 500):
            trial.withdraw_collateral("alice", 0, self.free("alice", 0, thousandths))
        trial.supply("keeper", 10_000 * self.unit)
        trial.withdraw("keeper", trial.position("keeper").supplied)
        trial.turn_off(numbers[-1])
        trial.liquidate("keeper", "bob", 0, MAX_UINT256)
        trial.set_price(numbers[-1], trial.known[numbers[-1]])
        for percent, thousandths in ((99, 200), (96, 1_000), (70, 300), (60, 1_000), (30, 1_000)):
            trial.wait(86_400)
            for name in ("alice", "bob"):
                self.sink("keeper", name, percent, thousandths)
        for number in numbers:
            for name in ("alice", "bob"):
                trial.liquidate("keeper", name, number, MAX_UINT256)
        for number, risk in enumerate(trial.terms.collaterals):
            trial.set_price(number, risk.price)
        self.small_loss("keeper", "alice")
        for name in ("alice", "bob"):
            trial.supply_collateral(name, 0, self.posted(0, 20_000))
            trial.borrow(name, self.loan(name, 800))
        trial.wait(86_400 * 30)
        self.latecomers("keeper", "bob")
        self.trifles("carol", "alice")
        for assets in (1_000, self.unit // 2, 10 * self.unit):
            trial.borrow("mallory", assets)  # against nothing
        self.favours("bob", "alice", "carol")
        self.shortfall("alice")
        self.ruin("keeper", "bob")
        trial.withdraw("carol", trial.position("carol").supplied // 2)

    def small_loss(self, who: str, account: str) -> None:
        """A small loan goes bad right after great losses: what is kept for that is gone, and too
        little is owed for any interest to come of it."""
        trial, price = self.trial, self.trial.known[0]
        trial.supply_collateral(account, 0, self.posted(0, 4_000))
        trial.borrow(account, self.loan(account, 500))
        trial.set_price(0, max(1, price // 10))
        self.leave_little(who, account, 0)
        trial.liquidate(who, account, 0, MAX_UINT256)
        trial.set_price(0, price)

    def ruin(self, who: str, account: str) -> None:
        """All that somebody posted falls, to where it still covers the debt and the bonus, and then
        to a tenth; each time it is taken, and in the end some of the debt remains."""
        trial, numbers = self.trial, range(len(self.trial.terms.collaterals))
        before, position = list(trial.known), self.trial.position(account)
        terms = zip(position.collateral, before, trial.terms.collaterals, strict=True)
        backing = sum(amount * price * risk.liquidation_ltv for amount, price, risk in terms)
        covered = position.debt * PRICE_SCALE * WAD * 850 // max(backing, 1)
        for thousandths in (min(covered, 1_000), 100):
            for number in numbers:
                trial.set_price(number, max(1, before[number] * thousandths // 1_000))
            for number in numbers:
                trial.liquidate(who, account, number, MAX_UINT256)
        for number in numbers:
            trial.set_price(number, before[number])

    def shortfall(self, account: str) -> None:
        """All that somebody posted falls to a little less than the debt, and the debtor takes it: a
        loss so small that what the market keeps for that can bear it."""
        trial, before = self.trial, list(self.trial.known)
        position = trial.position(account)
        worth = sum(a * price for a, price in zip(position.collateral, before, strict=True))
        debt = position.debt * PRICE_SCALE * 9_998 // 10_000
        if not worth or not debt:
            return
        for number, price in enumerate(before):
            trial.set_price(number, max(1, price * debt // worth))
        for number in range(len(before)):
            trial.liquidate(account, account, number, MAX_UINT256)
        for number, price in enumerate(before):
            trial.set_price(number, price)

    def latecomers(self, lender: str, borrower: str) -> None:
        """Each verb as the first in a month, with interest to be booked before it."""
        trial, month = self.trial, 86_400 * 30
        trial.supply(lender, 100_000 * self.unit)
        trial.wait(month)
        trial.withdraw(lender, trial.position(lender).supplied)
        trial.wait(month)
        trial.borrow(borrower, self.loan(borrower, 500))
        trial.wait(month)
        trial.repay(borrower, trial.position(borrower).debt // 2)
        trial.wait(month)

    def favours(self, friend: str, borrower: str, lender: str) -> None:
        """Everything for another, and paid to another, where the market has that."""
        some = 1_000 * self.unit
        self.favour("supply", friend, lender, some)
        self.favour("withdraw", lender, friend, some)
        self.favour("supply_collateral", friend, borrower, 0, self.posted(0, 1_000))
        self.favour("borrow", borrower, friend, self.loan(borrower, 100))
        owed = self.trial.position(borrower).debt // 10
        self.favour("repay", friend, borrower, owed)
        self.favour("withdraw_collateral", borrower, friend, 0, self.free(borrower, 0, 100))
        if self.trial.offers("transfer"):
            for to in (friend, lender):
                self.trial.transfer(lender, to, some)

    def favour(self, verb: str, who: str, to: str, *arguments: int) -> None:
        """One of them."""
        if self.trial.reaches_others(verb):
            getattr(self.trial, verb)(who, *arguments, to)

    def trifles(self, lender: str, borrower: str) -> None:
        """Sums so small that a share which is rounded the wrong way shows."""
        for amount in (1, 1_000):
            self.trial.supply(lender, amount)
            self.trial.withdraw(lender, amount)
            self.trial.borrow(borrower, amount)
            self.trial.repay(borrower, amount)

    def close(self) -> None:
        """What could be done at the end of every life."""
        trial = self.trial
        trial.leave()
        trial.inflate("mallory", "carol", 10_000 * self.unit, 15_000 * self.unit)
        for name in ("alice", "bob", "carol"):
            trial.impersonate("mallory", name)
        trial.wait(31_536_000)  # interest makes unhealthy as well
        for name in ("alice", "bob"):
            trial.brink("keeper", name, 0)
        trial.gift("mallory", 100_000 * self.unit, 86_400 * 30)
        trial.dust("alice", self.rounds)
        for name in ("alice", "bob"):
            trial.poke(name, self.rounds)
        trial.compound(86_400 * 30, 7)

    def beyond_cap(self, who: str, number: int) -> None:
        """A unit more than there is room for, where there is a cap."""
        cap = self.trial.terms.collaterals[number].cap
        if cap is not None:
            room = cap - self.trial.seen.view.held[number + 1]
            self.trial.supply_collateral(who, number, max(room, 0) + 1)

    # --- choosing ---------------------------------------------------------------------------------

    @property
    def unit(self) -> int:
        """A whole token of the asset. [raw]"""
        return int(10**self.trial.terms.decimals)

    @property
    def rounds(self) -> int:
        """How often something is done until what is rounded away each time adds up."""
        return 4 * (self.trial.terms.rounding + 1)

    def which(self, number: int) -> int:
        """The number of a collateral that there is."""
        return number % len(self.trial.terms.collaterals)

    def posted(self, number: int, whole: int) -> int:
        """Collateral that was worth so many whole tokens of the asset at first. [raw]"""
        price = self.trial.terms.collaterals[number].price
        return max(1, whole * self.unit * PRICE_SCALE // price)

    def loan(self, name: str, thousandths: int) -> int:
        """A part of what is left to borrow by the terms, at last known prices. [raw]"""
        trial = self.trial
        cash: int = trial.seen.view.cash
        left = self._limit(name) - trial.position(name).debt
        most = min(max(left, 0), cash) or 100 * self.unit
        return most * thousandths // 1_000

    def free(self, name: str, number: int, thousandths: int) -> int:
        """A part of the collateral that its debt leaves free, by the terms. [raw]"""
        trial, position = self.trial, self.trial.position(name)
        risk = trial.terms.collaterals[number]
        backed = trial.known[number] * risk.borrow_ltv
        left = self._limit(name) - position.debt
        most = max(left, 0) * PRICE_SCALE * WAD // max(backed, 1)
        return min(most, position.collateral[number]) * thousandths // 1_000

    def _limit(self, name: str) -> int:
        """The most that it may owe, by the terms, at last known prices. [raw]"""
        trial, position = self.trial, self.trial.position(name)
        terms = zip(position.collateral, trial.known, trial.terms.collaterals, strict=True)
        total = sum(amount * price * risk.borrow_ltv for amount, price, risk in terms)
        return total // (PRICE_SCALE * WAD)

    def debtor(self, name: str) -> str:
        """An unhealthy account, if there is one."""
        positions: Mapping[str, Position] = self.trial.seen.positions
        if positions[name].healthy is not False:
            for other, position in positions.items():
                if position.healthy is False:
                    return other
        return name

    # --- lenders and borrowers --------------------------------------------------------------------

    @rule(who=PEOPLE, thousandths=PARTS, grain=GRAINS)
    def supply(self, who: str, thousandths: int, grain: int) -> None:
        self.trial.supply(who, grain or 10_000 * self.unit * thousandths // 1_000)

    @rule(who=PEOPLE, thousandths=PARTS, grain=GRAINS)
    def withdraw(self, who: str, thousandths: int, grain: int) -> None:
        self.trial.withdraw(who, grain or self.trial.position(who).supplied * thousandths // 1_000)

    @rule(who=PEOPLE, number=NUMBERS, thousandths=PARTS, grain=GRAINS)
    def supply_collateral(self, who: str, number: int, thousandths: int, grain: int) -> None:
        which = self.which(number)
        amount = min(grain, 2**100) or self.posted(which, 20 * thousandths)
        self.trial.supply_collateral(who, which, amount)

    @rule(who=PEOPLE, number=NUMBERS, thousandths=PARTS, grain=GRAINS)
    def withdraw_collateral(self, who: str, number: int, thousandths: int, grain: int) -> None:
        which = self.which(number)
        held = self.trial.position(who).collateral[which]
        self.trial.withdraw_collateral(who, which, grain or held * thousandths // 1_000)

    @rule(who=PEOPLE, thousandths=PARTS, grain=GRAINS)
    def borrow(self, who: str, thousandths: int, grain: int) -> None:
        self.trial.borrow(who, grain or self.loan(who, thousandths))

    @rule(who=PEOPLE, thousandths=PARTS, grain=GRAINS)
    def repay(self, who: str, thousandths: int, grain: int) -> None:
        self.trial.repay(who, grain or self.trial.position(who).debt * thousandths // 1_000)

    @rule(
        who=PEOPLE,
        account=PEOPLE,
        number=NUMBERS,
        thousandths=PARTS,
        whole=st.booleans(),
    )
    def liquidate(self, who: str, account: str, number: int, thousandths: int, whole: bool) -> None:
        debtor = self.debtor(account)
        part = self.trial.position(debtor).debt * thousandths // 1_000
        self.trial.liquidate(who, debtor, self.which(number), MAX_UINT256 if whole else part)

    @rule(verb=VERBS, who=PEOPLE, to=PEOPLE, number=NUMBERS, thousandths=PARTS)
    def for_another(self, verb: str, who: str, to: str, number: int, thousandths: int) -> None:
        """What one does for oneself, for another."""
        which = self.which(number)
        sums = {
            "supply": 10_000 * self.unit,
            "withdraw": self.trial.position(who).supplied,
            "supply_collateral": self.posted(which, 20_000),
            "withdraw_collateral": self.trial.position(who).collateral[which],
            "borrow": self.loan(who, 1_000),
            "repay": self.trial.position(to).debt,
        }
        amount = sums[verb] * thousandths // 1_000
        arguments = (which, amount) if verb.endswith("collateral") else (amount,)
        self.favour(verb, who, to, *arguments)

    @precondition(lambda self: self.trial.offers("transfer"))
    @rule(who=PEOPLE, to=PEOPLE, thousandths=PARTS)
    def transfer(self, who: str, to: str, thousandths: int) -> None:
        assets = self.trial.position(who).supplied * thousandths // 1_000
        self.trial.transfer(who, to, assets)

    # --- the world around -------------------------------------------------------------------------

    @rule(number=NUMBERS, thousandths=MOVES)
    def set_price(self, number: int, thousandths: int) -> None:
        which = self.which(number)
        opening = self.trial.terms.collaterals[which].price
        self.trial.set_price(which, max(1, opening * thousandths // 1_000))

    @rule(
        who=PEOPLE,
        account=PEOPLE,
        percent=st.sampled_from((60, 85, 93, 97, 99, 101)),
        thousandths=PARTS,
    )
    def fall(self, who: str, account: str, percent: int, thousandths: int) -> None:
        """The price of what a borrower holds most of brings it to this health, and somebody is
        there to liquidate."""
        borrowers = [name for name, one in self.trial.seen.positions.items() if one.debt]
        if borrowers:
            self.sink(who, account if account in borrowers else borrowers[0], percent, thousandths)

    def sink(self, who: str, account: str, percent: int, thousandths: int) -> None:
        """A fall to this health, and a liquidation of a part; of all above 500 thousandths."""
        trial = self.trial
        position = trial.position(account)
        worth = [
            value(trial.seen, tuple(a * (m == n) for m, a in enumerate(position.collateral)))
            for n in range(len(trial.known))
        ]
        which = worth.index(max(worth))
        backing = [
            part * risk.liquidation_ltv // (PRICE_SCALE * WAD)
            for part, risk in zip(worth, trial.terms.collaterals, strict=True)
        ]
        others = sum(backing) - backing[which]
        needed = position.debt * percent // 100 - others
        if not position.debt or not backing[which] or needed <= 0:
            return
        trial.set_price(which, max(1, trial.known[which] * needed // backing[which]))
        part = position.debt * thousandths // 1_000
        if thousandths >= 1_000:
            self.leave_little(who, account, which)
        trial.liquidate(who, account, which, MAX_UINT256 if thousandths > 500 else part)

    def leave_little(self, who: str, account: str, which: int) -> None:
        """Liquidations that leave a hundredth of the collateral and then a grain of it, with debt
        that neither covers."""
        trial = self.trial
        for thousandths in (990, 1_000):
            position = trial.position(account)
            worth = position.collateral[which] * trial.known[which] // PRICE_SCALE
            buys = worth * WAD // (WAD + trial.terms.collaterals[which].max_bonus)
            if 1 < buys < position.debt:
                trial.liquidate(who, account, which, buys * thousandths // 1_000 - 1)

    @rule(number=NUMBERS)
    def turn_off(self, number: int) -> None:
        self.trial.turn_off(self.which(number))

    @rule(seconds=LEAPS)
    def wait(self, seconds: int) -> None:
        self.trial.wait(seconds)

    @rule()
    def accrue(self) -> None:
        self.trial.accrue()

    # --- adversaries ------------------------------------------------------------------------------

    @rule(who=PEOPLE, number=st.integers(-1, 2), amount=st.sampled_from((1, 10**6, 10**20)))
    def donate(self, who: str, number: int, amount: int) -> None:
        self.trial.donate(who, None if number < 0 else self.which(number), amount)

    @precondition(lambda self: self.trial.offers("flash_loan"))
    @rule(who=PEOPLE, thousandths=PARTS, less=st.sampled_from((0, 0, 1, 1_000)))
    def flash_loan(self, who: str, thousandths: int, less: int) -> None:
        assets = self.trial.seen.view.cash * thousandths // 1_000
        self.trial.flash_loan(who, assets, max(assets - less, 0))

    @rule(who=PEOPLE, whole=st.sampled_from((1, 1_000, 1_000_000)), seconds=LEAPS)
    def gift(self, who: str, whole: int, seconds: int) -> None:
        self.trial.gift(who, whole * self.unit, seconds)

    @rule(
        who=PEOPLE,
        victim=PEOPLE,
        gift=st.sampled_from((1_000, 10_000, 100_000)),
        lent=st.sampled_from((1, 999, 15_000)),
    )
    def inflate(self, who: str, victim: str, gift: int, lent: int) -> None:
        if who != victim:
            self.trial.inflate(who, victim, gift * self.unit, lent * self.unit)

    @rule(who=PEOPLE, victim=PEOPLE)
    def impersonate(self, who: str, victim: str) -> None:
        if who != victim:
            self.trial.impersonate(who, victim)

    @precondition(lambda self: self.trial.offers("freeze"))
    @rule(who=PEOPLE, place=st.integers(0, 3))
    @once
    def freeze(self, who: str, place: int) -> None:
        self.trial.freeze(who, place % (len(self.trial.terms.collaterals) + 1))

    @precondition(lambda self: self.trial.offers("call_back"))
    @rule(deed=VERBS, number=NUMBERS)
    @once
    def call_back(self, deed: str, number: int) -> None:
        which = self.which(number) if deed.endswith("collateral") else None
        self.trial.call_back(deed, which)

    @rule(who=PEOPLE, account=PEOPLE, number=NUMBERS)
    def brink(self, who: str, account: str, number: int) -> None:
        if who != account:
            self.trial.brink(who, account, self.which(number))

    @rule(who=PEOPLE)
    def dust(self, who: str) -> None:
        self.trial.dust(who, self.rounds)

    @rule(who=PEOPLE)
    def poke(self, who: str) -> None:
        self.trial.poke(who, self.rounds)

    @rule(who=PEOPLE, thousandths=PARTS, grain=st.sampled_from((0, 0, 1, 7, 1_000)))
    def round_trip(self, who: str, thousandths: int, grain: int) -> None:
        self.trial.round_trip(who, grain or 10_000 * self.unit * thousandths // 1_000)

    @rule(seconds=st.sampled_from((20, 86_400, 31_536_000)), steps=st.sampled_from((2, 7)))
    def compound(self, seconds: int, steps: int) -> None:
        self.trial.compound(seconds, steps)

    @rule()
    def leave(self) -> None:
        self.trial.leave()
