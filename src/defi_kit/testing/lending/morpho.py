"""The real Morpho Blue, compiled from its npm package, as a lending market.

It needs the packages in the repository's `tools/peers`; see `defi_kit.testing.packages`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from ...bindings import MockOracle, MockToken
from ...chain import Account, Chain
from ...chain.abi import encode
from ...chain.hashing import HasAddress, keccak
from ...errors import Panic, Reverted
from ...units import WAD
from ..deployed import Deployed
from ..packages import Compilation
from .adapter import Adapter
from .market import Collateral, Position, Terms, View

__all__ = ["MORPHO_EXEMPT", "MorphoBlue", "MorphoBlueMarket"]

PRICE_SCALE: Final = 10**36
VIRTUAL_SHARES: Final = 10**6
VIRTUAL_ASSETS: Final = 1
MAX_UINT128: Final = 2**128 - 1

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
        "FlashBorrower": "FlashBorrower.sol",
    },
    settings=_SETTINGS,
)
_MARKET: Final = "(address,address,address,address,uint256)"
_STATE: Final = "(uint128,uint128,uint128,uint128,uint128,uint128)"

MORPHO_EXEMPT: Final[Mapping[str, str]] = {
    "L4": "a debt is written off when no collateral at all is left: a unit of it keeps a bad debt "
    "in the books",
    "L7": "interest is three terms of a series, at a rate that is asked for anew each time it is "
    "booked: booking it often and once differ",
}


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
        self.id = keccak(encode((_MARKET,), (self.market,)))

    def signature(self, verb: str, types: str) -> str:
        """Of a verb, which takes the market and then these."""
        return f"{verb}({_MARKET},{types})"

    def send(self, verb: str, types: str, *args: Any, sender: Account) -> None:
        """Sends a verb."""
        self.core.send(self.signature(verb, types), self.market, *args, sender=sender)


class _Books(NamedTuple):
    """What Morpho keeps of a market, with interest to the last block."""

    supply: int
    supply_shares: int
    debt: int
    debt_shares: int
    accrued_at: int
    fee: int

    def supply_down(self, shares: int) -> int:
        return shares * (self.supply + VIRTUAL_ASSETS) // (self.supply_shares + VIRTUAL_SHARES)

    def debt_up(self, shares: int) -> int:
        return -(-shares * (self.debt + VIRTUAL_ASSETS) // (self.debt_shares + VIRTUAL_SHARES))

    def debt_shares_down(self, assets: int) -> int:
        return assets * (self.debt_shares + VIRTUAL_SHARES) // (self.debt + VIRTUAL_ASSETS)


class MorphoBlueMarket(Adapter):
    """A market of Morpho Blue: one collateral, borrowed against up to where it is liquidated."""

    def __init__(self, morpho: MorphoBlue, terms: Terms) -> None:
        super().__init__(morpho.core.chain, morpho.core, terms)
        self._morpho = morpho
        self._core = morpho.core
        code = _COMPILATION.run()["FlashBorrower"].linked()
        self._borrower = Deployed.create(self.chain, code)

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        *,
        asset_decimals: int = 6,
        collateral_decimals: int = 18,
        price: int = 2_000,
        liquidation_ltv: int = 8 * WAD // 10,
    ) -> MorphoBlueMarket:
        """A market with new tokens.

        Args:
            price: opening price of a whole collateral. [whole assets]
            liquidation_ltv: which Morpho also lends up to. [WAD]

        Raises NotSupported where the packages are not installed.
        """
        asset = MockToken.deploy(chain, "USD", asset_decimals)
        collateral = MockToken.deploy(chain, "C0", collateral_decimals)
        opening = price * 10 ** (36 + asset_decimals - collateral_decimals)
        morpho = MorphoBlue(
            chain, asset, collateral, price=opening, liquidation_ltv=liquidation_ltv
        )
        accepted = Collateral(
            token=collateral.address,
            decimals=collateral_decimals,
            borrow_ltv=liquidation_ltv,
            liquidation_ltv=liquidation_ltv,
            max_bonus=_bonus(liquidation_ltv),
            price=opening,
            symbol="C0",
        )
        terms = Terms(
            asset=asset.address,
            symbol="USD",
            decimals=asset_decimals,
            collaterals=(accepted,),
            exempt=MORPHO_EXEMPT,
        )
        return cls(morpho, terms)

    # --- verbs ------------------------------------------------------------------------------------

    def supply(self, who: Account, assets: int) -> None:
        """`who` lends."""
        types = "uint256,uint256,address,bytes"
        self._morpho.send("supply", types, assets, 0, who, b"", sender=who)

    def withdraw(self, who: Account, assets: int) -> None:
        """`who` takes back what it lent."""
        types = "uint256,uint256,address,address"
        self._morpho.send("withdraw", types, assets, 0, who, who, sender=who)

    def supply_collateral(self, who: Account, number: int, amount: int) -> None:
        """`who` posts collateral."""
        types = "uint256,address,bytes"
        self._morpho.send("supplyCollateral", types, amount, who, b"", sender=who)

    def withdraw_collateral(self, who: Account, number: int, amount: int) -> None:
        """`who` takes back collateral."""
        types = "uint256,address,address"
        self._morpho.send("withdrawCollateral", types, amount, who, who, sender=who)

    def borrow(self, who: Account, assets: int) -> None:
        """`who` borrows."""
        types = "uint256,uint256,address,address"
        self._morpho.send("borrow", types, assets, 0, who, who, sender=who)

    def repay(self, who: Account, assets: int) -> None:
        """`who` pays back. Morpho refuses more assets than are owed; all is paid back by shares."""
        repay = partial(self._morpho.send, "repay", "uint256,uint256,address,bytes", sender=who)
        _, shares, _ = self._position(who)
        if not shares or assets < self._books().debt_up(shares):
            repay(assets, 0, who, b"")
            return
        try:
            repay(min(assets, MAX_UINT128), 0, who, b"")  # less than is owed by the next block
        except Reverted:
            repay(0, shares, who, b"")

    def liquidate(self, who: Account, account: Account, number: int, assets: int) -> None:
        """`who` repays by shares; or, where the collateral is worth less, takes all there is.

        Morpho takes shares for what they are worth in its block, and no limit in assets."""
        _, shares, collateral = self._position(account)
        books = self._books(ahead=1)
        wanted = shares
        if assets < books.debt_up(shares):
            wanted = books.debt_shares_down(assets)
        liquidate = partial(
            self._morpho.send, "liquidate", "address,uint256,uint256,bytes", account, sender=who
        )
        try:
            liquidate(0, wanted, b"")
        except Panic:  # more than all of the collateral
            liquidate(collateral, 0, b"")

    def set_price(self, number: int, price: int | None) -> None:
        """What the oracle says from now on."""
        oracle = self._morpho.oracle
        refusal = oracle.build("set_reverting", price is None)
        self.chain.batch([refusal, oracle.build("set_price", price or 0)])

    def accrue(self) -> None:
        """Books the interest until now."""
        self._core.send(f"accrueInterest({_MARKET})", self._morpho.market)

    def flash_loan(self, who: Account, assets: int, repaid: int) -> None:
        """`who` borrows through a contract that gives back so much."""
        token = self.tokens[0]
        call = self._core.data("flashLoan(address,uint256,bytes)", token, assets, b"")
        signature = "borrow(address,address,uint256,bytes)"
        self._borrower.send(signature, self._core, token, repaid, call, sender=who)

    def impersonations(self, who: Account, victim: Account) -> Sequence[tuple[str, object]]:
        """Every verb that takes from an account, in the victim's name; and a forged signature."""
        some = 10 ** (self.terms.decimals - 1)

        def attempt(verb: str, types: str, *args: Any) -> tuple[str, object]:
            return verb, lambda: self._morpho.send(verb, types, *args, sender=who)

        def forge() -> None:
            nonce = self._core.view("nonce(address)(uint256)", victim)
            self._core.send(
                "setAuthorizationWithSig((address,address,bool,uint256,uint256),"
                "(uint8,bytes32,bytes32))",
                (victim, who, True, nonce, 2**64),
                (27, (1).to_bytes(32, "big"), (1).to_bytes(32, "big")),
                sender=who,
            )
            self._morpho.send(
                "withdrawCollateral", "uint256,address,address", 1, victim, who, sender=who
            )

        return (
            attempt("withdraw", "uint256,uint256,address,address", some, 0, victim, who),
            attempt("borrow", "uint256,uint256,address,address", some, 0, victim, who),
            attempt("withdrawCollateral", "uint256,address,address", 1, victim, who),
            ("a forged signature", forge),
        )

    # --- views ------------------------------------------------------------------------------------

    def view(self, people: Sequence[Account]) -> View:
        """What it shows now."""
        books = self._books()
        price = self._price()
        positions = {who.address: self._seen(who, books, price) for who in people}
        return View(
            now=self.chain.timestamp,
            positions=positions,
            total_supplied=books.supply,
            total_shares=books.supply_shares,
            total_debt=books.debt,
            total_debt_shares=books.debt_shares,
            cash=books.supply - books.debt,
            held=self.held(),
            # Morpho keeps no sum.
            collateral=(sum(position.collateral[0] for position in positions.values()),),
        )

    def max_borrow(self, who: Account) -> int:
        """Up to the liquidation LTV, or all there is."""
        books, price = self._books(), self._price()
        _, shares, collateral = self._position(who)
        limit = self._limit(collateral, price or 0)
        return max(0, min(limit - books.debt_up(shares) - 2, books.supply - books.debt))

    def _seen(self, who: Account, books: _Books, price: int | None) -> Position:
        shares, debt_shares, collateral = self._position(who)
        debt = books.debt_up(debt_shares)
        healthy = None if price is None else self._limit(collateral, price) >= debt
        return Position(
            supplied=books.supply_down(shares),
            shares=shares,
            debt=debt,
            debt_shares=debt_shares,
            collateral=(collateral,),
            healthy=True if not debt_shares else healthy,
        )

    def _position(self, who: Account) -> tuple[int, int, int]:
        """Shares of supply, shares of debt, collateral."""
        signature = "position(bytes32,address)(uint256,uint128,uint128)"
        shares, debt_shares, collateral = self._core.views(signature, self._morpho.id, who)
        return shares, debt_shares, collateral

    def _books(self, ahead: int = 0) -> _Books:
        """With the interest that Morpho would book so many seconds after the last block: by three
        terms of a Taylor series."""
        signature = "market(bytes32)(uint128,uint128,uint128,uint128,uint128,uint128)"
        books = _Books(*self._core.views(signature, self._morpho.id))
        elapsed = self.chain.timestamp + ahead - books.accrued_at
        if not elapsed:
            return books
        signature = f"borrowRateView({_MARKET},{_STATE})(uint256)"
        first = elapsed * self._morpho.rates.view(signature, self._morpho.market, tuple(books))
        second = first * first // (2 * WAD)
        third = second * first // (3 * WAD)
        interest = books.debt * (first + second + third) // WAD
        return books._replace(supply=books.supply + interest, debt=books.debt + interest)

    def _price(self) -> int | None:
        try:
            return self._morpho.oracle.price()
        except Reverted:
            return None

    def _limit(self, collateral: int, price: int) -> int:
        ltv = self.terms.collaterals[0].liquidation_ltv
        return collateral * price // PRICE_SCALE * ltv // WAD


def _bonus(liquidation_ltv: int) -> int:
    """Morpho's incentive: min(1.15, 1 / (1 - 0.3 * (1 - LTV))) - 1, always all of it. [WAD]"""
    factor = WAD * WAD // (WAD - 3 * (WAD - liquidation_ltv) // 10)
    return min(15 * WAD // 100, factor - WAD)
