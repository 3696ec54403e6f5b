"""`defi-kit deploy --chain URL`: the economy on a node, step by step, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from defi_kit.cli._account import account_options, ask, in_words_of_the_command, signer
from defi_kit.cli._common import console, json_option, print_json
from defi_kit.errors import InsufficientFunds

if TYPE_CHECKING:
    from defi_kit.chain.node import NodeChain
    from defi_kit.economy import Economy
    from defi_kit.kit import Kit

__all__ = [
    "command",
]


@click.command("deploy")
@click.option("--chain", "url", required=True, metavar="URL", help="http://, ws:// or IPC path.")
@click.option(
    "--chain-id", type=click.IntRange(1), help="Refuse a node of any other chain than this."
)
@account_options
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
    and it goes on where it stopped, deploying nothing twice. A payer that cannot pay the whole
    estimate is refused before anything is sent or written.
    """
    from defi_kit import Chain, deploy
    from defi_kit.deployment import Deployment

    who, password = signer(account, password_file)
    with (
        in_words_of_the_command(),
        Chain.connect(url, account=who, password=password, chain_id=chain_id) as chain,
    ):
        journal = file or Path("deployments") / f"{chain.chain_id}.json"
        known = Deployment.load(journal) if journal.exists() else None
        sent = known is None or not known.complete
        if sent:
            cost = _Cost.of(chain)
            cost.check(resumed=known is not None and bool(known.contracts))
            if not yes:
                cost.announce(journal)
                ask()
        kit = deploy(chain, journal=journal)
        if as_json:
            print_json(_data(kit, journal, sent))
        else:
            _tell(kit, journal, sent)


class _Cost(NamedTuple):
    """What the whole deployment is going to cost, and who pays."""

    chain: NodeChain
    payer: str
    balance: int
    """Of the payer. [wei]"""
    gas: int
    price: int
    """[wei per gas]"""
    stake: int
    """Ether that goes into the exchange's pools; local chains make theirs. [wei]"""

    @classmethod
    def of(cls, chain: NodeChain) -> _Cost:
        from defi_kit.chain.hashing import address_of
        from defi_kit.economy import Economy
        from defi_kit.units import parse_units

        payer = address_of(chain.default_sender)
        economy = Economy() if chain.is_local else Economy.modest()
        pools = (economy.weth.liquidity, economy.cross_liquidity)
        stake = 0 if chain.is_local else sum(parse_units(one, 18) for one in pools)
        balance = chain.balance(payer)
        return cls(chain, payer, balance, _rehearsed_gas(economy), _gas_price(chain), stake)

    @property
    def total(self) -> int:
        """[wei]"""
        return self.gas * self.price + self.stake

    def check(self, *, resumed: bool) -> None:
        """Raises `InsufficientFunds` when the payer cannot pay all of it.

        A `resumed` deployment is only warned of: part of it is paid already.
        """
        from defi_kit.units import format_units

        if self.balance >= self.total:
            return
        need, held = format_units(self.total, 18), format_units(self.balance, 18)
        if resumed:
            click.echo(
                f"warning: {self.payer} holds {held} ether, a whole deployment costs about {need}; "
                "what is left of this one may cost less",
                err=True,
            )
            return
        raise InsufficientFunds(
            f"the deployment costs about {need} ether, {self.payer} holds {held}",
            hint=f"send it ether on chain {self.chain.chain_id} first; nothing was sent or written",
        )

    def announce(self, journal: Path) -> None:
        """Says, on stderr, what is about to be spent, by whom and where."""
        from defi_kit.units import format_units

        verb = "resume" if journal.exists() else "deploy"
        stake = f", {format_units(self.stake, 18)} of it into the pools" if self.stake else ""
        click.echo(
            f"{verb} the economy on chain {self.chain.chain_id}\n"
            f"  from      {self.payer}, which holds {format_units(self.balance, 18)} ether\n"
            f"  gas       about {self.gas:,} in all\n"
            f"  price     {format_units(self.price, 9)} gwei now\n"
            f"  cost      about {format_units(self.total, 18)} ether{stake}\n"
            f"  journal   {journal}",
            err=True,
        )


def _gas_price(chain: NodeChain) -> int:
    """What the node would pay now. [wei per gas]"""
    from defi_kit.chain.wire import quantity

    return quantity(chain.rpc.request("eth_gasPrice"), "a gas price")


def _rehearsed_gas(economy: Economy | None = None) -> int:
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
        deploy(chain, economy)
        return chain.gas * 11 // 10


def _data(kit: Kit, journal: Path, sent: bool) -> dict[str, Any]:
    return {
        "sent": sent,
        "chain_id": kit.chain.chain_id,
        "deployment": str(journal),
        "deployer": kit.deployment.deployer,
        "contracts": {
            key: {"contract": one.contract, "address": one.address}
            for key, one in kit.deployment.contracts.items()
        },
    }


def _tell(kit: Kit, journal: Path, sent: bool) -> None:
    from rich.table import Table

    screen = console()
    table = Table("contract", "", "address", box=None, pad_edge=False)
    for key, one in kit.deployment.contracts.items():
        table.add_row(key, one.contract, one.address)
    said = "[bold green]deployed[/]" if sent else "already deployed, nothing sent:"
    screen.print(f"{said} on chain {kit.chain.chain_id}\n")
    screen.print(table)
    screen.print(f"\ndeployment file  {journal}", soft_wrap=True)
    if not kit.algo.dollar.total_supply():
        minutes = kit.economy.algo.window // 60
        screen.print(f"the algorithmic dollar can be minted {minutes} minutes from now")
