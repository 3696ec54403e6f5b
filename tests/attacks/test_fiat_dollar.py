"""Attacks on FiatDollar: signatures misused, stops walked around, dollars without cash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.chain.base import named_key
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.errors import Reverted
from defi_kit.stablecoins import FiatDollar, SignedAuthorization, SignedStatement
from defi_kit.testing.peg.fiat.world import AUDITORS, DAY, MONTH, attest, deploy
from defi_kit.tokens.typed_data import CURVE_ORDER


@pytest.fixture
def usd(chain: Chain) -> FiatDollar:
    """Ten thousand dollars with the victim and a thousand with the attacker; a million attested."""
    usd = deploy(chain)
    attest(usd, usd("1_000_000").raw)
    usd.configure_minter(chain.account("bank"), usd("10_000_000"))
    usd.mint(chain.account("alice"), usd("10_000"), sender=chain.account("bank"))
    usd.mint(chain.account("attacker"), usd("1_000"), sender=chain.account("bank"))
    return usd


@pytest.fixture
def bank(chain: Chain) -> Account:
    return chain.account("bank")


# --- signatures -----------------------------------------------------------------------------------


def test_what_is_signed_for_one_dollar_moves_no_other(
    usd: FiatDollar, alice: Account, attacker: Account, bank: Account
) -> None:
    other = deploy(usd.chain)
    attest(other, other("1_000_000").raw)
    other.configure_minter(bank, other("10_000"))
    other.mint(alice, other("10_000"), sender=bank)
    signed = usd.sign_transfer(alice, attacker, usd(100))
    permit = usd.sign_permit(alice, attacker, usd(100))
    for misuse in (
        lambda: other.transfer_with_authorization(signed, sender=attacker),
        lambda: other.permit(permit, sender=attacker),
    ):
        with pytest.raises(reverts.SignatureInvalid):
            misuse()
    assert other.balance(alice) == other("10_000")


def test_what_is_signed_for_a_test_chain_is_worth_nothing_on_another(
    chain: Chain, alice: Account, attacker: Account
) -> None:
    with Chain.embedded(chain_id=chain.chain_id + 1) as elsewhere:
        there, here = deploy(elsewhere), deploy(chain)
        signed = there.sign_transfer(elsewhere.account("alice"), attacker.address, 100)
        assert (signed.message.owner, there.symbol) == (alice.address, here.symbol)
    with pytest.raises(reverts.SignatureInvalid):
        here.transfer_with_authorization(signed, sender=attacker)


def test_the_twin_of_a_signature_pays_nobody_a_second_time(
    usd: FiatDollar, alice: Account, attacker: Account
) -> None:
    signed = usd.sign_transfer(alice, attacker, usd(100))
    with pytest.raises(reverts.SignatureMalleable):
        usd.transfer_with_authorization(signed.malleated(), sender=attacker)
    usd.transfer_with_authorization(signed, sender=attacker)
    with pytest.raises(reverts.AuthorizationSpent):
        usd.transfer_with_authorization(signed.malleated(), sender=attacker)
    assert usd.balance(attacker) == usd("1_100")


@pytest.mark.parametrize(
    "signature",
    [bytes(65), bytes(64) + b"\x1b", b"\xff" * 32 + bytes(31) + b"\x01\x1b", b"", bytes(64)],
    ids=["zeros", "r and s zero", "r beyond the curve", "nothing", "short"],
)
@pytest.mark.parametrize("victim", ["zero", "alice", "nobody"])
def test_garbage_signs_for_nobody(
    usd: FiatDollar, alice: Account, attacker: Account, signature: bytes, victim: str
) -> None:
    owner = {"zero": ZERO_ADDRESS, "alice": alice.address, "nobody": "0x" + "ab" * 20}[victim]
    message = usd.sign_transfer(alice, attacker, 1).message
    forged = SignedAuthorization(replace(message, owner=owner), signature)
    with pytest.raises(reverts.SignatureInvalid):
        usd.transfer_with_authorization(forged, sender=attacker)


def test_what_an_owner_signs_for_one_wallet_moves_nothing_of_another(
    usd: FiatDollar, alice: Account, attacker: Account, chain: Chain
) -> None:
    one, other = (bindings.MockWallet.deploy(chain, alice) for _ in range(2))
    for wallet in (one, other):
        usd.transfer(wallet, usd(5), sender=alice)
    signed = usd.sign_transfer(one, attacker, usd(5), key=named_key("alice"))
    for victim in (other.address, alice.address):
        with pytest.raises(reverts.SignatureInvalid):
            usd.transfer_with_authorization(
                replace(signed, message=replace(signed.message, owner=victim))
            )
    usd.transfer_with_authorization(signed)
    for again in (signed, signed.malleated()):
        with pytest.raises(reverts.AuthorizationSpent):
            usd.transfer_with_authorization(again)


@pytest.mark.parametrize(
    "runtime",
    [
        "366000600037366000f3",  # says again what it was asked
        "631626ba7e60e01b60005260046000f3",  # the magic value in four bytes
        "631626ba7e60e01b60010160005260206000f3",  # the magic value, and something after it
        "631626ba7e60005260206000f3",  # the magic value at the wrong end
        "00",  # nothing
    ],
)
def test_no_answer_but_the_magic_value_signs_for_a_contract(
    usd: FiatDollar, alice: Account, attacker: Account, chain: Chain, runtime: str
) -> None:
    code = bytes.fromhex(runtime)
    copy = f"60{len(code):02x}600c60003960{len(code):02x}6000f3"
    made = chain.transact(None, bytes.fromhex(copy) + code).contract_address
    assert made is not None
    usd.transfer(made, usd(5), sender=alice)
    key = named_key("attacker")
    with pytest.raises(reverts.SignatureInvalid):
        usd.transfer_with_authorization(usd.sign_transfer(made, attacker, usd(5), key=key))
    with pytest.raises(reverts.SignatureInvalid):
        usd.permit(usd.sign_permit(made, attacker, usd(5), key=key))
    with pytest.raises(reverts.SignatureInvalid):
        usd.cancel_authorization(usd.sign_cancellation(made, bytes(32), key=key))


def test_a_deposit_by_authorization_cannot_be_sent_ahead_of_its_receiver(
    usd: FiatDollar, alice: Account, bob: Account, attacker: Account
) -> None:
    """The attacker copies it from the pool: the money would arrive without the deposit."""
    signed = usd.sign_transfer(alice, bob, usd(100), receive=True)
    for ahead in (usd.transfer_with_authorization, usd.receive_with_authorization):
        with pytest.raises((reverts.CallerNotReceiver, reverts.SignatureInvalid)):
            ahead(signed, sender=attacker)
        as_transfer = replace(signed, message=replace(signed.message, receive=False))
        with pytest.raises(reverts.SignatureInvalid):
            usd.transfer_with_authorization(as_transfer, sender=attacker)
    usd.receive_with_authorization(signed, sender=bob)
    assert usd.balance(bob) == usd(100)


def test_sending_a_cancellation_ahead_does_what_its_owner_wanted(
    usd: FiatDollar, alice: Account, attacker: Account
) -> None:
    signed = usd.sign_transfer(alice, attacker, usd(100))
    off = usd.sign_cancellation(alice, signed.message.nonce)
    usd.cancel_authorization(off, sender=attacker)
    with pytest.raises(reverts.AuthorizationSpent):
        usd.transfer_with_authorization(signed, sender=attacker)


# --- a thief who is frozen ------------------------------------------------------------------------

Way = Callable[[FiatDollar, Account, Account, SignedAuthorization], object]

WAYS_OUT: dict[str, Way] = {
    "to an accomplice": lambda usd, thief, friend, old: usd.transfer(friend, 1, sender=thief),
    "by an allowance given before": lambda usd, thief, friend, old: usd.transfer_from(
        thief, friend, 1, sender=friend
    ),
    "by an authorization signed before": lambda usd, thief, friend, old: (
        usd.transfer_with_authorization(old, sender=friend)
    ),
    "by an authorization signed now": lambda usd, thief, friend, old: (
        usd.transfer_with_authorization(usd.sign_transfer(thief, friend, 1), sender=friend)
    ),
    "taken by the receiver": lambda usd, thief, friend, old: usd.receive_with_authorization(
        usd.sign_transfer(thief, friend, 1, receive=True), sender=friend
    ),
    "by a permit": lambda usd, thief, friend, old: usd.permit(
        usd.sign_permit(thief, friend, 1), sender=friend
    ),
    "for cash": lambda usd, thief, friend, old: usd.request_redemption(1, sender=thief),
    "back from the queue": lambda usd, thief, friend, old: usd.refuse_redemption(
        1, sender=usd.chain.account("bank")
    ),
    "by burning": lambda usd, thief, friend, old: usd.burn(1, sender=thief),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_frozen_thief_gets_nothing_out_and_unfreezing_is_not_his(
    usd: FiatDollar, attacker: Account, bob: Account, way: str
) -> None:
    usd.request_redemption(usd(10), sender=attacker)
    usd.approve(bob, usd(500), sender=attacker)
    old = usd.sign_transfer(attacker, bob, 1)
    usd.freeze(attacker)
    with pytest.raises(reverts.AccountIsFrozen):
        WAYS_OUT[way](usd, attacker, bob, old)
    with pytest.raises(reverts.MissingRole):
        usd.unfreeze(attacker, sender=attacker)
    assert usd.balance(attacker) == usd(990)


def test_forced_ether_is_no_way_around_the_pause_nor_into_one(
    usd: FiatDollar, alice: Account, attacker: Account
) -> None:
    usd.chain.set_balance(usd.address, 10**18)
    usd.transfer(alice, 1, sender=attacker)
    usd.pause()
    with pytest.raises(reverts.DollarIsPaused):
        usd.transfer(alice, 1, sender=attacker)
    with pytest.raises(reverts.MissingRole):
        usd.unpause(sender=attacker)
    assert usd.paused


# --- dollars without cash -------------------------------------------------------------------------


def test_two_minters_in_one_block_do_not_pass_the_reserves(
    usd: FiatDollar, attacker: Account, bank: Account, chain: Chain
) -> None:
    other = chain.account("mint")
    usd.configure_minter(other, usd("10_000_000"))
    room = usd.mintable().raw
    build = usd.dollar.build
    with pytest.raises(reverts.MintBeyondReserves):
        chain.batch(
            [
                build("mint", attacker, room, sender=bank),
                build("mint", attacker, 1, sender=other),
            ]
        )
    assert usd.total_supply() <= usd("1_000_000")


def test_cash_owed_or_paid_backs_no_second_dollar(
    usd: FiatDollar, attacker: Account, bank: Account
) -> None:
    """Redeem, and mint against the same cash before it has left the bank, or after."""
    usd.mint(attacker, usd.mintable(), sender=bank)
    asked = usd.request_redemption(usd(1_000), sender=attacker)
    for answered in (False, True):
        with pytest.raises(reverts.MintBeyondReserves):
            usd.mint(attacker, 1, sender=bank)
        if not answered:
            usd.settle_redemption(asked.id, sender=bank)


def test_an_old_statement_of_better_times_is_refused(
    usd: FiatDollar, attacker: Account, chain: Chain
) -> None:
    at = chain.timestamp
    good = [usd.sign_statement(chain.account(name), usd("9_000_000"), at) for name in AUDITORS]
    usd.attest(usd("9_000_000"), as_of=at, signed=good, sender=attacker)
    attest(usd, usd("11_000").raw)
    with pytest.raises(reverts.StatementNotNewer):
        usd.attest(usd("9_000_000"), as_of=at, signed=good, sender=attacker)
    assert usd.mintable() == usd(0)


def test_a_statement_kept_back_until_it_is_stale_is_refused(
    usd: FiatDollar, attacker: Account, bank: Account, chain: Chain
) -> None:
    at = chain.timestamp + 1
    kept = [usd.sign_statement(chain.account(name), usd("5_000_000"), at) for name in AUDITORS]
    chain.advance(MONTH + DAY)
    with pytest.raises(reverts.StatementTooOld):
        usd.attest(usd("5_000_000"), as_of=at, signed=kept, sender=attacker)
    with pytest.raises(reverts.StatementTooOld):
        usd.mint(attacker, 1, sender=bank)


def test_a_statement_of_another_dollar_is_refused(
    usd: FiatDollar, attacker: Account, chain: Chain
) -> None:
    richer, at = deploy(chain), chain.timestamp
    signed = [richer.sign_statement(chain.account(name), 10**15, at) for name in AUDITORS]
    with pytest.raises(reverts.NoMember):
        usd.attest(10**15, as_of=at, signed=signed, sender=attacker)


def test_one_auditor_is_not_two(usd: FiatDollar, attacker: Account, chain: Chain) -> None:
    at, much = chain.timestamp, usd("9_000_000")
    one = usd.sign_statement(chain.account("auditor"), much, at)
    for signed, error in (
        ([one], reverts.QuorumMissed),
        ([one, one], reverts.SignersUnsorted),
        ([one, twisted(one)], reverts.MalformedVote),
        ([one, usd.sign_statement(attacker, much, at)], reverts.NoMember),
    ):
        with pytest.raises(error):
            usd.attest(much, as_of=at, signed=signed, sender=attacker)
    with pytest.raises(reverts.QuorumMissed):  # and sending it counts no second time
        usd.attest(much, as_of=at, signed=[one], sender=chain.account("auditor"))


def twisted(signed: SignedStatement) -> SignedStatement:
    """The other signature of the same statement by the same key."""
    upper = CURVE_ORDER - int.from_bytes(signed.signature[32:64], "big")
    tail = upper.to_bytes(32, "big") + bytes([55 - signed.signature[64]])
    return replace(signed, signature=signed.signature[:32] + tail)


def test_an_auditor_who_was_replaced_has_no_voice_and_leaves_no_word(
    usd: FiatDollar, bank: Account, attacker: Account, chain: Chain
) -> None:
    at = chain.timestamp
    kept = [usd.sign_statement(chain.account(name), usd("9_000_000"), at) for name in AUDITORS[:2]]
    usd.configure_attesters([chain.account("comptroller")])
    with pytest.raises(reverts.NoMember):
        usd.attest(usd("9_000_000"), as_of=at, signed=kept, sender=attacker)
    with pytest.raises(reverts.MintBeyondReserves):
        usd.mint(attacker, 1, sender=bank)


def test_many_small_mints_are_one_large_one_to_the_limit(
    usd: FiatDollar, attacker: Account, bank: Account, chain: Chain
) -> None:
    usd.configure_minter(bank, usd("100_000"), usd(86_400))
    start, before = chain.timestamp, usd.total_supply().raw
    for _ in range(40):
        amount = usd.minter_available(bank).raw // 2 + 1
        usd.mint(attacker, amount, sender=bank)
    gone = chain.timestamp - start
    assert usd.total_supply().raw - before <= usd(86_400).raw + gone * usd(1).raw


# --- the queue ------------------------------------------------------------------------------------


def test_a_redemption_is_answered_once(
    usd: FiatDollar, attacker: Account, bank: Account, chain: Chain
) -> None:
    paid, refused = (usd.request_redemption(usd(10), sender=attacker).id for _ in range(2))
    usd.settle_redemption(paid, sender=bank)
    usd.refuse_redemption(refused, sender=bank)
    before = usd.state([attacker, bank])
    for id_ in (paid, refused, 0, 3, 2**255):
        for verb in (usd.settle_redemption, usd.refuse_redemption):
            with pytest.raises(reverts.RedemptionNotPending):
                verb(id_, sender=bank)
    assert usd.state([attacker, bank]) == before


def test_nobody_answers_his_own_redemption(usd: FiatDollar, attacker: Account) -> None:
    asked = usd.request_redemption(usd(10), sender=attacker)
    for verb in (usd.settle_redemption, usd.refuse_redemption):
        with pytest.raises(reverts.NotMinter):
            verb(asked.id, sender=attacker)


@pytest.mark.gas
def test_dust_in_front_holds_nobody_up(
    usd: FiatDollar, alice: Account, attacker: Account, bank: Account
) -> None:
    for _ in range(200):
        usd.request_redemption(1, sender=attacker)
    asked = usd.request_redemption(usd(100), sender=alice)
    done = usd.settle_redemption(asked.id, sender=bank)
    assert done.gas_used < 100_000
    assert len(usd.pending_redemptions()) == 200


def test_rescue_reaches_nothing_that_is_somebodys(usd: FiatDollar, alice: Account) -> None:
    with pytest.raises(Reverted):
        usd.rescue(usd(1), alice)
    assert usd.balance(alice) == usd("10_000")
