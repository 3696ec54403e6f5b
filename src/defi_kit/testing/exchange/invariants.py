"""What always holds of an Exchange from one step to the next: X1 to X4 and X10, and the money.

The numbers are those of contracts/dex/README.md. X5 to X9 are experiments, X7 and X13 are looked at
where they may be broken, and X11 and X12 are all of them, at the edges.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from ...chain.hashing import HasAddress
from ...dex.constant_product import ConstantProduct
from ...dex.exchange import NOBODY
from ...dex.pool import LOCKED_SHARES, Pool, PoolKey
from ..trial import Invariant, Step
from ..words import apart
from .world import PEOPLE, PLENTY, Books

if TYPE_CHECKING:
    from .trial import ExchangeTrial

__all__ = ["INVARIANTS"]

TRADES: Final = ("add_one", "buy", "flash_buy", "flash_sell", "swap")
PAYING: Final = ("add", "add_one", "buy", "remove", "remove_one", "swap")
"""Verbs in which tokens move, and nobody gives any for nothing."""


def x1(trial: ExchangeTrial, before: Books, done: Step, after: Books) -> None:
    """The curve's invariant never falls on a trade, and rises when the fee is positive."""
    if done.verb not in TRADES:
        return
    for key, pool in after.pools.items():
        early = before.pools[key]
        moved = (early.reserve0, early.reserve1) != (pool.reserve0, pool.reserve1)
        if not _rises(early, pool):
            trial.insist(False, "X1", f"fell: {_change(trial, key, early, pool)}")
        if moved and early.fee and not _rises(early, pool, strictly=True):
            same = _change(trial, key, early, pool)
            trial.insist(False, "X1", f"stayed, in spite of the fee: {same}")


def x2(trial: ExchangeTrial, before: Books, _: Step, after: Books) -> None:
    """The invariant per share never falls."""
    for key, early in before.pools.items():
        if early.supply:
            pool = after.pools[key]
            least, most = _bounds(early)[0], _bounds(pool)[1]
            if most * early.supply < least * pool.supply:
                less = _change(trial, key, early, pool)
                trial.insist(False, "X2", f"liquidity per share fell: {less}")


def x3(trial: ExchangeTrial, before: Books, done: Step, after: Books) -> None:
    """Balances are at least reserves and fees together, and no ether stays; what one joins, leaves
    or trades with is booked, all of it."""
    booked = _booked(after)
    was = _booked(before) if done.verb in PAYING else {}
    for token, held in after.held.items():
        books = booked.get(token, 0)
        if held < books:
            told = partial(trial.sum_of, trial.world.symbol(token))
            trial.insist(False, "X3", f"{told(held)} held, {told(books)} booked")
        if was and held - books > before.held[token] - was.get(token, 0):
            more = held - books - before.held[token] + was.get(token, 0)
            left = trial.sum_of(trial.world.symbol(token), more)
            trial.insist(False, "X3", f"{done.verb} left {left} in nobody's books")
    ether = trial.chain.balance(trial.world.exchange.address)
    trial.insist(not ether, "X3", lambda: f"keeps {trial.sum_of('ETH', ether)}")


def _booked(books: Books) -> dict[str, int]:
    """Reserves and fees together, of each token."""
    booked = dict(books.fees)
    for key, pool in books.pools.items():
        for token, reserve in ((key.token0, pool.reserve0), (key.token1, pool.reserve1)):
            booked[token] = booked.get(token, 0) + reserve
    return booked


def x4(trial: ExchangeTrial, before: Books, _: Step, after: Books) -> None:
    """Shares sum to the supply, the locked ones stay locked, and the first are the liquidity."""
    for key, pool in after.pools.items():
        total = sum(count for (_, id_), count in after.shares.items() if id_ == key.id)
        locked = after.shares.get((NOBODY, key.id), 0)
        if total != pool.supply:
            trial.insist(False, "X4", f"{total:,} shares, {pool.supply:,} in all")
        if pool.supply and locked != LOCKED_SHARES:
            trial.insist(False, "X4", f"{locked:,} shares are locked, not {LOCKED_SHARES:,}")
        if pool.supply and key in before.pools and not before.pools[key].supply:
            first = pool.curve.liquidity(pool.reserve0, pool.reserve1)
            if pool.supply != first:
                trial.insist(False, "X4", f"{pool.supply:,} first shares, not {first:,}")


def x10(trial: ExchangeTrial, before: Books, _: Step, after: Books) -> None:
    """The accumulator never falls, and counts each second at the price that held in it."""
    for key, early in before.pools.items():
        if early.supply:
            pool = after.pools[key]
            was, found = early.cumulative_log_price, pool.cumulative_log_price
            due = early.cumulative_log_price_at(pool.updated_at)
            grown, wanted = found - was, due - was
            if grown < 0 or grown != wanted:
                told = f"the sum of logarithms grew by {grown:,}, due were {wanted:,} [Q64]"
                trial.insist(False, "X10", told)


def twin(trial: ExchangeTrial, _: Books, __: Step, after: Books) -> None:
    """Contract and twin have the same books."""
    world = trial.world
    if world.twin is None or world.mode == "twin":
        return
    said = world.twin
    held = {token: said.held.get(token, 0) for token in after.held}
    books = Books(dict(said.pools), held, dict(said.shares), dict(said.protocol_fees))
    trial.insist(books == after, "twin", lambda: _difference(trial, books, after))


def money(trial: ExchangeTrial, _: Books, __: Step, after: Books) -> None:
    """Nothing is created or lost: all is with the people, the actor, the protocol, or here."""
    world = trial.world
    if world.mode == "twin":
        return
    owners: list[HasAddress] = [*world.people.values(), world.actor, world.recipient]
    for symbol, token in world.tokens.items():
        total = after.held[token.address] + sum(token.balance_of(who) for who in owners)
        there = token.total_supply() if symbol == "WETH" else PLENTY * len(PEOPLE)
        if total != there:
            told = partial(trial.sum_of, symbol)
            trial.insist(False, "money", f"{told(there)} were made, {told(total)} are left")


def _change(trial: ExchangeTrial, key: PoolKey, before: Pool, after: Pool) -> str:
    return f"{trial.pool_told(key, before)} became {trial.pool_told(key, after)}"


def _difference(trial: ExchangeTrial, meant: Books, shown: Books) -> str:
    """The first thing of which twin and contract have not the same."""
    for key, said in meant.pools.items():
        found = shown.pools.get(key, said)
        if said != found:
            told = trial.pool_told(key, said), trial.pool_told(key, found)
            if told[0] == told[1]:  # it is the time, or the sum of logarithms
                return f"of a pool {apart(found, said)}, by the twin"
            return f"a pool has {told[1]}, by the twin {told[0]}"
    for what, said_of, found_of in (
        ("held", meant.held, shown.held),
        ("owed in fees", meant.fees, shown.fees),
    ):
        for token in said_of.keys() | found_of.keys():
            said_, found_ = said_of.get(token, 0), found_of.get(token, 0)
            if said_ != found_:
                told_ = partial(trial.sum_of, trial.world.symbol(token))
                return f"{told_(found_)} {what}, by the twin {told_(said_)}"
    return f"pools and shares are {shown.pools}, {shown.shares}, by the twin {meant}"


def _bounds(pool: Pool) -> tuple[int, int]:
    """What the pool's liquidity is at least and at most, far finer than a unit."""
    least = pool.curve.liquidity(pool.reserve0 << 96, pool.reserve1 << 96)
    return least, least + 1


def _rises(before: Pool, after: Pool, *, strictly: bool = False) -> bool:
    """Whether the curve's invariant does not fall; without rounding on the constant product."""
    if isinstance(before.curve, ConstantProduct):
        least, found = before.reserve0 * before.reserve1, after.reserve0 * after.reserve1
        return found > least or (found == least and not strictly)
    (least, _), (found, most) = _bounds(before), _bounds(after)
    return found > least or (most > least and not strictly)


INVARIANTS: Final[Mapping[str, Invariant]] = {
    "X1": x1,
    "X2": x2,
    "X3": x3,
    "X4": x4,
    "X10": x10,
    "twin": twin,
    "money": money,
}
