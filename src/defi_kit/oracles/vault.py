"""Twin of VaultOracle: what a vault's share is worth, its growth capped, in integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..reverts import (
    FullMulDivFailed,
    GrowthTooFast,
    StartOutOfBounds,
    TooManyDecimals,
    WorthlessShares,
)
from ..units import MAX_UINT256, WAD, YEAR
from .feed import MAX_DECIMALS

__all__ = ["MAX_GROWTH", "MAX_SHARE_DECIMALS", "VaultPrice", "check_start", "sample_of"]

MAX_GROWTH: Final = 10 * WAD // YEAR
"""Of a cap: tenfold a year. [wad per second]"""
MAX_SHARE_DECIMALS: Final = MAX_DECIMALS + 6
DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class VaultPrice:
    """A vault, and the line above which its share price is not believed.

    >>> oracle = VaultPrice("0xAA", 10**18, 10**18, started_at=0, max_growth=10**12)
    >>> oracle.price(2 * 10**18, 5 * 10**36, now=1_000) == 5 * 1_001 * 10**33  # 0.1 % later
    True
    """

    vault: str
    sample: int
    """Shares that the vault is asked about. [shares]"""
    start_assets: int
    """What they were worth when the cap began to grow. [assets]"""
    started_at: int
    """[unix seconds]"""
    max_growth: int
    """Of the cap, as a part of its start. [wad per second]"""

    def cap(self, now: int) -> int:
        """The most that the sample counts for. [assets]"""
        return (
            self.start_assets + self.start_assets * self.max_growth * (now - self.started_at) // WAD
        )

    def price(self, assets: int, asset_price: int, *, now: int) -> int:
        """The price of a raw share [1e36], where the vault says that the sample is worth `assets`.

        WorthlessShares for a price of zero, FullMulDivFailed for one beyond 256 bits.
        """
        counted = min(assets, self.cap(now))
        price = counted * asset_price // self.sample
        if price > MAX_UINT256:
            raise FullMulDivFailed()
        if not price:
            raise WorthlessShares(self.vault, counted, asset_price)
        return price


def sample_of(share_decimals: int, asset_decimals: int) -> int:
    """How many shares a vault is asked about, so that 18 digits of their worth are told.

    TooManyDecimals above 30 of the share, or 24 of the asset.

    >>> sample_of(18, 6) == 10**30
    True
    """
    for decimals, most in ((share_decimals, MAX_SHARE_DECIMALS), (asset_decimals, MAX_DECIMALS)):
        if decimals > most:
            raise TooManyDecimals(decimals, most)
    sample: int = 10 ** (share_decimals + max(DIGITS - asset_decimals, 0))
    return sample


def check_start(assets: int, max_assets: int, max_growth: int) -> None:
    """What VaultOracle asks of its start. GrowthTooFast, StartOutOfBounds."""
    if max_growth > MAX_GROWTH:
        raise GrowthTooFast(max_growth, MAX_GROWTH)
    if not 0 < assets <= max_assets:
        raise StartOutOfBounds(assets, max_assets)
