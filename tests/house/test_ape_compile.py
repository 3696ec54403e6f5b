"""Ape compiles the contracts to the bytecode that is in the artifacts, to the last byte."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from defi_kit import artifacts

ROOT = Path(__file__).resolve().parents[2]
ENOUGH = 300  # [seconds]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what Ape reads, without anything compiled."""
    copy = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "contracts", copy / "contracts")
    shutil.copy(ROOT / "ape-config.yaml", copy)
    for package in ("solady/src", "@openzeppelin/contracts"):
        shutil.copytree(ROOT / "node_modules" / package, copy / "node_modules" / package)
    return copy


@pytest.mark.slow
@pytest.mark.timeout(2 * ENOUGH)
def test_ape_compiles_to_the_same_bytecode(project: Path, tmp_path: Path) -> None:
    ape = Path(sys.executable).with_name("ape")
    environment = {
        **os.environ,
        "APE_DATA_FOLDER": str(tmp_path),
        "SOLCX_BINARY_PATH": os.environ.get("SOLCX_BINARY_PATH") or str(ROOT / ".solcx"),
    }
    run = subprocess.run(
        [ape, "compile", "--force"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=ENOUGH,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    manifest = json.loads((project / ".build" / "__local__.json").read_text(encoding="utf-8"))
    compiled = {
        name: (entry["deploymentBytecode"]["bytecode"], entry["runtimeBytecode"]["bytecode"])
        for name, entry in manifest["contractTypes"].items()
    }
    ours = {
        name: (
            "0x" + artifacts.load(name).bytecode.hex(),
            "0x" + artifacts.load(name).deployed_bytecode.hex(),
        )
        for name in artifacts.names()
    }
    assert compiled == ours
