"""Shares of a vault as collateral. Donations buy the attacker nothing, losses show at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

import defi_kit
from defi_kit import LendingPool, Ratio, bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.errors import Reverted
from defi_kit.lending import CollateralParameters, KinkedRate
from defi_kit.lending.pool import Collateral, Parameters
from defi_kit.oracles import VaultOracle
from defi_kit.testing.lending.pool.setting import RATE as CURVE
from defi_kit.testing.lending.pool.setting import deploy_pool
from defi_kit.tokens import Token
from defi_kit.units import MAX_UINT256
from lending import market as lending
from lending.market import USD

RATE = KinkedRate.annual("0%", "4%", "75%", kink="90%")


class Market:
    """A naive vault of WETH, and a pool that lends dollars against its shares."""

    def __init__(self, chain: Chain) -> None:
        self.kit = defi_kit.deploy(chain)
        self.chain = chain
        self.attacker, self.alice, self.keeper = self.kit.actors("attacker", "alice", "keeper")
        self.vault = bindings.NaiveVault.deploy(chain, self.kit.weth)
        self.share = Token(chain, self.vault)
        self.enter(self.alice, "10")
        self.oracle = VaultOracle.deploy(
            chain, self.vault, self.kit.oracles.weth, self.kit.usd, max_growth="10%"
        )
        self.pool = LendingPool.deploy(
            chain,
            self.kit.usd,
            [CollateralParameters(self.share, self.oracle, "75%", "80%", "5%")],
            RATE,
        )
        self.pool.supply(self.kit.usd("100_000"), sender=self.alice)

    def enter(self, who: Account, ether: str) -> None:
        amount = self.kit.weth(ether)
        with self.kit.weth.allowing(who, self.vault, amount):
            self.vault.deposit(amount.raw, who, sender=who)

    def donate(self, who: Account, ether: str) -> None:
        self.kit.weth.transfer(self.vault, self.kit.weth(ether), sender=who)

    def post(self, who: Account) -> None:
        self.pool.supply_collateral(self.share.balance(who), sender=who)

    def wealth(self, who: Account) -> Decimal:
        """In dollars: what is held, and what shares can be redeemed for."""
        shares = self.share.balance(who).raw
        ether = self.kit.weth.balance(who).raw + self.vault.preview_redeem(shares)
        dollars = self.kit.usd.balance(who).decimal
        return Decimal(ether) / 10**18 * 2_000 + dollars


@pytest.fixture
def market(chain: Chain) -> Market:
    return Market(chain)


def test_a_donation_lifts_no_borrowing_power_beyond_the_cap(market: Market) -> None:
    """Cream, Venus: double what a share is worth in one block, borrow against all one has."""
    market.enter(market.attacker, "2")
    market.post(market.attacker)
    before = market.pool.account(market.attacker).headroom
    market.donate(market.attacker, "12")
    assert market.oracle.worth() > Decimal("1.99")
    after = market.pool.account(market.attacker).headroom
    assert after.raw <= before.raw * 1_001 // 1_000
    with pytest.raises(reverts.DebtAboveLimit):
        market.pool.borrow(before.raw * 11 // 10, sender=market.attacker)


def test_a_donation_and_a_default_together_lose_money(market: Market) -> None:
    """Borrow all that the donated worth allows, and walk away: the donation was dearer."""
    start = market.wealth(market.attacker)
    market.enter(market.attacker, "2")
    market.post(market.attacker)
    market.donate(market.attacker, "5")
    headroom = market.pool.account(market.attacker).headroom
    market.pool.borrow(headroom, sender=market.attacker)
    assert market.wealth(market.attacker) < start - 5 * 2_000
    # And what was lent is covered, by what the shares are really worth.
    shares = market.pool.account(market.attacker).collateral[market.share.symbol]
    assert market.vault.preview_redeem(shares.raw) * 2_000 > headroom.raw * 10**12


def test_patience_buys_the_growth_of_the_cap_and_no_more(market: Market) -> None:
    """A year in which the vault earns nothing leaves a tenth to be filled by a donation."""
    market.chain.advance(days=365)
    market.kit.feeds.weth.set_price("2_000")
    market.donate(market.attacker, "15")
    assert Decimal("2199") < market.oracle.price() < Decimal("2201")
    assert market.oracle.price() == 2_000 * market.oracle.cap()


def test_a_loss_shows_in_the_block_it_happens_in(market: Market) -> None:
    """No smoothing that would let insiders borrow at yesterday's worth."""
    market.enter(market.attacker, "2")
    market.post(market.attacker)
    market.pool.borrow(market.pool.account(market.attacker).headroom, sender=market.attacker)
    held = market.kit.weth.balance(market.vault).raw
    thief = market.chain.impersonate(market.vault.address)
    market.kit.weth.contract.transfer(market.keeper, held // 2, sender=thief)
    assert Decimal("999") < market.oracle.price() < Decimal("1001")
    assert market.pool.account(market.attacker).health_factor < 1
    market.pool.liquidate(market.attacker, market.share, sender=market.keeper)


def test_after_a_loss_a_donation_gives_back_what_it_gives_and_no_more(market: Market) -> None:
    """Below the cap the worth is believed, whoever paid for it: the price is what can be redeemed,
    so the donor pays for every wei by which others may borrow more."""
    held = market.kit.weth.balance(market.vault).raw
    thief = market.chain.impersonate(market.vault.address)
    market.kit.weth.contract.transfer(market.keeper, held // 2, sender=thief)
    market.donate(market.attacker, "2")
    redeemable = market.vault.preview_redeem(10**18)
    assert market.oracle.price() == Decimal(redeemable) / 10**18 * 2_000
    market.donate(market.attacker, "15")
    assert market.oracle.price() == 2_000 * market.oracle.cap() < Decimal("2001")


def test_a_donation_before_the_oracle_is_deployed_is_refused(market: Market) -> None:
    """The worth that its deployer saw, and a little: what somebody slips in between is too much."""
    chain, growth = market.chain, 0
    seen = market.vault.convert_to_assets(10**18)
    market.donate(market.attacker, "1")
    with pytest.raises(reverts.StartOutOfBounds) as refusal:
        bindings.VaultOracle.deploy(
            chain, market.vault, market.kit.oracles.weth, growth, seen * 1_001 // 1_000
        )
    assert refusal.value.assets > seen
    tolerant = Ratio.parse("20%")
    VaultOracle.deploy(
        chain, market.vault, market.kit.oracles.weth, market.kit.usd, tolerance=tolerant
    )


def test_the_first_depositors_inflation_moves_no_price(chain: Chain) -> None:
    """Hundred, Sonne: one wei of shares, a fortune donated to them, and a loan against the wei."""
    kit = defi_kit.deploy(chain)
    (attacker,) = kit.actors("attacker")
    vault = bindings.NaiveVault.deploy(chain, kit.weth)
    with kit.weth.allowing(attacker, vault, kit.weth.raw(1)):
        vault.deposit(1, attacker, sender=attacker)
    oracle = VaultOracle.deploy(chain, vault, kit.oracles.weth, kit.usd, max_growth="10%")
    assert oracle.price() == 2_000
    kit.weth.transfer(vault, kit.weth("10"), sender=attacker)
    assert vault.preview_redeem(1) > 10**18
    assert oracle.price() < Decimal("2000.01")


def test_an_asset_that_crashes_takes_its_shares_along(market: Market) -> None:
    market.kit.feeds.weth.set_price("1")
    assert Decimal("0.999") < market.oracle.price() <= market.oracle.cap()
    market.kit.feeds.weth.set_reverting(True)
    with pytest.raises(Reverted):
        market.oracle.price()


def test_shares_of_a_pool_overstate_until_it_books_its_bad_debt(chain: Chain) -> None:
    """What the cap does not stop, as the room's page says: ether crashes, and before anybody
    liquidates, a lender of the pool borrows against shares that count what is owed, then has the
    loss booked. The loan-to-value must leave room for that: 90 % leaves too little, 60 % enough."""
    for ltv, covered in ((9_000, False), (6_000, True)):
        with chain.snapshot():
            vault = lending.Market(chain)
            insider, lender, keeper = vault.attacker, vault.second, vault.keeper
            vault.lend(20_000)
            vault.pool.deposit(80_000 * USD, insider, sender=insider)
            vault.loan(vault.bob, 60_000, ether=40)
            other = pool_on_shares(vault, ltv)
            vault.price(800)  # 32,000 dollars' worth of ether for 60,000 lent

            shares = vault.pool.balance_of(insider)
            assert vault.pool.convert_to_assets(shares) >= 80_000 * USD  # nothing shows yet
            amount = 80_000 * USD * ltv // 10_000
            supply = ("supply_collateral", vault.pool, shares, insider)
            book = ("liquidate", vault.bob, vault.weth, MAX_UINT256, MAX_UINT256, 0)
            chain.batch(
                [
                    other.build(*supply, sender=insider),
                    other.build("borrow", amount, insider, insider, sender=insider),
                    vault.pool.build(*book, sender=keeper),
                ]
            )
            worth = vault.pool.convert_to_assets(shares)
            assert worth < 60_000 * USD  # it does now
            assert (other.debt_of(insider) < worth) == covered
            other.liquidate(insider, vault.pool, MAX_UINT256, MAX_UINT256, 0, sender=keeper)
            left = other.convert_to_assets(other.balance_of(lender))
            assert (left >= 200_000 * USD - 1) == covered


def pool_on_shares(vault: lending.Market, ltv: int) -> bindings.LendingPool:
    """Dollars of `second`'s against shares of the vault, which is a lending pool itself."""
    one = bindings.MockOracle.deploy(vault.chain, 10**36)
    oracle = bindings.VaultOracle.deploy(vault.chain, vault.pool, one, 0, 2 * 10**30)
    share = Collateral(vault.pool.address, ltv, ltv + 300, 300, 9_800, oracle=oracle.address)
    terms = Parameters(collaterals=(share,), rate=CURVE, minimum_debt=10**8, reserve_factor=1_000)
    pool = deploy_pool(vault.chain, vault.usd.address, terms)
    for who in (vault.attacker, vault.second, vault.keeper):
        vault.usd.approve(pool, MAX_UINT256, sender=who)
        vault.pool.approve(pool, MAX_UINT256, sender=who)
    pool.deposit(200_000 * USD, vault.second, sender=vault.second)
    return pool
