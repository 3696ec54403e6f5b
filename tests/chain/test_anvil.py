"""The Anvil launcher: what it starts it ends, whatever happens."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from defi_kit.bindings import ChainProbe, FaucetToken, MockToken
from defi_kit.chain import Chain
from defi_kit.chain import anvil as anvil_module
from defi_kit.chain.anvil import AnvilChain, find_anvil
from defi_kit.chain.pruning import forget
from defi_kit.errors import (
    AnvilNotFound,
    ChainError,
    ChainTimeout,
    ConnectionFailed,
    InputError,
    NotSupported,
    PortInUse,
    WrongChain,
)

pytestmark = pytest.mark.chain


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A dead child nobody has waited for is a zombie: not running.
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


ENOUGH = 60
"""For what takes a moment, on a machine that has much else to do. [seconds]"""


def until(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + ENOUGH
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def wait_until_gone(pid: int) -> bool:
    return until(lambda: not is_running(pid))


def test_anvil_runs_on_loopback_and_ends_with_close() -> None:
    with Chain.anvil() as chain:
        assert (chain.engine, chain.chain_id, chain.is_local) == ("anvil", 31337, True)
        assert chain.url == f"http://127.0.0.1:{chain.port}"
        assert is_running(chain.pid)
        chain.transact("0x" + "11" * 20, value=1)
    assert not is_running(chain.pid)
    chain.close()
    with pytest.raises(ConnectionFailed):
        chain.block_number  # noqa: B018  # asking is the point


def test_many_run_side_by_side_on_their_own_ports() -> None:
    chains = [Chain.anvil() for _ in range(4)]
    try:
        assert len({chain.port for chain in chains}) == 4
        chains[0].mine(3)
        assert [chain.block_number for chain in chains] == [3, 0, 0, 0]
    finally:
        for chain in chains:
            chain.close()


def test_a_chain_that_is_forgotten_ends_too() -> None:
    chain = Chain.anvil()
    pid = chain.pid
    chain.rpc.close()
    del chain
    gc.collect()  # chain and node know each other
    assert wait_until_gone(pid)


def test_chain_id_hardfork_and_other_options_are_anvils() -> None:
    with Chain.anvil(chain_id=1234, hardfork="prague", arguments=("--accounts", "3")) as chain:
        assert (chain.chain_id, chain.is_local) == (1234, True)
        assert len(chain.rpc.request("eth_accounts")) == 3


# --- what can go wrong ----------------------------------------------------------------------------


def test_a_port_in_use_is_refused_and_the_other_left_alone() -> None:
    with Chain.anvil() as first:
        with pytest.raises(PortInUse, match=f"port {first.port} "):
            Chain.anvil(first.port)
        assert first.block_number == 0
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUse):
            Chain.anvil(port)
    with Chain.anvil(port) as chain:  # now it is free
        assert chain.port == port


@pytest.mark.parametrize("port", [0, -1, 65_536, "8545", 1.5])
def test_a_port_that_is_none_is_refused(port: object) -> None:
    with pytest.raises(InputError):
        Chain.anvil(port)  # type: ignore[arg-type]  # that is the point


def test_anvil_missing_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(AnvilNotFound) as caught:
        Chain.anvil()
    assert caught.value.hint is not None
    assert "npm install" in caught.value.hint
    with pytest.raises(AnvilNotFound):
        Chain.anvil(program=tmp_path / "anvil")


def test_anvil_is_found_in_node_modules_of_a_folder_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "node_modules" / ".bin" / "anvil"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    assert find_anvil() == str(program)


def test_an_option_anvil_does_not_know_is_shown() -> None:
    with pytest.raises(ChainError, match=r"did not start: .*--no-such-option"):
        Chain.anvil(arguments=("--no-such-option",))


def test_a_program_that_never_listens_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, pids = tmp_path / "anvil", []
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)

    class Noted(anvil_module._Process):
        def __init__(self, anvil: subprocess.Popen[bytes], *rest: Any) -> None:
            pids.append(anvil.pid)
            super().__init__(anvil, *rest)

    monkeypatch.setattr(anvil_module, "_Process", Noted)
    with pytest.raises(ChainTimeout, match="did not start"):
        Chain.anvil(program=program, timeout=0.5)
    assert wait_until_gone(*pids)


def test_the_child_is_ended_when_the_constructor_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    def fail(self: AnvilChain, *args: object) -> None:
        started.append(self.pid)
        raise WrongChain("for the test")

    monkeypatch.setattr(AnvilChain, "_identify", fail)
    with pytest.raises(WrongChain):
        Chain.anvil()
    assert wait_until_gone(started[0])


def test_a_wrapper_and_the_program_it_starts_both_end(tmp_path: Path) -> None:
    wrapper = tmp_path / "anvil"
    child = tmp_path / "child"
    wrapper.write_text(f'#!/bin/sh\n"{find_anvil()}" "$@" &\necho $! > "{child}"\nwait\n')
    wrapper.chmod(0o755)
    with Chain.anvil(program=wrapper) as chain:
        pid = int(child.read_text())
        assert pid != chain.pid
        assert is_running(pid)
    assert wait_until_gone(pid)


# --- the end of the parent ------------------------------------------------------------------------

# A shell that starts a job in the background makes it ignore SIGINT, and its children after it.
PARENT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from defi_kit.chain import Chain
chain = Chain.anvil()
print(chain.pid, flush=True)
{}
"""


def start_parent(*statements: str) -> tuple[subprocess.Popen[str], int]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format("\n".join(statements))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_anvil_dies_with_its_parent(number: signal.Signals) -> None:
    parent, pid = start_parent("time.sleep(600)")
    assert is_running(pid)
    parent.send_signal(number)
    parent.communicate(timeout=ENOUGH)
    assert wait_until_gone(pid)


def test_anvil_ends_with_a_parent_that_forgets_to_close() -> None:
    parent, pid = start_parent("sys.exit(3)")
    assert parent.wait(ENOUGH) == 3
    parent.communicate()
    assert wait_until_gone(pid)


@pytest.mark.parametrize("ending", ["chain.close()", "sys.exit(3)", "os.kill(os.getpid(), 9)"])
def test_nothing_is_left_in_the_folder_for_old_states(ending: str) -> None:
    parent, pid = start_parent(
        "import os",
        "print(chain._process.folder, flush=True)",
        ending,
    )
    assert parent.stdout is not None
    folder = parent.stdout.readline().strip()
    assert folder
    parent.communicate(timeout=ENOUGH)
    assert wait_until_gone(pid)
    assert until(lambda: not Path(folder).exists())


def test_anvil_outlives_the_thread_that_started_it() -> None:
    parent, pid = start_parent(
        "import threading",
        "chains = []",
        "thread = threading.Thread(target=lambda: chains.append(Chain.anvil()))",
        "thread.start(); thread.join(); time.sleep(0.3)",
        "print(chains[0].block_number, flush=True)",
    )
    output, _ = parent.communicate(timeout=ENOUGH)
    assert output.split() == ["0"]
    assert wait_until_gone(pid)


def test_a_fork_of_the_parent_that_ends_does_not_end_anvil() -> None:
    parent, pid = start_parent(
        "import os",
        "child = os.fork()",
        "if child == 0: sys.exit(0)",
        "os.waitpid(child, 0)",
        "print(chain.block_number, flush=True)",
    )
    output, _ = parent.communicate(timeout=ENOUGH)
    assert output.split() == ["0"]
    assert wait_until_gone(pid)


# --- endurance ------------------------------------------------------------------------------------


def test_anvil_survives_ten_thousand_transactions() -> None:
    """An Anvil whose output nobody drains freezes after about 170."""
    with Chain.anvil() as chain:
        probe = ChainProbe.deploy(chain, 0)
        for start in range(0, 10_000, 1_000):
            chain.batch([probe.build("store", number) for number in range(start, start + 1_000)])
        assert probe.number() == 9_999
        assert probe.stored_by(chain.account("deployer").address) == 10_000
        for number in range(300):  # and the slow way, block by block
            probe.store(number)
        assert chain.block_number == 1 + 10 + 300


# --- web3 -----------------------------------------------------------------------------------------


def live(chain: AnvilChain, blocks: int) -> list[object]:
    """Some life, and how the chain is after each bit of it."""
    token = MockToken.deploy(chain, "T", 18)
    seen: list[object] = []
    for number in range(blocks):
        if number % 7 == 3:
            chain.advance(minutes=5)
        if number % 11 == 5:
            with chain.snapshot():
                token.mint(chain.account("alice"), 1_000)
                token.mint(chain.account("undone"), 1_000)
        if number % 5 == 2:
            one = token.build("mint", chain.account("bob"), 2)
            chain.batch([one, one])
        token.mint(chain.account("alice"), number)
        token.approve(chain.account("bob"), number, sender=chain.impersonate(token))
        people = [chain.account(name) for name in ("alice", "bob", "deployer")]
        seen.append(
            (
                [token.balance_of(one) for one in people],
                [chain.nonce(one) for one in people],
                [chain.balance(one) for one in people],
                chain.block_number,
                chain.timestamp,
                chain.genesis_hash,
            )
        )
    return seen


def test_an_anvil_that_forgets_is_otherwise_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anvil_module, "OFTEN", 10)
    forgets = 0

    def counted(*args: Any) -> None:
        nonlocal forgets
        forgets += 1
        forget(*args)

    monkeypatch.setattr(anvil_module, "forget", counted)
    with Chain.anvil() as whole, Chain.anvil(history=12) as short:
        assert live(short, 60) == live(whole, 60)
        assert forgets > 5
        latest, every = short.block_number, list(whole.logs())
        kept = list(short.logs(from_block=latest - 11))
        place = [(log.block_number, log.log_index, log.data) for log in kept]
        assert place == [
            (log.block_number, log.log_index, log.data)
            for log in every
            if log.block_number > latest - 12
        ]
        assert len(list(short.logs())) < 40 < len(every)
        assert short.block_timestamp(latest - 11) == whole.block_timestamp(latest - 11)


def test_inside_a_snapshot_nothing_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anvil_module, "OFTEN", 10)
    with Chain.anvil(history=5) as chain:
        token = MockToken.deploy(chain, "T", 18)
        with chain.snapshot():
            for number in range(40):
                token.mint(chain.account("alice"), number)
            assert len(list(chain.logs(token))) == 40
        assert token.balance_of(chain.account("alice")) == 0


@pytest.mark.parametrize("history", [0, -1, 1.5, "all"])
def test_a_history_that_is_no_number_of_blocks_is_refused(history: Any) -> None:
    with pytest.raises(InputError):
        Chain.anvil(history=history)


def test_w3_is_web3_on_the_same_node() -> None:
    with Chain.anvil() as chain:
        chain.set_balance("0x" + "11" * 20, 77)
        assert chain.w3.eth.chain_id == 31337
        assert chain.w3.eth.get_balance(chain.w3.to_checksum_address("0x" + "11" * 20)) == 77
        assert chain.w3 is chain.w3


def test_w3_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "web3", None)
    with Chain.anvil() as chain, pytest.raises(NotSupported, match=r"defi-kit\[web3\]"):
        chain.w3  # noqa: B018


def test_w3_of_the_embedded_chain_is_refused() -> None:
    with Chain.embedded() as chain, pytest.raises(NotSupported, match="no node"):
        chain.w3  # noqa: B018


# --- other carriers -------------------------------------------------------------------------------


def test_websocket_and_ipc_carry_the_same_answers(socket_path: Path) -> None:
    with Chain.anvil(arguments=("--ipc", str(socket_path))) as chain:
        probe = ChainProbe.deploy(chain, 5)
        for endpoint in (f"ws://127.0.0.1:{chain.port}", socket_path, str(socket_path)):
            with Chain.connect(endpoint) as other:
                same = ChainProbe(other, probe.address)
                before = same.number()
                same.store(before + 1)
                assert probe.number() == before + 1
                assert len(list(same.events())) == len(list(probe.events()))
                other.batch([same.build("store", number) for number in (7, 8, 9)])
                assert probe.number() == 9
                assert other.w3.eth.chain_id == 31337


def test_a_node_that_dies_between_two_transactions_is_reported() -> None:
    with Chain.anvil() as chain, Chain.connect(chain.url) as other:
        probe = ChainProbe.deploy(other, 5)
        os.kill(chain.pid, signal.SIGKILL)
        with pytest.raises(ConnectionFailed):
            probe.store(6)
        with pytest.raises(ConnectionFailed):
            other.batch([probe.build("store", 7)] * 2)


def test_a_node_that_dies_is_reported_by_every_carrier(socket_path: Path) -> None:
    with Chain.anvil(arguments=("--ipc", str(socket_path))) as chain:
        endpoints = (chain.url, f"ws://127.0.0.1:{chain.port}", socket_path)
        others = [Chain.connect(endpoint, timeout=ENOUGH) for endpoint in endpoints]
        chain.close()
        for other in others:
            with pytest.raises(ConnectionFailed):
                other.block_number  # noqa: B018
            other.close()


def test_a_snapshot_is_undone_only_when_no_transaction_is_waiting() -> None:
    """Anvil tells a receipt before it takes the transaction off its list. Reverted in between, the
    next trial, on the pending block, saw that transaction done: once in some thousand times."""
    with Chain.anvil() as chain:
        token = FaucetToken.deploy(chain, "Token", "T", 18, chain.default_sender)
        token.mint(chain.default_sender, 100)
        answers = [{"pending": "0x1"}, {"pending": "0x1"}, {"pending": "0x0"}]
        asked, request = [], chain.rpc.request

        def told(method: str, *params: object) -> object:
            if method != "txpool_status":
                return request(method, *params)
            asked.append(method)
            return answers.pop(0)

        chain.rpc.request = told  # type: ignore[method-assign]
        with chain.snapshot():
            token.transfer(chain.account("bob"), 100)
        assert len(asked) == 3
        assert token.transfer(chain.account("bob"), 100).block_number
