"""An incident from the reports of one group."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import date

from services.linker.dates import Dates, dates
from services.linker.node import Node, listed
from services.linker.profile import Profile
from services.linker.rule import Rule
from services.linker.timeline import timeline
from services.linker.toll import Stated, civilians, figure_of, stated, tolls
from shared.schemas.claims import Kind
from shared.schemas.edtf import day_of
from shared.schemas.incident import Incident, IncidentClaim, Link, Toll
from shared.schemas.places import Place
from shared.schemas.report import Report

Reasons = Mapping[str, tuple[str, ...]]


def incident(
    incident_id: str, nodes: Sequence[Node], reasons: Reasons, rule: Rule, *, merged_from: tuple[str, ...] = ()
) -> Incident:
    """Revision 1 of what these reports tell: depends on their set alone, but for `incident_id` and `merged_from`.

    `reasons` are those of each report that is shown.
    """
    members, others = listed(nodes, rule.shown.same_reports, rule.shown.links)
    links = sorted((*members, *others), key=lambda one: one.order) if others else members
    first = next((one for one in members if one.force), members[0]).detected.report
    when = dates(members, rule)
    sides = (first.side_a, first.side_b)
    claims = _stated(members, when, _homes(first))
    toll, unarmed = tolls(claims, sides), civilians(claims, sides)
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
        weapons=tuple(sorted({weapon for one in members for weapon in one.detected.report.weapons})),
        toll=toll,
        civilians=unarmed,
        **_deaths(toll, unarmed, sides),
        claims=tuple(claim for one in members for claim in one.ledger),
        timeline=timeline(members, when),
        links=_links(links, reasons, rule, {one.report_id for one in others}),
        articles=tuple({one.article_id: one.detected.stem for one in links}.values()),
        report_count=sum(len(node.ranked) for node in nodes),
        merged_from=merged_from,
    )


def _homes(report: Report) -> dict[str, str]:
    """The force that fights, by the state it sits in: where another paper names that state, it is the force's men."""
    sides, states = {report.side_a, report.side_b}, set(report.states.split("-"))
    return dict(zip(states - sides, sides - states, strict=True)) if report.states != report.dyad else {}


def _of_the_force(claim: IncidentClaim, homes: Mapping[str, str]) -> IncidentClaim:
    """Civilians stay their state's."""
    if claim.who != "military" or claim.side not in homes:
        return claim
    own = homes[claim.side] if claim.claimant_side == claim.side else claim.claimant_side
    return claim.model_copy(update={"side": homes[claim.side], "claimant_side": own})


def _stated(members: Sequence[Profile], when: Dates, homes: Mapping[str, str]) -> list[Stated]:
    """What is not known to be earlier counts as last: then the larger figure stands."""
    found = []
    for one in members:
        report = one.detected.report
        own = when.day(report.date_end or report.date_start)
        one_day = own is not None and report.date_end in (None, report.date_start) and report.date_prec == 1
        # Without a publication date: it cannot have been said before what it tells of.
        said = day_of(one.detected.published) or own
        for claim in one.ledger:
            figure = figure_of(claim)
            if figure is not None:
                of_a_day = claim.period == "unknown" and (one_day or claim.as_of is not None)
                found.append((_of_the_force(claim, homes), figure, when.day(claim.as_of) or own, said, of_a_day))
    last_day = max((day for _, _, day, _, _ in found if day), default=date.min)
    last_said = max((said for _, _, _, said, _ in found if said), default=date.min)
    return [
        stated(
            claim,
            figure,
            (day or last_day).toordinal(),
            (said or last_said).toordinal(),
            (claim.report_id, claim.claimed_by or ""),
            of_a_day=of_a_day and day is not None,
        )
        for claim, figure, day, said, of_a_day in found
    ]


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


def _border(members: Sequence[Profile]) -> str | None:
    """The one most reports name."""
    found = Counter(border for one in members if (border := one.detected.report.border))
    return min(found, key=lambda border: (-found[border], border), default=None)


def _places(members: Sequence[Profile]) -> tuple[Place, ...]:
    """Most precise first, each name once."""
    found: dict[str, Place] = {}
    for one in members:
        for place in one.detected.report.places:
            name = place.name.casefold()
            known = found.get(name)
            if known is None or (known != place and _preciseness(place) < _preciseness(known)):
                found[name] = place
    return tuple(sorted(found.values(), key=_preciseness))


def _preciseness(place: Place) -> tuple[object, ...]:
    return (
        place.where_prec,
        place.latitude is None,
        place.name,
        place.country,
        place.kind,
        place.sector,
        place.latitude or 0,
        place.longitude or 0,
        place.borders,
    )


def _links(members: Sequence[Profile], reasons: Reasons, rule: Rule, bare: Set[str]) -> tuple[Link, ...]:
    """Those in `bare` come without their sentences, which are those of others."""
    return tuple(
        Link(
            report_id=one.report_id,
            article_id=one.article_id,
            stem=one.detected.stem,
            reasons=reasons[one.report_id],
            evidence=() if one.report_id in bare else one.detected.report.evidence[: rule.shown.evidence],
        )
        for one in members
    )
