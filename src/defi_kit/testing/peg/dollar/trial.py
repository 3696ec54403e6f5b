"""Anybody's dollar, driven verb by verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from math import ceil
from typing import Any, ClassVar

from ....errors import Reverted
from ....units import MAX_UINT256
from ...explored import Explored
from ...recipe import Recipe
from ...trial import Invariant, Literal_, Trial, step
from ...violations import hold
from ...words import grouped, lasting
from .invariants import DOLLAR_INVARIANTS, PEOPLE, Sight, covered
from .market import DollarMarket

__all__ = ["DollarTrial"]


class DollarTrial(Trial):
    """Everything that people may do with a dollar, and with what it is minted for."""

    KIND = "peg"
    SUBJECT = "market"
    ADAPTS = DollarMarket
    PEOPLE = PEOPLE
    invariants: ClassVar[Mapping[str, Invariant]] = DOLLAR_INVARIANTS

    def __init__(
        self,
        market: DollarMarket,
        *,
        recipe: Recipe | None = None,
        explored: Explored | None = None,
        prepared: bool = False,
    ) -> None:
        self.market = market
        self.symbols: Sequence[str] = getattr(market, "symbols", None) or tuple(
            f"of asset {number}" for number in range(len(market.asset_decimals))
        )
        self.stopped = False
        self.frozen: frozenset[str] = frozenset()
        super().__init__(market, recipe=recipe, explored=explored, prepared=prepared)
        self.exempt = market.exempt

    @classmethod
    def prepare(cls, subject: DollarMarket) -> None:
        """Everybody gets plenty of every asset."""
        for name in PEOPLE:
            subject.fund(subject.chain.account(name))

    def look(self) -> Sight:
        """Supply, balances, allowances, wallets, and what stands behind."""
        market = self.market
        people = {name: self.person(name) for name in PEOPLE}
        reserve, prices = market.reserve(), market.prices()
        return Sight(
            supply=market.supply(),
            balances={name: market.balance(who) for name, who in people.items()},
            allowances={
                (owner, spender): market.allowance(people[owner], people[spender])
                for owner in PEOPLE
                for spender in PEOPLE
            },
            wallets={name: market.wallet(who) for name, who in people.items()},
            held=market.held(),
            reserve=reserve,
            prices=prices,
            worth=None if None in prices else market.worth(reserve),
            floor=market.floor(),
            room=market.room(),
            stopped=self.stopped,
            frozen=self.frozen,
        )

    def gained(self, before: Sight, after: Sight, who: str) -> Fraction:
        """What `who` has more of the assets, by the dollar's rules. [raw dollars]"""
        pairs = zip(before.wallets[who], after.wallets[who], strict=True)
        return self.market.worth([now - was for was, now in pairs])

    # --- verbs ------------------------------------------------------------------------------------

    @step("{who} mints {amount}")
    def mint(self, who: str, amount: int) -> None:
        """Pays and gets dollars."""
        self.market.mint(self.person(who), amount)

    @step("{who} redeems {amount}")
    def redeem(self, who: str, amount: int) -> None:
        """S4, S5: gets what was quoted, and what is promised; is not refused where that is due."""
        market, holder = self.market, self.person(who)
        quoted = _answer(lambda: market.quote(amount))
        due = self._due(amount)
        before = market.wallet(holder)
        try:
            market.redeem(holder, amount)
        except Reverted as refusal:
            payable = due <= 0 or amount > market.balance(holder) or self.stopped
            payable = payable or who in self.frozen
            self._hold("S4", payable, f"a redemption of {self.dollars(amount)} refused: {refusal}")
            raise
        paid = tuple(now - was for was, now in zip(before, market.wallet(holder), strict=True))
        if quoted != paid:
            promise = "no quote" if quoted is _REFUSED else f"quoted {self.told_assets(quoted)}"
            self._hold("quote", False, f"{promise}, paid {self.told_assets(paid)}")
        if None not in market.prices():
            worth = market.worth(paid)
            if worth < due:
                less = self.dollars(ceil(due - worth))
                told = f"{self.dollars(amount)} redeemed for {self.told_assets(paid)}"
                self._hold("S4", False, f"{told}, worth {less} less than what is due")

    def _due(self, amount: int) -> Fraction:
        """What is promised, less the rounding in each asset."""
        market = self.market
        if None in market.prices():
            return Fraction(0)
        return market.promised(amount) - market.worth(
            [market.rounding] * len(market.asset_decimals)
        )

    def _hold(self, invariant: str, holds: bool, reason: str) -> None:
        if invariant not in self.exempt:
            hold(invariant, holds, reason)

    @step("{who} sends {to} {amount}")
    def transfer(self, who: str, to: str, amount: int) -> None:
        """ERC-20."""
        self.market.transfer(self.person(who), self.person(to), amount)

    @step("{who} lets {spender} move {amount}")
    def approve(self, who: str, spender: str, amount: int) -> None:
        """ERC-20."""
        self.market.approve(self.person(who), self.person(spender), amount)

    @step("{who} moves {amount} from {owner} to {to}")
    def transfer_from(self, who: str, owner: str, to: str, amount: int) -> None:
        """ERC-20."""
        self.market.transfer_from(self.person(who), self.person(owner), self.person(to), amount)

    @step("{who} gives {amount} for nothing")
    def donate(self, who: str, number: int, amount: int) -> None:
        """A plain transfer of an asset to where it is held."""
        self.market.donate(self.person(who), number, amount)

    @step("the price of {number} is {price}")
    def set_price(self, number: int, price: int | None) -> None:
        """Times 1e36; None: its oracle refuses."""
        self.market.set_price(number, price)

    @step("it is stopped: {stopped}")
    def stop(self, stopped: bool) -> None:
        """Nothing may move, or all may again."""
        self.market.stop(stopped)
        self.stopped = stopped

    @step("{who} is frozen: {frozen}")
    def freeze(self, who: str, frozen: bool) -> None:
        """One's dollars may not move, or may again."""
        self.market.freeze(self.person(who), frozen)
        self.frozen = self.frozen | {who} if frozen else self.frozen - {who}

    @step("{seconds} pass")
    def wait(self, seconds: int) -> None:
        """The clock leaps."""
        self.chain.advance(seconds)

    # --- experiments: done, looked at, undone -----------------------------------------------------

    def _tried(self, verb: str, *given: Any) -> bool:
        """A verb within an experiment; whether it was done."""
        try:
            getattr(type(self), verb).__wrapped__(self, *given)
        except Reverted:
            return False
        return True

    def _lose(self, before: Sight, who: str, what: str) -> None:
        """S5: that `who` has gained nothing, dollars at par."""
        after = self.look()
        if before.priced and before.prices == after.prices:
            dollars = after.balances[who] - before.balances[who]
            gain = self.gained(before, after, who) + dollars
            if gain > 0:
                self._hold("S5", False, f"{who} makes {self.dollars(ceil(gain))} by {what}")

    @step("what if {who} mints {amount} and redeems it, or the other way around?", undone=True)
    def around(self, who: str, amount: int) -> None:
        """S5: neither way makes anything."""
        before = self.look()
        for first, second in (("mint", "redeem"), ("redeem", "mint")):
            with self.rewound():
                if not self._tried(first, who, amount):
                    continue
                moved = abs(self.market.balance(self.person(who)) - before.balances[who])
                if self._tried(second, who, moved):
                    self._lose(before, who, f"{first} and {second} of {self.dollars(moved)}")

    @step("what if everybody redeems everything, {first} first?", undone=True)
    def run(self, first: str) -> None:
        """S4: none who leaves takes from those who stay, none to whom it is due is refused."""
        before = self.look()
        for name in (first, *(name for name in PEOPLE if name != first)):
            if before.balances[name]:
                self._tried("redeem", name, before.balances[name])
                after = self.look()
                covered(self, before, after, f"{name}'s leaving")
                before = after

    @step(
        "what if {who} mints {amount}, and the price of {number} is {price} just while "
        "{victim} mints and redeems as much?",
        undone=True,
    )
    def sandwich(self, who: str, victim: str, number: int, price: int | None, amount: int) -> None:
        """S5: a price that was away and has come back has paid nobody who did nothing meanwhile."""
        before = self.look()
        held = self.market.balance(self.person(who))
        if who == victim or not before.priced or not self._tried("mint", who, amount):
            return
        minted = self.market.balance(self.person(who)) - held
        with self._priced(number, price):
            self._tried("mint", victim, amount)
            self._tried("redeem", victim, amount)
        if self._tried("redeem", who, minted):
            self._lose(before, who, "a price that came back")

    @contextmanager
    def _priced(self, number: int, price: int | None) -> Iterator[None]:
        """Another price for a while; there has to be one now."""
        kept = int((self.market.prices()[number] or 0) * 10**36)
        self.market.set_price(number, price)
        yield
        self.market.set_price(number, kept)

    @step("what if {who} tries to spend for {victim}?", undone=True)
    def impersonate(self, who: str, victim: str) -> None:
        """strangers: without an allowance nothing of the victim's moves."""
        if who == victim or self.seen.allowances[victim, who]:
            return
        before = self.look()
        for name, call in self.market.impersonations(self.person(who), self.person(victim)):
            with self.rewound():
                if _answer(call) is _REFUSED:
                    continue
                after = self.look()
                kept = after.balances[victim] >= before.balances[victim]
                kept = kept and after.wallets[victim] == before.wallets[victim]
                self._hold("strangers", kept, f"{who} can {name} for {victim}")

    @step("what if {who} does what only officers may?", undone=True)
    def usurp(self, who: str) -> None:
        """S2: all of it is refused."""
        for name, call in self.market.reserved(self.person(who)):
            with self.rewound():
                self._hold("S2", _answer(call) is _REFUSED, f"{who} can {name}")

    @step("what if {who} does everything for {to}?", undone=True)
    def for_another(self, who: str, to: str) -> None:
        """strangers: who pays for another gets nothing, and the other loses nothing."""
        for name, call in self.market.deliveries(self.person(who), self.person(to)):
            with self.rewound():
                before = self.look()
                if who == to or _answer(call) is _REFUSED:
                    continue
                after = self.look()
            payer, taker = (
                [now - was for was, now in zip(before.of(one), after.of(one), strict=True)]
                for one in (who, to)
            )
            if max(payer) > 0 or min(taker) < 0:
                told = f"what {who} has by {self.told_all(payer)}"
                told += f", what {to} has by {self.told_all(taker)}"
                self._hold("strangers", False, f"{name} for {to} moves {told}")

    # --- telling ----------------------------------------------------------------------------------

    def words(self, name: str, value: Literal_, given: Mapping[str, Literal_]) -> str:
        """Amounts in whole dollars or whole assets, prices in dollars for a whole asset."""
        if value == MAX_UINT256 and not isinstance(value, bool):
            return "everything"
        if not isinstance(value, int) or isinstance(value, bool):
            told = name in ("stopped", "frozen")
            return str(value) if told else super().words(name, value, given)
        if name == "seconds":
            return lasting(value)
        if name == "number":
            return self.symbols[value].removeprefix("of ")
        number = given.get("number")
        if name == "price" and isinstance(number, int):
            whole = value * 10 ** self.market.asset_decimals[number]
            return f"{grouped(whole, 36 + self.market.decimals)} dollars"
        if name == "amount" and isinstance(number, int) and "price" not in given:
            return self.sum_of(number, value)
        return self.dollars(value)

    def dollars(self, raw: int) -> str:
        """So many, for a reason."""
        if raw == MAX_UINT256:
            return "everything"
        told = grouped(raw, self.market.decimals)
        return f"{told} dollar{'s' * (told not in ('1', '-1'))}"

    def sum_of(self, number: int, raw: int) -> str:
        """So much of that asset, for a reason."""
        return f"{grouped(raw, self.market.asset_decimals[number])} {self.symbols[number]}"

    def told_assets(self, amounts: Sequence[int]) -> str:
        """So much of each asset."""
        return " and ".join(map(self.sum_of, range(len(amounts)), amounts)) or "nothing"

    def told_all(self, had: Sequence[int]) -> str:
        """So many dollars, and so much of each asset."""
        assets = f" and {self.told_assets(had[1:])}" if had[1:] else ""
        return f"{self.dollars(had[0])}{assets}"


_REFUSED: Any = object()


def _answer(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Reverted:
        return _REFUSED
