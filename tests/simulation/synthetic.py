"""Replays made up for tests of what shows them; no chain needed."""

from __future__ import annotations

from array import array
from typing import Any

from defi_kit.simulation.crash import CRASH
from defi_kit.simulation.records import CLOSED, Keeping, Loan, Path, Replay, Step
from defi_kit.units import WAD, Unit

USD = Unit("USD", 6)
WETH = Unit("WETH", 18)


def step(**changes: Any) -> Step:
    """A quiet step of one loan at a dollar, with `changes`."""
    values: dict[str, Any] = {
        "time": 1_583_971_200,
        "price": 10**8,
        "low": changes.get("price", 10**8),
        "high": changes.get("price", 10**8),
        "rows": 1,
        "health": array("i", [20_000]),
        "liquidated": (),
        "liquidations": 0,
        "collateral_seized": 0,
        "debt_repaid": 0,
        "bonus_paid": 0,
        "bad_debt": 0,
        "debt": 10**9,
        "utilisation": 7 * 10**17,
        "lenders_return": 0,
        "violations": 0,
    }
    return Step(**(values | changes))


def crash_replay(loans: int = 12, **changes: Any) -> Replay:
    """The crash with loans that are closed whole at the first hour in which they are unhealthy."""
    ratios = [WAD * (140 + 160 * i // loans) // 100 for i in range(loans)]
    closed: dict[int, int] = {}
    path, lost = Path(), 0
    for tick in CRASH:
        health = [ratio * 4 * tick.price // (5 * CRASH.prices[0] * 10**14) for ratio in ratios]
        hit = [i for i in range(loans) if i not in closed and health[i] < 10_000]
        shown = array("i", [CLOSED if i in closed else health[i] for i in range(loans)])
        closed |= dict.fromkeys(hit, tick.time)
        lost += 10**15 * len(hit) - 10**12
        path.add(
            step(
                time=tick.time,
                price=tick.price,
                health=shown,
                liquidated=tuple(hit),
                liquidations=len(hit),
                collateral_seized=len(hit) * 10**18,
                debt_repaid=len(hit) * 100 * 10**6,
                bonus_paid=len(hit) * 4 * 10**6,
                bad_debt=len(hit) * 10**6,
                lenders_return=-lost,
            )
        )
    steps = path.steps
    values: dict[str, Any] = {
        "source": CRASH.source,
        "engine": "embedded",
        "seed": 1,
        "rows": 48,
        "start": CRASH.times[0],
        "end": CRASH.times[-1],
        "spacing": 3_600,
        "first_price": CRASH.prices[0],
        "last_price": CRASH.prices[-1],
        "lowest_price": min(CRASH.prices),
        "highest_price": max(CRASH.prices),
        "loans": tuple(
            Loan(
                name=f"borrower {i + 1}",
                address="0x" + f"{i + 1:040x}",
                collateral=WETH.amount(10**18),
                debt=USD.amount(10**8),
                ratio=ratio,
                liquidations=int(i in closed),
                closed=closed.get(i),
            )
            for i, ratio in enumerate(ratios)
        ),
        "steps": steps,
        "collateral_seized": WETH.amount(sum(s.collateral_seized for s in steps)),
        "debt_repaid": USD.amount(sum(s.debt_repaid for s in steps)),
        "bonus_paid": USD.amount(sum(s.bonus_paid for s in steps)),
        "bad_debt": USD.amount(sum(s.bad_debt for s in steps)),
        "bad_debt_reserve": USD.amount(10**6),
        "loans_unhealthy": 0,
        "keepers": (
            Keeping(
                name="keeper 1",
                address="0x" + "a" * 40,
                liquidations=3,
                late=1,
                profit=USD.amount(15),
            ),
        ),
        "keeper_profit": 15,
        "lenders_start": USD.amount(10**12),
        "lenders_end": USD.amount(10**12 - 1),
        "lenders_return": -lost,
        "checks": {"L1": 48, "X1": 47},
        "violations": (),
    }
    return Replay(**(values | changes))
