"""A dollar as the machine sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from defi_kit.bindings import MockOracle, MockToken, SimpleDollar
from defi_kit.chain import Account, Chain
from defi_kit.testing.peg.dollar import DollarAdapter

PRICE = 2_000 * 10 ** (36 + 18 - 8)  # raw dollars for 1e-8 BTC, times 1e36
CAP = 10**9 * 10**18


class MyDollar(DollarAdapter):
    """SimpleDollar, minted for bitcoin."""

    fee = Fraction(1, 1_000)
    stoppable = True

    def __init__(self, chain: Chain, deploy: Callable[..., Any] = SimpleDollar.deploy) -> None:
        btc, self.oracle = MockToken.deploy(chain, "BTC", 8), MockOracle.deploy(chain, PRICE)
        self.contract = deploy(chain, btc, self.oracle, CAP)
        super().__init__(chain, self.contract, (btc,))

    def mint(self, who: Account, amount: int) -> None:
        self.contract.mint(amount, sender=who)

    def redeem(self, who: Account, amount: int) -> None:
        self.contract.redeem(amount, who, sender=who)

    def quote(self, amount: int) -> tuple[int, ...]:
        return (self.contract.quote(amount),)

    def set_price(self, number: int, price: int | None) -> None:
        self.oracle.set_reverting(price is None)
        self.oracle.set_price(price or 0)

    def prices(self) -> tuple[Fraction | None, ...]:
        off = self.oracle.reverting()
        return (None if off else Fraction(self.oracle.answer(), 10**36),)

    def reserve(self) -> tuple[int, ...]:
        return (self.contract.reserve(),)

    def room(self) -> int:
        return 0 if self.oracle.reverting() else CAP - self.supply()

    def stop(self, stopped: bool) -> None:
        self.contract.set_stopped(stopped)

    def impersonations(
        self, who: Account, victim: Account
    ) -> Sequence[tuple[str, Callable[[], Any]]]:
        redeem = ("redeem", lambda: self.contract.redeem(1, victim, sender=who))
        return (*super().impersonations(who, victim), redeem)
