"""What only mutants of the Exchange had shown that nobody looked at."""

from __future__ import annotations

from dataclasses import replace
from math import isqrt

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings import exchange as abi
from defi_kit.bindings.exchange import Hop, PoolKey
from defi_kit.chain import Account, Chain, Sender
from defi_kit.dex.curves import curve_of
from defi_kit.dex.exchange import NOBODY
from defi_kit.dex.observations import MAX_OBSERVATIONS
from defi_kit.math.log2 import COEFFICIENTS, SQRT2, log2

NEVER = 2**256 - 1
PLENTY = 2**100


class Pool:
    """A pool of two tokens, provided for by the one who is given."""

    def __init__(
        self,
        chain: Chain,
        owner: Account,
        reserves: tuple[int, int],
        curve: int,
        *,
        fee: int = 0,
        share: tuple[int, Account | str] = (0, NOBODY),
    ) -> None:
        made = [bindings.MockToken.deploy(chain, name, 6) for name in "AB"]
        self.tokens = sorted(made, key=lambda token: int(token.address, 16))
        self.exchange = bindings.Exchange.deploy(chain, NOBODY, *share)
        self.key = PoolKey(self.tokens[0].address, self.tokens[1].address, fee, curve)
        self.exchange.create_pool(self.key)
        self.fund(owner)
        self.exchange.add_liquidity(self.key, *reserves, 0, owner, NEVER, sender=owner)

    def fund(self, who: Sender) -> None:
        for token in self.tokens:
            token.mint(who, PLENTY)
            token.approve(self.exchange, NEVER, sender=who)

    def sell(self, amount: int, who: Sender) -> int:
        """Sells token0, and returns how much more of token1 there is."""
        before = self.tokens[1].balance_of(who)
        path = [Hop(self.tokens[1].address, self.key.fee, self.key.curve)]
        self.exchange.swap_exact_in(self.tokens[0], amount, path, 0, who, NEVER, sender=who)
        return self.tokens[1].balance_of(who) - before


def test_a_reserve_estimated_exactly_is_lowered_no_further(chain: Chain, owner: Account) -> None:
    """The closed form is nearly always too low and goes up; here it is exact, and must stay."""
    curve = 1 << 16 | 6 << 8 | 6
    x, y, amount = 1_566, 1_576, 5
    exact = y - curve_of(curve).amount_out(amount, x, y, 0, True)
    a, d = 2, 3_142  # D rounded up
    assert exact == _estimate(x + amount, d, a) == 1_571
    assert Pool(chain, owner, (x, y), curve).sell(amount, owner) == y - exact


def _estimate(x: int, d: int, a: int) -> int:
    """The root as the contract first finds it, where it lies above half of what x lacks."""
    lack = x - (a - 1) * d // a
    return (isqrt(lack * lack + d**3 // (a * x)) - lack) // 2


def test_a_trader_whose_code_takes_any_call_pays_like_others(chain: Chain, owner: Account) -> None:
    """Wallets are asked nothing: the tokens are. This one answers yes to all, and does nothing."""
    pool = Pool(chain, owner, (10**9, 10**9), 0)
    init = bytes.fromhex("6001600c60003960016000f300")  # one byte of code: stop
    address = chain.transact(None, init, sender=owner).contract_address
    assert address is not None
    wallet = chain.impersonate(address)
    assert chain.code(wallet) == b"\0"
    pool.fund(wallet)
    assert pool.sell(10**6, wallet) == 999_000
    assert pool.tokens[0].balance_of(wallet) == PLENTY - 10**6


@pytest.mark.parametrize(
    "reserves",
    [
        (30361129550281668683, 34320912942313994323),
        (9878100201915377171, 12192844946399198922),
        (5831054580131316415, 10153334645078411888),
    ],
)
def test_the_logarithm_rounds_down_where_its_last_digit_hangs_on_it(
    reserves: tuple[int, int], chain: Chain, owner: Account
) -> None:
    """Of 2^62 prices one shows which way the series' argument is rounded; these do."""
    price = (reserves[1] << 143) // reserves[0]
    scaled = price << (256 - price.bit_length()) >> 127
    t = (abs(scaled - SQRT2) << 128) // (scaled + SQRT2)
    assert _series(t) + 1 == _series(t + 1)

    pool = Pool(chain, owner, reserves, 0)
    before = pool.exchange.cumulative_log_price(pool.key)
    began = chain.timestamp
    chain.advance(1)
    passed = chain.timestamp - began
    grown = pool.exchange.cumulative_log_price(pool.key) - before
    assert grown == passed * (log2(price) - (15 << 64))


def _series(t: int) -> int:
    total = 0
    for coefficient in COEFFICIENTS:
        total = coefficient + (total * (t * t >> 128) >> 128)
    return total * t >> 188


@pytest.mark.parametrize("verb", ["sell", "buy", "join", "leave"])
def test_the_smallest_share_of_the_fee_is_the_protocols_too(
    verb: str, chain: Chain, owner: Account, alice: Account
) -> None:
    """One pip: a share that is there, like any other."""
    pool = Pool(chain, owner, (10**15, 10**15), 0, fee=3_000, share=(1, alice))
    exchange, key, amount = pool.exchange, pool.key, 10**13
    one, other = pool.tokens
    path = [Hop(other.address, key.fee, 0)]
    if verb == "sell":
        exchange.swap_exact_in(one, amount, path, 0, owner, NEVER, sender=owner)
    elif verb == "buy":
        exchange.swap_exact_out(one, NEVER, path, amount, owner, NEVER, sender=owner)
    elif verb == "join":
        exchange.add_liquidity_one_sided(key, one, amount, 0, owner, NEVER, sender=owner)
    else:
        exchange.remove_liquidity_one_sided(key, amount, other, 0, owner, NEVER, sender=owner)
    assert exchange.protocol_fees(one) > 10_000
    assert exchange.protocol_fees(other) == 0


def test_as_many_records_may_be_asked_for_as_there_are_places(chain: Chain, owner: Account) -> None:
    """Of a pool that is empty, so that nobody has to pay for them."""
    pool = Pool(chain, owner, (10**6, 10**6), 0)
    empty = replace(pool.key, fee=1)
    pool.exchange.create_pool(empty)
    at = pool.exchange.pool_id(empty)
    with pytest.raises(reverts.NoLiquidity):
        pool.exchange.increase_observations(at, MAX_OBSERVATIONS, sender=owner)
    with pytest.raises(reverts.TooManyObservations):
        pool.exchange.increase_observations(at, MAX_OBSERVATIONS + 1, sender=owner)


def test_records_and_collected_fees_are_told(chain: Chain, owner: Account, alice: Account) -> None:
    pool = Pool(chain, owner, (10**15, 10**15), 0, fee=3_000, share=(100_000, alice))
    exchange, id_ = pool.exchange, pool.exchange.pool_id(pool.key)
    paid = exchange.increase_observations(id_, 3, sender=owner).one(abi.ObservationsIncreased)
    assert (paid.id, paid.observations) == (id_, 3)
    pool.sell(10**12, owner)
    due = exchange.protocol_fees(pool.tokens[0])
    told = exchange.collect(pool.tokens[0], sender=owner).one(abi.FeesCollected)
    assert (told.token, told.to) == (pool.tokens[0].address, alice.address)
    assert told.amount == due == pool.tokens[0].balance_of(alice) > 0
