"""The one plain sentence of an alert."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from services.alerter.news import by_side
from shared.schemas.alert_raised import AlertKind
from shared.schemas.claims import Kind
from shared.schemas.edtf import day_of
from shared.schemas.incident import Incident

NAMES_FILE = Path(__file__).parent / "data" / "names.yml"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LOSSES: dict[Kind, str] = {
    "killed": "dead",
    "wounded": "wounded",
    "captured": "captured",
    "missing": "missing",
}
_MOST_PLACES = 3
_VAGUE = 5

Names = Mapping[str, str]


def headline(kind: AlertKind, incident: Incident, what: str, names: Names) -> str:
    """`Escalation: Armenia-Azerbaijan border clash, 12-14 Sep 2022, Jermuk: deaths 99 -> 155 (AM 105, AZ 50)`."""
    return f"{kind.capitalize()}: {title(incident, names)}: {what}"


def title(incident: Incident, names: Names) -> str:
    """Sides, days and the most precise places."""
    sides = "-".join(names.get(side, side) for side in (incident.side_a, incident.side_b))
    precise = [place.name for place in incident.places if place.where_prec < _VAGUE]
    places = ", ".join(precise[:_MOST_PLACES]) + (" and more" if len(precise) > _MOST_PLACES else "")
    parts = [f"{sides} border clash", days(incident.date_start, incident.date_end), places]
    return ", ".join(part for part in parts if part)


def days(start: str | None, end: str | None) -> str:
    """`12-14 Sep 2022`, `30 Sep - 2 Oct 2022`, `12 Jul (year unknown)`, `date unknown`."""
    first, last = day_of(start), day_of(end or start)
    if first is None or last is None:
        return _uncertain(start, end)
    if first == last:
        return _day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}-{_day(last)}"
    return f"{_day(first)} - {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _uncertain(start: str | None, end: str | None) -> str:
    if start is None:
        return "date unknown"
    whole = start if end in (None, start) else f"{start}/{end}"
    if "XXXX-" not in whole:
        return whole
    shown = days(start.replace("XXXX", "2000"), (end or start).replace("XXXX", "2000"))
    return f"{shown.replace(' 2000', '')} (year unknown)"


def summary(incident: Incident) -> str:
    """`99 dead (AM 49, AZ 50), 5 wounded (AZ 5)`: for whom it is all new."""
    parts = []
    for kind, word in _LOSSES.items():
        figures = [kinds[kind].best for kinds in incident.toll.values() if kind in kinds]
        if figures:
            parts.append(f"{sum(figures)} {word} ({by_side(incident, kind)})")
    return ", ".join(parts) or "no losses reported"
