"""The peg laboratory: Terra dies, the guarded design does not cost more than it says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from defi_kit.cli import main
from defi_kit.errors import ParameterError
from defi_kit.simulation import peg
from defi_kit.simulation.peg import Scenario


def noisy(design: str, size: float = 0.1) -> Scenario:
    scenario = Scenario.of(design, run_size=size, days=10)
    return replace(scenario, people=replace(scenario.people, noise=0.05))


def test_the_same_seed_gives_the_same_run() -> None:
    assert peg.run(noisy("frax"), seed=3) == peg.run(noisy("frax"), seed=3)
    assert peg.run(noisy("frax"), seed=3) != peg.run(noisy("frax"), seed=4)


def test_terra_dies_as_it_did() -> None:
    report = peg.terra()
    assert [day.date for day in report.days] == [day for day, _, _ in peg.TERRA_DAYS]
    last = report.days[-1]
    assert last.dollar < 0.5
    assert last.share < 0.05
    assert last.shares > 100 * peg.TERRA_SHARES
    assert report.to_dict()["fitted_on"]


@pytest.mark.parametrize("seed", range(3))
def test_terra_dies_and_the_guarded_design_keeps_its_bound(seed: int) -> None:
    terra = peg.run(noisy("terra", 0.15), seed=seed)
    guarded = peg.run(noisy("guarded", 0.15), seed=seed)
    assert not terra.survived
    assert guarded.survived
    assert guarded.holders_loss < terra.holders_loss
    assert guarded.holders_loss <= 0.25
    assert guarded.path[-1].backing >= 0.75
    assert guarded.path[-1].shares < 1.7 * peg.TERRA_SHARES  # five percent a day


def test_without_a_run_nothing_happens() -> None:
    done = peg.run(Scenario.of("guarded", run_size=0.0, days=3))
    assert (done.survived, done.phase) == (True, "survives")


def test_a_scenario_that_cannot_be_is_refused() -> None:
    with pytest.raises(ParameterError, match="no design 'luna'"):
        Scenario.of("luna")
    with pytest.raises(ParameterError):
        Scenario.of("frax", run_size=1.5)
    with pytest.raises(ParameterError):
        peg.fit_terra([0])


def test_a_fit_says_on_which_days() -> None:
    report = peg.fit_terra([1, 2], tries=3)
    assert [day.fitted for day in report.days] == [True, True, False, False, False, False, False]


def test_the_command_line_tells_and_gives_json() -> None:
    run = CliRunner().invoke(main, ["peg", "run", "--design", "guarded", "--days", "3", "--json"])
    data = json.loads(run.output)
    assert {"survived", "min_price", "final_price", "holders_loss", "path"} <= set(data)
    terra = json.loads(CliRunner().invoke(main, ["peg", "terra", "--json"]).output)
    assert {"days", "error", "fitted_on", "parameters"} <= set(terra)
    assert "Error" in CliRunner().invoke(main, ["peg", "terra"]).output
    assert "design" in CliRunner().invoke(main, ["peg", "run", "--days", "2"]).output
