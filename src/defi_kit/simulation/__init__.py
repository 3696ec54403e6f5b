"""Lives through a price history with the whole economy on a chain, and tells what happened.

>>> from defi_kit import Chain
>>> from defi_kit.simulation import CRASH, replay
>>> replay(Chain.embedded(), CRASH).invariants_held
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "CRASH": "crash",
    "PriceHistory": "history",
    "Scenario": "scenario",
    "Tick": "history",
    "replay": "run",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: the processes of a peg sweep need no keeper and no pool.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES.get(name, 'records')}", __name__), name)
    globals()[name] = value
    return value
