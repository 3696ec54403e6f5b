"""The peg swap's two verbs. No package registry carries a peer to measure beside it."""

from __future__ import annotations

from typing import Final

from .. import bindings
from ..chain import Chain
from ..stablecoins import PegSwap, PegTerms
from ..tokens import Token
from ..units import MAX_UINT256
from .meter import Meter
from .report import Measured

__all__ = ["peg_gas"]

WHOLE: Final = 10**18
"""Both tokens have 18 decimals."""


def peg_gas(meter: Meter, chain: Chain) -> Measured:
    """Gas of a swap each way, to holders and to newcomers; no oracle asked, as peers ask none."""
    mocks = [bindings.StandardToken.deploy(chain, symbol, 18) for symbol in ("CASH", "COIN")]
    backing, dollar = (Token(chain, mock.address) for mock in mocks)
    bank, holder = chain.account("bank"), chain.account("swapper")
    terms = PegTerms(backing, "0.01%"), PegTerms(dollar, "0.01%")
    swap = PegSwap.deploy(chain, *terms, treasury=bank)
    for mock in mocks:
        for who in (bank, holder):
            mock.mint(who, 1_000_000 * WHOLE)
            mock.approve(swap.address, MAX_UINT256, sender=who)
    for token in (backing, dollar):
        swap.fund(token(100_000))

    gas: Measured = {}
    for verb, solidity in (("peg_swap_in", "swapIn"), ("peg_swap_out", "swapOut")):
        build = swap.contract.build
        to_newcomer = build(solidity, 1_000 * WHOLE, meter.newcomer(), sender=holder)
        to_holder = build(solidity, 1_000 * WHOLE, holder, sender=holder)
        gas = {
            **gas,
            (verb, "first"): meter.gas(to_newcomer),
            (verb, "steady"): meter.steady(to_holder),
        }
    return gas
