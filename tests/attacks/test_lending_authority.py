"""Callbacks, flash loans and authorisations of a lending pool, turned against it."""

from __future__ import annotations

from typing import Any

import pytest

from defi_kit import reverts
from defi_kit.bindings import CallbackActor, MockWallet
from defi_kit.bindings import lending_pool as abi
from defi_kit.chain import Account, Chain
from defi_kit.chain.base import named_key
from defi_kit.lending.authorization import Authorization
from defi_kit.units import MAX_UINT256
from lending.market import ETH, USD, Market


class Stage:
    """A market, and a contract that does in its callbacks what it is told."""

    def __init__(self, chain: Chain) -> None:
        self.market = Market(chain)
        self.market.lend()
        self.pool, self.usd, self.weth = self.market.pool, self.market.usd, self.market.weth
        self.actor = CallbackActor.deploy(chain)
        for token in (self.usd, self.weth):
            self.perform(token, "approve", self.pool, MAX_UINT256)

    def perform(self, contract: Any, verb: str, *arguments: Any) -> Any:
        """The actor calls it at once."""
        call = contract.build(verb, *arguments)
        return self.actor.perform(call.to, call.data)

    def plan(self, contract: Any, verb: str, *arguments: Any) -> None:
        """The actor calls it in its next callback."""
        call = contract.build(verb, *arguments)
        self.actor.plan(call.to, call.data)

    def signed(
        self, owner: Account, operator: Any, nonce: int, deadline: int = 2**40, **other: Any
    ) -> tuple[Any, ...]:
        """What `set_authorization_by_signature` takes; `other`: another `separator` or `key`."""
        message = Authorization(owner.address, operator.address, True, nonce, deadline)
        separator = other.get("separator", self.pool.domain_separator())
        done = message.sign(separator, other.get("key", named_key(owner.name or "")))
        return owner, operator, True, deadline, done.signature


@pytest.fixture
def stage(chain: Chain) -> Stage:
    return Stage(chain)


# --- callbacks ------------------------------------------------------------------------------------


def test_leverage_takes_one_call(stage: Stage) -> None:
    """Ten ether are posted, borrowed against, and bought with the loan, which the market pays."""
    stage.perform(stage.pool, "set_authorization", stage.market.alice, True)
    stage.plan(stage.pool, "borrow", 14_000 * USD, stage.actor, stage.actor)
    stage.plan(stage.usd, "transfer", stage.market.keeper, 14_000 * USD)
    stage.weth.mint(stage.actor, 10 * ETH)  # the exchange's side of the trade
    arguments = stage.weth, 10 * ETH, stage.actor, b""
    stage.perform(stage.pool, "supply_collateral_with_callback", *arguments)
    assert stage.pool.debt_of(stage.actor) == 14_000 * USD
    assert stage.pool.collateral_of(stage.actor, stage.weth) == 10 * ETH
    assert stage.weth.balance_of(stage.actor) == 0


def test_collateral_that_never_arrives_backs_no_loan(stage: Stage) -> None:
    stage.plan(stage.pool, "borrow", 14_000 * USD, stage.actor, stage.actor)
    before = stage.market.state()
    arguments = stage.weth, 10 * ETH, stage.actor, b""
    with pytest.raises(reverts.TransferFromFailed):
        stage.perform(stage.pool, "supply_collateral_with_callback", *arguments)
    assert stage.market.state() == before


def test_collateral_withdrawn_in_its_own_callback_is_still_paid(stage: Stage) -> None:
    """Others' ether leaves against books that are ahead, and comes back at the end."""
    stage.market.loan(stage.market.alice, 10_000)
    held = stage.weth.balance_of(stage.pool)
    stage.plan(stage.pool, "withdraw_collateral", stage.weth, 5 * ETH, stage.actor, stage.actor)
    stage.perform(
        stage.pool, "supply_collateral_with_callback", stage.weth, 5 * ETH, stage.actor, b""
    )
    assert stage.weth.balance_of(stage.pool) == held
    assert stage.pool.collateral_of(stage.actor, stage.weth) == 0


def test_debt_can_be_repaid_with_the_collateral_it_frees(stage: Stage) -> None:
    stage.weth.mint(stage.actor, 10 * ETH)
    stage.perform(stage.pool, "supply_collateral", stage.weth, 10 * ETH, stage.actor)
    stage.perform(stage.pool, "borrow", 10_000 * USD, stage.market.keeper, stage.actor)
    stage.plan(stage.pool, "withdraw_collateral", stage.weth, 10 * ETH, stage.actor, stage.actor)
    stage.plan(stage.weth, "transfer", stage.market.keeper, 10 * ETH)
    stage.usd.mint(stage.actor, 10_001 * USD)
    stage.perform(stage.pool, "repay_with_callback", MAX_UINT256, stage.actor, b"")
    assert stage.pool.debt_of(stage.actor) == 0
    assert stage.actor.callbacks() == 1


def test_debt_repaid_with_nothing_is_not_repaid(stage: Stage) -> None:
    stage.market.loan(stage.market.alice, 10_000)
    before = stage.market.state()
    with pytest.raises(reverts.TransferFromFailed):
        stage.perform(stage.pool, "repay_with_callback", MAX_UINT256, stage.market.alice, b"")
    assert stage.market.state() == before


def test_liquidator_needs_no_capital(stage: Stage) -> None:
    """It sells what it seized in the callback; what it gets is the bonus."""
    stage.market.loan(stage.market.alice, 14_000)
    stage.market.price(1_700)
    preview = stage.pool.preview_liquidation(
        stage.market.alice, stage.weth, MAX_UINT256, MAX_UINT256
    )
    stage.plan(stage.weth, "transfer", stage.market.rival, preview.seized)
    stage.plan(stage.usd, "transferFrom", stage.market.rival, stage.actor, 15_000 * USD)
    stage.usd.approve(stage.actor, MAX_UINT256, sender=stage.market.rival)
    limits = MAX_UINT256, MAX_UINT256, 0
    receipt = stage.perform(
        stage.pool, "liquidate_with_callback", stage.market.alice, stage.weth, *limits, b""
    )
    done = receipt.one(abi.Liquidated)
    assert abs(done.repaid - preview.repaid) <= 10**4
    assert done.liquidator == stage.actor.address
    assert stage.usd.balance_of(stage.actor) == 15_000 * USD - done.repaid


def test_a_second_liquidation_inside_the_first_finds_closed_books(stage: Stage) -> None:
    """Seized collateral cannot be seized again before it is paid for."""
    stage.market.loan(stage.market.alice, 14_000)
    stage.market.price(1_700)
    limits = MAX_UINT256, MAX_UINT256, 0
    stage.plan(stage.pool, "liquidate", stage.market.alice, stage.weth, *limits)
    stage.usd.mint(stage.actor, 50_000 * USD)
    before = stage.market.state()
    with pytest.raises(reverts.HealthyAccount):
        stage.perform(
            stage.pool, "liquidate_with_callback", stage.market.alice, stage.weth, *limits, b""
        )
    assert stage.market.state() == before


def test_pool_calls_nobody_but_the_caller(stage: Stage) -> None:
    """SIR, Cork: a person who has approved the pool is never made to pay for a stranger."""
    with pytest.raises(reverts.Reverted):
        stage.pool.supply_collateral_with_callback(
            stage.weth, ETH, stage.market.attacker, b"", sender=stage.market.attacker
        )
    assert stage.actor.callbacks() == 0


def test_a_cap_is_not_passed_by_way_of_a_callback(chain: Chain) -> None:
    """The outer supply is checked after everything that happened inside."""
    stage = Stage(chain)
    cap = 2**120 - 1
    stage.weth.mint(stage.actor, 2 * cap)
    stage.plan(stage.pool, "supply_collateral", stage.weth, cap, stage.actor)
    with pytest.raises(reverts.CapExceeded):
        stage.perform(
            stage.pool, "supply_collateral_with_callback", stage.weth, cap, stage.actor, b""
        )


# --- flash loans ----------------------------------------------------------------------------------


def test_a_flash_loan_leaves_no_trace(stage: Stage) -> None:
    stage.market.loan(stage.market.alice, 10_000)
    before = stage.market.state()
    for token in (stage.usd, stage.weth):
        most = stage.pool.max_flash_loan(token)
        assert most == token.balance_of(stage.pool) > 0
        assert stage.pool.flash_fee(token, most) == 0
        receipt = stage.pool.flash_loan(stage.actor, token, most, b"", sender=stage.market.attacker)
        assert receipt.one(abi.FlashLoaned).initiator == stage.market.attacker.address
        assert token.balance_of(stage.pool) == most
    after = stage.market.state()
    assert (after.market, after.accounts, after.held) == (
        before.market,
        before.accounts,
        before.held,
    )


def test_a_flash_loan_is_not_repaid_through_a_deposit(stage: Stage) -> None:
    """DFX: while a loan is out every verb is refused; what is deposited would repay nothing."""
    stage.market.loan(stage.market.alice, 10_000)
    pool, actor = stage.pool, stage.actor
    verbs: tuple[tuple[Any, ...], ...] = (
        ("deposit", 50_000 * USD, actor),
        ("mint", 1, actor),
        ("withdraw", 0, actor, actor),
        ("redeem", 0, actor, actor),
        ("supply_collateral", stage.weth, 1, actor),
        ("supply_collateral_with_callback", stage.weth, 1, actor, b""),
        ("withdraw_collateral", stage.weth, 1, actor, actor),
        ("borrow", 1, actor, actor),
        ("repay", 1, stage.market.alice),
        ("repay_with_callback", 1, stage.market.alice, b""),
        ("liquidate", stage.market.alice, stage.weth, 1, 1, 0),
        ("flash_loan", actor, stage.usd, 1, b""),
        ("accrue",),
    )
    for verb in verbs:
        with stage.market.chain.snapshot():
            stage.plan(pool, *verb)
            with pytest.raises(reverts.Reentered):
                pool.flash_loan(actor, stage.usd, 50_000 * USD, b"")


def test_a_flash_loan_that_stays_away_is_refused(stage: Stage) -> None:
    stage.plan(stage.usd, "transfer", stage.market.attacker, 1)
    with pytest.raises(reverts.TransferFromFailed):
        stage.pool.flash_loan(stage.actor, stage.usd, 100 * USD, b"")
    with pytest.raises(reverts.LoanAboveMaximum):
        stage.pool.flash_loan(stage.actor, stage.usd, 100_001 * USD, b"")
    stage.actor.set_refusing(True)
    with pytest.raises(reverts.LoanNotAccepted):
        stage.pool.flash_loan(stage.actor, stage.usd, 100 * USD, b"")


def test_other_tokens_are_not_lent_out(stage: Stage) -> None:
    """Not even the pool's own shares."""
    assert stage.pool.max_flash_loan(stage.pool) == 0
    with pytest.raises(reverts.UnknownCollateral):
        stage.pool.flash_fee(stage.pool, 1)
    with pytest.raises(reverts.LoanAboveMaximum):
        stage.pool.flash_loan(stage.actor, stage.pool, 1, b"")


# --- authorisation --------------------------------------------------------------------------------


def test_an_operator_acts_until_it_is_told_not_to(stage: Stage) -> None:
    market, pool = stage.market, stage.pool
    market.loan(market.alice, 1_000)
    wbtc = market.wbtc
    refused: tuple[tuple[Any, ...], ...] = (
        ("borrow", 500 * USD, market.keeper, market.alice),
        ("withdraw_collateral", stage.weth, ETH, market.keeper, market.alice),
        ("supply_collateral", wbtc, 10**8, market.alice),
    )
    for verb, *arguments in refused:
        with pytest.raises(reverts.NotAuthorized):
            getattr(pool, verb)(*arguments, sender=market.keeper)
    pool.set_authorization(market.keeper, True, sender=market.alice)
    for verb, *arguments in refused:
        getattr(pool, verb)(*arguments, sender=market.keeper)
    pool.set_authorization(market.keeper, False, sender=market.alice)
    with pytest.raises(reverts.NotAuthorized):
        pool.borrow(1, market.keeper, market.alice, sender=market.keeper)


def test_authorisation_is_not_confused(stage: Stage) -> None:
    """Prisma: it holds one way only, for one pool, and never for shares."""
    market, pool = stage.market, stage.pool
    pool.set_authorization(market.keeper, True, sender=market.carol)
    market.loan(market.keeper, 1_000)
    with pytest.raises(reverts.NotAuthorized):
        pool.borrow(1, market.carol, market.keeper, sender=market.carol)
    with pytest.raises(reverts.InsufficientAllowance):
        pool.withdraw(1, market.keeper, market.carol, sender=market.keeper)
    pool.set_authorization(market.attacker, True, sender=market.keeper)
    with pytest.raises(reverts.NotAuthorized):  # an operator's operator is none
        pool.borrow(1, market.attacker, market.carol, sender=market.attacker)
    other = Market(market.chain).pool
    assert not other.is_authorized(market.carol, market.keeper)


def test_a_signature_works_once_here_and_in_time(stage: Stage) -> None:
    market, pool = stage.market, stage.pool
    asked = stage.signed(market.alice, market.keeper, nonce=0)
    elsewhere = Market(market.chain).pool
    with pytest.raises(reverts.SignatureInvalid):
        elsewhere.set_authorization_by_signature(*asked)
    pool.set_authorization_by_signature(*asked, sender=market.attacker)
    assert pool.is_authorized(market.alice, market.keeper)
    assert pool.authorization_nonce(market.alice) == 1
    with pytest.raises(reverts.SignatureInvalid):  # replayed
        pool.set_authorization_by_signature(*asked)
    late = stage.signed(market.alice, market.keeper, nonce=1, deadline=market.chain.timestamp)
    with pytest.raises(reverts.SignatureExpired):
        pool.set_authorization_by_signature(*late)


def test_a_forged_signature_is_refused(stage: Stage) -> None:
    market, pool = stage.market, stage.pool
    forged = stage.signed(
        market.alice, market.attacker, 0, key=named_key(market.attacker.name or "")
    )
    owner, operator, _, deadline, signature = stage.signed(market.alice, market.keeper, 0)
    for asked in (
        forged,
        (owner, market.attacker, True, deadline, signature),
        (owner, operator, False, deadline, signature),
        (owner, operator, True, deadline + 1, signature),
        (owner, operator, True, deadline, signature[:-1]),
        (owner, operator, True, deadline, b""),
        ("0x" + "00" * 20, operator, True, deadline, bytes(65)),
    ):
        with pytest.raises(reverts.SignatureInvalid):
            pool.set_authorization_by_signature(*asked)


def test_revoking_voids_what_was_signed_before(stage: Stage) -> None:
    """An old grant in somebody's drawer cannot undo a revocation."""
    market, pool = stage.market, stage.pool
    old = stage.signed(market.alice, market.keeper, nonce=0)
    pool.set_authorization(market.keeper, False, sender=market.alice)
    with pytest.raises(reverts.SignatureInvalid):
        pool.set_authorization_by_signature(*old)


def test_a_contract_signs_by_its_owner(stage: Stage) -> None:
    market, pool = stage.market, stage.pool
    wallet = MockWallet.deploy(market.chain, market.bob)
    message = Authorization(wallet.address, market.keeper.address, True, 0, 2**40)
    done = message.sign(pool.domain_separator(), named_key(market.bob.name or ""))
    asked = wallet, market.keeper, True, 2**40, done.signature
    wallet.set_closed(True)
    with pytest.raises(reverts.SignatureInvalid):
        pool.set_authorization_by_signature(*asked)
    wallet.set_closed(False)
    pool.set_authorization_by_signature(*asked)
    assert pool.is_authorized(wallet, market.keeper)


# --- receivers ------------------------------------------------------------------------------------


def test_the_pool_pays_nothing_to_itself(stage: Stage) -> None:
    market, pool = stage.market, stage.pool
    market.loan(market.alice, 1_000)
    alice, carol = market.alice, market.carol
    for who, verb, *arguments in (
        (alice, "borrow", 500 * USD, pool, alice),
        (alice, "withdraw_collateral", stage.weth, 1, pool, alice),
        (carol, "withdraw", 1, pool, carol),
        (carol, "redeem", 10**6, pool, carol),
    ):
        with pytest.raises(reverts.InvalidReceiver):
            getattr(pool, verb)(*arguments, sender=who)
