"""The Hypothesis machine of dollars on cash. Needs Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from ....stablecoins import RedemptionStatus, Role
from ....stablecoins.fiat import NO_LIMIT
from ...machine import VARIANTS
from ...trial import Trial
from ..machine import PegMachine
from .pair import FORGERIES, MINTERS, FiatPair
from .trial import FiatTrial
from .world import AUDITORS, MONTH, PEOPLE

__all__ = ["FiatMachine"]

WHO = st.sampled_from(PEOPLE)
PLACES = st.sampled_from((*PEOPLE, *PEOPLE, "dollar", "zero"))
ROLES = st.sampled_from([int(role) for role in Role])
EDGES = st.sampled_from([0, 1, 2**104 - 1, 2**112, 2**128, 2**256 - 1])
LIMITS = st.sampled_from([0, 1_000, 10**6, NO_LIMIT, NO_LIMIT, NO_LIMIT + 1])
AMOUNTS = st.integers(0, 10**12) | st.integers(0, 1_000) | EDGES
FORGED = st.sampled_from(("none", "none", *FORGERIES))
NONCES = st.integers(1, 4)
SOME = st.lists(st.sampled_from(AUDITORS), max_size=3).map(" ".join)


class FiatMachine(PegMachine):
    """Minters, holders, officers, forgers and a clock: S1-S3 and S6.

    `make` gives a `FiatPair`, on the chain that it is called with.
    """

    trial_class: ClassVar[type[Trial]] = FiatTrial
    trial: FiatTrial
    make: ClassVar[Callable[..., Any]] = FiatPair.deploy

    @initialize(variant=VARIANTS)
    def begin(self, variant: int) -> None:
        """Reserves are stated, minters named, and alice has dollars."""
        self.start(variant)
        self.trial.attest("carol", 10**7, 0, "auditor examiner")
        for minter in MINTERS:
            self.trial.configure_minter("treasurer", minter, 10**12, NO_LIMIT)
            self.trial.mint(minter, "alice", 10**6)

    @property
    def pair(self) -> FiatPair:
        """The dollar and its records."""
        return self.trial.pair

    def balance(self, who: str, part: int, parts: int = 4) -> int:
        """A part of somebody's dollars. [base units]"""
        return self.pair.looked.balance_of(self.pair.address(who)) * part // parts

    # --- holders and minters ----------------------------------------------------------------------

    @rule(who=WHO, to=PLACES, amount=AMOUNTS)
    def transfer(self, who: str, to: str, amount: int) -> None:
        self.trial.transfer(who, to, amount)

    @rule(who=WHO, to=PLACES, part=st.integers(0, 4))
    def transfer_a_part(self, who: str, to: str, part: int) -> None:
        self.trial.transfer(who, to, self.balance(who, part))

    @rule(who=WHO, to=PLACES, amount=AMOUNTS)
    def approve(self, who: str, to: str, amount: int) -> None:
        self.trial.approve(who, to, amount)

    @rule(who=WHO, owner=WHO, to=PLACES, amount=AMOUNTS)
    def transfer_from(self, who: str, owner: str, to: str, amount: int) -> None:
        self.trial.transfer_from(who, owner, to, amount)

    @precondition(lambda self: self.pair.looked.allowances)
    @rule(data=st.data(), to=PLACES, part=st.integers(0, 5))
    def transfer_what_is_allowed(self, data: st.DataObject, to: str, part: int) -> None:
        at, state = self.pair.address, self.pair.looked
        pairs = [(a, b) for a in PEOPLE for b in PEOPLE if state.allowance(at(a), at(b))]
        if pairs:
            owner, who = data.draw(st.sampled_from(pairs))
            allowed = state.allowance(at(owner), at(who))
            amount = min(allowed, state.balance_of(at(owner))) * part // 4
            self.trial.transfer_from(who, owner, to, amount)

    @rule(who=st.sampled_from((*MINTERS, *MINTERS, "bob")), to=PLACES, amount=AMOUNTS)
    def mint(self, who: str, to: str, amount: int) -> None:
        self.trial.mint(who, to, amount)

    @rule(who=st.sampled_from((*MINTERS, "alice")), amount=AMOUNTS)
    def burn(self, who: str, amount: int) -> None:
        self.trial.burn(who, amount)

    @rule(who=WHO, part=st.integers(0, 5))
    def redeem(self, who: str, part: int) -> None:
        self.trial.redeem(who, self.balance(who, part))

    @precondition(lambda self: self.pair.queue)
    @rule(who=st.sampled_from((*MINTERS, "bob")), data=st.data(), pay=st.booleans())
    def answer(self, who: str, data: st.DataObject, pay: bool) -> None:
        number = data.draw(st.integers(0, len(self.pair.queue) + 1))
        (self.trial.settle if pay else self.trial.refuse)(who, number)

    @rule(who=st.sampled_from(MINTERS), pay=st.booleans())
    def answer_the_oldest(self, who: str, pay: bool) -> None:
        queue = self.pair.queue.items()
        waiting = [number for number, one in queue if one[2] == RedemptionStatus.PENDING]
        if waiting:
            (self.trial.settle if pay else self.trial.refuse)(who, waiting[0])

    # --- officers, and those who would be ---------------------------------------------------------

    @rule(
        who=st.sampled_from(("treasurer", "treasurer", "alice")),
        minter=st.sampled_from((*MINTERS, *MINTERS, *PEOPLE)),
        amount=AMOUNTS,
        daily=LIMITS,
    )
    def configure_minter(self, who: str, minter: str, amount: int, daily: int) -> None:
        self.trial.configure_minter(who, minter, amount, daily)

    @rule(who=st.sampled_from(("treasurer", "mint")), minter=WHO)
    def remove_minter(self, who: str, minter: str) -> None:
        self.trial.remove_minter(who, minter)

    @rule(who=st.sampled_from(("officer", "officer", "bob")), account=PLACES, on=st.booleans())
    def freeze(self, who: str, account: str, on: bool) -> None:
        (self.trial.freeze if on else self.trial.unfreeze)(who, account)

    @rule(wei=st.integers(1, 3))
    def force_ether(self, wei: int) -> None:
        self.trial.force_ether(wei)

    @rule(who=st.sampled_from(("owner", "owner", "bob")), wei=st.integers(0, 3))
    def rescue_ether(self, who: str, wei: int) -> None:
        self.trial.rescue_ether(who, wei)

    @rule(who=st.sampled_from(("warden", "warden", "bob")))
    def pause(self, who: str) -> None:
        (self.trial.unpause if self.pair.paused else self.trial.pause)(who)

    @precondition(lambda self: self.pair.paused)
    @rule()
    def go_on(self) -> None:
        self.trial.unpause("warden")

    @rule(who=st.sampled_from(("owner", "alice")), role=ROLES, candidate=WHO)
    def offer_role(self, who: str, role: int, candidate: str) -> None:
        self.trial.offer_role(who, role, candidate)

    @rule(who=WHO, role=ROLES)
    def accept_role(self, who: str, role: int) -> None:
        self.trial.accept_role(who, role)

    @rule(who=st.sampled_from(("owner", "alice")), role=ROLES)
    def revoke_role(self, who: str, role: int) -> None:
        self.trial.revoke_role(who, role)

    def try_everything(self, who: str) -> None:
        """Whatever moves dollars, by one person, to itself and to others."""
        part = self.balance(who, 1)
        for to in (who, "bob", "alice"):
            self.trial.transfer(who, to, part)
        self.trial.approve(who, "carol", part)
        self.trial.transfer_from("carol", who, "carol", part)
        self.trial.permit(who, "bob", part, 10**6, "none")
        self.trial.redeem(who, part)
        for minter in MINTERS:
            self.trial.mint(minter, who, 1_000)
            self.trial.burn(minter, self.balance(minter, 1))

    @rule(who=WHO)
    def a_busy_day(self, who: str) -> None:
        self.try_everything(who)

    @rule(who=WHO)
    def a_stop(self, who: str) -> None:
        self.trial.pause("warden")
        self.try_everything(who)
        self.trial.unpause("warden")

    @rule(who=WHO)
    def a_freeze(self, who: str) -> None:
        self.trial.redeem(who, self.balance(who, 1))
        self.trial.freeze("officer", who)
        self.try_everything(who)
        for minter in MINTERS:
            self.trial.refuse(minter, len(self.pair.queue))
        self.trial.unfreeze("officer", who)

    # --- signatures -------------------------------------------------------------------------------

    @rule(who=WHO, to=PLACES, amount=AMOUNTS, late=st.booleans(), forgery=FORGED)
    def permit(self, who: str, to: str, amount: int, late: bool, forgery: str) -> None:
        self.trial.permit(who, to, amount, 0 if late else 10**6, forgery)

    @precondition(lambda self: self.pair.seen)
    @rule(data=st.data())
    def replay_permit(self, data: st.DataObject) -> None:
        self.trial.replay_permit(data.draw(st.integers(0, len(self.pair.seen) - 1)))

    @rule(
        owner=WHO,
        to=PLACES,
        amount=AMOUNTS,
        early=st.integers(-1, 3),
        seconds=st.integers(1, 4),
        nonce=NONCES,
        receive=st.booleans(),
        who=WHO,
        itself=st.booleans(),
        forgery=FORGED,
    )
    def authorize(
        self,
        owner: str,
        to: str,
        amount: int,
        early: int,
        seconds: int,
        nonce: int,
        receive: bool,
        who: str,
        itself: bool,
        forgery: str,
    ) -> None:
        by = to if receive and itself and to in PEOPLE else who
        self.trial.authorize(by, owner, to, amount, early, seconds, nonce, receive, forgery)

    @rule(who=WHO, owner=WHO, nonce=NONCES, forgery=FORGED)
    def cancel(self, who: str, owner: str, nonce: int, forgery: str) -> None:
        self.trial.cancel(who, owner, nonce, forgery)

    @precondition(lambda self: self.pair.orders)
    @rule(who=WHO, data=st.data())
    def replay_order(self, who: str, data: st.DataObject) -> None:
        self.trial.replay_order(who, data.draw(st.integers(0, len(self.pair.orders) - 1)))

    # --- statements -------------------------------------------------------------------------------

    @rule(
        who=st.sampled_from(("alice", "carol", *AUDITORS)),
        amount=st.sampled_from([0, 10**6, 10**9, 10**9, 2**112 - 1, 2**112]),
        seconds=st.sampled_from([-1, 0, 0, 0, 1, 1_000, MONTH - 1, MONTH + 1]),
        signers=st.lists(st.sampled_from((*AUDITORS, *AUDITORS, "carol")), max_size=3).map(
            " ".join
        ),
    )
    def attest(self, who: str, amount: int, seconds: int, signers: str) -> None:
        self.trial.attest(who, amount, seconds, signers)

    @rule(slip=st.sampled_from(("chain", "token", "amount", "time", "order")))
    def misstate(self, slip: str) -> None:
        self.trial.misstate(slip)

    @precondition(lambda self: self.pair.votes)
    @rule(data=st.data())
    def replay_statement(self, data: st.DataObject) -> None:
        self.trial.replay_statement(data.draw(st.integers(0, len(self.pair.votes) - 1)))

    @rule(who=st.sampled_from(("owner", "owner", "bob")), signers=SOME, quorum=st.integers(0, 3))
    def configure_attesters(self, who: str, signers: str, quorum: int) -> None:
        self.trial.configure_attesters(who, signers, quorum)

    # --- the world around -------------------------------------------------------------------------

    @rule(seconds=st.integers(1, 10**5) | st.just(MONTH))
    def wait(self, seconds: int) -> None:
        self.trial.wait(seconds)
