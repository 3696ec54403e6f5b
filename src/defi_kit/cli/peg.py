"""`defi-kit peg`: how a dollar loses its peg, on twins or on the real contracts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from defi_kit.cli._common import console, json_option, print_json
from defi_kit.cli._replaying import progress_bar

if TYPE_CHECKING:
    from defi_kit.simulation.peg import DepegRun, FiatRun, Run, Scenario, Sweep, TerraReport

__all__ = ["command"]

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group("peg")
def command() -> None:
    """Live through a run on a dollar, on confidence or on cash."""


@command.command("terra")
@click.option(
    "--fit",
    "days",
    metavar="DAYS",
    help="Fit the agents anew to these days, such as 1,2,3 (1 is 2022-05-07).",
)
@click.option("--tries", type=click.IntRange(1), help="Of a fit.  [default: 400]")
@click.option("--seed", type=int, help="Of a fit; else of chance in the path, 5 % a day.")
@click.option(
    "--market",
    type=click.Choice(["exchange", "model"]),
    help="Pools of the Exchange, or two numbers, on which the agents were fitted.  "
    "[default: model]",
)
@click.option(
    "--depth", type=float, help="Cash in the market, as a part of all dollars; not fitted."
)
@json_option
def terra(
    days: str | None,
    tries: int | None,
    seed: int | None,
    market: str | None,
    depth: float | None,
    as_json: bool,
) -> None:
    """Terra from the end of 2022-05-06 to 05-13, simulated beside real."""
    from dataclasses import replace

    from defi_kit.simulation import peg

    if days is None:
        if tries is not None:
            raise click.UsageError("--tries are those of a fit: --fit is not given")
        people = None if depth is None else replace(peg.TERRA_PEOPLE, depth=depth)
        report = peg.terra(people, seed=seed, market=market or "model")
    elif market or depth is not None:
        raise click.UsageError("--fit finds the depth, on the market model: neither is given")
    else:
        report = peg.fit_terra(_days(days), tries=tries or 400, seed=seed or 0)
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

    supplies = ("UST supply", "real", "LUNA supply", "real")
    table = Table("day", "UST", "real", "LUNA", "real", *supplies, "fitted")

    def published(supply: float | None) -> str:
        return "" if supply is None else f"{supply:.3g}"

    for day in report.days:
        table.add_row(
            day.date[5:],
            f"{day.dollar:.4f}",
            f"{day.real_dollar:.4f}",
            f"{day.share:.4g}",
            f"{day.real_share:.4g}",
            f"{day.dollars:.3g}",
            published(day.real_dollars),
            f"{day.shares:.3g}",
            published(day.real_shares),
            "yes" if day.fitted else "no",
        )
    out = console()
    out.print(table)
    outside = report.error_outside
    there = "" if outside is None else f", {outside:.3f} on the days outside the fit"
    fitted = any(day.fitted for day in report.days)
    how = f"to the days marked by {report.method}" if fitted else "to none of them: they were given"
    out.print(
        f"Error {report.error:.3f}{there}: root mean square of UST's differences in dollars and "
        f"LUNA's in powers of ten. The agents were fitted {how}."
    )


_GUARDS = (
    click.option("--ratio", type=float, help="Collateral of a dollar at the start, 0 to 1."),
    click.option("--min-ratio", type=float, help="The least that may become, 0 to 1."),
    click.option("--spread", type=float, help="Off and on top of a dollar's worth, 0 to 0.5."),
    click.option(
        "--epoch-cap", type=float, help="New shares a day, as a part of all; 0 for no cap."
    ),
    click.option(
        "--slippage", type=float, metavar="DOLLARS", help="Size of the virtual pools; 0 for none."
    ),
    click.option("--breaker/--no-breaker", default=None, help="An end in equal parts, or none."),
)
_PEOPLE = (
    click.option("--panic", "run_", type=float, help="Part sold a day, per unit of distress."),
    click.option("--memory", type=float, help="Days over which holders remember distress."),
    click.option("--depth", type=float, help="Cash in the market, as a part of all dollars."),
    click.option("--flight", type=float, help="Liquidity that leaves a day, per dollar below one."),
    click.option("--doubt", type=float, help="Fall of the shares' value a day, per distress."),
    click.option("--impact", type=float, help="Fall of the shares' value, per part sold."),
    click.option("--drift", type=float, help="Fall of the shares' value a day, whatever happens."),
    click.option("--floor", type=float, help="Least worth of all shares, as a part of the first."),
    click.option("--noise", type=float, help="Of the shares' value a day.  [default: 0.05]"),
    click.option("--reserve", type=float, help="Dollars of cash that defend the peg."),
    click.option("--reserve-days", type=float, help="In how many, at the soonest; 3 unless said."),
)
_BANK = (
    click.option("--bank", type=click.Choice(["honest", "slow", "fractional"]), help="Of fiat."),
    click.option("--kept", type=float, help="Part of deposits a fractional bank keeps, 0 to 1."),
    click.option("--holders", type=click.IntRange(1, 10_000), help="Of fiat: how many."),
)


def _options(*groups: tuple[Any, ...]) -> Callable[[Command], Command]:
    def add(function: Command) -> Command:
        for option in reversed([one for group in groups for one in group]):
            function = option(function)
        return function

    return add


@command.command("run")
@click.option(
    "--design",
    type=click.Choice(["terra", "frax", "guarded", "fiat"]),
    default="guarded",
    show_default=True,
    help="Which deployment of the controller, or the dollar of cash.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the chance in it.")
@click.option(
    "--run-size",
    type=click.FloatRange(0, 1),
    help="Part of all dollars that is sold on the day of the run, 0.1 unless said; of fiat, part "
    "of its holders that asks for cash on the first day, 0.2 unless said.",
)
@click.option("--days", type=click.IntRange(1, 365), default=14, show_default=True, help="Length.")
@click.option(
    "--engine",
    type=click.Choice(["twin", "contracts"]),
    help="The exact twin, or the real contracts on an embedded chain: the same run.",
)
@click.option(
    "--market",
    type=click.Choice(["exchange", "model"]),
    help="Pools of the Exchange, on either engine, or two numbers that are quicker.  "
    "[default: exchange]",
)
@_options(_GUARDS, _PEOPLE, _BANK)
@json_option
def run(design: str, seed: int, days: int, as_json: bool, **given: Any) -> None:
    """A run on a dollar of Terra's size, with the people who were there; or on a bank.

    Numbers not given are the design's and, for people, those fitted to Terra in a market that by
    itself does not fall.
    """
    from defi_kit.simulation import peg

    told = {name: value for name, value in given.items() if value is not None}
    _only_for(design, told)
    if design == "fiat":
        done = peg.run_fiat(**told, days=days, seed=seed)
        if as_json:
            print_json(done.to_dict())
        else:
            _tell_fiat(done)
        return
    how = {name: told.pop(name) for name in ("engine", "market") if name in told}
    ran = peg.run(_scenario(design, days, told), seed=seed, **how)
    if as_json:
        print_json(ran.to_dict())
    else:
        _tell_run(design, ran)


def _only_for(design: str, told: dict[str, Any]) -> None:
    """Refuses options that would change nothing."""
    fiat = {"bank", "kept", "holders"}
    strange = sorted(set(told) - fiat - {"run_size"} if design == "fiat" else set(told) & fiat)
    if strange:
        names = ", ".join("--" + ("panic" if n == "run_" else n.replace("_", "-")) for n in strange)
        raise click.UsageError(f"{names}: nothing of the {design} design")


def _scenario(design: str, days: int, told: dict[str, Any]) -> Scenario:
    from dataclasses import fields, replace

    from defi_kit.simulation import peg

    names = [field.name for field in fields(peg.Guards)]
    reserves = ("reserve", "reserve_days")
    guards = peg.Guards(**{name: told[name] for name in names if name in told})
    run_size = told.pop("run_size", 0.1)
    scenario = peg.Scenario.of(design, run_size=run_size, days=days, guards=guards)
    ours = {
        name.rstrip("_"): value
        for name, value in told.items()
        if name not in names and name not in reserves
    }
    defended = {name: told[name] for name in reserves if name in told}
    return replace(scenario, people=replace(scenario.people, **ours), **defended)


def _tell_fiat(done: FiatRun) -> None:
    from rich.table import Table

    table = Table("day", "dollar", "supply", "owed", "cash", "stated", "paid", "oldest waits")
    for day in done.to_dict()["path"]:
        amounts = (f"{day[name]:,.0f}" for name in ("supply", "owed", "cash", "stated", "paid"))
        waits = f"{day['oldest_age'] / 86_400:.1f} days"
        table.add_row(str(day["day"]), f"{day['dollar']:.4f}", *amounts, waits)
    out = console()
    out.print(table)
    out.print(
        f"The bank {'paid' if done.survived else 'failed'}: lowest price {done.min_price:.4f}, "
        f"last {done.final_price:.4f}, holders lost {done.holders_loss:.1%}."
    )


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
    if done.accounts:
        gains = Table("account", "gain in dollars")
        for one in done.accounts:
            gains.add_row(one.name, f"{one.gain:+,.0f}")
        out.print(gains)
    why = f", {done.why}" if done.why else ""
    out.print(
        f"The {design} design {done.phase}{why}: lowest price {done.min_price:.4f}, last "
        f"{done.final_price:.4f}, holders lost {done.holders_loss:.1%}."
    )


class _List(click.ParamType):
    """Numbers or names, parted by commas."""

    def __init__(self, kind: Callable[[str], Any], name: str) -> None:
        self.kind, self.name = kind, name

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if isinstance(value, tuple):
            return value
        try:
            return tuple(self.kind(part.strip()) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is no list such as 0.1,0.5", param, ctx)


@command.command("sweep")
@click.option("--ratios", type=_List(float, "numbers"), help="Collateral at the start, 0 to 1.")
@click.option("--run-sizes", type=_List(float, "numbers"), help="Parts of all dollars, 0 to 1.")
@click.option(
    "--guards", type=_List(str, "names"), help="Of none, cap, slippage, breaker, all; all five."
)
@click.option("--seeds", type=click.IntRange(1, 10_000), default=10, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="The first of them.")
@click.option("--design", type=click.Choice(["terra", "frax", "guarded"]), help="As frax.")
@click.option("--days", type=click.IntRange(1, 365), help="Of each run, 14 unless said.")
@click.option("--noise", type=float, help="Of the shares' value a day, 0.05 unless said.")
@click.option("--drift", type=float, help="Fall of the shares' value a day, 0.1 unless said.")
@click.option("--workers", type=click.IntRange(1), help="Processes; one for each core unless said.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("peg-sweep.parquet"),
    show_default=True,
    help="The table; beside it the diagram as .png and .html, and until it is done a journal.",
)
@click.option("--picture/--no-picture", default=True, show_default=True, help="The diagram.")
@json_option
def sweep(
    seeds: int,
    seed: int,
    workers: int | None,
    out: Path,
    picture: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Collateral by run size by guards, some thousand runs; killed, it goes on where it was.

    The table is the same on any number of processes, and after any number of interruptions.
    """
    from defi_kit.simulation import peg

    told = {name: value for name, value in given.items() if value is not None}
    grid = peg.Grid(seeds=tuple(range(seed, seed + seeds)), **told)
    if not out.parent.is_dir():
        raise click.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
    with progress_bar(console(as_json=as_json), "sweeping") as progress:
        done = peg.sweep(grid, out, workers=workers, progress=progress)
    saved = {"table": str(out)} | (_save_phases(done, out) if picture else {})
    if as_json:
        print_json(done.to_dict() | saved)
    else:
        _tell_sweep(done, saved)


def _save_phases(done: Sweep, out: Path) -> dict[str, str]:
    from defi_kit.simulation.peg import phases
    from defi_kit.simulation.picture import PlotsMissing

    page, image = out.with_suffix(".html"), out.with_suffix(".png")
    page.write_text(phases.html(done), encoding="utf-8")
    try:
        image.write_bytes(phases.png(done))
    except PlotsMissing:  # the page says how to get it
        return {"page": str(page)}
    return {"page": str(page), "picture": str(image)}


def _tell_sweep(done: Sweep, saved: dict[str, str]) -> None:
    from rich.table import Table

    summary = done.to_dict()
    table = Table("guards", "survives", "wobbles", "dies", "mean loss")
    for name, one in summary["guards"].items():
        counts = (str(one[phase]) for phase in ("survives", "wobbles", "dies"))
        table.add_row(name, *counts, f"{one['mean_loss']:.1%}")
    out = console()
    out.print(table)
    resumed = f", {done.resumed:,} of them done before" if done.resumed else ""
    out.print(f"{len(done.results):,} runs{resumed}. Saved: {', '.join(saved.values())}")


@command.command("depeg")
@click.option("--tolerance", type=float, help="Of the breaker, 0.01 unless said.")
@click.option("--lag", type=click.IntRange(0, 1_000), help="Of its oracle, 1 hour unless said.")
@click.option("--supply", type=float, help="Dollars that are out, 5e9 unless said.")
@click.option("--stock", type=float, help="Of them, in the swap, 1e9 unless said.")
@click.option("--cap", type=float, help="Most backing the swap may hold, 2e9 unless said.")
@click.option("--flow", type=float, help="Backing brought an hour per cent below par, 2e7.")
@click.option("--final", type=float, help="What the backing ends at, 0.8774 to 1; 1 unless said.")
@click.option(
    "--engine",
    type=click.Choice(["twin", "contracts"]),
    default="twin",
    show_default=True,
    help="The exact twin, or the real contracts on an embedded chain: the same run.",
)
@json_option
def depeg(engine: str, as_json: bool, **given: Any) -> None:
    """The backing loses its peg, as in March 2023: a swap with and one without its breaker."""
    from defi_kit.simulation import peg

    told = {name: value for name, value in given.items() if value is not None}
    done = {
        name: peg.run_depeg(peg.Depeg(breaker=breaker, **told), engine=engine)
        for name, breaker in (("breaker", True), ("no_breaker", False))
    }
    if as_json:
        print_json({name: one.to_dict() for name, one in done.items()})
    else:
        _tell_depeg(done)


def _tell_depeg(done: dict[str, DepegRun]) -> None:
    from rich.table import Table

    table = Table("swap", "taken", "refused", "worst loss", "loss at the end", "dollar, lowest")
    for name, one in done.items():
        last = one.path[-1]
        amounts = (
            f"{value:,.0f}" for value in (last.taken, last.refused, one.worst_loss, one.loss)
        )
        table.add_row(name.replace("_", " "), *amounts, f"{one.min_price:.4f}")
    console().print(table)
