"""Reads data/skipped_names.yml and refuses nonsense with file and line."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.feeder.names import SkippedName, SkippedNames

FILE = Path(__file__).parent / "data" / "skipped_names.yml"
_FIELDS = {"pattern": str, "reason": str, "listed": bool}


@cache
def skipped_names(path: Path = FILE) -> SkippedNames:
    """The patterns of the data file. Raises ValueError (`file:line: reason`)."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"{path}:{line}: {error.problem}") from error
    if not isinstance(node, yaml.SequenceNode):
        raise ValueError(f"{path}:1: not a list of patterns")
    found: dict[str, SkippedName] = {}
    for item in node.value:
        place = f"{path}:{item.start_mark.line + 1}"
        row = _row(yaml.SafeLoader(""), item, place)
        if row.pattern in found:
            raise ValueError(f"{place}: {row.pattern!r} is there twice")
        found[row.pattern] = row
    return SkippedNames(tuple(found.values()))


def _row(loader: yaml.SafeLoader, node: yaml.Node, place: str) -> SkippedName:
    row: Any = loader.construct_object(node, deep=True)
    if not isinstance(row, dict) or not {"pattern", "reason"} <= row.keys() <= _FIELDS.keys():
        raise ValueError(f"{place}: expected `pattern`, `reason` and perhaps `listed`")
    for name, value in row.items():
        if not isinstance(value, _FIELDS[name]) or value == "":
            raise ValueError(f"{place}: {name} is not a {_FIELDS[name].__name__}")
    pattern: str = row["pattern"]
    if pattern.count("*") > 1 or pattern in ("", "*") or pattern != pattern.lower() or "/" in pattern:
        raise ValueError(f"{place}: {pattern!r} is not a lower-case name with at most one '*'")
    return SkippedName(pattern, row["reason"], row.get("listed", True))
