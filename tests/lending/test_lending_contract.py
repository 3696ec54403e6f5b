"""The lending pool on a chain, verb by verb: what it does, and next to it what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from defi_kit import reverts
from defi_kit.bindings import LendingPool, MockOracle, MockToken
from defi_kit.bindings import lending_pool as abi
from defi_kit.chain import Account, Chain
from defi_kit.chain.hashing import create_address
from defi_kit.lending.interest import RAY, to_assets_up
from defi_kit.lending.rates import AdaptiveRate, KinkedRate
from defi_kit.testing.lending.pool.setting import RATE, TYPES, deploy_pool
from defi_kit.testing.lending.pool.world import World
from defi_kit.tokens import Token
from defi_kit.units import MAX_UINT256, WAD

USD = 10**6
ETH = 10**18


@pytest.fixture
def world(chain: Chain) -> World:
    """Carol lent 100,000 dollars; alice owes 10,000 against 10 ether at 2,000."""
    world = World(chain)
    alice, carol = world.people[0], world.people[3]
    world.deposit(carol, 100_000 * USD)
    world.supply_collateral(alice, 0, 10 * ETH)
    world.borrow(alice, 10_000 * USD)
    return world


@pytest.fixture
def pool(world: World) -> LendingPool:
    return world.contract


@pytest.fixture
def weth(world: World) -> MockToken:
    return world.tokens[0]


def person(world: World, name: str) -> Account:
    return world.chain.account(name)


# --- deployment -----------------------------------------------------------------------------------


def test_pool_tells_what_it_was_deployed_with(world: World, pool: LendingPool) -> None:
    terms, curve, adaptation = pool.parameters()
    assert (adaptation.speed, adaptation.fall, adaptation.rise) == (0, 0, 0)
    assert (terms.asset, terms.name, terms.symbol) == (world.asset.address, "pool", "lp")
    assert terms.minimum_debt == 100 * USD
    assert (curve.at_zero, curve.at_kink, curve.at_full, curve.kink) == (
        RATE.at_zero,
        RATE.at_kink,
        RATE.at_full,
        RATE.kink,
    )
    listed = pool.collaterals()
    assert [one.token for one in listed] == [token.address for token in world.tokens]
    assert [one.cap for one in listed] == [2**120 - 1] * 2
    assert pool.decimals() == 12
    assert pool.asset() == world.asset.address


Spoil = Callable[[Any, Any, Any, list[Any], World], tuple[Any, Any, Any, list[Any]]]


def collateral(**change: Any) -> Spoil:
    return lambda pool, curve, still, listed, world: (
        pool,
        curve,
        still,
        [replace(listed[0], **change), *listed[1:]],
    )


def terms(**change: Any) -> Spoil:
    return lambda pool, curve, still, listed, world: (
        replace(pool, **change),
        curve,
        still,
        listed,
    )


REFUSED: dict[str, tuple[Spoil, type[Exception]]] = {
    "borrow LTV at liquidation LTV": (collateral(borrow_ltv=8_000), reverts.InvalidRatios),
    "borrow LTV zero": (collateral(borrow_ltv=0), reverts.InvalidRatios),
    "full bonus at health 1": (collateral(full_bonus_health=10_000), reverts.InvalidRatios),
    "bonus and LTV without room": (collateral(full_bonus_health=8_399), reverts.InvalidRatios),
    "cap zero": (collateral(cap=0), reverts.InvalidParameter),
    "minimum debt below 100": (terms(minimum_debt=99), reverts.InvalidParameter),
    "minimum debt too large": (terms(minimum_debt=2**103), reverts.InvalidParameter),
    "target health 1": (terms(target_health=10_000), reverts.InvalidParameter),
    "target health above 2": (terms(target_health=20_001), reverts.InvalidParameter),
    "all interest to the reserve": (terms(reserve_factor=10_000), reverts.InvalidParameter),
    "no collateral": (lambda p, c, a, listed, w: (p, c, a, []), reverts.InvalidParameter),
    "seventeen collaterals": (
        lambda p, c, a, listed, w: (p, c, a, listed * 9),
        reverts.InvalidParameter,
    ),
    "a collateral twice": (
        lambda p, c, a, listed, w: (p, c, a, [listed[0], listed[0]]),
        reverts.InvalidCollateral,
    ),
    "the asset as its own collateral": (
        lambda p, c, a, listed, w: (p, c, a, [replace(listed[0], token=w.asset.address)]),
        reverts.InvalidCollateral,
    ),
    "an account as collateral": (
        lambda p, c, a, listed, w: (p, c, a, [replace(listed[0], token=w.names[0])]),
        reverts.InvalidCollateral,
    ),
    "an account as asset": (
        lambda p, c, a, listed, w: (replace(p, asset=w.names[0]), c, a, listed),
        reverts.InvalidCollateral,
    ),
    "a falling curve": (
        lambda p, c, a, listed, w: (p, replace(c, at_kink=c.at_zero - 1), a, listed),
        reverts.InvalidCurve,
    ),
    "a drift without end": (
        lambda p, c, a, listed, w: (p, c, replace(a, rise=10 * RAY + 1), listed),
        reverts.InvalidAdaptation,
    ),
    "an adapting curve that is flat": (
        lambda p, c, a, listed, w: (p, replace(c, at_full=c.at_kink), replace(a, speed=1), listed),
        reverts.InvalidAdaptation,
    ),
    "25 decimals": (
        lambda p, c, a, listed, w: (
            replace(p, asset=MockToken.deploy(w.chain, "T", 25).address),
            c,
            a,
            listed,
        ),
        reverts.InvalidParameter,
    ),
    "an oracle that answers zero": (
        lambda p, c, a, listed, w: (
            p,
            c,
            a,
            [replace(listed[0], oracle=MockOracle.deploy(w.chain, 0).address)],
        ),
        reverts.ZeroPrice,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_deployment_is_refused(world: World, case: str) -> None:
    spoil, error = REFUSED[case]
    right = (*world.contract.parameters(), world.contract.collaterals())
    assert LendingPool._deploy(world.chain, TYPES, right)
    with pytest.raises(error):
        LendingPool._deploy(world.chain, TYPES, spoil(*right, world))


def test_deployment_is_refused_while_an_oracle_refuses(world: World) -> None:
    world.oracles[1].set_reverting(True)
    with pytest.raises(reverts.OracleOff):
        deploy_pool(world.chain, world.asset.address, world.parameters)


# --- lending --------------------------------------------------------------------------------------


def test_deposit_is_refused_above_the_maximum(world: World, pool: LendingPool) -> None:
    carol = person(world, "carol")
    maximum = pool.max_deposit(carol)
    with pytest.raises(reverts.DepositAboveMaximum) as refusal:
        pool.deposit(maximum + 1, carol, sender=carol)
    assert refusal.value.assets == maximum + 1
    with pytest.raises(reverts.MintAboveMaximum):
        pool.mint(MAX_UINT256, carol, sender=carol)
    pool.deposit(maximum - USD, carol, sender=carol)
    assert 0 <= pool.max_deposit(carol) <= USD


def test_withdrawal_is_refused_beyond_the_shares(world: World, pool: LendingPool) -> None:
    bob, carol = person(world, "bob"), person(world, "carol")
    pool.transfer(bob, 10**12, sender=carol)
    with pytest.raises(reverts.SharesExceedBalance) as refusal:
        pool.redeem(10**12 + 1, bob, bob, sender=bob)
    assert (refusal.value.shares, refusal.value.balance) == (10**12 + 1, 10**12)
    with pytest.raises(reverts.SharesExceedBalance):
        pool.withdraw(10**9, bob, bob, sender=bob)
    pool.redeem(10**12, bob, bob, sender=bob)
    assert pool.balance_of(bob) == 0


def test_withdrawal_is_refused_beyond_the_cash(world: World, pool: LendingPool) -> None:
    carol = person(world, "carol")
    cash = pool.market().cash
    with pytest.raises(reverts.InsufficientCash) as refusal:
        pool.withdraw(cash + 1, carol, carol, sender=carol)
    assert (refusal.value.assets, refusal.value.cash) == (cash + 1, cash)
    pool.withdraw(cash, carol, carol, sender=carol)
    assert pool.market().cash == 0


def test_another_withdraws_within_an_allowance_only(world: World, pool: LendingPool) -> None:
    bob, carol = person(world, "bob"), person(world, "carol")
    with pytest.raises(reverts.InsufficientAllowance):
        pool.redeem(10**12, bob, carol, sender=bob)
    pool.approve(bob, 10**12, sender=carol)
    pool.redeem(10**12, bob, carol, sender=bob)
    assert pool.allowance(carol, bob) == 0


def test_shares_move_by_signature(world: World, pool: LendingPool) -> None:
    carol, bob = person(world, "carol"), person(world, "bob")
    share = Token(world.chain, pool)
    share.permit(share.sign_permit(carol, bob, share.raw(5)), sender=bob)
    pool.transfer_from(carol, bob, 5, sender=bob)
    assert pool.balance_of(bob) == 5
    permit2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
    assert pool.allowance(carol, permit2) == 0


def test_lenders_earn_what_borrowers_pay_less_the_reserve(world: World, pool: LendingPool) -> None:
    owned, debt = pool.total_assets(), pool.total_debt()
    world.wait(31_536_000)
    world.accrue(world.people[4])
    interest = pool.total_debt() - debt
    reserve = pool.market().reserve
    assert interest > 0
    assert abs(reserve - interest // 10) <= 1
    assert pool.total_assets() == owned + interest - reserve


# --- collateral -----------------------------------------------------------------------------------


def test_collateral_is_posted_for_another_that_holds_some(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    bob, mallory = person(world, "bob"), person(world, "mallory")
    with pytest.raises(reverts.NotAuthorized) as refusal:
        pool.supply_collateral(weth, ETH, bob, sender=mallory)
    assert (refusal.value.account, refusal.value.caller) == (bob.address, mallory.address)
    pool.supply_collateral(weth, 1, bob, sender=bob)
    receipt = pool.supply_collateral(weth, ETH, bob, sender=mallory)
    assert pool.collateral_of(bob, weth) == ETH + 1
    event = receipt.one(abi.CollateralSupplied)
    assert (event.token, event.account, event.amount) == (weth.address, bob.address, ETH)


def test_collateral_of_nothing_or_of_an_unknown_token_is_refused(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice = person(world, "alice")
    with pytest.raises(reverts.ZeroAmount):
        pool.supply_collateral(weth, 0, alice, sender=alice)
    for verb in (
        lambda: pool.supply_collateral(world.asset, 1, alice, sender=alice),
        lambda: pool.withdraw_collateral(world.asset, 1, alice, alice, sender=alice),
        lambda: pool.liquidate(alice, world.asset, 1, 1, 0, sender=alice),
        lambda: pool.collateral_of(alice, world.asset),
        lambda: pool.max_withdraw_collateral(alice, world.asset),
    ):
        with pytest.raises(reverts.UnknownCollateral):
            verb()


def test_withdrawing_no_collateral_is_refused(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice = person(world, "alice")
    with pytest.raises(reverts.ZeroAmount):
        pool.withdraw_collateral(weth, 0, alice, alice, sender=alice)
    pool.withdraw_collateral(weth, 1, alice, alice, sender=alice)


def test_collateral_stops_at_its_cap(world: World) -> None:
    first, second = world.parameters.collaterals
    capped = replace(world.parameters, collaterals=(replace(first, cap=10 * ETH), second))
    pool = deploy_pool(world.chain, world.asset.address, capped)
    alice, weth = person(world, "alice"), world.tokens[0]
    weth.approve(pool, MAX_UINT256, sender=alice)
    pool.supply_collateral(weth, 10 * ETH - 1, alice, sender=alice)
    with pytest.raises(reverts.CapExceeded) as refusal:
        pool.supply_collateral(weth, 2, alice, sender=alice)
    assert (refusal.value.held, refusal.value.cap) == (10 * ETH + 1, 10 * ETH)
    pool.supply_collateral(weth, 1, alice, sender=alice)


def test_a_new_kind_of_collateral_is_added_to_a_debt_by_the_debtor_only(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice, mallory = person(world, "alice"), person(world, "mallory")
    other = world.tokens[1]
    with pytest.raises(reverts.NotAuthorized):
        pool.supply_collateral(other, 1, alice, sender=mallory)
    pool.supply_collateral(weth, 1, alice, sender=mallory)
    pool.supply_collateral(other, 1, alice, sender=alice)
    pool.supply_collateral(other, 1, alice, sender=mallory)


def test_a_new_kind_of_collateral_needs_its_oracle_where_there_is_debt(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice, bob = person(world, "alice"), person(world, "bob")
    other = world.tokens[1]
    world.turn_off(0)
    world.turn_off(1)
    with pytest.raises(reverts.OracleOff):
        pool.supply_collateral(other, 1, alice, sender=alice)
    pool.supply_collateral(weth, 1, alice, sender=alice)
    pool.supply_collateral(other, 1, bob, sender=bob)


def test_collateral_leaves_as_far_as_the_debt_allows(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice = person(world, "alice")
    with pytest.raises(reverts.CollateralExceedsBalance):
        pool.withdraw_collateral(weth, 10 * ETH + 1, alice, alice, sender=alice)
    with pytest.raises(reverts.DebtAboveLimit) as refusal:
        pool.withdraw_collateral(weth, 4 * ETH, alice, alice, sender=alice)
    assert refusal.value.limit == 9_000 * USD
    pool.withdraw_collateral(weth, 3 * ETH, alice, alice, sender=alice)
    pool.repay(MAX_UINT256, alice, sender=alice)
    pool.withdraw_collateral(weth, 7 * ETH, alice, alice, sender=alice)
    assert pool.collateral_of(alice, weth) == 0


# --- debt -----------------------------------------------------------------------------------------


def test_borrowing_is_refused_beyond_limit_cash_and_minimum(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice, bob = person(world, "alice"), person(world, "bob")
    with pytest.raises(reverts.DebtAboveLimit):
        pool.borrow(5_000 * USD, alice, alice, sender=alice)
    with pytest.raises(reverts.InsufficientCash):
        pool.borrow(100_000 * USD, alice, alice, sender=alice)
    with pytest.raises(reverts.ZeroAmount):
        pool.borrow(0, alice, alice, sender=alice)
    pool.supply_collateral(weth, ETH, bob, sender=bob)
    with pytest.raises(reverts.DebtBelowMinimum):
        pool.borrow(100 * USD - 2, bob, bob, sender=bob)
    pool.borrow(100 * USD, bob, bob, sender=bob)
    pool.borrow(1, bob, bob, sender=bob)


def test_nobody_borrows_or_withdraws_for_another(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice, mallory = person(world, "alice"), person(world, "mallory")
    with pytest.raises(reverts.NotAuthorized):
        pool.borrow(USD, mallory, alice, sender=mallory)
    with pytest.raises(reverts.NotAuthorized):
        pool.withdraw_collateral(weth, 1, mallory, alice, sender=mallory)
    pool.borrow(USD, mallory, alice, sender=alice)
    pool.withdraw_collateral(weth, 1, mallory, alice, sender=alice)


@pytest.mark.gas
def test_first_loan_costs_no_more_than_a_later_one(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice, bob = person(world, "alice"), person(world, "bob")
    pool.supply_collateral(weth, 10 * ETH, bob, sender=bob)
    first = pool.borrow(1_000 * USD, bob, bob, sender=bob).gas_used
    assert first <= pool.borrow(1_000 * USD, alice, alice, sender=alice).gas_used + 200


def test_repaying_takes_no_more_than_is_owed(world: World, pool: LendingPool) -> None:
    alice, mallory = person(world, "alice"), person(world, "mallory")
    before = world.asset.balance_of(mallory)
    receipt = pool.repay(MAX_UINT256, alice, sender=mallory)
    paid = before - world.asset.balance_of(mallory)
    assert paid == receipt.one(abi.Repaid).assets
    assert 10_000 * USD < paid < 10_001 * USD  # a second's interest
    assert pool.debt_of(alice) == 0
    with pytest.raises(reverts.NoDebt):
        pool.repay(1, alice, sender=mallory)


def test_repaying_less_than_a_debt_share_is_refused(chain: Chain) -> None:
    """At the end of the index a debt share is worth five dollars; less than it cancels nothing."""
    world = World(chain, collateral_decimals=(18,), rate=KinkedRate(0, 10**9, 2**40 - 1, WAD // 2))
    alice, bob, carol, keeper = (world.people[n] for n in (0, 2, 3, 4))
    world.deposit(bob, 100 * USD)
    world.supply_collateral(alice, 0, ETH)
    world.borrow(alice, 100 * USD)
    world.wait(309 * 86_400)
    world.liquidate(keeper, alice, 0)
    assert world.contract.market().index == 2**112 - 1
    world.deposit(carol, 10**6 * USD)
    world.supply_collateral(alice, 0, 1_000 * ETH)
    world.borrow(alice, 900_000 * USD)
    share = world.contract.debt_of(alice)
    for small in (USD, 5 * USD):
        world.repay(alice, small)
        assert isinstance(world.refusal, reverts.ZeroAmount)
    world.scale_price(0, 55, 100)
    world.liquidate(keeper, alice, 0, 5 * USD)
    assert isinstance(world.refusal, reverts.ZeroAmount)
    assert world.contract.debt_of(alice) == share
    for verb in (
        lambda: world.liquidate(keeper, alice, 0, 6 * USD),
        lambda: world.repay(alice, 6 * USD),
    ):
        owed = world.contract.debt_of(alice)
        verb()
        assert world.refusal is None
        assert world.contract.debt_of(alice) < owed


def test_a_repayment_takes_what_the_debt_shares_it_cancels_are_worth(chain: Chain) -> None:
    """At the end of the index a debt share is worth five dollars; the payer keeps the change."""
    world = World(chain, collateral_decimals=(18,), rate=KinkedRate(0, 10**9, 2**40 - 1, WAD // 2))
    alice, bob, carol, keeper = (world.people[n] for n in (0, 2, 3, 4))
    world.deposit(bob, 100 * USD)
    world.supply_collateral(alice, 0, ETH)
    world.borrow(alice, 100 * USD)
    world.wait(309 * 86_400)
    world.liquidate(keeper, alice, 0)
    world.deposit(carol, 10**6 * USD)
    world.supply_collateral(alice, 0, 1_000 * ETH)
    world.borrow(alice, 900_000 * USD)
    index = world.contract.market().index
    for shares in (1, 7):
        worth = to_assets_up(shares, index)
        had, owed = world.asset.balance_of(bob), world.contract.debt_of(alice)
        with chain.snapshot():
            world.contract.repay(to_assets_up(shares + 1, index) - 1, alice, sender=bob)
            assert had - world.asset.balance_of(bob) == worth
            assert abs(owed - world.contract.debt_of(alice) - worth) <= 1
        world.repay(bob, to_assets_up(shares + 1, index) - 1, account=alice)
        assert world.refusal is None


def test_the_last_of_a_collateral_is_taken_whatever_it_cancels(chain: Chain) -> None:
    """Else two rests, each below a debt share and above dust, would stand for ever."""
    rate = KinkedRate(0, 10**9, 2**40 - 1, WAD // 2)
    world = World(chain, rate=rate)
    alice, bob, carol, keeper = (world.people[n] for n in (0, 2, 3, 4))
    world.deposit(bob, 100 * USD)
    world.supply_collateral(alice, 0, ETH)
    world.borrow(alice, 100 * USD)
    world.wait(309 * 86_400)
    world.liquidate(keeper, alice, 0)
    assert world.contract.market().index == 2**112 - 1
    world.deposit(carol, 10**6 * USD)
    for number in (0, 1):
        world.supply_collateral(alice, number, world.units[number])
    world.borrow(alice, 10_000 * USD)
    for number in (0, 1):
        world.set_price(number, 3 * USD * 10**36 // world.units[number])
    owed = world.contract.debt_of(alice)
    world.liquidate(keeper, alice, 0)
    assert world.refusal is None
    assert world.contract.debt_of(alice) == owed
    world.liquidate(keeper, alice, 1)
    assert world.refusal is None
    assert world.contract.debt_of(alice) == 0


def test_repaying_to_below_the_minimum_is_refused(world: World, pool: LendingPool) -> None:
    alice = person(world, "alice")
    with pytest.raises(reverts.DebtBelowMinimum):
        pool.repay(9_950 * USD, alice, sender=alice)
    with pytest.raises(reverts.ZeroAmount):
        pool.repay(0, alice, sender=alice)
    pool.repay(9_900 * USD, alice, sender=alice)
    assert pool.debt_of(alice) >= 100 * USD


# --- liquidation ----------------------------------------------------------------------------------


def test_healthy_account_is_not_liquidated(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice, keeper = person(world, "alice"), person(world, "keeper")
    with pytest.raises(reverts.HealthyAccount) as refusal:
        pool.liquidate(alice, weth, MAX_UINT256, MAX_UINT256, 0, sender=keeper)
    assert refusal.value.health > 10**18
    world.scale_price(0, 60, 100)
    assert pool.health_of(alice) < 10**18
    pool.liquidate(alice, weth, MAX_UINT256, MAX_UINT256, 0, sender=keeper)
    assert pool.health_of(alice) >= 10**18


def test_liquidation_tells_what_it_did(world: World, pool: LendingPool, weth: MockToken) -> None:
    alice, keeper = person(world, "alice"), person(world, "keeper")
    world.scale_price(0, 60, 100)
    receipt = pool.liquidate(alice, weth, 1_000 * USD, MAX_UINT256, 0, sender=keeper)
    event = receipt.one(abi.Liquidated)
    _, done = world.pool.liquidate(
        alice.address, weth.address, 1_000 * USD, now=world.chain.timestamp, prices=world.prices
    )
    assert (event.repaid, event.seized, event.bonus) == (done.repaid, done.seized, done.bonus)
    assert event.liquidator == keeper.address
    assert event.repaid == 1_000 * USD
    assert receipt.all(abi.BadDebt) == []


def test_liquidation_keeps_the_liquidators_limits(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice, keeper = person(world, "alice"), person(world, "keeper")
    world.scale_price(0, 60, 100)
    with pytest.raises(reverts.TooLittleSeized):
        pool.liquidate(alice, weth, 1_000 * USD, MAX_UINT256, ETH, sender=keeper)
    for limits in ((0, MAX_UINT256), (MAX_UINT256, 0)):
        with pytest.raises(reverts.ZeroAmount):
            pool.liquidate(alice, weth, *limits, 0, sender=keeper)
    receipt = pool.liquidate(alice, weth, MAX_UINT256, ETH, ETH, sender=keeper)
    assert receipt.one(abi.Liquidated).seized == ETH
    with pytest.raises(reverts.CollateralExceedsBalance):
        pool.liquidate(alice, world.tokens[1], MAX_UINT256, MAX_UINT256, 0, sender=keeper)
    with pytest.raises(reverts.NoDebt):
        pool.liquidate(keeper, weth, MAX_UINT256, MAX_UINT256, 0, sender=keeper)


def test_verbs_with_a_callback_do_what_twin_and_callback_do(world: World) -> None:
    """Collateral is freed before it is paid for, and a loan taken out of a pool not paid yet."""
    alice, bob = world.people[0], world.people[2]
    world.supply_collateral(bob, 0, 10 * ETH)
    world.borrow(bob, 12_000 * USD)
    world.authorize(bob, world.actor, True)
    done = world.repay_with_callback(bob, 6_000 * USD, bob, 0, 5 * ETH)
    assert done is not None
    assert done.one(abi.CollateralWithdrawn).receiver == world.actor.address
    world.repay_with_callback(bob, USD, bob, 0, 5 * ETH)
    assert isinstance(world.refusal, reverts.DebtAboveLimit)
    world.supply_collateral(bob, 0, 10 * ETH)
    world.scale_price(0, 60, 100)
    done = world.liquidate_with_callback(bob, alice, 0, borrowed=1_000 * USD)
    assert done is not None
    assert done.one(abi.Borrowed).account == bob.address
    assert done.one(abi.Liquidated).liquidator == world.actor.address
    world.scale_price(0, 40, 100)
    assert world.liquidate_with_callback(bob, alice, 0, borrowed=2**200) is None
    assert isinstance(world.refusal, reverts.DebtAboveLimit)


def test_bad_debt_shows_at_once_in_the_share_price(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice, keeper = person(world, "alice"), person(world, "keeper")
    world.scale_price(0, 20, 100)
    owned = pool.total_assets()
    receipt = pool.liquidate(alice, weth, MAX_UINT256, MAX_UINT256, 0, sender=keeper)
    loss = receipt.one(abi.BadDebt)
    assert loss.account == alice.address
    assert loss.loss > 6_000 * USD
    assert pool.debt_of(alice) == 0
    assert abs(owned - pool.total_assets() - (loss.loss - loss.from_reserve)) <= 100  # a second


# --- views ----------------------------------------------------------------------------------------


def test_a_limit_names_the_same_oracle_as_the_twin(world: World, pool: LendingPool) -> None:
    """Those of the other collaterals are asked first: where they suffice, its own is not."""
    alice, other = person(world, "alice"), world.tokens[1]
    pool.supply_collateral(other, 1, alice, sender=alice)
    assert pool.max_withdraw_collateral(alice, other) == 1
    for number in (0, 1):
        world.oracles[number].set_price(0)
    state, now = world.look().pool, world.now()
    for asked, refuses in ((1, 0), (0, 1)):
        token = world.tokens[asked]
        with pytest.raises(reverts.ZeroPrice) as refusal:
            pool.max_withdraw_collateral(alice, token)
        with pytest.raises(reverts.ZeroPrice) as twins:
            state.max_withdraw_collateral(alice.address, token.address, now=now, prices=[0, 0])
        assert refusal.value.oracle == twins.value.oracle == world.oracles[refuses].address


def test_a_limit_is_true_while_the_collaterals_own_oracle_refuses(
    world: World, pool: LendingPool
) -> None:
    """All of it may go where the others bear the debt; where they do not, its oracle refuses."""
    alice, other = person(world, "alice"), world.tokens[1]
    world.supply_collateral(alice, 1, 7)
    world.turn_off(1)
    assert pool.max_withdraw_collateral(alice, other) == 7
    state, now = world.look().pool, world.now()
    most = state.max_withdraw_collateral(alice.address, other.address, now=now, prices=world.prices)
    assert most == 7
    world.withdraw_collateral(alice, 1, 6)
    assert isinstance(world.refusal, reverts.OracleOff)
    world.withdraw_collateral(alice, 1, 7)
    assert world.refusal is None
    assert pool.collateral_of(alice, other) == 0
    world.scale_price(1, 1, 1)
    world.supply_collateral(alice, 1, world.units[1])
    world.scale_price(0, 1, 100)
    world.turn_off(1)
    with pytest.raises(reverts.OracleOff):
        pool.max_withdraw_collateral(alice, other)


def test_nothing_may_go_where_a_debt_is_above_its_limit(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice = person(world, "alice")
    free = pool.max_withdraw_collateral(alice, weth)
    assert 0 < free < 10 * ETH
    world.set_price(0, world.prices[0] // 2)
    assert pool.max_withdraw_collateral(alice, weth) == 0
    state, now = world.look().pool, world.now()
    prices = world.prices
    assert state.max_withdraw_collateral(alice.address, weth.address, now=now, prices=prices) == 0


def test_a_pool_does_not_lend_against_its_own_shares(world: World) -> None:
    """They are worth less exactly when its loans are. Its address is known before it is there."""
    chain, deployer = world.chain, person(world, "alice")
    own = create_address(deployer.address, chain.nonce(deployer))
    listed = (replace(world.parameters.collaterals[0], token=own),)
    with chain.as_(deployer), pytest.raises(reverts.InvalidCollateral) as refusal:
        deploy_pool(chain, world.asset.address, replace(world.parameters, collaterals=listed))
    assert refusal.value.args == (own,)


@pytest.mark.parametrize(("lent", "way"), [(9_500, 1), (9_000, 0), (500, -1)])
def test_a_centre_rises_above_the_kink_falls_below_it_and_rests_at_it(
    chain: Chain, lent: int, way: int
) -> None:
    """In lockstep with the twin, until the drift has come to its end."""
    world = World(chain, rate=AdaptiveRate.annual("4%", target="90%", lowest="1%", highest="16%"))
    alice, carol = world.people[0], world.people[3]
    world.deposit(carol, 10_000 * USD)
    world.supply_collateral(alice, 0, 100 * ETH)
    world.borrow(alice, lent * USD)
    drifts = [world.look().pool.market.drift]
    for _ in range(3):
        chain.advance(days=1)
        world.accrue(alice)
        drifts.append(world.look().pool.market.drift)
    assert world.refusal is None
    assert (drifts[1] > drifts[0]) - (drifts[1] < drifts[0]) == way
    if way:  # at rest interest lifts the utilisation, and the next verb sees it
        assert [way * drift for drift in drifts] == sorted(way * drift for drift in drifts)


def test_views_that_need_a_price_refuse_with_the_oracle(
    world: World, pool: LendingPool, weth: MockToken
) -> None:
    alice, bob = person(world, "alice"), person(world, "bob")
    world.set_price(0, 0)
    for view in (pool.health_of, pool.max_borrow):
        with pytest.raises(reverts.ZeroPrice):
            view(alice)
    assert pool.health_of(bob) == MAX_UINT256
    assert pool.max_withdraw_collateral(bob, weth) == 0
    assert pool.snapshot([alice.address]).collaterals[0].price == 0
    world.turn_off(0)
    assert pool.snapshot([alice.address]).collaterals[0].price == 0
    with pytest.raises(reverts.OracleOff):
        pool.health_of(alice)


def test_snapshot_reads_everything_at_once(world: World, pool: LendingPool) -> None:
    shot = pool.snapshot(world.names)
    assert shot.timestamp == world.chain.timestamp
    assert shot.market == pool.market()
    assert shot.total_shares == pool.total_supply()
    assert [one.shares for one in shot.accounts] == [pool.balance_of(name) for name in world.names]
    assert shot.accounts[0].collateral == [10 * ETH, 0]


def test_a_pool_of_sixteen_collaterals_works(chain: Chain) -> None:
    world = World(chain, collateral_decimals=(18, 8))
    risk = world.parameters.collaterals[0]
    tokens = [MockToken.deploy(chain, f"T{n}", 18) for n in range(16)]
    many = replace(
        world.parameters, collaterals=tuple(replace(risk, token=one.address) for one in tokens)
    )
    pool = deploy_pool(chain, world.asset.address, many)
    alice, carol, keeper = (person(world, name) for name in ("alice", "carol", "keeper"))
    for who in (carol, keeper):
        world.asset.approve(pool, MAX_UINT256, sender=who)
    pool.deposit(10**6 * USD, carol, sender=carol)
    for token in tokens:
        token.mint(alice, ETH)
        token.approve(pool, ETH, sender=alice)
        pool.supply_collateral(token, ETH, alice, sender=alice)
    pool.borrow(24_000 * USD, alice, alice, sender=alice)
    world.scale_price(0, 90, 100)
    for token in tokens:
        pool.liquidate(alice, token, MAX_UINT256, MAX_UINT256, 0, sender=keeper)
        if pool.health_of(alice) >= 10**18:
            break
    assert tokens[15].balance_of(pool) == pool.collateral_of(alice, tokens[15])
