"""`defi-kit keeper`: once, until Ctrl-C, after a crash, and what it refuses."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

import defi_kit
from defi_kit.bindings import LiquidationKeeper
from defi_kit.bindings.liquidation_keeper import Kept
from defi_kit.chain import Chain
from defi_kit.chain.base import key_address, named_key
from defi_kit.kit import Kit

JOURNAL = "deployments/31337.keeper.jsonl"


@pytest.fixture(scope="module")
def town():
    """An economy on Anvil in which alice and bob have borrowed nearly all they may."""
    with Chain.anvil() as chain:
        kit = defi_kit.deploy(chain)
        for who in kit.actors("alice", "bob"):
            kit.lending.supply_collateral(kit.weth(10), sender=who)
            kit.lending.borrow(kit.usd(14_900), sender=who)
        kit.actor("bot")
        yield kit


@pytest.fixture
def kit(town, cli, monkeypatch):
    """It, as `deploy` would have left it in this folder; BOT holds bot's key."""
    monkeypatch.setenv("BOT", "0x" + named_key("bot").hex())
    town.deployment.save(cli.folder / "deployments" / "31337.json")
    with town.chain.snapshot():
        yield town


def arguments(kit: Kit, *more: str) -> tuple[str, ...]:
    return ("keeper", "--chain", kit.chain.url, "--account", "env:BOT", *more)


def test_once_it_liquidates_what_pays_and_pays_the_account(cli, kit):
    bot = kit.chain.account("bot")
    before = kit.usd.balance(bot)
    idle = cli.json(*arguments(kit, "--once"))
    assert (idle["liquidations"], idle["profit"], idle["borrowers"]) == ([], "0", 2)
    kit.feeds.weth.set_price("1_500")
    told = cli.json(*arguments(kit, "--once"))
    assert (told["chain_id"], told["owner"]) == (31337, bot.address)
    assert {one["account"] for one in told["liquidations"]} == {
        kit.chain.account(name).address for name in ("alice", "bob")
    }
    assert all(one["collateral"] == "WETH" for one in told["liquidations"])
    assert kit.usd.balance(bot) - before == kit.usd(told["profit"])
    assert kit.usd(told["profit"]) == kit.usd(0) + sum(
        (kit.usd(one["profit"]) for one in told["liquidations"]), kit.usd(0)
    )
    assert kit.lending.liquidatable() == []


def test_the_contract_is_deployed_once_and_remembered(cli, kit):
    height = kit.chain.block_number
    first = cli.json(*arguments(kit, "--once"))
    assert kit.chain.block_number == height + 1
    assert first["journal"] == JOURNAL
    assert LiquidationKeeper(kit.chain, first["keeper"]).owner() == first["owner"]
    assert cli.json(*arguments(kit, "--once"))["keeper"] == first["keeper"]
    assert kit.chain.block_number == height + 1
    head, scanned, *_ = map(json.loads, (cli.folder / JOURNAL).read_text().splitlines())
    assert head["keeper"] == first["keeper"]
    assert scanned["scanned"] == kit.deployment.contracts["lending"].block
    other = cli.json(*arguments(kit, "--once", "--journal", "other.jsonl"))
    assert other["keeper"] != first["keeper"]


def test_it_tells_people_what_it_does(cli, kit):
    kit.feeds.weth.set_price("1_500")
    told = cli(*arguments(kit, "--once"))
    assert told.exit_code == 0
    assert "journal deployments/31337.keeper.jsonl" in told.stdout
    assert f"{kit.chain.account('alice').address}  repaid " in told.stdout
    assert "2 liquidations, " in told.stdout


def test_what_earns_too_little_is_left(cli, kit):
    kit.feeds.weth.set_price("1_500")
    told = cli.json(*arguments(kit, "--once", "--min-profit", "1000000"))
    assert told["liquidations"] == []
    assert len(kit.lending.liquidatable()) == 2


def test_until_ctrl_c_it_takes_what_comes(spawn, cli, kit, tmp_path):
    process = spawn(*arguments(kit, "--interval", "0.1", "--json"))
    for line in process.stderr:
        if line.startswith("journal "):
            break
    kit.feeds.weth.set_price("1_500")
    seen = [process.stderr.readline() for _ in range(2)]
    assert all("earned" in line for line in seen)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert errors.strip() == "interrupted"
    told = json.loads(out)
    assert len(told["liquidations"]) == 2
    again = cli.json(*arguments(kit, "--once"))  # the journal was let go, and holds nothing open
    assert (again["keeper"], again["liquidations"]) == (told["keeper"], [])


def test_what_a_crash_left_open_is_settled_and_told(cli, kit):
    kit.feeds.weth.set_price("1_500")
    told = cli.json(*arguments(kit, "--once"))
    file = cli.folder / JOURNAL
    lines = file.read_text().splitlines()
    last = max(number for number, line in enumerate(lines) if "sends" in json.loads(line))
    file.write_text("\n".join(lines[: last + 1]) + "\n")
    again = cli.json(*arguments(kit, "--once"))
    assert again["liquidations"] == told["liquidations"][-1:]
    made = LiquidationKeeper(kit.chain, told["keeper"]).events(Kept)
    assert len(list(made)) == 2


def test_a_deployment_that_was_broken_off_is_not_repeated(cli, kit, monkeypatch):
    """It was sent, and the process died before it saw the receipt."""
    deploy = LiquidationKeeper.deploy

    def died(*arguments: object, **named: object) -> None:
        deploy(*arguments, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(LiquidationKeeper, "deploy", died)
        assert cli(*arguments(kit, "--once")).exit_code == 130
    height = kit.chain.block_number
    told = cli.json(*arguments(kit, "--once"))
    assert kit.chain.block_number == height
    assert LiquidationKeeper(kit.chain, told["keeper"]).pool() == kit.lending.address


def test_a_journal_of_another_account_is_refused(cli, kit, monkeypatch):
    cli.json(*arguments(kit, "--once"))
    monkeypatch.setenv("BOT", "0x" + named_key("alice").hex())
    refused = cli(*arguments(kit, "--once"))
    assert refused.exit_code == 1
    assert f"belongs to {kit.chain.account('bot').address}, not to" in refused.stderr
    assert "hint: send with its owner's account" in refused.stderr


def test_a_journal_of_a_chain_that_was_restarted_is_refused(cli, kit):
    cli.json(*arguments(kit, "--once"))
    file = cli.folder / JOURNAL
    head, *rest = file.read_text().splitlines()
    file.write_text("\n".join([json.dumps(json.loads(head) | {"genesis": "0x00"}), *rest]) + "\n")
    refused = cli(*arguments(kit, "--once"))
    assert refused.exit_code == 1
    assert "a chain 31337 that began with another block" in refused.stderr


def test_a_journal_in_use_is_refused(spawn, cli, kit):
    process = spawn(*arguments(kit, "--interval", "5"))
    process.stdout.readline()
    refused = cli(*arguments(kit, "--once"))
    assert refused.exit_code == 1
    assert "a keeper is running with it" in refused.stderr
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--slippage", "101%"), "a slippage of 101%"),
        (("--slippage", "much"), "much"),
        (("--min-profit", "-1"), "-1"),
        (("--min-profit", "0.0000001"), "0.0000001"),
        (("--deployment", "nowhere.json"), "there is no deployment file nowhere.json"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(cli, kit, more, said):
    height = kit.chain.block_number
    refused = cli(*arguments(kit, "--once", *more))
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert refused.stderr.startswith("error: ")
    assert kit.chain.block_number == height
    assert not (cli.folder / JOURNAL).exists()


def test_an_account_that_cannot_pay_leaves_no_journal(cli, kit, monkeypatch):
    monkeypatch.setenv("BOT", "0x" + "5c" * 32)
    refused = cli(*arguments(kit, "--once"))
    assert refused.exit_code == 1
    assert refused.stderr.startswith("error: ")
    assert not (cli.folder / JOURNAL).exists()


def test_off_local_chains_it_asks_and_wants_an_account_of_ones_own(cli, monkeypatch):
    key = "0x" + "5d" * 32
    owner = key_address(bytes.fromhex(key[2:]))
    with Chain.anvil(chain_id=5) as public:
        run = ("keeper", "--chain", public.url, "--once")
        monkeypatch.setenv("OWNER", "0x" + named_key("keeper").hex())
        refused = cli(*run, "--account", "env:OWNER")
        assert refused.exit_code == 1
        assert "31337 and 1337 count as local" in refused.stderr
        assert list(cli.folder.iterdir()) == []

        public.rpc.request("anvil_setBalance", owner, hex(10**19))
        monkeypatch.setenv("OWNER", key)
        mine = ("--account", "env:OWNER")
        assert cli("deploy", "--chain", public.url, "--yes", *mine).exit_code == 0
        assert "--account takes a keystore file" in cli(*run).stderr
        run = (*run, *mine)
        height = public.block_number
        unwilling = cli(*run, stdin="n\n")
        assert unwilling.exit_code == 1
        assert f"{owner} pays for its contract on chain 5" in unwilling.stderr
        assert unwilling.stderr.endswith("error: nothing was sent\n")
        assert public.block_number == height
        assert cli.json(*run, "--yes")["owner"] == owner
        assert cli(*run).exit_code == 0  # the contract is there: nothing to ask
        assert public.block_number == height + 1


@pytest.mark.parametrize("where", ["embedded", "anvil"])
def test_a_fresh_chain_has_nothing_to_keep(cli, where):
    result = cli("keeper", "--chain", where)
    assert result.exit_code == 1
    assert "nothing is deployed" in result.stderr
    assert list(Path().iterdir()) == []
