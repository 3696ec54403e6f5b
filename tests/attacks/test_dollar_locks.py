"""A token that calls back into the contract that moves it: no verb runs in another's middle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings.algo_controller import AlgoParameters, Genesis
from defi_kit.bindings.peg_swap import Side
from defi_kit.chain import Account, Chain
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.units import MAX_UINT256, WAD

PLENTY = 10**24


def hook(chain: Chain, *holders: Account) -> bindings.ReentrantToken:
    token = bindings.ReentrantToken.deploy(chain, "HOOK", 18)
    for holder in holders:
        token.mint(holder, PLENTY)
    return token


def refused(token: bindings.ReentrantToken) -> bool:
    """Whether the call in the middle of the last transfer was made, and refused by the lock."""
    return token.calls() == 1 and token.last_result() == reverts.Reentered.SELECTOR


# --- PegSwap --------------------------------------------------------------------------------------


@pytest.mark.parametrize("inner", ["swap_in", "swap_out", "fund", "unfund", "collect"])
@pytest.mark.parametrize("outer", ["swap_in", "swap_out", "fund", "unfund", "collect"])
def test_no_verb_of_the_peg_swap_runs_in_the_middle_of_another(
    chain: Chain, owner: Account, outer: str, inner: str
) -> None:
    tokens = [hook(chain, owner), hook(chain, owner)]
    sides = [Side(token.address, ZERO_ADDRESS, PLENTY, 1_000, 0) for token in tokens]
    swap = bindings.PegSwap.deploy(chain, *sides, owner)
    first, second = tokens
    verbs = {
        "swap_in": (10**20, owner),
        "swap_out": (10**20, owner),
        "fund": (second, 10**20),
        "unfund": (second, 10**20),
        "collect": (second,),
    }
    for token in tokens:
        token.approve(swap, MAX_UINT256, sender=owner)
    swap.fund(second, 10**23, sender=owner)
    swap.swap_in(10**22, owner, sender=owner)  # some stock of either, and a fee to collect

    call = swap.build(inner, *verbs[inner])
    moved = first if outer == "swap_in" else second
    moved.arm(swap, call.data)
    getattr(swap, outer)(*verbs[outer], sender=owner)
    assert refused(moved)


# --- AlgoController -------------------------------------------------------------------------------

TERMS = {
    "ratio": WAD // 2,
    "min_ratio": 0,
    "max_ratio": WAD,
    "ratio_step": WAD // 100,
    "band": 0,
    "step_period": 1,
    "mint_spread": 0,
    "redeem_spread": 0,
    "virtual_liquidity": 0,
    "recovery_time": 0,
    "epoch_length": 0,
    "max_share_growth": 0,
    "breaker_cover": WAD,
    "breaker_delay": 0,
}


@pytest.mark.parametrize("inner", ["mint", "redeem", "step_ratio", "alarm", "end", "claim"])
@pytest.mark.parametrize("outer", ["mint", "redeem", "claim"])
def test_no_verb_of_the_controller_runs_in_the_middle_of_another(
    chain: Chain, owner: Account, outer: str, inner: str
) -> None:
    token = hook(chain, owner)
    oracle = bindings.MockOracle.deploy(chain, 10**36)
    terms = AlgoParameters(token.address, *[oracle.address] * 4, **TERMS)
    genesis = Genesis(owner.address, 0, PLENTY, "Dollar", "ALGO", "Share", "SHARE")
    algo = bindings.AlgoController.deploy(chain, terms, genesis)
    token.approve(algo, MAX_UINT256, sender=owner)
    verbs = {
        "mint": (10**18, MAX_UINT256, MAX_UINT256, owner),
        "redeem": (10**18, 0, 0, owner),
        "claim": (10**18, owner),
    }
    algo.mint(10**20, MAX_UINT256, MAX_UINT256, owner, sender=owner)
    if outer == "claim":
        oracle.set_reverting(True)
        algo.alarm(sender=owner)
        algo.end(sender=owner)

    token.arm(algo, algo.build(inner, *verbs.get(inner, ())).data)
    getattr(algo, outer)(*verbs[outer], sender=owner)
    assert refused(token)


def test_a_ratio_without_a_price_of_the_dollar_does_not_move(chain: Chain, owner: Account) -> None:
    """The same terms without steps: nobody moves the ratio, in the middle of a verb or not."""
    oracle = bindings.MockOracle.deploy(chain, 10**36)
    terms = AlgoParameters(hook(chain).address, *[oracle.address] * 4, **TERMS)
    genesis = Genesis(owner.address, 0, PLENTY, "Dollar", "ALGO", "Share", "SHARE")
    algo = bindings.AlgoController.deploy(chain, replace(terms, step_period=0), genesis)
    with pytest.raises(reverts.RatioFixed):
        algo.step_ratio(sender=owner)


# --- the lock opens again -------------------------------------------------------------------------


def twice(chain: Chain, contract: Any, *verb: Any, by: bindings.CallbackActor) -> None:
    """The same verb two times in one transaction of a contract."""
    call, start = contract.build(*verb), by.build("on_repay", 0, b"")
    plan = [(call.to, call.data)] * 2
    by.carry_out(plan, start.to, start.data, sender=chain.account("alice"))


def test_a_contract_swaps_twice_in_one_transaction(chain: Chain, owner: Account) -> None:
    tokens = [bindings.MockToken.deploy(chain, "COIN", 18) for _ in range(2)]
    sides = [Side(token.address, ZERO_ADDRESS, PLENTY, 0, 0) for token in tokens]
    swap = bindings.PegSwap.deploy(chain, *sides, owner)
    actor = bindings.CallbackActor.deploy(chain)
    tokens[1].mint(owner, 10)
    tokens[1].approve(swap, 10, sender=owner)
    swap.fund(tokens[1], 10, sender=owner)
    tokens[0].mint(actor, 10)
    approval = tokens[0].build("approve", swap, 10)
    actor.perform(approval.to, approval.data, sender=owner)
    twice(chain, swap, "swap_in", 4, actor, by=actor)
    assert tokens[1].balance_of(actor) == 8


def test_a_contract_alarms_twice_in_one_transaction(chain: Chain, owner: Account) -> None:
    oracle = bindings.MockOracle.deploy(chain, 10**36)
    terms = AlgoParameters(hook(chain).address, *[oracle.address] * 4, **TERMS)
    genesis = Genesis(owner.address, 0, PLENTY, "Dollar", "ALGO", "Share", "SHARE")
    algo = bindings.AlgoController.deploy(chain, terms, genesis)
    twice(chain, algo, "alarm", by=bindings.CallbackActor.deploy(chain))
