"""A lending pool on a chain: verbs in human amounts, with approvals and signatures where needed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Final, Self

from .. import bindings
from ..bindings import lending_pool as abi
from ..chain import Account as Named
from ..chain import Chain, Receipt, Sender
from ..chain.base import key_address, named_key
from ..chain.hashing import address_of
from ..errors import BadResponse, InputError, RefusedKey, Reverted, UnknownRevert
from ..tokens import Token
from ..units import MAX_UINT256, Amount, Number, Ratio
from .authorization import Authorization, SignedAuthorization
from .deploy import CollateralParameters, constructor_arguments
from .market_client import MarketClient, Who, check_token
from .rates import RateModel
from .results import (
    AuthorizationChanged,
    Borrowed,
    CollateralSupplied,
    CollateralWithdrawn,
    FlashLoaned,
    Liquidated,
    Repaid,
    Supplied,
    Withdrawn,
)

__all__ = ["LendingPool"]

HOUR: Final = 3_600


class LendingPool(MarketClient):
    """A lending pool at an address.

    A verb takes an Amount, or base units as int; `sender` is the chain's default sender unless
    named. What a verb has to pull from the sender is approved first, exactly, unless
    `approve=False`. Where nobody else is named, the sender acts for itself.

    The verbs `…WithCallback` call their sender back, and so are for contracts: an account without
    code cannot send them. `lending.contract.build("repay_with_callback", ...)` is the call that a
    contract of yours has to make.
    """

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        asset: Token,
        collaterals: Sequence[CollateralParameters],
        rate: RateModel,
        *,
        minimum_debt: Amount | int | None = None,
        target_health: Number | Ratio = "105%",
        reserve_factor: Number | Ratio = "10%",
        name: str | None = None,
        symbol: str | None = None,
        sender: Sender | None = None,
    ) -> Self:
        """A new pool that lends `asset`. Nobody owns it and nothing about it can be changed.

        The minimum debt is a hundred of the asset unless given.
        """
        arguments = constructor_arguments(
            asset,
            collaterals,
            rate,
            minimum_debt=minimum_debt,
            target_health=target_health,
            reserve_factor=reserve_factor,
            name=name,
            symbol=symbol,
        )
        for collateral in collaterals:
            _check_oracle(chain, collateral)
        made = bindings.LendingPool.deploy(chain, *arguments, sender=sender)
        return cls(chain, made.address)

    # --- lending ----------------------------------------------------------------------------------

    def supply(
        self,
        amount: Amount | int,
        *,
        to: Who | None = None,
        sender: Sender | None = None,
        approve: bool = True,
    ) -> Supplied:
        """Lends assets to the pool for shares, which `to` gets."""
        who = self._sender(sender)
        raw = self.asset.unit.to_raw(amount)
        with self._explained(), self._approved(self.asset, who, raw, approve):
            receipt = self.contract.deposit(raw, who if to is None else to, sender=who)
        done = receipt.one(abi.Deposit, address=self.address)
        return Supplied(
            done.owner, self.asset.raw(done.assets), self.share.raw(done.shares), receipt
        )

    def withdraw(
        self,
        amount: Amount | int | None = None,
        *,
        to: Who | None = None,
        owner: Who | None = None,
        sender: Sender | None = None,
    ) -> Withdrawn:
        """Takes assets out for the owner's shares; without an amount all that can be taken.

        `owner` is the sender unless named; another's shares need its allowance.
        """
        who = self._sender(sender)
        holder = who if owner is None else address_of(owner)
        receiver = who if to is None else to
        with self._explained():
            if amount is None:
                shares = self.contract.max_redeem(holder)
                if not shares:
                    raise InputError(
                        f"nothing to withdraw for {holder}: it has no shares, or the pool no cash",
                        hint="lending.account(who).supplied; lending.market().cash",
                    )
                receipt = self.contract.redeem(shares, receiver, holder, sender=who)
            else:
                raw = self.asset.unit.to_raw(amount)
                receipt = self.contract.withdraw(raw, receiver, holder, sender=who)
        done = receipt.one(abi.Withdraw, address=self.address)
        return Withdrawn(
            done.owner,
            done.to,
            self.asset.raw(done.assets),
            self.share.raw(done.shares),
            receipt,
        )

    # --- collateral -------------------------------------------------------------------------------

    def supply_collateral(
        self,
        amount: Amount | int,
        *,
        token: Token | None = None,
        account: Who | None = None,
        sender: Sender | None = None,
        approve: bool = True,
    ) -> CollateralSupplied:
        """Posts collateral for `account`. Its token is the amount's; an int needs `token`.

        A collateral it does not hold yet is added by the account itself, or whom it authorized:
        NotAuthorized otherwise.
        """
        who = self._sender(sender)
        posted, raw = self._of_token(amount, token)
        with self._explained(posted), self._approved(posted, who, raw, approve):
            receipt = self.contract.supply_collateral(
                posted.address, raw, who if account is None else account, sender=who
            )
        done = receipt.one(abi.CollateralSupplied, address=self.address)
        return CollateralSupplied(done.account, posted.raw(done.amount), receipt)

    def withdraw_collateral(
        self,
        amount: Amount | int,
        *,
        token: Token | None = None,
        to: Who | None = None,
        account: Who | None = None,
        sender: Sender | None = None,
    ) -> CollateralWithdrawn:
        """Takes collateral back, as far as the debt allows: the sender's, or that of an `account`
        which authorized it. `to`, by default the sender, gets it."""
        who = self._sender(sender)
        posted, raw = self._of_token(amount, token)
        with self._explained(posted):
            receipt = self.contract.withdraw_collateral(
                posted.address,
                raw,
                who if to is None else to,
                who if account is None else account,
                sender=who,
            )
        done = receipt.one(abi.CollateralWithdrawn, address=self.address)
        return CollateralWithdrawn(done.account, done.receiver, posted.raw(done.amount), receipt)

    # --- debt -------------------------------------------------------------------------------------

    def borrow(
        self,
        amount: Amount | int,
        *,
        to: Who | None = None,
        account: Who | None = None,
        sender: Sender | None = None,
    ) -> Borrowed:
        """Borrows against the sender's collateral, or that of an `account` which authorized it.

        `to`, by default the sender, gets the assets.
        """
        who = self._sender(sender)
        raw = self.asset.unit.to_raw(amount)
        debtor = who if account is None else account
        with self._explained():
            receipt = self.contract.borrow(raw, who if to is None else to, debtor, sender=who)
        done = receipt.one(abi.Borrowed, address=self.address)
        return Borrowed(done.account, done.receiver, self.asset.raw(done.assets), receipt)

    def repay(
        self,
        amount: Amount | int | None = None,
        *,
        account: Who | None = None,
        sender: Sender | None = None,
        approve: bool = True,
    ) -> Repaid:
        """Pays debt of `account` back; without an amount all of it, to the last unit.

        For all of it an hour's interest more is approved, and never taken, because the debt grows
        until the transaction is mined.
        """
        who = self._sender(sender)
        debtor = who if account is None else address_of(account)
        if amount is None:
            limit, raw = self._debt_in(debtor, HOUR), MAX_UINT256
        else:
            limit = raw = self.asset.unit.to_raw(amount)
        with self._explained(), self._approved(self.asset, who, limit, approve):
            receipt = self.contract.repay(raw, debtor, sender=who)
        done = receipt.one(abi.Repaid, address=self.address)
        return Repaid(done.account, self.asset.raw(done.assets), receipt)

    def _debt_in(self, account: str, seconds: int) -> int:
        """What the account will owe then, if nothing else happens. [asset]"""
        state, _, now = self._read([account])
        return state.debt_of(account, now=now + seconds)

    # --- acting for others ------------------------------------------------------------------------

    def authorize(self, operator: Who, *, sender: Sender | None = None) -> AuthorizationChanged:
        """Lets `operator` borrow, withdraw and add collaterals for the sender, until revoked.

        It can take all that the sender's collateral is worth. Shares are moved by allowance only.
        """
        return self._authorized(self.contract.set_authorization(operator, True, sender=sender))

    def revoke(self, operator: Who, *, sender: Sender | None = None) -> AuthorizationChanged:
        """Takes that back; whatever the sender has signed and nobody sent is void as well."""
        return self._authorized(self.contract.set_authorization(operator, False, sender=sender))

    def sign_authorization(
        self,
        owner: Sender,
        operator: Who,
        *,
        authorized: bool = True,
        deadline: int | None = None,
        key: bytes | None = None,
    ) -> SignedAuthorization:
        """`owner`'s signature under `authorize`, or `revoke`, for anyone to send.

        Signs with `key` (32 bytes); without one, `owner` must be a named account of a local chain
        (RefusedKey otherwise). The deadline is an hour from now unless given. [unix seconds]
        """
        message = Authorization(
            owner=address_of(owner),
            operator=address_of(operator),
            authorized=authorized,
            nonce=self.contract.authorization_nonce(owner),
            deadline=self.chain.timestamp + HOUR if deadline is None else deadline,
        )
        secret = self._key_of(owner) if key is None else key
        return message.sign(self.contract.domain_separator(), secret)

    def _key_of(self, owner: Sender) -> bytes:
        if self.chain.is_local and isinstance(owner, Named):
            key = named_key(owner.name)
            if key_address(key) == owner.address:
                return key
        raise RefusedKey(
            f"no key at hand to sign for {owner}",
            hint="give sign_authorization(..., key=...), or sign the message's digest elsewhere",
        )

    def send_authorization(
        self, signed: SignedAuthorization, *, sender: Sender | None = None
    ) -> AuthorizationChanged:
        """Sends a signed authorisation; anyone may. SignatureExpired, SignatureInvalid."""
        said = signed.message
        return self._authorized(
            self.contract.set_authorization_by_signature(
                said.owner,
                said.operator,
                said.authorized,
                said.deadline,
                signed.signature,
                sender=sender,
            )
        )

    def _authorized(self, receipt: Receipt) -> AuthorizationChanged:
        done = receipt.one(abi.AuthorizationSet, address=self.address)
        return AuthorizationChanged(done.owner, done.operator, done.authorized, receipt)

    # --- liquidation ------------------------------------------------------------------------------

    def liquidate(
        self,
        account: Who,
        token: Token,
        *,
        repay: Amount | int | None = None,
        seize: Amount | int | None = None,
        minimum_seized: Amount | int = 0,
        sender: Sender | None = None,
        approve: bool = True,
    ) -> Liquidated:
        """Repays debt of an unhealthy account and takes its `token` for it, with the bonus.

        As much as the pool allows, at most `repay` and at most `seize`; Reverted with
        TooLittleSeized below `minimum_seized`. Approves what it would cost now, or after an hour's
        interest if that is more, and repays no more than that.
        """
        who = self._sender(sender)
        debtor = address_of(account)
        check_token(token)
        seizable = MAX_UINT256 if seize is None else token.unit.to_raw(seize)
        with self._explained(token):
            limit = (
                self._cost(debtor, token, seizable, address_of(who))
                if repay is None
                else self.asset.unit.to_raw(repay)
            )
            least = token.unit.to_raw(minimum_seized)
            with self._approved(self.asset, who, limit, approve):
                receipt = self.contract.liquidate(debtor, token, limit, seizable, least, sender=who)
        return self._liquidated(receipt, token)

    def _cost(self, account: str, token: Token, seize: int, liquidator: str) -> int:
        """What liquidating may cost within the next hour, if prices stay. [asset]

        The contract is asked first: an oracle that refuses says why itself, the twin only sees no
        price.
        """
        done = self.contract.preview_liquidation(account, token.address, MAX_UINT256, seize)
        state, prices, now = self._read([account])
        soon = state.preview_liquidation(
            account,
            token.address,
            max_seize=seize,
            now=now + HOUR,
            prices=prices,
            caller=liquidator,
        )
        return max(done.repaid, soon.repaid)

    def _liquidated(self, receipt: Receipt, token: Token) -> Liquidated:
        done = receipt.one(abi.Liquidated, address=self.address)
        losses = receipt.all(abi.BadDebt, address=self.address)
        return Liquidated(
            account=done.account,
            liquidator=done.liquidator,
            repaid=self.asset.raw(done.repaid),
            seized=token.raw(done.seized),
            bonus=Ratio(done.bonus),
            bad_debt=self.asset.raw(sum(loss.loss for loss in losses)),
            from_reserve=self.asset.raw(sum(loss.from_reserve for loss in losses)),
            receipt=receipt,
        )

    # --- flash loans ------------------------------------------------------------------------------

    def flash_loan(
        self,
        receiver: Who,
        amount: Amount | int,
        *,
        token: Token | None = None,
        data: bytes = b"",
        sender: Sender | None = None,
    ) -> FlashLoaned:
        """Lends the asset or a collateral to the contract `receiver` for one call, free of charge.

        Anyone may send it. The receiver is called, `onFlashLoan` of ERC-3156 with `data`, and must
        have approved the pool to take the amount back. LoanAboveMaximum, LoanNotAccepted, and
        whatever the receiver itself refuses; an account without code can receive no loan. The token
        is the amount's; an int needs `token`.
        """
        lent, raw = self._of_token(amount, token)
        with self._explained(lent):
            receipt = self.contract.flash_loan(receiver, lent.address, raw, data, sender=sender)
        done = receipt.one(abi.FlashLoaned, address=self.address)
        return FlashLoaned(done.receiver, done.initiator, lent.raw(done.amount), receipt)

    # --- shared steps -----------------------------------------------------------------------------

    def _sender(self, sender: Sender | None) -> str:
        return address_of(self.chain.default_sender if sender is None else sender)

    def _approved(
        self, token: Token, owner: str, raw: int, wanted: bool
    ) -> AbstractContextManager[None]:
        return token.allowing(owner, self.address, raw) if wanted else nullcontext()


def _check_oracle(chain: Chain, collateral: CollateralParameters) -> None:
    """What it refuses with is the contract's to say; what has no `price()` is no oracle."""
    with suppress(Reverted):
        try:
            bindings.FeedOracle(chain, collateral.oracle).price()
        except (UnknownRevert, BadResponse) as error:
            raise InputError(
                f"{address_of(collateral.oracle)} is no oracle of {collateral.token.symbol}: "
                "it has no price()",
                hint="not the feed but an oracle over it: FeedOracle.deploy(...), kit.oracles",
            ) from error
