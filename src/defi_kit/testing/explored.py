"""What a run of trials has seen: how often each verb was done and refused, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

__all__ = ["EVERYTHING", "Explored"]


@dataclass(slots=True)
class Explored:
    """Counts; two of them add up, as those of several processes do."""

    trials: int = 0
    """Lives of a subject, each from its first state."""
    done: Counter[str] = field(default_factory=Counter)
    """Verb → how often it was done."""
    refused: Counter[str] = field(default_factory=Counter)
    """Verb → how often it was refused."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Error → how often it was the reason."""
    noted: Counter[str] = field(default_factory=Counter)
    """Whatever a trial finds worth counting, such as "liquidations" and "bad debt"."""

    @property
    def steps(self) -> int:
        """Verbs done and refused."""
        return self.done.total() + self.refused.total()

    def add(self, other: Explored) -> None:
        """Counts what the other has seen as well."""
        self.trials += other.trials
        for name in ("done", "refused", "refusals", "noted"):
            getattr(self, name).update(getattr(other, name))

    def to_json(self) -> dict[str, Any]:
        """As plain data, the most frequent first."""
        return {
            "trials": self.trials,
            "steps": self.steps,
            **{
                name: dict(getattr(self, name).most_common())
                for name in ("done", "refused", "refusals", "noted")
            },
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The same again."""
        names = ("done", "refused", "refusals", "noted")
        return cls(data["trials"], *(Counter(data[name]) for name in names))


EVERYTHING = Explored()
"""What all machines of this process have seen; the pytest plugin's summary reads it."""
