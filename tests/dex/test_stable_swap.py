"""StableSwap by itself: against its definition, Curve's own arithmetic, and X1, X5 to X9, X11."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.dex.curves import CONSTANT_PRODUCT, curve_of
from defi_kit.dex.pool import MAX_RESERVE, Pool
from defi_kit.dex.stable_swap import StableSwap, _least_invariant
from defi_kit.errors import ParameterError, Reverted
from dex.strategies import amplifications, magnitudes, stable_pools

WAY = st.booleans()
ONE = 10**18


# --- the definition -------------------------------------------------------------------------------


def carries(a: int, x: int, y: int, d: int) -> bool:
    """Whether D*(x, y) >= d, in the words of the paper: nothing but its equation."""
    return d**3 <= 4 * x * y * (a * (x + y) - (a - 1) * d)


def is_root(a: int, x: int, y: int, d: int) -> bool:
    return d**3 == 4 * x * y * (a * (x + y) - (a - 1) * d)


def least(limit: int, holds: object) -> int:
    """The smallest integer up to `limit` that has what all larger ones have, by halving."""
    assert callable(holds)
    low, high = 0, limit
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


@given(amplifications(), magnitudes(), magnitudes())
@example(1_000_000, MAX_RESERVE, MAX_RESERVE)
@example(1, MAX_RESERVE, 1)
@example(1_000_000, 1, 1)
@example(1, 8, 2)  # Newton, each step rounded up, ends one above it
def test_the_invariant_is_the_smallest_integer_not_below_the_root(
    amplification: int, x: int, y: int
) -> None:
    a, curve = 2 * amplification, StableSwap(amplification, 18, 18)
    found = curve.invariant(x, y)
    # The root is below d + 1 exactly when d + 1 is not carried.
    down = least(x + y, lambda d: not carries(a, x, y, d + 1))
    assert found == (down if is_root(a, x, y, down) else down + 1)
    assert not carries(a, x, y, found + 1)
    assert carries(a, x, y, found - 1)
    assert curve.invariant_down(x, y) == down
    assert curve.holds(x, y, found) == carries(a, x, y, found)


@given(amplifications(), magnitudes(), magnitudes(1, 2 * MAX_RESERVE))
@example(1_000_000, MAX_RESERVE, 2 * MAX_RESERVE)
@example(1, 1, 2)
def test_a_reserve_is_the_smallest_that_carries_the_invariant(
    amplification: int, x: int, d: int
) -> None:
    a = 2 * amplification
    found = StableSwap(amplification, 18, 18).reserve(x, d)
    assert found >= 1
    assert carries(a, x, found, d)
    assert not carries(a, x, found - 1, d)


@given(amplifications(), magnitudes(), magnitudes(), magnitudes())
def test_the_invariant_rises_with_either_reserve(
    amplification: int, x: int, y: int, more: int
) -> None:
    """X11."""
    curve = StableSwap(amplification, 18, 18)
    assert curve.invariant(x, y) <= curve.invariant(x + more, y)
    assert curve.invariant(x, y) <= curve.invariant(x, y + more)
    assert curve.invariant(x, y) == curve.invariant(y, x)


@given(amplifications(), magnitudes(), st.integers(1, 10**6))
def test_equal_reserves_are_worth_their_sum(amplification: int, x: int, times: int) -> None:
    curve = StableSwap(amplification, 18, 18)
    assert curve.invariant(x, x) == curve.invariant_down(x, x) == 2 * x
    assert curve.price(x, x, 2 * x) == 1
    assert curve.invariant_down(x * times, x * times) == 2 * x * times


# --- words ----------------------------------------------------------------------------------------


@given(amplifications(), st.integers(0, 24), st.integers(0, 24))
def test_a_word_names_one_curve(amplification: int, decimals0: int, decimals1: int) -> None:
    curve = StableSwap(amplification, decimals0, decimals1)
    assert StableSwap.parse(curve.word) == curve_of(curve.word) == curve
    assert {curve.scale0, curve.scale1} == {1, 10 ** abs(decimals0 - decimals1)}
    assert curve_of(0) is CONSTANT_PRODUCT


@pytest.mark.parametrize(
    "word", [1, 18 << 8 | 18, 1 << 16 | 25, 1 << 16 | 25 << 8, 1_000_001 << 16]
)
def test_a_word_that_names_no_curve_is_refused(word: int) -> None:
    with pytest.raises(reverts.UnknownCurve):
        curve_of(word)


@pytest.mark.parametrize("terms", [(0, 6, 18), (1_000_001, 6, 18), (100, 25, 6), (100, 6, -1)])
def test_parameters_out_of_bounds_are_refused(terms: tuple[int, int, int]) -> None:
    with pytest.raises(ParameterError):
        StableSwap(*terms)


# --- trades ---------------------------------------------------------------------------------------


def sold(pool: Pool, amount: int, zero_for_one: bool) -> int:
    """What a sale fetches; nothing where the pool refuses it."""
    try:
        return pool.amount_out(amount, zero_for_one)
    except Reverted:
        return 0


def carried(pool: Pool) -> tuple[StableSwap, int, int]:
    curve = pool.curve
    assert isinstance(curve, StableSwap)
    return curve, pool.reserve0 * curve.scale0, pool.reserve1 * curve.scale1


@given(stable_pools(), magnitudes(), WAY)
def test_a_trade_keeps_the_invariant_and_a_fee_raises_it(
    pool: Pool, amount: int, way: bool
) -> None:
    """X1."""
    out = sold(pool, amount, way)
    if not out:
        return
    after = pool.swap_exact_in(amount, way).pool
    curve, x, y = carried(pool)
    _, late_x, late_y = carried(after)
    assert curve.holds(late_x, late_y, curve.invariant(x, y))
    fine = 2**96
    if pool.fee:
        assert curve.invariant(late_x * fine, late_y * fine) > curve.invariant(x * fine, y * fine)


@given(stable_pools(), magnitudes(), WAY)
def test_there_and_back_loses(pool: Pool, amount: int, way: bool) -> None:
    """X5."""
    out = sold(pool, amount, way)
    if not out:
        return
    after = pool.swap_exact_in(amount, way).pool
    assert sold(after, out, not way) <= amount


@given(stable_pools(), magnitudes(), WAY)
def test_what_a_sale_fetches_costs_no_more_and_one_unit_less_buys_less(
    pool: Pool, amount: int, way: bool
) -> None:
    """X7."""
    out = sold(pool, amount, way)
    if not out:
        return
    cost = pool.amount_in(out, way)
    assert 0 < cost <= amount
    assert sold(pool, cost, way) >= out > sold(pool, cost - 1, way)


@given(stable_pools(), magnitudes(1, 2**40), magnitudes(1, 2**40), WAY)
def test_the_whole_beats_its_parts_and_more_is_more(
    pool: Pool, one: int, other: int, way: bool
) -> None:
    """X8 and X9."""
    reserve = pool.reserve0 if way else pool.reserve1
    one, other = (1 + (reserve * part >> 40) for part in (one, other))
    whole = sold(pool, one + other, way)
    first = sold(pool, one, way)
    if not (whole and first):
        return
    second = sold(pool.swap_exact_in(one, way).pool, other, way)
    assert first + second <= whole
    assert first <= whole


@given(stable_pools(), magnitudes(), WAY)
def test_a_purchase_that_no_pool_can_be_paid_for_is_refused(
    pool: Pool, amount: int, way: bool
) -> None:
    """X12: down to the last unit, by name, never by a failure of arithmetic."""
    reserve = pool.reserve1 if way else pool.reserve0
    for wanted in {1, reserve // 2, reserve - 1, reserve, amount}:
        try:
            bought = pool.swap_exact_out(wanted, way)
        except (reverts.ReserveOverflow, reverts.InsufficientLiquidity, reverts.ZeroAmount):
            continue
        assert sold(pool, bought.amount_in, way) >= wanted


def test_a_pool_that_cannot_be_paid_so_much_says_so() -> None:
    pool = Pool(10**9, 10**9, 10**9, 0, curve=StableSwap(1, 6, 6))
    with pytest.raises(reverts.InsufficientLiquidity) as empty:
        pool.amount_in(10**9, True)
    assert empty.value.args == (0, 10**9, 10**9)
    full = Pool(2**111, 2**111, 10**9, 0, curve=StableSwap(1, 6, 6))
    with pytest.raises(reverts.ReserveOverflow) as overflow:
        full.amount_in(2**111 - 1, True)
    assert overflow.value.args == (2**111, 2**256 - 1, MAX_RESERVE)
    assert full.amount_in(2**100, True) < MAX_RESERVE - 2**111


def test_a_reserve_has_112_bits_in_the_finer_decimals() -> None:
    curve = StableSwap(100, 6, 18)
    limit = MAX_RESERVE // 10**12
    assert curve.limits == (limit, MAX_RESERVE)
    pool = Pool(limit - 5, 10**30, 10**18, 0, curve=curve)
    assert pool.amount_out(5, True)
    with pytest.raises(reverts.ReserveOverflow) as refusal:
        pool.amount_out(6, True)
    assert refusal.value.args == (limit - 5, 6, limit)
    with pytest.raises(reverts.ReserveOverflow):
        Pool(curve=curve).add_liquidity(limit + 1, ONE)


def test_flat_in_the_middle_and_steep_at_the_ends() -> None:
    balanced = Pool(10**12, 10**24, 1, 0, curve=StableSwap(200, 6, 18))
    assert balanced.amount_out(10**11, True) > 10**23 * 999 // 1000
    product = Pool(10**12, 10**24, 1, 0)
    assert product.amount_out(10**11, True) < 10**23 * 91 // 100
    tilted = Pool(10**12, 10**21, 1, 0, curve=StableSwap(200, 6, 18))
    assert tilted.amount_out(10**10, True) < 10**22 * 5 // 100


@given(amplifications(), *[magnitudes(10**24, 2**90)] * 2, WAY)
def test_a_small_sale_fetches_the_marginal_price(
    amplification: int, reserve0: int, reserve1: int, way: bool
) -> None:
    pool = Pool(reserve0, reserve1, 1, 0, curve=StableSwap(amplification, 18, 18))
    into = reserve0 if way else reserve1
    price = pool.marginal(0, way)
    amount = into // 10**9
    fetched = Fraction(sold(pool, amount, way), amount)
    assert fetched <= price * (1 + Fraction(1, 10**12)) + Fraction(1, amount)
    late = pool.marginal(amount, way)
    assert late <= price
    assert fetched >= late * (1 - Fraction(1, 10**12)) - Fraction(2, amount)
    spot = 2 ** (pool.log_price / 2**64 - 128)
    direct = price if way else 1 / price
    assert spot == pytest.approx(float(direct), rel=1e-9)


# --- liquidity with one token ---------------------------------------------------------------------


@given(st.one_of(stable_pools(), stable_pools(fees=(0,))), magnitudes(), WAY, WAY)
def test_one_token_in_and_out_is_no_cheaper_than_the_sale_it_is(
    pool: Pool, amount: int, way: bool, same: bool
) -> None:
    """X6."""
    try:
        entry = pool.add_liquidity_one_sided(amount, way)
        out = entry.pool.remove_liquidity_one_sided(entry.shares, not way if same else way)
    except Reverted:
        return
    paid = entry.amount_in
    assert paid <= amount
    assert min(entry.sold, entry.bought, entry.shares) > 0
    got = (out.amount0 if way is same else out.amount1) + out.bought
    if same:
        assert got <= paid
    else:
        whole = sold(pool, paid, way)
        assert not whole or got <= whole


@pytest.mark.parametrize("curve", [CONSTANT_PRODUCT, StableSwap(100, 18, 18)])
@pytest.mark.parametrize("part", [10**3, 10**6, 10**9])
def test_one_token_in_leaves_hardly_anything_unused(curve: StableSwap, part: int) -> None:
    pool = Pool(10**27, 2 * 10**27, 10**27, 3_000, curve=curve)
    amount = 10**27 // part * 10
    entry = pool.add_liquidity_one_sided(amount, True)
    assert amount * 99 // 100 < entry.amount_in <= amount


# --- Curve's own arithmetic -----------------------------------------------------------------------


@given(amplifications(), magnitudes(10**6, 2**100), st.fractions(Fraction(1, 10), 10), WAY)
def test_it_pays_what_curves_contracts_pay_to_within_their_rounding(
    amplification: int, x: int, skew: Fraction, way: bool
) -> None:
    """Curve's solvers stop when a step moves by one unit at most, and take one off the result."""
    y = max(10**6, int(x * skew))
    amount = x // 10 + 1
    pool = Pool(x, y, 1, 0, curve=StableSwap(amplification, 18, 18))
    if not way:
        pool = Pool(y, x, 1, 0, curve=pool.curve)
    ours, theirs = sold(pool, amount, way), curve_exchange(2 * amplification, x, y, amount)
    assert abs(ours - theirs) <= 3


@pytest.mark.parametrize(
    ("amplification", "decimals", "reserves", "amount", "theirs"),
    [
        (500, (8, 18), (560367371545, 1402644382482745786368), 6708376583, 66674373126956760451),
        (
            2000,
            (18, 6),
            (3085703845823142344785920, 450599910707),
            3477504005275396866049,
            3464369670,
        ),
        (1, (6, 6), (20628036537757, 3582625345382), 727083176, 248148009),
        (1, (6, 18), (999747400365, 1555445151140380472770560), 77992101, 97667074765134735761),
        (1, (6, 6), (135603574782, 143578791114), 4256770818, 4313429764),
        (10, (6, 18), (1839560991, 331721019445568143360), 87421038, 58066503680719199780),
        (
            2000,
            (8, 18),
            (1635137540433, 3569421852839565066240),
            195219442633,
            1944056259141224625216,
        ),
    ],
)
def test_it_pays_what_curvesim_pays(
    amplification: int,
    decimals: tuple[int, int],
    reserves: tuple[int, int],
    amount: int,
    theirs: int,
) -> None:
    """Results of curvesim 0.5.0's `CurvePool.exchange` without fee; it may be off by two units."""
    curve = StableSwap(amplification, *decimals)
    assert abs(curve.amount_out(amount, *reserves, 0, True) - theirs) <= 2


def curve_exchange(ann: int, x: int, y: int, amount: int) -> int:
    """What the published algorithm gives for two coins of 18 decimals without fee."""
    d = previous = x + y
    for _ in range(255):
        part = d * d // (2 * x) * d // (2 * y)
        previous, d = d, (ann * (x + y) + 2 * part) * d // ((ann - 1) * d + 3 * part)
        if abs(d - previous) <= 1:
            break
    into = x + amount
    c = d * d // (2 * into) * d // (2 * ann)
    b = into + d // ann
    out = d
    for _ in range(255):
        previous, out = out, (out * out + c) // (2 * out + b - d)
        if abs(out - previous) <= 1:
            break
    return y - out - 1


def test_the_fee_is_taken_in_pips_of_what_comes_in() -> None:
    curve = StableSwap(100, 18, 18)
    free, dear = (Pool(10**24, 10**24, 1, fee, curve=curve) for fee in (0, 100_000))
    assert dear.amount_out(10**20, True) == free.amount_out(9 * 10**19, True)


@given(stable_pools(), WAY)
def test_a_swap_with_its_price_on_record_works_the_invariant_out_once(
    pool: Pool, zero_for_one: bool
) -> None:
    """It is the dearest step, and the price before a trade is of the same reserves."""
    _least_invariant.cache_clear()
    pool._traded(0, 0, zero_for_one, pool.updated_at + 1)
    pool.curve.amount_out(1, *pool._ordered(zero_for_one), pool.fee, zero_for_one)
    assert _least_invariant.cache_info().misses == 1
