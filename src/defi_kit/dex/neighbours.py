"""Which pools can lie on a path between two tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .pool import PoolKey

__all__ = ["PoolGraph"]

ANSWERS: Final = 1_024
"""How many answers are kept at most."""


class PoolGraph:
    """Pools by the tokens they join. Answers are kept until a pool comes or goes, so that asking
    again takes no longer however many pools there are."""

    def __init__(self, keys: Iterable[PoolKey] = ()) -> None:
        self._places: dict[PoolKey, int] = {}
        self._joined: dict[str, dict[str, list[PoolKey]]] = {}
        self._answers: dict[tuple[str, str, int], list[PoolKey]] = {}
        self._added = 0
        for key in keys:
            self.add(key)

    def add(self, key: PoolKey) -> None:
        """One more pool, behind all others in every answer."""
        self._answers.clear()
        self._added += 1
        self._places[key] = self._added
        for token in key.tokens:
            self._joined.setdefault(token, {}).setdefault(key.other(token), []).append(key)

    def remove(self, key: PoolKey) -> None:
        """A pool that is there is there no longer."""
        self._answers.clear()
        del self._places[key]
        for token in key.tokens:
            beside = self._joined[token]
            beside[key.other(token)].remove(key)
            if not beside[key.other(token)]:
                del beside[key.other(token)]

    def between(self, token_in: str, token_out: str, max_hops: int) -> list[PoolKey]:
        """Every pool of a path of at most `max_hops` pools that visits no token twice, and few
        others; in the order in which they came."""
        asked = token_in, token_out, max_hops
        if asked not in self._answers:
            if len(self._answers) >= ANSWERS:
                self._answers.clear()
            self._answers[asked] = self._between(token_in, token_out, max_hops)
        return list(self._answers[asked])

    def distances(self, origin: str, most: int, avoiding: str | None = None) -> dict[str, int]:
        """How far tokens are from `origin`, up to `most` pools, not by way of `avoiding`."""
        distances, edge = {origin: 0}, [origin]
        for steps in range(1, most + 1):
            beyond = (after for token in edge for after in self._joined.get(token, ()))
            edge = [after for after in dict.fromkeys(beyond) if after not in distances]
            edge = [after for after in edge if after != avoiding]
            if not edge:
                break
            distances.update(dict.fromkeys(edge, steps))
        return distances

    def _between(self, token_in: str, token_out: str, max_hops: int) -> list[PoolKey]:
        if token_in == token_out:
            return []
        # A path leaves the one token for good, and ends where it meets the other.
        start = self.distances(token_in, max_hops - 1, avoiding=token_out)
        end = self.distances(token_out, max_hops - 1, avoiding=token_in)
        steps = {
            frozenset((token, after))
            for token, before in start.items()
            for after in self._joined.get(token, ())
            if after in end and before + 1 + end[after] <= max_hops
        }
        pools = (
            key
            for first, second in map(tuple, _without_dead_ends(steps, {token_in, token_out}))
            for key in self._joined[first][second]
        )
        return sorted(pools, key=self._places.__getitem__)


def _without_dead_ends(steps: set[frozenset[str]], ends: set[str]) -> set[frozenset[str]]:
    """The steps less those to tokens that lead nowhere else: no path comes back from there."""
    beside: dict[str, set[str]] = {}
    for step in steps:
        for token in step:
            beside.setdefault(token, set()).update(step - {token})
    dead = [token for token, others in beside.items() if len(others) == 1 and token not in ends]
    while dead:
        token = dead.pop()
        for other in beside.pop(token):
            beside[other].discard(token)
            if len(beside[other]) == 1 and other not in ends:
                dead.append(other)
    return {step for step in steps if step <= beside.keys()}
