"""A lending market driven verb by verb, with everybody's money looked at before and after each.

What is compared is seen at the same second: before a verb the trial looks, within a snapshot, at
how everything would stand in the next block without it. So a unit too much shows, whatever the
interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import ClassVar, Final

from ...chain import Account
from ...errors import InputError
from ...units import MAX_UINT256
from ..explored import Explored
from ..recipe import Recipe, demand
from ..trial import Invariant, Literal_, Step, Trial, step
from ..words import grouped, lasting
from . import experiments
from .invariants import INVARIANTS, TIMELESS, Sight
from .market import ClaimSender, FlashLender, Hooked, LendingMarket, Position, TokenSwitch

__all__ = ["LendingTrial"]

OPTIONAL: Final = {
    "transfer": ClaimSender,
    "flash_loan": FlashLender,
    "freeze": TokenSwitch,
    "call_back": Hooked,
}
"""Verb → what a market has that offers it."""


class LendingTrial(Trial):
    """Everything that people, prices and time may do to a lending market."""

    KIND = "lending"
    SUBJECT = "market"
    ADAPTS = LendingMarket
    PEOPLE: ClassVar[tuple[str, ...]] = ("alice", "bob", "carol", "keeper", "mallory")
    """Accounts that have money, and are looked at."""
    invariants: ClassVar[Mapping[str, Invariant]] = INVARIANTS

    def __init__(
        self,
        market: LendingMarket,
        *,
        recipe: Recipe | None = None,
        explored: Explored | None = None,
        prepared: bool = False,
    ) -> None:
        self.market = market
        self.terms = market.terms
        self.accounts = {name: market.chain.account(name) for name in self.PEOPLE}
        self.known = [collateral.price for collateral in self.terms.collaterals]
        """Last prices of the collaterals, also of those whose oracle refuses now."""
        self.prices: list[int | None] = list(self.known)
        self._next: Sight | None = None
        super().__init__(market, recipe=recipe, explored=explored, prepared=prepared)
        self.exempt = self.terms.exempt
        self._check_lengths(self.seen)

    @classmethod
    def check(cls, subject: LendingMarket) -> None:
        """Also of what it need not have, but has."""
        super().check(subject)
        for offered in OPTIONAL.values():
            if isinstance(subject, offered):
                demand(subject, offered, f"{offered.__module__}.{offered.__name__}")

    @classmethod
    def prepare(cls, subject: LendingMarket) -> None:
        """Everybody gets plenty of every token."""
        for name in cls.PEOPLE:
            subject.fund(subject.chain.account(name))

    # --- looking ----------------------------------------------------------------------------------

    def look(self) -> Sight:
        """The market's view, and what everybody holds outside."""
        self._next = None
        market, accounts = self.market, self.accounts
        view = market.view(list(accounts.values()))
        return Sight(
            view=view,
            positions={name: view.positions[who.address] for name, who in accounts.items()},
            wallets={
                name: view.wallets.get(who.address) or market.wallet(who)
                for name, who in accounts.items()
            },
            prices=tuple(self.prices),
            known=tuple(self.known),
        )

    def _check_lengths(self, sight: Sight) -> None:
        """Of each collateral there has to be one entry, of each token one."""
        collaterals, view = len(self.terms.collaterals), sight.view
        given = {
            "View.collateral": (len(view.collateral), collaterals),
            "View.held": (len(view.held), collaterals + 1),
        }
        for name, position in sight.positions.items():
            given[f"Position.collateral of {name}"] = len(position.collateral), collaterals
            given[f"wallet of {name}"] = len(sight.wallets[name]), collaterals + 1
        for what, (entries, wanted) in given.items():
            if entries != wanted:
                raise InputError(
                    f"{what} has {entries} entries, not {wanted}: Terms.collaterals has "
                    f"{collaterals}",
                    hint="an entry for each collateral; View.held and wallet begin with the asset",
                )

    def foresee(self) -> Sight:
        """The next block's view, if nothing happens until then."""
        if self._next is None:
            with self.chain.snapshot():
                self.chain.mine()
                self._next = self.look()
        return self._next

    def judge(self, before: Sight, done: Step, after: Sight) -> None:
        """All invariants, where a verb was one transaction; else those that know no time."""
        if before.view.now == after.view.now:
            super().judge(before, done, after)
        else:
            self._judge_by(TIMELESS, before, done, after)

    def position(self, name: str) -> Position:
        """As it was seen last."""
        position: Position = self.seen.positions[name]
        return position

    def position_now(self, name: str) -> Position:
        """As it is: in an experiment, where nothing is seen between verbs."""
        self._next, who = None, self.accounts[name]
        return self.market.view([who]).positions[who.address]

    def reaches_others(self, verb: str) -> bool:
        """Whether the market has this verb for another, or can pay another."""
        return "to" in signature(getattr(self.market, verb)).parameters

    def offers(self, verb: str) -> bool:
        """Not, where it takes what the market has not."""
        return verb not in OPTIONAL or isinstance(self.market, OPTIONAL[verb])

    def _other(self, name: str | None) -> tuple[Account, ...]:
        return () if name is None else (self.accounts[name],)

    # --- verbs ------------------------------------------------------------------------------------

    @step("{who} lends {assets}[ for {to}]")
    def supply(self, who: str, assets: int, to: str | None = None) -> None:
        """Lends."""
        self.market.supply(self.accounts[who], assets, *self._other(to))

    @step("{who} takes back {assets} of what it lent[, paid to {to}]")
    def withdraw(self, who: str, assets: int, to: str | None = None) -> None:
        """Takes back what was lent."""
        self.market.withdraw(self.accounts[who], assets, *self._other(to))

    @step("{who} posts {amount}[ for {to}]")
    def supply_collateral(self, who: str, number: int, amount: int, to: str | None = None) -> None:
        """Posts collateral `number`."""
        self.market.supply_collateral(self.accounts[who], number, amount, *self._other(to))

    @step("{who} takes back {amount} of its collateral[, paid to {to}]")
    def withdraw_collateral(
        self, who: str, number: int, amount: int, to: str | None = None
    ) -> None:
        """Takes back collateral `number`."""
        self.market.withdraw_collateral(self.accounts[who], number, amount, *self._other(to))

    @step("{who} borrows {assets}[, paid to {to}]")
    def borrow(self, who: str, assets: int, to: str | None = None) -> None:
        """Borrows."""
        self.market.borrow(self.accounts[who], assets, *self._other(to))

    @step("{who} repays {assets}[ for {to}]")
    def repay(self, who: str, assets: int, to: str | None = None) -> None:
        """Pays back."""
        self.market.repay(self.accounts[who], assets, *self._other(to))

    @step("{who} liquidates {account}, repaying {assets} at most, for {number}")
    def liquidate(self, who: str, account: str, number: int, assets: int) -> None:
        """Repays another's debt for its collateral `number`."""
        self.market.liquidate(self.accounts[who], self.accounts[account], number, assets)
        self.note("liquidations")

    @step("{who} sends {to} {assets} of what it lent")
    def transfer(self, who: str, to: str, assets: int) -> None:
        """Sends a claim, where the market lets lenders do so."""
        if isinstance(self.market, ClaimSender):
            self.market.transfer(self.accounts[who], self.accounts[to], assets)

    @step("{number} is worth {price} now")
    def set_price(self, number: int, price: int) -> None:
        """The oracle's answer from now on. [asset per raw unit, scaled by 1e36]"""
        told = self.market.set_price(number, price)
        self.prices[number] = self.known[number] = price if told is None else told

    @step("the oracle of {number} refuses from now on")
    def turn_off(self, number: int) -> None:
        """The oracle reverts from now on."""
        self.market.set_price(number, None)
        self.prices[number] = None

    @step("interest is booked")
    def accrue(self) -> None:
        """Books the interest."""
        self.market.accrue()

    @step("{who} gives the market {amount} for nothing")
    def donate(self, who: str, number: int | None, amount: int) -> None:
        """A plain transfer: of collateral `number`, or of the asset for None."""
        self.market.donate(self.accounts[who], number, amount)

    @step("{seconds} pass")
    def wait(self, seconds: int) -> None:
        """The clock leaps."""
        self.chain.advance(seconds)

    @step("{who} borrows {assets} for the length of a call and returns {repaid}")
    def flash_loan(self, who: str, assets: int, repaid: int) -> None:
        """A flash loan, where the market gives any."""
        if isinstance(self.market, FlashLender):
            self.market.flash_loan(self.accounts[who], assets, repaid)

    # --- experiments: done, looked at, undone -----------------------------------------------------

    @step("what if all leave while every oracle refuses?", undone=True)
    def leave(self) -> None:
        """L12."""
        experiments.leave(self)

    @step("what if interest is booked {steps} times in {seconds}, or once?", undone=True)
    def compound(self, seconds: int, steps: int) -> None:
        """L7."""
        experiments.compound(self, seconds, steps)

    @step("what if {who} loops tiny sums {rounds} times?", undone=True)
    def dust(self, who: str, rounds: int) -> None:
        """L16."""
        experiments.dust(self, who, rounds)

    @step("what if {who} lends and repays a unit {rounds} times?", undone=True)
    def poke(self, who: str, rounds: int) -> None:
        """L16."""
        experiments.poke(self, who, rounds)

    @step("what if {who} lends {assets} and takes it back at once?", undone=True)
    def round_trip(self, who: str, assets: int) -> None:
        """L8."""
        experiments.round_trip(self, who, assets)

    @step("what if {who} tries to act for {victim}?", undone=True)
    def impersonate(self, who: str, victim: str) -> None:
        """L11."""
        experiments.impersonate(self, who, victim)

    @step(
        "what if {who} lends one unit, gives {gift} for nothing, and then {victim} lends {assets}?",
        undone=True,
    )
    def inflate(self, who: str, victim: str, gift: int, assets: int) -> None:
        """L8: the first depositor's attack."""
        experiments.inflate(self, who, victim, gift, assets)

    @step(
        "what if {who} gives the market {gift} for nothing, and {seconds} pass?",
        undone=True,
    )
    def gift(self, who: str, gift: int, seconds: int) -> None:
        """L6: what is given changes nothing, now or later."""
        experiments.gift(self, who, gift, seconds)

    @step("what if {who} goes on while token {place} cannot be moved?", undone=True)
    def freeze(self, who: str, place: int) -> None:
        """L12, L13: a token that reverts is paid with by nobody, and is in nobody's way who does
        not need it. Place 0 is the asset."""
        experiments.freeze(self, who, place)

    @step("what if the token moved by a {deed}[ of {number}] calls every door?", undone=True)
    def call_back(self, deed: str, number: int | None = None) -> None:
        """L1 to L6, L11, L13, L15: a token that has a position of its own calls the market again in
        the middle of a "borrow", or of another of the six verbs of lenders and borrowers; those of
        collateral name which."""
        experiments.call_back(self, deed, number)

    @step("what if {account} stood at the very limit of {number}?", undone=True)
    def brink(self, who: str, account: str, number: int) -> None:
        """L5: at health 1 it is not liquidated, right below it is."""
        experiments.brink(self, who, account, number)

    # --- telling ----------------------------------------------------------------------------------

    def words(self, name: str, value: Literal_, given: Mapping[str, Literal_]) -> str:
        """Amounts with their decimals, prices for whole tokens, time in days and hours."""
        if not isinstance(value, int):
            return str(value)
        if value == MAX_UINT256:
            return "everything"
        number = given.get("number")
        if name in ("assets", "borrowed", "gift", "repaid") or (
            name == "amount" and number is None
        ):
            return f"{grouped(value, self.terms.decimals)} {self.terms.symbol or 'of the asset'}"
        if name == "seconds":
            return lasting(value)
        if not isinstance(number, int):
            return f"{value:,}"
        held = self.terms.collaterals[number]
        symbol = held.symbol or f"collateral {number}"
        if name == "number":
            return symbol
        if name == "amount":
            return f"{grouped(value, held.decimals)} {symbol}"
        worth = value * 10**held.decimals // 10**36
        return f"{grouped(worth, self.terms.decimals)} {self.terms.symbol}".strip()

    def money(self, assets: int) -> str:
        """So much of the asset, for a reason."""
        return self.sum_of(0, assets)

    def sum_of(self, place: int, raw: int) -> str:
        """So much of the asset (place 0), or of collateral number place - 1, for a reason."""
        number = place - 1 if place else None
        return self.words("amount", raw, {"number": number})
