"""`defi-kit replay FILE.csv`: any price history on a chain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from defi_kit.cli._common import chain_option, console, json_option
from defi_kit.cli._replaying import output_options, progress_bar, run
from defi_kit.simulation.instants import parse_time

if TYPE_CHECKING:
    from defi_kit.simulation import PriceHistory

__all__ = [
    "command",
]

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class _Moment(click.ParamType):
    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        if re.fullmatch(
            r"\d{4}", value.strip(), re.ASCII
        ):  # unix seconds of 1970, but hardly meant
            self.fail(f"{value!r} is a year and no moment; write {value.strip()}-01-01", param, ctx)
        try:
            return parse_time(value.strip())
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


class _Span(click.ParamType):
    name = "span"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        number, unit = value[:-1], value[-1:]
        if unit not in _UNITS or not number.isascii() or not number.isdigit() or not int(number):
            self.fail(f"{value!r} is not a span of time like 30s, 15m, 1h or 7d", param, ctx)
        return int(number) * _UNITS[unit]


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--asset",
    default="WETH",
    show_default=True,
    metavar="NAME",
    help="What the collateral is called in story, picture and JSON: the history's asset.",
)
@click.option("--loans", type=click.IntRange(1, 1_000), default=40, show_default=True)
@click.option(
    "--ratios",
    nargs=2,
    metavar="LOW HIGH",
    default=("140%", "300%"),
    show_default=True,
    help="Collateral over debt of the riskiest and of the safest loan; the others lie between.",
)
@click.option("--borrow-ltv", default="75%", show_default=True, help="Most that may be borrowed.")
@click.option(
    "--liquidation-ltv", default="80%", show_default=True, help="From here on liquidation is open."
)
@click.option("--bonus", default="5%", show_default=True, help="Largest liquidation bonus.")
@click.option(
    "--liquidity",
    default="5000000",
    show_default=True,
    metavar="DOLLARS",
    help="Dollars in the exchange's pool at the start, against as much collateral.",
)
@click.option(
    "--reopen-after",
    type=_Span(),
    help="Borrowers whose loan was closed open a new one of the same size and ratio this much "
    "later, such as 1d. Without it they do not come back.",
)
@click.option(
    "--keepers",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="How many race for every liquidation, without capital of their own.",
)
@click.option(
    "--gas-cost",
    default="0",
    show_default=True,
    metavar="DOLLARS",
    help="What a keeper pays for the gas of a liquidation; what earns less is left alone.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=2020,
    show_default=True,
    help="Of the loans' sizes, and of which keeper is first.",
)
@click.option(
    "--from", "start", type=_Moment(), help="First moment: ISO 8601 (2030-01-01) or unix seconds."
)
@click.option("--to", "end", type=_Moment(), help="Last moment, included.")
@click.option("--step", type=_Span(), help="Take at most one row in this span, such as 1h or 1d.")
@chain_option
@output_options
@json_option
def command(
    file: Path,
    start: int | None,
    end: int | None,
    step: int | None,
    where: str,
    out: Path,
    picture: bool,
    with_path: bool,
    as_json: bool,
    asset: str,
    loans: int,
    ratios: tuple[str, str],
    borrow_ltv: str,
    liquidation_ltv: str,
    bonus: str,
    liquidity: str,
    reopen_after: int | None,
    keepers: int,
    gas_cost: str,
    seed: int,
) -> int:
    """Live through the price history in FILE, row by row, on a chain.

    FILE is CSV with the columns `time` (ISO 8601, UTC where no zone is given, or unix seconds or
    milliseconds) and `close` or `price`, in any order and spacing. The loans are opened at the
    first price; time passes as in the file. Every row is lived through; beyond 1,000 rows the
    report merges neighbouring rows into at most 1,000 steps, while totals are of every row.

    In --json, `hours` is the time from the first row to the last and, for the last row itself, the
    median time between two rows; whole hours.
    """
    from defi_kit.simulation import Scenario

    scenario = Scenario(
        asset=asset,
        loans=loans,
        lowest_ratio=ratios[0],
        highest_ratio=ratios[1],
        borrow_ltv=borrow_ltv,
        liquidation_ltv=liquidation_ltv,
        max_bonus=bonus,
        liquidity=liquidity,
        reopen_after=reopen_after,
        keepers=keepers,
        gas_cost=gas_cost,
        seed=seed,
    )
    return run(
        _history(file, start, end, step, as_json),
        scenario,
        where,
        name=file.stem,
        out=out,
        picture=picture,
        as_json=as_json,
        with_path=with_path,
    )


def _history(
    file: Path, start: int | None, end: int | None, step: int | None, as_json: bool
) -> PriceHistory:
    from defi_kit.simulation import PriceHistory

    with progress_bar(console(as_json=as_json), f"reading {file.name}") as progress:
        history = PriceHistory.from_csv(file, progress=progress)
    if start is not None or end is not None:
        history = history.window(start, end)
    return history if step is None else history.every(step)
