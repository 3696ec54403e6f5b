"""Nodes for the engine tests, started here on free ports and ended here."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from defi_kit.bindings import ChainProbe
from defi_kit.chain import Chain
from defi_kit.chain.anvil import AnvilChain
from defi_kit.errors import ChainError

HARDHAT_FOLDER = Path(__file__).parents[2] / "tools" / "hardhat"
ENGINES = ("embedded", "anvil", "connect to anvil", "connect to hardhat")


@pytest.fixture(scope="session")
def anvil_node() -> Iterator[AnvilChain]:
    """An Anvil for those who connect to it by its address."""
    with Chain.anvil() as chain:
        yield chain


@pytest.fixture(scope="session")
def hardhat_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Hardhat node."""
    program = HARDHAT_FOLDER / "node_modules" / ".bin" / "hardhat"
    if not program.exists() or shutil.which("node") is None:
        pytest.skip("Hardhat is not installed: `npm ci` in tools/hardhat (make test does it)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    output = tmp_path_factory.mktemp("hardhat") / "output"
    with output.open("wb") as file:
        node = subprocess.Popen(
            [program, "node", "--hostname", "127.0.0.1", "--port", str(port)],
            cwd=HARDHAT_FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HARDHAT_DISABLE_TELEMETRY_PROMPT": "true"},
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, node, output)
        yield url
    finally:
        node.kill()
        node.wait()


def _wait_for(url: str, node: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and node.poll() is None:
        try:
            Chain.connect(url, timeout=5).close()
            return
        except ChainError:
            time.sleep(0.1)
    said = re.sub(r"0x[0-9a-f]{64}", "", output.read_text())[-2000:]
    raise RuntimeError(f"Hardhat did not start: {said}")


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """For a socket of a node. Paths of sockets have room for a hundred characters, which pytest's
    own folders may have used up."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder) / "node.ipc"


@pytest.fixture(scope="session")
def chains() -> Iterator[dict[str, Chain]]:
    """The chain of each engine that was asked for so far."""
    opened: dict[str, Chain] = {}
    yield opened
    for chain in opened.values():
        chain.close()


def open_engine(engine: str, request: pytest.FixtureRequest) -> Chain:
    if engine == "embedded":
        return Chain.embedded()
    if engine == "anvil":
        return Chain.anvil()
    if engine == "connect to anvil":
        return Chain.connect(request.getfixturevalue("anvil_node").url)
    return Chain.connect(request.getfixturevalue("hardhat_url"))


@pytest.fixture(params=ENGINES)
def any_chain(request: pytest.FixtureRequest, chains: dict[str, Chain]) -> Iterator[Chain]:
    """Each engine in turn; whatever a test does to it is undone after the test."""
    if request.param not in chains:
        chains[request.param] = open_engine(request.param, request)
    chain = chains[request.param]
    with chain.snapshot():
        yield chain


@pytest.fixture
def probe(any_chain: Chain) -> ChainProbe:
    """A `ChainProbe` that holds the number 5 and 7 wei."""
    return ChainProbe.deploy(any_chain, 5, value=7)
