"""Liquidation on paper: the bonus, the target, and why cutting it into pieces does not pay."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.errors import ParameterError
from defi_kit.lending import Collateral, KinkedRate, Parameters, Pool
from defi_kit.lending.liquidation import (
    bonus_down,
    exchange,
    health_down,
    repaid_up,
    repay_to_target_up,
    seized_down,
)
from defi_kit.units import BPS, WAD

USD = 10**6
WETH = Collateral("WETH", 7_500, 8_000, 500, 9_500)
WBTC = Collateral("WBTC", 7_000, 7_500, 1_000, 9_000)
FLAT = KinkedRate(0, 0, 0, WAD // 2)
SCALES = {"WETH": 10**24, "WBTC": 10**34}


def pool_with(
    weth: int, debt: int, *, wbtc: int = 0, price: int = 2_000, reserve_factor: int = 0
) -> Pool:
    """Alice owes `debt` dollars against `weth` thousandths of a WETH, `wbtc` of a WBTC."""
    parameters = Parameters(
        (WETH, WBTC), FLAT, minimum_debt=100 * USD, reserve_factor=reserve_factor
    )
    pool, _ = Pool.empty(parameters, now=0).deposit(10_000_000 * USD, "lender", now=0)
    if weth:
        pool = pool.supply_collateral("WETH", weth * 10**15, "alice")
    if wbtc:
        pool = pool.supply_collateral("WBTC", wbtc * 10**5, "alice")
    return pool.borrow(debt * USD, "alice", now=0, prices=at(price))


def at(weth: int | str, wbtc: int = 30_000) -> list[int]:
    return [round(float(weth) * 10**6) * 10**18, wbtc * 10**34]


def test_the_example_of_the_readme() -> None:
    pool = pool_with(10_000, 14_000)
    assert pool.health_of("alice", now=0, prices=at(2_000)) == 16 * WAD // 14
    assert pool.health_of("alice", now=0, prices=at(1_500)) == 12 * WAD // 14
    assert pool.liquidation_price("alice", "WETH", now=0, prices=at(2_000)) == 1_750 * 10**24
    pool, done = pool.liquidate("alice", "WETH", now=0, prices=at(1_500))
    assert done.bonus == WAD * 5 // 100
    assert done.repaid == 12_857_142_858
    assert done.seized == 9_000_000_000_600_000_000
    assert pool.debt_of("alice", now=0) == 1_142_857_142
    assert WAD * 105 // 100 <= pool.health_of("alice", now=0, prices=at(1_500))


@given(st.integers(0, WAD - 1), st.integers(0, WAD - 1))
def test_bonus_never_falls_as_health_falls(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert bonus_down(high, 500, 9_500) <= bonus_down(low, 500, 9_500) <= WAD * 5 // 100


def test_bonus_is_nothing_at_health_one_and_full_at_the_health_named() -> None:
    assert bonus_down(WAD, 500, 9_500) == 0
    assert bonus_down(95 * WAD // 100, 500, 9_500) == WAD * 5 // 100
    assert bonus_down(975 * WAD // 1_000, 500, 9_500) == WAD * 25 // 1_000


LOANS = st.integers(1_000, 15_000)
CRASHES = st.integers(100, 1_990)


@given(LOANS, CRASHES)
def test_liquidation_leads_to_target_health_or_repays_all(debt: int, price: int) -> None:
    pool = pool_with(10_000, debt)
    assume(pool.health_of("alice", now=0, prices=at(price)) < WAD)
    after, done = pool.liquidate("alice", "WETH", now=0, prices=at(price))
    if after.account("alice").debt_shares:
        assert done.collateral_left
        health = after.health_of("alice", now=0, prices=at(price))
        # A unit of value or of debt, in a debt of at least a hundred dollars.
        assert abs(health - WAD * 105 // 100) < 2 * WAD // 10**8
    elif not done.bad_debt:
        assert done.repaid == debt * USD


@given(LOANS, CRASHES, st.integers(1, 999), st.integers(0, 300))
def test_cutting_a_liquidation_into_pieces_never_pays(
    debt: int, price: int, part: int, wbtc: int
) -> None:
    pool = pool_with(10_000, debt, wbtc=wbtc)
    prices = at(price)
    assume(pool.health_of("alice", now=0, prices=prices) < WAD)
    _, whole = pool.liquidate("alice", "WETH", now=0, prices=prices)
    pieces, repaid, seized, limit = pool, 0, 0, whole.repaid * part // 1_000
    for step in (limit, whole.repaid - limit):
        try:
            pieces, done = pieces.liquidate("alice", "WETH", step, now=0, prices=prices)
        except (reverts.LeavesDust, reverts.HealthyAccount, reverts.ZeroAmount, reverts.NoDebt):
            continue
        repaid, seized = repaid + done.repaid, seized + done.seized

    def profit(paid: int, got: int) -> int:
        return got * prices[0] - paid * 10**36

    # A unit of debt and of collateral for each rounding.
    slack = 10**36 * 4 + prices[0] * 4
    assert profit(repaid, seized) <= profit(whole.repaid, whole.seized) + slack


@given(LOANS, st.integers(8_401, 9_999), st.integers(1, 10**18))
def test_a_liquidation_that_leaves_room_raises_health(debt: int, bps: int, seize: int) -> None:
    pool, prices = pool_with(10_000, debt), [debt * bps * 10**24 // (8 * BPS), 1]
    health = pool.health_of("alice", now=0, prices=prices)
    assert (BPS + WETH.max_bonus) * WETH.liquidation_ltv * 10**10 < health < WAD
    try:
        after, done = pool.liquidate("alice", "WETH", max_seize=seize, now=0, prices=prices)
    except reverts.LeavesDust:
        return
    assert done.bad_debt == 0
    assert after.health_of("alice", now=0, prices=prices) >= health - 10**12


@given(
    st.integers(1, 10**40),
    st.integers(1, 10**30),
    st.integers(0, WAD // 10),
    st.integers(1, 10**60),
)
def test_an_exchange_never_gives_more_than_it_costs(
    repay: int, seize: int, bonus: int, price: int
) -> None:
    repaid, seized = exchange(repay, seize, bonus, price)
    assert repaid <= repay
    assert seized <= seize
    assert seized * price <= repaid * (WAD + bonus) * WAD
    assert seized == seize or repaid == repay
    assert seized_down(repaid_up(seize, bonus, price), bonus, price) >= seize


@given(st.integers(1, 10**40), st.integers(0, 9_999), st.integers(0, WAD // 10))
def test_repayment_to_target_is_enough_and_not_a_unit_too_much(
    debt: int, cover: int, bonus: int
) -> None:
    adjusted, target, ltv = debt * cover, 10_500, 8_000
    paid = repay_to_target_up(debt, adjusted, target, bonus, ltv)

    def reached(repaid: int) -> bool:
        taken = repaid * (WAD + bonus) * ltv
        return adjusted * WAD - taken >= target * (debt - repaid) * WAD

    assert reached(paid)
    assert not reached(paid - 1)


def test_health_one_is_healthy_to_the_last_unit() -> None:
    assert health_down(80 * BPS, 80) == WAD
    assert health_down(80 * BPS - 1, 80) < WAD
    pool = pool_with(10_000, 14_000)
    lowest = pool.liquidation_price("alice", "WETH", now=0, prices=at(2_000))
    assert lowest is not None
    with pytest.raises(reverts.HealthyAccount) as refusal:
        pool.liquidate("alice", "WETH", now=0, prices=[lowest, 1])
    assert refusal.value.health == WAD
    assert pool.liquidate("alice", "WETH", now=0, prices=[lowest - 1, 1])[1].bonus < WAD // 10**9


def test_bad_debt_is_written_off_when_nothing_but_dust_is_left() -> None:
    pool = pool_with(10_000, 14_000)
    pool, done = pool.liquidate("alice", "WETH", now=0, prices=at(1_000))
    assert done.seized == 10 * WAD
    assert done.repaid == -(-10_000 * USD * 10_000 // 10_125)  # a quarter of the bonus
    assert done.bad_debt == 14_000 * USD - done.repaid
    assert pool.account("alice").debt_shares == 0
    assert pool.total_assets(now=0) == 10_000_000 * USD - done.bad_debt


def test_a_unit_left_over_does_not_dodge_the_loss() -> None:
    pool = pool_with(10_000, 14_000)
    with pytest.raises(reverts.LeavesDust) as refusal:
        pool.liquidate("alice", "WETH", max_seize=10 * WAD - 1, now=0, prices=at(1_000))
    assert refusal.value.value_left == 0
    assert refusal.value.dust == USD
    _, done = pool.liquidate("alice", "WETH", max_seize=10 * WAD - 10**16, now=0, prices=at(1_000))
    assert done.debt_left > 100 * USD  # ten dollars of collateral may stay: others will come for it


def test_dust_of_another_collateral_does_not_dodge_the_loss() -> None:
    pool = pool_with(10_000, 14_000)
    pool = pool.supply_collateral("WBTC", 3_000, "alice", prices=at(2_000))  # 90 cents
    pool, done = pool.liquidate("alice", "WETH", now=0, prices=at(1_000))
    assert done.bad_debt
    assert pool.withdraw_collateral("WBTC", 3_000, "alice", now=0).account("alice").collateral == (
        0,
        0,
    )


def test_other_collateral_is_collected_before_a_loss_is_called_one() -> None:
    pool = pool_with(10_000, 14_000)
    pool = pool.supply_collateral("WBTC", 10**7, "alice", prices=at(2_000))  # 3,000 dollars
    pool, first = pool.liquidate("alice", "WETH", now=0, prices=at(1_000))
    assert first.bad_debt == 0
    assert first.debt_left == 14_000 * USD - first.repaid
    pool, second = pool.liquidate("alice", "WBTC", now=0, prices=at(1_000))
    assert second.bad_debt == first.debt_left - second.repaid


def test_the_reserve_bears_a_loss_before_the_lenders() -> None:
    parameters = Parameters(
        (WETH,), KinkedRate.annual("20%", "20%", "20%", kink="50%"), 100 * USD, reserve_factor=5_000
    )
    pool, _ = Pool.empty(parameters, now=0).deposit(100_000 * USD, "lender", now=0)
    pool = pool.supply_collateral("WETH", 10 * WAD, "alice")
    pool = pool.borrow(14_000 * USD, "alice", now=0, prices=[2_000 * 10**24])
    year = 31_536_000
    reserve = pool.accrued(year).reserve
    owned = pool.total_assets(now=year)
    after, done = pool.liquidate("alice", "WETH", now=year, prices=[1_700 * 10**24])
    assert 0 < done.bad_debt < reserve
    assert done.from_reserve == done.bad_debt
    assert after.total_assets(now=year) >= owned
    after, done = pool.liquidate("alice", "WETH", now=year, prices=[1_000 * 10**24])
    assert done.from_reserve == reserve < done.bad_debt
    assert after.market.reserve == 0
    assert abs(owned - after.total_assets(now=year) - (done.bad_debt - reserve)) <= 1


def test_a_small_rest_of_debt_is_taken_as_well() -> None:
    pool = pool_with(10_000, 150)
    pool, done = pool.liquidate("alice", "WETH", now=0, prices=at(18))
    assert done.repaid == 150 * USD
    assert done.debt_left == done.bad_debt == 0
    assert done.collateral_left


@pytest.mark.parametrize(
    "ratios",
    [
        (0, 8_000, 500, 9_500),
        (8_000, 8_000, 500, 9_500),
        (7_500, 8_000, 500, 8_399),
        (7_500, 8_000, 500, 10_000),
        (7_500, 9_600, 500, 9_999),
        (7_500, 8_000, -1, 9_500),
    ],
)
def test_ratios_without_room_are_refused(ratios: tuple[int, int, int, int]) -> None:
    assert Collateral("WETH", 7_500, 8_000, 500, 8_400)
    with pytest.raises(ParameterError):
        Collateral("WETH", *ratios)


@pytest.mark.parametrize(
    "wrong",
    [
        {"collaterals": ()},
        {"collaterals": (WETH, WETH)},
        {"minimum_debt": 99},
        {"target_health": 10_000},
        {"target_health": 20_001},
        {"reserve_factor": 10_000},
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"collaterals": (WETH,), "rate": FLAT, "minimum_debt": 100}
    assert Parameters(**right)  # type: ignore[arg-type]
    with pytest.raises(ParameterError):
        Parameters(**(right | wrong))  # type: ignore[arg-type]
