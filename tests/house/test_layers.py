"""The floor plan: which file may import which, in Python and in Solidity."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path, PurePosixPath

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("dex", "lending", "oracles", "stablecoins", "tokens")
DOORS = {"__init__", "client", "deploy", "history", "results"}

_IMPORT = re.compile(r"""^\s*import\b[^;"']*["']([^"']+)["']""", re.MULTILINE)


def _is_door(module: str) -> bool:
    """Whether it may know the chain: one of the doors, or `<thing>_client` in a room of several."""
    file = module.rpartition(".")[2]
    return file in DOORS or file.endswith("_client")


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph("defi_kit", cache_dir=None)


def test_imports_go_down_the_floors() -> None:
    """The contracts are in pyproject.toml, under `tool.importlinter`."""
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("room", ROOMS)
def test_only_a_rooms_door_knows_the_chain(room: str) -> None:
    graph = _graph()
    modules = {f"defi_kit.{room}", *graph.find_descendants(f"defi_kit.{room}")}
    inside = {name for name in modules if name != f"defi_kit.{room}" and not _is_door(name)}
    outside = {
        f"{name} imports {imported}"
        for name in inside
        for imported in graph.find_modules_directly_imported_by(name)
        if imported.startswith(("defi_kit.chain", "defi_kit.bindings"))
    }
    assert f"defi_kit.{room}.client" in modules
    assert outside == set()


@pytest.mark.parametrize("room", ROOMS)
def test_pure_files_do_not_import_their_rooms_client(room: str) -> None:
    graph = _graph()
    backwards = {
        f"{name} imports {imported}"
        for name in graph.find_descendants(f"defi_kit.{room}")
        if not _is_door(name)
        for imported in graph.find_modules_directly_imported_by(name)
        if imported.rpartition(".")[2] in {"client", "deploy"} or imported.endswith("_client")
    }
    assert backwards == set()


def _solidity() -> list[PurePosixPath]:
    files = (ROOT / "contracts").rglob("*.sol")
    return sorted(PurePosixPath(file.relative_to(ROOT / "contracts").as_posix()) for file in files)


@pytest.mark.parametrize("source", _solidity(), ids=str)
def test_solidity_rooms_meet_only_at_interfaces(source: PurePosixPath) -> None:
    """A room imports itself, `interfaces`, `libraries` and `tokens`; libraries only libraries;
    interfaces only interfaces; `testing` anything."""
    room = source.parts[0]
    allowed = {
        "interfaces": {"interfaces"},
        "libraries": {"libraries"},
        "testing": {entry.name for entry in (ROOT / "contracts").iterdir()},
    }.get(room, {room, "interfaces", "libraries", "tokens"})
    text = (ROOT / "contracts" / source).read_text(encoding="utf-8")
    imported = [name for name in _IMPORT.findall(text) if name.startswith(".")]
    folders = {PurePosixPath(os.path.normpath(source.parent / name)).parts[0] for name in imported}
    assert folders <= allowed


@pytest.mark.parametrize("source", _solidity(), ids=str)
def test_solidity_imports_say_which_names_they_take(source: PurePosixPath) -> None:
    text = (ROOT / "contracts" / source).read_text(encoding="utf-8")
    whole_files = re.findall(r"""^\s*import\s+["'*][^;]*;""", text, re.MULTILINE)
    assert whole_files == []


@pytest.mark.parametrize("source", _solidity(), ids=str)
def test_solidity_files_have_one_dot_and_a_licence(source: PurePosixPath) -> None:
    """Ape skips `X.t.sol`."""
    assert source.name.count(".") == 1
    text = (ROOT / "contracts" / source).read_text(encoding="utf-8")
    assert text.startswith("// SPDX-License-Identifier: MIT\n")
