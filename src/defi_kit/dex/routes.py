"""A path through pools: which they are, what it yields, costs, at which price. Exact, on twins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final

from ..reverts import EmptyPath, RepeatedPool, UnknownPool
from .pool import Hop, Pool, PoolKey

__all__ = [
    "ETHER",
    "Pools",
    "buy_along",
    "cost_of",
    "mid_price",
    "path_keys",
    "sell_along",
    "yield_of",
]

ETHER: Final = "0x" + "0" * 40
"""The zero address: names ether where a trader says what to pay in or to get."""

Pools = Mapping[PoolKey, Pool]


def path_keys(token_in: str, path: Iterable[Hop], weth: str = ETHER) -> list[PoolKey]:
    """The pools of a path, in order. A hop to ether goes to wrapped ether; from it none goes on."""
    keys, token = [], weth if token_in == ETHER else token_in
    for hop in path:
        named = hop._replace(token_out=weth) if hop.token_out == ETHER else hop
        keys.append(named.key(token))
        token = hop.token_out
    return keys


def yield_of(
    pools: Pools, token_in: str, amount_in: int, path: Sequence[Hop], weth: str = ETHER
) -> int:
    """What `swapExactIn` pays out for this path; the pools' own refusals, UnknownPool, EmptyPath.

    A pool that comes twice is met the second time as the first visit left it.
    """
    return sell_along(pools, token_in, amount_in, path, weth)[1][-1]


def cost_of(
    pools: Pools, token_in: str, path: Sequence[Hop], amount_out: int, weth: str = ETHER
) -> int:
    """What `swapExactOut` asks for this path; refusals as of `buy_along`."""
    return buy_along(pools, token_in, path, amount_out, weth)[1][0]


def sell_along(
    pools: Pools,
    token_in: str,
    amount_in: int,
    path: Sequence[Hop],
    weth: str = ETHER,
    now: int | None = None,
) -> tuple[dict[PoolKey, Pool], list[int]]:
    """The pools of the path after the sale, and the amounts: what is sold to each, what comes out.

    Refusals as of `yield_of`.
    """
    if not path:
        raise EmptyPath
    visited: dict[PoolKey, Pool] = {}
    token, amounts = weth if token_in == ETHER else token_in, [amount_in]
    for hop, key in zip(path, path_keys(token_in, path, weth), strict=True):
        pool = visited.get(key) or pools.get(key)
        if pool is None:
            raise UnknownPool(key.id)
        visited[key], amount = pool.swap_exact_in(amounts[-1], token == key.token0, now=now)
        amounts.append(amount)
        token = hop.token_out
    return visited, amounts


def buy_along(
    pools: Pools,
    token_in: str,
    path: Sequence[Hop],
    amount_out: int,
    weth: str = ETHER,
    now: int | None = None,
) -> tuple[dict[PoolKey, Pool], list[int]]:
    """The pools of the path after the purchase, and the amounts: what each costs, what comes out.

    The last hop is bought first, then what it costs one hop before, and so on. RepeatedPool when a
    pool comes twice; else the pools' own refusals, UnknownPool, EmptyPath.
    """
    if not path:
        raise EmptyPath
    keys = path_keys(token_in, path, weth)
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise RepeatedPool(key.id)
    tokens = [weth if token_in == ETHER else token_in, *(hop.token_out for hop in path[:-1])]
    visited: dict[PoolKey, Pool] = {}
    amounts = [amount_out]
    for token, key in zip(reversed(tokens), reversed(keys), strict=True):
        pool = pools.get(key)
        if pool is None:
            raise UnknownPool(key.id)
        visited[key], amount = pool.swap_exact_out(amounts[-1], token == key.token0, now=now)
        amounts.append(amount)
    return visited, amounts[::-1]


def mid_price(pools: Pools, token_in: str, path: Sequence[Hop], weth: str = ETHER) -> Fraction:
    """What an infinitely small sale would fetch after fees: raw units out for a raw unit in."""
    price = Fraction(1)
    token = weth if token_in == ETHER else token_in
    for hop, key in zip(path, path_keys(token_in, path, weth), strict=True):
        price *= pools[key].marginal(0, token == key.token0)
        token = hop.token_out
    return price
