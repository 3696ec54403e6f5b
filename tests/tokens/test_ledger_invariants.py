"""T1-T4 over any sequence of verbs, contracts and twin in lockstep."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from defi_kit.tokens import Ledger, PermitMessage
from tokens.token_world import PEOPLE, World, faucet, wrapped

people = st.sampled_from(PEOPLE)
amounts = st.integers(0, 10**9) | st.integers(0, 100) | st.sampled_from([2**256 - 1, 2**255])

_chain: list[Chain] = []


def shared_chain() -> Chain:
    """One chain for all examples; each works on a snapshot of its own."""
    if not _chain:
        _chain.append(Chain.embedded())
    return _chain[0]


class TokenMachine(RuleBasedStateMachine):
    """People, signatures and a clock, on a token and on its twin."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(shared_chain().snapshot())
        self.world = self.make()
        self.twin: Ledger = self.world.state()

    def make(self) -> World:
        return World(faucet(shared_chain()))

    def teardown(self) -> None:
        self.stack.close()

    def at(self, name: str) -> str:
        return self.world.who(name).address

    def step(self, verb: str, sender: str, *args: Any, value: int | None = None) -> None:
        who = self.at(sender)
        refused: Reverted | None = None
        try:
            given = (value,) if value is not None else args
            after = getattr(self.twin, verb)(who, *given)
        except Reverted as refusal:
            after, refused = self.twin, refusal
        ours = self.world.do(verb, who, *args, value=value)
        assert type(ours) is type(refused), f"contract: {ours}, twin: {refused}"
        self.twin = after

    @rule(sender=people, to=people, amount=amounts)
    def transfer(self, sender: str, to: str, amount: int) -> None:
        self.step("transfer", sender, self.at(to), amount)

    @rule(sender=people, to=people, part=st.integers(0, 4))
    def transfer_a_part(self, sender: str, to: str, part: int) -> None:
        amount = self.twin.balance_of(self.at(sender)) * part // 4
        self.step("transfer", sender, self.at(to), amount)

    @rule(owner=people, spender=people, amount=amounts)
    def approve(self, owner: str, spender: str, amount: int) -> None:
        self.step("approve", owner, self.at(spender), amount)

    @rule(spender=people, owner=people, to=people, amount=amounts)
    def transfer_from(self, spender: str, owner: str, to: str, amount: int) -> None:
        self.step("transfer_from", spender, self.at(owner), self.at(to), amount)

    @rule(
        signer=people,
        owner=people,
        spender=people,
        amount=amounts,
        skew=st.sampled_from([0, 0, 0, 1]),
        seconds=st.integers(-3, 3),
        home=st.booleans() | st.just(True),
    )
    def permit(
        self,
        signer: str,
        owner: str,
        spender: str,
        amount: int,
        skew: int,
        seconds: int,
        home: bool,
    ) -> None:
        chain = self.world.chain
        nonce = self.twin.nonces.get(self.at(owner), 0) + skew
        deadline = chain.timestamp + 1 + seconds
        message = PermitMessage(self.at(owner), self.at(spender), amount, nonce, deadline)
        authentic = home and self.at(signer) == message.owner
        refused: Reverted | None = None
        try:
            after = self.twin.permit(message, authentic=authentic, now=chain.timestamp + 1)
        except Reverted as refusal:
            after, refused = self.twin, refusal
        ours = self.world.permit(signer, message, chain.chain_id if home else 1)
        assert type(ours) is type(refused), f"contract: {ours}, twin: {refused}"
        self.twin = after

    @invariant()
    def t1_to_t4_hold_and_the_twin_is_the_contract(self) -> None:
        state = self.world.check()
        self.twin.check()
        assert state == self.twin


class FaucetMachine(TokenMachine):
    """FaucetToken: its owner mints, and others try."""

    @rule(sender=st.sampled_from(("owner", "owner", "bob")), to=people, amount=amounts)
    def mint(self, sender: str, to: str, amount: int) -> None:
        self.step("mint", sender, self.at(to), amount)


class WrappedMachine(TokenMachine):
    """WrappedEther: anyone wraps and unwraps."""

    def make(self) -> World:
        return World(wrapped(shared_chain()))

    @rule(sender=people, amount=st.integers(0, 10**9))
    def deposit(self, sender: str, amount: int) -> None:
        self.step("deposit", sender, value=amount)

    @rule(sender=people, amount=amounts)
    def withdraw(self, sender: str, amount: int) -> None:
        self.step("withdraw", sender, amount)


TestFaucetMachine = FaucetMachine.TestCase
TestFaucetMachine.settings = settings(max_examples=30, stateful_step_count=30)
TestWrappedMachine = WrappedMachine.TestCase
TestWrappedMachine.settings = settings(max_examples=30, stateful_step_count=30)
