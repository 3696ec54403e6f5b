"""What development nodes can do beyond a plain node: Anvil and Hardhat, which share most names.

Here any address may send (impersonation), gas costs nothing, every transaction is a block one
second after the one before, and a transaction is tried on the pending block before it is sent, so
that one that fails mines nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Literal

from ..errors import (
    BadResponse,
    ChainError,
    DefiKitError,
    InputError,
    NodeError,
    Reverted,
)
from .base import ENDOWMENT, check_value, key_address, named_key
from .faults import is_low_fee, translate
from .receipts import Receipt
from .types import Account, Transaction
from .wire import member, quantity

if TYPE_CHECKING:
    from .node import NodeChain

__all__ = ["DevNode", "dialect_of"]

GAS_LIMIT: Final = 30_000_000
"""Of each transaction, as on the embedded engine."""

SENT_AT_ONCE: Final = 100
"""Transactions in one JSON batch."""

SETTLING: Final = 100
"""How often Anvil is asked whether its list of transactions is empty; twice suffices."""

Dialect = Literal["anvil", "hardhat"]


def dialect_of(client: str) -> Dialect | None:
    """Which development node `web3_clientVersion` names, if any."""
    name = client.lower()
    if name.startswith("anvil"):
        return "anvil"
    return "hardhat" if name.startswith("hardhatnetwork") else None


class DevNode:
    """The development side of a node."""

    def __init__(self, chain: NodeChain, dialect: Dialect) -> None:
        self._chain = chain
        self._rpc = chain.rpc
        self._dialect = dialect
        self._accounts: dict[str, Account] = {}
        self._impersonated: set[str] = set()
        self._next_timestamp: int | None = None
        self._latest_timestamp: int | None = None
        self._snapshots = 0
        self.settle_in()
        self._automine = bool(self._rpc.request("hardhat_getAutomine"))
        self._sends_and_waits = dialect == "anvil" and self._automine

    def settle_in(self) -> None:
        """Tells a node that is new, or has been reset, how it is to behave."""
        self._impersonated.clear()
        if self._dialect == "anvil":
            self._rpc.request("anvil_setBlockTimestampInterval", 1)
        self._make_gas_free()

    def may_forget(self) -> bool:
        """Whether nothing is pending that a reset would lose."""
        return not self._snapshots and self._next_timestamp is None

    # --- accounts ---------------------------------------------------------------------------------

    def account(self, name: str) -> Account:
        """A named account, funded when it is new to this chain."""
        if name in self._accounts:
            return self._accounts[name]
        account = Account(name, key_address(named_key(name)))
        balance, nonce = self._all(
            [
                ("eth_getBalance", (account.address, "latest")),
                ("eth_getTransactionCount", (account.address, "latest")),
            ]
        )
        if quantity(balance) == 0 and quantity(nonce) == 0:
            self.set_balance(account.address, ENDOWMENT)
        self._accounts[name] = account
        return account

    def impersonate(self, address: str) -> None:
        """Lets the node accept transactions from `address` without a signature."""
        if address not in self._impersonated:
            self._rpc.request("hardhat_impersonateAccount", address)
            self._impersonated.add(address)

    def set_balance(self, address: str, wei: int) -> None:
        """Gives an address exactly that much ether. [wei]"""
        self._rpc.request("hardhat_setBalance", address, hex(check_value(wei)))

    # --- transactions -----------------------------------------------------------------------------

    def transact(self, transaction: Transaction, gas: int | None) -> Receipt:
        """Tries, sends, and returns the receipt. A failing transaction mines nothing."""
        fields = self._fields(transaction, gas)
        self.prepare_block()
        self._try(fields, transaction)
        return self._chain.receipt(self._send(fields, transaction), transaction)

    def batch(self, transactions: Sequence[Transaction]) -> list[Receipt]:
        """All in one block, in order; if one fails, none happened."""
        if len(transactions) < 2 or not self._automine:
            return [self.transact(transaction, None) for transaction in transactions]
        saved = self._rpc.request("evm_snapshot")
        try:
            hashes = self._send_as_block(transactions)
            raw = self._all([("eth_getTransactionReceipt", (hash_,)) for hash_ in hashes])
            if None in raw:
                raise ChainError(f"the node left {raw.count(None)} of {len(raw)} out of the block")
            return [
                self._chain.receipt(receipt, transaction)
                for receipt, transaction in zip(raw, transactions, strict=True)
            ]
        except BaseException as error:
            self._revert(saved)
            if isinstance(error, Reverted | NodeError):
                self._explain(transactions)
            raise

    def _try(self, fields: dict[str, Any], transaction: Transaction) -> None:
        """Runs the transaction on the pending block. Raises its error."""
        for last in (False, True):
            try:
                self._rpc.request("eth_call", fields, "pending")
                return
            except NodeError as error:
                if last or not is_low_fee(error):
                    raise translate(error, transaction.to) from None
                self._make_gas_free()  # a block more than half full has raised the base fee

    def _send(self, fields: dict[str, Any], transaction: Transaction) -> dict[str, Any]:
        try:
            receipt = self._send_and_wait(fields)
        except NodeError as error:
            raise translate(error, transaction.to) from None
        self.block_made()
        return receipt

    def _send_and_wait(self, fields: dict[str, Any]) -> dict[str, Any]:
        if self._sends_and_waits:
            # Anvil mines in the background; this call waits for it, in one exchange.
            try:
                receipt = self._rpc.request("eth_sendTransactionSync", fields)
            except NodeError as error:
                if error.code != -32601:
                    raise
                self._sends_and_waits = False  # an Anvil from before 1.3
            else:
                if not isinstance(receipt, dict):
                    raise BadResponse("the node answered eth_sendTransactionSync with no receipt")
                return receipt
        return self._chain.wait(self._rpc.request("eth_sendTransaction", fields))

    def _send_as_block(self, transactions: Sequence[Transaction]) -> list[str]:
        fields = self._with_nonces(transactions)
        limit = self._block_gas_limit()
        needed = GAS_LIMIT * len(transactions)
        hashes: list[str] = []
        self._rpc.request("evm_setAutomine", False)
        try:
            if needed > limit:
                self._rpc.request("evm_setBlockGasLimit", hex(needed))
            self._send_all(fields, hashes)
            self.prepare_block()
            self._rpc.request("evm_mine")
            self.block_made()
        except BaseException:
            for hash_ in hashes:  # or they would be mined along with the next transaction
                self._rpc.request("hardhat_dropTransaction", hash_)
            raise
        finally:
            self._rpc.request("evm_setAutomine", True)
            if needed > limit:
                self._rpc.request("evm_setBlockGasLimit", hex(limit))
        return hashes

    def _send_all(self, listed: Sequence[dict[str, Any]], hashes: list[str]) -> None:
        """Sends without mining; `hashes` gets those that the node took, also if one fails.

        The nodes handle the parts of a JSON batch side by side. Of one sender, nonces keep the
        order; of several, only sending one after the other does.
        """
        size = SENT_AT_ONCE if len({fields["from"] for fields in listed}) == 1 else 1
        for start in range(0, len(listed), size):
            part = [("eth_sendTransaction", (fields,)) for fields in listed[start : start + size]]
            results = self._rpc.batch(part)
            hashes += [str(result) for result in results if not isinstance(result, NodeError)]
            for result in results:
                if isinstance(result, NodeError):
                    raise result

    def _explain(self, transactions: Sequence[Transaction]) -> None:
        """Raises the error of the first that fails, found by sending them one by one."""
        saved = self._rpc.request("evm_snapshot")
        try:
            for place, transaction in enumerate(transactions):
                try:
                    self.transact(transaction, None)
                except DefiKitError as error:
                    error.add_note(f"transaction {place + 1} of {len(transactions)} in the batch")
                    raise
        finally:
            self._revert(saved)

    def _fields(self, transaction: Transaction, gas: int | None) -> dict[str, Any]:
        fields = self._chain.call_fields(transaction)
        self.impersonate(fields["from"])
        return {**fields, "gas": hex(gas or GAS_LIMIT), "gasPrice": "0x0"}

    def _with_nonces(self, transactions: Sequence[Transaction]) -> list[dict[str, Any]]:
        """The transactions with consecutive nonces for each sender."""
        listed = [self._fields(transaction, None) for transaction in transactions]
        senders = list(dict.fromkeys(fields["from"] for fields in listed))
        counts = self._all([("eth_getTransactionCount", (who, "latest")) for who in senders])
        nonces = {who: quantity(count) for who, count in zip(senders, counts, strict=True)}
        for fields in listed:
            fields["nonce"] = hex(nonces[fields["from"]])
            nonces[fields["from"]] += 1
        return listed

    def _block_gas_limit(self) -> int:
        # Of the next block: the latest may have been made for a large batch.
        block = self._rpc.request("eth_getBlockByNumber", "pending", False)
        return quantity(member(block, "gasLimit", "a block"))

    def _make_gas_free(self) -> None:
        # So that ether is the same to the wei on every engine, and that contracts, which must not
        # be given ether for the purpose, can be impersonated.
        self._rpc.request("hardhat_setNextBlockBaseFeePerGas", "0x0")

    def _all(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        results = self._rpc.batch(requests)
        for result in results:
            if isinstance(result, NodeError):
                raise translate(result) from None
        return results

    # --- blocks and time --------------------------------------------------------------------------

    def set_next_timestamp(self, timestamp: int) -> None:
        """Fixes the next block's timestamp. [unix seconds]"""
        latest = self._chain.timestamp
        if not isinstance(timestamp, int) or timestamp <= latest:
            raise InputError(
                f"the next block must be later than the latest at {latest}, not {timestamp}"
            )
        self._rpc.request("evm_setNextBlockTimestamp", timestamp)
        self._latest_timestamp, self._next_timestamp = latest, timestamp

    def mine(self, blocks: int) -> None:
        """Mines empty blocks, one second apart."""
        self.prepare_block()
        self._rpc.request("hardhat_mine", hex(blocks), "0x1")
        self._latest_timestamp = self._next_timestamp = None

    def prepare_block(self) -> None:
        """Sees to it that the next block is one second after the latest, or when it was told."""
        if self._dialect == "anvil":
            return  # it was told once, and keeps to it
        for last in (False, True):
            if self._latest_timestamp is None:
                self._latest_timestamp = self._chain.timestamp
            due = self._next_timestamp or self._latest_timestamp + 1
            try:
                self._rpc.request("evm_setNextBlockTimestamp", due)
                return
            except NodeError:
                if last:
                    raise
                self._latest_timestamp = None  # somebody else mined; look again

    def block_made(self) -> None:
        """Notes that a block was made as `prepare_block` had it."""
        if self._latest_timestamp is not None:
            self._latest_timestamp = self._next_timestamp or self._latest_timestamp + 1
        self._next_timestamp = None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Undoes at its end whatever happened inside."""
        saved, next_timestamp = self._rpc.request("evm_snapshot"), self._next_timestamp
        self._snapshots += 1
        try:
            yield
        finally:
            self._snapshots -= 1
            self._revert(saved)
            if next_timestamp is not None:
                self._rpc.request("evm_setNextBlockTimestamp", next_timestamp)
                self._next_timestamp = next_timestamp

    def _settle(self) -> None:
        """Waits until Anvil has no transaction waiting.

        It tells the receipt before it takes the transaction off its list. After a revert in between
        the next trial, on the pending block, would run that transaction as well.
        """
        if self._dialect == "anvil":
            for _ in range(SETTLING):
                status = self._rpc.request("txpool_status")
                if quantity(member(status, "pending", "the pool")) == 0:
                    return

    def _revert(self, saved: Any) -> None:
        """Back to a snapshot, which is used up by it."""
        try:
            done = self._rpc.request("evm_revert", saved) is True
        except NodeError:  # Anvil's way to say no
            done = False
        if not done:
            raise ChainError(
                "this snapshot is undone already: one around it was left before it",
                hint="leave snapshots in the opposite order of entering them",
            )
        self._settle()
        self._latest_timestamp = self._next_timestamp = None
        self._accounts.clear()  # the funding may have been undone
        with suppress(NodeError):
            self._make_gas_free()
        self._chain.forget_nonces()
