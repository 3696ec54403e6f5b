"""The chain that Ape is connected to, as a `defi_kit` chain.

A node that listens somewhere (Anvil, a test network) is talked to directly. Ape's own test chain
(eth-tester) lives in Ape's process and has no address: `ApeTransport` carries requests to it.
"""

from __future__ import annotations

import re
from ast import literal_eval
from contextlib import suppress
from pathlib import Path
from typing import Any

from .abi import encode
from .node import NodeChain
from .rpc import Transport

__all__ = ["ApeTransport", "connect"]

# Error codes of Ethereum's clients.
FAILED = -32000
REVERTED = 3

ERROR_STRING = bytes.fromhex("08c379a0")  # selector of Error(string)

_FUNDS = re.compile(r"cannot afford|does not have enough balance", re.IGNORECASE)
_HALT = re.compile(r"invalid opcode|out of gas|stack", re.IGNORECASE)


def connect(provider: Any, account: Path | None = None, password: str | None = None) -> NodeChain:
    """The chain behind an Ape provider. `account` is the file of one of Ape's accounts."""
    uri = getattr(provider, "http_uri", None) or getattr(provider, "ws_uri", None)
    if uri:
        return NodeChain(uri, account, password=password, chain_id=provider.chain_id)
    return NodeChain(ApeTransport(provider), account, password=password, local=True)


class ApeTransport(Transport):
    """Requests to the test chain inside Ape's own process."""

    def __init__(self, provider: Any) -> None:
        super().__init__(f"Ape's {provider.name} chain", timeout=60.0)
        self._provider = provider
        self._has_batches = False

    def exchange(self, message: Any, deadline: float, repeatable: bool) -> Any:
        """One request, through the layers of web3.py that make eth-tester speak JSON-RPC."""
        from eth_tester.exceptions import TransactionFailed
        from eth_utils.exceptions import ValidationError
        from web3.exceptions import ContractLogicError, Web3Exception

        web3 = self._provider.web3
        ask = web3.provider.request_func(web3, web3.middleware_onion)
        try:
            reply = ask(message["method"], [_from_json(item) for item in message["params"]])
        except TransactionFailed as error:
            return _refusal(message, str(error).removeprefix("execution reverted: "))
        except ContractLogicError as error:
            return _failure(message, REVERTED, str(error.message), error.data)
        except (ValidationError, Web3Exception, ValueError) as error:
            return _failure(message, FAILED, _FUNDS.sub("insufficient funds", str(error)))
        if "error" in reply:
            return _failure(message, reply["error"]["code"], reply["error"]["message"])
        return {"jsonrpc": "2.0", "id": message["id"], "result": _to_json(reply["result"])}

    def close(self) -> None:
        """Ape closes its chain itself."""


def _failure(message: Any, code: int, text: str, data: object = None) -> dict[str, Any]:
    error = {"code": code, "message": text, **({} if data is None else {"data": data})}
    return {"jsonrpc": "2.0", "id": message["id"], "error": error}


def _refusal(message: Any, text: str) -> dict[str, Any]:
    """What a failed call answers. eth-tester gives the text of `require(…, "text")`, else the
    `repr` of the data, or what stopped the machine."""
    if _HALT.match(text):
        return _failure(message, FAILED, text)
    data = b""
    if text.startswith(("b'", 'b"')):
        with suppress(SyntaxError, ValueError):
            data = bytes(literal_eval(text))
    else:
        data = ERROR_STRING + encode(["string"], [text])
    return _failure(message, REVERTED, "execution reverted", "0x" + data.hex())


def _from_json(value: Any) -> Any:
    """eth-tester takes what JSON-RPC has, but no empty addresses."""
    if isinstance(value, dict):
        return {key: _from_json(item) for key, item in value.items() if item is not None}
    return value


def _to_json(value: Any) -> Any:
    """Numbers and bytes in hexadecimal, as JSON-RPC has them."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if hasattr(value, "items"):
        return {key: _to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    return value
