"""Nodes that answer what a test tells them, sense or nonsense."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from defi_kit.chain.rpc import Transport

Answers = dict[str, Any]
"""Method → its result, or a function of its parameters, or a `Refusal`."""


class Refusal(Exception):
    """A JSON-RPC error."""

    def __init__(self, message: str, code: int = -32000, data: Any = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message} | ({} if data is None else {"data": data})


PLAIN: Answers = {
    "eth_chainId": "0x5",
    "web3_clientVersion": "Geth/v1.16.0",
    "eth_accounts": [],
    "eth_blockNumber": "0x10",
    "eth_getBlockByNumber": {
        "number": "0x10",
        "timestamp": "0x6553f100",
        "gasLimit": "0x1c9c380",
        "baseFeePerGas": "0x3b9aca00",
        "hash": "0x" + "ab" * 32,
    },
    "eth_maxPriorityFeePerGas": "0x77359400",
    "eth_gasPrice": "0xb2d05e00",
    "eth_getTransactionCount": "0x0",
    "eth_getBalance": "0xde0b6b3a7640000",
    "eth_estimateGas": "0x5208",
    "eth_call": "0x",
}
"""A public node of chain 5, as far as these tests ask it."""


def answer(message: Any, answers: Answers, seen: list[tuple[str, list[Any]]]) -> Any:
    """The JSON-RPC answer to a message or a batch of them."""
    if isinstance(message, list):
        return [answer(item, answers, seen) for item in message]
    method, params = message["method"], message["params"]
    seen.append((method, params))
    reply: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
    found = answers.get(method, Refusal(f"the method {method} does not exist", -32601))
    try:
        if isinstance(found, Refusal):
            raise found
        reply["result"] = found(*params) if callable(found) else found
    except Refusal as refusal:
        reply["error"] = refusal.error
    return reply


class ScriptedTransport(Transport):
    """A node within the test, without a network."""

    def __init__(self, answers: Answers | None = None, *, batches: bool = True) -> None:
        super().__init__("the scripted node", 5.0)
        self.answers = {**PLAIN, **(answers or {})}
        self.seen: list[tuple[str, list[Any]]] = []
        self.exchanges = 0
        self._takes_batches = batches

    def exchange(self, message: Any, deadline: float, repeatable: bool) -> Any:
        self.exchanges += 1
        if isinstance(message, list) and not self._takes_batches:
            error = {"code": -32600, "message": "batches are not supported"}
            return {"jsonrpc": "2.0", "id": None, "error": error}
        return answer(message, self.answers, self.seen)

    def close(self) -> None:
        pass

    def methods(self) -> list[str]:
        return [method for method, _ in self.seen]


class FakeNode:
    """An HTTP server whose `respond` a test may replace: request body → status and body."""

    def __init__(self) -> None:
        self.answers: Answers = dict(PLAIN)
        self.seen: list[tuple[str, list[Any]]] = []
        self.respond: Callable[[bytes], tuple[int, bytes]] = self.properly
        self.truncate = False
        """Announces the whole answer and sends half of it."""
        self.stuck = threading.Event()
        """Set while answers wait for `released`."""
        self.released = threading.Event()
        self.url = ""

    def properly(self, body: bytes) -> tuple[int, bytes]:
        return 200, json.dumps(answer(json.loads(body), self.answers, self.seen)).encode()

    def says(self, text: bytes, status: int = 200) -> None:
        """From now on this, whatever is asked."""
        self.respond = lambda body: (status, text)

    def falls_silent(self) -> None:
        """From now on no answer."""

        def never(body: bytes) -> tuple[int, bytes]:
            self.stuck.set()
            self.released.wait(30)
            return 500, b""

        self.respond = never


@contextmanager
def fake_node() -> Iterator[FakeNode]:
    node = FakeNode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, text = node.respond(body)
            if status == 0:  # hangs up without a word
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if node.truncate:
                self.wfile.write(text[: len(text) // 2])
                self.close_connection = True
                return
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *args: None  # type: ignore[method-assign]  # clients give up here
    node.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield node
    finally:
        node.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
