"""What was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from .goals import GOALS, Goal

__all__ = ["Measured", "Report", "Row", "When"]

When = Literal["steady", "first"]

Measured = Mapping[tuple[str, When], int]
"""(verb, when) → gas, of one system."""


@dataclass(frozen=True, slots=True)
class Row:
    """One verb of one room."""

    room: str
    verb: str
    when: When
    ours: int
    """[gas]"""
    peers: Mapping[str, int]
    """Name → gas, of those peers that have the verb and were measured."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that one run measured."""

    hardfork: str
    node: str
    """Name and version of the node."""
    rows: tuple[Row, ...]
    notes: Mapping[str, str]
    """What is to be known of a peer: its version, how it was compiled, what stands in for what."""

    def missed(self) -> tuple[tuple[Goal, int], ...]:
        """Goals that are missed, and by how much gas."""
        return tuple((goal, over) for goal, over in self._against_goals() if over > 0)

    def to_json(self) -> dict[str, Any]:
        """For a machine: plain dicts, lists, integers and texts."""
        return {
            "hardfork": self.hardfork,
            "node": self.node,
            "rows": [asdict(row) for row in self.rows],
            "goals": [{**asdict(goal), "over": over} for goal, over in self._against_goals()],
            "notes": dict(self.notes),
        }

    def over(self, row: Row) -> int | None:
        """Gas above the goal, negative when below it; None when the row has no goal."""
        found = (goal for goal in GOALS if (goal.room, goal.verb) == (row.room, row.verb))
        goal = next(found, None)
        return None if goal is None or row.when != "steady" else row.ours - goal.gas

    def _against_goals(self) -> list[tuple[Goal, int]]:
        ours = {(row.room, row.verb): row.ours for row in self.rows if row.when == "steady"}
        return [
            (goal, ours[goal.room, goal.verb] - goal.gas)
            for goal in GOALS
            if (goal.room, goal.verb) in ours
        ]
