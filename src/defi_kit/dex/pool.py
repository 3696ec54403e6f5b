"""A pool in integers: the twin of one pool of `contracts/dex/Exchange.sol`.

Reserves and amounts are in each token's smallest unit, fees in pips (1e6 = 100 %), times in unix
seconds; an amount that is no integer, or negative, is an AmountError. A verb returns the next state
and never changes the one it is called on. What the contract refuses, the twin refuses with the same
error (`defi_kit.reverts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple, Self

from Crypto.Hash import keccak

from ..errors import ParameterError
from ..reverts import (
    FirstDepositTooSmall,
    InsufficientLiquidity,
    NoLiquidity,
    ReserveOverflow,
    SharesExceedBalance,
    TooFewShares,
    TooLittleOut,
    TooMuchIn,
    ZeroAmount,
)
from ..units import check_uint256
from .checks import check_integer
from .constant_product import MAX_RESERVE, PIPS
from .curves import CONSTANT_PRODUCT, Curve, curve_of

__all__ = [
    "LOCKED_SHARES",
    "MAX_FEE",
    "MAX_RESERVE",
    "PIPS",
    "Bought",
    "Hop",
    "Joined",
    "JoinedOneSided",
    "Left",
    "LeftOneSided",
    "Pool",
    "PoolKey",
    "Sold",
]

MAX_FEE: Final = 100_000
"""The highest swap fee, 10 %. [pips]"""
LOCKED_SHARES: Final = 1000
"""Shares that a pool's first deposit locks for ever."""
ROUNDS: Final = 3
"""How often a one-sided deposit looks for the part to sell."""


# --- names of pools -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PoolKey:
    """Everything that makes a pool the pool it is. Twin of `PoolKey` in `PoolKey.sol`."""

    token0: str
    """The lower address of the two, checksummed."""

    token1: str
    """The higher address of the two, checksummed."""

    fee: int
    """Taken from what a trader pays in. [pips]"""

    curve: int = 0
    """0 is the constant product; another one is `StableSwap(...).word`."""

    @classmethod
    def of(cls, token_a: str, token_b: str, fee: int, curve: int = 0) -> Self:
        """The key of a pool of these tokens, in whichever order they are given."""
        if int(token_a, 16) > int(token_b, 16):
            token_a, token_b = token_b, token_a
        return cls(token_a, token_b, fee, curve)

    @property
    def id(self) -> int:
        """`keccak256(abi.encode(key))`; also the ERC-6909 id of the pool's shares."""
        return _pool_id(self)

    @property
    def tokens(self) -> tuple[str, str]:
        """Both tokens, the lower address first."""
        return self.token0, self.token1

    def other(self, token: str) -> str:
        """The token that is not `token`. ParameterError when the pool does not trade it."""
        if token not in self.tokens:
            raise ParameterError(f"the pool trades {self.token0} and {self.token1}, not {token}")
        return self.token1 if token == self.token0 else self.token0

    def hop(self, token_in: str) -> Hop:
        """The step of a path that sells `token_in` here."""
        return Hop(self.other(token_in), self.fee, self.curve)


class Hop(NamedTuple):
    """One step of a path: the pool of this fee and curve that trades the token at hand for another.

    A plain tuple of the ABI's fields, so that it can be given to the contract as it is.
    """

    token_out: str
    fee: int
    """[pips]"""
    curve: int = 0

    def key(self, token_in: str) -> PoolKey:
        """The pool that this step leads `token_in` through."""
        return PoolKey.of(token_in, self.token_out, self.fee, self.curve)


@lru_cache(maxsize=4096)
def _pool_id(key: PoolKey) -> int:
    words = (int(key.token0, 16), int(key.token1, 16), key.fee, key.curve)
    data = b"".join(word.to_bytes(32, "big") for word in words)
    return int.from_bytes(keccak.new(digest_bits=256, data=data).digest(), "big")


# --- one pool -------------------------------------------------------------------------------------


class Sold(NamedTuple):
    """A pool after a sale of a given amount, and what it yielded."""

    pool: Pool
    amount_out: int


class Bought(NamedTuple):
    """A pool after a purchase of a given amount, and what it cost."""

    pool: Pool
    amount_in: int


class Joined(NamedTuple):
    """A pool after a deposit, the shares it minted and what it took of either token."""

    pool: Pool
    shares: int
    amount0: int
    amount1: int


class JoinedOneSided(NamedTuple):
    """A pool after a deposit of one token: the sale and the deposit that it was."""

    pool: Pool
    shares: int
    sold: int
    """[raw units of the token paid]"""
    bought: int
    """All of it went in again. [raw units of the other token]"""
    joined: int
    """What went in beside it. [raw units of the token paid]"""

    @property
    def amount_in(self) -> int:
        """What was paid in all."""
        return self.sold + self.joined


class Left(NamedTuple):
    """A pool after a withdrawal, and what it freed of either token."""

    pool: Pool
    amount0: int
    amount1: int


class LeftOneSided(NamedTuple):
    """A pool after a withdrawal in one token: the withdrawal and the sale that it was."""

    pool: Pool
    amount0: int
    """What the withdrawal freed; `amount1` likewise."""
    amount1: int
    bought: int
    """What one of them fetched of the other."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool at one moment.

    Every verb takes `now`, the time of the block it happens in; None is the block of the last
    change. Time matters to the price accumulator alone, never to an amount.
    """

    reserve0: int = 0
    """[raw units of token0]"""

    reserve1: int = 0
    """[raw units of token1]"""

    supply: int = 0
    """Liquidity shares, the locked minimum included."""

    fee: int = 3_000
    """[pips]"""

    updated_at: int = 0
    """Last change of the reserves. [unix seconds]"""

    cumulative_log_price: int = 0
    """128 + log2 of the price of token0 in token1, summed over seconds to `updated_at`. [Q64]"""

    id: int = 0
    """The pool's id on the Exchange; it appears in errors only."""

    curve: Curve = CONSTANT_PRODUCT
    """How it prices."""

    protocol_share: int = 0
    """The part of the fee that leaves the pool for the protocol. [pips of the fee]"""

    def __post_init__(self) -> None:
        if type(self.fee) is not int or not 0 <= self.fee <= MAX_FEE:
            check_integer(self.fee, "fee", 0, MAX_FEE, hint="fees are in pips: 3_000 is 0.3%")

    @classmethod
    def of(cls, key: PoolKey, now: int = 0, protocol_share: int = 0) -> Self:
        """A new pool of that key, without liquidity. UnknownCurve, ParameterError."""
        curve = curve_of(key.curve)
        return cls(0, 0, 0, key.fee, now, 0, key.id, curve, protocol_share)

    # --- trades -----------------------------------------------------------------------------------

    def amount_out(self, amount_in: int, zero_for_one: bool) -> int:
        """What selling `amount_in` yields, rounded down; the pool is left as it is.

        ReserveOverflow, NoLiquidity, and ZeroAmount when it would yield nothing.
        """
        if type(amount_in) is not int or amount_in < 0:  # a plain test: this is the hot path
            check_uint256(amount_in)
        reserve_in, reserve_out = self._ordered(zero_for_one)
        self._check_room(zero_for_one, amount_in)
        amount = self.curve.amount_out(amount_in, reserve_in, reserve_out, self.fee, zero_for_one)
        if not amount:
            raise ZeroAmount
        return amount

    def amount_in(self, amount_out: int, zero_for_one: bool) -> int:
        """The least sale that yields `amount_out`; the pool is left as it is.

        NoLiquidity, ZeroAmount, InsufficientLiquidity, and ReserveOverflow when what it would cost
        does not fit in the pool.
        """
        if type(amount_out) is not int or amount_out < 0:
            check_uint256(amount_out)
        reserve_in, reserve_out = self._ordered(zero_for_one)
        if not amount_out:
            raise ZeroAmount
        if amount_out >= reserve_out:
            raise InsufficientLiquidity(self.id, amount_out, reserve_out)
        amount = self.curve.amount_in(amount_out, reserve_in, reserve_out, self.fee, zero_for_one)
        self._check_room(zero_for_one, amount)
        return amount

    def marginal(self, amount_in: int, zero_for_one: bool) -> Fraction:
        """What one more unit would fetch after a sale of `amount_in`, fee taken, not rounded.

        Raw units out for a raw unit in. NoLiquidity.
        """
        reserve_in, reserve_out = self._ordered(zero_for_one)
        return self.curve.marginal(amount_in, reserve_in, reserve_out, self.fee, zero_for_one)

    def protocol_cut(self, amount_in: int) -> int:
        """What of a sale is the protocol's, rounded down. [raw units of the token sold]"""
        return amount_in * self.fee * self.protocol_share // PIPS**2

    def swap_exact_in(
        self, amount_in: int, zero_for_one: bool, *, min_amount_out: int = 0, now: int | None = None
    ) -> Sold:
        """The pool after `amount_in` of token0 (or token1) was sold, and what that yielded.

        Also TooLittleOut when it yields less than `min_amount_out`.

        >>> pool = Pool(5 * 10**18, 10 * 10**18, supply=7 * 10**18)
        >>> pool.swap_exact_in(10**18, zero_for_one=True).amount_out
        1662497915624478906
        """
        amount = self.amount_out(amount_in, zero_for_one)
        if amount < min_amount_out:
            raise TooLittleOut(amount, min_amount_out)
        return Sold(self._traded(amount_in, amount, zero_for_one, now), amount)

    def swap_exact_out(
        self,
        amount_out: int,
        zero_for_one: bool,
        *,
        max_amount_in: int = MAX_RESERVE,
        now: int | None = None,
    ) -> Bought:
        """The pool after `amount_out` of token1 (or token0) was bought, and what that cost.

        Also TooMuchIn when it costs more than `max_amount_in`.

        >>> pool = Pool(5 * 10**18, 10 * 10**18, supply=7 * 10**18)
        >>> pool.swap_exact_out(1662497915624478906, zero_for_one=True).amount_in
        1000000000000000000
        """
        amount = self.amount_in(amount_out, zero_for_one)
        if amount > max_amount_in:
            raise TooMuchIn(amount, max_amount_in)
        return Bought(self._traded(amount, amount_out, zero_for_one, now), amount)

    # --- liquidity --------------------------------------------------------------------------------

    def add_liquidity(
        self, max0: int, max1: int, *, min_shares: int = 0, now: int | None = None
    ) -> Joined:
        """The pool after a deposit of at most `max0` and `max1`, at the pool's ratio.

        The first deposit takes both maxima, sets the ratio and locks LOCKED_SHARES of its shares.
        FirstDepositTooSmall, ZeroAmount, ReserveOverflow, TooFewShares.

        >>> Pool().add_liquidity(10**18, 4 * 10**18).shares
        1999999999999999000
        """
        amount0 = min(check_uint256(max0), MAX_RESERVE)
        amount1 = min(check_uint256(max1), MAX_RESERVE)
        locked = 0
        if self.supply:
            shares, amount0, amount1 = self._proportional(amount0, amount1)
        self._check_room(True, amount0)
        self._check_room(False, amount1)
        if not self.supply:
            locked = LOCKED_SHARES
            shares = self.curve.liquidity(amount0, amount1)
            if shares <= locked:
                raise FirstDepositTooSmall(shares, locked)
            shares -= locked
        if shares < min_shares:
            raise TooFewShares(shares, min_shares)
        return Joined(self._next(amount0, amount1, shares + locked, now), shares, amount0, amount1)

    def _proportional(self, max0: int, max1: int) -> tuple[int, int, int]:
        supply = self.supply
        shares = min(max0 * supply // self.reserve0, max1 * supply // self.reserve1)
        if not shares:
            raise ZeroAmount
        # Rounded up: the pool keeps the dust.
        return shares, -(-shares * self.reserve0 // supply), -(-shares * self.reserve1 // supply)

    def add_liquidity_one_sided(
        self,
        max_amount_in: int,
        zero_for_one: bool,
        *,
        min_shares: int = 0,
        now: int | None = None,
    ) -> JoinedOneSided:
        """The pool after at most `max_amount_in` of token0 (or token1) alone was paid in.

        A part of it is sold here, the rest joins with what that fetched. NoLiquidity,
        ReserveOverflow, ZeroAmount, TooFewShares.
        """
        if not self.supply:
            raise NoLiquidity(self.id)
        amount = min(check_uint256(max_amount_in), MAX_RESERVE)
        sold, (after, bought) = self._part_to_sell(amount, zero_for_one, now)
        reserve_in, reserve_out = after._ordered(zero_for_one)
        rest = amount - sold
        shares = min(rest * self.supply // reserve_in, bought * self.supply // reserve_out)
        if not shares:
            raise ZeroAmount
        if shares < min_shares:
            raise TooFewShares(shares, min_shares)
        joined = -(-shares * reserve_in // self.supply)
        change0, change1 = (joined, bought) if zero_for_one else (bought, joined)
        return JoinedOneSided(
            after._next(change0, change1, shares, now), shares, sold, bought, joined
        )

    def _part_to_sell(self, amount: int, zero_for_one: bool, now: int | None) -> tuple[int, Sold]:
        """How much of `amount` to sell so that what it fetches goes with the rest, and the sale.

        Without fee, all of it put in beside what is there would be worth `most` shares' liquidity;
        a pool that holds as much of the token in proportion has sold as much. Each round counts
        what the sale before it left of that, from below: so what is bought is used up, and a
        little of what is paid may be left over.
        """
        self._check_room(zero_for_one, amount)
        reserve_in, liquidity = self._ordered(zero_for_one)[0], self._liquidity()
        full = self._next(*((amount, 0) if zero_for_one else (0, amount)), 0, None)
        most = full._liquidity() + 1
        sold, sale = 0, None
        for _ in range(ROUNDS):
            more = (reserve_in + amount) * liquidity // most - reserve_in
            if more <= sold:
                break
            sold, sale = more, self.swap_exact_in(more, zero_for_one, now=now)
            liquidity = sale.pool._liquidity()
        if sale is None:
            raise ZeroAmount
        return sold, sale

    def remove_liquidity(self, shares: int, *, now: int | None = None) -> Left:
        """The pool after `shares` were given up, and their part of both reserves, rounded down.

        NoLiquidity, SharesExceedBalance (the locked shares are nobody's), ZeroAmount when nothing
        at all would come out. Minima are checked where tokens have names, in `ExchangeState`.
        """
        check_uint256(shares, "shares")
        if not self.supply:
            raise NoLiquidity(self.id)
        if shares > self.supply - LOCKED_SHARES:
            raise SharesExceedBalance(shares, self.supply - LOCKED_SHARES)
        amount0 = shares * self.reserve0 // self.supply
        amount1 = shares * self.reserve1 // self.supply
        if not amount0 and not amount1:
            raise ZeroAmount
        return Left(self._next(-amount0, -amount1, -shares, now), amount0, amount1)

    def remove_liquidity_one_sided(
        self, shares: int, zero_for_one: bool, *, now: int | None = None
    ) -> LeftOneSided:
        """The pool after `shares` were given up for token1 (or token0) alone.

        A withdrawal of both, and a sale here of the other one. As those: also ZeroAmount when the
        sale would fetch nothing.
        """
        left, amount0, amount1 = self.remove_liquidity(shares, now=now)
        after, bought = left.swap_exact_in(
            amount0 if zero_for_one else amount1, zero_for_one, now=now
        )
        return LeftOneSided(after, amount0, amount1, bought)

    # --- the price and its account ----------------------------------------------------------------

    @property
    def log_price(self) -> int:
        """128 + log2 of the marginal price of token0 in token1, without fee. [Q64]"""
        return self.curve.log_price(self.reserve0, self.reserve1)

    def cumulative_log_price_at(self, now: int) -> int:
        """The accumulator at `now`, were nothing to happen until then. [Q64]"""
        if not self.supply:
            raise NoLiquidity(self.id)
        return self.cumulative_log_price + (now - self.updated_at) * self.log_price

    # --- shared steps -----------------------------------------------------------------------------

    def _liquidity(self) -> int:
        return self.curve.liquidity(self.reserve0, self.reserve1)

    def _ordered(self, zero_for_one: bool) -> tuple[int, int]:
        """The reserve that a trade adds to, and the one it takes from. NoLiquidity."""
        if not self.reserve0:
            raise NoLiquidity(self.id)
        if zero_for_one:
            return self.reserve0, self.reserve1
        return self.reserve1, self.reserve0

    def _check_room(self, of_token0: bool, amount: int) -> None:
        reserve = self.reserve0 if of_token0 else self.reserve1
        limit = self.curve.limits[0 if of_token0 else 1]
        if amount > limit - reserve:
            raise ReserveOverflow(reserve, amount, limit)

    def _traded(self, paid: int, taken: int, zero_for_one: bool, now: int | None) -> Self:
        kept = paid - self.protocol_cut(paid) if self.protocol_share else paid
        if zero_for_one:
            return self._next(kept, -taken, 0, now)
        return self._next(-taken, kept, 0, now)

    def _next(self, change0: int, change1: int, shares: int, now: int | None) -> Self:
        """The books after these changes; the time before them counts at the price before them."""
        cumulative, time = self.cumulative_log_price, self.updated_at
        if now is not None and now != time:
            if self.supply:
                price = self.curve.log_price(self.reserve0, self.reserve1)
                cumulative += (now - time) * price
            time = now
        return type(self)(
            self.reserve0 + change0,
            self.reserve1 + change1,
            self.supply + shares,
            self.fee,
            time,
            cumulative,
            self.id,
            self.curve,
            self.protocol_share,
        )
