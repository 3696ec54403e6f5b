"""SignedFeed and its client, verb by verb."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from coincurve import PrivateKey

from defi_kit import bindings, reverts
from defi_kit.bindings.signed_feed import Report, Terms
from defi_kit.chain import Account, Chain
from defi_kit.chain.base import key_address
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.errors import AmountError, InputError, RefusedKey
from defi_kit.oracles import FeedOracle, ReportTerms, Round, SignedFeed
from defi_kit.oracles.signed import feed_separator, report_digest
from defi_kit.tokens.permit import MAX_S
from defi_kit.units import WAD
from oracles.signed_world import SIGNERS, STRANGER, TERMS, World, deploy

ORDER = 2 * MAX_S + 1
"""Of secp256k1."""


@pytest.fixture
def feed(chain: Chain) -> SignedFeed:
    return SignedFeed.deploy(chain, "ETH / USD", SIGNERS[::-1], quorum=3, max_jump="10%")


def three(feed: SignedFeed, *prices: str, **options: Any) -> list[Any]:
    return [feed.sign(price, one, **options) for price, one in zip(prices, SIGNERS, strict=False)]


def test_a_round_is_the_median_of_what_was_signed(feed: SignedFeed, alice: Account) -> None:
    done = feed.report(three(feed, "2_000", "1_990.5", "2_400")[::-1], sender=alice)
    assert (done.price, done.reports, done.round.round_id) == (2_000, 3, 1)
    assert done.receipt.sender == alice.address
    assert feed.price() == 2_000
    done = feed.report(three(feed, "2_000", "2_001", "2_002", "2_003"))
    assert done.price == Decimal("2001.5")
    assert [one.answer for one in feed.state().rounds] == [2_000 * 10**8, 200_150 * 10**6]


def test_it_is_an_aggregator_of_chainlinks_shape(feed: SignedFeed, chain: Chain) -> None:
    moment = chain.timestamp
    feed.report(three(feed, "2_000", "2_000", "2_000"))
    chain.advance(60)
    feed.report(three(feed, "2_010", "2_010", "2_010"))
    assert feed.round(1) == Round(1, 2_000 * 10**8, moment, moment, 1)
    assert feed.round() == feed.round(2)
    assert (feed.decimals, feed.description) == (8, "ETH / USD")
    assert feed.feed.version() == 1
    for absent in (0, 3, 2**80 - 1):
        with pytest.raises(reverts.NoSuchRound) as refusal:
            feed.round(absent)
        assert refusal.value.latest_round_id == 2


def test_there_is_no_answer_before_the_first_report(feed: SignedFeed) -> None:
    with pytest.raises(reverts.NoSuchRound):
        feed.price()


def test_a_feed_oracle_reads_it_and_refuses_it_when_it_is_old(
    feed: SignedFeed, chain: Chain
) -> None:
    oracle = FeedOracle.deploy(chain, feed, 18, 6, max_age=600)
    with pytest.raises(reverts.NoSuchRound):
        oracle.price()
    feed.report(three(feed, "2_000", "2_000", "2_000"))
    assert oracle.price() == 2_000
    chain.advance(600)
    with pytest.raises(reverts.StalePrice):
        oracle.price()
    feed.report(three(feed, "2_050", "2_050", "2_050"))
    assert oracle.price() == 2_050


def test_named_accounts_publish_on_a_local_chain(
    chain: Chain, alice: Account, bob: Account, attacker: Account
) -> None:
    feed = SignedFeed.deploy(chain, "ETH / USD", [alice, bob], quorum=2)
    assert feed.publish({bob: "2_000", alice: "2_001"}).price == Decimal("2000.5")
    with pytest.raises(reverts.NoMember) as refusal:
        feed.publish({bob: "2_000", attacker: "2_001"}, timestamp=chain.timestamp)
    assert refusal.value.signer == attacker.address
    with pytest.raises(reverts.QuorumMissed) as missed:
        feed.publish({bob: "2_000"}, timestamp=chain.timestamp)
    assert missed.value.arguments == {"votes": 1, "quorum": 2}


def test_a_key_and_a_wallet_sign_the_same(feed: SignedFeed, chain: Chain) -> None:
    signer = SIGNERS[0]
    by_wallet = feed.sign("2_000", signer)
    assert by_wallet == feed.sign("2_000", signer.address, key=bytes(signer.key))
    assert by_wallet.timestamp == chain.timestamp
    digest = feed.feed.report_digest(2_000 * 10**8, chain.timestamp)
    separator = feed_separator(chain.chain_id, feed.address)
    assert digest == report_digest(separator, 2_000 * 10**8, chain.timestamp)


def test_no_key_is_guessed(feed: SignedFeed) -> None:
    with pytest.raises(RefusedKey):
        feed.sign("2_000", STRANGER.address)


def test_keys_that_everybody_knows_sign_nothing_off_local_chains(
    chain: Chain, feed: SignedFeed, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "is_local", False)
    for act in (
        lambda: feed.sign("2_000", alice),
        lambda: feed.sign("2_000", alice.address, key=b"\1" * 32),
        lambda: SignedFeed.deploy(chain, "x", [*SIGNERS, alice], quorum=2),
    ):
        with pytest.raises(RefusedKey):
            act()
    assert feed.sign("2_000", SIGNERS[0]).answer == 2_000 * 10**8


@pytest.mark.parametrize("price", [1.5, "-1", "1e3", "0.000000001", True])
def test_a_bad_price_is_not_signed(feed: SignedFeed, price: Any) -> None:
    with pytest.raises(AmountError):
        feed.sign(price, SIGNERS[0])


def test_reports_of_several_moments_make_no_round(feed: SignedFeed, chain: Chain) -> None:
    reports = three(feed, "2_000", "2_000", "2_000")
    reports[1] = feed.sign("2_000", SIGNERS[1], timestamp=chain.timestamp - 1)
    for bad in (reports, []):
        with pytest.raises(InputError, match="moments"):
            feed.report(bad)


def test_refusals_show_prices(feed: SignedFeed) -> None:
    feed.report(three(feed, "2_000", "2_000", "2_000"))
    with pytest.raises(reverts.JumpTooLarge, match=r"answer=2200.00000001, latest=2000") as refusal:
        feed.report(three(feed, *["2_200.00000001"] * 3))
    assert refusal.value.max_jump == 200 * 10**8
    with pytest.raises(reverts.AnswerOutOfRange, match="answer=0"):
        feed.report(three(feed, "0", "2_000", "2_000"))


def test_refusals_show_times_as_they_are(feed: SignedFeed, chain: Chain) -> None:
    moment = chain.timestamp
    reports = three(feed, "2_000", "2_000", "2_000")
    feed.report(reports)
    with pytest.raises(reverts.OutdatedReport, match=f"timestamp={moment}, latest={moment}"):
        feed.report(reports)


def test_the_longer_there_was_no_answer_the_further_the_next_may_lie(chain: Chain) -> None:
    terms = ReportTerms(quorum=1, max_jump=WAD // 2, jump_period=100, max_delay=60)
    world = World(deploy(chain, terms), terms)
    start = chain.timestamp
    world.submit(world.honest([1_000], start), start)
    chain.set_next_timestamp(start + 99)
    chain.mine()
    assert isinstance(world.submit(world.honest([1_501], start + 99), start + 99), reverts.Reverted)
    chain.set_next_timestamp(start + 100)
    assert world.submit(world.honest([2_000], start + 100), start + 100) is None


def test_a_feed_of_few_digits_moves_by_one_unit_at_least(chain: Chain) -> None:
    """A tenth of five units is none; without the unit the feed could only repeat itself."""
    world = World(deploy(chain, decimals=0))
    for answer in (5, 6, 5, 4, 3, 2, 1, 2):
        chain.advance(1)
        now = chain.timestamp
        assert world.submit(world.honest([answer] * 3, now), now) is None
        twin = world.twin()
        assert twin.latest().answer == world.rounds[-1].answer == answer
    now = chain.timestamp + 1
    too_far = world.submit(world.honest([4] * 3, now), now)
    assert isinstance(too_far, reverts.JumpTooLarge)
    assert too_far.max_jump == 1
    with pytest.raises(reverts.JumpTooLarge):
        twin.report(now, [word.report for word in world.honest([4] * 3, now)], now=now)


def test_everything_that_was_fixed_can_be_read(feed: SignedFeed) -> None:
    assert list(feed.signers) == [one.address for one in SIGNERS]
    assert all(feed.feed.is_signer(one.address) for one in SIGNERS)
    assert not feed.feed.is_signer(STRANGER.address)
    assert feed.terms == ReportTerms(3, WAD // 10, 3_600, 300)
    domain = feed.feed.eip712_domain()
    assert domain[1:5] == ("SignedFeed", "1", feed.chain.chain_id, feed.address)


@pytest.mark.parametrize(
    "wrong",
    [
        {"quorum": 0},
        {"quorum": 6},
        {"max_jump": 0},
        {"max_jump": WAD + 1},
        {"jump_period": 0},
        {"jump_period": 2**64},
        {"max_delay": 0},
        {"max_delay": 2**64},
    ],
)
def test_impossible_terms_are_refused(chain: Chain, wrong: dict[str, int]) -> None:
    with pytest.raises(reverts.InvalidTerms) as refusal:
        deploy(chain, replace(TERMS, **wrong))
    assert refusal.value.signers == 5
    deploy(chain, replace(TERMS, quorum=5, max_jump=WAD, jump_period=2**64 - 1, max_delay=1))


def test_signers_are_different_people_and_nobody_is_not_one(chain: Chain) -> None:
    for signers in ([SIGNERS[1], SIGNERS[0]], [SIGNERS[0], SIGNERS[0]]):
        with pytest.raises(reverts.SignersUnsorted):
            deploy(chain, replace(TERMS, quorum=1), signers=signers)
    with pytest.raises(reverts.SignersUnsorted):
        SignedFeed.deploy(chain, "x", [ZERO_ADDRESS, SIGNERS[0]], quorum=1)
    with pytest.raises(reverts.TooManyDecimals):
        SignedFeed.deploy(chain, "x", SIGNERS, quorum=1, decimals=25)
    SignedFeed.deploy(chain, "x", SIGNERS, quorum=1, decimals=24)


@pytest.mark.parametrize(("beyond", "accepted"), [(0, True), (1, False)])
def test_a_report_counts_up_to_the_largest_s_that_is_not_malleable(
    beyond: int, accepted: bool, chain: Chain, alice: Account
) -> None:
    """A key for which this very `s` signs this very report, of a feed whose address is known."""
    s, at, terms = MAX_S + beyond, chain.timestamp, Terms(1, WAD // 10, 60, 600)
    with chain.snapshot():
        there = bindings.SignedFeed.deploy(chain, "X", 8, [alice], terms, sender=alice)
        digest = there.report_digest(5, at)
    point = PrivateKey.from_int(7).public_key.format(compressed=True)
    r = int.from_bytes(point[1:], "big")
    key = (s * 7 - int.from_bytes(digest, "big")) * pow(r, -1, ORDER) % ORDER
    signer = key_address(key.to_bytes(32, "big"))
    made = bindings.SignedFeed.deploy(chain, "X", 8, [signer], terms, sender=alice)
    assert made.address == there.address
    vote = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + (point[0] & 1)])
    if accepted:
        made.report(at, [Report(5, vote)], sender=alice)
        assert made.latest_round_data()[1] == 5
    else:
        with pytest.raises(reverts.MalformedVote):
            made.report(at, [Report(5, vote)], sender=alice)
