"""The algorithmic dollar on a chain: a controller, its dollar and its share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from .. import bindings
from ..bindings import algo_controller as abi
from ..chain import Chain, Receipt, Sender
from ..chain.hashing import ZERO_ADDRESS, HasAddress, address_of
from ..errors import Reverted
from ..tokens import Token
from ..units import WAD, Amount, Number, Ratio
from .algo import Algo, AlgoDesign, Price, Prices

__all__ = ["AlgoController", "AlgoMinted", "AlgoQuote", "AlgoRedeemed"]

Who = HasAddress | str
"""An account, a contract or an address."""


@dataclass(frozen=True, slots=True)
class AlgoQuote:
    """What a mint would cost, or a redemption would pay."""

    dollars: Amount
    collateral: Amount
    shares: Amount


@dataclass(frozen=True, slots=True)
class AlgoMinted:
    """Dollars were minted for collateral and shares."""

    to: str
    dollars: Amount
    collateral: Amount
    shares: Amount
    receipt: Receipt = field(repr=False)


@dataclass(frozen=True, slots=True)
class AlgoRedeemed:
    """Dollars were given up for collateral and, before the end, new shares."""

    to: str
    dollars: Amount
    collateral: Amount
    shares: Amount
    receipt: Receipt = field(repr=False)


class AlgoController:
    """A controller at an address.

    A verb takes an Amount of the dollar, or base units as int; the collateral that a mint costs is
    approved first, exactly, unless `approve=False`.

    >>> algo = AlgoController.deploy(        # doctest: +SKIP
    ...     chain, AlgoDesign.guarded(), usd, share_oracle=oracle, shares="1_000_000"
    ... )
    >>> algo.mint(algo.dollar(100), sender=alice).shares        # doctest: +SKIP
    """

    def __init__(self, chain: Chain, address: Who) -> None:
        self.chain = chain
        self.contract = bindings.AlgoController(chain, address)
        self.address = self.contract.address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        design: AlgoDesign,
        collateral: Token,
        *,
        share_oracle: Who,
        share_spot: Who | None = None,
        collateral_oracle: Who | None = None,
        dollar_oracle: Who | None = None,
        shares: Amount | int,
        dollars: Amount | int = 0,
        holder: Who | None = None,
        names: tuple[str, str] = ("Algo Dollar", "Algo Share"),
        symbols: tuple[str, str] = ("ALGO", "SHARE"),
        sender: Sender | None = None,
    ) -> Self:
        """A new controller with its two tokens; nothing of it can be changed.

        Args:
            design: `AlgoDesign.terra()`, `.frax()`, `.guarded()`, or your own numbers.
            share_oracle: an IOracle that prices the share in collateral and is hard to move.
            share_spot: the price of now; where the two differ the caller gets the worse.
            collateral_oracle: prices the collateral in units of 18 decimals; at par without one.
            dollar_oracle: prices the dollar in collateral; needed where the ratio moves.
            shares, dollars: what `holder` (the sender unless named) has at first. [base units]
        """
        first = chain.default_sender if sender is None else sender
        terms = replace(design, decimals=collateral.decimals)
        raw = [one.raw if isinstance(one, Amount) else one for one in (shares, dollars)]
        Algo.born(terms, shares=raw[0], dollars=raw[1], now=0)
        parameters = abi.AlgoParameters(
            collateral=collateral.address,
            share_oracle=address_of(share_oracle),
            share_spot=_or_zero(share_spot),
            collateral_oracle=_or_zero(collateral_oracle),
            dollar_oracle=_or_zero(dollar_oracle),
            **{name: getattr(terms, name) for name in _NUMBERS},
        )
        genesis = abi.Genesis(
            holder=address_of(first if holder is None else holder),
            dollars=raw[1],
            shares=raw[0],
            dollar_name=names[0],
            dollar_symbol=symbols[0],
            share_name=names[1],
            share_symbol=symbols[1],
        )
        made = bindings.AlgoController.deploy(chain, parameters, genesis, sender=first)
        return cls(chain, made.address)

    # --- what it is -------------------------------------------------------------------------------

    @cached_property
    def _terms(self) -> abi.AlgoParameters:
        return self.contract.parameters()

    @cached_property
    def design(self) -> AlgoDesign:
        """What it was deployed with, in integers."""
        numbers = {name: getattr(self._terms, name) for name in _NUMBERS}
        return AlgoDesign(**numbers, decimals=self.collateral.decimals)

    @cached_property
    def collateral(self) -> Token:
        """What stands behind a part of the dollar."""
        return Token(self.chain, self._terms.collateral)

    @cached_property
    def dollar(self) -> Token:
        """The dollar, 18 decimals."""
        return Token(self.chain, self.contract.dollar())

    @cached_property
    def share(self) -> Token:
        """The share, 18 decimals."""
        return Token(self.chain, self.contract.share())

    # --- minting and redeeming --------------------------------------------------------------------

    def quote_mint(self, dollars: Amount | int) -> AlgoQuote:
        """What a mint costs now; raises its refusal."""
        return self._quote(self.contract.quote_mint, dollars)

    def quote_redeem(self, dollars: Amount | int) -> AlgoQuote:
        """What a redemption pays now; raises its refusal."""
        return self._quote(self.contract.quote_redeem, dollars)

    def _quote(self, ask: Callable[[int], tuple[int, int]], dollars: Amount | int) -> AlgoQuote:
        raw = self.dollar.unit.to_raw(dollars)
        with self._explained():
            collateral, shares = ask(raw)
        return AlgoQuote(
            self.dollar.raw(raw), self.collateral.raw(collateral), self._shares(shares)
        )

    def mint(
        self,
        dollars: Amount | int,
        *,
        max_collateral: Amount | int | None = None,
        max_shares: Amount | int | None = None,
        slippage: Number | Ratio = "0.5%",
        to: Who | None = None,
        sender: Sender | None = None,
        approve: bool = True,
    ) -> AlgoMinted:
        """Mints dollars for collateral and shares of the sender.

        Refused (TooMuchCollateral, TooManyShares) when it would cost more than the maxima, or than
        the quote by more than `slippage`.
        """
        who, raw = self._sender(sender), self.dollar.unit.to_raw(dollars)
        quote = self.quote_mint(raw)
        part = WAD + Ratio.parse(slippage).wad
        collateral = self._limit(self.collateral, max_collateral, quote.collateral.raw, part)
        shares = self._limit(self.share, max_shares, quote.shares.raw, part)
        with ExitStack() as stack:
            stack.enter_context(self._explained())
            stack.enter_context(self._approved(who, collateral, approve))
            receipt = self.contract.mint(
                raw, collateral, shares, who if to is None else to, sender=who
            )
        done = receipt.one(abi.DollarsMinted, address=self.address)
        return AlgoMinted(
            done.to,
            self.dollar.raw(done.dollars),
            self.collateral.raw(done.collateral),
            self._shares(done.shares),
            receipt,
        )

    def redeem(
        self,
        dollars: Amount | int,
        *,
        min_collateral: Amount | int | None = None,
        min_shares: Amount | int | None = None,
        slippage: Number | Ratio = "0.5%",
        to: Who | None = None,
        sender: Sender | None = None,
    ) -> AlgoRedeemed:
        """Gives the sender's dollars up for collateral and new shares.

        Refused (TooLittleCollateral, TooFewAlgoShares) when it would pay less than the minima, or
        than the quote by more than `slippage`.
        """
        who, raw = self._sender(sender), self.dollar.unit.to_raw(dollars)
        quote = self.quote_redeem(raw)
        part = WAD - min(Ratio.parse(slippage).wad, WAD)
        collateral = self._limit(self.collateral, min_collateral, quote.collateral.raw, part)
        shares = self._limit(self.share, min_shares, quote.shares.raw, part)
        with self._explained():
            receipt = self.contract.redeem(
                raw, collateral, shares, who if to is None else to, sender=who
            )
        done = receipt.one(abi.DollarsRedeemed, address=self.address)
        return AlgoRedeemed(
            done.to,
            self.dollar.raw(done.dollars),
            self.collateral.raw(done.collateral),
            self._shares(done.shares),
            receipt,
        )

    # --- the clock and the end --------------------------------------------------------------------

    def step_ratio(self, *, sender: Sender | None = None) -> Ratio:
        """Moves the ratio one step towards the peg, if it is time; the ratio after. Anyone may."""
        with self._explained():
            receipt = self.contract.step_ratio(sender=sender)
        return Ratio(receipt.one(abi.RatioStepped, address=self.address).ratio)

    def alarm(self, *, sender: Sender | None = None) -> bool:
        """Raises the alarm where too little stands behind a dollar, clears it where enough does."""
        with self._explained():
            self.contract.alarm(sender=sender)
        return bool(self.contract.books()[5])

    def end(self, *, sender: Sender | None = None) -> Receipt:
        """Ends it, when the alarm is old enough and still right. Anyone may; for ever."""
        with self._explained():
            return self.contract.end(sender=sender)

    def claim(
        self, dollars: Amount | int, *, to: Who | None = None, sender: Sender | None = None
    ) -> AlgoRedeemed:
        """After the end: gives the sender's dollars up for their part of the collateral."""
        who, raw = self._sender(sender), self.dollar.unit.to_raw(dollars)
        with self._explained():
            receipt = self.contract.claim(raw, who if to is None else to, sender=who)
        done = receipt.one(abi.DollarsClaimed, address=self.address)
        return AlgoRedeemed(
            done.to,
            self.dollar.raw(done.dollars),
            self.collateral.raw(done.collateral),
            self._shares(0),
            receipt,
        )

    # --- views ------------------------------------------------------------------------------------

    @property
    def ratio(self) -> Ratio:
        """Part of a newly minted dollar that is collateral."""
        return Ratio(self.contract.books()[0])

    @property
    def ended(self) -> bool:
        """Whether dollars are only redeemed for their part of the collateral."""
        return self.contract.books()[6]

    @property
    def cover(self) -> Ratio:
        """Worth of collateral and of all shares, per dollar, at the average price."""
        with self._explained():
            return Ratio(self.contract.cover())

    # --- the twin ---------------------------------------------------------------------------------

    def state(self) -> Algo:
        """The controller at the latest block, as a twin."""
        at = self.chain.block_number
        ratio, stepped_at, held, imbalance, imbalance_at, alarmed_at, ended = self.contract.books(
            block=at
        )
        number, start_supply, minted = self.contract.epoch(block=at)
        return Algo(
            design=self.design,
            dollars=self.dollar.total_supply(block=at).raw,
            shares=self.share.total_supply(block=at).raw,
            ratio=ratio,
            stepped_at=stepped_at,
            held=held,
            imbalance=imbalance,
            imbalance_at=imbalance_at,
            epoch_number=number,
            epoch_start_supply=start_supply,
            epoch_minted=minted,
            alarmed_at=alarmed_at,
            ended=ended,
        )

    def prices(self) -> Prices:
        """What its oracles say at the latest block, refusals included, for the twin."""
        terms = self._terms
        return Prices(
            share=self._asked(terms.share_oracle) or 0,
            spot=self._asked(terms.share_spot),
            collateral=self._asked(terms.collateral_oracle),
            dollar=self._asked(terms.dollar_oracle),
        )

    def _asked(self, oracle: str) -> Price | None:
        if oracle == ZERO_ADDRESS:
            return None
        try:
            return bindings.FeedOracle(self.chain, oracle).price()  # any IOracle answers it
        except Reverted as refusal:
            return refusal

    # --- inside -----------------------------------------------------------------------------------

    def _shares(self, raw: int) -> Amount:
        return self.share.raw(raw)

    def _sender(self, sender: Sender | None) -> Sender:
        return self.chain.default_sender if sender is None else sender

    @staticmethod
    def _limit(token: Token, given: Amount | int | None, quoted: int, part: int) -> int:
        return quoted * part // WAD if given is None else token.unit.to_raw(given)

    def _approved(self, who: Sender, raw: int, approve: bool) -> AbstractContextManager[None]:
        if not approve or not raw:
            return nullcontext()
        return self.collateral.allowing(who, self.address, raw)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Shows the amounts in a refusal in their tokens' units."""
        try:
            yield
        except Reverted as error:
            self._explain(error)
            raise

    def _explain(self, error: Reverted) -> None:
        units = {
            "collateral": self.collateral,
            "max_collateral": self.collateral,
            "min_collateral": self.collateral,
            "shares": self.share,
            "max_shares": self.share,
            "min_shares": self.share,
        }
        if error.name == "EpochCapExceeded":
            units |= dict.fromkeys(("minted", "asked", "cap"), self.share)
        if error.name == "ZeroAmount":
            error.hint = "ask for more: nothing would come out of it, or nothing is asked for"
        if error.name == "VirtualPoolExhausted":
            units |= dict.fromkeys(("asked", "left"), self.dollar)
        error.in_units(**{name: token.unit.amount for name, token in units.items()})


_NUMBERS = (
    "ratio",
    "min_ratio",
    "max_ratio",
    "ratio_step",
    "band",
    "step_period",
    "mint_spread",
    "redeem_spread",
    "virtual_liquidity",
    "recovery_time",
    "epoch_length",
    "max_share_growth",
    "breaker_cover",
    "breaker_delay",
)
"""What a design and the contract's parameters have in common."""


def _or_zero(who: Who | None) -> str:
    return ZERO_ADDRESS if who is None else address_of(who)
