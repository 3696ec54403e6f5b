"""Terra's end, simulated beside real, and how the agents were fitted to it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ...errors import ParameterError
from .scenario import (
    NOISE,
    TERRA_DAYS,
    TERRA_SETTLED,
    TERRA_SOURCES,
    TERRA_SUPPLIES,
    People,
    Scenario,
)
from .world import run

__all__ = ["TerraDay", "TerraReport", "fit_terra", "terra"]


@dataclass(frozen=True, slots=True)
class TerraDay:
    """One day, simulated beside real. Prices in US dollars."""

    date: str
    dollar: float
    share: float
    dollars: float
    shares: float
    real_dollar: float
    real_share: float
    real_dollars: float | None
    """As published, at or before the day's end; None where no figure was found."""
    real_shares: float | None
    """As `real_dollars`."""
    fitted: bool
    """Whether the parameters were fitted to this day."""


@dataclass(frozen=True, slots=True)
class TerraReport:
    """Terra's end, simulated beside real."""

    days: tuple[TerraDay, ...]
    people: People
    run_size: float
    method: str
    """How people and run size were found."""

    @property
    def error(self) -> float:
        """Root of the mean square: of dollars' differences, and of shares' in powers of ten."""
        return _error(self.days)

    @property
    def error_outside(self) -> float | None:
        """The same, of the days outside the fit; None where there are none."""
        outside = [day for day in self.days if not day.fitted]
        return _error(outside) if outside else None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {
            "days": [
                {name: getattr(day, name) for name in TerraDay.__slots__} for day in self.days
            ],
            "sources": dict(TERRA_SOURCES),
            "error": self.error,
            "error_outside": self.error_outside,
            "parameters": {
                "run_size": self.run_size,
                **{name: getattr(self.people, name) for name in People.__slots__},
            },
            "fitted_on": [day.date for day in self.days if day.fitted],
            "method": self.method,
        }


def terra(
    people: People | None = None,
    *,
    run_size: float | None = None,
    seed: int | None = None,
    market: str = "model",
    fitted_on: Sequence[int] | None = None,
    method: str | None = None,
) -> TerraReport:
    """Terra from the end of 2022-05-06 to 05-13, with the fitted people unless others are given.

    With a seed, what all shares are worth moves by chance as well, 5 % a day. `market` is as in
    `run`; the shipped people were fitted on `model`. `fitted_on` and `method` say on which days
    (1 is 2022-05-07) and how what is given was found. ParameterError for an unknown market.
    """
    ours = people is None and run_size is None
    if fitted_on is None:
        fitted_on = range(1, 8) if ours else ()
    if method is None:
        method = f"{_search(500, 1)}, to four figures" if ours else "nobody: they were given"
        if ours and market != "model":
            method += ", on another market"
    # Nothing stops the chain: for the people found nobody would within the week, and for those
    # that a search tries the hour of it would be chance.
    scenario = replace(Scenario.terra(people, run_size=run_size), halt=math.inf)
    if seed is not None:
        scenario = replace(scenario, people=replace(scenario.people, noise=NOISE))
    done = run(scenario, seed=seed or 0, market=market)
    days = [
        TerraDay(
            date, point.dollar, point.share, point.dollars, point.shares, dollar, share,
            *TERRA_SUPPLIES[date], point.day in fitted_on,
        )
        for point, (date, dollar, share) in zip(done.path, TERRA_DAYS, strict=True)
    ]  # fmt: skip
    return TerraReport(tuple(days), scenario.people, scenario.run_size, method)


def fit_terra(days: Sequence[int] = range(1, 8), *, tries: int = 400, seed: int = 0) -> TerraReport:
    """Fits the people to the closes of these days (1 is 2022-05-07) by a seeded random search.

    First a third of the tries anywhere in the ranges, then ever closer around one of the best few.
    """
    if len(set(days)) < len(days):
        raise ParameterError(f"days {list(days)} name one twice", hint="each of them once")
    if not days or not set(days) <= set(range(1, len(TERRA_DAYS) + 1)):
        raise ParameterError(f"days {list(days)} are not from 1 to 7", hint="1 is 2022-05-07")
    if tries < 1:
        raise ParameterError(f"{tries} tries fit nothing", hint="some five hundred do")
    chance = random.Random(seed)
    best: list[tuple[float, dict[str, float]]] = []
    for place in range(tries):
        around = chance.choice(best)[1] if place > tries // 3 else None
        candidate = _candidate(chance, around, wide=0.5 * (1.0 - place / tries) + 0.02)
        report = _tried(candidate, days)
        error = sum(_miss(day) for day in report.days if day.fitted) + _strangeness(candidate)
        best = sorted([*best, (error, candidate)], key=lambda one: one[0])[:ELITE]
    return _tried(best[0][1], days, _search(tries, seed))


def _candidate(
    chance: random.Random, around: dict[str, float] | None, *, wide: float
) -> dict[str, float]:
    """Numbers to try: anywhere in the ranges, or near others."""
    candidate = {}
    for name, (low, high) in _RANGES.items():
        if around is None:
            value = math.exp(chance.uniform(math.log(low), math.log(high)))
        else:
            value = around[name] * math.exp(chance.gauss(0, wide))
        candidate[name] = min(max(value, low), high)
    return candidate


def _strangeness(candidate: dict[str, float]) -> float:
    """What the search adds to the misses for numbers far from the middle of their ranges: what few
    closes do not settle stays moderate, and days outside the fit are missed by less."""
    middles = {name: math.log(low * high) / 2 for name, (low, high) in _RANGES.items()}
    return PULL * sum((math.log(candidate[name]) - middles[name]) ** 2 for name in middles)


ELITE: Final = 6
"""Tries that others are made from."""
PULL: Final = 0.01
"""Of a number that is e times too large, or too small."""
_RANGES: Final = {
    "run_size": (0.02, 0.4),
    "run": (0.05, 20.0),
    "depth": (0.03, 0.3),
    "flight": (0.2, 4.0),
    "doubt": (0.1, 30.0),
    "drift": (0.01, 0.5),
}
"""What is fitted, and from where to where."""


def _search(tries: int, seed: int) -> str:
    return f"a random search of {tries} tries with seed {seed}"


def _tried(candidate: dict[str, float], days: Sequence[int], method: str = "") -> TerraReport:
    numbers = dict(candidate)
    run_size = numbers.pop("run_size")
    people = replace(TERRA_SETTLED, **numbers)
    return terra(people, run_size=run_size, fitted_on=days, method=method)


def _error(days: Sequence[TerraDay]) -> float:
    return math.sqrt(sum(_miss(day) for day in days) / (2 * len(days)))


def _miss(day: TerraDay) -> float:
    """Square of the dollar's difference, and of the share's in powers of ten."""
    share = math.log10(max(day.share, 1e-12) / day.real_share)
    return (day.dollar - day.real_dollar) ** 2 + share**2
