"""The peg swap through its client, its refusals, and tokens that cheat."""

from __future__ import annotations

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.errors import AmountError, InputError, UnitMismatch
from defi_kit.stablecoins import PegSwap, PegTerms
from defi_kit.testing.peg.swap.world import SwapWorld, Terms
from defi_kit.tokens import Token


def tokens_of(swap: PegSwap) -> tuple[Token, Token]:
    return swap.backing, swap.dollar


def funded(world: SwapWorld) -> tuple[PegSwap, Token, Token]:
    """The swap with 500 coins of stock, and its tokens."""
    backing, dollar = tokens_of(world.swap)
    world.swap.fund(dollar(500))
    return world.swap, backing, dollar


def test_a_swap_pays_par_less_the_fee_both_ways(chain: Chain, alice: Account) -> None:
    swap, backing, dollar = funded(SwapWorld.build(chain))
    there = swap.swap(backing(100), sender=alice)
    assert (there.sold, there.bought, there.to) == (backing(100), dollar("99.9"), alice.address)
    back = swap.swap(there.bought, sender=alice, to=chain.account("bob"))
    assert back.bought == backing("99.850050")
    assert back.to == chain.account("bob").address
    assert swap.surplus == dollar("0.14995")


def test_a_quote_is_what_a_swap_pays(chain: Chain, alice: Account) -> None:
    swap, backing, _ = funded(SwapWorld.build(chain))
    quoted = swap.quote(backing("12.345678"))
    assert swap.swap(backing("12.345678"), sender=alice).bought == quoted


def test_no_allowance_is_left_behind(chain: Chain) -> None:
    world = SwapWorld.build(chain)
    swap, backing, _ = funded(world)
    carol = chain.account("carol")
    world.tokens[0].mint(carol, backing(10).raw)
    swap.swap(backing(4), sender=carol)
    assert not backing.allowance(carol, swap.address)


def test_the_treasury_takes_back_stock_but_not_what_stands_behind_others(
    chain: Chain, alice: Account
) -> None:
    swap, backing, dollar = funded(SwapWorld.build(chain))
    swap.swap(backing(100), sender=alice)
    with pytest.raises(reverts.NotFunded) as refused:
        swap.unfund(backing(1))
    assert "asked=1 BACK" in str(refused.value)
    swap.unfund(dollar(400))
    with pytest.raises(reverts.InsufficientStock):
        swap.unfund(dollar(100))  # they are out, and covered
    assert swap.funded(dollar) == dollar(100)


def test_only_the_treasury_moves_stock_and_anyone_sends_it_the_surplus(
    chain: Chain, alice: Account
) -> None:
    swap, backing, dollar = funded(SwapWorld.build(chain))
    with pytest.raises(reverts.NotTreasury):
        swap.fund(dollar(1), sender=alice)
    with pytest.raises(reverts.NotTreasury):
        swap.unfund(dollar(1), sender=alice)
    with pytest.raises(reverts.ZeroAmount):
        swap.collect(dollar, sender=alice)
    swap.swap(backing(100), sender=alice)
    assert swap.collect(dollar, sender=alice).amount == dollar("0.1")
    assert dollar.balance(swap.treasury) == dollar("9500.1")


def test_a_token_off_its_peg_is_refused_in_percent_of_par(chain: Chain, alice: Account) -> None:
    world = SwapWorld.build(chain)
    swap, backing, dollar = funded(world)
    swap.swap(backing(50), sender=alice)
    world.say(0, world.par(0) * 88 // 100)
    with pytest.raises(reverts.BelowPeg, match="price=88% of par, floor=99% of par"):
        swap.swap(backing(10), sender=alice)
    swap.swap(dollar(10), sender=alice)  # the way out stays open
    world.say(0, None)
    with pytest.raises(reverts.OracleOff):
        swap.quote(backing(10))


def test_a_full_swap_says_what_it_holds(chain: Chain, alice: Account) -> None:
    world = SwapWorld.build(chain, Terms(caps=(150, 2_000)))
    swap, backing, _ = funded(world)
    swap.swap(backing(100), sender=alice)
    with pytest.raises(reverts.CapExceeded, match="held=151 BACK, cap=150 BACK") as refused:
        swap.swap(backing(51), sender=alice)
    assert "other way" in str(refused.value.hint)
    swap.swap(backing(50), sender=alice)


def test_an_empty_swap_says_what_it_lacks(chain: Chain, alice: Account) -> None:
    swap, backing, _ = funded(SwapWorld.build(chain))
    with pytest.raises(reverts.InsufficientStock, match=r"held=500 COIN, asked=599\.4 COIN"):
        swap.swap(backing(600), sender=alice)


def test_a_gift_that_fills_the_cap_leaves_as_surplus(chain: Chain, alice: Account) -> None:
    world = SwapWorld.build(chain)
    swap, backing, _ = funded(world)
    world.give(0, backing(1_000).raw)
    with pytest.raises(reverts.CapExceeded):
        swap.swap(backing(1), sender=alice)
    assert swap.collect(backing).amount == backing(1_000)
    swap.swap(backing(1), sender=alice)


def test_a_token_that_delivers_less_is_refused_with_both_numbers(chain: Chain) -> None:
    world = SwapWorld.build(chain, Terms(token=bindings.FeeToken))
    _, dollar = tokens_of(world.swap)
    bindings.FeeToken(chain, dollar.address).set_fee(100)
    with pytest.raises(reverts.WrongAmountReceived, match="received=99 COIN, asked=100 COIN"):
        world.swap.fund(dollar(100))


def test_a_token_that_loses_balances_leaves_no_surplus(chain: Chain, alice: Account) -> None:
    world = SwapWorld.build(chain, Terms(token=bindings.RebasingToken))
    swap, backing, _ = funded(world)
    swap.swap(backing(100), sender=alice)
    world.tokens[0].set_index(9 * 10**17)
    assert not swap.surplus
    with pytest.raises(reverts.ZeroAmount):
        swap.collect(backing)


def test_another_tokens_amount_is_refused(chain: Chain) -> None:
    world = SwapWorld.build(chain)
    other = Token(chain, bindings.MockToken.deploy(chain, "ELSE", 6).address)
    backing, dollar = tokens_of(world.swap)
    told = f"{backing.unit.symbol} or {dollar.unit.symbol} expected, ELSE \\(0x"
    with pytest.raises(UnitMismatch, match=told):
        world.swap.quote(other(1))
    with pytest.raises(InputError, match="no amount"):
        world.swap.swap(100)  # type: ignore[arg-type]
    with pytest.raises(reverts.NotASide):
        world.swap.funded(other)


def test_terms_that_cannot_be_are_refused_at_deployment(chain: Chain) -> None:
    backing, dollar = tokens_of(SwapWorld.build(chain).swap)
    good = PegTerms(dollar)
    for bad in (
        PegTerms(backing, "10.1%"),
        PegTerms(backing, cap=0),
        PegTerms(backing, oracle=backing, tolerance="100%"),
    ):
        with pytest.raises(reverts.InvalidParameter):
            PegSwap.deploy(chain, bad, good)
    with pytest.raises(reverts.InvalidSide):
        PegSwap.deploy(chain, good, good)
    with pytest.raises(reverts.InvalidSide):
        PegSwap.deploy(chain, PegTerms(backing), good, treasury=ZERO_ADDRESS)
    with pytest.raises(AmountError):
        PegTerms(backing, "0.00001%").struct()
    fine, finer = (
        Token(chain, bindings.MockToken.deploy(chain, "FINE", decimals).address)
        for decimals in (25, 36)
    )
    for terms in (PegTerms(fine), PegTerms(finer, cap=finer(1_000_000))):
        with pytest.raises(reverts.TooManyDecimals):
            PegSwap.deploy(chain, terms, good)
    with pytest.raises(InputError, match="is no token"):
        PegTerms(backing.address).struct()  # type: ignore[arg-type]


def test_a_hint_says_what_would_not_move(chain: Chain) -> None:
    swap = SwapWorld.build(chain).swap
    for nothing in (lambda: swap.quote(swap.dollar.raw(1)), lambda: swap.collect(swap.backing)):
        with pytest.raises(reverts.ZeroAmount, match="one goes out, and collect"):
            nothing()


@pytest.mark.parametrize("decimals", [(0, 24), (24, 0), (8, 6), (18, 18)])
def test_caps_hold_and_loops_lose_for_any_decimals(decimals: tuple[int, int], chain: Chain) -> None:
    world = SwapWorld.build(chain, Terms(decimals, caps=(300, 300)))
    units = [10**places for places in decimals]
    world.stock("fund", 1, 300 * units[1])
    world.stock("fund", 1, 1)
    for amount in (1, units[0], 100 * units[0], 301 * units[0]):
        world.swap_(0, amount)
        world.loop(0, amount)
        world.loop(1, amount)
