"""What USDC's documentation says that it does, statement by statement, each tried on FiatDollar.

Where ours does more (two steps, reserves, limits) that has its own tests; where it does something
else on purpose, the statement says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings import fiat_dollar as events
from defi_kit.chain import Account, Chain
from defi_kit.chain.base import named_key
from defi_kit.chain.hashing import ZERO_ADDRESS, keccak
from defi_kit.errors import Reverted
from defi_kit.stablecoins import FiatDollar, Role
from defi_kit.testing.peg.fiat.world import attest, deploy
from defi_kit.tokens import FaucetToken
from defi_kit.tokens.permit import domain_separator, sign
from defi_kit.units import MAX_UINT256


@dataclass
class Scene:
    """A dollar of which alice has a thousand and the bank may mint a million."""

    usd: FiatDollar
    chain: Chain

    def __getattr__(self, name: str) -> Account:
        return self.chain.account(name)

    def give(self, who: Account, dollars: int) -> None:
        self.usd.mint(who, self.usd(dollars), sender=self.bank)


@pytest.fixture
def scene(chain: Chain) -> Scene:
    usd = deploy(chain)
    attest(usd, usd("10_000_000").raw)
    usd.configure_minter(chain.account("bank"), usd("1_000_000"))
    scene = Scene(usd, chain)
    scene.give(scene.alice, 1_000)
    return scene


Try = Callable[[Scene], None]
STATEMENTS: dict[str, Try] = {}


def statement(text: str) -> Callable[[Try], Try]:
    def keep(attempt: Try) -> Try:
        assert text not in STATEMENTS
        STATEMENTS[text] = attempt
        return attempt

    return keep


@contextmanager
def refused(error: type[Reverted]) -> Iterator[None]:
    with pytest.raises(error):
        yield


# --- a token --------------------------------------------------------------------------------------


@statement("It has a name, a symbol and six decimals.")
def _(s: Scene) -> None:
    assert (s.usd.name, s.usd.symbol, s.usd.contract.decimals()) == ("Fiat Dollar", "USD", 6)


@statement("The total supply is the sum of what was minted less what was burned.")
def _(s: Scene) -> None:
    s.give(s.bank, 50)
    s.usd.burn(s.usd(20), sender=s.bank)
    assert s.usd.total_supply() == s.usd(1_030)


@statement("A transfer moves the amount and returns true.")
def _(s: Scene) -> None:
    s.usd.transfer(s.bob, s.usd(10), sender=s.alice)
    assert (s.usd.balance(s.alice), s.usd.balance(s.bob)) == (s.usd(990), s.usd(10))
    data = bytes.fromhex("a9059cbb") + bytes(12) + bytes.fromhex(s.bob.address[2:]) + bytes(32)
    assert s.chain.call(s.usd.address, data, sender=s.alice) == bytes(31) + b"\x01"


@statement("A transfer emits Transfer.")
def _(s: Scene) -> None:
    done = s.usd.transfer(s.bob, s.usd(10), sender=s.alice).receipt.one(events.Transfer)
    assert (done.from_, done.to, done.value) == (s.alice.address, s.bob.address, 10**7)


@statement("A transfer of zero succeeds and emits Transfer.")
def _(s: Scene) -> None:
    assert s.usd.transfer(s.bob, 0, sender=s.alice).receipt.one(events.Transfer).value == 0


@statement("A transfer to oneself changes nothing.")
def _(s: Scene) -> None:
    s.usd.transfer(s.alice, s.usd(1_000), sender=s.alice)
    assert s.usd.balance(s.alice) == s.usd(1_000)


@statement("A transfer beyond the balance is refused.")
def _(s: Scene) -> None:
    with refused(reverts.ERC20InsufficientBalance):
        s.usd.transfer(s.bob, s.usd(1_000).raw + 1, sender=s.alice)


@statement("A transfer to the zero address is refused.")
def _(s: Scene) -> None:
    with refused(reverts.ERC20InvalidReceiver):
        s.usd.transfer(ZERO_ADDRESS, 1, sender=s.alice)


@statement("A transfer to the token's own address is refused.")
def _(s: Scene) -> None:
    with refused(reverts.ERC20InvalidReceiver):
        s.usd.transfer(s.usd.address, 1, sender=s.alice)


@statement("A frozen or a moved dollar is still part of the supply.")
def _(s: Scene) -> None:
    s.usd.transfer(s.bob, s.usd(10), sender=s.alice)
    s.usd.freeze(s.bob)
    assert s.usd.total_supply() == s.usd(1_000)


@statement("It takes no ether.")
def _(s: Scene) -> None:
    with pytest.raises(Reverted):
        s.chain.transact(s.usd.address, b"", value=1, sender=s.alice)


# --- allowances -----------------------------------------------------------------------------------


@statement("Approving sets the allowance and emits Approval.")
def _(s: Scene) -> None:
    done = s.usd.approve(s.bob, s.usd(5), sender=s.alice)
    assert done.receipt is not None
    assert done.receipt.one(events.Approval).value == 5 * 10**6
    assert s.usd.allowance(s.alice, s.bob) == s.usd(5)


@statement("Approving again replaces the allowance.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, s.usd(5), sender=s.alice)
    s.usd.approve(s.bob, s.usd(3), sender=s.alice)
    assert s.usd.allowance(s.alice, s.bob) == s.usd(3)


@statement("Approving the zero address is refused.")
def _(s: Scene) -> None:
    with refused(reverts.ERC20InvalidSpender):
        s.usd.approve(ZERO_ADDRESS, 1, sender=s.alice)


@statement("transferFrom spends the allowance.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, s.usd(5), sender=s.alice)
    s.usd.transfer_from(s.alice, s.carol, s.usd(2), sender=s.bob)
    assert (s.usd.allowance(s.alice, s.bob), s.usd.balance(s.carol)) == (s.usd(3), s.usd(2))


@statement("transferFrom beyond the allowance is refused.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, s.usd(5), sender=s.alice)
    with refused(reverts.ERC20InsufficientAllowance):
        s.usd.transfer_from(s.alice, s.carol, s.usd(6), sender=s.bob)


@statement("An allowance is reduced by what is spent (ours: all but that of 2**256 - 1).")
def _(s: Scene) -> None:
    for allowance, left in ((MAX_UINT256 - 1, MAX_UINT256 - 3), (MAX_UINT256, MAX_UINT256)):
        s.usd.approve(s.bob, allowance, sender=s.alice)
        s.usd.transfer_from(s.alice, s.carol, 2, sender=s.bob)
        assert s.usd.allowance(s.alice, s.bob).raw == left


@statement("transferFrom neither reaches nowhere nor takes what is not there.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, MAX_UINT256, sender=s.alice)
    for nowhere in (ZERO_ADDRESS, s.usd.address):
        with refused(reverts.ERC20InvalidReceiver):
            s.usd.transfer_from(s.alice, nowhere, 1, sender=s.bob)
    with refused(reverts.ERC20InsufficientBalance):
        s.usd.transfer_from(s.alice, s.bob, s.usd(1_000).raw + 1, sender=s.bob)


@statement("Nobody uses transferFrom without an allowance, its owner included.")
def _(s: Scene) -> None:
    for caller in (s.alice, s.bob):
        with refused(reverts.ERC20InsufficientAllowance):
            s.usd.transfer_from(s.alice, s.bob, 1, sender=caller)


@statement("increaseAllowance adds to the allowance.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, s.usd(5), sender=s.alice)
    s.usd.increase_allowance(s.bob, s.usd(2), sender=s.alice)
    assert s.usd.allowance(s.alice, s.bob) == s.usd(7)


@statement("increaseAllowance beyond 2**256 - 1 is refused.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, MAX_UINT256, sender=s.alice)
    with refused(reverts.IncrementTooLarge):
        s.usd.increase_allowance(s.bob, 1, sender=s.alice)


@statement("decreaseAllowance takes from the allowance.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, s.usd(5), sender=s.alice)
    s.usd.decrease_allowance(s.bob, s.usd(2), sender=s.alice)
    assert s.usd.allowance(s.alice, s.bob) == s.usd(3)


@statement("decreaseAllowance below zero is refused.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, s.usd(5), sender=s.alice)
    with refused(reverts.ERC20InsufficientAllowance):
        s.usd.decrease_allowance(s.bob, s.usd(6), sender=s.alice)


# --- issuing --------------------------------------------------------------------------------------


@statement("The master minter makes a minter with an allowance.")
def _(s: Scene) -> None:
    done = s.usd.configure_minter(s.carol, s.usd(50), sender=s.treasurer)
    assert done.one(events.MinterConfigured).allowance == 50 * 10**6
    assert (s.usd.is_minter(s.carol), s.usd.minter_allowance(s.carol)) == (True, s.usd(50))


@statement("Nobody else makes minters, the owner included.")
def _(s: Scene) -> None:
    for other in (s.owner, s.bank, s.alice):
        with refused(reverts.MissingRole):
            s.usd.configure_minter(s.carol, 1, sender=other)


@statement("A minter mints to anybody, and its allowance falls by as much.")
def _(s: Scene) -> None:
    done = s.usd.mint(s.bob, s.usd(10), sender=s.bank).receipt
    assert done.one(events.Transfer).from_ == ZERO_ADDRESS
    assert done.one(events.Minted).minter == s.bank.address
    assert (s.usd.balance(s.bob), s.usd.minter_allowance(s.bank)) == (s.usd(10), s.usd(998_990))


@statement("A minter mints no more than its allowance.")
def _(s: Scene) -> None:
    with refused(reverts.MintAllowanceExceeded):
        s.give(s.bob, 1_000_000)


@statement("Minting returns true.")
def _(s: Scene) -> None:
    data = bytes.fromhex("40c10f19") + bytes(12) + bytes.fromhex(s.bob.address[2:])
    told = s.chain.call(s.usd.address, data + (1).to_bytes(32, "big"), sender=s.bank)
    assert told == bytes(31) + b"\x01"


@statement("Minting nothing is refused.")
def _(s: Scene) -> None:
    with refused(reverts.ZeroAmount):
        s.give(s.bob, 0)


@statement("Minting to the zero address is refused.")
def _(s: Scene) -> None:
    with refused(reverts.ERC20InvalidReceiver):
        s.usd.mint(ZERO_ADDRESS, 1, sender=s.bank)


@statement("Configuring a minter again replaces its allowance.")
def _(s: Scene) -> None:
    s.usd.configure_minter(s.bank, s.usd(3))
    assert s.usd.minter_allowance(s.bank) == s.usd(3)
    with refused(reverts.MintAllowanceExceeded):
        s.give(s.bob, 4)


@statement("Whoever is no minter does not mint.")
def _(s: Scene) -> None:
    for other in (s.alice, s.owner, s.treasurer):
        with refused(reverts.NotMinter):
            s.usd.mint(s.bob, 1, sender=other)


@statement("Minters have allowances of their own.")
def _(s: Scene) -> None:
    s.usd.configure_minter(s.carol, s.usd(50))
    s.give(s.bob, 10)
    assert s.usd.minter_allowance(s.carol) == s.usd(50)


@statement("A removed minter mints no more, and its allowance is gone.")
def _(s: Scene) -> None:
    assert s.usd.remove_minter(s.bank).one(events.MinterRemoved).minter == s.bank.address
    assert (s.usd.is_minter(s.bank), s.usd.minter_allowance(s.bank)) == (False, s.usd(0))
    with refused(reverts.NotMinter):
        s.give(s.bob, 1)


@statement("Removing a minter leaves what it minted.")
def _(s: Scene) -> None:
    s.usd.remove_minter(s.bank)
    assert s.usd.total_supply() == s.usd(1_000)


@statement("A minter burns its own, and the supply falls by as much.")
def _(s: Scene) -> None:
    s.give(s.bank, 10)
    done = s.usd.burn(s.usd(4), sender=s.bank).receipt
    assert done.one(events.Burned).amount == 4 * 10**6
    assert done.one(events.Transfer).to == ZERO_ADDRESS
    assert (s.usd.balance(s.bank), s.usd.total_supply()) == (s.usd(6), s.usd(1_006))


@statement("Burning does not raise the minter's allowance.")
def _(s: Scene) -> None:
    s.give(s.bank, 10)
    before = s.usd.minter_allowance(s.bank)
    s.usd.burn(s.usd(10), sender=s.bank)
    assert s.usd.minter_allowance(s.bank) == before


@statement("A minter whose allowance is used up still burns.")
def _(s: Scene) -> None:
    s.give(s.bank, 5)
    s.usd.configure_minter(s.bank, 0)
    s.usd.burn(s.usd(5), sender=s.bank)
    assert s.usd.total_supply() == s.usd(1_000)


@statement("A removed minter keeps its dollars and burns none.")
def _(s: Scene) -> None:
    s.give(s.bank, 5)
    s.usd.remove_minter(s.bank)
    with refused(reverts.NotMinter):
        s.usd.burn(1, sender=s.bank)
    s.usd.transfer(s.bob, s.usd(5), sender=s.bank)


@statement("Holders do not burn.")
def _(s: Scene) -> None:
    with refused(reverts.NotMinter):
        s.usd.burn(1, sender=s.alice)


@statement("Burning nothing, or beyond the balance, is refused.")
def _(s: Scene) -> None:
    with refused(reverts.ZeroAmount):
        s.usd.burn(0, sender=s.bank)
    with refused(reverts.ERC20InsufficientBalance):
        s.usd.burn(1, sender=s.bank)


# --- blacklisting ---------------------------------------------------------------------------------


@statement("The blacklister freezes an account; its balance is seen and stays.")
def _(s: Scene) -> None:
    assert s.usd.freeze(s.alice).one(events.AccountFrozen).account == s.alice.address
    assert (s.usd.is_frozen(s.alice), s.usd.balance(s.alice)) == (True, s.usd(1_000))


@statement("Nobody else freezes or unfreezes, the owner included.")
def _(s: Scene) -> None:
    for other in (s.owner, s.warden, s.alice):
        with refused(reverts.MissingRole):
            s.usd.freeze(s.bob, sender=other)
        with refused(reverts.MissingRole):
            s.usd.unfreeze(s.bob, sender=other)


@statement("A frozen account does not send.")
def _(s: Scene) -> None:
    s.usd.freeze(s.alice)
    with refused(reverts.AccountIsFrozen):
        s.usd.transfer(s.bob, 1, sender=s.alice)


@statement("A frozen account does not receive.")
def _(s: Scene) -> None:
    s.usd.freeze(s.bob)
    with refused(reverts.AccountIsFrozen):
        s.usd.transfer(s.bob, 1, sender=s.alice)


@statement("A frozen account neither approves nor is approved (there: until version 2.2).")
def _(s: Scene) -> None:
    s.usd.freeze(s.bob)
    with refused(reverts.AccountIsFrozen):
        s.usd.approve(s.alice, 1, sender=s.bob)
    for verb in (s.usd.approve, s.usd.increase_allowance, s.usd.decrease_allowance):
        with refused(reverts.AccountIsFrozen):
            verb(s.bob, 0, sender=s.alice)


@statement("A frozen spender does not use its allowance.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, 5, sender=s.alice)
    s.usd.freeze(s.bob)
    with refused(reverts.AccountIsFrozen):
        s.usd.transfer_from(s.alice, s.carol, 1, sender=s.bob)


@statement("Nobody spends the allowance of a frozen account.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, 5, sender=s.alice)
    s.usd.freeze(s.alice)
    with refused(reverts.AccountIsFrozen):
        s.usd.transfer_from(s.alice, s.carol, 1, sender=s.bob)


@statement("A frozen minter neither mints nor burns, and nobody mints to a frozen account.")
def _(s: Scene) -> None:
    s.give(s.bank, 5)
    s.usd.freeze(s.bob)
    with refused(reverts.AccountIsFrozen):
        s.give(s.bob, 1)
    s.usd.freeze(s.bank)
    with refused(reverts.AccountIsFrozen):
        s.give(s.carol, 1)
    with refused(reverts.AccountIsFrozen):
        s.usd.burn(1, sender=s.bank)


@statement("An unfrozen account is as it was.")
def _(s: Scene) -> None:
    s.usd.freeze(s.alice)
    assert s.usd.unfreeze(s.alice).one(events.AccountUnfrozen).account == s.alice.address
    s.usd.transfer(s.bob, s.usd(1_000), sender=s.alice)


@statement("Nobody sends to a frozen account by transferFrom.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, 5, sender=s.alice)
    s.usd.freeze(s.carol)
    with refused(reverts.AccountIsFrozen):
        s.usd.transfer_from(s.alice, s.carol, 1, sender=s.bob)


@statement("Freezing twice is freezing once.")
def _(s: Scene) -> None:
    s.usd.freeze(s.alice)
    s.usd.freeze(s.alice)
    s.usd.unfreeze(s.alice)
    s.usd.unfreeze(s.alice)
    s.usd.transfer(s.bob, 1, sender=s.alice)


@statement("The token itself is frozen for good.")
def _(s: Scene) -> None:
    assert s.usd.is_frozen(s.usd.address)
    with refused(reverts.FrozenForGood):
        s.usd.unfreeze(s.usd.address)


# --- pausing --------------------------------------------------------------------------------------


@statement("The pauser pauses and unpauses.")
def _(s: Scene) -> None:
    s.usd.pause()
    assert s.usd.paused
    s.usd.unpause()
    s.usd.transfer(s.bob, 1, sender=s.alice)


@statement("Nobody else pauses or unpauses, the owner included.")
def _(s: Scene) -> None:
    for other in (s.owner, s.officer, s.alice):
        with refused(reverts.MissingRole):
            s.usd.pause(sender=other)
        with refused(reverts.MissingRole):
            s.usd.unpause(sender=other)


@statement("While paused nothing is transferred.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, 5, sender=s.alice)
    s.usd.pause()
    with refused(reverts.DollarIsPaused):
        s.usd.transfer(s.bob, 1, sender=s.alice)
    with refused(reverts.DollarIsPaused):
        s.usd.transfer_from(s.alice, s.bob, 1, sender=s.bob)


@statement("While paused nothing is approved, more or less of it.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, 5, sender=s.alice)
    s.usd.pause()
    for verb in (s.usd.approve, s.usd.increase_allowance, s.usd.decrease_allowance):
        with refused(reverts.DollarIsPaused):
            verb(s.bob, 1, sender=s.alice)


@statement("While paused nothing is minted or burned, and no minter is made.")
def _(s: Scene) -> None:
    s.give(s.bank, 5)
    s.usd.pause()
    with refused(reverts.DollarIsPaused):
        s.give(s.bob, 1)
    with refused(reverts.DollarIsPaused):
        s.usd.burn(1, sender=s.bank)
    with refused(reverts.DollarIsPaused):
        s.usd.configure_minter(s.carol, 1)


@statement("Pausing twice is pausing once.")
def _(s: Scene) -> None:
    s.usd.pause()
    s.usd.pause()
    s.usd.unpause()
    assert not s.usd.paused
    s.usd.unpause()
    s.usd.transfer(s.bob, 1, sender=s.alice)


@statement("While paused roles move, so that another pauser can unpause.")
def _(s: Scene) -> None:
    s.usd.pause()
    s.usd.offer_role(Role.PAUSER, s.carol)
    s.usd.accept_role(Role.PAUSER, sender=s.carol)
    s.usd.unpause(sender=s.carol)
    s.usd.transfer(s.bob, 1, sender=s.alice)


@statement("While paused minters are removed and accounts are frozen and unfrozen.")
def _(s: Scene) -> None:
    s.usd.pause()
    s.usd.remove_minter(s.bank)
    s.usd.freeze(s.alice)
    s.usd.unfreeze(s.alice)


# --- roles ----------------------------------------------------------------------------------------


@statement("The owner names another master minter, pauser and blacklister (ours: who accepts).")
def _(s: Scene) -> None:
    for role in (Role.MINTER_ADMIN, Role.PAUSER, Role.COMPLIANCE):
        s.usd.offer_role(role, s.carol)
        s.usd.accept_role(role, sender=s.carol)
        assert s.usd.holder_of(role) == s.carol.address
    s.usd.pause(sender=s.carol)


@statement("Nobody else names them.")
def _(s: Scene) -> None:
    for other in (s.treasurer, s.warden, s.officer, s.alice):
        with refused(reverts.MissingRole):
            s.usd.offer_role(Role.PAUSER, other, sender=other)


@statement("The owner hands its role over, and has none of it afterwards.")
def _(s: Scene) -> None:
    s.usd.offer_role(Role.OWNER, s.carol)
    s.usd.accept_role(Role.OWNER, sender=s.carol)
    assert s.usd.owner == s.carol.address
    with refused(reverts.MissingRole):
        s.usd.offer_role(Role.PAUSER, s.bob, sender=s.owner)


@statement("Nobody is owner of nothing: the role goes to no zero address.")
def _(s: Scene) -> None:
    s.usd.offer_role(Role.OWNER, ZERO_ADDRESS)
    with refused(reverts.OwnerRequired):
        s.usd.revoke_role(Role.OWNER)
    assert s.usd.owner == s.owner.address


# --- permits (EIP-2612) ---------------------------------------------------------------------------


@statement("Nonces begin at zero, and each permit uses one.")
def _(s: Scene) -> None:
    assert s.usd.contract.nonces(s.alice) == 0
    s.usd.permit(s.usd.sign_permit(s.alice, s.bob, 7), sender=s.carol)
    assert (s.usd.contract.nonces(s.alice), s.usd.allowance(s.alice, s.bob).raw) == (1, 7)


@statement("A permit works once.")
def _(s: Scene) -> None:
    signed = s.usd.sign_permit(s.alice, s.bob, 7)
    s.usd.permit(signed)
    s.usd.approve(s.bob, 0, sender=s.alice)
    with refused(reverts.SignatureInvalid):
        s.usd.permit(signed)


@statement("Permits are used in the order of their nonces.")
def _(s: Scene) -> None:
    now = s.usd.sign_permit(s.alice, s.bob, 7)
    message = replace(now.message, nonce=1)
    later = sign(message, s.usd.contract.domain_separator(), named_key("alice"))
    with refused(reverts.SignatureInvalid):
        s.usd.permit(later)
    s.usd.permit(now)
    s.usd.permit(later)


@statement("A permit replaces the allowance, and emits Approval.")
def _(s: Scene) -> None:
    s.usd.approve(s.bob, 5, sender=s.alice)
    done = s.usd.permit(s.usd.sign_permit(s.alice, s.bob, 7), sender=s.carol).receipt
    assert done is not None
    assert done.one(events.Approval).value == 7
    assert s.usd.allowance(s.alice, s.bob).raw == 7


@statement("A permit for the zero address, or of it, is refused.")
def _(s: Scene) -> None:
    with refused(reverts.ERC20InvalidSpender):
        s.usd.permit(s.usd.sign_permit(s.alice, ZERO_ADDRESS, 7))
    with refused(reverts.SignatureInvalid):
        s.usd.dollar.permit(ZERO_ADDRESS, s.bob.address, 7, MAX_UINT256, bytes(64) + b"\x1b")


@statement("A permit is refused after its deadline.")
def _(s: Scene) -> None:
    signed = s.usd.sign_permit(s.alice, s.bob, 7, deadline=s.chain.timestamp)
    with refused(reverts.SignatureExpired):
        s.usd.permit(signed)


@statement("A permit with the deadline 2**256 - 1 never expires.")
def _(s: Scene) -> None:
    signed = s.usd.sign_permit(s.alice, s.bob, 7, deadline=MAX_UINT256)
    s.chain.advance(days=10_000)
    s.usd.permit(signed)


@statement("A permit of another signer is refused.")
def _(s: Scene) -> None:
    with refused(reverts.SignatureInvalid):
        s.usd.permit(s.usd.sign_permit(s.alice, s.bob, 7, key=named_key("bob")))


@statement("A contract permits by ERC-1271, with signatures of any length.")
def _(s: Scene) -> None:
    wallet = bindings.MockWallet.deploy(s.chain, s.alice, sender=s.alice)
    signed = s.usd.sign_permit(wallet, s.bob, 3, key=named_key("alice"))
    told, signature = signed.message, sixty_five(signed)
    s.usd.dollar.permit(told.owner, told.spender, told.value, told.deadline, signature)
    assert s.usd.allowance(wallet, s.bob).raw == 3


def sixty_five(signed: Any) -> bytes:
    return bytes(signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes([signed.v]))


@statement("A signature of a key is r, s and v in 65 bytes, v 27 or 28 and s the lower of two.")
def _(s: Scene) -> None:
    signed = s.usd.sign_permit(s.alice, s.bob, 7, deadline=MAX_UINT256)
    whole = sixty_five(signed)
    for v in (0, 1, 26, 29, 255):
        with refused(reverts.SignatureInvalid):
            s.usd.permit(replace(signed, v=v))
    with refused(reverts.SignatureMalleable):
        s.usd.permit(signed.malleated())
    short = signed.r.to_bytes(32, "big") + (signed.s | (signed.v - 27) << 255).to_bytes(32, "big")
    for wrong in (b"", short, whole + b"\x00", bytes(65)):
        with refused(reverts.SignatureInvalid):
            s.usd.dollar.permit(s.alice.address, s.bob.address, 7, MAX_UINT256, wrong)
    s.usd.dollar.permit(s.alice.address, s.bob.address, 7, MAX_UINT256, whole)


@statement("A frozen account neither permits nor is permitted, and while paused nobody is.")
def _(s: Scene) -> None:
    s.usd.freeze(s.bob)
    with refused(reverts.AccountIsFrozen):
        s.usd.permit(s.usd.sign_permit(s.alice, s.bob, 7))
    with refused(reverts.AccountIsFrozen):
        s.usd.permit(s.usd.sign_permit(s.bob, s.alice, 7))
    s.usd.pause()
    with refused(reverts.DollarIsPaused):
        s.usd.permit(s.usd.sign_permit(s.alice, s.carol, 7))


# --- authorizations (EIP-3009) --------------------------------------------------------------------


@statement("Anybody executes a transfer that its owner signed.")
def _(s: Scene) -> None:
    signed = s.usd.sign_transfer(s.alice, s.bob, s.usd(7))
    done = s.usd.transfer_with_authorization(signed, sender=s.carol)
    used = done.receipt.one(events.AuthorizationUsed)
    assert (used.authorizer, used.nonce) == (s.alice.address, signed.message.nonce)
    assert s.usd.balance(s.bob) == s.usd(7)
    assert s.usd.authorization_state(s.alice, signed.message.nonce)


@statement("An authorization works once.")
def _(s: Scene) -> None:
    signed = s.usd.sign_transfer(s.alice, s.bob, s.usd(7))
    s.usd.transfer_with_authorization(signed)
    with refused(reverts.AuthorizationSpent):
        s.usd.transfer_with_authorization(signed)


@statement("Authorizations are used in any order, for their nonces are random.")
def _(s: Scene) -> None:
    signed = [s.usd.sign_transfer(s.alice, s.bob, s.usd(1)) for _ in range(3)]
    for one in reversed(signed):
        s.usd.transfer_with_authorization(one)
    assert s.usd.balance(s.bob) == s.usd(3)


@statement("An authorization is refused until validAfter has passed.")
def _(s: Scene) -> None:
    soon = s.chain.timestamp + 100
    signed = s.usd.sign_transfer(s.alice, s.bob, 1, valid_after=soon)
    s.chain.set_next_timestamp(soon)
    with refused(reverts.AuthorizationTooEarly):
        s.usd.transfer_with_authorization(signed)
    s.chain.set_next_timestamp(soon + 1)
    s.usd.transfer_with_authorization(signed)


@statement("An authorization is refused from validBefore on.")
def _(s: Scene) -> None:
    end = s.chain.timestamp + 100
    signed = s.usd.sign_transfer(s.alice, s.bob, 1, valid_before=end)
    s.chain.set_next_timestamp(end)
    with refused(reverts.AuthorizationTooLate):
        s.usd.transfer_with_authorization(signed)
    s.chain.set_next_timestamp(end - 1)
    s.usd.transfer_with_authorization(signed)


@statement("An authorization is for exactly what was signed, by whom it says.")
def _(s: Scene) -> None:
    signed = s.usd.sign_transfer(s.alice, s.bob, s.usd(7))
    other = replace(signed, message=replace(signed.message, value=8 * 10**6))
    with refused(reverts.SignatureInvalid):
        s.usd.transfer_with_authorization(other)
    with refused(reverts.SignatureInvalid):
        s.usd.transfer_with_authorization(
            s.usd.sign_transfer(s.alice, s.bob, 1, key=named_key("bob"))
        )


@statement("An authorization beyond the balance is refused, and can be used later.")
def _(s: Scene) -> None:
    signed = s.usd.sign_transfer(s.bob, s.carol, s.usd(7))
    with refused(reverts.ERC20InsufficientBalance):
        s.usd.transfer_with_authorization(signed)
    s.usd.transfer(s.bob, s.usd(7), sender=s.alice)
    s.usd.transfer_with_authorization(signed)


@statement("An authorization reaches neither the zero address nor the token.")
def _(s: Scene) -> None:
    for nowhere in (ZERO_ADDRESS, s.usd.address):
        with refused(reverts.ERC20InvalidReceiver):
            s.usd.transfer_with_authorization(s.usd.sign_transfer(s.alice, nowhere, 1))


@statement("Nonces of authorizations are each owner's own, and none of permits'.")
def _(s: Scene) -> None:
    s.usd.transfer(s.bob, 5, sender=s.alice)
    for owner in (s.alice, s.bob):
        s.usd.transfer_with_authorization(
            s.usd.sign_transfer(owner, s.carol, 1, nonce=bytes(31) + b"\x07")
        )
    assert s.usd.contract.nonces(s.alice) == 0
    s.usd.permit(s.usd.sign_permit(s.alice, s.bob, 7))


@statement("A permit authorizes nothing, nor an authorization of one dollar another.")
def _(s: Scene) -> None:
    twin = deploy(s.chain)
    attest(twin, twin("10").raw)
    twin.configure_minter(s.bank, twin("10"))
    twin.mint(s.alice, twin("10"), sender=s.bank)
    with refused(reverts.SignatureInvalid):
        twin.transfer_with_authorization(s.usd.sign_transfer(s.alice, s.bob, 1))
    permit, order = s.usd.sign_permit(s.alice, s.bob, 1), s.usd.sign_transfer(s.alice, s.bob, 1)
    with refused(reverts.SignatureInvalid):
        s.usd.transfer_with_authorization(replace(order, signature=sixty_five(permit)))


@statement("receiveWithAuthorization is for the receiver alone.")
def _(s: Scene) -> None:
    signed = s.usd.sign_transfer(s.alice, s.bob, s.usd(7), receive=True)
    with refused(reverts.CallerNotReceiver):
        s.usd.receive_with_authorization(signed, sender=s.carol)
    s.usd.receive_with_authorization(signed, sender=s.bob)
    assert s.usd.balance(s.bob) == s.usd(7)


@statement("What is signed for one of the two functions does not work with the other.")
def _(s: Scene) -> None:
    for signed in (
        s.usd.sign_transfer(s.alice, s.bob, 1, receive=True),
        s.usd.sign_transfer(s.alice, s.bob, 1),
    ):
        with refused(reverts.SignatureInvalid):
            if signed.message.receive:
                s.usd.transfer_with_authorization(signed)
            else:
                s.usd.receive_with_authorization(signed)


@statement("An authorization that was cancelled does not work.")
def _(s: Scene) -> None:
    signed = s.usd.sign_transfer(s.alice, s.bob, 1)
    off = s.usd.sign_cancellation(s.alice, signed.message.nonce)
    done = s.usd.cancel_authorization(off, sender=s.carol).one(events.AuthorizationCanceled)
    assert done.nonce == signed.message.nonce
    with refused(reverts.AuthorizationSpent):
        s.usd.transfer_with_authorization(signed)


@statement("An authorization that was used is not cancelled, nor cancelled twice.")
def _(s: Scene) -> None:
    signed = s.usd.sign_transfer(s.alice, s.bob, 1)
    s.usd.transfer_with_authorization(signed)
    for nonce in (signed.message.nonce, signed.message.nonce):
        with refused(reverts.AuthorizationSpent):
            s.usd.cancel_authorization(s.usd.sign_cancellation(s.alice, nonce))


@statement("Only its owner cancels an authorization.")
def _(s: Scene) -> None:
    nonce = bytes(32)
    with refused(reverts.SignatureInvalid):
        s.usd.cancel_authorization(s.usd.sign_cancellation(s.alice, nonce, key=named_key("bob")))


@statement("A contract authorizes and cancels by ERC-1271.")
def _(s: Scene) -> None:
    wallet = bindings.MockWallet.deploy(s.chain, s.alice, sender=s.alice)
    s.usd.transfer(wallet, s.usd(9), sender=s.alice)
    key = named_key("alice")
    s.usd.transfer_with_authorization(s.usd.sign_transfer(wallet, s.bob, s.usd(4), key=key))
    s.usd.cancel_authorization(s.usd.sign_cancellation(wallet, bytes(32), key=key))
    assert s.usd.balance(s.bob) == s.usd(4)
    with refused(reverts.SignatureInvalid):
        s.usd.transfer_with_authorization(
            s.usd.sign_transfer(wallet, s.bob, s.usd(4), key=named_key("bob"))
        )


@statement(
    "Frozen accounts neither send nor receive by authorization, and while paused nobody does."
)
def _(s: Scene) -> None:
    s.usd.freeze(s.bob)
    for signed in (s.usd.sign_transfer(s.alice, s.bob, 1), s.usd.sign_transfer(s.bob, s.alice, 0)):
        with refused(reverts.AccountIsFrozen):
            s.usd.transfer_with_authorization(signed)
    s.usd.pause()
    with refused(reverts.DollarIsPaused):
        s.usd.transfer_with_authorization(s.usd.sign_transfer(s.alice, s.carol, 1))
    with refused(reverts.DollarIsPaused):
        s.usd.cancel_authorization(s.usd.sign_cancellation(s.alice, bytes(32)))


@statement("A frozen receiver takes nothing by receiveWithAuthorization, and nobody while paused.")
def _(s: Scene) -> None:
    signed = s.usd.sign_transfer(s.alice, s.bob, 1, receive=True)
    s.usd.freeze(s.bob)
    with refused(reverts.AccountIsFrozen):
        s.usd.receive_with_authorization(signed, sender=s.bob)
    s.usd.unfreeze(s.bob)
    s.usd.pause()
    with refused(reverts.DollarIsPaused):
        s.usd.receive_with_authorization(signed, sender=s.bob)
    s.usd.unpause()
    s.usd.receive_with_authorization(signed, sender=s.bob)


@statement("Who carries an authorization is asked nothing: a frozen account may.")
def _(s: Scene) -> None:
    s.usd.freeze(s.carol)
    s.usd.transfer_with_authorization(s.usd.sign_transfer(s.alice, s.bob, 1), sender=s.carol)
    assert s.usd.balance(s.bob).raw == 1


# --- the rest -------------------------------------------------------------------------------------


@statement("The version of what is signed, and its types (EIP-3009), can be read.")
def _(s: Scene) -> None:
    fields = (
        "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"
    )
    told = s.usd.dollar
    assert told.version() == "1"
    assert told.transfer_with_authorization_typehash() == keccak(
        f"TransferWithAuthorization({fields})".encode()
    )
    assert told.receive_with_authorization_typehash() == keccak(
        f"ReceiveWithAuthorization({fields})".encode()
    )
    assert told.cancel_authorization_typehash() == keccak(
        b"CancelAuthorization(address authorizer,bytes32 nonce)"
    )


@statement("Signatures are bound to name, version, chain and contract (EIP-712).")
def _(s: Scene) -> None:
    here = domain_separator("Fiat Dollar", s.chain.chain_id, s.usd.address)
    assert s.usd.contract.domain_separator() == here
    _, name, version, chain_id, address, _, _ = s.usd.dollar.eip712_domain()
    known = ("Fiat Dollar", "1", s.chain.chain_id, s.usd.address)
    assert (name, version, chain_id, address) == known


@statement(
    "Foreign tokens sent to the contract are rescued, by the rescuer alone (ours: the owner)."
)
def _(s: Scene) -> None:
    lost = FaucetToken.deploy(s.chain, "Lost", "LOST", 18)
    lost.mint(s.usd.address, lost(5))
    with refused(reverts.MissingRole):
        s.usd.rescue(lost(5), s.alice, sender=s.alice)
    done = s.usd.rescue(lost(5), s.alice).one(events.TokenRescued)
    assert (done.token, lost.balance(s.alice)) == (lost.address, lost(5))


@pytest.mark.parametrize("text", STATEMENTS)
def test_what_usdc_does_ours_does(text: str, scene: Scene) -> None:
    STATEMENTS[text](scene)


def test_there_are_enough_statements() -> None:
    assert len(STATEMENTS) >= 60
