"""A dollar on a chain with its people, and S1-S3 and S6 checked after every step.

The checks rest on records kept here, not on the contract's own idea of what is allowed: that is
what lets them catch a faulty contract.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .... import bindings
from ....chain import Account, Chain
from ....chain.base import named_key
from ....chain.hashing import ZERO_ADDRESS
from ....errors import Reverted
from ....stablecoins import (
    Authorization,
    Cancellation,
    Fiat,
    FiatDollar,
    RedemptionStatus,
    Role,
    SignedAuthorization,
    SignedCancellation,
)
from ....stablecoins.fiat import NO_LIMIT
from ....stablecoins.reserves import statement_digest
from ....tokens.permit import MAX_S, Permit, PermitMessage, domain_separator, sign
from ....tokens.typed_data import sign_digest
from ...violations import hold
from .moves import dollars

__all__ = [
    "AUDITORS",
    "DAY",
    "MONTH",
    "OFFICERS",
    "PEOPLE",
    "QUORUM",
    "FiatWorld",
    "Signed",
    "SignedOrder",
    "Vote",
    "ascending",
    "attest",
    "deploy",
]

NAME = "Fiat Dollar"
PEOPLE = ("alice", "bob", "carol", "bank", "mint")
OFFICERS = {
    Role.OWNER: "owner",
    Role.MINTER_ADMIN: "treasurer",
    Role.PAUSER: "warden",
    Role.COMPLIANCE: "officer",
}
ROLE_OF = {
    "offer_role": Role.OWNER,
    "revoke_role": Role.OWNER,
    "configure_attesters": Role.OWNER,
    "rescue": Role.OWNER,
    "configure_minter": Role.MINTER_ADMIN,
    "remove_minter": Role.MINTER_ADMIN,
    "pause": Role.PAUSER,
    "unpause": Role.PAUSER,
    "freeze": Role.COMPLIANCE,
    "unfreeze": Role.COMPLIANCE,
}
AUDITORS = ("auditor", "examiner", "accountant")
QUORUM = 2
DAY = 86_400
MONTH = 31 * DAY
CONSTRUCTOR = "(string,string,(address,address,address,address),address[],uint256,uint256)"


def deploy(chain: Chain, bytecode: bytes | None = None) -> FiatDollar:
    """The dollar with one person per role and two of three auditors to attest; from other creation
    code where a fault is seeded."""
    roles = [chain.account(OFFICERS[role]) for role in Role]
    officers = tuple(one.address for one in roles)
    arguments = (NAME, "USD", officers, ascending(chain, AUDITORS), QUORUM, MONTH)
    made = bindings.FiatDollar._deploy(
        chain, CONSTRUCTOR, arguments, sender=roles[0], bytecode=bytecode
    )
    return FiatDollar(chain, made.address)


def ascending(chain: Chain, names: Sequence[str]) -> list[str]:
    """These people's addresses as the contract wants them."""
    return sorted((chain.account(name).address for name in names), key=str.lower)


def attest(usd: FiatDollar, reserves: int, by: Sequence[str] = AUDITORS[:2]) -> None:
    """A statement as of now, signed by these auditors and sent by nobody in particular."""
    at = usd.chain.timestamp
    signed = [usd.sign_statement(usd.chain.account(name), reserves, at) for name in by]
    usd.attest(reserves, as_of=at, signed=signed, sender=usd.chain.account("postman"))


@dataclass(frozen=True)
class Signed:
    """A signature under a permit, and what its maker knows about it."""

    permit: Permit
    signer: str
    chain_id: int
    token: str
    signed: PermitMessage
    """What was signed; `permit.message` is what will be submitted."""
    packed: bool = False
    """Whether it is submitted in one piece, and not as v, r and s."""


@dataclass(frozen=True)
class SignedOrder:
    """A signature under an authorization or a cancellation, and what its maker knows about it."""

    order: SignedAuthorization | SignedCancellation
    signer: str
    chain_id: int
    token: str
    signed: Authorization | Cancellation
    """What was signed; `order.message` is what will be submitted."""
    packed: bool = False
    """Whether it is submitted in one piece, and not as v, r and s."""

    @property
    def s(self) -> int:
        """The half of the signature that must be low."""
        return int.from_bytes(self.order.signature[32:64], "big")


@dataclass(frozen=True)
class Vote:
    """An auditor's signature under a statement, and what its maker knows about it."""

    signer: str
    chain_id: int
    token: str
    reserves: int
    as_of: int
    signature: bytes


@dataclass
class FiatWorld:
    """The dollar, its people, and the records that the checks rest on."""

    usd: FiatDollar
    checks_each_step: bool = True
    """False where the caller checks after every step by itself."""
    minted: dict[str, int] = field(default_factory=dict)
    """Minter → what it may still mint, by our own count. [base units]"""
    limits: dict[str, tuple[int, Fraction, int]] = field(default_factory=dict)
    """Minter → daily limit, what counts against it exactly, and when it did. [base units]"""
    frozen: dict[str, Any] = field(default_factory=dict)
    """Frozen account → all it held and allowed when it was frozen."""
    paused: Any = None
    """All books when the dollar was paused; None while it runs."""
    permits: dict[str, int] = field(default_factory=dict)
    """Owner → signatures that were good and accepted."""
    spent: set[tuple[str, bytes]] = field(default_factory=set)
    """Authorizations used or called off."""
    asked: set[tuple[str, bytes]] = field(default_factory=set)
    """Authorizations that anybody submitted."""
    holders: dict[int, str] = field(default_factory=dict)
    """Role → who was given it."""
    offers: dict[int, str] = field(default_factory=dict)
    """Role → to whom it was offered."""
    attesters: set[str] = field(default_factory=set)
    quorum: int = QUORUM
    statements: list[tuple[int, int]] = field(default_factory=list)
    """(reserves, as of) of each statement accepted."""
    backing: int = 0
    """What the last statement says, less what was paid since. [base units]"""
    queue: dict[int, tuple[str, int, RedemptionStatus]] = field(default_factory=dict)
    """Redemption → holder, amount, what became of it."""

    def __post_init__(self) -> None:
        self.holders = {int(role): self.address(name) for role, name in OFFICERS.items()}
        self.attesters = {self.address(name) for name in AUDITORS}

    @property
    def chain(self) -> Chain:
        """Where the dollar is."""
        return self.usd.chain

    def who(self, name: str) -> Account:
        """The account of that name."""
        return self.chain.account(name)

    def address(self, name: str) -> str:
        """Of a person, the "dollar" or the "zero" address."""
        if name == "zero":
            return ZERO_ADDRESS
        return self.usd.address if name == "dollar" else self.who(name).address

    @property
    def addresses(self) -> list[str]:
        """All that can hold or allow anything: officers here do neither."""
        return [self.address(name) for name in (*PEOPLE, "dollar", "zero")]

    def state(self) -> Fiat:
        """All there is to see, as a twin."""
        return self.usd.state(self.addresses, self.asked)

    # --- steps ------------------------------------------------------------------------------------

    def do(self, verb: str, sender: str, *args: Any) -> Reverted | None:
        """Sends one verb, keeps the records and checks; the refusal, if it was refused."""
        extra: dict[str, Any] = {}
        if verb == "pause":
            extra["value"] = 1
        elif verb == "request_redemption":
            args = (*args, bytes(32))
        return self._sent(
            lambda: getattr(self.usd.dollar, verb)(*args, sender=sender, **extra),
            lambda: self._record(verb, sender, args),
        )

    def force_ether(self, wei: int) -> None:
        """Ether that the dollar never asked for: it can be forced upon any contract."""
        self.chain.set_balance(self.usd.address, self.chain.balance(self.usd.address) + wei)
        self._checked()

    def _sent(self, send: Callable[[], Any], record: Callable[[], None]) -> Reverted | None:
        try:
            send()
        except Reverted as refusal:
            self._checked()
            return refusal
        record()
        self._checked()
        return None

    def _checked(self) -> None:
        if self.checks_each_step:
            self.check()

    # --- permits ----------------------------------------------------------------------------------

    def permit(self, signed: Signed, sender: str) -> Reverted | None:
        """Submits a signature and judges the answer by what its maker knows."""
        asked = signed.permit.message
        good = self.authentic(signed) and asked.nonce == self.permits.get(asked.owner, 0)
        refusal = self._submit(signed.permit, sender, signed.packed)
        if refusal is not None:
            due = good and self.chain.timestamp + 1 <= asked.deadline and signed.permit.s <= MAX_S
            hold("S3", not (due and self._may_approve(asked)), f"refused a good one: {refusal}")
        else:
            hold("S3", self.chain.timestamp <= asked.deadline, "accepted after its deadline")
            hold("S3", signed.permit.s <= MAX_S, "accepted with a high s")
            hold("S3", good, "accepted though not signed for this, here, now")
            self.permits[asked.owner] = self.permits.get(asked.owner, 0) + 1
            allowed = self.usd.dollar.allowance(asked.owner, asked.spender)
            hold("S3", allowed == asked.value, "allows something else than was signed")
        self._checked()
        return refusal

    def authentic(self, signed: Signed) -> bool:
        """Whether it was signed by its owner, for just this, here."""
        asked = signed.permit.message
        return self._here(signed) and signed.signed == asked and signed.signer == asked.owner

    def _here(self, signed: Signed | SignedOrder | Vote) -> bool:
        return (signed.chain_id, signed.token) == (self.chain.chain_id, self.usd.address)

    def _may_approve(self, asked: PermitMessage) -> bool:
        return self.paused is None and not self._stopped(asked.owner, asked.spender)

    def _stopped(self, *accounts: str) -> bool:
        return bool({*accounts} & ({ZERO_ADDRESS, self.usd.address} | set(self.frozen)))

    def _submit(self, permit: Permit, sender: str, packed: bool) -> Reverted | None:
        asked = permit.message
        terms = (asked.owner, asked.spender, asked.value, asked.deadline)
        r, s = permit.r.to_bytes(32, "big"), permit.s.to_bytes(32, "big")
        try:
            if packed:
                self.usd.dollar.permit(*terms, r + s + bytes([permit.v]), sender=sender)
            else:
                self.usd.contract.permit(*terms, permit.v, r, s, sender=sender)
        except Reverted as refusal:
            return refusal
        return None

    def sign(
        self,
        signer: str,
        message: PermitMessage,
        *,
        chain_id: int | None = None,
        token: str | None = None,
        submit: PermitMessage | None = None,
        high_s: bool = False,
    ) -> Signed:
        """`message` signed by a person, for this chain and dollar unless said otherwise."""
        chain_id = self.chain.chain_id if chain_id is None else chain_id
        token = token or self.usd.address
        permit = sign(message, domain_separator(NAME, chain_id, token), named_key(signer))
        permit = permit.malleated() if high_s else permit
        asked = Permit(submit or message, permit.v, permit.r, permit.s)
        return Signed(asked, self.address(signer), chain_id, token, message)

    # --- authorizations ---------------------------------------------------------------------------

    def sign_order(
        self,
        signer: str,
        message: Authorization | Cancellation,
        *,
        chain_id: int | None = None,
        token: str | None = None,
        submit: Authorization | Cancellation | None = None,
        high_s: bool = False,
    ) -> SignedOrder:
        """`message` signed by a person, for this chain and dollar unless said otherwise."""
        chain_id = self.chain.chain_id if chain_id is None else chain_id
        token = token or self.usd.address
        signed = message.sign(domain_separator(NAME, chain_id, token), named_key(signer))
        signature = (signed.malleated() if high_s else signed).signature
        asked = submit or message
        order: SignedAuthorization | SignedCancellation
        if isinstance(asked, Authorization):
            order = SignedAuthorization(asked, signature)
        else:
            order = SignedCancellation(asked, signature)
        return SignedOrder(order, self.address(signer), chain_id, token, message)

    def true(self, signed: SignedOrder) -> bool:
        """Whether it was signed by its owner, for just this, here."""
        asked = signed.order.message
        return self._here(signed) and signed.signed == asked and signed.signer == asked.owner

    def order(self, signed: SignedOrder, sender: str) -> Reverted | None:
        """Submits an authorization or a cancellation and judges the answer likewise."""
        asked = signed.order.message
        key = (asked.owner, asked.nonce)
        self.asked.add(key)
        good = self.true(signed) and key not in self.spent and signed.s <= MAX_S
        before = self.state()
        refusal = self._sent_order(signed.order, sender, signed.packed)
        if refusal is not None:
            due = good and self._may_order(asked, sender, self.chain.timestamp + 1, before)
            hold("S3", not due, f"refused a good one: {refusal}")
        else:
            hold("S3", key not in self.spent, "accepted twice")
            hold("S3", signed.s <= MAX_S, "accepted with a high s")
            hold("S3", good, "accepted though not signed for this, here")
            hold("S3", self._in_time(asked, self.chain.timestamp), "accepted out of its time")
            self.spent.add(key)
            if isinstance(asked, Authorization):
                hold("S3", sender == asked.to or not asked.receive, "sent ahead of its receiver")
                gone = before.balance_of(asked.owner) - self.usd.dollar.balance_of(asked.owner)
                moved = 0 if asked.owner == asked.to else asked.value
                hold("S3", gone == moved, "moved something else than was signed")
        self._checked()
        return refusal

    @staticmethod
    def _in_time(asked: Authorization | Cancellation, now: int) -> bool:
        if isinstance(asked, Cancellation):
            return True
        return asked.valid_after < now < asked.valid_before

    def _may_order(
        self, asked: Authorization | Cancellation, sender: str, now: int, before: Fiat
    ) -> bool:
        if self.paused is not None or not self._in_time(asked, now):
            return False
        if isinstance(asked, Cancellation):
            return True
        covered = before.balance_of(asked.owner) >= asked.value
        mine = sender == asked.to or not asked.receive
        return covered and mine and not self._stopped(asked.owner, asked.to)

    def _sent_order(
        self, signed: SignedAuthorization | SignedCancellation, sender: str, packed: bool
    ) -> Reverted | None:
        """By the function of ERC-3009 that it is for, in either of its forms."""
        asked, dollar = signed.message, self.usd.dollar
        terms: tuple[Any, ...] = (asked.owner, asked.nonce)
        whole: Any = dollar.cancel_authorization
        parts: Any = dollar.cancel_authorization_with_v_r_s
        if isinstance(asked, Authorization):
            times = (asked.valid_after, asked.valid_before)
            terms = (asked.owner, asked.to, asked.value, *times, asked.nonce)
            whole = dollar.transfer_with_authorization
            parts = dollar.transfer_with_authorization_with_v_r_s
            if asked.receive:
                whole = dollar.receive_with_authorization
                parts = dollar.receive_with_authorization_with_v_r_s
        r, s, v = signed.signature[:32], signed.signature[32:64], signed.signature[64]
        try:
            if packed:
                whole(*terms, signed.signature, sender=sender)
            else:
                parts(*terms, v, r, s, sender=sender)
        except Reverted as refusal:
            return refusal
        return None

    # --- statements -------------------------------------------------------------------------------

    def vote(
        self,
        signer: str,
        reserves: int,
        as_of: int,
        *,
        chain_id: int | None = None,
        token: str | None = None,
    ) -> Vote:
        """A person's signature under a statement, for this chain and dollar by default."""
        chain_id = self.chain.chain_id if chain_id is None else chain_id
        token = token or self.usd.address
        digest = statement_digest(domain_separator(NAME, chain_id, token), reserves, as_of)
        signature = bytes(sign_digest(digest, named_key(signer)))
        return Vote(self.address(signer), chain_id, token, reserves, as_of, signature)

    def state_reserves(self, reserves: int, by: Sequence[str] = AUDITORS[:2]) -> None:
        """A good statement as of now, sent by nobody in particular."""
        at = self.chain.timestamp
        refusal = self.attest(
            reserves, at, [self.vote(name, reserves, at) for name in by], self.address("postman")
        )
        if refusal is not None:
            raise refusal

    def attest(
        self, reserves: int, as_of: int, votes: Sequence[Vote], sender: str, *, sort: bool = True
    ) -> Reverted | None:
        """Submits a statement and judges the answer by what its makers know."""
        if sort:
            votes = sorted(votes, key=lambda vote: vote.signer.lower())
        sound = all(
            self._here(vote)
            and (vote.reserves, vote.as_of) == (reserves, as_of)
            and vote.signer in self.attesters
            for vote in votes
        )
        behind = {vote.signer for vote in votes} | ({sender} & self.attesters)
        alone = len({vote.signer for vote in votes}) == len(votes)
        enough = sound and alone and len(behind) >= self.quorum
        newest = self.statements[-1][1] if self.statements else 0
        signatures = [vote.signature for vote in votes]
        try:
            self.usd.dollar.attest(reserves, as_of, signatures, sender=sender)
        except Reverted as refusal:
            now = self.chain.timestamp + 1
            due = enough and sort and newest < as_of <= now <= as_of + MONTH and reserves < 2**112
            hold("S2", not due, f"refused a good statement: {refusal}")
            self._checked()
            return refusal
        now = self.chain.timestamp
        hold("S2", as_of > newest, "accepted a statement that is no newer")
        hold("S2", as_of <= now, "accepted a statement of the future")
        hold("S2", now - as_of <= MONTH, "accepted a stale statement")
        hold("S2", enough, "accepted a statement without a quorum")
        self.statements.append((reserves, as_of))
        self.backing = reserves
        self._checked()
        return None

    # --- records ----------------------------------------------------------------------------------

    def _record(self, verb: str, sender: str, args: tuple[Any, ...]) -> None:
        if verb in ROLE_OF:
            hold("S2", sender == self.holders[ROLE_OF[verb]], f"{verb} without the role")
        record = getattr(self, f"_record_{verb}", None)
        if record is not None:
            record(sender, *args)

    def _record_offer_role(self, sender: str, role: int, candidate: str) -> None:
        self.offers[role] = candidate

    def _record_accept_role(self, sender: str, role: int) -> None:
        hold("S2", self.offers.pop(role, None) == sender, "took a role not offered")
        self.holders[role] = sender

    def _record_revoke_role(self, sender: str, role: int) -> None:
        hold("S2", role != Role.OWNER, "nobody owns the dollar")
        self.holders[role] = ZERO_ADDRESS
        self.offers.pop(role, None)

    def _record_configure_attesters(self, sender: str, named: list[str], quorum: int) -> None:
        self.attesters, self.quorum, self.backing = set(named), quorum, 0

    def _record_configure_minter(self, sender: str, minter: str, allowance: int, day: int) -> None:
        level = self._level(minter) if minter in self.minted else Fraction(0)
        self.minted[minter] = allowance
        self.limits[minter] = (day, level, self.chain.timestamp)

    def _record_remove_minter(self, sender: str, minter: str) -> None:
        self.minted.pop(minter, None)
        self.limits.pop(minter, None)

    def _level(self, minter: str) -> Fraction:
        """What counts against the minter's daily limit now, exactly: the contract rounds it up."""
        limit, level, at = self.limits[minter]
        return max(level - Fraction((self.chain.timestamp - at) * limit, DAY), Fraction(0))

    def _record_mint(self, sender: str, to: str, amount: int) -> None:
        hold("S2", sender in self.minted, "minted without being a minter")
        self.minted[sender] -= amount
        hold("S2", self.minted[sender] >= 0, "minted more than allowed")
        limit = self.limits[sender][0]
        if limit != NO_LIMIT:
            level = self._level(sender) + amount
            hold("S2", level <= limit, "minted more than the daily limit")
            self.limits[sender] = (limit, level, self.chain.timestamp)
        out = self.usd.dollar.total_supply() + self._owed()
        hold("S2", out <= self.backing, "minted beyond the reserves")
        age = self.chain.timestamp - self.statements[-1][1]
        hold("S2", age <= MONTH, "minted on a stale statement")

    def _owed(self) -> int:
        return sum(
            amount
            for _, amount, status in self.queue.values()
            if status == RedemptionStatus.PENDING
        )

    def _record_freeze(self, sender: str, account: str) -> None:
        self.frozen.setdefault(account, self._held(self.state(), account))

    def _record_unfreeze(self, sender: str, account: str) -> None:
        hold("S2", account not in (ZERO_ADDRESS, self.usd.address), "unfroze what must stay")
        self.frozen.pop(account, None)

    def _record_pause(self, sender: str) -> None:
        if self.paused is None:
            self.paused = self._books(self.state())

    def _record_unpause(self, sender: str) -> None:
        self.paused = None

    def _record_request_redemption(self, sender: str, amount: int, payout: bytes) -> None:
        self.queue[len(self.queue) + 1] = (sender, amount, RedemptionStatus.PENDING)

    def _record_settle_redemption(self, sender: str, id_: int) -> None:
        amount = self._closed(sender, id_, RedemptionStatus.SETTLED)
        self.backing = max(self.backing - amount, 0)

    def _record_refuse_redemption(self, sender: str, id_: int) -> None:
        self._closed(sender, id_, RedemptionStatus.REFUSED)

    def _closed(self, sender: str, id_: int, status: RedemptionStatus) -> int:
        hold("S6", sender in self.minted, "a stranger closed a redemption")
        hold("S2", sender not in self.frozen, "a frozen minter closed a redemption")
        holder, amount, before = self.queue.get(id_, ("", 0, RedemptionStatus.NONE))
        hold("S6", before == RedemptionStatus.PENDING, "closed what is not pending")
        self.queue[id_] = (holder, amount, status)
        return amount

    @staticmethod
    def _held(state: Fiat, account: str) -> Any:
        touching = {pair: value for pair, value in state.allowances.items() if account in pair}
        # Others may not use, raise or lower what the frozen one gave, nor it what it was given.
        return state.balance_of(account), state.nonces.get(account, 0), touching

    @staticmethod
    def _books(state: Fiat) -> Any:
        return state.supply, state.balances, state.allowances, state.nonces, state.spent

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> Fiat:
        """S1-S3 and S6 of contracts/stablecoins/README.md, on all accounts that can hold anything.

        Returns the state it looked at.
        """
        state = self.state()
        held = sum(state.balances.values())
        hold(
            "S1",
            held == state.supply,
            lambda: f"balances sum to {dollars(held)}, supply is {dollars(state.supply)}",
        )
        self._check_officers(state)
        self._check_stops(state)
        hold("S3", dict(state.nonces) == self.permits, "signatures used are not those accepted")
        hold("S3", state.spent == self.spent, "authorizations used are not those accepted")
        self._check_queue(state)
        return state

    def _check_officers(self, state: Fiat) -> None:
        left = {who: minter.allowance for who, minter in state.minters.items()}
        hold("S2", left == self.minted, "allowances are not given less minted")
        roles = {int(role): holder for role, holder in state.holders.items()}
        hold("S2", roles == self.holders, "a role is not where it was given")
        named = sorted(self.attesters, key=str.lower)
        hold("S2", list(state.reserves.attesters) == named, "attesters are not those named")
        said = [(one.reserves, one.as_of) for one in state.reserves.statements]
        hold("S2", said == self.statements, "the statements on chain are not those accepted")
        hold("S2", state.reserves.amount == self.backing, "reserves are not stated less paid out")

    def _check_stops(self, state: Fiat) -> None:
        for account, before in self.frozen.items():
            hold("S2", self._held(state, account) == before, f"frozen {account} moved")
        for account in (ZERO_ADDRESS, self.usd.address):
            hold("S2", not state.balance_of(account), "something went where nothing comes back")
        if self.paused is not None:
            hold("S2", self._books(state) == self.paused, "something moved while paused")
        hold("S2", state.paused == (self.paused is not None), "the pause is not where it was set")
        stopped = {ZERO_ADDRESS, self.usd.address} | set(self.frozen)
        hold("S2", state.frozen == stopped, f"frozen are {state.frozen}, not {stopped}")

    def _check_queue(self, state: Fiat) -> None:
        seen = {id_: (one.holder, one.amount, one.status)
                for id_, one in state.redemptions.tickets.items()}  # fmt: skip
        hold("S6", seen == self.queue, "the queue is not what was asked for")
        owed = self.usd.dollar.owed()
        told = f"owes {dollars(owed)}, burned for it {dollars(self._owed())}"
        hold("S6", owed == self._owed(), told)
        pending = [id_ for id_, one in self.queue.items() if one[2] == RedemptionStatus.PENDING]
        hold("S6", self._line() == pending, "the line is out of order")

    def _line(self) -> list[int]:
        try:
            return list(self.usd.pending_redemptions())
        except Reverted:  # it leads to one that is not pending
            return [0]
