"""Attacks on the peg swap: what the attacker wins, and what others lose, is nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.stablecoins import PegSwap, PegTerms
from defi_kit.tokens import Token

COINS = 1_000_000


def economy(
    chain: Chain, *, guarded: bool, cap: int
) -> tuple[PegSwap, Token, Token, bindings.MockOracle]:
    """A swap with stock of a sound dollar, a backing and the oracle that watches it."""
    mocks = [bindings.MockToken.deploy(chain, *terms) for terms in (("USDC", 6), ("DAI", 18))]
    backing, dollar = (Token(chain, mock.address) for mock in mocks)
    oracle = bindings.MockOracle.deploy(chain, 10**48)
    watched = oracle if guarded else None
    bank = chain.account("bank")
    swap = PegSwap.deploy(
        chain,
        PegTerms(backing, cap=backing(cap), oracle=watched, tolerance="2%"),
        PegTerms(dollar),
        treasury=bank,
    )
    mocks[1].mint(bank, dollar(COINS).raw)
    mocks[0].mint(chain.account("attacker"), backing(COINS).raw)
    swap.fund(dollar(COINS))
    return swap, backing, dollar, oracle


def test_drain_when_the_backing_loses_its_peg(chain: Chain, attacker: Account) -> None:
    """USDC in March 2023: at 0.88 everyone wants the other dollar. The breaker keeps it in."""
    swap, backing, dollar, oracle = economy(chain, guarded=True, cap=COINS)
    oracle.set_price(88 * 10**46)
    for amount in (backing(COINS), backing(1)):
        with pytest.raises(reverts.BelowPeg):
            swap.swap(amount, sender=attacker)
    assert not dollar.balance(attacker)
    oracle.set_price(99 * 10**46)
    assert swap.swap(backing(1), sender=attacker).bought == dollar(1)


def test_drain_without_an_oracle_is_bounded_by_the_cap(chain: Chain, attacker: Account) -> None:
    swap, backing, dollar, _ = economy(chain, guarded=False, cap=COINS // 20)
    swap.swap(backing(COINS // 20), sender=attacker)
    with pytest.raises(reverts.CapExceeded):
        swap.swap(backing(1), sender=attacker)
    assert Fraction(swap.stock(dollar).raw, dollar(COINS).raw) == Fraction(19, 20)


def test_dead_oracle_stops_the_way_in_and_not_the_way_out(chain: Chain, attacker: Account) -> None:
    swap, backing, dollar, oracle = economy(chain, guarded=True, cap=COINS)
    swap.swap(backing(1_000), sender=attacker)
    oracle.set_reverting(True)
    with pytest.raises(reverts.OracleOff):
        swap.swap(backing(1), sender=attacker)
    assert swap.swap(dollar(1_000), sender=attacker).bought == backing(1_000)


def test_dust_loops_win_nothing(chain: Chain, attacker: Account) -> None:
    """Grains that round: in and out a hundred times, with amounts around one unit of the other."""
    swap, backing, dollar, _ = economy(chain, guarded=False, cap=COINS)
    worth = backing.balance(attacker).raw * 10**12 + dollar.balance(attacker).raw
    swap.swap(backing(10), sender=attacker)
    for grain in range(100):
        with chain.as_(attacker):
            swap.swap(dollar.raw(10**12 + grain * 10**10), sender=attacker)
            swap.swap(backing.raw(1), sender=attacker)
    assert backing.balance(attacker).raw * 10**12 + dollar.balance(attacker).raw <= worth


def test_donation_moves_no_price_and_frees_nothing(chain: Chain, attacker: Account) -> None:
    swap, backing, _, _ = economy(chain, guarded=True, cap=COINS)
    before = swap.quote(backing(5))
    backing.transfer(swap.address, backing(100), sender=attacker)
    assert swap.quote(backing(5)) == before
    with pytest.raises(reverts.NotFunded):
        swap.unfund(backing(100))
    assert swap.collect(backing, sender=attacker).amount == backing(100)
    assert backing.balance(swap.treasury) == backing(100)


def test_reentering_during_a_swap_is_refused(chain: Chain, attacker: Account) -> None:
    """A token that calls `collect` while its payment is in, and the other is not yet out."""
    hostile = bindings.ReentrantToken.deploy(chain, "HOOK", 18)
    coin = bindings.MockToken.deploy(chain, "DAI", 18)
    backing, dollar = Token(chain, hostile.address), Token(chain, coin.address)
    bank = chain.account("bank")
    swap = PegSwap.deploy(chain, PegTerms(backing), PegTerms(dollar), treasury=bank)
    coin.mint(bank, dollar(100).raw)
    swap.fund(dollar(100))
    hostile.mint(attacker, backing(10).raw)
    call = swap.contract.build("collect", dollar)
    hostile.arm(call.to, call.data)
    swap.swap(backing(10), sender=attacker)
    assert hostile.calls() == 1
    assert hostile.last_result() == reverts.Reentered.SELECTOR
    assert swap.stock(dollar) == dollar(90)
    assert not dollar.balance(bank)
