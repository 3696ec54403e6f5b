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
ENOUGH = 900  # [seconds] of a busy machine; half a minute of an idle one


@pytest.mark.slow
@pytest.mark.timeout(2 * ENOUGH)
@pytest.mark.parametrize("place", ["somewhere", "in the folder for temporary files"])
def test_ape_compiles_to_the_same_bytecode(place: str, tmp_path: Path) -> None:
    """Ape compiles projects in the folder for temporary files where they are, all others in a copy
    that it makes there, without most of what lies about in the project."""
    project, temporary = tmp_path / "project", tmp_path / "temporary"
    temporary.mkdir()
    shutil.copytree(ROOT / "contracts", project / "contracts")
    shutil.copy(ROOT / "ape-config.yaml", project)
    for package in ("solady/src", "@openzeppelin/contracts"):
        shutil.copytree(ROOT / "node_modules" / package, project / "node_modules" / package)
    ape = Path(sys.executable).with_name("ape")
    environment = {
        **os.environ,
        "APE_DATA_FOLDER": str(tmp_path / "ape"),
        "SOLCX_BINARY_PATH": os.environ.get("SOLCX_BINARY_PATH") or str(ROOT / ".solcx"),
        "TMPDIR": str(temporary if place == "somewhere" else tmp_path),
    }
    run = subprocess.run(
        [ape, "compile"],
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
