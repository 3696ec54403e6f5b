"""A pool of two tokens as its users see it: what an adapter has to offer so that it can be tested.

Whoever writes these few functions gets `PairMachine`, its adversaries and its invariants. People
are named accounts of the pool's chain, sides are 0 and 1, amounts are raw units. A verb that the
pool refuses raises `defi_kit.errors.Reverted` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isqrt
from typing import Any, Final, Protocol, runtime_checkable

from ...bindings import MockToken, ReentrantToken
from ...chain import Account, Chain
from ...chain.hashing import HasAddress, address_of
from ...units import MAX_UINT256
from ..doors import Door
from ..words import symbols_of

__all__ = ["Door", "PairAdapter", "PairMarket"]

Calls = Sequence[tuple[str, Callable[[], Any]]]
"""What each does, and the call that does it."""

PLENTY: Final = 2**110
"""What `fund` gives of each token. [raw]"""


@runtime_checkable
class PairMarket(Protocol):
    """Two tokens for each other; `PairAdapter` has the half that does not depend on whose pool."""

    chain: Chain
    decimals: tuple[int, int]
    fee: int
    """At least this part of what is sold stays with the pool. [pips: millionths]"""
    exempt: Mapping[str, str]
    """Invariants that the pool does not promise, each with the reason: {"X6": "…"}."""

    def fund(self, who: Account) -> None:
        """Gives `who` plenty of both tokens and lets the pool take them."""

    def wallet(self, who: Account) -> tuple[int, int]:
        """What `who` holds outside, of each token. [raw]"""

    def held(self) -> tuple[int, int]:
        """The balances of whatever keeps the tokens. [raw]"""

    def donate(self, who: Account, side: int, amount: int) -> None:
        """A plain transfer to where the tokens are kept."""

    def add(self, who: Account, amount0: int, amount1: int) -> None:
        """`who` joins with at most so much of each."""

    def remove(self, who: Account, shares: int) -> None:
        """`who` leaves with so many shares."""

    def swap(self, who: Account, side: int, amount: int, least: int) -> None:
        """`who` sells `amount` of the token of that side for at least so much of the other."""

    def quote(self, side: int, amount: int) -> int:
        """What that would fetch now."""

    def reserves(self) -> tuple[int, int]:
        """What the pool believes it has of each."""

    def supply(self) -> int:
        """Shares of all."""

    def shares(self, who: Account) -> int:
        """Shares of one."""

    def liquidity(self, reserve0: int, reserve1: int) -> int:
        """The curve's invariant, in such a measure that twice the reserves have twice as much."""

    def deliveries(self, who: Account, to: Account) -> Calls:
        """Calls of `who` whose proceeds, tokens or shares, are all for `to`: ("swap", lambda: …).
        None where verbs name nobody."""

    def impersonations(self, who: Account, victim: Account) -> Calls:
        """Calls of `who` that would spend what is the victim's."""

    def doors(self, who: Account) -> Sequence[Door]:
        """What anybody may call, for the good of `who`, and what a token tries that calls back,
        where the tokens do: `ReentrantToken`s. None where there is nothing like that."""

    def hook(self, side: int) -> ReentrantToken:
        """The token of that side, to be armed with a door."""


class PairAdapter:
    """Half of a `PairMarket`: what does not depend on whose pool it is.

    The other half is `add`, `remove`, `swap`, `quote`, `reserves`, `supply` and `shares`. The
    tokens must be of the kind that anyone may mint, such as `MockToken`.
    """

    fee = 0
    exempt: Mapping[str, str] = {}

    def __init__(
        self,
        chain: Chain,
        tokens: tuple[HasAddress | str, HasAddress | str],
        spender: HasAddress | str,
        keeper: HasAddress | str | None = None,
    ) -> None:
        """Args:
        spender: whom its users pay.
        keeper: where the tokens are kept, if not there.
        """
        self.chain = chain
        self.tokens = tuple(MockToken(chain, address_of(token)) for token in tokens)
        first, second = (token.decimals() for token in self.tokens)
        self.decimals = first, second
        self.symbols = symbols_of(self.tokens, "token")
        self.spender = address_of(spender)
        self.keeper = address_of(spender if keeper is None else keeper)

    def fund(self, who: Account) -> None:
        """Gives `who` plenty of both tokens and lets the pool take them."""
        for token in self.tokens:
            token.mint(who, PLENTY)
            token.approve(self.spender, MAX_UINT256, sender=who)

    def wallet(self, who: Account) -> tuple[int, int]:
        """What `who` holds outside, of each token. [raw]"""
        first, second = (token.balance_of(who) for token in self.tokens)
        return first, second

    def held(self) -> tuple[int, int]:
        """The balances of whatever keeps the tokens. [raw]"""
        first, second = (token.balance_of(self.keeper) for token in self.tokens)
        return first, second

    def donate(self, who: Account, side: int, amount: int) -> None:
        """A plain transfer to where the tokens are kept."""
        self.tokens[side].transfer(self.keeper, amount, sender=who)

    def liquidity(self, reserve0: int, reserve1: int) -> int:
        """The root of the product, in 2**-96: what a constant product keeps."""
        return isqrt(reserve0 * reserve1 << 192)

    def deliveries(self, who: Account, to: Account) -> Calls:
        """None."""
        return ()

    def impersonations(self, who: Account, victim: Account) -> Calls:
        """None."""
        return ()

    def doors(self, who: Account) -> Sequence[Door]:
        """None."""
        return ()

    def hook(self, side: int) -> ReentrantToken:
        """The same token with its hook, for adapters that have doors."""
        return ReentrantToken(self.chain, self.tokens[side].address)
