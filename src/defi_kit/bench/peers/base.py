"""What all peers share: being named, and contracts that are known by their bytecode alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from ...chain import Chain, Sender, Transaction
from ...chain.abi import function
from ...chain.contract import Contract
from ..exchanges import ExchangeSystem, Tokens
from ..lending import LendingSystem, LendingTokens

__all__ = ["Deployed", "Peer"]


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody else's contracts: a name, what is to be known, and how to deploy them."""

    name: str
    note: str
    exchange: Callable[[Chain, Tokens], ExchangeSystem] | None = None
    lending: Callable[[Chain, LendingTokens], LendingSystem] | None = None


class Deployed(Contract):
    """A contract without bindings: functions are named by their signatures."""

    @classmethod
    def create(cls, chain: Chain, code: bytes, types: str = "()", *args: Any) -> Self:
        """Deploys creation code with constructor arguments of `types`, `"(address,uint8)"`."""
        return cls._deploy(chain, types, args, bytecode=code)

    def tx(self, signature: str, *args: Any, sender: Sender | None = None) -> Transaction:
        """A call of `"mint(address,uint256)"`, to be sent."""
        return Transaction(self.address, self.data(signature, *args), sender)

    def data(self, signature: str, *args: Any) -> bytes:
        """Call data."""
        return function(signature).encode(args)

    def send(self, signature: str, *args: Any, sender: Sender | None = None) -> None:
        """Sends a call, unmeasured."""
        self._send(signature, args, sender=sender)

    def view(self, signature: str, *args: Any) -> Any:
        """What `"balanceOf(address)(uint256)"` returns: its first value."""
        return self.views(signature, *args)[0]

    def views(self, signature: str, *args: Any) -> Sequence[Any]:
        """All that it returns."""
        return self._call(signature, args)
