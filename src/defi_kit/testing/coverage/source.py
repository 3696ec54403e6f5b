"""What can be reached in Solidity: functions, statements and the two ways at every fork.

All of it from the compiler's syntax tree. A place is a file and a range of bytes in it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

__all__ = ["Item", "Place", "Source", "Tree"]

Tree = Mapping[str, Any]

STATEMENTS: Final = frozenset(
    {
        "Break",
        "Continue",
        "EmitStatement",
        "ExpressionStatement",
        "Return",
        "RevertStatement",
        "VariableDeclarationStatement",
        "YulAssignment",
        "YulExpressionStatement",
        "YulVariableDeclaration",
    }
)
"""Counted as they stand."""

HEADS: Final = {
    "DoWhileStatement": "condition",
    "ForStatement": "condition",
    "IfStatement": "condition",
    "TryStatement": "externalCall",
    "WhileStatement": "condition",
    "YulForLoop": "condition",
    "YulIf": "condition",
    "YulSwitch": "expression",
}
"""Counted by their condition alone: what they govern counts for itself."""

FORKS: Final = {
    "Conditional": "?:",
    "DoWhileStatement": "while",
    "ForStatement": "for",
    "IfStatement": "if",
    "WhileStatement": "while",
    "YulCase": "case",
    "YulForLoop": "for",
    "YulIf": "if",
}
"""Nodes for which the compiler writes one conditional jump that bears their range."""

JUMPS_WHEN_TRUE: Final = frozenset({"?:", "assert", "case", "require", "||"})
"""Forks whose jump is taken when the condition holds, and for `do` loops, which go on. At all
others the jump skips what the condition governs."""


class Place(NamedTuple):
    """A range of bytes in a source."""

    source: str
    begin: int
    end: int


class Item(NamedTuple):
    """Something that can be reached."""

    kind: str
    """"function", "statement", or the word of a fork: "if", "require", "&&" …"""
    name: str
    place: Place
    line: int
    jumps_when_true: bool = False


@dataclass(frozen=True)
class Source:
    """One file with its items, in the order of the text."""

    path: str
    text: str
    items: tuple[Item, ...]
    _newlines: list[int] = field(repr=False)

    @classmethod
    def parse(cls, path: str, text: str, tree: Tree) -> Source:
        raw = text.encode()  # the compiler counts bytes
        newlines = [place for place, byte in enumerate(raw) if byte == 0x0A]
        empty = cls(path, text, (), newlines)
        items = sorted(empty._found(tree), key=lambda item: item.place)
        return cls(path, text, tuple(items), newlines)

    def line(self, byte: int) -> int:
        """Line of a byte, from 1."""
        return bisect_right(self._newlines, byte - 1) + 1

    def _found(self, tree: Tree) -> Iterator[Item]:
        for node in _nodes(tree):
            kind = node["nodeType"]
            if kind == "FunctionDefinition" and node.get("body"):
                yield self._item("function", node["name"] or node["kind"], node)
            if kind in STATEMENTS:
                yield self._item("statement", kind, node)
            elif (head := node.get(HEADS.get(kind, ""))) is not None:
                yield self._item("statement", kind, head)
            if word := _fork(node):
                yield self._item(word, kind, node)

    def _item(self, kind: str, name: str, node: Tree) -> Item:
        begin, length, _ = map(int, node["src"].split(":"))
        place = Place(self.path, begin, begin + length)
        true = kind in JUMPS_WHEN_TRUE or name == "DoWhileStatement"
        return Item(kind, name, place, self.line(begin), true)


def _fork(node: Tree) -> str | None:
    kind = node["nodeType"]
    if kind == "BinaryOperation" and node["operator"] in ("&&", "||"):
        return str(node["operator"])
    if kind == "FunctionCall" and node["expression"].get("name") in ("assert", "require"):
        return str(node["expression"]["name"])
    if kind == "ForStatement" and node.get("condition") is None:
        return None
    if kind == "YulCase" and node["value"] == "default":
        return None
    return FORKS.get(kind)


def _nodes(tree: Any) -> Iterator[Tree]:
    if isinstance(tree, Mapping):
        if "nodeType" in tree:
            yield tree
        for part in tree.values():
            yield from _nodes(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)
