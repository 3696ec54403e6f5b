"""How fast the kit is, beside others, in one run on one machine.

    from defi_kit.bench.speed import measure_speed
    report = measure_speed()
    report.ratios["embedded_tx_vs_web3_anvil"]

Only ratios mean anything elsewhere: every figure depends on the machine, and on what else it does.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from statistics import median
from typing import Any, Final

from .. import artifacts, deploy
from ..chain import Chain
from ..chain.anvil import AnvilChain
from ..errors import AnvilNotFound, NotSupported
from .installed import base_megabytes
from .machine import rules_per_second
from .rivals import RIVALS, rival_rate
from .scene import Scene
from .stopwatch import Task, rates, seconds

__all__ = ["SPEED_GOALS", "SpeedReport", "live", "measure_speed"]

SPEED_GOALS: Final[Mapping[str, tuple[str, float]]] = {
    "embedded_tx_vs_web3_anvil": (">=", 50),
    "embedded_tx_vs_raw_pyrevm": (">=", 0.25),
    "anvil_views_vs_web3": (">=", 8),
    "machine_rules_embedded_vs_anvil": (">=", 20),
    "twin_swaps_vs_curvesim": (">=", 1),
    "machine_rules_per_s": (">=", 300),
    "cold_deploy_s": ("<=", 1),
    "import_s": ("<=", 0.3),
    "base_install_mb": ("<=", 100),
}
"""Figure → how it is to compare with what."""

COLD: Final = 5
"""Fresh interpreters that are timed."""

SWEEP: Final = 8
"""Economies in a sweep."""

DEPLOY: Final = "import defi_kit; defi_kit.deploy(defi_kit.Chain.embedded())"
IMPORT: Final = (
    "from time import perf_counter as now; start = now(); import defi_kit; print(now() - start)"
)
RATIOS: Final = {
    "embedded_tx_vs_web3_anvil": ("embedded transfer", "web3 transfer"),
    "embedded_tx_vs_anvil": ("embedded transfer", "anvil transfer"),
    "embedded_swap_verb_vs_raw_pyrevm": ("embedded swap verb", "raw pyrevm swap"),
    "embedded_tx_vs_titanoboa": ("embedded transfer", "titanoboa transfer"),
    "embedded_tx_vs_eth_tester": ("embedded transfer", "eth-tester transfer"),
    "embedded_tx_vs_verbs": ("embedded transfer", "verbs transfer"),
    "anvil_tx_vs_web3": ("anvil transfer", "web3 transfer"),
    "anvil_views_vs_web3": ("anvil view", "web3 view"),
    "machine_rules_embedded_vs_anvil": ("embedded machine, few lives", "anvil machine, few lives"),
    "twin_swaps_vs_curvesim": ("twin swap", "curvesim swap"),
    "twin_recorded_swaps_vs_curvesim": ("twin swap on record", "curvesim swap"),
    "sweep_two_processes_vs_one": ("economies, 2 at a time", "economies, 1 at a time"),
    "sweep_two_dask_workers_vs_one": ("economies, 2 Dask workers", "economies, 1 Dask worker"),
}
"""Ratio → ours, theirs."""

TURNS: Final = 3
"""How often both sides of a dear comparison are measured, in turn."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """All that one run measured."""

    machine: str
    per_second: Mapping[str, float]
    """What was done → how often a second."""
    ratios: Mapping[str, float | None]
    """Ours over theirs; None where theirs, or what it takes, is not installed."""
    figures: Mapping[str, float | None]
    """Seconds, megabytes, rules a second."""
    reasons: Mapping[str, str]
    """Why a ratio or a figure is None."""
    load: float | None = None
    """Processes that wanted a core when it began, the mean of a minute; None where none is kept."""

    def missed(self) -> tuple[str, ...]:
        """Goals that were measured and missed."""
        found = {**self.ratios, **self.figures}
        return tuple(
            name
            for name, (relation, goal) in SPEED_GOALS.items()
            if (value := found.get(name)) is not None
            and not (value >= goal if relation == ">=" else value <= goal)
        )

    def to_json(self) -> dict[str, Any]:
        """For a machine: plain dicts, texts, and numbers to the four digits that mean something."""
        return {
            "machine": self.machine,
            "load": _rounded(self.load),
            "per_second": {what: _rounded(rate) for what, rate in self.per_second.items()},
            "ratios": {name: _rounded(ratio) for name, ratio in self.ratios.items()},
            **{name: _rounded(figure) for name, figure in self.figures.items()},
            "reasons": dict(self.reasons),
            "goals": {name: list(goal) for name, goal in SPEED_GOALS.items()},
            "missed": list(self.missed()),
        }


def measure_speed(
    *,
    rounds: int = 7,
    lives: int = 20,
    peers: Mapping[str, str] | None = None,
    progress: Progress = lambda _: None,
) -> SpeedReport:
    """Measures everything that can be measured here; what cannot be says why.

    rounds: of each measurement; the median counts. Of the Hypothesis machine and of what is beside
            curvesim three at most, both sides in turn.
    lives:  of a lending pool under the Hypothesis machine, on the embedded chain.
    peers:  a Python interpreter that has curvesim installed, or titanoboa, eth-tester or verbs, by
            that name; this one unless given.
    """
    run = _Run(rounds, lives, peers or {})
    steps = (
        *(run.embedded, run.anvil, run.machine, run.twins, run.rivals),
        *(run.sweep, run.sweep_by_dask, run.cold, run.installed),
    )
    for step in steps:
        progress(str(step.__doc__))
        step()
    return run.report()


class _Run:
    """One run."""

    def __init__(self, rounds: int, lives: int, peers: Mapping[str, str]) -> None:
        self._rounds = rounds
        self._turns = min(rounds, TURNS)
        self._lives = lives
        self._peers = peers
        self._load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        self._rates: dict[str, float] = {}
        self._figures: dict[str, float | None] = {}
        self._reasons: dict[str, str] = {}
        self._missing: dict[str, str] = {}
        self._paired: list[list[dict[str, float]]] = []

    def embedded(self) -> None:
        """the embedded chain beside raw pyrevm"""
        with Chain.embedded() as chain:
            scene = Scene(chain)
            self._measure(
                {
                    "embedded transfer": scene.transfer,
                    "embedded swap": scene.swap,
                    "embedded view": scene.view,
                    "raw pyrevm transfer": scene.raw(scene.transfer),
                    "raw pyrevm swap": scene.raw(scene.swap),
                    "embedded swap verb": scene.swap_verb,
                    "embedded supply verb": scene.supply_verb,
                }
            )

    def anvil(self) -> None:
        """Anvil through the kit, and through web3.py as it comes"""
        try:
            with Chain.anvil() as chain:
                scene = Scene(chain)
                tasks: dict[str, Task] = {
                    "anvil transfer": scene.transfer,
                    "anvil swap": scene.swap,
                    "anvil view": scene.view,
                    "anvil supply verb": scene.supply_verb,
                }
                if find_spec("web3"):
                    tasks |= _web3_tasks(chain, scene)
                else:
                    self._missing["web3"] = "web3.py is not installed: the `web3` extra brings it"
                self._measure(tasks)
        except AnvilNotFound as error:
            self._missing["anvil"] = self._missing["web3"] = str(error)

    def machine(self) -> None:
        """the lending machine on both engines"""
        try:
            with Chain.embedded() as chain:
                again = [rules_per_second(chain, self._lives) for _ in range(self._turns)]
                self._rates["embedded machine rules"] = median(again)
            # The very same rules on both: some are dearer than others.
            few = max(2, self._lives // 4)
            with Chain.anvil() as slow, Chain.embedded() as chain:
                self._take_turns(
                    {
                        "anvil machine, few lives": partial(rules_per_second, slow, few),
                        "embedded machine, few lives": partial(rules_per_second, chain, few),
                    }
                )
        except (NotSupported, AnvilNotFound) as error:
            self._missing["machine"] = str(error)

    def twins(self) -> None:
        """twins, and curvesim's stable pool"""
        with Chain.embedded() as chain:
            scene = Scene(chain)
        self._measure({"twin supply": scene.twin_supply})
        tasks = {"twin swap": scene.twin_swap, "twin swap on record": scene.twin_recorded_swap}
        turn = {name: partial(self._rate, task) for name, task in tasks.items()}
        try:
            self._take_turns({**turn, "curvesim swap": partial(self._rival, "curvesim")})
        except NotSupported as error:
            self._missing["curvesim"] = str(error)
            self._take_turns(turn)

    def rivals(self) -> None:
        """others that do the same in one process"""
        for name in (name for name in RIVALS if name != "curvesim"):
            try:
                self._rates[RIVALS[name][0]] = self._rival(name)
            except NotSupported as error:
                self._missing[name] = str(error)

    def _rival(self, name: str) -> float:
        return rival_rate(name, self._peers.get(name, sys.executable))

    def _rate(self, task: Task) -> float:
        return rates({"": task}, rounds=self._rounds)[""]

    def sweep(self) -> None:
        """a sweep of economies on one process and on two"""
        spawn = get_context("spawn")
        with ProcessPoolExecutor(1, spawn) as alone, ProcessPoolExecutor(2, spawn) as both:
            self._sweep({"1 at a time": alone, "2 at a time": both})

    def sweep_by_dask(self) -> None:
        """the same through Dask's executor, with one worker and with two"""
        try:
            client = import_module("distributed").Client
        except ImportError:
            self._missing["Dask"] = "Dask is not installed: pip install distributed"
            return
        how = {
            "threads_per_worker": 1,
            "host": "127.0.0.1",
            "dashboard_address": "127.0.0.1:0",
            "silence_logs": "CRITICAL",  # of workers that lose their scheduler when it ends
        }
        with client(n_workers=1, **how) as alone, client(n_workers=2, **how) as both:
            pools = {"1 Dask worker": alone, "2 Dask workers": both}
            self._sweep({name: pool.get_executor() for name, pool in pools.items()})

    def _sweep(self, pools: Mapping[str, Executor]) -> None:
        spent: dict[str, list[float]] = {name: [] for name in pools}
        for _ in range(1 + self._rounds):  # in turn: what else runs here disturbs both alike
            for name, pool in pools.items():
                spent[name].append(seconds(partial(_sweep, pool), rounds=1))
        for name, each in spent.items():
            # In the first round they have started and imported.
            self._rates[f"economies, {name}"] = SWEEP / median(each[1:])

    def cold(self) -> None:
        """imports and a deployment in fresh interpreters"""
        python = [sys.executable, "-c"]
        asked = [subprocess.check_output([*python, IMPORT], text=True) for _ in range(COLD)]
        self._figures["import_s"] = median(map(float, asked))
        deployment = partial(subprocess.check_call, [*python, DEPLOY])
        self._figures["cold_deploy_s"] = seconds(deployment, rounds=COLD)

    def installed(self) -> None:
        """what the base install takes on the disk"""
        self._figures["base_install_mb"] = base_megabytes()

    def report(self) -> SpeedReport:
        """What was measured."""
        ratios = {name: self._ratio(name, *pair) for name, pair in RATIOS.items()}
        raw = [self._over(f"embedded {it}", f"raw pyrevm {it}") for it in ("transfer", "swap")]
        # The worse of the two: a transfer is nearly all client, a swap mostly EVM.
        ratios["embedded_tx_vs_raw_pyrevm"] = min(one for one in raw if one is not None)
        self._figures["machine_rules_per_s"] = self._rates.get("embedded machine rules")
        if "machine" in self._missing:
            self._reasons["machine_rules_per_s"] = self._missing["machine"]
        return SpeedReport(
            _machine(), self._rates, ratios, self._figures, self._reasons, self._load
        )

    def _take_turns(self, sides: Mapping[str, Callable[[], float]]) -> None:
        """Each rate in turn, so that what else runs here disturbs all alike; of each the median.

        Their ratios are medians too, of the turns' ratios.
        """
        turns = [{name: side() for name, side in sides.items()} for _ in range(self._turns)]
        self._paired.append(turns)
        self._rates |= {name: median(turn[name] for turn in turns) for name in sides}

    def _measure(self, tasks: Mapping[str, Task]) -> None:
        self._rates |= rates(tasks, rounds=self._rounds)

    def _ratio(self, name: str, ours: str, theirs: str) -> float | None:
        found = self._over(ours, theirs)
        if found is None:
            why = [text for part, text in self._missing.items() if part in f"{ours} {theirs}"]
            self._reasons[name] = why[0] if why else "it was not measured"
        return found

    def _over(self, ours: str, theirs: str) -> float | None:
        if ours not in self._rates or theirs not in self._rates:
            return None
        for turns in self._paired:
            if turns[0].keys() >= {ours, theirs}:
                return median(turn[ours] / turn[theirs] for turn in turns)
        return self._rates[ours] / self._rates[theirs]


def live(seed: int) -> int:
    """One economy of a sweep, for any executor: deployed, traded in, and what was earned. [USD raw]

    Only numbers go in and out: a chain lives in one process.
    """
    with Chain.embedded() as chain:
        kit = deploy(chain)
        alice = kit.actor("alice")
        before = kit.usd.balance(alice).raw
        for number in range(100):
            bought = kit.exchange.swap(kit.usd(100 + (seed + number) % 7), kit.weth, sender=alice)
            kit.exchange.swap(bought.bought, kit.usd, sender=alice)
        return kit.usd.balance(alice).raw - before


def _sweep(workers: Executor) -> None:
    list(workers.map(live, range(SWEEP)))


def _web3_tasks(chain: AnvilChain, scene: Scene) -> dict[str, Task]:
    """The transfer and the view as web3.py's documentation has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of web3's own imports
        from web3 import Web3
    w3: Any = Web3(Web3.HTTPProvider(chain.url))
    usd, alice, bob = scene.kit.usd.address, scene.alice.address, scene.bob.address
    chain.impersonate(alice)
    contract = w3.eth.contract(address=usd, abi=artifacts.load("FiatDollar").abi)

    def transfer() -> None:
        sent = contract.functions.transfer(bob, 10**6).transact({"from": alice})
        w3.eth.wait_for_transaction_receipt(sent)

    def view() -> None:
        contract.functions.balanceOf(alice).call()

    return {"web3 transfer": transfer, "web3 view": view}


def _machine() -> str:
    system = f"{platform.system()} {platform.machine()}"
    return f"{system}, Python {platform.python_version()}, {os.cpu_count()} cores"


def _rounded(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")
