"""From mutants to bytecode: several in one call of the compiler, each result kept in `.cache`."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import _compiler
from mutation.operators import Json, Mutant

CACHE = _compiler.ROOT / ".cache" / "mutants"

RUNS = 1
"""Of the optimizer: for size, so that a mutant may add code to a contract that is nearly full."""

TOGETHER = 8
"""Mutants in one call: what they share is read once, and the memory still suffices."""


def syntax_trees(sources: Sequence[str]) -> dict[str, Json]:
    """The syntax tree of these files and of all they import, by name."""
    texts = {name: _compiler.read(name) for name in sources}
    output = _solc(texts, {"*": {"": ["ast"]}})
    return {name: found["ast"] for name, found in output["sources"].items()}


class Bench:
    """Compiles mutants of one contract."""

    def __init__(self, contract: str, root: str, jobs: int = 1) -> None:
        self.contract = contract
        self.root = root
        self.jobs = jobs
        self.sources = {name: _compiler.read(name) for name in _compiler.closure(root)}

    @property
    def original(self) -> bytes:
        """Creation code of the contract as it is, under the same settings."""
        code = self._codes([self.sources])[0]
        if not code:
            raise _compiler.CompilerError(f"{self.root} does not compile")
        return code

    def bytecode(self, mutants: Sequence[Mutant]) -> dict[Mutant, bytes]:
        """Creation code of each; empty for one that does not compile."""
        trees = [self._tree(one) for one in mutants]
        codes = self._codes([self.sources, *trees])  # which spares a call of its own
        return dict(zip(mutants, codes[1:], strict=True))

    def _codes(self, trees: Sequence[Mapping[str, str]]) -> list[bytes]:
        found = [self._cached(tree) for tree in trees]
        missing = [place for place, code in enumerate(found) if code is None]
        batches = [missing[at : at + TOGETHER] for at in range(0, len(missing), TOGETHER)]
        with ThreadPoolExecutor(self.jobs) as pool:
            done = pool.map(lambda batch: self._compile([trees[place] for place in batch]), batches)
        for batch, codes in zip(batches, done, strict=True):
            for place, code in zip(batch, codes, strict=True):
                found[place] = code
        return [code or b"" for code in found]

    def _tree(self, mutant: Mutant) -> Mapping[str, str]:
        changed = mutant.applied(self.sources[mutant.source])
        return {**self.sources, mutant.source: changed}

    def _compile(self, trees: Sequence[Mapping[str, str]]) -> list[bytes]:
        """Each under its own folder, in which the relative imports lead to its own copies. What
        does not compile is set aside, and the others are tried again."""
        codes = [b""] * len(trees)
        left = list(range(len(trees)))
        while left:
            sources = {
                f"mutants/{place}/{name}": text
                for place in left
                for name, text in trees[place].items()
            }
            wanted = {
                f"mutants/{place}/{self.root}": {"*": ["evm.bytecode.object"]} for place in left
            }
            try:
                output = _solc(sources, wanted)
            except _compiler.CompilerError as error:
                wrong = _places(error) & set(left)
                if not wrong:  # the compiler does not say where
                    wrong = set(left) if len(left) == 1 else set()
                    for place in left if not wrong else ():
                        codes[place] = self._compile([trees[place]])[0]
                    left = []
                left = [place for place in left if place not in wrong]
                continue
            for place in left:
                compiled = output["contracts"][f"mutants/{place}/{self.root}"][self.contract]
                codes[place] = bytes.fromhex(compiled["evm"]["bytecode"]["object"])
            left = []
        for tree, code in zip(trees, codes, strict=True):
            self._keep(tree, code)
        return codes

    # --- the cache --------------------------------------------------------------------------------

    def _cached(self, tree: Mapping[str, str]) -> bytes | None:
        file = self._file(tree)
        return bytes.fromhex(file.read_text()) if file.exists() else None

    def _keep(self, tree: Mapping[str, str], code: bytes) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=CACHE, delete=False) as scratch:
            scratch.write(code.hex())
        os.replace(scratch.name, self._file(tree))

    def _file(self, tree: Mapping[str, str]) -> Path:
        lock = (_compiler.ROOT / "package-lock.json").read_text(encoding="utf-8")
        content = [self.contract, _compiler.VERSION, _settings({}), lock, sorted(tree.items())]
        return CACHE / f"{hashlib.sha256(json.dumps(content).encode()).hexdigest()}.hex"


def _settings(selection: Mapping[str, Any]) -> dict[str, Any]:
    """The project's, for size, and without the metadata's hash, which tells comments apart."""
    return _compiler.settings(selection, RUNS) | {"metadata": {"appendCBOR": False}}


def _solc(sources: Mapping[str, str], selection: Mapping[str, Any]) -> Json:
    return _compiler.standard(
        {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sorted(sources.items())},
            "settings": _settings(selection),
        }
    )


def _places(error: Exception) -> set[int]:
    """Which trees the compiler complains of."""
    problems = getattr(error.__cause__, "error_dict", None) or []
    files = [
        (item.get("sourceLocation") or {}).get("file", "")
        for item in problems
        if item["severity"] == "error"
    ]
    return {int(name.split("/")[1]) for name in files if name.startswith("mutants/")}
