"""A fresh EVM with the state of an old one, without its past.

pyrevm never ends a transaction: every change since the start stays in its journal, so that it could
be undone, 0.7 kB for a token transfer and 3 kB for a swap. Its `commit` closes a checkpoint and
keeps the journal, and nothing else empties it. So the state is copied to a new EVM now and then.

pyrevm tells accounts, but not which storage slots they have. Those are read from the text that it
prints of itself for debugging; the values, and all else, come from its functions. Where that text
is not as expected nothing is renewed: memory then grows, and nothing is ever wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

__all__ = ["copy_state"]

_PART = re.compile(r"(0x[0-9a-f]{40}): Account \{|[{ ](\d++): StorageSlot \{")
_STATE, _END = "JournaledState { state: {", "}, transient_storage: {"


def copy_state(old: Any, new: Any) -> int | None:
    """Gives `new`, an EVM without accounts, the state of `old`; the number of its slots.

    None when it cannot be done; `new` is of no use then. No checkpoint may be open in `old`.
    """
    slots = _slots(old.journal_str)
    if slots is None:
        return None
    accounts = old.journal_state
    if {address.lower() for address in accounts} != set(slots):
        return None
    count = 0
    # What was inserted and not used yet is in the database alone, and has no storage.
    for address, info in {**old.db_accounts, **accounts}.items():
        new.insert_account_info(address, info)
        new.basic(address)  # into the journal's state, for the next renewal to find it there
        for slot in slots.get(address.lower(), ()):
            if value := old.storage(address, slot):
                new.insert_account_storage(address, slot, value)
                count += 1
    return count


def _slots(text: str) -> dict[str, list[int]] | None:
    """Address → its slots, zeros among them; None when the text is not what it used to be."""
    end = text.find(_END)
    if not text.startswith(_STATE) or end < 0:
        return None
    found: dict[str, list[int]] = {}
    here: list[int] = []
    for address, slot in _parts(text, end):
        if address:
            here = found[address] = []
        else:
            here.append(int(slot))
    if sum(map(len, found.values())) != text.count("StorageSlot {", 0, end):
        return None
    return found


def _parts(text: str, end: int) -> Iterator[tuple[str | None, str]]:
    for part in _PART.finditer(text, 0, end):
        yield part[1], part[2]
