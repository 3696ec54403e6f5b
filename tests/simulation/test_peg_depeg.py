"""A backing loses its peg: what comes through the swap, with and without its breaker."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from defi_kit.cli import main
from defi_kit.errors import ParameterError
from defi_kit.simulation.peg import Depeg, run_depeg
from defi_kit.simulation.peg.depeg import terms


def test_the_breaker_keeps_the_loss_out() -> None:
    safe, open_ = run_depeg(), run_depeg(Depeg(breaker=False))
    assert open_.path[-1].taken == 1e9  # all of the stock
    assert open_.worst_loss == pytest.approx(0.1226 * open_.path[11].taken)
    assert open_.min_price < safe.min_price
    assert safe.worst_loss < open_.worst_loss / 5
    # Nothing more comes in from when the oracle sees it below 99 cents to when it is back.
    taken = {one.taken for one in safe.path if 9 <= one.hour <= 54}
    assert len(taken) == 1


def test_what_came_in_is_lost_where_the_backing_stays_down() -> None:
    for breaker in (True, False):
        done = run_depeg(Depeg(breaker=breaker, final=0.9))
        last = done.path[-1]
        assert last.backing == pytest.approx(0.9)
        assert done.loss == pytest.approx(0.1 * last.taken)
        assert done.holders_loss == pytest.approx(done.loss / 5e9)
    assert run_depeg(Depeg(final=1.0, breaker=False)).loss == 0


def test_a_slow_oracle_lets_more_in() -> None:
    losses = [run_depeg(Depeg(lag=lag)).worst_loss for lag in (0, 1, 3, 6)]
    assert losses == sorted(losses)
    assert losses[0] < losses[-1]


def test_a_cap_bounds_what_comes_in_without_any_oracle() -> None:
    done = run_depeg(Depeg(breaker=False, cap=1e8))
    assert done.path[-1].taken == 1e8
    assert done.path[-1].refused > 0


@pytest.mark.parametrize("breaker", [True, False])
def test_the_real_contracts_do_the_same(breaker: bool) -> None:
    scenario = Depeg(breaker=breaker, final=0.95, hours=80)
    assert run_depeg(scenario, engine="contracts") == run_depeg(scenario)
    capped = replace(scenario, cap=3e8)
    assert run_depeg(capped, engine="contracts") == run_depeg(capped)


@pytest.mark.parametrize(
    "wrong", [{"tolerance": 1.0}, {"final": 0.5}, {"hours": 0}, {"stock": -1.0}, {"lag": -1}]
)
def test_a_scenario_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="is not from"):
        Depeg(**wrong)
    with pytest.raises(ParameterError, match="no engine 'ouija'"):
        run_depeg(engine="ouija")


def test_what_lies_in_the_swap_is_a_part_of_the_supply() -> None:
    assert run_depeg(Depeg(supply=1e9, breaker=False)).min_price >= 0.8774
    with pytest.raises(ParameterError, match=r"stock 1e\+09 is more than the 1e\+06 dollars"):
        Depeg(supply=1e6)


def test_a_tolerance_is_what_was_said() -> None:
    assert [terms(Depeg(tolerance=one))[2] for one in (0.0157, 0.1256, 0.57)] == [
        15_700,
        125_600,
        570_000,
    ]


def test_the_command_line_tells_both() -> None:
    data = json.loads(CliRunner().invoke(main, ["peg", "depeg", "--final", "0.9", "--json"]).output)
    for one in (data["breaker"], data["no_breaker"]):
        assert {"survived", "min_price", "final_price", "holders_loss", "path"} <= set(one)
    assert data["breaker"]["loss"] < data["no_breaker"]["loss"]
    told = CliRunner().invoke(main, ["peg", "depeg"])
    assert "no breaker" in told.output
    wrong = CliRunner().invoke(main, ["peg", "depeg", "--final", "0.5"])
    assert wrong.exit_code != 0
    assert "final 0.5" in wrong.output
