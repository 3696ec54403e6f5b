"""Feeds and oracles on a chain: prices as decimals a person reads."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Final, Self

from .. import bindings
from ..bindings import feed_oracle as abi
from ..chain import Chain, Receipt, Sender
from ..chain.hashing import ZERO_ADDRESS, HasAddress, address_of
from ..errors import AmountError, InputError, Reverted
from ..tokens import Token
from ..units import Number, parse_units, to_decimal
from .feed import FeedPrice, Leg, Round, human_price

__all__ = ["FeedOracle", "ScriptedFeed"]

Who = HasAddress | str

DAY: Final = 86_400
MAX_INT256: Final = 2**255 - 1
WIDEST: Final = ("0", "1_000_000_000_000")
"""Default bounds of a feed: above nothing, below a trillion."""


class _Feed:
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


class ScriptedFeed(_Feed):
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


class FeedOracle:
    """The price of a base token in a quote token, from one feed or two, or a refusal."""

    def __init__(self, chain: Chain, address: Who) -> None:
        self.chain = chain
        self.contract = bindings.FeedOracle(chain, address)
        self.address = self.contract.address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        feed: Who,
        base: Token | int,
        quote: Token | int,
        *,
        quote_feed: Who | None = None,
        max_age: int = DAY,
        quote_max_age: int | None = None,
        bounds: tuple[Number, Number] = WIDEST,
        quote_bounds: tuple[Number, Number] = WIDEST,
        sender: Sender | None = None,
    ) -> Self:
        """A new oracle; nothing of it can be changed.

        Args:
            feed: prices the base token in the quote token, or both are priced in a third currency
                and `quote_feed` prices the quote token in it.
            base, quote: the tokens, or their decimals.
            max_age: an answer this old is still good. [seconds]
            bounds: an answer on or beyond them is refused, as a person writes them.
        """
        made = bindings.FeedOracle.deploy(
            chain,
            _leg(chain, feed, max_age, bounds),
            abi.Leg(ZERO_ADDRESS, 0, 0, 0)
            if quote_feed is None
            else _leg(chain, quote_feed, quote_max_age or max_age, quote_bounds),
            base if isinstance(base, int) else base.decimals,
            quote if isinstance(quote, int) else quote.decimals,
            sender=sender,
        )
        return cls(chain, made.address)

    @cached_property
    def model(self) -> FeedPrice:
        """The twin: the same feeds' decimals, ages and bounds."""
        base, quote = self.contract.base_leg(), self.contract.quote_leg()
        return FeedPrice(
            base=self._twin(base),
            quote=None if quote.feed == ZERO_ADDRESS else self._twin(quote),
            base_decimals=self.contract.base_decimals(),
            quote_decimals=self.contract.quote_decimals(),
        )

    def _twin(self, leg: abi.Leg) -> Leg:
        decimals = _Feed(self.chain, leg.feed).decimals
        return Leg(leg.feed, decimals, leg.max_age, leg.min_answer, leg.max_answer)

    def price(self, *, block: int | None = None) -> Decimal:
        """Quote tokens that one base token is worth, exact; raises the oracle's refusal."""
        return human_price(self.raw_price(block=block), *self._decimals)

    def raw_price(self, *, block: int | None = None) -> int:
        """Raw quote units that one raw base unit is worth, times 1e36."""
        try:
            return self.contract.price(block=block)
        except Reverted as error:
            self._explain(error)
            raise

    @cached_property
    def _decimals(self) -> tuple[int, int]:
        return self.contract.base_decimals(), self.contract.quote_decimals()

    def _explain(self, error: Reverted) -> None:
        """Shows the answers in a refusal as prices."""
        feed = error.arguments.get("feed")
        if not isinstance(feed, str):
            return
        decimals = _Feed(self.chain, feed).decimals

        def show(answer: int) -> str:
            return f"{to_decimal(answer, decimals):f}"

        error.in_units(answer=show, min_answer=show, max_answer=show)


def _leg(chain: Chain, feed: Who, max_age: int, bounds: tuple[Number, Number]) -> abi.Leg:
    address = address_of(feed)
    decimals = _Feed(chain, address).decimals
    low, high = (parse_units(bound, decimals) for bound in bounds)
    return abi.Leg(address, max_age, low, high)


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
