"""`defi-kit status`: what is deployed, what things cost, who is at risk."""

from __future__ import annotations

from decimal import Decimal
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from defi_kit.cli._common import (
    console,
    deployed_options,
    deployment_at,
    json_option,
    print_json,
    refuse_fresh_chains,
)
from defi_kit.errors import Reverted
from defi_kit.units import Ratio

if TYPE_CHECKING:
    from rich.console import Console

    from defi_kit.dex import Pool, PoolKey
    from defi_kit.kit import Kit
    from defi_kit.lending import MarketView, Position
    from defi_kit.units import Amount

__all__ = ["command"]


@click.command("status")
@deployed_options
@click.option(
    "--riskiest",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="How many accounts to show, the least healthy first.",
)
@json_option
def command(url: str, file: Path | None, riskiest: int, as_json: bool) -> None:
    """Show what is deployed: prices, dollars, pools, utilisation, riskiest accounts."""
    from defi_kit import Chain, attach

    refuse_fresh_chains(url)
    with Chain.connect(url) as chain:
        kit = attach(chain, file or deployment_at(url, chain.chain_id))
        seen = _Seen.of(kit, riskiest)
    if as_json:
        print_json(seen.data())
    else:
        seen.tell(console())


class _Pool(NamedTuple):
    one: Amount
    other: Amount
    fee: Decimal
    price: Decimal
    """Of the first token in the second."""

    @classmethod
    def of(cls, kit: Kit, key: PoolKey, pool: Pool) -> _Pool:
        from defi_kit.tokens import Token

        known = {token.address: token for token in kit.tokens}
        first, second = (known.get(at) or Token(kit.chain, at) for at in key.tokens)
        one, other = first.raw(pool.reserve0), second.raw(pool.reserve1)
        if one.unit == kit.usd.unit:
            one, other = other, one  # a dollar price says more than its inverse
        price = other.decimal / one.decimal if one else Decimal(0)
        return cls(one, other, Decimal(key.fee).scaleb(-4), price)


class _Dollars(NamedTuple):
    """The three dollars, and what stands behind the two that are not cash."""

    supplies: tuple[Amount, ...]
    stock: tuple[Amount, ...]
    """What the peg swap can pay out."""
    ratio: Decimal
    """Part of a newly minted algorithmic dollar that is collateral."""
    held: Amount
    """That collateral, of all of them."""
    cover: Decimal | None
    """Worth of collateral and shares per dollar; None while no oracle tells, or without dollars."""

    @classmethod
    def of(cls, kit: Kit) -> _Dollars:
        state = kit.algo.state()
        try:
            cover = kit.algo.cover.decimal if state.dollars else None
        except Reverted:
            cover = None
        tokens = (kit.usd, kit.usdx, kit.algo.dollar)
        return cls(
            supplies=tuple(token.total_supply() for token in tokens),
            stock=tuple(kit.peg.stock(token) for token in (kit.usdx, kit.usd)),
            ratio=Ratio(state.ratio).decimal,
            held=kit.usd.raw(state.held),
            cover=cover,
        )

    def data(self) -> dict[str, Any]:
        return {
            "supply": {one.symbol: f"{one.decimal:f}" for one in self.supplies},
            "peg_stock": {one.symbol: f"{one.decimal:f}" for one in self.stock},
            "algo": {
                "ratio": f"{self.ratio:f}",
                "collateral": f"{self.held.decimal:f}",
                "cover": None if self.cover is None else f"{self.cover:f}",
            },
        }

    def rows(self) -> dict[str, str]:
        return {
            **{f"{one.symbol} out": f"{one:,.2f}" for one in self.supplies},
            **{f"{one.symbol} in the peg swap": f"{one:,.2f}" for one in self.stock},
            "ALGO: collateral of a new one": f"{self.ratio:.2%}",
            "ALGO: collateral of all": f"{self.held:,.2f}",
            "ALGO: behind a dollar": "unknown" if self.cover is None else f"{self.cover:,.2f}",
        }


def _riskiest(kit: Kit, borrowers: list[str], count: int) -> list[Position]:
    """So many of them, the least healthy first. All are read, some hundred at a time; only those
    that are shown are asked for one by one."""
    if not borrowers or not count:
        return []
    at = kit.lending.account(borrowers[0])  # the prices and the moment at which all are judged
    state = kit.lending.state(borrowers)

    def health(who: str) -> int:
        return state.health_of(who, now=at.now, prices=at.prices)

    return [kit.lending.account(who) for who in nsmallest(count, borrowers, key=health)]


class _Seen(NamedTuple):
    """Everything that is shown, read once."""

    kit: Kit
    prices: dict[str, Decimal]
    dollars: _Dollars
    pools: list[_Pool]
    market: MarketView
    borrowers: int
    riskiest: list[Position]

    @classmethod
    def of(cls, kit: Kit, riskiest: int) -> _Seen:
        feeds = {
            "WETH": kit.feeds.weth,
            "WBTC": kit.feeds.wbtc,
            "USD": kit.feeds.usd,
            "USDX": kit.feeds.usdx,
            "SHARE": kit.feeds.share,
        }
        state = kit.exchange.state()
        borrowers = kit.lending.borrowers()
        return cls(
            kit=kit,
            prices={name: feed.price() for name, feed in feeds.items()},
            dollars=_Dollars.of(kit),
            pools=[_Pool.of(kit, key, pool) for key, pool in state.pools.items()],
            market=kit.lending.market(),
            borrowers=len(borrowers),
            riskiest=_riskiest(kit, borrowers, riskiest),
        )

    def data(self) -> dict[str, Any]:
        """As JSON data; amounts, prices and ratios are exact decimal strings."""
        market = self.market
        return {
            "chain_id": self.kit.chain.chain_id,
            "contracts": {
                key: {"contract": one.contract, "address": one.address}
                for key, one in self.kit.deployment.contracts.items()
            },
            "prices": {name: f"{price:f}" for name, price in self.prices.items()},
            "dollars": self.dollars.data(),
            "pools": [
                {
                    "tokens": [pool.one.symbol, pool.other.symbol],
                    "reserves": [f"{pool.one.decimal:f}", f"{pool.other.decimal:f}"],
                    "fee_percent": f"{pool.fee:f}",
                    "price": f"{pool.price:f}",
                }
                for pool in self.pools
            ],
            "lending": {
                "total_assets": f"{market.total_assets.decimal:f}",
                "total_debt": f"{market.total_debt.decimal:f}",
                "cash": f"{market.cash.decimal:f}",
                "reserve": f"{market.reserve.decimal:f}",
                "utilisation": f"{market.utilisation.decimal:f}",
                "share_price": f"{market.share_price:f}",
                "collateral": {
                    name: f"{amount.decimal:f}" for name, amount in market.collateral.items()
                },
            },
            "borrowers": self.borrowers,
            "riskiest": [
                {
                    "address": one.address,
                    "health": f"{one.health_factor:f}",
                    "debt": f"{one.debt.decimal:f}",
                    "collateral": {
                        name: f"{amount.decimal:f}" for name, amount in one.collateral.items()
                    },
                }
                for one in self.riskiest
            ],
        }

    def tell(self, screen: Console) -> None:
        """Prints tables."""
        from rich.table import Table

        def table(title: str, *columns: str) -> Table:
            made = Table(title=title, title_justify="left", title_style="bold", box=None)
            for number, column in enumerate(columns):
                made.add_column(column, justify="right" if number else "left", no_wrap=True)
            return made

        contracts = table(f"Chain {self.kit.chain.chain_id}", "contract", "", "address")
        for key, one in self.kit.deployment.contracts.items():
            contracts.add_row(key, one.contract, one.address)
        prices = table("Prices", "token", "dollars")
        for name, price in self.prices.items():
            prices.add_row(name, f"{price:,f}")
        dollars = table("Dollars", "", "")
        dollars.show_header = False
        for name, value in self.dollars.rows().items():
            dollars.add_row(name, value)
        pools = table("Pools of the exchange", "pool", "holds", "and", "fee", "price")
        for pool in self.pools:
            pools.add_row(
                f"{pool.one.symbol}/{pool.other.symbol}",
                f"{pool.one:,.4f}",
                f"{pool.other:,.4f}",
                f"{pool.fee.normalize():f}%",
                f"{pool.price:,.8g}",
            )
        for shown in (contracts, prices, dollars, pools, self._lending(table), self._people(table)):
            screen.print(shown)
            screen.print()

    def _lending(self, table: Any) -> Any:
        market = self.market
        made = table("Lending pool", "", "")
        made.show_header = False
        rows = {
            "the lenders' money": f"{market.total_assets:,.2f}",
            "lent": f"{market.total_debt:,.2f}",
            "cash": f"{market.cash:,.2f}",
            "reserve": f"{market.reserve:,.2f}",
            "utilisation": f"{market.utilisation:.2f}",
            "share price": f"{market.share_price:f}",
            "borrowers": str(self.borrowers),
        }
        rows |= {f"{name} held": f"{amount:,.4f}" for name, amount in market.collateral.items()}
        for name, value in rows.items():
            made.add_row(name, value)
        return made

    def _people(self, table: Any) -> Any:
        made = table("Riskiest accounts", "account", "health", "debt", "collateral")
        for one in self.riskiest:
            health = one.health_factor
            style = "red" if health < 1 else "yellow" if health < Decimal("1.1") else ""
            made.add_row(
                one.address,
                f"{health:.4f}",
                f"{one.debt:,.2f}",
                ", ".join(f"{amount:,.4f}" for amount in one.collateral.values()),
                style=style,
            )
        if not self.riskiest:
            made.add_row("nobody owes anything")
        return made
