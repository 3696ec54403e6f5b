"""Records of a replay: however long the history, few of them, and nothing is lost in merging."""

from __future__ import annotations

from array import array
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from defi_kit.simulation.records import CLOSED, Path
from simulation.synthetic import crash_replay, step


@given(st.lists(st.tuples(st.integers(1, 10**12), st.integers(0, 5)), max_size=300))
def test_a_path_stays_within_its_limit_and_keeps_sums_and_extremes(rows):
    path = Path(limit=7)
    for time, (price, calls) in enumerate(rows):
        path.add(step(time=time, price=price, liquidations=calls, bonus_paid=calls * 3))
    steps = path.steps
    assert len(steps) <= 7
    assert sum(s.rows for s in steps) == len(rows)
    assert sum(s.liquidations for s in steps) == sum(calls for _, calls in rows)
    assert sum(s.bonus_paid for s in steps) == 3 * sum(calls for _, calls in rows)
    if rows:
        assert min(s.low for s in steps) == min(price for price, _ in rows)
        assert max(s.high for s in steps) == max(price for price, _ in rows)
        assert steps[-1].time == len(rows) - 1
        assert steps[-1].price == rows[-1][0]
        assert [s.time for s in steps] == sorted({s.time for s in steps})


def test_a_short_path_is_not_merged():
    path = Path(limit=100)
    for time in range(100):
        path.add(step(time=time))
    assert len(path.steps) == 100


def test_merged_health_is_the_lowest_while_the_loan_was_open():
    before = step(health=array("i", [12_000, 9_000, CLOSED, 9_900]), liquidated=(1,))
    after = step(health=array("i", [15_000, CLOSED, 30_000, 9_800]), liquidated=(1, 3))
    merged = before.merged(after)
    assert list(merged.health) == [12_000, 9_000, 30_000, 9_800]
    assert merged.liquidated == (1, 3)


def test_counts_of_a_replay_follow_from_its_records():
    replay = crash_replay()
    assert replay.liquidations == replay.loans_liquidated == replay.loans_closed > 0
    assert replay.hours == Decimal(48)
    assert replay.invariants_checked == 95
    assert replay.invariants_held


def test_invariants_held_needs_a_check_and_no_violation():
    assert not crash_replay(checks={}).invariants_held
    assert not crash_replay(violations=("X1 at some hour",)).invariants_held
