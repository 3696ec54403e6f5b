"""A counter-example made short: fewer steps, rounder numbers, the same invariant violated."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..chain import Chain
from ..errors import DefiKitError
from .explored import Explored
from .trial import Counterexample, Literal_, rewound

if TYPE_CHECKING:
    from .machine import TrialMachine

__all__ = ["shorten"]

Steps = tuple[tuple[str, tuple[Literal_, ...]], ...]


def shorten(
    found: Counterexample, machine: type[TrialMachine], *, seconds: float
) -> Counterexample:
    """The shortest that leaving steps out and rounding numbers leads to, in so much time at most.

    `machine` is the one that found it: its subject is used again, rewound each time. What was found
    on a node is made short in this process, where the same happens there, and then done once more
    on the node.
    """
    deadline = time.monotonic() + seconds
    if found.engine != "embedded":
        short = _shortened_here(found, machine, deadline)
        confirmed = _Search(found, machine, deadline)
        if short is not None and confirmed.try_(short.steps):
            return confirmed.best
    return _shortened(found, machine, deadline)


def _shortened_here(
    found: Counterexample, machine: type[TrialMachine], deadline: float
) -> Counterexample | None:
    """On an embedded chain; None where it is not to be seen there."""
    here = type(machine.__name__, (machine,), {"chain": staticmethod(Chain.embedded)})
    try:
        # Some of the time is left for the node.
        short = _shortened(found, here, deadline - (deadline - time.monotonic()) / 4)
    except DefiKitError:
        return None  # the subject cannot be made there
    return None if short is found else short


def _shortened(
    found: Counterexample, machine: type[TrialMachine], deadline: float
) -> Counterexample:
    search = _Search(found, machine, deadline)
    if not search.try_(found.steps):
        return found  # it takes more than these steps: the machine's state, or a clock's
    while search.leave_out() or search.round_off():
        pass
    return search.best


class _Search:
    """The best so far, and how much time is left."""

    def __init__(self, found: Counterexample, machine: type[TrialMachine], deadline: float) -> None:
        self.best, self._machine, self._deadline = found, machine, deadline
        arguments = None if found.recipe is None else dict(found.recipe.arguments)
        variants = [dict(variant) for variant in machine.variants]
        self._variant = variants.index(arguments) if arguments in variants else 0

    def try_(self, steps: Steps) -> bool:
        """Whether these violate the same; then they are the best."""
        if time.monotonic() >= self._deadline:
            return False
        subject = self._machine.subject(self._variant)
        with rewound(subject):
            trial = self._machine.trial_class(
                subject, recipe=self.best.recipe, explored=Explored(), prepared=True
            )
            try:
                for verb, given in steps:
                    getattr(trial, verb)(*given)
            except Exception as error:
                if not self.best.is_this(error):
                    return False
                self.best = replace(vars(error)["counterexample"], seed=self.best.seed)
                return True
        return False

    def leave_out(self) -> bool:
        """Leaves out halves, quarters … and any three, two or single steps, the last first."""
        before = len(self.best.steps)
        size = max(1, before // 2)
        while size:
            stride = size if size > 3 else 1
            end = len(self.best.steps)
            while end > 0:
                steps, begin = self.best.steps, max(0, end - size)
                self.try_(steps[:begin] + steps[end:])
                end = min(end - stride, len(self.best.steps))
            size = size // 2 if size > 3 else size - 1
        return len(self.best.steps) < before

    def round_off(self) -> bool:
        """Makes each number as round, or as small, as it may be."""
        changed = False
        for place in range(len(self.best.steps)):
            for position in range(9):
                if place >= len(self.best.steps):
                    break
                verb, given = self.best.steps[place]
                if position >= len(given):
                    break
                for simpler in _simpler(given[position]):
                    one = verb, (*given[:position], simpler, *given[position + 1 :])
                    steps = (*self.best.steps[:place], one, *self.best.steps[place + 1 :])
                    if self.try_(steps):
                        changed = True
                        break
        return changed


def _simpler(value: Any) -> Iterator[Literal_]:
    """Rounder numbers, the roundest first: powers of ten, halves of them, then one, two and three
    digits. None is less round than the value, so that this comes to an end."""
    if not isinstance(value, int) or isinstance(value, bool) or value.bit_length() > 200:
        return
    if value <= 10:
        return
    digits = len(str(value))
    power = 10 ** (digits - 1)
    for near in (power, 5 * power, 10 * power):
        if value == near:
            return
        yield near
    for kept in range(1, min(4, digits)):
        unit = 10 ** (digits - kept)
        if value % unit == 0:
            return
        yield value // unit * unit
        yield (value // unit + 1) * unit
