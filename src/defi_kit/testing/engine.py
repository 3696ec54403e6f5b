"""Where machines live unless they say otherwise: in this process, or where pytest was told to run.

Imports next to nothing, for the pytest plugin.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    from ..chain import Chain

__all__ = ["chain", "close", "connected", "use"]

_engine = "embedded"
_open = ExitStack()


def use(engine: str) -> None:
    """From now on in this process: "embedded", "anvil", or the address of a development node."""
    global _engine
    close()
    _engine = engine


def close() -> None:
    """Stops what was started, leaves a node as it was found, and goes back to "embedded"."""
    global _engine, _open
    done, _open, _engine = _open, ExitStack(), "embedded"
    done.close()


def chain() -> Chain:
    """A new chain there; on a node that runs already, the same one, put back by `close`."""
    from ..chain import Chain

    if _engine == "embedded":
        return Chain.embedded()
    found = _open.enter_context(connected(_engine))
    if _engine != "anvil":
        _open.enter_context(found.snapshot())
    return found


def connected(engine: str) -> Chain:
    """A chain of that engine, to be closed by whoever asks. InputError where it is a real one, on
    which tests would spend money."""
    from ..chain import Chain

    if engine in ("anvil", "embedded"):
        return Chain.anvil() if engine == "anvil" else Chain.embedded()
    found = Chain.connect(engine)
    if found.is_local:
        return found
    with found:
        real = f"chain {found.chain_id} is no development chain"
    raise InputError(f"{engine}: {real}, and tests would spend money there")
