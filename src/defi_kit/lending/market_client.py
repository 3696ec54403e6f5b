"""A lending pool on a chain, as people look at it: terms, accounts, market, what can be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any, Final

from .. import bindings
from ..bindings import lending_pool as abi
from ..chain import Chain
from ..chain.hashing import HasAddress, address_of
from ..errors import InputError, Reverted
from ..tokens import Token
from ..units import MAX_UINT256, Amount, Rate, Ratio, check_uint256
from . import history
from .books import Account, Collateral, Market, Parameters
from .pool import Pool
from .rates import AdaptiveRate, KinkedRate
from .views import LiquidationPreview, MarketView, Position, human_price, wad_decimal

__all__ = ["MarketClient", "Who", "check_token"]

Who = HasAddress | str
"""An account, a contract or an address."""

BATCH: Final = 400
"""Accounts read in one call, well within what nodes let a call cost."""


class MarketClient:
    """What a lending pool shows; nothing here sends."""

    def __init__(self, chain: Chain, address: Who) -> None:
        self.chain = chain
        self.contract = bindings.LendingPool(chain, address)
        self.address = self.contract.address
        self._people = history.People(self.contract)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    # --- what it is -------------------------------------------------------------------------------

    @cached_property
    def _terms(self) -> tuple[abi.PoolParameters, abi.KinkedCurve, abi.Adaptation]:
        return self.contract.parameters()

    @cached_property
    def asset(self) -> Token:
        """The token that is lent."""
        return Token(self.chain, self._terms[0].asset)

    @cached_property
    def share(self) -> Token:
        """The lenders' shares: the pool itself, as a token."""
        return Token(self.chain, self.address)

    @cached_property
    def collaterals(self) -> tuple[Token, ...]:
        """The tokens it takes as collateral, in the contract's order."""
        tokens = (collateral.token for collateral in self.parameters.collaterals)
        return tuple(Token(self.chain, token) for token in tokens)

    @cached_property
    def parameters(self) -> Parameters:
        """What it was deployed with, in integers; tokens by address."""
        terms, curve, adaptation = self._terms
        kinked = KinkedRate(curve.at_zero, curve.at_kink, curve.at_full, curve.kink)
        listed = (
            Collateral(
                token=one.token,
                borrow_ltv=one.borrow_ltv,
                liquidation_ltv=one.liquidation_ltv,
                max_bonus=one.max_bonus,
                full_bonus_health=one.full_bonus_health,
                cap=one.cap,
                oracle=one.oracle,
            )
            for one in self.contract.collaterals()
        )
        return Parameters(
            collaterals=tuple(listed),
            rate=AdaptiveRate(kinked, adaptation.speed, adaptation.fall, adaptation.rise)
            if adaptation.speed
            else kinked,
            minimum_debt=terms.minimum_debt,
            target_health=terms.target_health,
            reserve_factor=terms.reserve_factor,
        )

    # --- accounts and the market ------------------------------------------------------------------

    def account(self, who: Who, *, block: int | None = None) -> Position:
        """One account: debt, collateral, health factor, liquidation prices, headroom."""
        name = address_of(who)
        state, prices, now = self._read([name], block)
        held = state.account(name)
        return Position(
            address=name,
            supplied=self.asset.raw(state.convert_to_assets(held.shares, now=now)),
            shares=self.share.raw(held.shares),
            debt=self.asset.raw(state.debt_of(name, now=now)),
            collateral={
                token.symbol: token.raw(amount)
                for token, amount in zip(self.collaterals, held.collateral, strict=True)
                if amount
            },
            pool=state,
            prices=prices,
            now=now,
            units=tuple(token.unit for token in self.collaterals),
        )

    def history(
        self, who: Who, *, after: history.Entry | None = None, limit: int | None = None
    ) -> list[history.Entry]:
        """What happened to an account, oldest first, from the pool's events.

        `limit` entries at most; the next page begins behind the last one: `after=page[-1]`. Only
        as much of the chain is read as a page needs.
        """
        if limit is not None and check_uint256(limit, "limit") < 1:
            raise InputError(f"a page of {limit} entries", hint="one at least; None for all")
        return list(islice(history.read(self, address_of(who), after=after), limit))

    def market(self, *, block: int | None = None) -> MarketView:
        """The pool: what is lent, what it costs, what it earns."""
        state, prices, now = self._read([], block)
        books = state.accrued(now)
        raw = self.asset.raw
        kept = 10_000 - state.parameters.reserve_factor
        assets = books.total_assets
        rate = state.borrow_rate(now)
        earned = rate * books.debt * kept // (10_000 * assets) if assets else 0
        one = 10**self.share.decimals
        return MarketView(
            total_assets=raw(assets),
            total_debt=raw(books.debt),
            cash=raw(books.cash),
            reserve=raw(books.reserve),
            utilisation=Ratio(books.utilisation),
            borrow_rate=Rate(rate),
            supply_rate=Rate(earned),
            share_price=raw(state.convert_to_assets(one, now=now)).decimal,
            collateral={
                token.symbol: token.raw(total)
                for token, total in zip(self.collaterals, state.held, strict=True)
            },
            prices={
                token.symbol: human_price(price, token.decimals, self.asset.decimals)
                if price
                else None
                for token, price in zip(self.collaterals, prices, strict=True)
            },
        )

    def state(self, accounts: Iterable[Who] | None = None, *, block: int | None = None) -> Pool:
        """The pool's twin with these accounts, or with everyone who ever was here.

        All is read at one block. Accounts and tokens go by their addresses.
        """
        named = self._people.everyone(block) if accounts is None else map(address_of, accounts)
        return self._read(list(named), block)[0]

    def prices(self, *, block: int | None = None) -> tuple[int, ...]:
        """What the oracles answer, in the order of `collaterals`; 0 where one refuses. [1e36]"""
        return self._read([], block)[1]

    def _read(
        self, accounts: Sequence[str], block: int | None = None
    ) -> tuple[Pool, tuple[int, ...], int]:
        """Twin, prices and time of one block, in one call for every few hundred accounts."""
        at = self.chain.block_number if block is None and len(accounts) > BATCH else block
        parts = [accounts[i : i + BATCH] for i in range(0, len(accounts), BATCH)] or [[]]
        read = [self.contract.snapshot(part, block=at) for part in parts]
        first = read[0]
        held = (account for snapshot in read for account in snapshot.accounts)
        books = first.market
        state = Pool(
            parameters=self.parameters,
            market=Market(
                books.debt_shares,
                books.reserve,
                books.rate,
                books.index,
                books.cash,
                books.accrued_at,
                first.drift,
            ),
            total_shares=first.total_shares,
            held=tuple(collateral.held for collateral in first.collaterals),
            accounts={
                name: Account(tuple(one.collateral), one.debt_shares, one.shares)
                for name, one in zip(accounts, held, strict=True)
            },
        )
        return state, tuple(collateral.price for collateral in first.collaterals), first.timestamp

    # --- what can be done -------------------------------------------------------------------------

    def is_authorized(self, owner: Who, operator: Who) -> bool:
        """Whether `operator` may act for `owner`. An account needs none to act for itself."""
        return self.contract.is_authorized(owner, operator)

    def preview_liquidation(
        self,
        account: Who,
        token: Token,
        *,
        repay: Amount | int | None = None,
        seize: Amount | int | None = None,
    ) -> LiquidationPreview:
        """What `liquidate` would do now, or the reason why not."""
        check_token(token)
        with self._explained(token):
            done = self.contract.preview_liquidation(
                account,
                token,
                MAX_UINT256 if repay is None else self.asset.unit.to_raw(repay),
                MAX_UINT256 if seize is None else token.unit.to_raw(seize),
            )
        return LiquidationPreview(
            account=address_of(account),
            health_factor=wad_decimal(done.health),
            repaid=self.asset.raw(done.repaid),
            seized=token.raw(done.seized),
            bonus=Ratio(done.bonus),
            debt_left=self.asset.raw(done.debt_left),
            bad_debt=self.asset.raw(done.bad_debt),
        )

    def liquidatable(
        self, accounts: Iterable[Who] | None = None, *, block: int | None = None
    ) -> list[str]:
        """The unhealthy ones among `accounts` (by default all borrowers), least healthy first."""
        at = self.chain.block_number if block is None else block
        names = (
            self._people.borrowed(at) if accounts is None else [address_of(who) for who in accounts]
        )
        found = [
            who
            for first in range(0, len(names), BATCH)
            for who in self.contract.liquidatable(names[first : first + BATCH], block=at)
        ]
        if not found:
            return []
        state, prices, now = self._read(found, at)
        return state.liquidatable(now=now, prices=prices)

    def borrowers(self, *, block: int | None = None) -> list[str]:
        """Everyone in debt, in the order of their first loans."""
        names = self._people.borrowed(block)
        state, _, _ = self._read(names, block)
        return [name for name in names if state.account(name).debt_shares]

    def max_flash_loan(self, token: Token) -> Amount:
        """The most of a token that `flash_loan` lends: all that the pool holds of its asset or of a
        collateral, nothing of any other."""
        check_token(token)
        return token.raw(self.contract.max_flash_loan(token))

    # --- shared steps -----------------------------------------------------------------------------

    def _of_token(self, amount: Amount | int, token: Token | None) -> tuple[Token, int]:
        """The token of an amount, and its base units."""
        if token is None:
            if not isinstance(amount, Amount):
                raise InputError(
                    f"{amount!r} of which token?",
                    hint='give an amount, weth("1.5"), or token=weth',
                )
            token = self._token(amount.unit.address)
        check_token(token)
        return token, token.unit.to_raw(amount)

    def _token(self, which: Who) -> Token:
        """The collateral at this address; any other token as well, such as the asset."""
        address = address_of(which)
        found = (token for token in self.collaterals if token.address == address)
        return next(found, None) or Token(self.chain, address)

    @contextmanager
    def _explained(self, collateral: Token | None = None) -> Iterator[None]:
        """Shows the amounts in a refusal in units a person reads."""
        try:
            yield
        except Reverted as error:
            self._explain(error, collateral)
            raise

    def _explain(self, error: Reverted, collateral: Token | None) -> None:
        asset = self.asset.unit.amount
        share = self.share.unit.amount
        show: dict[str, Callable[[Any], object]] = {"health": wad_decimal}
        if collateral is not None:
            show["token"] = lambda token: (
                collateral.symbol if token == collateral.address else token
            )
        show |= dict.fromkeys(("assets", "cash", "debt", "limit", "minimum"), asset)
        show |= dict.fromkeys(("debt_left", "minimum_debt", "value_left", "dust"), asset)
        if error.name == "DepositAboveMaximum":
            show["maximum"] = asset
        elif error.name == "SharesExceedBalance":
            show |= {"shares": share, "balance": share}
        elif error.name == "MintAboveMaximum":
            show |= {"shares": share, "maximum": share}
        elif error.name == "LoanAboveMaximum" and collateral is not None:
            show |= dict.fromkeys(("amount", "maximum"), collateral.unit.amount)
        elif collateral is not None:
            names = ("amount", "balance", "held", "cap", "seized", "min_seized")
            show |= dict.fromkeys(names, collateral.unit.amount)
        error.in_units(**show)


def check_token(token: object) -> None:
    """InputError for anything but a token's client, such as its symbol."""
    if not isinstance(token, Token):
        raise InputError(
            f"{token!r} is not a token's client",
            hint="give for example kit.weth, or one of lending.collaterals",
        )
