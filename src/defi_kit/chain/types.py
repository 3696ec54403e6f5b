"""Who sends, and what is sent."""

from __future__ import annotations

from dataclasses import dataclass

from .hashing import HasAddress

__all__ = ["Account", "Sender", "Transaction"]


@dataclass(frozen=True, slots=True)
class Account:
    """A named account of a chain. It holds no key: the chain signs."""

    name: str
    address: str

    def __str__(self) -> str:
        return self.name


Sender = HasAddress | str
"""Who sends: an account, a contract (where it can be impersonated) or an address."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction to be sent, for `chain.batch(...)`."""

    to: str | None
    """None creates a contract."""
    data: bytes = b""
    sender: Sender | None = None
    """None is the chain's default sender."""
    value: int = 0
    """[wei]"""
