"""O7-O9 over any sequence of reports, the contract and its twin in lockstep."""

from __future__ import annotations

from contextlib import ExitStack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from oracles.signed_world import PEOPLE, SIGNERS, TERMS, Word, World, deploy

answers = st.integers(900, 1_100) | st.integers(-1, 2**127) | st.sampled_from([0, 1, 2**127 - 1])
voters = st.lists(st.sampled_from(PEOPLE), max_size=6, unique=True)
ages = st.integers(-2, 2) | st.integers(TERMS.max_delay - 2, TERMS.max_delay + 2)
FORGERIES = (
    *("none",) * 6,
    "other chain",
    "other feed",
    "other answer",
    "other moment",
    "second form",
    "garbage",
    "short",
    "twice",
    "unsorted",
)

_chain: list[Chain] = []


def shared_chain() -> Chain:
    """One chain for all examples; each works on a snapshot of its own."""
    if not _chain:
        _chain.append(Chain.embedded())
    return _chain[0]


class SignedMachine(RuleBasedStateMachine):
    """Signers, strangers, forgers and a clock, on the feed and on its twin."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        chain = shared_chain()
        self.stack.enter_context(chain.snapshot())
        self.world = World(deploy(chain))
        self.twin = self.world.twin()
        self.seen: list[tuple[list[Word], int]] = []

    def teardown(self) -> None:
        self.stack.close()

    def submit(self, words: list[Word], timestamp: int) -> None:
        """The same round on both; they accept or refuse alike, with equal arguments."""
        now = self.world.chain.timestamp + 1  # of the block that will hold it
        reports = [self.world.recovered(word, timestamp) for word in words]
        refused: Reverted | None = None
        try:
            after = self.twin.report(timestamp, reports, now=now)
        except Reverted as refusal:
            after, refused = self.twin, refusal
        ours = self.world.submit(words, timestamp)
        assert type(ours) is type(refused), f"contract: {ours}, twin: {refused}"
        if ours is not None and refused is not None:
            assert ours.arguments == refused.arguments
        self.twin = after
        self.seen.append((words, timestamp))

    @rule(
        centre=st.integers(1, 2**100), spread=st.lists(st.integers(-5, 5), min_size=3, max_size=5)
    )
    def report_honestly(self, centre: int, spread: list[int]) -> None:
        if self.world.rounds:
            latest = self.world.rounds[-1].answer
            centre = latest + centre % (latest // 5 + 1) - latest // 10
        now = self.world.chain.timestamp + 1
        self.submit(self.world.honest([max(1, centre + one) for one in spread], now), now)

    @rule(who=voters, said=st.lists(answers, min_size=6, max_size=6), age=ages, data=st.data())
    def report_anything(self, who: list, said: list[int], age: int, data: st.DataObject) -> None:
        moment = max(0, self.world.chain.timestamp + 1 - age)
        who = sorted(who, key=lambda one: int(one.address, 16))
        words = [
            self.world.word(one, answer, moment) for one, answer in zip(who, said, strict=False)
        ]
        forgery = data.draw(st.sampled_from(FORGERIES))
        if words and forgery != "none":
            words = self.forge(words, forgery, moment, data)
        self.submit(words, moment)

    def forge(
        self, words: list[Word], forgery: str, moment: int, data: st.DataObject
    ) -> list[Word]:
        """One of the ways to misuse signatures, on one of the words."""
        world, place = self.world, data.draw(st.integers(0, len(words) - 1))
        word = words[place]
        signer = next(one for one in PEOPLE if one.address == word.author)
        answer = word.report.answer
        match forgery:
            case "other chain":
                word = world.word(signer, answer, moment, chain_id=world.chain.chain_id + 1)
            case "other feed":
                word = world.word(signer, answer, moment, feed=signer.address)
            case "other answer":
                word = world.word(signer, answer, moment, submit=answer + 1)
            case "other moment":
                word = world.word(signer, answer, moment + 1)
            case "second form":
                word = world.malleated(word)
            case "garbage":
                word = world.garbage(data.draw(st.binary(min_size=65, max_size=65)), answer, moment)
            case "short":
                word = world.garbage(data.draw(st.binary(max_size=66)), answer, moment)
            case "twice":
                return [*words[:place], word, *words[place:]]
            case "unsorted":
                return words[::-1]
        return [*words[:place], word, *words[place + 1 :]]

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        self.submit(*data.draw(st.sampled_from(self.seen)))

    @rule(seconds=st.integers(1, TERMS.max_delay) | st.integers(1, 10 * TERMS.jump_period))
    def wait(self, seconds: int) -> None:
        self.world.chain.advance(seconds)

    @precondition(lambda self: self.world.rounds)
    @rule(off=st.integers(-1, 1), up=st.booleans())
    def jump_to_the_limit(self, off: int, up: bool) -> None:
        latest, now = self.world.rounds[-1], self.world.chain.timestamp + 1
        periods = 1 + (now - latest.updated_at) // TERMS.jump_period
        reach = max(1, latest.answer * TERMS.max_jump * periods // 10**18) + off
        answer = latest.answer + (reach if up else -reach)
        self.submit(self.world.honest([answer] * len(SIGNERS), now), now)

    @invariant()
    def the_twin_is_the_contract(self) -> None:
        self.world.check()
        assert self.world.twin() == self.twin


TestSignedMachine = SignedMachine.TestCase
TestSignedMachine.settings = settings(max_examples=25, stateful_step_count=25)
