"""`defi-kit bench`: what verbs cost in gas, how fast everything is, how it grows and lasts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from defi_kit.cli._common import console, json_option, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from defi_kit.bench import Report, Row
    from defi_kit.bench.growth import Growth
    from defi_kit.bench.soak import Engine, Soak
    from defi_kit.bench.speed import SpeedReport

__all__ = [
    "command",
    "gas",
    "growth",
    "soak",
    "speed",
]


@click.group("bench")
def command() -> None:
    """Measure gas, speed, growth and long lives."""


@command.command("gas")
@click.option(
    "--ours", is_flag=True, help="Leave the peers out; then only Anvil is needed, no repository."
)
@json_option
def gas(ours: bool, as_json: bool) -> None:
    """Gas of every verb, on an Anvil started for it.

    Whole transactions, one a block, twelve seconds apart, OpenZeppelin tokens with an endless
    allowance, for us and for Uniswap, Morpho and Aave alike. `steady`: all that the verb writes was
    written before; `first`: the account's first time. A number in brackets is the peer's gas over
    ours. The peers' sources are compiled the first time, which takes a minute or two.
    """
    from defi_kit.bench import ALL, measure

    screen = console(as_json=as_json)
    with screen.status("starting Anvil") as status:
        report = measure(() if ours else ALL, progress=status.update)
    if as_json:
        print_json(report.to_json())
        return
    for room in dict.fromkeys(row.room for row in report.rows):
        screen.print(_table(report, room))
        screen.print()
    for name, note in report.notes.items():
        screen.print(f"{name}: {note}", style="dim", soft_wrap=True)


def _table(report: Report, room: str) -> Table:
    from rich.table import Table

    rows = [row for row in report.rows if row.room == room]
    peers = list(dict.fromkeys(name for row in rows for name in row.peers))
    title = f"{room}, gas on {report.node}, {report.hardfork}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None)
    table.add_column("verb", no_wrap=True)
    table.add_column("when")
    for column in ("ours", "goal", *peers):
        table.add_column(column, justify="right")
    for row in rows:
        shown = [_beside(row, name) for name in peers]
        table.add_row(row.verb, row.when, f"{row.ours:,}", _goal(report, row), *shown)
    return table


def _goal(report: Report, row: Row) -> str:
    over = report.over(row)
    if over is None:
        return ""
    return f"[red]{over:,} over[/]" if over > 0 else f"[green]{-over:,} below[/]"


def _beside(row: Row, name: str) -> str:
    gas = row.peers.get(name)
    return "" if gas is None else f"{gas:,} ({gas / row.ours:.2f})"


def _interpreters(_: click.Context, __: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    from defi_kit.bench.rivals import RIVALS

    found = {}
    for text in given:
        name, _equals, python = text.partition("=")
        if name not in RIVALS or not python:
            raise click.BadParameter(f"{text!r} is not {', '.join(RIVALS)}, = and an interpreter")
        found[name] = python
    return found


@command.command("speed")
@click.option(
    "--rounds", type=click.IntRange(1), default=7, show_default=True, help="The median counts."
)
@click.option(
    "--lives",
    type=click.IntRange(1),
    default=24,
    show_default=True,
    help="Of a lending pool under the Hypothesis machine.",
)
@click.option(
    "--peer",
    "peers",
    metavar="NAME=PYTHON",
    multiple=True,
    callback=_interpreters,
    help="A Python interpreter that has curvesim, titanoboa, eth-tester or verbs installed.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file to write the report to, as JSON.",
)
@json_option
def speed(
    rounds: int, lives: int, peers: dict[str, str], output: Path | None, as_json: bool
) -> None:
    """How fast client, chains and twins are, all in one run.

    The embedded chain beside raw pyrevm; an Anvil started for it, through the kit and through
    web3.py; the lending pool's Hypothesis machine on both; twins beside curvesim; titanoboa,
    eth-tester and verbs beside the embedded chain; a sweep on one process and two, and on Dask's
    workers; imports and a deployment in fresh interpreters; the base install. What is not installed
    is left out and said. Figures hold for this machine, ratios roughly elsewhere.
    """
    from defi_kit.bench.speed import measure_speed

    screen = console(as_json=as_json)
    with screen.status("starting") as status:
        report = measure_speed(rounds=rounds, lives=lives, peers=peers, progress=status.update)
    if output is not None:
        output.write_text(json.dumps(report.to_json(), indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json(report.to_json())
        return
    for table in _speed_tables(report):
        screen.print(table)
        screen.print()
    for name, reason in report.reasons.items():
        screen.print(f"{name}: not measured: {reason}", style="dim", soft_wrap=True)


def _speed_tables(report: SpeedReport) -> list[Table]:
    from rich.table import Table

    from defi_kit.bench.speed import SPEED_GOALS

    rates = Table(title=report.machine, title_justify="left", title_style="bold", box=None)
    ratios = Table(title="Ratios", title_justify="left", title_style="bold", box=None)
    for table in (rates, ratios):
        table.add_column("what", no_wrap=True)
    rates.add_column("a second", justify="right")
    for name, rate in report.per_second.items():
        rates.add_row(name, f"{rate:,.0f}")
    ratios.add_column("", justify="right")
    ratios.add_column("goal", justify="right")
    for name, value in {**report.ratios, **report.figures}.items():
        goal = " ".join(map(str, SPEED_GOALS.get(name, ())))
        style = "red" if name in report.missed() else ""
        ratios.add_row(name, "" if value is None else f"{value:,.3g}", goal, style=style)
    return [rates, ratios]


@command.command("growth")
@click.option(
    "--largest",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="Sizes up to this; a million blocks take a minute or two.",
)
@click.option(
    "--plot",
    "picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A PNG or SVG file to draw it into; needs the plots extra.",
)
@json_option
def growth(largest: int, picture: Path | None, as_json: bool) -> None:
    """How time and memory grow with accounts, pools and blocks, on the embedded chain.

    Ten to ten thousand accounts, ten to a thousand pools, a thousand to a million blocks, each with
    what is done to them. Ten times the size at the same time is what one hopes for.
    """
    from defi_kit.bench.growth import measure_growth

    screen = console(as_json=as_json)
    with screen.status("starting") as status:
        measured = measure_growth(largest=largest, progress=status.update)
    if picture is not None:
        measured.plot(picture)
    if as_json:
        print_json(measured.to_json())
        return
    for of in dict.fromkeys(point.of for point in measured.points):
        screen.print(_growth_table(measured, of))
        screen.print()


def _growth_table(measured: Growth, of: str) -> Table:
    from rich.table import Table

    points = [point for point in measured.points if point.of == of]
    sizes = list(dict.fromkeys(point.size for point in points))
    table = Table(title=f"{of}, microseconds", title_justify="left", title_style="bold", box=None)
    table.add_column("what", no_wrap=True)
    for size in sizes:
        table.add_column(f"{size:,}", justify="right")
    for name in dict.fromkeys(point.operation for point in points):
        row = [point for point in points if point.operation == name]
        table.add_row(name, *(f"{point.microseconds:,.1f}" for point in row))
    memory = {point.size: point.resident_mb for point in points}
    table.add_row("memory of the process, MB", *(f"{memory[size]:,.0f}" for size in sizes))
    return table


@command.command("soak")
@click.option(
    "--chain",
    "engine",
    type=click.Choice(["embedded", "anvil"]),
    help="Only this engine; both unless given.",
)
@click.option(
    "--transactions",
    type=click.IntRange(20),
    help="How many; a million on the embedded chain and a hundred thousand on Anvil unless given.",
)
@click.option(
    "--history",
    type=click.IntRange(0),
    default=10_000,
    show_default=True,
    help="Blocks that Anvil is to remember; 0 is all, and then its memory grows.",
)
@json_option
def soak(engine: Engine | None, transactions: int | None, history: int, as_json: bool) -> None:
    """A long life, and how much memory it takes on the way.

    Transfers and swaps in turn, each a block of its own, and one in five hundred undone by a
    snapshot. Memory is flat when the last column does not grow.
    """
    from defi_kit.bench.soak import LENGTHS, measure_soak

    screen = console(as_json=as_json)
    soaks = []
    with screen.status("starting") as status:
        for one in LENGTHS if engine is None else (engine,):
            found = measure_soak(one, transactions, history=history or None, progress=status.update)
            soaks.append(found)
    if as_json:
        print_json({"soaks": [found.to_json() for found in soaks]})
        return
    for found in soaks:
        screen.print(_soak_table(found))
        screen.print()


def _soak_table(found: Soak) -> Table:
    from rich.table import Table

    title = f"{found.engine}: {found.grown_mb:+,.0f} MB from the second fifth to the last"
    table = Table(title=title, title_justify="left", title_style="bold", box=None)
    for column in ("transactions", "a second", "Anvil, MB", "this process, MB"):
        table.add_column(column, justify="right")
    for look in found.looks:
        node = "" if look.node_mb is None else f"{look.node_mb:,.0f}"
        shown = f"{look.transactions:,}", f"{look.per_second:,.0f}"
        table.add_row(*shown, node, f"{look.resident_mb:,.0f}")
    return table
