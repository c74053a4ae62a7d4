"""Reads a YAML data file into a model; what is not as it should be is refused with file and line."""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class DataFileError(ValueError):
    """`str(error)` is `file:line: what is wrong`."""


class _Loader(yaml.SafeLoader):
    """Refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is given twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)


def load_yaml(path: Path, kind: type[T]) -> T:
    """The file as a `kind` (a pydantic model, or a list or dict of them). Raises DataFileError, or
    OSError."""
    text = path.read_text(encoding="utf-8")
    try:
        root = yaml.compose(text, Loader=_Loader)
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
        return TypeAdapter(kind).validate_python(found)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataFileError(f"{path}:{line}: {error.problem}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataFileError(f"{path}:{_line(root, first['loc'])}: {where}: {first['msg']}") from error


def _line(node: yaml.Node | None, loc: Sequence[int | str]) -> int:
    """The line of the innermost node on the way that is there."""
    for part in loc:
        inner = _child(node, part)
        if inner is None:
            break
        node = inner
    return node.start_mark.line + 1 if node else 1


def _child(node: yaml.Node | None, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child
    return None
