"""S5 bites: each deliberate mistake in the controller is caught on one walk over its verbs."""

from __future__ import annotations

import pytest

from defi_kit.chain import Chain
from defi_kit.testing.peg.algo.world import DESIGN, AlgoWorld, without
from defi_kit.units import WAD
from faults import faulty_bytecode

FAULTS: dict[str, tuple[str, str]] = {
    # prices and spreads
    "redeems_by_the_lower_price": (
        "(low, high) = (average.min(spot), average.max(spot));",
        "(low, high) = (average.min(spot), average.min(spot));",
    ),
    "mints_by_the_higher_price": (
        "(low, high) = (average.min(spot), average.max(spot));",
        "(low, high) = (average.max(spot), average.max(spot));",
    ),
    "no_spread_on_shares_paid": (
        "(confidence * (PIPS - _redeemSpread) / PIPS).min(",
        "(confidence).min(",
    ),
    "a_mint_rounds_down": (
        "backed.mulDivUp(PIPS + _mintSpread, PIPS).fullMulDivUp(PRICE_SCALE, price);",
        "backed.mulDivUp(PIPS + _mintSpread, PIPS).fullMulDiv(PRICE_SCALE, price);",
    ),
    "a_mint_without_spread": (
        "uint256 value = confidence.mulDivUp(PIPS + _mintSpread, PIPS)",
        "uint256 value = confidence",
    ),
    "shares_of_a_mint_stay": ("AlgoToken(share).burn(msg.sender, shares);", ""),
    # first come, first served
    "the_first_take_it_all": ("if (collateral > part) {", "if (collateral > _held) {"),
    "the_books_forget_what_is_paid": (
        "_held -= uint128(collateral);\n        }\n\n        emit DollarsR",
        "}\n\n        emit DollarsR",
    ),
    # epochs
    "no_cap_in_an_epoch": (
        "require(minted + shares <= cap, EpochCapExceeded(minted, shares, cap));",
        "",
    ),
    "each_mint_is_the_first": ("_epochMinted = uint128(minted + shares);", ""),
    # ratio
    "steps_the_wrong_way": ("if (price + _band < WAD) ratio", "if (price > WAD + _band) ratio"),
    "steps_at_any_time": (
        "require(block.timestamp >= next, StepTooEarly(next, block.timestamp));",
        "",
    ),
    "no_upper_bound": ("(ratio + _ratioStep).min(_maxRatio)", "ratio + _ratioStep"),
    # the end
    "ends_without_alarm": (
        "require(ripe, AlarmTooYoung(_alarmedAt, _breakerDelay, block.timestamp));",
        "",
    ),
    "ends_in_health": ("require(_endangered(), NotEndangered());", ""),
    "redeems_after_the_end": (
        """        untilTheEnd
        returns (uint256 collateral, uint256 shares, uint256 confidence)
    {
        uint256 supply = AlgoToken(dollar).totalSupply();
        require(dollars != 0, ZeroAmount());""",
        """        returns (uint256 collateral, uint256 shares, uint256 confidence)
    {
        uint256 supply = AlgoToken(dollar).totalSupply();
        require(dollars != 0, ZeroAmount());""",
    ),
    "a_claim_takes_more": (
        "collateral = supply == 0 ? 0 : _part(dollars, supply);",
        "collateral = supply == 0 ? 0 : _part(dollars, supply) + 1;",
    ),
    "a_dead_oracle_is_no_alarm": (
        "} catch {\n            return true;",
        "} catch {\n            return false;",
    ),
}


def walk(world: AlgoWorld) -> None:
    """Raises AssertionError at the first step that breaks S5."""
    world.mint(30_000 * WAD + 12_345)
    world.mint(10_000 * WAD + 1, "bob")
    world.redeem(100 * WAD + 7)
    world.loop(1_000 * WAD)
    for share, spot in ((100, 90), (90, 100)):  # an average that lags, either way
        world.rescale("share", share)
        world.rescale("spot", spot)
        world.redeem(1_000 * WAD)
        world.mint(1_000 * WAD)
        world.loop(500 * WAD)
    world.crash(100)
    _step(world)
    world.rescale("collateral", 70)  # the collateral no longer covers its part
    world.redeem(5_000 * WAD)
    world.redeem(5_000 * WAD, "bob")
    world.rescale("collateral", 100)
    world.crash(2)
    for _ in range(6):
        world.redeem(2_000 * WAD)
    world.chain.advance(86_400)
    world.redeem(2_000 * WAD)
    _end(world)


def _step(world: AlgoWorld) -> None:
    for percent in (90, 90, 110, 100):
        world.rescale("dollar", percent)
        for _ in range(2):
            world.step_ratio()
            world.chain.advance(3_600)
    world.rescale("dollar", 80)
    for _ in range(15):
        world.chain.advance(3_600)
        world.step_ratio()


def _end(world: AlgoWorld) -> None:
    world.crash(100)
    world.end()
    world.alarm()
    world.say("share", None)
    world.end()
    world.alarm()
    world.end()
    world.chain.advance(3_700)
    world.crash(100)
    world.end()
    world.alarm()
    world.say("share", None)
    world.alarm()
    world.chain.advance(3_700)
    world.end()
    world.crash(100)
    world.redeem(10 * WAD)
    world.mint(10 * WAD)
    world.claim(10 * WAD + 3)
    world.claim(10 * WAD + 3, "bob")


@pytest.fixture(scope="module")
def bytecodes() -> dict[str, bytes]:
    return faulty_bytecode("contracts/stablecoins/AlgoController.sol", FAULTS)


@pytest.mark.parametrize("liquidity", [0, 50_000 * WAD])
@pytest.mark.parametrize("decimals", [0, 6, 18, 24])
def test_the_walk_passes_on_the_real_contract(decimals: int, liquidity: int, chain: Chain) -> None:
    world = AlgoWorld.build(chain, without(DESIGN, decimals=decimals, virtual_liquidity=liquidity))
    walk(world)
    assert world.ended


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_caught(fault: str, chain: Chain, bytecodes: dict[str, bytes]) -> None:
    with pytest.raises(AssertionError, match=r"^S5: "):
        walk(AlgoWorld.build(chain, without(DESIGN, virtual_liquidity=0), bytecodes[fault]))
