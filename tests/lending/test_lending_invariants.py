"""L1 to L16 at every step of random lives of a lending pool, twin and contract in lockstep.

Assets and collaterals have 0, 6, 8, 18 and 24 decimals. People lend, borrow, liquidate one another,
donate, act for others and leave; prices jump by up to 99.9 %, oracles die, the clock leaps.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from defi_kit.chain import Account, Chain
from defi_kit.errors import Reverted
from defi_kit.lending.rates import RateModel
from defi_kit.testing.lending.pool.experiments import EXPERIMENTS
from defi_kit.testing.lending.pool.world import ADAPTIVE, RATE, World
from defi_kit.units import MAX_UINT256

WORLDS: tuple[tuple[int, tuple[int, ...], RateModel], ...] = (
    (6, (18, 8), RATE),
    (18, (6, 0, 8), ADAPTIVE),
    (0, (24, 6, 18), RATE),
    (24, (0, 18), RATE),
    (8, (8,), ADAPTIVE),
)
"""Decimals of the asset and of the collaterals, and the rate model."""

ACTORS = st.integers(0, 6)
PARTS = st.sampled_from((1, 10, 100, 500, 900, 990, 999, 1_000, 1_001, 1_500))
"""Thousandths of what is there or allowed; above 1,000 to be refused."""
GRAINS = st.sampled_from((0, 0, 0, 0, 1, 2, 3, 1_000, MAX_UINT256))
"""Absolute amounts, in base units; 0 lets the part decide."""
LEAPS = st.one_of(
    st.integers(1, 3_600),
    st.integers(1, 86_400 * 30),
    st.sampled_from((1, 31_536_000, 315_360_000)),
)
MOVES = st.sampled_from(
    (1, 10, 300, 500, 600, 700, 750, 790, 800, 850, 900, 1_000, 1_000, 1_000, 1_200, 2_000)
)
"""The new price, in thousandths of the opening price."""


@cache
def _world(which: int) -> World:
    asset, collaterals, rate = WORLDS[which]
    return World(Chain.embedded(), asset_decimals=asset, collateral_decimals=collaterals, rate=rate)


class LendingMachine(RuleBasedStateMachine):
    """Whatever people, prices and time may do to a pool, in any order."""

    world: World
    _rewound: Any = None

    @initialize(which=st.integers(0, len(WORLDS) - 1), deposits=st.integers(1, 1_000_000))
    def open(self, which: int, deposits: int) -> None:
        self.world = _world(which)
        self._rewound = self.world.rewound()
        self._rewound.__enter__()
        self.world.deposit(self.person(3), deposits * self.world.unit * 10)
        for number in range(2):
            self.world.supply_collateral(self.person(number), 0, self.world.units[0] * 20)
            self._borrow(self.person(number), 900)

    def teardown(self) -> None:
        if self._rewound is not None:
            try:
                for experiment in EXPERIMENTS.values():
                    experiment(self.world)
            finally:
                self._rewound.__exit__(None, None, None)

    # --- choosing ---------------------------------------------------------------------------------

    def person(self, number: int) -> Account:
        return self.world.people[number]

    def token(self, number: int) -> int:
        return number % len(self.world.tokens)

    def _borrow(self, who: Account, part: int) -> None:
        self.world.borrow(who, self._loan(who) * part // 1_000)

    def _loan(self, who: Account) -> int:
        """The most that it could borrow; something, while nobody knows."""
        world = self.world
        try:
            return world.pool.max_borrow(who.address, now=world.now(), prices=world.prices)
        except Reverted:
            return world.unit * 100

    # --- lenders ----------------------------------------------------------------------------------

    @rule(who=ACTORS, to=ACTORS, thousandths=PARTS, grain=GRAINS)
    def deposit(self, who: int, to: int, thousandths: int, grain: int) -> None:
        amount = grain or 10_000 * self.world.unit * thousandths // 1_000
        self.world.deposit(self.person(who), amount, self.person(to))

    @rule(who=ACTORS, thousandths=PARTS, grain=GRAINS)
    def mint(self, who: int, thousandths: int, grain: int) -> None:
        self.world.mint(self.person(who), grain or 10**10 * self.world.unit * thousandths // 1_000)

    @rule(who=ACTORS, thousandths=PARTS, grain=GRAINS)
    def withdraw(self, who: int, thousandths: int, grain: int) -> None:
        world, person = self.world, self.person(who)
        most = world.pool.max_withdraw(person.address, now=world.now())
        world.withdraw(person, grain or most * thousandths // 1_000)

    @rule(who=ACTORS, thousandths=PARTS, grain=GRAINS)
    def redeem(self, who: int, thousandths: int, grain: int) -> None:
        world, person = self.world, self.person(who)
        world.redeem(
            person, grain or world.pool.account(person.address).shares * thousandths // 1_000
        )

    @rule(who=ACTORS, to=ACTORS, thousandths=PARTS)
    def transfer(self, who: int, to: int, thousandths: int) -> None:
        person = self.person(who)
        shares = self.world.pool.account(person.address).shares * thousandths // 1_000
        self.world.transfer(person, self.person(to), shares)

    # --- borrowers --------------------------------------------------------------------------------

    @rule(who=ACTORS, to=ACTORS, number=st.integers(0, 2), thousandths=PARTS, grain=GRAINS)
    def supply_collateral(
        self, who: int, to: int, number: int, thousandths: int, grain: int
    ) -> None:
        which = self.token(number)
        amount = min(grain, 2**125) or self.world.units[which] * thousandths // 100
        self.world.supply_collateral(self.person(who), which, amount, self.person(to))

    @rule(who=ACTORS, number=st.integers(0, 2), thousandths=PARTS, grain=GRAINS)
    def withdraw_collateral(self, who: int, number: int, thousandths: int, grain: int) -> None:
        world, person, which = self.world, self.person(who), self.token(number)
        token = world.tokens[which].address
        try:
            most = world.pool.max_withdraw_collateral(
                person.address, token, now=world.now(), prices=world.prices
            )
        except Reverted:
            most = world.pool.account(person.address).collateral[which]
        world.withdraw_collateral(person, which, grain or most * thousandths // 1_000)

    @rule(who=ACTORS, thousandths=PARTS, grain=GRAINS)
    def borrow(self, who: int, thousandths: int, grain: int) -> None:
        if grain:
            self.world.borrow(self.person(who), grain)
        else:
            self._borrow(self.person(who), thousandths)

    @rule(who=ACTORS, account=ACTORS, thousandths=PARTS, grain=GRAINS)
    def repay(self, who: int, account: int, thousandths: int, grain: int) -> None:
        world = self.world
        owed = world.pool.debt_of(self.person(account).address, now=world.now())
        world.repay(self.person(who), grain or owed * thousandths // 1_000, self.person(account))

    @rule(
        who=ACTORS,
        account=ACTORS,
        number=st.integers(0, 2),
        repay=PARTS,
        seize=PARTS,
        whole=st.booleans(),
    )
    def liquidate(
        self, who: int, account: int, number: int, repay: int, seize: int, whole: bool
    ) -> None:
        debtor, which = self._debtor(account), self.token(number)
        limits = () if whole else self._limits(debtor, which, repay, seize)
        self.world.liquidate(self.person(who), debtor, which, *limits)

    def _debtor(self, account: int) -> Account:
        """An unhealthy account, if there is one."""
        world, debtor = self.world, self.person(account)
        unhealthy = world.pool.liquidatable(now=world.now(), prices=world.prices)
        if unhealthy and debtor.address not in unhealthy:
            debtor = next(one for one in world.people if one.address == unhealthy[0])
        return debtor

    def _limits(self, debtor: Account, which: int, repay: int, seize: int) -> tuple[int, int]:
        """So many thousandths of the debt, and of the collateral."""
        pool = self.world.pool
        owed = pool.debt_of(debtor.address, now=self.world.now())
        held = pool.account(debtor.address).collateral[which]
        return owed * repay // 1_000, held * seize // 1_000

    # --- for one another --------------------------------------------------------------------------

    @rule(owner=ACTORS, operator=ACTORS, authorized=st.booleans())
    def authorize(self, owner: int, operator: int, authorized: bool) -> None:
        self.world.authorize(self.person(owner), self.person(operator), authorized)

    @rule(who=ACTORS, owner=ACTORS, operator=ACTORS, ahead=st.sampled_from((0, 0, 0, 1)))
    def sign(self, who: int, owner: int, operator: int, ahead: int) -> None:
        """Signed with the nonce that is due, or the one after it; some come too late."""
        world, signer = self.world, self.person(owner)
        nonce = world.contract.authorization_nonce(signer) + ahead
        deadline = world.now() - (nonce % 4 == 3)
        world.authorize_by_signature(
            self.person(who), signer, self.person(operator), nonce, deadline
        )

    @rule(who=ACTORS, account=ACTORS, number=st.integers(0, 2), thousandths=PARTS)
    def act_for(self, who: int, account: int, number: int, thousandths: int) -> None:
        """Borrows for another, and withdraws another's collateral: only if authorized."""
        world, other, which = self.world, self.person(account), self.token(number)
        world.borrow(self.person(who), world.unit * thousandths, other)
        held = world.pool.account(other.address).collateral[which]
        world.withdraw_collateral(self.person(who), which, held * thousandths // 10_000, other)

    @rule(who=ACTORS, number=st.integers(0, 2), thousandths=PARTS, back=st.integers(0, 3))
    def leverage(self, who: int, number: int, thousandths: int, back: int) -> None:
        """Collateral posted with a callback that borrows against it."""
        world, person, which = self.world, self.person(who), self.token(number)
        world.authorize(person, world.actor, True)
        assets = 5 * world.parameters.minimum_debt * thousandths // 1_000
        amount = world.units[which] * thousandths // 100
        world.leverage(person, which, amount, assets, assets * back // 4)

    @rule(
        who=ACTORS,
        account=ACTORS,
        number=st.integers(0, 2),
        repay=PARTS,
        freed=st.sampled_from((0, 1, 300, 900, 1_000, 1_001)),
        may=st.booleans(),
    )
    def repay_with_callback(
        self, who: int, account: int, number: int, repay: int, freed: int, may: bool
    ) -> None:
        """Collateral leaves for a repayment that comes at the end; without leave it does not."""
        world, debtor, which = self.world, self.person(account), self.token(number)
        world.authorize(debtor, world.actor, may)
        assets, _ = self._limits(debtor, which, repay, 0)
        held = world.pool.account(debtor.address).collateral[which]
        world.repay_with_callback(self.person(who), assets, debtor, which, held * freed // 1_000)

    @rule(
        who=ACTORS,
        account=ACTORS,
        number=st.integers(0, 2),
        repay=PARTS,
        seize=PARTS,
        whole=st.booleans(),
        borrowed=st.sampled_from((0, 0, 500, 1_000, 1_001)),
    )
    def liquidate_with_callback(
        self,
        who: int,
        account: int,
        number: int,
        repay: int,
        seize: int,
        whole: bool,
        borrowed: int,
    ) -> None:
        """A loan is taken out of a pool that has not been paid yet, by whoever may borrow most; but
        not by the debtor, whose health the liquidation is judged by."""
        world, debtor, which = self.world, self._debtor(account), self.token(number)
        borrower = max((one for one in world.people if one is not debtor), key=self._loan)
        world.authorize(borrower, world.actor, True)
        limits = (MAX_UINT256,) * 2 if whole else self._limits(debtor, which, repay, seize)
        assets = self._loan(borrower) * borrowed // 1_000
        world.liquidate_with_callback(self.person(who), debtor, which, *limits, assets, borrower)

    @rule(who=ACTORS, number=st.integers(-1, 2), amount=GRAINS)
    def flash_loan(self, who: int, number: int, amount: int) -> None:
        which = None if number < 0 else self.token(number)
        self.world.flash_loan(self.person(who), which, amount)

    # --- the world around -------------------------------------------------------------------------

    @rule(number=st.integers(0, 2), thousandths=MOVES)
    def price(self, number: int, thousandths: int) -> None:
        self.world.scale_price(self.token(number), thousandths, 1_000)

    @rule(number=st.integers(0, 2), zero=st.booleans())
    def oracle(self, number: int, zero: bool) -> None:
        if zero:
            self.world.set_price(self.token(number), 0)
        else:
            self.world.turn_off(self.token(number))

    @rule(who=ACTORS, number=st.integers(-1, 2), amount=st.sampled_from((1, 10**6, 10**20)))
    def donate(self, who: int, number: int, amount: int) -> None:
        which = None if number < 0 else self.token(number)
        self.world.donate(self.person(who), which, amount)

    @rule(seconds=LEAPS)
    def wait(self, seconds: int) -> None:
        self.world.wait(seconds)

    @rule(who=ACTORS)
    def accrue(self, who: int) -> None:
        self.world.accrue(self.person(who))

    @rule(which=st.sampled_from(sorted(EXPERIMENTS)))
    def experiment(self, which: str) -> None:
        EXPERIMENTS[which](self.world)


TestLendingMachine = LendingMachine.TestCase
TestLendingMachine.settings = settings(settings(), max_examples=60, stateful_step_count=40)
