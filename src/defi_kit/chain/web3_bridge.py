"""`chain.w3`: web3.py on the node that the chain talks to, over the chain's own connection."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ..errors import NodeError, NotSupported
from .rpc import Transport

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["web3_over"]


def web3_over(transport: Transport) -> Web3:
    """A `Web3` whose requests the transport carries. NotSupported without the `web3` extra."""
    try:
        with warnings.catch_warnings():
            # web3 7 loads a provider that we do not use, from a part of websockets that is old.
            warnings.filterwarnings("ignore", "websockets.legacy is deprecated")
            from web3 import Web3
            from web3.providers.base import JSONBaseProvider
    except ImportError:
        raise NotSupported("chain.w3 needs web3.py", hint="pip install 'defi-kit[web3]'") from None

    class TransportProvider(JSONBaseProvider):
        """Hands web3's requests to the chain's transport."""

        def make_request(self, method: Any, params: Any) -> Any:
            """The answer as JSON-RPC has it; web3 makes its own errors of the node's."""
            answer: dict[str, Any] = {"jsonrpc": "2.0", "id": 1}
            try:
                answer["result"] = transport.request(method, *params)
            except NodeError as error:
                message = error.message.removeprefix(f"{method}: ")
                answer["error"] = {"code": error.code, "message": message, "data": error.data}
            return answer

    return Web3(TransportProvider())
