"""What a transaction left behind: its receipt and its logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from ..errors import InputError
from .values import Event

if TYPE_CHECKING:
    from .base import Chain

__all__ = ["Log", "Receipt"]

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Log:
    """One raw event."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    timestamp: int
    """Of the block. [unix seconds]"""
    transaction_hash: str
    log_index: int
    """Place within the block."""


@dataclass(frozen=True)
class Receipt:
    """A mined transaction that succeeded."""

    hash: str
    block_number: int
    sender: str
    to: str | None
    """None when it created a contract."""
    contract_address: str | None
    """Of the contract it created."""
    gas_used: int
    gas_exact: bool
    """False on the embedded engine, whose storage slots stay warm: never show its gas as fact."""
    read_logs: Callable[[], tuple[Log, ...]] = field(repr=False, compare=False)
    """Decodes the logs; most are never asked for."""
    chain: Chain = field(repr=False, compare=False)

    @cached_property
    def logs(self) -> tuple[Log, ...]:
        """What the contracts said, in order."""
        return self.read_logs()

    @cached_property
    def timestamp(self) -> int:
        """Of the block. [unix seconds]"""
        return (
            self.logs[0].timestamp if self.logs else self.chain.block_timestamp(self.block_number)
        )

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The logs as events of the contracts this chain knows; others as `UnknownEvent`."""
        return tuple(self.chain.decode_log(log) for log in self.logs)

    def all(self, event: type[E], *, address: str | None = None) -> list[E]:
        """Every event of that class, of one contract or of any, in order."""
        return [
            event.from_log(log)
            for log in self.logs
            if event.matches(log) and address in (None, log.address)
        ]

    def one(self, event: type[E], *, address: str | None = None) -> E:
        """The only event of that class. InputError when there is none, or more than one."""
        found = self.all(event, address=address)
        if len(found) != 1:
            raise InputError(
                f"transaction {self.hash} has {len(found)} events {event.__name__}, not one",
                hint="receipt.all(...) gives all of them" if found else None,
            )
        return found[0]
