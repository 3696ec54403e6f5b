"""What a world drives: the peg swap on a chain, or its twin alone, which needs no contract."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from ....chain import Chain
from ....reverts import InsufficientBalance
from ....stablecoins import Peg, PegSwap

__all__ = ["Side", "Swap"]

Side = int
"""0 the backing, 1 the dollar."""
Price = int | Exception | None


class Swap(Protocol):
    """The verbs of a peg swap; each raises its refusal, and takes a block otherwise."""

    def quote(self, side: Side, amount: int) -> int:
        """What a sale pays now."""

    def sell(self, side: Side, amount: int, who: str, to: str | None = None) -> None:
        """A swap, which pays `to` if that is somebody else."""

    def stock(self, verb: Literal["fund", "unfund"], side: Side, amount: int, who: str) -> None:
        """Paid in or taken back."""

    def collect(self, side: Side, who: str) -> None:
        """The surplus."""

    def give(self, side: Side, amount: int) -> None:
        """A gift."""

    def held(self, side: Side, who: str | None) -> int:
        """Of a token, by a person or the swap."""

    def state(self) -> Peg:
        """The books."""

    def remember(self) -> Any:
        """Whatever no snapshot of the chain undoes."""

    def recall(self, kept: Any) -> None:
        """The same again."""


class OnChain:
    """The contract."""

    def __init__(self, swap: PegSwap, tokens: tuple[Any, Any]) -> None:
        self.swap, self.tokens, self.chain = swap, tokens, swap.chain

    def quote(self, side: Side, amount: int) -> int:
        contract = self.swap.contract
        return contract.quote_out(amount) if side else contract.quote_in(amount)

    def sell(self, side: Side, amount: int, who: str, to: str | None = None) -> None:
        contract, account = self.swap.contract, self.chain.account(who)
        verb = contract.swap_out if side else contract.swap_in
        verb(amount, self.chain.account(to or who), sender=account)

    def stock(self, verb: Literal["fund", "unfund"], side: Side, amount: int, who: str) -> None:
        account = self.chain.account(who)
        getattr(self.swap.contract, verb)(self.tokens[side], amount, sender=account)

    def collect(self, side: Side, who: str) -> None:
        self.swap.contract.collect(self.tokens[side], sender=self.chain.account(who))

    def give(self, side: Side, amount: int) -> None:
        self.tokens[side].mint(self.swap.address, amount)

    def held(self, side: Side, who: str | None) -> int:
        holder = self.swap.address if who is None else self.chain.account(who).address
        balance: int = self.tokens[side].balance_of(holder)
        return balance

    def state(self) -> Peg:
        return self.swap.state()

    def remember(self) -> None:
        """The chain's snapshot has it all."""

    def recall(self, kept: None) -> None:
        """Nothing to do."""


class OnTwin:
    """The twin, and beside it what people hold of either token."""

    def __init__(
        self, chain: Chain, twin: Peg, prices: list[Price], held: dict[str, tuple[int, int]]
    ) -> None:
        self.chain, self.twin, self.prices, self.people = chain, twin, prices, held

    def quote(self, side: Side, amount: int) -> int:
        way = self.twin.quote_out if side else self.twin.quote_in
        return way(amount, self.prices[side])

    def sell(self, side: Side, amount: int, who: str, to: str | None = None) -> None:
        way = self.twin.swap_out if side else self.twin.swap_in
        twin, paid = way(amount, self.prices[side])
        if to is not None and to != who:
            self._moved(who, twin, (0, -amount) if side else (-amount, 0))
            self._moved(to, twin, (paid, 0) if side else (0, paid))
            return
        self._moved(who, twin, (-amount, paid) if side == 0 else (paid, -amount))

    def stock(self, verb: Literal["fund", "unfund"], side: Side, amount: int, who: str) -> None:
        account = self.chain.account(who).address
        twin: Peg = getattr(self.twin, verb)(account, self._token(side), amount)
        change = -amount if verb == "fund" else amount
        self._moved(who, twin, (0, change) if side else (change, 0))

    def collect(self, side: Side, who: str) -> None:
        twin, amount = self.twin.collect(self._token(side))
        people = {self.chain.account(name).address: name for name in self.people}
        treasury = people[self.twin.treasury]
        self._moved(treasury, twin, (0, amount) if side else (amount, 0))

    def give(self, side: Side, amount: int) -> None:
        self.twin = self.twin.give(self._token(side), amount)

    def held(self, side: Side, who: str | None) -> int:
        return self.twin.held(self._token(side)) if who is None else self.people[who][side]

    def state(self) -> Peg:
        return self.twin

    def remember(self) -> tuple[Peg, dict[str, tuple[int, int]]]:
        return self.twin, dict(self.people)

    def recall(self, kept: tuple[Peg, dict[str, tuple[int, int]]]) -> None:
        self.twin, self.people = kept[0], dict(kept[1])

    def _token(self, side: Side) -> str:
        return (self.twin.backing, self.twin.dollar)[side].token

    def _moved(self, who: str, twin: Peg, change: tuple[int, int]) -> None:
        """The next state, if nobody's tokens fall below zero."""
        before = self.people[who]
        after = (before[0] + change[0], before[1] + change[1])
        if min(after) < 0:
            raise InsufficientBalance
        self.people[who], self.twin = after, twin
        self.chain.mine()
