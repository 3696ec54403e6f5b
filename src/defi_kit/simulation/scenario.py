"""What a replay starts from: how many loans, how large, how safe, in what economy."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from defi_kit.errors import ParameterError
from defi_kit.simulation.instants import PRICE_DECIMALS
from defi_kit.units import WAD, Ratio, format_units, parse_units

if TYPE_CHECKING:
    from defi_kit.economy import Economy

__all__ = [
    "COLLATERAL_DECIMALS",
    "DOLLAR_DECIMALS",
    "LEAST_LOAN",
    "MOST_KEEPERS",
    "MOST_LOANS",
    "Plan",
    "Scenario",
]

MOST_LOANS = 1_000
MOST_KEEPERS = 100
LEAST_LOAN = "100"  # [dollars] the standard economy's minimum debt
DOLLAR_DECIMALS = 6
COLLATERAL_DECIMALS = 18
_UNLIMITED = "1000000000000000000"  # [tokens] cap of the collateral: about the most a pool holds
_NAME = re.compile(r"[\w.+-]{1,16}", re.ASCII)
_STEPS = 10**6  # resolution of the draw of a loan's size


class Plan(NamedTuple):
    """What one borrower wants."""

    name: str
    debt: int
    """[dollar units]"""
    ratio: int
    """Value of the collateral over the debt. [wad]"""

    def collateral(self, price: int) -> int:
        """Collateral for the wanted ratio at `price`, rounded up. [collateral units]"""
        value = -(-self.debt * self.ratio // WAD)
        scale: int = 10 ** (COLLATERAL_DECIMALS + PRICE_DECIMALS - DOLLAR_DECIMALS)
        return -(-value * scale // price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Forty loans, from risky to safe. Every value is exact text, as a person writes it.

    Raises `ParameterError` for values that do not fit together.
    """

    asset: str = "WETH"
    """What the collateral is called in the records; on the chain it is wrapped ether."""
    loans: int = 40
    """1 to 1,000."""
    lowest_ratio: str = "140%"
    """Collateral over debt of the riskiest loan; `lowest_ratio * borrow_ltv` is at least one."""
    highest_ratio: str = "300%"
    """Of the safest loan; the others lie evenly between."""
    smallest_loan: str = "2000"
    """[dollars]"""
    largest_loan: str = "150000"
    """[dollars]; small loans are more frequent than large ones."""
    borrow_ltv: str = "75%"
    liquidation_ltv: str = "80%"
    max_bonus: str = "5%"
    """Largest liquidation bonus; `(1 + max_bonus) * liquidation_ltv` stays below one."""
    liquidity: str = "5000000"
    """Dollars in the exchange's pool at the start, against as much collateral."""
    utilisation: str = "70%"
    """Share of the lenders' money that the loans take at the start."""
    reopen_after: int | None = None
    """A borrower whose loan was closed opens a new one of the same size and ratio this much later,
    or when the lenders have the cash again; None: never. [seconds]"""
    keepers: int = 3
    """How many compete for every liquidation: 1 to 100."""
    gas_cost: str = "0"
    """What a keeper pays for the gas of a liquidation. [dollars]"""
    seed: int = 2020
    """Of the loans' sizes, and of which keeper is first."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.asset):
            raise ParameterError(
                f"an asset called {self.asset!r}",
                hint="a name has 1 to 16 letters, digits or . _ + -",
            )
        if self.asset == "USD":
            raise ParameterError(
                "an asset called USD, as the dollars that are lent",
                hint="name the asset whose price the history is, such as EUR or WBTC",
            )
        self._check_units()
        self._check_ratios()
        self._check_sizes()

    def _check_units(self) -> None:
        """A ratio of 5 is 500 %; whoever writes it for a bonus means 5 %."""
        for name, most in (
            ("lowest_ratio", 20 * WAD),
            ("highest_ratio", 20 * WAD),
            ("borrow_ltv", WAD),
            ("liquidation_ltv", WAD),
            ("max_bonus", WAD),
            ("utilisation", WAD + 1),
        ):
            text = getattr(self, name)
            if _ratio(text) >= most and not text.strip().endswith("%"):
                raise ParameterError(
                    f"{name.replace('_', ' ')} {text} is {Ratio.parse(text)}",
                    hint=f'did you mean "{text}%"?',
                )

    def _check_ratios(self) -> None:
        low, high = _ratio(self.lowest_ratio), _ratio(self.highest_ratio)
        borrow, liquidation = _ratio(self.borrow_ltv), _ratio(self.liquidation_ltv)
        if not 0 < borrow < liquidation < WAD:
            raise ParameterError(
                f"borrow LTV {self.borrow_ltv} and liquidation LTV {self.liquidation_ltv}",
                hint="0 < borrow LTV < liquidation LTV < 100%",
            )
        if (WAD + _ratio(self.max_bonus)) * liquidation >= WAD * WAD:
            raise ParameterError(
                f"a bonus of {self.max_bonus} at a liquidation LTV of {self.liquidation_ltv}",
                hint="(1 + bonus) * liquidation LTV must stay below 100%, or a liquidation would "
                "seize more than there is",
            )
        if low > high:
            raise ParameterError(
                f"collateral ratios from {self.lowest_ratio} down to {self.highest_ratio}",
                hint="give the lowest first",
            )
        if low * borrow < WAD * WAD:
            raise ParameterError(
                f"a collateral ratio of {self.lowest_ratio} with a borrow LTV of {self.borrow_ltv}",
                hint=f"such a loan cannot be opened; the ratio is at least {_percent_up(borrow)}",
            )
        if not 0 < _ratio(self.utilisation) <= WAD:
            raise ParameterError(
                f"a utilisation of {self.utilisation}", hint="above 0% and up to 100%"
            )

    def _check_sizes(self) -> None:
        if not isinstance(self.loans, int) or not 1 <= self.loans <= MOST_LOANS:
            raise ParameterError(f"{self.loans} loans", hint=f"from 1 to {MOST_LOANS:,} loans")
        smallest, largest = _dollars(self.smallest_loan), _dollars(self.largest_loan)
        if not _dollars(LEAST_LOAN) <= smallest <= largest:
            raise ParameterError(
                f"loans from {self.smallest_loan} to {self.largest_loan} dollars",
                hint=f"{LEAST_LOAN} dollars at least, and the smallest first",
            )
        if _dollars(self.liquidity) < _dollars("1000"):
            raise ParameterError(
                f"liquidity of {self.liquidity} dollars", hint="1,000 dollars at least"
            )
        if self.reopen_after is not None and self.reopen_after < 1:
            raise ParameterError(f"reopening after {self.reopen_after} seconds")
        if not isinstance(self.keepers, int) or not 1 <= self.keepers <= MOST_KEEPERS:
            raise ParameterError(f"{self.keepers} keepers", hint=f"from 1 to {MOST_KEEPERS}")
        _dollars(self.gas_cost)
        if not isinstance(self.seed, int) or self.seed < 0:
            raise ParameterError(f"a seed of {self.seed}", hint="a seed is a whole number from 0")

    def plans(self) -> Iterator[Plan]:
        """The wanted loans, the riskiest first; the same for the same seed everywhere."""
        draw = random.Random(self.seed)
        low, high = _ratio(self.lowest_ratio), _ratio(self.highest_ratio)
        smallest, largest = _dollars(self.smallest_loan), _dollars(self.largest_loan)
        for number in range(self.loans):
            ratio = low + (high - low) * number // max(1, self.loans - 1)
            luck = draw.randrange(_STEPS + 1)
            debt = smallest + (largest - smallest) * luck * luck // _STEPS**2
            whole = 10**DOLLAR_DECIMALS
            yield Plan(f"borrower {number + 1}", max(smallest, debt // whole * whole), ratio)

    def economy(self, price: int) -> Economy:
        """The economy to deploy when the collateral opens at `price`. [dollars, 8 decimals]"""
        from dataclasses import replace

        from defi_kit.economy import Economy

        standard = Economy()
        lent = sum(plan.debt for plan in self.plans())
        cash = -(-lent * WAD // _ratio(self.utilisation))
        depth = _dollars(self.liquidity) * 10 ** (
            COLLATERAL_DECIMALS + PRICE_DECIMALS - DOLLAR_DECIMALS
        )
        market = replace(
            standard.weth,
            price=format_units(price, PRICE_DECIMALS),
            liquidity=format_units(depth // price, COLLATERAL_DECIMALS),
            borrow_ltv=self.borrow_ltv,
            liquidation_ltv=self.liquidation_ltv,
            max_bonus=self.max_bonus,
            cap=_UNLIMITED,
            grant="0",
        )
        return replace(
            standard,
            weth=market,
            wbtc=replace(standard.wbtc, grant="0"),
            cross_liquidity="0",
            cash=format_units(cash, DOLLAR_DECIMALS),
            dollar_grant="0",
        )


def _ratio(text: str) -> int:
    return Ratio.parse(text).wad


def _percent_up(borrow_ltv: int) -> str:
    """The least collateral ratio for a borrow LTV, in percent with two digits."""
    hundredths = -(-(10**4) * WAD // borrow_ltv)
    return f"{hundredths // 100}.{hundredths % 100:02}%"


def _dollars(text: str) -> int:
    return parse_units(text, DOLLAR_DECIMALS)
