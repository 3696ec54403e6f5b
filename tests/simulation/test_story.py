"""What people and programs see of a replay."""

from __future__ import annotations

import json
import re
import sys
from array import array
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from html.parser import HTMLParser
from io import StringIO
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from defi_kit.simulation import invariants, page, picture, story
from simulation.synthetic import USD, crash_replay, step


def told(replay, width=140) -> str:
    out = StringIO()
    story.tell(replay, Console(file=out, width=width))
    return out.getvalue()


def test_the_story_names_every_figure():
    text = told(crash_replay())
    for figure in ("193.37", "97.63", "-49.5%", "12 opened", "9 liquidated", "9.0000 WETH"):
        assert figure in text
    assert "all held; 95 checks of L1, X1" in text
    assert "broken" not in text


def test_invariants_are_listed_in_order_and_those_not_checked_are_named():
    told_of = dict(story.facts(crash_replay(checks={"L10": 1, "L2": 1, "X1": 1})))
    assert told_of["invariants"].endswith("L2, L10, X1")
    assert "L16" in told_of["not checked here"]
    assert not set(invariants.NUMBERS) & set(invariants.ELSEWHERE)
    assert list(story.as_data(crash_replay(checks={"L10": 1, "L2": 1}))["invariants"]) == [
        "L2",
        "L10",
    ]


def test_a_long_history_shows_its_extremes_an_even_spread_and_says_that_it_merged():
    steps = [
        step(time=60 * n, price=10**8 + n, rows=3, liquidations=n % 2, debt_repaid=n % 2 * n)
        for n in range(900)
    ]
    steps[300] = replace(steps[300], low=5)
    steps[500] = replace(steps[500], high=10**12)
    replay = crash_replay(steps=tuple(steps), loans=1)
    shown = [one.time // 60 for one in story._interesting(replay)]
    assert shown == sorted(shown)
    assert len(shown) <= 48
    assert {0, 300, 500, 899, 897, 895} <= set(shown)
    assert max(b - a for a, b in pairwise(shown)) < 100
    assert "each of up to 3 neighbouring rows merged" in " ".join(told(replay).split())
    assert "neighbouring" not in told(crash_replay())


def test_columns_without_room_are_named():
    assert "no room for" not in told(crash_replay(), 140)
    narrow = told(crash_replay(), 50)
    assert "no room for: bars, open, seized" in " ".join(narrow.split())
    assert "…" not in narrow


@pytest.mark.parametrize(
    ("first", "later", "said"),
    [(100, 100, "0.0%"), (2, 1, "-50.0%"), (10**13, 10**8, "-99.999%"), (10**18, 1, "-99.9")],
)
def test_a_fall_that_is_not_total_is_not_called_total(first, later, said):
    assert story.change_text(first, later).startswith(said)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_story_fits_its_terminal(width):
    assert max(map(len, told(crash_replay(), width).splitlines())) <= width


def test_a_broken_invariant_is_told_loudly():
    text = told(crash_replay(violations=("X1 [k] fell at 2020-03-12T10:00Z",)))
    assert "1 BROKEN" in text
    assert "broken: X1 [k] fell at 2020-03-12T10:00Z" in text


def test_data_is_json_with_exact_decimals():
    data = json.loads(json.dumps(story.as_data(crash_replay(), path=True)))
    assert data["hours"] == 48
    assert data["liquidations"] == 9
    assert Decimal(data["collateral_seized"]) == 9
    assert Decimal(data["bad_debt"]) == 9
    assert data["keeper_profit"] == "0.000015"
    assert data["lenders_return"].startswith("-0.00")
    assert data["invariants_held"] is True
    assert len(data["path"]) == 48
    assert len(data["borrowers"]) == 12
    assert sum(one["liquidations"] for one in data["path"]) == 9
    numbers = re.findall(r'": "(-?[\d.]+[eE][^"]*)"', json.dumps(data))
    assert not numbers, "scientific notation is hard to parse exactly"


def test_data_without_path_stays_short():
    assert not {"path", "borrowers"} & story.as_data(crash_replay()).keys()


@given(st.integers(-(10**19), 10**19), st.integers(0, 6))
def test_a_percentage_is_the_nearest_one(wad, digits):
    text = story.percent(wad, digits)
    shown = Decimal(text.removesuffix("%")) * 10**16
    assert abs(shown - wad) * 2 <= 10 ** (16 - digits)
    assert text.count(".") == (1 if digits else 0)


@given(st.integers(-(10**30), 10**30), st.integers(0, 24))
def test_a_signed_number_is_exact(raw, decimals):
    assert Fraction(story.format_signed(raw, decimals)) * 10**decimals == raw


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.found += [v for k, v in attrs if k in ("href", "src", "xlink:href") and v]


def test_the_page_needs_nothing_else():
    text = page.html(crash_replay())
    links = _Links()
    links.feed(text)
    assert all(link.startswith("#") for link in links.found)
    assert "http" not in text
    assert "<script" not in text
    assert {"svg", "table", "path"} <= links.tags
    assert text.count("<tr class=hit>") >= 9
    assert "2020-03-12T10:00Z" in text


def test_the_page_escapes_what_comes_from_outside():
    text = page.html(crash_replay(source="<img src=x>", violations=("<b>",)))
    assert "<img" not in text
    assert "<b>" not in text


def test_the_picture_is_a_png_and_the_same_every_time():
    first = picture.png(crash_replay())
    assert first.startswith(b"\x89PNG")
    assert picture.png(crash_replay()) == first
    assert picture.svg(crash_replay()) == picture.svg(crash_replay())


def test_a_picture_of_many_orders_of_magnitude_and_one_loan():
    assert picture.png(crash_replay(loans=1, highest_price=10**14)).startswith(b"\x89PNG")


def axes_of(replay):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 10.4))
    picture._draw(figure, replay)
    return figure.axes


def rising(factor: int):
    steps = tuple(
        step(time=86_400 * n, price=10**8 * (1 + factor * n), health=array("i", [15_000 * (1 + n)]))
        for n in range(20)
    )
    return crash_replay(
        loans=1,
        steps=steps,
        first_price=steps[0].price,
        last_price=steps[-1].price,
        lowest_price=steps[0].price,
        highest_price=steps[-1].price,
    )


def test_the_health_panel_follows_a_price_that_rises():
    assert axes_of(crash_replay())[1].get_ylim()[1] == pytest.approx(2.6)
    high = axes_of(rising(1))[1]
    assert high.get_ylim()[1] >= 30
    assert high.get_yscale() == "log"


@pytest.mark.parametrize(
    ("price", "said"),
    [(5e9, "5b"), (193.37, "193.37"), (0.00002, "0.00002"), (1_234.5, "1,234.5"), (0, "0")],
)
def test_prices_in_the_picture_have_no_exponent(price, said):
    assert picture._plain(price) == said


def test_labels_of_the_price_are_apart_and_within_the_panel():
    for replay in (crash_replay(), rising(1), rising(50)):
        axes = axes_of(replay)[0]
        axes.figure.canvas.draw()
        boxes = [text.get_window_extent() for text in axes.texts]
        assert len(boxes) >= 2
        for one, other in combinations(boxes, 2):
            assert not one.overlaps(other)
        title = axes._left_title.get_window_extent()
        assert not any(box.overlaps(title) for box in boxes)


def test_a_panel_without_liquidations_says_so():
    words = [text.get_text() for text in axes_of(rising(1))[2].texts]
    assert words == ["nobody was liquidated"]
    assert "nobody was liquidated" not in [t.get_text() for t in axes_of(crash_replay())[2].texts]


def test_long_spans_name_the_year():
    steps = tuple(step(time=1_577_836_800 + 86_400 * n) for n in range(700))
    axes = axes_of(crash_replay(steps=steps, loans=1))[3]
    axes.figure.canvas.draw()
    named = [label.get_text() for label in axes.get_xticklabels()]
    assert any("2020" in name for name in named)
    assert any("2021" in name for name in named)


def test_without_matplotlib_the_page_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(picture.PlotsMissing, match="pip install"):
        picture.png(crash_replay())
    text = page.html(crash_replay())
    assert "pip install" in text
    assert "<table>" in text


def test_an_amount_that_is_not_zero_does_not_look_like_it():
    replay = crash_replay()
    assert story.seized(1_234, replay) == "0.0000000000000012 WETH"
    assert story.seized(0, replay) == ""
    assert story.seized(10**16, replay) == "0.01 WETH"
    assert story.dollars(120, USD) == "0.00012"


def test_amounts_without_anything_are_blank():
    assert story.dollars(0, USD) == ""
    assert story.dollars(1_234_500_000, USD) == "1,234"  # half to even
