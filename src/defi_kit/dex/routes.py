"""Paths through pools: which there are, what they yield, which yields most. Exact, on the twins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..errors import DefiKitError
from ..reverts import EmptyPath, UnknownPool
from .pool import ConstantProductPool, Hop, PoolKey

__all__ = ["best_path", "mid_price", "path_keys", "paths", "yield_of"]

Pools = Mapping[PoolKey, ConstantProductPool]


def paths(keys: Iterable[PoolKey], token_in: str, token_out: str) -> list[tuple[Hop, ...]]:
    """Every path of one or two pools from one token to another, the direct ones first."""
    listed = list(keys)
    direct = [(key.hop(token_in),) for key in _between(listed, token_in, token_out)]
    return direct + list(_two_hops(listed, token_in, token_out))


def _two_hops(keys: list[PoolKey], token_in: str, token_out: str) -> Iterator[tuple[Hop, Hop]]:
    for first in keys:
        if token_in not in first.tokens or token_out in first.tokens:
            continue
        middle = first.other(token_in)
        for second in _between(keys, middle, token_out):
            yield first.hop(token_in), second.hop(middle)


def _between(keys: Iterable[PoolKey], token_a: str, token_b: str) -> Iterator[PoolKey]:
    for key in keys:
        if token_a != token_b and token_a in key.tokens and token_b in key.tokens:
            yield key


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
    if not path:
        raise EmptyPath
    visited = dict(pools)
    token, amount = token_in, amount_in
    for hop, key in zip(path, path_keys(token_in, path), strict=True):
        if key not in visited:
            raise UnknownPool(key.id)
        visited[key], amount = visited[key].swap_exact_in(amount, token == key.token0)
        token = hop.token_out
    return amount


def best_path(
    pools: Pools, token_in: str, token_out: str, amount_in: int
) -> tuple[tuple[Hop, ...], int] | None:
    """The path of one or two pools that yields most, and what; the shorter one if equal.

    None when no path can carry the amount.
    """
    best: tuple[tuple[Hop, ...], int] | None = None
    for path in paths(pools, token_in, token_out):
        try:
            amount = yield_of(pools, token_in, amount_in, path)
        except DefiKitError:  # an empty pool, a full one, or one that would pay nothing
            continue
        if best is None or amount > best[1]:
            best = path, amount
    return best


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
