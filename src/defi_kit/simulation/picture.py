"""A replay as one picture: price, health of the loans, liquidations, and what the lenders got.

Drawn with matplotlib, which is in the `plots` extra and imported only here, when a picture is made.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from defi_kit.errors import DefiKitError
from defi_kit.simulation.records import CLOSED, HEALTH_SCALE
from defi_kit.simulation.story import amount_text, change_text
from defi_kit.units import WAD

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from defi_kit.simulation.records import Replay
    from defi_kit.units import Amount

__all__ = ["PlotsMissing", "headlines", "inline_svg", "png", "rendered", "span", "svg", "title"]

INK = "#1f2933"
FAINT = "#9aa5b1"
GRID = "#e4e7eb"
PAPER = "#ffffff"
PRICE = "#2f5d8a"
REPAID = "#5a8fc0"
BONUS = "#f0a202"
LOSS = "#d64545"
GAIN = "#3f9142"

_SIZE = (11.0, 10.4)
_HEALTH_SHOWN = 2.6  # the least top of the health panel
_CLOSE = 0.08  # labels of prices nearer than this part of the width would overlap
_HEALTH_QUANTILE = 0.98  # a few health factors far above this one are cut off
_HEALTH_TOP = 10_000.0  # what is safer than that needs no watching
_THIN_LINES_FROM = 120  # more loans than this are drawn fainter


class PlotsMissing(DefiKitError):
    """Matplotlib is not installed."""


def png(replay: Replay) -> bytes:
    """The picture as PNG. Raises `PlotsMissing` without matplotlib."""
    return rendered("png", _SIZE, lambda figure: _draw(figure, replay))


def svg(replay: Replay) -> str:
    """The picture as an SVG element to put into an HTML page: no declaration, no links.

    Raises `PlotsMissing` without matplotlib.
    """
    return inline_svg(_SIZE, lambda figure: _draw(figure, replay))


def inline_svg(size: tuple[float, float], draw: Callable[[Figure], None]) -> str:
    """What `draw` draws as an SVG element to put into an HTML page. PlotsMissing."""
    import re

    text = rendered("svg", size, draw).decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)
    return re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r"<svg \1>", text, count=1)


def rendered(form: str, size: tuple[float, float], draw: Callable[[Figure], None]) -> bytes:
    """What `draw` draws on a figure of this size [inches], the same bytes every time. PlotsMissing.

    `form` is png or svg.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotsMissing(
            "the picture needs matplotlib, which is not installed",
            hint="pip install 'defi-kit[plots]'",
        ) from error
    style: dict[Any, Any] = {
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "text.color": INK,
        "axes.edgecolor": FAINT,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "svg.fonttype": "path",
        "svg.hashsalt": "defi_kit",
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=size, facecolor=PAPER)
        draw(figure)
        out = BytesIO()
        metadata: dict[str, Any] = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(out, format=form, dpi=130, metadata=metadata)
    return out.getvalue()


def _draw(figure: Figure, replay: Replay) -> None:
    import matplotlib.dates

    dates: Any = matplotlib.dates  # untyped functions

    price, health, money, lenders = figure.subplots(
        4,
        1,
        sharex=True,
        gridspec_kw={
            "height_ratios": (2.2, 3.2, 2, 1.5),
            "left": 0.09,
            "right": 0.965,
            "top": 0.835,
            "bottom": 0.05,
            "hspace": 0.24,
        },
    )
    _head(figure, replay)
    times = [float(dates.date2num(datetime.fromtimestamp(s.time, UTC))) for s in replay.steps]
    for axes in (price, health, money, lenders):
        _bare(axes)
    _price(price, times, replay)
    _health(health, times, replay)
    _money(money, times, replay)
    _lenders(lenders, times, replay)
    locator = dates.AutoDateLocator(minticks=5, maxticks=11)
    lenders.xaxis.set_major_locator(locator)
    formatter = dates.ConciseDateFormatter(locator, show_offset=False)
    # The tick where a larger unit begins names it in full: a day its month, a month its year.
    formatter.zero_formats = ["", "%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M"]
    formatter.formats = ["%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M", "%S.%f"]
    lenders.xaxis.set_major_formatter(formatter)
    lenders.set_xlim(times[0], times[-1])


def _head(figure: Figure, replay: Replay) -> None:
    figure.text(0.035, 0.965, title(replay), size=16, weight="bold", va="center")
    held = replay.invariants_held
    figure.text(
        0.965,
        0.965,
        f"every invariant held, {replay.invariants_checked:,} checks"
        if held
        else f"{len(replay.violations)} checks of {replay.invariants_checked:,} BROKEN",
        size=10,
        weight="bold",
        color=GAIN if held else LOSS,
        ha="right",
        va="center",
    )
    figure.text(0.035, 0.938, replay.source, size=9.5, color="#616e7c", va="center")
    for place, (label, value, colour) in enumerate(headlines(replay)):
        left = 0.035 + place * 0.19
        figure.text(left, 0.904, value, size=14, weight="bold", color=colour, va="center")
        figure.text(left, 0.881, label, size=8.5, color="#616e7c", va="center")


def title(replay: Replay) -> str:
    """What the picture shows, in a line."""
    return f"{len(replay.loans)} loans, {span(replay)}, {replay.loans_liquidated} liquidated"


def span(replay: Replay) -> str:
    """How long the history is, in hours or days."""
    hours = replay.hours
    if hours < 1:
        return f"{round(hours * 60)} minutes"
    return f"{round(hours):,} hours" if hours <= 100 else f"{round(hours / 24):,} days"


def _compact(amount: Amount, places: int) -> str:
    """An amount that leaves room for its neighbours: millions of millions in short."""
    if amount.raw < 10 ** (amount.unit.decimals + 8):
        return amount_text(amount, places)
    return f"{_dollars(float(amount.decimal))} {amount.symbol}"


def headlines(replay: Replay) -> list[tuple[str, str, str]]:
    """The figures to put first: label, value and colour."""
    first, fell = replay.first_price, replay.lowest_price < replay.first_price
    # Whichever way the price went further is what the history was about.
    if fell and replay.highest_price * replay.lowest_price > first**2:
        fell = False
    extreme = replay.lowest_price if fell else replay.highest_price
    gain = replay.lenders_return / WAD
    return [
        (
            "lowest price" if fell else "highest price",
            change_text(first, extreme),
            LOSS if fell else GAIN,
        ),
        ("collateral seized", _compact(replay.collateral_seized, 1), INK),
        ("bonus paid to keepers", "$" + _number(_compact(replay.bonus_paid, 0)), INK),
        (
            "bad debt",
            "$" + _number(_compact(replay.bad_debt, 0)),
            LOSS if replay.bad_debt.raw else GAIN,
        ),
        ("for the lenders", f"{gain:+.3%}", GAIN if gain >= 0 else LOSS),
    ]


def _number(text: str) -> str:
    return text.partition(" ")[0]


def _bare(axes: Axes) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


def _label(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", size=10, weight="bold", pad=7)


def _price(axes: Axes, times: list[float], replay: Replay) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator

    _label(axes, f"Price of {replay.collateral_seized.symbol}  [dollars]")
    prices = [step.price / 1e8 for step in replay.steps]
    prices[0] = replay.first_price / 1e8
    lows, highs = [s.low / 1e8 for s in replay.steps], [s.high / 1e8 for s in replay.steps]
    if replay.highest_price > 8 * replay.lowest_price:
        axes.set_yscale("log")
        if replay.highest_price < 1_000 * replay.lowest_price:
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.minorticks_off()
        room = (replay.highest_price / replay.lowest_price) ** 0.2
        axes.set_ylim(min(lows) / room, max(highs) * room)
    else:
        room = (max(highs) - min(lows)) * 0.2 or max(highs) * 0.01
        axes.set_ylim(min(lows) - room, max(highs) + room)
        axes.fill_between(times, prices, axes.get_ylim()[0], color=PRICE, alpha=0.08, linewidth=0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _plain(value)))
    axes.fill_between(times, lows, highs, color=PRICE, alpha=0.25, linewidth=0)
    axes.plot(times, prices, color=PRICE, linewidth=1.8)
    lowest = min(range(len(lows)), key=lows.__getitem__)
    highest = max(range(len(highs)), key=highs.__getitem__)
    last = len(prices) - 1
    marks = {0: prices[0], last: prices[-1], highest: highs[highest], lowest: lows[lowest]}
    middle = sum(axes.transData.transform((times[0], bound))[1] for bound in axes.get_ylim()) / 2
    for index, value in marks.items():
        axes.plot(times[index], value, "o", color=PRICE, markersize=4.5, clip_on=False)
        low = axes.transData.transform((times[index], value))[1] < middle
        # Beside an extreme the end of the curve is written on the other side.
        below = index == lowest or (
            index != highest
            and abs(index - lowest) > _CLOSE * last
            and (low or abs(index - highest) <= _CLOSE * last)
        )
        _mark(axes, times[index], value, below=below, place=index / last)


def _plain(price: float) -> str:
    """A price without an exponent."""
    if price >= 1e6:
        return _dollars(price)
    if price < 1e-3:
        return f"{price:.8f}".rstrip("0").rstrip(".")
    return f"{price:,.6g}"


def _mark(axes: Axes, time: float, value: float, *, below: bool, place: float) -> None:
    """A value written above or below its point, on a white halo, inside the panel."""
    from matplotlib.patheffects import withStroke

    axes.annotate(
        _plain(value),
        (time, value),
        xytext=(4 if place < 0.05 else -4 if place > 0.95 else 0, -7 if below else 7),
        textcoords="offset points",
        ha="left" if place < 0.05 else "right" if place > 0.95 else "center",
        va="top" if below else "bottom",
        size=8.5,
        weight="bold",
        color=PRICE,
        path_effects=[withStroke(linewidth=3, foreground=PAPER)],
        zorder=6,
    )


def _health(axes: Axes, times: list[float], replay: Replay) -> None:
    from matplotlib import colormaps
    from matplotlib.ticker import FuncFormatter, LogLocator

    _label(axes, "Health of each loan  [below 1 anyone may liquidate it; × marks a liquidation]")
    axes.axhspan(0, 1, color=LOSS, alpha=0.07, linewidth=0)
    axes.axhline(1, color=LOSS, linewidth=1)
    many = len(replay.loans) > _THIN_LINES_FROM
    order = sorted(range(len(replay.loans)), key=lambda i: replay.loans[i].ratio)
    palette = colormaps["viridis"]
    lowest = 1.0
    for rank, loan in enumerate(order):
        colour = palette(0.92 * rank / max(1, len(order) - 1))
        values = [_shown(step.health[loan]) for step in replay.steps]
        axes.plot(times, values, color=colour, linewidth=0.9, alpha=0.25 if many else 0.8)
        hits = [i for i, step in enumerate(replay.steps) if loan in step.liquidated]
        marks = [values[i] for i in hits]
        lowest = min([lowest, *(mark for mark in marks if mark == mark)])
        axes.plot(
            [times[i] for i in hits],
            marks,
            "x",
            color=LOSS,
            markersize=5 if not many else 3,
            markeredgewidth=1.3,
            zorder=5,
        )
    bottom, top = max(0.0, min(0.75, lowest - 0.05)), _health_top(replay)
    if top > 4 * _HEALTH_SHOWN:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.minorticks_off()
        bottom = max(bottom, 0.1)
    axes.set_ylim(bottom, top)


def _health_top(replay: Replay) -> float:
    """Where the health panel ends: above nearly all of what there is to see."""
    seen = sorted(h for step in replay.steps for h in step.health if h != CLOSED)
    if not seen:
        return _HEALTH_SHOWN
    high, most = seen[int((len(seen) - 1) * _HEALTH_QUANTILE)], seen[-1]
    top = (most if most <= 2 * high else high) / HEALTH_SCALE * 1.05
    return min(max(_HEALTH_SHOWN, top), _HEALTH_TOP)


def _shown(health: int) -> float:
    return float("nan") if health == CLOSED else health / HEALTH_SCALE


def _money(axes: Axes, times: list[float], replay: Replay) -> None:
    _label(axes, "Liquidations  [dollars]")
    from matplotlib.ticker import FuncFormatter

    unit = 10**replay.bonus_paid.unit.decimals
    parts = (
        ("repaid by keepers", REPAID, [s.debt_repaid / unit for s in replay.steps]),
        ("bonus for keepers", BONUS, [s.bonus_paid / unit for s in replay.steps]),
        ("bad debt", LOSS, [s.bad_debt / unit for s in replay.steps]),
    )
    width = (times[-1] - times[0]) / max(1, len(times) - 1) * 0.8
    base = [0.0] * len(times)
    for name, colour, values in parts:
        axes.bar(times, values, width, bottom=base, color=colour, label=name, linewidth=0)
        base = [below + value for below, value in zip(base, values, strict=True)]
    if not any(base):
        _nothing(axes, "nobody was liquidated")
        return
    axes.set_ylim(0, max(base) * 1.15)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _dollars(value)))
    axes.legend(loc="upper right", ncols=3, frameon=False, fontsize=8.5, handlelength=1)
    total = list(accumulate(step.liquidations for step in replay.steps))[-1]
    axes.text(0.005, 0.86, f"{total:,} calls", transform=axes.transAxes, size=8.5, color="#616e7c")


def _nothing(axes: Axes, words: str) -> None:
    """A panel without anything to show says so instead of drawing an empty scale."""
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color="#616e7c")


def _dollars(value: float) -> str:
    for size, name in ((1e12, "t"), (1e9, "b"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:,.4g}{name}"
    return f"{value:,.4g}"


def _lenders(axes: Axes, times: list[float], replay: Replay) -> None:
    from matplotlib.ticker import FuncFormatter

    _label(axes, "The lenders' money  [gain since the start]")
    gains = [step.lenders_return / WAD for step in replay.steps]
    axes.axhline(0, color=FAINT, linewidth=0.8)
    axes.plot(times, gains, color=INK, linewidth=1.5)
    axes.fill_between(
        times,
        gains,
        0,
        where=[gain >= 0 for gain in gains],
        interpolate=True,
        color=GAIN,
        alpha=0.25,
        linewidth=0,
    )
    axes.fill_between(
        times,
        gains,
        0,
        where=[gain < 0 for gain in gains],
        interpolate=True,
        color=LOSS,
        alpha=0.25,
        linewidth=0,
    )
    spread = max(gains) - min(gains)
    digits = 3 if spread < 0.002 else 2 if spread < 0.02 else 1
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+.{digits}%}"))
