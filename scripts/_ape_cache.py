"""Ape's cache of compiled contracts, written from our own solc output.

Ape compares the source text it finds there with the files: as long as they agree, `ape test`,
`ape run` and `ape console` start without compiling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from _compiler import ROOT, VERSION, settings

Json = dict[str, Any]

# What ape-solidity asks the compiler for.
APE_OUTPUTS = [
    "abi",
    "bin-runtime",
    "devdoc",
    "userdoc",
    "evm.bytecode.object",
    "evm.bytecode.sourceMap",
    "evm.deployedBytecode.object",
]


def write(output: Json, sources: Mapping[str, str]) -> None:
    """Writes `.build/__local__.json`: an ethPM manifest as ape-solidity would leave it."""
    types = {
        name: _contract_type(source_id, name, compiled)
        for source_id in sources
        for name, compiled in output["contracts"].get(source_id, {}).items()
    }
    selection = {source_id: {"*": APE_OUTPUTS, "": ["ast"]} for source_id in sources}
    manifest = {
        "compilers": [
            {
                "contractTypes": sorted(types),
                "name": "solidity",
                "settings": settings(selection),
                "version": f"{VERSION}+{_commit(output)}",
            }
        ],
        "contractTypes": types,
        "manifest": "ethpm/3",
        "sources": {name: {"content": text, "urls": []} for name, text in sources.items()},
    }
    folder = ROOT / ".build"
    folder.mkdir(exist_ok=True)
    (folder / "__local__.json").write_text(
        json.dumps(manifest, separators=(",", ":"), sort_keys=True), encoding="utf-8"
    )


def _contract_type(source_id: str, name: str, compiled: Json) -> Json:
    evm = compiled["evm"]
    return {
        "abi": compiled["abi"],
        "contractName": name,
        "deploymentBytecode": {"bytecode": "0x" + evm["bytecode"]["object"]},
        "devdoc": compiled["devdoc"],
        "methodIdentifiers": {
            signature: "0x" + selector
            for signature, selector in evm.get("methodIdentifiers", {}).items()
        },
        "runtimeBytecode": {"bytecode": "0x" + evm["deployedBytecode"]["object"]},
        "sourceId": source_id,
        "sourcemap": evm["bytecode"].get("sourceMap", ""),
        "userdoc": compiled["userdoc"],
    }


def _commit(output: Json) -> str:
    """`commit.f401782d`, read from the metadata of any contract."""
    for contracts in output["contracts"].values():
        for compiled in contracts.values():
            if compiled.get("metadata"):
                version = json.loads(compiled["metadata"])["compiler"]["version"]
                return str(version).partition("+")[2]
    raise ValueError("the compiler returned no metadata")
