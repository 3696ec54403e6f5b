"""The Exchange's verbs one by one: what they do, what they say, and what they refuse."""

from __future__ import annotations

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings.exchange import (
    Hop,
    LiquidityAdded,
    LiquidityRemoved,
    PoolCreated,
    Skimmed,
    Swap,
    Transfer,
)
from defi_kit.chain import Account, Chain
from defi_kit.dex.exchange import NOBODY
from defi_kit.dex.pool import LOCKED_SHARES, MAX_FEE, MAX_RESERVE, PoolKey
from defi_kit.dex.stable_swap import StableSwap
from defi_kit.testing.exchange.world import NEVER, struct
from dex.market import ONE, Market


def with_fee(market: Market, fee: int, curve: int = 0) -> bindings.exchange.PoolKey:
    return struct(PoolKey(market.key.token0, market.key.token1, fee, curve))


# --- pools ----------------------------------------------------------------------------------------


def test_a_pool_is_created_once(market: Market, bob: Account) -> None:
    key = with_fee(market, 500)
    receipt = market.exchange.create_pool(key, sender=bob)
    event = receipt.one(PoolCreated)
    assert (event.token0, event.token1, event.fee, event.curve) == (*market.key.tokens, 500, 0)
    assert event.id == market.exchange.pool_id(key) == PoolKey(*market.key.tokens, 500).id
    pool = market.exchange.pool(event.id)
    assert (pool.reserve0, pool.reserve1, pool.supply) == (0, 0, 0)
    assert pool.updated_at == receipt.timestamp
    with pytest.raises(reverts.PoolExists) as refusal:
        market.exchange.create_pool(key, sender=bob)
    assert refusal.value.id == event.id


@pytest.mark.parametrize("order", ["equal", "descending", "zero"])
def test_tokens_out_of_order_make_no_pool(market: Market, order: str) -> None:
    low, high = market.key.tokens
    first, second = {"equal": (low, low), "descending": (high, low), "zero": (NOBODY, low)}[order]
    with pytest.raises(reverts.UnorderedTokens) as refusal:
        market.exchange.create_pool(struct(PoolKey(first, second, 500)))
    assert refusal.value.args == (first, second)


def test_fees_go_from_nothing_to_a_tenth(market: Market) -> None:
    market.exchange.create_pool(with_fee(market, 0))
    market.exchange.create_pool(with_fee(market, MAX_FEE))
    with pytest.raises(reverts.FeeTooHigh) as refusal:
        market.exchange.create_pool(with_fee(market, MAX_FEE + 1))
    assert refusal.value.args == (MAX_FEE + 1, MAX_FEE)
    with pytest.raises(reverts.FeeTooHigh):
        market.exchange.create_pool(with_fee(market, 2**256 - 1))


def test_there_is_one_curve(market: Market) -> None:
    with pytest.raises(reverts.UnknownCurve) as refusal:
        market.exchange.create_pool(with_fee(market, 500, curve=1))
    assert refusal.value.curve == 1


# --- liquidity ------------------------------------------------------------------------------------


def test_the_first_deposit_sets_the_ratio_and_locks_shares(market: Market, bob: Account) -> None:
    key = with_fee(market, 500)
    id_ = PoolKey(*market.key.tokens, 500).id
    funded = market.exchange.funded_pools(market.key.token0)
    market.exchange.create_pool(key, sender=bob)
    assert market.exchange.funded_pools(market.key.token0) == funded
    receipt = market.exchange.add_liquidity(key, ONE, 4 * ONE, 0, bob, NEVER, sender=bob)
    event = receipt.one(LiquidityAdded)
    assert (event.amount0, event.amount1, event.shares) == (ONE, 4 * ONE, 2 * ONE - 1000)
    assert (event.sender, event.to, event.id) == (bob.address, bob.address, id_)
    assert market.exchange.balance_of(bob, id_) == 2 * ONE - 1000
    assert market.exchange.balance_of(NOBODY, id_) == LOCKED_SHARES
    assert market.exchange.total_supply(id_) == 2 * ONE
    assert market.exchange.funded_pools(market.key.token0) == funded + 1


def test_a_first_deposit_of_the_locked_shares_is_refused(market: Market, bob: Account) -> None:
    key = with_fee(market, 500)
    market.exchange.create_pool(key)
    add = market.exchange.add_liquidity
    with pytest.raises(reverts.FirstDepositTooSmall):
        add(key, 1_000, 1_000, 0, bob, NEVER, sender=bob)
    add(key, 1_001, 1_001, 0, bob, NEVER, sender=bob)
    assert market.exchange.balance_of(bob, market.exchange.pool_id(key)) == 1


@pytest.mark.parametrize("curve", [0, StableSwap(100, 18, 18).word], ids=["product", "stable"])
def test_a_first_deposit_of_one_token_alone_is_refused(
    market: Market, bob: Account, curve: int
) -> None:
    key = with_fee(market, 500, curve)
    market.exchange.create_pool(key)
    add = market.exchange.add_liquidity
    for maxima in ((0, ONE), (ONE, 0)):
        with pytest.raises(reverts.FirstDepositTooSmall) as refusal:
            add(key, *maxima, 0, bob, NEVER, sender=bob)
        assert refusal.value.args == (0, LOCKED_SHARES)
    add(key, ONE, ONE, 0, bob, NEVER, sender=bob)


def test_a_later_deposit_pays_the_pools_ratio_rounded_up(market: Market, bob: Account) -> None:
    owned = [token.balance_of(bob) for token in market.tokens]
    key = struct(market.key)
    market.swap(bob, 123_456_789, 1)
    quoted = market.exchange.quote_add_liquidity(key, ONE, ONE)
    receipt = market.exchange.add_liquidity(key, ONE, ONE, 0, bob, NEVER, sender=bob)
    event = receipt.one(LiquidityAdded)
    assert tuple(quoted) == (event.shares, event.amount0, event.amount1)
    assert event.amount1 <= ONE
    assert owned[2] == market.tokens[2].balance_of(bob)


def test_a_maximum_above_what_a_pool_holds_counts_as_that(market: Market, bob: Account) -> None:
    key = struct(market.key)
    quote = market.exchange.quote_add_liquidity
    assert quote(key, ONE, NEVER) == quote(key, ONE, MAX_RESERVE)
    with pytest.raises(reverts.ReserveOverflow) as refusal:
        market.exchange.add_liquidity(key, NEVER, NEVER, 0, bob, NEVER, sender=bob)
    assert refusal.value.max_reserve == MAX_RESERVE


def test_shares_fall_short_of_the_minimum(market: Market, bob: Account) -> None:
    key = struct(market.key)
    shares = market.exchange.quote_add_liquidity(key, ONE, 2 * ONE)[0]
    add = market.exchange.add_liquidity
    with pytest.raises(reverts.TooFewShares) as refusal:
        add(key, ONE, 2 * ONE, shares + 1, bob, NEVER, sender=bob)
    assert refusal.value.args == (shares, shares + 1)
    add(key, ONE, 2 * ONE, shares, bob, NEVER, sender=bob)
    assert market.exchange.balance_of(bob, market.key.id) == shares


def test_shares_may_go_to_somebody_else_but_not_to_nobody(
    market: Market, alice: Account, bob: Account
) -> None:
    key = struct(market.key)
    add = market.exchange.add_liquidity
    for nowhere in (NOBODY, market.exchange.address):
        with pytest.raises(reverts.InvalidRecipient) as refusal:
            add(key, ONE, 2 * ONE, 0, nowhere, NEVER, sender=alice)
        assert refusal.value.to == nowhere
    add(key, ONE, 2 * ONE, 0, bob, NEVER, sender=alice)
    assert market.exchange.balance_of(bob, market.key.id) > 0


def test_a_withdrawal_frees_both_tokens(market: Market, alice: Account, bob: Account) -> None:
    key, id_ = struct(market.key), market.key.id
    shares = market.exchange.balance_of(alice, id_) // 3
    quoted = market.exchange.quote_remove_liquidity(key, shares)
    receipt = market.exchange.remove_liquidity(key, shares, *quoted, bob, NEVER, sender=alice)
    event = receipt.one(LiquidityRemoved)
    assert (event.amount0, event.amount1, event.shares) == (*quoted, shares)
    assert (event.sender, event.to) == (alice.address, bob.address)
    assert market.tokens[0].balance_of(bob) == 10**6 * ONE + quoted[0]
    assert receipt.one(Transfer).amount == shares


@pytest.mark.parametrize("place", [0, 1])
def test_a_withdrawal_below_its_minimum_is_refused(
    market: Market, alice: Account, place: int
) -> None:
    key = struct(market.key)
    quoted = list(market.exchange.quote_remove_liquidity(key, ONE))
    minima = list(quoted)
    minima[place] += 1
    with pytest.raises(reverts.TooLittleFreed) as refusal:
        market.exchange.remove_liquidity(key, ONE, *minima, alice, NEVER, sender=alice)
    assert refusal.value.args == (market.tokens[place].address, quoted[place], minima[place])
    market.exchange.remove_liquidity(key, ONE, *quoted, alice, NEVER, sender=alice)


def test_nobody_gives_up_more_shares_than_they_have(
    market: Market, alice: Account, bob: Account
) -> None:
    key, remove = struct(market.key), market.exchange.remove_liquidity
    owned = market.exchange.balance_of(alice, market.key.id)
    for who, shares, has in ((alice, owned + 1, owned), (bob, 1, 0)):
        if who == bob:  # one share alone would free nothing
            shares = 10**6
        with pytest.raises(reverts.SharesExceedBalance) as refusal:
            remove(key, shares, 0, 0, who, NEVER, sender=who)
        assert refusal.value.args == (shares, has)
    remove(key, owned, 0, 0, alice, NEVER, sender=alice)
    pool = market.exchange.pool(market.key.id)
    assert pool.supply == LOCKED_SHARES
    assert min(pool.reserve0, pool.reserve1) > 0


def test_one_token_alone_comes_in_and_goes_out_within_its_minimum(
    market: Market, alice: Account
) -> None:
    exchange, key, token = market.exchange, struct(market.key), market.tokens[0]
    quoted = exchange.quote_add_liquidity_one_sided(key, token, ONE)[0]
    add, remove = exchange.add_liquidity_one_sided, exchange.remove_liquidity_one_sided
    with pytest.raises(reverts.TooFewShares) as few:
        add(key, token, ONE, quoted + 1, alice, NEVER, sender=alice)
    assert few.value.args == (quoted, quoted + 1)
    freed = exchange.quote_remove_liquidity_one_sided(key, ONE, token)
    with pytest.raises(reverts.TooLittleFreed) as little:
        remove(key, ONE, token, freed + 1, alice, NEVER, sender=alice)
    assert little.value.args == (token.address, freed, freed + 1)
    remove(key, ONE, token, freed, alice, NEVER, sender=alice)
    quoted = exchange.quote_add_liquidity_one_sided(key, token, ONE)[0]
    add(key, token, ONE, quoted, alice, NEVER, sender=alice)


def test_a_token_of_no_pool_neither_joins_nor_leaves_it(market: Market, alice: Account) -> None:
    key, stray = struct(market.key), market.tokens[2]
    for refused in (
        lambda: market.exchange.quote_add_liquidity_one_sided(key, stray, ONE),
        lambda: market.exchange.quote_remove_liquidity_one_sided(key, ONE, stray),
        lambda: market.exchange.remove_liquidity_one_sided(
            key, ONE, stray, 0, alice, NEVER, sender=alice
        ),
    ):
        with pytest.raises(reverts.TokenNotInPool) as refusal:
            refused()
        assert refusal.value.args == (stray.address, market.key.id)


def test_a_deposit_and_a_withdrawal_in_one_second_count_time_once(
    market: Market, alice: Account
) -> None:
    exchange, key = market.exchange, struct(market.key)
    build, chain = exchange.build, market.chain
    chain.advance(1_000)
    before, start = exchange.cumulative_log_price(key), chain.timestamp
    deposit = build("add_liquidity", key, ONE, 2 * ONE, 0, alice, NEVER)
    withdrawal = build("remove_liquidity", key, ONE, 0, 0, alice, NEVER)
    exchange.multicall([deposit.data, withdrawal.data], sender=alice)
    grown = exchange.cumulative_log_price(key) - before
    assert round(grown / (chain.timestamp - start) / 2**64, 9) == 128 + 1


def test_giving_up_nothing_is_refused(market: Market, alice: Account) -> None:
    with pytest.raises(reverts.ZeroAmount):
        market.exchange.remove_liquidity(struct(market.key), 0, 0, 0, alice, NEVER, sender=alice)


# --- trades ---------------------------------------------------------------------------------------


def test_a_sale_pays_what_uniswap_v2_publishes(market: Market, bob: Account) -> None:
    quoted = market.exchange.quote_exact_in(market.tokens[0], ONE, market.path(1))
    receipt = market.exchange.swap_exact_in(
        market.tokens[0], ONE, market.path(1), quoted, bob, NEVER, sender=bob
    )
    event = receipt.one(Swap)
    assert quoted == 1662497915624478906
    assert (event.change0, event.change1) == (ONE, -quoted)
    assert event.id == market.key.id
    pool = market.exchange.pool(market.key.id)
    assert (pool.reserve0, pool.reserve1) == (6 * ONE, 10 * ONE - quoted)


def test_two_hops_move_only_the_first_and_the_last_token(market: Market, bob: Account) -> None:
    middle = market.tokens[1].balance_of(market.exchange)
    quoted = market.exchange.quote_exact_in(market.tokens[0], ONE, market.path(1, 2))
    assert market.swap(bob, ONE, 1, 2) == quoted
    assert market.tokens[1].balance_of(market.exchange) == middle


def test_the_proceeds_may_go_to_somebody_else_but_not_to_nobody(
    market: Market, alice: Account, bob: Account
) -> None:
    swap, path = market.exchange.swap_exact_in, market.path(1)
    for nowhere in (NOBODY, market.exchange.address):
        with pytest.raises(reverts.InvalidRecipient):
            swap(market.tokens[0], ONE, path, 0, nowhere, NEVER, sender=alice)
    before = market.tokens[1].balance_of(bob)
    swap(market.tokens[0], ONE, path, 0, bob, NEVER, sender=alice)
    assert market.tokens[1].balance_of(bob) > before


def test_a_sale_below_its_minimum_is_refused(market: Market, bob: Account) -> None:
    quoted = market.exchange.quote_exact_in(market.tokens[0], ONE, market.path(1))
    with pytest.raises(reverts.TooLittleOut) as refusal:
        market.swap(bob, ONE, 1, minimum=quoted + 1)
    assert refusal.value.args == (quoted, quoted + 1)
    assert market.swap(bob, ONE, 1, minimum=quoted) == quoted


def test_a_deadline_holds_to_the_second(market: Market, alice: Account) -> None:
    chain, key = market.chain, struct(market.key)
    verbs = [
        lambda until: market.exchange.swap_exact_in(
            market.tokens[0], ONE, market.path(1), 0, alice, until, sender=alice
        ),
        lambda until: market.exchange.add_liquidity(
            key, ONE, 2 * ONE, 0, alice, until, sender=alice
        ),
        lambda until: market.exchange.remove_liquidity(key, ONE, 0, 0, alice, until, sender=alice),
    ]
    for verb in verbs:
        due = chain.timestamp + 1
        with pytest.raises(reverts.Expired) as refusal:
            verb(due - 1)
        assert refusal.value.args == (due - 1, due)
        assert verb(due).timestamp == due


def test_a_path_of_nothing_is_refused(market: Market, bob: Account) -> None:
    swap = market.exchange.swap_exact_in
    with pytest.raises(reverts.EmptyPath):
        swap(market.tokens[0], ONE, [], 0, bob, NEVER, sender=bob)
    with pytest.raises(reverts.EmptyPath):
        market.exchange.swap_exact_out(market.tokens[0], ONE, [], 1, bob, NEVER, sender=bob)
    for quote in (market.exchange.quote_exact_in, lambda *asked: backwards(market, *asked)):
        with pytest.raises(reverts.EmptyPath):
            quote(market.tokens[0], ONE, [])


def backwards(market: Market, token: bindings.MockToken, amount: int, path: list[Hop]) -> int:
    """A quote of a purchase, with the arguments of a sale's."""
    return market.exchange.quote_exact_out(token, path, amount)


def test_selling_nothing_or_for_nothing_is_refused(market: Market, bob: Account) -> None:
    with pytest.raises(reverts.ZeroAmount):
        market.swap(bob, 0, 1)
    with pytest.raises(reverts.ZeroAmount):
        market.swap(bob, 1, 0, start=1)  # one unit of the cheaper token buys none of the other
    assert market.swap(bob, 3, 0, start=1) == 1


def test_an_unknown_pool_is_refused_with_its_id(market: Market, bob: Account) -> None:
    for indices in ((2,), (1, 0, 2)):
        with pytest.raises(reverts.UnknownPool) as refusal:
            market.swap(bob, ONE, *indices)
        key = PoolKey.of(market.tokens[0].address, market.tokens[2].address, 3_000)
        assert refusal.value.id == key.id
    same = PoolKey(market.tokens[0].address, market.tokens[0].address, 3_000)
    with pytest.raises(reverts.UnknownPool) as refusal:
        market.swap(bob, ONE, 0)
    assert refusal.value.id == same.id


def test_an_empty_pool_is_refused(market: Market, bob: Account) -> None:
    market.exchange.create_pool(with_fee(market, 0))
    with pytest.raises(reverts.NoLiquidity) as refusal:
        market.exchange.swap_exact_in(
            market.tokens[0], ONE, market.path(1, fee=0), 0, bob, NEVER, sender=bob
        )
    assert refusal.value.id == PoolKey(*market.key.tokens, 0).id


@pytest.mark.parametrize("fee", [0, 1], ids=["empty", "unknown"])
def test_no_quote_and_no_purchase_goes_through_a_pool_without_liquidity(
    market: Market, bob: Account, fee: int
) -> None:
    market.exchange.create_pool(with_fee(market, 0))
    token, path = market.tokens[0], market.path(1, fee=fee)
    buy = market.exchange.swap_exact_out
    for refused in (
        lambda: market.exchange.quote_exact_in(token, ONE, path),
        lambda: backwards(market, token, ONE, path),
        lambda: buy(token, NEVER, path, ONE, bob, NEVER, sender=bob),
    ):
        with pytest.raises((reverts.NoLiquidity, reverts.UnknownPool)) as refusal:
            refused()
        assert isinstance(refusal.value, reverts.UnknownPool if fee else reverts.NoLiquidity)
        assert refusal.value.id == PoolKey(*market.key.tokens, fee).id


def test_a_path_may_end_where_it_began(market: Market, bob: Account) -> None:
    """The same pool twice: the second visit meets what the first left."""
    quoted = market.exchange.quote_exact_in(market.tokens[0], ONE, market.path(1, 0))
    change = market.swap(bob, ONE, 1, 0)
    assert change == quoted - ONE < 0
    assert quoted > ONE * 98 // 100


def test_the_same_pool_twice_costs_what_two_trades_cost(market: Market, bob: Account) -> None:
    chain = market.chain
    with chain.snapshot():
        there = market.swap(bob, ONE, 1)
        back = market.swap(bob, there, 0, start=1)
        apart = market.swap(bob, back, 1)
    assert market.swap(bob, ONE, 1, 0, 1) == apart


def test_a_token_that_is_none_is_refused(market: Market, bob: Account) -> None:
    """An address without code: its pool can be opened and never funded."""
    nothing = "0x" + "ff" * 20
    key = struct(PoolKey.of(market.tokens[0].address, nothing, 500))
    market.exchange.create_pool(key)
    with pytest.raises(reverts.SafeERC20FailedOperation) as refusal:
        market.exchange.add_liquidity(key, ONE, ONE, 0, bob, NEVER, sender=bob)
    assert refusal.value.token.lower() == nothing


def test_a_tokens_own_refusal_comes_through(market: Market, keeper: Account) -> None:
    with pytest.raises(reverts.InsufficientAllowance):
        market.exchange.swap_exact_in(
            market.tokens[0], ONE, market.path(1), 0, keeper, NEVER, sender=keeper
        )


# --- surplus --------------------------------------------------------------------------------------


def test_a_donation_moves_no_price_and_only_it_can_be_skimmed(
    market: Market, alice: Account, bob: Account, keeper: Account
) -> None:
    token, keys = market.tokens[1], sorted(market.keys, key=lambda key: key.id)
    quoted = market.exchange.quote_exact_in(market.tokens[0], ONE, market.path(1))
    booked = token.balance_of(market.exchange)
    token.transfer(market.exchange, 777, sender=bob)
    assert market.exchange.quote_exact_in(market.tokens[0], ONE, market.path(1)) == quoted
    listed = [struct(key) for key in keys]
    receipt = market.exchange.skim(token, listed, keeper, sender=alice)
    event = receipt.one(Skimmed)
    assert (event.token, event.to, event.amount) == (token.address, keeper.address, 777)
    assert token.balance_of(keeper) == 777
    with pytest.raises(reverts.NothingToSkim) as refusal:
        market.exchange.skim(token, listed, keeper, sender=alice)
    assert refusal.value.args == (token.address, booked, booked)


def test_skim_wants_every_pool_once_and_in_order(market: Market, bob: Account) -> None:
    token = market.tokens[1]
    token.transfer(market.exchange, 777, sender=bob)
    first, second = (struct(key) for key in sorted(market.keys, key=lambda key: key.id))
    for listed in ([], [first], [first, second, second]):
        with pytest.raises(reverts.IncompleteList) as refusal:
            market.exchange.skim(token, listed, bob, sender=bob)
        assert refusal.value.args == (token.address, len(listed), 2)
    for listed in ([second, first], [first, first]):
        with pytest.raises(reverts.UnorderedPools):
            market.exchange.skim(token, listed, bob, sender=bob)
    assert market.exchange.skim(token, [first, second], bob, sender=bob)


def test_skim_counts_no_pool_that_does_not_count(market: Market, bob: Account) -> None:
    """Neither empty pools, nor unknown ones, nor those of other tokens stand in for a real one."""
    token = market.tokens[0]  # one pool
    token.transfer(market.exchange, 777, sender=bob)
    empty = with_fee(market, 500)
    market.exchange.create_pool(empty)
    with pytest.raises(reverts.NoLiquidity):
        market.exchange.skim(token, [empty], bob, sender=bob)
    with pytest.raises(reverts.UnknownPool):
        market.exchange.skim(token, [with_fee(market, 501)], bob, sender=bob)
    with pytest.raises(reverts.TokenNotInPool):
        market.exchange.skim(token, [struct(market.keys[1])], bob, sender=bob)
    with pytest.raises(reverts.InvalidRecipient):
        market.exchange.skim(token, [struct(market.key)], market.exchange, sender=bob)
    market.exchange.skim(token, [struct(market.key)], bob, sender=bob)


def test_a_token_without_pools_is_skimmed_whole(market: Market, bob: Account) -> None:
    stray = bindings.MockToken.deploy(market.chain, "STRAY", 6, sender=bob)
    with pytest.raises(reverts.NothingToSkim):
        market.exchange.skim(stray, [], bob, sender=bob)
    stray.mint(market.exchange, 5, sender=bob)
    market.exchange.skim(stray, [], bob, sender=bob)
    assert stray.balance_of(bob) == 5


# --- the price's account --------------------------------------------------------------------------


def test_the_accumulator_grows_with_time_at_the_price_that_held(
    market: Market, bob: Account
) -> None:
    chain = market.chain
    start = market.exchange.cumulative_log_price(struct(market.key))
    chain.advance(100)
    read = market.exchange.cumulative_log_price(struct(market.key))
    assert round((read - start) / 100 / 2**64, 9) == 128 + 1  # ten of one for five of the other
    market.swap(bob, 5 * ONE, 1)
    # The trade's own second still counts at the old price; the price after it begins with it.
    moved = market.exchange.cumulative_log_price(struct(market.key))
    assert round((moved - read) / 2**64, 9) == 129
    chain.advance(1)
    assert (market.exchange.cumulative_log_price(struct(market.key)) - moved) / 2**64 < 127.1


def test_a_pool_without_liquidity_has_no_price(market: Market) -> None:
    market.exchange.create_pool(with_fee(market, 500))
    with pytest.raises(reverts.NoLiquidity):
        market.exchange.cumulative_log_price(struct(PoolKey(*market.key.tokens, 500)))
    with pytest.raises(reverts.UnknownPool):
        market.exchange.cumulative_log_price(struct(PoolKey(*market.key.tokens, 1)))


# --- shares (ERC-6909) ----------------------------------------------------------------------------


def test_shares_are_sent_by_their_owner_or_whom_the_owner_trusts(
    market: Market, alice: Account, bob: Account, keeper: Account
) -> None:
    exchange, id_ = market.exchange, market.key.id
    exchange.transfer(bob, id_, 100, sender=alice)
    with pytest.raises(reverts.InsufficientPermission):
        exchange.transfer_from(alice, keeper, id_, 100, sender=bob)
    exchange.approve(bob, id_, 100, sender=alice)
    exchange.transfer_from(alice, keeper, id_, 100, sender=bob)
    exchange.set_operator(bob, True, sender=keeper)
    exchange.transfer_from(keeper, bob, id_, 100, sender=bob)
    assert exchange.balance_of(bob, id_) == 200
    assert exchange.allowance(alice, bob, id_) == 0


def test_shares_call_themselves_a_count(market: Market, chain: Chain) -> None:
    assert market.exchange.decimals(market.key.id) == 0
    assert market.exchange.symbol(market.key.id) == "LP"
    assert market.exchange.name(market.key.id) == "defi_kit liquidity"
    assert market.exchange.token_uri(market.key.id) == ""
    assert market.exchange.supports_interface(bytes.fromhex("0f632fb3"))


def test_it_says_what_its_limits_are(market: Market) -> None:
    exchange = market.exchange
    limits = (exchange.max_fee(), exchange.locked_shares(), exchange.max_reserve())
    assert limits == (MAX_FEE, LOCKED_SHARES, MAX_RESERVE)
