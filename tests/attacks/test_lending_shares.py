"""Attacks on those who lend: share prices, rounding, the rate. The attacker gains nothing."""

from __future__ import annotations

import pytest

from defi_kit import reverts
from defi_kit.chain import Chain
from defi_kit.units import MAX_UINT256
from lending.market import ETH, USD, Market


@pytest.fixture
def market(chain: Chain) -> Market:
    return Market(chain)


def test_first_depositor_inflation_by_donation_takes_nothing(market: Market) -> None:
    """Hundred, Sonne: one unit in, a donation so large that the next deposit rounds to none."""
    pool, attacker, carol = market.pool, market.attacker, market.carol
    before, victim = market.worth(attacker), market.worth(carol)
    pool.deposit(1, attacker, sender=attacker)
    market.usd.transfer(pool, 1_000_000 * USD, sender=attacker)
    pool.deposit(1_000 * USD, carol, sender=carol)
    pool.redeem(pool.balance_of(attacker), attacker, attacker, sender=attacker)
    assert victim - market.worth(carol) <= 1
    assert before - market.worth(attacker) >= 1_000_000 * USD


def test_first_depositor_inflation_by_rounding_takes_nothing(market: Market) -> None:
    """Without donations: raise the share price by what rounding leaves behind, many times over."""
    pool, attacker, carol = market.pool, market.attacker, market.carol
    pool.deposit(1, attacker, sender=attacker)
    start = market.worth(attacker)
    for _ in range(100):
        pool.deposit(3, attacker, sender=attacker)
        pool.withdraw(2, attacker, attacker, sender=attacker)
    assert pool.convert_to_assets(10**6) <= 2
    victim = market.worth(carol)
    pool.deposit(1_000 * USD, carol, sender=carol)
    assert victim - market.worth(carol) <= 1
    assert market.worth(attacker) <= start


def test_donation_moves_no_share_price(market: Market) -> None:
    """Cream, Venus: a share price lifted by a gift, where shares serve as collateral elsewhere."""
    market.lend()
    pool = market.pool
    price, limit = pool.convert_to_assets(10**12), pool.max_withdraw(market.carol)
    market.usd.transfer(pool, 10**9 * USD, sender=market.attacker)
    market.weth.transfer(pool, 10**9 * ETH, sender=market.attacker)
    assert pool.convert_to_assets(10**12) == price
    assert pool.max_withdraw(market.carol) == limit
    assert pool.market().cash == 100_000 * USD


def test_a_thousand_dust_operations_gain_nothing(market: Market) -> None:
    """Balancer 2025, KyberSwap: rounding won a thousand times over."""
    market.lend()
    market.loan(market.bob, 10_000)
    market.loan(market.attacker, 10_000)
    market.pool.deposit(1_000 * USD, market.attacker, sender=market.attacker)
    market.chain.advance(days=365)
    market.pool.accrue()
    pool, attacker = market.pool, market.attacker
    with market.chain.snapshot():
        market.chain.mine(10)
        idle = market.worth(attacker)
    loop = [
        ("deposit", 1, attacker),
        ("withdraw", 1, attacker, attacker),
        ("mint", 1_000_001, attacker),
        ("redeem", 1_000_000, attacker, attacker),
        ("borrow", 1, attacker, attacker),
        ("repay", 1, attacker),
    ]
    for _ in range(10):
        market.chain.batch([pool.build(*verb, sender=attacker) for verb in loop * 17])
    assert market.worth(attacker) <= idle + 2


def test_poking_every_second_changes_no_interest(market: Market) -> None:
    """Accrual spam: neither dodge the interest nor inflate it."""
    market.lend()
    market.loan(market.bob, 10_000)
    start = market.chain.timestamp
    with market.chain.snapshot():
        market.chain.set_next_timestamp(start + 1_000)
        market.pool.accrue(sender=market.bob)
        at_once = market.pool.debt_of(market.bob)
    for second in range(1, 1_001):
        market.chain.set_next_timestamp(start + second)
        market.pool.accrue(sender=market.bob)
    assert market.pool.debt_of(market.bob) == at_once


def test_ten_years_at_once_or_in_pieces_cost_and_earn_the_same(market: Market) -> None:
    """Nobody calls for ten years, or an attacker whenever it suits: the debtor owes the same to the
    last unit, and lenders have it."""
    market.lend()
    market.loan(market.bob, 10_000)
    pool, start, years = market.pool, market.chain.timestamp, 315_360_000

    def end(*moments: int) -> tuple[int, int, int]:
        with market.chain.snapshot():
            for moment in (*moments, years):
                market.chain.set_next_timestamp(start + moment)
                pool.accrue(sender=market.attacker)
            lent = pool.convert_to_assets(pool.balance_of(market.carol))
            return pool.debt_of(market.bob), lent, pool.total_assets()

    at_once = end()
    assert at_once[0] > 10_100 * USD
    for moments in ((1, 2, 3), range(86_400, years, 8_640_000), (years - 2, years - 1), (7, 10**8)):
        assert end(*moments) == at_once


def test_an_asset_without_decimals_bears_interest_through_spam(chain: Chain) -> None:
    """Each second's interest is far below one unit; rounding it away each time would dodge all."""
    from defi_kit.testing.lending.pool.world import World

    world = World(chain, asset_decimals=0, collateral_decimals=(18,), lockstep=False)
    carol, bob = world.people[3], world.people[2]
    pool, weth = world.contract, world.tokens[0]
    pool.deposit(100_000, carol, sender=carol)
    pool.supply_collateral(weth, 10 * ETH, bob, sender=bob)
    pool.borrow(10_000, bob, bob, sender=bob)
    start = chain.timestamp
    hour = 3_600
    for step in range(1, 366):
        chain.set_next_timestamp(start + step * 24 * hour)
        pool.accrue(sender=bob)
    rate = pool.market().rate
    due = 10_000 * rate * 31_536_000 // 10**18
    assert due <= pool.debt_of(bob) - 10_000 <= due + due * due // 10_000 + 1


def test_flash_supply_moves_the_rate_for_nobody(market: Market) -> None:
    """Utilisation games: cash that comes and goes within a block leaves the rate where it was."""
    market.lend()
    market.loan(market.bob, 15_000)
    pool, attacker = market.pool, market.attacker
    pool.accrue(sender=attacker)
    rate, debt = pool.market().rate, pool.debt_of(market.bob)
    shares = pool.preview_deposit(10**9 * USD)
    market.chain.batch(
        [
            pool.build("deposit", 10**9 * USD, attacker, sender=attacker),
            pool.build("redeem", shares * 999 // 1_000, attacker, attacker, sender=attacker),
            pool.build("withdraw", 999_000, attacker, attacker, sender=attacker),
        ]
    )
    pool.redeem(pool.balance_of(attacker), attacker, attacker, sender=attacker)
    assert abs(pool.market().rate - rate) <= 1
    assert pool.debt_of(market.bob) - debt <= 3 * (debt * rate // 10**18 + 1)


def test_everyone_leaves_with_what_the_books_say_after_a_loss(market: Market) -> None:
    """A run on the pool: the last one out gets as much a share as the first."""
    market.lend()
    market.pool.deposit(50_000 * USD, market.rival, sender=market.rival)
    market.loan(market.bob, 15_000)
    market.price(700)
    market.liquidate(market.keeper, market.bob)
    pool = market.pool
    assert pool.total_debt() == 0
    before = [market.usd.balance_of(who) for who in (market.carol, market.rival)]
    due = [pool.convert_to_assets(pool.balance_of(who)) for who in (market.carol, market.rival)]
    assert sum(due) < 150_000 * USD
    for who in (market.carol, market.rival):
        pool.redeem(pool.balance_of(who), who, who, sender=who)
    got = [
        market.usd.balance_of(who) - was
        for who, was in zip((market.carol, market.rival), before, strict=True)
    ]
    assert all(paid >= owed for paid, owed in zip(got, due, strict=True))
    assert abs(got[0] - 2 * got[1]) <= 2


def test_a_ruined_pool_serves_new_lenders_fairly(market: Market) -> None:
    """After nearly everything was lost, a newcomer's money is the newcomer's."""
    market.lend(15_000)
    market.loan(market.bob, 15_000)
    market.price(1)
    market.liquidate(market.keeper, market.bob)
    pool = market.pool
    assert pool.total_assets() < 20 * USD
    before = market.worth(market.rival)
    pool.deposit(1_000 * USD, market.rival, sender=market.rival)
    assert before - market.worth(market.rival) <= 1
    assert pool.max_deposit(market.rival) > 10**12 * USD


def test_a_pool_that_lost_everything_neither_reverts_nor_gives_anything_away(
    market: Market,
) -> None:
    """Down to no assets for many shares: views stay up, and the next deposit is safe."""
    market.lend(15_000)
    market.loan(market.bob, 15_000)
    market.raw_price(1)
    market.pool.liquidate(
        market.bob, market.weth, MAX_UINT256, MAX_UINT256, 0, sender=market.keeper
    )
    pool = market.pool
    assert pool.total_assets() <= 1
    for view in (pool.max_deposit, pool.max_mint, pool.max_withdraw, pool.max_redeem):
        view(market.carol)
    before = market.worth(market.rival)
    pool.deposit(1_000 * USD, market.rival, sender=market.rival)
    assert before - market.worth(market.rival) <= 1
    assert pool.max_withdraw(market.carol) <= 1


def test_stranger_cannot_spend_shares(market: Market) -> None:
    """One path without a check is enough (Euler): try each."""
    market.lend()
    market.loan(market.bob, 10_000)
    pool, attacker = market.pool, market.attacker
    with pytest.raises(reverts.InsufficientAllowance):
        pool.withdraw(1, attacker, market.carol, sender=attacker)
    with pytest.raises(reverts.InsufficientAllowance):
        pool.redeem(1, attacker, market.carol, sender=attacker)
    with pytest.raises(reverts.InsufficientAllowance):
        pool.transfer_from(market.carol, attacker, 1, sender=attacker)
    with pytest.raises(reverts.NotAuthorized):
        pool.borrow(1, attacker, market.bob, sender=attacker)
    with pytest.raises(reverts.NotAuthorized):
        pool.withdraw_collateral(market.weth, 1, attacker, market.bob, sender=attacker)


def test_debts_grown_beyond_all_money_can_still_be_repaid(chain: Chain) -> None:
    """Centuries at the highest rate: interest stops where the books end, and nothing locks."""
    from defi_kit.testing.lending.pool.world import World

    world = World(chain, asset_decimals=24, collateral_decimals=(18,), lockstep=False)
    carol, bob = world.people[3], world.people[2]
    pool, weth = world.contract, world.tokens[0]
    pool.deposit(10_000 * 10**24, carol, sender=carol)
    pool.supply_collateral(weth, 10 * ETH, bob, sender=bob)
    pool.borrow(10_000 * 10**24, bob, bob, sender=bob)
    for years in (1_000, 1, 1_000):
        chain.advance(years * 31_536_000)
        pool.accrue(sender=bob)
        assert pool.total_assets() > 10**30
        assert pool.max_deposit(carol) == 0
    pool.repay(MAX_UINT256, bob, sender=bob)
    pool.withdraw_collateral(weth, 10 * ETH, bob, bob, sender=bob)
    pool.redeem(pool.balance_of(carol), carol, carol, sender=carol)
    assert pool.total_supply() == 0
