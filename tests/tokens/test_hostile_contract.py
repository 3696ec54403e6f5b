"""The mocks and the hostile tokens misbehave exactly as announced."""

from __future__ import annotations

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.chain.abi import decode


def test_a_mock_oracle_says_what_it_was_told_or_refuses(chain: Chain) -> None:
    oracle = bindings.MockOracle.deploy(chain, 7)
    assert oracle.price() == 7
    oracle.set_price(0)
    assert oracle.price() == 0
    oracle.set_reverting(True)
    with pytest.raises(reverts.OracleOff):
        oracle.price()


def test_a_mock_token_can_be_switched_off(chain: Chain, alice: Account, bob: Account) -> None:
    token = bindings.MockToken.deploy(chain, "M", 6)
    token.mint(alice, 10)
    token.set_transfers_off(True)
    with pytest.raises(reverts.TransfersOff):
        token.transfer(bob, 1, sender=alice)
    token.mint(alice, 1)
    token.set_transfers_off(False)
    token.transfer(bob, 1, sender=alice)
    token.burn(alice, 10)
    assert (token.balance_of(alice), token.balance_of(bob)) == (0, 1)


def test_a_fee_token_delivers_less_than_it_was_told(
    chain: Chain, alice: Account, bob: Account
) -> None:
    token = bindings.FeeToken.deploy(chain, "FEE", 6)
    token.mint(alice, 2_000)
    token.transfer(bob, 1_000, sender=alice)
    assert (token.balance_of(alice), token.balance_of(bob)) == (1_000, 990)
    token.approve(bob, 1_000, sender=alice)
    token.transfer_from(alice, bob, 1_000, sender=bob)
    assert (token.balance_of(alice), token.balance_of(bob), token.allowance(alice, bob)) == (
        0,
        1_980,
        0,
    )


def test_a_reentrant_token_calls_out_once_in_the_middle(
    chain: Chain, alice: Account, bob: Account
) -> None:
    token = bindings.ReentrantToken.deploy(chain, "RE", 18)
    token.mint(alice, 10)
    read = token.build("balance_of", bob.address)
    token.arm(token, read.data)
    token.transfer(bob, 4, sender=alice)
    token.transfer(bob, 1, sender=alice)
    assert (token.calls(), token.last_succeeded()) == (1, True)
    assert decode(("uint256",), token.last_result()) == (4,)


def test_a_false_token_answers_false_and_moves_nothing(
    chain: Chain, alice: Account, bob: Account
) -> None:
    token = bindings.FalseToken.deploy(chain, "NO", 18)
    token.mint(alice, 10)
    token.transfer(bob, 11, sender=alice)
    token.set_failing(True)
    token.transfer(bob, 1, sender=alice)
    token.approve(bob, 1, sender=alice)
    assert (token.balance_of(bob), token.allowance(alice, bob)) == (0, 0)
    token.set_failing(False)
    token.transfer(bob, 1, sender=alice)
    assert token.balance_of(bob) == 1


def test_a_no_return_token_moves_and_says_nothing(
    chain: Chain, alice: Account, bob: Account
) -> None:
    token = bindings.NoReturnToken.deploy(chain, "USDT", 6)
    token.mint(alice, 10)
    call = token.build("transfer", bob.address, 1)
    assert chain.call(token, call.data, sender=alice) == b""
    token.transfer(bob, 1, sender=alice)
    token.approve(bob, 1, sender=alice)
    token.transfer_from(alice, bob, 1, sender=bob)
    assert token.balance_of(bob) == 2


def test_a_revert_on_zero_token_refuses_nothing_only(
    chain: Chain, alice: Account, bob: Account
) -> None:
    token = bindings.RevertOnZeroToken.deploy(chain, "Z", 18)
    token.mint(alice, 10)
    with pytest.raises(reverts.ZeroAmount):
        token.transfer(bob, 0, sender=alice)
    with pytest.raises(reverts.ZeroAmount):
        token.approve(bob, 0, sender=alice)
    token.transfer(bob, 1, sender=alice)


def test_a_rebasing_token_changes_every_balance(chain: Chain, alice: Account, bob: Account) -> None:
    token = bindings.RebasingToken.deploy(chain, "AMPL", 9)
    token.mint(alice, 100)
    token.set_index(2 * 10**18)
    assert (token.balance_of(alice), token.total_supply()) == (200, 200)
    token.transfer(bob, 50, sender=alice)
    token.set_index(5 * 10**17)
    assert (token.balance_of(alice), token.balance_of(bob)) == (37, 12)


def test_a_blocklist_token_refuses_the_blocked(chain: Chain, alice: Account, bob: Account) -> None:
    token = bindings.BlocklistToken.deploy(chain, "B", 6)
    token.mint(alice, 10)
    token.set_blocked(bob, True)
    with pytest.raises(reverts.Blocked):
        token.transfer(bob, 1, sender=alice)
    token.set_blocked(bob, False)
    token.transfer(bob, 1, sender=alice)


def test_a_mock_wallet_does_what_its_owner_says(chain: Chain, alice: Account, bob: Account) -> None:
    wallet = bindings.MockWallet.deploy(chain, alice)
    token = bindings.MockToken.deploy(chain, "M", 6)
    token.mint(wallet, 5)
    send = token.build("transfer", bob.address, 5).data
    with pytest.raises(reverts.NotOwner):
        wallet.execute(token, 0, send, sender=bob)
    wallet.execute(token, 0, send, sender=alice)
    with pytest.raises(reverts.InsufficientBalance):
        wallet.execute(token, 0, send, sender=alice)
