"""The exchange: twins of its pools and of the whole contract, arbitrage, and its client."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .arbitrage import (
        Arbitrage,
        Circle,
        Trade,
        amount_to_price,
        best_circle,
        circle_arbitrage,
        optimal_arbitrage,
    )
    from .client import Exchange
    from .constant_product import ConstantProduct
    from .curves import Curve, curve_of
    from .exchange import ExchangeState
    from .graph import network, to_dot
    from .observations import Observation, Observations
    from .pool import Hop, Pool, PoolKey
    from .position import Performance, Position
    from .quotes import (
        Holding,
        LiquidityQuote,
        OneSidedQuote,
        PurchaseQuote,
        Quote,
        Route,
        WithdrawalQuote,
    )
    from .results import (
        Collected,
        FlashLoaned,
        LiquidityAdded,
        LiquidityRemoved,
        Observed,
        OneSidedAdded,
        OneSidedRemoved,
        PoolCreated,
        Routed,
        SharesMoved,
        Skimmed,
        Swapped,
    )
    from .router import Part, best_path, best_purchase, best_split, cheapest_path
    from .stable_swap import StableSwap

__all__ = [
    "Arbitrage",
    "Circle",
    "Collected",
    "ConstantProduct",
    "Curve",
    "Exchange",
    "ExchangeState",
    "FlashLoaned",
    "Holding",
    "Hop",
    "LiquidityAdded",
    "LiquidityQuote",
    "LiquidityRemoved",
    "Observation",
    "Observations",
    "Observed",
    "OneSidedAdded",
    "OneSidedQuote",
    "OneSidedRemoved",
    "Part",
    "Performance",
    "Pool",
    "PoolCreated",
    "PoolKey",
    "Position",
    "PurchaseQuote",
    "Quote",
    "Route",
    "Routed",
    "SharesMoved",
    "Skimmed",
    "StableSwap",
    "Swapped",
    "Trade",
    "WithdrawalQuote",
    "amount_to_price",
    "best_circle",
    "best_path",
    "best_purchase",
    "best_split",
    "cheapest_path",
    "circle_arbitrage",
    "curve_of",
    "network",
    "optimal_arbitrage",
    "to_dot",
]

_HOMES = {
    "Arbitrage": "arbitrage",
    "Circle": "arbitrage",
    "Collected": "results",
    "ConstantProduct": "constant_product",
    "Curve": "curves",
    "Exchange": "client",
    "ExchangeState": "exchange",
    "FlashLoaned": "results",
    "Holding": "quotes",
    "Hop": "pool",
    "LiquidityAdded": "results",
    "LiquidityQuote": "quotes",
    "LiquidityRemoved": "results",
    "Observation": "observations",
    "Observations": "observations",
    "Observed": "results",
    "OneSidedAdded": "results",
    "OneSidedQuote": "quotes",
    "OneSidedRemoved": "results",
    "Part": "router",
    "Performance": "position",
    "Pool": "pool",
    "PoolCreated": "results",
    "PoolKey": "pool",
    "Position": "position",
    "PurchaseQuote": "quotes",
    "Quote": "quotes",
    "Route": "quotes",
    "Routed": "results",
    "SharesMoved": "results",
    "Skimmed": "results",
    "StableSwap": "stable_swap",
    "Swapped": "results",
    "Trade": "arbitrage",
    "WithdrawalQuote": "quotes",
    "amount_to_price": "arbitrage",
    "best_circle": "arbitrage",
    "best_path": "router",
    "best_purchase": "router",
    "best_split": "router",
    "cheapest_path": "router",
    "circle_arbitrage": "arbitrage",
    "curve_of": "curves",
    "network": "graph",
    "optimal_arbitrage": "arbitrage",
    "to_dot": "graph",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: a twin must not pay for a chain.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
