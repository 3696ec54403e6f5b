"""Sweeps of the peg laboratory: the same table however it was run and however often it died."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from defi_kit.cli import main
from defi_kit.errors import InputError, ParameterError
from defi_kit.simulation import peg
from defi_kit.simulation.peg import Grid, phases
from defi_kit.simulation.peg.sweep import WorkerLost

GRID = Grid(
    ratios=(0.0, 0.5, 0.9), run_sizes=(0.1, 0.3), guards=("none", "all"), seeds=(4, 5), days=2
)
ARGUMENTS = [
    "--ratios", "0,0.5,0.9", "--run-sizes", "0.1,0.3", "--guards", "none,all", "--days", "2",
    "--seeds", "2", "--seed", "4",
]  # fmt: skip


class Inline(Executor):
    """Runs at once, in this thread, and is killed after some runs."""

    def __init__(self, lives: int = 1_000, end: BaseException | None = None) -> None:
        self.lives = lives
        self.end = end or KeyboardInterrupt()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.lives -= 1
        if self.lives < 0:
            future.set_exception(self.end)
        else:
            future.set_result(fn(*args, **kwargs))
        return future


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table of an undisturbed sweep in this thread."""
    path = tmp_path_factory.mktemp("sweep") / "whole.parquet"
    peg.sweep(GRID, path, executor=Inline())
    assert [one.name for one in path.parent.iterdir()] == ["whole.parquet"]
    return path.read_bytes()


def test_a_row_is_the_run_of_its_cell_and_seed(whole: bytes, tmp_path: Path) -> None:
    import polars

    (tmp_path / "table").write_bytes(whole)
    rows = polars.read_parquet(tmp_path / "table").to_dicts()
    assert len(rows) == len(GRID.cells) == 24
    assert [(r["ratio"], r["run_size"], r["guards"], r["seed"]) for r in rows] == GRID.cells
    for row in rows[:3]:
        scenario = GRID.scenario(row["ratio"], row["run_size"], row["guards"])
        done = peg.run(scenario, seed=row["seed"], market="model")
        assert (done.phase, done.min_price) == (row["phase"], row["min_price"])
        assert (done.survived, done.holders_loss) == (row["survived"], row["holders_loss"])


def test_threads_give_the_same_table(whole: bytes, tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        peg.sweep(GRID, tmp_path / "a.parquet", executor=pool)
    assert (tmp_path / "a.parquet").read_bytes() == whole


def test_processes_of_its_own_give_the_same_table(whole: bytes, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    peg.sweep(GRID, tmp_path / "a.parquet", workers=2, progress=lambda *both: told.append(both))
    assert (tmp_path / "a.parquet").read_bytes() == whole
    assert told[0] == (0, 24)
    assert told[-1] == (24, 24)


def test_a_cluster_of_dask_gives_the_same_table(whole: bytes, tmp_path: Path) -> None:
    import dask  # late: with distributed it brings a second of imports
    from distributed import Client

    with (
        dask.config.set({"distributed.comm.timeouts": {"connect": "300s", "tcp": "300s"}}),
        Client(n_workers=2, threads_per_worker=1, dashboard_address=None, timeout=300) as client,
    ):
        peg.sweep(GRID, tmp_path / "a.parquet", executor=client.get_executor())
    assert (tmp_path / "a.parquet").read_bytes() == whole


@pytest.mark.parametrize("torn", ["", '[16, ["dies', "garbage"])
def test_a_sweep_that_was_killed_goes_on_where_it_was(
    whole: bytes, tmp_path: Path, torn: str
) -> None:
    path, journal = tmp_path / "a.parquet", tmp_path / "a.parquet.journal"
    with pytest.raises(KeyboardInterrupt):
        peg.sweep(GRID, path, executor=Inline(lives=16))
    assert not path.exists()
    journal.write_text(journal.read_text() + torn)
    rest = Inline(lives=8)
    done = peg.sweep(GRID, path, executor=rest)
    assert (done.resumed, rest.lives) == (16, 0)
    assert path.read_bytes() == whole
    assert not journal.exists()


SHOT = """
import os, signal, sys
from defi_kit.simulation import peg
from defi_kit.simulation.peg import Grid

def shoot(done, total):
    if done >= 3:
        os.kill(os.getpid(), signal.SIGKILL)

peg.sweep({grid!r}, sys.argv[1], workers=1, progress=shoot)
"""


def test_a_sweep_whose_process_is_shot_goes_on_and_ends_with_the_same_bytes(
    whole: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    shot = subprocess.run([sys.executable, "-c", SHOT.format(grid=GRID), str(path)])
    assert shot.returncode == -signal.SIGKILL
    assert not path.exists()
    done = peg.sweep(GRID, path, executor=Inline())
    assert 0 < done.resumed < len(GRID.cells)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("everybody", [False, True])
def test_a_sweep_that_is_stopped_says_so_and_nothing_else(tmp_path: Path, everybody: bool) -> None:
    """SIGTERM, to it alone or to its processes as well, as `timeout` and terminals send it."""
    path, journal = tmp_path / "a.parquet", tmp_path / "a.parquet.journal"
    endless = [*ARGUMENTS[:-4], "--seeds", "4000", "--workers", "1", "--no-picture"]
    with subprocess.Popen(
        [sys.executable, "-m", "defi_kit.cli", "peg", "sweep", *endless, "--out", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as stopped:
        while stopped.poll() is None and (
            not journal.exists() or journal.read_text().count("\n") < 3
        ):
            time.sleep(0.01)
        (os.killpg if everybody else os.kill)(stopped.pid, signal.SIGTERM)
        _, told = stopped.communicate(timeout=120)
    assert stopped.returncode == 143
    assert "Traceback" not in told
    assert "terminated" in told
    assert journal.exists()


def test_a_process_that_dies_is_told_and_what_was_done_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(WorkerLost, match=r"died after 0 of 24 runs\n.*__main__"):
        peg.sweep(GRID, path, executor=Inline(lives=0, end=BrokenProcessPool()))
    with pytest.raises(WorkerLost, match="died after 5 of 24 runs"):
        peg.sweep(GRID, path, executor=Inline(lives=5, end=BrokenProcessPool()))
    assert peg.sweep(GRID, path, executor=Inline()).resumed == 5


def test_a_journal_of_another_grid_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(KeyboardInterrupt):
        peg.sweep(GRID, path, executor=Inline(lives=1))
    with pytest.raises(InputError, match="another grid"):
        peg.sweep(Grid(ratios=(0.3,)), path, executor=Inline())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"ratios": ()}, "ratios"),
        ({"ratios": (1.5,)}, "ratio 1.5"),
        ({"run_sizes": (-0.1,)}, "run size -0.1"),
        ({"seeds": (1, 1)}, "seeds"),
        ({"guards": ("some",)}, "no guards 'some'"),
        ({"design": "luna"}, "no design 'luna'"),
        ({"noise": -1.0}, "noise of the people"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        Grid(**wrong)


def test_workers_are_its_own() -> None:
    with pytest.raises(ParameterError, match="beside an executor"):
        peg.sweep(GRID, executor=Inline(), workers=2)
    with pytest.raises(ParameterError):
        peg.sweep(GRID, workers=0)


def test_the_diagram_counts_every_run() -> None:
    pytest.importorskip("matplotlib")
    done = peg.sweep(GRID, executor=Inline())
    counts = [cell for name in GRID.guards for row in done.phases(name) for cell in row]
    assert sum(sum(cell.values()) for cell in counts) == 24
    assert phases.png(done).startswith(b"\x89PNG")
    page = phases.html(done)
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<table>") == 2


def test_the_command_line_sweeps_and_goes_on(whole: bytes, tmp_path: Path) -> None:
    out = tmp_path / "a.parquet"
    with pytest.raises(KeyboardInterrupt):
        peg.sweep(GRID, out, executor=Inline(lives=16))
    done = CliRunner().invoke(
        main, ["peg", "sweep", *ARGUMENTS, "--workers", "1", "--out", str(out), "--json"]
    )
    data = json.loads(done.output)
    assert (data["runs"], data["resumed"]) == (24, 16)
    assert sum(data["phases"].values()) == 24
    assert out.read_bytes() == whole
    assert {one.suffix for one in tmp_path.iterdir()} == {".parquet", ".png", ".html"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--ratios", "half"], "is no list"),
        (["--ratios", "2"], "ratio 2.0 is not from 0 to 1"),
        (["--guards", "some"], "no guards 'some'"),
        (["--out", "nowhere/a.parquet"], "there is no folder nowhere"),
    ],
)
def test_sweeps_that_cannot_be_are_refused(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["peg", "sweep", *arguments])
    assert done.exit_code != 0
    assert told in done.output
    assert list(tmp_path.iterdir()) == []
