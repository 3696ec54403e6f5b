"""One run of the peg laboratory, step by step.

One step of a quarter of an hour, in this order:

- *Holders* sell dollars for cash: a part of what they hold, the more the greater the distress has
  been of late, and on the day of the run a part of all. Distress is how far the dollar is below one
  and how much of it neither collateral nor the shares' value covers.
- The *reserve* spends cash on dollars while they are below one, so much a day, until it has none.
- *Liquidity providers* take their part of the market's depth away while the dollar is below one.
- *Arbitrageurs* buy dollars wherever redeeming them pays more, and sell the shares they get.
- The chain's *validators* stop it for good a day after shares are too many (`Scenario.halt`): then
  nobody redeems, and the dollar is worth what its market still pays.
- *Share speculators* value all shares together. What is sold to them lowers that value, and so does
  distress, down to what gamblers always pay; the price is that value over the shares there are.

On the market `model` the dollar's market is two numbers: a constant-product pool of dollars and
cash. On `exchange` it is a pool of the Exchange, and so is the shares': see `exchange`. Decisions
are made in floats, what the controller and the pools do in integers. Nothing knows a clock; chance
comes from the seed alone.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any, Final

from ...errors import ParameterError, Reverted
from ...stablecoins import Algo, Prices
from ...units import WAD
from .controller import Controller, Twin, oracle_price
from .scenario import Scenario

__all__ = ["ENGINES", "MARKETS", "Account", "Point", "Run", "World", "run"]

ENGINES: Final = ("twin", "contracts")
MARKETS: Final = ("exchange", "model")

STEP: Final = 900
"""From one step to the next; Terra's virtual pools recover within four minutes. [seconds]"""
STEPS_A_DAY: Final = 86_400 // STEP
HALT_DELAY: Final = 86_400
"""From too many shares to the end of the chain. [seconds]"""
KEEPERS: Final = 60
"""From the beginning of a step to the keepers' look. [seconds]"""

WOBBLE: Final = 0.95
"""A dollar that was below this has wobbled. Tether's was at 0.948 on 2022-05-12 (Benzinga) while it
paid one for each: dips above that need nothing more than a thin market."""
ALIVE: Final = 0.9
"""A dollar that ends below this is dead."""
LOST: Final = 0.5
"""A dollar that was ever below this is dead: what comes back later is not paid to who has sold."""


@dataclass(frozen=True, slots=True)
class Point:
    """The end of one day."""

    day: int
    dollar: float
    share: float
    dollars: float
    shares: float
    ratio: float
    backing: float
    """Collateral per dollar."""


@dataclass(frozen=True, slots=True)
class Account:
    """What one party owns at the end, in base units, and what the run did to it."""

    name: str
    """One of the agents, `exchange` with what is in the pools, or `controller`."""
    cash: int
    dollar: int
    share: int
    gain: float
    """Worth at the end less worth at the start, each at its market prices. [dollars]"""


@dataclass(frozen=True, slots=True)
class Run:
    """How a scenario went."""

    path: tuple[Point, ...]
    min_price: float
    holders_loss: float
    """Part of the dollars' worth at the start that holders lost, sellers included."""
    accounts: tuple[Account, ...] = ()
    """Everybody's, on the market `exchange`: all cash, dollars and shares that there are."""
    lost_day: int | None = None
    """The first on which it was below 50 cents; as all days from 1."""
    end_day: int | None = None
    """On which the breaker ended it in equal parts."""
    halt_day: int | None = None
    """On which the chain was stopped (`Scenario.halt`)."""

    @property
    def ended(self) -> bool:
        """Whether the breaker ended it in equal parts."""
        return self.end_day is not None

    @property
    def final_price(self) -> float:
        """Of the dollar."""
        return self.path[-1].dollar

    @property
    def survived(self) -> bool:
        """Whether it is worth nearly a dollar at the end, and was never lost on the way."""
        return not self.ended and self.final_price >= ALIVE and self.min_price >= LOST

    @property
    def phase(self) -> str:
        """`survives`, `wobbles` (it was below 95 cents) or `dies`."""
        if not self.survived:
            return "dies"
        return "survives" if self.min_price >= WOBBLE else "wobbles"

    @property
    def death_day(self) -> int | None:
        """The day of what `why` says; None for a dollar that survived."""
        if self.survived:
            return None
        told = [day for day in (self.lost_day, self.end_day) if day is not None]
        alive = (point.day for point in self.path if point.dollar >= ALIVE)
        return min(told) if told else max(alive, default=0) + 1

    @property
    def why(self) -> str | None:
        """Of what it died, with what came after; None for a dollar that survived."""
        day = self.death_day
        if day is None:
            return None
        if day == self.lost_day:
            told = f"below 50 cents on day {day}"
        elif day == self.end_day:
            told = f"ended by its breaker on day {day}"
        else:
            told = f"below 90 cents from day {day} on"
        if self.share_growth >= 2:
            told += f", {self.share_growth:,.0f} times the shares of day 1"
        return told + (f", chain stopped on day {self.halt_day}" if self.halt_day else "")

    @property
    def share_growth(self) -> float:
        """The most shares there were at the end of a day, over those at the end of the first."""
        return max(point.shares for point in self.path) / self.path[0].shares

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON data."""
        names = Point.__slots__
        return {
            "survived": self.survived,
            "phase": self.phase,
            "ended": self.ended,
            "min_price": self.min_price,
            "final_price": self.final_price,
            "death_day": self.death_day,
            "why": self.why,
            "holders_loss": self.holders_loss,
            "path": [{name: getattr(point, name) for name in names} for point in self.path],
        } | (
            {"accounts": {one.name: _plain(one) for one in self.accounts}} if self.accounts else {}
        )


def _plain(account: Account) -> dict[str, Any]:
    """Base units as text: they are more than other languages' numbers hold."""
    held = {name: str(getattr(account, name)) for name in ("cash", "dollar", "share")}
    return held | {"gain": account.gain}


def run(
    scenario: Scenario, *, seed: int = 0, engine: str = "twin", market: str = "exchange"
) -> Run:
    """Plays the scenario through; the same seed gives the same run, on either engine.

    `engine` is `twin`, or `contracts` for the real ones on an embedded chain made for it; `market`
    is `exchange` for pools of the Exchange, those too on either engine, or `model`, which is some
    ten times faster on the twin, and what Terra's people were fitted on.
    """
    for kind, name, known in (("engine", engine, ENGINES), ("market", market, MARKETS)):
        if name not in known:
            raise ParameterError(f"no {kind} {name!r}", hint=f"one of {', '.join(known)}")
    # Imported when asked for: thousands of runs on the twin, in many processes, need no chain.
    if engine == "twin":
        if market == "model":
            return World(scenario, seed, Twin(scenario)).play()
        from .exchange import ExchangeWorld
        from .pools import TwinPools

        return ExchangeWorld(scenario, seed, TwinPools(scenario, Twin(scenario))).play()
    from ...chain import Chain
    from .contracts import Contracts

    with Chain.embedded() as chain:
        if market == "model":
            return World(scenario, seed, Contracts(scenario, chain)).play()
        from .exchange import ExchangeWorld
        from .real_pools import RealPools

        return ExchangeWorld(scenario, seed, RealPools(scenario, chain)).play()


class World:
    """One run: the controller, the two markets, and what the agents remember."""

    LOOK: int = 0
    """From the beginning of a step to the arbitrageurs' look. [seconds]"""

    def __init__(self, scenario: Scenario, seed: int, controller: Controller) -> None:
        self.scenario, self.people = scenario, scenario.people
        self.chance = random.Random(seed)
        self.controller = controller
        self.now = controller.start
        self.share_value = scenario.shares * scenario.share_price
        self.least_value = max(self.share_value * self.people.floor, 1.0)
        self.cash = scenario.dollars * self.people.depth
        self.pool = self.cash  # of dollars, at first as many
        self.reserve = scenario.reserve
        self.fear = 0.0
        self.sold = self.proceeds = 0.0
        self.lowest = 1.0
        self.lost_day: int | None = None
        self.end_day: int | None = None
        self.halt_day: int | None = None
        self.flooded_at: int | None = None

    # --- prices -----------------------------------------------------------------------------------

    @property
    def algo(self) -> Algo:
        """The controller's books."""
        return self.controller.algo

    @property
    def dollars(self) -> float:
        """How many there are."""
        return self.algo.dollars / WAD

    @property
    def shares(self) -> float:
        """How many there are."""
        return self.algo.shares / WAD

    @property
    def share(self) -> float:
        """Its price. [dollars]"""
        return self.share_value / self.shares

    @property
    def dollar(self) -> float:
        """Its price: the market's, or after the end what each is paid."""
        if self.algo.ended:
            return self.backing
        return self.market_dollar

    @property
    def market_dollar(self) -> float:
        """Its price in its market."""
        return self.cash / self.pool

    @property
    def market_value(self) -> float:
        """Of all shares, at their market's price."""
        return self.share_value

    @property
    def backing(self) -> float:
        """Collateral per dollar."""
        if not self.algo.dollars:
            return 1.0
        return self.algo.held * 10.0 ** (18 - self.algo.design.decimals) / self.algo.dollars

    @property
    def distress(self) -> float:
        """How far the dollar is below one, and how much of it nothing stands behind any more."""
        cover = self.backing + self.market_value / max(self.dollars, 1.0)
        return max(1 - self.dollar, 0.0) + max(1 - cover, 0.0)

    def prices(self) -> Prices:
        """What the oracles say."""
        decimals = self.algo.design.decimals
        return Prices(
            share=oracle_price(self.share, decimals),
            dollar=oracle_price(min(self.dollar, 10.0), decimals),
        )

    # --- one run ----------------------------------------------------------------------------------

    def play(self) -> Run:
        """All days of it."""
        path = []
        for day in range(1, self.scenario.days + 1):
            for step in range(STEPS_A_DAY):
                if not self.algo.ended:
                    self.step(day - 1 + step / STEPS_A_DAY)
                    self.note(day)
                self.now += STEP
            path.append(self.point(day))
        loss = 1 - min((self.proceeds + self.kept * min(self.dollar, 1.0)) / self.held_first, 1.0)
        days = (self.lost_day, self.end_day, self.halt_day)
        return Run(tuple(path), self.lowest, loss, self.final_accounts(), *days)

    def note(self, day: int) -> None:
        """Remembers how low it was, and the day of what cannot be undone."""
        self.lowest = min(self.lowest, self.dollar)
        if self.lost_day is None and self.lowest < LOST:
            self.lost_day = day
        if self.algo.ended:
            self.end_day = day
        if self.flooded_at is None and self.shares >= self.scenario.halt * self.scenario.shares:
            self.flooded_at = self.now
        if self.halt_day is None and self.halted:
            self.halt_day = day

    @property
    def halted(self) -> bool:
        """Whether the chain stands still."""
        return self.flooded_at is not None and self.now - self.flooded_at >= HALT_DELAY

    @property
    def held_first(self) -> float:
        """Dollars of holders at the start."""
        return self.scenario.dollars

    @property
    def kept(self) -> float:
        """Dollars that holders have not sold."""
        return max(self.scenario.dollars - self.sold, 0.0)

    def final_accounts(self) -> tuple[Account, ...]:
        """Everybody's, where this market keeps any."""
        return ()

    def point(self, day: int) -> Point:
        """The end of a day."""
        return Point(
            day, self.dollar, self.share, self.dollars, self.shares,
            self.algo.ratio / WAD, self.backing,
        )  # fmt: skip

    def step(self, day: float) -> None:
        """A quarter of an hour; `day` is when it begins."""
        people, part = self.people, STEP / 86_400
        self.fear += (self.distress - self.fear) * min(part / people.memory, 1.0)
        self.holders(day, part)
        self.defend(part)
        self.leave(max(1 - self.dollar, 0.0) * part)
        halted = self.halted
        if not halted:
            self.arbitrage()
        self.speculate(part)
        if not halted:
            self.keepers()

    def holders(self, day: float, part: float) -> None:
        """Sell some of their dollars; `part` is the step's part of a day."""
        amount = self.for_sale(day, part, max(self.dollars - self.pool, 0.0))
        paid = self.cash * amount / (self.pool + amount)
        self.pool, self.cash = self.pool + amount, self.cash - paid
        self.sold, self.proceeds = self.sold + amount, self.proceeds + paid

    def for_sale(self, day: float, part: float, outside: float) -> float:
        """How many dollars of those that holders have they sell."""
        after = self.scenario.run_after
        attack = self.scenario.run_size * part if after <= day < after + 1 else 0.0
        amount = min(self.people.run * self.fear * part * outside, outside)
        return min(amount + attack * self.scenario.dollars, outside)

    def defend(self, part: float) -> None:
        """Brings the price back to one as far as the reserve goes, and its share of the day."""
        if self.reserve <= 0 or self.cash >= self.pool:
            return
        most = min(self.scenario.reserve * part / self.scenario.reserve_days, self.reserve)
        spent = min(math.sqrt(self.cash * self.pool) - self.cash, most)
        bought = self.pool * spent / (self.cash + spent)
        self.cash, self.pool = self.cash + spent, self.pool - bought
        self.reserve -= spent

    def leave(self, gap: float) -> None:
        """Providers take liquidity away; `gap` is how far below one, times days."""
        stay = math.exp(-self.people.flight * gap)
        self.cash, self.pool = self.cash * stay, self.pool * stay

    def arbitrage(self) -> None:
        """Buys and redeems up to where the next dollar would cost what it pays."""
        self.controller.look(self.prices(), now=self.now + self.LOOK)
        low, high = 0.0, self.most_redeemed()
        if high < 1_000 or not self.still_gains(1_000.0):
            return
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (middle, high) if self.still_gains(middle) else (low, middle)
        self.redeem(low)

    def most_redeemed(self) -> float:
        """Dollars that arbitrageurs think of."""
        return min(self.pool * 0.5, self.dollars)

    def still_gains(self, amount: float) -> bool:
        """Whether the last bit of so much still pays more than it costs."""
        bit = max(amount * 1e-3, 1.0)
        cost = self.cash * self.pool / (self.pool - amount) ** 2 * bit
        more, less = self.worth(amount + bit), self.worth(amount)
        return more is not None and less is not None and more - less > cost

    def worth(self, amount: float) -> float | None:
        """What redeeming so much pays, at the markets' prices; None where it is refused."""
        if amount < 1:
            return 0.0
        try:
            collateral, shares = self.controller.quote_redeem(int(amount) * WAD)
        except Reverted:
            return None
        return (
            collateral * 10.0**-self.algo.design.decimals + self.sale(self.shares, shares / WAD)[0]
        )

    def sale(self, there: float, new: float) -> tuple[float, float]:
        """What so many new shares sell for, and the shares' value after: it is spread over more of
        them, and every part of it that is sold lowers it."""
        impact, value = self.people.impact, self.share_value
        part = new / (there + new)
        after = math.exp(-impact * part)
        return value * (1 - after) / impact, max(value * after, self.least_value)

    def redeem(self, amount: float) -> None:
        """Buys so many dollars and redeems them."""
        amount = float(int(amount))
        paid = self.cash * amount / (self.pool - amount)
        before = self.shares
        try:
            _, shares = self.controller.redeem(int(amount) * WAD, now=self.now + 1)
        except Reverted:
            return
        self.share_value = self.sale(before, shares / WAD)[1]
        self.cash, self.pool = self.cash + paid, self.pool - amount

    def speculate(self, part: float) -> None:
        """Values all shares anew."""
        people = self.people
        shock = self.chance.gauss(0, people.noise * math.sqrt(part)) if people.noise else 0.0
        self.share_value *= math.exp(shock - (people.doubt * self.distress + people.drift) * part)
        self.share_value = max(self.share_value, self.least_value)

    def keepers(self) -> None:
        """Whoever may, steps the ratio and looks after the breaker."""
        design, now = self.algo.design, self.now + KEEPERS
        if not design.step_period and not design.breaker_cover:
            return
        self.controller.look(self.prices(), now=now)
        if design.step_period and now + 1 >= self.algo.stepped_at + design.step_period:
            self.controller.step_ratio(now=now + 1)
        if design.breaker_cover:
            raised = self.controller.alarm(now=now + 2)
            if raised and now + 3 - self.algo.alarmed_at >= design.breaker_delay:
                self.controller.end(now=now + 3)
