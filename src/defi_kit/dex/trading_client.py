"""Trading with an Exchange: quotes, routes, swaps."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from ..bindings import exchange as generated
from ..chain import Receipt, Sender
from ..chain.hashing import address_of
from ..errors import InputError
from ..reverts import ZeroAmount
from ..tokens import Permit
from ..units import WAD, Amount, Ratio, Unit
from .checks import check_integer
from .pool import PIPS, Hop, Pool, PoolKey
from .pools_client import (
    Percent,
    PoolsClient,
    TokenLike,
    Who,
    lost,
    lowered,
    raised,
    token_address,
    unit_of,
    wei_of,
)
from .quotes import PurchaseQuote, Quote, Route
from .results import Routed, Swapped
from .router import (
    MAX_HOPS,
    MAX_PARTS,
    Part,
    best_path,
    best_split,
    cheapest_path,
)
from .routes import ETHER, Pools, cost_of, mid_price, path_keys, sell_along, yield_of

__all__ = ["TradingClient"]

Step = Hop | PoolKey
"""One step of a path."""
FARTHEST: Final = 1_000
"""The most hops and parts to ask for."""


class TradingClient(PoolsClient):
    """What a trader does."""

    def quote(
        self,
        sell: Amount,
        buy: TokenLike,
        *,
        path: Sequence[Step] | None = None,
        hops: int = MAX_HOPS,
        slippage: Percent = "0.5%",
    ) -> Quote:
        """What selling would yield now, by the best path of at most `hops` pools, or by `path`.

        InputError when no known pools connect the tokens or none of them can carry the amount.
        """
        token_in, unit_out = self._pooled(unit_of(sell)), self._unit(buy)
        if path is None:
            pools = self._pools_between(sell.unit, unit_out, hops)
            chosen, amount = self._best(pools, sell, unit_out, hops)
        else:
            chosen = _hops(path, token_in, self._pooled(unit_out))
            pools = self._catalogue.read(path_keys(token_in, chosen))
            with self._explained(amount=sell.unit.amount):
                amount = yield_of(pools, token_in, sell.raw, chosen)
        return _quote(pools, token_in, sell, unit_out.amount(amount), chosen, slippage)

    def quote_exact_out(
        self,
        buy: Amount,
        sell: TokenLike,
        *,
        path: Sequence[Step] | None = None,
        hops: int = MAX_HOPS,
        slippage: Percent = "0.5%",
    ) -> PurchaseQuote:
        """What buying exactly `buy` would cost now, by the cheapest path of at most `hops` pools.

        InputError when no known pools connect the tokens or none of them can pay so much.
        """
        unit_in = self._unit(sell)
        token_in, token_out = self._pooled(unit_in), self._pooled(unit_of(buy))
        if not buy.raw:
            raise ZeroAmount
        if path is None:
            pools = self._pools_between(unit_in, buy.unit, hops)
            found = cheapest_path(pools, token_in, token_out, buy.raw, hops)
            if found is None:
                raise InputError(f"no path pays {buy} for {unit_in}", hint="buy less")
            chosen, cost = found
        else:
            chosen = _hops(path, token_in, token_out)
            pools = self._catalogue.read(path_keys(token_in, chosen))
            with self._explained(wanted=buy.unit.amount):
                cost = cost_of(pools, token_in, chosen, buy.raw)
        most = raised(cost, slippage)
        fair = buy.raw / mid_price(pools, token_in, chosen)
        return PurchaseQuote(
            buy=buy,
            sell=unit_in.amount(cost),
            maximum=unit_in.amount(most),
            slippage=Ratio.parse(slippage),
            path=chosen,
            price_impact=lost(cost, fair),
            fee=Ratio(_fee(chosen)),
        )

    def route(
        self,
        sell: Amount,
        buy: TokenLike,
        *,
        parts: int = MAX_PARTS,
        hops: int = MAX_HOPS,
        worth: Amount | int = 1,
        slippage: Percent = "0.5%",
    ) -> Route:
        """The split of a sale over at most `parts` paths of at most `hops` pools that yields most.

        A part has to bring `worth` more than the route without it: say what one more transaction
        costs you. Never less than `quote`; `parts=1` is the same path. `execute` carries it out.
        InputError as `quote`.
        """
        token_in, unit = self._pooled(unit_of(sell)), self._unit(buy)
        check_integer(parts, "parts", 1, FARTHEST)
        pools = self._pools_between(sell.unit, unit, hops)
        _, single = self._best(pools, sell, unit, hops)
        found = best_split(
            pools,
            token_in,
            self._pooled(unit),
            sell.raw,
            max_parts=parts,
            max_hops=hops,
            worth=unit.to_raw(worth),
        )
        return _route(pools, token_in, sell, unit, found or (), single, slippage)

    def swap(
        self,
        sell: Amount,
        buy: TokenLike,
        *,
        slippage: Percent = "0.5%",
        minimum: Amount | int | None = None,
        path: Sequence[Step] | None = None,
        to: Who | None = None,
        deadline: int | None = None,
        sender: Sender | None = None,
        approve: bool = True,
        permit: Permit | None = None,
    ) -> Swapped:
        """Sells exactly `sell`, by the best path of at most three pools unless one is given.

        Refused (TooLittleOut) when it would yield less than the quote by more than `slippage`, or
        less than `minimum`. With a `permit` that the sender signed (`usd.sign_permit(bob, exchange,
        amount)`) no approval is sent: the signature goes along in the same transaction, and does
        its work even if somebody else has sent it first.
        """
        quote = self.quote(sell, buy, path=path, slippage=slippage)
        unit = quote.buy.unit
        least = quote.minimum.raw if minimum is None else unit.to_raw(minimum)
        who, receiver = self._parties(sender, to)
        with ExitStack() as stack:
            stack.enter_context(self._explained(amount_out=unit.amount, min_amount_out=unit.amount))
            if approve and permit is None:
                stack.enter_context(self._approved(who, sell))
            terms = (
                token_address(sell.unit),
                sell.raw,
                self._struct_path(quote.path, unit),
                least,
                receiver,
                self._until(deadline),
            )
            if permit is None:
                receipt = self.contract.swap_exact_in(*terms, sender=who, value=wei_of(sell))
            else:
                receipt = self._permitted(permit, sell, "swap_exact_in", *terms, sender=who)
        last = receipt.all(generated.Swap, address=self.address)[-1]
        bought = unit.amount(-min(last.change0, last.change1))
        return Swapped(sell, bought, receiver, quote.path, receipt)

    def swap_exact_out(
        self,
        buy: Amount,
        sell: TokenLike,
        *,
        slippage: Percent = "0.5%",
        maximum: Amount | int | None = None,
        path: Sequence[Step] | None = None,
        to: Who | None = None,
        deadline: int | None = None,
        sender: Sender | None = None,
        approve: bool = True,
    ) -> Swapped:
        """Buys exactly `buy`, by the cheapest path of at most three pools unless one is given.

        Refused (TooMuchIn) when it would cost more than the quote by more than `slippage`, or more
        than `maximum`. Ether that is not needed comes back.
        """
        quote = self.quote_exact_out(buy, sell, path=path, slippage=slippage)
        unit = quote.sell.unit
        most = quote.maximum if maximum is None else unit.amount(unit.to_raw(maximum))
        who, receiver = self._parties(sender, to)
        with ExitStack() as stack:
            stack.enter_context(self._explained(amount_in=unit.amount, max_amount_in=unit.amount))
            if approve:
                stack.enter_context(self._approved(who, most))
            receipt = self.contract.swap_exact_out(
                token_address(unit),
                most.raw,
                self._struct_path(quote.path, buy.unit),
                buy.raw,
                receiver,
                self._until(deadline),
                sender=who,
                value=wei_of(most),
            )
        first = receipt.all(generated.Swap, address=self.address)[0]
        paid = self._paid(receipt, unit, max(first.change0, first.change1))
        return Swapped(paid, buy, receiver, quote.path, receipt)

    def _permitted(
        self, permit: object, sell: Amount, verb: str, *terms: Any, sender: Sender
    ) -> Receipt:
        """The verb with the signature before it, in one transaction."""
        token, hint = (
            token_address(sell.unit),
            "token.sign_permit(owner, exchange, amount) makes one",
        )
        if token == ETHER:
            raise InputError("ether needs no permit", hint="leave permit= away")
        if not isinstance(permit, Permit):
            raise InputError(f"permit={permit!r} is no signed permit", hint=hint)
        signed, build = permit.message, self.contract.build
        if (signed.owner, signed.spender) != (address_of(sender), self.address):
            told = f"it lets {signed.spender} take from {signed.owner}"
            raise InputError(f"the permit is not the sender's for this Exchange: {told}", hint=hint)
        if signed.value < sell.raw:
            allowed = sell.unit.amount(signed.value)
            raise InputError(f"the permit is for {allowed}, the sale for {sell}", hint=hint)
        if signed.deadline < (now := self.chain.timestamp):
            told = f"the permit ended at {signed.deadline}, and it is {now}"
            raise InputError(told, hint="sign another one")
        calls = (
            build(
                "permit",
                token,
                signed.value,
                signed.deadline,
                permit.v,
                permit.r.to_bytes(32, "big"),
                permit.s.to_bytes(32, "big"),
            ),
            build(verb, *terms),
        )
        return self.contract.multicall([call.data for call in calls], sender=sender)

    def _struct_path(self, path: Sequence[Hop], buy: Unit) -> list[generated.Hop]:
        """The path for the contract, which unwraps at its end when ether is bought."""
        hops = [generated.Hop(*hop) for hop in path]
        if token_address(buy) == ETHER:
            hops[-1] = replace(hops[-1], token_out=ETHER)
        return hops

    def execute(
        self,
        route: Route,
        *,
        to: Who | None = None,
        deadline: int | None = None,
        sender: Sender | None = None,
        approve: bool = True,
    ) -> Routed:
        """Carries out a route: one transaction for each part, in order, each with its own minimum.

        Not atomic. A part that is refused (TooLittleOut when prices moved) ends it: the error says
        how many parts were done, and those stay done.
        """
        done: list[Swapped] = []
        for part in route.parts:
            try:
                swapped = self.swap(
                    part.sell,
                    route.buy.unit,
                    minimum=part.minimum,
                    path=part.path,
                    to=to,
                    deadline=deadline,
                    sender=sender,
                    approve=approve,
                )
            except Exception as error:
                error.add_note(f"{len(done)} of {len(route.parts)} parts of the route were done")
                raise
            done.append(swapped)
        bought = sum((part.bought for part in done), route.buy.unit.zero)
        return Routed(route.sell, bought, done[0].to, tuple(done))

    def _pools_between(self, sell: Unit, buy: Unit, hops: int) -> dict[PoolKey, Pool]:
        """The pools that can lie on a path, all at one block. InputError when there is no path."""
        self._check_two(sell, buy)
        check_integer(hops, "hops", 1, FARTHEST, hint="a path visits at least one pool")
        pools = self._catalogue.between(self._pooled(sell), self._pooled(buy), hops)
        if not pools:
            self.pools()  # which tells of an address where there is no Exchange
            hint = "exchange.pools() lists what there is; longer paths: hops=, or path=[...]"
            raise InputError(f"no pool leads from {sell} to {buy}, nor do {hops}", hint=hint)
        return pools

    def _best(
        self, pools: Pools, sell: Amount, buy: Unit, hops: int
    ) -> tuple[tuple[Hop, ...], int]:
        token, wanted = self._pooled(sell.unit), self._pooled(buy)
        found = best_path(pools, token, wanted, sell.raw, hops)
        if found is not None:
            return found
        for key in pools:  # a direct pool tells what is wrong
            if {*key.tokens} == {token, wanted}:
                with self._explained(amount=sell.unit.amount):
                    yield_of(pools, token, sell.raw, [key.hop(token)])
        raise InputError(f"no path carries {sell} to {buy}", hint="sell less, or give a path")


def _hops(path: Sequence[object] | PoolKey, token_in: str, token_out: str) -> tuple[Hop, ...]:
    """The path as hops, after a look at where it ends."""
    hops: list[Hop] = []
    token = token_in
    if isinstance(path, PoolKey):
        raise InputError("path is one pool, not a list of them", hint="path=[key]")
    for step in path:
        if not isinstance(step, (Hop, PoolKey)):
            hint = "path=[key, ...] of exchange.pools(), or of exchange.key(token_a, token_b)"
            raise InputError(f"{step!r} is no step of a path", hint=hint)
        hops.append(step.hop(token) if isinstance(step, PoolKey) else step)
        token = hops[-1].token_out
    if hops and token != token_out:
        raise InputError(f"the path ends at {token}, not at {token_out}")
    return tuple(hops)


def _quote(
    pools: Pools,
    token_in: str,
    sell: Amount,
    buy: Amount,
    path: tuple[Hop, ...],
    slippage: Percent,
) -> Quote:
    return Quote(
        sell=sell,
        buy=buy,
        minimum=buy.unit.amount(lowered(buy.raw, slippage)),
        slippage=Ratio.parse(slippage),
        path=path,
        # What is missing to the price of a tiny sale, rounded up.
        price_impact=lost(sell.raw * mid_price(pools, token_in, path), Fraction(buy.raw)),
        fee=Ratio(_fee(path)),
    )


def _route(
    pools: Pools,
    token: str,
    sell: Amount,
    buy: Unit,
    parts: Sequence[Part],
    single: int,
    slippage: Percent,
) -> Route:
    quotes, ideal = [], Fraction(0)
    now = dict(pools)
    for path, into, out in parts:
        ideal += into * mid_price(pools, token, path)
        quotes.append(_quote(now, token, sell.unit.amount(into), buy.amount(out), path, slippage))
        now |= sell_along(now, token, into, path)[0]
    bought = sum((part.buy for part in quotes), buy.zero)
    fees = sum(part.sell.raw * part.fee.wad for part in quotes)
    return Route(
        sell=sell,
        buy=bought,
        minimum=sum((part.minimum for part in quotes), buy.zero),
        slippage=Ratio.parse(slippage),
        parts=tuple(quotes),
        single=buy.amount(single),
        price_impact=lost(ideal, Fraction(bought.raw)),
        fee=Ratio(-(-fees // sell.raw)),
    )


def _fee(path: Sequence[Hop]) -> int:
    """What the fees of a path take together, rounded up. [wad]"""
    kept = WAD
    for hop in path:
        kept = kept * (PIPS - hop.fee) // PIPS
    return WAD - kept
