"""Whose account a command sends with, and asking before it spends."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from defi_kit.cli._common import Command, stop_if_asked
from defi_kit.errors import DefiKitError, InputError, RefusedKey, UnknownAccount

__all__ = ["account_options", "ask", "in_words_of_the_command", "signer"]

_KEY = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")


def account_options(command: Command) -> Command:
    """Adds `--account` and `--password-file`."""
    password = click.option(
        "--password-file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File with the keystore's password in its first line; without it you are asked.",
    )
    account = click.option(
        "--account",
        metavar="KEYSTORE|env:NAME|ADDRESS",
        help="Who pays: a keystore file, a private key in an environment variable, or an account "
        "that the node has unlocked. On local chains a development account by default.",
    )
    return account(password(command))


@contextmanager
def in_words_of_the_command() -> Iterator[None]:
    """Errors about accounts, with hints that name this command's options."""
    from defi_kit.chain.node import LOCAL_CHAINS

    try:
        yield
    except UnknownAccount as error:
        raise UnknownAccount(
            error.message,
            hint="name who pays: --account takes a keystore file, env:NAME (a private key in that "
            "environment variable), or the address of an account that the node has unlocked",
        ) from error
    except RefusedKey as error:
        local = " and ".join(map(str, LOCAL_CHAINS))
        raise RefusedKey(
            error.message,
            hint=f"{error.hint}; only development nodes of chain {local} count as local",
        ) from error


def signer(account: str | None, password_file: Path | None) -> tuple[Any, str | None]:
    """What `Chain.connect` takes: a key, a keystore's path with its password, or an address."""
    if account is None:
        return None, None
    if _KEY.fullmatch(account):
        raise InputError(
            "a private key does not belong on the command line, where others can read it",
            hint="put it in an environment variable: --account env:NAME",
        )
    if account.startswith("0x"):
        return account, None
    if account.startswith("env:"):
        name = account.removeprefix("env:")
        key = os.environ.get(name, "").strip()
        if not key:
            raise InputError(f"the environment variable {name!r} is not set or empty")
        if not _KEY.fullmatch(key):
            # Not a character of it is shown: it may be a key with a slip in it.
            raise InputError(
                f"the environment variable {name!r} holds no private key",
                hint="64 hexadecimal digits, with or without 0x, and nothing around them",
            )
        return key, None
    path = Path(account)
    if not path.is_file():
        raise InputError(
            f"--account {account}: there is no such keystore file",
            hint="give a keystore file, env:NAME, or an address that the node has unlocked",
        )
    return path, _password(path, password_file)


def _password(keystore: Path, file: Path | None) -> str:
    if file is None:
        answer: str = click.prompt(f"Password of {keystore.name}", hide_input=True, err=True)
        return answer
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--password-file {file}: cannot be read: {error}") from None
    return lines[0] if lines else ""


def ask() -> None:
    """Asks whether to go ahead; raises `DefiKitError` unless somebody says yes."""
    try:
        agreed = click.confirm("Go ahead?", err=True)
    except click.Abort:
        stop_if_asked()  # it was Ctrl-C
        raise DefiKitError(
            "nobody is there to answer, so nothing was sent", hint="--yes goes ahead without asking"
        ) from None
    if not agreed:
        raise DefiKitError("nothing was sent")
