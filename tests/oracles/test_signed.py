"""The pure twin of SignedFeed."""

from __future__ import annotations

import statistics
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.oracles import Report, ReportTerms, SignedRounds
from defi_kit.oracles.signed import MAX_ANSWER, median

SIGNERS = tuple(f"0x{place:040x}" for place in range(1, 6))
TERMS = ReportTerms(quorum=3, max_jump=10**17, jump_period=60, max_delay=30)
FEED = SignedRounds(8, SIGNERS, TERMS)
GOOD = bytes(64) + b"\x1b"


def said(*answers: int, by: tuple[str, ...] = SIGNERS, moment: int = 100) -> list[Report]:
    return [Report(who, one, moment, GOOD) for who, one in zip(by, answers, strict=False)]


@given(st.lists(st.integers(1, MAX_ANSWER), min_size=1))
def test_the_median_is_that_of_statistics_rounded_down(answers: list[int]) -> None:
    assert median(answers) == statistics.median(map(Fraction, answers)) // 1


@given(st.lists(st.integers(90, 110), min_size=3, max_size=3), st.data())
def test_fewer_than_half_of_the_reports_move_the_median_between_honest_ones(
    honest: list[int], data: st.DataObject
) -> None:
    false = data.draw(st.lists(st.integers(1, MAX_ANSWER), max_size=2))
    assert min(honest) <= median(honest + false) <= max(honest)


def test_a_round_follows_its_terms() -> None:
    one = FEED.report(100, said(1_000, 1_001, 1_002), now=110)
    assert one.latest().answer == 1_001
    with pytest.raises(reverts.OutdatedReport):
        one.report(100, said(1_000, 1_001, 1_002), now=110)
    with pytest.raises(reverts.FutureReport):
        one.report(111, said(1_000, 1_001, 1_002), now=110)
    with pytest.raises(reverts.LateReport):
        one.report(101, said(1_000, 1_001, 1_002), now=132)
    with pytest.raises(reverts.JumpTooLarge):
        one.report(159, said(*[1_102] * 3), now=160)
    assert one.report(160, said(*[1_201] * 3), now=160).latest().answer == 1_201
    with pytest.raises(reverts.NoSuchRound):
        FEED.latest()


def test_a_vote_is_of_a_member_once_and_well_formed() -> None:
    with pytest.raises(reverts.QuorumMissed):
        FEED.report(100, said(1, 1), now=100)
    with pytest.raises(reverts.SignersUnsorted):
        FEED.report(100, said(1, 1, 1, by=SIGNERS[::-1]), now=100)
    with pytest.raises(reverts.NoMember):
        FEED.report(100, said(1, 1, 1, by=("0x" + 40 * "0", *SIGNERS)), now=100)
    for bad in (GOOD[:64], bytes(32) + b"\xff" * 32 + b"\x1b"):
        with pytest.raises(reverts.MalformedVote):
            FEED.report(100, [Report(SIGNERS[0], 1, 100, bad)], now=100)
    for answer in (0, MAX_ANSWER + 1):
        with pytest.raises(reverts.AnswerOutOfRange):
            FEED.report(100, said(answer, 5, 5), now=100)


def test_impossible_feeds_are_not_made() -> None:
    with pytest.raises(reverts.TooManyDecimals):
        SignedRounds(25, SIGNERS, TERMS)
    with pytest.raises(reverts.InvalidTerms):
        SignedRounds(8, SIGNERS[:2], TERMS)
    with pytest.raises(reverts.SignersUnsorted):
        SignedRounds(8, SIGNERS[::-1], TERMS)
