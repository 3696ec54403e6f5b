"""O10-O11 bite: each deliberate mistake in the oracle trips the invariant it offends."""

from __future__ import annotations

import pytest

from defi_kit.chain import Chain
from faults import faulty_bytecode
from oracles.twap_world import make, walk

TWAP = "contracts/oracles/TwapOracle.sol"
POWER = "contracts/libraries/BinaryExponential.sol"

FAULTS: dict[str, tuple[str, str]] = {
    # O10: the geometric mean over the window
    "o10_since_the_first_day": ("(present - before)", "present"),
    "o10_since_the_window_not_the_record": ("(block.timestamp - start)", "window"),
    "o10_always_the_first_token": ("inverse ? (2 * ZERO_LOG << 64) - mean : mean", "mean"),
    "o10_always_the_second": (
        "inverse ? (2 * ZERO_LOG << 64) - mean : mean",
        "(2 * ZERO_LOG << 64) - mean",
    ),
    "o10_whole_powers_only": ("BinaryExponential.exp2(uint64(x))", "BinaryExponential.exp2(0)"),
    "o10_twice_as_much": ("(255 - (x >> 64))", "(254 - (x >> 64))"),
    # O11: from a history that can be trusted, and from every such
    "o11_drained": ("require(liquidity >= minLiquidity, ", "require(liquidity >= 0, "),
    "o11_a_share_too_few": ("liquidity >= minLiquidity, ", "liquidity + 1 >= minLiquidity, "),
    "o11_a_share_too_many": ("liquidity >= minLiquidity, ", "liquidity > minLiquidity, "),
    "o11_quiet": ("block.timestamp - updatedAt <= maxAge", "updatedAt != 0"),
    "o11_quiet_by_a_second": ("- updatedAt <= maxAge", "- updatedAt <= maxAge + 1"),
    "o11_busy_to_the_second_before": ("- updatedAt <= maxAge", "- updatedAt < maxAge"),
    "o11_begins_too_early": ("wanted - start <= maxAge, ", "wanted >= start, "),
    "o11_begins_a_second_early": ("wanted - start <= maxAge, ", "wanted - start <= maxAge + 1, "),
    "o11_begins_late": ("wanted - start <= maxAge, ", "wanted - start < 1, "),
}
SERIES = {
    "o10_a_term_too_few": ("term != 0; ++n", "n < 14; ++n"),
    "o10_natural_logarithm_cut": ("0xb17217f7d1cf79abc9e3b39803f2f6af", "0xb17217f7d1 << 88"),
}


@pytest.fixture(scope="module")
def bytecodes() -> dict[str, bytes]:
    series = faulty_bytecode(POWER, SERIES, contract="TwapOracle")
    return faulty_bytecode(TWAP, FAULTS) | series


def tour(chain: Chain, bytecode: bytes | None) -> None:
    """Both directions."""
    for inverse in (False, True):
        walk(make(chain, inverse=inverse, bytecode=bytecode))


def test_the_tour_passes_on_the_real_contract(chain: Chain) -> None:
    tour(chain, None)


@pytest.mark.parametrize("fault", [*FAULTS, *SERIES])
def test_a_seeded_fault_is_caught(fault: str, chain: Chain, bytecodes: dict[str, bytes]) -> None:
    with pytest.raises(AssertionError, match=rf"^{fault.split('_')[0].upper()}: "):
        tour(chain, bytecodes[fault])
