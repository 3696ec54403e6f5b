"""Typed data that people sign (EIP-712): hashed as contracts hash it, signed with a key.

The domain names the chain and the contract, so that a signature works in one place only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ..errors import RefusedKey

__all__ = [
    "CURVE_ORDER",
    "MAX_S",
    "Signature",
    "domain_separator",
    "hash_struct",
    "sign_digest",
    "typed_digest",
]

CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Order of secp256k1 (SEC 2, section 2.4.1)."""
MAX_S: Final = CURVE_ORDER // 2
"""Largest `s` of a signature that is not malleable (EIP-2)."""

_DOMAIN: Final = (
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature by a key of secp256k1."""

    v: int
    r: int
    s: int

    def __bytes__(self) -> bytes:
        """The 65 bytes r, s, v."""
        return _word(self.r) + _word(self.s) + bytes([self.v])

    def malleated(self) -> Signature:
        """The other signature of the same message by the same key, which anyone can compute."""
        return replace(self, v=55 - self.v, s=CURVE_ORDER - self.s)


def domain_separator(name: str, chain_id: int, contract: str, version: str = "1") -> bytes:
    """What ties a signature to one contract on one chain (EIP-712)."""
    return hash_struct(
        _DOMAIN, _keccak(name.encode()), _keccak(version.encode()), chain_id, contract
    )


def hash_struct(kind: str, *fields: int | str | bytes) -> bytes:
    """Hash of a struct: its type, then numbers, addresses and words of 32 bytes in its order.

    Dynamic fields are given as their hashes.
    """
    return _keccak(_keccak(kind.encode()) + b"".join(_encoded(field) for field in fields))


def typed_digest(separator: bytes, struct_hash: bytes) -> bytes:
    """The 32 bytes to sign for the contract with that domain separator."""
    return _keccak(b"\x19\x01" + separator + struct_hash)


def sign_digest(digest: bytes, key: bytes) -> Signature:
    """`digest` signed with a private key of 32 bytes; `s` is low and the nonce deterministic.

    RefusedKey for a key that is not 32 bytes."""
    from coincurve import PrivateKey

    if not isinstance(key, bytes) or len(key) != 32:
        given = f"{len(key)} bytes" if isinstance(key, bytes) else type(key).__name__
        raise RefusedKey(f"a private key has 32 bytes, not {given}", hint='bytes.fromhex("…")')
    signature = PrivateKey(key).sign_recoverable(digest, hasher=None)
    return Signature(
        v=27 + signature[64],
        r=int.from_bytes(signature[:32], "big"),
        s=int.from_bytes(signature[32:64], "big"),
    )


def _encoded(field: int | str | bytes) -> bytes:
    if isinstance(field, bytes):
        return field
    return _word(int(field, 16) if isinstance(field, str) else field)


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _keccak(data: bytes) -> bytes:
    from Crypto.Hash import keccak

    return keccak.new(digest_bits=256, data=data).digest()
