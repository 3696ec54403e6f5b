"""A lending market as its users see it: what an adapter has to offer so that it can be tested.

Whoever writes these few functions for a pool gets `LendingMachine`, its adversaries and its
invariants for it. People are named accounts of the market's chain; amounts are raw units of the
token; a verb that the market refuses raises `defi_kit.errors.Reverted` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from ...bindings import ReentrantToken
from ...chain import Account, Chain
from ..doors import Door

__all__ = [
    "ClaimSender",
    "Collateral",
    "FlashLender",
    "Hooked",
    "LendingMarket",
    "Position",
    "Terms",
    "TokenSwitch",
    "View",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral:
    """What may be posted for a loan, and on which terms."""

    token: str
    """Address of the ERC-20."""
    decimals: int
    borrow_ltv: int
    """Debt at most this part of the value when borrowing. [WAD]"""
    liquidation_ltv: int
    """Debt above this part of the value can be liquidated. [WAD]"""
    max_bonus: int
    """What a liquidator may gain at most over what it repays. [WAD]"""
    price: int
    """Opening price of a raw unit. [raw units of the asset, scaled by 1e36]"""
    cap: int | None = None
    """The most that the market takes in all. [raw]"""
    symbol: str = ""
    """What a story calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is fixed when the market is made."""

    asset: str
    """Address of the ERC-20 that is lent and borrowed."""
    decimals: int
    collaterals: tuple[Collateral, ...]
    minimum_debt: int = 0
    """No loan may be smaller. [asset]"""
    dust: int = 0
    """Collateral worth no more than this need not be liquidated. [asset]"""
    rounding: int = 2
    """By how much a single call may round in favour of its caller: more than this is a violation.
    Where several roundings add up, as of an index and of a balance, at each accrual and each call,
    say their sum. [asset]"""
    reserve_share: int | None = None
    """The part of the interest that the market keeps from its lenders; None where that is not to be
    checked. [WAD]"""
    symbol: str = ""
    """What a story calls the asset."""
    exempt: Mapping[str, str] = field(default_factory=dict)
    """Invariants that this market does not promise, each with the reason: {"L4": "…"}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What one account has in the market, with interest to the last block."""

    supplied: int
    """What its claim would pay, rounded down. [asset]"""
    shares: int
    """The claim in the market's own count; equal to `supplied` where there is none."""
    debt: int
    """What repaying in full would cost, rounded up. [asset]"""
    debt_shares: int
    """The debt in the market's own count; equal to `debt` where there is none."""
    collateral: tuple[int, ...]
    """Of each collateral. [raw]"""
    healthy: bool | None
    """What the market itself says; None while it does not know, as when an oracle refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The market at one moment: the latest block, with interest to its time."""

    now: int
    """Of the latest block. [s]"""
    positions: Mapping[str, Position]
    """Account's address → position, for those that were asked for."""
    total_supplied: int
    """What all claims together would pay. [asset]"""
    total_shares: int | None
    """Of all lenders, or None where that is no sum of `Position.shares`, with the reserve's."""
    total_debt: int
    """What all borrowers owe. [asset]"""
    total_debt_shares: int | None
    """What the borrowers' `Position.debt_shares` add up to, or None."""
    cash: int
    """What the market believes it has to lend or to pay out. [asset]"""
    held: tuple[int, ...]
    """Its balances: of the asset, and of each collateral. [raw]"""
    collateral: tuple[int, ...]
    """What it believes it holds of each collateral, for all. [raw]"""
    reserve: int | None = None
    """What the market keeps for itself of debts and cash, and no lender owns; None where that is
    not told, or is a claim as any lender's. [asset]"""
    wallets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Account's address → what it holds outside, as `LendingMarket.wallet` says it, where that
    comes along with the rest; who is missing is asked for."""


@runtime_checkable
class LendingMarket(Protocol):
    """One asset, lent against collaterals. Fifteen functions; the tutorial,
    docs/property-test-your-own-pool.md, has a worked one.

    `supply`, `supply_collateral` and `repay` may have one more parameter, `to: Account | None =
    None`, where one can do so for another; `withdraw`, `withdraw_collateral` and `borrow`, where
    another can be paid. The machine then tries that as well.

    An adapter keeps no state of its own that the chain's snapshots would not undo; one that does
    (a twin) also has `remember() -> object` and `recall(object) -> None`.
    """

    chain: Chain
    terms: Terms
    address: str
    """Where the tokens are held; for donations."""

    def fund(self, who: Account) -> None:
        """Gives an account plenty of every token and lets the market take it."""
        ...

    def supply(self, who: Account, assets: int) -> None:
        """`who` lends."""
        ...

    def withdraw(self, who: Account, assets: int) -> None:
        """`who` takes back what it lent."""
        ...

    def supply_collateral(self, who: Account, number: int, amount: int) -> None:
        """`who` posts so much of collateral `number`."""
        ...

    def withdraw_collateral(self, who: Account, number: int, amount: int) -> None:
        """`who` takes back collateral."""
        ...

    def borrow(self, who: Account, assets: int) -> None:
        """`who` borrows against its collateral."""
        ...

    def repay(self, who: Account, assets: int) -> None:
        """`who` pays back; more than it owes pays all."""
        ...

    def liquidate(self, who: Account, account: Account, number: int, assets: int) -> None:
        """`who` repays up to so much of the account's debt for collateral `number`; MAX_UINT256
        for as much as the market allows."""
        ...

    def set_price(self, number: int, price: int | None) -> int | None:
        """The oracle's price of collateral `number` from now on, as `Collateral.price`; None makes
        it refuse. Returns the price in force where the oracle rounds it, else None."""
        ...

    def accrue(self) -> None:
        """Books the interest until now. Anybody may."""
        ...

    def view(self, people: Sequence[Account]) -> View:
        """What it shows now."""
        ...

    def wallet(self, who: Account | str) -> tuple[int, ...]:
        """What an account holds outside: of the asset, and of each collateral. [raw]"""
        ...

    def donate(self, who: Account, number: int | None, amount: int) -> None:
        """A plain transfer to the market, of the asset or of a collateral."""
        ...

    def max_borrow(self, who: Account) -> int:
        """The most that `who` could borrow now. A guess will do: it only guides the machine."""
        ...

    def impersonations(self, who: Account, victim: Account) -> Sequence[tuple[str, object]]:
        """Calls by which `who` tries to spend what is `victim`'s: (name, callable without
        arguments). None of them may succeed in taking anything. Try each verb with a little, half
        and all of what the victim has: a check may be left out for some amounts only."""
        ...


@runtime_checkable
class ClaimSender(Protocol):
    """A market whose lenders can send one another what they lent."""

    def transfer(self, who: Account, to: Account, assets: int) -> None:
        """`who` sends so much of its claim."""
        ...


@runtime_checkable
class FlashLender(Protocol):
    """A market that lends without collateral within a transaction."""

    def flash_loan(self, who: Account, assets: int, repaid: int) -> None:
        """`who` borrows through a receiver contract that gives back so much."""
        ...


@runtime_checkable
class TokenSwitch(Protocol):
    """A market among tokens that can be made to refuse every transfer."""

    def switch_token(self, place: int, off: bool) -> None:
        """Of the asset (place 0), or of collateral number place - 1."""
        ...


@runtime_checkable
class Hooked(Protocol):
    """A market among tokens that call back when they are moved: `ReentrantToken`s."""

    def doors(self, who: Account) -> Sequence[Door]:
        """What such a token calls in the middle of something else: verbs for the good of `who`,
        which is the token itself, with about half of what it has or may have; and prices shown."""
        ...

    def hook(self, place: int) -> ReentrantToken:
        """The token, to be armed with a door: the asset (place 0), or collateral place - 1."""
        ...
