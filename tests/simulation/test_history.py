"""Price histories: what is read, what is refused, and that every refusal names row and value."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit.errors import PriceHistoryError
from defi_kit.simulation.crash import CRASH
from defi_kit.simulation.history import PriceHistory
from defi_kit.simulation.instants import LATEST, format_time, parse_price, parse_time

MARCH_12 = 1_583_971_200  # 2020-03-12T00:00Z
GOOD = "time,close\n2020-03-12,193.37\n2020-03-13,108.25\n"


@pytest.fixture
def write(tmp_path: Path):
    def write(content: str | bytes, name: str = "prices.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


# --- read -----------------------------------------------------------------------------------------


def test_a_good_file_is_read_exactly(write):
    history = PriceHistory.from_csv(write(GOOD))
    assert list(history) == [(MARCH_12, 193_37000000), (MARCH_12 + 86_400, 108_25000000)]
    assert history.source == "prices.csv"


@pytest.mark.parametrize(
    "text",
    [
        "2020-03-12",
        "20200312",
        "2020-03-12 00:00:00",
        "2020-03-12 00:00",
        "2020-03-12T00:00:00Z",
        "2020-03-12T00:00:00.000Z",
        "2020-03-12T01:00:00+01:00",
        "2020-03-11T19:00:00-0500",
        "2020-03-12 00:00:00 UTC",
        "1583971200",
        "1583971200.0",
        "1583971200000",
    ],
)
def test_one_moment_in_every_way_of_writing_it(text):
    assert parse_time(text) == MARCH_12


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("193.37", 19337000000),
        ("+5", 500000000),
        (".5", 50000000),
        ("7.", 700000000),
        ("0.00000001", 1),
        ("0.000000015", 2),  # half to even
        ("1.12e-06", 112),
        ("6.0E4", 60_000_00000000),
        ("10000000000", 10**18),
        ("0.30000000000000004", 30000000),
    ],
)
def test_a_price_is_read_with_eight_decimals(text, price):
    assert parse_price(text) == price


@pytest.mark.parametrize(
    "header", ["time,price", "Close,TIME", " time , close ", "date,close", "timestamp,price"]
)
def test_columns_are_found_in_any_case_and_order(write, header):
    rows = {"price": "2020-03-12,5\n2020-03-13,6\n", "first": "5,2020-03-12\n6,2020-03-13\n"}
    body = rows["first" if header.startswith("Close") else "price"]
    assert list(PriceHistory.from_csv(write(f"{header}\n{body}")).prices) == [5 * 10**8, 6 * 10**8]


def test_other_columns_are_ignored_and_close_goes_before_price(write):
    history = PriceHistory.from_csv(write("open,price,time,close,note\nx,1,5,2,\ny,1,6,3,z\n"))
    assert list(history) == [(5, 2 * 10**8), (6, 3 * 10**8)]


def test_rows_may_come_in_any_order(write):
    rows = [f"{MARCH_12 + 60 * minute},{100 + minute}" for minute in (3, 1, 4, 0, 2)]
    history = PriceHistory.from_csv(write("time,close\n" + "\n".join(rows)))
    assert [tick.price // 10**8 for tick in history] == [100, 101, 102, 103, 104]
    assert list(history.times) == sorted(history.times)


def test_byte_order_mark_crlf_blank_lines_and_quotes_do_no_harm(write):
    text = '\ufefftime,close\r\n\r\n"2020-03-12","193.37"\r\n2020-03-13,108.25\r\n\r\n'
    assert PriceHistory.from_csv(write(text)) == PriceHistory.from_csv(write(GOOD, "good.csv"))


# --- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("\n\n", "row 1 is blank"),
        ("time,close\n", "no row below the header"),
        ("time,close\n2020-03-12,5\n", "only one row, at 2020-03-12"),
        ("time,volume\n2020-03-12,5\n", "no column close or price; there are: time, volume"),
        ("close,volume\n5,5\n", "no column time; there are: close, volume"),
        ("time;close\n2020-03-12;5\n", "no column time; there are: time;close"),
        ("time,close,Close\n1,2,3\n", "two columns are called close"),
        ("time,close\n2020-03-12,abc\n2020-03-13,5\n", "row 2: price 'abc' is not a number"),
        ("time,close\n2020-03-12,5\n2020-03-13,NaN\n", "row 3: price 'NaN' is not a finite"),
        ("time,close\n2020-03-12,inf\n", "row 2: price 'inf' is not a finite"),
        ("time,close\n2020-03-12,-Infinity\n", "row 2: price '-Infinity' is not a finite"),
        ("time,close\n2020-03-12,0\n", "row 2: price '0' is zero"),
        ("time,close\n2020-03-12,0.000000001\n", "row 2: price '0.000000001' is less than"),
        ("time,close\n2020-03-12,-5\n", "row 2: price '-5' is negative"),
        ("time,close\n2020-03-12,1e11\n", "row 2: price '1e11' is above"),
        ("time,close\n2020-03-12,1e9999\n", "row 2: price '1e9999' is above"),
        ("time,close\n2020-03-12,1_000\n", "row 2: price '1_000' is not a number"),
        ("time,close\n2020-03-12,0x10\n", "row 2: price '0x10' is not a number"),
        ("time,close\n2020-03-12,٣\n", "row 2: price '٣' is not a number"),
        ("time,close\n2020-03-12,\n", "row 2: price '' is missing"),
        ("time,close\n,5\n", "row 2: time '' is missing"),
        ("time,close\nyesterday,5\n", "row 2: time 'yesterday' is not a time"),
        ("time,close\n2020-02-30,5\n", "row 2: time '2020-02-30' is not a time"),
        ("time,close\n-5,5\n", "row 2: time '-5' is not a time"),
        ("time,close\n1583971200000000,5\n", "row 2: time '1583971200000000' is too large"),
        ("time,close\n1900-01-01,5\n", "row 2: time '1900-01-01' is outside 1970 to 9999"),
        ("time,close\n0001-01-01T00:00+14:00,5\n", "is outside 1970 to 9999"),
        ("time,close\n1,5\n2,6\n1,7\n", "rows 2 and 4 have the same time 1970-01-01T00:00:01Z"),
        ("time,close\n1583971200,5\n2020-03-12T00:00Z,6\n", "rows 2 and 3 have the same time"),
        ("time,close\n1,5\n2,6,7\n", "row 3 has 3 fields, the header 2"),
        ("time,close\n1,5\n2\n", "row 3 has 1 fields, the header 2"),
        ('time,close\n1,5\n2,"6\n', "row 3 is not CSV"),
        (b"time,close\n1,5\n2,\xff\n", "row 3 is not UTF-8 (byte 0xff)"),
        (b"\x89PNG\r\n\x1a\n\0\0", "row 1 is not UTF-8"),
        (b"time,close\n1,\x005\n", "row 2 holds a zero byte"),
        (b"7" * (2**20 + 5), "row 1 is longer than a million bytes"),
        ("time,close\n1," + "5" * 300 + "\n", "is too long"),
    ],
)
def test_a_bad_file_is_refused_with_row_and_value(write, content, said):
    with pytest.raises(PriceHistoryError) as refusal:
        PriceHistory.from_csv(write(content))
    assert said in str(refusal.value)
    assert "prices.csv" in str(refusal.value)


def test_an_absent_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(PriceHistoryError, match="there is no such file"):
        PriceHistory.from_csv(tmp_path / "nowhere.csv")
    with pytest.raises(PriceHistoryError, match="is a folder, not a file"):
        PriceHistory.from_csv(tmp_path)


def test_rows_given_in_python_are_checked_alike():
    with pytest.raises(PriceHistoryError, match="mine: row 2: price 'NaN'"):
        PriceHistory.from_rows([(1, "5"), (2, "NaN")], source="mine")


# --- windows and steps ----------------------------------------------------------------------------


def test_a_window_holds_both_its_ends():
    day_two = CRASH.window(MARCH_12 + 86_400, MARCH_12 + 90_000)
    assert [tick.price for tick in day_two] == [108_25000000, 97_63000000]


def test_a_window_of_fewer_than_two_rows_is_refused():
    with pytest.raises(PriceHistoryError, match="2020-03-12T00:00Z to 2020-03-13T23:00Z"):
        CRASH.window(MARCH_12 + 1, MARCH_12 + 3_600)


def test_a_step_keeps_the_first_and_the_last_row():
    six_hourly = CRASH.every(6 * 3_600)
    assert len(six_hourly) == 9
    assert six_hourly[0] == CRASH[0]
    assert six_hourly[8] == CRASH[47]


def test_a_step_of_nothing_is_refused():
    with pytest.raises(PriceHistoryError, match="step of 0 seconds"):
        CRASH.every(0)


# --- the kit's own history ------------------------------------------------------------------------


def test_the_crash_is_the_one_of_march_2020():
    assert len(CRASH) == 48
    assert CRASH[0] == (MARCH_12, 193_37000000)
    assert min(CRASH.prices) == CRASH[25].price == 97_63000000
    assert CRASH[47] == (MARCH_12 + 47 * 3_600, 135_40000000)
    assert sum(CRASH.prices) == 6_699_95000000


# --- properties -----------------------------------------------------------------------------------

moments = st.integers(0, LATEST)
cents = st.integers(1, 10**18)


@given(st.dictionaries(moments, cents, min_size=2, max_size=20))
def test_a_history_written_reads_back_the_same(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("history") / "h.csv"
    history = PriceHistory.from_rows(
        [(time, str(Decimal(price).scaleb(-8))) for time, price in rows.items()], source="drawn"
    )
    history.to_csv(path)
    assert PriceHistory.from_csv(path) == history
    assert [tuple(tick) for tick in history] == sorted(rows.items())


@given(moments, st.integers(-23 * 60, 23 * 60))
def test_a_time_survives_any_zone_and_way_of_writing(seconds, offset):
    moment = datetime.fromtimestamp(seconds, UTC)
    assert parse_time(moment.isoformat()) == seconds
    assert parse_time(moment.replace(tzinfo=None).isoformat(sep=" ")) == seconds
    assert parse_time(format_time(seconds)) == seconds
    if 10**9 <= seconds < 10**11:
        assert parse_time(str(seconds)) == parse_time(str(seconds * 1000 + 999)) == seconds
    if 86_400 < seconds < LATEST - 86_400:
        there = moment.astimezone(timezone(timedelta(minutes=offset)))
        assert parse_time(there.isoformat()) == seconds


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_refused_with_a_reason(text):
    for parse in (parse_price, parse_time):
        try:
            value = parse(text)
        except ValueError as error:
            reason = str(error)
        else:
            reason = "is good" if value >= 0 else "negative"
        assert reason.startswith("is ")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_history_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "h.csv"
    path.write_bytes(content)
    with pytest.raises(PriceHistoryError):
        PriceHistory.from_csv(path)


def test_a_hundred_thousand_rows_take_little_memory_and_tell_their_progress(write):
    rows = "".join(f"{MARCH_12 + 60 * n},{100 + n % 50}.{n % 100:02}\n" for n in range(100_000))
    path = write("time,close\n" + rows)
    told: list[tuple[int, int]] = []
    tracemalloc.start()
    history = PriceHistory.from_csv(path, progress=lambda *seen: told.append(seen))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(history) == 100_000
    assert peak < 8_000_000
    assert told[-1] == (path.stat().st_size,) * 2
    assert len(told) > 50
