"""Our own lending pool, exactly: every step in contract and twin, L1 to L16 after each."""

from __future__ import annotations

from .market import PoolMarket
from .trial import PoolTrial

__all__ = ["PoolMarket", "PoolTrial"]
