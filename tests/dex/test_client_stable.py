"""The client on stable pools, with one token, with ether, backwards, by permit; fees, records."""

from __future__ import annotations

from decimal import Decimal

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.dex import Exchange, StableSwap
from defi_kit.errors import InputError, ParameterError
from defi_kit.tokens import FaucetToken, WrappedEther
from defi_kit.units import Ratio


class Bank:
    """Dollars of 6 and 18 decimals on StableSwap, ether against one; a fifth of all fees."""

    def __init__(self, chain: Chain, alice: Account, bob: Account, carol: Account) -> None:
        self.usd = FaucetToken.deploy(chain, "Dollar", "USD", 6)
        self.dai = FaucetToken.deploy(chain, "Other Dollar", "DAI", 18)
        self.weth = WrappedEther.deploy(chain)
        self.exchange = Exchange.deploy(
            chain, weth=self.weth, protocol_share="20%", protocol_recipient=carol
        )
        for person in (alice, bob):
            chain.set_balance(person, 10**24)
            for token in (self.usd, self.dai):
                token.mint(person, token("10_000_000"))
        self.exchange.create_pool(self.usd, self.dai, "0.04%", amplification=200)
        self.exchange.add_liquidity(
            self.usd("1_000_000"), self.dai("1_000_000"), "0.04%", 200, sender=alice
        )
        self.exchange.create_pool(self.exchange.ether, self.usd)
        self.exchange.add_liquidity(self.exchange.ether("500"), self.usd("1_000_000"), sender=alice)


@pytest.fixture
def bank(chain: Chain, alice: Account, bob: Account) -> Bank:
    return Bank(chain, alice, bob, chain.account("carol"))


def test_a_stable_pool_is_named_by_its_amplification(bank: Bank) -> None:
    key = bank.exchange.key(bank.usd, bank.dai, "0.04%", 200)
    pool = bank.exchange.pool(bank.usd, bank.dai, "0.04%", 200)
    assert isinstance(pool.curve, StableSwap)
    assert (pool.curve.amplification, pool.curve.word) == (200, key.curve)
    assert key in bank.exchange.pools()
    with pytest.raises(ParameterError):
        bank.exchange.key(bank.usd, bank.dai, "0.04%", 0)
    with pytest.raises(reverts.UnknownPool):
        bank.exchange.pool(bank.usd, bank.dai, "0.04%", 201)
    assert bank.exchange.network()["edges"][0]["curve"] == "StableSwap A=200"


def test_dollars_trade_near_one_for_one(bank: Bank, bob: Account) -> None:
    quote = bank.exchange.quote(bank.usd("100_000"), bank.dai)
    done = bank.exchange.swap(bank.usd("100_000"), bank.dai, sender=bob)
    assert done.bought == quote.buy > bank.dai("99_900")
    assert quote.price_impact < Ratio.parse("0.1%")


def test_an_exact_purchase_costs_its_quote(bank: Bank, bob: Account) -> None:
    quote = bank.exchange.quote_exact_out(bank.dai("100_000"), bank.usd)
    before = bank.usd.balance(bob)
    done = bank.exchange.swap_exact_out(bank.dai("100_000"), bank.usd, sender=bob)
    assert done.bought == bank.dai("100_000") == bank.dai.balance(bob) - bank.dai("10_000_000")
    assert done.sold == quote.sell == before - bank.usd.balance(bob)
    assert quote.sell < quote.maximum
    assert not bank.usd.allowance(bob, bank.exchange)
    with pytest.raises(reverts.TooMuchIn):
        bank.exchange.swap_exact_out(bank.dai("9"), bank.usd, maximum=1, sender=bob)


def test_ether_goes_in_and_comes_out(bank: Bank, chain: Chain, bob: Account) -> None:
    ether = bank.exchange.ether
    start = chain.balance(bob)
    dollars = bank.exchange.swap(ether("1"), bank.usd, sender=bob).bought
    assert start - chain.balance(bob) == 10**18
    back = bank.exchange.swap(dollars, ether, sender=bob).bought
    assert chain.balance(bob) == start - 10**18 + back.raw
    cost = bank.exchange.swap_exact_out(bank.dai("500"), ether, sender=bob)
    assert chain.balance(bob) == start - 10**18 + back.raw - cost.sold.raw
    assert not bank.weth.balance(bob)
    with pytest.raises(InputError):
        _ = Exchange.deploy(chain).ether


def test_mainnets_wrapped_ether_tells_by_deposit_alone(
    bank: Bank, chain: Chain, alice: Account, bob: Account
) -> None:
    weth = bindings.CanonicalWrappedEther.deploy(chain)
    exchange = Exchange.deploy(
        chain, weth=weth, protocol_share="20%", protocol_recipient=chain.account("carol")
    )
    ether = exchange.ether
    exchange.create_pool(ether, bank.usd)
    exchange.add_liquidity(ether("500"), bank.usd("1_000_000"), sender=alice)
    start = chain.balance(bob)
    bought = exchange.swap_exact_out(bank.usd("500"), ether, sender=bob)
    assert bought.sold.raw == start - chain.balance(bob)
    start = chain.balance(bob)
    joined = exchange.add_liquidity_one_sided(ether("1"), bank.usd, sender=bob)
    assert joined.paid.raw == start - chain.balance(bob)
    assert joined.shares == exchange.shares(ether, bank.usd, owner=bob)
    assert exchange.swap(ether("1"), bank.usd, sender=bob).bought > bank.usd("1_900")


@pytest.mark.parametrize("slippage", ["50", "101%", "1.5"])
def test_a_slippage_is_a_hundred_percent_at_most(bank: Bank, bob: Account, slippage: str) -> None:
    before = bank.usd.balance(bob)
    with pytest.raises(InputError, match="above 100%"):
        bank.exchange.quote(bank.usd("1"), bank.dai, slippage=slippage)
    with pytest.raises(InputError, match="above 100%"):
        bank.exchange.swap_exact_out(bank.dai("1"), bank.usd, slippage=slippage, sender=bob)
    assert bank.usd.balance(bob) == before


def test_one_token_joins_and_leaves(bank: Bank, bob: Account) -> None:
    terms = ("0.04%", 200)
    quote = bank.exchange.quote_add_liquidity_one_sided(bank.usd("10_000"), bank.dai, *terms)
    joined = bank.exchange.add_liquidity_one_sided(bank.usd("10_000"), bank.dai, *terms, sender=bob)
    assert (joined.shares, joined.paid) == (quote.shares, quote.amount)
    assert quote.minimum.raw == -(-quote.shares.raw * 995 // 1000)
    assert quote.price_impact < Ratio.parse("0.1%")
    leaving = bank.exchange.quote_remove_liquidity_one_sided(
        joined.shares, bank.dai, bank.usd, *terms
    )
    left = bank.exchange.remove_liquidity_one_sided(
        joined.shares, bank.dai, bank.usd, *terms, sender=bob
    )
    assert left.freed == leaving.amount < bank.dai("10_000")
    assert left.freed > bank.dai("9_980")
    paid = bank.exchange.add_liquidity_one_sided(bank.exchange.ether("1"), bank.usd, sender=bob)
    assert bank.exchange.ether("0.98") < paid.paid <= bank.exchange.ether("1")


def test_a_permit_goes_along_even_when_it_was_stolen(
    bank: Bank, alice: Account, bob: Account
) -> None:
    signed = bank.usd.sign_permit(bob, bank.exchange, bank.usd("100"))
    bank.usd.permit(signed, sender=alice)  # seen in the pool of transactions, and sent first
    done = bank.exchange.swap(bank.usd("100"), bank.dai, permit=signed, sender=bob)
    assert done.bought > bank.dai("99.9")
    assert not bank.usd.allowance(bob, bank.exchange)


def test_a_permit_for_something_else_is_refused(bank: Bank, alice: Account, bob: Account) -> None:
    exchange, dollars = bank.exchange, bank.usd("100")
    for owner, spender in ((alice, exchange), (bob, bank.weth)):
        signed = bank.usd.sign_permit(owner, spender, dollars)
        with pytest.raises(InputError, match="the permit is not"):
            exchange.swap(dollars, bank.dai, permit=signed, sender=bob)
    signed = bank.usd.sign_permit(bob, exchange, dollars)
    with pytest.raises(InputError, match="ether needs no permit"):
        exchange.swap(exchange.ether("1"), bank.usd, permit=signed, sender=bob)


def test_the_protocol_gets_its_share_and_no_more(bank: Bank, chain: Chain, bob: Account) -> None:
    bank.exchange.swap(bank.usd("100_000"), bank.dai, sender=bob)
    owed = bank.exchange.protocol_fees(bank.usd)
    assert owed == bank.usd("8")  # a fifth of four hundredths of a percent
    done = bank.exchange.collect(bank.usd, sender=bob)
    assert done.amount == owed == bank.usd.balance(chain.account("carol"))
    with pytest.raises(reverts.ZeroAmount):
        bank.exchange.collect(bank.usd)


def test_the_price_of_the_past_is_on_record(bank: Bank, chain: Chain, bob: Account) -> None:
    exchange, ether = bank.exchange, bank.exchange.ether
    with pytest.raises(ParameterError):
        exchange.mean_price(0, ether, bank.usd)
    exchange.increase_observations(10, ether, bank.usd)
    chain.advance(1_000)
    exchange.swap(ether("100"), bank.usd, sender=bob)
    chain.advance(1_000)
    mean = exchange.mean_price(1_500, ether, bank.usd)
    assert 1_600 < mean < 1_850  # between 2,000 and what is left after the sale
    assert exchange.mean_price(1_500, bank.usd, ether) * mean == pytest.approx(Decimal(1))
    with pytest.raises(reverts.TooYoung):
        exchange.observe(10**6, ether, bank.usd)


def test_the_state_is_the_contracts(bank: Bank, alice: Account, bob: Account) -> None:
    bank.exchange.swap(bank.usd("1_000"), bank.dai, sender=bob)
    state = bank.exchange.state([alice])
    key = bank.exchange.key(bank.usd, bank.dai, "0.04%", 200)
    path = [key.hop(bank.usd.address)]
    contract = bindings.Exchange(bank.exchange.chain, bank.exchange)
    hops = [bindings.exchange.Hop(*hop) for hop in path]
    assert state.quote_exact_in(bank.usd.address, 10**9, path) == contract.quote_exact_in(
        bank.usd, 10**9, hops
    )
    assert state.protocol_fees[bank.usd.address] == bank.exchange.protocol_fees(bank.usd).raw
