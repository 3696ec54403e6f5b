"""Pictures of a lending pool: they show what the pool says."""

from __future__ import annotations

import pytest

import defi_kit
from defi_kit import plots
from defi_kit.chain import Account, Chain
from defi_kit.errors import InputError


@pytest.fixture
def kit(chain: Chain) -> defi_kit.Kit:
    return defi_kit.deploy(chain)


@pytest.fixture
def borrower(kit: defi_kit.Kit) -> Account:
    who = kit.actor("borrower")
    kit.lending.supply_collateral(kit.weth(10), sender=who)
    kit.lending.borrow(kit.usd(14_000), sender=who)
    return who


def test_a_rate_curve_ends_at_its_highest_rate(kit: defi_kit.Kit) -> None:
    line = plots.rate_curve(kit.lending.parameters.rate).axes[0].lines[0]
    assert (line.get_xdata()[0], line.get_xdata()[-1]) == (0, 100)
    assert line.get_ydata()[-1] == pytest.approx(100, abs=0.01)


def test_health_is_one_where_the_account_can_be_liquidated(
    kit: defi_kit.Kit, borrower: Account
) -> None:
    position = kit.lending.account(borrower)
    line = plots.health_over_price(position, "WETH").axes[0].lines[0]
    edge = float(position.liquidation_prices["WETH"])
    assert all(
        (health >= 1) == (price >= edge)
        for price, health in zip(line.get_xdata(), line.get_ydata(), strict=True)
    )
    with pytest.raises(InputError, match="no price of it matters"):
        plots.health_over_price(position, "WBTC")
    with pytest.raises(InputError, match="no price of it matters"):
        plots.health_over_price(kit.lending.account(kit.actor("nobody")), "WETH")


def test_a_liquidation_map_ends_with_all_debts(kit: defi_kit.Kit, borrower: Account) -> None:
    figure = plots.liquidation_map(
        kit.lending.state(),
        kit.weth.unit,
        kit.usd.unit,
        now=kit.chain.timestamp,
        prices=kit.lending.prices(),
    )
    line = figure.axes[0].lines[0]
    prices, debts = list(line.get_xdata()), list(line.get_ydata())
    assert debts[0] == 0
    assert debts[-1] == pytest.approx(14_000, abs=0.01)
    assert prices[1] == pytest.approx(1_750, abs=0.01)
