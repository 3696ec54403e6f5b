"""What `demo` and `replay` share: options, progress, running, and saving picture and page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from defi_kit.cli._common import REFUSED, console, open_chain, print_json, stop_if_asked
from defi_kit.errors import DefiKitError

if TYPE_CHECKING:
    from rich.console import Console

    from defi_kit.simulation import PriceHistory, Replay, Scenario

__all__ = [
    "output_options",
    "progress_bar",
    "run",
]

Command = TypeVar("Command", bound=Callable[..., Any])


def output_options(command: Command) -> Command:
    """Adds `--out`, `--picture` and `--path`."""
    for option in (
        click.option(
            "--path",
            "with_path",
            is_flag=True,
            help="With --json: every loan and every step. Beyond 1,000 rows neighbouring rows are "
            "merged into one step: what flowed adds up, the rest is the last row's.",
        ),
        click.option(
            "--picture/--no-picture",
            default=True,
            show_default=True,
            help="Save the story as PNG (with the plots extra) and as self-contained HTML.",
        ),
        click.option(
            "--out",
            type=click.Path(file_okay=False, path_type=Path),
            default=Path(),
            show_default="this folder",
            help="Folder for picture and page.",
        ),
    ):
        command = option(command)
    return command


@contextmanager
def progress_bar(out: Console, title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, told how much of how much is done; silent where nobody watches."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    screen = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    ) as progress:
        task = progress.add_task(title, total=None)

        def tell(done: int, total: int) -> None:
            stop_if_asked()
            progress.update(task, completed=done, total=total)

        yield tell


def run(
    history: PriceHistory,
    scenario: Scenario,
    where: str,
    *,
    name: str,
    out: Path,
    picture: bool,
    as_json: bool,
    with_path: bool,
) -> int:
    """Replays, tells the story, saves it; the exit code says whether every invariant held."""
    from defi_kit.simulation import replay as live_through
    from defi_kit.simulation import story

    screen = console(as_json=as_json)
    with _folder(out) if picture else nullcontext():
        with open_chain(where) as chain, progress_bar(screen, "replaying") as progress:
            replay = live_through(chain, history, scenario, progress=progress)
        saved = _save(replay, out, name, screen) if picture else {}
    if as_json:
        print_json(story.as_data(replay, path=with_path) | saved)
    else:
        story.tell(replay, screen)
        for path in saved.values():
            screen.print(f"saved {path}", markup=False)
    return 0 if replay.invariants_held else REFUSED


@contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """Makes the folder, so that a wrong one fails before the work rather than after it; what was
    made is removed again when the work fails."""
    import os

    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DefiKitError(
                f"{folder}: {error.strerror or error}", hint="choose --out"
            ) from None
        if not os.access(folder, os.W_OK):
            raise DefiKitError(f"{folder}: this folder cannot be written to", hint="choose --out")
        yield
    except BaseException:
        for one in made:
            with suppress(OSError):  # somebody else put something there, or it was never made
                one.rmdir()
        raise


def _save(replay: Replay, folder: Path, name: str, screen: Console) -> dict[str, str]:
    from defi_kit.simulation import page, picture

    saved = {}
    try:
        files = {"picture": (folder / f"{name}.png", picture.png(replay))}
    except picture.PlotsMissing as missing:
        files = {}
        click.echo(f"no PNG: {missing.message} ({missing.hint})", err=True)
    files["page"] = (folder / f"{name}.html", page.html(replay).encode())
    for kind, (path, content) in files.items():
        try:
            path.write_bytes(content)
        except OSError as error:
            raise DefiKitError(f"{path}: {error.strerror or error}") from None
        saved[kind] = str(path)
    return saved
