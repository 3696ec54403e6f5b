"""What the next unit fetches, after a sale or before: prices at the margin, and how fast they fall.

In floats, for they only propose: amounts are executed on the twins, and taken if they gain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import NamedTuple

from .pool import Pool, PoolKey
from .routes import Pools
from .search import Lane

__all__ = ["Margin", "Market", "Use"]


class Step(NamedTuple):
    """One pool of a path at the margin: d more in fetch slope * d / (1 + bend * d) more."""

    slope: float
    bend: float


class Use(NamedTuple):
    """A sale to a pool, and the pool before it."""

    pool: Pool
    zero_for_one: bool
    amount: int


class Market:
    """The pools before the sale, and their margins, which every split of it starts from."""

    def __init__(self, pools: Pools, token_in: str):
        self.pools, self.token_in = pools, token_in
        self._steps: dict[tuple[PoolKey, bool], Step] = {}

    def step(self, key: PoolKey, zero_for_one: bool) -> Step:
        """The margin of one pool as it is."""
        found = self._steps.get((key, zero_for_one))
        if found is None:
            found = self._steps[key, zero_for_one] = _step(self.pools[key], zero_for_one, 0)
        return found


class Margin:
    """Prices at the margin once a split is executed.

    Along a path slopes multiply, and bends add up, each times the slope of the path before it: on
    constant product pools that is no approximation.
    """

    def __init__(self, market: Market, uses: Mapping[PoolKey, Use]):
        self._market, self._uses = market, uses
        self._steps: dict[tuple[PoolKey, bool], Step] = {}

    def step(self, key: PoolKey, zero_for_one: bool) -> Step:
        """The margin of one pool, of the sale that came last where it went the same way."""
        use = self._uses.get(key)
        if use is None:
            return self._market.step(key, zero_for_one)
        found = self._steps.get((key, zero_for_one))
        if found is None:
            if use.zero_for_one != zero_for_one:
                after = use.pool.swap_exact_in(use.amount, use.zero_for_one).pool
                use = Use(after, zero_for_one, 0)
            found = self._steps[key, zero_for_one] = _step(*use)
        return found

    def along(self, lane: Lane) -> Step:
        """The margin of a path."""
        token, slope, bend = self._market.token_in, 1.0, 0.0
        for key in lane:
            step = self.step(key, token == key.token0)
            bend += slope * step.bend
            slope *= step.slope
            token = key.other(token)
        return Step(slope, bend)

    def levelled(self, lanes: Sequence[Lane], shares: Sequence[float], whole: int) -> list[float]:
        """Shares of the sale at which, as far as one can tell from here, all slopes are equal.

        One over the root of a slope grows in proportion to what is sold: a linear system. A path
        that would sell less than nothing sells nothing.
        """
        roots = [1 / sqrt(max(self.along(lane).slope, 1e-300)) for lane in lanes]
        unit = min(roots)
        cross = self._cross(lanes, whole)
        free = list(range(len(lanes)))
        goal = [0.0] * len(lanes)
        while len(free) > 1:
            rows = []
            for i in free:
                root = roots[i] / unit
                row = [root * cross[i][j] for j in free]
                row[free.index(i)] *= 1 + 2**-20  # paths may depend on each other
                held = sum(cross[i][j] * shares[j] for j in range(len(lanes)))
                rows.append([*row, -1.0, root * (held - 1)])
            rows.append([1.0] * len(free) + [0.0, 1.0])
            found = _solved(rows)
            lowest = min(range(len(free)), key=lambda place: found[place])
            if found[lowest] >= 0:
                for place, i in enumerate(free):
                    goal[i] = found[place]
                return goal
            del free[lowest]
        goal[free[0]] = 1.0
        return goal

    def _cross(self, lanes: Sequence[Lane], whole: int) -> list[list[float]]:
        """How much a sale on one path bends another, by way of the pools they share."""
        visits: list[dict[PoolKey, tuple[bool, float, Step]]] = []
        for lane in lanes:
            token, flow, visit = self._market.token_in, float(whole), {}
            for key in lane:
                way = token == key.token0
                step = self.step(key, way)
                visit[key] = way, flow, step
                flow *= step.slope
                token = key.other(token)
            visits.append(visit)
        cross = []
        for mine in visits:
            row = []
            for other in visits:
                bends = 0.0
                for key, (way, _, step) in mine.items():
                    if key in other:
                        theirs, flow, there = other[key]
                        # Against the stream: what comes out there is what goes in here.
                        bends += step.bend * (flow if theirs == way else -flow * there.slope)
                row.append(bends)
            cross.append(row)
        return cross


def _step(pool: Pool, zero_for_one: bool, amount: int) -> Step:
    """From two prices, a thousandth of the reserve apart; nothing without liquidity."""
    reserve = pool.reserve0 if zero_for_one else pool.reserve1
    if not reserve:
        return Step(0.0, 1.0)
    apart = (reserve + amount >> 10) + 1
    slope = float(pool.marginal(amount, zero_for_one))
    further = float(pool.marginal(amount + apart, zero_for_one))
    if not further:
        return Step(0.0, 1.0)
    return Step(slope, max((sqrt(slope / further) - 1) / apart, 1e-12 / apart))


def _solved(rows: list[list[float]]) -> list[float]:
    """The solution of a system of linear equations, by elimination; zero where it says nothing."""
    size = len(rows)
    for place in range(size):
        best = max(range(place, size), key=lambda row: abs(rows[row][place]))
        rows[place], rows[best] = rows[best], rows[place]
        pivot = rows[place][place]
        for row in range(size):
            if row != place and pivot and rows[row][place]:
                factor = rows[row][place] / pivot
                pairs = zip(rows[row], rows[place], strict=True)
                rows[row] = [one - factor * two for one, two in pairs]
    return [row[-1] / row[place] if row[place] else 0.0 for place, row in enumerate(rows)]
