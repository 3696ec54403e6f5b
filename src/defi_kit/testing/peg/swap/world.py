"""A peg swap between two tokens of any decimals, its people, and S4 judged at every step.

The checks rest on what people have paid and got by our own count, not on the contract's books.
Beside it may run the twin, in lockstep; or the twin runs alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any, Final, Literal, Self

from .... import bindings
from ....chain import Chain
from ....errors import ParameterError, Reverted
from ....reverts import OracleOff
from ....stablecoins import Peg, PegSide, PegSwap
from ....units import MAX_UINT256
from ...bytecode import creation_code
from ...trial import rewound
from ...violations import Violation, hold
from ...words import apart, grouped, whole
from .swaps import OnChain, OnTwin, Price, Side, Swap

__all__ = ["PEOPLE", "SYMBOLS", "TREASURY", "SwapWorld", "Terms"]

Mode = Literal["chain", "twin", "both"]
PEOPLE: Final = ("alice", "bob", "bank")
TREASURY: Final = "bank"
SYMBOLS: Final = ("BACK", "COIN")
PURSE: Final = 10_000
"""What people have at first, of each token. [whole tokens]"""
CONSTRUCTOR: Final = (
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
    token: type[Any] = bindings.FeeToken
    """Takes no fee at first."""

    def sides(self, tokens: tuple[str, str], oracles: tuple[str, str]) -> tuple[PegSide, PegSide]:
        """Both sides, the twin's way; one that is not guarded has no oracle."""
        return self._side(0, tokens[0], oracles[0]), self._side(1, tokens[1], oracles[1])

    def _side(self, side: Side, token: str, oracle: str) -> PegSide:
        decimals = self.decimals[side]
        plain = PegSide(token, decimals, self.caps[side] * 10**decimals, self.fees[side])
        if not self.guarded[side]:
            return plain
        return replace(plain, tolerance=self.tolerances[side], oracle=oracle)

    @property
    def pars(self) -> tuple[int, int]:
        """Price of each token in the other one, at par. [1e36]"""
        own, other = self.decimals
        return 10 ** (36 + other - own), 10 ** (36 + own - other)


@dataclass
class SwapWorld:
    """The swap, its tokens and oracles, and the records that the checks rest on."""

    chain: Chain
    peg: Swap
    prices: list[Price]
    """What the oracle of each token says; None where it is not asked."""
    oracles: tuple[bindings.MockOracle, ...] = ()
    """None for the twin alone."""
    lockstep: bool = False
    """Whether the twin goes along."""
    owed: list[Fraction] = field(default_factory=lambda: [Fraction(0), Fraction(0)])
    """Paid in by the treasury and not taken back, by our own count. [whole tokens]"""

    def __post_init__(self) -> None:
        self.twin: Peg = self.peg.state()
        self.sides = self.twin.backing, self.twin.dollar

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        *,
        mode: Mode = "both",
        bytecode: str | None = None,
        decimals: tuple[int, int] = (6, 18),
        fees: tuple[int, int] = (1_000, 500),
        guarded: tuple[bool, bool] = (True, True),
    ) -> Self:
        """A world of these terms.

        Args:
            mode: "chain", "twin", or "both" in lockstep.
            bytecode: creation code of a fork, in hexadecimal, or the file that has it.
            decimals, fees, guarded: of the backing, and of the dollar. [pips; has an oracle]
        """
        terms = Terms(decimals, fees, guarded=guarded)
        if mode == "twin":
            return cls.imagine(chain, terms)
        if mode not in ("chain", "both"):
            raise ParameterError(f"no mode {mode!r}", hint="one of chain, twin and both")
        code = None if bytecode is None else creation_code(bytecode)
        made = cls.build(chain, terms, code)
        made.lockstep = mode == "both"
        return made

    @classmethod
    def imagine(cls, chain: Chain, terms: Terms | None = None) -> Self:
        """The twin alone; the chain is a clock."""
        terms = terms or Terms()
        names = "0x" + "1" * 40, "0x" + "2" * 40
        twin = Peg(*terms.sides(names, names), chain.account(TREASURY).address)
        prices = _opening(terms)
        first, second = (PURSE * 10**decimals for decimals in terms.decimals)
        held = dict.fromkeys(PEOPLE, (first, second))
        return cls(chain, OnTwin(chain, twin, prices, held), prices)

    @classmethod
    def build(cls, chain: Chain, terms: Terms | None = None, bytecode: bytes | None = None) -> Self:
        """The swap of these terms; from other creation code where a fault is seeded."""
        terms = terms or Terms()
        first, second = (
            terms.token.deploy(chain, symbol, decimals)
            for symbol, decimals in zip(SYMBOLS, terms.decimals, strict=True)
        )
        tokens = first, second
        for token in tokens:
            if terms.token is bindings.FeeToken:
                token.set_fee(0)
        oracles = tuple(bindings.MockOracle.deploy(chain, par) for par in terms.pars)
        addresses = oracles[0].address, oracles[1].address
        sides = terms.sides((first.address, second.address), addresses)
        structs = [(side.token, side.oracle, side.cap, side.fee, side.tolerance) for side in sides]
        made = bindings.PegSwap._deploy(
            chain, CONSTRUCTOR, (*structs, chain.account(TREASURY)), bytecode=bytecode
        )
        swap = PegSwap(chain, made.address)
        for token, decimals in zip(tokens, terms.decimals, strict=True):
            for name in PEOPLE:
                token.mint(chain.account(name), PURSE * 10**decimals)
                token.approve(swap.address, MAX_UINT256, sender=chain.account(name))
        return cls(chain, OnChain(swap, tokens), _opening(terms), oracles)

    @property
    def swap(self) -> PegSwap:
        """The client, where there is a contract."""
        return self._contract.swap

    @property
    def tokens(self) -> tuple[Any, Any]:
        """The mocks, where there is a contract: backing, then dollar."""
        return self._contract.tokens

    @property
    def _contract(self) -> OnChain:
        if not isinstance(self.peg, OnChain):
            raise ParameterError("the twin has no client", hint='mode="chain" or mode="both"')
        return self.peg

    def remember(self) -> Any:
        """The records as they are, to put back when the chain is."""
        return self.peg.remember(), self.twin, list(self.owed), list(self.prices)

    def recall(self, kept: Any) -> None:
        """The records as they were."""
        peg, self.twin, owed, prices = kept
        self.peg.recall(peg)
        self.owed = list(owed)
        self.prices[:] = prices

    def whole(self, side: Side, raw: int) -> Fraction:
        """[whole tokens]"""
        return Fraction(raw, 10 ** self.decimals(side))

    def decimals(self, side: Side) -> int:
        """Of a token."""
        return self.sides[side].decimals

    def sum_of(self, side: Side, raw: int) -> str:
        """So much of a token, for a reason."""
        return f"{grouped(raw, self.decimals(side))} {SYMBOLS[side]}"

    def par(self, side: Side) -> int:
        """Price in the other one where one is worth one. [1e36]"""
        return self.sides[side].par(self.sides[1 - side])

    def held(self, side: Side, who: str | None = None) -> int:
        """Of a token, by a person or the swap. [raw]"""
        return self.peg.held(side, who)

    # --- steps ------------------------------------------------------------------------------------

    def say(self, side: Side, price: int | None) -> None:
        """The oracle of that token answers this from now on, or refuses (None)."""
        if self.oracles:
            self.oracles[side].set_reverting(price is None)
            if price is not None:
                self.oracles[side].set_price(price)
        if self.prices[side] is not None:
            self.prices[side] = OracleOff() if price is None else price

    def swap_(self, side: Side, amount: int, who: str = "alice") -> int | Reverted:
        """Sells `amount` of the token of that side, and judges the outcome; what it paid."""
        before = self.held(0, who), self.held(1, who)
        asked = ("swap_in", "swap_out")[side], amount, self.prices[side]
        try:
            quoted: int | Reverted = self.peg.quote(side, amount)
        except Reverted as refusal:
            quoted = refusal
        try:
            self.peg.sell(side, amount, who)
        except Reverted as refusal:
            self._refused_as_quoted(side, quoted, refusal, before[side] < amount)
            return self._refused(
                "swap_out" if side else "swap_in", amount, self.prices[side], refusal
            )
        after = self.held(0, who), self.held(1, who)
        paid = after[1 - side] - before[1 - side]
        hold("S4", before[side] - after[side] == amount, "took another amount than was sold")
        got_ = partial(self.sum_of, 1 - side)
        hold("S4", paid == quoted, lambda: f"{_quote(quoted, got_)}, paid {got_(paid)}")
        worth, got = self.whole(side, amount), self.whole(1 - side, paid)
        hold("S4", 0 < got <= worth, "paid above par")
        keep = worth * (1 - Fraction(self.sides[side].fee, 10**6))
        hold("S4", got > keep - self.whole(1 - side, 1), "kept more than the fee and a grain")
        hold("S4", got <= keep, "a fee unpaid")
        self._was_at_peg(side)
        self._was_within_cap(side)
        self._follow(paid, *asked)
        self.check()
        return paid

    def _refused_as_quoted(
        self, side: Side, quoted: int | Reverted, refusal: Reverted, poor: bool
    ) -> None:
        if isinstance(quoted, Reverted):
            same = quoted.arguments == refusal.arguments
            hold("S4", same, "quote and swap refuse otherwise")
        else:
            promise = _quote(quoted, partial(self.sum_of, 1 - side))
            hold("S4", poor, f"{promise}, and refused: {refusal}")

    def _was_at_peg(self, side: Side) -> None:
        price = self.prices[side]
        if price is None:
            return
        hold("S4", isinstance(price, int), "took a token whose oracle refuses")
        assert isinstance(price, int)
        tolerance = Fraction(self.sides[side].tolerance, 10**6)
        hold("S4", Fraction(price, self.par(side)) >= 1 - tolerance, "took a token off its peg")

    def _was_within_cap(self, side: Side) -> None:
        cap = self.sides[side].cap
        held = self.held(side)
        told = partial(self.sum_of, side)
        hold("S4", held <= cap, lambda: f"holds {told(held)}, with a cap of {told(cap)}")

    def stock(
        self, verb: Literal["fund", "unfund"], side: Side, amount: int, who: str = TREASURY
    ) -> Reverted | None:
        """`fund` or `unfund`, judged by our own count."""
        asked = self.chain.account(who).address, self.sides[side].token, amount
        try:
            self.peg.stock(verb, side, amount, who)
        except Reverted as refusal:
            return self._refused(verb, *asked, refusal)
        hold("S4", who == TREASURY, "a stranger moved stock")
        self.owed[side] += self.whole(side, amount) * (1 if verb == "fund" else -1)
        hold("S4", self.owed[side] >= 0, "took back more than was paid in")
        if verb == "fund":
            self._was_within_cap(side)
        self._follow(None, verb, *asked)
        self.check()
        return None

    def collect(self, side: Side, who: str = "bob") -> int | Reverted:
        """Sends the surplus to the treasury; how much."""
        before = self.held(side), self.held(side, TREASURY)
        try:
            self.peg.collect(side, who)
        except Reverted as refusal:
            return self._refused("collect", self.sides[side].token, refusal)
        gone = before[0] - self.held(side)
        hold("S4", self.held(side, TREASURY) - before[1] == gone > 0, "surplus went elsewhere")
        self._follow(gone, "collect", self.sides[side].token)
        self.check()
        return gone

    def give(self, side: Side, amount: int) -> None:
        """A gift to the swap."""
        self.peg.give(side, amount)
        self._follow(None, "give", self.sides[side].token, amount)

    def go_around(self, side: Side, amount: int, who: str = "alice") -> None:
        """There and back: never ends with more than it began."""
        begun = self.held(side, who)
        paid = self.swap_(side, amount, who)
        if isinstance(paid, int) and isinstance(self.swap_(1 - side, paid, who), int):
            hold("S4", self.held(side, who) <= begun, "a loop profits")

    def pay_another(self, side: Side, amount: int, who: str, to: str) -> None:
        """Sold for somebody else: who sells pays, and whom it is for gets it."""
        before = [self.held(side, who), self.held(1 - side, who), self.held(1 - side, to)]
        quoted = self.peg.quote(side, amount)
        self.peg.sell(side, amount, who, to)
        after = [self.held(side, who), self.held(1 - side, who), self.held(1 - side, to)]
        moved = [now - was for was, now in zip(before, after, strict=True)]
        got = partial(self.sum_of, 1 - side)
        hold(
            "S4",
            moved == [-amount, 0, quoted],
            lambda: f"{to} is due {got(quoted)}, and got {got(moved[2])}",
        )

    def taxed(self, side: Side, amount: int, who: str) -> None:
        """A token turns out to keep half of what is sent: then the swap takes none of it, neither
        from people nor as stock. Nothing on the twin alone."""
        if isinstance(self.peg, OnTwin):
            return
        for sell in (True, False):
            with rewound(self), suppress(Reverted):
                self.tokens[side].set_fee(5_000)
                if sell:
                    self.peg.sell(side, amount, who)
                else:
                    self.peg.stock("fund", side, amount, TREASURY)
                hold("S4", False, f"took {self.sum_of(side, amount)}, of which not all arrived")

    def loop(self, side: Side, amount: int, who: str = "alice") -> None:
        """The same, and undone."""
        with rewound(self):
            self.go_around(side, amount, who)

    # --- the twin ---------------------------------------------------------------------------------

    def _follow(self, ours: int | None, verb: str, *args: Any) -> None:
        """The twin does the same, with the same outcome."""
        if not self.lockstep:
            return
        try:
            after = getattr(self.twin, verb)(*args)
        except Reverted as refusal:
            hold("twin", False, f"refuses {verb}: {refusal}")
        self.twin, returned = after if isinstance(after, tuple) else (after, None)
        hold("twin", returned == ours, f"returns {returned}, the contract {ours}")

    def _refused(self, verb: str, *args: Any) -> Reverted:
        """The twin refuses as well, for the same reason, unless the caller had too little."""
        *asked, ours = args
        assert isinstance(ours, Reverted)
        if self.lockstep and ours.name != "InsufficientBalance":
            try:
                getattr(self.twin, verb)(*asked)
            except Reverted as theirs:
                same = (ours.name, ours.arguments) == (theirs.name, theirs.arguments)
                hold("twin", same, f"refuses by {theirs}, the contract by {ours}")
            else:
                hold("twin", False, f"does what the contract refuses: {ours}")
        self.check()
        return ours

    # --- what always holds ------------------------------------------------------------------------

    def check(self) -> Peg:
        """S4: what both tokens are at par covers what the treasury paid in, so what was given out
        of one is covered by what came in of the other."""
        held = [self.whole(side, self.held(side)) for side in (0, 1)]
        for side in (0, 1):
            issued = self.owed[side] - held[side]
            reserve = held[1 - side] - self.owed[1 - side]
            if reserve < issued:
                told = f"{whole(issued)} {SYMBOLS[side]} issued"
                raise Violation("S4", f"{told}, {whole(reserve)} {SYMBOLS[1 - side]} behind it")
        state = self.peg.state()
        funded = state.funded_backing, state.funded_dollars
        counted = [self.whole(side, funded[side]) for side in (0, 1)]
        if counted != self.owed:
            told_, ours = (
                " and ".join(
                    f"{whole(one)} {symbol}" for one, symbol in zip(both, SYMBOLS, strict=True)
                )
                for both in (counted, self.owed)
            )
            raise Violation("S4", f"{told_} funded by its books, {ours} by ours")
        if self.lockstep:
            hold("twin", state == self.twin, lambda: f"the contract's {apart(state, self.twin)}")
        return state


def _quote(quoted: int | Reverted, told: Callable[[int], str]) -> str:
    return f"no quote: {quoted}" if isinstance(quoted, Reverted) else f"quoted {told(quoted)}"


def _opening(terms: Terms) -> list[Price]:
    """Par, where there is an oracle."""
    pairs = zip(terms.pars, terms.guarded, strict=True)
    return [par if guarded else None for par, guarded in pairs]
