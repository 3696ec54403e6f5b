"""The client: the story of a liquidation, amounts in and out, approvals, what a person reads."""

from __future__ import annotations

from decimal import Decimal

import pytest

from defi_kit import reverts
from defi_kit.bindings import CallbackActor, MockOracle
from defi_kit.chain import Account, Chain
from defi_kit.errors import InputError, ParameterError, RefusedKey, UnitMismatch
from defi_kit.lending import CollateralParameters, KinkedRate, LendingPool
from defi_kit.tokens import FaucetToken
from defi_kit.units import MAX_UINT256, Ratio

RATE = KinkedRate.annual("0%", "4%", "75%", kink="90%")


class Town:
    """Dollars, ether, bitcoin, their oracles, and a pool that bob has lent a hundred thousand."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.usd = FaucetToken.deploy(chain, "Dollar", "USD", 6)
        self.weth = FaucetToken.deploy(chain, "Ether", "WETH", 18)
        self.wbtc = FaucetToken.deploy(chain, "Bitcoin", "WBTC", 8)
        self.ether = MockOracle.deploy(chain, 2_000 * 10**24)
        self.bitcoin = MockOracle.deploy(chain, 30_000 * 10**34)
        self.pool = LendingPool.deploy(
            chain,
            self.usd,
            [
                CollateralParameters(self.weth, self.ether, "75%", "80%", "5%"),
                CollateralParameters(
                    self.wbtc, self.bitcoin, "70%", "75%", "10%", "90%", cap=self.wbtc(1_000)
                ),
            ],
            RATE,
        )
        for name in ("alice", "bob", "keeper"):
            for token in (self.usd, self.weth, self.wbtc):
                token.mint(chain.account(name), token(200_000))
        self.pool.supply(self.usd("100_000"), sender=chain.account("bob"))


@pytest.fixture
def town(chain: Chain) -> Town:
    return Town(chain)


def test_story_of_a_liquidation(town: Town, alice: Account, keeper: Account) -> None:
    town.pool.supply_collateral(town.weth("10"), sender=alice)
    town.pool.borrow(town.usd("14_000"), sender=alice)
    before = town.pool.account(alice)
    assert before.liquidation_prices == {"WETH": Decimal(1_750)}
    assert before.headroom == town.usd("1_000")
    assert before.ltv == Decimal("0.7")
    assert f"{before.health_factor:.4f}" == "1.1429"

    town.ether.set_price(1_500 * 10**24)
    assert f"{town.pool.account(alice).health_factor:.4f}" == "0.8571"
    assert town.pool.liquidatable() == [alice.address]

    done = town.pool.liquidate(alice, town.weth, sender=keeper)
    assert f"{done.repaid:.2f}, {done.seized:.4f}" == "12,857.14 USD, 9.0000 WETH"
    assert done.bonus == Ratio.parse("5%")
    assert (done.account, done.liquidator) == (alice.address, keeper.address)
    assert not done.bad_debt
    after = town.pool.account(alice)
    assert f"{after.health_factor:.6f}" == "1.050000"
    assert town.pool.liquidatable() == []


def test_amounts_of_another_token_are_refused(town: Town, alice: Account) -> None:
    with pytest.raises(UnitMismatch):
        town.pool.supply(town.weth(1), sender=alice)
    with pytest.raises(InputError, match="of which token"):
        town.pool.supply_collateral(10**18, sender=alice)
    with pytest.raises(reverts.UnknownCollateral):
        town.pool.supply_collateral(town.usd(1), sender=alice)
    town.pool.supply_collateral(10**18, token=town.weth, sender=alice)
    assert town.pool.account(alice).collateral == {"WETH": town.weth(1)}


def test_approvals_are_exact_or_none(town: Town, alice: Account) -> None:
    town.pool.supply(town.usd(5), sender=alice)
    assert not town.usd.allowance(alice, town.pool)
    with pytest.raises(reverts.TransferFromFailed):
        town.pool.supply(town.usd(5), sender=alice, approve=False)
    town.usd.approve(town.pool, town.usd(6), sender=alice)
    town.pool.supply(town.usd(5), sender=alice, approve=False)
    assert town.usd.allowance(alice, town.pool) == town.usd(1)


def test_supply_and_withdraw_all(town: Town, alice: Account, bob: Account) -> None:
    given = town.pool.supply(town.usd("1_000.5"), to=bob, sender=alice)
    assert given.account == bob.address
    assert str(given.shares) == "1000.5 lpUSD"
    taken = town.pool.withdraw(town.usd(500), to=alice, sender=bob)
    assert (taken.account, taken.to, taken.assets) == (bob.address, alice.address, town.usd(500))
    rest = town.pool.withdraw(sender=bob)
    assert rest.assets == town.usd("100_500.5")
    assert not town.pool.market().total_assets


def test_repaying_all_leaves_no_dust(town: Town, alice: Account, keeper: Account) -> None:
    town.pool.supply_collateral(town.weth(10), sender=alice)
    town.pool.borrow(town.usd(5_000), to=keeper, sender=alice)
    town.chain.advance(days=365)
    part = town.pool.repay(town.usd(1_000), account=alice, sender=keeper)
    assert part.amount == town.usd(1_000)
    rest = town.pool.repay(account=alice, sender=keeper)
    assert town.usd(4_000) < rest.amount < town.usd(4_012)
    position = town.pool.account(alice)
    assert not position.debt
    assert position.health_factor == Decimal("Infinity")
    assert position.ltv == 0
    assert position.liquidation_prices == {}
    town.pool.withdraw_collateral(town.weth(10), to=keeper, sender=alice)
    assert town.pool.account(alice).collateral == {}
    with pytest.raises(reverts.NoDebt):
        town.pool.repay(sender=alice)


def test_liquidation_prices_regard_the_other_collateral(town: Town, alice: Account) -> None:
    town.pool.supply_collateral(town.weth(10), sender=alice)
    town.pool.supply_collateral(town.wbtc("0.2"), sender=alice)
    town.pool.borrow(town.usd(12_000), sender=alice)
    position = town.pool.account(alice)
    assert position.collateral_value == town.usd(26_000)
    assert position.borrow_limit == town.usd(19_200)
    # 12,000 = 10 * 0.8 * ether + 4,500, and 12,000 is less than 16,000 without any bitcoin.
    assert position.liquidation_prices == {"WETH": Decimal("937.5"), "WBTC": Decimal(0)}
    state, at = position.pool, {"now": position.now}
    edge = [937_500_000 * 10**18, position.prices[1]]
    assert state.health_of(alice.address, prices=edge, **at) == 10**18
    assert state.health_of(alice.address, prices=[edge[0] - 1, edge[1]], **at) < 10**18


def test_position_reads_what_needs_no_price_from_a_dead_oracle(town: Town, alice: Account) -> None:
    town.pool.supply_collateral(town.weth(10), sender=alice)
    town.pool.borrow(town.usd(5_000), sender=alice)
    town.ether.set_reverting(True)
    position = town.pool.account(alice)
    assert f"{position.debt:.2f}" == "5,000.00 USD"
    assert position.collateral == {"WETH": town.weth(10)}
    with pytest.raises(reverts.ZeroPrice):
        _ = position.health_factor
    assert town.pool.liquidatable() == []
    assert town.pool.market().prices == {"WETH": None, "WBTC": Decimal(30_000)}


def test_liquidating_passes_on_what_an_oracle_says(
    town: Town, alice: Account, keeper: Account
) -> None:
    town.pool.supply_collateral(town.weth(10), sender=alice)
    town.pool.borrow(town.usd(14_000), sender=alice)
    town.ether.set_reverting(True)
    for limits in ({}, {"repay": town.usd(100)}, {"seize": town.weth(1)}):
        with pytest.raises(reverts.OracleOff):
            town.pool.liquidate(alice, town.weth, sender=keeper, **limits)
    town.ether.set_reverting(False)
    town.ether.set_price(0)
    with pytest.raises(reverts.ZeroPrice):
        town.pool.liquidate(alice, town.weth, sender=keeper)
    assert not town.usd.allowance(keeper, town.pool)


def test_flash_loans_go_to_a_contract_that_gives_them_back(town: Town, alice: Account) -> None:
    pool, receiver = town.pool, CallbackActor.deploy(town.chain)
    pool.supply_collateral(town.weth(10), sender=alice)
    pool.borrow(town.usd(4_000), sender=alice)
    assert pool.max_flash_loan(town.usd) == town.usd(96_000)
    assert pool.max_flash_loan(town.weth) == town.weth(10)
    assert not pool.max_flash_loan(pool.share)
    for amount in (town.usd(96_000), town.weth(10)):
        token = next(one for one in (town.usd, town.weth) if one.unit == amount.unit)
        approve = token.contract.build("approve", pool, amount.raw)
        receiver.plan(approve.to, approve.data)
        done = pool.flash_loan(receiver, amount, sender=alice)
        assert (done.receiver, done.initiator) == (receiver.address, alice.address)
        assert done.amount == amount
        assert not token.balance(receiver)
    assert receiver.callbacks() == 2
    with pytest.raises(reverts.LoanAboveMaximum, match="maximum=96000 USD") as refusal:
        pool.flash_loan(receiver, town.usd(96_001), sender=alice)
    assert refusal.value.hint == "borrow at most lending.max_flash_loan(token)"
    with pytest.raises(reverts.TransferFromFailed):
        pool.flash_loan(receiver, 1, token=town.usd, sender=alice)
    with pytest.raises(reverts.Reverted):  # nothing is there to be called
        pool.flash_loan(alice, town.usd(1), sender=alice)
    with pytest.raises(InputError, match="1 of which token"):
        pool.flash_loan(receiver, 1, sender=alice)


def test_verbs_with_a_callback_are_calls_for_a_contract(town: Town, alice: Account) -> None:
    """What the class says of them: built here, sent by a contract; refused to anyone else."""
    pool, actor = town.pool, CallbackActor.deploy(town.chain)
    pool.supply_collateral(town.weth(10), sender=alice)
    pool.borrow(town.usd(4_000), sender=alice)
    town.usd.transfer(actor, town.usd(1_000), sender=alice)
    approve = town.usd.contract.build("approve", pool, town.usd(1_000).raw)
    repay = pool.contract.build("repay_with_callback", town.usd(1_000).raw, alice, b"")
    with pytest.raises(reverts.Reverted):
        pool.contract.repay_with_callback(town.usd(1_000).raw, alice, b"", sender=alice)
    actor.plan(approve.to, approve.data)
    actor.perform(repay.to, repay.data)
    assert pool.account(alice).debt < town.usd("3_000.01")


def test_preview_is_what_liquidating_does(town: Town, alice: Account, keeper: Account) -> None:
    town.pool.supply_collateral(town.weth(10), sender=alice)
    town.pool.borrow(town.usd(14_000), sender=alice)
    with pytest.raises(reverts.HealthyAccount) as refusal:
        town.pool.preview_liquidation(alice, town.weth)
    assert "health=1.14285714" in str(refusal.value)
    town.ether.set_price(1_700 * 10**24)
    preview = town.pool.preview_liquidation(alice, town.weth, seize=town.weth(1))
    assert preview.seized == town.weth(1)
    done = town.pool.liquidate(alice, town.weth, seize=town.weth(1), sender=keeper)
    assert done.seized == town.weth(1)
    assert abs(done.repaid.raw - preview.repaid.raw) <= 1  # a second's interest on the bonus
    done = town.pool.liquidate(
        alice, town.weth, repay=town.usd(100), minimum_seized=town.weth("0.05"), sender=keeper
    )
    assert done.repaid == town.usd(100)
    with pytest.raises(reverts.TooLittleSeized, match="WETH"):
        town.pool.liquidate(
            alice, town.weth, repay=town.usd(100), minimum_seized=town.weth(1), sender=keeper
        )


def test_bad_debt_is_told(town: Town, alice: Account, keeper: Account) -> None:
    town.pool.supply_collateral(town.weth(10), sender=alice)
    town.pool.borrow(town.usd(14_000), sender=alice)
    town.chain.advance(days=30)
    reserve = town.pool.market().reserve
    town.ether.set_price(1_000 * 10**24)
    done = town.pool.liquidate(alice, town.weth, sender=keeper)
    assert done.seized == town.weth(10)
    assert done.bad_debt > town.usd(4_000)
    assert reserve <= done.from_reserve < town.usd(10)
    market = town.pool.market()
    assert not market.total_debt
    assert not market.reserve
    assert market.share_price < 1


def test_market_adds_up(town: Town, alice: Account) -> None:
    town.pool.supply_collateral(town.weth(100), sender=alice)
    town.pool.borrow(town.usd(90_000), sender=alice)
    market = town.pool.market()
    assert market.utilisation == Ratio.parse("90%")
    assert f"{market.borrow_rate:.2f}" == "4.00% a year"
    assert f"{market.supply_rate:.2f}" == "3.24% a year"
    assert market.collateral == {"WETH": town.weth(100), "WBTC": town.wbtc(0)}
    assert market.prices == {"WETH": Decimal(2_000), "WBTC": Decimal(30_000)}
    town.chain.advance(days=365)
    market = town.pool.market()
    assert market.total_assets == market.cash + market.total_debt - market.reserve
    assert Decimal("1.032") < market.share_price < Decimal("1.034")


def test_borrowers_are_those_in_debt_in_order(town: Town, alice: Account, keeper: Account) -> None:
    for who in (keeper, alice):
        town.pool.supply_collateral(town.weth(10), sender=who)
        town.pool.borrow(town.usd(1_000), sender=who)
    assert town.pool.borrowers() == [keeper.address, alice.address]
    block = town.chain.block_number
    town.pool.repay(sender=keeper)
    assert town.pool.borrowers() == [alice.address]
    assert town.pool.account(keeper, block=None).debt == town.usd(0)
    assert town.chain.block_number > block


def test_state_is_the_twin_of_the_moment(town: Town, alice: Account, keeper: Account) -> None:
    town.pool.supply_collateral(town.weth(10), sender=alice)
    town.pool.borrow(town.usd(14_000), sender=alice)
    state = town.pool.state()
    assert sum(one.shares for one in state.accounts.values()) == state.total_shares
    assert sum(one.debt_shares for one in state.accounts.values()) == state.market.debt_shares
    prices = [1_500 * 10**24, 30_000 * 10**34]
    town.ether.set_price(prices[0])
    assert town.pool.prices() == tuple(prices)
    # Two approvals-free blocks later the chain does what the twin foresaw.
    town.usd.approve(town.pool, MAX_UINT256, sender=keeper)
    foreseen, told = state.liquidate(
        alice.address, town.weth.address, now=town.chain.timestamp + 1, prices=prices
    )
    done = town.pool.liquidate(alice, town.weth, sender=keeper)
    assert (done.repaid.raw, done.seized.raw) == (told.repaid, told.seized)
    assert town.pool.state([alice]).account(alice.address) == foreseen.account(alice.address)
    assert town.pool.state([alice]).market == foreseen.market


def test_many_accounts_are_read_in_a_few_calls(town: Town) -> None:
    names = [town.chain.account(f"nobody {n}").address for n in range(950)]
    assert len(town.pool.state(names).accounts) == 950


def test_deployment_refuses_what_the_contract_would(town: Town, chain: Chain) -> None:
    oracle = town.ether
    right = CollateralParameters(town.weth, oracle, "75%", "80%", "5%")
    for wrong in (
        CollateralParameters(town.weth, oracle, "80%", "75%", "5%"),
        CollateralParameters(town.weth, oracle, "75%", "98%", "5%"),
        CollateralParameters(town.usd, oracle, "75%", "80%", "5%"),
    ):
        with pytest.raises(ParameterError):
            LendingPool.deploy(chain, town.usd, [wrong], RATE)
    pool = LendingPool.deploy(
        chain, town.usd, [right], RATE, minimum_debt=town.usd(5), name="N", symbol="S"
    )
    assert (pool.share.symbol, pool.share.name) == ("S", "N")
    assert pool.parameters.minimum_debt == 5 * 10**6
    assert pool.parameters.collaterals[0].full_bonus_health == 9_500
    assert pool.asset == town.usd
    assert pool.collaterals == (town.weth,)


# --- what would be, and what was ------------------------------------------------------------------


def test_what_if_is_what_then_happens(town: Town, alice: Account) -> None:
    town.pool.supply_collateral(town.weth("10"), sender=alice)
    town.pool.borrow(town.usd("10_000"), sender=alice)
    before = town.pool.account(alice)
    told = before.what_if(
        prices={"WETH": "1_800"},
        seconds=86_400,
        supply=[town.wbtc("0.5")],
        repay=town.usd(500),
        borrow=town.usd(2_000),
        withdraw=town.weth(1),
    )
    town.ether.set_price(1_800 * 10**24)
    town.pool.supply_collateral(town.wbtc("0.5"), sender=alice)
    town.pool.repay(town.usd(500), sender=alice)
    town.pool.borrow(town.usd(2_000), sender=alice)
    town.pool.withdraw_collateral(town.weth(1), sender=alice)
    town.chain.set_next_timestamp(told.now)
    town.chain.mine()
    after = town.pool.account(alice)
    assert after.collateral == told.collateral == {"WETH": town.weth(9), "WBTC": town.wbtc("0.5")}
    assert abs(after.debt.raw - told.debt.raw) < 10**6  # the interest on 1,500 for a day
    assert abs(after.health_factor - told.health_factor) < Decimal("0.0001")
    assert after.liquidation_prices.keys() == told.liquidation_prices.keys()
    assert before == before.what_if()


def test_what_if_refuses_what_the_contract_would(town: Town, alice: Account) -> None:
    town.pool.supply_collateral(town.weth("10"), sender=alice)
    mine = town.pool.account(alice)
    with pytest.raises(reverts.DebtAboveLimit):
        mine.what_if(borrow=town.usd("15_001"))
    assert mine.what_if(borrow=town.usd("15_000")).headroom == town.usd(0)
    with pytest.raises(reverts.CollateralExceedsBalance):
        mine.what_if(withdraw=town.weth(11))
    with pytest.raises(reverts.NoDebt):
        mine.what_if(repay=town.usd(1))
    with pytest.raises(InputError, match="'LINK' is no collateral of this pool"):
        mine.what_if(prices={"LINK": 5})
    with pytest.raises(InputError, match="no collateral"):
        mine.what_if(supply=town.usd(5))
    with pytest.raises(UnitMismatch):
        mine.what_if(borrow=town.weth(5))


def test_history_tells_all_that_happened_page_by_page(
    town: Town, alice: Account, bob: Account, keeper: Account
) -> None:
    pool, usd, weth = town.pool, town.usd, town.weth
    pool.supply(usd(70), sender=alice)
    pool.share.transfer(alice, 5, sender=alice)
    pool.share.transfer(bob, 7, sender=alice)
    pool.share.transfer(alice, 9, sender=bob)
    pool.withdraw(usd(20), to=bob, sender=alice)
    pool.supply_collateral(weth(10), sender=alice)
    pool.borrow(usd(14_000), to=bob, sender=alice)
    pool.repay(usd(1_000), account=alice, sender=bob)
    pool.withdraw_collateral(weth("0.1"), sender=alice)
    town.ether.set_price(100 * 10**24)
    pool.liquidate(alice, weth, sender=keeper)

    told = pool.history(alice)
    assert [entry.what for entry in told] == [
        "supplied",
        "gave shares",
        "got shares",
        "withdrew",
        "posted collateral",
        "borrowed",
        "repaid",
        "took collateral",
        "was written off",
        "was liquidated",
    ]
    assert [entry.by for entry in told if entry.what == "repaid"] == [bob.address]
    assert told[-1].other == weth("9.9")
    assert told[-1].by == keeper.address
    assert told[0].amount == usd(70)
    assert told[0].by is None
    assert str(told[5]).endswith(f"borrowed 14000 USD, {bob.address}")
    assert [entry.time for entry in told] == sorted(entry.time for entry in told)

    pages, last = [], None
    while page := pool.history(alice, after=last, limit=3):
        assert len(page) <= 3
        pages += page
        last = page[-1]
    assert pages == told
    assert pool.history(town.chain.account("nobody")) == []
    with pytest.raises(InputError, match="a page of 0 entries"):
        pool.history(alice, limit=0)


# --- acting for others ----------------------------------------------------------------------------


def test_an_operator_acts_until_revoked(
    town: Town, alice: Account, bob: Account, keeper: Account
) -> None:
    pool, usd, weth = town.pool, town.usd, town.weth
    pool.supply_collateral(weth(10), sender=alice)
    with pytest.raises(reverts.NotAuthorized):
        pool.borrow(usd(1_000), account=alice, sender=bob)
    said = pool.authorize(bob, sender=alice)
    assert (said.owner, said.operator, said.authorized) == (alice.address, bob.address, True)
    assert pool.is_authorized(alice, bob)
    before = usd.balance(keeper)
    done = pool.borrow(usd(1_000), account=alice, to=keeper, sender=bob)
    assert (done.account, usd.balance(keeper) - before) == (alice.address, usd(1_000))
    pool.supply_collateral(town.wbtc(1), account=alice, sender=bob)
    taken = pool.withdraw_collateral(weth(1), account=alice, sender=bob)
    assert (taken.account, taken.to) == (alice.address, bob.address)
    pool.revoke(bob, sender=alice)
    with pytest.raises(reverts.NotAuthorized):
        pool.withdraw_collateral(weth(1), account=alice, sender=bob)


def test_an_authorisation_can_be_signed_sent_by_anyone_and_used_once(
    town: Town, alice: Account, bob: Account, keeper: Account
) -> None:
    pool = town.pool
    signed = pool.sign_authorization(alice, bob)
    assert not pool.is_authorized(alice, bob)
    assert pool.send_authorization(signed, sender=keeper).authorized
    with pytest.raises(reverts.SignatureInvalid):
        pool.send_authorization(signed, sender=keeper)
    waiting = pool.sign_authorization(alice, bob, authorized=False)
    pool.authorize(keeper, sender=alice)  # voids what was signed before
    with pytest.raises(reverts.SignatureInvalid):
        pool.send_authorization(waiting, sender=keeper)
    late = pool.sign_authorization(alice, bob, deadline=town.chain.timestamp)
    with pytest.raises(reverts.SignatureExpired):
        pool.send_authorization(late, sender=keeper)
    with pytest.raises(RefusedKey, match="no key at hand"):
        pool.sign_authorization(town.pool.address, bob)


def test_those_who_can_be_liquidated_are_found_page_by_page(
    town: Town, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defi_kit.lending.market_client.BATCH", 2)
    pool, people = town.pool, [town.chain.account(f"person {n}") for n in range(5)]
    for number, who in enumerate(people):
        town.weth.mint(who, town.weth(10))
        pool.supply_collateral(town.weth(10), sender=who)
        pool.borrow(town.usd(15_000 - 100 * number), sender=who)
    town.ether.set_price(1_855 * 10**24)
    found = pool.liquidatable()
    assert found == [who.address for who in people[:2]]
    assert pool.liquidatable(reversed(people)) == found
    assert pool.liquidatable([people[4]]) == pool.liquidatable([]) == []
