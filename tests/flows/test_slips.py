"""Slips of newcomers, each refused with the value and the remedy, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import defi_kit
from defi_kit import bindings, plots
from defi_kit.errors import BadResponse, DefiKitError, InputError, RefusedKey
from defi_kit.lending import AdaptiveRate, CollateralParameters, LendingPool
from defi_kit.oracles import SignedFeed, TwapOracle, VaultOracle
from defi_kit.reverts import PoolExists, TooYoung, UnknownCollateral, UnknownPool
from defi_kit.stablecoins import FractionalBank, SlowBank, bank_run
from defi_kit.units import WAD

Adapt = dict[str, Any]
USUAL: Adapt = {"target": "90%", "lowest": "1%", "highest": "200%"}

PURE: list[tuple[str, Callable[[], object]]] = [
    ("speed 1.5 is a float", lambda: AdaptiveRate.annual("4%", **USUAL, speed=1.5)),
    ("a steepness of 0", lambda: AdaptiveRate.annual("4%", **USUAL, steepness=0)),
    ("kept 0.5 is a float", lambda: FractionalBank(0.5)),  # type: ignore[arg-type]
    ("kept '200%' is a str", lambda: FractionalBank("200%")),  # type: ignore[arg-type]
    ("kept is a part", lambda: FractionalBank(2 * WAD)),
    ("delay -1 is negative", lambda: SlowBank(-1)),
    ("seed 1.5 is a float", lambda: bank_run(SlowBank(), seed=1.5)),  # type: ignore[arg-type]
    ("window 1.5 is a float", lambda: TwapOracle.records(1.5)),  # type: ignore[arg-type]
    ("a window of 0", lambda: TwapOracle.records(0)),
    ("'embedded' is no chain", lambda: defi_kit.deploy("embedded")),  # type: ignore[arg-type]
    ("None is no chain", lambda: defi_kit.attach(None, "economy.json")),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("said", "slip"), PURE, ids=[said for said, _ in PURE])
def test_a_number_of_the_wrong_kind_is_named(said: str, slip: Callable[[], object]) -> None:
    with pytest.raises(DefiKitError) as caught:
        slip()
    assert said in str(caught.value)


@pytest.mark.chain
def test_slips_with_a_live_economy_send_nothing() -> None:
    kit = defi_kit.deploy(defi_kit.Chain.embedded())
    alice, bob = kit.actors("alice", "bob")
    kit.lending.supply_collateral(kit.weth("1"), sender=alice)
    account, state = kit.lending.account(alice), kit.lending.state()
    feed = SignedFeed.deploy(kit.chain, "ETH / USD", [alice, bob], quorum=1, max_jump="10%")
    pool: Adapt = {"borrow_ltv": "75%", "liquidation_ltv": "80%", "max_bonus": "5%"}
    rate = AdaptiveRate.annual("4%", **USUAL)

    def own(oracle: Any, rate: Any = rate) -> LendingPool:
        listed = CollateralParameters(token=kit.weth, oracle=oracle, **pool)
        return LendingPool.deploy(kit.chain, kit.usd, [listed], rate)

    slips: list[tuple[type[DefiKitError], str, Callable[[], object]]] = [
        (InputError, "is no oracle of WETH", lambda: own(kit.feeds.weth)),
        (InputError, "is no oracle of WETH", lambda: own(bob)),
        (DefiKitError, "None is no rate model", lambda: own(kit.oracles.weth, None)),
        (
            InputError,
            "is no ERC-4626 vault",
            lambda: VaultOracle.deploy(kit.chain, kit.weth.address, kit.oracles.weth, kit.usd),
        ),
        (RefusedKey, "32 bytes, not 1", lambda: _authorize(kit, alice, bob, b"x")),
        (RefusedKey, "this key is", lambda: feed.sign("2000", alice, key=b"\x01" * 32)),
        (DefiKitError, "timestamp 1.5", lambda: feed.sign("2000", alice, timestamp=1.5)),  # type: ignore[arg-type]
        (DefiKitError, "timestamp -1", lambda: feed.sign("2000", alice, timestamp=-1)),
        (DefiKitError, "limit 1.5", lambda: kit.lending.history(alice, limit=1.5)),  # type: ignore[arg-type]
        (InputError, "nothing to withdraw", lambda: kit.lending.withdraw(sender=bob)),
        (InputError, "5 is of no token", lambda: account.what_if(supply=5)),  # type: ignore[arg-type]
        (InputError, "names no collateral", lambda: account.what_if(prices="x")),  # type: ignore[arg-type]
        (
            InputError,
            "USD is no collateral",
            lambda: plots.liquidation_map(
                state, kit.usd.unit, kit.usd.unit, now=account.now, prices=account.prices
            ),
        ),
        (InputError, "'WETH' is not", lambda: kit.lending.liquidate(alice, "WETH", sender=bob)),  # type: ignore[arg-type]
        (InputError, "'WETH' is not", lambda: kit.lending.preview_liquidation(alice, "WETH")),  # type: ignore[arg-type]
        (InputError, "is no token", lambda: kit.exchange.swap(kit.usd(1), kit.algo, sender=alice)),  # type: ignore[arg-type]
        (UnknownPool, "USD-WETH 0.31%", lambda: kit.exchange.pool(kit.weth, kit.usd, "0.31%")),
        (PoolExists, "USD-WETH 0.3%", lambda: kit.exchange.create_pool(kit.weth, kit.usd)),
        (
            UnknownCollateral,
            "(token=USDX)",
            lambda: kit.lending.withdraw_collateral(kit.usdx("5"), sender=alice),
        ),
        (InputError, "whole numbers, not by (0, 0, 0, 1.5)", lambda: kit.chain.advance(days=1.5)),  # type: ignore[arg-type]
        (InputError, "a second at least", lambda: kit.chain.advance()),
        (InputError, "one of Role.OWNER", lambda: kit.usd.offer_role("boss", alice)),  # type: ignore[arg-type]
        (InputError, "1.5 is no amount", lambda: kit.provide(1.5, alice)),  # type: ignore[arg-type]
        (TooYoung, "id=USD-WETH 0.3%", lambda: kit.exchange.mean_price(10**7, kit.weth, kit.usd)),
        (BadResponse, alice.address, lambda: bindings.FeedOracle(kit.chain, alice).price()),
    ]
    before = kit.chain.block_number
    for error, said, slip in slips:
        with pytest.raises(error) as caught:
            slip()
        assert said in str(caught.value), said
    assert kit.chain.block_number == before


def _authorize(kit: defi_kit.Kit, owner: Any, operator: Any, key: bytes) -> object:
    return kit.lending.sign_authorization(owner, operator, key=key)
