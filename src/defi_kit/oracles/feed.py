"""Twin of FeedOracle: the price that feeds and bounds give, or the refusal, in integers.

price = base answer / 10^bf / (quote answer / 10^qf) * 10^(quote token decimals) /
10^(base token decimals) * 1e36, rounded down; bf and qf are the feeds' decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ..reverts import (
    BoundsTooWide,
    CarriedOverPrice,
    FullMulDivFailed,
    FuturePrice,
    InvalidLeg,
    NonPositivePrice,
    PriceOutOfBounds,
    StalePrice,
    TooManyDecimals,
)
from ..units import MAX_UINT256, to_decimal

__all__ = ["MAX_DECIMALS", "PRICE_SCALE", "FeedPrice", "Leg", "Round", "human_price"]

MAX_DECIMALS: Final = 24
"""Of feeds and tokens."""
PRICE_DECIMALS: Final = 36
PRICE_SCALE: Final = 10**PRICE_DECIMALS
"""`raw base units * price // PRICE_SCALE` is raw quote units."""


@dataclass(frozen=True, slots=True)
class Round:
    """What a feed answered."""

    round_id: int
    answer: int
    """Signed. [feed units]"""
    started_at: int
    """[unix seconds]"""
    updated_at: int
    """[unix seconds]"""
    answered_in_round: int


@dataclass(frozen=True, slots=True)
class Leg:
    """One feed, and what of it is trusted. Both bounds are exclusive.

    Raises TooManyDecimals above 24, InvalidLeg where the age is zero or nothing lies between the
    bounds.
    """

    feed: str
    decimals: int
    """Of the feed's answers."""
    max_age: int
    """An answer this old is still good. [seconds]"""
    min_answer: int
    """[feed units]"""
    max_answer: int
    """[feed units]"""

    def __post_init__(self) -> None:
        if not self.max_age or self.min_answer < 0 or self.min_answer + 1 >= self.max_answer:
            raise InvalidLeg(self.feed, self.max_age, self.min_answer, self.max_answer)
        _check_decimals(self.decimals)

    def trusted(self, answered: Round, now: int) -> int:
        """The answer, if all of it can be trusted at `now`. [feed units]

        NonPositivePrice, PriceOutOfBounds, CarriedOverPrice, FuturePrice, StalePrice (too old, or
        dated zero: a round not answered yet).
        """
        answer = answered.answer
        if answer <= 0:
            raise NonPositivePrice(self.feed, answer)
        if not self.min_answer < answer < self.max_answer:
            raise PriceOutOfBounds(self.feed, answer, self.min_answer, self.max_answer)
        if answered.answered_in_round < answered.round_id:
            raise CarriedOverPrice(self.feed, answered.round_id, answered.answered_in_round)
        if answered.updated_at > now:
            raise FuturePrice(self.feed, answered.updated_at, now)
        if not answered.updated_at or now - answered.updated_at > self.max_age:
            raise StalePrice(self.feed, answered.updated_at, self.max_age, now)
        return answer


@dataclass(frozen=True, slots=True)
class FeedPrice:
    """An oracle over one leg (`quote` None) or two, for tokens of the given decimals.

    Raises TooManyDecimals, BoundsTooWide where an answer within the bounds could round to a price
    of zero, FullMulDivFailed where one could overflow.

    >>> leg = Leg("0xFEED", 8, 3600, 0, 10**20)
    >>> FeedPrice(leg, None, 18, 6).price(Round(1, 2000 * 10**8, 5, 5, 1), now=60)
    2000000000000000000000000000
    """

    base: Leg
    quote: Leg | None
    base_decimals: int
    quote_decimals: int

    def __post_init__(self) -> None:
        _check_decimals(self.base_decimals)
        _check_decimals(self.quote_decimals)
        lowest = self.quote.min_answer + 1 if self.quote else 1
        highest = self.quote.max_answer - 1 if self.quote else 1
        self.scaled(self.base.max_answer - 1, lowest)
        if not self.scaled(self.base.min_answer + 1, highest):
            raise BoundsTooWide(self.base.min_answer + 1, highest)

    def price(self, base: Round, quote: Round | None = None, *, now: int) -> int:
        """Raw quote units of one raw base unit, times 1e36; or one of `Leg.trusted`'s refusals."""
        answer = self.base.trusted(base, now)
        if self.quote is None:
            return self.scaled(answer, 1)
        if quote is None:
            raise TypeError("this oracle has a quote leg: give its round as well")
        return self.scaled(answer, self.quote.trusted(quote, now))

    def scaled(self, base_answer: int, quote_answer: int) -> int:
        """The price of two answers, rounded down. [1e36]"""
        shift = (self.quote.decimals if self.quote else 0) - self.base.decimals
        numerator = base_answer * 10 ** max(shift, 0)
        denominator = quote_answer * 10 ** max(-shift, 0)
        scale = 10 ** (PRICE_DECIMALS + self.quote_decimals - self.base_decimals)
        price: int = numerator * scale // denominator
        if price > MAX_UINT256:
            raise FullMulDivFailed()
        return price


def human_price(price: int, base_decimals: int, quote_decimals: int) -> Decimal:
    """An oracle's price as quote tokens per base token, exact.

    >>> human_price(2000 * 10**24, 18, 6)
    Decimal('2000')
    """
    return to_decimal(price, PRICE_DECIMALS + quote_decimals - base_decimals)


def _check_decimals(decimals: int) -> None:
    if decimals > MAX_DECIMALS:
        raise TooManyDecimals(decimals, MAX_DECIMALS)
