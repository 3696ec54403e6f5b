"""The real contracts behind the laboratory's agents, on a local chain; the twins' doubles."""

from __future__ import annotations

import math
from typing import Final

from ...chain import Chain
from ...oracles import FeedOracle, ScriptedFeed
from ...stablecoins import AlgoController, PegSwap, PegTerms, Prices
from ...tokens import FaucetToken
from ...units import MAX_UINT256, to_decimal
from .controller import FEED_DECIMALS, START, Founding, answer, found
from .depeg import FEED_DECIMALS as SWAP_FEED_DECIMALS
from .depeg import Depeg, room, terms
from .scenario import Scenario

__all__ = ["Contracts", "SwapContracts"]

DAY: Final = 86_400


class Contracts:
    """The real contract, its tokens and two scripted feeds, on a local chain.

    One account holds all dollars and shares: who holds them changes nothing that the controller
    does. Each look is two transactions that end at its second; each verb is one.
    """

    def __init__(self, scenario: Scenario, chain: Chain) -> None:
        design, self.chain = scenario.design, chain
        # The same second of an epoch and of a day as in the twin, whatever the chain's clock says.
        cycle = math.lcm(DAY, design.epoch_length or 1)
        length = found(scenario, START).length
        late = max(chain.timestamp + length + DAY - START, 0)
        self.start = START + -(-late // cycle) * cycle
        founding = found(scenario, self.start)
        cash = FaucetToken.deploy(chain, "Cash Dollar", "CASH", design.decimals)
        first = to_decimal(answer(scenario.share_price), FEED_DECIMALS)
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

    def _mint(self, founding: Founding, cash: FaucetToken) -> None:
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


class SwapContracts:
    """The real swap, its tokens and a scripted feed, on a local chain."""

    def __init__(self, scenario: Depeg, chain: Chain) -> None:
        cap, stock, pips = terms(scenario)
        cash = FaucetToken.deploy(chain, "Cash Dollar", "CASH", 6)
        coin = FaucetToken.deploy(chain, "Coin Dollar", "COIN", 18)
        self.feed = ScriptedFeed.deploy(chain, "CASH / USD", "1", decimals=SWAP_FEED_DECIMALS)
        self.cash = cash
        oracle = FeedOracle.deploy(chain, self.feed, cash, coin) if scenario.breaker else None
        sides = PegTerms(cash, cap=cap, oracle=oracle, tolerance=f"{pips / 10_000:.4f}%")
        self.swap = PegSwap.deploy(chain, sides, PegTerms(coin))
        coin.mint(chain.default_sender, stock)
        self.swap.fund(coin.raw(stock))

    def left(self) -> int:
        """Backing that still fits. [base units]"""
        return room(self.swap.state())

    def swap_in(self, amount: int, seen: int) -> None:
        """Changes it, at an oracle that sees this price. [base units, feed units]"""
        self.feed.set_answer(seen)
        self.cash.mint(self.cash.chain.default_sender, amount)
        self.swap.swap(self.cash.raw(amount))
