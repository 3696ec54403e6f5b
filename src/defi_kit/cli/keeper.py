"""`defi-kit keeper`: liquidates what pays, on a node, for its owner."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from defi_kit.cli._account import account_options, ask, in_words_of_the_command, signer
from defi_kit.cli._common import (
    console,
    deployed_options,
    deployment_at,
    json_option,
    print_json,
    refuse_fresh_chains,
    stop_if_asked,
)

if TYPE_CHECKING:
    from rich.console import Console

    from defi_kit.keeper import Earned, Keeper
    from defi_kit.kit import Kit

__all__ = ["command"]

_NAP = 0.2  # [seconds] between two looks whether a signal came


@click.command("keeper")
@deployed_options
@account_options
@click.option("--once", is_flag=True, help="Liquidate what pays now, and end.")
@click.option(
    "--interval",
    type=click.FloatRange(0, min_open=True),
    default=12.0,
    show_default=True,
    metavar="SECONDS",
    help="From one look at the pool to the next, until Ctrl-C.",
)
@click.option(
    "--min-profit",
    default="0.000001",
    show_default=True,
    metavar="DOLLARS",
    help="Least to earn in one liquidation, gas paid.",
)
@click.option(
    "--slippage",
    default="1%",
    show_default=True,
    metavar="SHARE",
    help="How much less than planned a sale may fetch.",
)
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that remembers the keeper's contract, the borrowers, and what was sent.  "
    "[default: beside the deployment file, <its name>.keeper.jsonl]",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask before deploying the contract.")
@json_option
def command(
    url: str,
    file: Path | None,
    account: str | None,
    password_file: Path | None,
    once: bool,
    interval: float,
    min_profit: str,
    slippage: str,
    journal: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Liquidate unhealthy accounts of the lending pool, where that pays.

    The first run deploys a contract that belongs to the account, and asks before that off local
    chains; later runs with the same journal go on with it. It needs no capital: the collateral is
    sold on the exchange to repay the debt, and what is left goes to the account. After a crash run
    the same command again. Two keepers at once, with a journal each, do no harm.

    The --json object comes at the end, after Ctrl-C as well.
    """
    from defi_kit import Chain, attach
    from defi_kit.keeper import Keeper

    refuse_fresh_chains(url)
    who, password = signer(account, password_file)
    with (
        in_words_of_the_command(),
        Chain.connect(url, account=who, password=password) as chain,
    ):
        deployed = file or deployment_at(url, chain.chain_id)
        kit = attach(chain, deployed)
        path = journal or deployed.with_suffix(".keeper.jsonl")
        least = kit.lending.asset(min_profit)
        if not (yes or chain.is_local or path.exists()):
            _ask(kit)
        with Keeper.open(
            kit.lending,
            kit.exchange,
            path,
            ether=kit.weth,
            minimum_profit=least,
            slippage=slippage,
        ) as keeper:
            # Nobody borrowed from the pool before it was there.
            keeper.starts_at(kit.deployment.contracts["lending"].block or 0)
            _Watch(keeper, path, console(as_json=as_json), as_json).run(None if once else interval)


def _ask(kit: Kit) -> None:
    from defi_kit.chain.hashing import address_of

    payer = address_of(kit.chain.default_sender)
    click.echo(
        f"there is no keeper yet: {payer} pays for its contract on chain {kit.chain.chain_id}, "
        "and for what it sends",
        err=True,
    )
    ask()


@dataclass
class _Watch:
    """A keeper at work, and what it has earned."""

    keeper: Keeper
    journal: Path
    screen: Console
    as_json: bool
    earned: list[Earned] = field(default_factory=list)

    def run(self, interval: float | None) -> None:
        """Once for None; else until a signal comes. What was earned is told whenever no error is
        to be told."""
        self.screen.print(
            f"keeper [bold]{self.keeper.address}[/] of {self.keeper.owner}\njournal {self.journal}",
            soft_wrap=True,
        )
        try:
            self._take(self.keeper.settle())
            self._work()
            while interval is not None:
                _sleep(interval)
                self._work()
        except Exception:
            raise
        except BaseException:  # Ctrl-C
            self._tell()
            raise
        self._tell()

    def _work(self) -> None:
        for earned in self.keeper.earning():
            self._take(earned)
            stop_if_asked()

    def _take(self, earned: Earned | None) -> None:
        if earned is None:
            return
        self.earned.append(earned)
        self.screen.print(
            f"{earned.account}  repaid {earned.repaid:,.2f}, sold {earned.seized:,.6f}, "
            f"earned [green]{earned.profit:,.2f}[/]",
            soft_wrap=True,
        )

    def _tell(self) -> None:
        profit = sum((one.profit.raw for one in self.earned), 0)
        total = self.keeper.lending.asset.raw(profit)
        if self.as_json:
            print_json(self._data(f"{total.decimal:f}"))
            return
        many = len(self.earned)
        self.screen.print(
            f"{many} liquidation{'' if many == 1 else 's'}, {total:,.2f} earned; "
            f"{len(self.keeper.journal.borrowers)} borrowers known"
        )

    def _data(self, profit: str) -> dict[str, Any]:
        return {
            "chain_id": self.keeper.chain.chain_id,
            "keeper": self.keeper.address,
            "owner": self.keeper.owner,
            "journal": str(self.journal),
            "borrowers": len(self.keeper.journal.borrowers),
            "profit": profit,
            "liquidations": [
                {
                    "account": one.account,
                    "repaid": f"{one.repaid.decimal:f}",
                    "seized": f"{one.seized.decimal:f}",
                    "collateral": one.seized.unit.symbol,
                    "profit": f"{one.profit.decimal:f}",
                    "transaction": one.transaction,
                    "block": one.block,
                }
                for one in self.earned
            ],
        }


def _sleep(seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        stop_if_asked()
        time.sleep(min(left, _NAP))
