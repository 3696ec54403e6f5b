"""Feeds on a chain: answers as decimals a person reads, scripted or signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Self

from .. import bindings
from ..bindings import signed_feed
from ..chain import Account, Chain, Receipt, Sender
from ..chain.base import key_address
from ..chain.hashing import HasAddress, address_of
from ..errors import AmountError, InputError, RefusedKey, Reverted
from ..reverts import AnswerOutOfRange, JumpTooLarge
from ..units import Number, Ratio, check_uint256, parse_units, to_decimal
from .feed import Round
from .signed import Report, ReportTerms, SignedRounds, feed_separator, sign_report

__all__ = ["Feed", "Reported", "ScriptedFeed", "SignedFeed"]

Who = HasAddress | str

HOUR: Final = 3_600
MAX_INT256: Final = 2**255 - 1


class Feed:
    """Any AggregatorV3 at an address, read only."""

    def __init__(self, chain: Chain, address: Who) -> None:
        self.chain = chain
        self.contract = bindings.ScriptedFeed(chain, address)
        self.address = self.contract.address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    @cached_property
    def decimals(self) -> int:
        """Digits behind the point of its answers."""
        return self.contract.decimals()

    @cached_property
    def description(self) -> str:
        """For example `"ETH / USD"`."""
        return self.contract.description()

    def round(self, round_id: int | None = None, *, block: int | None = None) -> Round:
        """One round, or the newest."""
        if round_id is None:
            return Round(*self.contract.latest_round_data(block=block))
        return Round(*self.contract.get_round_data(round_id, block=block))

    def price(self, *, block: int | None = None) -> Decimal:
        """The newest answer, exact; whether it can be trusted is an oracle's business."""
        return to_decimal(self.round(block=block).answer, self.decimals)


class ScriptedFeed(Feed):
    """A price feed that says what its owner scripts; on local chains the owner is the sender."""

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        description: str,
        price: Number,
        *,
        decimals: int = 8,
        owner: Sender | None = None,
        sender: Sender | None = None,
    ) -> Self:
        """A new feed, live at `price` ("2_000"). Its owner is the sender unless named."""
        first = chain.default_sender if sender is None else sender
        holder = first if owner is None else owner
        answer = _answer(price, decimals)
        made = bindings.ScriptedFeed.deploy(
            chain, description, decimals, answer, holder, sender=first
        )
        return cls(chain, made.address)

    @cached_property
    def owner(self) -> str:
        """Who scripts it, for ever."""
        return self.contract.owner()

    def set_price(self, price: Number, *, sender: Sender | None = None) -> Receipt:
        """A new live answer as a person writes it: `feed.set_price("1_500")`, never a float.

        It never grows stale by itself; `set_round` makes one that does.
        """
        return self.set_answer(_answer(price, self.decimals), sender=sender)

    def set_answer(self, answer: int, *, sender: Sender | None = None) -> Receipt:
        """A new live answer in the feed's own units, zero and negative included."""
        return self.contract.set_answer(_int256(answer), sender=self._script(sender))

    def set_round(
        self,
        price: Number | None = None,
        *,
        answer: int | None = None,
        updated_at: int,
        started_at: int | None = None,
        answered_in_round: int | None = None,
        sender: Sender | None = None,
    ) -> Receipt:
        """A new round pinned to `updated_at`, so that it grows stale. [unix seconds]

        Give `price` as a person writes it, or `answer` in the feed's own units. It starts when it
        was updated and was answered in its own round, unless said otherwise.
        """
        if price is not None and answer is None:
            raw = _answer(price, self.decimals)
        elif answer is not None and price is None:
            raw = _int256(answer)
        else:
            raise InputError("give either a price or an answer, not both and not neither")
        if answered_in_round is None:
            answered_in_round = self.contract.latest_round_id() + 1
        return self.contract.set_round(
            raw,
            updated_at if started_at is None else started_at,
            updated_at,
            answered_in_round,
            sender=self._script(sender),
        )

    def set_reverting(self, reverting: bool, *, sender: Sender | None = None) -> Receipt:
        """Switches the feed off, so that every answer reverts, or on."""
        return self.contract.set_reverting(reverting, sender=self._script(sender))

    def _script(self, sender: Sender | None) -> Sender | None:
        return self.owner if sender is None and self.chain.is_local else sender


@dataclass(frozen=True, slots=True)
class Reported:
    """A signed feed has a new round."""

    round: Round
    price: Decimal
    reports: int
    """Signers who had a part in it."""
    receipt: Receipt = field(repr=False)


class SignedFeed(Feed):
    """A price feed whose answers are medians of what k of n signers have signed.

    >>> feed.publish({alice: "2_000", bob: "2_001.5"})          # doctest: +SKIP

    on a local chain. On any chain each signer makes a `feed.sign(...)` where its key is, and anyone
    sends them together: `feed.report([first, second])`.
    """

    def __init__(self, chain: Chain, address: Who) -> None:
        super().__init__(chain, address)
        self.feed = bindings.SignedFeed(chain, address)

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        description: str,
        signers: Sequence[Who],
        *,
        quorum: int,
        decimals: int = 8,
        max_jump: Number | Ratio = "20%",
        jump_period: int = HOUR,
        max_delay: int = 300,
        sender: Sender | None = None,
    ) -> Self:
        """A new feed, without an answer yet; nothing of it can be changed.

        Args:
            signers: who may sign, in any order. RefusedKey for keys that everybody knows, off local
                chains.
            quorum: reports that a round needs; more than half of the signers is advisable.
            max_jump: how far an answer may lie from the one before, as a part of that.
            jump_period: after each such time without an answer, as much again. [seconds]
            max_delay: a report older than this comes too late. [seconds]
        """
        addresses = sorted((address_of(one) for one in signers), key=lambda one: int(one, 16))
        for one in addresses:
            _refuse_known_key(chain, one)
        terms = signed_feed.Terms(quorum, Ratio.parse(max_jump).wad, jump_period, max_delay)
        made = bindings.SignedFeed.deploy(
            chain, description, decimals, addresses, terms, sender=sender
        )
        return cls(chain, made.address)

    @cached_property
    def signers(self) -> tuple[str, ...]:
        """Who may sign, in ascending order of their addresses."""
        return tuple(self.feed.signers())

    @cached_property
    def terms(self) -> ReportTerms:
        """What a round has to meet."""
        terms = self.feed.terms()
        return ReportTerms(terms.quorum, terms.max_jump, terms.jump_period, terms.max_delay)

    def sign(
        self,
        price: Number,
        signer: Any,
        *,
        timestamp: int | None = None,
        key: bytes | None = None,
    ) -> Report:
        """`signer`'s word that the price was `price` ("2_000.5") at `timestamp`, by default now.

        A signer is an eth-account `LocalAccount`, or anything else with `address` and
        `sign_typed_data`; or an address together with its `key` (32 bytes); or a named account of a
        local chain. RefusedKey for keys that everybody knows, off local chains.
        """
        answer = _answer(price, self.decimals)
        moment = check_uint256(
            self.chain.timestamp if timestamp is None else timestamp, "timestamp"
        )
        address = address_of(signer)
        _refuse_known_key(self.chain, address)
        if key is None and callable(getattr(signer, "sign_typed_data", None)):
            signed = signer.sign_typed_data(*self._typed_data(answer, moment))
            return Report(address, answer, moment, bytes(signed.signature))
        secret = _named_secret(self.chain, signer) if key is None else key
        separator = feed_separator(self.chain.chain_id, self.address)
        report = sign_report(separator, answer, moment, address, secret)
        if key is not None and key_address(key) != address:
            raise RefusedKey(f"this key is {key_address(key)}'s, not {address}'s")
        return report

    def _typed_data(self, answer: int, timestamp: int) -> tuple[dict[str, Any], ...]:
        """Domain, types and message, as eth-account wants them (EIP-712)."""
        domain = {
            "name": "SignedFeed",
            "version": "1",
            "chainId": self.chain.chain_id,
            "verifyingContract": self.address,
        }
        fields = (("int256", "answer"), ("uint256", "timestamp"))
        types = {"Report": [{"name": name, "type": kind} for kind, name in fields]}
        return domain, types, {"answer": answer, "timestamp": timestamp}

    def report(self, reports: Sequence[Report], *, sender: Sender | None = None) -> Reported:
        """Starts a round from signed reports of one moment, in any order. Anyone may.

        InputError when they are of different moments.
        """
        moments = {one.timestamp for one in reports}
        if len(moments) != 1:
            raise InputError(
                f"reports of {len(moments)} moments do not make a round: {sorted(moments)}",
                hint="let the signers sign(..., timestamp=...) the same moment",
            )
        by_signer = sorted(reports, key=lambda one: int(one.signer, 16))
        words = [signed_feed.Report(one.answer, one.signature) for one in by_signer]
        show = self._show
        try:
            receipt = self.feed.report(moments.pop(), words, sender=sender)
        except Reverted as error:
            if isinstance(error, (AnswerOutOfRange, JumpTooLarge)):  # of others, `latest` is a time
                error.in_units(answer=show, highest=show, latest=show, max_jump=show)
            raise
        told = receipt.one(signed_feed.AnswerReported)
        made = Round(told.round_id, told.answer, told.timestamp, told.timestamp, told.round_id)
        return Reported(made, to_decimal(told.answer, self.decimals), told.reports, receipt)

    def _show(self, answer: int) -> str:
        return f"{to_decimal(answer, self.decimals):f}"

    def publish(
        self,
        prices: Mapping[Any, Number],
        *,
        timestamp: int | None = None,
        sender: Sender | None = None,
    ) -> Reported:
        """Signs for every signer in `prices` and reports, in one go: `{alice: "2_000"}`."""
        moment = self.chain.timestamp if timestamp is None else timestamp
        reports = [self.sign(price, who, timestamp=moment) for who, price in prices.items()]
        return self.report(reports, sender=sender)

    def state(self, *, block: int | None = None) -> SignedRounds:
        """The twin: signers, terms and every round so far."""
        count = self.feed.latest_round_id(block=block)
        return SignedRounds(
            self.decimals,
            self.signers,
            self.terms,
            tuple(self.round(one, block=block) for one in range(1, count + 1)),
        )


def _refuse_known_key(chain: Chain, signer: str) -> None:
    """Whoever knows a signer's key is that signer: RefusedKey off local chains."""
    if not chain.is_local:
        from ..chain.keys import refuse_development_account

        refuse_development_account(signer)


def _named_secret(chain: Chain, signer: Any) -> bytes:
    from ..chain.base import named_key

    if chain.is_local and isinstance(signer, Account):
        key = named_key(signer.name)
        if key_address(key) == signer.address:
            return key
    raise RefusedKey(
        f"no key at hand to sign for {signer}",
        hint="give sign(..., key=...), or an eth-account LocalAccount as the signer",
    )


def _answer(price: Number, decimals: int) -> int:
    return _int256(parse_units(price, decimals))


def _int256(answer: int) -> int:
    if isinstance(answer, bool) or not isinstance(answer, int):
        raise AmountError(
            f"answer {answer!r} is a {type(answer).__name__}, not an integer",
            hint='set_price("1_500") takes what a person writes',
        )
    if not -MAX_INT256 - 1 <= answer <= MAX_INT256:
        raise AmountError(f"answer {answer} is beyond int256", hint="feeds are signed: 255 bits")
    return answer
