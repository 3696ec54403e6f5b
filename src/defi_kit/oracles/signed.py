"""Twin of SignedFeed: medians of what k of n have signed; and what a signer signs.

The message is typed data (EIP-712): an answer and its moment, for one feed on one chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..math import check_quorum
from ..reverts import (
    AnswerOutOfRange,
    FutureReport,
    InvalidTerms,
    JumpTooLarge,
    LateReport,
    MalformedVote,
    NoSuchRound,
    OutdatedReport,
    SignersUnsorted,
    TooManyDecimals,
)
from ..tokens.permit import MAX_S, domain_separator
from ..units import WAD
from .feed import MAX_DECIMALS, Round

__all__ = [
    "Report",
    "ReportTerms",
    "SignedRounds",
    "feed_separator",
    "median",
    "report_digest",
    "sign_report",
]

MAX_ANSWER: Final = 2**127 - 2
"""A FeedOracle's bounds can hold it. [feed units]"""
NOBODY: Final = "0x" + 40 * "0"
_MAX_TIME: Final = 2**64 - 1
_TYPE: Final = b"Report(int256 answer,uint256 timestamp)"


@dataclass(frozen=True, slots=True)
class Report:
    """One signer's word on the price at a moment that all reports of a round share."""

    signer: str
    """Whom the signature leads to; the zero address where it is garbage. The twin believes it."""
    answer: int
    """[feed units]"""
    timestamp: int
    """The moment it is of. [unix seconds]"""
    signature: bytes
    """65 bytes r, s, v."""


@dataclass(frozen=True, slots=True)
class ReportTerms:
    """What a round has to meet."""

    quorum: int
    """Reports that a round needs."""
    max_jump: int
    """How far an answer may lie from the one before, as a part of that, one unit at least. [wad]"""
    jump_period: int
    """After each such time without an answer, as much again. [seconds]"""
    max_delay: int
    """A report older than this comes too late. [seconds]"""


@dataclass(frozen=True, slots=True)
class SignedRounds:
    """A signed feed at one block.

    Raises TooManyDecimals, InvalidTerms, SignersUnsorted.
    """

    decimals: int
    signers: tuple[str, ...]
    """In ascending order."""
    terms: ReportTerms
    rounds: tuple[Round, ...] = ()
    """Round 1 first."""

    def __post_init__(self) -> None:
        if self.decimals > MAX_DECIMALS:
            raise TooManyDecimals(self.decimals, MAX_DECIMALS)
        terms, count = self.terms, len(self.signers)
        times = 0 < terms.jump_period <= _MAX_TIME and 0 < terms.max_delay <= _MAX_TIME
        if not (1 <= terms.quorum <= count and 0 < terms.max_jump <= WAD and times):
            raise InvalidTerms(
                terms.quorum, count, terms.max_jump, terms.jump_period, terms.max_delay
            )
        for previous, signer in zip((NOBODY, *self.signers), self.signers, strict=False):
            if int(signer, 16) <= int(previous, 16):
                raise SignersUnsorted(previous, signer)

    def report(self, timestamp: int, reports: Sequence[Report], *, now: int) -> SignedRounds:
        """The feed after a round of reports.

        OutdatedReport, FutureReport, LateReport; MalformedVote, NoMember, SignersUnsorted,
        QuorumMissed; AnswerOutOfRange, JumpTooLarge.
        """
        self._check_time(timestamp, now)
        for place, one in enumerate(reports, start=1):
            _check_form(one.signature)
            self._check_votes(reports[:place], 0)
        self._check_votes(reports, self.terms.quorum)
        answer = median([one.answer for one in reports])
        self._check_jump(answer, timestamp)
        next_id = len(self.rounds) + 1
        added = Round(next_id, answer, timestamp, timestamp, next_id)
        return replace(self, rounds=(*self.rounds, added))

    def _check_time(self, timestamp: int, now: int) -> None:
        latest = self.rounds[-1].updated_at if self.rounds else 0
        if timestamp <= latest:
            raise OutdatedReport(timestamp, latest)
        if timestamp > now:
            raise FutureReport(timestamp, now)
        if now - timestamp > self.terms.max_delay:
            raise LateReport(timestamp, self.terms.max_delay, now)

    def _check_votes(self, reports: Sequence[Report], quorum: int) -> None:
        signers = [one.signer for one in reports]
        check_quorum(self.signers, quorum, signers, sender=NOBODY)  # sending is no report

    def _check_jump(self, answer: int, timestamp: int) -> None:
        if not self.rounds:
            return
        latest = self.rounds[-1]
        periods = 1 + (timestamp - latest.updated_at) // self.terms.jump_period
        allowed = max(1, latest.answer * self.terms.max_jump * periods // WAD)
        if abs(answer - latest.answer) > allowed:
            raise JumpTooLarge(answer, latest.answer, allowed)

    def latest(self) -> Round:
        """The newest round. NoSuchRound before the first."""
        return self.round(len(self.rounds))

    def round(self, round_id: int) -> Round:
        """One round. NoSuchRound."""
        if not 1 <= round_id <= len(self.rounds):
            raise NoSuchRound(round_id, len(self.rounds))
        return self.rounds[round_id - 1]


def median(answers: Iterable[int]) -> int:
    """The middle one, or the mean of the middle two, rounded down. AnswerOutOfRange.

    >>> median([5, 1, 900]), median([1, 2])
    (5, 1)
    """
    ordered = sorted(answers)
    if ordered[0] <= 0:
        raise AnswerOutOfRange(ordered[0], MAX_ANSWER)
    if ordered[-1] > MAX_ANSWER:
        raise AnswerOutOfRange(ordered[-1], MAX_ANSWER)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) // 2


# --- signatures -----------------------------------------------------------------------------------


def report_digest(separator: bytes, answer: int, timestamp: int) -> bytes:
    """The 32 bytes that a signer signs, for the feed with that domain separator (EIP-712)."""
    fields = (
        _keccak(_TYPE),
        answer.to_bytes(32, "big", signed=True),
        timestamp.to_bytes(32, "big"),
    )
    return _keccak(b"\x19\x01" + separator + _keccak(b"".join(fields)))


def feed_separator(chain_id: int, feed: str) -> bytes:
    """What ties reports to one feed on one chain (EIP-712)."""
    return domain_separator("SignedFeed", chain_id, feed)


def sign_report(separator: bytes, answer: int, timestamp: int, signer: str, key: bytes) -> Report:
    """An answer signed with the signer's key of 32 bytes; `s` is low, the nonce determined."""
    from coincurve import PrivateKey

    digest = report_digest(separator, answer, timestamp)
    signed = PrivateKey(key).sign_recoverable(digest, hasher=None)
    return Report(signer, answer, timestamp, signed[:64] + bytes([27 + signed[64]]))


def _check_form(signature: bytes) -> None:
    s = signature[32:64] if len(signature) == 65 else bytes(32)
    if len(signature) != 65 or int.from_bytes(s, "big") > MAX_S:
        raise MalformedVote(len(signature), s)


def _keccak(data: bytes) -> bytes:
    from Crypto.Hash import keccak

    return keccak.new(digest_bits=256, data=data).digest()
