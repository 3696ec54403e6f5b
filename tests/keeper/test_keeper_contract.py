"""The contract of a keeper: twin in lockstep, invariants, the faults they catch.

Attacks on it are in tests/attacks/test_keeper.py.
"""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from defi_kit import reverts
from defi_kit.bindings import LiquidationKeeper
from defi_kit.chain import Chain
from defi_kit.units import MAX_UINT256
from faults import Faults, faulty_bytecode
from keeper.keeping import Keeping

FAULTS: Faults = {
    "K1 the venue may take a unit more": (
        "token.safeApprove(venue, seized);",
        "token.safeApprove(venue, seized + 1);",
    ),
    "K1 the pool may take a unit more": (
        "asset.safeApprove(pool, repaid);",
        "asset.safeApprove(pool, repaid + 1);",
    ),
    "K1 a unit of the profit stays": (
        "asset.safeTransfer(owner, profit);",
        "asset.safeTransfer(owner, profit - 1);",
    ),
    "K2 half of the profit is told": (
        "emit Kept(account, token, repaid, seized, profit);",
        "emit Kept(account, token, repaid, seized, profit / 2);",
    ),
    "K2 the least profit is forgotten": (
        "repaid.saturatingAdd(minProfit);",
        "repaid;",
    ),
    "K4 anyone may use it": (
        "require(msg.sender == owner, NotOwner(msg.sender, owner));",
        "",
    ),
    "K4 anyone may call back": (
        "require(msg.sender == pool, NotThePool(msg.sender, pool));",
        "",
    ),
    "K5 the limit on what is seized is lost": (
        "maxRepay, maxSeize, 0, sale",
        "maxRepay, type(uint256).max, 0, sale",
    ),
    "K5 the deadline is forgotten": (
        "address(this), deadline);",
        "address(this), type(uint256).max);",
    ),
}


def drill(world: Keeping) -> set[str]:
    """One eventful evening: every kind of call, good and bad, from owner and strangers."""
    kit = world.kit
    alice, bob, carol = world.borrowers
    world.give(kit.usd, 777)
    world.give(kit.weth, 5)
    world.liquidate(alice, kit.weth)
    kit.feeds.weth.set_price("1_700")
    kit.feeds.wbtc.set_price("25_000")
    direct, around, astray, nowhere = world.paths(kit.weth)
    for path in (astray, nowhere):
        world.liquidate(alice, kit.weth, path)
    world.liquidate(alice, kit.weth, caller=world.stranger)
    world.liquidate(alice, kit.weth, deadline=world.chain.timestamp - 1)
    world.liquidate(alice, kit.weth, min_profit=10**12)
    world.liquidate(alice, kit.weth, min_profit=MAX_UINT256)
    world.intrude(kit.weth, 1, 5)
    world.intrude(kit.usd, 777, 0)
    world.liquidate(alice, kit.weth, direct, max_seize=10**18)
    world.liquidate(alice, kit.weth, around, max_repay=2_000 * 10**6, min_profit=1)
    world.liquidate(bob, kit.weth)
    world.liquidate(bob, kit.wbtc)
    kit.feeds.weth.set_price("900")
    world.liquidate(carol, kit.wbtc)
    world.liquidate(carol, kit.weth)
    return world.violated


@cache
def _bytecode() -> dict[str, bytes]:
    return faulty_bytecode("contracts/lending/LiquidationKeeper.sol", FAULTS)


def test_the_contract_as_it_is_violates_nothing(chain: Chain) -> None:
    world = Keeping(chain)
    assert drill(world) == set()
    assert world.twin().lending.debt_of(world.borrowers[0].address, now=chain.timestamp) > 0


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_caught_by_its_invariant(chain: Chain, fault: str) -> None:
    assert fault.split()[0] in drill(Keeping(chain, bytecode=_bytecode()[fault]))


def test_every_invariant_of_the_contract_has_two_faults() -> None:
    numbers = [fault.split()[0] for fault in FAULTS]
    assert {number: numbers.count(number) >= 2 for number in ("K1", "K2", "K4", "K5")} == {
        "K1": True,
        "K2": True,
        "K4": True,
        "K5": True,
    }


# --- one by one -----------------------------------------------------------------------------------


@pytest.fixture
def world(chain: Chain) -> Keeping:
    return Keeping(chain)


def test_a_liquidation_needs_no_capital_and_pays_the_owner(world: Keeping) -> None:
    kit, alice = world.kit, world.borrowers[0]
    kit.usd.transfer(world.stranger, kit.usd.balance(world.owner), sender=world.owner)
    kit.feeds.weth.set_price("1_800")
    done = world.liquidate(alice, kit.weth, min_profit=1)
    assert done is not None
    assert kit.usd.balance(world.owner).raw == done.profit > 0
    assert world.violated == set()


def test_it_is_refused_where_nothing_is_left_for_the_owner(world: Keeping) -> None:
    kit, alice = world.kit, world.borrowers[0]
    kit.feeds.weth.set_price("1_800")
    with world.chain.snapshot():
        profit = world.liquidate(alice, kit.weth).profit  # type: ignore[union-attr]
    assert world.liquidate(alice, kit.weth, min_profit=profit + 1) is None
    assert isinstance(world.refusal, reverts.TooLittleOut)
    assert world.liquidate(alice, kit.weth, min_profit=profit).profit == profit  # type: ignore[union-attr]
    assert world.violated == set()


def test_a_liquidation_may_leave_the_owner_nothing(world: Keeping) -> None:
    """One unit's bonus is less than a unit; nothing is sent then, for some tokens refuse that."""
    kit, alice = world.kit, world.borrowers[0]
    kit.feeds.weth.set_price("1_800")
    before = kit.usd.balance(world.owner)
    done = world.liquidate(alice, kit.weth, max_repay=1)
    assert done is not None
    assert (done.repaid, done.profit) == (1, 0)
    assert kit.usd.balance(world.owner) == before
    assert world.violated == set()


def test_a_healthy_account_and_a_wrong_path_are_refused(world: Keeping) -> None:
    kit, alice = world.kit, world.borrowers[0]
    world.liquidate(alice, kit.weth)
    assert isinstance(world.refusal, reverts.HealthyAccount)
    kit.feeds.weth.set_price("1_800")
    world.liquidate(alice, kit.weth, ())
    assert isinstance(world.refusal, reverts.PathEndsElsewhere)
    world.liquidate(alice, kit.weth, world.paths(kit.weth)[2])
    assert isinstance(world.refusal, reverts.PathEndsElsewhere)
    assert world.refusal.asset == kit.usd.address
    assert world.liquidate(alice, kit.weth) is not None


def test_it_cannot_be_deployed_on_nothing(world: Keeping) -> None:
    kit, nobody = world.kit, "0x" + "0" * 40
    good = [kit.lending.address, kit.exchange.address, world.owner.address]
    for place in range(3):
        bad = [*good[:place], nobody, *good[place + 1 :]]
        with pytest.raises(reverts.InvalidKeeper):
            LiquidationKeeper.deploy(world.chain, *bad)
    made = LiquidationKeeper.deploy(world.chain, *good)
    assert (made.pool(), made.venue(), made.owner()) == tuple(good)
    assert made.asset() == kit.usd.address


# --- a machine ------------------------------------------------------------------------------------

PRICES = st.integers(1, 3_000)
AMOUNTS = st.one_of(st.just(MAX_UINT256), st.integers(0, 10**12), st.integers(0, 10**20))


class KeeperMachine(RuleBasedStateMachine):
    """Anyone calls the contract with anything while prices jump; the twin says what happens."""

    chain = Chain.embedded()

    @initialize()
    def deploy(self) -> None:
        self.snapshot = self.chain.snapshot()
        self.snapshot.__enter__()
        self.world = Keeping(self.chain)

    def teardown(self) -> None:
        if hasattr(self, "snapshot"):
            self.snapshot.__exit__(None, None, None)

    @rule(ether=PRICES, bitcoin=st.integers(1, 40_000))
    def prices_jump(self, ether: int, bitcoin: int) -> None:
        self.world.kit.feeds.weth.set_price(ether)
        self.world.kit.feeds.wbtc.set_price(bitcoin)

    @rule(seconds=st.integers(1, 40_000))
    def time_passes(self, seconds: int) -> None:
        self.chain.advance(seconds)

    @rule(amount=st.integers(1, 10**6), which=st.integers(0, 2))
    def somebody_gives(self, amount: int, which: int) -> None:
        self.world.give(self.world.kit.tokens[which], amount)

    @rule(repaid=st.integers(0, 10**9), seized=st.integers(0, 10**9), which=st.integers(0, 2))
    def a_stranger_intrudes(self, repaid: int, seized: int, which: int) -> None:
        self.world.intrude(self.world.kit.tokens[which], repaid, seized)

    @rule(
        who=st.integers(0, 2),
        bitcoin=st.booleans(),
        path=st.sampled_from((0, 0, 0, 1, 1, 2, 3)),
        max_repay=AMOUNTS,
        max_seize=AMOUNTS,
        min_profit=st.sampled_from((0, 0, 1, 10**6, 10**9, MAX_UINT256)),
        owner=st.sampled_from((True, True, True, False)),
        late=st.sampled_from((False, False, False, True)),
    )
    def liquidate(
        self,
        who: int,
        bitcoin: bool,
        path: int,
        max_repay: int,
        max_seize: int,
        min_profit: int,
        owner: bool,
        late: bool,
    ) -> None:
        world = self.world
        token = world.kit.wbtc if bitcoin else world.kit.weth
        world.liquidate(
            world.borrowers[who],
            token,
            world.paths(token)[path],
            max_repay=max_repay,
            max_seize=max_seize,
            min_profit=min_profit,
            caller=world.owner if owner else world.stranger,
            deadline=self.chain.timestamp if late else MAX_UINT256,
        )

    @invariant()
    def k1_to_k5_hold(self) -> None:
        if hasattr(self, "world"):
            assert self.world.violated == set()


TestKeeperMachine = KeeperMachine.TestCase
TestKeeperMachine.settings = settings(max_examples=15, stateful_step_count=20)
