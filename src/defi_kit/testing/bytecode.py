"""Creation bytecode from whatever holds it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from ..errors import InputError

__all__ = ["creation_code", "located"]

_HEX: Final = re.compile(r"(0x)?[0-9a-fA-F]+")


def creation_code(source: str) -> bytes:
    """Creation bytecode: hexadecimal, or a file of it, or an artifact (JSON). InputError."""
    text = source.strip()
    if not _HEX.fullmatch(text):
        try:
            text = Path(source).read_text(encoding="utf-8").strip()
            if text.startswith("{"):
                text = _bytecode_of(json.loads(text))
        except (OSError, ValueError, UnicodeError) as error:
            raise InputError(
                f"no bytecode in {source!r}: {error}",
                hint="an artifact (JSON with bytecode), or creation code in hexadecimal",
            ) from error
    if not _HEX.fullmatch(text) or len(text) % 2:
        raise InputError(
            f"the bytecode of {source!r} is not hexadecimal",
            hint="are there unlinked libraries in it?",
        )
    return bytes.fromhex(text.removeprefix("0x"))


def located(source: str) -> str:
    """The same from wherever one reads it: a file by its whole path, hexadecimal as it is."""
    if _HEX.fullmatch(source.strip()) or not Path(source).is_file():
        return source
    return str(Path(source).resolve())


def _bytecode_of(artifact: Any) -> str:
    """Ours, Hardhat's and Vyper's have a text, Ape's (`deploymentBytecode`) and forge's an object
    around it."""
    found = artifact.get("bytecode") or artifact.get("deploymentBytecode")
    while isinstance(found, dict):
        found = found.get("object") or found.get("bytecode")
    if not isinstance(found, str):
        raise ValueError("it has no bytecode")
    return found
