"""What the commands share: errors and exit codes, `--json`, `--chain`, and where output goes.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted by Ctrl-C, 143 by SIGTERM.
Of `fuzz`, where 1 is a violation, also 2 whenever nothing was fuzzed.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import urlsplit

import click

from defi_kit.errors import DefiKitError, ParameterError

if TYPE_CHECKING:
    from rich.console import Console

    from defi_kit.chain import Chain

__all__ = [
    "INTERRUPTED",
    "REFUSED",
    "TERMINATED",
    "WRONG_USAGE",
    "Commands",
    "chain_option",
    "console",
    "deployed_options",
    "deployment_at",
    "deployment_file",
    "json_option",
    "open_chain",
    "print_json",
    "refuse_fresh_chains",
    "report",
    "stop_if_asked",
]

Command = TypeVar("Command", bound=Callable[..., Any])

REFUSED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
TERMINATED = 143

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a full or broken disk answers."""


class Commands(click.Group):
    """A group whose errors are one clear line, in red where there is colour, and an exit code."""

    def main(  # type: ignore[override]  # click's has overloads for standalone_mode
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        **extra: Any,
    ) -> NoReturn:
        """Runs the command line and exits. Nothing is left running, whatever happens."""
        arguments = list(sys.argv[1:] if args is None else args)
        extra["standalone_mode"] = False
        _open_what_is_closed()
        sys.exit(self._run(arguments, prog_name or "defi-kit", extra))

    def _run(self, arguments: list[str], name: str, extra: dict[str, Any]) -> int:
        try:
            code = self._attempt(arguments, name, extra)
            sys.stdout.flush()
            return code
        except BrokenPipeError:  # the reader (`| head`) left
            _discard_output()
            return REFUSED
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            _discard_output()
            where = "the output" if error.filename is None else error.filename
            report(DefiKitError(f"cannot write {where}: {error.strerror}"), as_json=False)
            return REFUSED

    def _attempt(self, arguments: list[str], name: str, extra: dict[str, Any]) -> int:
        as_json = "--json" in arguments
        try:
            with _signals():
                code = super().main(arguments, name, **extra)
            return code if isinstance(code, int) else 0
        except click.exceptions.Exit as done:
            return done.exit_code
        except click.ClickException as error:
            error.show()
            if as_json:
                told = {"error": type(error).__name__, "message": error.format_message()}
                print_json({**told, "hint": None})
            return error.exit_code
        except DefiKitError as error:
            report(error, as_json)
            return REFUSED
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            # An interrupt inside exec() of a text, as dataclasses do, CPython takes for unhandled
            # though it was handled, and dies of SIGINT at exit; the next such text clears that.
            exec("")
            return INTERRUPTED
        except _Terminated:
            click.echo("terminated", err=True)
            return TERMINATED


def _open_what_is_closed() -> None:
    """Output that the shell closed (`>&-`) goes nowhere, as with `>/dev/null`: otherwise the next
    file or socket would take its number, and what is printed would end up there."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115


def _discard_output() -> None:
    """Points stdout elsewhere, so that what is still buffered does not fail once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Terminated(BaseException):
    """SIGTERM arrived; raised so that every `with` block closes what it opened."""


_STOPS: dict[int, type[BaseException]] = {
    signal.SIGINT: KeyboardInterrupt,
    signal.SIGTERM: _Terminated,
    signal.SIGHUP: _Terminated,  # the terminal was closed
}
_asked: list[int] = []


def stop_if_asked() -> None:
    """Raises what a signal asked for, if that was lost.

    Python drops an exception that a signal raises inside somebody's `__del__`, of which there are
    thousands a second in a replay; long loops therefore ask here.
    """
    if _asked:
        raise _STOPS[_asked[0]]


@contextmanager
def _signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise, and are remembered until the command has ended."""

    def stop(number: int, _: object) -> NoReturn:
        _asked.append(number)
        raise _STOPS[number]

    _asked.clear()
    try:
        before = {number: signal.signal(number, stop) for number in _STOPS}
    except ValueError:  # not in the main thread, where nobody may set handlers
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def report(error: DefiKitError, as_json: bool) -> None:
    """Says on stderr what went wrong and what helps; with `--json` on stdout as well."""
    message, hint = error.message or type(error).__name__, error.hint
    click.echo(
        f"{click.style('error:', fg='red', bold=True)} {click.style(message, fg='red')}", err=True
    )
    if hint:
        click.echo(f"  hint: {hint}", err=True)
    if as_json:
        print_json({"error": type(error).__name__, "message": message, "hint": hint})


def print_json(data: dict[str, Any]) -> None:
    """Prints exactly one JSON object on stdout."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def console(*, as_json: bool = False) -> Console:
    """Where people read: stdout, or stderr when stdout belongs to JSON."""
    from rich.console import Console

    out = Console(stderr=as_json, highlight=False)
    if not out.is_terminal and "COLUMNS" not in os.environ:
        out.width = 120  # a file or pipe has no width; eighty columns would break the tables
    return out


def deployment_file(chain_id: int, port: int | None = None) -> Path:
    """Where a deployment is written and looked for unless a file is named."""
    name = f"{chain_id}.json" if port is None else f"{chain_id}-{port}.json"
    return Path("deployments") / name


def deployment_at(url: str, chain_id: int) -> Path:
    """Where `up` on that port, or else `deploy`, writes."""
    with suppress(ValueError):  # an IPC path, or a port that is none
        of_port = deployment_file(chain_id, urlsplit(url).port)
        if of_port.exists():
            return of_port
    return deployment_file(chain_id)


def refuse_fresh_chains(where: str) -> None:
    """Raises `ParameterError` for a chain that would be started now."""
    if where in ("embedded", "anvil"):
        raise ParameterError(
            f"nothing is deployed on a fresh {where} chain",
            hint="start one that stays, `defi-kit up`, or give the URL of a node",
        )


def json_option(command: Command) -> Command:
    """Adds `--json`."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print one JSON object on stdout, progress on stderr. Amounts, prices and ratios of "
        "contracts are decimal strings, exact to the last digit; what a model or a benchmark "
        "computes in floating point are numbers.",
    )(command)


def deployed_options(command: Command) -> Command:
    """Adds `--chain` and `--deployment` for commands that need what is deployed already."""
    chain = click.option(
        "--chain",
        "url",
        default="http://127.0.0.1:8545",
        show_default=True,
        metavar="URL",
        help="http://, ws:// or the path of an IPC socket.",
    )
    deployment = click.option(
        "--deployment",
        "file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File that `up` or `deploy` wrote.  [default: deployments/<chain id>.json, "
        "or <chain id>-<port>.json where there is one]",
    )
    return chain(deployment(command))


def chain_option(command: Command) -> Command:
    """Adds `--chain` for commands that can make their own chain."""
    return click.option(
        "--chain",
        "where",
        default="embedded",
        show_default=True,
        metavar="embedded|anvil|URL",
        help="Where to run: in this process, on an Anvil started for it, or on a running local "
        "development node (http://, ws://, or the path of an IPC socket).",
    )(command)


def open_chain(where: str) -> Chain:
    """The chain that `--chain` names; close it (`with`)."""
    from defi_kit.chain import Chain

    if where == "embedded":
        return Chain.embedded()
    if where == "anvil":
        return Chain.anvil()
    return Chain.connect(where)
