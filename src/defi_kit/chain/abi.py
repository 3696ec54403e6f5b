"""The contract ABI: Python values to bytes and back.

Source: Solidity documentation, "Contract ABI Specification". One coder per type, made once and
kept, because coding is dearer than the in-process EVM itself. The usual libraries are not used
here: they cost half a second of imports, and even the compiled ones take two to four times as long
(docs/speed.md).

Values: `int` for integers, `bool`, `str` (checksummed) for address, `bytes` for bytes and bytesN,
`str` for string, `list` for arrays, `tuple` for tuples; encoding takes as well what has an address
for an address, and what has a `to_tuple` for a tuple. Encoding refuses what does not fit with an
InputError; decoding refuses malformed data with a BadResponse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, Never

from ..errors import BadResponse, InputError
from .hashing import address_of, selector, to_address

__all__ = [
    "Function",
    "decode",
    "encode",
    "function",
    "split_types",
]

Encoder = Callable[[Any], bytes]
Decoder = Callable[[bytes, int], Any]

_ZEROS_12 = bytes(12)
_ARRAY = re.compile(r"(.+)\[([0-9]*)\]")
# Canonical names only: "uint" would give another selector than "uint256".
_SIZES = "|".join(str(bits) for bits in range(8, 257, 8))
_INTEGER = re.compile(rf"(u?)int({_SIZES})")
_BYTES_N = re.compile(r"bytes([1-9]|[12][0-9]|3[0-2])")


def encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """ABI encoding of `values`, no selector. InputError names a value that does not fit."""
    return _tuple_coder(tuple(types)).encode(values)


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values in `data`. BadResponse when they are not encoded as `types`."""
    values: tuple[Any, ...] = _tuple_coder(tuple(types)).decode(data, 0)
    return values


# --- functions ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Function:
    """A function's selector and coders, from `"balanceOf(address)(uint256)"`."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @cached_property
    def signature(self) -> str:
        """Name and inputs, as the selector is made from."""
        return f"{self.name}({','.join(self.inputs)})"

    @cached_property
    def selector(self) -> bytes:
        """First four bytes of the call data."""
        return selector(self.signature)

    @cached_property
    def _arguments(self) -> _Coder:
        return _tuple_coder(self.inputs)

    @cached_property
    def _returned(self) -> _Coder:
        return _tuple_coder(self.outputs)

    def encode(self, values: Sequence[Any]) -> bytes:
        """Call data."""
        try:
            return self.selector + self._arguments.encode(values)
        except InputError as error:
            raise type(error)(f"{self.signature}: {error.message}", hint=error.hint) from None

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """Returned values."""
        try:
            values: tuple[Any, ...] = self._returned.decode(data, 0)
        except BadResponse as error:
            raise BadResponse(f"{self.signature}: {error.message}", hint=error.hint) from None
        return values


@lru_cache(maxsize=4096)
def function(signature: str) -> Function:
    """The function of `"name(inputs)"` or `"name(inputs)(outputs)"`, types without spaces."""
    name, _, rest = signature.partition("(")
    closing = _closing_parenthesis(rest)
    outputs = rest[closing + 1 :]
    if outputs and not (outputs.startswith("(") and outputs.endswith(")")):
        raise InputError(f"not a function signature: {signature!r}")
    return Function(name, split_types(rest[:closing]), split_types(outputs[1:-1]))


def split_types(text: str) -> tuple[str, ...]:
    """`"address,(uint256,bool)[]"` as its types: `("address", "(uint256,bool)[]")`."""
    if not text:
        return ()
    types: list[str] = []
    depth = start = 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            types.append(text[start:place])
            start = place + 1
    return (*types, text[start:])


def _closing_parenthesis(text: str) -> int:
    depth = 1
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return place
    raise InputError(f"parentheses do not match in {text!r}")


# --- coders ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Coder:
    """How one type is written and read."""

    head: int
    """Bytes in the head: the whole value of a static type, 32 (an offset) for a dynamic one."""

    dynamic: bool
    encode: Encoder
    decode: Decoder


@lru_cache(maxsize=4096)
def _coder(type_: str) -> _Coder:
    if array := _ARRAY.fullmatch(type_):
        element, length = array.groups()
        return _fixed_array(element, int(length)) if length else _array(element)
    if type_.startswith("("):
        return _tuple_coder(split_types(type_[1:-1]))
    if integer := _INTEGER.fullmatch(type_):
        bits = int(integer[2])
        return _uint(type_, bits) if integer[1] else _int(type_, bits)
    if fixed := _BYTES_N.fullmatch(type_):
        return _bytes_n(type_, int(fixed[1]))
    try:
        return _SIMPLE[type_]
    except KeyError:
        raise InputError(f"not an ABI type: {type_!r}") from None


def _uint(type_: str, bits: int) -> _Coder:
    limit = 1 << bits

    def write(value: Any) -> bytes:
        if type(value) is int and 0 <= value < limit:
            return value.to_bytes(32, "big")
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
            raise _unfit(type_, value)
        return value.to_bytes(32, "big")

    def read(data: bytes, at: int) -> int:
        value = _read_uint256(data, at)
        if value >= limit:
            raise _malformed(type_, data, at)
        return value

    return _Coder(32, False, write, _read_uint256 if bits == 256 else read)


def _read_uint256(data: bytes, at: int) -> int:
    word = data[at : at + 32]
    return int.from_bytes(word if len(word) == 32 else _word(data, at), "big")


def _int(type_: str, bits: int) -> _Coder:
    limit = 1 << bits - 1

    def write(value: Any) -> bytes:
        if not isinstance(value, int) or isinstance(value, bool) or not -limit <= value < limit:
            raise _unfit(type_, value)
        return value.to_bytes(32, "big", signed=True)

    def read(data: bytes, at: int) -> int:
        value = int.from_bytes(_word(data, at), "big", signed=True)
        if not -limit <= value < limit:
            raise _malformed(type_, data, at)
        return value

    return _Coder(32, False, write, read)


def _bytes_n(type_: str, size: int) -> _Coder:
    padding = bytes(32 - size)

    def write(value: Any) -> bytes:
        if not isinstance(value, bytes) or len(value) != size:
            raise _unfit(type_, value)
        return value + padding

    def read(data: bytes, at: int) -> bytes:
        word = _word(data, at)
        if word[size:] != padding:
            raise _malformed(type_, data, at)
        return word[:size]

    return _Coder(32, False, write, read)


@lru_cache(maxsize=65_536)
def _padded(text: str) -> bytes:
    return _ZEROS_12 + bytes.fromhex(address_of(text)[2:])


def _write_address(value: Any) -> bytes:
    return _padded(value if type(value) is str else address_of(value))


def _read_address(data: bytes, at: int) -> str:
    return _unpadded(data[at : at + 32]) or _unpadded_else(data, at)


@lru_cache(maxsize=65_536)
def _unpadded(word: bytes) -> str | None:
    """The address in a word; None when it is none."""
    fits = len(word) == 32 and word.startswith(_ZEROS_12)
    return to_address(word[12:]) if fits else None


def _unpadded_else(data: bytes, at: int) -> Never:
    _word(data, at)
    raise _malformed("address", data, at)


def _write_bool(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise _unfit("bool", value)
    return value.to_bytes(32, "big")


def _read_bool(data: bytes, at: int) -> bool:
    value = int.from_bytes(_word(data, at), "big")
    if value > 1:
        raise _malformed("bool", data, at)
    return value == 1


def _write_bytes(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray):
        raise _unfit("bytes", value)
    return len(value).to_bytes(32, "big") + value + bytes(-len(value) % 32)


def _read_bytes(data: bytes, at: int) -> bytes:
    size = int.from_bytes(_word(data, at), "big")
    found = data[at + 32 : at + 32 + size]
    if len(found) != size:
        raise _malformed("bytes", data, at)
    return found


def _write_string(value: Any) -> bytes:
    if not isinstance(value, str):
        raise _unfit("string", value)
    return _write_bytes(value.encode())


def _read_string(data: bytes, at: int) -> str:
    # A contract may return any bytes as a string; show what is not UTF-8 rather than refuse it.
    return _read_bytes(data, at).decode(errors="backslashreplace")


_SIMPLE = {
    "address": _Coder(32, False, _write_address, _read_address),
    "bool": _Coder(32, False, _write_bool, _read_bool),
    "bytes": _Coder(32, True, _write_bytes, _read_bytes),
    "string": _Coder(32, True, _write_string, _read_string),
}


@lru_cache(maxsize=4096)
def _tuple_coder(types: tuple[str, ...]) -> _Coder:
    coders = [_coder(type_) for type_ in types]
    items, count = _Items(coders), len(coders)

    def write(values: Any) -> bytes:
        if type(values) is not tuple and hasattr(values, "to_tuple"):
            values = values.to_tuple()
        if not isinstance(values, tuple | list) or len(values) != count:
            raise _unfit(f"({','.join(types)})", values)
        return items.encode(values)

    def read(data: bytes, at: int) -> tuple[Any, ...]:
        return tuple(items.decode(data, at))

    return _Coder(items.head_outside, items.dynamic, write, read)


def _fixed_array(element: str, length: int) -> _Coder:
    items = _Items([_coder(element)] * length)

    def write(values: Any) -> bytes:
        if not isinstance(values, tuple | list) or len(values) != length:
            raise _unfit(f"{element}[{length}]", values)
        return items.encode(values)

    return _Coder(items.head_outside, items.dynamic, write, items.decode)


def _array(element: str) -> _Coder:
    coder = _coder(element)

    def write(values: Any) -> bytes:
        if not isinstance(values, tuple | list):
            raise _unfit(f"{element}[]", values)
        count = len(values)
        return count.to_bytes(32, "big") + _several(element, count).encode(values)

    def read(data: bytes, at: int) -> list[Any]:
        count = int.from_bytes(_word(data, at), "big")
        # Before a list of that length is made: data may claim any number of elements.
        if count * coder.head > len(data) - at - 32:
            raise _malformed(f"{element}[]", data, at)
        return _several(element, count).decode(data, at + 32)

    return _Coder(32, True, write, read)


@lru_cache(maxsize=256)
def _several(element: str, count: int) -> _Items:
    return _Items([_coder(element)] * count)


class _Items:
    """Values one after the other, as in a tuple: heads first, then what is dynamic."""

    def __init__(self, coders: list[_Coder]) -> None:
        self.dynamic = any(coder.dynamic for coder in coders)
        self.head = sum(coder.head for coder in coders)
        self.head_outside = 32 if self.dynamic else self.head
        """In the head of what contains it."""
        self._writers = [(coder.encode, coder.dynamic) for coder in coders]
        self._static = [coder.encode for coder in coders]
        places = list(accumulate((coder.head for coder in coders), initial=0))
        self._readers = [
            (coder.decode, place, coder.dynamic)
            for coder, place in zip(coders, places, strict=False)
        ]

    def encode(self, values: Sequence[Any]) -> bytes:
        """As many values as there are coders."""
        if not self.dynamic:
            return b"".join([write(value) for write, value in zip(self._static, values)])  # noqa: B905  (the caller counted)
        pairs = zip(self._writers, values, strict=True)
        heads: list[bytes] = []
        tails: list[bytes] = []
        offset = self.head
        for (write, dynamic), value in pairs:
            encoded = write(value)
            if dynamic:
                heads.append(offset.to_bytes(32, "big"))
                tails.append(encoded)
                offset += len(encoded)
            else:
                heads.append(encoded)
        return b"".join(heads + tails)

    def decode(self, data: bytes, start: int) -> list[Any]:
        """The values in `data`, whose offsets count from `start`."""
        if not self.dynamic:
            return [read(data, start + place) for read, place, _ in self._readers]
        items = []
        for read, place, dynamic in self._readers:
            at = start + place
            if dynamic:
                at = start + int.from_bytes(_word(data, at), "big")
            items.append(read(data, at))
        return items


def _word(data: bytes, at: int) -> bytes:
    word = data[at : at + 32]
    if len(word) != 32:
        raise BadResponse(
            f"the data end at byte {len(data)}, in the middle of a value"
            if data
            else "the call returned nothing",
            hint=None if data else "is there a contract of that kind at the address?",
        )
    return word


# --- refusals -------------------------------------------------------------------------------------


def _unfit(type_: str, value: Any) -> InputError:
    hint = None
    if isinstance(value, float):
        hint = "floats are never exact; give an int in base units"
    elif hasattr(value, "raw"):
        hint = "give its base units: amount.raw"
    elif type_.startswith("bytes") and isinstance(value, str):
        hint = "give bytes: bytes.fromhex(...)"
    return InputError(f"{_short(value)} is not a {type_}", hint=hint)


def _malformed(type_: str, data: bytes, at: int) -> BadResponse:
    return BadResponse(f"the data at byte {at} are not a {type_}: 0x{data[at : at + 32].hex()}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
