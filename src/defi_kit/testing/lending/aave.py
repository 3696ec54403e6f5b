"""The real Aave v3, compiled from its npm package, as a lending market.

It needs the packages in the repository's `tools/peers`; see `defi_kit.testing.packages`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ...chain import Chain
from ...chain.abi import encode
from ...chain.hashing import ZERO_ADDRESS, HasAddress
from ..deployed import Deployed
from ..packages import Code, Compilation

__all__ = ["DOLLAR", "VARIABLE", "AaveCollateral", "AaveV3"]

VARIABLE: Final = 2
"""The only kind of rate that is left."""
DOLLAR: Final = 10**8
"""Prices are in dollars with 8 decimals, as everywhere."""
RESERVE_FACTOR: Final = 1_000
"""As in our pool. [bps]"""

_SOURCES: Final = "@aave-dao/aave-v3-origin/src/contracts/"
_LOGIC: Final = _SOURCES + "protocol/libraries/logic/"
_CONTRACTS: Final = {
    "PoolAddressesProvider": _SOURCES + "protocol/configuration/PoolAddressesProvider.sol",
    "ACLManager": _SOURCES + "protocol/configuration/ACLManager.sol",
    "AaveOracle": _SOURCES + "misc/AaveOracle.sol",
    "DefaultReserveInterestRateStrategyV2": _SOURCES
    + "misc/DefaultReserveInterestRateStrategyV2.sol",
    "PoolInstance": _SOURCES + "instances/PoolInstance.sol",
    "PoolConfiguratorInstance": _SOURCES + "instances/PoolConfiguratorInstance.sol",
    "ATokenInstance": _SOURCES + "instances/ATokenInstance.sol",
    "VariableDebtTokenInstance": _SOURCES + "instances/VariableDebtTokenInstance.sol",
    "PriceSource": "PriceSource.sol",
}
_LIBRARIES: Final = (
    "BorrowLogic",
    "ConfiguratorLogic",
    "FlashLoanLogic",
    "LiquidationLogic",
    "PoolLogic",
    "SupplyLogic",
)

# As in the project's foundry.toml.
_COMPILATION: Final = Compilation(
    solc="0.8.27",
    contracts={**_CONTRACTS, **{name: f"{_LOGIC}{name}.sol" for name in _LIBRARIES}},
    settings={
        "evmVersion": "shanghai",
        "optimizer": {"enabled": True, "runs": 200},
        "metadata": {"bytecodeHash": "none"},
    },
    remappings=(
        "openzeppelin-contracts/contracts/=@openzeppelin/contracts/",
        "openzeppelin-contracts-upgradeable/contracts/=@openzeppelin/contracts-upgradeable/",
        "solidity-utils/contracts/=@bgd-labs/solidity-utils/src/",
    ),
)


class _Workshop:
    """Deploys by name, linking libraries, each deployed once and before who needs it."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._libraries: dict[str, str] = {}

    @cached_property
    def _codes(self) -> Mapping[str, Code]:
        return _COMPILATION.run()

    def create(self, name: str, types: str = "()", *args: Any) -> Deployed:
        code = self._codes[name]
        for library in code.holes:
            if library not in self._libraries:
                self._libraries[library] = self.create(library).address
        return Deployed.create(self._chain, code.linked(self._libraries), types, *args)


@dataclass(frozen=True, slots=True, kw_only=True)
class AaveCollateral:
    """A token that can be posted, and cannot be borrowed."""

    token: HasAddress
    price: int
    """Of a whole token. [dollars, 8 decimals]"""
    borrow_ltv: int
    """[bps]"""
    liquidation_ltv: int
    """[bps]"""
    bonus: int
    """What a liquidator gets beyond what it repays. [bps]"""


class AaveV3:
    """A market with an asset worth a dollar, which can be borrowed, and collaterals.

    The pool behind its proxy; no rewards, no protocol fee on liquidations, no e-mode.
    """

    def __init__(
        self, chain: Chain, asset: HasAddress, collaterals: Sequence[AaveCollateral]
    ) -> None:
        self._chain = chain
        self._shop = _Workshop(chain)
        tokens = [asset, *(collateral.token for collateral in collaterals)]
        prices = [DOLLAR, *(collateral.price for collateral in collaterals)]
        self.sources = [self._shop.create("PriceSource", "(int256)", price) for price in prices]
        """Where the oracle has each price from: of the asset, then of each collateral."""
        provider = self._provider()
        self._oracle(provider, tokens)
        self.pool = self._market(provider)
        self._reserves(provider, tokens, collaterals)

    def _provider(self) -> Deployed:
        """The registry, with the deployer as everything's admin."""
        admin = self._chain.default_sender
        provider = self._shop.create("PoolAddressesProvider", "(string,address)", "local", admin)
        provider.send("setACLAdmin(address)", admin)
        roles = self._shop.create("ACLManager", "(address)", provider)
        provider.send("setACLManager(address)", roles)
        roles.send("addPoolAdmin(address)", admin)
        return provider

    def _oracle(self, provider: Deployed, tokens: Sequence[HasAddress]) -> None:
        oracle = self._shop.create(
            "AaveOracle",
            "(address,address[],address[],address,address,uint256)",
            provider,
            tokens,
            self.sources,
            *(ZERO_ADDRESS, ZERO_ADDRESS, DOLLAR),
        )
        provider.send("setPriceOracle(address)", oracle)

    def _market(self, provider: Deployed) -> Deployed:
        """The pool, behind its proxy."""
        rates = self._shop.create("DefaultReserveInterestRateStrategyV2", "(address)", provider)
        pool = self._shop.create("PoolInstance", "(address,address)", provider, rates)
        provider.send("setPoolImpl(address)", pool)
        return Deployed(self._chain, provider.view("getPool()(address)"))

    def _reserves(
        self,
        provider: Deployed,
        tokens: Sequence[HasAddress],
        collaterals: Sequence[AaveCollateral],
    ) -> None:
        """All tokens listed."""
        implementation = self._shop.create("PoolConfiguratorInstance")
        provider.send("setPoolConfiguratorImpl(address)", implementation)
        configurator = Deployed(self._chain, provider.view("getPoolConfigurator()(address)"))
        treasury = self._chain.account("treasury")
        share = self._shop.create(
            "ATokenInstance", "(address,address,address)", self.pool, ZERO_ADDRESS, treasury
        )
        debt = self._shop.create(
            "VariableDebtTokenInstance", "(address,address)", self.pool, ZERO_ADDRESS
        )
        # 90 % usage, and rates as in our pool, simple and a year. [bps]
        rates = encode(("(uint16,uint32,uint32,uint32)",), ((9_000, 0, 400, 7_100),))
        configurator.send(
            "initReserves((address,address,address,string,string,string,string,bytes,bytes)[])",
            [
                (share, debt, token, "share", "share", "debt", "debt", b"", rates)
                for token in tokens
            ],
        )
        for one in collaterals:
            configurator.send(
                "configureReserveAsCollateral(address,uint256,uint256,uint256)",
                *(one.token, one.borrow_ltv, one.liquidation_ltv, 10_000 + one.bonus),
            )
        configurator.send("setReserveBorrowing(address,bool)", tokens[0], True)
        configurator.send("setReserveFactor(address,uint256)", tokens[0], RESERVE_FACTOR)
