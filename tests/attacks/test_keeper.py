"""Attacks on a keeper: its contract, its allowances, its gifts, and the sale it plans."""

from __future__ import annotations

from decimal import Decimal

import pytest

from defi_kit import reverts
from defi_kit.bindings import CallbackActor
from defi_kit.bindings.liquidation_keeper import Kept, SwapHop
from defi_kit.chain import Account, Chain
from defi_kit.chain.abi import encode, split_types
from defi_kit.keeper import Keeper
from defi_kit.units import MAX_UINT256
from keeper.keeping import Keeping


class Scene:
    """The keeper's world after a fall of ether, with somebody who has money and bad intentions."""

    def __init__(self, chain: Chain) -> None:
        self.world = Keeping(chain)
        self.chain, self.kit, self.contract = chain, self.world.kit, self.world.contract
        self.owner, self.thief = self.world.owner, self.world.stranger
        self.alice = self.world.borrowers[0]
        self.kit.provide(self.kit.weth(1_000), self.thief)
        self.kit.feeds.weth.set_price("1_600")

    def keeper(self, slippage: str) -> Keeper:
        return Keeper(self.kit.lending, self.kit.exchange, self.contract, slippage=slippage)

    def hops(self) -> list[SwapHop]:
        return [SwapHop(*hop) for hop in self.world.paths(self.kit.weth)[0]]

    def money(self, who: Account) -> Decimal:
        """Dollars, and ether at what the exchange gave at first."""
        kit = self.kit
        return kit.usd.balance(who).decimal + kit.weth.balance(who).decimal * 2_000


@pytest.fixture
def scene(chain: Chain) -> Scene:
    return Scene(chain)


# --- theft ----------------------------------------------------------------------------------------


def test_a_copied_call_is_worth_nothing_to_others(scene: Scene) -> None:
    """Who sees it in the mempool and sends it first does not get what it earns."""
    call = (scene.alice, scene.kit.weth, MAX_UINT256, MAX_UINT256, scene.hops(), 1, MAX_UINT256)
    with pytest.raises(reverts.NotOwner):
        scene.contract.liquidate(*call, sender=scene.thief)
    receipt = scene.contract.liquidate(*call, sender=scene.owner)
    assert receipt.one(Kept).profit > 0


@pytest.mark.parametrize("inside", [False, True])
def test_gifts_are_not_taken_by_a_feigned_liquidation(scene: Scene, inside: bool) -> None:
    """The callback is the pool's alone: not a stranger's, and not that of a stranger who is in the
    middle of a liquidation of its own, which the pool calls back."""
    world, kit = scene.world, scene.kit
    world.give(kit.weth, kit.weth(3).raw)
    world.give(kit.usd, kit.usd(500).raw)
    feigned = encode(
        split_types("(address,uint256,uint256)[],uint256,uint256"),
        ([tuple(hop) for hop in world.paths(kit.weth)[0]], 0, MAX_UINT256),
    )
    call = (scene.alice, kit.weth.address, 0, kit.weth(3).raw, feigned)
    if inside:
        actor = CallbackActor.deploy(scene.chain)
        planned = scene.contract.build("on_liquidate", *call)
        actor.plan(planned.to, planned.data)
        own = kit.lending.contract.build(
            "liquidate_with_callback", scene.alice, kit.weth, MAX_UINT256, MAX_UINT256, 0, b""
        )
        with pytest.raises(reverts.NotThePool):
            actor.perform(own.to, own.data, sender=scene.thief)
    else:
        with pytest.raises(reverts.NotThePool):
            scene.contract.on_liquidate(*call, sender=scene.thief)
    world.look()
    assert world.violated == set()


# --- leftovers ------------------------------------------------------------------------------------


def test_nothing_is_left_to_be_taken_after_a_liquidation(scene: Scene) -> None:
    """No token and no allowance, whatever part was taken; what was a gift before still is, and pays
    for no liquidation."""
    world, kit = scene.world, scene.kit
    world.give(kit.usd, 777)
    for limit in (kit.usd(1_000).raw, kit.usd(2_500).raw + 1, MAX_UINT256):
        assert world.liquidate(scene.alice, kit.weth, max_repay=limit) is not None
    assert world.violated == set()
    for spender in (kit.lending.address, kit.exchange.address):
        for token in kit.tokens:
            assert not token.allowance(scene.contract, spender)
    assert kit.usd.balance(scene.contract).raw == 777


def test_a_gift_does_not_pay_for_a_liquidation_that_loses(scene: Scene) -> None:
    """Its dollars would cover the shortfall; the sale has to."""
    world, kit = scene.world, scene.kit
    world.give(kit.usd, kit.usd(50_000).raw)
    kit.exchange.swap(kit.weth(1_000), kit.usd, slippage="100%", sender=scene.thief)
    assert world.liquidate(scene.alice, kit.weth) is None
    assert isinstance(world.refusal, reverts.TooLittleOut)
    assert world.violated == set()


# --- sandwiches -----------------------------------------------------------------------------------


def test_a_sandwich_around_a_liquidation_is_refused_and_costs_the_attacker(scene: Scene) -> None:
    kit, keeper = scene.kit, scene.keeper("0.1%")
    deal = keeper.deals()[0]
    before, wallet = scene.money(scene.thief), kit.usd.balance(scene.owner)
    got = kit.exchange.swap(kit.weth(40), kit.usd, sender=scene.thief).bought
    with pytest.raises(reverts.TooLittleOut):
        keeper.strike(deal)
    kit.exchange.swap(got, kit.weth, sender=scene.thief)
    assert scene.money(scene.thief) < before
    assert kit.usd.balance(scene.owner) == wallet
    assert keeper.journal.open is None
    assert keeper.work()  # planned anew it pays


def test_a_sandwich_takes_no_more_than_the_slippage_allowed(scene: Scene) -> None:
    """The largest that is not refused."""
    kit, keeper = scene.kit, scene.keeper("1%")
    deal = keeper.deals()[0]
    least = deal.profit - deal.proceeds // 100 - 1
    low, high = 0, 1_000
    while high - low > 1:
        middle = (low + high) // 2
        with scene.chain.snapshot():
            kit.exchange.swap(kit.weth(middle), kit.usd, slippage="100%", sender=scene.thief)
            try:
                assert keeper.strike(deal).profit.raw >= least
                low = middle
            except reverts.TooLittleOut:
                high = middle
    assert 0 < low < 100


def test_who_is_faster_takes_the_deal_and_nothing_else(scene: Scene) -> None:
    kit, keeper = scene.kit, scene.keeper("1%")
    deal = next(deal for deal in keeper.deals() if deal.account == scene.alice.address)
    kit.lending.liquidate(scene.alice, kit.weth, sender=scene.thief)
    wallet = kit.usd.balance(scene.owner)
    with pytest.raises((reverts.HealthyAccount, reverts.NoDebt)):
        keeper.strike(deal)
    assert kit.usd.balance(scene.owner) == wallet
    scene.world.look()
    assert scene.world.violated == set()
