"""Numbers turned against the Exchange: too large, too small, in the wrong scale, of the wrong
decimals. The attacker gains nothing."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.dex.pool import PoolKey
from defi_kit.dex.stable_swap import StableSwap
from defi_kit.errors import Reverted
from defi_kit.testing.exchange.world import NEVER, struct
from dex.market import ONE, Market, build_market

AMPLIFICATION = 100


@pytest.fixture
def market(chain: Chain, alice: Account, bob: Account, attacker: Account) -> Market:
    return build_market(chain, alice, bob, attacker)


def wealth(market: Market, who: Account) -> list[int]:
    return [token.balance_of(who) for token in market.tokens]


@pytest.mark.parametrize("power", [104, 111, 112, 113, 128, 144, 160, 208, 255])
def test_numbers_beyond_the_books_are_refused_and_never_cut_off(
    market: Market, attacker: Account, power: int
) -> None:
    """Truebit, Cetus: an amount that wraps, or loses its upper bits, and costs nothing."""
    exchange, key = market.exchange, struct(market.key)
    for token in market.tokens:
        token.mint(attacker, 2**255 - 10**30, sender=market.alice)
    first = market.tokens[0].address
    before, books = wealth(market, attacker), exchange.pool(market.key.id)
    for amount in (2**power - 1, 2**power, 2**power + 1):
        ways: tuple[Callable[[], object], ...] = (
            lambda n=amount: exchange.swap_exact_in(
                first, n, market.path(1), 0, attacker, NEVER, sender=attacker
            ),
            lambda n=amount: exchange.swap_exact_out(
                first, NEVER, market.path(1), n, attacker, NEVER, sender=attacker
            ),
            lambda n=amount: exchange.add_liquidity(key, n, n, 0, attacker, NEVER, sender=attacker),
            lambda n=amount: exchange.add_liquidity_one_sided(
                key, first, n, 0, attacker, NEVER, sender=attacker
            ),
            lambda n=amount: exchange.remove_liquidity(
                key, n, 0, 0, attacker, NEVER, sender=attacker
            ),
        )
        for way in ways:
            with market.chain.snapshot():
                try:
                    way()
                except Reverted:
                    assert wealth(market, attacker) == before
                    continue
                pool = exchange.pool(market.key.id)
                # Whatever was booked is there, and the attacker has paid for it.
                assert pool.reserve0 * pool.reserve1 >= books.reserve0 * books.reserve1
                paid = [
                    early - late
                    for early, late in zip(before, wealth(market, attacker), strict=True)
                ]
                assert paid[0] == pool.reserve0 - books.reserve0
                assert paid[1] == pool.reserve1 - books.reserve1


def test_a_trade_is_checked_in_the_scale_it_is_made_in(market: Market, attacker: Account) -> None:
    """Uranium: the product was compared in another scale than the fee, and 99 % came out for free.
    Here the least that buys nearly everything costs nearly a hundred times the reserve."""
    exchange, (first, _, _) = market.exchange, market.tokens
    books = exchange.pool(market.key.id)
    wanted = books.reserve1 * 99 // 100
    market.fund(attacker, 10**9 * ONE)
    before = first.balance_of(attacker)
    exchange.swap_exact_out(first, NEVER, market.path(1), wanted, attacker, NEVER, sender=attacker)
    paid = before - first.balance_of(attacker)
    assert paid > 99 * books.reserve0
    left = exchange.pool(market.key.id)
    assert left.reserve0 * left.reserve1 > books.reserve0 * books.reserve1
    with pytest.raises(reverts.TooMuchIn):
        exchange.swap_exact_out(
            first, paid // 100, market.path(1), left.reserve1 // 2, attacker, NEVER, sender=attacker
        )


def test_nothing_is_bought_for_nothing(market: Market, attacker: Account) -> None:
    """Costs that round to zero: the least that can be bought costs a unit, however dear the other
    token is, and what would be bought with too little is refused."""
    exchange, (cheap, dear, _) = market.exchange, market.tokens
    key = PoolKey(*market.key.tokens, 0)
    exchange.create_pool(struct(key), sender=market.alice)
    market.fund(market.alice, 10**12 * ONE)
    exchange.add_liquidity(struct(key), 10**28, 10**6, 0, market.alice, NEVER, sender=market.alice)
    back = market.path(0, fee=0)
    for wanted in (1, 10, 10**20):
        before = dear.balance_of(attacker)
        exchange.swap_exact_out(dear, NEVER, back, wanted, attacker, NEVER, sender=attacker)
        assert before - dear.balance_of(attacker) >= 1
    with pytest.raises(reverts.ZeroAmount):
        exchange.swap_exact_in(
            cheap, 10, market.path(1, fee=0), 0, attacker, NEVER, sender=attacker
        )


def test_a_drained_stable_pool_gives_nothing_to_hundreds_of_small_trades(
    market: Market, attacker: Account
) -> None:
    """Balancer 2025, Bunni, yETH: a stable pool is drained to a few units, where each rounding is a
    large part of the rest, and worked hundreds of times in both directions."""
    exchange, (first, second, _) = market.exchange, market.tokens
    key = PoolKey(*market.key.tokens, 0, StableSwap(AMPLIFICATION, 18, 18).word)
    exchange.create_pool(struct(key), sender=market.alice)
    exchange.add_liquidity(struct(key), 60_000, 50_000, 0, market.alice, NEVER, sender=market.alice)
    shares = exchange.balance_of(market.alice, key.id)
    exchange.remove_liquidity(struct(key), shares, 0, 0, market.alice, NEVER, sender=market.alice)
    before, random = wealth(market, attacker), Random(11)
    for _ in range(500):
        amount = random.randint(1, 60)
        token, other = (first, second) if random.random() < 0.5 else (second, first)
        hop = bindings.exchange.Hop(other.address, 0, key.curve)
        try:
            match random.randrange(4):
                case 0:
                    exchange.swap_exact_in(
                        token, amount, [hop], 0, attacker, NEVER, sender=attacker
                    )
                case 1:
                    exchange.swap_exact_out(
                        token, NEVER, [hop], amount, attacker, NEVER, sender=attacker
                    )
                case 2:
                    exchange.add_liquidity_one_sided(
                        struct(key), token, amount, 0, attacker, NEVER, sender=attacker
                    )
                case _:
                    exchange.remove_liquidity(
                        struct(key), amount, 0, 0, attacker, NEVER, sender=attacker
                    )
        except Reverted:
            continue
    if owned := exchange.balance_of(attacker, key.id):
        exchange.remove_liquidity(struct(key), owned, 0, 0, attacker, NEVER, sender=attacker)
    gained = [
        late - early for early, late in zip(before[:2], wealth(market, attacker)[:2], strict=True)
    ]
    assert sum(gained) <= 0
