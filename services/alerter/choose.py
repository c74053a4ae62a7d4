"""Who is told what about an incident's new revision."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.alerter.news import News, news, sentences, snapshot
from services.alerter.rules import WatchRule
from services.alerter.steps import Steps
from services.alerter.wording import Names, ending, sentence
from shared.schemas.alert_raised import AlertEvidence, AlertKind, AlertRaised, Notified
from shared.schemas.ids import derived_id
from shared.schemas.incident import Incident
from shared.schemas.incident_changed import IncidentChanged

MOST_EVIDENCE = 6
Choice = tuple[AlertRaised | None, Notified]


@dataclass(frozen=True, slots=True)
class Watch:
    """The rules, the steps and the names of countries."""

    rules: tuple[WatchRule, ...]
    steps: Steps
    names: Names


def choose_alerts(change: IncidentChanged, watch: Watch, notified: Iterable[Notified], now: datetime) -> list[Choice]:
    """One alert at most for each subscriber, and what to remember as told (which may change without an
    alert).

    `notified` is what was last told of this incident and of those merged into it. A revision not newer than
    the one told raises nothing, nor does one without news; what a rule keeps back comes as a suppressed
    alert.
    """
    told = _by_subscriber(notified)
    subscribers = dict.fromkeys(rule.subscriber for rule in watch.rules)
    choices = (_choose(change, watch, told.get(one, []), one, now) for one in subscribers)
    return [choice for choice in choices if choice]


def _choose(
    change: IncidentChanged, watch: Watch, rows: Sequence[Notified], subscriber: str, now: datetime
) -> Choice | None:
    incident = change.incident
    own = next((row for row in rows if row.incident_id == incident.incident_id), None)
    if own and own.revision >= incident.revision:
        return None
    if incident.status != "active":
        return _end(change, watch, own, now)
    known = [row for row in rows if not row.closed]
    severity = watch.steps.severity_of(incident.best)
    rules = [one for one in watch.rules if one.subscriber == subscriber and one.matches(incident, severity)]
    if not rules:
        return None
    before = _together(known) if known else None
    what = news(incident, before or _nothing(incident, subscriber), watch.steps, change.caused_by)
    if before and not what:
        return (None, snapshot(incident, subscriber)) if len(known) > 1 else None
    kind: AlertKind = what[0].weight if before else "new"
    alert = _alert(change, watch, rules, kind, what, subscriber, now)
    return alert, _remembered(alert, incident, own)


def _nothing(incident: Incident, subscriber: str) -> Notified:
    return Notified(incident_id=incident.incident_id, subscriber=subscriber, revision=0)


def _alert(
    change: IncidentChanged,
    watch: Watch,
    rules: Sequence[WatchRule],
    kind: AlertKind,
    what: Sequence[News],
    subscriber: str,
    now: datetime,
) -> AlertRaised:
    incident = change.incident
    reasons = [one.reason for one in what if kind != "new" or one.weight == "escalation"]
    evidence = [one for part in what for one in part.evidence]
    if kind == "new":
        reasons, evidence = ["first report", *reasons], [*sentences(incident, change.caused_by), *evidence]
    return AlertRaised(
        alert_id=derived_id("alert", incident.incident_id, incident.revision, subscriber),
        kind=kind,
        subscriber=subscriber,
        rules=tuple(rule.name for rule in rules),
        incident_id=incident.incident_id,
        revision=incident.revision,
        dyad=incident.dyad,
        severity=watch.steps.severity_of(incident.best),
        reasons=tuple(dict.fromkeys(reasons)),
        text=sentence(kind, incident, what, watch.names),
        evidence=_each_once(evidence),
        suppressed=_kept_back(rules, kind),
        raised_at=now,
    )


def _end(change: IncidentChanged, watch: Watch, own: Notified | None, now: datetime) -> Choice | None:
    """Only those who were told of the incident need to know that it is no more."""
    incident, before = change.incident, change.previous or change.incident
    if own is None or own.closed:
        return None
    kind: AlertKind = "merged" if incident.status == "merged" else "withdrawn"
    severity = watch.steps.severity_of(own.deaths)
    of_subscriber = [one for one in watch.rules if one.subscriber == own.subscriber]
    rules = [one for one in of_subscriber if one.matches(before, severity)] or of_subscriber
    text = ending(kind, before, incident.redirects_to, watch.names)
    news_of_end = [News("update", text.rsplit(": ", 1)[1], "", sentences(before, None))]
    alert = _alert(change, watch, rules, kind, news_of_end, own.subscriber, now)
    alert = alert.model_copy(update={"text": text, "severity": severity})
    return alert, own.model_copy(update={"revision": incident.revision, "closed": True})


def _kept_back(rules: Sequence[WatchRule], kind: AlertKind) -> str | None:
    if any(rule.wants(kind) for rule in rules):
        return None
    return f"{', '.join(rule.name for rule in rules)}: not for alerts of kind {kind}"


def _remembered(alert: AlertRaised, incident: Incident, own: Notified | None) -> Notified:
    """What is kept back was not told, but the first word is what all later ones are compared with."""
    if alert.suppressed and own:
        return own.model_copy(update={"revision": incident.revision})
    return snapshot(incident, alert.subscriber)


def _by_subscriber(notified: Iterable[Notified]) -> Mapping[str, list[Notified]]:
    found: dict[str, list[Notified]] = {}
    for row in notified:
        found.setdefault(row.subscriber, []).append(row)
    return found


def _together(rows: Sequence[Notified]) -> Notified:
    """What somebody knows who was told all this; of one incident, just that."""
    if len(rows) == 1:
        return rows[0]
    toll: dict[str, dict[str, int]] = {}
    civilians: dict[str, int] = {}
    for row in rows:
        _raise_to(civilians, row.civilians)
        for side, kinds in row.toll.items():
            _raise_to(toll.setdefault(side, {}), kinds)
    return rows[0].model_copy(
        update={
            "deaths": max(row.deaths for row in rows),
            "toll": toll,
            "civilians": civilians,
            "places": tuple(dict.fromkeys(name for row in rows for name in row.places)),
            "sectors": tuple(dict.fromkeys(name for row in rows for name in row.sectors)),
            "weapons": tuple(dict.fromkeys(name for row in rows for name in row.weapons)),
        }
    )


def _raise_to(known: dict[str, int], figures: Mapping[str, int]) -> None:
    for name, people in figures.items():
        known[name] = max(people, known.get(name, 0))


def _each_once(evidence: Iterable[AlertEvidence]) -> tuple[AlertEvidence, ...]:
    found = {(one.article_id, one.start, one.end): one for one in evidence}
    return tuple(found.values())[:MOST_EVIDENCE]
