"""S4 bites: each deliberate mistake in the peg swap is caught on one fixed walk over its verbs."""

from __future__ import annotations

import pytest

from defi_kit.chain import Chain
from defi_kit.testing.peg.swap.world import SwapWorld, Terms
from faults import faulty_bytecode

FAULTS: dict[str, tuple[str, str]] = {
    # reserve >= issued
    "pays_a_grain_too_much": (
        "amountOut = amount * factor / divisor;",
        "amountOut = amount * factor / divisor + 1;",
    ),
    "no_fee_on_the_way_in": ("scaleIn * (PIPS - backing_.fee)", "scaleIn * PIPS"),
    "no_fee_on_the_way_out": ("scaleOut * (PIPS - dollar_.fee)", "scaleOut * PIPS"),
    "the_other_tokens_scale": ("_dollarCap, _dollarFactor,", "_dollarCap, _backingFactor,"),
    "half_comes_in": (
        "uint256 held = _pull(tokenIn, amountIn);",
        "uint256 held = _pull(tokenIn, amountIn / 2);",
    ),
    "treasury_takes_the_reserve": (
        "require(amount <= stock, NotFunded(token, stock, amount));",
        "stock = stock < amount ? amount : stock;",
    ),
    "surplus_is_all_there_is": (
        "return FixedPointMathLib.zeroFloorSub(held, owed);",
        "return held;",
    ),
    "surplus_to_the_caller": (
        "IERC20(token).safeTransfer(treasury, amount);",
        "IERC20(token).safeTransfer(msg.sender, amount);",
    ),
    "anyone_moves_stock": (
        "require(msg.sender == treasury, NotTreasury(msg.sender, treasury));",
        "",
    ),
    "funding_is_forgotten": ("_funded[token] += amount;", ""),
    # caps
    "no_cap_on_swaps": ("require(held <= cap, CapExceeded(tokenIn, held, cap));", ""),
    "no_cap_on_stock": (
        """        uint256 held = _pull(token, amount);
        require(held <= cap, CapExceeded(token, held, cap));""",
        "        _pull(token, amount);",
    ),
    "the_quote_knows_no_cap": (
        "_checkRoom(_backing, _backingCap, amount);",
        "",
    ),
    # peg
    "backing_at_any_price": ("_checkPeg(_backing, _backingOracle, _backingFloor);", ""),
    "dollars_at_any_price": ("_checkPeg(_dollar, _dollarOracle, _dollarFloor);", ""),
    "oracle_of_the_other_token": (
        "_checkPeg(_dollar, _dollarOracle, _dollarFloor);",
        "_checkPeg(_dollar, _backingOracle, _dollarFloor);",
    ),
    "floor_of_the_other_decimals": (
        "10 ** (PRICE_DECIMALS + other - own)",
        "10 ** (PRICE_DECIMALS + own - other)",
    ),
}


def walk(world: SwapWorld) -> None:
    """Raises AssertionError at the first step that breaks S4."""
    one, coin = (10 ** world.decimals(side) for side in (0, 1))
    world.stock("fund", 1, 600 * coin)
    world.stock("fund", 1, 600 * coin, who="alice")
    world.swap_(0, 100 * one)
    world.swap_(0, 100 * one + 7, who="bob")
    world.swap_(1, 50 * coin + 12_345)
    world.loop(0, 10 * one)
    world.loop(1, 10 * coin)
    world.stock("unfund", 0, 1)
    world.stock("unfund", 1, 700 * coin)
    world.stock("unfund", 1, 100 * coin, who="alice")
    world.stock("unfund", 1, 100 * coin)
    world.give(0, 5 * one)
    world.collect(0)
    world.collect(1)
    world.stock("fund", 1, 1_900 * coin)
    world.stock("fund", 1, 1_500 * coin)
    world.swap_(0, 900 * one)
    world.swap_(0, 300 * one)
    for side in (0, 1):
        for price in (world.par(side) * 98 // 100, 0, None):
            world.say(side, price)
            world.swap_(0, 5 * one)
            world.swap_(1, 5 * coin)
        world.say(side, world.par(side) * 99 // 100)
        assert isinstance(world.swap_(side, 3 * (one, coin)[side]), int), "S4: refused at its floor"
        world.say(side, world.par(side))


@pytest.fixture(scope="module")
def bytecodes() -> dict[str, bytes]:
    return faulty_bytecode("contracts/stablecoins/PegSwap.sol", FAULTS)


@pytest.mark.parametrize("decimals", [(6, 18), (18, 6), (0, 24), (24, 0), (6, 6)])
def test_the_walk_passes_on_the_real_contract(decimals: tuple[int, int], chain: Chain) -> None:
    walk(SwapWorld.build(chain, Terms(decimals)))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_caught(fault: str, chain: Chain, bytecodes: dict[str, bytes]) -> None:
    with pytest.raises(AssertionError, match=r"^S4: "):
        walk(SwapWorld.build(chain, bytecode=bytecodes[fault]))
