"""The router: against every path there is, every split on a grid, and the dual bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import combinations, pairwise, permutations
from math import isqrt
from random import Random
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from defi_kit.dex.curves import curve_of
from defi_kit.dex.exchange import ExchangeState
from defi_kit.dex.neighbours import PoolGraph
from defi_kit.dex.pool import MAX_RESERVE, PIPS, Hop, Pool, PoolKey
from defi_kit.dex.router import (
    Part,
    best_path,
    best_purchase,
    best_split,
    cheapest_path,
    useful_pools,
)
from defi_kit.dex.routes import Pools, buy_along, cost_of, path_keys, sell_along, yield_of
from defi_kit.dex.split import FEW
from defi_kit.dex.stable_swap import StableSwap
from defi_kit.errors import ParameterError, Reverted
from defi_kit.reverts import ReserveOverflow
from dex.strategies import FEES, magnitudes, pools, stable_pools

TOKENS = [f"0x{number:040x}" for number in range(1, 13)]
IN, OUT = TOKENS[:2]


def every_path(
    keys: Sequence[PoolKey], token: str, hops: int, seen: tuple[str, ...] = ()
) -> Iterator[tuple[Hop, ...]]:
    """All paths to OUT that visit no token twice, by plain recursion."""
    if token == OUT:
        yield ()
        return
    for key in keys if hops else ():
        if token in key.tokens and key.other(token) not in (*seen, token):
            for rest in every_path(keys, key.other(token), hops - 1, (*seen, token)):
                yield (key.hop(token), *rest)


def executed(market: Pools, parts: Sequence[tuple[Sequence[Hop], int]]) -> list[int]:
    """What the parts pay one after the other; a refused part pays nothing."""
    now, paid = dict(market), []
    for path, amount in parts:
        try:
            changed, amounts = sell_along(now, IN, amount, path)
        except Reverted:
            changed, amounts = {}, [0]
        now |= changed
        paid.append(amounts[-1])
    return paid


@st.composite
def markets(draw: st.DrawFn, tokens: int = 12) -> dict[PoolKey, Pool]:
    """Some pools of either curve, of any size and state, some of them empty."""
    pairs = list(combinations(TOKENS[: draw(st.integers(3, tokens))], 2))
    chosen = draw(
        st.lists(st.tuples(st.sampled_from(pairs), st.sampled_from(FEES)), unique=True, max_size=9)
    )
    market = {}
    for pair, fee in chosen:
        pool = draw(st.one_of(pools((fee,)), stable_pools((fee,)), st.just(Pool(fee=fee))))
        market[PoolKey(*pair, fee, pool.curve.word)] = pool
    return market


@st.composite
def fair_markets(draw: st.DrawFn, tokens: int = 12, most: int = 7) -> dict[PoolKey, Pool]:
    """Pools of 1e5 to 1e8 dollars a side near one price, of tokens of 6, 8 and 18 decimals.

    Where both tokens are worth the same, some are on StableSwap, and less in balance.
    """
    count = draw(st.integers(3, tokens))
    decimals = draw(st.lists(st.sampled_from([6, 8, 18]), min_size=count, max_size=count))
    prices = draw(st.lists(st.sampled_from([1, 1, 30, 500]), min_size=count, max_size=count))
    pairs = list(combinations(range(count), 2))
    near = [pair for pair in pairs if pair[0] < 2 or pair[1] < 4]  # that paths may go through
    chosen = draw(
        st.lists(
            st.tuples(st.sampled_from([*near, *pairs]), st.sampled_from([100, 500, 3_000, 10_000])),
            unique=True,
            max_size=most,
        )
    )
    chosen += [((0, 2), 500), ((1, 2), 500)]  # one way at least
    market = {}
    for (first, second), fee in dict.fromkeys(chosen):
        cents, off = draw(magnitudes(10**7, 10**10)), draw(st.integers(990, 1_010))
        curve = 0
        if prices[first] == prices[second] and draw(st.booleans()):
            amplification = draw(st.sampled_from([20, 200, 2_000]))
            curve = StableSwap(amplification, decimals[first], decimals[second]).word
            off = draw(st.integers(700, 1_300))
        reserve0 = cents * 10 ** decimals[first] // (100 * prices[first])
        reserve1 = cents * off * 10 ** decimals[second] // (10**5 * prices[second])
        key = PoolKey(TOKENS[first], TOKENS[second], fee, curve)
        market[key] = Pool(
            reserve0, reserve1, isqrt(reserve0 * reserve1), fee, curve=curve_of(curve)
        )
    return market


# --- one path -------------------------------------------------------------------------------------


@given(markets(), magnitudes(1, MAX_RESERVE), st.integers(1, 4))
def test_the_best_path_is_the_best_of_all(
    market: dict[PoolKey, Pool], amount: int, hops: int
) -> None:
    yields = {}
    for path in every_path(list(market), IN, hops):
        try:
            yields[path] = yield_of(market, IN, amount, path)
        except Reverted:
            continue
    found = best_path(market, IN, OUT, amount, hops)
    if not yields:
        assert found is None
        return
    assert found is not None
    path, out = found
    assert out == yields[path] == max(yields.values())
    assert len(path) == min(len(other) for other, paid in yields.items() if paid == out)


def test_less_goes_further_where_more_does_not_fit() -> None:
    first, second = PoolKey(IN, TOKENS[2], 0), PoolKey(IN, TOKENS[2], 500)
    last = PoolKey(OUT, TOKENS[2], 0)
    room = 10**6
    market = {
        first: Pool(10**9, 2 * 10**9, 10**9, 0),
        second: Pool(10**9, 10**9, 10**9, 500),
        last: Pool(10**30, MAX_RESERVE - room, 10**30, 0),
    }
    amount = room * 9 // 10
    with pytest.raises(Reverted):
        yield_of(market, IN, amount, [first.hop(IN), last.hop(TOKENS[2])])
    found = best_path(market, IN, OUT, amount)
    assert found is not None
    assert path_keys(IN, found[0]) == [second, last]


@given(markets(), st.integers(1, 4))
def test_useful_pools_are_those_that_some_path_needs(
    market: dict[PoolKey, Pool], hops: int
) -> None:
    needed = {key for path in every_path(list(market), IN, hops) for key in path_keys(IN, path)}
    useful = useful_pools(market, IN, OUT, hops)
    assert needed <= set(useful)
    assert useful == [key for key in market if key in useful]
    if not needed:
        assert best_path(market, IN, OUT, 10**6, hops) is None


@given(markets(), st.integers(1, 4), st.data())
def test_a_graph_that_pools_join_and_leave_is_as_one_made_of_those_that_stay(
    market: dict[PoolKey, Pool], hops: int, data: st.DataObject
) -> None:
    graph = PoolGraph(market)
    graph.between(IN, OUT, hops)
    gone = data.draw(st.lists(st.sampled_from([*market]), unique=True)) if market else []
    for key in gone:
        graph.remove(key)
    stay = [key for key in market if key not in gone]
    assert graph.between(IN, OUT, hops) == useful_pools(stay, IN, OUT, hops)
    for key in gone:
        graph.add(key)
    assert graph.between(IN, OUT, hops) == useful_pools([*stay, *gone], IN, OUT, hops)


def test_tokens_that_lead_nowhere_else_are_left_out() -> None:
    hub, here, there, *others = TOKENS
    spokes = [PoolKey.of(hub, token, 500) for token in (here, there, *others)]
    tail = PoolKey.of(others[0], others[1], 3_000)  # a circle by way of the hub
    graph = PoolGraph(spokes)
    assert graph.between(here, there, 9) == spokes[:2]
    assert graph.between(hub, here, 9) == spokes[:1]
    graph.add(tail)
    assert graph.between(here, hub, 9) == spokes[:1]
    assert graph.between(others[0], hub, 2) == [spokes[2], spokes[3], tail]


def test_a_token_is_not_sold_for_itself_and_a_path_has_a_pool() -> None:
    keys = [PoolKey(*pair, 500) for pair in combinations(TOKENS[:3], 2)]
    market = {key: Pool(10**9, 10**9, 10**9, 500) for key in keys}
    assert useful_pools(keys, IN, IN) == []
    assert best_path(market, IN, IN, 10**6) is None
    assert best_split(market, IN, IN, 10**6) is None
    with pytest.raises(ParameterError):
        best_path(market, IN, OUT, 10**6, 0)
    with pytest.raises(ParameterError):
        best_split(market, IN, OUT, 10**6, max_parts=0)
    with pytest.raises(ParameterError):
        best_split(market, IN, OUT, 10**6, worth=0)


# --- several paths --------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.one_of(markets(), fair_markets()), magnitudes(1, 2**80), st.integers(1, 4))
def test_a_split_pays_what_it_promises_and_no_less_than_one_path(
    market: dict[PoolKey, Pool], amount: int, max_parts: int
) -> None:
    single = best_path(market, IN, OUT, amount)
    parts = best_split(market, IN, OUT, amount, max_parts=max_parts)
    assert (parts is None) == (single is None)
    if parts is None or single is None:
        return
    assert 1 <= len(parts) <= max_parts
    assert len({part.path for part in parts}) == len(parts)
    assert sum(part.amount_in for part in parts) == amount
    # On the twin of the whole contract, which refuses a part that pays nothing.
    state = ExchangeState(pools=market)
    for part in parts:
        state, out = state.swap_exact_in(
            IN, part.amount_in, part.path, part.amount_out, to="0x" + "a" * 40, now=1
        )
        assert out == part.amount_out
    assert sum(part.amount_out for part in parts) >= single[1]
    if max_parts == 1:
        assert parts == (Part(*single[:1], amount, single[1]),)


GRID = 6


@settings(max_examples=60)
@given(fair_markets(), st.integers(10**3, 10**5), st.integers(2, 3))
def test_no_split_on_a_grid_is_better(
    market: dict[PoolKey, Pool], share: int, max_parts: int
) -> None:
    """All orders of all sets of paths, in all sixths of the sale, 1 % to 100 % of what is held.

    However many more paths there are than parts. A ten thousandth is for what rounding costs.
    """
    found = list(every_path(list(market), IN, 3))
    amount = _held(market) * share // 10**5
    if len(found) > 9:
        return
    best = 0
    for count in range(1, max_parts + 1):
        for paths in permutations(found, count):
            for cuts in combinations(range(1, GRID), count - 1):
                ends = [amount * cut // GRID for cut in (0, *cuts, GRID)]
                sales = [end - start for start, end in pairwise(ends)]
                best = max(best, sum(executed(market, list(zip(paths, sales, strict=True)))))
    parts = best_split(market, IN, OUT, amount, max_parts=max_parts)
    assert sum(part.amount_out for part in parts or ()) * 10_000 >= best * 9_999


def _held(market: Pools) -> int:
    """What the pools hold of the token sold."""
    return sum(pool.reserve0 for key, pool in market.items() if key.token0 == IN)


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.integers(1, 300), st.sampled_from(FEES), st.booleans()),
        min_size=2,
        max_size=2,
        unique_by=lambda drawn: drawn[2],
    ),
    st.integers(1, FEW),
)
def test_few_units_over_two_pools_are_divided_as_well_as_can_be(
    drawn: list[tuple[int, int, int, bool]], amount: int
) -> None:
    market = {}
    for reserve0, reserve1, fee, stable in drawn:
        curve = StableSwap(20, 6, 6).word if stable else 0
        market[PoolKey(IN, OUT, fee, curve)] = Pool(
            reserve0, reserve1, 10, fee, curve=curve_of(curve)
        )
    ways = [[key.hop(IN)] for key in market]
    parts = best_split(market, IN, OUT, amount)
    if parts is not None:
        best = max(
            sum(executed(market, list(zip(ways, (first, amount - first), strict=True))))
            for first in range(amount + 1)
        )
        assert sum(part.amount_out for part in parts) == best


def test_a_large_market_is_routed_at_once() -> None:
    """Twelve tokens, thirty pools: 30 ms on a desk computer."""
    keys = [PoolKey(*pair, 500) for pair in combinations(TOKENS, 2)]
    drawn = Random(12)
    market = {}
    for key in [keys[0], *drawn.sample(keys[1:], 29)]:
        reserve0, reserve1 = (int(10**20 * drawn.uniform(0.99, 1.01)) for _ in range(2))
        market[key] = Pool(reserve0, reserve1, 10**20, 500)
    started = process_time()
    parts = best_split(market, IN, OUT, 10**20)
    assert process_time() - started < 0.5
    assert parts is not None
    assert len(parts) == 4


@given(
    st.lists(
        st.tuples(magnitudes(10**9, 10**30), magnitudes(10**9, 10**30), st.sampled_from(FEES)),
        min_size=2,
        max_size=4,
        unique_by=lambda drawn: drawn[2],
    ),
    magnitudes(10**4, 10**30),
)
@example([(10**18, 10**18, 500), (10**18, 10**18, 3_000)], 10**17)
def test_no_split_over_parallel_pools_is_better_at_all(
    drawn: list[tuple[int, int, int]], amount: int
) -> None:
    """By weak duality: at any price p, no split pays more than p * sale + what each pool gives
    somebody who buys the sold token at p. The least of these bounds is where the split is best."""
    market = {
        PoolKey(IN, OUT, fee): Pool(reserve0, reserve1, 10**3, fee)
        for reserve0, reserve1, fee in drawn
    }
    parts = best_split(market, IN, OUT, amount)
    if parts is None:  # too little to be paid for at all
        return
    paid = sum(part.amount_out for part in parts)
    slack = paid // 10**6 + 2 * len(market)
    bounds = []
    for part in parts:  # the price at the margin, after each part
        (key,) = path_keys(IN, part.path)
        pool, into = market[key], part.amount_in
        kept = Fraction(PIPS - key.fee, PIPS)
        price = kept * pool.reserve0 * pool.reserve1 / (pool.reserve0 + kept * into) ** 2
        bounds.append(amount * price + sum(_profit(one, price) for one in market.values()))
    assert min(bounds) <= paid + slack


def _profit(pool: Pool, price: Fraction) -> Fraction:
    """The most that out(x) - price * x can be, from above: the curve without rounding."""
    kept = Fraction(PIPS - pool.fee, PIPS)
    # At the best x, (reserve0 + kept x)^2 = kept * reserve0 * reserve1 / price.
    square = kept * pool.reserve0 * pool.reserve1 / price
    scale = 2**64
    root = Fraction(isqrt(int(square * scale * scale)) + 1, scale)
    if root <= pool.reserve0:
        return Fraction(0)
    low = root - Fraction(1, scale)
    into = (low - pool.reserve0) / kept
    return pool.reserve1 * (root - pool.reserve0) / root - price * into


def test_equal_pools_share_equally() -> None:
    market = {
        PoolKey(IN, OUT, fee): Pool(10**24, 10**24, 10**24, 0)
        for fee in (500, 600, 700)  # names only: the twins charge nothing
    }
    parts = best_split(market, IN, OUT, 3 * 10**23)
    assert parts is not None
    assert len(parts) == 3
    assert all(abs(part.amount_in - 10**23) < 10**19 for part in parts)


def test_a_part_that_is_not_worth_a_transaction_is_left_out() -> None:
    market = {
        PoolKey(IN, OUT, 500): Pool(10**24, 10**24, 10**24, 500),
        PoolKey(IN, OUT, 3_000): Pool(10**24, 10**24, 10**24, 3_000),
    }
    amount = 10**23
    both = best_split(market, IN, OUT, amount)
    single = best_path(market, IN, OUT, amount)
    assert both is not None
    assert single is not None
    gain = sum(part.amount_out for part in both) - single[1]
    assert len(both) == 2
    assert len(best_split(market, IN, OUT, amount, worth=gain * 9 // 10) or ()) == 2
    assert len(best_split(market, IN, OUT, amount, worth=gain * 11 // 10) or ()) == 1


def test_paths_may_share_a_pool_and_say_so_in_what_they_promise() -> None:
    """IN reaches the middle by two pools, and from there there is one way only."""
    ways = [PoolKey(IN, TOKENS[2], fee) for fee in (100, 500)]
    last = PoolKey(OUT, TOKENS[2], 500)
    market = {key: Pool(10**24, 10**24, 10**24, key.fee) for key in (*ways, last)}
    parts = best_split(market, IN, OUT, 10**23)
    assert parts is not None
    assert {path_keys(IN, part.path)[0] for part in parts} == set(ways)
    assert {path_keys(IN, part.path)[1] for part in parts} == {last}
    promised = [part.amount_out for part in parts]
    assert executed(market, [(part.path, part.amount_in) for part in parts]) == promised
    alone = yield_of(market, IN, parts[1].amount_in, parts[1].path)
    assert promised[1] < alone


# --- purchases ------------------------------------------------------------------------------------


@given(markets(), magnitudes(1, MAX_RESERVE), st.integers(1, 4))
def test_the_cheapest_path_is_the_cheapest_of_all(
    market: dict[PoolKey, Pool], amount: int, hops: int
) -> None:
    costs = {}
    for path in every_path(list(market), IN, hops):
        try:
            costs[path] = cost_of(market, IN, path, amount)
        except Reverted:
            continue
    found = cheapest_path(market, IN, OUT, amount, hops)
    if not costs:
        assert found is None
        return
    assert found is not None
    path, cost = found
    assert cost == costs[path] == min(costs.values())
    # Sold forwards, each hop may yield more than the next needs: in full pools that has no room.
    with suppress(ReserveOverflow):
        assert yield_of(market, IN, cost, path) >= amount


@settings(max_examples=30)
@given(fair_markets(), st.integers(10**2, 10**5), st.integers(1, 4))
def test_a_purchase_in_parts_buys_exactly_and_costs_no_more(
    market: dict[PoolKey, Pool], dollars: int, max_parts: int
) -> None:
    amount = sum(pool.reserve1 for key, pool in market.items() if key.token1 == OUT)
    amount = max(1, amount * dollars // 10**6)
    single = cheapest_path(market, IN, OUT, amount)
    parts = best_purchase(market, IN, OUT, amount, max_parts=max_parts)
    assert (parts is None) == (single is None)
    if parts is None or single is None:
        return
    assert 1 <= len(parts) <= max_parts
    assert sum(part.amount_out for part in parts) == amount
    assert sum(part.amount_in for part in parts) <= single[1]
    state = ExchangeState(pools=market)
    for part in parts:
        state, cost = state.swap_exact_out(
            IN, part.amount_in, part.path, part.amount_out, to="0x" + "a" * 40, now=1
        )
        assert cost == part.amount_in


@settings(max_examples=40)
@given(fair_markets(most=5), st.integers(10**3, 4 * 10**4))
def test_no_purchase_on_a_grid_is_cheaper(market: dict[PoolKey, Pool], share: int) -> None:
    """All orders of all pairs of paths, in all twelfths of what is bought."""
    found = list(every_path(list(market), IN, 3))
    held = sum(pool.reserve1 for key, pool in market.items() if key.token1 == OUT)
    amount = held * share // 10**5
    costs = []
    for first, second in permutations([*found, ()], 2):
        for twelfths in range(1, 13):
            bought = amount * twelfths // 12
            cost = _paid(market, [(first, bought), (second, amount - bought)])
            costs += [] if cost is None else [cost]
    parts = best_purchase(market, IN, OUT, amount, max_parts=2)
    if parts is not None:
        assert sum(part.amount_in for part in parts) * 10_000 <= min(costs) * 10_001


def _paid(market: Pools, parts: Sequence[tuple[Sequence[Hop], int]]) -> int | None:
    """What the purchases cost one after the other; None where one is refused."""
    now, paid = dict(market), 0
    for path, amount in parts:
        if amount:
            try:
                changed, amounts = buy_along(now, IN, path, amount)
            except Reverted:
                return None
            now |= changed
            paid += amounts[0]
    return paid
