"""What the desk is given to show."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.metrics import Metrics
from shared.store.holdings import Holdings, Opened
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

    opened: Opened
    metrics: Metrics
    file_rows: Callable[[Holdings, str | None], Iterator[dict[str, Any]]]
    export: Export
    formats: Mapping[str, tuple[str, str]]
    names: Mapping[str, str]

    def read(self) -> Iterator[Holdings]:
        """For one request. Raises TransientError where there is nothing yet, or nobody answers."""
        with self.opened() as held:
            yield held
