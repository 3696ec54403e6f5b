"""Tokens that call back, keep a fee, rebase, lie or refuse. Only their own pools can suffer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings.trading_actor import Call
from defi_kit.chain import Account, Chain, Transaction
from defi_kit.dex.exchange import NOBODY
from defi_kit.dex.pool import PoolKey
from defi_kit.errors import UnknownRevert
from defi_kit.testing.exchange.world import NEVER, struct
from dex.market import ONE, Market, build_market

LOCKED = reverts.Locked.SELECTOR


@pytest.fixture
def market(chain: Chain, alice: Account, bob: Account, attacker: Account) -> Market:
    return build_market(chain, alice, bob, attacker)


def listed(market: Market, token: Any, *people: Account) -> PoolKey:
    """A pool of a token and the market's first, with alice's liquidity."""
    for person in people:
        token.mint(person, 10**6 * ONE, sender=person)
        token.approve(market.exchange, NEVER, sender=person)
    key = PoolKey.of(token.address, market.tokens[0].address, 3_000)
    market.exchange.create_pool(struct(key), sender=market.alice)
    market.exchange.add_liquidity(
        struct(key), 1_000 * ONE, 1_000 * ONE, 0, market.alice, NEVER, sender=market.alice
    )
    return key


def sell(market: Market, who: Account, token: Any, to: Any, amount: int = ONE) -> None:
    path = [bindings.exchange.Hop(to.address, 3_000, 0)]
    market.exchange.swap_exact_in(token, amount, path, 0, who, NEVER, sender=who)


def remove(market: Market, key: PoolKey, to: Any = None) -> None:
    alice = market.alice
    owned = market.exchange.balance_of(alice, key.id)
    receiver = alice if to is None else to
    market.exchange.remove_liquidity(struct(key), owned // 2, 0, 0, receiver, NEVER, sender=alice)


# --- re-entrancy ----------------------------------------------------------------------------------


def calls_in(market: Market, key: PoolKey, token: Any) -> dict[str, bytes]:
    """Every verb, and every view that shows a price, as somebody would call it from within."""
    build, a, hop = market.exchange.build, market.tokens[0].address, bindings.exchange.Hop
    path, raw = [hop(a, 3_000, 0)], struct(key)
    calls = {
        "create_pool": build("create_pool", struct(PoolKey(key.token0, key.token1, 1))),
        "add_liquidity": build("add_liquidity", raw, ONE, ONE, 0, token, NEVER),
        "remove_liquidity": build("remove_liquidity", raw, ONE, 0, 0, token, NEVER),
        "swap_exact_in": build("swap_exact_in", token, ONE, path, 0, token, NEVER),
        "swap_exact_out": build("swap_exact_out", token, ONE, path, 1, token, NEVER),
        "flash_swap_exact_in": build("flash_swap_exact_in", token, ONE, path, 0, token, NEVER, b""),
        "flash_swap_exact_out": build(
            "flash_swap_exact_out", token, ONE, path, 1, token, NEVER, b""
        ),
        "add_liquidity_one_sided": build(
            "add_liquidity_one_sided", raw, token, ONE, 0, token, NEVER
        ),
        "remove_liquidity_one_sided": build(
            "remove_liquidity_one_sided", raw, ONE, token, 0, token, NEVER
        ),
        "flash_loan": build("flash_loan", token, a, ONE, b""),
        "collect": build("collect", token),
        "increase_observations": build("increase_observations", key.id, 5),
        "multicall": build(
            "multicall", [build("swap_exact_in", token, ONE, path, 0, token, NEVER).data]
        ),
        "skim": build("skim", token, [raw], token),
        "pool": build("pool", key.id),
        "total_supply": build("total_supply", key.id),
        "cumulative_log_price": build("cumulative_log_price", raw),
        "observe": build("observe", raw, 0),
        "quote_exact_in": build("quote_exact_in", token, ONE, path),
        "quote_exact_out": build("quote_exact_out", token, path, 1),
        "quote_add_liquidity": build("quote_add_liquidity", raw, ONE, ONE),
        "quote_add_liquidity_one_sided": build("quote_add_liquidity_one_sided", raw, token, ONE),
        "quote_remove_liquidity_one_sided": build(
            "quote_remove_liquidity_one_sided", raw, ONE, token
        ),
        "quote_remove_liquidity": build("quote_remove_liquidity", raw, ONE),
    }
    return {name: call.data for name, call in calls.items()}


def test_a_token_that_calls_back_finds_every_door_locked(
    market: Market, alice: Account, bob: Account
) -> None:
    """Lendf.me, Cream; and dForce, Conic for the views: from inside every verb, every door."""
    token = bindings.ReentrantToken.deploy(market.chain, "HOOK", 18, sender=alice)
    key = listed(market, token, alice, bob)
    token.mint(token, 10**6 * ONE, sender=alice)  # so that only the lock stands in its way
    chain = market.chain
    token_account = chain.impersonate(token.address)
    chain.set_balance(token.address, ONE)
    token.approve(market.exchange, NEVER, sender=token_account)
    verbs: dict[str, Callable[[], Any]] = {
        "buying it": lambda: sell(market, bob, market.tokens[0], token),
        "selling it": lambda: sell(market, bob, token, market.tokens[0]),
        "adding": lambda: market.exchange.add_liquidity(
            struct(key), ONE, ONE, 0, alice, NEVER, sender=alice
        ),
        "removing": lambda: remove(market, key),
        "skimming": lambda: market.exchange.skim(token, [struct(key)], bob, sender=bob),
    }
    token.transfer(market.exchange, ONE, sender=alice)  # something to skim
    for name, data in calls_in(market, key, token).items():
        for verb in verbs.values():
            with chain.snapshot():
                token.arm(market.exchange, data, sender=bob)
                verb()
                assert token.calls() == 1, name
                assert not token.last_succeeded(), name
                assert bytes(token.last_result())[:4] == LOCKED, name
    token.arm(market.exchange, calls_in(market, key, token)["pool"], sender=bob)
    token.transfer(bob, 1, sender=alice)  # outside a verb the same call is answered
    assert token.last_succeeded()


def test_in_the_middle_of_a_trade_nothing_is_there_to_be_lent(
    market: Market, alice: Account, bob: Account
) -> None:
    """ERC-3156's borrowers ask first: what they are told then is what a loan would answer."""
    token = bindings.ReentrantToken.deploy(market.chain, "HOOK", 18, sender=alice)
    listed(market, token, alice, bob)
    there = market.exchange.max_flash_loan(token)
    assert there == token.balance_of(market.exchange) > 0
    token.arm(market.exchange, market.exchange.build("max_flash_loan", token).data, sender=bob)
    sell(market, bob, token, market.tokens[0])
    assert token.last_succeeded()
    assert int.from_bytes(token.last_result()) == 0


def test_a_deposit_slipped_into_another_is_not_counted_twice(
    market: Market, alice: Account, bob: Account
) -> None:
    """A token that adds to the Exchange's balance while a payment is being measured."""
    token = bindings.ReentrantToken.deploy(market.chain, "HOOK", 18, sender=alice)
    key = listed(market, token, alice, bob)
    token.mint(token, ONE, sender=alice)
    token.arm(token, token.build("transfer", market.exchange, 5).data, sender=bob)
    with pytest.raises(reverts.WrongAmountReceived) as refusal:
        sell(market, bob, token, market.tokens[0])
    assert refusal.value.args == (token.address, ONE + 5, ONE)
    assert market.exchange.pool(key.id).supply


# --- fee on transfer, rebasing --------------------------------------------------------------------


def test_a_token_with_a_fee_is_refused_with_both_numbers(
    market: Market, alice: Account, bob: Account
) -> None:
    token = bindings.FeeToken.deploy(market.chain, "FEE", 18, sender=alice)
    token.set_fee(0, sender=alice)
    key = listed(market, token, alice, bob)
    sell(market, bob, token, market.tokens[0])
    token.set_fee(100, sender=alice)
    with pytest.raises(reverts.WrongAmountReceived) as refusal:
        sell(market, bob, token, market.tokens[0])
    assert refusal.value.args == (token.address, ONE * 99 // 100, ONE)
    with pytest.raises(reverts.WrongAmountReceived):
        market.exchange.add_liquidity(struct(key), ONE, ONE, 0, alice, NEVER, sender=alice)
    remove(market, key)  # the way out stays open


def test_a_rebase_upwards_moves_no_price_and_is_surplus(
    market: Market, alice: Account, bob: Account, keeper: Account
) -> None:
    token = bindings.RebasingToken.deploy(market.chain, "REBASE", 18, sender=alice)
    key = listed(market, token, alice, bob)
    before = market.exchange.pool(key.id)
    token.set_index(2 * ONE, sender=alice)
    assert market.exchange.pool(key.id) == before
    market.exchange.skim(token, [struct(key)], keeper, sender=bob)
    assert token.balance_of(keeper) == 1_000 * ONE
    assert token.balance_of(market.exchange) == 1_000 * ONE


def test_a_rebase_downwards_hurts_its_own_pool_only(
    market: Market, alice: Account, bob: Account
) -> None:
    token = bindings.RebasingToken.deploy(market.chain, "REBASE", 18, sender=alice)
    key = listed(market, token, alice, bob)
    token.set_index(ONE // 2, sender=alice)
    with pytest.raises(reverts.NothingToSkim) as refusal:
        market.exchange.skim(token, [struct(key)], bob, sender=bob)
    assert (refusal.value.balance, refusal.value.booked) == (500 * ONE, 1_000 * ONE)
    with pytest.raises(reverts.InsufficientBalance):  # it promises more than there is
        sell(market, bob, market.tokens[0], token, 10_000 * ONE)
    for healthy in market.keys:
        remove(market, healthy)


def test_a_rebase_between_two_units_is_refused(
    market: Market, alice: Account, bob: Account
) -> None:
    """At an odd index a transfer arrives a unit short."""
    token = bindings.RebasingToken.deploy(market.chain, "REBASE", 18, sender=alice)
    listed(market, token, alice, bob)
    token.set_index(ONE + 7, sender=alice)
    with pytest.raises(reverts.WrongAmountReceived) as refusal:
        sell(market, bob, token, market.tokens[0])
    assert refusal.value.received == ONE - 1


# --- false, nothing, refusals ---------------------------------------------------------------------


def test_a_token_that_answers_false_is_refused(
    market: Market, alice: Account, bob: Account
) -> None:
    token = bindings.FalseToken.deploy(market.chain, "FALSE", 18, sender=alice)
    key = listed(market, token, alice, bob)
    token.set_failing(True, sender=alice)
    for verb in (
        lambda: sell(market, bob, token, market.tokens[0]),
        lambda: sell(market, bob, market.tokens[0], token),
        lambda: remove(market, key),
    ):
        with pytest.raises(reverts.SafeERC20FailedOperation) as refusal:
            verb()
        assert refusal.value.token == token.address
    token.set_failing(False, sender=alice)
    sell(market, bob, token, market.tokens[0])


def test_a_token_that_answers_nothing_works(market: Market, alice: Account, bob: Account) -> None:
    token = bindings.NoReturnToken.deploy(market.chain, "NONE", 18, sender=alice)
    key = listed(market, token, alice, bob)
    before = token.balance_of(bob)
    sell(market, bob, market.tokens[0], token)
    sell(market, bob, token, market.tokens[0], token.balance_of(bob) - before)
    remove(market, key)


def test_a_token_that_refuses_to_move_nothing_stops_nobody_from_leaving(
    market: Market, alice: Account, bob: Account
) -> None:
    """A withdrawal that frees none of it does not ask it to move none."""
    token = bindings.RevertOnZeroToken.deploy(market.chain, "ZERO", 18, sender=alice)
    for person in (alice, bob):
        token.mint(person, ONE, sender=person)
        token.approve(market.exchange, NEVER, sender=person)
    key = PoolKey.of(token.address, market.tokens[0].address, 3_000)
    amounts = (2, 2 * ONE) if key.token0 == token.address else (2 * ONE, 2)
    market.exchange.create_pool(struct(key), sender=alice)
    market.exchange.add_liquidity(struct(key), *amounts, 0, alice, NEVER, sender=alice)
    shares = market.exchange.balance_of(alice, key.id) // 10
    freed = market.exchange.quote_remove_liquidity(struct(key), shares)
    assert sorted(freed)[0] == 0
    market.exchange.remove_liquidity(struct(key), shares, 0, 0, alice, NEVER, sender=alice)


def test_a_token_that_blocks_a_provider_keeps_them_from_nothing_but_it(
    market: Market, alice: Account, bob: Account
) -> None:
    """Who is blocked takes the money out at another address; nobody else is held up."""
    token = bindings.BlocklistToken.deploy(market.chain, "BLOCK", 18, sender=alice)
    key = listed(market, token, alice, bob)
    token.set_blocked(alice, True, sender=bob)
    with pytest.raises(reverts.Blocked):
        remove(market, key)
    remove(market, key, to=bob)
    for other in market.keys:
        remove(market, other)


def test_a_token_switched_off_takes_no_other_pool_with_it(
    market: Market, alice: Account, bob: Account
) -> None:
    token = bindings.MockToken.deploy(market.chain, "OFF", 18, sender=alice)
    key = listed(market, token, alice, bob)
    token.set_transfers_off(True, sender=alice)
    with pytest.raises(reverts.TransfersOff):
        remove(market, key)
    market.swap(bob, ONE, 1, 2)
    remove(market, market.key)


def test_an_address_with_dirty_bits_is_refused(market: Market, bob: Account) -> None:
    """The high bits of an address in a path are not ignored."""
    call = market.exchange.build(
        "swap_exact_in", market.tokens[0], ONE, market.path(1), 0, bob, NEVER
    )
    assert market.chain.call(market.exchange, call.data, sender=bob)
    word = bytes.fromhex(market.tokens[1].address[2:]).rjust(32, b"\0")
    assert call.data.count(word) == 1
    dirty = call.data.replace(word, b"\x01" + word[1:])
    with pytest.raises(UnknownRevert):
        market.chain.call(market.exchange, dirty, sender=bob)


def test_a_rebase_during_a_loan_undoes_the_loan(chain: Chain, alice: Account) -> None:
    """What is paid back is the very number, and still less than before is there."""
    exchange = bindings.Exchange.deploy(chain, NOBODY, 0, NOBODY)
    token = bindings.RebasingToken.deploy(chain, "ELASTIC", 18)
    actor = bindings.TradingActor.deploy(chain)
    token.mint(exchange, 10 * ONE)
    token.mint(actor, 10 * ONE)
    loan = exchange.build("flash_loan", actor, token, ONE, b"")
    approve, halve = token.build("approve", exchange, NEVER), token.build("set_index", ONE // 2)
    with pytest.raises(reverts.LoanNotRestored) as refusal:
        within(actor, alice, loan, approve, halve)
    assert refusal.value.args == (token.address, 5 * ONE + ONE // 2, 10 * ONE)
    within(actor, alice, loan, approve)
    assert token.balance_of(exchange) == 10 * ONE


def within(
    actor: bindings.TradingActor, who: Account, asked: Transaction, *plan: Transaction
) -> None:
    """The actor asks, and carries the plan out when it is called back."""
    calls = [Call(call.to or NOBODY, call.data) for call in plan]
    actor.carry_out(calls, asked.to or NOBODY, asked.data, sender=who)
