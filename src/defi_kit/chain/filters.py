"""Which logs are wanted: by address and by topics, as `eth_getLogs` has it."""

from __future__ import annotations

from collections.abc import Sequence

from .hashing import HasAddress, address_of

__all__ = ["Topics", "topics_match", "wanted_addresses"]

Topics = Sequence[bytes | Sequence[bytes] | None]
"""Filter by topic and place: one, any of several, or None for whatever is there."""


def wanted_addresses(
    address: HasAddress | str | Sequence[HasAddress | str] | None,
) -> tuple[str, ...] | None:
    """The addresses to filter by, checksummed; None for all."""
    if address is None:
        return None
    if isinstance(address, list | tuple):
        return tuple(address_of(item) for item in address)
    return (address_of(address),)  # type: ignore[arg-type]  # no other sequence gets here


def topics_match(found: tuple[bytes, ...], wanted: Topics | None) -> bool:
    """Whether a log's topics pass the filter. A filter longer than the topics never matches."""
    if wanted is None:
        return True
    if len(wanted) > len(found):
        return False
    return all(
        choice is None or topic == choice or (not isinstance(choice, bytes) and topic in choice)
        for topic, choice in zip(found, wanted, strict=False)
    )
