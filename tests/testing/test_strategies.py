"""Strategies: they stay in range, find the edges, shrink to what is simple, and can be read."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from defi_kit.errors import ParameterError
from defi_kit.testing.strategies import (
    Call,
    Loan,
    Move,
    Number,
    amounts,
    calls,
    leaps,
    loans,
    magnitudes,
    people,
    price_paths,
    prices,
    token_amounts,
)
from defi_kit.units import Unit

USD = Unit("USD", 6)
LIMIT = 123_456 * 10**6
ETHER_PRICE = 2_000 * 10**24
"""Of a raw unit of ether in raw dollars of 6 decimals. [1e36]"""
QUICK = settings(max_examples=5_000, database=None)


def shrunk(strategy: st.SearchStrategy[Any], condition: Any = lambda _: True) -> Any:
    return find(strategy, condition, settings=QUICK)


@given(st.data())
def test_amounts_stay_in_range(data: st.DataObject) -> None:
    limit = data.draw(magnitudes(1, 2**128))
    assert 0 <= data.draw(amounts(limit, decimals=6, caps=[10, limit])) <= limit
    low = data.draw(st.integers(0, limit))
    assert low <= data.draw(magnitudes(low, limit)) <= limit


@pytest.mark.parametrize(
    "edge", [0, 1, 10**6 - 1, 10**6, 10**6 + 1, LIMIT - 1, LIMIT, 77, 76, 78, 2**8, 2**8 - 1]
)
def test_amounts_love_the_edges(edge: int) -> None:
    seen = amounts(LIMIT, decimals=6, caps=[77])
    assert shrunk(seen, lambda amount: amount == edge) == edge


@pytest.mark.parametrize("edge", [LIMIT + 1, 2**256 - 1])
def test_amounts_go_beyond_the_limit_where_that_is_asked_for(edge: int) -> None:
    assert shrunk(amounts(LIMIT, beyond=True), lambda amount: amount == edge) == edge


@pytest.mark.parametrize("least", [0, 1, 1_000, 123_457, 10**10 + 3])
def test_amounts_shrink_to_the_least_that_will_do(least: int) -> None:
    assert shrunk(amounts(LIMIT, decimals=6), lambda amount: amount >= least) == least


def test_numbers_print_with_underscores_and_are_numbers() -> None:
    assert repr(shrunk(amounts(LIMIT), lambda amount: amount >= 1_500_000)) == "1_500_000"
    assert Number(7) == 7
    assert repr(Number(1_000) * 2) == "2000"


def test_amounts_of_a_token_print_in_tokens() -> None:
    found = shrunk(token_amounts(USD, "1_500"), lambda amount: amount >= USD(7))
    assert repr(found) == "Amount('7 USD')"
    assert shrunk(token_amounts(USD, 5), lambda amount: amount == USD(5)) == USD(5)


def test_prices_change_by_little_and_by_much_and_shrink_to_no_change() -> None:
    seen = prices(ETHER_PRICE, highest=ETHER_PRICE * 100)
    assert shrunk(seen) == ETHER_PRICE
    assert shrunk(seen, lambda price: price == 1) == 1
    assert shrunk(seen, lambda price: price == ETHER_PRICE * 100)
    assert shrunk(seen, lambda price: price < ETHER_PRICE) >= ETHER_PRICE * 95 // 100
    assert shrunk(seen, lambda price: price < ETHER_PRICE // 5)


@given(prices(1_000, lowest=900, highest=1_200))
def test_prices_stay_in_range(price: int) -> None:
    assert 900 <= price <= 1_200


def test_price_paths_have_every_kind_of_trouble_and_shrink_to_nothing() -> None:
    seen = price_paths(ETHER_PRICE)
    assert shrunk(seen) == []
    assert shrunk(seen, len) == [Move(1, ETHER_PRICE)]
    assert shrunk(seen, lambda path: any(move.price is None for move in path)) == [Move(1, None)]
    stale = shrunk(seen, lambda path: any(not move.reported for move in path))
    assert [repr(move) for move in stale] == [f"<after 86,401 s {ETHER_PRICE:_}, stale>"]
    assert repr(Move(60, None)) == "<after 60 s no price>"


@given(price_paths(1_000, lowest=500, highest=1_500))
def test_price_paths_stay_in_range(path: list[Move]) -> None:
    assert all(move.seconds >= 1 for move in path)
    assert all(move.price is None or 500 <= move.price <= 1_500 for move in path)


def test_leaps_are_long_and_short() -> None:
    assert shrunk(leaps()) == 1
    for edge in (59, 60, 3_601, 86_400, 365 * 86_400):
        assert shrunk(leaps(), lambda seconds, edge=edge: seconds == edge) == edge


TERMS = {"price": ETHER_PRICE, "liquidation_ltv": 8 * 10**17}


@given(st.data(), st.sampled_from([1, 10**12, ETHER_PRICE, 10**40]), st.integers(1, 10**18))
def test_loans_have_the_health_that_was_asked_for(
    data: st.DataObject, price: int, ltv: int
) -> None:
    loan = data.draw(loans(price=price, liquidation_ltv=ltv, health=("0.9", "1.1")))
    assert loan.health == Fraction(loan.collateral * price * ltv, 10**54 * loan.debt)
    assert Fraction("0.9") <= loan.health <= Fraction("1.1")


def test_loans_stand_on_both_sides_of_the_edge() -> None:
    seen = loans(**TERMS, debts=(10**8, 10**12))
    below = shrunk(seen, lambda loan: loan.health < 1)
    assert below.health < 1
    assert shrunk(seen, lambda loan: loan.health == 1) == Loan(
        10**8 * 10**18 // (1_600 * 10**6), 10**8, Fraction(1)
    )
    assert repr(shrunk(seen)) == "<100_000_000 against 62_500_000_000_000_000, health 1>"


def test_calls_shrink_to_one_simple_call() -> None:
    verbs = {"accrue": (), "supply": (people(), amounts(LIMIT))}
    seen = calls(verbs)
    assert shrunk(seen) == []
    found = shrunk(seen, lambda made: any(call.verb == "supply" for call in made))
    assert repr(found) == "[supply('alice', 0)]"
    told: list[tuple[str, int]] = []

    class Market:
        def supply(self, who: str, assets: int) -> None:
            told.append((who, assets))

    Call("supply", ("bob", 7)).on(Market())
    assert told == [("bob", 7)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: magnitudes(5, 4),
        lambda: amounts(0),
        lambda: prices(5, lowest=6),
        lambda: calls({}),
        lambda: shrunk(loans(**TERMS, health=("1.1", "0.9"))),
    ],
)
def test_what_cannot_be_drawn_is_refused(make: Any) -> None:
    with pytest.raises(ParameterError):
        make()
