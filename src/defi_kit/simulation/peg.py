"""The peg laboratory: agents around an algorithmic dollar, on the twin of its controller.

    run(Scenario.terra())                    Terra, from the end of 2022-05-06
    run(Scenario.of("guarded"), seed=7)      the same people around a design with guards

One step of half an hour, in this order:

- *Holders* sell dollars for cash: a part of what they hold, the more the greater the distress has
  been of late, and on the day of the run a part of all. Distress is how far the dollar is below one
  and how much of it neither collateral nor the shares' value covers.
- The *reserve* spends cash on dollars while they are below one, until it has none.
- *Liquidity providers* take their part of the market's depth away while the dollar is below one.
- *Arbitrageurs* buy dollars wherever redeeming them pays more, and sell the shares they get.
- *Share speculators* value all shares together. What is sold to them lowers that value, and so does
  distress; the price is that value over the shares there are.

The dollar's market is a constant-product pool of dollars and cash. Decisions are made in floats,
what the controller does in integers. Nothing knows a clock; chance comes from the seed alone.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..errors import ParameterError, Reverted
from ..stablecoins import Algo, AlgoDesign, Prices
from ..units import WAD

__all__ = [
    "DESIGNS",
    "TERRA_DAYS",
    "TERRA_PEOPLE",
    "People",
    "Point",
    "Run",
    "Scenario",
    "TerraDay",
    "TerraReport",
    "fit_terra",
    "run",
    "terra",
]

STEP: Final = 1_800
"""From one step to the next. [seconds]"""
STEPS_A_DAY: Final = 86_400 // STEP
START: Final = 1_651_881_600
"""The end of 2022-05-06. [unix seconds]"""

TERRA_DOLLARS: Final = 18.7e9
TERRA_SHARES: Final = 345e6
TERRA_SHARE_PRICE: Final = 78.83
TERRA_DAYS: Final = (
    ("2022-05-07", 0.9969, 69.00),
    ("2022-05-08", 0.9964, 64.00),
    ("2022-05-09", 0.7934, 33.93),
    ("2022-05-10", 0.7999, 17.23),
    ("2022-05-11", 0.8011, 1.11),
    ("2022-05-12", 0.4086, 0.1147),
    ("2022-05-13", 0.1540, 0.000115),
)
"""Day, closes of UST and of LUNA. [US dollars]"""

DESIGNS: Final = ("terra", "frax", "guarded")

WOBBLE: Final = 0.97
"""A dollar that was below this has wobbled."""
ALIVE: Final = 0.9
"""A dollar that ends below this is dead."""


@dataclass(frozen=True, slots=True)
class People:
    """How the agents behave; those fitted to Terra are `TERRA_PEOPLE`."""

    run: float = 0.5
    """Part of their dollars that holders sell a day, per unit of distress. [1/day]"""
    memory: float = 1.0
    """Over which holders remember distress. [days]"""
    depth: float = 0.1
    """Cash in the dollar's market, as a part of all dollars at the start."""
    flight: float = 1.0
    """Part of the market's depth that leaves a day, per dollar below one. [1/day]"""
    doubt: float = 5.0
    """Fall of the logarithm of the shares' value a day, per unit of distress. [1/day]"""
    impact: float = 1.0
    """Fall of the logarithm of the shares' value, per part of it that is sold."""
    drift: float = 0.0
    """Fall of the logarithm of the shares' value a day, whatever the dollar does. [1/day]"""
    noise: float = 0.0
    """Standard deviation of the logarithm of the shares' value a day."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who stands where at the start. Money in dollars."""

    design: AlgoDesign
    dollars: float
    shares: float
    share_price: float
    run_size: float
    """Part of all dollars that is sold, spread over a day, from `run_after` on."""
    run_after: float = 1.0
    """Days until the run begins."""
    reserve: float = 0.0
    """Cash that defends the peg."""
    days: int = 7
    people: People = field(default_factory=People)

    def __post_init__(self) -> None:
        fine = self.dollars > 0 and self.shares > 0 and self.share_price > 0 and self.days > 0
        if not fine or not 0 <= self.run_size <= 1 or self.reserve < 0:
            raise ParameterError(
                "a scenario needs dollars, shares, a price and days above zero, a run size from 0 "
                "to 1 and a reserve of zero or more",
                hint="Scenario.of('guarded') is one that works; dataclasses.replace changes it",
            )

    @classmethod
    def of(cls, design: str, *, run_size: float = 0.1, days: int = 7) -> Scenario:
        """The sizes and people of Terra around one of the designs, in a market that by itself does
        not fall. ParameterError for an unknown one."""
        if design not in DESIGNS:
            raise ParameterError(f"no design {design!r}", hint=f"one of {', '.join(DESIGNS)}")
        built: AlgoDesign = getattr(AlgoDesign, design)()
        return cls(
            built,
            TERRA_DOLLARS,
            TERRA_SHARES,
            TERRA_SHARE_PRICE,
            run_size,
            days=days,
            people=replace(TERRA_PEOPLE, drift=0.0),
        )

    @classmethod
    def terra(cls, people: People | None = None, *, run_size: float | None = None) -> Scenario:
        """Terra at the end of 2022-05-06, with the fitted people and run."""
        scenario = cls.of("terra", run_size=TERRA_RUN if run_size is None else run_size)
        return replace(
            scenario, reserve=TERRA_RESERVE, run_after=2.0, people=people or TERRA_PEOPLE
        )


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
class Run:
    """How a scenario went."""

    path: tuple[Point, ...]
    min_price: float
    ended: bool
    """Whether the breaker ended it in equal parts."""
    holders_loss: float
    """Part of the dollars' worth at the start that holders lost, sellers included."""

    @property
    def final_price(self) -> float:
        """Of the dollar."""
        return self.path[-1].dollar

    @property
    def survived(self) -> bool:
        """Whether holders ended with nearly all of a dollar for a dollar."""
        return not self.ended and self.final_price >= ALIVE

    @property
    def phase(self) -> str:
        """`survives`, `wobbles` (it was below 97 cents) or `dies`."""
        if not self.survived:
            return "dies"
        return "survives" if self.min_price >= WOBBLE else "wobbles"

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON data."""
        names = Point.__slots__
        return {
            "survived": self.survived,
            "phase": self.phase,
            "ended": self.ended,
            "min_price": self.min_price,
            "final_price": self.final_price,
            "holders_loss": self.holders_loss,
            "path": [{name: getattr(point, name) for name in names} for point in self.path],
        }


def run(scenario: Scenario, *, seed: int = 0) -> Run:
    """Plays the scenario through; the same seed gives the same run."""
    return _World(scenario, seed).play()


class _World:
    """One run: the controller's twin, the two markets, and what the agents remember."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario, self.people = scenario, scenario.people
        self.chance = random.Random(seed)
        design = scenario.design
        collateral = 10**design.decimals
        supply = int(scenario.dollars) * WAD
        born = Algo.born(design, shares=int(scenario.shares) * WAD, now=START)
        # As if every dollar had been minted at the ratio, and the collateral been paid in.
        held = int(scenario.dollars) * collateral * design.ratio // WAD
        self.algo = replace(born, dollars=supply, held=held)
        self.now = START
        self.share_value = scenario.shares * scenario.share_price
        self.cash = scenario.dollars * self.people.depth
        self.pool = self.cash  # of dollars, at first as many
        self.reserve = scenario.reserve
        self.fear = 0.0
        self.sold = self.proceeds = 0.0
        self.lowest = 1.0

    # --- prices -----------------------------------------------------------------------------------

    @property
    def dollars(self) -> float:
        return self.algo.dollars / WAD

    @property
    def shares(self) -> float:
        return self.algo.shares / WAD

    @property
    def share(self) -> float:
        return self.share_value / self.shares

    @property
    def dollar(self) -> float:
        if self.algo.ended:
            return self.backing
        return self.cash / self.pool

    @property
    def backing(self) -> float:
        if not self.algo.dollars:
            return 1.0
        return self.algo.held * 10.0 ** (18 - self.algo.design.decimals) / self.algo.dollars

    @property
    def distress(self) -> float:
        """How far the dollar is below one, and how much of it nothing stands behind any more."""
        cover = self.backing + self.share_value / max(self.dollars, 1.0)
        return max(1 - self.dollar, 0.0) + max(1 - cover, 0.0)

    def prices(self) -> Prices:
        scale = 36 + self.algo.design.decimals - 18
        share = max(int(self.share * 1e12) * 10 ** (scale - 12), 1)
        return Prices(share=share, dollar=int(min(self.dollar, 10.0) * 1e12) * 10 ** (scale - 12))

    # --- one run ----------------------------------------------------------------------------------

    def play(self) -> Run:
        path = []
        for day in range(1, self.scenario.days + 1):
            for step in range(STEPS_A_DAY):
                if not self.algo.ended:
                    self.step(day - 1 + step / STEPS_A_DAY)
                self.now += STEP
            path.append(self.point(day))
        kept = max(self.scenario.dollars - self.sold, 0.0) * min(self.dollar, 1.0)
        loss = 1 - min((self.proceeds + kept) / self.scenario.dollars, 1.0)
        return Run(tuple(path), self.lowest, self.algo.ended, loss)

    def point(self, day: int) -> Point:
        return Point(
            day, self.dollar, self.share, self.dollars, self.shares,
            self.algo.ratio / WAD, self.backing,
        )  # fmt: skip

    def step(self, day: float) -> None:
        people, part = self.people, STEP / 86_400
        self.fear += (self.distress - self.fear) * min(part / people.memory, 1.0)
        self.holders(day, part)
        self.defend()
        self.leave(max(1 - self.dollar, 0.0) * part)
        self.arbitrage()
        shock = self.chance.gauss(0, people.noise * math.sqrt(part)) if people.noise else 0.0
        self.share_value *= math.exp(shock - (people.doubt * self.distress + people.drift) * part)
        self.share_value = max(self.share_value, 1.0)
        self.keepers()
        self.lowest = min(self.lowest, self.dollar)

    def holders(self, day: float, part: float) -> None:
        after = self.scenario.run_after
        attack = self.scenario.run_size * part if after <= day < after + 1 else 0.0
        outside = max(self.dollars - self.pool, 0.0)
        amount = min(self.people.run * self.fear * part * outside, outside)
        amount = min(amount + attack * self.scenario.dollars, outside)
        paid = self.cash * amount / (self.pool + amount)
        self.pool, self.cash = self.pool + amount, self.cash - paid
        self.sold, self.proceeds = self.sold + amount, self.proceeds + paid

    def defend(self) -> None:
        """Brings the price back to one as far as the reserve goes."""
        if self.reserve <= 0 or self.cash >= self.pool:
            return
        spent = min(math.sqrt(self.cash * self.pool) - self.cash, self.reserve)
        bought = self.pool * spent / (self.cash + spent)
        self.cash, self.pool = self.cash + spent, self.pool - bought
        self.reserve -= spent

    def leave(self, gap: float) -> None:
        stay = math.exp(-self.people.flight * gap)
        self.cash, self.pool = self.cash * stay, self.pool * stay

    def arbitrage(self) -> None:
        """Buys and redeems up to where the next dollar would cost what it pays."""
        prices, most = self.prices(), min(self.pool * 0.5, self.dollars)

        def gains(amount: float) -> bool:
            """Whether the last bit of so much still pays more than it costs."""
            bit = max(amount * 1e-3, 1.0)
            cost = self.cash * self.pool / (self.pool - amount) ** 2 * bit
            more, less = self.worth(amount + bit, prices), self.worth(amount, prices)
            return more is not None and less is not None and more - less > cost

        low, high = 0.0, most
        if most < 1_000 or not gains(1_000.0):
            return
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (middle, high) if gains(middle) else (low, middle)
        self.redeem(low, prices)

    def worth(self, amount: float, prices: Prices) -> float | None:
        """What redeeming so much pays, at the markets' prices; None where it is refused."""
        if amount < 1:
            return 0.0
        try:
            collateral, shares = self.algo.quote_redeem(int(amount) * WAD, prices, now=self.now)
        except Reverted:
            return None
        return collateral * 10.0**-self.algo.design.decimals + self.sale(shares / WAD)[0]

    def sale(self, new: float) -> tuple[float, float]:
        """What so many new shares sell for, and the shares' value after: it is spread over more of
        them, and every part of it that is sold lowers it."""
        impact, value = self.people.impact, self.share_value
        part = new / (self.shares + new)
        after = math.exp(-impact * part)
        return value * (1 - after) / impact, max(value * after, 1.0)

    def redeem(self, amount: float, prices: Prices) -> None:
        amount = float(int(amount))
        paid = self.cash * amount / (self.pool - amount)
        try:
            algo, (_, shares) = self.algo.redeem(int(amount) * WAD, prices, now=self.now)
        except Reverted:
            return
        after = self.sale(shares / WAD)[1]
        self.algo = algo
        self.cash, self.pool = self.cash + paid, self.pool - amount
        self.share_value = after

    def keepers(self) -> None:
        """Whoever may, steps the ratio and looks after the breaker."""
        prices, design = self.prices(), self.algo.design
        if design.step_period and self.now >= self.algo.stepped_at + design.step_period:
            self.algo, _ = self.algo.step_ratio(prices, now=self.now)
        if design.breaker_cover:
            self.algo, raised = self.algo.alarm(prices, now=self.now)
            if raised and self.now - self.algo.alarmed_at >= design.breaker_delay:
                self.algo = self.algo.end(prices, now=self.now)


# --- Terra ----------------------------------------------------------------------------------------

TERRA_PEOPLE: Final = People(
    run=0.05229,
    memory=1.546,
    depth=0.09999,
    flight=2.726,
    doubt=0.5396,
    impact=0.06961,
    drift=0.353,
)
"""Found by a random search of some five hundred tries on all seven days, as `fit_terra` makes."""
TERRA_RUN: Final = 0.1255
"""Found with it; the run is on 2022-05-09, the third day."""
TERRA_RESERVE: Final = 2.3e9
"""About what the Luna Foundation Guard spent; not fitted."""


@dataclass(frozen=True, slots=True)
class TerraDay:
    """One day, simulated beside real. Prices in US dollars."""

    date: str
    dollar: float
    share: float
    dollars: float
    shares: float
    real_dollar: float
    real_share: float
    fitted: bool
    """Whether the parameters were fitted to this day."""


@dataclass(frozen=True, slots=True)
class TerraReport:
    """Terra's end, simulated beside real."""

    days: tuple[TerraDay, ...]
    people: People
    run_size: float

    @property
    def error(self) -> float:
        """Root of the mean square: of dollars' differences, and of shares' in powers of ten."""
        return math.sqrt(sum(_miss(day) for day in self.days) / (2 * len(self.days)))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {
            "days": [
                {name: getattr(day, name) for name in TerraDay.__slots__} for day in self.days
            ],
            "error": self.error,
            "parameters": {
                "run_size": self.run_size,
                **{name: getattr(self.people, name) for name in People.__slots__},
            },
            "fitted_on": [day.date for day in self.days if day.fitted],
        }


def terra(
    people: People | None = None,
    *,
    run_size: float | None = None,
    fitted_on: Sequence[int] = range(1, 8),
) -> TerraReport:
    """Terra from the end of 2022-05-06 to 05-13, with the fitted people unless others are given."""
    scenario = Scenario.terra(people, run_size=run_size)
    done = run(scenario)
    days = [
        TerraDay(
            date, point.dollar, point.share, point.dollars, point.shares, dollar, share,
            point.day in fitted_on,
        )
        for point, (date, dollar, share) in zip(done.path, TERRA_DAYS, strict=True)
    ]  # fmt: skip
    return TerraReport(tuple(days), scenario.people, scenario.run_size)


def fit_terra(days: Sequence[int] = range(1, 8), *, tries: int = 400, seed: int = 0) -> TerraReport:
    """Fits the people to the closes of these days (1 is 2022-05-07) by a seeded random search.

    First a third of the tries anywhere in the ranges, then ever closer around the best.
    """
    if not days or not set(days) <= set(range(1, len(TERRA_DAYS) + 1)):
        raise ParameterError(f"days {list(days)} are not from 1 to 7", hint="1 is 2022-05-07")
    chance = random.Random(seed)
    best, best_error = {name: math.sqrt(low * high) for name, (low, high) in _RANGES.items()}, 1e9
    for place in range(tries):
        wide = max(1.0 - place / tries, 0.05) if place > tries // 3 else math.inf
        candidate = {}
        for name, (low, high) in _RANGES.items():
            if wide == math.inf:
                value = math.exp(chance.uniform(math.log(low), math.log(high)))
            else:
                value = best[name] * math.exp(chance.gauss(0, 0.5 * wide))
            candidate[name] = min(max(value, low), high)
        report = _tried(candidate, days)
        error = sum(_miss(day) for day in report.days if day.fitted)
        if error < best_error:
            best, best_error = candidate, error
    return _tried(best, days)


_RANGES: Final = {
    "run_size": (0.02, 0.4),
    "run": (0.05, 20.0),
    "memory": (0.1, 3.0),
    "depth": (0.01, 0.3),
    "flight": (0.05, 20.0),
    "doubt": (0.1, 30.0),
    "impact": (0.05, 20.0),
    "drift": (0.01, 0.5),
}


def _tried(candidate: dict[str, float], days: Sequence[int]) -> TerraReport:
    numbers = dict(candidate)
    run_size = numbers.pop("run_size")
    return terra(People(**numbers), run_size=run_size, fitted_on=days)


def _miss(day: TerraDay) -> float:
    """Square of the dollar's difference, and of the share's in powers of ten."""
    share = math.log10(max(day.share, 1e-12) / day.real_share)
    return (day.dollar - day.real_dollar) ** 2 + share**2
