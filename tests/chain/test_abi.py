"""The ABI codec against eth_abi, the codec of web3.py, and against malformed input."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from eth_abi import encode as reference_encode
from hypothesis import given
from hypothesis import strategies as st

from defi_kit.chain.abi import Function, decode, encode, function, split_types
from defi_kit.errors import AddressError, BadResponse, InputError

ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"

# --- any types, any values ------------------------------------------------------------------------

BASIC: dict[str, st.SearchStrategy[Any]] = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint112": st.integers(0, 2**112 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "int24": st.integers(-(2**23), 2**23 - 1),
    "int256": st.integers(-(2**255), 2**255 - 1),
    "bool": st.booleans(),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes": st.binary(max_size=70),
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    "address": st.just(ADDRESS),
}


@st.composite
def typed_values(draw: st.DrawFn, depth: int = 2) -> tuple[str, Any]:
    """A type and a value of it."""
    shape = draw(st.sampled_from(("basic", "array", "fixed", "tuple")[: 4 if depth else 1]))
    if shape == "basic":
        type_ = draw(st.sampled_from(sorted(BASIC)))
        return type_, draw(BASIC[type_])
    if shape == "tuple":
        parts = draw(st.lists(typed_values(depth - 1), min_size=1, max_size=3))
        return f"({','.join(type_ for type_, _ in parts)})", tuple(value for _, value in parts)
    type_, value = draw(typed_values(depth - 1))
    count = draw(st.integers(1 if shape == "fixed" else 0, 3))
    return f"{type_}[{count if shape == 'fixed' else ''}]", [value] * count


@given(st.lists(typed_values(), max_size=4))
def test_any_value_is_encoded_as_the_reference_does_and_decoded_again(
    arguments: list[tuple[str, Any]],
) -> None:
    types = [type_ for type_, _ in arguments]
    values = [value for _, value in arguments]
    encoded = encode(types, values)
    assert encoded == reference_encode(types, values)
    assert decode(types, encoded) == tuple(values)


@given(st.lists(typed_values(), min_size=1, max_size=3), st.binary(max_size=200))
def test_nonsense_is_refused_or_decoded_but_never_breaks(
    arguments: list[tuple[str, Any]], data: bytes
) -> None:
    with suppress(BadResponse):
        decode([type_ for type_, _ in arguments], data)


# --- what does not fit ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("uint256", -1),
        ("uint256", 2**256),
        ("uint8", 256),
        ("uint256", True),
        ("uint256", "1"),
        ("uint256", 1.0),
        ("int8", 128),
        ("int8", -129),
        ("bool", 1),
        ("bytes4", b"123"),
        ("bytes32", "0x00"),
        ("bytes", "text"),
        ("string", b"bytes"),
        ("uint256[]", 1),
        ("uint256[2]", [1]),
        ("(uint256,bool)", (1,)),
        ("(uint256,bool)", 7),
    ],
)
def test_a_value_that_does_not_fit_is_named(type_: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        encode([type_], [value])
    assert repr(value) in str(caught.value)


def test_hints_say_what_to_give_instead() -> None:
    class Like:
        raw = 5

    with pytest.raises(InputError, match="floats are never exact"):
        encode(["uint256"], [1.5])
    with pytest.raises(InputError, match=r"amount\.raw"):
        encode(["uint256"], [Like()])
    with pytest.raises(InputError, match=r"bytes\.fromhex"):
        encode(["bytes32"], ["0x00"])


def test_addresses_are_checked() -> None:
    assert decode(["address"], encode(["address"], [ADDRESS.lower()])) == (ADDRESS,)
    with pytest.raises(AddressError, match="wrong checksum"):
        encode(["address"], [ADDRESS.replace("E", "e")])


def test_a_function_names_itself_in_its_errors() -> None:
    with pytest.raises(InputError, match=r"transfer\(address,uint256\): -1 is not a uint256"):
        function("transfer(address,uint256)").encode([ADDRESS, -1])
    with pytest.raises(BadResponse, match=r"total\(\): the call returned nothing"):
        function("total()(uint256)").decode(b"")


@pytest.mark.parametrize(
    ("type_", "word"),
    [
        ("uint8", 256),
        ("int8", 128),
        ("bool", 2),
        ("address", 1 << 160),
        ("bytes4", 1),
        ("bytes", 64),
        ("uint256[]", 1 << 255),
        ("string", 1 << 200),
    ],
)
def test_a_word_that_is_no_value_of_the_type_is_refused(type_: str, word: int) -> None:
    with pytest.raises(BadResponse):
        decode([type_], word.to_bytes(32, "big"))


def test_a_claimed_length_costs_nothing() -> None:
    """An array that says it has 2**64 elements is refused before a list is made of it."""
    data = (32).to_bytes(32, "big") + (1 << 64).to_bytes(32, "big")
    for type_ in ("uint256[]", "string[]", "(uint8,bytes)[]", "bytes"):
        with pytest.raises(BadResponse):
            decode([type_], data)


def test_a_string_that_is_not_utf_8_is_shown_not_refused() -> None:
    assert decode(["string"], encode(["bytes"], [b"ok \xff"])) == ("ok \\xff",)


# --- signatures -----------------------------------------------------------------------------------


def test_signatures_are_taken_apart() -> None:
    parsed = function("swap((address,uint24)[],uint256)(uint256,(bool,bytes))")
    assert parsed == Function(
        "swap", ("(address,uint24)[]", "uint256"), ("uint256", "(bool,bytes)")
    )
    assert parsed.signature == "swap((address,uint24)[],uint256)"
    assert function("transfer(address,uint256)").selector == bytes.fromhex("a9059cbb")
    assert split_types("") == ()
    assert split_types("a,(b,(c,d))[],e[2]") == ("a", "(b,(c,d))[]", "e[2]")


@pytest.mark.parametrize("text", ["f(uint256", "f(uint256)(", "f(uint256)bool", "f"])
def test_a_broken_signature_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        function(text)


@pytest.mark.parametrize("type_", ["uint", "uint7", "uint264", "bytes33", "bytes0", "float", "a[]"])
def test_a_type_that_is_none_is_refused(type_: str) -> None:
    with pytest.raises(InputError, match="not an ABI type"):
        encode([type_], [[]])
