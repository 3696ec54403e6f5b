"""A till that anybody may fill and empty, small enough to see through; and its machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from defi_kit.bindings import MockToken
from defi_kit.chain import Chain
from defi_kit.testing import Step, Trial, TrialMachine, Violation, step
from defi_kit.testing.trial import Literal_


class Till:
    """Tokens in one account."""

    def __init__(self, chain: Chain, first: int = 5) -> None:
        self.chain = chain
        self.token = MockToken.deploy(chain, "T", 2)
        self.token.mint(chain.account("till"), first)
        self.taken = 0

    def remember(self) -> int:
        return self.taken

    def recall(self, taken: int) -> None:
        self.taken = taken


def never_above_ten(trial: TillTrial, before: int, done: Step, after: int) -> None:
    if after > 1_000:
        raise Violation("T1", f"{after} in the till after {done.verb}")


def never_taken_twice(trial: TillTrial, before: int, done: Step, after: int) -> None:
    if trial.subject.taken > 1:
        raise Violation("T2", f"taken from {trial.subject.taken} times")


class TillTrial(Trial):
    """Put in, take out, wonder."""

    KIND = "till"
    SUBJECT = "till"
    invariants: ClassVar[Mapping[str, Any]] = {"T1": never_above_ten, "T2": never_taken_twice}

    def look(self) -> int:
        return int(self.subject.token.balance_of(self.person("till")))

    def words(self, name: str, value: Literal_, given: Mapping[str, Literal_]) -> str:
        return f"{int(value or 0) / 100:.2f}" if name == "amount" else str(value)

    @step("{who} puts {amount} in[, saying {word}]")
    def put(self, who: str, amount: int, word: str | None = None) -> None:
        self.subject.token.mint(self.person("till"), amount)

    @step("{who} takes {amount} out")
    def take(self, who: str, amount: int) -> int:
        self.subject.token.transfer(self.person(who), amount, sender=self.person("till"))
        self.subject.taken += 1
        return amount

    @step("what if {amount} were put in?", undone=True)
    def wonder(self, amount: int) -> None:
        self.subject.token.mint(self.person("till"), amount)
        self.subject.taken = 99
        if self.look() > 5_000:
            raise Violation("T3", "too much")


class TillMachine(TrialMachine):
    """Ten lines."""

    trial_class = TillTrial
    make = Till
    variants = ({"first": 3}, {"first": 4})
    folder = None

    @rule(who=st.sampled_from(("alice", "bob")), amount=st.integers(0, 900))
    def put(self, who: str, amount: int) -> None:
        self.trial.put(who, amount)

    @rule(amount=st.integers(0, 900))
    def wonder(self, amount: int) -> None:
        self.trial.wonder(amount)
