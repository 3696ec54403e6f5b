"""The standard economy on the network that Ape is connected to.

    ape run deploy --network ethereum:local:test       Ape's own chain, inside its process
    ape run deploy --network ethereum:local:foundry    an Anvil that Ape starts
    ape run deploy --network ethereum:sepolia --account NAME --journal deployments/sepolia.json

The first two chains end with the command: they show that the deployment works. For one that stays,
run `defi-kit up`. On public networks `NAME` is one of Ape's accounts (`ape accounts list`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ape
import click
from ape.cli import ConnectedProviderCommand

import defi_kit
from defi_kit.chain.ape import connect


@click.command(cls=ConnectedProviderCommand)
@click.option("--account", metavar="NAME", help="Ape's account that pays; public networks only.")
@click.option("--journal", type=click.Path(dir_okay=False, path_type=Path), help="Resumable file.")
def cli(provider: Any, account: str | None, journal: Path | None) -> None:
    """Deploy the standard economy through defi_kit."""
    keystore, password = _signer(account)
    with connect(provider, keystore, password) as chain:
        if not chain.is_local:
            click.confirm(f"Spend ether of {chain.default_sender} on {chain.chain_id}?", abort=True)
        kit = defi_kit.deploy(chain, journal=journal)
        for key, contract in kit.deployment.contracts.items():
            click.echo(f"{key:12} {contract.contract:14} {contract.address}")
        click.echo(f"ether        {kit.feeds.weth.price()} US dollars")
        click.echo(f"cash to lend {kit.usd.balance(kit.lending.address)}")


def _signer(name: str | None) -> tuple[Path | None, str | None]:
    if name is None:
        return None, None
    keystore = ape.accounts.load(name).keyfile_path
    return keystore, click.prompt(f"Password of {name}", hide_input=True)
