"""Each numbered check bites: books that are wrong in one way break just the numbers they should."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from defi_kit.chain import Chain
from defi_kit.simulation import CRASH
from defi_kit.simulation import replay as live_through
from defi_kit.simulation.invariants import (
    NUMBERS,
    Acts,
    Books,
    Outcome,
    Position,
    Strike,
    Terms,
    Trade,
    check,
)
from defi_kit.simulation.world import World
from defi_kit.units import WAD

TERMS = Terms(liquidation_ltv=8_000, max_bonus=500, dust=10**6)
PRICE = 100 * 10**24  # 100 dollars for one collateral

BEFORE = Books(
    reserves=(10**21, 10**11),
    liquidity=10**16,
    liquidity_held=10**16,
    exchange_owes=(10**11, 10**21),
    exchange_holds=(10**11, 10**21),
    cash=500 * 10**6,
    reserve=10**6,
    debt=500 * 10**6,
    total_assets=999 * 10**6,
    lender_shares=10**15,
    lender_shares_held=10**15,
    debt_shares=500,
    pool_holds=(500 * 10**6, 10 * 10**18),
    positions=(Position(300, 4 * 10**18), Position(200, 6 * 10**18)),
    counted=True,
    price=PRICE,
    dollars=10**13,
    dollars_held=10**13,
    minter_allowance=10**20,
    twins=(True, True),
)
"""Two borrowers, of whom the first is about to be liquidated."""

STRIKE = Strike(
    borrower=0,
    health=95 * WAD // 100,
    health_after=105 * WAD // 100,
    bonus=4 * WAD // 100,
    price=PRICE,
    previews=(Outcome(100 * 10**6, 104 * 10**16, 0), Outcome(100 * 10**6, 104 * 10**16, 0)),
    expected=Outcome(100 * 10**6, 104 * 10**16, 0),
    done=Outcome(100 * 10**6, 104 * 10**16, 0),
    debt_left=200 * 10**6,
    from_reserve=0,
    collateral=4 * 10**18,
    profit=3_583_000,
    least=1,
    left_behind=0,
)
TRADE = Trade(10**21, 10**11, 104 * 10**16, 103_583_000, 103_583_000)
ACTS = Acts(trades=(TRADE,), strikes=(STRIKE,), minted=10**9, late=(True,), healthy_refused=True)
AFTER = replace(
    BEFORE,
    reserves=(10**21 + 104 * 10**16, 10**11 - 103_583_000),
    exchange_owes=(10**11 - 103_583_000, 10**21 + 104 * 10**16),
    exchange_holds=(10**11 - 103_583_000, 10**21 + 104 * 10**16),
    cash=600 * 10**6,
    debt=400 * 10**6,
    debt_shares=400,
    pool_holds=(600 * 10**6, 896 * 10**16),
    positions=(Position(200, 296 * 10**16), Position(200, 6 * 10**18)),
    dollars=10**13 + 10**9,
    dollars_held=10**13 + 10**9,
    minter_allowance=10**20 - 10**9,
)


def broken(after: Books = AFTER, acts: Acts = ACTS, before: Books = BEFORE) -> set[str]:
    return {finding.number for finding in check(before, after, acts, TERMS) if not finding.held}


def struck(**changes: Any) -> Acts:
    return replace(ACTS, strikes=(STRIKE._replace(**changes),))


def test_good_books_break_nothing_and_every_number_is_checked():
    findings = list(check(BEFORE, AFTER, ACTS, TERMS))
    assert all(finding.held for finding in findings)
    assert {finding.number for finding in findings} == set(NUMBERS)


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("X1", {"reserves": (10**21, 10**11 - 103_583_000)}),
        ("X2", {"liquidity": 10**16 + 10**13, "liquidity_held": 10**16 + 10**13}),
        ("X3", {"exchange_holds": (10**11 - 103_583_001, 10**21 + 104 * 10**16)}),
        ("X3", {"exchange_holds": (10**11, 10**21 + 104 * 10**16 - 1)}),
        ("X4", {"liquidity_held": 10**16 + 1}),
        ("L1", {"debt_shares": 401}),
        ("L1", {"lender_shares_held": 10**15 - 1}),
        ("L2", {"reserve": 10**6 + 1}),
        ("L3", {"pool_holds": (600 * 10**6 - 1, 896 * 10**16)}),
        ("L3", {"pool_holds": (600 * 10**6, 896 * 10**16 - 1)}),
        ("L6", {"total_assets": 999 * 10**6 - 1, "reserve": 10**6 + 1}),
        ("L11", {"positions": (Position(200, 296 * 10**16), Position(200, 6 * 10**18 - 1))}),
        ("S1", {"dollars_held": 10**13}),
        ("S2", {"minter_allowance": 10**20}),
        ("S2", {"dollars": 10**13 + 10**9 + 1, "dollars_held": 10**13 + 10**9 + 1}),
        ("T1", {"twins": (False, True)}),
        ("T2", {"twins": (True, False)}),
    ],
)
def test_wrong_books_are_noticed(number, changes):
    assert number in broken(replace(AFTER, **changes))


@pytest.mark.parametrize(
    ("number", "acts"),
    [
        ("X7", replace(ACTS, trades=(TRADE._replace(received=103_582_999),))),
        (
            "X9",
            replace(ACTS, trades=(TRADE._replace(quoted=104 * 10**6 + 1, received=104_000_001),)),
        ),
        ("L5", replace(ACTS, healthy_refused=False)),
        ("L5", struck(health=WAD)),
        ("L9", struck(health_after=94 * WAD // 100)),
        ("L9", struck(expected=Outcome(1, 1, 1), done=Outcome(1, 1, 1))),
        ("L10", struck(done=Outcome(100 * 10**6, 106 * 10**16, 0))),
        ("L10", struck(collateral=103 * 10**16)),
        ("L13", struck(done=Outcome(100 * 10**6, 103 * 10**16, 0))),
        ("L13", struck(previews=(Outcome(1, 1, 0), Outcome(1, 2, 0)))),
        ("K1", struck(left_behind=1)),
        ("K2", struck(profit=0)),
        ("K2", struck(profit=-1, least=-2)),
        ("K3", replace(ACTS, paying=(1,))),
        ("K4", replace(ACTS, late=(True, False))),
    ],
)
def test_wrong_acts_are_noticed(number, acts):
    assert number in broken(acts=acts)


def test_dust_left_after_a_liquidation_is_noticed():
    left = replace(
        AFTER,
        positions=(Position(200, 10**15), Position(200, 6 * 10**18)),
    )
    assert broken(left) == {"L4"}


def test_bad_debt_lets_the_share_price_fall_by_just_as_much():
    acts = struck(done=Outcome(100 * 10**6, 104 * 10**16, 5), from_reserve=2)
    fallen = replace(AFTER, total_assets=999 * 10**6 - 3)
    assert "L6" not in broken(fallen, acts)
    assert "L6" in broken(replace(fallen, total_assets=999 * 10**6 - 4), acts)


def test_a_quiet_step_moves_no_reserve():
    quiet = replace(ACTS, trades=(), strikes=(), minted=0)
    assert broken(BEFORE, quiet) == set()
    assert "X1" in broken(replace(BEFORE, reserves=(10**21 + 1, 10**11)), quiet)


# --- on a chain -----------------------------------------------------------------------------------


def test_collateral_stolen_from_the_lending_pool_is_noticed(monkeypatch):
    """The chain itself is tampered with: the pool's tokens leave while its books stay."""
    arbitrage, hours = World.arbitrage, []

    def steal(self: World, price: int) -> None:
        arbitrage(self, price)
        hours.append(price)
        if len(hours) == 5:
            thief = self.chain.impersonate(self.bank.address)
            self.weth.transfer("0x" + "11" * 20, 1, sender=thief)

    monkeypatch.setattr(World, "arbitrage", steal)
    told = live_through(Chain.embedded(), CRASH.window(None, CRASH[12].time))
    assert not told.invariants_held
    assert told.violations[0].startswith("L3 at 2020-03-12T05:00Z")
    assert {line.partition(" ")[0] for line in told.violations} == {"L3", "T2"}


def test_a_storage_slot_of_the_exchange_that_lies_is_noticed(monkeypatch):
    """A twin that is told another fee than the chain has disagrees at the first trade."""
    read = World.read_market
    monkeypatch.setattr(World, "read_market", lambda self: replace(read(self), fee=2_999))
    told = live_through(Chain.embedded(), CRASH.window(None, CRASH[3].time))
    assert not told.invariants_held
    assert "T1" in {line.partition(" ")[0] for line in told.violations}
