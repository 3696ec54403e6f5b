"""FiatDollar on a chain: each refusal beside the success it guards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings import fiat_dollar as events
from defi_kit.chain import Account, Chain
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.errors import AmountError, RefusedKey, Reverted, UnitMismatch
from defi_kit.stablecoins import FiatDollar, Role
from defi_kit.testing.peg.fiat.world import DAY, OFFICERS, attest, deploy
from defi_kit.tokens import FaucetToken, Permit
from defi_kit.tokens.permit import domain_separator
from defi_kit.units import MAX_UINT256, Unit


@pytest.fixture
def usd(chain: Chain) -> FiatDollar:
    """A dollar backed by ten millions: the bank may mint one, and alice has a thousand."""
    usd = deploy(chain)
    attest(usd, usd("10_000_000").raw)
    usd.configure_minter(chain.account("bank"), usd("1_000_000"))
    usd.mint(chain.account("alice"), usd("1_000"), sender=chain.account("bank"))
    return usd


@pytest.fixture
def bank(chain: Chain) -> Account:
    return chain.account("bank")


# --- issuing --------------------------------------------------------------------------------------


def test_a_minter_mints_and_its_allowance_falls_by_as_much(
    usd: FiatDollar, alice: Account, bank: Account
) -> None:
    done = usd.mint(alice, usd("1500.25"), sender=bank)
    assert usd.balance(alice) == usd("2500.25") == usd.total_supply()
    assert usd.minter_allowance(bank) == usd("997_499.75")
    assert done.receipt.one(events.Minted).amount == done.amount.raw == 1_500_250_000
    assert done.receipt.one(events.Transfer).from_ == ZERO_ADDRESS


def test_a_minter_may_mint_all_of_its_allowance_and_no_more(
    usd: FiatDollar, alice: Account, bank: Account
) -> None:
    with pytest.raises(reverts.MintAllowanceExceeded, match=r"amount=999000\.000001 USD"):
        usd.mint(alice, usd("999_000.000001"), sender=bank)
    usd.mint(alice, usd("999_000"), sender=bank)
    assert usd.minter_allowance(bank) == usd(0)
    assert usd.is_minter(bank)
    with pytest.raises(reverts.MintAllowanceExceeded):
        usd.mint(alice, 1, sender=bank)


def test_only_minters_mint_and_burn(usd: FiatDollar, alice: Account, bank: Account) -> None:
    for verb in (lambda: usd.mint(alice, 1, sender=alice), lambda: usd.burn(1, sender=alice)):
        with pytest.raises(reverts.NotMinter) as refusal:
            verb()
        assert refusal.value.caller == alice.address
        assert "configure_minter" in str(refusal.value)
    usd.transfer(bank, usd(10), sender=alice)
    usd.burn(usd(10), sender=bank)
    assert usd.total_supply() == usd(990)


def test_nothing_is_not_minted_or_burned(usd: FiatDollar, alice: Account, bank: Account) -> None:
    with pytest.raises(reverts.ZeroAmount):
        usd.mint(alice, 0, sender=bank)
    with pytest.raises(reverts.ZeroAmount):
        usd.burn(0, sender=bank)


def test_a_minter_burns_only_its_own(usd: FiatDollar, bank: Account) -> None:
    with pytest.raises(reverts.ERC20InsufficientBalance):
        usd.burn(1, sender=bank)


def test_a_removed_minter_neither_mints_nor_burns(
    usd: FiatDollar, alice: Account, bank: Account
) -> None:
    usd.transfer(bank, usd(1), sender=alice)
    usd.remove_minter(bank)
    for verb in (lambda: usd.mint(alice, 1, sender=bank), lambda: usd.burn(1, sender=bank)):
        with pytest.raises(reverts.NotMinter):
            verb()
    assert usd.minter_allowance(bank) == usd(0)


def test_configuring_replaces_the_allowance(usd: FiatDollar, bank: Account) -> None:
    usd.configure_minter(bank, usd(5))
    assert usd.minter_allowance(bank) == usd(5)
    usd.configure_minter(bank, 2**104 - 1)
    with pytest.raises(reverts.MintAllowanceTooLarge):
        usd.configure_minter(bank, 2**104)
    with pytest.raises(reverts.MintLimitTooLarge):
        usd.configure_minter(bank, 1, 2**56)


def test_the_supply_never_outgrows_its_bits(usd: FiatDollar, alice: Account, bank: Account) -> None:
    """No mint passes the reserves, which fit in 112 bits: so do supply and debt together."""
    attest(usd, 2**112 - 1)
    with pytest.raises(reverts.ReservesTooLarge):
        attest(usd, 2**112)
    while room := usd.mintable().raw:
        usd.configure_minter(bank, min(room, 2**104 - 1))
        usd.mint(alice, min(room, 2**104 - 1), sender=bank)
    usd.configure_minter(bank, 1)
    with pytest.raises(reverts.MintBeyondReserves):
        usd.mint(alice, 1, sender=bank)
    assert (usd.paused, usd.is_frozen(alice)) == (False, False)
    usd.request_redemption(usd.balance(alice), sender=alice)
    assert (usd.owed.raw, usd.total_supply().raw) == (2**112 - 1, 0)
    assert (usd.paused, usd.is_frozen(alice)) == (False, False)
    usd.refuse_redemption(1, sender=bank)
    usd.transfer(bank, usd.balance(alice), sender=alice)
    assert usd.balance(bank).raw == 2**112 - 1


def test_a_daily_limit_is_used_up_and_fills_up_evenly(
    usd: FiatDollar, alice: Account, bank: Account, chain: Chain
) -> None:
    assert usd.minter_daily_limit(bank) is None
    usd.configure_minter(bank, usd("100_000"), usd("24_000"))
    assert usd.minter_daily_limit(bank) == usd("24_000")
    usd.mint(alice, usd("24_000"), sender=bank)
    assert usd.minter_available(bank) == usd(0)
    start = chain.timestamp
    with pytest.raises(reverts.MintLimitExceeded, match=r"available=0\.277777 USD"):
        usd.mint(alice, usd("0.277778"), sender=bank)  # a second later
    chain.set_next_timestamp(start + DAY // 4)
    with pytest.raises(reverts.MintLimitExceeded, match="available=6000 USD"):
        usd.mint(alice, usd("6_000.000001"), sender=bank)
    chain.set_next_timestamp(start + DAY // 4)
    usd.mint(alice, usd("6_000"), sender=bank)
    chain.set_next_timestamp(start + DAY // 4 + DAY)
    usd.mint(alice, usd("24_000"), sender=bank)
    assert usd.minter_allowance(bank) == usd("46_000")


def test_a_limit_configured_anew_does_not_forget_what_was_minted(
    usd: FiatDollar, alice: Account, bank: Account
) -> None:
    usd.configure_minter(bank, usd("100_000"), usd("24_000"))
    usd.mint(alice, usd("24_000"), sender=bank)
    usd.configure_minter(bank, usd("100_000"), usd("24_000"))
    with pytest.raises(reverts.MintLimitExceeded):
        usd.mint(alice, usd("10"), sender=bank)
    usd.configure_minter(bank, usd("100_000"), usd("1_000"))
    with pytest.raises(reverts.MintLimitExceeded):
        usd.mint(alice, 1, sender=bank)
    usd.configure_minter(bank, usd("100_000"))
    usd.mint(alice, usd("50_000"), sender=bank)


def test_a_minter_without_a_daily_limit_is_told_so(usd: FiatDollar, bank: Account) -> None:
    assert usd.dollar.minter_available(bank) == 2**256 - 1
    usd.configure_minter(bank, usd("100_000"), usd("24_000"))
    assert usd.dollar.minter_available(bank) == usd("24_000").raw


def test_nobody_redeems_more_than_they_hold_or_nothing(usd: FiatDollar, alice: Account) -> None:
    owned = usd.balance(alice).raw
    with pytest.raises(reverts.ZeroAmount):
        usd.dollar.request_redemption(0, bytes(32), sender=alice)
    with pytest.raises(reverts.ERC20InsufficientBalance) as refused:
        usd.dollar.request_redemption(owned + 1, bytes(32), sender=alice)
    assert list(refused.value.arguments.values())[1:] == [owned, owned + 1]
    usd.dollar.request_redemption(owned, bytes(32), sender=alice)
    assert not usd.balance(alice)


def test_cash_that_was_paid_out_is_gone_from_the_reserves_and_never_below_nothing(
    usd: FiatDollar, alice: Account, bank: Account, chain: Chain
) -> None:
    chain.advance(1)
    attest(usd, usd(50).raw)  # the auditors found less than is owed
    for dollars, left in ((30, 20), (30, 0), (30, 0)):
        asked = usd.request_redemption(usd(dollars), sender=alice)
        usd.settle_redemption(asked.id, sender=bank)
        assert usd.reserves() == usd(left)


# --- moving ---------------------------------------------------------------------------------------


def test_a_transfer_moves_exactly_that_much(usd: FiatDollar, alice: Account, bob: Account) -> None:
    done = usd.transfer(bob, usd("0.000001"), sender=alice)
    assert (usd.balance(alice), usd.balance(bob)) == (usd("999.999999"), usd.raw(1))
    assert done.receipt.one(events.Transfer).value == 1
    usd.transfer(bob, 0, sender=alice)
    usd.transfer(alice, usd.balance(alice), sender=alice)
    assert usd.balance(alice) == usd("999.999999")


def test_a_transfer_beyond_the_balance_is_refused_with_the_numbers(
    usd: FiatDollar, alice: Account, bob: Account
) -> None:
    with pytest.raises(reverts.ERC20InsufficientBalance) as refusal:
        usd.transfer(bob, usd("1000.000001"), sender=alice)
    assert (refusal.value.balance, refusal.value.needed) == (10**9, 10**9 + 1)
    assert "balance=1000 USD, needed=1000.000001 USD" in str(refusal.value)
    with pytest.raises(reverts.ERC20InsufficientBalance):
        usd.transfer(bob, MAX_UINT256, sender=alice)


@pytest.mark.parametrize("where", ["zero", "token"])
def test_nothing_is_sent_minted_or_approved_to_nowhere(
    usd: FiatDollar, alice: Account, bank: Account, where: str
) -> None:
    nowhere = ZERO_ADDRESS if where == "zero" else usd.address
    with pytest.raises(reverts.ERC20InvalidReceiver):
        usd.transfer(nowhere, 1, sender=alice)
    with pytest.raises(reverts.ERC20InvalidReceiver):
        usd.mint(nowhere, 1, sender=bank)
    with pytest.raises((reverts.ERC20InvalidSpender, reverts.AccountIsFrozen)):
        usd.approve(nowhere, 1, sender=alice)
    with pytest.raises(reverts.FrozenForGood):
        usd.unfreeze(nowhere)


def test_an_allowance_is_used_up_and_an_unlimited_one_is_not(
    usd: FiatDollar, alice: Account, bob: Account
) -> None:
    usd.approve(bob, usd(10), sender=alice)
    usd.transfer_from(alice, bob, usd(4), sender=bob)
    assert usd.allowance(alice, bob) == usd(6)
    with pytest.raises(reverts.ERC20InsufficientAllowance, match="allowance=6 USD, needed=7 USD"):
        usd.transfer_from(alice, bob, usd(7), sender=bob)
    usd.approve(bob, usd.unit.max, sender=alice)
    usd.transfer_from(alice, bob, usd(7), sender=bob)
    assert usd.allowance(alice, bob) == usd.unit.max


def test_an_allowance_is_ensured_exactly_and_only_when_short(
    usd: FiatDollar, alice: Account, bob: Account
) -> None:
    first = usd.ensure_allowance(alice, bob, usd(5))
    assert first is not None
    assert usd.allowance(alice, bob) == usd(5)
    assert usd.ensure_allowance(alice, bob, usd(5)) is None
    assert usd.ensure_allowance(alice, bob, usd(4)) is None
    usd.ensure_allowance(alice, bob, usd(6))
    assert usd.allowance(alice, bob) == usd(6)


def test_amounts_of_another_token_and_floats_do_not_reach_the_chain(
    usd: FiatDollar, alice: Account, chain: Chain
) -> None:
    other = FaucetToken.deploy(chain, "Other", "USD", 6)
    height = chain.block_number
    with pytest.raises(UnitMismatch):
        usd.transfer(alice, other(1), sender=alice)
    for bad in (1.5, "1.5", -1, True, 2**256):
        with pytest.raises(AmountError):
            usd.transfer(alice, bad, sender=alice)  # type: ignore[arg-type]
    assert chain.block_number == height


# --- freezing: every path -------------------------------------------------------------------------

Path = Callable[[FiatDollar, Account, Account, Account], object]

FROZEN_PATHS: dict[str, Path] = {
    "sends": lambda usd, frozen, other, bank: usd.transfer(other, 1, sender=frozen),
    "sends nothing": lambda usd, frozen, other, bank: usd.transfer(other, 0, sender=frozen),
    "receives": lambda usd, frozen, other, bank: usd.transfer(frozen, 1, sender=other),
    "is sent from": lambda usd, frozen, other, bank: usd.transfer_from(
        frozen, bank, 1, sender=other
    ),
    "is sent to": lambda usd, frozen, other, bank: usd.transfer_from(bank, frozen, 1, sender=other),
    "spends": lambda usd, frozen, other, bank: usd.transfer_from(other, bank, 1, sender=frozen),
    "approves": lambda usd, frozen, other, bank: usd.approve(other, 1, sender=frozen),
    "approves nothing": lambda usd, frozen, other, bank: usd.approve(other, 0, sender=frozen),
    "is approved": lambda usd, frozen, other, bank: usd.approve(frozen, 1, sender=other),
    "permits": lambda usd, frozen, other, bank: usd.permit(
        usd.sign_permit(frozen, other, 1), sender=other
    ),
    "is permitted": lambda usd, frozen, other, bank: usd.permit(
        usd.sign_permit(other, frozen, 1), sender=other
    ),
    "is minted to": lambda usd, frozen, other, bank: usd.mint(frozen, 1, sender=bank),
    "approves more": lambda usd, frozen, other, bank: usd.increase_allowance(
        other, 1, sender=frozen
    ),
    "approves less": lambda usd, frozen, other, bank: usd.decrease_allowance(
        other, 1, sender=frozen
    ),
    "is approved more": lambda usd, frozen, other, bank: usd.increase_allowance(
        frozen, 1, sender=other
    ),
    "sends by signature": lambda usd, frozen, other, bank: usd.transfer_with_authorization(
        usd.sign_transfer(frozen, other, 1), sender=other
    ),
    "is sent to by signature": lambda usd, frozen, other, bank: usd.transfer_with_authorization(
        usd.sign_transfer(other, frozen, 1), sender=other
    ),
    "takes by signature": lambda usd, frozen, other, bank: usd.receive_with_authorization(
        usd.sign_transfer(other, frozen, 1, receive=True), sender=frozen
    ),
    "is taken from by signature": lambda usd, frozen, other, bank: usd.receive_with_authorization(
        usd.sign_transfer(frozen, other, 1, receive=True), sender=other
    ),
    "redeems": lambda usd, frozen, other, bank: usd.request_redemption(1, sender=frozen),
    "has a redemption refused": lambda usd, frozen, other, bank: usd.refuse_redemption(
        1, sender=bank
    ),
}


@pytest.mark.parametrize("path", FROZEN_PATHS)
def test_a_frozen_account_moves_on_no_path_until_unfrozen(
    usd: FiatDollar, alice: Account, bob: Account, bank: Account, path: str
) -> None:
    usd.mint(bob, usd(10), sender=bank)
    usd.mint(bank, usd(10), sender=bank)
    for owner in (alice, bob, bank):
        for spender in (alice, bob):
            usd.approve(spender, usd(5), sender=owner)
    usd.request_redemption(usd(3), sender=alice)
    before = usd.state([alice, bob, bank])
    usd.freeze(alice)
    with pytest.raises(reverts.AccountIsFrozen) as refusal:
        FROZEN_PATHS[path](usd, alice, bob, bank)
    assert refusal.value.account == alice.address
    usd.unfreeze(alice)
    assert usd.state([alice, bob, bank]) == before
    FROZEN_PATHS[path](usd, alice, bob, bank)


def test_a_frozen_minter_neither_mints_nor_burns(
    usd: FiatDollar, alice: Account, bank: Account
) -> None:
    usd.mint(bank, usd(1), sender=bank)
    usd.freeze(bank)
    usd.request_redemption(1, sender=alice)
    for verb in (
        lambda: usd.mint(alice, 1, sender=bank),
        lambda: usd.burn(1, sender=bank),
        lambda: usd.settle_redemption(1, sender=bank),
        lambda: usd.refuse_redemption(1, sender=bank),
    ):
        with pytest.raises(reverts.AccountIsFrozen):
            verb()
    usd.unfreeze(bank)
    usd.mint(alice, 1, sender=bank)
    usd.burn(1, sender=bank)


def test_freezing_takes_nothing_and_twice_is_once(usd: FiatDollar, alice: Account) -> None:
    usd.permit(usd.sign_permit(alice, alice, 1))
    usd.freeze(alice)
    usd.freeze(alice)
    assert usd.balance(alice) == usd(1_000)
    assert usd.contract.nonces(alice) == 1
    usd.unfreeze(alice)
    usd.unfreeze(alice)
    assert not usd.is_frozen(alice)


def test_the_refusal_says_who_froze_and_who_can_undo_it(
    usd: FiatDollar, alice: Account, bob: Account, chain: Chain
) -> None:
    officer = chain.account("officer").address
    usd.freeze(bob)
    with pytest.raises(reverts.AccountIsFrozen) as refusal:
        usd.transfer(bob, 1, sender=alice)
    assert f"frozen by {officer} in block {chain.block_number}" in (refusal.value.hint or "")
    assert "unfreeze" in (refusal.value.hint or "")


# --- pausing: every path --------------------------------------------------------------------------

PAUSED_PATHS: dict[str, Path] = {
    "transfer": lambda usd, a, b, bank: usd.transfer(b, 1, sender=a),
    "transfer_from": lambda usd, a, b, bank: usd.transfer_from(a, b, 1, sender=b),
    "approve": lambda usd, a, b, bank: usd.approve(b, 1, sender=a),
    "permit": lambda usd, a, b, bank: usd.permit(usd.sign_permit(a, b, 1)),
    "mint": lambda usd, a, b, bank: usd.mint(a, 1, sender=bank),
    "burn": lambda usd, a, b, bank: usd.burn(1, sender=bank),
    "configure_minter": lambda usd, a, b, bank: usd.configure_minter(b, 1),
    "increase_allowance": lambda usd, a, b, bank: usd.increase_allowance(b, 1, sender=a),
    "decrease_allowance": lambda usd, a, b, bank: usd.decrease_allowance(b, 1, sender=a),
    "transfer_with_authorization": lambda usd, a, b, bank: usd.transfer_with_authorization(
        usd.sign_transfer(a, b, 1)
    ),
    "receive_with_authorization": lambda usd, a, b, bank: usd.receive_with_authorization(
        usd.sign_transfer(a, b, 1, receive=True), sender=b
    ),
    "cancel_authorization": lambda usd, a, b, bank: usd.cancel_authorization(
        usd.sign_cancellation(a, bytes(32))
    ),
    "request_redemption": lambda usd, a, b, bank: usd.request_redemption(1, sender=a),
    "refuse_redemption": lambda usd, a, b, bank: usd.refuse_redemption(1, sender=bank),
}


@pytest.mark.parametrize("path", PAUSED_PATHS)
def test_a_paused_dollar_moves_on_no_path_until_unpaused(
    usd: FiatDollar, alice: Account, bob: Account, bank: Account, path: str, chain: Chain
) -> None:
    usd.approve(bob, usd(5), sender=alice)
    usd.mint(bank, usd(5), sender=bank)
    usd.request_redemption(usd(3), sender=alice)
    usd.pause()
    with pytest.raises(reverts.DollarIsPaused) as refusal:
        PAUSED_PATHS[path](usd, alice, bob, bank)
    assert f"paused by {chain.account('warden').address}" in (refusal.value.hint or "")
    usd.unpause()
    PAUSED_PATHS[path](usd, alice, bob, bank)


def test_a_pause_takes_a_wei_and_gives_it_back(usd: FiatDollar, chain: Chain) -> None:
    warden = chain.account("warden")
    with pytest.raises(reverts.PauseNeedsWei):
        usd.dollar.pause(sender=warden)
    before = chain.balance(warden)
    usd.pause()
    assert (chain.balance(usd.address), usd.paused) == (1, True)
    usd.unpause()
    assert (chain.balance(usd.address), usd.paused) == (0, False)
    assert before - chain.balance(warden) < 10**15  # gas at most


def test_ether_forced_upon_the_dollar_pauses_nothing_and_ends_no_pause(
    usd: FiatDollar, alice: Account, bob: Account, chain: Chain
) -> None:
    chain.set_balance(usd.address, 7)
    usd.transfer(bob, 1, sender=alice)
    ether = Unit("ETH", 18, ZERO_ADDRESS)
    usd.rescue(ether.amount(3), bob)
    usd.dollar.pause(sender=chain.account("warden"))
    with pytest.raises(reverts.DollarIsPaused):
        usd.rescue(ether.amount(4), bob)
    with pytest.raises(reverts.DollarIsPaused):
        usd.transfer(bob, 1, sender=alice)
    usd.unpause()
    assert chain.balance(usd.address) == 0
    usd.transfer(bob, 1, sender=alice)


def test_foreign_tokens_sent_by_mistake_are_rescued_by_the_owner_only(
    usd: FiatDollar, alice: Account, attacker: Account, chain: Chain
) -> None:
    lost = FaucetToken.deploy(chain, "Lost", "LOST", 18)
    lost.mint(usd.address, lost(5))
    with pytest.raises(reverts.MissingRole):
        usd.rescue(lost(5), attacker, sender=attacker)
    usd.rescue(lost(5), alice)
    assert lost.balance(alice) == lost(5)
    with pytest.raises(reverts.TransferFailed):
        usd.rescue(lost(1), alice)
    with pytest.raises(reverts.TransferFailed):
        usd.rescue(usd(1), alice)


def test_what_protects_holders_works_while_paused(
    usd: FiatDollar, alice: Account, bank: Account, bob: Account
) -> None:
    usd.request_redemption(usd(3), sender=alice)
    usd.pause()
    usd.pause()
    attest(usd, usd("5_000").raw)
    usd.settle_redemption(1, sender=bank)
    usd.remove_minter(bank)
    usd.freeze(alice)
    usd.unfreeze(alice)
    usd.offer_role(Role.PAUSER, bob)
    usd.accept_role(Role.PAUSER, sender=bob)
    usd.unpause()
    assert not usd.paused


# --- roles ----------------------------------------------------------------------------------------

GUARDED: dict[str, tuple[Role, Callable[[FiatDollar, Account, Account], object]]] = {
    "configure_minter": (
        Role.MINTER_ADMIN,
        lambda u, who, by: u.configure_minter(who, 1, sender=by),
    ),
    "remove_minter": (Role.MINTER_ADMIN, lambda u, who, by: u.remove_minter(who, sender=by)),
    "pause": (Role.PAUSER, lambda u, who, by: u.pause(sender=by)),
    "unpause": (Role.PAUSER, lambda u, who, by: u.unpause(sender=by)),
    "freeze": (Role.COMPLIANCE, lambda u, who, by: u.freeze(who, sender=by)),
    "unfreeze": (Role.COMPLIANCE, lambda u, who, by: u.unfreeze(who, sender=by)),
    "configure_attesters": (Role.OWNER, lambda u, who, by: u.configure_attesters([who], sender=by)),
    "rescue": (
        Role.OWNER,
        lambda u, who, by: u.rescue(Unit("ETH", 18, ZERO_ADDRESS).amount(0), who, sender=by),
    ),
    "offer_role": (Role.OWNER, lambda u, who, by: u.offer_role(Role.PAUSER, who, sender=by)),
    "revoke_role": (Role.OWNER, lambda u, who, by: u.revoke_role(Role.PAUSER, sender=by)),
}


@pytest.mark.parametrize("verb", GUARDED)
def test_each_verb_needs_its_own_role_and_no_other_does(
    usd: FiatDollar, chain: Chain, bob: Account, verb: str
) -> None:
    role, act = GUARDED[verb]
    holder = chain.account(OFFICERS[role])
    others = [chain.account(OFFICERS[other]) for other in Role if other != role]
    for stranger in (*others, bob):
        with pytest.raises(reverts.MissingRole) as refusal:
            act(usd, bob, stranger)
        assert refusal.value.arguments == {
            "caller": stranger.address,
            "role": role,
            "holder": holder.address,
        }
        assert role.name in str(refusal.value)
    act(usd, bob, holder)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_handed_over_in_two_steps(
    usd: FiatDollar, chain: Chain, role: Role, bob: Account, alice: Account
) -> None:
    before = usd.holder_of(role)
    usd.offer_role(role, bob)
    assert (usd.holder_of(role), usd.candidate_of(role)) == (before, bob.address)
    with pytest.raises(reverts.NotOffered):
        usd.accept_role(role, sender=alice)
    usd.accept_role(role, sender=bob)
    assert (usd.holder_of(role), usd.candidate_of(role)) == (bob.address, ZERO_ADDRESS)
    with pytest.raises(reverts.NotOffered):
        usd.accept_role(role, sender=bob)


def test_an_offer_can_be_withdrawn_and_a_role_revoked(
    usd: FiatDollar, bob: Account, chain: Chain
) -> None:
    usd.offer_role(Role.PAUSER, bob)
    usd.offer_role(Role.PAUSER, ZERO_ADDRESS)
    with pytest.raises(reverts.NotOffered):
        usd.accept_role(Role.PAUSER, sender=bob)
    usd.offer_role(Role.PAUSER, bob)
    usd.revoke_role(Role.PAUSER)
    with pytest.raises(reverts.NotOffered):
        usd.accept_role(Role.PAUSER, sender=bob)
    with pytest.raises(reverts.MissingRole):
        usd.pause(sender=chain.account("warden"))
    assert usd.holder_of(Role.PAUSER) == ZERO_ADDRESS


def test_there_is_always_an_owner(usd: FiatDollar, chain: Chain) -> None:
    with pytest.raises(reverts.OwnerRequired):
        usd.revoke_role(Role.OWNER)
    with pytest.raises(reverts.OwnerRequired):
        FiatDollar.deploy(chain, owner=ZERO_ADDRESS)
    assert usd.owner == chain.account("owner").address


def test_roles_not_named_at_deployment_are_the_owners(chain: Chain, alice: Account) -> None:
    usd = FiatDollar.deploy(chain, owner=alice)
    assert {usd.holder_of(role) for role in Role} == {alice.address}
    assert (usd.name, usd.symbol, usd.decimals) == ("Fiat Dollar", "USD", 6)
    assert usd.contract.decimals() == 6


# --- permits --------------------------------------------------------------------------------------


def test_a_permit_works_once(usd: FiatDollar, alice: Account, bob: Account) -> None:
    signed = usd.sign_permit(alice, bob, usd(7))
    done = usd.permit(signed, sender=bob)
    assert done.receipt is not None
    assert usd.allowance(alice, bob) == usd(7)
    usd.transfer_from(alice, bob, usd(7), sender=bob)
    with pytest.raises(reverts.SignatureInvalid):
        usd.permit(signed, sender=bob)
    assert usd.allowance(alice, bob) == usd(0)


def test_a_permit_that_was_front_run_has_done_its_work(
    usd: FiatDollar, alice: Account, bob: Account, attacker: Account
) -> None:
    signed = usd.sign_permit(alice, bob, usd(7))
    usd.permit(signed, sender=attacker)
    done = usd.permit(signed, sender=bob)
    assert (done.receipt, done.amount) == (None, usd(7))
    usd.transfer_from(alice, bob, usd(7), sender=bob)


def test_a_permit_ends_at_its_deadline(
    usd: FiatDollar, alice: Account, bob: Account, chain: Chain
) -> None:
    last = chain.timestamp + 100
    signed = usd.sign_permit(alice, bob, usd(7), deadline=last)
    with chain.snapshot():
        chain.set_next_timestamp(last)
        usd.permit(signed)
    chain.set_next_timestamp(last + 1)
    with pytest.raises(reverts.SignatureExpired) as refusal:
        usd.permit(signed)
    assert (refusal.value.deadline, refusal.value.timestamp) == (last, last + 1)


def test_a_permit_of_another_chain_or_token_is_refused(
    usd: FiatDollar, alice: Account, bob: Account, chain: Chain
) -> None:
    from defi_kit.chain.base import named_key
    from defi_kit.tokens.permit import sign

    signed = usd.sign_permit(alice, bob, usd(7))
    here = domain_separator("Fiat Dollar", chain.chain_id, usd.address)
    assert here == usd.contract.domain_separator()
    for elsewhere in (
        domain_separator("Fiat Dollar", 1, usd.address),
        domain_separator("Fiat Dollar", chain.chain_id, alice.address),
        domain_separator("Other Dollar", chain.chain_id, usd.address),
        domain_separator("Fiat Dollar", chain.chain_id, usd.address, version="2"),
    ):
        with pytest.raises(reverts.SignatureInvalid):
            usd.permit(sign(signed.message, elsewhere, named_key("alice")))
    usd.permit(signed)


def test_a_permit_is_for_exactly_what_was_signed(
    usd: FiatDollar, alice: Account, bob: Account, attacker: Account
) -> None:
    signed = usd.sign_permit(alice, bob, usd(7))
    for field, value in {
        "owner": bob.address,
        "spender": attacker.address,
        "value": signed.message.value + 1,
        "deadline": signed.message.deadline + 1,
    }.items():
        forged = replace(signed, message=replace(signed.message, **{field: value}))
        with pytest.raises(reverts.SignatureInvalid):
            usd.permit(forged, sender=attacker)
    usd.permit(signed)


def test_a_malleable_signature_is_refused(usd: FiatDollar, alice: Account, bob: Account) -> None:
    signed = usd.sign_permit(alice, bob, usd(7))
    with pytest.raises(reverts.SignatureMalleable):
        usd.permit(signed.malleated())
    usd.permit(signed)


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_garbage_never_signs_for_the_zero_address(usd: FiatDollar, bob: Account, v: int) -> None:
    message = replace(usd.sign_permit(bob, bob, 5).message, owner=ZERO_ADDRESS, spender=bob.address)
    for r, s in ((0, 0), (1, 1), (2**256 - 1, 1)):
        with pytest.raises(reverts.SignatureInvalid):
            usd.permit(Permit(message, v, r, s))


def test_a_contract_signs_by_erc_1271(
    usd: FiatDollar, chain: Chain, alice: Account, bob: Account
) -> None:
    from defi_kit.chain.base import named_key

    wallet = bindings.MockWallet.deploy(chain, alice, sender=alice)
    signed = usd.sign_permit(wallet, bob, usd(3), key=named_key("alice"))
    wallet.set_closed(True)
    with pytest.raises(reverts.SignatureInvalid):
        usd.permit(signed)
    wallet.set_closed(False)
    usd.permit(signed)
    assert usd.allowance(wallet, bob) == usd(3)
    by_bob = usd.sign_permit(wallet, bob, usd(3), key=named_key("bob"))
    with pytest.raises(reverts.SignatureInvalid):
        usd.permit(by_bob)


def test_only_named_accounts_are_signed_for_without_a_key(
    usd: FiatDollar, alice: Account, bob: Account
) -> None:
    for unknown in (bob.address, Account("bob", alice.address)):
        with pytest.raises(RefusedKey, match="key="):
            usd.sign_permit(unknown, alice, 1)


def test_the_domain_can_be_read_from_the_chain(usd: FiatDollar, chain: Chain) -> None:
    _, name, version, chain_id, address, _, _ = usd.dollar.eip712_domain()
    assert (name, version, chain_id, address) == ("Fiat Dollar", "1", chain.chain_id, usd.address)


# --- the state as a twin --------------------------------------------------------------------------


def test_what_the_twin_says_will_happen_happens(
    usd: FiatDollar, alice: Account, bob: Account, bank: Account
) -> None:
    people = [alice, bob, bank]
    expected = (
        usd.state(people)
        .transfer(alice.address, bob.address, 5)
        .mint(bank.address, bob.address, 7, now=usd.chain.timestamp + 2)
    )
    usd.transfer(bob, 5, sender=alice)
    usd.mint(bob, 7, sender=bank)
    assert usd.state(people) == expected


def test_a_refusal_by_the_twin_is_the_contracts_refusal(
    usd: FiatDollar, alice: Account, bob: Account
) -> None:
    with pytest.raises(Reverted) as twins:
        usd.state([alice, bob]).transfer(alice.address, bob.address, 10**10)
    with pytest.raises(Reverted) as contracts:
        usd.transfer(bob, 10**10, sender=alice)
    assert type(twins.value) is type(contracts.value)
    assert twins.value.arguments == contracts.value.arguments
