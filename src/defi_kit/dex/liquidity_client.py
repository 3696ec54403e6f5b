"""Joining and leaving an Exchange's pools, with both tokens or one; whose the liquidity is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction

from ..bindings import exchange as generated
from ..chain import Event, Sender
from ..chain.hashing import address_of
from ..reverts import InsufficientBalance
from ..units import Amount, Ratio
from .history import History
from .pool import PIPS, Pool, PoolKey
from .pools_client import (
    Percent,
    PoolsClient,
    TokenLike,
    Who,
    key_struct,
    lost,
    lowered,
    token_address,
    unit_of,
    wei_of,
)
from .position import Position
from .quotes import Holding, LiquidityQuote, OneSidedQuote, WithdrawalQuote
from .results import (
    LiquidityAdded,
    LiquidityRemoved,
    OneSidedAdded,
    OneSidedRemoved,
    SharesMoved,
)

__all__ = ["LiquidityClient"]


class LiquidityClient(PoolsClient):
    """What a liquidity provider does."""

    def shares(
        self,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        owner: Who,
    ) -> Amount:
        """Liquidity shares that an account holds of a pool."""
        key = self.key(token_a, token_b, fee, amplification)
        return self._share_unit(key).amount(self.contract.balance_of(owner, key.id))

    def positions(self, owner: Who) -> tuple[Holding, ...]:
        """An account's liquidity: value, fees earned, cost; pools in order of creation.

        Cost and fees come from the Exchange's events since its creation, all of them. Shares that
        somebody else gave count as bought for what they would have freed then; what is given up or
        away takes its part of the average cost with it.
        """
        who = address_of(owner)
        block = self._latest()  # what comes later may be of pools that are not known yet
        keys = self.pools()
        history = History(who, keys)
        for event in self.contract.events(to_block=block):
            _tell(history, event)
        return tuple(
            self._holding(key, *history.found[key.id])
            for key in keys
            if history.found[key.id][1].shares
        )

    def _holding(self, key: PoolKey, pool: Pool, position: Position) -> Holding:
        now = position.performance(pool)
        unit0, unit1 = (self._unit(token) for token in key.tokens)
        return Holding(
            key=key,
            shares=self._share_unit(key).amount(position.shares),
            amount0=unit0.amount(now.amount0),
            amount1=unit1.amount(now.amount1),
            fees0=unit0.amount(now.fees0),
            fees1=unit1.amount(now.fees1),
            paid0=unit0.amount(position.paid0),
            paid1=unit1.amount(position.paid1),
            position=position,
            pool=pool,
        )

    def quote_add_liquidity(
        self,
        amount_a: Amount,
        amount_b: Amount,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        slippage: Percent = "0.5%",
    ) -> LiquidityQuote:
        """What a deposit of at most these amounts would take and mint now."""
        key = self.key(unit_of(amount_a), unit_of(amount_b), fee, amplification)
        max0, max1 = self._sorted(key, amount_a, amount_b)
        with self._explained(key):
            shares, paid0, paid1 = self.contract.quote_add_liquidity(key_struct(key), max0, max1)
        paid, unit = {key.token0: paid0, key.token1: paid1}, self._share_unit(key)
        return LiquidityQuote(
            key,
            unit.amount(shares),
            self._like(amount_a, paid),
            self._like(amount_b, paid),
            unit.amount(lowered(shares, slippage)),
            Ratio.parse(slippage),
        )

    def add_liquidity(
        self,
        amount_a: Amount,
        amount_b: Amount,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        slippage: Percent = "0.5%",
        minimum_shares: Amount | int | None = None,
        to: Who | None = None,
        deadline: int | None = None,
        sender: Sender | None = None,
        approve: bool = True,
    ) -> LiquidityAdded:
        """Pays in at most both amounts, at the pool's ratio; the first deposit sets the ratio.

        Refused (TooFewShares) when it would mint less than the quote by more than `slippage`, or
        less than `minimum_shares`.
        """
        quote = self.quote_add_liquidity(amount_a, amount_b, fee, amplification, slippage=slippage)
        key, unit = quote.key, quote.shares.unit
        least = quote.minimum.raw if minimum_shares is None else unit.to_raw(minimum_shares)
        # Not more than quoted: so the approvals are exact as long as the price stays.
        max0, max1 = self._sorted(key, quote.amount_a, quote.amount_b)
        ether = wei_of(quote.amount_a) + wei_of(quote.amount_b)
        who, receiver = self._parties(sender, to)
        with ExitStack() as stack:
            if approve:
                stack.enter_context(self._approved(who, quote.amount_a))
                stack.enter_context(self._approved(who, quote.amount_b))
            with self._explained(key):
                receipt = self.contract.add_liquidity(
                    key_struct(key),
                    max0,
                    max1,
                    least,
                    receiver,
                    self._until(deadline),
                    sender=who,
                    value=ether,
                )
        event = receipt.one(generated.LiquidityAdded, address=self.address)
        paid = {key.token0: event.amount0, key.token1: event.amount1}
        return LiquidityAdded(
            key,
            unit.amount(event.shares),
            self._like(amount_a, paid),
            self._like(amount_b, paid),
            receipt,
        )

    def quote_remove_liquidity(
        self,
        shares: Amount | int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        slippage: Percent = "0.5%",
    ) -> WithdrawalQuote:
        """What giving up these shares would free now."""
        key = self.key(token_a, token_b, fee, amplification)
        unit = self._share_unit(key)
        raw = unit.to_raw(shares)
        with self._explained(key):
            free0, free1 = self.contract.quote_remove_liquidity(key_struct(key), raw)
        freed = {key.token0: free0, key.token1: free1}
        a, b = (
            self._unit(token).amount(freed[self._pooled(token)]) for token in (token_a, token_b)
        )
        least_a, least_b = (each.unit.amount(lowered(each.raw, slippage)) for each in (a, b))
        return WithdrawalQuote(key, unit.amount(raw), a, b, least_a, least_b, Ratio.parse(slippage))

    def remove_liquidity(
        self,
        shares: Amount | int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        slippage: Percent = "0.5%",
        to: Who | None = None,
        deadline: int | None = None,
        sender: Sender | None = None,
    ) -> LiquidityRemoved:
        """Gives up the sender's shares for their part of both tokens.

        Refused (TooLittleFreed) when either is less than quoted by more than `slippage`. All of
        one's shares: `remove_liquidity(exchange.shares(weth, usd, owner=alice), weth, usd)`.
        """
        quote = self.quote_remove_liquidity(
            shares, token_a, token_b, fee, amplification, slippage=slippage
        )
        key = quote.key
        min0, min1 = self._sorted(key, quote.minimum_a, quote.minimum_b)
        who, receiver = self._parties(sender, to)
        with self._explained(key):
            receipt = self.contract.remove_liquidity(
                key_struct(key),
                quote.shares.raw,
                min0,
                min1,
                receiver,
                self._until(deadline),
                sender=who,
            )
        event = receipt.one(generated.LiquidityRemoved, address=self.address)
        freed = {key.token0: event.amount0, key.token1: event.amount1}
        return LiquidityRemoved(
            key,
            quote.shares,
            self._like(quote.amount_a, freed),
            self._like(quote.amount_b, freed),
            receipt,
        )

    def quote_add_liquidity_one_sided(
        self,
        amount: Amount,
        other: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        slippage: Percent = "0.5%",
    ) -> OneSidedQuote:
        """What at most `amount` alone would mint now, in the pool of it and `other`."""
        key = self.key(unit_of(amount), other, fee, amplification)
        token, unit = token_address(amount.unit), self._share_unit(key)
        with self._explained(key):
            shares, paid = self.contract.quote_add_liquidity_one_sided(
                key_struct(key), token, amount.raw
            )
        pool, zero_for_one = self._catalogue.require(key), self._pooled(token) == key.token0
        after, minted, *_ = pool.add_liquidity_one_sided(amount.raw, zero_for_one)
        freed = after.remove_liquidity(minted)[1:]
        return OneSidedQuote(
            key,
            unit.amount(shares),
            amount.unit.amount(paid),
            unit.amount(lowered(shares, slippage)),
            Ratio.parse(slippage),
            lost(paid, _valued(pool, freed, zero_for_one)),
        )

    def add_liquidity_one_sided(
        self,
        amount: Amount,
        other: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        slippage: Percent = "0.5%",
        minimum_shares: Amount | int | None = None,
        to: Who | None = None,
        deadline: int | None = None,
        sender: Sender | None = None,
        approve: bool = True,
    ) -> OneSidedAdded:
        """Pays in at most `amount` of one token: a part is sold here for `other`, both join.

        Refused (TooFewShares) when it would mint less than the quote by more than `slippage`, or
        less than `minimum_shares`.
        """
        quote = self.quote_add_liquidity_one_sided(
            amount, other, fee, amplification, slippage=slippage
        )
        key, unit = quote.key, quote.shares.unit
        least = quote.minimum.raw if minimum_shares is None else unit.to_raw(minimum_shares)
        who, receiver = self._parties(sender, to)
        with ExitStack() as stack:
            if approve:
                stack.enter_context(self._approved(who, amount))
            with self._explained(key):
                receipt = self.contract.add_liquidity_one_sided(
                    key_struct(key),
                    token_address(amount.unit),
                    amount.raw,
                    least,
                    receiver,
                    self._until(deadline),
                    sender=who,
                    value=wei_of(amount),
                )
        added = receipt.one(generated.LiquidityAdded, address=self.address)
        sale = receipt.one(generated.Swap, address=self.address)
        booked = (
            added.amount0 + sale.change0
            if self._pooled(amount.unit) == key.token0
            else added.amount1 + sale.change1
        )
        paid = self._paid(receipt, amount.unit, booked)
        return OneSidedAdded(key, unit.amount(added.shares), paid, receipt)

    def quote_remove_liquidity_one_sided(
        self,
        shares: Amount | int,
        token: TokenLike,
        other: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        slippage: Percent = "0.5%",
    ) -> OneSidedQuote:
        """What giving up these shares for `token` alone would yield now."""
        key = self.key(token, other, fee, amplification)
        unit, wanted = self._share_unit(key), self._unit(token)
        raw = unit.to_raw(shares)
        with self._explained(key):
            out = self.contract.quote_remove_liquidity_one_sided(
                key_struct(key), raw, token_address(wanted)
            )
        pool = self._catalogue.require(key)
        freed = pool.remove_liquidity(raw)[1:]
        fair = _valued(pool, freed, self._pooled(token) == key.token0)
        return OneSidedQuote(
            key,
            unit.amount(raw),
            wanted.amount(out),
            wanted.amount(lowered(out, slippage)),
            Ratio.parse(slippage),
            lost(fair, Fraction(out)),
        )

    def remove_liquidity_one_sided(
        self,
        shares: Amount | int,
        token: TokenLike,
        other: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        slippage: Percent = "0.5%",
        to: Who | None = None,
        deadline: int | None = None,
        sender: Sender | None = None,
    ) -> OneSidedRemoved:
        """Gives up the sender's shares for `token` alone; `other` is sold here.

        Refused (TooLittleFreed) when that is less than quoted by more than `slippage`.
        """
        quote = self.quote_remove_liquidity_one_sided(
            shares, token, other, fee, amplification, slippage=slippage
        )
        key, unit = quote.key, quote.amount.unit
        who, receiver = self._parties(sender, to)
        with self._explained(key):
            receipt = self.contract.remove_liquidity_one_sided(
                key_struct(key),
                quote.shares.raw,
                token_address(unit),
                quote.minimum.raw,
                receiver,
                self._until(deadline),
                sender=who,
            )
        removed = receipt.one(generated.LiquidityRemoved, address=self.address)
        sale = receipt.one(generated.Swap, address=self.address)
        freed = (
            removed.amount0 - sale.change0
            if self._pooled(unit) == key.token0
            else removed.amount1 - sale.change1
        )
        return OneSidedRemoved(key, quote.shares, unit.amount(freed), receipt)

    def transfer_shares(
        self,
        to: Who,
        shares: Amount | int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        sender: Sender | None = None,
    ) -> SharesMoved:
        """Gives liquidity shares to somebody else (ERC-6909). InsufficientBalance."""
        key = self.key(token_a, token_b, fee, amplification)
        unit = self._share_unit(key)
        raw = unit.to_raw(shares)
        try:
            receipt = self.contract.transfer(to, key.id, raw, sender=sender)
        except InsufficientBalance as error:
            owner = self._parties(sender, None)[0]
            held = unit.amount(self.contract.balance_of(owner, key.id))
            error.hint = (
                f"of {unit.amount(raw)} the sender holds {held}: "
                "exchange.shares(token_a, token_b, owner=who)"
            )
            raise
        return SharesMoved(receipt.sender, address_of(to), unit.amount(raw), receipt)


def _tell(history: History, event: Event) -> None:
    """An event of the Exchange, for the positions' history."""
    match event:
        case generated.Swap():
            history.swapped(event.id, event.change0, event.change1)
        case generated.LiquidityAdded():
            history.added(event.id, event.to, event.shares, event.amount0, event.amount1)
        case generated.LiquidityRemoved():
            history.removed(event.id, event.sender, event.shares, event.amount0, event.amount1)
        case generated.Transfer():
            history.moved(event.id, event.from_, event.to, event.amount)


def _valued(pool: Pool, amounts: Sequence[int], in_token0: bool) -> Fraction:
    """Both amounts at the pool's own price, fee apart, in one of the tokens. [raw units]"""
    own, other = amounts if in_token0 else amounts[::-1]
    price = pool.marginal(0, in_token0) * Fraction(PIPS, PIPS - pool.fee)
    return own + other / price
