"""What the twins and the client refuse before they compute."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from ..errors import AddressError, ParameterError

if TYPE_CHECKING:
    from .pool import PoolKey

__all__ = ["check_integer", "check_name"]


def check_integer(
    value: object, what: str, least: int, most: int, *, hint: str | None = None
) -> None:
    """ParameterError for what is no integer, or not from `least` to `most`; a bool is none."""
    span = f"from {least} to {most}"
    if isinstance(value, bool) or not isinstance(value, int):
        kind = type(value).__name__
        raise ParameterError(f"{what} {value!r} is a {kind}, not an integer {span}", hint=hint)
    if not least <= value <= most:
        raise ParameterError(f"{what} {value} is not {span}", hint=hint)


def check_name(keys: Collection[PoolKey], token: str) -> None:
    """AddressError for what is no address, and for one that pools write in other letters."""
    if any(token in key.tokens for key in keys):
        return
    if re.fullmatch("0x[0-9a-fA-F]{40}", token) is None:
        raise AddressError(f"{token!r} is not an address", hint="0x and 40 hexadecimal digits")
    for known in (known for key in keys for known in key.tokens):
        if known.lower() == token.lower():
            raise AddressError(f"{token} is not checksummed", hint=f"pools know it as {known}")
