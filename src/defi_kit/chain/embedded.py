"""The embedded engine: pyrevm, in this process.

Facts it is built on (pyrevm 0.3.7). The whole life of the EVM is one long transaction: transient
storage must be reset by hand, storage slots stay warm (so gas is too low), a call leaves the
sender's nonce alone. A checkpoint left open counts against the 1,024 levels of calls. It follows
the Cancun rules whatever it is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, ClassVar, Final, Never

from pyrevm import EVM, BlockEnv, CfgEnv, Env

from ..errors import (
    ChainError,
    InputError,
    InsufficientFunds,
    NotSupported,
)
from .base import ENDOWMENT, GENESIS, Chain, check_value, key_address, named_key
from .clock import Clock
from .decode import decode_revert, halted, out_of_gas
from .filters import Topics, wanted_addresses
from .hashing import HasAddress, address_of, create_address, keccak
from .logbook import Logbook
from .receipts import Log, Receipt
from .renewal import copy_state
from .trampolines import account_info, answers, exact_code, forwarded
from .types import Account, Sender, Transaction

__all__ = ["EmbeddedChain"]

GAS_LIMIT: Final = 30_000_000
"""Of a block, and of a transaction unless less is given."""

LONGEST_JOURNAL: Final = 10_000
"""Calls that the EVM may remember before it is renewed: two thousand swaps, some 6 MB."""

_REVERT = re.compile(r"Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}")
_HALT = re.compile(r"Halt \{ reason: (\w+)")


@dataclass(slots=True, eq=False)
class _Saved:
    """What a snapshot must put back beside the EVM's own state."""

    checkpoint: Any
    number: int
    next_timestamp: int | None
    changes: int
    gifts: int


class EmbeddedChain(Chain):
    """A chain inside this process. Not for several threads, cannot be pickled or copied.

    Its memory does not grow with the number of transactions, except inside a snapshot, which must
    be able to undo them all.
    """

    engine: ClassVar[str] = "embedded"

    def __init__(self, *, chain_id: int = 31337) -> None:
        super().__init__()
        self.chain_id = chain_id
        self.is_local = True
        self._evm: Any = self._new_evm()
        self._longest_journal = LONGEST_JOURNAL
        self._open: list[_Saved] = []  # snapshots entered and not left
        self._clock = Clock(GENESIS)
        self._next_timestamp: int | None = None
        self._nonces: dict[str, int] = {}
        self._accounts: dict[str, Account] = {}
        self._changes: list[tuple[dict[str, Any], str, Any]] = []  # to undo, while anything is open
        self._gifts: list[tuple[str, int]] = []  # the same, of ether
        self._book = Logbook()
        self._show_block(0, GENESIS)

    # --- accounts ---------------------------------------------------------------------------------

    def account(self, name: str) -> Account:
        """The account of that name, funded with 10,000 ether when first asked for."""
        if name not in self._accounts:
            account = Account(name, key_address(named_key(name)))
            self.set_balance(account, ENDOWMENT)
            self._note(self._accounts, name, account)
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
        self._only_latest(block)
        caller, target = self._sender(sender), address_of(to)
        checkpoint = self._evm.snapshot()
        try:
            self._evm.reset_transient_storage()
            return self._execute(caller, target, data, check_value(value), None)
        finally:
            # Open checkpoints shorten the stack of calls, so this one always closes.
            self._evm.revert(checkpoint)

    def calls(
        self, requests: Sequence[tuple[HasAddress | str, bytes]], *, block: int | None = None
    ) -> list[bytes]:
        """What several calls return; of three views or more, in one entry into the EVM."""
        self._only_latest(block)
        caller = self._sender(None)
        if len(requests) > 2 and not self._evm.get_code(caller):
            checkpoint = self._evm.snapshot()
            try:
                self._evm.reset_transient_storage()
                return answers(self._evm, caller, requests)
            except RuntimeError:
                pass  # one refuses or is no view: asked alone it says why, or does what it does
            finally:
                self._evm.revert(checkpoint)
        return super().calls(requests, block=block)

    def _only_latest(self, block: int | None) -> None:
        if block is not None and block != self._clock.number:
            raise NotSupported(
                f"the embedded chain answers for its latest block {self.block_number}, "
                f"not for {block}",
                hint="Chain.anvil() keeps old states",
            )

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
        timestamp = self._open_block()
        try:
            receipt = self._transact(to, data, sender, value, gas, timestamp, 0)
        except BaseException:
            self._drop_block()
            raise
        self._close_block(timestamp)
        return receipt

    def batch(self, transactions: Iterable[Transaction]) -> list[Receipt]:
        """All in one block, in order. If one fails, its error is raised and none happened."""
        listed = list(transactions)
        if not listed:
            return []
        saved = self._save()
        timestamp = self._open_block()
        receipts: list[Receipt] = []
        try:
            for index, item in enumerate(listed):
                receipt = self._transact(
                    item.to, item.data, item.sender, item.value, None, timestamp, index
                )
                receipts.append(receipt)
        except BaseException as error:
            self._restore(saved)
            error.add_note(f"transaction {len(receipts) + 1} of {len(listed)} in the batch")
            raise
        self._open.remove(saved)
        if not self._open:
            self._changes.clear()
        self._evm.commit()  # closes the checkpoint just opened; without one it would break the EVM
        self._close_block(timestamp)
        return receipts

    def _transact(
        self,
        to: HasAddress | str | None,
        data: bytes,
        sender: Sender | None,
        value: int,
        gas: int | None,
        timestamp: int,
        index: int,
    ) -> Receipt:
        who = self._sender(sender)
        check_value(value)
        nonce = self._nonces.get(who, 0)
        self._evm.reset_transient_storage()
        target: str | None = None
        created: str | None = None
        if to is None:
            created = self._create(who, data, value, gas, nonce)
        else:
            target = address_of(to)
            self._execute(who, target, data, value, gas)
        self._note(self._nonces, who, nonce + 1)
        result: Any = self._evm.result  # never None after a call that succeeded
        number = self._clock.number + 1
        identity = f"{self.chain_id}/{number}/{index}/{who}/{nonce}/{target}/{value}/"
        # No node made this hash, and none could check it: any function without collisions will do.
        hash_ = "0x" + blake2b(identity.encode() + data, digest_size=32).hexdigest()
        logs = self._book.add(result.logs, number, timestamp, hash_)
        receipt = Receipt(hash_, number, who, target, created, result.gas_used, False, logs, self)
        vars(receipt)["timestamp"] = timestamp
        return receipt

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
        address = address_of(who)
        if self._open:  # the EVM's own journal does not know of it
            self._gifts.append((address, check_value(wei) - self.balance(address)))
        self._evm.set_balance(address, check_value(wei))

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
        return self._clock.number

    @property
    def timestamp(self) -> int:
        """Timestamp of the latest block. [unix seconds]"""
        return self._clock.timestamp

    def block_timestamp(self, block: int) -> int:
        """Timestamp of a block. [unix seconds]"""
        if not 0 <= block <= self._clock.number:
            raise InputError(f"no block {block}; the latest is {self._clock.number}")
        return self._clock.at(block)

    @property
    def genesis_hash(self) -> str:
        """The same for every embedded chain of one id: each starts from nothing."""
        return "0x" + keccak(f"defi_kit embedded chain {self.chain_id}".encode()).hex()

    def block_hash(self, block: int) -> None:
        """None: blocks have no hash here."""
        return None

    def block_mark(self, block: int) -> int | None:
        """Another number for another block in the same place."""
        return self._clock.era(block) if 0 <= block <= self._clock.number else None

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
            self._clock.add(self._next_timestamp or self._clock.timestamp + 1)
            self._next_timestamp = None
        self._drop_block()

    def _open_block(self) -> int:
        """Shows the EVM the block that is being made; its timestamp. [unix seconds]"""
        timestamp = self._next_timestamp or self._clock.timestamp + 1
        self._show_block(self._clock.number + 1, timestamp)
        return timestamp

    def _close_block(self, timestamp: int) -> None:
        """The block that the EVM was shown counts."""
        self._clock.add(timestamp)
        self._next_timestamp = None
        if not self._open:
            self._book.tidy()
            if self._evm.journal_len > self._longest_journal:
                self._renew()

    def _drop_block(self) -> None:
        """Shows the EVM the latest block, as views are to see it."""
        self._show_block(self._clock.number, self._clock.timestamp)

    def _show_block(self, number: int, timestamp: int) -> None:
        self._evm.set_block_env(
            BlockEnv(number=number, timestamp=timestamp, gas_limit=GAS_LIMIT, basefee=0)
        )

    # --- the EVM's memory -------------------------------------------------------------------------

    def _new_evm(self) -> Any:
        return EVM(env=Env(cfg=CfgEnv(chain_id=self.chain_id)), gas_limit=GAS_LIMIT)

    def _renew(self) -> None:
        """Goes on with an EVM that does not remember how its state came about."""
        fresh = self._new_evm()
        slots = copy_state(self._evm, fresh)
        if slots is None:
            self._longest_journal *= 2  # or it would be tried after every transaction
            return
        self._evm = fresh
        # A large state is copied less often: on the average a call pays for its own journal.
        self._longest_journal = max(LONGEST_JOURNAL, slots)
        self._drop_block()

    # --- snapshots --------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Undoes at its end whatever happened inside. Nests, a few hundred deep."""
        saved = self._save()
        try:
            yield
        finally:
            # By hand a context can be left out of order. The EVM would go back to anything at all.
            if saved not in self._open:
                raise ChainError(
                    "this snapshot is undone already: one around it was left before it",
                    hint="leave snapshots in the opposite order of entering them",
                )
            self._restore(saved)
            self.rewinds += 1

    def _save(self) -> _Saved:
        saved = _Saved(
            self._evm.snapshot(),
            self._clock.number,
            self._next_timestamp,
            len(self._changes),
            len(self._gifts),
        )
        self._open.append(saved)
        return saved

    def _restore(self, saved: _Saved) -> None:
        del self._open[self._open.index(saved) :]
        self._evm.revert(saved.checkpoint)
        if len(self._gifts) > saved.gifts:
            # An account that the EVM first met inside is forgotten, and the gift with it.
            met = {who.lower() for who in self._evm.journal_state}
            while len(self._gifts) > saved.gifts:
                # What was sent is back already: below zero, if it was the gift, and modulo 2**256.
                address, gift = self._gifts.pop()
                if address.lower() in met:
                    self._evm.set_balance(address, (self.balance(address) - gift) % 2**256)
        self._clock.cut(saved.number)
        self._next_timestamp = saved.next_timestamp
        self._book.cut(saved.number)
        # An account first asked for inside has lost its ether again, and so is forgotten.
        while len(self._changes) > saved.changes:
            mapping, key, before = self._changes.pop()
            if before is None:
                del mapping[key]
            else:
                mapping[key] = before
        self._drop_block()

    def _note(self, mapping: dict[str, Any], key: str, value: Any) -> None:
        """Writes to a mapping so that a snapshot can undo it."""
        if self._open:
            self._changes.append((mapping, key, mapping.get(key)))
        mapping[key] = value

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
        last = self._clock.number if to_block is None else to_block
        return self._book.find(wanted_addresses(address), topics, from_block, last)

    def mute(self, *contracts: HasAddress | str) -> None:
        """Keeps no further logs of these contracts; receipts carry them all the same."""
        self._book.mute({address_of(contract) for contract in contracts})


class _Closed:
    """What is left of the EVM when its chain is closed."""

    def __getattr__(self, name: str) -> Never:
        raise ChainError("this chain is closed", hint="open another: Chain.embedded()")
