"""Sending from an address that has code, in an EVM that refuses to (EIP-3607).

For the time of one call the sender's code is replaced. Called by the driver, the new code makes the
wanted call, so that the callee sees the contract as its caller; called by anyone else, it runs the
contract's own code in the contract's own storage (DELEGATECALL), so that callbacks work.
"""

from __future__ import annotations

from typing import Final

from pyrevm import EVM, AccountInfo

from .hashing import keccak, to_address

__all__ = ["account_info", "forwarded"]

DRIVER: Final = to_address(keccak(b"defi_kit forwarder: driver")[12:])
ORIGINAL: Final = to_address(keccak(b"defi_kit forwarder: original code")[12:])

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
    own = evm.basic(sender)
    evm.insert_account_info(ORIGINAL, account_info(1, 0, own.code))
    evm.insert_account_info(sender, account_info(own.nonce, own.balance, FORWARDER))
    call = bytes(12) + bytes.fromhex(to[2:]) + value.to_bytes(32, "big") + data
    try:
        return bytes(evm.message_call(DRIVER, sender, call, gas=gas))
    finally:
        now = evm.basic(sender)  # the call may have moved its ether and its nonce
        evm.insert_account_info(sender, account_info(now.nonce, now.balance, own.code))


def account_info(nonce: int, balance: int, code: bytes | None = None) -> AccountInfo:
    """What `insert_account_info` writes; pyrevm's stubs forget the balance."""
    return AccountInfo(nonce=nonce, balance=balance, code=code)  # type: ignore[call-arg]
