"""Who is measured beside us: one file a peer. Their code comes from npm and is never shipped."""

from __future__ import annotations

from .base import Peer
from .uniswap_v2 import UNISWAP_V2

__all__ = ["ALL", "Peer"]

ALL: tuple[Peer, ...] = (UNISWAP_V2,)
