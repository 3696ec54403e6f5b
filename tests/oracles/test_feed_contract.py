"""ScriptedFeed and FeedOracle on a chain."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.errors import AmountError, InputError
from defi_kit.oracles import FeedOracle, Round, ScriptedFeed
from defi_kit.tokens import FaucetToken
from oracles.feed_world import Terms, make

PAIRS = list(product((0, 6, 8, 18, 24), repeat=2))


@pytest.fixture
def feed(chain: Chain, owner: Account) -> ScriptedFeed:
    return ScriptedFeed.deploy(chain, "ETH / USD", "2_000", owner=owner)


# --- the scripted feed ----------------------------------------------------------------------------


def test_a_feed_says_what_it_was_told(feed: ScriptedFeed) -> None:
    assert (feed.description, feed.decimals, feed.contract.version()) == ("ETH / USD", 8, 1)
    assert feed.price() == Decimal(2_000)
    feed.set_price("1_500.5")
    assert feed.price() == Decimal("1500.5")
    assert feed.round().answer == 150_050_000_000


def test_a_live_answer_never_grows_old_and_a_pinned_one_does(
    feed: ScriptedFeed, chain: Chain
) -> None:
    born = chain.timestamp
    now = chain.advance(days=30)
    assert feed.round() == Round(1, 2_000 * 10**8, born, now, 1)
    feed.set_round("1_900", updated_at=now)
    chain.advance(days=1)
    assert feed.round() == Round(2, 1_900 * 10**8, now, now, 2)
    assert feed.round(1).updated_at == born


def test_a_round_can_say_anything(feed: ScriptedFeed) -> None:
    feed.set_round(answer=-7, updated_at=2**80 - 1, started_at=3, answered_in_round=0)
    assert feed.round() == Round(2, -7, 3, 2**80 - 1, 0)
    assert feed.price() == Decimal("-0.00000007")
    feed.set_answer(0)
    assert feed.price() == 0


def test_history_stays_and_ends_where_it_ends(feed: ScriptedFeed) -> None:
    feed.set_price("1")
    feed.set_price("2")
    assert [feed.round(n).answer // 10**8 for n in (1, 2, 3)] == [2_000, 1, 2]
    for unknown in (0, 4, 2**80 - 1):
        with pytest.raises(reverts.NoSuchRound) as refusal:
            feed.round(unknown)
        assert refusal.value.latest_round_id == 3


def test_a_feed_switched_off_answers_nothing(feed: ScriptedFeed) -> None:
    feed.set_reverting(True)
    for ask in (feed.round, lambda: feed.round(1), feed.price):
        with pytest.raises(reverts.FeedOff):
            ask()
    feed.set_reverting(False)
    assert feed.price() == 2_000


def test_only_its_owner_scripts(feed: ScriptedFeed, attacker: Account, owner: Account) -> None:
    for script in (
        lambda: feed.set_price("1", sender=attacker),
        lambda: feed.set_round("1", updated_at=1, sender=attacker),
        lambda: feed.set_reverting(True, sender=attacker),
    ):
        with pytest.raises(reverts.NotOwner) as refusal:
            script()
        assert (refusal.value.caller, refusal.value.owner) == (attacker.address, owner.address)
    feed.set_price("1", sender=owner)
    assert feed.owner == owner.address


def test_a_feed_needs_an_owner(chain: Chain) -> None:
    with pytest.raises(reverts.ZeroOwner):
        ScriptedFeed.deploy(chain, "x", "1", owner="0x" + "0" * 40)


@pytest.mark.parametrize("price", [1.5, "-1", "1e3", "", "0.000000001", 2**256, True, None])
def test_a_bad_price_is_refused_before_it_is_sent(
    feed: ScriptedFeed, price: object, chain: Chain
) -> None:
    height = chain.block_number
    with pytest.raises(AmountError):
        feed.set_price(price)  # type: ignore[arg-type]
    assert chain.block_number == height


def test_an_answer_is_an_int256(feed: ScriptedFeed) -> None:
    feed.set_answer(-(2**255))
    feed.set_answer(2**255 - 1)
    for bad in (2**255, -(2**255) - 1, 1.0, True):
        with pytest.raises(AmountError):
            feed.set_answer(bad)  # type: ignore[arg-type]
    for prices in ({}, {"price": "1", "answer": 1}):
        with pytest.raises(InputError):
            feed.set_round(updated_at=1, **prices)  # type: ignore[arg-type]


# --- the oracle -----------------------------------------------------------------------------------


@pytest.mark.parametrize("feeds", PAIRS)
@pytest.mark.parametrize("two_legs", [True, False])
def test_every_pair_of_decimals_is_exact(
    chain: Chain, feeds: tuple[int, int], two_legs: bool
) -> None:
    for tokens in PAIRS:
        world = make(chain, feed_decimals=feeds, token_decimals=tokens, two_legs=two_legs)
        assert world.check() == 2_000 * 10 ** (36 + tokens[1] - tokens[0])
        world.base.set_answer(3 * 10 ** feeds[0] + 1)
        if world.quote is not None:
            world.quote.set_answer(7 * 10 ** feeds[1] + 2)
        quote = world.quote.round() if world.quote else None
        price = world.oracle.model.price(world.base.round(), quote, now=chain.timestamp)
        assert world.check() == price


@pytest.mark.parametrize("tokens", PAIRS)
def test_a_price_is_shown_in_tokens_whatever_their_decimals(
    chain: Chain, tokens: tuple[int, int]
) -> None:
    world = make(chain, token_decimals=tokens)
    assert world.oracle.price() == 2_000
    world.base.set_price("1_234.5")
    assert world.oracle.price() == Decimal("1234.5")
    assert world.oracle.contract.base_decimals() == tokens[0]
    assert world.oracle.contract.quote_decimals() == tokens[1]


def test_the_oracle_multiplies_raw_amounts(chain: Chain) -> None:
    world = make(chain, two_legs=False)
    assert 15 * 10**17 * world.oracle.raw_price() // 10**36 == 3_000 * 10**6


def test_a_stale_price_is_refused_and_a_live_one_is_not(chain: Chain) -> None:
    world = make(chain)
    chain.advance(days=400)
    assert world.oracle.price() == 2_000
    pinned = chain.timestamp
    world.base.set_round("2_000", updated_at=pinned)
    chain.set_next_timestamp(pinned + 3_600)
    chain.mine()
    assert world.oracle.price() == 2_000
    chain.mine()
    with pytest.raises(reverts.StalePrice) as refusal:
        world.oracle.price()
    assert refusal.value.arguments == {
        "feed": world.base.address,
        "updated_at": pinned,
        "max_age": 3_600,
        "timestamp": pinned + 3_601,
    }


def test_each_refusal_names_the_feed_and_its_numbers(chain: Chain) -> None:
    world = make(chain, terms=Terms(low=10**8, high=5_000 * 10**8))
    quote = world.quote
    assert quote is not None
    quote.set_price("2")
    world.base.set_answer(-5 * 10**8)
    with pytest.raises(reverts.NonPositivePrice, match="answer=-5"):
        world.oracle.price()
    world.base.set_price("5_000")
    with pytest.raises(reverts.PriceOutOfBounds, match="answer=5000, min_answer=1, max_answer=50"):
        world.oracle.price()
    world.base.set_price("4_999.99999999")
    quote.set_price("1")
    with pytest.raises(reverts.PriceOutOfBounds) as refusal:
        world.oracle.price()
    assert refusal.value.feed == quote.address
    quote.set_price("1.00000001")
    assert world.oracle.price() < 5_000
    quote.set_round("2", updated_at=chain.timestamp + 100)
    with pytest.raises(reverts.FuturePrice):
        world.oracle.price()
    quote.set_round("2", updated_at=chain.timestamp, answered_in_round=1)
    with pytest.raises(reverts.CarriedOverPrice):
        world.oracle.price()
    quote.set_reverting(True)
    with pytest.raises(reverts.FeedOff):
        world.oracle.price()
    quote.set_reverting(False)
    quote.set_price("2")
    assert world.oracle.price() > 0


def test_an_impossible_oracle_is_not_deployed(chain: Chain, feed: ScriptedFeed) -> None:
    odd = ScriptedFeed.deploy(chain, "odd", 1, decimals=25)
    with pytest.raises(reverts.InvalidLeg):
        FeedOracle.deploy(chain, feed, 18, 6, max_age=0)
    with pytest.raises(reverts.InvalidLeg):
        FeedOracle.deploy(chain, feed, 18, 6, bounds=("1", "1.00000001"))
    with pytest.raises(reverts.InvalidLeg):
        FeedOracle.deploy(chain, feed, 18, 6, bounds=("2", "1"))
    with pytest.raises(reverts.TooManyDecimals):
        FeedOracle.deploy(chain, feed, 25, 6)
    with pytest.raises(reverts.TooManyDecimals):
        FeedOracle.deploy(chain, odd, 18, 6)
    with pytest.raises(reverts.TooManyDecimals):
        FeedOracle.deploy(chain, feed, 18, 6, quote_feed=odd)
    with pytest.raises(reverts.BoundsTooWide):
        FeedOracle.deploy(chain, feed, 24, 0, quote_feed=feed)
    FeedOracle.deploy(chain, feed, 24, 0, quote_feed=feed, bounds=("1", "1_000_000"))


def test_a_round_not_answered_yet_is_refused_whatever_its_age_may_be(chain: Chain) -> None:
    world = make(chain, terms=Terms(max_age=2**32 - 1))
    world.base.set_round("3", updated_at=1)
    assert world.oracle.price() == 3
    world.base.set_round("3", updated_at=0)
    with pytest.raises(reverts.StalePrice) as refusal:
        world.oracle.price()
    assert refusal.value.updated_at == 0


@pytest.mark.parametrize("terms", [(7, 0, 0), (0, -5, 0), (0, 0, 9), (7, -5, -9)])
def test_terms_without_a_feed_are_refused(
    chain: Chain, feed: ScriptedFeed, terms: tuple[int, int, int]
) -> None:
    from defi_kit.bindings.feed_oracle import Leg

    base = Leg(feed.address, 60, 0, 10**20)
    with pytest.raises(reverts.InvalidLeg) as refusal:
        bindings.FeedOracle.deploy(chain, base, Leg(ZERO_ADDRESS, *terms), 18, 6)
    assert refusal.value.feed == ZERO_ADDRESS
    bindings.FeedOracle.deploy(chain, base, Leg(ZERO_ADDRESS, 0, 0, 0), 18, 6)


def test_an_answer_below_zero_is_within_nobodys_bounds(chain: Chain, feed: ScriptedFeed) -> None:
    from defi_kit.bindings.feed_oracle import Leg

    none = Leg(ZERO_ADDRESS, 0, 0, 0)
    with pytest.raises(reverts.InvalidLeg) as refusal:
        bindings.FeedOracle.deploy(chain, Leg(feed.address, 60, -1, 10**20), none, 18, 6)
    assert refusal.value.args == (feed.address, 60, -1, 10**20)
    bindings.FeedOracle.deploy(chain, Leg(feed.address, 60, 0, 10**20), none, 18, 6)


def test_bounds_reach_as_far_as_every_price_within_them_can_be_told(
    chain: Chain, owner: Account
) -> None:
    """To the last unit: neither is the dearest beyond 256 bits nor the cheapest zero."""
    from defi_kit.bindings.feed_oracle import Leg

    feed = ScriptedFeed.deploy(chain, "whole", 1, decimals=0, owner=owner).address
    none = Leg(ZERO_ADDRESS, 0, 0, 0)
    for least, quoted in ((1, none), (2, Leg(feed, 60, 1, 10))):
        dearest = (least * 2**256 - 1) // 10**60
        bindings.FeedOracle.deploy(chain, Leg(feed, 60, 0, dearest + 1), quoted, 0, 24)
        with pytest.raises(reverts.FullMulDivFailed):
            bindings.FeedOracle.deploy(chain, Leg(feed, 60, 0, dearest + 2), quoted, 0, 24)
    for least in (1, 2):
        base, cheapest = Leg(feed, 60, least - 1, 10), least * 10**12
        bindings.FeedOracle.deploy(chain, base, Leg(feed, 60, 0, cheapest + 1), 24, 0)
        with pytest.raises(reverts.BoundsTooWide):
            bindings.FeedOracle.deploy(chain, base, Leg(feed, 60, 0, cheapest + 2), 24, 0)


def test_a_feed_must_be_a_contract(chain: Chain, alice: Account, feed: ScriptedFeed) -> None:
    from defi_kit.bindings.feed_oracle import Leg

    leg = Leg(feed.address, 60, 0, 10**20)
    nobody = Leg(alice.address, 60, 0, 10**20)
    for legs in ((nobody, leg), (leg, nobody)):
        with pytest.raises(reverts.NoFeed) as refusal:
            bindings.FeedOracle.deploy(chain, *legs, 18, 6)
        assert refusal.value.feed == alice.address


def test_an_oracle_is_deployed_for_tokens_and_can_be_read_back(
    chain: Chain, feed: ScriptedFeed
) -> None:
    weth = FaucetToken.deploy(chain, "Wrapped Ether", "WETH", 18)
    usd = FaucetToken.deploy(chain, "Dollar", "USD", 6)
    oracle = FeedOracle.deploy(chain, feed, weth, usd, max_age=60, bounds=("10", "100_000"))
    assert oracle.price() == 2_000
    model = oracle.model
    assert (model.base.feed, model.base.max_age, model.quote) == (feed.address, 60, None)
    assert (model.base.min_answer, model.base.max_answer) == (10 * 10**8, 100_000 * 10**8)
