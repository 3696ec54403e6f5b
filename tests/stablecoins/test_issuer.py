"""The issuer's day, its banks, and runs on them: on the twin, and the same on the chain."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from defi_kit import reverts
from defi_kit.chain import Account, Chain, Receipt, Sender
from defi_kit.errors import ParameterError, Reverted
from defi_kit.stablecoins import (
    Bank,
    FiatDollar,
    FractionalBank,
    HonestBank,
    Issuer,
    Payment,
    SlowBank,
    bank_run,
)
from defi_kit.testing.peg.fiat.world import AUDITORS, DAY, deploy
from defi_kit.units import WAD


@pytest.fixture
def usd(chain: Chain) -> FiatDollar:
    usd = deploy(chain)
    usd.configure_minter(chain.account("bank"), usd("100_000_000"))
    return usd


def issuer_of(usd: FiatDollar, bank: Bank) -> Issuer:
    auditors = tuple(usd.chain.account(name) for name in AUDITORS[:2])
    return Issuer(usd, bank, usd.chain.account("bank"), auditors)


# --- banks ----------------------------------------------------------------------------------------


def test_an_honest_bank_pays_what_it_holds_and_no_more() -> None:
    bank = HonestBank().deposit(100, now=0)
    assert bank.pay(101, asked_at=0, now=0) == (bank, Payment.NEVER)
    assert bank.pay(100, asked_at=0, now=0) == (HonestBank(0), Payment.PAID)


def test_a_slow_bank_pays_when_its_time_has_come() -> None:
    bank = SlowBank(delay=60).deposit(100, now=0)
    assert bank.pay(100, asked_at=7, now=66) == (bank, Payment.LATER)
    after, answer = bank.pay(100, asked_at=7, now=67)
    assert (after.cash, answer) == (0, Payment.PAID)
    assert after.pay(1, asked_at=7, now=67)[1] is Payment.NEVER


def test_a_fractional_bank_sells_what_it_lent_slowly_and_at_a_loss() -> None:
    bank = FractionalBank(kept=WAD // 10, loss=WAD // 5, pace=WAD // 9).deposit(1_000, now=0)
    assert (bank.cash, bank.lent, bank.stated) == (100, 900, 1_000)
    bank, answer = bank.pay(150, asked_at=0, now=0)
    assert answer is Payment.LATER
    bank, answer = bank.pay(150, asked_at=0, now=DAY)
    assert answer is Payment.PAID
    assert (bank.cash, bank.lent) == (0, 837)  # 63 sold for 50
    for day in range(2, 12):
        bank, answer = bank.pay(10_000, asked_at=0, now=day * DAY)
    assert (bank.cash, bank.lent, answer) == (668, 0, Payment.NEVER)  # each day rounds down


@pytest.mark.parametrize("name", ["kept", "loss", "pace"])
def test_parts_of_a_fractional_bank_are_parts(name: str) -> None:
    with pytest.raises(ParameterError):
        FractionalBank(**{name: WAD + 1})


# --- the issuer's day -----------------------------------------------------------------------------


def test_dollars_come_with_deposits_and_go_with_payments(
    usd: FiatDollar, alice: Account, bob: Account
) -> None:
    issuer = issuer_of(usd, HonestBank())
    issuer.deposit(alice, usd(1_000))
    issuer.deposit(bob, usd(500))
    assert [one.reserves for one in usd.statements()] == [10**9, 1_500 * 10**6]
    asked = issuer.redeem(alice, usd(400))
    report = issuer.report()
    assert (report.supply, report.owed, report.stated) == (usd(1_100), usd(400), usd(1_500))
    assert (report.backed, report.pending, report.mintable) == (True, 1, usd(0))
    assert issuer.process().settled == (asked.id,)
    report = issuer.report()
    assert (report.owed, report.cash, report.reserves) == (usd(0), usd(1_100), usd(1_100))
    assert (report.pending, report.oldest_age) == (0, 0)


def test_a_refused_mint_leaves_the_cash_with_the_customer(usd: FiatDollar, alice: Account) -> None:
    issuer = issuer_of(usd, HonestBank())
    usd.freeze(alice)
    with pytest.raises(reverts.AccountIsFrozen):
        issuer.deposit(alice, usd(5))
    assert issuer.bank.cash == 0
    issuer.unfreeze(alice)
    issuer.deposit(alice, usd(5))


@pytest.mark.parametrize(
    ("refusal", "stop"),
    [
        (reverts.MintLimitExceeded, lambda usd, bank: usd.configure_minter(bank, 10**12, 10**9)),
        (reverts.MintAllowanceExceeded, lambda usd, bank: usd.configure_minter(bank, 10**9)),
        (reverts.NotMinter, lambda usd, bank: usd.remove_minter(bank)),
        (reverts.AccountIsFrozen, lambda usd, bank: usd.freeze(bank)),
        (reverts.AccountIsFrozen, lambda usd, bank: usd.freeze(usd.chain.account("alice"))),
        (reverts.DollarIsPaused, lambda usd, bank: usd.pause()),
    ],
)
def test_a_refused_deposit_is_never_attested(
    usd: FiatDollar,
    alice: Account,
    bob: Account,
    refusal: type[Reverted],
    stop: Callable[[FiatDollar, Sender], Receipt],
) -> None:
    other = usd.chain.account("another bank")
    usd.configure_minter(other, usd("1_000_000"))
    issuer = issuer_of(usd, HonestBank())
    issuer.deposit(bob, usd(1_000))
    stop(usd, issuer.minter)
    with pytest.raises(refusal):
        issuer.deposit(alice, usd(60_000))
    assert (issuer.bank.cash, usd.reserves(), len(usd.statements())) == (10**9, usd(1_000), 1)
    if usd.paused:
        usd.unpause()
    usd.unfreeze(alice)
    with pytest.raises(reverts.MintBeyondReserves):
        usd.mint(alice, 1, sender=other)


def test_a_bank_that_lost_cash_takes_no_deposit_and_states_none(
    usd: FiatDollar, alice: Account
) -> None:
    issuer = issuer_of(usd, HonestBank())
    issuer.deposit(alice, usd(100))
    issuer.bank = HonestBank(cash=usd(99).raw)
    with pytest.raises(reverts.MintBeyondReserves, match="reserves=60099 USD, liabilities=100 USD"):
        issuer.deposit(alice, usd(60_000))
    assert (issuer.bank.cash, len(usd.statements())) == (usd(99).raw, 1)


def test_a_deposit_that_fails_once_attested_is_taken_back(
    usd: FiatDollar, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = issuer_of(usd, HonestBank())
    issuer.deposit(alice, usd(5))
    monkeypatch.setattr(FiatDollar, "require_mint", lambda *_, **__: None)
    usd.freeze(alice)  # only now
    with pytest.raises(reverts.AccountIsFrozen):
        issuer.deposit(alice, usd(60))
    assert [one.reserves for one in usd.statements()] == [5 * 10**6, 65 * 10**6, 5 * 10**6]


def test_a_deposit_that_cannot_be_taken_back_says_so(
    usd: FiatDollar, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = issuer_of(usd, HonestBank())
    monkeypatch.setattr(FiatDollar, "require_mint", lambda *_, **__: None)

    def fail(*_: object, **__: object) -> None:
        issuer.attesters = ()  # they went home
        raise reverts.DollarIsPaused()

    monkeypatch.setattr(FiatDollar, "mint", fail)
    with pytest.raises(reverts.DollarIsPaused) as told:
        issuer.deposit(alice, usd(60))
    assert "attest() anew" in told.value.__notes__[0]


def test_a_deposit_waits_for_the_limit_and_no_longer(
    usd: FiatDollar, alice: Account, chain: Chain
) -> None:
    issuer = issuer_of(usd, HonestBank())
    usd.configure_minter(issuer.minter, usd("100_000"), usd("50_000"))
    issuer.deposit(alice, usd("50_000"))
    chain.advance(DAY)
    issuer.deposit(alice, usd("50_000"))
    assert usd.balance(alice) == usd("100_000")


def test_require_mint_tells_and_sends_nothing(usd: FiatDollar, alice: Account) -> None:
    bank, before = usd.chain.account("bank"), usd.chain.block_number
    with pytest.raises(reverts.StatementTooOld):  # never stated
        usd.require_mint(alice, 1, sender=bank)
    with pytest.raises(reverts.NotMinter):
        usd.require_mint(alice, 1, sender=alice)
    assert usd.chain.block_number == before
    issuer_of(usd, HonestBank(1)).attest()
    usd.require_mint(alice, 1, sender=bank)
    assert usd.total_supply() == usd(0)


@pytest.mark.parametrize("bank", [HonestBank(), SlowBank(delay=0), FractionalBank()], ids=repr)
def test_the_bank_pays_nothing_that_cannot_be_recorded(
    bank: Bank, usd: FiatDollar, alice: Account
) -> None:
    issuer = issuer_of(usd, bank)
    issuer.deposit(alice, usd(1_000))
    asked = [issuer.redeem(alice, usd(20)) for _ in range(2)]
    cash = issuer.bank.cash
    usd.remove_minter(issuer.minter)
    for _ in range(2):
        with pytest.raises(reverts.NotMinter):
            issuer.process()
        assert issuer.bank.cash == cash
    usd.configure_minter(issuer.minter, usd(1))
    usd.freeze(issuer.minter)
    with pytest.raises(reverts.AccountIsFrozen):
        issuer.process()
    usd.unfreeze(issuer.minter)
    assert issuer.process().settled == tuple(one.id for one in asked)
    assert issuer.bank.cash == cash - usd(40).raw


def test_what_was_settled_before_a_failure_stays_paid(
    usd: FiatDollar, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = issuer_of(usd, HonestBank())
    issuer.deposit(alice, usd(1_000))
    for _ in range(2):
        issuer.redeem(alice, usd(400))
    settle = FiatDollar.settle_redemption

    def settle_one(self: FiatDollar, id_: int, *, sender: Sender | None = None) -> Receipt:
        done = settle(self, id_, sender=sender)
        usd.remove_minter(issuer.minter)
        return done

    monkeypatch.setattr(FiatDollar, "settle_redemption", settle_one)
    for _ in range(2):
        with pytest.raises(reverts.NotMinter):
            issuer.process()
        assert (issuer.bank.cash, usd.owed) == (usd(600).raw, usd(400))


def test_the_queue_grows_old_before_everybodys_eyes(
    usd: FiatDollar, alice: Account, bob: Account, chain: Chain
) -> None:
    issuer = issuer_of(usd, SlowBank(delay=3 * DAY))
    issuer.deposit(alice, usd(100))
    issuer.deposit(bob, usd(100))
    first = issuer.redeem(alice, usd(60))
    chain.advance(DAY)
    second = issuer.redeem(bob, usd(100))
    assert issuer.process().waiting == (first.id, second.id)
    assert issuer.report().oldest_age == pytest.approx(DAY, abs=5)
    chain.advance(2 * DAY)
    done = issuer.process()
    assert (done.settled, done.waiting) == ((first.id,), (second.id,))


def test_frozen_holders_are_passed_by_and_wait(
    usd: FiatDollar, alice: Account, bob: Account
) -> None:
    issuer = issuer_of(usd, HonestBank())
    issuer.deposit(alice, usd(100))
    issuer.deposit(bob, usd(100))
    first, second = issuer.redeem(alice, usd(60)), issuer.redeem(bob, usd(50))
    issuer.freeze(alice)
    done = issuer.process()
    assert (done.settled, done.waiting) == ((second.id,), (first.id,))
    issuer.unfreeze(alice)
    assert issuer.process().settled == (first.id,)


def test_what_a_bank_will_never_pay_is_refused_and_given_back(
    usd: FiatDollar, alice: Account
) -> None:
    issuer = issuer_of(usd, HonestBank())
    issuer.deposit(alice, usd(100))
    issuer.bank = HonestBank(cash=usd(30).raw)  # the rest is gone
    asked = issuer.redeem(alice, usd(60))
    assert issuer.process().refused == (asked.id,)
    assert (usd.balance(alice), usd.owed) == (usd(100), usd(0))
    assert not issuer.report().backed
    issuer.attest()
    with pytest.raises(reverts.MintBeyondReserves):
        usd.mint(alice, 1, sender=issuer.minter)


# --- runs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_an_honest_bank_survives_any_run(seed: int) -> None:
    run = bank_run(HonestBank(), seed=seed, rumour=WAD)
    assert (run.survived, run.min_price, run.holders_loss) == (True, WAD, 0)
    assert run.path[-1].supply == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_slow_bank_makes_a_run_longer_but_pays(seed: int) -> None:
    run = bank_run(SlowBank(), seed=seed)
    assert (run.survived, run.final_price, run.holders_loss) == (True, WAD, 0)
    assert run.min_price < WAD
    assert len(run.requests) > len(bank_run(HonestBank(), seed=seed).requests)


@pytest.mark.parametrize("seed", range(5))
def test_a_fractional_bank_dies_of_a_great_run_and_not_of_a_small_one(seed: int) -> None:
    assert bank_run(FractionalBank(), seed=seed, rumour=WAD // 50).survived
    run = bank_run(FractionalBank(), seed=seed, rumour=WAD, days=60)
    assert not run.survived
    assert run.holders_loss == pytest.approx(180_000 * 10**6, rel=10**-6)  # a fifth of what it lent
    assert run.final_price < WAD


def test_what_was_sold_at_a_loss_is_lost_before_the_bank_breaks() -> None:
    run = bank_run(FractionalBank(), seed=9001, days=14)
    last = run.path[-1]
    assert not run.survived
    assert last.oldest_age > 0  # it still sells
    assert run.holders_loss == last.supply + last.owed - last.stated > 0


def test_a_run_is_the_same_from_the_same_seed() -> None:
    assert bank_run(FractionalBank(), seed=3) == bank_run(FractionalBank(), seed=3)
    assert bank_run(FractionalBank(), seed=3) != bank_run(FractionalBank(), seed=4)


@pytest.mark.parametrize(
    "wrong", [{"holders": 0}, {"days": 0}, {"supply": 5}, {"rumour": WAD + 1}, {"patience": 0}]
)
def test_no_run_of_nobody(wrong: dict[str, int]) -> None:
    with pytest.raises(ParameterError):
        bank_run(HonestBank(), **wrong)


@pytest.mark.parametrize("bank", [HonestBank(), SlowBank(), FractionalBank()], ids=repr)
def test_the_same_run_on_the_chain_ends_the_same(bank: Bank, usd: FiatDollar, chain: Chain) -> None:
    run = bank_run(bank, holders=12, days=20, rumour=WAD // 2, seed=1)
    issuer = issuer_of(usd, bank)
    people = [chain.account(f"holder {place}") for place in range(12)]
    for who, amount in zip(people, run.holdings, strict=True):
        issuer.deposit(who, amount)
    start = chain.timestamp
    for row in run.path:
        chain.set_next_timestamp(start + row.day * DAY)
        usd.transfer(people[0], 0, sender=people[0])
        for day, place, amount in run.requests:
            if day == row.day:
                issuer.redeem(people[place], amount)
        chain.advance(60)  # the bank opens
        issuer.process()
        issuer.attest()
        seen = issuer.report()
        close = 10**8  # the fractional bank sells by the second
        assert seen.supply.raw == row.supply
        assert seen.owed.raw == row.owed
        assert seen.stated.raw == pytest.approx(row.stated, abs=close)
