"""The logarithm to base 2 in fixed point. Twin of `contracts/libraries/BinaryLogarithm.sol`."""

from __future__ import annotations

from typing import Final

__all__ = ["log2"]

SQRT2: Final = 0x16A09E667F3BCC908B2FB1366EA957D3E
"""The square root of 2. [Q128]"""

COEFFICIENTS: Final = (
    0x313E762D299FFBEDCC688837937F43E,
    0x38D1EAD1A62EC039C4789D2C6F1CB0C,
    0x4326A1265008B4A15C8E8B34835073D,
    0x5212C4F5F00AA3E1AA038DB1F5D41BD,
    0x6985D8A9EB7B64FD91724877177E6CE,
    0x93BB62877CDFF3C9653998A6BA7DCBA,
    0xF6384EE1D01FEBA4FE0AA915E17C536,
    0x2E2A8ECA5705FC2EEFA1FFB41A474FA2,
)
"""2 / (ln 2 * (2k + 1)), k from 7 down to 0. [Q124]"""
_7, _6, _5, _4, _3, _2, _1, _0 = COEFFICIENTS


def log2(x: int) -> int:
    """log2(x) for 0 < x < 2**256, correct to within 2**-45. [Q64]

    >>> log2(3) / 2**64
    1.584962500721156
    """
    whole = x.bit_length() - 1
    scaled = x << (255 - whole) >> 127
    middle = (whole << 64) + (1 << 63)
    # What remains is 2 / ln 2 * artanh(t) for a quotient of at most 0.1716; the series is odd.
    t = (abs(scaled - SQRT2) << 128) // (scaled + SQRT2)
    square = t * t >> 128
    # Horner's rule without a loop: this is the hot path.
    total = _6 + (_7 * square >> 128)
    total = _5 + (total * square >> 128)
    total = _4 + (total * square >> 128)
    total = _3 + (total * square >> 128)
    total = _2 + (total * square >> 128)
    total = _1 + (total * square >> 128)
    total = _0 + (total * square >> 128)
    rest = total * t >> 188
    return middle + rest if scaled >= SQRT2 else middle - rest
