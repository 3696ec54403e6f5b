"""One Anvil, everybody in turn, each from the same snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from ..chain import Chain
from ..chain.anvil import AnvilChain
from ..testing.packages import require_packages
from .algos import algo_gas
from .exchanges import OurExchange, Tokens, deploy_tokens, exchange_gas
from .fiat import fiat_gas
from .keeping import keeper_gas
from .lending import LendingTokens, OurLendingPool, lending_gas
from .meter import HARDFORK, Meter
from .peers import Peer
from .pegs import peg_gas
from .report import Measured, Report, Row, When

__all__ = ["measure"]

OURS: Final = "ours"
VERBS: Final = {
    "dex": (
        "swap_1_hop",
        "swap_1_hop_same_block",
        "swap_2_hops",
        "swap_stable",
        "add_liquidity",
        "remove_liquidity",
        "create_pool",
    ),
    "lending": (
        "supply",
        "withdraw",
        "supply_collateral",
        "withdraw_collateral",
        "borrow",
        "repay",
        "liquidate",
    ),
    "keeper": ("keeper_liquidate", "keeper_liquidate_2_pools"),
    "stablecoins": (
        "fiat_transfer",
        "fiat_mint",
        "peg_swap_in",
        "peg_swap_out",
        "algo_mint",
        "algo_redeem",
        "algo_step_ratio",
    ),
}
"""Room → its verbs, in the table's order."""

WHENS: tuple[When, ...] = ("steady", "first")

Progress = Callable[[str], None]


def measure(peers: Sequence[Peer] = (), *, progress: Progress = lambda _: None) -> Report:
    """Measures ours and these peers on an Anvil of their own.

    `progress` is told who is next. NotSupported when the peers' packages are not here,
    AnvilNotFound when Anvil is not.
    """
    if peers:
        require_packages()
    with Chain.anvil(hardfork=HARDFORK) as chain:
        tokens = deploy_tokens(chain)
        measured: dict[str, dict[str, Measured]] = {room: {} for room in VERBS}
        for room, name, live in _lives(chain, tokens, peers):
            progress(f"{room}: {name}")
            with chain.snapshot():
                measured[room][name] = live(Meter(chain))
        node = chain.client
    rows = tuple(row for room, systems in measured.items() for row in _rows(room, systems))
    return Report(HARDFORK, node, rows, {peer.name: peer.note for peer in peers})


Life = Callable[[Meter], Measured]


def _lives(
    chain: AnvilChain, tokens: Tokens, peers: Sequence[Peer]
) -> Iterator[tuple[str, str, Life]]:
    """(room, name, what it lives through) of everybody."""
    lent = LendingTokens(asset=tokens[0], collateral=tokens[1])
    yield "dex", OURS, lambda meter: exchange_gas(meter, OurExchange(chain), tokens)
    yield "lending", OURS, lambda meter: lending_gas(meter, OurLendingPool(chain, lent), lent)
    yield "keeper", OURS, lambda meter: keeper_gas(meter, chain)
    yield (
        "stablecoins",
        OURS,
        lambda meter: {
            **fiat_gas(meter, chain),
            **peg_gas(meter, chain),
            **algo_gas(meter, chain),
        },
    )
    for peer in peers:
        if (exchange := peer.exchange) is not None:
            yield (
                "dex",
                peer.name,
                lambda meter: exchange_gas(meter, exchange(chain, tokens), tokens),
            )
        if (lending := peer.lending) is not None:
            yield "lending", peer.name, lambda meter: lending_gas(meter, lending(chain, lent), lent)


def _rows(room: str, systems: Mapping[str, Measured]) -> Iterator[Row]:
    ours = systems[OURS]
    for verb in VERBS[room]:
        for when in WHENS:
            if (verb, when) in ours:
                peers = {
                    name: measured[verb, when]
                    for name, measured in systems.items()
                    if name != OURS and (verb, when) in measured
                }
                yield Row(room, verb, when, ours[verb, when], peers)
