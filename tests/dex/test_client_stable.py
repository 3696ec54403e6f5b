"""The client on stable pools, with one token, with ether, backwards, by permit; fees, records."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from defi_kit import bindings, reverts
from defi_kit.chain import Account, Chain
from defi_kit.dex import Exchange, StableSwap
from defi_kit.errors import BadResponse, InputError, ParameterError
from defi_kit.tokens import FaucetToken, Token, WrappedEther
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


def test_slips_are_told_before_anything_is_asked(bank: Bank, bob: Account) -> None:
    exchange: Any = bank.exchange  # a slip is what types would not let through
    usd, dai, ether = bank.usd, bank.dai, bank.exchange.ether
    key = exchange.key(usd, dai, "0.04%", 200)
    small = usd.sign_permit(bob, exchange, usd("1"))
    late = usd.sign_permit(bob, exchange, usd("9"), deadline=1)
    slips: list[tuple[str, Callable[[], Any]]] = [
        ("not an amount", lambda: exchange.quote(10**18, usd)),
        ("not an amount", lambda: exchange.quote("1", usd)),
        ("not an amount", lambda: exchange.quote_exact_out(5, usd)),
        ("not an amount", lambda: exchange.route(5, usd)),
        ("not an amount", lambda: exchange.add_liquidity(1, 2)),
        ("not an amount", lambda: exchange.add_liquidity_one_sided(1, usd)),
        ("no step", lambda: exchange.quote(usd("1"), dai, path=["x"])),
        ("no step", lambda: exchange.quote(usd("1"), dai, path=[None])),
        ("list of them", lambda: exchange.quote(usd("1"), dai, path=key)),
        (r"parts 2\.5", lambda: exchange.route(usd("1"), dai, parts=2.5)),
        ("parts 0", lambda: exchange.route(usd("1"), dai, parts=0)),
        (r"hops 1\.5", lambda: exchange.quote(usd("1"), dai, hops=1.5)),
        ("hops 0", lambda: exchange.quote(usd("1"), dai, hops=0)),
        (r"amplification 1\.5", lambda: exchange.key(usd, dai, "0.04%", 1.5)),
        ("amplification '100'", lambda: exchange.key(usd, dai, "0.04%", "100")),
        ("no signed permit", lambda: exchange.swap(usd("9"), dai, permit="x", sender=bob)),
        ("is for 1 USD", lambda: exchange.swap(usd("9"), dai, permit=small, sender=bob)),
        ("ended at 1", lambda: exchange.swap(usd("9"), dai, permit=late, sender=bob)),
        ("USD twice", lambda: exchange.add_liquidity(usd("1"), usd("1"))),
        ("one token to a pool", lambda: exchange.add_liquidity(ether("1"), bank.weth("1"))),
        (r"weth\.deposit", lambda: exchange.quote(ether("1"), bank.weth)),
        ("seconds", lambda: exchange.mean_price(0, usd, dai)),
    ]
    for told, slip in slips:
        with pytest.raises(InputError, match=told):
            slip()
    with pytest.raises(reverts.ZeroAmount):
        exchange.quote_exact_out(usd("0"), dai)


def test_a_refusal_says_its_numbers_in_the_right_unit(
    bank: Bank, chain: Chain, alice: Account, bob: Account
) -> None:
    plain = bindings.StandardToken.deploy(chain, "PLAIN", 18)
    plain.mint(alice, 10**24)
    token = Token(chain, plain)
    bank.exchange.create_pool(token, bank.usd)
    bank.exchange.add_liquidity(token("1_000"), bank.usd("1_000"), sender=alice)
    with pytest.raises(reverts.ERC20InsufficientBalance) as refusal:
        bank.exchange.add_liquidity(token("1"), bank.usd("1"), sender=bob)
    assert "LP" not in refusal.value.message
    with pytest.raises(reverts.SharesExceedBalance, match="LP"):
        bank.exchange.remove_liquidity(1_000, token, bank.usd, sender=bob)
    with pytest.raises(reverts.InsufficientBalance) as short:
        bank.exchange.transfer_shares(alice, 7, token, bank.usd, sender=bob)
    assert "of 7 " in (short.value.hint or "")
    assert "holds 0 " in (short.value.hint or "")


def test_fees_in_ether_are_wrapped(bank: Bank, chain: Chain, bob: Account) -> None:
    exchange = bank.exchange
    with pytest.raises(reverts.ZeroAmount) as nothing:
        exchange.collect(exchange.ether)
    assert "no WETH waits" in (nothing.value.hint or "")
    exchange.swap(exchange.ether("1"), bank.usd, sender=bob)
    owed = exchange.protocol_fees(exchange.ether)
    assert owed == bank.weth("0.0006") == exchange.collect(exchange.ether).amount
    assert owed == bank.weth.balance(chain.account("carol"))


def test_an_address_without_an_exchange_is_told(bank: Bank, chain: Chain, bob: Account) -> None:
    with pytest.raises(BadResponse):
        Exchange(chain, bob).pools()
    assert Exchange.deploy(chain).pools() == ()
