"""Seeding of faults: the tool that the rooms' fault tests rely on."""

from __future__ import annotations

import pytest

from faults import faulty_bytecode


def test_a_fault_must_fit_exactly_once() -> None:
    source = "contracts/testing/mocks/MockOracle.sol"
    with pytest.raises(AssertionError, match="occurs 0 times"):
        faulty_bytecode(source, {"absent": ("no such text", "")})
    with pytest.raises(AssertionError, match="times, must be once"):
        faulty_bytecode(source, {"everywhere": ("price", "cost")})
    with pytest.raises(AssertionError, match="does not import"):
        faulty_bytecode("contracts/dex/Exchange.sol", {"a": ("b", "c")}, contract="MockOracle")


def test_a_fault_changes_the_bytecode() -> None:
    found = faulty_bytecode(
        "contracts/testing/mocks/MockOracle.sol",
        {
            "never_off": ("require(!reverting, OracleOff());", ""),
            "off_by_one": ("return answer;", "return answer + 1;"),
        },
    )
    assert len({*found.values()}) == 2
    assert all(found.values())
