"""The best path for a sale, and the best split of it over several paths. Exact, on the twins.

A path visits no token twice, so no pool twice. Which path is best is searched in full, up to
`max_hops` pools: every token sequence, and between two tokens the pool that pays most, which is
enough because more in never fetches less (X9).

A split is parts: each sells its share along its own path, one after the other, and each finds the
pools as the parts before it left them. Parts may share pools; what is promised is what executing
them in that order on the twins pays, to the unit. Which split is best is a concave problem: at the
best one, no amount gains by moving from one path to another and no path outside offers more at the
margin (Angeris, Evans, Chitra, Boyd: Optimal Routing for Constant Function Market Makers, 2022).

Over given paths the amounts are found by Newton's method on one over the root of the price at the
margin, which on constant product pools grows in proportion to what is sold: one linear system
levels all prices at once. Every step is executed on the twins and taken only if it gains. Where the
market has few choices of paths, every one is tried (CHOICES). Else it is a search, not a proof:
paths are taken in as long as that gains, once up to `max_parts` and once a few more, of which those
missed least are dropped; then single ones are exchanged while that gains a millionth. At the end
parts are put in the best order, and amounts shifted for the units that rounding costs: two parts
of at most FEW units are the best division there is.

A purchase of an exact amount is the same backwards: the cheapest path is searched in full from its
end. A purchase in parts is the split of a sale that would yield as much, found by a few Newton
steps on the size of the sale, and then bought part by part, exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations, islice, permutations
from math import comb, sqrt
from typing import Final, NamedTuple

from ..errors import DefiKitError
from ..reverts import ReserveOverflow
from ..units import MAX_UINT256, check_uint256
from .checks import check_integer, check_name
from .neighbours import PoolGraph
from .pool import Hop, Pool, PoolKey
from .routes import Pools, buy_along

__all__ = [
    "MAX_HOPS",
    "MAX_PARTS",
    "Part",
    "best_path",
    "best_purchase",
    "best_split",
    "cheapest_path",
    "useful_pools",
]

MAX_HOPS: Final = 3
"""How many pools a path may have unless said otherwise."""
MAX_PARTS: Final = 4
"""Into how many parts a sale may be split unless said otherwise."""

MOST: Final = 1_000
"""More hops or parts than so many are not asked for."""
WAYS: Final = 4096
"""More paths than so many are not looked at for a split."""
CHOICES: Final = 64
"""Of so few choices of paths every one is tried."""
TRIES: Final = 3
"""How many of the paths that promise most are tried before one is taken in."""
SPARE: Final = 3
"""How many paths more than allowed are looked at before those that are missed least are dropped."""
ROUGH: Final = 16
FINE: Final = 40
"""Amounts are shifted until that gains less than this power of two below what is paid."""
FEW: Final = 128
"""Where paths sell no more units than so many, every shift between two of them is tried."""
ROUNDS: Final = 3
"""How often parts that share pools are put in order and shifted again, at most."""
SWEEPS: Final = 12
"""How often amounts are shifted, at most."""
HALVINGS: Final = 16
"""How often what is moved is halved until moving it gains."""
STEPS: Final = 4
"""How often the size of a sale is corrected that shall yield what is to be bought."""


class Part(NamedTuple):
    """One part of a split sale."""

    path: tuple[Hop, ...]

    amount_in: int
    """[raw units of the token sold]"""

    amount_out: int
    """What it pays after the parts before it. [raw units of the token bought]"""


Lane = tuple[PoolKey, ...]
"""A path as its pools."""


# --- one path -------------------------------------------------------------------------------------


def useful_pools(
    keys: Iterable[PoolKey], token_in: str, token_out: str, max_hops: int = MAX_HOPS
) -> list[PoolKey]:
    """The pools that can lie on a path of at most `max_hops` pools between the tokens."""
    return PoolGraph(keys).between(token_in, token_out, max_hops)


def best_path(
    pools: Pools, token_in: str, token_out: str, amount_in: int, max_hops: int = MAX_HOPS
) -> tuple[tuple[Hop, ...], int] | None:
    """The path of at most `max_hops` pools that yields most, and what; the shorter one if equal.

    None when no path can carry `amount_in` [raw units of token_in]. ParameterError when `max_hops`
    is below one.
    """
    check_uint256(amount_in)
    found = _Search(pools, token_in, token_out, max_hops).best(pools, amount_in)
    return found and (_hops(token_in, found[0]), found[1])


def cheapest_path(
    pools: Pools, token_in: str, token_out: str, amount_out: int, max_hops: int = MAX_HOPS
) -> tuple[tuple[Hop, ...], int] | None:
    """The path of at most `max_hops` pools that yields `amount_out` for least, and its cost.

    The shorter one if equal; None when no path can pay `amount_out` [raw units of token_out].
    ParameterError when `max_hops` is below one.
    """
    check_uint256(amount_out)
    search = _Search(pools, token_in, token_out, max_hops)
    found = search.cheapest(pools, amount_out)
    return found and (_hops(token_in, found[0]), found[1])


class _Search:
    """Looks for the best path between two tokens, in one or other state of the same pools."""

    def __init__(self, keys: Collection[PoolKey], token_in: str, token_out: str, max_hops: int):
        check_integer(max_hops, "max_hops", 1, MOST)
        for token in (token_in, token_out):
            check_name(keys, token)
        self.token_in, self.token_out, self.max_hops = token_in, token_out, max_hops
        useful = useful_pools(keys, token_in, token_out, max_hops)
        self._left = PoolGraph(useful).distances(token_out, max_hops)
        self._exits: dict[str, dict[str, list[PoolKey]]] = {}
        for key in useful:
            for token in key.tokens:
                self._exits.setdefault(token, {}).setdefault(key.other(token), []).append(key)
        self._pools: Pools = {}
        self._found: tuple[Lane, int] | None = None

    def best(self, pools: Pools, amount_in: int) -> tuple[Lane, int] | None:
        """The best path and what it yields."""
        self._pools, self._found = pools, None
        if self.token_in != self.token_out:
            self._visit(self.token_in, amount_in, (), (self.token_in,))
        return self._found

    def _visit(self, token: str, amount: int, lane: Lane, visited: tuple[str, ...]) -> bool:
        """Tries every way on. Whether some pool was too full: less might have passed there."""
        if token == self.token_out:
            self._arrive(lane, amount)
            return False
        full = False
        for after, keys in self._exits.get(token, {}).items():
            if after in visited or len(lane) + 1 + self._left[after] > self.max_hops:
                continue
            offers: list[tuple[int, PoolKey]] = []
            for key in keys:
                try:
                    out = self._pools[key].amount_out(amount, token == key.token0)
                except ReserveOverflow:
                    full = True
                except DefiKitError:  # an empty pool, or one that would pay nothing
                    continue
                else:
                    offers.append((out, key))
            for out, key in sorted(offers, key=lambda offer: -offer[0]):
                # More never fetches less further on, except where it does not fit.
                if not self._visit(after, out, (*lane, key), (*visited, after)):
                    break
                full = True
        return full

    def lanes(self) -> list[Lane]:
        """All paths, or the first WAYS of them."""
        return list(islice(self._onward(self.token_in, (), (self.token_in,)), WAYS))

    def _onward(self, token: str, lane: Lane, visited: tuple[str, ...]) -> Iterator[Lane]:
        if token == self.token_out:
            yield lane
            return
        for after, keys in self._exits.get(token, {}).items():
            if after not in visited and len(lane) + 1 + self._left[after] <= self.max_hops:
                for key in keys:
                    yield from self._onward(after, (*lane, key), (*visited, after))

    def cheapest(self, pools: Pools, amount_out: int) -> tuple[Lane, int] | None:
        """The cheapest path and what it costs."""
        self._pools, self._found = pools, None
        if self.token_in != self.token_out:
            self._trace(self.token_out, amount_out, (), (self.token_out,))
        return self._found

    def _trace(self, token: str, amount: int, lane: Lane, visited: tuple[str, ...]) -> None:
        """Tries every way to what `amount` of `token` could be bought with.

        Between two tokens the cheapest pool is enough: less wanted never costs more further back,
        and always fits where more does.
        """
        if token == self.token_in:
            found = self._found
            if found is None or (amount, len(lane)) < (found[1], len(found[0])):
                self._found = lane, amount
            return
        if len(lane) == self.max_hops:
            return
        for before, keys in self._exits.get(token, {}).items():
            if before in visited:
                continue
            costs: list[tuple[int, PoolKey]] = []
            for key in keys:
                with suppress(DefiKitError):  # an empty pool, or one that cannot pay so much
                    costs.append((self._pools[key].amount_in(amount, before == key.token0), key))
            if costs:
                cost, key = min(costs, key=lambda offer: offer[0])
                self._trace(before, cost, (key, *lane), (*visited, before))

    def _arrive(self, lane: Lane, amount: int) -> None:
        if self._found is not None:
            before, most = self._found
            if (amount, -len(lane)) <= (most, -len(before)):
                return
        self._found = lane, amount


# --- several paths --------------------------------------------------------------------------------


def best_split(
    pools: Pools,
    token_in: str,
    token_out: str,
    amount_in: int,
    *,
    max_parts: int = MAX_PARTS,
    max_hops: int = MAX_HOPS,
    worth: int = 1,
) -> tuple[Part, ...] | None:
    """The sale in at most `max_parts` parts that together yield most, in order of execution.

    Never less than the best single path. One part more has to bring at least `worth` [raw units of
    token_out], the price of one more transaction. None when no single path can carry the whole
    sale. ParameterError when `max_parts`, `max_hops` or `worth` is below one.
    """
    _check_split(amount_in, max_parts, worth)
    search = _Search(pools, token_in, token_out, max_hops)
    whole = search.best(pools, amount_in)
    if whole is None:
        return None
    single = _Split.of(_Market(pools, token_in), (whole[0],), (amount_in,))
    split = single
    if max_parts > 1:
        split = _chosen(single, search.lanes(), max_parts)
        split = split.settled()
        fewer = _pruned(split, max_parts, worth)
        split = split if fewer is split else fewer.settled()
    return (split if split.total > single.total else single).parts()


def _check_split(amount: int, max_parts: int, worth: int) -> None:
    check_uint256(amount)
    check_integer(max_parts, "max_parts", 1, MOST)
    check_integer(worth, "worth", 1, MAX_UINT256)


def best_purchase(
    pools: Pools,
    token_in: str,
    token_out: str,
    amount_out: int,
    *,
    max_parts: int = MAX_PARTS,
    max_hops: int = MAX_HOPS,
    worth: int = 1,
) -> tuple[Part, ...] | None:
    """A purchase of exactly `amount_out` in at most `max_parts` parts, in order of execution.

    Never dearer than the cheapest single path. One part more has to spare at least `worth` [raw
    units of token_in]. None when no single path can pay it all. Errors as of `best_split`.
    """
    _check_split(amount_out, max_parts, worth)
    single = cheapest_path(pools, token_in, token_out, amount_out, max_hops)
    if single is None:
        return None
    path, cost = single
    best: tuple[Part, ...] = (Part(path, cost, amount_out),)
    size = cost
    for _ in range(STEPS if max_parts > 1 else 0):
        valued = max(1, worth * amount_out // cost)
        parts = best_split(
            pools, token_in, token_out, size, max_parts=max_parts, max_hops=max_hops, worth=valued
        )
        bought = parts and _bought(pools, token_in, parts, amount_out)
        if not parts or not bought:
            break
        paid = sum(part.amount_in for part in bought)
        if paid + worth * (len(bought) - 1) < sum(part.amount_in for part in best) + worth * (
            len(best) - 1
        ):
            best = bought
        if paid == size:
            break
        size = paid
    return best


def _bought(
    pools: Pools, token_in: str, parts: Sequence[Part], amount_out: int
) -> tuple[Part, ...] | None:
    """The same paths bought exactly, in the same proportions; None where a pool cannot pay."""
    total = sum(part.amount_out for part in parts)
    wanted = [part.amount_out * amount_out // total for part in parts]
    wanted[wanted.index(max(wanted))] += amount_out - sum(wanted)
    now, bought = dict(pools), []
    try:
        for (path, _, _), amount in zip(parts, wanted, strict=True):
            if amount:
                changed, amounts = buy_along(now, token_in, path, amount)
                now |= changed
                bought.append(Part(path, amounts[0], amount))
    except DefiKitError:
        return None
    return tuple(bought)


def _chosen(single: _Split, lanes: Sequence[Lane], max_parts: int) -> _Split:
    """The best choice of at most `max_parts` paths that was found."""
    most = min(max_parts, len(lanes))
    if comb(len(lanes), most) <= CHOICES:
        every = (single.over(choice).balanced(ROUGH) for choice in combinations(lanes, most))
        return max(every, key=_total)
    grown = _grown(single, lanes, max_parts)
    spared = _pruned(_grown(grown, lanes, max_parts + SPARE), max_parts, 1)
    return max((_exchanged(one, lanes) for one in (grown, spared)), key=_total)


def _grown(split: _Split, lanes: Sequence[Lane], most: int) -> _Split:
    """With the paths that gain most, one after the other, up to so many."""
    while len(split.lanes) < most:
        wider = _wider(split, lanes)
        if wider.total <= split.total:
            break
        split = wider
    return split


def _wider(split: _Split, lanes: Sequence[Lane]) -> _Split:
    """With one path more: the best of those that promise most."""
    return max(
        (split.with_lane(lane).balanced(ROUGH) for lane in split.promising(lanes)),
        key=_total,
        default=split,
    )


def _exchanged(split: _Split, lanes: Sequence[Lane]) -> _Split:
    """With paths exchanged for others, one at a time, until that gains less than a millionth."""
    for _ in range(2 * len(split.lanes) if len(split.lanes) > 1 else 0):
        fewer = (split.without(index).balanced(ROUGH) for index in range(len(split.lanes)))
        other = max((_wider(one, lanes) for one in fewer), key=_total)
        if other.total <= split.total + (split.total >> 20):
            break
        split = other
    return split


def _pruned(split: _Split, max_parts: int, worth: int) -> _Split:
    """Without the paths missed least, down to `max_parts` and to those worth a transaction."""
    while len(split.lanes) > 1:
        fewer = [split.without(index).balanced(ROUGH) for index in range(len(split.lanes))]
        best = max(fewer, key=_total)
        if len(split.lanes) <= max_parts and split.total - best.total >= worth:
            break
        split = best
    return split


class _Step(NamedTuple):
    """One pool of a path at the margin: d more in fetch slope * d / (1 + bend * d) more."""

    slope: float
    bend: float


class _Use(NamedTuple):
    """A sale to a pool, and the pool before it."""

    pool: Pool
    zero_for_one: bool
    amount: int


class _Market:
    """The pools before the sale, and their margins, which every split of it starts from."""

    def __init__(self, pools: Pools, token_in: str):
        self.pools, self.token_in = pools, token_in
        self._steps: dict[tuple[PoolKey, bool], _Step] = {}

    def step(self, key: PoolKey, zero_for_one: bool) -> _Step:
        """The margin of one pool as it is."""
        found = self._steps.get((key, zero_for_one))
        if found is None:
            found = self._steps[key, zero_for_one] = _step(self.pools[key], zero_for_one, 0)
        return found


@dataclass(frozen=True, slots=True)
class _Split:
    """Amounts on paths, and what they yield together."""

    market: _Market
    lanes: tuple[Lane, ...]
    amounts: tuple[int, ...]
    paid: tuple[int, ...]
    total: int
    uses: Mapping[PoolKey, _Use]

    @classmethod
    def of(cls, market: _Market, lanes: tuple[Lane, ...], amounts: Sequence[int]) -> _Split:
        """These amounts on these paths, executed one after the other."""
        changed: dict[PoolKey, Pool] = {}
        uses: dict[PoolKey, _Use] = {}
        paid = tuple(
            _sell(market.pools, changed, uses, market.token_in, lane, amount)
            for lane, amount in zip(lanes, amounts, strict=True)
        )
        return cls(market, lanes, tuple(amounts), paid, sum(paid), uses)

    def sold(self, amounts: Sequence[int]) -> _Split:
        """The same paths with other amounts."""
        return self.of(self.market, self.lanes, amounts)

    def over(self, lanes: tuple[Lane, ...]) -> _Split:
        """The whole sale over these paths, in equal amounts."""
        amounts = _summed([1 / len(lanes)] * len(lanes), sum(self.amounts))
        return self.of(self.market, lanes, amounts)

    def with_lane(self, lane: Lane) -> _Split:
        """The same with a path on which nothing is sold yet."""
        return replace(
            self, lanes=(*self.lanes, lane), amounts=(*self.amounts, 0), paid=(*self.paid, 0)
        )

    def without(self, index: int) -> _Split:
        """The same without a path; what it sold goes to the others in proportion."""
        lanes = self.lanes[:index] + self.lanes[index + 1 :]
        kept = self.amounts[:index] + self.amounts[index + 1 :]
        whole, left = sum(self.amounts), sum(kept) or 1
        amounts = _summed([one / left for one in kept], whole)
        return self.of(self.market, lanes, amounts)

    def parts(self) -> tuple[Part, ...]:
        paths = (_hops(self.market.token_in, lane) for lane in self.lanes)
        return tuple(map(Part, paths, self.amounts, self.paid))

    # --- shifting amounts -------------------------------------------------------------------------

    def balanced(self, fine: int) -> _Split:
        """The same paths with amounts shifted until that gains less than 2**-fine of all."""
        split = self
        for _ in range(SWEEPS if len(self.lanes) > 1 else 0):
            before = split.total
            split = split._shifted(fine)
            if split.total - before <= before >> fine:
                break
        return split

    def _shifted(self, fine: int) -> _Split:
        """Newton's step to equal prices at the margin; a part of it where all of it overshoots.

        None that cannot gain enough: no step gains more than its prices at the margin say.
        """
        margin = _Margin(self)
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

    def _moved_up(self, slopes: Sequence[float]) -> _Split:
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

    def settled(self) -> _Split:
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

    def ordered(self) -> _Split:
        """The same parts in the order that yields most, found by moving one at a time.

        What a part leaves of its fee in a pool, the next one through it gains from.
        """
        split, places = self, range(len(self.lanes))
        if not self._meets_itself():
            return self
        for _ in places:
            moved = [split._moved(place, to) for place, to in permutations(places, 2)]
            best = max(moved, key=_total)
            if best.total <= split.total:
                break
            split = best
        return split

    def _moved(self, place: int, to: int) -> _Split:
        order = list(zip(self.lanes, self.amounts, strict=True))
        order.insert(to, order.pop(place))
        lanes, amounts = zip(*order, strict=True)
        return self.of(self.market, lanes, amounts)

    def polished(self) -> _Split:
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
        margin, used = _Margin(self), set(self.lanes)
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

    def _without_idle(self) -> _Split:
        """Without the paths that sell or pay nothing: the exchange would refuse them."""
        if all(self.paid) or len(self.paid) == 1:
            return self
        return self.without(self.paid.index(0))._without_idle()


class _Margin:
    """Prices at the margin once a split is executed.

    Along a path slopes multiply, and bends add up, each times the slope of the path before it: on
    constant product pools that is no approximation.
    """

    def __init__(self, split: _Split):
        self._market, self._uses = split.market, split.uses
        self._steps: dict[tuple[PoolKey, bool], _Step] = {}

    def step(self, key: PoolKey, zero_for_one: bool) -> _Step:
        """The margin of one pool, of the sale that came last where it went the same way."""
        use = self._uses.get(key)
        if use is None:
            return self._market.step(key, zero_for_one)
        found = self._steps.get((key, zero_for_one))
        if found is None:
            if use.zero_for_one != zero_for_one:
                after = use.pool.swap_exact_in(use.amount, use.zero_for_one).pool
                use = _Use(after, zero_for_one, 0)
            found = self._steps[key, zero_for_one] = _step(*use)
        return found

    def along(self, lane: Lane) -> _Step:
        """The margin of a path."""
        token, slope, bend = self._market.token_in, 1.0, 0.0
        for key in lane:
            step = self.step(key, token == key.token0)
            bend += slope * step.bend
            slope *= step.slope
            token = key.other(token)
        return _Step(slope, bend)

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
        visits: list[dict[PoolKey, tuple[bool, float, _Step]]] = []
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


def _step(pool: Pool, zero_for_one: bool, amount: int) -> _Step:
    """From two prices, a thousandth of the reserve apart; nothing without liquidity."""
    reserve = pool.reserve0 if zero_for_one else pool.reserve1
    if not reserve:
        return _Step(0.0, 1.0)
    apart = (reserve + amount >> 10) + 1
    slope = float(pool.marginal(amount, zero_for_one))
    further = float(pool.marginal(amount + apart, zero_for_one))
    if not further:
        return _Step(0.0, 1.0)
    return _Step(slope, max((sqrt(slope / further) - 1) / apart, 1e-12 / apart))


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


def _total(split: _Split) -> int:
    return split.total


def _sell(
    pools: Pools,
    changed: dict[PoolKey, Pool],
    uses: dict[PoolKey, _Use],
    token_in: str,
    lane: Lane,
    amount_in: int,
) -> int:
    """Sells along a path and writes down what changed; 0, and nothing, where it is refused."""
    if not amount_in:
        return 0
    token, amount = token_in, amount_in
    visited: dict[PoolKey, Pool] = {}
    before: dict[PoolKey, _Use] = {}
    try:
        for key in lane:
            pool = changed.get(key) or pools[key]
            way = token == key.token0
            before[key] = _Use(pool, way, amount)
            visited[key], amount = pool.swap_exact_in(amount, way)
            token = key.other(token)
    except DefiKitError:  # too little to pay anything, or too much to fit
        return 0
    changed.update(visited)
    uses.update(before)
    return amount


def _hops(token_in: str, lane: Lane) -> tuple[Hop, ...]:
    hops: list[Hop] = []
    for key in lane:
        hops.append(key.hop(hops[-1].token_out if hops else token_in))
    return tuple(hops)
