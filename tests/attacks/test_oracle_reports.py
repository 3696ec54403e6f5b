"""Signed prices, stolen, copied, bent and held back. None of it moves the feed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defi_kit import reverts
from defi_kit.bindings import signed_feed as abi
from defi_kit.chain import Account, Chain
from defi_kit.oracles import FeedOracle, Report, SignedFeed
from oracles.signed_world import SIGNERS, STRANGER, World

HONEST = SIGNERS[:3]


@pytest.fixture
def feed(chain: Chain) -> SignedFeed:
    made = SignedFeed.deploy(chain, "ETH / USD", SIGNERS, quorum=3, max_jump="10%")
    made.report([made.sign("2_000", one) for one in HONEST])
    chain.advance(30)
    return made


def signed(feed: SignedFeed, *prices: str) -> list[Report]:
    return [feed.sign(price, one) for price, one in zip(prices, SIGNERS, strict=False)]


def send(feed: SignedFeed, reports: list[Report], attacker: Account) -> None:
    """As they are, in that order; the client would sort them."""
    words = [abi.Report(one.answer, one.signature) for one in reports]
    feed.feed.report(reports[0].timestamp, words, sender=attacker)


def test_a_round_replayed_is_refused(feed: SignedFeed, attacker: Account) -> None:
    reports = signed(feed, "2_100", "2_100", "2_100")
    feed.report(reports)
    with pytest.raises(reverts.OutdatedReport):
        feed.report(reports, sender=attacker)
    feed.chain.advance(30)
    feed.report(signed(feed, "2_000", "2_000", "2_000"))
    with pytest.raises(reverts.OutdatedReport):
        feed.report(reports, sender=attacker)
    assert feed.price() == 2_000


def test_reports_of_the_past_do_not_follow_those_of_the_present(
    feed: SignedFeed, attacker: Account
) -> None:
    """Out of order, by nature or on purpose."""
    early = signed(feed, "2_100", "2_100", "2_100")
    feed.chain.advance(30)
    feed.report(signed(feed, "2_010", "2_010", "2_010"))
    with pytest.raises(reverts.OutdatedReport):
        feed.report(early, sender=attacker)


def test_a_price_held_back_until_it_pays_is_refused(feed: SignedFeed, attacker: Account) -> None:
    """Signed every minute, published once an hour: nobody picks the minute afterwards."""
    held = signed(feed, "2_100", "2_100", "2_100")
    feed.chain.advance(seconds=feed.terms.max_delay)
    with pytest.raises(reverts.LateReport):
        feed.report(held, sender=attacker)


def test_a_report_for_another_feed_or_chain_is_refused(
    feed: SignedFeed, chain: Chain, attacker: Account
) -> None:
    other = SignedFeed.deploy(chain, "DOGE / USD", SIGNERS, quorum=3)
    reports = [other.sign("1_990", one) for one in HONEST]
    with pytest.raises(reverts.NoMember):
        send(feed, reports, attacker)
    elsewhere = World(feed)
    words = [
        elsewhere.word(one, 1_990 * 10**8, chain.timestamp, chain_id=chain.chain_id + 1)
        for one in HONEST
    ]
    with pytest.raises(reverts.NoMember):
        send(feed, [word.report for word in words], attacker)


def test_one_signer_does_not_count_twice(feed: SignedFeed, attacker: Account) -> None:
    """Neither with one report, nor with two, nor with the second form of the same signature."""
    first, second, _ = signed(feed, "2_050", "2_050", "2_050")
    other_price = feed.sign("2_060", SIGNERS[1])
    with pytest.raises(reverts.SignersUnsorted):
        send(feed, [first, second, second], attacker)
    with pytest.raises(reverts.SignersUnsorted):
        send(feed, [first, second, other_price], attacker)
    with pytest.raises(reverts.SignersUnsorted):
        send(feed, [first, second, first], attacker)


def test_malleable_signatures_are_refused(feed: SignedFeed, attacker: Account) -> None:
    world = World(feed)
    words = [world.word(one, 2_050 * 10**8, feed.chain.timestamp) for one in HONEST]
    bent = [word.report for word in (*words[:2], world.malleated(words[2]))]
    with pytest.raises(reverts.MalformedVote):
        send(feed, bent, attacker)
    send(feed, [word.report for word in words], attacker)


@pytest.mark.parametrize(
    "signature",
    [
        bytes(65),
        bytes(64) + b"\x1b",
        b"\xff" * 32 + b"\x01" * 32 + b"\x1c",
        b"\x01" * 64 + b"\x00",
        b"\x01" * 64 + b"\x02",
    ],
    ids=["empty", "zero r and s", "r beyond the order", "v of zero", "v of two"],
)
def test_the_zero_signer_is_nobody(feed: SignedFeed, attacker: Account, signature: bytes) -> None:
    """What ecrecover answers to garbage is the zero address, and that must never be a member."""
    reports = signed(feed, "2_050", "2_050")
    forged = replace(reports[0], signature=signature)
    with pytest.raises(reverts.NoMember) as refusal:
        send(feed, [forged, *reports], attacker)
    assert int(refusal.value.signer, 16) == 0


@pytest.mark.parametrize("length", [0, 32, 64, 66, 130])
def test_signatures_of_other_lengths_are_refused(
    feed: SignedFeed, attacker: Account, length: int
) -> None:
    """Also the short form of EIP-2098, which would be a second one."""
    reports = signed(feed, "2_050", "2_050", "2_050")
    reports[0] = replace(reports[0], signature=(reports[0].signature * 2)[:length])
    with pytest.raises(reverts.MalformedVote) as refusal:
        send(feed, reports, attacker)
    assert refusal.value.length == length


def test_a_stranger_adds_nothing_to_a_quorum(feed: SignedFeed, attacker: Account) -> None:
    reports = signed(feed, "2_050", "2_050")
    with pytest.raises(reverts.QuorumMissed):
        send(feed, reports, attacker)
    stranger = feed.sign("2_050", STRANGER)
    with pytest.raises(reverts.NoMember):
        feed.report([*reports, stranger], sender=attacker)


def test_fewer_than_half_of_the_signers_move_nothing_beyond_honest_prices(
    feed: SignedFeed, attacker: Account
) -> None:
    """Two of five collude, and choose when to send."""
    honest = signed(feed, "1_999", "2_000", "2_002")
    lies = [feed.sign("1_000_000", one) for one in SIGNERS[3:]]
    done = feed.report([*honest, *lies], sender=attacker)
    assert done.price == 2_002
    feed.chain.advance(30)
    honest = signed(feed, "1_999", "2_000", "2_002")
    lies = [feed.sign("0.00000001", one) for one in SIGNERS[3:]]
    assert feed.report([*honest, *lies], sender=attacker).price == 1_999


def test_a_slip_of_all_signers_stays_within_the_jump(feed: SignedFeed, attacker: Account) -> None:
    """One digit too many, or the wrong pair, from a source that all of them read."""
    for slip in ("20_000", "200", "2_200.00000001", "1_799.99999999"):
        with pytest.raises(reverts.JumpTooLarge):
            feed.report([feed.sign(slip, one) for one in SIGNERS], sender=attacker)
    assert feed.price() == 2_000
    feed.report([feed.sign("2_200", one) for one in SIGNERS])


def test_a_market_that_really_jumps_is_followed_in_the_end_and_not_before(
    feed: SignedFeed, chain: Chain
) -> None:
    """Half the price in a minute: the feed is refused as stale meanwhile, and never stuck."""
    oracle = FeedOracle.deploy(chain, feed, 18, 6, max_age=3_600)
    waited = 0
    while True:
        try:
            feed.report([feed.sign("1_000", one) for one in SIGNERS])
        except reverts.JumpTooLarge:
            chain.advance(600)
            waited += 600
            continue
        break
    assert feed.terms.jump_period * 3 < waited <= feed.terms.jump_period * 4 + 600
    assert oracle.price() == 1_000


def test_no_answer_is_sent_that_an_oracle_could_not_hold(feed: SignedFeed) -> None:
    for bad in (0, 2**127 - 1, 2**191, 2**255 - 1, -1, -(2**255)):
        world = World(feed)
        words = [world.word(one, bad, feed.chain.timestamp) for one in HONEST]
        sent = [abi.Report(word.report.answer, word.report.signature) for word in words]
        with pytest.raises(reverts.AnswerOutOfRange):
            feed.feed.report(feed.chain.timestamp, sent)
