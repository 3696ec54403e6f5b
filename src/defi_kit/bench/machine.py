"""The Hypothesis machine of the lending pool, driven on any engine.

It is the very machine of tests/lending, with every invariant checked after every rule: the chain is
all that differs. So it takes the repository and the `test` extra.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from ..chain import Chain
from ..errors import NotSupported

__all__ = ["patched", "rules_per_second"]

STEPS: Final = 40
"""Rules in each life of a pool, as in the tests."""


def rules_per_second(chain: Chain, lives: int) -> float:
    """Rules a second of the lending machine on this chain, over so many lives of a pool.

    The same rules with the same numbers on every engine. NotSupported without repository or
    Hypothesis.
    """
    machine = _machine()
    with _on(machine, chain):
        _live(machine, 1)  # deploys the pools, which all lives share
        start = time.perf_counter()
        rules = _live(machine, lives)
        return rules / (time.perf_counter() - start)


def _machine() -> Any:
    folder = Path(__file__).resolve().parents[3] / "tests"
    if not (folder / "lending" / "test_lending_invariants.py").is_file():
        raise NotSupported(
            "the lending machine is not part of the installed package",
            hint="clone the repository and run `make bench` in it",
        )
    if find_spec("hypothesis") is None:
        raise NotSupported("the lending machine needs Hypothesis", hint="pip install hypothesis")
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return import_module("lending.test_lending_invariants")


@contextmanager
def patched(owner: Any, name: str, value: object) -> Iterator[None]:
    """Inside, the owner has another value by this name."""
    before = vars(owner).get(name, owner)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is owner:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


@contextmanager
def _on(machine: Any, chain: Chain) -> Iterator[None]:
    """Inside, the machine deploys its pools on this chain."""
    machine._world.cache_clear()
    with patched(machine, "Chain", SimpleNamespace(embedded=lambda: chain)):
        yield
    machine._world.cache_clear()


def _live(machine: Any, lives: int) -> int:
    """Lives so many lives; how many rules were run."""
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis.stateful import invariant, run_state_machine_as_test

    rules = 0

    class Counted(machine.LendingMachine):  # type: ignore[misc]
        """Counts what it does: an invariant is looked at after every rule."""

        @invariant()
        def count(self) -> None:
            nonlocal rules
            rules += 1

    run_state_machine_as_test(
        Counted,
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
    return rules
