"""GuardedOracle and VaultOracle and their clients, verb by verb; and any vault against the twin."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import bindings, deploy, reverts
from defi_kit.chain import Account, Chain
from defi_kit.errors import Reverted
from defi_kit.oracles import (
    PRICE_SCALE,
    FeedOracle,
    GuardedOracle,
    ScriptedFeed,
    VaultOracle,
    VaultPrice,
)
from defi_kit.oracles.vault import MAX_GROWTH, check_start, sample_of
from defi_kit.tokens import FaucetToken
from defi_kit.units import WAD, YEAR

# --- two sources ----------------------------------------------------------------------------------


def mocks(chain: Chain, *prices: int) -> list[bindings.MockOracle]:
    return [bindings.MockOracle.deploy(chain, price) for price in prices]


def test_the_first_price_is_answered_while_the_second_agrees(chain: Chain) -> None:
    first, second = mocks(chain, 2_000 * 10**24, 2_040 * 10**24)
    oracle = GuardedOracle.deploy(chain, first, second, 18, 6, max_deviation="2%")
    assert oracle.price() == 2_000
    assert oracle.raw_price() == 2_000 * 10**24
    second.set_price(2_040 * 10**24 + 1)
    with pytest.raises(reverts.PricesDisagree, match=r"price=2000, guard_price=2040\.0"):
        oracle.price()
    second.set_price(1_961 * 10**24)
    assert oracle.price() == 2_000
    assert oracle.model.price(first.answer(), second.answer()) == oracle.raw_price()


def test_whoever_of_the_two_refuses_the_guard_refuses_as_well(chain: Chain) -> None:
    pair = mocks(chain, 5, 5)
    oracle = GuardedOracle.deploy(chain, *pair, 18, 18)
    for one in pair:
        one.set_reverting(True)
        with pytest.raises(reverts.OracleOff):
            oracle.price()
        one.set_reverting(False)
        one.set_price(0)
        with pytest.raises(reverts.ZeroPrice) as refusal:
            oracle.price()
        assert refusal.value.oracle == one.address
        one.set_price(5)
    assert oracle.raw_price() == 5


def test_an_impossible_guard_is_not_deployed(chain: Chain, alice: Account) -> None:
    one, two = mocks(chain, 1, 1)
    for pair in ((alice, two), (one, alice)):
        with pytest.raises(reverts.NoOracle) as refusal:
            GuardedOracle.deploy(chain, *pair, 18, 18)
        assert refusal.value.oracle == alice.address
    with pytest.raises(reverts.SameOracle):
        GuardedOracle.deploy(chain, one, one, 18, 18)
    for deviation in (0, "100%"):
        with pytest.raises(reverts.InvalidDeviation):
            GuardedOracle.deploy(chain, one, two, 18, 18, max_deviation=deviation)
    oracle = GuardedOracle.deploy(chain, one, two, 18, 18, max_deviation="99.9%")
    contract = oracle.contract
    assert (contract.primary(), contract.guard()) == (one.address, two.address)
    assert contract.max_deviation() == oracle.model.max_deviation == 999 * 10**15


@given(
    prices=st.tuples(st.integers(0, 2**256 - 1), st.integers(0, 2**256 - 1))
    | st.integers(0, 2**255).flatmap(
        lambda one: st.tuples(st.just(one), st.integers(one // 2, 2 * one))
    ),
    deviation=st.integers(1, WAD - 1),
)
def test_the_guard_and_its_twin_agree(
    chain: Chain, prices: tuple[int, int], deviation: int
) -> None:
    with chain.snapshot():
        pair = mocks(chain, *prices)
        made = bindings.GuardedOracle.deploy(chain, *pair, deviation)
        oracle = GuardedOracle(chain, made.address, 18, 18)
        try:
            expected = oracle.model.price(*prices)
        except Reverted as twins:
            with pytest.raises(type(twins)) as refusal:
                oracle.raw_price()
            assert refusal.value.arguments == twins.arguments
        else:
            assert oracle.raw_price() == expected


# --- shares of a vault ----------------------------------------------------------------------------


def test_the_share_of_a_lending_pool_is_worth_what_lenders_can_take_out(chain: Chain) -> None:
    kit = deploy(chain)
    (alice,) = kit.actors("alice")
    dollar = ScriptedFeed.deploy(chain, "USD / USD", 1)
    asset_oracle = FeedOracle.deploy(chain, dollar, kit.usd, kit.usd)
    oracle = VaultOracle.deploy(chain, kit.lending, asset_oracle, kit.usd, max_growth="20%")
    assert abs(oracle.price() - 1) < Decimal("0.001")
    kit.lending.supply_collateral(kit.weth("10"), sender=alice)
    kit.lending.borrow(kit.usd("14_000"), sender=alice)
    before = oracle.price()
    chain.advance(days=30)
    assert before < oracle.price() == oracle.worth() < oracle.cap()
    kit.feeds.weth.set_price("100")  # the loan is lost
    kit.lending.liquidate(alice, kit.weth, sender=kit.actors("keeper")[0])
    assert oracle.price() == oracle.worth() < before


def test_the_client_speaks_of_tokens(chain: Chain, owner: Account) -> None:
    asset = FaucetToken.deploy(chain, "Dollar", "USD", 6)
    vault = bindings.NaiveVault.deploy(chain, asset)
    asset.mint(owner, asset(1_000))
    with asset.allowing(owner, vault, asset(1_000)):
        vault.deposit(asset(1_000).raw, owner, sender=owner)
    asset_oracle = bindings.MockOracle.deploy(chain, 2 * PRICE_SCALE)
    oracle = VaultOracle.deploy(chain, vault, asset_oracle, asset, max_growth="10%")
    assert (oracle.worth(), oracle.cap(), oracle.price()) == (1, 1, 2)
    asset.mint(vault.address, asset(500))
    chain.advance(seconds=YEAR - 1)
    assert oracle.worth().quantize(Decimal("0.000001")) == Decimal("1.5")
    assert oracle.cap().quantize(Decimal("0.000001")) == Decimal("1.1")
    assert oracle.price() == 2 * oracle.cap()
    model = oracle.model
    assert model.price(oracle.raw_worth(), 2 * PRICE_SCALE, now=chain.timestamp) == (
        oracle.raw_price()
    )


def test_an_impossible_vault_oracle_is_not_deployed(chain: Chain, alice: Account) -> None:
    asset = bindings.MockToken.deploy(chain, "A", 18)
    vault = bindings.MockVault.deploy(chain, asset, 18)
    (price,) = mocks(chain, PRICE_SCALE)

    def make(vault: object = vault, oracle: object = price, growth: int = 0) -> object:
        most = 10**18
        return bindings.VaultOracle.deploy(chain, vault, oracle, growth, most)  # type: ignore[arg-type]

    with pytest.raises(reverts.NoVault):
        make(vault=alice)
    with pytest.raises(reverts.NoOracle):
        make(oracle=alice)
    with pytest.raises(reverts.GrowthTooFast) as refusal:
        make(growth=MAX_GROWTH + 1)
    assert refusal.value.highest == MAX_GROWTH
    make(growth=MAX_GROWTH)
    for odd in (
        bindings.MockVault.deploy(chain, asset, 31),
        bindings.MockVault.deploy(chain, bindings.MockToken.deploy(chain, "B", 25), 18),
    ):
        with pytest.raises(reverts.TooManyDecimals):
            make(vault=odd)
    for worth in ((0, 1), (10**18 + 1, 10**18)):
        vault.set_worth(*worth)
        with pytest.raises(reverts.StartOutOfBounds) as start:
            make()
        assert start.value.assets == worth[0]


def test_a_vault_that_does_not_answer_has_no_price(chain: Chain) -> None:
    asset = bindings.MockToken.deploy(chain, "A", 18)
    vault = bindings.MockVault.deploy(chain, asset, 18)
    oracle = VaultOracle.deploy(chain, vault, mocks(chain, PRICE_SCALE)[0], 18)
    assert oracle.price() == 1
    vault.set_closed(True)
    with pytest.raises(reverts.VaultClosed):
        oracle.price()
    vault.set_closed(False)
    vault.set_worth(0, 1)
    with pytest.raises(reverts.WorthlessShares):
        oracle.price()


@given(
    decimals=st.tuples(st.integers(0, 31), st.integers(0, 25)),
    start=st.tuples(st.integers(0, 10**12), st.integers(1, 10**12)),
    later=st.tuples(st.integers(0, 10**12), st.integers(1, 10**12)),
    terms=st.tuples(st.integers(0, MAX_GROWTH + 1), st.integers(0, 2**128 - 1)),
    asset_price=st.integers(0, 10**40) | st.integers(0, 2**256 - 1),
    elapsed=st.integers(1, 10**6) | st.integers(1, 3 * 10**10),
)
def test_the_vaults_oracle_and_its_twin_agree(
    chain: Chain,
    decimals: tuple[int, int],
    start: tuple[int, int],
    later: tuple[int, int],
    terms: tuple[int, int],
    asset_price: int,
    elapsed: int,
) -> None:
    with chain.snapshot():
        asset = bindings.MockToken.deploy(chain, "A", decimals[1])
        vault = bindings.MockVault.deploy(chain, asset, decimals[0])
        (price,) = mocks(chain, asset_price)
        vault.set_worth(*start)
        growth, most = terms
        try:
            if growth > MAX_GROWTH:
                check_start(1, 1, growth)  # the contract looks at this first
            sample = sample_of(*decimals)
            check_start(sample * start[0] // start[1], most, growth)
        except Reverted as twins:
            with pytest.raises(type(twins)) as refusal:
                bindings.VaultOracle.deploy(chain, vault, price, growth, most)
            assert refusal.value.arguments == twins.arguments
            return
        made = bindings.VaultOracle.deploy(chain, vault, price, growth, most)
        oracle = VaultOracle(chain, made.address, 18)
        assert oracle.model == VaultPrice(
            vault.address, sample, sample * start[0] // start[1], chain.timestamp, growth
        )
        vault.set_worth(*later)
        chain.advance(elapsed)
        try:
            expected = oracle.model.price(oracle.raw_worth(), asset_price, now=chain.timestamp)
        except Reverted as twins:
            with pytest.raises(type(twins)) as refusal:
                oracle.raw_price()
            assert refusal.value.arguments == twins.arguments
        else:
            assert oracle.raw_price() == expected
