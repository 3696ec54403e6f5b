"""Which pools there are, and how they stand: read from the chain, remembered where that is safe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import Final

from ..reverts import UnknownPool
from .neighbours import PoolGraph
from .pool import Pool, PoolKey

__all__ = ["PoolCatalogue"]

OVERLAP: Final = 128
"""Blocks looked at again each time, in case the chain has replaced some of them."""


class PoolCatalogue:
    """The pools of one Exchange, known from its creation events.

    Pools never go away, so only new blocks are searched. Chains do take blocks back: the last ones
    are searched again, for a reorganisation, and everything is after a snapshot has ended, once the
    chain has become shorter, or a pool is gone.

    Args:
        latest: the newest block's number.
        created: from a first to a last block, each pool created there and its block, in order.
        read: pools as they are at a block (None: the latest), None for each that does not exist.
        rewinds: how many snapshots have ended.
    """

    def __init__(
        self,
        latest: Callable[[], int],
        created: Callable[[int, int], Iterable[tuple[PoolKey, int]]],
        read: Callable[[Sequence[PoolKey], int | None], list[Pool | None]],
        rewinds: Callable[[], int],
    ) -> None:
        self._latest = latest
        self._created = created
        self._read = read
        self._rewinds = rewinds
        self._rewound = rewinds()
        self._found: dict[PoolKey, int] = {}
        self._graph = PoolGraph()
        self._searched = -1

    def keys(self) -> tuple[PoolKey, ...]:
        """All pools, in order of creation."""
        self._look()
        return tuple(self._found)

    def between(self, token_in: str, token_out: str, max_hops: int) -> dict[PoolKey, Pool]:
        """The pools that can lie on a path of at most `max_hops` pools, all at one block, in order
        of creation."""
        self._look()
        return self.read(self._graph.between(token_in, token_out, max_hops), self._searched)

    def _look(self) -> None:
        """Sees what has become of the pools since the last look."""
        latest, rewound = self._latest(), self._rewinds()
        if latest < self._searched or rewound != self._rewound:
            self._forget()
        self._rewound = rewound
        start = max(0, self._searched + 1 - OVERLAP)
        known = list(takewhile(lambda item: item[1] >= start, reversed(self._found.items())))
        found = dict(self._created(start, latest))
        if list(found.items()) != known[::-1]:
            for key, _ in known:
                del self._found[key]
                self._graph.remove(key)
            for key in found:
                if key not in self._found:
                    self._graph.add(key)
            self._found |= found
        self._searched = latest

    def read(self, keys: Iterable[PoolKey], block: int | None = None) -> dict[PoolKey, Pool]:
        """These pools, all at one block; those that do not exist are left out."""
        if block is None:
            block = self._latest()
        pools = {}
        listed = tuple(keys)
        for key, pool in zip(listed, self._read(listed, block), strict=True):
            if pool is not None:
                pools[key] = pool
            elif key in self._found:
                self._forget()
        return pools

    def require(self, key: PoolKey) -> Pool:
        """One pool as it is now. UnknownPool."""
        pool = self._read([key], None)[0]
        if pool is None:
            raise UnknownPool(key.id)
        return pool

    def _forget(self) -> None:
        self._found, self._graph, self._searched = {}, PoolGraph(), -1
