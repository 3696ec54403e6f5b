"""The whole lending pool in integers. Twin of `contracts/lending/LendingPool.sol`.

`Pool` is frozen; a verb returns the next state and what the contract returns, or raises what the
contract reverts with (`defi_kit.reverts`). Same names, same order, same rounding. It knows no
receivers, callbacks (a verb with one is the verb, then what the callback does) or flash loans
(they leave no trace), and neither a clock nor an oracle: verbs take `now` [unix seconds] and, where
the contract asks oracles, `prices`, one for each collateral: what its oracle answers [1e36], or the
error it refuses with.

    pool, shares = pool.deposit(10**12, "bob", now=now)
    pool, done = pool.liquidate("alice", "WETH", now=now, prices=[1_500 * 10**24])

Tokens and accounts are named by any text; a pool read from a chain names them by address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .. import reverts
from ..errors import ParameterError
from ..units import BPS, MAX_UINT256, WAD
from .books import (
    DUST_DIVISOR,
    MAX_ASSETS,
    Account,
    Appraisal,
    Authorizations,
    Collateral,
    Liquidation,
    Market,
    Parameters,
)
from .interest import (
    START,
    to_assets_down,
    to_assets_up,
    to_shares_down,
    to_shares_up,
)
from .liquidation import (
    PRICE_SCALE,
    bonus_down,
    covered_down,
    exchange,
    health_down,
    repay_to_target_up,
    value_down,
)
from .rates import utilisation

__all__ = [
    "Account",
    "Authorizations",
    "Collateral",
    "Liquidation",
    "Market",
    "Parameters",
    "Pool",
    "Prices",
]

Prices = Sequence[int | Exception]
"""For each collateral what its oracle answers [1e36], or the error it refuses with."""

VIRTUAL_SHARES: Final = 10**6
MAX_SHARES: Final = 2**144 - 1
MAX_CASH: Final = 2**104 - 1


@dataclass(frozen=True, slots=True)
class Pool:
    """The pool after some verb.

    >>> from defi_kit.lending import KinkedRate
    >>> weth = Collateral("WETH", 7_500, 8_000, 500, 9_500)
    >>> rate = KinkedRate.annual("0%", "4%", "75%", kink="90%")
    >>> pool = Pool.empty(Parameters((weth,), rate, minimum_debt=100 * 10**6), now=0)
    >>> pool, _ = pool.deposit(50_000 * 10**6, "bob", now=0)
    >>> pool = pool.supply_collateral("WETH", 10 * 10**18, "alice")
    >>> pool = pool.borrow(14_000 * 10**6, "alice", now=0, prices=[2_000 * 10**24])
    >>> pool.health_of("alice", now=0, prices=[1_500 * 10**24]) / WAD
    0.8571428571428571
    >>> pool, done = pool.liquidate("alice", "WETH", now=0, prices=[1_500 * 10**24])
    >>> done.repaid, done.seized / WAD, done.bonus / WAD
    (12857142858, 9.0000000006, 0.05)
    >>> pool.health_of("alice", now=0, prices=[1_500 * 10**24]) / WAD
    1.0500000000875
    """

    parameters: Parameters
    market: Market
    total_shares: int
    held: tuple[int, ...]
    """What the pool holds of each collateral, gifts included. [collateral]"""
    accounts: Mapping[str, Account]
    authorizations: Mapping[str, Authorizations] = field(default_factory=dict)
    """Whom each account lets act for it; accounts that never said anything are left out."""

    # --- reading ----------------------------------------------------------------------------------

    @classmethod
    def empty(cls, parameters: Parameters, *, now: int) -> Pool:
        """A pool as deployed at `now`."""
        market = Market(0, 0, parameters.rate.at_zero, START, 0, now)
        return cls(parameters, market, 0, (0,) * len(parameters.collaterals), {})

    def account(self, account: str) -> Account:
        """What `account` has and owes; nothing, if it was never here."""
        return self.accounts.get(account) or Account((0,) * len(self.held))

    def accrued(self, now: int) -> Market:
        """The books with interest up to `now`."""
        return self.market.accrue(now, self.parameters.rate, self.parameters.reserve_factor)

    def borrow_rate(self, now: int) -> int:
        """What borrowers pay at `now`. [wad per second]"""
        market = self.accrued(now)
        return self.parameters.rate.in_force(market.rate, market.drift)

    def accrue(self, *, now: int) -> Pool:
        """The pool with interest up to `now`: what anyone may ask for at any time."""
        return self._next(self.accrued(now))

    # --- lending (ERC-4626) -----------------------------------------------------------------------

    def deposit(self, assets: int, to: str, *, now: int) -> tuple[Pool, int]:
        """`assets` come in; `to` gets the shares. DepositAboveMaximum, ZeroAmount."""
        market = self.accrued(now)
        total = market.total_assets
        maximum = self._max_deposit(total)
        if assets > maximum:
            raise reverts.DepositAboveMaximum(assets, maximum)
        shares = assets * (self.total_shares + VIRTUAL_SHARES) // (total + 1)
        return self._enter(market, assets, shares, to), shares

    def mint(self, shares: int, to: str, *, now: int) -> tuple[Pool, int]:
        """`to` gets exactly `shares`; the assets they cost come in. MintAboveMaximum."""
        market = self.accrued(now)
        total = market.total_assets
        maximum = self._max_mint(total)
        if shares > maximum:
            raise reverts.MintAboveMaximum(shares, maximum)
        assets = -(-shares * (total + 1) // (self.total_shares + VIRTUAL_SHARES))
        return self._enter(market, assets, shares, to), assets

    def _enter(self, market: Market, assets: int, shares: int, to: str) -> Pool:
        if shares == 0 and assets != 0:
            raise reverts.ZeroAmount()
        market = self._close(market, 0, assets)
        who = self.account(to)
        entered = Account(who.collateral, who.debt_shares, who.shares + shares)
        return Pool(
            self.parameters,
            market,
            self.total_shares + shares,
            self.held,
            {**self.accounts, to: entered},
            self.authorizations,
        )

    def withdraw(self, assets: int, owner: str, *, now: int) -> tuple[Pool, int]:
        """Exactly `assets` leave for shares of `owner`. SharesExceedBalance, InsufficientCash."""
        market = self.accrued(now)
        numerator = assets * (self.total_shares + VIRTUAL_SHARES)
        shares = _word(-(-numerator // (market.total_assets + 1)))
        return self._leave(market, assets, shares, owner), shares

    def redeem(self, shares: int, owner: str, *, now: int) -> tuple[Pool, int]:
        """`shares` of `owner` go; the assets they are worth leave."""
        market = self.accrued(now)
        numerator = shares * (market.total_assets + 1)
        assets = _word(numerator // (self.total_shares + VIRTUAL_SHARES))
        return self._leave(market, assets, shares, owner), assets

    def _leave(self, market: Market, assets: int, shares: int, owner: str) -> Pool:
        who = self.account(owner)
        if shares > who.shares:
            raise reverts.SharesExceedBalance(shares, who.shares)
        if assets > market.cash:
            raise reverts.InsufficientCash(assets, market.cash)
        market = self._close(market, 0, -assets)
        left = Account(who.collateral, who.debt_shares, who.shares - shares)
        return Pool(
            self.parameters,
            market,
            self.total_shares - shares,
            self.held,
            {**self.accounts, owner: left},
            self.authorizations,
        )

    def transfer(self, shares: int, sender: str, to: str) -> Pool:
        """Shares change hands. InsufficientBalance."""
        giver = self.account(sender)
        if shares > giver.shares:
            raise reverts.InsufficientBalance()
        gave = Account(giver.collateral, giver.debt_shares, giver.shares - shares)
        accounts = {**self.accounts, sender: gave}
        taker = accounts.get(to) or self.account(to)
        accounts[to] = Account(taker.collateral, taker.debt_shares, taker.shares + shares)
        return self._with_accounts(accounts)

    def total_assets(self, *, now: int) -> int:
        """What the lenders own. [asset]"""
        return self.accrued(now).total_assets

    def convert_to_shares(self, assets: int, *, now: int) -> int:
        """Shares that `assets` are worth, rounded down; what a deposit mints."""
        return assets * (self.total_shares + VIRTUAL_SHARES) // (self.total_assets(now=now) + 1)

    def convert_to_assets(self, shares: int, *, now: int) -> int:
        """Assets that `shares` are worth, rounded down; what redeeming pays. [asset]"""
        return shares * (self.total_assets(now=now) + 1) // (self.total_shares + VIRTUAL_SHARES)

    def preview_mint(self, shares: int, *, now: int) -> int:
        """Assets that minting `shares` costs, rounded up. [asset]"""
        return -(-shares * (self.total_assets(now=now) + 1) // (self.total_shares + VIRTUAL_SHARES))

    def preview_withdraw(self, assets: int, *, now: int) -> int:
        """Shares that withdrawing `assets` costs, rounded up."""
        return -(-assets * (self.total_shares + VIRTUAL_SHARES) // (self.total_assets(now=now) + 1))

    def max_deposit(self, *, now: int) -> int:
        """The most that `deposit` takes. [asset]"""
        return self._max_deposit(self.total_assets(now=now))

    def _max_deposit(self, total: int) -> int:
        if total >= MAX_ASSETS:
            return 0
        by_shares = (MAX_SHARES - self.total_shares) * (total + 1)
        return min(MAX_ASSETS - total, by_shares // (self.total_shares + VIRTUAL_SHARES))

    def max_mint(self, *, now: int) -> int:
        """The most shares that `mint` makes."""
        return self._max_mint(self.total_assets(now=now))

    def _max_mint(self, total: int) -> int:
        room = max(MAX_ASSETS - total, 0)
        by_assets = room * (self.total_shares + VIRTUAL_SHARES) // (total + 1)
        return min(MAX_SHARES - self.total_shares, by_assets)

    def max_withdraw(self, owner: str, *, now: int) -> int:
        """The most that `owner` can withdraw. [asset]"""
        owned = self.convert_to_assets(self.account(owner).shares, now=now)
        return min(owned, self.market.cash)

    def max_redeem(self, owner: str, *, now: int) -> int:
        """The most shares that `owner` can redeem: those that pay no more than there is."""
        supply = self.total_shares + VIRTUAL_SHARES
        payable = ((self.market.cash + 1) * supply - 1) // (self.total_assets(now=now) + 1)
        return min(self.account(owner).shares, payable)

    # --- collateral -------------------------------------------------------------------------------

    def supply_collateral(
        self,
        token: str,
        amount: int,
        account: str,
        *,
        caller: str | None = None,
        prices: Prices | None = None,
    ) -> Pool:
        """`amount` of a collateral is posted for `account`. ZeroAmount, CapExceeded.

        Only the account itself, or whom it authorized (`caller`, by default the account), may add
        a collateral that it does not hold yet: NotAuthorized. In debt that asks its oracle
        (`prices`).
        """
        if amount == 0:
            raise reverts.ZeroAmount()
        number = self._number(token)
        who = self.account(account)
        if who.collateral[number] == 0:
            self._authorize(account, caller)
            if who.debt_shares != 0:
                self._price(number, prices)
        held, cap = self.held[number] + amount, self.parameters.collaterals[number].cap
        if held > cap:
            raise reverts.CapExceeded(token, held, cap)
        return self._moved(self.market, account, who, number, amount)

    def donate(self, token: str, amount: int) -> Pool:
        """Collateral is sent to the pool and belongs to nobody; it uses up the cap."""
        held = list(self.held)
        held[self._number(token)] += amount
        return Pool(
            self.parameters,
            self.market,
            self.total_shares,
            tuple(held),
            self.accounts,
            self.authorizations,
        )

    def withdraw_collateral(
        self,
        token: str,
        amount: int,
        account: str,
        *,
        now: int,
        caller: str | None = None,
        prices: Prices | None = None,
    ) -> Pool:
        """`account` takes collateral back. `prices` only matter with debt.

        NotAuthorized, ZeroAmount, CollateralExceedsBalance, DebtAboveLimit.
        """
        self._authorize(account, caller)
        if amount == 0:
            raise reverts.ZeroAmount()
        number = self._number(token)
        who = self.account(account)
        if amount > who.collateral[number]:
            raise reverts.CollateralExceedsBalance(token, amount, who.collateral[number])
        after = self._moved(self.market, account, who, number, -amount)
        if who.debt_shares:
            debt = to_assets_up(who.debt_shares, self.accrued(now).index)
            self._check_limit(account, after.account(account), debt, prices)
        return after

    def _moved(self, market: Market, account: str, who: Account, number: int, change: int) -> Pool:
        """The pool with `who` as the account's new state, its collateral `change` more."""
        balances, held = list(who.collateral), list(self.held)
        balances[number] += change
        held[number] += change
        moved = Account(tuple(balances), who.debt_shares, who.shares)
        return Pool(
            self.parameters,
            market,
            self.total_shares,
            tuple(held),
            {**self.accounts, account: moved},
            self.authorizations,
        )

    # --- debt -------------------------------------------------------------------------------------

    def borrow(
        self, assets: int, account: str, *, now: int, prices: Prices, caller: str | None = None
    ) -> Pool:
        """`account` borrows.

        NotAuthorized, ZeroAmount, InsufficientCash, DebtBelowMinimum, DebtAboveLimit.
        """
        self._authorize(account, caller)
        if assets == 0:
            raise reverts.ZeroAmount()
        market = self.accrued(now)
        if assets > market.cash:
            raise reverts.InsufficientCash(assets, market.cash)
        shares = to_shares_up(assets, market.index)
        who = self.account(account)
        who = Account(who.collateral, who.debt_shares + shares, who.shares)
        debt = to_assets_up(who.debt_shares, market.index)
        if debt < self.parameters.minimum_debt:
            raise reverts.DebtBelowMinimum(debt, self.parameters.minimum_debt)
        self._check_limit(account, who, debt, prices)
        return self._next(self._close(market, shares, -assets), account, who)

    def repay(self, assets: int, account: str, *, now: int) -> tuple[Pool, int]:
        """Debt of `account` is repaid, at most `assets`; returns what is taken. [asset]

        Once a debt share is worth more than a unit, what buys no whole one stays with the payer.
        ZeroAmount, NoDebt, DebtBelowMinimum.
        """
        if assets == 0:
            raise reverts.ZeroAmount()
        market = self.accrued(now)
        who = self.account(account)
        if who.debt_shares == 0:
            raise reverts.NoDebt(account)
        shares, left = _repayment(who.debt_shares, assets, market.index)
        if shares == 0:
            raise reverts.ZeroAmount()
        repaid = to_assets_up(shares, market.index)
        if 0 < left < self.parameters.minimum_debt:
            raise reverts.DebtBelowMinimum(left, self.parameters.minimum_debt)
        market = self._close(market, -shares, repaid)
        who = Account(who.collateral, who.debt_shares - shares, who.shares)
        return self._next(market, account, who), repaid

    def debt_of(self, account: str, *, now: int) -> int:
        """What `account` owes, rounded up. [asset]"""
        return to_assets_up(self.account(account).debt_shares, self.accrued(now).index)

    def total_debt(self, *, now: int) -> int:
        """What all accounts owe, rounded down. [asset]"""
        return self.accrued(now).debt

    def max_borrow(self, account: str, *, now: int, prices: Prices) -> int:
        """The most that `borrow` allows. [asset]"""
        market = self.accrued(now)
        who = self.account(account)
        limit = self.appraise(account, prices).borrowing // BPS
        shares = max(to_shares_down(limit, market.index) - who.debt_shares, 0)
        assets = min(to_assets_down(shares, market.index), market.cash)
        after = who.debt_shares + to_shares_up(assets, market.index)
        return assets if to_assets_up(after, market.index) >= self.parameters.minimum_debt else 0

    def max_withdraw_collateral(
        self, account: str, token: str, *, now: int, prices: Prices | None = None
    ) -> int:
        """The most that `withdraw_collateral` allows. [collateral]

        Asks the oracle of `token` only where the other collaterals do not bear the debt.
        """
        number = self._number(token)
        balance = self.account(account).collateral[number]
        debt = self.debt_of(account, now=now)
        if debt == 0 or balance == 0:
            return balance
        without = self._moved(self.market, account, self.account(account), number, -balance)
        others = without.appraise(account, prices).borrowing
        if debt * BPS <= others:
            return balance
        price = self._price(number, prices)
        needed = -(-(debt * BPS - others) // self.parameters.collaterals[number].borrow_ltv)
        return (
            0
            if needed > value_down(balance, price)
            else balance - -(-needed * PRICE_SCALE // price)
        )

    def _check_limit(self, account: str, who: Account, debt: int, prices: Prices | None) -> None:
        limit = self._appraise(who, prices).borrowing
        if debt * BPS > limit:
            raise reverts.DebtAboveLimit(account, debt, limit // BPS)

    # --- authorisation ----------------------------------------------------------------------------

    def set_authorization(self, operator: str, authorized: bool, owner: str) -> Pool:
        """`operator` may act for `owner`, or no longer; all that `owner` signed so far is void."""
        said = self.authorizations.get(owner, Authorizations())
        operators = said.operators | {operator} if authorized else said.operators - {operator}
        told = {**self.authorizations, owner: Authorizations(operators, said.nonce + 1)}
        return Pool(self.parameters, self.market, self.total_shares, self.held, self.accounts, told)

    def set_authorization_by_signature(
        self, owner: str, operator: str, authorized: bool, nonce: int, deadline: int, *, now: int
    ) -> Pool:
        """The same, as `owner` signed it with this nonce. SignatureExpired, SignatureInvalid."""
        if now > deadline:
            raise reverts.SignatureExpired(deadline, now)
        if nonce != self.authorizations.get(owner, Authorizations()).nonce:
            raise reverts.SignatureInvalid(owner)
        return self.set_authorization(operator, authorized, owner)

    def is_authorized(self, owner: str, operator: str) -> bool:
        """Whether `operator` may act for `owner`."""
        return operator in self.authorizations.get(owner, Authorizations()).operators

    def _authorize(self, account: str, caller: str | None) -> None:
        if caller not in (None, account) and not self.is_authorized(account, caller):
            raise reverts.NotAuthorized(account, caller)

    # --- health -----------------------------------------------------------------------------------

    def appraise(self, account: str, prices: Prices | None) -> Appraisal:
        """What the account's collateral is worth, and counts for."""
        return self._appraise(self.account(account), prices)

    def _appraise(self, who: Account, prices: Prices | None) -> Appraisal:
        value = borrowing = liquidation = 0
        for number, amount in enumerate(who.collateral):
            if amount:
                collateral = self.parameters.collaterals[number]
                worth = value_down(amount, self._price(number, prices))
                value += worth
                borrowing += worth * collateral.borrow_ltv
                liquidation += worth * collateral.liquidation_ltv
        return Appraisal(value, borrowing, liquidation)

    def health_of(self, account: str, *, now: int, prices: Prices) -> int:
        """Health of `account`, 2**256 - 1 without debt. [wad]"""
        debt = self.debt_of(account, now=now)
        return (
            health_down(self.appraise(account, prices).liquidation, debt) if debt else MAX_UINT256
        )

    def liquidatable(
        self, accounts: Iterable[str] | None = None, *, now: int, prices: Prices
    ) -> list[str]:
        """The unhealthy ones among `accounts` (by default all), least healthy first.

        Accounts whose oracles refuse cannot be liquidated and are left out. The contract's view
        gives them in the order asked.
        """
        index = self.accrued(now).index
        found: list[tuple[int, str]] = []
        for account in self.accounts if accounts is None else accounts:
            who = self.account(account)
            debt = to_assets_up(who.debt_shares, index)
            if debt and not any(
                amount and (isinstance(price, Exception) or price == 0)
                for amount, price in zip(who.collateral, prices, strict=True)
            ):
                health = health_down(self._appraise(who, prices).liquidation, debt)
                if health < WAD:
                    found.append((health, account))
        return [account for _, account in sorted(found)]

    def liquidation_price(
        self, account: str, token: str, *, now: int, prices: Prices
    ) -> int | None:
        """Lowest price of `token` at which `account` is healthy, all other prices as given [1e36].

        None without debt or without any of `token`; 0 when the rest suffices.
        """
        number = self._number(token)
        balance = self.account(account).collateral[number]
        debt = self.debt_of(account, now=now)
        if debt == 0 or balance == 0:
            return None
        alone = [1 if place == number else price for place, price in enumerate(prices)]
        ltv = self.parameters.collaterals[number].liquidation_ltv
        others = self.appraise(account, alone).liquidation - value_down(balance, 1) * ltv
        needed = -(-max(debt * BPS - others, 0) // ltv)
        return -(-needed * PRICE_SCALE // balance)

    # --- liquidation ------------------------------------------------------------------------------

    def liquidate(
        self,
        account: str,
        token: str,
        max_repay: int = MAX_UINT256,
        max_seize: int = MAX_UINT256,
        min_seized: int = 0,
        *,
        now: int,
        prices: Prices,
        caller: str | None = None,
    ) -> tuple[Pool, Liquidation]:
        """Debt of an unhealthy account is repaid for some of its collateral and a bonus.

        `caller` liquidates, by default anybody else: the account itself earns no more than cover.
        HealthyAccount, NoDebt, CollateralExceedsBalance, ZeroAmount, LeavesDust, TooLittleSeized.
        """
        market = self.accrued(now)
        number = self._number(token)
        who = self.account(account)
        done = self._assess(market, who, account, number, max_repay, max_seize, prices, caller)
        if done.seized < min_seized:
            raise reverts.TooLittleSeized(done.seized, min_seized)
        if done.bad_debt:
            market = Market(
                market.debt_shares,
                market.reserve - done.from_reserve,
                market.rate,
                market.index,
                market.cash,
                market.accrued_at,
                market.drift,
            )
        market = self._close(market, -done.debt_shares, done.repaid)
        who = Account(who.collateral, who.debt_shares - done.debt_shares, who.shares)
        return self._moved(market, account, who, number, -done.seized), done

    def preview_liquidation(
        self,
        account: str,
        token: str,
        max_repay: int = MAX_UINT256,
        max_seize: int = MAX_UINT256,
        *,
        now: int,
        prices: Prices,
        caller: str | None = None,
    ) -> Liquidation:
        """What `liquidate` would do now, or the reason why not."""
        number = self._number(token)
        who = self.account(account)
        market = self.accrued(now)
        return self._assess(market, who, account, number, max_repay, max_seize, prices, caller)

    def _assess(
        self,
        market: Market,
        who: Account,
        account: str,
        number: int,
        max_repay: int,
        max_seize: int,
        prices: Prices,
        caller: str | None,
    ) -> Liquidation:
        debt = to_assets_up(who.debt_shares, market.index)
        if debt == 0:
            raise reverts.NoDebt(account)
        worth = self._appraise(who, prices)
        health = health_down(worth.liquidation, debt)
        if health >= WAD:
            raise reverts.HealthyAccount(account, health)
        risk = self.parameters.collaterals[number]
        balance = who.collateral[number]
        if balance == 0:
            raise reverts.CollateralExceedsBalance(risk.token, 1, 0)
        price = self._price(number, prices)

        bonus = bonus_down(health, risk.max_bonus, risk.full_bonus_health)
        assured = 0 if caller == account else risk.max_bonus
        bonus = covered_down(bonus, worth.value, debt, assured)
        allowed = repay_to_target_up(
            debt,
            worth.liquidation,
            self.parameters.target_health,
            bonus,
            risk.liquidation_ltv,
        )
        if debt < allowed + self.parameters.minimum_debt:
            allowed = debt
        repaid, seized = exchange(min(allowed, max_repay), min(balance, max_seize), bonus, price)
        if repaid == 0 or seized == 0:
            raise reverts.ZeroAmount()

        shares, left = _repayment(who.debt_shares, repaid, market.index)
        bad_debt = 0
        rest = balance - seized
        if shares == 0 and rest != 0:
            raise reverts.ZeroAmount()
        if left:
            value = worth.value - value_down(balance, price) + value_down(rest, price)
            if self._is_written_off(left, rest, value):
                shares, left, bad_debt = who.debt_shares, 0, left
        from_reserve = min(bad_debt, market.reserve)
        return Liquidation(
            health, bonus, repaid, seized, rest, shares, left, bad_debt, from_reserve
        )

    def _is_written_off(self, debt_left: int, rest: int, value_left: int) -> bool:
        """Whether the debt left is bad; LeavesDust when the liquidation may not end like that."""
        minimum = self.parameters.minimum_debt
        dust = minimum // DUST_DIVISOR
        if rest != 0 and (debt_left < minimum or value_left <= dust):
            raise reverts.LeavesDust(debt_left, minimum, value_left, dust)
        return value_left <= dust

    # --- shared steps -----------------------------------------------------------------------------

    def _number(self, token: str) -> int:
        number = self.parameters.numbers.get(token)
        if number is None:
            raise reverts.UnknownCollateral(token)
        return number

    def _price(self, number: int, prices: Prices | None) -> int:
        if prices is None:
            raise ParameterError("this asks oracles: give the prices")
        price = prices[number]
        if isinstance(price, Exception):
            raise price
        if price == 0:
            raise reverts.ZeroPrice(self.parameters.collaterals[number].oracle)
        return price

    def _close(self, market: Market, debt_shares: int, cash: int) -> Market:
        """The books after debt shares and cash changed, with the rate that follows from it."""
        shares = market.debt_shares + debt_shares
        held = market.cash + cash
        if held > MAX_CASH:
            raise reverts.Overflow()
        debt = to_assets_down(shares, market.index)
        rate = self.parameters.rate.rate(utilisation(debt, held))
        return Market(
            shares, market.reserve, rate, market.index, held, market.accrued_at, market.drift
        )

    def _next(self, market: Market, account: str = "", who: Account | None = None) -> Pool:
        accounts = self.accounts if who is None else {**self.accounts, account: who}
        return Pool(
            self.parameters, market, self.total_shares, self.held, accounts, self.authorizations
        )

    def _with_accounts(self, accounts: Mapping[str, Account]) -> Pool:
        return Pool(
            self.parameters,
            self.market,
            self.total_shares,
            self.held,
            accounts,
            self.authorizations,
        )


def _repayment(debt_shares: int, assets: int, index: int) -> tuple[int, int]:
    """The shares that at most `assets` cancel of `debt_shares`, and the debt left."""
    if assets >= to_assets_up(debt_shares, index):
        return debt_shares, 0
    shares = to_shares_down(assets, index)
    return shares, to_assets_up(debt_shares - shares, index)


def _word(value: int) -> int:
    if value > MAX_UINT256:
        raise reverts.FullMulDivFailed()
    return value
