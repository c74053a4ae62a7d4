"""The formats by name. A new one is a new file with a `write` and a line here."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.exporter import acled, atom, geojson, plain, ucdp
from services.exporter.entry import Entry


@dataclass(frozen=True, slots=True)
class Format:
    """`write` turns incidents into pieces of text. `note` says what a reader has to know."""

    media_type: str
    suffix: str
    write: Callable[[Iterable[Entry], datetime], Iterator[str]]
    note: str = ""


FORMATS: Mapping[str, Format] = {
    "ucdp": Format(
        "text/csv; charset=utf-8",
        "csv",
        ucdp.write,
        "UCDP GED holds fatal events only: the others are left out",
    ),
    "acled": Format("text/csv; charset=utf-8", "csv", acled.write),
    "geojson": Format("application/geo+json", "geojson", geojson.write),
    "csv": Format("text/csv; charset=utf-8", "csv", plain.write),
    "atom": Format(
        "application/atom+xml; charset=utf-8",
        "atom",
        atom.write,
        f"a feed holds the {atom.MOST} incidents that changed last",
    ),
}
