"""Every small change that may be made to a Solidity file, found in the compiler's syntax tree.

What a mutant changes is never text that is only told (an event's or an error's arguments), nor
assembly, nor types: its effect, if it has one, is on what the contract does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

ARITHMETIC = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "<<": ">>", ">>": "<<",
    "&": "|", "|": "&", "^": "&",
}  # fmt: skip
BOUNDARIES = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
EQUALITIES = {"==": "!=", "!=": "=="}
LOGIC = {"&&": "||", "||": "&&"}
BINARY = {
    **dict.fromkeys(ARITHMETIC, "arithmetic"),
    **dict.fromkeys(BOUNDARIES, "boundary"),
    **dict.fromkeys(EQUALITIES, "equality"),
    **dict.fromkeys(LOGIC, "logic"),
}
SWAPPED = ARITHMETIC | BOUNDARIES | EQUALITIES | LOGIC

NAMES = {
    "min": "max",
    "max": "min",
    "dist": "zeroFloorSub",
    "divUp": "rawDiv",
    "mulDiv": "mulDivUp",
    "mulDivUp": "mulDiv",
    "fullMulDiv": "fullMulDivUp",
    "fullMulDivUp": "fullMulDiv",
}
"""Functions and their opposites; besides these, `…Up` and `…Down` are, where both exist."""

SYMMETRIC = {"min": 2, "max": 2, "dist": 2, "avg": 2, "dist128": 2} | dict.fromkeys(
    ("mulDiv", "mulDivUp", "fullMulDiv", "fullMulDivUp"), 2
)
"""How many leading arguments, receiver included, may change places without a difference."""

STEP = 20
"""By how many digits below its first a long number changes: a millionth. [bits]"""

OPERATORS = (
    "argument", "arithmetic", "boundary", "check", "condition", "constant", "equality", "logic",
    "modifier", "opposite", "rounding", "statement",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one source file."""

    source: str
    """`contracts/dex/Pools.sol`"""
    operator: str
    function: str
    """The function or modifier it is in; empty for what a contract or file declares."""
    start: int
    end: int
    """Where the text to replace begins and ends. [bytes of UTF-8]"""
    text: str
    """What stands there instead."""
    before: str
    after: str
    """The lines concerned, each run of white space as one blank, without and with the change."""

    @property
    def key(self) -> str:
        """A name that survives changes elsewhere in the file."""
        content = "\0".join((self.source, self.function, self.before, self.after))
        return hashlib.sha256(content.encode()).hexdigest()[:10]

    def applied(self, source: str) -> str:
        raw = source.encode()
        return (raw[: self.start] + self.text.encode() + raw[self.end :]).decode()


def function_names(trees: Iterator[Json] | list[Json]) -> frozenset[str]:
    """Names of all functions in these syntax trees: an opposite must exist to be tried."""
    return frozenset(
        node["name"]
        for tree in trees
        for node in _nodes(tree)
        if node["nodeType"] == "FunctionDefinition"
    )


def mutants_of(source: str, text: str, tree: Json, known: frozenset[str]) -> list[Mutant]:
    """Every mutant of one file, in the order of the text.

    Args:
        source: the file's name.
        text: its content.
        tree: its syntax tree, as solc gives it.
        known: names of functions that exist, see `function_names`.
    """
    walk = _Walk(source, text.encode(), known)
    walk.visit(tree, "")
    unique = {(one.start, one.end, one.text): one for one in walk.found}
    return sorted(unique.values(), key=lambda one: (one.start, one.end, one.operator, one.text))


def _nodes(tree: Any) -> Iterator[Json]:
    if isinstance(tree, dict):
        if "nodeType" in tree:
            yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _span(node: Json) -> tuple[int, int]:
    start, length, _ = (int(part) for part in node["src"].split(":"))
    return start, start + length


class _Walk:
    """Down the tree, collecting."""

    def __init__(self, source: str, raw: bytes, known: frozenset[str]) -> None:
        self.source = source
        self.raw = raw
        self.known = known
        self.found: list[Mutant] = []
        self.function = ""
        self.visitors: dict[str, Callable[[Json], None]] = {
            "Assignment": self._assignment,
            "BinaryOperation": self._binary,
            "Conditional": self._condition,
            "ExpressionStatement": self._statement,
            "EmitStatement": self._statement,
            "ForStatement": self._condition,
            "FunctionCall": self._call,
            "IfStatement": self._condition,
            "Literal": self._literal,
            "ModifierInvocation": self._modifier,
            "RevertStatement": self._statement,
            "UnaryOperation": self._unary,
            "WhileStatement": self._condition,
        }

    def visit(self, node: Any, function: str) -> None:
        if isinstance(node, list):
            for part in node:
                self.visit(part, function)
        if not isinstance(node, dict):
            return
        kind = node.get("nodeType", "")
        if kind == "ContractDefinition" and node["contractKind"] == "interface":
            return
        if kind in ("InlineAssembly", "ArrayTypeName", "EventDefinition", "ErrorDefinition"):
            return
        if kind in ("FunctionDefinition", "ModifierDefinition"):
            function = node["name"] or node["kind"]
        self.function = function
        if kind in self.visitors:
            self.visitors[kind](node)
        if kind in ("EmitStatement", "RevertStatement"):
            return  # only told
        for name, part in node.items():
            if kind == "FunctionCall" and name == "arguments" and _is_require(node):
                part = part[:1]
            self.visit(part, function)

    # --- one visitor per kind of node -------------------------------------------------------------

    def _binary(self, node: Json) -> None:
        operator = node["operator"]
        left, right = node["leftExpression"], node["rightExpression"]
        if operator in SWAPPED:
            start = self._find(operator, _span(left)[1], _span(right)[0])
            self._add(BINARY[operator], start, start + len(operator), SWAPPED[operator])
        if operator == "/" and node["typeDescriptions"]["typeString"].startswith("uint"):
            # One more, were there a rest: the quotient rounded up.
            start, end = _span(node)
            over, under = self._text(left), self._text(right)
            self._add("rounding", start, end, f"(({over} + ({under} - 1)) / {under})")

    def _assignment(self, node: Json) -> None:
        operator = node["operator"].removesuffix("=")
        if operator in ARITHMETIC:
            left, right = _span(node["leftHandSide"])[1], _span(node["rightHandSide"])[0]
            start = self._find(operator + "=", left, right)
            self._add("arithmetic", start, start + len(operator), ARITHMETIC[operator])

    def _unary(self, node: Json) -> None:
        operator = node["operator"]
        start, end = _span(node)
        if operator in ("++", "--"):
            at = start if node["prefix"] else end - 2
            self._add("arithmetic", at, at + 2, "--" if operator == "++" else "++")
        elif operator == "!":
            self._add("condition", start, start + 1, "")
        elif operator == "~":
            self._add("arithmetic", start, start + 1, "")

    def _condition(self, node: Json) -> None:
        if node.get("condition"):
            self._negate(node["condition"])

    def _negate(self, condition: Json) -> None:
        if condition["nodeType"] == "UnaryOperation" and condition["operator"] == "!":
            return  # taking the `!` away is a mutant already
        if condition["nodeType"] == "BinaryOperation" and condition["operator"] in EQUALITIES:
            return  # so is the other equality
        start, end = _span(condition)
        self._add("condition", start, end, f"!({self._text(condition)})")

    def _statement(self, node: Json) -> None:
        call = node.get("expression") or {}
        check = node["nodeType"] == "RevertStatement" or _is_require(call)
        start, end = _span(node)
        end = self.raw.index(b";", end - 1) + 1
        self._add("check" if check else "statement", start, end, "{}")
        if check and call:
            self._negate(call["arguments"][0])

    def _call(self, node: Json) -> None:
        callee = node["expression"]
        name = callee.get("memberName") or callee.get("name") or ""
        if opposite := self._opposite(name):
            end = _span(callee)[1]
            self._add("opposite", end - len(name), end, opposite)
        is_told = callee["typeDescriptions"]["typeString"].endswith("pure returns (error)")
        if node["kind"] == "typeConversion" or node["names"] or is_told or name == "require":
            return
        receiver = int(callee.get("nodeType") == "MemberAccess" and name in SYMMETRIC)
        free = SYMMETRIC.get(name, 0) - (receiver and not _is_type(callee["expression"]))
        for place, pair in enumerate(zip(node["arguments"], node["arguments"][1:], strict=False)):
            if place + 1 >= free and _type(pair[0]) == _type(pair[1]):
                self._swap(*pair)

    def _opposite(self, name: str) -> str | None:
        candidates = [NAMES.get(name, "")]
        if name.endswith("Up"):
            candidates += [name.removesuffix("Up") + "Down", name.removesuffix("Up")]
        elif name.endswith("Down"):
            candidates.append(name.removesuffix("Down") + "Up")
        return next((found for found in candidates if found in self.known), None)

    def _swap(self, first: Json, second: Json) -> None:
        one, other = self._text(first), self._text(second)
        if one != other:
            (start, middle), (onward, end) = _span(first), _span(second)
            between = self.raw[middle:onward].decode()
            self._add("argument", start, end, other + between + one)

    def _literal(self, node: Json) -> None:
        start, end = _span(node)
        text = self.raw[start:end].decode()
        if node["kind"] == "bool":
            self._add("constant", start, end, "false" if text == "true" else "true")
        if node["kind"] != "number":
            return
        step = f"({text} >> {STEP})" if _is_long(node) else "1"
        self._add("constant", start, end, f"({text} + {step})")
        if node["value"] != "0":
            self._add("constant", start, end, f"({text} - {step})")
        if node["value"] not in ("0", "1"):
            self._add("constant", start, end, "0")

    def _modifier(self, node: Json) -> None:
        if node.get("kind") == "modifierInvocation":
            self._add("modifier", *_span(node), "")

    # --- text -------------------------------------------------------------------------------------

    def _text(self, node: Json) -> str:
        start, end = _span(node)
        return self.raw[start:end].decode()

    def _find(self, operator: str, start: int, end: int) -> int:
        return self.raw.index(operator.encode(), start, end)

    def _add(self, operator: str, start: int, end: int, text: str) -> None:
        first = self.raw.rfind(b"\n", 0, start) + 1
        last = self.raw.find(b"\n", end)
        last = len(self.raw) if last < 0 else last
        head, tail = self.raw[first:start].decode(), self.raw[end:last].decode()
        before = " ".join((head + self.raw[start:end].decode() + tail).split())
        after = " ".join((head + text + tail).split())
        self.found.append(
            Mutant(self.source, operator, self.function, start, end, text, before, after)
        )


def _is_long(number: Json) -> bool:
    """Whether more than 64 bits of it are written out: what a series or a root was worked out to.
    Nothing that anybody could find depends on its last digit."""
    text = str(number["value"])
    return len(text.removeprefix("0x")) > (16 if text.startswith("0x") else 19)


def _is_require(node: Json) -> bool:
    callee = node.get("expression") or {}
    return node.get("nodeType") == "FunctionCall" and callee.get("name") == "require"


def _is_type(node: Json) -> bool:
    """Whether it names a library or a type, and so is no argument."""
    return str(node["typeDescriptions"]["typeString"]).startswith("type(")


def _type(node: Json) -> str:
    """Its type; all numbers written out are one."""
    name = str(node["typeDescriptions"]["typeString"])
    return "int_const" if name.startswith("int_const") else name
