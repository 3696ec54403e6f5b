"""A keeper on a chain: finds unhealthy accounts and liquidates them where that pays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from .. import bindings
from ..bindings import liquidation_keeper as abi
from ..bindings.lending_pool import Borrowed
from ..chain.hashing import address_of, create_address
from ..dex.router import MAX_HOPS, best_path
from ..errors import InputError, InsufficientFunds, Reverted, WrongDeployment
from ..units import MAX_UINT256, WAD, Amount, Number, Ratio
from .journal import Intention, Journal
from .plan import Deal, best_deal

if TYPE_CHECKING:
    from ..chain import Chain, Receipt, Sender
    from ..chain.hashing import HasAddress
    from ..dex import Exchange
    from ..dex.routes import Pools
    from ..lending import LendingPool
    from ..tokens import Token

__all__ = ["LIQUIDATION_GAS", "Earned", "Keeper"]

LIQUIDATION_GAS: Final = 260_000
"""What a liquidation through one or two pools costs at most, with the sale and the profit paid
out. [gas]"""

PATIENCE: Final = 600
"""How long a transaction may wait to be mined. [seconds]"""


@dataclass(frozen=True, slots=True)
class Earned:
    """One liquidation of a keeper."""

    account: str
    repaid: Amount
    seized: Amount
    profit: Amount
    """What the owner got: gas is paid from elsewhere."""
    transaction: str
    """Hash."""
    block: int


class Keeper:
    """Liquidates the accounts of one pool through an exchange, without capital of its own.

    Its contract takes the collateral, sells it and repays the debt in one call, and sends what is
    left to its owner; where less is left than asked for, the call fails as a whole. So it loses
    nothing but the gas of transactions that come too late, whoever else keeps the same pool, and
    running it twice does no harm.

    minimum_profit: least to earn in one liquidation, gas paid. [the pool's asset]
    slippage:       how much less than planned a sale may fetch.
    gas_price:      what a unit of gas costs [wei]: what the node says unless given; on local chains
                    gas is free.
    ether:          wrapped ether, by which gas is valued on the exchange; needed where it costs.
    journal:        a file from which another run goes on where this one ended.
    """

    def __init__(
        self,
        lending: LendingPool,
        exchange: Exchange,
        address: HasAddress | str,
        *,
        ether: Token | None = None,
        minimum_profit: Amount | int = 1,
        slippage: Number | Ratio = "1%",
        gas_price: int | None = None,
        journal: str | Path | None = None,
        max_hops: int = MAX_HOPS,
    ) -> None:
        self.chain: Chain = lending.chain
        self.lending, self.exchange, self.ether = lending, exchange, ether
        self.contract = bindings.LiquidationKeeper(self.chain, address)
        self.address = self.contract.address
        self.minimum_profit, self.slippage = _limits(
            lending, minimum_profit=minimum_profit, slippage=slippage
        )
        self.gas_price, self.max_hops = gas_price, max_hops
        self.journal = Journal(
            None if journal is None else Path(journal),
            chain_id=self.chain.chain_id,
            genesis=self.chain.genesis_hash,
            keeper=self.address,
        )
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    @classmethod
    def deploy(
        cls,
        lending: LendingPool,
        exchange: Exchange,
        *,
        owner: Sender | None = None,
        **options: Any,
    ) -> Self:
        """A new contract of `owner`, the chain's default sender unless named, who pays for it and
        for everything it does; and a keeper that works with it. `options` as for the class."""
        _limits(lending, **options)  # before anything is sent
        who = lending.chain.default_sender if owner is None else owner
        made = bindings.LiquidationKeeper.deploy(
            lending.chain, lending.address, exchange.address, address_of(who), sender=who
        )
        return cls(lending, exchange, made.address, **options)

    @classmethod
    def open(
        cls,
        lending: LendingPool,
        exchange: Exchange,
        journal: str | Path,
        *,
        owner: Sender | None = None,
        **options: Any,
    ) -> Self:
        """The keeper whose journal this is; where there is none yet, a new one, as `deploy` says.

        The journal names the contract before it is sent, so that a run that was broken off does not
        make the next one deploy another. WrongDeployment for the journal of another chain, of a
        contract that is not there, or of another owner's.
        """
        _limits(lending, **options)  # before anything is sent
        chain, path = lending.chain, Path(journal)
        who = address_of(chain.default_sender if owner is None else owner)
        known = Journal.keeper_of(path)
        if known is None or not chain.code(known):
            known = cls._born(lending, exchange, path, who)
        keeper = cls(lending, exchange, known, journal=path, **options)
        if keeper.owner != who:
            keeper.close()
            raise WrongDeployment(
                f"the keeper at {known}, of which {path} is the journal, belongs to "
                f"{keeper.owner}, not to {who}",
                hint="send with its owner's account, or name another file for a keeper of your own",
            )
        return keeper

    @staticmethod
    def _born(lending: LendingPool, exchange: Exchange, path: Path, owner: str) -> str:
        """Address of a new contract, which the journal names before it is there."""
        chain = lending.chain
        expected = create_address(owner, chain.nonce(owner))
        Journal(path, chain_id=chain.chain_id, genesis=chain.genesis_hash, keeper=expected).close()
        try:
            made = bindings.LiquidationKeeper.deploy(
                chain, lending.address, exchange.address, owner, sender=owner
            )
        except (InsufficientFunds, Reverted):  # nothing was sent
            path.unlink()
            raise
        if made.address != expected:  # the account sent something else meanwhile
            path.unlink()
        return made.address

    def _check(self) -> None:
        pool, venue = self.contract.pool(), self.contract.venue()
        if (pool, venue) != (self.lending.address, self.exchange.address):
            raise InputError(
                f"the keeper at {self.address} works with the pool {pool} and the exchange {venue}",
                hint="deploy one for these: Keeper.deploy(lending, exchange)",
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the journal."""
        self.journal.close()

    @cached_property
    def owner(self) -> str:
        """Who may use the contract, and gets what it earns."""
        return self.contract.owner()

    def starts_at(self, block: int) -> None:
        """Nobody borrowed before this block: a journal that is new need not look there."""
        if block > self.journal.scanned:
            self.journal.saw(block, [])

    # --- looking ----------------------------------------------------------------------------------

    def borrowers(self) -> list[str]:
        """Whoever ever borrowed; only blocks not looked through before are asked for."""
        last = self.chain.block_number
        if last >= self.journal.scanned:
            events = self.lending.contract.events(
                Borrowed, from_block=self.journal.scanned, to_block=last
            )
            known = self.journal.borrowers
            found = dict.fromkeys(event.account for event in events)
            self.journal.saw(last + 1, [who for who in found if who not in known])
        return list(self.journal.borrowers)

    def deals(self, skip: Sequence[str] = ()) -> list[Deal]:
        """The best liquidation of each unhealthy account that pays, the most profitable first."""
        unhealthy = self.lending.liquidatable(self.borrowers())
        state, prices = self.lending.state(unhealthy), self.lending.prices()
        pools = self.exchange.state().pools
        cost = self._cost(pools)
        found = (
            best_deal(
                state,
                pools,
                account,
                self.lending.asset.address,
                now=self.chain.timestamp + 1,
                prices=prices,
                cost=cost,
                least=max(1, self.minimum_profit),
                max_hops=self.max_hops,
            )
            for account in unhealthy
            if account not in skip
        )
        return sorted(
            (deal for deal in found if deal is not None),
            key=lambda deal: (-deal.profit, deal.account),
        )

    def _cost(self, pools: Pools) -> int:
        """What the gas of a liquidation is worth. [asset]"""
        price = self.chain.gas_price if self.gas_price is None else self.gas_price
        if price == 0:
            return 0
        wei, asset = LIQUIDATION_GAS * price, self.lending.asset
        if self.ether is not None and self.ether.address == asset.address:
            return wei
        found = (
            best_path(pools, self.ether.address, asset.address, wei, self.max_hops)
            if self.ether is not None
            else None
        )
        if found is None:
            raise InputError(
                f"what {wei} wei of gas are worth in {asset.symbol} is not known",
                hint="name wrapped ether with a path on the exchange, ether=kit.weth, "
                "or leave gas out, gas_price=0",
            )
        return found[1] + 1

    # --- acting -----------------------------------------------------------------------------------

    def work(self) -> list[Earned]:
        """Liquidates until nothing pays any more; what was earned, in order.

        What an earlier run left open is settled first. An account that turns out to be taken, or
        not to pay any more, is left for the next time.
        """
        return list(self.earning())

    def earning(self) -> Iterator[Earned]:
        """The same, one by one: each liquidation is sent when it is asked for."""
        self.settle()
        refused: list[str] = []
        while deals := self.deals(refused):
            try:
                yield self.strike(deals[0])
            except Reverted:
                refused.append(deals[0].account)

    def strike(self, deal: Deal) -> Earned:
        """Sends one liquidation. Reverted where others were faster, or the sale fetches too
        little; then nothing changed."""
        least = max(
            deal.cost + self.minimum_profit,
            deal.proceeds - deal.repaid - deal.proceeds * self.slippage // WAD,
        )
        self.journal.sends(Intention(deal.account, deal.token, self.chain.block_number))
        try:
            receipt = self.contract.liquidate(
                deal.account,
                deal.token,
                deal.max_repay,
                MAX_UINT256,
                [abi.SwapHop(*hop) for hop in deal.path],
                least,
                self.chain.timestamp + PATIENCE,
                sender=self.owner,
            )
        except Reverted as refusal:
            self.journal.ended("refused", error=refusal.message)
            raise
        earned = self._earned(receipt.one(abi.Kept, address=self.address), receipt)
        self._kept(earned)
        return earned

    def settle(self) -> Earned | None:
        """Finds out what became of a transaction that an earlier run sent and did not see mined."""
        sent = self.journal.open
        if sent is None:
            return None
        for event in self.contract.events(abi.Kept, from_block=sent.block + 1):
            if (event.account, event.token) == (sent.account, sent.token):
                earned = self._earned(event)
                self._kept(earned)
                return earned
        self.journal.ended("lost", account=sent.account)
        return None

    def earnings(self) -> list[Earned]:
        """Everything the contract ever earned, from its events."""
        return [self._earned(event) for event in self.contract.events(abi.Kept)]

    def _kept(self, earned: Earned) -> None:
        self.journal.ended(
            "kept",
            account=earned.account,
            repaid=earned.repaid.raw,
            seized=earned.seized.raw,
            profit=earned.profit.raw,
            transaction=earned.transaction,
        )

    def _earned(self, event: abi.Kept, receipt: Receipt | None = None) -> Earned:
        asset = self.lending.asset
        token = next(one for one in self.lending.collaterals if one.address == event.token)
        where = ("", 0)
        if receipt is not None:
            where = receipt.hash, receipt.block_number
        elif event.log is not None:
            where = event.log.transaction_hash, event.log.block_number
        return Earned(
            event.account,
            asset.raw(event.repaid),
            token.raw(event.seized),
            asset.raw(event.profit),
            *where,
        )


def _limits(
    lending: LendingPool,
    *,
    minimum_profit: Amount | int = 1,
    slippage: Number | Ratio = "1%",
    **_: Any,
) -> tuple[int, int]:
    """Both in base units [asset, wad]; InputError where one makes no sense."""
    least, part = lending.asset.unit.to_raw(minimum_profit), Ratio.parse(slippage).wad
    if part > WAD:
        raise InputError(f"a slippage of {slippage}", hint="at most 100%")
    return least, part
