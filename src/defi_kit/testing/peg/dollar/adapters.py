"""Our dollars as `DollarMarket`s: on cash, out of the peg swap, and between collateral and
confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil

from .... import bindings
from ....chain import Account, Chain
from ....errors import NotSupported
from ....stablecoins import AlgoDesign, Role
from ....stablecoins.fiat import NO_LIMIT
from ....units import MAX_UINT256
from ...bytecode import creation_code
from ..algo.world import AlgoWorld
from ..fiat import world as fiat
from ..swap.world import PEOPLE, TREASURY, SwapWorld, Terms
from .market import Calls, DollarAdapter

__all__ = ["AlgoDollar", "CashDollar", "PegSwapDollar"]

SCALE = 10**36
PIPS = 10**6


class CashDollar(DollarAdapter):
    """Our FiatDollar: minted for cash, which no chain has, by a bank, and redeemed by a queue."""

    stoppable = True
    freezable = True
    exempt: Mapping[str, str] = {"S5": "what is paid for a mint is cash, which no chain has"}

    def __init__(self, chain: Chain, bytecode: str = "") -> None:
        """`bytecode` is that of a fork whose constructor takes the same, hexadecimal or a file."""
        self.fiat = fiat.deploy(chain, creation_code(bytecode) if bytecode else None)
        self.contract = self.fiat.dollar
        super().__init__(chain, self.contract, ())
        self.bank, self.stated = chain.account("bank"), 10**15
        limits = (2**104 - 1, NO_LIMIT)
        self.contract.configure_minter(self.bank, *limits, sender=self._officer(Role.MINTER_ADMIN))
        fiat.attest(self.fiat, self.stated)

    def _officer(self, role: Role) -> Account:
        return self.chain.account(fiat.OFFICERS[role])

    def mint(self, who: Account, amount: int) -> None:
        """By the bank."""
        self.contract.mint(who, amount, sender=self.bank)

    def redeem(self, who: Account, amount: int) -> None:
        """Asks for cash."""
        self.contract.request_redemption(amount, bytes(32), sender=who)

    def quote(self, amount: int) -> tuple[int, ...]:
        """Nothing that is on the chain."""
        return ()

    def prices(self) -> tuple[Fraction | None, ...]:
        """None are asked."""
        return ()

    def set_price(self, number: int, price: int | None) -> None:
        """There is none."""
        raise NotSupported("cash has no oracle", hint="it has no assets: machines do not try")

    def floor(self) -> Fraction:
        """On the chain nothing."""
        return Fraction(0)

    def promised(self, amount: int) -> Fraction:
        """On the chain nothing."""
        return Fraction(0)

    def room(self) -> int:
        """Up to the reserves that were stated: what is asked for has not been paid yet."""
        return max(self.stated - self.supply() - self.contract.owed(), 0)

    def stop(self, stopped: bool) -> None:
        """By the pauser."""
        warden = self._officer(Role.PAUSER)
        if stopped:
            self.contract.pause(value=1, sender=warden)
        else:
            self.contract.unpause(sender=warden)

    def freeze(self, who: Account, frozen: bool) -> None:
        """By compliance."""
        verb = self.contract.freeze if frozen else self.contract.unfreeze
        verb(who, sender=self._officer(Role.COMPLIANCE))

    def reserved(self, who: Account) -> Calls:
        """What officers and minters may."""
        dollar, limits = self.contract, (1, NO_LIMIT)
        return (
            ("mint", lambda: dollar.mint(who, 1, sender=who)),
            ("burn", lambda: dollar.burn(1, sender=who)),
            ("pause", lambda: dollar.pause(value=1, sender=who)),
            ("unpause", lambda: dollar.unpause(sender=who)),
            ("freeze", lambda: dollar.freeze(self.bank, sender=who)),
            ("unfreeze", lambda: dollar.unfreeze(who, sender=who)),
            ("configure_minter", lambda: dollar.configure_minter(who, *limits, sender=who)),
            ("remove_minter", lambda: dollar.remove_minter(self.bank, sender=who)),
            ("offer_role", lambda: dollar.offer_role(Role.OWNER, who, sender=who)),
            ("accept_role", lambda: dollar.accept_role(Role.OWNER, sender=who)),
            ("attest", lambda: dollar.attest(1, self.chain.timestamp, [], sender=who)),
        )


class PegSwapDollar(DollarAdapter):
    """The dollars that have left our PegSwap, which changes them at par for a backing.

    Its stock is not out; what one gets elsewhere is none of its business.
    """

    rounding = 1

    def __init__(
        self,
        chain: Chain,
        decimals: tuple[int, int] = (6, 18),
        bytecode: str = "",
        tolerance: int = 10_000,
    ) -> None:
        """Args:
        decimals:  of the backing and of the dollar.
        bytecode:  in hexadecimal, that of a fork whose constructor takes the same.
        tolerance: how far below par the backing is taken. [pips]
        """
        terms = Terms(
            decimals=decimals,
            caps=(10**6, 2**30),
            tolerances=(tolerance, 0),
            guarded=(True, False),
        )
        world = SwapWorld.build(chain, terms, bytes.fromhex(bytecode) if bytecode else None)
        (backing, dollar), self.oracle = world.tokens, world.oracles[0]
        self.swap = world.swap.contract
        super().__init__(chain, dollar, (backing,), self.swap)
        self.par = Fraction(terms.pars[0], SCALE)
        self.side, other = world.sides
        self.fee = Fraction(other.fee, PIPS)
        # All dollars are stock at first: what is out then has come from here.
        bank = chain.account(TREASURY)
        for name in PEOPLE:
            who = chain.account(name)
            dollar.transfer(bank, dollar.balance_of(who), sender=who)
        dollar.mint(bank, 10**9 * 10 ** decimals[1])
        self.swap.fund(dollar, dollar.balance_of(bank), sender=bank)

    def fund(self, who: Account) -> None:
        """The swap may take the dollars too."""
        super().fund(who)
        self.dollar.approve(self.swap, MAX_UINT256, sender=who)

    def mint(self, who: Account, amount: int) -> None:
        """Swaps in what comes to about so many dollars."""
        backing = -(-amount * PIPS // ((PIPS - self.side.fee) * self.par))
        self.swap.swap_in(min(int(backing), MAX_UINT256), who, sender=who)

    def redeem(self, who: Account, amount: int) -> None:
        """Swaps out."""
        self.swap.swap_out(amount, who, sender=who)

    def quote(self, amount: int) -> tuple[int, ...]:
        """In backing."""
        return (self.swap.quote_out(amount),)

    def supply(self) -> int:
        """All but the stock."""
        return super().supply() - self.dollar.balance_of(self.swap)

    def set_price(self, number: int, price: int | None) -> None:
        """Of the backing."""
        _tell(self.chain, [self.oracle], price)

    def prices(self) -> tuple[Fraction | None, ...]:
        """Of the backing."""
        return (_told(self.oracle),)

    def worth(self, amounts: Sequence[int]) -> Fraction:
        """At par, whatever the oracle says."""
        return amounts[0] * self.par

    def deliveries(self, who: Account, to: Account) -> Calls:
        """A swap each way."""
        dollars, whole = self.balance(who) // 2, 10 ** self.asset_decimals[0]
        return (
            ("swap_in", lambda: self.swap.swap_in(whole, to, sender=who)),
            ("swap_out", lambda: self.swap.swap_out(dollars, to, sender=who)),
        )

    def room(self) -> int:
        """Up to the cap, and none below the peg. [raw dollars]"""
        price = _told(self.oracle)
        if price is None or price < self.par * (PIPS - self.side.tolerance) / PIPS:
            return 0
        return int(max(self.side.cap - self.held()[0], 0) * self.par)


class AlgoDollar(DollarAdapter):
    """Our AlgoController: asset 0 is its collateral, asset 1 its share."""

    own = frozenset({1})
    rounding = 1

    def __init__(self, chain: Chain, design: str = "frax", bytecode: str = "") -> None:
        """Args:
        design:   "terra", "frax" or "guarded".
        bytecode: in hexadecimal, that of a fork whose constructor takes the same.
        """
        self.design: AlgoDesign = getattr(AlgoDesign, design)()
        code = bytes.fromhex(bytecode) if bytecode else None
        world = AlgoWorld.build(chain, self.design, code)
        self.oracles: Mapping[str, bindings.MockOracle] = {
            name: world.contracts[name] for name in ("collateral", "share", "spot")
        }
        self.controller = bindings.AlgoController(chain, world.algo.address)
        dollar, share = self.controller.dollar(), self.controller.share()
        collateral = self.controller.parameters().collateral
        super().__init__(chain, dollar, (collateral, share), self.controller)
        if self.design.virtual_liquidity:
            self.exempt = {"quote": "its virtual pools recover with every second"}

    def fund(self, who: Account) -> None:
        """Plenty of collateral, and a part of the shares."""
        self.assets[0].mint(who, 2**100)
        self.assets[0].approve(self.controller, MAX_UINT256, sender=who)
        whale = self.chain.account("whale")
        self.assets[1].transfer(who, self.assets[1].balance_of(whale) // 4, sender=whale)

    def mint(self, who: Account, amount: int) -> None:
        """For whatever it costs."""
        self.controller.mint(amount, MAX_UINT256, MAX_UINT256, who, sender=who)

    def redeem(self, who: Account, amount: int) -> None:
        """For whatever it pays."""
        self.controller.redeem(amount, 0, 0, who, sender=who)

    def quote(self, amount: int) -> tuple[int, ...]:
        """Collateral and shares."""
        return self.controller.quote_redeem(amount)

    def reserve(self) -> tuple[int, ...]:
        """Collateral in the books."""
        return self.controller.books()[2], 0

    def set_price(self, number: int, price: int | None) -> None:
        """Of the share, on average and now, or of the collateral, with which the share moves."""
        if number == 0:
            return _tell(self.chain, [self.oracles["collateral"]], price)
        if price is not None:  # shares are priced in collateral; rounded so that it reads back
            collateral = self.oracles["collateral"].answer()
            price = -(-price * SCALE // collateral)
        return _tell(self.chain, [self.oracles["share"], self.oracles["spot"]], price)

    def prices(self) -> tuple[Fraction | None, ...]:
        """Of the share in whole 1e-36, as it is used."""
        collateral, share = _told(self.oracles["collateral"]), _told(self.oracles["share"])
        if collateral is None or share is None:
            return collateral, None
        return collateral, Fraction(int(share * collateral * SCALE), SCALE)

    def floor(self) -> Fraction:
        """The ratio of now."""
        return Fraction(self.controller.books()[0], 10**18)

    def room(self) -> int:
        """Without the share's price only units so few that collateral, rounded up, pays for all."""
        collateral, share = self.prices()
        ratio = self.floor()
        if collateral is None:
            return 0
        return MAX_UINT256 if share or ratio == 1 else ceil(1 / (1 - ratio)) - 1

    def deliveries(self, who: Account, to: Account) -> Calls:
        """A mint and a redemption."""
        dollars, most = self.balance(who) // 2, MAX_UINT256
        mint, redeem = self.controller.mint, self.controller.redeem
        return (
            ("mint", lambda: mint(10**18, most, most, to, sender=who)),
            ("redeem", lambda: redeem(dollars, 0, 0, to, sender=who)),
        )

    def promised(self, amount: int) -> Fraction:
        """Collateral by the ratio or its part of it, and shares for the rest; nothing where virtual
        pools slip, or an epoch's cap may refuse."""
        if self.design.virtual_liquidity or self.design.max_share_growth:
            return Fraction(0)
        return amount * (1 - Fraction(self.design.redeem_spread, PIPS))


def _tell(chain: Chain, oracles: Sequence[bindings.MockOracle], price: int | None) -> None:
    for oracle in oracles:
        answers = oracle.build("set_reverting", price is None)
        chain.batch([answers, *([] if price is None else [oracle.build("set_price", price)])])


def _told(oracle: bindings.MockOracle) -> Fraction | None:
    return None if oracle.reverting() else Fraction(oracle.answer(), SCALE)
