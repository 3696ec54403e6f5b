"""Coverage for people and for programs: a table, lcov, and one page of HTML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import NamedTuple, Self

from .instrument import Build
from .source import Item

__all__ = ["Report", "Tally"]

WAYS = ("true", "false")


class Tally(NamedTuple):
    """Reached, and how many there are."""

    reached: int
    of: int

    def __str__(self) -> str:
        return f"{self.percent:.1f} % ({self.reached} of {self.of})"

    @property
    def percent(self) -> float:
        """Nothing to reach is reached."""
        return 100 * self.reached / self.of if self.of else 100.0


@dataclass(frozen=True)
class File:
    """What was reached in one source."""

    path: str
    text: str
    functions: dict[Item, bool]
    lines: dict[int, bool]
    """Line on which a statement begins → whether one of them was reached."""
    branches: dict[Item, tuple[bool, bool]]
    """Fork → whether its condition was ever true, ever false."""

    @property
    def line_tally(self) -> Tally:
        return Tally(sum(self.lines.values()), len(self.lines))

    @property
    def branch_tally(self) -> Tally:
        return Tally(sum(map(sum, self.branches.values())), 2 * len(self.branches))

    def missing(self) -> Iterator[str]:
        """`line 12: never reached`, `line 30: require never false` …, in the order of the text."""
        notes = [(line, "never reached") for line, reached in self.lines.items() if not reached]
        for fork, ways in self.branches.items():
            unseen = [way for way, seen in zip(WAYS, ways, strict=True) if not seen]
            notes += [(fork.line, f"{fork.kind} never {way}") for way in unseen]
        for line, note in sorted(notes):
            yield f"line {line}: {note}"


@dataclass(frozen=True)
class Report:
    """What was reached, file by file."""

    files: tuple[File, ...]

    @classmethod
    def of(cls, build: Build, seen: Iterable[int], omit: Iterable[str] = ()) -> Self:
        """Args:
        seen: probes, see `Recorder.seen`.
        omit: paths, or beginnings of paths, that do not count.
        """
        shown = {pair for probe in seen for pair in build.shows[probe]}
        left_out = tuple(omit)
        paths = [path for path in build.sources if not path.startswith(left_out)]
        by_path: dict[str, list[tuple[int, Item]]] = {path: [] for path in paths}
        for index, item in enumerate(build.items):
            if item.place.source in by_path:
                by_path[item.place.source].append((index, item))
        files = (_file(path, build.sources[path], by_path[path], shown) for path in paths)
        return cls(tuple(file for file in files if file.lines))

    @property
    def lines(self) -> Tally:
        """Lines on which a statement begins."""
        return _sum(file.line_tally for file in self.files)

    @property
    def branches(self) -> Tally:
        """Ways of forks: two of each."""
        return _sum(file.branch_tally for file in self.files)

    def __str__(self) -> str:
        width = max((len(file.path) for file in self.files), default=0)
        rows = [(file.path, file.line_tally, file.branch_tally) for file in self.files]
        rows.append(("all", self.lines, self.branches))
        return "\n".join(
            f"{path:{width}}  lines {lines!s:24}  branches {branches}"
            for path, lines, branches in rows
        )

    def write(self, folder: Path) -> None:
        """`lcov.info`, `index.html` and `summary.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "lcov.info").write_text(self.lcov(), encoding="utf-8")
        (folder / "index.html").write_text(self.html(), encoding="utf-8")
        (folder / "summary.json").write_text(self.json(), encoding="utf-8")

    def json(self) -> str:
        """Tallies by file, and what is missing."""
        table = {
            file.path: {
                "lines": list(file.line_tally),
                "branches": list(file.branch_tally),
                "missing": list(file.missing()),
            }
            for file in self.files
        }
        return json.dumps(table, indent=2) + "\n"

    def lcov(self) -> str:
        """The tracefile format of geninfo(1). Hits are 0 or 1: a probe does not count."""
        return "".join(line + "\n" for file in self.files for line in _lcov(file))

    def html(self) -> str:
        """One page, nothing fetched."""
        body = "\n".join(_section(file) for file in self.files)
        rows = "\n".join(
            f"<tr><td><a href='#{escape(file.path)}'>{escape(file.path)}</a></td>"
            f"<td>{file.line_tally}</td><td>{file.branch_tally}</td></tr>"
            for file in self.files
        )
        total = f"<tr><th>all</th><th>{self.lines}</th><th>{self.branches}</th></tr>"
        return _PAGE.format(rows=rows, total=total, body=body)


def _sum(tallies: Iterable[Tally]) -> Tally:
    listed = list(tallies)
    return Tally(sum(tally.reached for tally in listed), sum(tally.of for tally in listed))


def _file(path: str, text: str, items: list[tuple[int, Item]], shown: set[tuple[int, str]]) -> File:
    functions: dict[Item, bool] = {}
    lines: dict[int, bool] = {}
    branches: dict[Item, tuple[bool, bool]] = {}
    for index, item in items:
        if item.kind == "function":
            functions[item] = (index, "reached") in shown
        elif item.kind == "statement":
            lines[item.line] = lines.get(item.line, False) or (index, "reached") in shown
        else:
            branches[item] = ((index, "true") in shown, (index, "false") in shown)
    return File(path, text, functions, dict(sorted(lines.items())), branches)


def _lcov(file: File) -> Iterator[str]:
    yield "TN:"
    yield f"SF:{file.path}"
    for function in file.functions:
        yield f"FN:{function.line},{_unique(function)}"
    for function, reached in file.functions.items():
        yield f"FNDA:{int(reached)},{_unique(function)}"
    yield f"FNF:{len(file.functions)}"
    yield f"FNH:{sum(file.functions.values())}"
    for block, (fork, ways) in enumerate(file.branches.items()):
        for branch, seen in enumerate(ways):
            # A fork that was not come to at all has no count: geninfo writes "-".
            yield f"BRDA:{fork.line},{block},{branch},{int(seen) if any(ways) else '-'}"
    yield f"BRF:{file.branch_tally.of}"
    yield f"BRH:{file.branch_tally.reached}"
    for line, reached in file.lines.items():
        yield f"DA:{line},{int(reached)}"
    yield f"LF:{file.line_tally.of}"
    yield f"LH:{file.line_tally.reached}"
    yield "end_of_record"


def _unique(function: Item) -> str:
    """Solidity has functions of one name."""
    return f"{function.name}:{function.line}"


def _section(file: File) -> str:
    notes: dict[int, list[str]] = {}
    for entry in file.missing():
        line, _, note = entry.removeprefix("line ").partition(": ")
        notes.setdefault(int(line), []).append(note)
    rows = "\n".join(
        _row(number, text, file.lines.get(number), notes.get(number, []))
        for number, text in enumerate(file.text.splitlines(), 1)
    )
    return (
        f"<h2 id='{escape(file.path)}'>{escape(file.path)}</h2>\n<table class=code>{rows}</table>"
    )


def _row(number: int, text: str, reached: bool | None, notes: list[str]) -> str:
    kind = {None: "", True: "half" if notes else "yes", False: "no"}[reached]
    note = f"<td class=note>{escape('; '.join(notes))}</td>" if notes else "<td></td>"
    return f"<tr class='{kind}'><td>{number}</td><td><pre>{escape(text)}</pre></td>{note}</tr>"


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Solidity coverage</title>
<style>
body {{ font: 14px sans-serif; margin: 2em }}
table {{ border-collapse: collapse }} td, th {{ padding: 0 1em 0 0; text-align: left }}
pre {{ margin: 0; font: 12px monospace; white-space: pre }}
.yes {{ background: #e5f5e5 }} .half {{ background: #fff5cc }} .no {{ background: #fbdcdc }}
.note, .code td:first-child {{ color: #777; font-size: 12px }}
</style>
<h1>Solidity coverage</h1>
<table><tr><th>source</th><th>lines</th><th>branches</th></tr>
{rows}
{total}</table>
{body}
</html>
"""
