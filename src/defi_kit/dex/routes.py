"""A path through pools: which they are, what it yields, at which price. Exact, on the twins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..reverts import EmptyPath, UnknownPool
from .pool import ConstantProductPool, Hop, PoolKey

__all__ = ["mid_price", "path_keys", "sell_along", "yield_of"]

Pools = Mapping[PoolKey, ConstantProductPool]


def path_keys(token_in: str, path: Iterable[Hop]) -> list[PoolKey]:
    """The pools of a path, in order."""
    keys, token = [], token_in
    for hop in path:
        keys.append(hop.key(token))
        token = hop.token_out
    return keys


def yield_of(pools: Pools, token_in: str, amount_in: int, path: Sequence[Hop]) -> int:
    """What `swapExactIn` pays out for this path; the pools' own refusals, UnknownPool, EmptyPath.

    A pool that comes twice is met the second time as the first visit left it.
    """
    return sell_along(pools, token_in, amount_in, path)[1]


def sell_along(
    pools: Pools, token_in: str, amount_in: int, path: Sequence[Hop]
) -> tuple[dict[PoolKey, ConstantProductPool], int]:
    """The pools of the path after the sale, and what it pays; refusals as of `yield_of`."""
    if not path:
        raise EmptyPath
    visited: dict[PoolKey, ConstantProductPool] = {}
    token, amount = token_in, amount_in
    for hop, key in zip(path, path_keys(token_in, path), strict=True):
        pool = visited.get(key) or pools.get(key)
        if pool is None:
            raise UnknownPool(key.id)
        visited[key], amount = pool.swap_exact_in(amount, token == key.token0)
        token = hop.token_out
    return visited, amount


def mid_price(pools: Pools, token_in: str, path: Sequence[Hop]) -> tuple[int, int]:
    """What an infinitely small sale would fetch after fees: raw units out, per raw units in."""
    numerator = denominator = 1
    token = token_in
    for hop, key in zip(path, path_keys(token_in, path), strict=True):
        pool = pools[key]
        reserves = pool.reserve0, pool.reserve1
        into, out = reserves if token == key.token0 else reserves[::-1]
        numerator *= out * (1_000_000 - pool.fee)
        denominator *= into * 1_000_000
        token = hop.token_out
    return numerator, denominator
