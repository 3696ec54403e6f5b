"""Replays on the embedded chain: what happens, what must add up, and what is refused."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defi_kit import attach
from defi_kit.chain import Chain
from defi_kit.deployment import Deployment
from defi_kit.errors import NotSupported, PriceHistoryError
from defi_kit.oracles import ScriptedFeed
from defi_kit.simulation import CRASH, PriceHistory, Replay, Scenario, replay
from defi_kit.simulation.invariants import NUMBERS
from defi_kit.simulation.run import SHORT
from defi_kit.simulation.world import World

DAY = 86_400


def live(rows: list[tuple[int, str]], **scenario: Any) -> Replay:
    """A replay of `(time, price)` rows on a fresh embedded chain."""
    return replay(
        Chain.embedded(), PriceHistory.from_rows(rows, source="made up"), Scenario(**scenario)
    )


@pytest.fixture(scope="module")
def crash() -> Replay:
    return replay(Chain.embedded(), CRASH)


# --- the crash of March 2020 ----------------------------------------------------------------------


def test_the_crash_liquidates_many_loans_and_breaks_nothing(crash):
    assert crash.liquidations >= 10
    assert crash.loans_liquidated >= 10
    assert crash.violations == ()
    assert crash.invariants_held
    assert len(crash.steps) == 48


def test_every_invariant_is_checked_at_every_hour(crash):
    assert set(crash.checks) == set(NUMBERS)
    every = ("X1", "X2", "X3", "X4", "L1", "L2", "L3", "L6", "L11", "K3", "S1", "S2", "T1", "T2")
    for number in every:
        assert crash.checks[number] == 48
    for number in ("L10", "L13", "K1", "K2"):
        assert crash.checks[number] == crash.liquidations
    assert crash.checks["K4"] == 2 * crash.liquidations
    assert 0 < crash.checks["L4"] <= crash.liquidations  # once an account and an hour
    assert crash.checks["X7"] == crash.checks["X9"] >= crash.liquidations
    assert crash.checks["L5"] >= crash.liquidations + 40


def test_the_totals_follow_from_the_steps(crash):
    for total, part in (
        (crash.collateral_seized, "collateral_seized"),
        (crash.debt_repaid, "debt_repaid"),
        (crash.bonus_paid, "bonus_paid"),
        (crash.bad_debt, "bad_debt"),
    ):
        assert total.raw == sum(getattr(step, part) for step in crash.steps)
    assert crash.loans_liquidated == len({i for step in crash.steps for i in step.liquidated})


def test_keepers_earn_less_than_their_bonus_and_more_than_nothing(crash):
    # Fee and slippage of the exchange are what it costs to turn collateral into dollars.
    assert 0 < crash.keeper_profit < crash.bonus_paid.raw
    assert crash.keeper_profit == sum(one.profit.raw for one in crash.keepers)


def test_keepers_share_the_work_and_each_is_late_when_another_is_first(crash):
    assert len(crash.keepers) == 3
    assert sum(one.liquidations for one in crash.keepers) == crash.liquidations
    for one in crash.keepers:
        assert one.liquidations + one.late == crash.liquidations
        assert one.liquidations > 5
        assert one.profit.raw > 0


def test_one_keeper_alone_leaves_the_borrowers_where_several_would(crash):
    alone = replay(Chain.embedded(), CRASH, Scenario(keepers=1))
    assert alone.keepers[0].late == 0
    assert alone.liquidations == crash.liquidations
    assert abs(alone.debt_repaid.raw - crash.debt_repaid.raw) < 10**6
    assert alone.invariants_held


def test_gas_keeps_keepers_from_what_earns_less():
    alike = {"lowest_ratio": "140%", "highest_ratio": "140%", "loans": 3}
    rows = [(0, "1000"), (60, "850")]
    free, dear = live(rows, **alike), live(rows, gas_cost="1000000", **alike)
    assert (free.loans_unhealthy, dear.loans_unhealthy) == (0, 3)
    assert (dear.liquidations, dear.keeper_profit) == (0, 0)
    paid = live(rows, gas_cost="10", **alike)
    assert 0 < paid.keeper_profit <= free.keeper_profit - 10 * 10**6 * paid.liquidations + 10**6
    assert paid.invariants_held


def test_lenders_lose_the_bad_debt_less_the_reserve_and_earn_interest(crash):
    lost = crash.bad_debt.raw - crash.bad_debt_reserve.raw
    assert lost > 0
    assert crash.lenders_return < 0
    earned = crash.lenders_end.raw - crash.lenders_start.raw + lost
    # Two days at no more than 5 % a year on what is lent.
    assert 0 < earned < crash.lenders_start.raw * 5 * 2 // (100 * 365)


def test_nothing_in_the_records_is_a_float(crash):
    for record in (crash, *crash.steps, *crash.loans):
        for field in fields(record):
            assert not isinstance(getattr(record, field.name), float), field.name


def test_the_same_seed_gives_the_same_replay_and_another_does_not(crash):
    assert replay(Chain.embedded(), CRASH) == crash
    assert replay(Chain.embedded(), CRASH, Scenario(seed=1)).debt_repaid != crash.debt_repaid


def test_the_same_chain_can_live_through_it_again(crash):
    chain = Chain.embedded()
    chain.account("alice")
    replay(chain, CRASH)
    again = replay(chain, CRASH)
    assert (again.steps, again.lenders_return) == (crash.steps, crash.lenders_return)


# --- other histories ------------------------------------------------------------------------------


def test_a_calm_history_liquidates_nobody_and_pays_interest():
    calm = live([(day * DAY, "1000") for day in range(30)])
    assert calm.liquidations == 0
    assert calm.bad_debt.raw == 0
    # 70 % lent at about 4.4 % a year, a tenth of it for the reserve, for 29 days.
    assert 2 * 10**15 < calm.lenders_return < 25 * 10**14


def test_a_drop_of_99_9_percent_is_borne_by_the_lenders():
    drop = live([(0, "1000"), (3_600, "1"), (7_200, "1000")])
    assert drop.loans_closed == 40
    lent = sum(loan.debt.raw for loan in drop.loans)
    assert lent * 99 // 100 < drop.bad_debt.raw < lent
    assert drop.lenders_return < -(10**17) * 6
    assert drop.invariants_held


def test_a_loan_whose_liquidation_does_not_pay_is_told():
    """Just below a health of one the bonus is smaller than a cent of gas."""
    alike = {"lowest_ratio": "140%", "highest_ratio": "140%", "loans": 3}
    edge = live([(0, "1000"), (60, "892")], liquidity="1000", gas_cost="0.01", **alike)
    assert edge.liquidations == 0
    assert edge.loans_unhealthy == 3
    assert live([(0, "1000"), (60, "893")], **alike).loans_unhealthy == 0  # still healthy
    deep = live([(0, "1000"), (60, "850")], **alike)
    assert (deep.loans_liquidated, deep.loans_unhealthy) == (3, 0)


def test_borrowers_come_back_when_asked_to():
    rows = [(day * DAY, price) for day, price in enumerate(["80", "30", "4000"] * 6)]
    gone, back = live(rows), live(rows, reopen_after=DAY)
    assert back.liquidations > gone.liquidations
    assert back.loans_closed < gone.loans_closed
    assert gone.invariants_held
    assert back.invariants_held


@pytest.mark.parametrize(
    ("rows", "scenario"),
    [
        ([(0, "0.0001"), (DAY, "0.00003"), (2 * DAY, "0.0002")], {}),
        ([(0, "0.00000001"), (DAY, "10000000000"), (2 * DAY, "0.00000001")], {}),
        ([(0, "10000000000"), (DAY, "0.00000001"), (2 * DAY, "5")], {}),
        ([(0, "105.87"), (DAY, "30"), (2 * DAY, "1"), (3 * DAY, "0.00001"), (4 * DAY, "7")], {}),
        ([(n, str(1_000 - n)) for n in range(200)], {}),
        ([(60 * n, str(60_000 - 150 * n)) for n in range(120)], {"loans": 100}),
        ([(0, "1000"), (400 * DAY, "700"), (800 * DAY, "690"), (79 * 365 * DAY, "5000")], {}),
        ([(0, "80"), (DAY, "4000"), (2 * DAY, "80"), (3 * DAY, "39")], {"loans": 1}),
        ([(0, "1000"), (1, "500")], {"loans": 200, "liquidity": "1000"}),
        ([(0, "1000"), (1, "900")], {"utilisation": "100%"}),
        (
            [(0, "1000"), (1, "850")],
            {"borrow_ltv": "90%", "liquidation_ltv": "94%", "lowest_ratio": "112%"},
        ),
    ],
    ids=[
        "a ten-thousandth of a dollar",
        "to the moon",
        "to nothing",
        "like LUNA",
        "every second",
        "every minute",
        "gaps of years",
        "80, 4000, 80",
        "a thin exchange",
        "everything lent out",
        "thin margins",
    ],
)
def test_every_invariant_holds_in_an_extreme_history(rows, scenario):
    extreme = live(rows, **scenario)
    assert extreme.violations == ()
    assert extreme.rows == len(rows)


@settings(max_examples=15)
@given(
    first=st.integers(1, 10**14),
    moves=st.lists(
        st.tuples(st.integers(1, 400 * DAY), st.integers(1, 3_000)), min_size=1, max_size=8
    ),
    seed=st.integers(0, 2**32),
    reopen=st.one_of(st.none(), st.integers(1, DAY)),
)
def test_every_invariant_holds_in_any_history(first, moves, seed, reopen):
    time, price, rows = 0, first, []
    for step, permille in [(0, 1_000), *moves]:
        time, price = time + step, min(max(1, price * permille // 1_000), 10**18)
        rows.append((time, f"{price // 10**8}.{price % 10**8:08}"))
    assert live(rows, seed=seed, loans=8, reopen_after=reopen).violations == ()


def test_a_long_history_keeps_few_records_and_loses_nothing():
    rows = [(n * 60, str(1_000 - n // 8)) for n in range(SHORT + 400)]
    long = live(rows, loans=4)
    assert len(long.steps) <= 1_000
    assert sum(step.rows for step in long.steps) == long.rows == len(rows)
    assert long.checks["X1"] == long.checks["T2"] == len(rows)
    # Accounts are read one by one where a loan moved, at the ends, and once in a hundred rows.
    assert len(rows) // 100 < long.checks["L1"] == long.checks["S1"] < len(rows) // 10
    assert long.liquidations > 0
    assert long.invariants_held


def test_the_progress_of_a_replay_is_told_row_by_row():
    told: list[tuple[int, int]] = []
    history = PriceHistory.from_rows([(0, "10"), (1, "11"), (2, "9")], source="made up")
    replay(Chain.embedded(), history, Scenario(loans=1), progress=lambda *seen: told.append(seen))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_replay_leaves_few_logs_in_memory_and_other_contracts_alone():
    chain = Chain.embedded()
    feed = ScriptedFeed.deploy(chain, "mine", "5")
    before = len(list(chain.logs()))
    replay(chain, CRASH)
    assert len(list(chain.logs())) - before < 200
    feed.set_price("6")
    assert [log.address for log in chain.logs(feed.address)] == [feed.address] * 2


def approvals(chain: Chain, deployment: Deployment) -> list[int]:
    """What keepers and arbitrageur still allow anybody of the economy to take."""
    kit = attach(chain, replace(deployment, complete=True))
    return [
        token.contract.allowance(chain.account(who), spender.address)
        for who in ("keeper 1", "arbitrageur")
        for token in (kit.usd, kit.weth)
        for spender in (kit.exchange, kit.lending)
    ]


@pytest.mark.parametrize("failing", [False, True])
def test_no_unlimited_approval_is_left_behind(monkeypatch, failing):
    chain = Chain.embedded()
    worlds: list[World] = []
    keep = World.keep

    def watched(world: World, *arguments: Any) -> None:
        worlds.append(world)
        keep(world, *arguments)
        if failing and len(worlds) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(World, "keep", watched)
    with pytest.raises(KeyboardInterrupt) if failing else nullcontext():
        replay(chain, CRASH, Scenario(loans=3))
    deployment = worlds[0].kit.deployment
    assert approvals(chain, deployment) == [0] * 8


def test_approvals_are_there_while_they_are_needed(monkeypatch):
    chain = Chain.embedded()
    monkeypatch.setattr(
        World, "close", lambda world: seen.extend(approvals(chain, world.kit.deployment))
    )
    seen: list[int] = []
    replay(chain, CRASH, Scenario(loans=3))
    assert sorted(seen)[-1] > 2**255


# --- refused --------------------------------------------------------------------------------------


def test_a_history_of_more_than_eighty_years_is_refused():
    with pytest.raises(PriceHistoryError, match="more than 80 years"):
        live([(0, "10"), (81 * 365 * DAY, "11")])


def test_a_public_chain_is_refused(monkeypatch):
    chain = Chain.embedded()
    monkeypatch.setattr(chain, "is_local", False)
    with pytest.raises(NotSupported, match="not a local development chain"):
        replay(chain, CRASH)
