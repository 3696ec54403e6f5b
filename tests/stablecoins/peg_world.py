"""A peg swap between two tokens of any decimals, its people, and S4 checked after every step.

The checks rest on what people have paid and got by our own count, not on the contract's books.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from defi_kit import bindings
from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from defi_kit.stablecoins import Peg, PegSide, PegSwap
from defi_kit.tokens import Token

PEOPLE = ("alice", "bob", "bank")
TREASURY = "bank"
CONSTRUCTOR = (
    "((address,address,uint128,uint32,uint32),(address,address,uint128,uint32,uint32),address)"
)


@dataclass(frozen=True)
class Terms:
    """What a world is built with; caps in whole tokens, fees and tolerances in pips."""

    decimals: tuple[int, int] = (6, 18)
    fees: tuple[int, int] = (1_000, 500)
    caps: tuple[int, int] = (1_000, 2_000)
    tolerances: tuple[int, int] = (10_000, 10_000)
    guarded: tuple[bool, bool] = (True, True)
    token: type[Any] = bindings.MockToken


@dataclass
class World:
    """The swap, its tokens and oracles, and the records that the checks rest on."""

    swap: PegSwap
    tokens: tuple[Any, Any]
    """Mocks: backing, then dollar."""
    oracles: tuple[bindings.MockOracle, bindings.MockOracle]
    start: Peg
    """The twin at birth."""
    prices: list[int | Exception | None] = field(default_factory=list)
    """What the oracle of each token says; None where it is not asked."""
    owed: list[Fraction] = field(default_factory=lambda: [Fraction(0), Fraction(0)])
    """Paid in by the treasury and not taken back, by our own count. [whole tokens]"""

    @classmethod
    def build(
        cls, chain: Chain, terms: Terms | None = None, bytecode: bytes | None = None
    ) -> World:
        """The swap of these terms; from other creation code where a fault is seeded."""
        terms = terms or Terms()
        tokens = tuple(
            terms.token.deploy(chain, symbol, decimals)
            for symbol, decimals in zip(("BACK", "COIN"), terms.decimals, strict=True)
        )
        pars = [10 ** (36 + other - own) for own, other in (terms.decimals, terms.decimals[::-1])]
        oracles = tuple(bindings.MockOracle.deploy(chain, par) for par in pars)
        sides = [
            PegSide(token.address, decimals, cap * 10**decimals, fee, tolerance, oracle.address)
            if guarded
            else PegSide(token.address, decimals, cap * 10**decimals, fee)
            for token, decimals, cap, fee, tolerance, oracle, guarded in zip(
                tokens, terms.decimals, terms.caps, terms.fees, terms.tolerances, oracles,
                terms.guarded, strict=True,
            )
        ]  # fmt: skip
        structs = [(side.token, side.oracle, side.cap, side.fee, side.tolerance) for side in sides]
        made = bindings.PegSwap._deploy(
            chain, CONSTRUCTOR, (*structs, chain.account(TREASURY)), bytecode=bytecode
        )
        swap = PegSwap(chain, made.address)
        for token, decimals in zip(tokens, terms.decimals, strict=True):
            for name in PEOPLE:
                token.mint(chain.account(name), 10_000 * 10**decimals)
                token.approve(swap.address, 2**256 - 1, sender=chain.account(name))
        start = Peg(*sides, chain.account(TREASURY).address)
        prices = [
            par if guarded else None for par, guarded in zip(pars, terms.guarded, strict=True)
        ]
        return cls(swap, tokens, oracles, start, prices)

    @property
    def chain(self) -> Chain:
        return self.swap.chain

    def whole(self, side: int, raw: int) -> Fraction:
        return Fraction(raw, 10 ** self.decimals(side))

    def decimals(self, side: int) -> int:
        return (self.start.backing, self.start.dollar)[side].decimals

    def par(self, side: int) -> int:
        sides = (self.start.backing, self.start.dollar)
        return sides[side].par(sides[1 - side])

    def held(self, side: int, who: str | None = None) -> int:
        holder = self.swap.address if who is None else self.chain.account(who).address
        balance: int = self.tokens[side].balance_of(holder)
        return balance

    # --- steps ------------------------------------------------------------------------------------

    def say(self, side: int, price: int | None) -> None:
        """The oracle of that token answers this from now on, or refuses (None)."""
        oracle = self.oracles[side]
        oracle.set_reverting(price is None)
        if price is not None:
            oracle.set_price(price)
        if self.prices[side] is not None:
            from defi_kit.reverts import OracleOff

            self.prices[side] = OracleOff() if price is None else price

    def swap_(self, side: int, amount: int, who: str = "alice") -> int | Reverted:
        """Sells `amount` of the token of that side, and judges the outcome; what it paid."""
        contract = self.swap.contract
        quote, verb = (
            (contract.quote_in, contract.swap_in),
            (contract.quote_out, contract.swap_out),
        )[side]
        before = self.held(0, who), self.held(1, who)
        try:
            quoted: int | Reverted = quote(amount)
        except Reverted as refusal:
            quoted = refusal
        account = self.chain.account(who)
        try:
            verb(amount, account, sender=account)
        except Reverted as refusal:
            assert isinstance(quoted, Reverted), f"S4: quoted {quoted}, refused {refusal}"
            assert quoted.arguments == refusal.arguments, "S4: quote and swap refuse otherwise"
            self.check()
            return refusal
        after = self.held(0, who), self.held(1, who)
        paid = after[1 - side] - before[1 - side]
        assert before[side] - after[side] == amount, "S4: took another amount than was sold"
        assert paid == quoted, f"S4: quoted {quoted}, paid {paid}"
        assert 0 < self.whole(1 - side, paid) <= self.whole(side, amount), "S4: paid above par"
        fee = Fraction((self.start.backing, self.start.dollar)[side].fee, 10**6)
        least = self.whole(side, amount) * (1 - fee) - self.whole(1 - side, 1)
        assert self.whole(1 - side, paid) > least, "S4: kept more than the fee and a grain"
        assert self.whole(1 - side, paid) <= self.whole(side, amount) * (1 - fee), (
            "S4: a fee unpaid"
        )
        self._was_at_peg(side)
        self._was_within_cap(side)
        self.check()
        return paid

    def _was_at_peg(self, side: int) -> None:
        price = self.prices[side]
        if price is None:
            return
        assert isinstance(price, int), "S4: took a token whose oracle refuses"
        tolerance = Fraction((self.start.backing, self.start.dollar)[side].tolerance, 10**6)
        assert Fraction(price, self.par(side)) >= 1 - tolerance, "S4: took a token off its peg"

    def _was_within_cap(self, side: int) -> None:
        cap = (self.start.backing, self.start.dollar)[side].cap
        assert self.held(side) <= cap, f"S4: holds {self.held(side)} of side {side}, cap {cap}"

    def stock(self, verb: str, side: int, amount: int, who: str = TREASURY) -> Reverted | None:
        """`fund` or `unfund`, judged by our own count."""
        try:
            getattr(self.swap.contract, verb)(self.tokens[side], amount, sender=who_is(self, who))
        except Reverted as refusal:
            self.check()
            return refusal
        assert who == TREASURY, "S4: a stranger moved stock"
        self.owed[side] += self.whole(side, amount) * (1 if verb == "fund" else -1)
        assert self.owed[side] >= 0, "S4: took back more than was paid in"
        if verb == "fund":
            self._was_within_cap(side)
        self.check()
        return None

    def collect(self, side: int, who: str = "bob") -> int | Reverted:
        before = self.held(side), self.held(side, TREASURY)
        try:
            self.swap.contract.collect(self.tokens[side], sender=who_is(self, who))
        except Reverted as refusal:
            self.check()
            return refusal
        gone = before[0] - self.held(side)
        assert self.held(side, TREASURY) - before[1] == gone > 0, "S4: surplus went elsewhere"
        self.check()
        return gone

    def give(self, side: int, amount: int) -> None:
        self.tokens[side].mint(self.swap.address, amount)

    def loop(self, side: int, amount: int, who: str = "alice") -> None:
        """There and back, all in a snapshot: never ends with more than it began."""
        with self.chain.snapshot():
            begun = self.held(side, who)
            paid = self.swap_(side, amount, who)
            if isinstance(paid, int) and isinstance(self.swap_(1 - side, paid, who), int):
                assert self.held(side, who) <= begun, "S4: a loop profits"

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> Peg:
        """S4: what both tokens are at par covers what the treasury paid in, so what was given out
        of one is covered by what came in of the other."""
        held = [self.whole(side, self.held(side)) for side in (0, 1)]
        for side in (0, 1):
            issued = self.owed[side] - held[side]
            reserve = held[1 - side] - self.owed[1 - side]
            assert reserve >= issued, f"S4: {issued} of side {side} issued, {reserve} behind it"
        state = self.swap.state()
        funded = state.funded_backing, state.funded_dollars
        counted = [self.whole(side, funded[side]) for side in (0, 1)]
        assert counted == self.owed, f"S4: {counted} funded by its books, {self.owed} by ours"
        return state


def who_is(world: World, name: str) -> str:
    return world.chain.account(name).address


def tokens_of(world: World) -> tuple[Token, Token]:
    """The same as clients."""
    first, second = world.tokens
    return Token(world.chain, first.address), Token(world.chain, second.address)
