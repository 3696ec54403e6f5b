"""The same figures, to the last unit, on every engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chain.conftest import hardhat_url  # noqa: F401  (a fixture)
from defi_kit.chain import Chain
from defi_kit.simulation import CRASH, Replay
from defi_kit.simulation import replay as live_through


@pytest.fixture(scope="module")
def embedded() -> Replay:
    return live_through(Chain.embedded(), CRASH)


def figures(replay: Replay) -> Replay:
    return replace(replay, engine="", loans=tuple(replace(x, address="") for x in replay.loans))


def test_anvil_gives_the_figures_of_the_embedded_chain(embedded):
    with Chain.anvil() as chain:
        on_anvil = live_through(chain, CRASH)
        height = chain.block_number
    assert on_anvil.engine == "anvil"
    assert figures(on_anvil) == figures(embedded)
    assert height > 300


@pytest.mark.slow
def test_hardhat_gives_them_too_and_is_left_as_it_was(embedded, hardhat_url):  # noqa: F811
    with Chain.connect(hardhat_url) as chain:
        before = chain.block_number
        on_hardhat = live_through(chain, CRASH)
        assert chain.block_number == before
    assert on_hardhat.engine == "node"
    assert figures(on_hardhat) == figures(embedded)
