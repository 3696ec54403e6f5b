"""L7, L8, L12, L13, L14 and L16 of contracts/lending/README.md: try it, look, and undo it.

Each takes a world in any state and leaves it as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor
from typing import Any, TypedDict

from ....chain import Account
from ....errors import Reverted
from ....lending.rates import AdaptiveRate
from ....units import MAX_UINT256
from ...violations import Violation, hold
from .checks import Prices, wealth
from .edges import EDGES, must
from .world import World

STEP_LOSS = 3, 10**21
"""An accrual rounds the index down: less than 2e-21 of a debt, and 3e-21 is generous."""


def l7(world: World) -> None:
    """Accrual is idempotent in a block; poking moves nothing; short steps add up to a long one."""
    chain, pool, start = world.chain, world.contract, world.chain.timestamp
    with chain.snapshot():
        pool.accrue()
        once = pool.market()
    with chain.snapshot():
        chain.batch([pool.build("accrue"), pool.build("accrue")])
        hold("L7", pool.market() == once, "a second accrual in the block changed the books")
    hold("L7", once.rate == pool.market().rate, "accruing changed the rate")
    hold("L7", once.cash == pool.market().cash, "accruing changed the cash")
    model, drift = world.parameters.rate, pool.snapshot([]).drift
    if isinstance(model, AdaptiveRate):
        hold("L7", -model.fall <= drift <= model.rise, f"a drift of {drift} is out of bounds")
    for span, steps in ((20, 20), (100_000, 7), (315_360_000, 3)):
        debts = []
        for count in (1, steps):
            with chain.snapshot():
                for step in range(1, count + 1):
                    chain.set_next_timestamp(start + span * step // count)
                    pool.accrue()
                debts.append((pool.total_debt(), pool.total_assets()))
        (long, owned), (short, kept) = debts
        lost, parts = STEP_LOSS
        allowed = long * steps * lost // parts + 2
        told, over = world.seen.told, f"{span:,} seconds in {steps} steps"
        what = f"{over} leave debts of {told(short)}, in one {told(long)}"
        hold("L7", 0 <= long - short <= allowed, what)
        what = f"{over} leave lenders {told(kept)}, in one {told(owned)}"
        hold("L7", abs(owned - kept) <= allowed, what)


def l8(world: World) -> None:
    """In and out again within one block never profits."""
    pool, who, seen = world.contract, world.people[3], world.look()
    wallet, shares = seen.wallets[who.address][0], pool.balance_of(who)
    for amount in (1, 7, 10**3, 333 * world.unit + 1):
        for enter, leave in (("deposit", "redeem"), ("mint", "withdraw")):
            first = (enter, amount if enter == "deposit" else amount * 10**6 + 1, who)
            with world.chain.snapshot():
                if not _batch(world, who, first):
                    continue
                got, paid = pool.balance_of(who) - shares, wallet - world.asset.balance_of(who)
            with world.chain.snapshot():
                if _batch(world, who, first, (leave, got if leave == "redeem" else paid, who, who)):
                    money, kept = (
                        world.asset.balance_of(who) - wallet,
                        pool.balance_of(who) - shares,
                    )
                    fair = money < 0 or kept < 0 or (money, kept) == (0, 0)
                    made = f"{world.seen.told(money)} and {kept:,} shares"
                    hold("L8", fair, f"{enter} and {leave} made {made}")
    for borrower in world.people[:3]:
        with world.chain.snapshot():
            _borrow_and_repay(world, borrower)


def _borrow_and_repay(world: World, who: Account) -> None:
    pool = world.contract
    pool.accrue()
    amount = world.parameters.minimum_debt + 1
    owed, wallet = pool.debt_of(who), world.asset.balance_of(who)
    if _batch(world, who, ("borrow", amount, who, who), ("repay", amount, who)):
        cost = pool.debt_of(who) - owed  # one second's interest is on the pool's side
        made, told = world.asset.balance_of(who) - wallet, world.seen.told
        hold("L8", made <= 0, f"borrowing and repaying made {told(made)}")
        hold("L8", cost >= 0, f"borrowing and repaying lowered the debt by {told(-cost)}")


def l12(world: World) -> None:
    """With every oracle dead all debts can be repaid, and then everyone leaves with what is due."""
    with world.chain.snapshot():
        for oracle in world.oracles:
            oracle.set_reverting(True)
        for who in world.people:
            if world.contract.debt_of(who):
                must(world, "L12", "repay", MAX_UINT256, who, sender=who)
                hold("L12", world.contract.debt_of(who) == 0, "a debt was not repaid in full")
        for who in world.people:
            for token in world.tokens:
                held = world.contract.collateral_of(who, token)
                if held:
                    arguments = token, held, who, who
                    must(world, "L12", "withdraw_collateral", *arguments, sender=who)
        for who in world.people:
            shares = world.contract.balance_of(who)
            if shares:
                due = world.contract.convert_to_assets(shares)
                wallet = world.asset.balance_of(who)
                must(world, "L12", "redeem", shares, who, who, sender=who)
                got = world.asset.balance_of(who) - wallet
                told = world.seen.told
                hold("L12", got >= due, f"{told(got)} came out, {told(due)} were due")


class Moment(TypedDict):
    """When the twin is asked."""

    now: int


class Priced(Moment):
    """When, and at which prices, the twin is asked."""

    prices: Prices


def l13(world: World) -> None:
    """Views say what the books mean, and what they allow is allowed, to the last unit."""
    pool, chain = world.contract, world.chain
    seen = world.look()
    state, at = seen.pool, Moment(now=seen.now)
    _same("totalDebt", pool.total_debt(), state.total_debt(**at))
    _same("totalAssets", pool.total_assets(), state.total_assets(**at))
    for shares in (1, 10**6 + 1, 10**12 + 7):
        _same("previewMint", pool.preview_mint(shares), state.preview_mint(shares, **at))
        worth = state.convert_to_assets(shares, **at)
        _same("previewRedeem", pool.preview_redeem(shares), worth)
        _same("previewDeposit", pool.preview_deposit(shares), state.convert_to_shares(shares, **at))
        cost = state.preview_withdraw(shares, **at)
        _same("previewWithdraw", pool.preview_withdraw(shares), cost)
    _same("maxDeposit", pool.max_deposit(pool), state.max_deposit(**at))
    _same("maxMint", pool.max_mint(pool), state.max_mint(**at))
    priced = Priced(now=seen.now, prices=seen.prices)
    names = [*world.names, world.asset.address]
    _same("liquidatable", sorted(pool.liquidatable(names)), sorted(state.liquidatable(**priced)))
    for who in world.people:
        name = who.address
        _same("debtOf", pool.debt_of(who), state.debt_of(name, **at))
        _same("maxWithdraw", pool.max_withdraw(who), state.max_withdraw(name, **at))
        _same("maxRedeem", pool.max_redeem(who), state.max_redeem(name, **at))
        _agree(lambda: pool.health_of(who), lambda: state.health_of(name, **priced))  # noqa: B023
        _agree(lambda: pool.max_borrow(who), lambda: state.max_borrow(name, **priced))  # noqa: B023
        for token in world.tokens:
            args = name, token.address
            _agree(
                lambda: pool.max_withdraw_collateral(*args),  # noqa: B023
                lambda: state.max_withdraw_collateral(*args, **priced),  # noqa: B023
            )
            _agree(
                lambda: _preview(world, *args),  # noqa: B023
                lambda: _told(state.preview_liquidation(*args, **priced)),  # noqa: B023
            )
    with chain.snapshot():
        _exact_limits(world)


def _exact_limits(world: World) -> None:
    """One more than what is allowed at the next second is refused; the limit itself is not."""
    pool, state, now = world.contract, world.look().pool, world.now()
    for who in world.people[:4]:
        limit = state.max_withdraw(who.address, now=now)
        _allowed(world, who, "withdraw", limit, who, who)
        try:
            most = state.max_borrow(who.address, now=now, prices=world.prices)
        except Reverted:
            continue
        _allowed(world, who, "borrow", most, who, who)
        for token in world.tokens:
            most = state.max_withdraw_collateral(
                who.address, token.address, now=now, prices=world.prices
            )
            with world.chain.snapshot():
                if most:
                    must(world, "L13", "withdraw_collateral", token, most, who, who, sender=who)
            with world.chain.snapshot():
                _must_not(world, pool.withdraw_collateral, token, most + 1, who, who, sender=who)


def _allowed(world: World, who: Account, verb: str, limit: int, *rest: Any) -> None:
    with world.chain.snapshot():
        if limit:
            must(world, "L13", verb, limit, *rest, sender=who)
    with world.chain.snapshot():
        # A limit of 0 for borrowing says that not even the minimum debt can be reached.
        _must_not(world, getattr(world.contract, verb), limit + 1, *rest, sender=who)


def l14(world: World) -> None:
    """ERC-4626: round trips lose, rounding favours the pool, limits hold and never revert."""
    pool = world.contract
    for amount in (0, 1, 2, 999_999, 10**9 + 7, 123 * world.unit + 1):
        back = pool.convert_to_assets(pool.convert_to_shares(amount))
        deposit, withdraw = pool.preview_deposit(amount), pool.preview_withdraw(amount)
        rounded = {
            "to shares and back": back <= amount,
            "deposit, then mint": pool.preview_mint(deposit) <= amount,
            "withdraw, then redeem": pool.preview_redeem(withdraw) >= amount,
            "deposit": deposit <= pool.convert_to_shares(amount),
            "withdraw": withdraw >= pool.convert_to_shares(amount),
            "mint": pool.preview_mint(amount) >= pool.convert_to_assets(amount),
            "redeem": pool.preview_redeem(amount) <= pool.convert_to_assets(amount),
        }
        for way, fair in rounded.items():
            hold("L14", fair, f"{way} of {amount:,} units is rounded against the pool")
    for who in (*world.people, world.asset):
        for view in ("max_deposit", "max_mint", "max_withdraw", "max_redeem"):
            try:
                limit = getattr(pool, view)(who)
            except Reverted as refusal:
                raise Violation("L14", f"{view} reverts: {refusal}") from refusal
            # A second passes before the limit is used, and interest moves it by less than this.
            limit -= min(limit, 1 + limit // 1_000 + _drift(world, view))
            if view in ("max_deposit", "max_mint"):
                if who is world.people[0] and limit:
                    with world.chain.snapshot():
                        must(world, "L14", view[4:], limit, who, sender=who)
            elif isinstance(who, Account):
                with world.chain.snapshot():
                    must(world, "L14", view[4:], limit, who, who, sender=who)


def _drift(world: World, view: str) -> int:
    owned = world.contract.total_assets() + 1
    return (
        owned if view in ("max_deposit", "max_withdraw") else world.contract.total_supply()
    ) // 1_000


def l16(world: World, rounds: int = 12) -> None:
    """A loop of dust operations within a block makes nothing."""
    who = world.people[0]
    seen = world.look()
    if any(isinstance(price, Exception) or not price for price in seen.prices):
        return
    loops: tuple[tuple[tuple[Any, ...], ...], ...] = (
        (("deposit", 1, who), ("withdraw", 1, who, who)),
        (("deposit", 3, who), ("redeem", 10**6, who, who)),
        (("mint", 1, who), ("redeem", 1, who, who)),
        (("mint", 10**6 + 1, who), ("redeem", 10**6, who, who)),
        (("borrow", 1, who, who), ("repay", 1, who)),
        (("borrow", 2, who, who), ("repay", 1, who), ("repay", 1, who)),
    )
    for loop in loops:
        with world.chain.snapshot():
            if _batch(world, who, *(loop * rounds)):
                after = world.look()
                was = wealth(seen, {who.address}, after.now)
                gain = wealth(after, {who.address}, after.now) - was
                made = f"{rounds} rounds of {loop[0][0]} and {loop[1][0]} made"
                hold("L16", gain <= 2, f"{made} {world.seen.told(floor(gain))}")


def _with_edges(name: str, experiment: Callable[[World], None]) -> Callable[[World], None]:
    def both(world: World) -> None:
        experiment(world)
        for edge in EDGES.get(name, ()):
            edge(world)

    return both


EXPERIMENTS: dict[str, Callable[[World], None]] = {
    name: _with_edges(name, experiment)
    for name, experiment in (
        ("L7", l7),
        ("L8", l8),
        ("L12", l12),
        ("L13", l13),
        ("L14", l14),
        ("L16", l16),
    )
}


def _batch(world: World, who: Account, *verbs: tuple[Any, ...]) -> bool:
    """All in one block; False when one is refused."""
    built = {verb: world.contract.build(*verb, sender=who) for verb in dict.fromkeys(verbs)}
    try:
        world.chain.batch([built[verb] for verb in verbs])
    except Reverted:
        return False
    return True


def _must_not(world: World, verb: Callable[..., Any], *arguments: Any, sender: Account) -> None:
    try:
        verb(*arguments, sender=sender)
    except Reverted:
        return
    more = arguments[-3]
    raise Violation("L13", f"{verb.__name__} of {more:,} units, while its limit is {more - 1:,}")


def _same(what: str, told: object, meant: object) -> None:
    hold("L13", told == meant, f"{what} says {told}, the books mean {meant}")


def _agree(told: Callable[[], Any], meant: Callable[[], Any]) -> None:
    """Both say the same, or both refuse for the same reason."""
    said = _outcome(told)
    expected = _outcome(meant)
    hold("L13", said == expected, f"the view says {said}, the books mean {expected}")


def _outcome(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Reverted as refusal:
        return type(refusal), tuple(refusal.arguments.values())


def _preview(world: World, account: str, token: str) -> tuple[int, ...]:
    done = world.contract.preview_liquidation(account, token, MAX_UINT256, MAX_UINT256)
    return _told(done)


def _told(done: Any) -> tuple[int, ...]:
    return (
        done.health,
        done.bonus,
        done.repaid,
        done.seized,
        done.collateral_left,
        done.debt_shares,
        done.debt_left,
        done.bad_debt,
    )
