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
    from .graph import network, to_dot
    from .pool import ConstantProductPool, Hop, PoolKey
    from .position import Performance, Position
    from .quotes import Holding, LiquidityQuote, Quote, Route
    from .router import Part, best_path, best_split

__all__ = [
    "Arbitrage",
    "ConstantProductPool",
    "Exchange",
    "ExchangeState",
    "Holding",
    "Hop",
    "LiquidityAdded",
    "LiquidityQuote",
    "LiquidityRemoved",
    "Part",
    "Performance",
    "PoolCreated",
    "PoolKey",
    "Position",
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
    "network",
    "optimal_arbitrage",
    "to_dot",
]

_HOMES = {
    "Arbitrage": "arbitrage",
    "ExchangeState": "exchange",
    "Holding": "quotes",
    "LiquidityQuote": "quotes",
    "Part": "router",
    "Performance": "position",
    "Position": "position",
    "Quote": "quotes",
    "Route": "quotes",
    "Trade": "arbitrage",
    "amount_to_price": "arbitrage",
    "best_path": "router",
    "best_split": "router",
    "network": "graph",
    "optimal_arbitrage": "arbitrage",
    "to_dot": "graph",
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
