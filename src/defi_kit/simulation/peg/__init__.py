"""The peg laboratory: agents around an algorithmic dollar, on its twin or the real contracts.

run(Scenario.terra())                    Terra, from the end of 2022-05-06
run(Scenario.of("guarded"), seed=7)      the same people around a design with guards
"""

from __future__ import annotations

from .depeg import Depeg, DepegHour, DepegRun, run_depeg
from .fiat import BANKS, FiatRun, run_fiat
from .scenario import (
    DESIGNS,
    TERRA_DAYS,
    TERRA_PEOPLE,
    TERRA_SHARES,
    TERRA_SOURCES,
    TERRA_SUPPLIES,
    Guards,
    People,
    Scenario,
)
from .sweep import GUARDS, Grid, Result, Sweep, sweep
from .terra import TerraDay, TerraReport, fit_terra, terra
from .world import ENGINES, MARKETS, Account, Point, Run, run

__all__ = [
    "BANKS",
    "DESIGNS",
    "ENGINES",
    "GUARDS",
    "MARKETS",
    "TERRA_DAYS",
    "TERRA_PEOPLE",
    "TERRA_SHARES",
    "TERRA_SOURCES",
    "TERRA_SUPPLIES",
    "Account",
    "Depeg",
    "DepegHour",
    "DepegRun",
    "FiatRun",
    "Grid",
    "Guards",
    "People",
    "Point",
    "Result",
    "Run",
    "Scenario",
    "Sweep",
    "TerraDay",
    "TerraReport",
    "fit_terra",
    "run",
    "run_depeg",
    "run_fiat",
    "sweep",
    "terra",
]
