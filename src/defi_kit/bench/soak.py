"""A long life: a million transactions on the embedded chain, a hundred thousand on Anvil, and how
much memory they take on the way.

    from defi_kit.bench.soak import measure_soak
    soak = measure_soak("embedded", 1_000_000)
    soak.grown_mb                               # from the second fifth to the last
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final, Literal

from ..chain import Chain
from ..chain.anvil import AnvilChain
from .memory import resident_mb
from .scene import Scene

__all__ = ["LENGTHS", "Engine", "Look", "Soak", "measure_soak"]

Engine = Literal["embedded", "anvil"]
Progress = Callable[[str], None]

LENGTHS: Final[dict[Engine, int]] = {"embedded": 1_000_000, "anvil": 100_000}
"""Engine → transactions, unless said otherwise."""

LOOKS: Final = 20
"""How often memory is looked at."""

TRIAL: Final = 500
"""Every so many transactions one is tried in a snapshot and undone."""


@dataclass(frozen=True, slots=True)
class Look:
    """How things are after so many transactions."""

    transactions: int
    resident_mb: float
    """Of this process. [MB = 1e6 bytes]"""
    node_mb: float | None
    """Of Anvil; None where there is none, or the system does not tell."""
    per_second: float
    """Transactions since the look before."""


@dataclass(frozen=True, slots=True)
class Soak:
    """All that one run saw."""

    engine: Engine
    history: int | None
    """Blocks that Anvil was to remember; None is all."""
    looks: tuple[Look, ...]

    @property
    def grown_mb(self) -> float:
        """How much more memory the last fifth took than the second: caches are full by then."""
        sizes = [look.resident_mb + (look.node_mb or 0) for look in self.looks]
        part = max(1, len(sizes) // 5)
        return median(sizes[-part:]) - median(sizes[part : 2 * part] or sizes[:1])

    def to_json(self) -> dict[str, Any]:
        """For a machine: plain dicts, lists, numbers and texts."""
        return {
            **asdict(self),
            "looks": [asdict(one) for one in self.looks],
            "grown_mb": self.grown_mb,
        }


def measure_soak(
    engine: Engine,
    transactions: int | None = None,
    *,
    history: int | None = 10_000,
    progress: Progress = lambda _: None,
) -> Soak:
    """So many transactions on a new chain, transfers and swaps in turn, each in its own block; now
    and then one is undone by a snapshot.

    history: blocks that Anvil is to remember; None is all, and then its memory grows.
    """
    count = LENGTHS[engine] if transactions is None else transactions
    kept = history if engine == "anvil" else None
    with Chain.anvil(history=kept) if engine == "anvil" else Chain.embedded() as chain:
        scene = Scene(chain)
        looks: list[Look] = []
        done = 0
        for number in range(1, LOOKS + 1):
            start, before = time.perf_counter(), done
            while done < count * number // LOOKS:
                done += 1
                (scene.swap if done % 2 else scene.transfer)()
                if not done % TRIAL:
                    with chain.snapshot():
                        scene.swap()
            spent = time.perf_counter() - start
            node = resident_mb(chain.pid) if isinstance(chain, AnvilChain) else None
            looks.append(Look(done, resident_mb() or 0, node, (done - before) / spent))
            progress(f"{done:,} of {count:,} transactions on {engine}")
    return Soak(engine, kept, tuple(looks))
