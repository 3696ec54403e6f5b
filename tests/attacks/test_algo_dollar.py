"""Attacks on the algorithmic dollar: loops that win nothing, a spiral that the guards bound."""

from __future__ import annotations

from fractions import Fraction

import pytest

from defi_kit import reverts
from defi_kit.chain import Chain
from defi_kit.errors import OutOfGas
from defi_kit.stablecoins import AlgoDesign
from defi_kit.testing.peg.algo.world import DESIGN, SHARES, AlgoWorld, without
from defi_kit.units import WAD

CASH = 10**6


def worth(world: AlgoWorld, who: str) -> Fraction:
    """Of all that somebody has, shares at the price of now, in whole dollars."""
    dollars, collateral, shares = world.holdings(who)
    spot = world.worth("spot")
    return (dollars + collateral * world.worth("collateral") + shares * spot) / WAD


@pytest.mark.parametrize("lag", [50, 80, 95, 105, 125, 200])
def test_redemption_loops_on_a_lagging_oracle(lag: int, chain: Chain) -> None:
    """Iron, June 2021: the average is not the price of now, and whoever sees it goes round."""
    world = AlgoWorld.build(chain, without(DESIGN, virtual_liquidity=0, max_share_growth=0))
    world.mint(50_000 * WAD)
    world.rescale("share", lag)  # now stays at 100 %
    before = worth(world, "alice")
    for _ in range(10):
        assert isinstance(world.redeem(5_000 * WAD), tuple)
        assert isinstance(world.mint(5_000 * WAD), tuple)
    assert worth(world, "alice") <= before


def test_death_spiral_without_guards(chain: Chain) -> None:
    """Terra, May 2022: the price falls with every share minted, until shares are worth nothing."""
    world = AlgoWorld.build(chain, AlgoDesign.terra())
    for _ in range(8):
        assert isinstance(world.mint(40_000 * WAD, "whale"), tuple)
    supply = world.algo.share.total_supply().raw
    percent = 100
    while percent and isinstance(world.redeem(40_000 * WAD, "whale"), tuple):
        percent //= 3
        world.crash(percent)
    assert world.algo.share.total_supply().raw > 4 * supply


def test_death_spiral_bounded_by_the_guards(chain: Chain) -> None:
    """The same run on the guarded design: few new shares, then an end in equal parts."""
    world = AlgoWorld.build(chain, AlgoDesign.guarded())
    for who in ("whale", "alice"):
        world.mint(150_000 * WAD, who)
    percent, sold = 100, 0
    while percent:
        for size in (50_000, 10_000, 2_000):
            sold += isinstance(world.redeem(size * WAD, "whale"), tuple)
        percent //= 3
        world.crash(percent)
    assert sold
    assert world.algo.share.total_supply().raw <= SHARES * 105 // 100
    world.say("share", None)
    assert world.alarm()
    chain.advance(world.design.breaker_delay)
    assert world.end() is None
    left = world.holdings("alice")[0]
    last = world.claim(left)
    assert isinstance(last, int)
    assert Fraction(last, CASH) >= Fraction(left, WAD) * Fraction(3, 4), "the bound of the README"


def test_collateral_off_its_peg_is_nobodys_to_drain(chain: Chain) -> None:
    """The backing falls to 60 cents: whoever is first gets no more than the part of the last."""
    world = AlgoWorld.build(chain, without(DESIGN, max_share_growth=0))
    for who in ("alice", "bob"):
        world.mint(10_000 * WAD, who)
    world.rescale("collateral", 60)
    first = world.redeem(10_000 * WAD, "alice")
    last = world.redeem(10_000 * WAD, "bob")
    assert isinstance(first, tuple)
    assert isinstance(last, tuple)
    assert first[0] <= last[0]


def test_donated_collateral_changes_no_redemption(chain: Chain) -> None:
    """Redeemed to the end with a gift and without one: everybody gets the same, to the unit."""
    start, ends = chain.timestamp + 10, []
    for gift in (0, 10**12):
        with chain.snapshot():
            chain.set_next_timestamp(start)
            world = AlgoWorld.build(chain)
            for who in ("alice", "bob"):
                world.mint(1_000 * WAD, who)
            world.give(gift)
            for part in (100, 900):
                for who in ("alice", "bob"):
                    assert isinstance(world.redeem(part * WAD, who), tuple)
            world.check()
            ends.append([world.holdings(who) for who in ("alice", "bob")])
    assert ends[0] == ends[1]


def test_starved_oracle_raises_no_alarm(chain: Chain) -> None:
    """A caller that leaves the oracle too little gas must not make a sound one look dead."""
    world = AlgoWorld.build(chain)
    world.mint(1_000 * WAD)
    call = world.algo.contract.build("alarm")
    for gas in (60_000, 200_000, 900_000):
        with pytest.raises((reverts.TooLittleGas, OutOfGas)):
            chain.transact(call.to, call.data, gas=gas)
    assert not world.algo.contract.books()[5]
