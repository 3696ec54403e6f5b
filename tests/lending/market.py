"""A pool for attacks: lenders, a borrower at 2,000 a WETH, an attacker with money and no rights."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from defi_kit import reverts
from defi_kit.bindings import MockToken
from defi_kit.chain import Account, Chain
from defi_kit.lending.pool import Pool
from defi_kit.testing.lending.pool.checks import wealth
from defi_kit.testing.lending.pool.world import World
from defi_kit.units import MAX_UINT256

USD = 10**6
ETH = 10**18


class Market:
    """One pool, and the people around it."""

    def __init__(self, chain: Chain, token: Callable[..., Any] = MockToken.deploy) -> None:
        self.chain = chain
        self.world = World(chain, token=token, lockstep=False)
        self.pool = self.world.contract
        self.usd, self.weth, self.wbtc = self.world.asset, *self.world.tokens
        people = self.world.people
        self.alice, self.second, self.bob, self.carol, self.keeper, self.rival, _ = people
        self.attacker = people[6]

    def lend(self, dollars: int = 100_000) -> None:
        self.pool.deposit(dollars * USD, self.carol, sender=self.carol)

    def loan(self, who: Account, dollars: int, ether: int = 10) -> None:
        self.pool.supply_collateral(self.weth, ether * ETH, who, sender=who)
        self.pool.borrow(dollars * USD, who, who, sender=who)

    def price(self, dollars: int) -> None:
        """Of a WETH."""
        self.raw_price(dollars * 10**24)

    def raw_price(self, price: int) -> None:
        """Of a WETH, as the oracle answers it. [1e36]"""
        self.world.oracles[0].set_price(price)
        self.world.prices[0] = price

    def turn_off(self, number: int) -> None:
        """A collateral's oracle refuses from now on."""
        self.world.oracles[number].set_reverting(True)
        self.world.prices[number] = reverts.OracleOff()

    def liquidate(
        self,
        who: Account,
        account: Account,
        *,
        repay: int = MAX_UINT256,
        seize: int = MAX_UINT256,
    ) -> Any:
        return self.pool.liquidate(account, self.weth, repay, seize, 0, sender=who)

    def worth(self, *people: Account) -> Fraction:
        """All they own less all they owe, in dollars' units, at the prices of the moment."""
        seen = self.world.look()
        return wealth(seen, {who.address for who in people}, seen.now)

    def purse(self, who: Account) -> Fraction:
        """What `who` has outside the pool, in dollars' units, at the prices of the moment."""
        dollars, *others = self.world.look().wallets[who.address]
        paired = zip(others, self.world.prices, strict=True)
        return dollars + sum(Fraction(amount * price, 10**36) for amount, price in paired)

    def state(self) -> Pool:
        return self.world.look().pool
