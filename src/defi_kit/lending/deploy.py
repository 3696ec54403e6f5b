"""From what a person decides to what the contract is deployed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ..bindings import lending_pool as abi
from ..chain.hashing import HasAddress, address_of
from ..errors import ParameterError
from ..tokens import Token
from ..units import BPS, Amount, Number, Ratio
from .pool import Collateral, Parameters
from .rates import AdaptiveRate, KinkedRate, RateModel

__all__ = ["CollateralParameters", "constructor_arguments"]

NO_CAP: Final = 2**120 - 1
USUAL_FULL_BONUS_HEALTH: Final = 9_500


@dataclass(frozen=True, slots=True)
class CollateralParameters:
    """What a collateral is taken on. Ratios as a person writes them: `"75%"`, `Decimal("0.75")`.

    ParameterError where they leave each other no room.
    """

    token: Token
    oracle: HasAddress | str
    """An IOracle: what one unit of the token is worth in units of the asset, times 1e36."""
    borrow_ltv: Number | Ratio
    """Part of its value that may be borrowed."""
    liquidation_ltv: Number | Ratio
    """Part of its value that counts for health; above `borrow_ltv`."""
    max_bonus: Number | Ratio
    """Most a liquidator earns on top of what is repaid."""
    full_bonus_health: Number | Ratio | None = None
    """Health at and below which the bonus is `max_bonus`: from (1 + max_bonus) * liquidation_ltv to
    below 1. By default 95 %, or the least allowed if that is more."""
    cap: Amount | int | None = None
    """Most of it that the pool takes; None is the most a pool can hold, 2**120 - 1 base units."""

    def twin(self) -> Collateral:
        """The same in integers."""
        liquidation, bonus = _bps(self.liquidation_ltv), _bps(self.max_bonus)
        full = (
            max(USUAL_FULL_BONUS_HEALTH, -(-(BPS + bonus) * liquidation // BPS))
            if self.full_bonus_health is None
            else _bps(self.full_bonus_health)
        )
        cap = NO_CAP if self.cap is None else self.token.unit.to_raw(self.cap)
        return Collateral(
            token=self.token.address,
            borrow_ltv=_bps(self.borrow_ltv),
            liquidation_ltv=liquidation,
            max_bonus=bonus,
            full_bonus_health=full,
            cap=cap,
            oracle=address_of(self.oracle),
        )


def constructor_arguments(
    asset: Token,
    collaterals: Sequence[CollateralParameters],
    rate: RateModel,
    *,
    minimum_debt: Amount | int | None = None,
    target_health: Number | Ratio = "105%",
    reserve_factor: Number | Ratio = "10%",
    name: str | None = None,
    symbol: str | None = None,
) -> tuple[abi.PoolParameters, abi.KinkedCurve, abi.Adaptation, list[abi.CollateralParameters]]:
    """What the contract's constructor takes; ParameterError where it would refuse.

    The minimum debt is a hundred of the asset unless given; the share token is named after it.
    """
    if not isinstance(rate, KinkedRate | AdaptiveRate):
        raise ParameterError(
            f"{rate!r} is no rate model", hint="KinkedRate.annual(...) or AdaptiveRate.annual(...)"
        )
    twins = tuple(collateral.twin() for collateral in collaterals)
    if asset.address in {twin.token for twin in twins}:
        raise ParameterError(f"{asset.symbol} is lent: it cannot be its own collateral")
    parameters = Parameters(
        collaterals=twins,
        rate=rate,
        minimum_debt=asset.unit.to_raw(asset(100) if minimum_debt is None else minimum_debt),
        target_health=_bps(target_health),
        reserve_factor=_bps(reserve_factor),
    )
    pool = abi.PoolParameters(
        asset=asset.address,
        name=f"{asset.symbol} lending pool" if name is None else name,
        symbol=f"lp{asset.symbol}" if symbol is None else symbol,
        minimum_debt=parameters.minimum_debt,
        target_health=parameters.target_health,
        reserve_factor=parameters.reserve_factor,
    )
    kinked = rate.curve
    curve = abi.KinkedCurve(kinked.at_zero, kinked.at_kink, kinked.at_full, kinked.kink)
    adaptation = (
        abi.Adaptation(rate.speed, rate.fall, rate.rise)
        if isinstance(rate, AdaptiveRate)
        else abi.Adaptation(0, 0, 0)
    )
    listed = [
        abi.CollateralParameters(
            twin.token,
            twin.oracle,
            twin.borrow_ltv,
            twin.liquidation_ltv,
            twin.max_bonus,
            twin.full_bonus_health,
            twin.cap,
        )
        for twin in twins
    ]
    return pool, curve, adaptation, listed


def _bps(value: Number | Ratio) -> int:
    return Ratio.parse(value).bps
