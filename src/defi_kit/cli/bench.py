"""`defi-kit bench gas`: what each verb costs, beside what others' cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from defi_kit.cli._common import console, json_option, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from defi_kit.bench import Report, Row

__all__ = [
    "command",
    "gas",
]


@click.group("bench")
def command() -> None:
    """Measure the contracts."""


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
