"""S1-S3 and S6 over any sequence of verbs, the contract and its twin in lockstep."""

from __future__ import annotations

from hypothesis import settings

from defi_kit.testing.peg import FiatMachine

TestFiatMachine = FiatMachine.TestCase
TestFiatMachine.settings = settings(max_examples=15, stateful_step_count=40)
