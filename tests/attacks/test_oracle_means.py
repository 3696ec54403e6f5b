"""Prices of a pool, averaged over time, on the real Exchange. Flash money moves nothing; who would
move the mean has to hold the pool's price against everybody, and for long."""

from __future__ import annotations

from decimal import Decimal

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.dex.pool import PoolKey
from defi_kit.errors import Reverted
from defi_kit.oracles import GuardedOracle, TwapOracle
from defi_kit.testing.exchange.world import NEVER, struct
from defi_kit.tokens import Token
from dex.market import ONE, Market, build_market

WINDOW = 1_800
MAX_AGE = 3_600
PERIOD = 300


@pytest.fixture
def market(chain: Chain, alice: Account, bob: Account, attacker: Account) -> Market:
    return build_market(chain, alice, bob, attacker)


@pytest.fixture
def oracle(market: Market) -> TwapOracle:
    """Of token A in B, which the pool trades at two; the pool keeps records and has a history."""
    made = over(market)
    room = TwapOracle.records(WINDOW)
    market.exchange.increase_observations(market.key.id, room, sender=market.alice)
    live(market, WINDOW + MAX_AGE // 2)
    return made


def over(market: Market, base: int = 0, quote: int = 1, **terms: int) -> TwapOracle:
    tokens = [Token(market.chain, token.address) for token in market.tokens]
    return TwapOracle.deploy(
        market.chain, market.exchange, market.key, tokens[base], tokens[quote], **terms
    )


def live(market: Market, seconds: int) -> None:
    """Time passes, and somebody trades a little every few minutes."""
    for _ in range(seconds // PERIOD):
        market.chain.advance(PERIOD)
        market.swap(market.alice, 10, 1)


def check(oracle: TwapOracle) -> int:
    """The price, equal to the twin's on the exchange's own readings."""
    price = oracle.raw_price()
    exchange = bindings.Exchange(oracle.chain, oracle.contract.exchange())
    pool = exchange.pool(oracle.model.pool_id)
    past, present = oracle.readings()
    twins = oracle.model.price(past, present, updated_at=pool.updated_at, liquidity=pool.supply)
    assert price == twins
    return price


def close(price: int, to: Decimal | int, part: str = "0.000001") -> bool:
    return abs(Decimal(price) / 10**36 - to) <= Decimal(part) * to


def test_the_mean_of_a_steady_pool_is_its_price_in_both_directions(
    market: Market, oracle: TwapOracle
) -> None:
    assert close(check(oracle), 2)
    back = over(market, 1, 0)
    assert close(check(back), Decimal("0.5"))
    assert not oracle.contract.inverse()
    assert back.contract.inverse()


def test_a_pool_on_the_stable_curve_has_a_mean_as_well(market: Market) -> None:
    chain, exchange, alice = market.chain, market.exchange, market.alice
    first, second = (Token(chain, token.address) for token in market.tokens[:2])
    key = PoolKey(first.address, second.address, 400, 100 << 16 | 18 << 8 | 18)
    exchange.create_pool(struct(key), sender=alice)
    exchange.add_liquidity(struct(key), 10 * ONE, 30 * ONE, 0, alice, NEVER, sender=alice)
    chain.advance(WINDOW)
    oracle = TwapOracle.deploy(chain, exchange, key, first, second)
    assert close(check(oracle), Decimal("1.01753525"))  # on the other curve, three


def test_a_flash_loan_moves_the_pool_and_not_the_mean(
    market: Market, oracle: TwapOracle, attacker: Account
) -> None:
    """Harvest, UwU: buy, use the price, sell, all in one block."""
    before = check(oracle)
    chain, tokens = market.chain, market.tokens
    sell = market.exchange.build(
        "swap_exact_in", tokens[0], 500 * ONE, market.path(1), 0, attacker, NEVER, sender=attacker
    )
    with chain.snapshot():
        chain.batch([sell])
        pool = market.exchange.pool(market.key.id)
        assert pool.reserve1 * 1_000 < pool.reserve0  # a spot price would be off by thousands
        assert close(check(oracle), Decimal(before) / 10**36)
    gained = market.exchange.quote_exact_in(tokens[0].address, 500 * ONE, market.path(1))
    back = market.exchange.build(
        "swap_exact_in", tokens[1], gained, market.path(0), 0, attacker, NEVER, sender=attacker
    )
    chain.batch([sell, back])
    live(market, WINDOW)
    assert close(check(oracle), Decimal(before) / 10**36, "0.05")  # fees of the trades to and fro


def test_a_price_held_for_a_while_moves_the_mean_by_that_part_of_the_window(
    market: Market, oracle: TwapOracle, attacker: Account
) -> None:
    """A hundredfold price, held for a minute of thirty: a sixth up, as 100^(1/30) says."""
    pool = market.exchange.pool(market.key.id)
    market.swap(attacker, 9 * pool.reserve1, 0, start=1)  # ten times B, a tenth of A
    market.chain.advance(60)
    start = oracle.readings()[0].at
    factor = Decimal(100) ** (Decimal(60) / (market.chain.timestamp - start))
    assert close(check(oracle), 2 * factor, "0.01")


def test_a_pool_younger_than_the_window_has_no_price(market: Market) -> None:
    """Inverse: a mean that is no older than the attack."""
    oracle = over(market)
    with pytest.raises(reverts.TooYoung):
        oracle.price()
    market.exchange.increase_observations(
        market.key.id, TwapOracle.records(WINDOW), sender=market.alice
    )
    for _ in range(5):
        live(market, PERIOD)
        with pytest.raises(reverts.TooYoung) as refusal:
            oracle.price()
        assert refusal.value.wanted == market.chain.timestamp - WINDOW
    live(market, 2 * PERIOD)
    assert close(check(oracle), 2)


def test_a_pool_that_keeps_too_few_records_has_no_price(market: Market) -> None:
    """Records that no longer reach back over the window are not stretched over it."""
    oracle = over(market)
    market.exchange.increase_observations(market.key.id, 3, sender=market.alice)
    live(market, 3 * WINDOW)
    with pytest.raises(reverts.TooYoung):
        oracle.price()
    market.exchange.increase_observations(
        market.key.id, TwapOracle.records(WINDOW), sender=market.alice
    )
    live(market, 2 * WINDOW)
    assert close(check(oracle), 2)


def test_the_room_that_the_client_names_suffices_whatever_the_trades(market: Market) -> None:
    """One trade a second before and after each border of a period: as many records as can be."""
    oracle = over(market)
    room = TwapOracle.records(WINDOW)
    market.exchange.increase_observations(market.key.id, room, sender=market.alice)
    live(market, 2 * WINDOW)
    for _ in range(3 * room):
        left = PERIOD - market.chain.timestamp % PERIOD
        market.chain.advance(max(1, left - 2))
        for _ in range(4):
            market.swap(market.alice, 10, 1)
            check(oracle)


def test_a_drained_pool_has_no_price(market: Market, oracle: TwapOracle) -> None:
    """Its price would be cheap to move from now on."""
    exchange, key = market.exchange, market.key
    shares = exchange.balance_of(market.alice, key.id)
    exchange.remove_liquidity(
        struct(key), shares * 6 // 10, 0, 0, market.alice, NEVER, sender=market.alice
    )
    with pytest.raises(reverts.TooLittleLiquidity):
        oracle.price()


def test_liquidity_lent_for_a_block_makes_a_drained_pools_mean_speak(
    market: Market, oracle: TwapOracle, attacker: Account
) -> None:
    """What the least liquidity does not stop, as the room's page says: nothing records what the
    pool held during the window. Moving the price of nearly nothing cost a hundredth of a token, and
    the liquidity that is shown with it comes back. A second source that did not follow refuses."""
    chain, exchange, key = market.chain, market.exchange, market.key
    feed = bindings.MockOracle.deploy(chain, 2 * 10**36)
    tokens = [Token(chain, token.address) for token in market.tokens[:2]]
    guarded = GuardedOracle.deploy(chain, oracle, feed, *tokens, max_deviation="5%")
    assert close(guarded.raw_price(), 2)
    shares = exchange.balance_of(market.alice, key.id) * 9_999 // 10_000
    exchange.remove_liquidity(struct(key), shares, 0, 0, market.alice, NEVER, sender=market.alice)
    purse = market.tokens[1].balance_of(attacker)
    market.swap(attacker, 9 * exchange.pool(key.id).reserve1, 0, start=1)  # a hundredfold price
    assert purse - market.tokens[1].balance_of(attacker) < ONE // 100 + ONE // 1_000
    chain.advance(WINDOW + PERIOD)
    for asked in (oracle, guarded):
        with pytest.raises(reverts.TooLittleLiquidity):
            asked.price()

    pool, needed = exchange.pool(key.id), 2 * oracle.contract.min_liquidity()
    parts = [reserve * needed // pool.supply + 1 for reserve in (pool.reserve0, pool.reserve1)]
    held = [token.balance_of(attacker) for token in market.tokens]
    lend = exchange.build("add_liquidity", struct(key), *parts, 0, attacker, NEVER, sender=attacker)
    chain.batch([lend])
    assert check(oracle) > 190 * 10**36
    with pytest.raises(reverts.PricesDisagree) as refusal:
        guarded.price()
    assert refusal.value.guard_price == 2 * 10**36
    lent = exchange.balance_of(attacker, key.id)
    exchange.remove_liquidity(struct(key), lent, 0, 0, attacker, NEVER, sender=attacker)
    costs = [
        was - token.balance_of(attacker) for was, token in zip(held, market.tokens, strict=True)
    ]
    assert max(costs) <= 1


def test_a_pool_that_nobody_trades_with_has_no_price(market: Market, oracle: TwapOracle) -> None:
    at = market.exchange.pool(market.key.id).updated_at
    market.chain.set_next_timestamp(at + MAX_AGE)
    market.chain.mine()
    check(oracle)
    market.chain.mine()
    with pytest.raises(reverts.QuietPool) as refusal:
        oracle.price()
    assert refusal.value.updated_at == at


def test_donations_and_liquidity_move_no_mean(
    market: Market, oracle: TwapOracle, attacker: Account
) -> None:
    before = check(oracle)
    for token in market.tokens:
        token.transfer(market.exchange, 10_000 * ONE, sender=attacker)
    market.exchange.add_liquidity(
        struct(market.key), 50 * ONE, 100 * ONE, 0, attacker, NEVER, sender=attacker
    )
    live(market, WINDOW)
    assert close(check(oracle), Decimal(before) / 10**36)


def test_no_price_is_shown_in_the_middle_of_a_trade(
    market: Market, bob: Account, attacker: Account
) -> None:
    """dForce, Conic: a price read while the pool's tokens are on their way."""
    chain, alice, exchange = market.chain, market.alice, market.exchange
    hook = bindings.ReentrantToken.deploy(chain, "HOOK", 18, sender=alice)
    made = bindings.exchange.PoolKey(
        *sorted((hook.address, market.tokens[0].address), key=lambda one: int(one, 16)), 3_000, 0
    )
    exchange.create_pool(made, sender=alice)
    for who in (alice, bob):
        hook.mint(who, 10**3 * ONE, sender=alice)
        hook.approve(exchange, NEVER, sender=who)
    exchange.add_liquidity(made, 10 * ONE, 10 * ONE, 0, alice, NEVER, sender=alice)
    live(market, WINDOW + PERIOD)
    oracle = over(market)
    exchange.increase_observations(market.key.id, 100, sender=alice)
    live(market, WINDOW + PERIOD)
    before = oracle.raw_price()
    hook.arm(oracle.contract, oracle.contract.build("price").data, sender=attacker)
    path = [bindings.exchange.Hop(hook.address, 3_000, 0)]
    exchange.swap_exact_in(market.tokens[0], ONE, path, 0, bob, NEVER, sender=bob)
    assert hook.calls() == 1
    assert not hook.last_succeeded()
    assert bytes(hook.last_result())[:4] == reverts.Locked.SELECTOR
    assert close(oracle.raw_price(), Decimal(before) / 10**36)


def test_an_oracle_over_another_pool_is_refused(market: Market) -> None:
    first, second, third = (Token(market.chain, token.address) for token in market.tokens)
    for pair in ((first, third), (second, second)):
        with pytest.raises(ValueError, match="the pool trades"):
            TwapOracle.deploy(market.chain, market.exchange, market.key, *pair)
    with pytest.raises(Reverted):
        over(market, window=0)
