"""Odd and hostile tokens, and oracles that fail, in a lending pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Chain
from defi_kit.units import MAX_UINT256
from lending.market import ETH, USD, Market


def test_reentering_from_a_transfer_is_refused_by_every_verb(chain: Chain) -> None:
    """Lendf.me, Cream: a token with hooks calls back in the middle of a transfer."""
    market = Market(chain, token=bindings.ReentrantToken.deploy)
    market.lend()
    market.loan(market.alice, 10_000)
    pool, weth, token = market.pool, market.weth, market.weth.address
    account, hook = market.alice, weth.address
    verbs: tuple[tuple[Any, ...], ...] = (
        ("deposit", 1, hook),
        ("mint", 1, hook),
        ("withdraw", 0, hook, hook),
        ("redeem", 0, hook, hook),
        ("supply_collateral", token, 1, account),
        ("withdraw_collateral", token, 1, hook, hook),
        ("borrow", 1, hook, hook),
        ("repay", 1, account),
        ("liquidate", account, token, 1, 1, 0),
        ("accrue",),
    )
    books = pool.market()
    for verb in verbs:
        weth.arm(pool, pool.build(*verb).data)
        before = weth.balance_of(pool)
        pool.supply_collateral(weth, 1, account, sender=account)
        assert not weth.last_succeeded(), verb
        assert weth.last_result() == reverts.Reentered.SELECTOR, verb
        assert weth.balance_of(pool) == before + 1
    assert weth.calls() == len(verbs)
    assert pool.market().debt_shares == books.debt_shares


def test_views_tell_the_truth_in_the_middle_of_a_transfer(chain: Chain) -> None:
    """dForce, Conic: a price read while the books are open. Here they are closed by then."""
    market = Market(chain, token=bindings.ReentrantToken.deploy)
    market.lend()
    pool, carol, usd = market.pool, market.carol, market.usd
    for verb, arguments in (
        ("withdraw", (10_000 * USD, carol, carol)),
        ("deposit", (20_000 * USD, carol)),
    ):
        usd.arm(pool, pool.build("convert_to_assets", 10**12).data)
        getattr(pool, verb)(*arguments, sender=carol)
        assert usd.last_succeeded()
        assert int.from_bytes(usd.last_result(), "big") == USD


def test_token_that_takes_a_fee_is_refused_with_both_numbers(chain: Chain) -> None:
    market = Market(chain, token=bindings.FeeToken.deploy)
    with pytest.raises(reverts.WrongAmountReceived) as refusal:
        market.pool.deposit(1_000 * USD, market.carol, sender=market.carol)
    assert (refusal.value.received, refusal.value.asked) == (990 * USD, 1_000 * USD)
    with pytest.raises(reverts.WrongAmountReceived):
        market.pool.supply_collateral(market.weth, ETH, market.alice, sender=market.alice)
    for token in (market.usd, market.weth):
        token.set_fee(0)
    market.lend()
    market.loan(market.alice, 10_000)


@pytest.mark.parametrize(
    "deploy", [bindings.NoReturnToken.deploy, bindings.RevertOnZeroToken.deploy]
)
def test_tokens_that_return_nothing_or_refuse_zero_work(
    chain: Chain, deploy: Callable[..., Any]
) -> None:
    market = Market(chain, token=deploy)
    market.lend()
    market.loan(market.alice, 14_000)
    market.price(1_600)
    market.liquidate(market.keeper, market.alice)
    market.pool.repay(MAX_UINT256, market.alice, sender=market.alice)
    market.pool.withdraw(0, market.carol, market.carol, sender=market.carol)
    market.pool.deposit(0, market.carol, sender=market.carol)
    rest = market.pool.max_withdraw(market.carol)
    market.pool.withdraw(rest, market.carol, market.carol, sender=market.carol)


def test_token_that_answers_false_is_refused(chain: Chain) -> None:
    market = Market(chain, token=bindings.FalseToken.deploy)
    market.lend()
    market.usd.set_failing(True)
    with pytest.raises(reverts.TransferFromFailed):
        market.pool.deposit(USD, market.carol, sender=market.carol)
    with pytest.raises(reverts.TransferFailed):
        market.pool.withdraw(USD, market.carol, market.carol, sender=market.carol)
    market.usd.set_failing(False)
    market.pool.withdraw(USD, market.carol, market.carol, sender=market.carol)


def test_rebasing_upwards_gives_nobody_anything(chain: Chain) -> None:
    """What the token adds belongs to nobody; the books do not move."""
    market = Market(chain, token=bindings.RebasingToken.deploy)
    market.lend()
    owned = market.pool.total_assets()
    market.usd.set_index(2 * 10**18)
    assert market.pool.total_assets() == owned
    market.pool.withdraw(owned, market.carol, market.carol, sender=market.carol)


def test_an_asset_that_rebases_downwards_costs_the_lenders_who_are_last(chain: Chain) -> None:
    """The books keep saying what was paid in. Lenders are paid by them while there is money, and
    then wait for debtors; debtors owe what they owed, and get all their collateral."""
    market = Market(chain, token=bindings.RebasingToken.deploy)
    pool, usd, carol, rival = market.pool, market.usd, market.carol, market.rival
    market.lend()
    pool.deposit(100_000 * USD, rival, sender=rival)
    market.loan(market.alice, 10_000)
    ether = market.weth.balance_of(market.alice)
    owned, owed = pool.total_assets(), pool.debt_of(market.alice)
    usd.set_index(5 * 10**17)
    assert usd.balance_of(pool) == 95_000 * USD
    second = 10  # of interest, at most
    assert 0 <= pool.total_assets() - owned < second
    assert 0 <= pool.debt_of(market.alice) - owed < second
    pool.withdraw(95_000 * USD, carol, carol, sender=carol)
    with pytest.raises(reverts.TransferFailed):
        pool.withdraw(USD, rival, rival, sender=rival)
    usd.mint(market.alice, 20_000 * USD, sender=market.alice)
    pool.repay(MAX_UINT256, market.alice, sender=market.alice)
    pool.withdraw_collateral(market.weth, 10 * ETH, market.alice, market.alice, sender=market.alice)
    assert market.weth.balance_of(market.alice) == ether + 10 * ETH
    pool.withdraw(10_000 * USD, rival, rival, sender=rival)
    with pytest.raises(reverts.TransferFailed):
        pool.withdraw(USD, rival, rival, sender=rival)


def test_a_collateral_that_rebases_downwards_costs_those_who_pledged_it(chain: Chain) -> None:
    """Whoever of them is last; not who pledged another token, and not who lent."""
    market = Market(chain, token=bindings.RebasingToken.deploy)
    pool, weth, wbtc = market.pool, market.weth, market.wbtc
    alice, bob, second, carol = market.alice, market.bob, market.second, market.carol
    market.lend()
    before = market.usd.balance_of(carol)
    for who in (alice, bob):
        market.loan(who, 5_000)
        market.usd.mint(who, USD, sender=who)  # of interest
    pool.supply_collateral(wbtc, 10**8, second, sender=second)
    weth.set_index(5 * 10**17)
    for who in (alice, bob):
        pool.repay(MAX_UINT256, who, sender=who)
    pool.withdraw_collateral(weth, 10 * ETH, alice, alice, sender=alice)
    with pytest.raises(reverts.TransferFailed):
        pool.withdraw_collateral(weth, 1 * ETH, bob, bob, sender=bob)
    pool.withdraw_collateral(wbtc, 10**8, second, second, sender=second)
    pool.redeem(pool.balance_of(carol), carol, carol, sender=carol)
    assert market.usd.balance_of(carol) >= before + 100_000 * USD


def test_switched_off_collateral_stops_neither_lenders_nor_repayment(chain: Chain) -> None:
    market = Market(chain)
    market.lend()
    market.loan(market.alice, 10_000)
    market.weth.set_transfers_off(True)
    market.pool.repay(MAX_UINT256, market.alice, sender=market.alice)
    market.pool.withdraw(90_000 * USD, market.carol, market.carol, sender=market.carol)
    with pytest.raises(reverts.TransferFailed):
        market.pool.withdraw_collateral(
            market.weth, ETH, market.alice, market.alice, sender=market.alice
        )


# --- oracles --------------------------------------------------------------------------------------


def test_zero_price_frees_no_debt_and_lends_nothing(chain: Chain) -> None:
    """Resupply: a price of zero passes a check that divides by it. Here it is no price at all."""
    market = Market(chain)
    market.lend()
    market.loan(market.alice, 10_000)
    pool, alice, weth = market.pool, market.alice, market.weth
    market.raw_price(0)
    for verb in (
        lambda: pool.borrow(USD, alice, alice, sender=alice),
        lambda: pool.withdraw_collateral(weth, 1, alice, alice, sender=alice),
        lambda: market.liquidate(market.attacker, alice),
    ):
        with pytest.raises(reverts.ZeroPrice):
            verb()
    assert pool.debt_of(alice) >= 10_000 * USD


def test_dead_oracle_stops_nobody_from_repaying_and_leaving(chain: Chain) -> None:
    market = Market(chain)
    market.lend()
    market.loan(market.alice, 10_000)
    market.turn_off(0)
    market.turn_off(1)
    pool, alice, carol, weth = market.pool, market.alice, market.carol, market.weth
    pool.supply_collateral(weth, ETH, alice, sender=alice)
    with pytest.raises(reverts.OracleOff):
        market.liquidate(market.attacker, alice)
    pool.repay(5_000 * USD, alice, sender=alice)
    pool.repay(MAX_UINT256, alice, sender=alice)
    pool.withdraw_collateral(weth, 11 * ETH, alice, alice, sender=alice)
    pool.deposit(USD, carol, sender=carol)
    pool.redeem(pool.balance_of(carol), carol, carol, sender=carol)
    assert pool.total_supply() == 0


@pytest.mark.parametrize("price", [1, 10**36, 2**128, 2**256 - 1])
def test_absurd_prices_neither_overflow_nor_lock_anyone_in(chain: Chain, price: int) -> None:
    """From next to nothing to beyond all numbers: verbs decide, or refuse for a reason."""
    market = Market(chain)
    market.lend()
    market.loan(market.alice, 10_000)
    pool, alice = market.pool, market.alice
    market.raw_price(price)
    if price == 1:
        market.liquidate(market.keeper, alice)
        assert pool.debt_of(alice) == 0
    else:
        assert pool.health_of(alice) > 10**18
        pool.borrow(pool.max_borrow(alice), alice, alice, sender=alice)
        assert pool.market().cash == 0
    if pool.debt_of(alice):
        pool.repay(MAX_UINT256, alice, sender=alice)
        pool.withdraw_collateral(market.weth, 10 * ETH, alice, alice, sender=alice)
    pool.redeem(pool.balance_of(market.carol), market.carol, market.carol, sender=market.carol)
