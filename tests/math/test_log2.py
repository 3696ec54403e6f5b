"""The logarithm to base 2: close to the true one, and the same in Solidity."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import bindings
from defi_kit.chain import Chain
from defi_kit.math import log2

NUMBERS = st.integers(0, 255).flatmap(lambda bits: st.integers(1 << bits, (2 << bits) - 1))


@pytest.mark.parametrize("power", [0, 1, 31, 127, 128, 129, 255])
def test_powers_of_two_are_their_exponents(power: int) -> None:
    assert round(log2(1 << power) / 2**64, 12) == power


@pytest.mark.parametrize("power", [1, 31, 127, 128, 129, 255])
def test_it_does_not_step_back_where_a_digit_is_gained(power: int) -> None:
    assert log2((1 << power) - 1) <= log2(1 << power) <= log2((1 << power) + 1)


@given(NUMBERS)
def test_it_is_correct_to_45_binary_digits(x: int) -> None:
    with localcontext(prec=60):
        exact = Decimal(x).ln() / Decimal(2).ln() * 2**64
        assert abs(log2(x) - exact) < 2 ** (64 - 45)


@given(NUMBERS)
def test_twice_the_number_is_one_more(x: int) -> None:
    if x < 2**255:
        assert abs(log2(2 * x) - log2(x) - (1 << 64)) <= 1


def test_solidity_and_python_agree(chain: Chain) -> None:
    harness = bindings.DexHarness.deploy(chain)
    root = (
        0x16A09E667F3BCC908B2FB1366EA957D3E  # the square root of 2, where the series changes sign
    )
    numbers = [1, 2, 3, 2**256 - 1, root - 1, root, root + 1, root << 100, root >> 100]
    numbers += [(0x9E3779B97F4A7C15F39CC0605CEDC834**2 >> shift) | 1 for shift in range(255)]
    assert list(harness.log2s(numbers)) == [log2(x) for x in numbers]


@given(st.lists(NUMBERS, min_size=1, max_size=200))
def test_solidity_and_python_agree_on_any_number(numbers: list[int]) -> None:
    assert list(_harness().log2s(numbers)) == [log2(x) for x in numbers]


_HARNESSES: list[bindings.DexHarness] = []


def _harness() -> bindings.DexHarness:
    if not _HARNESSES:
        _HARNESSES.append(bindings.DexHarness.deploy(Chain.embedded()))
    return _HARNESSES[0]
