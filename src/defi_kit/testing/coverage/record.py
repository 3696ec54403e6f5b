"""Watches the embedded chains of this process: which probes have they come by?"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from pyrevm import EVM, CfgEnv, Env

from ...chain.embedded import GAS_LIMIT, EmbeddedChain
from .instrument import BASE, Build

__all__ = ["Recorder"]

CODE_LIMIT: Final = 1 << 20
"""Of a contract with probes. [bytes]"""


class Recorder:
    """Between `watching()` and its end, every embedded chain deploys contracts with probes."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self._seen: set[int] = set()
        self._watched: list[weakref.finalize[Any, Any]] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Until it ends, new embedded chains are watched."""
        code = EmbeddedChain.code
        with (
            patch.object(EmbeddedChain, "_new_evm", lambda chain: self._evm(chain.chain_id)),
            # Whoever compares code is to see what was compiled.
            patch.object(EmbeddedChain, "code", lambda *asked: self.build.shipped(code(*asked))),
        ):
            yield

    def seen(self) -> set[int]:
        """The probes that were come by so far, on chains that are gone as well."""
        for watch in self._watched:
            if alive := watch.peek():
                self._collect(*alive[2])
        self._watched = [watch for watch in self._watched if watch.alive]
        return self._seen

    def save(self, file: Path) -> None:
        """For `Report.of`, in whatever process that is."""
        file.write_text(json.dumps(sorted(self.seen())), encoding="utf-8")

    def _evm(self, chain_id: int) -> Any:
        config = CfgEnv(chain_id=chain_id, limit_contract_code_size=CODE_LIMIT)
        evm = EVM(env=Env(cfg=config), gas_limit=GAS_LIMIT)
        probed = _ProbedEvm(evm, self.build)
        watch = weakref.finalize(probed, self._collect, evm)
        watch.atexit = False
        self._watched.append(watch)
        return probed

    def _collect(self, evm: Any) -> None:
        for address in evm.db_accounts:
            number = int(address, 16) - BASE
            if 0 <= number < len(self.build.shows):
                self._seen.add(number)


class _ProbedEvm:
    """Stands where the EVM stands, and puts probes into what is deployed."""

    def __init__(self, evm: Any, build: Build) -> None:
        self._evm = evm
        self._build = build

    def deploy(self, deployer: str, code: bytes, **options: Any) -> Any:
        return self._evm.deploy(deployer, self._build.probed(code), **options)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._evm, name)
        if callable(value):
            vars(self)[name] = value  # methods are looked up once
        return value
