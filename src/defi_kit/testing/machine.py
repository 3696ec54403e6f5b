"""The base of the machines: a Hypothesis state machine whose rules call one trial.

Rules choose; the trial does, looks, checks and remembers. A machine class is configured by its
attributes, and by subclassing it: new rules, another opening, another trial with more invariants.
Needs Hypothesis.
"""

from __future__ import annotations

import unittest
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cache, wraps
from pathlib import Path
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar, cast

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidDefinition
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    run_state_machine_as_test,
)

from ..chain import Chain
from ..errors import InputError
from . import engine
from .explored import EVERYTHING, Explored
from .recipe import Recipe
from .shrinking import shorten
from .trial import Trial, rewound
from .violations import Violation

__all__ = ["VARIANTS", "TrialMachine", "once", "run"]

M = TypeVar("M", bound="TrialMachine")
P = ParamSpec("P")

VARIANTS = st.runner().flatmap(lambda self: st.sampled_from(range(len(self.variants))))
"""The number of a machine's variant, for `@initialize`."""


def once(scene: Callable[Concatenate[M, P], None]) -> Callable[Concatenate[M, P], None]:
    """A rule of many steps, below `@rule`: once in a life, which it would else fill alone."""

    @wraps(scene)
    def played(self: M, *args: P.args, **kwargs: P.kwargs) -> None:
        self.played.add(scene.__name__)
        scene(self, *args, **kwargs)

    unplayed: Callable[[Any], bool] = lambda self: scene.__name__ not in self.played  # noqa: E731
    return cast("Callable[Concatenate[M, P], None]", precondition(unplayed)(played))


class _TestCaseOf:
    """The machine as a unittest case: Hypothesis finds, and `shorten` makes it short, in seconds
    where Hypothesis would try for minutes."""

    def __get__(self, _: object, machine: type[TrialMachine]) -> type[unittest.TestCase]:
        return _test_case(machine)


class TrialMachine(RuleBasedStateMachine):
    """Lives of a subject, each from the same first state. `TestCase` runs under pytest."""

    trial_class: ClassVar[type[Trial]]
    """What drives the subject."""
    make: ClassVar[Callable[..., Any]]
    """Chain and the arguments of a variant → subject. Define it without `self`."""
    like: ClassVar[str] = ""
    """Of a machine without rules: which to subclass in its place."""
    variants: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    """Arguments for `make`; each life takes one of them. Literals: they are printed and saved."""
    chain: ClassVar[Callable[[], Chain]] = staticmethod(engine.chain)
    """Gives the chain of a new subject; called once a process for each variant. It is embedded, or
    what `pytest --defi-chain` names; `chain = Chain.anvil` is always Anvil."""
    folder: ClassVar[Path | None] = Path(".defi_kit")
    """Where counter-examples are saved; None for nowhere."""
    explored: ClassVar[Explored] = EVERYTHING
    seed: ClassVar[int | None] = None
    made_by: ClassVar[str] = ""
    """Name of `make` in scripts, "module:name", where it has another than its own."""

    patience: ClassVar[float] = 30
    """For making a counter-example short. [seconds]"""

    trial: Any = None
    played: set[str]
    """Scenes of this life, see `once`."""
    TestCase: Any = _TestCaseOf()

    @initialize(variant=VARIANTS)
    def begin(self, variant: int) -> None:
        """The subject as it was made. Override it, with `@initialize`, to begin otherwise."""
        self.start(variant)

    @classmethod
    def subject(cls, variant: int) -> Any:
        """The subject of this variant, made when it is first asked for."""
        return _made(cls, variant)[0]

    def start(self, variant: int) -> None:
        """A new trial of the subject."""
        cls = type(self)
        self.played = set()
        subject, recipe = _made(cls, variant)
        with ExitStack() as undone:
            undone.enter_context(rewound(subject))
            with recipe.blamed("looked at", cls.trial_class.adapter()):
                self.trial = cls.trial_class(
                    subject, recipe=recipe, explored=cls.explored, prepared=True
                )
            self._rewound = undone.pop_all()
        self.trial.folder, self.trial.seed = cls.folder, cls.seed

    def close(self) -> None:
        """Last steps of a life that has violated nothing. None, unless a subclass takes some."""

    def teardown(self) -> None:
        """Undoes all of it."""
        if self.trial is None:
            return
        with self._rewound:
            if not self.trial.failed:
                self.close()


@cache
def _made(cls: type[TrialMachine], variant: int) -> tuple[Any, Recipe]:
    """One subject a process; lives rewind it."""
    make, arguments = getattr(cls, "make", None), cls.variants[variant]
    if make is None:
        raise InputError(
            f"{cls.__name__} has nothing to drive: set its attribute `make`",
            hint="what takes a chain and gives the subject: make = MyAdapter",
        )
    recipe = Recipe(cls.made_by, dict(arguments)) if cls.made_by else Recipe.of(make, arguments)
    chain = cls.chain()
    with recipe.blamed("made", cls.trial_class.adapter()):
        subject = make(chain, **arguments)
        cls.trial_class.check(subject)
        cls.trial_class.prepare(subject)
    return subject, recipe


@cache
def _test_case(machine: type[TrialMachine]) -> type[unittest.TestCase]:
    class Case(unittest.TestCase):
        settings = settings(deadline=None, suppress_health_check=list(HealthCheck))

        def runTest(self) -> None:
            run(machine, self.settings)

        runTest.is_hypothesis_test = True  # type: ignore[attr-defined]

    Case.__name__ = Case.__qualname__ = f"{machine.__name__}.TestCase"
    Case.__module__ = machine.__module__
    return Case


def run(machine: type[TrialMachine], how: settings) -> None:
    """Lives its lives; raises what was found, made short, with story and script. InputError for a
    machine that is only the base of others, or whose subject cannot be made."""
    phases = [phase for phase in how.phases if phase not in (Phase.shrink, Phase.explain)]
    quick = settings(how, phases=phases, report_multiple_bugs=False)
    folder = machine.folder
    try:
        run_state_machine_as_test(machine, settings=quick)
    except InvalidDefinition as error:
        hint = f"subclass {machine.like}" if machine.like else None
        raise InputError(f"{machine.__name__}: {error}", hint=hint) from error
    except Exception as error:
        found = getattr(error, "counterexample", None)
        if found is None or Phase.shrink not in how.phases:
            raise
        short = shorten(found, machine, seconds=machine.patience)
        violation = Violation(short.invariant, short.reason)
        short.explain(violation, folder)
        raise violation from None
