"""`chain.w3`: web3.py on the node that the chain talks to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NotSupported

if TYPE_CHECKING:
    from web3 import Web3

__all__ = ["web3_for"]


def web3_for(endpoint: Any, timeout: float) -> Web3:
    """A `Web3` for an http, WebSocket or IPC endpoint. NotSupported without the `web3` extra."""
    try:
        from web3 import HTTPProvider, IPCProvider, LegacyWebSocketProvider, Web3
    except ImportError:
        raise NotSupported("chain.w3 needs web3.py", hint="pip install 'defi-kit[web3]'") from None
    if not isinstance(endpoint, str | Path):
        raise NotSupported("chain.w3 needs the address of a node; this chain has its own transport")
    text = str(endpoint)
    if text.startswith(("http://", "https://")):
        return Web3(HTTPProvider(text, request_kwargs={"timeout": timeout}))
    if text.startswith(("ws://", "wss://")):
        return Web3(LegacyWebSocketProvider(text, websocket_timeout=int(timeout) or 1))
    return Web3(IPCProvider(str(Path(text).expanduser()), timeout=int(timeout) or 1))
