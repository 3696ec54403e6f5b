"""An algorithmic dollar with oracles that tests move, and S5 judged at every step.

The checks rest on our own count of what was paid and on exact fractions, not on the contract's
books: that is what lets them catch a faulty contract. Beside it may run the twin, in lockstep; or
the twin runs alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final, Literal, Self

from .... import bindings, reverts
from ....chain import Chain
from ....chain.hashing import ZERO_ADDRESS
from ....errors import ParameterError, Reverted
from ....stablecoins import Algo, AlgoController, AlgoDesign, Prices
from ....units import MAX_UINT256, WAD
from ...bytecode import creation_code
from ...trial import rewound
from ...violations import hold
from ...words import apart, grouped
from .controllers import Controller, OnChain, OnTwin

__all__ = ["DESIGN", "ORACLES", "PEOPLE", "SHARES", "AlgoWorld", "Mode", "without"]

Mode = Literal["chain", "twin", "both"]
PEOPLE: Final = ("alice", "bob", "whale")
ORACLES: Final = ("share", "spot", "collateral", "dollar")
PARAMETERS = f"({'address,' * 5}{'uint64,' * 5}{'uint32,' * 3}uint128,{'uint32,' * 3}uint64,uint32)"
CONSTRUCTOR = f"({PARAMETERS},(address,uint128,uint128,string,string,string,string))"
NUMBERS = (
    "ratio", "min_ratio", "max_ratio", "ratio_step", "band", "step_period", "mint_spread",
    "redeem_spread", "virtual_liquidity", "recovery_time", "epoch_length", "max_share_growth",
    "breaker_cover", "breaker_delay",
)  # fmt: skip

DESIGN = AlgoDesign(
    ratio=80 * WAD // 100,
    min_ratio=70 * WAD // 100,
    max_ratio=90 * WAD // 100,
    ratio_step=WAD // 100,
    band=WAD // 200,
    step_period=3_600,
    mint_spread=2_000,
    redeem_spread=5_000,
    virtual_liquidity=50_000 * WAD,
    recovery_time=3_600,
    epoch_length=86_400,
    max_share_growth=20_000,
    breaker_cover=110 * WAD // 100,
    breaker_delay=3_600,
)
"""Every guard on."""

SHARES = 1_000_000 * WAD

_Followed = tuple[Algo, Any] | None
"""The twin after the same verb, and what it returned; None where it did not go along."""


@dataclass
class AlgoWorld:
    """The controller, its oracles, and the records that the checks rest on."""

    chain: Chain
    design: AlgoDesign
    controller: Controller
    prices: dict[str, int | Exception | None]
    contracts: dict[str, Any] = field(default_factory=dict)
    """The mocks: the oracles by name, and the "collateral token"; none for the twin alone."""
    lockstep: bool = False
    """Whether the twin goes along."""
    held: int = 0
    """Collateral paid in less paid out. [collateral]"""
    minted: dict[int, list[int]] = field(default_factory=dict)
    """Epoch → shares at its first mint, and minted in it."""
    alarmed: int | None = None
    """When the alarm was raised by our own count."""
    ended: bool = False

    def __post_init__(self) -> None:
        self.twin: Algo = self.controller.state()

    @classmethod
    def deploy(
        cls, chain: Chain, *, mode: Mode = "both", bytecode: str | None = None, **numbers: int
    ) -> Self:
        """A world of the design with every guard on, but for these numbers of it.

        Args:
            mode: "chain", "twin", or "both" in lockstep.
            bytecode: creation code of a fork, in hexadecimal, or the file that has it.
        """
        design = without(DESIGN, **numbers)
        if mode == "twin":
            return cls.imagine(chain, design)
        if mode not in ("chain", "both"):
            raise ParameterError(f"no mode {mode!r}", hint="one of chain, twin and both")
        code = None if bytecode is None else creation_code(bytecode)
        made = cls.build(chain, design, code)
        made.lockstep = mode == "both"
        return made

    @classmethod
    def imagine(cls, chain: Chain, design: AlgoDesign = DESIGN) -> Self:
        """The twin alone; the chain is a clock."""
        prices: dict[str, int | Exception | None] = dict(_opening(design))
        cash = 10**8 * 10**design.decimals
        held = dict.fromkeys(PEOPLE, (0, cash, SHARES // 4)) | {
            "whale": (0, cash, SHARES - 2 * (SHARES // 4))
        }
        twin = Algo.born(design, shares=SHARES, now=chain.timestamp)
        controller = OnTwin(chain, twin, lambda: Prices(**prices), held)  # type: ignore[arg-type]
        return cls(chain, design, controller, prices)

    @classmethod
    def build(
        cls, chain: Chain, design: AlgoDesign = DESIGN, bytecode: bytes | None = None
    ) -> Self:
        """The contract of this design, people with collateral and shares; two dollars a share."""
        mock = bindings.FeeToken.deploy(chain, "CASH", design.decimals)
        mock.set_fee(0)
        start = _opening(design)
        oracles = {name: bindings.MockOracle.deploy(chain, start[name]) for name in ORACLES}
        at = [oracles[name].address for name in ORACLES]
        whale = chain.account("whale")
        made = bindings.AlgoController._deploy(
            chain,
            CONSTRUCTOR,
            (
                (mock.address, *at, *(getattr(design, name) for name in NUMBERS)),
                (whale, 0, SHARES, "Algo Dollar", "ALGO", "Algo Share", "SHARE"),
            ),
            bytecode=bytecode,
        )
        algo = AlgoController(chain, made.address)
        for name in PEOPLE:
            mock.mint(chain.account(name), 10**8 * 10**design.decimals)
            mock.approve(algo.address, MAX_UINT256, sender=chain.account(name))
            if name != "whale":
                algo.share.transfer(chain.account(name), SHARES // 4, sender=whale)
        contracts = {**oracles, "collateral token": mock}
        return cls(chain, design, OnChain(algo), dict(start), contracts)

    @property
    def algo(self) -> AlgoController:
        """The client, where there is a contract."""
        if not isinstance(self.controller, OnChain):
            raise ParameterError("the twin has no client", hint='mode="chain" or mode="both"')
        return self.controller.algo

    @property
    def now(self) -> int:
        """Of the block that a transaction sent next will be in."""
        return self.chain.timestamp + 1

    def twin_prices(self) -> Prices:
        """What the oracles say, for the twin."""
        return Prices(**self.prices)  # type: ignore[arg-type]

    def remember(self) -> dict[str, Any]:
        """The records as they are, to put back when the chain is."""
        return {
            "controller": self.controller.remember(),
            "prices": dict(self.prices),
            "twin": self.twin,
            "held": self.held,
            "minted": {number: list(counted) for number, counted in self.minted.items()},
            "alarmed": self.alarmed,
            "ended": self.ended,
        }

    def recall(self, kept: dict[str, Any]) -> None:
        """The records as they were."""
        records = dict(kept)
        self.controller.recall(records.pop("controller"))
        self.prices.clear()
        self.prices.update(records.pop("prices"))
        records["minted"] = {number: list(two) for number, two in records["minted"].items()}
        self.__dict__.update(records)

    # --- prices -----------------------------------------------------------------------------------

    def say(self, name: str, price: int | None) -> None:
        """That oracle answers this from now on, zero included, or refuses (None)."""
        oracle = self.contracts.get(name)
        if oracle is not None:
            oracle.set_reverting(price is None)
            if price is not None:
                oracle.set_price(price)
        if price == 0:
            at = ZERO_ADDRESS if oracle is None else oracle.address
            self.prices[name] = reverts.ZeroPrice(at)
        else:
            self.prices[name] = reverts.OracleOff() if price is None else price

    def rescale(self, name: str, percent: int) -> None:
        """The price at so many percent of what it was at the start."""
        start = {"share": 2, "spot": 2, "dollar": 1}.get(name)
        par = 10 ** (36 + self.design.decimals - 18)
        self.say(
            name,
            self.design.par * percent // 100 if start is None else start * par * percent // 100,
        )

    def crash(self, percent: int) -> None:
        """Both prices of the share at so many percent of what they were at the start."""
        self.rescale("share", percent)
        self.rescale("spot", percent)

    def worth(self, name: str) -> Fraction:
        """Dollars' worth of one raw unit, in base units of the dollar."""
        price, collateral = self.prices[name], self.prices["collateral"]
        hold("S5", isinstance(price, int), "went on without a price")
        hold("S5", isinstance(collateral, int), "went on without a price of the collateral")
        assert isinstance(price, int)
        assert isinstance(collateral, int)
        raw = Fraction(collateral, 10**36)
        return raw if name == "collateral" else raw * Fraction(price, 10**36)

    def share_worth(self) -> tuple[Fraction, Fraction]:
        """The lower and the higher of the two prices."""
        both = self.worth("share"), self.worth("spot")
        return min(both), max(both)

    # --- steps ------------------------------------------------------------------------------------

    def holdings(self, who: str) -> tuple[int, int, int]:
        """Dollars, collateral and shares of a person."""
        return self.controller.holdings(who)

    def _send(self, verb: str, *args: Any) -> tuple[Reverted | None, _Followed]:
        """Sends one verb; its refusal, and the twin after it with what it returned."""
        priced = () if verb == "claim" else (self.twin_prices(),)
        refusal: Reverted | None = None
        try:
            getattr(self.controller, verb)(*args)
        except Reverted as error:
            refusal = error
        if not self.lockstep:
            return refusal, None
        now = {} if verb == "claim" else {"now": self.chain.timestamp + (refusal is not None)}
        try:
            after = getattr(self.twin, verb)(*args[:-1], *priced, **now)
        except Reverted as error:
            self._agree(refusal, error)
            return refusal, None
        if refusal is None:
            return None, after if isinstance(after, tuple) else (after, None)
        # The twin knows supplies, not who holds them.
        hold("twin", refusal.name == "InsufficientBalance", f"the contract refuses: {refusal}")
        return refusal, None

    @staticmethod
    def _agree(ours: Reverted | None, theirs: Reverted) -> None:
        hold("twin", ours is not None, f"the twin refuses: {theirs}")
        assert ours is not None
        # The twin knows no addresses: which oracle's price came to zero it cannot say.
        same = ours.arguments == theirs.arguments or theirs.arguments == {"oracle": ZERO_ADDRESS}
        hold("twin", ours.name == theirs.name and same, f"refuses by {theirs}, contract by {ours}")

    def _follow(self, followed: _Followed, ours: Any) -> None:
        """The twin has done the same, with the same outcome."""
        if followed is not None:
            self.twin, returned = followed
            hold("twin", returned == ours, f"returns {returned}, the contract {ours}")

    def mint(self, dollars: int, who: str = "alice") -> tuple[int, int] | Reverted:
        """Mints, and judges the cost."""
        before, state = self.holdings(who), self.controller.state()
        quoted = self._quoted(self.controller.quote_mint, dollars)
        refusal, followed = self._send("mint", dollars, who)
        if refusal is not None:
            self.check()
            return refusal
        after = self.holdings(who)
        collateral, shares = before[1] - after[1], before[2] - after[2]
        hold("S5", not self.ended, "minted after the end")
        hold("S5", after[0] - before[0] == dollars, "minted another amount")
        hold("S5", quoted == (collateral, shares), "the quote of a mint is wrong")
        hold("S5", collateral >= 0 <= shares, "a mint pays")
        cost = collateral * self.worth("collateral")
        if shares:
            cost += shares * self.share_worth()[0]
        spread = 1 + Fraction(self.design.mint_spread, 10**6)
        hold("S5", cost >= dollars * spread, "dollars below their price")
        self.held += collateral
        self._follow(followed, (collateral, shares))
        self._leaned(state, self.check(), -dollars)
        self._slipped(state, dollars, shares)
        return collateral, shares

    def redeem(self, dollars: int, who: str = "alice") -> tuple[int, int] | Reverted:
        """Redeems, and judges what it pays."""
        before, state = self.holdings(who), self.controller.state()
        supply, start = state.dollars, state.shares
        quoted = self._quoted(self.controller.quote_redeem, dollars)
        refusal, followed = self._send("redeem", dollars, who)
        if refusal is not None:
            self.check()
            return refusal
        after = self.holdings(who)
        collateral, shares = after[1] - before[1], after[2] - before[2]
        hold("S5", not self.ended, "redeemed after the end")
        hold("S5", before[0] - after[0] == dollars, "burned another amount")
        hold("S5", quoted == (collateral, shares), "the quote of a redemption is wrong")
        paid = collateral * self.worth("collateral")
        if shares:
            paid += shares * self.share_worth()[1]
        keep = 1 - Fraction(self.design.redeem_spread, 10**6)
        hold("S5", paid <= dollars * keep, "paid more than the dollars are worth")
        if not self.design.virtual_liquidity:
            grain = self.worth("collateral") + self.share_worth()[1] + 4
            hold("S5", paid >= dollars * keep - grain, "not covered by collateral and shares")
        self.held -= collateral
        # Nobody gains by being first.
        hold(
            "S5",
            self.held * supply >= (self.held + collateral) * (supply - dollars),
            "less collateral behind those who stay",
        )
        self._count(start, shares)
        self._follow(followed, (collateral, shares))
        self._leaned(state, self.check(), dollars)
        return collateral, shares

    def _slipped(self, before: Algo, dollars: int, shares: int) -> None:
        """Dollars on confidence cost what the virtual pools say, if that is more."""
        liquidity = self.design.virtual_liquidity
        confidence = dollars - -(-dollars * before.ratio // WAD)
        if not liquidity or not confidence:
            return
        pool = liquidity + self._left(before, self.chain.timestamp)
        due = liquidity * liquidity * confidence / (pool * (pool - confidence))
        paid = float(shares * self.share_worth()[0])
        hold(
            "S5",
            paid >= due * (1 - 1e-9) - 1,
            lambda: f"shares worth {_dollars(paid)} paid, {_dollars(due - paid)} less than is due",
        )

    def _left(self, before: Algo, now: int) -> float:
        """Of the imbalance of the virtual pools. [$]"""
        faded: float = (1 - 1 / self.design.recovery_time) ** (now - before.imbalance_at)
        return before.imbalance * faded

    def _leaned(self, before: Algo, after: Algo, most: int) -> None:
        """What is left of the virtual pools' imbalance has grown by `most` at most, that way."""
        if not self.design.virtual_liquidity:
            return
        left = self._left(before, after.imbalance_at)
        play = 2 + (abs(before.imbalance) + abs(most)) * 1e-9  # of floating point
        low, high = sorted((left, left + most))
        hold(
            "S5",
            low - play <= after.imbalance <= high + play,
            lambda: (
                f"leans by {_dollars(after.imbalance)}, should between {_dollars(low)} and "
                f"{_dollars(high)}"
            ),
        )

    def _count(self, start: int, shares: int) -> None:
        if not self.design.max_share_growth or not shares:
            return
        number = self.chain.timestamp // self.design.epoch_length
        counted = self.minted.setdefault(number, [start, 0])
        counted[1] += shares
        cap = counted[0] * self.design.max_share_growth // 10**6
        hold(
            "S5",
            counted[1] <= cap,
            lambda: f"{_shares(counted[1])} minted in an epoch, with a cap of {_shares(cap)}",
        )

    def _quoted(self, ask: Callable[[int], tuple[int, int]], dollars: int) -> Any:
        with self.chain.snapshot():
            self.chain.advance(1)  # a view sees the latest block, a transaction the next
            try:
                return ask(dollars)
            except Reverted as refusal:
                return refusal

    def step_ratio(self, who: str = "bob") -> int | Reverted:
        """Steps the ratio, and judges where to; the ratio after."""
        before = self.controller.state()
        refusal, followed = self._send("step_ratio", who)
        if refusal is not None:
            self.check()
            return refusal
        after = self.controller.state()
        hold(
            "S5",
            self.chain.timestamp - before.stepped_at >= self.design.step_period > 0,
            "stepped early",
        )
        hold("S5", abs(after.ratio - before.ratio) <= self.design.ratio_step, "a step too long")
        off = self.worth("dollar") - 1
        if after.ratio > before.ratio:
            hold("S5", off < -Fraction(self.design.band, WAD), "more collateral above the peg")
        if after.ratio < before.ratio:
            hold("S5", off > Fraction(self.design.band, WAD), "less collateral below the peg")
        self._follow(followed, after.ratio)
        self.check()
        return after.ratio

    def danger(self) -> bool:
        """Whether too little stands behind a dollar, by our own count."""
        state = self.controller.state()
        supply = state.dollars
        for name in ("share", "collateral"):
            if not isinstance(self.prices[name], int):
                return supply != 0
        if not supply:
            return False
        value = state.shares * self.worth("share")
        value += self.held * self.worth("collateral")
        return value / supply < Fraction(self.design.breaker_cover, WAD)

    def alarm(self, who: str = "bob") -> bool | Reverted:
        """Looks, and judges whether the alarm is right."""
        refusal, followed = self._send("alarm", who)
        if refusal is not None:
            self.check()
            return refusal
        raised = self.controller.state().alarmed_at != 0
        hold("S5", raised == self.danger(), "a wrong alarm")
        if not raised:
            self.alarmed = None
        elif self.alarmed is None:
            self.alarmed = self.chain.timestamp
        self._follow(followed, raised)
        self.check()
        return raised

    def end(self, who: str = "bob") -> Reverted | None:
        """Ends it, and judges whether it was time."""
        danger = self.danger()
        refusal, followed = self._send("end", who)
        if refusal is None:
            hold("S5", self.alarmed is not None, "ended without alarm")
            assert self.alarmed is not None
            waited = self.chain.timestamp - self.alarmed
            hold("S5", waited >= self.design.breaker_delay, "ended too early")
            hold("S5", danger, "ended in health")
            self.ended = True
            self._follow(followed, None)
        self.check()
        return refusal

    def claim(self, dollars: int, who: str = "alice") -> int | Reverted:
        """Claims, and judges the part."""
        before, supply = self.holdings(who), self.controller.state().dollars
        refusal, followed = self._send("claim", dollars, who)
        if refusal is not None:
            self.check()
            return refusal
        after = self.holdings(who)
        collateral = after[1] - before[1]
        hold("S5", self.ended, "claimed before the end")
        hold("S5", before[0] - after[0] == dollars, "burned another amount")
        hold("S5", after[2] == before[2], "shares after the end")
        hold("S5", collateral == self.held * dollars // supply, "not pro rata")
        self.held -= collateral
        self._follow(followed, collateral)
        self.check()
        return collateral

    def give(self, amount: int) -> None:
        """A gift of collateral, which is in no books."""
        if isinstance(self.controller, OnTwin):
            self.controller.gifts += amount
        else:
            self.contracts["collateral token"].mint(self.algo.address, amount)

    def go_around(self, dollars: int, who: str = "alice") -> None:
        """Mint and redeem at fixed prices: never ends with more than it began."""
        before = self.holdings(who)
        if not isinstance(self.mint(dollars, who), tuple):
            return
        self.chain.advance(self.design.recovery_time)
        if not isinstance(self.redeem(dollars, who), tuple):
            return
        after = self.holdings(who)
        gain = (after[1] - before[1]) * self.worth("collateral")
        moved = after[2] - before[2]
        if moved:
            gain += moved * self.share_worth()[moved > 0]
        hold("S5", gain <= 0, "a loop profits")

    def sandwich(self, dollars: int, percent: int, who: str = "alice") -> None:
        """Mint and redeem while the price of now is moved one way, then the other: at the average
        price, which nobody moves so, it never ends with more than it began."""
        before = self.holdings(who)
        self.rescale("spot", percent)
        if not isinstance(self.mint(dollars, who), tuple):
            return
        self.rescale("spot", 10_000 // percent)
        if not isinstance(self.redeem(dollars, who), tuple):
            return
        after = self.holdings(who)
        gain = (after[1] - before[1]) * self.worth("collateral")
        gain += (after[2] - before[2]) * self.worth("share") if after[2] != before[2] else 0
        hold("S5", gain <= 0, "a price of now that is moved for a moment pays")

    def for_another(self, dollars: int, who: str, to: str) -> None:
        """What `who` mints or redeems for `to` is paid by the one and got by the other, at limits
        that are just what was quoted, and not at a unit beyond. Nothing on the twin alone."""
        if isinstance(self.controller, OnTwin) or who == to:
            return
        mine, cost = self.holdings(who), self._quoted(self.controller.quote_mint, dollars)
        if isinstance(cost, tuple) and mine[1] >= cost[0] and mine[2] >= cost[1]:
            paid = (0, -cost[0], -cost[1])
            self._exactly("mint", dollars, cost, -1, {who: paid, to: (dollars, 0, 0)})
        worth = self._quoted(self.controller.quote_redeem, dollars)
        if isinstance(worth, tuple) and mine[0] >= dollars:
            self._exactly("redeem", dollars, worth, 1, {who: (-dollars, 0, 0), to: (0, *worth)})

    def _exactly(
        self,
        verb: str,
        dollars: int,
        limits: tuple[int, int],
        beyond: int,
        due: dict[str, tuple[int, int, int]],
    ) -> None:
        who, to = map(self.chain.account, due)
        send = getattr(self.algo.contract, verb)
        for place, limit in enumerate(limits):
            worse = list(limits)
            worse[place] += beyond
            with rewound(self), suppress(Reverted):
                if worse[place] >= 0:
                    send(dollars, *worse, to, sender=who)
                    told = self._cash if place == 0 else _shares
                    beyond_ = f"in spite of a limit of {told(worse[place])}"
                    hold("S5", False, f"a {verb} at {told(limit)} {beyond_}")
        before = {name: self.holdings(name) for name in due}
        with rewound(self):
            try:
                send(dollars, *limits, to, sender=who)
            except Reverted as refusal:
                hold("S5", False, f"a {verb} was refused at its quote: {refusal}")
            for name, change in due.items():
                pairs = zip(before[name], self.holdings(name), strict=True)
                moved = tuple(now - was for was, now in pairs)
                if moved != change:
                    told_ = f"a {verb} moved {self._all(moved)} of {name}'s"
                    hold("S5", False, f"{told_}, not {self._all(change)}")

    def taxed(self, dollars: int, who: str) -> None:
        """The collateral turns out to keep half of what is sent: then nobody mints with it. Nothing
        on the twin alone."""
        if isinstance(self.controller, OnTwin):
            return
        with rewound(self), suppress(Reverted):
            self.contracts["collateral token"].set_fee(5_000)
            account = self.chain.account(who)
            self.algo.contract.mint(dollars, MAX_UINT256, MAX_UINT256, account, sender=account)
            held, books = self.controller.backing(), self.controller.state().held
            told = f"{self._cash(held)} is there, the books say {self._cash(books)}"
            hold("S5", held >= books, told)

    def loop(self, dollars: int, who: str = "alice") -> None:
        """The same, and undone."""
        with rewound(self):
            self.go_around(dollars, who)

    def _cash(self, raw: int) -> str:
        """So much collateral."""
        return f"{grouped(raw, self.design.decimals)} CASH"

    def _all(self, held: tuple[int, ...]) -> str:
        """Dollars, collateral and shares."""
        return f"{_dollars(held[0])}, {self._cash(held[1])} and {_shares(held[2])}"

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> Algo:
        """S5's books; returns the state it looked at."""
        state = self.controller.state()
        low, high = self.design.min_ratio, self.design.max_ratio
        bounds = low <= state.ratio <= high
        hold("S5", bounds, lambda: f"a ratio of {_percent(state.ratio)} is out of its bounds")
        state.check()
        hold(
            "S5",
            state.held == self.held,
            lambda: f"books say {self._cash(state.held)}, paid in {self._cash(self.held)}",
        )
        hold("S5", self.controller.backing() >= self.held, "collateral is missing")
        hold("S5", state.ended == self.ended, "ended otherwise than by its rules")
        if self.lockstep:
            hold("twin", state == self.twin, lambda: f"the contract's {apart(state, self.twin)}")
        return state


def _dollars(raw: float) -> str:
    return f"{grouped(round(raw), 18)} ALGO"


def _shares(raw: int) -> str:
    return f"{grouped(raw, 18)} SHARE"


def _percent(ratio: int) -> str:
    return f"{grouped(ratio, 16)} %"


def _opening(design: AlgoDesign) -> dict[str, int]:
    """What each oracle says at first: two dollars a share, all else at par. [1e36]"""
    raw = 10 ** (36 + design.decimals - 18)
    return {"share": 2 * raw, "spot": 2 * raw, "collateral": design.par, "dollar": raw}


def without(design: AlgoDesign, **changes: Any) -> AlgoDesign:
    """The design with other numbers."""
    return replace(design, **changes)
