"""One eventful life of a pool, the same every time, that gives each invariant something to see.

Against a faulty contract it goes on where a verb is refused, and collects what is violated.
"""

from __future__ import annotations

from collections.abc import Iterable

from defi_kit.errors import Reverted
from defi_kit.testing.lending.pool.experiments import EXPERIMENTS
from defi_kit.testing.lending.pool.world import World
from defi_kit.testing.violations import Violation
from defi_kit.units import WAD

YEAR = 31_536_000


def drill(world: World, experiments: Iterable[str] = EXPERIMENTS) -> set[str]:
    """Lives it, with these experiments after each scene; returns the invariants violated."""
    world.violated = set()
    names = list(experiments)
    for scene in (_lend, _borrow, _grow, _crash, _ruin, _boundary, _strangers, _after, _others):
        scene(world)
        for name in names:
            _try(world, name)
    return world.violated


def _try(world: World, name: str) -> None:
    assert world.violated is not None
    try:
        EXPERIMENTS[name](world)
    except Violation as violation:
        world.violated.add(violation.invariant)
    except (Reverted, ArithmeticError):
        world.violated.add(name)  # the experiment cannot even be made


def _lend(world: World) -> None:
    _, _, _, carol, keeper, _, mallory = world.people
    world.deposit(carol, 100_000 * world.unit)
    world.donate(mallory, None, 5 * world.unit)
    world.donate(mallory, 0, world.units[0])
    world.mint(keeper, 777 * 10**6 * world.unit + 3)
    world.withdraw(carol, world.unit + 1)


def _borrow(world: World) -> None:
    alice, second, bob, _, _, _, mallory = world.people
    world.supply_collateral(alice, 0, 10 * world.units[0])
    world.supply_collateral(mallory, 0, world.units[0], account=alice)
    world.supply_collateral(mallory, 1, 1, account=alice)
    world.supply_collateral(second, 1, world.units[1])
    world.supply_collateral(bob, 0, 10 * world.units[0])
    world.supply_collateral(bob, 1, world.units[1] // 1_000)
    world.borrow(alice, 16_000 * world.unit)
    world.borrow(second, 20_000 * world.unit)
    world.borrow(bob, 14_900 * world.unit)
    world.borrow(alice, 50_000 * world.unit)
    world.repay(alice, 1_000 * world.unit + 1)
    world.repay(mallory, 100 * world.unit, account=bob)
    world.withdraw_collateral(alice, 0, world.units[0] // 2)
    world.withdraw_collateral(alice, 0, 9 * world.units[0])


def _grow(world: World) -> None:
    carol, keeper = world.people[3], world.people[4]
    world.wait(YEAR // 4)
    world.accrue(keeper)
    world.deposit(carol, 1_001)
    world.redeem(carol, 10**9 + 7)
    world.wait(1)


def _crash(world: World) -> None:
    """Health falls to about 0.93: liquidations that heal."""
    alice, second, bob, _, keeper, rival, _ = world.people
    world.scale_price(0, 85, 100)
    world.liquidate(keeper, bob, 0, 500 * world.unit)
    world.liquidate(rival, bob, 0)
    world.scale_price(0, 80, 100)
    world.liquidate(keeper, alice, 0, max_seize=world.units[0])
    world.liquidate(keeper, alice, 0)
    world.liquidate(alice, second, 1)


def _ruin(world: World) -> None:
    """The first collateral loses nearly everything; what is left cannot cover the debt."""
    alice, second, bob, _, keeper, rival, _ = world.people
    world.scale_price(0, 20, 100)
    value = world.pool.account(bob.address).collateral[0]
    world.liquidate(keeper, bob, 0, max_seize=max(value - world.units[0] // 1_000, 0))
    world.liquidate(keeper, bob, 0)
    world.liquidate(rival, bob, 1)
    value = world.pool.account(alice.address).collateral[0]
    world.liquidate(keeper, alice, 0, max_seize=max(value - 1, 0))
    world.liquidate(alice, alice, 0, max_seize=world.units[0])
    world.liquidate(second, alice, 0)
    world.deposit(keeper, 1_000 * world.unit)


def _boundary(world: World) -> None:
    """Somebody stands at health exactly 1, and somebody at the borrow limit."""
    alice, second, _, _, keeper, _, _ = world.people
    world.scale_price(0, 1, 1)
    world.supply_collateral(alice, 0, 10 * world.units[0])
    world.borrow(alice, 12_000 * world.unit)
    ltv = world.parameters.collaterals[0].liquidation_ltv
    for _ in range(50):
        # Three blocks: two for the price, and in the third it is liquidated.
        debt = world.pool.debt_of(alice.address, now=world.now() + 2)
        held = world.pool.account(alice.address).collateral[0]
        if held and debt and debt * 10_000 % ltv == 0:
            world.set_price(0, -(-(debt * 10_000 // ltv) * 10**36 // held))
            world.liquidate(keeper, alice, 0)
            break
        world.wait(1)
    world.scale_price(0, 1, 1)
    world.supply_collateral(second, 0, world.units[0])
    world.borrow(second, 1_000 * world.unit)


def _strangers(world: World) -> None:
    """Mallory tries what only others may."""
    alice, _, _, carol, _, _, mallory = world.people
    token = world.tokens[0].address
    pool = world.contract
    for attempt in (
        lambda: pool.withdraw_collateral(token, 1_000, mallory, alice, sender=mallory),
        lambda: pool.borrow(1_000, mallory, alice, sender=mallory),
        lambda: pool.withdraw(1_000, mallory, carol, sender=mallory),
        lambda: pool.redeem(1_000, mallory, carol, sender=mallory),
    ):
        world.attempt(mallory, attempt)


def _after(world: World) -> None:
    """Most repay; one is left, at a health far above 1."""
    alice, second, bob, carol, _, _, _ = world.people
    world.wait(YEAR)
    world.repay(alice, 2**200)
    world.repay(bob, 2**200)
    world.repay(second, world.pool.debt_of(second.address, now=world.now()) // 2)
    world.withdraw(carol, 10_000 * world.unit)
    assert world.pool.market.index < 10**3 * WAD * 10**6  # the drill stays within sane numbers


def _others(world: World) -> None:
    """Operators, callbacks and flash loans; and mallory, who forges and keeps."""
    _, second, _, carol, _, _, mallory = world.people
    world.authorize(second, world.actor, True)
    world.leverage(second, 0, 3 * world.units[0], 500 * world.unit, 0)
    world.repay_with_callback(second, 600 * world.unit, second, 0, world.units[0])
    world.scale_price(1, 25, 100)
    world.liquidate_with_callback(second, second, 1, 100 * world.unit)
    world.liquidate_with_callback(second, second, 1)
    world.scale_price(1, 1, 1)
    world.authorize(second, world.actor, False)
    token, signature = world.tokens[0], bytes(64) + b"\x1b"
    signed = second, mallory, True, 2**40, signature
    build, now = token.build, world.contract
    world.attempt(mallory, lambda: now.set_authorization_by_signature(*signed, sender=mallory))
    world.attempt(mallory, lambda: now.borrow(world.unit, mallory, second, sender=mallory))
    for amount in (1, 2 * world.units[0]):
        kept = build("approve", now, 0)  # the receiver takes its approval back in the middle
        world.attempt(mallory, lambda kept=kept: world.actor.plan(kept.to, kept.data))
        world.attempt(
            mallory,
            lambda amount=amount: now.flash_loan(world.actor, token, amount, b"", sender=mallory),
        )
    world.deposit(carol, world.unit)
