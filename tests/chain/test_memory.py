"""The embedded chain in bounded memory: a renewed EVM, logs in a file, timestamps by the run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defi_kit.bindings import ChainProbe, FaucetToken
from defi_kit.chain import Chain, embedded, logbook
from defi_kit.chain.clock import Clock
from defi_kit.chain.embedded import EmbeddedChain
from defi_kit.chain.renewal import copy_state
from defi_kit.errors import Reverted

PEOPLE = [f"person {n}" for n in range(12)]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedChain]:
    """A chain that renews its EVM and files its logs away all the time."""
    monkeypatch.setattr(embedded, "LONGEST_JOURNAL", 7)
    monkeypatch.setattr(logbook, "KEPT", 10)
    monkeypatch.setattr(logbook, "UNREAD", 3)
    with Chain.embedded() as chain:
        yield chain


def live(chain: Chain) -> tuple[FaucetToken, ChainProbe]:
    """Deployments, transfers, refusals, snapshots, batches, impersonation, leaps of the clock."""
    token = FaucetToken.deploy(chain, "Token", "T", 18, chain.account("owner"))
    probe = ChainProbe.deploy(chain, 5, value=7)
    for number, name in enumerate(PEOPLE * 3):
        who = chain.account(name)
        token.mint(who, 100 + number, sender=chain.account("owner"))
        token.transfer(chain.account(PEOPLE[number % 5]), number, sender=who)
        with pytest.raises(Reverted):
            token.transfer(who, 10**30, sender=who)
        if number % 4 == 0:
            with chain.snapshot():
                token.transfer(probe, 1, sender=who)
                probe.store(99)
                chain.advance(days=1)
            token.approve(probe, number, sender=who)
            chain.advance(hours=number + 1)
        if number % 6 == 0:
            chain.batch([token.build("transfer", probe, 2, sender=who)] * 2)
            token.transfer(who, 1, sender=chain.impersonate(probe))
            chain.set_balance(who, number)
        probe.store(number)
    return token, probe


def seen(chain: Chain) -> list[object]:
    """All that a chain shows after `live`."""
    token, probe = live(chain)
    people = [chain.account(name) for name in PEOPLE]
    return [
        [(token.balance_of(who), token.allowance(who, probe)) for who in people],
        [(chain.balance(who), chain.nonce(who)) for who in people],
        [chain.nonce(token), chain.nonce(chain.default_sender), chain.balance(probe)],
        [token.total_supply(), token.balance_of(probe), probe.number()],
        [chain.code(token), chain.code(probe), chain.code(people[0])],
        [chain.block_timestamp(block) for block in range(chain.block_number + 1)],
        list(chain.logs()),
        list(chain.logs(token, from_block=40, to_block=70)),
        list(chain.logs([token, probe], [None, [bytes(32)]])),
    ]


def test_a_renewed_chain_shows_what_one_shows_that_never_was(small: EmbeddedChain) -> None:
    found = seen(small)
    assert len(small._book._pages) > 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "LONGEST_JOURNAL", 10**9)
        patch.setattr(logbook, "KEPT", 10**9)
        with Chain.embedded() as plain:
            assert seen(plain) == found
            assert plain._evm.journal_len > 2 * small._evm.journal_len
            assert not plain._book._pages


def test_nothing_is_renewed_or_filed_away_that_a_snapshot_must_undo(small: EmbeddedChain) -> None:
    token, probe = live(small)
    before, logs = token.balance_of(probe), list(small.logs())
    with small.snapshot():
        for _ in range(50):
            token.mint(probe, 1, sender=small.account("owner"))
        assert len(list(small.logs())) == len(logs) + 50
    assert token.balance_of(probe) == before
    assert list(small.logs()) == logs


def test_an_unexpected_text_of_the_evm_renews_nothing(small: EmbeddedChain) -> None:
    token, _ = live(small)

    class Strange:
        """An EVM whose debugging text has changed."""

        def __init__(self, text: str) -> None:
            self.journal_str = text
            self.journal_state = small._evm.journal_state

    right = small._evm.journal_str
    for text in (
        "",
        right.replace("JournaledState { state", "JournaledState { accounts"),
        right.replace("transient_storage", "transient"),
        re.sub(r"(\d+): StorageSlot", r"0x\1: StorageSlot", right, count=1),
        right.replace(token.address.lower(), "0x" + "12" * 20),
    ):
        assert copy_state(Strange(text), None) is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "copy_state", lambda old, new: None)
        for _ in range(30):
            token.mint(token, 1, sender=small.account("owner"))
    assert token.balance_of(token) == 30


def test_a_forked_process_leaves_its_parents_logs_alone(small: EmbeddedChain) -> None:
    token, _ = live(small)
    expected = list(small.logs())
    child = os.fork()
    if child == 0:
        for _ in range(30):
            token.mint(token, 1, sender=small.account("owner"))
        os._exit(0 if list(small.logs())[: len(expected)] == expected else 1)
    assert os.waitpid(child, 0)[1] == 0
    for _ in range(30):
        token.mint(token, 2, sender=small.account("owner"))
    assert list(small.logs())[: len(expected)] == expected
    assert len(list(small.logs())) == len(expected) + 30


LIFE = """
import re, sys
from pathlib import Path
from defi_kit import Chain
from defi_kit.bindings import FaucetToken
from defi_kit.chain import embedded, logbook

if sys.argv[1] == "bounded":
    embedded.LONGEST_JOURNAL, logbook.KEPT, logbook.UNREAD = 3_000, 2_000, 1_000
else:
    embedded.LONGEST_JOURNAL = logbook.KEPT = logbook.UNREAD = 10**9
chain, sizes = Chain.embedded(), []
token = FaucetToken.deploy(chain, "Token", "T", 18, chain.account("owner"))
for _ in range(6):
    for _ in range(6_000):
        token.mint(token, 1, sender=chain.account("owner"))
    status = Path("/proc/self/status").read_text()
    sizes.append(int(re.search(r"VmRSS:\\s+(\\d+) kB", status)[1]))
print(sizes[-1] - sizes[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_is_flat() -> None:
    """In processes of their own: with a worker's heap it would be the heap that is measured."""
    grown = {
        case: int(subprocess.check_output([sys.executable, "-c", LIFE, case]))  # [kB]
        for case in ("bounded", "kept")
    }
    assert grown["kept"] > 16_000  # 24,000 mints, in the journal and as logs
    assert grown["bounded"] < grown["kept"] / 3


@given(steps=st.lists(st.integers(1, 3), max_size=40), cuts=st.lists(st.integers(0, 60)))
def test_a_clock_tells_what_a_list_of_timestamps_tells(steps: list[int], cuts: list[int]) -> None:
    clock, plain = Clock(1_000), [1_000]
    for number, step in enumerate(steps):
        clock.add(clock.timestamp + step)
        plain.append(plain[-1] + step)
        if number < len(cuts) and cuts[number] < len(plain):
            clock.cut(cuts[number])
            del plain[cuts[number] + 1 :]
        assert (clock.number, clock.timestamp) == (len(plain) - 1, plain[-1])
        assert [clock.at(block) for block in range(len(plain))] == plain
