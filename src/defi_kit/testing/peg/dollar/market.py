"""A dollar as its holders see it: what an adapter has to offer so that it can be tested.

Whoever writes these few functions gets `DollarMachine`, its adversaries and its invariants. People
are named accounts of the dollar's chain, amounts are raw units, *assets* are what it is minted for
and redeemed in, by number. A verb that the dollar refuses raises `defi_kit.errors.Reverted` and
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from ....bindings import MockToken
from ....chain import Account, Chain
from ....chain.hashing import HasAddress, address_of
from ....errors import NotSupported
from ....units import MAX_UINT256
from ...words import symbols_of

__all__ = ["DollarAdapter", "DollarMarket"]

Calls = Sequence[tuple[str, Callable[[], Any]]]
"""What each does, and the call that does it."""
PLENTY: Final = 2**110
"""What `fund` gives of each asset. [raw]"""


@runtime_checkable
class DollarMarket(Protocol):
    """A dollar; `DollarAdapter` has the half that does not depend on whose it is."""

    chain: Chain
    decimals: int
    """Of the dollar."""
    asset_decimals: tuple[int, ...]
    own: frozenset[int]
    """Assets, by number, that the dollar itself mints and burns, such as its shares."""
    stoppable: bool
    """Whether `stop` does something."""
    freezable: bool
    """Whether `freeze` does something."""
    rounding: int
    """Units of each asset by which a redemption may fall short of its exact worth: one for each
    time that it rounds. [raw]"""
    exempt: Mapping[str, str]
    """Invariants that the dollar does not promise, each with the reason: {"S5": "…"}."""

    def fund(self, who: Account) -> None:
        """Gives `who` plenty of every asset and lets the dollar take them."""

    def wallet(self, who: Account) -> tuple[int, ...]:
        """What `who` holds of each asset. [raw]"""

    def held(self) -> tuple[int, ...]:
        """The balances of whoever keeps the assets. [raw]"""

    def reserve(self) -> tuple[int, ...]:
        """What stands behind the dollar by its books: gifts need not be in it. [raw]"""

    def donate(self, who: Account, number: int, amount: int) -> None:
        """A plain transfer of an asset to where it is held."""

    def mint(self, who: Account, amount: int) -> None:
        """`who` pays for about so many dollars."""

    def redeem(self, who: Account, amount: int) -> None:
        """`who` gives so many dollars back."""

    def quote(self, amount: int) -> tuple[int, ...]:
        """What that would pay now, of each asset."""

    def transfer(self, who: Account, to: Account, amount: int) -> None:
        """Dollars from one to another."""

    def approve(self, who: Account, spender: Account, amount: int) -> None:
        """Lets `spender` move so many dollars of `who`."""

    def transfer_from(self, who: Account, owner: Account, to: Account, amount: int) -> None:
        """`who` moves dollars of `owner`."""

    def balance(self, who: Account) -> int:
        """Dollars of one. [raw]"""

    def allowance(self, owner: Account, spender: Account) -> int:
        """What `spender` may move. [raw]"""

    def supply(self) -> int:
        """Dollars of all that hold some. [raw]"""

    def set_price(self, number: int, price: int | None) -> None:
        """What the oracle of an asset says from now on: raw dollars for a raw unit, times 1e36.
        None: it refuses."""

    def prices(self) -> tuple[Fraction | None, ...]:
        """What the oracles say: raw dollars for a raw unit; None where one refuses."""

    def worth(self, amounts: Sequence[int]) -> Fraction:
        """What so much of each asset counts for by the dollar's rules. [raw dollars]"""

    def floor(self) -> Fraction:
        """What has to stand behind each dollar, in what `reserve` is worth; 1 for all of it."""

    def promised(self, amount: int) -> Fraction:
        """What redeeming so much has to be worth now at least, but for rounding. [raw dollars]"""

    def room(self) -> int:
        """Dollars that may still be minted. [raw]"""

    def stop(self, stopped: bool) -> None:
        """Stops every movement, where that can be done, or lets go again."""

    def freeze(self, who: Account, frozen: bool) -> None:
        """Keeps one's dollars where they are, where that can be done, or lets go again."""

    def impersonations(self, who: Account, victim: Account) -> Calls:
        """Calls of `who` that would spend what is the victim's: ("redeem", lambda: …)."""

    def reserved(self, who: Account) -> Calls:
        """Calls of `who` that only officers may make, such as ("pause", lambda: …)."""

    def deliveries(self, who: Account, to: Account) -> Calls:
        """Calls of `who` that pay for what is all for `to`; none where verbs name nobody."""


class DollarAdapter:
    """Half of a `DollarMarket`: what does not depend on whose dollar it is.

    The other half is `mint`, `redeem`, `quote`, `set_price` and `prices`. The assets must be of the
    kind that anyone may mint, such as `MockToken`; the dollar has to be an ERC-20.
    """

    own: frozenset[int] = frozenset()
    stoppable = False
    freezable = False
    exempt: Mapping[str, str] = {}
    rounding = 2
    fee = Fraction(0)
    """Part of a redemption that is kept."""

    def __init__(
        self,
        chain: Chain,
        dollar: HasAddress | str,
        assets: Sequence[HasAddress | str],
        keeper: HasAddress | str | None = None,
    ) -> None:
        """Args:
        dollar: the token.
        assets: what it is minted for, and redeemed in.
        keeper: who takes and holds the assets, if not the token.
        """
        self.chain = chain
        self.dollar = MockToken(chain, address_of(dollar))
        self.decimals = self.dollar.decimals()
        self.assets = tuple(MockToken(chain, address_of(asset)) for asset in assets)
        self.asset_decimals = tuple(asset.decimals() for asset in self.assets)
        self.symbols = symbols_of(self.assets, "asset")
        self.keeper = address_of(dollar if keeper is None else keeper)

    def fund(self, who: Account) -> None:
        """Gives `who` plenty of every asset and lets the dollar take them."""
        for asset in self.assets:
            asset.mint(who, PLENTY)
            asset.approve(self.keeper, MAX_UINT256, sender=who)

    def wallet(self, who: Account) -> tuple[int, ...]:
        """What `who` holds of each asset. [raw]"""
        return tuple(asset.balance_of(who) for asset in self.assets)

    def held(self) -> tuple[int, ...]:
        """The keeper's balances; none of what the dollar itself can mint. [raw]"""
        return tuple(
            0 if number in self.own else asset.balance_of(self.keeper)
            for number, asset in enumerate(self.assets)
        )

    def reserve(self) -> tuple[int, ...]:
        """All that is held, gifts as well. [raw]"""
        return self.held()

    def donate(self, who: Account, number: int, amount: int) -> None:
        """A plain transfer to the keeper."""
        self.assets[number].transfer(self.keeper, amount, sender=who)

    def transfer(self, who: Account, to: Account, amount: int) -> None:
        """ERC-20."""
        self.dollar.transfer(to, amount, sender=who)

    def approve(self, who: Account, spender: Account, amount: int) -> None:
        """ERC-20."""
        self.dollar.approve(spender, amount, sender=who)

    def transfer_from(self, who: Account, owner: Account, to: Account, amount: int) -> None:
        """ERC-20."""
        self.dollar.transfer_from(owner, to, amount, sender=who)

    def balance(self, who: Account) -> int:
        """ERC-20. [raw]"""
        return self.dollar.balance_of(who)

    def allowance(self, owner: Account, spender: Account) -> int:
        """ERC-20. [raw]"""
        return self.dollar.allowance(owner, spender)

    def supply(self) -> int:
        """ERC-20. [raw]"""
        return self.dollar.total_supply()

    if TYPE_CHECKING:  # what every adapter has, used below: it is missed where it is not written

        def prices(self) -> tuple[Fraction | None, ...]: ...

    def worth(self, amounts: Sequence[int]) -> Fraction:
        """At the oracles' prices. [raw dollars]"""
        prices = self.prices()
        pairs = zip(amounts, prices, strict=True)
        return sum((amount * (price or Fraction(0)) for amount, price in pairs), Fraction(0))

    def floor(self) -> Fraction:
        """All of it."""
        return Fraction(1)

    def promised(self, amount: int) -> Fraction:
        """A dollar less the fee, but no more than its part of the reserve. [raw dollars]"""
        supply = self.supply()
        part = amount * self.worth(self.reserve()) / supply if supply else Fraction(0)
        return min(amount * (1 - self.fee), part)

    def room(self) -> int:
        """No end of it, but none while an oracle refuses."""
        return 0 if None in self.prices() else MAX_UINT256

    def stop(self, stopped: bool) -> None:
        """Cannot be done."""
        raise NotSupported("nobody can stop it", hint="stoppable says so: machines do not try")

    def freeze(self, who: Account, frozen: bool) -> None:
        """Cannot be done."""
        raise NotSupported("nobody can freeze it", hint="freezable says so: machines do not try")

    def impersonations(self, who: Account, victim: Account) -> Calls:
        """What ERC-20 has."""
        return (("transfer_from", lambda: self.transfer_from(who, victim, who, 1)),)

    def reserved(self, who: Account) -> Calls:
        """None."""
        return ()

    def deliveries(self, who: Account, to: Account) -> Calls:
        """None."""
        return ()
