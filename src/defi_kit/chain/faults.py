"""What a node's error means. Every client words it in its own way.

Sources: the errors as Anvil 1.7, Hardhat 2.29, geth, Nethermind, Erigon, Besu and eth-tester give
them; the first two seen by the tests, the others from their documentation.
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import (
    DefiKitError,
    InsufficientFunds,
    NodeError,
    NonceError,
    NotSupported,
)
from .decode import decode_revert, halted, out_of_gas

__all__ = ["is_low_fee", "revert_data", "translate"]

_HEX = re.compile(r"(?:Reverted )?0x((?:[0-9a-fA-F]{2})*)")
_IN_MESSAGE = re.compile(r"return data: 0x((?:[0-9a-fA-F]{2})*)")
_OUT_OF_GAS = re.compile(
    r"out of gas|outofgas|oog\b|gas required exceeds|intrinsic gas|requires at least \d+ gas", re.I
)
_HALT = re.compile(r"evm error (\w+)|(invalid opcode|stack underflow|stack overflow)", re.I)
_FUNDS = re.compile(r"insufficient funds|enough funds|insufficient balance|upfront cost", re.I)
_NONCE = re.compile(r"nonce too|nonce is|invalid nonce|replacement transaction", re.I)
_REVERT = re.compile(r"revert|vm exception|always failing transaction", re.I)
_LOW_FEE = re.compile(r"base ?fee|underpriced|fee too low", re.I)


def translate(error: NodeError, contract: str | None = None) -> DefiKitError:
    """The error that says what happened; `error` itself when it is none of the known ones."""
    text = str(error.message)
    if error.code == -32601 or "unsupported method" in text.lower():
        return NotSupported(f"the node cannot do that: {text}")
    if _LOW_FEE.search(text):
        return error
    if _FUNDS.search(text):
        return InsufficientFunds(f"the sender's ether does not cover value and gas: {text}")
    data = revert_data(error.data)
    if data:
        return decode_revert(data, contract)
    if _OUT_OF_GAS.search(text):
        return out_of_gas(contract)
    if halt := _HALT.search(text):
        return halted(halt[1] or halt[2], contract)
    if _NONCE.search(text):
        return NonceError(text)
    if error.code == 3 or data is not None or _REVERT.search(text):
        found = _IN_MESSAGE.search(text)
        return decode_revert(bytes.fromhex(found[1]) if found else b"", contract)
    return error


def is_low_fee(error: NodeError) -> bool:
    """Whether the node wants a higher gas price."""
    return bool(_LOW_FEE.search(str(error.message)))


def revert_data(value: Any) -> bytes | None:
    """Revert data within an error's `data`: the text itself, or somewhere in an object."""
    if isinstance(value, str):
        found = _HEX.fullmatch(value.strip())
        return bytes.fromhex(found[1]) if found else None
    if isinstance(value, dict):
        # Hardhat: {"data": "0x…"}; Ganache: {"0x<hash>": {"return": "0x…"}}.
        for key in ("data", "return", "result", "output"):
            found_data = revert_data(value.get(key))
            if found_data is not None:
                return found_data
        for item in value.values():
            if isinstance(item, dict) and (inner := revert_data(item)) is not None:
                return inner
    return None
