"""What only mutants of the peg swap had shown that nobody looked at."""

from __future__ import annotations

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings import peg_swap as abi
from defi_kit.chain import Account, Chain
from defi_kit.stablecoins import PegSwap, PegTerms
from defi_kit.tokens import Token
from defi_kit.units import MAX_UINT256

FUNDS = 10**24


def swap_of(
    chain: Chain, treasury: Account, fee: str = "0%"
) -> tuple[PegSwap, list[bindings.BlocklistToken]]:
    """A swap of two tokens that block accounts, with stock; the treasury has more of both."""
    tokens = [bindings.BlocklistToken.deploy(chain, *terms) for terms in (("ONE", 6), ("TWO", 18))]
    sides = [PegTerms(Token(chain, token.address), fee) for token in tokens]
    swap = PegSwap.deploy(chain, *sides, treasury=treasury)
    for token in tokens:
        token.mint(treasury, FUNDS)
        token.approve(swap.address, MAX_UINT256, sender=treasury)
    swap.contract.fund(tokens[1], FUNDS // 2, sender=treasury)
    return swap, tokens


@pytest.mark.parametrize("verb", ["swap_in", "swap_out"])
def test_nobody_pays_for_what_the_token_does_not_let_through(
    verb: str, chain: Chain, owner: Account, bob: Account
) -> None:
    """The token's own reason is told where the stock is not what is lacking."""
    swap, tokens = swap_of(chain, owner)
    sold, bought = tokens if verb == "swap_in" else tokens[::-1]
    swap.contract.swap_in(10**9, owner, sender=owner)  # some stock on either side
    amount = 10**6 if verb == "swap_in" else 10**15
    before = sold.balance_of(owner)
    bought.set_blocked(bob, True)
    with pytest.raises(reverts.Blocked, match=bob.address):
        getattr(swap.contract, verb)(amount, bob, sender=owner)
    assert sold.balance_of(owner) == before


def test_stock_beyond_the_cap_is_refused_for_that_however_much_it_is(
    chain: Chain, owner: Account
) -> None:
    swap, tokens = swap_of(chain, owner)
    for token in tokens:
        with pytest.raises(reverts.CapExceeded) as refused:
            swap.contract.fund(token, MAX_UINT256, sender=owner)
        assert refused.value.arguments["held"] == MAX_UINT256


@pytest.mark.parametrize("verb", ["collect", "fund", "unfund", "funded"])
def test_no_other_token_is_moved_even_if_the_swap_holds_some(
    verb: str, chain: Chain, owner: Account
) -> None:
    swap, tokens = swap_of(chain, owner)
    tokens[0].mint(swap.address, FUNDS)  # a surplus that a share of could be asked for
    other = bindings.MockToken.deploy(chain, "ELSE", 18)
    other.mint(swap.address, FUNDS)
    arguments = (other, 1) if verb in ("fund", "unfund") else (other,)
    sender = {} if verb == "funded" else {"sender": owner}
    with pytest.raises(reverts.NotASide):
        getattr(swap.contract, verb)(*arguments, **sender)


def test_stock_fills_its_cap_and_is_taken_back_to_the_last_unit(
    chain: Chain, owner: Account
) -> None:
    tokens = [bindings.MockToken.deploy(chain, *terms) for terms in (("ONE", 6), ("TWO", 18))]
    cap = 1_000
    sides = [PegTerms(Token(chain, token.address), cap=cap) for token in tokens]
    swap = PegSwap.deploy(chain, *sides, treasury=owner).contract
    for token in tokens:
        token.mint(owner, FUNDS)
        token.approve(swap, MAX_UINT256, sender=owner)
        with pytest.raises(reverts.CapExceeded):
            swap.fund(token, cap + 1, sender=owner)
        swap.fund(token, cap - 1, sender=owner)
        swap.unfund(token, cap - 2, sender=owner)
        swap.unfund(token, 1, sender=owner)
        assert (swap.funded(token), token.balance_of(swap)) == (0, 0)
        swap.fund(token, cap, sender=owner)
        with pytest.raises(reverts.CapExceeded):
            swap.fund(token, 1, sender=owner)


def test_every_verb_tells_what_it_did(chain: Chain, owner: Account) -> None:
    """The treasury keeps its accounts by these events."""
    swap, (one, two) = swap_of(chain, owner, fee="1%")
    funded = swap.contract.fund(one, 7, sender=owner).one(abi.StockFunded)
    assert (funded.token, funded.amount) == (one.address, 7)
    unfunded = swap.contract.unfund(one, 6, sender=owner).one(abi.StockUnfunded)
    assert (unfunded.token, unfunded.amount) == (one.address, 6)
    sold = swap.contract.swap_in(10**6, owner, sender=owner).one(abi.PegSwapped)
    assert (sold.backing, sold.dollars) == (10**6, -99 * 10**16)
    bought = swap.contract.swap_out(10**17, owner, sender=owner).one(abi.PegSwapped)
    assert (bought.backing, bought.dollars) == (-99 * 10**3, 10**17)
    surplus = swap.contract.surplus()
    collected = swap.contract.collect(two, sender=owner).one(abi.SurplusCollected)
    assert (collected.token, collected.amount) == (two.address, surplus)
    assert surplus == 10**16 + 10**15
