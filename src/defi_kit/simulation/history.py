"""A price history: moments and prices in integers, checked and in order of time."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

from defi_kit.errors import PriceHistoryError
from defi_kit.simulation.instants import (
    LATEST,
    PRICE_DECIMALS,
    format_time,
    parse_price,
    parse_time,
)

__all__ = [
    "PRICE_COLUMNS",
    "TIME_COLUMNS",
    "PriceHistory",
    "Progress",
    "Tick",
]

TIME_COLUMNS = ("time", "timestamp", "datetime", "date")
PRICE_COLUMNS = ("close", "price")

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are read."""

_REPORT_EVERY = 1_000  # rows between two calls of a progress function
_LONGEST_FIELD = 200  # a time or price longer than this is no time and no price
_LONGEST_LINE = 2**20  # [bytes] bounds the memory that a file without line ends can take


class Tick(NamedTuple):
    """One price at one moment."""

    time: int
    """[unix seconds]"""
    price: int
    """[dollars, 8 decimals]"""


@dataclass(frozen=True, slots=True, eq=False)
class PriceHistory:
    """At least two positive prices, in order of time, no two at the same moment.

    Held as two arrays of 64-bit integers: sixteen bytes a row.
    """

    source: str
    """Where the prices come from, in words."""
    times: array[int]
    """[unix seconds], rising"""
    prices: array[int]
    """[dollars, 8 decimals], positive"""

    @classmethod
    def from_csv(cls, path: str | Path, *, progress: Progress | None = None) -> PriceHistory:
        """The history in the file at `path`.

        The first row names the columns: `time` (or `timestamp`, `datetime`, `date`) and `close`
        or `price` (`close` where both are there), in any case and order; other columns are
        ignored, rows may come in any order and spacing. A byte-order mark is allowed. Times as in
        `parse_time`, prices as in `parse_price`.

        Raises `PriceHistoryError` naming the row (the line of the file) and the value.
        """
        path = Path(path)
        times, prices, lines = array("q"), array("q"), array("q")
        for line, tick in _read(path, progress):
            lines.append(line)
            times.append(tick.time)
            prices.append(tick.price)
        return cls._ordered(path.name, times, prices, lines)

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[int | str, str]], *, source: str) -> PriceHistory:
        """The history of `(time, price)` pairs; a time given as a number is unix seconds.

        Raises `PriceHistoryError` naming the row, counted from 1, and the value.
        """
        times, prices, lines = array("q"), array("q"), array("q")
        for number, (time, price) in enumerate(rows, start=1):
            if isinstance(time, int) and 0 <= time <= LATEST:
                time = format_time(time)  # as digits it might be taken for milliseconds or a date
            tick = _tick(source, number, str(time), str(price))
            lines.append(number)
            times.append(tick.time)
            prices.append(tick.price)
        return cls._ordered(source, times, prices, lines)

    @classmethod
    def _ordered(
        cls, source: str, times: array[int], prices: array[int], lines: array[int]
    ) -> PriceHistory:
        if not times:
            raise PriceHistoryError(
                f"{source}: there is no row below the header", hint="a history needs two prices"
            )
        if any(later <= earlier for earlier, later in pairwise(times)):
            order = sorted(range(len(times)), key=times.__getitem__)
            times = array("q", (times[i] for i in order))
            prices = array("q", (prices[i] for i in order))
            lines = array("q", (lines[i] for i in order))
        for index, (earlier, later) in enumerate(pairwise(times)):
            if earlier == later:
                first, second = sorted(lines[index : index + 2])
                raise PriceHistoryError(
                    f"{source}: rows {first} and {second} have the same time {format_time(later)}",
                    hint="keep one row for each moment (times count in whole seconds)",
                )
        if len(times) < 2:
            raise PriceHistoryError(
                f"{source}: there is only one row, at {format_time(times[0])}",
                hint="a history needs two prices",
            )
        return cls(source, times, prices)

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[Tick]:
        return map(Tick, self.times, self.prices)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PriceHistory):
            return NotImplemented
        return self.times == other.times and self.prices == other.prices

    def __hash__(self) -> int:
        return hash((self.times.tobytes(), self.prices.tobytes()))

    def __getitem__(self, index: int) -> Tick:
        return Tick(self.times[index], self.prices[index])

    def window(self, start: int | None = None, end: int | None = None) -> PriceHistory:
        """The rows from `start` to `end`, both included. [unix seconds]

        Raises `PriceHistoryError` when fewer than two rows are left.
        """
        from bisect import bisect_left, bisect_right

        if start is not None and end is not None and start > end:
            raise PriceHistoryError(
                f"the window begins at {format_time(start)}, after its end at {format_time(end)}",
                hint="swap them: --from is the earlier moment, --to the later",
            )
        low = 0 if start is None else bisect_left(self.times, start)
        high = len(self) if end is None else bisect_right(self.times, end)
        if high - low < 2:
            raise PriceHistoryError(
                f"{self.source}: fewer than two rows lie in the window",
                hint=f"the history runs from {format_time(self.times[0])} "
                f"to {format_time(self.times[-1])}",
            )
        return PriceHistory(self.source, self.times[low:high], self.prices[low:high])

    def every(self, seconds: int) -> PriceHistory:
        """The first row, then each first row at least `seconds` after the one kept before it.

        The last row is always kept. Raises `PriceHistoryError` unless `seconds` is positive.
        """
        if seconds <= 0:
            raise PriceHistoryError(f"a step of {seconds} seconds", hint="a step is positive")
        kept, due = [0], self.times[0] + seconds
        for index in range(1, len(self)):
            if self.times[index] >= due or index == len(self) - 1:
                kept.append(index)
                due = self.times[index] + seconds
        return PriceHistory(
            self.source,
            array("q", (self.times[i] for i in kept)),
            array("q", (self.prices[i] for i in kept)),
        )

    def to_csv(self, path: str | Path) -> None:
        """Writes the columns `time` and `price`; `from_csv` reads the same history back."""
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("time", "price"))
            for time, price in self:
                whole, fraction = divmod(price, 10**PRICE_DECIMALS)
                writer.writerow((format_time(time), f"{whole}.{fraction:0{PRICE_DECIMALS}}"))


def _read(path: Path, progress: Progress | None) -> Iterator[tuple[int, Tick]]:
    """Streams `path` row by row, with the number of each row's last line."""
    try:
        total = path.stat().st_size
        with path.open("rb") as raw:
            reader = csv.reader(_text(path, raw, total, progress), strict=True)
            columns = _columns(path, next(reader, None))
            for fields in reader:
                if not any(field.strip() for field in fields):
                    continue
                yield reader.line_num, _row(path, reader.line_num, fields, columns)
    except FileNotFoundError:
        raise PriceHistoryError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise PriceHistoryError(f"{path}: is a folder, not a file") from None
    except csv.Error as error:
        raise PriceHistoryError(
            f"{path.name}: row {reader.line_num} is not CSV: {error}",
            hint="check the quotes of that row",
        ) from None
    except OSError as error:
        raise PriceHistoryError(f"{path}: {error.strerror or error}") from None
    if progress is not None:
        progress(total, total)


def _text(path: Path, raw: BinaryIO, total: int, progress: Progress | None) -> Iterator[str]:
    read = number = 0
    while line := raw.readline(_LONGEST_LINE):
        read, number = read + len(line), number + 1
        if len(line) == _LONGEST_LINE:
            raise PriceHistoryError(f"{path.name}: row {number} is longer than a million bytes")
        if b"\0" in line:
            raise PriceHistoryError(
                f"{path.name}: row {number} holds a zero byte, so this is not a text file",
                hint="export the sheet as CSV in UTF-8",
            )
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise PriceHistoryError(
                f"{path.name}: row {number} is not UTF-8 (byte 0x{line[error.start]:02x})",
                hint="export the sheet as CSV in UTF-8",
            ) from None
        if progress is not None and number % _REPORT_EVERY == 0:
            progress(read, total)


class _Columns(NamedTuple):
    width: int
    time: int
    price: int


def _columns(path: Path, header: list[str] | None) -> _Columns:
    names = [name.strip().lower() for name in header or ()]
    if not any(names):
        raise PriceHistoryError(
            f"{path.name}: the file is empty" if header is None else f"{path.name}: row 1 is blank",
            hint="the first row names the columns: time,close",
        )
    return _Columns(len(names), _find(path, names, TIME_COLUMNS), _find(path, names, PRICE_COLUMNS))


def _find(path: Path, names: list[str], wanted: tuple[str, ...]) -> int:
    for name in wanted:
        if names.count(name) > 1:
            raise PriceHistoryError(f"{path.name}: two columns are called {name}")
        if name in names:
            return names.index(name)
    there = ", ".join(_short(name) for name in names[:12])
    either = "close or price" if wanted is PRICE_COLUMNS else "time"
    hint = "the first row names the columns, separated by commas: time,close"
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if any(mark in one for one in names):
            hint = f"the columns are separated by {name}, and commas are wanted: time,close"
    raise PriceHistoryError(f"{path.name}: no column {either}; there are: {there}", hint=hint)


def _row(path: Path, number: int, fields: list[str], columns: _Columns) -> Tick:
    if len(fields) != columns.width:
        raise PriceHistoryError(
            f"{path.name}: row {number} has {len(fields)} fields, the header {columns.width}",
            hint="quote a field that holds a comma, or complete the row",
        )
    return _tick(path.name, number, fields[columns.time], fields[columns.price])


def _tick(source: str, number: int, time: str, price: str) -> Tick:
    return Tick(
        _parse(parse_time, "time", source, number, time),
        _parse(parse_price, "price", source, number, price),
    )


def _parse(parse: Callable[[str], int], what: str, source: str, number: int, text: str) -> int:
    text = text.strip()
    try:
        if not text:
            raise ValueError("is missing; fill it in or drop the row")
        if len(text) > _LONGEST_FIELD:
            raise ValueError("is too long")
        return parse(text)
    except ValueError as error:
        wrong, _, remedy = str(error).partition("; ")
        raise PriceHistoryError(
            f"{source}: row {number}: {what} {_short(text)!r} {wrong}", hint=remedy or None
        ) from None


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
