"""Peers' packages: their published bytecode, and their sources compiled as their authors do.

They are in `tools/peers` of the repository, installed there by `make test` and `make bench-gas`.
What was compiled is kept under `.cache/bench`, by the content of all that decides it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import DeploymentError, NotSupported

__all__ = ["Code", "Compilation", "prebuilt", "require_packages"]

COMPILE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Code:
    """Creation code with holes where libraries' addresses go."""

    hexadecimal: str
    holes: Mapping[str, list[int]]
    """Library → where its address goes. [bytes from the start]"""

    def linked(self, libraries: Mapping[str, str] | None = None) -> bytes:
        """The code with these libraries' addresses in it."""
        text = self.hexadecimal
        for library, places in self.holes.items():
            address = (libraries or {})[library][2:].lower()
            for place in places:
                text = text[: 2 * place] + address + text[2 * place + 40 :]
        return bytes.fromhex(text)


@dataclass(frozen=True, slots=True)
class Compilation:
    """One call of a compiler. Source names are paths in `node_modules`, or in `contracts`."""

    solc: str
    """Version; its package is named `solc-0.8.26`."""
    contracts: Mapping[str, str]
    """Contract → the source file that has it."""
    settings: Mapping[str, Any]
    """Standard JSON, but for the outputs."""
    remappings: Iterable[str] = field(default=())

    def run(self) -> Mapping[str, Code]:
        """The contracts' code, from the cache if it is there. DeploymentError if it fails."""
        require_packages()
        file = _root() / ".cache" / "bench" / f"{self._key()}.json"
        if not file.exists():
            _write(file, json.dumps({name: asdict(code) for name, code in self._compile().items()}))
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {name: Code(**code) for name, code in kept.items()}

    def _key(self) -> str:
        """Of all that decides the code; imported packages are pinned by the lock file."""
        lock = (_peers() / "package-lock.json").read_text(encoding="utf-8")
        content = json.dumps([self._request(), self.solc, lock])
        return hashlib.sha256(content.encode()).hexdigest()

    def _request(self) -> dict[str, Any]:
        selection: dict[str, dict[str, list[str]]] = {}
        for name, source in self.contracts.items():
            outputs = ["evm.bytecode.object", "evm.bytecode.linkReferences"]
            selection.setdefault(source, {})[name] = outputs
        return {
            "language": "Solidity",
            # What these import the compiler reads by itself.
            "sources": {name: {"content": _read_source(name)} for name in sorted(selection)},
            "settings": {
                **self.settings,
                "remappings": list(self.remappings),
                "outputSelection": selection,
            },
        }

    def _compile(self) -> dict[str, Code]:
        output = _run_compiler(self.solc, self._request())
        severe = [item for item in output.get("errors", ()) if item["severity"] == "error"]
        if severe:
            raise DeploymentError("\n".join(item["formattedMessage"] for item in severe))
        return {
            name: _code(output["contracts"][source][name]["evm"]["bytecode"])
            for name, source in self.contracts.items()
        }


def prebuilt(path: str) -> bytes:
    """Creation code that a package was published with: a JSON file under `node_modules`."""
    require_packages()
    text: str = json.loads(_read_source(path))["bytecode"]
    return bytes.fromhex(text.removeprefix("0x"))


def require_packages() -> None:
    """NotSupported unless the peers' packages are here."""
    if not (_peers() / "package.json").is_file():
        raise NotSupported(
            "the peers' contracts are not part of the installed package",
            hint="clone the repository and run `make bench-gas` in it, which brings them; "
            "`defi-kit bench gas --ours` measures ours alone",
        )
    if not (_peers() / "node_modules").is_dir():
        raise NotSupported(
            f"the peers' packages are not installed in {_peers()}",
            hint="run `make bench-gas`, which installs them; `--ours` measures ours alone",
        )


# --- where things are -----------------------------------------------------------------------------


@cache
def _root() -> Path:
    """The repository, if this file is in one."""
    return Path(__file__).resolve().parents[3]


def _peers() -> Path:
    return _root() / "tools" / "peers"


def _read_source(name: str) -> str:
    for root in _source_roots():
        if (root / name).is_file():
            return (root / name).read_text(encoding="utf-8")
    raise NotSupported(
        f"{name} is not among the packages in {_peers()}",
        hint="they are older than the lock file, or incomplete: run `make bench-gas`",
    )


def _source_roots() -> tuple[Path, Path]:
    return _peers() / "contracts", _peers() / "node_modules"


# --- the compiler ---------------------------------------------------------------------------------


def _run_compiler(version: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Standard JSON in, Standard JSON out, by npm's solc of that version."""
    node = shutil.which("node")
    if node is None:
        raise NotSupported(
            "the peers' compilers run on Node.js, which is not on the PATH",
            hint="install Node.js 20 or newer",
        )
    base, include = map(str, _source_roots())
    soljson = _peers() / "node_modules" / f"solc-{version}" / "soljson.js"
    with tempfile.TemporaryDirectory(prefix="defi_kit_bench_") as folder:
        # The project's command line for npm's compiler takes the one that is beside it.
        program = Path(shutil.copy(_root() / "scripts" / "solc.cjs", folder))
        (Path(folder) / "soljson.js").write_text(f"module.exports = require({str(soljson)!r});\n")
        command = [node, "--stack-size=3900", str(program), "--standard-json"]
        done = subprocess.run(
            [*command, "--base-path", base, "--include-path", include],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=COMPILE_SECONDS,
            check=False,
        )
    if done.returncode:
        raise DeploymentError(f"solc {version} failed: {done.stderr.strip()[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _code(bytecode: Mapping[str, Any]) -> Code:
    holes = {
        library: [place["start"] for place in places]
        for libraries in bytecode["linkReferences"].values()
        for library, places in libraries.items()
    }
    # In a hole solc writes a name that is no hexadecimal number.
    text: str = bytecode["object"]
    for places in holes.values():
        for place in places:
            text = text[: 2 * place] + "0" * 40 + text[2 * place + 40 :]
    return Code(text, holes)


def _write(file: Path, text: str) -> None:
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as scratch:
        scratch.write(text)
    os.replace(scratch.name, file)
