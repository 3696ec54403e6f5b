"""What every command has in common: help, exit codes, one clear line for an error."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from defi_kit.errors import DefiKitError

ENOUGH = 120
"""For what takes a moment, on a machine that has much else to do. [seconds]"""


def test_help_lists_every_command(cli):
    result = cli("--help")
    assert result.exit_code == 0
    for name in ("demo", "replay", "up", "deploy", "status", "keeper"):
        assert f"  {name} " in result.stdout


@pytest.mark.parametrize("name", ["demo", "replay", "up", "deploy", "status", "keeper"])
def test_every_command_has_help_and_json(cli, name):
    result = cli(name, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout


def test_the_amounts_in_json_are_said_to_be_exact(cli):
    assert "exact to the last digit" in " ".join(cli("demo", "--help").stdout.split())


def test_the_version_is_told(cli):
    result = cli("--version")
    assert result.exit_code == 0
    assert "defi-kit" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["replay"],
        ["demo", "--loans", "5"],
        ["replay", "x.csv", "--loans", "0"],
        ["replay", "x.csv", "--seed", "-1"],
        ["replay", "x.csv", "--step", "1x"],
        ["replay", "x.csv", "--step", "0h"],
        ["replay", "x.csv", "--from", "yesterday"],
        ["replay", "x.csv", "--from", "2030"],
        ["replay", "x.csv", "--to", "2022"],
        ["up", "--port", "0"],
        ["up", "--port", "70000"],
        ["deploy"],
        ["keeper", "--interval", "0"],
    ],
)
def test_wrong_usage_exits_with_two(cli, arguments):
    result = cli(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert result.stdout == ""


def test_an_error_is_one_line_with_a_hint_and_exit_code_one(cli):
    result = cli("replay", "nowhere.csv")
    assert result.exit_code == 1
    assert result.stderr == "error: nowhere.csv: there is no such file\n"
    assert result.stdout == ""
    hinted = cli("demo", "--chain", "ftp://127.0.0.1")
    assert hinted.exit_code == 1
    assert "\n  hint: " in hinted.stderr
    assert "Traceback" not in hinted.stderr


def test_an_error_is_a_json_object_for_those_who_ask(cli):
    told = cli.json("replay", "nowhere.csv", code=1)
    assert told == {
        "error": "PriceHistoryError",
        "message": "nowhere.csv: there is no such file",
        "hint": None,
    }


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1", "ws://127.0.0.1:1", "ftp://x", "hardhat", "http://", "/no/such.ipc"],
)
@pytest.mark.parametrize("command", ["demo", "status", "deploy", "keeper"])
def test_a_wrong_url_or_an_absent_node_is_an_error(cli, command, url):
    result = cli(command, "--chain", url)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert list(cli.folder.iterdir()) == []


def test_without_anvil_the_commands_that_need_it_say_so(cli, monkeypatch):
    from defi_kit.chain import anvil
    from defi_kit.errors import AnvilNotFound

    def absent(*_: object, **__: object) -> str:
        raise AnvilNotFound("anvil is not installed", hint="npm install")

    monkeypatch.setattr(anvil, "find_anvil", absent)
    for arguments in (["demo", "--chain", "anvil"], ["up"]):
        result = cli(*arguments)
        assert result.exit_code == 1
        assert "error: anvil is not installed" in result.stderr
    assert list(cli.folder.iterdir()) == []


def test_the_command_line_starts_quickly(spawn):
    """0.2 s; what else the machine does meanwhile is not counted."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = spawn("--help")
    out, _ = process.communicate(timeout=ENOUGH)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process.returncode == 0
    assert "demo" in out
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 3


def test_a_reader_that_leaves_early_is_no_traceback(spawn):
    process = spawn("demo", "--no-picture", "--json", "--path")
    process.stdout.close()
    errors = process.stderr.read()
    process.wait(timeout=ENOUGH)
    assert "Traceback" not in errors
    assert process.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
@pytest.mark.parametrize(
    "arguments", [["--version"], ["demo", "--no-picture"], ["replay", "x.csv", "--loans", "0"]]
)
def test_a_full_disk_is_one_line_and_no_traceback(tmp_path, arguments):
    with open("/dev/full", "w") as full:
        done = _run([*arguments, *(["--json"] if len(arguments) > 1 else [])], tmp_path, full)
    assert done.returncode == 1
    assert done.stderr.endswith("error: cannot write the output: No space left on device\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"), [("demo --no-picture --json", 0), ("status --chain ipc:none", 1)]
)
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"])
def test_output_that_is_closed_is_no_bug(tmp_path, arguments, code, closed):
    command = f"{sys.executable} -m defi_kit {arguments} {closed}"
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=ENOUGH
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def _run(arguments, folder, stdout):
    return subprocess.run(
        [sys.executable, "-m", "defi_kit", *arguments],
        cwd=folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=ENOUGH,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_replay_ends_at_once_and_writes_nothing(spawn, tmp_path, number, code):
    rows = "".join(f"{60 * n},{1000 + n % 7}\n" for n in range(50_000))
    os.mkfifo(tmp_path / "long.csv")  # so that it is known when the replay has begun
    process = spawn("replay", "long.csv")
    with suppress(BrokenPipeError):  # it has read enough to refuse it: told below
        (tmp_path / "long.csv").write_text("time,close\n" + rows)
    time.sleep(1)
    process.send_signal(number)
    out, errors = process.communicate(timeout=ENOUGH)
    assert process.returncode == code
    assert out == ""
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["long.csv"]


def test_an_interrupted_demo_takes_back_the_folder_it_made(spawn, tmp_path):
    process = spawn("demo", "--chain", "anvil", "--out", "new/story")
    end = time.monotonic() + ENOUGH
    while not (tmp_path / "new/story").is_dir() and time.monotonic() < end:
        time.sleep(0.02)
    assert (tmp_path / "new/story").is_dir()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=ENOUGH)
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_there_stays_when_the_work_fails(cli):
    (cli.folder / "mine").mkdir()
    assert cli("demo", "--chain", "http://127.0.0.1:1", "--out", "mine").exit_code == 1
    assert (cli.folder / "mine").is_dir()


def test_an_interrupt_inside_a_text_that_is_executed_has_the_same_exit_code(tmp_path):
    """As while a dataclass is made: CPython would die of SIGINT once all is done."""
    (tmp_path / "odd.py").write_text(
        "import click\n"
        "from defi_kit.cli._common import Commands\n"
        "main = Commands(callback=None)\n"
        "main.add_command(click.Command('run', callback=lambda: exec('raise KeyboardInterrupt')))\n"
        "main()\n"
    )
    command = [sys.executable, "-m", "odd", "run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=ENOUGH)
    assert (done.returncode, done.stderr.strip()) == (130, "interrupted")


def test_an_interrupt_that_got_lost_is_not_forgotten(cli, monkeypatch):
    """Python drops what a signal raises inside a `__del__`; the next row notices."""
    import defi_kit.simulation.run

    class Last:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    told = []
    result = defi_kit.simulation.run._Run._result
    monkeypatch.setattr(defi_kit.simulation.run._Run, "_result", lambda s: told.append(result(s)))
    books = defi_kit.simulation.run.Auditor.books

    def lossy(self, **options):
        last = Last()
        with monkeypatch.context() as quiet:
            quiet.setattr(sys, "unraisablehook", lambda _: told.append("lost"))
            del last
        return books(self, **options)

    monkeypatch.setattr(defi_kit.simulation.run.Auditor, "books", lossy)
    assert cli("demo", "--no-picture").exit_code == 130
    assert set(told) == {"lost"}


def children(pid: int) -> set[int]:
    """The processes whose parent is `pid`."""
    found = set()
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            if int(file.read_text().rpartition(")")[2].split()[1]) == pid:
                found.add(int(file.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in Linux's /proc")
def test_an_interrupted_replay_on_anvil_leaves_no_anvil(spawn, tmp_path):
    rows = "".join(f"{60 * n},{1000 + n % 7}\n" for n in range(50_000))
    (tmp_path / "long.csv").write_text("time,close\n" + rows)
    process = spawn("replay", "long.csv", "--chain", "anvil")
    end = time.monotonic() + ENOUGH
    while not (started := children(process.pid)) and time.monotonic() < end:
        time.sleep(0.05)
    assert started
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=ENOUGH)
    assert process.returncode == 130
    end = time.monotonic() + ENOUGH
    while (left := [pid for pid in started if Path(f"/proc/{pid}").is_dir()]) and (
        time.monotonic() < end
    ):
        time.sleep(0.05)
    assert left == []


def test_an_error_the_kit_does_not_know_is_not_hidden(cli, monkeypatch):
    """A bug must show where it is: only the kit's own errors become one line."""
    import defi_kit.simulation

    def buggy(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(defi_kit.simulation, "replay", buggy)
    assert isinstance(cli("demo", "--no-picture").exception, ZeroDivisionError)


def test_a_year_is_not_taken_for_seconds(cli):
    assert (
        "is a year and no moment; write 2030-01-01" in cli("replay", "x", "--from", "2030").stderr
    )


def test_the_collateral_is_not_called_as_the_dollar(cli):
    (cli.folder / "x.csv").write_text("time,close\n2020-01-01,100\n2020-01-02,90\n")
    refused = cli("replay", "x.csv", "--asset", "USD")
    assert refused.exit_code == 1
    assert "an asset called USD" in refused.stderr


def test_errors_without_a_message_are_named(cli, monkeypatch):
    import defi_kit.simulation

    def silent(*_: object, **__: object) -> None:
        raise DefiKitError

    monkeypatch.setattr(defi_kit.simulation, "replay", silent)
    assert cli("demo", "--no-picture").stderr == "error: DefiKitError\n"
    assert json.loads(cli("demo", "--no-picture", "--json").stdout)["error"] == "DefiKitError"


def test_wrong_usage_is_one_json_object_too(cli):
    result = cli("replay", "prices.csv", "--loans", "0", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"] == "BadParameter"
