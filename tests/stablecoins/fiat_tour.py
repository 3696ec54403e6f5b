"""A fixed walk over every verb and every refusal of the dollar, for faults to stumble on."""

from __future__ import annotations

from dataclasses import replace

from defi_kit.stablecoins import Authorization, Cancellation, Role
from defi_kit.stablecoins.fiat import NO_LIMIT
from defi_kit.testing.peg.fiat.world import DAY, MONTH, FiatWorld, ascending
from defi_kit.tokens.permit import PermitMessage

MILLION = 1_000_000_000_000
FAR = 2**63
EVERYTHING = 2**256 - 1


def walk(world: FiatWorld) -> None:
    """Raises AssertionError, naming the invariant, at the first step that breaks one."""
    a, b, c, bank, zero, dollar = (
        world.address(name) for name in ("alice", "bob", "carol", "bank", "zero", "dollar")
    )
    treasurer, warden, officer = (
        world.address(name) for name in ("treasurer", "warden", "officer")
    )
    _attest(world, bank)
    _issue(world, treasurer, bank, a, b)
    _move(world, a, b, c)
    _freeze(world, officer, a, b, bank)
    _never(world, officer, a, zero, dollar)
    _pause(world, warden, treasurer, a, b, bank)
    _sign(world, a, b, c)
    _authorize(world, a, b, c)
    _limit(world, treasurer, bank, a)
    _reserves(world, treasurer, bank, a)
    _redeem(world, officer, warden, treasurer, a, b, bank)
    _strangers(world, a, b, bank)
    _roles(world, a, b)


def _attest(world: FiatWorld, bank: str) -> None:
    """Who may state the reserves, and when: the first statement comes at the end."""
    now, plenty = world.chain.timestamp, 2**112 - 1
    one, two = (world.vote(name, plenty, now) for name in ("auditor", "examiner"))
    mallory = world.vote("mallory", plenty, now)
    postman, auditor = world.address("postman"), world.address("auditor")
    world.attest(plenty, now, [one], postman)
    world.attest(plenty, now, [one, one], postman)
    world.attest(plenty, now, [one, mallory], postman)
    world.attest(plenty, now, [one], auditor)
    now = world.chain.timestamp
    one, two = (world.vote(name, plenty, now) for name in ("auditor", "examiner"))
    for wrong in ({"chain_id": 1}, {"token": bank}):
        world.attest(plenty, now, [one, world.vote("examiner", plenty, now, **wrong)], postman)
    world.attest(plenty - 1, now, [one, two], postman)
    world.attest(plenty, now - 1, [one, two], postman)
    low_first = sorted((one, two), key=lambda vote: vote.signer.lower())
    world.attest(plenty, now, low_first[::-1], postman, sort=False)
    for at in (now + 1_000, now - MONTH - 10):
        votes = [world.vote(name, plenty, at) for name in ("auditor", "examiner")]
        world.attest(plenty, at, votes, postman)
    votes = [world.vote(name, 2**112, now) for name in ("auditor", "examiner")]
    world.attest(2**112, now, votes, postman)
    world.attest(plenty, now, [one, two], postman)
    world.attest(plenty, now, [one, two], postman)
    world.attest(5, now - 5, [world.vote(n, 5, now - 5) for n in ("auditor", "examiner")], postman)
    now = world.chain.timestamp
    world.attest(plenty, now, [world.vote("examiner", plenty, now)], auditor)


def _issue(world: FiatWorld, treasurer: str, bank: str, a: str, b: str) -> None:
    world.do("mint", bank, a, 1)
    world.do("configure_minter", treasurer, bank, 3 * MILLION, NO_LIMIT)
    world.do("mint", bank, a, MILLION)
    world.do("mint", bank, bank, MILLION)
    world.do("mint", bank, a, MILLION + 1)
    world.do("mint", bank, b, MILLION)
    world.do("mint", bank, a, 0)
    world.do("burn", bank, 1_000)
    world.do("burn", bank, 2 * MILLION)
    world.do("burn", a, 1_000)
    world.do("configure_minter", treasurer, bank, 2**104, NO_LIMIT)
    world.do("configure_minter", treasurer, bank, 1, NO_LIMIT + 1)
    world.do("configure_minter", treasurer, bank, 2**104 - 1, NO_LIMIT)
    world.do("configure_minter", treasurer, a, MILLION, NO_LIMIT)
    world.do("remove_minter", treasurer, a)
    world.do("mint", a, a, 1)


def _move(world: FiatWorld, a: str, b: str, c: str) -> None:
    world.do("transfer", a, b, 500)
    world.do("transfer", a, a, 500)
    world.do("transfer", c, a, 1)
    world.do("approve", a, b, 700)
    world.do("transfer_from", b, a, c, 300)
    world.do("transfer_from", b, a, c, 401)
    world.do("transfer_from", c, a, c, 1)
    world.do("increase_allowance", a, c, 400)
    world.do("decrease_allowance", a, c, 401)
    world.do("decrease_allowance", a, c, 100)
    world.do("increase_allowance", a, c, EVERYTHING)
    world.do("approve", a, c, EVERYTHING)
    world.do("transfer_from", c, a, b, 300)
    world.do("transfer_from", c, a, a, 300)
    world.do("transfer", a, b, 2**200)


def _freeze(world: FiatWorld, officer: str, a: str, b: str, bank: str) -> None:
    """`b` frozen, on every path; then `a`, who has given `b` an allowance; then the minter."""
    world.do("freeze", officer, b)
    world.do("transfer", b, a, 1)
    world.do("transfer", a, b, 1)
    world.do("transfer", b, b, 1)
    world.do("transfer_from", b, a, a, 1)
    world.do("transfer_from", a, b, a, 0)
    world.do("approve", b, a, 1)
    world.do("approve", a, b, 1)
    world.do("increase_allowance", b, a, 1)
    world.do("decrease_allowance", a, b, 1)
    world.do("mint", bank, b, 1)
    world.do("request_redemption", b, 1)
    world.permit(world.sign("bob", PermitMessage(b, a, 5, 0, FAR)), a)
    world.permit(world.sign("alice", PermitMessage(a, b, 5, 0, FAR)), a)
    for owner, to, receive in (("bob", a, False), ("alice", b, False), ("alice", b, True)):
        order = Authorization(world.address(owner), to, 1, 0, FAR, b"f" * 32, receive)
        world.order(world.sign_order(owner, order), b if receive else a)
    world.do("unfreeze", officer, b)
    world.do("transfer", b, a, 1)
    world.do("freeze", officer, bank)
    world.do("mint", bank, a, 1)
    world.do("burn", bank, 1)
    world.do("unfreeze", officer, bank)


def _never(world: FiatWorld, officer: str, a: str, zero: str, dollar: str) -> None:
    for nowhere in (zero, dollar):
        world.do("transfer", a, nowhere, 1)
        world.do("approve", a, nowhere, 1)
        world.do("mint", world.address("bank"), nowhere, 1)
        world.do("unfreeze", officer, nowhere)


def _pause(world: FiatWorld, warden: str, treasurer: str, a: str, b: str, bank: str) -> None:
    world.do("approve", a, b, 900)
    world.do("pause", warden)
    world.do("transfer", a, b, 1)
    world.do("transfer_from", b, a, b, 1)
    world.do("approve", a, b, 1)
    world.do("increase_allowance", a, b, 1)
    world.do("decrease_allowance", a, b, 1)
    world.do("mint", bank, a, 1)
    world.do("burn", bank, 1)
    world.do("request_redemption", a, 1)
    world.do("configure_minter", treasurer, bank, 1, NO_LIMIT)
    world.permit(world.sign("alice", PermitMessage(a, b, 5, 0, FAR)), b)
    world.order(world.sign_order("alice", Authorization(a, b, 1, 0, FAR, b"p" * 32)), b)
    world.order(world.sign_order("alice", Cancellation(a, b"p" * 32)), b)
    world.do("rescue", world.address("owner"), world.address("zero"), b, 1)
    world.do("transfer", a, b, 1)
    world.do("unpause", warden)
    world.do("transfer", a, b, 1)
    world.force_ether(5)
    world.do("transfer", a, b, 1)
    world.do("rescue", world.address("owner"), world.address("zero"), b, 5)


def _sign(world: FiatWorld, a: str, b: str, c: str) -> None:
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


def _authorize(world: FiatWorld, a: str, b: str, c: str) -> None:
    order = Authorization(a, b, 50, 0, FAR, b"1" * 32)
    world.order(world.sign_order("bob", order), c)
    world.order(world.sign_order("alice", order, chain_id=1), c)
    world.order(world.sign_order("alice", order, token=b), c)
    for field, value in {
        "owner": c, "to": c, "value": 51, "valid_after": 1, "valid_before": FAR + 1,
        "nonce": b"2" * 32, "receive": True,
    }.items():  # fmt: skip
        other = replace(order, **{field: value})
        world.order(world.sign_order("alice", order, submit=other), b)
    world.order(world.sign_order("alice", order, high_s=True), c)
    now = world.chain.timestamp
    world.order(world.sign_order("alice", replace(order, valid_after=now + 1)), c)
    world.order(world.sign_order("alice", replace(order, valid_before=now + 1)), c)
    used = world.sign_order("alice", order)
    world.order(used, c)
    world.order(used, c)
    world.order(world.sign_order("alice", Cancellation(a, order.nonce)), c)

    mine = replace(order, nonce=b"3" * 32, receive=True)
    world.order(world.sign_order("alice", mine), c)
    world.order(world.sign_order("alice", mine, submit=replace(mine, receive=False)), c)
    world.order(world.sign_order("alice", mine), b)

    off = Cancellation(a, b"4" * 32)
    world.order(world.sign_order("bob", off), c)
    world.order(world.sign_order("alice", off, submit=replace(off, nonce=b"5" * 32)), c)
    world.order(world.sign_order("alice", off), c)
    world.order(world.sign_order("alice", off), c)
    world.order(world.sign_order("alice", replace(order, nonce=off.nonce)), c)
    world.order(world.sign_order("alice", replace(order, to=a, nonce=b"6" * 32)), c)


def _limit(world: FiatWorld, treasurer: str, bank: str, a: str) -> None:
    """A day's limit, used up, fading, changed, and used up again."""
    world.do("configure_minter", treasurer, bank, MILLION, 1_000_000)
    world.do("mint", bank, a, 1_000_001)
    world.do("mint", bank, a, 999_999)
    world.do("mint", bank, a, 500)
    world.chain.advance(DAY // 2)
    world.do("mint", bank, a, 500_100)
    world.do("mint", bank, a, 499_900)
    world.do("mint", bank, a, 1_000)
    world.do("configure_minter", treasurer, bank, MILLION, 1_000_000)
    world.do("mint", bank, a, 600_000)
    world.do("configure_minter", treasurer, bank, MILLION, 10)
    world.do("mint", bank, a, 1)
    world.chain.advance(2 * DAY)
    world.do("mint", bank, a, 10)
    world.do("configure_minter", treasurer, bank, MILLION, NO_LIMIT)


def _reserves(world: FiatWorld, treasurer: str, bank: str, a: str) -> None:
    """Minting to the last unit of the reserves, not beyond, and not on a stale statement."""
    supply = world.usd.dollar.total_supply()
    world.state_reserves(supply + 100)
    world.do("mint", bank, a, 101)
    world.do("mint", bank, a, 60)
    world.do("request_redemption", a, 40)
    world.do("mint", bank, a, 41)
    world.do("mint", bank, a, 40)
    world.do("mint", bank, a, 1)
    world.do("settle_redemption", bank, 1)
    world.do("mint", bank, a, 1)
    world.state_reserves(supply - 50)
    world.do("mint", bank, a, 1)
    world.state_reserves(supply + 500)
    world.chain.advance(MONTH - 10)
    world.do("mint", bank, a, 10)
    world.chain.advance(60)
    world.do("mint", bank, a, 10)
    owner = world.address("owner")
    world.do("configure_attesters", bank, ascending(world.chain, ["mallory"]), 1)
    world.do("configure_attesters", owner, ascending(world.chain, ["mallory"]), 0)
    world.do("configure_attesters", owner, ascending(world.chain, ["mallory"]), 2)
    pair = ascending(world.chain, ["auditor", "comptroller"])
    world.do("configure_attesters", owner, pair[::-1], 1)
    world.do("configure_attesters", owner, [pair[0], pair[0]], 1)
    world.do("configure_attesters", owner, [world.address("zero")], 1)
    world.do("configure_attesters", owner, pair, 1)
    world.do("mint", bank, a, 1)
    now = world.chain.timestamp
    world.attest(MILLION, now, [world.vote("examiner", MILLION, now)], world.address("postman"))
    world.state_reserves(100 * MILLION, by=["comptroller"])
    world.do("mint", bank, a, 1)


def _redeem(
    world: FiatWorld, officer: str, warden: str, treasurer: str, a: str, b: str, bank: str
) -> None:
    """Three in line; the middle one first; one refused while its holder is frozen, and later."""
    world.do("request_redemption", a, 0)
    world.do("request_redemption", a, 2**120)
    for holder, amount in ((a, 300), (b, 200), (a, 100), (b, 50)):
        world.do("request_redemption", holder, amount)
    world.do("settle_redemption", a, 3)
    world.do("refuse_redemption", a, 3)
    world.do("settle_redemption", bank, 3)
    world.do("settle_redemption", bank, 3)
    world.do("refuse_redemption", bank, 3)
    world.do("settle_redemption", bank, 9)
    world.do("freeze", officer, a)
    world.do("refuse_redemption", bank, 4)
    world.do("unfreeze", officer, a)
    world.do("freeze", officer, bank)
    world.do("settle_redemption", bank, 4)
    world.do("refuse_redemption", bank, 4)
    world.do("unfreeze", officer, bank)
    world.do("pause", warden)
    world.do("refuse_redemption", bank, 4)
    world.do("settle_redemption", bank, 5)
    world.do("unpause", warden)
    world.do("refuse_redemption", bank, 4)
    world.do("refuse_redemption", bank, 4)
    world.do("settle_redemption", bank, 2)
    world.do("request_redemption", a, 70)


def _strangers(world: FiatWorld, a: str, b: str, bank: str) -> None:
    """Nobody holds a role that was not given."""
    world.do("configure_minter", b, b, 5, NO_LIMIT)
    world.do("remove_minter", b, bank)
    world.do("freeze", b, a)
    world.do("unfreeze", b, a)
    world.do("pause", b)
    world.do("unpause", b)
    world.do("configure_attesters", b, [b], 1)
    world.do("rescue", b, world.address("zero"), b, 0)


def _roles(world: FiatWorld, a: str, b: str) -> None:
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
