"""One incident on its way out, with the articles it is made of and when it last changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.schemas.edtf import bounds
from shared.store.listing import Wanted, articles_of, rows
from shared.store.port import IndexStore

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """`incident` and `articles` are index documents; `updated` is when somebody was last told (ISO 8601)."""

    incident: Row
    articles: tuple[Row, ...] = ()
    updated: str | None = None

    @property
    def point(self) -> Row | None:
        """The most precise place that has coordinates."""
        known = [place for place in self.incident["places"] if place["latitude"] is not None]
        return min(known, key=lambda place: place["where_prec"], default=None)

    @property
    def country(self) -> str | None:
        """The ISO code of the country it happened in: of the point, else of the first place that has one."""
        places = [self.point] if self.point else self.incident["places"]
        return next((place["country"].split("|")[0] for place in places if place and place["country"]), None)

    @property
    def days(self) -> tuple[str, str] | None:
        """First and last possible calendar day (ISO 8601); None when the year is unknown."""
        start, end = bounds(self.incident["date_start"]), bounds(self.incident["date_end"])
        if start is None:
            return None
        return start[0].isoformat(), (end or start)[1].isoformat()

    @property
    def number(self) -> int:
        """A number for codebooks that want one: the first 52 bits of the incident's id."""
        return int(self.incident["incident_id"].replace("-", "")[:13], 16)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the articles say of it, each sentence once."""
        texts = [evidence["text"] for link in self.incident["links"] for evidence in link["evidence"]] + [
            claim["evidence"]["text"] for claim in self.incident["claims"]
        ]
        return tuple(dict.fromkeys(texts))


def entries(store: IndexStore, wanted: Wanted, limit: int | None = None) -> Iterator[Entry]:
    """The incidents of a list, in the order they first came."""
    for incident in rows(store, "incidents", wanted, limit):
        told = [alert["raised_at"] for alert in store.scan("alerts", {"incident_id": incident["incident_id"]})]
        yield Entry(incident, tuple(articles_of(store, incident)), max(told, default=None))
