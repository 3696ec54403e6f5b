"""python -m defi_kit.testing.coverage INPUT BUILD: compiles contracts with probes in them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ...errors import InputError, NotSupported
from .instrument import instrument


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m defi_kit.testing.coverage",
        description="Compile contracts with probes, for `pytest --defi-coverage BUILD`.",
    )
    parser.add_argument(
        "input",
        type=Path,
        help="Solidity's Standard JSON input, or a build-info of Foundry or Hardhat with one in it",
    )
    parser.add_argument("build", type=Path, help="where to write")
    parser.add_argument("--solc", metavar="VERSION", help="an installed compiler of py-solc-x")
    options = parser.parse_args(arguments)
    request = _read(options.input)
    build = instrument(
        request, lambda asked: _compile(asked, options.solc), options.build.parent / "probed"
    )
    build.save(options.build)
    print(f"{options.build}: {len(build.code)} contracts, {len(build.shows)} probes")
    return 0


def _read(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        request: dict[str, Any] = read.get("input", read)
        missing = [path for path, entry in request["sources"].items() if "content" not in entry]
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise InputError(f"{file} is no Standard JSON input of Solidity: {error}") from error
    if missing:
        raise InputError(f"{file} names {missing[0]} but has no content for it")
    return {"settings": {}, **request}


def _compile(request: dict[str, Any], version: str | None) -> dict[str, Any]:
    try:
        import solcx
    except ImportError:
        raise NotSupported(
            "py-solc-x is not installed", hint="pip install 'defi-kit[ape]' brings it"
        ) from None
    output = solcx.compile_standard(request, solc_version=version, base_path=".", allow_empty=True)
    return dict(output)


if __name__ == "__main__":
    raise SystemExit(main())
