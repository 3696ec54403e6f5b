"""The machines without a test: so many steps of one, a counter-example made short, a report.

The same seed takes the same steps. Needs Hypothesis.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..chain import Chain
from ..errors import InputError, NotSupported
from .bytecode import located
from .engine import connected
from .explored import Explored
from .recipe import Recipe
from .shrinking import shorten
from .trial import NO_FINDINGS, Counterexample, name_of, reason_of
from .violations import Violation

if TYPE_CHECKING:
    from .machine import TrialMachine

__all__ = ["TARGETS", "Campaign", "Report", "Target", "fuzz", "replay"]

LIFE: Final = 40
"""Rules in a life at most."""
BATCH: Final = 200
"""Lives for which Hypothesis is started once: it begins with the dullest there are."""
PATIENCE: Final = 60
"""For making a counter-example short, where there is no time limit. [seconds]"""
_LENDING: Final = "defi_kit.testing.lending"
_PEG: Final = "defi_kit.testing.peg"


@dataclass(frozen=True, slots=True)
class Target:
    """Who is driven by which machine; "module:name" both."""

    machine: str
    make: str = ""
    """The machine's own where empty."""
    options: tuple[str, ...] = ()
    """Of `mode` and `bytecode`, those that `make` takes."""


TARGETS: Final[Mapping[str, Mapping[str, Target]]] = {
    "lending": {
        "ours": Target(f"{_LENDING}.pool.machine:PoolMachine", options=("mode", "bytecode")),
        "morpho": Target(
            f"{_LENDING}.machine:LendingMachine", f"{_LENDING}.morpho:MorphoBlueMarket.deploy"
        ),
        "aave": Target(
            f"{_LENDING}.machine:LendingMachine", f"{_LENDING}.aave:AaveV3Market.deploy"
        ),
        "": Target(f"{_LENDING}.machine:LendingMachine"),
    },
    "exchange": {
        "ours": Target(
            "defi_kit.testing.exchange.machine:ExchangeMachine", options=("mode", "bytecode")
        ),
        "uniswap": Target(
            "defi_kit.testing.exchange.pair:PairMachine",
            "defi_kit.testing.exchange.adapters:UniswapV2Pair",
        ),
        "": Target("defi_kit.testing.exchange.pair:PairMachine"),
    },
    "peg": {
        "ours": Target(f"{_PEG}.algo.machine:AlgoMachine", options=("mode", "bytecode")),
        "algo": Target(f"{_PEG}.algo.machine:AlgoMachine", options=("mode", "bytecode")),
        "swap": Target(f"{_PEG}.swap.machine:SwapMachine", options=("mode", "bytecode")),
        "fiat": Target(f"{_PEG}.fiat.machine:FiatMachine", options=("mode", "bytecode")),
        "": Target(f"{_PEG}.dollar.machine:DollarMachine"),
    },
}
"""What can be fuzzed → targets by name; under the empty name, the machine for anybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What to do."""

    kind: str
    """A key of `TARGETS`."""
    target: str = "ours"
    """A name in `TARGETS`, or "module:callable" of an adapter."""
    steps: int = 10_000
    seed: int = 1
    chain: str = "embedded"
    """"embedded", "anvil", or the address of a development node."""
    mode: str | None = None
    """"chain", "both" or "twin", where the target has a twin."""
    bytecode: str | None = None
    """Of a fork of ours: a file, or hexadecimal."""
    time_limit: float | None = None
    """[seconds]"""
    folder: Path | None = Path(".defi_kit")
    """Where a counter-example is written, if anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of it."""

    campaign: Campaign
    explored: Explored
    seconds: float
    """All of it; `shortening` is what of that was spent on making a counter-example short."""
    shortening: float
    exempt: Mapping[str, str]
    """Invariants that the target does not promise: name → why."""
    never: tuple[str, ...]
    """Verbs that were not even tried."""
    not_offered: tuple[str, ...] = ()
    """Verbs that the target has nothing for."""
    found: Counterexample | None = None
    file: Path | None = None
    reproduced: bool | None = None
    """Whether the counter-example was seen again on a fresh chain."""
    others: tuple[Report, ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        campaign, found = self.campaign, self.found
        return {
            "kind": campaign.kind,
            "target": campaign.target,
            "seed": campaign.seed,
            "chain": campaign.chain,
            "seconds": round(self.seconds, 3),
            "seconds_shortening": round(self.shortening, 3),
            "explored": self.explored.to_json(),
            "not_promised": dict(self.exempt),
            "never_tried": list(self.never),
            "not_offered": list(self.not_offered),
            "violation": None
            if found is None
            else {
                "invariant": found.invariant,
                "reason": found.reason,
                "seed": found.seed,
                "story": found.story.splitlines(),
                "script": found.script,
                "file": None if self.file is None else str(self.file),
                "reproduced": self.reproduced,
            },
        }


class _Enough(KeyboardInterrupt):
    """Hypothesis lets it pass, as it would an interrupt."""


Progress = Callable[[Explored], None]


def fuzz(campaign: Campaign, *, workers: int = 1, progress: Progress | None = None) -> Report:
    """Does it: until the steps are done, time is up or something is found.

    workers:  processes, with the seeds that follow; each on a chain of its own.
    progress: told after each life what has been explored; with one worker only.

    InputError for what does not exist, NotSupported without Hypothesis.
    """
    if find_spec("hypothesis") is None:
        raise NotSupported("the machines need Hypothesis", hint="pip install 'defi-kit[test]'")
    told = progress or _silent
    if workers == 1:
        return _fuzz(campaign, told)
    if campaign.chain not in ("embedded", "anvil"):
        raise InputError("workers need a chain each", hint="--chain embedded or anvil")
    _configured(campaign, Explored(), None)  # refuses here what the workers would refuse
    share = -(-campaign.steps // workers)
    shares = [replace(campaign, seed=campaign.seed + n, steps=share) for n in range(workers)]
    everything, reports = Explored(), []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_fuzz, one) for one in shares]):
            reports.append(done.result())
            everything.add(reports[-1].explored)
            told(everything)
    reports.sort(key=lambda one: one.campaign.seed)
    first = next((one for one in reports if one.found), reports[0])
    never = set.intersection(*(set(one.never) for one in reports))
    return replace(
        first,
        campaign=campaign,
        explored=everything,
        seconds=max(one.seconds for one in reports),
        shortening=max(one.shortening for one in reports),
        never=tuple(sorted(never)),
        others=tuple(reports),
    )


def _silent(_: Explored) -> None:
    """Nobody wants to know."""


def _fuzz(campaign: Campaign, progress: Progress = _silent) -> Report:
    from hypothesis import seed

    began, explored = time.monotonic(), Explored()
    ends = None if campaign.time_limit is None else began + campaign.time_limit
    with _open(campaign.chain) as chain:
        machine = _configured(campaign, explored, chain)

        class Limited(machine):  # type: ignore[misc,valid-type]
            """Begins no life once there has been enough."""

            def start(self, variant: int) -> None:
                progress(explored)
                if explored.steps >= campaign.steps or (ends and time.monotonic() >= ends):
                    raise _Enough
                super().start(variant)

        found: Counterexample | None = None
        batch = 0
        try:
            while True:
                seed(campaign.seed * 1_000_003 + batch)(Limited)
                _live(Limited)
                batch += 1
        except _Enough:
            pass
        except Exception as error:
            found = getattr(error, "counterexample", None)
            if found is None:
                raise  # no step of a trial: the adapter cannot be made, or a rule is wrong
        trial = Limited.trial_class(Limited.subject(0), prepared=True)
        shortening = 0.0
        tried = {*explored.done, *explored.refused}
        left = [verb for verb in trial.verbs() if verb not in tried]
        if found is not None:
            stopped = time.monotonic()
            patience = PATIENCE if ends is None else min(PATIENCE, max(1, ends - stopped))
            found = replace(shorten(found, Limited, seconds=patience), seed=campaign.seed)
            shortening = time.monotonic() - stopped
    report = Report(
        campaign=campaign,
        explored=explored,
        seconds=time.monotonic() - began,
        shortening=shortening,
        exempt=dict(trial.exempt),
        never=tuple(verb for verb in left if trial.offers(verb)),
        not_offered=tuple(verb for verb in left if not trial.offers(verb)),
        found=found,
    )
    if found is None:
        return report
    file = None if campaign.folder is None else found.save(campaign.folder)
    return replace(report, file=file, reproduced=_again(found))


def replay(path: Path) -> Counterexample | None:
    """Does again what a file tells, on a fresh chain; the counter-example as it is now, None where
    nothing is violated any more. InputError for a file that is none.

    Its modules are looked for where they lay, and last in the folder that holds the file's own:
    files are written to `.defi_kit` in the folder of a project."""
    saved = Counterexample.load(path)
    sys.path[:0] = [folder for folder in saved.folders if folder not in sys.path]
    home = str(path.resolve().parent.parent)
    sys.path += [] if home in sys.path else [home]
    with _fresh(saved.engine) as chain:
        trial = saved.start(chain)
        try:
            saved.go_on(trial)
        except NO_FINDINGS:
            raise
        except Exception as error:
            raised = not isinstance(error, Violation)
            return replace(saved, invariant=name_of(error), reason=reason_of(error), raised=raised)
    return None


def _again(found: Counterexample) -> bool:
    with _fresh(found.engine) as chain:
        try:
            found.run(chain)
        except Exception as error:
            return found.is_this(error)
    return False


def _fresh(engine: str) -> Chain:
    return Chain.anvil() if engine == "anvil" else Chain.embedded()


@contextmanager
def _open(where: str) -> Iterator[Chain | None]:
    """The chain that is shared by all subjects; None where each is to have one of its own. A node
    that ran before is left as it was found. InputError where that is no development node."""
    if where == "embedded":
        yield None
        return
    with connected(where) as chain, chain.snapshot():
        yield chain


def _configured(campaign: Campaign, explored: Explored, chain: Chain | None) -> type[TrialMachine]:
    """The machine of the campaign's target."""
    if campaign.kind not in TARGETS:
        raise InputError(f"nothing to fuzz is called {campaign.kind}", hint=" or ".join(TARGETS))
    targets = TARGETS[campaign.kind]
    named = sorted(filter(None, targets))
    target = targets.get(campaign.target) or (targets.get("") if ":" in campaign.target else None)
    if target is None or not campaign.target:
        raise InputError(
            f"{campaign.kind} has no target {campaign.target!r}",
            hint=" or ".join(named) + (" or module:callable" if "" in targets else ""),
        )
    machine = _machine(target.machine)
    make = target.make or (campaign.target if ":" in campaign.target else "")
    variants = tuple(machine.variants) if not make else ({},)
    for option in ("mode", "bytecode"):
        given = getattr(campaign, option)
        if given is None:
            continue
        if option not in target.options:
            raise InputError(f"{campaign.target} has no {option}", hint="target ours has one")
        value = located(given) if option == "bytecode" else given
        variants = tuple({**variant, option: value} for variant in variants)
    wanted: dict[str, Any] = {
        "variants": variants,
        "explored": explored,
        "folder": None,
        "seed": campaign.seed,
    }
    if make:
        function = Recipe(make).function()
        wanted["make"] = staticmethod(function)
        wanted["made_by"] = make
    wanted["chain"] = staticmethod(lambda: chain or Chain.embedded())
    return type(machine.__name__, (machine,), wanted)


def _machine(name: str) -> type[TrialMachine]:
    module, _, path = name.partition(":")
    found: type[TrialMachine] = getattr(import_module(module), path)
    return found


def _live(machine: type[TrialMachine]) -> None:
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=BATCH,
            stateful_step_count=LIFE,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            report_multiple_bugs=False,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
