"""The command line as click's runner and as the shell see it."""

from __future__ import annotations

import inspect
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from defi_kit.cli import main


class Shell:
    """Runs `defi-kit` in this process, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: object, stdin: str | None = None) -> Result:
        return _runner().invoke(main, [str(one) for one in arguments], input=stdin)

    def json(self, *arguments: object, code: int = 0) -> dict[str, Any]:
        """The one JSON object on stdout."""
        result = self(*arguments, "--json")
        assert result.exit_code == code, result.output
        found = json.loads(result.stdout)
        assert isinstance(found, dict)
        return found


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path)


def _runner() -> CliRunner:
    # Before click 8.2 stderr has to be kept apart by an option that 8.2 no longer knows.
    apart = "mix_stderr" in inspect.signature(CliRunner).parameters
    return CliRunner(**({"mix_stderr": False} if apart else {}))


@pytest.fixture
def spawn(tmp_path: Path):
    """Starts `defi-kit` as a process of its own; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        command: Sequence[str] = [
            *(sys.executable, "-m", "defi_kit.cli"),
            *(str(one) for one in arguments),
        ]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def free_port() -> int:
    """Below those that a system hands out by itself, and another in each process: nobody takes it
    between here and who is to listen at it."""
    first = 20_000 + os.getpid() * 16 % 12_000
    for port in range(first, 32_768):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no port from {first} to 32767 is free")
