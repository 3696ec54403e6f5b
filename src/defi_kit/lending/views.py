"""What a lending pool's client shows: frozen, in amounts a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ..errors import Reverted
from ..units import BPS, Amount, Rate, Ratio
from .pool import Pool

__all__ = [
    "LiquidationPreview",
    "MarketView",
    "Position",
    "human_price",
    "wad_decimal",
]


@dataclass(frozen=True, slots=True)
class LiquidationPreview:
    """What a liquidation would do now."""

    account: str
    health_factor: Decimal
    repaid: Amount
    seized: Amount
    bonus: Ratio
    debt_left: Amount
    bad_debt: Amount


@dataclass(frozen=True, slots=True)
class MarketView:
    """The pool at one block, interest included."""

    total_assets: Amount
    """What the lenders own."""
    total_debt: Amount
    cash: Amount
    """Held and not lent."""
    reserve: Amount
    """Belongs to no lender and bears losses first."""
    utilisation: Ratio
    borrow_rate: Rate
    supply_rate: Rate
    """What lenders earn: the borrowers' interest less the reserve's part, over all assets."""
    share_price: Decimal
    """Assets that one share is worth, both in whole units; 1 at first."""
    collateral: Mapping[str, Amount]
    """Held by the pool, by symbol."""
    prices: Mapping[str, Decimal | None]
    """Assets that one whole token is worth, by symbol; None where the oracle refuses."""


@dataclass(frozen=True, slots=True)
class Position:
    """One account at one block. Whatever depends on prices raises ZeroPrice while an oracle of a
    collateral it holds refuses; the rest can still be read.
    """

    address: str
    supplied: Amount
    """What its shares are worth, as a lender."""
    shares: Amount
    debt: Amount
    collateral: Mapping[str, Amount]
    """What it holds, by symbol."""
    pool: Pool = field(repr=False)
    """The twin this was read from, with this account in it: ask it what would be, if."""
    prices: tuple[int, ...] = field(repr=False)
    """What the oracles answer, 0 where one refuses. [1e36]"""
    now: int = field(repr=False)
    """[unix seconds]"""

    def __str__(self) -> str:
        held = ", ".join(str(amount) for amount in self.collateral.values()) or "no collateral"
        try:
            health = f"health factor {self.health_factor:.4f}"
        except Reverted:
            health = "health factor unknown: an oracle refuses"
        return f"{self.address}: {held}; debt {self.debt}; {health}; lent {self.supplied}"

    @property
    def health_factor(self) -> Decimal:
        """Collateral value times liquidation LTV, over debt. At 1 or above it is healthy; infinity
        without debt."""
        if not self.debt:
            return Decimal("Infinity")
        return wad_decimal(self.pool.health_of(self.address, now=self.now, prices=self.prices))

    @property
    def collateral_value(self) -> Amount:
        """What the collateral is worth, in the asset."""
        return replace(self.debt, raw=self.pool.appraise(self.address, self.prices).value)

    @property
    def borrow_limit(self) -> Amount:
        """Collateral value times borrow LTV: the most debt that borrowing may lead to."""
        worth = self.pool.appraise(self.address, self.prices)
        return replace(self.debt, raw=worth.borrowing // BPS)

    @property
    def headroom(self) -> Amount:
        """What it can still borrow now: within the limit, the pool's cash and the minimum debt."""
        raw = self.pool.max_borrow(self.address, now=self.now, prices=self.prices)
        return replace(self.debt, raw=raw)

    @property
    def ltv(self) -> Decimal:
        """Debt over collateral value; infinity for a debt without collateral."""
        if not self.debt:
            return Decimal(0)
        value = self.collateral_value
        return Decimal(self.debt.raw) / Decimal(value.raw) if value else Decimal("Infinity")

    @property
    def liquidation_prices(self) -> Mapping[str, Decimal]:
        """Lowest price of each collateral at which the account is healthy, other prices as they
        are; 0 where the others suffice. By symbol; empty without debt."""
        found: dict[str, Decimal] = {}
        for symbol, amount in self.collateral.items():
            token = amount.unit.address
            price = self.pool.liquidation_price(
                self.address, token, now=self.now, prices=self.prices
            )
            if price is not None:
                found[symbol] = human_price(price, amount.unit.decimals, self.debt.unit.decimals)
        return found


def wad_decimal(value: int) -> Decimal:
    """Exact, whatever the context's precision."""
    return Decimal(f"{value}e-18")


def human_price(price: int, collateral_decimals: int, asset_decimals: int) -> Decimal:
    """Whole assets per whole token, exact, without trailing zeros. [1e36 asset per collateral]"""
    exponent = collateral_decimals - asset_decimals - 36
    while price and exponent < 0 and price % 10 == 0:
        price, exponent = price // 10, exponent + 1
    return Decimal(f"{price}e{exponent}")
