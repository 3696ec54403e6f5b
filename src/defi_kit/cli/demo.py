"""`defi-kit demo`: the crash of March 2020 on a chain."""

from __future__ import annotations

from pathlib import Path

import click

from defi_kit.cli._common import chain_option, json_option
from defi_kit.cli._replaying import output_options, run

__all__ = [
    "command",
]


@click.command("demo")
@chain_option
@output_options
@json_option
def command(where: str, out: Path, picture: bool, with_path: bool, as_json: bool) -> int:
    """Live through the ETH crash of 12 and 13 March 2020, hour by hour, on a chain.

    Deploys the economy, opens forty loans, and replays the prices: an arbitrageur keeps the
    exchange at the market, three keepers race to liquidate and sell the collateral there, and every
    invariant is checked at every hour. The figures are the same to the last digit on every chain.

    In --json, `hours` is the time from the first row to the last and, for the last row itself, the
    median time between two rows; whole hours.
    """
    from defi_kit.simulation import CRASH, Scenario

    return run(
        CRASH,
        Scenario(),
        where,
        name="defi-kit-demo",
        out=out,
        picture=picture,
        as_json=as_json,
        with_path=with_path,
    )
