"""A keeper's liquidation without capital: seize, sell, repay, pay out. Ours alone; nobody publishes
one to measure beside it."""

from __future__ import annotations

from ..chain import Chain
from ..kit import deploy
from ..units import MAX_UINT256
from .meter import Meter
from .report import Measured, When

__all__ = ["keeper_gas"]


def keeper_gas(meter: Meter, chain: Chain) -> Measured:
    """Gas of a liquidation sold through one pool and through two, steady: pools, contract and owner
    hold all they move already."""
    from .. import bindings
    from ..bindings.liquidation_keeper import SwapHop

    kit = deploy(chain)
    owner, *victims = kit.actors("keeper", *(f"victim {number}" for number in range(6)))
    for who in victims:
        kit.lending.supply_collateral(kit.weth(10), sender=who)
        kit.lending.borrow(kit.usd(14_900), sender=who)
    kit.feeds.weth.set_price("1_800")
    contract = bindings.LiquidationKeeper.deploy(
        chain, kit.lending.address, kit.exchange.address, owner.address, sender=owner
    )

    def hop(sold: str, bought: str) -> SwapHop:
        units = {token.symbol: token.unit for token in kit.tokens}
        key = kit.exchange.key(units[sold], units[bought], kit.economy.pool_fee)
        return SwapHop(*key.hop(units[sold].address))

    paths = {
        "keeper_liquidate": [hop("WETH", "USD")],
        "keeper_liquidate_2_pools": [hop("WETH", "WBTC"), hop("WBTC", "USD")],
    }
    gas: dict[tuple[str, When], int] = {}
    for verb, path in paths.items():
        for _ in range(3):
            call = contract.build(
                "liquidate",
                victims.pop(),
                kit.weth.address,
                kit.usd(1_000).raw,
                MAX_UINT256,
                path,
                0,
                MAX_UINT256,
                sender=owner,
            )
            gas[verb, "steady"] = meter.gas(call)
    return gas
