"""An economy on a chain and the people in it: borrowers, keepers, an arbitrageur, one lender.

Every decision is made from the chain's state and the scenario alone, in integers, so that a replay
gives the same figures to the last unit on every engine. Beside the chain run the twins of the
exchange's pool and of the lending pool: they say beforehand what a transaction will do, and are
compared with the chain after every step.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from defi_kit.dex.arbitrage import amount_to_price
from defi_kit.dex.pool import Pool as ExchangePool
from defi_kit.dex.pool import PoolKey
from defi_kit.errors import DefiKitError, Reverted
from defi_kit.keeper.plan import Deal, best_deal
from defi_kit.lending.interest import to_assets_up
from defi_kit.lending.liquidation import health_down, value_down
from defi_kit.lending.pool import Liquidation, Pool
from defi_kit.simulation.instants import PRICE_DECIMALS
from defi_kit.simulation.invariants import (
    Acts,
    Outcome,
    Strike,
    Terms,
    Trade,
)
from defi_kit.simulation.scenario import COLLATERAL_DECIMALS, DOLLAR_DECIMALS, Plan, Scenario
from defi_kit.units import MAX_UINT256, WAD, Ratio, parse_units

if TYPE_CHECKING:
    from defi_kit.bindings import LiquidationKeeper
    from defi_kit.bindings.exchange import Hop
    from defi_kit.bindings.lending_pool import Liquidation as Preview
    from defi_kit.chain import Account, Chain, Receipt
    from defi_kit.chain.contract import Contract
    from defi_kit.kit import Kit
    from defi_kit.tokens import Token

__all__ = [
    "DUST_DIVISOR",
    "GAS_MONEY",
    "Done",
    "Rival",
    "World",
]

GAS_MONEY = 10_000 * 10**18  # [wei] left to everyone who wraps ether
_MINTED_AT_MOST = 2**104 - 1  # [dollar units] the most that a minter may be allowed
_WAD_PER_PIP = 10**12
DUST_DIVISOR = 100  # collateral worth a hundredth of the minimum debt is dust
_FOLLOWS = 500  # how often the arbitrageur follows the keepers in one step: it bounds the work
_PRICE_SCALE: Final = 10 ** (COLLATERAL_DECIMALS + PRICE_DECIMALS - DOLLAR_DECIMALS)


@dataclass(slots=True)
class Rival:
    """One of the keepers that compete, with a contract of its own and no capital."""

    account: Account
    contract: LiquidationKeeper
    liquidations: int = 0
    late: int = 0
    """Attempts for which others were faster."""
    profit: int = 0
    """After gas. [dollar units]"""


@dataclass(slots=True)
class Done:
    """What was done since the last look at the books."""

    trades: list[Trade] = field(default_factory=list)
    strikes: list[Strike] = field(default_factory=list)
    late: list[bool] = field(default_factory=list)
    opened: set[int] = field(default_factory=set)
    minted: int = 0


class World:
    """The economy of a scenario, deployed on a chain at the first price. [dollars, 8 decimals]"""

    def __init__(self, chain: Chain, scenario: Scenario, price: int) -> None:
        from defi_kit.chain.hashing import address_of
        from defi_kit.kit import deploy

        self.chain = chain
        self.kit: Kit = deploy(chain, scenario.economy(price))
        self.plans: list[Plan] = list(scenario.plans())
        self.exchange = self.kit.exchange.contract
        self.bank = self.kit.lending.contract
        self.usd, self.weth = self.kit.usd, self.kit.weth

        self.lender = address_of(self.kit.deployment.deployer)
        self.arbitrageur = chain.account("arbitrageur")
        self.borrowers: list[Account] = [chain.account(plan.name) for plan in self.plans]
        self.purse: dict[tuple[str, str], int] = {}
        self.given: dict[tuple[str, str], int] = {}
        self.done = Done()
        # Nobody looks back: a hundred thousand rows must not fill the memory with logs.
        chain.mute(*(one.address for one in self.kit.deployment.contracts.values()))

        fee = Ratio.parse(self.kit.economy.pool_fee).wad // _WAD_PER_PIP
        self.key = PoolKey.of(self.usd.address, self.weth.address, fee)
        self.weth_first = self.key.token0 == self.weth.address
        self.market = self.read_market()
        self.lending = self.read_lending()
        self.prices = list(self.kit.lending.prices())
        self.number = self.lending.parameters.numbers[self.weth.address]
        self.terms = self._terms()
        self.keepers = [self._hire(number) for number in range(scenario.keepers)]
        self.gas_cost = parse_units(scenario.gas_cost, DOLLAR_DECIMALS)
        self._luck = random.Random(scenario.seed)  # who is first when several want the same
        self.traders: tuple[tuple[Account, Token, Contract], ...] = (
            (self.arbitrageur, self.usd, self.exchange),
            (self.arbitrageur, self.weth, self.exchange),
        )
        try:
            self._prepare()
        except BaseException:
            with suppress(DefiKitError):
                self.close()
            raise

    def _hire(self, number: int) -> Rival:
        from defi_kit.bindings import LiquidationKeeper

        account = self.chain.account(f"keeper {number + 1}")
        contract = LiquidationKeeper.deploy(
            self.chain, self.bank, self.exchange, account, sender=account
        )
        self.chain.mute(contract)
        return Rival(account, contract)

    def _terms(self) -> Terms:
        collateral = self.lending.parameters.collaterals[self.number]
        dust = self.lending.parameters.minimum_debt // DUST_DIVISOR
        return Terms(
            liquidation_ltv=collateral.liquidation_ltv, max_bonus=collateral.max_bonus, dust=dust
        )

    # --- money ------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.usd.configure_minter(self.lender, _MINTED_AT_MOST, sender=self.lender)
        for who, token, spender in self.traders:
            token.contract.approve(spender.address, MAX_UINT256, sender=who)

    def close(self) -> None:
        """Takes back what the arbitrageur allowed the exchange to take."""
        for who, token, spender in self.traders:
            if token.contract.allowance(who, spender.address):
                token.contract.approve(spender.address, 0, sender=who)

    def _stock(self, who: Account, token: Token, need: int) -> None:
        """Sees to it that `who` holds `need`, and some more, of what the outside world gives.

        The arbitrageur's outside market is larger than the economy.
        """
        key = (who.address, token.address)
        held = self.purse.get(key, 0)
        if held >= need:
            return
        amount = 4 * need
        self._give(who, token, amount)
        self.purse[key] = held + amount
        self.given[key] = self.given.get(key, 0) + amount

    def _give(self, who: Account, token: Token, amount: int) -> None:
        if token is self.usd:
            self.usd.ensure_mintable(amount, sender=self.lender)
            self.usd.dollar.mint(who, amount, sender=self.lender)
            self.done.minted += amount
        else:
            self.chain.set_balance(who, amount + GAS_MONEY)
            self.weth.deposit(amount, sender=who)

    def _move(self, who: Account, paid: Token, sent: int, got: Token, received: int) -> None:
        for token, change in ((paid, -sent), (got, received)):
            key = (who.address, token.address)
            self.purse[key] = self.purse.get(key, 0) + change

    # --- borrowers --------------------------------------------------------------------------------

    def open_loan(self, borrower: int, price: int) -> int:
        """The borrower posts collateral and borrows as planned; returns the collateral."""
        plan, who = self.plans[borrower], self.borrowers[borrower]
        collateral = plan.collateral(price)
        self._give(who, self.weth, collateral)
        self.weth.contract.approve(self.bank.address, collateral, sender=who)
        self.bank.supply_collateral(self.weth.address, collateral, who, sender=who)
        self.lending = self.lending.supply_collateral(self.weth.address, collateral, who.address)
        self.bank.borrow(plan.debt, who, who, sender=who)
        self.lending = self.lending.borrow(
            plan.debt, who.address, now=self.chain.timestamp, prices=self.prices
        )
        self.done.opened.add(borrower)
        return collateral

    def can_lend(self, borrower: int) -> bool:
        """Whether the pool has the cash for the borrower's loan."""
        return self.lending.market.cash >= self.plans[borrower].debt

    # --- the outside market -----------------------------------------------------------------------

    def set_price(self, price: int, time: int) -> None:
        """The feed's new price, at a moment of the chain or, if that has passed, one second on."""
        if time > self.chain.timestamp:
            self.chain.set_next_timestamp(time)
        self.kit.feeds.weth.contract.set_answer(price, sender=self.lender)
        self.prices = [*self.prices]
        self.prices[self.number] = price * 10 ** (
            36 + DOLLAR_DECIMALS - COLLATERAL_DECIMALS - PRICE_DECIMALS
        )

    def arbitrage(self, price: int) -> None:
        """The arbitrageur trades until the market's price is within the pool's fee band."""
        ratio = (price, _PRICE_SCALE) if self.weth_first else (_PRICE_SCALE, price)
        trade = amount_to_price(self.market, *ratio)
        if trade is None:
            return
        selling_weth = trade.zero_for_one == self.weth_first
        self._swap(self.arbitrageur, self.weth if selling_weth else self.usd, trade.amount_in)

    def _swap(self, who: Account, sold: Token, amount: int) -> None:
        bought = self.usd if sold is self.weth else self.weth
        self._stock(who, sold, amount)
        from defi_kit.bindings.exchange import Hop

        hop = Hop(*self.key.hop(sold.address))
        quoted = self.exchange.quote_exact_in(sold.address, amount, [hop])
        before = self._balance(bought, who)
        self.exchange.swap_exact_in(
            sold.address, amount, [hop], quoted, who, MAX_UINT256, sender=who
        )
        received = self._balance(bought, who) - before
        self._sold(sold.address, amount, quoted, received)
        self._move(who, sold, amount, bought, received)

    def _sold(self, token: str, amount: int, quoted: int, received: int) -> None:
        """Notes a sale to the exchange's pool, and makes it on the twin."""
        forward = token == self.key.token0
        reserves = (self.market.reserve0, self.market.reserve1)
        reserve_in, reserve_out = reserves if forward else reserves[::-1]
        self.done.trades.append(Trade(reserve_in, reserve_out, amount, quoted, received))
        self.market, _ = self.market.swap_exact_in(amount, forward, now=self.chain.timestamp)

    # --- the keepers ------------------------------------------------------------------------------

    def health(self) -> list[int | None]:
        """Health of each borrower now, None without debt. [wad]"""
        index = self.lending.accrued(self.chain.timestamp).index
        return [self._health(borrower, index) for borrower in range(len(self.borrowers))]

    def _health(self, borrower: int, index: int) -> int | None:
        # As the twin's `health_of`, which would accrue the interest once for every borrower.
        account = self.lending.account(self.borrowers[borrower].address)
        if not account.debt_shares:
            return None
        worth = value_down(account.collateral[self.number], self.prices[self.number])
        debt = to_assets_up(account.debt_shares, index)
        return health_down(worth * self.terms.liquidation_ltv, debt)

    def keep(self, price: int, health: list[int | None]) -> None:
        """The keepers race for whoever is unhealthy, the least healthy first, until no liquidation
        pays any more. After each of them the arbitrageur follows, up to 500 times: an exchange so
        thin that this does not suffice stays below the market until the next row."""
        unhealthy = sorted((h, i) for i, h in enumerate(health) if h is not None and h < WAD)
        follows, struck = _FOLLOWS, True
        while struck:  # what did not pay while the price was low may pay once it has recovered
            struck = False
            for _, borrower in unhealthy:
                while (deal := self.deal(borrower)) is not None:
                    self._race(borrower, deal)
                    struck = True
                    if follows:
                        follows -= 1
                        self.arbitrage(price)

    def deal(self, borrower: int) -> Deal | None:
        """The liquidation of the borrower that earns most, gas paid, if it were the next block."""
        return best_deal(
            self.lending,
            {self.key: self.market},
            self.borrowers[borrower].address,
            self.usd.address,
            now=self.chain.timestamp + 1,
            prices=self.prices,
            cost=self.gas_cost,
        )

    def _race(self, borrower: int, deal: Deal) -> None:
        """All keepers have planned the same on the same books. Who is first is drawn; whoever comes
        after that finds a healthier account and a lower price, and asked for a profit."""
        order = self._luck.sample(self.keepers, len(self.keepers))
        self._strike(order[0], borrower, deal)
        for rival in order[1:]:
            if self._still_there(borrower, deal):
                self._strike(rival, borrower, deal)
            else:
                self._come_late(rival, deal)

    def _still_there(self, borrower: int, deal: Deal) -> bool:
        """Whether the same liquidation would go through in the next block."""
        told = self._preview(borrower, deal.max_repay)
        if told is None:
            return False
        try:
            proceeds = self.market.amount_out(told.seized, self.weth_first)
        except Reverted:  # the pool cannot take it, or pays nothing for it
            return False
        return proceeds >= told.repaid + self._least(deal)

    def _least(self, deal: Deal) -> int:
        """What a keeper insists on: a profit after gas. [dollar units]"""
        return deal.cost + 1

    def _preview(self, borrower: int, most: int) -> Liquidation | None:
        try:
            return self.lending.preview_liquidation(
                self.borrowers[borrower].address,
                self.weth.address,
                most,
                now=self.chain.timestamp + 1,
                prices=self.prices,
            )
        except Reverted:  # healthy, or a part so small that it may not be left over
            return None

    def _send(self, rival: Rival, deal: Deal) -> Receipt:
        from defi_kit.bindings.liquidation_keeper import SwapHop

        return rival.contract.liquidate(
            deal.account,
            deal.token,
            deal.max_repay,
            MAX_UINT256,
            [SwapHop(*hop) for hop in deal.path],
            self._least(deal),
            MAX_UINT256,
            sender=rival.account,
        )

    def _come_late(self, rival: Rival, deal: Deal) -> None:
        before = self._balance(self.usd, rival.account)
        try:
            self._send(rival, deal)
        except Reverted:
            rival.late += 1
            self.done.late.append(self._balance(self.usd, rival.account) == before)
        else:
            self.done.late.append(False)

    def _strike(self, rival: Rival, borrower: int, deal: Deal) -> None:
        from defi_kit.bindings.exchange import Hop
        from defi_kit.bindings.lending_pool import BadDebt, Liquidated

        who = self.borrowers[borrower].address
        collateral = self.lending.account(who).collateral[self.number]
        most, now = deal.max_repay, self.chain.timestamp
        seen = self.bank.preview_liquidation(who, deal.token, most, MAX_UINT256)
        told = self.lending.preview_liquidation(who, deal.token, most, now=now, prices=self.prices)
        path = [Hop(*hop) for hop in deal.path]
        expected = self._preview(borrower, most)
        assert expected is not None  # it was, for the same moment, when this was decided
        quoted = self.exchange.quote_exact_in(deal.token, expected.seized, path)
        before = self._balance(self.usd, rival.account)
        receipt = self._send(rival, deal)
        done = receipt.one(Liquidated, address=self.bank.address)
        lost = receipt.all(BadDebt, address=self.bank.address)
        loss = (lost[0].loss, lost[0].from_reserve) if lost else (0, 0)
        profit = self._balance(self.usd, rival.account) - before
        self.lending, end = self.lending.liquidate(
            who, deal.token, most, now=self.chain.timestamp, prices=self.prices
        )
        self._sold(deal.token, done.seized, quoted, done.repaid + profit)
        self.done.strikes.append(
            Strike(
                borrower=borrower,
                health=deal.health,
                health_after=self._health(borrower, self.lending.market.index),
                bonus=done.bonus,
                price=self.prices[self.number],
                previews=(_outcome(seen), _outcome(told)),
                expected=_outcome(expected),
                done=Outcome(done.repaid, done.seized, loss[0]),
                debt_left=end.debt_left,
                from_reserve=loss[1],
                collateral=collateral,
                profit=profit,
                least=self._least(deal),
                left_behind=self._left_behind(rival),
            )
        )
        rival.liquidations += 1
        rival.profit += profit - deal.cost

    def _left_behind(self, rival: Rival) -> int:
        """Tokens that the contract of a keeper still holds, or still allows others to take."""
        tokens = (self.usd, self.weth)
        return sum(
            token.contract.balance_of(rival.contract)
            + token.contract.allowance(rival.contract, self.bank)
            + token.contract.allowance(rival.contract, self.exchange)
            for token in tokens
        )

    def paying(self) -> list[int]:
        """Borrowers whose liquidation, whole or a part halved up to eight times, would still pay:
        by what the chain itself previews and quotes, not by the twins."""
        from defi_kit.bindings.exchange import Hop

        hop = Hop(*self.key.hop(self.weth.address))
        return [
            borrower
            for borrower, health in enumerate(self.health())
            if health is not None and health < WAD and self._still_pays(borrower, hop)
        ]

    def _still_pays(self, borrower: int, hop: Hop) -> bool:
        who, token, most = self.borrowers[borrower], self.weth.address, MAX_UINT256
        for _ in range(8):
            try:
                seen = self.bank.preview_liquidation(who, token, most, MAX_UINT256)
                most = seen.repaid // 2
                fetched = self.exchange.quote_exact_in(token, seen.seized, [hop])
            except Reverted:
                return False
            if fetched > seen.repaid + self.gas_cost:
                return True
        return False

    # --- reading ----------------------------------------------------------------------------------

    def _balance(self, token: Token, who: Account) -> int:
        balance: int = token.contract.balance_of(who)
        return balance

    def read_market(self) -> ExchangePool:
        """The exchange's pool of collateral and dollars, as the chain says."""
        pool = self.exchange.pool(self.key.id)
        return ExchangePool(
            pool.reserve0,
            pool.reserve1,
            pool.supply,
            self.key.fee,
            pool.updated_at,
            pool.cumulative_log_price,
            self.key.id,
        )

    def read_lending(self) -> Pool:
        """The lending pool and everyone in it, as the chain says."""
        names = [self.lender, *(who.address for who in self.borrowers)]
        return self.kit.lending.state(names)

    def acts(self) -> Acts:
        """What was done since the last call, and whether a healthy account is safe."""
        done, self.done = self.done, Done()
        return Acts(
            trades=tuple(done.trades),
            strikes=tuple(done.strikes),
            minted=done.minted,
            opened=frozenset(done.opened),
            late=tuple(done.late),
            paying=tuple(self.paying()),
            healthy_refused=self._refuses_healthy(),
        )

    def _refuses_healthy(self) -> bool | None:
        """Whether the chain refuses to liquidate the least healthy of the healthy borrowers."""
        from defi_kit.reverts import HealthyAccount

        health = self.health()
        healthy = [(h, i) for i, h in enumerate(health) if h is not None and h >= WAD]
        if not healthy:
            return None
        who = self.borrowers[min(healthy)[1]].address
        try:
            self.bank.preview_liquidation(who, self.weth.address, MAX_UINT256, MAX_UINT256)
        except HealthyAccount:
            return True
        return False


def _outcome(said: Liquidation | Preview) -> Outcome:
    return Outcome(said.repaid, said.seized, said.bad_debt)
