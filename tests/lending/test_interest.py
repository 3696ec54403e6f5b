"""Interest: the exponential's error, short steps against long ones, and the ends of the scale."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit.errors import ParameterError
from defi_kit.lending import interest
from defi_kit.lending.interest import RAY, START, exp_down
from defi_kit.lending.pool import Market
from defi_kit.lending.rates import AdaptiveRate, KinkedRate, exp, utilisation
from defi_kit.units import WAD, YEAR

RATES = st.integers(0, 2**40 - 1)
INDEXES = st.integers(START, interest.MAX)
SPANS = st.integers(0, 10 * YEAR)


def grow(index: int, rate: int, elapsed: int) -> int:
    """The index after `elapsed` seconds at a rate that stays."""
    return interest.grow(index, rate * elapsed * 10**9)


@given(st.integers(0, 30 * RAY))
def test_exponential_is_below_the_truth_by_less_than_stated(x: int) -> None:
    with localcontext() as context:
        context.prec = 80
        truth = (Decimal(x) / RAY).exp() * RAY
        assert 0 <= truth - exp_down(x) < truth * Decimal("2e-24") + 1


@given(st.integers(0, 30 * RAY), st.integers(0, RAY))
def test_exponential_never_falls(x: int, more: int) -> None:
    assert exp_down(min(x + more, 30 * RAY)) >= exp_down(x) - exp_down(x) * 2 // 10**24 - 1


@given(INDEXES, RATES, SPANS)
def test_index_never_falls_and_never_passes_its_end(index: int, rate: int, span: int) -> None:
    assert index <= grow(index, rate, span) <= interest.MAX


@given(RATES, st.lists(st.integers(1, YEAR), min_size=2, max_size=30))
def test_short_steps_add_up_to_a_long_one(rate: int, steps: list[int]) -> None:
    long, short = grow(START, rate, sum(steps)), START
    for step in steps:
        short = grow(short, rate, step)
    assert long * len(steps) * 3 // 10**21 + len(steps) >= long - short
    assert short - long <= long * 2 // 10**24 + 1


def test_a_day_of_one_second_steps_loses_next_to_nothing() -> None:
    rate, index = KinkedRate.annual("0%", "5%", "5%", kink="50%").at_kink, START
    for _ in range(86_400):
        index = grow(index, rate, 1)
    earned, due = index - START, grow(START, rate, 86_400) - START
    assert 0 <= due - earned <= due // 10**9


@pytest.mark.parametrize("span", [1_000 * YEAR, 2**40])
@pytest.mark.parametrize("rate", [1, 2**40 - 1])
def test_a_thousand_years_neither_overflow_nor_stop_the_pool(rate: int, span: int) -> None:
    index = grow(START, rate, span)
    assert START < index <= interest.MAX
    assert grow(index, rate, span) <= interest.MAX


@given(st.integers(0, 2**128 - 1), INDEXES)
def test_a_loan_never_costs_less_than_it_gives(assets: int, index: int) -> None:
    shares = interest.to_shares_up(assets, index)
    assert interest.to_assets_down(shares, index) >= assets
    repaid = interest.to_shares_down(assets, index)
    assert interest.to_assets_up(repaid, index) <= assets
    assert interest.to_assets_down(repaid, index) <= interest.to_assets_up(repaid, index)


@given(
    st.integers(0, 2**100),
    RATES,
    st.lists(st.integers(1, YEAR), max_size=20),
    st.integers(0, 9_999),
)
def test_many_accruals_give_the_reserve_what_one_would(
    shares: int, rate: int, steps: list[int], factor: int
) -> None:
    books = Market(shares, 0, rate, START, 0, 0)
    for step in steps:
        after = books.accrue(books.accrued_at + step, CURVE, factor)
        assert 0 <= after.reserve - books.reserve <= after.debt - books.debt
        assert after.total_assets >= books.total_assets
        books = after
    if books.index < interest.MAX and books.reserve < 2**88 - 1:
        due = (
            books.debt * factor // 10_000
            - Market(shares, 0, rate, START, 0, 0).debt * factor // 10_000
        )
        assert books.reserve == due


def test_interest_does_not_run_backwards() -> None:
    with pytest.raises(ParameterError):
        Market(1, 0, 1, START, 0, 10).accrue(9, CURVE, 0)


# --- rates ----------------------------------------------------------------------------------------

CURVE = KinkedRate.annual("1%", "8%", "150%", kink="80%")


def test_curve_passes_through_its_three_points() -> None:
    assert CURVE.rate(0) == CURVE.at_zero
    assert CURVE.rate(CURVE.kink) == CURVE.at_kink
    assert CURVE.rate(WAD) == CURVE.at_full


@given(st.integers(0, WAD), st.integers(0, WAD))
def test_rate_never_falls_with_utilisation(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert CURVE.rate(low) <= CURVE.rate(high)


def test_utilisation_is_what_is_lent_of_everything() -> None:
    assert utilisation(0, 0) == utilisation(0, 5) == 0
    assert utilisation(1, 3) == WAD // 4
    assert utilisation(5, 0) == WAD


@pytest.mark.parametrize(
    "numbers",
    [
        (2, 1, 3, WAD // 2),
        (1, 3, 2, WAD // 2),
        (1, 2, 2**40, WAD // 2),
        (1, 2, 3, 0),
        (1, 2, 3, WAD),
    ],
)
def test_a_curve_that_falls_or_has_no_kink_is_refused(numbers: tuple[int, int, int, int]) -> None:
    assert KinkedRate(1, 1, 1, 1).rate(WAD) == 1
    with pytest.raises(ParameterError):
        KinkedRate(*numbers)


# --- rates that drift -----------------------------------------------------------------------------

ADAPTIVE = AdaptiveRate.annual("4%", target="90%", lowest="0.1%", highest="200%")
DRIFTS = st.integers(-ADAPTIVE.fall, ADAPTIVE.rise)
UTILISATIONS = st.integers(0, WAD)


@given(UTILISATIONS, DRIFTS, st.lists(st.integers(1, YEAR), min_size=2, max_size=20))
def test_a_drifting_rate_is_integrated_exactly(used: int, drift: int, steps: list[int]) -> None:
    """Many short steps and one long one agree to a unit or two a step, of 1e27."""
    rate = ADAPTIVE.rate(used)
    whole, end = ADAPTIVE.exponent(rate, drift, sum(steps))
    total, at = 0, drift
    for step in steps:
        part, at = ADAPTIVE.exponent(rate, at, step)
        total += part
    assert at == end
    assert abs(total - whole) <= len(steps) * 2 + whole // 10**20


@given(UTILISATIONS, DRIFTS, st.integers(1, 400 * 86_400))
def test_the_integral_is_the_true_one(used: int, drift: int, elapsed: int) -> None:
    rate = ADAPTIVE.rate(used)
    got, _ = ADAPTIVE.exponent(rate, drift, elapsed)
    below = rate < ADAPTIVE.curve.at_kink
    with localcontext() as context:
        context.prec = 80
        pace = Decimal(ADAPTIVE._pace_down(rate)) / RAY
        start = Decimal(drift) / RAY
        bound = Decimal(-ADAPTIVE.fall if below else ADAPTIVE.rise) / RAY
        if pace == 0:
            truth = start.exp() * elapsed
        else:
            moving = min(abs(bound - start) / pace, Decimal(elapsed))
            last = start - pace * moving if below else start + pace * moving
            truth = abs(last.exp() - start.exp()) / pace + last.exp() * (elapsed - moving)
        truth *= rate * 10**9
        # 2e-24 of both exponentials over the pace: a thousandth of a second's interest at most.
        assert abs(got - truth) <= 2 + truth * Decimal("1e-17")


@given(UTILISATIONS, DRIFTS, st.integers(0, 2**40 - 1))
def test_a_drift_keeps_its_bounds_and_moves_towards_the_target(
    used: int, drift: int, elapsed: int
) -> None:
    rate = ADAPTIVE.rate(used)
    _, after = ADAPTIVE.exponent(rate, drift, elapsed)
    assert -ADAPTIVE.fall <= after <= ADAPTIVE.rise
    assert after <= drift if rate < ADAPTIVE.curve.at_kink else after >= drift


def test_bounds_are_the_rates_asked_for() -> None:
    at_target = ADAPTIVE.curve.at_kink
    assert ADAPTIVE.in_force(at_target, 0) == at_target
    year = 10 * YEAR
    for used, rate in ((WAD, "200%"), (0, "0.1%")):
        _, drift = ADAPTIVE.exponent(ADAPTIVE.rate(used), 0, year)
        low = KinkedRate.annual("0%", rate, rate, kink="50%").at_kink
        assert abs(ADAPTIVE.in_force(at_target, drift) - low) <= 1
    assert exp(0) == RAY


@pytest.mark.parametrize(
    "spoil",
    [
        {"speed": 0},
        {"speed": 2**48},
        {"fall": -1},
        {"rise": 10 * RAY + 1},
        {"curve": KinkedRate(1, 1, 2, WAD // 2)},
    ],
)
def test_a_drifting_rate_out_of_range_is_refused(spoil: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        replace(ADAPTIVE, **spoil)


def test_bounds_out_of_order_are_refused() -> None:
    with pytest.raises(ParameterError, match="ascending"):
        AdaptiveRate.annual("4%", target="90%", lowest="5%", highest="200%")
