"""Powers of two in fixed point. Twin of `contracts/libraries/BinaryExponential.sol`."""

from __future__ import annotations

from typing import Final

__all__ = ["exp2"]

LN2: Final = 0xB17217F7D1CF79ABC9E3B39803F2F6AF
"""The natural logarithm of 2. [Q128]"""


def exp2(x: int) -> int:
    """2**x for 0 <= x < 1 [Q64], at most 2**-121 of it below the true value. [Q127]

    >>> exp2(1 << 63) / 2**127
    1.4142135623730951
    """
    t = x * LN2 >> 65
    term, result, n = 1 << 127, 0, 1
    while term:
        result += term
        term = (term * t >> 127) // n
        n += 1
    return result
