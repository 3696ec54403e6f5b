"""What coverage says of a small contract is exactly what was done with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import _compiler
from defi_kit.chain import Chain
from defi_kit.errors import InputError, Reverted
from defi_kit.testing.coverage import Build, Recorder, Report
from defi_kit.testing.coverage.__main__ import main
from defi_kit.testing.deployed import Deployed

TOLL = """\
// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

contract Toll {
    uint256 public immutable price;
    uint256 public paid;

    constructor(uint256 price_) {
        price = price_;
    }

    function pass(uint256 fee, bool free) external returns (uint256) {
        require(free || fee >= price, "too little");
        if (free) return 0;
        uint256 change = fee > price ? fee - price : 0;
        paid += fee - change;
        return change;
    }

    function wait(uint256 turns) external pure returns (uint256 sum) {
        for (uint256 i; i < turns; ++i) {
            sum += i;
        }
    }

    function never() external {
        paid = 0;
    }
}
"""

REQUEST = {
    "language": "Solidity",
    "sources": {"Toll.sol": {"content": TOLL}},
    "settings": {"optimizer": {"enabled": True, "runs": 200}, "evmVersion": "cancun"},
}
PASS = "pass(uint256,bool)"
"""On lines 12 to 18; `wait` from 20, `never` on 26 and 27."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made as docs/quality.md tells, from what Foundry and Hardhat write."""
    folder = tmp_path_factory.mktemp("coverage")
    _compiler.ensure()
    build_info = {"solcVersion": _compiler.VERSION, "input": REQUEST}
    (folder / "input.json").write_text(json.dumps(build_info))
    arguments = [folder / "input.json", folder / "build.json", "--solc", _compiler.VERSION]
    assert main([str(one) for one in arguments]) == 0
    return folder / "build.json"


@pytest.fixture(scope="module")
def build(file: Path) -> Build:
    return Build.load(file)


class Watched:
    """A toll of ten on a chain that is watched."""

    def __init__(self, build: Build) -> None:
        self.recorder = Recorder(build)
        self.code = next(bytes.fromhex(code) for code in build.code)
        with self.recorder.watching():
            self.chain = Chain.embedded()
            self.toll = Deployed.create(self.chain, self.code, "(uint256)", 10)

    @property
    def report(self) -> Report:
        return Report.of(self.recorder.build, self.recorder.seen())

    def missing(self) -> list[str]:
        (file,) = self.report.files
        return list(file.missing())


@pytest.fixture
def watched(build: Build) -> Watched:
    return Watched(build)


def test_a_constructor_that_ran_is_seen_and_nothing_else(watched: Watched) -> None:
    (file,) = watched.report.files
    assert [line for line, reached in file.lines.items() if reached] == [9]
    assert file.branch_tally == (0, 10)


def test_both_ways_of_every_fork_are_told_apart(watched: Watched) -> None:
    watched.toll.send(PASS, 15, False)
    seen = watched.missing()
    assert [entry for entry in seen if entry.startswith(("line 13", "line 14", "line 15"))] == [
        "line 13: require never false",
        "line 13: || never true",
        "line 14: if never true",
        "line 15: ?: never false",
    ]


def test_what_a_refused_call_reached_counts(watched: Watched) -> None:
    with pytest.raises(Reverted):
        watched.toll.send(PASS, 9, False)
    assert "line 13: require never true" in watched.missing()
    assert "line 13: require never false" not in watched.missing()


def test_views_count_and_so_does_what_is_rewound(watched: Watched) -> None:
    assert watched.toll.view("wait(uint256)(uint256)", 4) == 6
    with watched.chain.snapshot():
        watched.toll.send(PASS, 0, True)
    left = watched.missing()
    assert not [entry for entry in left if entry.startswith(("line 2", "line 14"))][2:]
    assert "line 14: if never false" in left


def test_all_is_reached_once_all_is_done(watched: Watched) -> None:
    for fee, free in ((10, False), (11, False), (0, True)):
        watched.toll.send(PASS, fee, free)
    with pytest.raises(Reverted):
        watched.toll.send(PASS, 9, False)
    watched.toll.view("wait(uint256)(uint256)", 1)
    assert watched.missing() == ["line 27: never reached"]
    watched.toll.send("never()")
    assert watched.missing() == []
    assert watched.report.lines.percent == watched.report.branches.percent == 100


def test_with_probes_it_does_the_same_and_shows_the_code_that_was_compiled(
    build: Build, watched: Watched
) -> None:
    plain = Chain.embedded()
    same = Deployed.create(plain, watched.code, "(uint256)", 10)
    for toll in (same, watched.toll):
        toll.send(PASS, 12, False)
    assert same.view("paid()(uint256)") == watched.toll.view("paid()(uint256)") == 10
    with watched.recorder.watching():
        shown = watched.chain.code(watched.toll.address)
    assert len(shown) == len(plain.code(same.address))


def test_chains_that_are_gone_were_seen(build: Build) -> None:
    watched = Watched(build)
    recorder = watched.recorder
    watched.toll.send("never()")
    watched.__dict__.clear()
    (file,) = Report.of(build, recorder.seen()).files
    assert file.lines[27]


def test_the_trace_file_adds_up(watched: Watched) -> None:
    """geninfo(1): the totals of a record are those of its lines."""
    watched.toll.send(PASS, 15, False)
    text = watched.report.lcov()
    assert text.startswith("TN:\nSF:Toll.sol\n")
    assert text.endswith("end_of_record\n")
    counts = dict(re.findall(r"^(LF|LH|BRF|BRH|FNF|FNH):(\d+)$", text, re.M))
    lines = re.findall(r"^DA:\d+,(\d+)$", text, re.M)
    branches = re.findall(r"^BRDA:\d+,\d+,[01],(-|\d+)$", text, re.M)
    functions = re.findall(r"^FNDA:(\d+),", text, re.M)
    assert counts == {
        "LF": str(len(lines)),
        "LH": str(lines.count("1")),
        "BRF": str(len(branches)),
        "BRH": str(branches.count("1")),
        "FNF": str(len(functions)),
        "FNH": str(functions.count("1")),
    }
    assert "-" in branches  # a fork that was not come to


def test_the_page_shows_what_is_missing_and_fetches_nothing(watched: Watched) -> None:
    page = watched.report.html()
    assert "never reached" in page
    assert "http" not in page.replace("<!doctype html>", "")


def test_a_build_is_kept_as_it_is(build: Build, tmp_path: Path) -> None:
    build.save(tmp_path / "build.json")
    assert Build.load(tmp_path / "build.json") == build


def test_pytest_writes_a_report_of_your_own_contracts(
    file: Path, build: Build, tmp_path: Path
) -> None:
    code = next(iter(build.code))
    (tmp_path / "test_toll.py").write_text(
        "from defi_kit.testing.deployed import Deployed\n\n\n"
        "def test_toll(chain):\n"
        f"    toll = Deployed.create(chain, bytes.fromhex('{code}'), '(uint256)', 10)\n"
        "    toll.send('pass(uint256,bool)', 10, False)\n"
    )
    plugin = ["-p", "defi_kit.testing.coverage.plugin", "--defi-coverage", str(file)]
    ended = run(
        tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:ape_test", *plugin
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Toll.sol  lines 66.7 % (6 of 9)" in ended.stdout, ended.stdout
    summary = json.loads((tmp_path / "coverage" / "summary.json").read_text())
    assert "line 27: never reached" in summary["Toll.sol"]["missing"]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "no Standard JSON input"), ("[]", "no Standard JSON input"),
     ('{"sources": {"A.sol": {"urls": []}}}', "names A.sol but has no content")],
)  # fmt: skip
def test_what_is_no_input_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "input.json"
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        main([str(file), str(tmp_path / "build.json")])
    assert not (tmp_path / "build.json").exists()
