"""The arithmetic of lending: Solidity and Python say the same for any input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.bindings import LendingMathHarness
from defi_kit.bindings.lending_math_harness import Adaptation, KinkedCurve
from defi_kit.chain import Chain
from defi_kit.lending import interest, liquidation
from defi_kit.lending.rates import AdaptiveRate, KinkedRate
from defi_kit.units import WAD

WORDS = st.integers(0, 2**256 - 1)
INDEXES = st.integers(interest.START, interest.MAX)
RATES = st.integers(0, 2**40 - 1)
BONUSES = st.integers(0, WAD)


@pytest.fixture
def harness(chain: Chain) -> LendingMathHarness:
    return LendingMathHarness.deploy(chain)


@given(x=st.integers(0, 30 * interest.RAY))
def test_exponentials_agree(harness: LendingMathHarness, x: int) -> None:
    assert harness.exp_down(x) == interest.exp_down(x)


@given(index=INDEXES, rate=RATES, elapsed=st.integers(0, 2**40 - 1))
def test_growth_agrees(harness: LendingMathHarness, index: int, rate: int, elapsed: int) -> None:
    exponent = rate * elapsed * 10**9
    assert harness.grow(index, exponent) == interest.grow(index, exponent)


ADAPTIVE = AdaptiveRate.annual("4%", target="90%", lowest="0.1%", highest="200%")


@given(
    used=st.integers(0, WAD),
    start=st.integers(-ADAPTIVE.fall, ADAPTIVE.rise),
    elapsed=st.integers(0, 2**40 - 1),
)
def test_drifts_agree(harness: LendingMathHarness, used: int, start: int, elapsed: int) -> None:
    curve = ADAPTIVE.curve
    rate = curve.rate(used)
    after, total = harness.drift(
        KinkedCurve(curve.at_zero, curve.at_kink, curve.at_full, curve.kink),
        Adaptation(ADAPTIVE.speed, ADAPTIVE.fall, ADAPTIVE.rise),
        rate,
        start,
        elapsed,
    )
    assert (rate * total // WAD, after) == ADAPTIVE.exponent(rate, start, elapsed)


@given(
    bonus=st.integers(0, WAD),
    value=st.integers(0, 2**137),
    debt=st.integers(1, 2**150),
    most=st.integers(0, 10_000),
)
def test_covered_bonuses_agree(
    harness: LendingMathHarness, bonus: int, value: int, debt: int, most: int
) -> None:
    told = harness.covered_down(bonus, value, debt, most)
    assert told == liquidation.covered_down(bonus, value, debt, most)


@given(amount=st.integers(0, 2**128 - 1), index=INDEXES)
def test_conversions_agree(harness: LendingMathHarness, amount: int, index: int) -> None:
    assert harness.convert(amount, index) == (
        interest.to_assets_down(amount, index),
        interest.to_assets_up(amount, index),
        interest.to_shares_down(amount, index),
        interest.to_shares_up(amount, index),
    )


@given(rates=st.tuples(RATES, RATES, RATES), kink=st.integers(1, WAD - 1), at=st.integers(0, WAD))
def test_rates_agree(
    harness: LendingMathHarness, rates: tuple[int, int, int], kink: int, at: int
) -> None:
    curve = KinkedRate(*sorted(rates), kink)
    told = harness.rate_down(KinkedCurve(*sorted(rates), kink), at)
    assert told == curve.rate(at)


def test_a_falling_curve_is_refused(harness: LendingMathHarness) -> None:
    with pytest.raises(reverts.InvalidCurve):
        harness.rate_down(KinkedCurve(2, 1, 3, WAD // 2), 0)


@given(amount=WORDS, price=WORDS)
def test_values_agree(harness: LendingMathHarness, amount: int, price: int) -> None:
    assert harness.value_down(amount, price) == liquidation.value_down(amount, price)


@given(adjusted=st.integers(0, 2**157), debt=st.integers(1, 2**150))
def test_health_agrees(harness: LendingMathHarness, adjusted: int, debt: int) -> None:
    assert harness.health_down(adjusted, debt) == liquidation.health_down(adjusted, debt)


@given(health=st.integers(0, WAD - 1), bonus=st.integers(0, 10_000), full=st.integers(0, 9_999))
def test_bonuses_agree(harness: LendingMathHarness, health: int, bonus: int, full: int) -> None:
    assert harness.bonus_down(health, bonus, full) == liquidation.bonus_down(health, bonus, full)


@given(
    debt=st.integers(1, 2**150),
    cover=st.integers(0, 9_999),
    target=st.integers(10_001, 20_000),
    bonus=st.integers(0, WAD // 4),
    ltv=st.integers(1, 8_000),
)
def test_repayments_to_target_agree(
    harness: LendingMathHarness, debt: int, cover: int, target: int, bonus: int, ltv: int
) -> None:
    numbers = debt, debt * cover, target, bonus, ltv
    assert harness.repay_to_target_up(*numbers) == liquidation.repay_to_target_up(*numbers)


@given(amount=st.integers(0, 2**120), bonus=BONUSES, price=st.integers(1, 2**136))
def test_exchanges_agree(harness: LendingMathHarness, amount: int, bonus: int, price: int) -> None:
    assert harness.exchange(amount, bonus, price) == (
        liquidation.repaid_up(amount, bonus, price),
        liquidation.seized_down(amount, bonus, price),
    )
