"""Contract and twin, side by side: the curve by the thousand, the whole Exchange trade by trade."""

from __future__ import annotations

import os
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import bindings, reverts
from defi_kit.bindings.dex_harness import Sale
from defi_kit.chain import Chain
from defi_kit.dex.curves import CONSTANT_PRODUCT, curve_of
from defi_kit.dex.exchange import NOBODY, ExchangeState
from defi_kit.dex.pool import MAX_RESERVE, PoolKey
from defi_kit.dex.stable_swap import StableSwap
from defi_kit.testing.exchange.trial import ExchangeTrial
from defi_kit.testing.exchange.world import World
from dex.driver import drive
from dex.market import build_market
from dex.strategies import DIGITS, FEES, magnitudes

STATES = 28_000
"""At how many states, four times, both curves are compared."""
STEPS = int(os.environ.get("EXCHANGE_STEPS", "1000"))
"""How long the random life is."""


def test_a_hundred_thousand_sales_on_the_constant_product_agree(chain: Chain) -> None:
    """Every magnitude of reserves, amounts and fees, thousands of sales a call."""
    harness = bindings.DexHarness.deploy(chain)
    random = Random(2020)
    for _ in range(20):
        sales = [_sale(random) for _ in range(5_000)]
        assert list(harness.amounts_out(sales)) == [_twin(sale) for sale in sales]


def _sale(random: Random) -> Sale:
    into, out = (1 + random.randrange(1 << random.randint(1, 111)) for _ in range(2))
    amount = min(random.randrange(1 << random.randint(1, 112)), MAX_RESERVE - into)
    return Sale(amount, into, out, random.choice([*FEES, random.randint(0, 100_000)]))


def _twin(sale: Sale) -> int:
    return CONSTANT_PRODUCT.amount_out(
        sale.amount_in, sale.reserve_in, sale.reserve_out, sale.fee, True
    )


@pytest.mark.parametrize("seed", range(4))
def test_both_curves_agree_at_many_states_in_all_they_do(chain: Chain, seed: int) -> None:
    """Sale, purchase, liquidity and price, pools from drained to full, any decimals and fee.

    Nine in ten are on StableSwap: a hundred thousand in all.
    """
    harness, random = bindings.DexHarness.deploy(chain), Random(seed)
    for _ in range(STATES // 100):
        states = [_state(random) for _ in range(100)]
        found = harness.curves([word for state in states for word in state])
        assert list(found) == [answer for state in states for answer in _answers(*state)]


def _state(random: Random) -> tuple[int, int, int, int, int, int]:
    """Curve, 1 if token0 is sold, amount, reserve of the token sold, of the other, fee."""
    word = 0
    if random.random() < 0.9:
        amplification = random.choice([1, 2, 100, 2_000, 10**6, random.randint(1, 10**6)])
        word = StableSwap(amplification, *random.choices(DIGITS, k=2)).word
    limits = curve_of(word).limits
    if random.random() < 0.3:  # any reserves
        bits = (random.randint(1, limit.bit_length() - 1) for limit in limits)
        reserves = [1 + random.randrange(1 << count) for count in bits]
    else:  # of about the same worth
        part = random.randrange(1 << random.randint(1, 110))
        skew = 10 ** random.uniform(-3, 3)
        parts = part, int(part * skew)
        reserves = [
            min(limit, 1 + limit * one // MAX_RESERVE)
            for limit, one in zip(limits, parts, strict=True)
        ]
    way = random.randrange(2)
    into, out = reserves if way else reversed(reserves)
    room = limits[1 - way] - into
    near = int(into * 10 ** random.uniform(-8, 1))
    amount = near if random.random() < 0.7 else random.randrange(1 << random.randint(1, 112))
    fee = random.choice([*FEES, random.randint(0, 100_000)])
    return word, way, min(amount, room), into, out, fee


def _answers(word: int, way: int, amount: int, into: int, out: int, fee: int) -> list[int]:
    curve, zero_for_one = curve_of(word), way == 1
    reserves = (into, out) if zero_for_one else (out, into)
    return [
        curve.amount_out(amount, into, out, fee, zero_for_one),
        curve.amount_in(amount, into, out, fee, zero_for_one) if amount < out else 0,
        curve.liquidity(*reserves),
        curve.log_price(*reserves),
    ]


def test_what_no_pool_could_hold_has_no_price(chain: Chain) -> None:
    """All but one unit of a pool on StableSwap costs more than 112 bits of the other token."""
    half = 1 << 111
    state = (StableSwap(1, 18, 18).word, 1, half - 1, half, half, 0)
    found = bindings.DexHarness.deploy(chain).curves(state)
    assert list(found) == _answers(*state)
    assert found[1] == 2**256 - 1


def test_a_last_step_that_rounds_to_none_is_made_up_for(chain: Chain) -> None:
    """X11: Newton's method ends at 10 where the smallest integer not below the root is 9."""
    state = (StableSwap(1, 18, 18).word, 1, 1, 8, 2, 0)
    found = bindings.DexHarness.deploy(chain).curves(state)
    assert list(found) == _answers(*state)
    assert found[2] == 8


def test_moving_more_shares_than_one_has_is_refused_alike(chain: Chain) -> None:
    """By Solady's error, which carries no numbers; all of them can be moved."""
    alice, bob = chain.account("alice"), chain.account("bob")
    market = build_market(chain, alice, bob)
    exchange, key = market.exchange, market.key.id
    owned = exchange.balance_of(alice, key)
    twin = ExchangeState(pools={}, shares={(alice.address, key): owned})
    with pytest.raises(reverts.InsufficientBalance):
        exchange.transfer(bob, key, owned + 1, sender=alice)
    with pytest.raises(reverts.InsufficientBalance):
        twin.transfer_shares(alice.address, bob.address, key, owned + 1)
    exchange.transfer(bob, key, owned, sender=alice)
    moved = twin.transfer_shares(alice.address, bob.address, key, owned)
    assert moved.shares[bob.address, key] == exchange.balance_of(bob, key) == owned


@given(
    st.tuples(magnitudes(), magnitudes()),
    st.integers(1, 2**32 - 1),
    st.booleans(),
    st.tuples(st.fractions(0, 1), st.fractions(0, 1)),
)
def test_packed_reserves_never_touch_their_neighbours(
    reserves: tuple[int, int],
    time: int,
    zero_for_one: bool,
    parts: tuple[float, float],
) -> None:
    into, out = reserves if zero_for_one else reserves[::-1]
    paid, taken = int((MAX_RESERVE - into) * parts[0]), int(out * parts[1])
    found = _harness().packed(*reserves, time, zero_for_one, paid, taken)
    after = (into + paid, out - taken)
    assert tuple(found) == (*(after if zero_for_one else after[::-1]), time)


def test_a_keys_id_is_the_contracts(chain: Chain) -> None:
    exchange = bindings.Exchange.deploy(chain, NOBODY, 0, NOBODY)
    random = Random(7)
    for _ in range(200):
        tokens = (f"0x{random.getrandbits(160):040x}" for _ in range(2))
        fee, curve = random.getrandbits(24), random.getrandbits(64)
        key = PoolKey.of(*tokens, fee, curve)
        raw = bindings.exchange.PoolKey(key.token0, key.token1, fee, curve)
        assert exchange.pool_id(raw) == key.id


def test_a_long_random_life_is_the_same_on_both(chain: Chain) -> None:
    """Random steps, experiments and all: the twin agrees, and quotes are what execution pays.

    `EXCHANGE_STEPS=10000` makes it a long one: a minute.
    """
    world = World.build(chain)
    trial = ExchangeTrial(world)
    drive(trial, seed=2_000, steps=STEPS)
    assert world.twin is not None
    assert dict(world.twin.pools) == trial.seen.pools


_HARNESSES: list[bindings.DexHarness] = []


def _harness() -> bindings.DexHarness:
    if not _HARNESSES:
        _HARNESSES.append(bindings.DexHarness.deploy(Chain.embedded()))
    return _HARNESSES[0]
