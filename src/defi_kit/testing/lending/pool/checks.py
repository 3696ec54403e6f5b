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

from ....lending.interest import RAY, to_assets_up
from ....lending.liquidation import (
    PRICE_SCALE,
    bonus_down,
    covered_down,
    health_down,
)
from ....lending.pool import DUST_DIVISOR, VIRTUAL_SHARES, Collateral, Pool
from ....units import BPS, MAX_UINT256, WAD
from ...violations import Violation

Prices = tuple[int | Exception, ...]


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
    granted: frozenset[tuple[str, str]] = frozenset()
    """Owner and operator of each authorisation."""
    _settled: dict[int, Pool] = field(default_factory=dict, init=False, repr=False, compare=False)

    def settled(self, now: int) -> Pool:
        """The pool with interest up to `now`: many checks ask for it, it is worked out once."""
        found = self._settled.get(now)
        if found is None:
            found = self._settled[now] = self.pool.accrue(now=now)
        return found


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
    _hold("L1", sum(a.shares for a in accounts) == after.pool.total_shares, "supply shares")
    debt_shares = sum(a.debt_shares for a in accounts)
    _hold("L1", debt_shares == after.pool.market.debt_shares, "debt shares")


def l2(_: Seen, __: Step, after: Seen) -> None:
    """What is borrowed and what is in cash is what lenders and the reserve own."""
    books = after.settled(after.now).market
    owned = after.total_assets + books.reserve
    _hold("L2", after.total_debt <= owned, f"{after.total_debt} lent of {owned}")
    _hold("L2", after.total_debt + books.cash == owned, "debts and cash are not what is owned")


def l3(_: Seen, __: Step, after: Seen) -> None:
    """The pool holds its cash and everyone's collateral."""
    cash = after.pool.market.cash
    _hold("L3", after.balances[0] >= cash, f"{after.balances[0]} held, {cash} booked")
    for number, held in enumerate(after.balances[1:]):
        booked = sum(account.collateral[number] for account in after.pool.accounts.values())
        _hold("L3", held >= booked, f"collateral {number}: {held} held, {booked} booked")


def l4(_: Seen, step: Step, after: Seen) -> None:
    """Whom a liquidation leaves in debt it leaves with more than dust; who borrows or repays owes
    the minimum or nothing."""
    if step.verb in ("borrow", "leverage", "repay"):
        debt = after.settled(after.now).debt_of(step.target, now=after.now)
        least = after.pool.parameters.minimum_debt
        _hold("L4", not debt or debt >= least, f"{step} left a debt of {debt}, less than {least}")
    if step.verb == "liquidate" and after.pool.account(step.target).debt_shares:
        value = after.pool.appraise(step.target, after.prices).value
        dust = after.pool.parameters.minimum_debt // DUST_DIVISOR
        _hold("L4", value > dust, f"debt against {value}, no more than dust {dust}")


def l5(before: Seen, step: Step, after: Seen) -> None:
    """Only a price, the clock or a liquidation harms health; only the unhealthy are liquidated."""
    for account in after.pool.accounts:
        was, is_ = _health(before, account, after.now), _health(after, account, after.now)
        if was is None or is_ is None:
            continue
        if step.verb == "liquidate" and account == step.target:
            _hold("L5", was < 1, f"liquidated at health {was}")
        elif step.verb not in ("price", "oracle") and was >= 1:
            _hold("L5", is_ >= 1, f"{step.verb} made a healthy account unhealthy")


def l6(before: Seen, step: Step, after: Seen) -> None:
    """A share's value falls only where bad debt is realised, and by no more than that."""
    lost = step.bad_debt - step.from_reserve
    old, new = before.pool.total_shares + VIRTUAL_SHARES, after.pool.total_shares + VIRTUAL_SHARES
    owned = before.settled(after.now).market.total_assets
    _hold("L6", owned >= before.total_assets, "time costs lenders")
    least = (owned + 1 - lost - bool(lost)) * new
    _hold("L6", (after.total_assets + 1) * old >= least, f"{step.verb} lowered the share price")


def l9(before: Seen, step: Step, after: Seen) -> None:
    """While (1 + bonus) * LTV is below health, a liquidation raises health, makes no bad debt; and
    none does whatever the LTV while the collateral is worth the debt and the bonus."""
    if step.verb != "liquidate":
        return
    adjusted, debt = _debt_and_cover(before, step.target, after.now)
    risk, bonus = _terms(before, step, after.now)
    _l9_cover(before, step, after, debt, bonus)
    if adjusted * WAD <= debt * (WAD + bonus) * risk.liquidation_ltv:
        return
    dust = before.pool.parameters.minimum_debt // DUST_DIVISOR
    most = (dust + 2) * BPS // risk.liquidation_ltv  # only against dust of another collateral
    _hold("L9", step.bad_debt <= most, f"bad debt {step.bad_debt} of an account with cover")
    left, owed = _debt_and_cover(after, step.target, after.now)
    # Two units for the rounding of values, one for that of the debt, a debt share of the repayment.
    raised = (left + 2 * risk.liquidation_ltv) * debt >= adjusted * (owed - 1 - _share(after))
    _hold("L9", raised or not owed, "the liquidation lowered health")


def _l9_cover(before: Seen, step: Step, after: Seen, debt: int, bonus: int) -> None:
    """Where value covers debt and bonus, value over debt does not fall: no order makes it bad."""
    value = before.pool.appraise(step.target, before.prices).value
    if not debt or value * WAD < debt * (WAD + bonus):
        return
    dust = before.pool.parameters.minimum_debt // DUST_DIVISOR
    _hold("L9", step.bad_debt <= dust + 3, f"bad debt {step.bad_debt} of an account with cover")
    left = after.pool.appraise(step.target, after.prices).value
    _, owed = _debt_and_cover(after, step.target, after.now)
    # A unit for the rounding of a value, one for that of the debt, a debt share of the repayment.
    kept = (left + 1) * debt >= value * (owed - 1 - _share(after))
    _hold("L9", kept, "the liquidation lowered the cover")


def l10(before: Seen, step: Step, after: Seen) -> None:
    """The liquidator gets at most what is repaid and the bonus, and no more than there is."""
    if step.verb != "liquidate":
        return
    number = before.pool.parameters.numbers[step.token]
    price = before.prices[number]
    assert isinstance(price, int)
    _, bonus = _terms(before, step, after.now)
    fair = step.repaid * (WAD + bonus) * PRICE_SCALE
    _hold("L10", step.seized * price * WAD <= fair, f"{step.seized} seized for {step.repaid}")
    there = before.pool.account(step.target).collateral[number]
    _hold("L10", step.seized <= there, "more seized than there was")
    repay, most, least = step.limits
    _hold("L10", step.repaid <= repay, f"{step.repaid} repaid, {repay} allowed")
    _hold("L10", least <= step.seized <= most, f"{step.seized} seized, {least} to {most} allowed")
    paid = before.wallets[step.actor][0] - after.wallets[step.actor][0]
    got = after.wallets[step.actor][number + 1] - before.wallets[step.actor][number + 1]
    _hold("L10", (paid, got) == (step.repaid, step.seized), "other amounts moved than were told")


def l11(before: Seen, step: Step, after: Seen) -> None:
    """A stranger lowers nobody's shares or collateral, raises no debt, adds no new collateral; an
    operator may do the last three, and never touches shares."""
    for name, was in before.pool.accounts.items():
        if name == step.actor or (step.verb == "liquidate" and name == step.target):
            continue
        is_ = after.pool.account(name)
        if is_ == was:
            continue
        _hold("L11", is_.shares >= was.shares, f"{step.verb} took shares of another")
        if (name, step.actor) in before.granted:
            continue
        _hold("L11", is_.debt_shares <= was.debt_shares, f"{step.verb} raised another's debt")
        kept = all(new >= old for new, old in zip(is_.collateral, was.collateral, strict=True))
        _hold("L11", kept, f"{step.verb} took collateral of another")
        opened = any(
            new and not old for new, old in zip(is_.collateral, was.collateral, strict=True)
        )
        _hold("L11", not opened, f"{step.verb} planted a collateral on another")


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
    _hold("L15", gain <= step.bad_debt + 2, f"{step.verb} made {float(gain)}")


STEP_CHECKS: dict[str, Callable[[Seen, Step, Seen], None]] = {
    "L1": l1,
    "L2": l2,
    "L3": l3,
    "L4": l4,
    "L5": l5,
    "L6": l6,
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


def _hold(invariant: str, holds: bool, message: str) -> None:
    if not holds:
        raise Violation(invariant, message)


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
