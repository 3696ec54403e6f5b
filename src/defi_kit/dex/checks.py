"""What the twins and the client refuse before they compute."""

from __future__ import annotations

from ..errors import ParameterError

__all__ = ["check_integer"]


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
