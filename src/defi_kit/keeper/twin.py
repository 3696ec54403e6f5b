"""A keeper's contract, in integers, on the twins of the pool and of the exchange it works with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..dex.exchange import NEVER, ExchangeState
from ..dex.pool import Hop
from ..lending.pool import Pool, Prices
from ..reverts import NotOwner, PathEndsElsewhere
from ..units import MAX_UINT256

__all__ = ["KeeperState", "Kept"]


class Kept(NamedTuple):
    """What a keeper's liquidation did."""

    repaid: int
    """Debt paid. [asset]"""
    seized: int
    """Collateral sold. [collateral]"""
    profit: int
    """Sent to the owner. [asset]"""


@dataclass(frozen=True, slots=True)
class KeeperState:
    """Twin of `contracts/lending/LiquidationKeeper.sol`. It has no books of its own."""

    address: str
    owner: str
    """Who may use it, and gets what it earns."""
    asset: str
    """The pool's, by address."""
    lending: Pool
    exchange: ExchangeState

    def liquidate(
        self,
        account: str,
        token: str,
        max_repay: int = MAX_UINT256,
        max_seize: int = MAX_UINT256,
        path: Sequence[Hop] = (),
        min_profit: int = 0,
        *,
        caller: str,
        now: int,
        prices: Prices,
        deadline: int = NEVER,
    ) -> tuple[KeeperState, Kept]:
        """Liquidates, sells what was seized, pays what was repaid, and gives the owner the rest.

        NotOwner, PathEndsElsewhere; the pool's refusals, then the exchange's, among them
        TooLittleOut for less than `min_profit`.
        """
        if caller != self.owner:
            raise NotOwner(caller, self.owner)
        if not path or path[-1].token_out != self.asset:
            raise PathEndsElsewhere(self.asset)
        lending, done = self.lending.liquidate(
            account, token, max_repay, max_seize, now=now, prices=prices
        )
        sale = self.exchange.swap_exact_in(
            token,
            done.seized,
            path,
            min(done.repaid + min_profit, MAX_UINT256),
            to=self.address,
            now=now,
            deadline=deadline,
        )
        kept = Kept(done.repaid, done.seized, sale.amount_out - done.repaid)
        return replace(self, lending=lending, exchange=sale.state), kept
