"""`defi-kit peg`: how a dollar loses its peg, on the twin of its controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from defi_kit.cli._common import console, json_option, print_json

if TYPE_CHECKING:
    from defi_kit.simulation.peg import Run, TerraReport

__all__ = ["command"]


@click.group("peg")
def command() -> None:
    """Live through a run on an algorithmic dollar."""


@command.command("terra")
@click.option(
    "--fit",
    "days",
    metavar="DAYS",
    help="Fit the agents anew to these days, such as 1,2,3 (1 is 2022-05-07).",
)
@click.option("--tries", type=click.IntRange(1), default=400, show_default=True, help="Of a fit.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of a fit.")
@json_option
def terra(days: str | None, tries: int, seed: int, as_json: bool) -> None:
    """Terra from the end of 2022-05-06 to 05-13, simulated beside real."""
    from defi_kit.simulation import peg

    report = peg.terra() if days is None else peg.fit_terra(_days(days), tries=tries, seed=seed)
    if as_json:
        print_json(report.to_dict())
    else:
        _tell_terra(report)


def _days(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"{text!r} is no list of days such as 1,2,3") from None


def _tell_terra(report: TerraReport) -> None:
    from rich.table import Table

    table = Table("day", "UST", "real", "LUNA", "real", "UST supply", "LUNA supply", "fitted")
    for day in report.days:
        table.add_row(
            day.date,
            f"{day.dollar:.4f}",
            f"{day.real_dollar:.4f}",
            f"{day.share:.6g}",
            f"{day.real_share:.6g}",
            f"{day.dollars:.4g}",
            f"{day.shares:.4g}",
            "yes" if day.fitted else "no",
        )
    out = console()
    out.print(table)
    out.print(
        f"Error {report.error:.3f}: root mean square of UST's differences in dollars and LUNA's in "
        "powers of ten. The agents were fitted by a seeded random search to the days marked."
    )


@command.command("run")
@click.option(
    "--design",
    type=click.Choice(["terra", "frax", "guarded"]),
    default="guarded",
    show_default=True,
    help="Which of the three deployments.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the chance in it.")
@click.option(
    "--run-size",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Part of all dollars that is sold on the day of the run.",
)
@click.option("--days", type=click.IntRange(1, 365), default=14, show_default=True, help="Length.")
@json_option
def run(design: str, seed: int, run_size: float, days: int, as_json: bool) -> None:
    """A run on a dollar of Terra's size, with the people who were there."""
    from dataclasses import replace

    from defi_kit.simulation import peg

    scenario = peg.Scenario.of(design, run_size=run_size, days=days)
    people = replace(scenario.people, noise=0.05)
    done = peg.run(replace(scenario, people=people), seed=seed)
    if as_json:
        print_json(done.to_dict())
    else:
        _tell_run(design, done)


def _tell_run(design: str, done: Run) -> None:
    from rich.table import Table

    table = Table("day", "dollar", "share", "dollars", "shares", "ratio", "collateral per dollar")
    for point in done.path:
        table.add_row(
            str(point.day),
            f"{point.dollar:.4f}",
            f"{point.share:.6g}",
            f"{point.dollars:.4g}",
            f"{point.shares:.4g}",
            f"{point.ratio:.2%}",
            f"{point.backing:.4f}",
        )
    out = console()
    out.print(table)
    end = ", ended by its breaker" if done.ended else ""
    out.print(
        f"The {design} design {done.phase}{end}: lowest price {done.min_price:.4f}, last "
        f"{done.final_price:.4f}, holders lost {done.holders_loss:.1%}."
    )
