"""The bank behind a fiat dollar: a ledger of cash, behind one interface.

What happens in a bank is not on chain. These are stand-ins, to see what an issuer does with an
honest bank, a slow one, and one that has lent most of the cash to others. All amounts are in the
dollar's base units, all times in unix seconds, and no bank reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Protocol, Self

from ..errors import ParameterError
from ..units import WAD, check_uint256

__all__ = ["Bank", "FractionalBank", "HonestBank", "Payment", "SlowBank"]

DAY: Final = 86_400


class Payment(Enum):
    """What a bank answers when it is asked to pay."""

    PAID = "paid"
    LATER = "later"
    """Ask again: it holds enough, or may come to."""
    NEVER = "never"
    """It will not have the money."""


class Bank(Protocol):
    """What an issuer asks of its bank. A verb returns the bank afterwards."""

    @property
    def cash(self) -> int:
        """What it could pay out at once. [base units]"""

    @property
    def stated(self) -> int:
        """What it tells the accountants it holds for the issuer. [base units]"""

    def deposit(self, amount: int, *, now: int) -> Self:
        """After a customer's cash came in."""

    def pay(self, amount: int, *, asked_at: int, now: int) -> tuple[Self, Payment]:
        """After it was asked to pay what was first asked for at `asked_at`, and its answer."""


@dataclass(frozen=True, slots=True)
class HonestBank:
    """Keeps all cash and pays at once.

    >>> HonestBank().deposit(100, now=0).pay(40, asked_at=5, now=5)
    (HonestBank(cash=60), <Payment.PAID: 'paid'>)
    """

    cash: int = 0

    @property
    def stated(self) -> int:
        """All of it, and it is there. [base units]"""
        return self.cash

    def deposit(self, amount: int, *, now: int) -> Self:
        """With so much more."""
        return replace(self, cash=self.cash + amount)

    def pay(self, amount: int, *, asked_at: int, now: int) -> tuple[Self, Payment]:
        """Pays whatever it holds."""
        if amount > self.cash:
            return self, Payment.NEVER
        return replace(self, cash=self.cash - amount), Payment.PAID


@dataclass(frozen=True, slots=True)
class SlowBank:
    """Keeps all cash, and pays it when the wire goes: some time after it was asked.

    >>> SlowBank(delay=60).deposit(100, now=0).pay(40, asked_at=5, now=64)[1]
    <Payment.LATER: 'later'>
    """

    delay: int = 3 * DAY
    """From the request to the payment. [seconds]"""
    cash: int = 0

    def __post_init__(self) -> None:
        check_uint256(self.delay, "delay")

    @property
    def stated(self) -> int:
        """All of it, and it is there. [base units]"""
        return self.cash

    def deposit(self, amount: int, *, now: int) -> Self:
        """With so much more."""
        return replace(self, cash=self.cash + amount)

    def pay(self, amount: int, *, asked_at: int, now: int) -> tuple[Self, Payment]:
        """Pays whatever it holds, but not before the delay is over."""
        if amount > self.cash:
            return self, Payment.NEVER
        if now < asked_at + self.delay:
            return self, Payment.LATER
        return replace(self, cash=self.cash - amount), Payment.PAID


@dataclass(frozen=True, slots=True)
class FractionalBank:
    """Keeps a part of each deposit and lends the rest; what was lent is sold at a loss when the
    cash runs out, so much a day. It states all deposits as if nothing could happen to them.

    >>> bank = FractionalBank(kept=WAD // 5).deposit(100, now=0)
    >>> bank.cash, bank.lent, bank.stated
    (20, 80, 100)
    """

    kept: int = WAD // 10
    """Part of a deposit that is kept as cash. [wad]"""
    loss: int = WAD // 5
    """Part of a loan's value that is lost when it is sold in a hurry. [wad]"""
    pace: int = WAD // 25
    """Part of all that was ever lent that can be sold in a day. [wad]"""
    cash: int = 0
    lent: int = 0
    """At face value. [base units]"""
    lent_in_all: int = 0
    """[base units]"""
    sold_until: int = 0
    """Until when the pace has been used. [unix seconds]"""

    def __post_init__(self) -> None:
        for name in ("kept", "loss", "pace"):
            if check_uint256(getattr(self, name), name) > WAD:
                raise ParameterError(f"{name} is a part of the whole: 0 to 1e18, not {self!r}")

    @property
    def stated(self) -> int:
        """Cash, and the loans at face value: what its books say. [base units]"""
        return self.cash + self.lent

    def deposit(self, amount: int, *, now: int) -> Self:
        """With so much more, most of it lent at once."""
        cash = amount * self.kept // WAD
        return replace(
            self,
            cash=self.cash + cash,
            lent=self.lent + amount - cash,
            lent_in_all=self.lent_in_all + amount - cash,
            sold_until=max(self.sold_until, now),
        )

    def pay(self, amount: int, *, asked_at: int, now: int) -> tuple[Self, Payment]:
        """Pays from its cash, else sells loans as fast as it can; never, once all are sold."""
        bank = self if amount <= self.cash else self._sell(amount - self.cash, now)
        if amount <= bank.cash:
            return replace(bank, cash=bank.cash - amount), Payment.PAID
        return bank, Payment.LATER if bank.lent else Payment.NEVER

    def _sell(self, missing: int, now: int) -> Self:
        """With loans sold for `missing` more of cash, as far as the pace allows."""
        pace = self.lent_in_all * self.pace // WAD
        room = (now - self.sold_until) * pace // DAY
        needed = -(-missing * WAD // (WAD - self.loss)) if self.loss < WAD else self.lent
        sold = min(needed, room, self.lent)
        if not sold:
            return self
        return replace(
            self,
            cash=self.cash + sold * (WAD - self.loss) // WAD,
            lent=self.lent - sold,
            sold_until=self.sold_until + -(-sold * DAY // pace),
        )
