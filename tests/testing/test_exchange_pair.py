"""The machine for anybody's pool of two tokens: ours, the real Uniswap V2, and wrong ones.

With HYPOTHESIS_PROFILE=deep every wrong pool is tried; else some.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from defi_kit.chain import Account, Chain
from defi_kit.testing.exchange.adapters import ExchangePair, UniswapV2Pair
from defi_kit.testing.exchange.market import PairMarket
from defi_kit.testing.exchange.pair import PairMachine
from defi_kit.testing.exchange.pair_trial import PairTrial
from defi_kit.testing.explored import Explored
from defi_kit.testing.violations import Violation
from faults import faulty_bytecode

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
EXCHANGE = "contracts/dex/Exchange.sol"
CURVE = "contracts/dex/ConstantProduct.sol"
YIELD = "amountOut = paid * reserveOut / (reserveIn * PIPS + paid);"

WRONG: dict[str, tuple[str, tuple[str, str]]] = {
    "sells at the price before the trade": (
        CURVE,
        (YIELD, "amountOut = paid * reserveOut / (reserveIn * PIPS);"),
    ),
    "takes half of the second token": (
        EXCHANGE,
        (
            "amount1 = FixedPointMathLib.divUp(shares * reserve1, supply);",
            "amount1 = FixedPointMathLib.divUp(shares * reserve1, supply * 2);",
        ),
    ),
    "frees withdrawals rounded up": (
        EXCHANGE,
        (
            "amount1 = shares * reserves.reserve1() / supply;",
            "amount1 = FixedPointMathLib.divUp(shares * reserves.reserve1(), supply);",
        ),
    ),
    "pays a unit too much": (
        CURVE,
        (YIELD, "amountOut = paid * reserveOut / (reserveIn * PIPS + paid) + 1;"),
    ),
    "never asks for the second token": (EXCHANGE, ("_takeSide(token1, amount1);", "")),
    "frees tokens and burns nothing": (
        EXCHANGE,
        ("_burn(msg.sender, PoolId.unwrap(id), shares);", ""),
    ),
    "pays who calls, not whom it is for": (
        EXCHANGE,
        ("_push(key.token1, to, amount1);", "_push(key.token1, msg.sender, amount1);"),
    ),
    "takes more of a token than was offered": (
        EXCHANGE,
        (
            "FixedPointMathLib.min(amount0 * supply / reserve0, amount1 * supply / reserve1);",
            "(amount0 * supply / reserve0 + amount1 * supply / reserve1) / 2;",
        ),
    ),
    "pays less for more": (
        CURVE,
        (YIELD, "amountOut = paid * reserveOut / (reserveIn * PIPS + paid * amountIn);"),
    ),
}
CASES = list(WRONG) if DEEP else list(WRONG)[:3]


@cache
def _bytecode() -> Mapping[str, str]:
    found = {}
    for source in (EXCHANGE, CURVE):
        changes = {name: change for name, (file, change) in WRONG.items() if file == source}
        for name, code in faulty_bytecode(source, changes, contract="Exchange").items():
            found[name] = code.hex()
    return found


def lives(count: int) -> Any:
    return settings(
        max_examples=count,
        stateful_step_count=25,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class OursMachine(PairMachine):
    make = ExchangePair
    variants = (
        {"decimals": (6, 18)},
        {"decimals": (0, 24), "fee": 1},
        {"decimals": (18, 6), "fee": 500, "amplification": 200},
    )
    folder = None


class UniswapMachine(PairMachine):
    make = UniswapV2Pair
    folder = None


@pytest.mark.parametrize("kind", [OursMachine, UniswapMachine])
def test_a_pool_keeps_what_it_promises(kind: type[PairMachine]) -> None:
    class Machine(kind):  # type: ignore[misc, valid-type]
        explored = Explored()

    run_state_machine_as_test(seed(1)(Machine), settings=lives(200 if DEEP else 12))
    assert Machine.explored.done["swap"]


def test_an_adapter_is_a_market(chain: Chain) -> None:
    assert isinstance(ExchangePair(chain), PairMarket)
    assert isinstance(UniswapV2Pair(chain), PairMarket)


@pytest.mark.parametrize("name", CASES)
def test_a_pool_that_is_wrong_is_found_out(name: str) -> None:
    class Machine(PairMachine):
        make = ExchangePair
        variants = ({"bytecode": _bytecode()[name]},)
        explored = Explored()
        folder = None

    with pytest.raises(Violation):
        run_state_machine_as_test(seed(1)(Machine), settings=lives(300))


def test_uniswaps_pair_pays_out_what_was_given_to_it(chain: Chain) -> None:
    """Why X5 is not promised: the next trade moves the price by what lies there."""
    trial = PairTrial(UniswapV2Pair(chain))
    trial.add("alice", 10**24, 10**9)
    trial.donate("mallory", 0, 10**33)
    trial.exempt = {}
    with pytest.raises(Violation, match="X5"):
        trial.round_trip("bob", 0, 10**22)


def test_the_story_counts_in_whole_tokens(chain: Chain) -> None:
    trial = PairTrial(ExchangePair(chain, decimals=(6, 6)))
    trial.add("alice", 5_000 * 10**6, 5_000 * 10**6)
    trial.swap("bob", 0, 15 * 10**5, 10**6)
    assert trial.story().splitlines() == [
        "1. alice joins with at most 5,000 of token 0 and 5,000 of token 1",
        "2. bob sells 1.5 of token 0, for at least 1 of token 1",
    ]


def test_a_reason_counts_in_whole_tokens_too(chain: Chain) -> None:
    class Rash(ExchangePair):
        """Sells for whatever it fetches."""

        def swap(self, who: Account, side: int, amount: int, least: int) -> None:
            super().swap(who, side, amount, 0)

    trial = PairTrial(Rash(chain, decimals=(6, 6)))
    trial.add("alice", 5_000 * 10**6, 5_000 * 10**6)
    with pytest.raises(Violation, match="X7: at least 3,000 of token 1 asked for, 1"):
        trial.swap("bob", 0, 15 * 10**5, 3_000 * 10**6)


def test_a_price_that_is_shown_in_the_middle_is_that_before_or_after(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real pair's reserves are: a token that calls back sees what was before."""
    trial = PairTrial(UniswapV2Pair(chain))
    trial.add("alice", 10**9, 10**9)
    trial.call_back("bob", "swap", 0, 10**6, 0, 0)
    trial.call_back("alice", "remove", 0, 10**6, 1, 0)
    assert trial.explored.noted["callbacks"] == 2
    monkeypatch.setattr(trial, "_shown", lambda door: b"another")
    with pytest.raises(Violation, match=r"X13: getReserves\(\) shows .* in a swap"):
        trial.call_back("bob", "swap", 0, 10**6, 0, 0)


def test_what_is_paid_for_another_is_the_others(chain: Chain) -> None:
    class Mixed(ExchangePair):
        def deliveries(self, who: Account, to: Account) -> Any:
            return super().deliveries(who, who)

    trial = PairTrial(Mixed(chain))
    trial.add("alice", 10**9, 10**9)
    with pytest.raises(Violation, match="strangers: swap for bob"):
        trial.for_another("alice", "bob")
    trial = PairTrial(ExchangePair(chain))
    trial.add("alice", 10**9, 10**9)
    trial.for_another("alice", "bob")
    trial.impersonate("mallory", "alice")
    trial.enter("mallory", 2)
