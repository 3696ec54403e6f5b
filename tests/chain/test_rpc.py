"""Nodes that are slow, gone, or talk nonsense: each has its own error, and nothing hangs."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from chain.fake_node import FakeNode, Refusal, ScriptedTransport, fake_node
from defi_kit.chain import Chain
from defi_kit.chain.transports import open_transport
from defi_kit.errors import (
    BadResponse,
    ChainError,
    ChainTimeout,
    ConnectionFailed,
    InputError,
    NodeError,
    NotSupported,
    WrongChain,
)

SOON = 0.3  # seconds, for answers that never come


@pytest.fixture
def node() -> Iterator[FakeNode]:
    with fake_node() as node:
        yield node


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port at which nothing listens, and which nobody else can take."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


# --- a node that is well --------------------------------------------------------------------------


def test_a_node_that_is_well_is_connected_to(node: FakeNode) -> None:
    with Chain.connect(node.url) as chain:
        assert (chain.chain_id, chain.is_local, chain.engine) == (5, False, "node")
        assert chain.block_number == 16
        assert chain.balance("0x" + "11" * 20) == 10**18


def test_the_connection_is_kept_and_opened_anew_when_dead(node: FakeNode) -> None:
    with Chain.connect(node.url) as chain:
        for _ in range(3):
            assert chain.block_number == 16
        chain.close()
        assert chain.block_number == 16


def test_a_dead_kept_connection_is_noticed_and_the_question_repeated(node: FakeNode) -> None:
    with Chain.connect(node.url) as chain:
        hung_up: list[bytes] = []

        def once(body: bytes) -> tuple[int, bytes]:
            hung_up.append(body)
            node.respond = node.properly
            return 0, b""

        node.respond = once
        assert chain.block_number == 16
        assert len(hung_up) == 1
        # What would be done twice is not repeated.
        node.respond = once
        with pytest.raises(ConnectionFailed, match="hung up"):
            chain.rpc.request("eth_sendTransaction", {})


# --- wrong chain ----------------------------------------------------------------------------------


def test_another_chain_than_asked_for_is_refused(node: FakeNode) -> None:
    with pytest.raises(WrongChain, match="serves chain 5, not chain 1"):
        Chain.connect(node.url, chain_id=1)
    Chain.connect(node.url, chain_id=5).close()


@pytest.mark.parametrize("id_", [None, "five", [], {}, "0x", -1, Refusal("no such method", -32601)])
def test_a_chain_id_that_is_none_is_refused(node: FakeNode, id_: Any) -> None:
    node.answers["eth_chainId"] = id_
    with pytest.raises(BadResponse, match="chain id"):
        Chain.connect(node.url)


# --- gone, slow, half way -------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_nothing_listens(deaf_port: int, scheme: str) -> None:
    with pytest.raises(ConnectionFailed, match="nothing listens there"):
        Chain.connect(f"{scheme}://127.0.0.1:{deaf_port}")


def test_no_such_host_and_no_such_socket(socket_path: Path) -> None:
    with pytest.raises(ConnectionFailed, match="cannot reach http://no-such-host"):
        Chain.connect("http://no-such-host.invalid", timeout=5)
    with pytest.raises(ConnectionFailed, match="no such socket"):
        Chain.connect(socket_path)


def test_a_node_that_never_answers(node: FakeNode) -> None:
    node.falls_silent()
    with pytest.raises(ChainTimeout, match=r"no answer within 0\.3 s"):
        Chain.connect(node.url, timeout=SOON)
    assert not node.released.is_set()  # and it still does not answer


def test_a_node_that_falls_silent_later(node: FakeNode) -> None:
    with Chain.connect(node.url) as chain:
        patience, chain.rpc.timeout = chain.rpc.timeout, SOON
        node.falls_silent()
        with pytest.raises(ChainTimeout):
            chain.block_number  # noqa: B018  # asking is the point
        node.respond, chain.rpc.timeout = node.properly, patience
        assert chain.block_number == 16


def test_a_node_that_hangs_up_half_way(node: FakeNode) -> None:
    with Chain.connect(node.url) as chain:
        node.truncate = True
        with pytest.raises(ConnectionFailed, match="half way"):
            chain.block_number  # noqa: B018


def drip(
    listener: socket.socket, text: bytes, pause: float, done: threading.Event | None = None
) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        for place in range(len(text)):
            try:
                connection.sendall(text[place : place + 1])
            except OSError:
                return
            time.sleep(pause)
        if done is not None:
            done.set()
        with suppress(OSError):  # until the client hangs up: closing first might cut the text off
            while connection.recv(65_536):
                pass


def test_a_node_that_sends_one_byte_at_a_time_does_not_stretch_the_limit() -> None:
    body = b'{"jsonrpc": "2.0", "id": 1, "result": "0x5"}' + b" " * 1_000  # 20 seconds of them
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener, answer, 0.02, done))
        thread.start()
        with pytest.raises(ChainTimeout):  # each byte comes in time, all of them do not
            Chain.connect(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=1.0)
        thread.join()
    assert not done.is_set()


# --- nonsense -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "empty answer"),
        (b"<html>It works!</html>", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"5", "a number instead of an object"),
        (b"null", "null instead of an object"),
        (b'"0x5"', "a text instead of an object"),
        (b"[]", "without an answer"),
        (b"{}", "neither result nor error|answered request None"),
        (b'{"jsonrpc": "2.0", "id": 99, "result": "0x5"}', "with one result|request 99"),
    ],
)
def test_nonsense_is_called_that(node: FakeNode, text: bytes, message: str) -> None:
    node.says(text)
    with pytest.raises(BadResponse, match=message):
        Chain.connect(node.url)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ({"id": 99, "result": "0x5"}, "answered request 99 when"),
        ({"result": "0x5"}, "answered request None when"),
        ({"id": "ID"}, "neither result nor error"),
        ([{"id": "ID", "result": "0x5"}], "a list instead of an object"),
    ],
)
def test_an_answer_to_another_question_is_refused(node: FakeNode, reply: Any, message: str) -> None:
    with Chain.connect(node.url) as chain:

        def respond(body: bytes) -> tuple[int, bytes]:
            id_ = str(json.loads(body)["id"]).encode()
            return 200, json.dumps(reply).encode().replace(b'"ID"', id_)

        node.respond = respond
        with pytest.raises(BadResponse, match=message):
            chain.block_number  # noqa: B018


@pytest.mark.parametrize("value", [None, "ten", -1, 1.5, "0x", {}, True, "0x" + "f" * 65])
def test_a_result_of_the_wrong_kind_is_refused(node: FakeNode, value: Any) -> None:
    with Chain.connect(node.url) as chain:
        node.answers["eth_blockNumber"] = value
        with pytest.raises(BadResponse, match="a block number"):
            chain.block_number  # noqa: B018
        node.answers["eth_call"] = value
        if value != "0x":  # that is what a call may well return
            with pytest.raises(BadResponse, match="data"):
                chain.call("0x" + "11" * 20, b"")


@pytest.mark.parametrize(
    ("status", "text", "message", "hint"),
    [
        (500, b"oops", "HTTP 500 Internal Server Error: oops", None),
        (502, b"", "HTTP 502 Bad Gateway", None),
        (401, b"", "HTTP 401", "API key"),
        (404, b"no such page", "HTTP 404", "path"),
        (301, b"", "HTTP 301", None),
    ],
)
def test_http_errors_are_shown(
    node: FakeNode, status: int, text: bytes, message: str, hint: str | None
) -> None:
    node.says(text, status)
    with pytest.raises(BadResponse, match=message) as caught:
        Chain.connect(node.url)
    assert hint is None or (caught.value.hint and hint in caught.value.hint)


def test_a_json_rpc_error_with_a_bad_status_is_still_one(node: FakeNode) -> None:
    with Chain.connect(node.url) as chain:
        node.respond = lambda body: (400, node.properly(body)[1])
        node.answers["eth_blockNumber"] = Refusal("not today", -32005)
        with pytest.raises(NodeError, match="eth_blockNumber: not today") as caught:
            chain.block_number  # noqa: B018
        assert caught.value.code == -32005


def test_a_busy_node_is_asked_again(node: FakeNode) -> None:
    with Chain.connect(node.url) as chain:
        refused: list[int] = []

        def busy(body: bytes) -> tuple[int, bytes]:
            refused.append(429)
            if len(refused) == 2:
                node.respond = node.properly
            return 429, b"slow down"

        node.respond = busy
        assert chain.block_number == 16
        assert refused == [429, 429]


@pytest.mark.parametrize(("limit", "pauses"), [(30, [0.5, 1, 2]), (1.9, [0.5, 1])])
def test_a_node_that_is_always_busy_is_given_up(
    node: FakeNode, monkeypatch: pytest.MonkeyPatch, limit: float, pauses: list[float]
) -> None:
    """After four times, or where the next pause would outlast the limit."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(slept))
    with Chain.connect(node.url) as chain:
        chain.rpc.timeout = limit
        node.says(b"slow down", 429)
        with pytest.raises(BadResponse, match="HTTP 429"):
            chain.block_number  # noqa: B018
    assert slept == pauses


def test_something_that_speaks_no_http_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener, b"SSH-2.0-OpenSSH_9.2\r\n", 0))
        thread.start()
        with pytest.raises(BadResponse, match="does not speak HTTP"):
            Chain.connect(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=5)
        thread.join()


def test_a_method_the_node_lacks_is_not_supported(node: FakeNode) -> None:
    with Chain.connect(node.url) as chain, pytest.raises(NotSupported, match="eth_getStorageAt"):
        chain.storage("0x" + "11" * 20, 0)


# --- batches --------------------------------------------------------------------------------------


def test_a_batch_may_fail_in_part() -> None:
    transport = ScriptedTransport({"eth_blockNumber": Refusal("busy")})
    chain_id, failed, balance = transport.batch(
        [("eth_chainId", ()), ("eth_blockNumber", ()), ("eth_getBalance", ("0x", "latest"))]
    )
    assert (chain_id, balance) == ("0x5", "0xde0b6b3a7640000")
    assert isinstance(failed, NodeError)
    assert transport.exchanges == 1


def test_a_batch_in_another_order_is_put_right(node: FakeNode) -> None:
    def reversed_(body: bytes) -> tuple[int, bytes]:
        status, text = node.properly(body)
        return status, json.dumps(json.loads(text)[::-1]).encode()

    node.respond = reversed_
    with Chain.connect(node.url) as chain:
        assert chain.chain_id == 5


def test_a_batch_with_an_answer_missing_is_refused(node: FakeNode) -> None:
    def short(body: bytes) -> tuple[int, bytes]:
        status, text = node.properly(body)
        return status, json.dumps(json.loads(text)[:1]).encode()

    node.respond = short
    with pytest.raises(BadResponse, match=r"request 2 of 2 in a batch, web3_clientVersion"):
        Chain.connect(node.url)


def test_a_node_without_batches_is_asked_one_by_one() -> None:
    transport = ScriptedTransport(batches=False)
    for _ in range(2):
        results = transport.batch([("eth_chainId", ()), ("eth_blockNumber", ())])
        assert results == ["0x5", "0x10"]
    assert transport.exchanges == 5  # one refused batch, and no second


# --- secrets, addresses, other carriers -----------------------------------------------------------


def test_messages_show_neither_path_nor_password(deaf_port: int) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        Chain.connect(f"http://user:hunter2@127.0.0.1:{deaf_port}/v3/SECRET?key=SECRET")
    assert f"http://127.0.0.1:{deaf_port}" in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "localhost", "ftp://host", "http://", "http://host:port", "http://[::1", "8545"]
)
def test_what_is_no_address_of_a_node_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not the address of a node"):
        Chain.connect(text)


@pytest.mark.parametrize("limits", [{"timeout": 0}, {"timeout": -1}, {"wait": 0}])
def test_a_limit_that_is_no_time_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(InputError):
        Chain.connect("http://127.0.0.1:1", **limits)


def serve_once(path: Path, reply: Callable[[bytes], bytes]) -> threading.Thread:
    """A Unix socket that answers one client with pieces of what `reply` says."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        with listener:
            connection, _ = listener.accept()
            with connection:
                while asked := connection.recv(65_536):
                    text = reply(asked)
                    for start in range(0, len(text), 7):
                        connection.sendall(text[start : start + 7])
                    if not text.endswith(b"}"):
                        return

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_ipc_answers_are_put_together_from_pieces(socket_path: Path) -> None:
    def reply(asked: bytes) -> bytes:
        id_ = json.loads(asked)["id"]
        late = b'{"id": 0, "result": "0x1"}'
        notice = b'{"method": "eth_subscription", "params": []}'
        return late + notice + json.dumps({"id": id_, "result": ["grüße", {"a": "}"}]}).encode()

    thread = serve_once(socket_path, reply)
    transport = open_transport(socket_path, 5)
    for _ in range(2):
        assert transport.request("eth_accounts") == ["grüße", {"a": "}"}]
    transport.close()
    thread.join()


@pytest.mark.parametrize(
    ("text", "error"),
    [(b'{"id": 1, "resu', ConnectionFailed), (b"hello", BadResponse), (b"", ConnectionFailed)],
)
def test_ipc_that_breaks_off_is_said_so(
    socket_path: Path, text: bytes, error: type[ChainError]
) -> None:
    thread = serve_once(socket_path, lambda asked: text)
    transport = open_transport(socket_path, 5)
    with pytest.raises(error):
        transport.request("eth_chainId")
    transport.close()
    thread.join()


def test_ipc_that_never_answers(socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(socket_path))
        listener.listen()
        with pytest.raises(ChainTimeout):
            Chain.connect(socket_path, timeout=SOON)


def test_websocket_to_something_else_is_said_so(node: FakeNode) -> None:
    with pytest.raises(ChainError):
        Chain.connect(node.url.replace("http", "ws"), timeout=2)


def test_websocket_without_its_package_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "websockets.sync.client", None)
    with pytest.raises(NotSupported, match="pip install websockets"):
        Chain.connect("ws://127.0.0.1:1")
