"""The kit on the chain that Ape is connected to, be it Anvil or Ape's own."""

from __future__ import annotations

from collections.abc import Iterator

import ape
import pytest

import defi_kit
from defi_kit import reverts
from defi_kit.chain.ape import connect


@pytest.fixture
def kit(project: object) -> Iterator[defi_kit.Kit]:
    with connect(ape.networks.provider) as chain:
        yield defi_kit.deploy(chain)


def test_a_crash_ends_in_a_liquidation(kit: defi_kit.Kit) -> None:
    alice, keeper = kit.actors("alice", "keeper")
    kit.lending.supply_collateral(kit.weth("10"), sender=alice)
    kit.lending.borrow(kit.usd("14_000"), sender=alice)
    assert kit.lending.account(alice).health_factor > 1

    kit.feeds.weth.set_price("1_500")
    assert kit.lending.account(alice).health_factor < 1
    kit.lending.liquidate(alice, kit.weth, sender=keeper)
    assert kit.lending.account(alice).health_factor > 1


def test_a_refusal_is_decoded(kit: defi_kit.Kit) -> None:
    (alice,) = kit.actors("alice")
    with pytest.raises(reverts.NotOwner) as refusal:
        kit.wbtc.mint(alice, kit.wbtc("1"), sender=alice)
    assert refusal.value.arguments["caller"] == alice.address


def test_the_chains_block_is_apes_block(kit: defi_kit.Kit) -> None:
    assert kit.chain.block_number == ape.chain.blocks.height
    assert kit.chain.balance(kit.weth.address) == ape.chain.provider.get_balance(kit.weth.address)
