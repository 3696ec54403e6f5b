"""What every engine offers, and what all of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from ..errors import BadResponse, InputError, NotSupported
from .filters import Topics
from .hashing import HasAddress, address_of, keccak, to_address
from .receipts import Log, Receipt
from .types import Account, Sender, Transaction
from .values import Event, UnknownEvent

if TYPE_CHECKING:
    from pathlib import Path

    from .anvil import AnvilChain
    from .embedded import EmbeddedChain
    from .node import NodeChain
    from .rpc import Transport

__all__ = ["GENESIS", "Chain"]

GENESIS: Final = 1_700_000_000
"""Timestamp of block 0 on embedded and on Anvil. [unix seconds]"""

ENDOWMENT: Final = 10_000 * 10**18
"""Ether of each named account on a local chain. [wei]"""


class Chain(ABC):
    """A chain to call and to send to. Close it, or use it in a `with`.

    On local chains every transaction is a block of its own, one second after the one before
    (`set_next_timestamp` and `advance` aside); a failing transaction mines nothing; views see the
    latest block's timestamp. That is what makes figures equal on every engine.
    """

    engine: ClassVar[str]
    """`"embedded"`, `"anvil"` or `"node"`."""

    chain_id: int
    is_local: bool
    """Whether it is a development chain: accounts by name, time travel, snapshots, free ether."""

    rewinds: int
    """How often a snapshot of this object has ended, and undone the blocks that came after it."""

    def __init__(self) -> None:
        self.rewinds = 0
        self._events: dict[str, tuple[type[Event], ...]] = {}
        self._default_sender: Sender | None = None

    # --- constructors -----------------------------------------------------------------------------

    @staticmethod
    def embedded(*, chain_id: int = 31337) -> EmbeddedChain:
        """A chain inside this process: thousands of transactions a second, nothing to install."""
        from .embedded import EmbeddedChain

        return EmbeddedChain(chain_id=chain_id)

    @staticmethod
    def anvil(
        port: int | None = None,
        *,
        timeout: float = 30.0,
        chain_id: int = 31337,
        hardfork: str = "cancun",
        arguments: Sequence[str] = (),
        program: str | Path | None = None,
        history: int | None = None,
    ) -> AnvilChain:
        """Starts an Anvil on 127.0.0.1 that ends with the chain, or with this process.

        port:      a free one unless given (PortInUse).
        timeout:   for the start, and for each answer. [seconds]
        hardfork:  rules of the EVM; by default those of the embedded engine.
        arguments: more of Anvil's own options, such as `("--fork-url", "https://…")`.
        program:   path of anvil, where it is not found by itself (AnvilNotFound).
        history:   how many blocks are kept, at least; all unless given. Logs and receipts of older
                   ones are forgotten, and every state but the latest, so that memory does not grow.
                   Nobody else may send to such an Anvil; inside a snapshot nothing is forgotten.
        """
        from .anvil import AnvilChain

        return AnvilChain(
            port,
            timeout=timeout,
            chain_id=chain_id,
            hardfork=hardfork,
            arguments=arguments,
            program=program,
            history=history,
        )

    @staticmethod
    def connect(
        endpoint: str | Path | Transport,
        account: Any = None,
        *,
        password: str | None = None,
        chain_id: int | None = None,
        timeout: float = 30.0,
        wait: float = 180.0,
        local: bool | None = None,
    ) -> NodeChain:
        """Connects to a node.

        endpoint:  http(s)://…, ws(s)://…, the path of an IPC socket, or a `Transport`.
        account:   who sends: a private key in hexadecimal, the path of a key file (with
                   `password`), the address of an account the node has unlocked, or an eth-account
                   `LocalAccount`. Development keys are refused off local chains (RefusedKey).
        chain_id:  WrongChain when the node serves another.
        timeout:   for each answer of the node. [seconds]
        wait:      for a transaction to be mined. [seconds]
        local:     whether it is a development chain; by default that is so for Anvil and Hardhat
                   with chain id 31337 or 1337. There gas becomes free and the clock regular.
        """
        from .node import NodeChain

        return NodeChain(
            endpoint,
            account,
            password=password,
            chain_id=chain_id,
            timeout=timeout,
            wait=wait,
            local=local,
        )

    # --- accounts ---------------------------------------------------------------------------------

    @abstractmethod
    def account(self, name: str) -> Account:
        """The account of that name, funded. The same name is the same address on every engine.

        Local chains only; elsewhere only the connected account exists (UnknownAccount).
        """

    @abstractmethod
    def impersonate(self, address: HasAddress | str) -> Account:
        """An account to send with from any address, contracts included. NotSupported off local."""

    @property
    def default_sender(self) -> Sender:
        """Who sends when nobody is named: account `"deployer"` on local chains."""
        # The first sender is looked up anew each time: a snapshot may have undone its funding.
        return self._first_sender() if self._default_sender is None else self._default_sender

    @default_sender.setter
    def default_sender(self, who: Sender) -> None:
        address_of(who)
        self._default_sender = who

    @contextmanager
    def as_(self, who: Sender) -> Iterator[Self]:
        """`with chain.as_(alice):` makes alice the default sender."""
        before = self._default_sender
        self.default_sender = who
        try:
            yield self
        finally:
            self._default_sender = before

    def _first_sender(self) -> Sender:
        return self.account("deployer")

    def _sender(self, sender: Sender | None) -> str:
        return address_of(self.default_sender if sender is None else sender)

    # --- calls and transactions -------------------------------------------------------------------

    @abstractmethod
    def call(
        self,
        to: HasAddress | str,
        data: bytes,
        *,
        sender: Sender | None = None,
        value: int = 0,
        block: int | None = None,
    ) -> bytes:
        """What the call returns; it leaves nothing behind. Raises the contract's error."""

    def calls(
        self, requests: Sequence[tuple[HasAddress | str, bytes]], *, block: int | None = None
    ) -> list[bytes]:
        """What several calls return, each to its address with its data; a node is asked in as few
        round trips as it takes. Name a block, or one may be mined in between."""
        return [self.call(to, data, block=block) for to, data in requests]

    @abstractmethod
    def transact(
        self,
        to: HasAddress | str | None,
        data: bytes = b"",
        *,
        sender: Sender | None = None,
        value: int = 0,
        gas: int | None = None,
    ) -> Receipt:
        """Sends a transaction and waits for it; `to=None` creates a contract.

        Raises the contract's error, and then nothing was mined.
        """

    @abstractmethod
    def batch(self, transactions: Iterable[Transaction]) -> list[Receipt]:
        """Sends many at once; on local chains they share one block, and all fail if one fails."""

    def estimate_gas(
        self, to: HasAddress | str, data: bytes, *, sender: Sender | None = None
    ) -> int | None:
        """How much gas a call needs if it were sent now, before what the EVM gives back of it, at
        most a fifth (EIP-3529). Raises the contract's error. None on the embedded engine, whose
        gas is no node's."""
        return None

    @property
    def gas_price(self) -> int:
        """What a unit of gas costs now: nothing on local chains. [wei]"""
        return 0

    # --- state ------------------------------------------------------------------------------------

    @abstractmethod
    def balance(self, who: HasAddress | str) -> int:
        """Ether of an address. [wei]"""

    @abstractmethod
    def set_balance(self, who: HasAddress | str, wei: int) -> None:
        """Gives an address exactly that much ether. Local chains only. [wei]"""

    @abstractmethod
    def code(self, who: HasAddress | str) -> bytes:
        """Runtime code of an address; empty when it is no contract."""

    @abstractmethod
    def nonce(self, who: HasAddress | str) -> int:
        """How many transactions an address has sent."""

    @abstractmethod
    def storage(self, who: HasAddress | str, slot: int) -> int:
        """One storage slot of a contract."""

    # --- blocks and time --------------------------------------------------------------------------

    @property
    @abstractmethod
    def block_number(self) -> int:
        """Number of the latest block."""

    @property
    @abstractmethod
    def timestamp(self) -> int:
        """Timestamp of the latest block. [unix seconds]"""

    @abstractmethod
    def block_timestamp(self, block: int) -> int:
        """Timestamp of a block. [unix seconds]"""

    @property
    @abstractmethod
    def genesis_hash(self) -> str:
        """Hash of block 0, which tells chains of one id apart. "0x…" """

    @abstractmethod
    def block_hash(self, block: int) -> str | None:
        """Hash of a block, which tells whether it still is the same one. "0x…" None where there is
        no such block, and on the embedded engine, whose blocks have none."""

    def block_mark(self, block: int) -> object | None:
        """What stays equal, within this process, as long as the block is the same one; None where
        there is no such block. Unlike a hash, every engine has it."""
        return self.block_hash(block)

    @abstractmethod
    def set_next_timestamp(self, timestamp: int) -> None:
        """Fixes the next block's timestamp, later than the latest. Local chains only."""

    @abstractmethod
    def mine(self, blocks: int = 1) -> None:
        """Mines empty blocks, one second apart. Local chains only."""

    def advance(self, seconds: int = 0, *, minutes: int = 0, hours: int = 0, days: int = 0) -> int:
        """Mines one block that much later than the latest; returns its timestamp.

        At least one second in all. Local chains only.
        """
        given = (seconds, minutes, hours, days)
        if not all(isinstance(one, int) for one in given):
            raise InputError(
                f"a chain's clock advances by whole numbers, not by {given}",
                hint="chain.advance(3_600), chain.advance(days=1, hours=12)",
            )
        step = seconds + 60 * minutes + 3_600 * hours + 86_400 * days
        if step < 1:
            raise InputError(f"a chain's clock advances by a second at least, not by {step}")
        target = self.timestamp + step
        self.set_next_timestamp(target)
        self.mine()
        return target

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[None]:
        """`with chain.snapshot():` undoes at its end whatever happened inside. It nests."""

    # --- events -----------------------------------------------------------------------------------

    @abstractmethod
    def logs(
        self,
        address: HasAddress | str | Sequence[HasAddress | str] | None = None,
        topics: Topics | None = None,
        from_block: int = 0,
        to_block: int | None = None,
    ) -> Iterator[Log]:
        """Past logs, oldest first; blocks inclusive, `to_block=None` is the latest."""

    def mute(self, *contracts: HasAddress | str) -> None:  # noqa: B027  (a node keeps its own logs)
        """Keeps no further logs of these contracts, where it is this process that keeps them: a
        long simulation then fits in bounded memory. Receipts carry their logs all the same."""

    def register(self, address: str, events: tuple[type[Event], ...]) -> None:
        """Remembers how the logs of a contract are to be decoded; bindings do it by themselves."""
        known = self._events.get(address, ())
        new = tuple(event for event in events if event not in known)
        if new:
            self._events[address] = new + known

    def decode_log(self, log: Log) -> Event:
        """`log` as an event of the contract's binding, or as an UnknownEvent."""
        for event in self._events.get(log.address, ()):
            if event.matches(log):
                try:
                    return event.from_log(log)
                except BadResponse:  # another event of the same topic, or somebody lies
                    continue
        return UnknownEvent(log.topics, log.data, log=log)

    # --- the rest ---------------------------------------------------------------------------------

    @property
    def w3(self) -> Any:
        """A `web3.Web3` on the same node, where there is a node. Needs the `web3` extra."""
        raise NotSupported(
            f"the {self.engine} chain has no node for web3 to talk to",
            hint="Chain.anvil() has one",
        )

    @abstractmethod
    def close(self) -> None:
        """Ends what this chain started. Closing twice is harmless."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.engine} chain {self.chain_id}>"


@lru_cache(maxsize=1024)
def named_key(name: str) -> bytes:
    """The private key of a named account. Anyone can compute it: it is for local chains only."""
    if not isinstance(name, str) or not name:
        raise InputError(f"an account's name is a text, not {name!r}")
    # Below the curve's order but for one name in 2**128.
    return keccak(f"defi_kit/{name}".encode())


@lru_cache(maxsize=1024)
def key_address(key: bytes) -> str:
    """The address of a private key: last 20 bytes of the keccak of its public key."""
    from coincurve import PublicKey

    public = PublicKey.from_valid_secret(key).format(compressed=False)
    return to_address(keccak(public[1:])[12:])


def check_value(value: int) -> int:
    """`value` in wei, if it is one. InputError otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 256:
        raise InputError(
            f"not an amount of wei: {value!r}",
            hint="10**18 wei are one ether; floats are refused"
            if isinstance(value, float)
            else None,
        )
    return value
