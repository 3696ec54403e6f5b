"""How much memory a process has."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["resident_mb"]


def resident_mb(pid: int | None = None) -> float | None:
    """Memory of a process, by default of this one. [MB = 1e6 bytes]

    Where the system does not tell what there is now, of this process what there was at most, and
    None of another.
    """
    status = Path("/proc", "self" if pid is None else str(pid), "status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
    if pid is not None:
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
