"""The whole Exchange in integers: the twin of `contracts/dex/Exchange.sol` and `Settlement.sol`.

Pools, shares of everybody, fees of the protocol, records of prices, and the tokens that the
contract holds, donations included. Verbs take the arguments of the contract's, in its order, and
`now`, the block's time [unix seconds], and `value`, the ether that comes along [wei]; they return
the next state with what the contract would return, or raise the error it would raise. Tokens are
taken to be honest, and traders to own what they pay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from ..errors import ParameterError
from ..reverts import (
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
    TooLittleEther,
    TooLittleFreed,
    TooLittleOut,
    TooManyObservations,
    TooMuchIn,
    TooYoung,
    UnexpectedEther,
    UnknownPool,
    UnorderedPools,
    UnorderedTokens,
    WrongDecimals,
    ZeroAmount,
)
from ..units import check_uint256
from .observations import MAX_OBSERVATIONS, Observation, Observations
from .pool import LOCKED_SHARES, MAX_FEE, Hop, Pool, PoolKey
from .routes import ETHER, buy_along, cost_of, path_keys, sell_along, yield_of
from .stable_swap import StableSwap

__all__ = [
    "MAX_PROTOCOL_SHARE",
    "NOBODY",
    "Added",
    "AddedOneSided",
    "Collected",
    "ExchangeState",
    "Paid",
    "Removed",
    "RemovedOneSided",
    "Skimmed",
    "Swapped",
]

NOBODY: Final = "0x" + "0" * 40
"""The zero address, which holds every pool's locked shares."""
MAX_PROTOCOL_SHARE: Final = 250_000
"""The most of every fee that an Exchange can keep for its protocol, 25 %. [pips of the fee]"""
NEVER: Final = 2**256 - 1


class Added(NamedTuple):
    """After a deposit: shares minted, tokens paid."""

    state: ExchangeState
    shares: int
    amount0: int
    amount1: int


class AddedOneSided(NamedTuple):
    """After a deposit of one token: shares minted, what was paid."""

    state: ExchangeState
    shares: int
    amount_in: int


class Removed(NamedTuple):
    """After a withdrawal: tokens paid out."""

    state: ExchangeState
    amount0: int
    amount1: int


class RemovedOneSided(NamedTuple):
    """After a withdrawal in one token: what was paid out."""

    state: ExchangeState
    amount_out: int


class Swapped(NamedTuple):
    """After a sale: what it paid out."""

    state: ExchangeState
    amount_out: int


class Paid(NamedTuple):
    """After a purchase: what it cost."""

    state: ExchangeState
    amount_in: int


class Skimmed(NamedTuple):
    """After a skim: what it paid out."""

    state: ExchangeState
    surplus: int


class Collected(NamedTuple):
    """After the protocol was paid: how much."""

    state: ExchangeState
    amount: int


@dataclass(frozen=True, slots=True)
class ExchangeState:
    """The Exchange at one moment."""

    address: str = "0x" + "0" * 39 + "1"
    """Where it lives: it refuses itself as a recipient."""

    pools: Mapping[PoolKey, Pool] = field(default_factory=dict)
    """In order of creation."""

    shares: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """(owner, pool id) → liquidity shares, none of them zero."""

    held: Mapping[str, int] = field(default_factory=dict)
    """Token → what the Exchange owns of it: reserves, fees, donations. [raw units]"""

    weth: str = ETHER
    """Wrapped ether; zero when there is none."""

    protocol_share: int = 0
    """The part of every swap fee that is the protocol's. [pips of the fee]"""

    protocol_fees: Mapping[str, int] = field(default_factory=dict)
    """Token → what the protocol has earned and nobody has collected. [raw units]"""

    observations: Mapping[int, Observations] = field(default_factory=dict)
    """Pool id → records of its price, where somebody has paid for them."""

    def __post_init__(self) -> None:
        if not 0 <= self.protocol_share <= MAX_PROTOCOL_SHARE:
            share = f"protocol share {self.protocol_share}"
            raise ParameterError(f"{share} is not from 0 to {MAX_PROTOCOL_SHARE} pips")

    # --- pools ------------------------------------------------------------------------------------

    def create_pool(
        self, key: PoolKey, *, now: int, decimals: Sequence[int] | None = None
    ) -> ExchangeState:
        """Opens a pool of tokens that say they have these decimals (else those of the key).

        UnorderedTokens, FeeTooHigh, UnknownCurve, WrongDecimals, PoolExists.
        """
        if not 0 < int(key.token0, 16) < int(key.token1, 16):
            raise UnorderedTokens(key.token0, key.token1)
        if key.fee > MAX_FEE:
            raise FeeTooHigh(key.fee, MAX_FEE)
        pool = Pool.of(key, now, self.protocol_share)
        if isinstance(pool.curve, StableSwap) and decimals is not None:
            said = pool.curve.decimals0, pool.curve.decimals1
            for token, claim, real in zip(key.tokens, said, decimals, strict=True):
                if claim != real:
                    raise WrongDecimals(token, claim, real)
        if key in self.pools:
            raise PoolExists(key.id)
        return replace(self, pools={**self.pools, key: pool})

    def pool(self, key: PoolKey) -> Pool:
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
        value: int = 0,
    ) -> Added:
        """Pays at most `max0` and `max1` into the pool; the shares go to `to`."""
        self._check_terms(to, now, deadline)
        before = self.pool(key)
        after, shares, amount0, amount1 = before.add_liquidity(max0, max1, now=now)
        if shares < min_shares:
            raise TooFewShares(shares, min_shares)
        paid = {key.token0: amount0, key.token1: amount1}
        if value:
            if self.weth not in paid:
                raise UnexpectedEther(value)
            self._check_ether(ETHER, paid[self.weth], value)
        minted = {to: shares} if before.supply else {NOBODY: LOCKED_SHARES, to: shares}
        state = self._after({key: after}, now)._hold(paid)
        for owner, count in minted.items():
            state = state._credit(owner, key.id, count)
        return Added(state, shares, amount0, amount1)

    def add_liquidity_one_sided(
        self,
        key: PoolKey,
        token_in: str,
        max_amount_in: int,
        min_shares: int = 0,
        *,
        to: str,
        now: int,
        deadline: int = NEVER,
        value: int = 0,
    ) -> AddedOneSided:
        """Pays at most `max_amount_in` of one token into the pool; the shares go to `to`."""
        self._check_terms(to, now, deadline)
        token, zero_for_one = self._side(key, token_in)
        pool = self.pool(key)
        done = pool.add_liquidity_one_sided(max_amount_in, zero_for_one, now=now)
        if done.shares < min_shares:
            raise TooFewShares(done.shares, min_shares)
        self._check_ether(token_in, done.amount_in, value)
        state = self._after({key: done.pool}, now)._charge(token, pool.protocol_cut(done.sold))
        state = state._hold({token: done.amount_in})._credit(to, key.id, done.shares)
        return AddedOneSided(state, done.shares, done.amount_in)

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
        self._check_shares(sender, key, shares)
        freed = ((key.token0, amount0, min0), (key.token1, amount1, min1))
        for token, amount, minimum in freed:
            if amount < minimum:
                raise TooLittleFreed(token, amount, minimum)
        state = self._after({key: after}, now)._hold({key.token0: -amount0, key.token1: -amount1})
        return Removed(state._credit(sender, key.id, -shares), amount0, amount1)

    def remove_liquidity_one_sided(
        self,
        key: PoolKey,
        shares: int,
        token_out: str,
        min_amount_out: int = 0,
        *,
        sender: str,
        to: str,
        now: int,
        deadline: int = NEVER,
    ) -> RemovedOneSided:
        """Gives up shares of `sender`; what they are worth in one token goes to `to`."""
        self._check_terms(to, now, deadline)
        token, one_for_zero = self._side(key, token_out)
        pool = self.pool(key)
        after, amount0, amount1, bought = pool.remove_liquidity_one_sided(
            shares, not one_for_zero, now=now
        )
        kept, sold = (amount0, amount1) if one_for_zero else (amount1, amount0)
        self._check_shares(sender, key, shares)
        amount = kept + bought
        if amount < min_amount_out:
            raise TooLittleFreed(token_out, amount, min_amount_out)
        self._check_unwrapped(token_out, to)
        state = self._after({key: after}, now)._charge(key.other(token), pool.protocol_cut(sold))
        state = state._hold({token: -amount})._credit(sender, key.id, -shares)
        return RemovedOneSided(state, amount)

    def transfer_shares(self, sender: str, to: str, pool_id: int, shares: int) -> ExchangeState:
        """Moves shares between owners (ERC-6909 `transfer`). InsufficientBalance."""
        if check_uint256(shares, "shares") > self.shares.get((sender, pool_id), 0):
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
        value: int = 0,
    ) -> Swapped:
        """Sells exactly `amount_in` through every pool of `path` in turn."""
        self._check_terms(to, now, deadline)
        visited, amounts = sell_along(self.pools, token_in, amount_in, path, self.weth, now)
        if amounts[-1] < min_amount_out:
            raise TooLittleOut(amounts[-1], min_amount_out)
        self._check_ether(token_in, amount_in, value)
        self._check_unwrapped(path[-1].token_out, to)
        return Swapped(self._traded(token_in, path, visited, amounts, now), amounts[-1])

    def swap_exact_out(
        self,
        token_in: str,
        max_amount_in: int,
        path: Sequence[Hop],
        amount_out: int,
        *,
        to: str,
        now: int,
        deadline: int = NEVER,
        value: int = 0,
    ) -> Paid:
        """Buys exactly `amount_out` at the end of `path`, for the least that each pool asks."""
        self._check_terms(to, now, deadline)
        visited, amounts = buy_along(self.pools, token_in, path, amount_out, self.weth, now)
        if amounts[0] > max_amount_in:
            raise TooMuchIn(amounts[0], max_amount_in)
        self._check_ether(token_in, amounts[0], value)
        self._check_unwrapped(path[-1].token_out, to)
        return Paid(self._traded(token_in, path, visited, amounts, now), amounts[0])

    def flash_swap_exact_in(
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
        """`swap_exact_in`, paid after a callback that is unknown here; ether pays none."""
        terms = (token_in, amount_in, path, min_amount_out)
        done = self.swap_exact_in(*terms, to=to, now=now, deadline=deadline)
        self._check_there(path, done.amount_out)
        return done

    def flash_swap_exact_out(
        self,
        token_in: str,
        max_amount_in: int,
        path: Sequence[Hop],
        amount_out: int,
        *,
        to: str,
        now: int,
        deadline: int = NEVER,
    ) -> Paid:
        """`swap_exact_out`, paid after a callback that is unknown here; ether pays none."""
        terms = (token_in, max_amount_in, path, amount_out)
        done = self.swap_exact_out(*terms, to=to, now=now, deadline=deadline)
        self._check_there(path, amount_out)
        return done

    def _check_there(self, path: Sequence[Hop], amount_out: int) -> None:
        """A path that ends where it began may yield what has yet to be paid in."""
        if amount_out > self.held.get(self._named(path[-1].token_out), 0):
            raise InsufficientBalance()

    def flash_loan(self, token: str, amount: int) -> ExchangeState:
        """Lends to a receiver that brings it back: nothing has changed after it.

        ZeroAmount; InsufficientBalance, as an honest token says it.
        """
        if not amount:
            raise ZeroAmount
        if amount > self.held.get(token, 0):
            raise InsufficientBalance()
        return self

    def _traded(
        self,
        token_in: str,
        path: Sequence[Hop],
        visited: Mapping[PoolKey, Pool],
        amounts: Sequence[int],
        now: int,
    ) -> ExchangeState:
        """After these pools changed, with what came in, went out, and is the protocol's."""
        tokens = [self._named(token) for token in (token_in, *(hop.token_out for hop in path))]
        state = self._after(visited, now)
        state = state._hold({tokens[0]: amounts[0]})._hold({tokens[-1]: -amounts[-1]})
        keys = path_keys(token_in, path, self.weth)
        for token, key, amount in zip(tokens[:-1], keys, amounts[:-1], strict=True):
            state = state._charge(token, visited[key].protocol_cut(amount))
        return state

    def quote_exact_in(self, token_in: str, amount_in: int, path: Sequence[Hop]) -> int:
        """What `swap_exact_in` would pay out."""
        return yield_of(self.pools, token_in, amount_in, path, self.weth)

    def quote_exact_out(self, token_in: str, path: Sequence[Hop], amount_out: int) -> int:
        """What `swap_exact_out` would cost."""
        return cost_of(self.pools, token_in, path, amount_out, self.weth)

    # --- prices on record -------------------------------------------------------------------------

    def increase_observations(self, key: PoolKey, count: int) -> ExchangeState:
        """Pays for room to keep `count` records of a pool's price.

        TooManyObservations, UnknownPool, NoLiquidity.
        """
        if count > MAX_OBSERVATIONS:
            raise TooManyObservations(count, MAX_OBSERVATIONS)
        pool = self.pool(key)
        if not pool.supply:
            raise NoLiquidity(key.id)
        ring = self.observations.get(key.id, Observations())
        ring = ring.increased(count, pool.cumulative_log_price, pool.updated_at)
        return replace(self, observations={**self.observations, key.id: ring})

    def observe(self, key: PoolKey, seconds_ago: int, *, now: int) -> Observation:
        """The accumulator as it was `seconds_ago`, or at the latest record before that.

        UnknownPool, NoLiquidity, TooYoung.
        """
        pool, wanted = self.pool(key), max(0, now - seconds_ago)
        if not pool.supply:
            raise NoLiquidity(key.id)
        if wanted >= pool.updated_at:
            return Observation(pool.cumulative_log_price_at(wanted), wanted)
        ring = self.observations.get(key.id, Observations())
        found = ring.find(wanted)
        if found is None:
            raise TooYoung(key.id, ring.oldest or pool.updated_at, wanted)
        return found

    # --- surplus and fees -------------------------------------------------------------------------

    def collect(self, token: str) -> Collected:
        """Pays the protocol what it has earned in a token. ZeroAmount."""
        amount = self.protocol_fees.get(token, 0)
        if not amount:
            raise ZeroAmount
        fees = {other: owed for other, owed in self.protocol_fees.items() if other != token}
        return Collected(replace(self, protocol_fees=fees)._hold({token: -amount}), amount)

    def donate(self, token: str, amount: int) -> ExchangeState:
        """Somebody sends the Exchange tokens without asking it anything."""
        return self._hold({token: amount})

    def booked(self, token: str) -> int:
        """What the pools and the protocol account for of a token. [raw units]"""
        return self.protocol_fees.get(token, 0) + sum(
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
        booked, previous = self.protocol_fees.get(token, 0), 0
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

    def _check_shares(self, sender: str, key: PoolKey, shares: int) -> None:
        balance = self.shares.get((sender, key.id), 0)
        if shares > balance:
            raise SharesExceedBalance(shares, balance)

    def _check_ether(self, token: str, owed: int, value: int) -> None:
        if token == ETHER and value < owed:
            raise TooLittleEther(value, owed)
        if token != ETHER and value:
            raise UnexpectedEther(value)

    def _check_unwrapped(self, token: str, to: str) -> None:
        if token == ETHER and to == self.weth:
            raise InvalidRecipient(to)

    def _named(self, token: str) -> str:
        """The token that pools know under a name that a trader gave."""
        return self.weth if token == ETHER else token

    def _side(self, key: PoolKey, token: str) -> tuple[str, bool]:
        """A token of the pool by its own name, and whether it is token0. TokenNotInPool."""
        named = self._named(token)
        if named not in key.tokens:
            raise TokenNotInPool(token, key.id)
        return named, named == key.token0

    def _after(self, changed: Mapping[PoolKey, Pool], now: int) -> ExchangeState:
        """With these pools as they are now, and their prices on record."""
        observations = dict(self.observations)
        for key, pool in changed.items():
            if key.id in observations:
                observations[key.id] = observations[key.id].recorded(
                    pool.cumulative_log_price, self.pools[key].updated_at, now
                )
        return replace(self, pools={**self.pools, **changed}, observations=observations)

    def _charge(self, token: str, cut: int) -> ExchangeState:
        if not cut:
            return self
        owed = self.protocol_fees.get(token, 0) + cut
        return replace(self, protocol_fees={**self.protocol_fees, token: owed})

    def _hold(self, changes: Mapping[str, int]) -> ExchangeState:
        held = dict(self.held)
        for token, change in changes.items():
            held[token] = held.get(token, 0) + change
        return replace(self, held=held)

    def _credit(self, owner: str, pool_id: int, shares: int) -> ExchangeState:
        balance = self.shares.get((owner, pool_id), 0) + shares
        kept = {entry: count for entry, count in self.shares.items() if entry != (owner, pool_id)}
        return replace(self, shares={**kept, (owner, pool_id): balance} if balance else kept)
