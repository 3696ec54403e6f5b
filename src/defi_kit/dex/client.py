"""The Exchange on a chain: human amounts, quotes, verbs that handle approvals.

exchange = Exchange.deploy(chain)
exchange.create_pool(weth, usd)
exchange.add_liquidity(weth("100"), usd("200_000"))
exchange.swap(weth("1"), usd).bought
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any, Final, Self

from .. import bindings
from ..bindings import exchange as generated
from ..chain import Chain, Event, Receipt, Sender
from ..chain.hashing import HasAddress, address_of
from ..errors import InputError, ParameterError, Reverted
from ..tokens import Token
from ..units import WAD, Amount, Number, Ratio, Unit
from .catalogue import PoolCatalogue
from .exchange import NOBODY, ExchangeState
from .graph import network
from .history import History
from .pool import PIPS, ConstantProductPool, Hop, PoolKey
from .position import Position
from .quotes import Holding, LiquidityQuote, Quote, Route
from .router import MAX_HOPS, MAX_PARTS, Part, best_path, best_split, useful_pools
from .routes import Pools, mid_price, path_keys, sell_along, yield_of

__all__ = [
    "Exchange",
    "LiquidityAdded",
    "LiquidityRemoved",
    "PoolCreated",
    "Routed",
    "SharesMoved",
    "Skimmed",
    "Swapped",
]

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


@dataclass(frozen=True, slots=True)
class PoolCreated:
    """A pool was opened; it has no liquidity yet."""

    key: PoolKey
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class LiquidityAdded:
    """Both amounts went in, the shares came out. `a` and `b` are in the order of the call."""

    key: PoolKey
    shares: Amount
    amount_a: Amount
    amount_b: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class LiquidityRemoved:
    """The shares are gone, both amounts came out. `a` and `b` are in the order of the call."""

    key: PoolKey
    shares: Amount
    amount_a: Amount
    amount_b: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class SharesMoved:
    """Liquidity shares changed hands."""

    sender: str
    to: str
    shares: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Swapped:
    """A sale that happened."""

    sold: Amount
    bought: Amount
    to: str
    path: tuple[Hop, ...]
    receipt: Receipt = field(repr=False)

    @property
    def price(self) -> Decimal:
        """Bought per sold, in human units."""
        return self.bought.decimal / self.sold.decimal


@dataclass(frozen=True, slots=True)
class Routed:
    """A sale in parts that happened."""

    sold: Amount
    bought: Amount
    to: str
    parts: tuple[Swapped, ...]

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """One of each part, in order."""
        return tuple(part.receipt for part in self.parts)


@dataclass(frozen=True, slots=True)
class Skimmed:
    """Tokens that belonged to nobody went to somebody."""

    amount: Amount
    to: str
    receipt: Receipt = field(repr=False)


class Exchange:
    """Every pool behind one address.

    Amounts are of tokens on the same chain: `weth("1.5")`. `fee` names the pool among those of two
    tokens. Verbs take `sender` (the chain's default sender otherwise), `to` (the sender otherwise)
    and `deadline` (half an hour after the latest block otherwise) [unix seconds]; they approve
    exactly what they need, and take back what was not used. `approve=False` leaves that to you.
    """

    def __init__(self, chain: Chain, address: Who) -> None:
        self.chain = chain
        self.contract = bindings.Exchange(chain, address)
        self.address = self.contract.address
        self._catalogue = PoolCatalogue(self._latest, self._created, self._read)
        self._tokens: dict[str, Token] = {}

    @classmethod
    def deploy(
        cls, chain: Chain, *, weth: HasAddress | str = NOBODY, sender: Sender | None = None
    ) -> Self:
        """A new Exchange without pools. Nobody owns it. `weth` is wrapped ether, if any."""
        made = bindings.Exchange.deploy(chain, weth, 0, NOBODY, sender=sender)
        return cls(chain, made.address)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    # --- pools ------------------------------------------------------------------------------------

    def key(self, token_a: TokenLike, token_b: TokenLike, fee: Percent = "0.3%") -> PoolKey:
        """The key of a pool, whether or not there is one."""
        pips = Ratio.parse(fee).over(PIPS)
        return PoolKey.of(_address(token_a), _address(token_b), pips)

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

    def _read(self, key: PoolKey, block: int | None) -> ConstantProductPool | None:
        books = self.contract.pool(key.id, block=block)
        if not books.updated_at:
            return None
        return ConstantProductPool(
            books.reserve0,
            books.reserve1,
            books.supply,
            key.fee,
            books.updated_at,
            books.cumulative_log_price,
            key.id,
        )

    def pool(
        self, token_a: TokenLike, token_b: TokenLike, fee: Percent = "0.3%"
    ) -> ConstantProductPool:
        """A pool as it is now, as a twin. UnknownPool."""
        return self._catalogue.require(self.key(token_a, token_b, fee))

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
        return ExchangeState(self.address, pools, shares, held)

    def create_pool(
        self,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        *,
        sender: Sender | None = None,
    ) -> PoolCreated:
        """Opens a pool, without liquidity. PoolExists, FeeTooHigh, UnorderedTokens (if equal)."""
        key = self.key(token_a, token_b, fee)
        return PoolCreated(key, self.contract.create_pool(_struct(key), sender=sender))

    # --- liquidity --------------------------------------------------------------------------------

    def shares(
        self, token_a: TokenLike, token_b: TokenLike, fee: Percent = "0.3%", *, owner: Who
    ) -> Amount:
        """Liquidity shares that an account holds of a pool."""
        key = self.key(token_a, token_b, fee)
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

    def _holding(self, key: PoolKey, pool: ConstantProductPool, position: Position) -> Holding:
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
        self, amount_a: Amount, amount_b: Amount, fee: Percent = "0.3%"
    ) -> LiquidityQuote:
        """What a deposit of at most these amounts would take and mint now."""
        key = self.key(amount_a.unit, amount_b.unit, fee)
        max0, max1 = _sorted(key, amount_a, amount_b)
        with self._explained(key):
            shares, paid0, paid1 = self.contract.quote_add_liquidity(_struct(key), max0, max1)
        paid = {key.token0: paid0, key.token1: paid1}
        return LiquidityQuote(
            key,
            self._share_unit(key).amount(shares),
            _like(amount_a, paid),
            _like(amount_b, paid),
        )

    def add_liquidity(
        self,
        amount_a: Amount,
        amount_b: Amount,
        fee: Percent = "0.3%",
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
        quote = self.quote_add_liquidity(amount_a, amount_b, fee)
        key, unit = quote.key, quote.shares.unit
        least = (
            _less(quote.shares.raw, slippage)
            if minimum_shares is None
            else unit.to_raw(minimum_shares)
        )
        # Not more than quoted: so the approvals are exact as long as the price stays.
        max0, max1 = _sorted(key, quote.amount_a, quote.amount_b)
        who, receiver = self._parties(sender, to)
        with ExitStack() as stack:
            if approve:
                stack.enter_context(self._approved(who, quote.amount_a))
                stack.enter_context(self._approved(who, quote.amount_b))
            with self._explained(key):
                receipt = self.contract.add_liquidity(
                    _struct(key), max0, max1, least, receiver, self._until(deadline), sender=who
                )
        event = receipt.one(generated.LiquidityAdded, address=self.address)
        paid = {key.token0: event.amount0, key.token1: event.amount1}
        return LiquidityAdded(
            key, unit.amount(event.shares), _like(amount_a, paid), _like(amount_b, paid), receipt
        )

    def quote_remove_liquidity(
        self, shares: Amount | int, token_a: TokenLike, token_b: TokenLike, fee: Percent = "0.3%"
    ) -> LiquidityQuote:
        """What giving up these shares would free now."""
        key = self.key(token_a, token_b, fee)
        unit = self._share_unit(key)
        raw = unit.to_raw(shares)
        with self._explained(key):
            free0, free1 = self.contract.quote_remove_liquidity(_struct(key), raw)
        freed = {key.token0: free0, key.token1: free1}
        a, b = (self._unit(token).amount(freed[_address(token)]) for token in (token_a, token_b))
        return LiquidityQuote(key, unit.amount(raw), a, b)

    def remove_liquidity(
        self,
        shares: Amount | int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
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
        quote = self.quote_remove_liquidity(shares, token_a, token_b, fee)
        key = quote.key
        min0, min1 = (_less(raw, slippage) for raw in _sorted(key, quote.amount_a, quote.amount_b))
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
            key, quote.shares, _like(quote.amount_a, freed), _like(quote.amount_b, freed), receipt
        )

    def transfer_shares(
        self,
        to: Who,
        shares: Amount | int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        *,
        sender: Sender | None = None,
    ) -> SharesMoved:
        """Gives liquidity shares to somebody else (ERC-6909)."""
        key = self.key(token_a, token_b, fee)
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
        token_in, unit_out = _address(sell.unit), self._unit(buy)
        if path is None:
            pools = self._pools_between(sell.unit, unit_out, hops)
            chosen, amount = self._best(pools, sell, unit_out, hops)
        else:
            chosen = _hops(path, token_in, unit_out.address)
            pools = self._catalogue.read(path_keys(token_in, chosen))
            with self._explained(amount=sell.unit.amount):
                amount = yield_of(pools, token_in, sell.raw, chosen)
        return _quote(pools, sell, unit_out.amount(amount), chosen, slippage)

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
        token_in, unit = _address(sell.unit), self._unit(buy)
        pools = self._pools_between(sell.unit, unit, hops)
        _, single = self._best(pools, sell, unit, hops)
        found = best_split(
            pools,
            token_in,
            unit.address,
            sell.raw,
            max_parts=parts,
            max_hops=hops,
            worth=unit.to_raw(worth),
        )
        return _route(pools, sell, unit, found or (), single, slippage)

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
    ) -> Swapped:
        """Sells exactly `sell`, by the best path of at most three pools unless one is given.

        Refused (TooLittleOut) when it would yield less than the quote by more than `slippage`, or
        less than `minimum`.
        """
        quote = self.quote(sell, buy, path=path, slippage=slippage)
        unit = quote.buy.unit
        least = quote.minimum.raw if minimum is None else unit.to_raw(minimum)
        who, receiver = self._parties(sender, to)
        with ExitStack() as stack:
            stack.enter_context(self._explained(amount_out=unit.amount, min_amount_out=unit.amount))
            if approve:
                stack.enter_context(self._approved(who, sell))
            receipt = self.contract.swap_exact_in(
                sell.unit.address,
                sell.raw,
                [generated.Hop(*hop) for hop in quote.path],
                least,
                receiver,
                self._until(deadline),
                sender=who,
            )
        last = receipt.all(generated.Swap, address=self.address)[-1]
        bought = unit.amount(-min(last.change0, last.change1))
        return Swapped(sell, bought, receiver, quote.path, receipt)

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

    def _pools_between(
        self, sell: Unit, buy: Unit, hops: int
    ) -> dict[PoolKey, ConstantProductPool]:
        """The pools that can lie on a path, all at one block. InputError when there is no path."""
        keys = useful_pools(self.pools(), _address(sell), buy.address, hops)
        if not keys:
            hint = "exchange.pools() lists what there is; longer paths: hops=, or path=[...]"
            raise InputError(f"no pool leads from {sell} to {buy}, nor do {hops}", hint=hint)
        return self._catalogue.read(keys)

    def _best(
        self, pools: Pools, sell: Amount, buy: Unit, hops: int
    ) -> tuple[tuple[Hop, ...], int]:
        token = _address(sell.unit)
        found = best_path(pools, token, buy.address, sell.raw, hops)
        if found is not None:
            return found
        for key in pools:  # a direct pool tells what is wrong
            if key.tokens in ((token, buy.address), (buy.address, token)):
                with self._explained(amount=sell.unit.amount):
                    yield_of(pools, token, sell.raw, [key.hop(token)])
        raise InputError(f"no path carries {sell} to {buy}", hint="sell less, or give a path")

    # --- surplus ----------------------------------------------------------------------------------

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
        """Lets the Exchange take exactly `amount` inside, and no more than before afterwards."""
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

    def _token(self, address: str) -> Token:
        if address not in self._tokens:
            self._tokens[address] = Token(self.chain, address)
        return self._tokens[address]

    def _unit(self, token: TokenLike) -> Unit:
        if isinstance(token, Unit):
            return token
        return token.unit if isinstance(token, Token) else self._token(_address(token)).unit

    def _share_unit(self, key: PoolKey) -> Unit:
        """Shares have no decimals: they are a count, the root of two raw amounts multiplied."""
        pair = "-".join(self._token(token).symbol for token in key.tokens)
        return Unit(f"{pair} {Ratio(key.fee * WAD // PIPS)} LP", 0, self.address)


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
    pools: Pools, sell: Amount, buy: Amount, path: tuple[Hop, ...], slippage: Percent
) -> Quote:
    numerator, denominator = mid_price(pools, sell.unit.address, path)
    return Quote(
        sell=sell,
        buy=buy,
        minimum=buy.unit.amount(_less(buy.raw, slippage)),
        slippage=Ratio.parse(slippage),
        path=path,
        # What is missing to the price of a tiny sale, rounded up.
        price_impact=Ratio(max(0, WAD - buy.raw * denominator * WAD // (sell.raw * numerator))),
        fee=Ratio(_fee(path)),
    )


def _route(
    pools: Pools,
    sell: Amount,
    buy: Unit,
    parts: Sequence[Part],
    single: int,
    slippage: Percent,
) -> Route:
    token, quotes, ideal = sell.unit.address, [], Fraction(0)
    now = dict(pools)
    for path, into, out in parts:
        ideal += into * Fraction(*mid_price(pools, token, path))
        quotes.append(_quote(now, sell.unit.amount(into), buy.amount(out), path, slippage))
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
        price_impact=Ratio(max(0, WAD - floor(bought.raw * WAD / ideal))),
        fee=Ratio(-(-fees // sell.raw)),
    )


def _fee(path: Sequence[Hop]) -> int:
    """What the fees of a path take together, rounded up. [wad]"""
    kept = WAD
    for hop in path:
        kept = kept * (PIPS - hop.fee) // PIPS
    return WAD - kept


def _sorted(key: PoolKey, amount_a: Amount, amount_b: Amount) -> tuple[int, int]:
    """Base units in the order of the key's tokens."""
    if amount_a.unit.address == key.token0:
        return amount_a.raw, amount_b.raw
    return amount_b.raw, amount_a.raw


def _like(amount: Amount, raw: dict[str, int]) -> Amount:
    return amount.unit.amount(raw[amount.unit.address])


def _less(raw: int, slippage: Percent) -> int:
    """`raw` less the slippage, rounded up so that one unit stays one unit."""
    ratio = Ratio.parse(slippage)
    if ratio.wad > WAD:
        raise ParameterError(f"a slippage of {ratio} is above 100%")
    return -(-raw * (WAD - ratio.wad) // WAD)
