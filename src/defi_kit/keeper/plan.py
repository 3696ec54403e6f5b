"""Which liquidation of an account earns most, how large, sold along which path. On the twins.

What a sale fetches grows ever more slowly with its size, and what is repaid for it in proportion:
so along one path the profit of a part has one peak, found by golden section. It is compared with
liquidating as much as the pool allows, which may close the account where no part may leave it, and
over all paths that are best at some size and all collaterals of the account.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ..dex.pool import Hop
from ..dex.router import MAX_HOPS, best_path, useful_pools
from ..dex.routes import Pools, yield_of
from ..errors import Reverted
from ..lending.pool import Liquidation, Pool, Prices
from ..reverts import LeavesDust
from ..units import MAX_UINT256

__all__ = ["Deal", "best_deal"]

SIZES: Final = (0, 3, 6, 9, 12)
"""Paths are looked for with the whole divided by these powers of two."""
FEW: Final = 8
"""Of so few amounts every one is tried."""


class Deal(NamedTuple):
    """A liquidation and the sale that pays for it."""

    account: str
    token: str
    """The collateral, by address."""
    max_repay: int
    """What to ask for: 2**256 - 1 for as much as the pool allows. [asset]"""
    repaid: int
    """[asset]"""
    seized: int
    """[collateral]"""
    path: tuple[Hop, ...]
    proceeds: int
    """What the collateral fetches. [asset]"""
    cost: int
    """Of the transaction. [asset]"""
    bonus: int
    """[wad]"""
    health: int
    """Of the account before. [wad]"""

    @property
    def profit(self) -> int:
        """After the transaction's cost. [asset]"""
        return self.proceeds - self.repaid - self.cost


def best_deal(
    lending: Pool,
    pools: Pools,
    account: str,
    asset: str,
    *,
    now: int,
    prices: Prices,
    cost: int = 0,
    hop_cost: int = 0,
    least: int = 1,
    max_hops: int = MAX_HOPS,
) -> Deal | None:
    """The liquidation of `account` that earns most after its cost, if that is `least` or more
    [asset]. None for an account that cannot be liquidated, or that does not pay.

    It costs `cost`, and `hop_cost` for each pool of the sale after the first. [asset]
    `asset` is the pool's, by its name in `pools`; collaterals have the same names there as in
    `lending`. The profit is that of a block at `now`; the next unit more or less of what is repaid
    may earn a little more than what is found, by less than a millionth of it.
    """
    books = lending.accrue(now=now)
    deals = [
        deal
        for collateral, held in zip(
            books.parameters.collaterals, books.account(account).collateral, strict=True
        )
        if held
        for deal in _Table(
            books, pools, account, collateral.token, asset, now, prices, cost, hop_cost
        ).deals(max_hops)
    ]
    best = max(deals, key=lambda deal: (deal.profit, deal.repaid), default=None)
    return best if best is not None and best.profit >= least else None


class _Table(NamedTuple):
    """One account's one collateral, and where to sell it."""

    lending: Pool
    pools: Pools
    account: str
    token: str
    asset: str
    now: int
    prices: Prices
    cost: int
    hop_cost: int

    def deals(self, max_hops: int) -> Iterator[Deal]:
        """As much as the pool allows, and the best part, along every path worth a look."""
        try:
            whole = self._preview(MAX_UINT256)
        except Reverted:  # healthy, or an oracle refuses
            return
        useful = useful_pools(self.pools, self.token, self.asset, max_hops)
        pools = {key: self.pools[key] for key in useful}
        found = (
            best_path(pools, self.token, self.asset, max(1, whole.seized >> size), max_hops)
            for size in SIZES
        )
        most = self._largest_part(whole.repaid)
        for path in dict.fromkeys(one[0] for one in found if one is not None):
            for repay in (MAX_UINT256, self._best_part(path, most)):
                deal = self._deal(repay, path) if repay else None
                if deal is not None:
                    yield deal

    def _preview(self, repay: int) -> Liquidation:
        return self.lending.preview_liquidation(
            self.account, self.token, repay, now=self.now, prices=self.prices
        )

    def _deal(self, repay: int, path: Sequence[Hop]) -> Deal | None:
        try:
            done = self._preview(repay)
            proceeds = yield_of(self.pools, self.token, done.seized, path)
        except Reverted:
            return None
        return Deal(
            self.account,
            self.token,
            repay,
            done.repaid,
            done.seized,
            tuple(path),
            proceeds,
            self.cost + self.hop_cost * (len(path) - 1),
            done.bonus,
            done.health,
        )

    def _largest_part(self, whole: int) -> int:
        """The largest repayment below the whole that leaves no dust; 0 if there is none."""
        low, high = 0, whole - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._leaves_dust(middle):
                high = middle - 1
            else:
                low = middle
        return low

    def _leaves_dust(self, repay: int) -> bool:
        try:
            self._preview(repay)
        except LeavesDust:
            return True
        except Reverted:  # so little that nothing moves
            return False
        return False

    def _best_part(self, path: Sequence[Hop], most: int) -> int:
        """The repayment up to `most` that earns most along `path`."""

        def value(repay: int) -> int:
            deal = self._deal(repay, path)
            # What is too little to move anything loses nothing; what does not fit loses it all.
            return -repay if deal is None else deal.proceeds - deal.repaid

        low, high = 0, most
        left, right = _thirds(low, high)
        at_left, at_right = value(left), value(right)
        while high - low > max(FEW, low >> 20):
            if at_left >= at_right:
                high, right, at_right = right, left, at_left
                left = _thirds(low, high)[0]
                at_left = value(left)
            else:
                low, left, at_left = left, right, at_right
                right = _thirds(low, high)[1]
                at_right = value(right)
        tried = range(low, high + 1) if high - low <= FEW else (low, left, right, high)
        return max(tried, key=value)


def _thirds(low: int, high: int) -> tuple[int, int]:
    """The two points that part the range in the golden ratio."""
    part = (high - low) * 6_180_339_887 // 10**10
    return high - part, low + part
