"""`defi-kit demo` and `defi-kit replay`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from decimal import Decimal

import pytest

from defi_kit.simulation.audit import Auditor

PROMISED = {
    "engine",
    "hours",
    "loans",
    "liquidations",
    "collateral_seized",
    "bonus_paid",
    "bad_debt",
    "lenders_return",
    "invariants_checked",
    "invariants_held",
}

FALL = "time,close\n2020-03-12T00:00Z,1000\n2020-03-12T01:00Z,800\n2020-03-12T02:00Z,600\n"


# --- demo -----------------------------------------------------------------------------------------


def test_the_demo_tells_the_story_and_saves_it(cli):
    result = cli("demo", "--out", "story")
    assert result.exit_code == 0
    assert "40 loans through ETH/USD" in result.stdout
    assert "all held" in result.stdout
    assert "saved story/defi-kit-demo.png" in result.stdout
    assert (cli.folder / "story/defi-kit-demo.png").read_bytes().startswith(b"\x89PNG")
    page = (cli.folder / "story/defi-kit-demo.html").read_text()
    assert "<svg" in page
    assert "http" not in page


def test_the_demo_in_json_carries_what_is_promised(cli):
    told = cli.json("demo", "--no-picture")
    assert told.keys() >= PROMISED
    assert told["engine"] == "embedded"
    assert told["hours"] == 48
    assert told["loans"] == 40
    assert told["liquidations"] >= 10
    assert told["invariants_held"] is True
    assert told["invariants_checked"] > 1_000
    for amount in ("collateral_seized", "bonus_paid", "bad_debt", "lenders_return"):
        assert isinstance(told[amount], str)
        assert Decimal(told[amount]).is_finite()
    assert list(cli.folder.iterdir()) == []


def test_the_demo_gives_the_same_figures_on_anvil(cli):
    embedded = cli.json("demo", "--no-picture", "--path")
    anvil = cli.json("demo", "--no-picture", "--path", "--chain", "anvil")
    assert anvil.pop("engine") == "anvil"
    assert embedded.pop("engine") == "embedded"
    assert anvil == embedded
    assert len(anvil["path"]) == 48
    assert len(anvil["borrowers"]) == 40


def test_the_demo_as_a_process_prints_nothing_but_json(spawn):
    process = spawn("demo", "--json", "--out", "story")
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0
    told = json.loads(out)
    assert told["picture"] == "story/defi-kit-demo.png"
    assert told["page"] == "story/defi-kit-demo.html"
    assert "Traceback" not in errors


def test_without_matplotlib_the_demo_still_succeeds_and_says_how_to_get_it(cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = cli("demo")
    assert result.exit_code == 0
    assert "pip install 'defi-kit[plots]'" in result.stderr
    assert [path.name for path in cli.folder.iterdir()] == ["defi-kit-demo.html"]


def test_a_broken_invariant_is_told_and_exits_with_one(cli, monkeypatch):
    """The chain is made to look as if one wei of the exchange's collateral were gone."""
    books = Auditor.books

    def short(self, **options):
        seen = books(self, **options)
        dollars, collateral = seen.exchange_holds
        return replace(seen, exchange_holds=(dollars, collateral - 1))

    monkeypatch.setattr(Auditor, "books", short)
    result = cli("demo", "--no-picture")
    assert result.exit_code == 1
    assert "BROKEN" in result.stdout
    assert "broken: X3 at 2020-03-12T00:00Z" in result.stdout
    told = cli.json("demo", "--no-picture", code=1)
    assert told["invariants_held"] is False
    assert told["violations"][0].startswith("X3 at 2020-03-12T00:00Z")


def test_a_folder_that_cannot_be_made_is_refused_before_the_work(cli):
    (cli.folder / "file").write_text("")
    result = cli("demo", "--out", "file/story")
    assert result.exit_code == 1
    assert "error: file/story: Not a directory" in result.stderr


# --- replay ---------------------------------------------------------------------------------------


@pytest.fixture
def fall(cli):
    (cli.folder / "fall.csv").write_text(FALL)
    return "fall.csv"


def test_a_history_is_replayed_and_saved_under_its_name(cli, fall):
    result = cli("replay", fall, "--out", "out")
    assert result.exit_code == 0
    assert "from, to" in result.stdout
    assert {path.name for path in (cli.folder / "out").iterdir()} == {"fall.png", "fall.html"}


def test_the_options_reach_the_scenario(cli, fall):
    told = cli.json(
        *("replay", fall, "--no-picture", "--path", "--loans", 3, "--seed", 9),
        *("--ratios", "200%", "250%", "--borrow-ltv", "60%", "--liquidation-ltv", "65%"),
        *("--bonus", "10%", "--liquidity", "9000000"),
    )
    assert told["loans"] == 3
    assert told["seed"] == 9
    assert [one["ratio"] for one in told["borrowers"]] == ["2", "2.25", "2.5"]
    # At 200 % over 65 % the first loan is unhealthy below 770 dollars, the last below 615.
    assert told["loans_liquidated"] == 3
    assert Decimal(told["bonus_paid"]) > 0
    assert told["invariants_held"] is True


def test_a_window_and_a_step_pick_rows(cli, fall):
    window = ("--from", "2020-03-12T01:00Z", "--to", "1583978400")
    told = cli.json("replay", fall, "--no-picture", *window)
    assert (told["rows"], told["first_price"], told["last_price"]) == (2, "800", "600")
    told = cli.json("replay", fall, "--no-picture", "--step", "2h")
    assert (told["rows"], told["first_price"], told["last_price"]) == (2, "1000", "600")


def test_the_collateral_is_called_as_asked(cli, fall):
    told = cli.json("replay", fall, "--no-picture", "--asset", "SOL")
    assert told["collateral"] == "SOL"
    shown = cli("replay", fall, "--out", "out", "--asset", "SOL")
    assert "SOL" in shown.stdout
    assert "WETH" not in shown.stdout
    assert "WETH" not in (cli.folder / "out/fall.html").read_text()


def test_hours_are_from_first_to_last_row_and_a_typical_spacing(cli):
    days = [day for day in range(1, 31) if day not in (4, 5, 9, 10, 11, 22)]
    rows = "".join(f"2022-06-{day:02},{1000 - day}\n" for day in days)
    (cli.folder / "june.csv").write_text("time,close\n" + rows)
    assert cli.json("replay", "june.csv", "--no-picture", "--loans", 2)["hours"] == 30 * 24
    told = " ".join(cli("replay", "--help").stdout.split())
    assert "the median time between two rows" in told
    assert "at most 1,000 steps" in told


def test_an_empty_window_is_refused(cli, fall):
    result = cli("replay", fall, "--from", "2021-01-01")
    assert result.exit_code == 1
    assert "fewer than two rows lie in the window" in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("time;close\n1;2\n", "separated by semicolons, and commas are wanted"),
        ("time,volume\n1,2\n", "no column close or price"),
        ("time,close\n1,x\n", "row 2: price 'x' is not a number"),
        ("time,close\n1,NaN\n", "row 2: price 'NaN' is not a finite number"),
        ("time,close\n1,inf\n", "row 2: price 'inf' is not a finite number"),
        ("time,close\n1,0\n", "row 2: price '0' is zero"),
        ("time,close\n1,-3\n", "row 2: price '-3' is negative"),
        ("time,close\n1,3\n1,4\n", "rows 2 and 3 have the same time"),
    ],
)
def test_a_bad_history_is_refused_and_nothing_is_written(cli, content, said):
    (cli.folder / "bad.csv").write_text(content)
    result = cli("replay", "bad.csv", "--out", "out")
    assert result.exit_code == 1
    assert said in result.stderr
    assert [path.name for path in cli.folder.iterdir()] == ["bad.csv"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ratios", "120%", "200%"], "such a loan cannot be opened"),
        (["--borrow-ltv", "85%"], "0 < borrow LTV < liquidation LTV"),
        (["--bonus", "30%"], "must stay below 100%"),
        (["--bonus", "5"], 'did you mean "5%"?'),
        (["--ratios", "140", "300"], 'did you mean "140%"?'),
        (["--from", "2021-01-01", "--to", "2020-01-01"], "swap them"),
        (["--asset", "[red]"], "a name has 1 to 16 letters"),
        (["--bonus", "much"], "much"),
        (["--liquidity", "-1"], "-1"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused(cli, fall, arguments, said):
    result = cli("replay", fall, *arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_replay_needs_a_local_chain(cli, fall, monkeypatch):
    from defi_kit.chain.embedded import EmbeddedChain

    monkeypatch.setattr(EmbeddedChain, "is_local", False, raising=False)
    monkeypatch.setattr(EmbeddedChain, "__setattr__", _keep_public)
    result = cli("replay", fall)
    assert result.exit_code == 1
    assert "not a local development chain" in result.stderr


def _keep_public(self, name, value):
    if name != "is_local":
        object.__setattr__(self, name, value)
