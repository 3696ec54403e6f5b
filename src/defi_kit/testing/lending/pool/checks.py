"""L1 to L16 of contracts/lending/README.md, as checks on what a chain shows.

Step checks compare what was seen before a step, the step, and what was seen after it. They know the
pool only through its views and its tokens, so they judge a faulty contract as well. Experiments
(L7, L8, L12, L13, L14, L16) do something inside a snapshot and look at the outcome; see
`experiments.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Final

from ....lending.books import DUST_DIVISOR
from ....lending.interest import RAY, to_assets_up
from ....lending.liquidation import (
    PRICE_SCALE,
    bonus_down,
    covered_down,
    health_down,
)
from ....lending.pool import VIRTUAL_SHARES, Collateral, Pool
from ....units import BPS, MAX_UINT256, WAD, Unit
from ...violations import Violation, hold
from ...words import grouped

Prices = tuple[int | Exception, ...]
CLOSING: Final = frozenset(
    ("deposit", "mint", "withdraw", "redeem", "borrow", "leverage", "repay", "liquidate")
)
"""Verbs that move cash or debts."""


@dataclass(frozen=True)
class Seen:
    """The pool and everyone's money at one moment."""

    pool: Pool
    """Read with one call of `snapshot`; its arithmetic serves as the specification."""
    now: int
    prices: Prices
    total_assets: int
    """As the contract's view says."""
    total_debt: int
    """As the contract's view says."""
    balances: tuple[int, ...]
    """Tokens in the pool: the asset first, then each collateral."""
    wallets: Mapping[str, tuple[int, ...]]
    """Tokens of each account, in the same order."""
    units: tuple[Unit, ...]
    """Of these tokens, in the same order."""
    granted: frozenset[tuple[str, str]] = frozenset()
    """Owner and operator of each authorisation."""
    _settled: dict[int, Pool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def settled(self, now: int) -> Pool:
        """The pool with interest up to `now`: many checks ask for it, it is worked out once."""
        found = self._settled.get(now)
        if found is None:
            found = self._settled[now] = self.pool.accrue(now=now)
        return found

    def told(self, raw: int, token: int = 0) -> str:
        """So much of the asset, or of another of these tokens, for a reason."""
        unit = self.units[token]
        return f"{grouped(raw, unit.decimals)} {unit.symbol}"


@dataclass(frozen=True)
class Step:
    """One thing that somebody did, and what the contract told."""

    verb: str
    actor: str
    target: str = ""
    """The account acted for or on."""
    token: str = ""
    repaid: int = 0
    seized: int = 0
    bad_debt: int = 0
    from_reserve: int = 0
    receiver: str = ""
    """Who gets what is borrowed in a callback, if not the actor."""
    limits: tuple[int, int, int] = (MAX_UINT256, MAX_UINT256, 0)
    """Of a liquidation: the most to repay, and the most and the least to seize."""

    def __str__(self) -> str:
        return self.verb.replace("_", " ")


def l1(_: Seen, __: Step, after: Seen) -> None:
    """Shares sum to their totals, on both sides."""
    accounts = after.pool.accounts.values()
    shares, total = sum(a.shares for a in accounts), after.pool.total_shares
    hold("L1", shares == total, lambda: f"{shares:,} shares, {total:,} in all")
    owed, debts = sum(a.debt_shares for a in accounts), after.pool.market.debt_shares
    hold("L1", owed == debts, lambda: f"{owed:,} debt shares, {debts:,} in all")


def l2(_: Seen, __: Step, after: Seen) -> None:
    """What is borrowed and what is in cash is what lenders and the reserve own."""
    books = after.settled(after.now).market
    owned = after.total_assets + books.reserve
    lent, backing, told = after.total_debt, after.total_debt + books.cash, after.told
    hold("L2", lent <= owned, lambda: f"{told(lent)} lent of {told(owned)}")
    hold(
        "L2",
        backing == owned,
        lambda: f"debts and cash are {told(backing)}, lenders and reserve own {told(owned)}",
    )


def l3(_: Seen, __: Step, after: Seen) -> None:
    """The pool holds its cash and everyone's collateral."""
    accounts = after.pool.accounts.values()
    collaterals = range(len(after.balances) - 1)
    owed = [sum(account.collateral[number] for account in accounts) for number in collaterals]
    for token, booked in enumerate((after.pool.market.cash, *owed)):
        if after.balances[token] < booked:
            held = after.told(after.balances[token], token)
            raise Violation("L3", f"{held} held, {after.told(booked, token)} booked")


def l4(_: Seen, step: Step, after: Seen) -> None:
    """Whom a liquidation leaves in debt it leaves with more than dust; who borrows or repays owes
    the minimum or nothing."""
    if step.verb in ("borrow", "leverage", "repay"):
        debt = after.settled(after.now).debt_of(step.target, now=after.now)
        least = after.pool.parameters.minimum_debt
        hold(
            "L4",
            not debt or debt >= least,
            lambda: f"{step} left a debt of {after.told(debt)}, less than {after.told(least)}",
        )
    if step.verb == "liquidate" and after.pool.account(step.target).debt_shares:
        value = after.pool.appraise(step.target, after.prices).value
        dust = after.pool.parameters.minimum_debt // DUST_DIVISOR
        hold(
            "L4",
            value > dust,
            lambda: f"debt against {after.told(value)}, no more than dust, {after.told(dust)}",
        )


def l5(before: Seen, step: Step, after: Seen) -> None:
    """Only a price, the clock or a liquidation harms health; only the unhealthy are liquidated."""
    for account in after.pool.accounts:
        was, is_ = _health(before, account, after.now), _health(after, account, after.now)
        if was is None or is_ is None:
            continue
        if step.verb == "liquidate" and account == step.target:
            hold("L5", was < 1, f"liquidated at a health of {_ratio(was)}")
        elif step.verb not in ("price", "oracle") and was >= 1 and is_ < 1:
            raise Violation(
                "L5",
                f"{step} took health from {_ratio(was)} to {_ratio(is_)}",
            )


def l6(before: Seen, step: Step, after: Seen) -> None:
    """A share's value falls only where bad debt is realised, and by no more than that; the reserve
    falls by what it bears of that, which is all that it can."""
    lost = step.bad_debt - step.from_reserve
    reserve = after.settled(after.now).market.reserve
    had = before.settled(after.now).market.reserve
    borne, left = min(step.bad_debt, had), had - step.from_reserve
    hold(
        "L6",
        step.from_reserve == borne,
        lambda: (
            f"{before.told(step.from_reserve)} of a loss of {before.told(step.bad_debt)} from a "
            f"reserve of {before.told(had)}"
        ),
    )
    hold(
        "L6",
        reserve == left,
        lambda: f"the reserve is {before.told(reserve)}, and should be {before.told(left)}",
    )
    old, new = before.pool.total_shares + VIRTUAL_SHARES, after.pool.total_shares + VIRTUAL_SHARES
    owned = before.settled(after.now).market.total_assets
    was, told = before.total_assets, before.told
    hold("L6", owned >= was, lambda: f"time took {told(was - owned)} from lenders")
    least = (owned + 1 - lost - bool(lost)) * new
    hold(
        "L6",
        (after.total_assets + 1) * old >= least,
        lambda: (
            f"{step} left {told(after.total_assets)} to lenders, less than the "
            f"{told(-(-least // old) - 1)} that their shares were worth"
        ),
    )


def l7(_: Seen, step: Step, after: Seen) -> None:
    """From each loan, repayment or withdrawal on the rate is the one of its utilisation."""
    if step.verb not in CLOSING:
        return
    market = after.pool.market
    rate, due = market.rate, after.pool.parameters.rate.rate(market.utilisation)
    hold("L7", rate == due, lambda: f"{step} left a rate of {rate}, where {due} is due")


def l9(before: Seen, step: Step, after: Seen) -> None:
    """While (1 + bonus) * LTV is below health, a liquidation raises health, makes no bad debt; and
    none does whatever the LTV while the collateral is worth the debt and the bonus. One that is
    as large as it may be, and not all, leaves the account at the target."""
    if step.verb != "liquidate":
        return
    adjusted, debt = _debt_and_cover(before, step.target, after.now)
    risk, bonus = _terms(before, step, after.now)
    _l9_target(before, step, after, risk)
    _l9_cover(before, step, after, debt, bonus)
    if adjusted * WAD <= debt * (WAD + bonus) * risk.liquidation_ltv:
        return
    dust = before.pool.parameters.minimum_debt // DUST_DIVISOR
    most = (dust + 2) * BPS // risk.liquidation_ltv  # only against dust of another collateral
    _l9_written_off(before, step, most)
    left, owed = _debt_and_cover(after, step.target, after.now)
    # Two units for the rounding of values, one for that of the debt, a debt share of the repayment.
    raised = (left + 2 * risk.liquidation_ltv) * debt >= adjusted * (owed - 1 - _share(after))
    hold(
        "L9",
        raised or not owed,
        lambda: (
            f"the liquidation lowered health from {_ratio(adjusted, debt * BPS)} to "
            f"{_ratio(left, owed * BPS)}"
        ),
    )


def _l9_target(before: Seen, step: Step, after: Seen, risk: Collateral) -> None:
    """Health is the target, where neither the liquidator nor what there is set the limit."""
    number = before.pool.parameters.numbers[step.token]
    left, owed = _debt_and_cover(after, step.target, after.now)
    held = after.pool.account(step.target).collateral[number]
    if step.limits != (MAX_UINT256, MAX_UINT256, 0) or not owed or not held:
        return
    price, target = before.prices[number], before.pool.parameters.target_health
    assert isinstance(price, int)
    # A unit of collateral that was not seized, the rounding of values; debts round up by a share.
    slack = (price // PRICE_SCALE + 4) * risk.liquidation_ltv + target * (_share(after) + 2)
    hold(
        "L9",
        abs(left - target * owed) <= slack,
        lambda: (
            f"a liquidation as large as it may be left a health of {_ratio(left, owed * BPS)}, "
            f"and {_ratio(target, BPS)} is the target"
        ),
    )


def _l9_cover(before: Seen, step: Step, after: Seen, debt: int, bonus: int) -> None:
    """Where value covers debt and bonus, value over debt does not fall: no order makes it bad."""
    value = before.pool.appraise(step.target, before.prices).value
    if not debt or value * WAD < debt * (WAD + bonus):
        return
    dust = before.pool.parameters.minimum_debt // DUST_DIVISOR
    _l9_written_off(before, step, dust + 3)
    left = after.pool.appraise(step.target, after.prices).value
    _, owed = _debt_and_cover(after, step.target, after.now)
    # A unit for the rounding of a value, one for that of the debt, a debt share of the repayment.
    kept = (left + 1) * debt >= value * (owed - 1 - _share(after))
    hold(
        "L9",
        kept,
        lambda: (
            f"the liquidation took value over debt from {_ratio(value, debt)} to "
            f"{_ratio(left, owed)}"
        ),
    )


def _l9_written_off(before: Seen, step: Step, most: int) -> None:
    """No more than this, of an account that had cover."""
    told = before.told
    hold(
        "L9",
        step.bad_debt <= most,
        lambda: f"{told(step.bad_debt)} written off of an account with cover, {told(most)} allowed",
    )


def l10(before: Seen, step: Step, after: Seen) -> None:
    """The liquidator gets at most what is repaid and the bonus, and no more than there is."""
    if step.verb != "liquidate":
        return
    number = before.pool.parameters.numbers[step.token]
    price = before.prices[number]
    assert isinstance(price, int)
    _, bonus = _terms(before, step, after.now)
    token, told = number + 1, before.told
    repaid, seized = told(step.repaid), told(step.seized, token)
    fair = step.repaid * (WAD + bonus) * PRICE_SCALE
    hold(
        "L10",
        step.seized * price * WAD <= fair,
        lambda: (
            f"{seized} seized, worth {told(step.seized * price // PRICE_SCALE)}, for {repaid} and "
            f"a bonus of {_ratio(100 * bonus, WAD)} %"
        ),
    )
    there = before.pool.account(step.target).collateral[number]
    hold("L10", step.seized <= there, lambda: f"{seized} seized, {told(there, token)} there")
    repay, most, least = step.limits
    hold("L10", step.repaid <= repay, lambda: f"{repaid} repaid, {told(repay)} allowed")
    hold(
        "L10",
        least <= step.seized <= most,
        lambda: f"{seized} seized, {told(least, token)} to {told(most, token)} allowed",
    )
    paid = before.wallets[step.actor][0] - after.wallets[step.actor][0]
    got = after.wallets[step.actor][token] - before.wallets[step.actor][token]
    hold(
        "L10",
        (paid, got) == (step.repaid, step.seized),
        lambda: (
            f"{told(paid)} paid and {told(got, token)} got, but told were {repaid} and {seized}"
        ),
    )


def l11(before: Seen, step: Step, after: Seen) -> None:
    """A stranger lowers nobody's shares or collateral, raises no debt, adds no new collateral; an
    operator may do the last three, and never touches shares."""
    for name, was in before.pool.accounts.items():
        if name == step.actor or (step.verb == "liquidate" and name == step.target):
            continue
        is_ = after.pool.account(name)
        if is_ == was:
            continue
        shares = is_.shares - was.shares
        hold("L11", shares >= 0, f"{step} took {-shares:,} shares of another")
        if (name, step.actor) in before.granted:
            continue
        debts = is_.debt_shares - was.debt_shares
        hold("L11", debts <= 0, f"{step} raised another's debt by {debts:,} debt shares")
        for token, (old, new) in enumerate(zip(was.collateral, is_.collateral, strict=True), 1):
            if new < old:
                raise Violation("L11", f"{step} took {after.told(old - new, token)} of another")
            if new and not old:
                raise Violation("L11", f"{step} planted {after.told(new, token)} on another")


def l15(before: Seen, step: Step, after: Seen) -> None:
    """What one does with one's own accounts makes no money, but for a debt found to be bad."""
    family = {step.actor, step.target or step.actor}
    owned = {name for name in family if name in after.wallets}
    if step.verb in ("price", "oracle", "clock") or (step.verb == "liquidate" and len(family) > 1):
        return
    if any(isinstance(price, Exception) for price in after.prices):
        return
    gain = wealth(after, owned, after.now) - wealth(before, owned, after.now)
    # Two units, because the sum of all debts is rounded before lenders share it.
    hold(
        "L15",
        gain <= step.bad_debt + 2,
        lambda: f"{step} made {after.told(floor(gain))} out of nothing",
    )


STEP_CHECKS: dict[str, Callable[[Seen, Step, Seen], None]] = {
    "L1": l1,
    "L2": l2,
    "L3": l3,
    "L4": l4,
    "L5": l5,
    "L6": l6,
    "L7": l7,
    "L9": l9,
    "L10": l10,
    "L11": l11,
    "L15": l15,
}


def wealth(seen: Seen, owners: set[str], now: int) -> Fraction:
    """Everything these accounts own less what they owe, at the prices seen. Exact. [asset]"""
    books, supply = seen.settled(now).market, seen.pool.total_shares + VIRTUAL_SHARES
    shares = scaled = 0  # money and debts times PRICE_SCALE, of which RAY is a factor
    for owner in owners:
        held, account = seen.wallets[owner], seen.pool.account(owner)
        shares += account.shares
        scaled += held[0] * PRICE_SCALE - account.debt_shares * books.index * (PRICE_SCALE // RAY)
        for number, price in enumerate(seen.prices):
            assert isinstance(price, int)
            scaled += (held[number + 1] + account.collateral[number]) * price
    lent = shares * (books.total_assets + 1) * PRICE_SCALE
    return Fraction(scaled * supply + lent, PRICE_SCALE * supply)


def _ratio(over: int | Fraction, under: int = 1) -> str:
    """Four decimals, rounded down: what is just below one is never told as one."""
    return f"{over * 10**4 // under / 10**4:.4f}" if under else "no end"


def _debt_and_cover(seen: Seen, account: str, now: int) -> tuple[int, int]:
    """Value times liquidation LTV [asset * bps], and debt [asset]."""
    debt = seen.settled(now).debt_of(account, now=now)
    return seen.pool.appraise(account, seen.prices).liquidation, debt


def _health(seen: Seen, account: str, now: int) -> Fraction | None:
    """None without debt, or while an oracle that matters refuses."""
    who = seen.pool.account(account)
    if not who.debt_shares:
        return None
    for amount, price in zip(who.collateral, seen.prices, strict=True):
        if amount and (isinstance(price, Exception) or price == 0):
            return None
    adjusted, debt = _debt_and_cover(seen, account, now)
    return Fraction(adjusted, debt * BPS)


def _terms(before: Seen, step: Step, now: int) -> tuple[Collateral, int]:
    """The collateral's parameters, and the bonus that the account's health allows."""
    risk = before.pool.parameters.collaterals[before.pool.parameters.numbers[step.token]]
    adjusted, debt = _debt_and_cover(before, step.target, now)
    health = health_down(adjusted, debt) if debt else WAD
    if health >= WAD:
        return risk, 0
    bonus = bonus_down(health, risk.max_bonus, risk.full_bonus_health)
    value = before.pool.appraise(step.target, before.prices).value
    assured = 0 if step.actor == step.target else risk.max_bonus
    return risk, covered_down(bonus, value, debt, assured)


def _share(seen: Seen) -> int:
    """What a debt share is worth, rounded up: a unit, until the index has grown a millionfold."""
    return to_assets_up(1, seen.settled(seen.now).market.index)
