"""The topics as data: `topics.yml`, read with every mistake named by file and line."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import yaml

from shared.schemas import MESSAGES

Retention = Literal["keep", "until_consumed"]

FILE = Path(__file__).with_name("topics.yml")
_NEEDED = {"key", "retention", "producers", "consumers"}
_KNOWN = _NEEDED | {"compress"}


@dataclass(frozen=True, slots=True)
class Topic:
    """One row of the file. `consumers` are consumer groups: a stage's name is its group."""

    name: str
    key: str
    retention: Retention
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    compress: bool = False


def load_topics(path: Path = FILE) -> dict[str, Topic]:
    """All topics by name. Raises ValueError (`topics.yml:12: ...`) for a row that makes no sense."""
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise ValueError(f"{path}:1: expected topics by name")
    topics: dict[str, Topic] = {}
    for name, row in root.value:
        where = f"{path}:{name.start_mark.line + 1}"
        if name.value in topics:
            raise ValueError(f"{where}: {name.value} is here twice")
        topics[name.value] = _topic(name.value, _plain(row), where)
    if missing := MESSAGES.keys() - topics.keys():
        raise ValueError(f"{path}:1: no topic for {', '.join(sorted(missing))}")
    return topics


def _plain(node: yaml.Node) -> object:
    loader = yaml.SafeLoader("")
    return loader.construct_document(node)


def _topic(name: str, row: object, where: str) -> Topic:
    if name not in MESSAGES:
        raise ValueError(f"{where}: {name} is not a message type")
    if not isinstance(row, Mapping) or not _NEEDED <= row.keys() <= _KNOWN:
        raise ValueError(f"{where}: {name} needs {', '.join(sorted(_NEEDED))} (and may have compress), no more")
    if row["retention"] not in get_args(Retention):
        raise ValueError(f"{where}: {name}: retention is one of {', '.join(get_args(Retention))}")
    if not isinstance(row["key"], str) or not isinstance(row.get("compress", False), bool):
        raise ValueError(f"{where}: {name}: key is a field's name, compress is true or false")
    return Topic(
        name=name,
        key=row["key"],
        retention=row["retention"],
        producers=_names(row["producers"], f"{where}: {name}: producers"),
        consumers=_names(row["consumers"], f"{where}: {name}: consumers"),
        compress=row.get("compress", False),
    )


def _names(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError(f"{where} is a list of stage names")
    if len(set(value)) != len(value):
        raise ValueError(f"{where}: a name is here twice")
    return tuple(value)
