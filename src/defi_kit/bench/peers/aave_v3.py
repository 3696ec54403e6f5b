"""Aave v3: the pool behind its proxy, two reserves, no rewards, no protocol fee on liquidations."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from ...chain import Account, Chain, Transaction
from ...chain.abi import encode
from ...chain.hashing import ZERO_ADDRESS
from ..lending import BORROW_LTV, LIQUIDATION_LTV, PRICE, LendingSystem, LendingTokens
from ..packages import Code, Compilation
from .base import Deployed, Peer

__all__ = ["AAVE_V3"]

VARIABLE: Final = 2
"""The only kind of rate that is left."""
DOLLAR: Final = 10**8
LIQUIDATION_BONUS: Final = 10_500
"""What a liquidator gets for what it repays. [bps]"""
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
    def _codes(self) -> Any:
        return _COMPILATION.run()

    def create(self, name: str, types: str = "()", *args: Any) -> Deployed:
        code: Code = self._codes[name]
        for library in code.holes:
            if library not in self._libraries:
                self._libraries[library] = self.create(library).address
        return Deployed.create(self._chain, code.linked(self._libraries), types, *args)


class AaveV3(LendingSystem):
    """A market with the asset, which can be borrowed, and the collateral, which cannot."""

    def __init__(self, chain: Chain, tokens: LendingTokens) -> None:
        self._chain = chain
        self._asset, self._collateral = tokens.asset, tokens.collateral
        self._shop = _Workshop(chain)
        provider = self._provider()
        self._price = self._oracle(provider)
        self._pool = self._market(provider)
        self._reserves(provider)
        self.spender = self._pool.address

    def _provider(self) -> Deployed:
        """The registry, with the deployer as everything's admin."""
        admin = self._chain.default_sender
        provider = self._shop.create("PoolAddressesProvider", "(string,address)", "bench", admin)
        provider.send("setACLAdmin(address)", admin)
        roles = self._shop.create("ACLManager", "(address)", provider)
        provider.send("setACLManager(address)", roles)
        roles.send("addPoolAdmin(address)", admin)
        return provider

    def _oracle(self, provider: Deployed) -> Deployed:
        """The oracle; returned is where it has the collateral's price from."""
        asset = self._shop.create("PriceSource", "(int256)", DOLLAR)
        collateral = self._shop.create("PriceSource", "(int256)", PRICE * DOLLAR)
        oracle = self._shop.create(
            "AaveOracle",
            "(address,address[],address[],address,address,uint256)",
            provider,
            [self._asset, self._collateral],
            [asset, collateral],
            *(ZERO_ADDRESS, ZERO_ADDRESS, DOLLAR),
        )
        provider.send("setPriceOracle(address)", oracle)
        return collateral

    def _market(self, provider: Deployed) -> Deployed:
        """The pool, behind its proxy."""
        rates = self._shop.create("DefaultReserveInterestRateStrategyV2", "(address)", provider)
        pool = self._shop.create("PoolInstance", "(address,address)", provider, rates)
        provider.send("setPoolImpl(address)", pool)
        return Deployed(self._chain, provider.view("getPool()(address)"))

    def _reserves(self, provider: Deployed) -> None:
        """Both tokens listed."""
        implementation = self._shop.create("PoolConfiguratorInstance")
        provider.send("setPoolConfiguratorImpl(address)", implementation)
        configurator = Deployed(self._chain, provider.view("getPoolConfigurator()(address)"))
        treasury = self._chain.account("treasury")
        share = self._shop.create(
            "ATokenInstance", "(address,address,address)", self._pool, ZERO_ADDRESS, treasury
        )
        debt = self._shop.create(
            "VariableDebtTokenInstance", "(address,address)", self._pool, ZERO_ADDRESS
        )
        # 90 % usage, and rates as in our pool, simple and a year. [bps]
        rates = encode(("(uint16,uint32,uint32,uint32)",), ((9_000, 0, 400, 7_100),))
        configurator.send(
            "initReserves((address,address,address,string,string,string,string,bytes,bytes)[])",
            [
                (share, debt, token, "share", "share", "debt", "debt", b"", rates)
                for token in (self._asset, self._collateral)
            ],
        )
        configurator.send(
            "configureReserveAsCollateral(address,uint256,uint256,uint256)",
            *(self._collateral, BORROW_LTV, LIQUIDATION_LTV, LIQUIDATION_BONUS),
        )
        configurator.send("setReserveBorrowing(address,bool)", self._asset, True)
        configurator.send("setReserveFactor(address,uint256)", self._asset, RESERVE_FACTOR)

    def set_price(self, price: int) -> None:
        self._price.send("setAnswer(int256)", price * DOLLAR)

    def supply(self, amount: int, who: Account) -> Transaction:
        return self._supply(self._asset, amount, who)

    def withdraw(self, amount: int, who: Account, to: Account) -> Transaction:
        return self._withdraw(self._asset, amount, who, to)

    def supply_collateral(self, amount: int, who: Account) -> Transaction:
        return self._supply(self._collateral, amount, who)

    def withdraw_collateral(self, amount: int, who: Account, to: Account) -> Transaction:
        return self._withdraw(self._collateral, amount, who, to)

    def borrow(self, amount: int, who: Account) -> Transaction:
        return self._pool.tx(
            "borrow(address,uint256,uint256,uint16,address)",
            *(self._asset, amount, VARIABLE, 0, who),
            sender=who,
        )

    def repay(self, amount: int, who: Account) -> Transaction:
        return self._pool.tx(
            "repay(address,uint256,uint256,address)",
            *(self._asset, amount, VARIABLE, who),
            sender=who,
        )

    def liquidate(self, victim: Account, amount: int, who: Account) -> Transaction:
        return self._pool.tx(
            "liquidationCall(address,address,address,uint256,bool)",
            *(self._collateral, self._asset, victim, amount, False),
            sender=who,
        )

    def _supply(self, token: Any, amount: int, who: Account) -> Transaction:
        return self._pool.tx(
            "supply(address,uint256,address,uint16)", token, amount, who, 0, sender=who
        )

    def _withdraw(self, token: Any, amount: int, who: Account, to: Account) -> Transaction:
        return self._pool.tx("withdraw(address,uint256,address)", token, amount, to, sender=who)


AAVE_V3: Final = Peer(
    name="Aave v3",
    note="@aave-dao/aave-v3-origin 3.6.0, compiled from source as its authors do (solc 0.8.27, 200 "
    "runs, shanghai); no rewards and no protocol fee on liquidations, which cost more where they "
    "are on",
    lending=AaveV3,
)
