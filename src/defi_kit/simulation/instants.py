"""Reading the moments and prices of a price history, exactly: text in, integers out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

__all__ = [
    "HIGHEST_PRICE",
    "LATEST",
    "PRICE_DECIMALS",
    "format_time",
    "parse_price",
    "parse_time",
]

PRICE_DECIMALS = 8
"""Decimals of a price, as on Chainlink's dollar feeds."""

HIGHEST_PRICE = 10**10
"""The highest price a history may hold. [dollars] Larger ones would not fit the pools' books."""

LATEST = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
"""The last moment a history may hold. [unix seconds]"""

_NUMBER = re.compile(r"\+?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(s?nan|inf(inity)?)", re.IGNORECASE)
_UNIX = re.compile(r"(\d{1,17})(\.\d*)?", re.ASCII)
_MILLISECONDS_FROM = 10**11  # 1973 in milliseconds, the year 5138 in seconds


def parse_price(text: str) -> int:
    """The price in `text` with eight decimals; digits beyond them are rounded half to even.

    Raises `ValueError` saying what is wrong and what to do.

    >>> parse_price("193.37")
    19337000000
    """
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("is not a finite number; drop the row or fill in the price")
    if text.startswith("-") and _NUMBER.fullmatch(text[1:]):
        raise ValueError("is negative; a price is a positive number")
    if not _NUMBER.fullmatch(text):
        raise ValueError("is not a number; write it with a decimal point, like 193.37")
    with localcontext(prec=60, Emax=10**6, Emin=-(10**6)):
        value = Decimal(text)
        if value == 0:
            raise ValueError("is zero; a price is a positive number")
        if value > HIGHEST_PRICE:
            raise ValueError(f"is above {HIGHEST_PRICE:,}, the highest price the pools can hold")
        price = int(value.scaleb(PRICE_DECIMALS).to_integral_value(ROUND_HALF_EVEN))
    if price == 0:
        raise ValueError("is less than 0.00000001, the smallest step of a feed")
    return price


def parse_time(text: str) -> int:
    """The moment in `text` in unix seconds, fractions of a second cut off.

    ISO 8601 (date, or date and time, with or without a zone; without one it is UTC), or unix
    seconds or milliseconds. Eight digits that make a date of 1900-2199 are that date. Raises
    `ValueError` saying what is wrong.

    >>> parse_time("2020-03-12 00:00:00") == parse_time("1583971200000") == 1583971200
    True
    """
    unix = _UNIX.fullmatch(text)
    seconds = _unix(unix[1]) if unix and not _is_compact_date(text) else _iso(text)
    if not 0 <= seconds <= LATEST:
        raise ValueError("is outside 1970 to 9999")
    return seconds


def format_time(seconds: int) -> str:
    """Unix seconds as ISO 8601 in UTC, without seconds where they are zero.

    >>> format_time(1583971200)
    '2020-03-12T00:00Z'
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if moment.second else "%Y-%m-%dT%H:%MZ")


def _unix(digits: str) -> int:
    number = int(digits)
    if number >= _MILLISECONDS_FROM * 1000:
        raise ValueError("is too large for unix milliseconds; write unix seconds or ISO 8601")
    return number // 1000 if number >= _MILLISECONDS_FROM else number


def _is_compact_date(text: str) -> bool:
    if len(text) != 8 or text[:2] not in ("19", "20", "21"):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _iso(text: str) -> int:
    # Exchanges write "2020-03-12 00:00:00 UTC" and "...+0000" as well as the standard's "Z".
    trimmed = re.sub(r"\s*(UTC|GMT)$", "+00:00", text)
    try:
        moment = datetime.fromisoformat(trimmed)
    except ValueError:
        raise ValueError(
            "is not a time; write ISO 8601 like 2020-03-12T00:00:00Z, or unix seconds"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds().__floor__()
    except OverflowError:
        raise ValueError("is outside 1970 to 9999") from None
