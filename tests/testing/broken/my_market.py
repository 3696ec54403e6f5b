"""A lending pool as the machine sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from defi_kit.bindings import BrokenPool as Pool
from defi_kit.bindings import MockOracle, ReentrantToken
from defi_kit.chain import Account, Chain
from defi_kit.errors import Reverted
from defi_kit.testing import Adapter, Collateral, Position, Terms, View
from defi_kit.testing.lending import Door

PRICE = 2_000 * 10 ** (36 + 6 - 18)  # of 1e-18 ETH in 1e-6 USD, scaled by 1e36


class MyMarket(Adapter):
    """A pool of dollars, lent against ether."""

    def __init__(self, chain: Chain, deploy: Callable[..., Any] = Pool.deploy) -> None:
        usd = ReentrantToken.deploy(chain, "USD", 6)
        eth = ReentrantToken.deploy(chain, "ETH", 18)
        self.oracle = MockOracle.deploy(chain, PRICE)
        self.pool = deploy(chain, usd, eth, self.oracle)
        collateral = Collateral(
            token=eth.address,
            symbol="ETH",
            decimals=18,
            borrow_ltv=self.pool.borrow_ltv(),
            liquidation_ltv=self.pool.liquidation_ltv(),
            max_bonus=self.pool.bonus(),
            price=PRICE,
        )
        terms = Terms(
            asset=usd.address,
            symbol="USD",
            decimals=6,
            collaterals=(collateral,),
            dust=self.pool.dust(),
        )
        super().__init__(chain, self.pool, terms)

    def supply(self, who: Account, assets: int) -> None:
        self.pool.supply(assets, sender=who)

    def withdraw(self, who: Account, assets: int) -> None:
        self.pool.withdraw(assets, who, sender=who)

    def supply_collateral(self, who: Account, number: int, amount: int) -> None:
        self.pool.supply_collateral(amount, sender=who)

    def withdraw_collateral(self, who: Account, number: int, amount: int) -> None:
        self.pool.withdraw_collateral(amount, who, sender=who)

    def borrow(self, who: Account, assets: int) -> None:
        self.pool.borrow(assets, who, sender=who)

    def repay(self, who: Account, assets: int) -> None:
        self.pool.repay(assets, who, sender=who)

    def liquidate(self, who: Account, account: Account, number: int, assets: int) -> None:
        self.pool.liquidate(account, min(assets, 2**128), sender=who)

    def set_price(self, number: int, price: int | None) -> None:
        answers = self.oracle.build("set_reverting", price is None)
        self.chain.batch([answers, self.oracle.build("set_price", price or 0)])

    def accrue(self) -> None:
        self.pool.accrue()

    def impersonations(self, who: Account, victim: Account) -> Sequence[tuple[str, object]]:
        return (
            ("borrow", lambda: self.pool.borrow(10**6, victim, sender=who)),
            ("withdraw", lambda: self.pool.withdraw(10**6, victim, sender=who)),
            ("take collateral", lambda: self.pool.withdraw_collateral(1, victim, sender=who)),
        )

    def doors(self, who: Account) -> Sequence[Door]:
        pool, has = self.pool, self.position(who)
        calls = (
            pool.build("borrow", has.debt // 2, who),
            pool.build("withdraw", has.supplied // 2, who),
            pool.build("withdraw_collateral", has.collateral[0] // 2, who),
            pool.build("supplied_by", who),
        )
        names = ("borrow", "withdraw", "withdraw_collateral", "supplied_by")
        return [
            Door(name, pool.address, call.data, shows=name == "supplied_by")
            for name, call in zip(names, calls, strict=True)
        ]

    def view(self, people: Sequence[Account]) -> View:
        pool = self.pool
        return View(
            now=self.chain.timestamp,
            positions={who.address: self.position(who) for who in people},
            total_supplied=pool.total_assets(),
            total_shares=pool.total_shares(),
            total_debt=pool.total_assets() - pool.cash(),
            total_debt_shares=pool.total_debt_shares(),
            cash=pool.cash(),
            held=self.held(),
            collateral=(pool.total_collateral(),),
        )

    def position(self, who: Account) -> Position:
        shares, debt_shares, collateral = self.pool.positions(who)
        debt = self.pool.debt_of(who)
        return Position(
            supplied=self.pool.supplied_by(who),
            shares=shares,
            debt=debt,
            debt_shares=debt_shares,
            collateral=(collateral,),
            healthy=self.healthy(who, debt),
        )

    def healthy(self, who: Account, debt: int) -> bool | None:
        if debt == 0:
            return True
        try:
            return debt <= self.pool.limit_of(who, self.pool.liquidation_ltv())
        except Reverted:
            return None  # the oracle refuses
