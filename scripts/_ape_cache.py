"""Ape's cache of compiled contracts, written from our own solc output.

Ape compares the source text it finds there with the files: as long as they agree, `ape test`,
`ape run` and `ape console` start without compiling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from _compiler import ROOT, VERSION

Json = dict[str, Any]


def write(output: Json, sources: Mapping[str, str]) -> None:
    """Writes `.build/__local__.json`: an ethPM manifest as ape-solidity would leave it."""
