"""What a keeper knows and was about to do, kept on disk: one JSON object a line.

A line is on disk before the step that it announces. After a crash, the lines say which borrowers
are known up to which block, and whether a transaction was sent whose end nobody saw. A last line
that was cut off in the middle never took effect, and is dropped.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from bisect import bisect_left
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from ..errors import DeploymentError, WrongDeployment

__all__ = ["Intention", "Journal", "Mark"]

_ADDRESS: Final = re.compile("0x[0-9a-fA-F]{40}")
_HEAD: Final = {"keeper": str, "chain_id": int, "genesis": str}


class Intention(NamedTuple):
    """A liquidation that is about to be sent."""

    account: str
    token: str
    block: int
    """Latest block before it was sent."""


class Mark(NamedTuple):
    """How far the chain was looked through."""

    scanned: int
    """Blocks below this one."""
    hash: str | None
    """Of the last of them; None on the embedded engine, whose blocks have none."""


class Journal:
    """The journal of one keeper's contract on one chain; without a path it is kept in memory only.

    Raises `WrongDeployment` for a file that is another keeper's or none at all, or that is in use.
    """

    def __init__(self, path: Path | None, *, chain_id: int, genesis: str, keeper: str) -> None:
        self.path = path
        self.marks: list[Mark] = []
        """How far the chain had been looked through for borrowers, and when: ever further."""
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
    def keeper_of(path: str | Path) -> str | None:
        """Whose journal the file is: the address of a keeper's contract; None when it is nobody's
        yet."""
        try:
            with open(path, encoding="utf-8", newline="\n") as file:
                lines = _whole_lines(_text(Path(path), file))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DeploymentError(
                f"cannot read the keeper's journal {path}: {error.strerror}"
            ) from error
        return str(_head(Path(path), lines[0])["keeper"]) if lines else None

    def _read(self, path: Path, head: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.seek(0)
        text = _text(path, self._file)
        lines = _whole_lines(text)
        kept = sum(len(line) + 1 for line in lines)
        if kept < len(text):  # cut off in the middle of a line
            self._file.truncate(len("".join(f"{line}\n" for line in lines).encode()))
        if not lines:
            self._write(head)
            return
        found = _head(path, lines[0])
        if found != head:
            if found | {"genesis": head["genesis"]} == head:
                raise WrongDeployment(
                    f"{path} is the journal of a keeper on a chain {head['chain_id']} that began "
                    "with another block",
                    hint="a development chain was restarted: name another file, or move this one "
                    "away",
                )
            raise WrongDeployment(
                f"{path} is the journal of the keeper {found['keeper']} on chain "
                f"{found['chain_id']}, not of {head['keeper']} on chain {head['chain_id']}",
                hint="name another file, or move this one away",
            )
        for number, line in enumerate(lines[1:], start=2):
            entry = _parsed(line)
            if entry is None or not _is_entry(entry):
                raise WrongDeployment(
                    f"{path}, line {number}, is no entry of a keeper's journal: {line[:60]!r}",
                    hint="remove this line and all after it: what they told is looked up again",
                )
            self._take(entry)

    @property
    def scanned(self) -> int:
        """Blocks below this one have been looked through for borrowers."""
        return self.marks[-1].scanned if self.marks else 0

    def agreed(self, hash_of: Callable[[int], str | None]) -> int:
        """Blocks below this one have been looked through, and still are those of the chain.

        `hash_of` tells a block's hash, None where there is no such block. Where the last blocks
        were undone or replaced by others, the journal goes back to where it agrees.
        """

        def differs(mark: Mark) -> bool:
            # Block 0 is the head's affair; where blocks have no hash, nothing is known to agree.
            return mark.hash is None or hash_of(mark.scanned - 1) != mark.hash

        if self.marks and not differs(self.marks[-1]):
            return self.scanned
        place = bisect_left(self.marks, True, key=differs)
        return self.marks[place - 1].scanned if place else 0

    def _take(self, entry: dict[str, Any]) -> None:
        if "scanned" in entry:
            mark = Mark(entry["scanned"], entry["hash"])
            while self.marks and self.marks[-1].scanned >= mark.scanned:
                self.marks.pop()
            self.marks.append(mark)
            self.borrowers |= dict.fromkeys(entry["borrowers"])
        elif "sends" in entry:
            self.open = Intention(*entry["sends"])
        else:
            self.open = None

    def saw(self, mark: Mark, borrowers: list[str]) -> None:
        """So far the chain is looked through; these borrowers were new."""
        if borrowers or mark not in self.marks[-1:]:
            self._note({**mark._asdict(), "borrowers": borrowers})

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
            f"{path} is in use: a keeper is running with it, in this process or another",
            hint="stop that one (keeper.close()), or name another file",
        ) from None
    return file


def _whole_lines(text: str) -> list[str]:
    return text.split("\n")[:-1]


def _text(path: Path, file: IO[str]) -> str:
    try:
        return file.read()
    except UnicodeDecodeError:
        raise WrongDeployment(
            f"{path} is not the journal of a keeper: it is no text",
            hint="name another file",
        ) from None


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _head(path: Path, line: str) -> dict[str, Any]:
    head = _parsed(line)
    if head is None or {name: type(value) for name, value in head.items()} != _HEAD:
        raise WrongDeployment(
            f"{path} is not the journal of a keeper: {line[:60]!r}", hint="name another file"
        )
    return head


def _is_entry(entry: dict[str, Any]) -> bool:
    """Whether it has the shape of what `saw`, `sends` or `ended` write."""
    match entry:
        case {"scanned": int(scanned), "hash": str() | None, "borrowers": list(found), **rest}:
            return not rest and scanned >= 0 and _are_addresses(found)
        case {"sends": [str(account), str(token), int(block)], **rest}:
            return not rest and _are_addresses([account, token]) and block >= 0
        case {"kept": dict()} | {"refused": dict()} | {"lost": dict()}:
            return len(entry) == 1
    return False


def _are_addresses(values: list[Any]) -> bool:
    return all(isinstance(value, str) and _ADDRESS.fullmatch(value) for value in values)
