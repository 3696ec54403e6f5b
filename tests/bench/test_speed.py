"""The speed and growth benchmarks: what they report, and what they say where something is missing.

How fast anything is, is not tested here: another process on the machine would decide it. What makes
it fast is tested as counts, in test_counts.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from defi_kit.bench import speed, stopwatch
from defi_kit.bench.growth import SIZES, Growth, measure_growth
from defi_kit.bench.installed import base_megabytes
from defi_kit.bench.machine import rules_per_second
from defi_kit.bench.rivals import RIVALS, rival_rate
from defi_kit.bench.scene import Scene
from defi_kit.bench.soak import Look, Soak, measure_soak
from defi_kit.bench.speed import SPEED_GOALS, SpeedReport, measure_speed
from defi_kit.bench.stopwatch import rates
from defi_kit.chain import Chain
from defi_kit.cli import main
from defi_kit.dex.stable_swap import StableSwap
from defi_kit.errors import AnvilNotFound, NotSupported

pytestmark = [pytest.mark.chain, pytest.mark.xdist_group("speed")]  # the report is made once


@pytest.fixture(scope="module", autouse=True)
def _in_haste() -> Iterator[None]:
    """What is measured does not matter here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stopwatch, "ROUND", 0.003)
        patch.setattr(speed, "COLD", 1)
        patch.setattr(speed, "SWEEP", 2)
        patch.setitem(sys.modules, "distributed", None)
        patch.setattr(speed, "RIVALS", {name: RIVALS[name] for name in ("curvesim", "titanoboa")})
        yield


@pytest.fixture(scope="module")
def report() -> SpeedReport:
    return measure_speed(
        rounds=1, lives=2, peers={"curvesim": "/bin/false", "titanoboa": "/nowhere"}
    )


def test_every_goal_has_a_figure_or_a_reason(report: SpeedReport) -> None:
    found = {**report.ratios, **report.figures}
    for name in SPEED_GOALS:
        assert (found[name] is None) == (name in report.reasons), name
    assert all(value is None or value > 0 for value in found.values())


def test_a_peer_that_is_not_installed_is_a_reason_and_no_figure(report: SpeedReport) -> None:
    assert report.ratios["twin_swaps_vs_curvesim"] is None
    assert "/bin/false" in report.reasons["twin_swaps_vs_curvesim"]
    assert "/nowhere" in report.reasons["embedded_tx_vs_titanoboa"]
    assert "pip install distributed" in report.reasons["sweep_two_dask_workers_vs_one"]
    assert "twin_swaps_vs_curvesim" not in report.missed()


def test_ratios_are_of_the_rates_that_are_reported(report: SpeedReport) -> None:
    rate, ratios = report.per_second, report.ratios
    assert ratios["anvil_views_vs_web3"] == rate["anvil view"] / rate["web3 view"]
    raw = (rate[f"embedded {it}"] / rate[f"raw pyrevm {it}"] for it in ("transfer", "swap"))
    assert ratios["embedded_tx_vs_raw_pyrevm"] == min(raw)


def test_of_both_sides_in_turn_the_median_ratio_counts() -> None:
    run = speed._Run(rounds=7, lives=1, peers={})
    ours, theirs = iter([10.0, 90.0, 40.0]), iter([5.0, 30.0, 10.0])
    run._take_turns({"ours": lambda: next(ours), "theirs": lambda: next(theirs)})
    assert run._rates == {"ours": 40, "theirs": 10}
    assert run._over("ours", "theirs") == 3


def test_twin_and_curvesim_swap_in_the_same_pool() -> None:
    with Chain.embedded() as chain:
        scene = Scene(chain)
    for pool in (scene._stable, scene._recorded):
        assert pool.curve == StableSwap(100, 18, 18)
        assert (pool.reserve0, pool.reserve1, pool.fee) == (10**24, 10**24, 400)
    scene.twin_swap()
    scene.twin_recorded_swap()
    assert scene._stable.cumulative_log_price == 0 < scene._recorded.cumulative_log_price
    program = RIVALS["curvesim"][1]
    assert "CurvePool(A=100, D=[10**24, 10**24], n=2, fee=4 * 10**6)" in program
    assert "10**18)" in program


def test_what_misses_its_goal_is_named() -> None:
    names = dict.fromkeys(SPEED_GOALS, None)
    best = {"embedded_tx_vs_web3_anvil": 50.0, "import_s": 0.3}
    worse = {"embedded_tx_vs_web3_anvil": 49.9, "import_s": 0.31}
    assert SpeedReport("", {}, {**names, **best}, {}, {}).missed() == ()
    assert SpeedReport("", {}, {**names, **worse}, {}, {}).missed() == tuple(worse)


def test_the_report_is_plain_json(report: SpeedReport) -> None:
    data = report.to_json()
    assert json.loads(json.dumps(data)) == data
    for name in ("machine_rules_per_s", "cold_deploy_s", "import_s", "base_install_mb"):
        assert name in data
    assert set(report.ratios) >= {
        "embedded_tx_vs_web3_anvil",
        "embedded_tx_vs_raw_pyrevm",
        "anvil_views_vs_web3",
        "machine_rules_embedded_vs_anvil",
        "twin_swaps_vs_curvesim",
    }


def test_the_report_names_no_place_of_this_machine(report: SpeedReport) -> None:
    """It is kept in git."""
    assert sys.prefix not in json.dumps(report.to_json())
    with pytest.raises(NotSupported, match="does not run in this environment"):
        rival_rate("titanoboa", sys.executable)


def test_without_anvil_what_needs_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: Any, **__: Any) -> None:
        raise AnvilNotFound("no anvil")

    monkeypatch.setattr(Chain, "anvil", nowhere)
    run = speed._Run(rounds=1, lives=1, peers={})
    run.embedded()
    run.anvil()
    found = run.report()
    assert found.ratios["embedded_tx_vs_web3_anvil"] is None
    assert found.reasons["anvil_views_vs_web3"] == "no anvil"
    assert found.ratios["embedded_tx_vs_raw_pyrevm"] is not None


def test_without_hypothesis_the_machine_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("defi_kit.bench.machine.find_spec", lambda _: None)
    with Chain.embedded() as chain, pytest.raises(NotSupported) as refused:
        rules_per_second(chain, 1)
    assert "pip install" in str(refused.value.hint)


def test_a_sweep_gives_the_same_in_every_process() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        found = list(workers.map(speed.live, [1, 2, 1]))
    assert found[0] == found[2] == speed.live(1)
    assert found[0] != found[1]
    assert max(found) < 0  # fees, there and back


def test_tasks_take_turns_and_the_median_counts() -> None:
    order: list[str] = []
    found = rates(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=3, warm_up=1
    )
    turns = [here for here, before in zip(order, [None, *order], strict=False) if here != before]
    assert turns == ["a", "b"] * 4  # calibrating, then three rounds
    assert all(rate > 0 for rate in found.values())


def test_the_base_install_is_what_its_packages_list() -> None:
    program = "import pyrevm, Crypto, coincurve; print(pyrevm.__file__)"
    pyrevm = Path(subprocess.check_output([sys.executable, "-c", program], text=True)).parent
    least = sum(file.stat().st_size for file in pyrevm.rglob("*.so")) / 1e6
    assert least < base_megabytes() < 100


def test_the_command_prints_a_table_and_writes_the_report(
    report: SpeedReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "measure_speed", lambda **_: report)
    shown = CliRunner().invoke(main, ["bench", "speed"])
    assert shown.exit_code == 0, shown.output
    for name in (*report.ratios, *report.figures, *report.per_second):
        assert name in shown.stdout
    file = tmp_path / "speed.json"
    data = CliRunner().invoke(main, ["bench", "speed", "--json", "--output", str(file)])
    assert json.loads(data.stdout) == json.loads(file.read_text()) == report.to_json()


def test_a_peer_that_runs_has_a_rate() -> None:
    """eth-tester came with Ape."""
    assert rival_rate("eth-tester", sys.executable) > 0


@pytest.mark.parametrize("peer", ["curvesim", "curvesim=", "hardhat=python", "=python"])
def test_a_peer_that_nobody_knows_is_refused(peer: str) -> None:
    shown = CliRunner().invoke(main, ["bench", "speed", "--peer", peer])
    assert shown.exit_code == 2
    assert "eth-tester" in shown.output


@pytest.fixture(scope="module")
def growth() -> Growth:
    return measure_growth(largest=10, rounds=1)


def test_growth_is_measured_at_every_size(growth: Growth) -> None:
    for of in ("accounts", "pools"):
        points = [point for point in growth.points if point.of == of]
        assert {point.size for point in points} == {n for n in SIZES[of] if n <= 10}
        assert all(point.microseconds > 0 and point.resident_mb > 10 for point in points)
        for operation in {point.operation for point in points}:
            assert growth.factor(of, operation) > 0


def test_growth_is_plotted_and_printed(
    growth: Growth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defi_kit.bench.growth.measure_growth", lambda **_: growth)
    file = tmp_path / "growth.png"
    result = CliRunner().invoke(main, ["bench", "growth", "--json", "--plot", str(file)])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == growth.to_json()
    assert file.read_bytes().startswith(b"\x89PNG")
    shown = CliRunner().invoke(main, ["bench", "growth"])
    assert "all borrowers" in shown.stdout


# --- a long life ----------------------------------------------------------------------------------


def test_a_soak_looks_at_memory_all_along() -> None:
    soak = measure_soak("embedded", 40)
    assert [look.transactions for look in soak.looks] == list(range(2, 41, 2))
    assert all(look.resident_mb > 10 and look.node_mb is None for look in soak.looks)
    assert json.loads(json.dumps(soak.to_json())) == soak.to_json()


def test_growth_is_from_the_second_fifth_to_the_last() -> None:
    sizes = [*range(20, 40), *[50] * 60, *range(60, 80)]
    looks = tuple(Look(number, 10, size - 10, 1) for number, size in enumerate(sizes))
    assert Soak("anvil", None, looks).grown_mb == 69.5 - 50


def test_the_soak_command_shows_both_engines() -> None:
    shown = CliRunner().invoke(main, ["bench", "soak", "--transactions", "20", "--history", "5"])
    assert shown.exit_code == 0, shown.output
    assert "embedded: " in shown.stdout
    assert "anvil: " in shown.stdout
    data = CliRunner().invoke(
        main, ["bench", "soak", "--transactions", "20", "--chain", "anvil", "--json"]
    )
    (soak,) = json.loads(data.stdout)["soaks"]
    assert (soak["engine"], soak["history"], len(soak["looks"])) == ("anvil", 10_000, 20)
    assert all(look["node_mb"] > 10 for look in soak["looks"])
