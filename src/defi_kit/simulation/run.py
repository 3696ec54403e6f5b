"""A replay: the loop over a price history, what it adds up, and what it checks."""

from __future__ import annotations

import dataclasses
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from itertools import pairwise
from statistics import median_low
from typing import TYPE_CHECKING

from defi_kit.errors import DefiKitError, NotSupported, PriceHistoryError
from defi_kit.simulation.audit import Auditor
from defi_kit.simulation.instants import format_time
from defi_kit.simulation.invariants import Acts, Books, check
from defi_kit.simulation.records import (
    CLOSED,
    HEALTH_SCALE,
    HIGHEST_HEALTH,
    Keeping,
    Loan,
    Path,
    Replay,
    Step,
)
from defi_kit.simulation.scenario import Scenario
from defi_kit.simulation.world import World
from defi_kit.units import WAD

if TYPE_CHECKING:
    from defi_kit.chain import Chain
    from defi_kit.simulation.history import PriceHistory

__all__ = [
    "LONGEST",
    "SHORT",
    "Progress",
    "replay",
]

Progress = Callable[[int, int], None]
"""Told how many rows of how many are done."""

LONGEST = 80 * 365 * 86_400
"""Longest history that can be replayed: the exchange's clock ends in 2106. [seconds]"""

SHORT = 2_000
"""In histories up to so many rows every account is read and every dollar counted at every row; in
longer ones at every hundredth row and wherever a loan moved."""

_MOST_TOLD = 100  # violations kept in words; all are counted


def replay(
    chain: Chain,
    history: PriceHistory,
    scenario: Scenario | None = None,
    *,
    progress: Progress | None = None,
) -> Replay:
    """Lives through `history` on `chain`, with the loans of `scenario`.

    At the first price the economy is deployed and the loans are opened. At every further row, in
    this order: the clock moves as far as in the history; the feed says the new price; the
    arbitrageur trades until the exchange agrees with it; the keepers race for whoever is unhealthy,
    each with a contract that sells the collateral on the exchange to repay the debt, as long as
    that pays, and the arbitrageur follows each of them, up to 500 times a row; borrowers whose loan
    was closed come back, if the scenario says so; every invariant is
    checked. Every transaction takes a second: where rows lie closer together than that the chain's
    clock lags behind.

    At the end, failed or not, the arbitrageur takes its unlimited approvals back.
    On a node that is not the kit's own everything is undone afterwards. Raises `NotSupported` off
    local chains, `PriceHistoryError` for histories of more than 80 years, and whatever the chain
    raises.
    """
    if not chain.is_local:
        raise NotSupported(
            f"chain {chain.chain_id} is not a local development chain: a replay moves its clock",
            hint="use --chain embedded or --chain anvil",
        )
    if history[-1].time - history[0].time > LONGEST:
        raise PriceHistoryError(
            f"{history.source}: spans from {format_time(history[0].time)} "
            f"to {format_time(history[-1].time)}, more than 80 years",
            hint="replay a part of it: --from, --to",
        )
    with chain.snapshot() if chain.engine == "node" else nullcontext():
        run = _Run(chain, history, scenario or Scenario(), progress)
        try:
            result = run.run()
        except BaseException:
            # What went wrong matters more: a chain that is gone cannot take approvals back.
            with suppress(DefiKitError):
                run.world.close()
            raise
        run.world.close()
        return result


class _Run:
    def __init__(
        self, chain: Chain, history: PriceHistory, scenario: Scenario, progress: Progress | None
    ) -> None:
        self.history, self.scenario = history, scenario
        self.progress = progress or (lambda done, total: None)
        self.engine = chain.engine
        self.world = World(chain, scenario, history[0].price)
        self.auditor = Auditor(self.world)
        self.books = self.auditor.books(count=True)
        self.world.acts()
        self.path = Path()
        self.checks: Counter[str] = Counter()
        self.violations: list[str] = []
        self.collateral = [0] * scenario.loans
        self.hits = [0] * scenario.loans
        self.closed: list[int | None] = [None] * scenario.loans
        self.bad_debt_reserve = 0

    def run(self) -> Replay:
        world, history = self.world, self.history
        first = history[0]
        for borrower in range(self.scenario.loans):
            self.collateral[borrower] = world.open_loan(borrower, first.price)
        self._record(first.time, first.price, world.health(), count=True)
        self.opening = self.books
        start = world.chain.timestamp - first.time
        for row, tick in enumerate(history):
            if row:
                self._live(row, start + tick.time, tick.time, tick.price)
            self.progress(row + 1, len(history))
        return self._result()

    def _live(self, row: int, now: int, time: int, price: int) -> None:
        world = self.world
        world.set_price(price, now)
        world.arbitrage(price)
        health = world.health()
        world.keep(price, health)
        self._reopen(time, price)
        moved = bool(world.done.strikes or world.done.opened)
        last = row == len(self.history) - 1
        self._record(time, price, health, count=moved or last or self._due(row))

    def _due(self, row: int) -> bool:
        return len(self.history) <= SHORT or row % 100 == 0

    def _reopen(self, time: int, price: int) -> None:
        wait = self.scenario.reopen_after
        if wait is None:
            return
        for borrower, closed in enumerate(self.closed):
            due = closed is not None and time >= closed + wait
            if due and self.world.can_lend(borrower):
                self.world.open_loan(borrower, price)
                self.closed[borrower] = None

    # --- what is kept -----------------------------------------------------------------------------

    def _record(self, time: int, price: int, health: list[int | None], *, count: bool) -> None:
        before, self.books = self.books, self.auditor.books(count=count)
        acts = self.world.acts()
        broken = self._check(before, acts, time)
        for strike in acts.strikes:
            self.hits[strike.borrower] += 1
            self.bad_debt_reserve += strike.from_reserve
            if strike.health_after is None:
                self.closed[strike.borrower] = time
        books = self.books
        lent = books.cash + books.debt
        self.path.add(
            Step(
                time=time,
                price=price,
                low=price,
                high=price,
                rows=1,
                health=array("i", map(_shown, health)),
                liquidated=tuple(sorted({strike.borrower for strike in acts.strikes})),
                liquidations=len(acts.strikes),
                collateral_seized=sum(strike.done.seized for strike in acts.strikes),
                debt_repaid=sum(strike.done.repaid for strike in acts.strikes),
                bonus_paid=sum(strike.bonus_value for strike in acts.strikes),
                bad_debt=sum(strike.done.bad_debt for strike in acts.strikes),
                debt=books.debt,
                utilisation=books.debt * WAD // lent if lent else 0,
                lenders_return=self._return(),
                violations=broken,
            )
        )

    def _check(self, before: Books, acts: Acts, time: int) -> int:
        broken = 0
        for finding in check(before, self.books, acts, self.world.terms):
            self.checks[finding.number] += 1
            if not finding.held:
                broken += 1
                if len(self.violations) < _MOST_TOLD:
                    moment = format_time(time)
                    self.violations.append(f"{finding.number} at {moment}: {finding.words}")
        return broken

    def _return(self) -> int:
        """Gain of the share price since the loans were opened, rounded down. [wad]"""
        opening = getattr(self, "opening", self.books)
        shares = (opening.lender_shares, self.books.lender_shares)
        return self.books.total_assets * shares[0] * WAD // (opening.total_assets * shares[1]) - WAD

    def _result(self) -> Replay:
        world, history, steps = self.world, self.history, self.path.steps
        usd = world.usd.unit
        weth = dataclasses.replace(world.weth.unit, symbol=self.scenario.asset)
        return Replay(
            source=history.source,
            engine=self.engine,
            seed=self.scenario.seed,
            rows=len(history),
            start=history[0].time,
            end=history[-1].time,
            spacing=median_low(later - earlier for earlier, later in pairwise(history.times)),
            first_price=history[0].price,
            last_price=history[-1].price,
            lowest_price=min(history.prices),
            highest_price=max(history.prices),
            loans=tuple(
                Loan(
                    name=plan.name,
                    address=who.address,
                    collateral=weth.amount(self.collateral[index]),
                    debt=usd.amount(plan.debt),
                    ratio=plan.ratio,
                    liquidations=self.hits[index],
                    closed=self.closed[index],
                )
                for index, (plan, who) in enumerate(zip(world.plans, world.borrowers, strict=True))
            ),
            steps=steps,
            collateral_seized=weth.amount(sum(step.collateral_seized for step in steps)),
            debt_repaid=usd.amount(sum(step.debt_repaid for step in steps)),
            bonus_paid=usd.amount(sum(step.bonus_paid for step in steps)),
            bad_debt=usd.amount(sum(step.bad_debt for step in steps)),
            bad_debt_reserve=usd.amount(self.bad_debt_reserve),
            loans_unhealthy=sum(1 for one in world.health() if one is not None and one < WAD),
            keepers=tuple(
                Keeping(
                    name=f"keeper {number + 1}",
                    address=rival.account.address,
                    liquidations=rival.liquidations,
                    late=rival.late,
                    profit=usd.amount(rival.profit),
                )
                for number, rival in enumerate(world.keepers)
            ),
            keeper_profit=sum(rival.profit for rival in world.keepers),
            lenders_start=usd.amount(self.opening.total_assets),
            lenders_end=usd.amount(self.books.total_assets),
            lenders_return=self._return(),
            checks=dict(self.checks),
            violations=tuple(self.violations),
        )


def _shown(health: int | None) -> int:
    if health is None:
        return CLOSED
    return min(health // (WAD // HEALTH_SCALE), HIGHEST_HEALTH)
