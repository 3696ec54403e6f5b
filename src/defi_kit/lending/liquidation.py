"""Who owes what when an account is liquidated. Twin of `contracts/lending/LiquidationMath.sol`.

`adjusted` is the sum of each collateral's value times its liquidation LTV [asset * bps]. An account
is healthy while `adjusted >= debt * BPS`, without any rounding.
"""

from __future__ import annotations

from typing import Final

from ..units import BPS, WAD

__all__ = [
    "PRICE_SCALE",
    "bonus_down",
    "covered_down",
    "exchange",
    "health_down",
    "repaid_up",
    "repay_to_target_up",
    "seized_down",
    "value_down",
]

PRICE_SCALE: Final = 10**36
"""Scale of an oracle's answer: [asset] per [collateral], times this."""

WAD_PER_BPS: Final = WAD // BPS
LEAST_BONUS_DIVISOR: Final = 4
MAX_UINT256: Final = 2**256 - 1


def value_down(amount: int, price: int) -> int:
    """What `amount` of a collateral is worth, rounded down; saturates at 1e41. [asset]"""
    product = amount * price
    return (product if product < MAX_UINT256 else MAX_UINT256) // PRICE_SCALE


def health_down(adjusted: int, debt: int) -> int:
    """Health of a debt above zero, rounded down. At least WAD exactly when healthy. [wad]"""
    return adjusted * WAD_PER_BPS // debt


def bonus_down(health: int, max_bonus: int, full_bonus_health: int) -> int:
    """Bonus at a health below 1: 0 at 1, `max_bonus` from `full_bonus_health` down. [wad]

    >>> [bonus_down(health, 500, 9_000) for health in (WAD, 95 * 10**16, 9 * 10**17, 0)]
    [0, 25000000000000000, 50000000000000000, 50000000000000000]
    """
    depth = WAD - health
    span = (BPS - full_bonus_health) * WAD_PER_BPS
    full = max_bonus * WAD_PER_BPS
    return full * depth // span if depth < span else full


def covered_down(bonus: int, value: int, debt: int, max_bonus: int) -> int:
    """The part of a bonus that is paid where all collateral is worth `value`: no more than it is
    worth beyond the debt, or than a quarter of `max_bonus` where that is more. [wad]

    >>> [covered_down(5 * 10**16, value, 100, 500) / WAD for value in (200, 103, 100, 50)]
    [0.05, 0.03, 0.0125, 0.0125]
    """
    cover = max(value - debt, 0) * WAD // debt
    return min(bonus, max(cover, max_bonus * WAD_PER_BPS // LEAST_BONUS_DIVISOR))


def repay_to_target_up(debt: int, adjusted: int, target: int, bonus: int, ltv: int) -> int:
    """The repayment after which health is `target` [bps], rounded up: solved for r from
    (adjusted - r (1 + bonus) ltv) / (debt - r) = target. [asset]

    >>> repay_to_target_up(14_000, 12_000 * BPS, 10_500, 5 * 10**16, 8_000)
    12858
    """
    return -(-(target * debt - adjusted) * WAD // (target * WAD - (WAD + bonus) * ltv))


def seized_down(repaid: int, bonus: int, price: int) -> int:
    """Collateral that a repayment buys: its value times (1 + bonus), rounded down. [collateral]"""
    return repaid * (WAD + bonus) * WAD // price


def repaid_up(seized: int, bonus: int, price: int) -> int:
    """Repayment that buys this much collateral, rounded up. [asset]"""
    return -(-seized * price // ((WAD + bonus) * WAD))


def exchange(max_repay: int, max_seize: int, bonus: int, price: int) -> tuple[int, int]:
    """The most that changes hands within both limits: what is repaid, what is seized."""
    cost = repaid_up(max_seize, bonus, price)
    if cost <= max_repay:
        return cost, max_seize
    return max_repay, seized_down(max_repay, bonus, price)
