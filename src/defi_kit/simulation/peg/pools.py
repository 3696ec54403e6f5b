"""The dollar's and the shares' market as two pools of the Exchange, and who owns what.

The dollar trades for cash on StableSwap, the share for cash on the constant product. Everybody who
acts has an account of cash, dollars and shares; what one is paid another has paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ...dex.exchange import ExchangeState
from ...dex.pool import Pool, PoolKey
from ...dex.stable_swap import StableSwap
from ...errors import ParameterError
from ...units import WAD
from .controller import Controller
from .scenario import Scenario

__all__ = [
    "AGENTS",
    "AMPLIFICATION",
    "DOLLAR_FEE",
    "SHARE_FEE",
    "TOKENS",
    "Holding",
    "Pools",
    "TwinPools",
    "Venue",
    "endowment",
    "pooled",
]

AGENTS: Final = ("holders", "reserve", "providers", "arbitrageurs", "speculators")
TOKENS: Final = ("cash", "dollar", "share")

AMPLIFICATION: Final = 100
"""Of the dollar's pool."""
DOLLAR_FEE: Final = 400
"""Of the dollar's pool. [pips]"""
SHARE_FEE: Final = 3_000
"""Of the shares' pool. [pips]"""
SHARE_DEPTH: Final = 0.05
"""Part of all shares that is in their pool at the start, and as much worth of cash."""
PURSE: Final = 0.05
"""Cash of the arbitrageurs, as a part of all dollars at the start."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What one party owns. [base units]"""

    cash: int = 0
    dollar: int = 0
    share: int = 0

    def after(self, token: str, change: int) -> Holding:
        """With so much more of a token, or less."""
        amounts = {name: getattr(self, name) for name in TOKENS}
        amounts[token] += change
        return Holding(**amounts)


def pooled(scenario: Scenario) -> Mapping[str, tuple[int, int]]:
    """What the liquidity providers put into the pool of each token: of it, and of cash.

    ParameterError where the dollars of the market would be more than there are, or less than one.
    """
    people, unit = scenario.people, 10**scenario.design.decimals
    if scenario.design.decimals > 18:
        raise ParameterError(
            f"cash of {scenario.design.decimals} decimals", hint="18 at most, or the market 'model'"
        )
    if people.depth > 0.9:
        raise ParameterError(
            f"a market of {people.depth} of all dollars is more than can be there",
            hint="a depth of 0.9 at most, or the market 'model'",
        )
    dollars = int(scenario.dollars * people.depth)
    shares = int(int(scenario.shares) * SHARE_DEPTH)
    cash = int(shares * scenario.share_price)
    if not dollars or not shares or not cash:
        raise ParameterError(
            "there is not one dollar or one share for the pools", hint="a larger scenario"
        )
    return {"dollar": (dollars * WAD, dollars * unit), "share": (shares * WAD, cash * unit)}


def endowment(scenario: Scenario) -> Mapping[str, Holding]:
    """What everybody has before the pools are there, those who fill them included."""
    unit, inside = 10**scenario.design.decimals, pooled(scenario)
    (dollars, for_dollars), (shares, for_shares) = inside["dollar"], inside["share"]
    value = int(scenario.shares * scenario.share_price)
    return {
        "holders": Holding(0, int(scenario.dollars) * WAD - dollars, 0),
        "reserve": Holding(int(scenario.reserve) * unit, 0, 0),
        "providers": Holding(for_dollars + for_shares, dollars, shares),
        "arbitrageurs": Holding(int(scenario.dollars * PURSE) * unit, 0, 0),
        "speculators": Holding(value * unit, 0, int(scenario.shares) * WAD - shares),
    }


@dataclass(frozen=True, slots=True)
class Venue:
    """A pool of a token and cash, by what is in it rather than by the order of its addresses."""

    pool: Pool
    first: bool
    """Whether the token is token0."""

    @property
    def token(self) -> int:
        """[base units]"""
        return self.pool.reserve0 if self.first else self.pool.reserve1

    @property
    def cash(self) -> int:
        """[base units]"""
        return self.pool.reserve1 if self.first else self.pool.reserve0

    def sale(self, token: str, amount: int) -> int:
        """What selling so much of the token, or of cash, would pay. Reverted."""
        return self.pool.amount_out(amount, self.first == (token != "cash"))

    def cost(self, amount: int) -> int:
        """What so much of the token would cost. Reverted."""
        return self.pool.amount_in(amount, not self.first)

    def freed(self, stake: int) -> int:
        """What so many liquidity shares would pay in cash alone. Reverted."""
        left = self.pool.remove_liquidity_one_sided(stake, self.first)
        return (left.amount1 if self.first else left.amount0) + left.bought


class Pools(Protocol):
    """What the agents ask of the two pools. Refusals are Reverted."""

    @property
    def controller(self) -> Controller:
        """Who redeems the dollars."""

    def venue(self, token: str) -> Venue:
        """The pool of the dollar or of the share, as it is now."""

    def stake(self, token: str) -> int:
        """Liquidity shares of the providers in it."""

    def swap(self, who: str, sell: str, buy: str, amount: int, *, now: int) -> int:
        """Sells exactly so much; what it paid. [base units]"""

    def withdraw(self, token: str, stake: int, *, now: int) -> int:
        """The providers give up liquidity shares for cash; what it paid. [base units]"""

    def redeem(self, dollars: int, *, now: int) -> tuple[int, int]:
        """The arbitrageurs redeem; the collateral and shares paid. [base units]"""

    def holdings(self) -> Mapping[str, Holding]:
        """What each agent, the Exchange and the controller own."""


class TwinPools:
    """The exact twin: the whole Exchange, the controller, and everybody's accounts in integers."""

    ADDRESSES: Final = {name: "0x" + "0" * 39 + str(7 + i) for i, name in enumerate(TOKENS)}

    def __init__(self, scenario: Scenario, controller: Controller) -> None:
        self.controller = controller
        self.accounts = dict(endowment(scenario))
        self.state = ExchangeState()
        decimals = dict(zip(TOKENS, (scenario.design.decimals, 18, 18), strict=True))
        curve = StableSwap(AMPLIFICATION, decimals["cash"], decimals["dollar"]).word
        cash = self.ADDRESSES["cash"]  # the lowest, so token0 in both
        self.keys = {
            "dollar": PoolKey(cash, self.ADDRESSES["dollar"], DOLLAR_FEE, curve),
            "share": PoolKey(cash, self.ADDRESSES["share"], SHARE_FEE),
        }
        for token, (amount, for_it) in pooled(scenario).items():
            key = self.keys[token]
            opened = self.state.create_pool(key, now=controller.start - 1)
            added = opened.add_liquidity(key, for_it, amount, to="providers", now=controller.start)
            self.state = added.state
            self._pay("providers", token, -added.amount1)
            self._pay("providers", "cash", -added.amount0)

    def venue(self, token: str) -> Venue:
        """From the Exchange's twin."""
        return Venue(self.state.pool(self.keys[token]), first=False)

    def stake(self, token: str) -> int:
        """From the Exchange's twin."""
        return self.state.shares.get(("providers", self.keys[token].id), 0)

    def swap(self, who: str, sell: str, buy: str, amount: int, *, now: int) -> int:
        """As `ExchangeState.swap_exact_in`."""
        key = self.keys[buy if sell == "cash" else sell]
        hop = [key.hop(self.ADDRESSES[sell])]
        done = self.state.swap_exact_in(self.ADDRESSES[sell], amount, hop, to=who, now=now)
        self.state = done.state
        self._pay(who, sell, -amount)
        self._pay(who, buy, done.amount_out)
        return done.amount_out

    def withdraw(self, token: str, stake: int, *, now: int) -> int:
        """As `ExchangeState.remove_liquidity_one_sided`."""
        who = "providers"
        done = self.state.remove_liquidity_one_sided(
            self.keys[token], stake, self.ADDRESSES["cash"], sender=who, to=who, now=now
        )
        self.state = done.state
        self._pay(who, "cash", done.amount_out)
        return done.amount_out

    def redeem(self, dollars: int, *, now: int) -> tuple[int, int]:
        """As `Algo.redeem`."""
        collateral, shares = self.controller.redeem(dollars, now=now)
        for token, change in (("dollar", -dollars), ("cash", collateral), ("share", shares)):
            self._pay("arbitrageurs", token, change)
        return collateral, shares

    def holdings(self) -> Mapping[str, Holding]:
        """From the accounts and both twins."""
        held = {name: self.state.held[self.ADDRESSES[name]] for name in TOKENS}
        controller = Holding(cash=self.controller.algo.held)
        return {**self.accounts, "exchange": Holding(**held), "controller": controller}

    def _pay(self, who: str, token: str, change: int) -> None:
        self.accounts[who] = self.accounts[who].after(token, change)
