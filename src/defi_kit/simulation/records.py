"""What a replay saw: one record a step, the loans, and the totals. Integers throughout."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from defi_kit.units import WAD, Amount

__all__ = [
    "CLOSED",
    "HEALTH_SCALE",
    "HIGHEST_HEALTH",
    "Keeping",
    "Loan",
    "Path",
    "Replay",
    "Step",
    "exact_ratio",
]

HEALTH_SCALE = 10_000
"""A health factor of one, as the records hold it."""

CLOSED = -1
"""The health of a loan that is closed or not yet open, as the records hold it."""

HIGHEST_HEALTH = 2**31 - 1
"""Health factors above this are recorded as this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the history, or several neighbouring rows merged: flows add up, states are the
    last row's, lows and highs span all."""

    time: int
    """Moment of the (last) row in the history. [unix seconds]"""
    price: int
    """The (last) row's price. [dollars, 8 decimals]"""
    low: int
    high: int
    rows: int
    """How many rows of the history this record covers."""

    health: array[int]
    """Health factor of each loan, in the order of `Replay.loans`, when price and interest have come
    in and no keeper has acted yet; `CLOSED` for one without debt. In merged rows the lowest.
    [1/10,000]"""
    liquidated: tuple[int, ...]
    """Positions of the loans liquidated, in rising order."""

    liquidations: int
    """Liquidation calls."""
    collateral_seized: int
    """[collateral units]"""
    debt_repaid: int
    """By the keepers. [dollar units]"""
    bonus_paid: int
    """Value of what was seized above what was repaid, at the feed's price. [dollar units]"""
    bad_debt: int
    """Debt written off. [dollar units]"""

    debt: int
    """Owed by all borrowers at the end, interest included. [dollar units]"""
    utilisation: int
    """Share of the lenders' money that is lent. [wad]"""
    lenders_return: int
    """Gain of the lenders' share price since the start; negative where they lost. [wad]"""
    violations: int
    """Invariants found broken."""

    def merged(self, later: Step) -> Step:
        """This record and the `later` one as one."""
        return replace(
            later,
            low=min(self.low, later.low),
            high=max(self.high, later.high),
            rows=self.rows + later.rows,
            health=array("i", map(_lower_health, self.health, later.health)),
            liquidated=tuple(sorted({*self.liquidated, *later.liquidated})),
            liquidations=self.liquidations + later.liquidations,
            collateral_seized=self.collateral_seized + later.collateral_seized,
            debt_repaid=self.debt_repaid + later.debt_repaid,
            bonus_paid=self.bonus_paid + later.bonus_paid,
            bad_debt=self.bad_debt + later.bad_debt,
            violations=self.violations + later.violations,
        )


def _lower_health(earlier: int, later: int) -> int:
    # A loan that closed on the way shows the health it last had.
    return max(earlier, later) if CLOSED in (earlier, later) else min(earlier, later)


class Path:
    """Steps in order, never more than `limit`: beyond that neighbours are merged two by two, so
    that a history of any length fits in bounded memory."""

    def __init__(self, limit: int = 1_000) -> None:
        self.limit = max(2, limit)
        self._steps: list[Step] = []
        self._width = 1

    def add(self, step: Step) -> None:
        """Appends `step`."""
        if self._steps and self._steps[-1].rows + step.rows <= self._width:
            self._steps[-1] = self._steps[-1].merged(step)
            return
        if len(self._steps) == self.limit:
            self._halve()
            self.add(step)
            return
        self._steps.append(step)

    def _halve(self) -> None:
        self._width *= 2
        steps, self._steps = self._steps, []
        for step in steps:
            self.add(step)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The records so far."""
        return tuple(self._steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """One borrower's loan, as it was opened and how it ended."""

    name: str
    address: str
    collateral: Amount
    debt: Amount
    ratio: int
    """Value of the collateral over the debt when opened. [wad]"""
    liquidations: int
    """Liquidation calls it suffered."""
    closed: int | None
    """When no debt was left, or None while it is open. [unix seconds of the history]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """One keeper, and how it fared against the others."""

    name: str
    address: str
    liquidations: int
    late: int
    """Attempts for which another one was faster; they were refused."""
    profit: Amount
    """Gas paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A price history, lived through by an economy."""

    source: str
    """Where the prices come from, in words."""
    engine: str
    """The chain it ran on: embedded, anvil or node."""
    seed: int
    rows: int
    """Rows of the history that were replayed, the first (the opening) included."""
    start: int
    """[unix seconds]"""
    end: int
    """[unix seconds]"""
    spacing: int
    """Median time between two rows, the lower of two. [seconds]"""
    first_price: int
    """[dollars, 8 decimals]"""
    last_price: int
    lowest_price: int
    highest_price: int

    loans: tuple[Loan, ...]
    steps: tuple[Step, ...]

    collateral_seized: Amount
    debt_repaid: Amount
    bonus_paid: Amount
    bad_debt: Amount
    """Debt written off: what the reserve bore and what the lenders bore."""
    bad_debt_reserve: Amount
    """The part of `bad_debt` that the first-loss reserve bore."""
    loans_unhealthy: int
    """Loans that could be liquidated at the end and were not, because it did not pay."""
    keepers: tuple[Keeping, ...]
    keeper_profit: int
    """What all keepers gained, gas paid; they hold nothing but dollars. [dollar units]"""
    lenders_start: Amount
    """Money of the lenders when the loans were opened."""
    lenders_end: Amount
    lenders_return: int
    """Gain of the lenders' share price; negative where they lost. [wad]"""

    checks: Mapping[str, int]
    """Times each numbered invariant was checked."""
    violations: tuple[str, ...]
    """Each broken invariant in words, with the moment; empty when all held."""

    @property
    def liquidations(self) -> int:
        """Liquidation calls."""
        return sum(step.liquidations for step in self.steps)

    @property
    def loans_liquidated(self) -> int:
        """Loans that were liquidated at least once."""
        return sum(1 for loan in self.loans if loan.liquidations)

    @property
    def loans_closed(self) -> int:
        """Loans that have no debt left."""
        return sum(1 for loan in self.loans if loan.closed is not None)

    @property
    def invariants_checked(self) -> int:
        """Checks made of all invariants."""
        return sum(self.checks.values())

    @property
    def invariants_held(self) -> bool:
        """Whether something was checked and nothing was broken."""
        return self.invariants_checked > 0 and not self.violations

    @property
    def hours(self) -> Decimal:
        """Time from the first row to the last and, for the last row itself, one `spacing`."""
        return exact_ratio(self.end - self.start + self.spacing, 3_600)


def exact_ratio(numerator: int, denominator: int) -> Decimal:
    """`numerator / denominator` to eighteen places, rounded towards minus infinity."""
    return Decimal(numerator * WAD // denominator).scaleb(-18)
