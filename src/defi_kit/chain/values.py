"""What goes into a contract and comes out of it: structs and events as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ..errors import BadResponse
from .abi import decode

if TYPE_CHECKING:
    from .receipts import Log

__all__ = ["Event", "Struct", "UnknownEvent"]


@dataclass(frozen=True, slots=True)
class Struct:
    """Base of the generated classes for Solidity structs."""

    TYPES: ClassVar[tuple[str, ...]] = ()
    """ABI type of each field."""

    NESTED: ClassVar[Mapping[str, type[Struct]]] = {}
    """Fields that are structs themselves, or arrays of structs."""

    @classmethod
    def from_tuple(cls, values: tuple[Any, ...]) -> Self:
        """The struct whose fields have these decoded values, in order."""
        return cls(*_build(cls.NESTED, _field_names(cls), values))

    def to_tuple(self) -> tuple[Any, ...]:
        """The fields as a tuple for the ABI codec."""
        return tuple([getattr(self, name) for name in _field_names(type(self))])


@dataclass(frozen=True, slots=True)
class Event:
    """Base of the generated classes for Solidity events: one field per argument, in order."""

    SIGNATURE: ClassVar[str] = ""
    """For example `"Transfer(address,address,uint256)"`."""

    TOPIC: ClassVar[bytes] = b""
    """First topic of its logs: keccak of the signature."""

    TYPES: ClassVar[tuple[str, ...]] = ()
    """ABI type of each argument."""

    INDEXED: ClassVar[tuple[bool, ...]] = ()
    """Which arguments are topics. Indexed strings, bytes, arrays and structs are only hashes."""

    NESTED: ClassVar[Mapping[str, type[Struct]]] = {}
    """Fields that are structs, or arrays of structs."""

    log: Log | None = field(default=None, kw_only=True, compare=False, repr=False)
    """Where it happened: address, block, timestamp, transaction. None for one made by hand."""

    @classmethod
    def matches(cls, log: Log) -> bool:
        """Whether `log` has this event's topic and number of indexed arguments."""
        topics = log.topics
        return bool(topics) and topics[0] == cls.TOPIC and len(topics) == 1 + sum(cls.INDEXED)

    @classmethod
    def from_log(cls, log: Log) -> Self:
        """The event in `log`. BadResponse when its data are not this event's."""
        topics = iter(log.topics[1:])
        data = iter(decode(_unindexed(cls.TYPES, cls.INDEXED), log.data))
        values = [
            decode((_topic_type(type_),), next(topics))[0] if indexed else next(data)
            for type_, indexed in zip(cls.TYPES, cls.INDEXED, strict=True)
        ]
        return cls(*_build(cls.NESTED, _field_names(cls), tuple(values)), log=log)


@dataclass(frozen=True, slots=True)
class UnknownEvent(Event):
    """An event of a contract whose class this chain has not seen."""

    topics: tuple[bytes, ...]
    data: bytes


@lru_cache(maxsize=2048)
def _unindexed(types: tuple[str, ...], indexed: tuple[bool, ...]) -> tuple[str, ...]:
    return tuple(type_ for type_, flag in zip(types, indexed, strict=True) if not flag)


def _topic_type(type_: str) -> str:
    """Dynamic and composite arguments are indexed by their hash."""
    composite = type_ in ("string", "bytes") or type_.endswith((")", "]"))
    return "bytes32" if composite else type_


_names: dict[type[Struct] | type[Event], tuple[str, ...]] = {}


def _field_names(cls: type[Struct] | type[Event]) -> tuple[str, ...]:
    found = _names.get(cls)
    if found is None:
        found = _names[cls] = tuple(item.name for item in fields(cls) if item.name != "log")
    return found


def _build(
    structs: Mapping[str, type[Struct]], names: tuple[str, ...], values: tuple[Any, ...]
) -> Sequence[Any]:
    if len(values) != len(names):
        raise BadResponse(f"{len(values)} values for the fields {', '.join(names)}")
    if not structs:
        return values
    return [
        _as_struct(structs[name], value) if name in structs else value
        for name, value in zip(names, values, strict=True)
    ]


def _as_struct(struct: type[Struct], value: Any) -> Any:
    if isinstance(value, list):
        return [_as_struct(struct, item) for item in value]
    return struct.from_tuple(value) if isinstance(value, tuple) else value
