"""The controller that the agents meet: the twin, or the real contract on the embedded chain.

Both are founded alike and do the same at the same seconds, so that a run on either is the same run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ...chain import Chain
from ...errors import ParameterError, Reverted
from ...oracles import FeedOracle, ScriptedFeed
from ...stablecoins import Algo, AlgoController, Prices
from ...tokens import FaucetToken
from ...units import MAX_UINT256, WAD, to_decimal
from .scenario import Scenario

__all__ = ["Contracts", "Controller", "Twin"]

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
        self.algo = _found(scenario, START).algo
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


class Contracts:
    """The real contract, its tokens and two scripted feeds, on a local chain.

    One account holds all dollars and shares: who holds them changes nothing that the controller
    does. Each look is two transactions that end at its second; each verb is one.
    """

    def __init__(self, scenario: Scenario, chain: Chain) -> None:
        design, self.chain = scenario.design, chain
        # The same second of an epoch and of a day as in the twin, whatever the chain's clock says.
        cycle = math.lcm(DAY, design.epoch_length or 1)
        length = _found(scenario, START).length
        late = max(chain.timestamp + length + DAY - START, 0)
        self.start = START + -(-late // cycle) * cycle
        founding = _found(scenario, self.start)
        cash = FaucetToken.deploy(chain, "Cash Dollar", "CASH", design.decimals)
        first = to_decimal(_answer(scenario.share_price), FEED_DECIMALS)
        self._share = ScriptedFeed.deploy(chain, "SHARE / USD", first, decimals=FEED_DECIMALS)
        self._dollar = ScriptedFeed.deploy(chain, "ALGO / USD", "1", decimals=FEED_DECIMALS)
        oracles = [FeedOracle.deploy(chain, feed, 18, cash) for feed in (self._share, self._dollar)]
        chain.set_next_timestamp(founding.born_at)
        self.controller = AlgoController.deploy(
            chain,
            design,
            cash,
            share_oracle=oracles[0],
            dollar_oracle=oracles[1],
            shares=founding.genesis_shares,
            dollars=founding.genesis_dollars,
        )
        self._mint(founding, cash)
        self.algo = self.controller.state()

    def _mint(self, founding: _Founding, cash: FaucetToken) -> None:
        who, most = self.chain.default_sender, MAX_UINT256
        if not founding.pieces:
            return
        cash.mint(who, founding.algo.held)
        with cash.allowing(who, self.controller.address, founding.algo.held):
            for dollars, at in founding.pieces:
                self.chain.set_next_timestamp(at)
                self.controller.contract.mint(dollars, most, most, who, sender=who)

    def look(self, prices: Prices, *, now: int) -> None:
        """Writes both prices into the feeds."""
        scale = 10 ** (36 + self.algo.design.decimals - 18 - FEED_DECIMALS)
        self.chain.set_next_timestamp(now - 1)
        for feed, price in ((self._share, prices.share), (self._dollar, prices.dollar)):
            assert isinstance(price, int)
            feed.set_answer(price // scale)

    def quote_redeem(self, dollars: int) -> tuple[int, int]:
        """Asks the contract."""
        return self.controller.contract.quote_redeem(dollars)

    def redeem(self, dollars: int, *, now: int) -> tuple[int, int]:
        """Sends the redemption."""
        self.chain.set_next_timestamp(now)
        done = self.controller.redeem(dollars, min_collateral=0, min_shares=0)
        self._read()
        return done.collateral.raw, done.shares.raw

    def step_ratio(self, *, now: int) -> None:
        """Sends the step."""
        self.chain.set_next_timestamp(now)
        self.controller.step_ratio()
        self._read()

    def alarm(self, *, now: int) -> bool:
        """Sends the alarm."""
        self.chain.set_next_timestamp(now)
        raised = self.controller.alarm()
        self._read()
        return raised

    def end(self, *, now: int) -> None:
        """Sends the end."""
        self.chain.set_next_timestamp(now)
        self.controller.end()
        self._read()

    def _read(self) -> None:
        self.algo = self.controller.state()


# --- founding -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Founding:
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


def _found(scenario: Scenario, start: int) -> _Founding:
    """Every dollar is minted at the scenario's price, in pieces where virtual pools want that.

    Without any collateral, dollars and shares are there from birth.
    """
    design, supply = scenario.design, int(scenario.dollars) * WAD
    shares = int(scenario.shares) * WAD
    if not design.ratio:
        algo = Algo.born(design, shares=shares, dollars=supply, now=start - DAY)
        return _Founding(start - DAY, supply, shares, (), DAY, algo)
    count, gap = _pieces(scenario), max(10 * design.recovery_time, HOUR)
    born_at = start - (count + 1) * gap - DAY
    each = supply // count
    pieces = tuple(
        (each if place < count - 1 else supply - each * (count - 1), born_at + (place + 1) * gap)
        for place in range(count)
    )
    price = Prices(share=_price(scenario.share_price, design.decimals))
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
    return _Founding(born_at, 0, shares + burned, pieces, start - born_at, after)


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


def _answer(price: float) -> int:
    """A price in the feeds' units; never zero, at which oracles refuse."""
    return max(int(price * 10**FEED_DECIMALS), 1)


def _price(price: float, decimals: int) -> int:
    """A price of an 18-decimal token as an oracle says it. [1e36]"""
    return _answer(price) * int(10 ** (36 + decimals - 18 - FEED_DECIMALS))
