"""What a world drives: the controller on a chain, or its twin alone, which needs no contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ....chain import Chain
from ....reverts import InsufficientBalance
from ....stablecoins import Algo, AlgoController, Prices
from ....units import MAX_UINT256

__all__ = ["Controller"]

Holdings = tuple[int, int, int]
"""Dollars, collateral and shares. [base units]"""


class Controller(Protocol):
    """The verbs of a controller; each raises its refusal, and takes a block otherwise."""

    def mint(self, dollars: int, who: str) -> None:
        """For whatever it costs."""

    def redeem(self, dollars: int, who: str) -> None:
        """For whatever it pays."""

    def claim(self, dollars: int, who: str) -> None:
        """After the end."""

    def step_ratio(self, who: str) -> None:
        """One step."""

    def alarm(self, who: str) -> None:
        """Raised or cleared."""

    def end(self, who: str) -> None:
        """For ever."""

    def quote_mint(self, dollars: int) -> tuple[int, int]:
        """Collateral and shares, now."""

    def quote_redeem(self, dollars: int) -> tuple[int, int]:
        """Collateral and shares, now."""

    def state(self) -> Algo:
        """The books and supplies."""

    def holdings(self, who: str) -> Holdings:
        """Of a person."""

    def backing(self) -> int:
        """Collateral that is really there."""

    def remember(self) -> Any:
        """Whatever no snapshot of the chain undoes."""

    def recall(self, kept: Any) -> None:
        """The same again."""


class OnChain:
    """The contract."""

    def __init__(self, algo: AlgoController) -> None:
        self.algo = algo
        self.chain = algo.chain

    def mint(self, dollars: int, who: str) -> None:
        account, most = self.chain.account(who), MAX_UINT256
        self.algo.contract.mint(dollars, most, most, account, sender=account)

    def redeem(self, dollars: int, who: str) -> None:
        account = self.chain.account(who)
        self.algo.contract.redeem(dollars, 0, 0, account, sender=account)

    def claim(self, dollars: int, who: str) -> None:
        account = self.chain.account(who)
        self.algo.contract.claim(dollars, account, sender=account)

    def step_ratio(self, who: str) -> None:
        self.algo.contract.step_ratio(sender=self.chain.account(who))

    def alarm(self, who: str) -> None:
        self.algo.contract.alarm(sender=self.chain.account(who))

    def end(self, who: str) -> None:
        self.algo.contract.end(sender=self.chain.account(who))

    def quote_mint(self, dollars: int) -> tuple[int, int]:
        return self.algo.contract.quote_mint(dollars)

    def quote_redeem(self, dollars: int) -> tuple[int, int]:
        return self.algo.contract.quote_redeem(dollars)

    def state(self) -> Algo:
        return self.algo.state()

    def holdings(self, who: str) -> Holdings:
        at, algo = self.chain.account(who), self.algo
        dollars, collateral, shares = (
            token.contract.balance_of(at) for token in (algo.dollar, algo.collateral, algo.share)
        )
        return dollars, collateral, shares

    def backing(self) -> int:
        return self.algo.collateral.contract.balance_of(self.algo.address)

    def remember(self) -> None:
        """The chain's snapshot has it all."""

    def recall(self, kept: None) -> None:
        """Nothing to do."""


class OnTwin:
    """The twin, and beside it who holds what: the twin itself knows supplies only."""

    def __init__(
        self,
        chain: Chain,
        twin: Algo,
        prices: Callable[[], Prices],
        held: Mapping[str, Holdings],
    ) -> None:
        self.chain, self.twin, self.prices = chain, twin, prices
        self.held: dict[str, Holdings] = dict(held)
        self.gifts = 0

    @property
    def _next(self) -> int:
        """The next block's time. [unix seconds]"""
        return self.chain.timestamp + 1

    def _moved(self, who: str, twin: Algo, change: Holdings) -> None:
        """The next state, if nobody's holdings fall below zero."""
        before = self.held[who]
        after = (before[0] + change[0], before[1] + change[1], before[2] + change[2])
        if min(after) < 0:
            raise InsufficientBalance
        self.held[who], self.twin = after, twin
        self.chain.mine()

    def mint(self, dollars: int, who: str) -> None:
        twin, (cost, shares) = self.twin.mint(dollars, self.prices(), now=self._next)
        self._moved(who, twin, (dollars, -cost, -shares))

    def redeem(self, dollars: int, who: str) -> None:
        twin, (paid, shares) = self.twin.redeem(dollars, self.prices(), now=self._next)
        self._moved(who, twin, (-dollars, paid, shares))

    def claim(self, dollars: int, who: str) -> None:
        twin, paid = self.twin.claim(dollars)
        self._moved(who, twin, (-dollars, paid, 0))

    def step_ratio(self, who: str) -> None:
        twin, _ = self.twin.step_ratio(self.prices(), now=self._next)
        self._moved(who, twin, (0, 0, 0))

    def alarm(self, who: str) -> None:
        twin, _ = self.twin.alarm(self.prices(), now=self._next)
        self._moved(who, twin, (0, 0, 0))

    def end(self, who: str) -> None:
        self._moved(who, self.twin.end(self.prices(), now=self._next), (0, 0, 0))

    def quote_mint(self, dollars: int) -> tuple[int, int]:
        return self.twin.quote_mint(dollars, self.prices(), now=self.chain.timestamp)

    def quote_redeem(self, dollars: int) -> tuple[int, int]:
        return self.twin.quote_redeem(dollars, self.prices(), now=self.chain.timestamp)

    def state(self) -> Algo:
        return self.twin

    def holdings(self, who: str) -> Holdings:
        return self.held[who]

    def backing(self) -> int:
        return self.twin.held + self.gifts

    def remember(self) -> tuple[Algo, dict[str, Holdings], int]:
        return self.twin, dict(self.held), self.gifts

    def recall(self, kept: tuple[Algo, dict[str, Holdings], int]) -> None:
        self.twin, self.held, self.gifts = kept[0], dict(kept[1]), kept[2]
