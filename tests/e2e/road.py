"""The whole road for tests: an inbox, a data folder, the real stages and stores, and what a person finds after it."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from services.pipeline import opened
from shared.settings import Settings
from shared.store.database import Database
from shared.store.listing import Wanted, rows
from shared.store.port import IndexName
from shared.store.sqlite_index import SqliteIndexStore

SEEDS = {path.name[:3]: path for path in sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))}
AGAIN = " again"
"""What the name of a second copy ends in: it sorts like the first."""
SEPTEMBER = ("001", "003", "004")
"""The seeds that name no day; they were published on PUBLISHED."""
PUBLISHED = "2022-09-14"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_LONG_AGO = 1_600_000_000
# The id follows the first report, the revision counts how it came about: all else is the same in any order.
_OF_THE_ORDER = ("incident_id", "revision", "merged_from")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Folders:
    """An inbox and a data folder."""

    inbox: Path
    data: Path

    @classmethod
    def under(cls, parent: Path) -> "Folders":
        """Two new folders."""
        folders = cls(parent / "inbox", parent / "data")
        folders.inbox.mkdir(parents=True)
        return folders

    def settings(self, **more: Any) -> Settings:
        """With one worker the pure stages run in this process."""
        return Settings(inbox=self.inbox, data=self.data, workers=1, **more)

    def drain(self, **more: Any) -> None:
        """`clashwatch run --once`, in this process."""
        with opened(self.settings(**more), once=True) as system:
            system.drain(Event())

    def found(self, index: IndexName) -> list[Row]:
        """What `clashwatch incidents|articles|alerts|files --json` lists."""
        with self.store() as store:
            return list(rows(store, index, Wanted()))

    @contextmanager
    def store(self) -> Iterator[SqliteIndexStore]:
        """The index, to read."""
        with closing(Database(self.data, read_only=True)) as database:
            yield SqliteIndexStore(database)

    def received(self) -> list[str]:
        """The article ids on the log, in the order they came."""
        with closing(Database(self.data, read_only=True)) as database:
            return [key for (key,) in database.execute('SELECT key FROM "log:article.received" ORDER BY position')]


def drop_in_order(inbox: Path, names: Sequence[str], *, dated: bool = False) -> None:
    """Seeds by number, copies as `000 again`: the feeder takes the newest first, so the first is made the newest."""
    for place, name in enumerate(names):
        path = drop(inbox, name)
        os.utime(path, (_LONG_AGO - place, _LONG_AGO - place))
        if dated and name[:3] in SEPTEMBER:
            write_sidecar(path)


def drop(inbox: Path, name: str) -> Path:
    """One seed or copy, renamed into place."""
    seed = SEEDS[name.removesuffix(AGAIN)]
    path = inbox / f"{seed.stem}{AGAIN if name.endswith(AGAIN) else ''}{seed.suffix}"
    hidden = inbox / f".{path.name}"
    shutil.copyfile(seed, hidden)
    return hidden.rename(path)


def write_sidecar(article: Path) -> None:
    """Beside the article, complete at once."""
    text = json.dumps({"published": PUBLISHED})
    article.with_suffix(".meta.json").write_text(text, encoding="utf-8")


def number_of(stem: str) -> str:
    """The seed a file stem (or that of a copy) belongs to."""
    found = re.match(r"\d+", stem)
    assert found, stem
    return found[0]


def members(incident: Row) -> set[str]:
    """The seeds that tell of it."""
    return {number_of(stem) for stem in incident["articles"]}


def apart_from_the_order(incident: Row) -> Row:
    """An incident without its id and history; of two copies of an article either may have lent its name."""
    kept = {name: value for name, value in incident.items() if name not in _OF_THE_ORDER}
    kept["articles"] = [number_of(stem) for stem in incident["articles"]]
    for part in ("claims", "links"):
        kept[part] = [one | {"stem": number_of(one["stem"])} for one in incident[part]]
    return kept


def all_apart_from_the_order(incidents: Sequence[Row]) -> list[Row]:
    """Of several, in an order of their own."""
    return sorted(map(apart_from_the_order, incidents), key=lambda one: json.dumps(one, sort_keys=True))
