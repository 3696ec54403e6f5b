"""Keccak, checksummed addresses, and where a contract will be created."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Protocol, runtime_checkable

from Crypto.Hash import keccak as _keccak

from ..errors import AddressError

__all__ = [
    "ZERO_ADDRESS",
    "HasAddress",
    "address_of",
    "checksum_address",
    "create_address",
    "keccak",
    "selector",
    "to_address",
]

ZERO_ADDRESS: Final = "0x" + "0" * 40

_ADDRESS = re.compile(r"0[xX][0-9a-fA-F]{40}")


@runtime_checkable
class HasAddress(Protocol):
    """An account, a contract, a client: anything that knows its address."""

    @property
    def address(self) -> str:
        """The checksummed address."""
        ...


def keccak(data: bytes) -> bytes:
    """Keccak-256 of `data` (the padding Ethereum uses, not NIST's SHA-3). 32 bytes."""
    return _keccak.new(digest_bits=256, data=data).digest()


@lru_cache(maxsize=4096)
def selector(signature: str) -> bytes:
    """First four bytes of the keccak of `"transfer(address,uint256)"`."""
    return keccak(signature.encode())[:4]


@lru_cache(maxsize=65_536)
def to_address(raw: bytes) -> str:
    """The checksummed address (EIP-55) of 20 raw bytes."""
    plain = raw.hex()
    digest = keccak(plain.encode()).hex()
    pairs = zip(plain, digest, strict=False)
    return "0x" + "".join(char.upper() if nibble > "7" else char for char, nibble in pairs)


@lru_cache(maxsize=65_536)
def checksum_address(text: str) -> str:
    """`text` as a checksummed address.

    All lower or all upper case has no checksum and is accepted; mixed case must be right (EIP-55).
    AddressError otherwise.
    """
    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        raise AddressError(
            f"not an address: {text!r}",
            hint="an address is 0x and 40 hexadecimal digits; for a named actor give what "
            "kit.actor(name) or chain.account(name) returns",
        )
    digits = text[2:]
    right = to_address(bytes.fromhex(digits))
    if digits not in (right[2:], digits.lower(), digits.upper()):
        raise AddressError(
            f"wrong checksum in address {text}",
            hint=f"compare it with its source; if every digit is right, it is {right}",
        )
    return right


def address_of(who: HasAddress | str) -> str:
    """The checksummed address of an account, a contract or a string. AddressError otherwise."""
    if isinstance(who, str):
        return checksum_address(who)
    found = getattr(who, "address", None)
    if not isinstance(found, str):
        raise AddressError(
            f"not an address: {who!r}",
            hint="give an account, a contract, or 0x and 40 hexadecimal digits",
        )
    return checksum_address(found)


def create_address(sender: str, nonce: int) -> str:
    """Where `sender`'s CREATE with this nonce puts its contract: keccak(rlp([sender, nonce]))."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    item = number if len(number) == 1 and number[0] < 0x80 else bytes([0x80 + len(number)]) + number
    body = b"\x94" + bytes.fromhex(sender[2:]) + item
    return to_address(keccak(bytes([0xC0 + len(body)]) + body)[12:])
