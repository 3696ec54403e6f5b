"""A random life of an Exchange from a seed: what the seeded faults are put through."""

from __future__ import annotations

from itertools import combinations, cycle
from random import Random

from defi_kit.dex.curves import curve_of
from defi_kit.dex.pool import MAX_RESERVE
from defi_kit.testing.exchange.experiments import HOSTILE
from defi_kit.testing.exchange.machine import AMPLIFICATIONS, FEES
from defi_kit.testing.exchange.trial import ExchangeTrial
from defi_kit.testing.exchange.world import DOORS, MOODS, PEOPLE, PLENTY


def drive(trial: ExchangeTrial, seed: int, steps: int) -> None:
    """That many random steps: every verb, every experiment, amounts of every magnitude."""
    driver = _Driver(trial, Random(seed))
    driver.begin()
    kinds = cycle(HOSTILE)
    for number in range(steps):
        driver.step()
        if number % 50 == 0:
            trial.hostile(next(kinds), 10**6 + number)


class _Driver:
    def __init__(self, trial: ExchangeTrial, random: Random) -> None:
        self.trial = trial
        self.random = random
        self.symbols = list(trial.world.tokens)
        self.verbs = (self.add, self.remove, self.leave, self.swap, self.swap, self.wait)
        self.more = (self.one_sided, self.buy, self.collect, self.increase)
        self.foes = (self.flash, self.hook)
        self.others = (self.surplus, self.fair_trade, self.fair_trade, self.fair_liquidity)

    def begin(self) -> None:
        """Pools of both curves and every fee between the first three tokens, from small to full."""
        pairs = list(combinations(self.symbols[:3], 2))
        for place, fee in enumerate(FEES):
            for amplification in (0, AMPLIFICATIONS[place % 3]):
                self.trial.create(*pairs[place % 3], fee, amplification)
                pool = len(self.trial.world.keys) - 1
                limits = curve_of(self.trial.key(pool).curve).limits
                size = (2_000, 10**9, 10**24, MAX_RESERVE * 3 // 4)[place]
                sizes = zip((size, size + size // 7), limits, strict=True)
                amounts = [min(amount, limit * 9 // 10) for amount, limit in sizes]
                self.trial.add("alice", pool, *amounts)
                self.overfill(pool)

    def overfill(self, pool: int) -> None:
        """What a full pool has no room for: a deposit that fits the other token, a purchase."""
        state = self.trial.pool(pool)
        self.trial.add("bob", pool, state.curve.limits[0] - state.reserve0, MAX_RESERVE)
        first, second = self.tokens(pool)
        self.trial.buy("bob", second, str(pool), first, state.reserve0 // 2)

    def step(self) -> None:
        self.random.choice(self.verbs + self.more + self.others + self.foes)()

    def who(self) -> str:
        return self.random.choice(PEOPLE)

    def tokens(self, pool: int) -> tuple[str, str]:
        first, second = map(self.trial.world.symbol, self.trial.key(pool).tokens)
        return first, second

    def sides(self, pool: int) -> tuple[str, str]:
        """The pool's tokens, either first."""
        first, second = self.tokens(pool)
        return (first, second) if self.random.random() < 0.5 else (second, first)

    def amount(self) -> int:
        bits = self.random.randint(1, 112)
        return self.random.randrange(1 << bits)

    def part(self, token: str, pool: int) -> int:
        """Mostly something that the pool can carry."""
        state = self.trial.pool(pool)
        reserve = state.reserve0 if token == self.tokens(pool)[0] else state.reserve1
        if self.random.random() < 0.1:
            return self.amount()
        return 1 + int(reserve * 10 ** self.random.uniform(-8, 0.3))

    def some(self) -> int:
        return self.random.randrange(len(self.trial.world.keys))

    # --- verbs ------------------------------------------------------------------------------------

    def add(self) -> None:
        pool = self.some()
        amounts = [self.part(token, pool) for token in self.tokens(pool)]
        self.trial.add(self.who(), pool, *amounts)

    def remove(self) -> None:
        who, pool = self.who(), self.some()
        shares = int(self.trial.shares(who, pool) * self.random.random())
        self.trial.remove(who, pool, shares)

    def leave(self) -> None:
        who, pool = self.who(), self.some()
        self.trial.remove(who, pool, self.trial.shares(who, pool))

    def swap(self) -> None:
        pool = self.some()
        start = token = self.sides(pool)[0]
        amount = self.part(token, pool)
        pools: list[int] = []
        for _ in range(self.random.randint(1, 3)):
            pools.append(pool)
            first, second = self.tokens(pool)
            token = second if token == first else first
            numbers = range(len(self.trial.world.keys))
            pool = self.random.choice([n for n in numbers if token in self.tokens(n)])
        if start == "WETH" and self.random.random() < 0.5:
            start = "ETH"
        self.trial.swap(self.who(), start, amount, ">".join(map(str, pools)), token)

    def one_sided(self) -> None:
        who, pool = self.who(), self.some()
        token = self.sides(pool)[0]
        if self.random.random() < 0.5:
            self.trial.add_one(who, pool, token, self.part(token, pool))
        else:
            shares = int(self.trial.shares(who, pool) * self.random.random())
            self.trial.remove_one(who, pool, shares, token)

    def buy(self) -> None:
        pool = self.some()
        token, out = self.sides(pool)
        self.trial.buy(self.who(), token, str(pool), out, self.part(out, pool))

    def collect(self) -> None:
        self.trial.collect(self.random.choice(self.symbols[:3]))

    def increase(self) -> None:
        pool = self.some()
        self.trial.increase(pool, self.random.randint(1, 5))
        for age in (0, 1, self.random.randint(2, 10**7)):
            self.trial.record(pool, age)

    def wait(self) -> None:
        self.trial.wait(self.random.randint(1, 10**6))

    def surplus(self) -> None:
        """Somebody gives tokens away, and somebody wants more than them."""
        token = self.random.choice(self.symbols[:3])
        donor, taker = self.random.sample(PEOPLE, 2)
        self.trial.donate(donor, token, 1 + self.amount() // 2**24)
        pools = [n for n in range(len(self.trial.world.keys)) if token in self.tokens(n)]
        pools.sort(key=lambda pool: self.trial.key(pool).id)
        for listed in (pools[1:], pools[:1], pools):
            self.trial.skim(taker, token, ">".join(map(str, listed)))

    def flash(self) -> None:
        """The actor swaps or borrows, and pays or not."""
        pool, mood = self.some(), self.random.choice(MOODS)
        token, out = self.sides(pool)
        amount = min(self.part(token, pool), PLENTY // 64)
        self.trial.flash_sell(token, amount, str(pool), out, mood)
        self.trial.flash_buy(out, str(pool), token, amount, mood)
        self.trial.flash_borrow(token, amount, mood)

    def hook(self) -> None:
        """A token calls the Exchange in the middle of a sale."""
        pool = self.some()
        token = self.sides(pool)[0]
        amount, door = self.part(token, pool), self.random.randrange(7 * DOORS)
        self.trial.call_back("bob", "swap", pool, token, amount, token, door)

    # --- experiments ------------------------------------------------------------------------------

    def fair_trade(self) -> None:
        who, pool = self.who(), self.some()
        token = self.sides(pool)[0]
        less, more = self.part(token, pool), self.part(token, pool)
        self.trial.round_trip(who, pool, token, more)
        self.trial.split(who, pool, token, less, more)
        self.trial.more_is_more(who, pool, token, less, more)
        self.trial.one_block(who, pool, token, less, more)
        self.trial.backwards(who, pool, token, more)

    def fair_liquidity(self) -> None:
        who, pool = self.who(), self.some()
        amounts = [self.part(token, pool) for token in self.tokens(pool)]
        self.trial.in_and_out(who, pool, *amounts)
        token = self.sides(pool)[0]
        self.trial.one_sided(who, pool, token, self.part(token, pool))
