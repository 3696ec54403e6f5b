"""Which curves there are, and what a curve is: the twin of `contracts/dex/Curves.sol`."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Final, Protocol

from ..errors import ParameterError
from ..reverts import UnknownCurve
from .constant_product import ConstantProduct
from .stable_swap import StableSwap

__all__ = ["CONSTANT_PRODUCT", "Curve", "curve_of"]


class Curve(Protocol):
    """How a pool prices: a few pure functions of its raw reserves. Another curve is another class.

    Amounts and reserves are in raw units and above zero, fees in pips, `zero_for_one` says whether
    token0 is the one that is sold.
    """

    @property
    def word(self) -> int:
        """The `curve` of a pool's key: which curve, and its parameters."""

    @property
    def limits(self) -> tuple[int, int]:
        """The most a pool can hold of token0 and of token1."""

    def amount_out(
        self, amount_in: int, reserve_in: int, reserve_out: int, fee: int, zero_for_one: bool
    ) -> int:
        """What selling `amount_in` fetches, rounded down."""

    def amount_in(
        self, amount_out: int, reserve_in: int, reserve_out: int, fee: int, zero_for_one: bool
    ) -> int:
        """The least sale that fetches `amount_out`, which is less than `reserve_out`."""

    def marginal(
        self, amount_in: int, reserve_in: int, reserve_out: int, fee: int, zero_for_one: bool
    ) -> Fraction:
        """What one more unit fetches after `amount_in`, fee taken. In Python only."""

    def liquidity(self, reserve0: int, reserve1: int) -> int:
        """What no trade lowers, in proportion to the reserves, rounded down."""

    def log_price(self, reserve0: int, reserve1: int) -> int:
        """128 + log2 of the marginal price of token0 in token1. [Q64]"""


CONSTANT_PRODUCT: Final = ConstantProduct()
"""The curve of a key's word 0."""


@lru_cache(maxsize=1024)
def curve_of(word: int) -> Curve:
    """The curve that a key's `curve` names. UnknownCurve."""
    if not word:
        return CONSTANT_PRODUCT
    try:
        return StableSwap.parse(word)
    except ParameterError as error:
        raise UnknownCurve(word) from error
