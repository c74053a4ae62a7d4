"""What of an incident is news to somebody who was told of it before, with the sentences that say so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from services.alerter.steps import Steps
from shared.schemas.alert_raised import AlertEvidence, Notified
from shared.schemas.claims import Kind
from shared.schemas.incident import Incident, IncidentClaim
from shared.schemas.places import Place

Weight = Literal["escalation", "correction", "update"]
TOTAL = "total"
_VAGUE = 5
_SENTENCES = 2
_VERBS: dict[Kind, str] = {
    "killed": "deaths",
    "wounded": "wounded",
    "captured": "captured",
    "missing": "missing",
}


@dataclass(frozen=True, slots=True)
class News:
    """`reason` says in words which step was passed; `text` is the part of the alert's sentence it adds, if
    any."""

    weight: Weight
    reason: str
    text: str
    evidence: tuple[AlertEvidence, ...]


def news(incident: Incident, told: Notified, steps: Steps, caused_by: str | None) -> list[News]:
    """All that changed for a reader, weightiest first. `caused_by` is the report to cite first."""
    found = [
        *_deaths(incident, told, steps, caused_by),
        *_first_civilians(incident, told, steps, caused_by),
        *_losses(incident, told, caused_by),
        *_losses_gone(incident, told, caused_by),
        *_weapons(incident, told, steps, caused_by),
        *_places(incident, told, steps, caused_by),
    ]
    order: tuple[Weight, ...] = ("escalation", "correction", "update")
    return sorted(found, key=lambda one: order.index(one.weight))


def snapshot(incident: Incident, subscriber: str) -> Notified:
    """What somebody knows who was told of the incident as it is."""
    precise = [place for place in incident.places if place.where_prec < _VAGUE]
    return Notified(
        incident_id=incident.incident_id,
        subscriber=subscriber,
        revision=incident.revision,
        deaths=incident.best,
        toll={side: {kind: toll.best for kind, toll in kinds.items()} for side, kinds in incident.toll.items()},
        civilians=_civilians(incident),
        places=tuple(place.name for place in precise),
        sectors=tuple(dict.fromkeys(place.sector for place in precise if place.sector)),
        weapons=incident.weapons,
    )


def sentences(incident: Incident, caused_by: str | None) -> tuple[AlertEvidence, ...]:
    """The incident in its own sentences: the claims that stand, deaths and the most people first, or what the reports
    say of the clash."""
    losses = [(kind, toll.best, side) for side, kinds in incident.toll.items() for kind, toll in kinds.items()]
    losses.sort(key=lambda loss: (list(_VERBS).index(loss[0]), -loss[1]))
    figures = [claim for kind, people, side in losses for claim in _cited(incident, side, kind, people, caused_by)[:1]]
    return tuple(map(_of_claim, figures)) or _of_report(incident, caused_by)


def by_side(incident: Incident, kind: Kind) -> str:
    """`AM 105, AZ 50`."""
    parts = [f"{side} {kinds[kind].best}" for side, kinds in incident.toll.items() if kind in kinds]
    return ", ".join(parts)


def _deaths(incident: Incident, told: Notified, steps: Steps, caused_by: str | None) -> Iterator[News]:
    before, now = told.deaths, incident.best
    if before == now:
        return
    text = f"deaths {before} -> {now} ({by_side(incident, 'killed')})"
    evidence = tuple(
        _of_claim(claim)
        for side, kinds in incident.toll.items()
        if "killed" in kinds and kinds["killed"].best != told.toll.get(side, {}).get("killed", 0)
        for claim in _cited(incident, side, "killed", kinds["killed"].best, caused_by)
    )
    # Of a side that is gone from the toll no sentence is left: then those of the figures that stand.
    evidence = evidence or sentences(incident, caused_by)
    if now < before:
        yield News("correction", f"deaths revised down from {before} to {now}", text, evidence)
        return
    passed = [step for step in steps.deaths if before < step <= now]
    if passed:
        reason = "first deaths" if passed[-1] == 1 else f"deaths reach {passed[-1]}"
        yield News("escalation", reason, text, evidence)
    if before and now >= steps.times_last_notified * before:
        yield News("escalation", f"deaths {now / before:.3g} times those last notified", text, evidence)
    yield News("update", f"deaths from {before} to {now}", text, evidence)


def _first_civilians(incident: Incident, told: Notified, steps: Steps, caused_by: str | None) -> Iterator[News]:
    for kind in steps.first_civilians:
        if told.civilians.get(kind) or not _civilians(incident).get(kind):
            continue
        for side, kinds in incident.civilians.items():
            if kind in kinds and kinds[kind].best:
                claims = _cited(incident, side, kind, kinds[kind].best, caused_by, who="civilian")
                said = f", says {claims[0].claimed_by}" if claims and claims[0].claimed_by else ""
                reason = f"first {kind} civilians"
                text = f"{reason} ({side} {kinds[kind].best}{said})"
                yield News("escalation", reason, text, tuple(map(_of_claim, claims)))


def _weapons(incident: Incident, told: Notified, steps: Steps, caused_by: str | None) -> Iterator[News]:
    before = max(map(steps.heaviness, told.weapons), default=0)
    heavier = [weapon for weapon in incident.weapons if steps.heaviness(weapon) > before]
    if before and heavier:
        reason = f"heavier weapons: {', '.join(heavier)}"
        yield News("escalation", reason, reason, _of_report(incident, caused_by, heavier))


def _places(incident: Incident, told: Notified, steps: Steps, caused_by: str | None) -> Iterator[News]:
    known = {name.casefold() for name in told.places}
    new = [one for one in incident.places if one.where_prec < _VAGUE and one.name.casefold() not in known]
    if not new:
        return
    names = [place.name for place in new]
    evidence = _of_report(incident, caused_by, names)
    sectors = _new_sectors(new, told)
    if steps.new_sector and sectors:
        yield News("escalation", f"new sector: {', '.join(sectors)}", f"now also {', '.join(names)}", evidence)
    else:
        yield News("update", f"new places: {', '.join(names)}", f"newly named: {', '.join(names)}", evidence)


def _new_sectors(new: Iterable[Place], told: Notified) -> list[str]:
    if not told.sectors:
        return []
    return sorted({place.sector for place in new if place.sector} - set(told.sectors))


def _losses(incident: Incident, told: Notified, caused_by: str | None) -> Iterator[News]:
    """Figures of one side that rose or fell; a first claim of none is no news."""
    for side, kinds in incident.toll.items():
        for kind, toll in kinds.items():
            before = told.toll.get(side, {}).get(kind, 0)
            if toll.best == before:
                continue
            claims = _cited(incident, side, kind, toll.best, caused_by)
            change = f"{_VERBS[kind]} of {side} {before} -> {toll.best}"
            shown = kind == "killed" or incident.civilians.get(side, {}).get(kind) == toll
            text = "" if shown else f"{side} {kind} {before} -> {toll.best}"
            weight: Weight = "update" if toll.best > before else "correction"
            yield News(weight, change, text, tuple(map(_of_claim, claims)))


def _losses_gone(incident: Incident, told: Notified, caused_by: str | None) -> Iterator[News]:
    """Figures that nobody claims any more, as their article was withdrawn. A total that was split among the sides is
    still told."""
    for side, kinds in told.toll.items():
        for kind in _VERBS:
            before = kinds.get(kind, 0)
            split = side == TOTAL and any(kind in kinds_now for kinds_now in incident.toll.values())
            if before and not split and kind not in incident.toll.get(side, {}):
                change = f"{_VERBS[kind]} of {side} {before} -> no claim stands"
                text = "" if kind == "killed" else f"{side} {kind} {before} -> no claim stands"
                yield News("correction", change, text, sentences(incident, caused_by))


def _civilians(incident: Incident) -> dict[str, int]:
    found: dict[str, int] = {}
    for kinds in incident.civilians.values():
        for kind, toll in kinds.items():
            found[kind] = found.get(kind, 0) + toll.best
    return found


def _cited(
    incident: Incident, side: str, kind: Kind, figure: int, caused_by: str | None, *, who: str | None = None
) -> list[IncidentClaim]:
    """Claims of this figure, those of the causing report first; where no claim has it (a sum), those that are
    part."""
    claims = [
        claim for claim in incident.claims if claim.side == side and claim.kind == kind and who in (None, claim.who)
    ]
    exact = [claim for claim in claims if figure in (claim.best, claim.low, claim.high)]
    return sorted(exact or claims, key=lambda claim: claim.report_id != caused_by)[:_SENTENCES]


def _of_claim(claim: IncidentClaim) -> AlertEvidence:
    return AlertEvidence(**dict(claim.evidence), article_id=claim.article_id, stem=claim.stem)


def _of_report(incident: Incident, caused_by: str | None, words: Iterable[str] = ()) -> tuple[AlertEvidence, ...]:
    """The sentences with these words, else the first ones of the causing report, else of any."""
    wanted = [word.casefold() for word in words]
    links = sorted(incident.links, key=lambda link: link.report_id != caused_by)
    found = [
        AlertEvidence(**dict(evidence), article_id=link.article_id, stem=link.stem)
        for link in links
        for evidence in link.evidence
    ]
    named = [one for one in found if any(word in one.text.casefold() for word in wanted)]
    return tuple((named or found)[:_SENTENCES])
