"""O4-O6 bite: each deliberate mistake in an adapter trips the invariant it offends."""

from __future__ import annotations

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Chain
from faults import faulty_bytecode
from oracles.adapter_world import DEVIATION, GUARD_CONSTRUCTOR, make, walk

GUARD: dict[str, tuple[str, str]] = {
    # O4: the first one's price, where both agree to the last digit
    "o4_the_second_ones_price": (
        "close, PricesDisagree(answer, other, maxDeviation));",
        "close, PricesDisagree(answer, other, maxDeviation));\n        answer = other;",
    ),
    "o4_never_asks_the_second": ("other = _ask(guard)", "other = answer"),
    "o4_any_deviation": ("high - low <= ", "high - low <= high + "),
    "o4_one_unit_more": ("high - low <= ", "high - low <= 1 + "),
    "o4_one_unit_less": ("high - low <= ", "high - low < "),
    "o4_a_part_of_the_higher": ("fullMulDiv(low, ", "fullMulDiv(high, "),
    "o4_only_from_above": (
        "answer < other ? (answer, other) : (other, answer);",
        "(answer < other ? answer : other, answer);",
    ),
    "o4_zero_agrees_with_zero": ("require(answer != 0, ZeroPrice(address(oracle)));", ""),
}
VAULT: dict[str, tuple[str, str]] = {
    # O5: what the vault says, or the cap, times the asset's price
    "o5_rounds_up": ("fullMulDiv(assets, ", "fullMulDivUp(assets, "),
    "o5_forgets_the_asset": ("assetPrice = assetOracle.price()", "assetPrice = 1e36"),
    "o6_always_the_cap": (
        "FixedPointMathLib.min(vault.convertToAssets(sample), cap())",
        "cap()",
    ),
    "o5_zero": ("require(answer != 0, WorthlessShares(address(vault), assets, assetPrice));", ""),
    "o5_too_small_a_sample": (
        "10 ** (shareDecimals + FixedPointMathLib.zeroFloorSub(DIGITS, assetDecimals))",
        "10 ** shareDecimals",
    ),
    # O6: never above the cap, and down at once
    "o6_no_cap": (
        "FixedPointMathLib.min(vault.convertToAssets(sample), cap())",
        "vault.convertToAssets(sample)",
    ),
    "o6_the_higher_one": ("FixedPointMathLib.min(", "FixedPointMathLib.max("),
    "o6_grows_too_fast": ("maxGrowth * (block", "2 * maxGrowth * (block"),
    "o6_grows_by_compounding": (
        "startAssets * maxGrowth * (block.timestamp - startedAt) / WAD",
        "startAssets * maxGrowth * (block.timestamp - startedAt) / WAD * 101 / 100",
    ),
    "o6_never_below_the_start": (
        "min(vault.convertToAssets(sample), cap())",
        "clamp(vault.convertToAssets(sample), startAssets, cap())",
    ),
}


@pytest.fixture(scope="module")
def guards() -> dict[str, bytes]:
    return faulty_bytecode("contracts/oracles/GuardedOracle.sol", GUARD)


@pytest.fixture(scope="module")
def vaults() -> dict[str, bytes]:
    return faulty_bytecode("contracts/oracles/VaultOracle.sol", VAULT)


def tour(chain: Chain, **codes: bytes | None) -> None:
    """Assets of several decimals, a large vault and a small one."""
    walk(make(chain, **codes))
    walk(make(chain, decimals=(24, 0), deposit=10**27 + 1, **codes))
    walk(make(chain, decimals=(0, 18), deposit=7_000, **codes))
    _two_zeros(chain, codes.get("guard_code"))


def _two_zeros(chain: Chain, guard_code: bytes | None) -> None:
    """Two oracles that both answer zero agree, and know no price."""
    pair = [bindings.MockOracle.deploy(chain, 0).address for _ in range(2)]
    guard = bindings.GuardedOracle._deploy(
        chain, GUARD_CONSTRUCTOR, (*pair, DEVIATION), bytecode=guard_code
    )
    try:
        price = guard.price()
    except reverts.ZeroPrice:
        return
    raise AssertionError(f"O4: answered {price}")


def test_the_tour_passes_on_the_real_contracts(chain: Chain) -> None:
    tour(chain)


@pytest.mark.parametrize("fault", GUARD)
def test_a_fault_seeded_in_the_guard_is_caught(
    fault: str, chain: Chain, guards: dict[str, bytes]
) -> None:
    with pytest.raises(AssertionError, match=rf"^{fault[:2].upper()}: "):
        tour(chain, guard_code=guards[fault])


@pytest.mark.parametrize("fault", VAULT)
def test_a_fault_seeded_in_the_vaults_oracle_is_caught(
    fault: str, chain: Chain, vaults: dict[str, bytes]
) -> None:
    with pytest.raises(AssertionError, match=rf"^{fault[:2].upper()}: "):
        tour(chain, vault_code=vaults[fault])
