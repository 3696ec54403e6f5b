"""What callers of an Exchange name, and what nobody may do: an Exchange that is careless with it.

The machines try it in every life. Here it is a proxy that is careless, so that nothing is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from defi_kit.chain import Chain
from defi_kit.testing import ExchangeTrial, Violation
from defi_kit.testing.exchange.world import NEVER, World

Change = Callable[[tuple[Any, ...], Any], tuple[Any, ...]]
"""What a verb was given, and by whom → what it does instead."""


def put(place: int, value: Any) -> Change:
    """Always this, in that place."""
    return lambda given, _: (*given[:place], value, *given[place + 1 :][: len(given)])


def to_sender(given: tuple[Any, ...], sender: Any) -> tuple[Any, ...]:
    """For whoever calls."""
    return (*given[:-2], sender, given[-1])


CARELESS: dict[str, tuple[str, Change, str]] = {
    "a sale for nothing": ("swap_exact_in", put(3, 0), "X7"),
    "a purchase at any price": ("swap_exact_out", put(1, NEVER), "X7"),
    "a deposit for no shares": ("add_liquidity", put(3, 0), "X7"),
    "an exit for nothing": ("remove_liquidity", put(3, 0), "X7"),
    "an exit for the caller": ("remove_liquidity_one_sided", to_sender, "X7"),
    "shares for the caller": ("add_liquidity_one_sided", to_sender, "X7"),
    "after the deadline": ("swap_exact_in", put(5, NEVER), "X7"),
}


class Careless:
    """An Exchange of which one verb does something else."""

    def __init__(self, exchange: Any, verb: str, change: Change) -> None:
        self.exchange, self.verb, self.change = exchange, verb, change

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.exchange, name)
        if name != self.verb:
            return found
        return lambda *given, sender, **more: found(
            *self.change(given, sender), sender=sender, **more
        )


def life(chain: Chain) -> ExchangeTrial:
    trial = ExchangeTrial(World.build(chain, "chain"))
    trial.create("T6", "WETH", 3_000, 0)
    trial.add("alice", 0, 10**12, 10**12)
    return trial


def test_ours_serves_what_it_quotes_and_nothing_else(chain: Chain) -> None:
    trial = life(chain)
    for token in ("T6", "WETH"):
        trial.for_another("alice", "bob", 0, token, 10**9)
    trial.forbidden("mallory", 0)


@pytest.mark.parametrize("name", CARELESS)
def test_an_exchange_that_forgets_its_terms_is_found_out(chain: Chain, name: str) -> None:
    trial, (verb, change, number) = life(chain), CARELESS[name]
    trial.world.exchange = Careless(trial.world.exchange, verb, change)  # type: ignore[assignment]
    with pytest.raises(Violation, match=f"{number}: {verb}"):
        trial.for_another("alice", "bob", 0, "T6", 10**9)


@pytest.mark.parametrize("verb", ["create_pool", "skim", "multicall"])
def test_an_exchange_that_lets_books_be_spoilt_is_found_out(chain: Chain, verb: str) -> None:
    """It takes whatever it is given, and does nothing."""

    class Obliging(Careless):
        def __getattr__(self, name: str) -> Any:
            return super().__getattr__(name) if name != verb else lambda *_, **__: None

    trial = life(chain)
    exchange = Obliging(trial.world.exchange, verb, put(0, None))
    trial.world.exchange = exchange  # type: ignore[assignment]
    with pytest.raises(Violation, match=f"{verb} was served"):
        trial.forbidden("mallory", 0)


def test_a_deposit_takes_no_more_than_was_offered(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = life(chain)
    monkeypatch.setattr(trial, "_paid", lambda *_: (10**6 + 1, 0))
    with pytest.raises(Violation, match=r"X7: paid \d.* of at most \d"):
        trial.add("bob", 0, 10**6, 10**6)
