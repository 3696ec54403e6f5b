"""An account's positions from the Exchange's events: pools are replayed, costs written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .exchange import NOBODY
from .pool import LOCKED_SHARES, Pool, PoolKey
from .position import Position

__all__ = ["History"]


class History:
    """Pools by id and one owner's positions in them, after the events told so far, oldest first."""

    def __init__(self, owner: str, keys: Iterable[PoolKey]) -> None:
        self.owner = owner
        self.found: dict[int, tuple[Pool, Position]] = {
            key.id: (Pool.of(key), Position()) for key in keys
        }

    def swapped(self, number: int, change0: int, change1: int) -> None:
        """One hop of a trade, through the pool of this id."""
        pool, position = self.found[number]
        self.found[number] = _changed(pool, change0, change1, 0), position

    def added(self, number: int, to: str, shares: int, amount0: int, amount1: int) -> None:
        """Somebody paid in, `to` got the shares; the first deposit locks some more."""
        pool, position = self.found[number]
        locked = 0 if pool.supply else LOCKED_SHARES
        pool = _changed(pool, amount0, amount1, shares + locked)
        if to == self.owner:
            position = position.joined(pool, shares, amount0, amount1)
        self.found[number] = pool, position

    def removed(self, number: int, sender: str, shares: int, amount0: int, amount1: int) -> None:
        """`sender` gave up shares."""
        pool, position = self.found[number]
        if sender == self.owner:
            position = position.left(shares)
        self.found[number] = _changed(pool, -amount0, -amount1, -shares), position

    def moved(self, number: int, sender: str, to: str, shares: int) -> None:
        """Shares changed hands. Minted and burnt ones are told by `added` and `removed`."""
        pool, position = self.found[number]
        if sender == to or NOBODY in (sender, to):
            return
        if sender == self.owner:
            position = position.left(shares)
        elif to == self.owner:
            position = position.received(pool, shares)
        self.found[number] = pool, position


def _changed(pool: Pool, change0: int, change1: int, shares: int) -> Pool:
    return replace(
        pool,
        reserve0=pool.reserve0 + change0,
        reserve1=pool.reserve1 + change1,
        supply=pool.supply + shares,
    )
