"""Compiled contracts, read from the JSON files beside this one. No compiler is needed.

`scripts/artifacts.py` writes the files: one per contract, and `errors.json` with every custom error
that a transaction can meet, those of libraries included that no ABI of the kit's own names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from defi_kit.errors import ArtifactError

__all__ = ["Artifact", "ErrorEntry", "errors", "load", "names"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract."""

    name: str
    """Bare name, unique over the whole kit."""

    source: str
    """Source file, relative to the project: `contracts/dex/Exchange.sol`."""

    abi: tuple[Mapping[str, Any], ...]

    bytecode: bytes
    """Creation code, without constructor arguments. Empty for interfaces."""

    deployed_bytecode: bytes
    """Runtime code; immutables are zero in it."""

    doc: Mapping[str, Any]
    """NatSpec: `title`, `notice`, `details`, and `methods`, `events`, `errors` by signature."""

    selectors: Mapping[str, bytes]
    """Function signature → its first four bytes of calldata."""

    topics: Mapping[str, bytes]
    """Event signature → its first topic."""

    errors: Mapping[str, bytes]
    """Error signature → the first four bytes of its revert data."""


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One Solidity custom error."""

    signature: str
    selector: bytes
    inputs: tuple[tuple[str, str], ...]
    """(name, ABI type) of each argument."""

    declared_in: tuple[str, ...]
    """Contracts and libraries whose ABI has it."""

    class_name: str
    """Name of its class in `defi_kit.reverts`."""


def names() -> list[str]:
    """Names of all contracts, sorted."""
    found = (entry.name for entry in files(__name__).iterdir())
    return sorted(
        name.removesuffix(".json")
        for name in found
        if name.endswith(".json") and name != "errors.json"
    )


@cache
def load(name: str) -> Artifact:
    """The artifact of contract `name`.

    Raises ArtifactError when the kit carries no such contract, or its file is damaged.
    """
    raw = _read(name)
    try:
        return Artifact(
            name=name,
            source=raw["source"],
            abi=tuple(raw["abi"]),
            bytecode=bytes.fromhex(raw["bytecode"]),
            deployed_bytecode=bytes.fromhex(raw["deployedBytecode"]),
            doc=raw["doc"],
            selectors=_from_hex(raw["selectors"]),
            topics=_from_hex(raw["topics"]),
            errors=_from_hex(raw["errors"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(
            f"the artifact of {name} is damaged: {error!r}",
            hint="install defi-kit again, or run `make artifacts` in its repository",
        ) from error


@cache
def errors() -> tuple[ErrorEntry, ...]:
    """Every custom error, sorted by signature."""
    return tuple(
        ErrorEntry(
            signature=signature,
            selector=bytes.fromhex(raw["selector"]),
            inputs=tuple((name, kind) for name, kind in raw["inputs"]),
            declared_in=tuple(raw["declaredIn"]),
            class_name=raw["className"],
        )
        for signature, raw in sorted(_read("errors").items())
    )


def _read(name: str) -> dict[str, Any]:
    file = files(__name__).joinpath(f"{name}.json")
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        known = ", ".join(names()) or "none at all"
        raise ArtifactError(
            f"no contract named {name!r} in this kit", hint=f"it carries: {known}"
        ) from None
    except ValueError as error:
        raise ArtifactError(f"the artifact of {name} is no JSON: {error}") from error


def _from_hex(table: Mapping[str, str]) -> dict[str, bytes]:
    return {signature: bytes.fromhex(value) for signature, value in table.items()}
