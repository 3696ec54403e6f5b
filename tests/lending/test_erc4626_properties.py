"""ERC-4626 by the properties of the field's suites, by their names, against deployed pools.

`A16Z` are those of a16z/erc4626-tests (`prop_*` there), `CRYTIC` of crytic/properties. Where a
suite allows a difference, its delta, here it is zero. Pools are empty, gifted, lent out, grown,
after bad debt that the lenders bore, and after a near total loss.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from defi_kit.chain import Account, Chain
from defi_kit.errors import Reverted
from defi_kit.testing.lending.pool.world import World
from defi_kit.units import MAX_UINT256
from lending.test_lending_erc4626 import STATES

AMOUNTS = st.one_of(st.integers(0, 10), st.integers(0, 10**12), st.integers(0, 2**96))
Prop = Callable[["Vault", int, int], None]


class Vault:
    """A pool in some state, its callers and owners, and the suites' helper functions."""

    def __init__(self, world: World) -> None:
        self.world, self.pool, self.token = world, world.contract, world.asset
        self.caller, self.owner, self.receiver, self.other = (
            world.people[place] for place in (3, 4, 2, 5)
        )

    def deposit(self, assets: int, to: Account, who: Account) -> int:
        return self._moved(to, lambda: self.pool.deposit(assets, to, sender=who))

    def mint(self, shares: int, to: Account, who: Account) -> int:
        before = self.token.balance_of(who)
        self.pool.mint(shares, to, sender=who)
        return before - self.token.balance_of(who)

    def withdraw(self, assets: int, to: Account, owner: Account, who: Account | None = None) -> int:
        sender = who or owner
        send = lambda: self.pool.withdraw(assets, to, owner, sender=sender)  # noqa: E731
        return -self._moved(owner, send)

    def redeem(self, shares: int, to: Account, owner: Account, who: Account | None = None) -> int:
        before = self.token.balance_of(to)
        self.pool.redeem(shares, to, owner, sender=who or owner)
        return self.token.balance_of(to) - before

    def _moved(self, holder: Account, send: Callable[[], Any]) -> int:
        before = self.pool.balance_of(holder)
        send()
        return self.pool.balance_of(holder) - before

    def fits(self, assets: int) -> bool:
        """Whether a deposit of it is within the limit, with room for the interest of a second."""
        return assets <= self.pool.max_deposit(self.caller) // 2

    def at(self, function: str, *arguments: Any) -> int:
        """What the view will say in the next block: asked there, and undone."""
        with self.world.chain.snapshot():
            self.world.chain.mine()
            return int(getattr(self.pool, function)(*arguments))


# --- a16z/erc4626-tests ---------------------------------------------------------------------------


def asset(v: Vault, _: int, __: int) -> None:
    assert v.pool.asset() == v.token.address


def total_assets(v: Vault, _: int, __: int) -> None:
    assert v.pool.total_assets() >= 0


def convert_to_shares(v: Vault, assets: int, _: int) -> None:
    """The same for every caller."""
    view = "convertToShares(uint256)(uint256)"
    assert same_for_all(v, view, assets) == v.pool.convert_to_shares(assets)


def convert_to_assets(v: Vault, shares: int, _: int) -> None:
    view = "convertToAssets(uint256)(uint256)"
    assert same_for_all(v, view, shares) == v.pool.convert_to_assets(shares)


def same_for_all(v: Vault, view: str, amount: int) -> int:
    """What the view says, whoever asks."""
    said = {v.pool._call(view, (amount,), sender=who)[0] for who in (v.caller, v.other)}
    assert len(said) == 1
    return int(said.pop())


def max_deposit(v: Vault, _: int, __: int) -> None:
    assert 0 <= v.pool.max_deposit(v.caller) == v.pool.max_deposit(v.other)


def max_mint(v: Vault, _: int, __: int) -> None:
    assert 0 <= v.pool.max_mint(v.caller) == v.pool.max_mint(v.other)


def max_withdraw(v: Vault, _: int, __: int) -> None:
    assert v.pool.max_withdraw(v.caller) <= v.pool.convert_to_assets(v.pool.balance_of(v.caller))


def max_redeem(v: Vault, _: int, __: int) -> None:
    assert v.pool.max_redeem(v.caller) <= v.pool.balance_of(v.caller)


def preview_deposit(v: Vault, assets: int, _: int) -> None:
    """Exactly what a deposit in that block mints."""
    assume(v.fits(assets))
    told = v.at("preview_deposit", assets)
    with suppress(Reverted):  # a deposit that buys no share is refused
        assert v.deposit(assets, v.receiver, v.caller) == told


def preview_mint(v: Vault, shares: int, _: int) -> None:
    assume(shares <= v.pool.max_mint(v.caller) // 2)
    told = v.at("preview_mint", shares)
    assume(v.fits(told))
    assert v.mint(shares, v.receiver, v.caller) == told


def preview_withdraw(v: Vault, assets: int, _: int) -> None:
    amount = min(assets, v.pool.max_withdraw(v.caller))
    told = v.at("preview_withdraw", amount)
    assert v.withdraw(amount, v.receiver, v.caller) == told


def preview_redeem(v: Vault, shares: int, _: int) -> None:
    amount = min(shares, v.at("max_redeem", v.caller))
    told = v.at("preview_redeem", amount)
    assert v.redeem(amount, v.receiver, v.caller) == told


def deposit(v: Vault, assets: int, _: int) -> None:
    """Assets leave the caller, shares reach the receiver, the allowance is used up."""
    assume(v.fits(assets))
    v.token.approve(v.pool, assets, sender=v.caller)
    paid, held = v.token.balance_of(v.caller), v.pool.balance_of(v.receiver)
    with suppress(Reverted):
        shares = v.deposit(assets, v.receiver, v.caller)
        assert v.token.balance_of(v.caller) == paid - assets
        assert v.pool.balance_of(v.receiver) == held + shares
        assert v.token.allowance(v.caller, v.pool) == 0


def mint(v: Vault, shares: int, _: int) -> None:
    assume(shares <= v.pool.max_mint(v.caller) // 2)
    cost = v.at("preview_mint", shares)
    assume(v.fits(cost))
    # The clock ticks with the approval: one second's interest more.
    v.token.approve(v.pool, cost * 2 + 10, sender=v.caller)
    held = v.pool.balance_of(v.receiver)
    assets = v.mint(shares, v.receiver, v.caller)
    assert v.pool.balance_of(v.receiver) == held + shares
    assert v.token.allowance(v.caller, v.pool) == cost * 2 + 10 - assets


def withdraw(v: Vault, assets: int, _: int) -> None:
    """By a third party, within the owner's allowance of shares."""
    amount = min(assets, v.pool.max_withdraw(v.caller))
    v.pool.approve(v.other, MAX_UINT256 - 1, sender=v.caller)
    got, held = v.token.balance_of(v.receiver), v.pool.balance_of(v.caller)
    shares = v.withdraw(amount, v.receiver, v.caller, v.other)
    assert v.token.balance_of(v.receiver) == got + amount
    assert v.pool.balance_of(v.caller) == held - shares
    assert v.pool.allowance(v.caller, v.other) == MAX_UINT256 - 1 - shares


def withdraw_zero_allowance(v: Vault, assets: int, _: int) -> None:
    amount = min(assets, v.pool.max_withdraw(v.caller))
    if v.pool.preview_withdraw(amount) == 0:
        return
    with pytest.raises(Reverted):
        v.withdraw(amount, v.receiver, v.caller, v.other)


def redeem(v: Vault, shares: int, _: int) -> None:
    amount = min(shares, v.at("max_redeem", v.caller))
    v.pool.approve(v.other, amount, sender=v.caller)
    got, held = v.token.balance_of(v.receiver), v.pool.balance_of(v.caller)
    amount = min(amount, v.at("max_redeem", v.caller))
    assets = v.redeem(amount, v.receiver, v.caller, v.other)
    assert v.token.balance_of(v.receiver) == got + assets
    assert v.pool.balance_of(v.caller) == held - amount


def redeem_zero_allowance(v: Vault, shares: int, _: int) -> None:
    amount = min(shares, v.at("max_redeem", v.caller))
    if amount == 0:
        return
    with pytest.raises(Reverted):
        v.redeem(amount, v.receiver, v.caller, v.other)


# Round trips. Between the two transactions a second of interest may pass, which is not the trip's:
# so both are quoted by the views of one moment, and the trip itself is made where no debt earns.


def rt_deposit_redeem(v: Vault, assets: int, _: int) -> None:
    assert v.pool.preview_redeem(v.pool.preview_deposit(assets)) <= assets


def rt_deposit_withdraw(v: Vault, assets: int, _: int) -> None:
    assert v.pool.preview_withdraw(assets) >= v.pool.preview_deposit(assets)


def rt_redeem_deposit(v: Vault, shares: int, _: int) -> None:
    assert v.pool.preview_deposit(v.pool.preview_redeem(shares)) <= shares


def rt_redeem_mint(v: Vault, shares: int, _: int) -> None:
    assert v.pool.preview_mint(shares) >= v.pool.preview_redeem(shares)


def rt_mint_withdraw(v: Vault, shares: int, _: int) -> None:
    assert v.pool.preview_withdraw(v.pool.preview_mint(shares)) >= shares


def rt_mint_redeem(v: Vault, shares: int, _: int) -> None:
    assert v.pool.preview_redeem(shares) <= v.pool.preview_mint(shares)


def rt_withdraw_mint(v: Vault, assets: int, _: int) -> None:
    assert v.pool.preview_mint(v.pool.preview_withdraw(assets)) >= assets


def rt_withdraw_deposit(v: Vault, assets: int, _: int) -> None:
    assert v.pool.preview_deposit(assets) <= v.pool.preview_withdraw(assets)


A16Z: tuple[Prop, ...] = (
    asset,
    total_assets,
    convert_to_shares,
    convert_to_assets,
    max_deposit,
    preview_deposit,
    deposit,
    max_mint,
    preview_mint,
    mint,
    max_withdraw,
    preview_withdraw,
    withdraw,
    withdraw_zero_allowance,
    max_redeem,
    preview_redeem,
    redeem,
    redeem_zero_allowance,
    rt_deposit_redeem,
    rt_deposit_withdraw,
    rt_redeem_deposit,
    rt_redeem_mint,
    rt_mint_withdraw,
    rt_mint_redeem,
    rt_withdraw_mint,
    rt_withdraw_deposit,
)


# --- crytic/properties ----------------------------------------------------------------------------


def asset_must_not_revert(v: Vault, _: int, __: int) -> None:
    v.pool.asset()


def total_assets_must_not_revert(v: Vault, _: int, __: int) -> None:
    v.pool.total_assets()


def convert_to_assets_must_not_revert(v: Vault, shares: int, _: int) -> None:
    v.pool.convert_to_assets(shares)


def convert_to_shares_must_not_revert(v: Vault, assets: int, _: int) -> None:
    v.pool.convert_to_shares(assets)


def max_functions_must_not_revert(v: Vault, _: int, __: int) -> None:
    """maxDeposit, maxMint, maxRedeem, maxWithdraw, for someone who was never here as well."""
    for who in (v.caller, "0x" + "77" * 20, "0x" + "0" * 40):
        for limit in (v.pool.max_deposit, v.pool.max_mint, v.pool.max_redeem, v.pool.max_withdraw):
            limit(who)


def max_deposit_ignores_sender_assets(v: Vault, _: int, __: int) -> None:
    before = v.pool.max_deposit(v.caller)
    v.token.transfer(v.other, v.token.balance_of(v.caller) // 2, sender=v.caller)
    with v.world.chain.snapshot():
        assert v.pool.max_deposit(v.caller) <= before  # interest of a second takes room


def max_mint_ignores_sender_assets(v: Vault, _: int, __: int) -> None:
    assert v.pool.max_mint(v.caller) == v.pool.max_mint("0x" + "77" * 20)


def deposit_above_max_reverts(v: Vault, _: int, __: int) -> None:
    with pytest.raises(Reverted):
        v.deposit(v.pool.max_deposit(v.caller) + 1, v.caller, v.caller)


def mint_above_max_reverts(v: Vault, _: int, __: int) -> None:
    with pytest.raises(Reverted):
        v.mint(v.pool.max_mint(v.caller) + 1, v.caller, v.caller)


def withdraw_above_max_reverts(v: Vault, more: int, _: int) -> None:
    with pytest.raises(Reverted):
        v.withdraw(v.at("max_withdraw", v.caller) + 1 + more, v.caller, v.caller)


def redeem_above_balance_reverts(v: Vault, more: int, _: int) -> None:
    with pytest.raises(Reverted):
        v.redeem(v.pool.balance_of(v.caller) + 1 + more, v.caller, v.caller)


def convert_round_trip_rounding_direction(v: Vault, amount: int, _: int) -> None:
    assert v.pool.convert_to_assets(v.pool.convert_to_shares(amount)) <= amount
    assert v.pool.convert_to_shares(v.pool.convert_to_assets(amount)) <= amount


def preview_rounding_directions(v: Vault, amount: int, _: int) -> None:
    """previewDeposit and previewRedeem down, previewMint and previewWithdraw up."""
    assert v.pool.preview_deposit(amount) <= v.pool.convert_to_shares(amount)
    assert v.pool.preview_redeem(amount) <= v.pool.convert_to_assets(amount)
    assert v.pool.preview_mint(amount) >= v.pool.convert_to_assets(amount)
    assert v.pool.preview_withdraw(amount) >= v.pool.convert_to_shares(amount)


def nothing_costs_nothing(v: Vault, amount: int, _: int) -> None:
    """No free shares, no free assets: what is not zero never costs zero."""
    assert v.pool.preview_mint(0) == v.pool.preview_withdraw(0) == 0
    assert v.pool.preview_deposit(0) == v.pool.preview_redeem(0) == 0
    if amount:
        assert v.pool.preview_mint(amount) > 0
        assert v.pool.preview_withdraw(amount) > 0


def deposit_updates_balances_properly(v: Vault, assets: int, _: int) -> None:
    assume(0 < assets and v.fits(assets))
    held, supply = v.token.balance_of(v.pool), v.pool.total_supply()
    with suppress(Reverted):
        shares = v.deposit(assets, v.receiver, v.caller)
        assert v.token.balance_of(v.pool) == held + assets
        assert v.pool.total_supply() == supply + shares


def redeem_updates_balances_properly(v: Vault, shares: int, _: int) -> None:
    amount = min(shares, v.at("max_redeem", v.caller))
    held, supply = v.token.balance_of(v.pool), v.pool.total_supply()
    assets = v.redeem(amount, v.receiver, v.caller)
    assert v.token.balance_of(v.pool) == held - assets
    assert v.pool.total_supply() == supply - amount


def redeem_via_approval_proxy(v: Vault, shares: int, less: int) -> None:
    """With too small an allowance it is refused."""
    amount = min(shares, v.at("max_redeem", v.caller))
    if amount == 0:
        return
    v.pool.approve(v.other, less % amount, sender=v.caller)
    with pytest.raises(Reverted):
        v.redeem(amount, v.receiver, v.caller, v.other)


def share_price_inflation_attack(v: Vault, gift: int, stake: int) -> None:
    """Whoever gives the pool tokens first takes nothing from who deposits after."""
    assets = 1 + stake % 10**15
    assume(v.fits(assets))
    worth = v.pool.convert_to_assets(v.pool.preview_deposit(assets))
    v.token.transfer(v.pool, gift % 10**30, sender=v.other)
    shares = v.pool.preview_deposit(assets)
    assert abs(v.pool.convert_to_assets(shares) - worth) <= 1 + assets // 10**6


CRYTIC: tuple[Prop, ...] = (
    asset_must_not_revert,
    total_assets_must_not_revert,
    convert_to_assets_must_not_revert,
    convert_to_shares_must_not_revert,
    max_functions_must_not_revert,
    max_deposit_ignores_sender_assets,
    max_mint_ignores_sender_assets,
    deposit_above_max_reverts,
    mint_above_max_reverts,
    withdraw_above_max_reverts,
    redeem_above_balance_reverts,
    convert_round_trip_rounding_direction,
    preview_rounding_directions,
    nothing_costs_nothing,
    deposit_updates_balances_properly,
    redeem_updates_balances_properly,
    redeem_via_approval_proxy,
    share_price_inflation_attack,
)


@cache
def _vault(state: str) -> Vault:
    world = World(Chain.embedded())
    STATES[state](world)
    for who in world.people:
        if state not in ("empty", "gifted"):
            world.deposit(who, 12_345_678)
    return Vault(world)


@pytest.mark.parametrize("prop", [*A16Z, *CRYTIC], ids=lambda prop: str(prop.__name__))
@pytest.mark.parametrize("state", STATES)
@settings(max_examples=8)
@given(amount=AMOUNTS, other=AMOUNTS)
def test_erc4626(state: str, prop: Prop, amount: int, other: int) -> None:
    vault = _vault(state)
    with vault.world.chain.snapshot():
        prop(vault, amount, other)
