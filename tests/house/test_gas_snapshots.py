"""The gas in `snapshots/` is what Anvil charges; `make snapshots` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import snapshot_gas
from defi_kit.bench import measure

FOLDER = Path(__file__).resolve().parents[2] / "snapshots"


@pytest.mark.chain
def test_gas_snapshots_are_current() -> None:
    kept = {
        file.stem: json.loads(file.read_text(encoding="utf-8"))
        for file in FOLDER.glob("*.json")
        if file.stem not in ("coverage", "mutants", "sizes", "speed")
    }
    assert kept == snapshot_gas.snapshots(measure()), "run `make snapshots`"
