"""What a plain node is asked, and how much at once."""

from __future__ import annotations

from typing import Any

import pytest

from chain.fake_node import Refusal, ScriptedTransport
from defi_kit.bindings.chain_probe import NumberStored
from defi_kit.chain import Chain
from defi_kit.errors import BadResponse, ChainTimeout, InputError, NodeError, NotSupported

ADDRESS = "0x" + "11" * 20
LATEST = 100_000


def raw_log(block: int, **changes: Any) -> dict[str, Any]:
    return {
        "address": ADDRESS,
        "topics": ["0x" + NumberStored.TOPIC.hex()],
        "data": "0x",
        "blockNumber": hex(block),
        "transactionHash": "0x" + "aa" * 32,
        "logIndex": "0x0",
        "blockTimestamp": hex(1_000_000 + block),
        **changes,
    }


class LogNode(ScriptedTransport):
    """A node with a log in every thousandth block, that objects to more than `limit` blocks."""

    def __init__(self, limit: int, objection: Exception, **changes: Any) -> None:
        super().__init__({"eth_getLogs": self.get, "eth_blockNumber": hex(LATEST)})
        self.answers["eth_getBlockByNumber"] = lambda number, _: {
            "timestamp": hex(1_000_000 + int(number, 16))
        }
        self.limit, self.objection, self.changes = limit, objection, changes
        self.ranges: list[tuple[int, int]] = []

    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        if last - first + 1 > self.limit:
            raise self.objection
        self.ranges.append((first, last))
        return [
            raw_log(block, **self.changes) for block in range(first, last + 1) if not block % 1000
        ]


@pytest.mark.parametrize("limit", [1_000_000, 10_000, 3_000, 777, 100])
def test_large_ranges_are_asked_in_windows_that_shrink(limit: int) -> None:
    node = LogNode(limit, Refusal("query returned more than 10000 results", -32005))
    chain = Chain.connect(node)
    found = list(chain.logs(from_block=50_001))
    assert [log.block_number for log in found] == list(range(51_000, 100_001, 1_000))
    assert [log.timestamp - log.block_number for log in found] == [1_000_000] * 50
    # Every block exactly once, in order.
    assert node.ranges[0][0] == 50_001
    assert node.ranges[-1][1] == LATEST
    assert all(
        before[1] + 1 == after[0]
        for before, after in zip(node.ranges, node.ranges[1:], strict=False)
    )


def test_a_node_too_slow_for_the_range_is_asked_for_less() -> None:
    node = LogNode(2_500, ChainTimeout("too slow"))
    assert len(list(Chain.connect(node).logs(from_block=90_000))) == 11


def test_an_objection_to_a_single_block_is_reported() -> None:
    node = LogNode(0, Refusal("archive node required", -32000))
    with pytest.raises(NodeError, match="archive node required"):
        list(Chain.connect(node).logs(from_block=99_990))


def test_logs_are_asked_no_further_than_the_chain_goes() -> None:
    node = LogNode(10**6, Refusal("never"))
    chain = Chain.connect(node)
    assert list(chain.logs(from_block=LATEST + 1)) == []
    assert len(list(chain.logs(from_block=LATEST, to_block=10**9))) == 1
    assert node.ranges == [(LATEST, LATEST)]


def test_timestamps_are_asked_for_where_the_node_leaves_them_out() -> None:
    node = LogNode(10**6, Refusal("never"), blockTimestamp=None)
    found = list(Chain.connect(node).logs(from_block=97_000))
    assert [log.timestamp for log in found] == [1_097_000, 1_098_000, 1_099_000, 1_100_000]
    assert node.methods().count("eth_getBlockByNumber") == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "0x12"},
        {"topics": None},
        {"topics": ["0xzz"]},
        {"data": None},
        {"blockNumber": None},
        {"logIndex": "first"},
        {"blockTimestamp": "yesterday"},
    ],
)
def test_a_log_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    node = LogNode(10**6, Refusal("never"), **changes)
    with pytest.raises(BadResponse):
        list(Chain.connect(node).logs(from_block=99_000))


def test_logs_that_are_no_list_are_refused() -> None:
    chain = Chain.connect(ScriptedTransport({"eth_getLogs": "none"}))
    with pytest.raises(BadResponse, match="no list of logs"):
        list(chain.logs())


def test_what_only_development_nodes_can_do_is_refused_elsewhere() -> None:
    chain = Chain.connect(ScriptedTransport())
    for attempt in (
        lambda: chain.advance(days=1),
        lambda: chain.mine(),
        lambda: chain.set_balance(ADDRESS, 1),
        lambda: chain.impersonate(ADDRESS),
        lambda: chain.snapshot().__enter__(),
    ):
        with pytest.raises(NotSupported, match="chain 5 at the scripted node cannot"):
            attempt()


def test_a_block_the_node_does_not_have_is_refused() -> None:
    chain = Chain.connect(ScriptedTransport({"eth_getBlockByNumber": None}))
    with pytest.raises(InputError, match="no block 99"):
        chain.block_timestamp(99)
    with pytest.raises(BadResponse):
        chain.timestamp  # noqa: B018  # asking is the point


def test_the_node_is_named_in_the_chains_repr() -> None:
    assert repr(Chain.connect(ScriptedTransport())) == "<node chain 5 at the scripted node>"
    assert repr(Chain.embedded()) == "<embedded chain 31337>"
