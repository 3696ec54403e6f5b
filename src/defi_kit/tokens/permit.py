"""ERC-2612 permits: what the holder of a token signs so that somebody else may send the approval.

The message is typed data (EIP-712): it names the chain, the token, and the holder's next nonce, so
that a signature works once, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from .typed_data import (
    CURVE_ORDER,
    MAX_S,
    domain_separator,
    hash_struct,
    sign_digest,
    typed_digest,
)

__all__ = ["CURVE_ORDER", "MAX_S", "Permit", "PermitMessage", "domain_separator", "sign"]

_PERMIT: Final = (
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)


@dataclass(frozen=True, slots=True)
class PermitMessage:
    """What is signed: this spender may send this much of mine, if used by then."""

    owner: str
    spender: str
    value: int
    """[base units]"""
    nonce: int
    deadline: int
    """Last second at which it may be used. [unix seconds]"""

    def digest(self, separator: bytes) -> bytes:
        """The 32 bytes to sign for the token with that domain separator (EIP-712)."""
        fields = (self.owner, self.spender, self.value, self.nonce, self.deadline)
        return typed_digest(separator, hash_struct(_PERMIT, *fields))


@dataclass(frozen=True, slots=True)
class Permit:
    """A signed message, as the token's `permit` takes it."""

    message: PermitMessage
    v: int
    r: int
    s: int

    def malleated(self) -> Permit:
        """The other signature of the same message by the same key, which anyone can compute."""
        return replace(self, v=55 - self.v, s=CURVE_ORDER - self.s)


def sign(message: PermitMessage, separator: bytes, key: bytes) -> Permit:
    """`message` signed with a private key of 32 bytes; `s` is low and the nonce deterministic."""
    signed = sign_digest(message.digest(separator), key)
    return Permit(message, v=signed.v, r=signed.r, s=signed.s)
