"""Twin of ReserveAttestation: what k of n accountants say the bank holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from ..math import check_quorum
from ..reverts import (
    InvalidAttesters,
    InvalidStatementAge,
    MintBeyondReserves,
    ReservesTooLarge,
    StatementFromFuture,
    StatementNotNewer,
    StatementTooOld,
)
from ..tokens.typed_data import hash_struct, typed_digest
from ..units import check_uint256

__all__ = ["LONGEST_AGE", "MAX_RESERVES", "Reserves", "Statement", "statement_digest"]

MAX_RESERVES: Final = 2**112 - 1
"""Largest reserves that can be stated. [base units]"""

LONGEST_AGE: Final = 366 * 86_400
"""Largest `max_age`. [seconds]"""

_STATEMENT: Final = "ReserveStatement(uint256 reserves,uint256 asOf)"


def statement_digest(separator: bytes, reserves: int, as_of: int) -> bytes:
    """The 32 bytes that an attester signs, for the dollar with that domain separator."""
    return typed_digest(separator, hash_struct(_STATEMENT, reserves, as_of))


@dataclass(frozen=True, slots=True)
class Statement:
    """What was attested once."""

    reserves: int
    """[base units]"""
    as_of: int
    """When the bank held them. [unix seconds]"""
    recorded_at: int
    """When it came on chain. [unix seconds]"""


@dataclass(frozen=True, slots=True)
class Reserves:
    """The attesters and what they said, at one block.

    >>> books = Reserves.born(["0x0a"], 1, 86_400).attest("0x0a", 500, 1_000, [], now=1_060)
    >>> books.paid_out(200).amount
    300
    """

    attesters: tuple[str, ...]
    """In ascending order."""
    quorum: int
    """How many of them make a statement."""
    max_age: int
    """Oldest statement to mint on. [seconds]"""
    amount: int = 0
    """To mint on: as last attested, less what was paid out since. [base units]"""
    as_of: int = 0
    """When the bank held what was last attested. [unix seconds]"""
    statements: tuple[Statement, ...] = ()

    @classmethod
    def born(cls, attesters: Sequence[str], quorum: int, max_age: int) -> Reserves:
        """Nothing said yet. InvalidStatementAge, InvalidAttesters."""
        if not 0 < max_age <= LONGEST_AGE:
            raise InvalidStatementAge(max_age)
        return cls((), 0, max_age).named(attesters, quorum)

    def named(self, attesters: Sequence[str], quorum: int) -> Reserves:
        """With other attesters, who have yet to speak. InvalidAttesters."""
        places = [0, *(int(one, 16) for one in attesters)]
        ascending = all(low < high for low, high in pairwise(places))
        if not (0 < quorum <= len(attesters) and ascending):
            raise InvalidAttesters(len(attesters), quorum)
        return replace(self, attesters=tuple(attesters), quorum=quorum, amount=0)

    def attest(
        self, sender: str, reserves: int, as_of: int, signers: Sequence[str], *, now: int
    ) -> Reserves:
        """With one statement more, signed by `signers` in that order.

        StatementNotNewer, StatementFromFuture, StatementTooOld, ReservesTooLarge, NoMember,
        SignersUnsorted, QuorumMissed.
        """
        check_uint256(reserves)
        check_uint256(as_of)
        if as_of <= self.as_of:
            raise StatementNotNewer(as_of, self.as_of)
        if as_of > now:
            raise StatementFromFuture(as_of, now)
        if now - as_of > self.max_age:
            raise StatementTooOld(as_of, now, self.max_age)
        if reserves > MAX_RESERVES:
            raise ReservesTooLarge(reserves, MAX_RESERVES)
        check_quorum(self.attesters, self.quorum, signers, sender)
        said = Statement(reserves, as_of, now)
        return replace(self, amount=reserves, as_of=as_of, statements=(*self.statements, said))

    def require_backed(self, liabilities: int, amount: int, *, now: int) -> None:
        """Refuses `amount` more on top of what is out and owed, unless it is covered.

        StatementTooOld, MintBeyondReserves.
        """
        if now - self.as_of > self.max_age:
            raise StatementTooOld(self.as_of, now, self.max_age)
        if liabilities + amount > self.amount:
            raise MintBeyondReserves(self.amount, liabilities, amount)

    def paid_out(self, amount: int) -> Reserves:
        """After cash is known to have left the bank."""
        return replace(self, amount=max(self.amount - amount, 0))
