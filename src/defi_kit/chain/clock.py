"""The timestamps of a chain's blocks, in a few numbers however many blocks there are."""

from __future__ import annotations

from array import array
from bisect import bisect_right

__all__ = ["Clock"]


class Clock:
    """Timestamp of each block. Only blocks not one second after the one before take space."""

    def __init__(self, genesis: int) -> None:
        self.number = 0
        """Of the latest block."""
        self.timestamp = genesis
        """Of the latest block. [unix seconds]"""
        self._blocks = array("Q", (0,))
        self._timestamps = array("Q", (genesis,))
        self._cuts = 0
        self._remade = array("Q", (0,))
        self._eras = array("Q", (0,))

    def add(self, timestamp: int) -> None:
        """One more block."""
        self.number += 1
        if timestamp != self.timestamp + 1:
            self._blocks.append(self.number)
            self._timestamps.append(timestamp)
        self.timestamp = timestamp

    def at(self, block: int) -> int:
        """Timestamp of a block that there is. [unix seconds]"""
        place = bisect_right(self._blocks, block) - 1
        return self._timestamps[place] + block - self._blocks[place]

    def era(self, block: int) -> int:
        """How often blocks had been forgotten when this one was made: another block in its place
        has another number."""
        return self._eras[bisect_right(self._remade, block) - 1]

    def cut(self, number: int) -> None:
        """Forgets all later blocks."""
        if number < self.number:
            self._cuts += 1
            while self._remade[-1] > number:
                self._remade.pop()
                self._eras.pop()
            self._remade.append(number + 1)
            self._eras.append(self._cuts)
        self.timestamp = self.at(number)
        self.number = number
        while self._blocks[-1] > number:
            self._blocks.pop()
            self._timestamps.pop()
