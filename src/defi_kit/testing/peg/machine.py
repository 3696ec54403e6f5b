"""The machine of dollars: what the machines of all three kinds have in common. Needs Hypothesis."""

from __future__ import annotations

from typing import ClassVar

from ..machine import TrialMachine

__all__ = ["PegMachine"]


class PegMachine(TrialMachine):
    """Lives of a dollar. `AlgoMachine`, `FiatMachine` and `SwapMachine` are its kinds, and
    `DollarMachine` drives anybody's.

    `make` gives the world of one: the contract, its people and its oracles, on a chain, on the twin
    alone, or on both in lockstep. Subclass one of them with a `make` of your own to drive a fork.
    """

    like: ClassVar[str] = (
        "AlgoMachine, DollarMachine, FiatMachine or SwapMachine of defi_kit.testing.peg"
    )
