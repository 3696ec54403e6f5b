"""The Solidity compiler: version, settings, and how this machine comes by it.

`ensure()` leaves a working `solc-v0.8.37` in py-solc-x's folder and returns its path. In order:
one that is there already; the native compiler, downloaded by py-solc-x, where the network lets it;
a shim that runs npm's WebAssembly build of the same version (`solc.cjs`). All three give the same
bytecode. Run as a program it does just that: `python scripts/_compiler.py`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.8.37"
EVM_VERSION = "cancun"
OPTIMIZER_RUNS = 200
REMAPPINGS = (
    "@openzeppelin/=node_modules/@openzeppelin/",
    "solady/=node_modules/solady/src/",
)
OUTPUTS = (
    "abi",
    "devdoc",
    "userdoc",
    "evm.bytecode.object",
    "evm.bytecode.sourceMap",
    "evm.deployedBytecode.object",
    "evm.methodIdentifiers",
    "metadata",
)

PROBE_SECONDS = 3
DOWNLOAD_SECONDS = 90
NATIVE_LIST = "https://binaries.soliditylang.org/linux-amd64/list.json"

SHIM = """\
#!/bin/sh
# npm's WebAssembly build of solc, with solc's command line (see solc.cjs beside this file).
# The version is answered here because Ape and py-solc-x ask for it once per source file.
case "$*" in
--version) printf 'solc, the solidity compiler commandline interface\\nVersion: %s\\n'; exit ;;
esac
exec node --stack-size=3900 "$(dirname "$0")/solc.cjs" "$@"
"""

# Every Python of the project's virtual environment runs this line when it starts (a .pth file), so
# that `ape compile` finds the project's compiler, and neither needs nor touches `~/.solcx`.
STARTUP = (
    "import os, sys; "
    "os.environ.get('SOLCX_BINARY_PATH') or os.environ.update("
    "SOLCX_BINARY_PATH=os.path.join(os.path.dirname(sys.prefix), '.solcx'))\n"
)


class CompilerError(Exception):
    """The sources do not compile, or there is no compiler; the message says which and why."""


# --- the program --------------------------------------------------------------------------------


def folder() -> Path:
    """py-solc-x's folder: SOLCX_BINARY_PATH if set, else `.solcx` in the project."""
    return Path(os.environ.get("SOLCX_BINARY_PATH") or ROOT / ".solcx").absolute()


def program() -> Path:
    """Where py-solc-x, Ape and forge look for the compiler."""
    return folder() / f"solc-v{VERSION}"


def ensure() -> Path:
    """The compiler's path, after making sure that it is there and has the right version."""
    os.environ["SOLCX_BINARY_PATH"] = str(folder())
    folder().mkdir(parents=True, exist_ok=True)
    if not _works() and not _install_native():
        _install_shim()
    return program()


def _works() -> bool:
    path = program()
    if not path.exists():
        return False
    if path.read_bytes()[:2] == b"#!" and not _shim_is_current():
        return False
    try:
        run = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return f"Version: {VERSION}+" in run.stdout


def _shim_is_current() -> bool:
    copy, own = folder() / "solc.cjs", ROOT / "scripts" / "solc.cjs"
    return (
        (folder() / "soljson.js").exists()
        and copy.exists()
        and copy.read_bytes() == own.read_bytes()
    )


def _install_native() -> bool:
    """Whether py-solc-x could download the native compiler. It has no time limit of its own:
    a short probe asks first whether the network is there at all."""
    import requests

    try:
        requests.head(NATIVE_LIST, timeout=PROBE_SECONDS).raise_for_status()
    except requests.RequestException:
        return False
    download = "import sys, solcx; solcx.install_solc(sys.argv[1])"
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-c", download, VERSION],
            capture_output=True,
            timeout=DOWNLOAD_SECONDS,
            check=False,
        )
    return _works()


def _install_shim() -> None:
    soljson = ROOT / "tools" / "node_modules" / "solc" / "soljson.js"
    if not soljson.exists():
        raise CompilerError("no compiler: run `make check` once, it fetches npm's solc")
    if shutil.which("node") is None:
        raise CompilerError("no compiler: install Node.js 20 or newer, npm's solc runs on it")
    for source in (soljson, ROOT / "scripts" / "solc.cjs"):
        _write(folder() / source.name, source.read_bytes())
    answer = subprocess.run(
        ["node", folder() / "solc.cjs", "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"Version: (\S+)", answer)
    if found is None or not found[1].startswith(f"{VERSION}+"):
        raise CompilerError(
            f"npm's solc is not {VERSION} but says {answer!r}; run `npm ci` in tools/"
        )
    _write(program(), (SHIM % found[1]).encode())
    program().chmod(program().stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: two processes may write the same file at once."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)


def teach_environment() -> None:
    """Makes every Python of the project's virtual environment use the project's compiler."""
    if Path(sys.prefix).parent == ROOT:
        target = Path(sysconfig.get_path("purelib")) / "defi_kit_toolchain.pth"
        if not target.exists() or target.read_text() != STARTUP:
            _write(target, STARTUP.encode())


# --- sources ------------------------------------------------------------------------------------


def own_sources(*folders: str) -> list[str]:
    """Source ids (`contracts/dex/Exchange.sol`) of the project, sorted; all, or of some folders."""
    roots = [ROOT / folder for folder in folders] or [ROOT / "contracts"]
    files = {file for root in roots for file in ([root] if root.is_file() else root.rglob("*.sol"))}
    return sorted(file.resolve().relative_to(ROOT).as_posix() for file in files)


def read(source_id: str) -> str:
    return (ROOT / source_id).read_text(encoding="utf-8")


_IMPORT = re.compile(r"""^\s*import\b[^;"']*["']([^"']+)["']""", re.MULTILINE)


@cache
def _imported_packages() -> frozenset[str]:
    """First path parts of all imports under `contracts/`: `solady`, `@openzeppelin`, `..`."""
    found: set[str] = set()
    for source_id in own_sources():
        found.update(name.split("/")[0] for name in _IMPORT.findall(read(source_id)))
    return frozenset(found)


def closure(source_id: str) -> list[str]:
    """`source_id` and every own source it imports, directly or not."""
    seen: list[str] = []
    todo = [source_id]
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.append(current)
        for name in _IMPORT.findall(read(current)):
            if name.startswith("."):
                target = (ROOT / current).parent / name
                todo.append(Path(os.path.normpath(target)).relative_to(ROOT).as_posix())
    return sorted(seen)


# --- compiling ----------------------------------------------------------------------------------


def settings(output_selection: Mapping[str, Any], runs: int = OPTIMIZER_RUNS) -> dict[str, Any]:
    """What Ape gives solc for this project. The list of remappings ends up in the metadata, so it
    holds, as Ape's does, those that some source uses."""
    used = [entry for entry in REMAPPINGS if entry.split("/")[0] in _imported_packages()]
    return {
        "optimizer": {"enabled": True, "runs": runs},
        "evmVersion": EVM_VERSION,
        "remappings": used,
        "outputSelection": dict(output_selection),
    }


def compile_sources(
    sources: Mapping[str, str],
    wanted: Mapping[str, Iterable[str]] | None = None,
    runs: int = OPTIMIZER_RUNS,
) -> dict[str, Any]:
    """solc's Standard JSON output for `sources` (source id → text), in one call.

    `wanted` (source id → outputs) defaults to everything in OUTPUTS for every one of `sources`;
    imported files give their ABI only, which costs no code generation.
    """
    chosen = dict.fromkeys(sources, OUTPUTS) if wanted is None else wanted
    selection: dict[str, Any] = {"*": {"*": ["abi"]}}
    selection |= {source_id: {"*": list(outputs)} for source_id, outputs in chosen.items()}
    return standard(
        {
            "language": "Solidity",
            "sources": {
                source_id: {"content": text} for source_id, text in sorted(sources.items())
            },
            "settings": settings(selection, runs),
        }
    )


def standard(request: dict[str, Any]) -> dict[str, Any]:
    """solc's Standard JSON output for that input. CompilerError says what is wrong with it."""
    from solcx import compile_standard
    from solcx.exceptions import SolcError

    try:
        output = compile_standard(
            request, solc_binary=ensure(), solc_version=VERSION, base_path=ROOT, allow_empty=True
        )
    except SolcError as error:
        raise CompilerError(_explain(error)) from error
    return dict(output)


def _explain(error: Any) -> str:
    """The compiler's own words: py-solc-x prints the whole request as well."""
    problems = getattr(error, "error_dict", None) or []
    severe = [item["formattedMessage"] for item in problems if item["severity"] == "error"]
    return "\n".join(severe) or str(error)[:2000]


if __name__ == "__main__":
    print(ensure())
    teach_environment()
