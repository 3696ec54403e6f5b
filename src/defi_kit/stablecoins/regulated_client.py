"""A token that has officers, on a chain: roles, freezing, pausing, transfers by signature."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

from .. import bindings
from ..bindings.fiat_dollar import AccountFrozen, DollarPaused
from ..chain import Chain, Receipt, Sender
from ..chain.hashing import HasAddress, address_of
from ..errors import DefiKitError, InputError, Reverted
from ..tokens.client import Token, Transferred
from ..units import Amount
from .authorization import (
    Authorization,
    Cancellation,
    SignedAuthorization,
    SignedCancellation,
)
from .fiat import Role

__all__ = ["RegulatedToken", "Who"]

Who = HasAddress | str
"""An account, a contract or an address."""

HOUR: Final = 3_600


class RegulatedToken(Token):
    """What the fiat dollar is to those who hold it and to its officers."""

    def __init__(self, chain: Chain, address: Who) -> None:
        super().__init__(chain, address)
        self.dollar = bindings.FiatDollar(chain, address)

    @cached_property
    def decimals(self) -> int:
        """Six, always."""
        return 6

    # --- roles ------------------------------------------------------------------------------------

    @property
    def owner(self) -> str:
        """Who offers and revokes roles."""
        return self.dollar.owner()

    def holder_of(self, role: Role) -> str:
        """Who holds the role; the zero address when nobody does."""
        return self.dollar.holder_of(role)

    def candidate_of(self, role: Role) -> str:
        """To whom the role is offered; the zero address when to nobody."""
        return self.dollar.candidate_of(role)

    def offer_role(self, role: Role, candidate: Who, *, sender: Sender | None = None) -> Receipt:
        """Offers the role to `candidate`, who has it once it accepts. Needs the owner."""
        role = _role(role)
        return self._sent(
            lambda: self.dollar.offer_role(role, candidate, sender=self._as(Role.OWNER, sender))
        )

    def accept_role(self, role: Role, *, sender: Sender | None = None) -> Receipt:
        """Takes a role that was offered to the sender."""
        role = _role(role)
        return self._sent(lambda: self.dollar.accept_role(role, sender=sender))

    def revoke_role(self, role: Role, *, sender: Sender | None = None) -> Receipt:
        """Takes the role from its holder at once. Needs the owner; the owner's own stays."""
        role = _role(role)
        return self._sent(
            lambda: self.dollar.revoke_role(role, sender=self._as(Role.OWNER, sender))
        )

    # --- stopping ---------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether everything is stopped."""
        return self.dollar.paused()

    def pause(self, *, sender: Sender | None = None) -> Receipt:
        """Stops every movement and approval. Needs the pauser.

        The dollar must hold ether while it is paused: one wei is sent along if it has none.
        """
        wei = 0 if self.chain.balance(self.address) else 1
        return self._sent(
            lambda: self.dollar.pause(sender=self._as(Role.PAUSER, sender), value=wei)
        )

    def unpause(self, *, sender: Sender | None = None) -> Receipt:
        """Lets everything go on; the dollar's ether goes to the sender. Needs the pauser."""
        return self._sent(lambda: self.dollar.unpause(sender=self._as(Role.PAUSER, sender)))

    def is_frozen(self, who: Who) -> bool:
        """Whether the account is frozen."""
        return self.dollar.is_frozen(who)

    def freeze(self, who: Who, *, sender: Sender | None = None) -> Receipt:
        """Freezes the account: it neither sends, receives nor approves. Needs compliance."""
        return self._sent(lambda: self.dollar.freeze(who, sender=self._as(Role.COMPLIANCE, sender)))

    def unfreeze(self, who: Who, *, sender: Sender | None = None) -> Receipt:
        """Unfreezes the account. Needs compliance."""
        return self._sent(
            lambda: self.dollar.unfreeze(who, sender=self._as(Role.COMPLIANCE, sender))
        )

    # --- approving and signing --------------------------------------------------------------------

    def increase_allowance(
        self, spender: Who, increment: Amount | int, *, sender: Sender | None = None
    ) -> Receipt:
        """Lets `spender` send so much more of the sender's."""
        raw = self.unit.to_raw(increment)
        return self._sent(lambda: self.dollar.increase_allowance(spender, raw, sender=sender))

    def decrease_allowance(
        self, spender: Who, decrement: Amount | int, *, sender: Sender | None = None
    ) -> Receipt:
        """Lets `spender` send so much less of the sender's."""
        raw = self.unit.to_raw(decrement)
        return self._sent(lambda: self.dollar.decrease_allowance(spender, raw, sender=sender))

    def sign_transfer(
        self,
        owner: Sender,
        to: Who,
        amount: Amount | int,
        *,
        valid_after: int = 0,
        valid_before: int | None = None,
        nonce: bytes | None = None,
        receive: bool = False,
        key: bytes | None = None,
    ) -> SignedAuthorization:
        """`owner`'s signature under a transfer (ERC-3009), for anyone to send; with `receive`, for
        its receiver only.

        Signs as `sign_permit` does. Without a nonce (32 bytes) one is drawn; it can be used for an
        hour unless said otherwise. [unix seconds]
        """
        order = Authorization(
            owner=address_of(owner),
            to=address_of(to),
            value=self.unit.to_raw(amount),
            valid_after=valid_after,
            valid_before=self.chain.timestamp + HOUR if valid_before is None else valid_before,
            nonce=secrets.token_bytes(32) if nonce is None else nonce,
            receive=receive,
        )
        secret = self._key_of(owner) if key is None else key
        return order.sign(self.contract.domain_separator(), secret)

    def transfer_with_authorization(
        self, signed: SignedAuthorization, *, sender: Sender | None = None
    ) -> Transferred:
        """Sends a signed transfer; anyone may."""
        return self._moved(self.dollar.transfer_with_authorization, signed, sender)

    def receive_with_authorization(
        self, signed: SignedAuthorization, *, sender: Sender | None = None
    ) -> Transferred:
        """Sends a signed transfer that only its receiver may, who sends it on local chains."""
        if sender is None and self.chain.is_local:
            sender = signed.message.to
        return self._moved(self.dollar.receive_with_authorization, signed, sender)

    def _moved(
        self,
        send: Callable[..., Receipt],
        signed: SignedAuthorization,
        sender: Sender | None,
    ) -> Transferred:
        order = signed.message
        times = (order.valid_after, order.valid_before)
        receipt = self._sent(
            lambda: send(
                order.owner,
                order.to,
                order.value,
                *times,
                order.nonce,
                signed.signature,
                sender=sender,
            )
        )
        return Transferred(order.owner, order.to, self.raw(order.value), receipt)

    def sign_cancellation(
        self, owner: Sender, nonce: bytes, *, key: bytes | None = None
    ) -> SignedCancellation:
        """`owner`'s signature that calls an unused authorization off, for anyone to send."""
        secret = self._key_of(owner) if key is None else key
        off = Cancellation(address_of(owner), nonce)
        return off.sign(self.contract.domain_separator(), secret)

    def cancel_authorization(
        self, signed: SignedCancellation, *, sender: Sender | None = None
    ) -> Receipt:
        """Calls an authorization off; anyone may send it."""
        off = signed.message
        return self._sent(
            lambda: self.dollar.cancel_authorization(
                off.owner, off.nonce, signed.signature, sender=sender
            )
        )

    def authorization_state(self, owner: Who, nonce: bytes) -> bool:
        """Whether that authorization was used or called off."""
        return self.dollar.authorization_state(owner, nonce)

    # --- inside -----------------------------------------------------------------------------------

    def _as(self, role: Role, sender: Sender | None) -> Sender | None:
        return self.holder_of(role) if sender is None and self.chain.is_local else sender

    def _sent(self, send: Callable[[], Receipt]) -> Receipt:
        with self._explained():
            return send()

    def _explain(self, error: Reverted) -> None:
        super()._explain(error)
        error.in_units(role=lambda value: Role(value).name)
        if error.contract in (None, self.address):
            show = self.unit.amount
            error.in_units(reserves=show, liabilities=show, available=show, increment=show)
        if error.contract not in (None, self.address):
            return
        if error.name == "AccountIsFrozen":
            error.hint = self._who_froze(str(error.arguments["account"]))
        elif error.name == "DollarIsPaused":
            error.hint = self._who_paused()

    def _who_froze(self, account: str) -> str:
        """Who froze the account and who can undo it, from the chain's own records."""
        by = self._last(AccountFrozen, lambda event: event.account == account)
        remedy = f"compliance ({self.holder_of(Role.COMPLIANCE)}) can unfreeze(...) it"
        return (f"frozen by {by.by}{_when(by)}; " if by else "") + remedy

    def _who_paused(self) -> str:
        by = self._last(DollarPaused, lambda event: True)
        remedy = f"the pauser ({self.holder_of(Role.PAUSER)}) can unpause() it"
        return (f"paused by {by.by}{_when(by)}; " if by else "") + remedy

    def _last(self, kind: type[Any], wanted: Callable[[Any], bool]) -> Any:
        """The newest such event. Local chains only: a public node may refuse so wide a search."""
        if not self.chain.is_local:
            return None
        try:
            found = [event for event in self.dollar.events(kind) if wanted(event)]
        except DefiKitError:  # a hint is not worth a second error
            return None
        return found[-1] if found else None


def _role(role: Role) -> Role:
    try:
        return Role(role)
    except ValueError:
        names = ", ".join(f"Role.{one.name}" for one in Role)
        raise InputError(f"no role {role!r}", hint=f"one of {names}") from None


def _when(event: Any) -> str:
    return f" in block {event.log.block_number}" if event.log else ""
