"""What any store of the alerter has to do. A backend's tests inherit the suites and give the fixture."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.alerter.choose import Watch
from services.alerter.rules import WatchRule
from services.alerter.stage import load_watch, stage
from shared.schemas import AlertRaised, IncidentChanged
from shared.schemas.alert_raised import Notified
from shared.schemas.incident import Incident
from shared.schemas.places import Place
from shared.store.port import AlertStore, Sending, SendingStore

NOON = datetime(2022, 9, 14, 12, tzinfo=UTC)


class AlertStoreSuite:
    @pytest.fixture
    def store(self) -> AlertStore:
        raise NotImplementedError

    def test_nobody_was_told_of_a_new_incident(self, store: AlertStore) -> None:
        assert store.notified("i1") == []

    def test_what_was_told_is_remembered_for_each_subscriber(self, store: AlertStore) -> None:
        rows = [
            Notified(
                incident_id="i1",
                subscriber=name,
                revision=2,
                deaths=4,
                toll={"AZ": {"killed": 4, "wounded": 0}},
                civilians={"wounded": 2},
                places=("Tavush",),
                sectors=("tavush",),
                weapons=("mortar",),
                rules=("caucasus", "towns"),
                closed=True,
            )
            for name in ("desk", "everyone")
        ]
        for row in rows:
            store.remember(row)
        assert store.notified("i1") == rows
        assert store.notified("i2") == []

    def test_the_last_word_counts(self, store: AlertStore) -> None:
        store.remember(Notified(incident_id="i1", subscriber="desk", revision=1))
        last = Notified(incident_id="i1", subscriber="desk", revision=5, deaths=9)
        store.remember(last)
        assert store.notified("i1") == [last]

    def test_who_was_told_hears_of_the_correction_though_no_rule_matches_it(self, store: AlertStore) -> None:
        """What was told by which rule outlives the alerter that told it."""
        assert [one.kind for one in _raised(store, _changed(1, "Jermuk", 9))] == ["new"]
        [told] = _raised(store, _changed(2, "Kechut", 9))
        assert (told.kind, told.rules, told.reasons[0]) == ("correction", ("town",), "no longer matches town")
        assert _raised(store, _changed(3, "Kechut", 12)) == []
        assert [one.reasons[0] for one in _raised(store, _changed(4, "Kechut", 2))] == [
            "deaths revised down from 9 to 2"
        ]
        assert [one.kind for one in _raised(store, _changed(5, "Kechut", 0, status="withdrawn"))] == ["withdrawn"]


def _changed(revision: int, place: str, deaths: int, **more: Any) -> IncidentChanged:
    places = (Place(name=place, where_prec=1, sector="vayots"),)
    fields = {"dyad": "AM-AZ", "side_a": "AM", "side_b": "AZ", "best": deaths, "high": deaths, "places": places}
    return IncidentChanged(incident=Incident(incident_id="i1", revision=revision, **fields, **more))


def _raised(store: AlertStore, change: IncidentChanged) -> list[AlertRaised]:
    """By an alerter that was just started."""
    default = load_watch()
    watch = Watch((WatchRule(name="town", places=frozenset({"Jermuk"})),), default.steps, default.names)
    return [one for one in stage(store, watch).apply(change, NOON) if isinstance(one, AlertRaised)]


class SendingStoreSuite:
    @pytest.fixture
    def store(self) -> SendingStore:
        raise NotImplementedError

    def test_an_alert_that_never_came(self, store: SendingStore) -> None:
        assert store.sending("x", "console") is None
        assert list(store.sendings("x")) == []

    def test_rows_are_kept_for_each_channel(self, store: SendingStore) -> None:
        sent = Sending("x", "console", "sent", tries=1, sent_at=NOON)
        waiting = Sending("x", "webhook", "waiting", tries=2, next_try=NOON, reason="503")
        other = Sending("y", "console", "suppressed", reason="quiet")
        for row in (sent, waiting, other):
            store.record(row)
        assert store.sending("x", "console") == sent
        assert list(store.sendings("x")) == [sent, waiting]
        assert list(store.sendings()) == [sent, waiting, other]

    def test_a_row_is_replaced(self, store: SendingStore) -> None:
        store.record(Sending("x", "webhook", "waiting", tries=1, next_try=NOON, reason="503"))
        last = Sending("x", "webhook", "sent", tries=2, sent_at=NOON)
        store.record(last)
        assert list(store.sendings()) == [last]

    def test_lengths_of_files(self, store: SendingStore) -> None:
        assert store.file_length("/a") is None
        store.save_file_length("/a", 0)
        store.save_file_length("/b", 7)
        store.save_file_length("/a", 12)
        assert (store.file_length("/a"), store.file_length("/b")) == (12, 7)
