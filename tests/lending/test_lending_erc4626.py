"""ERC-4626, property by property, on pools with interest, a loss, gifts or nothing at all.

The properties are those that the standard states, and the field's suites test: round trips never
gain, previews equal execution, rounding favours the pool, limits never revert and never promise
more than they keep.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.chain import Chain
from defi_kit.lending.rates import KinkedRate
from defi_kit.testing.lending.pool.world import World
from defi_kit.units import MAX_UINT256, WAD

USD = 10**6
ETH = 10**18


def _empty(world: World) -> None:
    """Nobody was here yet."""


def _gifted(world: World) -> None:
    world.donate(world.people[6], None, 12_345 * USD)


def _lent(world: World) -> None:
    alice, carol, keeper = world.people[0], world.people[3], world.people[4]
    world.deposit(carol, 100_000 * USD)
    world.deposit(keeper, 77_777_777)
    world.supply_collateral(alice, 0, 40 * ETH)
    world.borrow(alice, 50_000 * USD)


def _grown(world: World) -> None:
    _lent(world)
    world.wait(31_536_000)
    world.accrue(world.people[4])


def _lost(world: World) -> None:
    _grown(world)
    world.scale_price(0, 1, 3)
    world.liquidate(world.people[4], world.people[0], 0)


def _ruined(world: World) -> None:
    alice, carol = world.people[0], world.people[3]
    world.deposit(carol, 10_000 * USD)
    world.supply_collateral(alice, 0, 10 * ETH)
    world.borrow(alice, 10_000 * USD)
    world.set_price(0, 10)
    world.liquidate(world.people[4], alice, 0)


STATES: dict[str, Callable[[World], None]] = {
    "empty": _empty,
    "gifted": _gifted,
    "lent": _lent,
    "grown": _grown,
    "lost": _lost,
    "ruined": _ruined,
}
AMOUNTS = st.one_of(st.integers(0, 10), st.integers(0, 10**24), st.integers(0, 2**102))
SHARES = st.one_of(st.integers(0, 10**7), st.integers(0, 10**30), st.integers(0, 2**120))


@cache
def _world(state: str) -> World:
    world = World(Chain.embedded())
    STATES[state](world)
    return world


@pytest.fixture(params=STATES)
def world(request: pytest.FixtureRequest) -> World:
    return _world(request.param)


@given(assets=AMOUNTS, shares=SHARES)
def test_round_trips_never_gain(world: World, assets: int, shares: int) -> None:
    pool = world.contract
    assert pool.convert_to_assets(pool.convert_to_shares(assets)) <= assets
    assert pool.convert_to_shares(pool.convert_to_assets(shares)) <= shares
    assert pool.preview_redeem(pool.preview_deposit(assets)) <= assets
    assert pool.preview_deposit(pool.preview_redeem(shares)) <= shares
    assert pool.preview_mint(pool.preview_withdraw(assets)) >= assets
    assert pool.preview_withdraw(pool.preview_mint(shares)) >= shares


@given(assets=AMOUNTS, shares=SHARES)
def test_rounding_favours_the_pool(world: World, assets: int, shares: int) -> None:
    pool = world.contract
    assert pool.preview_deposit(assets) <= pool.convert_to_shares(assets)
    assert pool.preview_withdraw(assets) >= pool.convert_to_shares(assets)
    assert pool.preview_mint(shares) >= pool.convert_to_assets(shares)
    assert pool.preview_redeem(shares) <= pool.convert_to_assets(shares)
    assert pool.preview_mint(shares) - pool.convert_to_assets(shares) <= 1


@given(assets=st.integers(0, 10**13), shares=st.integers(0, 10**19))
def test_previews_are_what_execution_does(world: World, assets: int, shares: int) -> None:
    """At one and the same second: the twin of that second says what the verbs then do."""
    with world.rewound():
        carol, keeper = world.people[3], world.people[4]
        world.deposit(carol, assets)  # the world compares results with the twin's
        world.mint(keeper, shares)
        world.withdraw(carol, assets // 2)
        world.redeem(keeper, shares // 2)
        now = world.chain.timestamp
        for amount in (assets, shares):
            told = world.contract.preview_deposit(amount)
            assert told == world.pool.convert_to_shares(amount, now=now)
            told = world.contract.preview_withdraw(amount)
            assert told == world.pool.preview_withdraw(amount, now=now)


@pytest.mark.parametrize("who", ["alice", "carol", "keeper", "nobody"])
def test_limits_never_revert_and_keep_what_they_promise(world: World, who: str) -> None:
    pool, person = world.contract, world.chain.account(who)
    with world.rewound():
        for oracle in world.oracles:
            oracle.set_reverting(True)
        limits = [
            view(person)
            for view in (pool.max_deposit, pool.max_mint, pool.max_withdraw, pool.max_redeem)
        ]
        assert all(0 <= limit <= MAX_UINT256 for limit in limits)
        now = world.now()
        state = world.look().pool
        withdrawable = state.max_withdraw(person.address, now=now)
        with world.chain.snapshot():
            pool.withdraw(withdrawable, person, person, sender=person)
        with pytest.raises((reverts.SharesExceedBalance, reverts.InsufficientCash)):
            pool.withdraw(withdrawable + 1, person, person, sender=person)
        redeemable = state.max_redeem(person.address, now=now)
        with world.chain.snapshot():
            pool.redeem(redeemable, person, person, sender=person)
        with pytest.raises((reverts.SharesExceedBalance, reverts.InsufficientCash)):
            pool.redeem(max(redeemable, pool.balance_of(person)) + 1, person, person, sender=person)


def test_deposit_limits_are_exact(world: World) -> None:
    pool, carol = world.contract, world.people[3]
    with world.rewound():
        state, now = world.look().pool, world.now()
        assets, shares = state.max_deposit(now=now), state.max_mint(now=now)
        with pytest.raises(reverts.DepositAboveMaximum):
            pool.deposit(assets + 1, carol, sender=carol)
        with pytest.raises(reverts.MintAboveMaximum):
            pool.mint(shares + 1, carol, sender=carol)
        with world.chain.snapshot():
            pool.deposit(assets, carol, sender=carol)
        pool.mint(shares, carol, sender=carol)


def test_after_a_near_total_loss_all_shares_can_be_redeemed(chain: Chain) -> None:
    """Where a share is worth next to nothing, more of them are paid than the cash converts to."""
    world = World(chain, collateral_decimals=(18,), rate=KinkedRate(0, 0, 0, WAD // 10))
    alice, bob, keeper = world.people[0], world.people[2], world.people[4]
    world.deposit(bob, 10**6 * USD)
    world.supply_collateral(alice, 0, 10_000 * ETH)
    world.borrow(alice, 10**6 * USD - 99)
    world.set_price(0, 1)
    world.liquidate(keeper, alice, 0)
    pool, owned = world.contract, world.contract.balance_of(bob)
    assert pool.market().cash == pool.total_assets() == 99 + 1
    assert pool.convert_to_shares(pool.market().cash) < owned
    assert pool.max_redeem(bob) == world.pool.max_redeem(bob.address, now=world.now()) == owned
    pool.redeem(owned, bob, bob, sender=bob)
    assert pool.total_supply() == 0


def test_the_most_shares_redeemed_are_the_most_that_the_cash_pays(world: World) -> None:
    """To the share, for one who holds more than that."""
    pool = world.contract
    with world.rewound():
        carol, alice = world.people[3], world.people[0]
        world.supply_collateral(alice, 0, 10**6 * ETH)
        world.set_price(0, world.opening[0])
        state, now = world.look().pool, world.now()
        if state.market.cash == 0 or pool.balance_of(carol) == 0:
            return
        debt = state.max_borrow(alice.address, now=now, prices=world.prices)
        world.borrow(alice, debt // 3 * 2)
        state, now = world.look().pool, world.now()
        most = state.max_redeem(carol.address, now=now)
        with world.chain.snapshot():
            pool.redeem(most, carol, carol, sender=carol)
        with pytest.raises((reverts.InsufficientCash, reverts.SharesExceedBalance)):
            pool.redeem(most + 1, carol, carol, sender=carol)


def test_total_assets_and_conversions_never_revert(world: World) -> None:
    pool = world.contract
    assert pool.total_assets() >= 0
    for amount in (0, 1, 2**103 - 1):
        assert pool.convert_to_shares(amount) >= 0
        assert pool.convert_to_assets(amount) >= 0
    assert pool.asset() == world.asset.address


def test_a_deposit_too_small_for_a_share_is_refused_not_swallowed(chain: Chain) -> None:
    """Only where a share is worth more than a unit, which takes a pool grown a million-fold."""
    world = World(chain, collateral_decimals=(18,))
    carol, alice, keeper = world.people[3], world.people[0], world.people[4]
    world.deposit(carol, 1_000 * USD)
    world.supply_collateral(alice, 0, ETH)
    world.borrow(alice, 1_000 * USD)
    world.wait(31_536_000 * 12)
    world.repay(keeper, MAX_UINT256, alice)
    assert world.contract.convert_to_assets(10**6) > 10**6
    world.deposit(keeper, 1)
    assert isinstance(world.refusal, reverts.ZeroAmount)
    world.deposit(keeper, 10**12)
    assert world.refusal is None


def test_events_tell_who_paid_and_who_owns(world: World) -> None:
    from defi_kit.bindings import lending_pool as abi

    with world.rewound():
        carol, keeper = world.people[3], world.people[4]
        receipt = world.contract.deposit(10**12, keeper, sender=carol)
        given_ = receipt.one(abi.Deposit, address=world.contract.address)
        assert (given_.by, given_.owner, given_.assets) == (carol.address, keeper.address, 10**12)
        moved = receipt.all(abi.Transfer, address=world.contract.address)
        assert [one.amount for one in moved] == [given_.shares]
