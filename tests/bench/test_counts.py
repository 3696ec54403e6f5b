"""A budget of what things cost, in counts that no other process on the machine can change.

Requests to a node, round trips, and work that must not be done again. Gas has its own budget in
`snapshots/`. A figure may be lowered with the code; raising one needs a reason in its commit.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from defi_kit import Kit, attach, deploy
from defi_kit.bindings import exchange
from defi_kit.chain import Account, Chain, abi, embedded, hashing
from defi_kit.chain.anvil import AnvilChain
from defi_kit.chain.receipts import Log
from defi_kit.testing import PoolMarket, PoolTrial

pytestmark = pytest.mark.chain


class Node:
    """An economy on Anvil, and what is said to it."""

    def __init__(self, chain: AnvilChain) -> None:
        self.kit: Kit = deploy(chain)
        self.alice: Account = self.kit.actor("alice")
        self.said: Counter[str] = Counter()
        self._exchange = chain.rpc.exchange
        chain.rpc.exchange = self._count  # type: ignore[method-assign]

    def _count(self, message: Any, deadline: float, repeatable: bool) -> Any:
        self.said["round trips"] += 1
        for part in message if isinstance(message, list) else [message]:
            self.said[part["method"]] += 1
        return self._exchange(message, deadline, repeatable)

    def cost(self, deed: Callable[[], object]) -> Counter[str]:
        """What is said for it, when everything that is kept is known already."""
        deed()
        self.said.clear()
        deed()
        return Counter(self.said)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Chain.anvil() as chain:
        yield Node(chain)


def test_a_view_is_one_round_trip(node: Node) -> None:
    kit = node.kit
    views: list[Callable[[], object]] = [
        lambda: kit.usd.balance(node.alice),
        lambda: kit.weth.allowance(node.alice, kit.exchange.address),
        lambda: kit.lending.account(node.alice),
        lambda: kit.lending.market(),
        lambda: kit.feeds.weth.price(),
        lambda: kit.chain.timestamp,
        lambda: kit.chain.block_number,
    ]
    for view in views:
        assert node.cost(view)["round trips"] == 1


def test_a_transaction_is_two_round_trips_a_trial_and_the_sending(node: Node) -> None:
    kit = node.kit
    said = node.cost(lambda: kit.usd.transfer(node.alice, 1, sender=node.alice))
    assert said == {"round trips": 2, "eth_call": 1, "eth_sendTransactionSync": 1}


def test_a_receipt_tells_its_events_and_its_time_without_asking(node: Node) -> None:
    kit = node.kit
    receipt = kit.usd.transfer(node.alice, 1, sender=node.alice).receipt

    def read() -> None:
        assert receipt.events
        assert receipt.timestamp

    assert node.cost(read)["round trips"] == 0


@pytest.mark.parametrize(
    ("verb", "most"),
    [
        ("supply", 6),  # allowance; approval and deposit, two each; nothing left of the allowance?
        ("withdraw", 2),
        ("supply_collateral", 6),
        ("borrow", 2),
        ("repay", 6),
        ("swap", 11),  # as well: what is new since the last look, and all pools that matter
        ("add_liquidity", 12),  # allowances and approvals of two tokens, and the pool before
        ("peg", 6),
    ],
)
def test_a_verb_stays_within_its_round_trips(node: Node, verb: str, most: int) -> None:
    kit, alice = node.kit, node.alice
    deeds: dict[str, Callable[[], object]] = {
        "supply": lambda: kit.lending.supply(kit.usd(10), sender=alice),
        "withdraw": lambda: kit.lending.withdraw(kit.usd(1), sender=alice),
        "supply_collateral": lambda: kit.lending.supply_collateral(kit.weth(1), sender=alice),
        "borrow": lambda: kit.lending.borrow(kit.usd(200), sender=alice),
        "repay": lambda: kit.lending.repay(kit.usd(1), sender=alice),
        "swap": lambda: kit.exchange.swap(kit.usd(1), kit.weth, sender=alice),
        "add_liquidity": lambda: kit.exchange.add_liquidity(
            kit.weth("0.1"), kit.usd(1_000), sender=alice
        ),
        "peg": lambda: kit.peg.swap(kit.usd(10), sender=alice),
    }
    assert node.cost(deeds[verb])["round trips"] <= most


def test_a_batch_costs_its_transactions_and_a_fixed_number_of_round_trips(node: Node) -> None:
    kit, alice = node.kit, node.alice

    def batch(count: int) -> Callable[[], object]:
        one = kit.usd.dollar.build("transfer", alice, 1, sender=alice)
        return lambda: kit.chain.batch([one] * count)

    assert node.cost(batch(50))["round trips"] == node.cost(batch(5))["round trips"] <= 10


def test_the_chain_id_and_the_accounts_are_asked_for_once(node: Node) -> None:
    kit = node.kit

    def ask() -> None:
        assert kit.chain.chain_id == 31337
        assert kit.chain.account("alice") == node.alice
        assert kit.chain.default_sender

    assert node.cost(ask)["round trips"] == 0


# --- the embedded chain ---------------------------------------------------------------------------


@contextmanager
def counted(owner: Any, name: str, calls: Counter[str]) -> Iterator[None]:
    """Counts the calls of a function inside."""
    with pytest.MonkeyPatch.context() as patch:
        before = getattr(owner, name)

        def call(*args: Any, **named: Any) -> Any:
            calls[name] += 1
            return before(*args, **named)

        patch.setattr(owner, name, call)
        yield


@pytest.fixture
def kit() -> Iterator[Kit]:
    with Chain.embedded() as chain:
        yield deploy(chain)


def test_the_codec_makes_nothing_twice(kit: Kit) -> None:
    alice = kit.actor("alice")

    def live() -> None:
        kit.usd.transfer(alice, 1, sender=alice)
        kit.usd.balance(alice)
        kit.lending.supply(kit.usd(1), sender=alice)
        kit.exchange.swap(kit.usd(1), kit.weth, sender=alice)

    live()
    kept = (abi._coder, abi._tuple_coder, abi.function, hashing.selector, hashing.to_address)
    before = [cache.cache_info().misses for cache in kept]
    live()
    assert [cache.cache_info().misses for cache in kept] == before


def test_a_transaction_hashes_nothing_and_decodes_no_log_that_nobody_reads(kit: Kit) -> None:
    alice = kit.actor("alice")
    kit.usd.transfer(alice, 1, sender=alice)
    calls: Counter[str] = Counter()
    with counted(hashing, "keccak", calls), counted(embedded, "keccak", calls):
        receipt = kit.usd.transfer(alice, 1, sender=alice).receipt
    assert not calls
    assert "logs" not in vars(receipt)
    assert isinstance(receipt.logs[0], Log)
    assert "logs" in vars(receipt)


def test_a_view_leaves_nothing_in_memory_and_a_transaction_little(kit: Kit) -> None:
    alice = kit.actor("alice")
    transfer = kit.usd.transfer

    def blocks(deed: Callable[[], object], count: int = 1_000) -> float:
        """Python objects left behind by one."""
        deed()
        before = sys.getallocatedblocks()
        for _ in range(count):
            deed()
        return (sys.getallocatedblocks() - before) / count

    assert blocks(lambda: kit.usd.balance(alice)) < 0.1
    # Undecoded logs, a hash and numbers; all of it is filed away before long.
    assert blocks(lambda: transfer(alice, 1, sender=alice)) < 12


def test_a_step_of_the_lending_machine_with_all_its_checks_enters_the_evm_twice() -> None:
    with Chain.embedded() as chain:
        trial = PoolTrial(PoolMarket.deploy(chain, mode="both"))
        trial.supply("alice", 10**6)
        calls: Counter[str] = Counter()
        with (
            counted(embedded, "answers", calls),
            counted(embedded.EmbeddedChain, "call", calls),
            counted(embedded.EmbeddedChain, "_transact", calls),
        ):
            trial.supply("alice", 10**6)
    assert calls == {"answers": 1, "_transact": 1}


def test_what_happened_is_looked_for_from_the_deployment_on(kit: Kit) -> None:
    attached = attach(kit.chain, kit.deployment)
    found = {"exchange": attached.exchange.contract, "lending": attached.lending.contract}
    for key, contract in found.items():
        assert contract.since == kit.deployment.contracts[key].block
        assert contract.since > 0
    assert attached.exchange.pools() == kit.exchange.pools() != ()


# --- storage --------------------------------------------------------------------------------------

STORAGE = {
    "transfer": (2, 2, 0),
    "swap": (10, 7, 4),
    "supply_collateral": (7, 4, 3),
    "borrow": (24, 5, 4),
}
"""Verb → slots read and written, the tokens' and the oracles' among them, and calls outside."""


def test_a_verb_touches_no_more_storage_than_it_needs(
    kit: Kit, capfd: pytest.CaptureFixture[str]
) -> None:
    """As the EVM itself lists its instructions, which takes it a millisecond each: so the longer
    verbs have their turn in the deep profile only. Every slot has been written before."""
    verbs = _bare_verbs(kit)
    for verb in verbs.values():
        verb()
    evm: Any = kit.chain._evm  # type: ignore[attr-defined]
    deep = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
    for name in STORAGE if deep else ("transfer", "supply_collateral"):
        capfd.readouterr()
        evm.tracing = True
        verbs[name]()
        evm.tracing = False
        lines = capfd.readouterr().out.splitlines()
        seen = Counter(json.loads(line).get("opName") for line in lines if line[:1] == "{")
        called = seen["CALL"] + seen["STATICCALL"] + seen["DELEGATECALL"]
        assert (seen["SLOAD"], seen["SSTORE"], called) == STORAGE[name], name


def _bare_verbs(kit: Kit) -> dict[str, Callable[[], object]]:
    """One transaction each, without quote and approval."""
    alice, bob = kit.actors("alice", "bob")
    usd, lending = kit.usd.dollar, kit.lending.contract
    for token in (kit.usd, kit.weth):
        for spender in (kit.exchange.address, kit.lending.address):
            token.approve(spender, token(1_000_000), sender=alice)
    path = [exchange.Hop(*hop) for hop in kit.exchange.quote(kit.usd(1), kit.weth).path]
    sell = partial(kit.exchange.contract.swap_exact_in, usd.address, 10**6, path, 1, alice, 2**40)
    return {
        "transfer": lambda: usd.transfer(bob, 1, sender=alice),
        "swap": lambda: sell(sender=alice),
        "supply_collateral": lambda: lending.supply_collateral(
            kit.weth, 10**18, alice, sender=alice
        ),
        "borrow": lambda: lending.borrow(200 * 10**6, alice, alice, sender=alice),
    }
