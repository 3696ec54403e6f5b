"""The most gas that our verbs should use, steady."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["GOALS", "Goal"]


@dataclass(frozen=True, slots=True)
class Goal:
    """A verb's goal."""

    room: str
    verb: str
    gas: int


GOALS: Final = (
    Goal("dex", "swap_1_hop", 75_000),
    Goal("dex", "swap_1_hop_same_block", 69_000),
    Goal("dex", "swap_2_hops", 90_000),
    Goal("dex", "swap_stable", 90_000),
    Goal("dex", "add_liquidity", 95_000),
    Goal("dex", "remove_liquidity", 95_000),
    Goal("dex", "create_pool", 75_000),
    Goal("lending", "supply", 76_000),
    Goal("lending", "withdraw", 76_000),
    Goal("lending", "supply_collateral", 52_000),
    Goal("lending", "withdraw_collateral", 84_000),
    Goal("lending", "borrow", 86_000),
    Goal("lending", "repay", 72_000),
    Goal("lending", "liquidate", 105_000),
    Goal("stablecoins", "fiat_transfer", 36_000),
    Goal("stablecoins", "fiat_mint", 52_000),
    Goal("stablecoins", "peg_swap_in", 60_000),
    Goal("stablecoins", "peg_swap_out", 60_000),
)
