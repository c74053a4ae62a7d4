"""Documents as Elasticsearch keeps them: pure. What is added for searching is taken off when a document is read."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from shared.schemas.edtf import bounds
from shared.store.indexes import is_hidden, values_at

_MAX_ID_BYTES = 512
_ADDED = frozenset({"doc_id", "order", "hidden", "dates", "day", "location", "tolls"})

# Where an index's documents have their first and last day (EDTF or a timestamp), and their places.
_DAYS: dict[str, tuple[str, str]] = {
    "articles": ("published", "published"),
    "incidents": ("date_start", "date_end"),
    "alerts": ("raised_at", "raised_at"),
    "dead-letters": ("failed_at", "failed_at"),
}
_PLACES = {"articles": "reports.places", "incidents": "places"}
_RANGED = frozenset(_PLACES)


def document_id(doc_id: str) -> str:
    """The id itself, or where that is too long for Elasticsearch (a path may be) or empty, its digest."""
    raw = doc_id.encode("utf-8", "surrogatepass")
    if 0 < len(raw) <= _MAX_ID_BYTES:
        return doc_id
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def searchable(index: str, doc_id: str, body: Mapping[str, Any], order: int) -> dict[str, Any]:
    """The document with what searching needs: `order` is when it first came, in nanoseconds."""
    added: dict[str, Any] = {"order": order, "hidden": is_hidden(body)}
    if document_id(doc_id) != doc_id:
        added["doc_id"] = doc_id
    if days := _days(index, body):
        added["day"] = days[0].isoformat()
        if index in _RANGED:
            added["dates"] = {"gte": days[0].isoformat(), "lte": days[1].isoformat()}
    if points := list(_points(index, body)):
        added["location"] = points
    if tolls := list(_tolls(body)):
        added["tolls"] = tolls
    return {**body, **added}


def original(source: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it was put."""
    return {name: value for name, value in source.items() if name not in _ADDED}


def original_id(hit: Mapping[str, Any]) -> str:
    """The id a hit was put under."""
    return str(hit["_source"].get("doc_id", hit["_id"]))


def _days(index: str, body: Mapping[str, Any]) -> tuple[date, date] | None:
    """First and last day the document may be about; None when either is unknown."""
    first, last = _DAYS.get(index, ("", ""))
    start, end = _bounds(body.get(first)), _bounds(body.get(last) or body.get(first))
    if start is None or end is None:
        return None
    return (start[0], end[1]) if start[0] <= end[1] else (end[0], start[1])


def _bounds(text: object) -> tuple[date, date] | None:
    return bounds(text.partition("T")[0]) if isinstance(text, str) else None


def _points(index: str, body: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    seen = set()
    for place in values_at(body, _PLACES.get(index, "")):
        latitude, longitude = place.get("latitude"), place.get("longitude")
        if latitude is not None and longitude is not None and (latitude, longitude) not in seen:
            seen.add((latitude, longitude))
            yield {"lat": latitude, "lon": longitude}


def _tolls(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The toll as rows: sides are names, and names make no fields."""
    for who, table in (("all", body.get("toll")), ("civilian", body.get("civilians"))):
        for side, kinds in (table or {}).items():
            for kind, toll in kinds.items():
                yield {"side": side, "kind": kind, "who": who, **toll}
