"""Twin of FiatDollar: a dollar backed by cash, in integers.

Every verb takes the sender first, returns the next state, and refuses what the contract refuses,
with the same error and in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from ..errors import AmountError
from ..reverts import (
    AccountIsFrozen,
    AuthorizationSpent,
    AuthorizationTooEarly,
    AuthorizationTooLate,
    CallerNotReceiver,
    DollarIsPaused,
    ERC20InsufficientAllowance,
    ERC20InsufficientBalance,
    ERC20InvalidReceiver,
    ERC20InvalidSpender,
    ETHTransferFailed,
    FrozenForGood,
    IncrementTooLarge,
    MintAllowanceExceeded,
    MintAllowanceTooLarge,
    MintLimitExceeded,
    MintLimitTooLarge,
    MissingRole,
    NotMinter,
    NotOffered,
    OwnerRequired,
    PauseNeedsWei,
    SignatureExpired,
    SignatureInvalid,
    SignatureMalleable,
    ZeroAmount,
)
from ..tokens.ledger import ZERO_ADDRESS, with_entry
from ..tokens.permit import Permit
from ..tokens.typed_data import MAX_S
from ..units import MAX_UINT256, check_uint256
from .authorization import SignedAuthorization, SignedCancellation
from .redemptions import Redemptions, RedemptionStatus
from .reserves import Reserves

__all__ = ["MAX_ALLOWANCE", "NO_LIMIT", "Fiat", "Minter", "Role"]

DAY: Final = 86_400

MAX_ALLOWANCE: Final = 2**104 - 1
"""Largest allowance of a minter. [base units]"""

NO_LIMIT: Final = 2**56 - 1
"""The daily limit that says there is none."""


class Role(IntEnum):
    """Who may do what; each role is held by one address."""

    OWNER = 0
    """Offers and revokes roles, names the attesters, rescues foreign tokens."""
    MINTER_ADMIN = 1
    """Gives minters their allowance and daily limit."""
    PAUSER = 2
    """Stops and restarts everything."""
    COMPLIANCE = 3
    """Freezes and unfreezes accounts."""


@dataclass(frozen=True, slots=True)
class Minter:
    """A minter's standing.

    >>> Minter(allowance=500, daily_limit=240, used=240, used_at=0).available(now=21_600)
    60
    """

    allowance: int
    """What it may still mint. [base units]"""
    daily_limit: int = NO_LIMIT
    """[base units]"""
    used: int = 0
    """Of the daily limit, at `used_at`. [base units]"""
    used_at: int = 0
    """When it last minted under a limit, or became a minter. [unix seconds]"""

    def used_now(self, now: int) -> int:
        """What counts against the daily limit now: it fades evenly, rounded up. [base units]"""
        return max(self.used - (now - self.used_at) * self.daily_limit // DAY, 0)

    def available(self, now: int) -> int:
        """What the daily limit lets it mint now; 2**256 - 1 without a limit. [base units]"""
        if self.daily_limit == NO_LIMIT:
            return MAX_UINT256
        return max(self.daily_limit - self.used_now(now), 0)

    def after(self, amount: int, now: int) -> Minter:
        """Having minted that much."""
        left = replace(self, allowance=self.allowance - amount)
        if self.daily_limit == NO_LIMIT:
            return left
        return replace(left, used=self.used_now(now) + amount, used_at=now)


@dataclass(frozen=True, slots=True)
class Fiat:
    """The dollar at one block. Addresses are text, all in one spelling (checksummed).

    >>> bank = Fiat.born("0xF1A7", "0xB0").attest("0xB0", 100, 1_000, [], now=1_000)
    >>> bank = bank.configure_minter("0xB0", "0xB0", 90, now=1_000)
    >>> bank.mint("0xB0", "0xA1", 60, now=1_000).minter_allowance("0xB0")
    30
    """

    address: str
    """Of the dollar itself: frozen for good, as the zero address is."""

    holders: Mapping[Role, str]
    reserves: Reserves
    candidates: Mapping[Role, str] = field(default_factory=dict)
    paused: bool = False
    wei: int = 0
    """Ether held: some whenever the dollar is paused."""
    supply: int = 0
    """[base units]"""
    balances: Mapping[str, int] = field(default_factory=dict)
    """[base units]"""
    allowances: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(owner, spender) → what the spender may still send. [base units]"""
    nonces: Mapping[str, int] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    spent: frozenset[tuple[str, bytes]] = frozenset()
    """(authorizer, nonce) of authorizations used or called off."""
    minters: Mapping[str, Minter] = field(default_factory=dict)
    """A minter that may mint nothing is still one."""
    redemptions: Redemptions = field(default_factory=Redemptions)

    @classmethod
    def born(
        cls,
        address: str,
        owner: str,
        minter_admin: str | None = None,
        pauser: str | None = None,
        compliance: str | None = None,
        *,
        attesters: Sequence[str] | None = None,
        quorum: int = 1,
        max_statement_age: int = 31 * DAY,
    ) -> Fiat:
        """The dollar just deployed; roles not named are the owner's, who also attests if nobody is
        named. OwnerRequired, InvalidStatementAge, InvalidAttesters.
        """
        if owner == ZERO_ADDRESS:
            raise OwnerRequired()
        holders = {
            Role.OWNER: owner,
            Role.MINTER_ADMIN: owner if minter_admin is None else minter_admin,
            Role.PAUSER: owner if pauser is None else pauser,
            Role.COMPLIANCE: owner if compliance is None else compliance,
        }
        named = (owner,) if attesters is None else attesters
        reserves = Reserves.born(named, quorum, max_statement_age)
        return cls(address, holders, reserves, frozen=frozenset({ZERO_ADDRESS, address}))

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
        found = self.minters.get(minter)
        return 0 if found is None else found.allowance

    @property
    def owed(self) -> int:
        """Cash owed for all pending redemptions. [base units]"""
        return self.redemptions.owed

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

    def configure_minter(
        self, sender: str, minter: str, allowance: int, daily_limit: int = NO_LIMIT, *, now: int
    ) -> Fiat:
        """The dollar with `minter` allowed to mint that much, and no more than that a day.

        MissingRole, DollarIsPaused, MintAllowanceTooLarge, MintLimitTooLarge.
        """
        check_uint256(allowance)
        check_uint256(daily_limit)
        self._only(sender, Role.MINTER_ADMIN)
        self._running()
        if allowance > MAX_ALLOWANCE:
            raise MintAllowanceTooLarge(allowance, MAX_ALLOWANCE)
        if daily_limit > NO_LIMIT:
            raise MintLimitTooLarge(daily_limit, NO_LIMIT)
        before = self.minters.get(minter)
        used = 0 if before is None else before.used_now(now)
        changed = Minter(allowance, daily_limit, used, now)
        return replace(self, minters={**self.minters, minter: changed})

    def remove_minter(self, sender: str, minter: str) -> Fiat:
        """The dollar without that minter. MissingRole."""
        self._only(sender, Role.MINTER_ADMIN)
        rest = {other: left for other, left in self.minters.items() if other != minter}
        return replace(self, minters=rest)

    def mint(self, sender: str, to: str, amount: int, *, now: int) -> Fiat:
        """The dollar after the sender issued to `to`.

        DollarIsPaused, AccountIsFrozen, ERC20InvalidReceiver, NotMinter, ZeroAmount,
        MintAllowanceExceeded, MintLimitExceeded, StatementTooOld, MintBeyondReserves.
        """
        check_uint256(amount)
        self._moving(sender, to)
        minter = self._minter(sender)
        if not amount:
            raise ZeroAmount()
        if amount > minter.allowance:
            raise MintAllowanceExceeded(sender, minter.allowance, amount)
        if amount > minter.available(now):
            raise MintLimitExceeded(sender, minter.available(now), amount)
        self.reserves.require_backed(self.supply + self.owed, amount, now=now)
        return replace(
            self,
            minters={**self.minters, sender: minter.after(amount, now)},
            supply=self.supply + amount,
            balances=with_entry(self.balances, to, self.balance_of(to) + amount),
        )

    def burn(self, sender: str, amount: int) -> Fiat:
        """The dollar after the sender destroyed its own.

        DollarIsPaused, AccountIsFrozen, NotMinter, ZeroAmount, ERC20InsufficientBalance.
        """
        check_uint256(amount)
        self._moving(sender, sender)
        self._minter(sender)
        return self._destroyed(sender, amount)

    def _minter(self, sender: str) -> Minter:
        if sender not in self.minters:
            raise NotMinter(sender)
        return self.minters[sender]

    def _destroyed(self, holder: str, amount: int) -> Fiat:
        if not amount:
            raise ZeroAmount()
        balance = self._covered(holder, amount)
        return replace(
            self,
            supply=self.supply - amount,
            balances=with_entry(self.balances, holder, balance - amount),
        )

    # --- reserves ---------------------------------------------------------------------------------

    def attest(
        self, sender: str, reserves: int, as_of: int, signers: Sequence[str], *, now: int
    ) -> Fiat:
        """The dollar after a statement of its reserves, signed by `signers` in that order.

        StatementNotNewer, StatementFromFuture, StatementTooOld, ReservesTooLarge, NoMember,
        SignersUnsorted, QuorumMissed.
        """
        said = self.reserves.attest(sender, reserves, as_of, signers, now=now)
        return replace(self, reserves=said)

    def configure_attesters(self, sender: str, attesters: Sequence[str], quorum: int) -> Fiat:
        """The dollar with other attesters, who have yet to speak. MissingRole, InvalidAttesters."""
        self._only(sender, Role.OWNER)
        return replace(self, reserves=self.reserves.named(attesters, quorum))

    # --- redeeming --------------------------------------------------------------------------------

    def request_redemption(self, sender: str, amount: int, *, now: int) -> Fiat:
        """The dollar after the sender gave some back for cash.

        DollarIsPaused, AccountIsFrozen, ZeroAmount, ERC20InsufficientBalance.
        """
        check_uint256(amount)
        self._moving(sender, sender)
        burned = self._destroyed(sender, amount)
        return replace(burned, redemptions=self.redemptions.enqueue(sender, amount, now=now))

    def settle_redemption(self, sender: str, id_: int) -> Fiat:
        """The dollar after the bank paid. NotMinter, AccountIsFrozen, RedemptionNotPending."""
        self._teller(sender)
        closed = self.redemptions.close(id_, RedemptionStatus.SETTLED)
        paid = self.reserves.paid_out(closed.tickets[id_].amount)
        return replace(self, redemptions=closed, reserves=paid)

    def refuse_redemption(self, sender: str, id_: int) -> Fiat:
        """The dollar after the bank refused to pay: the holder has its dollars back.

        NotMinter, AccountIsFrozen, RedemptionNotPending, DollarIsPaused.
        """
        self._teller(sender)
        closed = self.redemptions.close(id_, RedemptionStatus.REFUSED)
        back = closed.tickets[id_]
        self._moving(back.holder, back.holder)
        held = self.balance_of(back.holder) + back.amount
        return replace(
            self,
            redemptions=closed,
            supply=self.supply + back.amount,
            balances=with_entry(self.balances, back.holder, held),
        )

    def _teller(self, sender: str) -> None:
        self._minter(sender)
        if sender in self.frozen:
            raise AccountIsFrozen(sender)

    # --- stopping ---------------------------------------------------------------------------------

    def pause(self, sender: str, *, wei: int = 1) -> Fiat:
        """The dollar stopped; the sender paid so much ether in. MissingRole, PauseNeedsWei."""
        self._only(sender, Role.PAUSER)
        if not self.wei + wei:
            raise PauseNeedsWei()
        return replace(self, paused=True, wei=self.wei + wei)

    def unpause(self, sender: str) -> Fiat:
        """The dollar going on, its ether with the sender. MissingRole."""
        self._only(sender, Role.PAUSER)
        return replace(self, paused=False, wei=0)

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

    def _running(self) -> None:
        if self.paused:
            raise DollarIsPaused()

    def _moving(self, first: str, second: str) -> None:
        self._running()
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
        self._running()
        if owner in self.frozen:
            raise AccountIsFrozen(owner)
        if spender == ZERO_ADDRESS:
            raise ERC20InvalidSpender(spender)
        if spender in self.frozen:
            raise AccountIsFrozen(spender)
        return replace(self, allowances=with_entry(self.allowances, (owner, spender), amount))

    def increase_allowance(self, owner: str, spender: str, increment: int) -> Fiat:
        """The dollar after an approval of so much more. IncrementTooLarge, and as `approve`."""
        check_uint256(increment)
        allowed = self.allowance(owner, spender)
        if increment > MAX_UINT256 - allowed:
            raise IncrementTooLarge(allowed, increment)
        return self.approve(owner, spender, allowed + increment)

    def decrease_allowance(self, owner: str, spender: str, decrement: int) -> Fiat:
        """The dollar after an approval of so much less.

        ERC20InsufficientAllowance, and as `approve`.
        """
        check_uint256(decrement)
        allowed = self.allowance(owner, spender)
        if decrement > allowed:
            raise ERC20InsufficientAllowance(spender, allowed, decrement)
        return self.approve(owner, spender, allowed - decrement)

    # --- signing ----------------------------------------------------------------------------------
    # `authentic`: whether the signature is the signer's, for this chain, dollar and exact message.
    # `contract`: whether the signer is a contract, which takes for a signature what it likes.

    def permit(self, signed: Permit, *, authentic: bool, now: int, contract: bool = False) -> Fiat:
        """The dollar after a signed approval.

        SignatureExpired, SignatureMalleable, SignatureInvalid, and what `approve` refuses.
        """
        message = signed.message
        if now > message.deadline:
            raise SignatureExpired(message.deadline, now)
        nonce = self.nonces.get(message.owner, 0)
        right = authentic and message.nonce == nonce
        self._signed(message.owner, None if contract else signed.s, right)
        used = replace(self, nonces=with_entry(self.nonces, message.owner, nonce + 1))
        return used.approve(message.owner, message.spender, message.value)

    def transfer_with_authorization(
        self, signed: SignedAuthorization, *, authentic: bool, now: int, contract: bool = False
    ) -> Fiat:
        """The dollar after a signed movement; anyone may send it.

        AuthorizationTooEarly, AuthorizationTooLate, AuthorizationSpent, SignatureInvalid,
        SignatureMalleable, and what `transfer` refuses.
        """
        order = signed.message
        if now <= order.valid_after:
            raise AuthorizationTooEarly(order.valid_after, now)
        if now >= order.valid_before:
            raise AuthorizationTooLate(order.valid_before, now)
        spent = self._spend(order.owner, order.nonce)
        self._signed(order.owner, None if contract else _s(signed.signature), authentic)
        return spent.transfer(order.owner, order.to, order.value)

    def receive_with_authorization(
        self,
        sender: str,
        signed: SignedAuthorization,
        *,
        authentic: bool,
        now: int,
        contract: bool = False,
    ) -> Fiat:
        """The dollar after its receiver sent a signed movement.

        CallerNotReceiver, and what `transfer_with_authorization` refuses.
        """
        if sender != signed.message.to:
            raise CallerNotReceiver(sender, signed.message.to)
        return self.transfer_with_authorization(
            signed, authentic=authentic, now=now, contract=contract
        )

    def cancel_authorization(
        self, signed: SignedCancellation, *, authentic: bool, contract: bool = False
    ) -> Fiat:
        """The dollar after an authorization was called off by its signer.

        DollarIsPaused, AuthorizationSpent, SignatureInvalid, SignatureMalleable.
        """
        self._running()
        message = signed.message
        spent = self._spend(message.owner, message.nonce)
        self._signed(message.owner, None if contract else _s(signed.signature), authentic)
        return spent

    def _spend(self, authorizer: str, nonce: bytes) -> Fiat:
        if (authorizer, nonce) in self.spent:
            raise AuthorizationSpent(authorizer, nonce)
        return replace(self, spent=self.spent | {(authorizer, nonce)})

    @staticmethod
    def _signed(signer: str, s: int | None, authentic: bool) -> None:
        if s is not None and s > MAX_S:
            raise SignatureMalleable(s.to_bytes(32, "big"))
        if not authentic:
            raise SignatureInvalid(signer)

    # --- rescuing ---------------------------------------------------------------------------------

    def rescue(self, sender: str, token: str, amount: int) -> Fiat:
        """The dollar after the owner sent a foreign token away, or ether (the zero address).

        MissingRole, DollarIsPaused, ETHTransferFailed. A foreign token's refusals are its own.
        """
        self._only(sender, Role.OWNER)
        if token != ZERO_ADDRESS:
            return self
        self._running()
        if amount > self.wei:
            raise ETHTransferFailed()
        return replace(self, wei=self.wei - amount)

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> None:
        """AmountError unless the balances sum to the supply (S1) and transfers see a pause."""
        total = sum(self.balances.values())
        if total != self.supply:
            raise AmountError(f"S1: balances sum to {total}, the supply is {self.supply}")
        if self.paused and not self.wei:
            raise AmountError("S2: paused without any ether: transfers would not see it")


def _s(signature: bytes) -> int:
    """A key's signature's `s`; zero for what is no signature of a key at all."""
    return int.from_bytes(signature[32:64], "big") if len(signature) == 65 else 0
