"""How fast things are, fairly: all of them in turn, round after round, and the median of each."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Final

__all__ = ["Task", "rates", "seconds"]

Task = Callable[[], object]
Clock = Callable[[], float]

ROUND: Final = 0.06
"""What one task takes in one round, about. [seconds]"""

TICK: Final = 1e-6
"""Nothing takes less: a coarse clock may not have moved. [seconds]"""


def rates(
    tasks: Mapping[str, Task],
    *,
    rounds: int = 7,
    warm_up: int = 20,
    clock: Clock = time.perf_counter,
) -> dict[str, float]:
    """Calls a second of each task.

    In each round each task has its turn, so that what else the machine does disturbs all alike. For
    what happens in this process alone `time.process_time` is a clock that others hardly disturb.
    """
    counts = {name: _calibrate(task, warm_up, clock) for name, task in tasks.items()}
    found: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            found[name].append(counts[name] / _time(task, counts[name], clock))
    return {name: median(each) for name, each in found.items()}


def seconds(task: Task, *, rounds: int = 5) -> float:
    """How long one call takes, the median of some."""
    return median(_time(task, 1, time.perf_counter) for _ in range(rounds))


def _calibrate(task: Task, warm_up: int, clock: Clock) -> int:
    """How many calls fill a round; after the first ones, which fill the caches."""
    _time(task, warm_up, clock)
    return max(1, int(ROUND / (_time(task, 5, clock) / 5)))


def _time(task: Task, count: int, clock: Clock) -> float:
    gc.collect()
    start = clock()
    for _ in range(count):
        task()
    return max(clock() - start, TICK)
