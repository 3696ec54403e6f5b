"""The exchange: twins of its pools and of the whole contract, arbitrage, and its client."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .arbitrage import Arbitrage, Trade, amount_to_price, optimal_arbitrage
    from .client import (
        Exchange,
        LiquidityAdded,
        LiquidityRemoved,
        PoolCreated,
        Routed,
        SharesMoved,
        Skimmed,
        Swapped,
    )
    from .exchange import ExchangeState
    from .pool import ConstantProductPool, Hop, PoolKey
    from .quotes import LiquidityQuote, Quote, Route
    from .router import Part, best_path, best_split

__all__ = [
    "Arbitrage",
    "ConstantProductPool",
    "Exchange",
    "ExchangeState",
    "Hop",
    "LiquidityAdded",
    "LiquidityQuote",
    "LiquidityRemoved",
    "Part",
    "PoolCreated",
    "PoolKey",
    "Quote",
    "Route",
    "Routed",
    "SharesMoved",
    "Skimmed",
    "Swapped",
    "Trade",
    "amount_to_price",
    "best_path",
    "best_split",
    "optimal_arbitrage",
]

_HOMES = {
    "Arbitrage": "arbitrage",
    "ExchangeState": "exchange",
    "LiquidityQuote": "quotes",
    "Part": "router",
    "Quote": "quotes",
    "Route": "quotes",
    "Trade": "arbitrage",
    "amount_to_price": "arbitrage",
    "best_path": "router",
    "best_split": "router",
    "optimal_arbitrage": "arbitrage",
    "ConstantProductPool": "pool",
    "Hop": "pool",
    "PoolKey": "pool",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: a twin must not pay for a chain.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES.get(name, 'client')}", __name__), name)
    globals()[name] = value
    return value
