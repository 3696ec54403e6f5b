"""The logs of a chain that this process keeps itself: the latest in memory, the rest in a file.

A transaction's logs are decoded when somebody asks for them. Beyond `KEPT` logs the older half goes
to a temporary file without a name, which ends with the process; so a million transactions need no
more memory than ten thousand.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import weakref
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import product
from typing import IO, Any, Final

from .filters import Topics, topics_match
from .hashing import checksum_address
from .receipts import Log

__all__ = ["Logbook"]

KEPT: Final = 8_000
"""Logs in memory at most; the older half is filed when there are more."""

UNREAD: Final = 2_048
"""Transactions whose logs may stay undecoded: muted contracts' logs are dropped on decoding."""

CHUNK: Final = 1 << 20
"""What is copied at once. [bytes]"""

_Key = tuple[str, bytes | None]
"""Contract and first topic; None for all of its logs."""


class _Emitted:
    """The logs of one transaction as the EVM has them."""

    __slots__ = ("block", "count", "decoded", "first", "raw", "timestamp", "transaction")

    def __init__(self, raw: Any, first: int, block: int, timestamp: int, transaction: str) -> None:
        self.raw = raw
        self.count = len(raw)
        self.first = first
        self.block = block
        self.timestamp = timestamp
        self.transaction = transaction
        self.decoded: tuple[Log, ...] | None = None

    def logs(self) -> tuple[Log, ...]:
        """Decoded; once."""
        if self.decoded is None:
            found = []
            for place, item in enumerate(self.raw, self.first):
                topics, data = item.data
                address = checksum_address(item.address)
                log = Log(
                    address,
                    tuple(topics),
                    data,
                    self.block,
                    self.timestamp,
                    self.transaction,
                    place,
                )
                found.append(log)
            self.decoded, self.raw = tuple(found), ()
        return self.decoded


@dataclass(frozen=True, slots=True)
class _Page:
    """Where the logs of some consecutive blocks are in the file."""

    first: int
    last: int
    """Blocks of the first and of the last."""
    leaves: Mapping[_Key, tuple[int, int]]
    """Contract and kind of event → where such logs are, each kind by itself: offset and size."""

    def places(
        self, wanted: tuple[str, ...] | None, kinds: Sequence[bytes] | None
    ) -> list[tuple[int, int]]:
        """Where there are logs of these contracts and kinds; None for any."""
        if wanted is None or kinds is None:
            return [
                place
                for (address, kind), place in self.leaves.items()
                if (wanted is None or address in wanted) and (kinds is None or kind in kinds)
            ]
        keys = product(dict.fromkeys(wanted), dict.fromkeys(kinds))
        return [self.leaves[key] for key in keys if key in self.leaves]


class Logbook:
    """Every log of a chain, oldest first."""

    def __init__(self) -> None:
        self._unread: list[_Emitted] = []
        self._logs: list[Log] = []
        self._of: dict[_Key, list[Log]] = {}
        self._muted: set[str] = set()
        self._pages: list[_Page] = []
        self._filed = 0
        self._file: IO[bytes] | None = None
        self._owner = 0

    def add(
        self, raw: Any, block: int, timestamp: int, transaction: str
    ) -> Callable[[], tuple[Log, ...]]:
        """Notes the logs of a transaction, a list of pyrevm's; how to get them decoded."""
        if not raw:
            return _nothing
        previous = self._unread[-1] if self._unread else None
        if previous is not None and previous.block == block:
            first = previous.first + previous.count
        else:
            first = self._logs[-1].log_index + 1 if self._ends_with(block) else 0
        emitted = _Emitted(raw, first, block, timestamp, transaction)
        self._unread.append(emitted)
        return emitted.logs

    def mute(self, addresses: set[str]) -> None:
        """Keeps no further logs of these contracts."""
        self._read()
        self._muted |= addresses

    def cut(self, block: int) -> None:
        """Forgets the logs of all later blocks."""
        while self._unread and self._unread[-1].block > block:
            self._unread.pop()
        while self._logs and self._logs[-1].block_number > block:
            for key in _keys(self._logs.pop()):
                self._of[key].pop()

    def tidy(self) -> None:
        """Files old logs away if there are many; what is filed can no longer be cut."""
        if len(self._unread) >= UNREAD:
            self._read()
            while len(self._logs) > KEPT:
                self._file_away(self._logs[: KEPT // 2])

    def find(
        self, wanted: tuple[str, ...] | None, topics: Topics | None, first: int, last: int
    ) -> Iterator[Log]:
        """The logs of these contracts, or of all, in these blocks, inclusive."""
        self._read()
        kept = self._logs
        kinds = topics[0] if topics else None
        kinds = [kinds] if isinstance(kinds, bytes) else kinds
        if wanted is not None and len(wanted) == 1:
            kind = kinds[0] if kinds is not None and len(kinds) == 1 else None
            kept = self._of.get((wanted[0], kind), [])
        start = bisect_left(kept, first, key=_block_of)
        latest = kept[start : bisect_right(kept, last, key=_block_of)]
        for page in [*self._pages]:
            if page.last < first or page.first > last:
                continue
            leaves = [self._load(*place) for place in page.places(wanted, kinds)]
            for log in merge(*leaves, key=_place_of):
                if first <= log.block_number <= last and _is_wanted(log, wanted, topics):
                    yield log
        for log in latest:
            if _is_wanted(log, wanted, topics):
                yield log

    def _ends_with(self, block: int) -> bool:
        return bool(self._logs) and self._logs[-1].block_number == block

    def _read(self) -> None:
        """Decodes what was not decoded yet."""
        for emitted in self._unread:
            for log in emitted.logs():
                if log.address not in self._muted:
                    self._logs.append(log)
                    for key in _keys(log):
                        self._of.setdefault(key, []).append(log)
        self._unread.clear()

    # --- the file ---------------------------------------------------------------------------------

    def _file_away(self, logs: list[Log]) -> None:
        kinds: dict[_Key, list[Log]] = {}
        for log in logs:
            kinds.setdefault(_keys(log)[1], []).append(log)
        leaves = {kind: self._write(found) for kind, found in kinds.items()}
        self._pages.append(_Page(logs[0].block_number, logs[-1].block_number, leaves))
        del self._logs[: len(logs)]
        for key, count in Counter(key for log in logs for key in _keys(log)).items():
            del self._of[key][:count]

    def _write(self, logs: list[Log]) -> tuple[int, int]:
        """Where it wrote them: offset and size."""
        plain = [
            (
                log.address,
                log.topics,
                log.data,
                log.block_number,
                log.timestamp,
                log.transaction_hash,
                log.log_index,
            )
            for log in logs
        ]
        packed = zlib.compress(pickle.dumps(plain, pickle.HIGHEST_PROTOCOL), 1)
        place = self._filed, len(packed)
        os.pwrite(self._own_file(), packed, self._filed)
        self._filed += len(packed)
        return place

    def _load(self, offset: int, size: int) -> Iterator[Log]:
        assert self._file is not None
        # Only this process ever wrote to the file, which has no name: unpickling is safe.
        packed = os.pread(self._file.fileno(), size, offset)
        return (Log(*fields) for fields in pickle.loads(zlib.decompress(packed)))

    def _own_file(self) -> int:
        """The file to write to. A forked process takes a copy rather than its parent's."""
        if self._file is None or self._owner != os.getpid():
            made = tempfile.TemporaryFile(prefix="defi_kit_logs_")  # noqa: SIM115  (it is kept)
            weakref.finalize(self, made.close)
            for offset in range(0, self._filed, CHUNK):
                assert self._file is not None
                size = min(CHUNK, self._filed - offset)
                os.pwrite(made.fileno(), os.pread(self._file.fileno(), size, offset), offset)
            self._file, self._owner = made, os.getpid()
        return self._file.fileno()


def _keys(log: Log) -> tuple[_Key, _Key]:
    """What the log is found by: its contract, and that with the kind of event."""
    return (log.address, None), (log.address, log.topics[0] if log.topics else b"")


def _nothing() -> tuple[Log, ...]:
    return ()


def _place_of(log: Log) -> tuple[int, int]:
    return log.block_number, log.log_index


def _block_of(log: Log) -> int:
    return log.block_number


def _is_wanted(log: Log, wanted: tuple[str, ...] | None, topics: Topics | None) -> bool:
    return (wanted is None or log.address in wanted) and topics_match(log.topics, topics)
