"""The lending machine at pools with one mistake each: what it finds, and how fast.

Each mistake is one of a real incident. SimplePool has no twin: the machine judges it by what it
shows. LendingPool is judged in that way too, and then beside its twin. A few of each are tried in
every run; all of them with HYPOTHESIS_PROFILE=deep.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from testing.broken import hunt
from testing.broken.pool_faults import CHECKED_SOURCES, SOURCES
from testing.broken.simple_faults import SIMPLE

pytestmark = pytest.mark.chain

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
SECONDS = 60
"""Of one core; nearly all are found within one."""
POOL = [(source, fault) for source, faults in SOURCES.items() for fault in faults]

CHECKED = [(source, fault) for source, faults in CHECKED_SOURCES.items() for fault in faults]


def some(faults: Sequence[object], every: int) -> Sequence[object]:
    """All of them, or one in so many."""
    return faults if DEEP else faults[::every]


def test_simple_pool_as_it_is_violates_nothing() -> None:
    found, _ = hunt.find_in_simple(SECONDS if DEEP else 3)
    assert found is None


@pytest.mark.parametrize("fault", some(list(SIMPLE), 4))
def test_a_mistake_in_a_pool_without_a_twin_is_found(fault: str) -> None:
    found, _ = hunt.find_in_simple(SECONDS, fault=fault)
    assert found


@pytest.mark.parametrize(("source", "fault"), some(POOL, 8))
def test_a_mistake_in_our_pool_is_found_by_what_it_shows(source: str, fault: str) -> None:
    found, _ = hunt.find_by_views(SECONDS, source=source, fault=fault)
    assert found


@pytest.mark.parametrize(("source", "fault"), some(CHECKED, 3))
def test_a_mistake_in_our_pool_is_found_by_its_own_checks(source: str, fault: str) -> None:
    found, _ = hunt.find_by_checks(SECONDS, source=source, fault=fault)
    assert found


@pytest.mark.parametrize(("source", "fault"), some(POOL, 16))
def test_a_mistake_in_our_pool_is_found_beside_its_twin(source: str, fault: str) -> None:
    found, _ = hunt.find_by_twin(SECONDS, source=source, fault=fault)
    assert found


def test_there_are_mistakes_enough() -> None:
    assert len(POOL) >= 20
    assert len(SIMPLE) >= 12
