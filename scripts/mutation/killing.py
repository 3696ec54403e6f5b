"""Whether a test notices: each mutant in a process of its own, forked from one that is warm.

In the child every deployment of the contract takes the mutant's bytecode instead of the artifact's;
then pytest runs the target's stages and stops at the first failure.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NoReturn, TypeVar

import pytest

import _compiler
from mutation.targets import Target

Tag = TypeVar("Tag")

TIMEOUT = 180
"""A mutant that keeps its tests busy for that long is caught: they take a fifth of it. [seconds]"""

WARM = ("hypothesis.stateful", "defi_kit.kit", "defi_kit.chain.embedded", "defi_kit.lending")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant."""

    stage: str
    """`drill`, `machine`, `tests` or `timeout`; empty for a survivor."""
    test: str = ""
    """The test that failed, as pytest names it."""
    reason: str = ""
    """How it failed."""

    @property
    def killed(self) -> bool:
        return self.stage != ""


def attempt(
    target: Target,
    codes: Sequence[tuple[Tag, bytes]],
    *,
    stages: Sequence[str],
    seed: int,
    jobs: int,
    until: float | None = None,
) -> Iterator[tuple[Tag, Outcome]]:
    """Runs `stages` against each creation code, `jobs` at a time; yields in order of completion.

    Args:
        target: whose tests.
        codes: whatever names a mutant, and its creation code.
        stages: of STAGES.
        seed: Hypothesis's.
        jobs: processes.
        until: when to stop, on `time.monotonic`'s clock; what then still runs is ended, untold.
    """
    for name in WARM:
        importlib.import_module(name)
    waiting = list(codes)[::-1]
    running: list[tuple[Tag, _Child]] = []
    try:
        while waiting or running:
            late = until is not None and time.monotonic() > until
            if waiting and not late and len(running) < jobs:
                tag, code = waiting.pop()
                running.append((tag, _Child(target, code, stages, seed)))
                continue
            if late:
                return  # what still runs is ended
            for entry in list(running):
                tag, child = entry
                if child.ended():
                    running.remove(entry)
                    yield tag, child.outcome()
            time.sleep(0.02)
    finally:
        for _, child in running:
            child.kill()


class _Child:
    """A forked process with one mutant."""

    def __init__(self, target: Target, code: bytes, stages: Sequence[str], seed: int) -> None:
        self.began = time.monotonic()
        self.late = False
        self.reader, writer = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _be_the_child(target, code, stages, seed, writer)
        os.close(writer)

    def ended(self) -> bool:
        """Whether it is over; after too long, it is ended."""
        done, _ = os.waitpid(self.pid, os.WNOHANG)
        if not done and time.monotonic() - self.began > TIMEOUT:
            self.kill()
            self.late = True
        return bool(done) or self.late

    def outcome(self) -> Outcome:
        if self.late:
            return Outcome("timeout")
        with os.fdopen(self.reader) as pipe:
            told = json.loads(pipe.read() or '{"broken": "it died without a word"}')
        if "broken" in told:
            raise RuntimeError(f"a mutant could not be tried: {told['broken']}")
        return Outcome(**told["outcome"])

    def kill(self) -> None:
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.reader)


def _be_the_child(
    target: Target, code: bytes, stages: Sequence[str], seed: int, writer: int
) -> NoReturn:
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    os.chdir(_compiler.ROOT)
    try:
        _replace_bytecode(target.contract, code)
        answer: dict[str, Any] = {"outcome": asdict(_run(target, stages, seed))}
    except BaseException:  # whatever it is, the parent must hear of it
        answer = {"broken": traceback.format_exc()}
    os.write(writer, json.dumps(answer).encode())
    os._exit(0)


def _replace_bytecode(contract: str, code: bytes) -> None:
    from defi_kit import artifacts, deployer, kit

    changed = replace(artifacts.load(contract), bytecode=code)
    original = artifacts.load

    def load(name: str) -> artifacts.Artifact:
        return changed if name == contract else original(name)

    artifacts.load = load  # type: ignore[assignment]
    # A deployment knows its contracts by their size, and a mutant has its own: that is no catch.
    kit.check_code = deployer.check_code = lambda *_: None  # type: ignore[attr-defined]


def _run(target: Target, stages: Sequence[str], seed: int) -> Outcome:
    for stage in stages:
        listener = _Listener()
        options = ["-x", "-q", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # the parent is warm
        # A test that fails may leave a generator half-way: pytest would stumble over it at its end.
        options += ["-p", "no:unraisableexception"]
        status = pytest.main([*options, *target.stage(stage)], plugins=[listener])
        if status in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
            return Outcome(stage, listener.test, listener.reason)
        if status != pytest.ExitCode.OK:
            raise RuntimeError(f"pytest could not run {stage} of {target.contract}: {status!r}")
    return Outcome("")


class _Listener:
    """What pytest reports first; and a Hypothesis that looks for one failure and shrinks none."""

    def __init__(self) -> None:
        self.test = ""
        self.reason = ""

    def pytest_configure(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants",
            settings.get_profile("default" if "dev" not in settings._profiles else "dev"),
            phases=(Phase.explicit, Phase.generate),
            database=None,
            deadline=None,
        )
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._hear(report)

    def pytest_collectreport(self, report: Any) -> None:
        self._hear(report)

    def _hear(self, report: Any) -> None:
        if report.failed and not self.test:
            self.test = report.nodeid
            crash = getattr(report.longrepr, "reprcrash", None)
            self.reason = " ".join(str(crash.message if crash else report.longrepr).split())[:240]
