"""How far two reports of one dyad agree: points and reasons, the same whichever of the two comes first."""

import math

from services.linker.node import Node
from services.linker.profile import YEAR_DAYS, Days, Profile, year_day
from services.linker.rule import Rule

# Points, the reason with a place for what agrees, and that.
Part = tuple[float, str, object]

_NEVER = (0, 0)
_EARTH_KM = 6371.0088


def agreement(one: Node, other: Node, rule: Rule) -> float:
    """Points for what agrees; 0 where the two are not of one incident. Two dated ones need only fit."""
    parts = _parts(one, other, rule)
    if parts is None:
        return 0.0
    # Exact, so that it does not depend on the order of the parts.
    points = math.fsum(part[0] for part in parts)
    needed = 0.0 if one.like.days and other.like.days else rule.enough
    return points if points > 0 and points >= needed else 0.0


def reasons(one: Profile, other: Node, rule: Rule) -> tuple[str, ...]:
    """What a report agrees in with others, in words, weightiest first."""
    parts = [part for part in _parts(Node.of(one), other, rule) or () if part[0] > 0]
    return tuple(words for _, words in sorted((-points, _in_words(reason, what)) for points, reason, what in parts))


def _in_words(reason: str, what: object) -> str:
    return reason.format(", ".join(sorted(what)) if isinstance(what, frozenset) else what)


def _parts(one: Node, other: Node, rule: Rule) -> list[Part] | None:
    """None where something contradicts. An article that tells of two clashes tells them apart."""
    if len(one.articles) == 1 and one.articles.keys() == other.articles.keys():
        return None
    if one.like.force and other.like.force and one.like.force != other.like.force:
        return None
    parts: list[Part] = []
    dated = one.like.days and other.like.days
    fits = _dated if dated else _undated
    if not fits(one.like, other.like, rule, parts) or not _place(one.like, other.like, rule, parts):
        return None
    _figures(one, other, rule, parts)
    if not dated and one.articles.keys().isdisjoint(other.articles):
        _text(one, other, rule, parts)
    return parts


def _dated(one: Profile, other: Profile, rule: Rule, parts: list[Part]) -> bool:
    apart = gap(one.days or _NEVER, other.days or _NEVER)
    if apart == 0:
        parts.append((rule.points.same_days, "same day", ""))
    else:
        parts.append((rule.points.near_days, "{} day apart" if apart == 1 else "{} days apart", apart))
    return apart <= rule.max_days_apart


def _undated(one: Profile, other: Profile, rule: Rule, parts: list[Part]) -> bool:
    """What a pair of which at least one has no date still says of when."""
    return (
        max(one.years[0], other.years[0]) <= min(one.years[1], other.years[1])
        and _published(one, other, rule, parts)
        and _weekdays(one, other, rule, parts)
        and _month_days(one, other, rule, parts)
        and _window(one, other, rule, parts)
    )


def _published(one: Profile, other: Profile, rule: Rule, parts: list[Part]) -> bool:
    """What is published was there by then (a day more for time zones), and is no old story."""
    first, second = one.days or one.published_on, other.days or other.published_on
    if first is None or second is None:
        return True
    apart, limits = gap(first, second), rule.publication
    if apart <= limits.fresh_days:
        parts.append((rule.points.fresh, "published at the time", ""))
    if not one.days and not other.days:
        return apart <= limits.max_days_apart
    clash, article = (first, second) if one.days else (second, first)
    return clash[0] - 1 <= article[0] <= clash[1] + limits.max_days_after


def _weekdays(one: Profile, other: Profile, rule: Rule, parts: list[Part]) -> bool:
    if one.weekdays & other.weekdays:
        parts.append((rule.points.same_weekdays, "same weekday", ""))
    elif one.weekdays and other.weekdays:
        return not one.near_weekdays.isdisjoint(other.weekdays)
    return True


def _month_days(one: Profile, other: Profile, rule: Rule, parts: list[Part]) -> bool:
    if one.month_days is None and other.month_days is None:
        return True
    first, second = _year_days(one), _year_days(other)
    if first is None or second is None:
        return True
    apart = min(gap(first, (second[0] + turn, second[1] + turn)) for turn in (-YEAR_DAYS, 0, YEAR_DAYS))
    if max(first[1] - first[0], second[1] - second[0]) >= rule.max_dated_days:
        parts.append((rule.points.date_window, "same month", ""))
    elif apart == 0:
        parts.append((rule.points.same_month_day, "same day and month", ""))
    else:
        parts.append((rule.points.near_month_day, "day and month {} apart", apart))
    return apart <= rule.max_days_apart


def _year_days(one: Profile) -> Days | None:
    days = one.days or one.window
    if one.month_days or days is None or days[1] - days[0] >= YEAR_DAYS - 1:
        return one.month_days
    first = year_day(days[0])
    return first, first + days[1] - days[0]


def _window(one: Profile, other: Profile, rule: Rule, parts: list[Part]) -> bool:
    first, second = one.days or one.window, other.days or other.window
    if first is None or second is None:
        return True
    parts.append((rule.points.date_window, "dates that do not exclude each other", ""))
    return gap(first, second) <= rule.max_days_apart


def _place(one: Profile, other: Profile, rule: Rule, parts: list[Part]) -> bool:
    points = rule.points
    if same := one.names & other.names:
        extra = min(len(same) - 1, 2) * points.another_same_place
        parts.append((points.same_place + extra, "same place: {}", same))
    elif shared := one.sectors & other.sectors:
        parts.append((points.near_place, "same sector: {}", shared))
    elif one.names and other.names and (_known(one) and _known(other)):
        parts.append((points.near_place, "places near each other", ""))
        return _near(one, other, rule)
    elif one.sectors and other.sectors:
        parts.append((points.other_sector, "other sector", ""))
    return True


def _known(one: Profile) -> bool:
    """Where it is: a village that no gazetteer knows fits any place."""
    return bool(one.points or one.sectors)


def _near(one: Profile, other: Profile, rule: Rule) -> bool:
    """Two districts or towns of two different sectors must be as near as two towns; a province may hold more sectors
    than one."""
    district = rule.places.near_km if one.sectors and other.sectors else rule.places.near_area_km
    reach = (rule.places.near_km, district, rule.places.near_province_km)
    return any(distance_km(a[0], a[1], b[0], b[1]) <= reach[max(a[2], b[2])] for a in one.points for b in other.points)


def _figures(one: Node, other: Node, rule: Rule, parts: list[Part]) -> None:
    points = rule.points
    for figure in one.figures.keys() & other.figures.keys():
        number = figure[2]
        if number >= 20:
            weight = points.figure_from_20
        else:
            weight = points.figure_from_3 if number >= 3 else points.figure_from_1
        parts.append((weight, "{0[0]} {0[2]} {0[1]}", figure))


def _text(one: Node, other: Node, rule: Rule, parts: list[Part]) -> None:
    likeness, points = rule.likeness, rule.points
    bits = [(a ^ b).bit_count() for a in one.compared_signatures for b in other.compared_signatures]
    nearest = min(bits, default=64)
    if nearest <= likeness.same_text_bits:
        parts.append((points.same_text, "same text", ""))
    elif nearest <= likeness.alike_text_bits:
        parts.append((points.alike_text, "text alike", ""))
    if any(_alike(a, b, likeness.alike_titles) for a in one.compared_titles for b in other.compared_titles):
        parts.append((points.alike_titles, "titles alike", ""))


def _alike(one: frozenset[str], other: frozenset[str], share: float) -> bool:
    shared = len(one & other)
    return shared > 0 and shared >= share * (len(one) + len(other) - shared)


def gap(one: Days, other: Days) -> int:
    """Days between two spans of days; 0 where they overlap."""
    return max(0, one[0] - other[1], other[0] - one[1])


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great circle (haversine) between two points in radians."""
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))
