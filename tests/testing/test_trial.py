"""A trial keeps a record that can be told, run again, saved and made short."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from defi_kit.chain import Chain
from defi_kit.errors import InputError
from defi_kit.testing import Explored, Violation
from defi_kit.testing.recipe import Recipe
from defi_kit.testing.shrinking import _simpler, shorten
from defi_kit.testing.trial import Counterexample
from testing.till import Till, TillMachine, TillTrial

TESTS = Path(__file__).resolve().parents[1]
RECIPE = Recipe("testing.till:Till", {"first": 3})


@pytest.fixture
def trial() -> TillTrial:
    return TillTrial(Till(Chain.embedded(), 3), recipe=RECIPE)


def _broken(trial: TillTrial) -> Violation:
    trial.put("alice", 500)
    trial.take("bob", 2_000)
    trial.wonder(7)
    trial.put("bob", 120, "hello")
    with pytest.raises(Violation) as caught:
        trial.put("bob", 444)
    return caught.value


def test_a_step_tells_what_came_of_it(trial: TillTrial) -> None:
    taken = trial.take("alice", 2)
    assert (taken.verb, taken.arguments, taken.refused, taken.outcome) == (
        "take",
        ("alice", 2),
        None,
        2,
    )
    refused = trial.take("alice", 2)
    assert refused.refused is not None
    assert trial.subject.taken == 1
    assert trial.seen == 1
    assert trial.explored.done == {"take": 1}
    assert trial.explored.refused == {"take": 1}
    assert trial.explored.refusals.total() == 1


def test_named_arguments_are_recorded_in_order(trial: TillTrial) -> None:
    assert trial.put(amount=5, who="bob").arguments == ("bob", 5)
    with pytest.raises(InputError, match="put takes who, amount, word"):
        trial.put("bob", 5, nothing=1)  # type: ignore[call-arg]


def test_an_experiment_leaves_nothing_behind(trial: TillTrial) -> None:
    before = trial.chain.block_number
    trial.wonder(100)
    assert (trial.subject.taken, trial.look(), trial.chain.block_number) == (0, 3, before)
    with pytest.raises(Violation, match="T3"):
        trial.wonder(5_000)
    trial.exempt = {"T3": "not promised here"}
    trial.wonder(5_000)


def test_what_is_not_promised_is_not_checked(trial: TillTrial) -> None:
    trial.exempt = {"T1": "a large till"}
    trial.put("bob", 2_000)
    trial.take("bob", 1)
    with pytest.raises(Violation, match="T2: taken from 2 times"):
        trial.take("bob", 1)


def test_a_violation_carries_its_story_and_its_script(trial: TillTrial) -> None:
    violation = _broken(trial)
    assert violation.invariant == "T1"
    assert trial.story().splitlines() == [
        "1. alice puts 5.00 in",
        "2. bob takes 20.00 out: refused, InsufficientBalance",
        "3. what if 0.07 were put in?",
        "4. bob puts 1.20 in, saying hello",
        "5. bob puts 4.44 in",
    ]
    notes = "\n".join(violation.__notes__)
    assert trial.story() in notes
    assert trial.script() in notes


def test_a_script_runs_by_itself_also_when_pasted(trial: TillTrial) -> None:
    violation = _broken(trial)
    for how in (["-c", trial.script()], ["-i"]):
        pasted = trial.script() + "\n" if how == ["-i"] else None
        done = subprocess.run(
            [sys.executable, *how],
            input=pasted,
            capture_output=True,
            text=True,
            check=False,
            cwd=TESTS,
            env={"PYTHONPATH": str(TESTS)},
        )
        assert f"Violation: {violation}" in done.stderr


def test_a_counter_example_is_saved_and_run_again(trial: TillTrial, tmp_path: Path) -> None:
    trial.folder = tmp_path / "found"
    violation = _broken(trial)
    (path,) = trial.folder.glob("*.json")
    assert path.name == "till-T1.json"
    script = path.with_suffix(".py")
    assert f"Saved: {path}, and the script as {script}" in violation.__notes__
    assert path.with_suffix(".py").read_text() == trial.script() + "\n"
    saved = Counterexample.load(path)
    assert saved == Counterexample.of(trial, violation)
    with pytest.raises(Violation) as again:
        saved.run(Chain.embedded())
    assert str(again.value) == str(violation)
    assert saved.is_this(again.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "not a saved counter-example"),
        ("{", "not a saved counter-example"),
        ('{"kind": "till"}', "not a saved counter-example"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match=told):
        Counterexample.load(tmp_path / "x.json")


def test_a_file_of_another_time_says_what_is_missing(trial: TillTrial) -> None:
    found = Counterexample.of(trial, _broken(trial))
    for changed, told in (
        ({"trial": "testing.till:Nothing"}, "no trial"),
        ({"steps": (("fly", ()),)}, "no verb fly"),
        ({"recipe": Recipe("testing.till:Nobody")}, "nothing to make it with"),
    ):
        fields = {name: getattr(found, name) for name in found.__slots__} | changed
        with pytest.raises(InputError, match=told):
            Counterexample(**fields).run(Chain.embedded())


def test_a_counter_example_is_made_short(trial: TillTrial) -> None:
    found = Counterexample.of(trial, _broken(trial))
    short = shorten(found, TillMachine, seconds=30)
    assert short.invariant == "T1"
    assert short.steps == (("put", ("alice", 500)), ("put", ("bob", 500)))


@pytest.mark.parametrize("value", [11, 1_010, 100_000, 500_000, 730_000, 123_456_789])
def test_numbers_become_round_and_that_comes_to_an_end(value: int) -> None:
    assert set(_simpler(1_234)) >= {1_000, 5_000, 10_000, 2_000, 1_200}
    assert not list(_simpler(1_000))
    seen = [value]
    while simpler := list(_simpler(seen[-1])):
        seen.append(simpler[-1])
        assert len(seen) < 9
    assert str(seen[-1]).strip("0") == "1"


def test_counts_add_up_and_travel(trial: TillTrial) -> None:
    trial.put("bob", 1)
    trial.take("bob", 100)
    trial.note("smiles", 2)
    both = Explored()
    both.add(trial.explored)
    both.add(Explored.from_json(trial.explored.to_json()))
    assert (both.trials, both.steps, both.noted["smiles"]) == (2, 4, 4)


def test_a_machine_finds_it_and_rewinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TillMachine, "explored", Explored())
    with pytest.raises(Violation) as caught:
        run_state_machine_as_test(
            TillMachine, settings=settings(max_examples=100, database=None, derandomize=True)
        )
    assert caught.value.invariant == "T1"
    assert "alice puts" in caught.value.__notes__[0]
    assert {TillMachine.subject(n).token.total_supply() for n in (0, 1)} == {3, 4}
