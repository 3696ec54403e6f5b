"""The best path for a sale, and the best split of it over several paths. Exact, on the twins.

One path is searched in full, up to `max_hops` pools (`search`).

A split is parts: each sells its share along its own path, one after the other, and each finds the
pools as the parts before it left them. Parts may share pools; what is promised is what executing
them in that order on the twins pays, to the unit. Which split is best is a concave problem: at the
best one, no amount gains by moving from one path to another and no path outside offers more at the
margin (Angeris, Evans, Chitra, Boyd: Optimal Routing for Constant Function Market Makers, 2022).

The amounts over given paths are the business of `split`; which paths, of this file. Where the
market has few choices, every one is tried (CHOICES). Else it is a search, not a proof: paths are
taken in as long as that gains, once up to `max_parts` and once a few more, of which those missed
least are dropped; then single ones are exchanged while that gains a millionth.

A purchase of an exact amount is the same backwards: the cheapest path is searched in full from its
end. A purchase in parts is the split of a sale that would yield as much, found by a few Newton
steps on the size of the sale, and then bought part by part, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb
from typing import Final

from ..errors import DefiKitError
from ..units import MAX_UINT256, check_uint256
from .checks import check_integer
from .margin import Market
from .pool import Hop
from .routes import Pools, buy_along
from .search import MAX_HOPS, MOST, Lane, PathSearch, hops_of, useful_pools
from .split import Part, Split

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

MAX_PARTS: Final = 4
"""Into how many parts a sale may be split unless said otherwise."""
CHOICES: Final = 64
"""Of so few choices of paths every one is tried."""
SPARE: Final = 3
"""How many paths more than allowed are looked at before those that are missed least are dropped."""
ROUGH: Final = 16
"""While paths are chosen, amounts are shifted until that gains less than this power of two below
what is paid."""
STEPS: Final = 4
"""How often the size of a sale is corrected that shall yield what is to be bought."""


# --- one path -------------------------------------------------------------------------------------


def best_path(
    pools: Pools, token_in: str, token_out: str, amount_in: int, max_hops: int = MAX_HOPS
) -> tuple[tuple[Hop, ...], int] | None:
    """The path of at most `max_hops` pools that yields most, and what; the shorter one if equal.

    None when no path can carry `amount_in` [raw units of token_in]. ParameterError when `max_hops`
    is below one.
    """
    check_uint256(amount_in)
    found = PathSearch(pools, token_in, token_out, max_hops).best(pools, amount_in)
    return found and (hops_of(token_in, found[0]), found[1])


def cheapest_path(
    pools: Pools, token_in: str, token_out: str, amount_out: int, max_hops: int = MAX_HOPS
) -> tuple[tuple[Hop, ...], int] | None:
    """The path of at most `max_hops` pools that yields `amount_out` for least, and its cost.

    The shorter one if equal; None when no path can pay `amount_out` [raw units of token_out].
    ParameterError when `max_hops` is below one.
    """
    check_uint256(amount_out)
    search = PathSearch(pools, token_in, token_out, max_hops)
    found = search.cheapest(pools, amount_out)
    return found and (hops_of(token_in, found[0]), found[1])


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
    search = PathSearch(pools, token_in, token_out, max_hops)
    whole = search.best(pools, amount_in)
    if whole is None:
        return None
    single = Split.of(Market(pools, token_in), (whole[0],), (amount_in,))
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


def _chosen(single: Split, lanes: Sequence[Lane], max_parts: int) -> Split:
    """The best choice of at most `max_parts` paths that was found."""
    most = min(max_parts, len(lanes))
    if comb(len(lanes), most) <= CHOICES:
        every = (single.over(choice).balanced(ROUGH) for choice in combinations(lanes, most))
        return max(every, key=total_of)
    grown = _grown(single, lanes, max_parts)
    spared = _pruned(_grown(grown, lanes, max_parts + SPARE), max_parts, 1)
    return max((_exchanged(one, lanes) for one in (grown, spared)), key=total_of)


def _grown(split: Split, lanes: Sequence[Lane], most: int) -> Split:
    """With the paths that gain most, one after the other, up to so many."""
    while len(split.lanes) < most:
        wider = _wider(split, lanes)
        if wider.total <= split.total:
            break
        split = wider
    return split


def _wider(split: Split, lanes: Sequence[Lane]) -> Split:
    """With one path more: the best of those that promise most."""
    return max(
        (split.with_lane(lane).balanced(ROUGH) for lane in split.promising(lanes)),
        key=total_of,
        default=split,
    )


def _exchanged(split: Split, lanes: Sequence[Lane]) -> Split:
    """With paths exchanged for others, one at a time, until that gains less than a millionth."""
    for _ in range(2 * len(split.lanes) if len(split.lanes) > 1 else 0):
        fewer = (split.without(index).balanced(ROUGH) for index in range(len(split.lanes)))
        other = max((_wider(one, lanes) for one in fewer), key=total_of)
        if other.total <= split.total + (split.total >> 20):
            break
        split = other
    return split


def _pruned(split: Split, max_parts: int, worth: int) -> Split:
    """Without the paths missed least, down to `max_parts` and to those worth a transaction."""
    while len(split.lanes) > 1:
        fewer = [split.without(index).balanced(ROUGH) for index in range(len(split.lanes))]
        best = max(fewer, key=total_of)
        if len(split.lanes) <= max_parts and split.total - best.total >= worth:
            break
        split = best
    return split


def total_of(split: Split) -> int:
    return split.total
