"""Slither over our contracts: every finding is fixed, or answered in `contracts/SLITHER.md`.

    python scripts/slither.py          a finding without an answer, or an answer without its
                                       finding, is an error

What Slither found is kept in `.cache/slither` by content, so it runs when a contract has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from _compiler import EVM_VERSION, REMAPPINGS, ROOT, VERSION, ensure, own_sources, read

PROGRAM = ROOT / ".quality" / "slither" / "bin" / "slither"
LOCK = ROOT / "requirements" / "slither.txt"
ANSWERS = ROOT / "contracts" / "SLITHER.md"
CACHE = ROOT / ".cache" / "slither"

Finding = tuple[str, str]
"""Detector, and the place without its line: `timestamp`, `LendingPool.accrue`."""

_SECTION = re.compile(r"^## `([\w-]+)`")
_ENTRY = re.compile(r"^- `([^`]+)`")


class SlitherError(Exception):
    """Slither did not run; the message is what it said."""


def main() -> int:
    try:
        found = findings()
    except SlitherError as error:
        print(error, file=sys.stderr)
        return 1
    problems = list(compare(found, answered(ANSWERS.read_text(encoding="utf-8"))))
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"slither: {len(found)} findings, all answered in {ANSWERS.relative_to(ROOT)}")
    return 1 if problems else 0


def compare(found: dict[Finding, str], answers: Iterable[Finding]) -> Iterable[str]:
    """What is to be done so that findings and answers agree."""
    known = set(answers)
    for finding, description in sorted(found.items()):
        if finding not in known:
            detector, place = finding
            yield (
                f"{detector} at {place} has no answer in {ANSWERS.name}:\n  {description}\n"
                f"  mend it, or add `- \\`{place}\\`` and the reason below `## \\`{detector}\\``"
            ).replace("\\`", "`")
    for detector, place in sorted(known - set(found)):
        yield f"{ANSWERS.name} answers {detector} at {place}, which slither no longer finds"


def answered(text: str) -> set[Finding]:
    """The findings that the file answers. Each needs words: its own, or its section's."""
    found: set[Finding] = set()
    detector, explained = "", False
    for line in text.splitlines():
        if section := _SECTION.match(line):
            detector, explained = section[1], False
        elif entry := _ENTRY.match(line):
            if not (explained or len(line) > entry.end() + 10):
                raise SlitherError(f"{ANSWERS.name}: {detector} at {entry[1]} has no reason")
            found.add((detector, entry[1]))
        elif line.strip() and detector:
            explained = True
    return found


def findings() -> dict[Finding, str]:
    """Everything slither has to say of our own contracts, testing's left out."""
    sources = [name for name in own_sources() if not name.startswith("contracts/testing/")]
    content = "".join(f"{name}\n{read(name)}" for name in sources) + LOCK.read_text()
    content += Path(__file__).read_text(encoding="utf-8")
    file = CACHE / f"{hashlib.sha256(content.encode()).hexdigest()}.json"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        raw = [(*_finding(item), item["description"]) for item in _run(sources)]
        file.write_text(json.dumps(sorted(raw)), encoding="utf-8")
    return {
        (detector, place): description.strip()
        for detector, place, description in json.loads(file.read_text(encoding="utf-8"))
    }


def _run(sources: Iterable[str]) -> list[dict[str, Any]]:
    whole = CACHE / "All.sol"
    imports = "".join(f'import "../../{name}";\n' for name in sources)
    whole.write_text(f"// SPDX-License-Identifier: MIT\npragma solidity {VERSION};\n{imports}")
    output = CACHE / f"output-{os.getpid()}.json"
    command: list[str | Path] = [
        PROGRAM,
        whole.relative_to(ROOT),
        "--compile-force-framework",
        "solc",
    ]
    command += ["--solc", ensure(), "--solc-remaps", " ".join(REMAPPINGS)]
    command += ["--solc-args", f"--evm-version {EVM_VERSION}"]
    command += ["--filter-paths", "node_modules", "--fail-none", "--json", output]
    try:
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        report: Any = json.loads(output.read_text()) if output.exists() else {}
        if not report.get("success"):
            raise SlitherError(f"slither did not finish:\n{run.stderr[-3000:]}")
        return list(report["results"].get("detectors", []))
    except FileNotFoundError:
        raise SlitherError("slither is not installed: `make check` installs it") from None
    finally:
        output.unlink(missing_ok=True)


def _finding(item: dict[str, Any]) -> Finding:
    return str(item["check"]), _place(item["elements"][0])


def _place(element: dict[str, Any]) -> str:
    """`Contract.function` or `Contract.function.variable`; of a pragma its words."""
    if element["type"] == "pragma":
        return "".join(element["type_specific_fields"]["directive"][1:])
    names = [element["name"]]
    while (parent := element.get("type_specific_fields", {}).get("parent")) is not None:
        if parent["type"] in ("contract", "function"):
            names.append(parent["name"])
        element = parent
    return ".".join(reversed(names))


if __name__ == "__main__":
    raise SystemExit(main())
