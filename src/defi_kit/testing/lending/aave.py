"""The real Aave v3, compiled from its npm package, as a lending market.

It needs the packages in the repository's `tools/peers`; see `defi_kit.testing.packages`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ...bindings import MockToken
from ...chain import Account, Chain
from ...chain.abi import encode
from ...chain.hashing import ZERO_ADDRESS, HasAddress
from ...errors import Reverted
from ...units import BPS, MAX_UINT256, WAD
from ..deployed import Deployed
from ..packages import Code, Compilation
from .adapter import Adapter
from .market import Collateral, Position, Terms, View

__all__ = ["AAVE_EXEMPT", "DOLLAR", "VARIABLE", "AaveCollateral", "AaveV3", "AaveV3Market"]

PRICE_SCALE: Final = 10**36

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
    "FlashBorrower": "FlashBorrower.sol",
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

AAVE_EXEMPT: Final[Mapping[str, str]] = {
    "L5 on withdrawal": "collateral may be taken back up to where one is liquidated, which is more "
    "than may be borrowed against it",
    "L2": "a loss is booked as a deficit and taken from nobody: lenders own more than there is "
    "until someone covers it",
    "L12": "until then whoever leaves first is paid in full, and the last not at all",
}


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
        configurator.send("setReserveFlashLoaning(address,bool)", tokens[0], True)

    def share_of(self, token: HasAddress) -> Deployed:
        """The aToken of a token, which holds what is lent."""
        return Deployed(self._chain, self.pool.view("getReserveAToken(address)(address)", token))

    def debt_of(self, token: HasAddress) -> Deployed:
        """The token of what is owed of a token."""
        return Deployed(
            self._chain, self.pool.view("getReserveVariableDebtToken(address)(address)", token)
        )


_TOKENS: Final = (  # decimals, opening price [dollars], LTVs and bonus [bps]
    (18, 2_000, 7_500, 8_000, 500),
    (8, 30_000, 7_000, 7_500, 1_000),
)


class AaveV3Market(Adapter):
    """Aave v3 with one asset that can be borrowed, worth a dollar for ever, and two collaterals."""

    def __init__(self, chain: Chain, aave: AaveV3, terms: Terms) -> None:
        asset, *collaterals = (terms.asset, *(one.token for one in terms.collaterals))
        self._pool, self._sources = aave.pool, aave.sources
        self._asset = asset
        self._shares = [aave.share_of(Deployed(chain, token)) for token in (asset, *collaterals)]
        self._debt = aave.debt_of(Deployed(chain, asset))
        super().__init__(chain, aave.pool, terms, holders=self._shares)
        self._borrower = Deployed.create(chain, _COMPILATION.run()["FlashBorrower"].linked())

    @classmethod
    def deploy(cls, chain: Chain, *, asset_decimals: int = 6) -> AaveV3Market:
        """A market with new tokens. NotSupported where the packages are not installed."""
        asset = MockToken.deploy(chain, "USD", asset_decimals)
        listed, accepted = [], []
        for number, (decimals, price, borrow_ltv, liquidation_ltv, bonus) in enumerate(_TOKENS):
            token = MockToken.deploy(chain, f"C{number}", decimals)
            listed.append(
                AaveCollateral(
                    token=token,
                    price=price * DOLLAR,
                    borrow_ltv=borrow_ltv,
                    liquidation_ltv=liquidation_ltv,
                    bonus=bonus,
                )
            )
            accepted.append(
                Collateral(
                    token=token.address,
                    symbol=f"C{number}",
                    decimals=decimals,
                    borrow_ltv=borrow_ltv * WAD // BPS,
                    liquidation_ltv=liquidation_ltv * WAD // BPS,
                    max_bonus=bonus * WAD // BPS,
                    price=price * 10 ** (36 + asset_decimals - decimals),
                )
            )
        terms = Terms(
            asset=asset.address,
            symbol="USD",
            decimals=asset_decimals,
            collaterals=tuple(accepted),
            exempt=AAVE_EXEMPT,
        )
        return cls(chain, AaveV3(chain, asset, listed), terms)

    # --- verbs ------------------------------------------------------------------------------------

    def supply(self, who: Account, assets: int) -> None:
        """`who` lends."""
        self._supply(self._asset, assets, who)

    def withdraw(self, who: Account, assets: int) -> None:
        """`who` takes back what it lent."""
        self._withdraw(self._asset, assets, who)

    def supply_collateral(self, who: Account, number: int, amount: int) -> None:
        """`who` lends a token that nobody can borrow."""
        self._supply(self.terms.collaterals[number].token, amount, who)

    def withdraw_collateral(self, who: Account, number: int, amount: int) -> None:
        """`who` takes it back."""
        self._withdraw(self.terms.collaterals[number].token, amount, who)

    def borrow(self, who: Account, assets: int) -> None:
        """`who` borrows."""
        self._borrow(who, assets, who)

    def repay(self, who: Account, assets: int) -> None:
        """`who` pays back. Aave takes no more than is owed."""
        self._pool.send(
            "repay(address,uint256,uint256,address)",
            *(self._asset, assets, VARIABLE, who),
            sender=who,
        )

    def liquidate(self, who: Account, account: Account, number: int, assets: int) -> None:
        """`who` repays for collateral; Aave cuts it down to what its close factor allows."""
        self._pool.send(
            "liquidationCall(address,address,address,uint256,bool)",
            *(self.terms.collaterals[number].token, self._asset, account, assets, False),
            sender=who,
        )

    def set_price(self, number: int, price: int | None) -> int | None:
        """What the oracle says from now on, rounded to 8 decimals of a dollar; at zero it refuses.
        Returns the rounded price."""
        whole: int = 10 ** self.terms.collaterals[number].decimals
        scale: int = whole * DOLLAR // 10**self.terms.decimals
        answer: int = 0 if price is None else max(1, price * scale // PRICE_SCALE)
        self._sources[number + 1].send("setAnswer(int256)", answer)
        return answer * PRICE_SCALE // scale

    def flash_loan(self, who: Account, assets: int, repaid: int) -> None:
        """`who` borrows through a contract that gives back so much."""
        call = self._pool.data(
            "flashLoanSimple(address,address,uint256,bytes,uint16)",
            *(self._borrower, self._asset, assets, b"", 0),
        )
        signature = "borrow(address,address,uint256,bytes)"
        self._borrower.send(signature, self._pool, self._asset, repaid, call, sender=who)

    def impersonations(self, who: Account, victim: Account) -> Sequence[tuple[str, object]]:
        """What spends from an account, in the victim's name."""
        some = 10 ** (self.terms.decimals - 1)
        take = "transferFrom(address,address,uint256)"
        burn = "burn(address,address,uint256,uint256,uint256)"
        ray = 10**27
        share, collateral = self._shares[:2]
        return (
            ("borrow", lambda: self._borrow(who, some, victim)),
            ("transfer of shares", lambda: share.send(take, victim, who, some, sender=who)),
            ("transfer of collateral", lambda: collateral.send(take, victim, who, 1, sender=who)),
            ("burn", lambda: share.send(burn, victim, who, some, some, ray, sender=who)),
            (
                "collateral switched off",
                lambda: self._pool.send(
                    "setUserUseReserveAsCollateralOnBehalfOf(address,bool,address)",
                    *(self.terms.collaterals[0].token, False, victim),
                    sender=who,
                ),
            ),
        )

    def _supply(self, token: str, amount: int, who: Account) -> None:
        signature = "supply(address,uint256,address,uint16)"
        self._pool.send(signature, token, amount, who, 0, sender=who)

    def _withdraw(self, token: str, amount: int, who: Account) -> None:
        # The largest number would mean everything, which is not what was asked for.
        amount = min(amount, MAX_UINT256 - 1)
        self._pool.send("withdraw(address,uint256,address)", token, amount, who, sender=who)

    def _borrow(self, who: Account, assets: int, account: Account) -> None:
        self._pool.send(
            "borrow(address,uint256,uint256,uint16,address)",
            *(self._asset, assets, VARIABLE, 0, account),
            sender=who,
        )

    # --- views ------------------------------------------------------------------------------------

    def view(self, people: Sequence[Account]) -> View:
        """What it shows now."""
        share, *collaterals = self._shares
        cash = "getVirtualUnderlyingBalance(address)(uint128)"
        return View(
            now=self.chain.timestamp,
            positions={who.address: self._seen(who) for who in people},
            total_supplied=share.view(_TOTAL),
            total_shares=share.view("scaledTotalSupply()(uint256)"),
            total_debt=self._debt.view(_TOTAL),
            total_debt_shares=self._debt.view("scaledTotalSupply()(uint256)"),
            cash=self._pool.view(cash, self._asset),
            held=self.held(),
            collateral=tuple(token.view(_TOTAL) for token in collaterals),
        )

    def max_borrow(self, who: Account) -> int:
        """What Aave says in dollars, less a little, or all there is."""
        try:
            _, _, free, *_ = self._pool.views(_ACCOUNT, who)
        except Reverted:
            return 0
        cash: int = self._pool.view("getVirtualUnderlyingBalance(address)(uint128)", self._asset)
        most: int = free * 10**self.terms.decimals // DOLLAR
        return min(max(0, most - 2), cash)

    def _seen(self, who: Account) -> Position:
        share, *collaterals = self._shares
        shares, debt_shares = share.view(_SCALED, who), self._debt.view(_SCALED, who)
        return Position(
            supplied=share.view(_BALANCE, who) if shares else 0,
            shares=shares,
            debt=self._debt.view(_BALANCE, who) if debt_shares else 0,
            debt_shares=debt_shares,
            collateral=tuple(token.view(_BALANCE, who) for token in collaterals),
            healthy=self._healthy(who) if debt_shares else True,
        )

    def _healthy(self, who: Account) -> bool | None:
        try:
            *_, health = self._pool.views(_ACCOUNT, who)
        except Reverted:
            return None
        return bool(health >= WAD)


_TOTAL: Final = "totalSupply()(uint256)"
_BALANCE: Final = "balanceOf(address)(uint256)"
_SCALED: Final = "scaledBalanceOf(address)(uint256)"
_ACCOUNT: Final = "getUserAccountData(address)(uint256,uint256,uint256,uint256,uint256,uint256)"
