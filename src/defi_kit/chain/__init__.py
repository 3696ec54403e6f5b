"""The seam between the kit and a chain: one interface, three engines.

`Chain.embedded()` runs in this process, `Chain.anvil()` starts an Anvil, `Chain.connect(url)`
talks to any node. The same script gives the same figures, to the wei, on each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import GENESIS, Chain
    from .contract import Contract
    from .receipts import Log, Receipt
    from .types import Account, Sender, Transaction
    from .values import Event, Struct, UnknownEvent

__all__ = [
    "GENESIS",
    "Account",
    "Chain",
    "Contract",
    "Event",
    "Log",
    "Receipt",
    "Sender",
    "Struct",
    "Transaction",
    "UnknownEvent",
]

_HOMES = {
    "GENESIS": "base",
    "Account": "types",
    "Chain": "base",
    "Contract": "contract",
    "Event": "values",
    "Log": "receipts",
    "Receipt": "receipts",
    "Sender": "types",
    "Struct": "values",
    "Transaction": "types",
    "UnknownEvent": "values",
}


def __getattr__(name: str) -> Any:
    # Imported when first used: `import defi_kit` must not pay for an engine.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
