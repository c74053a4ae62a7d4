"""Plain CSV: an incident a row, its toll by side and kind, low, best and high."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import product
from typing import get_args

from services.exporter.entry import Entry
from services.exporter.sheet import sheet
from shared.schemas.claims import Kind

KINDS: tuple[str, ...] = get_args(Kind)
FIGURES = ("low", "best", "high")
_TOLL = tuple(
    f"{side}_{kind}_{figure}" for side, kind, figure in product(("side_a", "side_b", "unknown"), KINDS, FIGURES)
)
_CIVILIANS = tuple(f"civilians_{kind}_{figure}" for kind, figure in product(KINDS, FIGURES))
_COPIED = (
    "incident_id",
    "revision",
    "dyad",
    "side_a",
    "side_b",
    "border",
    "date_start",
    "date_end",
    "date_prec",
    "date_inferred",
)
_PLACE = ("places", "country", "latitude", "longitude", "where_prec")
COLUMNS = (*_COPIED, *_PLACE, *_TOLL, *_CIVILIANS, "weapons", "claimants", "articles", "titles")


def write(entries: Iterable[Entry], now: datetime) -> Iterator[str]:
    """CSV; an empty figure is one nobody told, 0 is one somebody denied."""
    del now
    return sheet(COLUMNS, (_row(entry) for entry in entries))


def _row(entry: Entry) -> dict[str, object]:
    incident, point = entry.incident, entry.point
    claimants = (claim["claimed_by"] for claim in incident["claims"] if claim["claimed_by"])
    row = {
        **{name: incident[name] for name in _COPIED},
        "places": "; ".join(place["name"] for place in incident["places"]),
        "country": entry.country,
        "weapons": "; ".join(incident["weapons"]),
        "claimants": "; ".join(dict.fromkeys(claimants)),
        "articles": "; ".join(incident["articles"]),
        "titles": "; ".join(article["title"] for article in entry.articles if article["title"]),
    }
    if point:
        row |= {name: point[name] for name in ("latitude", "longitude", "where_prec")}
    return row | _toll(entry)


def _toll(entry: Entry) -> dict[str, object]:
    """Whoever is neither of the two sides is of unknown side; several such figures add up."""
    incident = entry.incident
    names = {incident["side_a"]: "side_a", incident["side_b"]: "side_b"}
    row: dict[str, int] = {}
    for side, kinds in incident["toll"].items():
        _add(row, names.get(side, "unknown"), kinds)
    for kinds in incident["civilians"].values():
        _add(row, "civilians", kinds)
    return dict(row)


def _add(row: dict[str, int], name: str, kinds: dict[str, dict[str, int]]) -> None:
    for kind, figures in kinds.items():
        for figure in FIGURES:
            column = f"{name}_{kind}_{figure}"
            row[column] = row.get(column, 0) + figures[figure]
