"""Attacks on traders, on paths, on the surplus and on the price others read."""

from __future__ import annotations

from itertools import product

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.dex.pool import PoolKey
from defi_kit.errors import Reverted
from defi_kit.testing.exchange.world import NEVER, struct
from dex.market import ONE, Market, build_market


@pytest.fixture
def market(chain: Chain, alice: Account, bob: Account, attacker: Account) -> Market:
    return build_market(chain, alice, bob, attacker)


def test_a_sandwich_around_a_minimum_fails_and_costs_the_attacker(
    market: Market, bob: Account, attacker: Account
) -> None:
    """Buying before and selling after: it pays where there is no minimum, and only there."""
    fair = market.exchange.quote_exact_in(market.tokens[0], ONE // 10, market.path(1))
    owned = market.tokens[0].balance_of(attacker)

    with market.chain.snapshot():
        bought = market.swap(attacker, ONE, 1)
        assert market.swap(bob, ONE // 10, 1) < fair
        market.swap(attacker, bought, 0, start=1)
        assert market.tokens[0].balance_of(attacker) > owned  # so this is a real attack

    bought = market.swap(attacker, ONE, 1)
    with pytest.raises(reverts.TooLittleOut) as refusal:
        market.swap(bob, ONE // 10, 1, minimum=fair * 995 // 1000)
    assert refusal.value.amount_out < fair * 995 // 1000
    market.swap(attacker, bought, 0, start=1)
    assert market.tokens[0].balance_of(attacker) < owned


def test_a_trade_held_back_past_its_deadline_is_refused(market: Market, bob: Account) -> None:
    """A builder keeps a transaction until its price suits him."""
    signed = market.exchange.build(
        "swap_exact_in",
        market.tokens[0],
        ONE,
        market.path(1),
        0,
        bob,
        market.chain.timestamp + 60,
        sender=bob,
    )
    market.chain.advance(hours=1)
    with pytest.raises(reverts.Expired):
        market.chain.batch([signed])


def test_no_path_through_the_same_pools_makes_money(market: Market, attacker: Account) -> None:
    """Every walk of up to five hops that comes back to its first token."""
    for length in (2, 3, 4, 5):
        for walk in product(range(3), repeat=length):
            if walk[-1] != 0:
                continue
            before = market.tokens[0].balance_of(attacker)
            with market.chain.snapshot():
                try:
                    market.swap(attacker, ONE // 3, *walk)
                except Reverted:
                    continue
                assert market.tokens[0].balance_of(attacker) < before, walk


def test_a_path_that_ends_where_it_began_still_asks_for_the_payment(
    market: Market, keeper: Account
) -> None:
    """Nobody trades with money that only the trade itself would bring."""
    market.tokens[0].approve(market.exchange, NEVER, sender=keeper)
    with pytest.raises(reverts.InsufficientBalance):
        market.swap(keeper, ONE, 1, 0)


def test_a_pool_of_ones_own_token_gives_nothing_of_anothers(
    market: Market, attacker: Account
) -> None:
    """A worthless token in front of a path: it leads only into pools that somebody filled."""
    token = bindings.MockToken.deploy(market.chain, "EVIL", 18, sender=attacker)
    token.mint(attacker, 2**111, sender=attacker)
    token.approve(market.exchange, NEVER, sender=attacker)
    key = PoolKey.of(token.address, market.tokens[0].address, 0)
    market.exchange.create_pool(struct(key), sender=attacker)
    before = market.tokens[0].balance_of(attacker)
    path = [bindings.exchange.Hop(market.tokens[0].address, 0, 0), *market.path(1)]
    with pytest.raises(reverts.NoLiquidity):
        market.exchange.swap_exact_in(token, ONE, path, 0, attacker, NEVER, sender=attacker)
    market.exchange.add_liquidity(struct(key), 10**6, 10**6, 0, attacker, NEVER, sender=attacker)
    market.exchange.swap_exact_in(token, 2**110, [path[0]], 0, attacker, NEVER, sender=attacker)
    assert market.tokens[0].balance_of(attacker) < before


def test_skim_never_touches_what_pools_own(market: Market, attacker: Account) -> None:
    """Whatever list the attacker gives, and however many pools he adds to it."""
    token = market.tokens[1]
    evil = bindings.MockToken.deploy(market.chain, "EVIL", 18, sender=attacker)
    evil.mint(attacker, 2**111, sender=attacker)
    evil.approve(market.exchange, NEVER, sender=attacker)
    key = PoolKey.of(evil.address, token.address, 0)
    market.exchange.create_pool(struct(key), sender=attacker)
    market.exchange.add_liquidity(struct(key), 2_000, 2_000, 0, attacker, NEVER, sender=attacker)
    held = token.balance_of(market.exchange)
    everything = sorted((*market.keys, key), key=lambda each: each.id)
    lists = [[], [key], everything[:2], everything[1:], everything, everything[::-1], [key] * 3]
    for names in lists:
        with pytest.raises(Reverted):
            market.exchange.skim(token, [struct(each) for each in names], attacker, sender=attacker)
    assert token.balance_of(market.exchange) == held


def test_a_donation_moves_no_quote_no_share_and_no_average(
    market: Market, bob: Account, attacker: Account
) -> None:
    """Somebody trades, provides and leaves after a gift of a thousand times the pool: everything
    is paid as without the gift."""
    chain, exchange, key = market.chain, market.exchange, struct(market.key)
    start = chain.timestamp + 100

    def lived() -> tuple[object, ...]:
        chain.set_next_timestamp(start)
        market.swap(bob, ONE, 1)
        exchange.add_liquidity(key, ONE, ONE, 0, bob, NEVER, sender=bob)
        shares = exchange.balance_of(bob, market.key.id)
        exchange.remove_liquidity(key, shares // 2, 0, 0, bob, NEVER, sender=bob)
        purse = [token.balance_of(bob) for token in market.tokens]
        return purse, shares, exchange.pool(market.key.id), exchange.cumulative_log_price(key)

    with chain.snapshot():
        without = lived()
    for token in market.tokens:
        token.transfer(exchange, 10_000 * ONE, sender=attacker)
    assert lived() == without


def test_a_price_moved_and_moved_back_within_a_block_leaves_the_average_alone(
    market: Market, attacker: Account
) -> None:
    """Harvest: a spot price can be pushed for a moment; the accumulator never sees that moment."""
    chain, exchange = market.chain, market.exchange
    path, back = market.path(1), market.path(0)

    def swap(token: bindings.MockToken, amount: int, way: list[bindings.exchange.Hop]):  # type: ignore[no-untyped-def]
        return exchange.build(
            "swap_exact_in", token, amount, way, 0, attacker, NEVER, sender=attacker
        )

    with chain.snapshot():
        chain.mine()
        untouched = exchange.cumulative_log_price(struct(market.key))
    bought = exchange.quote_exact_in(market.tokens[0], 500 * ONE, path)
    receipts = chain.batch(
        [swap(market.tokens[0], 500 * ONE, path), swap(market.tokens[1], bought, back)]
    )
    assert receipts[0].block_number == receipts[1].block_number
    assert exchange.cumulative_log_price(struct(market.key)) == untouched
