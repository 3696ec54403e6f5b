"""The fiat dollar on a chain: who issues it, what stands behind it, how it is redeemed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from .. import bindings
from ..bindings.fiat_dollar import Officers
from ..chain import Chain, Receipt, Sender
from ..chain.hashing import address_of
from ..tokens.client import Burned, Minted
from ..tokens.typed_data import sign_digest
from ..units import Amount
from .fiat import NO_LIMIT, Fiat, Minter, Role
from .redemptions import Redemption, Redemptions, RedemptionStatus
from .regulated_client import RegulatedToken, Who
from .reserves import Reserves, Statement, statement_digest

__all__ = ["Attested", "FiatDollar", "Requested", "SignedStatement"]

MONTH: Final = 31 * 86_400


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """One attester's signature under a statement of reserves."""

    attester: str
    reserves: int
    """[base units]"""
    as_of: int
    """[unix seconds]"""
    signature: bytes


@dataclass(frozen=True, slots=True)
class Attested:
    """The reserves were stated."""

    reserves: Amount
    as_of: int
    """[unix seconds]"""
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Requested:
    """Dollars were given back for cash."""

    id: int
    holder: str
    amount: Amount
    receipt: Receipt = field(repr=False)


class FiatDollar(RegulatedToken):
    """A dollar backed by cash: minters issue it within attested reserves, holders redeem it,
    compliance freezes, a pauser stops it.

    On local chains a verb that needs a role is sent by its holder unless `sender` says otherwise.

    >>> usd = FiatDollar(chain, address)        # doctest: +SKIP
    >>> usd.attest(usd("5_000_000"))        # doctest: +SKIP
    >>> usd.configure_minter(bank, usd("1_000_000"), usd("50_000"))        # doctest: +SKIP
    >>> usd.mint(alice, usd("1500.25"), sender=bank)        # doctest: +SKIP
    """

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        name: str = "Fiat Dollar",
        symbol: str = "USD",
        *,
        owner: Sender | None = None,
        minter_admin: Sender | None = None,
        pauser: Sender | None = None,
        compliance: Sender | None = None,
        attesters: Iterable[Who] | None = None,
        quorum: int = 1,
        max_statement_age: int = MONTH,
        sender: Sender | None = None,
    ) -> Self:
        """A new dollar. Its owner is the sender unless named; roles not named are the owner's, who
        also attests the reserves unless attesters are named.

        `quorum` of them make a statement, on which dollars are minted until it is older than
        `max_statement_age` [seconds]. OwnerRequired, InvalidAttesters, InvalidStatementAge.
        """
        first = chain.default_sender if sender is None else sender
        head = first if owner is None else owner
        officers = [
            address_of(head if one is None else one)
            for one in (head, minter_admin, pauser, compliance)
        ]
        made = bindings.FiatDollar.deploy(
            chain,
            name,
            symbol,
            Officers(*officers),
            _ascending([head] if attesters is None else attesters),
            quorum,
            max_statement_age,
            sender=first,
        )
        return cls(chain, made.address)

    # --- issuing ----------------------------------------------------------------------------------

    def configure_minter(
        self,
        minter: Who,
        allowance: Amount | int,
        daily_limit: Amount | int | None = None,
        *,
        sender: Sender | None = None,
    ) -> Receipt:
        """Lets `minter` mint up to `allowance`, replacing what it might, and so much a day.

        Without a daily limit there is none. Needs the minter admin.
        """
        raw = self.unit.to_raw(allowance)
        limit = NO_LIMIT if daily_limit is None else self.unit.to_raw(daily_limit)
        return self._sent(
            lambda: self.dollar.configure_minter(
                minter, raw, limit, sender=self._as(Role.MINTER_ADMIN, sender)
            )
        )

    def remove_minter(self, minter: Who, *, sender: Sender | None = None) -> Receipt:
        """Stops `minter` from minting and burning. Needs the minter admin."""
        return self._sent(
            lambda: self.dollar.remove_minter(minter, sender=self._as(Role.MINTER_ADMIN, sender))
        )

    def is_minter(self, who: Who) -> bool:
        """Whether the account may mint and burn."""
        return self.dollar.is_minter(who)

    def minter_allowance(self, minter: Who) -> Amount:
        """What the minter may still mint."""
        return self.raw(self.dollar.minter_allowance(minter))

    def minter_daily_limit(self, minter: Who) -> Amount | None:
        """What the minter may mint in a day; None where that is not limited."""
        limit = self.dollar.minter_of(minter).daily_limit
        return None if limit == NO_LIMIT else self.raw(limit)

    def minter_available(self, minter: Who) -> Amount:
        """What allowance and daily limit let the minter mint now; see `mintable` as well."""
        allowed = self.dollar.minter_allowance(minter)
        return self.raw(min(allowed, self.dollar.minter_available(minter)))

    def mint(self, to: Who, amount: Amount | int, *, sender: Sender | None = None) -> Minted:
        """Issues to `to`; the sender's allowance as a minter falls by as much.

        Within its daily limit, and within the reserves as last attested.
        """
        raw = self.unit.to_raw(amount)
        receipt = self._sent(lambda: self.dollar.mint(to, raw, sender=sender))
        return Minted(address_of(to), self.raw(raw), receipt)

    def require_mint(self, to: Who, amount: Amount | int, *, sender: Sender | None = None) -> None:
        """Raises what `mint` would be refused with at the latest block; sends nothing.

        The reserves come last: MintBeyondReserves and StatementTooOld say that nothing else is
        amiss.
        """
        asked = self.dollar.build("mint", to, self.unit.to_raw(amount))
        with self._explained():
            self.chain.call(self.address, asked.data, sender=sender)

    def burn(self, amount: Amount | int, *, sender: Sender | None = None) -> Burned:
        """Destroys that much of the sender's own; only minters may."""
        raw = self.unit.to_raw(amount)
        receipt = self._sent(lambda: self.dollar.burn(raw, sender=sender))
        return Burned(receipt.sender, self.raw(raw), receipt)

    # --- reserves ---------------------------------------------------------------------------------

    @property
    def attesters(self) -> tuple[str, ...]:
        """Who attests the reserves, by address."""
        return tuple(self.dollar.attesters())

    @property
    def attestation_quorum(self) -> int:
        """How many attesters make a statement."""
        return self.dollar.attestation_quorum()

    @property
    def max_statement_age(self) -> int:
        """Oldest statement on which dollars are minted. [seconds]"""
        return self.dollar.max_statement_age()

    def configure_attesters(
        self, attesters: Iterable[Who], quorum: int = 1, *, sender: Sender | None = None
    ) -> Receipt:
        """Names all attesters anew; nothing is minted until they have spoken. Needs the owner."""
        named = _ascending(attesters)
        return self._sent(
            lambda: self.dollar.configure_attesters(
                named, quorum, sender=self._as(Role.OWNER, sender)
            )
        )

    def sign_statement(
        self, attester: Sender, reserves: Amount | int, as_of: int, *, key: bytes | None = None
    ) -> SignedStatement:
        """The attester's signature under a statement, for anyone to send with `attest`.

        Signs with `key` (32 bytes); without one, `attester` must be a named account of a local
        chain (RefusedKey otherwise).
        """
        raw = self.unit.to_raw(reserves)
        secret = self._key_of(attester) if key is None else key
        digest = statement_digest(self.contract.domain_separator(), raw, as_of)
        signature = bytes(sign_digest(digest, secret))
        return SignedStatement(address_of(attester), raw, as_of, signature)

    def attest(
        self,
        reserves: Amount | int,
        *,
        as_of: int | None = None,
        signed: Iterable[SignedStatement] = (),
        sender: Sender | None = None,
    ) -> Attested:
        """States what the bank holds, as of now unless said otherwise. [unix seconds]

        A sender who is an attester need not sign; on local chains it is the first attester unless
        named. The others' signatures are `signed`.
        """
        raw = self.unit.to_raw(reserves)
        at = self.chain.timestamp if as_of is None else as_of
        signatures = [one.signature for one in sorted(signed, key=lambda one: one.attester.lower())]
        if sender is None and self.chain.is_local:
            sender = self.attesters[0]
        receipt = self._sent(lambda: self.dollar.attest(raw, at, signatures, sender=sender))
        return Attested(self.raw(raw), at, receipt)

    def reserves(self) -> Amount:
        """Reserves to mint on: as last attested, less what was paid out since."""
        return self.raw(self.dollar.reserves()[0])

    def attested_at(self) -> int:
        """As of when the reserves were last attested; zero for never. [unix seconds]"""
        return self.dollar.reserves()[1]

    def mintable(self) -> Amount:
        """What the reserves still let all minters together mint now: nothing on a stale statement.

        Judged at the latest block; a transaction comes after it.
        """
        reserves, as_of = self.dollar.reserves()
        if self.chain.timestamp + 1 - as_of > self.max_statement_age:
            return self.raw(0)
        return self.raw(max(reserves - self.total_supply().raw - self.dollar.owed(), 0))

    def ensure_mintable(
        self, amount: Amount | int, *, sender: Sender | None = None
    ) -> Attested | None:
        """States reserves that let `amount` be minted, if those stated do not; None if they do.

        For local economies and tests: an Issuer states what its bank holds.
        """
        raw = self.unit.to_raw(amount)
        if self.mintable().raw >= raw:
            return None
        needed = self.total_supply().raw + self.owed.raw + raw
        return self.attest(max(needed, self.reserves().raw), sender=sender)

    def statements(self) -> tuple[Statement, ...]:
        """Every statement of the reserves, oldest first."""
        return tuple(self._statements(self.chain.block_number))

    def _statements(self, block: int) -> Iterator[Statement]:
        for index in range(self.dollar.statement_count(block=block)):
            said = self.dollar.statement(index, block=block)
            yield Statement(said.reserves, said.as_of, said.recorded_at)

    # --- redeeming --------------------------------------------------------------------------------

    @property
    def owed(self) -> Amount:
        """Cash owed for all pending redemptions."""
        return self.raw(self.dollar.owed())

    def request_redemption(
        self, amount: Amount | int, payout: bytes = bytes(32), *, sender: Sender | None = None
    ) -> Requested:
        """Gives the sender's dollars back for cash: burned now, owed until paid or refused.

        `payout` (32 bytes) tells the bank where to pay: a reference agreed with it.
        """
        raw = self.unit.to_raw(amount)
        receipt = self._sent(lambda: self.dollar.request_redemption(raw, payout, sender=sender))
        made = receipt.one(bindings.fiat_dollar.RedemptionRequested)
        return Requested(made.id, made.holder, self.raw(raw), receipt)

    def settle_redemption(self, id_: int, *, sender: Sender | None = None) -> Receipt:
        """Records that the bank has paid. Only minters may."""
        return self._sent(lambda: self.dollar.settle_redemption(id_, sender=sender))

    def refuse_redemption(self, id_: int, *, sender: Sender | None = None) -> Receipt:
        """Gives the dollars back to who wanted cash for them. Only minters may."""
        return self._sent(lambda: self.dollar.refuse_redemption(id_, sender=sender))

    def redemption(self, id_: int) -> Redemption:
        """The redemption of that id; status NONE where there is none."""
        return self._redemption(id_, None)

    def _redemption(self, id_: int, block: int | None) -> Redemption:
        one = self.dollar.redemption(id_, block=block)
        return Redemption(one.holder, one.amount, one.requested_at, RedemptionStatus(one.status))

    def pending_redemptions(self) -> dict[int, Redemption]:
        """What is owed to whom, oldest first."""
        at = self.chain.block_number
        found: dict[int, Redemption] = {}
        id_ = self.dollar.oldest_redemption(block=at)[0]
        while id_:
            found[id_] = self._redemption(id_, at)
            id_ = self.dollar.next_redemption(id_, block=at)
        return found

    def oldest_redemption(self) -> tuple[int, int]:
        """Id and age of the oldest redemption that is pending; zeros where none is. [seconds]"""
        return self.dollar.oldest_redemption()

    # --- rescuing ---------------------------------------------------------------------------------

    def rescue(self, amount: Amount, to: Who, *, sender: Sender | None = None) -> Receipt:
        """Sends a foreign token that was sent to the dollar by mistake to `to`. Needs the owner."""
        return self._sent(
            lambda: self.dollar.rescue(
                amount.unit.address, to, amount.raw, sender=self._as(Role.OWNER, sender)
            )
        )

    # --- the twin ---------------------------------------------------------------------------------

    def state(
        self, accounts: Iterable[Who], authorizations: Iterable[tuple[Who, bytes]] = ()
    ) -> Fiat:
        """The dollar and these accounts at the latest block, as a twin; others are left out.

        So are authorizations that were used, unless they are asked for: (authorizer, nonce).
        """
        at = self.chain.block_number
        names = [address_of(who) for who in accounts]
        pairs = [(owner, spender) for owner in names for spender in names]
        signed = [(address_of(who), nonce) for who, nonce in authorizations]
        call = self.dollar
        born = Fiat.born(self.address, call.owner(block=at))
        return Fiat(
            address=self.address,
            holders={role: call.holder_of(role, block=at) for role in Role},
            reserves=self._reserves(at),
            candidates=_kept(Role, lambda role: call.candidate_of(role, block=at)),
            paused=call.paused(block=at),
            wei=self.chain.balance(self.address),
            supply=call.total_supply(block=at),
            balances=_kept(names, lambda who: call.balance_of(who, block=at)),
            allowances=_kept(pairs, lambda pair: call.allowance(*pair, block=at)),
            nonces=_kept(names, lambda who: call.nonces(who, block=at)),
            frozen=born.frozen | {who for who in names if call.is_frozen(who, block=at)},
            spent=frozenset(one for one in signed if call.authorization_state(*one, block=at)),
            minters={who: self._minter_of(who, at) for who in names if call.is_minter(who)},
            redemptions=Redemptions(
                {id_: self._redemption(id_, at) for id_ in self._redemption_ids(at)}
            ),
        )

    def _reserves(self, block: int) -> Reserves:
        call = self.dollar
        amount, as_of = call.reserves(block=block)
        return Reserves(
            attesters=tuple(call.attesters(block=block)),
            quorum=call.attestation_quorum(block=block),
            max_age=call.max_statement_age(block=block),
            amount=amount,
            as_of=as_of,
            statements=tuple(self._statements(block)),
        )

    def _minter_of(self, who: str, block: int) -> Minter:
        found = self.dollar.minter_of(who, block=block)
        return Minter(found.allowance, found.daily_limit, found.used, found.used_at)

    def _redemption_ids(self, block: int) -> range:
        return range(1, self.dollar.redemption_count(block=block) + 1)


def _ascending(accounts: Iterable[Who]) -> list[str]:
    return sorted((address_of(who) for who in accounts), key=str.lower)


def _kept(keys: Iterable[Any], read: Callable[[Any], Any]) -> dict[Any, Any]:
    """What was read for each key, without zeros and zero addresses."""
    values = {key: read(key) for key in keys}
    return {
        key: value
        for key, value in values.items()
        if (int(value, 16) if isinstance(value, str) else value)
    }
