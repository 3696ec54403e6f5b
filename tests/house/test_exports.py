"""What each module offers, and that the tree carries nothing of the machine it was written on."""

from __future__ import annotations

import ast
import re
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "defi_kit").rglob("*.py"))


def _offered(file: Path) -> list[str] | None:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            assert isinstance(node, ast.Assign)
            return [str(name) for name in ast.literal_eval(node.value)]
    return None


def _order(name: str) -> tuple[int, list[int | str]]:
    """Constants, then classes, then functions, and ERC20 before ERC1155: ruff's order (RUF022)."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _module(file: Path) -> str:
    parts = file.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: _module(file))
def test_what_a_module_offers_is_sorted_and_exists(file: Path) -> None:
    offered = _offered(file)
    if offered is None:
        assert file.name != "__init__.py" or not file.read_text(encoding="utf-8").strip(), (
            "a package says in __all__ what it offers"
        )
        return
    assert offered == sorted(set(offered), key=_order)
    module = import_module(_module(file))
    assert [name for name in offered if not hasattr(module, name)] == []


def _tracked() -> list[Path]:
    # Git refuses a repository that belongs to another user, as one that a container mounts.
    trusting = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    run = subprocess.run(trusting, cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in run.stdout.decode().split("\0") if name]


def test_no_tracked_file_names_a_path_of_this_machine() -> None:
    tracked = _tracked()
    assert ROOT / "pyproject.toml" in tracked
    # Not what only ends alike: a clone in /src is not meant by contracts/src/.
    places = re.compile(
        rb"(?<![\w.@-])(?:%s)/"
        % b"|".join(re.escape(bytes(place)) for place in (ROOT, Path.home()) if place.name)
    )
    naming = [
        str(file.relative_to(ROOT))
        for file in tracked
        if file.is_file() and places.search(file.read_bytes())
    ]
    assert naming == []


def test_lock_files_name_no_registry() -> None:
    locks = [
        *(ROOT / "requirements").glob("*.txt"),
        *(
            ROOT / folder / "package-lock.json"
            for folder in (".", "tools", "tools/hardhat", "tools/peers")
        ),
    ]
    naming = [
        file.name for file in locks if "resolved" in _text(file) or "index-url" in _text(file)
    ]
    assert naming == []


def _text(file: Path) -> str:
    """The file without the comment that says which command wrote it."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))
