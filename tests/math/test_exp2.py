"""Powers of two: close to the true ones from below, and the same in Solidity."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import bindings
from defi_kit.chain import Chain
from defi_kit.math import exp2, log2

FRACTIONS = st.integers(0, 2**64 - 1)
EDGES = [0, 1, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1]


def exact(x: int) -> Decimal:
    """2**(x / 2**64) * 2**127, to 80 digits."""
    return (Decimal(2).ln() * x / 2**64).exp() * 2**127


@given(FRACTIONS)
def test_it_is_below_the_true_power_by_less_than_its_stated_error(x: int) -> None:
    with localcontext(prec=80):
        missing = exact(x) - exp2(x)
        assert 0 <= missing < exact(x) / 2**121


@pytest.mark.parametrize("x", EDGES)
def test_it_is_right_at_its_edges(x: int) -> None:
    test_it_is_below_the_true_power_by_less_than_its_stated_error.hypothesis.inner_test(x)
    assert 1 << 127 <= exp2(x) < 1 << 128


@given(FRACTIONS)
def test_it_undoes_the_logarithm(x: int) -> None:
    assert abs(log2(exp2(x)) - (127 << 64) - x) < 2 ** (64 - 45)


@given(FRACTIONS, FRACTIONS)
def test_more_is_never_less(x: int, y: int) -> None:
    assert exp2(min(x, y)) <= exp2(max(x, y))


@given(st.lists(FRACTIONS, max_size=50))
def test_solidity_and_python_agree(chain: Chain, numbers: list[int]) -> None:
    with chain.snapshot():
        harness = bindings.OracleMathHarness.deploy(chain)
        asked = EDGES + numbers
        assert list(harness.exp2s(asked)) == [exp2(x) for x in asked]
