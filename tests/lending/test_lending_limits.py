"""Every limit on a pool's terms is exactly where it is: the bound passes, one more does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings.lending_pool import (
    Adaptation,
    CollateralParameters,
    KinkedCurve,
    PoolParameters,
)
from defi_kit.chain import Chain
from defi_kit.units import WAD

DRIFT = 10 * 10**27
MAX_ASSETS = (2**104 - 1) // 2

Terms = dict[str, dict[str, int]]


def deploy(
    chain: Chain, changes: Terms, *, decimals: tuple[int, int] = (6, 18), count: int = 1
) -> bindings.LendingPool:
    """A pool of sound terms but for these numbers of them."""
    asset = bindings.MockToken.deploy(chain, "ASSET", decimals[0])
    oracle = bindings.MockOracle.deploy(chain, 10**36)
    terms: dict[str, Any] = {
        "pool": PoolParameters(asset.address, "pool", "lp", 10**8, 11_000, 1_000),
        "curve": KinkedCurve(1, 2, 3, WAD // 2),
        "adaptation": Adaptation(0, 0, 0),
        "collateral": CollateralParameters("", oracle.address, 7_000, 8_000, 500, 9_000, 10**24),
    }
    for part, numbers in changes.items():
        terms[part] = replace(terms[part], **numbers)
    posted = terms.pop("collateral")
    tokens = [bindings.MockToken.deploy(chain, f"C{n}", decimals[1]) for n in range(count)]
    listed = [replace(posted, token=token.address) for token in tokens]
    return bindings.LendingPool.deploy(chain, *terms.values(), listed)


AT_THE_BOUND: list[Terms] = [
    {"pool": {"minimum_debt": 100}},
    {"pool": {"minimum_debt": MAX_ASSETS}},
    {"pool": {"target_health": 10_001}},
    {"pool": {"target_health": 20_000}},
    {"pool": {"reserve_factor": 0}},
    {"pool": {"reserve_factor": 9_999}},
    {"curve": {"at_zero": 0, "at_kink": 0, "at_full": 0}},
    {"curve": {"kink": 1}},
    {"curve": {"kink": WAD - 1}},
    {"adaptation": {"fall": DRIFT}},
    {"adaptation": {"rise": DRIFT}},
    {"adaptation": {"speed": 1, "fall": DRIFT, "rise": DRIFT}},
    {"adaptation": {"speed": 0}, "curve": {"at_zero": 2}},
    {"collateral": {"borrow_ltv": 1}},
    {"collateral": {"borrow_ltv": 7_999}},
    {"collateral": {"full_bonus_health": 8_400}},
    {"collateral": {"full_bonus_health": 9_999}},
    {"collateral": {"max_bonus": 1_250}},
    {"collateral": {"max_bonus": 0}},
    {"collateral": {"cap": 1}},
]
BEYOND: list[tuple[Terms, type[Exception]]] = [
    ({"pool": {"minimum_debt": 99}}, reverts.InvalidParameter),
    ({"pool": {"minimum_debt": MAX_ASSETS + 1}}, reverts.InvalidParameter),
    ({"pool": {"target_health": 10_000}}, reverts.InvalidParameter),
    ({"pool": {"target_health": 20_001}}, reverts.InvalidParameter),
    ({"pool": {"reserve_factor": 10_000}}, reverts.InvalidParameter),
    ({"curve": {"at_zero": 3}}, reverts.InvalidCurve),
    ({"curve": {"at_full": 1}}, reverts.InvalidCurve),
    ({"curve": {"kink": 0}}, reverts.InvalidCurve),
    ({"curve": {"kink": WAD}}, reverts.InvalidCurve),
    ({"adaptation": {"fall": DRIFT + 1}}, reverts.InvalidAdaptation),
    ({"adaptation": {"rise": DRIFT + 1}}, reverts.InvalidAdaptation),
    ({"adaptation": {"speed": 1}, "curve": {"at_zero": 2}}, reverts.InvalidAdaptation),
    ({"adaptation": {"speed": 1}, "curve": {"at_full": 2}}, reverts.InvalidAdaptation),
    ({"collateral": {"borrow_ltv": 0}}, reverts.InvalidRatios),
    ({"collateral": {"borrow_ltv": 8_000}}, reverts.InvalidRatios),
    ({"collateral": {"full_bonus_health": 8_399}}, reverts.InvalidRatios),
    ({"collateral": {"full_bonus_health": 10_000}}, reverts.InvalidRatios),
    ({"collateral": {"max_bonus": 1_251}}, reverts.InvalidRatios),
    ({"collateral": {"cap": 0}}, reverts.InvalidParameter),
]


@pytest.mark.parametrize("changes", AT_THE_BOUND, ids=str)
def test_a_pool_at_its_bounds(chain: Chain, changes: Terms) -> None:
    pool = deploy(chain, changes)
    terms, curve, adaptation = pool.parameters()
    made = {"pool": terms, "curve": curve, "adaptation": adaptation}
    made |= {"collateral": pool.collaterals()[0]}
    for part, numbers in changes.items():
        assert {name: getattr(made[part], name) for name in numbers} == numbers


@pytest.mark.parametrize(("changes", "error"), BEYOND, ids=str)
def test_a_pool_beyond_its_bounds(chain: Chain, changes: Terms, error: type[Exception]) -> None:
    with pytest.raises(error):
        deploy(chain, changes)


def test_tokens_have_up_to_24_decimals_and_a_pool_sixteen_of_them(chain: Chain) -> None:
    assert deploy(chain, {}, decimals=(24, 24)).decimals() == 30
    assert len(deploy(chain, {}, count=16).collaterals()) == 16
    for decimals in ((25, 18), (6, 25)):
        with pytest.raises(reverts.InvalidParameter, match="25"):
            deploy(chain, {}, decimals=decimals)
    for count in (0, 17):
        with pytest.raises(reverts.InvalidParameter, match=f"{count}"):
            deploy(chain, {}, count=count)
