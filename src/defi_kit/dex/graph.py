"""All pools as a network, for pictures: plain data for any plotting library, DOT for Graphviz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..units import WAD, Ratio, Unit, format_units
from .pool import PIPS, Pool
from .routes import Pools
from .stable_swap import StableSwap

__all__ = ["network", "to_dot"]

CONSTANT: Final = "constant product"


def network(pools: Pools, units: Mapping[str, Unit]) -> dict[str, list[dict[str, Any]]]:
    """Tokens as `nodes`, pools as `edges`, ready for JSON.

    A node has `id` (address), `symbol` and `decimals`; an edge `id` (the pool's, hexadecimal),
    `source` and `target` (the ids of token0 and token1), `fee` ("0.3%"), `curve` ("constant
    product", or "StableSwap" with its amplification), `reserve_source` and
    `reserve_target` (exact, in whole tokens) and `shares`. `units` has the unit of every token by
    address. Tokens come in order of appearance, pools in their own.
    """
    tokens = dict.fromkeys(token for key in pools for token in key.tokens)
    return {
        "nodes": [
            {"id": token, "symbol": units[token].symbol, "decimals": units[token].decimals}
            for token in tokens
        ],
        "edges": [
            {
                "id": f"{key.id:#066x}",
                "source": key.token0,
                "target": key.token1,
                "fee": str(Ratio(key.fee * WAD // PIPS)),
                "curve": _curve(pool),
                "reserve_source": format_units(pool.reserve0, units[key.token0].decimals),
                "reserve_target": format_units(pool.reserve1, units[key.token1].decimals),
                "shares": str(pool.supply),
            }
            for key, pool in pools.items()
        ],
    }


def to_dot(data: Mapping[str, list[dict[str, Any]]], name: str = "exchange") -> str:
    """A network as an undirected multigraph in Graphviz's DOT language.

    Nodes are named by address and labelled by symbol, edges labelled by fee and reserves; empty
    pools are dashed. Symbols are what strangers chose: they are quoted.
    """
    lines = [f"graph {_quoted(name)} {{"]
    for node in data["nodes"]:
        lines.append(f"  {_quoted(node['id'])} [label={_quoted(node['symbol'])}];")
    symbols = {node["id"]: node["symbol"] for node in data["nodes"]}
    for edge in data["edges"]:
        source, target = edge["source"], edge["target"]
        label = "\n".join(
            (
                edge["fee"] if edge["curve"] == CONSTANT else f"{edge['fee']} {edge['curve']}",
                f"{edge['reserve_source']} {symbols[source]}",
                f"{edge['reserve_target']} {symbols[target]}",
            )
        )
        style = "" if edge["shares"] != "0" else ", style=dashed"
        lines.append(f"  {_quoted(source)} -- {_quoted(target)} [label={_quoted(label)}{style}];")
    return "\n".join([*lines, "}", ""])


def _curve(pool: Pool) -> str:
    if isinstance(pool.curve, StableSwap):
        return f"StableSwap A={pool.curve.amplification}"
    return CONSTANT


def _quoted(text: str) -> str:
    r"""A string of DOT: in its labels `\` begins an escape, and `\n` is a new line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "\\n".join(escaped.splitlines()) + '"'
