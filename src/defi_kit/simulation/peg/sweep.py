"""Thousands of runs on the twin: collateral ratio by run size by guards, and how each ended.

    done = sweep(Grid(seeds=range(20)), "sweep.parquet")

A cell and a seed make one run, whoever runs it and in whatever order: the table is the same on one
process, on many, and on a cluster. What is done is written to a journal beside the table, so that a
sweep that was killed goes on where it was and ends with the same bytes. The market is `model`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Final

from ...errors import DefiKitError, InputError, ParameterError
from .scenario import DESIGNS, Guards, Scenario
from .world import run

__all__ = ["GUARDS", "PHASES", "FramesMissing", "Grid", "Result", "Sweep", "WorkerLost", "sweep"]

GUARDS: Final = {
    "none": Guards(epoch_cap=0, slippage=0, breaker=False),
    "cap": Guards(epoch_cap=0.05, slippage=0, breaker=False),
    "slippage": Guards(epoch_cap=0, slippage=50e6, breaker=False),
    "breaker": Guards(epoch_cap=0, slippage=0, breaker=True),
    "all": Guards(epoch_cap=0.05, slippage=50e6, breaker=True),
}
"""Settings of the guards by name."""
PHASES: Final = ("survives", "wobbles", "dies")
AHEAD: Final = 64
"""Runs that wait at any time: an executor is not given everything at once."""


class FramesMissing(DefiKitError):
    """Polars is not installed."""


class WorkerLost(DefiKitError):
    """A process that played runs was killed, or had no memory left."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What is swept. ParameterError for what cannot be, before anything runs."""

    ratios: tuple[float, ...] = (0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 1.0)
    """Collateral of a dollar at the start."""
    run_sizes: tuple[float, ...] = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
    guards: tuple[str, ...] = tuple(GUARDS)
    """Names in `GUARDS`."""
    seeds: tuple[int, ...] = tuple(range(10))
    design: str = "frax"
    """Whose ratio steps, spreads and band are kept."""
    days: int = 14
    noise: float = 0.05
    """Of the shares' value a day."""
    drift: float = 0.1
    """Fall of the logarithm of the shares' value a day, whatever the dollar does. [1/day]"""

    def __post_init__(self) -> None:
        for name in ("ratios", "run_sizes", "guards", "seeds"):
            values = tuple(getattr(self, name))
            object.__setattr__(self, name, values)
            if not values or len(set(values)) != len(values):
                raise ParameterError(
                    f"{name} {list(values)}", hint="at least one, none of it twice"
                )
        if self.design not in DESIGNS:
            raise ParameterError(f"no design {self.design!r}", hint=f"one of {', '.join(DESIGNS)}")
        for name in self.guards:
            if name not in GUARDS:
                raise ParameterError(f"no guards {name!r}", hint=f"some of {', '.join(GUARDS)}")
        for ratio, size in product(self.ratios, self.run_sizes):
            self.scenario(ratio, size, self.guards[0])

    def scenario(self, ratio: float, run_size: float, guards: str) -> Scenario:
        """What one cell plays."""
        given = replace(GUARDS[guards], ratio=ratio)
        scenario = Scenario.of(self.design, run_size=run_size, days=self.days, guards=given)
        people = replace(scenario.people, noise=self.noise, drift=self.drift)
        return replace(scenario, people=people)

    @property
    def cells(self) -> list[tuple[float, float, str, int]]:
        """Ratio, run size, guards and seed of each run, in the table's order."""
        return list(product(self.ratios, self.run_sizes, self.guards, self.seeds))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {
            name: list(value) if isinstance(value := getattr(self, name), tuple) else value
            for name in Grid.__slots__
        }


@dataclass(frozen=True, slots=True)
class Result:
    """How one run ended: a row of the table."""

    ratio: float
    run_size: float
    guards: str
    seed: int
    phase: str
    """`survives`, `wobbles` or `dies`."""
    survived: bool
    ended: bool
    """Whether its breaker ended it in equal parts."""
    min_price: float
    final_price: float
    holders_loss: float
    """Part of the dollars' worth at the start."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """All results of a grid, in its order."""

    grid: Grid
    results: tuple[Result, ...]
    resumed: int = 0
    """How many of them an earlier sweep had done."""

    def phases(self, guards: str) -> list[list[Counter[str]]]:
        """How often each phase came: a row for each ratio, a column for each run size."""
        counts = {cell: Counter[str]() for cell in product(self.grid.ratios, self.grid.run_sizes)}
        for one in self.results:
            if one.guards == guards:
                counts[one.ratio, one.run_size][one.phase] += 1
        return [[counts[ratio, size] for size in self.grid.run_sizes] for ratio in self.grid.ratios]

    def to_dict(self) -> dict[str, Any]:
        """A summary as plain JSON data."""
        total = Counter(one.phase for one in self.results)
        return {
            "grid": self.grid.to_dict(),
            "runs": len(self.results),
            "resumed": self.resumed,
            "phases": {phase: total[phase] for phase in PHASES},
            "guards": {
                name: {
                    phase: sum(1 for one in ours if one.phase == phase) for phase in PHASES
                } | {"mean_loss": sum(one.holders_loss for one in ours) / len(ours)}
                for name in self.grid.guards
                if (ours := [one for one in self.results if one.guards == name])
            },
        }  # fmt: skip

    def write(self, path: Path) -> None:
        """Writes the table as Parquet, all of it or nothing. FramesMissing."""
        polars = _polars()
        columns = {name: [getattr(one, name) for one in self.results] for name in Result.__slots__}
        partial = path.with_name(path.name + ".new")
        polars.DataFrame(columns).write_parquet(partial, compression="zstd", statistics=True)
        os.replace(partial, path)


def sweep(
    grid: Grid,
    path: Path | str | None = None,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Runs every cell of the grid with every seed.

    Args:
        path: where the table goes, as Parquet; the journal lies beside it until it is complete.
        executor: any `concurrent.futures.Executor`, such as Dask's `client.get_executor()`;
            processes of its own unless given.
        workers: how many processes of its own; one for each core unless given. They load the
            script that calls, so that it does so under `if __name__ == "__main__":`.
        progress: told how many runs of how many are done.

    InputError where the journal belongs to another grid, FramesMissing without polars and with a
    path, ParameterError for workers that are none or beside an executor, WorkerLost when one died.
    """
    if workers is not None and (workers < 1 or executor is not None):
        raise ParameterError(
            f"{workers} workers" + (" beside an executor" if executor else ""),
            hint="one or more of its own, or the executor's",
        )
    target = None if path is None else Path(path)
    if target is not None:
        _polars()
    with _Journal(target, grid) as journal, _own(executor, workers) as pool:
        _work(grid, journal, pool, progress or (lambda done, total: None))
        rows = [journal.done[place] for place in range(len(grid.cells))]
        results = tuple(Result(*cell, *row) for cell, row in zip(grid.cells, rows, strict=True))
        done = Sweep(grid, results, journal.resumed)
        if target is not None:
            done.write(target)
            journal.forget()
    return done


def _work(
    grid: Grid, journal: _Journal, pool: Executor, progress: Callable[[int, int], None]
) -> None:
    total = len(grid.cells)
    missing = ((place, cell) for place, cell in enumerate(grid.cells) if place not in journal.done)
    waiting: dict[Future[list[Any]], int] = {}

    def fill() -> None:
        for place, cell in missing:
            # One at a time: a run is long beside its way, and no process idles at the end.
            waiting[pool.submit(_play, grid, *cell)] = place
            if len(waiting) >= AHEAD:
                return

    progress(len(journal.done), total)
    try:
        fill()
        while waiting:
            ready, _ = wait(waiting, timeout=1, return_when=FIRST_COMPLETED)
            # What was found is kept before what failed is raised.
            for future in sorted(ready, key=lambda one: one.exception() is not None):
                journal.add(waiting.pop(future), future.result())
            progress(len(journal.done), total)  # also where nothing came: it may want to stop
            fill()
    except BaseException as error:
        # Its own processes take back what waits themselves: futures that others have cancelled are
        # an error to a pool whose processes were stopped along with this one.
        if isinstance(pool, ProcessPoolExecutor):
            pool.shutdown(wait=False, cancel_futures=True)
        else:
            for future in waiting:
                future.cancel()
        if isinstance(error, BrokenExecutor):
            raise WorkerLost(
                f"a process of the sweep died after {len(journal.done):,} of {total:,} runs",
                hint="with a path, the same again goes on; fewer workers take less memory"
                if journal.done
                else "a script sweeps under `if __name__ == '__main__':`, as its processes load it",
            ) from error
        raise


def _play(grid: Grid, ratio: float, run_size: float, guards: str, seed: int) -> list[Any]:
    """How the run of this cell ended, as a row that survives JSON."""
    done = run(grid.scenario(ratio, run_size, guards), seed=seed, market="model")
    return [done.phase, done.survived, done.ended,
            done.min_price, done.final_price, done.holders_loss]  # fmt: skip


# --- processes ------------------------------------------------------------------------------------


def _own(executor: Executor | None, workers: int | None) -> AbstractContextManager[Executor]:
    if executor is not None:
        return nullcontext(executor)
    # Spawned: a fork beside threads, such as a progress bar's, can hang.
    return ProcessPoolExecutor(
        workers or os.cpu_count() or 1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_follow_parent,
    )


def _follow_parent() -> None:
    """Ctrl-C is the parent's business; when it is gone, killed even, so is the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def leave() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()


# --- the journal ----------------------------------------------------------------------------------


class _Journal:
    """Rows that are done, by place: in memory, and with a path in a file, a line for each.

    The first line is the grid. A last line that was cut off by a crash counts for nothing.
    """

    def __init__(self, target: Path | None, grid: Grid) -> None:
        self.path = None if target is None else target.with_name(target.name + ".journal")
        self.head = json.dumps(grid.to_dict())
        self.done: dict[int, list[Any]] = {}
        self.resumed = 0

    def __enter__(self) -> _Journal:
        if self.path is None:
            return self
        lines = list(self._lines())
        if lines and lines[0] != self.head:
            raise InputError(
                f"{self.path} belongs to a sweep of another grid",
                hint="finish that one, delete the file, or write to another path",
            )
        for line in lines[1:]:
            place, row = json.loads(line)
            self.done[place] = row
        self.resumed = len(self.done)
        text = "".join(line + "\n" for line in lines or [self.head])
        self.path.write_text(text, encoding="utf-8")
        self._file = self.path.open("a", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        if self.path is not None:
            self._file.close()

    def _lines(self) -> Iterator[str]:
        if self.path is None or not self.path.exists():
            return
        *whole, _ = self.path.read_text(encoding="utf-8").split("\n")
        yield from whole

    def add(self, place: int, row: list[Any]) -> None:
        """How that run ended."""
        self.done[place] = row
        if self.path is not None:
            self._file.write(json.dumps([place, row]) + "\n")
            self._file.flush()

    def forget(self) -> None:
        """The table is written: the journal has nothing to add."""
        if self.path is not None:
            self.path.unlink()


def _polars() -> Any:
    try:
        import polars
    except ImportError as error:
        raise FramesMissing(
            "Parquet needs polars, which is not installed", hint="pip install 'defi-kit[frames]'"
        ) from error
    return polars
