"""X1 to X13 at every step of random lives of an Exchange, twin and contract in lockstep.

The machine is `defi_kit.testing`'s own. Each example is a life of at most 40 steps; EXCHANGE_STEPS
says how many there are in all.
"""

from __future__ import annotations

import os
from itertools import pairwise

from hypothesis import settings

from defi_kit.chain import Chain
from defi_kit.testing.exchange.machine import ExchangeMachine
from defi_kit.testing.exchange.world import DECIMALS, World

LIFE = 40
ExchangeMachine.TestCase.settings = settings(
    max_examples=-(-int(os.environ.get("EXCHANGE_STEPS", "2000")) // LIFE),
    stateful_step_count=LIFE,
)
TestExchange = ExchangeMachine.TestCase


def test_five_tokens_cover_every_pair_of_decimals(chain: Chain) -> None:
    """X12: the machine's tokens are one of each, so its pools meet every pair."""
    tokens = World.build(chain).tokens.values()
    assert sorted(token.decimals() for token in tokens) == sorted(DECIMALS)
    addresses = [int(token.address, 16) for token in tokens]
    assert all(early < late for early, late in pairwise(addresses))
