"""The laboratory's agents where dollar and share trade in pools of the Exchange.

As in `world`, but every trade is one: holders and fleeing liquidity providers sell into the
dollar's pool, the reserve buys there, arbitrageurs buy dollars in it, redeem them and sell the
shares they get in the shares' pool, and speculators trade that pool to what they think a share is
worth. Who buys pays out of a purse, and nothing is paid that nobody had.

What all shares are worth to speculators falls with what they have bought (`People.impact`) and
rises with what they have sold. The controller's oracles say the pools' prices, that of the share as
the step before left it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from ...errors import Reverted
from ...units import WAD
from .pools import SHARE_FEE, Pools
from .scenario import Scenario
from .world import Account, World

__all__ = ["ExchangeWorld"]

PIPS: Final = 10**6
DUST: Final = 1.0
"""Nobody trades for less than that. [dollars]"""


class ExchangeWorld(World):
    """One run on two pools."""

    LOOK = 10

    def __init__(self, scenario: Scenario, seed: int, pools: Pools) -> None:
        super().__init__(scenario, seed, pools.controller)
        self.pools = pools
        self.unit = 10**scenario.design.decimals
        self.before = self.worths()
        self.first = self.own("holders", "dollar")

    # --- prices -----------------------------------------------------------------------------------

    @property
    def share(self) -> float:
        """Its price in its pool. [dollars]"""
        venue = self.pools.venue("share")
        price: float = venue.cash * WAD / (venue.token * self.unit)
        return price

    @property
    def market_dollar(self) -> float:
        """Its price in its pool."""
        venue = self.pools.venue("dollar")
        curve: Any = venue.pool.curve
        x, y = venue.token, venue.cash * (WAD // self.unit)
        return float(curve.price(x, y, curve.invariant(x, y)))

    @property
    def market_value(self) -> float:
        """Of all shares, at their pool's price."""
        return self.share * self.shares

    # --- the agents -------------------------------------------------------------------------------

    def holders(self, day: float, part: float) -> None:
        """Sell some of their dollars; `part` is the step's part of a day."""
        outside = self.own("holders", "dollar")
        amount = int(self.for_sale(day, part, outside))
        paid = self.trade("holders", "dollar", "cash", amount * WAD, now=self.now + 1)
        if paid:
            self.sold, self.proceeds = self.sold + amount, self.proceeds + paid / self.unit

    def defend(self, part: float) -> None:
        """Buys dollars until the pool is in balance, as far as its share of the day goes."""
        left = self.own("reserve", "cash")
        if left < DUST or self.market_dollar >= 1:
            return
        most = min(self.scenario.reserve * part / self.scenario.reserve_days, left)
        venue = self.pools.venue("dollar")
        gap = (venue.token / WAD - venue.cash / self.unit) / 2
        spent = int(min(gap, most) * self.unit)
        self.trade("reserve", "cash", "dollar", spent, now=self.now + 3)

    def leave(self, gap: float) -> None:
        """Takes a part of both pools away, all of it in cash."""
        part = 1 - math.exp(-self.people.flight * gap)
        for place, token in enumerate(("dollar", "share")):
            stake = int(self.pools.stake(token) * part)
            try:
                freed = self.pools.venue(token).freed(stake)
            except Reverted:
                continue
            if freed >= DUST * self.unit:
                self.pools.withdraw(token, stake, now=self.now + 5 + place)

    def most_redeemed(self) -> float:
        """Dollars that arbitrageurs think of."""
        venue = self.pools.venue("dollar")
        return min(venue.token / WAD * 0.5, self.dollars)

    def still_gains(self, amount: float) -> bool:
        """Whether the last bit of so much still pays more than it costs."""
        bit = max(amount * 1e-3, 1.0)
        first, more = self.profit(int(amount)), self.profit(int(amount + bit))
        return first is not None and more is not None and more > first

    def profit(self, amount: int) -> float | None:
        """Of buying so many dollars, redeeming them and selling the shares; None where a pool, the
        controller or the purse refuses."""
        if not amount:
            return 0.0
        try:
            cost = self.pools.venue("dollar").cost(amount * WAD)
            collateral, shares = self.controller.quote_redeem(amount * WAD)
            earned = self.pools.venue("share").sale("share", shares) if shares else 0
        except Reverted:
            return None
        if cost > self.pools.holdings()["arbitrageurs"].cash:
            return None
        gain: float = (collateral + earned - cost) / self.unit
        return gain

    def redeem(self, amount: float) -> None:
        """Buys so many dollars, redeems them and sells the shares."""
        dollars = int(amount) * WAD
        profit = self.profit(int(amount))
        if profit is None or profit < DUST:
            return
        who, spent = "arbitrageurs", self.pools.venue("dollar").cost(dollars)
        bought = self.trade(who, "cash", "dollar", spent, now=self.now + 12)
        try:
            _, shares = self.pools.redeem(min(bought, dollars), now=self.now + 14)
        except Reverted:
            return
        self.trade(who, "share", "cash", shares, now=self.now + 16)

    def speculate(self, part: float) -> None:
        """Values all shares anew, and trades their pool to that."""
        super().speculate(part)
        venue, target = self.pools.venue("share"), self.share_value / self.shares
        cash, shares = venue.cash / self.unit, venue.token / WAD
        fee, price = 1 + SHARE_FEE / PIPS, cash / shares
        if price * fee < target:
            self.buy_shares(cash, shares)
        elif price > target * fee:
            self.sell_shares(cash, shares)
        self.share_value = max(self.share_value, self.least_value)

    def buy_shares(self, cash: float, shares: float) -> None:
        """As far as the purse goes; with so much cash and so many shares in the pool."""

        def too_dear(spent: float) -> bool:
            bought = shares * spent / (cash + spent)
            return (cash + spent) ** 2 / (cash * shares) > self.worth_after(bought)

        most = math.sqrt(cash * shares * self.share_value / self.shares) - cash
        spent = _most(too_dear, min(most, self.own("speculators", "cash")))
        if spent < DUST:
            return
        raw = int(spent * self.unit)
        bought = self.trade("speculators", "cash", "share", raw, now=self.now + 20)
        self.share_value = self.worth_after(bought / WAD) * self.shares

    def sell_shares(self, cash: float, shares: float) -> None:
        """As far as there are any; with so much cash and so many shares in the pool."""

        def too_cheap(sold: float) -> bool:
            return cash * shares / (shares + sold) ** 2 < self.worth_after(-sold)

        most = math.sqrt(cash * shares * self.shares / self.share_value) - shares
        sold = _most(too_cheap, min(most, self.own("speculators", "share")))
        if sold * cash / shares < DUST:
            return
        if self.trade("speculators", "share", "cash", int(sold * WAD), now=self.now + 20):
            self.share_value = self.worth_after(-sold) * self.shares

    def worth_after(self, bought: float) -> float:
        """What a share is worth to speculators who have bought so many more."""
        return self.share_value * math.exp(-self.people.impact * bought / self.shares) / self.shares

    # --- accounts ---------------------------------------------------------------------------------

    def trade(self, who: str, sell: str, buy: str, amount: int, *, now: int) -> int:
        """What the sale paid; nothing happens, and it is zero, where the pool would refuse."""
        owned: int = getattr(self.pools.holdings()[who], sell)
        amount = min(amount, owned)
        if amount <= 0:
            return 0
        try:
            self.pools.venue(buy if sell == "cash" else sell).sale(sell, amount)
        except Reverted:
            return 0
        return self.pools.swap(who, sell, buy, amount, now=now)

    def own(self, who: str, token: str) -> float:
        """What an account holds of a token."""
        raw: int = getattr(self.pools.holdings()[who], token)
        return raw / (self.unit if token == "cash" else WAD)

    @property
    def held_first(self) -> float:
        """Dollars of holders at the start, those in the pool left out."""
        return self.first

    @property
    def kept(self) -> float:
        """Dollars that holders have not sold."""
        return self.own("holders", "dollar")

    def worths(self) -> dict[str, float]:
        """What everybody owns, at the pools' prices."""
        return {
            name: one.cash / self.unit
            + one.dollar / WAD * min(self.dollar, 1.0)
            + one.share / WAD * self.share
            for name, one in self.pools.holdings().items()
        }

    def final_accounts(self) -> tuple[Account, ...]:
        """Everybody's, with their gains."""
        after = self.worths()
        return tuple(
            Account(name, one.cash, one.dollar, one.share, after[name] - self.before[name])
            for name, one in self.pools.holdings().items()
        )


def _most(refused: Callable[[float], bool], most: float) -> float:
    """The most up to `most` that is not refused."""
    low, high = 0.0, max(most, 0.0)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if refused(middle) else (middle, high)
    return low
