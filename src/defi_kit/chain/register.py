"""The things that a chain's events tell of, each once, without reading a block twice.

What was read is kept, and later looks read what came since. Blocks can be undone (a snapshot that
ends, a reorganisation): marks tell up to where the chain still is what it was, and only what lies
behind is forgotten and read again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable
from typing import Final, Generic, NamedTuple, TypeVar

from .base import Chain

__all__ = ["Register"]

T = TypeVar("T", bound=Hashable)

MARKS: Final = 128
"""How many marks are kept at most; of old ones every second goes when there are more."""


class _Mark(NamedTuple):
    block: int
    """Everything up to this block has been read."""
    mark: object | None
    """What the chain said of that block; None where it could not."""


class Register(Generic[T]):
    """Everything that some events tell of, in the order of its first mention.

    Args:
        told: from a first to a last block, what the events there tell of, with its block, in order.
    """

    def __init__(self, chain: Chain, told: Callable[[int, int], Iterable[tuple[T, int]]]) -> None:
        self._chain = chain
        self._told = told
        self._found: dict[T, int] = {}
        self._marks: list[_Mark] = []

    def known(self, block: int | None = None) -> list[T]:
        """All that was told of up to a block, by default the latest."""
        last = self._chain.block_number if block is None else block
        self._forget_what_was_undone()
        if last > self._read:
            # Asked for first: if the block is replaced meanwhile, the next look finds out.
            mark = _Mark(last, self._chain.block_mark(last))
            for thing, at in self._told(self._read + 1, last):
                self._found.setdefault(thing, at)
            self._marks.append(mark)
            if len(self._marks) > MARKS:
                del self._marks[: MARKS // 2 : 2]
        return [thing for thing, at in self._found.items() if at <= last]

    @property
    def _read(self) -> int:
        return self._marks[-1].block if self._marks else -1

    def _forget_what_was_undone(self) -> None:
        if self._marks and self._differs(self._marks[-1]):
            del self._marks[bisect_left(self._marks, True, key=self._differs) :]
        # Also what a look found that broke off in the middle.
        while self._found and next(reversed(self._found.values())) > self._read:
            self._found.popitem()

    def _differs(self, mark: _Mark) -> bool:
        return mark.mark is None or self._chain.block_mark(mark.block) != mark.mark
