"""The machine of the Exchange: its modes, its record, and what a reader adds to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from defi_kit.chain import Chain
from defi_kit.errors import ParameterError
from defi_kit.reverts import TooLittleOut
from defi_kit.testing.exchange.machine import ExchangeMachine
from defi_kit.testing.exchange.trial import ExchangeTrial
from defi_kit.testing.exchange.world import World
from defi_kit.testing.explored import Explored
from defi_kit.testing.machine import run
from defi_kit.testing.recipe import Recipe
from defi_kit.testing.trial import Counterexample
from defi_kit.testing.violations import Violation
from faults import faulty_bytecode

FEW = settings(
    max_examples=20,
    stateful_step_count=20,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mode", ["both", "chain", "twin"])
def test_the_machine_runs_on_twin_and_contract_and_on_either(mode: str) -> None:
    seen = Explored()

    class Machine(ExchangeMachine):
        variants = ({"mode": mode},)
        explored = seen
        folder = None

    run_state_machine_as_test(seed(1)(Machine), settings=FEW)
    assert seen.trials >= 20  # Hypothesis gives up lives that draw too much, and begins others
    assert seen.steps > 100
    assert seen.done["swap"]


def test_twin_and_contract_end_alike(chain: Chain) -> None:
    books = []
    for mode in ("chain", "twin"):
        trial = ExchangeTrial(World.build(chain, mode))
        before = chain.timestamp
        trial.create("T6", "WETH", 3_000, 0)
        trial.add("alice", 0, 10**24, 10**24)
        trial.swap("bob", "ETH", 10**18, "0", "T6")
        trial.flash_sell("T6", 10**9, "0", "WETH", "gives")
        books.append(
            [
                (pool.reserve0, pool.reserve1, pool.supply, pool.updated_at - before)
                for pool in trial.seen.pools.values()
            ]
        )
    assert {frozenset(one[:2]) for one, *_ in books} == {frozenset(books[0][0][:2])}
    assert books[0][0][2:] == books[1][0][2:]


def test_a_step_is_told_in_human_units(chain: Chain) -> None:
    trial = ExchangeTrial(World.build(chain))
    trial.create("T6", "WETH", 3_000, 0)
    first, _ = (trial.world.symbol(token) for token in trial.key(0).tokens)
    amounts = (5_000 * 10**6, 2 * 10**18) if first == "T6" else (2 * 10**18, 5_000 * 10**6)
    trial.add("alice", 0, *amounts)
    trial.swap("bob", "WETH", 10**17, "0", "T6", 10**12)
    done = trial.swap("bob", "ETH", 10**17, "0", "T6")
    assert isinstance(trial.steps[2].refused, TooLittleOut)
    assert 235 * 10**6 < done.outcome < 240 * 10**6
    assert trial.story().splitlines()[2:] == [
        "3. bob sells 0.1 WETH through pool 0 for T6, at least 1,000,000 T6: refused, TooLittleOut",
        "4. bob sells 0.1 ETH through pool 0 for T6",
    ]


def test_a_reason_is_told_in_human_units(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = ExchangeTrial(World.build(chain, mode="chain"))
    trial.create("T6", "WETH", 3_000, 0)
    trial.add("alice", 0, 10**18, 10**18)
    monkeypatch.setattr(trial.world, "ask", lambda *_: 2_000 * 10**6)
    with pytest.raises(Violation, match="X7: quote 2,000 T6, execution 9"):
        trial.swap("bob", "ETH", 10**15, "0", "T6")


def test_what_is_in_nobodys_books_is_found_without_a_twin(chain: Chain) -> None:
    change = ("if (PROTOCOL_SHARE != 0) protocolFees[_traded(tokenIn)] += entry.cut;", "")
    wrong = faulty_bytecode("contracts/dex/Exchange.sol", {"wrong": change})["wrong"].hex()
    trial = ExchangeTrial(World.build(chain, "chain", bytecode=wrong))
    trial.create("T6", "WETH", 3_000, 0)
    trial.add("alice", 0, 10**24, 10**24)
    with pytest.raises(Violation, match=r"X3: add_one left [0-9.,]+ T6 in nobody's books"):
        trial.add_one("bob", 0, "T6", 10**20)


def test_a_fork_that_is_wrong_is_found_and_its_script_shows_it(tmp_path: Path) -> None:
    """The script runs by itself, in another process, and ends with the same violation."""
    change = ("amount1 = shares * reserves.reserve1() / supply;", "amount1 = shares;")
    wrong = faulty_bytecode("contracts/dex/Exchange.sol", {"wrong": change})["wrong"].hex()

    class Machine(ExchangeMachine):
        variants = ({"mode": "chain", "bytecode": wrong},)
        explored = Explored()
        folder = tmp_path

    few = settings(FEW, max_examples=100, phases=[Phase.generate, Phase.shrink])
    with pytest.raises(Violation) as found:
        run(seed(1)(Machine), few)
    file = tmp_path / f"exchange-{found.value.invariant}.json"
    assert json.loads(file.read_text())["invariant"] == found.value.invariant
    assert len(json.loads(file.read_text())["steps"]) <= 4
    script = file.with_suffix(".py").read_text()
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True)
    assert f"Violation: {found.value.invariant}: " in done.stderr
    with pytest.raises(Violation), Chain.embedded() as chain:
        Counterexample.load(file).run(chain)


def test_a_subclass_adds_rules_and_invariants() -> None:
    """One that never holds makes every life end with it."""

    class Trial(ExchangeTrial):
        invariants: ClassVar = {**ExchangeTrial.invariants, "MINE": lambda *_: _refuse()}

    def _refuse() -> None:
        raise Violation("MINE", "something is held")

    class Machine(ExchangeMachine):
        trial_class = Trial
        explored = Explored()
        folder = None

        @rule()
        def nothing(self) -> None:
            self.trial.wait(1)

    with pytest.raises(Violation, match="MINE"):
        run_state_machine_as_test(Machine, settings=FEW)


def test_a_mode_that_does_not_exist_is_refused(chain: Chain) -> None:
    with pytest.raises(ParameterError, match="no mode 'fast'"):
        World.build(chain, "fast")


def test_the_recipe_makes_the_world_again(chain: Chain) -> None:
    recipe = Recipe.of(World.build, {"mode": "twin"})
    assert recipe.on(chain).mode == "twin"
    assert recipe.call() == "World.build(chain, mode='twin')"


def test_a_flash_trade_round_two_pools_may_gain_what_their_prices_differ_by() -> None:
    trial = ExchangeTrial(World.build(Chain.embedded()))
    for fee, price in ((0, 1), (1, 2)):
        trial.create("T6", "T8", fee, 0)
        trial.add("alice", fee, 10**12, price * 10**12)
    assert trial.flash_sell("T6", 10**9, "0>1", "T6", "pays").refused is None
    assert trial.flash_buy("T6", "1>0", "T6", 10**9, "pays").refused is None
    assert trial.flash_sell("T6", 10**9, "1>0", "T6", "pays").refused is None
    assert trial.flash_buy("T6", "0>1", "T6", 10**9, "pays").refused is None
