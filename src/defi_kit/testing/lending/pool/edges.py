"""What a life of ordinary amounts does not come to, tried on an account of its own and undone.

The edges of what is allowed: caps, the minimum debt, payments to the pool itself, loans that nobody
accepts, an oracle that should no longer matter, shares dearer than what is deposited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ....bindings import ReentrantToken
from ....chain import Account
from ....errors import Reverted
from ....lending.liquidation import PRICE_SCALE
from ....units import MAX_UINT256
from ...violations import Violation, hold
from .world import World

__all__ = ["EDGES", "must"]

YEARS = 20 * 31_536_000


def must(world: World, invariant: str, verb: str, *arguments: Any, sender: Account) -> None:
    """The pool does it."""
    try:
        getattr(world.contract, verb)(*arguments, sender=sender)
    except Reverted as refusal:
        raise Violation(invariant, f"{verb} refuses: {refusal}") from refusal


def refuse(
    world: World, invariant: str, what: str, verb: str, *arguments: Any, by: Account
) -> None:
    """The pool does not do it."""
    with world.chain.snapshot():
        try:
            getattr(world.contract, verb)(*arguments, sender=by)
        except Reverted:
            return
        raise Violation(invariant, f"the pool lets one {what}")


def caps(world: World) -> None:
    """L13: a collateral is taken up to its cap, to the unit."""
    who = _newcomer(world)
    with world.chain.snapshot():
        _fund(world, who)
        collaterals = zip(world.tokens, world.parameters.collaterals, strict=True)
        for place, (token, risk) in enumerate(collaterals, 1):
            room = max(risk.cap - token.balance_of(world.contract), 0)
            refuse(
                world,
                "L13",
                f"post more than the cap of {world.seen.told(risk.cap, place)}",
                "supply_collateral",
                *(token, room + 1, who),
                by=who,
            )
            if room:
                must(world, "L13", "supply_collateral", token, room, who, sender=who)


def minimum(world: World) -> None:
    """L4: nobody comes to owe less than the minimum debt by borrowing or repaying."""
    least = world.parameters.minimum_debt
    with _borrower(world) as who:
        if who is None:
            return
        with world.chain.snapshot():
            world.contract.repay(MAX_UINT256, who, sender=who)
            what = f"borrow {world.seen.told(least // 2)}, less than the minimum"
            refuse(world, "L4", what, "borrow", least // 2, who, who, by=who)
        left = world.contract.debt_of(who) - least // 2
        what = f"repay down to {world.seen.told(least // 2)}, less than the minimum"
        refuse(world, "L4", what, "repay", left, who, by=who)


def receivers(world: World) -> None:
    """L13: what the pool would pay to itself, to be in nobody's books, it does not pay."""
    pool, token, least = world.contract, world.tokens[0], world.parameters.minimum_debt
    with _borrower(world) as who:
        if who is None:
            return
        for verb, *arguments in (
            ("withdraw", least, pool, who),
            ("redeem", pool.balance_of(who) // 10, pool, who),
            ("borrow", least, pool, who),
            ("withdraw_collateral", token, 1, pool, who),
        ):
            refuse(world, "L13", f"{verb} to the pool itself", verb, *arguments, by=who)


def others(world: World) -> None:
    """L11: what is done for another, or paid to another, moves the tokens and the position of whom
    it names, and of nobody else."""
    pool, token, least = world.contract, world.tokens[0], world.parameters.minimum_debt
    with _borrower(world) as who:
        if who is None:
            return
        friend = world.people[4]
        pool.set_authorization(friend, True, sender=who)
        for verb, arguments, sender, pays in (
            ("deposit", (least, who), friend, friend),
            ("withdraw", (least, friend, who), who, friend),
            ("redeem", (pool.balance_of(who) // 10, friend, who), who, friend),
            ("supply_collateral", (token, 1, who), friend, friend),
            ("withdraw_collateral", (token, 1, friend, who), who, friend),
            ("withdraw_collateral", (token, 1, who, who), friend, who),
            ("repay", (least, who), friend, friend),
            ("borrow", (least, friend, who), who, friend),
            ("borrow", (least, who, who), friend, who),
        ):
            before, worth = _apart(world, who, friend), _worth(world, who, friend)
            try:
                getattr(pool, verb)(*arguments, sender=sender)
            except Reverted:
                continue
            moved = [
                was != is_ for was, is_ in zip(before, _apart(world, who, friend), strict=True)
            ]
            told = f"{verb} by {'its owner' if sender is who else 'another'} moved"
            gain = _worth(world, who, friend) - worth
            hold("L11", gain <= least // 2, f"{told} {world.seen.told(gain)} to them from the pool")
            hold("L11", moved[:2] == [True, False], f"{told} not the position it is for")
            hold(
                "L11",
                moved[2:] == [pays is who, pays is friend],
                f"{told} not whose tokens it names",
            )


def _apart(world: World, *people: Account) -> list[object]:
    """Position of each, then the tokens of each."""
    positions = world.contract.snapshot(list(people)).accounts
    tokens = (world.asset, *world.tokens)
    return [*positions, *(tuple(token.balance_of(who) for token in tokens) for who in people)]


def _worth(world: World, *people: Account) -> int:
    """What they have of the asset, and have lent, less what they owe."""
    pool, asset = world.contract, world.asset
    return sum(
        asset.balance_of(who) + pool.convert_to_assets(pool.balance_of(who)) - pool.debt_of(who)
        for who in people
    )


def accept(world: World) -> None:
    """L11: no loan is forced on a contract that lets the pool take its tokens."""
    with world.chain.snapshot():
        world.actor.set_refusing(True)
        for token in (world.asset, *world.tokens):
            if token.balance_of(world.contract):
                what = "force a flash loan on a contract that does not accept it"
                loan = world.actor, token, 1, b""
                refuse(world, "L11", what, "flash_loan", *loan, by=world.people[-1])


def gone_collateral(world: World) -> None:
    """L12: what was seized to the last unit matters no more, nor does its oracle."""
    if len(world.tokens) < 2:
        return
    pool, least = world.contract, world.parameters.minimum_debt
    with _borrower(world) as who:
        if who is None:
            return
        for number, (token, oracle) in enumerate(zip(world.tokens, world.oracles, strict=True)):
            worth = (9 if number else 2) * least // max(number and len(world.tokens) - 1, 1)
            oracle.set_price(max(1, worth * PRICE_SCALE // pool.collateral_of(who, token)))
        first, keeper = world.tokens[0], world.people[4]
        try:
            pool.liquidate(who, first, MAX_UINT256, MAX_UINT256, 0, sender=keeper)
        except Reverted:
            return
        if pool.collateral_of(who, first) or not pool.debt_of(who):
            return
        world.oracles[0].set_reverting(True)
        try:
            pool.health_of(who)
        except Reverted as refusal:
            reason = f"the oracle of a collateral that is gone still matters: {refusal}"
            raise Violation("L12", reason) from refusal


def dear_shares(world: World) -> None:
    """L14: after decades of interest a share is worth more than a unit; the pool does not take a
    unit for nothing then."""
    pool = world.contract
    with _borrower(world) as who:
        if who is None:
            return
        token, price = world.tokens[0], world.opening[0]
        cash = world.look().pool.market.cash
        posted = 2 * (cash + 1) * PRICE_SCALE // price + 1
        try:
            pool.supply_collateral(token, posted, who, sender=who)
            pool.borrow(cash, who, who, sender=who)
        except Reverted:
            return
        world.chain.advance(YEARS)
        if pool.convert_to_shares(1) == 0:
            refuse(world, "L14", "deposit a unit for no share", "deposit", 1, who, by=who)


def rate(world: World) -> None:
    """L7: the rate is that of the model at the utilisation by the books; a gift does not count."""
    with _borrower(world) as who:
        if who is None:
            return
        world.asset.transfer(world.contract, 1_000 * world.parameters.minimum_debt, sender=who)
        world.contract.deposit(world.parameters.minimum_debt, who, sender=who)
        books = world.look().pool.market
        meant = world.parameters.rate.rate(books.utilisation)
        hold("L7", books.rate == meant, f"the rate is {books.rate}, the books mean {meant}")


def callbacks(world: World) -> None:
    """L3, L13: nobody gets in while tokens move, not even a token with a position of its own; and
    what does not arrive is not booked."""
    asset, pool, least = world.asset, world.contract, world.parameters.minimum_debt
    if not isinstance(asset, ReentrantToken):
        return
    with _borrower(world, world.chain.impersonate(asset.address)) as who:
        if who is None:
            return
        with world.chain.snapshot():
            asset.arm(asset, asset.build("burn", pool, 1).data)
            what = "deposit a unit more than arrives"
            refuse(world, "L3", what, "deposit", least, who, by=who)
        token = world.tokens[0]
        for verb, *arguments in (
            ("accrue",),
            ("deposit", least, who),
            ("mint", 10**6, who),
            ("withdraw", least, who, who),
            ("redeem", 10**6, who, who),
            ("supply_collateral", token, 1, who),
            ("withdraw_collateral", token, 1, who, who),
            ("borrow", least, who, who),
            ("repay", least, who),
            ("flash_loan", world.actor, asset, 1, b""),
        ):
            _no_entry(world, who, verb, *arguments)
        for oracle, price in zip(world.oracles, world.opening, strict=True):
            oracle.set_price(max(1, price // 100))
        _no_entry(world, who, "liquidate", who, token, MAX_UINT256, MAX_UINT256, 0)


def _no_entry(world: World, who: Account, verb: str, *arguments: Any) -> None:
    """Not by this verb, in the middle of a withdrawal."""
    asset, pool, least = world.asset, world.contract, world.parameters.minimum_debt
    with world.chain.snapshot():
        asset.arm(pool, pool.build(verb, *arguments).data)
        must(world, "L13", "withdraw", least, who, who, sender=who)
        entered = asset.last_succeeded()
        hold("L13", not entered, f"the pool lets a token {verb} in the middle of a withdrawal")


@contextmanager
def _borrower(world: World, who: Account | None = None) -> Iterator[Account | None]:
    """Someone new, or `who`, who lends, posts every collateral and borrows ten times the minimum,
    at opening prices; None where the pool has no room for that. Undone."""
    pool, least, who = world.contract, world.parameters.minimum_debt, who or _newcomer(world)
    with world.chain.snapshot():
        _fund(world, who)
        try:
            for oracle, price in zip(world.oracles, world.opening, strict=True):
                oracle.set_reverting(False)
                oracle.set_price(price)
            pool.deposit(20 * least, who, sender=who)
            for token, price in zip(world.tokens, world.opening, strict=True):
                amount = 100 * least * PRICE_SCALE // price + 1
                pool.supply_collateral(token, amount, who, sender=who)
            pool.borrow(10 * least, who, who, sender=who)
        except Reverted:
            yield None
        else:
            yield who


def _newcomer(world: World) -> Account:
    return world.chain.account("newcomer")


def _fund(world: World, who: Account) -> None:
    for token in (world.asset, *world.tokens):
        token.transfer(who, 2**125, sender=world.people[4])
        token.approve(world.contract, MAX_UINT256, sender=who)


EDGES: dict[str, tuple[Callable[[World], None], ...]] = {
    "L7": (rate,),
    "L12": (gone_collateral,),
    "L13": (caps, minimum, receivers, others, accept, callbacks),
    "L14": (dear_shares,),
}
"""Experiment → what belongs to it."""
