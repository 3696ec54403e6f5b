"""The Hypothesis machine of our own pool: L1 to L16 at every step, twin and contract in lockstep.

Assets and collaterals have 0, 6, 8, 18 and 24 decimals. To what can be done to any market it adds
shares, operators, signatures, callbacks and flash loans; and it chooses amounts by the twin's
limits. Needs Hypothesis.
"""

from __future__ import annotations

from typing import ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ....chain import Account
from ....errors import Reverted
from ....lending.pool import Pool
from ....units import MAX_UINT256
from ...trial import Trial
from ..machine import GRAINS, MOVES, PARTS, LendingMachine
from .experiments import EXPERIMENTS
from .market import PoolMarket
from .trial import ACTOR, PoolTrial
from .world import PEOPLE, World

__all__ = ["PoolMachine"]

ACTORS = st.sampled_from(PEOPLE)
NUMBERS = st.integers(0, 2)
LEAPS = st.one_of(
    st.integers(1, 3_600),
    st.integers(1, 86_400 * 30),
    st.sampled_from((1, 31_536_000, 315_360_000)),
)
SHAPES: Final = (
    (6, (18, 8), "kinked"),
    (18, (6, 0, 8), "adaptive"),
    (0, (24, 6, 18), "kinked"),
    (24, (0, 18), "kinked"),
    (8, (8,), "adaptive"),
)
"""Decimals of the asset and of the collaterals, and the rate model."""


class PoolMachine(LendingMachine):
    """Whatever people, prices and time may do to our pool, in any order."""

    trial_class: ClassVar[type[Trial]] = PoolTrial
    make = PoolMarket.deploy
    variants = tuple(
        {"asset_decimals": asset, "collateral_decimals": others, "rate": rate, "mode": "both"}
        for asset, others, rate in SHAPES
    )
    trial: PoolTrial

    # What L7, L8, L12 and L16 say exactly here, as experiments and at each step.
    compound = dust = flash_loan = for_another = gift = leave = poke = round_trip = None  # type: ignore[assignment]
    call_back = freeze = None  # type: ignore[assignment]

    def close(self) -> None:
        """Every experiment."""
        for name in ("bob", "carol"):
            self.trial.impersonate("mallory", name)
        self.trial.inflate("mallory", "carol", 10_000 * self.unit, 15_000 * self.unit)
        self.trial.brink("keeper", "alice", 0)
        for name in EXPERIMENTS:
            self.trial.experiment(name)

    # --- choosing ---------------------------------------------------------------------------------

    @property
    def world(self) -> World:
        """Contract and twin."""
        return self.trial.world

    @property
    def pool(self) -> Pool:
        """The twin's state."""
        return self.world.pool

    def person(self, name: str) -> Account:
        """The account of that name."""
        return self.trial.accounts[name]

    def loan(self, name: str, thousandths: int) -> int:
        """A part of the most that it could borrow; something, while nobody knows."""
        world = self.world
        try:
            most = self.pool.max_borrow(
                self.person(name).address, now=world.now(), prices=world.prices
            )
        except Reverted:
            most = world.unit * 100
        return most * thousandths // 1_000

    def debtor(self, name: str) -> str:
        """An unhealthy account, if there is one."""
        world = self.world
        unhealthy = self.pool.liquidatable(now=world.now(), prices=world.prices)
        if unhealthy and self.person(name).address not in unhealthy:
            return next(one for one in PEOPLE if self.person(one).address == unhealthy[0])
        return name

    def held(self, name: str, number: int) -> int:
        """Its collateral. [raw]"""
        return self.pool.account(self.person(name).address).collateral[number]

    def owed(self, name: str) -> int:
        """Its debt at the next block. [asset]"""
        return self.pool.debt_of(self.person(name).address, now=self.world.now())

    # --- lenders ----------------------------------------------------------------------------------

    @rule(who=ACTORS, to=ACTORS, thousandths=PARTS, grain=GRAINS)
    def supply(self, who: str, to: str, thousandths: int, grain: int) -> None:
        self.trial.supply(who, grain or 10_000 * self.unit * thousandths // 1_000, to)

    @rule(who=ACTORS, thousandths=PARTS, grain=GRAINS)
    def mint(self, who: str, thousandths: int, grain: int) -> None:
        self.trial.mint(who, grain or 10**10 * self.unit * thousandths // 1_000)

    @rule(who=ACTORS, thousandths=PARTS, grain=GRAINS)
    def withdraw(self, who: str, thousandths: int, grain: int) -> None:
        most = self.pool.max_withdraw(self.person(who).address, now=self.world.now())
        self.trial.withdraw(who, grain or most * thousandths // 1_000)

    @rule(who=ACTORS, thousandths=PARTS, grain=GRAINS)
    def redeem(self, who: str, thousandths: int, grain: int) -> None:
        shares = self.pool.account(self.person(who).address).shares
        self.trial.redeem(who, grain or shares * thousandths // 1_000)

    @rule(who=ACTORS, to=ACTORS, thousandths=PARTS)
    def transfer(self, who: str, to: str, thousandths: int) -> None:
        shares = self.pool.account(self.person(who).address).shares
        self.trial.transfer(who, to, shares * thousandths // 1_000)

    # --- borrowers --------------------------------------------------------------------------------

    @rule(who=ACTORS, to=ACTORS, number=NUMBERS, thousandths=PARTS, grain=GRAINS)
    def supply_collateral(
        self, who: str, to: str, number: int, thousandths: int, grain: int
    ) -> None:
        which = self.which(number)
        amount = min(grain, 2**125) or self.world.units[which] * thousandths // 100
        self.trial.supply_collateral(who, which, amount, to)

    @rule(who=ACTORS, number=NUMBERS, thousandths=PARTS, grain=GRAINS)
    def withdraw_collateral(self, who: str, number: int, thousandths: int, grain: int) -> None:
        world, which = self.world, self.which(number)
        try:
            most = self.pool.max_withdraw_collateral(
                self.person(who).address,
                world.tokens[which].address,
                now=world.now(),
                prices=world.prices,
            )
        except Reverted:
            most = self.held(who, which)
        self.trial.withdraw_collateral(who, which, grain or most * thousandths // 1_000)

    @rule(who=ACTORS, thousandths=PARTS, grain=GRAINS)
    def borrow(self, who: str, thousandths: int, grain: int) -> None:
        self.trial.borrow(who, grain or self.loan(who, thousandths))

    @rule(who=ACTORS, account=ACTORS, thousandths=PARTS, grain=GRAINS)
    def repay(self, who: str, account: str, thousandths: int, grain: int) -> None:
        self.trial.repay(who, grain or self.owed(account) * thousandths // 1_000, account)

    @rule(
        who=ACTORS,
        account=ACTORS,
        number=NUMBERS,
        repay=PARTS,
        seize=PARTS,
        whole=st.booleans(),
    )
    def liquidate(
        self, who: str, account: str, number: int, repay: int, seize: int, whole: bool
    ) -> None:
        debtor, which = self.debtor(account), self.which(number)
        limits = self.limits(debtor, which, repay, seize, whole)
        self.trial.liquidate(who, debtor, which, *limits)

    def limits(
        self, debtor: str, which: int, repay: int, seize: int, whole: bool
    ) -> tuple[int, int]:
        """So many thousandths of the debt, and of the collateral; or no limits."""
        if whole:
            return MAX_UINT256, MAX_UINT256
        return self.owed(debtor) * repay // 1_000, self.held(debtor, which) * seize // 1_000

    # --- for one another --------------------------------------------------------------------------

    @rule(owner=ACTORS, operator=ACTORS, authorized=st.booleans())
    def authorize(self, owner: str, operator: str, authorized: bool) -> None:
        self.trial.authorize(owner, operator, authorized)

    @rule(who=ACTORS, owner=ACTORS, operator=ACTORS, ahead=st.sampled_from((0, 0, 0, 1)))
    def sign(self, who: str, owner: str, operator: str, ahead: int) -> None:
        """Signed with the nonce that is due, or the one after it; some come too late."""
        nonce = self.world.nonce(self.person(owner)) + ahead
        self.trial.sign(who, owner, operator, nonce, -(nonce % 4 == 3))

    @rule(who=ACTORS, account=ACTORS, number=NUMBERS, thousandths=PARTS)
    def act_for(self, who: str, account: str, number: int, thousandths: int) -> None:
        """Borrows for another, and withdraws another's collateral: only if authorized."""
        which = self.which(number)
        self.trial.borrow(who, self.unit * thousandths, account)
        taken = self.held(account, which) * thousandths // 10_000
        self.trial.withdraw_collateral(who, which, taken, account)

    @rule(who=ACTORS, number=NUMBERS, thousandths=PARTS, back=st.integers(0, 3))
    def leverage(self, who: str, number: int, thousandths: int, back: int) -> None:
        """Collateral posted with a callback that borrows against it."""
        which = self.which(number)
        self.trial.authorize(who, ACTOR, True)
        assets = 5 * self.world.parameters.minimum_debt * thousandths // 1_000
        amount = self.world.units[which] * thousandths // 100
        self.trial.leverage(who, which, amount, assets, assets * back // 4)

    @rule(
        who=ACTORS,
        account=ACTORS,
        number=NUMBERS,
        repay=PARTS,
        freed=st.sampled_from((0, 1, 300, 900, 1_000, 1_001)),
        may=st.booleans(),
    )
    def repay_with_callback(
        self, who: str, account: str, number: int, repay: int, freed: int, may: bool
    ) -> None:
        """Collateral leaves for a repayment that comes at the end; without leave it does not."""
        which = self.which(number)
        self.trial.authorize(account, ACTOR, may)
        assets, _ = self.limits(account, which, repay, 0, False)
        taken = self.held(account, which) * freed // 1_000
        self.trial.repay_with_callback(who, assets, account, which, taken)

    @rule(
        who=ACTORS,
        account=ACTORS,
        number=NUMBERS,
        repay=PARTS,
        seize=PARTS,
        whole=st.booleans(),
        borrowed=st.sampled_from((0, 0, 500, 1_000, 1_001)),
    )
    def liquidate_with_callback(
        self,
        who: str,
        account: str,
        number: int,
        repay: int,
        seize: int,
        whole: bool,
        borrowed: int,
    ) -> None:
        """A loan is taken out of a pool that has not been paid yet, by whoever may borrow most; but
        not by the debtor, whose health the liquidation is judged by."""
        debtor, which = self.debtor(account), self.which(number)
        borrower = max(
            (one for one in PEOPLE if one != debtor), key=lambda one: self.loan(one, 1_000)
        )
        self.trial.authorize(borrower, ACTOR, True)
        limits = self.limits(debtor, which, repay, seize, whole)
        assets = self.loan(borrower, borrowed)
        self.trial.liquidate_with_callback(who, debtor, which, *limits, assets, borrower)

    @rule(who=ACTORS, number=st.integers(-1, 2), amount=GRAINS)
    def lend_for_a_call(self, who: str, number: int, amount: int) -> None:
        which = None if number < 0 else self.which(number)
        self.trial.lend_for_a_call(who, which, amount)

    # --- the world around -------------------------------------------------------------------------

    @rule(number=NUMBERS, thousandths=MOVES)
    def set_price(self, number: int, thousandths: int) -> None:
        which = self.which(number)
        self.trial.set_price(which, self.world.opening[which] * thousandths // 1_000)

    @rule(number=NUMBERS, zero=st.booleans())
    def turn_off(self, number: int, zero: bool) -> None:
        if zero:
            self.trial.set_price(self.which(number), 0)
        else:
            self.trial.turn_off(self.which(number))

    @rule(seconds=LEAPS)
    def wait(self, seconds: int) -> None:
        self.trial.wait(seconds)

    @rule(which=st.sampled_from(sorted(EXPERIMENTS)))
    def experiment(self, which: str) -> None:
        self.trial.experiment(which)
