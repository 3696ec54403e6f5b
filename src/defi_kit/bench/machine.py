"""The Hypothesis machine of the lending pool, driven on any engine.

It is the very machine of the tests, with every invariant checked after every rule: the chain is all
that differs. It takes the `test` extra.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from ..chain import Chain
from ..errors import NotSupported
from ..testing.explored import Explored

__all__ = ["rules_per_second"]

STEPS: Final = 40
"""Rules in each life of a pool, as in the tests."""


def rules_per_second(chain: Chain, lives: int) -> float:
    """Rules a second of the lending machine on this chain, over so many lives of a pool.

    The same rules with the same numbers on every engine. NotSupported without Hypothesis.
    """
    if find_spec("hypothesis") is None:
        raise NotSupported("the lending machine needs Hypothesis", hint="pip install hypothesis")
    from hypothesis.stateful import invariant

    from ..testing.lending.pool.machine import PoolMachine

    rules = 0

    class Counted(PoolMachine):
        """Counts what it does: an invariant is looked at after every rule."""

        folder = None
        explored = Explored()

        @invariant()
        def count(self) -> None:
            nonlocal rules
            rules += 1

    # Not in the class's body, where a function would be taken for a method of it.
    Counted.chain = staticmethod(lambda: chain)
    _live(Counted, 1)  # deploys the pools, which all lives share
    rules = 0
    with _only_new_garbage():
        start = time.perf_counter()
        _live(Counted, lives)
        return rules / (time.perf_counter() - start)


@contextmanager
def _only_new_garbage() -> Iterator[None]:
    """What is in memory already is not searched for garbage: how much that is, is not the engine's
    doing, and with a benchmark's many modules it is much."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _live(machine: type, lives: int) -> None:
    """Lives so many lives."""
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=lives,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
