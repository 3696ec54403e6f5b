"""What the package and all that it needs take on the disk."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

__all__ = ["base_megabytes"]

_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


def base_megabytes() -> float:
    """The base install, without extras, compiled files included. [MB = 1e6 bytes]

    A package's own list of its files tells what it has; ours is counted where it is imported from.
    """
    files = {file for name in _needed("defi-kit") for file in _files(name)}
    ours = Path(__file__).resolve().parents[1]
    files |= {file for file in ours.rglob("*") if file.is_file()}
    return sum(file.stat().st_size for file in files) / 1e6


def _needed(root: str) -> set[str]:
    """The packages it needs, and those that they need; without extras."""
    found: set[str] = set()
    waiting = [root]
    while waiting:
        name = waiting.pop()
        known = _installed(name)
        if known is None or _canonical(name) in found:
            continue
        found.add(_canonical(name))
        for line in known.requires or ():
            requirement, _, condition = line.partition(";")
            # What another system or an older Python would need is not installed here anyway.
            if "extra ==" not in condition and (match := _NAME.match(requirement)):
                waiting.append(match[0])
    return found - {_canonical(root)}


def _files(name: str) -> set[Path]:
    known = _installed(name)
    listed = known.files if known is not None else None
    files = {Path(str(file.locate())) for file in listed or ()}
    compiled = {Path(cache_from_source(str(file))) for file in files if file.suffix == ".py"}
    return {file for file in files | compiled if file.is_file()}


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
