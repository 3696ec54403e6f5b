"""The real Morpho Blue, compiled from its npm package, as a lending market.

It needs the packages in the repository's `tools/peers`; see `defi_kit.testing.packages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...bindings import MockOracle
from ...chain import Chain
from ...chain.hashing import HasAddress
from ..deployed import Deployed
from ..packages import Compilation

__all__ = ["MORPHO_EXEMPT", "MorphoBlue"]

PRICE_SCALE: Final = 10**36
VIRTUAL_SHARES: Final = 10**6
VIRTUAL_ASSETS: Final = 1

_SETTINGS: Final = {
    "viaIR": True,
    "evmVersion": "paris",
    "optimizer": {"enabled": True, "runs": 999_999},
    "metadata": {"bytecodeHash": "none"},
}
_COMPILATION: Final = Compilation(
    solc="0.8.19",
    contracts={
        "Morpho": "@morpho-org/morpho-blue/src/Morpho.sol",
        "MinimalIrm": "MinimalIrm.sol",
    },
    settings=_SETTINGS,
)
_MARKET: Final = "(address,address,address,address,uint256)"
_STATE: Final = "(uint128,uint128,uint128,uint128,uint128,uint128)"

MORPHO_EXEMPT: Final[Mapping[str, str]] = {}


class MorphoBlue:
    """Morpho Blue with one market, and a rate model of our own, for its own no registry carries."""

    def __init__(
        self,
        chain: Chain,
        asset: HasAddress,
        collateral: HasAddress,
        *,
        price: int,
        liquidation_ltv: int,
    ) -> None:
        """Args:
        price: of a raw unit of the collateral. [asset, scaled by 1e36]
        liquidation_ltv: which Morpho also lends up to. [WAD]
        """
        codes = _COMPILATION.run()
        code = codes["Morpho"].linked()
        self.core = Deployed.create(chain, code, "(address)", chain.default_sender)
        self.rates = Deployed.create(chain, codes["MinimalIrm"].linked(), "(address)", self.core)
        self.oracle = MockOracle.deploy(chain, price)
        self.market = (asset, collateral, self.oracle, self.rates, liquidation_ltv)
        """What Morpho names the market by."""
        self.core.send("enableIrm(address)", self.rates)
        self.core.send("enableLltv(uint256)", liquidation_ltv)
        self.core.send(f"createMarket({_MARKET})", self.market)

    def signature(self, verb: str, types: str) -> str:
        """Of a verb, which takes the market and then these."""
        return f"{verb}({_MARKET},{types})"
