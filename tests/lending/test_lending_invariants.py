"""L1 to L16 at every step of random lives of a lending pool, twin and contract in lockstep.

The machine is the one that the package ships; `PoolMachine` says what it does.
"""

from __future__ import annotations

from hypothesis import settings

from defi_kit.testing.lending.pool.machine import PoolMachine

TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(settings(), max_examples=60, stateful_step_count=40)
