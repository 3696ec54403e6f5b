"""A run on a dollar of cash: `stablecoins.bank_run` with an answer like the other designs' runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from ...errors import ParameterError
from ...stablecoins import (
    Bank,
    BankRun,
    BankRunDay,
    FractionalBank,
    HonestBank,
    SlowBank,
    bank_run,
)
from ...units import WAD

__all__ = ["BANKS", "FiatRun", "run_fiat"]

BANKS: Final = ("honest", "slow", "fractional")
DAY: Final = 86_400
UNIT: Final = 10**6
"""Base units in a dollar."""


@dataclass(frozen=True, slots=True)
class FiatRun:
    """How a run on the issuer went, in dollars and parts."""

    detail: BankRun
    """In integers, with every redemption."""

    @property
    def survived(self) -> bool:
        """Whether everybody who asked was paid, within patience."""
        return self.detail.survived

    @property
    def min_price(self) -> float:
        """Of a dollar."""
        return self.detail.min_price / WAD

    @property
    def final_price(self) -> float:
        """Of a dollar."""
        return self.detail.final_price / WAD

    @property
    def holders_loss(self) -> float:
        """Part of all dollars that the bank can never pay."""
        return self.detail.holders_loss / sum(self.detail.holdings)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON data; amounts in dollars."""
        return {
            "survived": self.survived,
            "min_price": self.min_price,
            "final_price": self.final_price,
            "holders_loss": self.holders_loss,
            "path": [_day(one) for one in self.detail.path],
        }


def _day(one: BankRunDay) -> dict[str, Any]:
    amounts = ("supply", "owed", "cash", "stated", "requested", "paid")
    return {
        "day": one.day,
        "dollar": one.price / WAD,
        **{name: getattr(one, name) / UNIT for name in amounts},
        "oldest_age": one.oldest_age,
    }


def run_fiat(
    bank: str = "fractional",
    *,
    kept: float | None = None,
    holders: int = 100,
    run_size: float = 0.2,
    days: int = 30,
    seed: int = 0,
) -> FiatRun:
    """Lets a rumour loose on the issuer of a fiat dollar whose bank is one of `BANKS`.

    Args:
        kept: part of the deposits that a fractional bank keeps as cash; a tenth unless said.
        holders: how many; what each holds is drawn, with a few large ones.
        run_size: part of the holders who redeem for no other reason on the first day.

    Raises ParameterError for an unknown bank or numbers that cannot be.

    >>> run_fiat("honest", seed=1).survived, run_fiat("fractional", kept=0.2, seed=1).survived
    (True, False)
    """
    if bank not in BANKS:
        raise ParameterError(f"no bank {bank!r}", hint=f"one of {', '.join(BANKS)}")
    if kept is not None and (bank != "fractional" or not 0 <= kept <= 1):
        raise ParameterError(
            f"a {bank} bank that keeps {kept} of its deposits",
            hint="only a fractional bank has a part to keep, from 0 to 1",
        )
    if not 0 <= run_size <= 1:
        raise ParameterError(f"run size {run_size} is not from 0 to 1")
    banks: dict[str, Bank] = {"honest": HonestBank(), "slow": SlowBank()}
    fractional = FractionalBank()
    if kept is not None:
        fractional = replace(fractional, kept=round(kept * 10**9) * 10**9)
    detail = bank_run(
        banks.get(bank, fractional),
        holders=holders,
        rumour=round(run_size * 10**9) * 10**9,
        days=days,
        seed=seed,
    )
    return FiatRun(detail)
