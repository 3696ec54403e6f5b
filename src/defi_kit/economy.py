"""Every number of the standard economy, as exact text: what `defi_kit.deploy` builds it from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from defi_kit.errors import ParameterError

__all__ = ["AlgoMarket", "Economy", "Market", "PegMarket"]

DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """How one collateral is priced, traded and lent against: exact text, as a person writes it."""

    price: str
    """Opening price. [US dollars per token, at most 8 decimals]"""

    liquidity: str
    """Tokens in its pool against the dollar, whose other side is worth the same. [tokens]"""

    borrow_ltv: str
    """Debt at most this share of the collateral's value when borrowing."""

    liquidation_ltv: str
    """Debt above this share of the collateral's value can be liquidated; above `borrow_ltv`."""

    max_bonus: str
    """Largest liquidation bonus; (1 + max_bonus) * liquidation_ltv stays below one."""

    cap: str
    """Collateral accepted from all accounts together. [tokens]"""

    grant: str
    """What each named actor receives on a local chain. [tokens]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PegMarket:
    """The second stablecoin, USDX: how it is changed into the fiat dollar and back."""

    stock: str
    """What the treasury pays into the peg swap, of each of the two. [dollars]"""

    cap: str
    """Most that the peg swap may hold, of each of the two. [dollars]"""

    fee: str
    """Of what comes into the peg swap, either way."""

    tolerance: str
    """How far below par the oracle of a dollar may see it and it is still taken."""

    liquidity: str
    """Of each of the two in their StableSwap pool. [dollars]"""

    grant: str
    """What each named actor receives on a local chain. [USDX]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgoMarket:
    """The algorithmic dollar, of the guarded design: what its tokens are worth and who has them."""

    share_price: str
    """Opening price of the share. [US dollars, at most 8 decimals]"""

    shares: str
    """All shares there are at first; the deployer's. [SHARE]"""

    share_liquidity: str
    """Shares in their pool against the dollar, whose other side is worth the same. [SHARE]"""

    liquidity: str
    """Of each of the two in the StableSwap pool of ALGO and the fiat dollar. [dollars]"""

    window: int
    """The controller's prices are means over at least this time. [seconds]"""

    max_silence: int
    """How long the price of a pool stands in which nobody trades. [seconds]"""

    share_grant: str
    """What each named actor receives on a local chain. [SHARE]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Economy:
    """Every number of the standard economy; `dataclasses.replace` makes others from it."""

    weth: Market = Market(
        price="2000",
        liquidity="5000",
        borrow_ltv="75%",
        liquidation_ltv="80%",
        max_bonus="5%",
        cap="1000000",
        grant="100",
    )
    wbtc: Market = Market(
        price="30000",
        liquidity="300",
        borrow_ltv="70%",
        liquidation_ltv="75%",
        max_bonus="6%",
        cap="50000",
        grant="10",
    )
    peg: PegMarket = PegMarket(
        stock="1000000",
        cap="5000000",
        fee="0.05%",
        tolerance="1%",
        liquidity="1000000",
        grant="100000",
    )
    algo: AlgoMarket = AlgoMarket(
        share_price="2",
        shares="5000000",
        share_liquidity="1000000",
        liquidity="1000000",
        window=1_800,
        max_silence=10 * 365 * DAY,
        share_grant="10000",
    )
    cross_liquidity: str = "1500"
    """WETH in the pool of the two collaterals; "0" leaves that pool out. [WETH]"""

    pool_fee: str = "0.3%"
    stable_fee: str = "0.04%"
    """Of the pools of two dollars."""

    amplification: int = 100
    """Of the pools of two dollars: how far they believe in the peg. [1 to 10,000]"""

    cash: str = "10000000"
    """Dollars that the deployer lends to the lending pool at the start. [USD]"""

    minimum_debt: str = "100"
    """No loan may be smaller than this. [USD]"""

    target_health: str = "1.05"
    """Health factor that a partial liquidation restores."""

    reserve_factor: str = "10%"
    """Share of the interest that goes to the first-loss reserve."""

    base_rate: str = "0%"
    """Yearly interest at zero utilisation."""

    kink: str = "80%"
    """Utilisation at which the slope of the rate changes."""

    rate_at_kink: str = "5%"
    """Yearly interest at the kink."""

    rate_at_full: str = "100%"
    """Yearly interest when everything is lent out."""

    dollar_grant: str = "100000"
    """What each named actor receives on a local chain. [USD]"""

    max_price_age: int = DAY
    """Oldest price that the oracles accept. [seconds]"""

    @classmethod
    def modest(cls) -> Self:
        """The standard economy with a hundredth of an ether at stake, for public networks."""
        standard = cls()
        return replace(
            standard,
            weth=replace(standard.weth, liquidity="0.01"),
            wbtc=replace(standard.wbtc, liquidity="1"),
            cross_liquidity="0",
            algo=replace(standard.algo, max_silence=DAY),
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`. Raises `ParameterError` for parameters that do not exist."""
        try:
            return cls(**{**data, **{name: kind(**data[name]) for name, kind in _PARTS.items()}})
        except (KeyError, TypeError) as error:
            raise ParameterError(f"not the parameters of an economy: {error}") from error


_PARTS: Mapping[str, type[Any]] = {
    "weth": Market,
    "wbtc": Market,
    "peg": PegMarket,
    "algo": AlgoMarket,
}
"""Fields of an economy that have numbers of their own."""
