"""A sale over several paths, executed on the twins, and the best amounts for them.

Amounts are found by Newton's method on one over the root of the price at the margin, which on
constant product pools grows in proportion to what is sold: one linear system levels all prices at
once. Every step is executed on the twins and taken only if it gains. At the end parts are put in
the best order, and amounts shifted for the units that rounding costs: two parts of at most FEW
units are the best division there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Final, NamedTuple

from ..errors import DefiKitError
from .margin import Margin, Market, Use
from .pool import Hop, Pool, PoolKey
from .routes import Pools
from .search import Lane, hops_of

__all__ = ["Part", "Split"]

TRIES: Final = 3
"""How many of the paths that promise most are tried before one is taken in."""
FINE: Final = 40
"""Amounts are settled until that gains less than this power of two below what is paid."""
FEW: Final = 128
"""Where paths sell no more units than so many, every shift between two of them is tried."""
ROUNDS: Final = 3
"""How often parts that share pools are put in order and shifted again, at most."""
SWEEPS: Final = 12
"""How often amounts are shifted, at most."""
HALVINGS: Final = 16
"""How often what is moved is halved until moving it gains."""


class Part(NamedTuple):
    """One part of a split sale."""

    path: tuple[Hop, ...]

    amount_in: int
    """[raw units of the token sold]"""

    amount_out: int
    """What it pays after the parts before it. [raw units of the token bought]"""


@dataclass(frozen=True, slots=True)
class Split:
    """Amounts on paths, and what they yield together."""

    market: Market
    lanes: tuple[Lane, ...]
    amounts: tuple[int, ...]
    paid: tuple[int, ...]
    total: int
    uses: Mapping[PoolKey, Use]

    @classmethod
    def of(cls, market: Market, lanes: tuple[Lane, ...], amounts: Sequence[int]) -> Split:
        """These amounts on these paths, executed one after the other."""
        changed: dict[PoolKey, Pool] = {}
        uses: dict[PoolKey, Use] = {}
        paid = tuple(
            _sell(market.pools, changed, uses, market.token_in, lane, amount)
            for lane, amount in zip(lanes, amounts, strict=True)
        )
        return cls(market, lanes, tuple(amounts), paid, sum(paid), uses)

    def sold(self, amounts: Sequence[int]) -> Split:
        """The same paths with other amounts."""
        return self.of(self.market, self.lanes, amounts)

    def over(self, lanes: tuple[Lane, ...]) -> Split:
        """The whole sale over these paths, in equal amounts."""
        amounts = _summed([1 / len(lanes)] * len(lanes), sum(self.amounts))
        return self.of(self.market, lanes, amounts)

    def with_lane(self, lane: Lane) -> Split:
        """The same with a path on which nothing is sold yet."""
        return replace(
            self, lanes=(*self.lanes, lane), amounts=(*self.amounts, 0), paid=(*self.paid, 0)
        )

    def without(self, index: int) -> Split:
        """The same without a path; what it sold goes to the others in proportion."""
        lanes = self.lanes[:index] + self.lanes[index + 1 :]
        kept = self.amounts[:index] + self.amounts[index + 1 :]
        whole, left = sum(self.amounts), sum(kept) or 1
        amounts = _summed([one / left for one in kept], whole)
        return self.of(self.market, lanes, amounts)

    def parts(self) -> tuple[Part, ...]:
        """What is sold on each path, and what that pays."""
        paths = (hops_of(self.market.token_in, lane) for lane in self.lanes)
        return tuple(map(Part, paths, self.amounts, self.paid))

    # --- shifting amounts -------------------------------------------------------------------------

    def balanced(self, fine: int) -> Split:
        """The same paths with amounts shifted until that gains less than 2**-fine of all."""
        split = self
        for _ in range(SWEEPS if len(self.lanes) > 1 else 0):
            before = split.total
            split = split._shifted(fine)
            if split.total - before <= before >> fine:
                break
        return split

    def _shifted(self, fine: int) -> Split:
        """Newton's step to equal prices at the margin; a part of it where all of it overshoots.

        None that cannot gain enough: no step gains more than its prices at the margin say.
        """
        margin = Margin(self.market, self.uses)
        whole = sum(self.amounts)
        now = [amount / whole for amount in self.amounts]
        goal = margin.levelled(self.lanes, now, whole)
        slopes = [margin.along(lane).slope for lane in self.lanes]
        hoped = sum(slope * (new - old) for slope, old, new in zip(slopes, now, goal, strict=True))
        if self.total and hoped * whole < self.total / 2**fine:
            return self
        for part in (1.0, 0.5, 0.25, 0.0625):
            shares = [old + part * (new - old) for old, new in zip(now, goal, strict=True)]
            other = self.sold(_summed(shares, whole))
            if other.total > self.total:
                return other
        return self._moved_up(slopes)

    def _moved_up(self, slopes: Sequence[float]) -> Split:
        """With something moved from the path that pays least at the margin to the one that pays
        most: where a price falls off so steeply that Newton's step leads astray."""
        source = min(
            (index for index, amount in enumerate(self.amounts) if amount), key=slopes.__getitem__
        )
        sink = max(range(len(slopes)), key=slopes.__getitem__)
        for bit in range(1, HALVINGS) if source != sink else ():
            other = self.sold(_with_shift(self.amounts, source, sink, self.amounts[source] >> bit))
            if other.total > self.total:
                return other
        return self

    def settled(self) -> Split:
        """The same paths with the best amounts and in the best order that were found."""
        split = self.balanced(FINE)
        for _ in range(ROUNDS if split._meets_itself() else 1):
            before, split = split.total, split.ordered().polished()
            if split.total - before <= before >> 20:
                break
        return split

    def _meets_itself(self) -> bool:
        """Whether two of the paths share a pool."""
        return len({key for lane in self.lanes for key in lane}) < sum(map(len, self.lanes))

    def ordered(self) -> Split:
        """The same parts in the order that yields most, found by moving one at a time.

        What a part leaves of its fee in a pool, the next one through it gains from.
        """
        split, places = self, range(len(self.lanes))
        if not self._meets_itself():
            return self
        for _ in places:
            moved = [split._moved(place, to) for place, to in permutations(places, 2)]
            best = max(moved, key=lambda one: one.total)
            if best.total <= split.total:
                break
            split = best
        return split

    def _moved(self, place: int, to: int) -> Split:
        order = list(zip(self.lanes, self.amounts, strict=True))
        order.insert(to, order.pop(place))
        lanes, amounts = zip(*order, strict=True)
        return self.of(self.market, lanes, amounts)

    def polished(self) -> Split:
        """The same paths with amounts shifted between every two, for the units rounding costs.

        By powers of four; where no path sells more than FEW, by every amount.
        """
        split, most = self, max(self.amounts)
        # Where paths meet, what fees leave in the pools makes larger shifts worth a try.
        first = most.bit_length() - (1 if split._meets_itself() else 6)
        bits = range(first, max(-1, most.bit_length() - 28), -2)
        for shift in [1 << bit for bit in bits] if most > FEW else range(1, most + 1):
            for source, sink in permutations(range(len(self.lanes)), 2):
                if split.amounts[source] >= shift:
                    other = split.sold(_with_shift(split.amounts, source, sink, shift))
                    split = other if other.total > split.total else split
        return split._without_idle()

    def promising(self, lanes: Iterable[Lane]) -> list[Lane]:
        """Those of the other paths that gain most, as far as one can tell at the margin."""
        margin, used = Margin(self.market, self.uses), set(self.lanes)
        mine = [margin.along(lane) for lane in self.lanes]
        level = max(slope for slope, _ in mine)
        stiff = 1 / sum(1 / bend for _, bend in mine)
        ranked = []
        for lane in lanes:
            if lane not in used:
                slope, bend = margin.along(lane)
                if slope > level:
                    gain = (slope - level) ** 2 / (slope * bend + level * stiff)
                    ranked.append((gain, lane))
        ranked.sort(key=lambda one: -one[0])
        return [lane for _, lane in ranked[:TRIES]]

    def _without_idle(self) -> Split:
        """Without the paths that sell or pay nothing: the exchange would refuse them."""
        if all(self.paid) or len(self.paid) == 1:
            return self
        return self.without(self.paid.index(0))._without_idle()


def _summed(shares: Sequence[float], whole: int) -> list[int]:
    """Shares of `whole` in integers that add up to it; the largest takes what rounding leaves."""
    scale = [max(0, int(share * 2**52)) for share in shares]
    total = sum(scale) or 1
    amounts = [whole * part // total for part in scale]
    amounts[amounts.index(max(amounts))] += whole - sum(amounts)
    return amounts


def _with_shift(amounts: Sequence[int], source: int, sink: int, shift: int) -> list[int]:
    shifted = list(amounts)
    shifted[source] -= shift
    shifted[sink] += shift
    return shifted


def _sell(
    pools: Pools,
    changed: dict[PoolKey, Pool],
    uses: dict[PoolKey, Use],
    token_in: str,
    lane: Lane,
    amount_in: int,
) -> int:
    """Sells along a path and writes down what changed; 0, and nothing, where it is refused."""
    if not amount_in:
        return 0
    token, amount = token_in, amount_in
    visited: dict[PoolKey, Pool] = {}
    before: dict[PoolKey, Use] = {}
    try:
        for key in lane:
            pool = changed.get(key) or pools[key]
            way = token == key.token0
            before[key] = Use(pool, way, amount)
            visited[key], amount = pool.swap_exact_in(amount, way)
            token = key.other(token)
    except DefiKitError:  # too little to pay anything, or too much to fit
        return 0
    changed.update(visited)
    uses.update(before)
    return amount
