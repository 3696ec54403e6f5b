"""Our own pool as a `LendingMarket`, so that the machine for anybody's market drives it too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Self

from .... import reverts
from ....bindings import ReentrantToken
from ....bindings.callback_actor import Call
from ....chain import Account, Chain
from ....chain.hashing import address_of
from ....errors import InputError, Reverted
from ....lending.books import DUST_DIVISOR
from ....lending.rates import RateModel
from ....units import BPS, MAX_UINT256, WAD
from ...bytecode import creation_code
from ..market import Collateral, Position, Terms, View
from .dream import TwinWorld
from .lockstep import SNAPSHOT, Question, question
from .setting import ADAPTIVE, RATE
from .world import World

__all__ = ["PoolMarket"]

PLENTY = 2**110
RATES: Mapping[str, RateModel] = {"kinked": RATE, "adaptive": ADAPTIVE}


class PoolMarket:
    """A `LendingPool` with tokens and oracles of its own; a fork of it, given its bytecode.

    `world` does the verbs, in the contract or in contract and twin, and checks L1 to L16 exactly;
    `PoolTrial` drives that. As a `LendingMarket` it only shows what anybody's market shows.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.chain = world.chain
        self.contract = world.contract
        self.address = "" if world.contract is None else world.contract.address
        self.terms = _terms(world)
        self._asked: dict[tuple[str, ...], tuple[list[Question], list[Question]]] = {}
        """Addresses → what `view` of them asks."""

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        *,
        asset_decimals: int = 6,
        collateral_decimals: Sequence[int] = (18, 8),
        rate: str = "kinked",
        mode: str = "chain",
        bytecode: str | None = None,
    ) -> Self:
        """Deploys it, and gives everybody money.

        rate:     "kinked" or "adaptive".
        mode:     "chain" drives the contract, "both" the twin in lockstep with it, "twin" the twin
                  alone, for which `PoolTrial` leaves out what asks a contract.
        bytecode: creation code of a fork, in hexadecimal, or the file that has it: an artifact of
                  forge, Hardhat, Ape or ours (JSON), or hexadecimal.
        """
        if rate not in RATES:
            raise InputError(f"no rate model {rate!r}", hint=" or ".join(RATES))
        if mode not in ("chain", "both", "twin"):
            raise InputError(f"no mode {mode!r}", hint="chain, both or twin")
        if mode == "twin":
            if bytecode is not None:
                raise InputError("the twin alone runs no bytecode", hint="mode chain or both")
            alone = TwinWorld(
                chain,
                asset_decimals=asset_decimals,
                collateral_decimals=collateral_decimals,
                rate=RATES[rate],
            )
            return cls(alone)
        world = World(
            chain,
            asset_decimals=asset_decimals,
            collateral_decimals=collateral_decimals,
            rate=RATES[rate],
            token=ReentrantToken.deploy,
            bytecode=None if bytecode is None else creation_code(bytecode),
            lockstep=mode == "both",
        )
        return cls(world)

    def remember(self) -> object:
        """The twin's state, and what was seen last."""
        return self.world.remember()

    def recall(self, kept: Any) -> None:
        """Back to what `remember` gave."""
        self.world.recall(kept)

    # --- verbs ------------------------------------------------------------------------------------

    def fund(self, who: Account) -> None:
        """Gives `who` plenty of every token and lets the pool take it."""
        for token in (self.world.asset, *self.world.tokens):
            if token.balance_of(who) < PLENTY:
                token.mint(who, PLENTY)
            token.approve(self.contract, MAX_UINT256, sender=who)

    def supply(self, who: Account, assets: int, to: Account | None = None) -> None:
        """`deposit`."""
        self.contract.deposit(assets, to or who, sender=who)

    def withdraw(self, who: Account, assets: int, to: Account | None = None) -> None:
        """`withdraw`."""
        self.contract.withdraw(assets, to or who, who, sender=who)

    def supply_collateral(
        self, who: Account, number: int, amount: int, to: Account | None = None
    ) -> None:
        """`supplyCollateral`."""
        self.contract.supply_collateral(self.world.tokens[number], amount, to or who, sender=who)

    def withdraw_collateral(
        self, who: Account, number: int, amount: int, to: Account | None = None
    ) -> None:
        """`withdrawCollateral`."""
        token = self.world.tokens[number]
        self.contract.withdraw_collateral(token, amount, to or who, who, sender=who)

    def borrow(self, who: Account, assets: int, to: Account | None = None) -> None:
        """`borrow`."""
        self.contract.borrow(assets, to or who, who, sender=who)

    def repay(self, who: Account, assets: int, to: Account | None = None) -> None:
        """`repay`; it takes more than is owed as all of it."""
        self.contract.repay(assets, to or who, sender=who)

    def liquidate(self, who: Account, account: Account, number: int, assets: int) -> None:
        """`liquidate`, any collateral for it."""
        token = self.world.tokens[number]
        self.contract.liquidate(account, token, assets, MAX_UINT256, 0, sender=who)

    def transfer(self, who: Account, to: Account, assets: int) -> None:
        """`transfer`, of as many shares as are worth so much."""
        self.contract.transfer(to, self.contract.convert_to_shares(assets), sender=who)

    def accrue(self) -> None:
        """`accrue`."""
        self.contract.accrue()

    def flash_loan(self, who: Account, assets: int, repaid: int) -> None:
        """ERC-3156, through an actor that keeps what is not to be repaid: it lowers its allowance
        to that in the callback."""
        world = self.world
        plan = world.asset.build("approve", self.contract, repaid)
        loan = self.contract.build("flash_loan", world.actor, world.asset, assets, b"")
        world.actor.carry_out(
            [Call(world.asset.address, plan.data)], self.contract, loan.data, sender=who
        )

    def _lend_the_loan(self, who: Account) -> None:
        """A flash loan of nearly all cash, which comes back as a deposit for `who`."""
        pool, actor, asset = self.contract, self.world.actor, self.world.asset
        assets = asset.balance_of(pool) * 9 // 10
        calls = [pool.build("deposit", assets, who), asset.build("approve", pool, 0)]
        plan = [Call(address_of(call.to or ""), call.data) for call in calls]
        loan = pool.build("flash_loan", actor, asset, assets, b"")
        actor.carry_out(plan, pool, loan.data, sender=who)

    def set_price(self, number: int, price: int | None) -> None:
        """Its oracle answers this from now on, or reverts."""
        world = self.world
        world.oracles[number].set_reverting(price is None)
        if price is not None:
            world.oracles[number].set_price(price)
        world.prices[number] = reverts.OracleOff() if price is None else price

    def donate(self, who: Account, number: int | None, amount: int) -> None:
        """A plain transfer to the pool."""
        token = self.world.asset if number is None else self.world.tokens[number]
        token.transfer(self.contract, amount, sender=who)

    def switch_token(self, place: int, off: bool) -> None:
        """Every transfer of that token is refused from now on, or no longer."""
        (self.world.asset, *self.world.tokens)[place].set_transfers_off(off)

    # --- views ------------------------------------------------------------------------------------

    def view(self, people: Sequence[Account]) -> View:
        """Books, positions, and what it and people hold, with interest to the latest block."""
        views, healths = self._questions(people)
        shown, *numbers = self.world.answers(views)
        now, books, _, total_shares, collaterals, accounts = SNAPSHOT.decode(shown)[0]
        claims = list({shares for shares, _, _ in accounts})
        worth = self.world.answers(
            [question(self.contract, "convert_to_assets", shares) for shares in claims]
        )
        supplied = dict(zip(claims, map(_number, worth), strict=True))
        healthy = self._healthy(healths, all(price for _, price, _ in collaterals))
        total_assets, total_debt, *rest = map(_number, numbers)
        debts, rest = rest[: len(people)], rest[len(people) :]
        several = len(self.world.tokens) + 1
        held, *wallets = [
            tuple(rest[place : place + several]) for place in range(0, len(rest), several)
        ]
        return View(
            now=now,
            positions={
                who.address: Position(
                    supplied=supplied[shares],
                    shares=shares,
                    debt=debt,
                    debt_shares=debt_shares,
                    collateral=tuple(collateral),
                    healthy=sound,
                )
                for who, (shares, debt_shares, collateral), debt, sound in zip(
                    people, accounts, debts, healthy, strict=True
                )
            },
            total_supplied=total_assets,
            total_shares=total_shares,
            total_debt=total_debt,
            total_debt_shares=books[0],
            cash=books[4],
            held=held,
            collateral=tuple([believed for _, _, believed in collaterals]),
            wallets={who.address: owned for who, owned in zip(people, wallets, strict=True)},
        )

    def _questions(self, people: Sequence[Account]) -> tuple[list[Question], list[Question]]:
        """What is asked in the same words each time: the books, what each owes, the balances of
        the pool and of each; and, since it may be refused, everybody's health."""
        names = tuple([who.address for who in people])
        if names not in self._asked:
            pool, holdings = self.contract, (self.world.asset, *self.world.tokens)
            views = [
                question(pool, "snapshot", list(names)),
                question(pool, "total_assets"),
                question(pool, "total_debt"),
                *(question(pool, "debt_of", name) for name in names),
            ]
            for owner in (self.address, *names):
                views += [question(held, "balance_of", owner) for held in holdings]
            self._asked[names] = views, [question(pool, "health_of", name) for name in names]
        return self._asked[names]

    def _healthy(self, healths: Sequence[Question], answering: bool) -> list[bool | None]:
        """All at once while every oracle answers; else one by one, since each may be refused."""
        if answering:
            try:
                return [_number(health) >= WAD for health in self.world.answers(healths)]
            except Reverted:
                pass
        return [self._sound(*health) for health in healths]

    def _sound(self, pool: str, health: bytes) -> bool | None:
        try:
            return _number(self.chain.call(pool, health)) >= WAD
        except Reverted:
            return None

    def wallet(self, who: Account | str) -> tuple[int, ...]:
        """Of the asset, and of each collateral."""
        return tuple(token.balance_of(who) for token in (self.world.asset, *self.world.tokens))

    def max_borrow(self, who: Account) -> int:
        """`maxBorrow`, 0 while an oracle refuses."""
        try:
            return self.contract.max_borrow(who)
        except Reverted:
            return 0

    def impersonations(self, who: Account, victim: Account) -> Sequence[tuple[str, Any]]:
        """Verbs on the victim's account without its leave, with a little, half and all of what it
        has, and a signature that it never made."""
        pool, shares = self.contract, self.contract.balance_of(victim)
        claim = pool.convert_to_assets(shares)
        forged = bytes(64) + b"\x1b"
        calls: list[tuple[str, Any]] = [
            ("lend what a flash loan lent", partial(self._lend_the_loan, who)),
            (
                "sign",
                lambda: pool.set_authorization_by_signature(
                    victim, who, True, MAX_UINT256, forged, sender=who
                ),
            ),
        ]

        def each(what: str, verb: Any, whole: int, *before: Any, after: tuple[Any, ...]) -> None:
            for amount in sorted({1, min(1_000, whole), whole // 2, whole} - {0}):
                calls.append((what, partial(verb, *before, amount, *after, sender=who)))

        each("withdraw", pool.withdraw, claim, after=(who, victim))
        each("end what it lends", pool.withdraw, claim, after=(victim, victim))
        each("redeem", pool.redeem, shares, after=(who, victim))
        each("transfer shares", pool.transfer_from, shares, victim, who, after=())
        if (victim.address, who.address) in self.world.granted:
            return calls
        each("borrow", pool.borrow, self.max_borrow(victim), after=(who, victim))
        for token in self.world.tokens:
            held = pool.collateral_of(victim, token)
            verb = pool.withdraw_collateral
            each("withdraw collateral", verb, held, token, after=(who, victim))
        return calls


def _number(answer: bytes) -> int:
    return int.from_bytes(answer, "big")


def _terms(world: World) -> Terms:
    parameters = world.parameters
    return Terms(
        asset=world.asset.address,
        decimals=world.asset.decimals(),
        symbol=world.asset.symbol(),
        collaterals=tuple(
            Collateral(
                token=token.address,
                decimals=token.decimals(),
                symbol=token.symbol(),
                borrow_ltv=one.borrow_ltv * WAD // BPS,
                liquidation_ltv=one.liquidation_ltv * WAD // BPS,
                max_bonus=one.max_bonus * WAD // BPS,
                price=price,
                cap=one.cap,
            )
            for token, one, price in zip(
                world.tokens, parameters.collaterals, world.opening, strict=True
            )
        ),
        minimum_debt=parameters.minimum_debt,
        dust=parameters.minimum_debt // DUST_DIVISOR,
    )
