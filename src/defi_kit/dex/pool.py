"""A constant-product pool in integers: the twin of one pool of `contracts/dex/Exchange.sol`.

Reserves and amounts are in each token's smallest unit, fees in pips (1e6 = 100 %), times in unix
seconds. A verb returns the next state and never changes the one it is called on. What the contract
refuses, the twin refuses with the same error (`defi_kit.reverts`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isqrt
from typing import Final, NamedTuple, Self

from Crypto.Hash import keccak

from ..errors import ParameterError
from ..math import log2
from ..reverts import (
    FirstDepositTooSmall,
    NoLiquidity,
    ReserveOverflow,
    SharesExceedBalance,
    TooFewShares,
    TooLittleOut,
    ZeroAmount,
)

__all__ = [
    "LOCKED_SHARES",
    "MAX_FEE",
    "MAX_RESERVE",
    "PIPS",
    "ConstantProductPool",
    "Hop",
    "Joined",
    "Left",
    "PoolKey",
    "Traded",
]

PIPS: Final = 1_000_000
"""Scale of fees: 1e6 is 100 %."""
MAX_FEE: Final = 100_000
"""The highest swap fee, 10 %. [pips]"""
LOCKED_SHARES: Final = 1000
"""Shares that a pool's first deposit locks for ever."""
MAX_RESERVE: Final = 2**112 - 1
"""The most a pool holds of one token. [raw units]"""


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
    """0 is the constant product."""

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


class Traded(NamedTuple):
    """A pool after a trade, and what the trade yielded."""

    pool: ConstantProductPool
    amount_out: int


class Joined(NamedTuple):
    """A pool after a deposit, the shares it minted and what it took of either token."""

    pool: ConstantProductPool
    shares: int
    amount0: int
    amount1: int


class Left(NamedTuple):
    """A pool after a withdrawal, and what it freed of either token."""

    pool: ConstantProductPool
    amount0: int
    amount1: int


@dataclass(frozen=True, slots=True)
class ConstantProductPool:
    """A pool at one moment, on the curve `reserve0 * reserve1 = k`.

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
    """128 + log2(reserve1 / reserve0), summed over all seconds up to `updated_at`. [Q64]"""

    id: int = 0
    """The pool's id on the Exchange; it appears in errors only."""

    def __post_init__(self) -> None:
        if not 0 <= self.fee <= MAX_FEE:
            raise ParameterError(f"fee {self.fee} is not from 0 to {MAX_FEE} pips")

    # --- trades -----------------------------------------------------------------------------------

    def amount_out(self, amount_in: int, zero_for_one: bool) -> int:
        """What selling `amount_in` yields, rounded down; the pool is left as it is.

        ReserveOverflow, NoLiquidity, and ZeroAmount when it would yield nothing.
        """
        reserve_in, reserve_out = self.reserve0, self.reserve1
        if not zero_for_one:
            reserve_in, reserve_out = reserve_out, reserve_in
        if not reserve_in:
            raise NoLiquidity(self.id)
        if amount_in > MAX_RESERVE - reserve_in:
            raise ReserveOverflow(reserve_in, amount_in, MAX_RESERVE)
        paid = amount_in * (PIPS - self.fee)
        amount = paid * reserve_out // (reserve_in * PIPS + paid)
        if not amount:
            raise ZeroAmount
        return amount

    def swap_exact_in(
        self, amount_in: int, zero_for_one: bool, *, min_amount_out: int = 0, now: int | None = None
    ) -> Traded:
        """The pool after `amount_in` of token0 (or token1) was sold, and what that yielded.

        Also TooLittleOut when it yields less than `min_amount_out`.

        >>> pool = ConstantProductPool(5 * 10**18, 10 * 10**18, supply=7 * 10**18)
        >>> pool.swap_exact_in(10**18, zero_for_one=True).amount_out
        1662497915624478906
        """
        amount = self.amount_out(amount_in, zero_for_one)
        if amount < min_amount_out:
            raise TooLittleOut(amount, min_amount_out)
        change0, change1 = (amount_in, -amount) if zero_for_one else (-amount, amount_in)
        return Traded(self._next(change0, change1, 0, now), amount)

    # --- liquidity --------------------------------------------------------------------------------

    def add_liquidity(
        self, max0: int, max1: int, *, min_shares: int = 0, now: int | None = None
    ) -> Joined:
        """The pool after a deposit of at most `max0` and `max1`, at the pool's ratio.

        The first deposit takes both maxima, sets the ratio and locks LOCKED_SHARES of its shares.
        FirstDepositTooSmall, ZeroAmount, ReserveOverflow, TooFewShares.

        >>> ConstantProductPool().add_liquidity(10**18, 4 * 10**18).shares
        1999999999999999000
        """
        amount0, amount1 = min(max0, MAX_RESERVE), min(max1, MAX_RESERVE)
        locked = 0
        if not self.supply:
            locked = LOCKED_SHARES
            shares = isqrt(amount0 * amount1)
            if shares <= locked:
                raise FirstDepositTooSmall(shares, locked)
            shares -= locked
        else:
            shares, amount0, amount1 = self._proportional(amount0, amount1)
        if shares < min_shares:
            raise TooFewShares(shares, min_shares)
        return Joined(self._next(amount0, amount1, shares + locked, now), shares, amount0, amount1)

    def _proportional(self, amount0: int, amount1: int) -> tuple[int, int, int]:
        supply = self.supply
        shares = min(amount0 * supply // self.reserve0, amount1 * supply // self.reserve1)
        if not shares:
            raise ZeroAmount
        amounts = []
        for reserve in (self.reserve0, self.reserve1):
            amount = -(-shares * reserve // supply)  # rounded up: the pool keeps the dust
            if amount > MAX_RESERVE - reserve:
                raise ReserveOverflow(reserve, amount, MAX_RESERVE)
            amounts.append(amount)
        return shares, amounts[0], amounts[1]

    def remove_liquidity(self, shares: int, *, now: int | None = None) -> Left:
        """The pool after `shares` were given up, and their part of both reserves, rounded down.

        NoLiquidity, SharesExceedBalance (the locked shares are nobody's), ZeroAmount when nothing
        at all would come out. Minima are checked where tokens have names, in `ExchangeState`.
        """
        if not self.supply:
            raise NoLiquidity(self.id)
        if shares > self.supply - LOCKED_SHARES:
            raise SharesExceedBalance(shares, self.supply - LOCKED_SHARES)
        amount0 = shares * self.reserve0 // self.supply
        amount1 = shares * self.reserve1 // self.supply
        if not amount0 and not amount1:
            raise ZeroAmount
        return Left(self._next(-amount0, -amount1, -shares, now), amount0, amount1)

    # --- the price and its account ----------------------------------------------------------------

    @property
    def log_price(self) -> int:
        """128 + log2(reserve1 / reserve0). [Q64]"""
        return log2((self.reserve1 << 143) // self.reserve0) - (15 << 64)

    def cumulative_log_price_at(self, now: int) -> int:
        """The accumulator at `now`, were nothing to happen until then. [Q64]"""
        if not self.supply:
            raise NoLiquidity(self.id)
        return self.cumulative_log_price + (now - self.updated_at) * self.log_price

    def _next(self, change0: int, change1: int, shares: int, now: int | None) -> Self:
        """The books after these changes; the time before them counts at the price before them."""
        cumulative, time = self.cumulative_log_price, self.updated_at
        if now is not None and now != time:
            if self.supply:
                cumulative += (now - time) * self.log_price
            time = now
        return type(self)(
            self.reserve0 + change0,
            self.reserve1 + change1,
            self.supply + shares,
            self.fee,
            time,
            cumulative,
            self.id,
        )
