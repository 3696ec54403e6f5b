"""The wheel, installed into an empty environment: size, speed, and the demo."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LARGEST_INSTALL = 100_000_000  # [bytes]
# Of the processor: what else the machine does meanwhile is not counted.
SLOWEST_IMPORT = 0.3  # [seconds]
SLOWEST_DEPLOYMENT = 1.5  # [seconds] with the import

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def _run(*command: object, cwd: Path) -> str:
    run = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, because setuptools leaves its workings in the folder it builds."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    build = "import sys, setuptools.build_meta as b; print(b.build_wheel(sys.argv[1]))"
    name = _run(sys.executable, "-c", build, copy / "dist", cwd=copy).split()[-1]
    return copy / "dist" / name


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment that holds the wheel and what it depends on, nothing else."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv = Path(sys.executable).with_name("uv")
    _run(uv, "venv", "--quiet", "--python", sys.executable, folder, cwd=folder.parent)
    interpreter = folder / "bin" / "python"
    constraints = ["--constraint", ROOT / "requirements" / "dev.txt"]
    install = [uv, "pip", "install", "--quiet", "--python", interpreter, "--compile-bytecode"]
    install += [*constraints, wheel]
    # `make` has left all of it in uv's cache, mostly: a registry may be slow, or away.
    kept = subprocess.run([*install, "--offline"], cwd=folder.parent, capture_output=True)
    if kept.returncode:
        _run(*install, cwd=folder.parent)
    return interpreter


def test_the_wheel_carries_artifacts_types_and_licence(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).namelist()
    for name in ("py.typed", "artifacts/LendingPool.json", "artifacts/errors.json"):
        assert f"defi_kit/{name}" in inside
    assert any(name.endswith("LICENSE") for name in inside)
    assert not any(name.startswith(("tests", "scripts", "contracts")) for name in inside)


def test_the_base_install_is_small(python: Path) -> None:
    files = [file for file in python.parents[1].rglob("*") if file.is_file()]
    assert sum(file.lstat().st_size for file in files if not file.is_symlink()) < LARGEST_INSTALL


def test_the_base_install_has_no_heavy_packages(python: Path, tmp_path: Path) -> None:
    heavy = ("ape", "hypothesis", "matplotlib", "numpy", "pandas", "polars", "web3")
    check = f"import importlib.util as i; print([n for n in {heavy!r} if i.find_spec(n)])"
    assert _run(python, "-c", check, cwd=tmp_path).strip() == "[]"


def test_the_import_is_quick(python: Path, tmp_path: Path) -> None:
    """The best of several: other processes of this machine can only slow it down."""
    check = "import time; t = time.process_time(); import defi_kit; print(time.process_time() - t)"
    times = [float(_run(python, "-c", check, cwd=tmp_path)) for _ in range(5)]
    assert min(times) < SLOWEST_IMPORT


def test_a_cold_deployment_is_quick(python: Path, tmp_path: Path) -> None:
    check = (
        "import time; t = time.process_time(); import defi_kit; "
        "defi_kit.deploy(defi_kit.Chain.embedded()); print(time.process_time() - t)"
    )
    times = [float(_run(python, "-c", check, cwd=tmp_path)) for _ in range(5)]
    assert min(times) < SLOWEST_DEPLOYMENT


def test_the_demo_runs(python: Path, tmp_path: Path) -> None:
    program = python.with_name("defi-kit")
    story = json.loads(_run(program, "demo", "--json", cwd=tmp_path))
    assert story["engine"] == "embedded"
    assert story["loans"] == 40
    assert story["liquidations"] >= 10
    assert story["invariants_held"] is True
