"""An Exchange's pools on a chain, and the steps that every verb shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any, Final

from .. import bindings
from ..bindings import exchange as generated
from ..bindings import faucet_token as erc20
from ..chain import Chain, Receipt, Sender
from ..chain.abi import decode
from ..chain.hashing import HasAddress, address_of, keccak
from ..errors import InputError, ParameterError, Reverted
from ..reverts import FirstDepositTooSmall, SharesExceedBalance, TooFewShares
from ..tokens import Token
from ..units import WAD, Amount, Number, Ratio, Unit
from .catalogue import PoolCatalogue
from .curves import curve_of
from .exchange import NOBODY, ExchangeState
from .graph import network
from .pool import PIPS, Pool, PoolKey
from .results import PoolCreated
from .routes import ETHER
from .stable_swap import StableSwap

__all__ = [
    "Percent",
    "PoolsClient",
    "TokenLike",
    "Who",
    "key_struct",
    "lost",
    "lowered",
    "raised",
    "slippage_of",
    "token_address",
    "unit_of",
    "wei_of",
]

Who = HasAddress | str
"""An account, a contract or an address."""
TokenLike = Token | Unit | str
"""A token's client, its unit, or its address."""
Percent = Ratio | Number
"""`"0.5%"`, `Ratio`, or a fraction such as `"0.005"`."""

DEPOSIT: Final = keccak(b"Deposit(address,uint256)")
"""First topic of the event by which wrapped ether tells that ether was wrapped."""
OF_SHARES: Final = (FirstDepositTooSmall, SharesExceedBalance, TooFewShares)
"""The refusals whose numbers are liquidity shares; a token's own may have a balance as well."""
PATIENCE: Final = 1_800
"""How long a transaction may wait to be mined unless it has a deadline. [seconds]"""


class PoolsClient:
    """The pools of one Exchange: which there are, what they hold."""

    def __init__(self, chain: Chain, address: Who) -> None:
        self.chain = chain
        self.contract = bindings.Exchange(chain, address)
        self.address = self.contract.address
        self._catalogue = PoolCatalogue(
            self._latest, self._created, self._read, lambda: chain.rewinds
        )
        self._tokens: dict[str, Token] = {}
        self._weth: str | None = None
        self._share: int | None = None

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
        """The key of a pool, whether or not there is one. InputError when both tokens are one.

        A StableSwap pool's key also says the decimals of its tokens: they are looked up.
        """
        pips = Ratio.parse(fee).over(PIPS)
        key = PoolKey.of(self._pooled(token_a), self._pooled(token_b), pips)
        self._check_two(token_a, token_b)
        if amplification is None:
            return key
        digits = (self._unit(token).decimals for token in key.tokens)
        return replace(key, curve=StableSwap(amplification, *digits).word)

    def pools(self) -> tuple[PoolKey, ...]:
        """All pools, in order of creation, from the contract's events.

        BadResponse or UnknownRevert where there is no Exchange at the address.
        """
        keys = self._catalogue.keys()
        if not keys:  # as there are none at an address without an Exchange: one answers this
            _ = self.weth
        return keys

    def _latest(self) -> int:
        return self.chain.block_number

    def _created(self, first: int, last: int) -> Iterator[tuple[PoolKey, int]]:
        created = generated.PoolCreated
        for event in self.contract.events(created, from_block=first, to_block=last):
            key = PoolKey(event.token0, event.token1, event.fee, event.curve)
            yield key, event.log.block_number if event.log else last

    def _read(self, keys: Sequence[PoolKey], block: int | None) -> list[Pool | None]:
        """The pools as they are at a block, None for those that do not exist."""
        reads = [(self.address, self.contract.build("pool", key.id).data) for key in keys]
        told = self.chain.calls(reads, block=block)
        return [self._twin(key, books) for key, books in zip(keys, told, strict=True)]

    def _twin(self, key: PoolKey, told: bytes) -> Pool | None:
        books = generated.Pool.from_tuple(decode(generated.Pool.TYPES, told))
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
        key = self.key(token_a, token_b, fee, amplification)
        with self._explained(key):
            return self._catalogue.require(key)

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
        """Opens a pool, without liquidity. PoolExists, FeeTooHigh, InputError (equal tokens)."""
        key = self.key(token_a, token_b, fee, amplification)
        with self._explained(key):
            return PoolCreated(key, self.contract.create_pool(key_struct(key), sender=sender))

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
        if wei_of(amount):
            yield
            return
        with self._token(amount.unit.address).allowing(owner, self.address, amount):
            yield

    @contextmanager
    def _explained(
        self, key: PoolKey | None = None, **show: Callable[[Any], object]
    ) -> Iterator[None]:
        """Shows the numbers of a refusal in the unit they are in, and the pool by its tokens."""
        try:
            yield
        except Reverted as error:
            if key is not None and error.arguments.get("id") == key.id:
                show.update(id=lambda _: self._name(key))
            if key is not None and isinstance(error, OF_SHARES):
                shares = self._share_unit(key).amount
                show.update(shares=shares, min_shares=shares, balance=shares, locked_shares=shares)
            token = error.arguments.get("token")
            if isinstance(token, str) and error.contract in (None, self.address):
                amount = self._unit(token).amount
                show.update(received=amount, asked=amount, min_amount=amount, amount=amount)
                show.update(token=self._unit)
            error.in_units(**show)
            raise

    def _paid(self, receipt: Receipt, unit: Unit, booked: int) -> Amount:
        """What came in of a token, as its own events tell.

        It is more than what the pool's books grew by if the protocol has a share; should the token
        not tell, `booked` has to do: what is mined is never an error. Mainnet's wrapped ether tells
        by `Deposit`, without a `Transfer`.
        """
        token = self._pooled(unit)
        moves = receipt.all(erc20.Transfer, address=token)
        came = [move.amount for move in moves if move.to == self.address]
        into = (DEPOSIT, bytes.fromhex(self.address[2:]).rjust(32, b"\0"))
        wrapped = [
            int.from_bytes(log.data, "big")
            for log in receipt.logs
            if (log.address, log.topics) == (token, into)
        ]
        return unit.amount(next(iter(came or wrapped), booked))

    def _pooled(self, token: TokenLike) -> str:
        """The address that pools know a token by: wrapped ether's for ether."""
        address = token_address(token)
        return self.ether.address and self.weth if address == ETHER else address

    def _check_two(self, token_a: TokenLike, token_b: TokenLike) -> None:
        """InputError for tokens that are one to a pool, as ether and wrapped ether are."""
        if self._pooled(token_a) != self._pooled(token_b):
            return
        a, b = self._unit(token_a), self._unit(token_b)
        if ETHER in (a.address, b.address):
            hint = "wrap with weth.deposit(...), unwrap with weth.withdraw(...)"
            raise InputError(f"{a} and {b} are one token to a pool", hint=hint)
        raise InputError(f"{a} twice: a pool trades two tokens", hint="name another token")

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
        return token.unit if isinstance(token, Token) else self._token(token_address(token)).unit

    def _share_unit(self, key: PoolKey) -> Unit:
        """Shares have no decimals: they are a count, see `Curve.liquidity`."""
        return Unit(f"{self._name(key)} LP", 0, self.address)

    def _name(self, key: PoolKey) -> str:
        """For example `"WETH-USD 0.3%"`."""
        pair = "-".join(self._token(token).symbol for token in key.tokens)
        curve = f" A={key.curve >> 16}" if key.curve else ""
        return f"{pair} {Ratio(key.fee * WAD // PIPS)}{curve}"


def token_address(token: TokenLike) -> str:
    """The address of a token however it is given. InputError for a unit without one."""
    if isinstance(token, Unit):
        if not token.address:
            raise InputError(f"{token} has no address", hint="make amounts with a token's client")
        return token.address
    return address_of(token)


def unit_of(amount: object) -> Unit:
    """The unit of an amount. InputError for what is none."""
    if not isinstance(amount, Amount):
        hint = 'make amounts with a token: weth("1.5"), or weth.unit.amount(15 * 10**17)'
        kind = type(amount).__name__
        raise InputError(f"{amount!r} is of type {kind}, not an amount of a token", hint=hint)
    return amount.unit


def key_struct(key: PoolKey) -> generated.PoolKey:
    """The key as the contract takes it."""
    return generated.PoolKey(key.token0, key.token1, key.fee, key.curve)


def wei_of(amount: Amount) -> int:
    """The wei that go along with a call which takes this amount."""
    return amount.raw if amount.unit.address == ETHER else 0


def lost(paid: int | Fraction, worth: Fraction) -> Ratio:
    """How much less than what was paid something is worth, rounded up."""
    return Ratio(max(0, WAD - floor(worth * WAD / paid)))


def slippage_of(value: Percent) -> Ratio:
    """How far a price may move between quote and trade: 0 to 100 %. ParameterError above."""
    ratio = Ratio.parse(value)
    if ratio.wad > WAD:
        hint = 'write "0.5%" or "0.005" for half a percent'
        raise ParameterError(f"a slippage of {ratio} is above 100%", hint=hint)
    return ratio


def lowered(raw: int, slippage: Percent) -> int:
    """`raw` less the slippage, rounded up so that one unit stays one unit."""
    return -(-raw * (WAD - slippage_of(slippage).wad) // WAD)


def raised(raw: int, slippage: Percent) -> int:
    """`raw` and the slippage, rounded up."""
    return -(-raw * (WAD + slippage_of(slippage).wad) // WAD)
