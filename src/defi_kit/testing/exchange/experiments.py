"""What would hold if it were done: X5 to X10. Each is done, looked at and undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import partial
from math import floor
from typing import TYPE_CHECKING, Any, Final

from ...bindings import BlocklistToken, FalseToken, FeeToken, RebasingToken
from ...dex.constant_product import ConstantProduct
from ...dex.pool import PoolKey
from ...errors import Reverted
from ...reverts import NoLiquidity, TooYoung
from ...units import WAD
from ..violations import Violation
from ..words import grouped, lasting
from .world import NEVER, struct, structs, told

if TYPE_CHECKING:
    from .trial import ExchangeTrial


def _tried(trial: ExchangeTrial, verb: str, *given: Any) -> Any:
    """What came of it; 0 where it is refused."""
    try:
        return trial.attempt(verb, *given)
    except Reverted:
        return 0


def _sold(trial: ExchangeTrial, who: str, pool: int, token: str, amount: int) -> int:
    """What a sale in one pool fetches; 0 where it is refused."""
    key, world = trial.key(pool), trial.world
    out = world.symbol(key.other(world.address(token)))
    fetched: int = _tried(trial, "swap", who, token, amount, str(pool), out)
    return fetched


def _other(trial: ExchangeTrial, pool: int, token: str) -> str:
    world = trial.world
    return world.symbol(trial.key(pool).other(world.address(token)))


def round_trip(trial: ExchangeTrial, who: str, pool: int, token: str, amount: int) -> None:
    """X5: A to B to A returns no more than went in."""
    there = _sold(trial, who, pool, token, amount)
    if there:
        back = _sold(trial, who, pool, _other(trial, pool, token), there)
        told = partial(trial.sum_of, token)
        trial.insist(back <= amount, "X5", lambda: f"{told(amount)} in, {told(back)} back")


def in_and_out(trial: ExchangeTrial, who: str, pool: int, amount0: int, amount1: int) -> None:
    """X6: liquidity that joins and leaves takes no more than it brought."""
    held = trial.shares(who, pool)
    paid = _tried(trial, "add", who, pool, amount0, amount1)
    minted = trial.shares(who, pool) - held
    if minted:
        got = _tried(trial, "remove", who, pool, minted) or (0, 0)
        gains = [late - early for early, late in zip(paid, got, strict=True)]
        for token, gain in zip(map(trial.world.symbol, trial.key(pool).tokens), gains, strict=True):
            if gain > 0:
                trial.insist(False, "X6", f"in and out gained {trial.sum_of(token, gain)}")


def one_sided(trial: ExchangeTrial, who: str, pool: int, token: str, amount: int) -> None:
    """X6: joining with one token is no cheaper than the sale it is, and neither is leaving."""
    other = _other(trial, pool, token)
    for out in (token, other):
        with trial.rewound():
            held = trial.shares(who, pool)
            paid = _tried(trial, "add_one", who, pool, token, amount)
            minted = trial.shares(who, pool) - held
            got = _tried(trial, "remove_one", who, pool, minted, out) if minted else 0
        if not got:
            continue
        if out == token:
            fair, instead = paid, f"{trial.sum_of(out, paid)} in"
        else:
            with trial.rewound():
                fair = _sold(trial, who, pool, token, paid) or got
            instead = f"a sale fetches {trial.sum_of(out, fair)}"
        trial.insist(got <= fair, "X6", f"{instead}, in and out {trial.sum_of(out, got)}")


def backwards(trial: ExchangeTrial, who: str, pool: int, token: str, amount: int) -> None:
    """X7: what a sale fetches can be bought for no more than was sold."""
    with trial.rewound():
        out = _sold(trial, who, pool, token, amount)
    if not out:
        return
    with trial.rewound():
        paid = _tried(trial, "buy", who, token, str(pool), _other(trial, pool, token), out)
    told, fetched = partial(trial.sum_of, token), trial.sum_of(_other(trial, pool, token), out)
    cost = f"cost {told(paid)}" if paid else "cannot be bought"
    trial.insist(0 < paid <= amount, "X7", f"{told(amount)} fetch {fetched}, which {cost}")
    with trial.rewound():
        less = _sold(trial, who, pool, token, paid - 1) if paid > 1 else 0
    trial.insist(
        less < out,
        "X7",
        lambda: f"{fetched} cost {told(paid)}, {told(paid - 1)} fetch them too",
    )


def split(trial: ExchangeTrial, who: str, pool: int, token: str, less: int, more: int) -> None:
    """X8: parts of a trade never fetch more than the whole."""
    with trial.rewound():
        whole = _sold(trial, who, pool, token, less + more)
    parts = [_sold(trial, who, pool, token, part) for part in (less, more)]
    if whole:
        told = partial(trial.sum_of, _other(trial, pool, token))
        trial.insist(
            sum(parts) <= whole,
            "X8",
            lambda: f"{told(whole)} at once, {' and '.join(map(told, parts))} in parts",
        )


def more_is_more(
    trial: ExchangeTrial, who: str, pool: int, token: str, less: int, more: int
) -> None:
    """X9: more in never fetches less, and nothing beats the marginal price."""
    state = trial.pool(pool)
    forward = trial.world.address(token) == trial.key(pool).token0
    price = state.marginal(0, forward) if state.supply else Fraction(0)
    # StableSwap's invariant is rounded up, and a price follows from it: a unit's worth of play.
    play = 0 if isinstance(state.curve, ConstantProduct) else 1
    sold, got = partial(trial.sum_of, token), partial(trial.sum_of, _other(trial, pool, token))
    fetched: list[int] = []
    for amount in sorted((less, more)):
        with trial.rewound():
            fetched.append(_sold(trial, who, pool, token, amount))
        most = floor(amount * price) + play
        if fetched[-1] > most:
            reason = f"{sold(amount)} fetched {got(fetched[-1])}, at the margin {got(most)}"
            trial.insist(False, "X9", reason)
    trial.insist(
        not fetched[1] or fetched[0] <= fetched[1],
        "X9",
        lambda: (
            f"{sold(max(less, more))} fetched {got(fetched[1])}, "
            f"{sold(min(less, more))} {got(fetched[0])}"
        ),
    )


def one_block(trial: ExchangeTrial, who: str, pool: int, token: str, less: int, more: int) -> None:
    """X10: the first change in a block closes the account; nothing after it moves it."""
    world, key, before = trial.world, trial.key(pool), trial.pool(pool)
    if world.mode == "twin":
        return
    start, sender = world.address(token), trial.person(who)
    hops, build = structs([key.hop(start)]), world.exchange.build
    trial.chain.batch(
        build("swap_exact_in", start, amount, hops, 0, sender, NEVER, sender=sender)
        for amount in (less, more)
    )
    due = before.cumulative_log_price_at(trial.chain.timestamp)
    found = world.pool(key).cumulative_log_price
    was = before.cumulative_log_price
    trial.insist(
        found == due,
        "X10",
        lambda: f"the sum of logarithms grew by {found - was:,}, due were {due - was:,} [Q64]",
    )


def record(trial: ExchangeTrial, pool: int, age: int) -> None:
    """X10: what is on record is what was; twin and contract find the same, or neither does."""
    world, key = trial.world, trial.key(pool)
    if world.mode == "twin":
        return
    state, wanted = world.pool(key), max(trial.chain.timestamp - age, 0)
    try:
        found = tuple(world.exchange.observe(struct(key), age))
        total, moment = found
        # The logarithms are of 128 bits more than the price, so their sum never falls.
        holds = moment <= wanted and total <= state.cumulative_log_price
        if wanted >= state.updated_at:
            holds = (total, moment) == (state.cumulative_log_price_at(wanted), wanted)
        last = f"the last of the pool is {state.cumulative_log_price:,} [Q64]"
        told_ = f"on record of {lasting(age)} ago is a sum of logarithms of {total:,}"
        trial.insist(holds, "X10", f"{told_}, {last}")
    except Reverted as error:
        found = told(error)
        young = isinstance(error, NoLiquidity | TooYoung)
        trial.insist(young, "X10", f"no price of {lasting(age)} ago: {error}")
    if world.twin is None:
        return
    try:
        said = tuple(world.twin.observe(key, age, now=trial.chain.timestamp))
    except Reverted as error:
        said = told(error)
    if found != said:
        raise Violation("twin", f"on record are {found}, with the twin {said}")


def sandwich(
    trial: ExchangeTrial, who: str, victim: str, pool: int, token: str, amount: int, attack: int
) -> None:
    """X5, X7: a victim that accepts no less than the quote gets it or stays out, and then whoever
    pushed the price for it has lost."""
    out = _other(trial, pool, token)
    with trial.rewound():
        quoted = _sold(trial, victim, pool, token, amount)
    pushed = _sold(trial, who, pool, token, attack)
    if not quoted or not pushed:
        return
    fetched = _tried(trial, "swap", victim, token, amount, str(pool), out, quoted)
    back = _sold(trial, who, pool, out, pushed)
    trial.note("sandwiches")
    if not fetched:
        told = partial(trial.sum_of, token)
        trial.insist(back <= attack, "X5", lambda: f"{told(attack)} in, {told(back)} back")


def hostile(trial: ExchangeTrial, kind: str, amount: int) -> None:
    """X3: a token that turns out to be bad takes nothing from other tokens, and no verb believes
    that it moved what it did not."""
    world, exchange = trial.world, trial.world.exchange
    if world.mode == "twin":
        return
    made, turn = HOSTILE[kind]
    token = made.deploy(trial.chain, kind, 6)
    good = world.tokens["T6"]
    for person in map(trial.person, ("alice", "bob")):
        token.mint(person, 4 * amount)
        token.approve(exchange, NEVER, sender=person)
    key = PoolKey.of(token.address, good.address, 3_000)
    exchange.create_pool(struct(key))
    _deed(trial, "alice", "add_liquidity", struct(key), amount, amount, 0)
    turn(token, exchange.address)
    sale = amount // 7
    deeds: tuple[tuple[Any, ...], ...] = (
        ("swap_exact_in", token.address, sale, structs([key.hop(token.address)]), 0),
        ("swap_exact_in", good.address, sale, structs([key.hop(good.address)]), 0),
        ("add_liquidity", struct(key), sale, sale, 0),
        ("remove_liquidity", struct(key), sale, 0, 0),
    )
    for who in ("alice", "bob"):
        for deed in deeds:
            _deed(trial, who, *deed)
            pool = world.pool(key)
            reserves = dict(zip(key.tokens, (pool.reserve0, pool.reserve1), strict=True))
            books = world.read()
            held = token.balance_of(exchange)
            booked = books.held[good.address] - trial.seen.held[good.address]
            for what, has, owes in (
                (f"of a token that turned {kind}", held, reserves[token.address]),
                ("of the good token beside it", booked, reserves[good.address]),
            ):
                if has < owes:
                    told = f"{grouped(has, 6)} held {what}, {grouped(owes, 6)} booked"
                    trial.insist(False, "X3", told)
            trial.insist(books.pools == trial.seen.pools, "X3", "other pools moved")


def _deed(trial: ExchangeTrial, who: str, verb: str, *given: Any) -> None:
    """Done, or refused."""
    sender = trial.person(who)
    with suppress(Reverted):
        getattr(trial.world.exchange, verb)(*given, sender, NEVER, sender=sender)


HOSTILE: Final[Mapping[str, tuple[Any, Callable[[Any, str], Any]]]] = {
    "fee": (FeeToken, lambda token, exchange: token.set_fee(100)),
    "false": (FalseToken, lambda token, exchange: token.set_failing(True)),
    "blocked": (BlocklistToken, lambda token, exchange: token.set_blocked(exchange, True)),
    "rebasing": (RebasingToken, lambda token, exchange: token.set_index(2 * WAD)),
}
"""Tokens that behave, and what makes them behave no more."""
