"""An Exchange with three tokens and two pools, for tests that act by hand."""

from __future__ import annotations

from dataclasses import dataclass

from defi_kit import bindings
from defi_kit.chain import Account, Chain
from defi_kit.dex.exchange import NOBODY
from defi_kit.dex.pool import Hop, PoolKey
from defi_kit.testing.exchange.world import NEVER, struct, structs

ONE = 10**18


@dataclass(frozen=True)
class Market:
    """Tokens A, B, C in ascending order; a pool of A and B, and one of B and C, both alice's."""

    chain: Chain
    exchange: bindings.Exchange
    tokens: tuple[bindings.MockToken, ...]
    keys: tuple[PoolKey, PoolKey]
    alice: Account

    @property
    def key(self) -> PoolKey:
        return self.keys[0]

    def path(self, *indices: int, fee: int = 3_000) -> list[bindings.exchange.Hop]:
        """Hops through the tokens of these places."""
        return structs([Hop(self.tokens[index].address, fee) for index in indices])

    def fund(self, who: Account, amount: int = 10**6 * ONE) -> None:
        """Tokens, and the Exchange's leave to take them."""
        for token in self.tokens:
            token.mint(who, amount, sender=self.alice)
            token.approve(self.exchange, NEVER, sender=who)

    def swap(
        self, who: Account, amount: int, *indices: int, minimum: int = 0, start: int = 0
    ) -> int:
        """Sells, and returns how much more of the last token there is."""
        last = self.tokens[indices[-1]]
        before = last.balance_of(who)
        path = self.path(*indices)
        token_in = self.tokens[start].address
        self.exchange.swap_exact_in(token_in, amount, path, minimum, who, NEVER, sender=who)
        return last.balance_of(who) - before


def build_market(chain: Chain, *people: Account) -> Market:
    """The first of the people deploys and provides; all of them get tokens and approve."""
    alice = people[0]
    exchange = bindings.Exchange.deploy(chain, NOBODY, 0, NOBODY, sender=alice)
    made = [bindings.MockToken.deploy(chain, name, 18, sender=alice) for name in "ABC"]
    tokens = tuple(sorted(made, key=lambda token: int(token.address, 16)))
    keys = (
        PoolKey(tokens[0].address, tokens[1].address, 3_000),
        PoolKey(tokens[1].address, tokens[2].address, 3_000),
    )
    built = Market(chain, exchange, tokens, keys, alice)
    for person in people:
        built.fund(person)
    for key, amounts in zip(keys, ((5 * ONE, 10 * ONE), (100 * ONE, 100 * ONE)), strict=True):
        exchange.create_pool(struct(key), sender=alice)
        exchange.add_liquidity(struct(key), *amounts, 0, alice, NEVER, sender=alice)
    return built
