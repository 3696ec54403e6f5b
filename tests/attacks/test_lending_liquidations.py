"""Attacks by, on and against liquidation. The attacker gains nothing; debts are collected."""

from __future__ import annotations

import pytest

from defi_kit import reverts
from defi_kit.bindings import BlocklistToken
from defi_kit.bindings import lending_pool as abi
from defi_kit.chain import Chain
from defi_kit.units import MAX_UINT256, WAD
from lending.market import ETH, USD, Market


@pytest.fixture
def market(chain: Chain) -> Market:
    market = Market(chain)
    market.lend()
    return market


def test_self_liquidation_gains_nothing(market: Market) -> None:
    """The bonus comes out of one's own collateral."""
    market.loan(market.alice, 14_000)
    market.price(1_600)
    before = market.worth(market.alice)
    market.liquidate(market.alice, market.alice)
    assert market.worth(market.alice) <= before
    assert market.pool.health_of(market.alice) > 10**18


@pytest.mark.parametrize("price", [1_300, 1_000])
def test_self_liquidation_under_water_gains_nothing(market: Market, price: int) -> None:
    """The debt is more than all of the collateral: not even the quarter of a bonus others get."""
    market.loan(market.alice, 14_000)
    market.price(price)
    purse = market.purse(market.alice)
    done = market.liquidate(market.alice, market.alice).one(abi.Liquidated)
    assert done.bonus == 0
    assert market.purse(market.alice) <= purse


def test_liquidation_through_a_second_account_gains_nothing(market: Market) -> None:
    """Two accounts of one owner, together."""
    market.loan(market.alice, 14_000)
    market.price(1_600)
    before = market.worth(market.alice, market.second)
    for part in (100, 1_000, 5_000):
        market.liquidate(market.second, market.alice, repay=part * USD)
    assert market.worth(market.alice, market.second) <= before


def test_account_at_health_exactly_one_cannot_be_liquidated(market: Market) -> None:
    """Not by a unit: at the price below it can."""
    market.loan(market.alice, 14_000)
    pool, weth = market.pool, market.weth
    # Two blocks on, when the liquidation would be mined, the debt must be covered exactly.
    while True:
        debt = market.state().debt_of(market.alice.address, now=market.world.now() + 1)
        if debt % 4 == 0:
            break
        market.chain.mine()
    edge = -(-(debt * 10_000 // 8_000) * 10**36 // (10 * ETH))
    with market.chain.snapshot():
        market.raw_price(edge)
        with pytest.raises(reverts.HealthyAccount) as refusal:
            pool.liquidate(market.alice, weth, MAX_UINT256, MAX_UINT256, 0, sender=market.attacker)
        assert refusal.value.health == 10**18
    market.raw_price(edge - 10**18)
    done = market.liquidate(market.keeper, market.alice).one(abi.Liquidated)
    assert done.bonus < 10**10  # next to nothing, so close to 1


def test_cutting_a_liquidation_into_dust_gains_no_bonus(market: Market) -> None:
    """Many small liquidations instead of one: the bonus shrinks as health recovers."""
    market.loan(market.alice, 14_000)
    market.price(1_700)
    start = market.worth(market.keeper)
    with market.chain.snapshot():
        whole = market.liquidate(market.keeper, market.alice).one(abi.Liquidated)
        at_once = market.worth(market.keeper) - start
    while market.pool.health_of(market.alice) < 10**18:
        market.liquidate(market.keeper, market.alice, repay=whole.repaid // 20)
    assert market.worth(market.keeper) - start < at_once


def test_bonus_larger_than_the_collateral_takes_no_more_than_there_is(market: Market) -> None:
    market.loan(market.alice, 14_000)
    market.price(1_410)
    before = market.weth.balance_of(market.keeper)
    done = market.liquidate(market.keeper, market.alice).one(abi.Liquidated)
    assert market.weth.balance_of(market.keeper) - before == done.seized == 10 * ETH
    assert done.bonus == WAD * 125 // 10_000  # a quarter of 5 %: it covers the debt by less
    assert done.repaid == -(-14_100 * USD * 10_000 // 10_125)
    assert market.pool.debt_of(market.alice) == 0


@pytest.mark.parametrize("left", [1, 10**6, ETH // 2_000])
def test_one_unit_left_does_not_dodge_bad_debt(market: Market, left: int) -> None:
    """A friend liquidates all but a little, so that the loss is never called one."""
    market.loan(market.alice, 14_000)
    market.price(1_000)
    with pytest.raises(reverts.LeavesDust):
        market.liquidate(market.attacker, market.alice, seize=10 * ETH - left)
    receipt = market.liquidate(market.attacker, market.alice)
    assert receipt.one(abi.BadDebt).loss > 4_000 * USD
    assert market.pool.debt_of(market.alice) == 0


def test_dust_of_other_collateral_does_not_dodge_bad_debt(market: Market) -> None:
    """Ninety cents of bitcoin beside the ether, so that something is always left."""
    market.pool.supply_collateral(market.wbtc, 3_000, market.alice, sender=market.alice)
    market.loan(market.alice, 14_000)
    market.price(1_000)
    receipt = market.liquidate(market.keeper, market.alice)
    assert receipt.one(abi.BadDebt).loss > 4_000 * USD
    assert market.pool.debt_of(market.alice) == 0


def test_forgiven_dust_is_no_income(market: Market) -> None:
    """Leave dust on purpose, a hundred accounts long: less is kept than was lost on each."""
    owner = market.alice
    market.pool.supply_collateral(market.wbtc, 3_000, owner, sender=owner)
    market.loan(owner, 14_000)
    before = market.worth(owner)
    market.price(1_000)
    fallen = market.worth(owner)
    loss = market.liquidate(owner, owner).one(abi.BadDebt).loss
    assert market.worth(owner) <= fallen + loss
    assert market.worth(owner) < before


def test_positions_too_small_to_liquidate_cannot_be_made(market: Market) -> None:
    pool, attacker = market.pool, market.attacker
    pool.supply_collateral(market.weth, ETH, attacker, sender=attacker)
    with pytest.raises(reverts.DebtBelowMinimum):
        pool.borrow(99 * USD, attacker, attacker, sender=attacker)
    pool.borrow(1_000 * USD, attacker, attacker, sender=attacker)
    with pytest.raises(reverts.DebtBelowMinimum):
        pool.repay(950 * USD, attacker, sender=attacker)
    market.price(1_050)
    with pytest.raises(reverts.LeavesDust):
        market.liquidate(market.alice, attacker, repay=950 * USD)
    market.liquidate(market.alice, attacker)
    assert pool.debt_of(attacker) == 0


def test_stranger_cannot_shield_a_debtor_with_a_dead_oracle(market: Market) -> None:
    """A grain of a collateral whose oracle refuses would keep every liquidator away."""
    market.loan(market.alice, 14_000)
    market.turn_off(1)
    market.price(1_600)
    pool, wbtc = market.pool, market.wbtc
    with pytest.raises(reverts.NotAuthorized):
        pool.supply_collateral(wbtc, 1, market.alice, sender=market.attacker)
    with pytest.raises(reverts.OracleOff):
        pool.supply_collateral(wbtc, 1, market.alice, sender=market.alice)
    market.liquidate(market.keeper, market.alice)
    assert pool.health_of(market.alice) > 10**18


def test_grain_of_a_dying_collateral_cannot_be_planted_before_the_loan(market: Market) -> None:
    """Posted while the account owes nothing, it would wait there until its oracle dies."""
    pool, wbtc, alice = market.pool, market.wbtc, market.alice
    with pytest.raises(reverts.NotAuthorized):
        pool.supply_collateral(wbtc, 1, alice, sender=market.attacker)
    market.loan(alice, 14_000)
    market.turn_off(1)
    market.price(200)
    market.liquidate(market.keeper, alice)
    assert pool.debt_of(alice) == 0
    # Nor once more where the account held some, and took all of it back.
    pool.supply_collateral(wbtc, 1, alice, sender=alice)
    pool.withdraw_collateral(wbtc, 1, alice, alice, sender=alice)
    with pytest.raises(reverts.NotAuthorized):
        pool.supply_collateral(wbtc, 1, alice, sender=market.attacker)


def test_repaying_a_grain_first_does_not_block_a_full_repayment(market: Market) -> None:
    """Front-running: the debt changed a unit, and an exact repayment would fail."""
    market.loan(market.alice, 14_000)
    market.pool.repay(1, market.alice, sender=market.attacker)
    market.pool.repay(14_001 * USD, market.alice, sender=market.alice)
    assert market.pool.debt_of(market.alice) == 0


def test_liquidating_a_grain_first_does_not_block_a_liquidation(market: Market) -> None:
    """A debtor who repays or liquidates one unit ahead of each liquidator stays liquidatable."""
    market.loan(market.alice, 14_000)
    market.price(1_600)
    market.liquidate(market.alice, market.alice, repay=USD // 1_000)
    market.pool.repay(1, market.alice, sender=market.alice)
    market.liquidate(market.keeper, market.alice)
    assert market.pool.health_of(market.alice) > 10**18


def test_blocklisted_debtor_is_liquidated_all_the_same(chain: Chain) -> None:
    """Nothing is paid to the debtor, so nobody's blocklist stands in the way."""
    market = Market(chain, token=BlocklistToken.deploy)
    market.lend()
    market.loan(market.alice, 14_000)
    for token in (market.usd, market.weth):
        token.set_blocked(market.alice, True)
    market.price(1_600)
    market.liquidate(market.keeper, market.alice)
    assert market.pool.health_of(market.alice) > 10**18
    market.pool.repay(MAX_UINT256, market.alice, sender=market.keeper)
    market.pool.withdraw_collateral(market.weth, ETH, market.bob, market.alice, sender=market.alice)


def test_price_beyond_the_buffer_costs_lenders_what_collateral_does_not_cover(
    market: Market,
) -> None:
    """A fall of 99.9 % in one step: the loss is shown, exact, and nobody else gains."""
    market.loan(market.alice, 14_000)
    market.price(2)
    everyone = market.world.people
    before, lenders = market.worth(*everyone), market.worth(market.carol)
    receipt = market.liquidate(market.keeper, market.alice)
    loss, done = receipt.one(abi.BadDebt), receipt.one(abi.Liquidated)
    assert done.repaid + loss.loss == 14_000 * USD + done_interest(market, done.repaid + loss.loss)
    assert abs(market.worth(*everyone) - before) <= 100
    lost = lenders - market.worth(market.carol)
    assert abs(lost - (loss.loss - loss.from_reserve)) <= 100


def done_interest(market: Market, collected: int) -> int:
    """What the debt had grown by: below a cent in these few seconds."""
    grown = collected - 14_000 * USD
    assert 0 <= grown < USD // 100
    return grown


def test_liquidation_cannot_make_a_solvent_debt_bad(market: Market) -> None:
    """Whatever part is taken, in whatever order, an account with cover causes no loss."""
    market.pool.supply_collateral(market.wbtc, 10**7, market.alice, sender=market.alice)
    market.loan(market.alice, 15_000)
    market.price(1_500)
    owned = market.pool.total_assets()
    for token, seize in ((market.wbtc, 10**6), (market.weth, ETH), (market.wbtc, MAX_UINT256)):
        if market.pool.health_of(market.alice) < 10**18:
            market.pool.liquidate(
                market.alice, token, MAX_UINT256, seize, 0, sender=market.attacker
            )
    while market.pool.health_of(market.alice) < 10**18:
        market.liquidate(market.attacker, market.alice)
    assert market.pool.total_assets() >= owned
