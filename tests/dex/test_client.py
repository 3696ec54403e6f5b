"""The client: human amounts in, frozen results out, and nothing left behind."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit import reverts
from defi_kit.chain import Account, Chain
from defi_kit.dex import Exchange, PoolKey
from defi_kit.errors import AmountError, InputError, ParameterError, UnitMismatch
from defi_kit.tokens import FaucetToken
from defi_kit.units import Number, Ratio, Unit


class Desk:
    """WETH, USD and WBTC (18, 6, 8 decimals), an exchange, and pools in a chain of two."""

    def __init__(self, chain: Chain, *people: Account) -> None:
        self.chain = chain
        self.weth = FaucetToken.deploy(chain, "Wrapped Ether", "WETH", 18)
        self.usd = FaucetToken.deploy(chain, "Dollar", "USD", 6)
        self.wbtc = FaucetToken.deploy(chain, "Wrapped Bitcoin", "WBTC", 8)
        for person in people:
            for token in (self.weth, self.usd, self.wbtc):
                token.mint(person, token("1_000_000_000"))
        self.exchange = Exchange.deploy(chain)
        alice = people[0]
        for amounts in (
            (self.weth("1_000"), self.usd("2_000_000")),
            (self.wbtc("100"), self.usd("3_000_000")),
        ):
            self.exchange.create_pool(amounts[0].unit, amounts[1].unit)
            self.exchange.add_liquidity(*amounts, sender=alice)

    def nothing_is_left(self, *people: Account) -> None:
        """Nobody's approval outlives the verb it was given for."""
        for person in people:
            for token in (self.weth, self.usd, self.wbtc):
                assert not token.allowance(person, self.exchange)


@pytest.fixture
def desk(chain: Chain, alice: Account, bob: Account) -> Desk:
    return Desk(chain, alice, bob)


# --- pools ----------------------------------------------------------------------------------------


def test_pools_are_known_from_their_creation(desk: Desk, alice: Account) -> None:
    first, second = desk.exchange.pools()
    assert first == desk.exchange.key(desk.usd, desk.weth)
    assert second == desk.exchange.key(desk.wbtc, desk.usd)
    made = desk.exchange.create_pool(desk.weth, desk.wbtc, fee="0.05%", sender=alice)
    assert desk.exchange.pools() == (first, second, made.key)
    assert made.key.fee == 500


def test_pools_of_another_client_and_of_a_snapshot_are_seen(desk: Desk) -> None:
    known = desk.exchange.pools()
    with desk.chain.snapshot():
        made = Exchange(desk.chain, desk.exchange.address).create_pool(desk.weth, desk.wbtc)
        assert desk.exchange.pools() == (*known, made.key)
    assert desk.exchange.pools() == known
    other = desk.exchange.create_pool(desk.weth, desk.wbtc, fee="1%")
    assert desk.exchange.pools() == (*known, other.key)


def test_a_pool_is_read_as_its_twin(desk: Desk) -> None:
    pool = desk.exchange.pool(desk.weth, desk.usd)
    assert {pool.reserve0, pool.reserve1} == {1_000 * 10**18, 2_000_000 * 10**6}
    assert pool.fee == 3_000
    with pytest.raises(reverts.UnknownPool) as refusal:
        desk.exchange.pool(desk.weth, desk.usd, fee="1%")
    assert "create_pool" in (refusal.value.hint or "")


def test_a_fee_finer_than_a_pip_is_refused(desk: Desk) -> None:
    assert desk.exchange.key(desk.weth, desk.usd, fee="0.0001%").fee == 1
    with pytest.raises(AmountError):
        desk.exchange.key(desk.weth, desk.usd, fee="0.00001%")
    with pytest.raises(reverts.FeeTooHigh):
        desk.exchange.create_pool(desk.weth, desk.usd, fee="10.0001%")


# --- liquidity ------------------------------------------------------------------------------------


def test_a_deposit_takes_the_pools_ratio_in_the_order_asked(desk: Desk, bob: Account) -> None:
    quote = desk.exchange.quote_add_liquidity(desk.usd("4_000"), desk.weth("10"))
    done = desk.exchange.add_liquidity(desk.usd("4_000"), desk.weth("10"), sender=bob)
    assert done.amount_a == desk.usd("4_000")
    assert desk.weth("1.999999999999") < done.amount_b <= desk.weth("2")
    assert (quote.shares, quote.amount_a, quote.amount_b) == (
        done.shares,
        done.amount_a,
        done.amount_b,
    )
    assert quote.minimum.raw == -(-quote.shares.raw * 995 // 1000)
    assert (quote.slippage, quote.price_impact) == (Ratio.parse("0.5%"), Ratio(0))
    assert desk.exchange.shares(desk.usd, desk.weth, owner=bob) == done.shares
    assert done.shares.symbol in ("WETH-USD 0.3% LP", "USD-WETH 0.3% LP")
    desk.nothing_is_left(bob)


def test_a_deposit_at_a_moved_price_is_refused(desk: Desk, alice: Account, bob: Account) -> None:
    exchange = desk.exchange
    fair = exchange.quote_add_liquidity(desk.weth("10"), desk.usd("20_000")).shares
    exchange.swap(desk.weth("100"), desk.usd, sender=alice)
    with pytest.raises(reverts.TooFewShares) as refusal:
        exchange.add_liquidity(desk.weth("10"), desk.usd("20_000"), minimum_shares=fair, sender=bob)
    assert "LP" in str(refusal.value)
    desk.nothing_is_left(bob)


def test_leaving_frees_what_joining_took(desk: Desk, bob: Account) -> None:
    before = [token.balance(bob) for token in (desk.weth, desk.usd)]
    done = desk.exchange.add_liquidity(desk.weth("3"), desk.usd("9_000"), sender=bob)
    quote = desk.exchange.quote_remove_liquidity(done.shares, desk.weth, desk.usd, slippage="1%")
    assert quote.minimum_a.raw == -(-quote.amount_a.raw * 99 // 100)
    assert quote.minimum_b.raw == -(-quote.amount_b.raw * 99 // 100)
    assert (quote.slippage, quote.price_impact) == (Ratio.parse("1%"), Ratio(0))
    freed = desk.exchange.remove_liquidity(done.shares, desk.weth, desk.usd, sender=bob)
    assert (freed.amount_a, freed.amount_b) == (quote.amount_a, quote.amount_b)
    assert freed.shares == done.shares
    for token, owned, amount in zip((desk.weth, desk.usd), before, (3, 6_000), strict=True):
        lost = owned - token.balance(bob)
        assert lost.raw <= 10**6
        assert token.raw(amount * 10**token.decimals) - lost <= token(amount)
    assert not desk.exchange.shares(desk.weth, desk.usd, owner=bob)


def test_shares_of_one_pool_are_no_shares_of_another(desk: Desk, alice: Account) -> None:
    shares = desk.exchange.shares(desk.weth, desk.usd, owner=alice)
    with pytest.raises(UnitMismatch):
        desk.exchange.remove_liquidity(shares, desk.wbtc, desk.usd, sender=alice)


def test_giving_up_too_many_shares_says_how_many_there_are(desk: Desk, bob: Account) -> None:
    with pytest.raises(reverts.SharesExceedBalance) as refusal:
        desk.exchange.remove_liquidity(10**12, desk.weth, desk.usd, sender=bob)
    assert (refusal.value.shares, refusal.value.balance) == (10**12, 0)
    assert "exchange.shares" in (refusal.value.hint or "")


def test_shares_can_be_given_away(desk: Desk, alice: Account, bob: Account) -> None:
    shares = desk.exchange.shares(desk.weth, desk.usd, owner=alice)
    moved = desk.exchange.transfer_shares(bob, shares // 2, desk.weth, desk.usd, sender=alice)
    assert moved.shares == desk.exchange.shares(desk.weth, desk.usd, owner=bob) == shares // 2


# --- trades ---------------------------------------------------------------------------------------


def test_a_quote_is_what_the_trade_then_pays(desk: Desk, bob: Account) -> None:
    quote = desk.exchange.quote(desk.weth("10"), desk.usd)
    before = desk.usd.balance(bob)
    done = desk.exchange.swap(desk.weth("10"), desk.usd, sender=bob)
    assert done.bought == quote.buy == desk.usd.balance(bob) - before
    assert done.price == quote.price == done.bought.decimal / Decimal(10)
    assert quote.minimum.raw == -(-quote.buy.raw * 995 // 1000)
    assert quote.fee == Ratio.parse("0.3%")
    assert Ratio.parse("0.98%") < quote.price_impact < Ratio.parse("0.99%")
    desk.nothing_is_left(bob)


def test_without_a_direct_pool_it_goes_by_way_of_another_token(desk: Desk, bob: Account) -> None:
    quote = desk.exchange.quote(desk.weth("1"), desk.wbtc)
    assert [hop.token_out for hop in quote.path] == [desk.usd.address, desk.wbtc.address]
    done = desk.exchange.swap(desk.weth("1"), desk.wbtc, sender=bob)
    assert done.bought == quote.buy
    assert done.bought < desk.wbtc("0.0667")


def test_the_better_of_two_pools_is_taken(desk: Desk, alice: Account, bob: Account) -> None:
    desk.exchange.create_pool(desk.weth, desk.usd, fee="1%")
    desk.exchange.add_liquidity(
        desk.weth("100_000"), desk.usd("200_000_000"), fee="1%", sender=alice
    )
    small = desk.exchange.quote(desk.weth("1"), desk.usd)
    large = desk.exchange.quote(desk.weth("100"), desk.usd)
    assert [small.path[0].fee, large.path[0].fee] == [3_000, 10_000]
    assert desk.exchange.swap(desk.weth("100"), desk.usd, sender=bob).bought == large.buy


def test_a_path_may_be_given_as_hops_or_as_keys(desk: Desk, bob: Account) -> None:
    key = desk.exchange.key(desk.weth, desk.usd)
    there_and_back = [key, key, key]
    quote = desk.exchange.quote(desk.weth("1"), desk.usd, path=there_and_back)
    again = desk.exchange.quote(desk.weth("1"), desk.usd, path=quote.path)
    assert again == quote
    assert desk.exchange.swap(desk.weth("1"), desk.usd, path=there_and_back, sender=bob).bought == (
        quote.buy
    )
    with pytest.raises(InputError, match="ends at"):
        desk.exchange.quote(desk.weth("1"), desk.wbtc, path=[key])
    with pytest.raises(ParameterError):
        desk.exchange.quote(desk.wbtc("1"), desk.usd, path=[key])
    with pytest.raises(reverts.EmptyPath):
        desk.exchange.quote(desk.weth("1"), desk.usd, path=[])


def test_tokens_that_no_pool_connects_are_refused_in_words(desk: Desk, bob: Account) -> None:
    lonely = FaucetToken.deploy(desk.chain, "Lonely", "LONE", 18)
    with pytest.raises(InputError, match="no pool leads from LONE to USD") as refusal:
        desk.exchange.quote(lonely("1"), desk.usd)
    assert "path=" in (refusal.value.hint or "")
    desk.exchange.create_pool(lonely, desk.usd)
    with pytest.raises(reverts.NoLiquidity):
        desk.exchange.quote(lonely("1"), desk.usd)
    with pytest.raises(InputError, match="no address"):
        desk.exchange.quote(Unit("WETH", 18)("1"), desk.usd)


# --- routes ---------------------------------------------------------------------------------------


def parallel(desk: Desk, alice: Account) -> None:
    """More ways from WETH to USD: two pools of other fees, and one by WBTC."""
    for fee, ether, dollars in (("0.05%", "300", "600_000"), ("1%", "2_000", "4_000_000")):
        desk.exchange.create_pool(desk.weth, desk.usd, fee)
        desk.exchange.add_liquidity(desk.weth(ether), desk.usd(dollars), fee, sender=alice)
    desk.exchange.create_pool(desk.weth, desk.wbtc)
    desk.exchange.add_liquidity(desk.weth("1_500"), desk.wbtc("100"), sender=alice)


def test_a_route_pays_what_it_promises(desk: Desk, alice: Account, bob: Account) -> None:
    parallel(desk, alice)
    sell = desk.weth("200")
    route, quote = desk.exchange.route(sell, desk.usd), desk.exchange.quote(sell, desk.usd)
    assert len(route.parts) == 4
    assert route.single == quote.buy < route.buy
    assert route.gain == route.buy - quote.buy
    assert sum(part.sell for part in route.parts) == sell
    assert sum(part.minimum for part in route.parts) == route.minimum < route.buy
    assert route.price > quote.price
    assert Ratio(0) < route.price_impact < quote.price_impact
    assert Ratio.parse("0.05%") < route.fee < Ratio.parse("1%")
    before = desk.usd.balance(bob), desk.weth.balance(bob)
    done = desk.exchange.execute(route, sender=bob)
    assert (done.sold, done.bought, done.to) == (sell, route.buy, bob.address)
    assert [part.bought for part in done.parts] == [part.buy for part in route.parts]
    assert desk.usd.balance(bob) - before[0] == route.buy
    assert before[1] - desk.weth.balance(bob) == sell
    assert [receipt.sender for receipt in done.receipts] == [bob.address] * 4
    desk.nothing_is_left(bob)


def test_a_route_of_one_part_is_the_quote(desk: Desk, alice: Account) -> None:
    parallel(desk, alice)
    quote = desk.exchange.quote(desk.weth("200"), desk.usd)
    route = desk.exchange.route(desk.weth("200"), desk.usd, parts=1)
    assert route.parts == (quote,)
    assert (route.buy, route.fee, route.gain) == (quote.buy, quote.fee, desk.usd(0))
    assert route.price_impact == quote.price_impact
    dear = desk.exchange.route(desk.weth("200"), desk.usd, worth=desk.usd("1_000_000"))
    assert dear.parts == route.parts


def test_a_part_refused_leaves_the_parts_before_it_done(
    desk: Desk, alice: Account, bob: Account
) -> None:
    parallel(desk, alice)
    route = desk.exchange.route(desk.weth("200"), desk.usd)
    second = route.parts[1].path
    desk.exchange.swap(desk.weth("100"), desk.usd, path=second, sender=alice)
    before = desk.usd.balance(bob)
    with pytest.raises(reverts.TooLittleOut) as refusal:
        desk.exchange.execute(route, sender=bob)
    assert refusal.value.__notes__ == ["1 of 4 parts of the route were done"]
    assert desk.usd.balance(bob) - before == route.parts[0].buy
    desk.nothing_is_left(bob)


def test_more_hops_reach_further(desk: Desk, alice: Account) -> None:
    tokens = [FaucetToken.deploy(desk.chain, name, name, 6) for name in ("ONE", "TWO", "THREE")]
    last = desk.wbtc
    for token in tokens:
        token.mint(alice, token("2_000"))
        desk.exchange.create_pool(last, token)
        desk.exchange.add_liquidity(last("1"), token("1_000"), sender=alice)
        last = token
    assert len(desk.exchange.quote(desk.wbtc("0.1"), tokens[2]).path) == 3
    with pytest.raises(InputError, match="nor do 3") as refusal:
        desk.exchange.quote(desk.usd("1"), tokens[2])
    assert "hops=" in (refusal.value.hint or "")
    assert len(desk.exchange.quote(desk.usd("1"), tokens[2], hops=4).path) == 4
    assert len(desk.exchange.route(desk.usd("1"), tokens[2], hops=4).parts) == 1
    with pytest.raises(InputError, match="nor do 3"):
        desk.exchange.route(desk.usd("1"), tokens[2])


def test_a_minimum_is_checked_by_the_contract(desk: Desk, bob: Account) -> None:
    with pytest.raises(reverts.TooLittleOut) as refusal:
        desk.exchange.swap(desk.weth("1"), desk.usd, minimum=desk.usd("2_000"), sender=bob)
    assert "min_amount_out=2000 USD" in str(refusal.value)
    assert "slippage" in str(refusal.value)
    desk.nothing_is_left(bob)
    desk.exchange.swap(desk.weth("1"), desk.usd, minimum=desk.usd("1_990"), sender=bob)


@pytest.mark.parametrize("slippage", ["100.1%", "2"])
def test_a_slippage_above_everything_is_refused(desk: Desk, slippage: str) -> None:
    with pytest.raises(ParameterError):
        desk.exchange.quote(desk.weth("1"), desk.usd, slippage=slippage)


def test_the_smallest_amount_keeps_a_minimum_of_one(desk: Desk) -> None:
    quote = desk.exchange.quote(desk.weth.raw(10**9), desk.usd, slippage="50%")
    assert (quote.buy.raw, quote.minimum.raw) == (1, 1) or quote.buy.raw > 1


def test_a_deadline_in_the_past_is_refused(desk: Desk, bob: Account) -> None:
    past = desk.chain.timestamp
    with pytest.raises(reverts.Expired):
        desk.exchange.swap(desk.weth("1"), desk.usd, deadline=past, sender=bob)
    desk.nothing_is_left(bob)
    desk.exchange.swap(desk.weth("1"), desk.usd, deadline=past + 100, sender=bob)


def test_the_proceeds_go_where_they_are_sent(desk: Desk, alice: Account, bob: Account) -> None:
    before = desk.usd.balance(alice)
    done = desk.exchange.swap(desk.weth("1"), desk.usd, to=alice, sender=bob)
    assert done.to == alice.address
    assert desk.usd.balance(alice) - before == done.bought


def test_who_has_too_little_keeps_everything(desk: Desk, keeper: Account) -> None:
    with pytest.raises(reverts.InsufficientBalance):
        desk.exchange.swap(desk.weth("1"), desk.usd, sender=keeper)
    desk.nothing_is_left(keeper)


def test_an_approval_that_was_there_before_stays(desk: Desk, bob: Account) -> None:
    desk.weth.approve(desk.exchange, desk.weth("5"), sender=bob)
    desk.exchange.swap(desk.weth("1"), desk.usd, sender=bob)
    assert desk.weth.allowance(bob, desk.exchange) == desk.weth("4")
    with pytest.raises(reverts.TooLittleOut):
        desk.exchange.swap(desk.weth("10"), desk.usd, minimum=desk.usd("50_000"), sender=bob)
    assert desk.weth.allowance(bob, desk.exchange) == desk.weth("4")


def test_approvals_can_be_left_to_the_caller(desk: Desk, bob: Account) -> None:
    with pytest.raises(reverts.InsufficientAllowance):
        desk.exchange.swap(desk.weth("1"), desk.usd, approve=False, sender=bob)
    desk.weth.approve(desk.exchange, desk.weth("1"), sender=bob)
    desk.exchange.swap(desk.weth("1"), desk.usd, approve=False, sender=bob)


# --- surplus, state, results ----------------------------------------------------------------------


def test_skim_finds_the_pools_by_itself(desk: Desk, alice: Account, bob: Account) -> None:
    with pytest.raises(reverts.NothingToSkim) as refusal:
        desk.exchange.skim(desk.usd, sender=bob)
    assert "balance=5000000 USD" in str(refusal.value)
    desk.usd.transfer(desk.exchange, desk.usd("7"), sender=alice)
    done = desk.exchange.skim(desk.usd, sender=bob)
    assert (done.amount, done.to) == (desk.usd("7"), bob.address)


def test_the_state_is_the_whole_exchange(desk: Desk, alice: Account, bob: Account) -> None:
    state = desk.exchange.state([alice, bob])
    path = desk.exchange.quote(desk.weth("5"), desk.wbtc).path
    after, amount = state.swap_exact_in(
        desk.weth.address, 5 * 10**18, path, to=bob.address, now=desk.chain.timestamp + 2
    )
    done = desk.exchange.swap(desk.weth("5"), desk.wbtc, sender=bob)
    assert done.bought.raw == amount
    assert desk.exchange.state([alice, bob]) == after


def test_results_do_not_change(desk: Desk, bob: Account) -> None:
    quote = desk.exchange.quote(desk.weth("1"), desk.usd)
    with pytest.raises(FrozenInstanceError):
        quote.buy = desk.usd("1")  # type: ignore[misc]


@given(
    raw=st.integers(10**12, 10**24),
    slippage=st.integers(0, 10**18).map(Ratio),
)
def test_any_quote_is_what_execution_pays(
    desk: Desk, bob: Account, raw: int, slippage: Ratio
) -> None:
    for buy in (desk.usd, desk.wbtc):
        with desk.chain.snapshot():
            quote = desk.exchange.quote(desk.weth.raw(raw), buy, slippage=slippage)
            done = desk.exchange.swap(desk.weth.raw(raw), buy, minimum=quote.buy, sender=bob)
            assert done.bought == quote.buy >= quote.minimum


def test_a_key_made_by_hand_is_the_clients_key(desk: Desk) -> None:
    assert desk.exchange.key(desk.weth, desk.usd) == PoolKey.of(
        desk.usd.address, desk.weth.address, 3_000
    )


# --- positions and the network --------------------------------------------------------------------


def test_positions_know_cost_and_fees(desk: Desk, alice: Account, bob: Account) -> None:
    assert desk.exchange.positions(bob) == ()
    joined = desk.exchange.add_liquidity(desk.weth("100"), desk.usd("300_000"), sender=bob)
    for _ in range(3):
        back = desk.exchange.swap(desk.weth("50"), desk.usd, sender=alice).bought
        desk.exchange.swap(back, desk.weth, sender=alice)
    (held,) = desk.exchange.positions(bob)
    assert held.key == joined.key
    assert held.shares == joined.shares
    assert {held.paid0, held.paid1} == {joined.amount_a, joined.amount_b}
    pool = desk.exchange.pool(desk.weth, desk.usd)
    seen = held.pool
    assert (seen.reserve0, seen.reserve1, seen.supply) == (
        pool.reserve0,
        pool.reserve1,
        pool.supply,
    )
    free = desk.exchange.quote_remove_liquidity(held.shares, desk.weth, desk.usd)
    assert {held.amount0, held.amount1} == {free.amount_a, free.amount_b}
    assert held.fees0
    assert held.fees1
    prices: dict[Unit, Number] = {desk.weth.unit: "2_000", desk.usd.unit: 1}
    now = held.performance(prices[held.paid0.unit], prices[held.paid1.unit])
    # A hundred ether at 2,000, and as many dollars; less than a unit of either stayed with bob.
    assert 0 <= 400_000 - now.held < Decimal("0.00001")
    assert now.gain > 0
    own = held.performance()  # at the pool's own price, which is a little off by now
    assert own.fees > own.gain > 0
    with pytest.raises(ParameterError):
        held.performance(0.5)  # type: ignore[arg-type]


def test_positions_follow_the_shares(desk: Desk, alice: Account, bob: Account) -> None:
    first, second = desk.exchange.positions(alice)
    half = first.shares // 2
    desk.exchange.transfer_shares(bob, half, *first.key.tokens, sender=alice)
    desk.exchange.swap(desk.weth("50"), desk.usd, sender=alice)
    (given,) = desk.exchange.positions(bob)
    rest, same = desk.exchange.positions(alice)
    assert given.shares == half
    assert same == second
    assert abs(given.paid0.raw - rest.paid0.raw) <= 1 + given.paid0.raw // 10**6
    desk.exchange.remove_liquidity(rest.shares, *rest.key.tokens, sender=alice)
    assert desk.exchange.positions(alice) == (same,)
    (kept,) = desk.exchange.positions(bob)
    assert kept.shares == half
    assert kept.paid0 == given.paid0


def test_the_network_shows_every_pool(desk: Desk) -> None:
    desk.exchange.create_pool(desk.weth, desk.wbtc, "1%")
    data = desk.exchange.network()
    assert {node["symbol"] for node in data["nodes"]} == {"WETH", "USD", "WBTC"}
    assert [edge["fee"] for edge in data["edges"]] == ["0.3%", "0.3%", "1%"]
    assert {data["edges"][0]["reserve_source"], data["edges"][0]["reserve_target"]} == {
        "1000",
        "2000000",
    }
