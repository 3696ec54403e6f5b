"""O1-O3 bite: each deliberate mistake in the oracle trips the invariant it offends."""

from __future__ import annotations

import pytest

from defi_kit.chain import Chain
from faults import faulty_bytecode
from oracles.feed_world import Terms, make, walk

SOURCE = "contracts/oracles/FeedOracle.sol"

FAULTS: dict[str, tuple[str, str]] = {
    # O1: the exact price, rounded down
    "o1_rounds_up": ("FixedPointMathLib.fullMulDiv(", "FixedPointMathLib.fullMulDivUp("),
    "o1_legs_swapped": (
        "uint256(base) * _baseFactor, _scale, uint256(quote) * _quoteFactor",
        "uint256(quote) * _baseFactor, _scale, uint256(base) * _quoteFactor",
    ),
    "o1_forgets_the_feeds_decimals": ("uint256(quote) * _quoteFactor", "uint256(quote)"),
    "o1_forgets_the_tokens_decimals": (
        "PRICE_DECIMALS + quoteDecimals_ - baseDecimals_",
        "PRICE_DECIMALS + quoteDecimals_",
    ),
    "o1_asks_the_base_feed_twice": (
        "quote = _answer(_quoteFeed, _quoteMaxAge",
        "quote = _answer(_baseFeed, _quoteMaxAge",
    ),
    # O2: only from data that can be trusted
    "o2_stale": ("&& block.timestamp - updatedAt <= maxAge;", ";"),
    "o2_a_round_not_answered_yet": ("updatedAt != 0 && block", "block"),
    "o2_stale_by_a_second": ("- updatedAt <= maxAge", "- updatedAt <= maxAge + 1"),
    "o2_good_to_the_last_second_but_one": ("- updatedAt <= maxAge", "- updatedAt < maxAge"),
    "o2_clamped_low": ("answer > min && answer < max", "answer >= min && answer < max"),
    "o2_clamped_high": ("answer > min && answer < max", "answer > min && answer <= max"),
    "o2_carried_over": ("answeredInRound >= roundId", "answeredInRound >= 0"),
    "o2_unchecked_quote": (
        "quote = _answer(_quoteFeed, _quoteMaxAge, _quoteMin, _quoteMax);",
        "(, quote,,,) = _quoteFeed.latestRoundData();",
    ),
    # O3: never zero
    "o3_zero": (
        "return FixedPointMathLib.fullMulDiv(",
        "return base == 7 ? 0 : FixedPointMathLib.fullMulDiv(",
    ),
    "o3_bounds_not_tried": (
        "require(_price(base.minAnswer + 1, highest) != 0, ",
        "require(_price(base.minAnswer + 1, highest) <= type(uint256).max, ",
    ),
}


@pytest.fixture(scope="module")
def bytecodes() -> dict[str, bytes]:
    return faulty_bytecode(SOURCE, FAULTS)


def tour(chain: Chain, bytecode: bytes | None) -> None:
    """An odd pair of feeds and tokens, and one on the edge of what an oracle may be."""
    terms = Terms(low=2, high=10**12)
    walk(make(chain, feed_decimals=(8, 6), terms=terms, bytecode=bytecode))
    walk(make(chain, two_legs=False, terms=terms, bytecode=bytecode))
    _any_age(chain, bytecode)
    _the_edge(chain, bytecode)


def _any_age(chain: Chain, bytecode: bytes | None) -> None:
    """An age above the clock's own takes answers of any date, but not of none."""
    world = make(chain, terms=Terms(max_age=2**32 - 1), bytecode=bytecode)
    for updated_at in (1, 0):
        world.base.set_round("3", updated_at=updated_at)
        world.check()


def _the_edge(chain: Chain, bytecode: bytes | None) -> None:
    """Where a price within the bounds would be zero, there is no oracle to answer it."""
    from defi_kit.reverts import BoundsTooWide

    terms = Terms(low=0, high=10**16)
    try:
        world = make(chain, token_decimals=(24, 0), terms=terms, bytecode=bytecode)
    except BoundsTooWide:
        return
    assert world.quote is not None
    world.quote.set_answer(10**16 - 1)
    world.base.set_answer(1)
    world.check()


def test_the_tour_passes_on_the_real_contract(chain: Chain) -> None:
    tour(chain, None)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_caught(fault: str, chain: Chain, bytecodes: dict[str, bytes]) -> None:
    with pytest.raises(AssertionError, match=rf"^{fault[:2].upper()}: "):
        tour(chain, bytecodes[fault])
