"""Seeded faults: a contract compiled with one deliberate mistake, to see the invariants catch it.

    FAULTS = {"rounds_up": ("mulDiv(", "mulDivUp("), "keeps_no_fee": ("- fee", "- 0")}
    bytecode = faulty_bytecode("contracts/dex/Exchange.sol", FAULTS)     # one solc call
    address = chain.transact(None, bytecode["rounds_up"] + arguments).contract_address

A fault in a library or a base contract names the contract to compile: `contract="Exchange"`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import _compiler

CACHE = _compiler.ROOT / ".cache" / "faults"

RUNS = 1
"""Of the optimizer: for size, so that a fault may add code to a contract that is nearly full."""

Faults = Mapping[str, tuple[str, str]]


def faulty_bytecode(
    source_path: str, faults: Faults, *, contract: str | None = None
) -> dict[str, bytes]:
    """Creation bytecode for each fault: `source_path` with `old` replaced by `new`, once.

    Args:
        source_path: the file to break, relative to the project, such as
            `contracts/dex/ConstantProduct.sol`.
        faults: name of the fault → (old, new). `old` must occur exactly once.
        contract: the contract whose bytecode is wanted; by default the one named like the file.

    Raises AssertionError when `old` is absent or occurs more than once, CompilerError when a
    faulty source does not compile. Results are kept under `.cache/faults` by content.
    """
    wanted = contract or PurePosixPath(source_path).stem
    root = _source_of(wanted, source_path)
    sources = {name: _compiler.read(name) for name in _compiler.closure(root)}
    assert source_path in sources, f"{root} does not import {source_path}"

    requests = {
        fault: {**sources, source_path: _replace_once(sources[source_path], fault, *change)}
        for fault, change in faults.items()
    }
    keys = {fault: _key(wanted, changed) for fault, changed in requests.items()}
    with _lock():  # two pytest workers would otherwise compile the same faults side by side
        missing = {fault: requests[fault] for fault in faults if not _file(keys[fault]).exists()}
        for fault, bytecode in _compile(missing, root, wanted).items():
            _store(_file(keys[fault]), bytecode)
    return {fault: bytes.fromhex(_file(key).read_text()) for fault, key in keys.items()}


def _replace_once(text: str, fault: str, old: str, new: str) -> str:
    count = text.count(old)
    assert count == 1, f"fault {fault!r}: {old!r} occurs {count} times, must be once"
    assert old != new, f"fault {fault!r} changes nothing"
    return text.replace(old, new)


def _source_of(contract: str, source_path: str) -> str:
    """The file that declares `contract`: named like it, or `source_path` itself."""
    named = [name for name in _compiler.own_sources() if PurePosixPath(name).stem == contract]
    return named[0] if len(named) == 1 else source_path


def _compile(
    requests: Mapping[str, Mapping[str, str]], root: str, contract: str
) -> dict[str, bytes]:
    """Compiles every faulty tree in one call. Each lives under its own folder, in which the
    relative imports lead to its own copies."""
    if not requests:
        return {}
    trees = {fault: f"faults/{place}/" for place, fault in enumerate(requests)}
    sources = {
        trees[fault] + name: text
        for fault, changed in requests.items()
        for name, text in changed.items()
    }
    wanted = {tree + root: ["evm.bytecode.object"] for tree in trees.values()}
    output = _compiler.compile_sources(sources, wanted, RUNS)
    return {
        fault: bytes.fromhex(
            output["contracts"][tree + root][contract]["evm"]["bytecode"]["object"]
        )
        for fault, tree in trees.items()
    }


def _key(contract: str, sources: Mapping[str, str]) -> str:
    """Hash of the sources, the compiler's version and settings, and the packages' lock file."""
    lock = (_compiler.ROOT / "package-lock.json").read_text(encoding="utf-8")
    content = json.dumps([contract, _compiler.VERSION, _compiler.settings({}, RUNS), lock, sources])
    return hashlib.sha256(content.encode()).hexdigest()


def _file(key: str) -> Path:
    return CACHE / f"{key}.hex"


def _store(file: Path, bytecode: bytes) -> None:
    with tempfile.NamedTemporaryFile("w", dir=CACHE, delete=False) as scratch:
        scratch.write(bytecode.hex())
    os.replace(scratch.name, file)


@contextmanager
def _lock() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
