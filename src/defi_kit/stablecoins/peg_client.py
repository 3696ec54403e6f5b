"""The peg swap on a chain: two stablecoins changed into each other at par."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from .. import bindings
from ..bindings import peg_swap as abi
from ..chain import Chain, Receipt, Sender
from ..chain.hashing import ZERO_ADDRESS, HasAddress, address_of
from ..errors import InputError, Reverted, UnitMismatch
from ..reverts import TooManyDecimals
from ..tokens import Token
from ..units import Amount, Number, Ratio
from .peg import MAX_CAP, MAX_DECIMALS, PIPS, Peg, PegSide

__all__ = ["PegSwap", "PegSwapped", "PegTerms", "StockMoved"]

Who = HasAddress | str
"""An account, a contract or an address."""


@dataclass(frozen=True, slots=True)
class PegTerms:
    """On what terms a peg swap takes one of its tokens. ParameterError where they cannot be."""

    token: Token
    fee: Number | Ratio = "0%"
    """Of what comes in, at most 10%; a whole number of millionths."""
    cap: Amount | int | None = None
    """Most of it that the swap may hold; None is the most there can be, 2**128 - 1 base units."""
    oracle: Who | None = None
    """An IOracle that prices this token in the other one; None takes it whatever happens."""
    tolerance: Number | Ratio = "1%"
    """How far below par the oracle may see it and it is still taken."""

    def struct(self) -> abi.Side:
        """The same as the contract's constructor takes it."""
        if not isinstance(self.token, Token):
            raise InputError(f"{self.token!r} is no token", hint="give Token(chain, address)")
        decimals = self.token.decimals
        if decimals > MAX_DECIMALS:  # before the cap, which in such a token is too large as well
            raise TooManyDecimals(decimals, MAX_DECIMALS)
        oracle = ZERO_ADDRESS if self.oracle is None else address_of(self.oracle)
        cap = MAX_CAP if self.cap is None else self.token.unit.to_raw(self.cap)
        fee, tolerance = (Ratio.parse(part).over(PIPS) for part in (self.fee, self.tolerance))
        # Without an oracle the tolerance means nothing; it is written as zero.
        tolerance = 0 if self.oracle is None else tolerance
        PegSide(self.token.address, decimals, cap, fee, tolerance, oracle)
        return abi.Side(self.token.address, oracle, cap, fee, tolerance)


@dataclass(frozen=True, slots=True)
class PegSwapped:
    """One stablecoin was changed into the other."""

    sold: Amount
    bought: Amount
    to: str
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class StockMoved:
    """Stock came in, went back, or what was beyond par went to the treasury."""

    amount: Amount
    receipt: Receipt = field(repr=False)


class PegSwap:
    """A peg swap at an address.

    A verb takes an Amount: of which token it is says which way it goes. What it has to pull from
    the sender is approved first, exactly, unless `approve=False`. On local chains stock is moved by
    the treasury unless `sender` says otherwise.

    >>> swap = PegSwap.deploy(chain, PegTerms(usdc), PegTerms(dai))        # doctest: +SKIP
    >>> swap.fund(dai("1_000_000")), swap.swap(usdc(100)).bought        # doctest: +SKIP
    """

    def __init__(self, chain: Chain, address: Who) -> None:
        self.chain = chain
        self.contract = bindings.PegSwap(chain, address)
        self.address = self.contract.address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        backing: PegTerms,
        dollar: PegTerms,
        *,
        treasury: Sender | None = None,
        sender: Sender | None = None,
    ) -> Self:
        """A new swap between two tokens; nothing of it can be changed.

        The treasury, which alone pays stock in, is the sender unless named.
        """
        first = chain.default_sender if sender is None else sender
        made = bindings.PegSwap.deploy(
            chain,
            backing.struct(),
            dollar.struct(),
            first if treasury is None else treasury,
            sender=first,
        )
        return cls(chain, made.address)

    # --- what it is -------------------------------------------------------------------------------

    @cached_property
    def treasury(self) -> str:
        """Where stock comes from, and where it and the surplus go."""
        return self.contract.treasury()

    @cached_property
    def backing(self) -> Token:
        """The token that comes in by the contract's `swapIn`."""
        return Token(self.chain, self.contract.backing().token)

    @cached_property
    def dollar(self) -> Token:
        """The token that comes in by the contract's `swapOut`."""
        return Token(self.chain, self.contract.dollar().token)

    # --- swaps ------------------------------------------------------------------------------------

    def quote(self, amount: Amount) -> Amount:
        """What a swap of this amount pays now; raises its refusal."""
        into = self._other(amount)
        way = self.contract.quote_in if into is self.dollar else self.contract.quote_out
        with self._explained():
            return into.raw(way(amount.raw))

    def swap(
        self,
        amount: Amount,
        *,
        to: Who | None = None,
        sender: Sender | None = None,
        approve: bool = True,
    ) -> PegSwapped:
        """Changes this amount into the other token, at par less the fee.

        BelowPeg, InsufficientStock, CapExceeded, and what the oracle refuses with.
        """
        who = self.chain.default_sender if sender is None else sender
        receiver = address_of(who if to is None else to)
        into = self._other(amount)
        token = self._same(amount)
        way = self.contract.swap_in if into is self.dollar else self.contract.swap_out
        with self._explained(), self._approved(token, who, amount.raw, approve):
            receipt = way(amount.raw, receiver, sender=who)
        done = receipt.one(abi.PegSwapped, address=self.address)
        paid = done.dollars if into is self.dollar else done.backing
        return PegSwapped(amount, into.raw(-paid), receiver, receipt)

    # --- stock ------------------------------------------------------------------------------------

    def fund(
        self, amount: Amount, *, sender: Sender | None = None, approve: bool = True
    ) -> StockMoved:
        """Pays stock in. Needs the treasury."""
        who = self._as_treasury(sender)
        token = self._same(amount)
        with self._explained(), self._approved(token, who, amount.raw, approve):
            receipt = self.contract.fund(token, amount.raw, sender=who)
        return StockMoved(amount, receipt)

    def unfund(self, amount: Amount, *, sender: Sender | None = None) -> StockMoved:
        """Takes stock back, at most what was paid in of that token. Needs the treasury."""
        token = self._same(amount)
        with self._explained():
            receipt = self.contract.unfund(token, amount.raw, sender=self._as_treasury(sender))
        return StockMoved(amount, receipt)

    def collect(self, token: Token, *, sender: Sender | None = None) -> StockMoved:
        """Sends the treasury what is held beyond par, as far as this token goes. Anyone may."""
        with self._explained():
            receipt = self.contract.collect(token, sender=sender)
        done = receipt.one(abi.SurplusCollected, address=self.address)
        return StockMoved(token.raw(done.amount), receipt)

    def stock(self, token: Token) -> Amount:
        """What can be paid out of a token."""
        return token.balance(self.address)

    def funded(self, token: Token) -> Amount:
        """What the treasury has paid in of a token and not taken back."""
        with self._explained():
            return token.raw(self.contract.funded(token))

    @property
    def surplus(self) -> Amount:
        """What is held of both tokens beyond what was funded, at par, in the finer of the two."""
        finer = max(self.backing, self.dollar, key=lambda token: token.decimals)
        return finer.raw(self.contract.surplus())

    # --- the twin ---------------------------------------------------------------------------------

    def state(self) -> Peg:
        """The swap at the latest block, as a twin."""
        at = self.chain.block_number
        call = self.contract
        return Peg(
            backing=_side(call.backing(block=at), self.backing),
            dollar=_side(call.dollar(block=at), self.dollar),
            treasury=self.treasury,
            held_backing=self.backing.balance(self.address, block=at).raw,
            held_dollars=self.dollar.balance(self.address, block=at).raw,
            funded_backing=call.funded(self.backing, block=at),
            funded_dollars=call.funded(self.dollar, block=at),
        )

    # --- inside -----------------------------------------------------------------------------------

    def _as_treasury(self, sender: Sender | None) -> Sender:
        if sender is not None:
            return sender
        return self.treasury if self.chain.is_local else self.chain.default_sender

    def _same(self, amount: Amount) -> Token:
        return self.backing if self._other(amount) is self.dollar else self.dollar

    def _other(self, amount: Amount) -> Token:
        """The token that this amount is changed into."""
        if not isinstance(amount, Amount):
            raise InputError(
                f"{amount!r} is no amount",
                hint="make it one, so that its token says which way the swap goes: usd(100)",
            )
        if amount.unit == self.backing.unit:
            return self.dollar
        if amount.unit == self.dollar.unit:
            return self.backing
        raise UnitMismatch(
            f"{self.backing.unit.symbol} or {self.dollar.unit.symbol} expected, "
            f"{amount.unit.symbol} ({amount.unit.address or 'no address'}) given",
            hint="the swap changes its two tokens into each other, and nothing else",
        )

    def _approved(
        self, token: Token, who: Sender, raw: int, approve: bool
    ) -> AbstractContextManager[None]:
        return token.allowing(who, self.address, raw) if approve else nullcontext()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Shows the amounts in a refusal in the unit of the token that it names."""
        try:
            yield
        except Reverted as error:
            self._explain(error)
            raise

    def _explain(self, error: Reverted) -> None:
        if error.name == "ZeroAmount":
            error.hint = (
                "nothing would move: at least one base unit comes in and at least one goes out, "
                "and collect(...) needs a surplus"
            )
        named = {token.address: token for token in (self.backing, self.dollar)}
        token = named.get(str(error.arguments.get("token")))
        if token is None:
            return
        if error.name == "CapExceeded":
            error.hint = "the swap holds all it takes of this token; swap less, or the other way"
        show = token.unit.amount
        error.in_units(held=show, cap=show, asked=show, funded=show, received=show)
        other = self.dollar if token is self.backing else self.backing
        par = PegSide(token.address, token.decimals).par(PegSide(other.address, other.decimals))

        def price(raw: int) -> str:
            return f"{Ratio(raw * 10**18 // par)} of par"

        error.in_units(price=price, floor=price)


def _side(side: abi.Side, token: Token) -> PegSide:
    return PegSide(side.token, token.decimals, side.cap, side.fee, side.tolerance, side.oracle)
