"""A pool with a history, an oracle over it, and O10-O11 checked on every answer.

The checks rest on a history of the price kept here and on sixty digits of arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, localcontext

from defi_kit import bindings
from defi_kit.bindings.twap_oracle import PoolKey, Terms
from defi_kit.chain import Chain
from defi_kit.errors import Reverted
from defi_kit.oracles import PRICE_SCALE, TwapOracle

CONSTRUCTOR = "(address,(address,address,uint256,uint256),bool,(uint32,uint32,uint128))"
POOL = 7
KEY = PoolKey("0x" + 39 * "0" + "1", "0x" + 39 * "0" + "2", POOL, 0)
LEVEL = 128 << 64
"""The logarithm of one. [Q64]"""
TERMS = Terms(600, 900, 1_000)
ERROR = Decimal(2) ** -63
"""Of a price: the mean is rounded to 64 digits, and so is the power."""


@dataclass
class World:
    """The pool and its oracle."""

    chain: Chain
    history: bindings.MockPriceHistory
    oracle: TwapOracle
    inverse: bool
    terms: Terms
    changes: list[tuple[int, int, bool]] = field(default_factory=list)
    """Moment, logarithm of the price from then on, and whether the moment is on record."""

    def move(self, log_price: int, *, record: bool = True) -> None:
        """Another price from now on."""
        self.history.set_log_price(log_price, record)
        self.changes.append((self.chain.timestamp, log_price, record))

    # --- what is right ----------------------------------------------------------------------------

    def total(self, moment: int) -> int:
        """The logarithm summed over all seconds up to `moment`."""
        ends = [at for at, _, _ in self.changes[1:]] + [moment]
        return sum(
            max(0, min(end, moment) - at) * level
            for (at, level, _), end in zip(self.changes, ends, strict=True)
        )

    def start(self) -> int | None:
        """Where the mean begins: the window's start if the price is the same since, else the latest
        record before it; None if there is none."""
        wanted = self.chain.timestamp - self.terms.window
        if wanted >= self.changes[-1][0]:
            return wanted
        return max((at for at, _, record in self.changes if record and at <= wanted), default=None)

    def trusted(self) -> bool:
        now, start = self.chain.timestamp, self.start()
        return (
            self.history.supply() >= self.terms.min_liquidity
            and now - self.changes[-1][0] <= self.terms.max_age
            and start is not None
            and now - self.terms.window - start <= self.terms.max_age
        )

    def check(self) -> int | Reverted:
        """The oracle's price, or its refusal, judged by the history."""
        try:
            price: int | Reverted = self.oracle.contract.price()
        except Reverted as refusal:
            price = refusal
        trusted, exact = self.trusted(), self.exact()
        if isinstance(price, Reverted):
            assert not trusted or exact < 2, f"O11: refused a good price: {price}"
            return price
        assert trusted, "O11: answered from a history that cannot be trusted"
        assert price > 0, "O11: answered zero"
        assert abs(price - exact) <= exact * ERROR + 1, "O10: not the geometric mean"
        return price

    def exact(self) -> Decimal:
        """The geometric mean to sixty digits; zero where there is no history."""
        now, start = self.chain.timestamp, self.start()
        if start is None:
            return Decimal(0)
        with localcontext(prec=90):
            mean = Decimal(self.total(now) - self.total(start)) / (now - start) / 2**64 - 128
            return (Decimal(2).ln() * (-mean if self.inverse else mean)).exp() * PRICE_SCALE


def make(
    chain: Chain,
    *,
    inverse: bool = False,
    terms: Terms = TERMS,
    log_price: int = LEVEL,
    bytecode: bytes | None = None,
) -> World:
    """A pool that has just been filled, and an oracle over it."""
    history = bindings.MockPriceHistory.deploy(chain, log_price, 5_000)
    born = chain.timestamp
    made = bindings.TwapOracle._deploy(
        chain, CONSTRUCTOR, (history, KEY, inverse, terms), bytecode=bytecode
    )
    oracle = TwapOracle(chain, made.address, 18, 18)
    return World(chain, history, oracle, inverse, terms, [(born, log_price, True)])


def walk(world: World) -> None:
    """A pool young, busy, quiet, drained and cheap; checked each time."""
    chain, terms = world.chain, world.terms
    for seconds in (1, terms.window - 10, 5, 1, 1, 1, 1, 1, 1):
        chain.advance(seconds)
        world.check()
    world.move(LEVEL + (3 << 64))
    world.check()
    for step in range(12):
        chain.advance(100)
        world.check()
        world.move(LEVEL + (step * 7 << 62) + step, record=step % 3 == 0)
        world.check()
    for seconds in (terms.max_age - 5, *(1,) * 8):  # nobody trades
        chain.advance(seconds)
        world.check()
    world.move(LEVEL - (9 << 64))
    for _ in range(4):  # records far apart: the mean may begin early, but not too early
        chain.advance(terms.max_age - 100)
        world.move(LEVEL + (5 << 63), record=False)
        world.check()
        chain.advance(30)
        world.check()
    world.move(LEVEL + (1 << 60))
    chain.advance(terms.window + terms.max_age - 10)
    world.move(LEVEL - (1 << 60), record=False)
    for _ in range(15):  # busy, but the record before the window grows too old, second by second
        chain.mine()
        world.check()
    world.move(LEVEL)
    chain.advance(terms.window)
    for supply in (0, terms.min_liquidity - 1, terms.min_liquidity, 5_000):
        world.history.set_supply(supply)
        world.check()
    for level in (240 << 64, (16 << 64) + 1, LEVEL + 1, LEVEL - 1):
        world.move(level)
        chain.advance(terms.window + 1)
        world.check()
