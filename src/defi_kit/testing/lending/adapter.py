"""What every adapter does in the same way: tokens, wallets, gifts."""

from __future__ import annotations

from collections.abc import Sequence

from ...bindings import MockToken, ReentrantToken
from ...chain import Account, Chain
from ...chain.hashing import HasAddress, address_of
from ...units import MAX_UINT256
from .market import Terms

__all__ = ["PLENTY", "Adapter"]

PLENTY = 2**110
"""What `fund` gives of each token: more than anybody needs, and the sum of all fits in 128 bits.
[raw]"""


class Adapter:
    """Half of a `LendingMarket`: what does not depend on whose market it is.

    The other half is what `LendingMarket` has and this class has not: the verbs, `set_price` and
    `view`. The tokens must be of the kind that anyone may mint, such as `MockToken`.
    """

    def __init__(
        self,
        chain: Chain,
        address: HasAddress | str,
        terms: Terms,
        *,
        holders: Sequence[HasAddress | str] | None = None,
    ) -> None:
        """Args:
        address: whom its users pay.
        holders: where it keeps the asset, and each collateral, if not there.
        """
        self.chain = chain
        self.address = address_of(address)
        self.terms = terms
        tokens = (terms.asset, *(collateral.token for collateral in terms.collaterals))
        self.tokens = tuple(MockToken(chain, token) for token in tokens)
        """The asset, then each collateral."""
        self.holders = tuple(
            address_of(holder) for holder in holders or (self.address,) * len(tokens)
        )

    def fund(self, who: Account) -> None:
        """Gives `who` plenty of every token and lets the market take it."""
        for token in self.tokens:
            token.mint(who, PLENTY)
            token.approve(self.address, MAX_UINT256, sender=who)

    def wallet(self, who: Account | str) -> tuple[int, ...]:
        """What `who` holds outside: of the asset, and of each collateral. [raw]"""
        return tuple(token.balance_of(who) for token in self.tokens)

    def donate(self, who: Account, number: int | None, amount: int) -> None:
        """A plain transfer to where the market keeps the asset, or a collateral."""
        place = 0 if number is None else number + 1
        self.tokens[place].transfer(self.holders[place], amount, sender=who)

    def held(self) -> tuple[int, ...]:
        """The market's balances: of the asset, and of each collateral. [raw]"""
        pairs = zip(self.tokens, self.holders, strict=True)
        return tuple(token.balance_of(holder) for token, holder in pairs)

    def switch_token(self, place: int, off: bool) -> None:
        """Every transfer of the asset (place 0), or of a collateral, is refused; or no longer."""
        self.tokens[place].set_transfers_off(off)

    def hook(self, place: int) -> ReentrantToken:
        """The same token with its hook, for adapters that have `doors`."""
        return ReentrantToken(self.chain, self.tokens[place].address)

    def accrue(self) -> None:
        """Nothing, where interest needs no booking."""

    def max_borrow(self, who: Account) -> int:
        """No idea. A guess would only guide the machine."""
        return 0

    def impersonations(self, who: Account, victim: Account) -> Sequence[tuple[str, object]]:
        """None are known."""
        return ()
