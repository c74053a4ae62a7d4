"""Reads the data files of this folder; whatever is not as it should be is refused with file and line."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"
LINE = "__line__"


class DataFileError(ValueError):
    """`str(error)` is `file:line: what is wrong`."""


class _Loader(yaml.SafeLoader):
    """Remembers the line of every mapping under the key `__line__` and refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key is given twice", node.start_mark)
        mapping[LINE] = node.start_mark.line + 1
        return mapping


def load_rows(path: Path, required: dict[str, type], optional: dict[str, type]) -> list[dict[str, Any]]:
    """A YAML list of mappings with exactly these keys; each row keeps its line under `LINE`."""
    found = _load(path)
    if not isinstance(found, list) or not found:
        raise DataFileError(f"{path.name}:1: not a list of rows")
    for row in found:
        _check_row(path, row, required, optional)
    return found


def load_words(path: Path, keys: tuple[str, ...] | None = None) -> dict[str, tuple[str, ...]]:
    """A YAML mapping of names to lists of words. `keys`, where given, are the names it must have."""
    found = _load(path)
    if not isinstance(found, dict):
        raise DataFileError(f"{path.name}:1: not a mapping of names to word lists")
    line = found.pop(LINE)
    if keys is not None and set(found) != set(keys):
        raise DataFileError(f"{path.name}:{line}: the names must be {', '.join(keys)}")
    for name, words in found.items():
        if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
            raise DataFileError(f"{path.name}:{line}: {name!r} is not a list of words (quote yes, no, on and off)")
        if len(set(words)) != len(words):
            twice = next(word for word in words if words.count(word) > 1)
            raise DataFileError(f"{path.name}:{line}: {twice!r} stands twice under {name!r}")
    return {str(name): tuple(words) for name, words in found.items()}


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _load(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataFileError(f"{path.name}:{line}: {error.problem}") from error


def _check_row(path: Path, row: Any, required: dict[str, type], optional: dict[str, type]) -> None:
    if not isinstance(row, dict):
        raise DataFileError(f"{path.name}:1: {row!r} is not a row of names and values")
    where = f"{path.name}:{row[LINE]}"
    types = required | optional
    for name in row.keys() - {LINE}:
        if name not in types:
            raise DataFileError(f"{where}: unknown name {name!r}; known are {', '.join(types)}")
        if not isinstance(row[name], types[name]) or row[name] in ("", []):
            raise DataFileError(f"{where}: {name!r} is not a {types[name].__name__} with something in it")
    for name in required.keys() - row.keys():
        raise DataFileError(f"{where}: {name!r} is missing")
