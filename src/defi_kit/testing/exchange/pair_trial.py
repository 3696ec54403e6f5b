"""Anybody's pool of two tokens, driven verb by verb.

The invariants carry the numbers of contracts/dex/README.md, of which these are what can be said of
any pool: X1 to X9, that nobody pays for what another does, and where the money is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, ClassVar, Final

from ...errors import Reverted
from ..explored import Explored
from ..recipe import Recipe
from ..trial import Invariant, Literal_, Step, Trial, step
from ..violations import Violation, hold
from ..words import grouped, lasting, moved_by, percent, spelled
from .market import Door, PairMarket

__all__ = ["PAIR_INVARIANTS", "PairTrial", "Sight"]

PEOPLE: Final = ("alice", "bob", "mallory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The pool and everybody's money at one moment."""

    reserves: tuple[int, int]
    supply: int
    held: tuple[int, int]
    wallets: Mapping[str, tuple[int, int]]
    shares: Mapping[str, int]

    def of(self, name: str) -> tuple[int, ...]:
        """All that one has: both tokens, and shares."""
        return (*self.wallets[name], self.shares[name])


def _hold(holds: bool, number: str, reason: str | Callable[[], str]) -> None:
    hold(number, holds, reason)


def x1(trial: PairTrial, before: Sight, done: Step, after: Sight) -> None:
    """The curve's invariant never falls on a trade, and rises when there is a fee."""
    if done.verb != "swap":
        return
    early = trial.market.liquidity(*before.reserves)
    late = trial.market.liquidity(*after.reserves)
    # One unit of play: what is measured is a root, rounded down.
    had, has = trial.told_both(before.reserves), trial.told_both(after.reserves)
    told = f"liquidity {moved_by(Fraction(early), Fraction(late))}: {had} became {has}"
    _hold(late + 1 >= early, "X1", told)
    if trial.market.fee and before.reserves != after.reserves:
        _hold(late >= early, "X1", f"{told}, in spite of the fee")
        side, amount = (int(str(given)) for given in done.arguments[1:3])
        # Without its fee the sale would not have raised it either: whether the fee stays in the
        # reserves or not, and all the more where it is taken out of what is bought.
        rest = list(after.reserves)
        kept = before.reserves[side] + amount - amount * trial.market.fee // 1_000_000
        rest[side] = min(rest[side], kept)
        enough = trial.market.liquidity(rest[0], rest[1]) + 1 >= early
        _hold(enough, "X1", f"{told}: a fee of {percent(trial.market.fee)} was not kept")


def x2(trial: PairTrial, before: Sight, _: Step, after: Sight) -> None:
    """The invariant per share never falls, whatever is done."""
    if before.supply:
        least = trial.market.liquidity(*before.reserves)
        most = trial.market.liquidity(*after.reserves) + 1
        _hold(
            most * before.supply >= least * after.supply,
            "X2",
            lambda: (
                "liquidity per share "
                f"{moved_by(Fraction(least, before.supply), Fraction(most, after.supply))}: "
                f"{trial.told_both(before.reserves)} in {before.supply:,} shares became "
                f"{trial.told_both(after.reserves)} in {after.supply:,} shares"
            ),
        )


def x3(trial: PairTrial, _: Sight, __: Step, after: Sight) -> None:
    """It has what it believes it has."""
    enough = all(held >= booked for held, booked in zip(after.held, after.reserves, strict=True))
    _hold(
        enough,
        "X3",
        f"holds {trial.told_both(after.held)}, books {trial.told_both(after.reserves)}",
    )


def x4(_: PairTrial, __: Sight, ___: Step, after: Sight) -> None:
    """Nobody's shares are missing from the supply."""
    owned = sum(after.shares.values())
    _hold(owned <= after.supply, "X4", f"people have {owned:,} shares of {after.supply:,}")


def strangers(trial: PairTrial, before: Sight, done: Step, after: Sight) -> None:
    """Nobody loses a token or a share by what another does."""
    for name in PEOPLE:
        if name not in done.arguments[:1]:
            had, has = before.of(name), after.of(name)
            if had != has:
                told = f"{name} had {trial.told_all(had)}, has {trial.told_all(has)}"
                raise Violation("strangers", told)


def money(trial: PairTrial, before: Sight, _: Step, after: Sight) -> None:
    """Of each token as much is with the people and the pool as before."""
    for side in (0, 1):
        was, now = (
            sight.held[side] + sum(wallet[side] for wallet in sight.wallets.values())
            for sight in (before, after)
        )
        there, left = trial.sum_of(side, was), trial.sum_of(side, now)
        _hold(was == now, "money", f"there were {there}, now {left}")


PAIR_INVARIANTS: Final[Mapping[str, Invariant]] = {
    "X1": x1,
    "X2": x2,
    "X3": x3,
    "X4": x4,
    "strangers": strangers,
    "money": money,
}


class PairTrial(Trial):
    """Everything that people may do to a pool of two tokens."""

    KIND = "exchange"
    SUBJECT = "market"
    ADAPTS = PairMarket
    invariants: ClassVar[Mapping[str, Invariant]] = PAIR_INVARIANTS

    def __init__(
        self,
        market: PairMarket,
        *,
        recipe: Recipe | None = None,
        explored: Explored | None = None,
        prepared: bool = False,
    ) -> None:
        self.market = market
        self.symbols: Sequence[str] = getattr(market, "symbols", ("of token 0", "of token 1"))
        super().__init__(market, recipe=recipe, explored=explored, prepared=prepared)
        self.exempt = market.exempt

    @classmethod
    def prepare(cls, subject: PairMarket) -> None:
        """Everybody gets plenty of both tokens."""
        for name in PEOPLE:
            subject.fund(subject.chain.account(name))

    def look(self) -> Sight:
        """Reserves, balances, wallets and shares."""
        market = self.market
        people = {name: self.person(name) for name in PEOPLE}
        return Sight(
            reserves=market.reserves(),
            supply=market.supply(),
            held=market.held(),
            wallets={name: market.wallet(who) for name, who in people.items()},
            shares={name: market.shares(who) for name, who in people.items()},
        )

    # --- verbs ------------------------------------------------------------------------------------

    @step("{who} joins with at most {amount0} and {amount1}")
    def add(self, who: str, amount0: int, amount1: int) -> None:
        """X7: joins, and pays no more than that."""
        market, payer = self.market, self.person(who)
        before = market.wallet(payer)
        market.add(payer, amount0, amount1)
        after = market.wallet(payer)
        for side, most in enumerate((amount0, amount1)):
            paid = before[side] - after[side]
            told = f"at most {self.sum_of(side, most)} offered, {self.sum_of(side, paid)} taken"
            self._insist("X7", paid <= most, told)

    @step("{who} leaves with {shares} shares")
    def remove(self, who: str, shares: int) -> None:
        """Leaves."""
        self.market.remove(self.person(who), shares)

    @step("{who} sells {amount}[, for at least {least}]")
    def swap(self, who: str, side: int, amount: int, least: int = 0) -> int:
        """X7: sells, for what was quoted. What arrived."""
        market, seller = self.market, self.person(who)
        try:
            quoted: int | None = market.quote(side, amount)
        except Reverted:
            quoted = None
        before = market.wallet(seller)
        market.swap(seller, side, amount, least)
        after = market.wallet(seller)
        paid, arrived = before[side] - after[side], after[1 - side] - before[1 - side]
        if "X7" not in self.exempt:
            sold, got = partial(self.sum_of, side), partial(self.sum_of, 1 - side)
            _hold(paid <= amount, "X7", f"{sold(amount)} to sell, {sold(paid)} taken")
            promise = "no quote" if quoted is None else f"quote {got(quoted)}"
            _hold(quoted == arrived, "X7", f"{promise}, execution {got(arrived)}")
            _hold(arrived >= least, "X7", f"at least {got(least)} asked for, {got(arrived)} came")
        return arrived

    @step("{who} gives {amount} for nothing")
    def donate(self, who: str, side: int, amount: int) -> None:
        """A plain transfer."""
        self.market.donate(self.person(who), side, amount)

    @step("{seconds} pass")
    def wait(self, seconds: int) -> None:
        """The clock leaps."""
        self.chain.advance(seconds)

    # --- experiments: done, looked at, undone -----------------------------------------------------

    def _tried(self, verb: str, *given: Any) -> Any:
        """A verb within an experiment: 0 where it is refused."""
        try:
            return getattr(type(self), verb).__wrapped__(self, *given) or 0
        except Reverted:
            return 0

    def _gained(self, who: str, before: tuple[int, int]) -> list[int]:
        now = self.market.wallet(self.person(who))
        return [late - early for early, late in zip(before, now, strict=True)]

    @step("what if {who} sells {amount} and all of it back?", undone=True)
    def round_trip(self, who: str, side: int, amount: int) -> None:
        """X5: no more comes back than went in."""
        there = self._tried("swap", who, side, amount)
        if there:
            back = self._tried("swap", who, 1 - side, there)
            told = f"{self.sum_of(side, amount)} in, {self.sum_of(side, back)} back"
            _hold(back <= amount, "X5", told)

    @step("what if {who} joins with {amount0} and {amount1}, and leaves?", undone=True)
    def in_and_out(self, who: str, amount0: int, amount1: int) -> None:
        """X6: no more of either comes back than went in."""
        before, held = self.market.wallet(self.person(who)), self.seen.shares[who]
        self._tried("add", who, amount0, amount1)
        minted = self.market.shares(self.person(who)) - held
        if minted > 0:
            self._tried("remove", who, minted)
            gains = self._gained(who, before)
            _hold(max(gains) <= 0, "X6", f"{who} gained {self.told_both(gains)}")

    @step("what if {who} sells {less} and {more}, or both at once?", undone=True)
    def split(self, who: str, side: int, less: int, more: int) -> None:
        """X8, X9: parts fetch no more than the whole, and less fetches no more than more."""
        with self.rewound():
            whole = self._tried("swap", who, side, less + more)
        parts = [self._tried("swap", who, side, part) for part in (less, more)]
        if whole:
            sold, got = partial(self.sum_of, side), partial(self.sum_of, 1 - side)
            told = f"the whole fetches {got(whole)}, the parts {got(sum(parts))}"
            _hold(sum(parts) <= whole, "X8", told)
            told = f"{sold(less)} fetch {got(parts[0])}, {sold(less + more)} only {got(whole)}"
            _hold(parts[0] <= whole, "X9", told)

    @step("what if {who} sells {attack} before and after {victim} sells {amount}?", undone=True)
    def sandwich(self, who: str, victim: str, side: int, amount: int, attack: int) -> None:
        """X5, X7: who names the least it accepts loses nothing, and then the attacker has lost."""
        with self.rewound():
            quoted = self._tried("swap", victim, side, amount)
        pushed = self._tried("swap", who, side, attack)
        if quoted and pushed:
            fetched = self._tried("swap", victim, side, amount, quoted)
            back = self._tried("swap", who, 1 - side, pushed)
            self.note("sandwiches")
            told = f"{self.sum_of(side, attack)} in, {self.sum_of(side, back)} back"
            _hold(bool(fetched) or back <= attack, "X5", told)

    @step(
        "what if {who} joins with {grain} and {grain}, gives {gift} of each, and {victim} joins "
        "with {amount} and {amount}?",
        undone=True,
    )
    def inflate(self, who: str, victim: str, grain: int, gift: int, amount: int) -> None:
        """X6: the first depositor's attack takes nothing from the second."""
        if self.seen.supply:
            return
        before = self.market.wallet(self.person(who))
        self._tried("add", who, grain, grain)
        for side in (0, 1):
            self._tried("donate", who, side, gift)
        self._tried("add", victim, amount, amount)
        self._tried("remove", who, self.market.shares(self.person(who)))
        gains = self._gained(who, before)
        _hold(max(gains) <= 0, "X6", f"{who} gained {self.told_both(gains)}")

    @step("what if {who} does everything for {to}?", undone=True)
    def for_another(self, who: str, to: str) -> None:
        """strangers: who pays for another gets nothing, and the other loses nothing."""
        if who == to:
            return
        for name, call in self.market.deliveries(self.person(who), self.person(to)):
            with self.rewound():
                before = self.look()
                try:
                    call()
                except Reverted:
                    continue
                after = self.look()
            payer, taker = (
                [now - was for was, now in zip(before.of(one), after.of(one), strict=True)]
                for one in (who, to)
            )
            told = (
                f"{name} for {to}: what {who} has moved by {self.told_all(payer)}, "
                f"what {to} has by {self.told_all(taker)}"
            )
            self._insist("strangers", max(payer) <= 0 <= min(taker), told)

    @step("what if {who} tries to spend for {victim}?", undone=True)
    def impersonate(self, who: str, victim: str) -> None:
        """strangers: nothing of the victim's moves."""
        if who == victim:
            return
        for name, call in self.market.impersonations(self.person(who), self.person(victim)):
            with self.rewound():
                had = self.look().of(victim)
                try:
                    call()
                except Reverted:
                    continue
                has = self.look().of(victim)
            kept = all(now >= was for was, now in zip(had, has, strict=True))
            told = f"{self.told_all(had)} became {self.told_all(has)}"
            self._insist("strangers", kept, f"{who} can {name} for {victim}: {told}")

    @step(
        "what if {who} does {deed} with {amount}, and the token of side {hook} calls door {door}?",
        undone=True,
    )
    def call_back(self, who: str, deed: str, side: int, amount: int, hook: int, door: int) -> None:
        """X13: a price that is shown in the middle is the one before or after, and what is done
        there breaks nothing. A deed is "swap", "add" or "remove"."""
        doors = self.market.doors(self.person(who))
        if not doors:
            return
        tried, token = doors[door % len(doors)], self.market.hook(hook)
        before, shown, calls = self.look(), self._shown(tried), token.calls()
        token.arm(tried.to, tried.data, sender=self.person(who))
        given: dict[str, tuple[int, ...]] = {
            "swap": (side, amount),
            "add": (amount, amount),
            "remove": (amount,),
        }
        if not self._done(deed, who, *given[deed]) or token.calls() == calls:
            return
        self.note("callbacks")
        if tried.shows and token.last_succeeded():
            answer, later = token.last_result(), self._shown(tried)
            told = f"{tried.name} shows {spelled(answer)} in a {deed}, {spelled(later)} after it"
            self._insist("X13", answer in (shown, later), told)
        self.judge(before, Step(deed, (who, *given[deed])), self.look())

    @step("what if {who} goes through door {door}?", undone=True)
    def enter(self, who: str, door: int) -> None:
        """What anybody may call breaks nothing."""
        doors = self.market.doors(self.person(who))
        if not doors or doors[door % len(doors)].shows:
            return
        before, tried = self.look(), doors[door % len(doors)]
        self.chain.transact(tried.to, tried.data, sender=self.person(who))
        self.judge(before, Step("enter", (who, door)), self.look())

    def _shown(self, door: Door) -> bytes:
        try:
            return self.chain.call(door.to, door.data)
        except Reverted:
            return b""

    def _done(self, verb: str, *given: Any) -> bool:
        try:
            getattr(type(self), verb).__wrapped__(self, *given)
        except Reverted:
            return False
        return True

    def _insist(self, number: str, holds: bool, reason: str) -> None:
        if number not in self.exempt:
            _hold(holds, number, reason)

    # --- telling ----------------------------------------------------------------------------------

    def words(self, name: str, value: Literal_, given: Mapping[str, Literal_]) -> str:
        """Amounts in whole tokens, where their side is known."""
        if not isinstance(value, int):
            return str(value)
        if name == "seconds":
            return lasting(value)
        side = {"amount0": 0, "amount1": 1}.get(name, given.get("side"))
        if name == "side" or not isinstance(side, int):
            return f"{value:,}"
        if name == "least":
            side = 1 - side
        return self.sum_of(side, value)

    def sum_of(self, side: int, raw: int) -> str:
        """So much of the token of that side."""
        return f"{grouped(raw, self.market.decimals[side])} {self.symbols[side]}"

    def told_both(self, amounts: Sequence[int]) -> str:
        """So much of each."""
        return " and ".join(self.sum_of(side, raw) for side, raw in enumerate(amounts))

    def told_all(self, had: Sequence[int]) -> str:
        """So much of each, and shares."""
        return f"{self.told_both(had[:2])} and {had[2]:,} shares"
