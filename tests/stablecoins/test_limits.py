"""Every limit on the terms of a dollar is exactly where it is: the bound passes, one more does not.

The twins check most of these before a chain is asked; here it is the contracts themselves.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings.algo_controller import AlgoParameters, Genesis
from defi_kit.bindings.fiat_dollar import Officers
from defi_kit.bindings.peg_swap import Side
from defi_kit.chain import Account, Chain
from defi_kit.chain.base import named_key
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.errors import Reverted
from defi_kit.testing.peg.fiat import world as fiat
from defi_kit.tokens.permit import PermitMessage, domain_separator, sign
from defi_kit.units import MAX_UINT256, WAD

DAY = 86_400


def token(chain: Chain, decimals: int) -> str:
    return bindings.MockToken.deploy(chain, "COIN", decimals).address


# --- FiatDollar -----------------------------------------------------------------------------------


def dollar(chain: Chain, *, attesters: int = 3, quorum: int = 2, age: int = 30 * DAY) -> Any:
    names = [chain.account(name).address for name in ("alice", "bob", "carol", "dave")[:attesters]]
    boss = chain.account("owner")
    officers = Officers(boss.address, boss.address, boss.address, boss.address)
    members = sorted(names, key=str.lower)
    return bindings.FiatDollar.deploy(chain, "Dollar", "USD", officers, members, quorum, age)


@pytest.mark.parametrize("age", [1, 366 * DAY])
def test_a_statement_may_count_for_a_second_and_for_a_leap_year(chain: Chain, age: int) -> None:
    assert dollar(chain, age=age).max_statement_age() == age


@pytest.mark.parametrize("age", [0, 366 * DAY + 1])
def test_a_statement_counts_for_no_other_time(chain: Chain, age: int) -> None:
    with pytest.raises(reverts.InvalidStatementAge) as refused:
        dollar(chain, age=age)
    assert refused.value.arguments["max_age"] == age


@pytest.mark.parametrize("quorum", [1, 3])
def test_one_attester_may_be_enough_and_all_may_be_needed(chain: Chain, quorum: int) -> None:
    assert dollar(chain, quorum=quorum).attestation_quorum() == quorum


@pytest.mark.parametrize(("attesters", "quorum"), [(3, 0), (3, 4), (0, 0), (0, 1)])
def test_no_quorum_is_empty_or_out_of_reach(chain: Chain, attesters: int, quorum: int) -> None:
    with pytest.raises(reverts.InvalidAttesters) as refused:
        dollar(chain, attesters=attesters, quorum=quorum)
    assert refused.value.arguments == {"attesters": attesters, "quorum": quorum}


def test_the_history_of_statements_ends_where_it_ends(chain: Chain) -> None:
    usd = fiat.deploy(chain)
    for reserves in (7, 9):
        chain.advance(1)
        fiat.attest(usd, reserves)
    assert [usd.dollar.statement(index).reserves for index in (0, 1)] == [7, 9]
    with pytest.raises(reverts.NoStatement) as refused:
        usd.dollar.statement(2)
    assert list(refused.value.arguments.values()) == [2, 2]


def test_reserves_fill_their_112_bits_and_no_more(chain: Chain) -> None:
    usd = fiat.deploy(chain)
    with pytest.raises(reverts.ReservesTooLarge):
        fiat.attest(usd, 2**112)
    fiat.attest(usd, 2**112 - 1)
    assert usd.dollar.statement(0).reserves == 2**112 - 1


# --- PegSwap --------------------------------------------------------------------------------------


def side(chain: Chain, decimals: int = 6, **terms: Any) -> Side:
    plain = Side(token(chain, decimals), ZERO_ADDRESS, 10**12, 0, 0)
    return replace(plain, **terms)


@pytest.mark.parametrize("terms", [{"cap": 1}, {"fee": 100_000}, {"tolerance": 999_999}])
@pytest.mark.parametrize("place", [0, 1])
def test_a_side_of_a_swap_at_its_bounds(
    chain: Chain, owner: Account, place: int, terms: dict[str, int]
) -> None:
    sides = [side(chain), side(chain)]
    sides[place] = replace(sides[place], **terms)
    made = bindings.PegSwap.deploy(chain, *sides, owner)
    assert (made.backing(), made.dollar()) == tuple(sides)


@pytest.mark.parametrize("terms", [{"cap": 0}, {"fee": 100_001}, {"tolerance": 1_000_000}])
@pytest.mark.parametrize("place", [0, 1])
def test_a_side_of_a_swap_beyond_its_bounds(
    chain: Chain, owner: Account, place: int, terms: dict[str, int]
) -> None:
    sides = [side(chain), side(chain)]
    sides[place] = replace(sides[place], **terms)
    with pytest.raises(reverts.InvalidParameter) as refused:
        bindings.PegSwap.deploy(chain, *sides, owner)
    ((name, value),) = terms.items()
    assert list(refused.value.arguments.values()) == [name, value]


def test_a_swap_of_tokens_with_up_to_24_decimals(chain: Chain, owner: Account) -> None:
    bindings.PegSwap.deploy(chain, side(chain, 24), side(chain, 0), owner)
    for sides in ((side(chain, 25), side(chain)), (side(chain), side(chain, 25))):
        with pytest.raises(reverts.TooManyDecimals, match="25"):
            bindings.PegSwap.deploy(chain, *sides, owner)


def test_a_swap_needs_two_tokens_and_a_treasury(chain: Chain, owner: Account) -> None:
    one, other = side(chain), side(chain)
    nothing = replace(one, token=chain.account("nobody").address)
    for wrong in ((one, one, owner), (nothing, other, owner), (one, nothing, owner)):
        with pytest.raises(reverts.InvalidSide):
            bindings.PegSwap.deploy(chain, *wrong)
    with pytest.raises(reverts.InvalidSide):
        bindings.PegSwap.deploy(chain, one, other, ZERO_ADDRESS)


# --- AlgoController -------------------------------------------------------------------------------

SOUND = {
    "ratio": WAD // 2,
    "min_ratio": WAD // 4,
    "max_ratio": WAD * 3 // 4,
    "ratio_step": WAD // 100,
    "band": WAD // 100,
    "step_period": 3_600,
    "mint_spread": 1_000,
    "redeem_spread": 1_000,
    "virtual_liquidity": 10**24,
    "recovery_time": DAY,
    "epoch_length": DAY,
    "max_share_growth": 10_000,
    "breaker_cover": WAD,
    "breaker_delay": DAY,
}


def controller(
    chain: Chain,
    decimals: int = 6,
    *,
    oracle: bool = True,
    dollars: int = 0,
    shares: int = 10**24,
    **numbers: int,
) -> bindings.AlgoController:
    price = bindings.MockOracle.deploy(chain, 10**36).address
    at = (price if oracle else ZERO_ADDRESS, price, price, price if oracle else ZERO_ADDRESS)
    terms = AlgoParameters(token(chain, decimals), *at, **(SOUND | numbers))
    holder = chain.account("alice").address
    genesis = Genesis(holder, dollars, shares, "Dollar", "ALGO", "Share", "SHARE")
    return bindings.AlgoController.deploy(chain, terms, genesis)


@pytest.mark.parametrize(
    "numbers",
    [
        {"ratio": WAD, "max_ratio": WAD},
        {"ratio": WAD // 4},
        {"ratio": 0, "min_ratio": 0},
        {"ratio": WAD // 4, "max_ratio": WAD // 4},
        {"band": WAD - 1},
        {"mint_spread": 999_999},
        {"redeem_spread": 999_999},
        {"virtual_liquidity": 2**112 - 1},
        {"virtual_liquidity": 0, "recovery_time": 0},
        {"max_share_growth": 0, "epoch_length": 0},
        {"step_period": 0, "ratio_step": 0},
        {"ratio": 0, "min_ratio": 0, "dollars": 2**112 - 1},
        {"ratio": 0, "min_ratio": 0, "dollars": 1},
        {"shares": 1},
        {"shares": 2**128 - 1},
        {"decimals": 24},
        {"decimals": 0},
    ],
    ids=str,
)
def test_terms_of_an_algorithmic_dollar_at_their_bounds(
    chain: Chain, numbers: dict[str, int]
) -> None:
    made = controller(chain, **numbers)
    terms = made.parameters()
    wanted = SOUND | {name: value for name, value in numbers.items() if name in SOUND}
    assert {name: getattr(terms, name) for name in SOUND} == wanted
    assert made.books()[0] == wanted["ratio"]


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ({"max_ratio": WAD + 1}, "maxRatio"),
        ({"min_ratio": WAD * 3 // 4 + 1}, "minRatio"),
        ({"ratio": WAD // 4 - 1}, "ratio"),
        ({"ratio": WAD * 3 // 4 + 1}, "ratio"),
        ({"band": WAD}, "band"),
        ({"mint_spread": 1_000_000}, "mintSpread"),
        ({"redeem_spread": 1_000_000}, "redeemSpread"),
        ({"virtual_liquidity": 2**112}, "virtualLiquidity"),
        ({"ratio_step": 0}, "stepPeriod"),
        ({"recovery_time": 0}, "recoveryTime"),
        ({"epoch_length": 0}, "epochLength"),
        ({"dollars": 1}, "genesis.dollars"),
        ({"ratio": 0, "min_ratio": 0, "dollars": 2**112}, "genesis.dollars"),
        ({"shares": 0}, "genesis.shares"),
    ],
    ids=str,
)
def test_terms_of_an_algorithmic_dollar_beyond_their_bounds(
    chain: Chain, numbers: dict[str, int], named: str
) -> None:
    with pytest.raises(reverts.InvalidParameter, match=rf"=?{named}\b"):
        controller(chain, **numbers)


def test_an_algorithmic_dollar_needs_its_oracles_and_a_collateral_that_fits(chain: Chain) -> None:
    with pytest.raises(reverts.InvalidParameter, match="shareOracle"):
        controller(chain, oracle=False)
    with pytest.raises(Reverted, match="25"):
        controller(chain, 25)


def test_a_ratio_that_moves_needs_a_price_of_the_dollar(chain: Chain) -> None:
    price = bindings.MockOracle.deploy(chain, 10**36).address
    at = (price, price, price, ZERO_ADDRESS)
    genesis = Genesis(chain.account("alice").address, 0, 1, "Dollar", "ALGO", "Share", "SHARE")
    moving = AlgoParameters(token(chain, 6), *at, **SOUND)
    with pytest.raises(reverts.InvalidParameter, match="stepPeriod"):
        bindings.AlgoController.deploy(chain, moving, genesis)
    fixed = replace(moving, step_period=0)
    assert bindings.AlgoController.deploy(chain, fixed, genesis).parameters() == fixed


def test_no_collateral_and_no_shares_are_more_than_their_bits_hold(chain: Chain) -> None:
    """At a price of next to nothing a dollar costs more collateral, or yields more shares, than
    there can be."""
    par, share = (bindings.MockOracle.deploy(chain, 10**36) for _ in range(2))
    at = (share.address, ZERO_ADDRESS, par.address, par.address)
    alice = chain.account("alice")
    cash = bindings.MockToken.deploy(chain, "CASH", 18)
    genesis = Genesis(alice.address, 0, 10**24, "Dollar", "ALGO", "Share", "SHARE")
    algo = bindings.AlgoController.deploy(
        chain, AlgoParameters(cash.address, *at, **SOUND), genesis
    )
    cash.mint(alice, 2 * WAD)
    cash.approve(algo, MAX_UINT256, sender=alice)
    for verb in (algo.quote_mint, algo.quote_redeem):
        with pytest.raises(reverts.ZeroAmount):
            verb(0)
    algo.mint(WAD, WAD, WAD, alice, sender=alice)  # by the average alone: there is no price of now
    share.set_price(10**13)
    with pytest.raises(reverts.SupplyTooLarge):
        algo.quote_redeem(WAD)
    share.set_price(10**36)
    par.set_price(10**13)
    with pytest.raises(reverts.SupplyTooLarge):
        algo.quote_mint(WAD)
    par.set_price(10**36)
    algo.redeem(WAD, 0, 0, alice, sender=alice)


def test_collateral_that_keeps_a_fee_mints_nothing(chain: Chain) -> None:
    price = bindings.MockOracle.deploy(chain, 10**36).address
    alice = chain.account("alice")
    cash = bindings.FeeToken.deploy(chain, "FEE", 18)
    genesis = Genesis(alice.address, 0, 10**24, "Dollar", "ALGO", "Share", "SHARE")
    terms = AlgoParameters(cash.address, *[price] * 4, **SOUND)
    algo = bindings.AlgoController.deploy(chain, terms, genesis)
    cash.mint(alice, 2 * WAD)
    cash.approve(algo, MAX_UINT256, sender=alice)
    asked = algo.quote_mint(WAD)[0]
    with pytest.raises(reverts.WrongAmountReceived) as refused:
        algo.mint(WAD, WAD, WAD, alice, sender=alice)
    assert list(refused.value.arguments.values())[1:] == [asked - asked // 100, asked]
    cash.set_fee(0)
    algo.mint(WAD, WAD, WAD, alice, sender=alice)
    assert cash.balance_of(algo) == asked


def test_the_tokens_of_an_algorithmic_dollar_have_names_and_take_permits(chain: Chain) -> None:
    made = controller(chain)
    alice = chain.account("alice")
    for at, name, symbol in ((made.dollar(), "Dollar", "ALGO"), (made.share(), "Share", "SHARE")):
        one = bindings.AlgoToken(chain, at)
        assert (one.name(), one.symbol()) == (name, symbol)
        for called, fits in (("Other", False), (name, True)):  # the name is part of what is signed
            message = PermitMessage(alice.address, made.address, 5, 0, MAX_UINT256)
            domain = domain_separator(called, chain.chain_id, at)
            signed = sign(message, domain, named_key("alice"))
            r, s = (part.to_bytes(32, "big") for part in (signed.r, signed.s))
            with nullcontext() if fits else pytest.raises(Reverted):
                one.permit(alice, made, 5, MAX_UINT256, signed.v, r, s, sender=alice)
        assert one.allowance(alice, made) == 5
