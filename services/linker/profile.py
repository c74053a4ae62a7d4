"""What of a report is compared with other reports, worked out once."""

import math
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date

from services.linker.rule import Rule
from shared.schemas.edtf import bounds, day_of, is_valid, with_year
from shared.schemas.incident import IncidentClaim
from shared.schemas.places import Place
from shared.schemas.report import Report
from shared.schemas.report_detected import ReportDetected

Days = tuple[int, int]
Figure = tuple[str, str, int]
Order = tuple[str, str, int, str]

YEAR_DAYS = 366
_LEAP_YEAR = 2000
# A yearless span as long as two months (as "XXXX-XX-12", which is no day at all) says nothing.
_TELLING_DAYS = 62
_WORD = re.compile(r"\w{3,}")
_DATED, _PLACED, _FORCE = 4, 2, 1  # what is missing adds to the tier


@dataclass(frozen=True, slots=True)
class Profile:
    """`ledger` are the report's claims, each with where it stands.

    `days` and `window` are first and last day as ordinals: `days` where the clash is dated, `window` where the date
    leaves too much open. `published_on` is the day of publication, twice. `month_days` are days of a leap year
    (1-366) where the year is not in the text. `points` are latitude, longitude (radians) and extent of each precise
    place. `title` is its different words, sorted; empty where they are too few. `said` is all a report says,
    whoever says it in whatever words. `order` sorts reports the same way whatever order they came in, and whichever
    of the two sides is which. `force` is the armed force that fights one of the states, where the report names it.
    `tier` is 0 for dated, placed and with such a force; each that is missing adds to it, the day most.
    """

    detected: ReportDetected
    ledger: tuple[IncidentClaim, ...]
    report_id: str
    article_id: str
    order: Order
    force: str | None
    tier: int
    days: Days | None
    window: Days | None
    month_days: Days | None
    weekdays: frozenset[int]
    near_weekdays: frozenset[int]
    years: tuple[int, int]
    published_on: Days | None
    names: frozenset[str]
    sectors: frozenset[str]
    points: tuple[tuple[float, float, int], ...]
    figures: frozenset[Figure]
    title: str
    signature: int | None
    said: tuple[Hashable, ...]


def profile(detected: ReportDetected, rule: Rule) -> Profile:
    """The report as it is compared."""
    report = detected.report
    published = day_of(detected.published)
    span, month_days = _calendar_span(report) or _lasting(report, published), _month_day_span(report)
    dated = span is not None and span[1] - span[0] < rule.max_dated_days
    precise = [place for place in report.places if not is_vague(place, rule)]
    days = span if dated else None
    weekdays = frozenset(report.weekdays) if days is None else _weekdays(days)
    force = next((side for side in (report.side_a, report.side_b) if side not in _states(report)), None)
    title = sorted(set(_WORD.findall((detected.title or "").casefold()[:500])))
    return Profile(
        detected=detected,
        ledger=_ledger(detected),
        report_id=report.report_id,
        article_id=detected.article_id,
        order=_order(detected),
        force=force,
        tier=_DATED * (not dated) + _PLACED * (not precise) + _FORCE * (not force),
        days=days,
        window=None if dated else span,
        month_days=month_days,
        weekdays=weekdays,
        near_weekdays=_near_weekdays(weekdays, rule),
        years=_years(report, span),
        published_on=(published.toordinal(), published.toordinal()) if published else None,
        names=frozenset(place.name for place in precise),
        sectors=_sectors(precise, report.places, rule),
        points=tuple(
            (math.radians(place.latitude), math.radians(place.longitude), _extent(place))
            for place in precise
            if place.latitude is not None and place.longitude is not None
        ),
        figures=frozenset((c.side, c.kind, c.best) for c in report.claims if c.best),
        title=" ".join(title) if len(title) >= rule.likeness.min_title_words else "",
        signature=_signature(detected.signature),
        said=_said(detected),
    )


def _states(report: Report) -> list[str]:
    """The sides where both are states (or none is known to sit in one), else the two states."""
    return [report.side_a, report.side_b] if report.states == report.dyad else report.states.split("-")


def _ledger(detected: ReportDetected) -> tuple[IncidentClaim, ...]:
    return tuple(
        IncidentClaim(
            **dict(claim),
            report_id=detected.report.report_id,
            article_id=detected.article_id,
            stem=detected.stem,
            published=detected.published,
        )
        for claim in detected.report.claims
    )


def _said(detected: ReportDetected) -> tuple[Hashable, ...]:
    report = detected.report
    return (
        detected.published,
        (
            report.date_start,
            report.date_end,
            report.date_prec,
            report.after_year,
            report.before_year,
            report.weekdays,
            report.days_old,
        ),
        report.border,
        report.weapons,
        tuple((p.name, p.country, p.latitude, p.longitude, p.where_prec, p.kind, p.sector) for p in report.places),
        tuple(
            (c.side, c.kind, c.who, c.low, c.best, c.high, c.period, c.as_of, c.claimed_by, c.claimant_side)
            for c in report.claims
        ),
    )


def _order(detected: ReportDetected) -> Order:
    """By publication, file stem and place in the article; the id settles what is left."""
    report = detected.report
    starts = [evidence.start for evidence in report.evidence] + [claim.evidence.start for claim in report.claims]
    return detected.published or "~", detected.stem, min(starts, default=0), report.report_id


def _calendar_span(report: Report) -> Days | None:
    """First and last day the report's dates allow; None where the year or everything is unknown."""
    found = [span for span in (bounds(report.date_start), bounds(report.date_end)) if span]
    if not found:
        return None
    return found[0][0].toordinal(), max(span[1] for span in found).toordinal()


def _lasting(report: Report, published: date | None) -> Days | None:
    """The days of a fight that had gone on for a while when it was told: `a week-old offensive`."""
    if report.days_old is None or published is None:
        return None
    return published.toordinal() - report.days_old, published.toordinal() - 1


def _month_day_span(report: Report) -> Days | None:
    """First and last day of the (leap) year for dates like `XXXX-07-12`; the last may lie in the next
    year."""
    edges = [edge for text in (report.date_start, report.date_end) if text for edge in text.split("/")]
    if not edges or not edges[0].startswith("XXXX-"):
        return None
    found = [bounds(with_year(edge, _LEAP_YEAR)) for edge in edges if is_valid(edge)]
    days = [(span[0].timetuple().tm_yday, span[1].timetuple().tm_yday) for span in found if span]
    if not days:
        return None
    first, last = days[0][0], days[-1][1]
    last += YEAR_DAYS * (last < first)
    return (first, last) if last - first < _TELLING_DAYS else None


def year_day(ordinal: int) -> int:
    """The day of the year (1-366), counted as in a leap year."""
    day = date.fromordinal(ordinal)
    return day.replace(year=_LEAP_YEAR).timetuple().tm_yday


def is_vague(place: Place, rule: Rule) -> bool:
    """Whether the place fits any other."""
    places = rule.places
    if place.where_prec >= places.vague_where_prec or place.kind in places.vague_kinds:
        return True
    return place.kind in places.broad_kinds and place.where_prec >= places.broad_where_prec


def _sectors(precise: Sequence[Place], places: Sequence[Place], rule: Rule) -> frozenset[str]:
    """A river has a sector, but a region is too broad for one."""
    telling = precise or [place for place in places if place.kind not in rule.places.broad_kinds]
    return frozenset(place.sector for place in telling if place.sector)


def _extent(place: Place) -> int:
    """0 for a spot, 1 for a district, 2 for a province."""
    return min(max(place.where_prec - 2, 0), 2)


def _near_weekdays(weekdays: frozenset[int], rule: Rule) -> frozenset[int]:
    around = range(-rule.max_days_apart, rule.max_days_apart + 1)
    return frozenset((weekday + days) % 7 for weekday in weekdays for days in around)


def _years(report: Report, span: Days | None) -> tuple[int, int]:
    """First and last year it can have been in."""
    if span is None:
        return report.after_year or 0, report.before_year or 9999
    return date.fromordinal(span[0]).year, date.fromordinal(span[1]).year


def _weekdays(days: Days) -> frozenset[int]:
    return frozenset((day - 1) % 7 for day in range(days[0], min(days[1], days[0] + 6) + 1))


def _signature(text: str) -> int | None:
    try:
        return int(text, 16) or None
    except ValueError:
        return None
