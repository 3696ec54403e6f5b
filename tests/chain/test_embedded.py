"""What is particular to the embedded engine, and how fast it is."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from defi_kit.bindings import ChainProbe
from defi_kit.chain import GENESIS, Account, Chain
from defi_kit.errors import ChainError, InputError, NotSupported


@pytest.fixture
def probe(chain: Chain) -> ChainProbe:
    return ChainProbe.deploy(chain, 5, value=7)


def test_only_the_latest_block_can_be_asked(chain: Chain, probe: ChainProbe) -> None:
    assert probe.number(block=chain.block_number) == 5
    with pytest.raises(NotSupported, match="latest block"):
        probe.number(block=chain.block_number - 1)


def test_gas_is_never_passed_off_as_exact(probe: ChainProbe) -> None:
    assert probe.store(1).gas_exact is False


def test_two_chains_know_nothing_of_each_other_and_agree_to_the_hash() -> None:
    receipts = []
    for _ in range(2):
        with Chain.embedded() as chain:
            probe = ChainProbe.deploy(chain, 5)
            probe.store(6, sender=chain.account("alice"))
            receipts.append(probe.store(7))
    assert receipts[0] == receipts[1]
    assert receipts[0].hash == receipts[1].hash


def test_chains_of_another_id_say_so_inside() -> None:
    chain = Chain.embedded(chain_id=1)
    assert ChainProbe.deploy(chain, 5).clock() == (1, GENESIS + 1, 1)
    assert chain.genesis_hash != Chain.embedded().genesis_hash


def test_a_contract_cannot_be_made_to_deploy(chain: Chain, probe: ChainProbe) -> None:
    with pytest.raises(NotSupported):
        ChainProbe.deploy(chain, 5, sender=chain.impersonate(probe.address))


def test_blocks_that_are_not_there_are_refused(chain: Chain) -> None:
    for block in (-1, chain.block_number + 1):
        with pytest.raises(InputError, match="no block"):
            chain.block_timestamp(block)


def test_an_account_first_asked_for_in_a_snapshot_is_funded_again_after_it(chain: Chain) -> None:
    with chain.snapshot():
        chain.account("zoe")
    assert chain.balance(chain.account("zoe")) == 10_000 * 10**18


def test_many_snapshots_and_views_do_not_use_up_the_call_stack(
    chain: Chain, probe: ChainProbe
) -> None:
    """An EVM checkpoint left open would count against the 1,024 levels of calls."""
    for _ in range(2_000):
        with chain.snapshot():
            probe.store(1)
        probe.number()
    chain.batch([probe.build("store", 2)] * 2)
    assert probe.number() == 2


def test_logs_of_a_long_history_are_found_quickly(chain: Chain, probe: ChainProbe) -> None:
    first = probe.store(1).block_number
    for _ in range(20):
        probe.emit_many(100)
    assert len(list(chain.logs(probe))) == 2_001
    assert len(list(chain.logs(probe, from_block=first, to_block=first))) == 1


def test_thousands_of_transactions_a_second(chain: Chain, probe: ChainProbe) -> None:
    """Some 28,000 on the machine this was written on; an order of magnitude of slack. Of this
    process's own time: what else the machine does is not counted."""
    alice: Account = chain.account("alice")
    start = time.process_time()
    for number in range(2_000):
        probe.store(number, sender=alice)
    assert 2_000 / (time.process_time() - start) > 2_000


def test_the_embedded_path_imports_nothing_heavy() -> None:
    program = (
        "import sys; from defi_kit.chain import Chain; from defi_kit.bindings import ChainProbe\n"
        "ChainProbe.deploy(Chain.embedded(), 5).store(6)\n"
        "heavy = {'web3', 'eth_account', 'eth_utils', 'pydantic', 'eth_abi', 'faster_eth_abi',"
        " 'websockets', 'hypothesis', 'requests'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert output.strip() == "[]"


def test_snapshots_left_out_of_order_are_refused_and_change_nothing() -> None:
    with Chain.embedded() as chain:
        outer, inner = chain.snapshot(), chain.snapshot()
        outer.__enter__()
        chain.mine(3)
        inner.__enter__()
        chain.mine(2)
        outer.__exit__(None, None, None)
        assert chain.block_number == 0
        chain.mine(1)
        with pytest.raises(ChainError, match="undone already"):
            inner.__exit__(None, None, None)
        assert chain.block_number == 1


def test_a_closed_chain_says_so() -> None:
    chain = Chain.embedded()
    alice = chain.account("alice")
    chain.close()
    with pytest.raises(ChainError, match="closed"):
        chain.balance(alice)
