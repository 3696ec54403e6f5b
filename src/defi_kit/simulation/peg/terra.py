"""Terra's end, simulated beside real, and how the agents were fitted to it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...errors import ParameterError
from .scenario import TERRA_DAYS, People, Scenario
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
    fitted_on: Sequence[int] | None = None,
    method: str | None = None,
) -> TerraReport:
    """Terra from the end of 2022-05-06 to 05-13, with the fitted people unless others are given.

    `fitted_on` and `method` say on which days (1 is 2022-05-07) and how what is given was found.
    """
    ours = people is None and run_size is None
    if fitted_on is None:
        fitted_on = range(1, 8) if ours else ()
    if method is None:
        method = f"{_search(500, 1)}, to four figures" if ours else "nobody: they were given"
    scenario = Scenario.terra(people, run_size=run_size)
    done = run(scenario)
    days = [
        TerraDay(
            date, point.dollar, point.share, point.dollars, point.shares, dollar, share,
            point.day in fitted_on,
        )
        for point, (date, dollar, share) in zip(done.path, TERRA_DAYS, strict=True)
    ]  # fmt: skip
    return TerraReport(tuple(days), scenario.people, scenario.run_size, method)


def fit_terra(days: Sequence[int] = range(1, 8), *, tries: int = 400, seed: int = 0) -> TerraReport:
    """Fits the people to the closes of these days (1 is 2022-05-07) by a seeded random search.

    First a third of the tries anywhere in the ranges, then ever closer around the best.
    """
    if not days or not set(days) <= set(range(1, len(TERRA_DAYS) + 1)):
        raise ParameterError(f"days {list(days)} are not from 1 to 7", hint="1 is 2022-05-07")
    if tries < 1:
        raise ParameterError(f"{tries} tries fit nothing", hint="some five hundred do")
    chance = random.Random(seed)
    best, best_error = {name: math.sqrt(low * high) for name, (low, high) in _RANGES.items()}, 1e9
    for place in range(tries):
        wide = max(1.0 - place / tries, 0.05) if place > tries // 3 else math.inf
        candidate = {}
        for name, (low, high) in _RANGES.items():
            if wide == math.inf:
                value = math.exp(chance.uniform(math.log(low), math.log(high)))
            else:
                value = best[name] * math.exp(chance.gauss(0, 0.5 * wide))
            candidate[name] = min(max(value, low), high)
        report = _tried(candidate, days)
        error = sum(_miss(day) for day in report.days if day.fitted)
        if error < best_error:
            best, best_error = candidate, error
    return _tried(best, days, _search(tries, seed))


_RANGES: Final = {
    "run_size": (0.02, 0.4),
    "run": (0.05, 20.0),
    "memory": (0.1, 3.0),
    "depth": (0.01, 0.3),
    "flight": (0.05, 20.0),
    "doubt": (0.1, 30.0),
    "impact": (0.05, 20.0),
    "drift": (0.01, 0.5),
}


def _search(tries: int, seed: int) -> str:
    return f"a random search of {tries} tries with seed {seed}"


def _tried(candidate: dict[str, float], days: Sequence[int], method: str = "") -> TerraReport:
    numbers = dict(candidate)
    run_size = numbers.pop("run_size")
    return terra(People(**numbers), run_size=run_size, fitted_on=days, method=method)


def _error(days: Sequence[TerraDay]) -> float:
    return math.sqrt(sum(_miss(day) for day in days) / (2 * len(days)))


def _miss(day: TerraDay) -> float:
    """Square of the dollar's difference, and of the share's in powers of ten."""
    share = math.log10(max(day.share, 1e-12) / day.real_share)
    return (day.dollar - day.real_dollar) ** 2 + share**2
