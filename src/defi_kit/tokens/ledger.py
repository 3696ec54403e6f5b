"""Twin of FaucetToken and WrappedEther: the books of a plain ERC-20 with permit, in integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from ..errors import AmountError
from ..reverts import (
    InsufficientAllowance,
    InsufficientBalance,
    InvalidPermit,
    NotOwner,
    PermitExpired,
    TotalSupplyOverflow,
)
from ..units import MAX_UINT256, check_uint256
from .permit import PermitMessage

__all__ = ["ZERO_ADDRESS", "Ledger", "with_entry"]

ZERO_ADDRESS: Final = "0x0000000000000000000000000000000000000000"

K = TypeVar("K")


def with_entry(books: Mapping[K, int], key: K, value: int) -> Mapping[K, int]:
    """`books` with one entry changed; an entry of zero is left out, as storage leaves it out."""
    changed = {**books, key: value}
    if not value:
        del changed[key]
    return changed


@dataclass(frozen=True, slots=True)
class Ledger:
    """A token's books at one block. Addresses are text, all in one spelling (checksummed).

    >>> books = Ledger(owner="0xB0").mint("0xB0", "0xA1", 100)
    >>> books.transfer("0xA1", "0xA2", 30).balances
    {'0xA1': 70, '0xA2': 30}
    """

    owner: str = ZERO_ADDRESS
    """Who may mint; nobody at zero, as with wrapped ether."""

    supply: int = 0
    """[base units]"""

    balances: Mapping[str, int] = field(default_factory=dict)
    """[base units]"""

    allowances: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(owner, spender) → what the spender may still send; 2**256 - 1 never falls. [base units]"""

    nonces: Mapping[str, int] = field(default_factory=dict)
    """Permits used, by owner."""

    def balance_of(self, account: str) -> int:
        """The account's tokens. [base units]"""
        return self.balances.get(account, 0)

    def allowance(self, owner: str, spender: str) -> int:
        """What `spender` may still send of `owner`'s. [base units]"""
        return self.allowances.get((owner, spender), 0)

    # --- minting ----------------------------------------------------------------------------------

    def mint(self, sender: str, to: str, amount: int) -> Ledger:
        """The books after `sender` minted. NotOwner, TotalSupplyOverflow."""
        if sender != self.owner:
            raise NotOwner(sender, self.owner)
        return self._issue(to, amount)

    def deposit(self, sender: str, value: int) -> Ledger:
        """Wrapped ether's books after `sender` paid in. [wei]"""
        return self._issue(sender, value)

    def withdraw(self, sender: str, amount: int) -> Ledger:
        """Wrapped ether's books after `sender` took out. InsufficientBalance. [wei]"""
        check_uint256(amount)
        balance = self._covered(sender, amount)
        return replace(
            self,
            supply=self.supply - amount,
            balances=with_entry(self.balances, sender, balance - amount),
        )

    def _issue(self, to: str, amount: int) -> Ledger:
        check_uint256(amount)
        if self.supply + amount > MAX_UINT256:
            raise TotalSupplyOverflow()
        return replace(
            self,
            supply=self.supply + amount,
            balances=with_entry(self.balances, to, self.balance_of(to) + amount),
        )

    # --- moving -----------------------------------------------------------------------------------

    def transfer(self, sender: str, to: str, amount: int) -> Ledger:
        """The books after a transfer. InsufficientBalance."""
        check_uint256(amount)
        left = with_entry(self.balances, sender, self._covered(sender, amount) - amount)
        return replace(self, balances=with_entry(left, to, left.get(to, 0) + amount))

    def transfer_from(self, spender: str, owner: str, to: str, amount: int) -> Ledger:
        """The books after a transfer by allowance. InsufficientAllowance, InsufficientBalance."""
        check_uint256(amount)
        allowed = self.allowance(owner, spender)
        if allowed == MAX_UINT256:
            return self.transfer(owner, to, amount)
        if amount > allowed:
            raise InsufficientAllowance()
        left = with_entry(self.allowances, (owner, spender), allowed - amount)
        return replace(self, allowances=left).transfer(owner, to, amount)

    def _covered(self, account: str, amount: int) -> int:
        balance = self.balance_of(account)
        if amount > balance:
            raise InsufficientBalance()
        return balance

    # --- approving --------------------------------------------------------------------------------

    def approve(self, owner: str, spender: str, amount: int) -> Ledger:
        """The books after an approval; it replaces the one before."""
        check_uint256(amount)
        return replace(self, allowances=with_entry(self.allowances, (owner, spender), amount))

    def permit(self, message: PermitMessage, *, authentic: bool, now: int) -> Ledger:
        """The books after a signed approval. PermitExpired, InvalidPermit.

        `authentic`: whether the signature is the owner's, for this chain, token and exact message.
        """
        if now > message.deadline:
            raise PermitExpired()
        nonce = self.nonces.get(message.owner, 0)
        if not authentic or message.nonce != nonce:
            raise InvalidPermit()
        used = replace(self, nonces=with_entry(self.nonces, message.owner, nonce + 1))
        return used.approve(message.owner, message.spender, message.value)

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> None:
        """Raises AmountError unless the balances sum to the supply (T1)."""
        total = sum(self.balances.values())
        if total != self.supply:
            raise AmountError(f"balances sum to {total}, the supply is {self.supply}")
