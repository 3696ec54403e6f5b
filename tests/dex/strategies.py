"""Numbers for exchanges: amounts of every magnitude, and pools from drained to full."""

from __future__ import annotations

from math import isqrt

from hypothesis import strategies as st

from defi_kit.dex.pool import LOCKED_SHARES, MAX_RESERVE, Pool
from defi_kit.dex.stable_swap import MAX_AMPLIFICATION, StableSwap

FEES = (0, 1, 500, 3_000, 10_000, 100_000)
DIGITS = (0, 6, 8, 18, 24)


def magnitudes(low: int = 1, high: int = MAX_RESERVE) -> st.SearchStrategy[int]:
    """Integers of which every order of magnitude is as likely as the next, and both ends."""
    bits = st.integers(low.bit_length(), high.bit_length())
    spread = bits.flatmap(lambda n: st.integers(max(low, 1 << n >> 1), min(high, (1 << n) - 1)))
    return st.one_of(spread, st.sampled_from([low, high]))


@st.composite
def pools(draw: st.DrawFn, fees: tuple[int, ...] = FEES) -> Pool:
    """A pool that trading can have led to: `supply` is at most the root of the product."""
    reserve0, reserve1 = draw(magnitudes()), draw(magnitudes())
    root = isqrt(reserve0 * reserve1)
    if root < LOCKED_SHARES:  # no pool starts so small; it can only have been drained to it
        reserve0, reserve1 = reserve0 + LOCKED_SHARES, reserve1 + LOCKED_SHARES
        root = isqrt(reserve0 * reserve1)
    supply = draw(magnitudes(LOCKED_SHARES, root))
    return Pool(reserve0, reserve1, supply, draw(st.sampled_from(fees)))


def amplifications() -> st.SearchStrategy[int]:
    """Of every magnitude, the usual ones and both ends."""
    return st.one_of(magnitudes(1, MAX_AMPLIFICATION), st.sampled_from([1, 100, 2_000]))


@st.composite
def stable_pools(draw: st.DrawFn, fees: tuple[int, ...] = FEES) -> Pool:
    """A pool on StableSwap, of tokens of any decimals, from drained to full."""
    curve = StableSwap(draw(amplifications()), *(draw(st.sampled_from(DIGITS)) for _ in range(2)))
    reserves = [draw(magnitudes(1, limit)) for limit in curve.limits]
    return Pool(*reserves, 10**6, draw(st.sampled_from(fees)), curve=curve)
