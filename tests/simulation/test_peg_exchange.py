"""The peg laboratory on pools of the Exchange: one path on either engine, no money from nowhere."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from click.testing import CliRunner

from defi_kit.chain import Chain
from defi_kit.cli import main
from defi_kit.errors import ParameterError
from defi_kit.simulation import peg
from defi_kit.simulation.peg import Scenario
from defi_kit.simulation.peg.controller import Twin
from defi_kit.simulation.peg.exchange import ExchangeWorld
from defi_kit.simulation.peg.pools import AGENTS, TOKENS, TwinPools, endowment
from defi_kit.simulation.peg.real_pools import RealPools
from defi_kit.units import WAD

SEEDS = range(50 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 2)


def noisy(design: str, size: float = 0.3, days: int = 4) -> Scenario:
    scenario = Scenario.of(design, run_size=size, days=days)
    return replace(scenario, people=replace(scenario.people, noise=0.05))


def early(design: str, **changes: float) -> Scenario:
    """A day with the run in it."""
    scenario = replace(noisy(design, days=1), run_after=0.1, reserve=1e9)
    return replace(scenario, people=replace(scenario.people, **changes))


@pytest.mark.parametrize("design", peg.DESIGNS)
def test_the_real_exchange_and_controller_give_the_same_run_to_the_last_unit(design: str) -> None:
    twin = peg.run(early(design), seed=5)
    real = peg.run(early(design), seed=5, engine="contracts")
    assert twin.accounts == real.accounts
    assert twin == real
    assert twin.min_price < 1


def test_pools_and_stakes_are_the_twins_and_no_approval_is_left() -> None:
    scenario = early("frax", flight=20.0)
    twin = TwinPools(scenario, Twin(scenario))
    with Chain.embedded() as chain:
        real = RealPools(scenario, chain)
        for pools in (twin, real):
            ExchangeWorld(scenario, 2, pools).play()
        for token in ("dollar", "share"):
            ours, theirs = twin.venue(token), real.venue(token)
            assert (ours.token, ours.cash) == (theirs.token, theirs.cash)
            assert 0 < twin.stake(token) == real.stake(token)
            assert ours.pool.supply == theirs.pool.supply
        for coin in real.tokens.values():
            assert not any(coin.allowance(who, real.exchange) for who in real.people.values())


def test_the_breaker_ends_it_on_either_engine() -> None:
    """Shares that fall to nothing, and arbitrageurs who are refused for it."""
    crashed = replace(early("guarded", drift=8.0), reserve=0.0)
    twin = peg.run(crashed, seed=1)
    assert twin.ended
    assert twin.final_price == twin.path[-1].backing >= 0.75
    assert peg.run(crashed, seed=1, engine="contracts") == twin


@pytest.mark.parametrize("design", peg.DESIGNS)
def test_what_one_is_paid_another_has_paid(design: str) -> None:
    scenario = replace(early(design), days=3)
    pools = TwinPools(scenario, Twin(scenario))
    collateral = pools.controller.algo.held
    before = {token: sum(getattr(one, token) for one in endowment(scenario).values())
              for token in TOKENS}  # fmt: skip
    world = ExchangeWorld(scenario, 7, pools)
    done = world.play()
    assert [one.name for one in done.accounts] == [*AGENTS, "exchange", "controller"]
    held = {token: sum(getattr(one, token) for one in done.accounts) for token in TOKENS}
    assert held["cash"] == before["cash"] + collateral
    assert (held["dollar"], held["share"]) == (pools.controller.algo.dollars, world.algo.shares)
    assert all(min(one.cash, one.dollar, one.share) >= 0 for one in done.accounts)
    for token, address in pools.ADDRESSES.items():
        assert pools.state.held[address] == pools.state.booked(address), token
    # Gains add up to what the prices did: no loss and no gain of anybody is left out.
    change = sum(one.gain for one in done.accounts)
    dollar, share = min(done.final_price, 1.0), done.path[-1].share
    worth = held["dollar"] / WAD * dollar + held["share"] / WAD * share
    start = before["dollar"] / WAD + before["share"] / WAD * scenario.share_price
    assert change == pytest.approx(worth - start, rel=1e-6)


def test_the_same_seed_gives_the_same_run() -> None:
    scenario = noisy("frax", days=1)
    assert peg.run(scenario, seed=3) == peg.run(scenario, seed=3)
    assert peg.run(scenario, seed=3) != peg.run(scenario, seed=4)


@pytest.mark.parametrize("seed", SEEDS)
def test_terra_dies_there_and_the_guarded_design_keeps_its_bound(seed: int) -> None:
    terra, guarded = (peg.run(noisy(name), seed=seed) for name in ("terra", "guarded"))
    assert not terra.survived
    assert terra.path[-1].shares > 10 * peg.TERRA_SHARES
    assert guarded.survived
    assert guarded.holders_loss <= 0.25
    assert min(point.backing for point in guarded.path) >= 0.9


@pytest.mark.parametrize("design", ["terra", "guarded"])
def test_providers_who_flee_make_it_worse(design: str) -> None:
    lowest = []
    for flight in (0.0, 20.0):
        scenario = noisy(design, days=2)
        scenario = replace(scenario, people=replace(scenario.people, flight=flight))
        lowest.append(peg.run(scenario, seed=1).min_price)
    assert lowest[1] < lowest[0] - 0.02


def test_a_reserve_holds_the_price_as_long_as_it_lasts() -> None:
    bare = replace(noisy("terra", 0.2, days=2), run_after=0.5)
    held = replace(bare, reserve=6e9, reserve_days=1.0)
    without, defended = peg.run(bare, seed=2), peg.run(held, seed=2)
    assert defended.min_price > without.min_price + 0.05
    spent = {one.name: one for one in defended.accounts}["reserve"]
    assert spent.cash < 6e15
    assert spent.dollar > 0


def test_without_a_run_nothing_happens() -> None:
    scenario = Scenario.of("guarded", run_size=0.0, days=1)
    done = peg.run(replace(scenario, people=replace(scenario.people, noise=0.0)))
    assert done.phase == "survives"
    assert all(abs(one.gain) < 1 for one in done.accounts)


def test_a_market_that_cannot_be_is_refused() -> None:
    with pytest.raises(ParameterError, match="no market 'bazaar'"):
        peg.run(noisy("frax"), market="bazaar")
    deep = noisy("frax")
    deep = replace(deep, people=replace(deep.people, depth=0.95))
    with pytest.raises(ParameterError, match=r"market of 0\.95 of all dollars"):
        peg.run(deep)
    with pytest.raises(ParameterError, match="one dollar or one share"):
        peg.run(replace(noisy("terra"), shares=3.0))
    fine = noisy("terra")
    with pytest.raises(ParameterError, match="cash of 20 decimals"):
        peg.run(replace(fine, design=replace(fine.design, decimals=20)))


def test_terras_week_in_pools_of_the_exchange_wants_thinner_ones() -> None:
    """As docs/pegs.md says: with the depth that was fitted elsewhere the dollar hardly falls."""
    terra = ["peg", "terra", "--market", "exchange"]
    deep = json.loads(CliRunner().invoke(main, [*terra, "--json"]).output)
    assert "on another market" in deep["method"]
    assert deep["days"][-1]["dollar"] > 0.95
    thin = json.loads(CliRunner().invoke(main, [*terra, "--depth", "0.03", "--json"]).output)
    assert thin["fitted_on"] == []
    assert round(thin["days"][2]["dollar"], 2) == 0.79
    assert thin["days"][5]["dollar"] < 0.5
    assert "they were given" in CliRunner().invoke(main, [*terra, "--depth", "0.03"]).output
    refused = CliRunner().invoke(main, [*terra, "--fit", "1,2"])
    assert "neither is given" in refused.output
    refused = CliRunner().invoke(main, ["peg", "terra", "--tries", "5"])
    assert "--fit is not given" in refused.output


def test_the_command_line_trades_on_the_exchange() -> None:
    common = ["peg", "run", "--days", "1", "--seed", "3", "--design", "frax"]
    told = CliRunner().invoke(main, common)
    assert "speculators" in told.output
    runs = [CliRunner().invoke(main, [*common, "--json", "--engine", engine]).output
            for engine in ("twin", "contracts")]  # fmt: skip
    assert runs[0] == runs[1]
    accounts = json.loads(runs[0])["accounts"]
    assert set(accounts) == {*AGENTS, "exchange", "controller"}
    assert int(accounts["exchange"]["dollar"]) > 0
    model = CliRunner().invoke(main, [*common, "--json", "--market", "model"]).output
    assert "accounts" not in json.loads(model)


def test_a_smaller_run_kills_terras_design_later() -> None:
    """As docs/pegs.md says: with 8 % the two weeks of the front door end before it does."""
    done = peg.run(peg.Scenario.of("terra", run_size=0.08, days=28), seed=0)
    assert all(point.dollar > 0.95 for point in done.path if point.day < 14)
    assert done.death_day is not None
    assert 14 < done.death_day < 18
