"""A random life of an Exchange from a seed: what the seeded faults are put through."""

from __future__ import annotations

from itertools import combinations
from random import Random

from defi_kit.dex.curves import curve_of
from defi_kit.dex.pool import MAX_RESERVE, Hop, PoolKey
from defi_kit.dex.routes import ETHER
from dex.world import AMPLIFICATIONS, FEES, MOODS, PLENTY, World


def drive(world: World, seed: int, steps: int) -> None:
    """That many random steps: every verb, every probe, amounts of every magnitude."""
    driver = _Driver(world, Random(seed))
    driver.begin()
    for _ in range(steps):
        driver.step()


class _Driver:
    def __init__(self, world: World, random: Random) -> None:
        self.world = world
        self.random = random
        self.verbs = (self.add, self.remove, self.leave, self.swap, self.swap, self.wait)
        self.more = (self.one_sided, self.buy, self.collect, self.increase)
        self.foes = (self.flash, self.hook)
        self.others = (self.surplus, self.fair_trade, self.fair_trade, self.fair_liquidity)

    def begin(self) -> None:
        """Pools of both curves and every fee between the first three tokens, from small to full."""
        addresses = [token.address for token in self.world.tokens]
        pairs = list(combinations(addresses[:3], 2))
        for place, fee in enumerate(FEES):
            for amplification in (0, AMPLIFICATIONS[place % 3]):
                key = self.world.key(*pairs[place % 3], fee, amplification)
                limits = curve_of(key.curve).limits
                size = (2_000, 10**9, 10**24, MAX_RESERVE * 3 // 4)[place]
                self.world.create(key)
                sizes = zip((size, size + size // 7), limits, strict=True)
                amounts = (min(amount, limit * 9 // 10) for amount, limit in sizes)
                self.world.add(self.world.people[0], key, *amounts)
                self.overfill(key)

    def overfill(self, key: PoolKey) -> None:
        """What a full pool has no room for: a deposit that fits the other token, a purchase."""
        who, pool = self.world.people[1], self.world.books.pools[key]
        self.world.add(who, key, pool.curve.limits[0] - pool.reserve0, MAX_RESERVE)
        self.world.buy(who, key.token1, [key.hop(key.token1)], pool.reserve0 // 2)

    def step(self) -> None:
        self.random.choice(self.verbs + self.more + self.others + self.foes)()

    def amount(self) -> int:
        bits = self.random.randint(1, 112)
        return self.random.randrange(1 << bits)

    def part(self, token: str, key: PoolKey) -> int:
        """Mostly something that the pool can carry."""
        pool = self.world.books.pools[key]
        reserve = pool.reserve0 if token == key.token0 else pool.reserve1
        if self.random.random() < 0.1:
            return self.amount()
        return 1 + int(reserve * 10 ** self.random.uniform(-8, 0.3))

    def key(self) -> PoolKey:
        return self.random.choice(self.world.keys)

    # --- verbs ------------------------------------------------------------------------------------

    def add(self) -> None:
        key = self.key()
        amounts = (self.part(token, key) for token in key.tokens)
        self.world.add(self.random.choice(self.world.people), key, *amounts)

    def remove(self) -> None:
        who, key = self.random.choice(self.world.people), self.key()
        owned = self.world.books.shares.get((who.address, key.id), 0)
        self.world.remove(who, key, int(owned * self.random.random()))

    def leave(self) -> None:
        who, key = self.random.choice(self.world.people), self.key()
        self.world.remove(who, key, self.world.books.shares.get((who.address, key.id), 0))

    def swap(self) -> None:
        key = self.key()
        start = token = self.random.choice(key.tokens)
        amount = self.part(token, key)
        path: list[Hop] = []
        for _ in range(self.random.randint(1, 3)):
            path.append(key.hop(token))
            token = key.other(token)
            key = self.random.choice([found for found in self.world.keys if token in found.tokens])
        if start == self.world.weth and self.random.random() < 0.5:
            start = ETHER
        self.world.swap(self.random.choice(self.world.people), start, amount, path)

    def one_sided(self) -> None:
        who, key = self.random.choice(self.world.people), self.key()
        token = self.random.choice(key.tokens)
        if self.random.random() < 0.5:
            self.world.add_one_sided(who, key, token, self.part(token, key))
        else:
            owned = self.world.books.shares.get((who.address, key.id), 0)
            self.world.remove_one_sided(who, key, int(owned * self.random.random()), token)

    def buy(self) -> None:
        key = self.key()
        token = self.random.choice(key.tokens)
        wanted = self.part(key.other(token), key)
        self.world.buy(self.random.choice(self.world.people), token, [key.hop(token)], wanted)

    def collect(self) -> None:
        self.world.collect(self.random.choice(self.world.tokens[:3]).address)

    def increase(self) -> None:
        key = self.key()
        self.world.increase(key, self.random.randint(1, 5))
        self.world.probe_record(key, [0, 1, self.random.randint(2, 10**7)])

    def wait(self) -> None:
        self.world.chain.advance(self.random.randint(1, 10**6))

    def surplus(self) -> None:
        """Somebody gives tokens away, and somebody wants more than them."""
        token = self.random.choice(self.world.tokens[:3])
        donor, taker = self.random.sample(self.world.people, 2)
        self.world.donate(donor, token, 1 + self.amount() // 2**24)
        keys = [key for key in self.world.keys if token.address in key.tokens]
        keys.sort(key=lambda key: key.id)
        for listed in (keys[1:], keys[:1], keys):
            self.world.skim(taker, token.address, listed)

    def flash(self) -> None:
        """The actor swaps or borrows, and pays or not."""
        who, key, mood = self.world.people[0], self.key(), self.random.choice(MOODS)
        token = self.random.choice(key.tokens)
        amount = min(self.part(token, key), PLENTY // 64)
        self.world.flash_sell(who, token, amount, [key.hop(token)], mood)
        self.world.flash_buy(who, key.other(token), [key.hop(key.other(token))], amount, mood)
        self.world.flash_borrow(who, token, amount, mood)

    def hook(self) -> None:
        """A token calls the Exchange in the middle of a sale."""
        key, seed = self.key(), self.random.randbytes(3)
        token = self.random.choice(key.tokens)
        with self.world.hooked(token, seed):
            amount = self.part(token, key)
            self.world.swap(self.world.people[1], token, amount, [key.hop(token)])

    # --- probes -----------------------------------------------------------------------------------

    def fair_trade(self) -> None:
        who, key = self.random.choice(self.world.people), self.key()
        token = self.random.choice(key.tokens)
        less, more = self.part(token, key), self.part(token, key)
        self.world.probe_round_trip(who, token, more, key)
        self.world.probe_split(who, token, [less, more], key)
        self.world.probe_more_is_more(who, token, less, more, key)
        self.world.probe_block(who, token, [less, more], key)
        self.world.probe_backwards(who, token, more, key)

    def fair_liquidity(self) -> None:
        who, key = self.random.choice(self.world.people), self.key()
        amounts = (self.part(token, key) for token in key.tokens)
        self.world.probe_in_and_out(who, key, *amounts)
        token = self.random.choice(key.tokens)
        self.world.probe_one_sided(who, key, token, self.part(token, key))
