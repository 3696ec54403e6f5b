"""The Hypothesis machine of dollars on cash. Needs Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from ....stablecoins import RedemptionStatus, Role
from ....stablecoins.fiat import NO_LIMIT
from ...machine import VARIANTS, once
from ...trial import Trial
from ..machine import PegMachine
from .pair import FORGERIES, MINTERS, FiatPair
from .trial import FiatTrial
from .world import AUDITORS, DAY, MONTH, PEOPLE

__all__ = ["FiatMachine"]

WHO = st.sampled_from(PEOPLE)
PLACES = st.sampled_from((*PEOPLE, *PEOPLE, "dollar", "zero"))
ROLES = st.sampled_from([int(role) for role in Role])
EDGES = st.sampled_from([0, 1, 2**104 - 1, 2**112, 2**128, 2**256 - 1])
LIMITS = st.sampled_from([0, 1_000, 10**6, NO_LIMIT, NO_LIMIT, NO_LIMIT + 1])
AMOUNTS = st.integers(0, 10**12) | st.integers(0, 1_000) | EDGES
FORGED = st.sampled_from(("none", "none", *FORGERIES))
NONCES = st.integers(1, 4)
PAYS = st.lists(st.booleans(), min_size=3, max_size=3)
SLIPS = st.sampled_from(("chain", "token", "amount", "time", "order"))
SOME = st.lists(st.sampled_from(AUDITORS), max_size=3).map(" ".join)


class FiatMachine(PegMachine):
    """Minters, holders, officers, forgers and a clock: S1-S3 and S6.

    `make` gives a `FiatPair`, on the chain that it is called with.
    """

    trial_class: ClassVar[type[Trial]] = FiatTrial
    trial: FiatTrial
    make: ClassVar[Callable[..., Any]] = FiatPair.deploy

    @initialize(variant=VARIANTS, last=st.integers(0, 11))
    def begin(self, variant: int, last: int) -> None:
        """Reserves are stated, minters named, and everybody has dollars."""
        self.start(variant)
        self.last = last
        self.trial.attest("carol", 10**7, 0, "auditor examiner")
        for minter in MINTERS:
            self.trial.configure_minter("treasurer", minter, 10**12, NO_LIMIT)
            for holder in PEOPLE:
                self.trial.mint(minter, holder, 10**5)

    def close(self) -> None:
        """One of the scenes, whatever was done before."""
        self.calm(*PEOPLE)
        scenes: list[Callable[[], None]] = [
            lambda: self.an_order("alice", "bob", True, False, "high s"),
            lambda: self.an_order("bank", "mint", False, True, "other signer"),
            lambda: self.an_order("alice", "carol", True, True, "other amount"),
            lambda: self.a_permit("alice", "bob", True, True, "high s"),
            lambda: self.a_freeze("bank"),
            lambda: self.a_freeze("bob"),
            lambda: self.a_stop("alice"),
            lambda: self.an_audit(10**8),
            lambda: self.a_queue("alice", "bank", [1, 0, 2], [True, False, True]),
            lambda: self.usurp("carol", "bank", "bob"),
            lambda: self.mint_to_the_brim("bank", "alice", 1),
            lambda: self.a_busy_minter("mint", 1_000, DAY // 2),
        ]
        scenes[self.last]()

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

    @rule(who=WHO, to=PLACES, amount=AMOUNTS, more=st.booleans())
    def change_allowance(self, who: str, to: str, amount: int, more: bool) -> None:
        (self.trial.increase_allowance if more else self.trial.decrease_allowance)(who, to, amount)

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

    @rule(who=st.sampled_from(MINTERS), holder=WHO, beyond=st.integers(0, 10**5))
    @once
    def mint_to_the_brim(self, who: str, holder: str, beyond: int) -> None:
        """All that the reserves allow while some is owed, or more."""
        self.calm(who, holder)
        self.trial.attest("carol", 10**7, 0, "auditor examiner")
        self.trial.redeem(holder, self.balance(holder, 1))
        pair = self.pair
        room = pair.backing - pair.looked.supply - pair.looked.owed
        self.trial.mint(who, holder, max(room, 0) + beyond)

    @rule(who=st.sampled_from(MINTERS), daily=st.integers(10, 10**5), rest=st.integers(1, DAY))
    @once
    def a_busy_minter(self, who: str, daily: int, rest: int) -> None:
        """Comes to a day's limit in parts, and again after a while."""
        self.calm(who, "alice")
        self.trial.attest("carol", 10**12, 0, "auditor examiner")
        self.trial.configure_minter("treasurer", who, 10**12, daily)
        for _ in range(2):
            for _ in range(3):
                self.trial.mint(who, "alice", daily * 2 // 5)
            self.trial.wait(rest)
        self.trial.configure_minter("treasurer", who, 10**12, NO_LIMIT)

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

    @rule(holder=WHO, who=st.sampled_from(MINTERS), order=st.permutations(range(3)), pay=PAYS)
    @once
    def a_queue(self, holder: str, who: str, order: list[int], pay: list[bool]) -> None:
        """Three wait and are answered in any order, each of them twice; there may be less cash than
        is owed."""
        self.calm(holder, who)
        first = len(self.pair.queue) + 1
        for _ in order:
            self.trial.redeem(holder, max(self.balance(holder, 1), 1))
        if not pay[0]:
            self.trial.attest("carol", 1, 0, "auditor examiner")
        for number, paid in zip(order, pay, strict=True):
            for _ in range(2):
                (self.trial.settle if paid else self.trial.refuse)(who, first + number)
        self.trial.attest("carol", 10**7, 0, "auditor examiner")

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

    @rule(who=st.sampled_from(("alice", "carol")), minter=WHO, account=WHO)
    @once
    def usurp(self, who: str, minter: str, account: str) -> None:
        """Somebody without a role tries what officers and minters do."""
        trial = self.trial
        trial.force_ether(1)
        trial.rescue_ether(who, 1)
        trial.freeze(who, account)
        trial.unfreeze(who, account)
        trial.pause(who)
        trial.unpause(who)
        trial.offer_role(who, int(Role.OWNER), who)
        trial.accept_role(who, int(Role.OWNER))
        trial.revoke_role(who, int(Role.PAUSER))
        trial.configure_attesters(who, "auditor", 1)
        trial.configure_minter(who, minter, 10**12, NO_LIMIT)
        trial.remove_minter(who, minter)
        trial.mint(who, who, 1)
        trial.burn(who, 1)
        for number in range(1, len(self.pair.queue) + 1):
            trial.settle(who, number)
            trial.refuse(who, number)

    def calm(self, *people: str) -> None:
        """Nothing is stopped, and both minters may mint."""
        if self.pair.paused:
            self.trial.unpause("warden")
        for name in people:
            if self.pair.address(name) in self.pair.frozen:
                self.trial.unfreeze("officer", name)
        for minter in MINTERS:
            self.trial.configure_minter("treasurer", minter, 10**12, NO_LIMIT)

    def try_everything(self, who: str) -> None:
        """Whatever moves dollars, by one person, to itself and to others."""
        part, trial, nonce = self.balance(who, 1, 8), self.trial, self.fresh
        for to in (who, "bob", "alice"):
            trial.transfer(who, to, part)
        trial.transfer_from("carol", who, "bob", part)
        trial.transfer_from(who, "bob", "alice", self.balance("bob", 1, 8))
        for owner, spender in ((who, "carol"), ("bob", who)):
            trial.increase_allowance(owner, spender, 10**6)
            trial.decrease_allowance(owner, spender, 1)
            trial.approve(owner, spender, part)
            trial.approve(owner, spender, 10**6)
            trial.permit(owner, spender, 10**6 + 1, 10**6, "none", bool(part % 2))
        trial.authorize("carol", who, "bob", part, 1, 10**6, nonce, False, "none", bool(part % 2))
        trial.authorize("carol", "bob", who, 1, 1, 10**6, nonce, False, "none", bool(part % 2))
        trial.cancel("carol", who, nonce + 1, "none", bool(part % 2))
        trial.redeem(who, part)
        for minter in MINTERS:
            trial.mint(minter, who, 1_000)
            trial.burn(minter, self.balance(minter, 1))

    @property
    def fresh(self) -> int:
        """A nonce that nobody has used, or one of long ago; the next is fresh as well."""
        return 5 + 2 * len(self.pair.orders) % 250

    @rule(who=WHO)
    @once
    def a_busy_day(self, who: str) -> None:
        self.try_everything(who)

    @rule(who=WHO)
    @once
    def a_stop(self, who: str) -> None:
        self.trial.pause("warden")
        self.try_everything(who)
        self.trial.unpause("warden")

    @rule(who=WHO)
    @once
    def a_freeze(self, who: str) -> None:
        """With something in the queue, allowances both ways, and a minter that may be the one."""
        self.calm(*PEOPLE)
        for owner, spender in ((who, "carol"), ("bob", who)):
            self.trial.approve(owner, spender, 10**6)
        self.trial.redeem(who, self.balance(who, 1))
        self.trial.redeem("alice", 1)
        self.trial.freeze("officer", who)
        self.try_everything(who)
        for minter in MINTERS:
            for number in range(max(len(self.pair.queue) - 1, 0), len(self.pair.queue) + 1):
                self.trial.refuse(minter, number)
                self.trial.settle(minter, number)
        for account in (who, "dollar", "zero"):  # the last two are frozen for good
            self.trial.unfreeze("officer", account)
            self.trial.transfer("bob", account, 1)

    # --- signatures -------------------------------------------------------------------------------

    @rule(who=WHO, to=WHO, late=st.booleans(), packed=st.booleans(), forgery=FORGED)
    @once
    def a_permit(self, who: str, to: str, late: bool, packed: bool, forgery: str) -> None:
        """A late, a forged and a good one, and again; its spender takes what it allows."""
        self.calm(who, to)
        part = self.balance(who, 1)
        if late:
            self.trial.permit(who, to, part, 0, "none", packed)
        for kind in (forgery, "none"):
            self.trial.permit(who, to, part, 10**6, kind, packed)
        self.trial.transfer_from(to, who, to, part)
        for back in (1, 2, 3):
            self.trial.replay_permit(max(len(self.pair.seen) - back, 0))

    @rule(who=WHO, to=WHO, receive=st.booleans(), packed=st.booleans(), forgery=FORGED)
    @once
    def an_order(self, who: str, to: str, receive: bool, packed: bool, forgery: str) -> None:
        """Too early, too late, by another than its receiver, forged, good, and again; and one that
        was called off."""
        self.calm(who, to)
        trial, part, nonce = self.trial, self.balance(who, 1), self.fresh
        other = "carol" if to != "carol" else "alice"
        tries = (
            (to, -9, 10**6, "none"),
            (to, 1, 1, "none"),
            (other, 1, 10**6, "none" if receive else forgery),
            (to, 1, 10**6, forgery),
            (to, 1, 10**6, "none"),
        )
        for by, early, seconds, kind in tries:
            trial.authorize(by, who, to, part, early, seconds, nonce, receive, kind, packed)
        for back in (1, 2, 3):
            trial.replay_order(to, len(self.pair.orders) - back)
        for kind in (forgery, "none"):
            trial.cancel(other, who, nonce + 1, kind, packed)
        trial.authorize(to, who, to, part, 1, 10**6, nonce + 1, receive, "none", packed)

    @rule(
        who=WHO,
        to=PLACES,
        amount=AMOUNTS,
        late=st.booleans(),
        forgery=FORGED,
        packed=st.booleans(),
    )
    def permit(
        self, who: str, to: str, amount: int, late: bool, forgery: str, packed: bool
    ) -> None:
        self.trial.permit(who, to, amount, 0 if late else 10**6, forgery, packed)

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
        packed=st.booleans(),
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
        packed: bool,
    ) -> None:
        by = to if receive and itself and to in PEOPLE else who
        self.trial.authorize(by, owner, to, amount, early, seconds, nonce, receive, forgery, packed)

    @rule(who=WHO, owner=WHO, nonce=NONCES, forgery=FORGED, packed=st.booleans())
    def cancel(self, who: str, owner: str, nonce: int, forgery: str, packed: bool) -> None:
        self.trial.cancel(who, owner, nonce, forgery, packed)

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

    @rule(slip=SLIPS)
    def misstate(self, slip: str) -> None:
        self.trial.misstate(slip)

    @rule(amount=st.integers(10**7, 10**9))
    @once
    def an_audit(self, amount: int) -> None:
        """Statements of the future, of now, of no later and of long ago, by too few, by strangers,
        and by those who attest no more; mints on what is no longer true."""
        trial = self.trial
        for seconds, signers in (
            (-9, "auditor examiner"),
            (0, "auditor"),
            (0, "auditor auditor"),
            (0, "auditor carol"),
            (0, "auditor examiner"),
            (1, "auditor examiner"),
            (2, "auditor accountant"),
        ):
            trial.attest("carol", amount, seconds, signers)
        trial.configure_attesters("owner", "accountant examiner", 1)
        trial.attest("carol", amount + 1, 0, "auditor")
        trial.mint(MINTERS[0], "alice", 1)
        trial.configure_attesters("owner", " ".join(AUDITORS), 2)
        trial.attest("carol", amount, 0, "auditor examiner")
        trial.wait(MONTH + 9)
        trial.mint(MINTERS[0], "alice", 1)
        trial.attest("carol", amount + 2, MONTH + 1, "auditor examiner")
        trial.attest("carol", amount + 3, MONTH - 1, "auditor examiner")
        trial.attest("carol", amount, 0, "auditor examiner")

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
