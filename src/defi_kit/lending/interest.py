"""Debt as shares of a growing index. Twin of `contracts/lending/InterestIndex.sol`.

assets = shares * index / RAY. Rounding is the contract's, to the last unit.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "MAX",
    "RAY",
    "START",
    "exp_down",
    "grow",
    "index_at",
    "to_assets_down",
    "to_assets_up",
    "to_shares_down",
    "to_shares_up",
]

RAY: Final = 10**27

START: Final = 10**21
"""Where an index starts: a debt share is a millionth of an asset unit. [1e27 assets per share]"""

MAX: Final = 2**112 - 1
"""Where an index stops: beyond it a debt bears no more interest. [1e27 assets per share]"""

MAX_EXPONENT: Final = 30 * RAY


def to_assets_down(shares: int, index: int) -> int:
    """What `shares` owe, rounded down."""
    return shares * index // RAY


def to_assets_up(shares: int, index: int) -> int:
    """What `shares` owe, rounded up.

    >>> to_assets_up(1, START)
    1
    """
    return -(-shares * index // RAY)


def to_shares_down(assets: int, index: int) -> int:
    """Shares that a repayment of `assets` cancels."""
    return assets * RAY // index


def to_shares_up(assets: int, index: int) -> int:
    """Shares that a loan of `assets` costs.

    >>> to_shares_up(1, START)
    1000000
    """
    return -(-assets * RAY // index)


def index_at(shares: int, assets: int) -> int:
    """The highest index at which `shares` owe no more than `assets`."""
    return assets * RAY // shares


def grow(index: int, exponent: int) -> int:
    """The index after interest of `exponent`, rate times time [ray]; at most MAX, rounded down."""
    grown = index * exp_down(min(exponent, MAX_EXPONENT)) // RAY
    return grown if grown < MAX else MAX


def exp_down(x: int) -> int:
    """e^x for x from 0 to 30 [ray]; never above the true value, below it by less than 2e-24 of it.

    Taylor's series until its terms vanish, on x halved until it is at most 1, then squarings.

    >>> exp_down(RAY)
    2718281828459045235360287457
    """
    halvings = 0
    while x > RAY:
        x >>= 1
        halvings += 1
    result = RAY + x
    term = x
    n = 2
    while term := term * x // (n * RAY):
        result += term
        n += 1
    for _ in range(halvings):
        result = result * result // RAY
    return result
