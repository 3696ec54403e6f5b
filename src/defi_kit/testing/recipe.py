"""How a subject of a trial is made: a callable that can be imported, and plain arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Self

from ..chain import Chain
from ..errors import InputError

__all__ = ["Recipe"]


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
            for name in self.path.split("."):
                found = getattr(found, name)
        except (ImportError, AttributeError, ValueError) as error:
            raise InputError(
                f"nothing to make it with by the name of {self.make!r}: {error}",
                hint="module:name of a class or function that takes a chain, in a module that "
                "Python finds (PYTHONPATH) and outside of any function",
            ) from error
        if not callable(found):
            raise InputError(f"{self.make!r} cannot be called")
        return found  # type: ignore[no-any-return]

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
