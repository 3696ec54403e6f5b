"""Records of a pool's accumulated price: the twin of `contracts/dex/Observations.sol`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

__all__ = ["MAX_OBSERVATIONS", "OBSERVATION_PERIOD", "Observation", "Observations"]

OBSERVATION_PERIOD: Final = 300
"""A record is made by the first change in each such period. [seconds]"""
MAX_OBSERVATIONS: Final = 2**16 - 1
"""The most records that a pool can keep."""


class Observation(NamedTuple):
    """The sum of the logarithm of a price over time, and when that was."""

    cumulative: int
    """[Q64]"""
    at: int
    """[unix seconds]"""


@dataclass(frozen=True, slots=True)
class Observations:
    """A ring of records: once the room that was paid for is full, the oldest gives way."""

    records: tuple[Observation, ...] = ()
    """By their place."""

    latest: int = 0
    """The place of the latest."""

    room: int = 0
    """How many records were paid for."""

    def recorded(self, cumulative: int, changed_at: int, now: int) -> Observations:
        """With the sum at `now`, if the period of `now` has no record yet; `changed_at` is when the
        pool changed last before."""
        if not self.records or changed_at // OBSERVATION_PERIOD == now // OBSERVATION_PERIOD:
            return self
        place, records = self.latest + 1, list(self.records)
        if place == len(records) and place < min(self.room, MAX_OBSERVATIONS):
            records.append(Observation(cumulative, now))
        else:
            place %= len(records)
            records[place] = Observation(cumulative, now)
        return replace(self, records=tuple(records), latest=place)

    def increased(self, count: int, cumulative: int, changed_at: int) -> Observations:
        """With room for `count` records. The first is made at once, of the sum at `changed_at`."""
        records = self.records
        if not records and count:
            records = (Observation(cumulative, changed_at),)
        return replace(self, records=records, room=max(self.room, count))

    @property
    def oldest(self) -> int:
        """When the oldest record was made; 0 without records. [unix seconds]"""
        return min((record.at for record in self.records), default=0)

    def find(self, wanted: int) -> Observation | None:
        """The latest record that is not after `wanted`."""
        past = (record for record in self.records if record.at <= wanted)
        return max(past, key=lambda record: record.at, default=None)
