"""Tokens on a chain with their people, and T1-T4 checked after every step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from defi_kit import bindings
from defi_kit.chain import Account, Chain
from defi_kit.chain.base import named_key
from defi_kit.errors import Reverted
from defi_kit.tokens import FaucetToken, Ledger, Permit, PermitMessage, WrappedEther
from defi_kit.tokens.permit import domain_separator, sign

PEOPLE = ("alice", "bob", "carol", "owner")
NAME = "Test Token"


def faucet(chain: Chain, bytecode: bytes | None = None) -> FaucetToken:
    """A token of the owner's; from other creation code where a fault is seeded."""
    owner = chain.account("owner")
    made = bindings.FaucetToken._deploy(
        chain, "(string,string,uint8,address)", (NAME, "TEST", 8, owner), bytecode=bytecode
    )
    return FaucetToken(chain, made.address)


def wrapped(chain: Chain, bytecode: bytes | None = None) -> WrappedEther:
    """Wrapped ether; from other creation code where a fault is seeded."""
    return WrappedEther(
        chain, bindings.WrappedEther._deploy(chain, "()", bytecode=bytecode).address
    )


@dataclass
class World:
    """A token, its people, and the records that the checks rest on."""

    token: FaucetToken | WrappedEther
    allowed: dict[tuple[str, str], int] = field(default_factory=dict)
    """What each spender may still send, by our own count. [base units]"""
    permits: dict[str, int] = field(default_factory=dict)
    """Owner → signatures that were good and accepted."""

    @property
    def chain(self) -> Chain:
        return self.token.chain

    def who(self, name: str) -> Account:
        return self.chain.account(name)

    @property
    def addresses(self) -> list[str]:
        return [self.who(name).address for name in PEOPLE]

    @property
    def binding(self) -> Any:
        return self.token._wrapper if isinstance(self.token, WrappedEther) else self.token.contract

    def state(self) -> Ledger:
        return self.token.ledger(self.addresses)

    def do(self, verb: str, sender: str, *args: Any, value: int | None = None) -> Reverted | None:
        """Sends one verb, keeps the records and checks; the refusal, if it was refused."""
        extra = {} if value is None else {"value": value}
        before = self.state()
        try:
            getattr(self.binding, verb)(*args, sender=sender, **extra)
        except Reverted as refusal:
            assert self.state() == before, "T1: a refusal left something behind"
            return refusal
        self._record(verb, sender, args, before)
        self.check()
        return None

    def permit(self, signer: str, message: PermitMessage, chain_id: int) -> Reverted | None:
        """Submits a person's signature of `message` for that chain; judges the answer."""
        separator = domain_separator(self.token.name, chain_id, self.token.address)
        signed = sign(message, separator, named_key(signer))
        good = (
            chain_id == self.chain.chain_id
            and self.who(signer).address == message.owner
            and message.nonce == self.permits.get(message.owner, 0)
        )
        refusal = self._submit(signed)
        if refusal is None:
            assert good, "T4: accepted though not signed for this, here, now"
            assert self.chain.timestamp <= message.deadline, "T4: accepted after its deadline"
            self.permits[message.owner] = message.nonce + 1
            self.allowed[message.owner, message.spender] = message.value
        else:
            assert not good or self.chain.timestamp + 1 > message.deadline, "T4: refused a good one"
        self.check()
        return refusal

    def _submit(self, signed: Permit) -> Reverted | None:
        message = signed.message
        r, s = signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")
        call = (message.owner, message.spender, message.value, message.deadline, signed.v, r, s)
        try:
            self.binding.permit(*call, sender=self.who("carol"))
        except Reverted as refusal:
            return refusal
        return None

    def _record(self, verb: str, sender: str, args: tuple[Any, ...], before: Ledger) -> None:
        if verb == "mint":
            assert sender == before.owner, "T2: minted by a stranger"
        elif verb == "approve":
            self.allowed[sender, args[0]] = args[1]
        elif verb == "transfer_from" and self.allowed.get((args[0], sender), 0) != 2**256 - 1:
            self.allowed[args[0], sender] = self.allowed.get((args[0], sender), 0) - args[2]
            assert self.allowed[args[0], sender] >= 0, "T2: sent without an allowance"

    def check(self) -> Ledger:
        """T1-T4 of contracts/tokens/README.md. Returns the state it looked at."""
        state = self.state()
        held = sum(state.balances.values())
        assert held == state.supply, f"T1: balances sum to {held}, the supply is {state.supply}"
        allowed = {pair: value for pair, value in self.allowed.items() if value}
        assert dict(state.allowances) == allowed, "T2: somebody may send what was not allowed"
        if isinstance(self.token, WrappedEther):
            ether = self.chain.balance(self.token)
            assert ether == state.supply, f"T3: {ether} wei behind {state.supply}"
        assert dict(state.nonces) == self.permits, "T4: signatures used are not those accepted"
        return state
