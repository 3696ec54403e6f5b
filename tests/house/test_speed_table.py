"""README's table of speed is what `make bench` wrote to `snapshots/speed.json`."""

from __future__ import annotations

import json

import speed_table
from defi_kit.bench.speed import SPEED_GOALS

REPORT = json.loads(speed_table.SNAPSHOT.read_text(encoding="utf-8"))


def test_the_readme_shows_what_was_measured() -> None:
    (shown,) = speed_table.SECTION.findall(speed_table.README.read_text(encoding="utf-8"))
    assert shown == speed_table.table(REPORT), "run `make bench`"


def test_every_goal_is_in_the_table_with_a_figure_or_a_reason() -> None:
    assert set(SPEED_GOALS) <= set(speed_table.LINES)
    found = {**REPORT, **REPORT["ratios"]}
    for name in speed_table.LINES:
        assert (found[name] is None) == (name in REPORT["reasons"]), name
    assert REPORT["goals"] == {name: list(goal) for name, goal in SPEED_GOALS.items()}


def test_what_was_not_measured_is_said() -> None:
    without = {**REPORT, "import_s": None, "load": None}
    assert "| `import defi_kit` | not measured |" in speed_table.table(without)
