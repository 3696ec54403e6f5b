"""Flash loans and flash swaps of an Exchange, for contracts: they are called in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..bindings import exchange as generated
from ..chain import Sender, Transaction
from ..chain.hashing import address_of
from ..errors import InputError
from ..units import Amount, Unit
from .pools_client import Percent, TokenLike, Who, unit_of
from .results import FlashLoaned
from .routes import ETHER
from .trading_client import Step, TradingClient

__all__ = ["FlashClient"]


class FlashClient(TradingClient):
    """What is done with money that has to be there only at the end."""

    def max_flash_loan(self, token: TokenLike) -> Amount:
        """The most of a token that `flash_loan` lends: all that the Exchange holds."""
        unit = self._wrapped(token)
        return unit.amount(self.contract.max_flash_loan(unit.address))

    def flash_loan(
        self, receiver: Who, amount: Amount, *, data: bytes = b"", sender: Sender | None = None
    ) -> FlashLoaned:
        """Lends any token held to the contract `receiver` for one call (ERC-3156), free of charge.

        Anyone may send it. The receiver is called, `onFlashLoan` with `data`, and must have
        approved the Exchange to take the amount back; meanwhile no other verb can be called.
        LoanRefused, ZeroAmount, and whatever receiver or token refuse; InputError for a receiver
        without code, and for ether, which is lent wrapped.
        """
        unit, borrower = self._wrapped(unit_of(amount)), self._with_code(receiver)
        with self._explained(balance=unit.amount, before=unit.amount):
            receipt = self.contract.flash_loan(
                borrower, unit.address, amount.raw, data, sender=sender
            )
        done = receipt.one(generated.FlashLoaned, address=self.address)
        return FlashLoaned(done.receiver, unit.amount(done.amount), receipt)

    def build_flash_swap(
        self,
        trader: Who,
        sell: Amount,
        buy: TokenLike,
        *,
        slippage: Percent = "0.5%",
        minimum: Amount | int | None = None,
        path: Sequence[Step] | None = None,
        to: Who | None = None,
        deadline: int | None = None,
        data: bytes = b"",
    ) -> Transaction:
        """The call by which the contract `trader` sells `sell`, and pays after it has the proceeds.

        Nothing is sent: an account has no code to be called back, so a contract of yours makes the
        call. `to` (the trader otherwise) gets what is bought, the trader's `onSwap` is called with
        `data`, then `sell` is taken of the trader's allowance: never more, and of nobody else.
        Path, slippage and minimum as of `swap`. InputError for a trader without code, and for
        ether, which a flash swap pays out but takes only wrapped.
        """
        quote = self.quote(sell, buy, path=path, slippage=slippage)
        unit = quote.buy.unit
        least = quote.minimum.raw if minimum is None else unit.to_raw(minimum)
        terms = (sell.raw, self._struct_path(quote.path, unit), least)
        return self._flash("flash_swap_exact_in", trader, sell.unit, terms, to, deadline, data)

    def build_flash_swap_exact_out(
        self,
        trader: Who,
        buy: Amount,
        sell: TokenLike,
        *,
        slippage: Percent = "0.5%",
        maximum: Amount | int | None = None,
        path: Sequence[Step] | None = None,
        to: Who | None = None,
        deadline: int | None = None,
        data: bytes = b"",
    ) -> Transaction:
        """The call by which the contract `trader` gets exactly `buy`, and pays for it afterwards.

        Everything else as of `build_flash_swap`; path, slippage and maximum as of `swap_exact_out`.
        """
        quote = self.quote_exact_out(buy, sell, path=path, slippage=slippage)
        unit = quote.sell.unit
        most = quote.maximum.raw if maximum is None else unit.to_raw(maximum)
        terms = (most, self._struct_path(quote.path, buy.unit), buy.raw)
        return self._flash("flash_swap_exact_out", trader, unit, terms, to, deadline, data)

    def _flash(
        self,
        verb: str,
        trader: Who,
        paid: Unit,
        terms: tuple[Any, ...],
        to: Who | None,
        deadline: int | None,
        data: bytes,
    ) -> Transaction:
        who, token = self._with_code(trader), self._wrapped(paid).address
        receiver = who if to is None else address_of(to)
        until = self._until(deadline)
        return self.contract.build(verb, token, *terms, receiver, until, data, sender=who)

    def _wrapped(self, token: TokenLike) -> Unit:
        """A token that contracts pay in. InputError for ether."""
        unit = self._unit(token)
        if unit.address == ETHER:
            raise InputError("ether is lent and paid back wrapped", hint="use amounts of its token")
        return unit

    def _with_code(self, who: Who) -> str:
        """The address of a contract. InputError for what cannot be called back."""
        address = address_of(who)
        if not self.chain.code(address):
            hint = "name a contract that implements ISwapCallback or IERC3156FlashBorrower"
            raise InputError(f"{address} has no code that could be called back", hint=hint)
        return address
