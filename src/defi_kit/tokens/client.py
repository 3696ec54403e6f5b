"""ERC-20 tokens on a chain: amounts, verbs, approvals and permits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Self

from .. import bindings
from ..chain import Account, Chain, Receipt, Sender
from ..chain.hashing import HasAddress, address_of
from ..errors import BadResponse, InputError, RefusedKey, Reverted, UnknownRevert
from ..units import Amount, Number, Unit
from .ledger import ZERO_ADDRESS, Ledger
from .permit import Permit, PermitMessage, sign

__all__ = [
    "Approved",
    "Burned",
    "FaucetToken",
    "Minted",
    "Token",
    "Transferred",
    "WrappedEther",
]

Who = HasAddress | str
"""An account, a contract or an address."""

HOUR: Final = 3_600


@dataclass(frozen=True, slots=True)
class Transferred:
    """Tokens moved."""

    sender: str
    to: str
    amount: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Approved:
    """A spender may send so much. `receipt` is None where nothing had to be sent."""

    owner: str
    spender: str
    amount: Amount
    receipt: Receipt | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Minted:
    """Tokens came into being."""

    to: str
    amount: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Burned:
    """Tokens ceased to be."""

    holder: str
    amount: Amount
    receipt: Receipt = field(repr=False)


class Token:
    """An ERC-20 at an address.

    Calling it makes amounts: `usd("1_500.25")`, `usd(500)` are dollars; `usd.raw(5)` is base units.
    A verb takes an Amount of this token, or base units as int.
    """

    def __init__(self, chain: Chain, address: Who) -> None:
        self.chain = chain
        # The ABI of any ERC-20 with permit; what a token lacks is not called.
        self.contract = bindings.FaucetToken(chain, address)
        self.address = self.contract.address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Token):
            return NotImplemented
        return self.chain is other.chain and self.address == other.address

    def __hash__(self) -> int:
        return hash(self.address)

    # --- what it is -------------------------------------------------------------------------------

    @cached_property
    def symbol(self) -> str:
        """For example `"WETH"`. InputError where the address is no token's."""
        with self._a_token("symbol"):
            return self.contract.symbol()

    @cached_property
    def name(self) -> str:
        """For example `"Wrapped Ether"`."""
        return self.contract.name()

    @cached_property
    def decimals(self) -> int:
        """Digits behind the point. InputError where the address is no token's."""
        with self._a_token("decimals"):
            return self.contract.decimals()

    @contextmanager
    def _a_token(self, view: str) -> Iterator[None]:
        """What every token answers."""
        try:
            yield
        except (UnknownRevert, BadResponse) as error:
            raise InputError(
                f"{self.address} is no token: it has no {view}()",
                hint="give the token itself: kit.usd, kit.algo.dollar",
            ) from error

    @cached_property
    def unit(self) -> Unit:
        """What its amounts count."""
        return Unit(self.symbol, self.decimals, self.address)

    def __call__(self, value: Number) -> Amount:
        """An amount as a person writes it: `weth("1.5")`, `weth(10)`, `weth(Decimal("0.1"))`."""
        return self.unit.parse(value)

    def raw(self, base_units: int) -> Amount:
        """An amount of base units: `weth.raw(1)` is one wei."""
        return Amount(self.unit, base_units)

    # --- views ------------------------------------------------------------------------------------

    def balance(self, who: Who, *, block: int | None = None) -> Amount:
        """What the account holds."""
        return self.raw(self.contract.balance_of(who, block=block))

    def total_supply(self, *, block: int | None = None) -> Amount:
        """All there is of it."""
        return self.raw(self.contract.total_supply(block=block))

    def allowance(self, owner: Who, spender: Who, *, block: int | None = None) -> Amount:
        """What `spender` may still send of `owner`'s."""
        return self.raw(self.contract.allowance(owner, spender, block=block))

    def ledger(self, accounts: Iterable[Who]) -> Ledger:
        """The books of these accounts as a twin, for what-if; others are left out of it."""
        block = self.chain.block_number
        names = [address_of(who) for who in accounts]
        call = self.contract
        pairs = [(owner, spender) for owner in names for spender in names]
        return Ledger(
            owner=self._minter(),
            supply=call.total_supply(block=block),
            balances=_nonzero(names, lambda who: call.balance_of(who, block=block)),
            allowances=_nonzero(pairs, lambda pair: call.allowance(*pair, block=block)),
            nonces=_nonzero(names, lambda who: call.nonces(who, block=block)),
        )

    def _minter(self) -> str:
        return ZERO_ADDRESS

    # --- moving -----------------------------------------------------------------------------------

    def transfer(
        self, to: Who, amount: Amount | int, *, sender: Sender | None = None
    ) -> Transferred:
        """Sends the sender's tokens to `to`."""
        raw = self.unit.to_raw(amount)
        with self._explained():
            receipt = self.contract.transfer(to, raw, sender=sender)
        return Transferred(receipt.sender, address_of(to), self.raw(raw), receipt)

    def transfer_from(
        self, owner: Who, to: Who, amount: Amount | int, *, sender: Sender | None = None
    ) -> Transferred:
        """Sends `owner`'s tokens to `to`, within what `owner` allowed the sender."""
        raw = self.unit.to_raw(amount)
        with self._explained():
            receipt = self.contract.transfer_from(owner, to, raw, sender=sender)
        return Transferred(address_of(owner), address_of(to), self.raw(raw), receipt)

    # --- approving --------------------------------------------------------------------------------

    def approve(
        self, spender: Who, amount: Amount | int, *, sender: Sender | None = None
    ) -> Approved:
        """Lets `spender` send up to `amount` of the sender's; replaces what it might before."""
        raw = self.unit.to_raw(amount)
        with self._explained():
            receipt = self.contract.approve(spender, raw, sender=sender)
        return Approved(receipt.sender, address_of(spender), self.raw(raw), receipt)

    def ensure_allowance(
        self, owner: Sender | None, spender: Who, amount: Amount | int
    ) -> Approved | None:
        """Approves exactly `amount`, if `spender` may not send that much yet; None if it may.

        `owner=None` is the chain's default sender.
        """
        holder = self.chain.default_sender if owner is None else owner
        raw = self.unit.to_raw(amount)
        if self.contract.allowance(holder, spender) >= raw:
            return None
        return self.approve(spender, raw, sender=holder)

    @contextmanager
    def allowing(self, owner: Sender, spender: Who, amount: Amount | int) -> Iterator[None]:
        """`with usd.allowing(alice, pool, usd(5)):` lets `spender` send exactly that much inside.

        Nothing of it is left behind: what was not used is taken back, and what stood before stands
        again if the block fails. An allowance that suffices already is left alone.
        """
        raw, before = self.unit.to_raw(amount), self.allowance(owner, spender).raw
        if before >= raw:
            yield
            return
        self.approve(spender, raw, sender=owner)
        try:
            yield
        except BaseException:
            self.approve(spender, before, sender=owner)
            raise
        if self.allowance(owner, spender):
            self.approve(spender, 0, sender=owner)

    def sign_permit(
        self,
        owner: Sender,
        spender: Who,
        amount: Amount | int,
        *,
        deadline: int | None = None,
        key: bytes | None = None,
    ) -> Permit:
        """`owner`'s signature under an approval, for anyone to send with `permit`.

        Signs with `key` (32 bytes); without one, `owner` must be a named account of a local chain
        (RefusedKey otherwise). The deadline is an hour from now unless given. [unix seconds]
        """
        holder = address_of(owner)
        secret = self._key_of(owner) if key is None else key
        message = PermitMessage(
            owner=holder,
            spender=address_of(spender),
            value=self.unit.to_raw(amount),
            nonce=self.contract.nonces(holder),
            deadline=self.chain.timestamp + HOUR if deadline is None else deadline,
        )
        return sign(message, self.contract.domain_separator(), secret)

    def _key_of(self, owner: Sender) -> bytes:
        from ..chain.base import key_address, named_key

        if self.chain.is_local and isinstance(owner, Account):
            key = named_key(owner.name)
            if key_address(key) == owner.address:
                return key
        raise RefusedKey(
            f"no key at hand to sign for {owner}",
            hint="give sign_permit(..., key=...), or sign the message's digest elsewhere",
        )

    def permit(self, signed: Permit, *, sender: Sender | None = None) -> Approved:
        """Sends a signed approval; anyone may.

        Whoever copies it from the pool of waiting transactions and sends it first does what it
        says. That must not stop us: where it was used and the allowance stands, this succeeds.
        """
        message = signed.message
        try:
            with self._explained():
                receipt = self.contract.permit(
                    message.owner,
                    message.spender,
                    message.value,
                    message.deadline,
                    signed.v,
                    signed.r.to_bytes(32, "big"),
                    signed.s.to_bytes(32, "big"),
                    sender=sender,
                )
        except Reverted:
            if not self._was_used(message):
                raise
            return Approved(message.owner, message.spender, self.raw(message.value), None)
        return Approved(message.owner, message.spender, self.raw(message.value), receipt)

    def _was_used(self, message: PermitMessage) -> bool:
        return (
            self.contract.nonces(message.owner) == message.nonce + 1
            and self.contract.allowance(message.owner, message.spender) == message.value
        )

    # --- explaining -------------------------------------------------------------------------------

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Shows the amounts in a refusal of this token in its unit."""
        try:
            yield
        except Reverted as error:
            self._explain(error)
            raise

    def _explain(self, error: Reverted) -> None:
        if error.contract in (None, self.address):
            show = self.unit.amount
            error.in_units(amount=show, balance=show, needed=show, allowance=show, supply=show)


class FaucetToken(Token):
    """A token whose owner mints at will: for local economies and tests."""

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        name: str,
        symbol: str,
        decimals: int = 18,
        *,
        owner: Sender | None = None,
        sender: Sender | None = None,
    ) -> Self:
        """A new token. Its owner is the sender unless named; it is fixed."""
        first = _or_default(chain, sender)
        holder = first if owner is None else owner
        made = bindings.FaucetToken.deploy(chain, name, symbol, decimals, holder, sender=first)
        return cls(chain, made.address)

    @cached_property
    def owner(self) -> str:
        """Who may mint, for ever."""
        return self.contract.owner()

    def _minter(self) -> str:
        return self.owner

    def mint(self, to: Who, amount: Amount | int, *, sender: Sender | None = None) -> Minted:
        """Mints to `to`. The sender must be the owner, and is on a local chain unless named."""
        raw = self.unit.to_raw(amount)
        if sender is None and self.chain.is_local:
            sender = self.owner
        with self._explained():
            receipt = self.contract.mint(to, raw, sender=sender)
        return Minted(address_of(to), self.raw(raw), receipt)


class WrappedEther(Token):
    """Ether as a token: one wei in, one base unit out, and back."""

    def __init__(self, chain: Chain, address: Who) -> None:
        super().__init__(chain, address)
        self._wrapper = bindings.WrappedEther(chain, address)

    @classmethod
    def deploy(cls, chain: Chain, *, sender: Sender | None = None) -> Self:
        """A new wrapper; nobody owns it."""
        return cls(chain, bindings.WrappedEther.deploy(chain, sender=sender).address)

    def deposit(self, amount: Amount | int, *, sender: Sender | None = None) -> Minted:
        """Wraps that much of the sender's ether."""
        raw = self.unit.to_raw(amount)
        with self._explained():
            receipt = self._wrapper.deposit(value=raw, sender=sender)
        return Minted(receipt.sender, self.raw(raw), receipt)

    def withdraw(self, amount: Amount | int, *, sender: Sender | None = None) -> Burned:
        """Unwraps that much of the sender's; the sender must accept ether."""
        raw = self.unit.to_raw(amount)
        with self._explained():
            receipt = self._wrapper.withdraw(raw, sender=sender)
        return Burned(receipt.sender, self.raw(raw), receipt)


def _or_default(chain: Chain, sender: Sender | None) -> Sender:
    return chain.default_sender if sender is None else sender


def _nonzero(keys: Iterable[Any], read: Callable[[Any], int]) -> dict[Any, int]:
    return {key: value for key in keys if (value := read(key))}
