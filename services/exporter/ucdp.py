"""UCDP GED: the columns of version 23.1 and later, in their order, with the codebook's meaning.

The codebook holds fatal events only: at least one death in the low, best or high estimate. What UCDP numbers
by hand (conflicts, dyads, actors) stays empty; `relid` is our incident's id.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from services.exporter.countries import Country, countries, ucdp_region
from services.exporter.entry import Entry, Row
from services.exporter.sheet import sheet

COLUMNS = (
    "id",
    "relid",
    "year",
    "active_year",
    "code_status",
    "type_of_violence",
    "conflict_dset_id",
    "conflict_new_id",
    "conflict_name",
    "dyad_dset_id",
    "dyad_new_id",
    "dyad_name",
    "side_a_dset_id",
    "side_a_new_id",
    "side_a",
    "side_b_dset_id",
    "side_b_new_id",
    "side_b",
    "number_of_sources",
    "source_article",
    "source_office",
    "source_date",
    "source_headline",
    "source_original",
    "where_prec",
    "where_coordinates",
    "where_description",
    "adm_1",
    "adm_2",
    "latitude",
    "longitude",
    "geom_wkt",
    "priogrid_gid",
    "country",
    "country_id",
    "region",
    "event_clarity",
    "date_prec",
    "date_start",
    "date_end",
    "deaths_a",
    "deaths_b",
    "deaths_civilians",
    "deaths_unknown",
    "best",
    "high",
    "low",
    "gwnoa",
    "gwnob",
)
STATE_BASED, NON_STATE = 1, 2
_CLEAR, _SUMMARY = 1, 2
_DISTRICT, _PROVINCE = 3, 4
# An event that cannot be told from others in its week is a summary to the codebook.
_LAST_CLEAR_DATE_PREC = 3


def write(entries: Iterable[Entry], now: datetime) -> Iterator[str]:
    """CSV, an event a row."""
    del now
    return sheet(COLUMNS, (_row(entry) for entry in entries if entry.incident["high"] > 0))


def _row(entry: Entry) -> dict[str, object]:
    incident = entry.incident
    a, b = (countries().get(incident[side]) for side in ("side_a", "side_b"))
    names = _actor(a, incident["side_a"]), _actor(b, incident["side_b"])
    prec = incident["date_prec"]
    return {
        "id": entry.number,
        "relid": incident["incident_id"],
        "code_status": "Check",
        "type_of_violence": STATE_BASED if a or b else NON_STATE,
        "conflict_name": f"{a.ucdp_name if a else names[0]} - {b.ucdp_name if b else names[1]}",
        "dyad_name": " - ".join(names),
        "side_a": names[0],
        "side_b": names[1],
        "event_clarity": _CLEAR if prec <= _LAST_CLEAR_DATE_PREC else _SUMMARY,
        "date_prec": prec,
        "gwnoa": a.gw if a else None,
        "gwnob": b.gw if b else None,
        **{name: incident[name] for name in ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown")},
        **{name: incident[name] for name in ("low", "best", "high")},
        **_days(entry),
        **_place(entry),
        **_sources(entry),
    }


def _actor(country: Country | None, name: str) -> str:
    return f"Government of {country.ucdp_name}" if country else name


def _days(entry: Entry) -> dict[str, object]:
    days = entry.days
    if days is None:
        return {}
    start, end = days
    return {"year": int(start[:4]), "date_start": f"{start} 00:00:00.000", "date_end": f"{end} 00:00:00.000"}


def _place(entry: Entry) -> dict[str, object]:
    country = countries().get(entry.country or "")
    row: dict[str, object] = {
        "where_description": "; ".join(place["name"] for place in entry.incident["places"]),
        "country": country.ucdp_name if country else None,
        "country_id": country.gw if country else None,
        "region": ucdp_region(country.gw) if country and country.gw else None,
    }
    return row | _coordinates(entry.point) if entry.point else row


def _coordinates(point: Row) -> dict[str, object]:
    latitude, longitude, prec = point["latitude"], point["longitude"], point["where_prec"]
    return {
        "where_prec": prec,
        "where_coordinates": point["name"],
        "adm_1": point["name"] if prec == _PROVINCE else None,
        "adm_2": point["name"] if prec == _DISTRICT else None,
        "latitude": latitude,
        "longitude": longitude,
        "geom_wkt": f"POINT ({longitude} {latitude})",
        "priogrid_gid": priogrid_gid(latitude, longitude),
    }


def priogrid_gid(latitude: float, longitude: float) -> int:
    """PRIO-GRID's cell of half a degree, counted from 1 at the south-west corner, eastwards, 720 in a row."""
    row = min(math.floor((latitude + 90) * 2), 359)
    column = min(math.floor((longitude + 180) * 2), 719)
    return row * 720 + column + 1


def _sources(entry: Entry) -> dict[str, object]:
    articles = entry.articles
    told = (claim["claimed_by"] for claim in entry.incident["claims"] if claim["claimed_by"])
    return {
        "number_of_sources": len(articles),
        "source_article": ";".join(_cited(article) for article in articles),
        "source_office": ";".join(dict.fromkeys(a["source"] for a in articles if a["source"])),
        "source_date": ";".join(dict.fromkeys(a["published"] for a in articles if a["published"])),
        "source_headline": ";".join(a["title"] or "" for a in articles),
        "source_original": ";".join(dict.fromkeys(told)),
    }


def _cited(article: Row) -> str:
    """As GED writes it: `"office,date,headline"`."""
    parts = (article["source"] or article["stem"], article["published"] or "", article["title"] or "")
    return '"' + ",".join(parts) + '"'
