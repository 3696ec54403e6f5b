"""Twin of AlgoController: a dollar between collateral and confidence, in integers.

`Algo` is frozen; a verb returns the next state and what the contract returns, and refuses what the
contract refuses, with the same error and in the same order. It knows neither a clock nor an oracle:
verbs take `now` [unix seconds] and `Prices`. It counts supplies, not who holds them.

    algo, (collateral, shares) = algo.redeem(10**18, prices, now=now)

The three designs of the kit: `AlgoDesign.terra()`, `.frax()`, `.guarded()`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final

from ..errors import AmountError
from ..reverts import (
    AlarmTooYoung,
    AlgoEnded,
    BreakerOff,
    EpochCapExceeded,
    FullMulDivFailed,
    InvalidParameter,
    NotEndangered,
    NotEnded,
    RatioFixed,
    StepTooEarly,
    SupplyTooLarge,
    TooFewAlgoShares,
    TooLittleCollateral,
    TooManyDecimals,
    TooManyShares,
    TooMuchCollateral,
    VirtualPoolExhausted,
    ZeroAmount,
    ZeroPrice,
)
from ..tokens.ledger import ZERO_ADDRESS
from ..units import MAX_UINT256, WAD, check_uint256

__all__ = ["Algo", "AlgoDesign", "Prices"]

RAY: Final = 10**27
PIPS: Final = 10**6
PRICE_SCALE: Final = 10**36
MAX_DECIMALS: Final = 24
MAX_DOLLARS: Final = 2**112 - 1
MAX_SHARES: Final = 2**128 - 1
MAX_COLLATERAL: Final = 2**128 - 1

HOUR: Final = 3_600
DAY: Final = 86_400

Price = int | Exception
"""What an oracle answers [1e36], or the error it refuses with."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What the oracles say; None where the controller has none."""

    share: Price
    """A share in collateral, on average. [1e36]"""
    spot: Price | None = None
    """A share in collateral, now. [1e36]"""
    collateral: Price | None = None
    """Collateral in dollars' worth of 18 decimals. [1e36]"""
    dollar: Price | None = None
    """A dollar in collateral. [1e36]"""


@dataclass(frozen=True)
class AlgoDesign:
    """What a controller is deployed with; as `IAlgoController.AlgoParameters` without addresses.

    Raises InvalidParameter, TooManyDecimals.
    """

    ratio: int = 0
    """Part of a dollar that is collateral, at the start. [wad]"""
    min_ratio: int = 0
    """[wad]"""
    max_ratio: int = WAD
    """At most 1. [wad]"""
    ratio_step: int = 0
    """[wad]"""
    band: int = 0
    """How far from its peg a dollar moves the ratio. [wad]"""
    step_period: int = 0
    """From one step of the ratio to the next; zero: the ratio is fixed. [seconds]"""
    mint_spread: int = 0
    """On top of what a dollar is worth. [pips]"""
    redeem_spread: int = 0
    """Off what a dollar is worth. [pips]"""
    virtual_liquidity: int = 0
    """Of either virtual pool in balance; zero: no slippage. [$]"""
    recovery_time: int = 0
    """In which a virtual pool's imbalance falls to 1/e. [seconds]"""
    epoch_length: int = 0
    """[seconds]"""
    max_share_growth: int = 0
    """Shares minted in an epoch, of those at its start; zero: no limit. [pips]"""
    breaker_cover: int = 0
    """Below so much collateral and shares per dollar it may end; zero: never. [wad]"""
    breaker_delay: int = 0
    """From alarm to end. [seconds]"""
    decimals: int = 6
    """Of the collateral."""

    def __post_init__(self) -> None:
        checks = {
            "max_ratio": self.max_ratio <= WAD,
            "min_ratio": self.min_ratio <= self.max_ratio,
            "ratio": self.min_ratio <= self.ratio <= self.max_ratio,
            "band": self.band < WAD,
            "mint_spread": self.mint_spread < PIPS,
            "redeem_spread": self.redeem_spread < PIPS,
            "virtual_liquidity": self.virtual_liquidity <= MAX_DOLLARS,
            "step_period": not self.step_period or self.ratio_step != 0,
            "recovery_time": not self.virtual_liquidity or self.recovery_time != 0,
            "epoch_length": not self.max_share_growth or self.epoch_length != 0,
        }
        for name, fine in checks.items():
            if not fine:
                raise InvalidParameter(_camel(name), getattr(self, name))
        if self.decimals > MAX_DECIMALS:
            raise TooManyDecimals(self.decimals, MAX_DECIMALS)

    @cached_property
    def par(self) -> int:
        """The collateral's price at par. [1e36]"""
        value: int = 10 ** (36 + 18 - self.decimals)
        return value

    @classmethod
    def terra(cls) -> AlgoDesign:
        """Nothing but shares, and no guard: Terra's market module as it stood in May 2022, with its
        virtual pools of 50 million SDR (67 million dollars at 1.34), 36 blocks of recovery (six
        seconds each), 0.5 % spread (Terra's forum: classic-agora 6297 and 6837, agora 261).
        """
        return cls(
            max_ratio=0,
            redeem_spread=5_000,
            mint_spread=5_000,
            virtual_liquidity=67_000_000 * WAD,
            recovery_time=36 * 6,
        )

    @classmethod
    def frax(cls) -> AlgoDesign:
        """Fractional: Frax v1's hourly steps of a quarter percent outside half a cent (its
        FRAXStablecoin: frax_step, refresh_cooldown, price_band), no slippage, no cap, no breaker.
        Its governance set the fees, and its start was at full collateral: both are ours here."""
        return cls(
            ratio=85 * WAD // 100,
            ratio_step=25 * WAD // 10_000,
            band=5 * WAD // 1_000,
            step_period=HOUR,
            mint_spread=2_000,
            redeem_spread=5_000,
        )

    @classmethod
    def guarded(cls) -> AlgoDesign:
        """Fractional with every guard on: at least three quarters collateral, few new shares a day,
        and an end while there is still more than a dollar behind each dollar."""
        return replace(
            cls.frax(),
            min_ratio=75 * WAD // 100,
            ratio=90 * WAD // 100,
            virtual_liquidity=50_000_000 * WAD,
            recovery_time=HOUR,
            epoch_length=DAY,
            max_share_growth=50_000,
            breaker_cover=105 * WAD // 100,
            breaker_delay=HOUR,
        )


@dataclass(frozen=True, slots=True)
class Algo:
    """A controller and the supplies of its tokens at one block.

    >>> design = AlgoDesign(ratio=WAD // 2, redeem_spread=10_000)
    >>> price = Prices(share=2 * 10**24)                          # two dollars a share
    >>> algo, cost = Algo.born(design, shares=10**21, now=0).mint(10**20, price, now=0)
    >>> cost, algo.redeem(10**20, price, now=0)[1]
    ((50000000, 25000000000000000000), (49500000, 24750000000000000000))
    """

    design: AlgoDesign
    dollars: int
    """Supply. [$]"""
    shares: int
    """Supply. [share]"""
    ratio: int
    """[wad]"""
    stepped_at: int
    """[unix seconds]"""
    held: int = 0
    """Collateral in the books. [collateral]"""
    imbalance: int = 0
    """Dollars redeemed for shares less those minted, as of `imbalance_at`. [$]"""
    imbalance_at: int = 0
    """[unix seconds]"""
    epoch_number: int = 0
    epoch_start_supply: int = 0
    """[share]"""
    epoch_minted: int = 0
    """[share]"""
    alarmed_at: int = 0
    """Zero: no alarm. [unix seconds]"""
    ended: bool = False

    @classmethod
    def born(cls, design: AlgoDesign, *, shares: int, dollars: int = 0, now: int) -> Algo:
        """A controller just deployed. InvalidParameter: dollars only where the ratio is zero."""
        if dollars and (design.ratio or dollars > MAX_DOLLARS):
            raise InvalidParameter("genesis.dollars", dollars)
        if not shares:
            raise InvalidParameter("genesis.shares", shares)
        return cls(design, dollars, shares, design.ratio, now, imbalance_at=now)

    # --- minting ----------------------------------------------------------------------------------

    def mint(
        self,
        dollars: int,
        prices: Prices,
        *,
        now: int,
        max_collateral: int = MAX_UINT256,
        max_shares: int = MAX_UINT256,
    ) -> tuple[Algo, tuple[int, int]]:
        """The controller after a mint, and the collateral and shares it cost.

        AlgoEnded, ZeroAmount, SupplyTooLarge, what an oracle refuses with, ZeroPrice,
        VirtualPoolExhausted, TooMuchCollateral, TooManyShares.
        """
        collateral, shares, confidence = self._cost_up(dollars, prices, now)
        if collateral > max_collateral:
            raise TooMuchCollateral(collateral, max_collateral)
        if shares > max_shares:
            raise TooManyShares(shares, max_shares)
        imbalance, imbalance_at = self._leaned(-confidence, now)
        after = replace(
            self,
            dollars=self.dollars + dollars,
            shares=self.shares - shares,
            held=self.held + collateral,
            imbalance=imbalance,
            imbalance_at=imbalance_at,
        )
        return after, (collateral, shares)

    def quote_mint(self, dollars: int, prices: Prices, *, now: int) -> tuple[int, int]:
        """The collateral and the shares that `mint` would cost, or its refusal."""
        return self._cost_up(dollars, prices, now)[:2]

    def _cost_up(self, dollars: int, prices: Prices, now: int) -> tuple[int, int, int]:
        self._not_ended()
        if not check_uint256(dollars):
            raise ZeroAmount()
        if self.dollars + dollars > MAX_DOLLARS:
            raise SupplyTooLarge(self.dollars, dollars)
        price = self._collateral_price(prices)
        plus = PIPS + self.design.mint_spread
        backed = _up(dollars * self.ratio, WAD)
        collateral = _fit(_up(_up(backed * plus, PIPS) * PRICE_SCALE, price))
        confidence, shares = dollars - backed, 0
        if confidence:
            value = max(_up(confidence * plus, PIPS), self._virtual_cost_up(confidence, now))
            low, _ = self._share_prices(prices, price)
            shares = _fit(_up(value * PRICE_SCALE, low))
        if self.held + collateral > MAX_COLLATERAL:
            raise SupplyTooLarge(self.held, collateral)
        return collateral, shares, confidence

    # --- redeeming --------------------------------------------------------------------------------

    def redeem(
        self,
        dollars: int,
        prices: Prices,
        *,
        now: int,
        min_collateral: int = 0,
        min_shares: int = 0,
    ) -> tuple[Algo, tuple[int, int]]:
        """The controller after a redemption, and the collateral and shares it paid.

        AlgoEnded, ZeroAmount, SupplyTooLarge, what an oracle refuses with, ZeroPrice,
        EpochCapExceeded, TooLittleCollateral, TooFewAlgoShares.
        """
        collateral, shares, confidence = self._yield_down(dollars, prices, now)
        if collateral < min_collateral:
            raise TooLittleCollateral(collateral, min_collateral)
        if shares < min_shares:
            raise TooFewAlgoShares(shares, min_shares)
        imbalance, imbalance_at = self._leaned(confidence, now)
        number, start_supply, minted = self._counted(shares, now)
        after = replace(
            self,
            dollars=self.dollars - dollars,
            shares=self.shares + shares,
            held=self.held - collateral,
            imbalance=imbalance,
            imbalance_at=imbalance_at,
            epoch_number=number,
            epoch_start_supply=start_supply,
            epoch_minted=minted,
        )
        return after, (collateral, shares)

    def quote_redeem(self, dollars: int, prices: Prices, *, now: int) -> tuple[int, int]:
        """The collateral and the shares that `redeem` would pay, or its refusal."""
        return self._yield_down(dollars, prices, now)[:2]

    def _yield_down(self, dollars: int, prices: Prices, now: int) -> tuple[int, int, int]:
        self._not_ended()
        if not check_uint256(dollars):
            raise ZeroAmount()
        if dollars > self.dollars:
            raise SupplyTooLarge(self.dollars, dollars)
        price = self._collateral_price(prices)
        collateral, confidence = self._split_down(dollars, price)
        shares = 0
        if confidence:
            keep = PIPS - self.design.redeem_spread
            value = confidence * keep // PIPS
            if self.design.virtual_liquidity:
                value = min(value, self._virtual_yield_down(confidence, now))
            _, high = self._share_prices(prices, price)
            shares = _fit(value * PRICE_SCALE // high)
            self._check_mint(shares, now)
        if not collateral and not shares:
            raise ZeroAmount()
        return collateral, shares, confidence

    def _split_down(self, dollars: int, price: int) -> tuple[int, int]:
        keep = PIPS - self.design.redeem_spread
        backed = dollars * self.ratio // WAD
        collateral = _fit(backed * keep // PIPS * PRICE_SCALE // price)
        part = self.held * dollars // self.dollars
        if collateral > part:
            collateral = part
            backed = min(backed, _up(_up(part * price, PRICE_SCALE) * PIPS, keep))
        return collateral, dollars - backed

    # --- shares in an epoch -----------------------------------------------------------------------

    def _check_mint(self, shares: int, now: int) -> None:
        if self.shares + shares > MAX_SHARES:
            raise SupplyTooLarge(self.shares, shares)
        if not self.design.max_share_growth:
            return
        _, start_supply, minted = self._epoch_now(now)
        cap = start_supply * self.design.max_share_growth // PIPS
        if minted + shares > cap:
            raise EpochCapExceeded(minted, shares, cap)

    def _counted(self, shares: int, now: int) -> tuple[int, int, int]:
        if not self.design.max_share_growth or not shares:
            return self.epoch_number, self.epoch_start_supply, self.epoch_minted
        number, start_supply, minted = self._epoch_now(now)
        return number, start_supply, minted + shares

    def _epoch_now(self, now: int) -> tuple[int, int, int]:
        number = now // self.design.epoch_length
        if number != self.epoch_number:
            return number, self.shares, 0
        return number, self.epoch_start_supply, self.epoch_minted

    def mintable_shares(self, now: int) -> int:
        """Shares that redemptions may still mint in this epoch. [share]"""
        if not self.design.max_share_growth:
            return MAX_SHARES - self.shares
        _, start_supply, minted = self._epoch_now(now)
        return start_supply * self.design.max_share_growth // PIPS - minted

    # --- virtual liquidity ------------------------------------------------------------------------

    def _virtual_cost_up(self, amount: int, now: int) -> int:
        liquidity = self.design.virtual_liquidity
        if not liquidity:
            return 0
        pool = self.virtual_dollars(now)
        if amount >= pool:
            raise VirtualPoolExhausted(amount, pool)
        return _fit(_up(liquidity * liquidity * amount, pool * (pool - amount)))

    def _virtual_yield_down(self, amount: int, now: int) -> int:
        liquidity, pool = self.design.virtual_liquidity, self.virtual_dollars(now)
        return liquidity * liquidity * amount // (pool * (pool + amount))

    def virtual_dollars(self, now: int) -> int:
        """The virtual pool of dollars; the other one is virtual_liquidity^2 over it. [$]"""
        return self.design.virtual_liquidity + self._imbalance_now(now)

    def _imbalance_now(self, now: int) -> int:
        if not self.imbalance:
            return 0
        left = _rpow(RAY - RAY // self.design.recovery_time, now - self.imbalance_at)
        size = abs(self.imbalance) * left // RAY
        return size if self.imbalance > 0 else -size

    def _leaned(self, amount: int, now: int) -> tuple[int, int]:
        if not self.design.virtual_liquidity:
            return self.imbalance, self.imbalance_at
        return self._imbalance_now(now) + amount, now

    # --- the ratio --------------------------------------------------------------------------------

    def step_ratio(self, prices: Prices, *, now: int) -> tuple[Algo, int]:
        """The controller after a look at the peg, and its ratio.

        AlgoEnded, RatioFixed, StepTooEarly, what an oracle refuses with, ZeroPrice.
        """
        self._not_ended()
        design = self.design
        if not design.step_period:
            raise RatioFixed()
        due = self.stepped_at + design.step_period
        if now < due:
            raise StepTooEarly(due, now)
        dollar = _priced(0 if prices.dollar is None else prices.dollar)
        price = _fit(dollar * self._collateral_price(prices) // PRICE_SCALE) // WAD
        ratio = self.ratio
        if price + design.band < WAD:
            ratio = min(ratio + design.ratio_step, design.max_ratio)
        elif price > WAD + design.band:
            ratio = max(ratio - design.ratio_step, design.min_ratio)
        return replace(self, ratio=ratio, stepped_at=now), ratio

    # --- the end ----------------------------------------------------------------------------------

    def alarm(self, prices: Prices, *, now: int) -> tuple[Algo, bool]:
        """The controller after a look at what stands behind it. AlgoEnded, BreakerOff."""
        self._not_ended()
        raised = self._endangered(prices)
        if raised:
            return replace(self, alarmed_at=self.alarmed_at or now), True
        return replace(self, alarmed_at=0), False

    def end(self, prices: Prices, *, now: int) -> Algo:
        """The controller after its end. AlgoEnded, AlarmTooYoung, BreakerOff, NotEndangered."""
        self._not_ended()
        delay = self.design.breaker_delay
        if not self.alarmed_at or now - self.alarmed_at < delay:
            raise AlarmTooYoung(self.alarmed_at, delay, now)
        if not self._endangered(prices):
            raise NotEndangered()
        return replace(self, ended=True)

    def _endangered(self, prices: Prices) -> bool:
        if not self.design.breaker_cover:
            raise BreakerOff()
        try:
            return self.cover(prices) < self.design.breaker_cover
        except Exception:  # whatever the oracle refuses with, as the contract's `try` does
            return True

    def claim(self, dollars: int) -> tuple[Algo, int]:
        """After the end: the controller after a claim, and the collateral it paid.

        NotEnded, SupplyTooLarge, ZeroAmount.
        """
        if not self.ended:
            raise NotEnded()
        if check_uint256(dollars) > self.dollars:
            raise SupplyTooLarge(self.dollars, dollars)
        collateral = self.held * dollars // self.dollars if self.dollars else 0
        if not collateral:
            raise ZeroAmount()
        after = replace(self, dollars=self.dollars - dollars, held=self.held - collateral)
        return after, collateral

    # --- views ------------------------------------------------------------------------------------

    def cover(self, prices: Prices) -> int:
        """Worth of collateral and of all shares, per dollar, at the average price. [wad]"""
        if not self.dollars:
            return MAX_UINT256
        price = self._collateral_price(prices)
        average = _fit(_priced(prices.share) * price // PRICE_SCALE)
        value = self.shares * average // PRICE_SCALE + self.held * price // PRICE_SCALE
        return _fit(value * WAD // self.dollars)

    def backing(self, prices: Prices) -> int:
        """Worth of the collateral alone, per dollar: what the end leaves a holder. [wad]"""
        if not self.dollars:
            return MAX_UINT256
        return self.held * self._collateral_price(prices) // PRICE_SCALE * WAD // self.dollars

    def _collateral_price(self, prices: Prices) -> int:
        return self.design.par if prices.collateral is None else _priced(prices.collateral)

    def _share_prices(self, prices: Prices, collateral: int) -> tuple[int, int]:
        average = _fit(_priced(prices.share) * collateral // PRICE_SCALE)
        spot = average
        if prices.spot is not None:
            spot = _fit(_priced(prices.spot) * collateral // PRICE_SCALE)
        low, high = min(average, spot), max(average, spot)
        if not low:
            raise ZeroPrice(ZERO_ADDRESS)
        return low, high

    def _not_ended(self) -> None:
        if self.ended:
            raise AlgoEnded()

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> None:
        """Raises AmountError unless the books are within S5's bounds."""
        design = self.design
        if not design.min_ratio <= self.ratio <= design.max_ratio:
            raise AmountError(f"S5: ratio {self.ratio} is out of its bounds")
        cap = self.epoch_start_supply * design.max_share_growth // PIPS
        if design.max_share_growth and self.epoch_minted > cap:
            raise AmountError(f"S5: {self.epoch_minted} shares minted in an epoch, cap {cap}")
        if design.virtual_liquidity and design.virtual_liquidity + self.imbalance <= 0:
            raise AmountError("S5: the virtual pool of dollars is empty")


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _fit(value: int) -> int:
    """`value`, where the contract's 512-bit division has room for it."""
    if value > MAX_UINT256:
        raise FullMulDivFailed()
    return value


def _priced(price: Price) -> int:
    if isinstance(price, Exception):
        raise price
    if not price:
        raise ZeroPrice(ZERO_ADDRESS)  # the contract names the oracle
    return price


@lru_cache(maxsize=1_024)  # a simulation asks for the same few again and again
def _rpow(base: int, exponent: int) -> int:
    """base ** exponent in ray, by squaring, each step rounded half up: Solady's `rpow`."""
    half = RAY // 2
    result = base if exponent & 1 else RAY
    exponent >>= 1
    while exponent:
        base = (base * base + half) // RAY
        if exponent & 1:
            result = (result * base + half) // RAY
        exponent >>= 1
    return result


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)
