"""Twin of ScriptedFeed: a price feed that says what its owner scripts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..reverts import FeedOff, NoSuchRound
from .feed import Round

__all__ = ["Script"]


@dataclass(frozen=True, slots=True)
class Script:
    """A scripted feed at one block.

    >>> Script().set_answer(5, now=100).latest(now=300)
    Round(round_id=1, answer=5, started_at=100, updated_at=300, answered_in_round=1)
    """

    rounds: tuple[Round, ...] = ()
    """Round 1 first."""

    live: tuple[bool, ...] = ()
    """Whether each was set by `set_answer`: the newest such is always as of the present block."""

    reverting: bool = False

    def set_answer(self, answer: int, *, now: int) -> Script:
        """The feed with a new live answer. [feed units]"""
        next_id = len(self.rounds) + 1
        return self._with(Round(next_id, answer, now, now, next_id), True)

    def set_round(
        self, answer: int, started_at: int, updated_at: int, answered_in_round: int
    ) -> Script:
        """The feed with a new round, pinned to these data. [feed units, unix seconds]"""
        next_id = len(self.rounds) + 1
        return self._with(Round(next_id, answer, started_at, updated_at, answered_in_round), False)

    def set_reverting(self, reverting: bool) -> Script:
        """The feed switched off or on."""
        return replace(self, reverting=reverting)

    def latest(self, *, now: int) -> Round:
        """The newest round. FeedOff."""
        return self.round(len(self.rounds), now=now)

    def round(self, round_id: int, *, now: int) -> Round:
        """One round. FeedOff, NoSuchRound."""
        if self.reverting:
            raise FeedOff()
        if not 1 <= round_id <= len(self.rounds):
            raise NoSuchRound(round_id, len(self.rounds))
        found = self.rounds[round_id - 1]
        newest = round_id == len(self.rounds)
        return replace(found, updated_at=now) if newest and self.live[-1] else found

    def _with(self, added: Round, live: bool) -> Script:
        return replace(self, rounds=(*self.rounds, added), live=(*self.live, live))
