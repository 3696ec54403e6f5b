"""The numbered invariants that a replay checks at every step, over what the chain itself says.

A `Books` is read from the chain and knows nothing of how it came about; `check` compares two of
them with what was done in between. Numbers as in the rooms' READMEs:

X1 the product of a pool's reserves never falls on a swap and rises with the fee; X2 nor does it per
liquidity share; X3 the exchange holds its pools' reserves; X4 liquidity shares add up; X7 a quote
equals its execution; X9 no trade beats the marginal price. L1 shares add up to their totals on both
sides; L2 borrowed is at most what was supplied; L3 the pool holds its cash and collateral; L4 debt
implies collateral above dust after a liquidation; L5 only unhealthy accounts are liquidated; L6 the
lenders' share price falls only by bad debt; L9 while bonus and LTV leave room, a liquidation raises
health and makes no bad debt; L10 a liquidator gets at most what it repaid and the bonus, and no
more than there is; L11 nobody else's debt or collateral moves; L13 a preview equals its execution.
K1 a keeper's contract holds and allows nothing between calls; K2 its owner gets what the collateral
fetched beyond what was repaid, never less than asked for; K3 no account is left whose liquidation
pays; K4 a keeper that comes too late loses nothing.
S1 dollars add up to their supply; S2 a minter's allowance falls by what it mints. T1, T2 the Python
twins of exchange and lending pool say the same as the chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from defi_kit.units import WAD

__all__ = [
    "BPS",
    "ELSEWHERE",
    "NUMBERS",
    "PRICE_SCALE",
    "Acts",
    "Books",
    "Finding",
    "Outcome",
    "Position",
    "Strike",
    "Terms",
    "Trade",
    "check",
    "natural",
]

NUMBERS = (
    *("X1", "X2", "X3", "X4", "X7", "X9"),
    *("L1", "L2", "L3", "L4", "L5", "L6", "L9", "L10", "L11", "L13"),
    *("K1", "K2", "K3", "K4", "S1", "S2", "T1", "T2"),
)
"""Every invariant that is checked here."""

ELSEWHERE = (
    *("X5", "X6", "X8", "X10", "X12"),
    *("L7", "L8", "L12", "L14", "L15", "L16"),
    "S3",
)
"""Invariants that a price history does not put to the test: they need somebody who attacks, or
oracles that die. The tests of the rooms are that somebody."""

BPS = 10_000
PRICE_SCALE = 10**36


def natural(number: str) -> tuple[str, int]:
    """Key that sorts L2 before L10."""
    return number[:1], int(number[1:])


class Position(NamedTuple):
    """One account in the lending pool."""

    debt_shares: int
    collateral: int
    """[collateral units]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the chain says at one moment. Token amounts are in base units."""

    reserves: tuple[int, int]
    """Of the pool of collateral and dollars, in the pool's order."""
    liquidity: int
    """Liquidity shares of that pool."""
    liquidity_held: int
    """Liquidity shares of everyone known, the locked minimum included."""
    exchange_owes: tuple[int, int]
    """Reserves of all pools: dollars, collateral."""
    exchange_holds: tuple[int, int]
    """Balances of the exchange: dollars, collateral."""

    cash: int
    reserve: int
    debt: int
    """Of all borrowers, interest included. [dollar units]"""
    total_assets: int
    """The lenders' money as ERC-4626 reports it. [dollar units]"""
    lender_shares: int
    lender_shares_held: int
    """Of everyone known."""
    debt_shares: int
    pool_holds: tuple[int, int]
    """Balances of the lending pool: dollars, collateral."""
    positions: tuple[Position, ...]
    """Of the borrowers, in order."""
    counted: bool
    """Whether positions, lenders' shares and dollars were counted one by one this time; else they
    are those of the books before."""
    price: int
    """What the oracle answers: dollar units for a collateral unit. [1e36]"""

    dollars: int
    """Supply of the dollar."""
    dollars_held: int
    """Of everyone known."""
    minter_allowance: int
    """What the issuer may still mint."""

    twins: tuple[bool, bool]
    """Whether the twins of the exchange's pool and of the lending pool say the same."""


class Trade(NamedTuple):
    """One swap: the reserves before it, what was quoted and what came out."""

    reserve_in: int
    reserve_out: int
    paid: int
    quoted: int
    received: int


class Outcome(NamedTuple):
    """What a liquidation does."""

    repaid: int
    """[dollar units]"""
    seized: int
    """[collateral units]"""
    bad_debt: int
    """Written off. [dollar units]"""


class Strike(NamedTuple):
    """One liquidation."""

    borrower: int
    """Position of the account."""
    health: int
    """Before. [wad]"""
    health_after: int | None
    """None without debt. [wad]"""
    bonus: int
    """[wad]"""
    price: int
    """[1e36]"""
    previews: tuple[Outcome, Outcome]
    """What the chain's preview and the twin's said in the block before."""
    expected: Outcome
    """What the twin said for the block in which it happened."""
    done: Outcome
    """What happened."""
    debt_left: int
    """Owed afterwards. [dollar units]"""
    from_reserve: int
    """Part of the bad debt that the reserve bore. [dollar units]"""
    collateral: int
    """The account's before. [collateral units]"""
    profit: int
    """What the keeper got. [dollar units]"""
    least: int
    """What it asked for. [dollar units]"""
    left_behind: int
    """Tokens and allowances that its contract was left with."""

    @property
    def bonus_value(self) -> int:
        """What was seized, at the feed's price, less what was repaid. [dollar units]"""
        return max(0, self.done.seized * self.price // PRICE_SCALE - self.done.repaid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the lending pool was deployed with, as far as the checks need it."""

    liquidation_ltv: int
    """[bps]"""
    max_bonus: int
    """[bps]"""
    dust: int
    """Collateral worth no more is dust. [dollar units]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What was done between two books."""

    trades: tuple[Trade, ...] = ()
    strikes: tuple[Strike, ...] = ()
    minted: int = 0
    """Dollars issued."""
    opened: frozenset[int] = frozenset()
    """Borrowers that acted themselves."""
    late: tuple[bool, ...] = ()
    """Of each keeper that came too late, whether it was refused and lost nothing."""
    paying: tuple[int, ...] = ()
    """Borrowers whose liquidation would still pay."""
    healthy_refused: bool | None = None
    """Whether a healthy account's liquidation was refused; None when there was none to try."""


class Finding(NamedTuple):
    """One check."""

    number: str
    held: bool
    words: str
    """What was compared, with the numbers."""


def check(before: Books, after: Books, acts: Acts, terms: Terms) -> Iterator[Finding]:
    """Every invariant that can be told from the two books and the acts between them."""
    yield from _exchange(before, after, acts)
    yield from _lending(before, after, acts, terms)
    for strike in acts.strikes:
        yield from _liquidation(strike, terms)
        yield from _keeper(strike)
    yield Finding("K3", not acts.paying, f"liquidations of {acts.paying} would still pay")
    for unharmed in acts.late:
        yield Finding("K4", unharmed, "a keeper that came too late")
    yield from _dollar(before, after, acts)
    yield Finding("T1", after.twins[0], "the exchange's twin and the chain")
    yield Finding("T2", after.twins[1], "the lending pool's twin and the chain")


def _exchange(before: Books, after: Books, acts: Acts) -> Iterator[Finding]:
    old, new = _product(before), _product(after)
    # Strictly more with a trade: whoever traded paid a fee.
    yield Finding(
        "X1", new > old if acts.trades else new == old, f"product of reserves {old} → {new}"
    )
    per_share = new * before.liquidity**2 >= old * after.liquidity**2
    yield Finding("X2", per_share, f"product {old} → {new} at shares {after.liquidity}")
    solvent = all(h >= o for h, o in zip(after.exchange_holds, after.exchange_owes, strict=True))
    yield Finding("X3", solvent, f"holds {after.exchange_holds}, owes {after.exchange_owes}")
    yield Finding(
        "X4",
        after.liquidity_held == after.liquidity,
        f"liquidity shares held {after.liquidity_held} of {after.liquidity}",
    )
    for trade in acts.trades:
        yield Finding(
            "X7", trade.quoted == trade.received, f"quoted {trade.quoted}, got {trade.received}"
        )
        fair = trade.received * trade.reserve_in <= trade.paid * trade.reserve_out
        yield Finding("X9", fair, f"paid {trade.paid} for {trade.received}")


def _lending(before: Books, after: Books, acts: Acts, terms: Terms) -> Iterator[Finding]:
    if after.counted:
        yield from _accounts(before, after, acts)
    supplied = after.total_assets + after.reserve
    yield Finding(
        "L2",
        after.debt <= supplied == after.cash + after.debt,
        f"borrowed {after.debt} of {supplied}, cash {after.cash}",
    )
    pledged = sum(position.collateral for position in after.positions)
    yield Finding(
        "L3",
        after.pool_holds[0] >= after.cash and after.pool_holds[1] >= pledged,
        f"holds {after.pool_holds}, books {(after.cash, pledged)}",
    )
    yield from _dust(after, acts, terms)
    if acts.healthy_refused is not None:
        yield Finding("L5", acts.healthy_refused, "liquidation of a healthy account")
    lost = sum(strike.done.bad_debt - strike.from_reserve for strike in acts.strikes)
    fell = before.total_assets - after.total_assets
    yield Finding("L6", fell <= lost, f"the lenders' money fell by {fell}, bad debt was {lost}")


def _accounts(before: Books, after: Books, acts: Acts) -> Iterator[Finding]:
    debts = sum(position.debt_shares for position in after.positions)
    sums, totals = (debts, after.lender_shares_held), (after.debt_shares, after.lender_shares)
    yield Finding("L1", sums == totals, f"shares of debt and of lenders: {sums} of {totals}")
    touched = acts.opened | {strike.borrower for strike in acts.strikes}
    moved = [
        index
        for index, pair in enumerate(zip(before.positions, after.positions, strict=True))
        if pair[0] != pair[1] and index not in touched
    ]
    yield Finding("L11", not moved, f"positions {moved} moved by themselves")


def _dust(after: Books, acts: Acts, terms: Terms) -> Iterator[Finding]:
    for index in sorted({strike.borrower for strike in acts.strikes}):
        position = after.positions[index]
        worth = position.collateral * after.price // PRICE_SCALE
        held = not position.debt_shares or worth > terms.dust
        yield Finding("L4", held, f"borrower {index + 1} owes with collateral worth {worth}")


def _liquidation(strike: Strike, terms: Terms) -> Iterator[Finding]:
    who = f"borrower {strike.borrower + 1}"
    repaid, seized, written_off = strike.done
    yield Finding("L5", strike.health < WAD, f"{who} liquidated at health {strike.health}")
    same = strike.previews[0] == strike.previews[1] and strike.expected == strike.done
    yield Finding(
        "L13", same, f"{who}: previews {strike.previews}, then {strike.expected}, {strike.done}"
    )
    if strike.health * BPS > (WAD + strike.bonus) * terms.liquidation_ltv:
        after = strike.health_after
        # Two units for the rounding of a value, of the debt and of the repayment's shares.
        better = after is None or after + 3 * WAD // strike.debt_left >= strike.health
        words = f"{who}: health {strike.health} → {strike.health_after}, bad debt {written_off}"
        yield Finding("L9", better and written_off == 0, words)
    worth = seized * strike.price // PRICE_SCALE
    most = repaid * (BPS + terms.max_bonus) // BPS
    yield Finding(
        "L10",
        worth <= most and seized <= strike.collateral,
        f"{who}: repaid {repaid}, seized {seized} worth {worth}",
    )


def _keeper(strike: Strike) -> Iterator[Finding]:
    yield Finding("K1", strike.left_behind == 0, f"{strike.left_behind} left with the keeper")
    yield Finding(
        "K2",
        strike.profit >= max(strike.least, 0),
        f"profit {strike.profit}, asked for {strike.least}",
    )


def _dollar(before: Books, after: Books, acts: Acts) -> Iterator[Finding]:
    if after.counted:
        yield Finding(
            "S1", after.dollars_held == after.dollars, f"{after.dollars_held} of {after.dollars}"
        )
    allowance = before.minter_allowance - acts.minted
    supply = before.dollars + acts.minted
    yield Finding(
        "S2",
        after.minter_allowance == allowance and after.dollars == supply,
        f"allowance {after.minter_allowance} for {allowance}, supply {after.dollars} for {supply}",
    )


def _product(books: Books) -> int:
    return books.reserves[0] * books.reserves[1]
