"""`defi-kit fuzz`: the property-test machines without writing a test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from defi_kit.cli._common import REFUSED, WRONG_USAGE, console, json_option, print_json, report
from defi_kit.errors import DefiKitError

if TYPE_CHECKING:
    from rich.console import Console

    from defi_kit.testing.explored import Explored
    from defi_kit.testing.fuzz import Report
    from defi_kit.testing.trial import Counterexample

__all__ = [
    "command",
]


@click.command("fuzz")
@click.argument("kind", type=click.Choice(["lending", "exchange", "peg"]), required=False)
@click.option(
    "--target",
    default="ours",
    show_default=True,
    metavar="NAME|module:callable",
    help="Whom: ours; for lending also morpho and aave (compiled from their npm packages), for "
    "exchange uniswap, for peg algo, swap and fiat; for each of the three also module:callable, an "
    "adapter of your own, called with a chain.",
)
@click.option("--steps", type=click.IntRange(1), default=10_000, show_default=True)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="The same steps again."
)
@click.option(
    "--chain",
    "where",
    default="embedded",
    show_default=True,
    metavar="embedded|anvil|URL",
    help="In this process, on an Anvil started for it, or on a running local development node, "
    "which is left as it was found.",
)
@click.option(
    "--mode",
    type=click.Choice(["chain", "twin", "both"]),
    help="Of ours: the contract, its twin, or both in lockstep.  [default: both]",
)
@click.option(
    "--bytecode",
    metavar="FILE",
    help="Creation code of a fork of ours: an artifact (JSON) or hexadecimal. With --mode chain it "
    "is judged by the invariants alone, with both also by our twin.",
)
@click.option("--time-limit", type=click.FloatRange(min=0), metavar="SECONDS")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes, with this seed and those that follow.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".defi_kit"),
    show_default=True,
    help="Where a counter-example is written.",
)
@click.option(
    "--replay",
    "saved",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Do again what such a file tells, on a fresh chain; takes nothing else but --json.",
)
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    kind: str | None,
    saved: Path | None,
    workers: int,
    as_json: bool,
    **wanted: Any,
) -> None:
    """Drive a market, an exchange or a peg through random lives and look for what must not be.

    What is found is made short, told as a story, and written as a script of plain defi_kit calls.
    Exit codes: 0 nothing found, 1 a violation, 2 nothing was fuzzed to its end: wrong usage, an
    adapter that lacks something, no node, no time.
    """
    screen = console(as_json=as_json)
    try:
        if saved is not None:
            _refuse_beside_replay(context)
            code = _replay(saved, screen, as_json)
        elif kind is None:
            raise click.UsageError("what? lending, exchange or peg; or --replay FILE")
        else:
            code = _fuzz(kind, workers, wanted, screen, as_json)
    except DefiKitError as error:
        report(error, as_json)
        code = WRONG_USAGE
    raise click.exceptions.Exit(code)


def _refuse_beside_replay(context: click.Context) -> None:
    """The file says it all: whatever else was asked for would go unheard."""
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name not in ("saved", "as_json") and source is ParameterSource.COMMANDLINE:
            given = context.params[name] if name == "kind" else parameter.opts[0]
            raise click.UsageError(f"--replay does what its file tells: leave out {given}")


def _fuzz(kind: str, workers: int, wanted: dict[str, Any], screen: Console, as_json: bool) -> int:
    from rich.progress import Progress

    from defi_kit.testing.fuzz import Campaign, fuzz

    sys.path.insert(0, "")  # an adapter may lie in the working directory
    campaign = Campaign(kind=kind, chain=wanted.pop("where"), **wanted)
    with Progress(console=screen, transient=True) as bar:
        task = bar.add_task("starting", total=campaign.steps)

        def told(explored: Explored) -> None:
            refused = explored.refused.total()
            words = f"{explored.trials} lives, {refused} refusals"
            bar.update(task, completed=explored.steps, description=words)

        done = fuzz(campaign, workers=workers, progress=told)
    if as_json:
        print_json(done.to_json())
    else:
        _show(done, screen)
    if done.found is not None:
        return REFUSED
    return 0 if done.explored.steps else WRONG_USAGE


def _show(done: Report, screen: Console) -> None:
    from rich.table import Table

    explored, title = done.explored, f"{done.campaign.kind}, {done.campaign.target}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None)
    table.add_column("verb", no_wrap=True)
    table.add_column("done", justify="right")
    table.add_column("refused", justify="right")
    for verb in sorted({*explored.done, *explored.refused}):
        table.add_row(verb, f"{explored.done[verb]:,}", f"{explored.refused[verb]:,}")
    for verbs, told in ((done.never, "never"), (done.not_offered, "not offered")):
        for verb in verbs:
            table.add_row(verb, told, "", style="dim")
    screen.print(table)
    noted = "".join(f", {count:,} {what}" for what, count in sorted(explored.noted.items()))
    looking = done.seconds - done.shortening
    rate = explored.steps / looking if looking else 0
    short = f" and {done.shortening:.1f} s to make it short" if done.shortening else ""
    screen.print(
        f"\n{explored.steps:,} steps in {explored.trials:,} lives{noted}; "
        f"{looking:.1f} s{short}, {rate:,.0f} steps a second, seed {done.campaign.seed}"
    )
    reasons: dict[str, list[str]] = {}
    for name, why in sorted(done.exempt.items()):
        reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        told = f"not promised: {', '.join(names)}: {why}"
        screen.print(told, style="dim", soft_wrap=True)
    if not explored.steps:
        screen.print("nothing was tried: the time was up before the first step", style="yellow")
        return
    if done.found is None:
        screen.print("nothing found", style="green")
        return
    _tell(done.found, screen)
    if done.file is not None:
        screen.print(f"\nwritten: {done.file} and {done.file.with_suffix('.py').name}")
    if not done.reproduced:
        screen.print("It was not seen again on a fresh chain.", style="red")


def _tell(found: Counterexample, screen: Console) -> None:
    screen.print(f"\n{found.headline}", style="bold red", markup=False, soft_wrap=True)
    screen.print(f"\n{found.story}\n", markup=False, soft_wrap=True)
    screen.print(found.script, markup=False, soft_wrap=True)


def _replay(saved: Path, screen: Console, as_json: bool) -> int:
    from defi_kit.testing.fuzz import replay

    sys.path.insert(0, "")
    found = replay(saved)
    if found is None:
        message = "nothing is violated any more"
        if as_json:
            print_json({"violation": None})
        else:
            screen.print(f"{saved}: {message}", style="green")
        return 0
    if as_json:
        told = {"invariant": found.invariant, "reason": found.reason, "script": found.script}
        print_json({"violation": {**told, "story": found.story.splitlines()}})
    else:
        _tell(found, screen)
    return REFUSED
