"""Every limit of the Exchange is exactly where it is: the bound passes, one more does not."""

from __future__ import annotations

import pytest

from defi_kit import bindings, reverts
from defi_kit.bindings.exchange import PoolKey
from defi_kit.chain import Account, Chain
from defi_kit.chain.hashing import ZERO_ADDRESS


@pytest.fixture
def weth(chain: Chain) -> bindings.WrappedEther:
    return bindings.WrappedEther.deploy(chain)


@pytest.fixture
def exchange(chain: Chain, weth: bindings.WrappedEther) -> bindings.Exchange:
    return bindings.Exchange.deploy(chain, weth, 0, ZERO_ADDRESS)


def key(chain: Chain, amplification: int, decimals: tuple[int, int], fee: int = 0) -> PoolKey:
    """Of two new tokens of these decimals, on the stable curve that the decimals want."""
    made = [bindings.MockToken.deploy(chain, "T", places) for places in decimals]
    pairs = zip([one.address for one in made], decimals, strict=True)
    (token0, digits0), (token1, digits1) = sorted(pairs, key=lambda pair: int(pair[0], 16))
    return PoolKey(token0, token1, fee, amplification << 16 | digits0 << 8 | digits1)


@pytest.mark.parametrize("share", [0, 1, 250_000])
def test_the_protocol_takes_up_to_a_quarter_of_the_fee(
    share: int, chain: Chain, weth: bindings.WrappedEther, owner: Account
) -> None:
    made = bindings.Exchange.deploy(chain, weth, share, owner)
    assert (made.protocol_share(), made.protocol_recipient()) == (share, owner.address)


def test_the_protocol_takes_no_more_and_not_for_nobody(
    chain: Chain, weth: bindings.WrappedEther, owner: Account
) -> None:
    with pytest.raises(reverts.ProtocolShareTooHigh):
        bindings.Exchange.deploy(chain, weth, 250_001, owner)
    with pytest.raises(reverts.InvalidRecipient):
        bindings.Exchange.deploy(chain, weth, 1, ZERO_ADDRESS)


@pytest.mark.parametrize("amplification", [1, 10**6])
@pytest.mark.parametrize("decimals", [(0, 0), (24, 24), (0, 24), (24, 0)])
def test_curves_that_exist(
    amplification: int, decimals: tuple[int, int], chain: Chain, exchange: bindings.Exchange
) -> None:
    wanted = key(chain, amplification, decimals)
    exchange.create_pool(wanted)
    assert exchange.pool(exchange.pool_id(wanted)).updated_at == chain.timestamp


@pytest.mark.parametrize(
    ("amplification", "decimals"), [(0, (6, 18)), (10**6 + 1, (6, 6)), (1, (25, 6)), (1, (6, 25))]
)
def test_curves_that_do_not_exist(
    amplification: int, decimals: tuple[int, int], chain: Chain, exchange: bindings.Exchange
) -> None:
    wanted = key(chain, amplification, decimals)
    with pytest.raises(reverts.UnknownCurve) as refused:
        exchange.create_pool(wanted)
    assert refused.value.arguments["curve"] == wanted.curve


@pytest.mark.parametrize("place", [0, 8])
def test_a_curve_says_the_decimals_that_the_tokens_have(
    place: int, chain: Chain, exchange: bindings.Exchange
) -> None:
    right = key(chain, 100, (6, 6))
    wrong = PoolKey(right.token0, right.token1, 0, right.curve + (1 << place))
    with pytest.raises(reverts.WrongDecimals) as refused:
        exchange.create_pool(wrong)
    assert refused.value.arguments["token"] == (right.token0 if place else right.token1)
    assert list(refused.value.arguments.values())[1:] == [7, 6]
    exchange.create_pool(right)


@pytest.mark.parametrize("fee", [0, 100_000])
def test_a_fee_of_up_to_a_tenth(fee: int, chain: Chain, exchange: bindings.Exchange) -> None:
    exchange.create_pool(key(chain, 1, (6, 6), fee))
    with pytest.raises(reverts.FeeTooHigh):
        exchange.create_pool(key(chain, 1, (6, 6), 100_001))


def test_the_oldest_record_is_found_at_its_very_moment(
    chain: Chain, exchange: bindings.Exchange, owner: Account
) -> None:
    """At its second there is a reading, a second before there is none."""
    wanted = key(chain, 0, (18, 18))
    wanted = PoolKey(wanted.token0, wanted.token1, 3_000, 0)
    for token in (
        bindings.MockToken(chain, wanted.token0),
        bindings.MockToken(chain, wanted.token1),
    ):
        token.mint(owner, 10**24)
        token.approve(exchange, 10**24, sender=owner)
    exchange.create_pool(wanted)
    pool, far = exchange.pool_id(wanted), 2**40
    exchange.add_liquidity(wanted, 10**20, 10**20, 0, owner, far, sender=owner)
    funded = chain.timestamp
    exchange.increase_observations(pool, 2, sender=owner)
    for _ in range(2):
        chain.advance(1_000)
        exchange.add_liquidity(wanted, 10**18, 10**18, 0, owner, far, sender=owner)
    with pytest.raises(reverts.TooYoung) as refused:
        exchange.observe(wanted, chain.timestamp - funded + 10**6)
    oldest = list(refused.value.arguments.values())[1]
    assert exchange.observe(wanted, chain.timestamp - oldest)[1] == oldest
    with pytest.raises(reverts.TooYoung):
        exchange.observe(wanted, chain.timestamp - oldest + 1)
