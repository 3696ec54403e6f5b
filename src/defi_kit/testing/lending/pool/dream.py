"""The world without a contract: the twin alone, with everybody's money in Python.

It is as strict as the other and an order faster; of the contract it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from .... import reverts
from ....chain import Account, Chain
from ....chain.hashing import keccak, to_address
from ....errors import Reverted
from ....lending import pool as twin
from ....lending.rates import RateModel
from .checks import Seen, Step
from .setting import PEOPLE, PLENTY, RATE, RISKS, opening_prices, parameters_of, units_of
from .world import World

__all__ = ["TwinWorld"]


class TwinWorld(World):
    """Everything that `World` does, in the twin only. The chain gives accounts and a clock."""

    contract: Any = None

    def __init__(
        self,
        chain: Chain,
        *,
        asset_decimals: int = 6,
        collateral_decimals: Sequence[int] = (18, 8),
        rate: RateModel = RATE,
    ) -> None:
        self.chain, self.lockstep = chain, True
        self.violated, self.refusal, self.told = None, None, Step("", "")
        self.people = [chain.account(name) for name in PEOPLE]
        self.names = [person.address for person in self.people]
        self.asset = _named("USD", asset_decimals)
        self.unit = 10**asset_decimals
        self.tokens = [_named(f"C{n}", d) for n, d in enumerate(collateral_decimals)]
        self.named = units_of(asset_decimals, collateral_decimals)
        self.units = [10**decimals for decimals in collateral_decimals]
        self.opening = opening_prices(asset_decimals, collateral_decimals)
        self.oracles = []
        self.prices = list(self.opening)
        self.parameters = parameters_of(
            [token.address for token in self.tokens],
            [_named(f"O{n}", 0).address for n in range(len(self.tokens))],
            RISKS,
            rate,
            max(100, 100 * self.unit),
            1_000,
        )
        self.actor = _named("operator", 0)
        self.granted = set()
        self.pool = twin.Pool.empty(self.parameters, now=chain.timestamp)
        tokens = 1 + len(self.tokens)
        self.wallets = dict.fromkeys((*self.names, self.actor.address), (PLENTY,) * tokens)
        self.gifts = 0
        self.seen = self.look()

    def remember(self) -> tuple[Any, ...]:
        """What this object knows: here, everything."""
        return (*super().remember(), dict(self.wallets), self.gifts)

    def recall(self, kept: tuple[Any, ...]) -> None:
        """Back to what `remember` gave."""
        *others, wallets, self.gifts = kept
        self.wallets = dict(wallets)
        super().recall(tuple(others))

    def look(self) -> Seen:
        """What the twin shows now."""
        pool, now = self.pool, self.chain.timestamp
        return Seen(
            pool=pool,
            now=now,
            prices=tuple(self.prices),
            total_assets=pool.total_assets(now=now),
            total_debt=pool.total_debt(now=now),
            balances=(pool.market.cash + self.gifts, *pool.held),
            wallets=dict(self.wallets),
            units=self.named,
            granted=frozenset(self.granted),
        )

    def set_price(self, number: int, price: int) -> None:
        """The oracle answers `price` from now on."""
        self._tick(Step("price", ""), number, price)

    def turn_off(self, number: int) -> None:
        """The oracle refuses from now on."""
        self._tick(Step("oracle", ""), number, reverts.OracleOff())

    def nonce(self, owner: Account) -> int:
        """That the next signed authorisation must have."""
        said = self.pool.authorizations.get(owner.address)
        return said.nonce if said else 0

    def _in_force(self, owner: Account, operator: Account | Any, nonce: int) -> None:
        """It is the twin that was told."""

    def _once(self, send: Callable[[], Any]) -> None:
        """Signatures are brought to contracts."""

    def _tick(self, step: Step, number: int, price: int | Exception) -> None:
        self.chain.mine()
        self.prices[number] = price
        self._check(step)

    def donate(self, who: Account, number: int | None, amount: int) -> None:
        """Tokens for nothing."""
        self.chain.mine()
        if number is None:
            self.gifts += amount
        else:
            self.pool = self.pool.donate(self.tokens[number].address, amount)
        self._pay(who.address, 0 if number is None else number + 1, amount)
        self._check(Step("donate", who.address, who.address))

    def flash_loan(self, who: Account, number: int | None, amount: int) -> None:
        """Leaves no trace, and the twin knows none."""

    def _pay(self, name: str, place: int, amount: int) -> None:
        purse = list(self.wallets[name])
        purse[place] -= amount
        self.wallets[name] = tuple(purse)

    def _step(
        self,
        step: Step,
        simulate: Callable[[int], tuple[twin.Pool, Any]],
        send: Callable[[], Any],
    ) -> Any:
        """Does it in the twin; None when it refuses."""
        try:
            after, result = simulate(self.now())
        except Reverted as refusal:
            self.refusal = refusal
            return None
        self.refusal, before, self.pool = None, self.pool, after
        self.chain.mine()
        if step.verb == "liquidate":
            step = replace(
                step,
                repaid=result.repaid,
                seized=result.seized,
                bad_debt=result.bad_debt,
                from_reserve=result.from_reserve,
            )
        self._settle(step, before, after)
        self.told = step
        self._check(step)
        return step

    def _settle(self, step: Step, before: twin.Pool, after: twin.Pool) -> None:
        """Whoever acts pays what comes in and gets what goes out."""
        paid = after.market.cash - before.market.cash
        if step.receiver:
            self._pay(step.receiver, 0, paid - step.repaid)
            paid = step.repaid
        if paid:
            self._pay(step.actor, 0, paid)
        for number, (new, old) in enumerate(zip(after.held, before.held, strict=True)):
            if new != old:
                self._pay(step.actor, number + 1, new - old)


def _named(symbol: str, decimals: int) -> Any:
    """A token, an oracle or a contract that is only a name."""
    address = to_address(keccak(symbol.encode())[12:])
    return SimpleNamespace(address=address, symbol=lambda: symbol, decimals=lambda: decimals)
