"""The command line `defi-kit`: one file a command, each command a thin layer over the library."""

from __future__ import annotations

from importlib import import_module

import click

from defi_kit.cli._common import Commands

__all__ = ["main"]

_COMMANDS = {
    "demo": "Live through the crash of March 2020: forty loans, three keepers, an exchange.",
    "replay": "Live through any price history: replay FILE.csv.",
    "up": "Keep a chain with the economy running for other tools.",
    "deploy": "Deploy the economy to a node.",
    "status": "Show what is deployed: prices, pools, utilisation, riskiest accounts.",
    "keeper": "Liquidate what pays on a lending pool, once or until Ctrl-C.",
    "peg": "Live through a run on an algorithmic dollar: peg terra, peg run.",
    "fuzz": "Drive a market, an exchange or a peg through random lives, looking for violations.",
    "bench": "Measure gas, speed and growth, beside others.",
}


class _Late(Commands):
    """Imports a command's file when the command is asked for, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"defi_kit.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Late, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="defi-kit", prog_name="defi-kit")
def main() -> None:
    """A small, complete money system you can hold in your hand.

    Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.
    """
