"""Contracts without bindings: functions are named by their signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from ..chain import Chain, Sender, Transaction
from ..chain.abi import function
from ..chain.contract import Contract

__all__ = ["Deployed"]


class Deployed(Contract):
    """A contract that is known by its bytecode or its address alone."""

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
        """Sends a call, unmeasured. Reverted where it refuses."""
        self._send(signature, args, sender=sender)

    def view(self, signature: str, *args: Any) -> Any:
        """What `"balanceOf(address)(uint256)"` returns: its first value."""
        return self.views(signature, *args)[0]

    def views(self, signature: str, *args: Any) -> Sequence[Any]:
        """All that it returns."""
        return self._call(signature, args)
