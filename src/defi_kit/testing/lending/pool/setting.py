"""What a pool under test stands among: its people, tokens, prices and terms; how it is deployed."""

from __future__ import annotations

from collections.abc import Sequence

from ....bindings import LendingPool
from ....bindings import lending_pool as abi
from ....chain import Chain
from ....lending import pool as twin
from ....lending.rates import AdaptiveRate, KinkedRate, RateModel
from ....units import Unit

__all__ = [
    "ADAPTIVE",
    "PEOPLE",
    "PLENTY",
    "RATE",
    "RISKS",
    "TYPES",
    "deploy_pool",
    "opening_prices",
    "parameters_of",
    "units_of",
]

PEOPLE = ("alice", "alices second", "bob", "carol", "keeper", "rival", "mallory")
PLENTY = 2**130
TYPES = (
    "((address,string,string,uint256,uint256,uint256),(uint40,uint40,uint40,uint64),"
    "(uint48,uint96,uint96),"
    "(address,address,uint16,uint16,uint16,uint16,uint120)[])"
)
RATE = KinkedRate.annual("1%", "8%", "150%", kink="80%")
ADAPTIVE = AdaptiveRate.annual("4%", target="90%", lowest="0.1%", highest="200%")
WHOLE_PRICES = (2_000, 30_000, 1, 7)
"""Opening price of each collateral. [asset]"""
RISKS = ((7_500, 8_000, 500, 9_500), (7_000, 7_500, 1_000, 9_000), (5_000, 9_000, 300, 9_300))
"""Borrow LTV, liquidation LTV, maximum bonus, full bonus health. [bps]"""


def units_of(asset_decimals: int, collateral_decimals: Sequence[int]) -> tuple[Unit, ...]:
    """Symbol and decimals of the asset, then of each collateral."""
    named = (Unit(f"C{n}", decimals) for n, decimals in enumerate(collateral_decimals))
    return Unit("USD", asset_decimals), *named


def opening_prices(asset_decimals: int, collateral_decimals: Sequence[int]) -> list[int]:
    """Of each collateral. [asset per raw unit, scaled by 1e36]"""
    return [
        price * 10 ** (36 + asset_decimals - decimals)
        for price, decimals in zip(WHOLE_PRICES, collateral_decimals, strict=False)
    ]


def parameters_of(
    tokens: Sequence[str],
    oracles: Sequence[str],
    risks: Sequence[tuple[int, int, int, int]],
    rate: RateModel,
    minimum_debt: int,
    reserve_factor: int,
) -> twin.Parameters:
    """The twin's, with these terms for the collaterals in turn."""
    return twin.Parameters(
        collaterals=tuple(
            twin.Collateral(token, *risk, oracle=oracle)
            for token, oracle, risk in zip(tokens, oracles, (*risks, *risks), strict=False)
        ),
        rate=rate,
        minimum_debt=minimum_debt,
        reserve_factor=reserve_factor,
    )


def deploy_pool(
    chain: Chain, asset: str, parameters: twin.Parameters, *, bytecode: bytes | None = None
) -> LendingPool:
    """The contract with these parameters; from other creation code for a faulty one."""
    model = parameters.rate
    rate = model.curve
    arguments = (
        abi.PoolParameters(
            asset,
            "pool",
            "lp",
            parameters.minimum_debt,
            parameters.target_health,
            parameters.reserve_factor,
        ),
        abi.KinkedCurve(rate.at_zero, rate.at_kink, rate.at_full, rate.kink),
        abi.Adaptation(model.speed, model.fall, model.rise)
        if isinstance(model, AdaptiveRate)
        else abi.Adaptation(0, 0, 0),
        [
            abi.CollateralParameters(
                one.token,
                one.oracle,
                one.borrow_ltv,
                one.liquidation_ltv,
                one.max_bonus,
                one.full_bonus_health,
                one.cap,
            )
            for one in parameters.collaterals
        ],
    )
    return LendingPool._deploy(chain, TYPES, arguments, bytecode=bytecode)
