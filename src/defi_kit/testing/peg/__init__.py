"""Property tests for dollars: on cash, on confidence, and changed into one another."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .algo.machine import AlgoMachine
    from .algo.trial import AlgoTrial
    from .algo.world import AlgoWorld
    from .fiat.machine import FiatMachine
    from .fiat.pair import FiatPair
    from .fiat.trial import FiatTrial
    from .machine import PegMachine
    from .swap.machine import SwapMachine
    from .swap.trial import SwapTrial
    from .swap.world import SwapWorld

__all__ = [
    "AlgoMachine",
    "AlgoTrial",
    "AlgoWorld",
    "FiatMachine",
    "FiatPair",
    "FiatTrial",
    "PegMachine",
    "SwapMachine",
    "SwapTrial",
    "SwapWorld",
]

_HOMES = {
    "AlgoMachine": "algo.machine",
    "AlgoTrial": "algo.trial",
    "AlgoWorld": "algo.world",
    "FiatMachine": "fiat.machine",
    "FiatPair": "fiat.pair",
    "FiatTrial": "fiat.trial",
    "PegMachine": "machine",
    "SwapMachine": "swap.machine",
    "SwapTrial": "swap.trial",
    "SwapWorld": "swap.world",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: machines need Hypothesis.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
