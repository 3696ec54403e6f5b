"""Anvil as an engine: started here, ended here, whatever happens to this process."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final

from ..errors import AnvilNotFound, ChainError, ChainTimeout, InputError, PortInUse
from .base import GENESIS
from .hashing import HasAddress
from .node import NodeChain
from .pruning import forget
from .receipts import Receipt
from .types import Sender, Transaction

__all__ = ["AnvilChain", "find_anvil"]

ATTEMPTS: Final = 10
"""Free ports tried: another program may take one between the look and the start."""

# Waits for its input to end, which happens when the parent is gone, however it went; then ends
# Anvil. A signal on the parent's death (Linux) would fire when the *thread* that started it ends.
# The whole group, because npm's `anvil` is a wrapper whose child is the real one.
_WATCHER: Final = 'read -r _; kill -s KILL -- "-$0" 2>/dev/null; rm -rf -- "$1"'

PRUNED: Final = ("--prune-history", "--no-request-size-limit")
"""Options of an Anvil that forgets: no state but the latest, and it can be told a large one."""

OFTEN: Final = 2_000
"""Blocks between two times that Anvil is made to forget, at least: it takes a third of a second."""


class AnvilChain(NodeChain):
    """An Anvil that lives as long as this object, and no longer than this process.

    `Chain.anvil` says what the arguments are.
    """

    engine: ClassVar[str] = "anvil"

    def __init__(
        self,
        port: int | None = None,
        *,
        timeout: float = 30.0,
        chain_id: int = 31337,
        hardfork: str = "cancun",
        arguments: Sequence[str] = (),
        program: str | Path | None = None,
        history: int | None = None,
    ) -> None:
        if port is not None and not (isinstance(port, int) and 0 < port < 65_536):
            raise InputError(f"a port is a number from 1 to 65535, not {port!r}")
        if history is not None and not (isinstance(history, int) and history > 0):
            raise InputError(f"history is a number of blocks, at least one, not {history!r}")
        self._history = history
        self._first = 0  # block that is still known, of those behind the first
        command = [
            str(program or find_anvil()),
            *("--host", "127.0.0.1"),
            *("--chain-id", str(chain_id)),
            *("--hardfork", hardfork),
            *("--timestamp", str(GENESIS)),
            # Order of arrival, not of fees; and no fees.
            *("--order", "fifo", "--gas-price", "0", "--block-base-fee-per-gas", "0"),
            # Nobody reads its output, and an undrained pipe would stop it.
            "--silent",
            *(PRUNED if history is not None else ()),
            *arguments,
        ]
        self._process = _start(command, port, timeout)
        self.port = self._process.port
        self.pid = self._process.pid
        self.url = f"http://127.0.0.1:{self.port}"
        try:
            super().__init__(self.url, chain_id=chain_id, timeout=timeout, local=True)
        except BaseException:
            self._process.end()
            raise

    def transact(
        self,
        to: HasAddress | str | None,
        data: bytes = b"",
        *,
        sender: Sender | None = None,
        value: int = 0,
        gas: int | None = None,
    ) -> Receipt:
        """Simulates, sends, and waits until it is mined."""
        receipt = super().transact(to, data, sender=sender, value=value, gas=gas)
        self._forget(receipt.block_number)
        return receipt

    def batch(self, transactions: Iterable[Transaction]) -> list[Receipt]:
        """One block, all or nothing."""
        receipts = super().batch(transactions)
        if receipts:
            self._forget(receipts[-1].block_number)
        return receipts

    def _forget(self, latest: int) -> None:
        """Lets Anvil forget, now and then, what is more than `history` blocks old."""
        kept = self._history
        if kept is None or latest - self._first < kept + max(kept, OFTEN):
            return
        if self._dev is not None and self._dev.may_forget():
            self._first = latest + 1 - kept
            forget(self.rpc, self._first)
            self._dev.settle_in()
            self._dev.set_next_timestamp(self.timestamp + 1)  # its clock is back at block 0

    def close(self) -> None:
        """Hangs up and ends Anvil. Twice is harmless."""
        super().close()
        self._process.end()


def find_anvil() -> str:
    """The anvil program: in `node_modules/.bin` here or in a folder above, or on the PATH."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        for place in (
            # The program itself before the wrapper, which would only start it through Node.
            *sorted((folder / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil")),
            folder / "node_modules" / ".bin" / "anvil",
        ):
            if os.access(place, os.X_OK):
                return str(place)
    found = shutil.which("anvil")
    if found is None:
        beside = Path(sys.prefix) / "bin" / "anvil"
        found = str(beside) if os.access(beside, os.X_OK) else None
    if found is None:
        raise AnvilNotFound(
            "anvil is neither in node_modules nor on the PATH",
            hint="in defi_kit's repository `make up` brings it; elsewhere `npm install "
            "@foundry-rs/anvil`, or install Foundry (https://getfoundry.sh); the embedded chain "
            "needs neither",
        )
    return found


# --- the process ----------------------------------------------------------------------------------


class _Process:
    """A running Anvil and its watcher."""

    def __init__(self, anvil: subprocess.Popen[bytes], port: int, folder: str) -> None:
        self.port = port
        self.pid = anvil.pid
        self.folder = folder
        watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHER, str(anvil.pid), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # Also runs when this object is forgotten, and when the interpreter ends.
        self.end = weakref.finalize(self, _end, os.getpid(), anvil, watcher, folder)


def _start(command: list[str], port: int | None, timeout: float) -> _Process:
    if port is not None:
        return _launch(command, port, timeout)
    for _ in range(ATTEMPTS):
        with suppress(PortInUse):
            return _launch(command, _free_port(), timeout)
    raise PortInUse(f"{ATTEMPTS} free ports were taken by others before Anvil could have them")


def _launch(command: list[str], port: int, timeout: float) -> _Process:
    """Starts Anvil and waits until it has the port. PortInUse, ChainError, ChainTimeout."""
    deadline = time.monotonic() + timeout
    # Old states go there, a gigabyte in ten thousand blocks, and with it: Anvil has no time to
    # tidy up when it is ended.
    folder = tempfile.mkdtemp(prefix="defi_kit_anvil_")
    if "--cache-path" not in command:
        command = [*command, "--cache-path", folder]
    with tempfile.TemporaryFile() as complaints:
        # Anvil writes this file once it listens: an answer on the port could be another's.
        ready = Path(folder) / "ready.json"
        try:
            anvil = subprocess.Popen(
                [*command, "--port", str(port), "--config-out", str(ready)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                start_new_session=True,  # Ctrl-C is for us; we end it in good order
            )
        except OSError as error:
            _remove(folder)
            raise AnvilNotFound(f"cannot start {command[0]}: {error.strerror}") from None
        try:
            process = _Process(anvil, port, folder)
        except BaseException:
            _kill_group(anvil)
            _remove(folder)
            raise
        try:
            while not ready.exists():
                if anvil.poll() is not None:
                    complaints.seek(0)
                    raise _refusal(complaints.read(4096).decode(errors="replace"), port)
                if time.monotonic() > deadline:
                    raise ChainTimeout(f"Anvil did not start within {timeout:g} s")
                time.sleep(0.005)
        except BaseException:
            process.end()
            raise
        return process


def _refusal(said: str, port: int) -> ChainError:
    if "in use" in said or "Permission denied" in said:
        return PortInUse(
            f"port {port} of 127.0.0.1 is taken, or not ours to take",
            hint="name another one, or end what listens there",
        )
    return ChainError(f"Anvil did not start: {said.strip() or 'it gave no reason'}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(
    parent: int,
    anvil: subprocess.Popen[bytes],
    watcher: subprocess.Popen[bytes],
    folder: str,
) -> None:
    if os.getpid() != parent:
        return  # a fork of this process ends; Anvil is not its child
    # The watcher first: once Anvil is gone, its number may be another's.
    _kill(watcher)
    if watcher.stdin is not None:
        with suppress(OSError):
            watcher.stdin.close()
    _kill_group(anvil)
    _remove(folder)


def _remove(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _kill_group(leader: subprocess.Popen[bytes]) -> None:
    """Ends the process and whatever it started: it leads a group of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, signal.SIGKILL)
    _kill(leader)


def _kill(process: subprocess.Popen[bytes]) -> None:
    # Anvil has nothing to save; a polite signal would only take longer.
    process.kill()
    process.wait()
