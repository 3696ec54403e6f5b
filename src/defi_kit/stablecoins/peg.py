"""Twin of PegSwap: two stablecoins changed into each other at par, less a fee, in integers.

Every verb returns the next state and what the contract returns, and refuses what the contract
refuses, with the same error and in the same order. It knows no oracle: a swap takes `price`, what
the oracle of the token that comes in answers [1e36], or the error it refuses with.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from ..errors import AmountError
from ..reverts import (
    BelowPeg,
    CapExceeded,
    InsufficientStock,
    InvalidParameter,
    InvalidSide,
    NotASide,
    NotFunded,
    NotTreasury,
    TooManyDecimals,
    ZeroAmount,
)
from ..tokens.ledger import ZERO_ADDRESS
from ..units import check_uint256

__all__ = ["MAX_CAP", "MAX_DECIMALS", "MAX_FEE", "PIPS", "Peg", "PegSide"]

PIPS: Final = 10**6
MAX_DECIMALS: Final = 24
"""Of a token."""
MAX_FEE: Final = 100_000
"""[pips]"""
MAX_CAP: Final = 2**128 - 1
PRICE_DECIMALS: Final = 36

Price = int | Exception | None
"""What an oracle answers [1e36], or the error it refuses with; None where there is none."""


@dataclass(frozen=True, slots=True)
class PegSide:
    """One of the two tokens, and on what terms it is taken.

    Raises InvalidParameter, TooManyDecimals.
    """

    token: str
    decimals: int
    cap: int = MAX_CAP
    """Most of it that the swap may hold, gifts included. [token]"""
    fee: int = 0
    """Of what comes in, kept in the other token. [pips]"""
    tolerance: int = 0
    """How far below par its oracle may see it and it is still taken. [pips]"""
    oracle: str = ZERO_ADDRESS
    """Named by the client; the zero address for none."""

    def __post_init__(self) -> None:
        if not 0 < self.cap <= MAX_CAP:
            raise InvalidParameter("cap", self.cap)
        if not 0 <= self.fee <= MAX_FEE:
            raise InvalidParameter("fee", self.fee)
        if not 0 <= self.tolerance < PIPS:
            raise InvalidParameter("tolerance", self.tolerance)
        if self.decimals > MAX_DECIMALS:
            raise TooManyDecimals(self.decimals, MAX_DECIMALS)

    def par(self, other: PegSide) -> int:
        """Its price in the other token where one is worth one. [1e36]"""
        value: int = 10 ** (PRICE_DECIMALS + other.decimals - self.decimals)
        return value

    def floor(self, other: PegSide) -> int:
        """The lowest price in the other token at which it is still taken. [1e36]"""
        return self.par(other) // PIPS * (PIPS - self.tolerance)

    def scale(self, other: PegSide) -> int:
        """Brings amounts of it to the decimals of the finer of the two."""
        value: int = 10 ** max(other.decimals - self.decimals, 0)
        return value


@dataclass(frozen=True, slots=True)
class Peg:
    """The swap at one block. Raises InvalidSide.

    >>> cash, coin = PegSide("CASH", 6, fee=1_000), PegSide("COIN", 18)
    >>> swap = Peg(cash, coin, "BANK").fund("BANK", "COIN", 10**21)
    >>> swap, paid = swap.swap_in(100 * 10**6)
    >>> paid, swap.swap_out(paid)[1], swap.surplus
    (99900000000000000000, 99900000, 100000000000000000)
    """

    backing: PegSide
    """Comes in by `swap_in`."""
    dollar: PegSide
    """Comes in by `swap_out`."""
    treasury: str
    held_backing: int = 0
    """[backing]"""
    held_dollars: int = 0
    """[dollar]"""
    funded_backing: int = 0
    """Paid in by the treasury and not taken back. [backing]"""
    funded_dollars: int = 0
    """Paid in by the treasury and not taken back. [dollar]"""
    _terms: tuple[int, int, int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.treasury == ZERO_ADDRESS:
            raise InvalidSide(self.treasury)
        if self.backing.token == self.dollar.token:
            raise InvalidSide(self.dollar.token)
        backing, dollar = self.backing.scale(self.dollar), self.dollar.scale(self.backing)
        floors = self.backing.floor(self.dollar), self.dollar.floor(self.backing)
        object.__setattr__(self, "_terms", (backing, dollar, *floors))

    # --- swaps ------------------------------------------------------------------------------------

    def swap_in(self, amount: int, price: Price = None) -> tuple[Peg, int]:
        """The swap after taking backing, and the dollars it paid.

        What the oracle refuses with, BelowPeg, CapExceeded, ZeroAmount, InsufficientStock.
        """
        paid = self.quote_in(amount, price)
        held, left = self.held_backing + amount, self.held_dollars - paid
        return replace(self, held_backing=held, held_dollars=left), paid

    def swap_out(self, amount: int, price: Price = None) -> tuple[Peg, int]:
        """The swap after taking dollars, and the backing it paid; refuses as `swap_in` does."""
        paid = self.quote_out(amount, price)
        held, left = self.held_dollars + amount, self.held_backing - paid
        return replace(self, held_dollars=held, held_backing=left), paid

    def quote_in(self, amount: int, price: Price = None) -> int:
        """What `swap_in` would pay, or its refusal. [dollar]"""
        scale, other, floor, _ = self._terms
        factors = scale * (PIPS - self.backing.fee), other * PIPS
        holdings = self.held_backing, self.held_dollars
        return _quote(self.backing, self.dollar, holdings, factors, floor, amount, price)

    def quote_out(self, amount: int, price: Price = None) -> int:
        """What `swap_out` would pay, or its refusal. [backing]"""
        other, scale, _, floor = self._terms
        factors = scale * (PIPS - self.dollar.fee), other * PIPS
        holdings = self.held_dollars, self.held_backing
        return _quote(self.dollar, self.backing, holdings, factors, floor, amount, price)

    # --- stock ------------------------------------------------------------------------------------

    def fund(self, sender: str, token: str, amount: int) -> Peg:
        """The swap with more stock. NotTreasury, NotASide, ZeroAmount, CapExceeded."""
        self._only_treasury(sender)
        cap = self._side(token).cap
        if not check_uint256(amount):
            raise ZeroAmount()
        held = self.held(token) + amount
        for much in (amount, held):
            if much > cap:
                raise CapExceeded(token, much, cap)
        return self._with(token, held, self.funded(token) + amount)

    def unfund(self, sender: str, token: str, amount: int) -> Peg:
        """The swap with less stock.

        NotTreasury, NotASide, ZeroAmount, NotFunded, InsufficientStock.
        """
        self._only_treasury(sender)
        stock = self.funded(token)
        if not check_uint256(amount):
            raise ZeroAmount()
        if amount > stock:
            raise NotFunded(token, stock, amount)
        held = self.held(token)
        if amount > held:
            raise InsufficientStock(token, held, amount)
        return self._with(token, held - amount, stock - amount)

    def collect(self, token: str) -> tuple[Peg, int]:
        """The swap after the surplus left in this token, and how much. NotASide, ZeroAmount."""
        side = self._side(token)
        other = self.dollar if side is self.backing else self.backing
        held = self.held(token)
        amount = min(self.surplus // side.scale(other), held, MAX_CAP)
        if not amount:
            raise ZeroAmount()
        return self._with(token, held - amount, self.funded(token)), amount

    def give(self, token: str, amount: int) -> Peg:
        """The swap after somebody sent it tokens for nothing. NotASide."""
        return self._with(token, self.held(token) + amount, self.funded(token))

    def _with(self, token: str, held: int, funded: int) -> Peg:
        if token == self.backing.token:
            return replace(self, held_backing=held, funded_backing=funded)
        return replace(self, held_dollars=held, funded_dollars=funded)

    def _only_treasury(self, sender: str) -> None:
        if sender != self.treasury:
            raise NotTreasury(sender, self.treasury)

    # --- views ------------------------------------------------------------------------------------

    def held(self, token: str) -> int:
        """What the swap holds of a token. NotASide. [token]"""
        return self.held_backing if self._side(token) is self.backing else self.held_dollars

    def funded(self, token: str) -> int:
        """What the treasury has paid in of a token and not taken back. NotASide. [token]"""
        return self.funded_backing if self._side(token) is self.backing else self.funded_dollars

    @property
    def surplus(self) -> int:
        """What is held of both tokens beyond what was funded, at par. [the finer token]"""
        backing, dollar, _, _ = self._terms
        held = min(self.held_backing, MAX_CAP) * backing + min(self.held_dollars, MAX_CAP) * dollar
        owed = self.funded_backing * backing + self.funded_dollars * dollar
        return max(held - owed, 0)

    def _side(self, token: str) -> PegSide:
        if token == self.backing.token:
            return self.backing
        if token == self.dollar.token:
            return self.dollar
        raise NotASide(token)

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> None:
        """Raises AmountError unless S4 holds: both tokens together cover what was funded."""
        backing, dollar, _, _ = self._terms
        held = self.held_backing * backing + self.held_dollars * dollar
        owed = self.funded_backing * backing + self.funded_dollars * dollar
        if held < owed:
            raise AmountError(f"S4: {held} held at par, {owed} funded")


def _quote(
    side: PegSide,
    other: PegSide,
    holdings: tuple[int, int],
    factors: tuple[int, int],
    floor: int,
    amount: int,
    price: Price,
) -> int:
    """What `amount` of `side` pays of `other`; `holdings` and `factors` are in that order."""
    check_uint256(amount)
    if isinstance(price, Exception):
        raise price
    if price is not None and price < floor:
        raise BelowPeg(side.token, price, floor)
    if amount > side.cap:
        raise CapExceeded(side.token, amount, side.cap)
    paid = amount * factors[0] // factors[1]
    if not paid:
        raise ZeroAmount()
    held, stock = holdings
    if held + amount > side.cap:
        raise CapExceeded(side.token, held + amount, side.cap)
    if paid > stock:
        raise InsufficientStock(other.token, stock, paid)
    return paid
