"""What the owner of an account signs so that somebody else may act for it (EIP-712).

The message names chain, pool and the owner's next nonce: a signature works once, in one place, and
whatever the owner says later, signed or sent, voids it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..tokens.typed_data import hash_struct, sign_digest, typed_digest

__all__ = ["Authorization", "SignedAuthorization"]

_AUTHORIZATION: Final = (
    "Authorization(address owner,address operator,bool authorized,uint256 nonce,uint256 deadline)"
)


@dataclass(frozen=True, slots=True)
class Authorization:
    """What is signed: this operator may act for me, or no longer, if sent by then."""

    owner: str
    operator: str
    authorized: bool
    nonce: int
    deadline: int
    """Last second at which it is taken. [unix seconds]"""

    def digest(self, separator: bytes) -> bytes:
        """The 32 bytes to sign for the pool with that domain separator."""
        fields = (self.owner, self.operator, int(self.authorized), self.nonce, self.deadline)
        return typed_digest(separator, hash_struct(_AUTHORIZATION, *fields))

    def sign(self, separator: bytes, key: bytes) -> SignedAuthorization:
        """The message signed with a private key of 32 bytes."""
        return SignedAuthorization(self, bytes(sign_digest(self.digest(separator), key)))


@dataclass(frozen=True, slots=True)
class SignedAuthorization:
    """A signed message, for anyone to send."""

    message: Authorization
    signature: bytes
    """r, s, v; or whatever a contract that owns an account accepts (ERC-1271)."""
