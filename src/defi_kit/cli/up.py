"""`defi-kit up`: a chain with the economy, kept running for other tools."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from defi_kit.cli._common import (
    console,
    deployment_file,
    json_option,
    print_json,
    stop_if_asked,
)
from defi_kit.errors import DeploymentError

if TYPE_CHECKING:
    from defi_kit.chain import Chain
    from defi_kit.kit import Kit

__all__ = [
    "command",
]

_PEOPLE = ("alice", "bob", "keeper")
_USUAL_PORT = 8545
_LOOK_EVERY = 1.0  # [seconds] between two looks whether the chain still answers


@click.command("up")
@click.option("--port", type=click.IntRange(1, 65_535), default=_USUAL_PORT, show_default=True)
@click.option(
    "--deployment",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that names the contracts, with their ABIs; it must not exist, and is removed when "
    "the chain ends.  [default: deployments/31337.json, or 31337-PORT.json on another port]",
)
@json_option
def command(port: int, file: Path | None, as_json: bool) -> None:
    """Keep an Anvil with the economy on 127.0.0.1 until Ctrl-C.

    Prints the addresses of the contracts, where their ABIs are, and the development accounts. Any
    tool can connect: web3.py, cast, a wallet. The accounts' keys are public; use them here only.
    """
    from defi_kit import Chain, deploy

    target = file or deployment_file(31337, None if port == _USUAL_PORT else port)
    if target.exists():
        # Another `up` or a `deploy` needs it: replacing it would lose what they wrote.
        raise DeploymentError(
            f"{target} exists already: it belongs to another chain that is up, or to a deployment",
            hint="name another file with --deployment, or remove it if its chain is gone",
        )
    with Chain.anvil(port) as chain:
        kit = deploy(chain)
        kit.actors(*_PEOPLE)
        written = kit.deployment.save(target)
        ours = written.read_bytes()
        try:
            url = f"http://127.0.0.1:{port}"
            if as_json:
                print_json(_data(kit, url, written))
            else:
                _tell(kit, url, written)
            sys.stdout.flush()
            _stay(chain)
        finally:
            if written.exists() and written.read_bytes() == ours:
                written.unlink()


def _stay(chain: Chain) -> None:
    """Until a signal comes, or the chain stops answering (which raises)."""
    while chain.block_number >= 0:
        stop_if_asked()
        time.sleep(_LOOK_EVERY)


def _accounts(kit: Kit) -> list[dict[str, str]]:
    from defi_kit.chain.base import named_key

    return [
        {
            "name": name,
            "address": kit.chain.account(name).address,
            "private_key": "0x" + named_key(name).hex(),
        }
        for name in ("deployer", *_PEOPLE)
    ]


def _data(kit: Kit, url: str, file: Path) -> dict[str, Any]:
    return {
        "url": url,
        "chain_id": kit.chain.chain_id,
        "deployment": str(file),
        "abis": str(_abis()),
        "contracts": {
            key: {"contract": one.contract, "address": one.address}
            for key, one in kit.deployment.contracts.items()
        },
        "accounts": _accounts(kit),
    }


def _abis() -> Path:
    from defi_kit import artifacts

    return Path(artifacts.__file__).parent


def _tell(kit: Kit, url: str, file: Path) -> None:
    from rich.table import Table

    screen = console()
    screen.print(f"[bold green]up[/] at [bold]{url}[/], chain {kit.chain.chain_id}\n")
    contracts = Table("contract", "", "address", box=None, pad_edge=False)
    for key, one in kit.deployment.contracts.items():
        contracts.add_row(key, one.contract, one.address)
    screen.print(contracts)
    accounts = Table("account", "address", "private key (public: never for real money)", box=None)
    accounts.pad_edge = False
    for account in _accounts(kit):
        accounts.add_row(account["name"], account["address"], account["private_key"])
    screen.print()
    screen.print(accounts, soft_wrap=True)
    screen.print(f"\ndeployment file  {file.resolve()}", soft_wrap=True)
    screen.print(f"ABIs             {_abis()}/*.json (and in the deployment file)", soft_wrap=True)
    screen.print("look at it with  defi-kit status\nCtrl-C ends it")
