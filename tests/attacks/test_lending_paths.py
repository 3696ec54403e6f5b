"""Every way to owe more, own less, or be paid: none goes round the check of health, and no number
is cut off on its way into the books."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from defi_kit import reverts
from defi_kit.chain import Chain
from defi_kit.chain.embedded import EmbeddedChain
from defi_kit.chain.trampolines import account_info
from defi_kit.errors import Reverted
from defi_kit.units import MAX_UINT256, YEAR
from lending.market import ETH, USD, Market


@pytest.fixture
def market(chain: Chain) -> Market:
    built = Market(chain)
    built.lend()
    return built


def test_no_path_out_goes_round_the_check_of_health(market: Market) -> None:
    """Euler 2023 (donateToReserves), Platypus (emergencyWithdraw), Fuse (exitMarket): one verb that
    forgot to ask. Here whatever lowers health is refused at the edge, for operators as well."""
    market.loan(market.alice, 10_000)
    pool, alice, weth, friend = market.pool, market.alice, market.weth, market.second
    pool.set_authorization(friend, True, sender=alice)
    pool.borrow(pool.max_borrow(alice) - USD // 1_000, alice, alice, sender=alice)
    free = pool.max_withdraw_collateral(alice, weth)
    ways: tuple[Callable[[], object], ...] = (
        lambda: pool.borrow(USD, alice, alice, sender=alice),
        lambda: pool.borrow(USD, friend, alice, sender=friend),
        lambda: pool.withdraw_collateral(weth, free + 10**15, alice, alice, sender=alice),
        lambda: pool.withdraw_collateral(weth, free + 10**15, friend, alice, sender=friend),
        lambda: pool.withdraw_collateral(weth, 10 * ETH, alice, alice, sender=alice),
    )
    before = pool.health_of(alice)
    for way in ways:
        with pytest.raises(reverts.DebtAboveLimit):
            way()
    assert pool.health_of(alice) == before > 10**18


def test_shares_that_are_lent_out_back_no_loan(market: Market) -> None:
    """Fortress, Cream's yUSD: what is lent is collateral as well. A pool's own shares never are."""
    pool, attacker = market.pool, market.attacker
    pool.deposit(10_000 * USD, attacker, sender=attacker)
    assert pool.max_borrow(attacker) == 0
    with pytest.raises(Reverted):
        pool.borrow(100 * USD, attacker, attacker, sender=attacker)
    with pytest.raises(reverts.UnknownCollateral):
        pool.supply_collateral(pool, 1, attacker, sender=attacker)


def test_sending_vault_shares_to_oneself_makes_none(market: Market) -> None:
    """bZx 2020: sender and receiver were read before either was written."""
    pool, carol = market.pool, market.carol
    owned, supply = pool.balance_of(carol), pool.total_supply()
    pool.transfer(carol, owned, sender=carol)
    pool.approve(carol, MAX_UINT256, sender=carol)
    pool.transfer_from(carol, carol, owned, sender=carol)
    assert (pool.balance_of(carol), pool.total_supply()) == (owned, supply)
    with pytest.raises(reverts.InsufficientBalance):
        pool.transfer(carol, owned + 1, sender=carol)


def test_a_rounding_withdrawal_burns_at_least_its_worth(market: Market) -> None:
    """Wise Lending, Raft, Radiant: shares are burned rounded down, until one burns nothing at all.
    After years of interest a share is no whole number, and no amount is taken for fewer."""
    market.loan(market.alice, 12_000)
    market.chain.advance(seconds=3 * YEAR)
    pool, attacker = market.pool, market.attacker
    before = market.worth(attacker)
    pool.deposit(1_000 * USD, attacker, sender=attacker)
    for amount in (1, 2, 3, 7, 999, 10**6 + 1):
        burned = pool.preview_withdraw(amount)
        assert pool.convert_to_assets(burned) >= amount - 1
        assert burned > 0
        owned = pool.balance_of(attacker)
        pool.withdraw(amount, attacker, attacker, sender=attacker)
        assert owned - pool.balance_of(attacker) >= pool.convert_to_shares(amount)
    pool.redeem(pool.balance_of(attacker), attacker, attacker, sender=attacker)
    assert market.worth(attacker) <= before


@pytest.mark.parametrize("power", [88, 96, 104, 112, 128, 160, 208, 255])
def test_numbers_beyond_the_books_are_refused_and_never_cut_off(market: Market, power: int) -> None:
    """Truebit, Cetus: an amount that wraps, or loses its upper bits, costs nothing. Here each is
    refused, or counted to the last unit."""
    market.loan(market.alice, 10_000)
    pool, weth, attacker = market.pool, market.weth, market.attacker
    for amount in (2**power - 1, 2**power, 2**power + 1):
        books, worth = pool.market(), market.worth(attacker)
        ways: tuple[Callable[[], object], ...] = (
            lambda amount=amount: pool.deposit(amount, attacker, sender=attacker),
            lambda amount=amount: pool.mint(amount, attacker, sender=attacker),
            lambda amount=amount: pool.borrow(amount, attacker, attacker, sender=attacker),
            lambda amount=amount: pool.supply_collateral(weth, amount, attacker, sender=attacker),
            lambda amount=amount: pool.withdraw(amount, attacker, attacker, sender=attacker),
            lambda amount=amount: pool.redeem(amount, attacker, attacker, sender=attacker),
        )
        for way in ways:
            with market.chain.snapshot():
                try:
                    way()
                except Reverted:
                    assert pool.market() == books
                assert market.worth(attacker) <= worth


BOMB = bytes.fromhex("620f42405ffd")
"""PUSH3 1,000,000 · PUSH0 · REVERT: a megabyte of reasons."""


def light(chain: Chain, oracle: str) -> None:
    """The bomb takes the place of an oracle: an upgrade behind a proxy, which no pool can see."""
    assert isinstance(chain, EmbeddedChain)
    chain._evm.insert_account_info(oracle, account_info(1, 0, BOMB))


def test_a_bomb_of_reasons_ends_only_the_call_that_lights_it(chain: Chain) -> None:
    """Return bombs: an answer so long that whoever copies it runs out of gas. Repaying and leaving
    never ask the oracle, and nobody else's account is touched by it."""
    market = Market(chain)
    market.lend()
    market.loan(market.alice, 10_000)
    pool, alice, bob = market.pool, market.alice, market.bob
    pool.supply_collateral(market.wbtc, 10**8, bob, sender=bob)
    pool.borrow(10_000 * USD, bob, bob, sender=bob)
    light(chain, market.world.oracles[0].address)
    with pytest.raises(Reverted):
        pool.health_of(alice)
    assert pool.liquidatable([alice, bob]) == []
    assert pool.health_of(bob) > 10**18
    pool.repay(MAX_UINT256, alice, sender=alice)
    pool.withdraw_collateral(market.weth, 10 * ETH, alice, alice, sender=alice)


def test_an_asset_without_code_is_no_asset(chain: Chain) -> None:
    """Qubit, Meter: a transfer from an address without code succeeds and moves nothing."""
    market = Market(chain)
    with pytest.raises(reverts.UnknownCollateral):
        market.pool.supply_collateral(
            chain.account("nobody"), ETH, market.attacker, sender=market.attacker
        )
