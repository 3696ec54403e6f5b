"""A dollar on a chain with its people, and S1-S3 checked after every step.

The checks rest on records kept here, not on the contract's own idea of what is allowed: that is
what lets them catch a faulty contract.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from defi_kit import bindings
from defi_kit.chain import Account, Chain
from defi_kit.chain.base import named_key
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.errors import Reverted
from defi_kit.stablecoins import Fiat, FiatDollar, Role
from defi_kit.tokens.permit import MAX_S, Permit, PermitMessage, domain_separator, sign

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
    "configure_minter": Role.MINTER_ADMIN,
    "remove_minter": Role.MINTER_ADMIN,
    "pause": Role.PAUSER,
    "unpause": Role.PAUSER,
    "freeze": Role.COMPLIANCE,
    "unfreeze": Role.COMPLIANCE,
}
CONSTRUCTOR = "(string,string,address,address,address,address)"


def deploy(chain: Chain, bytecode: bytes | None = None) -> FiatDollar:
    """The dollar with one person per role; from other creation code where a fault is seeded."""
    roles = [chain.account(OFFICERS[role]) for role in Role]
    made = bindings.FiatDollar._deploy(
        chain, CONSTRUCTOR, (NAME, "USD", *roles), sender=roles[0], bytecode=bytecode
    )
    return FiatDollar(chain, made.address)


@dataclass(frozen=True)
class Signed:
    """A signature, and what its maker knows about it."""

    permit: Permit
    signer: str
    chain_id: int
    token: str
    signed: PermitMessage
    """What was signed; `permit.message` is what will be submitted."""


@dataclass
class World:
    """The dollar, its people, and the records that the checks rest on."""

    usd: FiatDollar
    checks_each_step: bool = True
    """False where the caller checks after every step by itself."""
    minted: dict[str, int] = field(default_factory=dict)
    """Minter → what it may still mint, by our own count. [base units]"""
    frozen: dict[str, Any] = field(default_factory=dict)
    """Frozen account → all it held and allowed when it was frozen."""
    paused: Any = None
    """All books when the dollar was paused; None while it runs."""
    permits: dict[str, int] = field(default_factory=dict)
    """Owner → signatures that were good and accepted."""
    holders: dict[int, str] = field(default_factory=dict)
    """Role → who was given it."""
    offers: dict[int, str] = field(default_factory=dict)
    """Role → to whom it was offered."""

    def __post_init__(self) -> None:
        self.holders = {int(role): self.address(name) for role, name in OFFICERS.items()}

    @property
    def chain(self) -> Chain:
        return self.usd.chain

    def who(self, name: str) -> Account:
        return self.chain.account(name)

    def address(self, name: str) -> str:
        if name == "zero":
            return ZERO_ADDRESS
        return self.usd.address if name == "dollar" else self.who(name).address

    @property
    def addresses(self) -> list[str]:
        """All that can hold or allow anything: officers here do neither."""
        return [self.address(name) for name in (*PEOPLE, "dollar", "zero")]

    def state(self) -> Fiat:
        return self.usd.state(self.addresses)

    # --- steps ------------------------------------------------------------------------------------

    def do(self, verb: str, sender: str, *args: Any) -> Reverted | None:
        """Sends one verb, keeps the records and checks; the refusal, if it was refused."""
        try:
            getattr(self.usd.dollar, verb)(*args, sender=sender)
        except Reverted as refusal:
            self._checked()
            return refusal
        self._record(verb, sender, args)
        self._checked()
        return None

    def _checked(self) -> None:
        if self.checks_each_step:
            self.check()

    def permit(self, signed: Signed, sender: str) -> Reverted | None:
        """Submits a signature and judges the answer by what its maker knows."""
        asked = signed.permit.message
        good = self.authentic(signed) and asked.nonce == self.permits.get(asked.owner, 0)
        refusal = self._submit(signed.permit, sender)
        if refusal is not None:
            due = good and self.chain.timestamp + 1 <= asked.deadline and signed.permit.s <= MAX_S
            assert not (due and self._may_approve(asked)), f"S3: refused a good one: {refusal}"
        else:
            assert self.chain.timestamp <= asked.deadline, "S3: accepted after its deadline"
            assert signed.permit.s <= MAX_S, "S3: accepted with a high s"
            assert good, "S3: accepted though not signed for this, here, now"
            self.permits[asked.owner] = self.permits.get(asked.owner, 0) + 1
            allowed = self.usd.dollar.allowance(asked.owner, asked.spender)
            assert allowed == asked.value, "S3: allows something else than was signed"
        self._checked()
        return refusal

    def authentic(self, signed: Signed) -> bool:
        asked = signed.permit.message
        place = (signed.chain_id, signed.token) == (self.chain.chain_id, self.usd.address)
        return place and signed.signed == asked and signed.signer == asked.owner

    def _may_approve(self, asked: PermitMessage) -> bool:
        never = {ZERO_ADDRESS, self.usd.address}
        stopped = {asked.owner, asked.spender} & (never | set(self.frozen))
        return self.paused is None and not stopped

    def _submit(self, permit: Permit, sender: str) -> Reverted | None:
        asked = permit.message
        r, s = permit.r.to_bytes(32, "big"), permit.s.to_bytes(32, "big")
        try:
            self.usd.dollar.permit(
                asked.owner, asked.spender, asked.value, asked.deadline, permit.v, r, s,
                sender=sender,
            )  # fmt: skip
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

    # --- records ----------------------------------------------------------------------------------

    def _record(self, verb: str, sender: str, args: tuple[Any, ...]) -> None:
        if verb in ROLE_OF:
            assert sender == self.holders[ROLE_OF[verb]], f"S2: {verb} without the role"
        if verb == "offer_role":
            self.offers[args[0]] = args[1]
        elif verb == "accept_role":
            assert self.offers.pop(args[0], None) == sender, "S2: took a role not offered"
            self.holders[args[0]] = sender
        elif verb == "revoke_role":
            assert args[0] != Role.OWNER, "S2: nobody owns the dollar"
            self.holders[args[0]] = ZERO_ADDRESS
            self.offers.pop(args[0], None)
        elif verb == "configure_minter":
            self.minted[args[0]] = args[1]
        elif verb == "remove_minter":
            self.minted.pop(args[0], None)
        elif verb == "mint":
            assert sender in self.minted, "S2: minted without being a minter"
            self.minted[sender] -= args[1]
            assert self.minted[sender] >= 0, "S2: minted more than allowed"
        elif verb == "freeze":
            self.frozen.setdefault(args[0], self._held(self.state(), args[0]))
        elif verb == "unfreeze":
            assert args[0] not in (ZERO_ADDRESS, self.usd.address), "S2: unfroze what must stay"
            self.frozen.pop(args[0], None)
        elif verb == "pause" and self.paused is None:
            self.paused = self._books(self.state())
        elif verb == "unpause":
            self.paused = None

    @staticmethod
    def _held(state: Fiat, account: str) -> Any:
        touching = {pair: value for pair, value in state.allowances.items() if account in pair}
        # Others may not use, raise or lower what the frozen one gave, nor it what it was given.
        return state.balance_of(account), state.nonces.get(account, 0), touching

    @staticmethod
    def _books(state: Fiat) -> Any:
        return state.supply, state.balances, state.allowances, state.nonces

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> Fiat:
        """S1-S3 of contracts/stablecoins/README.md, on all accounts that can hold anything.

        Returns the state it looked at.
        """
        state = self.state()
        held = sum(state.balances.values())
        assert held == state.supply, f"S1: balances sum to {held}, supply is {state.supply}"
        assert dict(state.minters) == self.minted, "S2: allowances are not given less minted"
        for account, before in self.frozen.items():
            assert self._held(state, account) == before, f"S2: frozen {account} moved"
        for account in (ZERO_ADDRESS, self.usd.address):
            assert not state.balance_of(account), "S2: something went where nothing comes back"
        roles = {int(role): holder for role, holder in state.holders.items()}
        assert roles == self.holders, "S2: a role is not where it was given"
        if self.paused is not None:
            assert self._books(state) == self.paused, "S2: something moved while paused"
        assert dict(state.nonces) == self.permits, "S3: signatures used are not those accepted"
        return state
