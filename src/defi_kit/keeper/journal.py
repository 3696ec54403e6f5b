"""What a keeper knows and was about to do, kept on disk: one JSON object a line.

A line is on disk before the step that it announces. After a crash, the lines say which borrowers
are known up to which block, and whether a transaction was sent whose end nobody saw. A last line
that was cut off in the middle never took effect, and is dropped.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any, NamedTuple

from ..errors import DeploymentError, WrongDeployment

__all__ = ["Intention", "Journal"]


class Intention(NamedTuple):
    """A liquidation that is about to be sent."""

    account: str
    token: str
    block: int
    """Latest block before it was sent."""


class Journal:
    """The journal of one keeper's contract on one chain; without a path it is kept in memory only.

    Raises `WrongDeployment` for a file that is another keeper's, or that another process has open.
    """

    def __init__(self, path: Path | None, *, chain_id: int, genesis: str, keeper: str) -> None:
        self.path = path
        self.scanned = 0
        """Blocks below this one have been looked through for borrowers."""
        self.borrowers: dict[str, None] = {}
        """Whoever ever borrowed, in the order of their first loans."""
        self.open: Intention | None = None
        """What was about to be sent when the lines end."""
        self._file: IO[str] | None = None
        head = {"keeper": keeper, "chain_id": chain_id, "genesis": genesis}
        if path is not None:
            self._file = _opened(path)
            try:
                self._read(path, head)
            except BaseException:
                self.close()
                raise

    @staticmethod
    def keeper_of(path: Path) -> str | None:
        """Whose journal the file is: the address of a keeper's contract; None when it is nobody's
        yet."""
        if not path.exists():
            return None
        try:
            lines = _whole_lines(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise DeploymentError(f"cannot read the keeper's journal {path}: {error}") from error
        head = _parsed(path, lines[0]) if lines else {}
        return str(head["keeper"]) if "keeper" in head else None

    def _read(self, path: Path, head: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.seek(0)
        text = self._file.read()
        lines = _whole_lines(text)
        kept = sum(len(line) + 1 for line in lines)
        if kept < len(text):  # cut off in the middle of a line
            self._file.truncate(len("".join(f"{line}\n" for line in lines).encode()))
        if not lines:
            self._write(head)
            return
        found = _parsed(path, lines[0])
        if found != head:
            if found | {"genesis": head["genesis"]} == head:
                raise WrongDeployment(
                    f"{path} is the journal of a keeper on a chain {head['chain_id']} that began "
                    "with another block",
                    hint="a development chain was restarted: name another file, or move this one "
                    "away",
                )
            raise WrongDeployment(
                f"{path} is the journal of the keeper {found.get('keeper')} on chain "
                f"{found.get('chain_id')}, not of {head['keeper']} on chain {head['chain_id']}",
                hint="name another file, or move this one away",
            )
        for line in lines[1:]:
            self._take(_parsed(path, line))

    def _take(self, entry: dict[str, Any]) -> None:
        if "scanned" in entry:
            self.scanned = entry["scanned"]
            self.borrowers |= dict.fromkeys(entry["borrowers"])
        elif "sends" in entry:
            self.open = Intention(*entry["sends"])
        else:
            self.open = None

    def saw(self, scanned: int, borrowers: list[str]) -> None:
        """Blocks below `scanned` are looked through; these borrowers were new."""
        self._note({"scanned": scanned, "borrowers": borrowers})

    def sends(self, intention: Intention) -> None:
        """A liquidation is about to be sent."""
        self._note({"sends": list(intention)})

    def ended(self, outcome: str, **details: Any) -> None:
        """What became of it: `kept`, `refused` or `lost`."""
        self._note({outcome: details})

    def _note(self, entry: dict[str, Any]) -> None:
        self._write(entry)
        self._take(entry)

    def _write(self, entry: dict[str, Any]) -> None:
        if self._file is None:
            return
        self._file.seek(0, os.SEEK_END)
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Lets other processes have the file. Closing twice is harmless."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _opened(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+", encoding="utf-8", newline="\n")  # noqa: SIM115  (the journal closes it)
    except OSError as error:
        raise DeploymentError(
            f"cannot write the keeper's journal {path}: {error.strerror}",
            hint="choose a folder you may write to",
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise WrongDeployment(
            f"{path} is open in another process: a keeper is running with it",
            hint="stop that one, or name another file",
        ) from None
    return file


def _whole_lines(text: str) -> list[str]:
    return text.split("\n")[:-1]


def _parsed(path: Path, line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise WrongDeployment(f"{path} is not the journal of a keeper: {line[:60]!r}")
    return entry
