"""S1-S3 and S6 over any sequence of verbs, the contract and its twin in lockstep."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from coincurve import PublicKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from defi_kit.chain import Chain
from defi_kit.chain.hashing import keccak, to_address
from defi_kit.errors import Reverted
from defi_kit.stablecoins import (
    Authorization,
    Cancellation,
    Fiat,
    Role,
)
from defi_kit.stablecoins.fiat import NO_LIMIT
from defi_kit.stablecoins.reserves import statement_digest
from defi_kit.tokens.permit import PermitMessage
from stablecoins.fiat_world import (
    AUDITORS,
    MONTH,
    OFFICERS,
    PEOPLE,
    QUORUM,
    Signed,
    SignedOrder,
    Vote,
    World,
    ascending,
    deploy,
)

people = st.sampled_from(PEOPLE)
places = st.sampled_from((*PEOPLE, *PEOPLE, "dollar", "zero"))
roles = st.sampled_from(list(Role))
edges = st.sampled_from([0, 1, 2**104 - 1, 2**112, 2**128, 2**256 - 1])
limits = st.sampled_from([0, 1_000, 10**6, NO_LIMIT, NO_LIMIT, NO_LIMIT + 1])
amounts = st.integers(0, 10**12) | st.integers(0, 1_000) | edges
MINTERS = ("bank", "mint")
TIMED = {"configure_minter", "mint", "request_redemption"}
"""Verbs to whose twin the block's time is told."""

_chain: list[Chain] = []


def shared_chain() -> Chain:
    """One chain for all examples; each works on a snapshot of its own."""
    if not _chain:
        _chain.append(Chain.embedded())
    return _chain[0]


class FiatMachine(RuleBasedStateMachine):
    """Minters, holders, officers, forgers and a clock, on the dollar and on its twin."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        chain = shared_chain()
        self.stack.enter_context(chain.snapshot())
        self.world = World(deploy(chain), checks_each_step=False)
        self.twin = Fiat.born(
            self.world.usd.address,
            *(self.world.address(OFFICERS[role]) for role in Role),
            attesters=ascending(chain, AUDITORS),
            quorum=QUORUM,
            max_statement_age=MONTH,
        )
        self.seen: list[Signed] = []
        self.orders: list[SignedOrder] = []
        self.votes: list[Vote] = []
        self.state_reserves(10**7, 0, AUDITORS[:2], "carol")
        for minter in MINTERS:
            self.step("configure_minter", "treasurer", self.at(minter), 10**12, NO_LIMIT)
            self.step("mint", minter, self.at("alice"), 10**6)

    def teardown(self) -> None:
        self.stack.close()

    def at(self, name: str) -> str:
        return self.world.address(name)

    def step(self, verb: str, sender: str, *args: Any) -> None:
        """The same verb on both; they accept or refuse alike, with equal arguments."""
        refused: Reverted | None = None
        timed = {"now": self.now} if verb in TIMED else {}
        try:
            after = getattr(self.twin, verb)(self.at(sender), *args, **timed)
        except Reverted as refusal:
            after, refused = self.twin, refusal
        self.agree(self.world.do(verb, self.at(sender), *args), refused)
        self.twin = after

    @property
    def now(self) -> int:
        """Of the block that will hold what is sent next."""
        return self.world.chain.timestamp + 1

    def agree(self, ours: Reverted | None, twins: Reverted | None) -> None:
        assert type(ours) is type(twins), f"contract: {ours}, twin: {twins}"
        if ours is not None and twins is not None:
            assert ours.arguments == twins.arguments

    # --- holders and minters ----------------------------------------------------------------------

    @rule(sender=people, to=places, amount=amounts)
    def transfer(self, sender: str, to: str, amount: int) -> None:
        self.step("transfer", sender, self.at(to), amount)

    @rule(sender=people, to=places, part=st.integers(0, 4))
    def transfer_a_part(self, sender: str, to: str, part: int) -> None:
        amount = self.twin.balance_of(self.at(sender)) * part // 4
        self.step("transfer", sender, self.at(to), amount)

    @rule(sender=people, spender=places, amount=amounts)
    def approve(self, sender: str, spender: str, amount: int) -> None:
        self.step("approve", sender, self.at(spender), amount)

    @rule(spender=people, owner=people, to=places, amount=amounts)
    def transfer_from(self, spender: str, owner: str, to: str, amount: int) -> None:
        self.step("transfer_from", spender, self.at(owner), self.at(to), amount)

    @precondition(lambda self: self.twin.allowances)
    @rule(data=st.data(), to=places, part=st.integers(0, 5))
    def transfer_what_is_allowed(self, data: st.DataObject, to: str, part: int) -> None:
        pairs = [
            (owner, spender)
            for owner in PEOPLE
            for spender in PEOPLE
            if self.twin.allowance(self.at(owner), self.at(spender))
        ]
        if pairs:
            owner, spender = data.draw(st.sampled_from(pairs))
            allowed = self.twin.allowance(self.at(owner), self.at(spender))
            amount = min(allowed, self.twin.balance_of(self.at(owner))) * part // 4
            self.step("transfer_from", spender, self.at(owner), self.at(to), amount)

    @rule(minter=st.sampled_from((*MINTERS, *MINTERS, "bob")), to=places, amount=amounts)
    def mint(self, minter: str, to: str, amount: int) -> None:
        self.step("mint", minter, self.at(to), amount)

    @rule(minter=st.sampled_from((*MINTERS, "alice")), amount=amounts)
    def burn(self, minter: str, amount: int) -> None:
        self.step("burn", minter, amount)

    @rule(holder=people, part=st.integers(0, 5))
    def redeem(self, holder: str, part: int) -> None:
        amount = self.twin.balance_of(self.at(holder)) * part // 4
        self.step("request_redemption", holder, amount)

    @precondition(lambda self: self.twin.redemptions.count)
    @rule(by=st.sampled_from((*MINTERS, "bob")), data=st.data(), pay=st.booleans())
    def answer(self, by: str, data: st.DataObject, pay: bool) -> None:
        id_ = data.draw(st.integers(0, self.twin.redemptions.count + 1))
        self.step("settle_redemption" if pay else "refuse_redemption", by, id_)

    @precondition(lambda self: self.twin.owed)
    @rule(by=st.sampled_from(MINTERS), pay=st.booleans())
    def answer_the_oldest(self, by: str, pay: bool) -> None:
        id_, _ = self.twin.redemptions.oldest(now=self.now)
        self.step("settle_redemption" if pay else "refuse_redemption", by, id_)

    # --- officers, and those who would be ---------------------------------------------------------

    @rule(
        by=st.sampled_from(("treasurer", "treasurer", "alice")),
        minter=st.sampled_from((*MINTERS, *MINTERS, *PEOPLE)),
        amount=amounts,
        limit=limits,
    )
    def configure_minter(self, by: str, minter: str, amount: int, limit: int) -> None:
        self.step("configure_minter", by, self.at(minter), amount, limit)

    @rule(by=st.sampled_from(("treasurer", "mint")), minter=people)
    def remove_minter(self, by: str, minter: str) -> None:
        self.step("remove_minter", by, self.at(minter))

    @rule(by=st.sampled_from(("officer", "officer", "bob")), account=places, on=st.booleans())
    def freeze(self, by: str, account: str, on: bool) -> None:
        self.step("freeze" if on else "unfreeze", by, self.at(account))

    @rule(wei=st.integers(1, 3))
    def force_ether(self, wei: int) -> None:
        self.world.force_ether(wei)
        self.twin = replace(self.twin, wei=self.twin.wei + wei)

    @rule(by=st.sampled_from(("owner", "owner", "bob")), wei=st.integers(0, 3))
    def rescue_ether(self, by: str, wei: int) -> None:
        refused: Reverted | None = None
        try:
            after = self.twin.rescue(self.at(by), self.at("zero"), wei)
        except Reverted as refusal:
            after, refused = self.twin, refusal
        self.agree(self.world.do("rescue", self.at(by), self.at("zero"), self.at(by), wei), refused)
        self.twin = after

    @rule(by=st.sampled_from(("warden", "warden", "bob")))
    def pause(self, by: str) -> None:
        self.step("unpause" if self.twin.paused else "pause", by)

    @precondition(lambda self: self.twin.paused)
    @rule()
    def go_on(self) -> None:
        self.step("unpause", "warden")

    @rule(by=st.sampled_from(("owner", "alice")), role=roles, candidate=people)
    def offer_role(self, by: str, role: Role, candidate: str) -> None:
        self.step("offer_role", by, role, self.at(candidate))

    @rule(by=people, role=roles)
    def accept_role(self, by: str, role: Role) -> None:
        self.step("accept_role", by, role)

    @rule(by=st.sampled_from(("owner", "alice")), role=roles)
    def revoke_role(self, by: str, role: Role) -> None:
        self.step("revoke_role", by, role)

    # --- signatures -------------------------------------------------------------------------------

    @rule(owner=people, spender=places, amount=amounts, late=st.booleans(), data=st.data())
    def permit(
        self, owner: str, spender: str, amount: int, late: bool, data: st.DataObject
    ) -> None:
        now = self.world.chain.timestamp
        nonce = self.twin.nonces.get(self.at(owner), 0)
        message = PermitMessage(
            self.at(owner), self.at(spender), amount, nonce, now if late else now + 10**6
        )
        forgery = data.draw(st.sampled_from(FORGERIES))
        self.submit(self.forge(forgery, owner, message))

    def forge(self, forgery: str, owner: str, message: PermitMessage) -> Signed:
        """An honest signature, or one of the ways to misuse one."""
        sign = self.world.sign
        match forgery:
            case "other signer":
                return sign("carol" if owner != "carol" else "alice", message)
            case "other chain":
                return sign(owner, message, chain_id=self.world.chain.chain_id + 1)
            case "other token":
                return sign(owner, message, token=self.at("alice"))
            case "other nonce":
                return sign(owner, replace(message, nonce=message.nonce + 1))
            case "other amount":
                return sign(owner, message, submit=replace(message, value=message.value ^ 1))
            case "other spender":
                return sign(owner, message, submit=replace(message, spender=self.at("mint")))
            case "other deadline":
                later = replace(message, deadline=message.deadline + 1)
                return sign(owner, message, submit=later)
            case "zero owner":
                return sign(owner, message, submit=replace(message, owner=self.at("zero")))
            case "high s":
                return sign(owner, message, high_s=True)
        return sign(owner, message)

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        self.submit(data.draw(st.sampled_from(self.seen)))

    def submit(self, signed: Signed) -> None:
        refused: Reverted | None = None
        try:
            authentic = self.world.authentic(signed)
            after = self.twin.permit(signed.permit, authentic=authentic, now=self.now)
        except Reverted as refusal:
            after, refused = self.twin, refusal
        ours = self.world.permit(signed, self.at("carol"))
        self.agree(ours, refused)
        self.twin = after
        self.seen.append(signed)

    @rule(
        owner=people,
        to=places,
        amount=amounts,
        early=st.integers(-1, 3),
        late=st.integers(1, 4),
        receive=st.booleans(),
        sender=people,
        data=st.data(),
    )
    def authorize(
        self,
        owner: str,
        to: str,
        amount: int,
        early: int,
        late: int,
        receive: bool,
        sender: str,
        data: st.DataObject,
    ) -> None:
        now = self.world.chain.timestamp
        order = Authorization(
            self.at(owner), self.at(to), amount, max(now - early, 0), now + late,
            data.draw(st.sampled_from(NONCES)), receive,
        )  # fmt: skip
        forgery = data.draw(st.sampled_from(FORGERIES))
        by = to if receive and data.draw(st.booleans()) and to in PEOPLE else sender
        self.submit_order(self.forge_order(forgery, owner, order), by)

    @rule(owner=people, sender=people, data=st.data())
    def cancel(self, owner: str, sender: str, data: st.DataObject) -> None:
        off = Cancellation(self.at(owner), data.draw(st.sampled_from(NONCES)))
        forgery = data.draw(st.sampled_from(FORGERIES))
        self.submit_order(self.forge_order(forgery, owner, off), sender)

    def forge_order(
        self, forgery: str, owner: str, message: Authorization | Cancellation
    ) -> SignedOrder:
        """An honest signature, or one of the ways to misuse one."""
        sign = self.world.sign_order
        match forgery:
            case "other signer":
                return sign("carol" if owner != "carol" else "alice", message)
            case "other chain":
                return sign(owner, message, chain_id=self.world.chain.chain_id + 1)
            case "other token":
                return sign(owner, message, token=self.at("alice"))
            case "other nonce":
                return sign(owner, message, submit=replace(message, nonce=b"9" * 32))
            case "zero owner":
                return sign(owner, message, submit=replace(message, owner=self.at("zero")))
            case "high s":
                return sign(owner, message, high_s=True)
        if isinstance(message, Authorization):
            match forgery:
                case "other amount":
                    return sign(owner, message, submit=replace(message, value=message.value ^ 1))
                case "other spender":
                    return sign(owner, message, submit=replace(message, to=self.at("mint")))
                case "other deadline":
                    later = replace(message, valid_before=message.valid_before + 1)
                    return sign(owner, message, submit=later)
        return sign(owner, message)

    @precondition(lambda self: self.orders)
    @rule(sender=people, data=st.data())
    def replay_order(self, sender: str, data: st.DataObject) -> None:
        self.submit_order(data.draw(st.sampled_from(self.orders)), sender)

    def submit_order(self, signed: SignedOrder, sender: str) -> None:
        refused: Reverted | None = None
        try:
            after = self.obey(signed, self.at(sender))
        except Reverted as refusal:
            after, refused = self.twin, refusal
        self.agree(self.world.order(signed, self.at(sender)), refused)
        self.twin = after
        self.orders.append(signed)

    def obey(self, signed: SignedOrder, sender: str) -> Fiat:
        true, order = self.world.true(signed), signed.order
        if isinstance(order.message, Cancellation):
            return self.twin.cancel_authorization(order, authentic=true)
        if order.message.receive:
            return self.twin.receive_with_authorization(sender, order, authentic=true, now=self.now)
        return self.twin.transfer_with_authorization(order, authentic=true, now=self.now)

    # --- statements -------------------------------------------------------------------------------

    @rule(
        reserves=st.sampled_from([0, 10**6, 10**9, 10**9, 2**112 - 1, 2**112]),
        age=st.sampled_from([-1, 0, 0, 0, 1, 1_000, MONTH - 1, MONTH + 1]),
        by=st.lists(st.sampled_from((*AUDITORS, *AUDITORS, "carol")), max_size=3),
        sender=st.sampled_from(("alice", "carol", *AUDITORS)),
    )
    def state_reserves(self, reserves: int, age: int, by: list[str], sender: str) -> None:
        at = max(self.now - age, 0)
        self.submit_votes(
            [self.world.vote(name, reserves, at) for name in by], reserves, at, sender
        )

    @rule(slip=st.sampled_from(("chain", "token", "amount", "time", "order")), data=st.data())
    def misstate(self, slip: str, data: st.DataObject) -> None:
        at, reserves = self.now, 10**10
        said = {
            "chain": {"chain_id": self.world.chain.chain_id + 1},
            "token": {"token": self.at("alice")},
        }.get(slip, {})
        votes = [self.world.vote(name, reserves, at, **said) for name in AUDITORS]
        reserves += slip == "amount"
        at -= slip == "time"
        self.submit_votes(votes, reserves, at, "alice", sort=slip != "order")

    @precondition(lambda self: self.votes)
    @rule(data=st.data())
    def replay_votes(self, data: st.DataObject) -> None:
        vote = data.draw(st.sampled_from(self.votes))
        same = [
            one for one in self.votes if (one.reserves, one.as_of) == (vote.reserves, vote.as_of)
        ]
        votes = list({one.signer: one for one in same}.values())
        self.submit_votes(votes, vote.reserves, vote.as_of, "alice")

    def submit_votes(
        self, votes: list[Vote], reserves: int, at: int, sender: str, *, sort: bool = True
    ) -> None:
        if sort:
            votes = sorted(votes, key=lambda vote: vote.signer.lower())
        separator = self.world.usd.contract.domain_separator()
        digest = statement_digest(separator, reserves, at)
        signers = [recover(digest, vote.signature) for vote in votes]
        refused: Reverted | None = None
        try:
            after = self.twin.attest(self.at(sender), reserves, at, signers, now=self.now)
        except Reverted as refusal:
            after, refused = self.twin, refusal
        ours = self.world.attest(reserves, at, votes, self.at(sender), sort=sort)
        self.agree(ours, refused)
        self.twin = after
        self.votes += votes

    @rule(
        by=st.sampled_from(("owner", "owner", "bob")),
        names=st.lists(st.sampled_from(AUDITORS), max_size=3),
        quorum=st.integers(0, 3),
    )
    def configure_attesters(self, by: str, names: list[str], quorum: int) -> None:
        self.step("configure_attesters", by, ascending(self.world.chain, names), quorum)

    @rule(seconds=st.integers(1, 10**5) | st.just(MONTH))
    def wait(self, seconds: int) -> None:
        self.world.chain.advance(seconds)

    # --- what always holds ------------------------------------------------------------------------

    @invariant()
    def what_the_readme_says_holds_and_the_twin_is_the_contract(self) -> None:
        state = self.world.check()
        self.twin.check()
        assert state == self.twin
        oldest = self.world.usd.oldest_redemption()
        assert oldest == self.twin.redemptions.oldest(now=self.world.chain.timestamp)


def recover(digest: bytes, signature: bytes) -> str:
    """Whose signature of `digest` it is, whoever made it and of whatever."""
    recoverable = signature[:64] + bytes([signature[64] - 27])
    key = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    return to_address(keccak(key.format(compressed=False)[1:])[-20:])


NONCES = tuple(bytes([place]) * 32 for place in range(1, 5))


FORGERIES = (
    "none",
    "none",
    "none",
    "other signer",
    "other chain",
    "other token",
    "other nonce",
    "other amount",
    "other spender",
    "other deadline",
    "zero owner",
    "high s",
)

TestFiatMachine = FiatMachine.TestCase
TestFiatMachine.settings = settings(max_examples=40, stateful_step_count=40)
