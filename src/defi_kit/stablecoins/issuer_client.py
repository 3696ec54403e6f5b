"""The issuer of a fiat dollar: what it does every day, with a bank behind it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from ..chain import Receipt, Sender
from ..errors import DefiKitError
from ..reverts import MintBeyondReserves, StatementTooOld
from ..tokens.client import Minted
from ..units import Amount
from .bank import Bank, Payment
from .client import Attested, FiatDollar, Requested
from .redemptions import Redemption
from .regulated_client import Who

__all__ = ["Issuer", "IssuerReport", "Processed"]


@dataclass(frozen=True, slots=True)
class IssuerReport:
    """The dollar beside the bank, at one block."""

    supply: Amount
    owed: Amount
    """For redemptions that are pending."""
    reserves: Amount
    """As attested, less what was paid out since."""
    attested_at: int
    """[unix seconds]"""
    cash: Amount
    """What the bank could pay at once: nobody but the bank knows."""
    stated: Amount
    """What the bank says it holds."""
    mintable: Amount
    pending: int
    """Redemptions in the queue."""
    oldest_age: int
    """How long the oldest of them has waited. [seconds]"""

    @property
    def backed(self) -> bool:
        """Whether what the bank says it holds covers what is out and what is owed."""
        return self.stated.raw >= self.supply.raw + self.owed.raw


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of the queue, by redemption."""

    settled: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()


@dataclass(slots=True)
class Issuer:
    """Mints on deposit, attests, redeems, freezes and reports.

    `minter` is the issuer's account as a minter of the dollar; `attesters` are accounts of a local
    chain that sign what the bank states, or nobody where the dollar's attester sends it himself.

    >>> issuer = Issuer(usd, HonestBank(), minter=bank)        # doctest: +SKIP
    >>> issuer.deposit(alice, usd("1_000"))        # doctest: +SKIP
    >>> issuer.redeem(alice, usd("400"))        # doctest: +SKIP
    >>> issuer.process().settled        # doctest: +SKIP
    (1,)
    """

    usd: FiatDollar
    bank: Bank
    minter: Sender
    attesters: tuple[Sender, ...] = field(default_factory=tuple)

    def deposit(self, customer: Who, amount: Amount | int) -> Minted:
        """Cash came in: it is attested where that is needed, and as many dollars are minted.

        Refused as `mint` is; then the cash stays with the customer, and nobody attested it.
        """
        raw = self.usd.unit.to_raw(amount)
        before, stating = self.bank, False
        try:
            self.bank = before.deposit(raw, now=self.usd.chain.timestamp)
            if self.usd.mintable().raw < raw:
                self._require_mint(customer, raw)
                stating = True
                self.attest()
            return self.usd.mint(customer, raw, sender=self.minter)
        except BaseException as error:
            self.bank = before
            if stating:
                self._take_back(error)
            raise

    def _require_mint(self, customer: Who, raw: int) -> None:
        """What `mint` would be refused with once the bank is attested with the cash: any other
        minter could issue dollars on a statement of cash that went back to the customer.
        """
        usd = self.usd
        # The reserves are the last that the contract looks at: nothing else is amiss.
        with suppress(MintBeyondReserves, StatementTooOld):
            usd.require_mint(customer, raw, sender=self.minter)
        liabilities = usd.total_supply().raw + usd.owed.raw
        if liabilities + raw > self.bank.stated:
            refusal = MintBeyondReserves(self.bank.stated, liabilities, raw)
            show = usd.unit.amount
            refusal.in_units(reserves=show, liabilities=show, amount=show)
            raise refusal

    def _take_back(self, error: BaseException) -> None:
        """Attests the bank without the cash of a deposit that failed after it was attested."""
        try:
            if self.usd.reserves().raw > self.bank.stated:
                self.attest()
        except DefiKitError as again:
            error.add_note(
                f"the reserves on chain may still count the cash, attest() anew: {again}"
            )

    def attest(self, signers: Iterable[Sender] | None = None) -> Attested:
        """The attesters sign what the bank states, as of now."""
        who = self.attesters if signers is None else tuple(signers)
        at, stated = self.usd.chain.timestamp, self.bank.stated
        signed = [self.usd.sign_statement(one, stated, at) for one in who]
        sender = self.minter if signed else None
        return self.usd.attest(stated, as_of=at, signed=signed, sender=sender)

    def redeem(
        self, customer: Sender, amount: Amount | int, payout: bytes = bytes(32)
    ) -> Requested:
        """A customer gives dollars back for cash; `process` pays."""
        return self.usd.request_redemption(amount, payout, sender=customer)

    def process(self) -> Processed:
        """Asks the bank to pay each pending redemption, the oldest first, and records the answers.

        Where the bank says later, all behind wait as well: nobody is paid out of turn. What it will
        never pay is refused, and the dollars go back. Redemptions of frozen holders are passed by.
        Where an answer cannot be recorded (NotMinter, AccountIsFrozen) the bank does not pay.
        """
        found: dict[Payment, list[int]] = {answer: [] for answer in Payment}
        stuck = False
        for id_, one in self.usd.pending_redemptions().items():
            answer = Payment.LATER
            if not (stuck or self.usd.is_frozen(one.holder)):
                answer = self._pay(id_, one)
                stuck = answer is Payment.LATER
            found[answer].append(id_)
        return Processed(
            settled=tuple(found[Payment.PAID]),
            refused=tuple(found[Payment.NEVER]),
            waiting=tuple(found[Payment.LATER]),
        )

    def _pay(self, id_: int, one: Redemption) -> Payment:
        """The bank's answer, recorded; a bank whose answer cannot be recorded has paid nothing."""
        before = self.bank
        try:
            self.bank, answer = before.pay(
                one.amount, asked_at=one.requested_at, now=self.usd.chain.timestamp
            )
            if answer is Payment.PAID:
                self.usd.settle_redemption(id_, sender=self.minter)
            elif answer is Payment.NEVER:
                self.usd.refuse_redemption(id_, sender=self.minter)
        except BaseException:
            self.bank = before
            raise
        return answer

    def freeze(self, who: Who) -> Receipt:
        """Freezes the account, and with it the payment of what it is owed."""
        return self.usd.freeze(who)

    def unfreeze(self, who: Who) -> Receipt:
        """Unfreezes the account."""
        return self.usd.unfreeze(who)

    def report(self) -> IssuerReport:
        """Supply against reserves, and the queue."""
        usd = self.usd
        return IssuerReport(
            supply=usd.total_supply(),
            owed=usd.owed,
            reserves=usd.reserves(),
            attested_at=usd.attested_at(),
            cash=usd.raw(self.bank.cash),
            stated=usd.raw(self.bank.stated),
            mintable=usd.mintable(),
            pending=len(usd.pending_redemptions()),
            oldest_age=usd.oldest_redemption()[1],
        )
