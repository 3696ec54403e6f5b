"""The invariants bite: contracts with one mistake each, and the invariant that catches it.

For each fault only the invariant it belongs to is watched, and no twin compares: so each of X1 to
X10 and X13 is shown to catch at least two mistakes on its own. X11 is about the solver of
StableSwap: its mistakes are caught against the definition (`test_exchange_twin.py`) and here by X1.
X12 is all of them together, at the edges.
"""

from __future__ import annotations

from functools import cache

import pytest

from defi_kit.chain import Chain
from defi_kit.testing.exchange.trial import ExchangeTrial
from defi_kit.testing.exchange.world import World
from defi_kit.testing.violations import Violation
from dex.driver import drive
from faults import faulty_bytecode

EXCHANGE = "contracts/dex/Exchange.sol"
POOLS = "contracts/dex/Pools.sol"
SETTLEMENT = "contracts/dex/Settlement.sol"
CURVE = "contracts/dex/ConstantProduct.sol"
STABLE = "contracts/dex/StableSwap.sol"

YIELD = "amountOut = paid * reserveOut / (reserveIn * PIPS + paid);"
SPOT_PRICE = (YIELD, "amountOut = paid * reserveOut / (reserveIn * PIPS);")
ROUNDED_UP = (YIELD, "amountOut = paid * reserveOut / (reserveIn * PIPS + paid) + 1;")
HALF_PRICE = (
    "amount1 = FixedPointMathLib.divUp(shares * reserve1, supply);",
    "amount1 = FixedPointMathLib.divUp(shares * reserve1, supply * 2);",
)
STABLE_YIELD = "return left < y ? (y - left) / scaleOut : 0;"
ACCRUED = "tally = tally.accrued(elapsed * Curves.logPrice"

FAULTS: dict[str, dict[str, tuple[str, str, str]]] = {
    "X1": {
        "sells at the price before the trade": (CURVE, *SPOT_PRICE),
        "rounds in the trader's favour": (CURVE, *ROUNDED_UP),
        "rounds in the trader's favour on the stable curve": (
            STABLE,
            STABLE_YIELD,
            "return left < y ? (y - left) / scaleOut + 1 : 0;",
        ),
        "takes no fee on the stable curve": (
            STABLE,
            "amountIn * scaleIn * (PIPS - fee) / PIPS",
            "amountIn * scaleIn",
        ),
        "solves for an invariant one too small": (
            STABLE,
            "uint256 left = smallestReserve(x",
            "d -= 1;\n            uint256 left = smallestReserve(x",
        ),
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
        "mints one share too many for one token": (
            EXCHANGE,
            "books.tally = books.tally.minted(shares);",
            "books.tally = books.tally.minted(++shares);",
        ),
    },
    "X3": {
        "never asks for the second token": (EXCHANGE, "_takeSide(token1, amount1);", ""),
        "skims with a list that leaves pools out": (
            POOLS,
            "keys.length == fundedPools[token]",
            "keys.length <= fundedPools[token]",
        ),
        "skims what the protocol has earned": (POOLS, "booked = protocolFees[token];", ""),
        "believes a token that it has moved what was asked": (
            SETTLEMENT,
            "if (balance - before == amount) return;",
            "if (balance >= before) return;",
        ),
        "wraps less ether than was asked": (
            SETTLEMENT,
            "deposit{value: amount}",
            "deposit{value: amount - amount / 7}",
        ),
    },
    "X4": {
        "locks no shares": (EXCHANGE, "_mint(address(0), PoolId.unwrap(id), LOCKED_SHARES);", ""),
        "frees tokens and burns nothing": (
            EXCHANGE,
            "_burn(msg.sender, PoolId.unwrap(id), shares);",
            "",
        ),
        "forgets to count shares for one token": (
            EXCHANGE,
            "books.tally = books.tally.minted(shares);",
            "",
        ),
    },
    "X5": {
        "sells at the price before the trade": (CURVE, *SPOT_PRICE),
        "rounds in the trader's favour": (CURVE, *ROUNDED_UP),
    },
    "X6": {
        "takes half of the second token": (EXCHANGE, *HALF_PRICE),
        "sells without fee on the way in": (
            EXCHANGE,
            "_sell(entry.before, key.curve, key.fee,",
            "_sell(entry.before, key.curve, 0,",
        ),
        "sells without fee on the way out": (
            EXCHANGE,
            "_sell(exit.before, key.curve, key.fee,",
            "_sell(exit.before, key.curve, 0,",
        ),
    },
    "X7": {
        "quotes a second visit like the first": (
            EXCHANGE,
            "for (uint256 j = i; j != 0; --j)",
            "for (uint256 j = i; j > i; --j)",
        ),
        "asks one unit too much for a purchase": (
            EXCHANGE,
            "amountIn = _buyHop(_tokenBefore(tokenIn, path, i - 1), amountIn, path[i - 1]);",
            "amountIn = _buyHop(_tokenBefore(tokenIn, path, i - 1), amountIn, path[i - 1]) + 1;",
        ),
        "asks too much on the stable curve": (
            STABLE,
            "FixedPointMathLib.divUp((needed - x) * PIPS",
            "FixedPointMathLib.divUp((needed + needed / 9 - x) * PIPS",
        ),
    },
    "X8": {
        "leaves the price where it was": (
            POOLS,
            "books.reserves = next;\n\n        // Casts",
            "books.reserves = before.stampedAt(block.timestamp);\n\n        // Casts",
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
        "beats the marginal price on the stable curve": (
            STABLE,
            STABLE_YIELD,
            "return left < y ? (y - left) / scaleOut * 101 / 100 : 0;",
        ),
    },
    "X10": {
        "counts the time before at the price after": (
            POOLS,
            "_accrued(books, books.tally, before, curve);",
            "_accrued(books, books.tally, next, curve);",
        ),
        "counts a second too much": (
            POOLS,
            "uint256 elapsed = block.timestamp - changedAt;",
            "uint256 elapsed = block.timestamp - changedAt + 1;",
        ),
        "forgets the time before a deposit": (
            EXCHANGE,
            "Tally tally = _upToDate(books, reserves, key.curve);",
            "Tally tally = books.tally;",
        ),
        "never starts a new account": (POOLS, "next = next.stampedAt(block.timestamp);", ""),
    },
    "X12": {
        "lets a purchase run over the top of a reserve": (
            EXCHANGE,
            "        Curves.checkRoom(curve, zeroForOne, reserveIn, amountIn);\n",
            "",
        ),
        "lets a deposit run over the top of a reserve": (
            EXCHANGE,
            "        Curves.checkRoom(curve, false, reserve1, amount1);\n",
            "",
        ),
        "lets the last shares leave": (
            EXCHANGE,
            "require(amount0 != 0 || amount1 != 0, ZeroAmount());",
            "(amount0, amount1) = (amount0 + 1, amount1 + 1);",
        ),
    },
    "X13": {
        "leaves the door open in the middle of a verb": (SETTLEMENT, "        entered = 1;\n", ""),
        "shows prices in the middle of a verb": (
            SETTLEMENT,
            "modifier unlocked() {\n        require(entered == 0, Locked());",
            "modifier unlocked() {",
        ),
        "takes nothing for a flash swap": (
            EXCHANGE,
            "_pull(tokenIn, msg.sender, amountIn);\n    }\n\n    /* QUOTES */",
            "}\n\n    /* QUOTES */",
        ),
        "lends to whoever does not agree": (
            SETTLEMENT,
            "require(done && bytes32(answer) == LOAN_ACCEPTED, LoanRefused(address(receiver)));",
            "",
        ),
    },
}
INVARIANTS = (*(f"X{number}" for number in range(1, 14)), "money")
CASES = [(number, name) for number, faults in FAULTS.items() for name in faults]


@cache
def _bytecode() -> dict[tuple[str, str, str], bytes]:
    """Every faulty contract by its change: one compilation a file, and each change once."""
    changes = {change for faults in FAULTS.values() for change in faults.values()}
    found = {}
    for source in (EXCHANGE, POOLS, SETTLEMENT, CURVE, STABLE):
        here = sorted(change for change in changes if change[0] == source)
        named = {str(place): change[1:] for place, change in enumerate(here)}
        for place, code in faulty_bytecode(source, named, contract="Exchange").items():
            found[here[int(place)]] = code
    return found


@pytest.mark.parametrize(("number", "name"), CASES, ids=lambda text: str(text))
def test_the_invariant_catches_the_fault(chain: Chain, number: str, name: str) -> None:
    bytecode = _bytecode()[FAULTS[number][name]]
    trial = ExchangeTrial(World.build(chain, "chain", bytecode.hex()))
    if number != "X12":
        trial.exempt = {other: "another's turn" for other in INVARIANTS if other != number}
    with pytest.raises(Violation) as caught:
        drive(trial, seed=1, steps=400)
    assert caught.value.invariant not in trial.exempt


def test_without_a_fault_nothing_is_caught(chain: Chain) -> None:
    trial = ExchangeTrial(World.build(chain))
    drive(trial, seed=1, steps=400)
    assert len(trial.funded()) == len(trial.world.keys)


def test_every_invariant_has_at_least_two_faults() -> None:
    """X11's are among X1's: a solver that is off by one lets the invariant fall."""
    assert set(FAULTS) == {f"X{number}" for number in range(1, 14)} - {"X11"}
    assert all(len(faults) >= 2 for faults in FAULTS.values())
