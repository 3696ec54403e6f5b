"""FeedOracle and its twin answer and refuse alike, for any feeds, tokens and clocks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import bindings
from defi_kit.bindings.feed_oracle import Leg as AbiLeg
from defi_kit.chain import Chain
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.errors import Reverted
from defi_kit.oracles import FeedOracle, FeedPrice, Leg, Round, ScriptedFeed

few = st.integers(0, 25)
bounds = st.tuples(
    st.integers(0, 10**9) | st.integers(0, 2**127 - 1),
    st.integers(0, 10**20) | st.integers(0, 2**127 - 1),
)
answers = st.integers(-10, 10**12) | st.integers(1, 2**127) | st.integers(-(2**255), 2**255 - 1)


@given(
    feeds=st.tuples(few, few),
    tokens=st.tuples(few, few),
    two_legs=st.booleans(),
    limits=st.tuples(bounds, bounds),
    max_age=st.integers(0, 3) | st.integers(0, 10**6),
    data=st.data(),
)
def test_oracle_and_twin_agree(
    chain: Chain,
    feeds: tuple[int, int],
    tokens: tuple[int, int],
    two_legs: bool,
    limits: tuple[tuple[int, int], tuple[int, int]],
    max_age: int,
    data: st.DataObject,
) -> None:
    with chain.snapshot():
        made = [ScriptedFeed.deploy(chain, "f", 0, decimals=places) for places in feeds]
        abi = [
            AbiLeg(feed.address, max_age, *limit) for feed, limit in zip(made, limits, strict=True)
        ]
        try:
            legs = [
                Leg(feed.address, places, max_age, *limit)
                for feed, places, limit in zip(made, feeds, limits, strict=True)
                if two_legs or feed is made[0]
            ]
            twin = FeedPrice(legs[0], legs[1] if two_legs else None, *tokens)
        except Reverted as refusal:
            agree(lambda: deploy(chain, abi, two_legs, tokens), refusal)
            return
        oracle = deploy(chain, abi, two_legs, tokens)
        assert oracle.model == twin
        for _ in range(3):
            rounds = [script(chain, feed, max_age, data) for feed in made]
            now = chain.timestamp
            try:
                price = twin.price(rounds[0], rounds[1] if two_legs else None, now=now)
            except Reverted as refusal:
                agree(oracle.raw_price, refusal)
            else:
                assert oracle.raw_price() == price > 0


def deploy(chain: Chain, legs: list[AbiLeg], two_legs: bool, tokens: tuple[int, int]) -> FeedOracle:
    quote = legs[1] if two_legs else AbiLeg(ZERO_ADDRESS, 0, 0, 0)
    return FeedOracle(chain, bindings.FeedOracle.deploy(chain, legs[0], quote, *tokens).address)


def script(chain: Chain, feed: ScriptedFeed, max_age: int, data: st.DataObject) -> Round:
    answer = data.draw(answers)
    if data.draw(st.booleans()):
        feed.set_answer(answer)
    else:
        age = data.draw(st.integers(-2, 2) | st.integers(-5, 10**6))
        feed.set_round(
            answer=answer,
            updated_at=max(0, chain.timestamp + 1 - max_age + age),
            answered_in_round=data.draw(st.sampled_from([1, 2, 3, 4, 2**80 - 1])),
        )
    return feed.round()


def agree(act: Callable[[], object], twins: Reverted) -> None:
    with pytest.raises(type(twins)) as ours:
        act()
    assert ours.value.arguments == twins.arguments
