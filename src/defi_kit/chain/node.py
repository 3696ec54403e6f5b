"""Any node, by JSON-RPC: Anvil, Hardhat, geth, a test network, the real thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import (
    BadResponse,
    ChainTimeout,
    InputError,
    NodeError,
    NotSupported,
    Reverted,
    UnknownAccount,
    UnknownRevert,
    WrongChain,
)
from .base import ENDOWMENT, Chain, check_value, key_address, named_key
from .devnode import DevNode, dialect_of
from .faults import translate
from .filters import Topics, topics_match, wanted_addresses
from .hashing import ZERO_ADDRESS, HasAddress, address_of
from .keys import Signer, from_key, open_account, refuse_development_account
from .receipts import Log, Receipt
from .rpc import Transport
from .transports import open_transport
from .types import Account, Sender, Transaction
from .wallet import Wallet, wait_until_mined
from .wire import address, data, log, member, quantity, tag

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["NodeChain"]

LOCAL_CHAINS: Final = (31337, 1337)
"""Chain ids of development chains."""

AT_ONCE: Final = 100
"""Questions in one JSON batch at most."""

WINDOW: Final = 10_000
"""Blocks asked for logs at once; halved where the node finds them too many."""


class NodeChain(Chain):
    """A chain behind a node; `Chain.connect` says what the arguments are."""

    engine: ClassVar[str] = "node"

    def __init__(
        self,
        endpoint: str | Path | Transport,
        account: Any = None,
        *,
        password: str | None = None,
        chain_id: int | None = None,
        timeout: float = 30.0,
        wait: float = 180.0,
        local: bool | None = None,
    ) -> None:
        super().__init__()
        if not timeout > 0 or not wait > 0:
            raise InputError(f"time limits are positive, not {min(timeout, wait)!r}")
        self._wait = wait
        self._wallets: dict[str, Wallet] = {}
        self._unlocked: tuple[str, ...] | None = None
        self._w3: Any = None
        self.rpc = (
            endpoint if isinstance(endpoint, Transport) else open_transport(endpoint, timeout)
        )
        try:
            self._identify(chain_id, local)
            self.connected = self._open_account(account, password)
        except BaseException:
            self.rpc.close()
            raise

    def _identify(self, wanted: int | None, local: bool | None) -> None:
        id_, client = self.rpc.batch([("eth_chainId", ()), ("web3_clientVersion", ())])
        if isinstance(id_, NodeError):
            raise BadResponse(
                f"{self.rpc.name} does not tell its chain id: {id_.message}",
                hint="is that the address of an Ethereum node?",
            )
        self.chain_id = quantity(id_, "a chain id")
        if wanted is not None and wanted != self.chain_id:
            raise WrongChain(
                f"{self.rpc.name} serves chain {self.chain_id}, not chain {wanted}",
                hint="connect to another node, or ask for that chain",
            )
        self.client = client if isinstance(client, str) else ""
        dialect = dialect_of(self.client)
        usual = dialect is not None and self.chain_id in LOCAL_CHAINS
        self.is_local = usual if local is None else local
        self._dev = DevNode(self, dialect) if dialect and self.is_local else None

    def _open_account(self, account: Any, password: str | None) -> Account | None:
        opened = open_account(account, password)
        if opened is None:
            return None
        found = opened if isinstance(opened, str) else opened.address
        if not self.is_local:
            refuse_development_account(found)
        if isinstance(opened, Signer):
            self._wallets[found] = Wallet(self, found, opened)
        elif self._dev is None and found not in self._unlocked_accounts():
            raise UnknownAccount(
                f"{self.rpc.name} has not unlocked {found}",
                hint="give its private key or its key file instead of its address",
            )
        return Account("connected", found)

    # --- accounts ---------------------------------------------------------------------------------

    def account(self, name: str) -> Account:
        """The account of that name, funded when it is new. Local chains only (UnknownAccount)."""
        if self._dev is not None:
            return self._dev.account(name)
        if not self.is_local:
            raise UnknownAccount(
                f"no account {name!r} on chain {self.chain_id}: only local chains have names",
                hint="send with the connected account, chain.default_sender",
            )
        key = named_key(name)
        found = key_address(key)
        if found not in self._wallets:
            self._wallets[found] = Wallet(self, found, from_key(key))
            if self.balance(found) == 0 and self.nonce(found) == 0:
                self._endow(found)
        return Account(name, found)

    def _endow(self, who: str) -> None:
        """Ether for a new account of a local chain that cannot be told balances: as much as
        elsewhere, or a twentieth of what the richest unlocked account has."""
        held = {rich: self.balance(rich) for rich in self._unlocked_accounts()}
        richest = max(held, key=lambda rich: held[rich], default=None)
        if richest is None or not held[richest]:
            raise UnknownAccount(f"no unlocked account of {self.rpc.name} can fund {who}")
        self.transact(who, sender=richest, value=min(ENDOWMENT, held[richest] // 20))

    def impersonate(self, address: HasAddress | str) -> Account:
        """An account to send with from any address. Anvil and Hardhat only (NotSupported)."""
        found = address_of(address)
        self._development("impersonate anybody").impersonate(found)
        return Account(found, found)

    def _first_sender(self) -> Sender:
        if self.connected is not None:
            return self.connected
        if self._dev is not None:
            return self.account("deployer")
        if self.is_local and self._unlocked_accounts():
            return self._unlocked_accounts()[0]
        raise UnknownAccount(
            "no account to send with",
            hint="Chain.connect(url, account=…) takes a private key, a key file or an address",
        )

    def _unlocked_accounts(self) -> tuple[str, ...]:
        if self._unlocked is None:
            try:
                found = self.rpc.request("eth_accounts")
            except NodeError:  # public nodes have none, and some say so by refusing
                found = []
            self._unlocked = tuple(address(item) for item in found or ())
        return self._unlocked

    def _wallet(self, sender: str) -> Wallet:
        if sender not in self._wallets:
            if sender not in self._unlocked_accounts():
                raise UnknownAccount(
                    f"no key for {sender}, and {self.rpc.name} has not unlocked it",
                    hint="Chain.connect(url, account=…) takes a private key or a key file",
                )
            if not self.is_local:
                refuse_development_account(sender)
            self._wallets[sender] = Wallet(self, sender, None)
        return self._wallets[sender]

    def forget_nonces(self) -> None:
        """After time went backwards, the node knows the nonces best."""
        for wallet in self._wallets.values():
            wallet.forget_nonce()

    # --- calls and transactions -------------------------------------------------------------------

    def call(
        self,
        to: HasAddress | str,
        data: bytes,
        *,
        sender: Sender | None = None,
        value: int = 0,
        block: int | None = None,
    ) -> bytes:
        """What the call returns, at the latest block or at an older one the node still has."""
        fields = self._question(to, data, sender)
        if value:
            fields["value"] = hex(check_value(value))
        return _bytes(self.ask("eth_call", fields, tag(block), contract=fields["to"]))

    def calls(
        self, requests: Sequence[tuple[HasAddress | str, bytes]], *, block: int | None = None
    ) -> list[bytes]:
        """What several calls return, asked a hundred at a time."""
        asked = [("eth_call", (self._question(*one, None), tag(block))) for one in requests]
        answers = []
        for start in range(0, len(asked), AT_ONCE):
            part = asked[start : start + AT_ONCE]
            for (_, (fields, _)), answer in zip(part, self.rpc.batch(part), strict=True):
                if isinstance(answer, NodeError):
                    raise translate(answer, fields["to"])
                answers.append(_bytes(answer))
        return answers

    def _question(self, to: HasAddress | str, data: bytes, sender: Sender | None) -> dict[str, Any]:
        fields = {"from": self._caller(sender), "to": address_of(to), "data": "0x" + data.hex()}
        if self._dev is not None:
            fields |= {"gas": hex(30_000_000), "gasPrice": "0x0"}
        return fields

    def _caller(self, sender: Sender | None) -> str:
        if sender is not None:
            return address_of(sender)
        try:
            return address_of(self.default_sender)
        except UnknownAccount:  # reading needs no account
            return ZERO_ADDRESS

    def transact(
        self,
        to: HasAddress | str | None,
        data: bytes = b"",
        *,
        sender: Sender | None = None,
        value: int = 0,
        gas: int | None = None,
    ) -> Receipt:
        """Simulates, sends, and waits until it is mined."""
        transaction = Transaction(
            None if to is None else address_of(to), data, self._sender(sender), check_value(value)
        )
        return self._way(transaction).transact(transaction, gas)

    def batch(self, transactions: Iterable[Transaction]) -> list[Receipt]:
        """On Anvil and Hardhat: one block, all or nothing. Elsewhere: sent without waiting in
        between; it stops at the first that fails, and those before it stand."""
        listed = [
            Transaction(item.to, item.data, self._sender(item.sender), check_value(item.value))
            for item in transactions
        ]
        if self._dev is not None:
            return self._dev.batch(listed)  # which needs no signature, not even of the own key
        if len({item.sender for item in listed}) == 1:
            return self._wallet(self._sender(listed[0].sender)).batch(listed)
        return [self._wallet(self._sender(item.sender)).transact(item, None) for item in listed]

    def _way(self, transaction: Transaction) -> DevNode | Wallet:
        """Who sends it: the key of this process if there is one, else the node."""
        sender = self._sender(transaction.sender)
        if self._dev is not None and sender not in self._wallets:
            return self._dev
        return self._wallet(sender)

    def call_fields(self, transaction: Transaction) -> dict[str, Any]:
        """A transaction as JSON-RPC has it, without gas and fees."""
        fields: dict[str, Any] = {
            "from": self._sender(transaction.sender),
            "data": "0x" + transaction.data.hex(),
            "value": hex(transaction.value),
        }
        if transaction.to is not None:
            fields["to"] = address_of(transaction.to)
        return fields

    def simulation_block(self) -> tuple[str, ...]:
        """The block to simulate on, as a parameter; plain nodes choose it best themselves."""
        if self._dev is None:
            return ()
        self._dev.prepare_block()
        return ("pending",)

    def wait(self, hash_: Any) -> dict[str, Any]:
        """The raw receipt of a transaction, once it is mined. ChainTimeout."""
        return wait_until_mined(self, str(hash_), self._wait)

    def wait_for(self, hash_: str, transaction: Transaction) -> Receipt:
        """The receipt of a transaction, once it is mined. Raises its error."""
        try:
            raw = self.wait(hash_)
        except ChainTimeout:
            self.forget_nonces()
            raise
        if self._dev is not None:
            self._dev.block_made()
        return self.receipt(raw, transaction)

    def receipt(self, raw: Any, transaction: Transaction) -> Receipt:
        """The receipt, from JSON. Raises the transaction's error when it failed after all."""
        number = quantity(member(raw, "blockNumber", "a receipt"), "a block number")
        raw_logs = member(raw, "logs", "a receipt")
        created = raw.get("contractAddress")
        receipt = Receipt(
            hash=str(member(raw, "transactionHash", "a receipt")),
            block_number=number,
            sender=address(member(raw, "from", "a receipt")),
            to=transaction.to,
            contract_address=address(created) if created and transaction.to is None else None,
            gas_used=quantity(member(raw, "gasUsed", "a receipt"), "gas"),
            gas_exact=True,
            read_logs=partial(self._read_logs, raw_logs),
            chain=self,
        )
        if raw.get("blockTimestamp") is not None:  # Anvil says it; elsewhere it costs a question
            vars(receipt)["timestamp"] = quantity(raw["blockTimestamp"], "a timestamp")
        # Receipts from before Byzantium have no status; those chains are gone.
        if quantity(member(raw, "status", "a receipt"), "a status") == 0:
            raise self._failure(transaction, receipt)
        return receipt

    def _failure(self, transaction: Transaction, receipt: Receipt) -> Reverted:
        """Why a mined transaction failed: it is run again on the state before its block."""
        before = {**self.call_fields(transaction)}
        error: Reverted = UnknownRevert(contract=transaction.to)
        try:
            self.rpc.request("eth_call", before, hex(receipt.block_number - 1))
        except NodeError as refusal:
            told = translate(refusal, transaction.to)
            error = told if isinstance(told, Reverted) else error
        if isinstance(error, UnknownRevert) and not error.data and error.hint is None:
            error.hint = "it was mined and failed, but does not fail when run again"
        error.receipt = receipt
        return error

    def ask(self, method: str, *params: Any, contract: str | None = None) -> Any:
        """One request; the node's error as the kit's own."""
        try:
            return self.rpc.request(method, *params)
        except NodeError as error:
            raise translate(error, contract) from None

    # --- state ------------------------------------------------------------------------------------

    def balance(self, who: HasAddress | str) -> int:
        """Ether of an address. [wei]"""
        return quantity(self.ask("eth_getBalance", address_of(who), "latest"), "a balance")

    def set_balance(self, who: HasAddress | str, wei: int) -> None:
        """Gives an address exactly that much ether. Anvil and Hardhat only. [wei]"""
        self._development("set balances").set_balance(address_of(who), wei)

    def code(self, who: HasAddress | str) -> bytes:
        """Runtime code of an address."""
        return _bytes(self.ask("eth_getCode", address_of(who), "latest"))

    def nonce(self, who: HasAddress | str) -> int:
        """How many transactions an address has sent."""
        return quantity(self.ask("eth_getTransactionCount", address_of(who), "latest"), "a nonce")

    def storage(self, who: HasAddress | str, slot: int) -> int:
        """One storage slot of a contract."""
        word = self.ask("eth_getStorageAt", address_of(who), hex(slot), "latest")
        return int.from_bytes(_bytes(word), "big")

    # --- blocks and time --------------------------------------------------------------------------

    def estimate_gas(
        self, to: HasAddress | str, data: bytes, *, sender: Sender | None = None
    ) -> int:
        """How much gas a call needs if it were sent now. Raises the contract's error."""
        target = address_of(to)
        fields = self.call_fields(Transaction(target, data, self._sender(sender), 0))
        told = self.ask("eth_estimateGas", fields, *self.simulation_block(), contract=target)
        return quantity(told, "an estimate of gas")

    @property
    def gas_price(self) -> int:
        """What a unit of gas costs now: nothing on local chains. [wei]"""
        if self.is_local:
            return 0
        return quantity(self.rpc.request("eth_gasPrice"), "a gas price")

    @property
    def block_number(self) -> int:
        """Number of the latest block."""
        return quantity(self.ask("eth_blockNumber"), "a block number")

    @property
    def timestamp(self) -> int:
        """Timestamp of the latest block. [unix seconds]"""
        return _timestamp(self.ask("eth_getBlockByNumber", "latest", False))

    def block_timestamp(self, block: int) -> int:
        """Timestamp of a block. [unix seconds]"""
        found = self.ask("eth_getBlockByNumber", hex(block), False)
        if found is None:
            raise InputError(f"{self.rpc.name} has no block {block}")
        return _timestamp(found)

    @property
    def genesis_hash(self) -> str:
        """Hash of block 0."""
        block = self.ask("eth_getBlockByNumber", "0x0", False)
        return "0x" + data(member(block, "hash", "block 0"), "a block's hash").hex()

    def block_hash(self, block: int) -> str | None:
        """Hash of a block; None where there is no such block (any more)."""
        found = self.ask("eth_getBlockByNumber", hex(block), False)
        if found is None:
            return None
        return "0x" + data(member(found, "hash", f"block {block}"), "a block's hash").hex()

    def set_next_timestamp(self, timestamp: int) -> None:
        """Fixes the next block's timestamp. Anvil and Hardhat only. [unix seconds]"""
        self._development("choose timestamps").set_next_timestamp(timestamp)

    def mine(self, blocks: int = 1) -> None:
        """Mines empty blocks, one second apart. Anvil and Hardhat only."""
        if blocks > 0:
            self._development("mine at will").mine(blocks)

    def snapshot(self) -> AbstractContextManager[None]:
        """Undoes at its end whatever happened inside. Anvil and Hardhat only."""
        return self._rewound(self._development("go back to a snapshot").snapshot())

    @contextmanager
    def _rewound(self, undone: AbstractContextManager[None]) -> Iterator[None]:
        try:
            with undone:
                yield
        finally:
            self.rewinds += 1

    def _development(self, deed: str) -> DevNode:
        if self._dev is None:
            raise NotSupported(
                f"chain {self.chain_id} at {self.rpc.name} cannot {deed}",
                hint="Chain.embedded() can; so can Anvil and Hardhat with chain id 31337 or 1337",
            )
        return self._dev

    # --- events -----------------------------------------------------------------------------------

    def logs(
        self,
        address: HasAddress | str | Sequence[HasAddress | str] | None = None,
        topics: Topics | None = None,
        from_block: int = 0,
        to_block: int | None = None,
    ) -> Iterator[Log]:
        """Past logs, oldest first; fetched in windows that shrink where the node objects."""
        latest = self.block_number
        last = latest if to_block is None else min(to_block, latest)
        query: dict[str, Any] = {}
        if (wanted := wanted_addresses(address)) is not None:
            query["address"] = list(wanted)
        if topics is not None:
            query["topics"] = [_topic(choice) for choice in topics]
        window = WINDOW
        start = max(from_block, 0)
        while start <= last:
            end = min(start + window - 1, last)
            try:
                found = self.rpc.request(
                    "eth_getLogs", {**query, "fromBlock": hex(start), "toBlock": hex(end)}
                )
            except (NodeError, ChainTimeout) as error:
                # Too many blocks or too many logs; each node has its own limit and its own words.
                if end == start:
                    raise translate(error) if isinstance(error, NodeError) else error from None
                window = (end - start + 1) // 2
                continue
            for item in self._with_timestamps(found):
                if topics_match(item.topics, topics):  # Anvil passes logs with too few topics
                    yield item
            start = end + 1
            window = min(window * 2, WINDOW)

    def _read_logs(self, raw: Any) -> tuple[Log, ...]:
        return tuple(self._with_timestamps(raw))

    def _with_timestamps(self, raw: Any) -> list[Log]:
        """Logs from JSON. Where the node does not put the block's timestamp in, it is asked."""
        if not isinstance(raw, list):
            raise BadResponse(f"{self.rpc.name} gave no list of logs")
        missing = {
            quantity(member(item, "blockNumber", "a log"), "a log's block"): 0
            for item in raw
            if member(item, "address", "a log") and item.get("blockTimestamp") is None
        }
        numbers = list(missing)
        for start in range(0, len(numbers), AT_ONCE):
            part = numbers[start : start + AT_ONCE]
            blocks = self.rpc.batch([("eth_getBlockByNumber", (hex(n), False)) for n in part])
            for number, block in zip(part, blocks, strict=True):
                if isinstance(block, NodeError):
                    raise translate(block)
                missing[number] = _timestamp(block)
        return [
            log(
                item,
                missing[quantity(item["blockNumber"])]
                if item.get("blockTimestamp") is None
                else quantity(item["blockTimestamp"], "a timestamp"),
            )
            for item in raw
        ]

    # --- the rest ---------------------------------------------------------------------------------

    @property
    def w3(self) -> Web3:
        """A `web3.Web3` on the same node. Needs the `web3` extra (NotSupported)."""
        if self._w3 is None:
            from .web3_bridge import web3_over

            self._w3 = web3_over(self.rpc)
        return self._w3  # type: ignore[no-any-return]

    def close(self) -> None:
        """Hangs up."""
        self.rpc.close()

    def __repr__(self) -> str:
        return f"<{self.engine} chain {self.chain_id} at {self.rpc.name}>"


def _bytes(value: Any) -> bytes:
    return data(value, "data")


def _timestamp(block: Any) -> int:
    return quantity(member(block, "timestamp", "a block"), "a timestamp")


def _topic(choice: bytes | Sequence[bytes] | None) -> Any:
    if choice is None:
        return None
    if isinstance(choice, bytes):
        return "0x" + choice.hex()
    return ["0x" + item.hex() for item in choice]
