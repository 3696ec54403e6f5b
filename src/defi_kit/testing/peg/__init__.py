"""Property tests for dollars: on cash, on confidence, changed into one another, and anybody's."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .algo.machine import AlgoMachine
    from .algo.trial import AlgoTrial
    from .algo.world import AlgoWorld
    from .dollar.adapters import AlgoDollar, CashDollar, PegSwapDollar
    from .dollar.machine import DollarMachine
    from .dollar.market import DollarAdapter, DollarMarket
    from .dollar.trial import DollarTrial
    from .fiat.machine import FiatMachine
    from .fiat.pair import FiatPair
    from .fiat.trial import FiatTrial
    from .machine import PegMachine
    from .swap.machine import SwapMachine
    from .swap.trial import SwapTrial
    from .swap.world import SwapWorld

__all__ = [
    "AlgoDollar",
    "AlgoMachine",
    "AlgoTrial",
    "AlgoWorld",
    "CashDollar",
    "DollarAdapter",
    "DollarMachine",
    "DollarMarket",
    "DollarTrial",
    "FiatMachine",
    "FiatPair",
    "FiatTrial",
    "PegMachine",
    "PegSwapDollar",
    "SwapMachine",
    "SwapTrial",
    "SwapWorld",
]

_HOMES = {
    "AlgoDollar": "dollar.adapters",
    "AlgoMachine": "algo.machine",
    "AlgoTrial": "algo.trial",
    "AlgoWorld": "algo.world",
    "CashDollar": "dollar.adapters",
    "DollarAdapter": "dollar.market",
    "DollarMachine": "dollar.machine",
    "DollarMarket": "dollar.market",
    "DollarTrial": "dollar.trial",
    "FiatMachine": "fiat.machine",
    "FiatPair": "fiat.pair",
    "FiatTrial": "fiat.trial",
    "PegMachine": "machine",
    "PegSwapDollar": "dollar.adapters",
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
