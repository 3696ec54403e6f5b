"""The clock and the receipts: how gas is read, the same way for everybody."""

from __future__ import annotations

from typing import Final

from ..chain import Account, Transaction
from ..chain.anvil import AnvilChain

__all__ = ["BLOCK_SECONDS", "HARDFORK", "Meter"]

BLOCK_SECONDS: Final = 12
"""From one block to the next. Price oracles and interest have work to do in each."""

HARDFORK: Final = "prague"


class Meter:
    """Sends transactions, one a block, and reads their gas. A failing one raises its error."""

    def __init__(self, chain: AnvilChain) -> None:
        self.chain = chain
        self._newcomers = 0

    def gas(self, transaction: Transaction) -> int:
        """Gas of the transaction, in a block of its own."""
        self._tick()
        receipt = self.chain.transact(
            transaction.to, transaction.data, sender=transaction.sender, value=transaction.value
        )
        return receipt.gas_used

    def steady(self, transaction: Transaction, *, warm_up: int = 2) -> int:
        """Gas of the transaction after it was sent `warm_up` times already."""
        for _ in range(warm_up):
            self.gas(transaction)
        return self.gas(transaction)

    def second_in_block(self, transaction: Transaction) -> int:
        """Gas of the transaction when the same one comes before it in its block."""
        self._tick()
        _, second = self.chain.batch([transaction, transaction])
        return second.gas_used

    def newcomer(self) -> Account:
        """An account with ether that nobody has seen before and that holds no tokens."""
        self._newcomers += 1
        return self.chain.account(f"newcomer {self._newcomers}")

    def _tick(self) -> None:
        self.chain.set_next_timestamp(self.chain.timestamp + BLOCK_SECONDS)
