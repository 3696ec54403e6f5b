"""Amounts, ratios and rates: exact or refused."""

from __future__ import annotations

import copy
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from defi_kit.errors import AmountError, InputError, UnitMismatch
from defi_kit.units import (
    MAX_UINT256,
    WAD,
    YEAR,
    Rate,
    Ratio,
    Unit,
    check_uint256,
    format_units,
    parse_units,
    to_decimal,
)

USD = Unit("USD", 6)
WETH = Unit("WETH", 18, "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")

raws = st.integers(0, MAX_UINT256)
decimals = st.integers(0, 36)


# --- round trips ----------------------------------------------------------------------------------


@given(raws, decimals)
@example(MAX_UINT256, 0)
@example(MAX_UINT256, 36)
@example(1, 36)
@example(0, 0)
def test_printing_and_parsing_round_trip(raw: int, places: int) -> None:
    text = format_units(raw, places)
    assert parse_units(text, places) == raw
    assert parse_units(Decimal(text), places) == raw
    assert to_decimal(raw, places) == Fraction(raw, 10**places)


@given(raws, decimals, st.integers(1, 10))
def test_underscores_and_idle_zeros_change_nothing(raw: int, places: int, zeros: int) -> None:
    whole, _, fraction = format_units(raw, places).partition(".")
    assert parse_units(f"{int(whole):_}.{fraction}{'0' * zeros}", places) == raw


@given(raws, st.integers(0, 77))
def test_an_amount_prints_and_parses_back(raw: int, places: int) -> None:
    unit = Unit("T", places)
    amount = unit.amount(raw)
    assert unit.parse(str(amount)) == amount
    assert unit(amount.decimal) == amount


@given(st.integers(0, 10**12))
def test_an_int_is_whole_units(whole: int) -> None:
    assert parse_units(whole, 6) == whole * 10**6
    assert parse_units(str(whole), 6) == whole * 10**6


@given(st.decimals(min_value=0, max_value=10**30, allow_nan=False, allow_infinity=False))
def test_a_decimal_is_taken_exactly_or_refused(value: Decimal) -> None:
    exact = Fraction(value) * 10**18
    if exact.denominator == 1 and not value.is_signed():
        assert parse_units(value, 18) == exact
    else:
        with pytest.raises(AmountError):
            parse_units(value, 18)


# --- refusals, each with the value and a remedy ---------------------------------------------------

REFUSALS: list[tuple[object, str, str]] = [
    ("", "empty", "1_500.25"),
    ("   ", "empty", "1_500.25"),
    (" 1", "white space", "strip"),
    ("1\n", "white space", "strip"),
    ("1 000", "not a number", "digits"),
    ("-1", "negative", "zero or more"),
    ("\u22121", "negative", "zero or more"),
    ("+1", "not a number", "digits"),
    ("nan", "not a finite number", "zero or more"),
    ("NaN", "not a finite number", "zero or more"),
    ("inf", "not a finite number", "zero or more"),
    ("-Infinity", "not a finite number", "zero or more"),
    ("1e3", "scientific", "all its digits"),
    ("1.5E-6", "scientific", "all its digits"),
    ("1,500", "comma", "1_500.25"),
    ("1.500,25", "comma", "1_500.25"),
    ("_1", "underscore", "between digits"),
    ("1_", "underscore", "between digits"),
    ("1__0", "underscore", "between digits"),
    ("1_.5", "underscore", "between digits"),
    ("1._5", "underscore", "between digits"),
    ("1.5_", "underscore", "between digits"),
    ("\u0663", "digits other than", "0123456789"),
    ("\u00b2", "digits other than", "0123456789"),
    ("\uff15", "digits other than", "0123456789"),
    (".5", "lacks a digit", "0.5"),
    ("5.", "lacks a digit", "0.5"),
    (".", "not a number", "digits"),
    ("0x10", "not a number", "digits"),
    ("abc", "not a number", "digits"),
    ("1.2.3", "not a number", "digits"),
    ("0.0000001", "7 decimals", "at most 6"),
    ("9" * 80, "beyond 256 bits", "the largest is"),
    ("9" * 5_000, "5000 characters", "256 bits"),
    (-1, "negative", "zero or more"),
    (10**71 * 10**6, "beyond 256 bits", "the largest is"),
    (2**5_000, "beyond 256 bits", "the largest is"),
    (True, "bool", "text"),
    (None, "NoneType", "text"),
    (b"1", "bytes", "text"),
    (Fraction(1, 2), "Fraction", "text"),
    (0.5, "float", 'as text, "0.5"'),
    (math.nan, "float", "as text"),
    (math.inf, "float", "as text"),
    (Decimal("NaN"), "not a finite number", "zero or more"),
    (Decimal("sNaN"), "not a finite number", "zero or more"),
    (Decimal("Infinity"), "not a finite number", "zero or more"),
    (Decimal("-0.0"), "negative", "zero or more"),
    (Decimal("-1"), "negative", "zero or more"),
    (Decimal("1e-7"), "7 decimals", "at most 6"),
    (Decimal("1e-999999"), "999999 decimals", "at most 6"),
    (Decimal("1e999999"), "beyond 256 bits", "the largest is"),
    (Decimal(2**256), "beyond 256 bits", "the largest is"),
]


@pytest.mark.parametrize(("value", "reason", "remedy"), REFUSALS, ids=lambda v: repr(v)[:20])
def test_a_bad_amount_is_refused_with_reason_and_remedy(
    value: object, reason: str, remedy: str
) -> None:
    with pytest.raises(AmountError) as refusal:
        parse_units(value, 6)  # type: ignore[arg-type]
    assert reason in refusal.value.message
    assert remedy in (refusal.value.hint or "")
    assert "hint: " in str(refusal.value)
    shown = value if isinstance(value, str) else str(value)
    assert shown[:8].strip() in refusal.value.message or "bits" in refusal.value.message


@pytest.mark.parametrize("value", ["0", "0.0", "1_500.25", "000.5", 0, 7, Decimal("1E+3")])
def test_a_good_amount_is_taken(value: str | int | Decimal) -> None:
    assert parse_units(value, 6) == Fraction(str(value).replace("_", "")) * 10**6


@given(st.text(max_size=12) | st.from_regex(r"[0-9_.,eE+\- ]{0,12}", fullmatch=True))
def test_any_text_is_an_amount_or_an_amount_error(text: str) -> None:
    try:
        raw = parse_units(text, 6)
    except AmountError:
        return
    assert raw == Fraction(text.replace("_", "")) * 10**6


def test_no_decimals_leaves_no_point() -> None:
    assert parse_units("12", 0) == 12
    with pytest.raises(AmountError, match="write none behind the point"):
        parse_units("1.2", 0)


@pytest.mark.parametrize("places", [-1, 78, True, 1.0, "6", None])
def test_impossible_decimals_are_refused(places: object) -> None:
    with pytest.raises(AmountError, match="0 to 77"):
        parse_units("1", places)  # type: ignore[arg-type]
    with pytest.raises(AmountError, match="0 to 77"):
        Unit("T", places)  # type: ignore[arg-type]


@pytest.mark.parametrize("raw", [-1, MAX_UINT256 + 1, 1.0, True, "1", None])
def test_base_units_must_be_a_uint256(raw: object) -> None:
    for take in (check_uint256, USD.amount, lambda value: format_units(value, 6)):
        with pytest.raises(AmountError):
            take(raw)  # type: ignore[operator]


# --- amounts --------------------------------------------------------------------------------------


@given(raws, raws)
def test_amounts_add_and_subtract_like_their_base_units(a: int, b: int) -> None:
    left, right = USD.amount(a), USD.amount(b)
    if a + b <= MAX_UINT256:
        assert (left + right).raw == a + b
        assert left + right - right == left
    else:
        with pytest.raises(AmountError, match="beyond 256 bits"):
            left + right
    if a >= b:
        assert (left - right).raw == a - b
    else:
        with pytest.raises(AmountError, match="would be negative"):
            left - right
    assert (left < right, left <= right, left == right) == (a < b, a <= b, a == b)
    assert (left > right, left >= right, left != right) == (a > b, a >= b, a != b)


@given(st.integers(0, 2**200), st.integers(0, 2**50), st.integers(1, 2**50))
def test_amounts_scale_by_whole_numbers_and_round_down(raw: int, by: int, over: int) -> None:
    amount = USD.amount(raw)
    assert (amount * by).raw == (by * amount).raw == raw * by
    assert (amount // over).raw == raw // over


@pytest.mark.parametrize("factor", [0.5, Decimal("0.5"), -1, True, "2"])
def test_amounts_do_not_scale_by_anything_else(factor: object) -> None:
    with pytest.raises(AmountError):
        USD(1) * factor  # type: ignore[operator]
    with pytest.raises(AmountError):
        USD(1) // factor  # type: ignore[operator]


def test_dividing_an_amount_by_zero_is_a_zero_division() -> None:
    with pytest.raises(ZeroDivisionError):
        USD(1) // 0


@pytest.mark.parametrize("other", [WETH(1), Unit("USD", 18)(1), Unit("USD", 6, "0xA")(1), 1, "1"])
def test_amounts_of_different_units_do_not_meet(other: object) -> None:
    for meet in (
        lambda: USD(1) + other,
        lambda: USD(1) - other,
        lambda: USD(1) < other,
        lambda: USD(1) >= other,
        lambda: other + USD(1),  # type: ignore[operator]
    ):
        with pytest.raises((UnitMismatch, TypeError)):
            meet()
    assert USD(1) != other


def test_amounts_of_equal_units_meet() -> None:
    assert USD(1) + Unit("USD", 6)(2) == USD(3)
    assert sum([USD(1), USD(2)]) == USD(3)
    assert max(USD(1), USD(2)) == USD(2)
    assert hash(USD(1)) == hash(Unit("USD", 6)(1))


def test_a_mismatch_of_namesakes_says_how_they_differ() -> None:
    with pytest.raises(UnitMismatch, match=r"USD \(6 decimals, no address\) expected"):
        USD(1) + Unit("USD", 18)(1)


def test_a_verb_takes_an_amount_of_its_unit_or_base_units() -> None:
    assert USD.to_raw(USD("1.5")) == USD.to_raw(1_500_000) == 1_500_000
    with pytest.raises(UnitMismatch):
        USD.to_raw(WETH("1.5"))
    for bad in ("1.5", 1.5, Decimal("1.5"), -1, True, None):
        with pytest.raises(AmountError):
            USD.to_raw(bad)  # type: ignore[arg-type]


def test_a_parse_error_names_the_unit() -> None:
    with pytest.raises(AmountError, match=r"USD: '0.0000001' has 7 decimals"):
        USD("0.0000001")


def test_text_may_name_its_unit_and_no_other() -> None:
    assert USD.parse("1.5 USD") == USD("1.5")
    with pytest.raises(AmountError):
        USD.parse("1.5 WETH")


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ("", "1234567.895 USD"),
        (".2f", "1,234,567.90 USD"),
        (",.0f", "1,234,568 USD"),
        (".8f", "1,234,567.89500000 USD"),
        ("*>20.1f", "*****1,234,567.9 USD"),
        ("<20", "1234567.895 USD     "),
    ],
)
def test_an_amount_is_shown_rounded_only_when_asked(spec: str, shown: str) -> None:
    assert format(USD("1234567.895"), spec) == shown


def test_display_rounds_half_to_even_and_bad_formats_are_refused() -> None:
    assert [f"{USD(x):.0f}" for x in ("0.5", "1.5", "2.5", "2.500001")] == [
        "0 USD",
        "2 USD",
        "2 USD",
        "3 USD",
    ]
    with pytest.raises(ValueError, match="not understood"):
        f"{USD(1):d}"


@given(raws, st.integers(0, 30), st.integers(0, 20))
def test_display_is_within_half_a_step(raw: int, places: int, shown: int) -> None:
    text = format(Unit("T", places).amount(raw), f".{shown}f").removesuffix(" T").replace(",", "")
    assert abs(Fraction(text) - Fraction(raw, 10**places)) <= Fraction(1, 2 * 10**shown)


def test_amounts_are_frozen_and_copy() -> None:
    amount = WETH("1.5")
    with pytest.raises(AttributeError):
        amount.raw = 1  # type: ignore[misc]
    assert copy.deepcopy(amount) == pickle.loads(pickle.dumps(amount)) == amount
    assert (bool(WETH.zero), bool(amount), WETH.max.raw) == (False, True, MAX_UINT256)
    assert repr(amount) == "Amount('1.5 WETH')"


# --- ratios ---------------------------------------------------------------------------------------


@given(raws)
def test_ratios_print_and_parse_back(wad: int) -> None:
    ratio = Ratio(wad)
    assert Ratio.parse(str(ratio)) == Ratio.parse(ratio.decimal) == Ratio.parse(ratio) == ratio


@pytest.mark.parametrize(
    ("value", "wad"),
    [
        ("80%", 8 * 10**17),
        ("0.8", 8 * 10**17),
        (Decimal("0.8"), 8 * 10**17),
        ("0.3%", 3 * 10**15),
        ("150%", 15 * 10**17),
        (0, 0),
        (1, WAD),
        ("0.0000000000000001%", 1),
    ],
)
def test_a_ratio_is_read_as_written(value: str | int | Decimal, wad: int) -> None:
    assert Ratio.parse(value).wad == wad


@pytest.mark.parametrize(
    "value", [80, 2, -1, 0.8, True, None, "", "%", "80 %", "-1%", "80%%", "1e-2", "nan%"]
)
def test_a_doubtful_ratio_is_refused(value: object) -> None:
    with pytest.raises(AmountError) as refusal:
        Ratio.parse(value)  # type: ignore[arg-type]
    assert refusal.value.hint


def test_eighty_is_answered_with_eighty_percent() -> None:
    with pytest.raises(AmountError, match='"80%"'):
        Ratio.parse(80)


def test_a_ratio_has_whole_parts_or_says_so() -> None:
    assert Ratio.parse("0.3%").bps == 30
    assert Ratio.parse("0.3%").over(1_000_000) == 3_000
    with pytest.raises(AmountError, match=r"0.305% is not a whole number of parts in 10,000"):
        _ = Ratio.parse("0.305%").bps


def test_a_ratio_is_ordered_shown_and_frozen() -> None:
    assert Ratio.parse("79%") < Ratio.parse("80%") <= Ratio.parse("0.8")
    assert (str(Ratio.parse("0.8")), f"{Ratio.parse('0.80549'):.1f}") == ("80%", "80.5%")
    assert repr(Ratio.parse("80%")) == "Ratio('80%')"
    with pytest.raises(AttributeError):
        Ratio(1).wad = 2  # type: ignore[misc]


# --- rates ----------------------------------------------------------------------------------------


@given(st.integers(0, MAX_UINT256 // YEAR))
def test_rates_print_and_parse_back(per_second: int) -> None:
    rate = Rate(per_second)
    assert Rate.parse(str(rate)) == Rate.annual(rate.apr) == Rate.parse(rate) == rate


@given(st.integers(0, 10**20))
def test_a_yearly_rate_loses_less_than_a_wei_a_second(wad: int) -> None:
    rate = Rate.annual(Ratio(wad))
    assert rate.annual_wad <= wad < rate.annual_wad + YEAR


def test_rates_are_read_shown_and_bounded() -> None:
    rate = Rate.annual("5%")
    assert (rate.per_second_wad, f"{rate:.2f}") == (1_585_489_599, "5.00% a year")
    assert Rate.parse("5%") == Rate.parse("5% a year") == rate
    assert repr(Rate(0)) == "Rate('0% a year')"
    for bad in (5, 0.05, "-5%", "5 percent"):
        with pytest.raises(AmountError):
            Rate.annual(bad)  # type: ignore[arg-type]
    with pytest.raises(AmountError, match="yearly rate"):
        Rate(MAX_UINT256)


def test_every_refusal_here_is_an_input_error_and_a_value_error() -> None:
    for refuse in (lambda: USD("x"), lambda: USD(1) + WETH(1), lambda: Ratio.parse(2)):
        with pytest.raises(InputError):
            refuse()
        with pytest.raises(ValueError, match=r"."):
            refuse()
