"""What all peers share: being named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...chain import Chain
from ..exchanges import ExchangeSystem, Tokens
from ..lending import LendingSystem, LendingTokens

__all__ = ["Peer"]


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody else's contracts: a name, what is to be known, and how to deploy them."""

    name: str
    note: str
    exchange: Callable[[Chain, Tokens], ExchangeSystem] | None = None
    lending: Callable[[Chain, LendingTokens], LendingSystem] | None = None
