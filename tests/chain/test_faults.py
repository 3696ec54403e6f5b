"""The same fault in the words of different clients."""

from __future__ import annotations

from typing import Any

import pytest

from defi_kit import reverts
from defi_kit.chain.abi import encode
from defi_kit.chain.faults import revert_data, translate
from defi_kit.errors import (
    InsufficientFunds,
    NodeError,
    NonceError,
    NotSupported,
    OutOfGas,
    RevertString,
    UnknownRevert,
)

STRING = "0x" + (RevertString.SELECTOR + encode(["string"], ["no"])).hex()
CUSTOM = "0x" + (reverts.NumberTooLarge.SELECTOR + encode(["uint256"] * 2, [2, 1])).hex()


@pytest.mark.parametrize(
    ("code", "message", "data", "expected"),
    [
        (3, "execution reverted: no", STRING, RevertString),  # geth, Erigon, Anvil
        (-32000, "execution reverted", CUSTOM, reverts.NumberTooLarge),
        (-32015, "VM execution error.", f"Reverted {STRING}", RevertString),  # OpenEthereum
        (-32603, "Error: VM Exception …", {"message": "…", "data": CUSTOM}, reverts.NumberTooLarge),
        (-32000, "VM Exception …", {"0xab": {"return": STRING}}, RevertString),  # Ganache
        (-32000, "execution reverted", None, UnknownRevert),
        (3, "execution reverted", "0x", UnknownRevert),
        (-32603, "reverted with an unrecognized custom error (return data: 0x12345678)", None,
         UnknownRevert),
        (-32000, "gas required exceeds allowance (30000000)", None, OutOfGas),
        (-32000, "out of gas", None, OutOfGas),
        (-32000, "intrinsic gas too low", None, OutOfGas),
        (-32603, "EVM error ReentrancySentryOOG", None, OutOfGas),
        (-32603, "EVM error InvalidFEOpcode", None, UnknownRevert),
        (-32000, "invalid opcode: INVALID", None, UnknownRevert),
        (-32000, "insufficient funds for gas * price + value", None, InsufficientFunds),
        (-32000, "Sender doesn't have enough funds to send tx.", None, InsufficientFunds),
        (-32000, "nonce too low: next nonce 5, tx nonce 4", None, NonceError),
        (-32000, "replacement transaction underpriced", None, NodeError),
        (-32601, "the method foo does not exist", None, NotSupported),
        (-32005, "limit exceeded", None, NodeError),
    ],
)  # fmt: skip
def test_a_fault_is_recognised(
    code: int, message: str, data: Any, expected: type[Exception]
) -> None:
    assert type(translate(NodeError(message, code=code, data=data))) is expected


def test_the_data_of_a_refusal_are_kept() -> None:
    error = translate(NodeError("return data: 0x12345678 reverted", code=-32603))
    assert isinstance(error, UnknownRevert)
    assert error.data == bytes.fromhex("12345678")


@pytest.mark.parametrize("value", [None, 5, "text", "0x123", [], {"a": 1}, {"data": None}])
def test_data_that_are_none_are_none(value: Any) -> None:
    assert revert_data(value) is None
