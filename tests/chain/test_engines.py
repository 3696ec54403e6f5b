"""One suite for every engine: embedded, Anvil started here, and Anvil and Hardhat connected to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from defi_kit import reverts
from defi_kit.bindings import ChainProbe, StandardToken
from defi_kit.bindings.chain_probe import NoteStored, NumberStored
from defi_kit.chain import GENESIS, Chain, Transaction
from defi_kit.chain.hashing import keccak
from defi_kit.chain.node import NodeChain
from defi_kit.chain.values import UnknownEvent
from defi_kit.errors import (
    InputError,
    InsufficientFunds,
    OutOfGas,
    Panic,
    Reverted,
    RevertString,
    UnknownRevert,
)

pytestmark = pytest.mark.chain

ETHER = 10**18
NOBODY = "0x000000000000000000000000000000000000dEaD"
LIMIT = 10**30

# --- accounts -------------------------------------------------------------------------------------


def test_named_accounts_are_the_same_everywhere_and_funded(any_chain: Chain) -> None:
    alice = any_chain.account("alice")
    assert alice.address == "0xc5716EFa2491dB7d54019c767320C9B7c58C563c"
    assert any_chain.balance(alice) == 10_000 * ETHER
    assert any_chain.account("alice") == alice != any_chain.account("bob")


def test_the_default_sender_is_the_deployer_until_told_otherwise(
    any_chain: Chain, probe: ChainProbe
) -> None:
    alice = any_chain.account("alice")
    deployer = any_chain.account("deployer")
    assert probe.store(1).sender == deployer.address
    with any_chain.as_(alice):
        assert probe.store(2).sender == alice.address
        assert probe.who_am_i() == alice.address
    assert probe.store(3).sender == deployer.address


def test_several_calls_answer_as_each_does_alone(any_chain: Chain, probe: ChainProbe) -> None:
    alice, kept = any_chain.account("alice"), probe.number()
    ether = any_chain.balance(alice)
    asked = [probe.build(*one) for one in (("who_am_i",), ("number",), ("stored_by", alice))]
    empty, writing = (alice, b"\x01" * 40), probe.build("store", 7)
    with any_chain.snapshot(), any_chain.as_(alice):
        any_chain.set_balance(alice, 5)
        alone = [any_chain.call(one.to or "", one.data) for one in asked]
        together = any_chain.calls([*((one.to or "", one.data) for one in asked), empty])
        assert together == [*alone, b""]
        assert int.from_bytes(together[0], "big") == int(alice.address, 16)
        # What is no view is done for its answer, and leaves nothing behind.
        done = any_chain.calls([(probe, one.data) for one in (writing, asked[1], asked[2])])
        assert done == [any_chain.call(probe, writing.data), *alone[1:]]
    assert (probe.number(), probe.stored_by(alice)) == (kept, 0)
    assert (any_chain.code(alice), any_chain.balance(alice)) == (b"", ether)
    assert any_chain.calls([]) == []


def test_snapshots_that_ended_are_counted(any_chain: Chain) -> None:
    before = any_chain.rewinds
    with any_chain.snapshot():
        with any_chain.snapshot():
            any_chain.mine()
        assert any_chain.rewinds == before + 1
    assert any_chain.rewinds == before + 2


def test_one_of_several_calls_that_refuses_says_why(any_chain: Chain, probe: ChainProbe) -> None:
    fine, refused = probe.build("number"), probe.build("store", LIMIT + 1)
    with pytest.raises(reverts.NumberTooLarge) as refusal:
        any_chain.calls([(probe, fine.data), (probe, refused.data), (probe, fine.data)])
    assert refusal.value.contract == probe.address


def test_any_address_can_be_impersonated_without_ether(any_chain: Chain, probe: ChainProbe) -> None:
    nobody = any_chain.impersonate(NOBODY)
    assert any_chain.balance(nobody) == 0
    probe.store(9, sender=nobody)
    assert probe.stored_by(NOBODY) == 1
    assert any_chain.balance(nobody) == 0


def test_a_contract_can_be_impersonated_and_still_runs_its_own_code(
    any_chain: Chain, probe: ChainProbe
) -> None:
    other = ChainProbe.deploy(any_chain, 1)
    code = any_chain.code(probe)
    event = other.store(2, sender=any_chain.impersonate(probe.address), value=3).one(NumberStored)
    assert event.author == probe.address
    assert (any_chain.balance(probe), any_chain.balance(other)) == (4, 3)
    # The callee pays back, and the sender's own code takes it.
    other.pay(probe.address, 2, sender=probe)
    assert (any_chain.balance(probe), any_chain.balance(other)) == (6, 1)
    assert any_chain.code(probe) == code
    assert probe.number() == 5


def test_balances_are_set_to_the_wei(any_chain: Chain) -> None:
    any_chain.set_balance(NOBODY, 123)
    assert any_chain.balance(NOBODY) == 123


# --- transactions ---------------------------------------------------------------------------------


def test_a_contract_is_created_with_its_value_at_the_address_of_its_nonce(any_chain: Chain) -> None:
    carol = any_chain.account("carol")
    first = ChainProbe.deploy(any_chain, 5, sender=carol, value=7)
    assert first.address == "0x47cdF9e3D29823075a50c91b36DCb376A1f2E604"
    assert first.deployment is not None
    assert first.deployment.contract_address == first.address
    assert (any_chain.balance(first), first.number()) == (7, 5)
    assert any_chain.nonce(carol) == 1


def test_a_receipt_says_what_happened(any_chain: Chain, probe: ChainProbe) -> None:
    alice = any_chain.account("alice")
    before = any_chain.block_number
    receipt = probe.store(6, sender=alice, value=3)
    assert receipt.block_number == before + 1 == any_chain.block_number
    assert receipt.timestamp == any_chain.timestamp
    assert (receipt.sender, receipt.to) == (alice.address, probe.address)
    assert receipt.contract_address is None
    assert len(bytes.fromhex(receipt.hash[2:])) == 32
    assert receipt.gas_exact == (any_chain.engine != "embedded")
    assert 21_000 < receipt.gas_used < 100_000
    event = NumberStored(alice.address, 6, 5)
    assert receipt.events == (event,)
    assert receipt.one(NumberStored) == event
    assert receipt.all(NoteStored) == []
    log = receipt.events[0].log
    assert log is not None
    assert (log.address, log.block_number, log.timestamp, log.transaction_hash, log.log_index) == (
        probe.address,
        receipt.block_number,
        receipt.timestamp,
        receipt.hash,
        0,
    )


def test_two_transactions_alike_have_different_hashes(any_chain: Chain, probe: ChainProbe) -> None:
    assert probe.store(1).hash != probe.store(1).hash


def test_ether_moves_and_costs_nothing_else(any_chain: Chain) -> None:
    alice = any_chain.account("alice")
    any_chain.transact(NOBODY, sender=alice, value=ETHER)
    assert any_chain.balance(NOBODY) == ETHER
    assert any_chain.balance(alice) == 9_999 * ETHER


def test_value_beyond_the_balance_is_refused(any_chain: Chain) -> None:
    alice = any_chain.account("alice")
    before = any_chain.block_number
    with pytest.raises(InsufficientFunds):
        any_chain.transact(NOBODY, sender=alice, value=10_001 * ETHER)
    with pytest.raises(InsufficientFunds):
        any_chain.transact(NOBODY, sender=any_chain.impersonate(NOBODY), value=1)
    assert any_chain.block_number == before


@pytest.mark.parametrize("value", [-1, 1.5, True, 1 << 256])
def test_value_that_is_no_number_of_wei_is_refused(any_chain: Chain, value: object) -> None:
    with pytest.raises(InputError):
        any_chain.transact(NOBODY, value=value)  # type: ignore[arg-type]  # that is the point


def test_structs_and_strings_travel_both_ways(any_chain: Chain, probe: ChainProbe) -> None:
    alice = any_chain.account("alice")
    text = "grüße, 世界 " * 10
    stored = probe.write(text, sender=alice).one(NoteStored)
    assert stored.text == text
    assert (stored.note.author, stored.note.number) == (alice.address, 5)
    assert stored.note.written_at == any_chain.timestamp
    assert probe.notes() == [stored.note] == [probe.note_at(0)]


def test_transient_storage_ends_with_the_transaction(probe: ChainProbe) -> None:
    probe.lock()
    probe.lock()


def test_what_a_view_does_leaves_nothing_behind(any_chain: Chain, probe: ChainProbe) -> None:
    before = any_chain.block_number, any_chain.timestamp
    data = probe.build("store", 99).data
    for _ in range(3):
        returned = any_chain.call(probe.address, data, value=1)
        assert int.from_bytes(returned, "big") == 5  # `store` returns the number before
    assert probe.number() == 5
    assert any_chain.balance(probe) == 7
    assert (any_chain.block_number, any_chain.timestamp) == before


def test_raw_state_can_be_read(any_chain: Chain, probe: ChainProbe) -> None:
    assert any_chain.storage(probe, 0) == 5
    assert any_chain.code(NOBODY) == b""
    assert any_chain.code(probe).startswith(bytes.fromhex("6080604052"))
    assert any_chain.nonce(NOBODY) == 0
    assert any_chain.nonce(probe) == 2  # a contract starts at one, and it created its callee


# --- refusals: the same class with the same numbers, on a call and on a transaction ---------------

Verb = Callable[[ChainProbe, str, tuple[object, ...]], object]


@pytest.fixture(params=["call", "transaction"])
def verb(request: pytest.FixtureRequest) -> Verb:
    if request.param == "call":
        return lambda probe, signature, args: probe._call(signature, args)
    return lambda probe, signature, args: probe._send(signature, args)


@pytest.mark.parametrize(
    ("signature", "args", "expected"),
    [
        ("store(uint256)", (LIMIT + 1,), reverts.NumberTooLarge),
        ("storeHalf(uint256)", (3,), reverts.OddNumber),
        ("failDeep(uint256)", (42,), reverts.CalleeRefused),
        ("failWithString(string)", ("a reason, " * 20,), RevertString),
        ("failWithString(string)", ("",), RevertString),
        ("failAssert()", (), Panic),
        ("divide(uint256,uint256)", (1, 0), Panic),
        ("failIndex()", (), Panic),
        ("failSilently()", (), UnknownRevert),
        ("failRaw(bytes)", (b"\x01\x02\x03",), UnknownRevert),
        ("failRaw(bytes)", (bytes.fromhex("deadbeef") + bytes(32),), UnknownRevert),
        ("failInvalid()", (), UnknownRevert),
        ("noSuchFunction()", (), UnknownRevert),
    ],
)
def test_a_refusal_is_decoded_and_mines_nothing(
    any_chain: Chain,
    probe: ChainProbe,
    verb: Verb,
    signature: str,
    args: tuple[object, ...],
    expected: type[Reverted],
) -> None:
    before = any_chain.block_number, any_chain.timestamp
    with pytest.raises(expected) as caught:
        verb(probe, signature, args)
    assert type(caught.value) is expected
    assert caught.value.contract == probe.address
    assert (any_chain.block_number, any_chain.timestamp) == before
    assert probe.number() == 5


def test_a_refusal_carries_its_numbers(any_chain: Chain, probe: ChainProbe, verb: Verb) -> None:
    with pytest.raises(reverts.NumberTooLarge) as large:
        verb(probe, "store(uint256)", (LIMIT + 1,))
    assert (large.value.number, large.value.limit) == (LIMIT + 1, LIMIT)
    with pytest.raises(reverts.CalleeRefused) as deep:
        verb(probe, "failDeep(uint256)", (42,))
    assert deep.value.arguments == {"caller": probe.address, "attempt": 42}
    with pytest.raises(Panic) as panic:
        verb(probe, "divide(uint256,uint256)", (1, 0))
    assert panic.value.named == "division by zero"
    with pytest.raises(RevertString) as string:
        verb(probe, "failWithString(string)", ("pläne",))
    assert string.value.reason == "pläne"
    with pytest.raises(UnknownRevert) as raw:
        verb(probe, "failRaw(bytes)", (bytes.fromhex("deadbeef01"),))
    assert raw.value.data == bytes.fromhex("deadbeef01")


def test_a_liar_with_a_known_selector_is_shown_as_it_is(probe: ChainProbe, verb: Verb) -> None:
    """The selector of `NumberTooLarge` with half its arguments."""
    data = reverts.NumberTooLarge.SELECTOR + bytes(32)
    with pytest.raises(UnknownRevert) as caught:
        verb(probe, "failRaw(bytes)", (data,))
    assert caught.value.data == data


def test_a_constructor_that_refuses_is_decoded_too(any_chain: Chain) -> None:
    carol = any_chain.account("carol")
    with pytest.raises(reverts.NumberTooLarge):
        ChainProbe.deploy(any_chain, LIMIT + 1, sender=carol)
    # The failed attempt used up no nonce: the address is the first one's.
    assert ChainProbe.deploy(any_chain, 1, sender=carol).address == (
        "0x47cdF9e3D29823075a50c91b36DCb376A1f2E604"
    )


def test_too_little_gas_is_named_and_enough_gas_works(any_chain: Chain, probe: ChainProbe) -> None:
    data = probe.build("store", 6).data
    for gas in (21_000, 23_000):
        with pytest.raises(OutOfGas):
            any_chain.transact(probe, data, gas=gas)
    assert probe.number() == 5
    any_chain.transact(probe, data, gas=100_000)
    assert probe.number() == 6


def test_endless_work_runs_out_of_gas(any_chain: Chain, probe: ChainProbe) -> None:
    with pytest.raises(OutOfGas):
        any_chain.transact(probe, probe.build("burn_all_gas").data, gas=1_000_000)


# --- time -----------------------------------------------------------------------------------------


def test_every_transaction_is_a_block_one_second_later(any_chain: Chain, probe: ChainProbe) -> None:
    number, start = any_chain.block_number, any_chain.timestamp
    for step in range(1, 4):
        receipt = probe.store(step)
        assert (receipt.block_number, receipt.timestamp) == (number + step, start + step)
        assert probe.clock() == (number + step, start + step, any_chain.chain_id)


def test_fresh_chains_start_at_the_same_second() -> None:
    with Chain.embedded() as embedded, Chain.anvil() as anvil:
        for chain in (embedded, anvil):
            assert (chain.block_number, chain.timestamp) == (0, GENESIS)
            chain.transact(NOBODY)
            assert (chain.block_number, chain.timestamp) == (1, GENESIS + 1)


def test_time_is_advanced_by_one_block(any_chain: Chain, probe: ChainProbe) -> None:
    number, start = any_chain.block_number, any_chain.timestamp
    assert any_chain.advance(days=30, hours=1, minutes=1, seconds=1) == start + 2_595_661
    assert (any_chain.block_number, any_chain.timestamp) == (number + 1, start + 2_595_661)
    assert probe.clock()[1] == start + 2_595_661
    assert probe.store(1).timestamp == start + 2_595_662


def test_the_next_timestamp_can_be_chosen(any_chain: Chain, probe: ChainProbe) -> None:
    start = any_chain.timestamp
    any_chain.set_next_timestamp(start + 100)
    assert any_chain.timestamp == start
    # A transaction that fails is no block: the choice stands.
    with pytest.raises(reverts.OddNumber):
        probe.store_half(3)
    assert probe.store(1).timestamp == start + 100
    assert probe.store(2).timestamp == start + 101


def test_a_transaction_is_tried_at_the_time_it_will_have(any_chain: Chain) -> None:
    """`require(block.timestamp == …)`, in bytecode: revert unless TIMESTAMP equals the calldata."""
    creation = bytes.fromhex("6b 5f35 42 14 600a 57 5f5f fd 5b 00 5f52 600c 6014 f3")
    picky = any_chain.transact(None, creation).contract_address
    assert picky is not None
    start = any_chain.timestamp
    any_chain.transact(picky, (start + 1).to_bytes(32, "big"))
    with pytest.raises(UnknownRevert):
        any_chain.transact(picky, (start + 1).to_bytes(32, "big"))
    any_chain.set_next_timestamp(start + 500)
    any_chain.transact(picky, (start + 500).to_bytes(32, "big"))
    assert any_chain.timestamp == start + 500


@pytest.mark.parametrize("step", [0, -1, -86_400])
def test_time_does_not_go_back(any_chain: Chain, step: int) -> None:
    with pytest.raises(InputError):
        any_chain.set_next_timestamp(any_chain.timestamp + step)
    with pytest.raises(InputError):
        any_chain.advance(step)


def test_empty_blocks_are_one_second_apart(any_chain: Chain) -> None:
    number, start = any_chain.block_number, any_chain.timestamp
    any_chain.mine()
    any_chain.mine(20)
    assert (any_chain.block_number, any_chain.timestamp) == (number + 21, start + 21)
    assert any_chain.block_timestamp(number + 7) == start + 7


# --- snapshots ------------------------------------------------------------------------------------


def test_a_snapshot_undoes_state_time_balances_nonces_and_logs(
    any_chain: Chain, probe: ChainProbe
) -> None:
    def seen() -> tuple[object, ...]:
        return (
            any_chain.block_number,
            any_chain.timestamp,
            probe.number(),
            any_chain.balance(probe),
            any_chain.nonce(any_chain.account("deployer")),
            list(probe.events()),
        )

    probe.store(6)
    before = seen()
    for _ in range(2):
        with any_chain.snapshot():
            probe.store(7, value=5)
            any_chain.advance(days=1)
            inside = ChainProbe.deploy(any_chain, 1)
            assert seen() != before
        assert seen() == before
    assert any_chain.code(inside) == b""
    assert probe.store(8).timestamp == before[1] + 1  # type: ignore[operator]  # an int


def test_a_snapshot_undoes_the_ether_of_accounts_that_were_new_inside(any_chain: Chain) -> None:
    with any_chain.snapshot():
        zoe, yves = any_chain.account("zoe"), any_chain.account("yves")
        any_chain.transact(yves, sender=zoe, value=5)
    assert any_chain.balance(zoe.address) == any_chain.balance(yves.address) == 0
    assert any_chain.balance(any_chain.account("zoe")) == 10_000 * ETHER


def test_a_snapshot_undoes_ether_that_was_given_or_taken_away(any_chain: Chain) -> None:
    """Also where the gift was sent on meanwhile, and where it is more than there was before."""
    alice, bob = any_chain.account("alice"), any_chain.account("bob")
    before = any_chain.balance(alice), any_chain.balance(bob)
    with any_chain.snapshot():
        any_chain.transact(bob, sender=alice, value=before[0] // 2)
        any_chain.set_balance(bob, 7)
        with any_chain.snapshot():
            any_chain.set_balance(alice, 10**30)
            any_chain.transact(bob, sender=alice, value=10**29)
        assert any_chain.balance(bob) == 7
        any_chain.set_balance(alice, 0)
    assert (any_chain.balance(alice), any_chain.balance(bob)) == before


def test_snapshots_nest_and_survive_errors(any_chain: Chain, probe: ChainProbe) -> None:
    def fail_inside() -> None:
        with any_chain.snapshot():
            probe.store(2)
            raise RuntimeError("boom")

    with any_chain.snapshot():
        probe.store(1)
        with pytest.raises(RuntimeError, match="boom"):
            fail_inside()
        assert probe.number() == 1
        with any_chain.snapshot():
            probe.store(3)
        assert probe.number() == 1
    assert probe.number() == 5


def test_a_chosen_timestamp_is_part_of_a_snapshot(any_chain: Chain, probe: ChainProbe) -> None:
    start = any_chain.timestamp
    with any_chain.snapshot():
        any_chain.set_next_timestamp(start + 1_000)
    assert probe.store(1).timestamp == start + 1
    any_chain.set_next_timestamp(start + 50)
    with any_chain.snapshot():
        assert probe.store(2).timestamp == start + 50
    assert probe.store(3).timestamp == start + 50


# --- batches --------------------------------------------------------------------------------------


def test_a_batch_is_one_block_in_order(any_chain: Chain, probe: ChainProbe) -> None:
    alice, bob = any_chain.account("alice"), any_chain.account("bob")
    start = any_chain.timestamp
    receipts = any_chain.batch(
        probe.build("store", number, sender=who) for number in range(6, 16) for who in (alice, bob)
    )
    assert len(receipts) == 20
    assert {receipt.block_number for receipt in receipts} == {any_chain.block_number}
    assert any_chain.timestamp == start + 1
    events = [receipt.one(NumberStored) for receipt in receipts]
    # Each found what the one before it left: the order is the one given.
    assert [event.previous for event in events] == [5] + [event.number for event in events[:-1]]
    assert [event.log.log_index for event in events if event.log] == list(range(20))
    assert probe.stored_by(alice.address) == probe.stored_by(bob.address) == 10
    assert probe.store(1).timestamp == start + 2


def test_a_batch_with_a_failure_does_nothing_and_says_which(
    any_chain: Chain, probe: ChainProbe
) -> None:
    before = any_chain.block_number, any_chain.timestamp, any_chain.balance(probe)
    with pytest.raises(reverts.NumberTooLarge) as caught:
        any_chain.batch(
            [
                probe.build("store", 6, value=1),
                probe.build("store", LIMIT + 1),
                probe.build("store", 7),
            ]
        )
    assert caught.value.__notes__ == ["transaction 2 of 3 in the batch"]
    assert probe.number() == 5
    assert (any_chain.block_number, any_chain.timestamp, any_chain.balance(probe)) == before
    probe.store(8)
    assert probe.number() == 8


def test_a_batch_that_cannot_be_paid_leaves_nothing_waiting(
    any_chain: Chain, probe: ChainProbe
) -> None:
    alice = any_chain.account("alice")
    before = any_chain.block_number, any_chain.nonce(alice)
    with pytest.raises(InsufficientFunds):
        any_chain.batch(
            [
                probe.build("store", 6, sender=alice),
                probe.build("store", 7, sender=alice, value=10_001 * ETHER),
            ]
        )
    assert (any_chain.block_number, any_chain.nonce(alice)) == before
    probe.store(8, sender=alice)
    assert (any_chain.block_number, any_chain.nonce(alice)) == (before[0] + 1, before[1] + 1)
    assert (probe.number(), probe.stored_by(alice.address)) == (8, 1)


def test_a_batch_may_create_contracts_and_be_empty(any_chain: Chain, probe: ChainProbe) -> None:
    number = any_chain.block_number
    assert any_chain.batch([]) == []
    assert any_chain.block_number == number
    transactions = [Transaction(None, bytes.fromhex("60015f5360015ff3")) for _ in range(2)]
    created = [receipt.contract_address for receipt in any_chain.batch(transactions)]
    assert len(set(created)) == 2
    assert all(any_chain.code(address) == b"\x01" for address in created if address)


# --- events ---------------------------------------------------------------------------------------


def test_past_events_are_found_by_contract_class_and_block(
    any_chain: Chain, probe: ChainProbe
) -> None:
    other = ChainProbe.deploy(any_chain, 0)
    first = probe.store(1).block_number
    other.store(2)
    probe.write("three")
    last = probe.store(4).block_number
    assert [type(event) for event in probe.events()] == [NumberStored, NoteStored, NumberStored]
    assert [event.number for event in probe.events(NumberStored)] == [1, 4]
    assert [event.number for event in probe.events(NumberStored, from_block=first + 1)] == [4]
    assert [event.number for event in probe.events(NumberStored, to_block=last - 1)] == [1]
    both = any_chain.logs([probe, other], [NumberStored.TOPIC], from_block=first)
    assert [log.address for log in both] == [probe.address, other.address, probe.address]


def test_logs_are_filtered_by_topic_and_place(any_chain: Chain, probe: ChainProbe) -> None:
    start = any_chain.block_number + 1
    for number in (1, 2, 3):
        probe.store(number)
    words = [number.to_bytes(32, "big") for number in range(4)]

    def numbers(topics: list[object]) -> list[int]:
        found = any_chain.logs(probe, topics, start)  # type: ignore[arg-type]  # mixed on purpose
        return [int.from_bytes(log.topics[2], "big") for log in found]

    assert numbers([None, None, words[2]]) == [2]
    assert numbers([NumberStored.TOPIC, None, [words[1], words[3]]]) == [1, 3]
    assert numbers([keccak(b"another event")]) == []
    assert numbers([None, None, None, None]) == []
    assert numbers([]) == [1, 2, 3]


def test_events_of_contracts_nobody_knows_are_shown_raw(any_chain: Chain) -> None:
    """LOG1 with topic 1 and no data, in bytecode, of a contract that has no binding."""
    creation = bytes.fromhex("65 60015f5fa100 5f52 6006 601a f3")
    created = any_chain.transact(None, creation).contract_address
    assert created is not None
    (event,) = any_chain.transact(created).events
    assert isinstance(event, UnknownEvent)
    assert (event.topics, event.data) == (((1).to_bytes(32, "big"),), b"")
    assert event.log is not None
    assert event.log.address == created


def test_one_event_means_one(any_chain: Chain, probe: ChainProbe) -> None:
    receipt = probe.emit_many(3)
    assert len(receipt.all(NumberStored)) == 3
    assert receipt.all(NumberStored, address=NOBODY) == []
    with pytest.raises(InputError, match="3 events NumberStored"):
        receipt.one(NumberStored)
    with pytest.raises(InputError, match="0 events NoteStored"):
        receipt.one(NoteStored)


# --- several at once ------------------------------------------------------------------------------


def test_two_connections_share_a_chain_and_its_clock(any_chain: Chain) -> None:
    if not isinstance(any_chain, NodeChain):
        pytest.skip("the embedded chain lives in one process")
    url = any_chain.rpc.name
    probe = ChainProbe.deploy(any_chain, 5)
    with Chain.connect(url) as other:
        same = ChainProbe(other, probe.address)
        start = any_chain.timestamp
        for step in range(1, 7):
            receipt = (probe if step % 2 else same).store(step)
            assert receipt.timestamp == start + step
        other.advance(hours=1)
        assert probe.store(7).timestamp == start + 6 + 3_600 + 1
        assert same.number() == 7


# --- the rest -------------------------------------------------------------------------------------


def test_old_blocks_answer_on_nodes(any_chain: Chain, probe: ChainProbe) -> None:
    before = any_chain.block_number
    assert probe.number(block=before) == 5
    if any_chain.engine != "embedded":
        probe.store(6)
        assert (probe.number(block=before), probe.number()) == (5, 6)


def test_the_genesis_hash_is_a_hash(any_chain: Chain) -> None:
    assert len(bytes.fromhex(any_chain.genesis_hash[2:])) == 32


def test_a_block_hash_tells_whether_a_block_was_replaced(any_chain: Chain) -> None:
    height = any_chain.block_number + 1
    with any_chain.snapshot():
        any_chain.advance(seconds=5)
        first = any_chain.block_hash(height)
    any_chain.advance(seconds=7)
    second = any_chain.block_hash(height)
    assert any_chain.block_hash(height + 1) is None
    if any_chain.engine == "embedded":
        assert (first, second) == (None, None)
    else:
        assert first is not None
        assert second is not None
        assert first != second
        assert any_chain.block_hash(0) == any_chain.genesis_hash


def test_an_estimate_of_gas_is_what_the_call_needs(any_chain: Chain) -> None:
    token = StandardToken.deploy(any_chain, "A", 18)
    alice, bob = any_chain.account("alice"), any_chain.account("bob")
    token.mint(alice, 5, sender=alice)
    height = any_chain.block_number
    give = token.build("transfer", bob.address, 5)
    told = any_chain.estimate_gas(token, give.data, sender=alice)
    if any_chain.engine == "embedded":
        assert told is None
        return
    receipt = any_chain.transact(token, give.data, sender=alice)
    assert told is not None
    assert receipt.gas_used <= told <= receipt.gas_used * 5 // 4 + 1
    assert receipt.block_number == height + 1
    with pytest.raises(Reverted):
        any_chain.estimate_gas(token, give.data, sender=alice)
