"""The crash of 12 and 13 March 2020, hour by hour: the kit's own price history."""

from __future__ import annotations

from defi_kit.simulation.history import PriceHistory

__all__ = [
    "CRASH",
]

_FIRST = 1_583_971_200  # 2020-03-12T00:00Z
_HOUR = 3_600

_CLOSES = """
193.37 184.45 184.01 183.11 181.10 181.71 173.64 171.40 169.18 168.04 132.07 136.00
136.41 133.74 140.44 140.61 139.00 141.74 137.08 137.91 129.50 130.70 126.98 109.28
108.25  97.63 114.97 135.47 135.47 119.32 126.91 128.28 127.12 135.99 132.52 129.23
132.31 134.47 128.43 124.77 123.80 124.41 119.72 129.23 128.88 131.01 134.89 135.40
"""

CRASH = PriceHistory.from_rows(
    ((_FIRST + hour * _HOUR, close) for hour, close in enumerate(_CLOSES.split())),
    source="ETH/USD, hourly closes on Gemini from 2020-03-12 00:00 UTC",
)
"""48 hourly closes of ETH/USD on Gemini, UTC, from 2020-03-12 00:00: from 193.37 to 97.63 dollars
in 25 hours."""
