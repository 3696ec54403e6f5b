"""Twin of RedemptionQueue: dollars given back, and the cash owed for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from ..reverts import RedemptionNotPending

__all__ = ["Redemption", "RedemptionStatus", "Redemptions"]


class RedemptionStatus(IntEnum):
    """What became of a redemption."""

    NONE = 0
    """There is none of that id."""
    PENDING = 1
    """Burned, and owed."""
    SETTLED = 2
    """Paid by the bank."""
    REFUSED = 3
    """Given back as dollars."""


@dataclass(frozen=True, slots=True)
class Redemption:
    """Dollars that `holder` gave back for cash."""

    holder: str
    amount: int
    """[base units]"""
    requested_at: int
    """[unix seconds]"""
    status: RedemptionStatus = RedemptionStatus.PENDING


@dataclass(frozen=True, slots=True)
class Redemptions:
    """The queue at one block; ids run from one.

    >>> queue = Redemptions().enqueue("0xA1", 70, now=1_000).enqueue("0xA2", 30, now=1_060)
    >>> queue.owed, queue.oldest(now=1_100)
    (100, (1, 100))
    >>> queue.close(1, RedemptionStatus.SETTLED).oldest(now=1_100)
    (2, 40)
    """

    tickets: Mapping[int, Redemption] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many redemptions there have been."""
        return len(self.tickets)

    @property
    def pending(self) -> Mapping[int, Redemption]:
        """Those that are owed, oldest first."""
        return {
            id_: one for id_, one in self.tickets.items() if one.status == RedemptionStatus.PENDING
        }

    @property
    def owed(self) -> int:
        """Cash owed for all pending redemptions. [base units]"""
        return sum(one.amount for one in self.pending.values())

    def oldest(self, *, now: int) -> tuple[int, int]:
        """Id and age of the oldest that is pending; zeros where none is. [seconds]"""
        first = next(iter(self.pending.items()), None)
        return (0, 0) if first is None else (first[0], now - first[1].requested_at)

    def next(self, id_: int) -> int:
        """The pending redemption after the pending `id_`; zero after the last.

        RedemptionNotPending.
        """
        self._pending(id_)
        return next((other for other in self.pending if other > id_), 0)

    def enqueue(self, holder: str, amount: int, *, now: int) -> Redemptions:
        """The queue with one more."""
        return Redemptions({**self.tickets, self.count + 1: Redemption(holder, amount, now)})

    def close(self, id_: int, status: RedemptionStatus) -> Redemptions:
        """The queue with one settled or refused. RedemptionNotPending."""
        done = replace(self._pending(id_), status=status)
        return Redemptions({**self.tickets, id_: done})

    def _pending(self, id_: int) -> Redemption:
        one = self.tickets.get(id_)
        if one is None or one.status != RedemptionStatus.PENDING:
            raise RedemptionNotPending(id_, RedemptionStatus.NONE if one is None else one.status)
        return one
