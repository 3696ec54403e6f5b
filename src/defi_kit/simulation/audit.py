"""Reading the books: what the chain itself says of an economy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from defi_kit.dex.pool import LOCKED_SHARES
from defi_kit.simulation.invariants import Books, Position

if TYPE_CHECKING:
    from defi_kit.lending.pool import Market
    from defi_kit.simulation.world import World

__all__ = ["Auditor"]


class Auditor:
    """Reads the books of a world from its chain."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._set_aside = self._dollars_of_the_other_pool()
        self._last: Books | None = None

    def books(self, *, count: bool) -> Books:
        """What the chain says now. With `count` every account is read and every dollar counted;
        without, those are taken from the books before, which were counted."""
        last = self._last
        positions, lender_shares, dollars, agrees = (
            self._count()
            if count or last is None
            else (last.positions, last.lender_shares_held, last.dollars_held, self._same_market())
        )
        self._last = self._read(positions, lender_shares, dollars, agrees, count or last is None)
        return self._last

    def _count(self) -> tuple[tuple[Position, ...], int, int, bool]:
        world = self.world
        lending = world.read_lending()
        positions = tuple(
            Position(account.debt_shares, account.collateral[world.number])
            for account in (lending.accounts[who.address] for who in world.borrowers)
        )
        keepers = (one for rival in world.keepers for one in (rival.account, rival.contract))
        people = (*keepers, world.arbitrageur, *world.borrowers)
        contracts = (world.exchange, world.bank, world.kit.peg, world.kit.algo)
        holders = [world.lender, *(one.address for one in (*contracts, *people))]
        dollars = sum(world.usd.contract.balance_of(who) for who in holders)
        shares = sum(account.shares for account in lending.accounts.values())
        return positions, shares, dollars, lending == world.lending

    def _same_market(self) -> bool:
        """Whether the lending pool's own books are its twin's."""
        read, twin = self.world.bank.market(), self.world.lending.market
        names = ("debt_shares", "reserve", "rate", "index", "cash", "accrued_at")
        return all(getattr(read, name) == getattr(twin, name) for name in names)

    def _now(self) -> Market:
        """The lending pool's books with interest up to now."""
        state = self.world.kit.lending.state([])
        return state.accrued(self.world.chain.timestamp)

    def _read(
        self,
        positions: tuple[Position, ...],
        lender_shares_held: int,
        dollars_held: int,
        lending_agrees: bool,
        counted: bool,
    ) -> Books:
        world = self.world
        usd, weth = world.usd.contract, world.weth.contract
        market, lending = world.read_market(), self._now()
        in_weth, in_usd = market.reserve0, market.reserve1
        if not world.weth_first:
            in_weth, in_usd = in_usd, in_weth
        price = world.kit.oracles.weth.contract.price()
        return Books(
            reserves=(market.reserve0, market.reserve1),
            liquidity=market.supply,
            liquidity_held=world.exchange.balance_of(world.lender, world.key.id) + LOCKED_SHARES,
            exchange_owes=(in_usd + self._set_aside, in_weth),
            exchange_holds=(usd.balance_of(world.exchange), weth.balance_of(world.exchange)),
            cash=lending.cash,
            reserve=lending.reserve,
            debt=lending.debt,
            total_assets=world.bank.total_assets(),
            lender_shares=world.bank.total_supply(),
            lender_shares_held=lender_shares_held,
            debt_shares=lending.debt_shares,
            pool_holds=(usd.balance_of(world.bank), weth.balance_of(world.bank)),
            positions=positions,
            counted=counted,
            price=price,
            dollars=usd.total_supply(),
            dollars_held=dollars_held,
            minter_allowance=world.usd.dollar.minter_allowance(world.lender),
            twins=(
                market == world.market,
                lending_agrees and price == world.prices[world.number],
            ),
        )

    def _dollars_of_the_other_pool(self) -> int:
        """Dollars that the exchange owes to a pool in which nobody trades here."""
        world = self.world
        bitcoin = world.kit.wbtc.address
        pool = world.exchange.pool(world.key.of(world.usd.address, bitcoin, world.key.fee).id)
        first = int(world.usd.address, 16) < int(bitcoin, 16)
        return pool.reserve0 if first else pool.reserve1
