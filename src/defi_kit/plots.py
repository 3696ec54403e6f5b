"""Pictures of a lending pool: rates, health over price, where liquidations wait.

Each returns a matplotlib `Figure`, which a notebook shows and `figure.savefig(...)` saves. Needs
the `plots` extra; `PlotsMissing` without.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from defi_kit.errors import InputError
from defi_kit.lending.pool import Pool
from defi_kit.lending.views import human_price
from defi_kit.simulation.picture import PlotsMissing
from defi_kit.units import WAD, Rate, Unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from defi_kit.lending import Position

__all__ = ["PlotsMissing", "RateCurve", "health_over_price", "liquidation_map", "rate_curve"]

_POINTS = 200
_INK, _RISK = "#2f5d8a", "#d64545"


class RateCurve(Protocol):
    """What has a rate for each utilisation, such as `KinkedRate`."""

    def rate(self, utilisation: int) -> int:
        """The rate at `utilisation` [wad]. [wad per second]"""


def rate_curve(curve: RateCurve) -> Figure:
    """The yearly rate of borrowing over utilisation."""
    figure, axes = _empty("What borrowing costs", "utilisation [%]", "a year [%]")
    steps = range(_POINTS + 1)
    rates = [Rate(curve.rate(step * WAD // _POINTS)).annual_wad for step in steps]
    axes.plot(
        [100 * step / _POINTS for step in steps], [100 * rate / WAD for rate in rates], color=_INK
    )
    return figure


def health_over_price(position: Position, symbol: str) -> Figure:
    """Health of an account over the price of one of its collaterals, others as they are.

    InputError for an account without debt, or for a collateral that it does not hold.
    """
    if symbol not in position.collateral or not position.debt:
        raise InputError(
            f"{position.address} owes {position.debt} against {position.collateral.get(symbol, 0)} "
            f"{symbol}: no price of it matters",
            hint="name a collateral that an account in debt holds",
        )
    unit = position.collateral[symbol].unit
    number = [one.symbol for one in position.units].index(symbol)
    now = position.prices[number]
    figure, axes = _empty(f"Health over the price of {symbol}", _priced(symbol, position), "health")
    prices = [2 * now * step // _POINTS for step in range(1, _POINTS + 1)]
    healths = [
        position.pool.health_of(
            position.address,
            now=position.now,
            prices=[*position.prices[:number], price, *position.prices[number + 1 :]],
        )
        for price in prices
    ]
    shown = [_human(price, unit, position.debt.unit) for price in prices]
    axes.plot(shown, [health / WAD for health in healths], color=_INK)
    axes.axhline(1, color=_RISK, linewidth=0.8)
    axes.axvline(_human(now, unit, position.debt.unit), color=_INK, linestyle=":", linewidth=0.8)
    return figure


def liquidation_map(
    pool: Pool, collateral: Unit, asset: Unit, *, now: int, prices: tuple[int, ...]
) -> Figure:
    """How much debt can be liquidated in all, at each price of one collateral from zero to today's,
    other prices as they are. `pool` is a twin with the accounts to look at: `lending.state()`."""
    number = pool.parameters.numbers.get(collateral.address)
    if number is None:
        raise InputError(
            f"{collateral.symbol} is no collateral of this pool", hint="lending.collaterals"
        )
    levels = sorted(_levels(pool, collateral.address, now, prices), reverse=True)
    figure, axes = _empty(
        "Debt that can be liquidated",
        f"price of {collateral.symbol} [{asset.symbol}]",
        asset.symbol,
    )
    today, debt = prices[number], 0
    shown, debts = [_human(today, collateral, asset)], [0.0]
    for price, owed in levels:
        debt += owed
        shown.append(_human(min(price, today), collateral, asset))
        debts.append(debt / 10**asset.decimals)
    axes.step([*shown, 0.0], [*debts, debts[-1]], where="post", color=_RISK)
    axes.invert_xaxis()
    return figure


def _levels(pool: Pool, token: str, now: int, prices: tuple[int, ...]) -> Iterable[tuple[int, int]]:
    """Price below which each account can be liquidated, and its debt. [1e36], [asset]"""
    for account in pool.accounts:
        price = pool.liquidation_price(account, token, now=now, prices=prices)
        if price:
            yield price, pool.debt_of(account, now=now)


def _human(price: int, collateral: Unit, asset: Unit) -> float:
    return float(human_price(price, collateral.decimals, asset.decimals))


def _priced(symbol: str, position: Position) -> str:
    return f"price of {symbol} [{position.debt.unit.symbol}]"


def _empty(title: str, across: str, up: str) -> tuple[Figure, Axes]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotsMissing(
            "the picture needs matplotlib, which is not installed",
            hint="pip install 'defi-kit[plots]'",
        ) from error
    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    axes.set_title(title, loc="left", weight="bold")
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    return figure, axes
