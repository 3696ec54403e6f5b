"""What callers name, and what nobody may do: done, looked at and undone.

The exact terms of a quote are served, to whom they are for; a unit beyond them, a time that is over
and a recipient that is none are refused, and so is what would spoil the books.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ...bindings import MockToken
from ...bindings.exchange import PoolKey as KeyStruct
from ...chain import Account
from ...chain.hashing import ZERO_ADDRESS
from ...dex.pool import PoolKey
from ...errors import Reverted
from .world import NEVER, struct, structs

if TYPE_CHECKING:
    from .trial import ExchangeTrial

__all__ = ["for_another", "forbidden"]

Asset = str | int
"""A token, by its address, or a pool's shares, by its id."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A verb at the terms that were quoted for it."""

    verb: str
    given: tuple[Any, ...]
    """What comes before the recipient and the deadline."""
    terms: Mapping[int, int]
    """Place of a term in it → what makes of it one that cannot be met: 1 for a least."""
    paid: Mapping[Asset, int]
    got: Mapping[Asset, int]


def for_another(
    trial: ExchangeTrial, who: str, to: str, pool: int, token: str, amount: int
) -> None:
    """X7: what `who` does for `to` is paid by the one and got by the other, just as quoted, and not
    beyond what was named."""
    if trial.world.mode == "twin" or who == to:
        return
    payer, taker = trial.person(who), trial.person(to)
    for deed in _deeds(trial, who, pool, token, amount):
        with trial.rewound():
            _served(trial, deed, payer, taker)
        for place, beyond in deed.terms.items():
            worse = list(deed.given)
            worse[place] += beyond
            _refused(trial, "X7", payer, deed.verb, *worse, taker, NEVER)
        nobodies = ((taker, trial.chain.timestamp), (ZERO_ADDRESS, NEVER))
        for recipient, deadline in (*nobodies, (trial.world.exchange, NEVER)):
            _refused(trial, "X7", payer, deed.verb, *deed.given, recipient, deadline)


def _served(trial: ExchangeTrial, deed: Deed, payer: Account, taker: Account) -> None:
    parties = [(payer, asset, -paid) for asset, paid in deed.paid.items()]
    parties += [(taker, asset, got) for asset, got in deed.got.items()]
    had = [_owned(trial, who, asset) for who, asset, _ in parties]
    refusal = _sent(trial, payer, deed.verb, *deed.given, taker, NEVER)
    trial.insist(refusal is None, "X7", f"{deed.verb} at its quote: {refusal}")
    has = [_owned(trial, who, asset) for who, asset, _ in parties]
    moved = [now - was for was, now in zip(had, has, strict=True)]
    due = [change for _, _, change in parties]

    def told(changes: Sequence[int]) -> str:
        assets = [asset for _, asset, _ in parties]
        return " and ".join(map(partial(_sum_of, trial), assets, changes))

    trial.insist(
        moved == due,
        "X7",
        lambda: f"{deed.verb} for another moved {told(moved)}, should {told(due)}",
    )


def _deeds(trial: ExchangeTrial, who: str, pool: int, token: str, amount: int) -> Iterator[Deed]:
    """Those that are quoted: a quote that is refused promises nothing."""
    exchange, key, start = trial.world.exchange, trial.key(pool), trial.world.address(token)
    named, hops, other = struct(key), structs([key.hop(start)]), key.other(start)
    shares, (token0, token1) = trial.shares(who, pool) // 2, key.tokens
    for out in _quoted(exchange.quote_exact_in, start, amount, hops):
        given: tuple[Any, ...] = (start, amount, hops, out)
        yield Deed("swap_exact_in", given, {3: 1}, {start: amount}, {other: out})
        for cost in _quoted(exchange.quote_exact_out, start, hops, out):
            given = (start, cost, hops, out)
            yield Deed("swap_exact_out", given, {1: -1}, {start: cost}, {other: out})
    for minted, paid0, paid1 in _quoted(exchange.quote_add_liquidity, named, amount, amount):
        given = (named, amount, amount, minted)
        paid: dict[Asset, int] = {token0: paid0, token1: paid1}
        yield Deed("add_liquidity", given, {3: 1}, paid, {key.id: minted})
    for minted, cost in _quoted(exchange.quote_add_liquidity_one_sided, named, start, amount):
        given = (named, start, amount, minted)
        yield Deed("add_liquidity_one_sided", given, {3: 1}, {start: cost}, {key.id: minted})
    for out0, out1 in _quoted(exchange.quote_remove_liquidity, named, shares):
        given = (named, shares, out0, out1)
        got: dict[Asset, int] = {token0: out0, token1: out1}
        yield Deed("remove_liquidity", given, {2: 1, 3: 1}, {key.id: shares}, got)
    for out in _quoted(exchange.quote_remove_liquidity_one_sided, named, shares, start):
        given = (named, shares, start, out)
        yield Deed("remove_liquidity_one_sided", given, {3: 1}, {key.id: shares}, {start: out})


def _quoted(quote: Callable[..., Any], *given: Any) -> Iterator[Any]:
    """One answer, or none."""
    try:
        yield quote(*given)
    except Reverted:
        return


def forbidden(trial: ExchangeTrial, who: str, pool: int) -> None:
    """X3, X4: what would spoil the books, of which all is refused: pools that are there already or
    may not be, ether that belongs to nothing, and lists for `skim` that leave something out."""
    world, key, sender = trial.world, trial.key(pool), trial.person(who)
    if world.mode == "twin":
        return
    exchange, named, hops = world.exchange, struct(key), structs([key.hop(key.token0)])
    dear = struct(replace(key, fee=exchange.max_fee() + 1))
    backwards = struct(replace(key, token0=key.token1, token1=key.token0))
    twice = struct(replace(key, token1=key.token0))
    for wrong in (named, dear, backwards, twice):
        _refused(trial, "X4", sender, "create_pool", wrong)
    part = max(trial.pool(pool).reserve0 // 50, 1)
    sale = ("swap_exact_in", key.token0, part, hops, 0, sender, NEVER)
    _refused(trial, "X3", sender, *sale, value=1)
    there_and_back = structs([key.hop(key.token0), key.hop(key.token1)])
    loop = ("swap_exact_out", key.token0, NEVER, there_and_back, part, sender, NEVER)
    _refused(trial, "X7", sender, *loop)  # backwards, the second visit would come first
    if world.weth not in key.tokens:
        join = ("add_liquidity", named, 10**6, 10**6, 0, sender, NEVER)
        _refused(trial, "X3", sender, *join, value=10**6)
    else:  # several calls in one would each count the ether as their own
        out = structs([key.hop(world.weth)])
        state = trial.pool(pool)
        wei = max((state.reserve0, state.reserve1)[key.token1 == world.weth] // 50, 1)
        paid = exchange.build("swap_exact_in", ZERO_ADDRESS, wei, out, 0, sender, NEVER).data
        _refused(trial, "X3", sender, "multicall", [paid], value=wei)
    with trial.rewound():
        gift = _done(lambda: trial.chain.transact(exchange, sender=sender, value=1))
    trial.insist(gift is not None, "X3", "took ether that is for nothing")
    _skims(trial, sender, pool)


def _skims(trial: ExchangeTrial, sender: Account, pool: int) -> None:
    """With an empty pool in the place of this one, a pool of other tokens, or none; and, rightly,
    for another."""
    world, key = trial.world, trial.key(pool)
    exchange, taker = world.exchange, world.actor
    with trial.rewound():
        elsewhere, empty = _pool_elsewhere(trial, sender, key), replace(key, fee=13)
        if _done(lambda: exchange.create_pool(struct(empty))) is not None:
            return
        for token in key.tokens:
            MockToken(trial.chain, token).transfer(exchange, 7, sender=sender)
            funded = map(trial.key, trial.funded())
            right = [one for one in funded if token in one.tokens]
            rest = [one for one in right if one != key]
            for wrong in ([], [empty], [elsewhere]):
                listed = _listed([*rest, *wrong])
                _refused(trial, "X3", sender, "skim", token, listed, sender)
            had = world.owned(taker, token)
            refusal = _sent(trial, sender, "skim", token, _listed(right), taker)
            got = world.owned(taker, token) - had
            came = trial.sum_of(world.symbol(token), got)
            told = f"what was given should go to another: {came} did, {refusal or 'not refused'}"
            trial.insist(refusal is None and got >= 7, "X7", told)


def _pool_elsewhere(trial: ExchangeTrial, sender: Account, key: PoolKey) -> PoolKey:
    """One that has something in it, and neither of the two tokens."""
    world = trial.world
    others = [token.address for token in world.tokens.values() if token.address not in key.tokens]
    made = PoolKey.of(others[0], others[1], 17)
    world.exchange.create_pool(struct(made), sender=sender)
    terms = (10**6, 10**6, 0, sender, NEVER)
    world.exchange.add_liquidity(struct(made), *terms, sender=sender)
    return made


def _listed(keys: list[PoolKey]) -> list[KeyStruct]:
    return [struct(key) for key in sorted(keys, key=lambda key: key.id)]


def _owned(trial: ExchangeTrial, who: Account, asset: Asset) -> int:
    if isinstance(asset, int):
        return trial.world.exchange.balance_of(who, asset)
    return MockToken(trial.chain, asset).balance_of(who)


def _sum_of(trial: ExchangeTrial, asset: Asset, raw: int) -> str:
    """So much of a token, or so many shares."""
    if isinstance(asset, int):
        return f"{raw:,} shares"
    return trial.sum_of(trial.world.symbol(asset), raw)


def _done(act: Callable[[], Any]) -> Reverted | None:
    """The refusal, if it was refused."""
    try:
        act()
    except Reverted as refusal:
        return refusal
    return None


def _sent(trial: ExchangeTrial, sender: Account, verb: str, *given: Any, **more: Any) -> Any:
    act = getattr(trial.world.exchange, verb)
    return _done(lambda: act(*given, sender=sender, **more))


def _refused(
    trial: ExchangeTrial, number: str, sender: Account, verb: str, *given: Any, **more: Any
) -> None:
    with trial.rewound():
        refusal = _sent(trial, sender, verb, *given, **more)
    trial.insist(refusal is not None, number, f"{verb} was served with {(*given, more)}")
