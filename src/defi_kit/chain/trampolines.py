"""Little programs that run inside the EVM, for what pyrevm has no method for.

`forwarded` sends from an address that has code, which the EVM refuses (EIP-3607). For the time of
one call the sender's code is replaced. Called by the driver, the new code makes the wanted call, so
that the callee sees the contract as its caller; called by anyone else, it runs the contract's own
code in the contract's own storage (DELEGATECALL), so that callbacks work.

`exact_code` reads a contract's code: pyrevm's own answer has padding at its end.

`answers` asks many views in one entry into the EVM, which takes longer than many a view. For its
time the sender has code that asks them in turn, so that each sees who asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from pyrevm import EVM, AccountInfo

from .hashing import HasAddress, address_of, keccak, to_address

__all__ = ["account_info", "answers", "exact_code", "forwarded"]

DRIVER: Final = to_address(keccak(b"defi_kit trampolines: driver")[12:])
ORIGINAL: Final = to_address(keccak(b"defi_kit trampolines: original code")[12:])

READER: Final = to_address(keccak(b"defi_kit trampolines: reader")[12:])

_DRIVER_BYTES = DRIVER[2:].lower()
_ORIGINAL_BYTES = ORIGINAL[2:].lower()

FORWARDER: Final = bytes.fromhex(
    # Does the driver call? Then forward.
    f"33 73{_DRIVER_BYTES} 14 603c 57"
    # No: run the original code here, with the same caller, value and data.
    f"36 5f 5f 37  5f 5f 36 5f 73{_ORIGINAL_BYTES} 5a f4 6053 56"
    # 0x3c forward: calldata is the target, the value, and what to send.
    "5b 6040 36 03 6040 5f 37  5f 5f 6040 36 03 5f 6020 35 5f 35 5a f1"
    # 0x53 either way: return or revert with what came back.
    "5b 3d 5f 5f 3e 605e 57 3d 5f fd 5b 3d 5f f3"
)

ASKING: Final = bytes.fromhex(
    # Whoever else calls meets an account without code.
    f"33 73{_DRIVER_BYTES} 14 601b 57 00 5b"
    # Stack: where to write, and above it where to read, at first right behind this program.
    # 0x1f: while there is code, goto 0x29;
    "5f 6070 5b 80 38 11 6029 57"
    # else return all that was written.
    "50 5f f3"
    # 0x29: a question is one word, twenty bytes of address and twelve of length, and the data.
    f"5b 6020 81 83 39 81 51 90 6020 01 81 6b{'ff' * 12} 16 80 82 85 39"
    # STATICCALL with them, so that no view sees what another did; goto 0x58 if it answers.
    "5f 5f 82 86 86 6060 1c 5a fa 6058 57 5f 5f fd"
    # 0x58: write the answer's length and the answer, and go on to the next question.
    "5b 01 90 50 3d 82 52 3d 5f 83 6020 01 3e 90 3d 01 6020 01 90 601f 56"
)
"""Asks what follows it: as code and not as calldata, of which pyrevm takes byte by byte, twenty
nanoseconds each."""


def answers(
    evm: EVM, sender: str, requests: Sequence[tuple[HasAddress | str, bytes]]
) -> list[bytes]:
    """What each view returns to `sender`, which has no code. RuntimeError as `message_call` raises
    it if one of them refuses, or is no view; which of them it does not say."""
    asked = b"".join([_head(address_of(to), len(data)) + data for to, data in requests])
    own = evm.basic(sender)
    evm.insert_account_info(sender, account_info(own.nonce, own.balance, ASKING + asked))
    try:
        told = bytes(evm.message_call(DRIVER, sender, b""))
    finally:
        evm.insert_account_info(sender, account_info(own.nonce, own.balance))
    found, at = [], 0
    for _ in requests:
        start = at + 32
        at = start + int.from_bytes(told[at:start], "big")
        found.append(told[start:at])
    return found


@lru_cache(maxsize=4096)
def _head(to: str, size: int) -> bytes:
    return bytes.fromhex(to[2:]) + size.to_bytes(12, "big")


def forwarded(evm: EVM, sender: str, to: str, data: bytes, value: int, gas: int | None) -> bytes:
    """`message_call` from a contract. RuntimeError as `message_call` raises it."""
    if evm.get_balance(sender) < value:
        raise RuntimeError(f"LackOfFund {{ fee: {value}, balance: {evm.get_balance(sender)} }}")
    own, code = evm.basic(sender), exact_code(evm, sender)
    evm.insert_account_info(ORIGINAL, account_info(1, 0, code))
    evm.insert_account_info(sender, account_info(own.nonce, own.balance, FORWARDER))
    call = bytes(12) + bytes.fromhex(to[2:]) + value.to_bytes(32, "big") + data
    try:
        return bytes(evm.message_call(DRIVER, sender, call, gas=gas))
    finally:
        now = evm.basic(sender)  # the call may have moved its ether and its nonce
        evm.insert_account_info(sender, account_info(now.nonce, now.balance, code))


def exact_code(evm: EVM, address: str) -> bytes:
    """Runtime code of an address; empty when it has none."""
    if not evm.get_code(address):
        return b""
    # EXTCODECOPY(address, 0, 0, EXTCODESIZE(address)), then return it.
    target = f"73{address[2:].lower()}"
    program = bytes.fromhex(f"{target} 3b 80 5f 5f {target} 3c 5f f3")
    evm.insert_account_info(READER, account_info(1, 0, program))
    return bytes(evm.message_call(DRIVER, READER, b""))


def account_info(nonce: int, balance: int, code: bytes | None = None) -> AccountInfo:
    """What `insert_account_info` writes; pyrevm's stubs forget the balance."""
    return AccountInfo(nonce=nonce, balance=balance, code=code)  # type: ignore[call-arg]
