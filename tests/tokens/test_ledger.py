"""The pure twin of a plain token."""

from __future__ import annotations

import pytest

from defi_kit import reverts
from defi_kit.errors import AmountError
from defi_kit.tokens import Ledger, PermitMessage
from defi_kit.units import MAX_UINT256

OWNER, A, B, C = "0x0A", "0xAA", "0xBB", "0xCC"


@pytest.fixture
def books() -> Ledger:
    return Ledger(owner=OWNER).mint(OWNER, A, 100)


def test_the_books_balance_through_every_verb(books: Ledger) -> None:
    books = books.transfer(A, B, 30).approve(B, C, 20).transfer_from(C, B, A, 5)
    assert books.balances == {A: 75, B: 25}
    assert books.allowance(B, C) == 15
    books.transfer(A, A, 75).check()
    assert books.transfer(A, B, 75).balances == {B: 100}


def test_only_the_owner_mints(books: Ledger) -> None:
    with pytest.raises(reverts.NotOwner):
        books.mint(A, A, 1)
    assert books.mint(OWNER, B, 5).supply == 105


def test_a_supply_beyond_256_bits_is_refused(books: Ledger) -> None:
    full = books.mint(OWNER, B, MAX_UINT256 - 100)
    with pytest.raises(reverts.TotalSupplyOverflow):
        full.mint(OWNER, B, 1)


def test_what_is_not_there_is_not_moved(books: Ledger) -> None:
    with pytest.raises(reverts.InsufficientBalance):
        books.transfer(A, B, 101)
    with pytest.raises(reverts.InsufficientAllowance):
        books.transfer_from(B, A, B, 1)
    with pytest.raises(reverts.InsufficientBalance):
        books.approve(A, B, MAX_UINT256).transfer_from(B, A, B, 101)
    with pytest.raises(reverts.InsufficientBalance):
        books.withdraw(B, 1)


def test_ether_is_wrapped_and_unwrapped_one_for_one() -> None:
    books = Ledger().deposit(A, 10).withdraw(A, 4)
    assert (books.supply, books.balances) == (6, {A: 6})
    assert Ledger().deposit(A, 10).withdraw(A, 10) == Ledger()


def test_an_unlimited_allowance_stays(books: Ledger) -> None:
    after = books.approve(A, B, MAX_UINT256).transfer_from(B, A, C, 100)
    assert after.allowance(A, B) == MAX_UINT256


def test_a_permit_is_good_once_before_its_deadline(books: Ledger) -> None:
    message = PermitMessage(A, B, 7, 0, 50)
    after = books.permit(message, authentic=True, now=50)
    assert (after.allowance(A, B), after.nonces) == (7, {A: 1})
    with pytest.raises(reverts.InvalidPermit):
        after.permit(message, authentic=True, now=50)
    with pytest.raises(reverts.InvalidPermit):
        books.permit(message, authentic=False, now=50)
    with pytest.raises(reverts.PermitExpired):
        books.permit(message, authentic=True, now=51)


@pytest.mark.parametrize("amount", [-1, MAX_UINT256 + 1, 1.5, True])
def test_an_amount_is_a_uint256(books: Ledger, amount: int) -> None:
    for verb in (
        lambda: books.transfer(A, B, amount),
        lambda: books.transfer_from(B, A, B, amount),
        lambda: books.mint(OWNER, A, amount),
        lambda: books.approve(A, B, amount),
        lambda: books.deposit(A, amount),
        lambda: books.withdraw(A, amount),
    ):
        with pytest.raises(AmountError):
            verb()


def test_books_that_do_not_balance_are_found() -> None:
    with pytest.raises(AmountError, match="balances sum to 1, the supply is 2"):
        Ledger(supply=2, balances={A: 1}).check()
