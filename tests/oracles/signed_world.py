"""A signed feed on a chain with its signers, and O7-O9 checked after every report.

The checks rest on who is known to have signed what, not on the contract's idea of it: that is what
lets them catch a faulty contract.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from eth_account import Account as EthAccount
from eth_account.signers.local import LocalAccount

from defi_kit import bindings, reverts
from defi_kit.bindings import signed_feed as abi
from defi_kit.chain import Chain
from defi_kit.chain.hashing import ZERO_ADDRESS, keccak
from defi_kit.errors import Reverted
from defi_kit.oracles import Report, ReportTerms, Round, SignedFeed, SignedRounds
from defi_kit.oracles.signed import MAX_ANSWER, feed_separator, report_digest, sign_report
from defi_kit.tokens.permit import CURVE_ORDER, MAX_S
from defi_kit.units import WAD

CONSTRUCTOR = "(string,uint8,address[],(uint256,uint256,uint256,uint256))"
VOTING = (
    reverts.MalformedVote,
    reverts.NoMember,
    reverts.QuorumMissed,
    reverts.SignersUnsorted,
)
TERMS = ReportTerms(quorum=3, max_jump=WAD // 10, jump_period=600, max_delay=120)


def people(count: int) -> list[LocalAccount]:
    """Signers with keys of this test alone, sorted by address."""
    made = [EthAccount.from_key(keccak(f"signer {place}".encode())) for place in range(count)]
    return sorted(made, key=lambda one: int(one.address, 16))


PEOPLE = people(6)
SIGNERS, STRANGER = PEOPLE[:5], PEOPLE[5]


@dataclass(frozen=True)
class Word:
    """A signature, what will be submitted with it, and what its maker knows about it."""

    report: Report
    author: str
    """Who signed it; nobody where it is garbage."""
    said: tuple[int, int, int, str]
    """Answer, moment, chain and feed that were signed."""

    @property
    def well_formed(self) -> bool:
        signature = self.report.signature
        return len(signature) == 65 and int.from_bytes(signature[32:64], "big") <= MAX_S


def deploy(
    chain: Chain,
    terms: ReportTerms = TERMS,
    *,
    decimals: int = 8,
    signers: list[LocalAccount] = SIGNERS,
    bytecode: bytes | None = None,
) -> SignedFeed:
    """A feed of these signers; from other creation code where a fault is seeded."""
    given = abi.Terms(terms.quorum, terms.max_jump, terms.jump_period, terms.max_delay)
    made = bindings.SignedFeed._deploy(
        chain,
        CONSTRUCTOR,
        ("ETH / USD", decimals, [one.address for one in signers], given),
        bytecode=bytecode,
    )
    return SignedFeed(chain, made.address)


@dataclass
class World:
    """The feed, and the records that the checks rest on."""

    feed: SignedFeed
    terms: ReportTerms = TERMS
    rounds: list[Round] = field(default_factory=list)

    @property
    def chain(self) -> Chain:
        return self.feed.chain

    @property
    def here(self) -> tuple[int, str]:
        return self.chain.chain_id, self.feed.address

    def word(
        self,
        signer: LocalAccount,
        answer: int,
        timestamp: int,
        *,
        submit: int | None = None,
        chain_id: int | None = None,
        feed: str | None = None,
    ) -> Word:
        """`answer` signed for this feed and chain unless said otherwise; `submit` replaces it."""
        place = (chain_id or self.here[0], feed or self.here[1])
        key = bytes(signer.key)
        signed = sign_report(feed_separator(*place), answer, timestamp, signer.address, key)
        sent = signed if submit is None else replace(signed, answer=submit)
        return Word(sent, signer.address, (answer, timestamp, *place))

    def garbage(self, signature: bytes, answer: int, timestamp: int) -> Word:
        """A signature of nobody's."""
        return Word(Report(ZERO_ADDRESS, answer, timestamp, signature), ZERO_ADDRESS, (0, 0, 0, ""))

    def malleated(self, word: Word) -> Word:
        """The other signature of the same word by the same key, which anyone can compute."""
        old = word.report.signature
        s = CURVE_ORDER - int.from_bytes(old[32:64], "big")
        other = old[:32] + s.to_bytes(32, "big") + bytes([55 - old[64]])
        return replace(word, report=replace(word.report, signature=other))

    def recovered(self, word: Word, timestamp: int) -> Report:
        """The report as the contract reads it: with the signer that the signature leads to."""
        digest = report_digest(feed_separator(*self.here), word.report.answer, timestamp)
        return replace(word.report, signer=recover(digest, word.report.signature))

    # --- steps ------------------------------------------------------------------------------------

    def submit(self, words: list[Word], timestamp: int) -> Reverted | None:
        """Sends the words as they are, judges the answer, checks all; the refusal, if refused."""
        sent = [abi.Report(word.report.answer, word.report.signature) for word in words]
        now = self.chain.timestamp + 1  # of the block that will hold it
        good = self._due(words, timestamp, now)
        try:
            self.feed.feed.report(timestamp, sent)
        except Reverted as refusal:
            name = "O7" if isinstance(refusal, VOTING) else "O8"
            assert not good, f"{name}: refused a good round: {refusal}"
            self.check()
            return refusal
        self._judge(words, timestamp, now)
        self.check()
        return None

    def honest(self, answers: list[int], timestamp: int) -> list[Word]:
        """One word of each of the first signers, in order."""
        pairs = zip(SIGNERS, answers, strict=False)
        return [self.word(one, answer, timestamp) for one, answer in pairs]

    # --- what is right ----------------------------------------------------------------------------

    def _authentic(self, word: Word, timestamp: int) -> bool:
        member = word.author in {one.address for one in SIGNERS}
        return member and word.said == (word.report.answer, timestamp, *self.here)

    def _due(self, words: list[Word], timestamp: int, now: int) -> bool:
        authors = [int(word.author, 16) for word in words]
        return (
            all(self._authentic(word, timestamp) and word.well_formed for word in words)
            and authors == sorted(set(authors))
            and len(words) >= self.terms.quorum
            and all(1 <= word.report.answer <= MAX_ANSWER for word in words)
            and self._timely(timestamp, now)
            and self._near(self._median(words), timestamp)
        )

    def _timely(self, timestamp: int, now: int) -> bool:
        latest = self.rounds[-1].updated_at if self.rounds else 0
        return latest < timestamp <= now <= timestamp + self.terms.max_delay

    def _near(self, answer: int, timestamp: int) -> bool:
        if not self.rounds:
            return True
        latest = self.rounds[-1]
        periods = 1 + (timestamp - latest.updated_at) // self.terms.jump_period
        share = Fraction(self.terms.max_jump, WAD) * periods
        return abs(answer - latest.answer) <= max(1, latest.answer * share)

    @staticmethod
    def _median(words: list[Word]) -> int:
        answers = sorted(word.report.answer for word in words)
        middle = answers[(len(answers) - 1) // 2 : len(answers) // 2 + 1]
        return sum(middle) // len(middle)

    def _judge(self, words: list[Word], timestamp: int, now: int) -> None:
        """A round was accepted: was it right to be?"""
        for word in words:
            assert self._authentic(word, timestamp), "O7: counts what was not signed for this"
            assert word.well_formed, "O7: takes a signature in its second form"
        authors = {word.author for word in words}
        assert len(authors) == len(words), "O7: counts a signer twice"
        assert len(authors) >= self.terms.quorum, "O7: a round without its quorum"
        answer = self._median(words)
        next_id = len(self.rounds) + 1
        assert self.feed.feed.latest_round_id() == next_id, "O9: rounds are not counted by one"
        assert self.feed.round().answer == answer, "O7: not the median"
        assert self._timely(timestamp, now), "O8: a round out of time"
        assert self._near(answer, timestamp), "O8: jumps further than allowed"
        self.rounds.append(Round(next_id, answer, timestamp, timestamp, next_id))

    def check(self) -> None:
        """O9: every round as it was reported, and no other."""
        seen = [self._round(one) for one in range(len(self.rounds) + 2)]
        assert seen == [None, *self.rounds, None], "O9: a round is not what was reported"
        latest = self._round(None)
        assert latest == (self.rounds[-1] if self.rounds else None), "O9: latest is not newest"
        assert all(one.answer > 0 for one in self.rounds), "O9: an answer that is no price"

    def _round(self, round_id: int | None) -> Round | None:
        try:
            return self.feed.round(round_id)
        except Reverted:
            return None

    def twin(self) -> SignedRounds:
        return self.feed.state()


def recover(digest: bytes, signature: bytes) -> str:
    """Whom ecrecover finds; the zero address for nobody."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return ZERO_ADDRESS
    try:
        found: Any = EthAccount._recover_hash(digest, signature=signature)
    except Exception:  # eth-keys raises what its backend raises
        return ZERO_ADDRESS
    return str(found)


def walk(world: World) -> None:
    """Good rounds and every kind of bad one; checked each time."""
    chain, terms = world.chain, world.terms
    third = SIGNERS[2]
    now = chain.timestamp
    world.submit(world.honest([100, 300], now), now)
    world.submit(world.honest([0, 0, 0], now), now)
    world.submit(world.honest([-1, -1, -1], now), now)
    world.submit(world.honest([100, 100, MAX_ANSWER + 1], now), now)
    world.submit(world.honest([1_000, 300, 900], now), now)  # 900, unsorted
    world.submit(world.honest([900, 900, 900], now), now)  # the same moment once more
    world.submit(world.honest([901, 902, 903], now - 1), now - 1)
    for later in (1, 1_000):
        moment = chain.timestamp + 1 + later
        world.submit(world.honest([901, 902, 903], moment), moment)

    chain.advance(terms.max_delay + 10)
    now = chain.timestamp
    for age in (terms.max_delay + 1, terms.max_delay):
        moment = chain.timestamp + 1 - age
        world.submit(world.honest([910, 910, 920, 931], moment), moment)  # 915
    now = chain.timestamp
    good = world.honest([930, 930, 930], now)
    world.submit([good[0], good[0], good[1]], now)
    world.submit([good[1], good[0], good[2]], now)
    world.submit([*good[:2], world.word(STRANGER, 930, now)], now)
    world.submit([world.word(STRANGER, 930, now)], now)
    world.submit([*good[:2], world.word(third, 930, now, chain_id=chain.chain_id + 1)], now)
    world.submit([*good[:2], world.word(third, 930, now, feed=STRANGER.address)], now)
    world.submit([*good[:2], world.word(third, 930, now, submit=931)], now)
    world.submit([*good[:2], world.word(third, 930, now - 1)], now)
    world.submit([*good[:2], world.malleated(good[2])], now)
    world.submit([*good[:2], world.garbage(bytes(65), 930, now)], now)
    world.submit([*good[:2], world.garbage(b"\1" * 64 + b"\0", 930, now)], now)
    world.submit([*good[:2], world.garbage(good[2].report.signature[:64], 930, now)], now)
    world.submit(good, now)
    limit = 930 + 93
    for answer in (limit + 1, 930 - 94, limit):
        now = chain.timestamp
        world.submit(world.honest([answer] * 5, now), now)
    for seconds in (terms.jump_period - 40, terms.jump_period, 5 * terms.jump_period):
        chain.advance(seconds)
        now = chain.timestamp
        latest = world.rounds[-1]
        share = 1 + (now - latest.updated_at) // terms.jump_period
        for answer in (latest.answer // 10 * share + 1, latest.answer // 10 * share):
            world.submit(world.honest([latest.answer + answer] * 3, now), now)
