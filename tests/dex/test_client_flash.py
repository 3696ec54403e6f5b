"""The client's flash loans and flash swaps: sent to a contract, or prepared for one to send."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from defi_kit import reverts
from defi_kit.bindings import TradingActor
from defi_kit.chain import Account, Chain, Transaction
from defi_kit.dex import Exchange
from defi_kit.errors import InputError
from defi_kit.tokens import FaucetToken, WrappedEther


@dataclass
class Stand:
    """Ether against dollars, and a contract that does what it is told."""

    chain: Chain
    weth: WrappedEther
    usd: FaucetToken
    exchange: Exchange
    actor: TradingActor

    def plans(self, call: Transaction) -> None:
        """What the contract does when it is called back."""
        assert call.to is not None
        self.actor.plan(call.to, call.data)

    def performs(self, call: Transaction) -> None:
        assert call.to is not None
        self.actor.perform(call.to, call.data)

    def pays(self, token: WrappedEther | FaucetToken, raw: int) -> None:
        """Plans to let the Exchange take so much."""
        self.plans(token.contract.build("approve", self.exchange, raw))


@pytest.fixture
def stand(chain: Chain, alice: Account) -> Stand:
    weth, usd = WrappedEther.deploy(chain), FaucetToken.deploy(chain, "Dollar", "USD", 6)
    exchange = Exchange.deploy(chain, weth=weth)
    chain.set_balance(alice, 10**24)
    usd.mint(alice, usd("1_000_000"))
    exchange.create_pool(weth, usd)
    exchange.add_liquidity(exchange.ether("500"), usd("1_000_000"), sender=alice)
    return Stand(chain, weth, usd, exchange, TradingActor.deploy(chain))


def test_a_loan_of_everything_comes_back(stand: Stand, bob: Account) -> None:
    most = stand.exchange.max_flash_loan(stand.usd)
    assert most == stand.usd("1_000_000")
    stand.pays(stand.usd, most.raw)
    done = stand.exchange.flash_loan(stand.actor, most, data=b"for a while", sender=bob)
    assert (done.receiver, done.amount) == (stand.actor.address, most)
    assert stand.usd.balance(stand.exchange) == most
    assert not stand.usd.allowance(stand.actor, stand.exchange)


def test_a_loan_that_is_not_paid_back_never_was(stand: Stand, bob: Account) -> None:
    with pytest.raises(reverts.InsufficientAllowance):
        stand.exchange.flash_loan(stand.actor, stand.usd("1"), sender=bob)
    stand.actor.set_refusing(True)
    stand.pays(stand.usd, 10**6)
    with pytest.raises(reverts.LoanRefused) as refusal:
        stand.exchange.flash_loan(stand.actor, stand.usd("1"), sender=bob)
    assert "onFlashLoan" in (refusal.value.hint or "")
    assert not stand.usd.balance(stand.actor)


def test_a_loan_is_for_contracts_and_of_tokens(stand: Stand, bob: Account) -> None:
    with pytest.raises(InputError, match="no code"):
        stand.exchange.flash_loan(bob, stand.usd("1"), sender=bob)
    with pytest.raises(InputError, match="wrapped"):
        stand.exchange.flash_loan(stand.actor, stand.exchange.ether("1"), sender=bob)
    with pytest.raises(InputError, match="wrapped"):
        stand.exchange.max_flash_loan(stand.exchange.ether)
    with pytest.raises(reverts.ZeroAmount):
        stand.exchange.flash_loan(stand.actor, stand.usd("0"), sender=bob)


def test_a_flash_swap_pays_after_it_has_the_proceeds(stand: Stand, bob: Account) -> None:
    """The contract owns nothing: it pays the dollars with a part of the ether that they buy."""
    quote = stand.exchange.quote(stand.usd("2_000"), stand.weth)
    stand.usd.mint(bob, stand.usd("2_000"))
    call = stand.exchange.build_flash_swap(stand.actor, stand.usd("2_000"), stand.weth)
    stand.pays(stand.usd, 2_000 * 10**6)
    with pytest.raises(reverts.InsufficientBalance):
        stand.performs(call)
    assert not stand.weth.balance(stand.actor)
    stand.usd.transfer(stand.actor, stand.usd("2_000"), sender=bob)
    stand.actor.perform(call.to or "", call.data)  # its plan is still there: the refusal undid all
    assert stand.weth.balance(stand.actor) == quote.buy
    assert not stand.usd.balance(stand.actor)


def test_an_exact_flash_purchase_costs_its_quote(stand: Stand, bob: Account) -> None:
    quote = stand.exchange.quote_exact_out(stand.exchange.ether("1"), stand.usd)
    stand.usd.mint(stand.actor, stand.usd("5_000"))
    before = stand.chain.balance(bob)
    call = stand.exchange.build_flash_swap_exact_out(
        stand.actor, stand.exchange.ether("1"), stand.usd, to=bob
    )
    stand.pays(stand.usd, quote.sell.raw)
    stand.performs(call)
    assert stand.chain.balance(bob) - before == 10**18
    assert stand.usd.balance(stand.actor) == stand.usd("5_000") - quote.sell


def test_a_flash_swap_at_a_moved_price_is_refused(stand: Stand, alice: Account) -> None:
    stand.usd.mint(stand.actor, stand.usd("2_000"))
    stand.pays(stand.usd, 2_000 * 10**6)
    sale = stand.exchange.build_flash_swap(stand.actor, stand.usd("1_000"), stand.weth)
    purchase = stand.exchange.build_flash_swap_exact_out(
        stand.actor, stand.weth("0.5"), stand.usd, maximum=stand.usd("1_005")
    )
    stand.usd.mint(alice, stand.usd("100_000"))
    stand.exchange.swap(stand.usd("100_000"), stand.weth, sender=alice)
    with pytest.raises(reverts.TooLittleOut):
        stand.performs(sale)
    with pytest.raises(reverts.TooMuchIn):
        stand.performs(purchase)


def test_a_flash_swap_is_for_contracts_and_paid_in_tokens(stand: Stand, bob: Account) -> None:
    with pytest.raises(InputError, match="no code"):
        stand.exchange.build_flash_swap(bob, stand.usd("1"), stand.weth)
    with pytest.raises(InputError, match="wrapped"):
        stand.exchange.build_flash_swap(stand.actor, stand.exchange.ether("1"), stand.usd)
