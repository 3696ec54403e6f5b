"""A fixed walk over every verb and every refusal of the dollar, for faults to stumble on."""

from __future__ import annotations

from dataclasses import replace

from defi_kit.stablecoins import Role
from defi_kit.tokens.permit import PermitMessage
from stablecoins.fiat_world import World

MILLION = 1_000_000_000_000
FAR = 2**63
EVERYTHING = 2**256 - 1


def walk(world: World) -> None:
    """Raises AssertionError, naming the invariant, at the first step that breaks one."""
    a, b, c, bank, zero, dollar = (
        world.address(name) for name in ("alice", "bob", "carol", "bank", "zero", "dollar")
    )
    treasurer, warden, officer = (
        world.address(name) for name in ("treasurer", "warden", "officer")
    )
    _issue(world, treasurer, bank, a, b)
    _move(world, a, b, c)
    _freeze(world, officer, a, b, bank)
    _never(world, officer, a, zero, dollar)
    _pause(world, warden, treasurer, a, b, bank)
    _sign(world, a, b, c)
    _strangers(world, a, b, bank)
    _roles(world, a, b)


def _issue(world: World, treasurer: str, bank: str, a: str, b: str) -> None:
    world.do("mint", bank, a, 1)
    world.do("configure_minter", treasurer, bank, 3 * MILLION)
    world.do("mint", bank, a, MILLION)
    world.do("mint", bank, bank, MILLION)
    world.do("mint", bank, a, MILLION + 1)
    world.do("mint", bank, b, MILLION)
    world.do("mint", bank, a, 0)
    world.do("burn", bank, 1_000)
    world.do("burn", bank, 2 * MILLION)
    world.do("burn", a, 1_000)
    world.do("configure_minter", treasurer, bank, 2**128)
    world.do("configure_minter", treasurer, bank, 2**128 - 1)
    world.do("mint", bank, a, 2**128 - 1)
    world.do("configure_minter", treasurer, a, MILLION)
    world.do("remove_minter", treasurer, a)
    world.do("mint", a, a, 1)


def _move(world: World, a: str, b: str, c: str) -> None:
    world.do("transfer", a, b, 500)
    world.do("transfer", a, a, 500)
    world.do("transfer", c, a, 1)
    world.do("approve", a, b, 700)
    world.do("transfer_from", b, a, c, 300)
    world.do("transfer_from", b, a, c, 401)
    world.do("transfer_from", c, a, c, 1)
    world.do("approve", a, c, EVERYTHING)
    world.do("transfer_from", c, a, b, 300)
    world.do("transfer_from", c, a, a, 300)
    world.do("transfer", a, b, 2**200)


def _freeze(world: World, officer: str, a: str, b: str, bank: str) -> None:
    """`b` frozen, on every path; then `a`, who has given `b` an allowance; then the minter."""
    world.do("freeze", officer, b)
    world.do("transfer", b, a, 1)
    world.do("transfer", a, b, 1)
    world.do("transfer", b, b, 1)
    world.do("transfer_from", b, a, a, 1)
    world.do("transfer_from", a, b, a, 0)
    world.do("approve", b, a, 1)
    world.do("approve", a, b, 1)
    world.do("mint", bank, b, 1)
    world.permit(world.sign("bob", PermitMessage(b, a, 5, 0, FAR)), a)
    world.permit(world.sign("alice", PermitMessage(a, b, 5, 0, FAR)), a)
    world.do("unfreeze", officer, b)
    world.do("transfer", b, a, 1)
    world.do("freeze", officer, bank)
    world.do("mint", bank, a, 1)
    world.do("burn", bank, 1)
    world.do("unfreeze", officer, bank)


def _never(world: World, officer: str, a: str, zero: str, dollar: str) -> None:
    for nowhere in (zero, dollar):
        world.do("transfer", a, nowhere, 1)
        world.do("approve", a, nowhere, 1)
        world.do("mint", world.address("bank"), nowhere, 1)
        world.do("unfreeze", officer, nowhere)


def _pause(world: World, warden: str, treasurer: str, a: str, b: str, bank: str) -> None:
    world.do("approve", a, b, 900)
    world.do("pause", warden)
    world.do("transfer", a, b, 1)
    world.do("transfer_from", b, a, b, 1)
    world.do("approve", a, b, 1)
    world.do("mint", bank, a, 1)
    world.do("burn", bank, 1)
    world.do("configure_minter", treasurer, bank, 1)
    world.permit(world.sign("alice", PermitMessage(a, b, 5, 0, FAR)), b)
    world.do("unpause", warden)
    world.do("transfer", a, b, 1)


def _sign(world: World, a: str, b: str, c: str) -> None:
    first = PermitMessage(a, b, 50, world.usd.dollar.nonces(a), FAR)
    world.permit(world.sign("bob", first), c)
    world.permit(world.sign("alice", first, chain_id=1), c)
    world.permit(world.sign("alice", first, token=b), c)
    world.permit(world.sign("alice", replace(first, nonce=7)), c)
    world.permit(world.sign("alice", first, submit=replace(first, value=51)), c)
    world.permit(world.sign("alice", first, submit=replace(first, spender=c)), c)
    world.permit(world.sign("alice", first, submit=replace(first, deadline=FAR + 1)), c)
    world.permit(world.sign("alice", first, submit=replace(first, owner=c)), c)
    world.permit(world.sign("alice", first, high_s=True), c)
    late = replace(first, deadline=world.chain.timestamp)
    world.permit(world.sign("alice", late), c)
    used = world.sign("alice", first)
    world.permit(used, c)
    world.permit(used, c)
    again = replace(first, nonce=first.nonce + 1, value=EVERYTHING)
    world.permit(world.sign("alice", again), c)
    world.permit(world.sign("bob", PermitMessage(b, b, 0, 0, FAR)), b)


def _strangers(world: World, a: str, b: str, bank: str) -> None:
    """Nobody holds a role that was not given."""
    world.do("configure_minter", b, b, 5)
    world.do("remove_minter", b, bank)
    world.do("freeze", b, a)
    world.do("unfreeze", b, a)
    world.do("pause", b)
    world.do("unpause", b)


def _roles(world: World, a: str, b: str) -> None:
    owner, warden = world.address("owner"), world.address("warden")
    world.do("offer_role", b, Role.PAUSER, b)
    world.do("revoke_role", b, Role.PAUSER)
    world.do("accept_role", b, Role.PAUSER)
    world.do("accept_role", b, Role.OWNER)
    world.do("offer_role", owner, Role.PAUSER, a)
    world.do("accept_role", b, Role.PAUSER)
    world.do("accept_role", a, Role.PAUSER)
    world.do("accept_role", a, Role.PAUSER)
    world.do("pause", warden)
    world.do("revoke_role", owner, Role.OWNER)
    world.do("revoke_role", owner, Role.PAUSER)
    world.do("pause", a)
