"""Feeds and an oracle on a chain, and O1-O3 checked on every answer."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from defi_kit import bindings
from defi_kit.bindings.feed_oracle import Leg as AbiLeg
from defi_kit.chain import Chain
from defi_kit.chain.hashing import ZERO_ADDRESS
from defi_kit.errors import Reverted
from defi_kit.oracles import PRICE_SCALE, FeedOracle, ScriptedFeed

CONSTRUCTOR = "((address,uint32,int128,int128),(address,uint32,int128,int128),uint8,uint8)"


@dataclass(frozen=True)
class Terms:
    """What a leg trusts."""

    max_age: int = 3_600
    low: int = 0
    high: int = 10**20

    @classmethod
    def around(cls, decimals: int) -> Terms:
        """Prices above a half and below a million, for a feed of these decimals."""
        return cls(low=10**decimals // 2, high=10 ** (decimals + 6))


@dataclass
class World:
    """An oracle over one feed or two."""

    chain: Chain
    base: ScriptedFeed
    quote: ScriptedFeed | None
    oracle: FeedOracle
    terms: tuple[Terms, Terms]
    """Of the base leg and of the quote leg."""
    decimals: tuple[int, int]
    """Of the base token and of the quote token."""

    def answer(self) -> int | Reverted:
        try:
            return self.oracle.contract.price()
        except Reverted as refusal:
            return refusal

    def check(self) -> int | Reverted:
        """The oracle's price, or its refusal, judged by the feeds' own answers."""
        feeds = [self.base] if self.quote is None else [self.base, self.quote]
        try:
            rounds = [feed.round() for feed in feeds]
        except Reverted:
            rounds = []
        now = self.chain.timestamp
        trusted = bool(rounds) and all(
            one.answer > 0
            and terms.low < one.answer < terms.high
            and 0 < one.updated_at <= now <= one.updated_at + terms.max_age
            and one.answered_in_round >= one.round_id
            for one, terms in zip(rounds, self.terms, strict=False)
        )
        price = self.answer()
        if isinstance(price, Reverted):
            assert not trusted, f"O2: refused a good answer: {price}"
            return price
        assert trusted, "O2: answered from data that cannot be trusted"
        assert price > 0, "O3: answered zero"
        values = [
            Fraction(one.answer, 10**feed.decimals) for one, feed in zip(rounds, feeds, strict=True)
        ]
        exact = values[0] / (values[1] if len(values) == 2 else 1)
        base, quote = self.decimals
        assert price == exact * 10**quote / 10**base * PRICE_SCALE // 1, "O1: not the exact price"
        return price


def make(
    chain: Chain,
    *,
    feed_decimals: tuple[int, int] = (8, 8),
    token_decimals: tuple[int, int] = (18, 6),
    two_legs: bool = True,
    terms: Terms | tuple[Terms, Terms] | None = None,
    bytecode: bytes | None = None,
) -> World:
    """Two live feeds at 2000 and 1, and an oracle over them; or over the first alone."""
    if terms is None:
        terms = (Terms.around(feed_decimals[0]), Terms.around(feed_decimals[1]))
    both = (terms, terms) if isinstance(terms, Terms) else terms
    base = ScriptedFeed.deploy(chain, "ETH / USD", 2_000, decimals=feed_decimals[0])
    quote = ScriptedFeed.deploy(chain, "USDC / USD", 1, decimals=feed_decimals[1])
    first, second = (
        AbiLeg(feed.address, one.max_age, one.low, one.high)
        for feed, one in zip((base, quote), both, strict=True)
    )
    none = AbiLeg(ZERO_ADDRESS, 0, 0, 0)
    made = bindings.FeedOracle._deploy(
        chain,
        CONSTRUCTOR,
        (first, second if two_legs else none, *token_decimals),
        bytecode=bytecode,
    )
    oracle = FeedOracle(chain, made.address)
    return World(chain, base, quote if two_legs else None, oracle, both, token_decimals)


def walk(world: World) -> None:
    """Good answers and every kind of bad one, on each leg; checked each time."""
    chain = world.chain
    world.check()
    for feed, terms in zip((world.base, world.quote), world.terms, strict=True):
        if feed is None:
            continue
        for answer in (0, -1, 1, 7, terms.low, terms.low + 1, terms.high - 1, terms.high, 2**250):
            feed.set_answer(answer)
            world.check()
        feed.set_price("3")
        for age in (0, terms.max_age - 9, terms.max_age, terms.max_age + 1, -60, -(2**70)):
            feed.set_round("3", updated_at=chain.timestamp - age)
            world.check()
        feed.set_round("3", updated_at=chain.timestamp + 1 - terms.max_age)
        world.check()
        chain.mine()
        world.check()
        feed.set_round("3", updated_at=chain.timestamp, answered_in_round=1)
        world.check()
        feed.set_reverting(True)
        world.check()
        feed.set_reverting(False)
        feed.set_price("3.1")
        world.check()
        chain.advance(days=365)
        world.check()
        feed.set_price("2")
