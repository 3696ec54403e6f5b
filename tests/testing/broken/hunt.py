"""How long the machines need to find a mistake."""

from __future__ import annotations

import time
from functools import cache, partial
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from defi_kit.bindings import SimpleDollar, SimplePool
from defi_kit.chain import Chain
from defi_kit.testing.explored import Explored
from defi_kit.testing.lending.machine import LendingMachine
from defi_kit.testing.lending.pool import PoolMarket
from defi_kit.testing.lending.pool.machine import PoolMachine
from defi_kit.testing.machine import TrialMachine
from defi_kit.testing.peg.dollar.machine import DollarMachine
from defi_kit.testing.violations import Violation
from faults import faulty_bytecode
from testing.broken.dollar_faults import DOLLAR
from testing.broken.my_dollar import MyDollar
from testing.broken.my_market import MyMarket
from testing.broken.pool_faults import CHECKED_SOURCES, SOURCES
from testing.broken.simple_faults import SIMPLE

SIMPLE_DOLLAR = "contracts/testing/stablecoins/SimpleDollar.sol"
SIMPLE_POOL = "contracts/testing/lending/SimplePool.sol"


class _Late(KeyboardInterrupt):
    """Hypothesis lets it pass."""


def hunt(
    machine: type[TrialMachine], make: Any, seconds: float, **arguments: Any
) -> tuple[str | None, float]:
    """The first invariant that a machine finds violated in so many seconds of a core, and when."""
    began = time.process_time()

    class Hunting(machine):  # type: ignore[misc,valid-type]
        variants = (arguments,)
        folder = None
        explored = Explored()

        def start(self, variant: int) -> None:
            if time.process_time() > began + seconds:
                raise _Late
            super().start(variant)

    Hunting.make = staticmethod(make)
    quick = settings(
        max_examples=200,  # each run begins with small lives
        stateful_step_count=40,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    try:
        for number in range(10_000):
            run_state_machine_as_test(seed(number)(Hunting), settings=quick)
    except Violation as violation:
        return violation.invariant, time.process_time() - began
    except _Late:
        pass
    return None, time.process_time() - began


@cache
def simple_bytecode() -> dict[str, bytes]:
    """SimplePool with each of its mistakes."""
    return faulty_bytecode(SIMPLE_POOL, SIMPLE)


@cache
def dollar_bytecode() -> dict[str, bytes]:
    """SimpleDollar with each of its mistakes."""
    return faulty_bytecode(SIMPLE_DOLLAR, DOLLAR)


@cache
def pool_bytecode(source: str) -> dict[str, bytes]:
    """LendingPool with each mistake in one of its files."""
    path = f"contracts/lending/{source}.sol"
    return faulty_bytecode(
        path, SOURCES.get(source, {}) | CHECKED_SOURCES.get(source, {}), contract="LendingPool"
    )


def broken_simple_pool(chain: Chain, fault: str | None = None) -> MyMarket:
    """SimplePool with a mistake, or as it is, as a market without a twin."""
    code = None if fault is None else simple_bytecode()[fault]
    types = "(address,address,address)"

    def deploy(chain: Chain, *arguments: Any) -> SimplePool:
        return SimplePool._deploy(chain, types, arguments, bytecode=code)

    return MyMarket(chain, deploy)


def broken_dollar(chain: Chain, fault: str | None = None) -> MyDollar:
    """SimpleDollar with a mistake, or as it is."""
    code = None if fault is None else dollar_bytecode()[fault]
    types = "(address,address,uint256)"

    def deploy(chain: Chain, *arguments: Any) -> SimpleDollar:
        return SimpleDollar._deploy(chain, types, arguments, bytecode=code)

    return MyDollar(chain, deploy)


def broken_pool(chain: Chain, source: str, fault: str, mode: str) -> PoolMarket:
    """LendingPool with a mistake, driven alone or beside its twin."""
    code = pool_bytecode(source)[fault].hex()
    return PoolMarket.deploy(chain, mode=mode, bytecode=code)


find_in_simple = partial(hunt, LendingMachine, broken_simple_pool)
find_in_dollar = partial(hunt, DollarMachine, broken_dollar)
find_by_views = partial(hunt, LendingMachine, broken_pool, mode="chain")
find_by_checks = partial(hunt, PoolMachine, broken_pool, mode="chain")
find_by_twin = partial(hunt, PoolMachine, broken_pool, mode="both")
