"""What happened to one account of a pool, and whose accounts there are, read from its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from heapq import merge
from typing import TYPE_CHECKING

from ..bindings import lending_pool as abi
from ..chain.hashing import ZERO_ADDRESS
from ..chain.receipts import Log
from ..chain.register import Register
from ..chain.values import Event
from ..units import Amount

if TYPE_CHECKING:
    from ..tokens import Token
    from .market_client import MarketClient

__all__ = ["Entry", "People", "read"]

_OF_THE_ACCOUNT: tuple[type[Event], ...] = (
    abi.CollateralSupplied,
    abi.CollateralWithdrawn,
    abi.Borrowed,
    abi.Repaid,
    abi.Liquidated,
    abi.BadDebt,
)
"""Events whose first topic is the account."""
_OF_SHARES: tuple[type[Event], ...] = (abi.Deposit, abi.Withdraw, abi.Transfer)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to an account."""

    time: int
    """[unix seconds]"""
    block: int
    index: int
    """Place of its log within the block."""
    transaction: str
    """Hash."""
    what: str
    """supplied, withdrew, got shares, gave shares, posted collateral, took collateral, borrowed,
    repaid, was liquidated, or was written off."""
    amount: Amount
    """What moved: assets, shares or collateral; of a liquidation the debt repaid, of bad debt the
    loss."""
    other: Amount | None
    """What moved the other way: shares for assets, collateral seized."""
    by: str | None
    """Who else took part: who paid, who received, who liquidated."""

    def __str__(self) -> str:
        other = f" for {self.other}" if self.other is not None else ""
        by = f", {self.by}" if self.by is not None else ""
        return f"block {self.block}: {self.what} {self.amount}{other}{by}"


def read(pool: MarketClient, account: str, *, after: Entry | None = None) -> Iterator[Entry]:
    """The account's entries, oldest first, from behind `after`; read window by window, as far as
    asked for."""
    first = pool.contract.since if after is None else after.block
    place = (-1, -1) if after is None else (after.block, after.index)
    topic = bytes.fromhex(account[2:]).rjust(32, b"\0")
    logs = merge(
        *(
            pool.chain.logs(pool.address, wanted, first)
            for wanted in (
                ([kind.TOPIC for kind in _OF_THE_ACCOUNT], topic),
                (abi.Deposit.TOPIC, None, topic),
                (abi.Withdraw.TOPIC, None, None, topic),
                (abi.Transfer.TOPIC, topic),
                (abi.Transfer.TOPIC, None, topic),
            )
        ),
        key=_place,
    )
    for log in logs:
        if _place(log) <= place:
            continue
        entry = _entry(pool, account, log)
        if entry is not None:
            yield entry


def _place(log: Log) -> tuple[int, int]:
    return log.block_number, log.log_index


def _entry(pool: MarketClient, account: str, log: Log) -> Entry | None:
    # Not `chain.decode_log`: the pool is a token as well, whose events have classes of their own.
    kind = next(kind for kind in (*_OF_THE_ACCOUNT, *_OF_SHARES) if kind.matches(log))
    told = _told(pool, account, kind.from_log(log))
    if told is None:
        return None
    return Entry(log.timestamp, log.block_number, log.log_index, log.transaction_hash, *told)


def _told(
    pool: MarketClient, account: str, event: Event
) -> tuple[str, Amount, Amount | None, str | None] | None:
    asset, share = pool.asset.raw, pool.share.raw

    def collateral(address: str) -> Token:
        return next(token for token in pool.collaterals if token.address == address)

    def another(who: str) -> str | None:
        return None if who == account else who

    match event:
        case abi.Deposit():
            return "supplied", asset(event.assets), share(event.shares), another(event.by)
        case abi.Withdraw():
            return "withdrew", asset(event.assets), share(event.shares), another(event.to)
        case abi.Transfer():
            if ZERO_ADDRESS in (event.from_, event.to):  # minted or burned: told above
                return None
            if event.from_ == event.to:
                return None
            if event.to == account:
                return "got shares", share(event.amount), None, another(event.from_)
            return "gave shares", share(event.amount), None, event.to
        case abi.CollateralSupplied():
            posted = collateral(event.token).raw(event.amount)
            return "posted collateral", posted, None, None
        case abi.CollateralWithdrawn():
            taken = collateral(event.token).raw(event.amount)
            return "took collateral", taken, None, another(event.receiver)
        case abi.Borrowed():
            return "borrowed", asset(event.assets), None, another(event.receiver)
        case abi.Repaid():
            return "repaid", asset(event.assets), None, another(event.payer)
        case abi.Liquidated():
            seized = collateral(event.token).raw(event.seized)
            return "was liquidated", asset(event.repaid), seized, another(event.liquidator)
        case abi.BadDebt():
            return "was written off", asset(event.loss), None, None
        case _:
            return None


class People:
    """Whoever ever was in a pool; no block is read twice."""

    def __init__(self, contract: abi.LendingPool) -> None:
        self._contract = contract
        self._borrowed = self._register(abi.Borrowed, "account")
        self._posted = self._register(abi.CollateralSupplied, "account")
        self._shared = self._register(abi.Transfer, "to")

    def borrowed(self, block: int | None) -> list[str]:
        """Whoever borrowed, in the order of their first loans."""
        return self._borrowed.known(block)

    def everyone(self, block: int | None) -> list[str]:
        """Whoever got shares, collateral or debt; each account once, the zero address never."""
        known = (self._shared, self._posted, self._borrowed)
        names = dict.fromkeys(name for one in known for name in one.known(block))
        return [name for name in names if name != ZERO_ADDRESS]

    def _register(self, event: type[Event], field: str) -> Register[str]:
        return Register(self._contract.chain, partial(self._named, event, field))

    def _named(
        self, event: type[Event], field: str, first: int, last: int
    ) -> Iterator[tuple[str, int]]:
        for found in self._contract.events(event, from_block=first, to_block=last):
            yield getattr(found, field), found.log.block_number if found.log else last
