"""A lending pool with its tokens, oracles and people on a chain, and its twin beside it.

Every verb is done by the twin and by the contract, at the same second; both must say the same, also
when they refuse. After each step L1 to L15 are checked on what the chain shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from functools import partial
from typing import Any

from .... import reverts
from ....bindings import CallbackActor, LendingPool, MockOracle, MockToken
from ....bindings import lending_pool as abi
from ....bindings.callback_actor import Call as CallbackCall
from ....chain import Account, Chain, Receipt
from ....chain.abi import function
from ....chain.base import named_key
from ....errors import Reverted
from ....lending import pool as twin
from ....lending.authorization import Authorization
from ....lending.rates import AdaptiveRate, KinkedRate, RateModel
from ....units import MAX_UINT256, Unit
from ...violations import Violation
from .checks import STEP_CHECKS, Seen, Step

SNAPSHOT = function(LendingPool.FUNCTIONS["snapshot"])
PEOPLE = ("alice", "alices second", "bob", "carol", "keeper", "rival", "mallory")
PLENTY = 2**130
TYPES = (
    "((address,string,string,uint256,uint256,uint256),(uint40,uint40,uint40,uint64),"
    "(uint48,uint96,uint96),"
    "(address,address,uint16,uint16,uint16,uint16,uint120)[])"
)
RATE = KinkedRate.annual("1%", "8%", "150%", kink="80%")
ADAPTIVE = AdaptiveRate.annual("4%", target="90%", lowest="0.1%", highest="200%")
WHOLE_PRICES = (2_000, 30_000, 1, 7)
"""Opening price of each collateral. [asset]"""
RISKS = ((7_500, 8_000, 500, 9_500), (7_000, 7_500, 1_000, 9_000), (5_000, 9_000, 300, 9_300))
"""Borrow LTV, liquidation LTV, maximum bonus, full bonus health. [bps]"""


class World:
    """A pool of one asset against a few collaterals, and the people around it."""

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
            (to.address, to.build(*call).data)
            for to, call in (
                *((self.contract, call) for call in books),
                *((held, ("balance_of", who)) for who in self._owners for held in holdings),
            )
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
        shown, *numbers = self.chain.calls(self._asked)
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

    def now(self) -> int:
        """The next block's time."""
        return self.chain.timestamp + 1

    def nonce(self, owner: Account) -> int:
        """That the next signed authorisation must have."""
        return self.contract.authorization_nonce(owner)

    # --- verbs ------------------------------------------------------------------------------------

    def deposit(self, who: Account, assets: int, to: Account | None = None) -> Receipt | None:
        to = to or who
        return self._step(
            Step("deposit", who.address, to.address),
            lambda now: self.pool.deposit(assets, to.address, now=now),
            lambda: self.contract.deposit(assets, to, sender=who),
        )

    def mint(self, who: Account, shares: int) -> Receipt | None:
        return self._step(
            Step("mint", who.address, who.address),
            lambda now: self.pool.mint(shares, who.address, now=now),
            lambda: self.contract.mint(shares, who, sender=who),
        )

    def withdraw(self, who: Account, assets: int) -> Receipt | None:
        return self._step(
            Step("withdraw", who.address, who.address),
            lambda now: self.pool.withdraw(assets, who.address, now=now),
            lambda: self.contract.withdraw(assets, who, who, sender=who),
        )

    def redeem(self, who: Account, shares: int) -> Receipt | None:
        return self._step(
            Step("redeem", who.address, who.address),
            lambda now: self.pool.redeem(shares, who.address, now=now),
            lambda: self.contract.redeem(shares, who, who, sender=who),
        )

    def transfer(self, who: Account, to: Account, shares: int) -> Receipt | None:
        return self._step(
            Step("transfer", who.address, to.address),
            lambda now: (self.pool.transfer(shares, who.address, to.address), None),
            lambda: self.contract.transfer(to, shares, sender=who),
        )

    def supply_collateral(
        self, who: Account, number: int, amount: int, account: Account | None = None
    ) -> Receipt | None:
        account = account or who
        token = self.tokens[number].address
        return self._step(
            Step("supply_collateral", who.address, account.address, token),
            lambda now: (
                self.pool.supply_collateral(
                    token, amount, account.address, caller=who.address, prices=self.prices
                ),
                None,
            ),
            lambda: self.contract.supply_collateral(token, amount, account, sender=who),
        )

    def withdraw_collateral(
        self, who: Account, number: int, amount: int, account: Account | None = None
    ) -> Receipt | None:
        account = account or who
        token = self.tokens[number].address
        return self._step(
            Step("withdraw_collateral", who.address, account.address, token),
            lambda now: (
                self.pool.withdraw_collateral(
                    token, amount, account.address, now=now, caller=who.address, prices=self.prices
                ),
                None,
            ),
            lambda: self.contract.withdraw_collateral(token, amount, who, account, sender=who),
        )

    def borrow(self, who: Account, assets: int, account: Account | None = None) -> Receipt | None:
        account = account or who
        return self._step(
            Step("borrow", who.address, account.address),
            lambda now: (
                self.pool.borrow(
                    assets, account.address, now=now, prices=self.prices, caller=who.address
                ),
                None,
            ),
            lambda: self.contract.borrow(assets, who, account, sender=who),
        )

    def authorize(
        self, owner: Account, operator: Account | CallbackActor, authorized: bool
    ) -> Receipt | None:
        receipt = self._step(
            Step("authorize", owner.address, owner.address),
            lambda now: (
                self.pool.set_authorization(operator.address, authorized, owner.address),
                None,
            ),
            lambda: self.contract.set_authorization(operator, authorized, sender=owner),
        )
        change = self.granted.add if authorized else self.granted.discard
        change((owner.address, operator.address))
        return receipt

    def authorize_by_signature(
        self, sender: Account, owner: Account, operator: Account, nonce: int, deadline: int
    ) -> Receipt | None:
        """`owner` signs that `operator` may act for it; `sender` brings it."""
        message = Authorization(owner.address, operator.address, True, nonce, deadline)

        def send() -> Receipt:
            done = message.sign(self.contract.domain_separator(), named_key(owner.name or ""))
            return self.contract.set_authorization_by_signature(
                owner, operator, True, deadline, done.signature, sender=sender
            )

        receipt = self._step(
            Step("authorize", sender.address, owner.address),
            lambda now: (
                self.pool.set_authorization_by_signature(
                    owner.address, operator.address, True, nonce, deadline, now=now
                ),
                None,
            ),
            send,
        )
        if receipt:
            self.granted.add((owner.address, operator.address))
        return receipt

    def leverage(
        self, who: Account, number: int, amount: int, assets: int, repaid: int
    ) -> Receipt | None:
        """Through an operator that holds collateral: posts it with a callback that borrows against
        it and repays a part of that again. The operator keeps the loan, as an exchange would."""
        token = self.tokens[number].address
        calls = (
            ("borrow", assets, self.actor, who),
            *([("repay", repaid, who)] if repaid else []),
        )

        def simulate(now: int) -> tuple[twin.Pool, None]:
            after = self.pool.supply_collateral(
                token, amount, who.address, caller=self.actor.address, prices=self.prices
            )
            after = after.borrow(
                assets, who.address, now=now, prices=self.prices, caller=self.actor.address
            )
            if repaid:
                after, _ = after.repay(repaid, who.address, now=now)
            return after, None

        verb = ("supply_collateral_with_callback", token, amount, who, b"")
        step = Step("leverage", self.actor.address, who.address, token)
        return self._step(step, simulate, lambda: self._through_actor(who, calls, *verb))

    def repay_with_callback(
        self, who: Account, assets: int, account: Account, number: int, freed: int
    ) -> Receipt | None:
        """Through an operator, which pays for debt after it has taken the collateral that this
        frees: whoever repays needs nothing, as long as the collateral can be sold."""
        token = self.tokens[number].address
        withdrawal = ("withdraw_collateral", token, freed, self.actor, account)

        def simulate(now: int) -> tuple[twin.Pool, int]:
            after, repaid = self.pool.repay(assets, account.address, now=now)
            if freed:
                after = after.withdraw_collateral(
                    token,
                    freed,
                    account.address,
                    now=now,
                    caller=self.actor.address,
                    prices=self.prices,
                )
            return after, repaid

        verb = ("repay_with_callback", assets, account, b"")
        step = Step("repay", self.actor.address, account.address, token)
        inside = [withdrawal] if freed else []
        return self._step(step, simulate, lambda: self._through_actor(who, inside, *verb))

    def liquidate_with_callback(
        self,
        who: Account,
        account: Account,
        number: int,
        max_repay: int = MAX_UINT256,
        max_seize: int = MAX_UINT256,
        borrowed: int = 0,
        borrower: Account | None = None,
    ) -> Receipt | None:
        """Through an operator, which borrows for `borrower` before it pays: at most the cash that
        was there before, since the repayment is booked and has not arrived."""
        borrower = borrower or who
        token, assets = self.tokens[number].address, min(borrowed, self.pool.market.cash)
        limits = max_repay, max_seize, 0

        def simulate(now: int) -> tuple[twin.Pool, Any]:
            after, done = self.pool.liquidate(
                account.address, token, *limits, now=now, prices=self.prices
            )
            if assets:
                after = after.borrow(
                    assets,
                    borrower.address,
                    now=now,
                    prices=self.prices,
                    caller=self.actor.address,
                )
            return after, done

        verb = ("liquidate_with_callback", account, token, *limits, b"")
        step = Step(
            "liquidate",
            self.actor.address,
            account.address,
            token,
            receiver=borrower.address,
            limits=limits,
        )
        inside = [("borrow", assets, borrower, borrower)] if assets else []
        return self._step(step, simulate, lambda: self._through_actor(who, inside, *verb))

    def _through_actor(
        self, who: Account, inside: Sequence[tuple[Any, ...]], *verb: Any
    ) -> Receipt:
        """The operator calls the pool, and in the callback calls it again."""
        call = self.contract.build(*verb)
        built = [self.contract.build(*one) for one in inside]
        to = self.contract.address
        plan = [CallbackCall(to, one.data) for one in built]
        return self.actor.carry_out(plan, to, call.data, sender=who)

    def flash_loan(self, who: Account, number: int | None, amount: int) -> None:
        """Cash, for None, or a collateral, lent to the operator within one call: no trace."""
        token = self.asset if number is None else self.tokens[number]
        before = self.look()
        receipt = self.contract.flash_loan(
            self.actor, token, min(amount, token.balance_of(self.contract)), b"", sender=who
        )
        _agree(receipt.one(abi.FlashLoaned).token == token.address, "another token was lent")
        after = self.look()
        same = self._books(after.pool) == self._books(before.pool)
        same = same and (after.balances, after.wallets) == (before.balances, before.wallets)
        _agree(same, "a flash loan left a trace")
        self.seen = after

    def repay(self, who: Account, assets: int, account: Account | None = None) -> Receipt | None:
        account = account or who
        return self._step(
            Step("repay", who.address, account.address),
            lambda now: self.pool.repay(assets, account.address, now=now),
            lambda: self.contract.repay(assets, account, sender=who),
        )

    def liquidate(
        self,
        who: Account,
        account: Account,
        number: int,
        max_repay: int = MAX_UINT256,
        max_seize: int = MAX_UINT256,
        min_seized: int = 0,
    ) -> Receipt | None:
        token = self.tokens[number].address
        limits = max_repay, max_seize, min_seized
        return self._step(
            Step("liquidate", who.address, account.address, token, limits=limits),
            lambda now: self.pool.liquidate(
                account.address, token, *limits, now=now, prices=self.prices, caller=who.address
            ),
            lambda: self.contract.liquidate(account, token, *limits, sender=who),
        )

    def accrue(self, who: Account) -> Receipt | None:
        return self._step(
            Step("accrue", who.address),
            lambda now: (self.pool.accrue(now=now), None),
            lambda: self.contract.accrue(sender=who),
        )

    def attempt(self, who: Account, send: Callable[[], Receipt]) -> None:
        """Something the twin does not model: it is checked, whether it succeeds or not."""
        try:
            send()
        except Reverted as refusal:
            self.refusal = refusal
        self._check(Step("attempt", who.address))

    # --- the world around -------------------------------------------------------------------------

    def set_price(self, number: int, price: int) -> None:
        """The oracle answers `price` from now on; 0 is an answer as well."""
        self.oracles[number].set_reverting(False)
        self.oracles[number].set_price(price)
        self.prices[number] = price
        self._check(Step("price", ""))

    def scale_price(self, number: int, numerator: int, denominator: int) -> None:
        """The price becomes this part of the opening price."""
        self.set_price(number, self.opening[number] * numerator // denominator)

    def turn_off(self, number: int) -> None:
        """The oracle refuses from now on."""
        self.oracles[number].set_reverting(True)
        self.prices[number] = reverts.OracleOff()
        self._check(Step("oracle", ""))

    def donate(self, who: Account, number: int | None, amount: int) -> None:
        """Sends tokens to the pool for nothing: a collateral's, or the asset's for None."""
        token = self.asset if number is None else self.tokens[number]
        token.transfer(self.contract, amount, sender=who)
        if number is not None:
            self.pool = self.pool.donate(token.address, amount)
        self._check(Step("donate", who.address, who.address))

    def wait(self, seconds: int) -> None:
        """The clock leaps."""
        self.chain.advance(seconds)
        self._check(Step("clock", ""))

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
            _agree(result in (done.shares, done.assets), f"{step}: {result} against {done}")
        elif step.verb in ("withdraw", "redeem"):
            left = receipt.one(abi.Withdraw)
            _agree(result in (left.shares, left.assets), f"{step}: {result} against {left}")
        elif step.verb == "repay":
            repaid = receipt.one(abi.Repaid).assets
            _agree(result == repaid, f"{step}: {result} against {repaid}")
        elif step.verb == "liquidate":
            told = step.repaid, step.seized, step.bad_debt, step.from_reserve
            meant = result.repaid, result.seized, result.bad_debt, result.from_reserve
            _agree(told == meant, f"{step}: {meant} against {told}")
            bonus = receipt.one(abi.Liquidated).bonus
            _agree(bonus == result.bonus, f"{step}: a bonus of {result.bonus} against {bonus}")

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


def units_of(asset_decimals: int, collateral_decimals: Sequence[int]) -> tuple[Unit, ...]:
    """Symbol and decimals of the asset, then of each collateral."""
    named = (Unit(f"C{n}", decimals) for n, decimals in enumerate(collateral_decimals))
    return Unit("USD", asset_decimals), *named


def opening_prices(asset_decimals: int, collateral_decimals: Sequence[int]) -> list[int]:
    """Of each collateral. [asset per raw unit, scaled by 1e36]"""
    return [
        price * 10 ** (36 + asset_decimals - decimals)
        for price, decimals in zip(WHOLE_PRICES, collateral_decimals, strict=False)
    ]


def parameters_of(
    tokens: Sequence[str],
    oracles: Sequence[str],
    risks: Sequence[tuple[int, int, int, int]],
    rate: RateModel,
    minimum_debt: int,
    reserve_factor: int,
) -> twin.Parameters:
    """The twin's, with these terms for the collaterals in turn."""
    return twin.Parameters(
        collaterals=tuple(
            twin.Collateral(token, *risk, oracle=oracle)
            for token, oracle, risk in zip(tokens, oracles, (*risks, *risks), strict=False)
        ),
        rate=rate,
        minimum_debt=minimum_debt,
        reserve_factor=reserve_factor,
    )


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


def _agree(holds: bool, reason: str) -> None:
    if not holds:
        raise Violation("twin", reason)


def deploy_pool(
    chain: Chain, asset: str, parameters: twin.Parameters, *, bytecode: bytes | None = None
) -> LendingPool:
    """The contract with these parameters; from other creation code for a faulty one."""
    model = parameters.rate
    rate = model.curve
    arguments = (
        abi.PoolParameters(
            asset,
            "pool",
            "lp",
            parameters.minimum_debt,
            parameters.target_health,
            parameters.reserve_factor,
        ),
        abi.KinkedCurve(rate.at_zero, rate.at_kink, rate.at_full, rate.kink),
        abi.Adaptation(model.speed, model.fall, model.rise)
        if isinstance(model, AdaptiveRate)
        else abi.Adaptation(0, 0, 0),
        [
            abi.CollateralParameters(
                one.token,
                one.oracle,
                one.borrow_ltv,
                one.liquidation_ltv,
                one.max_bonus,
                one.full_bonus_health,
                one.cap,
            )
            for one in parameters.collaterals
        ],
    )
    return LendingPool._deploy(chain, TYPES, arguments, bytecode=bytecode)
