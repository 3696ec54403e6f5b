"""Prices moved inside a flash loan, and used there: on the standard economy, whose share of the
algorithmic dollar is priced by the Exchange."""

from __future__ import annotations

import pytest

from defi_kit import bindings, deploy, reverts
from defi_kit.bindings.exchange import Hop
from defi_kit.bindings.trading_actor import Call
from defi_kit.chain import Chain, Transaction
from defi_kit.lending import CollateralParameters, KinkedRate, LendingPool
from defi_kit.tokens import Token
from defi_kit.units import MAX_UINT256 as NEVER
from defi_kit.units import WAD


def hop(token: Token) -> Hop:
    """To the share or the dollar, through their pool."""
    return Hop(token.address, 3_000, 0)


@pytest.mark.parametrize("verb", ["mint", "redeem"])
@pytest.mark.parametrize("pumped", [True, False])
def test_spot_price_moved_for_a_moment_gains_nothing_and_ends_nothing(
    verb: str, pumped: bool, chain: Chain
) -> None:
    """In a flash loan: the share's pool is moved, up with what was lent, down with shares of one's
    own; minted or redeemed; and moved back. It brings what the verb does, less the pool's fees."""
    kit, actor = deploy(chain), bindings.TradingActor.deploy(chain)
    algo, exchange, lender = kit.algo, kit.exchange.contract, kit.lending.contract
    for amount in (kit.usd(50_000), algo.dollar(20_000), algo.share(800_000)):
        kit.provide(amount, actor)
    for token, spender in (
        *((kit.usd, who) for who in (algo, exchange, lender)),
        *((algo.share, who) for who in (algo, exchange, lender)),
    ):
        allow = token.contract.build("approve", spender, NEVER)
        actor.perform(token, allow.data)

    verbs = {
        "mint": algo.contract.build("mint", 10_000 * WAD, NEVER, NEVER, actor),
        "redeem": algo.contract.build("redeem", 10_000 * WAD, 0, 0, actor),
    }
    moved, priced = (kit.usd, algo.share) if pumped else (algo.share, kit.usd)
    stake = kit.usd(500_000).raw if pumped else algo.share(700_000).raw

    def sold(token: Token, amount: int, wanted: Token) -> Transaction:
        path = [hop(wanted)]
        return exchange.build("swap_exact_in", token, amount, path, 0, actor, NEVER)

    def holdings() -> list[int]:
        return [token.balance(actor).raw for token in (kit.usd, algo.dollar, algo.share)]

    def others() -> list[int]:
        pools = [token.balance(exchange).raw for token in (kit.usd, algo.share)]
        return [*pools, kit.usd.balance(lender).raw, algo.cover.wad]

    with chain.snapshot():
        actor.perform(algo, verbs[verb].data)
        alone, undisturbed = holdings(), others()
    bought = exchange.quote_exact_in(moved, stake, [hop(priced)])
    plan = [sold(moved, stake, priced), verbs[verb], sold(priced, bought, moved)]
    loan = lender.build("flash_loan", actor, kit.usd, kit.usd(500_000).raw, b"")
    calls = [Call(one.to or "", one.data) for one in plan]
    actor.carry_out(calls, lender, loan.data)
    assert actor.callbacks() == 1
    assert all(mine <= honest for mine, honest in zip(holdings(), alone, strict=True))
    assert sum(holdings()) < sum(alone), "nobody paid the pool's fee"
    assert all(now >= then for now, then in zip(others(), undisturbed, strict=True))
    assert not algo.alarm()


def test_a_loan_on_a_token_pumped_by_a_flash_loan_is_what_it_was(chain: Chain) -> None:
    """The victim lends dollars on shares, priced by their mean on the Exchange. Inside a flash loan
    the shares' pool is pumped: no cent more is lent than before, and what was, comes back."""
    kit, actor = deploy(chain), bindings.TradingActor.deploy(chain)
    lender, usd, share = chain.account("victim"), kit.usd, kit.algo.share
    listed = CollateralParameters(share, kit.oracles.share.address, "50%", "60%", "5%")
    victim = LendingPool.deploy(
        chain, usd, [listed], KinkedRate.annual("0%", "4%", "60%", kink="80%")
    )
    kit.provide(usd(300_000), lender)
    victim.supply(usd(300_000), sender=lender)
    kit.provide(share(10_000), actor)
    kit.provide(usd(5_000), actor)  # for the fees of the trades to and fro
    exchange, pool, source = kit.exchange.contract, victim.contract, kit.lending.contract
    for token, spender in ((usd, exchange), (share, exchange), (share, pool), (usd, source)):
        actor.perform(token, token.contract.build("approve", spender, NEVER).data)
    actor.perform(pool, pool.build("supply_collateral", share, share(10_000).raw, actor).data)
    most, stake = pool.max_borrow(actor), usd(500_000).raw
    assert 9_900 < most // 10**6 < 10_100, "half of ten thousand shares at two dollars"

    def sold(token: Token, amount: int, wanted: Token) -> Transaction:
        path = [hop(wanted)]
        return exchange.build("swap_exact_in", token, amount, path, 0, actor, NEVER)

    bought = exchange.quote_exact_in(usd, stake, [hop(share)])
    loan = source.build("flash_loan", actor, usd, stake, b"")

    def attack(borrowed: int) -> None:
        asked = pool.build("borrow", borrowed, actor, actor)
        plan = [sold(usd, stake, share), asked, sold(share, bought, usd)]
        actor.carry_out([Call(one.to or "", one.data) for one in plan], source, loan.data)

    with pytest.raises(reverts.DebtAboveLimit) as refusal:
        attack(most + 1)
    assert refusal.value.limit == most
    attack(most)
    assert pool.debt_of(actor) == most
    assert usd.balance(actor).raw < usd(5_000).raw + most
    assert pool.max_borrow(actor) == 0
