"""The embedded engine: pyrevm, in this process.

Facts it is built on (pyrevm 0.3.7). The whole life of the EVM is one long transaction: transient
storage must be reset by hand, storage slots stay warm (so gas is too low), a call leaves the
sender's nonce alone. A checkpoint left open counts against the 1,024 levels of calls. It follows
the Cancun rules whatever it is told.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Never

from pyrevm import EVM, BlockEnv, CfgEnv, Env

from ..errors import (
    ChainError,
    InputError,
    InsufficientFunds,
    NotSupported,
)
from .base import ENDOWMENT, GENESIS, Chain, check_value, key_address, named_key
from .decode import decode_revert, halted, out_of_gas
from .filters import Topics, topics_match, wanted_addresses
from .hashing import HasAddress, address_of, checksum_address, create_address, keccak
from .receipts import Log, Receipt
from .trampolines import account_info, exact_code, forwarded
from .types import Account, Sender, Transaction

__all__ = ["EmbeddedChain"]

GAS_LIMIT: Final = 30_000_000
"""Of a block, and of a transaction unless less is given."""

_REVERT = re.compile(r"Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}")
_HALT = re.compile(r"Halt \{ reason: (\w+)")


@dataclass(slots=True)
class _Saved:
    """What a snapshot must put back beside the EVM's own state."""

    number: int
    timestamp: int
    next_timestamp: int | None
    nonces: dict[str, int]
    accounts: dict[str, Account]
    logs: int


class EmbeddedChain(Chain):
    """A chain inside this process. Not for several threads, cannot be pickled or copied."""

    engine: ClassVar[str] = "embedded"

    def __init__(self, *, chain_id: int = 31337) -> None:
        super().__init__()
        self.chain_id = chain_id
        self.is_local = True
        self._evm: Any = EVM(env=Env(cfg=CfgEnv(chain_id=chain_id)), gas_limit=GAS_LIMIT)
        self._open: list[Any] = []  # checkpoints of the snapshots entered and not left
        self._number = 0
        self._timestamps = [GENESIS]
        self._next_timestamp: int | None = None
        self._nonces: dict[str, int] = {}
        self._accounts: dict[str, Account] = {}
        self._logs: list[Log] = []
        self._logs_of: dict[str, list[Log]] = {}
        self._muted: set[str] = set()
        self._show_block(0, GENESIS)

    # --- accounts ---------------------------------------------------------------------------------

    def account(self, name: str) -> Account:
        """The account of that name, funded with 10,000 ether when first asked for."""
        if name not in self._accounts:
            account = Account(name, key_address(named_key(name)))
            self._evm.set_balance(account.address, ENDOWMENT)
            self._accounts[name] = account
        return self._accounts[name]

    def impersonate(self, address: HasAddress | str) -> Account:
        """Any address may send here: the account only gives it a name."""
        found = address_of(address)
        return Account(found, found)

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
        """What the call returns. Only the latest block can be asked (NotSupported)."""
        if block is not None and block != self._number:
            raise NotSupported(
                f"the embedded chain answers for its latest block {self._number}, not for {block}",
                hint="Chain.anvil() keeps old states",
            )
        caller, target = self._sender(sender), address_of(to)
        checkpoint = self._evm.snapshot()
        try:
            self._evm.reset_transient_storage()
            return self._execute(caller, target, data, check_value(value), None)
        finally:
            # Open checkpoints shorten the stack of calls, so this one always closes.
            self._evm.revert(checkpoint)

    def transact(
        self,
        to: HasAddress | str | None,
        data: bytes = b"",
        *,
        sender: Sender | None = None,
        value: int = 0,
        gas: int | None = None,
    ) -> Receipt:
        """One transaction, one block. Raises the contract's error; then nothing changed."""
        with self._new_block():
            return self._transact(Transaction(_target(to), data, sender, value), gas, 0)

    def batch(self, transactions: Iterable[Transaction]) -> list[Receipt]:
        """All in one block, in order. If one fails, its error is raised and none happened."""
        listed = list(transactions)
        if not listed:
            return []
        saved = self._save()
        checkpoint = self._evm.snapshot()
        receipts: list[Receipt] = []
        try:
            with self._new_block():
                for transaction in listed:
                    receipts.append(self._transact(transaction, None, len(receipts)))
        except BaseException as error:
            self._evm.revert(checkpoint)
            self._restore(saved)
            error.add_note(f"transaction {len(receipts) + 1} of {len(listed)} in the batch")
            raise
        self._evm.commit()  # closes the checkpoint just opened; without one it would break the EVM
        return receipts

    def _transact(self, transaction: Transaction, gas: int | None, index: int) -> Receipt:
        sender = self._sender(transaction.sender)
        target, data, value = transaction.to, transaction.data, check_value(transaction.value)
        nonce = self._nonces.get(sender, 0)
        self._evm.reset_transient_storage()
        created: str | None = None
        if target is None:
            created = self._create(sender, data, value, gas, nonce)
        else:
            target = address_of(target)
            self._execute(sender, target, data, value, gas)
        self._nonces[sender] = nonce + 1
        result: Any = self._evm.result  # never None after a call that succeeded
        number, timestamp = self._number + 1, self._pending_timestamp()
        identity = f"{self.chain_id}/{number}/{index}/{sender}/{nonce}/{target}/{value}/"
        hash_ = "0x" + keccak(identity.encode() + data).hex()
        logs = self._keep_logs(result.logs, number, timestamp, hash_)
        gas_used = result.gas_used
        return Receipt(hash_, number, sender, target, created, gas_used, False, logs, self)

    def _execute(self, sender: str, to: str, data: bytes, value: int, gas: int | None) -> bytes:
        try:
            if self._evm.get_code(sender):
                # EIP-3607 refuses senders with code, for good reasons that do not hold in a test.
                return forwarded(self._evm, sender, to, data, value, gas)
            return bytes(self._evm.message_call(sender, to, data, value=value, gas=gas))
        except RuntimeError as error:
            self._refuse(error, to)

    def _create(self, sender: str, code: bytes, value: int, gas: int | None, nonce: int) -> str:
        if self._evm.get_code(sender):
            raise NotSupported("on the embedded chain a contract cannot be made to deploy another")
        # The EVM counts creations only, and the new address follows from the nonce.
        balance = self._evm.get_balance(sender)
        self._evm.insert_account_info(sender, account_info(nonce, balance))
        expected = create_address(sender, nonce)
        try:
            created = address_of(self._evm.deploy(sender, code, value=value, gas=gas))
        except RuntimeError as error:
            self._refuse(error, None)
        if created != expected:
            raise ChainError(f"the EVM created {created} where {expected} was due")
        return created

    def _refuse(self, error: RuntimeError, contract: str | None) -> Never:
        """Raises what the EVM's message means."""
        text = str(error)
        if revert := _REVERT.match(text):
            raise decode_revert(bytes.fromhex(revert[1]), contract) from None
        halt = _HALT.match(text)
        if (halt and halt[1] == "OutOfGas") or "CallGasCostMoreThanGasLimit" in text:
            raise out_of_gas(contract) from None
        if "LackOfFund" in text:
            raise InsufficientFunds(
                f"the sender's ether does not cover the value: {text}",
                hint="chain.set_balance(who, wei) gives it more",
            ) from None
        if halt:
            raise halted(halt[1], contract) from None
        raise ChainError(f"the embedded chain refused the transaction: {text}") from error

    # --- state ------------------------------------------------------------------------------------

    def balance(self, who: HasAddress | str) -> int:
        """Ether of an address. [wei]"""
        return int(self._evm.get_balance(address_of(who)))

    def set_balance(self, who: HasAddress | str, wei: int) -> None:
        """Gives an address exactly that much ether. [wei]"""
        self._evm.set_balance(address_of(who), check_value(wei))

    def code(self, who: HasAddress | str) -> bytes:
        """Runtime code of an address."""
        return exact_code(self._evm, address_of(who))

    def nonce(self, who: HasAddress | str) -> int:
        """Transactions sent, or contracts created by a contract."""
        address = address_of(who)
        if self._evm.get_code(address):
            return int(self._evm.basic(address).nonce)
        return self._nonces.get(address, 0)

    def storage(self, who: HasAddress | str, slot: int) -> int:
        """One storage slot of a contract."""
        return int(self._evm.storage(address_of(who), slot))

    # --- blocks and time --------------------------------------------------------------------------

    @property
    def block_number(self) -> int:
        """Number of the latest block."""
        return self._number

    @property
    def timestamp(self) -> int:
        """Timestamp of the latest block. [unix seconds]"""
        return self._timestamps[-1]

    def block_timestamp(self, block: int) -> int:
        """Timestamp of a block. [unix seconds]"""
        if not 0 <= block <= self._number:
            raise InputError(f"no block {block}; the latest is {self._number}")
        return self._timestamps[block]

    @property
    def genesis_hash(self) -> str:
        """The same for every embedded chain of one id: each starts from nothing."""
        return "0x" + keccak(f"defi_kit embedded chain {self.chain_id}".encode()).hex()

    def set_next_timestamp(self, timestamp: int) -> None:
        """Fixes the next block's timestamp, later than the latest. [unix seconds]"""
        if not isinstance(timestamp, int) or timestamp <= self.timestamp:
            raise InputError(
                f"the next block must be later than the latest at {self.timestamp}, not {timestamp}"
            )
        self._next_timestamp = timestamp

    def mine(self, blocks: int = 1) -> None:
        """Mines empty blocks, one second apart."""
        for _ in range(blocks):
            with self._new_block():
                pass

    def _pending_timestamp(self) -> int:
        return self._next_timestamp or self.timestamp + 1

    @contextmanager
    def _new_block(self) -> Iterator[None]:
        """The block that is being made; it counts only if nothing goes wrong in it."""
        number, timestamp = self._number + 1, self._pending_timestamp()
        self._show_block(number, timestamp)
        try:
            yield
        except BaseException:
            self._show_block(self._number, self.timestamp)
            raise
        self._number = number
        self._timestamps.append(timestamp)
        self._next_timestamp = None

    def _show_block(self, number: int, timestamp: int) -> None:
        self._evm.set_block_env(
            BlockEnv(number=number, timestamp=timestamp, gas_limit=GAS_LIMIT, basefee=0)
        )

    # --- snapshots --------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Undoes at its end whatever happened inside. Nests, a few hundred deep."""
        saved = self._save()
        checkpoint = self._evm.snapshot()
        self._open.append(checkpoint)
        try:
            yield
        finally:
            # By hand a context can be left out of order. The EVM would go back to anything at all.
            if checkpoint not in self._open:
                raise ChainError(
                    "this snapshot is undone already: one around it was left before it",
                    hint="leave snapshots in the opposite order of entering them",
                )
            del self._open[self._open.index(checkpoint) :]
            self._evm.revert(checkpoint)
            self._restore(saved)

    def _save(self) -> _Saved:
        return _Saved(
            self._number,
            self.timestamp,
            self._next_timestamp,
            dict(self._nonces),
            dict(self._accounts),
            len(self._logs),
        )

    def _restore(self, saved: _Saved) -> None:
        self._number = saved.number
        del self._timestamps[saved.number + 1 :]
        self._next_timestamp = saved.next_timestamp
        self._nonces = saved.nonces
        self._accounts = saved.accounts  # one first asked for inside has lost its ether again
        while len(self._logs) > saved.logs:
            log = self._logs.pop()
            self._logs_of[log.address].pop()
        self._show_block(self._number, self.timestamp)

    def close(self) -> None:
        """Gives the chain up; whatever is asked of it afterwards is a ChainError."""
        self._evm = _Closed()

    # --- events -----------------------------------------------------------------------------------

    def logs(
        self,
        address: HasAddress | str | Sequence[HasAddress | str] | None = None,
        topics: Topics | None = None,
        from_block: int = 0,
        to_block: int | None = None,
    ) -> Iterator[Log]:
        """Past logs, oldest first; blocks inclusive."""
        last = self._number if to_block is None else to_block
        wanted = wanted_addresses(address)
        if wanted is not None and len(wanted) == 1:
            found = self._logs_of.get(wanted[0], [])
        else:
            found = self._logs
        start = bisect_left(found, from_block, key=_block_of)
        end = bisect_right(found, last, key=_block_of)
        for log in found[start:end]:
            if (wanted is None or log.address in wanted) and topics_match(log.topics, topics):
                yield log

    def mute(self, *contracts: HasAddress | str) -> None:
        """Keeps no further logs of these contracts; receipts carry them all the same."""
        self._muted.update(address_of(contract) for contract in contracts)

    def _keep_logs(
        self, raw: Iterable[Any], number: int, timestamp: int, hash_: str
    ) -> tuple[Log, ...]:
        in_block = self._logs and self._logs[-1].block_number == number
        first = self._logs[-1].log_index + 1 if in_block else 0
        kept = []
        for index, item in enumerate(raw, first):
            topics, data = item.data
            address = checksum_address(item.address)
            log = Log(address, tuple(topics), data, number, timestamp, hash_, index)
            kept.append(log)
            if address not in self._muted:
                self._logs.append(log)
                self._logs_of.setdefault(address, []).append(log)
        return tuple(kept)


def _block_of(log: Log) -> int:
    return log.block_number


def _target(to: HasAddress | str | None) -> str | None:
    return None if to is None else address_of(to)


class _Closed:
    """What is left of the EVM when its chain is closed."""

    def __getattr__(self, name: str) -> Never:
        raise ChainError("this chain is closed", hint="open another: Chain.embedded()")
