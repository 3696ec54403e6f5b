"""Everything that can be done to a lending pool under test, verb by verb, to its twin as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .... import reverts
from ....bindings import CallbackActor
from ....bindings import lending_pool as abi
from ....bindings.callback_actor import Call as CallbackCall
from ....chain import Account, Receipt
from ....chain.base import named_key
from ....errors import Reverted
from ....lending import pool as twin
from ....lending.authorization import Authorization
from ....units import MAX_UINT256
from ...violations import Violation, hold
from .checks import Step
from .lockstep import Lockstep, agree
from .setting import PEOPLE

__all__ = ["PEOPLE", "World"]


class World(Lockstep):
    """Everything that people, prices and time may do to the pool."""

    # --- verbs ------------------------------------------------------------------------------------

    def deposit(self, who: Account, assets: int, to: Account | None = None) -> Receipt | None:
        """`who` lends, for `to` or for itself. [asset]"""
        to = to or who
        return self._step(
            Step("deposit", who.address, to.address),
            lambda now: self.pool.deposit(assets, to.address, now=now),
            lambda: self.contract.deposit(assets, to, sender=who),
        )

    def mint(self, who: Account, shares: int) -> Receipt | None:
        """`who` lends what so many shares cost."""
        return self._step(
            Step("mint", who.address, who.address),
            lambda now: self.pool.mint(shares, who.address, now=now),
            lambda: self.contract.mint(shares, who, sender=who),
        )

    def withdraw(self, who: Account, assets: int) -> Receipt | None:
        """`who` takes back what it lent. [asset]"""
        return self._step(
            Step("withdraw", who.address, who.address),
            lambda now: self.pool.withdraw(assets, who.address, now=now),
            lambda: self.contract.withdraw(assets, who, who, sender=who),
        )

    def redeem(self, who: Account, shares: int) -> Receipt | None:
        """`who` takes back what so many shares are worth."""
        return self._step(
            Step("redeem", who.address, who.address),
            lambda now: self.pool.redeem(shares, who.address, now=now),
            lambda: self.contract.redeem(shares, who, who, sender=who),
        )

    def transfer(self, who: Account, to: Account, shares: int) -> Receipt | None:
        """`who` gives shares away."""
        return self._step(
            Step("transfer", who.address, to.address),
            lambda now: (self.pool.transfer(shares, who.address, to.address), None),
            lambda: self.contract.transfer(to, shares, sender=who),
        )

    def supply_collateral(
        self, who: Account, number: int, amount: int, account: Account | None = None
    ) -> Receipt | None:
        """`who` posts a collateral, for `account` or for itself. [raw]"""
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
        """`who` takes collateral of `account`, or of its own. [raw]"""
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
        """`who` borrows on `account`, or on its own. [asset]"""
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
        """`owner` lets an operator act for it, or no more."""
        nonce = self.nonce(owner)
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
        self._in_force(owner, operator, nonce)
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
            self._in_force(owner, operator, nonce)
            self._once(send)
        return receipt

    def _once(self, send: Callable[[], Receipt]) -> None:
        """L11: what was brought once is not good for a second time."""
        with self.chain.snapshot():
            try:
                send()
            except Reverted:
                return
        raise Violation("L11", "a signature is good for more than once")

    def _in_force(self, owner: Account, operator: Account | CallbackActor, nonce: int) -> None:
        """L11: an operator may what its owner said last, and nothing signed before can undo it."""
        said = (owner.address, operator.address) in self.granted
        may = self.contract.is_authorized(owner, operator)
        hold("L11", may == said, f"an operator may act: {may}, while its owner said {said}")
        now = self.nonce(owner)
        hold("L11", now == nonce + 1, f"the nonce of an owner who was heard is {now} after {nonce}")

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
        agree(receipt.one(abi.FlashLoaned).token == token.address, "another token was lent")
        after = self.look()
        same = self._books(after.pool) == self._books(before.pool)
        same = same and (after.balances, after.wallets) == (before.balances, before.wallets)
        agree(same, "a flash loan left a trace")
        self.seen = after

    def repay(self, who: Account, assets: int, account: Account | None = None) -> Receipt | None:
        """`who` pays back for `account`, or for itself. [asset]"""
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
        """`who` repays debt of `account` for collateral `number`, within these limits."""
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
        """Interest is booked until now. Anybody may."""
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
