"""Contract and twin, side by side: the curve by the thousand, the whole Exchange trade by trade."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import bindings, reverts
from defi_kit.bindings.dex_harness import Sale
from defi_kit.chain import Chain
from defi_kit.dex.exchange import NOBODY, ExchangeState
from defi_kit.dex.pool import MAX_RESERVE, ConstantProductPool, PoolKey
from defi_kit.errors import Reverted
from dex.driver import drive
from dex.market import build_market
from dex.strategies import FEES, magnitudes
from dex.world import World


def test_the_curve_agrees_on_ten_thousand_sales(chain: Chain) -> None:
    """Every magnitude of reserves, amounts and fees, a thousand sales a call."""
    harness = bindings.DexHarness.deploy(chain)
    random = Random(2020)
    for _ in range(10):
        sales = [_sale(random) for _ in range(1_000)]
        assert list(harness.amounts_out(sales)) == [_twin(sale) for sale in sales]


def _sale(random: Random) -> Sale:
    into, out = (1 + random.randrange(1 << random.randint(1, 111)) for _ in range(2))
    amount = min(random.randrange(1 << random.randint(1, 112)), MAX_RESERVE - into)
    return Sale(amount, into, out, random.choice([*FEES, random.randint(0, 100_000)]))


def _twin(sale: Sale) -> int:
    try:
        pool = ConstantProductPool(sale.reserve_in, sale.reserve_out, supply=1, fee=sale.fee)
        return pool.amount_out(sale.amount_in, zero_for_one=True)
    except Reverted:  # the curve by itself answers 0 where the pool refuses
        return 0


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
    """Random steps, probes and all: the twin agrees, and quotes are what execution pays."""
    world = World.build(chain)
    drive(world, seed=2_000, steps=1_500)
    assert world.twin is not None
    assert dict(world.twin.pools) == world.books.pools


_HARNESSES: list[bindings.DexHarness] = []


def _harness() -> bindings.DexHarness:
    if not _HARNESSES:
        _HARNESSES.append(bindings.DexHarness.deploy(Chain.embedded()))
    return _HARNESSES[0]
