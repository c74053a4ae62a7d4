"""How far two reports of one dyad agree: points and reasons, the same whichever of the two comes first."""

import math
from collections.abc import Iterator
from datetime import date

from services.linker.profile import YEAR_DAYS, Days, Profile, year_day
from services.linker.rule import Rule

Part = tuple[float, str]

_EARTH_KM = 6371.0088


def agreement(one: Profile, other: Profile, rule: Rule) -> float:
    """Points for what agrees; 0 where the two are not of one incident. Two dated reports need only fit."""
    parts = _parts(one, other, rule)
    if parts is None:
        return 0.0
    points = sum(part[0] for part in parts)
    needed = 0.0 if one.days and other.days else rule.enough
    return points if points > 0 and points >= needed else 0.0


def reasons(one: Profile, other: Profile, rule: Rule) -> tuple[str, ...]:
    """What agrees, in words, weightiest first."""
    parts = sorted(_parts(one, other, rule) or (), key=lambda part: -part[0])
    return tuple(reason for points, reason in parts if points > 0)


def _parts(one: Profile, other: Profile, rule: Rule) -> list[Part] | None:
    """None where something contradicts."""
    if one.article_id == other.article_id:
        return None
    days = _days(one, other, rule)
    if days is None:
        return None
    place = _place(one, other, rule)
    if place is None:
        return None
    return [*days, *place, *_figures(one, other, rule), *_text(one, other, rule)]


def _days(one: Profile, other: Profile, rule: Rule) -> list[Part] | None:
    if one.days and other.days:
        apart = gap(one.days, other.days)
        return None if apart > rule.max_days_apart else [_near_days(apart, rule)]
    if not (_years_fit(one, other) and _published_fits(one, other, rule)):
        return None
    return _undated(one, other, rule)


def _near_days(apart: int, rule: Rule) -> Part:
    if apart == 0:
        return rule.points.same_days, "same day"
    return rule.points.near_days, f"{apart} day{'s' * (apart > 1)} apart"


def _undated(one: Profile, other: Profile, rule: Rule) -> list[Part] | None:
    parts: list[Part] = []
    for find in (_month_days, _window, _weekdays, _fresh):
        part = find(one, other, rule)
        if part is None:
            return None
        if part[0]:
            parts.append(part)
    return parts


_NEUTRAL: Part = (0.0, "")


def _month_days(one: Profile, other: Profile, rule: Rule) -> Part | None:
    first, second = _year_days(one), _year_days(other)
    if first is None or second is None or not (one.month_days or other.month_days):
        return _NEUTRAL
    apart = min(gap(first, (second[0] + turn, second[1] + turn)) for turn in (-YEAR_DAYS, 0, YEAR_DAYS))
    if apart > rule.max_days_apart:
        return None
    if max(first[1] - first[0], second[1] - second[0]) >= rule.max_dated_days:
        return rule.points.date_window, "same month"
    if apart == 0:
        return rule.points.same_month_day, "same day and month"
    return rule.points.near_month_day, f"day and month {apart} apart"


def _year_days(one: Profile) -> Days | None:
    days = one.days or one.window
    if one.month_days or days is None or days[1] - days[0] >= YEAR_DAYS - 1:
        return one.month_days
    first = year_day(days[0])
    return first, first + days[1] - days[0]


def _window(one: Profile, other: Profile, rule: Rule) -> Part | None:
    first, second = one.days or one.window, other.days or other.window
    if first is None or second is None:
        return _NEUTRAL
    if gap(first, second) > rule.max_days_apart:
        return None
    return rule.points.date_window, "dates that do not exclude each other"


def _weekdays(one: Profile, other: Profile, rule: Rule) -> Part | None:
    if not one.weekdays or not other.weekdays:
        return _NEUTRAL
    if one.weekdays & other.weekdays:
        return rule.points.same_weekdays, "same weekday"
    apart = min(min((a - b) % 7, (b - a) % 7) for a in one.weekdays for b in other.weekdays)
    return None if apart > rule.max_days_apart else _NEUTRAL


def _fresh(one: Profile, other: Profile, rule: Rule) -> Part | None:
    """Published, or happened and published, within a few days."""
    first, second = one.days or _on(one.published), other.days or _on(other.published)
    if first is None or second is None or gap(first, second) > rule.publication.fresh_days:
        return _NEUTRAL
    return rule.points.fresh, "published at the time"


def _on(day: int | None) -> Days | None:
    return None if day is None else (day, day)


def _years_fit(one: Profile, other: Profile) -> bool:
    after = max(one.years[0], other.years[0], _year(one, 0))
    before = min(one.years[1], other.years[1], _year(one, 1))
    first, last = _year(other, 0), _year(other, 1)
    return max(after, first) <= min(before, last)


def _year(one: Profile, edge: int) -> int:
    days = one.days or one.window
    return date.fromordinal(days[edge]).year if days else (0, 9999)[edge]


def _published_fits(one: Profile, other: Profile, rule: Rule) -> bool:
    """What is published was there by then, and is no old story; a day more for time zones."""
    limits = rule.publication
    for article, clash in ((one, other), (other, one)):
        if article.days is None and article.published is not None and clash.days is not None:
            first, last = clash.days
            return first - 1 <= article.published <= last + limits.max_days_after
    if one.published is None or other.published is None:
        return True
    return abs(one.published - other.published) <= limits.max_days_apart


def _place(one: Profile, other: Profile, rule: Rule) -> list[Part] | None:
    points = rule.points
    same = one.names & other.names
    if same:
        extra = min(len(same) - 1, 2) * points.another_same_place
        return [(points.same_place + extra, f"same place: {', '.join(sorted(same))}")]
    shared = one.sectors & other.sectors
    if shared:
        return [(points.near_place, f"same sector: {', '.join(sorted(shared))}")]
    if one.names and other.names:
        return [(points.near_place, "places near each other")] if _near(one, other, rule) else None
    return [(points.other_sector, "other sector")] if one.sectors and other.sectors else []


def _near(one: Profile, other: Profile, rule: Rule) -> bool:
    """Two places of two different sectors must be as near as two towns."""
    area = rule.places.near_km if one.sectors and other.sectors else rule.places.near_area_km
    return any(
        distance_km(a[0], a[1], b[0], b[1]) <= (area if a[2] or b[2] else rule.places.near_km)
        for a in one.points
        for b in other.points
    )


def _figures(one: Profile, other: Profile, rule: Rule) -> Iterator[Part]:
    points = rule.points
    for side, kind, number in sorted(one.figures & other.figures):
        if number >= 10:
            weight = points.figure_from_10
        else:
            weight = points.figure_from_3 if number >= 3 else points.figure_from_1
        yield weight, f"{side} {number} {kind}"


def _text(one: Profile, other: Profile, rule: Rule) -> Iterator[Part]:
    likeness, points = rule.likeness, rule.points
    if one.signature is not None and other.signature is not None:
        bits = (one.signature ^ other.signature).bit_count()
        if bits <= likeness.same_text_bits:
            yield points.same_text, "same text"
        elif bits <= likeness.alike_text_bits:
            yield points.alike_text, "text alike"
    if min(len(one.title), len(other.title)) >= likeness.min_title_words:
        shared = len(one.title & other.title)
        if shared >= likeness.alike_titles * len(one.title | other.title):
            yield points.alike_titles, "titles alike"


def gap(one: Days, other: Days) -> int:
    """Days between two spans of days; 0 where they overlap."""
    return max(0, one[0] - other[1], other[0] - one[1])


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great circle (haversine) between two points in radians."""
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
