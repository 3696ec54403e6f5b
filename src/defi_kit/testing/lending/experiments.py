"""L5 to L8, L11 to L13 and L16 of any lending market: try it, look; the trial undoes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ...errors import Reverted
from ...units import MAX_UINT256, WAD
from ..doors import Door
from ..trial import Step
from ..violations import hold
from .invariants import PRICE_SCALE, Sight, grain, wealth
from .market import Hooked, LendingMarket, Position, TokenSwitch

if TYPE_CHECKING:
    from ...chain import Account
    from .trial import LendingTrial

__all__ = [
    "brink",
    "call_back",
    "compound",
    "dust",
    "freeze",
    "gift",
    "impersonate",
    "inflate",
    "leave",
    "poke",
    "round_trip",
]

STEP_LOSS: Final = 10**12
"""Booking interest rounds by less than this part of it."""
COARSE: Final = 1_000
"""Of fewer raw units than this of a collateral, what brings health back may be less than one."""
INTRUDER: Final = "the token"
"""Who a token is that calls back, among the people."""
MUCH: Final = 1_000
"""By what factor the rate may move more than what is lent does, where it is steepest."""


def leave(trial: LendingTrial) -> None:
    """L12: debts can be repaid without prices, and then everybody leaves with what is due."""
    market = trial.market
    for number in range(len(trial.terms.collaterals)):
        market.set_price(number, None)
    for name, who in trial.accounts.items():
        if trial.position_now(name).debt:
            _repay_a_little_more(trial, name)
            _must("L12", "repay everything", market.repay, who, MAX_UINT256)
            left = trial.position_now(name).debt
            hold("L12", not left, f"{name} repaid all and owes {trial.money(left)}")
    for name, who in trial.accounts.items():
        for number, amount in enumerate(trial.position_now(name).collateral):
            if amount:
                _must(
                    "L12",
                    f"give {name} its collateral back",
                    market.withdraw_collateral,
                    who,
                    number,
                    amount,
                )
    for name, who in trial.accounts.items():
        due = trial.position_now(name).supplied
        if due:
            _must(
                "L12", f"pay {name} the {trial.money(due)} that are due", market.withdraw, who, due
            )


def _repay_a_little_more(trial: LendingTrial, name: str) -> None:
    """As who works out the debt by the next block does, to be safe; then tried no more."""
    with trial.rewound():
        trial.chain.mine()
        due = trial.position_now(name).debt + trial.terms.rounding + 1
    with trial.rewound():
        what = f"take {trial.money(due)} for a debt that is a little less"
        _must("L12", what, trial.market.repay, trial.accounts[name], due)
        left = trial.position_now(name).debt
        hold("L12", not left, f"{name} repaid {trial.money(due)} and owes {trial.money(left)}")


def gift(trial: LendingTrial, who: str, assets: int, seconds: int) -> None:
    """L6: a gift changes no claim and no debt, neither now nor with the interest of later."""
    seen = []
    for given in (False, True):
        with trial.rewound():
            if given:
                trial.market.donate(trial.accounts[who], None, assets)
            else:
                trial.chain.mine()
            trial.chain.advance(seconds)
            seen.append(trial.look().view)
    without, with_, slack = *seen, trial.terms.rounding + grain(trial.seen)
    for what in ("total_debt", "total_supplied"):
        was, is_ = getattr(without, what), getattr(with_, what)
        told = f"{what.replace('_', ' ')} of {trial.money(was)} would be {trial.money(is_)}"
        hold("L6", abs(was - is_) <= slack, f"after a gift of {trial.money(assets)} a {told}")


def compound(trial: LendingTrial, seconds: int, steps: int) -> None:
    """L7: booking interest often or once comes to the same; accruing twice does nothing more."""
    market, chain = trial.market, trial.chain
    start, seen = chain.timestamp, []
    for count in (1, steps):
        with trial.rewound():
            for number in range(1, count + 1):
                chain.set_next_timestamp(start + seconds * number // count)
                market.accrue()
            seen.append(trial.look().view)
    long, short = seen
    slack = (trial.terms.rounding + long.total_debt // STEP_LOSS) * steps
    for what in ("total_debt", "total_supplied"):
        once, often = getattr(long, what), getattr(short, what)
        if abs(once - often) > slack:
            seen_ = f"{trial.money(once)} booked once, {trial.money(often)} in {steps}"
            hold("L7", False, f"{what.replace('_', ' ')} {seen_}")


def dust(trial: LendingTrial, who: str, rounds: int) -> None:
    """L16: loops of one unit make nothing."""
    market, account = trial.market, trial.accounts[who]
    supply = [(market.supply, 1), (market.withdraw, 1)]
    borrow = [(market.borrow, 1), (market.repay, 1)]
    for name, loop in (("lending", supply), ("borrowing", borrow)):
        waited = _booked(trial, 2 * rounds)
        with trial.rewound():
            done = 0
            for verb, amount in loop * rounds:
                done += _tried(verb, account, amount)
            if done < 2 * rounds:
                continue
            after = trial.look()
            gain = wealth(after, who) - wealth(waited, who)
            slack = _fair(trial, who, waited, rounds, 2 * rounds)
            reason = f"{rounds} rounds of {name} a unit made {trial.money(gain // PRICE_SCALE)}"
            hold("L16", gain <= slack * PRICE_SCALE, reason)


def poke(trial: LendingTrial, who: str, rounds: int) -> None:
    """L16: who touches an account with a unit, time after time, rounds nothing away.

    What is shown of claims and debts is held against their totals: a unit that is rounded the wrong
    way each time adds up.
    """
    market, account, money = trial.market, trial.accounts[who], trial.money
    slack, before = trial.terms.rounding + grain(trial.seen), trial.seen
    for verb in (market.supply, market.repay):
        with trial.rewound():
            for _ in range(rounds):
                if not _tried(verb, account, 1):
                    break
            after = trial.look()
        for what, lost in (
            ("owe {} less than the total of debts", _unowed(after) - max(0, _unowed(before))),
            ("own {} more than the total of claims", _unbacked(after) - max(0, _unbacked(before))),
        ):
            told = f"{who} moved a unit {rounds} times, and people {what.format(money(lost))}"
            hold("L16", lost <= slack, told)


def _unowed(sight: Sight) -> int:
    """What the total of debts is more than all debts. [asset]"""
    return sight.view.total_debt - sum(one.debt for one in sight.positions.values())


def _unbacked(sight: Sight) -> int:
    """What all claims are more than the total of claims. [asset]"""
    return sum(one.supplied for one in sight.positions.values()) - sight.view.total_supplied


def round_trip(trial: LendingTrial, who: str, assets: int) -> None:
    """L8: in and out at once makes nothing, and costs no more than rounding."""
    market, account = trial.market, trial.accounts[who]
    had, waited = trial.seen.positions[who].supplied, _booked(trial, 2)
    market.supply(account, assets)
    claim = trial.position_now(who).supplied - had
    if claim <= 0 or not _tried(market.withdraw, account, claim):
        return
    after = trial.look()
    gain = wealth(after, who) - wealth(waited, who)
    slack = _fair(trial, who, waited, assets, 2)
    told = f"in and out made {who} {trial.money(gain // PRICE_SCALE)}"
    hold("L8", gain <= slack * PRICE_SCALE, told)
    lost = -gain // PRICE_SCALE
    hold("L8", lost <= slack + grain(after), f"in and out cost {who} {trial.money(lost)}")


def impersonate(trial: LendingTrial, who: str, victim: str) -> None:
    """L11: no call of a stranger takes anything, from the victim or from nowhere."""
    calls = trial.market.impersonations(trial.accounts[who], trial.accounts[victim])
    before = _waited(trial, 1)
    for name, call in calls:
        with trial.rewound():
            if not _tried(call):
                continue
            after = trial.look()
            was, is_ = before.positions[victim], after.positions[victim]
            kept = is_.shares >= was.shares and is_.debt <= was.debt + trial.terms.rounding
            kept = kept and is_.collateral == was.collateral
            kept = kept and after.wallets[victim] == before.wallets[victim]
            hold("L11", kept, f"{who} can {name} for {victim}")
            gain = wealth(after, who) - wealth(before, who)
            most = (trial.terms.rounding + _interest(trial.seen, after)) * PRICE_SCALE
            gained = trial.money(gain // PRICE_SCALE)
            hold("L11", gain <= most, f"{who} can {name}, and gains {gained}")


def inflate(trial: LendingTrial, who: str, victim: str, gift: int, assets: int) -> None:
    """L8: who lends a unit and gives a fortune for nothing takes nothing from who lends next."""
    market, attacker, lender = trial.market, trial.accounts[who], trial.accounts[victim]
    market.supply(attacker, max(trial.terms.rounding, 1))
    market.donate(attacker, None, gift)
    with trial.rewound():
        trial.chain.mine()
        waited = trial.look()
    if not _tried(market.supply, lender, assets):
        return
    lost = wealth(waited, victim) - wealth(trial.look(), victim)
    slack = trial.terms.rounding + grain(waited)
    told = f"{victim} lost {trial.money(lost // PRICE_SCALE)} of {trial.money(assets)}"
    hold("L8", lost <= slack * PRICE_SCALE, told)


def brink(trial: LendingTrial, who: str, account: str, number: int) -> None:
    """L5: at health 1 nobody is liquidated; a little below it somebody is, and when all that is
    posted is worth next to nothing."""
    market = trial.market
    held = trial.seen.positions[account].collateral
    others = sum(
        amount * trial.known[n] * trial.terms.collaterals[n].liquidation_ltv
        for n, amount in enumerate(held)
        if n != number
    )
    ltv = trial.terms.collaterals[number].liquidation_ltv
    # An oracle that is silent, or answers zero, leaves nothing to judge health by.
    if not held[number] or not all(trial.prices) or not trial.seen.positions[account].debt:
        return
    with trial.rewound():
        market.set_price(number, trial.known[number])
        trial.chain.mine()
        owed = trial.position_now(account).debt
    needed = owed * PRICE_SCALE * WAD - others
    if needed <= 0:
        return
    price = -(-needed // (held[number] * ltv))
    liquidator, debtor = trial.accounts[who], trial.accounts[account]
    with trial.rewound():
        told = market.set_price(number, price)
        trial.chain.mine()
        exact = trial.position_now(account).healthy
    if exact:
        with trial.rewound():
            market.set_price(number, price)
            done = _tried(market.liquidate, liquidator, debtor, number, MAX_UINT256)
            hold("L5", not done, f"{account} was liquidated at health 1")
    if told is None and held[number] >= COARSE:
        with trial.rewound():
            market.set_price(number, price * 98 // 100)
            what = f"let {account} be liquidated at health 0.98"
            _must("L5", what, market.liquidate, liquidator, debtor, number, MAX_UINT256)
    prices = {**dict(enumerate(trial.known)), number: price}
    fallen = {place: max(1, one // 100) for place, one in prices.items()}
    for place, one in fallen.items():
        market.set_price(place, one)
    worth_it = max(trial.terms.dust, 10**trial.terms.decimals) * PRICE_SCALE
    for place, amount in enumerate(held):
        rest = sum(some * fallen[n] for n, some in enumerate(held) if n != place)
        if 0 < rest <= worth_it:
            continue  # dust of another collateral has to go first
        if amount * fallen[place] > worth_it and trial.position_now(account).debt:
            what = f"let {account} be liquidated when all prices have fallen to a hundredth"
            _must("L5", what, market.liquidate, liquidator, debtor, place, MAX_UINT256)


def freeze(trial: LendingTrial, who: str, place: int) -> None:
    """L12, L13: while a token reverts, what needs it is refused, and all else goes on."""
    market, account = trial.market, trial.accounts[who]
    assert isinstance(market, TokenSwitch)
    for verb, number, amount in _some_of_each(trial, trial.seen.positions[who]):
        needed = place == (0 if number is None else number + 1)
        given = (amount,) if number is None else (number, amount)
        with trial.rewound():
            if not _tried(getattr(market, verb), account, *given):
                continue
        with trial.rewound():
            market.switch_token(place, True)
            done, token = _tried(getattr(market, verb), account, *given), f"token {place}"
            told = f"{verb} of {who} goes on while {token} cannot be moved, which it should move"
            hold("L13", not (needed and done), told)
            told = f"{verb} of {who} is refused while {token} cannot be moved, which it needs not"
            hold("L12", needed or done, told)


def _some_of_each(trial: LendingTrial, has: Position) -> Iterator[tuple[str, int | None, int]]:
    """Each verb of a lender or borrower with the collateral's number and about half of what such a
    position allows, where it allows anything."""
    unit, prices = 10**trial.terms.decimals, trial.known
    worth = sum(amount * price for amount, price in zip(has.collateral, prices, strict=True))
    yield "supply", None, 1_000 * unit
    for number, price in enumerate(prices):
        yield "supply_collateral", number, 1 + 1_000 * unit * PRICE_SCALE // max(price, 1)
    for verb, whole in (
        ("withdraw", has.supplied),
        ("repay", has.debt),
        ("borrow", worth // PRICE_SCALE // 2),
    ):
        if whole > 1:
            yield verb, None, whole // 2
    for number, held in enumerate(has.collateral):
        if held > 1:
            yield "withdraw_collateral", number, held // 2


def call_back(trial: LendingTrial, deed: str, number: int | None) -> None:
    """L1 to L6, L11, L15: the token that is moved has a position, and calls every door in the
    middle of what it does; nobody loses, nothing is made, and it stays healthy. L13: a price that
    is shown there is the one before or after."""
    market = trial.market
    assert isinstance(market, Hooked)
    token = market.hook(0 if number is None else number + 1)
    actor = trial.chain.impersonate(token.address)
    accounts, trial.accounts = trial.accounts, {**trial.accounts, INTRUDER: actor}
    try:
        _settle(trial, actor)
        given = _given(trial, deed, number)
        for door in market.doors(actor) if given else ():
            with trial.rewound():
                _enter(trial, door, token, deed, *given)
    finally:
        trial.accounts = accounts


def _settle(trial: LendingTrial, who: Account) -> None:
    """Lends, posts something of each collateral, borrows."""
    market: LendingMarket = trial.market
    unit, worth = 10**trial.terms.decimals, 20_000
    market.fund(who)
    _tried(market.supply, who, worth * unit)
    for number, price in enumerate(trial.known):
        amount = 1 + worth * unit * PRICE_SCALE // max(price, 1)
        _tried(market.supply_collateral, who, number, amount)
    _tried(market.borrow, who, worth * unit // 4)


def _given(trial: LendingTrial, deed: str, number: int | None) -> tuple[int, ...]:
    """What the intruder does that with, if it can."""
    position = trial.look().positions[INTRUDER]
    for verb, which, amount in _some_of_each(trial, position):
        if (verb, which) == (deed, number):
            return (amount,) if which is None else (which, amount)
    return ()


def _enter(trial: LendingTrial, door: Door, token: Any, deed: str, *given: int) -> None:
    calls, shown = token.calls(), _shown(trial, door)
    token.arm(door.to, door.data)
    trial.look()
    before = trial.foresee()
    verb = getattr(trial.market, deed)
    if not _tried(verb, trial.accounts[INTRUDER], *given) or token.calls() == calls:
        return
    trial.note("callbacks")
    if not token.last_succeeded():
        return
    what = f"{door.name} in the middle of {deed}"
    if door.shows:
        answer, later = token.last_result(), _shown(trial, door)
        told = f"{what} shows {answer.hex()}, and after it {later.hex()}"
        hold("L13", answer in (shown, later), told)
    after = trial.look()
    trial.judge(before, Step(what, (INTRUDER,)), after)


def _shown(trial: LendingTrial, door: Door) -> bytes:
    try:
        return trial.chain.call(door.to, door.data)
    except Reverted:
        return b""


def _waited(trial: LendingTrial, seconds: int) -> Sight:
    """How all would stand after so many blocks without anything."""
    with trial.rewound():
        trial.chain.mine(seconds)
        return trial.look()


def _booked(trial: LendingTrial, times: int) -> Sight:
    """How all would stand if nothing but interest were booked, in each of so many blocks."""
    with trial.rewound():
        for _ in range(times):
            before = trial.chain.timestamp
            trial.market.accrue()
            if trial.chain.timestamp == before:
                trial.chain.mine()
        return trial.look()


def _interest(before: Sight, after: Sight) -> int:
    """What lenders could have earned between the two, all together. [asset]"""
    return max(0, after.view.total_debt - before.view.total_debt)


def _fair(trial: LendingTrial, who: str, waited: Sight, assets: int, calls: int) -> int:
    """The most that so many calls, a second each, may make of a sum: one rounding; interest, which
    for a sum that is next to nothing beside the market is next to nothing; and what comes of
    booking the interest on all that `who` has in so many steps, where `accrue` does not. [asset]"""
    before, position = trial.seen, trial.seen.positions[who]
    interest = _interest(before, waited)
    earned = 1 + interest * assets * MUCH // max(1, before.view.total_supplied)
    booked = (position.supplied + position.debt) * calls // STEP_LOSS
    return int(trial.terms.rounding + min(interest, earned) + booked)


def _tried(verb: Any, *arguments: Any) -> bool:
    """Whether it was not refused."""
    try:
        verb(*arguments)
    except Reverted:
        return False
    return True


def _must(invariant: str, what: str, verb: Any, *arguments: Any) -> None:
    try:
        verb(*arguments)
    except Reverted as refusal:
        hold(invariant, False, f"the market does not {what}: {refusal}")
