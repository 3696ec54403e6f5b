"""Why a contract said no: revert data to the error class of the same name and numbers.

One merged table serves every contract: an error may come from a called contract or from assembly,
and is then in no ABI of the contract that was asked.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..errors import BadResponse, OutOfGas, Panic, Reverted, RevertString, UnknownRevert
from .abi import decode

__all__ = ["decode_revert", "halted", "known_errors", "out_of_gas"]


def decode_revert(data: bytes, contract: str | None = None) -> Reverted:
    """The error in `data`, ready to be raised; UnknownRevert when nothing explains it."""
    known = known_errors().get(data[:4]) if len(data) >= 4 else None
    if known is not None:
        try:
            values: tuple[Any, ...] = decode(known.TYPES, data[4:])
        except BadResponse:
            # The selector is an accident, or somebody lies: what is there is all that is known.
            return UnknownRevert(data=data, contract=contract)
        return known(*values, data=data, contract=contract)
    return UnknownRevert(data=data, contract=contract)


def out_of_gas(contract: str | None = None) -> OutOfGas:
    """The error of a transaction or call that used all its gas."""
    return OutOfGas(contract=contract, hint="give it more: gas=…")


def halted(reason: str, contract: str | None = None) -> UnknownRevert:
    """The error of a halt other than for lack of gas: bad instruction, code too large …"""
    shown = "invalid opcode" if "invalid" in reason.lower() else reason
    return UnknownRevert(contract=contract, hint=f"the EVM halted: {shown}")


@cache
def known_errors() -> dict[bytes, type[Reverted]]:
    """Selector → class: Solidity's own two, and every error in `defi_kit.reverts`."""
    from .. import reverts

    own = {kind.SELECTOR: kind for kind in (RevertString, Panic)}
    return {**reverts.BY_SELECTOR, **own}
