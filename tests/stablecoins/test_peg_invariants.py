"""S4 over any sequence of swaps, stock, gifts and prices, contract and twin in lockstep."""

from __future__ import annotations

from hypothesis import settings

from defi_kit.testing.peg import SwapMachine

TestSwapMachine = SwapMachine.TestCase
TestSwapMachine.settings = settings(max_examples=30, stateful_step_count=30)
