"""How time and memory grow with accounts, pools and blocks, on the embedded chain.

from defi_kit.bench.growth import measure_growth
growth = measure_growth()
growth.factor("accounts", "transfer")       # largest size over smallest, per operation
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time
from typing import Any, Final

from .. import deploy
from ..chain import Chain
from ..errors import NotSupported
from ..tokens import FaucetToken
from .memory import resident_mb
from .stopwatch import Task, rates

__all__ = ["SIZES", "Growth", "Point", "measure_growth"]

SIZES: Final[Mapping[str, tuple[int, ...]]] = {
    "accounts": (10, 100, 1_000, 10_000),
    "pools": (10, 100, 1_000),
    "blocks": (1_000, 10_000, 100_000, 1_000_000),
}
"""What grows → how many of it."""

RECENT: Final = 100
"""Blocks whose events are read, as one who follows a chain does."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Point:
    """One operation at one size, in time of this process on a core."""

    of: str
    """What grew: accounts, pools, blocks."""
    size: int
    operation: str
    microseconds: float
    resident_mb: float
    """Memory of the process when it was measured. [MB = 1e6 bytes]"""


@dataclass(frozen=True, slots=True)
class Growth:
    """All that one run measured."""

    points: tuple[Point, ...]

    def factor(self, of: str, operation: str) -> float:
        """Time of the operation at the largest size over that at the smallest."""
        found = [p for p in self.points if (p.of, p.operation) == (of, operation)]
        return found[-1].microseconds / found[0].microseconds

    def to_json(self) -> dict[str, Any]:
        """For a machine: plain dicts, lists, numbers and texts."""
        return {"points": [asdict(point) for point in self.points]}

    def plot(self, file: Path) -> None:
        """Time over size, an operation a line, what grows a panel. Needs the `plots` extra."""
        try:
            from matplotlib.figure import Figure
        except ImportError:
            raise NotSupported(
                "the picture needs matplotlib", hint="pip install 'defi-kit[plots]'"
            ) from None
        figure = Figure(figsize=(15, 5), layout="constrained")
        kinds = list(dict.fromkeys(point.of for point in self.points))
        for axes, of in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
            for operation in dict.fromkeys(p.operation for p in self.points if p.of == of):
                line = [p for p in self.points if (p.of, p.operation) == (of, operation)]
                axes.loglog(
                    [p.size for p in line],
                    [p.microseconds for p in line],
                    marker="o",
                    label=operation,
                )
            axes.set_xlabel(of)
            axes.set_ylabel("microseconds")
            axes.legend(fontsize=8)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file)


def measure_growth(
    *,
    largest: int = 100_000,
    rounds: int = 5,
    progress: Progress = lambda _: None,
) -> Growth:
    """Measures each operation at each size up to `largest`."""
    points: list[Point] = []
    for of, stage in (("accounts", _accounts), ("pools", _pools), ("blocks", _blocks)):
        with Chain.embedded() as chain:
            for size, tasks in stage(chain, [n for n in SIZES[of] if n <= largest]):
                progress(f"{size:,} {of}")
                for name, rate in _measured(tasks, rounds):
                    points.append(Point(of, size, name, 1e6 / rate, resident_mb() or 0))
    return Growth(tuple(points))


def _measured(tasks: Mapping[str, Task], rounds: int) -> Iterable[tuple[str, float]]:
    return rates(tasks, rounds=rounds, warm_up=2, clock=process_time).items()


Stage = Iterator[tuple[int, Mapping[str, Task]]]


def _accounts(chain: Chain, sizes: list[int]) -> Stage:
    """Everybody holds the token and owes the lending pool."""
    kit = deploy(chain)
    kit.provide(kit.weth("1_000_000"), (deployer := chain.default_sender))
    people = 0
    for size in sizes:
        while people < size:
            people += 1
            who = chain.account(f"borrower {people}")
            kit.weth.transfer(who, kit.weth(1), sender=deployer)
            kit.lending.supply_collateral(kit.weth(1), sender=who)
            kit.lending.borrow(kit.usd(500), sender=who)
        last = chain.account(f"borrower {people}")
        kit.lending.borrowers()  # the first look reads the history, later ones what came since

        def undo() -> None:
            with chain.snapshot():
                pass

        yield (
            size,
            {
                "transfer": lambda: kit.usd.transfer(deployer, kit.usd.raw(1), sender=last),  # noqa: B023
                "balance": lambda: kit.usd.balance(last),  # noqa: B023
                "account in debt": lambda: kit.lending.account(last),  # noqa: B023
                "snapshot": undo,
                "page of an account's history": lambda: kit.lending.history(last, limit=10),  # noqa: B023
                "all borrowers": kit.lending.borrowers,
            },
        )


def _pools(chain: Chain, sizes: list[int]) -> Stage:
    """Every pool is of the dollar and another token."""
    kit = deploy(chain)
    kit.provide(kit.usd("10_000_000"), (deployer := chain.default_sender))
    pools = 0
    for size in sizes:
        while pools < size:
            pools += 1
            token = FaucetToken.deploy(chain, "Token", f"T{pools}")
            token.mint(deployer, token(1_000))
            kit.exchange.create_pool(token, kit.usd)
            kit.exchange.add_liquidity(token(1_000), kit.usd(1_000))
        yield (
            size,
            {
                "quote": lambda: kit.exchange.quote(kit.usd(1), token),  # noqa: B023
                "swap": lambda: kit.exchange.swap(kit.usd(1), kit.weth),
                "all pools": kit.exchange.pools,
            },
        )


def _blocks(chain: Chain, sizes: list[int]) -> Stage:
    """A transfer in every block, and one event of another contract now and then."""
    token, other = (FaucetToken.deploy(chain, name, name) for name in ("Token", "Other"))
    deployer, bob = chain.default_sender, chain.account("bob")
    token.mint(deployer, token("1_000_000_000"))
    for size in sizes:
        while chain.block_number < size:
            token.transfer(bob, 1, sender=deployer)
            if not chain.block_number % 1_000:
                other.mint(bob, 1)

        def recent() -> None:
            for _ in chain.logs(token, from_block=chain.block_number - RECENT):
                pass

        def rare() -> None:
            for _ in chain.logs(other):
                pass

        yield (
            size,
            {
                "transfer": lambda: token.transfer(bob, 1, sender=deployer),
                "balance": lambda: token.balance(bob),
                f"events of {RECENT} blocks": recent,
                "all events of a quiet contract": rare,
                "timestamp of a block": lambda: chain.block_timestamp(size // 2),  # noqa: B023
            },
        )
