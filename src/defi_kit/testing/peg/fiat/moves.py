"""What a verb moves, by its name and what was there before: not by what the contract says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ....stablecoins import Fiat
from ....units import MAX_UINT256
from ...violations import hold
from ...words import grouped

__all__ = ["check_moves", "dollars"]


def dollars(raw: int) -> str:
    """So many, for a reason."""
    return "everything" if raw == MAX_UINT256 else f"{grouped(raw, 6)} USD"


def check_moves(before: Fiat, after: Fiat, verb: str, sender: str, args: tuple[Any, ...]) -> None:
    """S1 and S2: balances and allowances, of all that can hold any, are what `verb` should have
    made of them, and nothing else has changed.

    A signed transfer is a "transfer" of its owner, a permit an "approve", both by whoever signed.
    """
    balances = Counter(before.balances)
    for account, change in _moved(before, verb, sender, args):
        balances[account] += change
    hold(
        "S1",
        _some(balances) == _some(after.balances),
        lambda: f"{verb}: {_told('balance', balances, after.balances)}",
    )
    allowed = dict(before.allowances)
    allowed.update(_allowed(before, verb, sender, args))
    due, found = _some(allowed), _some(after.allowances)
    hold("S2", due == found, lambda: f"{verb}: {_told('allowance', due, found)}")


def _moved(before: Fiat, verb: str, sender: str, args: tuple[Any, ...]) -> list[tuple[str, int]]:
    """(account, by how much its balance changes). [base units]"""
    if verb in ("transfer", "transfer_from"):
        owner, to, amount = args if verb == "transfer_from" else (sender, *args)
        return [(owner, -amount), (to, amount)]
    if verb == "mint":
        return [args]
    if verb in ("burn", "request_redemption"):
        return [(sender, -args[0])]
    if verb == "refuse_redemption":
        one = before.redemptions.tickets[args[0]]
        return [(one.holder, one.amount)]
    return []


def _allowed(
    before: Fiat, verb: str, sender: str, args: tuple[Any, ...]
) -> dict[tuple[str, str], int]:
    """(owner, spender) → what may be sent from now on, where that changes. [base units]"""
    if verb == "transfer_from":
        owner, _, amount = args
        allowed = before.allowance(owner, sender)
        return {} if allowed == MAX_UINT256 else {(owner, sender): allowed - amount}
    if verb not in ("approve", "increase_allowance", "decrease_allowance"):
        return {}
    spender, amount = args
    allowed = before.allowance(sender, spender)
    made = {"approve": amount, "increase_allowance": allowed + amount}
    return {(sender, spender): made.get(verb, allowed - amount)}


def _some(amounts: Mapping[Any, int]) -> dict[Any, int]:
    """Without those that have nothing; below nothing stays, and is found nowhere."""
    return {key: amount for key, amount in amounts.items() if amount}


def _told(what: str, due: Mapping[Any, int], found: Mapping[Any, int]) -> str:
    """Whose is another than it should be."""
    return "; ".join(
        f"the {what} of {' to '.join(key) if isinstance(key, tuple) else key} should be "
        f"{dollars(due.get(key, 0))}, is {dollars(found.get(key, 0))}"
        for key in sorted({*due, *found})
        if due.get(key, 0) != found.get(key, 0)
    )
