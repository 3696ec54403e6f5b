"""`pytest --defi-coverage BUILD`: Solidity's coverage of a test run, over all workers of xdist."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

__all__: list[str] = []  # pytest finds what it needs by itself


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("defi_kit")
    group.addoption(
        "--defi-coverage",
        metavar="BUILD",
        type=Path,
        help="which lines and branches of the Solidity the tests reach, on embedded chains; BUILD "
        "is written by python -m defi_kit.testing.coverage",
    )
    group.addoption(
        "--defi-coverage-to",
        metavar="FOLDER",
        type=Path,
        default=Path("coverage"),
        help="where lcov.info, index.html and summary.json are written (coverage)",
    )
    group.addoption(
        "--defi-coverage-omit",
        metavar="PATH",
        action="append",
        default=[],
        help="sources that do not count, by the beginning of their path",
    )


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--defi-coverage")
    if file is None:
        return
    if not file.exists():
        raise pytest.UsageError(
            f"--defi-coverage {file}: no such file; make it with "
            f"`python -m defi_kit.testing.coverage INPUT.json {file}`"
        )
    config.pluginmanager.register(_Session(config, file), "defi_kit-coverage")


class _Session:
    """One process of the run. Workers leave what they saw in a folder of the first process."""

    def __init__(self, config: pytest.Config, file: Path) -> None:
        from .instrument import Build
        from .record import Recorder

        self._config = config
        self._open = ExitStack()
        self._folder = self._shared_folder()
        self._recorder = Recorder(Build.load(file))
        self._open.enter_context(self._recorder.watching())
        self._text = ""

    def _shared_folder(self) -> Path:
        if given := getattr(self._config, "workerinput", {}).get("defi_coverage"):
            return Path(given)
        return Path(self._open.enter_context(TemporaryDirectory(prefix="defi-coverage-")))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["defi_coverage"] = str(self._folder)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        yield  # the workers have ended
        worker = getattr(self._config, "workerinput", None)
        name = worker["workerid"] if worker else "main"
        self._recorder.save(self._folder / f"{name}.json")
        if worker is None:
            self._report()
        self._open.close()

    def _report(self) -> None:
        from .report import Report

        parts = [json.loads(file.read_text()) for file in sorted(self._folder.glob("*.json"))]
        seen = {probe for part in parts for probe in part}
        omit = self._config.getoption("--defi-coverage-omit")
        report = Report.of(self._recorder.build, seen, omit)
        target = self._config.getoption("--defi-coverage-to")
        report.write(target)
        self._text = f"{report}\n{target}/index.html, lcov.info, summary.json"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._text:
            terminalreporter.section("Solidity coverage")
            terminalreporter.write_line(self._text)
