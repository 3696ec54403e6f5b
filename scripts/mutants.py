"""Changes the contracts systematically, a little at a time, and reports what no test notices.

    python scripts/mutants.py                        64 mutants of each core contract, from seed 1
    python scripts/mutants.py --only dex --seed 7    of one room, other ones
    python scripts/mutants.py --key 3f2a90b1c4       one mutant again, by the key that was reported

`make mutants` also writes the scores to `snapshots/mutants.json`. What the operators are, how a
mutant is caught, and what counts as equivalent: `docs/mutants.md`. Exit code 1 when a contract's
score is below 95 %, 2 when the tests fail without a mutant.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import _compiler
from mutation.compiling import TOGETHER, Bench, syntax_trees
from mutation.killing import Outcome, attempt
from mutation.operators import OPERATORS, Mutant, function_names, mutants_of
from mutation.targets import STAGES, TARGETS, Target

EQUIVALENT = _compiler.ROOT / "tests" / "mutants" / "equivalent.toml"
GOAL = 0.95


class BaselineError(Exception):
    """The contract as it is fails its own tests: no mutant would mean anything."""


@dataclass
class Report:
    """What became of one contract's mutants."""

    contract: str
    possible: int
    """All mutants that the operators know."""
    invalid: int = 0
    """Drawn, and the compiler refuses them."""
    unchanged: int = 0
    """Drawn, and the optimizer makes the same bytecode of them: equivalent, and not counted."""
    equivalent: int = 0
    untried: int = 0
    """Left when the time was up."""
    killed: list[tuple[Mutant, Outcome]] = field(default_factory=list)
    survived: list[Mutant] = field(default_factory=list)

    @property
    def counted(self) -> int:
        """All that were drawn and are mutants."""
        return len(self.killed) + len(self.survived) + self.equivalent

    @property
    def score(self) -> float:
        """Part of the mutants tried that are caught. [1]"""
        tried = len(self.killed) + len(self.survived)
        return len(self.killed) / tried if tried else 1.0

    def summary(self) -> dict[str, Any]:
        stages = Counter(outcome.stage for _, outcome in self.killed)
        return {
            "mutants": self.counted,
            "killed": {stage: stages[stage] for stage in (*STAGES, "timeout") if stages[stage]},
            "equivalent": self.equivalent,
            "survived": len(self.survived),
            "score": round(self.score, 4),
        }


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    targets = [
        target
        for target in TARGETS.values()
        if not options.only or {target.room, target.contract} & set(options.only)
    ]
    if not targets:
        known = sorted({name for one in TARGETS.values() for name in (one.room, one.contract)})
        print(f"--only {' '.join(options.only)} names nothing; there are {', '.join(known)}")
        return 2
    until = time.monotonic() + options.time_limit * 60 if options.time_limit else None
    try:
        reports = [_examine(target, options, until) for target in targets]
    except BaselineError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(_document(reports, options), indent=2))
    else:
        _print(reports)
    if options.output and not any(report.untried for report in reports):
        _write(options.output, reports, options)
    return int(any(report.score < GOAL for report in reports))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Mutates the contracts and runs their tests.")
    parser.add_argument("--seed", type=int, default=1, help="which mutants; and Hypothesis's")
    parser.add_argument("--per-contract", type=int, default=64, metavar="N", help="64")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="a room or a contract"
    )
    parser.add_argument("--key", action="append", default=[], help="these mutants, as reported")
    parser.add_argument("--operator", action="append", default=[], choices=OPERATORS)
    parser.add_argument("--stage", action="append", default=[], choices=STAGES, help="all")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes; 2")
    parser.add_argument(
        "--time-limit",
        type=float,
        metavar="MINUTES",
        help="end all tests then; each contract is compiled nevertheless",
    )
    parser.add_argument(
        "--doubt", action="store_true", help="try those listed as equivalent as well"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the scores there")
    return parser


# --- one contract -------------------------------------------------------------------------------


def population(target: Target) -> list[Mutant]:
    """All mutants of a contract and of the sources it is made of."""
    trees = syntax_trees([target.root])
    known = function_names(list(trees.values()))
    return [
        mutant
        for source in _compiler.closure(target.root)
        for mutant in mutants_of(source, _compiler.read(source), trees[source], known)
    ]


def drawn(mutants: Iterable[Mutant], seed: int) -> list[Mutant]:
    """The same mutants in a random order in which every file's every operator has its turn."""
    random = Random(seed)
    cells: dict[tuple[str, str], list[Mutant]] = {}
    for mutant in mutants:
        cells.setdefault((mutant.source, mutant.operator), []).append(mutant)
    order = list(cells.values())
    for cell in order:
        random.shuffle(cell)
    found = []
    while order:
        random.shuffle(order)
        found += [cell.pop() for cell in order]
        order = [cell for cell in order if cell]
    return found


def _examine(target: Target, options: argparse.Namespace, until: float | None) -> Report:
    everything = population(target)
    wanted = [
        mutant
        for mutant in everything
        if (not options.key or mutant.key in options.key)
        and (not options.operator or mutant.operator in options.operator)
    ]
    report = Report(target.contract, len(everything))
    bench = Bench(target.contract, target.root, options.jobs)
    order = drawn(wanted, options.seed)
    listed = {} if options.doubt or options.key else equivalents()
    run = {
        "stages": options.stage or STAGES,
        "seed": options.seed,
        "jobs": options.jobs,
        "until": until,
    }
    _say(f"{target.contract}: {len(order)} mutants to draw from", options)
    for codes in _rounds(bench, order, options.per_contract, report):
        if not (report.killed or report.survived or _sound(target, bench.original, run)):
            report.untried = min(options.per_contract, len(order))
            break
        tried = [(mutant, code) for mutant, code in codes.items() if mutant.key not in listed]
        report.equivalent += len(codes) - len(tried)
        before = len(report.killed) + len(report.survived)
        for mutant, outcome in attempt(target, tried, **run):
            if outcome.killed:
                report.killed.append((mutant, outcome))
            else:
                report.survived.append(mutant)
            _say(_line(mutant, outcome), options)
        done = len(report.killed) + len(report.survived) - before
        if done < len(tried):
            report.untried = min(options.per_contract, len(order)) - report.counted
            break
    return report


def _rounds(
    bench: Bench, order: Sequence[Mutant], count: int, report: Report
) -> Iterator[dict[Mutant, bytes]]:
    """The first `count` that compile to something new, as many at a time as compile at once."""
    place = found = 0
    while place < len(order) and found < count:
        some = order[place : place + min(TOGETHER * bench.jobs, count - found)]
        place += len(some)
        codes, original = bench.bytecode(some), bench.original
        report.invalid += sum(not code for code in codes.values())
        report.unchanged += sum(code == original for code in codes.values())
        fresh = {one: code for one, code in codes.items() if code not in (b"", original)}
        found += len(fresh)
        if fresh:
            yield fresh


def _sound(target: Target, code: bytes, run: Mapping[str, Any]) -> bool:
    """Whether the contract as it is passes its tests before the time is up."""
    outcomes = [outcome for _, outcome in attempt(target, [("", code)], **run)]
    for outcome in outcomes:
        if outcome.killed:
            raise BaselineError(
                f"{target.contract} fails without a mutant: {outcome.test}: {outcome.reason}"
            )
    return bool(outcomes)


def equivalents(file: Path = EQUIVALENT) -> dict[str, str]:
    """Why a mutant does what the contract does, by the mutant's key."""
    entries = tomllib.loads(file.read_text(encoding="utf-8")).get("mutant", [])
    return {
        Mutant(
            entry["source"], "", entry["function"], 0, 0, "", entry["before"], entry["after"]
        ).key: entry["reason"]
        for entry in entries
    }


# --- what is told -------------------------------------------------------------------------------


def _say(text: str, options: argparse.Namespace) -> None:
    print(text, file=sys.stderr if options.json else sys.stdout, flush=True)


def _line(mutant: Mutant, outcome: Outcome) -> str:
    found = f"{outcome.stage:8} {outcome.reason[:70]}" if outcome.killed else "SURVIVED"
    place = f"{mutant.source.removeprefix('contracts/')} {mutant.function}"
    return f"  {mutant.key} {mutant.operator:10} {place:44} {found}"


def _diff(mutant: Mutant) -> str:
    return (
        f"{mutant.key} {mutant.operator}: {mutant.source}, {mutant.function or 'declaration'}\n"
        f"  - {mutant.before}\n  + {mutant.after}"
    )


def _print(reports: Sequence[Report]) -> None:
    for report in reports:
        for mutant in report.survived:
            print(_diff(mutant))
    heads = ("mutants", *STAGES, "timeout", "equivalent", "survived", "score")
    print(f"{'':16}" + "".join(f"{head:>11}" for head in heads))
    for report in reports:
        summary = report.summary()
        killed = (summary["killed"].get(stage, 0) for stage in (*STAGES, "timeout"))
        row = (summary["mutants"], *killed, summary["equivalent"], summary["survived"])
        score = f"{report.score:.1%}" + (f" ({report.untried} untried)" if report.untried else "")
        print(f"{report.contract:16}" + "".join(f"{cell:>11}" for cell in (*row, score)))


def _document(reports: Sequence[Report], options: argparse.Namespace) -> dict[str, Any]:
    return {
        "seed": options.seed,
        "contracts": {
            report.contract: report.summary()
            | {
                "possible": report.possible,
                "invalid": report.invalid,
                "unchanged": report.unchanged,
                "untried": report.untried,
                "caught": [
                    _entry(mutant)
                    | {"stage": outcome.stage, "test": outcome.test, "reason": outcome.reason}
                    for mutant, outcome in report.killed
                ],
                "survivors": [_entry(mutant) for mutant in report.survived],
            }
            for report in reports
        },
    }


def _entry(mutant: Mutant) -> dict[str, str]:
    names = ("key", "operator", "source", "function", "before", "after")
    return {name: getattr(mutant, name) for name in names}


def _write(file: Path, reports: Sequence[Report], options: argparse.Namespace) -> None:
    """The scores, for git; a run over some contracts leaves the others' as they were."""
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    fresh = {report.contract: {"seed": options.seed} | report.summary() for report in reports}
    text = json.dumps(dict(sorted({**kept, **fresh}.items())), indent=2)
    file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
