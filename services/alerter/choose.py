"""Who is told what about an incident's new revision."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.alerter.news import News, news, sentences, snapshot
from services.alerter.rules import WatchRule
from services.alerter.steps import Steps
from services.alerter.wording import Names, headline, summary
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
    alert. Who was told is told, too, that the incident matches no rule any more, once, and after that of corrections.
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
    # On Kafka the end of one that went into this may have come first, and is closed: it was told all the same.
    known = [row for row in rows if row is not own or not row.closed]
    # Who was told of many dead is told that they are fewer, however few.
    deaths = max([incident.best, *(row.deaths for row in known)])
    rules = _matching(watch, subscriber, incident, watch.steps.severity_of(deaths))
    before = _together(known) if known else None
    if not rules and before is None:
        return None
    what: Sequence[News] = news(incident, before or _nothing(incident, subscriber), watch.steps, change.caused_by)
    if before and not rules:
        rules = _former(watch, before)
        what = _without_a_rule(incident, before, what, change.caused_by)
    now_known = _snapshot(incident, watch, subscriber)
    if before and not what:
        return (None, now_known) if len(known) > 1 else None
    said = _update(incident, what, watch) if before else _first_word(change, what, watch)
    alert = _alert(incident, said, rules, subscriber, now)
    return alert, _remembered(alert, now_known, own)


def _without_a_rule(
    incident: Incident, before: Notified, what: Sequence[News], caused_by: str | None
) -> Sequence[News]:
    """What somebody is told of an incident that none of their rules matches any more: that it does not, with all that
    changed; later what was wrong of it."""
    if not before.rules:
        return [one for one in what if one.weight == "correction"]
    reason = f"no longer matches {', '.join(before.rules)}"
    return [News("correction", reason, reason, sentences(incident, caused_by)), *what]


@dataclass(frozen=True, slots=True)
class _Said:
    """What an alert says."""

    kind: AlertKind
    severity: int
    text: str
    reasons: Iterable[str]
    evidence: Iterable[AlertEvidence]


def _first_word(change: IncidentChanged, what: Sequence[News], watch: Watch) -> _Said:
    incident = change.incident
    return _Said(
        "new",
        watch.steps.severity_of(incident.best),
        headline("new", incident, summary(incident), watch.names),
        ["first report", *(one.reason for one in what if one.weight == "escalation")],
        [*sentences(incident, change.caused_by), *(one for part in what for one in part.evidence)],
    )


def _update(incident: Incident, what: Sequence[News], watch: Watch) -> _Said:
    kind = what[0].weight
    texts = dict.fromkeys(one.text for one in what if one.text) or [one.reason for one in what]
    return _Said(
        kind,
        watch.steps.severity_of(incident.best),
        headline(kind, incident, ", ".join(texts), watch.names),
        [one.reason for one in what],
        [one for part in what for one in part.evidence],
    )


def _end(change: IncidentChanged, watch: Watch, own: Notified | None, now: datetime) -> Choice | None:
    """Only those who were told of the incident need to know that it is no more, and as what it was."""
    incident, before = change.incident, change.previous or change.incident
    if own is None or own.closed:
        return None
    kind: AlertKind = "merged" if incident.redirects_to else "withdrawn"
    into = incident.redirects_to
    reason = f"is part of incident {into}" if into else "no report of it stands any more"
    severity = watch.steps.severity_of(own.deaths)
    text = headline(kind, before, reason, watch.names)
    rules = _matching(watch, own.subscriber, before, severity) or _former(watch, own)
    said = _Said(kind, severity, text, [reason], sentences(before, None))
    closed = own.model_copy(update={"revision": incident.revision, "closed": True})
    return _alert(incident, said, rules, own.subscriber, now), closed


def _matching(watch: Watch, subscriber: str, incident: Incident, severity: int) -> list[WatchRule]:
    return [one for one in watch.rules if one.subscriber == subscriber and one.matches(incident, severity)]


def _former(watch: Watch, told: Notified) -> list[WatchRule]:
    """The rules somebody was told by, as far as they still are; else all of theirs."""
    own = [rule for rule in watch.rules if rule.subscriber == told.subscriber]
    return [rule for rule in own if rule.name in told.rules] or own


def _snapshot(incident: Incident, watch: Watch, subscriber: str) -> Notified:
    """With the rules it matches by itself, not by what was told of it before."""
    rules = _matching(watch, subscriber, incident, watch.steps.severity_of(incident.best))
    return snapshot(incident, subscriber).model_copy(update={"rules": tuple(rule.name for rule in rules)})


def _nothing(incident: Incident, subscriber: str) -> Notified:
    return Notified(incident_id=incident.incident_id, subscriber=subscriber, revision=0)


def _alert(incident: Incident, said: _Said, rules: Sequence[WatchRule], subscriber: str, now: datetime) -> AlertRaised:
    return AlertRaised(
        alert_id=derived_id("alert", incident.incident_id, incident.revision, subscriber),
        kind=said.kind,
        subscriber=subscriber,
        rules=tuple(rule.name for rule in rules),
        incident_id=incident.incident_id,
        revision=incident.revision,
        dyad=incident.dyad,
        severity=said.severity,
        reasons=tuple(dict.fromkeys(said.reasons)),
        text=said.text,
        evidence=_each_once(said.evidence),
        suppressed=_kept_back(rules, said.kind),
        raised_at=now,
    )


def _kept_back(rules: Sequence[WatchRule], kind: AlertKind) -> str | None:
    if any(rule.wants(kind) for rule in rules):
        return None
    return f"{', '.join(rule.name for rule in rules)}: not for alerts of kind {kind}"


def _remembered(alert: AlertRaised, now_known: Notified, own: Notified | None) -> Notified:
    """What is kept back was not told, but the first word is what all later ones are compared with."""
    if alert.suppressed and own:
        return own.model_copy(update={"revision": now_known.revision, "rules": now_known.rules})
    return now_known


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
            "rules": tuple(dict.fromkeys(name for row in rows for name in row.rules)),
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
