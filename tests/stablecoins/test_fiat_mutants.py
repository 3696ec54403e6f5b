"""What only mutants of the dollar had shown that nobody looked at."""

from __future__ import annotations

import pytest
from coincurve import PrivateKey

from defi_kit import bindings, reverts
from defi_kit.bindings import fiat_dollar as abi
from defi_kit.bindings.fiat_dollar import Officers
from defi_kit.chain import Account, Chain
from defi_kit.chain.base import key_address
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.stablecoins import Role
from defi_kit.stablecoins.reserves import statement_digest
from defi_kit.tokens.permit import MAX_S

ORDER = 2 * MAX_S + 1
"""Of secp256k1."""
NO_LIMIT = 2**56 - 1


@pytest.fixture
def usd(chain: Chain, owner: Account, alice: Account) -> bindings.FiatDollar:
    """A dollar with one officer for everything, one attester, one minter; alice has a thousand."""
    officers = Officers(owner.address, owner.address, owner.address, owner.address)
    made = bindings.FiatDollar.deploy(chain, "Dollar", "USD", officers, [owner], 1, 30 * 86_400)
    made.attest(10**12, chain.timestamp, [], sender=owner)
    made.configure_minter(owner, 10**12, NO_LIMIT, sender=owner)
    made.mint(alice, 10**9, sender=owner)
    return made


def test_the_next_in_line_is_that_of_one_who_waits(
    usd: bindings.FiatDollar, alice: Account, owner: Account
) -> None:
    for amount in (5, 6, 7):
        usd.request_redemption(amount, b"p" * 32, sender=alice)
    assert [usd.next_redemption(id_) for id_ in (1, 2, 3)] == [2, 3, 0]
    usd.settle_redemption(2, sender=owner)
    assert [usd.next_redemption(id_) for id_ in (1, 3)] == [3, 0]
    for id_ in (0, 2, 4):
        with pytest.raises(reverts.RedemptionNotPending):
            usd.next_redemption(id_)


@pytest.mark.parametrize(("beyond", "accepted"), [(0, True), (1, False)])
def test_a_vote_counts_up_to_the_largest_s_that_is_not_malleable(
    beyond: int, accepted: bool, usd: bindings.FiatDollar, chain: Chain, owner: Account
) -> None:
    """A key for which this very `s` signs this very statement: statements name no signer."""
    at, s = chain.timestamp, MAX_S + beyond
    digest = statement_digest(usd.domain_separator(), 5, at)
    nonce = PrivateKey.from_int(7)
    point = nonce.public_key.format(compressed=True)
    r = int.from_bytes(point[1:], "big")
    key = (s * 7 - int.from_bytes(digest, "big")) * pow(r, -1, ORDER) % ORDER
    signer = key_address(key.to_bytes(32, "big"))
    vote = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + (point[0] & 1)])

    usd.configure_attesters([signer], 1, sender=owner)
    if accepted:
        usd.attest(5, at, [vote], sender=owner)
        assert usd.reserves() == (5, at)
    else:
        with pytest.raises(reverts.MalformedVote):
            usd.attest(5, at, [vote], sender=owner)


def test_the_larger_s_is_refused_for_that_and_the_largest_of_the_lower_is_not(
    usd: bindings.FiatDollar, alice: Account, owner: Account
) -> None:
    for beyond, error in ((0, reverts.SignatureInvalid), (1, reverts.SignatureMalleable)):
        signature = bytes(32) + (MAX_S + beyond).to_bytes(32, "big") + b"\x1b"
        with pytest.raises(error):
            usd.cancel_authorization(alice, bytes(32), signature, sender=owner)


def test_a_statement_may_be_made_as_late_as_it_would_count(
    usd: bindings.FiatDollar, chain: Chain, owner: Account
) -> None:
    as_of, age = chain.timestamp + 1, 30 * 86_400
    chain.set_next_timestamp(as_of + age + 1)
    with pytest.raises(reverts.StatementTooOld):
        usd.attest(5, as_of, [], sender=owner)
    as_of = chain.timestamp
    chain.set_next_timestamp(as_of + age)
    usd.attest(5, as_of, [], sender=owner)


def test_whoever_watches_roles_hears_of_every_offer_and_every_move(
    usd: bindings.FiatDollar, owner: Account, bob: Account
) -> None:
    offered = usd.offer_role(Role.PAUSER, bob, sender=owner).one(abi.RoleOffered)
    assert (offered.role, offered.candidate) == (Role.PAUSER, bob.address)
    for done, before, after in (
        (usd.accept_role(Role.PAUSER, sender=bob), owner.address, bob.address),
        (usd.revoke_role(Role.PAUSER, sender=owner), bob.address, ZERO_ADDRESS),
    ):
        moved = done.one(abi.RoleMoved)
        assert (moved.role, moved.from_, moved.to) == (Role.PAUSER, before, after)


def test_whoever_watches_the_reserves_hears_of_statements_and_of_who_makes_them(
    usd: bindings.FiatDollar, chain: Chain, owner: Account, bob: Account
) -> None:
    chain.advance(1)
    as_of = chain.timestamp
    stated = usd.attest(5, as_of, [], sender=owner).one(abi.ReservesAttested)
    assert (stated.index, stated.reserves, stated.as_of) == (1, 5, as_of)
    named = usd.configure_attesters([bob], 1, sender=owner).one(abi.AttestersConfigured)
    assert (list(named.attesters), named.quorum) == ([bob.address], 1)


def test_whoever_watches_redemptions_hears_what_became_of_each(
    usd: bindings.FiatDollar, alice: Account, owner: Account
) -> None:
    asked = usd.request_redemption(5, b"p" * 32, sender=alice).one(abi.RedemptionRequested)
    assert (asked.id, asked.holder, asked.amount, asked.payout) == (1, alice.address, 5, b"p" * 32)
    paid = usd.settle_redemption(1, sender=owner).one(abi.RedemptionSettled)
    assert (paid.id, paid.by, paid.amount) == (1, owner.address, 5)
    usd.request_redemption(7, b"p" * 32, sender=alice)
    done = usd.refuse_redemption(2, sender=owner)
    refused, back = done.one(abi.RedemptionRefused), done.one(abi.Transfer)
    assert (refused.id, refused.by, refused.amount) == (2, owner.address, 7)
    assert (back.from_, back.to, back.value) == (ZERO_ADDRESS, alice.address, 7)


def test_whoever_watches_hears_of_a_pause_and_of_its_end(
    usd: bindings.FiatDollar, owner: Account
) -> None:
    assert usd.pause(value=1, sender=owner).one(abi.DollarPaused).by == owner.address
    assert usd.unpause(sender=owner).one(abi.DollarUnpaused).by == owner.address
