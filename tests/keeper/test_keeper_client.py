"""The Python keeper: what it takes and leaves, gas, twice at once, after a crash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import defi_kit
from defi_kit import reverts
from defi_kit.chain import Account, Chain
from defi_kit.errors import DeploymentError, InputError, WrongDeployment
from defi_kit.keeper import Deal, Keeper, best_deal
from defi_kit.kit import Kit
from defi_kit.lending import AdaptiveRate, CollateralParameters, LendingPool
from defi_kit.oracles import FeedOracle, ScriptedFeed
from defi_kit.tokens import FaucetToken
from defi_kit.units import MAX_UINT256, WAD


class Town:
    """The standard economy with a dozen loans, from risky to safe."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.kit: Kit = defi_kit.deploy(chain)
        self.bot = self.kit.actor("bot")
        self.people = self.kit.actors(*(f"borrower {n}" for n in range(6)))
        for number, who in enumerate(self.people):
            self.kit.lending.supply_collateral(self.kit.weth(10 + number), sender=who)
            if number % 2:
                self.kit.lending.supply_collateral(self.kit.wbtc("0.1"), sender=who)
            most = self.kit.lending.account(who).headroom
            self.kit.lending.borrow(most * (100 - 2 * number) // 100, sender=who)

    def keeper(self, **options: object) -> Keeper:
        return Keeper.deploy(self.kit.lending, self.kit.exchange, owner=self.bot, **options)

    def debt(self, who: Account) -> int:
        return self.kit.lending.account(who).debt.raw


@pytest.fixture
def town(chain: Chain) -> Town:
    return Town(chain)


def test_it_does_nothing_while_all_are_healthy(town: Town) -> None:
    keeper = town.keeper()
    assert (keeper.deals(), keeper.work(), keeper.earnings()) == ([], [], [])


def test_it_earns_from_all_that_pay_and_leaves_none(town: Town) -> None:
    kit, keeper = town.kit, town.keeper()
    kit.usd.transfer(town.people[0], kit.usd.balance(town.bot), sender=town.bot)
    kit.feeds.weth.set_price("1_500")
    earned = keeper.work()
    assert {one.account for one in earned} == {who.address for who in town.people}
    assert all(one.profit for one in earned)
    assert kit.usd.balance(town.bot).raw == sum(one.profit.raw for one in earned)
    assert keeper.earnings() == earned
    assert keeper.deals() == []
    assert keeper.work() == []
    for account in kit.lending.liquidatable():
        with pytest.raises(reverts.TooLittleOut):  # K3: even one unit of profit is not there
            keeper.strike(by_force(town, account))


def by_force(town: Town, account: str) -> Deal:
    """A deal for an account whether it pays or not."""
    kit = town.kit
    found = best_deal(
        kit.lending.state([account]),
        kit.exchange.state().pools,
        account,
        kit.usd.address,
        now=town.chain.timestamp + 1,
        prices=kit.lending.prices(),
        least=-(10**30),
    )
    assert found is not None
    return found._replace(proceeds=found.repaid)


def test_two_keepers_at_once_do_no_harm(town: Town) -> None:
    one, other = town.keeper(), town.keeper()
    town.kit.feeds.weth.set_price("1_500")
    planned = other.deals()
    done = one.work()
    for deal in planned:
        with pytest.raises((reverts.HealthyAccount, reverts.TooLittleOut, reverts.NoDebt)):
            other.strike(deal)
    assert done
    assert other.work() == []


def test_gas_is_counted_in_the_asset(town: Town) -> None:
    kit = town.kit
    kit.feeds.weth.set_price("1_740")
    free, dear = town.keeper(), town.keeper(gas_price=10**12, ether=kit.weth)
    hopeless = town.keeper(gas_price=10**16, ether=kit.weth)
    (least, *_), (more, *_) = free.deals(), dear.deals()
    assert (least.cost, least.account) == (0, more.account)
    assert 450 * 10**6 < more.cost < 480 * 10**6  # 0.24 ether
    assert more.profit == more.proceeds - more.repaid - more.cost
    assert hopeless.deals() == []
    with pytest.raises(InputError, match="what 240000000000000000 wei of gas are worth"):
        town.keeper(gas_price=10**12).deals()


def basket(kit: Kit, many: int) -> tuple[LendingPool, Account]:
    """A pool of so many collaterals, all of them held by one account, whose prices fell."""
    chain, lender = kit.chain, kit.actor("lender")
    owner, tokens, feeds, parameters = kit.actor("owner"), [], [], []
    for number in range(many):
        name = f"C{number}"
        token, feed = FaucetToken.deploy(chain, name, name, 18), ScriptedFeed.deploy(chain, name, 1)
        oracle = FeedOracle.deploy(chain, feed, token, kit.usd, quote_feed=kit.feeds.usd)
        tokens.append(token)
        feeds.append(feed)
        parameters.append(CollateralParameters(token, oracle, "75%", "80%", "5%"))
    rate = AdaptiveRate.annual("4%", target="90%", lowest="0.1%", highest="200%")
    pool = LendingPool.deploy(chain, kit.usd, parameters, rate)
    pool.supply(kit.usd(30_000), sender=lender)
    for token in tokens:
        token.mint(owner, token(1_000))
        pool.supply_collateral(token(1_000), sender=owner)
    pool.borrow(pool.account(owner).headroom * 999 // 1_000, sender=owner)
    sold = tokens[0]
    sold.mint(lender, sold(10_000))
    kit.exchange.create_pool(sold, kit.usd, sender=lender)
    kit.exchange.add_liquidity(sold(10_000), kit.usd(10_000), sender=lender)
    for feed in feeds:
        feed.set_price("0.9")
    return pool, owner


@pytest.mark.parametrize("many", [1, 8, 16])
def test_no_liquidation_takes_more_gas_than_planned(many: int) -> None:
    """216,687, 354,743 and 540,551: each collateral's price has to be asked."""
    with Chain.anvil() as chain:
        kit = defi_kit.deploy(chain)
        pool, _ = basket(kit, many)
        bot, price = kit.actor("bot"), 10**9
        keeper = Keeper.deploy(pool, kit.exchange, owner=bot, ether=kit.weth, gas_price=price)
        (deal,) = keeper.deals()
        earned = keeper.strike(deal)
        used = int(
            chain.rpc.request("eth_getTransactionReceipt", earned.transaction)["gasUsed"], 16
        )
        spent = used * price * 2_000 // 10**12  # [millionths of a dollar]
        assert spent < deal.cost < spent * 5 // 4


def test_a_node_that_asks_for_much_more_gas_is_believed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = town.kit
    kit.feeds.weth.set_price("1_500")
    keeper = town.keeper(gas_price=10**9, ether=kit.weth)
    deal, height = keeper.deals()[0], town.chain.block_number
    with monkeypatch.context() as dear:
        dear.setattr(town.chain, "estimate_gas", lambda *_, **__: 10**10)  # ten ether
        with pytest.raises(reverts.TooLittleOut):
            keeper.strike(deal)
        assert keeper.work() == []
    assert town.chain.block_number == height
    assert keeper.strike(deal).profit


def test_less_than_the_minimum_is_left_alone(town: Town) -> None:
    town.kit.feeds.weth.set_price("1_990")
    town.kit.feeds.weth.set_price("1_860")
    some = town.keeper().deals()
    assert some
    assert town.keeper(minimum_profit=town.kit.usd("1_000_000")).deals() == []


def test_what_makes_no_sense_is_refused(town: Town) -> None:
    kit = town.kit
    with pytest.raises(InputError, match="at most 100%"):
        town.keeper(slippage="101%")
    other = defi_kit.dex.Exchange(town.chain, kit.weth.address)
    with pytest.raises(InputError, match="works with the pool"):
        Keeper(kit.lending, other, town.keeper().address)
    for wrong in (kit.weth.address, town.bot.address):
        with pytest.raises(InputError, match=f"at {wrong} is no keeper's contract"):
            Keeper(kit.lending, kit.exchange, wrong)
    height = town.chain.block_number
    for price in (-1, 1.5, "1", True):
        with pytest.raises(InputError, match="a gas price of") as refused:
            town.keeper(gas_price=price)
        assert "whole wei" in str(refused.value.hint)
    assert town.chain.block_number == height


# --- the size -------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(
    ether=st.integers(10, 80),
    drop=st.integers(400, 1_790),
    traded=st.integers(0, 4_000),
)
def test_no_other_size_earns_more(ether: int, drop: int, traded: int) -> None:
    """Against a thousand sizes along every path: at most a millionth and a few units are missed."""
    town = _sizes()
    kit = town.kit
    with town.chain.snapshot():
        alice = kit.actor("alice")
        kit.lending.supply_collateral(kit.weth(ether), sender=alice)
        kit.lending.borrow(kit.lending.account(alice).headroom, sender=alice)
        if traded:
            kit.provide(kit.weth(traded), town.bot)
            kit.exchange.swap(kit.weth(traded), kit.usd, slippage="100%", sender=town.bot)
        kit.feeds.weth.set_price(drop)
        state, prices = kit.lending.state([alice]), kit.lending.prices()
        pools, now = kit.exchange.state().pools, town.chain.timestamp + 1
        terms = {"now": now, "prices": prices}
        found = best_deal(state, pools, alice.address, kit.usd.address, **terms)
        most = 0
        whole = state.preview_liquidation(alice.address, kit.weth.address, **terms).repaid
        for part in range(1, 301):
            repay = MAX_UINT256 if part == 300 else whole * part // 300
            try:
                told = state.preview_liquidation(alice.address, kit.weth.address, repay, **terms)
            except reverts.LeavesDust:
                continue
            sale = defi_kit.dex.best_path(pools, kit.weth.address, kit.usd.address, told.seized)
            assert sale is not None
            most = max(most, sale[1] - told.repaid)
        assert (found.profit if found else 0) >= most - most // 10**6 - 10


_towns: list[Town] = []


def _sizes() -> Town:
    if not _towns:
        town = Town(Chain.embedded())
        town.kit.actor("alice")  # funded outside the examples' snapshots
        _towns.append(town)
    return _towns[0]


# --- the journal ----------------------------------------------------------------------------------


def test_it_goes_on_where_it_ended(town: Town, tmp_path: Path) -> None:
    kit, file = town.kit, tmp_path / "keeper.jsonl"
    with town.keeper(journal=file) as first:
        assert len(first.borrowers()) == 6
        scanned = first.journal.scanned
        kit.feeds.weth.set_price("1_500")
        earned = first.work()
    with Keeper(kit.lending, kit.exchange, first.address, journal=file) as again:
        assert again.journal.scanned >= scanned
        assert list(again.journal.borrowers) == [who.address for who in town.people]
        assert again.journal.open is None
        assert again.earnings() == earned
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0]["keeper"] == first.address
    assert sum("kept" in line for line in lines) == len(earned)


@pytest.mark.parametrize("mined", [False, True])
def test_a_crash_between_sending_and_seeing_is_settled(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mined: bool
) -> None:
    kit, file = town.kit, tmp_path / "keeper.jsonl"
    keeper = town.keeper(journal=file)
    kit.feeds.weth.set_price("1_500")
    send = keeper.contract.liquidate

    def crash(*arguments: object, **named: object) -> None:
        if mined:
            send(*arguments, **named)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(keeper.contract, "liquidate", crash)
    with pytest.raises(KeyboardInterrupt):
        keeper.work()
    keeper.close()

    again = Keeper(kit.lending, kit.exchange, keeper.address, journal=file)
    assert again.journal.open is not None
    account = again.journal.open.account
    settled = again.settle()
    assert (settled is not None) == mined
    assert settled is None or settled.account == account
    assert again.settle() is None
    earned = again.work()
    assert {one.account for one in again.earnings()} == {who.address for who in town.people}
    assert len(again.earnings()) == len(earned) + mined
    again.close()


def test_a_line_cut_off_by_a_crash_is_dropped(town: Town, tmp_path: Path) -> None:
    kit, file = town.kit, tmp_path / "keeper.jsonl"
    with town.keeper(journal=file) as keeper:
        keeper.borrowers()
    whole = file.read_text()
    file.write_text(whole + '{"sends": ["0x12')
    with Keeper(kit.lending, kit.exchange, keeper.address, journal=file) as again:
        assert again.journal.open is None
        assert len(again.journal.borrowers) == 6
    assert file.read_text() == whole


@pytest.mark.parametrize("engine", ["embedded", "anvil"])
def test_borrowers_of_blocks_that_took_the_place_of_others_are_found(
    engine: str, tmp_path: Path
) -> None:
    """As after a reorganisation: the same heights, other loans."""
    with Chain.anvil() if engine == "anvil" else Chain.embedded() as chain:
        kit = defi_kit.deploy(chain)
        alice, bob, carol, bot = kit.actors("alice", "bob", "carol", "bot")

        def borrow(who: Account) -> None:
            kit.lending.supply_collateral(kit.weth(10), sender=who)
            kit.lending.borrow(kit.usd(14_900), sender=who)

        file = tmp_path / "keeper.jsonl"
        keeper = Keeper.deploy(kit.lending, kit.exchange, owner=bot, journal=file)
        borrow(alice)
        assert keeper.borrowers() == [alice.address]
        agreed = keeper.journal.scanned
        with chain.snapshot():
            chain.mine(10)
            borrow(bob)
            assert keeper.borrowers() == [alice.address, bob.address]
        chain.advance(seconds=7)
        borrow(carol)
        if engine == "anvil":  # where blocks have hashes, only what differs is looked through again
            assert keeper.journal.agreed(chain.block_hash) == agreed
        assert carol.address in keeper.borrowers()
        keeper.close()
        with Keeper(kit.lending, kit.exchange, keeper.address, journal=file) as again:
            assert carol.address in again.journal.borrowers
            assert again.journal.scanned == chain.block_number + 1
            size = file.stat().st_size
            again.borrowers()
            assert file.stat().st_size == size  # nothing new


def test_a_journal_of_a_chain_that_began_the_same_is_no_blindness(tmp_path: Path) -> None:
    """Every embedded chain begins alike, and gives contracts the same addresses."""
    file = tmp_path / "keeper.jsonl"
    for name in ("alice", "bob"):
        kit = defi_kit.deploy(Chain.embedded())
        who, bot = kit.actors(name, "bot")
        kit.lending.supply_collateral(kit.weth(10), sender=who)
        kit.lending.borrow(kit.usd(14_900), sender=who)
        with Keeper.open(kit.lending, kit.exchange, file, owner=bot) as keeper:
            kit.feeds.weth.set_price("1_500")
            assert [one.account for one in keeper.work()] == [who.address]


@pytest.mark.parametrize(
    "line",
    [
        "[1]",
        "hello",
        '{"foo": 1}',
        '{"scanned": 5}',
        '{"scanned": "x", "hash": null, "borrowers": []}',
        '{"scanned": -1, "hash": null, "borrowers": []}',
        '{"scanned": 5, "hash": null, "borrowers": ["0x12"]}',
        '{"scanned": 5, "hash": null, "borrowers": [], "more": 1}',
        '{"sends": [1]}',
        '{"kept": 5}',
        '{"kept": {}, "lost": {}}',
    ],
)
def test_a_line_that_no_keeper_wrote_is_named(town: Town, tmp_path: Path, line: str) -> None:
    kit, file = town.kit, tmp_path / "keeper.jsonl"
    with town.keeper(journal=file) as keeper:
        keeper.borrowers()
    whole = file.read_text()
    file.write_text(whole + line + "\n")
    number = len(whole.splitlines()) + 1
    with pytest.raises(WrongDeployment, match=f"keeper.jsonl, line {number}, is no entry of"):
        Keeper(kit.lending, kit.exchange, keeper.address, journal=file)
    file.write_text(line + "\n" + whole)
    for use in (
        lambda: Keeper(kit.lending, kit.exchange, keeper.address, journal=file),
        lambda: town.keeper(journal=file),
        lambda: Keeper.open(kit.lending, kit.exchange, file, owner=town.bot),
    ):
        with pytest.raises(WrongDeployment, match="is not the journal of a keeper: "):
            use()


def test_what_is_no_journal_is_refused_before_anything_is_sent(town: Town, tmp_path: Path) -> None:
    binary, height = tmp_path / "binary", town.chain.block_number
    binary.write_bytes(b"\xff\xfe\n")
    with pytest.raises(WrongDeployment, match="binary is not the journal of a keeper: it is no"):
        town.keeper(journal=binary)
    with pytest.raises(DeploymentError, match="cannot read the keeper's journal"):
        town.keeper(journal=tmp_path)
    with pytest.raises(DeploymentError, match="cannot read the keeper's journal"):
        town.keeper(journal=binary / "keeper.jsonl")
    assert town.chain.block_number == height
    assert binary.read_bytes() == b"\xff\xfe\n"


def test_a_journal_of_another_keeper_or_in_use_is_refused(town: Town, tmp_path: Path) -> None:
    kit, file = town.kit, tmp_path / "keeper.jsonl"
    keeper = town.keeper(journal=file)
    with pytest.raises(WrongDeployment, match="in use: a keeper is running with it"):
        Keeper(kit.lending, kit.exchange, keeper.address, journal=file)
    keeper.close()
    height = town.chain.block_number
    with pytest.raises(WrongDeployment, match=f"is the journal of the keeper {keeper.address} al"):
        town.keeper(journal=file)
    assert town.chain.block_number == height  # no contract was paid for
    with pytest.raises(WrongDeployment, match="is the journal of the keeper"):
        Keeper(kit.lending, kit.exchange, town.keeper().address, journal=file)
    file.write_text("hello\n")
    with pytest.raises(WrongDeployment, match="is not the journal of a keeper: 'hello'"):
        Keeper(kit.lending, kit.exchange, keeper.address, journal=file)


def test_a_whole_account_is_closed_though_its_debt_grows_meanwhile(town: Town) -> None:
    kit, keeper = town.kit, town.keeper()
    kit.feeds.weth.set_price("1_000")
    deal = next(deal for deal in keeper.deals() if deal.account == town.people[0].address)
    assert deal.max_repay == MAX_UINT256
    assert deal.health < WAD
    town.chain.advance(hours=1)
    keeper.strike(deal)
    assert town.debt(town.people[0]) == 0
