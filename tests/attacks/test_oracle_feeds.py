"""Feeds that lie, stall or stick, read by a pool that lends money. Nobody borrows against them,
nobody is liquidated by them, and whoever wants to repay and leave can."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import defi_kit
from defi_kit import Kit, reverts
from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from defi_kit.oracles import FeedOracle, GuardedOracle, ScriptedFeed

DAY = 86_400


@pytest.fixture
def kit(chain: Chain) -> Kit:
    return defi_kit.deploy(chain)


def stale(kit: Kit) -> None:
    kit.feeds.weth.set_round("2_000", updated_at=kit.chain.timestamp)
    kit.chain.advance(seconds=DAY + 1)


def from_the_future(kit: Kit) -> None:
    kit.feeds.weth.set_round("2_000", updated_at=kit.chain.timestamp + 1_000)


def carried_over(kit: Kit) -> None:
    kit.feeds.weth.set_round("2_000", updated_at=kit.chain.timestamp, answered_in_round=0)


FAILURES: dict[str, tuple[Callable[[Kit], object], type[Reverted]]] = {
    "stale": (stale, reverts.StalePrice),
    "from the future": (from_the_future, reverts.FuturePrice),
    "carried over": (carried_over, reverts.CarriedOverPrice),
    "never answered": (
        lambda kit: kit.feeds.weth.set_round("2_000", updated_at=0),
        reverts.StalePrice,
    ),
    "zero": (lambda kit: kit.feeds.weth.set_answer(0), reverts.NonPositivePrice),
    "negative": (lambda kit: kit.feeds.weth.set_answer(-1), reverts.NonPositivePrice),
    "reverting": (lambda kit: kit.feeds.weth.set_reverting(True), reverts.FeedOff),
    "beyond its bounds": (
        lambda kit: kit.feeds.weth.set_answer(2**200),
        reverts.PriceOutOfBounds,
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_feed_that_fails_lends_nothing_and_liquidates_nobody(kit: Kit, failure: str) -> None:
    alice, attacker = kit.actors("alice", "attacker")
    for who in (alice, attacker):
        kit.lending.supply_collateral(kit.weth("10"), sender=who)
    kit.lending.borrow(kit.usd("14_000"), sender=alice)
    fail, error = FAILURES[failure]
    fail(kit)
    with pytest.raises(error):
        kit.lending.borrow(kit.usd("1_000"), sender=attacker)
    with pytest.raises((error, reverts.ZeroPrice)):  # the client's preview, without a price
        kit.lending.liquidate(alice, kit.weth, sender=attacker)
    with pytest.raises(error):
        kit.lending.withdraw_collateral(kit.weth("1"), sender=alice)
    kit.lending.repay(sender=alice)
    for who in (alice, attacker):
        kit.lending.withdraw_collateral(kit.weth("10"), sender=who)


def test_a_feed_clamped_at_its_circuit_breaker_is_no_price(kit: Kit) -> None:
    """Venus, LUNA: the aggregator stopped at its lower bound of ten cents while the coin went to
    nothing, and money was borrowed against coins at ten cents."""
    feed = ScriptedFeed.deploy(kit.chain, "LUNA / USD", "80")
    terms = {"bounds": ("0.10", "10_000"), "quote_feed": kit.feeds.usd}
    oracle = FeedOracle.deploy(kit.chain, feed, 18, kit.usd, **terms)
    assert oracle.price() == 80
    feed.set_price("0.10000001")
    assert oracle.price() > 0
    feed.set_price("0.10")  # where it sticks
    with pytest.raises(reverts.PriceOutOfBounds):
        oracle.price()


def test_one_source_that_is_pumped_is_stopped_by_the_other(kit: Kit) -> None:
    """Harvest, UwU, Inverse: a price moved far from the market's, for a moment."""
    pumped = ScriptedFeed.deploy(kit.chain, "WETH / USD", "2_000")
    cheap = FeedOracle.deploy(kit.chain, pumped, kit.weth, kit.usd, quote_feed=kit.feeds.usd)
    for pair in ((cheap, kit.oracles.weth), (kit.oracles.weth, cheap)):
        pumped.set_price("2_000")
        oracle = GuardedOracle.deploy(kit.chain, *pair, kit.weth, kit.usd, max_deviation="3%")
        assert oracle.price() == 2_000
        for price in ("2_061", "1_941", "20_000", "0.01"):
            pumped.set_price(price)
            with pytest.raises(reverts.PricesDisagree):
                oracle.price()
        kit.feeds.weth.set_reverting(True)  # nor may one source stand for both
        pumped.set_price("2_000")
        with pytest.raises(reverts.FeedOff):
            oracle.price()
        kit.feeds.weth.set_reverting(False)


def test_the_most_that_a_guarded_price_can_be_moved_is_its_deviation(kit: Kit) -> None:
    """Whoever owns the first source outright moves the price by the deviation, and no further."""
    owned = ScriptedFeed.deploy(kit.chain, "WETH / USD", "2_000")
    cheap = FeedOracle.deploy(kit.chain, owned, kit.weth, kit.usd, quote_feed=kit.feeds.usd)
    oracle = GuardedOracle.deploy(
        kit.chain, cheap, kit.oracles.weth, kit.weth, kit.usd, max_deviation="2%"
    )
    answered = []
    for price in range(1_900, 2_101):
        owned.set_price(price)
        try:
            answered.append(oracle.price())
        except reverts.PricesDisagree:
            continue
    assert (min(answered), max(answered)) == (1_961, 2_040)
