"""Compiles the contracts and writes everything that is generated from them.

    contracts/*.sol → src/defi_kit/artifacts/*.json → src/defi_kit/bindings/*.py, reverts.py

and `.build/__local__.json`, so that Ape finds nothing left to compile. One solc call. The same
sources give the same files, byte for byte. `make artifacts`, or while working on one room:

    python scripts/artifacts.py --only contracts/dex     refreshes that folder's contracts only
    python scripts/artifacts.py --output DIRECTORY       writes to another folder, to compare
"""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import _ape_cache
import _bindings
from _abi import canonical, keccak, signature
from _compiler import ROOT, CompilerError, compile_sources, own_sources, read

Json = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compile, write artifacts and bindings.")
    parser.add_argument("--only", action="append", default=[], metavar="FOLDER")
    parser.add_argument("--output", type=Path, default=ROOT, metavar="DIRECTORY")
    options = parser.parse_args(arguments)
    try:
        written = generate(options.output, only=options.only)
    except CompilerError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{written} contracts written to {options.output / 'src' / 'defi_kit'}")
    return 0


def generate(target: Path, *, only: Iterable[str] = ()) -> int:
    """Writes all generated files below `target`; returns how many contracts were compiled."""
    sources = {source_id: read(source_id) for source_id in own_sources(*only)}
    output = compile_sources(sources)
    fresh = dict(sorted(_artifacts(output, sources).items()))

    package = target / "src" / "defi_kit"
    with _lock():  # a partial run must not bring back what another one has just replaced
        artifacts, errors = _tables(package / "artifacts", fresh, output, partial=bool(only))
        _write(package, _files(artifacts, errors))
        _write_sizes(target / "snapshots" / "sizes.json", artifacts)
    if not only:
        _ape_cache.write(output, sources)
    return len(fresh)


def _tables(folder: Path, fresh: Json, output: Json, *, partial: bool) -> tuple[Json, Json]:
    """All artifacts and all errors. A partial run reads what it does not compile from `folder`."""
    kept = _kept(folder, fresh) if partial else {}
    known = _json(folder / "errors.json") if partial else {}
    artifacts = dict(sorted({**kept, **fresh}.items()))
    return artifacts, _errors(artifacts, output, known)


def _files(artifacts: Json, errors: Json) -> dict[str, str]:
    """Every generated file's text, by path below the package."""
    files = {f"artifacts/{name}.json": _dump(artifact) for name, artifact in artifacts.items()}
    files["artifacts/errors.json"] = _dump(errors)
    return files | _bindings.render(artifacts, errors)


def sizes(runtime: Mapping[str, int], sources: Mapping[str, str]) -> dict[str, int]:
    """Runtime size of each contract that users deploy. [bytes]"""
    return {
        name: size
        for name, size in sorted(runtime.items())
        if size and not sources[name].startswith("contracts/testing/")
    }


def _write_sizes(file: Path, artifacts: Mapping[str, Json]) -> None:
    runtime = {name: len(entry["deployedBytecode"]) // 2 for name, entry in artifacts.items()}
    sources = {name: entry["source"] for name, entry in artifacts.items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(sizes(runtime, sources), indent=2) + "\n", encoding="utf-8")


@contextmanager
def _lock() -> Iterator[None]:
    folder = ROOT / ".cache"
    folder.mkdir(exist_ok=True)
    with (folder / "artifacts.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# --- artifacts ----------------------------------------------------------------------------------


def _artifacts(output: Json, sources: Mapping[str, str]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for source_id in sources:
        for name, compiled in output["contracts"].get(source_id, {}).items():
            if name in found:
                raise CompilerError(
                    f"two contracts are named {name}: {found[name]['source']} and {source_id}"
                )
            found[name] = _artifact(source_id, compiled)
    return found


def _artifact(source_id: str, compiled: Json) -> Json:
    abi = sorted(
        compiled["abi"], key=lambda item: (item["type"], item.get("name", ""), signature(item))
    )
    return {
        "abi": abi,
        "bytecode": compiled["evm"]["bytecode"]["object"],
        "deployedBytecode": compiled["evm"]["deployedBytecode"]["object"],
        "doc": _doc(compiled),
        "errors": {
            signature(item): keccak(signature(item))[:4].hex()
            for item in abi
            if item["type"] == "error"
        },
        "selectors": dict(compiled["evm"].get("methodIdentifiers", {})),
        "source": source_id,
        "topics": {
            signature(item): keccak(signature(item)).hex()
            for item in abi
            if item["type"] == "event"
        },
    }


def _doc(compiled: Json) -> Json:
    """NatSpec for users (`@notice`) and developers (`@dev`, `@param`, `@return`) in one tree."""
    user, developer = compiled.get("userdoc", {}), compiled.get("devdoc", {})
    doc: Json = {key: developer[key] for key in ("title", "details") if key in developer}
    if "notice" in user:
        doc["notice"] = user["notice"]
    for kind in ("methods", "events", "errors"):
        merged: Json = {}
        for table in (developer.get(kind, {}), user.get(kind, {})):
            for key, entry in table.items():
                parts = entry[0] if isinstance(entry, list) else entry
                if isinstance(parts, dict):  # the constructor's userdoc can be a bare string
                    merged.setdefault(key, {}).update(parts)
        if merged:
            doc[kind] = merged
    return doc


def _errors(artifacts: Mapping[str, Json], output: Json, known: Json) -> Json:
    """Every custom error by signature. Errors that Solady raises in assembly are in the ABIs of
    Solady's own files only, which is why the imported files' ABIs are read as well. A partial run
    does not see every dependency: the others' errors are taken from those that are `known`."""
    imported = {
        name: compiled["abi"]
        for source_id, contracts in output["contracts"].items()
        if source_id.startswith("node_modules/")
        for name, compiled in contracts.items()
    }
    own = {name: artifact["abi"] for name, artifact in artifacts.items()}
    table: dict[str, Json] = {}
    for key, entry in known.items():
        if others := set(entry["declaredIn"]) - set(own) if entry["foreign"] else set():
            table[key] = {"declaredIn": others, "foreign": True, "inputs": entry["inputs"]}
    for declared_in, abi in [*imported.items(), *own.items()]:
        for item in abi:
            if item["type"] == "error":
                blank = {"declaredIn": set(), "foreign": False, "inputs": _inputs(item)}
                entry = table.setdefault(signature(item), blank)
                entry["declaredIn"].add(declared_in)
                entry["foreign"] |= declared_in in imported
    names = _class_names(table)
    return {
        key: {
            "className": names[key],
            "declaredIn": sorted(entry["declaredIn"]),
            "foreign": entry["foreign"],
            "inputs": entry["inputs"],
            "selector": keccak(key)[:4].hex(),
        }
        for key, entry in sorted(table.items())
    }


def _inputs(item: Json) -> list[list[str]]:
    return [[part["name"], canonical(part)] for part in item["inputs"]]


def _class_names(table: Mapping[str, Json]) -> dict[str, str]:
    """Python class of each error: its name; of two errors of one name, the library's is prefixed
    with the library."""
    by_name: dict[str, list[str]] = {}
    for key in sorted(table):
        by_name.setdefault(key.partition("(")[0], []).append(key)
    names: dict[str, str] = {}
    for name, keys in by_name.items():
        own = [key for key in keys if not table[key]["foreign"]]
        if len(own) > 1:
            raise CompilerError(f"two errors are named {name}: {' and '.join(own)}; rename one")
        plain = own[0] if own else keys[0]
        for key in keys:
            names[key] = name if key == plain else f"{min(table[key]['declaredIn'])}{name}"
    twice = sorted({name for name in names.values() if list(names.values()).count(name) > 1})
    if twice:
        raise CompilerError(
            f"two errors would share the Python class {', '.join(twice)}; rename one"
        )
    return names


# --- files --------------------------------------------------------------------------------------


def _kept(folder: Path, fresh: Mapping[str, Json]) -> dict[str, Json]:
    """Artifacts that this partial run does not compile and whose source is still there."""
    compiled = {artifact["source"] for artifact in fresh.values()}
    found = {file.stem: _json(file) for file in folder.glob("*.json") if file.stem != "errors"}
    return {
        name: artifact
        for name, artifact in found.items()
        if artifact["source"] not in compiled and (ROOT / artifact["source"]).exists()
    }


def _json(file: Path) -> Json:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _dump(value: Json) -> str:
    """Compact, but one line for each top-level key, so that a diff shows what changed."""
    lines = (f"{json.dumps(key)}:{_compact(value[key])}" for key in sorted(value))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _write(package: Path, files: Mapping[str, str]) -> None:
    """Writes `files` and removes generated ones that no contract stands for any more."""
    for folder, pattern in (("artifacts", "*.json"), ("bindings", "*.py")):
        (package / folder).mkdir(parents=True, exist_ok=True)
        for file in (package / folder).glob(pattern):
            if f"{folder}/{file.name}" not in files:
                file.unlink()
    for name, text in files.items():
        target = package / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
