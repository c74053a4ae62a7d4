"""Every example of `services/alerter/examples`: reports come and go, and this is who is told what."""

from datetime import UTC, datetime
from typing import Any

import pytest
from examples import examples
from linker_builders import RULE, report

from services.alerter.choose import Watch, choose_alerts
from services.alerter.rules import WatchRule
from services.alerter.stage import load_watch
from services.linker.link import Casebook, casebook, link, unlink
from shared.schemas import AlertRaised, IncidentChanged
from shared.schemas.alert_raised import Notified
from shared.schemas.ids import derived_id
from shared.schemas.incident import Incident

NOW = datetime(2022, 9, 15, tzinfo=UTC)


class Desk:
    """A casebook a dyad and what was told, without a database."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.books: dict[str, Casebook] = {}
        self.told: dict[tuple[str, str], Notified] = {}

    def happen(self, row: dict[str, Any]) -> list[AlertRaised]:
        return [alert for change in self.changes(row) for alert in self.hear(change)]

    def changes(self, row: dict[str, Any]) -> list[IncidentChanged]:
        if "withdraw" in row:
            article = derived_id("article", row["withdraw"])
            return [one for book in self.books.values() for one in unlink(book, article, 2).messages]
        one = report(row)
        return list(link(self.books.setdefault(one.report.dyad, casebook((), (), RULE)), one).messages)

    def hear(self, change: IncidentChanged) -> list[AlertRaised]:
        ids = (change.incident.incident_id, *change.incident.merged_from)
        told = [row for row in self.told.values() if row.incident_id in ids]
        choices = choose_alerts(change, self.watch, told, NOW)
        self.told |= {(row.incident_id, row.subscriber): row for _, row in choices}
        return [alert for alert, _ in choices if alert]


def _watch(case: dict[str, Any]) -> Watch:
    default = load_watch()
    rules = tuple(WatchRule(**rule) for rule in case.get("rules", ()))
    return Watch(rules or default.rules, default.steps, default.names)


@pytest.mark.parametrize("case", examples("alerter"))
def test_example(case: dict[str, Any]) -> None:
    desk = Desk(_watch(case))
    for row, expected in zip(case["then"], case["expect"], strict=True):
        alerts = desk.happen(row)
        shown = [_shown(alert, wanted) for alert, wanted in zip(alerts, expected, strict=True)]
        assert shown == expected, case["description"]


def _shown(alert: AlertRaised, wanted: dict[str, Any]) -> dict[str, Any]:
    """The alert in the terms of `wanted`: of the reasons the first so many, of the sentences those asked for."""
    shown = alert.model_dump(mode="json")
    shown["reasons"] = shown["reasons"][: len(wanted.get("reasons", ()))]
    shown["evidence"] = [one.text for one in alert.evidence if one.text in wanted.get("evidence", ())]
    return {key: shown[key] for key in wanted}


def _change(revision: int = 1, **more: Any) -> IncidentChanged:
    fields = {"dyad": "AM-AZ", "side_a": "AM", "side_b": "AZ", "best": 5, "high": 5, **more}
    return IncidentChanged(incident=Incident(incident_id="i", revision=revision, **fields))


def test_a_revision_that_was_told_or_is_older_raises_nothing() -> None:
    desk = Desk(load_watch())
    [alert] = desk.hear(_change(2))
    assert alert.alert_id == derived_id("alert", "i", 2, "everyone")
    assert alert.raised_at == NOW
    assert desk.hear(_change(2)) == []
    assert desk.hear(_change(1, best=500)) == []
    assert [one.revision for one in desk.hear(_change(7, best=500))] == [7]


def test_who_was_never_told_is_not_told_of_the_end() -> None:
    desk = Desk(load_watch())
    assert desk.hear(_change(2, status="withdrawn")) == []
    assert desk.hear(_change(2, status="merged", redirects_to="j")) == []


def test_the_end_is_told_once() -> None:
    desk = Desk(load_watch())
    desk.hear(_change(1))
    assert [one.kind for one in desk.hear(_change(2, status="merged", redirects_to="j"))] == ["merged"]
    assert desk.hear(_change(3, status="merged", redirects_to="k")) == []


def test_a_merge_is_told_alike_whichever_of_the_two_messages_comes_first() -> None:
    """They have different keys: on Kafka nothing says which."""
    first, second = (
        {"article": name, "dates": "2020-05-01", "places": [place], "claims": [claim]}
        for name, place, claim in (
            ("a", "Jermuk@jermuk", {"AM": "12 killed", "by": "AM"}),
            ("b", "Goris@syunik", {"AZ": "60 killed", "by": "AZ"}),
        )
    )
    bridge = {"article": "c", "dates": "2020-05-01", "places": ["Goris@syunik", "Jermuk@jermuk"]}
    said = []
    for turned in (False, True):
        desk = Desk(load_watch())
        desk.happen(first)
        desk.happen(second)
        changes = desk.changes(bridge)
        heard = [alert for change in (changes[::-1] if turned else changes) for alert in desk.hear(change)]
        said.append(sorted((alert.kind, alert.reasons, alert.text) for alert in heard))
    assert [kind for kind, *_ in said[0]] == ["merged", "update"]
    assert said[0] == said[1]


def test_severity_goes_by_deaths() -> None:
    steps = load_watch().steps
    assert [steps.severity_of(deaths) for deaths in (0, 1, 9, 10, 49, 50, 99, 100, 5000)] == [0, 1, 1, 2, 2, 3, 3, 4, 4]
