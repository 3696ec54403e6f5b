"""What only mutants of the controller had shown that nobody looked at."""

from __future__ import annotations

from typing import Any

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings import algo_controller as abi
from defi_kit.bindings.algo_controller import AlgoParameters, Genesis
from defi_kit.chain import Account, Chain
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.stablecoins import AlgoController
from defi_kit.units import MAX_UINT256, WAD

PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
PLENTY = 10**24
TERMS = {
    "ratio": 80 * WAD // 100,
    "min_ratio": 0,
    "max_ratio": WAD,
    "ratio_step": WAD // 100,
    "band": WAD // 100,
    "step_period": 60,
    "mint_spread": 2_000,
    "redeem_spread": 5_000,
    "virtual_liquidity": 0,
    "recovery_time": 0,
    "epoch_length": 0,
    "max_share_growth": 0,
    "breaker_cover": WAD,
    "breaker_delay": 60,
}
ORACLES = ("share", "spot", "collateral", "dollar")


class Economy:
    """A controller with a collateral of six decimals, its four oracles, and an owner of it all."""

    def __init__(
        self,
        chain: Chain,
        owner: Account,
        token: Any = bindings.MockToken,
        *,
        shares: int = PLENTY,
        **terms: int,
    ) -> None:
        self.chain = chain
        self.token = token.deploy(chain, "CASH", 6)
        prices = (2 * 10**24, 2 * 10**24, 10**48, 10**24)
        self.oracles = [bindings.MockOracle.deploy(chain, price) for price in prices]
        at = [oracle.address for oracle in self.oracles]
        parameters = AlgoParameters(self.token.address, *at, **(TERMS | terms))
        genesis = Genesis(owner.address, 0, shares, "Dollar", "ALGO", "Share", "SHARE")
        self.algo = bindings.AlgoController.deploy(chain, parameters, genesis)
        self.client = AlgoController(chain, self.algo.address)
        self.dollar = bindings.AlgoToken(chain, self.algo.dollar())
        self.token.mint(owner, PLENTY)
        self.token.approve(self.algo, MAX_UINT256, sender=owner)

    def say(self, **prices: int) -> None:
        for name, price in prices.items():
            self.oracles[ORACLES.index(name)].set_price(price)

    def mint(self, dollars: int, owner: Account) -> None:
        self.algo.mint(dollars, MAX_UINT256, MAX_UINT256, owner, sender=owner)

    def end(self, owner: Account) -> None:
        self.oracles[0].set_reverting(True)
        self.algo.alarm(sender=owner)
        self.chain.advance(60)
        self.algo.end(sender=owner)


@pytest.fixture
def economy(chain: Chain, owner: Account) -> Economy:
    return Economy(chain, owner)


def test_nobody_holds_an_allowance_that_the_holder_did_not_give(
    economy: Economy, owner: Account
) -> None:
    economy.mint(WAD, owner)
    for token in (economy.dollar, bindings.AlgoToken(economy.chain, economy.algo.share())):
        assert token.allowance(owner, PERMIT2) == 0


def test_after_the_end_there_are_claims_and_nothing_else(economy: Economy, owner: Account) -> None:
    economy.mint(100 * WAD, owner)
    with pytest.raises(reverts.NotEnded):
        economy.algo.claim(WAD, owner, sender=owner)
    economy.end(owner)
    economy.oracles[0].set_reverting(False)
    economy.chain.advance(3_600)
    algo = economy.algo
    for refused in (
        lambda: algo.mint(WAD, MAX_UINT256, MAX_UINT256, owner, sender=owner),
        lambda: algo.redeem(WAD, 0, 0, owner, sender=owner),
        lambda: algo.step_ratio(sender=owner),
        lambda: algo.alarm(sender=owner),
        lambda: algo.end(sender=owner),
        lambda: algo.quote_mint(WAD),
        lambda: algo.quote_redeem(WAD),
    ):
        with pytest.raises(reverts.AlgoEnded):
            refused()
    algo.claim(WAD, owner, sender=owner)


def test_a_claim_is_of_dollars_that_exist_and_pays_something(
    economy: Economy, owner: Account
) -> None:
    economy.mint(100 * WAD, owner)
    economy.end(owner)
    with pytest.raises(reverts.SupplyTooLarge):
        economy.algo.claim(100 * WAD + 1, owner, sender=owner)
    with pytest.raises(reverts.ZeroAmount):
        economy.algo.claim(1, owner, sender=owner)
    economy.algo.claim(100 * WAD, owner, sender=owner)
    with pytest.raises(reverts.ZeroAmount):
        economy.algo.claim(0, owner, sender=owner)


def test_the_last_unit_of_collateral_is_paid_and_none_is_not_sent(
    chain: Chain, owner: Account, bob: Account
) -> None:
    """A token that refuses to move nothing is one that some collaterals are like."""
    economy = Economy(chain, owner, bindings.RevertOnZeroToken)
    economy.mint(100 * WAD, owner)
    economy.algo.redeem(13 * 10**11, 0, 0, bob, sender=owner)
    assert economy.token.balance_of(bob) == 1
    economy.algo.redeem(10**11, 0, 0, bob, sender=owner)
    assert economy.token.balance_of(bob) == 1
    only_shares = Economy(chain, owner, bindings.RevertOnZeroToken, ratio=0)
    only_shares.mint(WAD, owner)


def test_prices_that_divide_nothing_round_as_the_twin_says(
    economy: Economy, owner: Account
) -> None:
    economy.mint(10_000 * WAD + 12_345, owner)
    for share, spot in ((3, 7), (7, 3)):
        economy.say(
            share=2 * 10**24 + 10**24 // share,
            spot=2 * 10**24 + 10**24 // spot,
            collateral=10**48 - 10**48 // 13,
            dollar=10**24 - 10**24 // 11,
        )
        for dollars in (1_000 * WAD + 7, 123_456_789_012_345):
            twin, prices = economy.client.state(), economy.client.prices()
            now = economy.chain.timestamp
            _, minted = twin.mint(dollars, prices, now=now)
            assert economy.algo.quote_mint(dollars) == tuple(minted)[:2]
            _, redeemed = twin.redeem(dollars, prices, now=now)
            assert economy.algo.quote_redeem(dollars) == tuple(redeemed)[:2]
        assert economy.algo.cover() == economy.client.state().cover(prices)


def test_an_alarm_says_how_much_gas_it_needs(economy: Economy, owner: Account) -> None:
    call = economy.algo.build("alarm")
    with pytest.raises(reverts.TooLittleGas) as refused:
        economy.chain.transact(call.to, call.data, sender=owner, gas=500_000)
    assert 1_000_000 in refused.value.arguments.values()


def test_shares_fill_their_128_bits_and_no_more(chain: Chain, owner: Account) -> None:
    """A dollar of shares alone; the price halves: a redemption prints more than the mint burnt."""
    most = 2**128 - 1
    free = {"ratio": 0, "mint_spread": 0, "redeem_spread": 0}
    economy = Economy(chain, owner, shares=most, **free)
    economy.say(share=10**36, spot=10**36, collateral=10**36)
    economy.mint(10, owner)
    share = bindings.AlgoToken(chain, economy.algo.share())
    assert share.total_supply() == most - 10
    economy.say(share=10**36 // 2, spot=10**36 // 2)
    with pytest.raises(reverts.SupplyTooLarge) as refused:
        economy.algo.redeem(6, 0, 0, owner, sender=owner)
    assert list(refused.value.arguments.values()) == [most - 10, 12]
    economy.algo.redeem(5, 0, 0, owner, sender=owner)
    assert share.total_supply() == most
    economy.say(share=1, spot=1)
    with pytest.raises(reverts.SupplyTooLarge):
        economy.algo.redeem(5, 0, 0, owner, sender=owner)


def test_cover_at_the_line_is_enough_and_a_grain_less_is_not(chain: Chain, owner: Account) -> None:
    economy = Economy(chain, owner, ratio=WAD, mint_spread=0)
    economy.say(share=1, spot=1)
    economy.mint(100 * WAD, owner)
    assert economy.algo.cover() == WAD
    economy.algo.alarm(sender=owner)
    assert economy.algo.books()[5] == 0
    economy.say(collateral=10**48 - 10**30)
    economy.algo.alarm(sender=owner)
    assert economy.algo.books()[5] == chain.timestamp


def test_every_verb_tells_what_it_did(economy: Economy, owner: Account, bob: Account) -> None:
    algo, chain = economy.algo, economy.chain
    minted = algo.mint(100 * WAD, MAX_UINT256, MAX_UINT256, bob, sender=owner).one(
        abi.DollarsMinted
    )
    assert (minted.dollars, minted.to, minted.collateral) == (100 * WAD, bob.address, 80_160_000)
    redeemed = algo.redeem(10 * WAD, 0, 0, owner, sender=bob).one(abi.DollarsRedeemed)
    assert (redeemed.dollars, redeemed.to, redeemed.collateral) == (
        10 * WAD,
        owner.address,
        7_960_000,
    )
    chain.advance(60)
    stepped = algo.step_ratio(sender=owner).one(abi.RatioStepped)
    assert stepped.ratio == algo.books()[0] == 80 * WAD // 100
    economy.oracles[0].set_reverting(True)
    assert algo.alarm(sender=owner).one(abi.AlarmRaised)
    assert not algo.alarm(sender=owner).logs
    economy.oracles[0].set_reverting(False)
    assert algo.alarm(sender=owner).one(abi.AlarmCleared)
    assert not algo.alarm(sender=owner).logs
    economy.oracles[0].set_reverting(True)
    algo.alarm(sender=owner)
    with pytest.raises(reverts.AlarmTooYoung):
        algo.end(sender=owner)
    chain.advance(60)
    assert algo.end(sender=owner).one(abi.ControllerEnded)
    claimed = algo.claim(90 * WAD, owner, sender=bob).one(abi.DollarsClaimed)
    assert (claimed.dollars, claimed.to, claimed.collateral) == (
        90 * WAD,
        owner.address,
        72_200_000,
    )


def test_dollars_fill_their_112_bits_and_no_more(chain: Chain, owner: Account) -> None:
    most = 2**112 - 1
    economy = Economy(chain, owner, ratio=0, mint_spread=0)
    economy.say(share=10**46, spot=10**46, collateral=10**36)
    with pytest.raises(reverts.SupplyTooLarge):
        economy.mint(most + 1, owner)
    economy.mint(most, owner)
    assert economy.dollar.total_supply() == most
    with pytest.raises(reverts.SupplyTooLarge) as refused:
        economy.mint(1, owner)
    assert list(refused.value.arguments.values()) == [most, 1]


@pytest.mark.parametrize("liquidity", [1_000 * WAD, 50_000 * WAD])
def test_virtual_pools_price_as_the_twin_says_in_and_out_of_balance(
    chain: Chain, owner: Account, liquidity: int
) -> None:
    economy = Economy(chain, owner, virtual_liquidity=liquidity, recovery_time=3_600)
    algo, client = economy.algo, economy.client

    def compare() -> None:
        twin, prices, now = client.state(), client.prices(), chain.timestamp
        for part in (1_000, 100, 10, 5, 2):
            dollars = liquidity // part
            assert algo.quote_redeem(dollars) == tuple(twin.redeem(dollars, prices, now=now)[1])
            assert algo.quote_mint(dollars) == tuple(twin.mint(dollars, prices, now=now)[1])

    for _ in range(4):
        economy.mint(liquidity, owner)
        chain.advance(36_000)
    compare()
    for _ in range(2):
        algo.redeem(liquidity, 0, 0, owner, sender=owner)
        compare()
        chain.advance(600)
        compare()


def test_all_shares_may_be_printed_at_once_where_all_were_burnt(
    chain: Chain, owner: Account
) -> None:
    dollars, price = 3_402_823_669_209_384_634_633_746_112_479_669, 10**31 + 112_148
    shares = -(-dollars // 10**10)
    free = {"ratio": 0, "mint_spread": 0, "redeem_spread": 0}
    economy = Economy(chain, owner, shares=shares, **free)
    economy.say(share=10**46, spot=10**46, collateral=10**36)
    economy.mint(dollars, owner)
    share = bindings.AlgoToken(chain, economy.algo.share())
    assert share.total_supply() == 0
    economy.say(share=price, spot=price)
    economy.algo.redeem(dollars, 0, 0, owner, sender=owner)
    assert share.total_supply() == 2**128 - 1


@pytest.mark.parametrize("decimals", [0, 6, 24])
def test_without_an_oracle_the_collateral_is_worth_a_dollar(
    chain: Chain, owner: Account, decimals: int
) -> None:
    token = bindings.MockToken.deploy(chain, "CASH", decimals)
    oracle = bindings.MockOracle.deploy(chain, 10**36)
    at = (oracle.address, ZERO_ADDRESS, ZERO_ADDRESS, oracle.address)
    terms = AlgoParameters(token.address, *at, **(TERMS | {"ratio": WAD, "mint_spread": 0}))
    genesis = Genesis(owner.address, 0, PLENTY, "Dollar", "ALGO", "Share", "SHARE")
    algo = bindings.AlgoController.deploy(chain, terms, genesis)
    assert algo.quote_mint(1_000 * WAD) == (1_000 * 10**decimals, 0)


def test_the_cap_of_an_epoch_rounds_down(chain: Chain, owner: Account) -> None:
    free = {"ratio": 0, "mint_spread": 0, "redeem_spread": 0}
    capped = {"max_share_growth": 10_000, "epoch_length": 86_400}
    economy = Economy(chain, owner, shares=1_000_199, **free, **capped)
    economy.say(share=10**36, spot=10**36, collateral=10**36)
    economy.mint(100_000, owner)  # 900,199 shares are left: 9,001.99 may be printed
    with pytest.raises(reverts.EpochCapExceeded) as refused:
        economy.algo.redeem(9_002, 0, 0, owner, sender=owner)
    assert list(refused.value.arguments.values()) == [0, 9_002, 9_001]
    economy.algo.redeem(9_001, 0, 0, owner, sender=owner)
    with pytest.raises(reverts.EpochCapExceeded) as refused:
        economy.algo.redeem(1, 0, 0, owner, sender=owner)
    assert list(refused.value.arguments.values()) == [9_001, 1, 9_001]


@pytest.mark.parametrize("prices", [(101, 103), (103, 101), (7, 7)])
def test_prices_of_a_few_units_round_down_at_every_step(
    chain: Chain, owner: Account, prices: tuple[int, int]
) -> None:
    """Where one unit of a price, or of what stands behind three base units of dollars, is a lot."""
    economy = Economy(chain, owner, shares=10**27 + 1, ratio=0, mint_spread=0)
    economy.mint(3, owner)
    economy.say(share=prices[0], spot=prices[1], collateral=10**36 - 10**36 // 3)
    twin, asked = economy.client.state(), economy.client.prices()
    now = chain.timestamp
    assert economy.algo.quote_redeem(3) == tuple(twin.redeem(3, asked, now=now)[1])
    economy.say(share=prices[0] * 10**9, spot=prices[1] * 10**9 + 1)
    twin, asked = economy.client.state(), economy.client.prices()
    assert economy.algo.quote_mint(1) == tuple(twin.mint(1, asked, now=now)[1])
    assert economy.algo.cover() == twin.cover(asked)


def test_a_virtual_pool_gives_all_but_its_last_unit(chain: Chain, owner: Account) -> None:
    free = {"ratio": 0, "mint_spread": 0, "redeem_spread": 0}
    economy = Economy(chain, owner, virtual_liquidity=1_000, recovery_time=60, **free)
    economy.algo.quote_mint(999)
    with pytest.raises(reverts.VirtualPoolExhausted) as refused:
        economy.algo.quote_mint(1_000)
    assert list(refused.value.arguments.values()) == [1_000, 1_000]


def test_a_recovery_that_divides_nothing_rounds_as_the_twin_says(
    chain: Chain, owner: Account
) -> None:
    """Pools so large that the last of 27 digits of what is left each second counts."""
    large, free = 10**33, {"ratio": 0, "mint_spread": 0, "redeem_spread": 0}
    economy = Economy(chain, owner, shares=2**127, virtual_liquidity=large, recovery_time=7, **free)
    economy.say(share=10**36, spot=10**36, collateral=10**36)
    economy.mint(large // 3, owner)
    for _ in range(3):
        chain.advance(1)
        twin, prices, now = economy.client.state(), economy.client.prices(), chain.timestamp
        for part in (3, 5):
            amount = large // part
            assert economy.algo.quote_mint(amount) == tuple(twin.mint(amount, prices, now=now)[1])
