"""defi_kit: a money system you can hold in your hand.

>>> import defi_kit
>>> kit = defi_kit.deploy(defi_kit.Chain.embedded())
>>> kit.weth("1.5")
Amount('1.5 WETH')

Everything here is loaded when it is first used, so that the import costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from defi_kit import errors, reverts
    from defi_kit.chain import Account, Chain, Receipt, Transaction
    from defi_kit.deployment import Deployment
    from defi_kit.dex import Exchange
    from defi_kit.economy import AlgoMarket, Economy, Market, PegMarket
    from defi_kit.errors import DefiKitError, InputError, Reverted
    from defi_kit.kit import Kit, attach, deploy
    from defi_kit.lending import LendingPool
    from defi_kit.oracles import (
        FeedOracle,
        GuardedOracle,
        ScriptedFeed,
        SignedFeed,
        TwapOracle,
        VaultOracle,
    )
    from defi_kit.stablecoins import AlgoController, FiatDollar, PegSwap
    from defi_kit.tokens import FaucetToken, Token, WrappedEther
    from defi_kit.units import Amount, Rate, Ratio, Unit

__all__ = [
    "Account",
    "AlgoController",
    "AlgoMarket",
    "Amount",
    "Chain",
    "DefiKitError",
    "Deployment",
    "Economy",
    "Exchange",
    "FaucetToken",
    "FeedOracle",
    "FiatDollar",
    "GuardedOracle",
    "InputError",
    "Kit",
    "LendingPool",
    "Market",
    "PegMarket",
    "PegSwap",
    "Rate",
    "Ratio",
    "Receipt",
    "Reverted",
    "ScriptedFeed",
    "SignedFeed",
    "Token",
    "Transaction",
    "TwapOracle",
    "Unit",
    "VaultOracle",
    "WrappedEther",
    "attach",
    "deploy",
    "errors",
    "reverts",
]

_HOMES = {
    "chain": ("Account", "Chain", "Receipt", "Transaction"),
    "deployment": ("Deployment",),
    "dex": ("Exchange",),
    "errors": ("DefiKitError", "InputError", "Reverted"),
    "economy": ("AlgoMarket", "Economy", "Market", "PegMarket"),
    "kit": ("Kit", "attach", "deploy"),
    "lending": ("LendingPool",),
    "oracles": (
        "FeedOracle",
        "GuardedOracle",
        "ScriptedFeed",
        "SignedFeed",
        "TwapOracle",
        "VaultOracle",
    ),
    "stablecoins": ("AlgoController", "FiatDollar", "PegSwap"),
    "tokens": ("FaucetToken", "Token", "WrappedEther"),
    "units": ("Amount", "Rate", "Ratio", "Unit"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in ("errors", "reverts"):
        value: Any = import_module(f"{__name__}.{name}")
    elif name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    elif name == "__version__":
        from importlib.metadata import version

        value = version("defi-kit")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
