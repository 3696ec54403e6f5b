"""JSON-RPC's own notation: quantities, data, receipts, logs. BadResponse where a node errs."""

from __future__ import annotations

import re
from typing import Any

from ..errors import AddressError, BadResponse
from .hashing import checksum_address
from .receipts import Log

__all__ = ["address", "data", "log", "member", "quantity", "tag"]

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


def quantity(value: Any, what: str = "a number") -> int:
    """An integer, from `"0x1a"`; some nodes give plain integers here and there."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise BadResponse(f"the node gave {_short(value)} for {what}")


def data(value: Any, what: str = "data") -> bytes:
    """Bytes, from `"0x…"`."""
    if isinstance(value, str) and _DATA.fullmatch(value):
        return bytes.fromhex(value[2:])
    raise BadResponse(f"the node gave {_short(value)} for {what}")


def address(value: Any, what: str = "an address") -> str:
    """A checksummed address."""
    try:
        return checksum_address(value)
    except (AddressError, TypeError):
        raise BadResponse(f"the node gave {_short(value)} for {what}") from None


def member(value: Any, key: str, what: str) -> Any:
    """A member of an object. BadResponse when it is no object or has no such member."""
    if not isinstance(value, dict):
        raise BadResponse(f"the node gave {_short(value)} for {what}")
    if key not in value:
        raise BadResponse(f"the node gave {what} without {key!r}")
    return value[key]


def tag(block: int | None) -> str:
    """A block number as a parameter; None is the latest."""
    return "latest" if block is None else hex(block)


def log(raw: Any, timestamp: int) -> Log:
    """One log of a mined block."""
    topics = member(raw, "topics", "a log")
    if not isinstance(topics, list):
        raise BadResponse(f"the node gave {_short(topics)} for a log's topics")
    return Log(
        address(member(raw, "address", "a log")),
        tuple(data(item, "a topic") for item in topics),
        data(member(raw, "data", "a log"), "a log's data"),
        quantity(member(raw, "blockNumber", "a log"), "a log's block"),
        timestamp,
        str(member(raw, "transactionHash", "a log")),
        quantity(member(raw, "logIndex", "a log"), "a log's place"),
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
