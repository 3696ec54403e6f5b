"""Deploying the economy: once, again, after a failure, and onto the wrong chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import defi_kit
from defi_kit import Chain, Deployment, Economy, Kit
from defi_kit.errors import ConnectionFailed, DeploymentError, ParameterError, WrongDeployment

pytestmark = pytest.mark.chain


@pytest.fixture
def empty() -> Iterator[Chain]:
    with Chain.embedded() as chain:
        yield chain


def cut_off(monkeypatch: pytest.MonkeyPatch, chain: Chain, after: int) -> None:
    """The chain dies after so many transactions."""
    send, sent = chain.transact, iter(range(after))

    def transact(*args: object, **options: object) -> object:
        if next(sent, None) is None:
            raise ConnectionFailed("the node is gone")
        return send(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(chain, "transact", transact)


def test_the_economy_is_priced_and_seeded_as_its_numbers_say(empty: Chain) -> None:
    kit = defi_kit.deploy(empty)

    assert [token.decimals for token in kit.tokens] == [6, 18, 8, 18, 18, 18]
    assert str(kit.oracles.weth.price().normalize()) == "2E+3"
    assert len(kit.exchange.pools()) == 6
    assert kit.lending.market().total_assets == kit.usd("10_000_000")
    pool = kit.exchange.pool(kit.weth, kit.usd)
    assert {pool.reserve0, pool.reserve1} == {
        kit.weth("5_000").raw,
        kit.usd("10_000_000").raw,
    }


def test_the_order_of_liquidations_moves_no_bonus_in_the_standard_economy(empty: Chain) -> None:
    """The condition across collaterals of contracts/lending/README.md."""
    listed = defi_kit.deploy(empty).lending.parameters.collaterals
    most = max((10_000 + one.max_bonus) * one.liquidation_ltv for one in listed)
    assert most <= min(one.full_bonus_health for one in listed) * 10_000


def test_seeding_leaves_no_allowance_behind(empty: Chain) -> None:
    kit = defi_kit.deploy(empty)
    owner = kit.deployment.deployer
    for token in kit.tokens:
        for spender in (kit.exchange, kit.lending, kit.peg, kit.algo):
            assert token.allowance(owner, spender).raw == 0


def test_where_nobody_moves_the_clock_the_algorithmic_dollar_waits_for_its_window(
    empty: Chain,
) -> None:
    empty.is_local = False
    kit = defi_kit.deploy(empty)
    owner = kit.deployment.deployer

    assert kit.algo.dollar.total_supply().raw == 0
    with pytest.raises(defi_kit.reverts.TooYoung):
        kit.algo.mint(kit.algo.dollar("100"))
    empty.advance(kit.economy.algo.window)
    kit.provide(kit.algo.dollar("100"), owner)

    assert kit.algo.dollar.balance(owner) == kit.algo.dollar("100")
    assert kit.algo.contract.parameters().dollar_oracle == kit.oracles.algo.address


def test_everyone_is_given_what_the_three_dollars_need(empty: Chain) -> None:
    kit = defi_kit.deploy(empty)
    alice = kit.actor("alice")

    assert kit.algo.mint(kit.algo.dollar("1_000"), sender=alice).collateral == kit.usd("901.8")
    assert kit.peg.swap(kit.usdx("100"), sender=alice).bought == kit.usd("99.95")
    kit.provide(kit.algo.dollar("5"), alice)
    assert kit.algo.dollar.balance(alice) == kit.algo.dollar("1_005")


def test_an_attached_kit_has_the_same_addresses_and_actors(empty: Chain, tmp_path: Path) -> None:
    kit = defi_kit.deploy(empty)
    alice = kit.actor("alice")
    before = kit.usd.balance(alice)
    again = defi_kit.attach(empty, kit.deployment.save(tmp_path / "31337.json"))

    assert again.deployment == kit.deployment
    assert again.economy == kit.economy
    assert again.actor("alice") == alice
    assert again.usd.balance(alice) == before


@pytest.fixture(scope="module")
def whole() -> Iterator[Kit]:
    with Chain.embedded() as chain:
        yield defi_kit.deploy(chain)


def seeds(kit: Kit) -> dict[str, object]:
    """What a deployment has made and paid in."""
    return {
        "supplies": [str(token.total_supply()) for token in kit.tokens],
        "lent": kit.lending.market().total_assets.raw,
        "pools": sorted(pool.supply for pool in kit.exchange.state().pools.values()),
        "stock": [str(kit.peg.funded(token)) for token in (kit.usd, kit.usdx)],
        "cover": str(kit.algo.cover),
    }


@pytest.mark.parametrize("after", [0, 1, 4, 9, 17, 19, 20, 21, 31, 60, 80])
def test_an_interrupted_deployment_goes_on_and_deploys_nothing_twice(
    empty: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Kit, after: int
) -> None:
    journal = tmp_path / "31337.json"
    with monkeypatch.context() as broken:
        cut_off(broken, empty, after)
        with pytest.raises(ConnectionFailed):
            defi_kit.deploy(empty, journal=journal)
    known = Deployment.load(journal)
    assert not known.complete

    kit = defi_kit.deploy(empty, journal=journal)

    assert kit.deployment.complete
    assert kit.deployment == Deployment.load(journal)
    for key, one in known.contracts.items():
        if one.block is not None:
            assert kit.deployment.contracts[key] == one
    assert seeds(kit) == seeds(whole)


def test_a_controller_whose_oracles_cannot_come_any_more_is_made_again(
    empty: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Kit
) -> None:
    journal = tmp_path / "31337.json"
    with monkeypatch.context() as broken:
        cut_off(broken, empty, list(whole.deployment.contracts).index("algo") + 2)
        with pytest.raises(ConnectionFailed):
            defi_kit.deploy(empty, journal=journal)
    orphan = Deployment.load(journal).address("algo")
    empty.transact(empty.account("alice"), sender=empty.default_sender)

    kit = defi_kit.deploy(empty, journal=journal)

    assert kit.algo.address != orphan
    assert seeds(kit)["cover"] == seeds(whole)["cover"]
    terms = kit.algo.contract.parameters()
    assert (kit.oracles.share.address, kit.oracles.algo.address) == (
        terms.share_oracle,
        terms.dollar_oracle,
    )


def test_a_deployer_that_others_use_at_the_same_time_is_told(
    empty: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = empty.transact

    def meddled(*args: object, **options: object) -> object:
        send(empty.account("alice"), sender=empty.default_sender)
        return send(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(empty, "transact", meddled)
    with pytest.raises(DeploymentError, match="others send from"):
        defi_kit.deploy(empty)


def test_a_creation_mined_after_we_died_is_found_again(
    empty: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "31337.json"
    send = empty.transact

    def answer_lost(*args: object, **options: object) -> object:
        send(*args, **options)  # type: ignore[arg-type]
        raise ConnectionFailed("the answer is lost")

    with monkeypatch.context() as broken:
        broken.setattr(empty, "transact", answer_lost)
        with pytest.raises(ConnectionFailed):
            defi_kit.deploy(empty, journal=journal)
    planned = Deployment.load(journal).contracts["usd"]
    assert planned.block is None

    kit = defi_kit.deploy(empty, journal=journal)

    assert kit.usd.address == planned.address


def test_a_finished_deployment_is_left_alone(empty: Chain, tmp_path: Path) -> None:
    journal = tmp_path / "31337.json"
    first = defi_kit.deploy(empty, journal=journal)
    block = empty.block_number

    assert defi_kit.deploy(empty, journal=journal).deployment == first.deployment
    assert empty.block_number == block


def test_another_economy_does_not_go_on_with_a_journal(empty: Chain, tmp_path: Path) -> None:
    journal = tmp_path / "31337.json"
    defi_kit.deploy(empty, journal=journal)
    with pytest.raises(WrongDeployment, match="another economy"):
        defi_kit.deploy(empty, replace(Economy(), cash="5"), journal=journal)


def test_a_deployment_of_another_chain_is_refused(empty: Chain, tmp_path: Path) -> None:
    file = defi_kit.deploy(empty).deployment.save(tmp_path / "file.json")
    with Chain.embedded(chain_id=1337) as other, pytest.raises(WrongDeployment, match="1337"):
        defi_kit.attach(other, file)


def test_a_restarted_chain_is_told_from_the_old_one(empty: Chain) -> None:
    known = replace(defi_kit.deploy(empty).deployment, genesis="0x" + "12" * 32)
    with pytest.raises(WrongDeployment, match="restarted"):
        defi_kit.attach(empty, known)


def test_a_chain_without_the_contracts_is_refused(empty: Chain) -> None:
    known = defi_kit.deploy(empty).deployment
    with Chain.embedded() as other, pytest.raises(DeploymentError, match="no contract usd at"):
        defi_kit.attach(other, known)


def test_an_address_that_holds_another_contract_is_refused(empty: Chain, tmp_path: Path) -> None:
    known = defi_kit.deploy(empty, journal=tmp_path / "file.json").deployment
    wrong = known.with_contract("lending", replace(known.contracts["usd"], contract="LendingPool"))
    with pytest.raises(DeploymentError, match=r"lending at .* is no LendingPool"):
        defi_kit.attach(empty, wrong)
    wrong.save(tmp_path / "file.json")
    with pytest.raises(DeploymentError, match="is no LendingPool"):
        defi_kit.deploy(empty, journal=tmp_path / "file.json")


def test_a_finished_journal_of_a_chain_that_forgot_is_refused(empty: Chain, tmp_path: Path) -> None:
    journal = tmp_path / "file.json"
    defi_kit.deploy(empty, journal=journal)
    with Chain.embedded() as other, pytest.raises(DeploymentError, match="no contract usd at"):
        defi_kit.deploy(other, journal=journal)


def test_an_unfinished_deployment_is_not_attached(empty: Chain) -> None:
    known = replace(defi_kit.deploy(empty).deployment, complete=False)
    with pytest.raises(DeploymentError, match="unfinished"):
        defi_kit.attach(empty, known)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("", DeploymentError, "not JSON"),
        ("{", DeploymentError, "not JSON"),
        ("[" * 100_000, DeploymentError, "not JSON"),
        ('{"layout": 2, "chain_id": ' + "9" * 6_000 + "}", DeploymentError, "not JSON"),
        ("[]", WrongDeployment, "layout None"),
        ('{"layout": 1}', WrongDeployment, "layout 1"),
        ('{"layout": 2}', DeploymentError, "no 'chain_id'"),
        ('{"layout": 2, "chain_id": "x"}', DeploymentError, "'chain_id' is 'x'"),
    ],
)
def test_a_damaged_or_older_file_is_refused(
    tmp_path: Path, text: str, error: type[DeploymentError], says: str
) -> None:
    file = tmp_path / "file.json"
    file.write_text(text)
    with pytest.raises(error, match=says):
        Deployment.load(file)
    assert file.read_text() == text


def test_an_absent_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"none\.json.*\n.*deploy first"):
        Deployment.load(tmp_path / "none.json")


def test_a_file_round_trips_and_carries_abis(empty: Chain, tmp_path: Path) -> None:
    known = defi_kit.deploy(empty).deployment
    file = known.save(tmp_path / "deep" / "file.json")

    assert Deployment.load(file) == known
    assert any(
        item.get("name") == "liquidate"
        for item in json.loads(file.read_text())["contracts"]["lending"]["abi"]
    )
    assert [entry.name for entry in file.parent.iterdir()] == ["file.json"]


def test_an_economy_of_unknown_parameters_is_refused() -> None:
    with pytest.raises(ParameterError, match="colour"):
        Economy.from_dict({**Economy().to_dict(), "colour": "green"})
    assert Economy.from_dict(Economy().to_dict()) == Economy()


def test_no_verb_leaves_an_allowance_behind(empty: Chain) -> None:
    kit = defi_kit.deploy(empty)
    alice, keeper = kit.actors("alice", "keeper")

    def left() -> list[int]:
        return [
            token.allowance(who, spender).raw
            for token in kit.tokens
            for who in (alice, keeper)
            for spender in (kit.lending, kit.exchange, kit.peg, kit.algo)
        ]

    kit.lending.supply_collateral(kit.weth("10"), sender=alice)
    kit.lending.borrow(kit.usd("14_000"), sender=alice)
    empty.advance(days=30)
    kit.feeds.weth.set_price("1_500")
    kit.lending.liquidate(alice, kit.weth, sender=keeper)
    kit.lending.repay(sender=alice)
    with pytest.raises(defi_kit.reverts.NoDebt):
        kit.lending.repay(kit.usd("5"), sender=alice)
    kit.exchange.swap(kit.weth("1"), kit.usd, sender=alice)
    kit.peg.swap(kit.usd("10"), sender=alice)
    kit.algo.mint(kit.algo.dollar("10"), sender=alice)
    assert not any(left())


def test_an_allowance_given_before_is_kept(empty: Chain) -> None:
    kit = defi_kit.deploy(empty)
    alice = kit.actor("alice")
    kit.usd.approve(kit.lending, kit.usd("100"), sender=alice)
    kit.lending.supply(kit.usd("40"), sender=alice)
    assert kit.usd.allowance(alice, kit.lending) == kit.usd("60")
