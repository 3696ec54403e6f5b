"""Numbers as a person reads them in stories and reasons."""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from math import ceil
from typing import Any

from ..errors import BadResponse, Reverted, RevertString
from ..units import MAX_UINT256, format_units

__all__ = [
    "apart",
    "grouped",
    "lasting",
    "moved_by",
    "percent",
    "refusal_told",
    "spelled",
    "symbols_of",
    "whole",
]


def grouped(raw: int, decimals: int) -> str:
    """So many whole tokens, exactly, with a comma between thousands.

    >>> grouped(-1_500_250_000, 6)
    '-1,500.25'
    """
    if abs(raw) > MAX_UINT256:  # what a broken market's numbers add up to
        return f"{raw:,} units"
    whole, dot, part = format_units(abs(raw), decimals).partition(".")
    return f"{'-' * (raw < 0)}{int(whole):,}{dot}{part}"


def whole(amount: Fraction) -> str:
    """So many whole tokens, up to what does not fit into 36 decimals.

    >>> whole(Fraction(12_345, 10))
    '1,234.5'
    """
    return grouped(ceil(amount * 10**36), 36)


def percent(pips: int) -> str:
    """Millionths.

    >>> percent(3_000)
    '0.3 %'
    """
    return f"{grouped(pips, 4)} %"


def moved_by(was: Fraction, now: Fraction) -> str:
    """How something without a unit has changed, as a part of what it was.

    >>> moved_by(Fraction(200), Fraction(199))
    'fell by 0.005 of itself'
    """
    if was == now:
        return "stayed"
    verb = "rose" if now > was else "fell"
    return f"{verb} by {float(abs(now / was - 1)):.3g} of itself" if was else verb


def lasting(seconds: int) -> str:
    """Time, in its two largest units.

    >>> lasting(3_660)
    '1 hour 1 minute'
    """
    parts = []
    for unit, length in (("year", 31_536_000), ("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count:,} {unit}{'s' * (count > 1)}")
    if seconds:
        parts.append(f"{seconds} second{'s' * (seconds > 1)}")
    return " ".join(parts[:2]) or "no time"


def refusal_told(refused: Reverted) -> str:
    """A refusal's name; of a plain string, what it says.

    >>> refusal_told(RevertString("too late"))
    '"too late"'
    """
    said = refused.reason if isinstance(refused, RevertString) else ""
    return f'"{said}"' if said else type(refused).__name__


def symbols_of(tokens: Any, kind: str) -> tuple[str, ...]:
    """What tokens are called; "token 0", "token 1" of a `kind` where they do not say, or not so
    that they can be told apart."""
    plain = tuple(f"of {kind} {number}" for number in range(len(tokens)))
    try:
        names = tuple(str(token.symbol()) for token in tokens)
    except (Reverted, BadResponse):
        return plain
    return names if all(names) and len(set(names)) == len(names) else plain


def spelled(answer: bytes) -> str:
    """What a view answered: its words as numbers, or as it is.

    >>> spelled((10**18).to_bytes(32, "big"))
    '1,000,000,000,000,000,000'
    """
    if not answer or len(answer) % 32:
        return f"0x{answer.hex()}"
    words = (answer[at : at + 32] for at in range(0, len(answer), 32))
    return ", ".join(f"{int.from_bytes(word, 'big'):,}" for word in words)


def apart(ours: Any, theirs: Any) -> str:
    """Where two states of one dataclass are not the same, ours first."""
    return "; ".join(
        f"{name} is {getattr(ours, name)}, not {getattr(theirs, name)}"
        for name in (field.name for field in fields(ours))
        if getattr(ours, name) != getattr(theirs, name)
    )
