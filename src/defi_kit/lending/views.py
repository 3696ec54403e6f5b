"""What a lending pool's client shows: frozen, in amounts a person reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ..errors import InputError, Reverted
from ..units import BPS, Amount, Number, Rate, Ratio, Unit, check_uint256, parse_units
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
    units: tuple[Unit, ...] = field(repr=False)
    """Of the pool's collaterals, in its order."""

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
        """What it can still borrow now: within the limit, the pool's cash and the minimum debt.

        Of a debt that is there already a second's interest takes some of it: to borrow it all in a
        later block leave a little, such as `headroom * 9_999 // 10_000`, or DebtAboveLimit.
        """
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

    # --- what would be, if ------------------------------------------------------------------------

    def what_if(
        self,
        *,
        prices: Mapping[str, Number] | None = None,
        seconds: int = 0,
        supply: Amount | Iterable[Amount] = (),
        repay: Amount | None = None,
        borrow: Amount | None = None,
        withdraw: Amount | Iterable[Amount] = (),
    ) -> Position:
        """This account as it would be, on the twin; nothing is sent.

        In this order: time passes; collaterals come to be worth `prices` (by symbol, whole assets
        per whole token); collateral is supplied; debt is repaid; more is borrowed; collateral is
        withdrawn. Raises what the contract would revert with, and InputError for a collateral that
        the pool does not have.
        """
        now, worth = self.now + check_uint256(seconds, "seconds"), list(self.prices)
        if prices is not None and not isinstance(prices, Mapping):
            raise InputError(f"prices={prices!r} names no collateral", hint='{"WETH": "1_500"}')
        for symbol, price in (prices or {}).items():
            worth[self._number(symbol)] = self._scaled(price, self._number(symbol))
        pool, who = self.pool.accrue(now=now), self.address
        for amount in _listed(supply):
            pool = pool.supply_collateral(self._token(amount), amount.raw, who, prices=worth)
        if repay is not None:
            pool, _ = pool.repay(self.debt.unit.to_raw(repay), who, now=now)
        if borrow is not None:
            pool = pool.borrow(self.debt.unit.to_raw(borrow), who, now=now, prices=worth)
        for amount in _listed(withdraw):
            token = self._token(amount)
            pool = pool.withdraw_collateral(token, amount.raw, who, now=now, prices=worth)
        held = zip(self.units, pool.account(who).collateral, strict=True)
        return replace(
            self,
            supplied=replace(
                self.supplied, raw=pool.convert_to_assets(pool.account(who).shares, now=now)
            ),
            debt=replace(self.debt, raw=pool.debt_of(who, now=now)),
            collateral={unit.symbol: unit.amount(amount) for unit, amount in held if amount},
            pool=pool,
            prices=tuple(worth),
            now=now,
        )

    def _number(self, symbol: str) -> int:
        for number, unit in enumerate(self.units):
            if unit.symbol == symbol:
                return number
        known = ", ".join(unit.symbol for unit in self.units)
        raise InputError(f"{symbol!r} is no collateral of this pool", hint=f"it takes {known}")

    def _token(self, amount: Amount) -> str:
        if not isinstance(amount, Amount):
            raise InputError(f"{amount!r} is of no token", hint='an Amount: kit.weth("1")')
        if amount.unit not in self.units:
            self._number(amount.unit.symbol)
            raise InputError(f"{amount} is of another {amount.unit.symbol} than the pool's")
        return amount.unit.address

    def _scaled(self, price: Number, number: int) -> int:
        """The price as an oracle would say it. [1e36]"""
        return parse_units(price, 36 + self.debt.unit.decimals - self.units[number].decimals)


def _listed(amounts: Amount | Iterable[Amount]) -> Iterable[Amount]:
    return amounts if isinstance(amounts, Iterable) else (amounts,)


def wad_decimal(value: int) -> Decimal:
    """Exact, whatever the context's precision."""
    return Decimal(f"{value}e-18")


def human_price(price: int, collateral_decimals: int, asset_decimals: int) -> Decimal:
    """Whole assets per whole token, exact, without trailing zeros. [1e36 asset per collateral]"""
    exponent = collateral_decimals - asset_decimals - 36
    while price and exponent < 0 and price % 10 == 0:
        price, exponent = price // 10, exponent + 1
    return Decimal(f"{price}e{exponent}")
