"""The invariants bite: contracts with one mistake each, and the invariant that catches it.

For each fault only the invariant it belongs to is watched, and no twin compares: so each of X1 to
X10 is shown to catch at least two mistakes on its own. X12 is all of them together, at the edges.
"""

from __future__ import annotations

from functools import cache

import pytest

from defi_kit.chain import Chain
from dex.driver import drive
from dex.world import Violation, World
from faults import faulty_bytecode

EXCHANGE = "contracts/dex/Exchange.sol"
CURVE = "contracts/dex/ConstantProduct.sol"

YIELD = "amountOut = paid * reserveOut / (reserveIn * PIPS + paid);"
SPOT_PRICE = (YIELD, "amountOut = paid * reserveOut / (reserveIn * PIPS);")
ROUNDED_UP = (YIELD, "amountOut = paid * reserveOut / (reserveIn * PIPS + paid) + 1;")
HALF_PRICE = (
    "amount1 = FixedPointMathLib.divUp(shares * reserve1, supply);",
    "amount1 = FixedPointMathLib.divUp(shares * reserve1, supply * 2);",
)
ROOM = "        _checkRoom(reserveIn, amountIn);\n"

FAULTS: dict[str, dict[str, tuple[str, str, str]]] = {
    "X1": {
        "sells at the price before the trade": (CURVE, *SPOT_PRICE),
        "adds the fee instead of taking it": (CURVE, "(PIPS - fee)", "(PIPS + fee)"),
        "rounds in the trader's favour": (CURVE, *ROUNDED_UP),
    },
    "X2": {
        "takes half of the second token": (EXCHANGE, *HALF_PRICE),
        "takes deposits rounded down": (
            EXCHANGE,
            "amount0 = FixedPointMathLib.divUp(shares * reserve0, supply);",
            "amount0 = shares * reserve0 / supply;",
        ),
        "frees withdrawals rounded up": (
            EXCHANGE,
            "amount1 = shares * reserves.reserve1() / supply;",
            "amount1 = FixedPointMathLib.divUp(shares * reserves.reserve1(), supply);",
        ),
    },
    "X3": {
        "never asks for the second token": (EXCHANGE, "_pull(key.token1, amount1);", ""),
        "skims with a list that leaves pools out": (
            EXCHANGE,
            "keys.length == fundedPools[token]",
            "keys.length <= fundedPools[token]",
        ),
        "skims one unit too many": (
            EXCHANGE,
            "surplus = balance - booked;",
            "surplus = balance - booked + 1;",
        ),
    },
    "X4": {
        "locks no shares": (EXCHANGE, "_mint(address(0), PoolId.unwrap(id), LOCKED_SHARES);", ""),
        "mints one share too many": (
            EXCHANGE,
            "_mint(to, PoolId.unwrap(id), shares);",
            "_mint(to, PoolId.unwrap(id), shares + 1);",
        ),
        "frees tokens and burns nothing": (
            EXCHANGE,
            "_burn(msg.sender, PoolId.unwrap(id), shares);",
            "",
        ),
    },
    "X5": {
        "sells at the price before the trade": (CURVE, *SPOT_PRICE),
        "rounds in the trader's favour": (CURVE, *ROUNDED_UP),
    },
    "X6": {
        "takes half of the second token": (EXCHANGE, *HALF_PRICE),
        "frees one part in a hundred too much": (
            EXCHANGE,
            "(amount0, amount1) = _leave(id, reserves, books.supplyAndLogPrice >> 128, shares);",
            "(amount0, amount1) ="
            " _leave(id, reserves, (books.supplyAndLogPrice >> 128) * 99 / 100, shares);",
        ),
    },
    "X7": {
        "quotes a second visit like the first": (
            EXCHANGE,
            "for (uint256 j = i; j != 0; --j)",
            "for (uint256 j = i; j > i; --j)",
        ),
        "quotes without the fee": (EXCHANGE, "amountOut, path[i].fee)", "amountOut, 0)"),
        "pays out one unit less": (
            EXCHANGE,
            "IERC20(token).safeTransfer(to, amountOut);",
            "IERC20(token).safeTransfer(to, amountOut - 1);",
        ),
    },
    "X8": {
        "leaves the price where it was": (
            EXCHANGE,
            "books.reserves = next.stampedAt(block.timestamp);",
            "books.reserves = reserves.stampedAt(block.timestamp);",
        ),
        "rounds in the trader's favour": (CURVE, *ROUNDED_UP),
    },
    "X9": {
        "pays less for more": (
            CURVE,
            YIELD,
            "amountOut = paid * reserveOut / (reserveIn * PIPS + paid * amountIn);",
        ),
        "beats the marginal price": (
            CURVE,
            YIELD,
            "amountOut = paid * reserveOut / (reserveIn * PIPS - paid / 2);",
        ),
    },
    "X10": {
        "counts the time before at the price after": (
            EXCHANGE,
            "_accrue(books, reserves);\n        books.reserves = next",
            "_accrue(books, next);\n        books.reserves = next",
        ),
        "counts every trade in a block": (
            EXCHANGE,
            "uint256 elapsed = block.timestamp - reserves.updatedAt();\n            if",
            "uint256 elapsed = block.timestamp - reserves.updatedAt() + 1;\n            if",
        ),
        "forgets the time before a deposit": (EXCHANGE, "else _accrue(books, reserves);", ""),
        "never starts a new account": (
            EXCHANGE,
            "books.reserves = next.stampedAt(block.timestamp);",
            "books.reserves = next;",
        ),
    },
    "X12": {
        "lets a trade run over the top of a reserve": (EXCHANGE, ROOM, ""),
        "lets a deposit run over the top of a reserve": (
            EXCHANGE,
            "        _checkRoom(reserve1, amount1);\n",
            "",
        ),
        "lets the last shares leave": (
            EXCHANGE,
            "require(amount0 != 0 || amount1 != 0, ZeroAmount());",
            "(amount0, amount1) = (amount0 + 1, amount1 + 1);",
        ),
    },
}
CASES = [(number, name) for number, faults in FAULTS.items() for name in faults]


@cache
def _bytecode() -> dict[tuple[str, str, str], bytes]:
    """Every faulty contract by its change: one compilation a file, and each change once."""
    changes = {change for faults in FAULTS.values() for change in faults.values()}
    found = {}
    for source in (EXCHANGE, CURVE):
        here = sorted(change for change in changes if change[0] == source)
        named = {str(place): change[1:] for place, change in enumerate(here)}
        for place, code in faulty_bytecode(source, named, contract="Exchange").items():
            found[here[int(place)]] = code
    return found


@pytest.mark.parametrize(("number", "name"), CASES, ids=lambda text: str(text))
def test_the_invariant_catches_the_fault(chain: Chain, number: str, name: str) -> None:
    world = World.build(chain, _bytecode()[FAULTS[number][name]])
    if number != "X12":
        world.watched = frozenset({number})
    with pytest.raises(Violation) as caught:
        drive(world, seed=1, steps=400)
    assert caught.value.number in world.watched


def test_without_a_fault_nothing_is_caught(chain: Chain) -> None:
    world = World.build(chain)
    drive(world, seed=1, steps=400)
    assert all(pool.supply for pool in world.books.pools.values())


def test_every_invariant_has_at_least_two_faults() -> None:
    """X11 is about a solver that this contract does not have."""
    assert set(FAULTS) == {f"X{number}" for number in range(1, 13)} - {"X11"}
    assert all(len(faults) >= 2 for faults in FAULTS.values())
