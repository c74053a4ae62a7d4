"""One incident on its way out, with the articles it is made of and when it last changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shared.schemas.edtf import bounds
from shared.store.listing import LeftOut, Wanted, articles_of_each, rows
from shared.store.port import IndexStore

Row = Mapping[str, Any]

# Incidents read with their articles and alerts at a time: each has up to a hundred articles, or more.
_TOGETHER = 32


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


def entries(
    store: IndexStore, wanted: Wanted, limit: int | None = None, left_out: LeftOut | None = None
) -> Iterator[Entry]:
    """The incidents of a list, in the order they first came; what `rows` says of `left_out` is so once all are read."""
    incidents = rows(store, "incidents", wanted, limit, left_out)
    while some := list(islice(incidents, _TOGETHER)):
        told = _last_told(store, [incident["incident_id"] for incident in some])
        for incident, articles in zip(some, articles_of_each(store, some), strict=True):
            yield Entry(incident, tuple(articles), told.get(incident["incident_id"]))


def _last_told(store: IndexStore, incident_ids: Sequence[str]) -> dict[str, str]:
    told: dict[str, str] = {}
    for placed in store.listed("alerts", {"incident_id": incident_ids}):
        incident_id, moment = placed.body["incident_id"], placed.body["raised_at"]
        told[incident_id] = max(moment, told.get(incident_id, ""))
    return told
