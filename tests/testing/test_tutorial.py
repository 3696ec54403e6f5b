"""docs/property-test-your-own-pool.md, done as it says, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "property-test-your-own-pool.md"
TITLED = re.compile(r'^```python title="(.*?)"\n(.*?)^```$', re.M | re.S)
TOLD = re.compile(r"^```text\n(.*?)^```$", re.M | re.S)
"""The story, and the script."""
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)

pytestmark = pytest.mark.chain


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """As in a shell where the environment is active; away from the repository."""
    assert command in "\n".join(COMMANDS.findall(PAGE.read_text())), command
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {"PATH": programs, "HOME": str(folder)}
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=kept, capture_output=True, text=True, check=False
    )


def test_from_an_empty_folder_to_a_bug_and_back(tmp_path: Path) -> None:
    files = dict(TITLED.findall(PAGE.read_text()))
    market = tmp_path / "my_market.py"
    market.write_text(files["my_market.py"])

    found = run("defi-kit fuzz lending --target my_market:MyMarket --time-limit 60", tmp_path)
    assert found.returncode == 1, found.stdout + found.stderr
    told, script = TOLD.findall(PAGE.read_text())
    assert told in found.stdout
    assert script in found.stdout

    again = run("python .defi_kit/lending-L10.py", tmp_path)
    assert "Violation: L10" in again.stderr
    assert run("defi-kit fuzz --replay .defi_kit/lending-L10.json", tmp_path).returncode == 1

    mend = files["the mend"].strip()
    market.write_text(
        market.read_text().replace("from defi_kit.bindings import BrokenPool as Pool", mend)
    )
    assert mend in market.read_text()
    gone = run("defi-kit fuzz --replay .defi_kit/lending-L10.json", tmp_path)
    assert "nothing is violated any more" in gone.stdout
    green = run("defi-kit fuzz lending --target my_market:MyMarket --steps 1000", tmp_path)
    assert green.returncode == 0, green.stdout

    (tmp_path / "test_my_market.py").write_text(files["test_my_market.py"])
    passed = run("pytest -q test_my_market.py", tmp_path)
    assert passed.returncode == 0, passed.stdout
    assert "1 passed" in passed.stdout


def test_the_adapter_of_the_page_is_the_one_that_finds_the_others() -> None:
    shown = dict(TITLED.findall(PAGE.read_text()))["my_market.py"]
    assert shown == (Path(__file__).parent / "broken" / "my_market.py").read_text()
