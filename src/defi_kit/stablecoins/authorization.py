"""ERC-3009: movements that a holder signs and anybody may send, each with a nonce of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ..tokens.typed_data import CURVE_ORDER, hash_struct, sign_digest, typed_digest

__all__ = ["Authorization", "Cancellation", "SignedAuthorization", "SignedCancellation"]

_FIELDS: Final = (
    "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
_CANCEL: Final = "CancelAuthorization(address authorizer,bytes32 nonce)"


@dataclass(frozen=True, slots=True)
class Authorization:
    """What is signed: this much of mine goes there, within that time."""

    owner: str
    to: str
    value: int
    """[base units]"""
    valid_after: int
    """It can be used after this second. [unix seconds]"""
    valid_before: int
    """It can be used before this second. [unix seconds]"""
    nonce: bytes
    """32 bytes that its owner never signed before: order does not matter."""
    receive: bool = False
    """Whether only the receiver may send it."""

    def digest(self, separator: bytes) -> bytes:
        """The 32 bytes to sign for the token with that domain separator (EIP-712)."""
        kind = ("Receive" if self.receive else "Transfer") + "WithAuthorization" + _FIELDS
        fields = (self.owner, self.to, self.value, self.valid_after, self.valid_before, self.nonce)
        return typed_digest(separator, hash_struct(kind, *fields))

    def sign(self, separator: bytes, key: bytes) -> SignedAuthorization:
        """Signed with a private key of 32 bytes."""
        return SignedAuthorization(self, bytes(sign_digest(self.digest(separator), key)))


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What is signed: that nonce of mine shall not be used any more."""

    owner: str
    nonce: bytes

    def digest(self, separator: bytes) -> bytes:
        """The 32 bytes to sign for the token with that domain separator (EIP-712)."""
        return typed_digest(separator, hash_struct(_CANCEL, self.owner, self.nonce))

    def sign(self, separator: bytes, key: bytes) -> SignedCancellation:
        """Signed with a private key of 32 bytes."""
        return SignedCancellation(self, bytes(sign_digest(self.digest(separator), key)))


@dataclass(frozen=True, slots=True)
class SignedAuthorization:
    """An authorization and its signature: 65 bytes r, s, v, or whatever a contract takes."""

    message: Authorization
    signature: bytes

    def malleated(self) -> SignedAuthorization:
        """With the other signature by the same key, which anyone can compute."""
        return replace(self, signature=_malleated(self.signature))


@dataclass(frozen=True, slots=True)
class SignedCancellation:
    """A cancellation and its signature: 65 bytes r, s, v, or whatever a contract takes."""

    message: Cancellation
    signature: bytes

    def malleated(self) -> SignedCancellation:
        """With the other signature by the same key, which anyone can compute."""
        return replace(self, signature=_malleated(self.signature))


def _malleated(signature: bytes) -> bytes:
    upper = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + upper.to_bytes(32, "big") + bytes([55 - signature[64]])
