"""Little programs that run inside the EVM, for what pyrevm has no method for.

`forwarded` sends from an address that has code, which the EVM refuses (EIP-3607). For the time of
one call the sender's code is replaced. Called by the driver, the new code makes the wanted call, so
that the callee sees the contract as its caller; called by anyone else, it runs the contract's own
code in the contract's own storage (DELEGATECALL), so that callbacks work.

`exact_code` reads a contract's code: pyrevm's own answer has padding at its end.
"""

from __future__ import annotations

from typing import Final

from pyrevm import EVM, AccountInfo

from .hashing import keccak, to_address

__all__ = ["account_info", "exact_code", "forwarded"]

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
