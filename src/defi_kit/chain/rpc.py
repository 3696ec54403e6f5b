"""JSON-RPC 2.0: what is said to a node and what may come back, whatever carries it.

Everything that can go wrong has its class: ConnectionFailed (nobody there, or hung up),
ChainTimeout (no answer in time), BadResponse (not JSON-RPC), NodeError (the node's own error).
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from threading import Lock
from typing import Any

from ..errors import BadResponse, NodeError

__all__ = ["Request", "Transport", "parse_json"]

Request = tuple[str, Sequence[Any]]
"""Method and parameters."""

_UNREPEATABLE = ("eth_sendTransaction", "evm_", "anvil_", "hardhat_", "personal_")
"""Methods that do more when they are sent twice."""

_METHOD_NOT_FOUND = -32601
_INVALID_REQUEST = -32600


class Transport(ABC):
    """Carries requests to a node, one after the other; several threads may share it.

    For another carrier (an in-process node, say) subclass it and write `exchange` and `close`.
    """

    name: str
    """Where the node is, for messages; without path and password, which may be secret."""

    timeout: float
    """Limit for each answer. [seconds]"""

    def __init__(self, name: str, timeout: float) -> None:
        self.name = name
        self.timeout = timeout
        self._id = 0
        self._lock = Lock()
        self._has_batches = True

    # --- carriers write these ---------------------------------------------------------------------

    @abstractmethod
    def exchange(self, message: Any, deadline: float, repeatable: bool) -> Any:
        """Sends a message and returns the answer, both as JSON values.

        `deadline` is on `time.monotonic`'s clock. A `repeatable` message may be sent again when
        the connection turns out to be dead.
        """

    @abstractmethod
    def close(self) -> None:
        """Hangs up. Twice is harmless."""

    # --- for the chain ----------------------------------------------------------------------------

    def request(self, method: str, *params: Any) -> Any:
        """The result of one request. NodeError when the node answers with an error."""
        with self._lock:
            self._id += 1
            message = _message(self._id, method, params)
            reply = self.exchange(message, self._deadline(), _is_repeatable(method))
            result = self._result(reply, self._id, method)
        if isinstance(result, NodeError):
            raise result
        return result

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """The results of many requests in one go; failed ones are NodeErrors, not raised."""
        if len(requests) < 2 or not self._has_batches:
            return [self._attempt(method, params) for method, params in requests]
        with self._lock:
            first = self._id + 1
            self._id += len(requests)
            messages = [
                _message(first + place, method, params)
                for place, (method, params) in enumerate(requests)
            ]
            repeatable = all(_is_repeatable(method) for method, _ in requests)
            reply = self.exchange(messages, self._deadline(), repeatable)
            if isinstance(reply, list):
                return self._results(reply, first, requests)
            # One object for a list: the node knows no batches, or refuses this one.
            error = self._result(reply, first, "a batch", any_id=True)
            if not isinstance(error, NodeError):
                raise BadResponse(f"{self.name} answered a batch of requests with one result")
            if error.code not in (_METHOD_NOT_FOUND, _INVALID_REQUEST):
                raise error
            self._has_batches = False
        return [self._attempt(method, params) for method, params in requests]

    def _attempt(self, method: str, params: Sequence[Any]) -> Any:
        try:
            return self.request(method, *params)
        except NodeError as error:
            return error

    def _deadline(self) -> float:
        return time.monotonic() + self.timeout

    # --- answers ----------------------------------------------------------------------------------

    def _results(self, reply: list[Any], first: int, requests: Sequence[Request]) -> list[Any]:
        answers = {item.get("id"): item for item in reply if isinstance(item, dict)}
        results = []
        for place, (method, _) in enumerate(requests):
            if first + place not in answers:
                raise BadResponse(
                    f"{self.name} left request {place + 1} of {len(requests)} in a batch, "
                    f"{method}, without an answer"
                )
            results.append(self._result(answers[first + place], first + place, method))
        return results

    def _result(self, reply: Any, wanted: int, method: str, *, any_id: bool = False) -> Any:
        """The result, or the NodeError, in an answer. BadResponse when it is neither."""
        if not isinstance(reply, dict):
            raise BadResponse(
                f"{self.name} answered {method} with {_kind(reply)} instead of an object",
                hint="is that the address of an Ethereum node?",
            )
        error = reply.get("error")
        if not any_id and reply.get("id") != wanted and not (error and reply.get("id") is None):
            raise BadResponse(
                f"{self.name} answered request {reply.get('id')!r} when {wanted} was asked"
            )
        if error is None:
            if "result" not in reply:
                raise BadResponse(f"{self.name} answered {method} with neither result nor error")
            return reply["result"]
        if not isinstance(error, dict):
            error = {"message": str(error)}
        code = error.get("code")
        return NodeError(
            f"{method}: {error.get('message') or 'the node gave no reason'}",
            code=code if isinstance(code, int) else None,
            data=error.get("data"),
        )


def parse_json(text: bytes, name: str) -> Any:
    """A JSON value. BadResponse when the text is none, or nests absurdly deep."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        shown = text[:80].decode(errors="replace")
        raise BadResponse(
            f"{name} answered something that is not JSON: {shown!r}"
            if text
            else f"{name} gave an empty answer",
            hint="is that the address of an Ethereum node?",
        ) from None


def _message(id_: int, method: str, params: Sequence[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": list(params)}


def _is_repeatable(method: str) -> bool:
    return not method.startswith(_UNREPEATABLE)


def _kind(value: Any) -> str:
    kinds = {list: "a list", str: "a text", type(None): "null", bool: "a truth value"}
    return kinds.get(type(value), "a number")
