"""ACLED: the columns of its export, in their order. What only its coders can judge stays empty."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from services.exporter.countries import Country, countries
from services.exporter.entry import Entry
from services.exporter.sheet import sheet

COLUMNS = (
    "event_id_cnty",
    "event_date",
    "year",
    "time_precision",
    "disorder_type",
    "event_type",
    "sub_event_type",
    "actor1",
    "assoc_actor_1",
    "inter1",
    "actor2",
    "assoc_actor_2",
    "inter2",
    "interaction",
    "civilian_targeting",
    "iso",
    "region",
    "country",
    "admin1",
    "admin2",
    "admin3",
    "location",
    "latitude",
    "longitude",
    "geo_precision",
    "source",
    "source_scale",
    "notes",
    "fatalities",
    "tags",
    "timestamp",
)
# ACLED's time precision: 1 the day, 2 the week, 3 the month; by UCDP's date_prec.
_TIME = {1: 1, 2: 2, 3: 2, 4: 3, 5: 3}
# ACLED's geo precision: 1 the place, 2 near it, 3 the region; by UCDP's where_prec.
_GEO = {1: 1, 2: 2, 3: 2}
_REGION = 3
_PROVINCE = 4
_STATE, _FOREIGN = "State forces", "External/Other forces"


def write(entries: Iterable[Entry], now: datetime) -> Iterator[str]:
    """CSV, an event a row."""
    del now
    return sheet(COLUMNS, (_row(entry) for entry in entries))


def _row(entry: Entry) -> dict[str, object]:
    incident, where = entry.incident, countries().get(entry.country or "")
    sides = incident["side_a"], incident["side_b"]
    inters = [_inter(side, where) for side in sides]
    days = entry.days
    return {
        "event_id_cnty": f"{where.iso3 if where else ''}{entry.number}",
        "event_date": days[0] if days else None,
        "year": int(days[0][:4]) if days else None,
        "time_precision": _TIME[incident["date_prec"]] if days else None,
        "disorder_type": "Political violence",
        "event_type": "Battles",
        "sub_event_type": "Armed clash",
        "actor1": _actor(sides[0]),
        "inter1": inters[0],
        "actor2": _actor(sides[1]),
        "inter2": inters[1],
        "interaction": "-".join(inters) if all(inters) else "",
        "source": "; ".join(dict.fromkeys(a["source"] for a in entry.articles if a["source"])),
        "notes": " ".join(entry.sentences),
        "fatalities": incident["best"],
        **_place(entry, where),
    }


def _actor(side: str) -> str:
    country = countries().get(side)
    return f"Military Forces of {country.name}" if country else side


def _inter(side: str, where: Country | None) -> str:
    """A state's forces abroad are external ones; what kind of group any other side is, no text says."""
    if side not in countries():
        return ""
    return _STATE if where is None or where.code == side else _FOREIGN


def _place(entry: Entry, where: Country | None) -> dict[str, object]:
    row: dict[str, object] = {
        "iso": where.iso_numeric if where else None,
        "region": where.acled_region if where else None,
        "country": where.name if where else None,
    }
    point = entry.point
    if point is None:
        return row
    return row | {
        "admin1": point["name"] if point["where_prec"] == _PROVINCE else None,
        "location": point["name"],
        "latitude": point["latitude"],
        "longitude": point["longitude"],
        "geo_precision": _GEO.get(point["where_prec"], _REGION),
    }
