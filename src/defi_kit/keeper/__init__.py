"""Keepers: who liquidates what, and when it pays. Twin, plan, journal, and the client.

>>> import defi_kit
>>> from defi_kit.keeper import Keeper
>>> kit = defi_kit.deploy(defi_kit.Chain.embedded())
>>> alice, bot = kit.actors("alice", "bot")
>>> _ = kit.lending.supply_collateral(kit.weth(10), sender=alice)
>>> _ = kit.lending.borrow(kit.usd(15_000), sender=alice)
>>> _ = kit.feeds.weth.set_price("1_800")
>>> keeper = Keeper.deploy(kit.lending, kit.exchange, owner=bot)
>>> [earned.account == alice.address for earned in keeper.work()]
[True]
"""

from __future__ import annotations

from .client import COLLATERAL_GAS, HOP_GAS, LIQUIDATION_GAS, Earned, Keeper
from .journal import Intention, Journal, Mark
from .plan import Deal, best_deal
from .twin import KeeperState, Kept

__all__ = [
    "COLLATERAL_GAS",
    "HOP_GAS",
    "LIQUIDATION_GAS",
    "Deal",
    "Earned",
    "Intention",
    "Journal",
    "Keeper",
    "KeeperState",
    "Kept",
    "Mark",
    "best_deal",
]
