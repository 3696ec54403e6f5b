"""What events tell of, once each: whatever the chain undoes, the same as reading it all again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit.bindings import MockToken
from defi_kit.bindings.mock_token import Transfer
from defi_kit.chain import Chain
from defi_kit.chain import register as module
from defi_kit.chain.register import Register


class People:
    """Whoever got tokens, looked up once and again."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.token = MockToken.deploy(chain, "T", 18)
        self.read: list[tuple[int, int]] = []
        self.register = Register(chain, self.told)

    def told(self, first: int, last: int) -> Iterator[tuple[str, int]]:
        self.read.append((first, last))
        for event in self.token.events(Transfer, from_block=first, to_block=last):
            assert event.log is not None
            yield event.to, event.log.block_number

    def pay(self, name: str) -> None:
        self.token.mint(self.chain.account(name), 1)

    def known(self, block: int | None = None) -> list[str]:
        """As the register has it, which is as reading it all again has it."""
        known = self.register.known(block)
        last = self.chain.block_number if block is None else block
        again = dict.fromkeys(event.to for event in self.token.events(Transfer, to_block=last))
        assert known == list(again)
        return known


@pytest.fixture
def people(any_chain: Chain) -> People:
    return People(any_chain)


def test_a_block_is_read_once(people: People) -> None:
    people.pay("alice")
    people.pay("bob")
    assert len(people.known()) == 2
    people.pay("alice")
    people.pay("carol")
    assert len(people.known()) == 3
    assert len(people.known()) == 3
    height = people.chain.block_number
    assert people.read == [(0, height - 2), (height - 1, height)]


def test_an_earlier_block_knows_fewer(people: People) -> None:
    people.pay("alice")
    height = people.chain.block_number
    people.pay("bob")
    assert len(people.known(height)) == 1
    assert len(people.known()) == 2
    assert len(people.known(height)) == 1
    assert people.known(height - 1) == []


def test_what_a_snapshot_undoes_is_forgotten_and_no_more(people: People) -> None:
    people.pay("alice")
    people.known()
    height = people.chain.block_number
    with people.chain.snapshot():
        people.pay("bob")
        people.pay("carol")
        assert len(people.known()) == 3
    people.pay("dave")
    people.pay("erin")  # as many blocks as were undone, with others in them
    dave, erin = (people.chain.account(name).address for name in ("dave", "erin"))
    assert people.known()[1:] == [dave, erin]
    assert people.read[-1] == (height + 1, height + 2)


def test_a_look_that_broke_off_is_done_again(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.pay("alice")
    people.pay("bob")

    def broken(first: int, last: int) -> Iterator[tuple[str, int]]:
        yield people.chain.account("mallory").address, last
        raise ConnectionError

    with monkeypatch.context() as patch, suppress(ConnectionError):
        patch.setattr(people.register, "_told", broken)
        people.register.known()
    assert len(people.known()) == 2


steps = st.lists(
    st.one_of(st.sampled_from(("in", "out", "look", "mine")), st.integers(0, 9)), max_size=60
)


@given(steps, st.integers(2, 6))
def test_it_is_as_reading_all_again_whatever_is_undone(steps: list[str | int], marks: int) -> None:
    with pytest.MonkeyPatch.context() as patch, Chain.embedded() as chain:
        patch.setattr(module, "MARKS", marks)
        people = People(chain)
        undone = []
        for step in steps:
            if isinstance(step, int):
                people.pay(f"person {step}")
            elif step == "in":
                undone.append(chain.snapshot())
                undone[-1].__enter__()
            elif step == "out" and undone:
                undone.pop().__exit__(None, None, None)
            elif step == "mine":
                chain.mine()
            elif step == "look":
                people.known()
        people.known()
        while undone:
            undone.pop().__exit__(None, None, None)
            people.known()
