"""What `snapshots/coverage.json` says is of these contracts, and reaches the goals."""

from __future__ import annotations

import json

import pytest

import coverage

KEPT = json.loads(coverage.SNAPSHOT.read_text(encoding="utf-8"))
ANSWERS = coverage.ANSWERS.read_text(encoding="utf-8")


def test_the_coverage_on_record_is_that_of_these_contracts() -> None:
    assert not coverage.stale(KEPT), "contracts have changed since: run `make coverage`"


def test_the_goals_are_reached_and_what_is_missing_has_its_reason() -> None:
    assert list(coverage.problems(KEPT, ANSWERS)) == []


def test_comments_and_layout_are_no_change_and_code_is() -> None:
    text = 'f(1); // once\n/* or\n twice */ g("http://a b");'
    assert coverage.digest(text) == coverage.digest('f(1);g("http://a b"); // again')
    assert coverage.digest(text) != coverage.digest(text.replace("1", "2"))
    assert coverage.digest(text) != coverage.digest(text.replace("//a", "//b"))


def test_each_shortcoming_is_told() -> None:
    entry = {"lines": [9, 10], "branches": [1, 2], "missing": ["if never true at `if (a) b();`"]}
    kept = {"contracts/a/A.sol": {**entry, "source": ""}}
    found = list(coverage.problems(kept, ""))
    assert [problem.split(":")[0] for problem in found] == [
        "9 of 10 lines are reached, less than 98 %",
        "1 of 2 branches are reached, less than 95 %",
        "contracts/a/A.sol",
    ]
    answers = "## `contracts/a/A.sol`\n\n- if never true at `if (a) b();`: a is false since birth\n"
    assert len(list(coverage.problems(kept, answers))) == 2
    over = answers + "- never reached at `b();`: likewise\n"
    assert "which is reached, or gone" in list(coverage.problems(kept, over))[-1]
    with pytest.raises(ValueError, match="no entry with a reason"):
        list(coverage.problems(kept, "## `contracts/a/A.sol`\n- if never true at `if (a) b();`:\n"))
