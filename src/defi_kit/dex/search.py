"""Every path between two tokens: which one yields most for a sale, or costs least for a purchase.

A path visits no token twice, so no pool twice. All token sequences are visited, and between two
tokens the pool that pays most, which is enough because more in never fetches less (X9).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from ..errors import DefiKitError
from ..reverts import ReserveOverflow
from .checks import check_integer, check_name
from .neighbours import PoolGraph
from .pool import Hop, PoolKey
from .routes import Pools

__all__ = ["MAX_HOPS", "MOST", "Lane", "PathSearch", "hops_of", "useful_pools"]

MAX_HOPS: Final = 3
"""How many pools a path may have unless said otherwise."""
MOST: Final = 1_000
"""More hops or parts than so many are not asked for."""
WAYS: Final = 4096
"""More paths than so many are not looked at for a split."""

Lane = tuple[PoolKey, ...]
"""A path as its pools."""


def useful_pools(
    keys: Iterable[PoolKey], token_in: str, token_out: str, max_hops: int = MAX_HOPS
) -> list[PoolKey]:
    """The pools that can lie on a path of at most `max_hops` pools between the tokens."""
    return PoolGraph(keys).between(token_in, token_out, max_hops)


class PathSearch:
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


def hops_of(token_in: str, lane: Lane) -> tuple[Hop, ...]:
    """The path through these pools, from its first token."""
    hops: list[Hop] = []
    for key in lane:
        hops.append(key.hop(hops[-1].token_out if hops else token_in))
    return tuple(hops)
