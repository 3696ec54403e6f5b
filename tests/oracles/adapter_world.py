"""A vault's share priced, guarded by another oracle, and O4-O6 checked on every answer.

    feed ──► FeedOracle ──► VaultOracle ──► GuardedOracle ◄── MockOracle
                                ▲
                            NaiveVault ◄── donations, earnings, losses

The checks rest on the vault's own holdings and on exact fractions.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from defi_kit import bindings
from defi_kit.chain import Account, Chain
from defi_kit.errors import Reverted
from defi_kit.oracles import (
    PRICE_SCALE,
    FeedOracle,
    GuardedOracle,
    ScriptedFeed,
    VaultOracle,
)
from defi_kit.units import WAD, YEAR

GROWTH = WAD // 5 // YEAR
"""A fifth a year. [wad per second]"""
DEVIATION = WAD // 50
VAULT_CONSTRUCTOR = "(address,address,uint256,uint128)"
GUARD_CONSTRUCTOR = "(address,address,uint256)"


@dataclass
class World:
    """The vault, its price, and who else says what it is worth."""

    chain: Chain
    owner: Account
    asset: bindings.MockToken
    vault: bindings.NaiveVault
    feed: ScriptedFeed
    asset_oracle: FeedOracle
    shares: VaultOracle
    other: bindings.MockOracle
    guarded: GuardedOracle
    start: Fraction
    """Assets per raw share when the cap began to grow, by our own count."""
    born: int
    """When that was. [unix seconds]"""

    # --- what is right ----------------------------------------------------------------------------

    @property
    def worth(self) -> Fraction:
        """Raw assets per raw share, by the vault's own holdings and its one virtual share."""
        held = self.asset.balance_of(self.vault)
        return Fraction(held + 1, self.vault.total_supply() + 1)

    @property
    def cap(self) -> Fraction:
        """A straight line from the start."""
        elapsed = self.chain.timestamp - self.born
        return self.start * (1 + Fraction(GROWTH * elapsed, WAD))

    def check(self) -> int | Reverted:
        """O5 and O6 on the share's price, O4 on the guarded one; the share's price."""
        price = _ask(self.shares.contract)
        asset_price = _ask(self.asset_oracle.contract)
        if isinstance(asset_price, Reverted):
            assert isinstance(price, Reverted), "O5: a price without the asset's"
        else:
            self._check_share(price, asset_price)
        self._check_guard(price)
        return price

    def _check_share(self, price: int | Reverted, asset_price: int) -> None:
        sample = 10 ** max(18, self.asset.decimals())  # the vault's shares have as many
        held = self.worth * sample // 1
        start = self.start * sample // 1
        cap = start * (1 + Fraction(GROWTH * (self.chain.timestamp - self.born), WAD)) // 1
        exact = min(held, cap) * asset_price // sample
        if isinstance(price, Reverted):
            assert not exact, f"O5: refused a good price: {price}"
            return
        assert price > 0, "O5: answered zero"
        # A unit more is a slip of rounding, which the last line sees.
        assert price <= self.cap * asset_price + 1, "O6: above the cap"
        assert price <= self.worth * asset_price + 1, "O6: a loss is not shown"
        assert price == exact, "O5: neither what the vault says nor the cap"

    def _check_guard(self, price: int | Reverted) -> None:
        guarded, other = _ask(self.guarded.contract), _ask(self.other)
        agreed = (
            isinstance(price, int)
            and isinstance(other, int)
            and 0 < min(price, other)
            and Fraction(max(price, other), min(price, other)) <= 1 + Fraction(DEVIATION, WAD)
        )
        if isinstance(guarded, Reverted):
            assert not agreed, f"O4: refused a price that both confirm: {guarded}"
            return
        assert agreed, "O4: answered though the two do not agree"
        assert guarded == price, "O4: not the first one's price"

    # --- what happens to a vault ------------------------------------------------------------------

    def donate(self, amount: int) -> None:
        """Assets come in, and no shares for them: a gift, an attack, or what the vault earns."""
        self.asset.mint(self.vault, amount)

    def lose(self, amount: int) -> None:
        """Assets are gone: a loan that nobody repays."""
        self.asset.burn(self.vault, min(amount, self.asset.balance_of(self.vault)))

    def deposit(self, amount: int) -> None:
        self.asset.mint(self.owner, amount)
        self.asset.approve(self.vault, amount, sender=self.owner)
        self.vault.deposit(amount, self.owner, sender=self.owner)

    def agree(self) -> None:
        """The other oracle says what the share oracle says."""
        price = _ask(self.shares.contract)
        if isinstance(price, int):
            self.other.set_price(price)


def _ask(oracle: Any) -> int | Reverted:
    try:
        price: int = oracle.price()
    except Reverted as refusal:
        return refusal
    return price


def make(
    chain: Chain,
    *,
    decimals: tuple[int, int] = (6, 18),
    deposit: int = 10**12,
    vault_code: bytes | None = None,
    guard_code: bytes | None = None,
) -> World:
    """A vault with a deposit, of an asset of `decimals[0]`, priced at 2 in a quote token."""
    owner = chain.account("owner")
    asset = bindings.MockToken.deploy(chain, "ASSET", decimals[0])
    vault = bindings.NaiveVault.deploy(chain, asset)
    asset.mint(owner, deposit)
    asset.approve(vault, deposit, sender=owner)
    vault.deposit(deposit, owner, sender=owner)
    feed = ScriptedFeed.deploy(chain, "ASSET / QUOTE", 2)
    asset_oracle = FeedOracle.deploy(chain, feed, *decimals)
    made = bindings.VaultOracle._deploy(
        chain,
        VAULT_CONSTRUCTOR,
        (vault, asset_oracle.address, GROWTH, 2**128 - 1),
        bytecode=vault_code,
    )
    born = chain.timestamp
    shares = VaultOracle(chain, made.address, decimals[1])
    other = bindings.MockOracle.deploy(chain, 2 * PRICE_SCALE)
    guard = bindings.GuardedOracle._deploy(
        chain, GUARD_CONSTRUCTOR, (shares.address, other.address, DEVIATION), bytecode=guard_code
    )
    guarded = GuardedOracle(chain, guard.address, decimals[0], decimals[1])
    start = Fraction(deposit + 1, deposit + 1)
    return World(
        chain, owner, asset, vault, feed, asset_oracle, shares, other, guarded, start, born
    )


def walk(world: World) -> None:
    """Earnings, donations, losses, and every way to disagree; checked each time."""
    chain, supply = world.chain, world.vault.total_supply()
    world.agree()
    world.check()
    for amount in (1, supply // 1_000, supply // 2, 3 * supply):  # below the cap, then far above
        world.donate(amount)
        world.check()
        chain.advance(days=30)
        world.check()
    world.agree()
    world.check()
    world.lose(world.asset.balance_of(world.vault) - supply * 9 // 10)  # a tenth below the start
    world.check()
    for days in (1, 365, 10 * 365):
        chain.advance(days=days)
        world.check()
    world.deposit(supply // 3)
    world.check()
    world.feed.set_price("3")
    world.agree()
    price = world.check()
    assert isinstance(price, int)
    part = price * DEVIATION // WAD
    for other in (price + part, price + part + 1, price - part // 2, price - part, price // 2, 0):
        world.other.set_price(other)
        world.check()
    # The lowest that still agrees: the difference is a part of the lower of the two.
    lowest = -(-price * WAD // (WAD + DEVIATION))
    for other in (lowest, lowest - 1):
        world.other.set_price(other)
        world.check()
    world.other.set_reverting(True)
    world.check()
    world.other.set_reverting(False)
    world.agree()
    world.feed.set_reverting(True)
    world.check()
    world.feed.set_reverting(False)
    world.lose(2**255)
    world.agree()
    world.check()
