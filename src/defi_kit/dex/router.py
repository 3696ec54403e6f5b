"""The best path for a sale, and the best split of it over several paths. Exact, on the twins.

A path visits no token twice, so no pool twice. Which path is best is searched in full, up to
`max_hops` pools: every token sequence, and between two tokens the pool that pays most, which is
enough because more in never fetches less (X9).

A split is parts: each sells its share along its own path, one after the other, and each finds the
pools as the parts before it left them. Parts may share pools; what is promised is what executing
them in that order on the twins pays, to the unit. Which split is best is a concave problem: at the
best one, no amount gains by moving from one path to another and no path outside offers more at the
margin (Angeris, Evans, Chitra, Boyd: Optimal Routing for Constant Function Market Makers, 2022).
So the search starts with the best single path and, as long as it gains, takes in the path that
pays most at the margin and shifts amounts between every two paths until that gains nothing. Then
it drops the paths that are missed least, down to `max_parts`, and exchanges single ones while that
gains a millionth. It is a search, not a proof: when fewer parts are allowed than the market has
paths, another set of paths may be better. Amounts are found to 2**-22 of themselves (up to 16
units every amount is tried), so rounding can cost a few units of every token along the paths.

A purchase of an exact amount is the same backwards: the cheapest path is searched in full from its
end. A purchase in parts is the split of a sale that would yield as much, found by a few Newton
steps on the size of the sale, and then bought part by part, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from typing import Final, NamedTuple

from ..errors import DefiKitError, ParameterError
from ..reverts import ReserveOverflow
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

MARGINS: Final = (20, 12, 6, 3)
"""The next path is looked for with the sale divided by these powers of two: small, then larger,
because a small sale sees rounding and a large one misses shallow pools."""
SWEEPS: Final = 8
"""How often amounts are shifted between every two paths, at most."""
ROUGH: Final = 10
FINE: Final = 22
"""The search for an amount ends at this power of two below it."""
SPARE: Final = 3
"""How many paths more than allowed are looked at before those that are missed least are dropped."""
FEW: Final = 16
"""Of so few amounts every one is tried."""
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
    """The pools near enough to both tokens to lie on a path of at most `max_hops` pools."""
    listed = list(keys)
    start, end = _distances(listed, token_in), _distances(listed, token_out)
    far = max_hops  # a token that is not connected is as far as one that is too far
    return [
        key
        for key in listed
        if token_in != token_out
        and any(
            start.get(first, far) + 1 + end.get(second, far) <= max_hops
            for first, second in (key.tokens, key.tokens[::-1])
        )
    ]


def best_path(
    pools: Pools, token_in: str, token_out: str, amount_in: int, max_hops: int = MAX_HOPS
) -> tuple[tuple[Hop, ...], int] | None:
    """The path of at most `max_hops` pools that yields most, and what; the shorter one if equal.

    None when no path can carry `amount_in` [raw units of token_in]. ParameterError when `max_hops`
    is below one.
    """
    found = _Search(pools, token_in, token_out, max_hops).best(pools, amount_in)
    return found and (_hops(token_in, found[0]), found[1])


def cheapest_path(
    pools: Pools, token_in: str, token_out: str, amount_out: int, max_hops: int = MAX_HOPS
) -> tuple[tuple[Hop, ...], int] | None:
    """The path of at most `max_hops` pools that yields `amount_out` for least, and its cost.

    The shorter one if equal; None when no path can pay `amount_out` [raw units of token_out].
    ParameterError when `max_hops` is below one.
    """
    search = _Search(pools, token_in, token_out, max_hops)
    found = search.cheapest(pools, amount_out)
    return found and (_hops(token_in, found[0]), found[1])


class _Search:
    """Looks for the best path between two tokens, in one or other state of the same pools."""

    def __init__(self, keys: Iterable[PoolKey], token_in: str, token_out: str, max_hops: int):
        if max_hops < 1:
            raise ParameterError(f"a path of {max_hops} pools leads nowhere")
        self.token_in, self.token_out, self.max_hops = token_in, token_out, max_hops
        useful = useful_pools(keys, token_in, token_out, max_hops)
        self._left = _distances(useful, token_out)
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


def _distances(keys: Iterable[PoolKey], origin: str) -> dict[str, int]:
    """How many pools every connected token is away from `origin`."""
    neighbours: dict[str, set[str]] = {}
    for key in keys:
        for token in key.tokens:
            neighbours.setdefault(token, set()).add(key.other(token))
    distances, edge = {origin: 0}, [origin]
    while edge:
        edge = list(
            dict.fromkeys(
                after
                for token in edge
                for after in sorted(neighbours.get(token, ()))
                if after not in distances
            )
        )
        steps = max(distances.values()) + 1
        distances.update((token, steps) for token in edge)
    return distances


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
    if max_parts < 1 or worth < 1:
        raise ParameterError(f"max_parts {max_parts} and worth {worth} start at one")
    search = _Search(pools, token_in, token_out, max_hops)
    whole = search.best(pools, amount_in)
    if whole is None:
        return None
    single = _Split(pools, token_in, (whole[0],), (amount_in,), whole[1])
    split = single
    if max_parts > 1:
        split = _pruned(_grown(single, search, max_parts + SPARE), max_parts, worth)
        split = _exchanged(split, search, max_parts, worth).balanced(FINE)
    return (split if split.total > single.total else single).parts()


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


def _grown(split: _Split, search: _Search, lanes: int) -> _Split:
    """With every path that offers more at the margin, up to so many."""
    while len(split.lanes) < lanes:
        wider = next((one for one in _wider(split, search) if one.total > split.total), None)
        if wider is None:
            break
        split = wider
    return split


def _wider(split: _Split, search: _Search) -> Iterator[_Split]:
    """With one path more: each that pays most at some margin."""
    after, tried = split.after(), set(split.lanes)
    for shift in MARGINS:
        found = search.best(after, max(1, sum(split.amounts) >> shift))
        if found is not None and found[0] not in tried:
            tried.add(found[0])
            yield split.with_lane(found[0]).balanced(ROUGH)


def _exchanged(split: _Split, search: _Search, max_parts: int, worth: int) -> _Split:
    """With paths exchanged for others, one at a time, until that gains less than a millionth."""
    for _ in range(4 * max_parts):
        others = (_pruned(wider, max_parts, worth) for wider in _wider(split, search))
        enough = split.total + (split.total >> 20)
        better = next((other for other in others if other.total > enough), None)
        if better is None:
            break
        split = better
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


@dataclass(frozen=True, slots=True)
class _Split:
    """Amounts on paths, and what they yield together."""

    pools: Pools
    token_in: str
    lanes: tuple[Lane, ...]
    amounts: tuple[int, ...]
    total: int

    def after(self) -> dict[PoolKey, Pool]:
        """The pools once it was executed."""
        changed: dict[PoolKey, Pool] = {}
        for lane, amount in zip(self.lanes, self.amounts, strict=True):
            _sell(self.pools, changed, self.token_in, lane, amount)
        return {**self.pools, **changed}

    def yields(self, amounts: Sequence[int], lanes: Iterable[int] | None = None) -> list[int]:
        """What each path, or each of some, yields with other amounts."""
        changed: dict[PoolKey, Pool] = {}
        return [
            _sell(self.pools, changed, self.token_in, self.lanes[index], amounts[index])
            for index in (range(len(amounts)) if lanes is None else lanes)
        ]

    def parts(self) -> tuple[Part, ...]:
        yields = self.yields(self.amounts)
        found = zip(self.lanes, self.amounts, yields, strict=True)
        return tuple(Part(_hops(self.token_in, lane), into, out) for lane, into, out in found)

    def with_lane(self, lane: Lane) -> _Split:
        """The same with a path on which nothing is sold yet."""
        return _Split(
            self.pools, self.token_in, (*self.lanes, lane), (*self.amounts, 0), self.total
        )

    def without(self, *indices: int) -> _Split:
        """The same without some paths; what they sold goes to the one that sells most."""
        kept = [index for index in range(len(self.lanes)) if index not in indices]
        amounts = [self.amounts[index] for index in kept]
        amounts[amounts.index(max(amounts))] += sum(self.amounts) - sum(amounts)
        lanes = tuple(self.lanes[index] for index in kept)
        return _Split(self.pools, self.token_in, lanes, (), 0).sold(amounts)

    def sold(self, amounts: Sequence[int]) -> _Split:
        """The same paths with other amounts."""
        total = sum(self.yields(amounts))
        return _Split(self.pools, self.token_in, self.lanes, tuple(amounts), total)

    def balanced(self, fine: int) -> _Split:
        """The same paths with amounts shifted between every two until that gains nothing.

        Amounts are found as `_peak` does.
        """
        split = self
        for _ in range(SWEEPS):
            before = split.total
            for first, second in combinations(range(len(split.lanes)), 2):
                split = split._shifted(first, second, fine)
            if split.total - before <= before >> 2 * fine or len(split.lanes) <= 2:
                break
        return split._without_idle()

    def _shifted(self, first: int, second: int, fine: int) -> _Split:
        """The best division between two paths of what they sell together."""
        both = self.amounts[first] + self.amounts[second]
        met = self._met_by(first, second)

        def with_first(amount: int) -> list[int]:
            amounts = list(self.amounts)
            amounts[first], amounts[second] = amount, both - amount
            return amounts

        def value(amount: int) -> int:
            return sum(self.yields(with_first(amount), met))

        other = self.sold(with_first(_peak(value, both, fine)))
        return other if other.total > self.total else self

    def _met_by(self, first: int, second: int) -> list[int]:
        """The paths that see a change of these two, by way of pools they share."""
        pools, met = {*self.lanes[first], *self.lanes[second]}, {first, second}
        for _ in self.lanes:
            for index, lane in enumerate(self.lanes):
                if index not in met and not pools.isdisjoint(lane):
                    met.add(index)
                    pools.update(lane)
        return sorted(met)

    def _without_idle(self) -> _Split:
        """Without the paths that sell or pay nothing: the exchange would refuse them."""
        yields = self.yields(self.amounts)
        if all(yields):
            return self
        return self.without(yields.index(0))._without_idle()


def _total(split: _Split) -> int:
    return split.total


def _sell(
    pools: Pools,
    changed: dict[PoolKey, Pool],
    token_in: str,
    lane: Lane,
    amount_in: int,
) -> int:
    """Sells along a path and writes down what changed; 0, and nothing, where it is refused."""
    if not amount_in:
        return 0
    token, amount = token_in, amount_in
    visited: dict[PoolKey, Pool] = {}
    try:
        for key in lane:
            pool = changed.get(key) or pools[key]
            visited[key], amount = pool.swap_exact_in(amount, token == key.token0)
            token = key.other(token)
    except DefiKitError:  # too little to pay anything, or too much to fit
        return 0
    changed.update(visited)
    return amount


def _peak(value: Callable[[int], int], whole: int, fine: int) -> int:
    """The integer from 0 to `whole` where a concave function is highest: golden section.

    Found to 2**-fine of itself or of what is left of `whole`, whichever is less: one pool may be
    far smaller than the other. Not below the square of that of `whole`.
    """
    low, high = 0, whole
    least = max(FEW, whole >> 2 * fine)

    def parted() -> int:
        return (high - low) * 6_180_339_887 // 10**10

    left, right = high - parted(), low + parted()
    at_left, at_right = value(left), value(right)
    while high - low > max(least, min(low, whole - high) >> fine):
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - parted()
            at_left = value(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + parted()
            at_right = value(right)
    if high - low <= FEW:
        return max(range(low, high + 1), key=value)
    return left if at_left >= at_right else right


def _hops(token_in: str, lane: Lane) -> tuple[Hop, ...]:
    hops: list[Hop] = []
    for key in lane:
        hops.append(key.hop(hops[-1].token_out if hops else token_in))
    return tuple(hops)
