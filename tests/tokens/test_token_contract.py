"""FaucetToken and WrappedEther on a chain, and the client of any token."""

from __future__ import annotations

from decimal import Decimal

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.errors import AddressError, AmountError, UnitMismatch
from defi_kit.tokens import FaucetToken, Token, WrappedEther


@pytest.fixture
def wbtc(chain: Chain, owner: Account) -> FaucetToken:
    return FaucetToken.deploy(chain, "Test Bitcoin", "WBTC", 8, owner=owner)


@pytest.fixture
def weth(chain: Chain) -> WrappedEther:
    return WrappedEther.deploy(chain)


def test_a_token_says_what_it_is(wbtc: FaucetToken, weth: WrappedEther, owner: Account) -> None:
    assert (wbtc.name, wbtc.symbol, wbtc.decimals) == ("Test Bitcoin", "WBTC", 8)
    assert (weth.name, weth.symbol, weth.decimals) == ("Wrapped Ether", "WETH", 18)
    assert wbtc.owner == owner.address
    assert wbtc.unit.address == wbtc.address


def test_calling_a_token_makes_an_amount(wbtc: FaucetToken) -> None:
    assert wbtc("0.5").raw == wbtc(Decimal("0.5")).raw == 50_000_000
    assert wbtc(500).raw == 500 * 10**8
    assert wbtc.raw(5).raw == 5
    for bad in (0.5, "0.000000001", "-1", "1e3"):
        with pytest.raises(AmountError, match="WBTC: "):
            wbtc(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("decimals", [0, 6, 8, 18, 24, 36, 77])
def test_a_token_has_the_decimals_chosen(chain: Chain, alice: Account, decimals: int) -> None:
    token = FaucetToken.deploy(chain, "T", "T", decimals)
    token.mint(alice, token(1))
    assert token.balance(alice).raw == 10**decimals
    assert str(token.total_supply()) == "1 T"


def test_only_the_owner_mints(wbtc: FaucetToken, alice: Account, attacker: Account) -> None:
    with pytest.raises(reverts.NotOwner) as refusal:
        wbtc.mint(attacker, 1, sender=attacker)
    assert refusal.value.caller == attacker.address
    done = wbtc.mint(alice, wbtc("1.5"))
    assert wbtc.balance(alice) == done.amount == wbtc.total_supply() == wbtc("1.5")


def test_a_token_needs_an_owner(chain: Chain) -> None:
    with pytest.raises(reverts.ZeroOwner):
        FaucetToken.deploy(chain, "T", "T", owner="0x" + "0" * 40)


def test_a_supply_beyond_256_bits_is_refused(wbtc: FaucetToken, alice: Account) -> None:
    wbtc.mint(alice, wbtc.unit.max)
    with pytest.raises(reverts.TotalSupplyOverflow):
        wbtc.mint(alice, 1)


def test_transfers_and_allowances(
    wbtc: FaucetToken, alice: Account, bob: Account, chain: Chain
) -> None:
    wbtc.mint(alice, wbtc(10))
    with chain.as_(alice):
        done = wbtc.transfer(bob, wbtc(1))
        wbtc.approve(bob, wbtc(2))
    assert (done.sender, done.to, done.amount) == (alice.address, bob.address, wbtc(1))
    wbtc.transfer_from(alice, bob, wbtc(2), sender=bob)
    assert (wbtc.balance(alice), wbtc.balance(bob)) == (wbtc(7), wbtc(3))
    with pytest.raises(reverts.InsufficientAllowance, match="approve"):
        wbtc.transfer_from(alice, bob, 1, sender=bob)
    with pytest.raises(reverts.InsufficientBalance):
        wbtc.transfer(bob, wbtc(8), sender=alice)


def test_nobody_holds_an_allowance_by_birth(
    wbtc: FaucetToken, weth: WrappedEther, alice: Account, chain: Chain
) -> None:
    """Solady's tokens trust Permit2 unless told otherwise; these are told otherwise."""
    permit2 = chain.impersonate("0x000000000022D473030F116dDEE9F6B43aC78BA3")
    chain.set_balance(permit2, 10**18)
    wbtc.mint(alice, wbtc(1))
    weth.deposit(weth(1), sender=alice)
    for token in (wbtc, weth):
        assert token.allowance(alice, permit2) == token(0)
        with pytest.raises(reverts.InsufficientAllowance):
            token.transfer_from(alice, permit2, 1, sender=permit2)


def test_amounts_of_other_tokens_are_refused(
    wbtc: FaucetToken, weth: WrappedEther, alice: Account, bob: Account
) -> None:
    weth.deposit(weth(1), sender=alice)
    with pytest.raises(UnitMismatch):
        weth.transfer(bob, wbtc(1), sender=alice)
    weth.transfer(bob, weth(1), sender=alice)


def test_a_bad_address_is_refused(weth: WrappedEther, alice: Account, chain: Chain) -> None:
    good = alice.address
    flipped = good[:-1] + (good[-1].swapcase() if good[-1].isalpha() else good[-1])
    for bad in ("0x12", good[2:], good + "0", "", "alice"):
        with pytest.raises(AddressError):
            weth.transfer(bad, 0, sender=alice)
    if flipped != good:
        with pytest.raises(AddressError, match="checksum"):
            Token(chain, flipped)
    assert weth.balance(good) == weth.balance(alice)


def test_ether_is_wrapped_and_unwrapped_one_for_one(
    weth: WrappedEther, alice: Account, chain: Chain
) -> None:
    before = chain.balance(alice)
    weth.deposit(weth("1.5"), sender=alice)
    assert chain.balance(weth) == weth.balance(alice).raw == weth("1.5").raw
    weth.withdraw(weth("0.5"), sender=alice)
    assert weth.total_supply() == weth(1)
    assert chain.balance(weth) == weth(1).raw
    assert before - chain.balance(alice) >= weth(1).raw
    with pytest.raises(reverts.InsufficientBalance):
        weth.withdraw(weth("1.000000000000000001"), sender=alice)


def test_plain_ether_sent_to_it_is_wrapped(
    weth: WrappedEther, alice: Account, chain: Chain
) -> None:
    chain.transact(weth, b"", value=5, sender=alice)
    assert weth.balance(alice).raw == 5


def test_ether_goes_only_to_who_takes_it(weth: WrappedEther, alice: Account, chain: Chain) -> None:
    contract = bindings.MockOracle.deploy(chain, 1)
    weth.deposit(weth(1), sender=alice)
    weth.transfer(contract, weth(1), sender=alice)
    stuck = chain.impersonate(contract)
    with pytest.raises(reverts.ETHTransferFailed):
        weth.withdraw(weth(1), sender=stuck)
    assert weth.balance(contract) == weth(1)


def test_a_permit_lets_somebody_else_pay(
    weth: WrappedEther, wbtc: FaucetToken, alice: Account, bob: Account
) -> None:
    for token in (weth, wbtc):
        signed = token.sign_permit(alice, bob, token("0.5"))
        token.permit(signed, sender=bob)
        assert token.allowance(alice, bob) == token("0.5")
        assert token.permit(signed, sender=bob).receipt is None
        token.approve(bob, 0, sender=alice)
        with pytest.raises(reverts.InvalidPermit):
            token.permit(signed, sender=bob)


def test_a_late_permit_is_refused(wbtc: FaucetToken, alice: Account, chain: Chain) -> None:
    signed = wbtc.sign_permit(alice, alice, 1, deadline=chain.timestamp)
    with pytest.raises(reverts.PermitExpired):
        wbtc.permit(signed)


def test_any_token_can_be_read(wbtc: FaucetToken, chain: Chain, alice: Account) -> None:
    same = Token(chain, wbtc.address)
    assert same == wbtc
    assert hash(same) == hash(wbtc)
    assert len({same, wbtc}) == 1
    wbtc.mint(alice, same(1))
    assert same.balance(alice) == wbtc(1)
    assert same != Token(chain, alice)


def test_the_past_can_be_read(wbtc: FaucetToken, alice: Account, chain: Chain) -> None:
    block = wbtc.mint(alice, wbtc(1)).receipt.block_number
    wbtc.mint(alice, wbtc(1))
    events = list(wbtc.contract.events(bindings.faucet_token.Transfer, from_block=block))
    assert [event.amount for event in events] == [10**8, 10**8]
