"""A contract at an address: the base of the generated bindings.

A binding says what is where (names, types, signatures); this class knows how to call it. The
signature of a function is written `"allowance(address,address)(uint256)"`: inputs, then outputs.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload

from ..errors import BadResponse, InputError
from .abi import encode, function, split_types
from .hashing import HasAddress, address_of
from .receipts import Receipt
from .types import Sender, Transaction
from .values import Event, Struct, UnknownEvent

if TYPE_CHECKING:
    from .base import Chain

__all__ = ["Contract", "Event", "Struct", "UnknownEvent"]

E = TypeVar("E", bound=Event)


class Contract:
    """A contract at an address, on a chain."""

    ARTIFACT: ClassVar[str] = ""
    """Name of the contract in `defi_kit.artifacts`."""

    FUNCTIONS: ClassVar[Mapping[str, str]] = {}
    """Python name → signature with outputs."""

    EVENTS: ClassVar[tuple[type[Event], ...]] = ()
    """Events that the contract, or the libraries it uses, can emit."""

    def __init__(self, chain: Chain, address: HasAddress | str) -> None:
        self.chain = chain
        self.address = address_of(address)
        self.deployment: Receipt | None = None
        self.since = 0
        """No event of it is from before this block."""
        self._exists = False
        chain.register(self.address, self.EVENTS)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Contract):
            return NotImplemented
        return self.chain is other.chain and self.address == other.address

    def __hash__(self) -> int:
        return hash(self.address)

    # --- for users --------------------------------------------------------------------------------

    def build(
        self, name: str, *args: Any, sender: Sender | None = None, value: int = 0
    ) -> Transaction:
        """A call of this contract as a transaction for `chain.batch(...)`; nothing is sent.

        `name` is the function's name in Python or in Solidity. InputError when there is none.
        """
        data = function(self._signature(name)).encode(args)
        return Transaction(self.address, data, sender, value)

    @overload
    def events(
        self, event: type[E], *, from_block: int = 0, to_block: int | None = None
    ) -> Iterator[E]: ...
    @overload
    def events(
        self, event: None = None, *, from_block: int = 0, to_block: int | None = None
    ) -> Iterator[Event]: ...
    def events(
        self, event: type[Event] | None = None, *, from_block: int = 0, to_block: int | None = None
    ) -> Iterator[Event]:
        """Past events of this contract, oldest first: of one class, or all."""
        topics = None if event is None else [event.TOPIC]
        first = max(from_block, self.since)
        for log in self.chain.logs(self.address, topics, first, to_block):
            if event is None:
                yield self.chain.decode_log(log)
            elif event.matches(log):
                yield event.from_log(log)

    # --- for bindings -----------------------------------------------------------------------------

    @classmethod
    def _deploy(
        cls,
        chain: Chain,
        types: str,
        args: Sequence[Any] = (),
        *,
        sender: Sender | None = None,
        value: int = 0,
        bytecode: bytes | None = None,
    ) -> Self:
        """Deploys the artifact (or other creation code), with arguments of `"(address,uint8)"`."""
        code = _creation_code(cls.ARTIFACT) if bytecode is None else bytecode
        arguments = encode(split_types(types[1:-1]), args)
        receipt = chain.transact(None, code + arguments, sender=sender, value=value)
        if receipt.contract_address is None:  # the engines see to it; this is for the type checker
            raise InputError(f"transaction {receipt.hash} created no contract")
        contract = cls(chain, receipt.contract_address)
        contract.deployment, contract._exists = receipt, True
        contract.since = receipt.block_number
        return contract

    def _call(
        self,
        signature: str,
        args: Sequence[Any] = (),
        *,
        sender: Sender | None = None,
        block: int | None = None,
    ) -> tuple[Any, ...]:
        """Decoded return values of a view; raises the contract's error."""
        coder = function(signature)
        data = coder.encode(args)
        answer = self.chain.call(self.address, data, sender=sender, block=block)
        try:
            return coder.decode(answer)
        except BadResponse as error:
            raise BadResponse(f"{self.address}: {error.message}", hint=error.hint) from None

    def _send(
        self,
        signature: str,
        args: Sequence[Any] = (),
        *,
        sender: Sender | None = None,
        value: int = 0,
    ) -> Receipt:
        """The receipt of a transaction; raises the contract's error, and then nothing was mined."""
        data = function(signature).encode(args)
        # To an address without code any transaction succeeds, and does nothing.
        if not self._exists and not self.chain.code(self.address):
            raise InputError(
                f"no {type(self).__name__} at {self.address}: there is no code",
                hint="is it the address of another chain?",
            )
        self._exists = True
        return self.chain.transact(self.address, data, sender=sender, value=value)

    def _signature(self, name: str) -> str:
        if name in self.FUNCTIONS:
            return self.FUNCTIONS[name]
        found = [text for text in self.FUNCTIONS.values() if text.partition("(")[0] == name]
        if len(found) == 1:
            return found[0]
        kind = type(self).__name__
        if found:
            raise InputError(
                f"{kind} has {len(found)} functions {name}",
                hint="use one of " + ", ".join(n for n, s in self.FUNCTIONS.items() if s in found),
            )
        close = difflib.get_close_matches(name, self.FUNCTIONS, n=3)
        raise InputError(
            f"{kind} has no function {name}",
            hint=f"did you mean {' or '.join(close)}?" if close else None,
        )


def _creation_code(artifact: str) -> bytes:
    from .. import artifacts

    return artifacts.load(artifact).bytecode
