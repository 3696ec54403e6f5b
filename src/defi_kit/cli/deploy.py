"""`defi-kit deploy --chain URL`: the economy on a node, step by step, resumable."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from defi_kit.cli._common import console, json_option, print_json, stop_if_asked
from defi_kit.errors import DefiKitError, InputError

if TYPE_CHECKING:
    from defi_kit.chain.node import NodeChain
    from defi_kit.kit import Kit

__all__ = [
    "command",
]


@click.command("deploy")
@click.option("--chain", "url", required=True, metavar="URL", help="http://, ws:// or IPC path.")
@click.option(
    "--chain-id", type=click.IntRange(1), help="Refuse a node of any other chain than this."
)
@click.option(
    "--account",
    metavar="KEYSTORE|env:NAME|ADDRESS",
    help="Who pays: a keystore file, a private key in an environment variable, or an account that "
    "the node has unlocked. On local chains a development account by default.",
)
@click.option(
    "--password-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the keystore's password in its first line; without it you are asked.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask before spending.")
@click.option(
    "--deployment",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, and to resume from.  [default: deployments/<chain id>.json]",
)
@json_option
def command(
    url: str,
    chain_id: int | None,
    account: str | None,
    password_file: Path | None,
    yes: bool,
    file: Path | None,
    as_json: bool,
) -> None:
    """Deploy the economy to a node.

    Every step is written to the deployment file first: after a failure run the same command again,
    and it goes on where it stopped, deploying nothing twice.
    """
    from defi_kit import Chain, deploy

    who, password = _signer(account, password_file)
    with Chain.connect(url, account=who, password=password, chain_id=chain_id) as chain:
        journal = file or Path("deployments") / f"{chain.chain_id}.json"
        if not yes:
            _announce(chain, journal)
            _ask()
        kit = deploy(chain, journal=journal)
        if as_json:
            print_json(_data(kit, journal))
        else:
            _tell(kit, journal)


def _signer(account: str | None, password_file: Path | None) -> tuple[Any, str | None]:
    """What `Chain.connect` takes: a key, a keystore's path with its password, or an address."""
    if account is None:
        return None, None
    if account.startswith("0x") and len(account) == 66:
        raise InputError(
            "a private key does not belong on the command line, where others can read it",
            hint="put it in an environment variable: --account env:NAME",
        )
    if account.startswith("0x"):
        return account, None
    if account.startswith("env:"):
        name = account.removeprefix("env:")
        key = os.environ.get(name, "").strip()
        if not key:
            raise InputError(f"the environment variable {name!r} is not set or empty")
        return key, None
    path = Path(account)
    if not path.is_file():
        raise InputError(
            f"--account {account}: there is no such keystore file",
            hint="give a keystore file, env:NAME, or an address that the node has unlocked",
        )
    return path, _password(path, password_file)


def _password(keystore: Path, file: Path | None) -> str:
    if file is None:
        answer: str = click.prompt(f"Password of {keystore.name}", hide_input=True, err=True)
        return answer
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--password-file {file}: cannot be read: {error}") from None
    return lines[0] if lines else ""


def _announce(chain: NodeChain, journal: Path) -> None:
    """Says, on stderr, what is about to be spent, by whom and where."""
    from defi_kit.chain.hashing import address_of
    from defi_kit.units import format_units

    payer = address_of(chain.default_sender)
    gas, price = _rehearsed_gas(), _gas_price(chain)
    verb = "resume" if journal.exists() else "deploy"
    click.echo(
        f"{verb} the economy on chain {chain.chain_id}\n"
        f"  from      {payer}, which holds {format_units(chain.balance(payer), 18)} ether\n"
        f"  gas       about {gas:,} in all\n"
        f"  price     {format_units(price, 9)} gwei now\n"
        f"  cost      about {format_units(gas * price, 18)} ether\n"
        f"  journal   {journal}",
        err=True,
    )


def _ask() -> None:
    try:
        agreed = click.confirm("Go ahead?", err=True)
    except click.Abort:
        stop_if_asked()  # it was Ctrl-C
        raise DefiKitError(
            "nobody is there to answer, so nothing was sent", hint="--yes goes ahead without asking"
        ) from None
    if not agreed:
        raise DefiKitError("nothing was sent")


def _gas_price(chain: NodeChain) -> int:
    """What the node would pay now. [wei per gas]"""
    from defi_kit.chain.wire import quantity

    return quantity(chain.rpc.request("eth_gasPrice"), "a gas price")


def _rehearsed_gas() -> int:
    """Gas of the whole deployment, rehearsed in this process and rounded up by a tenth: there
    slots stay warm, so it uses a little less than a node."""
    from defi_kit import deploy
    from defi_kit.chain.embedded import EmbeddedChain

    class Meter(EmbeddedChain):
        gas = 0

        def transact(self, *args: Any, **options: Any) -> Any:
            receipt = super().transact(*args, **options)
            self.gas += receipt.gas_used
            return receipt

    with Meter() as chain:
        deploy(chain)
        return chain.gas * 11 // 10


def _data(kit: Kit, journal: Path) -> dict[str, Any]:
    return {
        "chain_id": kit.chain.chain_id,
        "deployment": str(journal),
        "deployer": kit.deployment.deployer,
        "contracts": {
            key: {"contract": one.contract, "address": one.address}
            for key, one in kit.deployment.contracts.items()
        },
    }


def _tell(kit: Kit, journal: Path) -> None:
    from rich.table import Table

    screen = console()
    table = Table("contract", "", "address", box=None, pad_edge=False)
    for key, one in kit.deployment.contracts.items():
        table.add_row(key, one.contract, one.address)
    screen.print(f"[bold green]deployed[/] on chain {kit.chain.chain_id}\n")
    screen.print(table)
    screen.print(f"\ndeployment file  {journal}", soft_wrap=True)
