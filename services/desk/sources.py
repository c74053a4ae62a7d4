"""What the desk is given to show."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from shared.metrics import Metrics
from shared.store.database import Database
from shared.store.listing import Wanted
from shared.store.port import IndexStore


class Export(Protocol):
    """Writes the incidents of a list in a format, in pieces."""

    def __call__(
        self, name: str, store: IndexStore, wanted: Wanted, now: datetime, limit: int | None = None
    ) -> Iterator[str]:
        """`name` is one of the formats."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the desk shows and where it comes from. `formats` gives a format's media type and suffix,
    `names` a country's name by its code."""

    data: Path
    metrics: Metrics
    file_rows: Callable[[Database, str | None], Iterator[dict[str, Any]]]
    export: Export
    formats: Mapping[str, tuple[str, str]]
    names: Mapping[str, str]

    def read(self) -> Iterator[Database]:
        """A connection for one request. Raises sqlite3.OperationalError before there is anything."""
        with closing(Database(self.data, read_only=True)) as database:
            yield database
