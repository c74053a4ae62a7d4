"""Incidents in other people's formats, for the command line and the desk."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from services.exporter.entry import entries
from services.exporter.formats import FORMATS, Format
from shared.store.listing import LeftOut, Wanted
from shared.store.port import IndexStore

EXPORTS: Mapping[str, Format] = FORMATS


def export(
    name: str,
    store: IndexStore,
    wanted: Wanted,
    now: datetime,
    limit: int | None = None,
    left_out: LeftOut | None = None,
) -> Iterator[str]:
    """The incidents of a list in a format, in pieces. Raises KeyError for a format there is none of."""
    return EXPORTS[name].write(entries(store, wanted, limit, left_out), now)
