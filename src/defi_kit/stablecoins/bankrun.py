"""A run on the issuer of a fiat dollar, on the twin: who waits, who is paid, who loses.

Holders are afraid of rumours, and of a queue that grows old: whoever fears more than he bears
redeems everything. The market's price falls with the oldest unpaid redemption, and to what is left
for each claim once the bank says that it will never pay. Seeded; no clock is read.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from ..errors import ParameterError
from ..units import WAD, check_uint256
from .bank import Bank, Payment
from .fiat import Fiat

__all__ = ["BankRun", "BankRunDay", "bank_run"]

DAY: Final = 86_400
START: Final = 1_700_000_000  # [unix seconds] any time: a run takes its days from here
ISSUER: Final = "0x00000000000000000000000000000000000000B0"
DOLLAR: Final = "0x00000000000000000000000000000000000000F1"


@dataclass(frozen=True, slots=True)
class BankRunDay:
    """The dollar at the end of one day."""

    day: int
    price: int
    """What a dollar fetches on the market. [wad]"""
    supply: int
    """[base units]"""
    owed: int
    """[base units]"""
    cash: int
    """What the bank could pay at once. [base units]"""
    stated: int
    """What the bank says it holds. [base units]"""
    requested: int
    """Given back on this day. [base units]"""
    paid: int
    """Paid out on this day. [base units]"""
    oldest_age: int
    """Of the oldest redemption that is pending. [seconds]"""


@dataclass(frozen=True, slots=True)
class BankRun:
    """How a run ended."""

    survived: bool
    """Whether the bank could pay everybody who asked, and nobody waits longer than is borne."""
    min_price: int
    """[wad]"""
    final_price: int
    """[wad]"""
    holders_loss: int
    """Claims that the bank can never pay, however long they wait: beyond its cash, and its loans at
    face value. [base units]"""
    path: tuple[BankRunDay, ...]
    requests: tuple[tuple[int, int, int], ...]
    """(day, holder, amount) of each redemption, in order. [base units]"""
    holdings: tuple[int, ...]
    """What each holder had at the start. [base units]"""


def bank_run(
    bank: Bank,
    *,
    holders: int = 100,
    supply: int = 1_000_000 * 10**6,
    rumour: int = WAD // 5,
    patience: int = 5 * DAY,
    days: int = 30,
    seed: int = 0,
) -> BankRun:
    """Lets a rumour loose on day one and sees it to its end.

    Args:
        bank: where the holders' deposits go at the start; an empty one.
        holders: how many; what each holds is drawn, with a few large ones.
        supply: of dollars at the start, deposited and attested in full. [base units]
        rumour: part of the holders who redeem for no other reason; it halves every day. [wad]
        patience: age of the oldest unpaid redemption at which everybody fears the worst. [seconds]
        days: how long it is watched.
        seed: of who holds what and who bears what.

    Raises ParameterError for nobody, nothing or no days.

    >>> from defi_kit.stablecoins.bank import FractionalBank, HonestBank
    >>> bank_run(HonestBank(), seed=1).survived, bank_run(FractionalBank(), seed=1).survived
    (True, False)
    """
    given = {"holders": holders, "supply": supply, "rumour": rumour, "patience": patience}
    for name, value in {**given, "days": days, "seed": seed}.items():
        check_uint256(value, name)
    if holders < 1 or days < 1 or supply < holders or patience < 1 or not 0 <= rumour <= WAD:
        raise ParameterError(
            f"no run with {holders} holders, {supply} base units, {days} days, a patience of "
            f"{patience} s and a rumour of {rumour}",
            hint="at least one of each, a base unit for each holder, and a rumour up to 1e18",
        )
    return _Run(bank, _holdings(holders, supply, seed), rumour, patience, days, seed).play()


def _holdings(holders: int, supply: int, seed: int) -> tuple[int, ...]:
    """Parts of the supply, the largest far larger than the median (Pareto)."""
    draw = random.Random(f"holdings {seed}")
    weights = [int(1_000 * draw.paretovariate(1.2)) for _ in range(holders)]
    spare, total = supply - holders, sum(weights)
    parts = [1 + spare * weight // total for weight in weights]
    parts[0] += supply - sum(parts)
    return tuple(parts)


class _Run:
    def __init__(
        self,
        bank: Bank,
        holdings: tuple[int, ...],
        rumour: int,
        patience: int,
        days: int,
        seed: int,
    ) -> None:
        draw = random.Random(f"nerves {seed}")
        self.holdings, self.days, self.patience, self.rumour = holdings, days, patience, rumour
        self.bears = [draw.randrange(1, WAD + 1) for _ in holdings]
        supply = sum(holdings)
        self.bank = bank.deposit(supply, now=START)
        self.usd = Fiat.born(DOLLAR, ISSUER).attest(ISSUER, supply, START, [], now=START)
        self.usd = self.usd.configure_minter(ISSUER, ISSUER, supply, now=START)
        for holder, amount in enumerate(holdings):
            self.usd = self.usd.mint(ISSUER, _name(holder), amount, now=START)
        self.broke = False
        self.requests: list[tuple[int, int, int]] = []
        self.path: list[BankRunDay] = []

    def play(self) -> BankRun:
        for day in range(1, self.days + 1):
            self._live(day, START + day * DAY)
        last = self.path[-1]
        worth = _realisable(self.bank) if self.broke else self.bank.stated
        return BankRun(
            survived=not self.broke and last.oldest_age < self.patience,
            min_price=min(one.price for one in self.path),
            final_price=last.price,
            holders_loss=max(last.supply + last.owed - worth, 0),
            path=tuple(self.path),
            requests=tuple(self.requests),
            holdings=self.holdings,
        )

    def _live(self, day: int, now: int) -> None:
        requested = self._redeem(day, now)
        paid = self._pay(now)
        self.usd = self.usd.attest(ISSUER, self.bank.stated, now, [], now=now)
        _, age = self.usd.redemptions.oldest(now=now)
        self.path.append(
            BankRunDay(
                day=day,
                price=self._price(age),
                supply=self.usd.supply,
                owed=self.usd.owed,
                cash=self.bank.cash,
                stated=self.bank.stated,
                requested=requested,
                paid=paid,
                oldest_age=age,
            )
        )

    def _redeem(self, day: int, now: int) -> int:
        """Whoever fears more than he bears gives everything back."""
        _, age = self.usd.redemptions.oldest(now=now)
        fear = WAD if self.broke else (self.rumour >> (day - 1)) + WAD * age // self.patience
        requested = 0
        for holder, bears in enumerate(self.bears):
            amount = self.usd.balance_of(_name(holder))
            if amount and fear >= bears and not self.broke:
                self.usd = self.usd.request_redemption(_name(holder), amount, now=now)
                self.requests.append((day, holder, amount))
                requested += amount
        return requested

    def _pay(self, now: int) -> int:
        """The oldest first, as the issuer does; it stops at the first that must wait."""
        paid = 0
        for id_, one in self.usd.redemptions.pending.items():
            self.bank, answer = self.bank.pay(one.amount, asked_at=one.requested_at, now=now)
            if answer is Payment.PAID:
                self.usd = self.usd.settle_redemption(ISSUER, id_)
                paid += one.amount
            elif answer is Payment.NEVER:
                self.broke = True
                self.usd = self.usd.refuse_redemption(ISSUER, id_)
            else:
                break
        return paid

    def _price(self, age: int) -> int:
        """Par while the bank pays, a fifth less when patience ends, what is left once it broke."""
        if self.broke:
            claims = self.usd.supply + self.usd.owed
            return min(WAD * _realisable(self.bank) // claims, WAD) if claims else WAD
        return WAD - WAD // 5 * min(age, self.patience) // self.patience


def _realisable(bank: Bank) -> int:
    """What could ever be paid out, as `stated` is of loans at face value. [base units]"""
    return min(bank.cash, bank.stated)


def _name(holder: int) -> str:
    return f"holder {holder}"
