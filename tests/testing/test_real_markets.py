"""The lending machine on the real Morpho Blue and Aave v3: green for what they promise.

What they do not promise is shown here, each by a counter-example, so that no exemption outlives its
reason. The packages come with `make test`; without them these tests are skipped, by name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from defi_kit.testing import LendingTrial, Violation
from defi_kit.testing.fuzz import Campaign, fuzz
from defi_kit.testing.lending.aave import AAVE_EXEMPT, AaveV3Market
from defi_kit.testing.lending.morpho import MORPHO_EXEMPT, MorphoBlueMarket
from defi_kit.units import MAX_UINT256, WAD

ROOT = Path(__file__).resolve().parents[2]
UNIT = 10**6
WHOLE = 10**18

pytestmark = [
    pytest.mark.chain,
    pytest.mark.timeout(1_800),  # compiles them, the first time
    pytest.mark.xdist_group("real markets"),
    pytest.mark.skipif(
        not (ROOT / "tools" / "peers" / "node_modules").is_dir(),
        reason="the peers' packages are not installed: `make test` does it",
    ),
]
MAKERS = {"morpho": MorphoBlueMarket.deploy, "aave": AaveV3Market.deploy}


def price(dollars: int) -> int:
    return dollars * 10**24  # 18 decimals in 6


def loan(trial: LendingTrial, dollars: int) -> None:
    """carol lends a million, bob posts collateral worth 20,000 and borrows."""
    trial.supply("carol", 1_000_000 * UNIT)
    trial.supply_collateral("bob", 0, 10 * WHOLE)
    trial.borrow("bob", dollars * UNIT)


def morpho_l4(trial: LendingTrial) -> None:
    """A liquidator leaves next to nothing, and the bad debt stays in the books."""
    loan(trial, 15_000)
    trial.supply_collateral("bob", 0, 3 * 10**9)  # so that it can be missed by a unit
    trial.set_price(0, price(700))
    all_of_it = 7_000 * UNIT * WAD // (WAD + trial.terms.collaterals[0].max_bonus)
    for less in range(10):
        with trial.rewound():
            trial.liquidate("keeper", "bob", 0, all_of_it + 5 - less)


def morpho_l7(trial: LendingTrial) -> None:
    """A month at once or in a week's steps: another interest."""
    loan(trial, 15_000)
    trial.compound(30 * 86_400, 7)


def aave_l2(trial: LendingTrial) -> None:
    """The collateral pays half of the debt; lenders own as much as before."""
    loan(trial, 15_000)
    trial.set_price(0, price(750))
    trial.liquidate("keeper", "bob", 0, MAX_UINT256)


def aave_l5_on_withdrawal(trial: LendingTrial) -> None:
    """A loan at its limit, and then the collateral for it goes down to the liquidation LTV."""
    loan(trial, 15_000 - 1)
    trial.withdraw_collateral("bob", 0, WHOLE // 2)


def aave_l12(trial: LendingTrial) -> None:
    """After that the only lender cannot take out what is hers."""
    trial.exempt = {"L2": ""}
    aave_l2(trial)
    trial.leave()


COUNTER_EXAMPLES: dict[tuple[str, str], Callable[[LendingTrial], None]] = {
    ("morpho", "L4"): morpho_l4,
    ("morpho", "L7"): morpho_l7,
    ("aave", "L2"): aave_l2,
    ("aave", "L5 on withdrawal"): aave_l5_on_withdrawal,
    ("aave", "L12"): aave_l12,
}


@pytest.mark.parametrize(("name", "steps"), [("morpho", 1_500), ("aave", 1_000)])
def test_the_machine_finds_nothing_in_what_they_promise(name: str, steps: int) -> None:
    report = fuzz(Campaign(kind="lending", target=name, steps=steps, seed=1, folder=None))
    assert report.found is None, report.found.story
    assert report.explored.noted["liquidations"] > 0


def test_every_exemption_has_its_counter_example() -> None:
    exempt = {("morpho", name) for name in MORPHO_EXEMPT} | {("aave", name) for name in AAVE_EXEMPT}
    assert exempt == COUNTER_EXAMPLES.keys()


@pytest.mark.parametrize(("name", "invariant"), COUNTER_EXAMPLES)
def test_what_they_do_not_promise_does_not_hold(name: str, invariant: str) -> None:
    trial = LendingTrial(MAKERS[name](Chain.embedded()))
    trial.exempt = {}
    with pytest.raises(Violation) as violated:
        COUNTER_EXAMPLES[name, invariant](trial)
    assert violated.value.invariant == invariant


@pytest.mark.parametrize("name", MAKERS)
def test_a_loan_is_lent_grows_is_repaid_and_leaves(name: str) -> None:
    market = MAKERS[name](Chain.embedded())
    trial = LendingTrial(market)
    loan(trial, 14_000)
    trial.wait(365 * 86_400)
    owed = trial.position("bob").debt
    assert 14_000 * UNIT < owed < 15_000 * UNIT
    assert trial.repay("bob", MAX_UINT256).refused is None
    assert trial.position("bob").debt == 0
    assert trial.withdraw_collateral("bob", 0, 10 * WHOLE).refused is None
    claim = trial.position("carol").supplied
    assert claim > 1_000_000 * UNIT
    assert trial.withdraw("carol", claim).refused is None


@pytest.mark.parametrize("name", MAKERS)
def test_interest_seen_is_interest_booked(name: str) -> None:
    chain = Chain.embedded()
    trial = LendingTrial(MAKERS[name](chain))
    loan(trial, 14_000)
    people = list(trial.accounts.values())
    for days in (1, 30, 365):
        chain.advance(days=days)
        with chain.snapshot():
            chain.mine()
            shown = trial.market.view(people)
        with chain.snapshot():
            trial.market.repay(trial.accounts["bob"], UNIT)  # books it
            booked = trial.market.view(people)
        assert abs(shown.total_debt - booked.total_debt - UNIT) <= 1
        assert abs(shown.total_supplied - booked.total_supplied) <= 1


@pytest.mark.parametrize("name", MAKERS)
def test_an_oracle_that_refuses_is_told_from_one_that_answers(name: str) -> None:
    market = MAKERS[name](Chain.embedded())
    trial = LendingTrial(market)
    loan(trial, 14_000)
    trial.turn_off(0)
    assert trial.position("bob").healthy is None
    assert trial.borrow("bob", UNIT).refused is not None
    assert market.max_borrow(trial.accounts["bob"]) == 0
    trial.set_price(0, price(2_000))
    assert trial.position("bob").healthy is True
    most = market.max_borrow(trial.accounts["bob"])
    assert trial.borrow("bob", most - UNIT).refused is None


@pytest.mark.parametrize("name", MAKERS)
def test_a_flash_loan_comes_back_or_has_not_been(name: str) -> None:
    market = MAKERS[name](Chain.embedded())
    trial = LendingTrial(market)
    loan(trial, 14_000)
    who = trial.accounts["mallory"]
    before = market.wallet(who)
    market.flash_loan(who, 1_000 * UNIT, 1_000 * UNIT)
    with pytest.raises(Reverted):
        market.flash_loan(who, 1_000 * UNIT, 1_000 * UNIT - 1)
    assert market.wallet(who) == before


@pytest.mark.parametrize("name", MAKERS)
def test_nobody_acts_for_another(name: str) -> None:
    market = MAKERS[name](Chain.embedded())
    trial = LendingTrial(market)
    loan(trial, 10_000)
    attempts = dict(market.impersonations(trial.accounts["mallory"], trial.accounts["bob"]))
    assert len(attempts) >= 4
    for attempt in attempts.values():
        with pytest.raises(Reverted):
            attempt()
