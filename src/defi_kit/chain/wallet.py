"""Sending on any node: with a key of this process, or from an account the node has unlocked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..errors import ChainTimeout, InsufficientFunds, NodeError, NonceError, Reverted
from .faults import is_low_fee, translate
from .hashing import keccak
from .keys import Signer
from .receipts import Receipt
from .types import Transaction
from .wire import member, quantity

if TYPE_CHECKING:
    from .node import NodeChain

__all__ = ["Wallet", "wait_until_mined"]

GAS_MARGIN: Final = (5, 4)
"""Gas limit over estimate: state may change before the transaction is mined."""

DEFAULT_TIP: Final = 10**9
"""Priority fee where the node suggests none. [wei per gas]"""

ATTEMPTS: Final = 3
"""How often a transaction is sent when nonce or fee were overtaken by events."""


class Wallet:
    """One sending account of a node. Nonces are counted here, and again by the node on trouble."""

    def __init__(self, chain: NodeChain, address: str, signer: Signer | None) -> None:
        self._chain = chain
        self._rpc = chain.rpc
        self.address = address
        self._signer = signer
        self._next_nonce: int | None = None

    def transact(self, transaction: Transaction, gas: int | None) -> Receipt:
        """Sends and waits. Raises the contract's error; then nothing was sent."""
        return self._chain.wait_for(self.send(transaction, gas), transaction)

    def batch(self, transactions: Sequence[Transaction]) -> list[Receipt]:
        """Sends without waiting in between, where a transaction does not need the one before.

        Stops at the first that would fail, after those sent before it were mined.
        """
        hashes: list[str] = []
        receipts: list[Receipt] = []

        def settle() -> None:
            for place in range(len(receipts), len(hashes)):
                receipts.append(self._chain.wait_for(hashes[place], transactions[place]))

        for transaction in transactions:
            try:
                hashes.append(self.send(transaction, None))
            except Reverted as error:
                if len(receipts) == len(hashes):
                    raise _noted(error, len(hashes), len(transactions)) from None
                settle()  # it may need what the ones before it do
                try:
                    hashes.append(self.send(transaction, None))
                except Reverted as final:
                    raise _noted(final, len(hashes), len(transactions)) from None
        settle()
        return receipts

    def send(self, transaction: Transaction, gas: int | None) -> str:
        """Simulates, then sends. The transaction's hash."""
        call = self._chain.call_fields(transaction)
        for attempt in range(1, ATTEMPTS + 1):
            limit, nonce, fees = self._prepare(call, gas)
            try:
                hash_ = self._submit(call, limit, nonce, fees)
            except NodeError as error:
                self._next_nonce = None
                told = translate(error, transaction.to)
                again = isinstance(told, NonceError) or is_low_fee(error)
                if again and attempt < ATTEMPTS:
                    continue
                raise self._with_numbers(told, limit, fees, transaction.value) from None
            self._next_nonce = nonce + 1
            return hash_
        raise AssertionError("unreachable: the last attempt returns or raises")

    def forget_nonce(self) -> None:
        """Takes the node's word for the next nonce: after a revert to a snapshot, say."""
        self._next_nonce = None

    # --- preparing --------------------------------------------------------------------------------

    def _prepare(self, call: dict[str, Any], gas: int | None) -> tuple[int, int, dict[str, int]]:
        """Gas limit, nonce and fees, in one exchange with the node."""
        simulated = call if gas is None else {**call, "gas": hex(gas)}
        method = "eth_estimateGas" if gas is None else "eth_call"
        at: tuple[str, ...] = self._chain.simulation_block()
        if gas is not None and not at:
            at = ("latest",)  # eth_call insists on a block
        answers = self._rpc.batch(
            [
                (method, (simulated, *at)),
                ("eth_getTransactionCount", (self.address, "pending")),
                ("eth_getBlockByNumber", ("latest", False)),
                ("eth_maxPriorityFeePerGas", ()),
            ]
        )
        for answer in answers[:3]:
            if isinstance(answer, NodeError):
                told = translate(answer, call.get("to"))
                raise self._with_numbers(told, 0, {}, quantity(call["value"])) from None
        simulation, count, block, tip = answers
        known = quantity(count, "a nonce")
        nonce = known if self._next_nonce is None else max(known, self._next_nonce)
        if gas is None:
            ceiling = quantity(member(block, "gasLimit", "a block"), "a gas limit")
            wanted = quantity(simulation, "an estimate of gas")
            gas = max(wanted, min(wanted * GAS_MARGIN[0] // GAS_MARGIN[1], ceiling))
        return gas, nonce, self._fees(block, tip)

    def _fees(self, block: Any, tip: Any) -> dict[str, int]:
        """EIP-1559 fees that stay sufficient for six full blocks; a gas price on older chains."""
        base = block.get("baseFeePerGas") if isinstance(block, dict) else None
        if base is None:
            return {"gasPrice": quantity(self._chain.ask("eth_gasPrice"), "a gas price")}
        priority = DEFAULT_TIP if isinstance(tip, NodeError) else quantity(tip, "a fee")
        ceiling = 2 * quantity(base, "a base fee") + priority
        return {"maxFeePerGas": ceiling, "maxPriorityFeePerGas": priority}

    def _submit(self, call: dict[str, Any], gas: int, nonce: int, fees: dict[str, int]) -> str:
        if self._signer is None:
            # The node signs: it knows its nonces and the fees of its chain best.
            return str(self._rpc.request("eth_sendTransaction", {**call, "gas": hex(gas)}))
        transaction: dict[str, Any] = {
            "chainId": self._chain.chain_id,
            "nonce": nonce,
            "gas": gas,
            "value": quantity(call["value"]),
            "data": call["data"],
            **fees,
        }
        if "to" in call:
            transaction["to"] = call["to"]
        if "gasPrice" not in fees:
            transaction["type"] = 2
        raw = self._signer.sign(transaction)
        try:
            return str(self._rpc.request("eth_sendRawTransaction", "0x" + raw.hex()))
        except NodeError as error:
            # The answer to the first sending was lost and the transport sent it again.
            if "already known" in error.message or "already imported" in error.message:
                return "0x" + keccak(raw).hex()
            raise

    def _with_numbers(
        self, error: Exception, gas: int, fees: dict[str, int], value: int
    ) -> Exception:
        if not isinstance(error, InsufficientFunds):
            return error
        price = fees.get("maxFeePerGas", fees.get("gasPrice", 0))
        return InsufficientFunds(
            f"{self.address} holds {self._chain.balance(self.address)} wei; the transaction sends "
            f"{value} wei and may cost up to {gas * price} wei of gas",
            hint="send ether to the account first",
        )


def wait_until_mined(chain: NodeChain, hash_: str, limit: float) -> dict[str, Any]:
    """The raw receipt of a transaction. ChainTimeout after `limit` seconds."""
    deadline = time.monotonic() + limit
    pause = 0.002
    while True:
        try:
            receipt = chain.rpc.request("eth_getTransactionReceipt", hash_)
        except NodeError as error:
            if "index" not in str(error.message):  # geth, just started, is still indexing
                raise translate(error) from None
            receipt = None
        if isinstance(receipt, dict) and receipt.get("blockNumber") is not None:
            return receipt
        if time.monotonic() + pause > deadline:
            raise ChainTimeout(
                f"transaction {hash_} was sent but not mined within {limit:g} s",
                hint="it may still be mined: look it up before sending it again",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)


def _noted(error: Reverted, place: int, count: int) -> Reverted:
    error.add_note(f"transaction {place + 1} of {count} in the batch")
    return error
