"""The fiat dollar on a chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Self

from .. import bindings
from ..bindings.fiat_dollar import AccountFrozen, DollarPaused
from ..chain import Chain, Receipt, Sender
from ..chain.hashing import HasAddress, address_of
from ..errors import DefiKitError, Reverted
from ..tokens.client import Burned, Minted, Token
from ..units import Amount
from .fiat import Fiat, Role

__all__ = ["FiatDollar"]

Who = HasAddress | str


class FiatDollar(Token):
    """A dollar backed by cash: minters issue and burn it, compliance freezes, a pauser stops it.

    On local chains a verb that needs a role is sent by its holder unless `sender` says otherwise.

    >>> usd = FiatDollar(chain, address)        # doctest: +SKIP
    >>> usd.configure_minter(bank, usd("1_000_000"))        # doctest: +SKIP
    >>> usd.mint(alice, usd("1500.25"), sender=bank)        # doctest: +SKIP
    """

    def __init__(self, chain: Chain, address: Who) -> None:
        super().__init__(chain, address)
        self.dollar = bindings.FiatDollar(chain, address)

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        name: str = "Fiat Dollar",
        symbol: str = "USD",
        *,
        owner: Sender | None = None,
        minter_admin: Sender | None = None,
        pauser: Sender | None = None,
        compliance: Sender | None = None,
        sender: Sender | None = None,
    ) -> Self:
        """A new dollar. Its owner is the sender unless named; roles not named are the owner's."""
        first = chain.default_sender if sender is None else sender
        head = first if owner is None else owner
        made = bindings.FiatDollar.deploy(
            chain,
            name,
            symbol,
            head,
            head if minter_admin is None else minter_admin,
            head if pauser is None else pauser,
            head if compliance is None else compliance,
            sender=first,
        )
        return cls(chain, made.address)

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
        role = Role(role)
        return self._sent(
            lambda: self.dollar.offer_role(role, candidate, sender=self._as(Role.OWNER, sender))
        )

    def accept_role(self, role: Role, *, sender: Sender | None = None) -> Receipt:
        """Takes a role that was offered to the sender."""
        role = Role(role)
        return self._sent(lambda: self.dollar.accept_role(role, sender=sender))

    def revoke_role(self, role: Role, *, sender: Sender | None = None) -> Receipt:
        """Takes the role from its holder at once. Needs the owner; the owner's own stays."""
        role = Role(role)
        return self._sent(
            lambda: self.dollar.revoke_role(role, sender=self._as(Role.OWNER, sender))
        )

    # --- issuing ----------------------------------------------------------------------------------

    def configure_minter(
        self, minter: Who, allowance: Amount | int, *, sender: Sender | None = None
    ) -> Receipt:
        """Lets `minter` mint up to `allowance`, replacing what it might. Needs the minter admin."""
        raw = self.unit.to_raw(allowance)
        return self._sent(
            lambda: self.dollar.configure_minter(
                minter, raw, sender=self._as(Role.MINTER_ADMIN, sender)
            )
        )

    def remove_minter(self, minter: Who, *, sender: Sender | None = None) -> Receipt:
        """Stops `minter` from minting and burning. Needs the minter admin."""
        return self._sent(
            lambda: self.dollar.remove_minter(minter, sender=self._as(Role.MINTER_ADMIN, sender))
        )

    def is_minter(self, who: Who) -> bool:
        """Whether the account may mint and burn."""
        return self.dollar.is_minter(who)

    def minter_allowance(self, minter: Who) -> Amount:
        """What the minter may still mint."""
        return self.raw(self.dollar.minter_allowance(minter))

    def mint(self, to: Who, amount: Amount | int, *, sender: Sender | None = None) -> Minted:
        """Issues to `to`; the sender's allowance as a minter falls by as much."""
        raw = self.unit.to_raw(amount)
        receipt = self._sent(lambda: self.dollar.mint(to, raw, sender=sender))
        return Minted(address_of(to), self.raw(raw), receipt)

    def burn(self, amount: Amount | int, *, sender: Sender | None = None) -> Burned:
        """Destroys that much of the sender's own; only minters may."""
        raw = self.unit.to_raw(amount)
        receipt = self._sent(lambda: self.dollar.burn(raw, sender=sender))
        return Burned(receipt.sender, self.raw(raw), receipt)

    # --- stopping ---------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether everything is stopped."""
        return self.dollar.paused()

    def pause(self, *, sender: Sender | None = None) -> Receipt:
        """Stops every movement and approval. Needs the pauser."""
        return self._sent(lambda: self.dollar.pause(sender=self._as(Role.PAUSER, sender)))

    def unpause(self, *, sender: Sender | None = None) -> Receipt:
        """Lets everything go on. Needs the pauser."""
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

    # --- the twin ---------------------------------------------------------------------------------

    def state(self, accounts: Iterable[Who]) -> Fiat:
        """The dollar and these accounts at the latest block, as a twin; others are left out."""
        at = self.chain.block_number
        names = [address_of(who) for who in accounts]
        pairs = [(owner, spender) for owner in names for spender in names]
        call = self.dollar
        minters = [who for who in names if call.is_minter(who, block=at)]
        born = Fiat.born(self.address, call.owner(block=at))
        return Fiat(
            address=self.address,
            holders={role: call.holder_of(role, block=at) for role in Role},
            candidates=_kept(Role, lambda role: call.candidate_of(role, block=at)),
            paused=call.paused(block=at),
            supply=call.total_supply(block=at),
            balances=_kept(names, lambda who: call.balance_of(who, block=at)),
            allowances=_kept(pairs, lambda pair: call.allowance(*pair, block=at)),
            nonces=_kept(names, lambda who: call.nonces(who, block=at)),
            frozen=born.frozen | {who for who in names if call.is_frozen(who, block=at)},
            minters={who: call.minter_allowance(who, block=at) for who in minters},
        )

    # --- inside -----------------------------------------------------------------------------------

    def _as(self, role: Role, sender: Sender | None) -> Sender | None:
        return self.holder_of(role) if sender is None and self.chain.is_local else sender

    def _sent(self, send: Callable[[], Receipt]) -> Receipt:
        with self._explained():
            return send()

    def _explain(self, error: Reverted) -> None:
        super()._explain(error)
        error.in_units(role=lambda value: Role(value).name)
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


def _when(event: Any) -> str:
    return f" in block {event.log.block_number}" if event.log else ""


def _kept(keys: Iterable[Any], read: Callable[[Any], Any]) -> dict[Any, Any]:
    """What was read for each key, without zeros and zero addresses."""
    values = {key: read(key) for key in keys}
    return {
        key: value
        for key, value in values.items()
        if (int(value, 16) if isinstance(value, str) else value)
    }
