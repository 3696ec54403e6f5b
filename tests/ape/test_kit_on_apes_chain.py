"""The kit on the chain that Ape is connected to, be it Anvil or Ape's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ape
import pytest

import defi_kit
from defi_kit import reverts
from defi_kit.bindings import ChainProbe
from defi_kit.chain import Chain
from defi_kit.chain.ape import connect
from defi_kit.errors import InsufficientFunds, Panic, RevertString, UnknownRevert


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


@pytest.fixture
def probe(project: object) -> Iterator[ChainProbe]:
    with connect(ape.networks.provider) as chain:
        yield ChainProbe.deploy(chain, 1)


def test_every_kind_of_failure_has_its_class(probe: ChainProbe) -> None:
    with pytest.raises(RevertString) as refusal:
        probe.fail_with_string('it\'s "no"')
    assert refusal.value.arguments == {"reason": 'it\'s "no"'}
    with pytest.raises(UnknownRevert) as silent:
        probe.fail_silently()
    assert silent.value.data == b""
    with pytest.raises(Panic) as panic:
        probe.divide(1, 0)
    assert panic.value.arguments["code"] == 0x12
    with pytest.raises(reverts.CalleeRefused) as deep:
        probe.fail_deep(7)
    assert deep.value.arguments["attempt"] == 7
    assert probe.divide(6, 2) == 3


def test_a_transaction_that_fails_changes_nothing(probe: ChainProbe) -> None:
    with pytest.raises(reverts.NumberTooLarge):
        probe.store(probe.limit() + 1)
    assert probe.number() == 1
    probe.store(2)
    assert probe.number() == 2


def test_spending_more_ether_than_there_is_has_its_class(probe: ChainProbe) -> None:
    alice = probe.chain.account("alice")
    with pytest.raises(InsufficientFunds):
        probe.store(2, sender=alice, value=probe.chain.balance(alice) + 1)


def test_the_chains_block_is_apes_block(kit: defi_kit.Kit) -> None:
    assert kit.chain.block_number == ape.chain.blocks.height
    assert kit.chain.balance(kit.weth.address) == ape.chain.provider.get_balance(kit.weth.address)


def test_the_fixtures_of_both_plugins_stand_side_by_side(chain: Any, defi_chain: Chain) -> None:
    """`chain` is Ape's; the kit's forgets what a test did, and is in this process."""
    assert chain is ape.chain
    assert defi_chain.engine == "embedded"
    assert defi_chain.block_number == 0
