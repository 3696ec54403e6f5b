"""Lives through a price history with the whole economy on a chain, and tells what happened.

>>> from defi_kit import Chain
>>> from defi_kit.simulation import CRASH, replay
>>> replay(Chain.embedded(), CRASH).invariants_held
True
"""

from __future__ import annotations

from defi_kit.simulation.crash import CRASH
from defi_kit.simulation.history import PriceHistory, Tick
from defi_kit.simulation.records import Keeping, Loan, Replay, Step
from defi_kit.simulation.run import replay
from defi_kit.simulation.scenario import Scenario

__all__ = [
    "CRASH",
    "Keeping",
    "Loan",
    "PriceHistory",
    "Replay",
    "Scenario",
    "Step",
    "Tick",
    "replay",
]
