"""How a subject of a trial is made: a callable that can be imported, and plain arguments."""

from __future__ import annotations

import inspect
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Self

from ..chain import Chain
from ..errors import ChainError, InputError
from .violations import Violation

__all__ = ["Recipe", "demand", "folder_of", "place_of"]

_LIBRARIES: Final = (
    str(Path(__file__).resolve().parents[1]),
    *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")),
    "<",
)
"""Where code lies that nobody who writes an adapter has to mend."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """`make`, such as "defi_kit.testing.lending.pool:PoolMarket.deploy", and its arguments.

    The arguments are literals (numbers, texts, tuples of them), so that a recipe can be saved, and
    printed as a line of Python.
    """

    make: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, make: Callable[..., Any], arguments: Mapping[str, Any] | None = None) -> Self:
        """By the callable itself: a class, a function, or a method of a class."""
        return cls(f"{make.__module__}:{make.__qualname__}", dict(arguments or {}))

    def function(self) -> Callable[..., Any]:
        """The callable; InputError where there is none of that name."""
        try:
            found: Any = import_module(self.module)
        except (ImportError, ValueError) as error:
            raise self._unknown(error) from error
        except Exception as error:
            told = f"{type(error).__name__}: {error}{place_of(error)}"
            raise InputError(f"{self.module} cannot be imported: {told}") from error
        try:
            for name in self.path.split("."):
                found = getattr(found, name)
        except AttributeError as error:
            raise self._unknown(error) from error
        if not callable(found):
            raise InputError(f"{self.make!r} cannot be called")
        return found  # type: ignore[no-any-return]

    def _unknown(self, error: Exception) -> InputError:
        return InputError(
            f"nothing to make it with by the name of {self.make!r}: {error}",
            hint="module:name of a class or function that takes a chain, in a module that "
            "Python finds (PYTHONPATH) and outside of any function",
        )

    def on(self, chain: Chain) -> Any:
        """A new subject on this chain."""
        return self.function()(chain, **self.arguments)

    @property
    def module(self) -> str:
        """Where it is imported from."""
        return self.make.partition(":")[0]

    @property
    def path(self) -> str:
        """Its name there, with dots."""
        return self.make.partition(":")[2]

    def call(self) -> str:
        """As Python, on a `chain`."""
        given = "".join(f", {name}={value!r}" for name, value in self.arguments.items())
        return f"{self.path}(chain{given})"

    @contextmanager
    def blamed(self, what: str, adapter: str = "") -> Iterator[None]:
        """Whatever is wrong with an adapter before its first step is its author's to mend.

        `adapter` names what it has to be, if there is a protocol for that.
        """
        try:
            yield
        except (InputError, ChainError, Violation):
            raise
        except Exception as error:
            told = f"{type(error).__name__}: {error}{place_of(error)}"
            raise InputError(
                f"{self.make} cannot be {what}: {told}",
                hint=f"it takes a chain and gives {_listed(adapter)}" if adapter else None,
            ) from error


def demand(subject: Any, protocol: type, adapter: str) -> None:
    """InputError where an adapter lacks members of a protocol, all of which it names, or has one
    that does not take what it is called with. `adapter` is where to read of a whole one."""
    wanted = {**vars(protocol), **protocol.__annotations__}
    names = sorted(name for name in wanted if not name.startswith("_"))
    named, hint = type(subject).__name__, f"it is to be {_listed(adapter)}"
    lacking = [name for name in names if not hasattr(subject, name)]
    if lacking:
        raise InputError(f"{named} lacks {', '.join(lacking)}", hint=hint)
    for name in filter(lambda one: inspect.isfunction(wanted[one]), names):
        function = getattr(subject, name)
        given = list(inspect.signature(wanted[name]).parameters)[1:]
        try:
            inspect.signature(function).bind(*given)
        except TypeError as error:
            told = f"{named}.{name} cannot be called with ({', '.join(given)}): {error}"
            raise InputError(f"{told}{_defined(function)}", hint=hint) from error
        except ValueError:  # written in C: nobody knows what it takes
            continue


def _listed(adapter: str) -> str:
    name = adapter.rpartition(".")[2]
    article = "an" if name[0] in "AEIOU" else "a"
    return f"{article} {name}, whose functions `python -m pydoc {adapter}` lists"


def _defined(function: Any) -> str:
    """Such as ", at file:line"."""
    code = getattr(function, "__code__", None)
    return f", at {code.co_filename}:{code.co_firstlineno}" if code else ""


def folder_of(module: str) -> str | None:
    """Where Python has to look for a module; None where it looks anyway."""
    found = sys.modules.get(module)
    file = getattr(found, "__file__", None)
    if file is None or module == "__main__" or file.startswith(_LIBRARIES):
        return None
    above = module.count(".") + hasattr(found, "__path__")
    return str(Path(file).resolve().parents[above])


def place_of(error: BaseException) -> str:
    """Such as ", at file:line": of the innermost code that is neither ours nor a library's."""
    places = [
        f", at {frame.f_code.co_filename}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith(_LIBRARIES)
    ]
    return places[-1] if places else ""
