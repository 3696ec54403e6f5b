"""The tree of errors: drawn as it is, and what a contract's refusal shows."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

from defi_kit import errors, reverts
from defi_kit.errors import (
    DefiKitError,
    InputError,
    OutOfGas,
    Panic,
    Reverted,
    RevertString,
    UnknownRevert,
)
from defi_kit.units import Unit

TREE = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, DefiKitError) and cls.__module__ == errors.__name__
]


def test_the_drawing_shows_every_error_under_its_parent() -> None:
    drawn: dict[str, str | None] = {}
    parents: dict[int, str] = {}
    for indent, name in re.findall(r"^( *)[*+-] (\w+)", errors.__doc__ or "", re.MULTILINE):
        parents[len(indent)] = name
        drawn[name] = parents.get(len(indent) - 2)
    assert drawn == {
        cls.__name__: None if cls is DefiKitError else cls.__mro__[1].__name__ for cls in TREE
    }


def test_every_error_is_exported_and_none_but_the_tree() -> None:
    assert {cls.__name__ for cls in TREE} == set(errors.__all__) - {"HINTS", "PANICS"}
    assert errors.__all__ == sorted(errors.__all__, key=lambda n: (not n.isupper(), n))


def test_a_hint_is_printed_below_the_message() -> None:
    assert str(InputError("bad", hint="good")) == "bad\n  hint: good"
    assert str(InputError("bad")) == "bad"


def test_a_refusal_has_its_arguments_by_name_and_place() -> None:
    by_place = reverts.MintAllowanceExceeded("0xA", 5, 7)
    by_name = reverts.MintAllowanceExceeded(minter="0xA", allowance=5, amount=7)
    for refusal in (by_place, by_name):
        assert (refusal.minter, refusal.allowance, refusal.amount) == ("0xA", 5, 7)
        assert refusal.arguments == {"minter": "0xA", "allowance": 5, "amount": 7}
        assert refusal.signature == "MintAllowanceExceeded(address,uint256,uint256)"
        assert refusal.name == "MintAllowanceExceeded"
        assert "allowance=5, amount=7" in str(refusal)


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), (("0xA", 5), {}), (("0xA", 5, 7, 8), {}), (("0xA", 5), {"sum": 7})],
)
def test_a_refusal_with_other_arguments_is_a_type_error(
    values: tuple[object, ...], named: dict[str, object]
) -> None:
    with pytest.raises(TypeError, match="minter, allowance, amount"):
        reverts.MintAllowanceExceeded(*values, **named)


def test_a_client_shows_the_amounts_of_a_refusal_in_its_unit() -> None:
    usd = Unit("USD", 6)
    refusal = reverts.MintAllowanceExceeded("0xA", 5, 7_000_000)
    assert refusal.in_units(allowance=usd.amount, amount=usd.amount, other=usd.amount) is refusal
    assert "allowance=0.000005 USD, amount=7 USD" in str(refusal)
    assert refusal.amount == 7_000_000


def test_refusals_survive_pickling_and_copying() -> None:
    refusal = reverts.MintAllowanceExceeded(
        "0xA", 5, 7, data=b"\x01", contract="0xC", receipt=object(), hint="h"
    )
    for twin in (pickle.loads(pickle.dumps(refusal)), copy.copy(refusal)):
        assert type(twin) is type(refusal)
        assert (twin.arguments, twin.data, twin.contract) == (refusal.arguments, b"\x01", "0xC")
        assert str(twin) == str(refusal)
    plain = pickle.loads(pickle.dumps(InputError("bad", hint="good")))
    assert str(plain) == "bad\n  hint: good"


def test_a_usual_cause_has_a_hint_and_one_given_goes_before() -> None:
    assert "approve" in (reverts.InsufficientAllowance().hint or "")
    assert reverts.InsufficientAllowance(hint="mine").hint == "mine"


def test_hints_name_errors_that_exist() -> None:
    names = {cls.__name__ for cls in vars(reverts).values() if inspect.isclass(cls)}
    assert set(errors.HINTS) - names == set()


def test_the_built_in_refusals_say_what_happened() -> None:
    assert str(RevertString("too late", contract="0xC")) == "reverted: too late at 0xC"
    assert Panic(0x12).named == "division by zero"
    assert str(Panic(0x11)) == "panic 0x11: arithmetic overflow or underflow"
    assert Panic(0x99).named == "unknown panic"
    assert str(UnknownRevert(data=b"\xab\xcd")) == "reverted with unknown data 0xabcd"
    assert str(UnknownRevert()) == "reverted without a reason"
    assert len(str(UnknownRevert(data=b"\xff" * 10_000))) < 250  # a return bomb
    assert str(OutOfGas()) == "ran out of gas"
    assert issubclass(reverts.StalePrice, Reverted)
