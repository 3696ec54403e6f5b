"""Oracles on a chain: prices as decimals a person reads, or the contract's refusal."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Final, Generic, Protocol, Self, TypeVar

from .. import bindings
from ..bindings import exchange as exchange_abi
from ..bindings import feed_oracle as abi
from ..bindings import twap_oracle
from ..chain import Chain, Sender
from ..chain.hashing import ZERO_ADDRESS, HasAddress, address_of
from ..errors import BadResponse, InputError, Reverted, UnknownRevert
from ..tokens import Token
from ..units import WAD, Number, Rate, Ratio, check_uint256, parse_units, to_decimal
from .feed import FeedPrice, Leg, human_price
from .feed_client import Feed
from .guarded import GuardedPrice
from .twap import Reading, TwapPrice
from .vault import VaultPrice, sample_of

__all__ = ["FeedOracle", "GuardedOracle", "TwapOracle", "VaultOracle"]

Who = HasAddress | str
Decimals = Token | int
"""A token, or its decimals."""

HOUR: Final = 3_600
DAY: Final = 86_400
WIDEST: Final = ("0", "1_000_000_000_000")
"""Default bounds of a feed: above nothing, below a trillion."""


class _Priced(Protocol):
    def price(self, *, block: int | None = None) -> int: ...


P = TypeVar("P", bound=_Priced)


class _Oracle(Generic[P]):
    """Anything with a price, for a base and a quote token of known decimals."""

    chain: Chain
    address: str
    contract: P

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    @property
    def _decimals(self) -> tuple[int, int]:
        """Of the base token and of the quote token."""
        raise NotImplementedError

    def price(self, *, block: int | None = None) -> Decimal:
        """Quote tokens that one base token is worth, exact; raises the oracle's refusal."""
        return human_price(self.raw_price(block=block), *self._decimals)

    def raw_price(self, *, block: int | None = None) -> int:
        """Raw quote units that one raw base unit is worth, times 1e36."""
        try:
            return self.contract.price(block=block)
        except Reverted as error:
            self._explain(error)
            raise

    def _explain(self, error: Reverted) -> None:
        """Shows the prices in a refusal as people write them."""
        show = self._show
        error.in_units(price=show, guard_price=show)

    def _show(self, price: int) -> str:
        return f"{human_price(price, *self._decimals):f}"


class FeedOracle(_Oracle[bindings.FeedOracle]):
    """The price of a base token in a quote token, from one feed or two, or a refusal."""

    def __init__(self, chain: Chain, address: Who) -> None:
        self.chain = chain
        self.contract = bindings.FeedOracle(chain, address)
        self.address = self.contract.address

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        feed: Who,
        base: Decimals,
        quote: Decimals,
        *,
        quote_feed: Who | None = None,
        max_age: int = DAY,
        quote_max_age: int | None = None,
        bounds: tuple[Number, Number] = WIDEST,
        quote_bounds: tuple[Number, Number] = WIDEST,
        sender: Sender | None = None,
    ) -> Self:
        """A new oracle; nothing of it can be changed.

        Args:
            feed: prices the base token in the quote token, or both are priced in a third currency
                and `quote_feed` prices the quote token in it.
            base, quote: the tokens, or their decimals.
            max_age: an answer this old is still good. [seconds]
            bounds: an answer on or beyond them is refused, as a person writes them.
        """
        made = bindings.FeedOracle.deploy(
            chain,
            _leg(chain, feed, max_age, bounds),
            abi.Leg(ZERO_ADDRESS, 0, 0, 0)
            if quote_feed is None
            else _leg(chain, quote_feed, quote_max_age or max_age, quote_bounds),
            _places(base),
            _places(quote),
            sender=sender,
        )
        return cls(chain, made.address)

    @cached_property
    def model(self) -> FeedPrice:
        """The twin: the same feeds' decimals, ages and bounds."""
        base, quote = self.contract.base_leg(), self.contract.quote_leg()
        return FeedPrice(
            base=self._twin(base),
            quote=None if quote.feed == ZERO_ADDRESS else self._twin(quote),
            base_decimals=self.contract.base_decimals(),
            quote_decimals=self.contract.quote_decimals(),
        )

    def _twin(self, leg: abi.Leg) -> Leg:
        decimals = Feed(self.chain, leg.feed).decimals
        return Leg(leg.feed, decimals, leg.max_age, leg.min_answer, leg.max_answer)

    @cached_property
    def _decimals(self) -> tuple[int, int]:
        return self.contract.base_decimals(), self.contract.quote_decimals()

    def _explain(self, error: Reverted) -> None:
        """Shows the answers in a refusal as prices."""
        feed = error.arguments.get("feed")
        if not isinstance(feed, str):
            return
        decimals = Feed(self.chain, feed).decimals

        def show(answer: int) -> str:
            return f"{to_decimal(answer, decimals):f}"

        error.in_units(answer=show, min_answer=show, max_answer=show)


class GuardedOracle(_Oracle[bindings.GuardedOracle]):
    """The price of one oracle, as long as another agrees."""

    def __init__(self, chain: Chain, address: Who, base: Decimals, quote: Decimals) -> None:
        self.chain = chain
        self.contract = bindings.GuardedOracle(chain, address)
        self.address = self.contract.address
        self._tokens = _places(base), _places(quote)

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        primary: Who,
        guard: Who,
        base: Decimals,
        quote: Decimals,
        *,
        max_deviation: Number | Ratio = "2%",
        sender: Sender | None = None,
    ) -> Self:
        """A new oracle; nothing of it can be changed.

        Args:
            primary: the oracle whose price is answered.
            guard: the oracle that must agree, of the same tokens in the same order.
            base, quote: the tokens, or their decimals.
            max_deviation: how far the two may lie apart, as a part of the lower price.
        """
        deviation = Ratio.parse(max_deviation).wad
        made = bindings.GuardedOracle.deploy(chain, primary, guard, deviation, sender=sender)
        return cls(chain, made.address, base, quote)

    @cached_property
    def model(self) -> GuardedPrice:
        """The twin: the same sources and deviation."""
        contract = self.contract
        return GuardedPrice(contract.primary(), contract.guard(), contract.max_deviation())

    @property
    def _decimals(self) -> tuple[int, int]:
        return self._tokens


class VaultOracle(_Oracle[bindings.VaultOracle]):
    """The price of an ERC-4626 vault's share: what the vault says, under a cap that grows."""

    def __init__(self, chain: Chain, address: Who, quote: Decimals) -> None:
        self.chain = chain
        self.contract = bindings.VaultOracle(chain, address)
        self.address = self.contract.address
        self._quote = _places(quote)

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        vault: Who,
        asset_oracle: Who,
        quote: Decimals,
        *,
        max_growth: Number | Ratio | Rate = "20%",
        tolerance: Number | Ratio = "0.1%",
        sender: Sender | None = None,
    ) -> Self:
        """A new oracle, its cap where the share stands now; nothing of it can be changed.

        Args:
            vault: the ERC-4626 vault whose shares are priced.
            asset_oracle: prices the vault's asset in the quote token.
            quote: the quote token, or its decimals.
            max_growth: of the cap, a year: a little more than the vault earns.
            tolerance: by how much the share may rise until this is mined; a donation that lifts it
                further is refused (StartOutOfBounds).
        """
        token = Token(chain, vault)
        sample = sample_of(token.decimals, Token(chain, _asset_of(chain, vault)).decimals)
        assets = bindings.LendingPool(chain, vault).convert_to_assets(sample)
        most = assets + assets * Ratio.parse(tolerance).wad // WAD
        growth = Rate.parse(max_growth).per_second_wad
        made = bindings.VaultOracle.deploy(chain, vault, asset_oracle, growth, most, sender=sender)
        return cls(chain, made.address, quote)

    @cached_property
    def vault(self) -> str:
        """The vault's address."""
        return self.contract.vault()

    @cached_property
    def model(self) -> VaultPrice:
        """The twin: the same start and growth."""
        contract = self.contract
        return VaultPrice(
            vault=self.vault,
            sample=contract.sample(),
            start_assets=contract.start_assets(),
            started_at=contract.started_at(),
            max_growth=contract.max_growth(),
        )

    def raw_worth(self, *, block: int | None = None) -> int:
        """What the vault says that the sample of shares (`model.sample`) is worth. [assets]"""
        vault = bindings.LendingPool(self.chain, self.vault)
        return vault.convert_to_assets(self.model.sample, block=block)

    def worth(self, *, block: int | None = None) -> Decimal:
        """What the vault says that one share is worth, in tokens of its asset."""
        return self._per_share(self.raw_worth(block=block))

    def cap(self, *, block: int | None = None) -> Decimal:
        """The most that one share counts for, in tokens of the vault's asset."""
        return self._per_share(self.contract.cap(block=block))

    def _per_share(self, assets: int) -> Decimal:
        share, _ = self._decimals
        extra = len(str(self.model.sample)) - 1 - share
        return to_decimal(assets, self._asset_decimals + extra)

    @cached_property
    def _asset_decimals(self) -> int:
        return Token(self.chain, _asset_of(self.chain, self.vault)).decimals

    @cached_property
    def _decimals(self) -> tuple[int, int]:
        return Token(self.chain, self.vault).decimals, self._quote


class PoolLike(Protocol):
    """What names a pool of an exchange: its key, as `defi_kit.dex` has it."""

    @property
    def id(self) -> int:
        """The pool's id."""

    @property
    def tokens(self) -> tuple[str, str]:
        """Both tokens, the lower address first."""

    @property
    def fee(self) -> int:
        """[pips]"""

    @property
    def curve(self) -> int:
        """0 is the constant product."""


class TwapOracle(_Oracle[bindings.TwapOracle]):
    """The geometric mean of an exchange pool's price over the latest window of time."""

    def __init__(self, chain: Chain, address: Who, base: Decimals, quote: Decimals) -> None:
        self.chain = chain
        self.contract = bindings.TwapOracle(chain, address)
        self.address = self.contract.address
        self._tokens = _places(base), _places(quote)

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        exchange: Who,
        pool: PoolLike,
        base: Token,
        quote: Token,
        *,
        window: int = HOUR // 2,
        max_age: int = HOUR,
        min_liquidity: int | None = None,
        sender: Sender | None = None,
    ) -> Self:
        """A new oracle; nothing of it can be changed.

        It answers as soon as the pool has records that reach back over the window. Room for them is
        paid for once: the exchange's `increase_observations`, for `TwapOracle.records(window)`.

        Args:
            pool: the pool's key. InputError unless it trades the two tokens.
            base, quote: the tokens: the price of which, in which.
            window: the mean is over at least this time. [seconds]
            max_age: the pool changed no longer ago, and the mean begins no further before the
                window. [seconds]
            min_liquidity: shares that the pool must have; half of those there are now, by default.
        """
        pair = {int(base.address, 16), int(quote.address, 16)}
        if pair != {int(token, 16) for token in pool.tokens}:
            raise InputError(
                f"the pool trades {' and '.join(pool.tokens)}, not {base} and {quote}",
                hint="name the pool of these two tokens",
            )
        if min_liquidity is None:
            min_liquidity = bindings.Exchange(chain, exchange).total_supply(pool.id) // 2
        terms = twap_oracle.Terms(window, max_age, min_liquidity)
        inverse = int(base.address, 16) > int(quote.address, 16)
        key = twap_oracle.PoolKey(*pool.tokens, pool.fee, pool.curve)
        made = bindings.TwapOracle.deploy(chain, exchange, key, inverse, terms, sender=sender)
        return cls(chain, made.address, base, quote)

    @staticmethod
    def records(window: int, period: int = 300) -> int:
        """How many records a busy pool must keep for a window, one a period at most. [seconds]

        >>> TwapOracle.records(1_800)
        8
        """
        if check_uint256(window, "window") == 0 or check_uint256(period, "period") == 0:
            raise InputError(f"a window of {window} s, a record in {period} s", hint="1 s at least")
        return (window - 1) // period + 3

    @cached_property
    def model(self) -> TwapPrice:
        """The twin: the same pool and terms."""
        contract = self.contract
        return TwapPrice(
            pool_id=contract.pool_id(),
            inverse=contract.inverse(),
            window=contract.window(),
            max_age=contract.max_age(),
            min_liquidity=contract.min_liquidity(),
        )

    def readings(self, *, block: int | None = None) -> tuple[Reading, Reading]:
        """What the mean is made of: the reading at the window's start, and the present one."""
        exchange = bindings.Exchange(self.chain, self._exchange)
        past = exchange.observe(self._key, self.model.window, block=block)
        return Reading(*past), Reading(*exchange.observe(self._key, 0, block=block))

    @cached_property
    def _key(self) -> exchange_abi.PoolKey:
        key = self.contract.pool_key()
        return exchange_abi.PoolKey(key.token0, key.token1, key.fee, key.curve)

    @cached_property
    def _exchange(self) -> str:
        return self.contract.exchange()

    @property
    def _decimals(self) -> tuple[int, int]:
        return self._tokens


def _places(token: Decimals) -> int:
    return token if isinstance(token, int) else token.decimals


def _asset_of(chain: Chain, vault: Who) -> str:
    try:
        return bindings.LendingPool(chain, vault).asset()
    except (UnknownRevert, BadResponse) as error:
        raise InputError(
            f"{address_of(vault)} is no ERC-4626 vault: it does not name its asset",
            hint="a lending pool is one: VaultOracle.deploy(chain, kit.lending.address, ...)",
        ) from error


def _leg(chain: Chain, feed: Who, max_age: int, bounds: tuple[Number, Number]) -> abi.Leg:
    address = address_of(feed)
    decimals = Feed(chain, address).decimals
    low, high = (parse_units(bound, decimals) for bound in bounds)
    return abi.Leg(address, max_age, low, high)
