"""A dollar on cash driven verb by verb: S1-S3 and S6, and the twin in lockstep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, TypeVar

from ....stablecoins import Authorization, Cancellation, Role
from ....units import MAX_UINT256
from ...explored import Explored
from ...recipe import Recipe
from ...trial import Literal_, Trial, step
from ...words import grouped, lasting
from .pair import FiatPair
from .world import Signed, SignedOrder, ascending

__all__ = ["FiatTrial"]

S = TypeVar("S", Signed, SignedOrder)


class FiatTrial(Trial):
    """Everything that minters, holders, officers, forgers and time may do to a dollar.

    People are named; "dollar" and "zero" are addresses that nobody has.
    """

    KIND: ClassVar[str] = "peg"
    SUBJECT: ClassVar[str] = "peg"

    def __init__(
        self,
        pair: FiatPair,
        *,
        recipe: Recipe | None = None,
        explored: Explored | None = None,
        prepared: bool = False,
    ) -> None:
        self.pair = pair
        super().__init__(pair, recipe=recipe, explored=explored, prepared=prepared)

    def _step(self, verb: str, sender: str, *args: object) -> None:
        _refused(self.pair.step(verb, sender, *args))

    def _at(self, name: str) -> str:
        return self.pair.address(name)

    # --- holders and minters ----------------------------------------------------------------------

    @step("{who} sends {amount} to {to}")
    def transfer(self, who: str, to: str, amount: int) -> None:
        """Dollars move."""
        self._step("transfer", who, self._at(to), amount)

    @step("{who} lets {to} take {amount}")
    def approve(self, who: str, to: str, amount: int) -> None:
        """An allowance."""
        self._step("approve", who, self._at(to), amount)

    @step("{who} lets {to} take {amount} more")
    def increase_allowance(self, who: str, to: str, amount: int) -> None:
        """An allowance grows."""
        self._step("increase_allowance", who, self._at(to), amount)

    @step("{who} lets {to} take {amount} less")
    def decrease_allowance(self, who: str, to: str, amount: int) -> None:
        """An allowance shrinks."""
        self._step("decrease_allowance", who, self._at(to), amount)

    @step("{who} takes {amount} of {owner}'s for {to}")
    def transfer_from(self, who: str, owner: str, to: str, amount: int) -> None:
        """An allowance is used."""
        self._step("transfer_from", who, self._at(owner), self._at(to), amount)

    @step("{who} mints {amount} for {to}")
    def mint(self, who: str, to: str, amount: int) -> None:
        """Minters may."""
        self._step("mint", who, self._at(to), amount)

    @step("{who} burns {amount}")
    def burn(self, who: str, amount: int) -> None:
        """Minters may."""
        self._step("burn", who, amount)

    @step("{who} gives {amount} back for cash")
    def redeem(self, who: str, amount: int) -> None:
        """Into the queue."""
        self._step("request_redemption", who, amount)

    @step("{who} says that redemption {number} was paid")
    def settle(self, who: str, number: int) -> None:
        """Minters may."""
        self._step("settle_redemption", who, number)
        self.note("redemptions settled")

    @step("{who} refuses redemption {number}")
    def refuse(self, who: str, number: int) -> None:
        """Minters may."""
        self._step("refuse_redemption", who, number)

    # --- officers ---------------------------------------------------------------------------------

    @step("{who} lets {minter} mint {amount}, {daily} a day")
    def configure_minter(self, who: str, minter: str, amount: int, daily: int) -> None:
        """The minter admin may."""
        self._step("configure_minter", who, self._at(minter), amount, daily)

    @step("{who} removes the minter {minter}")
    def remove_minter(self, who: str, minter: str) -> None:
        """The minter admin may."""
        self._step("remove_minter", who, self._at(minter))

    @step("{who} freezes {account}")
    def freeze(self, who: str, account: str) -> None:
        """Compliance may."""
        self._step("freeze", who, self._at(account))

    @step("{who} unfreezes {account}")
    def unfreeze(self, who: str, account: str) -> None:
        """Compliance may."""
        self._step("unfreeze", who, self._at(account))

    @step("{who} stops everything")
    def pause(self, who: str) -> None:
        """The pauser may."""
        self._step("pause", who)

    @step("{who} lets everything go on")
    def unpause(self, who: str) -> None:
        """The pauser may."""
        self._step("unpause", who)

    @step("{who} offers {candidate} the role {role}")
    def offer_role(self, who: str, role: int, candidate: str) -> None:
        """The owner may."""
        self._step("offer_role", who, Role(role), self._at(candidate))

    @step("{who} accepts the role {role}")
    def accept_role(self, who: str, role: int) -> None:
        """To whom it was offered may."""
        self._step("accept_role", who, Role(role))

    @step("{who} revokes the role {role}")
    def revoke_role(self, who: str, role: int) -> None:
        """The owner may."""
        self._step("revoke_role", who, Role(role))

    @step("{who} rescues {wei} wei")
    def rescue_ether(self, who: str, wei: int) -> None:
        """The owner may."""
        _refused(self.pair.rescue_ether(who, wei))

    # --- signatures -------------------------------------------------------------------------------

    @step(
        "a permit of {who}'s: {to} may take {amount}, for {seconds}; forged: {forgery}"
        "[; in one piece: {packed}]"
    )
    def permit(
        self, who: str, to: str, amount: int, seconds: int, forgery: str, packed: bool = False
    ) -> None:
        """Signed and submitted, as v, r and s or `packed`."""
        _refused(self.pair.permit_by(who, to, amount, seconds, forgery, packed))

    @step("permit {number} is submitted again, in its other form")
    def replay_permit(self, number: int) -> None:
        """Counted from 0; nothing where there is none."""
        if number < len(self.pair.seen):
            _refused(self.pair.submit(_other_form(self.pair.seen[number])))

    @step(
        "{who} submits {owner}'s order {nonce}: {amount} to {to}, from {early} ago, for {seconds}, "
        "by its receiver: {receive}; forged: {forgery}[; in one piece: {packed}]"
    )
    def authorize(
        self,
        who: str,
        owner: str,
        to: str,
        amount: int,
        early: int,
        seconds: int,
        nonce: int,
        receive: bool,
        forgery: str,
        packed: bool = False,
    ) -> None:
        """A transfer by signature (ERC-3009)."""
        now = self.chain.timestamp
        order = Authorization(
            self._at(owner),
            self._at(to),
            amount,
            max(now - early, 0),
            now + seconds,
            bytes([nonce]) * 32,
            receive,
        )
        _refused(self.pair.order_by(owner, order, forgery, who, packed))

    @step(
        "{who} submits that {owner} calls order {nonce} off; forged: {forgery}"
        "[; in one piece: {packed}]"
    )
    def cancel(self, who: str, owner: str, nonce: int, forgery: str, packed: bool = False) -> None:
        """By signature (ERC-3009)."""
        order = Cancellation(self._at(owner), bytes([nonce]) * 32)
        _refused(self.pair.order_by(owner, order, forgery, who, packed))

    @step("{who} submits order {number} again, in its other form")
    def replay_order(self, who: str, number: int) -> None:
        """Counted from 0; nothing where there is none."""
        if number < len(self.pair.orders):
            _refused(self.pair.submit_order(_other_form(self.pair.orders[number]), who))

    # --- statements -------------------------------------------------------------------------------

    @step("{who} submits reserves of {amount}, stated {seconds} ago by {signers}")
    def attest(self, who: str, amount: int, seconds: int, signers: str) -> None:
        """Signers are names with spaces between them."""
        _refused(self.pair.state_by(signers.split(), amount, seconds, who))

    @step("a statement is submitted whose signatures have another {slip}")
    def misstate(self, slip: str) -> None:
        """One of chain, token, amount, time, order."""
        _refused(self.pair.misstate(slip))

    @step("the statement of signature {number} is submitted again")
    def replay_statement(self, number: int) -> None:
        """Counted from 0; nothing where there is none."""
        if number < len(self.pair.votes):
            _refused(self.pair.restate(number))

    @step("{who} names the attesters {signers}, a quorum of {quorum}")
    def configure_attesters(self, who: str, signers: str, quorum: int) -> None:
        """The owner may."""
        named = ascending(self.chain, signers.split())
        self._step("configure_attesters", who, named, quorum)

    # --- the world around -------------------------------------------------------------------------

    @step("{wei} wei are forced upon the dollar")
    def force_ether(self, wei: int) -> None:
        """A gift that nobody asked for."""
        self.pair.rain(wei)

    @step("{seconds} pass")
    def wait(self, seconds: int) -> None:
        """The clock leaps."""
        self.chain.advance(seconds)

    # --- telling ----------------------------------------------------------------------------------

    def words(self, name: str, value: Literal_, given: Mapping[str, Literal_]) -> str:
        """Amounts in dollars, roles by name."""
        if not isinstance(value, int) or isinstance(value, bool):
            return str(value)
        if name == "role":
            return Role(value).name.lower()
        if name in ("amount", "daily"):
            return "everything" if value == MAX_UINT256 else f"{grouped(value, 6)} USD"
        return lasting(value) if name in ("seconds", "early") else f"{value:,}"


def _other_form(signed: S) -> S:
    """v, r and s in place of one piece, or one piece in their place."""
    return replace(signed, packed=not signed.packed)


def _refused(refusal: Exception | None) -> None:
    """A refusal is raised, to be recorded as one."""
    if refusal is not None:
        raise refusal
