"""Keys, key files and unlocked accounts; nonces and fees; and keys that must not be used."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account as EthAccount

from chain.fake_node import Refusal, ScriptedTransport
from defi_kit import reverts
from defi_kit.bindings import ChainProbe
from defi_kit.chain import Chain
from defi_kit.chain.anvil import AnvilChain
from defi_kit.chain.base import named_key
from defi_kit.chain.keys import JUNK_ADDRESSES, Signer, open_account
from defi_kit.errors import (
    ChainTimeout,
    InsufficientFunds,
    KeystoreError,
    NonceError,
    OutOfGas,
    RefusedKey,
    UnknownAccount,
    UnknownRevert,
)

ETHER = 10**18
KEY = "0x" + "5eed" * 16
"""A key of nobody."""
OWNER = EthAccount.from_key(KEY).address
JUNK = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
"""Anvil's and Hardhat's first account."""
PASSWORD = "correct horse"
NOBODY = "0x000000000000000000000000000000000000dEaD"


@pytest.fixture(scope="module")
def backstage() -> Iterator[AnvilChain]:
    """An Anvil of chain 5, which is no development chain to those who connect to it."""
    options = ("--mnemonic-seed-unsafe", "7")  # unlocked accounts that nobody knows
    with Chain.anvil(chain_id=5, arguments=options) as chain:
        chain.set_balance(OWNER, 100 * ETHER)
        yield chain


@pytest.fixture
def public(backstage: AnvilChain) -> Iterator[Chain]:
    """The same chain as seen from outside, by somebody with a key."""
    with Chain.connect(backstage.url, KEY, timeout=10) as chain:
        yield chain


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    # Few rounds, for speed; the format is the usual one.
    path.write_text(json.dumps(EthAccount.encrypt(KEY, PASSWORD, kdf="pbkdf2", iterations=2)))
    return path


# --- ways to give a key ---------------------------------------------------------------------------


def test_a_key_may_come_in_any_usual_form(keystore: Path) -> None:
    forms: list[Any] = [KEY, KEY[2:], KEY.upper().replace("X", "x"), bytes.fromhex(KEY[2:])]
    for form in [*forms, EthAccount.from_key(KEY)]:
        signer = open_account(form, None)
        assert isinstance(signer, Signer)
        assert signer.address == OWNER
    for form in (keystore, str(keystore)):
        signer = open_account(form, PASSWORD)
        assert isinstance(signer, Signer)
        assert signer.address == OWNER
    assert open_account(OWNER, None) == OWNER == open_account(OWNER.lower(), None)
    assert open_account(None, None) is None


def test_a_wrong_password_is_called_that(keystore: Path) -> None:
    with pytest.raises(KeystoreError, match="wrong password"):
        open_account(keystore, "battery staple")
    with pytest.raises(KeystoreError, match="is locked") as caught:
        open_account(keystore, None)
    assert caught.value.hint is not None
    assert "password" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no key file"),
        ("", "not JSON"),
        ("not json", "not JSON"),
        ("[]", "no 'crypto'"),
        ('{"address": "ab"}', "no 'crypto'"),
        ('{"version": 3, "crypto": {}}', "damaged"),
        ('{"version": 9, "crypto": {}}', "damaged"),
    ],
)
def test_a_file_that_is_no_key_file_is_refused(
    tmp_path: Path, content: str | None, message: str
) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(KeystoreError, match=message):
        open_account(path, PASSWORD)


@pytest.mark.parametrize(
    "text", [KEY[:-1], KEY + "0", KEY[2:-1], "0x" + "zz" * 32, "0x" + "0" * 64, "0x" + "f" * 64]
)
def test_a_mistyped_key_is_refused_and_not_a_digit_of_it_shown(text: str) -> None:
    with pytest.raises(KeystoreError) as caught:
        open_account(text, None)
    shown = "".join(traceback.format_exception(caught.value, limit=0)) + str(caught.value)
    assert text not in shown
    assert text[2:30] not in shown


def test_keys_are_shown_by_nobody(public: Chain) -> None:
    signer = open_account(KEY, None)
    for thing in (signer, public, public.default_sender, vars(public)):
        assert KEY[2:20] not in repr(thing)


def test_something_else_is_no_account() -> None:
    with pytest.raises(UnknownAccount, match="cannot send with a int"):
        open_account(5, None)


# --- keys everybody knows -------------------------------------------------------------------------


@pytest.mark.chain
@pytest.mark.parametrize(
    "account",
    [
        JUNK,
        "0xdf57089febbacf7ba0bc227dafbffa9fc08a93fdc68e1e42411a14efcf23656e",  # the twentieth
        "0x" + named_key("alice").hex(),
        "0x" + named_key("deployer").hex(),
        "0x" + "1".rjust(64, "0"),
        sorted(JUNK_ADDRESSES)[0],
    ],
)
def test_development_keys_are_refused_off_local_chains(backstage: AnvilChain, account: str) -> None:
    with pytest.raises(RefusedKey, match="development account"):
        Chain.connect(backstage.url, account)


def test_development_keys_are_refused_from_key_files_and_unlocked_accounts(
    tmp_path: Path,
) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(EthAccount.encrypt(JUNK, PASSWORD, kdf="pbkdf2", iterations=2)))
    with pytest.raises(RefusedKey):
        Chain.connect(ScriptedTransport(), path, password=PASSWORD)
    junk = EthAccount.from_key(JUNK).address
    chain = Chain.connect(ScriptedTransport({"eth_accounts": [junk]}))
    with pytest.raises(RefusedKey):
        chain.transact(NOBODY, sender=junk)


@pytest.mark.chain
def test_development_keys_are_fine_on_local_chains(
    anvil_node: AnvilChain, backstage: AnvilChain
) -> None:
    with Chain.connect(anvil_node.url, JUNK) as chain, chain.snapshot():
        assert chain.is_local
        assert chain.transact(NOBODY, value=1).sender == EthAccount.from_key(JUNK).address
    Chain.connect(backstage.url, JUNK, local=True).close()


def test_a_chain_id_alone_makes_no_local_chain() -> None:
    for id_ in ("0x7a69", "0x539"):
        with pytest.raises(RefusedKey):
            Chain.connect(ScriptedTransport({"eth_chainId": id_}), JUNK)


# --- who may send ---------------------------------------------------------------------------------


@pytest.mark.chain
def test_reading_needs_no_account_and_sending_does(backstage: AnvilChain) -> None:
    with Chain.connect(backstage.url) as chain:
        assert chain.call(NOBODY, b"") == b""
        with pytest.raises(UnknownAccount, match="no account to send with"):
            chain.transact(NOBODY)
        with pytest.raises(UnknownAccount, match="no key for"):
            chain.transact(NOBODY, sender=OWNER)


@pytest.mark.chain
def test_names_are_for_local_chains(public: Chain) -> None:
    with pytest.raises(UnknownAccount, match="only local chains have names"):
        public.account("alice")


@pytest.mark.chain
def test_an_address_must_be_unlocked(backstage: AnvilChain) -> None:
    with pytest.raises(UnknownAccount, match="has not unlocked"):
        Chain.connect(backstage.url, OWNER)
    unlocked = backstage.rpc.request("eth_accounts")[0]
    with Chain.connect(backstage.url, unlocked) as chain:
        probe = ChainProbe.deploy(chain, 5)
        assert probe.store(6).sender.lower() == unlocked
        assert [receipt.to for receipt in chain.batch([probe.build("store", 7)] * 3)] == (
            [probe.address] * 3
        )
        with pytest.raises(reverts.OddNumber):
            probe.store_half(3)


# --- signing --------------------------------------------------------------------------------------


@pytest.mark.chain
def test_a_signed_transaction_has_eip_1559_fees_and_exact_gas(
    backstage: AnvilChain, public: Chain
) -> None:
    assert not public.is_local
    backstage.rpc.request("hardhat_setNextBlockBaseFeePerGas", hex(10**9))
    probe = ChainProbe.deploy(public, 5, value=7)
    receipt = probe.store(6, value=1)
    assert (receipt.sender, receipt.gas_exact) == (OWNER, True)
    raw = public.rpc.request("eth_getTransactionByHash", receipt.hash)
    assert (raw["type"], int(raw["chainId"], 16)) == ("0x2", 5)
    assert int(raw["maxFeePerGas"], 16) > int(raw["maxPriorityFeePerGas"], 16) > 0
    assert int(raw["gasPrice"], 16) > int(raw["maxPriorityFeePerGas"], 16)  # what was paid
    assert receipt.gas_used <= int(raw["gas"], 16) <= 2 * receipt.gas_used
    assert public.balance(OWNER) < 100 * ETHER - 8


@pytest.mark.chain
def test_a_refusal_is_decoded_before_anything_is_sent(public: Chain) -> None:
    probe = ChainProbe.deploy(public, 5)
    nonce, block = public.nonce(OWNER), public.block_number
    for gas in (None, 200_000):
        with pytest.raises(reverts.NumberTooLarge):
            public.transact(probe, probe.build("store", 10**31).data, gas=gas)
    with pytest.raises(OutOfGas):
        public.transact(probe, probe.build("store", 1).data, gas=22_000)
    assert (public.nonce(OWNER), public.block_number) == (nonce, block)
    assert public.transact(probe, probe.build("store", 1).data, gas=200_000).gas_used < 200_000


@pytest.mark.chain
def test_nonces_follow_another_sender_of_the_same_key(backstage: AnvilChain, public: Chain) -> None:
    with Chain.connect(backstage.url, KEY) as twin:
        for chain in (public, twin, twin, public, twin):
            assert chain.transact(NOBODY, value=1).sender == OWNER


@pytest.mark.chain
def test_a_batch_is_sent_without_waiting_in_between(backstage: AnvilChain, public: Chain) -> None:
    probe = ChainProbe.deploy(public, 5)
    backstage.rpc.request("evm_setAutomine", False)
    backstage.rpc.request("evm_setIntervalMining", 1)
    try:
        receipts = public.batch([probe.build("store", number) for number in range(30)])
    finally:
        backstage.rpc.request("evm_setIntervalMining", 0)
        backstage.rpc.request("evm_setAutomine", True)
    assert len(receipts) == 30
    assert len({receipt.block_number for receipt in receipts}) <= 3
    assert probe.number() == 29


@pytest.mark.chain
def test_a_batch_may_need_what_it_does_itself_and_stops_at_a_failure(public: Chain) -> None:
    """`pay` fails until the transfer before it has been mined."""
    probe = ChainProbe.deploy(public, 5)
    receipts = public.batch([probe.build("store", 1, value=50), probe.build("pay", NOBODY, 50)])
    assert len(receipts) == 2
    with pytest.raises(reverts.OddNumber) as caught:
        public.batch([probe.build("store", 8), probe.build("store_half", 3)])
    assert caught.value.__notes__ == ["transaction 2 of 2 in the batch"]
    assert probe.number() == 8  # what was sent before it stands


@pytest.mark.chain
def test_too_little_ether_is_said_with_numbers(backstage: AnvilChain) -> None:
    poor = EthAccount.create()
    backstage.set_balance(poor.address, 1_000)
    with Chain.connect(backstage.url, poor) as chain:
        with pytest.raises(InsufficientFunds, match=r"holds 1000 wei.*sends 999 wei"):
            chain.transact(NOBODY, value=999)
        with pytest.raises(InsufficientFunds, match=r"holds 1000 wei.*sends 2000 wei"):
            chain.transact(NOBODY, value=2_000)


@pytest.mark.chain
def test_a_transaction_that_is_never_mined_is_given_up(backstage: AnvilChain) -> None:
    backstage.rpc.request("evm_setAutomine", False)
    try:
        with Chain.connect(backstage.url, KEY, wait=0.3) as chain:
            with pytest.raises(ChainTimeout, match=r"sent but not mined within 0\.3 s"):
                chain.transact(NOBODY)
            backstage.rpc.request("evm_mine")
            backstage.rpc.request("evm_setAutomine", True)
            chain.transact(NOBODY)
    finally:
        backstage.rpc.request("evm_setAutomine", True)


@pytest.mark.chain
def test_a_key_works_on_a_development_node_beside_its_named_accounts(
    anvil_node: AnvilChain,
) -> None:
    with Chain.connect(anvil_node.url, KEY) as chain, chain.snapshot():
        chain.set_balance(OWNER, ETHER)
        probe = ChainProbe.deploy(chain, 5)
        start = chain.timestamp
        for step, sender in enumerate([None, chain.account("alice"), None], 1):
            receipt = probe.store(step, sender=sender)
            assert receipt.timestamp == start + step
        assert receipt.sender == OWNER
        receipts = chain.batch(
            [probe.build("store", 1), probe.build("store", 2, sender=chain.account("bob"))]
        )
        assert [receipt.sender == OWNER for receipt in receipts] == [True, False]
        assert receipts[0].block_number == receipts[1].block_number
        assert probe.store(3).sender == OWNER


# --- a node that is difficult ---------------------------------------------------------------------

RECEIPT = {
    "transactionHash": "0x" + "aa" * 32,
    "blockNumber": "0x11",
    "from": OWNER.lower(),
    "to": NOBODY,
    "gasUsed": "0x5208",
    "status": "0x1",
    "logs": [],
    "contractAddress": None,
}


def scripted(**answers: Any) -> tuple[Chain, ScriptedTransport]:
    defaults = {"eth_sendRawTransaction": "0x" + "aa" * 32, "eth_getTransactionReceipt": RECEIPT}
    transport = ScriptedTransport({**defaults, **answers})
    return Chain.connect(transport, KEY, wait=1.0), transport


def signed_fields(transport: ScriptedTransport) -> list[dict[str, Any]]:
    from eth_account.typed_transactions import TypedTransaction
    from hexbytes import HexBytes

    raws = [p[0] for method, p in transport.seen if method == "eth_sendRawTransaction"]
    return [TypedTransaction.from_bytes(HexBytes(raw)).as_dict() for raw in raws]


def test_one_exchange_prepares_a_transaction() -> None:
    chain, transport = scripted()
    before = transport.exchanges
    chain.transact(NOBODY, value=1)
    assert transport.exchanges - before == 3  # prepare, send, receipt
    (fields,) = signed_fields(transport)
    assert (fields["chainId"], fields["nonce"], fields["value"]) == (5, 0, 1)
    assert fields["gas"] == 0x5208 * 5 // 4
    assert fields["maxPriorityFeePerGas"] == 2 * 10**9
    assert fields["maxFeePerGas"] == 4 * 10**9


def test_nonces_are_counted_here_while_the_node_lags_behind() -> None:
    chain, transport = scripted()
    for _ in range(3):
        chain.transact(NOBODY)
    assert [fields["nonce"] for fields in signed_fields(transport)] == [0, 1, 2]


def test_a_nonce_that_was_used_is_replaced_by_the_nodes() -> None:
    counts = iter(["0x0", "0x7"])
    refusals = iter([Refusal("nonce too low: next nonce 7, tx nonce 0"), None])

    def send(raw: str) -> str:
        if refusal := next(refusals):
            raise refusal
        return "0x" + "aa" * 32

    chain, transport = scripted(
        eth_getTransactionCount=lambda *_: next(counts), eth_sendRawTransaction=send
    )
    chain.transact(NOBODY)
    assert [fields["nonce"] for fields in signed_fields(transport)] == [0, 7]


def test_a_nonce_that_is_always_wrong_is_reported() -> None:
    chain, transport = scripted(eth_sendRawTransaction=Refusal("nonce too low"))
    with pytest.raises(NonceError, match="nonce too low"):
        chain.transact(NOBODY)
    assert transport.methods().count("eth_sendRawTransaction") == 3


def test_a_transaction_the_node_already_has_is_waited_for() -> None:
    chain, _ = scripted(eth_sendRawTransaction=Refusal("already known"))
    assert chain.transact(NOBODY).block_number == 17


def test_chains_without_eip_1559_get_a_gas_price() -> None:
    block = {"number": "0x10", "timestamp": "0x1", "gasLimit": "0x1c9c380"}
    chain, transport = scripted(eth_getBlockByNumber=block)
    chain.transact(NOBODY)
    (raw,) = [p[0] for method, p in transport.seen if method == "eth_sendRawTransaction"]
    assert int(raw[2:4], 16) >= 0xC0  # a plain RLP list: no transaction type
    assert EthAccount.recover_transaction(raw) == OWNER


def test_a_node_without_a_suggested_tip_gets_one_gwei() -> None:
    chain, transport = scripted(eth_maxPriorityFeePerGas=Refusal("no such method", -32601))
    chain.transact(NOBODY)
    assert signed_fields(transport)[0]["maxPriorityFeePerGas"] == 10**9


def test_a_transaction_that_fails_when_mined_is_run_again_to_say_why() -> None:
    data = reverts.ProbeLocked.SELECTOR.hex()
    blocks: list[str] = []

    def call(fields: Any, block: str) -> str:
        blocks.append(block)
        raise Refusal("execution reverted", 3, "0x" + data)

    chain, _ = scripted(eth_getTransactionReceipt={**RECEIPT, "status": "0x0"}, eth_call=call)
    with pytest.raises(reverts.ProbeLocked) as caught:
        chain.transact(NOBODY)
    assert blocks == ["0x10"]  # the state before its block
    assert caught.value.receipt.gas_used == 21_000


def test_a_failure_that_does_not_repeat_is_said_to_be_one() -> None:
    chain, _ = scripted(eth_getTransactionReceipt={**RECEIPT, "status": "0x0"})
    with pytest.raises(UnknownRevert, match="does not fail when run again"):
        chain.transact(NOBODY)


def test_a_local_chain_without_tricks_funds_named_accounts_from_its_unlocked_ones() -> None:
    """As Ape's own test chain: no impersonation, but rich unlocked accounts."""
    rich = "0x" + "11" * 20
    balances = {rich: hex(10**24)}
    sent: list[dict[str, Any]] = []

    def send(fields: dict[str, Any]) -> str:
        sent.append(fields)
        return "0x" + "aa" * 32

    transport = ScriptedTransport(
        {
            "eth_accounts": [rich],
            "eth_getBalance": lambda who, _: balances.get(who.lower(), "0x0"),
            "eth_sendTransaction": send,
            "eth_sendRawTransaction": "0x" + "aa" * 32,
            "eth_getTransactionReceipt": RECEIPT,
        }
    )
    chain = Chain.connect(transport, local=True)
    alice = chain.account("alice")
    assert [(fields["to"], int(fields["value"], 16)) for fields in sent] == [
        (alice.address, 10_000 * ETHER)
    ]
    assert chain.account("alice") == alice
    assert len(sent) == 1
    chain.transact(NOBODY, sender=alice)
    raw = next(p[0] for method, p in transport.seen if method == "eth_sendRawTransaction")
    assert EthAccount.recover_transaction(raw) == alice.address
