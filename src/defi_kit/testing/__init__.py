"""Property tests for money: machines, strategies, invariants and counter-examples that run.

A `Trial` drives a market, an exchange or a peg verb by verb and checks what must hold; a machine
lives random lives with it; what it finds is told as a story and as a script. Machines need
Hypothesis (`pip install 'defi-kit[test]'`), nothing else does; so what is here is imported when it
is asked for.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from ..errors import NotSupported

if TYPE_CHECKING:
    from . import strategies
    from .exchange.machine import ExchangeMachine
    from .exchange.market import PairAdapter, PairMarket
    from .exchange.pair import PairMachine
    from .exchange.pair_trial import PairTrial
    from .exchange.trial import ExchangeTrial
    from .exchange.world import World
    from .explored import Explored
    from .lending.adapter import Adapter
    from .lending.machine import LendingMachine
    from .lending.market import Collateral, LendingMarket, Position, Terms, View
    from .lending.pool import PoolMarket, PoolTrial
    from .lending.pool.machine import PoolMachine
    from .lending.trial import LendingTrial
    from .machine import TrialMachine
    from .peg.dollar import DollarAdapter, DollarMarket, DollarTrial
    from .peg.dollar.machine import DollarMachine
    from .peg.machine import PegMachine
    from .trial import Step, Trial, step
    from .violations import Violation

__all__ = [
    "Adapter",
    "Collateral",
    "DollarAdapter",
    "DollarMachine",
    "DollarMarket",
    "DollarTrial",
    "ExchangeMachine",
    "ExchangeTrial",
    "Explored",
    "LendingMachine",
    "LendingMarket",
    "LendingTrial",
    "PairAdapter",
    "PairMachine",
    "PairMarket",
    "PairTrial",
    "PegMachine",
    "PoolMachine",
    "PoolMarket",
    "PoolTrial",
    "Position",
    "Step",
    "Terms",
    "Trial",
    "TrialMachine",
    "View",
    "Violation",
    "World",
    "step",
    "strategies",
]

_WHERE: Final = {
    "Adapter": "lending.adapter",
    "Collateral": "lending.market",
    "DollarAdapter": "peg.dollar",
    "DollarMachine": "peg.dollar.machine",
    "DollarMarket": "peg.dollar",
    "DollarTrial": "peg.dollar",
    "ExchangeMachine": "exchange.machine",
    "ExchangeTrial": "exchange.trial",
    "Explored": "explored",
    "LendingMachine": "lending.machine",
    "LendingMarket": "lending.market",
    "LendingTrial": "lending.trial",
    "PairAdapter": "exchange.market",
    "PairMachine": "exchange.pair",
    "PairMarket": "exchange.market",
    "PairTrial": "exchange.pair_trial",
    "PegMachine": "peg.machine",
    "PoolMachine": "lending.pool.machine",
    "PoolMarket": "lending.pool",
    "PoolTrial": "lending.pool",
    "Position": "lending.market",
    "Step": "trial",
    "Terms": "lending.market",
    "Trial": "trial",
    "TrialMachine": "machine",
    "View": "lending.market",
    "Violation": "violations",
    "World": "exchange.world",
    "step": "trial",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE and name != "strategies":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if (name.endswith("Machine") or name == "strategies") and find_spec("hypothesis") is None:
        raise NotSupported(f"{name} needs Hypothesis", hint="pip install 'defi-kit[test]'")
    if name == "strategies":
        return import_module(f"{__name__}.strategies")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
