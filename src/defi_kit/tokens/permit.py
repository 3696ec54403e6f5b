"""ERC-2612 permits: what the holder of a token signs so that somebody else may send the approval.

The message is typed data (EIP-712): it names the chain, the token, and the holder's next nonce, so
that a signature works once, in one place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

__all__ = ["CURVE_ORDER", "MAX_S", "Permit", "PermitMessage", "domain_separator", "sign"]

CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Order of secp256k1 (SEC 2, section 2.4.1)."""
MAX_S: Final = CURVE_ORDER // 2
"""Largest `s` of a signature that is not malleable (EIP-2)."""

_DOMAIN: Final = (
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
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
        fields = (
            _keccak(_PERMIT.encode()),
            _word(int(self.owner, 16)),
            _word(int(self.spender, 16)),
            _word(self.value),
            _word(self.nonce),
            _word(self.deadline),
        )
        return _keccak(b"\x19\x01" + separator + _keccak(b"".join(fields)))


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


def domain_separator(name: str, chain_id: int, token: str, version: str = "1") -> bytes:
    """What ties a signature to one token on one chain (EIP-712)."""
    fields = (
        _keccak(_DOMAIN.encode()),
        _keccak(name.encode()),
        _keccak(version.encode()),
        _word(chain_id),
        _word(int(token, 16)),
    )
    return _keccak(b"".join(fields))


def sign(message: PermitMessage, separator: bytes, key: bytes) -> Permit:
    """`message` signed with a private key of 32 bytes; `s` is low and the nonce deterministic."""
    from coincurve import PrivateKey

    signature = PrivateKey(key).sign_recoverable(message.digest(separator), hasher=None)
    return Permit(
        message,
        v=27 + signature[64],
        r=int.from_bytes(signature[:32], "big"),
        s=int.from_bytes(signature[32:64], "big"),
    )


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _keccak(data: bytes) -> bytes:
    from Crypto.Hash import keccak

    return keccak.new(digest_bits=256, data=data).digest()
