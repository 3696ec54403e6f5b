"""What a replay starts from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit.errors import ParameterError
from defi_kit.simulation import Scenario
from defi_kit.units import WAD


def test_the_plans_are_the_same_for_the_same_seed():
    assert list(Scenario(seed=7).plans()) == list(Scenario(seed=7).plans())
    assert list(Scenario(seed=7).plans()) != list(Scenario(seed=8).plans())


def test_ratios_are_spread_from_the_lowest_to_the_highest():
    ratios = [plan.ratio for plan in Scenario(lowest_ratio="150%", highest_ratio="250%").plans()]
    assert len(ratios) == 40
    assert ratios == sorted(ratios)
    assert (ratios[0], ratios[-1]) == (15 * WAD // 10, 25 * WAD // 10)


def test_sizes_lie_between_the_smallest_and_the_largest_loan():
    plans = list(Scenario(loans=1_000, smallest_loan="500", largest_loan="900").plans())
    assert all(500 * 10**6 <= plan.debt <= 900 * 10**6 for plan in plans)
    assert len({plan.debt for plan in plans}) > 100


@given(st.integers(1, 10**18), st.integers(0, 10**6))
def test_the_collateral_is_worth_the_ratio_at_any_price(price, seed):
    for plan in Scenario(loans=3, seed=seed).plans():
        collateral = plan.collateral(price)
        wanted = plan.debt * plan.ratio // WAD
        # Dollars have six decimals, prices eight, collateral eighteen.
        assert collateral * price // 10**20 >= wanted
        assert (collateral - 1) * price // 10**20 <= wanted


def test_the_economy_lends_the_wanted_share_of_its_cash():
    scenario = Scenario(utilisation="50%")
    lent = sum(plan.debt for plan in scenario.plans())
    economy = scenario.economy(200 * 10**8)
    assert economy.cash == str(2 * lent // 10**6)
    assert economy.weth.price == "200"
    assert economy.weth.liquidity == "25000"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"loans": 0}, "0 loans"),
        ({"loans": 1_001}, "1001 loans"),
        ({"lowest_ratio": "130%"}, "at least 133.34%"),
        ({"lowest_ratio": "300%", "highest_ratio": "200%"}, "give the lowest first"),
        ({"borrow_ltv": "80%"}, "0 < borrow LTV < liquidation LTV < 100%"),
        ({"liquidation_ltv": "100%"}, "0 < borrow LTV < liquidation LTV < 100%"),
        ({"max_bonus": "25%"}, "must stay below 100%"),
        ({"smallest_loan": "0"}, "loans from 0"),
        ({"smallest_loan": "50"}, "100 dollars at least"),
        ({"smallest_loan": "5", "largest_loan": "4"}, "loans from 5 to 4"),
        ({"utilisation": "0%"}, "utilisation of 0%"),
        ({"utilisation": "101%"}, "utilisation of 101%"),
        ({"liquidity": "999"}, "1,000 dollars at least"),
        ({"reopen_after": 0}, "reopening after 0 seconds"),
        ({"seed": -1}, "seed"),
    ],
)
def test_values_that_do_not_fit_together_are_refused(changes, said):
    with pytest.raises(ParameterError) as refusal:
        Scenario(**changes)
    assert said in str(refusal.value)


@pytest.mark.parametrize("value", ["much", "-5%", "1e3", 0.5])
def test_ratios_that_are_none_are_refused(value):
    with pytest.raises(ValueError, match=r"."):
        Scenario(lowest_ratio=value)
