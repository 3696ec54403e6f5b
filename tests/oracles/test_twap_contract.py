"""TwapOracle over any history: deployment, refusals, and the twin."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import bindings, reverts
from defi_kit.bindings.twap_oracle import Terms
from defi_kit.chain import Account, Chain
from defi_kit.errors import Reverted
from defi_kit.oracles import Reading, TwapOracle
from oracles.twap_world import KEY, LEVEL, POOL, TERMS, make


def test_a_young_pool_has_no_price(chain: Chain) -> None:
    world = make(chain)
    chain.advance(TERMS.window - 2)
    with pytest.raises(reverts.NothingSoOld):
        world.oracle.price()
    chain.advance(1)
    assert world.oracle.price() == 1


def test_refusals_carry_their_numbers(chain: Chain) -> None:
    world = make(chain)
    born = chain.timestamp - 1
    chain.set_next_timestamp(born + TERMS.max_age)
    chain.mine()
    assert world.oracle.price() == 1
    chain.mine()
    with pytest.raises(reverts.QuietPool) as quiet:
        world.oracle.price()
    assert (quiet.value.updated_at, quiet.value.max_age) == (born, TERMS.max_age)
    world.move(LEVEL)
    world.history.set_supply(999)
    with pytest.raises(reverts.TooLittleLiquidity) as drained:
        world.oracle.price()
    assert drained.value.arguments == {"pool_id": POOL, "liquidity": 999, "min_liquidity": 1_000}
    world.history.set_supply(1_000)
    assert world.oracle.price() == 1
    chain.advance(TERMS.window)
    world.move(LEVEL, record=False)
    chain.advance(TERMS.max_age - 20)
    world.move(LEVEL, record=False)
    chain.advance(100)
    with pytest.raises(reverts.WindowTooLong) as early:
        world.oracle.price()
    assert early.value.wanted == chain.timestamp - TERMS.window


def test_a_price_below_the_last_digit_is_refused(chain: Chain) -> None:
    world = make(chain, log_price=1 << 64)
    chain.advance(TERMS.window)
    with pytest.raises(reverts.PriceTooSmall):
        world.oracle.price()
    back = make(chain, log_price=200 << 64, inverse=True)
    chain.advance(TERMS.window)
    assert back.oracle.raw_price() == 10**36 >> 72


def test_an_impossible_oracle_is_not_deployed(chain: Chain, alice: Account) -> None:
    history = bindings.MockPriceHistory.deploy(chain, LEVEL, 1)
    with pytest.raises(reverts.NoExchange):
        bindings.TwapOracle.deploy(chain, alice, KEY, False, TERMS)
    with pytest.raises(reverts.NoPool):
        bindings.TwapOracle.deploy(chain, history, replace(KEY, fee=0), False, TERMS)
    for terms in (Terms(0, 1, 1), Terms(1, 0, 1), Terms(1, 1, 0)):
        with pytest.raises(reverts.InvalidWindow):
            bindings.TwapOracle.deploy(chain, history, KEY, False, terms)
    oracle = bindings.TwapOracle.deploy(chain, history, KEY, True, Terms(1, 2, 3))
    assert (oracle.exchange(), oracle.pool_id(), oracle.inverse()) == (history.address, POOL, True)
    assert oracle.pool_key() == KEY
    assert (oracle.window(), oracle.max_age(), oracle.min_liquidity()) == (1, 2, 3)


steps = st.lists(
    st.tuples(
        st.integers(16 << 64, 240 << 64) | st.integers(LEVEL - 2**60, LEVEL + 2**60),
        st.booleans(),
        st.integers(1, 700),
    ),
    min_size=1,
    max_size=6,
)


@given(
    steps=steps,
    inverse=st.booleans(),
    terms=st.tuples(st.integers(1, 900), st.integers(1, 900), st.integers(1, 2)),
)
def test_the_oracle_and_its_twin_agree(
    chain: Chain,
    steps: list[tuple[int, bool, int]],
    inverse: bool,
    terms: tuple[int, int, int],
) -> None:
    with chain.snapshot():
        history = bindings.MockPriceHistory.deploy(chain, steps[0][0], 1)
        made = bindings.TwapOracle.deploy(chain, history, KEY, inverse, Terms(*terms))
        oracle = TwapOracle(chain, made.address, 18, 18)
        for level, record, seconds in steps:
            history.set_log_price(level, record)
            chain.advance(seconds)
            compare(oracle, history)


def compare(oracle: TwapOracle, history: bindings.MockPriceHistory) -> None:
    model = oracle.model
    _, _, updated_at, _, liquidity = history.pool(POOL)
    try:
        past = history.observe(KEY, model.window)
    except Reverted:
        past = (0, 0)  # then one of the first two refusals, or the pool's own
    present = Reading(*history.observe(KEY, 0))
    try:
        price = model.price(Reading(*past), present, updated_at=updated_at, liquidity=liquidity)
    except Reverted as twins:
        with pytest.raises(Reverted) as refusal:
            oracle.raw_price()
        if past != (0, 0):
            assert type(refusal.value) is type(twins)
            assert refusal.value.arguments == twins.arguments
    else:
        assert past != (0, 0)
        assert oracle.raw_price() == price
