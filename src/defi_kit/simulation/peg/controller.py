"""The controller that the agents meet: the twin, or the real contract on the embedded chain.

Both are founded alike and do the same at the same seconds, so that a run on either is the same run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

from ...errors import ParameterError, Reverted
from ...stablecoins import Algo, Prices
from ...units import WAD
from .scenario import Scenario

__all__ = [
    "FEED_DECIMALS",
    "START",
    "Controller",
    "Founding",
    "Twin",
    "answer",
    "found",
    "oracle_price",
]

DAY: Final = 86_400
HOUR: Final = 3_600
START: Final = 1_651_881_600
"""The end of 2022-05-06. [unix seconds]"""
PIECES: Final = 10_000
"""In how many mints a dollar may be founded at most."""
FEED_DECIMALS: Final = 12


class Controller(Protocol):
    """What the agents ask of it. Refusals are Reverted."""

    algo: Algo
    """Its books after what was done last."""
    start: int
    """When the run begins. [unix seconds]"""

    def look(self, prices: Prices, *, now: int) -> None:
        """Its oracles say this from `now` on."""

    def quote_redeem(self, dollars: int) -> tuple[int, int]:
        """The collateral and shares that a redemption would pay at the last look."""

    def redeem(self, dollars: int, *, now: int) -> tuple[int, int]:
        """Redeems; the collateral and shares paid."""

    def step_ratio(self, *, now: int) -> None:
        """Moves the ratio a step."""

    def alarm(self, *, now: int) -> bool:
        """Looks at what stands behind the dollar; whether that is too little."""

    def end(self, *, now: int) -> None:
        """Ends it in equal parts."""


class Twin:
    """The exact twin: nothing but integers."""

    def __init__(self, scenario: Scenario) -> None:
        self.start = START
        self.algo = found(scenario, START).algo
        self._prices, self._now = Prices(share=0), START

    def look(self, prices: Prices, *, now: int) -> None:
        """Remembers what the oracles say."""
        self._prices, self._now = prices, now

    def quote_redeem(self, dollars: int) -> tuple[int, int]:
        """As `Algo.quote_redeem`."""
        return self.algo.quote_redeem(dollars, self._prices, now=self._now)

    def redeem(self, dollars: int, *, now: int) -> tuple[int, int]:
        """As `Algo.redeem`."""
        self.algo, paid = self.algo.redeem(dollars, self._prices, now=now)
        return paid

    def step_ratio(self, *, now: int) -> None:
        """As `Algo.step_ratio`."""
        self.algo, _ = self.algo.step_ratio(self._prices, now=now)

    def alarm(self, *, now: int) -> bool:
        """As `Algo.alarm`."""
        self.algo, raised = self.algo.alarm(self._prices, now=now)
        return raised

    def end(self, *, now: int) -> None:
        """As `Algo.end`."""
        self.algo = self.algo.end(self._prices, now=now)


# --- founding -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Founding:
    """How the dollars of the start came to be."""

    born_at: int
    """[unix seconds]"""
    genesis_dollars: int
    genesis_shares: int
    """With those that the mints burn."""
    pieces: tuple[tuple[int, int], ...]
    """Dollars of each mint, and when. [$, unix seconds]"""
    length: int
    """From birth to start. [seconds]"""
    algo: Algo
    """After it."""


def found(scenario: Scenario, start: int) -> Founding:
    """Every dollar is minted at the scenario's price, in pieces where virtual pools want that.

    Without any collateral, dollars and shares are there from birth.
    """
    design, supply = scenario.design, int(scenario.dollars) * WAD
    shares = int(scenario.shares) * WAD
    if not design.ratio:
        algo = Algo.born(design, shares=shares, dollars=supply, now=start - DAY)
        return Founding(start - DAY, supply, shares, (), DAY, algo)
    count, gap = _pieces(scenario), max(10 * design.recovery_time, HOUR)
    born_at = start - (count + 1) * gap - DAY
    each = supply // count
    pieces = tuple(
        (each if place < count - 1 else supply - each * (count - 1), born_at + (place + 1) * gap)
        for place in range(count)
    )
    price = Prices(share=oracle_price(scenario.share_price, design.decimals))
    algo, burned = Algo.born(design, shares=2**127, now=born_at), 0
    try:
        for dollars, at in pieces:
            algo, (_, cost) = algo.mint(dollars, price, now=at)
            burned += cost
    except Reverted as refusal:
        raise ParameterError(
            f"a dollar of this size cannot be founded: {refusal.message}",
            hint="fewer dollars, or a higher price of the share",
        ) from refusal
    after = replace(algo, shares=shares)
    return Founding(born_at, 0, shares + burned, pieces, start - born_at, after)


def _pieces(scenario: Scenario) -> int:
    """Mints of half a virtual pool at most."""
    design = scenario.design
    if not design.virtual_liquidity:
        return 1
    rest = int(scenario.dollars) * (WAD - design.ratio)
    count = max(-(-2 * rest // design.virtual_liquidity), 1)
    if count > PIECES:
        raise ParameterError(
            f"virtual pools of {design.virtual_liquidity // WAD} dollars are too small to found "
            f"{scenario.dollars:g} dollars",
            hint="larger pools, none, or fewer dollars",
        )
    return count


def answer(price: float) -> int:
    """A price in the feeds' units; never zero, at which oracles refuse."""
    return max(int(price * 10**FEED_DECIMALS), 1)


def oracle_price(price: float, decimals: int) -> int:
    """A price of an 18-decimal token as an oracle says it. [1e36]"""
    return answer(price) * int(10 ** (36 + decimals - 18 - FEED_DECIMALS))
