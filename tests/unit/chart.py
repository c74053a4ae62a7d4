"""Renders a Helm chart without Helm: as much of Go's templates as ours use; anything else is an error."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_ACTION = re.compile(r"(\s*)\{\{-\s(.*?)\s*(?:-\}\}(\s*)|\}\})|\{\{\s*(.*?)\s*(?:-\}\}(\s*)|\}\})", re.DOTALL)
_TOKEN = re.compile(r'\s*("[^"]*"|:=|[()|,]|[^\s()|,]+)')
_OPENING = ("if", "range", "with", "define")


class ChartError(Exception):
    """The chart refuses the values, or uses what is not known here."""


@dataclass(slots=True)
class Node:
    """Text, an action, or a block with its branches: (condition, body); an empty condition is `else`."""

    text: str = ""
    action: str = ""
    branches: list[tuple[str, list["Node"]]] = field(default_factory=list)


def render(chart: Path, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All objects of the chart with these values over its own."""
    own = yaml.safe_load((chart / "values.yaml").read_text())
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    root = {
        "Values": _merged(own, values),
        "Chart": {"AppVersion": about["appVersion"], "Name": about["name"]},
        "Release": {"Name": "cw", "Service": "Helm"},
    }
    renderer = _Renderer()
    files = {path: renderer.parse(path.read_text()) for path in sorted((chart / "templates").iterdir())}
    texts = [renderer.text(nodes, root, {"$": root}) for path, nodes in files.items() if path.suffix == ".yaml"]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


class _Renderer:
    def __init__(self) -> None:
        self._defined: dict[str, list[Node]] = {}
        self._functions: dict[str, Callable[..., Any]] = {
            "include": lambda name, dot: self.text(self._defined[name], dot, {"$": dot}),
            "quote": lambda value: json.dumps(_shown(value)),
            "nindent": lambda count, text: "\n" + "\n".join(" " * count + line for line in text.split("\n")),
            "toYaml": lambda value: yaml.safe_dump(value).rstrip("\n"),
            "eq": lambda one, other: one == other,
            "ne": lambda one, other: one != other,
            "not": lambda value: not value,
            "and": lambda *given: next((one for one in given if not one), given[-1]),
            "or": lambda *given: next((one for one in given if one), given[-1]),
            "has": lambda one, many: one in many,
            "list": lambda *given: list(given),
            "dict": lambda *given: dict(zip(given[::2], given[1::2], strict=True)),
            "printf": lambda form, *given: form % given,
            "required": _required,
        }

    def parse(self, text: str) -> list[Node]:
        nodes, end = self._body(iter(_pieces(text)))
        if end:
            raise ChartError(f"unexpected {end}")
        return nodes

    def _body(self, pieces: Iterator[Node]) -> tuple[list[Node], str]:
        """Nodes up to an `else` or `end`, and which it was."""
        nodes: list[Node] = []
        for piece in pieces:
            word, _, rest = piece.action.partition(" ")
            if word in ("end", "else"):
                return nodes, piece.action
            if word in _OPENING:
                nodes += self._block(word, rest, pieces)
            else:
                nodes.append(piece)
        return nodes, ""

    def _block(self, word: str, condition: str, pieces: Iterator[Node]) -> list[Node]:
        branches = []
        while True:
            body, end = self._body(pieces)
            branches.append((condition, body))
            if not end:
                raise ChartError(f"{word} {condition} has no end")
            if end == "end":
                break
            condition = end.removeprefix("else").strip().removeprefix("if ")
        if word == "define":
            self._defined[condition.strip('"')] = branches[0][1]
            return []
        return [Node(action=word, branches=branches)]

    def text(self, nodes: Sequence[Node], dot: Any, names: dict[str, Any]) -> str:
        return "".join(self._rendered(node, dot, names) for node in nodes)

    def _rendered(self, node: Node, dot: Any, names: dict[str, Any]) -> str:
        if not node.action:
            return node.text
        if node.branches:
            return self._chosen(node, dot, names)
        if ":=" in node.action:
            name, _, value = node.action.partition(":=")
            names[name.strip()] = self._value(value, dot, names)
            return ""
        return _shown(self._value(node.action, dot, names))

    def _chosen(self, node: Node, dot: Any, names: dict[str, Any]) -> str:
        if node.action == "range":
            condition, body = node.branches[0]
            variables, _, value = condition.partition(":=")
            key_name, value_name = (name.strip() for name in variables.split(","))
            table = self._value(value, dot, names)
            rounds = [(table[key], {**names, key_name: key, value_name: table[key]}) for key in sorted(table)]
            return "".join(self.text(body, one, scope) for one, scope in rounds)
        for condition, body in node.branches:
            found = self._value(condition, dot, names) if condition else True
            if found:
                return self.text(body, found if node.action == "with" else dot, dict(names))
        return ""

    def _value(self, expression: str, dot: Any, names: Mapping[str, Any]) -> Any:
        tokens = _TOKEN.findall(expression)
        found = self._pipeline(tokens, dot, names)
        if tokens:
            raise ChartError(f"what is {tokens} in {expression}?")
        return found

    def _pipeline(self, tokens: list[str], dot: Any, names: Mapping[str, Any]) -> Any:
        piped: list[Any] = []
        while True:
            name = tokens[0]
            operands = []
            if name in self._functions:
                tokens.pop(0)
            while tokens and tokens[0] not in (")", "|"):
                operands.append(self._operand(tokens, dot, names))
            value = self._functions[name](*operands, *piped) if name in self._functions else operands[0]
            if not tokens or tokens[0] == ")":
                return value
            tokens.pop(0)
            piped = [value]

    def _operand(self, tokens: list[str], dot: Any, names: Mapping[str, Any]) -> Any:
        token = tokens.pop(0)
        if token == "(":
            value = self._pipeline(tokens, dot, names)
            tokens.pop(0)
            return value
        if token.startswith('"'):
            return token[1:-1]
        if token.isdigit():
            return int(token)
        head, *path = token.split(".")
        if head and not head.startswith("$"):
            raise ChartError(f"what is {token}?")
        value = names[head] if head else dot
        for name in filter(None, path):
            if name not in value:
                raise ChartError(f"there is no {token}")
            value = value[name]
        return value


def _pieces(text: str) -> Iterator[Node]:
    place = 0
    for match in _ACTION.finditer(text):
        yield Node(text=text[place : match.start()])
        action = match[2] if match[2] is not None else match[4]
        yield Node(action=action)
        place = match.end()
    yield Node(text=text[place:])


def _required(message: str, value: Any) -> Any:
    if not value:
        raise ChartError(message)
    return value


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _merged(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(own)
    for name, value in given.items():
        both[name] = _merged(own[name], value) if isinstance(value, dict) and isinstance(own.get(name), dict) else value
    return both
