"""A trial drives one subject verb by verb, looks after each, and keeps the record.

The subject is a market, an exchange or a peg. Verbs take names and numbers only, so that the record
prints twice: as a story in human units, and as a script that does the same again by itself.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, ClassVar, Concatenate, Final, ParamSpec, TypeVar, cast

from ..chain import Account, Chain
from ..errors import BadResponse, ChainTimeout, ConnectionFailed, InputError, Reverted
from ..units import MAX_UINT256
from .explored import Explored
from .recipe import Recipe, demand, folder_of, place_of
from .violations import Violation
from .words import refusal_told

__all__ = ["Counterexample", "Invariant", "Step", "Trial", "rewound", "step"]

Literal_ = str | int | bool | None
T = TypeVar("T", bound="Trial")
P = ParamSpec("P")

Invariant = Callable[[Any, Any, "Step", Any], None]
"""(trial, what was seen before, the step, what is seen after it) → raises Violation."""

NO_FINDINGS: Final = (BadResponse, ChainTimeout, ConnectionFailed)
"""What says nothing about a subject. Everything else that a step raises does, but for refusals."""
_STORY: Final = "__story__"
_OPTIONAL: Final = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Step:
    """One verb, what it was given, and what came of it."""

    verb: str
    arguments: tuple[Literal_, ...]
    refused: Reverted | None = None
    """Why the subject refused it, if it did; then nothing has changed."""
    outcome: Any = None
    """What the verb returned, for invariants."""


def step(
    story: str, *, undone: bool = False
) -> Callable[[Callable[Concatenate[T, P], Any]], Callable[Concatenate[T, P], Step]]:
    """Makes a method of a trial one of its verbs.

    The method does it and may return what invariants want to know of it; the subject's `Reverted`
    is recorded as a refusal. `story` tells it, arguments in braces, and in brackets what is left
    out with them: "{who} lends {assets}[ for {to}]". What is `undone` at its end is an experiment:
    it judges by itself, and nothing has changed.
    """

    def decorate(perform: Callable[Concatenate[T, P], Any]) -> Callable[Concatenate[T, P], Step]:
        names = [
            name
            for name, parameter in signature(perform).parameters.items()
            if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD
        ][1:]

        @wraps(perform)
        def verb(self: T, *args: P.args, **kwargs: P.kwargs) -> Step:
            given = (*args, *(kwargs[name] for name in names[len(args) :] if name in kwargs))
            if len(given) != len(args) + len(kwargs):
                raise InputError(f"{perform.__name__} takes {', '.join(names)}, in this order")
            return self._do(perform.__name__, perform, given, undone)

        setattr(verb, _STORY, (story, names))
        return cast("Callable[Concatenate[T, P], Step]", verb)

    return decorate


@contextmanager
def rewound(subject: Any) -> Iterator[None]:
    """Everything that happens inside is undone at the end: on the subject's chain, and in itself by
    its `remember` and `recall`, if it has them."""
    kept = subject.remember() if hasattr(subject, "remember") else None
    try:
        with subject.chain.snapshot():
            yield
    finally:
        if hasattr(subject, "recall"):
            subject.recall(kept)


class Trial:
    """The base of `LendingTrial`, `ExchangeTrial` and `PegTrial`.

    A subclass declares verbs (`@step`), says what there is to see (`look`), and what must hold of
    it (`invariants`). A verb does not call another: the record is flat.
    """

    KIND: ClassVar[str] = "trial"
    """Such as "lending"."""
    SUBJECT: ClassVar[str] = "subject"
    """What the subject is called in a script."""
    invariants: ClassVar[Mapping[str, Invariant]] = {}
    """Name → check, done after every step that was not refused. Override to add some."""
    ADAPTS: ClassVar[type | None] = None
    """Of trials of anybody's subject: the protocol that adapters have to have."""

    def __init__(
        self,
        subject: Any,
        *,
        recipe: Recipe | None = None,
        explored: Explored | None = None,
        prepared: bool = False,
    ) -> None:
        self.subject = subject
        self.chain: Chain = subject.chain
        self.recipe = recipe
        """How the subject was made: machines know, and say it with a violation."""
        self.explored = Explored() if explored is None else explored
        self.explored.trials += 1
        self.steps: list[Step] = []
        self.folder: Path | None = None
        """Where a violation is saved, if anywhere."""
        self.seed: int | None = None
        self.failed = False
        """Whether a step has raised anything but a refusal."""
        self.exempt: Mapping[str, str] = {}
        """Invariants that are not checked: name → why the subject does not promise it."""
        if not prepared:
            self.check(subject)
            self.prepare(subject)
        self.seen = self.look()

    # --- for subclasses ---------------------------------------------------------------------------

    @classmethod
    def check(cls, subject: Any) -> None:
        """InputError where an adapter lacks something, before anything is done with it."""
        if cls.ADAPTS is not None:
            demand(subject, cls.ADAPTS, cls.adapter())

    @classmethod
    def adapter(cls) -> str:
        """What adapters have to have, by the name it is imported by, such as
        "defi_kit.testing.PairMarket"; empty where there is nothing to adapt."""
        wanted = cls.ADAPTS
        return f"{_shown(wanted.__module__, wanted.__name__)}.{wanted.__name__}" if wanted else ""

    @classmethod
    def prepare(cls, subject: Any) -> None:
        """Whatever people need before the first step, such as money; once for each subject."""

    def look(self) -> Any:
        """All there is to see now, for the invariants; None where they look for themselves."""
        return None

    def foresee(self) -> Any:
        """What `before` is to be in invariants: what was seen last, unless a subclass knows how it
        would look at the next step's time."""
        return self.seen

    def words(self, name: str, value: Literal_, given: Mapping[str, Literal_]) -> str:
        """An argument as the story tells it; `given` are all arguments of the step."""
        return f"{value:,}" if isinstance(value, int) else str(value)

    def offers(self, verb: str) -> bool:
        """Whether there is anything of the subject's that this verb could do."""
        return True

    def judge(self, before: Any, done: Step, after: Any) -> None:
        """Checks every invariant that the subject promises; raises the first Violation."""
        self._judge_by(self.invariants, before, done, after)

    def _judge_by(self, names: Iterable[str], before: Any, done: Step, after: Any) -> None:
        for name in names:
            if name in self.invariants and name not in self.exempt:
                self.invariants[name](self, before, done, after)

    def note(self, what: str, times: int = 1) -> None:
        """Counts something worth telling, such as "liquidations"."""
        self.explored.noted[what] += times

    # --- for verbs and machines -------------------------------------------------------------------

    def person(self, name: str) -> Account:
        """The account of that name."""
        return self.chain.account(name)

    @classmethod
    def verbs(cls) -> tuple[str, ...]:
        """Everything that can be done in it, by name."""
        return tuple(sorted(name for name in dir(cls) if hasattr(getattr(cls, name), _STORY)))

    @contextmanager
    def rewound(self) -> Iterator[None]:
        """Everything that happens inside is undone at the end, in the record as well."""
        steps, seen = len(self.steps), self.seen
        try:
            with rewound(self.subject):
                yield
        finally:
            del self.steps[steps:]
            self.seen = seen

    def _do(
        self, name: str, perform: Callable[..., Any], given: tuple[Any, ...], undone: bool
    ) -> Step:
        done = Step(name, given)
        try:
            if undone:
                with self.rewound(), self._forgiving():
                    perform(self, *given)
            else:
                before = self.foresee()
                done = Step(name, given, None, perform(self, *given))
            self._record(done)
            if not undone:
                self.seen = self.look()
                self.judge(before, done, self.seen)
        except Reverted as refusal:
            done = Step(name, given, refusal)
            self._record(done)  # nothing has changed: there is nothing to look at
        except NO_FINDINGS:
            raise
        except Exception as error:
            if not self.steps or self.steps[-1] is not done:
                self._record(done)
            self._explain(error)
            raise
        return done

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Of what the subject does not promise."""
        try:
            yield
        except Violation as violation:
            if violation.invariant not in self.exempt:
                raise

    def _record(self, done: Step) -> None:
        self.steps.append(done)
        if done.refused is None:
            self.explored.done[done.verb] += 1
        else:
            self.explored.refused[done.verb] += 1
            self.explored.refusals[refusal_told(done.refused)] += 1

    def _explain(self, error: Exception) -> None:
        """Story and script go with the error, and into a file; not where a script runs already."""
        self.failed = True
        if self.recipe is None:
            return
        found = Counterexample.of(self, error)
        vars(error)["counterexample"] = found
        found.explain(error, self.folder)

    # --- the record -------------------------------------------------------------------------------

    def story(self) -> str:
        """The record in human units, a line each."""
        width = len(str(len(self.steps)))
        return "\n".join(
            f"{number:{width}}. {self.tell(done)}" for number, done in enumerate(self.steps, 1)
        )

    def tell(self, done: Step) -> str:
        """One step in human units."""
        template, names = getattr(getattr(type(self), done.verb), _STORY)
        given = dict(zip(names, done.arguments, strict=False))
        words = {name: self.words(name, value, given) for name, value in given.items()}
        left_out = [name for name in names if given.get(name) is None]
        for optional in _OPTIONAL.findall(template):
            if any(f"{{{name}}}" in optional for name in left_out):
                template = template.replace(f"[{optional}]", "")
        told = template.replace("[", "").replace("]", "").format_map(words)
        return told if done.refused is None else f"{told}: refused, {refusal_told(done.refused)}"

    def folders(self) -> tuple[str, ...]:
        """Where Python has to look for the trial's class and for its subject's, beyond where it
        looks anyway."""
        modules = {type(self).__module__, *([self.recipe.module] if self.recipe else [])}
        return tuple(sorted({folder for one in modules if (folder := folder_of(one))}))

    def script(self) -> str:
        """The record as Python, flat, that can be pasted into an interpreter. It ends as the trial
        did: with the Violation, if there was one."""
        cls, made = type(self), self.recipe
        wanted: dict[str, set[str]] = {"defi_kit.chain": {"Chain"}}
        names = [(cls.__module__, cls.__name__)]
        if made is not None:
            names.append((made.module, made.path.partition(".")[0]))
        for module, name in names:
            wanted.setdefault(_shown(module, name), set()).add(name)
        engine = "embedded" if self.chain.engine == "embedded" else "anvil"
        folders = self.folders()
        lines = [f"import sys; sys.path.insert(0, {folder!r})" for folder in folders]
        lines += [f"from {module} import {', '.join(sorted(n))}" for module, n in wanted.items()]
        lines += ["", f"chain = Chain.{engine}()"]
        lines += [f"{self.SUBJECT} = {made.call() if made else '...  # as it was made'}"]
        lines += [f"trial = {cls.__name__}({self.SUBJECT})"]
        calls = [f"trial.{d.verb}({', '.join(map(_literal, d.arguments))})" for d in self.steps]
        width = min(max(map(len, calls), default=0), 60)
        told = map(self.tell, self.steps)
        lines += [f"{c:{width}}  # {t}" for c, t in zip(calls, told, strict=True)]
        return "\n".join(lines)


def _shown(module: str, name: str) -> str:
    """Where it is imported from: the front door, if it is there."""
    door = sys.modules["defi_kit.testing"]
    return "defi_kit.testing" if name in getattr(door, "__all__", ()) else module


def _literal(value: Literal_) -> str:
    """Large numbers so that they can be read."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) < 10_000:
        return repr(value)
    return "2**256 - 1" if value == MAX_UINT256 else f"{value:_}"


def name_of(error: Exception) -> str:
    """The invariant that was violated, or the error's class where something else went wrong."""
    return error.invariant if isinstance(error, Violation) else type(error).__name__


def reason_of(error: Exception) -> str:
    """What was seen; of an error that is no violation, also where it came from."""
    return error.reason if isinstance(error, Violation) else f"{error}{place_of(error)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """A trial that ended in a violation, as it is kept in a file."""

    kind: str
    trial: str
    """Class of the trial, "module:name"."""
    recipe: Recipe | None
    engine: str
    steps: tuple[tuple[str, tuple[Literal_, ...]], ...]
    invariant: str
    reason: str
    story: str
    script: str
    seed: int | None
    raised: bool = False
    """Whether that was no violation: something else was raised, and `invariant` is its class."""
    folders: tuple[str, ...] = ()
    """Where the modules of trial and recipe lay."""

    @property
    def headline(self) -> str:
        """What happened, in a line."""
        if not self.raised:
            return f"{self.invariant} violated: {self.reason}"
        ours = self.recipe is None or self.recipe.module.startswith("defi_kit.")
        return f"{'a step' if ours else 'the adapter'} raised {self.invariant}: {self.reason}"

    @classmethod
    def of(cls, trial: Trial, error: Exception) -> Counterexample:
        """What a trial has to show for this error."""
        kind = type(trial)
        return cls(
            kind=kind.KIND,
            trial=f"{kind.__module__}:{kind.__name__}",
            recipe=trial.recipe,
            engine="embedded" if trial.chain.engine == "embedded" else "anvil",
            steps=tuple((done.verb, done.arguments) for done in trial.steps),
            invariant=name_of(error),
            reason=reason_of(error),
            story=trial.story(),
            script=trial.script(),
            seed=trial.seed,
            raised=not isinstance(error, Violation),
            folders=trial.folders(),
        )

    def save(self, folder: Path) -> Path:
        """Writes it as JSON, and the script beside it; the JSON file's path."""
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{self.kind}-{self.invariant}"
        path = folder / f"{stem}.json"
        recipe = self.recipe or Recipe("")
        data = {
            "kind": self.kind,
            "trial": self.trial,
            "make": recipe.make,
            "arguments": dict(recipe.arguments),
            "chain": self.engine,
            "seed": self.seed,
            "invariant": self.invariant,
            "reason": self.reason,
            "raised": self.raised,
            "folders": list(self.folders),
            "steps": [[verb, *given] for verb, given in self.steps],
            "story": self.story.splitlines(),
            "script": self.script,
        }
        path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        path.with_suffix(".py").write_text(self.script + "\n", encoding="utf-8")
        return path

    def explain(self, error: Exception, folder: Path | None) -> None:
        """Notes on an error: the story, the script, and the file that it is saved to, if any."""
        error.add_note(f"\nThe story:\n{self.story}\n\nThe script:\n{self.script}")
        if folder is not None:
            path = self.save(folder)
            error.add_note(f"Saved: {path}, and the script as {path.with_suffix('.py')}")

    @classmethod
    def load(cls, path: Path) -> Counterexample:
        """Reads such a file; InputError for any other."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            arguments = {name: _tuples(value) for name, value in data["arguments"].items()}
            return cls(
                kind=str(data["kind"]),
                trial=str(data["trial"]),
                recipe=Recipe(str(data["make"]), arguments),
                engine=str(data["chain"]),
                steps=tuple((str(verb), tuple(given)) for verb, *given in data["steps"]),
                invariant=str(data["invariant"]),
                reason=str(data["reason"]),
                story="\n".join(data["story"]),
                script=str(data["script"]),
                seed=data["seed"],
                raised=bool(data.get("raised")),
                folders=tuple(map(str, data.get("folders", ()))),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path} is not a saved counter-example: {error}",
                hint="`defi-kit fuzz` and the machines write them, with the ending .json",
            ) from error

    def start(self, chain: Chain) -> Trial:
        """A new trial on this chain, of a subject made as it was; nothing is done yet."""
        module, _, name = self.trial.partition(":")
        recipe = self.recipe or Recipe("")
        try:
            made: type[Trial] = getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise InputError(f"no trial {self.trial!r}: {error}") from error
        unknown = {verb for verb, _ in self.steps} - set(made.verbs())
        if unknown:
            raise InputError(f"{name} has no verb {', '.join(sorted(unknown))}")
        with recipe.blamed("made", made.adapter()):
            return made(recipe.on(chain))

    def run(self, chain: Chain) -> Trial:
        """Does all of it again; raises the Violation if it is still there."""
        return self.go_on(self.start(chain))

    def go_on(self, trial: Trial) -> Trial:
        """Its steps."""
        for verb, given in self.steps:
            getattr(trial, verb)(*given)
        return trial

    def is_this(self, error: Exception) -> bool:
        """Whether that is the same violation."""
        return name_of(error) == self.invariant


def _tuples(value: Any) -> Any:
    """JSON knows lists only."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
