"""Twin of FiatDollar: a dollar backed by cash, in integers.

Every verb takes the sender first, returns the next state, and refuses what the contract refuses,
with the same error and in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from ..errors import AmountError
from ..reverts import (
    AccountIsFrozen,
    DollarIsPaused,
    ERC20InsufficientAllowance,
    ERC20InsufficientBalance,
    ERC20InvalidReceiver,
    ERC20InvalidSpender,
    FrozenForGood,
    MintAllowanceExceeded,
    MintAllowanceTooLarge,
    MissingRole,
    NotMinter,
    NotOffered,
    OwnerRequired,
    SignatureExpired,
    SignatureInvalid,
    SignatureMalleable,
    SupplyTooLarge,
    ZeroAmount,
)
from ..tokens.ledger import ZERO_ADDRESS, with_entry
from ..tokens.permit import MAX_S, Permit
from ..units import MAX_UINT256, check_uint256

__all__ = ["MAX_AMOUNT", "Fiat", "Role"]

MAX_AMOUNT: Final = 2**128 - 1
"""Largest supply, and largest allowance of a minter. [base units]"""


class Role(IntEnum):
    """Who may do what; each role is held by one address."""

    OWNER = 0
    """Offers and revokes roles."""
    MINTER_ADMIN = 1
    """Gives minters their allowance."""
    PAUSER = 2
    """Stops and restarts everything."""
    COMPLIANCE = 3
    """Freezes and unfreezes accounts."""


@dataclass(frozen=True, slots=True)
class Fiat:
    """The dollar at one block. Addresses are text, all in one spelling (checksummed).

    >>> bank = Fiat.born("0xF1A7", "0xB0").configure_minter("0xB0", "0xB0", 100)
    >>> bank.mint("0xB0", "0xA1", 60).minter_allowance("0xB0")
    40
    """

    address: str
    """Of the dollar itself: frozen for good, as the zero address is."""

    holders: Mapping[Role, str]
    candidates: Mapping[Role, str] = field(default_factory=dict)
    paused: bool = False
    supply: int = 0
    """[base units]"""
    balances: Mapping[str, int] = field(default_factory=dict)
    """[base units]"""
    allowances: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(owner, spender) → what the spender may still send. [base units]"""
    nonces: Mapping[str, int] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    minters: Mapping[str, int] = field(default_factory=dict)
    """Minter → what it may still mint; a minter at zero is still one. [base units]"""

    @classmethod
    def born(
        cls,
        address: str,
        owner: str,
        minter_admin: str | None = None,
        pauser: str | None = None,
        compliance: str | None = None,
    ) -> Fiat:
        """The dollar just deployed; roles not named are the owner's. OwnerRequired."""
        if owner == ZERO_ADDRESS:
            raise OwnerRequired()
        holders = {
            Role.OWNER: owner,
            Role.MINTER_ADMIN: owner if minter_admin is None else minter_admin,
            Role.PAUSER: owner if pauser is None else pauser,
            Role.COMPLIANCE: owner if compliance is None else compliance,
        }
        return cls(address, holders, frozen=frozenset({ZERO_ADDRESS, address}))

    # --- views ------------------------------------------------------------------------------------

    def holder_of(self, role: Role) -> str:
        """Who holds the role; the zero address when nobody does."""
        return self.holders.get(role, ZERO_ADDRESS)

    def candidate_of(self, role: Role) -> str:
        """To whom the role is offered; the zero address when to nobody."""
        return self.candidates.get(role, ZERO_ADDRESS)

    def balance_of(self, account: str) -> int:
        """The account's dollars, frozen or not. [base units]"""
        return self.balances.get(account, 0)

    def allowance(self, owner: str, spender: str) -> int:
        """What `spender` may still send of `owner`'s. [base units]"""
        return self.allowances.get((owner, spender), 0)

    def is_minter(self, account: str) -> bool:
        """Whether the account may mint and burn."""
        return account in self.minters

    def minter_allowance(self, minter: str) -> int:
        """What the minter may still mint. [base units]"""
        return self.minters.get(minter, 0)

    def is_frozen(self, account: str) -> bool:
        """Whether the account is frozen."""
        return account in self.frozen

    # --- roles ------------------------------------------------------------------------------------

    def offer_role(self, sender: str, role: Role, candidate: str) -> Fiat:
        """The dollar with the role offered to `candidate`. MissingRole."""
        self._only(sender, Role.OWNER)
        return replace(self, candidates={**self.candidates, role: candidate})

    def accept_role(self, sender: str, role: Role) -> Fiat:
        """The dollar with the role taken by the sender. NotOffered."""
        if sender != self.candidate_of(role):
            raise NotOffered(sender, role, self.candidate_of(role))
        return self._move(role, sender)

    def revoke_role(self, sender: str, role: Role) -> Fiat:
        """The dollar with the role held by nobody. MissingRole, OwnerRequired."""
        self._only(sender, Role.OWNER)
        if role == Role.OWNER:
            raise OwnerRequired()
        return self._move(role, ZERO_ADDRESS)

    def _move(self, role: Role, to: str) -> Fiat:
        rest = {other: who for other, who in self.candidates.items() if other != role}
        return replace(self, holders={**self.holders, role: to}, candidates=rest)

    def _only(self, sender: str, role: Role) -> None:
        if sender != self.holder_of(role):
            raise MissingRole(sender, role, self.holder_of(role))

    # --- issuing ----------------------------------------------------------------------------------

    def configure_minter(self, sender: str, minter: str, allowance: int) -> Fiat:
        """The dollar with `minter` allowed to mint that much.

        MissingRole, DollarIsPaused, MintAllowanceTooLarge.
        """
        check_uint256(allowance)
        self._only(sender, Role.MINTER_ADMIN)
        if self.paused:
            raise DollarIsPaused()
        if allowance > MAX_AMOUNT:
            raise MintAllowanceTooLarge(allowance, MAX_AMOUNT)
        return replace(self, minters={**self.minters, minter: allowance})

    def remove_minter(self, sender: str, minter: str) -> Fiat:
        """The dollar without that minter. MissingRole."""
        self._only(sender, Role.MINTER_ADMIN)
        rest = {other: left for other, left in self.minters.items() if other != minter}
        return replace(self, minters=rest)

    def mint(self, sender: str, to: str, amount: int) -> Fiat:
        """The dollar after the sender issued to `to`.

        DollarIsPaused, AccountIsFrozen, ERC20InvalidReceiver, NotMinter, ZeroAmount,
        MintAllowanceExceeded, SupplyTooLarge.
        """
        check_uint256(amount)
        self._moving(sender, to)
        allowed = self._minter(sender, amount)
        if amount > allowed:
            raise MintAllowanceExceeded(sender, allowed, amount)
        if amount > MAX_AMOUNT - self.supply:
            raise SupplyTooLarge(self.supply, amount)
        return replace(
            self,
            minters={**self.minters, sender: allowed - amount},
            supply=self.supply + amount,
            balances=with_entry(self.balances, to, self.balance_of(to) + amount),
        )

    def burn(self, sender: str, amount: int) -> Fiat:
        """The dollar after the sender destroyed its own.

        DollarIsPaused, AccountIsFrozen, NotMinter, ZeroAmount, ERC20InsufficientBalance.
        """
        check_uint256(amount)
        self._moving(sender, sender)
        self._minter(sender, amount)
        balance = self._covered(sender, amount)
        return replace(
            self,
            supply=self.supply - amount,
            balances=with_entry(self.balances, sender, balance - amount),
        )

    def _minter(self, sender: str, amount: int) -> int:
        if sender not in self.minters:
            raise NotMinter(sender)
        if not amount:
            raise ZeroAmount()
        return self.minters[sender]

    # --- stopping ---------------------------------------------------------------------------------

    def pause(self, sender: str) -> Fiat:
        """The dollar stopped. MissingRole."""
        self._only(sender, Role.PAUSER)
        return replace(self, paused=True)

    def unpause(self, sender: str) -> Fiat:
        """The dollar going on. MissingRole."""
        self._only(sender, Role.PAUSER)
        return replace(self, paused=False)

    def freeze(self, sender: str, account: str) -> Fiat:
        """The dollar with the account frozen. MissingRole."""
        self._only(sender, Role.COMPLIANCE)
        return replace(self, frozen=self.frozen | {account})

    def unfreeze(self, sender: str, account: str) -> Fiat:
        """The dollar with the account free. MissingRole, FrozenForGood."""
        self._only(sender, Role.COMPLIANCE)
        if account in (ZERO_ADDRESS, self.address):
            raise FrozenForGood(account)
        return replace(self, frozen=self.frozen - {account})

    def _moving(self, first: str, second: str) -> None:
        if self.paused:
            raise DollarIsPaused()
        if first in self.frozen:
            raise AccountIsFrozen(first)
        if second in (ZERO_ADDRESS, self.address):
            raise ERC20InvalidReceiver(second)
        if second in self.frozen:
            raise AccountIsFrozen(second)

    # --- moving -----------------------------------------------------------------------------------

    def transfer(self, sender: str, to: str, amount: int) -> Fiat:
        """The dollar after a transfer.

        DollarIsPaused, AccountIsFrozen, ERC20InvalidReceiver, ERC20InsufficientBalance.
        """
        check_uint256(amount)
        self._moving(sender, to)
        left = with_entry(self.balances, sender, self._covered(sender, amount) - amount)
        return replace(self, balances=with_entry(left, to, left.get(to, 0) + amount))

    def transfer_from(self, spender: str, owner: str, to: str, amount: int) -> Fiat:
        """The dollar after a transfer by allowance.

        AccountIsFrozen, ERC20InsufficientAllowance, and what `transfer` refuses.
        """
        check_uint256(amount)
        if spender in self.frozen:
            raise AccountIsFrozen(spender)
        allowed = self.allowance(owner, spender)
        if allowed == MAX_UINT256:
            return self.transfer(owner, to, amount)
        if amount > allowed:
            raise ERC20InsufficientAllowance(spender, allowed, amount)
        left = with_entry(self.allowances, (owner, spender), allowed - amount)
        return replace(self, allowances=left).transfer(owner, to, amount)

    def _covered(self, account: str, amount: int) -> int:
        balance = self.balance_of(account)
        if amount > balance:
            raise ERC20InsufficientBalance(account, balance, amount)
        return balance

    # --- approving --------------------------------------------------------------------------------

    def approve(self, owner: str, spender: str, amount: int) -> Fiat:
        """The dollar after an approval.

        DollarIsPaused, AccountIsFrozen, ERC20InvalidSpender.
        """
        check_uint256(amount)
        if self.paused:
            raise DollarIsPaused()
        if owner in self.frozen:
            raise AccountIsFrozen(owner)
        if spender == ZERO_ADDRESS:
            raise ERC20InvalidSpender(spender)
        if spender in self.frozen:
            raise AccountIsFrozen(spender)
        return replace(self, allowances=with_entry(self.allowances, (owner, spender), amount))

    def permit(self, signed: Permit, *, authentic: bool, now: int) -> Fiat:
        """The dollar after a signed approval.

        `authentic`: whether the signature is the owner's, for this chain, dollar and exact message.
        SignatureExpired, SignatureMalleable, SignatureInvalid, and what `approve` refuses.
        """
        message = signed.message
        if now > message.deadline:
            raise SignatureExpired(message.deadline, now)
        if signed.s > MAX_S:
            raise SignatureMalleable(signed.s.to_bytes(32, "big"))
        nonce = self.nonces.get(message.owner, 0)
        if not authentic or message.nonce != nonce:
            raise SignatureInvalid(message.owner)
        used = replace(self, nonces=with_entry(self.nonces, message.owner, nonce + 1))
        return used.approve(message.owner, message.spender, message.value)

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> None:
        """Raises AmountError unless S1 holds: the balances sum to the supply."""
        total = sum(self.balances.values())
        if total != self.supply:
            raise AmountError(f"S1: balances sum to {total}, the supply is {self.supply}")
