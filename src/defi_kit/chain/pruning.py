"""An Anvil that forgets its past, so that it does not grow.

Anvil keeps every block and every receipt, and has no request to drop them. But it can tell all that
it knows, and can be told it again: what is told again here is the state, and the last few blocks.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

from ..errors import BadResponse, ChainError
from .rpc import Transport

__all__ = ["forget"]


def forget(rpc: Transport, block: int) -> None:
    """Forgets what is before that block: headers, transactions, receipts, logs. Not block 0.

    The state, the clock and the numbering stay. Snapshots, filters and settings are gone. Nobody
    else may send meanwhile.
    """
    told = rpc.request("anvil_dumpState")
    try:
        known: dict[str, Any] = json.loads(gzip.decompress(bytes.fromhex(told[2:])))
        known["blocks"] = [one for one in known["blocks"] if not 0 < _number(one) < block]
        known["transactions"] = [
            one for one in known["transactions"] if one["block_number"] >= block
        ]
    except (TypeError, ValueError, KeyError, OSError) as error:
        raise BadResponse(
            f"{rpc.name} tells its state in a form that is not known: {error!r}",
            hint="history= needs an Anvil like the one that `make up` brings",
        ) from None
    packed = gzip.compress(json.dumps(known).encode(), 1)
    rpc.request("anvil_reset")
    if rpc.request("anvil_loadState", "0x" + packed.hex()) is not True:
        raise ChainError(f"{rpc.name} did not take its own state back")


def _number(block: dict[str, Any]) -> int:
    return int(block["header"]["number"], 16)
