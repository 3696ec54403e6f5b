"""S5 over any sequence of verbs, prices, failures, leaps and gifts, contract and twin alike."""

from __future__ import annotations

from hypothesis import settings

from defi_kit.testing.peg import AlgoMachine

TestAlgoMachine = AlgoMachine.TestCase
TestAlgoMachine.settings = settings(max_examples=40, stateful_step_count=30)
