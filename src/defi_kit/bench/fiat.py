"""The fiat dollar's everyday verbs. No package registry carries a peer to measure beside it."""

from __future__ import annotations

from typing import Final

from ..chain import Chain
from ..stablecoins import FiatDollar
from .meter import Meter
from .report import Measured

__all__ = ["fiat_gas"]

DOLLARS: Final = 1_000 * 10**6
"""What is moved. [raw]"""


def fiat_gas(meter: Meter, chain: Chain) -> Measured:
    """Gas of a transfer and of a mint, to holders and to newcomers."""
    minter, holder, friend = (chain.account(name) for name in ("minter", "holder", "friend"))
    fiat = FiatDollar.deploy(chain)
    fiat.attest(10_000 * DOLLARS)
    fiat.configure_minter(minter, 10_000 * DOLLARS, 1_000 * DOLLARS)
    contract = fiat.dollar
    mint = contract.build("mint", holder, DOLLARS, sender=minter)
    pay = contract.build("transfer", friend, DOLLARS // 10, sender=holder)
    return {
        ("fiat_mint", "first"): meter.gas(mint),
        ("fiat_mint", "steady"): meter.steady(mint),
        ("fiat_transfer", "first"): meter.gas(pay),
        ("fiat_transfer", "steady"): meter.steady(pay),
    }
