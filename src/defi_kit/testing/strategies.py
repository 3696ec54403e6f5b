"""What Hypothesis draws for money: amounts, prices, people, time, loans and calls.

All of it loves the edges, shrinks to what is simple, and prints so that a person can read it:
numbers have underscores, and a call looks like one. Needs Hypothesis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from hypothesis import strategies as st

from ..errors import ParameterError
from ..units import Amount, Unit

__all__ = [
    "Call",
    "Loan",
    "Move",
    "Number",
    "amounts",
    "calls",
    "leaps",
    "loans",
    "magnitudes",
    "people",
    "price_paths",
    "prices",
    "token_amounts",
]

MAX_UINT256: Final = 2**256 - 1
WAD: Final = 10**18
PRICE_SCALE: Final = 10**36
DAY: Final = 86_400
YEAR: Final = 365 * DAY
PEOPLE: Final = ("alice", "bob", "carol")


class Number(int):
    """An integer that prints with underscores; calculating with it gives plain ones."""

    def __repr__(self) -> str:
        return f"{int(self):_}"


# --- amounts --------------------------------------------------------------------------------------


@st.composite
def _within(draw: st.DrawFn, ranges: Sequence[tuple[int, int]]) -> int:
    """A number of one of the ranges. It shrinks within the first, which should hold the others."""
    low, high = draw(st.sampled_from(ranges))
    return Number(draw(st.integers(low, high)))


def _bands(low: int, high: int) -> list[tuple[int, int]]:
    """One range for each order of magnitude."""
    return [
        (max(low, 1 << bits >> 1), min(high, (1 << bits) - 1))
        for bits in range(low.bit_length(), high.bit_length() + 1)
    ]


def _loved(
    whole: tuple[int, int], bands: Sequence[tuple[int, int]], edges: Iterable[int]
) -> st.SearchStrategy[int]:
    """Numbers of the whole range, of each band alike, and the edges in every fifth case."""
    loved = [(edge, edge) for edge in sorted(edges)]
    times = -(-len(bands) // (4 * len(loved)))
    return _within([whole, *bands, *loved * times])


def magnitudes(low: int = 1, high: int = 2**112 - 1) -> st.SearchStrategy[int]:
    """Integers from `low` to `high`, both included and both frequent, of which every order of
    magnitude is as likely as the next. They shrink toward `low`."""
    if not 0 <= low <= high:
        raise ParameterError(f"no magnitudes from {low} to {high}: 0 <= low <= high")
    return _loved((low, high), _bands(low, high), {low, high})


def amounts(
    limit: int = 2**112 - 1,
    *,
    decimals: int = 0,
    caps: Iterable[int] = (),
    beyond: bool = False,
) -> st.SearchStrategy[int]:
    """Raw amounts of a token from zero to `limit`: of every magnitude, and the edges.

    Edges are 0, 1, dust, one token, powers of two, `limit` and the `caps`, each also one less and
    one more. With `beyond` also what no limit allows: `limit` plus one, and the largest uint256.
    """
    if limit < 1:
        raise ParameterError(f"amounts need a limit of at least 1, not {limit}")
    ones = (10**decimals, limit, *caps, *(1 << bits for bits in (8, 64, 96, 112, 128)))
    edges = {0, 1, 2, 10, *(edge + step for edge in ones for step in (-1, 0, 1))}
    within = {edge for edge in edges if 0 <= edge <= limit}
    if beyond:
        within |= {limit + 1, MAX_UINT256}
    return _loved((0, limit), _bands(0, limit), within)


def token_amounts(
    unit: Unit, limit: str | int = "1_000_000_000", *, caps: Iterable[str | int] = ()
) -> st.SearchStrategy[Amount]:
    """Amounts of a token from zero to `limit` (in tokens), with the edges of `amounts`:
    `token_amounts(kit.usd.unit, "1_500")`. They print as `Amount('1_500 USD')`."""
    raw = amounts(unit(limit).raw, decimals=unit.decimals, caps=[unit(cap).raw for cap in caps])
    return raw.map(lambda value: unit.amount(int(value)))


# --- prices and time ------------------------------------------------------------------------------


def prices(around: int, *, lowest: int = 1, highest: int | None = None) -> st.SearchStrategy[int]:
    """Prices near `around`, far from it, and both ends; by default up to a thousand times it.

    They shrink toward `around`: to no change at all.
    """
    most = around * 1_000 if highest is None else highest
    if not 0 < lowest <= around <= most:
        raise ParameterError(f"no prices around {around} between {lowest} and {most}")

    bands = _bands(lowest, most)
    for points in (100, 500, 5_000):
        step = around * points // 10_000
        bands += [(max(around - step, lowest), min(around + step, most))] * 8
    whole = (lowest - around, most - around)
    from_here = [(low - around, high - around) for low, high in bands]
    moves = _loved(whole, from_here, {0, *whole})
    return moves.map(lambda move: Number(around + move))


def leaps(longest: int = YEAR) -> st.SearchStrategy[int]:
    """Leaps of time: a second, a minute, an hour, a day, a year, one less and one more of each, and
    everything between. [seconds]"""
    spans = (1, 12, 60, 3_600, DAY, 7 * DAY, YEAR, longest)
    edges = {span + step for span in spans for step in (-1, 0, 1)}
    return _loved(
        (1, longest), _bands(1, longest), {edge for edge in edges if 1 <= edge <= longest}
    )


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of a price after so many seconds."""

    seconds: int
    price: int | None
    """None: whoever asks is refused, as by a broken circuit."""
    reported: bool = True
    """False: nobody reported, the price is the one before, and stale by `seconds`."""

    def __repr__(self) -> str:
        wait = f"after {self.seconds:,} s"
        if self.price is None:
            return f"<{wait} no price>"
        return f"<{wait} {self.price:_}{'' if self.reported else ', stale'}>"


@st.composite
def price_paths(
    draw: st.DrawFn,
    start: int,
    *,
    max_size: int = 20,
    heartbeat: int = DAY,
    lowest: int = 1,
    highest: int | None = None,
) -> list[Move]:
    """The life of a price from `start`: it drifts by per cents, jumps, is not reported for longer
    than `heartbeat` seconds, or is refused. It shrinks toward a short life in which it stands."""
    path: list[Move] = []
    price = start
    for kind in draw(
        st.lists(st.sampled_from(["drift", "jump", "stale", "broken"]), max_size=max_size)
    ):
        if kind == "stale":
            path.append(Move(draw(leaps(heartbeat)) + heartbeat, price, reported=False))
        elif kind == "broken":
            path.append(Move(draw(leaps(heartbeat)), None))
        else:
            points = draw(st.integers(-300, 300)) if kind == "drift" else 0
            most = start * 1_000 if highest is None else highest
            if kind == "jump":
                price = int(draw(prices(price, lowest=lowest, highest=most)))
            else:
                price = min(max(price * (10_000 + points) // 10_000, lowest), most)
            path.append(Move(draw(leaps(heartbeat)), Number(price)))
    return path


# --- people, loans, calls -------------------------------------------------------------------------


def people(names: Sequence[str] = PEOPLE) -> st.SearchStrategy[str]:
    """Somebody, by name; the first when it does not matter."""
    return st.sampled_from(list(names))


@dataclass(frozen=True, slots=True)
class Loan:
    """How much to post and how much to borrow, for a health that was asked for."""

    collateral: int
    """[raw]"""
    debt: int
    """[asset]"""
    health: Fraction
    """Collateral at its liquidation threshold, over debt."""

    def __repr__(self) -> str:
        return f"<{self.debt:_} against {self.collateral:_}, health {float(self.health):.4g}>"


@st.composite
def loans(
    draw: st.DrawFn,
    *,
    price: int,
    liquidation_ltv: int,
    health: tuple[str, str] = ("0.9", "1.1"),
    debts: tuple[int, int] = (1, 10**15),
) -> Loan:
    """Loans whose health lies between the two, both included.

    price: of a raw unit of collateral. [raw units of the asset, scaled by 1e36]
    liquidation_ltv: part of the value up to which a debt is healthy. [WAD]
    debts: least and most. The least is raised where collateral is too coarse for such a health.
    """
    low, high = map(Fraction, health)
    if not 0 < low < high:
        raise ParameterError(f"no health between {health[0]} and {health[1]}")
    worth = Fraction(price * liquidation_ltv, PRICE_SCALE * WAD)  # of a raw unit, at the threshold
    least = max(debts[0], -int(-worth * 4 // (high - low)), 1)
    debt = draw(magnitudes(least, max(debts[1], least)))
    edges = [edge for edge in (Fraction(1), 1 - Fraction(1, WAD), low, high) if low <= edge <= high]
    parts = st.integers(0, 10_000).map(lambda part: low + (high - low) * part / 10_000)
    wanted = draw(st.one_of(st.sampled_from(edges), parts))
    collateral = -int(-wanted * debt // worth)
    if collateral * worth > high * debt:
        collateral -= 1
    return Loan(Number(collateral), Number(debt), collateral * worth / debt)


@dataclass(frozen=True, slots=True)
class Call:
    """A verb and what it is given: `call.on(trial)` does it."""

    verb: str
    arguments: tuple[Any, ...]

    def on(self, subject: Any) -> Any:
        """Does it to a trial, or to anything else that has such a method."""
        return getattr(subject, self.verb)(*self.arguments)

    def __repr__(self) -> str:
        return f"{self.verb}({', '.join(map(repr, self.arguments))})"


def calls(
    verbs: Mapping[str, Sequence[st.SearchStrategy[Any]]], *, max_size: int = 30
) -> st.SearchStrategy[list[Call]]:
    """Calls one after the other: `calls({"supply": (people(), amounts()), "accrue": ()})`.

    They shrink to fewer calls, of verbs that come first, with simpler arguments.
    """
    if not verbs:
        raise ParameterError("no verbs to call")
    one = [
        st.builds(Call, st.just(verb), st.tuples(*arguments)) for verb, arguments in verbs.items()
    ]
    return st.lists(st.one_of(one), max_size=max_size)
