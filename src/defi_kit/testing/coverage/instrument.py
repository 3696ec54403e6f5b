"""Compiles contracts with probes in them.

The compiler gives its assembly as a list of items, each with the range of text it comes from; with
probes put between them the list goes back to the compiler, which turns it into code. Without the
optimizer every fork of the text has a conditional jump of exactly its own range.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Self

from .source import Item, Place, Source

__all__ = ["BASE", "Build", "instrument"]

Json = dict[str, Any]
Compile = Callable[[Json], Json]

BASE: Final = 0xC000_0000
"""Probe n asks for the balance of address BASE + n, at which nobody lives."""

_ENDS: Final = frozenset({"INVALID", "JUMP", "RETURN", "REVERT", "SELFDESTRUCT", "STOP"})


@dataclass
class Build:
    """Contracts with their probes, and what each probe shows. Made once, read by every worker."""

    sources: dict[str, str] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    shows: list[list[tuple[int, str]]] = field(default_factory=list)
    """Probe → what it proves: an item was "reached", or a fork went "true" or "false"."""
    code: dict[str, str] = field(default_factory=dict)
    """Creation code as deployed → the same with probes. [hex]"""
    runtime: dict[int, str] = field(default_factory=dict)
    """Length of code with probes [bytes] → the code as deployed, zeros for immutables. [hex]"""

    def save(self, file: Path) -> None:
        """Writes it, for `load`."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), separators=(",", ":")), encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Self:
        """What `save` wrote."""
        raw = json.loads(file.read_text(encoding="utf-8"))
        raw["items"] = [
            Item(kind, name, Place(*place), line, true)
            for kind, name, place, line, true in raw["items"]
        ]
        raw["runtime"] = {int(length): code for length, code in raw["runtime"].items()}
        raw["shows"] = [[(item, way) for item, way in shown] for shown in raw["shows"]]
        return cls(**raw)

    @cached_property
    def _by_head(self) -> dict[bytes, list[tuple[bytes, bytes]]]:
        table: dict[bytes, list[tuple[bytes, bytes]]] = {}
        for plain, probed in self.code.items():
            pair = bytes.fromhex(plain), bytes.fromhex(probed)
            table.setdefault(pair[0][:32], []).append(pair)
        return table

    def probed(self, creation: bytes) -> bytes:
        """Creation code and arguments with probes; as it is when it was not compiled here."""
        for plain, probed in self._by_head.get(creation[:32], ()):
            if creation.startswith(plain):
                return probed + creation[len(plain) :]
        return creation

    def shipped(self, runtime: bytes) -> bytes:
        """What a contract's code would be without probes, told by its length."""
        plain = self.runtime.get(len(runtime))
        return runtime if plain is None else bytes.fromhex(plain)


def instrument(request: Json, compile_standard: Compile, cache: Path) -> Build:
    """Compiles all contracts of a Standard JSON input, twice: as deployed, and with probes.

    Args:
        request: Solidity's Standard JSON input, with the sources' text in it and the settings that
            the deployed code was compiled with.
        compile_standard: from such an input to the compiler's output.
        cache: folder in which code with probes is kept, by content.
    """
    outputs = ["evm.bytecode.object", "evm.deployedBytecode.object"]
    plain = compile_standard(_asking(request, outputs))
    bare = compile_standard(_asking(_unoptimized(request), ["evm.legacyAssembly"]))
    build = Build()
    instrumenter = _Instrumenter(build)
    for path, source in sorted(request["sources"].items()):
        instrumenter.add(Source.parse(path, source["content"], bare["sources"][path]["ast"]))
    wanted: dict[str, Json] = {}
    runtime: list[str] = []
    for path in sorted(request["sources"]):
        for name, contract in sorted(plain["contracts"].get(path, {}).items()):
            code = contract["evm"]["bytecode"]["object"]
            assembly = bare["contracts"][path][name]["evm"]["legacyAssembly"]
            if code and assembly and code not in wanted:
                wanted[code] = instrumenter.probe(assembly)
                runtime.append(contract["evm"]["deployedBytecode"]["object"])
    assembler = _Assembler(request["settings"], compile_standard, cache)
    made = assembler.all(wanted.values())
    build.code = {code: probed for code, (probed, _) in zip(wanted, made, strict=True)}
    build.runtime = {length: code for code, (_, length) in zip(runtime, made, strict=True)}
    return build


def _asking(request: Json, outputs: list[str]) -> Json:
    selection: Json = {path: {"*": outputs, "": ["ast"]} for path in request["sources"]}
    return {**request, "settings": {**request["settings"], "outputSelection": selection}}


def _unoptimized(request: Json) -> Json:
    kept = {k: v for k, v in request["settings"].items() if k not in ("optimizer", "viaIR")}
    return {**request, "settings": {**kept, "optimizer": {"enabled": False}}}


class _Instrumenter:
    """Puts probes into assembly, and notes in the build what they show."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self._statements: dict[str, list[tuple[int, int, int]]] = {}
        self._functions: dict[Place, int] = {}
        self._forks: dict[Place, int] = {}

    def add(self, source: Source) -> None:
        self.build.sources[source.path] = source.text
        for item in source.items:
            index = len(self.build.items)
            self.build.items.append(item)
            if item.kind == "statement":
                span = item.place.begin, item.place.end, index
                self._statements.setdefault(source.path, []).append(span)
            elif item.kind == "function":
                self._functions[item.place] = index
            else:
                self._forks[item.place] = index

    def probe(self, assembly: Json) -> Json:
        """The same assembly with probes, and so are the contracts that it creates."""
        names = assembly.get("sourceList", [])
        return {**assembly, **self._part(assembly, names)}

    def _part(self, part: Json, names: list[str]) -> Json:
        data = {
            key: {**value, **self._part(value, names)} if isinstance(value, dict) else value
            for key, value in part.get(".data", {}).items()
        }
        code = [item for block in _blocks(part[".code"]) for item in self._block(block, names)]
        return {**part, ".code": code, ".data": data}

    def _block(self, block: list[Json], names: list[str]) -> Iterator[Json]:
        """A block is entered at its head only: the probe stands after its label."""
        head = 0
        while head < len(block) and block[head]["name"] in ("JUMPDEST", "tag"):
            head += 1
        yield from block[:head]
        if reached := sorted({(item, "reached") for item in self._reached(block, names)}):
            yield from _probe(block[0], self._show(reached))
        last = block[-1]
        fork = self._forks.get(_place(last, names)) if last["name"] == "JUMPI" else None
        if fork is None:
            yield from block[head:]
            return
        # The condition is on top once the label to jump to is not there yet.
        taken, not_taken = ("true", "false") if self._jumps_when_true(fork) else ("false", "true")
        first = self._show([(fork, taken)])
        self._show([(fork, not_taken)])
        yield from block[head:-2]
        yield from _fork_probe(block[-2], first)
        yield from block[-2:]

    def _jumps_when_true(self, fork: int) -> bool:
        return self.build.items[fork].jumps_when_true

    def _reached(self, block: Iterable[Json], names: list[str]) -> Iterator[int]:
        for place in {_place(item, names) for item in block}:
            if (function := self._functions.get(place)) is not None:
                yield function
            for begin, end, index in self._statements.get(place.source, ()):
                if begin <= place.begin and place.end <= end:
                    yield index

    def _show(self, what: list[tuple[int, str]]) -> int:
        self.build.shows.append(what)
        return len(self.build.shows) - 1


def _blocks(code: list[Json]) -> Iterator[list[Json]]:
    """A label begins a block, a jump or the end of the program ends one."""
    block: list[Json] = []
    for item in code:
        if item["name"] == "tag" and block:
            yield block
            block = []
        block.append(item)
        if item["name"] in _ENDS or item["name"] == "JUMPI":
            yield block
            block = []
    if block:
        yield block


def _place(item: Json, names: list[str]) -> Place:
    source = item.get("source", -1)
    name = names[source] if 0 <= source < len(names) else ""
    return Place(name, item["begin"], item["end"])


def _probe(near: Json, probe: int) -> Iterator[Json]:
    yield from _items(near, f"PUSH {BASE + probe:X}", "BALANCE", "POP")


def _fork_probe(near: Json, probe: int) -> Iterator[Json]:
    """Asks for `probe` when the condition on top of the stack holds, else for the next."""
    yield from _items(near, "DUP1", "ISZERO", f"PUSH {BASE + probe:X}", "ADD", "BALANCE", "POP")


def _items(near: Json, *names: str) -> Iterator[Json]:
    where: Json = {key: near[key] for key in ("begin", "end", "source") if key in near}
    for entry in names:
        name, _, value = entry.partition(" ")
        yield {**where, "name": name, **({"value": value} if value else {})}


class _Assembler:
    """Assembly → code, by the compiler; kept by content, for it takes a second a contract."""

    def __init__(self, settings: Json, compile_standard: Compile, cache: Path) -> None:
        self._evm_version = settings.get("evmVersion")
        self._compile = compile_standard
        self._cache = cache

    def all(self, assemblies: Iterable[Json]) -> list[tuple[str, int]]:
        """Of each its creation code [hex] and how long its runtime code is. [bytes]"""
        self._cache.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(self._one, assemblies))

    def _one(self, assembly: Json) -> tuple[str, int]:
        settings: Json = {
            "experimental": True,
            "optimizer": {"enabled": False},
            "outputSelection": {"*": {"": ["evm.bytecode.object", "evm.deployedBytecode.object"]}},
        }
        if self._evm_version:
            settings["evmVersion"] = self._evm_version
        request = {
            "language": "EVMAssembly",
            "sources": {"probed": {"assemblyJson": assembly}},
            "settings": settings,
        }
        key = sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        file = self._cache / f"{key}.json"
        if not file.exists():
            made = self._compile(request)["contracts"]["probed"][""]["evm"]
            pair = made["bytecode"]["object"], len(made["deployedBytecode"]["object"]) // 2
            file.write_text(json.dumps(pair), encoding="utf-8")
        code, length = json.loads(file.read_text(encoding="utf-8"))
        return code, length
