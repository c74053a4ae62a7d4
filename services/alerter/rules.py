"""Watch rules: who wants to hear of which incidents. A YAML list; all that a rule names must hold."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.schemas.alert_raised import AlertKind
from shared.schemas.incident import Incident
from shared.schemas.places import Place
from shared.schemas.sides import dyad_from, side_of

WATCH_FILE = Path(__file__).parent / "data" / "watch.yml"
_EARTH_KM = 6371.0088

Dyad = Annotated[str, AfterValidator(dyad_from)]
Side = Annotated[str, AfterValidator(side_of)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, str_min_length=1)


class Box(_Strict):
    """Decimal degrees; `west` may be east of `east`: the box then crosses the 180th meridian."""

    south: float = Field(ge=-90, le=90)
    west: float = Field(ge=-180, le=180)
    north: float = Field(ge=-90, le=90)
    east: float = Field(ge=-180, le=180)

    @model_validator(mode="after")
    def _right_way_up(self) -> "Box":
        if self.south > self.north:
            raise ValueError("south is north of north")
        return self

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether the point is in the box."""
        if not self.south <= latitude <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= longitude <= self.east
        return longitude >= self.west or longitude <= self.east


class Near(_Strict):
    """A circle around a point."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    km: float = Field(gt=0)

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether the point is in the circle (great circle distance)."""
        lat1, lon1, lat2, lon2 = map(math.radians, (self.latitude, self.longitude, latitude, longitude))
        half = math.sin((lat2 - lat1) / 2) ** 2
        half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
        return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half))) <= self.km


class WatchRule(_Strict):
    """Of each list one entry is enough. `countries` are those of the places and the sides; `keywords` are
    looked for in the evidence, whatever their case; `kinds` and `min_severity` are of the alert."""

    name: str
    subscriber: str = "everyone"
    dyads: frozenset[Dyad] = frozenset()
    sides: frozenset[Side] = frozenset()
    countries: frozenset[Side] = frozenset()
    places: frozenset[str] = frozenset()
    box: Box | None = None
    near: Near | None = None
    keywords: frozenset[str] = frozenset()
    min_severity: int = Field(default=0, ge=0, le=4)
    kinds: frozenset[AlertKind] = frozenset()

    def matches(self, incident: Incident, severity: int) -> bool:
        """Whether the incident is one to hear of; `kinds` is looked at when the kind is known."""
        return severity >= self.min_severity and all(
            not wanted or holds(incident)
            for wanted, holds in (
                (self.dyads, self._in_dyads),
                (self.sides, self._in_sides),
                (self.countries, self._in_countries),
                (self.places, self._at_places),
                (self.box, lambda one: _any_within(self.box, one.places)),
                (self.near, lambda one: _any_within(self.near, one.places)),
                (self.keywords, self._in_words),
            )
        )

    def wants(self, kind: AlertKind) -> bool:
        """Whether the subscriber wants alerts of this kind by this rule."""
        return not self.kinds or kind in self.kinds

    def _in_dyads(self, incident: Incident) -> bool:
        return not self.dyads.isdisjoint((incident.dyad, incident.states))

    def _in_sides(self, incident: Incident) -> bool:
        return bool(self.sides & {incident.side_a, incident.side_b})

    def _in_countries(self, incident: Incident) -> bool:
        found = {code for place in incident.places for code in place.country.split("|")}
        return bool(self.countries & (found | {incident.side_a, incident.side_b}))

    def _at_places(self, incident: Incident) -> bool:
        wanted = {name.casefold() for name in self.places}
        return any(wanted & {place.name.casefold(), place.sector.casefold()} for place in incident.places)

    def _in_words(self, incident: Incident) -> bool:
        wanted = [word.casefold() for word in self.keywords]
        return any(word in text for text in _texts(incident) for word in wanted)


def check_unique(rules: Iterable[WatchRule]) -> tuple[WatchRule, ...]:
    """Raises ValueError when two rules share a name: an alert says which rules it comes from."""
    found = tuple(rules)
    names = [rule.name for rule in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two watch rules are named {twice!r}")
    return found


def _any_within(area: Box | Near | None, places: Iterable[Place]) -> bool:
    return area is not None and any(
        area.holds(place.latitude, place.longitude)
        for place in places
        if place.latitude is not None and place.longitude is not None
    )


def _texts(incident: Incident) -> Iterator[str]:
    for claim in incident.claims:
        yield claim.evidence.text.casefold()
    for link in incident.links:
        for evidence in link.evidence:
            yield evidence.text.casefold()
