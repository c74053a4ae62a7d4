"""An incident from the reports of one group."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from services.linker.dates import Dates, dates
from services.linker.profile import order_of
from services.linker.rule import Rule
from services.linker.timeline import timeline
from services.linker.toll import Stated, civilians, has_figure, tolls
from shared.schemas.claims import Kind
from shared.schemas.edtf import day_of
from shared.schemas.incident import Incident, IncidentClaim, Link, Toll
from shared.schemas.places import Place
from shared.schemas.report_detected import ReportDetected

Reasons = Mapping[str, tuple[str, ...]]
_NONE = Toll(low=0, best=0, high=0)


def incident(
    incident_id: str,
    reports: Iterable[ReportDetected],
    reasons: Reasons,
    rule: Rule,
    *,
    merged_from: tuple[str, ...] = (),
) -> Incident:
    """Revision 1 of what these reports tell. Depends on their set alone, but for `incident_id` and
    `merged_from`."""
    members = sorted(reports, key=order_of)
    first = members[0].report
    when = dates(members, rule)
    sides = (first.side_a, first.side_b)
    stated = _stated(members, when)
    toll, unarmed = tolls(stated, sides), civilians(stated, sides)
    return Incident(
        incident_id=incident_id,
        revision=1,
        dyad=first.dyad,
        side_a=first.side_a,
        side_b=first.side_b,
        border=_border(members),
        date_start=when.start,
        date_end=when.end,
        date_prec=when.prec,
        date_inferred=when.inferred,
        places=_places(members),
        weapons=tuple(sorted({weapon for one in members for weapon in one.report.weapons})),
        toll=toll,
        civilians=unarmed,
        **_deaths(toll, unarmed, sides),
        claims=tuple(claim for one in members for claim in claims_of(one)),
        timeline=timeline(members, when),
        links=tuple(_link(one, reasons.get(one.report.report_id, ()), rule) for one in members),
        articles=tuple(dict.fromkeys(one.stem for one in members)),
        merged_from=merged_from,
    )


def claims_of(detected: ReportDetected) -> list[IncidentClaim]:
    """The report's claims, each with where it stands."""
    return [
        IncidentClaim.model_construct(
            **dict(claim),
            report_id=detected.report.report_id,
            article_id=detected.article_id,
            stem=detected.stem,
            published=detected.published,
        )
        for claim in detected.report.claims
    ]


def _stated(members: Sequence[ReportDetected], when: Dates) -> list[Stated]:
    """What is not known to be earlier counts as last: then the larger figure stands."""
    rows = [
        (claim, when.day(claim.as_of) or _own_day(one, when), said_on(one, when), one)
        for one in members
        for claim in one.report.claims
        if has_figure(claim)
    ]
    days = [day for _, day, _, _ in rows if day]
    said = [day for _, _, day, _ in rows if day]
    last_day, last_said = max(days, default=date.min), max(said, default=date.min)
    return [
        Stated(
            claim,
            (day or last_day).toordinal(),
            (on or last_said).toordinal(),
            (one.report.report_id, claim.claimed_by or ""),
        )
        for claim, day, on, one in rows
    ]


def _own_day(one: ReportDetected, when: Dates) -> date | None:
    return when.day(one.report.date_end or one.report.date_start)


def said_on(one: ReportDetected, when: Dates) -> date | None:
    """The publication, else the last day the report tells of: it cannot have been said before."""
    return day_of(one.published) or _own_day(one, when)


def _deaths(
    toll: Mapping[str, Mapping[Kind, Toll]],
    unarmed: Mapping[str, Mapping[Kind, Toll]],
    sides: tuple[str, str],
) -> dict[str, int]:
    """UCDP GED's fields. People of other sides who are not civilians are of unknown side there."""
    killed = {side: kinds["killed"] for side, kinds in toll.items() if "killed" in kinds}
    dead_civilians = {side: kinds["killed"].best for side, kinds in unarmed.items() if "killed" in kinds}
    armed = {side: toll.best - dead_civilians.get(side, 0) for side, toll in killed.items()}
    return {
        "deaths_a": armed.get(sides[0], 0),
        "deaths_b": armed.get(sides[1], 0),
        "deaths_civilians": sum(dead_civilians[side] for side in killed if side in dead_civilians),
        "deaths_unknown": sum(people for side, people in armed.items() if side not in sides),
        "low": sum(one.low for one in killed.values()),
        "best": sum(one.best for one in killed.values()),
        "high": sum(one.high for one in killed.values()),
    }


def _border(members: Sequence[ReportDetected]) -> str | None:
    """The one most reports name."""
    found = Counter(one.report.border for one in members if one.report.border)
    return min(found, key=lambda border: (-found[border], border), default=None)


def _places(members: Sequence[ReportDetected]) -> tuple[Place, ...]:
    """Most precise first, each name once."""
    found: dict[str, Place] = {}
    for place in sorted((place for one in members for place in one.report.places), key=_preciseness):
        found.setdefault(place.name.casefold(), place)
    return tuple(found.values())


def _preciseness(place: Place) -> tuple[object, ...]:
    return (
        place.where_prec,
        place.latitude is None,
        place.name,
        place.country,
        place.kind,
        place.sector,
        repr(place),
    )


def _link(one: ReportDetected, reasons: tuple[str, ...], rule: Rule) -> Link:
    report = one.report
    return Link.model_construct(
        report_id=report.report_id,
        article_id=one.article_id,
        stem=one.stem,
        reasons=reasons,
        evidence=report.evidence[: rule.evidence_per_link],
    )
