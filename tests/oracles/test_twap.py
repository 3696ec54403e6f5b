"""The pure twin of TwapOracle."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.oracles import PRICE_SCALE, Reading, TwapPrice
from defi_kit.oracles.twap import ZERO_LOG, power

ORACLE = TwapPrice(7, False, window=600, max_age=300, min_liquidity=10)
levels = st.integers(16 << 64, 240 << 64)


def price(oracle: TwapPrice, *levels: int, seconds: int = 600) -> int:
    """The price after each level was held for so long."""
    past, moment = Reading(5 << 70, 10_000), 10_000
    total = past.cumulative
    for level in levels:
        total, moment = total + level * seconds, moment + seconds
    return oracle.price(past, Reading(total, moment), updated_at=moment, liquidity=10)


@given(levels)
def test_a_power_is_the_true_one_rounded_down(level: int) -> None:
    with localcontext(prec=90):
        exact = (Decimal(2).ln() * (level - ZERO_LOG) / 2**64).exp() * PRICE_SCALE
        # The nines of an exact decimal end somewhere.
        missing = exact - power(level)
        assert -Decimal("1e-9") <= missing <= exact * Decimal(2) ** -120 + 1


@given(levels, levels)
def test_a_higher_logarithm_is_no_lower_price(one: int, two: int) -> None:
    assert power(min(one, two)) <= power(max(one, two))


@given(st.integers(100 << 64, 156 << 64))
def test_one_direction_times_the_other_is_one(level: int) -> None:
    back = TwapPrice(7, True, window=600, max_age=300, min_liquidity=10)
    product = price(ORACLE, level) * price(back, level)
    assert abs(product - PRICE_SCALE**2) <= PRICE_SCALE**2 // 10**9


def test_the_mean_is_geometric() -> None:
    oracle = TwapPrice(7, False, window=1_200, max_age=300, min_liquidity=10)
    four, sixteen = ZERO_LOG + (2 << 64), ZERO_LOG + (4 << 64)
    assert price(oracle, four, sixteen) == 8 * PRICE_SCALE


def test_a_history_that_cannot_be_trusted_has_no_price() -> None:
    past, present = Reading(0, 1_000), Reading(600 * ZERO_LOG, 1_600)
    assert ORACLE.price(past, present, updated_at=1_300, liquidity=10) == PRICE_SCALE
    with pytest.raises(reverts.TooLittleLiquidity):
        ORACLE.price(past, present, updated_at=1_300, liquidity=9)
    with pytest.raises(reverts.QuietPool):
        ORACLE.price(past, present, updated_at=1_299, liquidity=10)
    old = Reading(0, 700)
    ORACLE.price(old, Reading(900 * ZERO_LOG, 1_600), updated_at=1_600, liquidity=10)
    with pytest.raises(reverts.WindowTooLong):
        ORACLE.price(Reading(0, 699), present, updated_at=1_600, liquidity=10)
    with pytest.raises(reverts.PriceTooSmall):
        ORACLE.price(past, Reading(600 * 1, 1_600), updated_at=1_600, liquidity=10)


@pytest.mark.parametrize("blank", ["window", "max_age", "min_liquidity"])
def test_every_term_is_given(blank: str) -> None:
    terms = {"window": 1, "max_age": 1, "min_liquidity": 1, blank: 0}
    with pytest.raises(reverts.InvalidWindow):
        TwapPrice(7, False, **terms)
