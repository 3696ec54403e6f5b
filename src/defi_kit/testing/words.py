"""Numbers as a person reads them in stories and reasons."""

from __future__ import annotations

from ..units import MAX_UINT256, format_units

__all__ = ["grouped"]


def grouped(raw: int, decimals: int) -> str:
    """So many whole tokens, exactly, with a comma between thousands.

    >>> grouped(-1_500_250_000, 6)
    '-1,500.25'
    """
    if abs(raw) > MAX_UINT256:  # what a broken market's numbers add up to
        return f"{raw:,} units"
    whole, dot, part = format_units(abs(raw), decimals).partition(".")
    return f"{'-' * (raw < 0)}{int(whole):,}{dot}{part}"
