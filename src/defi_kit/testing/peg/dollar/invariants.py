"""What must hold of anybody's dollar, whatever is done.

The invariants carry the numbers of contracts/stablecoins/README.md, of which these are what can be
said of any dollar, and names where there is no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Final

from ....units import MAX_UINT256
from ...trial import Invariant, Step
from ...violations import Violation, hold

if TYPE_CHECKING:
    from .trial import DollarTrial

__all__ = ["DOLLAR_INVARIANTS", "PEOPLE", "Sight", "covered"]

PEOPLE: Final = ("alice", "bob", "mallory")
MOVES: Final = ("mint", "redeem", "transfer", "transfer_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The dollar and everybody's money at one moment."""

    supply: int
    balances: Mapping[str, int]
    allowances: Mapping[tuple[str, str], int]
    """(owner, spender) → what may be moved."""
    wallets: Mapping[str, tuple[int, ...]]
    held: tuple[int, ...]
    reserve: tuple[int, ...]
    prices: tuple[Fraction | None, ...]
    worth: Fraction | None
    """Of the reserve; None while an oracle refuses. [raw dollars]"""
    floor: Fraction
    room: int
    stopped: bool
    frozen: frozenset[str]

    def of(self, name: str) -> tuple[int, ...]:
        """All that one has: dollars and assets."""
        return (self.balances[name], *self.wallets[name])

    @property
    def priced(self) -> bool:
        """Whether all oracles answer."""
        return None not in self.prices


def dollars_moved(before: Sight, done: Step, after: Sight) -> dict[str, int]:
    """What this step should do to people's dollars; a mint is worth what the minter got."""
    change = dict.fromkeys(PEOPLE, 0)
    verb, given = done.verb, done.arguments
    if verb == "mint":
        who = str(given[0])
        change[who] = max(after.balances[who] - before.balances[who], 0)
    elif verb == "redeem":
        change[str(given[0])] = -int(str(given[1]))
    elif verb in ("transfer", "transfer_from"):
        owner, to, amount = given[-3:]
        change[str(owner)] -= int(str(amount))
        change[str(to)] += int(str(amount))
    return change


def s1(trial: DollarTrial, before: Sight, done: Step, after: Sight) -> None:
    """Balances move by what was said, and the supply by their sum: by a mint or redemption only."""
    expected = dollars_moved(before, done, after)
    for name, change in expected.items():
        moved = after.balances[name] - before.balances[name]
        if moved != change:
            told = f"{name}'s dollars moved by {trial.dollars(moved)}"
            raise Violation("S1", f"{told}, not by {trial.dollars(change)}")
    change = sum(expected.values())
    grown = after.supply - before.supply
    dollars = trial.dollars
    hold(
        "S1",
        grown == change,
        lambda: f"the supply moved by {dollars(grown)}, balances by {dollars(change)}",
    )
    owned = sum(after.balances.values())
    hold(
        "S1",
        owned <= after.supply,
        lambda: f"people have {dollars(owned)} of {dollars(after.supply)}",
    )


def s2(trial: DollarTrial, before: Sight, done: Step, after: Sight) -> None:
    """Nothing is spent beyond an allowance, nor minted beyond the limits or without a price, nor
    moved while all is stopped."""
    expected, dollars = dict(before.allowances), trial.dollars
    if done.verb == "approve":
        who, spender, amount = done.arguments
        expected[str(who), str(spender)] = int(str(amount))
    elif done.verb == "transfer_from":
        who, owner, _to, amount = done.arguments
        pair, spent = (str(owner), str(who)), int(str(amount))
        left = before.allowances[pair]
        told = f"{who} moves {dollars(spent)} of {owner}'s, who allows {dollars(left)}"
        hold("S2", spent <= left, told)
        # An unlimited allowance may stay as it is.
        endless = left == MAX_UINT256 and after.allowances[pair] == left
        expected[pair] = left if endless else left - spent
    for (owner_, spender_), allowed in expected.items():
        found = after.allowances[owner_, spender_]
        if found != allowed:
            told = f"{owner_} lets {spender_} move {dollars(found)}, not {dollars(allowed)}"
            raise Violation("S2", told)
    if done.verb == "mint":
        minted = after.supply - before.supply
        told = f"{dollars(minted)} minted, there was room for {dollars(before.room)}"
        hold("S2", minted <= before.room, told)
    hold("S2", not before.stopped or done.verb not in MOVES, f"{done.verb} while all is stopped")
    for name in before.frozen:
        was, now = before.balances[name], after.balances[name]
        hold("S2", was == now, f"{name} is frozen at {dollars(was)}, and has {dollars(now)}")


def covered(trial: DollarTrial, before: Sight, after: Sight, what: str) -> None:
    """S4: what stands behind a dollar has not fallen below the floor, nor fallen at all where it
    was below."""
    if before.worth is None or after.worth is None or before.prices != after.prices:
        return
    if not after.supply:
        return
    now = after.worth / after.supply
    least = after.floor
    if before.supply:
        least = min(least, before.worth / before.supply)
    if now < least:
        told = f"{what} leaves {float(now):.9g} behind a dollar"
        missing = trial.dollars(ceil((least - now) * after.supply))
        raise Violation("S4", f"{told}, {missing} less in all than what is due")


def s4(trial: DollarTrial, before: Sight, done: Step, after: Sight) -> None:
    """Nothing that is done takes from what stands behind the dollars of others; no dollar is minted
    unbacked."""
    enough = all(held >= booked for held, booked in zip(after.held, after.reserve, strict=True))
    told = trial.told_assets
    hold("S4", enough, lambda: f"holds {told(after.held)}, books {told(after.reserve)}")
    covered(trial, before, after, done.verb)


def s5(trial: DollarTrial, before: Sight, done: Step, after: Sight) -> None:
    """A mint costs at least what the dollars are worth, a redemption pays no more."""
    if done.verb not in ("mint", "redeem") or not before.priced:
        return
    who = str(done.arguments[0])
    gained = trial.gained(before, after, who)
    dollars = after.balances[who] - before.balances[who]
    made = gained + dollars
    hold("S5", made <= 0, lambda: f"{who} makes {trial.dollars(ceil(made))}")


def strangers(trial: DollarTrial, before: Sight, done: Step, after: Sight) -> None:
    """Nobody's assets move by what another does."""
    for name in PEOPLE:
        if name not in done.arguments[:1]:
            had, has = before.wallets[name], after.wallets[name]
            if had != has:
                told = f"{name} had {trial.told_assets(had)}, has {trial.told_assets(has)}"
                raise Violation("strangers", told)


def money(trial: DollarTrial, before: Sight, _: Step, after: Sight) -> None:
    """Of each asset as much is with the people and behind the dollar as before, unless the dollar
    mints it itself."""
    for number in range(len(before.held)):
        if number in trial.market.own:
            continue
        was, now = (
            sight.held[number] + sum(wallet[number] for wallet in sight.wallets.values())
            for sight in (before, after)
        )
        if was != now:
            there, left = trial.sum_of(number, was), trial.sum_of(number, now)
            raise Violation("money", f"there were {there}, now {left}")


DOLLAR_INVARIANTS: Final[Mapping[str, Invariant]] = {
    "S1": s1,
    "S2": s2,
    "S4": s4,
    "S5": s5,
    "strangers": strangers,
    "money": money,
}
