"""Attacks on those who provide the Exchange with liquidity. The attacker gains nothing."""

from __future__ import annotations

from random import Random

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.dex.exchange import NOBODY
from defi_kit.dex.pool import PoolKey
from defi_kit.errors import Reverted
from defi_kit.testing.exchange.world import NEVER, struct
from dex.market import ONE, Market, build_market


@pytest.fixture
def market(chain: Chain, alice: Account, bob: Account, attacker: Account) -> Market:
    return build_market(chain, alice, bob, attacker)


def wealth(market: Market, who: Account) -> list[int]:
    return [token.balance_of(who) for token in market.tokens]


def fresh_pool(market: Market, fee: int) -> PoolKey:
    key = PoolKey(*market.key.tokens, fee)
    market.exchange.create_pool(struct(key), sender=market.alice)
    return key


def leave(market: Market, who: Account, key: PoolKey) -> None:
    shares = market.exchange.balance_of(who, key.id)
    market.exchange.remove_liquidity(struct(key), shares, 0, 0, who, NEVER, sender=who)


def test_first_depositor_inflation_by_donation_takes_nothing(
    market: Market, bob: Account, attacker: Account
) -> None:
    """Hundred, Sonne: one share, then a donation so large that the next deposit rounds to none."""
    key, add = fresh_pool(market, 500), market.exchange.add_liquidity
    before, victim = wealth(market, attacker), wealth(market, bob)
    add(struct(key), 1_001, 1_001, 0, attacker, NEVER, sender=attacker)
    for token in market.tokens[:2]:
        token.transfer(market.exchange, 1_000 * ONE, sender=attacker)
    add(struct(key), ONE, ONE, 0, bob, NEVER, sender=bob)
    assert market.exchange.balance_of(bob, key.id) == ONE
    leave(market, attacker, key)
    leave(market, bob, key)
    assert all(lost <= 1 for lost in differences(victim, wealth(market, bob)))
    # Even if the attacker is the one to skim the donation back, the locked shares stay behind.
    for token in market.tokens[:2]:
        pools = sorted((k for k in (*market.keys, key) if token.address in k.tokens), key=_id)
        listed = [struct(each) for each in pools]
        market.exchange.skim(token, listed, attacker, sender=attacker)
    assert all(lost >= 1_000 for lost in differences(before, wealth(market, attacker))[:2])


def test_first_depositor_inflation_by_fees_takes_nothing(
    market: Market, bob: Account, attacker: Account
) -> None:
    """The same with a share made dear by trading to and fro in a pool of a few units."""
    key, add = fresh_pool(market, 100_000), market.exchange.add_liquidity
    before, victim = wealth(market, attacker), wealth(market, bob)
    add(struct(key), 1_001, 1_001, 0, attacker, NEVER, sender=attacker)
    path = [market.path(1, fee=100_000), market.path(0, fee=100_000)]
    for turn in range(300):
        pool = market.exchange.pool(key.id)
        amount = (pool.reserve0, pool.reserve1)[turn % 2] * 20
        market.exchange.swap_exact_in(
            market.tokens[turn % 2], amount, path[turn % 2], 0, attacker, NEVER, sender=attacker
        )
    pool = market.exchange.pool(key.id)
    assert pool.reserve0 * pool.reserve1 > (10**5 * pool.supply) ** 2  # the shares are dear now
    deposit = (10 * pool.reserve0 + 7, 10 * pool.reserve1 + 7)
    market.fund(bob, max(deposit))
    victim = wealth(market, bob)
    add(struct(key), *deposit, 0, bob, NEVER, sender=bob)
    leave(market, attacker, key)
    leave(market, bob, key)
    # A deposit pays for whole shares and not for the rest, so there is nothing to round away.
    assert all(lost <= 1 for lost in differences(victim, wealth(market, bob)))
    assert min(differences(before, wealth(market, attacker))[:2]) > 0


def test_first_liquidity_at_a_skewed_price_is_refused_by_the_minimum(
    market: Market, bob: Account, attacker: Account
) -> None:
    """Somebody opens the pool just before, at a price a hundred times off."""
    key, add = fresh_pool(market, 500), market.exchange.add_liquidity
    expected = ONE - 1_000  # what an empty pool would mint
    add(struct(key), 10**6, 10**8, 0, attacker, NEVER, sender=attacker)
    with pytest.raises(reverts.TooFewShares) as refusal:
        add(struct(key), ONE, ONE, expected, bob, NEVER, sender=bob)
    assert refusal.value.shares < expected // 9
    # Set right by trading, the pool is fair again, and the trade was paid by the attacker.
    market.exchange.swap_exact_in(
        market.tokens[0], 9 * 10**6, market.path(1, fee=500), 0, bob, NEVER, sender=bob
    )
    add(struct(key), ONE, ONE, expected * 99 // 100, bob, NEVER, sender=bob)


def test_sandwiching_a_deposit_is_refused_by_the_minimum(
    market: Market, bob: Account, attacker: Account
) -> None:
    """Moving the price around somebody's deposit: without a minimum it pays, with one it fails."""
    key = struct(market.key)
    fair = market.exchange.quote_add_liquidity(key, ONE, 2 * ONE)[0]
    market.swap(attacker, 5 * ONE, 1)
    with pytest.raises(reverts.TooFewShares):
        market.exchange.add_liquidity(key, ONE, 2 * ONE, fair * 995 // 1000, bob, NEVER, sender=bob)


def test_just_in_time_joining_and_leaving_around_a_trade_earns_only_its_fee(
    market: Market, alice: Account, bob: Account, attacker: Account
) -> None:
    """Joining before a trade and leaving after: the other providers lose none of what they had."""
    before = market.exchange.pool(market.key.id)
    market.exchange.add_liquidity(
        struct(market.key), 50 * ONE, 100 * ONE, 0, attacker, NEVER, sender=attacker
    )
    market.swap(bob, ONE, 1)
    leave(market, attacker, market.key)
    after = market.exchange.pool(market.key.id)
    product = after.reserve0 * after.reserve1
    assert product > before.reserve0 * before.reserve1
    assert after.supply == before.supply


def test_a_loop_of_dust_makes_nothing(market: Market, alice: Account, attacker: Account) -> None:
    """Balancer 2025, KyberSwap: a thousand tiny steps in a drained pool without a fee."""
    key = fresh_pool(market, 0)
    add, remove = market.exchange.add_liquidity, market.exchange.remove_liquidity
    add(struct(key), 3_000, 5_000, 0, alice, NEVER, sender=alice)
    leave(market, alice, key)
    drained = market.exchange.pool(key.id)
    assert drained.supply == 1_000
    before, random = wealth(market, attacker), Random(4)
    forth, back = market.path(1, fee=0), market.path(0, fee=0)
    for _ in range(1_000):
        amount = random.randint(1, 40)
        try:
            match random.randrange(4):
                case 0:
                    add(struct(key), amount, amount * 2, 0, attacker, NEVER, sender=attacker)
                case 1:
                    remove(struct(key), amount, 0, 0, attacker, NEVER, sender=attacker)
                case 2:
                    market.exchange.swap_exact_in(
                        market.tokens[0], amount, forth, 0, attacker, NEVER, sender=attacker
                    )
                case _:
                    market.exchange.swap_exact_in(
                        market.tokens[1], amount, back, 0, attacker, NEVER, sender=attacker
                    )
        except Reverted:
            continue
    owned = market.exchange.balance_of(attacker, key.id)
    if owned:
        remove(struct(key), owned, 0, 0, attacker, NEVER, sender=attacker)
    pool, now = market.exchange.pool(key.id), wealth(market, attacker)
    assert pool.supply == drained.supply
    assert pool.reserve0 * pool.reserve1 >= drained.reserve0 * drained.reserve1
    assert min(late - early for early, late in zip(before[:2], now[:2], strict=True)) <= 0


# --- ERC-6909 -------------------------------------------------------------------------------------


def test_the_locked_shares_cannot_be_moved_by_anyone(market: Market, attacker: Account) -> None:
    exchange, id_ = market.exchange, market.key.id
    assert exchange.balance_of(NOBODY, id_) == 1_000
    exchange.set_operator(attacker, True, sender=attacker)
    exchange.approve(attacker, id_, NEVER, sender=attacker)
    for to in (attacker, NOBODY):
        with pytest.raises(reverts.InsufficientPermission):
            exchange.transfer_from(NOBODY, to, id_, 1, sender=attacker)


def test_shares_of_one_pool_free_nothing_of_another(
    market: Market, alice: Account, attacker: Account
) -> None:
    """An attacker's own pool of worthless tokens against the real one."""
    made = [bindings.MockToken.deploy(market.chain, name, 18, sender=attacker) for name in "XY"]
    key = PoolKey.of(made[0].address, made[1].address, 3_000)
    market.exchange.create_pool(struct(key), sender=attacker)
    for token in made:
        token.mint(attacker, NEVER // 2, sender=attacker)
        token.approve(market.exchange, NEVER, sender=attacker)
    market.exchange.add_liquidity(struct(key), 2**111, 2**111, 0, attacker, NEVER, sender=attacker)
    assert market.exchange.balance_of(attacker, key.id) > 2**110
    with pytest.raises(reverts.SharesExceedBalance) as refusal:
        market.exchange.remove_liquidity(
            struct(market.key), ONE, 0, 0, attacker, NEVER, sender=attacker
        )
    assert refusal.value.balance == 0


def test_an_allowance_for_one_pool_is_none_for_another(
    market: Market, alice: Account, attacker: Account
) -> None:
    exchange, (first, second) = market.exchange, market.keys
    exchange.approve(attacker, first.id, 10, sender=alice)
    with pytest.raises(reverts.InsufficientPermission):
        exchange.transfer_from(alice, attacker, second.id, 1, sender=attacker)
    exchange.transfer_from(alice, attacker, first.id, 10, sender=attacker)
    with pytest.raises(reverts.InsufficientPermission):
        exchange.transfer_from(alice, attacker, first.id, 1, sender=attacker)


def test_an_operator_cannot_cash_what_stays_the_owners(
    market: Market, alice: Account, attacker: Account
) -> None:
    """Trusted with moving shares, somebody must move them before the Exchange pays them anything;
    and a trust withdrawn is withdrawn."""
    exchange = market.exchange
    exchange.set_operator(attacker, True, sender=alice)
    with pytest.raises(reverts.SharesExceedBalance):
        exchange.remove_liquidity(struct(market.key), 10**9, 0, 0, attacker, NEVER, sender=attacker)
    exchange.set_operator(attacker, False, sender=alice)
    with pytest.raises(reverts.InsufficientPermission):
        exchange.transfer_from(alice, attacker, market.key.id, 1, sender=attacker)


def test_sending_shares_to_oneself_makes_none(market: Market, alice: Account) -> None:
    exchange, id_ = market.exchange, market.key.id
    owned = exchange.balance_of(alice, id_)
    exchange.transfer(alice, id_, owned, sender=alice)
    exchange.approve(alice, id_, NEVER, sender=alice)
    exchange.transfer_from(alice, alice, id_, owned, sender=alice)
    assert exchange.balance_of(alice, id_) == owned
    with pytest.raises(reverts.InsufficientBalance):
        exchange.transfer(alice, id_, owned + 1, sender=alice)


def differences(before: list[int], after: list[int]) -> list[int]:
    """What was lost of each token."""
    return [early - late for early, late in zip(before, after, strict=True)]


def _id(key: PoolKey) -> int:
    return key.id
