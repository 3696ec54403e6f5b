"""The algorithmic dollar's verbs in the standard economy, with the oracles that it has there: the
share's mean on the Exchange, its price of now and the collateral's from feeds."""

from __future__ import annotations

from typing import Final

from ..chain import Chain
from ..kit import deploy
from ..units import MAX_UINT256
from .meter import Meter
from .report import Measured

__all__ = ["algo_gas"]

DOLLARS: Final = 100 * 10**18
"""What is minted and redeemed. [raw]"""


def algo_gas(meter: Meter, chain: Chain) -> Measured:
    """Gas of a mint and of a redemption, to a holder and to a newcomer, and of a ratio's step."""
    kit = deploy(chain)
    holder, contract = kit.actor("holder"), kit.algo.contract
    kit.usd.contract.approve(kit.algo, MAX_UINT256, sender=holder)

    def mint(to: object) -> int:
        asked = (DOLLARS, MAX_UINT256, MAX_UINT256, to)
        return meter.gas(contract.build("mint", *asked, sender=holder))

    def redeem(to: object) -> int:
        return meter.gas(contract.build("redeem", DOLLARS // 10, 0, 0, to, sender=holder))

    def step() -> int:
        chain.advance(hours=1)
        return meter.gas(contract.build("stepRatio", sender=holder))

    mint(holder), redeem(holder), step()
    return {
        ("algo_mint", "first"): mint(meter.newcomer()),
        ("algo_mint", "steady"): mint(holder),
        ("algo_redeem", "first"): redeem(meter.newcomer()),
        ("algo_redeem", "steady"): redeem(holder),
        ("algo_step_ratio", "steady"): step(),
    }
