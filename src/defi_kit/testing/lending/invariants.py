"""What must hold of any lending market, step by step: L1 to L6, L9 to L11 and L13 to L15.

`before` and `after` are seen at the same second: as the next block would have been without the
step, and with it. The numbers are those of contracts/lending/README.md, of which these are what can
be said without knowing how a market counts. L7, L8, L12 and L16 are experiments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...units import WAD
from ..trial import Invariant, Step
from ..violations import Violation, hold
from .market import Position, View

if TYPE_CHECKING:
    from .trial import LendingTrial

__all__ = ["INVARIANTS", "PRICE_SCALE", "TIMELESS", "Sight", "grain", "l13", "wealth"]

PRICE_SCALE: Final = 10**36
WORLD: Final = ("set_price", "turn_off", "wait")
"""Verbs of nobody."""
FOR: Final = ("supply", "supply_collateral", "repay")
"""Verbs that may be for another; of the others like them another may be paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A market and everybody's money at one moment."""

    view: View
    positions: Mapping[str, Position]
    """By name."""
    wallets: Mapping[str, tuple[int, ...]]
    """By name: what is held of the asset, and of each collateral. [raw]"""
    prices: tuple[int | None, ...]
    """Of each collateral; None while its oracle refuses."""
    known: tuple[int, ...]
    """Of each collateral, the last there was."""


def grain(sight: Sight) -> int:
    """What a debt share is worth, rounded up: what one rounding of debts can come to. [asset]"""
    view = sight.view
    if not view.total_debt_shares:
        return 1
    return -(-view.total_debt // view.total_debt_shares)


def value(sight: Sight, collateral: tuple[int, ...]) -> int:
    """Of so much of each collateral, at the last known prices. [asset * PRICE_SCALE]"""
    return sum(amount * price for amount, price in zip(collateral, sight.known, strict=True))


def wealth(sight: Sight, name: str) -> int:
    """All that somebody owns, less what they owe, at last known prices. [asset * PRICE_SCALE]"""
    held, position = sight.wallets[name], sight.positions[name]
    money = held[0] + position.supplied - position.debt
    return money * PRICE_SCALE + value(sight, held[1:]) + value(sight, position.collateral)


def owner(done: Step) -> str:
    """Whose claim, collateral or debt a verb of one's own is to move: who does it, or, where others
    can be lent, posted or repaid for, who was named."""
    return _named(done) if done.verb in FOR else str(done.arguments[0])


def payer(done: Step) -> str:
    """Whose tokens it is to move: who does it, or who was named to be paid."""
    return str(done.arguments[0]) if done.verb in FOR else _named(done)


def _named(done: Step) -> str:
    plain = 3 if done.verb.endswith("collateral") else 2
    named = done.arguments[plain : plain + 1] if done.verb in _DELTAS else ()
    return str((named or done.arguments)[0] or done.arguments[0])


def l1(trial: LendingTrial, _: Sight, __: Step, after: Sight) -> None:
    """Shares sum to their totals, on both sides."""
    view, positions = after.view, after.positions.values()
    if view.total_shares is not None:
        shares = sum(position.shares for position in positions)
        hold("L1", shares == view.total_shares, f"{shares:,} shares, {view.total_shares:,} in all")
    if view.total_debt_shares is not None:
        shares = sum(position.debt_shares for position in positions)
        total = view.total_debt_shares
        hold("L1", shares == total, f"{shares:,} debt shares, {total:,} in all")


def l2(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> None:
    """Lenders own no more than debts and cash; the parts are no more than the whole."""
    view, positions = after.view, after.positions.values()
    rounding = trial.terms.rounding
    backing = view.cash + view.total_debt
    money = trial.money
    hold(
        "L2",
        view.total_supplied <= backing + rounding,
        lambda: f"lenders own {money(view.total_supplied)}, debts and cash are {money(backing)}",
    )
    if view.reserve is not None:
        over, was = view.total_supplied + view.reserve - backing, before.view
        more = over - (was.total_supplied + (was.reserve or 0) - was.cash - was.total_debt)
        hold(
            "L2",
            over <= rounding,
            lambda: f"lenders and reserve own {money(over)} more than debts and cash",
        )
        hold(
            "L2",
            more >= -rounding - grain(after),
            lambda: f"{done.verb} left {money(-more)} of debts and cash to nobody",
        )
    owned = sum(position.supplied for position in positions)
    hold(
        "L2",
        owned <= view.total_supplied + rounding,
        lambda: f"claims of {money(owned)} on {money(view.total_supplied)}",
    )
    owed = sum(position.debt for position in positions)
    slack = (rounding + grain(after)) * len(positions)
    hold(
        "L2",
        abs(owed - view.total_debt) <= slack,
        lambda: f"debts of {money(owed)} in a total of {money(view.total_debt)}",
    )


def l3(trial: LendingTrial, _: Sight, __: Step, after: Sight) -> None:
    """The market holds its cash and everybody's collateral."""
    view, money = after.view, trial.money
    hold(
        "L3",
        view.held[0] >= view.cash,
        lambda: f"{money(view.held[0])} held, {money(view.cash)} booked as cash",
    )
    for number, (held, booked) in enumerate(zip(view.held[1:], view.collateral, strict=True)):
        owed = max(booked, sum(p.collateral[number] for p in after.positions.values()))
        if held < owed:
            told, booked_ = trial.sum_of(number + 1, held), trial.sum_of(number + 1, owed)
            raise Violation("L3", f"{told} held, {booked_} booked")


def l4(trial: LendingTrial, _: Sight, done: Step, after: Sight) -> None:
    """Whom a liquidation leaves in debt it leaves with collateral worth more than dust; who borrows
    or repays owes the minimum or nothing."""
    if done.verb in ("borrow", "repay"):
        debt, least = after.positions[owner(done)].debt, trial.terms.minimum_debt
        enough = not debt or debt + trial.terms.rounding >= least
        hold(
            "L4",
            enough,
            lambda: (
                f"{done.verb} left a debt of {trial.money(debt)}, less than the minimum of "
                f"{trial.money(least)}"
            ),
        )
    if done.verb != "liquidate" or None in after.prices:
        return
    position = after.positions[str(done.arguments[1])]
    worth = value(after, position.collateral) // PRICE_SCALE
    hold(
        "L4",
        not position.debt or worth > trial.terms.dust,
        lambda: f"a debt of {trial.money(position.debt)} against {trial.money(worth)}: dust",
    )


def l5(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> None:
    """Only a price, the clock or a liquidation harms health; only the unhealthy are liquidated; no
    loan is beyond its limit; and health is what the terms say."""
    for name, position in after.positions.items():
        was = before.positions[name]
        if done.verb == "liquidate" and name == done.arguments[1]:
            hold("L5", was.healthy is not True, f"{name} was healthy and is liquidated")
            known = was.healthy is not None
            hold("L5", known, f"{name} is liquidated while its health is not known")
        elif done.verb not in WORLD:
            lost = was.healthy is True and position.healthy is False
            hold("L5", not lost, f"{done.verb} made {name} unhealthy")
        _health_is_meant(trial, after, name, position)
    if done.verb == "borrow":
        _within_limit("L5", trial, after, str(done.arguments[0]))


def l5_on_withdrawal(trial: LendingTrial, _: Sight, done: Step, after: Sight) -> None:
    """Collateral is taken back within the limit for loans, not within that for liquidations."""
    if done.verb == "withdraw_collateral":
        _within_limit("L5 on withdrawal", trial, after, str(done.arguments[0]))


def _health_is_meant(trial: LendingTrial, sight: Sight, name: str, position: Position) -> None:
    """What the market says of an account's health, against its terms."""
    limit = _limit(trial, sight, position, "liquidation_ltv")
    if position.healthy is None or not position.debt:
        return
    if limit is None:
        reason = f"{name} is called unhealthy while a price is not known"
        hold("L5", position.healthy, reason)
        return
    slack, owed, most = _slack(trial, sight), position.debt, limit
    word, other = ("more", "healthy") if position.healthy else ("less", "unhealthy")
    hold(
        "L5",
        owed <= most + slack if position.healthy else owed >= most - slack,
        lambda: (
            f"{name} owes {trial.money(owed)}, {word} than {trial.money(most)}, and is called "
            f"{other}"
        ),
    )


def _within_limit(invariant: str, trial: LendingTrial, sight: Sight, name: str) -> None:
    position = sight.positions[name]
    limit = _limit(trial, sight, position, "borrow_ltv")
    if position.debt and limit is not None:
        owed, most = position.debt, limit
        hold(
            invariant,
            owed <= most + _slack(trial, sight),
            lambda: f"{name} owes {trial.money(owed)}, and may borrow up to {trial.money(most)}",
        )


def _limit(trial: LendingTrial, sight: Sight, position: Position, ltv: str) -> int | None:
    """Value times LTV over all collaterals [asset]; None while a price that matters is unknown."""
    total = 0
    for number, amount in enumerate(position.collateral):
        price = sight.prices[number]
        if amount and price is None:
            return None
        part = getattr(trial.terms.collaterals[number], ltv)
        total += amount * (price or 0) * part
    return total // (PRICE_SCALE * WAD)


def _slack(trial: LendingTrial, sight: Sight) -> int:
    """By how much limits may be off, for each collateral is rounded. [asset]"""
    return trial.terms.rounding + grain(sight) + 2 * len(sight.known)


def l6(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> None:
    """The share price falls only where bad debt is realised, by no more than that, and does not
    jump up either: not for a gift, nor at another lender's cost."""
    rounding = trial.terms.rounding
    lost = _written_off(trial, before, done, after)
    if lost:
        trial.note("bad debts")
        fell = before.view.total_supplied - after.view.total_supplied
        hold(
            "L6",
            fell <= lost + rounding + grain(after),
            lambda: f"lenders lost {trial.money(fell)}, {trial.money(lost)} was written off",
        )
    # Debts that are rounded up one by one may add up to more than is booked: once paid, it shows.
    unbooked = max(0, sum(p.debt for p in before.positions.values()) - before.view.total_debt)
    for name, position in after.positions.items():
        was = before.positions[name]
        if was.shares != position.shares or not was.shares:
            continue
        if was.shares == was.supplied and done.arguments and owner(done) == name:
            continue  # counted in assets, as its own verb moved them
        change = position.supplied - was.supplied
        allowed = rounding + grain(after) + trial.terms.dust * bool(lost) + unbooked
        if change < -rounding and not lost:
            raise Violation("L6", f"{name}'s shares lost {trial.money(-change)}")
        if change > allowed:
            raise Violation("L6", f"{name}'s shares gained {trial.money(change)} by {done.verb}")


def l6_over_time(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> None:
    """Of the interest lenders get all but the reserve's share."""
    share = trial.terms.reserve_share
    if done.verb != "wait" or share is None:
        return
    grown = after.view.total_debt - before.view.total_debt
    earned = after.view.total_supplied - before.view.total_supplied
    due = grown * (WAD - share) // WAD
    hold(
        "L6 over time",
        abs(earned - due) <= trial.terms.rounding + 2 * grain(after),
        lambda: (
            f"of {trial.money(grown)} of interest lenders got {trial.money(earned)}, and "
            f"{trial.money(due)} are due"
        ),
    )


def l9(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> None:
    """A liquidation clears what it is paid; it writes nothing off that has cover, nor anything
    while there is collateral left; and it raises health where its bonus lets it."""
    if done.verb != "liquidate":
        return
    _, name, number, _ = done.arguments
    was, is_ = before.positions[str(name)], after.positions[str(name)]
    who, slack = str(done.arguments[0]), trial.terms.rounding + grain(after)
    paid = before.wallets[who][0] - after.wallets[who][0]
    cleared, money = was.debt - is_.debt, trial.money
    if who != name:
        hold(
            "L9",
            paid <= cleared + slack,
            lambda: f"{money(paid)} was paid, {money(cleared)} cleared",
        )
    lost = _written_off(trial, before, done, after)
    worth, left = value(before, was.collateral), value(after, is_.collateral)
    bonus = max(one.max_bonus for one in trial.terms.collaterals)
    covered = worth * WAD >= (was.debt + slack) * PRICE_SCALE * (WAD + bonus)
    dust = trial.terms.dust + slack
    clean = not lost or left <= dust * PRICE_SCALE
    hold("L9", clean, lambda: f"{money(lost)} written off with collateral left")
    needed = not covered or lost <= dust
    hold("L9", needed, lambda: f"{money(lost)} written off of a debt that had cover")
    risk = trial.terms.collaterals[int(number or 0)]
    old = _limit(trial, before, was, "liquidation_ltv")
    new = _limit(trial, after, is_, "liquidation_ltv")
    if old is None or new is None or not is_.debt:
        return
    if old * WAD > (was.debt + slack) * (WAD + bonus) * risk.liquidation_ltv // WAD:
        rose = (new + slack) * was.debt >= old * (is_.debt - slack)
        hold("L9", rose, f"the liquidation lowered {name}'s health")


def l10(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> None:
    """A liquidation takes collateral worth at most what is paid and the bonus."""
    if done.verb != "liquidate":
        return
    who, name, number, asked = done.arguments
    if who == name:
        return
    slack = trial.terms.rounding + grain(after)
    paid = before.wallets[str(who)][0] - after.wallets[str(who)][0]
    money, most = trial.money, int(asked or 0) + slack
    hold(
        "L10",
        paid <= most,
        lambda: f"{who} would repay {money(int(asked or 0))} at most, and paid {money(paid)}",
    )
    got = value(after, after.wallets[str(who)][1:]) - value(before, before.wallets[str(who)][1:])
    taken = value(before, before.positions[str(name)].collateral) - value(
        after, after.positions[str(name)].collateral
    )
    most = (
        (paid + slack) * PRICE_SCALE * (WAD + trial.terms.collaterals[int(number or 0)].max_bonus)
    )
    worth = max(got, taken)
    hold(
        "L10",
        worth * WAD <= most,
        lambda: (
            f"collateral worth {trial.money(worth // PRICE_SCALE)} taken for {trial.money(paid)}"
        ),
    )
    hold("L10", got <= taken + PRICE_SCALE, "the liquidator got more than the account lost")


def l11(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> None:
    """Nobody's money, claims, collateral or debt move by what another does, but for what a
    liquidation does to whom it is meant for."""
    acts = bool(done.arguments) and done.verb not in WORLD
    actor = str(done.arguments[0]) if acts else None
    owns, pays = (owner(done), payer(done)) if done.verb in _DELTAS else (actor, actor)
    target = done.arguments[1] if done.verb == "liquidate" else None
    slack = trial.terms.rounding
    for name, is_ in after.positions.items():
        was = before.positions[name]
        moved = before.wallets[name] != after.wallets[name]
        hold("L11", not moved or name == pays, f"{done.verb} moved {name}'s own tokens")
        if name in (owns, target):
            continue
        hold("L11", is_.shares >= was.shares, f"{done.verb} took shares of {name}")
        given = is_.shares > was.shares and done.verb in _DELTAS
        hold("L11", not given, f"{done.verb} gave shares to {name}, and not to {owns}")
        hold("L11", abs(is_.debt - was.debt) <= slack, f"{done.verb} moved {name}'s debt")
        same = is_.collateral == was.collateral
        hold("L11", same, f"{done.verb} moved {name}'s collateral")


def l13(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> None:
    """A verb moves what it says, and costs nothing but rounding."""
    if done.verb not in _DELTAS:
        return
    who, whose = payer(done), owner(done)
    place, sign = _DELTAS[done.verb]
    index = place if place == 0 else int(done.arguments[1] or 0) + 1
    amount = int(done.arguments[place + 1] or 0)
    moved = (after.wallets[who][index] - before.wallets[who][index]) * sign
    if done.verb == "repay":
        amount = min(amount, before.positions[whose].debt)
    slack = grain(after) + trial.terms.rounding if done.verb == "repay" else 0
    if done.verb != "withdraw" or amount <= before.positions[whose].supplied:
        hold(
            "L13",
            abs(moved - amount) <= slack,
            lambda: (
                f"{who} wanted to {done.verb.replace('_', ' ')} {trial.sum_of(index, amount)} "
                f"and moved {trial.sum_of(index, moved)}"
            ),
        )
    if done.verb == "supply_collateral":
        cap, held = trial.terms.collaterals[index - 1].cap, after.view.collateral[index - 1]
        if cap is not None and held > cap:
            told = trial.sum_of(index, held), trial.sum_of(index, cap)
            raise Violation("L13", f"{told[0]} is held, with a cap of {told[1]}")
    cost = -_gain(before, after, {who, whose})
    most = (trial.terms.rounding + grain(after)) * PRICE_SCALE
    hold("L13", cost <= most, lambda: f"{done.verb} cost {who} {trial.money(cost // PRICE_SCALE)}")


def _gain(before: Sight, after: Sight, names: set[str]) -> int:
    """What some have more than before, all together. [asset * PRICE_SCALE]"""
    return sum(wealth(after, name) - wealth(before, name) for name in names)


_DELTAS: Final[Mapping[str, tuple[int, int]]] = {
    "supply": (0, -1),
    "withdraw": (0, 1),
    "borrow": (0, 1),
    "repay": (0, -1),
    "supply_collateral": (1, -1),
    "withdraw_collateral": (1, 1),
}
"""Verb → which token moves (0: the asset), and whether to whom does it (1) or away (-1)."""


def l14(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> None:
    """Shares are rounded against whom they move for, by the market's own price of a share.

    The largest position tells that price best: a claim is shown rounded down, a debt up.
    """
    if done.verb not in _SHARES:
        return
    who, whose, (assets, shares) = payer(done), owner(done), _SHARES[done.verb]
    moved = abs(getattr(after.positions[whose], shares) - getattr(before.positions[whose], shares))
    paid = abs(after.wallets[who][0] - before.wallets[who][0])
    largest = max(before.positions.values(), key=lambda one: int(getattr(one, assets)))
    worth, count = getattr(largest, assets), getattr(largest, shares)
    if done.verb in ("supply", "repay"):
        low = worth - trial.terms.rounding - (done.verb == "repay")
        fair, word = moved * low <= paid * count, "few"
    else:
        high = worth + trial.terms.rounding + (done.verb == "withdraw")
        fair, word = moved * high >= paid * count, "many"
    hold(
        "L14",
        fair or not count,
        lambda: (
            f"{done.verb} moved {moved:,} shares for {trial.money(paid)}: that is too {word} units "
            f"for them, where {count:,} are worth {trial.money(worth)}"
        ),
    )


_SHARES: Final[Mapping[str, tuple[str, str]]] = {
    "supply": ("supplied", "shares"),
    "withdraw": ("supplied", "shares"),
    "borrow": ("debt", "debt_shares"),
    "repay": ("debt", "debt_shares"),
}
"""Verb → the assets of a `Position` that it moves, and their shares."""


def l15(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> None:
    """What one does with one's own accounts makes no money, but for a debt found to be bad."""
    if done.verb in WORLD or not done.arguments:
        return
    who = str(done.arguments[0])
    if done.verb == "liquidate" and done.arguments[1] != who:
        return
    named = str(done.arguments[1]) if done.verb == "transfer" else payer(done)
    gain = _gain(before, after, {who, named, owner(done)})
    lost = _written_off(trial, before, done, after)
    hold(
        "L15",
        gain <= (lost + trial.terms.rounding) * PRICE_SCALE,
        lambda: f"{done.verb} made {who} {trial.money(gain // PRICE_SCALE)}",
    )


def _written_off(trial: LendingTrial, before: Sight, done: Step, after: Sight) -> int:
    """Debt that went away in a liquidation without being paid, beyond rounding. [asset]"""
    if done.verb != "liquidate":
        return 0
    who, name = str(done.arguments[0]), str(done.arguments[1])
    paid = before.wallets[who][0] - after.wallets[who][0]
    cleared = before.positions[name].debt - after.positions[name].debt
    lost = cleared - paid
    return lost if lost > trial.terms.rounding + grain(after) else 0


INVARIANTS: Final[Mapping[str, Invariant]] = {
    "L1": l1,
    "L2": l2,
    "L3": l3,
    "L4": l4,
    "L5": l5,
    "L5 on withdrawal": l5_on_withdrawal,
    "L6": l6,
    "L6 over time": l6_over_time,
    "L9": l9,
    "L10": l10,
    "L11": l11,
    "L13": l13,
    "L14": l14,
    "L15": l15,
}

TIMELESS: Final = ("L1", "L2", "L3", "L4", "L6 over time")
"""What can be said of a verb during which time passed, such as one of several transactions."""
