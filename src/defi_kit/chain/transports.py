"""Ways to a node: HTTP (kept alive), WebSocket, and IPC over a Unix socket."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from ..errors import BadResponse, ChainTimeout, ConnectionFailed, InputError, NotSupported
from .rpc import Transport, parse_json

__all__ = ["HttpTransport", "IpcTransport", "WebSocketTransport", "open_transport"]

LARGEST_ANSWER: Final = 256 * 1024 * 1024
"""Beyond this an answer is refused rather than swallowed. [bytes]"""

IDLE: Final = 2.0
"""A connection unused for longer is opened anew: the node may be about to close it. [seconds]"""

ATTEMPTS_WHEN_BUSY: Final = 4
"""How often a node that says "too many requests" (HTTP 429) is asked."""


def open_transport(endpoint: str | Path, timeout: float) -> Transport:
    """The transport for `http://…`, `https://…`, `ws://…`, `wss://…` or the path of a socket."""
    text = str(endpoint)
    if isinstance(endpoint, Path) or text.endswith(".ipc") or text.startswith(("/", "./", "~")):
        return IpcTransport(Path(text).expanduser(), timeout)
    url = _split(text)
    if url.scheme in ("http", "https"):
        return HttpTransport(url, timeout)
    if url.scheme in ("ws", "wss"):
        return WebSocketTransport(text, url, timeout)
    raise InputError(
        f"not the address of a node: {text.partition('?')[0][:60]!r}",
        hint="give http://host:port, https://…, ws://…, wss://… or the path of an .ipc socket",
    )


def _split(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port  # a port that is no number shows here
    except ValueError as error:
        raise InputError(f"not the address of a node: {error}") from None
    if url.scheme in ("http", "https", "ws", "wss") and not url.hostname:
        raise InputError("not the address of a node: it names no host")
    return url


def _public_name(url: SplitResult) -> str:
    """Scheme, host and port: path, query and password often hold somebody's API key."""
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.hostname}{port}"


class HttpTransport(Transport):
    """HTTP/1.1 over one connection that is kept open."""

    def __init__(self, url: SplitResult, timeout: float) -> None:
        super().__init__(_public_name(url), timeout)
        self._path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if url.username is not None:
            plain = f"{unquote(url.username)}:{unquote(url.password or '')}"
            token = base64.b64encode(plain.encode()).decode()
            self._headers["Authorization"] = f"Basic {token}"
        self._connection: http.client.HTTPConnection
        if url.scheme == "https":
            self._connection = http.client.HTTPSConnection(
                url.hostname or "", url.port, context=ssl.create_default_context()
            )
        else:
            self._connection = http.client.HTTPConnection(url.hostname or "", url.port)
        self._used_at = 0.0

    def exchange(self, message: Any, deadline: float, repeatable: bool) -> Any:
        """One POST. A dead kept-alive connection is opened anew where that is harmless."""
        body = json.dumps(message).encode()
        for attempt in range(1, ATTEMPTS_WHEN_BUSY + 1):
            status, reason, wait, text = self._ask(body, deadline, repeatable)
            if status != 429 or attempt == ATTEMPTS_WHEN_BUSY:
                break
            pause = wait if wait is not None else 0.25 * 2**attempt
            if time.monotonic() + pause > deadline:
                break
            time.sleep(pause)
        return self._parse(status, reason, text)

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()

    def _ask(
        self, body: bytes, deadline: float, repeatable: bool
    ) -> tuple[int, str, float | None, bytes]:
        """Status, reason, wished-for pause and body; asks again if a kept connection was dead."""
        may_repeat = self._ready() and repeatable
        while True:
            try:
                return self._post(body, deadline)
            except (http.client.RemoteDisconnected, ConnectionError):
                self.close()
                if not may_repeat:
                    raise ConnectionFailed(f"{self.name} hung up without an answer") from None
                may_repeat = False

    def _ready(self) -> bool:
        """Whether an open connection will be used again."""
        if time.monotonic() - self._used_at > IDLE:
            self.close()
        return self._connection.sock is not None

    def _post(self, body: bytes, deadline: float) -> tuple[int, str, float | None, bytes]:
        try:
            self._set_limit(deadline)
            if self._connection.sock is None:
                self._connection.connect()
            self._connection.request("POST", self._path, body, self._headers)
            response = self._connection.getresponse()
            text = self._read(response, deadline)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            raise
        except TimeoutError:
            self.close()
            raise ChainTimeout(f"{self.name} gave no answer within {self.timeout:g} s") from None
        except http.client.IncompleteRead:
            self.close()
            raise ConnectionFailed(f"{self.name} hung up half way through its answer") from None
        except http.client.HTTPException as error:
            self.close()
            raise BadResponse(f"{self.name} does not speak HTTP: {error!r}") from None
        except OSError as error:
            self.close()
            raise _unreachable(self.name, error) from None
        except BaseException:  # Ctrl-C: half an answer may be left, so this connection is done
            self.close()
            raise
        self._used_at = time.monotonic()
        after = response.getheader("Retry-After", "")
        wait = float(after) if after.isdigit() else None
        return response.status, response.reason, wait, text

    def _set_limit(self, deadline: float) -> None:
        left = max(deadline - time.monotonic(), 0.001)
        self._connection.timeout = left
        if self._connection.sock is not None:
            self._connection.sock.settimeout(left)

    def _read(self, response: http.client.HTTPResponse, deadline: float) -> bytes:
        """The body, against the deadline as a whole: a node may send one byte a second."""
        parts: list[bytes] = []
        size = 0
        sock = self._connection.sock
        while part := response.read1(1 << 20):
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER:
                self.close()
                raise BadResponse(f"{self.name} sent more than {LARGEST_ANSWER:,} bytes")
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if sock is not None:
                sock.settimeout(left)
        if response.length:  # read1, unlike read, does not notice the end coming too early
            raise http.client.IncompleteRead(b"", response.length)
        response.close()  # and so the connection is free for the next request
        return b"".join(parts)

    def _parse(self, status: int, reason: str, text: bytes) -> Any:
        if status == 200:
            return parse_json(text, self.name)
        try:
            reply = json.loads(text)
        except (ValueError, RecursionError):
            reply = None
        if isinstance(reply, dict | list) and b'"error"' in text and b'"jsonrpc"' in text:
            return reply  # some nodes say it twice: by status, and properly
        hints = {
            401: "the node wants a password or an API key in its address",
            403: "the node wants a password or an API key in its address",
            404: "is the path in the address right?",
            429: "the node limits how often it may be asked; wait, or use another",
        }
        shown = text[:120].decode(errors="replace").strip()
        raise BadResponse(
            f"{self.name} answered HTTP {status} {reason}" + (f": {shown}" if shown else ""),
            hint=hints.get(status),
        )


class WebSocketTransport(Transport):
    """A WebSocket, by the `websockets` package."""

    def __init__(self, text: str, url: SplitResult, timeout: float) -> None:
        super().__init__(_public_name(url), timeout)
        try:
            from websockets.sync.client import connect
        except ImportError:
            raise NotSupported(
                "a ws:// address needs the websockets package",
                hint="pip install websockets, or use the node's http:// address",
            ) from None
        self._connect = connect
        self._url = text
        self._socket: Any = None

    def exchange(self, message: Any, deadline: float, repeatable: bool) -> Any:
        """One message each way; notifications and answers that came too late are passed over."""
        from websockets.exceptions import ConnectionClosed, WebSocketException

        try:
            if self._socket is None:
                self._open(deadline)
            self._socket.send(json.dumps(message))
            while True:
                left = max(deadline - time.monotonic(), 0.001)
                text = self._socket.recv(timeout=left)
                reply = parse_json(text if isinstance(text, bytes) else text.encode(), self.name)
                if not is_stale(reply, message):
                    return reply
        except TimeoutError:
            self.close()
            raise ChainTimeout(f"{self.name} gave no answer within {self.timeout:g} s") from None
        except ConnectionClosed:
            self.close()
            raise ConnectionFailed(f"{self.name} hung up without an answer") from None
        except WebSocketException as error:
            self.close()
            raise BadResponse(f"{self.name} does not speak WebSocket: {error}") from None
        except OSError as error:
            self.close()
            raise _unreachable(self.name, error) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hangs up."""
        if self._socket is not None:
            with suppress(Exception):  # it may be half dead already; it only has to go
                self._socket.close()
            self._socket = None

    def _open(self, deadline: float) -> None:
        left = max(deadline - time.monotonic(), 0.001)
        self._socket = self._connect(
            self._url, open_timeout=left, close_timeout=1, max_size=LARGEST_ANSWER
        )


class IpcTransport(Transport):
    """A Unix socket, as geth's `geth.ipc` and Anvil's `--ipc`."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__(str(path), timeout)
        self._path = path
        self._socket: socket.socket | None = None
        self._rest = b""

    def exchange(self, message: Any, deadline: float, repeatable: bool) -> Any:
        """One JSON value each way; nothing but their own ends separates them."""
        try:
            if self._socket is None:
                self._open()
            assert self._socket is not None
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            self._socket.sendall(json.dumps(message).encode() + b"\n")
            while True:
                reply = self._receive(self._socket, deadline)
                if not is_stale(reply, message):
                    return reply
        except TimeoutError:
            self.close()
            raise ChainTimeout(f"{self.name} gave no answer within {self.timeout:g} s") from None
        except (BrokenPipeError, ConnectionResetError):
            self.close()
            raise ConnectionFailed(f"{self.name} hung up without an answer") from None
        except OSError as error:
            self.close()
            raise _unreachable(self.name, error) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hangs up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._rest = b""

    def _open(self) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise NotSupported("this system has no Unix sockets; use the node's http:// address")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(self.timeout)
        self._socket.connect(str(self._path))

    def _receive(self, connection: socket.socket, deadline: float) -> Any:
        decoder = json.JSONDecoder()
        text = self._rest
        while True:
            # Parsing is tried only where a value may end: a long answer comes in many pieces.
            if text.rstrip().endswith((b"}", b"]")):
                try:
                    plain = text.decode().lstrip()
                    value, end = decoder.raw_decode(plain)
                except ValueError:
                    pass
                else:
                    self._rest = plain[end:].encode()
                    return value
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            part = connection.recv(1 << 20)
            if not part:
                self.close()
                if text.strip() and not text.lstrip().startswith((b"{", b"[")):
                    return parse_json(text, self.name)
                raise ConnectionFailed(f"{self.name} hung up half way through its answer")
            text += part
            if len(text) > LARGEST_ANSWER:
                self.close()
                raise BadResponse(f"{self.name} sent more than {LARGEST_ANSWER:,} bytes")


def is_stale(reply: Any, message: Any) -> bool:
    """Whether a reply on a lasting connection is not for us: a notification, or a late answer."""
    if isinstance(message, list):
        return isinstance(reply, dict) and "method" in reply
    if isinstance(reply, list):
        return True  # of a batch that timed out
    if not isinstance(reply, dict):
        return False
    id_ = reply.get("id")
    return "method" in reply or (isinstance(id_, int) and id_ < message["id"])


def _unreachable(name: str, error: OSError) -> ConnectionFailed:
    reasons = {
        ConnectionRefusedError: "nothing listens there",
        FileNotFoundError: "no such socket",
        PermissionError: "no permission to open it",
        socket.gaierror: "no such host",
        ssl.SSLError: "it has no valid TLS certificate, or speaks no TLS",
    }
    reason = next((text for kind, text in reasons.items() if isinstance(error, kind)), str(error))
    return ConnectionFailed(f"cannot reach {name}: {reason}", hint="is the node running?")
