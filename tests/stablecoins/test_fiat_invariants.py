"""S1-S3 over any sequence of verbs, the contract and its twin in lockstep."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from defi_kit.stablecoins import Fiat, Role
from defi_kit.tokens.permit import PermitMessage
from stablecoins.fiat_world import OFFICERS, PEOPLE, Signed, World, deploy

people = st.sampled_from(PEOPLE)
places = st.sampled_from((*PEOPLE, *PEOPLE, "dollar", "zero"))
roles = st.sampled_from(list(Role))
edges = st.sampled_from([0, 1, 2**128 - 1, 2**128, 2**256 - 1])
amounts = st.integers(0, 10**12) | st.integers(0, 1_000) | edges
MINTERS = ("bank", "mint")

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
            self.world.usd.address, *(self.world.address(OFFICERS[role]) for role in Role)
        )
        self.seen: list[Signed] = []
        for minter in MINTERS:
            self.step("configure_minter", "treasurer", self.at(minter), 10**12)
            self.step("mint", minter, self.at("alice"), 10**6)

    def teardown(self) -> None:
        self.stack.close()

    def at(self, name: str) -> str:
        return self.world.address(name)

    def step(self, verb: str, sender: str, *args: Any) -> None:
        """The same verb on both; they accept or refuse alike, with equal arguments."""
        refused: Reverted | None = None
        try:
            after = getattr(self.twin, verb)(self.at(sender), *args)
        except Reverted as refusal:
            after, refused = self.twin, refusal
        self.agree(self.world.do(verb, self.at(sender), *args), refused)
        self.twin = after

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

    # --- officers, and those who would be ---------------------------------------------------------

    @rule(by=st.sampled_from(("treasurer", "treasurer", "alice")), minter=people, amount=amounts)
    def configure_minter(self, by: str, minter: str, amount: int) -> None:
        self.step("configure_minter", by, self.at(minter), amount)

    @rule(by=st.sampled_from(("treasurer", "mint")), minter=people)
    def remove_minter(self, by: str, minter: str) -> None:
        self.step("remove_minter", by, self.at(minter))

    @rule(by=st.sampled_from(("officer", "officer", "bob")), account=places, on=st.booleans())
    def freeze(self, by: str, account: str, on: bool) -> None:
        self.step("freeze" if on else "unfreeze", by, self.at(account))

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
        now = self.world.chain.timestamp + 1  # of the block that will hold it
        refused: Reverted | None = None
        try:
            authentic = self.world.authentic(signed)
            after = self.twin.permit(signed.permit, authentic=authentic, now=now)
        except Reverted as refusal:
            after, refused = self.twin, refusal
        ours = self.world.permit(signed, self.at("carol"))
        self.agree(ours, refused)
        self.twin = after
        self.seen.append(signed)

    @rule(seconds=st.integers(1, 10**7))
    def wait(self, seconds: int) -> None:
        self.world.chain.advance(seconds)

    # --- what always holds ------------------------------------------------------------------------

    @invariant()
    def s1_to_s3_hold_and_the_twin_is_the_contract(self) -> None:
        state = self.world.check()
        self.twin.check()
        assert state == self.twin


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
