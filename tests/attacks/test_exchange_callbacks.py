"""Attacks from within a callback, on ether, on signatures and on shares held for others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings.exchange import Hop, PoolKey
from defi_kit.bindings.trading_actor import Call
from defi_kit.chain import Account, Chain, Transaction
from defi_kit.chain.base import named_key
from defi_kit.dex import pool
from defi_kit.dex.exchange import NOBODY, ExchangeState
from defi_kit.errors import Reverted
from defi_kit.tokens.permit import PermitMessage, sign

ONE = 10**18
NEVER = 2**256 - 1
FEE = 3_000


@dataclass(frozen=True)
class Scene:
    """An Exchange of ether, tokens A and B, two of its pools, and a contract of the attacker's."""

    chain: Chain
    exchange: bindings.Exchange
    weth: bindings.WrappedEther
    a: bindings.MockToken
    b: bindings.MockToken
    actor: bindings.TradingActor
    alice: Account

    def key(self, one: str, other: str, curve: int = 0) -> PoolKey:
        low, high = sorted((one, other), key=lambda address: int(address, 16))
        return PoolKey(low, high, FEE, curve)

    def path(self, *tokens: str) -> list[Hop]:
        return [Hop(token, FEE, 0) for token in tokens]

    def within(self, asked: Transaction, *plan: Transaction) -> None:
        """The actor asks, and carries the plan out when it is called back."""
        calls = [Call(call.to or NOBODY, call.data) for call in plan]
        self.actor.carry_out(calls, asked.to or NOBODY, asked.data, sender=self.alice)


@pytest.fixture
def scene(chain: Chain, alice: Account) -> Scene:
    weth = bindings.WrappedEther.deploy(chain, sender=alice)
    a, b = (bindings.MockToken.deploy(chain, name, 18, sender=alice) for name in "AB")
    exchange = bindings.Exchange.deploy(chain, weth, 0, NOBODY, sender=alice)
    actor = bindings.TradingActor.deploy(chain, sender=alice)
    found = Scene(chain, exchange, weth, a, b, actor, alice)
    chain.set_balance(alice, 1_000 * ONE)
    weth.deposit(value=100 * ONE, sender=alice)
    for token in (a, b):
        token.mint(alice, 10**6 * ONE, sender=alice)
    for spent in (a, b, weth):
        spent.approve(exchange, NEVER, sender=alice)
    for other in (b, weth):
        key = found.key(a.address, other.address)
        exchange.create_pool(key, sender=alice)
        exchange.add_liquidity(key, 50 * ONE, 50 * ONE, 0, alice, NEVER, sender=alice)
    return found


def flash(scene: Scene, amount: int = ONE) -> Transaction:
    """The actor buys B before it has any A."""
    terms = (scene.a, amount, scene.path(scene.b.address), 0, scene.actor, NEVER, b"")
    return scene.exchange.build("flash_swap_exact_in", *terms)


# --- callbacks ------------------------------------------------------------------------------------


def test_a_flash_swap_is_paid_or_did_not_happen(scene: Scene) -> None:
    exchange, a, b = scene.exchange, scene.a, scene.b
    approve = a.build("approve", exchange, ONE)
    due = a.build("mint", scene.actor, ONE)
    bought = exchange.quote_exact_in(a, ONE, scene.path(b.address))
    with pytest.raises(Reverted):
        scene.within(flash(scene))
    assert b.balance_of(scene.actor) == 0
    scene.within(flash(scene), due, approve)
    assert (a.balance_of(scene.actor), b.balance_of(scene.actor)) == (0, bought)
    assert scene.actor.callbacks() == 1


def test_a_flash_swap_is_not_paid_with_what_it_bought(scene: Scene) -> None:
    """Giving the output back, or more of it, is no payment: the input is asked for all the same."""
    b = scene.b
    back = b.build("transfer", scene.exchange, ONE // 2)
    approve = b.build("approve", scene.exchange, NEVER)
    with pytest.raises(reverts.InsufficientAllowance):
        scene.within(flash(scene), back, approve)


def test_a_payment_sent_by_hand_counts_for_nothing(scene: Scene) -> None:
    """What is given to the Exchange in the callback is a donation; the price is still due."""
    a = scene.a
    sent = a.build("transfer", scene.exchange, ONE)
    with pytest.raises(reverts.InsufficientAllowance):
        scene.within(flash(scene), a.build("mint", scene.actor, 2 * ONE), sent)


def test_nobody_else_pays_for_a_flash_swap(scene: Scene) -> None:
    """Alice has approved without end; only who asks is called and charged."""
    before = scene.a.balance_of(scene.alice)
    with pytest.raises(Reverted):
        scene.within(flash(scene))
    with pytest.raises(Reverted):  # an account without code cannot be called back
        scene.exchange.flash_swap_exact_in(
            scene.a,
            ONE,
            scene.path(scene.b.address),
            0,
            scene.actor,
            NEVER,
            b"",
            sender=scene.alice,
        )
    assert scene.a.balance_of(scene.alice) == before


@pytest.mark.parametrize("kind", ["swap", "loan"])
def test_inside_a_callback_every_door_is_locked(scene: Scene, kind: str) -> None:
    exchange, a, b, actor = scene.exchange, scene.a, scene.b, scene.actor
    key = scene.key(a.address, b.address)
    id_ = exchange.pool_id(key)
    outer = flash(scene) if kind == "swap" else exchange.build("flash_loan", actor, b, ONE, b"")
    build, path = exchange.build, scene.path(b.address)
    for door in (
        build("add_liquidity", key, ONE, ONE, 0, actor, NEVER),
        build("add_liquidity_one_sided", key, a, ONE, 0, actor, NEVER),
        build("remove_liquidity", key, 1, 0, 0, actor, NEVER),
        build("remove_liquidity_one_sided", key, 1, a, 0, actor, NEVER),
        build("swap_exact_in", a, ONE, path, 0, actor, NEVER),
        build("swap_exact_out", a, ONE, path, 1, actor, NEVER),
        build("flash_loan", actor, a, ONE, b""),
        build("collect", a),
        build("skim", a, [], actor),
        build("increase_observations", id_, 2),
        build("multicall", [build("collect", a).data]),
        build("pool", id_),
        build("total_supply", id_),
        build("observe", key, 0),
        build("cumulative_log_price", key),
        build("quote_exact_in", a, ONE, path),
        build("quote_exact_out", a, path, 1),
        build("quote_add_liquidity", key, ONE, ONE),
        build("quote_add_liquidity_one_sided", key, a, ONE),
        build("quote_remove_liquidity", key, ONE),
        build("quote_remove_liquidity_one_sided", key, ONE, a),
    ):
        with pytest.raises(reverts.Locked):
            scene.within(outer, door)


def test_a_loan_is_not_repaid_as_a_deposit_or_a_donation(scene: Scene) -> None:
    """DFX: money that comes back as somebody's liquidity would be lent and owned at once."""
    exchange, a, actor = scene.exchange, scene.a, scene.actor
    key = scene.key(a.address, scene.b.address)
    loan = exchange.build("flash_loan", actor, a, 20 * ONE, b"")
    approve = a.build("approve", exchange, NEVER)
    deposit = exchange.build("add_liquidity", key, ONE, ONE, 0, actor, NEVER)
    with pytest.raises(reverts.Locked):
        scene.within(loan, approve, deposit)
    with pytest.raises(reverts.InsufficientBalance):
        scene.within(loan, approve, a.build("transfer", exchange, 20 * ONE))
    held, state = a.balance_of(exchange), exchange.pool(exchange.pool_id(key))
    scene.within(loan, approve)
    assert (a.balance_of(exchange), exchange.pool(exchange.pool_id(key))) == (held, state)
    everything = exchange.build("flash_loan", actor, a, exchange.max_flash_loan(a), b"")
    scene.within(everything, approve)
    assert exchange.flash_fee(a, ONE) == 0


def test_a_loan_needs_a_receiver_that_agrees(scene: Scene) -> None:
    """Whoever has approved the Exchange could otherwise be made to borrow."""
    scene.actor.set_refusing(True, sender=scene.alice)
    with pytest.raises(reverts.LoanRefused):
        scene.exchange.flash_loan(scene.actor, scene.a, ONE, b"", sender=scene.alice)
    for receiver in (scene.alice, scene.exchange, scene.a):  # no code, or none that answers
        with pytest.raises(reverts.LoanRefused) as refusal:
            scene.exchange.flash_loan(receiver, scene.a, ONE, b"", sender=scene.alice)
        assert refusal.value.args == (receiver.address,)
    with pytest.raises(reverts.ZeroAmount):
        scene.exchange.flash_loan(scene.actor, scene.a, 0, b"", sender=scene.alice)


# --- ether ----------------------------------------------------------------------------------------


def test_ether_comes_and_goes_and_what_is_too_much_comes_back(scene: Scene) -> None:
    chain, exchange, alice = scene.chain, scene.exchange, scene.alice
    there, back = scene.path(scene.a.address), scene.path(NOBODY)
    before, owned = chain.balance(alice), scene.a.balance_of(alice)
    quoted = exchange.quote_exact_in(NOBODY, ONE, there)
    exchange.swap_exact_in(NOBODY, ONE, there, 0, alice, NEVER, sender=alice, value=3 * ONE)
    assert scene.a.balance_of(alice) - owned == quoted
    assert before - chain.balance(alice) == ONE
    paid = exchange.quote_exact_out(scene.a, back, ONE // 2)
    owned = scene.a.balance_of(alice)
    exchange.swap_exact_out(scene.a, NEVER, back, ONE // 2, alice, NEVER, sender=alice)
    assert owned - scene.a.balance_of(alice) == paid
    assert before - chain.balance(alice) == ONE // 2
    assert chain.balance(exchange.address) == 0


def test_ether_is_counted_once_and_never_kept(scene: Scene) -> None:
    """In a batch each call would take the same ether for its own: the multicall's double spend."""
    exchange, alice, there = scene.exchange, scene.alice, scene.path(scene.a.address)
    swap = exchange.build("swap_exact_in", NOBODY, ONE, there, 0, alice, NEVER)
    with pytest.raises(reverts.UnexpectedEther):
        exchange.multicall([swap.data, swap.data], sender=alice, value=ONE)
    with pytest.raises(reverts.TooLittleEther):
        exchange.multicall([swap.data], sender=alice)
    with pytest.raises(reverts.TooLittleEther):
        exchange.swap_exact_in(NOBODY, ONE, there, 0, alice, NEVER, sender=alice, value=ONE - 1)
    with pytest.raises(reverts.UnexpectedEther):
        exchange.swap_exact_in(
            scene.a, ONE, scene.path(scene.b.address), 0, alice, NEVER, sender=alice, value=1
        )
    with pytest.raises(reverts.UnexpectedEther):
        scene.chain.transact(exchange.address, b"", sender=alice, value=1)
    key = scene.key(scene.a.address, scene.b.address)
    with pytest.raises(reverts.UnexpectedEther):
        exchange.add_liquidity(key, ONE, ONE, 0, alice, NEVER, sender=alice, value=1)


def test_a_refund_leads_into_no_verb(scene: Scene) -> None:
    """The rest of the ether goes to the caller in the middle of the verb; nothing is open there."""
    exchange, actor = scene.exchange, scene.actor
    id_ = exchange.pool_id(scene.key(scene.a.address, scene.weth.address))
    supply = exchange.total_supply(id_)
    key = scene.key(scene.a.address, scene.weth.address)
    exchange.add_liquidity(key, ONE, ONE, 0, actor, NEVER, sender=scene.alice, value=5 * ONE)
    assert exchange.total_supply(id_) > supply
    assert scene.chain.balance(exchange.address) == 0


def test_ether_does_not_go_to_wrapped_ether(scene: Scene, attacker: Account) -> None:
    """It would be wrapped again for the Exchange: somebody's money, and for anybody to skim."""
    exchange, alice, weth = scene.exchange, scene.alice, scene.weth
    key, out = scene.key(scene.a.address, weth.address), scene.path(NOBODY)
    held = weth.balance_of(exchange)
    verbs: tuple[Callable[[], Any], ...] = (
        lambda: exchange.swap_exact_in(scene.a, ONE, out, 0, weth, NEVER, sender=alice),
        lambda: exchange.swap_exact_out(scene.a, NEVER, out, ONE, weth, NEVER, sender=alice),
        lambda: exchange.remove_liquidity_one_sided(key, ONE, NOBODY, 0, weth, NEVER, sender=alice),
    )
    for ask in verbs:
        with pytest.raises(reverts.InvalidRecipient) as refusal:
            ask()
        assert refusal.value.args == (weth.address,)
    assert weth.balance_of(exchange) == held
    with pytest.raises(reverts.NothingToSkim):
        exchange.skim(weth, [key], attacker, sender=attacker)
    exchange.swap_exact_in(scene.a, ONE, out, 0, attacker, NEVER, sender=alice)


def test_the_twin_sends_no_ether_to_wrapped_ether_either() -> None:
    weth, token, somebody = ("0x" + digit * 40 for digit in "123")
    key, path = pool.PoolKey.of(weth, token, FEE), [pool.Hop(NOBODY, FEE)]
    state = ExchangeState(weth=weth).create_pool(key, now=1)
    state = state.add_liquidity(key, ONE, ONE, to=somebody, now=1).state
    leaving = (key, 10**6, NOBODY)
    assert state.swap_exact_in(token, 10**6, path, to=somebody, now=2).amount_out
    with pytest.raises(reverts.InvalidRecipient):
        state.swap_exact_in(token, 10**6, path, to=weth, now=2)
    with pytest.raises(reverts.InvalidRecipient):
        state.swap_exact_out(token, 10**9, path, 10**6, to=weth, now=2)
    with pytest.raises(reverts.InvalidRecipient):
        state.remove_liquidity_one_sided(*leaving, sender=somebody, to=weth, now=2)


# --- signatures and shares ------------------------------------------------------------------------


def test_a_permit_sent_first_by_somebody_else_blocks_nothing(
    scene: Scene, bob: Account, attacker: Account
) -> None:
    """Front-run out of the mempool: the allowance is there all the same, and only for its owner."""
    token, exchange = scene.a, scene.exchange
    token.mint(bob, ONE, sender=scene.alice)
    message = PermitMessage(bob.address, exchange.address, ONE, 0, NEVER)
    signed = sign(message, bytes(token.domain_separator()), named_key("bob"))
    words = (signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))
    swap = exchange.build("swap_exact_in", token, ONE, scene.path(scene.b.address), 0, bob, NEVER)
    permit = exchange.build("permit", token, ONE, NEVER, *words)
    with pytest.raises(Reverted):  # in the attacker's hands it is nobody's signature
        exchange.multicall([permit.data, swap.data], sender=attacker)
    token.permit(bob, exchange, ONE, NEVER, *words, sender=attacker)
    exchange.multicall([permit.data, swap.data], sender=bob)
    assert token.balance_of(bob) == 0
    assert scene.b.balance_of(bob) > 0


def test_a_permit_of_a_token_without_code_is_passed_over(scene: Scene, attacker: Account) -> None:
    """As any other that fails: what needs the allowance tells the token."""
    words = (27, b"\1" * 32, b"\1" * 32)
    scene.exchange.permit(attacker, ONE, NEVER, *words, sender=scene.alice)
    permit = scene.exchange.build("permit", attacker, ONE, NEVER, *words)
    terms = (attacker, ONE, scene.path(scene.b.address), 0, scene.alice, NEVER)
    swap = scene.exchange.build("swap_exact_in", *terms)
    with pytest.raises(reverts.UnknownPool):
        scene.exchange.multicall([permit.data, swap.data], sender=scene.alice)


def test_an_operator_of_shares_cannot_redeem_them_where_they_are(
    scene: Scene, bob: Account
) -> None:
    """Shares are given up by their holder; an operator has to take them first, as is its right."""
    exchange, alice = scene.exchange, scene.alice
    key = scene.key(scene.a.address, scene.b.address)
    id_ = exchange.pool_id(key)
    shares = exchange.balance_of(alice, id_) // 2
    with pytest.raises(reverts.InsufficientPermission):
        exchange.transfer_from(alice, bob, id_, shares, sender=bob)
    exchange.set_operator(bob, True, sender=alice)
    for verb, end in (("remove_liquidity", (0, 0)), ("remove_liquidity_one_sided", (scene.a, 0))):
        with pytest.raises(reverts.SharesExceedBalance):
            getattr(exchange, verb)(key, shares, *end, bob, NEVER, sender=bob)
    exchange.transfer_from(alice, bob, id_, shares, sender=bob)
    exchange.set_operator(bob, False, sender=alice)
    with pytest.raises(reverts.InsufficientPermission):
        exchange.transfer_from(alice, bob, id_, 1, sender=bob)


def test_in_with_one_token_and_out_with_the_other_costs_a_sale(scene: Scene, bob: Account) -> None:
    """The detour around the fee: join with one token, leave with the other."""
    exchange, a, b = scene.exchange, scene.a, scene.b
    a.mint(bob, ONE, sender=scene.alice)
    a.approve(exchange, NEVER, sender=bob)
    key, path = scene.key(a.address, b.address), scene.path(b.address)
    sale = exchange.quote_exact_in(a, ONE, path)
    quoted = exchange.quote_add_liquidity_one_sided(key, a, ONE)
    exchange.add_liquidity_one_sided(key, a, ONE, 0, bob, NEVER, sender=bob)
    shares = exchange.balance_of(bob, exchange.pool_id(key))
    assert (shares, ONE - a.balance_of(bob)) == tuple(quoted)
    expected = exchange.quote_remove_liquidity_one_sided(key, shares, b)
    exchange.remove_liquidity_one_sided(key, shares, b, 0, bob, NEVER, sender=bob)
    assert b.balance_of(bob) == expected < sale


def test_a_path_walked_backwards_meets_no_pool_twice(scene: Scene) -> None:
    exchange, alice, a, b = scene.exchange, scene.alice, scene.a, scene.b
    path = scene.path(b.address, a.address)
    with pytest.raises(reverts.RepeatedPool):
        exchange.swap_exact_out(a, NEVER, path, ONE, alice, NEVER, sender=alice)
    with pytest.raises(reverts.RepeatedPool):
        exchange.quote_exact_out(a, path, ONE)
    middle = scene.path(NOBODY, a.address)  # ether in the middle of a path is no token
    with pytest.raises(reverts.UnknownPool):
        exchange.swap_exact_in(a, ONE, middle, 0, alice, NEVER, sender=alice)


def test_two_trades_in_a_block_leave_one_record_of_the_time_before(scene: Scene) -> None:
    """A price pushed and pulled within a block is on no record."""
    chain, exchange, alice = scene.chain, scene.exchange, scene.alice
    key = scene.key(scene.a.address, scene.b.address)
    exchange.increase_observations(exchange.pool_id(key), 4, sender=alice)
    chain.advance(1_000)
    push = exchange.build(
        "swap_exact_in",
        scene.a,
        40 * ONE,
        scene.path(scene.b.address),
        0,
        alice,
        NEVER,
        sender=alice,
    )
    pull = exchange.build(
        "swap_exact_in",
        scene.b,
        20 * ONE,
        scene.path(scene.a.address),
        0,
        alice,
        NEVER,
        sender=alice,
    )
    with chain.snapshot():
        chain.mine()
        untouched = exchange.cumulative_log_price(key)
    first, second = chain.batch([push, pull])
    assert first.block_number == second.block_number
    now = chain.timestamp
    assert tuple(exchange.observe(key, 0)) == (untouched, now)
    chain.advance(100)
    chain.batch([push])
    assert tuple(exchange.observe(key, chain.timestamp - now)) == (untouched, now)
    with pytest.raises(reverts.TooYoung):
        exchange.observe(key, 10**9)
