"""The dollar driven by names and numbers, with its twin in lockstep: what a trial needs.

Signatures are made, and forged, where they are submitted, and kept, so that they can be tried
again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, Self

from coincurve import PublicKey

from ....chain import Chain
from ....chain.hashing import keccak, to_address
from ....errors import ParameterError, Reverted
from ....stablecoins import Authorization, Cancellation, Fiat, Role
from ....stablecoins.reserves import statement_digest
from ....tokens.permit import PermitMessage
from ...bytecode import creation_code
from ...violations import hold
from ...words import apart
from .moves import check_moves
from .world import (
    AUDITORS,
    MONTH,
    OFFICERS,
    QUORUM,
    FiatWorld,
    Signed,
    SignedOrder,
    Vote,
    ascending,
    deploy,
)

__all__ = ["FORGERIES", "MINTERS", "FiatPair"]

MINTERS: Final = ("bank", "mint")
FORGERIES: Final = (
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
"""Ways to misuse a signature."""
_TIMED: Final = {"configure_minter", "mint", "request_redemption"}
"""Verbs to whose twin the block's time is told."""
_FIXED: Final = {"usd", "checks_each_step", "lockstep"}
"""Fields that nothing changes."""

Outcome = Reverted | None


@dataclass
class FiatPair(FiatWorld):
    """The contract, its people, and where `lockstep` is on the twin."""

    lockstep: bool = False
    seen: list[Signed] = field(default_factory=list)
    """Permits that were submitted."""
    orders: list[SignedOrder] = field(default_factory=list)
    """Authorizations and cancellations that were submitted."""
    votes: list[Vote] = field(default_factory=list)
    """Statements that were submitted."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.looked = self.state()
        self.twin = Fiat.born(
            self.usd.address,
            *(self.address(OFFICERS[role]) for role in Role),
            attesters=ascending(self.chain, AUDITORS),
            quorum=QUORUM,
            max_statement_age=MONTH,
        )

    @classmethod
    def deploy(
        cls, chain: Chain, *, mode: Literal["chain", "both"] = "both", bytecode: str | None = None
    ) -> Self:
        """The dollar with its officers, three auditors of whom two attest, and its people.

        Args:
            mode: "chain", or "both" for the twin in lockstep.
            bytecode: creation code of a fork, in hexadecimal, or the file that has it.
        """
        if mode not in ("chain", "both"):
            hint = "chain, or both; signatures need a contract that they are for"
            raise ParameterError(f"no mode {mode!r}", hint=hint)
        code = None if bytecode is None else creation_code(bytecode)
        return cls(deploy(chain, code), lockstep=mode == "both")

    def remember(self) -> dict[str, Any]:
        """The records as they are, to put back when the chain is."""
        return {name: copy(value) for name, value in vars(self).items() if name not in _FIXED}

    def recall(self, kept: dict[str, Any]) -> None:
        """The records as they were."""
        vars(self).update({name: copy(value) for name, value in kept.items()})

    # --- in lockstep ------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Of the block that will hold what is sent next. [unix seconds]"""
        return self.chain.timestamp + 1

    def step(self, verb: str, sender: str, *args: Any) -> Outcome:
        """The same verb on both; they accept or refuse alike, with equal arguments."""
        by, timed = self.address(sender), {"now": self.now} if verb in _TIMED else {}
        return self._both(
            lambda: self.do(verb, by, *args),
            lambda twin: getattr(twin, verb)(by, *args, **timed),
        )

    def do(self, verb: str, sender: str, *args: Any) -> Outcome:
        """S1, S2: it also moves just what it should."""
        return self._moved(lambda: FiatWorld.do(self, verb, sender, *args), verb, sender, *args)

    def _moved(self, act: Callable[[], Outcome], verb: str, by: str, *args: Any) -> Outcome:
        before = self.looked
        refusal = act()
        if refusal is None:
            check_moves(before, self.looked, verb, by, args)
        return refusal

    def _both(self, ours: Callable[[], Outcome], theirs: Callable[[Fiat], Fiat]) -> Outcome:
        if not self.lockstep:
            return ours()
        after, refused = self.twin, None
        try:
            after = theirs(self.twin)
        except Reverted as error:
            refused = error
        refusal = ours()
        said = f"contract: {refusal}, twin: {refused}"
        hold("twin", type(refusal) is type(refused), said)
        if refusal is not None and refused is not None:
            hold("twin", refusal.arguments == refused.arguments, said)
        self.twin = after
        self._same()
        return refusal

    def check(self) -> Fiat:
        """S1-S3 and S6; what it looked at is kept for the comparison with the twin."""
        self.looked = super().check()
        return self.looked

    def _same(self) -> None:
        self.twin.check()
        hold(
            "twin",
            self.looked == self.twin,
            lambda: f"the contract's {apart(self.looked, self.twin)}",
        )
        oldest = self.usd.oldest_redemption()
        same = oldest == self.twin.redemptions.oldest(now=self.chain.timestamp)
        hold("twin", same, f"the contract says that {oldest} waits longest")

    # --- ether ------------------------------------------------------------------------------------

    def rain(self, wei: int) -> None:
        """Ether is forced upon the dollar."""
        self.force_ether(wei)
        self.twin = replace(self.twin, wei=self.twin.wei + wei)

    def rescue_ether(self, by: str, wei: int) -> Outcome:
        """The owner takes it out."""
        who, ether = self.address(by), self.address("zero")
        return self._both(
            lambda: self.do("rescue", who, ether, who, wei),
            lambda twin: twin.rescue(who, ether, wei),
        )

    # --- signatures -------------------------------------------------------------------------------

    def permit_by(
        self, owner: str, spender: str, amount: int, seconds: int, forgery: str, packed: bool
    ) -> Outcome:
        """A permit that is good for so long, or a forged one, is submitted by a stranger."""
        at, to = self.address(owner), self.address(spender)
        nonce = self.permits.get(at, 0)
        message = PermitMessage(at, to, amount, nonce, self.chain.timestamp + seconds)
        return self.submit(replace(self._forged(forgery, owner, message), packed=packed))

    def _forged(self, forgery: str, owner: str, message: PermitMessage) -> Signed:
        forged: dict[str, dict[str, Any]] = {
            "other amount": {"value": message.value ^ 1},
            "other spender": {"spender": self.address("mint")},
            "other deadline": {"deadline": message.deadline + 1},
            "zero owner": {"owner": self.address("zero")},
        }
        if forgery == "other nonce":
            return self.sign(owner, replace(message, nonce=message.nonce + 1))
        submit = replace(message, **forged[forgery]) if forgery in forged else None
        return self.sign(
            self._signer(forgery, owner), message, submit=submit, **self._abroad(forgery)
        )

    @staticmethod
    def _signer(forgery: str, owner: str) -> str:
        if forgery != "other signer":
            return owner
        return "carol" if owner != "carol" else "alice"

    def _abroad(self, forgery: str) -> dict[str, Any]:
        """For another chain or another token, or in the second form that a signature has."""
        forms: dict[str, dict[str, Any]] = {
            "other chain": {"chain_id": self.chain.chain_id + 1},
            "other token": {"token": self.address("alice")},
            "high s": {"high_s": True},
        }
        return forms.get(forgery, {})

    def submit(self, signed: Signed) -> Outcome:
        """A permit, new or seen before."""
        authentic, now, asked = self.authentic(signed), self.now, signed.permit.message
        self.seen.append(signed)
        by, terms = self.address("carol"), (asked.spender, asked.value)
        return self._both(
            lambda: self._moved(lambda: self.permit(signed, by), "approve", asked.owner, *terms),
            lambda twin: twin.permit(signed.permit, authentic=authentic, now=now),
        )

    def order_by(
        self,
        owner: str,
        message: Authorization | Cancellation,
        forgery: str,
        sender: str,
        packed: bool,
    ) -> Outcome:
        """An authorization or a cancellation, or a forged one."""
        forged: dict[str, dict[str, Any]] = {
            "other nonce": {"nonce": b"9" * 32},
            "zero owner": {"owner": self.address("zero")},
        }
        if isinstance(message, Authorization):
            forged |= {
                "other amount": {"value": message.value ^ 1},
                "other spender": {"to": self.address("mint")},
                "other deadline": {"valid_before": message.valid_before + 1},
            }
        submit = replace(message, **forged[forgery]) if forgery in forged else None
        signed = self.sign_order(
            self._signer(forgery, owner), message, submit=submit, **self._abroad(forgery)
        )
        return self.submit_order(replace(signed, packed=packed), sender)

    def submit_order(self, signed: SignedOrder, sender: str) -> Outcome:
        """An order, new or seen before."""
        by, true, now = self.address(sender), self.true(signed), self.now
        self.orders.append(signed)

        def obey(twin: Fiat) -> Fiat:
            message, order = signed.order.message, signed.order
            if isinstance(message, Cancellation):
                return twin.cancel_authorization(order, authentic=true)  # type: ignore[arg-type]
            if message.receive:
                return twin.receive_with_authorization(by, order, authentic=true, now=now)  # type: ignore[arg-type]
            return twin.transfer_with_authorization(order, authentic=true, now=now)  # type: ignore[arg-type]

        asked = signed.order.message
        moved: tuple[Any, ...] = ("cancel", asked.owner)
        if isinstance(asked, Authorization):
            moved = ("transfer", asked.owner, asked.to, asked.value)
        return self._both(lambda: self._moved(lambda: self.order(signed, by), *moved), obey)

    # --- statements -------------------------------------------------------------------------------

    def state_by(self, signers: Sequence[str], reserves: int, age: int, sender: str) -> Outcome:
        """A statement of so long ago, signed by these."""
        at = max(self.now - age, 0)
        votes = [self.vote(name, reserves, at) for name in signers]
        return self.submit_votes(votes, reserves, at, sender)

    def misstate(self, slip: str) -> Outcome:
        """A statement whose signatures are for another "chain", "token", "amount" or "time", or
        that come in another "order"."""
        at, reserves = self.now, 10**10
        abroad = self._abroad(f"other {slip}")
        votes = [self.vote(name, reserves, at, **abroad) for name in AUDITORS]
        reserves += slip == "amount"
        at -= slip == "time"
        return self.submit_votes(votes, reserves, at, "alice", sort=slip != "order")

    def restate(self, number: int) -> Outcome:
        """A statement that was submitted before, with all signatures that were ever under it."""
        vote = self.votes[number]
        said = (vote.reserves, vote.as_of)
        same = [one for one in self.votes if (one.reserves, one.as_of) == said]
        votes = list({one.signer: one for one in same}.values())
        return self.submit_votes(votes, *said, "alice")

    def submit_votes(
        self, votes: list[Vote], reserves: int, at: int, sender: str, *, sort: bool = True
    ) -> Outcome:
        """A statement with these signatures."""
        if sort:
            votes = sorted(votes, key=lambda vote: vote.signer.lower())
        by, now = self.address(sender), self.now
        self.votes += votes

        def attested(twin: Fiat) -> Fiat:
            digest = statement_digest(self.usd.contract.domain_separator(), reserves, at)
            signers = [_recovered(digest, vote.signature) for vote in votes]
            return twin.attest(by, reserves, at, signers, now=now)

        return self._both(lambda: self.attest(reserves, at, votes, by, sort=sort), attested)


def _recovered(digest: bytes, signature: bytes) -> str:
    """Whose signature of `digest` it is, whoever made it and of whatever."""
    recoverable = signature[:64] + bytes([signature[64] - 27])
    key = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    return to_address(keccak(key.format(compressed=False)[1:])[-20:])
