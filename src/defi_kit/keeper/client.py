"""A keeper on a chain: finds unhealthy accounts and liquidates them where that pays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from .. import bindings
from ..bindings import liquidation_keeper as abi
from ..bindings.lending_pool import Borrowed
from ..chain.hashing import address_of, create_address
from ..dex.router import MAX_HOPS, best_path
from ..errors import BadResponse, InputError, InsufficientFunds, Reverted, WrongDeployment
from ..units import MAX_UINT256, WAD, Amount, Number, Ratio
from .journal import Intention, Journal, Mark
from .plan import Deal, best_deal

if TYPE_CHECKING:
    from ..chain import Chain, Receipt, Sender
    from ..chain.hashing import HasAddress
    from ..dex import Exchange
    from ..dex.routes import Pools
    from ..lending import LendingPool
    from ..lending.pool import Pool
    from ..tokens import Token

__all__ = ["COLLATERAL_GAS", "HOP_GAS", "LIQUIDATION_GAS", "Earned", "Keeper"]

LIQUIDATION_GAS: Final = 240_000
"""What a liquidation of an account with one collateral costs at most, with the sale in one pool and
the profit paid out. [gas] Where an oracle asks more than feeds, the node's estimate counts."""

COLLATERAL_GAS: Final = 24_000
"""For each further collateral that the account holds: its price decides too. [gas]"""

HOP_GAS: Final = 30_000
"""For each further pool on the way. [gas]"""

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
            lending, minimum_profit=minimum_profit, slippage=slippage, gas_price=gas_price
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
        for everything it does; and a keeper that works with it. `options` as for the class.

        WrongDeployment for a `journal` that another keeper has begun; then nothing is sent.
        """
        _limits(lending, **options)  # before anything is sent
        who = lending.chain.default_sender if owner is None else owner
        if options.get("journal") is None:
            made = _deployed(lending, exchange, who)
        else:
            path = Path(options["journal"])
            if (known := Journal.keeper_of(path)) is not None:
                raise WrongDeployment(
                    f"{path} is the journal of the keeper {known} already",
                    hint="Keeper.open(lending, exchange, journal, owner=...) goes on with it; or "
                    "name another file",
                )
            made = cls._born(lending, exchange, path, who)
        return cls(lending, exchange, made, **options)

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
            known = cls._born(lending, exchange, path, who if owner is None else owner)
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
    def _born(lending: LendingPool, exchange: Exchange, path: Path, owner: Sender) -> str:
        """Address of a new contract, which the journal names before it is there."""
        chain = lending.chain
        expected = create_address(address_of(owner), chain.nonce(owner))
        Journal(path, chain_id=chain.chain_id, genesis=chain.genesis_hash, keeper=expected).close()
        try:
            made = _deployed(lending, exchange, owner)
        except (InsufficientFunds, Reverted):  # nothing was sent
            path.unlink()
            raise
        if made != expected:  # the account sent something else meanwhile
            path.unlink()
        return made

    def _check(self) -> None:
        try:
            pool, venue = self.contract.pool(), self.contract.venue()
        except (BadResponse, InputError, Reverted):
            raise InputError(
                f"at {self.address} is no keeper's contract",
                hint="Keeper.deploy(lending, exchange) makes one",
            ) from None
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
            self.journal.saw(Mark(block, self.chain.block_hash(block - 1)), [])

    # --- looking ----------------------------------------------------------------------------------

    def borrowers(self) -> list[str]:
        """Whoever ever borrowed; only blocks not looked through before are asked for, or that have
        taken the place of others."""
        last = self.chain.block_number
        # Asked for first: if the block is replaced meanwhile, the next look finds out.
        mark = Mark(last + 1, self.chain.block_hash(last))
        start = self.journal.agreed(self.chain.block_hash)
        if start <= last:
            events = self.lending.contract.events(Borrowed, from_block=start, to_block=last)
            known = self.journal.borrowers
            found = dict.fromkeys(event.account for event in events)
            self.journal.saw(mark, [who for who in found if who not in known])
        return list(self.journal.borrowers)

    def deals(self, skip: Sequence[str] = ()) -> list[Deal]:
        """The best liquidation of each unhealthy account that pays, the most profitable first."""
        unhealthy = self.lending.liquidatable(self.borrowers())
        state, prices = self.lending.state(unhealthy), self.lending.prices()
        pools = self.exchange.state().pools
        gas = self._worth_of_gas(pools)
        found = (
            best_deal(
                state,
                pools,
                account,
                self.lending.asset.address,
                now=self.chain.timestamp + 1,
                prices=prices,
                cost=gas(LIQUIDATION_GAS + COLLATERAL_GAS * (_collaterals(state, account) - 1)),
                hop_cost=gas(HOP_GAS),
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

    def _worth_of_gas(self, pools: Pools) -> Callable[[int], int]:
        """What so much gas is worth. [asset]"""
        price = self.chain.gas_price if self.gas_price is None else self.gas_price
        # The worth of one liquidation's gas; more or less of it in proportion.
        worth = self._worth(pools, LIQUIDATION_GAS * price) if price else 0
        return lambda gas: -(-worth * gas // LIQUIDATION_GAS)

    def _worth(self, pools: Pools, wei: int) -> int:
        asset = self.lending.asset
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
        little; then nothing changed. So it is too where the node says that it takes so much more
        gas than planned that the minimum would not be left."""
        call = self._call(deal, deal.cost)
        if deal.cost and (gas := self._estimate(call)) is not None:
            worth = self._worth_of_gas(self.exchange.state().pools)
            if worth(gas * 4 // 5) > deal.cost:  # even if the EVM gives back the most it may
                call = self._call(deal, worth(gas))
        self.journal.sends(Intention(deal.account, deal.token, self.chain.block_number))
        try:
            receipt = self.contract.liquidate(*call, sender=self.owner)
        except Reverted as refusal:
            self.journal.ended("refused", error=refusal.message)
            raise
        earned = self._earned(receipt.one(abi.Kept, address=self.address), receipt)
        self._kept(earned)
        return earned

    def _call(self, deal: Deal, cost: int) -> tuple[Any, ...]:
        """The contract's arguments for a deal whose gas costs so much. [asset]"""
        least = max(
            cost + self.minimum_profit,
            deal.proceeds - deal.repaid - deal.proceeds * self.slippage // WAD,
        )
        return (
            deal.account,
            deal.token,
            deal.max_repay,
            MAX_UINT256,
            [abi.SwapHop(*hop) for hop in deal.path],
            least,
            self.chain.timestamp + PATIENCE,
        )

    def _estimate(self, call: tuple[Any, ...]) -> int | None:
        """What the node says that it takes. [gas]"""
        built = self.contract.build("liquidate", *call)
        return self.chain.estimate_gas(self.address, built.data, sender=self.owner)

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
    gas_price: int | None = None,
    **_: Any,
) -> tuple[int, int]:
    """Both in base units [asset, wad]; InputError where one makes no sense."""
    least, part = lending.asset.unit.to_raw(minimum_profit), Ratio.parse(slippage).wad
    if part > WAD:
        raise InputError(f"a slippage of {slippage}", hint="at most 100%")
    if gas_price is not None and (type(gas_price) is not int or gas_price < 0):
        raise InputError(
            f"a gas price of {gas_price!r}",
            hint="whole wei, such as 20 * 10**9; 0 where gas is free, None to ask the node",
        )
    return least, part


def _deployed(lending: LendingPool, exchange: Exchange, owner: Sender) -> str:
    made = bindings.LiquidationKeeper.deploy(
        lending.chain, lending.address, exchange.address, address_of(owner), sender=owner
    )
    return made.address


def _collaterals(state: Pool, account: str) -> int:
    """How many of them the account holds."""
    return sum(1 for held in state.account(account).collateral if held)
