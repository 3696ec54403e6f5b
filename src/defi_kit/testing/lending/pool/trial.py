"""Our own pool driven verb by verb, with L1 to L16 checked exactly after each, and its twin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

from ....chain import Account, Receipt
from ....errors import Reverted
from ....units import MAX_UINT256, WAD
from ...explored import Explored
from ...recipe import Recipe
from ...trial import Invariant, Step, step
from .. import experiments
from ..invariants import Sight, l13
from ..market import Position, View
from ..trial import LendingTrial
from .checks import Seen
from .experiments import EXPERIMENTS
from .market import PoolMarket
from .world import PEOPLE

__all__ = ["PoolTrial"]

ACTOR = "the operator"
"""A contract that does in callbacks what it is told, by this name in verbs."""


def _own_verbs_cost_nothing(trial: PoolTrial, before: Sight, done: Step, after: Sight) -> None:
    """L13 of any market, for what one does on one's own account."""
    plain = 3 if done.verb.endswith("collateral") else 2
    if done.arguments[plain:] in ((), (None,), done.arguments[:1]):
        l13(trial, before, replace(done, arguments=done.arguments[:plain]), after)


class _Positions(Mapping[str, Position]):
    """Everybody's position, each worked out when it is first asked for: most never are."""

    def __init__(self, seen: Seen, at: int, addresses: Mapping[str, str]) -> None:
        self._seen, self._at, self._addresses = seen, at, addresses
        self._found: dict[str, Position] = {}

    def __getitem__(self, name: str) -> Position:
        if name not in self._found:
            self._found[name] = _position(self._seen, self._at, self._addresses[name])
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._addresses)

    def __len__(self) -> int:
        return len(self._addresses)


def _position(seen: Seen, at: int, address: str) -> Position:
    pool = seen.settled(at)
    account = pool.account(address)
    debt = pool.debt_of(address, now=at) if account.debt_shares else 0
    healthy: bool | None = True
    if debt:
        try:
            healthy = pool.health_of(address, now=at, prices=seen.prices) >= WAD
        except Reverted:
            healthy = None
    return Position(
        supplied=pool.convert_to_assets(account.shares, now=at) if account.shares else 0,
        shares=account.shares,
        debt=debt,
        debt_shares=account.debt_shares,
        collateral=account.collateral,
        healthy=healthy,
    )


class PoolTrial(LendingTrial):
    """What can be done to any market, and what only our pool has: shares, operators, callbacks."""

    PEOPLE: ClassVar[tuple[str, ...]] = PEOPLE
    invariants: ClassVar[Mapping[str, Invariant]] = {"L13": _own_verbs_cost_nothing}
    """Beside those that the world checks, which know what the pool counts."""

    market: PoolMarket

    # `experiment` says exactly what these say of any market.
    compound = dust = gift = leave = poke = round_trip = None  # type: ignore[assignment]
    call_back = flash_loan = freeze = None  # type: ignore[assignment]

    def __init__(
        self,
        market: PoolMarket,
        *,
        recipe: Recipe | None = None,
        explored: Explored | None = None,
        prepared: bool = False,
    ) -> None:
        self.world = market.world
        super().__init__(market, recipe=recipe, explored=explored, prepared=prepared)

    @classmethod
    def prepare(cls, subject: PoolMarket) -> None:  # type: ignore[override]
        """Nothing: the world has given everybody money."""

    def look(self) -> Sight:
        """What the world saw last, or sees now if it has not looked since."""
        seen = self.world.seen
        seen = seen if seen.now == self.chain.timestamp else self.world.look()
        return self._sight(seen, seen.now)

    def foresee(self) -> Sight:
        """By the twin's arithmetic on the books."""
        return self._sight(self.world.seen, self.chain.timestamp + 1)

    def _sight(self, seen: Seen, at: int) -> Sight:
        pool = seen.settled(at)
        prices = tuple(None if isinstance(price, Exception) else price for price in seen.prices)
        self.prices = list(prices)
        self.known = [k if p is None else p for p, k in zip(prices, self.known, strict=True)]
        by_name = {name: who.address for name, who in self.accounts.items()}
        return Sight(
            view=View(
                now=at,
                positions=_Positions(seen, at, {who: who for who in by_name.values()}),
                total_supplied=pool.total_assets(now=at),
                total_shares=pool.total_shares,
                total_debt=pool.total_debt(now=at),
                total_debt_shares=pool.market.debt_shares,
                cash=pool.market.cash,
                held=seen.balances,
                collateral=pool.held,
            ),
            positions=_Positions(seen, at, by_name),
            wallets={name: seen.wallets[address] for name, address in by_name.items()},
            prices=prices,
            known=tuple(self.known),
        )

    def _done(self, receipt: Receipt | None) -> Receipt:
        """Raises what the world was refused with."""
        if receipt is None:
            assert self.world.refusal is not None
            raise self.world.refusal
        return receipt

    def _for(self, name: str | None) -> Account | None:
        return None if name is None else self.accounts[name]

    def reaches_others(self, verb: str) -> bool:
        """Never as others' markets do: its own verbs name for whom they are."""
        return False

    # --- lenders ----------------------------------------------------------------------------------

    @step("{who} lends {assets}[ for {to}]")
    def supply(self, who: str, assets: int, to: str | None = None) -> None:
        """`deposit`."""
        self._done(self.world.deposit(self.accounts[who], assets, self._for(to)))

    @step("{who} buys {shares} shares")
    def mint(self, who: str, shares: int) -> None:
        """`mint`."""
        self._done(self.world.mint(self.accounts[who], shares))

    @step("{who} takes back {assets} of what it lent")
    def withdraw(self, who: str, assets: int) -> None:  # type: ignore[override]
        """`withdraw`."""
        self._done(self.world.withdraw(self.accounts[who], assets))

    @step("{who} sells {shares} shares")
    def redeem(self, who: str, shares: int) -> None:
        """`redeem`."""
        self._done(self.world.redeem(self.accounts[who], shares))

    @step("{who} sends {to} {shares} shares")
    def transfer(self, who: str, to: str, shares: int) -> None:
        """`transfer`."""
        self._done(self.world.transfer(self.accounts[who], self.accounts[to], shares))

    # --- borrowers --------------------------------------------------------------------------------

    @step("{who} posts {amount}[ for {to}]")
    def supply_collateral(self, who: str, number: int, amount: int, to: str | None = None) -> None:
        """`supplyCollateral`."""
        self._done(self.world.supply_collateral(self.accounts[who], number, amount, self._for(to)))

    @step("{who} takes back {amount} of the collateral[ of {account}]")
    def withdraw_collateral(
        self, who: str, number: int, amount: int, account: str | None = None
    ) -> None:
        """`withdrawCollateral`."""
        self._done(
            self.world.withdraw_collateral(self.accounts[who], number, amount, self._for(account))
        )

    @step("{who} borrows {assets}[ on the account of {account}]")
    def borrow(self, who: str, assets: int, account: str | None = None) -> None:
        """`borrow`."""
        self._done(self.world.borrow(self.accounts[who], assets, self._for(account)))

    @step("{who} repays {assets}[ for {account}]")
    def repay(self, who: str, assets: int, account: str | None = None) -> None:
        """`repay`."""
        self._done(self.world.repay(self.accounts[who], assets, self._for(account)))

    @step(
        "{who} liquidates {account}, repaying {assets} at most, for[ {amount} at most of] {number}"
    )
    def liquidate(
        self, who: str, account: str, number: int, assets: int, amount: int = MAX_UINT256
    ) -> None:
        """`liquidate`."""
        self._liquidated(
            self.world.liquidate(self.accounts[who], self.accounts[account], number, assets, amount)
        )

    def _liquidated(self, receipt: Receipt | None) -> None:
        self._done(receipt)
        self.note("liquidations")
        if self.world.told.bad_debt:
            self.note("bad debts")

    # --- operators, callbacks, flash loans --------------------------------------------------------

    @step("{owner} lets {operator} act for it: {authorized}")
    def authorize(self, owner: str, operator: str, authorized: bool) -> None:
        """`setAuthorization`; of the operator contract by the name "the operator"."""
        world = self.world
        found = world.actor if operator == ACTOR else self.accounts[operator]
        self._done(world.authorize(self.accounts[owner], found, authorized))

    @step("{who} brings the signature of {owner} that {operator} may act for it")
    def sign(self, who: str, owner: str, operator: str, nonce: int, deadline: int) -> None:
        """`setAuthorizationBySignature`. `deadline` in seconds from the next block."""
        world, people = self.world, self.accounts
        ends = world.now() + deadline
        self._done(
            world.authorize_by_signature(people[who], people[owner], people[operator], nonce, ends)
        )

    @step("the operator posts {amount} for {who}, borrows {assets} on it, repays {repaid}, in one")
    def leverage(self, who: str, number: int, amount: int, assets: int, repaid: int) -> None:
        """`supplyCollateralWithCallback`."""
        self._done(self.world.leverage(self.accounts[who], number, amount, assets, repaid))

    @step("the operator repays {assets} for {account} and takes {amount} of its collateral, in one")
    def repay_with_callback(
        self, who: str, assets: int, account: str, number: int, amount: int
    ) -> None:
        """`repayWithCallback`."""
        people = self.accounts
        self._done(
            self.world.repay_with_callback(people[who], assets, people[account], number, amount)
        )

    @step(
        "the operator liquidates {account}, repaying {assets} at most for {amount} at most, and "
        "borrows {borrowed} for {borrower} before it pays"
    )
    def liquidate_with_callback(
        self,
        who: str,
        account: str,
        number: int,
        assets: int,
        amount: int,
        borrowed: int,
        borrower: str,
    ) -> None:
        """`liquidateWithCallback`."""
        people = self.accounts
        self._liquidated(
            self.world.liquidate_with_callback(
                people[who], people[account], number, assets, amount, borrowed, people[borrower]
            )
        )

    @step("{who} has {amount} lent to the operator for the length of a call")
    def lend_for_a_call(self, who: str, number: int | None, amount: int) -> None:
        """`flashLoan` of a collateral, or of the asset for None."""
        self.world.flash_loan(self.accounts[who], number, amount)

    # --- the world around -------------------------------------------------------------------------

    @step("interest is booked")
    def accrue(self) -> None:
        """`accrue`."""
        self._done(self.world.accrue(self.world.people[0]))

    @step("{number} is worth {price} now")
    def set_price(self, number: int, price: int) -> None:
        """The oracle's answer from now on; 0 is one as well."""
        self.world.set_price(number, price)

    @step("the oracle of {number} refuses from now on")
    def turn_off(self, number: int) -> None:
        """The oracle reverts from now on."""
        self.world.turn_off(number)

    @step("{who} gives the market {amount} for nothing")
    def donate(self, who: str, number: int | None, amount: int) -> None:
        """A plain transfer: of collateral `number`, or of the asset for None."""
        self.world.donate(self.accounts[who], number, amount)

    @step("{seconds} pass")
    def wait(self, seconds: int) -> None:
        """The clock leaps."""
        self.world.wait(seconds)

    # --- experiments: they ask the contract, so the twin alone is left out ------------------------

    @step("is {invariant} kept?", undone=True)
    def experiment(self, invariant: str) -> None:
        """L7, L8, L12, L13, L14 or L16: tried, looked at, undone."""
        if self.world.contract is not None:
            EXPERIMENTS[invariant](self.world)

    @step(
        "what if {who} lends one unit, gives {gift} for nothing, and then {victim} lends {assets}?",
        undone=True,
    )
    def inflate(self, who: str, victim: str, gift: int, assets: int) -> None:
        """L8: the first depositor's attack."""
        if self.world.contract is not None:
            experiments.inflate(self, who, victim, gift, assets)

    @step("what if {who} tries to act for {victim}?", undone=True)
    def impersonate(self, who: str, victim: str) -> None:
        """L11."""
        if self.world.contract is not None:
            experiments.impersonate(self, who, victim)

    @step("what if {account} stood at the very limit of {number}?", undone=True)
    def brink(self, who: str, account: str, number: int) -> None:
        """L5: at health 1 it is not liquidated, right below it is."""
        if self.world.contract is not None:
            experiments.brink(self, who, account, number)
