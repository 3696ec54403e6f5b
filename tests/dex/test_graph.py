"""The network: plain data, complete, and a drawing that no token's name can break."""

from __future__ import annotations

import json
from itertools import combinations

import pytest

from defi_kit.dex import network, to_dot
from defi_kit.dex.pool import Pool, PoolKey
from defi_kit.units import Unit

TOKENS = [f"0x{number:040x}" for number in range(1, 4)]
UNITS = {token: Unit(f"T{index}", 6 * index, token) for index, token in enumerate(TOKENS)}


def test_every_token_is_a_node_and_every_pool_an_edge() -> None:
    keys = [PoolKey(*pair, 3_000) for pair in combinations(TOKENS, 2)] + [PoolKey(*TOKENS[:2], 500)]
    market = {key: Pool(15, 2_500_000, 10**3, key.fee) for key in keys}
    data = network(market, UNITS)
    assert json.loads(json.dumps(data)) == data
    assert [node["id"] for node in data["nodes"]] == TOKENS
    assert [node["decimals"] for node in data["nodes"]] == [0, 6, 12]
    assert [int(edge["id"], 16) for edge in data["edges"]] == [key.id for key in keys]
    assert data["edges"][-1] == {
        "id": f"{keys[-1].id:#066x}",
        "source": TOKENS[0],
        "target": TOKENS[1],
        "fee": "0.05%",
        "curve": "constant product",
        "reserve_source": "15",
        "reserve_target": "2.5",
        "shares": "1000",
    }
    dot = to_dot(data)
    assert dot.count(" -- ") == 4
    assert f'"{TOKENS[0]}" -- "{TOKENS[1]}" [label="0.05%\\n15 T0\\n2.5 T1"];' in dot


def test_nothing_is_a_network_too() -> None:
    assert network({}, {}) == {"nodes": [], "edges": []}
    assert to_dot(network({}, {})) == 'graph "exchange" {\n}\n'


@pytest.mark.parametrize(
    ("symbol", "label"),
    [('"]; evil [', '"\\"]; evil ["'), ("back\\slash", '"back\\\\slash"'), ("a\nb", '"a\\nb"')],
)
def test_a_symbol_stays_inside_its_quotes(symbol: str, label: str) -> None:
    key = PoolKey(*TOKENS[:2], 3_000)
    units = {**UNITS, TOKENS[0]: Unit(symbol, 6, TOKENS[0])}
    dot = to_dot(network({key: Pool()}, units))
    assert f'  "{TOKENS[0]}" [label={label}];\n' in dot
    assert "style=dashed" in dot
