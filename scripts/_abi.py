"""Signatures and hashes of ABI entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from Crypto.Hash import keccak as _keccak


def keccak(text: str) -> bytes:
    """Keccak-256 of `text` in UTF-8."""
    return _keccak.new(digest_bits=256, data=text.encode()).digest()


def canonical(part: Mapping[str, Any]) -> str:
    """The type of an argument as it stands in a signature; structs become tuples."""
    kind = str(part["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(canonical(component) for component in part["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def signature(item: Mapping[str, Any]) -> str:
    """`transfer(address,uint256)`."""
    return f"{item.get('name', '')}({','.join(canonical(part) for part in item.get('inputs', ()))})"
