"""The Exchange on a chain: human amounts, quotes, verbs that handle approvals.

exchange = Exchange.deploy(chain)
exchange.create_pool(weth, usd)
exchange.add_liquidity(weth("100"), usd("200_000"))
exchange.swap(weth("1"), usd).bought
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction
from math import floor
from typing import Any, Final, Self

from .. import bindings
from ..bindings import exchange as generated
from ..bindings import faucet_token as erc20
from ..chain import Chain, Event, Receipt, Sender
from ..chain.hashing import HasAddress, address_of
from ..errors import InputError, ParameterError, Reverted
from ..tokens import Permit, Token
from ..units import WAD, Amount, Number, Ratio, Unit
from .catalogue import PoolCatalogue
from .curves import curve_of
from .exchange import NOBODY, ExchangeState
from .graph import network
from .history import History
from .pool import PIPS, Hop, Pool, PoolKey
from .position import Position
from .quotes import Holding, LiquidityQuote, OneSidedQuote, PurchaseQuote, Quote, Route
from .results import (
    Collected,
    LiquidityAdded,
    LiquidityRemoved,
    Observed,
    OneSidedAdded,
    OneSidedRemoved,
    PoolCreated,
    Routed,
    SharesMoved,
    Skimmed,
    Swapped,
)
from .router import (
    MAX_HOPS,
    MAX_PARTS,
    Part,
    best_path,
    best_split,
    cheapest_path,
    useful_pools,
)
from .routes import ETHER, Pools, cost_of, mid_price, path_keys, sell_along, yield_of
from .stable_swap import StableSwap

__all__ = ["Exchange"]

Who = HasAddress | str
"""An account, a contract or an address."""
TokenLike = Token | Unit | str
"""A token's client, its unit, or its address."""
Percent = Ratio | Number
"""`"0.5%"`, `Ratio`, or a fraction such as `"0.005"`."""
Step = Hop | PoolKey
"""One step of a path."""

PATIENCE: Final = 1_800
"""How long a transaction may wait to be mined unless it has a deadline. [seconds]"""


class Exchange:
    """Every pool behind one address.

    Amounts are of tokens on the same chain: `weth("1.5")`, or `exchange.ether("1.5")`, which is
    wrapped and unwrapped on the way. `fee` names the pool among those of two tokens, and so does
    `amplification`: with one it is on StableSwap, without on the constant product. Verbs take
    `sender` (the chain's default sender otherwise), `to` (the sender otherwise) and `deadline`
    (half an hour after the latest block otherwise) [unix seconds]; they approve exactly what they
    need, and take back what was not used. `approve=False` leaves that to you.
    """

    def __init__(self, chain: Chain, address: Who) -> None:
        self.chain = chain
        self.contract = bindings.Exchange(chain, address)
        self.address = self.contract.address
        self._catalogue = PoolCatalogue(self._latest, self._created, self._read)
        self._tokens: dict[str, Token] = {}
        self._weth: str | None = None
        self._share: int | None = None

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        *,
        weth: Who = ETHER,
        protocol_share: Percent = 0,
        protocol_recipient: Who = NOBODY,
        sender: Sender | None = None,
    ) -> Self:
        """A new Exchange without pools. Nobody owns it.

        `weth` is wrapped ether, where ether shall be traded. `protocol_share` of every swap fee, at
        most 25 %, is kept for `protocol_recipient`. ProtocolShareTooHigh, InvalidRecipient.
        """
        share = Ratio.parse(protocol_share).over(PIPS)
        made = bindings.Exchange.deploy(chain, weth, share, protocol_recipient, sender=sender)
        return cls(chain, made.address)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    # --- pools ------------------------------------------------------------------------------------

    @property
    def ether(self) -> Unit:
        """Ether, for amounts: `exchange.ether("1.5")`. InputError where it cannot be traded."""
        if self.weth == ETHER:
            raise InputError("this Exchange was deployed without wrapped ether")
        return Unit("ETH", 18, ETHER)

    @property
    def weth(self) -> str:
        """Wrapped ether's address; zero when there is none."""
        if self._weth is None:
            self._weth = self.contract.weth()
        return self._weth

    @property
    def protocol_share(self) -> Ratio:
        """The part of every swap fee that is the protocol's."""
        if self._share is None:
            self._share = self.contract.protocol_share()
        return Ratio(self._share * WAD // PIPS)

    def key(
        self,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
    ) -> PoolKey:
        """The key of a pool, whether or not there is one.

        A StableSwap pool's key also says the decimals of its tokens: they are looked up.
        """
        pips = Ratio.parse(fee).over(PIPS)
        key = PoolKey.of(self._pooled(token_a), self._pooled(token_b), pips)
        if amplification is None:
            return key
        digits = (self._unit(token).decimals for token in key.tokens)
        return replace(key, curve=StableSwap(amplification, *digits).word)

    def pools(self) -> tuple[PoolKey, ...]:
        """All pools, in order of creation, from the contract's events."""
        return self._catalogue.keys()

    def _latest(self) -> int:
        return self.chain.block_number

    def _created(self, first: int, last: int) -> Iterator[tuple[PoolKey, int]]:
        created = generated.PoolCreated
        for event in self.contract.events(created, from_block=first, to_block=last):
            key = PoolKey(event.token0, event.token1, event.fee, event.curve)
            yield key, event.log.block_number if event.log else last

    def _read(self, key: PoolKey, block: int | None) -> Pool | None:
        books = self.contract.pool(key.id, block=block)
        if not books.updated_at:
            return None
        return Pool(
            books.reserve0,
            books.reserve1,
            books.supply,
            key.fee,
            books.updated_at,
            books.cumulative_log_price,
            key.id,
            curve_of(key.curve),
            self.protocol_share.over(PIPS),
        )

    def pool(
        self,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
    ) -> Pool:
        """A pool as it is now, as a twin. UnknownPool."""
        return self._catalogue.require(self.key(token_a, token_b, fee, amplification))

    def network(self) -> dict[str, list[dict[str, Any]]]:
        """All tokens and pools now as nodes and edges, ready for JSON; `to_dot` draws them."""
        pools = self._catalogue.read(self.pools())
        units = {token: self._unit(token) for key in pools for token in key.tokens}
        return network(pools, units)

    def state(self, holders: Iterable[Who] = ()) -> ExchangeState:
        """The whole Exchange at one block, as a twin.

        Of the shares it knows those of the holders, and the locked ones.
        """
        block = self.chain.block_number
        pools = self._catalogue.read(self.pools(), block)
        owners = [NOBODY, *(address_of(who) for who in holders)]
        shares = {
            (owner, key.id): count
            for owner in owners
            for key in pools
            if (count := self.contract.balance_of(owner, key.id, block=block))
        }
        tokens = dict.fromkeys(token for key in pools for token in key.tokens)
        held = {
            token: self._token(token).balance(self.address, block=block).raw for token in tokens
        }
        fees = {
            token: owed
            for token in tokens
            if (owed := self.contract.protocol_fees(token, block=block))
        }
        share = self.protocol_share.over(PIPS)
        return ExchangeState(self.address, pools, shares, held, self.weth, share, fees)

    def create_pool(
        self,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        sender: Sender | None = None,
    ) -> PoolCreated:
        """Opens a pool, without liquidity. PoolExists, FeeTooHigh, UnorderedTokens (if equal)."""
        key = self.key(token_a, token_b, fee, amplification)
        return PoolCreated(key, self.contract.create_pool(_struct(key), sender=sender))

    # --- liquidity --------------------------------------------------------------------------------

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
    ) -> LiquidityQuote:
        """What a deposit of at most these amounts would take and mint now."""
        key = self.key(amount_a.unit, amount_b.unit, fee, amplification)
        max0, max1 = self._sorted(key, amount_a, amount_b)
        with self._explained(key):
            shares, paid0, paid1 = self.contract.quote_add_liquidity(_struct(key), max0, max1)
        paid = {key.token0: paid0, key.token1: paid1}
        return LiquidityQuote(
            key,
            self._share_unit(key).amount(shares),
            self._like(amount_a, paid),
            self._like(amount_b, paid),
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
        quote = self.quote_add_liquidity(amount_a, amount_b, fee, amplification)
        key, unit = quote.key, quote.shares.unit
        least = (
            _less(quote.shares.raw, slippage)
            if minimum_shares is None
            else unit.to_raw(minimum_shares)
        )
        # Not more than quoted: so the approvals are exact as long as the price stays.
        max0, max1 = self._sorted(key, quote.amount_a, quote.amount_b)
        ether = _ether_in(quote.amount_a) + _ether_in(quote.amount_b)
        who, receiver = self._parties(sender, to)
        with ExitStack() as stack:
            if approve:
                stack.enter_context(self._approved(who, quote.amount_a))
                stack.enter_context(self._approved(who, quote.amount_b))
            with self._explained(key):
                receipt = self.contract.add_liquidity(
                    _struct(key),
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
    ) -> LiquidityQuote:
        """What giving up these shares would free now."""
        key = self.key(token_a, token_b, fee, amplification)
        unit = self._share_unit(key)
        raw = unit.to_raw(shares)
        with self._explained(key):
            free0, free1 = self.contract.quote_remove_liquidity(_struct(key), raw)
        freed = {key.token0: free0, key.token1: free1}
        a, b = (
            self._unit(token).amount(freed[self._pooled(token)]) for token in (token_a, token_b)
        )
        return LiquidityQuote(key, unit.amount(raw), a, b)

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
        quote = self.quote_remove_liquidity(shares, token_a, token_b, fee, amplification)
        key = quote.key
        min0, min1 = (
            _less(raw, slippage) for raw in self._sorted(key, quote.amount_a, quote.amount_b)
        )
        who, receiver = self._parties(sender, to)
        with self._explained(key):
            receipt = self.contract.remove_liquidity(
                _struct(key),
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
        key = self.key(amount.unit, other, fee, amplification)
        token, unit = _address(amount.unit), self._share_unit(key)
        with self._explained(key):
            shares, paid = self.contract.quote_add_liquidity_one_sided(
                _struct(key), token, amount.raw
            )
        pool, zero_for_one = self._catalogue.require(key), self._pooled(token) == key.token0
        after, minted, *_ = pool.add_liquidity_one_sided(amount.raw, zero_for_one)
        freed = after.remove_liquidity(minted)[1:]
        return OneSidedQuote(
            key,
            unit.amount(shares),
            amount.unit.amount(paid),
            unit.amount(_less(shares, slippage)),
            Ratio.parse(slippage),
            _lost(paid, _valued(pool, freed, zero_for_one)),
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
                    _struct(key),
                    _address(amount.unit),
                    amount.raw,
                    least,
                    receiver,
                    self._until(deadline),
                    sender=who,
                    value=_ether_in(amount),
                )
        added = receipt.one(generated.LiquidityAdded, address=self.address)
        paid = self._paid(receipt, amount.unit)
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
                _struct(key), raw, _address(wanted)
            )
        pool = self._catalogue.require(key)
        freed = pool.remove_liquidity(raw)[1:]
        fair = _valued(pool, freed, self._pooled(token) == key.token0)
        return OneSidedQuote(
            key,
            unit.amount(raw),
            wanted.amount(out),
            wanted.amount(_less(out, slippage)),
            Ratio.parse(slippage),
            _lost(fair, Fraction(out)),
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
                _struct(key),
                quote.shares.raw,
                _address(unit),
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
        """Gives liquidity shares to somebody else (ERC-6909)."""
        key = self.key(token_a, token_b, fee, amplification)
        unit = self._share_unit(key)
        raw = unit.to_raw(shares)
        receipt = self.contract.transfer(to, key.id, raw, sender=sender)
        return SharesMoved(receipt.sender, address_of(to), unit.amount(raw), receipt)

    # --- trades -----------------------------------------------------------------------------------

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
        token_in, unit_out = self._pooled(sell.unit), self._unit(buy)
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
        token_in, token_out = self._pooled(unit_in), self._pooled(buy.unit)
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
        most = -(-cost * (WAD + Ratio.parse(slippage).wad) // WAD)
        fair = buy.raw / mid_price(pools, token_in, chosen)
        return PurchaseQuote(
            buy=buy,
            sell=unit_in.amount(cost),
            maximum=unit_in.amount(most),
            slippage=Ratio.parse(slippage),
            path=chosen,
            price_impact=_lost(cost, fair),
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
        token_in, unit = self._pooled(sell.unit), self._unit(buy)
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
                _address(sell.unit),
                sell.raw,
                self._struct_path(quote.path, unit),
                least,
                receiver,
                self._until(deadline),
            )
            if permit is None:
                receipt = self.contract.swap_exact_in(*terms, sender=who, value=_ether_in(sell))
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
                _address(unit),
                most.raw,
                self._struct_path(quote.path, buy.unit),
                buy.raw,
                receiver,
                self._until(deadline),
                sender=who,
                value=_ether_in(most),
            )
        return Swapped(self._paid(receipt, unit), buy, receiver, quote.path, receipt)

    def _permitted(
        self, permit: Permit, sell: Amount, verb: str, *terms: Any, sender: Sender
    ) -> Receipt:
        """The verb with the signature before it, in one transaction."""
        signed, build = permit.message, self.contract.build
        calls = (
            build(
                "permit",
                _address(sell.unit),
                signed.value,
                signed.deadline,
                permit.v,
                permit.r.to_bytes(32, "big"),
                permit.s.to_bytes(32, "big"),
            ),
            build(verb, *terms),
        )
        return self.contract.multicall([call.data for call in calls], sender=sender)

    def _paid(self, receipt: Receipt, unit: Unit) -> Amount:
        """What came in of a token: more than the reserve grew by if the protocol has a share."""
        token = self._pooled(unit)
        moves = receipt.all(erc20.Transfer, address=token)
        return unit.amount(next(move.amount for move in moves if move.to == self.address))

    def _struct_path(self, path: Sequence[Hop], buy: Unit) -> list[generated.Hop]:
        """The path for the contract, which unwraps at its end when ether is bought."""
        hops = [generated.Hop(*hop) for hop in path]
        if _address(buy) == ETHER:
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
        keys = useful_pools(self.pools(), self._pooled(sell), self._pooled(buy), hops)
        if not keys:
            hint = "exchange.pools() lists what there is; longer paths: hops=, or path=[...]"
            raise InputError(f"no pool leads from {sell} to {buy}, nor do {hops}", hint=hint)
        return self._catalogue.read(keys)

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

    # --- prices on record -------------------------------------------------------------------------

    def increase_observations(
        self,
        count: int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        sender: Sender | None = None,
    ) -> Receipt:
        """Pays for room to keep `count` records of a pool's price, one in five minutes at most.

        Anyone may. TooManyObservations (above 65,535), UnknownPool, NoLiquidity.
        """
        key = self.key(token_a, token_b, fee, amplification)
        return self.contract.increase_observations(key.id, count, sender=sender)

    def observe(
        self,
        seconds_ago: int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
    ) -> Observed:
        """The pool's accumulated price so long ago, or at the latest record before that.

        TooYoung when no record goes back so far.
        """
        key = self.key(token_a, token_b, fee, amplification)
        return Observed(*self.contract.observe(_struct(key), seconds_ago))

    def mean_price(
        self,
        seconds: int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
    ) -> Decimal:
        """The geometric mean of token_a's price in token_b over at least so many seconds to now.

        Human units, 15 digits. Nothing inside a block moves it. TooYoung; ParameterError when
        `seconds` is below one.
        """
        if seconds < 1:
            raise ParameterError(f"a mean over {seconds} seconds")
        key = self.key(token_a, token_b, fee, amplification)
        now = self.observe(0, token_a, token_b, fee, amplification)
        then = self.observe(seconds, token_a, token_b, fee, amplification)
        units = [self._unit(token) for token in key.tokens]
        mean = Decimal(now.cumulative - then.cumulative) / ((now.at - then.at) * 2**64) - 128
        price = Decimal(2) ** mean
        price = price.scaleb(units[0].decimals - units[1].decimals)
        price = price if self._pooled(token_a) == key.token0 else 1 / price
        return price.normalize(Context(prec=15))

    # --- surplus and fees -------------------------------------------------------------------------

    def protocol_fees(self, token: TokenLike) -> Amount:
        """What the protocol has earned in a token and nobody has collected."""
        unit = self._unit(token)
        return unit.amount(self.contract.protocol_fees(unit.address))

    def collect(self, token: TokenLike, *, sender: Sender | None = None) -> Collected:
        """Pays the protocol's part of the fees to its recipient. Anyone may. ZeroAmount."""
        unit = self._unit(token)
        receipt = self.contract.collect(unit.address, sender=sender)
        event = receipt.one(generated.FeesCollected, address=self.address)
        return Collected(unit.amount(event.amount), event.to, receipt)

    def skim(
        self, token: TokenLike, *, to: Who | None = None, sender: Sender | None = None
    ) -> Skimmed:
        """Sends to `to` what the Exchange holds of a token beyond its books. Anyone may."""
        unit = self._unit(token)
        keys = [key for key in self.pools() if unit.address in key.tokens]
        funded = [key for key, pool in self._catalogue.read(keys).items() if pool.supply]
        listed = [_struct(key) for key in sorted(funded, key=lambda key: key.id)]
        who, receiver = self._parties(sender, to)
        with self._explained(balance=unit.amount, booked=unit.amount):
            receipt = self.contract.skim(unit.address, listed, receiver, sender=who)
        event = receipt.one(generated.Skimmed, address=self.address)
        return Skimmed(unit.amount(event.amount), receiver, receipt)

    # --- shared steps -----------------------------------------------------------------------------

    def _parties(self, sender: Sender | None, to: Who | None) -> tuple[Sender, str]:
        who = self.chain.default_sender if sender is None else sender
        return who, address_of(who if to is None else to)

    def _until(self, deadline: int | None) -> int:
        return self.chain.timestamp + PATIENCE if deadline is None else deadline

    @contextmanager
    def _approved(self, owner: Sender, amount: Amount) -> Iterator[None]:
        """Lets the Exchange take exactly `amount` inside, and no more than before afterwards.

        Ether needs no leave: it comes along.
        """
        if _ether_in(amount):
            yield
            return
        with self._token(amount.unit.address).allowing(owner, self.address, amount):
            yield

    @contextmanager
    def _explained(
        self, key: PoolKey | None = None, **show: Callable[[Any], object]
    ) -> Iterator[None]:
        """Shows the numbers of a refusal in the unit they are in."""
        try:
            yield
        except Reverted as error:
            if key is not None:
                shares = self._share_unit(key).amount
                show.update(shares=shares, min_shares=shares, balance=shares, locked_shares=shares)
            token = error.arguments.get("token")
            if isinstance(token, str) and error.contract in (None, self.address):
                amount = self._unit(token).amount
                show.update(received=amount, asked=amount, min_amount=amount, amount=amount)
                show.update(token=self._unit)
            error.in_units(**show)
            raise

    def _pooled(self, token: TokenLike) -> str:
        """The address that pools know a token by: wrapped ether's for ether."""
        address = _address(token)
        return self.ether.address and self.weth if address == ETHER else address

    def _sorted(self, key: PoolKey, amount_a: Amount, amount_b: Amount) -> tuple[int, int]:
        """Base units in the order of the key's tokens."""
        if self._pooled(amount_a.unit) == key.token0:
            return amount_a.raw, amount_b.raw
        return amount_b.raw, amount_a.raw

    def _like(self, amount: Amount, raw: dict[str, int]) -> Amount:
        return amount.unit.amount(raw[self._pooled(amount.unit)])

    def _token(self, address: str) -> Token:
        if address not in self._tokens:
            self._tokens[address] = Token(self.chain, address)
        return self._tokens[address]

    def _unit(self, token: TokenLike) -> Unit:
        if isinstance(token, Unit):
            return token
        return token.unit if isinstance(token, Token) else self._token(_address(token)).unit

    def _share_unit(self, key: PoolKey) -> Unit:
        """Shares have no decimals: they are a count, see `Curve.liquidity`."""
        pair = "-".join(self._token(token).symbol for token in key.tokens)
        curve = f" A={key.curve >> 16}" if key.curve else ""
        return Unit(f"{pair} {Ratio(key.fee * WAD // PIPS)}{curve} LP", 0, self.address)


def _address(token: TokenLike) -> str:
    if isinstance(token, Unit):
        if not token.address:
            raise InputError(f"{token} has no address", hint="make amounts with a token's client")
        return token.address
    return address_of(token)


def _struct(key: PoolKey) -> generated.PoolKey:
    return generated.PoolKey(key.token0, key.token1, key.fee, key.curve)


def _hops(path: Sequence[Step], token_in: str, token_out: str) -> tuple[Hop, ...]:
    """The path as hops, after a look at where it ends."""
    hops: list[Hop] = []
    token = token_in
    for step in path:
        hops.append(step.hop(token) if isinstance(step, PoolKey) else Hop(*step))
        token = hops[-1].token_out
    if hops and token != token_out:
        raise InputError(f"the path ends at {token}, not at {token_out}")
    return tuple(hops)


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
        minimum=buy.unit.amount(_less(buy.raw, slippage)),
        slippage=Ratio.parse(slippage),
        path=path,
        # What is missing to the price of a tiny sale, rounded up.
        price_impact=_lost(sell.raw * mid_price(pools, token_in, path), Fraction(buy.raw)),
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
        price_impact=_lost(ideal, Fraction(bought.raw)),
        fee=Ratio(-(-fees // sell.raw)),
    )


def _fee(path: Sequence[Hop]) -> int:
    """What the fees of a path take together, rounded up. [wad]"""
    kept = WAD
    for hop in path:
        kept = kept * (PIPS - hop.fee) // PIPS
    return WAD - kept


def _ether_in(amount: Amount) -> int:
    """The wei that go along with a call which takes this amount."""
    return amount.raw if amount.unit.address == ETHER else 0


def _valued(pool: Pool, amounts: Sequence[int], in_token0: bool) -> Fraction:
    """Both amounts at the pool's own price, fee apart, in one of the tokens. [raw units]"""
    own, other = amounts if in_token0 else amounts[::-1]
    price = pool.marginal(0, in_token0) * Fraction(PIPS, PIPS - pool.fee)
    return own + other / price


def _lost(paid: int | Fraction, worth: Fraction) -> Ratio:
    """How much less than what was paid something is worth, rounded up."""
    return Ratio(max(0, WAD - floor(worth * WAD / paid)))


def _less(raw: int, slippage: Percent) -> int:
    """`raw` less the slippage, rounded up so that one unit stays one unit."""
    ratio = Ratio.parse(slippage)
    if ratio.wad > WAD:
        raise ParameterError(f"a slippage of {ratio} is above 100%")
    return -(-raw * (WAD - ratio.wad) // WAD)
