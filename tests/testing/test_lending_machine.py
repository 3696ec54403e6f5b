"""The lending machine on anybody's market: green on a sound one, and it finds what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from defi_kit.bindings import SimplePool
from defi_kit.chain import Chain
from defi_kit.errors import InputError, Reverted
from defi_kit.testing import (
    LendingMachine,
    LendingMarket,
    LendingTrial,
    PoolMarket,
    PoolTrial,
    Step,
    Violation,
)
from defi_kit.testing.bytecode import creation_code
from defi_kit.testing.lending.market import FlashLender, View
from defi_kit.units import MAX_UINT256, WAD
from testing.broken.my_market import MyMarket

QUICK = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class OursMachine(LendingMachine):
    """Our pool as anybody's, by what its views show."""

    make = PoolMarket.deploy
    variants = (
        {},
        {"asset_decimals": 18, "collateral_decimals": (6, 0, 8), "rate": "adaptive"},
        {"asset_decimals": 0, "collateral_decimals": (24, 6, 18)},
    )
    folder = None


TestOurs = OursMachine.TestCase
TestOurs.settings = QUICK


class Generous(PoolMarket):
    """Gives whoever lends a collateral of its own, out of nothing."""

    def supply(self, who: Any, assets: int) -> None:
        super().supply(who, assets)
        self.world.tokens[0].mint(who, 10**20)


class Forgetful(PoolMarket):
    """Says that everybody is healthy."""

    def view(self, people: Any) -> View:
        seen = super().view(people)
        sound = {who: replace(one, healthy=True) for who, one in seen.positions.items()}
        return replace(seen, positions=sound)


@pytest.mark.parametrize(
    ("market", "invariants"), [(Generous, {"L8", "L15", "L16"}), (Forgetful, {"L5"})]
)
def test_what_is_wrong_is_found(market: type[PoolMarket], invariants: set[str]) -> None:
    class Machine(OursMachine):
        make = market.deploy
        variants = ({},)

    with pytest.raises(Violation) as caught:
        run_state_machine_as_test(seed(1)(Machine), settings=QUICK)
    assert caught.value.invariant in invariants


@pytest.mark.parametrize("refusing", [False, True])
def test_our_pool_is_shown_as_each_of_its_views_shows_it(refusing: bool) -> None:
    with Chain.embedded() as chain:
        market = PoolMarket.deploy(chain)
        trial, pool = LendingTrial(market), market.contract
        trial.supply("carol", 1_000_000 * 10**6)
        trial.supply_collateral("alice", 0, 10**18)
        trial.borrow("alice", 1_000 * 10**6)
        trial.set_price(0, market.world.opening[0] // 3)
        trial.wait(86_400)
        if refusing:
            trial.turn_off(0)

        def healthy(who: Any) -> bool | None:
            try:
                return bool(pool.health_of(who) >= WAD)
            except Reverted:
                return None

        people = list(trial.accounts.values())
        view, tokens = market.view(people), (market.world.asset, *market.world.tokens)
        assert view.now == chain.timestamp
        for who in people:
            seen = view.positions[who.address]
            assert (seen.shares, seen.debt) == (pool.balance_of(who), pool.debt_of(who))
            assert seen.supplied == pool.convert_to_assets(pool.balance_of(who))
            assert seen.collateral == tuple(pool.collateral_of(who, t) for t in tokens[1:])
            assert seen.healthy == healthy(who)
            assert view.wallets[who.address] == market.wallet(who)
        assert view.held == tuple(token.balance_of(pool) for token in tokens)
        assert (view.total_supplied, view.total_debt) == (pool.total_assets(), pool.total_debt())
        assert (view.total_shares, view.collateral) == (pool.total_supply(), view.held[1:])
        alice = view.positions[people[0].address]
        assert alice.healthy is (None if refusing else False)
        assert trial.position_now("alice") == alice


def test_a_subclass_adds_rules_and_invariants() -> None:
    def m1(trial: LendingTrial, before: Any, done: Step, after: Any) -> None:
        if after.view.total_debt > 0:
            raise Violation("M1", "somebody borrows")

    class MyTrial(LendingTrial):
        invariants: ClassVar[Mapping[str, Any]] = {**LendingTrial.invariants, "M1": m1}

    class MyMachine(OursMachine):
        trial_class = MyTrial

    with pytest.raises(Violation, match="M1: somebody borrows"):
        run_state_machine_as_test(seed(1)(MyMachine), settings=QUICK)


def test_our_pool_keeps_the_protocol() -> None:
    market = PoolMarket.deploy(Chain.embedded())
    assert isinstance(market, LendingMarket)
    assert isinstance(market, FlashLender)
    assert market.terms.symbol == "USD"


def test_a_story_is_told_in_human_units() -> None:
    trial = LendingTrial(PoolMarket.deploy(Chain.embedded()))
    trial.supply("carol", 100_000_000_000)
    trial.supply_collateral("bob", 0, 10**19)
    trial.borrow("bob", 14_000_000_000)
    trial.borrow("bob", 14_000_000_000)
    trial.set_price(0, 1_500 * 10**24)
    trial.wait(90_061)
    trial.liquidate("keeper", "bob", 0, MAX_UINT256)
    trial.donate("mallory", None, 1)
    assert trial.story().splitlines() == [
        "1. carol lends 100,000 USD",
        "2. bob posts 10 C0",
        "3. bob borrows 14,000 USD",
        "4. bob borrows 14,000 USD: refused, DebtAboveLimit",
        "5. C0 is worth 1,500 USD now",
        "6. 1 day 1 hour pass",
        "7. keeper liquidates bob, repaying everything at most, for C0",
        "8. mallory gives the market 0.000001 USD for nothing",
    ]
    assert trial.explored.noted["liquidations"] == 1


def test_contract_and_twin_go_in_lockstep() -> None:
    trial = PoolTrial(PoolMarket.deploy(Chain.embedded(), mode="both"))
    trial.supply("carol", 10**12, "bob")
    trial.supply_collateral("alice", 0, 10**19)
    assert trial.borrow("alice", 10**10).refused is None
    carol = trial.accounts["carol"]
    trial.market.contract.deposit(10**6, carol, sender=carol)  # behind the twin's back
    with pytest.raises(Violation, match=r"twin: .* should be .*, and is"):
        trial.supply("carol", 10**6)


def test_bytecode_is_read_from_what_holds_it(tmp_path: Any) -> None:
    for name, text in (
        ("hex", "0x6001"),
        ("ours.json", '{"bytecode": "6001"}'),
        ("forge.json", '{"bytecode": {"object": "0x6001"}}'),
        ("ape.json", '{"deploymentBytecode": {"bytecode": "0x6001"}}'),
    ):
        (tmp_path / name).write_text(text)
        assert creation_code(str(tmp_path / name)) == b"\x60\x01"
    assert creation_code("0x6001") == b"\x60\x01"
    (tmp_path / "unlinked").write_text("0x60__$abc$__01")
    for source in ("nowhere", str(tmp_path / "unlinked")):
        with pytest.raises(InputError, match="bytecode"):
            creation_code(source)


class Keeping(PoolMarket):
    """Says what it keeps, and which part of the interest that is; both may be wrong."""

    told = 1

    def view(self, people: Any) -> Any:
        seen = super().view(people)
        kept = seen.cash + seen.total_debt - seen.total_supplied
        return replace(seen, reserve=kept * self.told)


@pytest.mark.parametrize(
    ("told", "share", "invariant"),
    [(1, 10**17, None), (2, 10**17, "L2"), (1, 2 * 10**17, "L6 over time")],
)
def test_interest_is_shared_as_told(told: int, share: int, invariant: str | None) -> None:
    market = Keeping.deploy(Chain.embedded())
    market.terms = replace(market.terms, reserve_share=share)
    market.told = told
    trial = LendingTrial(market)
    trial.supply("carol", 10**12)
    trial.supply_collateral("bob", 0, 10**19)
    trial.borrow("bob", 10**10)

    def live() -> None:
        trial.wait(86_400 * 365)
        trial.accrue()
        trial.wait(86_400 * 365)

    if invariant is None:
        live()
        return
    with pytest.raises(Violation) as caught:
        live()
    assert caught.value.invariant == invariant


def test_what_is_done_for_another_is_told_and_seen() -> None:
    trial = LendingTrial(PoolMarket.deploy(Chain.embedded()))
    trial.supply("carol", 10**12, "alice")
    trial.transfer("alice", "carol", 10**11)
    trial.supply_collateral("bob", 0, 10**19)
    trial.borrow("bob", 10**10, "alice")
    assert trial.story().splitlines() == [
        "1. carol lends 1,000,000 USD for alice",
        "2. alice sends carol 100,000 USD of what it lent",
        "3. bob posts 10 C0",
        "4. bob borrows 10,000 USD, paid to alice",
    ]
    assert trial.position("carol").supplied in (10**11, 10**11 - 1)


def test_what_a_market_does_not_offer_is_not_said_to_be_never_tried() -> None:
    bare = LendingTrial(MyMarket(Chain.embedded(), SimplePool.deploy))
    assert [verb for verb in bare.verbs() if not bare.offers(verb)] == ["flash_loan", "transfer"]
    ours = LendingTrial(PoolMarket.deploy(Chain.embedded()))
    assert [verb for verb in ours.verbs() if not ours.offers(verb)] == ["call_back"]


def test_a_token_calls_back_in_the_middle_of_every_verb() -> None:
    trial = LendingTrial(MyMarket(Chain.embedded(), SimplePool.deploy))
    trial.supply("carol", 10**12)
    for deed in ("supply", "withdraw", "borrow", "repay"):
        assert trial.call_back(deed).refused is None
    for deed in ("supply_collateral", "withdraw_collateral"):
        assert trial.call_back(deed, 0).refused is None
    assert trial.explored.noted["callbacks"] == 6 * 4
    assert trial.story().splitlines()[1::5] == [
        "2. what if the token moved by a supply calls every door?",
        "7. what if the token moved by a withdraw_collateral of ETH calls every door?",
    ]


@pytest.mark.parametrize("wrong", [{"mode": "dream"}, {"rate": "flat"}])
def test_a_market_that_cannot_be_made_says_why(wrong: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"no (mode|rate model)"):
        PoolMarket.deploy(Chain.embedded(), **wrong)  # type: ignore[arg-type]


def test_an_oracle_that_answers_zero_is_no_brink() -> None:
    trial = LendingTrial(PoolMarket.deploy(Chain.embedded()))
    trial.supply("carol", 10**12)
    trial.supply_collateral("alice", 0, 10**19)
    trial.supply_collateral("alice", 1, 10**8)
    trial.borrow("alice", 10**10)
    trial.set_price(1, 0)
    assert trial.brink("keeper", "alice", 0).refused is None


def test_what_a_broken_market_adds_up_to_is_told_beyond_256_bits() -> None:
    trial = LendingTrial(PoolMarket.deploy(Chain.embedded()))
    assert trial.sum_of(1, 2**257) == f"{2**257:,} units C0"
