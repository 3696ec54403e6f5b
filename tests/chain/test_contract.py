"""The base of the bindings: building, naming, decoding."""

from __future__ import annotations

import pytest

from defi_kit.bindings import ChainProbe
from defi_kit.bindings.chain_probe import Note, NoteStored, NumberStored
from defi_kit.chain import Chain, Contract, Event, Log, Transaction
from defi_kit.chain.abi import encode
from defi_kit.chain.values import UnknownEvent
from defi_kit.errors import AddressError, ArtifactError, BadResponse, InputError

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@pytest.fixture
def probe(chain: Chain) -> ChainProbe:
    return ChainProbe.deploy(chain, 5)


def test_a_call_is_built_under_its_python_and_its_solidity_name(probe: ChainProbe) -> None:
    built = probe.build("store_half", 4, value=3)
    assert built == probe.build("storeHalf", 4, value=3)
    assert built == Transaction(probe.address, built.data, None, 3)
    assert built.data[-1] == 4


def test_an_unknown_function_is_answered_with_the_nearest(probe: ChainProbe) -> None:
    with pytest.raises(
        InputError, match=r"ChainProbe has no function stor.*\n.*did you mean store"
    ):
        probe.build("stor", 4)
    with pytest.raises(InputError, match="no function zzz"):
        probe.build("zzz")


def test_an_overloaded_solidity_name_needs_the_python_one(chain: Chain) -> None:
    class Overloaded(Contract):
        FUNCTIONS = {"get_index": "get(uint256)()", "get_name": "get(string)()"}  # noqa: RUF012

    contract = Overloaded(chain, ADDRESS)
    with pytest.raises(InputError, match="use one of get_index, get_name"):
        contract.build("get", 1)
    assert contract.build("get_index", 1).data[-1] == 1


def test_arguments_may_be_accounts_contracts_and_structs(chain: Chain, probe: ChainProbe) -> None:
    alice = chain.account("alice")
    assert probe.build("stored_by", alice) == probe.build("stored_by", alice.address)
    assert probe.build("stored_by", probe) == probe.build("stored_by", probe.address)
    note = Note(alice.address, 1, 2, "text")
    types = ["(address,uint64,uint128,string)[]", "(address,bytes,uint8,bool)"]
    plain = [[(alice.address, 1, 2, "text")], (probe.address, b"x", 5, True)]
    assert encode(types, [[note], (probe, b"x", 5, True)]) == encode(types, plain)
    assert Note.from_tuple(note.to_tuple()) == note


def test_contracts_are_equal_by_address_on_one_chain(chain: Chain, probe: ChainProbe) -> None:
    assert probe == ChainProbe(chain, probe.address.lower())
    assert len({probe, ChainProbe(chain, probe.address)}) == 1
    assert probe != ChainProbe(Chain.embedded(), probe.address)
    assert probe != probe.address
    assert repr(probe) == f"ChainProbe({probe.address})"


def test_a_wrong_address_is_refused_at_once(chain: Chain) -> None:
    with pytest.raises(AddressError):
        ChainProbe(chain, ADDRESS.replace("A", "a"))


def test_a_view_of_an_address_without_code_says_so(chain: Chain) -> None:
    with pytest.raises(BadResponse, match=r"number\(\): the call returned nothing") as caught:
        ChainProbe(chain, ADDRESS).number()
    assert caught.value.hint is not None


def test_sending_to_an_address_without_code_is_refused(chain: Chain, probe: ChainProbe) -> None:
    before = chain.block_number
    with pytest.raises(InputError, match=f"no ChainProbe at {ADDRESS}"):
        ChainProbe(chain, ADDRESS).store(1)
    assert chain.block_number == before
    ChainProbe(chain, probe.address).store(1)


def test_a_contract_the_kit_does_not_carry_cannot_be_deployed(chain: Chain) -> None:
    class Missing(Contract):
        ARTIFACT = "NoSuchContract"

    with pytest.raises(ArtifactError, match="NoSuchContract"):
        Missing._deploy(chain, "()")


def test_an_event_is_recognised_by_topic_and_number_of_topics(chain: Chain) -> None:
    words = (NumberStored.TOPIC, bytes(32), (6).to_bytes(32, "big"))
    log = Log(ADDRESS, words, (5).to_bytes(32, "big"), 1, 2, "0x", 0)
    chain.register(ADDRESS, ChainProbe.EVENTS)
    assert chain.decode_log(log) == NumberStored("0x" + "0" * 40, 6, 5)
    for other in (
        Log(ADDRESS, words[:2], log.data, 1, 2, "0x", 0),  # too few topics
        Log(ADDRESS, (), log.data, 1, 2, "0x", 0),  # anonymous
        Log(ADDRESS, words, b"", 1, 2, "0x", 0),  # malformed
        Log("0x" + "0" * 40, words, log.data, 1, 2, "0x", 0),  # of a contract nobody registered
    ):
        event: Event = chain.decode_log(other)
        assert event == UnknownEvent(other.topics, other.data)
        assert event.log is other


def test_events_are_equal_by_what_they_say_not_by_where_they_were(probe: ChainProbe) -> None:
    first, second = probe.write("a"), probe.write("b")
    one, other = first.one(NoteStored), second.one(NoteStored)
    assert one != other
    assert one.log != other.log
    assert NumberStored("x", 1, 2) == NumberStored("x", 1, 2, log=one.log)
