"""An algorithmic dollar with oracles that tests move, and S5 checked after every step.

The checks rest on our own count of what was paid and on exact fractions, not on the contract's
books: that is what lets them catch a faulty contract.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from defi_kit import bindings, reverts
from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from defi_kit.stablecoins import Algo, AlgoController, AlgoDesign, Prices
from defi_kit.units import WAD

PEOPLE = ("alice", "bob", "whale")
ORACLES = ("share", "spot", "collateral", "dollar")
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


@dataclass
class World:
    """The controller, its oracles, and the records that the checks rest on."""

    algo: AlgoController
    mock: Any
    """The collateral."""
    oracles: dict[str, Any]
    prices: dict[str, int | Exception | None]
    design: AlgoDesign
    twin: Algo
    """At birth."""
    held: int = 0
    """Collateral paid in less paid out. [collateral]"""
    minted: dict[int, list[int]] = field(default_factory=dict)
    """Epoch → shares at its first mint, and minted in it."""
    alarmed: int | None = None
    """When the alarm was raised by our own count."""
    ended: bool = False

    @classmethod
    def build(
        cls, chain: Chain, design: AlgoDesign = DESIGN, bytecode: bytes | None = None
    ) -> World:
        """The controller of this design, people with collateral and shares; two dollars a share."""
        mock = bindings.MockToken.deploy(chain, "CASH", design.decimals)
        start = {
            "share": 2 * 10 ** (36 + design.decimals - 18),
            "spot": 2 * 10 ** (36 + design.decimals - 18),
            "collateral": design.par,
            "dollar": 10 ** (36 + design.decimals - 18),
        }
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
        born = algo.state()
        for name in PEOPLE:
            mock.mint(chain.account(name), 10**8 * 10**design.decimals)
            mock.approve(algo.address, 2**256 - 1, sender=chain.account(name))
            if name != "whale":
                algo.share.transfer(chain.account(name), SHARES // 4, sender=whale)
        prices: dict[str, int | Exception | None] = dict(start)
        return cls(algo, mock, oracles, prices, design, born)

    @property
    def chain(self) -> Chain:
        return self.algo.chain

    @property
    def now(self) -> int:
        """Of the block that a transaction sent next will be in."""
        return self.chain.timestamp + 1

    def twin_prices(self) -> Prices:
        return Prices(**self.prices)  # type: ignore[arg-type]

    # --- prices -----------------------------------------------------------------------------------

    def say(self, name: str, price: int | None) -> None:
        """That oracle answers this from now on, zero included, or refuses (None)."""
        self.oracles[name].set_reverting(price is None)
        if price is not None:
            self.oracles[name].set_price(price)
        if price == 0:
            self.prices[name] = reverts.ZeroPrice(self.oracles[name].address)
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
        assert isinstance(price, int), "S5: went on without a price"
        assert isinstance(collateral, int), "S5: went on without a price of the collateral"
        raw = Fraction(collateral, 10**36)
        return raw if name == "collateral" else raw * Fraction(price, 10**36)

    def share_worth(self) -> tuple[Fraction, Fraction]:
        """The lower and the higher of the two prices."""
        both = self.worth("share"), self.worth("spot")
        return min(both), max(both)

    # --- steps ------------------------------------------------------------------------------------

    def holdings(self, who: str) -> tuple[int, int, int]:
        """Dollars, collateral and shares of an account."""
        at = self.chain.account(who)
        algo = self.algo
        tokens = (algo.dollar, algo.collateral, algo.share)
        return tuple(token.balance(at).raw for token in tokens)  # type: ignore[return-value]

    def _try(self, call: Callable[[], Any]) -> Reverted | None:
        try:
            call()
        except Reverted as refusal:
            return refusal
        return None

    def mint(self, dollars: int, who: str = "alice") -> tuple[int, int] | Reverted:
        """Mints, and judges the cost."""
        account, before = self.chain.account(who), self.holdings(who)
        quoted = self._quoted(self.algo.contract.quote_mint, dollars)
        big = 2**256 - 1
        refusal = self._try(
            lambda: self.algo.contract.mint(dollars, big, big, account, sender=account)
        )
        if refusal is not None:
            self.check()
            return refusal
        after = self.holdings(who)
        collateral, shares = before[1] - after[1], before[2] - after[2]
        assert not self.ended, "S5: minted after the end"
        assert after[0] - before[0] == dollars, "S5: minted another amount"
        assert quoted == (collateral, shares), "S5: the quote of a mint is wrong"
        assert collateral >= 0 <= shares, "S5: a mint pays"
        cost = collateral * self.worth("collateral")
        if shares:
            cost += shares * self.share_worth()[0]
        spread = 1 + Fraction(self.design.mint_spread, 10**6)
        assert cost >= dollars * spread, "S5: dollars below their price"
        self.held += collateral
        self.check()
        return collateral, shares

    def redeem(self, dollars: int, who: str = "alice") -> tuple[int, int] | Reverted:
        """Redeems, and judges what it pays."""
        account, before = self.chain.account(who), self.holdings(who)
        supply, start = self.algo.dollar.total_supply().raw, self.algo.share.total_supply().raw
        quoted = self._quoted(self.algo.contract.quote_redeem, dollars)
        refusal = self._try(
            lambda: self.algo.contract.redeem(dollars, 0, 0, account, sender=account)
        )
        if refusal is not None:
            self.check()
            return refusal
        after = self.holdings(who)
        collateral, shares = after[1] - before[1], after[2] - before[2]
        assert not self.ended, "S5: redeemed after the end"
        assert before[0] - after[0] == dollars, "S5: burned another amount"
        assert quoted == (collateral, shares), "S5: the quote of a redemption is wrong"
        paid = collateral * self.worth("collateral")
        if shares:
            paid += shares * self.share_worth()[1]
        keep = 1 - Fraction(self.design.redeem_spread, 10**6)
        assert paid <= dollars * keep, "S5: paid more than the dollars are worth"
        if not self.design.virtual_liquidity:
            grain = self.worth("collateral") + self.share_worth()[1] + 4
            assert paid >= dollars * keep - grain, "S5: not covered by collateral and shares"
        self.held -= collateral
        # Nobody gains by being first.
        assert self.held * supply >= (self.held + collateral) * (supply - dollars), (
            "S5: less collateral behind those who stay"
        )
        self._count(start, shares)
        self.check()
        return collateral, shares

    def _count(self, start: int, shares: int) -> None:
        if not self.design.max_share_growth or not shares:
            return
        number = self.chain.timestamp // self.design.epoch_length
        counted = self.minted.setdefault(number, [start, 0])
        counted[1] += shares
        cap = counted[0] * self.design.max_share_growth // 10**6
        assert counted[1] <= cap, f"S5: {counted[1]} shares minted in an epoch, cap {cap}"

    def _quoted(self, ask: Callable[[int], tuple[int, int]], dollars: int) -> Any:
        with self.chain.snapshot():
            self.chain.advance(1)  # a view sees the latest block, a transaction the next
            try:
                return ask(dollars)
            except Reverted as refusal:
                return refusal

    def step_ratio(self, who: str = "bob") -> int | Reverted:
        before = self.algo.contract.books()
        account = self.chain.account(who)
        refusal = self._try(lambda: self.algo.contract.step_ratio(sender=account))
        if refusal is not None:
            self.check()
            return refusal
        after = self.algo.contract.books()
        assert self.chain.timestamp - before[1] >= self.design.step_period > 0, "S5: stepped early"
        assert abs(after[0] - before[0]) <= self.design.ratio_step, "S5: a step too long"
        off = self.worth("dollar") - 1
        if after[0] > before[0]:
            assert off < -Fraction(self.design.band, WAD), "S5: more collateral above the peg"
        if after[0] < before[0]:
            assert off > Fraction(self.design.band, WAD), "S5: less collateral below the peg"
        self.check()
        return after[0]

    def danger(self) -> bool:
        """Whether too little stands behind a dollar, by our own count."""
        supply = self.algo.dollar.total_supply().raw
        for name in ("share", "collateral"):
            if not isinstance(self.prices[name], int):
                return supply != 0
        if not supply:
            return False
        value = self.algo.share.total_supply().raw * self.worth("share")
        value += self.held * self.worth("collateral")
        return value / supply < Fraction(self.design.breaker_cover, WAD)

    def alarm(self, who: str = "bob") -> bool | Reverted:
        account = self.chain.account(who)
        refusal = self._try(lambda: self.algo.contract.alarm(sender=account))
        if refusal is not None:
            self.check()
            return refusal
        raised = self.algo.contract.books()[5] != 0
        assert raised == self.danger(), "S5: a wrong alarm"
        if not raised:
            self.alarmed = None
        elif self.alarmed is None:
            self.alarmed = self.chain.timestamp
        self.check()
        return raised

    def end(self, who: str = "bob") -> Reverted | None:
        account, danger = self.chain.account(who), self.danger()
        refusal = self._try(lambda: self.algo.contract.end(sender=account))
        if refusal is None:
            assert self.alarmed is not None, "S5: ended without alarm"
            waited = self.chain.timestamp - self.alarmed
            assert waited >= self.design.breaker_delay, "S5: ended too early"
            assert danger, "S5: ended in health"
            self.ended = True
        self.check()
        return refusal

    def claim(self, dollars: int, who: str = "alice") -> int | Reverted:
        account, before = self.chain.account(who), self.holdings(who)
        supply = self.algo.dollar.total_supply().raw
        refusal = self._try(lambda: self.algo.contract.claim(dollars, account, sender=account))
        if refusal is not None:
            self.check()
            return refusal
        after = self.holdings(who)
        collateral = after[1] - before[1]
        assert self.ended, "S5: claimed before the end"
        assert before[0] - after[0] == dollars, "S5: burned another amount"
        assert after[2] == before[2], "S5: shares after the end"
        assert collateral == self.held * dollars // supply, "S5: not pro rata"
        self.held -= collateral
        self.check()
        return collateral

    def give(self, amount: int) -> None:
        self.mock.mint(self.algo.address, amount)

    def loop(self, dollars: int, who: str = "alice") -> None:
        """Mint and redeem at fixed prices, in a snapshot: never ends with more than it began."""
        with self.chain.snapshot():
            kept = replace_records(self)
            before = self.holdings(who)
            if isinstance(self.mint(dollars, who), tuple):
                self.chain.advance(self.design.recovery_time)
                if isinstance(self.redeem(dollars, who), tuple):
                    after = self.holdings(who)
                    gain = (after[1] - before[1]) * self.worth("collateral")
                    moved = after[2] - before[2]
                    if moved:
                        gain += moved * self.share_worth()[moved > 0]
                    assert gain <= 0, "S5: a loop profits"
            self.__dict__.update(kept)

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> Algo:
        """S5's books; returns the state it looked at."""
        state = self.algo.state()
        low, high = self.design.min_ratio, self.design.max_ratio
        assert low <= state.ratio <= high, f"S5: ratio {state.ratio} is out of its bounds"
        state.check()
        assert state.held == self.held, f"S5: books say {state.held}, paid in {self.held}"
        assert self.mock.balance_of(self.algo.address) >= self.held, "S5: collateral is missing"
        assert state.ended == self.ended, "S5: ended otherwise than by its rules"
        return state


def replace_records(world: World) -> dict[str, Any]:
    """The records as they are, to put back after a snapshot."""
    return {
        "held": world.held,
        "minted": {number: list(counted) for number, counted in world.minted.items()},
        "alarmed": world.alarmed,
        "ended": world.ended,
    }


def without(design: AlgoDesign, **changes: Any) -> AlgoDesign:
    """The design with other numbers."""
    return replace(design, **changes)
