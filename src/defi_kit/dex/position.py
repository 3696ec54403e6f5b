"""What providing liquidity has brought: value, fees earned, loss against holding. Exact integers.

A pool's liquidity is what its curve says: the root of the reserves' product, or the invariant D of
StableSwap. Trades alone leave it as it is, were it not for fees, and deposits raise it in step with
the shares; so liquidity per share grows by fees only (and by roundings, which favour the pool). A
position remembers the liquidity of its shares when it got them. Twice the reserves are twice the
liquidity, so at the pool's price now that much of it would hold

    principal0 = reserve0 * liquidity / the pool's liquidity
    principal1 = reserve1 * liquidity / the pool's liquidity

and what the shares free above that is fees. What was paid in, at prices now, is what holding would
be worth; what holding would be worth above the principal is the impermanent loss
(Pintail: Understanding Uniswap Returns, 2018).

Every rounding makes fees and gain smaller, loss and cost larger, each by at most a few raw units.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from ..errors import ParameterError
from ..reverts import NoLiquidity, SharesExceedBalance
from ..units import check_uint256
from .pool import Pool

__all__ = ["Performance", "Position"]

Q96: Final = 96
"""Liquidity carries so many binary places, so that rounding it costs less than a raw unit."""


@dataclass(frozen=True, slots=True)
class Performance:
    """A position at one moment; values are in whatever one unit of price is, exact fractions."""

    amount0: int
    """What the shares free now. [raw units of token0]"""

    amount1: int
    """[raw units of token1]"""

    fees0: int
    """The part of `amount0` that fees have earned, rounded down. [raw units of token0]"""

    fees1: int
    """[raw units of token1]"""

    value: Fraction
    """What the shares free, at the prices given."""

    fees: Fraction
    """What the fees among that are worth."""

    held: Fraction
    """What was paid in would be worth, had it been kept."""

    @property
    def gain(self) -> Fraction:
        """How much better than holding it is, fees included; below zero when worse."""
        return self.value - self.held

    @property
    def impermanent_loss(self) -> Fraction:
        """How much worse than holding it would be without fees: `fees - gain`.

        Never below zero (but for rounding) at the pool's own price; it can be at another, as a pool
        whose price is off is worth more to whoever leaves it there.
        """
        return self.held - (self.value - self.fees)

    @property
    def impermanent_loss_ratio(self) -> Fraction:
        """That as a part of what holding would be worth: 0.0572 once a price has doubled."""
        return self.impermanent_loss / self.held if self.held else Fraction(0)


@dataclass(frozen=True, slots=True)
class Position:
    """Shares of one pool, and what they cost their owner, on average over all deposits."""

    shares: int = 0

    paid0: int = 0
    """Cost of these shares. [raw units of token0]"""

    paid1: int = 0
    """[raw units of token1]"""

    liquidity: int = 0
    """The liquidity behind the shares when they came. [what the curve counts in, Q96]"""

    def joined(self, pool: Pool, shares: int, amount0: int, amount1: int) -> Position:
        """After a deposit that led to `pool`, minted `shares` and took both amounts.

        >>> pool, shares, *paid = Pool().add_liquidity(10**18, 4 * 10**18)
        >>> Position().joined(pool, shares, *paid).shares
        1999999999999999000
        """
        check_uint256(shares, "shares")
        check_uint256(amount0)
        check_uint256(amount1)
        if not pool.supply:
            raise NoLiquidity(pool.id)
        return Position(
            self.shares + shares,
            self.paid0 + amount0,
            self.paid1 + amount1,
            self.liquidity - (-shares * (_liquidity(pool) + 1) // pool.supply),  # rounded up
        )

    def received(self, pool: Pool, shares: int) -> Position:
        """After somebody else's shares came: they count as bought for what they would free now."""
        return self.joined(pool, shares, *_behind(pool, shares, up=True))

    def left(self, shares: int) -> Position:
        """After shares were given up or away: cost and liquidity fall in proportion.

        SharesExceedBalance.
        """
        if check_uint256(shares, "shares") > self.shares:
            raise SharesExceedBalance(shares, self.shares)
        kept = self.shares - shares
        if not kept:
            return Position()
        return replace(
            self,
            shares=kept,
            paid0=-(-self.paid0 * kept // self.shares),
            paid1=-(-self.paid1 * kept // self.shares),
            liquidity=-(-self.liquidity * kept // self.shares),
        )

    def performance(
        self,
        pool: Pool,
        price0: Fraction | int | None = None,
        price1: Fraction | int = 1,
    ) -> Performance:
        """The position with the pool as it is now, valued at these prices.

        A price is what one raw unit is worth, in the same money for both tokens. Without `price0`
        it is the pool's own price, and values are raw units of token1. NoLiquidity;
        ParameterError for a price below zero.
        """
        if not pool.supply:
            raise NoLiquidity(pool.id)
        if price0 is None:
            price0 = Fraction(pool.reserve1, pool.reserve0) * price1
        if price0 < 0 or price1 < 0:
            raise ParameterError(f"prices {price0} and {price1}: one is below zero")
        amount0, amount1 = _behind(pool, self.shares)
        whole = _liquidity(pool)
        fees0 = max(0, amount0 + (-self.liquidity * pool.reserve0 // whole))
        fees1 = max(0, amount1 + (-self.liquidity * pool.reserve1 // whole))

        def worth(raw0: int, raw1: int) -> Fraction:
            return Fraction(raw0 * price0 + raw1 * price1)

        return Performance(
            amount0,
            amount1,
            fees0,
            fees1,
            value=worth(amount0, amount1),
            fees=worth(fees0, fees1),
            held=worth(self.paid0, self.paid1),
        )


def _liquidity(pool: Pool) -> int:
    """What the pool's curve counts its reserves as, rounded down. [Q96]"""
    return pool.curve.liquidity(pool.reserve0 << Q96, pool.reserve1 << Q96)


def _behind(pool: Pool, shares: int, *, up: bool = False) -> tuple[int, int]:
    """Both reserves' part that belongs to some shares; down is what `remove_liquidity` pays."""
    sign = -1 if up else 1
    return (
        sign * (sign * shares * pool.reserve0 // pool.supply),
        sign * (sign * shares * pool.reserve1 // pool.supply),
    )
