"""A sweep as a phase diagram: where a dollar survives, wobbles and dies, by collateral and run.

Drawn with matplotlib, which is in the `plots` extra.
"""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Final

from ..page import STYLE
from ..picture import GAIN, INK, LOSS, PAPER, PlotsMissing, inline_svg, rendered
from .sweep import PHASES, Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["html", "png"]

COLOURS: Final = dict(zip(PHASES, (GAIN, "#f0a202", LOSS), strict=True))
TITLE: Final = "Survives, wobbles, dies: collateral by size of the run"


def png(sweep: Sweep) -> bytes:
    """The diagram as PNG. PlotsMissing."""
    return rendered("png", _size(sweep), lambda figure: _draw(figure, sweep))


def html(sweep: Sweep) -> str:
    """The diagram and the counts as a page that needs nothing else.

    Without matplotlib it says in the diagram's place how to get one.
    """
    try:
        drawing = inline_svg(_size(sweep), lambda figure: _draw(figure, sweep))
    except PlotsMissing as missing:
        drawing = f"<p>{escape(missing.message)}: <code>{escape(missing.hint or '')}</code></p>"
    tables = "".join(
        f"<section><h2>Guards: {escape(name)}</h2>{_table(sweep, name)}</section>\n"
        for name in sweep.grid.guards
    )
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{TITLE}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<section>{drawing}</section>\n{tables}</main>\n</body>\n</html>\n"
    )


def _table(sweep: Sweep, guards: str) -> str:
    """How many runs of each cell survived, wobbled and died."""
    head = "".join(f"<th>run {size:.0%}</th>" for size in sweep.grid.run_sizes)
    rows = "".join(
        f"<tr><td>{ratio:.0%}</td>{''.join(_cell(one) for one in row)}</tr>\n"
        for ratio, row in zip(sweep.grid.ratios, sweep.phases(guards), strict=True)
    )
    return (
        f"<table><thead><tr><th>collateral</th>{head}</tr></thead><tbody>\n{rows}</tbody></table>"
        f"<p>{', '.join(PHASES)}; of {len(sweep.grid.seeds)} runs each.</p>"
    )


def _cell(counts: Counter[str]) -> str:
    return f"<td>{' / '.join(str(counts[phase]) for phase in PHASES)}</td>"


def _size(sweep: Sweep) -> tuple[float, float]:
    return max(1.2 + 3.1 * len(sweep.grid.guards), 7.2), 4.5  # the title needs as much


def _draw(figure: Figure, sweep: Sweep) -> None:
    from matplotlib.patches import Patch

    grid = sweep.grid
    panels = figure.subplots(
        1,
        len(grid.guards),
        squeeze=False,
        sharey=True,
        gridspec_kw={"left": 0.9 / _size(sweep)[0], "right": 0.99, "top": 0.68, "bottom": 0.15},
    )[0]
    for axes, name in zip(panels, grid.guards, strict=True):
        _panel(axes, sweep, name)
    panels[0].set_ylabel("collateral at the start [%]")
    left = 0.15 / _size(sweep)[0]
    figure.text(left, 0.93, TITLE, size=13, weight="bold", va="center")
    figure.text(
        left,
        0.865,
        f"{len(sweep.results):,} runs; a colour is the mix of its runs, {len(grid.seeds)} each; "
        f"the rest as in the {grid.design} design",
        va="center",
    )
    figure.legend(
        handles=[Patch(color=colour, label=phase) for phase, colour in COLOURS.items()],
        loc="upper left",
        bbox_to_anchor=(left, 0.845),
        borderaxespad=0,
        borderpad=0.3,
        ncols=len(PHASES),
        frameon=False,
    )


def _panel(axes: Axes, sweep: Sweep, guards: str) -> None:
    grid = sweep.grid
    axes.imshow(
        [[_mix(counts) for counts in row] for row in sweep.phases(guards)],
        aspect="auto",
        origin="lower",
    )
    axes.set_title(f"guards: {guards}", size=10, weight="bold", color=INK)
    axes.set_xticks(range(len(grid.run_sizes)), [f"{100 * size:g}" for size in grid.run_sizes])
    axes.set_yticks(range(len(grid.ratios)), [f"{100 * ratio:g}" for ratio in grid.ratios])
    axes.set_xlabel("sold on the day of the run [%]")
    axes.tick_params(length=0)
    axes.spines[:].set_color(PAPER)


def _mix(counts: Counter[str]) -> tuple[float, float, float]:
    """The phases' colours, in the proportion in which they came."""
    total = sum(counts.values()) or 1
    parts = [
        [int(COLOURS[phase][place : place + 2], 16) / 255 * counts[phase] for place in (1, 3, 5)]
        for phase in PHASES
    ]
    red, green, blue = (sum(one) / total for one in zip(*parts, strict=True))
    return red, green, blue
