"""The machines of dollars find what is broken, and tell it so that it can be done again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from defi_kit.chain import Chain
from defi_kit.errors import InputError, ParameterError
from defi_kit.testing.fuzz import Campaign, fuzz
from defi_kit.testing.peg import (
    AlgoMachine,
    AlgoTrial,
    AlgoWorld,
    FiatMachine,
    FiatPair,
    FiatTrial,
    SwapMachine,
    SwapTrial,
    SwapWorld,
)
from defi_kit.testing.trial import Counterexample, Step, Trial
from defi_kit.testing.violations import Violation
from defi_kit.units import WAD
from faults import faulty_bytecode
from stablecoins import test_fiat_faults as seeded

ROOM = "contracts/stablecoins"
FAULTS = {
    "S2": (
        "FiatDollar",
        ("minter.allowance -= uint104(amount);", ""),
        FiatMachine,
    ),
    "S4": (
        "PegSwap",
        ("require(amount <= stock, NotFunded(token, stock, amount));", "stock = amount;"),
        SwapMachine,
    ),
    "S5": (
        "AlgoController",
        (
            "(low, high) = (average.min(spot), average.max(spot));",
            "(low, high) = (average.min(spot), average.min(spot));",
        ),
        AlgoMachine,
    ),
}


def outcomes(steps: list[Step]) -> list[tuple[str, object, object]]:
    return [
        (done.verb, done.outcome, done.refused and (done.refused.name, done.refused.arguments))
        for done in steps
    ]


def live(trial: AlgoTrial) -> list[tuple[str, object, object]]:
    trial.mint("alice", 20_000 * WAD)
    trial.mint("bob", 10**30)
    trial.reprice("spot", 90)
    trial.redeem("alice", 1_234 * WAD + 5)
    trial.go_around("bob", 77 * WAD)
    trial.sandwich("bob", 500 * WAD, 90)
    trial.wait(3_600)
    trial.reprice("dollar", 90)
    trial.step_ratio("bob")
    trial.give(10**6)
    trial.crash(1)
    trial.alarm("alice")
    trial.end("alice")
    trial.wait(7_200)
    trial.end("alice")
    trial.claim("alice", 5_000 * WAD)
    trial.claim("bob", 5_000 * WAD)
    return outcomes(trial.steps)


def trade(trial: SwapTrial) -> list[tuple[str, object, object]]:
    trial.fund("bank", 1, 300 * WAD)
    trial.fund("alice", 1, 300 * WAD)
    trial.swap("alice", 0, 100 * 10**6)
    trial.swap("bob", 0, 10**20)
    trial.swap("bob", 1, 50 * WAD + 7)
    trial.give(0, 10**6)
    trial.collect("bob", 0)
    trial.reprice(0, 50)
    trial.swap("alice", 0, 10**6)
    trial.go_around("alice", 1, 10**18)
    trial.unfund("bank", 1, 250 * WAD)
    return outcomes(trial.steps)


@pytest.mark.parametrize(
    ("world", "trial", "life"), [(AlgoWorld, AlgoTrial, live), (SwapWorld, SwapTrial, trade)]
)
def test_a_life_is_the_same_on_the_chain_on_the_twin_and_on_both(
    world: Any, trial: Any, life: Any
) -> None:
    told = [
        life(trial(world.deploy(Chain.embedded(), mode=mode))) for mode in ("chain", "twin", "both")
    ]
    assert [verb for verb, _, refused in told[0] if refused]

    def kinds(life: list[Any]) -> list[Any]:  # addresses differ, the twin has none
        return [(verb, came, refused and refused[0]) for verb, came, refused in life]

    assert kinds(told[0]) == kinds(told[1]) == kinds(told[2])


def test_a_dollar_on_cash_lives_the_same_with_and_without_its_twin() -> None:
    def life(mode: str) -> list[tuple[str, object, object]]:
        trial = FiatTrial(FiatPair.deploy(Chain.embedded(), mode=mode))  # type: ignore[arg-type]
        trial.attest("carol", 10**7, 0, "auditor examiner")
        trial.configure_minter("treasurer", "bank", 10**12, 2**50)
        trial.mint("bank", "alice", 10**6)
        trial.transfer("alice", "bob", 400_000)
        trial.transfer("carol", "bob", 1)
        trial.permit("bob", "carol", 5_000, 100, "none")
        trial.replay_permit(0)
        trial.permit("bob", "carol", 5_000, 100, "other chain")
        trial.transfer_from("carol", "bob", "carol", 5_000)
        trial.authorize("carol", "bob", "alice", 100, 1, 10, 1, False, "none")
        trial.replay_order("alice", 0)
        trial.cancel("alice", "bob", 2, "high s")
        trial.redeem("bob", 200_000)
        trial.settle("bank", 1)
        trial.attest("carol", 10**9, 0, "auditor examiner")
        trial.misstate("order")
        trial.replay_statement(0)
        trial.configure_attesters("owner", "auditor", 1)
        trial.freeze("officer", "alice")
        trial.force_ether(2)
        trial.rescue_ether("owner", 2)
        trial.pause("warden")
        trial.transfer("bob", "carol", 1)
        trial.unpause("warden")
        trial.offer_role("owner", 2, "bob")
        trial.accept_role("bob", 2)
        trial.revoke_role("owner", 2)
        trial.remove_minter("treasurer", "bank")
        assert "bob accepts the role pauser" in trial.story()
        return outcomes(trial.steps)

    assert life("chain") == life("both")
    with pytest.raises(ParameterError, match="no mode 'twin'"):
        FiatPair.deploy(Chain.embedded(), mode="twin")  # type: ignore[arg-type]


@pytest.mark.parametrize(("world", "client"), [(AlgoWorld, "algo"), (SwapWorld, "swap")])
def test_another_mode_is_refused_and_the_twin_has_no_client(world: Any, client: str) -> None:
    with pytest.raises(ParameterError, match="no mode 'paper'"):
        world.deploy(Chain.embedded(), mode="paper")
    with pytest.raises(ParameterError, match="no client"):
        getattr(world.deploy(Chain.embedded(), mode="twin"), client)


@pytest.mark.parametrize("number", FAULTS)
def test_a_machine_finds_a_fault_and_tells_it_as_a_script_that_finds_it_again(
    number: str, tmp_path: Path
) -> None:
    contract, fault, machine = FAULTS[number]
    code = faulty_bytecode(f"{ROOM}/{contract}.sol", {"broken": fault})["broken"]

    class Broken(machine):  # type: ignore[misc, valid-type]
        variants = ({"mode": "chain", "bytecode": code.hex()},)
        folder = tmp_path

    Broken.TestCase.settings = settings(
        max_examples=300,
        stateful_step_count=20,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
    )
    with pytest.raises(Violation, match=f"^{number}: ") as found:
        Broken.TestCase("runTest").runTest()

    saved = tmp_path / f"peg-{number}.json"
    assert any("The story:" in note for note in found.value.__notes__)
    with pytest.raises(Violation, match=f"^{number}: "):
        Counterexample.load(saved).run(Chain.embedded())
    script = saved.with_suffix(".py").read_text(encoding="utf-8")
    run = subprocess.run([sys.executable, "-i", "-q"], input=script, capture_output=True, text=True)
    assert f"Violation: {number}: " in run.stderr


def test_a_counter_example_of_another_trial_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "none.json"
    file.write_text('{"trial": "defi_kit.testing.peg:AlgoTrial", "make": "x:y", "arguments": {},')
    with pytest.raises(InputError, match="not a saved counter-example"):
        Counterexample.load(file)


def test_a_story_is_told_in_human_units() -> None:
    trial: Trial = AlgoTrial(AlgoWorld.deploy(Chain.embedded(), mode="twin"))
    trial.mint("alice", 1_500 * WAD)  # type: ignore[attr-defined]
    trial.say("share", None)  # type: ignore[attr-defined]
    trial.claim("bob", 10**15)  # type: ignore[attr-defined]
    assert trial.story().splitlines() == [
        "1. alice mints 1,500 ALGO",
        "2. the oracle of the share says nothing any more",
        "3. bob claims a part of the collateral for 0.001 ALGO: refused, NotEnded",
    ]


FIAT = ("s2_frozen_approve", "s3_anyone_receives")


@pytest.mark.parametrize("fault", FIAT)
def test_a_dollar_on_cash_that_is_wrong_is_found_without_a_twin(fault: str) -> None:
    code = faulty_bytecode(seeded.SOURCE, {fault: seeded.FAULTS[fault]})[fault].hex()
    wanted = Campaign(
        kind="peg", target="fiat", mode="chain", bytecode=code, steps=4_000, folder=None
    )
    found = fuzz(wanted).found
    assert found is not None
    assert found.invariant in ("S2", "S3")
