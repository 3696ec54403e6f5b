"""A lending pool on a chain, looked at, and its twin beside it: what is done is done to both.

Contract and twin act at the same second and must say the same, also when they refuse. After each
step L1 to L15 are checked on what the chain shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import Any

from ....bindings import CallbackActor, LendingPool, MockOracle, MockToken
from ....bindings import lending_pool as abi
from ....chain import Account, Chain, Receipt
from ....chain.abi import function
from ....chain.contract import Contract
from ....errors import Reverted
from ....lending import pool as twin
from ....lending.rates import RateModel
from ....units import MAX_UINT256
from ...violations import Violation
from .checks import STEP_CHECKS, Seen, Step
from .setting import (
    PEOPLE,
    PLENTY,
    RATE,
    RISKS,
    deploy_pool,
    opening_prices,
    parameters_of,
    units_of,
)

__all__ = ["Lockstep", "Question", "agree", "question"]

SNAPSHOT = function(LendingPool.FUNCTIONS["snapshot"])
Question = tuple[str, bytes]
"""Whom a view is asked of, and its calldata."""


def question(to: Contract, name: str, *args: Any) -> Question:
    """A view, to be asked again and again."""
    return to.address, to.build(name, *args).data


class Lockstep:
    """A pool of one asset against a few collaterals, the people around it, and its twin."""

    def __init__(
        self,
        chain: Chain,
        *,
        asset_decimals: int = 6,
        collateral_decimals: Sequence[int] = (18, 8),
        risks: Sequence[tuple[int, int, int, int]] = RISKS,
        reserve_factor: int = 1_000,
        rate: RateModel = RATE,
        token: Callable[..., Any] = MockToken.deploy,
        bytecode: bytes | None = None,
        lockstep: bool = True,
    ) -> None:
        self.chain = chain
        self.lockstep = lockstep
        self.violated: set[str] | None = None
        """Where violations are noted instead of raised, if anywhere."""
        self.refusal: Reverted | None = None
        """Why the last verb was refused, if it was."""
        self.told = Step("", "")
        """The last verb that was not, and what came of it."""
        self.people = [chain.account(name) for name in PEOPLE]
        self.names = [person.address for person in self.people]
        self.asset = token(chain, "USD", asset_decimals)
        self.unit = 10**asset_decimals
        self.tokens = [token(chain, f"C{n}", d) for n, d in enumerate(collateral_decimals)]
        self.named = units_of(asset_decimals, collateral_decimals)
        self.units = [10**decimals for decimals in collateral_decimals]
        self.opening = opening_prices(asset_decimals, collateral_decimals)
        self.oracles = [MockOracle.deploy(chain, price) for price in self.opening]
        self.prices: list[int | Exception] = list(self.opening)
        self.parameters = parameters_of(
            [token.address for token in self.tokens],
            [oracle.address for oracle in self.oracles],
            risks,
            rate,
            max(100, 100 * self.unit),
            reserve_factor,
        )
        self.contract = deploy_pool(chain, self.asset.address, self.parameters, bytecode=bytecode)
        holdings = self.asset, *self.tokens
        for held in holdings:
            for person in self.people:
                held.mint(person, PLENTY)
                held.approve(self.contract, MAX_UINT256, sender=person)
        self.actor = CallbackActor.deploy(chain)
        for held in holdings:
            held.mint(self.actor, PLENTY)
            call = held.build("approve", self.contract, MAX_UINT256)
            self.actor.perform(call.to, call.data)
        self._owners = *self.names, self.actor.address, self.contract.address
        books = ("snapshot", self.names), ("total_assets",), ("total_debt",)
        self._asked = [
            *(question(self.contract, *call) for call in books),
            *(question(held, "balance_of", who) for who in self._owners for held in holdings),
        ]
        """Everything that is looked at, as calls: the same after each step."""
        self.granted: set[tuple[str, str]] = set()
        deployed = self.contract.deployment
        assert deployed is not None
        self.pool = twin.Pool.empty(self.parameters, now=deployed.timestamp)
        self.seen = self.look()
        if not lockstep:
            self.pool = self.seen.pool

    @contextmanager
    def rewound(self) -> Iterator[None]:
        """Everything that happens inside is undone at the end, in this object as on the chain."""
        kept = self.remember()
        with self.chain.snapshot():
            yield
        self.recall(kept)

    def remember(self) -> tuple[Any, ...]:
        """What this object knows beside the chain."""
        return self.pool, list(self.prices), self.seen, set(self.granted)

    def recall(self, kept: tuple[Any, ...]) -> None:
        """Back to what `remember` gave."""
        self.pool, prices, self.seen, granted = kept
        self.prices, self.granted = list(prices), set(granted)

    # --- looking ----------------------------------------------------------------------------------

    def look(self) -> Seen:
        """What the chain shows now."""
        shown, *numbers = self.answers(self._asked)
        total_assets, total_debt, *held = [int.from_bytes(number, "big") for number in numbers]
        now, books, drift, total_shares, collaterals, accounts = SNAPSHOT.decode(shown)[0]
        debt_shares, reserve, rate, index, cash, accrued_at = books
        pool = twin.Pool(
            self.parameters,
            twin.Market(debt_shares, reserve, rate, index, cash, accrued_at, drift),
            total_shares,
            tuple([held for _, _, held in collaterals]),
            {
                name: twin.Account(tuple(collateral), owed, shares)
                for name, (shares, owed, collateral) in zip(self.names, accounts, strict=True)
            },
        )
        several = len(self.tokens) + 1
        money = {
            owner: tuple(held[place * several : (place + 1) * several])
            for place, owner in enumerate(self._owners)
        }
        return Seen(
            pool=pool,
            now=now,
            prices=tuple(self.prices),
            total_assets=total_assets,
            total_debt=total_debt,
            balances=money.pop(self.contract.address),
            wallets=money,
            units=self.named,
            granted=frozenset(self.granted),
        )

    def answers(self, asked: Sequence[Question]) -> list[bytes]:
        """To all that is asked. A node is asked one view at a time, as its users do."""
        if self.chain.engine == "embedded":
            return self.chain.calls(asked)
        return [self.chain.call(to, data) for to, data in asked]

    def now(self) -> int:
        """The next block's time."""
        return self.chain.timestamp + 1

    def nonce(self, owner: Account) -> int:
        """That the next signed authorisation must have."""
        return self.contract.authorization_nonce(owner)

    # --- lockstep ---------------------------------------------------------------------------------

    def _step(
        self,
        step: Step,
        simulate: Callable[[int], tuple[twin.Pool, Any]],
        send: Callable[[], Receipt],
    ) -> Receipt | None:
        """Does it in both worlds; None when both refuse."""
        expected: Reverted | None = None
        after, result = self.pool, None
        if self.lockstep:
            try:
                after, result = simulate(self.now())
            except Reverted as refusal:
                expected = refusal
        try:
            receipt = send()
        except Reverted as refusal:
            self.refusal = refusal
            if self.lockstep:
                self._same_refusal(step, refusal, expected)
            return None
        self.refusal = None
        if expected is not None:
            raise Violation("twin", f"{step}: only the twin refuses: {expected}")
        told = self.told = self._told(step, receipt)
        if self.lockstep:
            self.pool = after
            self._same_result(told, receipt, result)
        self._check(told)
        return receipt

    def _same_refusal(self, step: Step, refusal: Reverted, expected: Reverted | None) -> None:
        if expected is None:
            raise Violation("twin", f"{step}: only the contract refuses: {refusal}")
        if type(refusal) is not type(expected) or refusal.arguments != expected.arguments:
            raise Violation("twin", f"{step}: {refusal} against {expected}")

    def _told(self, step: Step, receipt: Receipt) -> Step:
        if step.verb != "liquidate":
            return step
        done = receipt.one(abi.Liquidated)
        losses = receipt.all(abi.BadDebt)
        return replace(
            step,
            repaid=done.repaid,
            seized=done.seized,
            bad_debt=sum(loss.loss for loss in losses),
            from_reserve=sum(loss.from_reserve for loss in losses),
        )

    def _same_result(self, step: Step, receipt: Receipt, result: Any) -> None:
        """What the contract told of it, against what the twin returned."""
        if step.verb in ("deposit", "mint"):
            done = receipt.one(abi.Deposit)
            agree(result in (done.shares, done.assets), f"{step}: {result} against {done}")
        elif step.verb in ("withdraw", "redeem"):
            left = receipt.one(abi.Withdraw)
            agree(result in (left.shares, left.assets), f"{step}: {result} against {left}")
        elif step.verb == "repay":
            repaid = receipt.one(abi.Repaid).assets
            agree(result == repaid, f"{step}: {result} against {repaid}")
        elif step.verb == "liquidate":
            told = step.repaid, step.seized, step.bad_debt, step.from_reserve
            meant = result.repaid, result.seized, result.bad_debt, result.from_reserve
            agree(told == meant, f"{step}: {meant} against {told}")
            bonus = receipt.one(abi.Liquidated).bonus
            agree(bonus == result.bonus, f"{step}: a bonus of {result.bonus} against {bonus}")

    def _check(self, step: Step) -> None:
        before = self.seen
        if before.granted != self.granted:
            before = replace(before, granted=frozenset(self.granted))
        self.seen = self.look()
        if self.lockstep:
            meant, told = self._books(self.pool), self._books(self.seen.pool)
            if meant != told:
                raise Violation("twin", f"{step}: {_difference(meant, told)}")
        else:
            self.pool = self.seen.pool
        for check in STEP_CHECKS.values():
            self.judge(partial(check, before, step, self.seen))

    def judge(self, check: Callable[[], None]) -> None:
        """Runs a check; notes its violation where violations are collected."""
        try:
            check()
        except Violation as violation:
            if self.violated is None:
                raise
            self.violated.add(violation.invariant)

    def _books(self, pool: twin.Pool) -> dict[str, Any]:
        people = {f"the account of {p.name}": pool.account(p.address) for p in self.people}
        books = {"the market": pool.market, "all shares": pool.total_shares}
        return books | {"all collateral": pool.held} | people


def _difference(meant: dict[str, Any], told: dict[str, Any]) -> str:
    """The first part of the books, and the first field of it, that are not as they should be."""
    what = next(part for part in meant if meant[part] != told[part])
    should, is_ = meant[what], told[what]
    for field in fields(should) if is_dataclass(should) else ():
        pair = getattr(should, field.name), getattr(is_, field.name)
        if pair[0] != pair[1]:
            what = f"{field.name.replace('_', ' ')} of {what}"
            should, is_ = pair
            break
    return f"{what} should be {should}, and is {is_}"


def agree(holds: bool, reason: str) -> None:
    """Raises Violation "twin" unless it holds."""
    if not holds:
        raise Violation("twin", reason)
