"""`defi-kit up`, `deploy` and `status`: what lives on a node."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import defi_kit
from defi_kit.chain import Chain
from defi_kit.chain.base import key_address, named_key
from defi_kit.cli.deploy import _Cost
from defi_kit.errors import InsufficientFunds, KeystoreError, WrongDeployment
from defi_kit.tokens import FaucetToken

CONTRACTS = {"usd", "weth", "wbtc", "weth_feed", "weth_oracle", "exchange", "lending"}


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(true, seconds: float = 120) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def anvils(port: int) -> list[int]:
    """The processes that serve a port as Anvil."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            words = file.read_bytes().split(b"\0")
            if words[0].endswith(b"anvil") and str(port).encode() in words:
                found.append(int(file.parent.name))
    return found


@pytest.fixture(scope="module")
def anvil():
    with Chain.anvil() as chain:
        yield chain


@pytest.fixture
def node(anvil):
    with anvil.snapshot():
        yield anvil


# --- up -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_up_serves_the_economy_until_a_signal_and_leaves_nothing(
    spawn, tmp_path, free_port, number, code
):
    process = spawn("up", "--port", free_port, "--json", "--deployment", "up.json")
    told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
    assert told["url"] == f"http://127.0.0.1:{free_port}"
    assert told["contracts"].keys() >= CONTRACTS
    assert os.path.isdir(told["abis"])
    alice = next(one for one in told["accounts"] if one["name"] == "alice")
    assert alice["private_key"] == "0x" + named_key("alice").hex()

    with Chain.connect(told["url"], account=alice["private_key"]) as chain:
        kit = defi_kit.attach(chain, tmp_path / "up.json")
        assert kit.usd.balance(alice["address"]).raw > 0
        kit.lending.supply_collateral(kit.weth("10"))
        kit.lending.borrow(kit.usd("1000"))
        assert kit.lending.account(alice["address"]).health_factor > 1

    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == code
    assert wait_until(lambda: not listening(free_port))
    assert anvils(free_port) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the process in Linux's /proc")
def test_up_ends_with_an_error_when_its_chain_dies(spawn, tmp_path, free_port):
    process = spawn("up", "--port", free_port, "--json", "--deployment", "up.json")
    "".join(iter(process.stdout.readline, "}\n"))
    pids = anvils(free_port)
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert errors.startswith("error: ")
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_up_refuses_a_port_in_use(cli):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = cli("up", "--port", port)
    assert result.exit_code == 1
    assert f"port {port}" in result.stderr
    assert list(cli.folder.iterdir()) == []


# --- deploy ---------------------------------------------------------------------------------------


def test_deploy_asks_before_it_spends_and_takes_no_for_an_answer(cli, node):
    height = node.block_number
    result = cli("deploy", "--chain", node.url, stdin="n\n")
    assert result.exit_code == 1
    assert result.stderr.endswith("error: nothing was sent\n")
    assert "gas       about" in result.stderr
    assert "cost      about" in result.stderr
    assert "Go ahead?" in result.stderr
    assert node.block_number == height
    assert list(cli.folder.iterdir()) == []


def test_deploy_does_not_take_silence_for_an_answer(spawn, node, tmp_path):
    process = spawn("deploy", "--chain", node.url)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "nobody is there to answer" in errors
    assert "--yes" in errors
    assert list(tmp_path.iterdir()) == []


def test_deploy_writes_a_deployment_that_status_and_attach_read(cli, node):
    result = cli("deploy", "--chain", node.url, stdin="y\n")
    assert result.exit_code == 0
    assert "deployed on chain 31337" in result.stdout
    file = cli.folder / "deployments" / "31337.json"
    kit = defi_kit.attach(node, file)
    (alice,) = kit.actors("alice")
    kit.lending.supply_collateral(kit.weth("10"), sender=alice)
    kit.lending.borrow(kit.usd("14_000"), sender=alice)
    strange = FaucetToken.deploy(node, "Strange", "ODD", 18)
    kit.exchange.create_pool(strange, kit.usd)

    told = cli.json("status", "--chain", node.url)
    assert told["contracts"].keys() >= CONTRACTS
    assert told["prices"]["WETH"] == "2000"
    assert told["borrowers"] == 1
    assert told["riskiest"][0]["address"] == alice.address
    assert told["riskiest"][0]["health"].startswith("1.142857")
    pools = [set(pool["tokens"]) for pool in told["pools"]]
    assert all(pair in pools for pair in ({"WETH", "USD"}, {"ALGO", "USD"}, {"ODD", "USD"}))
    assert told["dollars"]["peg_stock"] == {"USDX": "1000000", "USD": "1000000"}
    assert told["dollars"]["algo"]["cover"].startswith("10.8")

    shown = cli("status", "--chain", node.url)
    assert shown.exit_code == 0
    for part in ("Pools of the exchange", "utilisation", alice.address, "1.1429", "ALGO out"):
        assert part in shown.stdout


def test_deploying_again_changes_nothing(cli, node):
    first = cli.json("deploy", "--chain", node.url, "--yes")
    height = node.block_number
    assert first["sent"] is True
    assert cli.json("deploy", "--chain", node.url, "--yes") == first | {"sent": False}
    told = cli("deploy", "--chain", node.url)  # it need not ask
    assert told.exit_code == 0
    assert "already deployed, nothing sent" in told.stdout
    assert node.block_number == height
    assert cli("deploy", "--chain", node.url, "--yes").exit_code == 0
    node.rpc.request("anvil_setCode", first["contracts"]["exchange"]["address"], "0x")
    gone = cli("deploy", "--chain", node.url, "--yes")
    assert gone.exit_code == 1
    assert "there is no contract exchange" in gone.stderr


def test_deploy_refuses_a_payer_that_cannot_pay_all_of_it_and_writes_nothing(
    cli, node, monkeypatch
):
    poor = "0x" + "5a" * 32
    monkeypatch.setenv("PAYER", poor)
    arguments = ("deploy", "--chain", node.url, "--yes", "--account", "env:PAYER")
    refused = cli(*arguments)
    payer = key_address(bytes.fromhex(poor[2:]))
    assert refused.exit_code == 1
    assert f"ether, {payer} holds 0\n" in refused.stderr
    assert re.search(r"the deployment costs about 0\.\d+ ether", refused.stderr)
    assert list(cli.folder.iterdir()) == []
    node.set_balance(payer, 10**18)
    assert cli.json(*arguments)["deployer"] == payer


def test_a_resumed_deployment_is_only_warned_of_its_cost(cli, node):
    cost = _Cost(node, "0xpayer", balance=10, gas=5, price=3, stake=0)
    with pytest.raises(InsufficientFunds, match=r"0\.000000000000000015 ether, 0xpayer holds"):
        cost.check(resumed=False)
    cost.check(resumed=True)
    cost._replace(balance=15).check(resumed=False)


def test_a_first_step_that_was_refused_blocks_nobody_else(node, tmp_path):
    journal = tmp_path / "there.json"
    poor = key_address(b"\x5b" * 32)
    with Chain.connect(node.url, account="0x" + "5b" * 32) as chain:
        with pytest.raises(InsufficientFunds):
            defi_kit.deploy(chain, journal=journal)
        assert chain.nonce(poor) == 0
    kit = defi_kit.deploy(node, journal=journal)
    assert kit.deployment.deployer == node.account("deployer").address
    node.set_balance(poor, 10**18)
    with (
        Chain.connect(node.url, account="0x" + "5b" * 32) as chain,
        pytest.raises(WrongDeployment, match="another deployer"),
    ):
        defi_kit.deploy(chain, journal=journal)


def test_deploy_on_a_public_chain_says_which_option_names_the_payer(cli):
    with Chain.anvil(chain_id=5) as public:
        result = cli("deploy", "--chain", public.url, "--yes")
    assert result.exit_code == 1
    assert "--account" in result.stderr
    assert "Chain.connect" not in result.stderr
    assert list(cli.folder.iterdir()) == []


def test_deploy_takes_a_key_from_the_environment(cli, node, monkeypatch):
    monkeypatch.setenv("PAYER", "0x" + named_key("alice").hex())
    node.account("alice")
    told = cli.json("deploy", "--chain", node.url, "--yes", "--account", "env:PAYER")
    assert told["deployer"] == node.account("alice").address


def test_deploy_takes_a_keystore_and_refuses_a_wrong_password(cli, node):
    from eth_account import Account

    locked = Account.encrypt(named_key("alice"), "correct horse", kdf="pbkdf2", iterations=1_000)
    (cli.folder / "key.json").write_text(json.dumps(locked))
    (cli.folder / "right").write_text("correct horse\nnot this\n")
    (cli.folder / "wrong").write_text("battery staple\n")
    node.account("alice")
    arguments = ("deploy", "--chain", node.url, "--yes", "--account", "key.json")
    refused = cli(*arguments, "--password-file", "wrong")
    assert refused.exit_code == 1
    assert "password" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (cli.folder / "deployments").exists()
    prompted = cli(*arguments, stdin="battery staple\n")
    assert prompted.exit_code == 1
    told = cli.json(*arguments, "--password-file", "right")
    assert told["deployer"] == node.account("alice").address


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("0x" + "11" * 32, "does not belong on the command line"),
        ("env:NOT_THERE", "is not set or empty"),
        ("nowhere.json", "there is no such keystore file"),
        ("0x1234", "no private key, no address"),
    ],
)
def test_deploy_refuses_what_is_no_account(cli, node, account, said):
    result = cli("deploy", "--chain", node.url, "--yes", "--account", account)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "11" * 32 not in result.stderr
    assert list(cli.folder.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        "'0x" + "b7" * 32 + "'",
        '"' + "b7" * 32 + '"',
        "b7" * 32 + ",",
        "g" + "b7" * 31 + "b",
        "b7b7b7",
    ],
)
def test_a_key_with_a_slip_in_it_is_never_shown(cli, node, monkeypatch, content):
    monkeypatch.setenv("PAYER", content)
    arguments = ("deploy", "--chain", node.url, "--yes", "--account", "env:PAYER", "--json")
    result = cli(*arguments)
    assert result.exit_code == 1
    assert "'PAYER' holds no private key" in result.stderr
    assert "b7b7" not in result.stderr + result.stdout
    with pytest.raises(KeystoreError) as refused:
        Chain.connect(node.url, account=content)
    assert "b7b7b7b7" not in str(refused.value)


def test_up_leaves_a_file_alone_that_it_did_not_write(cli, free_port):
    file = cli.folder / "deployments" / f"31337-{free_port}.json"
    file.parent.mkdir()
    file.write_text("mine")
    told = cli.json("up", "--port", free_port, code=1)
    assert "exists already" in told["message"]
    assert file.read_text() == "mine"


def test_status_finds_the_file_of_the_port(spawn, cli, free_port):
    process = spawn("up", "--port", free_port, "--json")
    "".join(iter(process.stdout.readline, "}\n"))
    assert cli.json("status", "--chain", f"http://127.0.0.1:{free_port}")["chain_id"] == 31337
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=120)
    assert wait_until(lambda: not listening(free_port))
    assert list((cli.folder / "deployments").iterdir()) == []


def test_deploy_refuses_a_node_of_another_chain(cli, node):
    result = cli("deploy", "--chain", node.url, "--yes", "--chain-id", 1)
    assert result.exit_code == 1
    assert "chain 31337, not chain 1" in result.stderr
    assert list(cli.folder.iterdir()) == []


def test_deploy_refuses_development_keys_off_local_chains(cli, monkeypatch):
    """An Anvil that says it is chain 5 is no chain of ours to hand out keys on."""
    with Chain.anvil(chain_id=5) as public:
        monkeypatch.setenv("PAYER", "0x" + named_key("alice").hex())
        result = cli("deploy", "--chain", public.url, "--yes", "--account", "env:PAYER")
    assert result.exit_code == 1
    assert "error: " in result.stderr
    assert "development" in result.stderr
    assert "31337 and 1337 count as local" in result.stderr
    assert list(cli.folder.iterdir()) == []


class _Silent(BaseHTTPRequestHandler):
    """A node that dies: it hangs up after a number of answers."""

    def do_POST(self) -> None:
        server = self.server
        server.left -= 1  # type: ignore[attr-defined]
        if server.left < 0:  # type: ignore[attr-defined]
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        import urllib.request

        body = self.rfile.read(int(self.headers["Content-Length"]))
        ask = urllib.request.Request(
            server.behind,  # type: ignore[attr-defined]
            body,
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(ask) as answer:  # a loopback address
            reply = answer.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_a_deployment_that_was_cut_short_is_finished_by_the_same_command(cli, node):
    proxy = HTTPServer(("127.0.0.1", 0), _Silent)
    proxy.behind = node.url  # type: ignore[attr-defined]
    proxy.left = 60  # type: ignore[attr-defined]
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{proxy.server_port}"
    try:
        cut = cli("deploy", "--chain", url, "--yes")
        assert cut.exit_code == 1
        assert cut.stderr.startswith("error: ")
        journal = json.loads((cli.folder / "deployments/31337.json").read_text())
        assert journal["complete"] is False
        begun = {key: one["address"] for key, one in journal["contracts"].items() if one["block"]}
        assert begun
        unfinished = cli("status", "--chain", node.url)
        assert unfinished.exit_code == 1
        assert "unfinished" in unfinished.stderr
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
    told = cli.json("deploy", "--chain", node.url, "--yes")
    finished = {key: one["address"] for key, one in told["contracts"].items()}
    assert begun.items() <= finished.items()
    assert finished.keys() >= CONTRACTS


# --- status ---------------------------------------------------------------------------------------


def test_status_without_a_deployment_says_what_to_do(cli, node):
    result = cli("status", "--chain", node.url)
    assert result.exit_code == 1
    assert "there is no deployment file deployments/31337.json" in result.stderr
    assert "defi-kit up" in result.stderr


@pytest.mark.parametrize("where", ["embedded", "anvil"])
def test_status_of_a_fresh_chain_makes_no_sense(cli, where):
    result = cli("status", "--chain", where)
    assert result.exit_code == 1
    assert "nothing is deployed" in result.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layout": 0}, "layout 0"),
        ({"chain_id": 1}, "chain 1"),
        ({"genesis": "0x" + "00" * 32}, "began with block"),
        ({"contracts": 5}, "damaged"),
    ],
)
def test_status_refuses_a_deployment_file_that_does_not_fit(cli, node, change, said):
    kit = defi_kit.deploy(node)
    file = kit.deployment.save(cli.folder / "there.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    result = cli("status", "--chain", node.url, "--deployment", "there.json")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_is_no_deployment_is_refused(cli, node):
    (cli.folder / "there.json").write_text("what?")
    result = cli("status", "--chain", node.url, "--deployment", "there.json")
    assert result.exit_code == 1
    assert "not a deployment file" in result.stderr


def test_the_rehearsed_gas_is_near_the_true_one(node, monkeypatch):
    from defi_kit.chain.node import NodeChain
    from defi_kit.cli.deploy import _rehearsed_gas

    used = []
    transact = NodeChain.transact

    def counted(self, *args, **options):
        receipt = transact(self, *args, **options)
        used.append(receipt.gas_used)
        return receipt

    monkeypatch.setattr(NodeChain, "transact", counted)
    defi_kit.deploy(node)
    assert 0.95 < _rehearsed_gas() / sum(used) < 1.25
