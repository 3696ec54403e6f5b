"""The whole Exchange in integers: the twin of `contracts/dex/Exchange.sol`.

Pools, shares of everybody, and the tokens that the contract holds, donations included. Verbs take
the arguments of the contract's, in its order, and `now`, the block's time [unix seconds]; they
return the next state with what the contract would return, or raise the error it would raise.
Tokens are taken to be honest, and traders to own what they pay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from ..reverts import (
    EmptyPath,
    Expired,
    FeeTooHigh,
    IncompleteList,
    InsufficientBalance,
    InvalidRecipient,
    NoLiquidity,
    NothingToSkim,
    PoolExists,
    SharesExceedBalance,
    TokenNotInPool,
    TooFewShares,
    TooLittleFreed,
    TooLittleOut,
    UnknownCurve,
    UnknownPool,
    UnorderedPools,
    UnorderedTokens,
)
from .pool import LOCKED_SHARES, MAX_FEE, ConstantProductPool, Hop, PoolKey
from .routes import yield_of

__all__ = ["NOBODY", "Added", "ExchangeState", "Removed", "Skimmed", "Swapped"]

NOBODY: Final = "0x" + "0" * 40
"""The zero address, which holds every pool's locked shares."""
NEVER: Final = 2**256 - 1


class Added(NamedTuple):
    """After a deposit: shares minted, tokens paid."""

    state: ExchangeState
    shares: int
    amount0: int
    amount1: int


class Removed(NamedTuple):
    """After a withdrawal: tokens paid out."""

    state: ExchangeState
    amount0: int
    amount1: int


class Swapped(NamedTuple):
    """After a trade: what it paid out."""

    state: ExchangeState
    amount_out: int


class Skimmed(NamedTuple):
    """After a skim: what it paid out."""

    state: ExchangeState
    surplus: int


@dataclass(frozen=True, slots=True)
class ExchangeState:
    """The Exchange at one moment."""

    address: str = "0x" + "0" * 39 + "1"
    """Where it lives: it refuses itself as a recipient."""

    pools: Mapping[PoolKey, ConstantProductPool] = field(default_factory=dict)
    """In order of creation."""

    shares: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """(owner, pool id) → liquidity shares, none of them zero."""

    held: Mapping[str, int] = field(default_factory=dict)
    """Token → what the Exchange owns of it: reserves and donations. [raw units]"""

    # --- pools ------------------------------------------------------------------------------------

    def create_pool(self, key: PoolKey, *, now: int) -> ExchangeState:
        """Opens a pool. UnorderedTokens, FeeTooHigh, UnknownCurve, PoolExists."""
        if not 0 < int(key.token0, 16) < int(key.token1, 16):
            raise UnorderedTokens(key.token0, key.token1)
        if key.fee > MAX_FEE:
            raise FeeTooHigh(key.fee, MAX_FEE)
        if key.curve:
            raise UnknownCurve(key.curve)
        if key in self.pools:
            raise PoolExists(key.id)
        pool = ConstantProductPool(fee=key.fee, updated_at=now, id=key.id)
        return replace(self, pools={**self.pools, key: pool})

    def pool(self, key: PoolKey) -> ConstantProductPool:
        """The pool of that key. UnknownPool."""
        if key not in self.pools:
            raise UnknownPool(key.id)
        return self.pools[key]

    # --- liquidity --------------------------------------------------------------------------------

    def add_liquidity(
        self,
        key: PoolKey,
        max0: int,
        max1: int,
        min_shares: int = 0,
        *,
        to: str,
        now: int,
        deadline: int = NEVER,
    ) -> Added:
        """Pays at most `max0` and `max1` into the pool; the shares go to `to`."""
        self._check_terms(to, now, deadline)
        before = self.pool(key)
        after, shares, amount0, amount1 = before.add_liquidity(max0, max1, now=now)
        if shares < min_shares:
            raise TooFewShares(shares, min_shares)
        minted = {to: shares} if before.supply else {NOBODY: LOCKED_SHARES, to: shares}
        state = self._with(key, after, {key.token0: amount0, key.token1: amount1})
        for owner, count in minted.items():
            state = state._credit(owner, key.id, count)
        return Added(state, shares, amount0, amount1)

    def remove_liquidity(
        self,
        key: PoolKey,
        shares: int,
        min0: int = 0,
        min1: int = 0,
        *,
        sender: str,
        to: str,
        now: int,
        deadline: int = NEVER,
    ) -> Removed:
        """Gives up shares of `sender`; what they free goes to `to`."""
        self._check_terms(to, now, deadline)
        after, amount0, amount1 = self.pool(key).remove_liquidity(shares, now=now)
        balance = self.shares.get((sender, key.id), 0)
        if shares > balance:
            raise SharesExceedBalance(shares, balance)
        freed = ((key.token0, amount0, min0), (key.token1, amount1, min1))
        for token, amount, minimum in freed:
            if amount < minimum:
                raise TooLittleFreed(token, amount, minimum)
        state = self._with(key, after, {key.token0: -amount0, key.token1: -amount1})
        return Removed(state._credit(sender, key.id, -shares), amount0, amount1)

    def transfer_shares(self, sender: str, to: str, pool_id: int, shares: int) -> ExchangeState:
        """Moves shares between owners (ERC-6909 `transfer`). InsufficientBalance."""
        if shares > self.shares.get((sender, pool_id), 0):
            raise InsufficientBalance()
        return self._credit(sender, pool_id, -shares)._credit(to, pool_id, shares)

    # --- trades -----------------------------------------------------------------------------------

    def swap_exact_in(
        self,
        token_in: str,
        amount_in: int,
        path: Sequence[Hop],
        min_amount_out: int = 0,
        *,
        to: str,
        now: int,
        deadline: int = NEVER,
    ) -> Swapped:
        """Sells exactly `amount_in` through every pool of `path` in turn."""
        self._check_terms(to, now, deadline)
        if not path:
            raise EmptyPath
        pools = dict(self.pools)
        token, amount = token_in, amount_in
        for hop in path:
            key = hop.key(token)
            if key not in pools:
                raise UnknownPool(key.id)
            pools[key], amount = pools[key].swap_exact_in(amount, token == key.token0, now=now)
            token = hop.token_out
        if amount < min_amount_out:
            raise TooLittleOut(amount, min_amount_out)
        state = replace(self, pools=pools)._hold({token_in: amount_in})._hold({token: -amount})
        return Swapped(state, amount)

    def quote_exact_in(self, token_in: str, amount_in: int, path: Sequence[Hop]) -> int:
        """What `swap_exact_in` would pay out."""
        return yield_of(self.pools, token_in, amount_in, path)

    # --- surplus ----------------------------------------------------------------------------------

    def donate(self, token: str, amount: int) -> ExchangeState:
        """Somebody sends the Exchange tokens without asking it anything."""
        return self._hold({token: amount})

    def booked(self, token: str) -> int:
        """What the pools account for of a token. [raw units]"""
        return sum(
            pool.reserve0 if token == key.token0 else pool.reserve1
            for key, pool in self.pools.items()
            if token in key.tokens
        )

    def funded_pools(self, token: str) -> list[PoolKey]:
        """The pools with liquidity that trade a token, in the order that `skim` wants."""
        found = [k for k, pool in self.pools.items() if pool.supply and token in k.tokens]
        return sorted(found, key=lambda key: key.id)

    def skim(self, token: str, keys: Sequence[PoolKey], *, to: str) -> Skimmed:
        """Sends `to` what the Exchange holds of a token beyond its books."""
        self._check_terms(to, 0, NEVER)
        funded = len(self.funded_pools(token))
        if len(keys) != funded:
            raise IncompleteList(token, len(keys), funded)
        booked, previous = 0, 0
        for key in keys:
            if key.id <= previous:
                raise UnorderedPools(previous, key.id)
            pool = self.pool(key)
            if not pool.supply:
                raise NoLiquidity(key.id)
            if token not in key.tokens:
                raise TokenNotInPool(token, key.id)
            booked += pool.reserve0 if token == key.token0 else pool.reserve1
            previous = key.id
        balance = self.held.get(token, 0)
        if balance <= booked:
            raise NothingToSkim(token, balance, booked)
        return Skimmed(self._hold({token: booked - balance}), balance - booked)

    # --- shared steps -----------------------------------------------------------------------------

    def _check_terms(self, to: str, now: int, deadline: int) -> None:
        if now > deadline:
            raise Expired(deadline, now)
        if to in (NOBODY, self.address):
            raise InvalidRecipient(to)

    def _with(
        self, key: PoolKey, pool: ConstantProductPool, received: Mapping[str, int]
    ) -> ExchangeState:
        return replace(self, pools={**self.pools, key: pool})._hold(received)

    def _hold(self, changes: Mapping[str, int]) -> ExchangeState:
        held = dict(self.held)
        for token, change in changes.items():
            held[token] = held.get(token, 0) + change
        return replace(self, held=held)

    def _credit(self, owner: str, pool_id: int, shares: int) -> ExchangeState:
        balance = self.shares.get((owner, pool_id), 0) + shares
        kept = {entry: count for entry, count in self.shares.items() if entry != (owner, pool_id)}
        return replace(self, shares={**kept, (owner, pool_id): balance} if balance else kept)
