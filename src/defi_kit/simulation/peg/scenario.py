"""Who stands where at the start: people, designs and their guards, Terra's published state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final

from ...errors import ParameterError
from ...stablecoins import AlgoDesign
from ...units import WAD

__all__ = [
    "DESIGNS",
    "TERRA_DAYS",
    "TERRA_PEOPLE",
    "TERRA_SETTLED",
    "TERRA_SHARES",
    "TERRA_SOURCES",
    "TERRA_SUPPLIES",
    "Guards",
    "People",
    "Scenario",
]

DAY: Final = 86_400
HOUR: Final = 3_600
_WORKS: Final = "Scenario.of('guarded') is one that works; dataclasses.replace changes it"

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
TERRA_SUPPLIES: Final[Mapping[str, tuple[float | None, float | None]]] = {
    "2022-05-07": (None, 342e6),
    "2022-05-08": (None, 343e6),
    "2022-05-09": (None, 346e6),
    "2022-05-10": (None, 386e6),
    "2022-05-11": (None, 1.5e9),
    "2022-05-12": (12.62e9, 176e9),
    "2022-05-13": (11.2e9, 6.53e12),
}
"""UST and LUNA that were out late on each day, where `TERRA_SOURCES` says; none is fitted to."""
TERRA_SOURCES: Final[Mapping[str, str]] = {
    "LUNA, 05-07 to 05-10": "Coin Metrics, github.com/coinmetrics/data csv/luna.csv: CapMrktEstUSD "
    "over the ReferenceRateUSD of the midnight after, which is the supply of the midnight before",
    "LUNA, 05-11 and 05-12": "The Block, post 146762: 1.5 billion on Wednesday, 176 on Thursday",
    "LUNA, 05-13": "U.Today: 6,531,899,614,602 after the chain was halted for good that morning",
    "UST, 05-06": "Paxos, Understanding the demise of UST: 18.7 billion out, the start",
    "UST, 05-07 to 05-11": "no supply found: there are Anchor's deposits, 14 billion on 05-06 and "
    "8.7 on 05-09 (CoinDesk, 05-09), and market caps, 10.4 billion on 05-11 (Paxos)",
    "UST, 05-12": "Terra's forum, classic-agora 6837: 12,623,445,466 as the burn was proposed",
    "UST, 05-13": "cryptoonline.news on that burn: 11.2 billion left; none was redeemed any more",
}
"""Where the supplies come from."""

NOISE: Final = 0.05
"""Standard deviation of the logarithm of the shares' value a day, where chance plays."""

DESIGNS: Final = ("terra", "frax", "guarded")


_ABOVE_ZERO: Final = ("memory", "depth", "impact")


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
    floor: float = 0.0
    """What gamblers pay for all shares whatever happens, as a part of their value at the start."""
    noise: float = 0.0
    """Standard deviation of the logarithm of the shares' value a day."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not math.isfinite(value) or value < 0 or (one.name in _ABOVE_ZERO and not value):
                raise ParameterError(
                    f"{one.name} of the people is {value}",
                    hint="a number of zero or more; memory, depth and impact are above zero",
                )


TERRA_SETTLED: Final = People(memory=1.0, impact=1.0, floor=0.02)
"""What is settled before a fit. Closes do not tell `impact` from `doubt`, nor `memory` from `run`:
a dollar of shares sold takes a dollar off their value, and a day is remembered. The floor, half a
billion dollars, is of the size of what all LUNA were worth in the weeks after, 0.35 to 1.3 billion
(Coin Metrics, CapMrktEstUSD, 2022-05-16 to 06-18)."""
TERRA_PEOPLE: Final = replace(
    TERRA_SETTLED,
    run=0.3736,
    depth=0.2935,
    flight=1.238,
    doubt=1.648,
    drift=0.1201,
)
"""What `fit_terra(tries=500, seed=1)` finds on all seven days, to four figures."""
TERRA_RUN: Final = 0.08181
"""Found with it; the run is on 2022-05-09, the third day."""
TERRA_RESERVE: Final = 2.8e9
"""What the Luna Foundation Guard spent from 2022-05-08 to 05-12, nearly all by the 10th (audit by
JS Held, 2022-11-16: 80,081 bitcoins and 49.8 million in stablecoins); not fitted."""
TERRA_HALT: Final = 100.0
"""On 2022-05-12 at 15:15 UTC there were 25 billion LUNA, 72 times those of the start (The Block);
within a day the validators had stopped the chain for good. Not fitted."""


@dataclass(frozen=True, slots=True)
class Guards:
    """What is changed of a design; None leaves it as it is, zero switches a guard off.

    >>> Guards(ratio=0.5, epoch_cap=0.05).on(AlgoDesign.frax()).max_share_growth
    50000
    """

    ratio: float | None = None
    """Part of a dollar that is collateral at the start; the bounds make room for it. [0 to 1]"""
    min_ratio: float | None = None
    """The least it may become; at most the ratio. [0 to 1]"""
    spread: float | None = None
    """Both ways, minting and redeeming. [0 to 0.5]"""
    epoch_cap: float | None = None
    """New shares a day, as a part of those at its start. [0 to 10]"""
    slippage: float | None = None
    """Dollars in either virtual pool; a smaller pool is the stronger guard. [0, or 1e6 to 1e12]"""
    breaker: bool | None = None
    """An end in equal parts, an hour after collateral and shares fell below 105 cents a dollar."""

    def on(self, design: AlgoDesign) -> AlgoDesign:
        """The design with these guards. ParameterError for what cannot be."""
        self._check()
        ratio = design.ratio if self.ratio is None else _wad(self.ratio)
        least = min(design.min_ratio, ratio) if self.min_ratio is None else _wad(self.min_ratio)
        if least > ratio:
            raise ParameterError(
                f"min_ratio {least / WAD} is above the ratio, {ratio / WAD}",
                hint="lower min_ratio or raise the ratio",
            )
        changes = {"ratio": ratio, "min_ratio": least, "max_ratio": max(design.max_ratio, ratio)}
        if self.spread is not None:
            pips = round(self.spread * 10**6)
            changes |= {"mint_spread": pips, "redeem_spread": pips}
        if self.epoch_cap is not None:
            changes |= {"max_share_growth": round(self.epoch_cap * 10**6), "epoch_length": DAY}
        if self.slippage is not None:
            recovery = design.recovery_time or HOUR
            changes |= {"virtual_liquidity": int(self.slippage) * WAD, "recovery_time": recovery}
        if self.breaker is not None:
            cover = 105 * WAD // 100 if self.breaker else 0
            changes |= {"breaker_cover": cover, "breaker_delay": HOUR}
        return replace(design, **changes)

    def _check(self) -> None:
        for name, most in (("ratio", 1), ("min_ratio", 1), ("spread", 0.5), ("epoch_cap", 10)):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                raise ParameterError(f"{name} {value} is not from 0 to {most}")
        if self.slippage and not 1e6 <= self.slippage <= 1e12:
            raise ParameterError(
                f"virtual pools of {self.slippage} dollars",
                hint="zero for no slippage, or from 1e6 to 1e12 dollars",
            )


def _wad(part: float) -> int:
    """A part as a person writes it: to nine digits."""
    return round(part * 10**9) * 10**9


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
    reserve_days: float = 3.0
    """In how many days it can be spent at the soonest."""
    halt: float = math.inf
    """Times the shares of the start; a day after there are so many the chain is stopped for good:
    nobody redeems any more, and only the markets are left."""
    days: int = 14
    people: People = field(default_factory=People)

    def __post_init__(self) -> None:
        sizes = {"dollars": self.dollars, "shares": self.shares, "share price": self.share_price}
        for name, size in sizes.items():
            if not 1e-6 <= size <= 1e15:
                raise ParameterError(f"{name} {size} is not from 1e-6 to 1e15", hint=_WORKS)
        if not 0 <= self.run_size <= 1:
            raise ParameterError(f"run size {self.run_size} is not from 0 to 1", hint=_WORKS)
        if not self.days >= 1:
            raise ParameterError(f"{self.days} days are none", hint=_WORKS)
        if not 0.01 <= self.reserve_days <= 1_000:
            raise ParameterError(
                f"reserve days {self.reserve_days} are not from 0.01 to 1000", hint=_WORKS
            )
        if not self.halt > 1:
            raise ParameterError(f"a halt at {self.halt} times the shares", hint=_WORKS)
        for name, size in {"reserve": self.reserve, "run after": self.run_after}.items():
            if not 0 <= size < math.inf:
                raise ParameterError(f"{name} {size} is not zero or more", hint=_WORKS)

    @classmethod
    def of(
        cls, design: str, *, run_size: float = 0.1, days: int = 14, guards: Guards | None = None
    ) -> Scenario:
        """The sizes and people of Terra around one of the designs, in a market that by itself does
        not fall, with chance of 5 % a day in the shares' value.

        Only Terra's design halts: it has a chain of its own. ParameterError for an unknown one.
        """
        if design not in DESIGNS:
            raise ParameterError(f"no design {design!r}", hint=f"one of {', '.join(DESIGNS)}")
        built: AlgoDesign = getattr(AlgoDesign, design)()
        return cls(
            built if guards is None else guards.on(built),
            TERRA_DOLLARS,
            TERRA_SHARES,
            TERRA_SHARE_PRICE,
            run_size,
            halt=TERRA_HALT if design == "terra" else math.inf,
            days=days,
            people=replace(TERRA_PEOPLE, drift=0.0, noise=NOISE),
        )

    @classmethod
    def terra(cls, people: People | None = None, *, run_size: float | None = None) -> Scenario:
        """Terra at the end of 2022-05-06, with the fitted people and run."""
        scenario = cls.of("terra", run_size=TERRA_RUN if run_size is None else run_size)
        return replace(
            scenario,
            reserve=TERRA_RESERVE,
            run_after=2.0,
            days=len(TERRA_DAYS),
            people=people or TERRA_PEOPLE,
        )
