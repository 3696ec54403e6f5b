"""The backing of a dollar loses its peg, and comes through the swap into the other dollar.

As USDC did in March 2023: part of its cash lay in a bank that failed on a Friday. Whoever held it
changed it at par into dollars that took it as backing; a swap's breaker refuses that as soon as its
oracle sees the price fall. `PRICES` is a script after the press of those days, in whole cents for
the most part; it is no record of trades. What it rests on (UTC):

- 03-11 03:11 Circle says that 3.3 of some 40 billion are in Silicon Valley Bank (Circle's tweet).
- 04:00 it trades at 0.95, at 08:00 at 0.88 (hacktech.info, "33 % loss of liquidity"); the lowest is
  CoinMarketCap's 0.8774 (Cointelegraph, 2023-03-11); single venues went lower, Bitstamp to 0.8102.
- 03-12 between 0.95 and 0.98, after Circle's promise to cover a shortfall (BeInCrypto, 03-12).
- 22:15 the regulators make all depositors whole; 03-13 at par again (CoinDesk, 03-13).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Final, Protocol

from ...errors import ParameterError
from ...reverts import BelowPeg, CapExceeded
from ...stablecoins import Peg, PegSide
from .world import ALIVE, ENGINES

__all__ = ["PRICES", "Depeg", "DepegHour", "DepegRun", "room", "run_depeg", "terms"]

PRICES: Final = (
    (0, 1.0), (7, 0.99), (8, 0.95), (12, 0.8774), (16, 0.92), (24, 0.95), (36, 0.97), (48, 0.98),
    (54, 0.99), (60, 0.995), (72, 1.0),
)  # fmt: skip
"""Hours from 2023-03-10 20:00 UTC, and the backing's price. [US dollars]"""
LOWEST: Final = min(PRICES, key=lambda one: one[1])
BACKING: Final = 10**6
"""Base units of the backing to a dollar."""
FEED_DECIMALS: Final = 8


@dataclass(frozen=True, slots=True)
class Depeg:
    """The swap and those who use it. Money in dollars. ParameterError for what cannot be."""

    breaker: bool = True
    """Whether the swap has an oracle of the backing."""
    tolerance: float = 0.01
    """How far below par the oracle may see it and it is still taken. [0 to 1]"""
    lag: int = 1
    """By how much the oracle is behind the market. [hours]"""
    supply: float = 5e9
    """Dollars that are out; what stood behind them at first is taken to keep its worth."""
    stock: float = 1e9
    """Of them, in the swap: the supply or less."""
    cap: float = 2e9
    """Most backing that the swap may hold."""
    flow: float = 20e6
    """Backing brought an hour, per cent that it is below par."""
    final: float = 1.0
    """What the backing ends at, from its lowest price on; its lowest or more. [0.8774 to 1]"""
    hours: int = 96

    def __post_init__(self) -> None:
        bounds = {
            "tolerance": (0, 0.999999), "lag": (0, 1_000), "supply": (1, 1e15), "stock": (1, 1e15),
            "cap": (1, 1e15), "flow": (0, 1e15), "final": (LOWEST[1], 1), "hours": (1, 10_000),
        }  # fmt: skip
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ParameterError(f"{name} {value} is not from {least} to {most}")
        if self.stock > self.supply:
            raise ParameterError(
                f"stock {self.stock:g} is more than the {self.supply:g} dollars that are out",
                hint="what lies in the swap is a part of the supply",
            )

    def price(self, hour: int) -> float:
        """Of the backing, between the script's points on a straight line."""
        scripted = _between(max(hour, 0))
        if hour <= LOWEST[0]:
            return scripted
        low = LOWEST[1]
        return low + (scripted - low) * (self.final - low) / (1 - low)


@dataclass(frozen=True, slots=True)
class DepegHour:
    """The end of one hour. Money in dollars."""

    hour: int
    backing: float
    """Its price."""
    dollar: float
    """What stands behind a dollar, the backing at its price."""
    taken: float
    """Backing that came in so far."""
    refused: float
    """Backing that the breaker, the cap or an empty stock kept out so far."""
    loss: float
    """On what was taken, at the price of the hour."""


@dataclass(frozen=True, slots=True)
class DepegRun:
    """How it went."""

    path: tuple[DepegHour, ...]

    @property
    def min_price(self) -> float:
        """Lowest worth of a dollar."""
        return min(one.dollar for one in self.path)

    @property
    def final_price(self) -> float:
        """Worth of a dollar at the end."""
        return self.path[-1].dollar

    @property
    def survived(self) -> bool:
        """Whether nearly all of a dollar stands behind a dollar at the end."""
        return self.final_price >= ALIVE

    @property
    def holders_loss(self) -> float:
        """Part of the dollars' worth that is lost at the end."""
        return 1 - self.final_price

    @property
    def worst_loss(self) -> float:
        """On what was taken, at the worst hour. [dollars]"""
        return max(one.loss for one in self.path)

    @property
    def loss(self) -> float:
        """On what was taken, at the end. [dollars]"""
        return self.path[-1].loss

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON data."""
        names = ("survived", "min_price", "final_price", "holders_loss", "worst_loss", "loss")
        hours = [field.name for field in fields(DepegHour)]
        return {
            **{name: getattr(self, name) for name in names},
            "taken": self.path[-1].taken,
            "refused": self.path[-1].refused,
            "path": [{name: getattr(one, name) for name in hours} for one in self.path],
        }


def run_depeg(scenario: Depeg | None = None, *, engine: str = "twin") -> DepegRun:
    """Plays it through; nothing is left to chance, and both engines give the same.

    >>> run_depeg().worst_loss < run_depeg(Depeg(breaker=False)).worst_loss / 5
    True
    """
    scenario = scenario or Depeg()
    if engine not in ENGINES:
        raise ParameterError(f"no engine {engine!r}", hint=f"one of {', '.join(ENGINES)}")
    if engine == "twin":
        return _play(scenario, _Twin(scenario))
    from ...chain import Chain
    from .contracts import SwapContracts

    with Chain.embedded() as chain:
        return _play(scenario, SwapContracts(scenario, chain))


def _play(scenario: Depeg, swap: Swap) -> DepegRun:
    taken = refused = 0
    path = []
    for hour in range(1, scenario.hours + 1):
        price = scenario.price(hour)
        seen = round(scenario.price(hour - scenario.lag) * 10**FEED_DECIMALS)
        offered = round(scenario.flow * (1 - price) * 100) * BACKING
        # At most what is left to get: nobody asks an empty swap.
        fits = min(offered, swap.left())
        try:
            if fits:
                swap.swap_in(fits, seen)
                taken += fits
        except (BelowPeg, CapExceeded):
            fits = 0
        refused += offered - fits
        loss = taken / BACKING * (1 - price)
        dollar = 1 - loss / scenario.supply
        path.append(DepegHour(hour, price, dollar, taken / BACKING, refused / BACKING, loss))
    return DepegRun(tuple(path))


def _between(hour: int) -> float:
    for (before, low), (after, high) in pairwise(PRICES):
        if hour <= after:
            return low + (high - low) * (hour - before) / (after - before)
    return PRICES[-1][1]


# --- the swap -------------------------------------------------------------------------------------


class Swap(Protocol):
    def left(self) -> int:
        """Backing that still fits, by cap and stock. [base units]"""

    def swap_in(self, amount: int, seen: int) -> None:
        """Changes it, at an oracle that sees this price. [base units, feed units]"""


class _Twin:
    def __init__(self, scenario: Depeg) -> None:
        cap, stock, pips = terms(scenario)
        backing = PegSide("backing", 6, cap=cap, tolerance=pips if scenario.breaker else 0)
        peg = Peg(backing, PegSide("dollar", 18), "treasury")
        self.peg, self.breaker = peg.fund("treasury", "dollar", stock), scenario.breaker

    def left(self) -> int:
        return room(self.peg)

    def swap_in(self, amount: int, seen: int) -> None:
        # A backing of 6 decimals in a dollar of 18: par is 1e48.
        price = seen * int(10 ** (36 + 12 - FEED_DECIMALS)) if self.breaker else None
        self.peg, _ = self.peg.swap_in(amount, price)


def terms(scenario: Depeg) -> tuple[int, int, int]:
    """Cap [backing], stock [dollar] and tolerance [pips]."""
    pips = round(scenario.tolerance * 10**6)
    return int(scenario.cap) * BACKING, int(scenario.stock) * 10**18, pips


def room(peg: Peg) -> int:
    """Backing that still fits, by cap and stock. [base units]"""
    return min(peg.backing.cap - peg.held_backing, peg.held_dollars // 10**12)
