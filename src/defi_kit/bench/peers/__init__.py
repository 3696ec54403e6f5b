"""Who is measured beside us: one file a peer. Their code comes from npm and is never shipped."""

from __future__ import annotations

from .aave_v3 import AAVE_V3
from .base import Peer
from .morpho_blue import MORPHO_BLUE
from .uniswap_v2 import UNISWAP_V2
from .uniswap_v3 import UNISWAP_V3
from .uniswap_v4 import UNISWAP_V4

__all__ = ["ALL", "Peer"]

ALL: tuple[Peer, ...] = (UNISWAP_V2, UNISWAP_V3, UNISWAP_V4, MORPHO_BLUE, AAVE_V3)
