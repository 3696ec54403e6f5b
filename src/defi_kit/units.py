"""Numbers that carry their unit: `Amount` of a token, `Ratio`, `Rate`. All of them exact integers.

Nothing here ever meets a float: 0.1 is not a tenth, and on a chain the difference is money.
Scales: WAD 1e18 (ratios), RAY 1e27, BPS 1e4 (one hundredth of a percent), YEAR 365 days in seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering
from typing import Final, Self

from .errors import AmountError, UnitMismatch

__all__ = [
    "BPS",
    "MAX_DECIMALS",
    "MAX_UINT256",
    "RAY",
    "WAD",
    "YEAR",
    "Amount",
    "Rate",
    "Ratio",
    "Unit",
    "check_uint256",
    "format_units",
    "parse_units",
    "to_decimal",
]

WAD: Final = 10**18
"""Scale of ratios: 1e18 is 100 %."""
RAY: Final = 10**27
"""Scale of finer fixed-point numbers."""
BPS: Final = 10_000
"""Basis points in 100 %."""
YEAR: Final = 31_536_000
"""365 days. [seconds]"""
MAX_UINT256: Final = 2**256 - 1
MAX_DECIMALS: Final = 77
"""Above this not even one whole token fits in 256 bits."""

Number = int | str | Decimal
"""What a person may write for a number. Never a float."""

# ASCII digits only, single underscores only between digits: "٣" and "1__0" are refused.
_NUMBER = re.compile(r"([0-9]+(?:_[0-9]+)*)(?:\.([0-9]+(?:_[0-9]+)*))?")
_FORMAT = re.compile(r"(?:(.)?([<>^]))?([0-9]+)?,?(?:\.([0-9]{1,3})f)?")
_LONGEST = 200  # characters; 2**256 with 77 decimals and an underscore at every other place


# --- text and integers ----------------------------------------------------------------------------


def parse_units(value: Number, decimals: int) -> int:
    """Base units of a human number: `parse_units("1_500.25", 6)` is 1500250000.

    Exact or refused: AmountError for floats, scientific notation, negative numbers, NaN, infinity,
    digits below the last decimal, and anything above 2**256 - 1.

    >>> parse_units("0.000001", 6), parse_units(3, 18)
    (1, 3000000000000000000)
    """
    _check_decimals(decimals)
    if isinstance(value, str):
        raw = _parse_text(value, decimals)
    elif isinstance(value, Decimal):
        raw = _parse_decimal(value, decimals)
    elif isinstance(value, int) and not isinstance(value, bool):
        raw = _parse_int(value, decimals)
    elif isinstance(value, float):
        raise AmountError(
            f"{value!r} is a float, and floats are not exact",
            hint=f'write it as text, "{value!r}", or as a Decimal',
        )
    else:
        raise AmountError(
            f"{_short(value)} is a {type(value).__name__}, not a number",
            hint='give text such as "1_500.25", an int or a Decimal',
        )
    if raw > MAX_UINT256:
        raise AmountError(
            f"{_short(value)} with {decimals} decimals is beyond 256 bits",
            hint=f"the largest is {format_units(MAX_UINT256, decimals)}",
        )
    return raw


def format_units(raw: int, decimals: int) -> str:
    """The exact human number, without trailing zeros; `parse_units` reads it back.

    >>> format_units(1500250000, 6)
    '1500.25'
    """
    _check_decimals(decimals)
    return _exact(check_uint256(raw), decimals)


def _exact(raw: int, decimals: int) -> str:
    whole, rest = divmod(raw, 10**decimals)
    if not rest:
        return str(whole)
    return f"{whole}.{rest:0{decimals}d}".rstrip("0")


def to_decimal(raw: int, decimals: int) -> Decimal:
    """The exact human number as a Decimal without trailing zeros; `raw` may be negative.

    >>> to_decimal(-1500250000, 6)
    Decimal('-1500.25')
    """
    text = _exact(abs(raw), decimals)
    return Decimal(f"-{text}" if raw < 0 else text)  # a Decimal made from text is never rounded


def check_uint256(value: int, what: str = "amount") -> int:
    """`value` if it is an integer a uint256 can hold; AmountError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int):
        hint = 'write whole numbers of base units, or text through the token: token("1.5")'
        raise AmountError(
            f"{what} {_short(value)} is a {type(value).__name__}, not an integer", hint=hint
        )
    if value < 0:
        raise AmountError(f"{what} {_short(value)} is negative", hint="amounts are zero or more")
    if value > MAX_UINT256:
        raise AmountError(
            f"{what} {_short(value)} is beyond 256 bits",
            hint=f"the largest is 2**256 - 1 = {MAX_UINT256}",
        )
    return value


def _parse_text(text: str, decimals: int) -> int:
    if len(text) > _LONGEST:
        raise AmountError(
            f"{_short(text)} has {len(text)} characters",
            hint=f"no amount of 256 bits needs more than {_LONGEST}",
        )
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise _why_not(text)
    whole, fraction = (group.replace("_", "") for group in (match[1], match[2] or ""))
    fraction = fraction.rstrip("0")  # zeros below the last decimal lose nothing
    if len(fraction) > decimals:
        raise _too_many_decimals(text, len(fraction), decimals)
    return int(whole + fraction.ljust(decimals, "0"))


def _parse_decimal(value: Decimal, decimals: int) -> int:
    if not value.is_finite():
        raise AmountError(f"{value} is not a finite number", hint="give a number of zero or more")
    if value.is_signed():
        raise AmountError(f"{value} is negative", hint="amounts are zero or more")
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # NaN and infinity have gone above
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    if not stripped:
        return 0
    exponent += len(text) - len(stripped)
    if -exponent > decimals:
        raise _too_many_decimals(str(value), -exponent, decimals)
    # Before any power of ten is built: Decimal("1e999999999") must not eat the memory.
    if value.adjusted() + decimals > 78:
        return MAX_UINT256 + 1
    raw: int = int(stripped) * 10 ** (exponent + decimals)
    return raw


def _parse_int(value: int, decimals: int) -> int:
    if value < 0:
        raise AmountError(f"{_short(value)} is negative", hint="amounts are zero or more")
    raw: int = int(value) * 10**decimals
    return raw


def _too_many_decimals(text: str, has: int, decimals: int) -> AmountError:
    may = f"at most {decimals}" if decimals else "none"
    return AmountError(
        f"{_short(text)} has {has} decimals; this unit has {decimals}",
        hint=f"write {may} behind the point, or round on purpose before",
    )


def _why_not(text: str) -> AmountError:
    """What is wrong with `text`, and the remedy."""
    shown, plain = _short(text), text.strip()
    if not plain:
        return AmountError(f"{shown} is empty", hint='write a number such as "1_500.25"')
    if plain != text:
        return AmountError(f"{shown} has white space around it", hint="strip it")
    if plain.lstrip("+-").lower() in ("nan", "snan", "inf", "infinity"):
        return AmountError(f"{shown} is not a finite number", hint="give a number, zero or more")
    if plain.startswith(("-", "\u2212")):
        return AmountError(f"{shown} is negative", hint="amounts are zero or more")
    if re.fullmatch(r"[+]?[0-9_.]+[eE][+-]?[0-9]+", plain):
        return AmountError(f"{shown} is in scientific notation", hint="write all its digits")
    if "," in plain:
        hint = 'write "1_500.25": underscores between thousands, one point'
        return AmountError(f"{shown} has a comma", hint=hint)
    if "_" in plain and _NUMBER.fullmatch(plain.replace("_", "")):
        hint = "underscores stand singly, between digits"
        return AmountError(f"{shown} has an underscore in an odd place", hint=hint)
    if any(c.isdigit() and c not in "0123456789" for c in plain):
        return AmountError(f"{shown} has digits other than 0 to 9", hint="write 0123456789")
    if re.fullmatch(r"\.[0-9]+|[0-9]+\.", plain):
        return AmountError(f"{shown} lacks a digit beside its point", hint="write 0.5, or 5")
    return AmountError(f"{shown} is not a number", hint='write digits such as "1_500.25"')


def _check_decimals(decimals: int) -> None:
    if isinstance(decimals, bool) or not isinstance(decimals, int):
        raise AmountError(f"decimals {decimals!r} is not an integer", hint="tokens have 0 to 77")
    if not 0 <= decimals <= MAX_DECIMALS:
        raise AmountError(f"{decimals} decimals are out of range", hint="tokens have 0 to 77")


def _short(value: object) -> str:
    """`value` for a message: quoted when text, cut when long."""
    if isinstance(value, int) and value.bit_length() > 400:
        return f"an integer of {value.bit_length()} bits"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 100 else f"{text[:60]}…{text[-10:]}"


def _rounded(raw: int, decimals: int, places: int) -> str:
    """`raw` with thousands separators, rounded half to even at `places` decimals. Display only."""
    if places >= decimals:
        scaled = raw * 10 ** (places - decimals)
    else:
        step = 10 ** (decimals - places)
        scaled, rest = divmod(raw, step)
        if 2 * rest > step or (2 * rest == step and scaled % 2):
            scaled += 1
    whole, fraction = divmod(scaled, 10**places)
    return f"{whole:,}.{fraction:0{places}d}" if places else f"{whole:,}"


def _format(exact: str, raw: int, decimals: int, suffix: str, spec: str) -> str:
    """Shared `__format__`: `[[fill]align][width][.Nf]`."""
    match = _FORMAT.fullmatch(spec)
    if match is None:
        raise ValueError(f'format {spec!r} is not understood; use for example ".2f" or ">12.2f"')
    fill, align, width, places = match.groups()
    text = exact if places is None else _rounded(raw, decimals, int(places)) + suffix
    return f"{text:{fill or ' '}{align or '<'}{width or 0}}"


# --- amounts --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unit:
    """What an amount counts: a token, by symbol, decimals and (on a chain) address."""

    symbol: str
    decimals: int
    address: str = ""

    def __post_init__(self) -> None:
        _check_decimals(self.decimals)

    def __call__(self, value: Number) -> Amount:
        """The amount a person writes: `usd("1_500.25")`, `usd(500)`, `usd(Decimal("0.5"))`."""
        return self.parse(value)

    def parse(self, value: Number) -> Amount:
        """Same as calling the unit; text may end in the symbol: `usd.parse("1.5 USD")`."""
        if isinstance(value, str):
            value = value.removesuffix(f" {self.symbol}")
        try:
            return Amount(self, parse_units(value, self.decimals))
        except AmountError as error:
            raise AmountError(f"{self.symbol}: {error.message}", hint=error.hint) from None

    def amount(self, raw: int) -> Amount:
        """The amount of `raw` base units."""
        return Amount(self, raw)

    @property
    def zero(self) -> Amount:
        """Nothing of it; the start of a `sum`."""
        return Amount(self, 0)

    @property
    def max(self) -> Amount:
        """2**256 - 1 base units: what an unlimited approval says."""
        return Amount(self, MAX_UINT256)

    def to_raw(self, value: Amount | int) -> int:
        """Base units of what a verb was given: an Amount of this unit, or base units as int.

        Raises UnitMismatch for another token's amount and AmountError for text and floats.
        """
        if isinstance(value, Amount):
            self.check(value.unit)
            return value.raw
        return check_uint256(value, f"{self.symbol} amount")

    def check(self, other: Unit) -> None:
        """Raises UnitMismatch unless `other` is this same unit."""
        if other != self:
            raise UnitMismatch(
                f"{self._described(other)} expected, {other._described(self)} given",
                hint="amounts of different tokens meet only through a price or a swap",
            )

    def _described(self, other: Unit) -> str:
        if self.symbol != other.symbol:
            return self.symbol
        where = self.address or "no address"
        return f"{self.symbol} ({self.decimals} decimals, {where})"

    def __str__(self) -> str:
        return self.symbol


@total_ordering
@dataclass(frozen=True, slots=True)
class Amount:
    """An exact amount of one token: `raw` base units of `unit`, from 0 to 2**256 - 1.

    Added, subtracted and compared only with the same unit; multiplied and divided (down) by int.

    >>> usd = Unit("USD", 6)
    >>> str(usd("1_500.25") + usd(500)), usd("0.5").raw
    ('2000.25 USD', 500000)
    """

    unit: Unit
    raw: int

    def __post_init__(self) -> None:
        check_uint256(self.raw, f"{self.unit.symbol} amount")

    @property
    def decimal(self) -> Decimal:
        """The exact human number."""
        return to_decimal(self.raw, self.unit.decimals)

    @property
    def symbol(self) -> str:
        """Symbol of the unit."""
        return self.unit.symbol

    def __add__(self, other: object) -> Amount:
        return Amount(self.unit, self.raw + self._same(other))

    def __radd__(self, other: object) -> Amount:
        if other == 0 and isinstance(other, int):  # where sum() starts
            return self
        return Amount(self.unit, self.raw + self._same(other))

    def __sub__(self, other: object) -> Amount:
        taken = self._same(other)
        if taken > self.raw:
            raise AmountError(f"{self} less {other} would be negative", hint="compare them first")
        return Amount(self.unit, self.raw - taken)

    def __mul__(self, factor: int) -> Amount:
        return Amount(self.unit, self.raw * _whole(factor, "multiplied by"))

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> Amount:
        if not _whole(divisor, "divided by"):
            raise ZeroDivisionError(f"{self} divided by zero")
        return Amount(self.unit, self.raw // divisor)

    def __lt__(self, other: object) -> bool:
        return self.raw < self._same(other)

    def __bool__(self) -> bool:
        return self.raw != 0

    def __str__(self) -> str:
        return f"{format_units(self.raw, self.unit.decimals)} {self.unit.symbol}"

    def __repr__(self) -> str:
        return f"Amount('{self}')"

    def __format__(self, spec: str) -> str:
        """`f"{amount:.2f}"` rounds for display: `1,500.25 USD`; no spec is exact."""
        suffix = f" {self.unit.symbol}"
        return _format(str(self), self.raw, self.unit.decimals, suffix, spec)

    def _same(self, other: object) -> int:
        if not isinstance(other, Amount):
            raise UnitMismatch(
                f"{self} meets {_short(other)}, a {type(other).__name__}",
                hint=f"make it an amount first: {self.unit.symbol.lower()}(...)",
            )
        self.unit.check(other.unit)
        return other.raw


def _whole(value: object, verb: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise AmountError(
            f"an amount {verb} {_short(value)}, a {type(value).__name__}",
            hint="use an int; for a fraction multiply first, then divide: a * 3 // 4",
        )
    if value < 0:
        raise AmountError(f"an amount {verb} {value}", hint="amounts are zero or more")
    return value


# --- ratios and rates -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Ratio:
    """A part of a whole, in wad: 1e18 is 100 %. From 0 to 2**256 - 1, so above 100 % as well.

    >>> Ratio.parse("80%") == Ratio.parse("0.8"), str(Ratio.parse("0.8")), Ratio.parse("0.3%").bps
    (True, '80%', 30)
    """

    wad: int

    def __post_init__(self) -> None:
        check_uint256(self.wad, "ratio")

    @classmethod
    def parse(cls, value: Number | Ratio) -> Ratio:
        """From `"80%"`, `"0.8"`, `Decimal("0.8")`, 0 or 1; other ints would be guesses."""
        if isinstance(value, Ratio):
            return value
        if isinstance(value, str) and value.endswith("%"):
            return cls(parse_units(value[:-1], 16))
        if isinstance(value, int) and not isinstance(value, bool) and value not in (0, 1):
            raise AmountError(
                f"ratio {_short(value)} is ambiguous",
                hint=f'write "{_short(value)}%" or a fraction',
            )
        return cls(parse_units(value, 18))

    @property
    def decimal(self) -> Decimal:
        """The exact ratio; 0.8 is 80 %."""
        return to_decimal(self.wad, 18)

    @property
    def bps(self) -> int:
        """Basis points, if it is a whole number of them."""
        return self.over(BPS)

    def over(self, denominator: int) -> int:
        """The numerator over `denominator`; AmountError unless that is exact."""
        numerator, rest = divmod(self.wad * denominator, WAD)
        if rest:
            raise AmountError(
                f"{self} is not a whole number of parts in {denominator:,}",
                hint=f"the step is {Ratio(-(-WAD // denominator))}",
            )
        return numerator

    def __bool__(self) -> bool:
        return self.wad != 0

    def __str__(self) -> str:
        return f"{format_units(self.wad, 16)}%"

    def __repr__(self) -> str:
        return f"Ratio('{self}')"

    def __format__(self, spec: str) -> str:
        """`f"{ratio:.1f}"` rounds for display: `80.0%`; no spec is exact."""
        return _format(str(self), self.wad, 16, "%", spec)


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """Interest per second in wad: 1e18 is 100 % a second. Simple, over years of 365 days.

    >>> Rate.annual("5%").per_second_wad, f"{Rate.annual('5%'):.2f}"
    (1585489599, '5.00% a year')
    """

    per_second_wad: int

    def __post_init__(self) -> None:
        check_uint256(self.per_second_wad, "rate")
        check_uint256(self.annual_wad, "yearly rate")

    @classmethod
    def annual(cls, value: Number | Ratio) -> Self:
        """From a yearly rate, `"5%"`; down to what a second can hold."""
        return cls(Ratio.parse(value).wad // YEAR)

    @classmethod
    def parse(cls, value: Number | Ratio | Rate) -> Rate:
        """Same as `annual`, and reads back what `str` printed: `"5% a year"`."""
        if isinstance(value, Rate):
            return value
        return cls.annual(value.removesuffix(" a year") if isinstance(value, str) else value)

    @property
    def annual_wad(self) -> int:
        """Simple interest of one year. [wad]"""
        return self.per_second_wad * YEAR

    @property
    def apr(self) -> Decimal:
        """Simple interest of one year, exact; 0.05 is 5 %."""
        return to_decimal(self.annual_wad, 18)

    def __bool__(self) -> bool:
        return self.per_second_wad != 0

    def __str__(self) -> str:
        return f"{_exact(self.annual_wad, 16)}% a year"

    def __repr__(self) -> str:
        return f"Rate('{self}')"

    def __format__(self, spec: str) -> str:
        """`f"{rate:.2f}"` rounds for display: `5.00% a year`; no spec is exact."""
        return _format(str(self), self.annual_wad, 16, "% a year", spec)
