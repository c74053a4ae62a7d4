"""GeoJSON (RFC 7946): a FeatureCollection, an incident a Feature, a Point at its most precise place."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from pydantic_core import to_json

from services.exporter.entry import Entry

_PROPERTIES = [
    "incident_id",
    "revision",
    "dyad",
    "side_a",
    "side_b",
    "date_start",
    "date_end",
    "date_prec",
    "date_inferred",
    "toll",
    "low",
    "best",
    "high",
    "deaths_a",
    "deaths_b",
    "deaths_civilians",
    "deaths_unknown",
    "weapons",
    "articles",
    "places",
]


def write(entries: Iterable[Entry], now: datetime) -> Iterator[str]:
    """One Feature a line; without any coordinates its geometry is null."""
    del now
    yield '{"type":"FeatureCollection","features":['
    for number, entry in enumerate(entries):
        yield (",\n" if number else "\n") + _feature(entry)
    yield "\n]}\n"


def _feature(entry: Entry) -> str:
    point = entry.point
    feature = {
        "type": "Feature",
        "id": entry.incident["incident_id"],
        "geometry": {"type": "Point", "coordinates": [point["longitude"], point["latitude"]]} if point else None,
        "properties": {name: entry.incident[name] for name in _PROPERTIES},
    }
    return to_json(feature).decode()
