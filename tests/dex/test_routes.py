"""Paths: what they yield, pools that are met twice; and which pools there are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest

from defi_kit import reverts
from defi_kit.chain.hashing import to_address
from defi_kit.dex.arbitrage import optimal_arbitrage
from defi_kit.dex.catalogue import OVERLAP, PoolCatalogue
from defi_kit.dex.pool import Hop, Pool, PoolKey
from defi_kit.dex.router import best_path, best_purchase, best_split, cheapest_path
from defi_kit.dex.routes import mid_price, yield_of
from defi_kit.errors import AddressError, InputError, ParameterError

TOKENS = [f"0x{number:040x}" for number in range(1, 6)]
PAIRS = list(combinations(TOKENS, 2))


def test_a_pool_met_twice_is_met_as_the_first_visit_left_it() -> None:
    key = PoolKey(TOKENS[0], TOKENS[1], 3_000)
    pool = Pool(10**9, 10**9, 10**9)
    there_and_back = [key.hop(TOKENS[0]), key.hop(TOKENS[1])]
    after, there = pool.swap_exact_in(10**6, True)
    back = after.swap_exact_in(there, False).amount_out
    assert yield_of({key: pool}, TOKENS[0], 10**6, there_and_back) == back


def test_a_path_of_nothing_and_an_unknown_pool_are_refused() -> None:
    with pytest.raises(reverts.EmptyPath):
        yield_of({}, TOKENS[0], 1, [])
    with pytest.raises(reverts.UnknownPool) as refusal:
        yield_of({}, TOKENS[0], 1, [Hop(TOKENS[1], 3_000)])
    assert refusal.value.id == PoolKey(TOKENS[0], TOKENS[1], 3_000).id


def test_the_mid_price_is_after_fees() -> None:
    key = PoolKey(TOKENS[0], TOKENS[1], 100_000)
    pool = Pool(100, 300, 10**3, 100_000)
    price = mid_price({key: pool}, TOKENS[0], [key.hop(TOKENS[0])])
    assert price * 10 == 27  # 3 less a tenth


# --- the catalogue --------------------------------------------------------------------------------


class History:
    """A chain that creates pools, and can take blocks back."""

    def __init__(self) -> None:
        self.blocks: list[list[PoolKey]] = [[]]
        self.searched: list[tuple[int, int]] = []
        self.rewinds = 0

    def catalogue(self) -> PoolCatalogue:
        def created(first: int, last: int) -> list[tuple[PoolKey, int]]:
            self.searched.append((first, last))
            return [(key, block) for block in range(first, last + 1) for key in self.blocks[block]]

        def read(keys: Sequence[PoolKey], block: int | None) -> list[Pool | None]:
            known = {key for block in self.blocks for key in block}
            return [
                Pool(fee=key.fee, updated_at=1, id=key.id) if key in known else None for key in keys
            ]

        return PoolCatalogue(lambda: len(self.blocks) - 1, created, read, lambda: self.rewinds)


KEYS = [PoolKey(*pair, 3_000) for pair in PAIRS]


def test_only_new_blocks_are_searched() -> None:
    history = History()
    history.blocks += [[KEYS[0]], *([[]] * 1_000), [KEYS[1]]]
    catalogue = history.catalogue()
    assert catalogue.keys() == (KEYS[0], KEYS[1])
    history.blocks += [[KEYS[2]]]
    assert catalogue.keys() == (KEYS[0], KEYS[1], KEYS[2])
    assert history.searched == [(0, 1_002), (1_003 - OVERLAP, 1_003)]


def test_pools_that_the_chain_took_back_are_forgotten() -> None:
    history = History()
    history.blocks += [[KEYS[0]], [KEYS[1]]]
    catalogue = history.catalogue()
    assert catalogue.keys() == (KEYS[0], KEYS[1])
    history.blocks[2:] = [[KEYS[2]]]  # the same length, another history
    assert catalogue.keys() == (KEYS[0], KEYS[2])
    history.blocks[1:] = []
    assert catalogue.keys() == ()


def test_after_a_snapshot_everything_is_searched_however_many_blocks_came_since() -> None:
    history = History()
    history.blocks += [[KEYS[0]], *([[]] * 500)]
    catalogue = history.catalogue()
    assert catalogue.keys() == (KEYS[0],)
    history.blocks[100:] = [[KEYS[1]], *([[]] * 900)]
    history.rewinds += 1
    assert catalogue.keys() == (KEYS[0], KEYS[1])
    assert catalogue.keys() == (KEYS[0], KEYS[1])
    assert history.searched == [(0, 501), (0, 1_000), (1_001 - OVERLAP, 1_000)]


def test_a_pool_that_is_gone_makes_the_catalogue_search_again() -> None:
    history = History()
    history.blocks += [[KEYS[0]], *([[]] * 500)]
    catalogue = history.catalogue()
    assert catalogue.keys() == (KEYS[0],)
    history.blocks[1] = [KEYS[1]]
    assert catalogue.read(KEYS[:2]).keys() == {KEYS[1]}
    assert catalogue.keys() == (KEYS[1],)
    with pytest.raises(reverts.UnknownPool):
        catalogue.require(KEYS[0])


def test_who_searches_is_told_what_cannot_be_searched_for() -> None:
    a, b = (to_address(bytes([digit]) * 20) for digit in (0xAB, 0xCD))
    pools = {PoolKey.of(a, b, 3_000): Pool(10**18, 10**18, 10**18)}
    searches: list[Any] = [best_path, cheapest_path]
    splits: list[Any] = [best_split, best_purchase]
    arbitrage: Any = optimal_arbitrage
    for search in searches:
        for terms in ((-5,), (1.5,), (True,), (5, 1.5), (5, 0)):
            with pytest.raises(InputError):
                search(pools, a, b, *terms)
    for split in splits:
        for amount, parts in ((-5, 2), (1.5, 2), (5, 0), (5, 2.5)):
            with pytest.raises(InputError):
                split(pools, a, b, amount, max_parts=parts)
    for wrong in (a.lower(), "x"):
        with pytest.raises(AddressError):
            best_path(pools, wrong, b, 10**9)
    with pytest.raises(ParameterError, match="price"):
        arbitrage(next(iter(pools.values())), 2.5, 1)
    assert best_path(pools, a, b, 10**9)
