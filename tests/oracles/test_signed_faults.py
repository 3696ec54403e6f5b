"""O7-O9 bite: each deliberate mistake in the feed trips the invariant it offends."""

from __future__ import annotations

import pytest

from defi_kit.chain import Chain
from faults import faulty_bytecode
from oracles.signed_world import World, deploy, walk

FEED = "contracts/oracles/SignedFeed.sol"
QUORUM = "contracts/libraries/Quorum.sol"

FAULTS: dict[str, tuple[str, str]] = {
    # O7: the median of what enough signers signed for this
    "o7_anyone_signs": ("require(isSigner[signer], Quorum.NoMember(signer));", ""),
    "o7_one_signer_twice": ("require(signer > previous, ", "require(signer >= previous, "),
    "o7_one_too_few": ("reports.length >= _quorum", "reports.length + 1 >= _quorum"),
    "o7_other_chains": ("_hashTypedData(", "_hashTypedDataSansChainId("),
    "o7_other_feeds": ("_hashTypedData(", "_hashTypedDataSansVerifyingContract("),
    "o7_answer_not_signed": (
        "abi.encode(REPORT_TYPEHASH, answer, timestamp)",
        "abi.encode(REPORT_TYPEHASH, answer >= 930 ? int256(930) : answer, timestamp)",
    ),
    "o7_moment_not_signed": (
        "abi.encode(REPORT_TYPEHASH, answer, timestamp)",
        "abi.encode(REPORT_TYPEHASH, answer, timestamp | 1)",
    ),
    "o7_middle_of_the_unsorted": ("LibSort.insertionSort(answers);", ""),
    "o7_lower_of_two": ("sorted[sorted.length / 2])", "sorted[(sorted.length - 1) / 2])"),
    # O8: in time, not too far, and nothing good refused
    "o8_the_same_moment": ("timestamp > latest, ", "timestamp >= latest, "),
    "o8_out_of_order": ("timestamp > latest, ", "timestamp > 0, "),
    "o8_the_future": (
        """require(timestamp <= block.timestamp, FutureReport(timestamp, block.timestamp));
        // Cannot underflow: checked on the line above.
        require(block.timestamp - timestamp <= _maxDelay, """,
        "require(FixedPointMathLib.zeroFloorSub(block.timestamp, timestamp) <= _maxDelay, ",
    ),
    "o8_late": ("- timestamp <= _maxDelay, ", "- timestamp <= type(uint256).max, "),
    "o8_late_by_a_second": ("- timestamp <= _maxDelay, ", "- timestamp <= _maxDelay + 1, "),
    "o8_early_by_a_second": ("- timestamp <= _maxDelay, ", "- timestamp < _maxDelay, "),
    "o8_any_jump": ("<= allowed, ", "<= type(uint256).max, "),
    "o8_jumps_to_the_limit_only": ("<= allowed, ", "< allowed, "),
    "o8_no_more_with_time": ("(1 + elapsed / _jumpPeriod)", "1"),
    "o8_more_too_early": ("(1 + elapsed / _jumpPeriod)", "(2 + elapsed / _jumpPeriod)"),
    # O9: rounds as they were reported
    "o9_zero": ("require(lowest > 0, ", "require(lowest >= 0, "),
    "o9_negative": ("require(lowest > 0, ", "require(lowest < MAX_ANSWER, "),
    "o9_a_round_again": (
        "latestRoundId = ++roundId;",
        "latestRoundId = roundId == 2 ? roundId : ++roundId;",
    ),
    "o9_dated_when_read": ("round.timestamp, roundId);", "block.timestamp, roundId);"),
    "o9_rounds_to_come": ("roundId != 0 && roundId <= latestRoundId", "roundId != 0"),
}
SECOND_FORM = {
    "o7_second_form": ("signature.length == 65 && uint256(s) <= MAX_S", "signature.length == 65"),
}


@pytest.fixture(scope="module")
def bytecodes() -> dict[str, bytes]:
    library = faulty_bytecode(QUORUM, SECOND_FORM, contract="SignedFeed")
    return faulty_bytecode(FEED, FAULTS) | library


def test_the_walk_passes_on_the_real_contract(chain: Chain) -> None:
    world = World(deploy(chain))
    walk(world)
    assert len(world.rounds) == 7


@pytest.mark.parametrize("fault", [*FAULTS, *SECOND_FORM])
def test_a_seeded_fault_is_caught(fault: str, chain: Chain, bytecodes: dict[str, bytes]) -> None:
    with pytest.raises(AssertionError, match=rf"^{fault[:2].upper()}: "):
        walk(World(deploy(chain, bytecode=bytecodes[fault])))
